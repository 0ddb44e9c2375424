# Bizum says that it fails, and customers find out
day 2026-03-12 Europe/Madrid
11:40 Bizum/Pagos says operational
12:00 Bizum/Pagos says major_outage
12:03 @ana: no me deja hacer un bizum, da error
12:05 @luis: ¿se ha caído bizum? no funciona
12:06 @eva: Bizum no va, llevo tres intentos
12:08 @joe: bizum is down, error every time
12:09 @pia: otra vez bizum caído
12:11 @tom: bizum sigue sin funcionar
11:55 Bizum/Pagos says degraded
12:30 Bizum/Pagos says operational
until 14:00
