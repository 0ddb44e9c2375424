# One reply answers the two that it calls by name; the third still waits
day 2026-03-12 Europe/Madrid
10:00 @ana: @BancoLumbre me habéis cobrado dos veces la misma comisión, qué vergüenza
10:02 @eva: @BancoLumbre a mí también me habéis cobrado dos veces la comisión, fatal
10:03 @sol: @BancoLumbre y a mí, dos veces la comisión, qué desastre
10:10 @LumbreResponde to 1: @ana Ya está devuelta. @eva, la tuya también.
until 10:30
