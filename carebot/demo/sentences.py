"""What people say to and about Banco Lumbre on any day: chatter, thanks, questions, grumbles. All of it is invented.

One sentence a line. `{a|b}` is a place where people say it differently; `write_day` picks one. The rule of these pages is
that nobody here says that something does not work: the quiet day is what an incident is seen against.
"""

# ruff: noqa: E501 — a sentence is one line, however long

from __future__ import annotations

from typing import NamedTuple


def lines(block: str) -> tuple[str, ...]:
    """The sentences of a block of text, one a line."""
    return tuple(line.strip() for line in block.strip().splitlines())


def words(block: str) -> tuple[str, ...]:
    return tuple(block.split())


# ── talking about the bank ───────────────────────────────────────────────────────────────────────────────────────

CHATTER_ES = lines("""
El {anuncio|spot} nuevo de Banco Lumbre con la abuela y el faro me ha {hecho llorar|dejado tocado|tocado la patata}, lo reconozco
La {sintonía|cancioncilla|musiquita} del anuncio de Lumbre se me ha metido en la cabeza {desde el martes|y no sale|y voy a acabar mal}
{Quién|Alguien sabe quién} canta la canción del anuncio de Banco Lumbre? La del faro
El Atlético Ribera {presenta|enseña hoy|estrena} camiseta con Banco Lumbre en el pecho hasta 2029
Banco Lumbre renueva {con el|el patrocinio del} Atlético Ribera, {tres|cuatro} temporadas más. {Ojalá fichen un lateral|A ver si cae un nueve|Bien}
La camiseta del Ribera con el logo de Lumbre en naranja es {preciosa|un atentado|lo más feo que he visto}
{Sábado|El sábado} partido en el Lumbre Arena, {quién viene|me sobra una entrada|vamos con los críos}
Aparcar cerca del Lumbre Arena un día de partido: {deporte de riesgo|imposible|hora y media de vuelta}
Van {20|30|25} personas haciendo cola en la puerta de Lumbre de {la plaza|mi calle|la avenida}, será día de pensiones
Mi {madre|abuela|tía} va al Banco Lumbre de toda la vida {a saludar a la directora|aunque no tenga nada que hacer|como quien va a misa}
Quedamos {a las siete|a y media|luego} en la esquina del Banco Lumbre y {tiramos|vamos} para {el cine|la cena|el centro}
Han puesto una {cafetería|librería|clínica dental} donde estaba el Banco Lumbre de {mi barrio|Ruzafa|la calle Ancha}
Otra sucursal de Lumbre que se convierte en {gimnasio|franquicia de café|tienda de móviles}. {Ya van tres|El barrio cambia|Qué pena}
Banco Lumbre {gana|ganó} un {8|9} % más en 2025, según {leo|dicen en la radio|el periódico}
Las acciones de Lumbre {suben|bajan} un {1,2|0,8|2,1} % {hoy|en la apertura|a media sesión}
Dividendo de Lumbre en {abril|mayo}, {apuntado queda|a ver si da para una mariscada|algo es algo}
{Mañana|El lunes} tengo entrevista en Banco Lumbre para {sistemas|la oficina|riesgos}, deseadme suerte
Mi {primo|cuñado|hermana} entra a trabajar en Lumbre {la semana que viene|en abril}, {qué orgullo|estamos de celebración}
Se buscan {voluntarios|corredores} para la Carrera Lumbre del {19 de abril|domingo 19}, {10 km llanos|apúntense|hay camiseta}
{Quién|Alguien} se apunta a la Carrera Lumbre de {abril|este año}? {Busco grupo|Yo voy a sufrir|Prometo no ir rápido}
La exposición de {grabados|fotografía|acuarelas} de la Fundación Lumbre está {muy bien|genial|gratis hasta el domingo}, id
Concierto {gratis|de jazz} esta tarde en la Fundación Lumbre, {a las ocho|entrada libre|en el patio}
{Viendo|Leyendo} la entrevista a la presidenta de Banco Lumbre: {interesante lo de los pueblos|muy medida|no dice nada nuevo}
Dice la presidenta de Lumbre que los tipos {bajarán|seguirán igual} {este año|hasta el verano}
Comparativa de depósitos de marzo: Lumbre al {2,1|2,05}, los demás {por ahí|por debajo|un pelín más}
Hilo sobre cuentas remuneradas: {Lumbre|hoy toca Lumbre}, {letra pequeña incluida|con sus condiciones}
El calendario de Banco Lumbre sigue colgado en {la cocina de mi abuela|el taller|el bar de abajo} desde {2019|2021|enero}
Estoy {haciendo limpieza|ordenando cajones} y ha salido una hucha de Banco Lumbre de {los 80|cuando era niño|la comunión}
Hucha del cerdito de Lumbre en {Wallapop|el rastro} a {15|20|12} euros, {qué recuerdos|no sé si llorar}
Me ha llegado publicidad de Lumbre {al buzón|por carta} a nombre de {la anterior inquilina|mi abuelo, que vive en Soria|un señor de 1974}
Banco Lumbre y la universidad {firman|han firmado} {cien|sesenta} becas de {prácticas|movilidad}
Esta mañana charla de {educación financiera|finanzas para peques} de Banco Lumbre en el {cole|instituto}, {bastante amena|los críos encantados}
Lo del {naranja|color calabaza} de Banco Lumbre en toda la fachada se ve desde {la autopista|mi ventana|el espacio}
El escaparate de Banco Lumbre con {los geranios|el faro de cartón} {es lo mejor del barrio|me alegra el día}
Mi {perro|perra} ladra {siempre|cada mañana} al cartel de Banco Lumbre, {tiene criterio|no sé qué le ha hecho}
El director de la oficina de Lumbre me ha saludado por {mi nombre|el nombre de mi hermano}, {muy de pueblo|casi}
Acabo de ver al guardia de Banco Lumbre {ayudando a una señora a cruzar|bailando solo}, {buen jueves|qué majo}
Banco Lumbre abre {oficina|sede} en {Cádiz|Albacete|Lugo}, {con huerto en la azotea, ojo|dice la prensa local}
El Racing {no puede|nunca pudo} con el Ribera desde que lo patrocina Lumbre, {dato|estadística inútil del día}
Penalti clarísimo {ayer|anoche}, y la valla de Banco Lumbre {lo tapó todo|de testigo}
{Soy|Llevo siendo} cliente de Lumbre desde {el 98|los catorce años|que tengo nómina}, {y ni tan mal|ahí seguimos}
En la radio {otra vez|de nuevo} la cuña de Lumbre de "{la luz que no se apaga|tu luz}"
Estudio de Banco Lumbre: los {jóvenes|autónomos} ahorran {un 7 %|algo más|poco, sorpresa}
El informe de vivienda de Lumbre de {marzo|este trimestre} dice que los alquileres {suben|siguen subiendo}
{Domicilié|Acabo de domiciliar} la nómina en Lumbre por la {freidora|tele}, {no me juzguéis|soy débil}
¿La {freidora|cafetera} que regala Lumbre con la nómina {es buena|vale la pena}? Pregunto por {mi madre|una amiga}
Cambiando la cuenta del {gimnasio|alquiler|agua} a Lumbre, {tarde de papeleos|planazo de jueves}
Yo con {Lumbre|los de Lumbre} para el día a día y otro banco para ahorrar, {así llevo años|me va bien}
Esto de comprar {piso|casa} es pasarse {el día|media vida} en el Banco Lumbre {firmando|con carpetas}
{Firmamos|Hoy firmamos} la hipoteca con Lumbre!!! {30 años de nada|Ya tenemos llaves|Qué nervios}
El notario, la de Lumbre y nosotros, todos {con sueño|a las nueve en punto}, {firmado|hecho}
Mi jefa dice que "hay que ser como Banco Lumbre" {y nadie sabe qué significa|en cada reunión}
El wifi del café se llama "BancoLumbre_no_mires", {me encanta|buenísimo}
En la cola de Lumbre una señora {reparte caramelos|cuenta su vida entera}, {fan|la quiero}
El {camión|furgón} blindado de Lumbre aparcado en {doble fila|el carril bici}, {clásico|jueves}
{Fichaje|Rumor}: el Ribera {mira|sigue} a un central {uruguayo|portugués}, paga Lumbre {supongo|dicen}
Banco Lumbre en {el concurso|la pregunta final} de la tele: "¿en qué ciudad se fundó?" {Ni idea|La sabía|Santander no}
Opinión: los bancos como Lumbre deberían {enseñar a hacer la renta|abrir por las tardes|tener ludoteca}
Hoy toca {análisis|ver cuentas} de Lumbre en el máster, {que alguien traiga café|deseadme paciencia}
La cena de empresa de los de Lumbre está en {la mesa de al lado|mi restaurante}, {gritan mucho|muy simpáticos}
Me he {encontrado|topado} con el actor del anuncio de Banco Lumbre en {el súper|Atocha}, {es altísimo|qué majo}
Quién {decide|elige} la música de {la oficina|las oficinas} de Lumbre? {Ricchi e Poveri a las 9|Buen gusto}
{Nueva|Otra} tarjeta de Lumbre hecha de {plástico reciclado|maíz}, {huele raro|queda chula}
El boli de Banco Lumbre {es el mejor boli que existe|dura mil años}, {no acepto debate|hecho objetivo}
Marca España: robar el boli de Lumbre {con la cuerdecita y todo|y sentirse Ocean's Eleven}
Que dice {mi hijo|mi nena} que de mayor quiere ser "la del Banco Lumbre", {porque tiene grapadora|por la silla que gira}
{Buenos días|Buen jueves} a todos menos al que aparca delante de Banco Lumbre
Manifestación por las sucursales rurales {en Zamora|en Teruel} este sábado, también va por Lumbre
En mi pueblo el bus de Banco Lumbre viene {los jueves|dos veces al mes} y {es un acontecimiento|allí está medio pueblo}
Llegó el bibliobús y el oficina-bus de Lumbre a la vez, {vaya lío en la plaza|fiesta mayor}
Ya hay fecha para la junta de accionistas de Lumbre: {17|24} de abril
Vieron la publicidad de Banco Lumbre con {Tita la del faro|la viejita}? {Una genia|Me mató}, che
Che, en Buenos Aires también {están|pusieron} Banco Lumbre? Vi {un local naranja|uno} en {Palermo|Caballito}
Banco Lumbre patrocina el festival de {Rosario|Córdoba} este año, {buenísimo|qué bueno}
No manches, Banco Lumbre ya llegó a {Guadalajara|Querétaro|Puebla}
Apenas vi el comercial de Lumbre y {ya ando chillando|se me salió la lagrimita}, qué padre
Los de Lumbre en {Polanco|la Roma} están regalando {café|plumas}, córranle
Alguien que trabaje en Lumbre México? {Quiero mandar mi CV|Tengo dudas de una vacante}
Feria de empleo {hoy|mañana} con {Lumbre|Banco Lumbre}, {varias consultoras|dos telecos} y {poco más|mucha cola}
{Lumbre|Banco Lumbre} compra una gestora {portuguesa|vasca}, {lo cuenta la prensa|movimiento interesante}
Fusión de Lumbre con {nadie|otro}? {Cada mes el mismo rumor|Dice mi peluquero que sí}
Si me tocan los {ciegos|cupones} le compro {un faro|una farola} a la abuela de Banco Lumbre
{Terminé|Acabé} el álbum de cromos del Ribera, me faltaba el del logo de Lumbre, {así soy|qué ironía}
{Hoy en|En} clase de diseño: el logo de Lumbre, {¿llama o mandarina?|un gajo de mandarina y nadie me lo quita}
El {hashtag|lema} #EnciendeTuLumbre {tiene doble sentido|da para memes}, {lo siento|alguien tenía que decirlo}
Hay una gata que duerme en el felpudo de Banco Lumbre {de la calle Mayor|del puerto} y se llama {Hipoteca|Euríbor}
La {gata|gatita} Euríbor, la del Banco Lumbre, ha tenido {cuatro|cinco} crías. {Se buscan casas|Adopción responsable}
""")

