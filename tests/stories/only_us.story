# The app fails twelve minutes after a deploy, and the other bank's customers are as happy as ever
day 2026-03-12 Europe/Madrid
-1 18:00 @sol of Banco Faro: la app de Faro no funciona, da error
11:48 deploy of app until 11:52
12:00 @ana: no me deja entrar en la app, da error todo el rato
12:01 @luis: la app no funciona, ¿se ha caído?
12:02 @joe: is the Lumbre app down? can't log in
12:03 @eva: la aplicación no abre, se queda en blanco
12:04 @pia: otra vez caída la app de lumbre
until 13:30
