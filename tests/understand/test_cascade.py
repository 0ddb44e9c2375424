"""Whom is the slow reader asked about first, and about whom never?"""

from __future__ import annotations

import numpy as np
import pytest

from carebot.understand.cascade import everything, worth_asking
from carebot.understand.embedded import Reader
from carebot.understand.normalise import plain
from carebot.understand.services import BUILT_IN
from carebot.understand.verdicts import HEADS, Verdicts


def read(*rows: dict[str, float]) -> Verdicts:
    """Verdicts with these chances; what is not named is surely not so. Above .4 the answer is yes."""
    p = np.array([[row.get(head, 0.01) for head in HEADS] for row in rows], np.float32).reshape(len(rows), len(HEADS))
    n = len(rows)
    nothing, none = np.zeros(n, np.float32), np.zeros(n, np.intp)
    return Verdicts(
        p=p, label=p > 0.4, sentiment=np.full((n, 3), 1 / 3, np.float32), lang=("es",) * n, service=none, service_p=nothing, symptom=none,
        symptom_p=nothing, services=tuple(BUILT_IN.services), symptoms=tuple(BUILT_IN.symptoms), why=((),) * n,
    )  # fmt: skip


def order(*rows: dict[str, float]) -> list[int]:
    return worth_asking(read(*rows), [" no va "] * len(rows))


def test_an_outage_that_may_be_one_comes_first_then_what_is_grave_then_what_means_something_then_the_rest():
    nothing, sure_outage, maybe_fraud, maybe_outage = {}, {"outage": 0.99}, {"fraud": 0.3}, {"outage": 0.5}
    assert order(nothing, sure_outage, maybe_fraud, maybe_outage) == [3, 2, 1, 0]


@pytest.mark.parametrize("head", ["complaint", "churn", "fraud", "moment"])
def test_who_may_be_leaving_robbed_or_stranded_goes_before_who_surely_is(head: str):
    assert order({head: 0.97}, {head: 0.5}) == [1, 0]


def test_the_least_sure_is_asked_about_first_and_equals_stay_as_they_came():
    assert order({"outage": 0.7}, {"outage": 0.38}, {"outage": 0.15}, {"outage": 0.38}) == [1, 3, 2, 0]


def test_what_has_nothing_to_do_with_us_is_left_alone_unless_it_means_something_or_may_be_an_outage():
    assert order({"unrelated": 0.9}) == []
    assert order({"unrelated": 0.9, "complaint": 0.9}, {"unrelated": 0.9, "outage": 0.2}, {"unrelated": 0.5}) == [1, 0, 2]


def test_a_message_without_words_has_nothing_to_read():
    texts = [plain(text) for text in ("👍👍", "", "@banco https://x.example 24", "no va", "сломалось")]
    assert worth_asking(read(*[{"outage": 0.5}] * 5), texts) == [3, 4]
    assert everything(texts) == [3, 4]


def test_nobody_wrote():
    assert worth_asking(read(), []) == []


def test_what_the_real_reader_is_in_two_minds_about_goes_before_small_talk():
    said = ["feliz lunes a todos", "hay algún problema con la app?", "sois geniales, gracias", "la app no funciona, error al entrar"]
    texts = [plain(text) for text in said]
    asked = worth_asking(Reader().read(texts, [""] * 4), texts)
    assert set(asked[:2]) == {1, 3}
    assert set(asked) >= {1, 2, 3}