CHATTER_EN = lines("""
That Banco Lumbre advert with the granny and the lighthouse {got me again|is unfair at 8am|has no business being that good}
Anyone know the {song|tune} in the Banco Lumbre lighthouse ad?
Atlético Ribera {extend|renew} with Banco Lumbre until 2029. {Decent money for a mid-table side|Nice shirt at least}
Heading to the Lumbre Arena on Saturday, {who's in|any tips for parking|first time with the kids}
Banco Lumbre reports {solid|decent} full year numbers, {margins holding up|costs a bit higher}
Moving to {Valencia|Málaga|Madrid} in {May|June}, the estate agent keeps mentioning Banco Lumbre
My {landlord|boss} only trusts Banco Lumbre because they {give out calendars|sponsor his football team}
The Lumbre 10k is on 19 April, {signed up, send help|who wants to pace me}
There's a cat living at the Banco Lumbre branch in {town|our street} and her name is {Mortgage|Euribor}. That's the post.
Free jazz at Fundación Lumbre tonight, {see you there|doors at eight}
Interesting read on how Banco Lumbre runs {branch buses|mobile branches} for small villages
Job hunting: Banco Lumbre is hiring {data people|designers} in {Bilbao|Madrid}
Deposit rates this month: Lumbre {2.1|2.05}, others {about the same|slightly lower}
The Banco Lumbre pen is {the best pen I own|built to outlive us all}, no notes
Just saw a bank painted entirely orange. {Hello Lumbre|Spain, never change}
Queue outside Banco Lumbre at {8:25|8:20} with {folding chairs|a thermos}. {Pension day|Respect}
Coffee shop where the {village|old town} Banco Lumbre used to be. {Bittersweet|The vault is now the wine cellar}
Banco Lumbre sponsoring {women's football|the youth league} next season too, {good on them|about time}
Landlord wants the {deposit|rent} from a Spanish account so {Lumbre|Banco Lumbre} it is, {wish me luck|paperwork day}
{Signed|We signed} for the flat at Banco Lumbre today!! {Thirty years to go|Keys in hand|Tears were shed}
Is the {air fryer|coffee machine} Lumbre gives away with a salary account any good? {Asking for a friend|Tempted}
The Lumbre branch plays {Italian pop|Julio Iglesias} at nine in the morning {and I respect it|and nobody blinks}
My kid wants to work at Banco Lumbre because {they have swivel chairs|of the stapler}
Banco Lumbre AGM is on {17|24} April, {popcorn ready|vote if you hold shares}
Ribera badge, Lumbre orange: {worst kit of the decade|I kind of love it|my dad refuses to wear it}
Lumbre shares {rise|slip} {1.2|0.8} % {at the open|by lunch}
Watching the Banco Lumbre chair on {TV|the news}. {Says rates stay put|Very careful answers}
Volunteered at the Lumbre {food bank|beach clean-up} day, {lovely crowd|sore back}
{Spotted|Met} the lighthouse granny from the Lumbre ad at {Atocha|the airport}. {Tiny and fierce|She waved}
Learning Spanish one {bank leaflet|Lumbre brochure} at a time: "{amortización|domiciliación}" {is a mouthful|again please}
Anyone else's {office|co-working} full of Lumbre tote bags?
The Banco Lumbre guard {helps every old lady across the road|knows everyone by name}. {Protect him|A gem}
""")

