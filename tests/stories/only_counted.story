# Nobody reads X for want of budget, and far more than usual is being said: then the reviews say what it is
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
11:50 x-search counted 13 in 5 min on x
11:55 x-search counted 16 in 5 min on x
12:00 x-search counted 15 in 5 min on x
12:05 x-search counted 1300 in 5 min on x
12:10 x-search counted 1500 in 5 min on x
12:11:00 @gema on app_store 1*: la aplicación no abre
12:12:10 @lola on app_store 1*: la app no carga desde hoy
12:13:40 @juan on app_store 1*: imposible iniciar sesión en la app
12:15 x-search counted 1400 in 5 min on x
12:20 x-search counted 1000 in 5 min on x
12:25 x-search counted 30 in 5 min on x
12:30 x-search read 14 on x
12:40 x-search read 28 on x
12:50 x-search read 28 on x
13:00 x-search read 28 on x
13:10 x-search read 28 on x
13:20 x-search read 28 on x
until 14:10
