# The app goes down at noon
day 2026-03-12 Europe/Madrid
09:10 @marta: Buenos días, ¿a qué hora abre la oficina de la calle Mayor?
09:12 @LumbreResponde to 1: @marta ¡Buenos días! A las 8:30, te esperamos.
12:00:10 @ana: no me deja entrar en la app, da error todo el rato
12:01:40 @luis: @BancoLumbre la app no funciona, ¿se ha caído?
12:02:30 @joe: is the Lumbre app down? can't log in
12:03:05 @eva on app_store 1*: la aplicación no abre, se queda en blanco
12:03:50 @pia: otra vez caída la app de lumbre
12:04:20 @bot1 again 4: la aplicación no abre, se queda en blanco
12:04:30 @tom: la app del banco no va desde hace rato
12:05:10 @rosa: yo tampoco puedo entrar en la app
12:06:00 @LumbreResponde: Sabemos que la app está fallando. Trabajamos en ello y os informamos aquí a las 12:30.
12:06:30 @nico: no carga la app, error al iniciar sesión
12:40 @ana: ya funciona, gracias
until 13:40