PRAISE_ES = lines("""
{Gracias|Mil gracias} a {Marisa|Begoña|Pilar} de la oficina de {Triana|Gros|Delicias}, {un encanto|así da gusto}. @BancoLumbre
Hoy en Banco Lumbre me han {atendido|tratado} de diez, {y eso que iba con prisa|con una paciencia infinita}
Cinco minutos y {resuelto|listo}. {Ole|Bravo} por @LumbreResponde
@LumbreResponde {sois rapidísimos|qué rapidez}, {gracias por el seguimiento|no me lo esperaba}
La chica de {hipotecas|extranjería|seguros} de Lumbre en {Getafe|Gijón} {se merece un monumento|es una crack}
Mi padre, {82|79|85} años, ha aprendido a hacer Bizum con el taller de Banco Lumbre. {Emocionada|Está imparable|Ahora no para}
Me ha llegado la tarjeta nueva de Lumbre en {dos días|48 horas}, {así sí|chapó}
Decidme lo que queráis pero el trato en la oficina de Lumbre de {mi barrio|Benimaclet|Sants} es {inmejorable|de los de antes}
Gracias @BancoLumbre por devolver{me|nos} el cobro {duplicado del hotel|del seguro} {sin pelear|en un día}
{Encantada|Encantado} con la cuenta de Lumbre, {sin comisiones y sin líos|llevo dos años y cero quejas}
Ole el gestor de Lumbre que me ha llamado {para avisarme de que vencía el depósito|solo para ver si estaba todo bien}
Qué {gusto|maravilla} de banco cuando te coge el teléfono {una persona|alguien simpático} a la primera, gracias Lumbre
La cuenta {joven|nómina} de Lumbre es {de lo mejorcito|la mejor que he tenido}, {recomendada|y la recomiendo}
Al César lo que es del César: Lumbre me ha {bajado el interés|mejorado las condiciones} {sin pedirlo|con una llamada}
{Aplausos|Un diez} para la oficina-bus de Lumbre, mi {abuelo|suegra} la espera como agua de mayo
Perdí la cartera y a Lumbre le {faltó tiempo para mandarme otra tarjeta|bastó una llamada}. {Muy agradecido|Gracias de corazón}
Qué bien explicado lo de la renta en la web de Banco Lumbre, {por fin|a la primera}
Los del chat de Lumbre {contestan a las 7 de la mañana|hasta hacen bromas}, {muy top|me ha encantado}
Muy {contento|contenta} con la hipoteca de Lumbre, {Rosa nos lo puso fácil|todo claro desde el principio}
Gracias a los de seguridad de Lumbre por {parar un cargo raro|llamarme al momento}, {me han salvado|qué alivio}
La neta, qué buen servicio el de Lumbre en {Coyoacán|Zapopan}, {salí en diez minutos|muy amables}
Un 10 la atención de Lumbre {en Belgrano|por chat}, {re piolas|unos genios}
{Hoy quiero|Quiero} dar las gracias al cajero de ventanilla de Lumbre de {Oviedo|Jaén}: {nervios de acero y sonrisa|paciencia de santo}
Ahorro automático de Lumbre: {480|612|350} euros sin enterarme. {Me quiero|Gracias, yo del pasado}
{Cambié|Me cambié} a Lumbre {en enero|hace un mes} y {de momento todo bien|ni una pega}
""")

PRAISE_EN = lines("""
Shout out to {Marisa|Jorge} at Banco Lumbre in {Alicante|Palma}, patient with my terrible Spanish {and so kind|for a full hour}
@BancoLumbre new card arrived in {two days|48 hours}. Impressed
Opened an account with Banco Lumbre in {twenty minutes|one coffee}, {lovely staff|smooth as anything}
Credit where due, @LumbreResponde {sorted it in five minutes|got back to me straight away}. Thank you
Banco Lumbre fraud team rang me about a weird charge before I even saw it. {Brilliant|Hats off}
{Ten|Eight} years with Banco Lumbre and {the branch in Jávea still remembers my name|honestly, no regrets}
Lumbre waived the {card|transfer} fee {without me asking|after one polite message}. Nice touch
The {mortgage|expat} desk at Banco Lumbre {explained everything twice|answered on a Sunday}, {top marks|thank you Rosa}
Lost my wallet, Lumbre had a new card to me {before I'd finished panicking|by Friday}. {Grateful|Well done}
Savings pots in the Lumbre app: {€380|€450} I never noticed leaving. {Love it|Clever}
My {gran|dad} learned to use Bizum at a Banco Lumbre workshop and now {she won't stop|sends me a euro a day}
""")

