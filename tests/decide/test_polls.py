"""People at the desk are asked whether they see it too; what they answer is evidence, and not too much of it."""

from __future__ import annotations

from typing import Any

import pytest

from carebot.decide.detecting import witnesses
from carebot.decide.incidents import polls
from carebot.model import Click
from tests.saying import TestDesk, at, say


def vote(user: str, minute: float, sees: bool = True, incident: str = "banco-lumbre-app-20260312") -> Click:
    action: Any = "see_yes" if sees else "see_no"
    return Click(id=f"c-{user}-{minute}-{sees}", action=action, user=user, name=user.title(), incident=incident, at=at(minute))


def suspicion() -> TestDesk:
    """Three customers: enough to ask, not enough to be sure."""
    desk = TestDesk()
    for minute, who in enumerate(("ana", "luis", "eva")):
        desk.hears(say(by=who, minute=minute * 4))
    assert desk.reasons == ["suspected"]
    return desk


@pytest.mark.parametrize(
    ("answers", "confirmed"),
    [
        ("yes", False),
        ("yes yes", True),
        ("yes no yes", True),
        ("no no yes yes", False),
        ("no no yes yes yes", True),
        ("no no no", False),
    ],
)
def test_two_who_see_it_and_more_than_do_not_make_a_suspicion_sure(answers: str, confirmed: bool):
    desk = suspicion()
    for n, answer in enumerate(answers.split()):
        desk.hears(vote(f"U{n}", 9 + n / 10, answer == "yes"), minute=9 + n / 10)
    assert ("confirmed" in desk.reasons) == confirmed


def test_one_person_who_presses_five_times_is_one_person_and_their_last_answer_counts():
    desk = suspicion()
    for n in range(5):
        desk.hears(vote("U1", 9 + n / 10, n % 2 == 0), minute=9 + n / 10)
    assert desk.reasons == ["suspected"] and desk.state.incidents["banco-lumbre-app-20260312"].votes == {"U1": True}


def test_an_answer_is_seen_on_the_card_at_once_and_tells_nobody_anything():
    desk = suspicion()
    desk.hears(vote("U1", 9), minute=9)
    first = desk.last
    assert first and not first.alerts
    assert [card.facts["votes"] for card in first.cards] == [{"yes": 1, "no": 0}]
    desk.hears(vote("U2", 9.1), minute=9.1)
    assert desk.last
    (alert,) = desk.last.alerts
    assert (alert.reason, alert.phase, alert.facts["votes"], desk.last.cards) == ("confirmed", "confirmed", {"yes": 2, "no": 0}, ())
    assert alert.act and alert.act.es == "U2 también lo ve"


def test_nobody_is_asked_about_what_is_sure():
    desk = suspicion()
    desk.hears(vote("U1", 9), vote("U2", 9.1), minute=9.2)
    desk.hears(vote("U3", 10, sees=False), minute=10)
    assert "U3" not in desk.state.incidents["banco-lumbre-app-20260312"].votes


def test_a_desk_is_a_weaker_witness_than_a_probe_and_no_row_of_noes_silences_customers():
    assert 0 < polls.nats({"a": True}) < polls.nats({"a": True, "b": True}) <= witnesses.UPSTREAM < witnesses.PROBE
    assert polls.nats({str(n): True for n in range(50)}) == polls.MOST
    assert polls.nats({str(n): False for n in range(50)}) == polls.LEAST
    assert polls.rarer(1.0, {}) == 1.0 and polls.rarer(1.0, {"a": True}) < 0.21


def test_a_card_is_brought_up_to_date_at_most_once_a_minute_and_only_when_it_changed():
    desk = suspicion()
    shown = []
    for second in range(9 * 60, 13 * 60, 10):
        minute = second / 60
        more = (say(by=f"p{second}", minute=minute, about="app"),) if 600 <= second < 700 else ()
        out = desk.hears(*more, minute=minute)
        told = [alert.at for alert in out.alerts]
        shown += [card.at for card in out.cards]
        assert not (told and out.cards)
    assert shown == [at(10), at(11), at(12)]


def test_the_last_hour_the_rule_and_the_words_stand_on_the_card():
    desk = suspicion()
    (alert,) = desk.alerts
    assert alert.facts["trend"] == [0] * 10 + [1, 2]
    assert alert.facts["rule"] == "down" and alert.facts["severity_was"] is None
    assert len(alert.facts["why"]) <= 3
