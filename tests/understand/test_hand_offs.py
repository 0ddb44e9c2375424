"""An answer that sends the customer elsewhere is no answer. Every sentence is invented; numbers are redacted as the door does it."""

from __future__ import annotations

import pytest

from carebot.understand.embedded import Reader
from carebot.understand.normalise import plain, tame
from carebot.understand.redact import redact

READER = Reader()

SENT_ELSEWHERE = [
    "Hola Marta, llama al 900 123 456 y te lo miran",
    "Para eso tienes que llamar al 91 234 56 78, de lunes a viernes",
    "Puedes llamarnos al 900123456 y lo gestionan al momento",
    "Te recomendamos llamar a nuestra línea de atención",
    "Por favor, comunícate con nuestro centro de atención telefónica",
    "Márcanos al 55 1234 5678 desde tu celular",
    "Acude a tu oficina con el DNI y te ayudarán",
    "Debes acudir a una sucursal para ese trámite",
    "Pásate por tu sucursal y lo vemos",
    "Puedes pasar por cualquiera de nuestras oficinas",
    "Acércate a la oficina más cercana, por favor",
    "Ese trámite solo se hace en oficina, lo sentimos",
    "Te atenderán en tu sucursal más cercana",
    "Escríbenos por DM y lo revisamos",
    "Escríbenos por privado con tu nombre",
    "Mándanos un mensaje directo, porfa",
    "Envíanos un MD con tus datos",
    "Háblanos por privado y lo vemos",
    "Te leemos por DM",
    "Ponte en contacto con tu gestor, él te lo resuelve",
    "Contacta con atención al cliente en el 900 123 456",
    "Rellena el formulario de nuestra web y te contestarán",
    "Escribinos por privado así te ayudamos",
    "Comunicate al 0800 123 4567",
    "Remite tu caso a atencion@banco.example, por favor",
    "Please call us on 0800 123 4567",
    "Give us a call on 020 7946 0958 and we'll sort it",
    "You'll need to ring our customer services team",
    "Please call the number on the back of your card",
    "Our phone team can help, they're on 0800 123 4567",
    "Can you contact our support team, please?",
    "Please get in touch with our helpline",
    "Please get in touch with your branch",
    "Visit your nearest branch with some ID",
    "You'd have to pop into a branch for that",
    "Please go to any branch and they'll help",
    "Speak to a colleague in branch",
    "Send us a DM and we'll take a look",
    "Could you DM us your details?",
    "Drop us a private message",
    "Pop us a DM with your postcode",
    "Please message us privately",
    "Email us at help@bank.example",
    "Please fill in the form on our website",
    "Please use the chat in the app to reach an agent",
    "Head to our help centre for this one",
    "Please reach out to our partners on this one",
]
ANSWERED = [
    "Ya está arreglado, Marta, prueba ahora",
    "Hola, la devolución sale hoy y la verás mañana en tu cuenta",
    "Te acabo de llamar y ya queda resuelto",
    "Hola Luis, hemos desbloqueado tu tarjeta",
    "El límite diario son 600 euros y se cambia en Ajustes",
    "Estamos en ello, a las 11 te decimos cómo va",
    "La oficina de la plaza abre mañana a las 8:30",
    "No hace falta que llames, ya lo hemos cambiado nosotros",
    "Tu mensaje nos llegó y ya lo hemos pasado a pagos: lo tienes hoy",
    "Gracias por avisar, la app vuelve a funcionar",
    "Hi Tom, it's fixed now, please try again",
    "Your refund went out this morning, reference 4471",
    "We've unblocked your card, no need to call",
    "Branches open at nine tomorrow",
    "I've called you just now and it's all sorted",
    "Transfers are slow today, next update at 11:30",
    "We've raised your limit to 600 a day",
    "The card payments issue is over, sorry for the trouble",
    "I've changed your address, the new card comes on Friday",
    "We saw your message and paid it back today",
]


def handed_off(answer: str) -> bool:
    return READER.read([plain(redact([tame(answer)])[0])], [""]).row(0).hand_off.label


@pytest.mark.parametrize("answer", SENT_ELSEWHERE)
def test_to_be_sent_elsewhere_is_heard(answer):
    assert handed_off(answer)


@pytest.mark.parametrize("answer", ANSWERED)
def test_an_answer_is_no_hand_off(answer):
    assert not handed_off(answer)