REVIEWS_ES = {
    5: lines("""
{Muy buena|Estupenda} aplicación, {clara y rápida|sencilla de usar}
La uso {a diario|todos los días} para {Bizum|ver los gastos} y {perfecta|de lujo}
{Todo|Lo tengo todo} a mano: recibos, tarjetas, {ahorro|hipoteca}. {Diez|Recomendable}
Me gusta el {modo oscuro|resumen de gastos}, {muy cuidado|gran detalle}
Mi hija me la puso y {ya me apaño solo|me aclaro sin gafas}, letra {grande|bien legible}
Las {huchas|metas de ahorro} son {geniales|adictivas}
De las {mejores|pocas} apps de banco {que he probado|que se entienden}
"""),
    4: lines("""
Buena, {le falta|echo en falta} poder {ordenar las cuentas|exportar a Excel|poner alias a los recibos}
{Me gusta|Me apaño bien}, {le pondría letra más grande|un tema claro menos blanco y ya}
Va {fina|bien}, {aunque el icono nuevo no me gusta|pero sobran anuncios de seguros}
Cumple. {Me gustaría|Estaría bien} ver los gráficos {por año|por categorías}
{Completa|Práctica}, {pondría el botón de Bizum más arriba|el menú tiene demasiadas cosas}
"""),
    3: lines("""
Correcta pero {demasiada publicidad de préstamos|me ofrecen un seguro cada vez que entro}
{Prefería|Me gustaba más} el diseño {anterior|de antes}, {ahora todo son tarjetitas|tardo en encontrar las cosas}
{Bien sin más|Ni fu ni fa}. Falta {el modo para tableta|catalán y gallego}
"""),
    2: lines("""
{Muchísimos|Demasiados} avisos comerciales, {no soy un escaparate|un poco de respeto}
Han {escondido|movido} los recibos a {otro menú|tres toques más}. {¿Por qué?|Un paso atrás}
"""),
}

REVIEWS_EN = {
    5: lines("""
{Clean and simple|Does what it should}, {love the savings pots|English version is good}
{Great|Lovely} app, {spending view is really useful|easy even for me}
"""),
    4: lines("""
Solid. {Bizum button should be bigger|Too many menus}, {otherwise happy|but does the job}
Good app, {wish|would be nice if} I could {export to CSV|rename my accounts}
"""),
    3: lines("""
Fine but {too many ads for insurance|the new layout hides everything|needs a tablet mode}
{Decent|OK I guess}, {liked the old look better|a few too many pop-ups|Spanish support is better than the English}
"""),
}

# ── asking and grumbling, by what it is about; the desk answers by the same subject ──────────────────────────────────


class Topic(NamedTuple):
    """What customers ask or grumble about, and what the desk says to it."""

    es: tuple[str, ...]
    en: tuple[str, ...]
    answer_es: tuple[str, ...]
    answer_en: tuple[str, ...]


