"""How well the reader does on real messages. They stay beside the checkout; without them this says so and is skipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.understand import GOLD, f1, judged, share_of_outages

pytestmark = [pytest.mark.data, pytest.mark.skipif(not GOLD.exists(), reason=f"the labelled messages are not at {GOLD}")]


@pytest.mark.parametrize(
    ("head", "language", "least"),
    [("outage", "es", 0.85), ("outage", "en", 0.74), ("complaint", "es", 0.86), ("complaint", "en", 0.86), ("sentiment", "es", 0.72)],
)
def test_the_reader_hears_what_people_labelled(head, language, least):
    assert f1(judged()[head, language]) >= least


def test_ordinary_messages_are_hardly_ever_taken_for_an_outage():
    rows = [json.loads(line) for line in Path(GOLD).read_text(encoding="utf-8").splitlines()]
    assert share_of_outages([row["text"] for row in rows if row["stratum"] == "rest" and not row["outage"]]) <= 0.02
