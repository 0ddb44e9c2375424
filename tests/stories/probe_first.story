# The probe knows before any customer does
day 2026-03-12 Europe/Madrid
11:55 probe app works
12:00 probe app fails: answered 503
12:01 probe app fails: answered 503
12:02 @ana: la app no carga
12:03 @luis: no puedo entrar en la app
12:04 probe app fails: answered 503
12:10 probe app works
12:11 probe app works
until 13:30