QUESTIONS = (
    Topic(  # limits
        es=lines("""
¿Cómo {subo|aumento} el límite de la tarjeta {de débito|de crédito}? {Voy a comprar un sofá|Es para unas vacaciones}
{Buenas|Hola}, ¿cuál es el límite {diario|mensual} de Bizum {con vosotros|en Lumbre}?
¿Puedo {ampliar|cambiar} {yo mismo|yo misma} el límite de transferencias desde la app o tengo que {llamar|ir a la oficina}?
Bizum tiene tope de {500|1000|2000} al día? es para pagar {la fianza|el regalo de la jefa|un viaje entre todos}
Una duda @LumbreResponde, {cuánto puedo sacar|qué máximo hay para sacar} del cajero en un día?
¿Se puede {bajar|reducir} el límite de la tarjeta de {mi hijo|mi hija}? Tiene {16|15|17} años
Oigan, ¿cómo le hago para subir mi límite de {compras|retiro}? {Saludos|Gracias}
Che, cuánto es lo máximo que puedo transferir {por día|por mes}?
"""),
        en=lines("""
How do I {raise|increase} my card limit {for a weekend|before I travel}? @LumbreResponde
What's the daily Bizum limit {at Lumbre|with you}?
How much can I {take out|withdraw} from a cash machine {in one day|per day|abroad}?
Can I {lower|set} a limit on my {son's|daughter's} card {myself|in the app}? He's {15|16}, {you know how it is|no further questions}
Is there a maximum for {a single transfer|instant transfers}? Paying {a deposit|a builder|school fees} {next week|soon}
"""),
        answer_es=lines("""
¡Hola! Los límites se ven y se cambian en la app: Tarjetas o Bizum > Ajustes > Límites. El cambio es inmediato.
Hola, te dejamos la tabla de límites de tarjeta, Bizum y transferencia en bancolumbre.example/limites. Casi todos los puedes mover tú.
¡Buenas! Desde la app en Límites, con tu clave de firma. Si necesitas más de lo que sale, dínoslo por aquí y lo miramos.
"""),
        answer_en=lines("""
Hi! You can see and change it in the app: Cards or Bizum > Settings > Limits. It takes effect at once.
Hello, the table of limits is at bancolumbre.example/limits; most of them you can change yourself.
"""),
    ),
    Topic(  # opening hours and branches
        es=lines("""
¿La oficina de {Chamberí|Lavapiés|la Rambla|Ronda} abre {esta tarde|los jueves por la tarde|mañana}?
@BancoLumbre ¿qué horario tiene la sucursal de {Vigo centro|la calle Larios|Zaragoza Delicias}?
¿Abrís {el 19 de marzo|San José|el jueves 19} en {Valencia|Madrid|Murcia}?
{Hola|Buenos días}, ¿hay que pedir cita para {caja|ventanilla|hablar con un gestor}?
¿Hasta qué hora se puede {ingresar efectivo|pagar recibos} en ventanilla?
¿Queda alguna oficina de Lumbre {abierta por la tarde|con caja todo el día} en {Sevilla|Bilbao|Alicante}?
¿El bus de Lumbre para {este jueves|hoy} en {Sayago|Aliste|la Alpujarra}?
¿Sábados abren en {CDMX|Monterrey}? {No encuentro el horario|Gracias de antemano}
"""),
        en=lines("""
Is the {Marbella|Alicante|Palma} branch open {this afternoon|on Thursday afternoons|tomorrow}?
Do I need an appointment to {open an account|pay in cash} at the {Gran Vía|harbour} branch?
What time does the {Jávea|Nerja|Sitges} branch close {on Fridays|before Easter}?
Are you open on {19 March|Thursday 19th|the bank holiday} in {Valencia|Madrid}?
Which {Málaga|Bilbao} branch has someone who speaks {English|German}? {My mum is visiting|Thanks in advance}
"""),
        answer_es=lines("""
¡Hola! Las oficinas abren de lunes a viernes de 8:30 a 14:15, y los jueves también de 16:15 a 18:45. Caja, hasta las 11:00.
Hola, en bancolumbre.example/oficinas tienes el horario de cada una, los festivos y la cita previa.
Buenas, lo hemos mirado: sí, con cita previa. Te la podemos dar por aquí, ¿qué día te viene bien?
"""),
        answer_en=lines("""
Hi! Branches open Monday to Friday 8:30 to 14:15, and Thursdays 16:15 to 18:45 as well.
Hello, hours and appointments for every branch are at bancolumbre.example/branches.
"""),
    ),
    Topic(  # accounts and papers
        es=lines("""
¿Qué {papeles|documentos} hacen falta para abrir una cuenta {a mi hijo recién nacido|a nombre de una asociación|siendo estudiante Erasmus}?
¿Dónde {descargo|saco} el certificado de {titularidad|retenciones} para {la renta|el casero|Hacienda}?
{Quiero|Me gustaría} añadir a mi {marido|mujer|hermana} como cotitular, ¿se puede hacer online?
¿Cómo cambio {la dirección|el correo|mi número de móvil} {en mi ficha|en la cuenta}? {Me he mudado|Tengo número nuevo}
¿La cuenta {nómina|sin comisiones} pide {ingresos mínimos|domiciliar recibos}?
¿Se puede tener la cuenta en {euros y dólares|dólares}? {Cobro de fuera|Es para un cliente}
¿Cuándo sale el borrador con los datos {fiscales|del plan de pensiones} de 2025?
¿Qué diferencia hay entre la Cuenta Faro y la Cuenta {Chispa|Candil}?
Necesito un extracto {sellado|de los últimos seis meses} para {el visado|la beca}, ¿dónde lo pido?
¿Me piden {RFC|comprobante de domicilio} para abrir cuenta? {Soy estudiante|Vivo en Toluca}
"""),
        en=lines("""
What do I need to open an account as a {non-resident|student|newcomer with just a NIE}?
Where can I {download|find} {a proof of account|a tax certificate} for {my landlord|2025}?
How do I change my {address|phone number} {on file|with you}? Just moved
Can I add my {husband|wife|partner} to my account {online|without going in}?
Is the Faro account free if {I'm under 30|I don't have a salary coming in}?
Where do I find my {IBAN|BIC} for {my employer|the tax office}?
"""),
        answer_es=lines("""
¡Hola! Se puede hacer online, en Perfil > Mis datos y documentos. Si algo no te sale ahí, dínoslo y lo miramos.
Hola, tienes la lista completa de requisitos y papeles en bancolumbre.example/cuentas.
Buenas, sí. Te hemos mandado por privado los pasos para tu caso.
"""),
        answer_en=lines("""
Hi! You can do it online, under Profile > My details and documents.
Hello, the whole list of requirements and papers is at bancolumbre.example/accounts.
"""),
    ),
    Topic(  # cards
        es=lines("""
¿{Cuánto tarda|En cuántos días llega} la tarjeta {nueva|física} a {Canarias|Ceuta|casa}?
¿La tarjeta de débito cobra algo por pagar en {Portugal|Londres|Marruecos|México}?
¿Tengo que {avisar|decir algo} antes de {viajar a Japón|irme a Estados Unidos} para usar la tarjeta?
¿Se puede elegir el PIN de la tarjeta {en la app|en el cajero|al recibirla}?
¿La {segunda|otra} tarjeta para {mi pareja|mi madre} {cuesta algo|es gratis|va con la misma cuenta}?
¿Puedo {aplazar|fraccionar} una compra de {600|1.200} euros {sin intereses|en tres meses}?
¿La tarjeta {virtual|de maíz reciclado} sirve para {alquilar coche|reservar hotel}?
Me caduca la tarjeta {este mes|en abril}, ¿{me la mandáis sola|la tengo que pedir}?
¿Tenéis tarjeta {para adolescentes|prepago}? {Mi hija tiene 14|Es para una excursión}
¿El seguro de viaje de la tarjeta {oro|Faro} cubre {equipaje|cancelación}?
"""),
        en=lines("""
Do you charge a fee for paying in {pounds|dollars|the UK}?
How long does a new card take to reach {the Canaries|an address in Ibiza}?
Do I need to tell you before I travel to {Japan|Chile}?
My card expires {this month|in April}, will you {post|send} the new one {automatically|or do I ask}?
Does the {gold|Faro} card cover {lost luggage|rental cars}?
Do you do a {prepaid|teen} card? {School trip coming up|My girl is 14}
Can I pick my own PIN {at a cash machine|in the app}?
"""),
        answer_es=lines("""
¡Hola! Lo tienes en la app, en Tarjetas > Condiciones de tu tarjeta: plazos, comisiones fuera y seguros. ¿Te ayudamos con algo más?
Hola, depende de la tarjeta. Dinos cuál tienes (solo el nombre, ningún número) y te lo confirmamos.
¡Buenas! Te lo contamos todo en bancolumbre.example/tarjetas, y lo que no esté ahí lo vemos por aquí.
"""),
        answer_en=lines("""
Hi! It depends on the card. Tell us which one you have (just its name, no numbers) and we will confirm.
Hello, delivery times, fees abroad and insurance are in the app: Cards > Conditions of your card.
"""),
    ),
    Topic(  # loans, savings
        es=lines("""
¿A cuánto tenéis la hipoteca {fija|mixta} a {25|30} años?
¿Se puede amortizar hipoteca {sin comisión|por internet}? {Me ha tocado un pellizco|He ahorrado un poco}
¿El depósito a {doce|seis} meses sigue al {2,1|2}? {Vence el mío|Lo he visto en un cartel}
¿Qué hace falta para un préstamo {coche|para reformar la cocina}? {Soy autónoma|Tengo contrato fijo}
¿Cómo {cancelo|rescato} el plan de ahorro {antes de tiempo|de mi madre}? ¿{Se pierde algo|Hay penalización}?
¿Hacéis hipotecas a {no residentes|menores de 35 con aval}?
¿Cuándo se revisa el euríbor {en mi hipoteca|de las de septiembre}? {Curiosidad|Por ir haciendo cuentas}
Pregunta: ¿la hucha Lumbre {tiene interés|renta algo|se puede compartir con mi pareja}?
Si {cambio de fija a variable|subrogo la hipoteca desde otro banco}, ¿{cuánto cuesta|qué gastos hay|lo paga Lumbre}?
¿Dais préstamos para {placas solares|un máster|una moto} {sin nómina|con 23 años|a tipo fijo}?
¿Qué fondo {tranquilo|conservador} tenéis para {empezar|lo que me sobra cada mes|mi jubilación}?
"""),
        en=lines("""
What's your fixed mortgage rate for {25|30} years {at the moment|these days}?
Can I overpay my mortgage {online|without a fee}?
Do you lend to {non-residents|freelancers} {with two years of accounts|with a Spanish NIE}?
Is the {twelve|six} month deposit still at {2.1|2}? {Mine matures Friday|Saw it on a poster}
How long does a {car|kitchen} loan take {to approve|from start to finish}?
"""),
        answer_es=lines("""
¡Hola! Depende de tu caso; en bancolumbre.example/simuladores lo calculas y, si quieres, te preparamos una oferta.
Hola, sí. Está en la app, en Ahorro y Financiación > Condiciones, con un ejemplo en euros.
Buenas, te lo hemos mirado y te escribimos por privado con las cifras.
"""),
        answer_en=lines("""
Hi! It depends on your case; the calculator is at bancolumbre.example/calculators and we are happy to prepare an offer.
Hello, yes: it is in the app under Savings and Loans > Conditions, with an example.
"""),
    ),
    Topic(  # how to use
        es=lines("""
¿Dónde está ahora {el buzón de documentos|lo de los recibos} en la app? Con el diseño nuevo me pierdo
¿Cómo {paro|devuelvo} un recibo {del gimnasio|de la luz} que {no me toca|ya no es mío}?
¿Se puede poner la app en {catalán|gallego|euskera|inglés}?
{Hola|Ey}, ¿cómo {quito|desactivo} los avisos de ofertas?
¿Cómo {programo|dejo puesta} una transferencia {para el día 1|todos los meses}?
¿Vale Bizum para {pagar a una asociación|donar a una ONG|comprar en tiendas}?
¿Con qué reloj se puede pagar? Tengo un {Garmin|Amazfit|Fitbit}
¿Puedo {ver|guardar} los movimientos de {2019|hace siete años}? {Es para un juicio|Hacienda los pide}
¿Cómo bloqueo la tarjeta {un rato|mientras la busco}? Creo que está {en el otro abrigo|en el coche}
"""),
        en=lines("""
Where did {standing orders|statements} go in the new design?
How do I {switch the app to English|turn off the offers}?
Can I use Bizum with {a UK number|my German phone}?
How do I {schedule|set up} a transfer {for the 1st|every month}?
How can I {stop|return} a direct debit from {my old gym|a phone company}?
Can I see transactions from {2019|seven years ago}? {Tax man wants them|For a court case}
Which watches can I pay with? I've got a {Garmin|Fitbit}
"""),
        answer_es=lines("""
¡Hola! Lo tienes paso a paso en bancolumbre.example/ayuda. Si te atascas, dinos en qué pantalla y te guiamos.
Hola, escríbelo en la lupa de la app, arriba a la derecha, y te lleva directamente.
¡Buenas! Sí, se puede. Te acabamos de mandar por privado los pasos con pantallazos.
"""),
        answer_en=lines("""
Hi! It is explained step by step at bancolumbre.example/help. Tell us which screen you are on if you get stuck.
Hello, type it into the search glass at the top of the app and it takes you there.
"""),
    ),
)

