# The website is under announced maintenance, and does not come back
day 2026-03-12 Europe/Madrid
02:00 maintenance of web until 06:00
02:10 probe web fails: answered 503
02:11 probe web fails: answered 503
05:51 @ana: la web no funciona
05:53 @luis: no carga la página web, da error
05:55 @joe: the website is down
05:58 @eva: la banca online no abre
06:01 @sara: buenos días, ¿a qué hora abre hoy la oficina?
06:02 probe web fails: answered 503
06:10 @pia: la web sigue caída
06:12 @tom: no puedo entrar en la banca online, da error
06:14 @rosa: la página web no carga
06:15 @nico: la web no va, da error
06:16 @vera: online banking is down again
06:40 probe web works
06:41 probe web works
until 08:30
