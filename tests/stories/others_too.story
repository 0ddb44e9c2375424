# Cards fail at another bank first
day 2026-03-12 Europe/Madrid
-1 10:00 @sol of Banco Faro: la app de Faro no funciona, da error
11:50 @sol of Banco Faro: me han rechazado la tarjeta del Faro en la gasolinera
11:53 @luz of Faro: tarjeta denegada en el súper, @BancoFaro ¿qué pasa?
11:56 @paz of Banco Faro: el datáfono no me coge la tarjeta
12:00 @ana: me han rechazado la tarjeta de Lumbre en la panadería, y saldo tengo
12:02 @luis: tarjeta denegada en el súper, @BancoLumbre ¿qué pasa con las tarjetas?
12:04 @joe: my Lumbre card got declined twice at the chemist
12:05 @eva: no me deja pagar con la tarjeta, dice denegada
12:06 @pia: el datáfono tampoco me coge la tarjeta de Lumbre
12:08 @mar of Banco Faro: estoy harta, cierro la cuenta y me voy a otro banco
until 13:30
