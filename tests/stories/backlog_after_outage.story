# The network was away; two hours of messages are read at once
day 2026-03-12 Europe/Madrid
09:00 @marta: Buenos días a todos
10:00 @ana seen 12:30: no me deja entrar en la app
10:01 @luis seen 12:30: la app no funciona
10:02 @joe seen 12:30: the app is down, can't log in
10:03 @eva seen 12:30: la app está caída
10:05 @pia seen 12:30: no carga la app de Lumbre
until 14:00
