"""A storm must not make the desk mute the channel: how many messages people see, through the real decision and the real outbox rules."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from carebot.decide.incidents.phases import covers
from carebot.decide.telling.delivery import coalesce, due, next_out, thread_of
from carebot.decide.telling.delivery import digest as together
from carebot.model import Alert, Delivery
from tests.saying import TestDesk, at, say

WORDS = [
    "hola",
    "nada",
    "desde",
    "esta",
    "otra",
    "vez",
    "fatal",
    "ayuda",
    "error",
    "pantalla",
    "espera",
    "llevo",
    "horas",
    "tarde",
    "hoy",
    "yo",
]
TOPICS = [f"service-{n:02}" for n in range(12)]
RULES = f"""
brand: {{name: Banco Lumbre}}
services:
{"".join(f"  {name}: {{name: {{es: {name}, en: {name}}}, core: {str(name == TOPICS[0]).lower()}}}" + chr(10) for name in TOPICS)}
rules:
  - {{name: down, when: outage}}
  - {{name: leaving, when: churn}}
promises:
  - {{name: first-answer, first_response: 30m}}
routes:
  desk: {{slack: "#desk"}}
"""


class Channel:
    """A desk's channel that takes a message a second, and remembers when it was told what."""

    def __init__(self) -> None:
        self.outbox: list[Delivery] = []
        self.refs: dict[str, str] = {}
        self.posts: list[tuple[datetime, Alert, bool]] = []  # when, what, and whether it was a message of its own

    def decided(self, alerts: tuple[Alert, ...], *, quiet: bool = False) -> None:
        self.outbox += [Delivery(id=f"{one.alert}@{quiet}", alert=one, destination="desk", quiet=quiet) for one in alerts]

    def second(self, now: datetime) -> None:
        gone = {one.id for one in coalesce(self.outbox)}
        self.outbox = [replace(one, ref=self.refs.get(thread_of(one.alert), "")) for one in self.outbox if one.id not in gone]
        turn = next_out(due(self.outbox, now), [when for when, _, own in self.posts if own], now)
        self.outbox = [one for one in self.outbox if one.id not in {told.id for told in turn}]
        for one in [together(turn, now)] if len(turn) > 1 else turn:
            own = thread_of(one.alert) not in self.refs
            self.refs[thread_of(one.alert)] = "C/1"
            if not one.quiet:
                self.posts.append((now, one.alert, own))


@pytest.mark.parametrize("people", [600, pytest.param(20_000, marks=pytest.mark.long)])
def test_twenty_thousand_complaints_about_twelve_topics_are_at_most_sixty_messages(people: int):
    chance, desk, channel = random.Random(7), TestDesk(RULES), Channel()
    storm = [
        say(
            " ".join(chance.choices(WORDS, k=9)) + f" {n}",
            minute=10 * n / people,
            by=f"p{n}",
            means="outage complaint churn" if n % 50 == 0 else "outage complaint",
            about=TOPICS[n % 12],
            id=f"x:{n}",
        )
        for n in range(people)
    ]
    named: dict[str, datetime] = {}
    ends = [n / 6 for n in range(1, 61)] + [float(n) for n in range(11, 51)]  # after it, the clocks of all who wait run out
    for begin, end in pairwise([0.0, *ends]):
        outcome = desk.hears(*(one for one in storm if at(begin) <= one.posted_at < at(end)), minute=end)
        channel.decided(outcome.alerts)
        channel.decided(outcome.cards, quiet=True)
        for second in range(round((end - begin) * 60)):
            channel.second(at(end) + timedelta(seconds=second))
        for alert in (*outcome.alerts, *outcome.cards):
            for topic in TOPICS:
                if alert.incident and covers(desk.state.incidents[alert.incident], topic):
                    named.setdefault(topic, alert.at)
    assert len(channel.posts) <= 60, Counter(alert.reason for _, alert, _ in channel.posts)
    assert named.keys() >= set(TOPICS)
    ones = desk.state.incidents.values()
    for topic in TOPICS:
        found = [turn.at for one in ones for turn in one.turns if turn.cell == topic or not one.service]
        assert not found or named[topic] - min(found) <= timedelta(seconds=90)
    assert channel.posts[0][0] - min(one.opened_at for one in ones) <= timedelta(seconds=90)
    left = people // 50
    assert sum(one.hidden.get("churn", 0) for one in ones) + desk.reasons.count("churn") == left
    assert desk.reasons.count("churn") <= 2, "who leaves because of just that is counted on the card, and not said one by one"


def test_a_hundred_hours_of_ordinary_complaints_are_told_as_before():
    """Nothing is held, hidden or silenced where there is no storm."""
    desk, chance = TestDesk(RULES), random.Random(11)
    for hour in range(100):
        text = " ".join(chance.choices(WORDS, k=9)) + f" {hour}"
        desk.hears(
            say(text, minute=60 * hour, by=f"p{hour}", about=TOPICS[hour % 12], means="outage churn" if hour % 10 == 0 else "outage")
        )
        assert desk.last is not None and desk.last.muted == ()
    assert desk.reasons.count("churn") == 10 and not {"suspected", "confirmed"} & set(desk.reasons)
