"""What a customer who is being helped says back."""

from __future__ import annotations

import pytest

from carebot.understand.their_word import still, thanks


@pytest.mark.parametrize(
    "text",
    ["muchas gracias", "ok gracias", "@LumbreResponde mil gracias por la llamada", "thanks!", "Thank you, got it", "perfecto, agradecida"],
)
def test_thanks_are_thanks(text):
    assert thanks(text) == "thanks"


@pytest.mark.parametrize(
    "text",
    [
        "muchas gracias, quedo a la espera",
        "thank you in advance",
        "gracias, ¿y cuándo llega?",
        "gracias pero sigue sin funcionar",
        "thanks, I'll wait",
        "thanks but it still fails",
        "gracias de antemano",
    ],
)
def test_thanks_of_who_waits_for_more_are_not_the_end(text):
    assert thanks(text) == "waiting"


@pytest.mark.parametrize(
    "text",
    [
        "gracias por nada",
        "Thanks for nothing, great service as always",
        "pues gracias",
        "vaya ayuda",
        "gracias por hacerme perder la mañana",
    ],
)
def test_thanks_for_nothing_are_none(text):
    assert thanks(text) == "bitter"


@pytest.mark.parametrize("text", ["el 3 de marzo", "no me funciona la app", "vale", "", "gracia", "👍"])
def test_who_does_not_thank_has_not_thanked(text):
    assert thanks(text) == ""


@pytest.mark.parametrize(
    "text",
    ["sigue sin funcionar", "Otra vez lo mismo", "habéis vuelto a cobrarme", "still no suitcase", "same issue again", "it is not fixed"],
)
def test_the_same_matter_is_heard(text):
    assert still(text)


@pytest.mark.parametrize("text", ["no funciona la app", "my card was charged twice", "os escribo por una tarjeta", "ya no puedo más"])
def test_a_new_matter_is_not_an_old_one(text):
    assert not still(text)
