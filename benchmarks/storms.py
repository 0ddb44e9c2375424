"""Storms of copies among people who speak for themselves, with the truth beside them. All of it is invented.

A storm is one text going round: retweeted, quoted, cut, commented on, decorated, mistyped, sent by bots with a random word at the end and
by campaigns with the town exchanged. The others say much the same thing, each in words of their own, put together from what
people say in an outage. `told` gives both, shuffled into the minutes of a day, from a seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from random import Random
from typing import NamedTuple

from carebot.demo import scenes, sentences
from carebot.demo.voices import spoken, typed


class Post(NamedTuple):
    """`truth`: posts of one truth say one sentence. Of a storm that is the text going round; of the demo's people, whose sentences are
    frames like "Carrera Lumbre de {abril|este año}", the frame: two of those that differ in one word are copies to any eye."""

    text: str
    minute: int
    truth: str
    storm: bool


# ── storms ───────────────────────────────────────────────────────────────────────────────────────────────────────

TEXTS = sentences.lines("""
La app de @BancoLumbre está caída y nadie da explicaciones. Copia y pega si a ti tampoco te deja entrar.
URGENTE: Banco Lumbre acaba de sufrir un ciberataque y los ahorros de miles de familias están en el aire. Difunde antes de que lo borren
Me llega por WhatsApp: mañana cierran los cajeros de Lumbre en <town> por falta de efectivo. Sacad el dinero hoy mismo
Si tienes la nómina en Lumbre revisa tus movimientos, a mi vecina le han quitado trescientos euros y el banco dice que no sabe nada
Tres horas sin poder pagar en <town> por culpa de Lumbre y todavía no han dicho ni media palabra. Que dimita alguien
Confirmado por una trabajadora de la oficina de <town>: los servidores de Lumbre se han quemado y no hay copia de seguridad
Atención clientes de Lumbre: no abráis el enlace que llega por SMS desde el número del banco, es una estafa y ya han caído muchos
Soy <name>, autónoma de <town>, y hoy no he podido pagar a mis empleados porque Banco Lumbre no funciona. Esto no lo arregla un perdón
Hoy Lumbre, ayer la luz y mañana el agua. Este país se cae a trozos y a nadie parece importarle lo más mínimo
La caída de Lumbre deja sin cobrar a miles de pensionistas en plena mañana, según fuentes sindicales consultadas por este periódico
Última hora | Banco Lumbre sufre una incidencia en su aplicación que impide a los clientes operar desde el mediodía
Mientras la app de Lumbre sigue sin abrir, su presidenta cobra cuatro millones al año. Rt si te parece una vergüenza
Firmad la petición para que Banco Lumbre compense a todos los afectados por la caída de hoy, ya somos más de cinco mil
Resumen de lo de Lumbre: no abre la app, no va la web, no cogen el teléfono y en la oficina te mandan a la app. Gran banco
No es la primera vez: en noviembre pasó lo mismo y Lumbre prometió que no volvería a ocurrir. Guardad capturas de todo
Dicen en Lumbre que es un problema puntual, pero en <town> llevamos así desde el lunes y aquí no viene ni un técnico
Desde la plataforma de afectados por Lumbre convocamos concentración esta tarde delante de la oficina principal de <town>
Mi padre tiene ochenta años, está en <town> y no puede comprar las medicinas porque su tarjeta Lumbre no pasa. Ayuda por favor
Gente, cámbiense de banco de una vez. Lumbre se cae cada quincena y uno queda como un tonto en la caja del súper
La neta ya estuvo bueno con Lumbre, otra vez sin sistema en día de pago y uno con la renta encima. Pasen la voz
Che, si sos de <town> y no te anda la app de Lumbre respondé este mensaje así juntamos todos los reclamos en un solo lugar
Se cayó Lumbre en todo el país. Cajeros, app, web y tarjetas. Lo que no se cae nunca son las comisiones
Ojo con las cuentas falsas que se hacen pasar por Lumbre: el banco nunca pide la clave por mensaje directo ni por teléfono
El gobierno pide explicaciones a Banco Lumbre por el fallo que ha dejado sin servicio a sus clientes durante toda la mañana
A quien corresponda en Lumbre: llevo veinte años pagando puntualmente y hoy me habéis dejado tirada en <town> sin un euro encima
Hilo con todo lo que sabemos de la caída de Lumbre, desde los primeros avisos de esta mañana hasta el comunicado del banco
Nos cuentan desde dentro que Lumbre despidió el mes pasado a la mitad del equipo de sistemas. Blanco y en botella
Lumbre caído y yo en <town> con el carro lleno, la cajera mirándome y veinte personas detrás. Gracias por tanto
BREAKING: Banco Lumbre customers across Spain locked out of their accounts since noon, the bank has not commented yet
If you bank with Lumbre check your balance right now, people in <town> are reporting money missing from their savings
Copy and paste this: Banco Lumbre has left us without our own money for three hours and still refuses to say why
My name is <name>, I live in <town> and Lumbre has blocked my only card two days before my flight home. Please share
Reminder that Banco Lumbre made two billion in profit last year and cannot keep a phone app running on a Thursday
Lumbre down again. That is the third time this winter and every single time they call it a one-off incident
We are collecting statements from everyone affected by the Lumbre outage, reply with the town you are in and how long it lasted
Do not call the number in the Lumbre text message, it is a scam and they emptied my mother's account in ten minutes
Rumour from a friend who works there: the Lumbre data centre in <town> is under water and nothing comes back before Monday
Imagine being a bank and telling customers to visit a branch when the branches in <town> closed two years ago. Well done Lumbre
The Lumbre app shows a zero balance for everybody, do not panic, your money is safe, just do not make transfers today
Sign the petition asking Banco Lumbre to pay back every late fee caused by today's outage, we are already five thousand
""")
TOWNS = (
    "Albacete", "Burgos", "Cádiz", "Getafe", "Huelva", "Jaén", "Lugo", "Oviedo", "Palencia", "Reus", "Soria", "Teruel", "Vigo", "Zamora",
    "San Sebastián", "Ciudad Real", "Dos Hermanas", "La Coruña",
)  # fmt: skip
NAMES = ("Ana", "Begoña Ruiz", "Carmen", "Elena", "Julia Mas", "Lucía", "Marta", "Nuria Gil", "Pilar", "Sara", "Teresa")
REMARKS = sentences.lines("""
Esto es una vergüenza
Atentos a esto
Vía un amigo que trabaja allí
Por si a alguien le sirve
Ojalá sea mentira
Yo flipo con este banco
Tal cual
Lo que yo llevo diciendo
Que alguien haga algo ya
This is unbelievable
Happened to my sister too
Read this before you go shopping
No words, honestly
""")
VOCABULARY = sorted({word for line in sentences.CHATTER_ES for word in re.findall(r"\w+", line)})
TAGS = ("#LumbreCaido", "#Lumbre", "#BancoLumbre", "#vergüenza", "#URGENTE", "#bancos", "#España", "#outage", "#fail")
EMOJI = ("😡", "🤬", "👇", "⚠️", "🚨", "😂", "🤦‍♀️", "🔥", "‼️")
Mutation = Callable[[str, Random], str]


def _remark(rng: Random) -> str:
    """What somebody adds: a phrase that others add too, or as many words of their own as what they pass on."""
    return rng.choice(REMARKS) if rng.random() < 0.8 else " ".join(rng.sample(VOCABULARY, rng.randint(8, 20)))


def _retweeted(text: str, rng: Random) -> str:
    return f"RT @user{rng.randrange(10**4)}: {text}"


def _quoted(text: str, rng: Random) -> str:
    return rng.choice(("{0}: «{1}»", '"{1}" {0}', "{0}\n> {1}", "{0} 👉 {1}")).format(_remark(rng), text)


def _commented(text: str, rng: Random) -> str:
    comment = _remark(rng)
    return rng.choice((f"{comment}. {text}", f"{text} {comment}"))


def _passed_on(text: str, rng: Random) -> str:
    return rng.choice((_quoted, _commented))(text, rng)


def _cut(text: str, rng: Random) -> str:
    keep = rng.uniform(0.6, 0.92)
    if len(text) * keep < 70:
        return text
    return text[: int(len(text) * keep)] + rng.choice(("…", "...", "… https://t.example/abc"))


def _decorated(text: str, rng: Random) -> str:
    more = [
        rng.choice(TAGS), rng.choice(EMOJI) * rng.randint(1, 3), f"https://t.example/{rng.randrange(10**6)}", f"@user{rng.randrange(10**4)}"
    ]  # fmt: skip
    for extra in rng.sample(more, rng.randint(1, 3)):
        text = rng.choice((f"{extra} {text}", f"{text} {extra}"))
    return text


def _numbered(text: str, rng: Random) -> str:
    return f"{text} {rng.choice(('{0}', '({0})', '{0}/30', 'nº {0}', '#{0}')).format(rng.randrange(1, 5000))}"


def _tokened(text: str, rng: Random) -> str:
    letters = "abcdefghijkmnopqrstuvwxyz" + ("0123456789" if rng.random() < 0.5 else "")
    return f"{text} {''.join(rng.choice(letters) for _ in range(rng.randint(4, 9)))}"


def _bare(text: str, rng: Random) -> str:
    for accented, letter in zip("áéíóúñÁÉÍÓÚ", "aeiounAEIOU", strict=True):
        text = text.replace(accented, letter)
    return re.sub(r"[.,:;]", "", text) if rng.random() < 0.5 else text


def _cased(text: str, rng: Random) -> str:
    return rng.choice((str.upper, str.lower, str.title))(text)


def _mistyped(text: str, rng: Random) -> str:
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    for place in rng.sample(long, min(len(long), rng.randint(1, max(1, len(words) // 10)))):
        word = words[place]
        at = rng.randrange(1, len(word) - 1)
        slips = (word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[: at + 1] + word[at:])
        words[place] = rng.choice(slips)
    return " ".join(words)


MUTATIONS: tuple[Mutation, ...] = (_retweeted, _passed_on, _cut, _decorated, _numbered, _tokened, _bare, _cased, _mistyped)


def copy(text: str, rng: Random) -> str:
    """One copy: the town and name exchanged where there are any, then up to three of the things that happen to copies."""
    text = text.replace("<town>", rng.choice(TOWNS)).replace("<name>", rng.choice(NAMES))
    for mutation in rng.sample(MUTATIONS, rng.choice((0, 1, 1, 2, 2, 3))):
        text = mutation(text, rng)
    return text


# ── people who speak for themselves ──────────────────────────────────────────────────────────────────────────────

HELLO = (
    "", "", "", "Hola @BancoLumbre,", "@BancoLumbre", "@LumbreResponde", "Buenas,", "Oye @BancoLumbre,", "A ver,", "Perdonad,",
    "Otra vez igual:", "Pregunta:", "Nada,", "Uf,",
)  # fmt: skip
# Nobody says the same eight words by chance: a phrase that many share has seven at the most.
TROUBLE = sentences.lines("""
la app no funciona
a mí tampoco me va la app
la app de Lumbre no me abre
no puedo entrar en la app
no entro ni con mi clave
se queda la pantalla en naranja
la aplicación se cierra sola al abrirla
me sale un error con la huella
no hay manera de hacer un Bizum
la web tampoco carga
llevo toda la mañana intentando entrar
se ha caído la app del banco
la banca online de Lumbre está muerta
me pide la contraseña todo el rato
dice que mi usuario no existe
pongo el código y no llega a ninguna parte
ni la app ni la web me responden
las transferencias no salen
veo el saldo a cero
no carga el saldo ni nada
la app me echa en cuanto entro
sale que hay mantenimiento pero nadie avisó
no reconoce mi móvil desde que actualicé
error del servidor todo el rato
no jala la app
no anda nada de Lumbre
está caído Lumbre por mi zona
""")
SINCE = sentences.lines("""
desde esta mañana
desde las doce
desde hace un rato
desde hace más de una hora
y llevo así media mañana
desde ayer por la noche
hoy
otra vez
ahora mismo
por segunda vez esta semana
tanto con wifi como con datos
en el iPhone y la tablet
y en el móvil de mi mujer igual
después de reiniciar tres veces
aquí en Valencia
aquí en el pueblo
""")
NEED = sentences.lines("""
y tengo que pagar el alquiler hoy
y estoy en la caja del supermercado
y la gestoría me espera
y necesito mandarle dinero a mi hija
y hoy vence el recibo de la luz
con la grúa esperando a que le pague
y el fontanero mirándome
y no llevo efectivo
que hoy cobro la nómina
y salgo de viaje en dos horas
y tengo una reserva a medias
y me van a cobrar recargo
justo cuando firmo en la notaría
y el dentista no acepta billetes
y mi madre está igual
y en la oficina no saben nada
y el teléfono comunica
""")
ASK = (
    "", "", "", "¿Es general?", "¿Sabéis algo?", "¿Os pasa a más gente?", "¿Cuándo lo arregláis?", "Gracias por nada", "Qué desastre",
    "Soy la única?", "Espero respuesta", "Así no se puede", "Menudo banco", "¿Hay para mucho?", "Un poco de información, por favor",
)  # fmt: skip


def in_own_words(rng: Random) -> list[str]:
    """What customers say in an outage, each of up to four phrases. No two of them share two phrases: then they would be copies."""
    said, used = [], set[frozenset[str]]()
    for _ in range(20_000):
        phrases = [rng.choice(TROUBLE), rng.choice(SINCE), rng.choice(NEED), rng.choice(ASK)]
        phrases = [phrase for phrase in phrases[: rng.choice((1, 2, 3, 3, 4))] if phrase]
        pairs = {frozenset(pair) for pair in combinations(phrases, 2)} or {frozenset(phrases)}
        if not pairs & used:
            used |= pairs
            said.append(typed(f"{rng.choice(HELLO)} {' '.join(phrases)}".strip(), rng))
    return said


def _frames() -> list[str]:
    """The demo's sentences with their places where people say it differently: `{a|b}`."""
    by_stars = [*sentences.REVIEWS_ES.values(), *sentences.REVIEWS_EN.values()]
    topics = [lines for topic in (*sentences.QUESTIONS, *sentences.COMPLAINTS) for lines in (topic.es, topic.en)]
    blocks = [scenes.OUTAGE_ES, scenes.OUTAGE_EN, scenes.ME_TOO_ES, scenes.ME_TOO_EN, scenes.OUTAGE_REVIEWS_ES, sentences.CHATTER_ES,
              sentences.CHATTER_EN, sentences.PRAISE_ES, sentences.PRAISE_EN, *by_stars, *topics]  # fmt: skip
    return [line.replace("<so long>", "media hora") for block in blocks for line in block]


# ── all of it ────────────────────────────────────────────────────────────────────────────────────────────────────


def told(seed: int, genuine: int = 3000) -> list[Post]:
    """Forty storms of 30 to 300 copies, most within ten minutes, and `genuine` others, in eleven hours of minutes."""
    rng = Random(seed)
    posts = []
    for number, text in enumerate(TEXTS):
        start = rng.randrange(600)
        for _ in range(rng.randint(30, 300)):
            posts.append(Post(copy(text, rng), start + int(rng.expovariate(1 / 6)), f"storm {number}", True))
    others = [(text, f"own {number}") for number, text in enumerate(in_own_words(rng))]
    frames = _frames()
    for turn in range(genuine - len(others)):
        number = turn % len(frames)
        others.append((typed(spoken(frames[number], rng), rng), f"frame {number}"))
    posts += [Post(text, rng.randrange(660), truth, False) for text, truth in others]
    return sorted(posts, key=lambda post: post.minute)
