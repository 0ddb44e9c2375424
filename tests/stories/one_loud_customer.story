# One customer writes nine times and nobody else does
day 2026-03-12 Europe/Madrid
12:00 @ana: la app no funciona
12:01 @ana: la app sigue sin funcionar
12:03 @ana: no puedo entrar en la app!!!
12:05 @ana: ¿hay alguien? la app no va
12:08 @ana: la app no carga
12:09 @LumbreResponde to 1: @ana Hola, ¿qué error te sale? Lo miramos contigo.
12:11 @ana: error 500 en la app
until 14:00
