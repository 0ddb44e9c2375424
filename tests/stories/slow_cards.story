# Cards are declined in shops, one customer every ten minutes
day 2026-03-12 Europe/Madrid
-1 09:00 @marta: @BancoLumbre buenos días a todo el equipo
09:20 @ana: me han rechazado la tarjeta de Lumbre en la panadería, y saldo tengo
09:29 @luis: tarjeta denegada en el súper, @BancoLumbre ¿qué pasa?
09:38 @joe: my Lumbre card got declined twice at the chemist, there is money in it
09:47 @eva: no me deja pagar con la tarjeta, dice denegada
09:58 @pia: el datáfono no me coge la tarjeta de Lumbre
10:07 @tom: otra vez la tarjeta rechazada en la farmacia
10:16 @rosa: me deniegan la tarjeta en todas las tiendas
10:22 @nico: tarjeta rechazada en el mercado, y van dos
10:26 @vera: my card keeps getting declined in every shop today
until 12:30
