# Our answer is read before the complaint it answers: nobody is late, and what it promised is a clock
day 2026-03-12 Europe/Madrid
10:00 @ana seen 10:40: @BancoLumbre me habéis cobrado dos veces la misma comisión, qué vergüenza
10:06 @LumbreResponde to 1: @ana Lo sentimos, Ana. Lo estamos revisando y te escribimos en 2 horas.
until 12:30
