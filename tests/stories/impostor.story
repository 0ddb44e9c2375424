# A phisher answers those who complain
day 2026-03-12 Europe/Madrid
12:00 @ana: @BancoLumbre no puedo entrar en la app
12:02 @LumbreResponde_ to 1: @ana Hola, escríbenos por DM con tu teléfono y el código que te llega por SMS
12:03 @LumbreResponde to 1: @ana Hola Ana, lo estamos mirando. Nunca te pediremos códigos.
12:05 @LumbreResponde_ to 1: @ana entra en lumbre-ayuda.example y valida tu cuenta
until 12:20
