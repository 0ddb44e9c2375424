# We promise to write in two hours, and nobody does; then she comes back a second and a third time
day 2026-03-12 Europe/Madrid
10:00 @ana: @BancoLumbre me habéis cobrado dos veces la misma comisión, qué vergüenza
10:06 @LumbreResponde to 1: @ana Lo sentimos, Ana. Lo estamos revisando y te escribimos en 2 horas.
12:30 @ana: @BancoLumbre sigo esperando y nadie me contesta, fatal
12:40 @LumbreResponde to 3: @ana ¿Nos indicas la fecha del cargo?
12:50 @ana: @BancoLumbre el 3 de marzo, ya os lo dije, un desastre de servicio
12:55 @LumbreResponde to 5: @ana Ya te hemos devuelto la comisión.
18:00 @ana: @BancoLumbre mentira, no me habéis devuelto nada, qué vergüenza de banco
18:05 @LumbreResponde to 7: @ana Tienes razón, ya está hecho. Mil disculpas.
18:20 @ana: ahora sí, muchas gracias por vuestra ayuda
until 20:00
