"""The plainest ways to say that it does not work, from Cádiz to Rosario, and what only sounds like them. Every sentence is invented."""

from __future__ import annotations

import pytest

from carebot.understand.embedded import Reader
from carebot.understand.normalise import plain, tame
from carebot.understand.verdicts import Verdicts

READER = Reader()


def heard(*said: str) -> Verdicts:
    return READER.read([plain(tame(text)) for text in said], [""] * len(said))


IT_STANDS_STILL = [
    "App del banco caída en Cádiz",
    "pues la aplicación no va",
    "la app de mi banco no entra desde hace un rato",
    "La web del banco no responde",
    "la app lleva sin abrir desde las nueve",
    "banca online muerta",
    "La app frita. Alguien de guardia?",
    "app KO en Valladolid",
    "El cajero de la plaza está sin servicio",
    "la app se ha quedado en bucle",
    "Abro la app y pantalla en blanco",
    "mi app hundida desde el desayuno",
    "sin app y sin web, estupendo",
    "por qué no funciona la app?",
    "xq no me deja entrar en la app",
    "Mi hermana tampoco puede entrar en la app",
    "Nadie en mi oficina puede entrar en la banca online",
    "no puedo ver mi saldo",
    "la app me salta un error rarísimo",
    "he reinstalado la app y nada",
    "¿A alguien le carga la app?",
    "la app se me colgó y no arranca",
    "che, la app no anda y se tilda",
    "oigan la app no abre, ¿qué onda?",
    "parce la app no entra, quedó en blanco",
    "app is dead",
    "your app just spins",
    "opened the app, it goes blank",
    "the app throws an error on the login page",
    "app still won't let me in",
    "it won't let us log in on the website",
    "nobody at work can get into the app",
    "website down for you lot?",
    "no access to my account since nine",
    "app unavailable again",
    "reinstalled the app but nothing",
    "can't get past the login screen",
]
CARDS = [
    "me rechazan la tarjeta en el mercado",
    "Tarjeta denegada en el taller, y tengo saldo",
    "en la gasolinera no me coge la tarjeta",
    "no me pasa la tarjeta en ningún sitio",
    "tarjeta rechazada en dos tiendas",
    "el tpv me deniega vuestras tarjetas desde primera hora",
    "me rebotó la tarjeta en la caja",
    "la terminal no acepta la tarjeta",
    "no me toma la tarjeta el posnet",
    "card declined in two shops this morning",
    "my card keeps getting declined",
    "the card reader keeps declining my card, it was declined at the bakery too",
    "card won't go through at the till",
]
ME_TOO = [
    "aquí igual", "a mí tampoco", "Aquí tampoco, en Jaén", "igual por aquí", "a mi mujer tampoco", "yo igual", "somos varios",
    "no eres el único", "same here", "mine too", "not here either", "me neither", "us too, Leeds",
]  # fmt: skip
ONLY_SOUNDS_SO = [
    "el cuadro sigue colgado en la pared de la sucursal",
    "Me han colgado el teléfono dos veces",
    "La app no va a cambiar de color, ¿verdad?",
    "¿La tarjeta no va incluida en la cuenta?",
    "me rechazaron la solicitud de la tarjeta",
    "They declined my loan application",
    "la caída de la bolsa me arruina",
    "muerta de sueño en la fila",
    "me da igual en qué oficina",
    "a mí también me encanta la app",
    "same here, love the new app!",
    "The blank card design is nice",
    "I have been to the branch and it was closed for lunch",
    "You can't pay in cash at the counter",
    "drop dead gorgeous card",
    "¿Se puede pagar sin tarjeta?",
]


@pytest.mark.parametrize("said", [*IT_STANDS_STILL, *CARDS])
def test_plain_words_are_heard(said):
    assert heard(said).row(0).outage.label, heard(said).row(0)


@pytest.mark.parametrize("said", ONLY_SOUNDS_SO)
def test_what_only_sounds_so_is_not(said):
    assert not heard(said).row(0).outage.label, heard(said).row(0)


@pytest.mark.parametrize("said", ME_TOO)
def test_me_too_counts_but_weakly(said):
    outage = heard(said).row(0).outage
    assert outage.label
    assert 0.5 < outage.p < heard("La app de Banco Lumbre no funciona, da error").row(0).outage.p - 0.1


def test_me_too_in_a_long_story_says_nothing():
    assert not heard("Llevo años con el banco y a mí tampoco me parece buena idea que cierren la oficina del barrio").row(0).outage.label


def test_a_refused_card_is_told_from_a_dead_app():
    told = heard("me rechazan la tarjeta en el mercado", "app del banco caída")
    assert [told.services[place] for place in told.service] == ["card", "app"]
    assert [told.symptoms[place] for place in told.symptom] == ["declined", "down"]
