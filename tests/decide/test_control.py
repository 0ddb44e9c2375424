"""A source that is heard only to compare never opens an incident of ours, and nobody is owed an answer there."""

from __future__ import annotations

from pathlib import Path

from carebot.config.load import read
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Batch
from connectors.base import options_of
from tests.saying import RULES, at, say

CONTROL = RULES + "sources:\n  - {name: scheme-forum, kind: feed, url: https://forum.example.com/cards.rss, control: true}\n"


def heard(source: str, folder: Path) -> tuple[list[str], list[dict[str, object]]]:
    """What the desk is told after a burst of complaints about cards in this source, and what was known when our customers complained."""
    store = Store(folder / f"{source}.db")
    book, problems = read(CONTROL, kinds={"feed": lambda: options_of("feed")})
    assert book, problems
    loop = Loop(store, book, secret=b"k" * 32, destinations=lambda alert: ())
    alerts = []
    quiet = [
        say("la tarjeta no pasa", id=f"q:{n}", by=f"q{n}", minute=-600 + 60 * n, about="card", source="feed", brand="") for n in range(3)
    ]
    for minute in range(20):
        burst = [
            say("la tarjeta no pasa", id=f"f:{minute}:{n}", by=f"p{minute}{n}", minute=minute, about="card", source="feed", brand="")
            for n in range(3)
        ]
        batch = Batch(source=source, events=tuple(quiet + burst) if minute == 0 else tuple(burst))
        alerts += loop.take([batch], at(minute)).outcome.alerts
    own = [say("mi tarjeta no va", id=f"x:{n}", by=f"o{n}", minute=20 + n / 10, about="card", source="x") for n in range(12)]
    ours = loop.take([Batch(source="x-search", events=tuple(own))], at(21.5)).outcome.alerts
    store.close()
    return [alert.reason for alert in alerts], [alert.facts for alert in ours if alert.incident and not alert.case]


def test_customers_of_a_shared_scheme_open_nothing_of_ours_and_are_named_when_our_own_complain(tmp_path: Path):
    told, ours = heard("scheme-forum", tmp_path)
    assert told == []
    assert ours and ours[-1]["scope"] == "others" and ours[-1]["others"] == ["scheme-forum"]


def test_the_same_words_in_a_source_of_ours_are_our_incident(tmp_path: Path):
    told, _ = heard("our-forum", tmp_path)
    assert "confirmed" in told or "suspected" in told
