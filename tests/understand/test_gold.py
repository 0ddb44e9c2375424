"""How well the reader does on real messages. They stay beside the checkout; without them this says so and is skipped."""

from __future__ import annotations

import json

import pytest

from benchmarks.scores import DATA, FAST, GOLD, care, share_of_outages
from carebot.training import data
from carebot.understand.embedded import Reader

pytestmark = [pytest.mark.data, pytest.mark.skipif(not GOLD.exists(), reason=f"the labelled messages are not at {GOLD}")]


@pytest.fixture(scope="module")
def reached() -> dict[tuple[str, str, str], float]:
    messages = list(data.gold(DATA))
    told = Reader().read([message.text for message in messages], [message.lang for message in messages])
    return {figure.asked: figure.value for figure in care(messages, {FAST: told})}


@pytest.mark.parametrize(
    ("question", "language", "least"),
    [
        (("outage", "F1"), "es", 0.85),
        (("outage", "F1"), "en", 0.74),
        (("complaint", "F1"), "es", 0.86),
        (("complaint", "F1"), "en", 0.86),
        (("sentiment", "accuracy"), "es", 0.72),
    ],
)
def test_the_reader_hears_what_people_labelled(reached, question, language, least):
    what, score = question
    assert reached[what, f"care_gold {language}", score] >= least


def test_ordinary_messages_are_hardly_ever_taken_for_an_outage():
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    usual = [row["text"] for row in rows if row["stratum"] == "rest" and not row["outage"]]
    assert share_of_outages("usual", usual, Reader()).value <= 0.02