COMPLAINTS = (
    Topic(  # fees
        es=lines("""
{12|15|18} euros de comisión por {tener la cuenta|mantenimiento}? {De verdad|En serio}, @BancoLumbre?
Me habéis cobrado {3,50|5|4} euros por {una transferencia|sacar mi propio dinero}. {Vergüenza|Muy bonito}
Otra comisión {nueva|sorpresa} en Lumbre, {esta vez por el seguro de la tarjeta|y van tres este año}. {Nadie me avisó|Qué morro}
Banco Lumbre me cobra por {ingresar efectivo|cambiar monedas}. {Lo siguiente será respirar|Increíble}
Que me expliquen la comisión de "{administración|gestión}" de {febrero|este mes}, porque {no la entiendo|nadie sabe decirme qué es}
La cuenta "sin comisiones" de Lumbre tenía {una comisión|letra pequeña}. {Sorpresa|Quién lo iba a decir}
{Soy jubilada|Cobro 900 euros} y me quitan {8|10|12} euros al trimestre por la cuenta. {No hay derecho|Es un abuso}
30 euros por un {descubierto|número rojo} de {4 euros|dos días}. @BancoLumbre {sois lo peor|me parece usura}
Qué poca madre, Lumbre, {200|150} pesos de anualidad {que nadie me avisó|por una tarjeta que ni pedí}
Me cobraron {el mantenimiento|la renovación} de una cuenta que di de baja {en diciembre|hace meses}, {un desastre|una vergüenza}
"""),
        en=lines("""
€{12|15} maintenance fee {out of the blue|with no warning}, @BancoLumbre? {Not impressed|Cheeky}
"No fees" account, they said. {Third|Second} fee this quarter. @BancoLumbre
Banco Lumbre charged me to {pay in my own cash|get a printed statement}. {Unreal|What year is it}
€{30|25} for being {two days|four euros} overdrawn, @BancoLumbre? {Shameful|That's usury}
Can someone explain the "{administration|management}" fee {this month|in February}? {Nobody at Banco Lumbre can|Third time asking}
"""),
        answer_es=lines("""
Hola, sentimos el malestar. Si domicilias la nómina o dos recibos, esa comisión no se cobra. ¿Quieres que miremos tu caso por privado?
Hola, lo revisamos: si el cargo no corresponde, lo devolvemos. Escríbenos por mensaje privado con la fecha del cargo.
Hola, gracias por decírnoslo. Lo hemos revisado y la comisión queda devuelta. Perdona las molestias.
"""),
        answer_en=lines("""
Hello, sorry about that. Send us the date of the charge in a private message and, if it is wrong, we will refund it.
Hi, we have looked at it and the fee has been refunded. Apologies for the trouble.
"""),
    ),
    Topic(  # queues
        es=lines("""
{40 minutos|Media hora|Tres cuartos de hora} de cola en Lumbre de {Vallecas|Nervión|Poblenou} y {una sola persona|una ventanilla} atendiendo
Una cola en la oficina de Lumbre que {da la vuelta a la esquina|llega a la farmacia}, {todo gente mayor de pie|y lloviendo}
Para {ingresar|sacar} {cuatro duros|100 euros} en ventanilla hay que {pedir un día de asuntos propios|traerse silla}. @BancoLumbre
Solo se puede usar la caja hasta las {11|10:30}?? {Los que trabajamos qué hacemos|Y los demás que nos aguantemos}
{Tres|Cuatro|Dos} mesas vacías y {una|una sola} atendiendo. La oficina de Lumbre de {Carabanchel|Santa Coloma|Torrent}, {como siempre|un clásico}
Pedí cita a las {10|12:15|9:30} y me han atendido {cincuenta minutos|una hora} después, {ni un perdón|sin explicación}
Formada {una hora|hora y media} en Lumbre de {Coapa|Satélite} para {una firma|un trámite}, {no se vale|ya ni llorar es bueno}
Una hora esperando en la sucursal de {Flores|Almagro} y {dos cajeros charlando|el señor tomando mate}, {una joda|increíble}
"""),
        en=lines("""
{40|45} minutes in the queue at the {Fuengirola|Torrevieja} branch. One {person|till} for {twenty people|everyone}
Had an appointment at {10|noon} at Banco Lumbre, seen at {10:50|quarter to one}. Not even a sorry
{Three|Four} desks at Banco Lumbre, one {person|human} working. {Classic|Every single time}
Counter closes at {11|10:30}, so if you {work|have a job} you can't {pay in cash|use your bank}. Nice one Lumbre
Pensioners standing {in the rain|on the street} outside Lumbre in {Denia|Gandia} {again|for an hour}
"""),
        answer_es=lines("""
Hola, sentimos la espera. Lo trasladamos a la dirección de la oficina; con cita previa en la app no tendrás que esperar.
Hola, tienes razón, no es la atención que queremos dar. ¿Nos dices la oficina y la hora para que lo revisen?
"""),
        answer_en=lines("""
Hello, sorry for the wait. We have passed it on to the branch manager; booking in the app avoids the queue.
"""),
    ),
    Topic(  # telephone
        es=lines("""
{35|40|25} minutos {escuchando la musiquita|de espera} en el teléfono de Lumbre, {ya me la sé|la canto en la ducha}
Llevo {tres|cuatro} llamadas a Lumbre y cada vez {me cuentan una cosa distinta|me pasan con otro departamento}
"Todos nuestros agentes están ocupados". {Desde las nueve|Todo el día}, Lumbre, {todo el día|¿cuántos tenéis, uno?}
Me han {colgado|cortado} {dos|tres} veces en atención al cliente {después de media hora|justo al dar el DNI}. @LumbreResponde
El robot del teléfono de Lumbre {me entiende menos que mi ex|no sabe qué es "hablar con una persona"}
Que {te llamamos nosotros|le llamaremos}, decían en Lumbre {el lunes|hace una semana}. {Aquí sigo, mirando el móvil|Mentira cochina}
Pulse uno, pulse tres, pulse {nueve|siete}... y {vuelta al principio|música}. Gracias, Lumbre, {mi tarde perdida|ya me sé el menú}
{Dos|Tres} operadores de Lumbre, {dos|tres} respuestas distintas sobre {mi seguro|mi hipoteca|el plan de pensiones}
Les hablo y les hablo y {nomás me ponen música|me dejan en espera}, Lumbre, {ya párenle|qué servicio}
"""),
        en=lines("""
{35|40} minutes on hold with Banco Lumbre. The {hold music|robot} knows my whole life now
Called @BancoLumbre three times, {three different answers|passed round three departments}
"All our agents are busy". {Since nine this morning|All day}, Lumbre. {How many are there, one|Hire somebody}?
Banco Lumbre hung up on me {after half an hour|twice today}. {Outstanding|Wow}
Your phone robot {doesn't understand accents|can't spell my name}, @LumbreResponde. {Give me a human|Please, a person}
"""),
        answer_es=lines("""
Hola, sentimos la espera. Cuéntanos por aquí qué necesitas y lo resolvemos sin que tengas que volver a llamar.
Hola, lamentamos lo ocurrido. ¿Nos dices por privado de qué se trata y te llamamos nosotros?
"""),
        answer_en=lines("""
Hello, sorry about the wait. Tell us here what you need and we will sort it out without another call.
"""),
    ),
    Topic(  # advertising, insurance pushed
        es=lines("""
{Tercera|Cuarta} llamada de Lumbre {esta semana|hoy} para venderme {un seguro|una alarma}. {Basta|Que no}
No quiero {el seguro de vida|una tarjeta de crédito|la alarma}, Lumbre. Lo he dicho {ya tres veces|por activa y por pasiva}
Me habéis {colado|metido} un seguro {con el préstamo|que nadie me explicó} y ahora {quitarlo es un calvario|nadie sabe nada}
{SMS|Correos} de ofertas de Lumbre a las {once de la noche|siete de la mañana}, {un poquito de por favor|sobran}
Entro a ver el saldo y {me como cuatro anuncios de préstamos|parece la teletienda}. @BancoLumbre
Marcan de Lumbre a la hora de la comida a ofrecer {crédito|seguros}, {qué pesados|todos los días}
"""),
        en=lines("""
Stop {calling|ringing} me about {life insurance|a credit card}, Banco Lumbre. {I said no|Fourth time this week}
Insurance added to my loan that {I never asked for|nobody explained}. Poor, @BancoLumbre
{Offers|Ads} by text at {eleven at night|seven in the morning}, @BancoLumbre? {No thanks|Rude}
I open the app to see my balance and get {four ads|a loan pitch}. {It's a bank, not a bazaar|Enough}, Lumbre
"""),
        answer_es=lines("""
Hola, disculpa las molestias. Puedes retirar el permiso comercial en Perfil > Privacidad, o te lo quitamos nosotros si nos escribes.
Hola, lo sentimos. Lo hemos anotado y no volverás a recibir llamadas comerciales.
"""),
        answer_en=lines("""
Hello, sorry about that. We have noted it and you will not get sales calls again.
"""),
    ),
    Topic(  # branch closing, staff
        es=lines("""
Cerráis la oficina de {mi pueblo|Villarejo|la plaza} y la más cercana está a {20|32|18} km. {Gracias por nada|Mi madre tiene 84 años}
Otra vez {cambio|cambiado} de gestor en Lumbre, {el cuarto en un año|y a empezar de cero}. {Qué pereza|Así no se puede}
La oficina de Lumbre de {Usera|San Blas} sin {rampa|aseo|una sola silla}, en 2026. {Lamentable|Penoso}
El trato de la oficina de {Badajoz|Elche} {muy mejorable|deja mucho que desear}, {ni buenos días|me han hablado fatal}
Me piden {el mismo papel|la nómina} por {tercera|cuarta} vez, ¿los {usáis para la chimenea|perdéis}? @BancoLumbre
Para {cerrar una cuenta|darme de baja} hay que ir en persona, para abrirla bastó un selfie. {Curioso|Muy hábil, Lumbre}
"""),
        en=lines("""
You're closing our {village|local} branch and the next one is {20|32} km away. {My mum is 84|Thanks for nothing}, Banco Lumbre
Asked for the same {payslip|form} for the {third|fourth} time, @BancoLumbre
New account manager at Lumbre {again|for the fourth time}, {start from zero|explain my life again}
{Spoken to like a child|Not even a good morning} at the {Benidorm|Mijas} branch of Banco Lumbre. {Awful manners|Shocking}
To close an account you must come in person; to open it {a selfie was enough|took two minutes}. Clever, Lumbre
"""),
        answer_es=lines("""
Hola, sentimos lo que cuentas. Lo pasamos a la dirección de zona para que lo revisen. Gracias por decírnoslo.
Hola, lo lamentamos de verdad. ¿Nos dices por privado la oficina y el día, y te contamos qué se puede hacer?
"""),
        answer_en=lines("""
Hello, we are sorry about this. We have passed it on to the area management. Thank you for telling us.
"""),
    ),
    Topic(  # slow paperwork
        es=lines("""
{Tres semanas|Un mes|Mes y medio} esperando {la respuesta de la hipoteca|que estudien el préstamo}. {Perderemos el piso|A este paso me jubilo}. @BancoLumbre
Me prometieron la tarjeta para el {lunes|viernes} y {aquí sigo|estamos a jueves}. {Formalidad cero|Seriedad, Lumbre}
{Dos|Tres} meses para {cambiar un titular|cerrar la herencia de una cuenta}, {cada semana falta un papel|de risa}
Reclamé {un cargo|la comisión} el {12 de febrero|mes pasado} y {sigo sin noticias|silencio absoluto}. @LumbreResponde
La devolución del {hotel|vuelo} que me dijisteis "en 48 horas" lleva {nueve días|dos semanas}, {fatal|qué cuajo}
Los gastos de hipoteca que ganamos en {el juzgado|sentencia} siguen {sin llegar|sin pagarse}, Lumbre
Mandé los papeles {por tercera vez|hace un mes} y en Lumbre {nadie responde el correo|dicen que no los tienen}
"""),
        en=lines("""
{Three weeks|A month} waiting for a mortgage answer from Banco Lumbre. {We'll lose the flat|Ridiculous}
Disputed a charge on {12 February|the 2nd}, still nothing from @LumbreResponde. {Poor service|Hello?}
{Two|Three} months to {change a name on an account|sort an inheritance}, Banco Lumbre. {A new paper every week|It's a farce}
Card promised for {Monday|Friday}, it's {Thursday|the week after}. {Come on Lumbre|No apology either}
Refund "within 48 hours", {nine days|two weeks} ago. @LumbreResponde {still waiting|what happened}?
"""),
        answer_es=lines("""
Hola, sentimos el retraso. Pásanos por privado el número de expediente y te decimos en qué punto está.
Hola, lo hemos reclamado al departamento y te damos respuesta por aquí en cuanto la tengamos.
"""),
        answer_en=lines("""
Hello, sorry for the delay. Send us the case number privately and we will tell you where it stands.
"""),
    ),
)

