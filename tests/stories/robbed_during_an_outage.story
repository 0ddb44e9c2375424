# Everybody's alarms are one card; whoever is robbed meanwhile is told at once, and who waits for something else on time
day 2026-03-12 Europe/Madrid
10:00 @p1: @BancoLumbre no me deja entrar en la app
10:01 @p2: @BancoLumbre la app no funciona
10:02 @p3: @BancoLumbre imposible entrar en la app
10:03 @p4: @BancoLumbre la app se cierra sola
10:04 @p5: @BancoLumbre no carga la app
10:05 @p6: @BancoLumbre error al abrir la app
10:06 @luz: @BancoLumbre me acaban de robar la cartera y no puedo entrar en la app para bloquear la tarjeta
10:07 @sol: @BancoLumbre me habéis cobrado dos veces la comisión de mantenimiento, qué vergüenza
10:08 @p7: @BancoLumbre sigue caída la app
until 10:45
