# It works, she says, and the next day it does not; the case is as old as its first message
day 2026-03-12 Europe/Madrid
-1 10:00 @luz: @BancoLumbre no me deja entrar en la app desde ayer, fatal
-1 10:05 @LumbreResponde to 1: @luz Prueba ahora, ya debería ir bien.
-1 10:10 @luz: ya funciona, gracias
17:00 @luz: @BancoLumbre mentira, sigue sin dejarme iniciar sesión, un desastre
until 17:40
