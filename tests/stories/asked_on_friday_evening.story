# Friday evening and Saturday morning count, Sunday does not
day 2026-03-16 Europe/Madrid
-3 19:50 @ben: @BancoLumbre you charged me the same fee twice, what a disgrace
-2 13:50 @ana: @BancoLumbre me habéis cobrado dos veces la misma comisión, qué vergüenza
until 09:00
