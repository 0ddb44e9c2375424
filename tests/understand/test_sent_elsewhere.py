"""Where a reply sends the customer, and when a door that is named is no hand-off. Every sentence is invented."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebot.understand.hand_offs import DOORS, SentTo, sent_elsewhere
from carebot.understand.normalise import tame
from carebot.understand.patterns import patterns
from carebot.understand.redact import redact
from tests.understand.test_hand_offs import ANSWERED, SENT_ELSEWHERE


def door(reply: str) -> str:
    """As it comes in: tamed and redacted."""
    sent = sent_elsewhere(redact([tame(reply)])[0])
    return sent.door if sent else ""


@pytest.mark.parametrize("reply", SENT_ELSEWHERE)
def test_what_the_reader_takes_for_a_hand_off_is_one(reply):
    assert door(reply)


@pytest.mark.parametrize("reply", ANSWERED)
def test_an_answer_is_no_hand_off(reply):
    assert door(reply) == ""


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("@ana Hola Ana, llama al 900 123 456 y te lo miran", "phone"),
        ("Para el interior de la República 800 111 2020, de lunes a viernes de 7:00 a 22:00 hrs", "phone"),
        ("Please give our online experts a shout -> 1-800-555-0199", "phone"),
        ("Have you spoken to our digital team yet, Matt? If not, please give them a call at 1-800-555-0199", "phone"),
        ("Acude a tu sucursal con tu identificación", "branch"),
        ("Do approach the service counter for further help", "branch"),
        ("Kindly submit your request via https://air.example/form and we'll look", "form"),
        ("Rellena el formulario de nuestra web: https://banco.example/f", "form"),
        ("Could you DM us your account's e-mail address? We'll take a look", "direct"),
        ("Lamentamos lo ocurrido. Por favor síguenos para brindarte asesoría por DM", "direct"),
        ("¿Qué error te aparece? Compártenos más detalles vía mensaje directo", "direct"),
        ("Escríbenos a ayuda@banco.example con tus datos", "mail"),
        ("Email us at help@bank.example", "mail"),
        ("Please use the live chat in the app", "chat"),
        ("You'd need to check with your carrier for that", "others"),
        ("Te sugerimos validarlo con el comercio", "others"),
        ("Si prefieres, mándanos un mensaje privado con tu DNI y lo miramos", "direct"),
        ("Si no puedes entrar, llámanos al 910 20 30 40 y te generan claves nuevas", "phone"),
        ("En caso de requerir mayor información, te pedimos comunicarte al 800 111 2233", "phone"),
        ("Para más información acuda a su oficina", "branch"),
        ("Si aún no te han respondido, compártenos tu folio vía mensaje directo", "direct"),
        ("Desde redes no tramitamos bajas. Se piden en el 1567", "phone"),
        ("Marcá *611 desde tu celu y te guiamos", "phone"),
        ("Regálanos nuevamente una llamada a nuestro CAT", "phone"),
        ("Los cambios de nombre solo se hacen por teléfono", "phone"),
        ("Podés acercarte a cualquier oficina comercial con tu DNI", "branch"),
        ("Este trámite se realiza de forma presencial", "branch"),
        ("Puede radicar su PQR ingresando a https://banco.example/pqr", "form"),
        ("Cargá tu reclamo desde Home Banking > Reclamos", "form"),
        ("Hablá con nuestra asistente virtual desde la app", "chat"),
        ("Escribinos al WhatsApp +54 9 11 5555 0000", "chat"),
        ("Le agradeceríamos que nos remitiese su queja a defensor@banco.example", "mail"),
        ("Ese cobro es de la compañía de la luz: debes acudir a ellos directamente", "others"),
        ("Los que deben gestionar el reembolso son ellos. Ponte en contacto con tu agencia", "others"),
        ("If you've lost your card you can give our team a call at 1-800-555-0199", "phone"),
        ("Kindly refer to @points for clarification", "others"),
        ("Follow up with us in DM and tell us more", "direct"),
    ],
)
def test_the_door_is_named(reply, expected):
    assert door(reply) == expected


@pytest.mark.parametrize(
    "reply",
    [
        "We've replied to your DM. Let's carry on there",
        "Hi! We've just sent you a DM",
        "We've received your direct message and will respond there shortly",
        "Te compartimos más información vía DM, saludos",
        "Try another browser, that usually does it. If it still fails, please call us on 0800 123 4567",
        "Actualiza la app y entra de nuevo. Si persiste, comunícate al 55 1234 5678",
        "You're welcome! Feel free to reach out if there's anything else",
        "Gracias por contactarnos. Escríbenos siempre que lo necesites",
        "¿Has llamado ya al 900 123 456?",
        "Did you call the branch?",
        "You have already submitted the form, so the team is on it",
        "Which version of the app are you using?",
        "Ya te hemos devuelto la comisión. Para cualquier otra cosa, llámanos al 900 100 200",
        "Your suitcase is at your door now. For anything else you can call us on 0800 555 0101",
        "Reinicia el router. Si sigue igual mañana, llámanos al 1567",
        "Ya te respondimos por interno con los pasos",
        "Continuamos la atención vía DM, saludos",
        "We have DM'd you the options, please check your inbox",
        "We've resent the itinerary to help@air.example",
        "No llames a ningún número que te llegue por SMS",
        "Avisamos por SMS del 67812 y llamadas del 800 880 0155",
        "Tienes 30 días para presentar la reclamación",
        "Cuando recibas tu tarjeta, llámanos para activarla",
        "Nos vemos en 2027, en el 2028 habrá más rutas",
        "Give us a shout if you need anything",
        "",
    ],
)
def test_a_door_that_is_only_named_sends_nobody_away(reply):
    assert door(reply) == ""


def test_the_words_that_send_are_given():
    assert sent_elsewhere("Hola Eva. Acude a tu oficina con el DNI") == SentTo("branch", "acude a tu oficina")


def test_a_number_sends_as_well_redacted_as_not():
    assert sent_elsewhere("Llama al [phone]") == sent_elsewhere("Llama al 900 123 456") == SentTo("phone", "llama al ☎")


@given(text=st.text(max_size=400))
def test_any_text_has_one_door_or_none(text):
    sent = sent_elsewhere(text)
    assert sent is None or (sent.door in DOORS and sent.words)


@pytest.mark.parametrize(
    "piece",
    ["☎ ", "9", "1-", "send us x ", "contact x ", "call x ", "give a b ", "we ", ">", ".", "a@", "a.a@", "submit x ", "reach us here for "],
)
def test_long_hostile_text_is_read_at_once(piece):
    text = (piece * 2_000)[:10_000]
    started = process_time()
    sent_elsewhere(text)
    assert process_time() - started < 0.5  # some 5 ms


# ── how the phrases are written down ─────────────────────────────────────────────────────────────────────────────


def test_names_and_gaps_stand_for_words():
    said = patterns("us = we|me\n# a note\n[ring]\n(call|ring) …2 <us>\n^hello\n[write]\nwrite", " ", " ")
    assert list(said) == ["ring", "write"]
    assert said["ring"].search(" please call x y me ")
    assert not said["ring"].search(" please call x y z me ")
    assert said["ring"].search(" hello there ")
    assert not said["ring"].search(" oh hello there ")
    assert said["write"] == re.compile(" (?:write) ")


def test_a_name_that_nobody_gave_is_an_error():
    with pytest.raises(KeyError):
        patterns("[ring]\n<nobody>", " ", " ")
