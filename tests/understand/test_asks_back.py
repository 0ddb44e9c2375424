"""Is it the customer's turn? Every sentence is invented."""

from __future__ import annotations

import pytest

from carebot.understand.asks_back import asks_back


@pytest.mark.parametrize(
    "reply",
    [
        "@ana ¿Desde qué versión de la app lo hiciste?",
        "Hola Ana, ¿nos pasas el número de pedido?",
        "@ana Indícanos por favor tu número de reserva",
        "Envíanos una captura y lo miramos",
        "Lo sentimos. Necesitamos más datos para ayudarte.",
        "@ana Which branch did you go to?",
        "Sorry to hear that. Could you tell us which card it was",
        "Please send us your order number and we'll look into it.",
        "Let us know which device you use",
    ],
)
def test_a_question_or_a_request_is_for_the_customer_to_answer(reply):
    assert asks_back(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "@ana Ya lo tienes en tu cuenta. ¿Necesitas algo más?",
        "Listo. ¿Te podemos ayudar en algo más?",
        "Your refund is on its way. Is there anything else we can help with?",
        "@ana Lo hemos arreglado, gracias por avisar.",
        "We have sent your card today.",
        "¿Sabías que puedes verlo en la app?",
        "Te escribimos en 24 h",
        "",
        "???",
    ],
)
def test_a_courtesy_or_an_answer_waits_for_nobody(reply):
    assert not asks_back(reply)
