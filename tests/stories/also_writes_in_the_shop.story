# She says who she is on another network; on the third day it is the third time
day 2026-03-12 Europe/Madrid
-2 10:00 @ana: @BancoLumbre me habéis cobrado dos veces la misma comisión, qué vergüenza
-2 10:05 @LumbreResponde to 1: @ana Ya te la hemos devuelto, Ana.
-1 10:00 @ana: @BancoLumbre otra vez la comisión dos veces, fatal
-1 10:05 @LumbreResponde to 3: @ana Devuelta también. Mil disculpas.
11:00 @tienda9 on app_store 1*: Soy @ana en Twitter y me seguís cobrando la comisión dos veces, un desastre
11:20 @LumbreResponde to 3: @ana Está corregido y no volverá a pasar.
until 11:30