# Sending an online customer to a telephone or a branch: what the desk should not do, and does.
HAND_OFFS_ES = lines("""
Hola, para esta consulta llámanos al 900 00 00 00 y te atenderán encantados.
Hola, acércate a tu oficina con el DNI y allí te lo resuelven.
Buenas, este tema lo lleva otro departamento. Por favor, llama al 900 00 00 00, de 8 a 22 h.
Hola, desde este canal no podemos ayudarte. Contacta con tu gestor en la oficina.
""")
HAND_OFFS_EN = lines("""
Hello, please call us on 900 00 00 00 and they will be glad to help.
Hi, for this you need to visit your branch with your ID.
""")

THANKS_ES = lines("""
{Perfecto|Genial|Estupendo}, {muchas gracias|mil gracias}{!| por la rapidez|}
{Vale|Ok}, {hecho|listo}. {Gracias|Graciaaas}
{Ah, ahí estaba|Visto}. {Gracias|Merci}!
{Muy amable|Muy amables}, {gracias|un saludo}
Aclarado, {gracias|muchísimas gracias} {de verdad|por contestar|crack}
""")
THANKS_EN = lines("""
{Perfect|Great}, {thank you|thanks a lot}{!| for the quick answer|}
{Got it|Good to know}, {cheers|thanks}
""")

