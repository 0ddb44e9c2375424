# Thanks for a promise are not the end of it; thanks for a question neither
day 2026-03-12 Europe/Madrid
10:00 @ana: @BancoLumbre me habéis cobrado dos veces la misma comisión, qué vergüenza
10:05 @LumbreResponde to 1: @ana Lo estamos mirando, te escribimos en 2 horas.
10:07 @ana: muchas gracias
10:10 @ben: @BancoLumbre you charged me the same fee twice, what a disgrace
10:15 @LumbreResponde to 4: @ben Sorry! Which day was it? We'll get back to you within an hour.
10:20 @ben: the 3rd of March, thank you so much
until 12:30
