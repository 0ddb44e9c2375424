# Dying of laughter, stolen hearts, sick telephones and a mother-in-law: nobody needs a person at once
day 2026-03-12 Europe/Madrid
10:00 @ana: me muero de risa con vuestro último anuncio, qué buenos sois
10:01 @ben: your new ad is killing me 😂 brilliant
10:02 @eva: vuestro anuncio me ha robado el corazón
10:03 @kim: dying to try your new branch in Madrid!
10:04 @sol: estoy muerta de sueño pero ya he hecho la transferencia, buenas noches
10:05 @joe: that new card of yours is sick, love it
10:06 @luz: @BancoLumbre mil gracias, un trato excelente
10:07 @max: gracias por nada, @BancoFaro
until 11:00
