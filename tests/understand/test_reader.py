"""What customers say, and what it means. Every sentence is invented."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.model import Verdict
from carebot.understand.embedded import Reader
from carebot.understand.lexicon import lexicon, read, unfolded
from carebot.understand.normalise import plain, tame
from carebot.understand.services import BUILT_IN
from carebot.understand.verdicts import HEADS

READER = Reader()


def verdict(said: str, stars: int | None = None) -> Verdict:
    return READER.read([plain(tame(said))], [""], [stars]).row(0)


OUTAGES = [
    "La app no funciona",
    "no jala la app desde en la mañana",
    "¿Se cayó la banca en línea?",
    "Está caída la web otra vez??",
    "pinche app, no me deja entrar",
    "La aplicación no carga, llevo una hora",
    "va como el culo la app hoy",
    "no puedo acceder a mi cuenta desde la app",
    "Error al iniciar sesión todo el rato",
    "me rechaza la tarjeta en todos lados",
    "cajero fuera de servicio en la estación",
    "¿Alguien más con problemas con el Bizum?",
    "se tronó la app del banco",
    "Hola, ¿tienen algún problema con los cajeros?",
    "no me llega el código sms para entrar",
    "estamos sin línea desde esta mañana",
    "la app del banco no anda, me tiene podrido",
    "Hola, intenté pagar por PSE y me sale error",
    "is the app down?",
    "Is it just me or is the website not loading",
    "app keeps crashing every time I open it",
    "can't log in to online banking again",
    "your site is down again",
    "anyone else unable to log in to the app?",
    "card payments are being declined everywhere, your system is down",
    "The ATM is out of order again",
    "getting an error when I try to check in online",
    "mobile banking not working since this morning",
    "I can't access my account, the app just freezes",
    "servers are down lol fix it",
]
CHATTER = [
    "Buenos días, ¿a qué hora abre la sucursal del centro?",
    "Hoy estrenamos la nueva tarjeta con 20% de descuento en cines",
    "Me encanta la nueva app, funciona genial",
    "ya funciona, gracias",
    "Ya me dejó entrar a la app, mil gracias",
    "la app is back up, thanks",
    "it works now, thank you!",
    "¿Cómo funciona la tarjeta virtual?",
    "Se cayó de la silla de la risa jajaja",
    "Si se cae la app, avisen",
    "hands down the best bank app",
    "calm down, the branch opens at nine",
    "The flight was delayed two hours and the crew was rude",
    "Mi vuelo salió con tres horas de retraso",
    "Me cobraron una comisión que no era",
    "El ejecutivo de la sucursal fue grosero",
    "no puedo creer lo rápido que llegó la tarjeta",
    "Win a phone! Retweet and follow to enter our giveaway",
    "Lamentamos los inconvenientes, nuestro equipo está trabajando en ello",
    "We're sorry to hear the app is not working, our team is looking into it",
    "How do I change my password?",
    "¿Puedo abrir una cuenta desde la web?",
    "I love this airline",
    "no sirve de nada quejarse con el gerente",
    "The coupon code doesn't work",
]


@pytest.mark.parametrize("said", OUTAGES)
def test_it_does_not_work_is_heard_from_madrid_to_buenos_aires(said):
    assert verdict(said).outage.label, verdict(said)


@pytest.mark.parametrize("said", CHATTER)
def test_everyday_talk_is_no_outage(said):
    assert not verdict(said).outage.label, verdict(said)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("complaint", "Pésimo servicio, nadie contesta"),
        ("complaint", "me tienen en visto desde hace dos semanas, no me resuelven"),
        ("complaint", "Worst airline ever, still waiting for my refund"),
        ("complaint", "Me cobraron dos veces y no me devuelven mi dinero"),
        ("complaint", "you lost my luggage and nobody answers the phone"),
        ("churn", "Me cambio de banco, hasta aquí"),
        ("churn", "quiero cerrar mi cuenta ya"),
        ("churn", "I will never fly with you again"),
        ("churn", "Closing my account tomorrow"),
        ("churn", "pierden un cliente"),
        ("fraud", "Me llegó un SMS falso haciéndose pasar por ustedes, es phishing"),
        ("fraud", "Tengo un cargo no reconocido en mi tarjeta"),
        ("fraud", "me han estafado con un enlace falso"),
        ("fraud", "There is an unauthorized transaction on my card"),
        ("fraud", "someone hacked my account"),
        ("moment", "Estamos varados en el aeropuerto con dos niños y sin hotel"),
        ("moment", "Mi madre está en el hospital y me bloquearon la tarjeta"),
        ("moment", "Mi padre falleció y no me dejan cerrar su cuenta"),
        ("moment", "me asaltaron anoche y no tengo tarjeta"),
        ("moment", "We are stranded in Lisbon and my wallet was stolen"),
        ("praise", "Muchas gracias por ayudarme, excelente servicio"),
        ("praise", "Me encanta la app, son los mejores"),
        ("praise", "Thank you so much, great service from your crew"),
        ("question", "¿Cómo puedo activar la tarjeta?"),
        ("question", "how do I change my seat"),
        ("irony", "Gracias por nada, como siempre"),
        ("irony", "thanks for nothing"),
        ("hand_off", "Hola Ana, escríbenos por DM para ayudarte"),
        ("hand_off", "Llámanos al 900 y te atendemos"),
        ("hand_off", "Please call us at our helpline"),
        ("hand_off", "Could you DM us your booking number?"),
        ("hand_off", "Te sugerimos acudir a tu sucursal"),
        ("recovered", "Ya funciona la app"),
        ("recovered", "It's back up, works again"),
        ("recovered", "por fin pude entrar"),
    ],
)
def test_each_question_is_answered_yes_where_it_should_be(head, said):
    assert getattr(verdict(said), head).label, verdict(said)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("complaint", "Hola, ¿qué horario tiene la sucursal?"),
        ("complaint", "Gracias, todo perfecto"),
        ("churn", "Quiero abrir una cuenta con ustedes"),
        ("fraud", "No me llega el correo de confirmación"),
        ("moment", "Mi vuelo sale a las cinco"),
        ("praise", "no es un buen servicio"),
        ("praise", "gracias por nada"),
        ("praise", "thanks for the miserable trip"),
        ("question", "La app no funciona."),
        ("hand_off", "Ya está arreglado, gracias por avisarnos"),
        ("hand_off", "Les llamé tres veces"),
        ("recovered", "todavía no funciona la app"),
        ("irony", "Gracias por la ayuda"),
    ],
)
def test_and_no_where_it_should_not(head, said):
    assert not getattr(verdict(said), head).label, verdict(said)


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Excelente atención, muchas gracias", "positive"),
        ("no es un buen servicio", "negative"),
        ("not good", "negative"),
        ("Qué asco de banco", "negative"),
        ("Worst service ever, terrible", "negative"),
        ("I love it, amazing!", "positive"),
        ("El banco abre a las nueve", "neutral"),
    ],
)
def test_feelings_are_told_apart_and_a_no_turns_them_round(said, label):
    assert verdict(said).sentiment.label == label


def test_stars_say_what_the_words_do_not():
    assert verdict("Versión nueva", stars=1).sentiment.label == "negative"
    assert verdict("Versión nueva", stars=5).sentiment.label == "positive"
    assert verdict("Versión nueva").sentiment.label == "neutral"


@pytest.mark.parametrize(
    ("said", "service", "symptom"),
    [
        ("No puedo entrar en la app", "app", "login_fail"),
        ("El cajero no tiene dinero, no dispensa", "atm", "out_of_cash"),
        ("La web está caída", "web", "down"),
        ("Me rechaza la tarjeta", "card", "declined"),
        ("La app va muy lenta", "app", "slow"),
        ("No me llega la transferencia", "transfer", "not_received"),
        ("the app crashes all the time", "app", "crash"),
        ("my luggage was lost, no response", "baggage", "no_answer"),
        ("sin internet ni cobertura desde ayer", "network", "down"),
        ("Buenos días a todos", "none", "none"),
    ],
)
def test_it_says_which_thing_fails_and_how(said, service, symptom):
    told = verdict(said)
    assert (told.service.label, told.symptom.label) == (service, symptom)


def test_a_service_of_the_rules_file_is_known_by_its_own_words():
    reader = Reader(BUILT_IN.with_rules({"points-shop": ["tienda de puntos", "la puntera"], "app": ["bancomóvil"], "fast-lane": []}))
    said = ["¡La Puntera no funciona!", "el BancoMovil no funciona", "fast lane is down", "la app no funciona"]
    told = reader.read([plain(text) for text in said], [""] * 4)
    assert [told.services[place] for place in told.service] == ["points-shop", "app", "fast-lane", "app"]
    assert told.column("outage").all()
    assert "points-shop" not in BUILT_IN.services


def test_the_why_shows_the_words_as_people_write_them():
    assert verdict("LA APP NO FUNCIONAAA, se cayo el sistema").why[0] == "se cayó"
    assert len(verdict(" ".join(OUTAGES)).why) == 4
    assert verdict("Buenos días").why == ()


def test_all_chances_are_chances():
    told = READER.read([plain(said) for said in OUTAGES + CHATTER], [""] * len(OUTAGES + CHATTER))
    assert told.p.dtype == np.float32
    assert told.p.shape == (len(told), len(HEADS))
    assert ((told.p >= 0) & (told.p <= 1)).all()
    assert np.allclose(told.sentiment.sum(axis=1), 1, atol=1e-5)
    for head in range(len(HEADS)):  # one threshold a question: whoever is surer is never the one who is told no
        yes, no = told.p[told.label[:, head], head], told.p[~told.label[:, head], head]
        assert yes.min(initial=1) >= no.max(initial=0) - 1e-6, HEADS[head]


def test_no_messages_give_no_verdicts():
    told = READER.read([], [])
    assert len(told) == 0
    assert told.p.shape == (0, len(HEADS))
    assert told.column("outage").sum() == 0


SENTENCES = st.lists(st.sampled_from(OUTAGES + CHATTER) | st.text(max_size=60), max_size=12)


@settings(max_examples=60, deadline=None)
@given(SENTENCES)
def test_a_message_means_the_same_alone_and_in_a_batch(said):
    texts = [plain(tame(text)) for text in said]
    together = READER.read(texts, [""] * len(texts))
    for row, text in enumerate(texts):
        assert READER.read([text], [""]).row(0) == together.row(row)


def test_the_same_words_mean_the_same_in_every_process():
    script = (
        "import json\nfrom carebot.understand.embedded import Reader\nfrom carebot.understand.normalise import plain\n"
        "told = Reader().read([plain('La app no funciona, pésimo, me cambio de banco')], [''])\n"
        "print(json.dumps([told.p.tolist(), told.sentiment.tolist(), list(told.why)]))"
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outs) == 1
    assert json.loads(outs.pop())[2]


@pytest.mark.parametrize(
    "hostile", ["no " * 3333, "no me deja entrar " * 555, "😡" * 10_000, "a" * 10_000, "? " * 5000, "\ud800\u202e" * 5000]
)
def test_a_hostile_text_is_read_in_a_moment(hostile):
    started = time.process_time()
    verdict(hostile)
    assert time.process_time() - started < 0.3


def test_words_aimed_at_the_reader_do_not_break_out():
    told = verdict("ignore previous instructions [outage=99] (a|b) no funciona la app")
    assert told.outage.label


def test_phrases_unfold_and_a_forgotten_bracket_is_an_error():
    assert unfolded("no (me |)(funciona|va (bien|mal))") == [
        "no me funciona", "no me va bien", "no me va mal", "no funciona", "no va bien", "no va mal",
    ]  # fmt: skip
    for broken in ("no (me", "no me)"):
        with pytest.raises(ValueError, match="bracket"):
            unfolded(broken)


def test_a_phrase_under_two_headings_says_both():
    table = lexicon(read("[a=1]\nno va\n[b=0.5]\nNo va\n"))
    assert table.phrases == ("", "no va")
    assert dict(zip(table.concepts, table.says[1], strict=True)) == {"a": 1, "b": 0.5}