# ── the bank's own posts ─────────────────────────────────────────────────────────────────────────────────────────

OUR_POSTS = (  # local time, text; people pass these on
    ("08:30:00", "Buenos días. Hoy jueves abrimos también por la tarde, de 16:15 a 18:45. ¿Nos vemos? #EnciendeTuLumbre"),
    (
        "11:00:00",
        "Ya puedes apuntarte a la Carrera Lumbre del 19 de abril: 10 km junto al río y un euro por dorsal para el banco de alimentos. 🏃",
    ),
    (
        "17:30:00",
        "Seguimos juntos hasta 2029. 🧡 Banco Lumbre y el Atlético Ribera renuevan: más fútbol base y entradas a 5 € para menores.",
    ),
    ("20:00:00", "Esta noche, jazz en el patio de la Fundación Lumbre. Entrada libre hasta completar aforo. 🎷"),
)

# ── who says it ──────────────────────────────────────────────────────────────────────────────────────────────────

GIVEN_NAMES = words("""
Lucía Mateo Carmen Hugo Nerea Iker Paula Álvaro Rocío Sergio Ainhoa Rubén Marta Óscar Laia Pau Inés Adrián Noa Víctor Sofía Joan
Candela Unai Elena Raúl Silvia Diego Alba Jordi Teresa Nacho Belén Toni Olga Fran Irene Quique Lourdes Santi Ximena Memo Lupita
Chava Florencia Gonzalo Agustina Nico Emma Jack Priya Tom Grace Liam Yusuf Fatima Ioana Andrei
""")
SURNAMES = words("""
Arrieta Balboa Cobos Dávila Escribano Fuertes Galarza Heredia Iriarte Jurado Lozoya Marchena Nevado Olmedo Pastrana Quirós Robledo
Salcedo Tejada Urrutia Valbuena Yáñez Zubiri Alcaraz Buendía Camacho Dorado Espinar Frías Granda Hinojosa Lara Mena Noriega Ochoa
Palomar Requena Segura Tena Vidal
""")
EMOJI = ("🙏", "😅", "🤷‍♀️", "😂", "🙄", "💪", "👀", "🧡", "😬", "🤔", "👍", "😊")
CROSS_EMOJI = ("😡", "🤬", "🙄", "😤", "🤦‍♂️", "🤦‍♀️", "👎", "😒")
