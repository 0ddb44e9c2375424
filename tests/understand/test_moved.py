"""Which words moved an answer."""

from __future__ import annotations

from carebot.understand.embedded import Reader
from carebot.understand.moved import moved_by
from carebot.understand.normalise import plain, tame

READER = Reader()


def moved(text: str, lang: str, head: str) -> tuple[str, ...]:
    return moved_by(READER, plain(tame(text)), lang, head)


def test_the_words_of_a_failure_are_those_that_say_it_fails():
    assert {"no", "funciona"} & set(moved("hola buenas tardes, la app no funciona desde ayer", "es", "outage"))
    assert "hola" not in moved("hola buenas tardes, la app no funciona desde ayer", "es", "outage")
    assert "crashing" in moved("your app keeps crashing on my phone", "en", "outage")


def test_every_answer_has_words_of_its_own():
    text = "thanks for nothing, the website is down again, i am closing my account"
    assert {"closing", "account"} & set(moved(text, "en", "churn"))
    assert {"down", "website"} & set(moved(text, "en", "outage"))


def test_no_words_nothing_moved():
    assert moved("", "es", "outage") == ()
