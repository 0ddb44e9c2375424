# The app is down and the budget runs out: all is read, then a sample, then posts are only counted
day 2026-03-12 Europe/Madrid
-5 08:00 past of x-search: 400 in 480 min on x
-4 00:00 past of x-search: 3360 in 960 min on x
-4 08:00 past of x-search: 400 in 480 min on x
-3 00:00 past of x-search: 3360 in 960 min on x
-3 08:00 past of x-search: 400 in 480 min on x
-2 00:00 past of x-search: 3360 in 960 min on x
-2 08:00 past of x-search: 400 in 480 min on x
-1 00:00 past of x-search: 3360 in 960 min on x
-1 08:00 past of x-search: 400 in 480 min on x
00:00 past of x-search: 3360 in 960 min on x
08:00 past of x-search: 400 in 480 min on x
11:40 past of x-search: 760 in 220 min on x
11:45 x-search read 12 on x
11:50 x-search read 14 on x
11:55 x-search read 11 on x
12:00 x-search read 15 on x
12:01:10 @ana: no me deja entrar en la app, da error todo el rato
12:02:40 @luis: la app no funciona, ¿se ha caído?
12:03:30 @joe: is the Lumbre app down? can't log in
12:04:05 @eva: la aplicación no abre, se queda en blanco
12:04:50 @pia: otra vez caída la app de lumbre
12:05 x-search read 60 on x
12:06:20 @tom: la app del banco no va desde hace rato
12:07:10 @rosa: yo tampoco puedo entrar en la app
12:08:30 @nico: no carga la app, error al iniciar sesión
12:10 x-search read 40 of 900 on x
12:11:20 @vera: app de Lumbre caída, no puedo hacer nada
12:12:10 @hugo: la app me echa al entrar
12:13:00 @sol: cannot open the Lumbre app at all
12:14:00 @ines: imposible entrar en la aplicación
12:14:20 @raul: la app sigue sin funcionar
12:15 x-search read 40 of 1400 on x
12:20 x-search counted 1800 in 5 min on x
12:22:00 @gema on app_store 1*: la aplicación no abre
12:22:40 @paco on app_store 1*: no entra, error en la app
12:23:10 @lola on app_store 1*: la app no carga desde hoy
12:23:40 @juan on app_store 1*: imposible iniciar sesión en la app
12:24:10 @nuria on app_store 1*: la app se cierra sola al entrar
12:24:30 @olga on app_store 1*: esta app no funciona
12:24:40 @dani on app_store 1*: no me deja entrar en la app
12:24:50 @iker on app_store 1*: app caída
12:25 x-search counted 2100 in 5 min on x
12:25:10 @mar on app_store 1*: la app no va
12:30 x-search counted 900 in 5 min on x
12:40 x-search counted 150 in 10 min on x
12:45 x-search read 20 on x
12:50 x-search read 15 on x
13:00 x-search read 30 on x
13:10 x-search read 28 on x
13:20 x-search read 25 on x
13:30 x-search read 30 on x
until 14:10
