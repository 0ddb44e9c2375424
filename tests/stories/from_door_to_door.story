# She is sent to the telephone and to the branch, and leaves
day 2026-03-12 Europe/Madrid
10:00 @luz: @BancoLumbre quiero quitar a mi exmarido de la cuenta y nadie me ayuda, qué desastre
10:05 @LumbreResponde to 1: @luz Para eso llama al 900 100 200, por favor.
10:20 @luz: @BancoLumbre en el 900 me dicen que vaya a la oficina, qué vergüenza
10:25 @LumbreResponde to 3: @luz Acude a tu oficina más cercana.
12:10 @luz: @BancoLumbre en la oficina tampoco. Me cambio de banco y cierro la cuenta mañana mismo
until 12:40
