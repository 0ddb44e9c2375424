# One customer takes back the question, one of us takes back the answer
day 2026-03-12 Europe/Madrid
10:00 @ana: @BancoLumbre me habéis cobrado dos veces la misma comisión, qué vergüenza
10:05 line 1 is deleted
10:30 @luz: @BancoLumbre llevo dos días esperando la tarjeta nueva, qué desastre de servicio
10:36 @LumbreResponde to 2: @luz Ya está enviada, Pedro.
10:38 line 3 is deleted
until 11:30
