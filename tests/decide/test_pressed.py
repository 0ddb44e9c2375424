"""What a press of a button does, and what is answered: one person, fifty at once, too late, or not allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from carebot.decide.pressing import roles
from carebot.decide.pressing.pressed import snoozed_until
from carebot.model import Click, ClickAction
from tests.saying import RULES, TestDesk, at, rulebook, say

LISTS = RULES + "roles: {act: [U0ANA0001, U0LUIS002], publish: [U0BOSS003]}\n"


def with_an_incident(rules: str = RULES) -> tuple[TestDesk, str]:
    desk = TestDesk(rules)
    for minute, by in enumerate(("ana", "luis", "eva", "joe")):
        desk.hears(say(by=by, minute=minute, id=f"x:{by}"))
    (id_,) = desk.state.incidents
    return desk, id_


def click(action: str, incident: str, *, user: str = "U0ANA0001", minute: float = 5, **more: str) -> Click:
    return Click(id=f"{action}-{user}-{minute}", action=action, user=user, incident=incident, at=at(minute), **more)


def test_who_takes_it_has_it_and_everybody_in_the_thread_sees_who():
    desk, id_ = with_an_incident()
    told = desk.hears(click("take", id_, name="Ana Ruiz"), minute=5)
    assert (desk.state.incidents[id_].owner, desk.state.incidents[id_].owner_name) == ("U0ANA0001", "Ana Ruiz")
    (alert,) = told.alerts
    assert (alert.reason, alert.act.es, alert.act.en) == ("acted", "Ana Ruiz se encarga", "Ana Ruiz is on it")
    assert alert.facts["owner"] == "Ana Ruiz" and alert.headline.es.startswith("Posible fallo")


def test_of_fifty_who_press_together_the_first_has_it_and_the_others_are_told_who():
    desk, id_ = with_an_incident()
    crowd = [click("take", id_, user=f"U0CROWD{n:02}", name=f"p{n}") for n in range(50)]
    told = desk.hears(*crowd, minute=5)
    assert desk.state.incidents[id_].owner == "U0CROWD00"
    assert [one.outcome for one in told.acted] == ["done"] + ["nothing"] * 49
    assert {one.because.es for one in told.acted[1:]} == {"p0 se ha adelantado y se encarga."}
    assert len(told.alerts) == 1


def test_later_somebody_takes_over():
    desk, id_ = with_an_incident()
    desk.hears(click("take", id_), minute=5)
    desk.hears(click("take", id_, user="U0LUIS002", minute=9), minute=9)
    assert desk.state.incidents[id_].owner == "U0LUIS002"


def test_two_who_act_in_one_moment_are_two_lines():
    desk, id_ = with_an_incident()
    told = desk.hears(click("take", id_), click("snooze", id_, user="U0LUIS002", name="Luis", choice="4h"), minute=5)
    assert len({alert.alert for alert in told.alerts}) == 2
    assert desk.state.incidents[id_].snoozed_until == at(5 + 240)
    assert "Luis snoozes it until 16:05" in told.alerts[0].act.en


@pytest.mark.parametrize(
    ("choice", "now", "until"),
    [
        ("30m", "2026-03-12T11:00", "2026-03-12T11:30"),
        ("", "2026-03-12T11:00", "2026-03-12T12:00"),
        ("a year", "2026-03-12T11:00", "2026-03-12T12:00"),
        ("4h", "2026-03-12T11:00", "2026-03-12T15:00"),
        ("morning", "2026-03-12T11:00", "2026-03-13T07:00"),
        ("morning", "2026-03-12T23:30", "2026-03-14T07:00"),  # half past midnight in Madrid: the next morning is tomorrow's
        ("morning", "2026-03-28T18:00", "2026-03-29T06:00"),  # the clocks change that night
    ],
)
def test_a_rest_ends_when_they_said(choice, now, until):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert snoozed_until(choice, rulebook(), moment) == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_no_incident_is_called_that_with_the_reason_and_proposes_a_change_where_the_words_were_wrong():
    desk, id_ = with_an_incident()
    told = desk.hears(click("not_incident", id_, name="Ana", choice="words", text="hablan del club"), minute=5)
    (alert,) = told.alerts
    assert alert.headline.en == "Not an incident: the app"
    assert alert.act.en == "Ana: not an incident, the messages are about something else «hablan del club»"
    assert told.acted[0].asks_for == "proposal"
    assert {label.answer for label in told.labels} == {"no"}


@pytest.mark.parametrize("choice", ["known", "few", "elsewhere"])
def test_messages_that_do_say_that_something_fails_teach_nothing_else(choice):
    desk, id_ = with_an_incident()
    told = desk.hears(click("not_incident", id_, choice=choice), minute=5)
    assert (told.labels, told.acted[0].asks_for, desk.state.incidents[id_].dismissed) == ((), "", True)


def test_what_comes_too_late_changes_nothing_and_says_so():
    desk, id_ = with_an_incident()
    desk.hears(click("confirm", id_), minute=5)
    assert desk.hears(click("confirm", id_, minute=6), minute=6).acted[0].because.en == "It was confirmed already."
    desk.hears(click("resolve", id_, minute=7), minute=7)
    for action in ("take", "confirm", "snooze", "resolve"):
        told = desk.hears(click(action, id_, minute=8), minute=8)
        assert (told.acted[0].outcome, told.alerts) == ("nothing", ())
    assert desk.hears(click("take", "gone", minute=9), minute=9).acted[0].outcome == "nothing"


def test_after_the_end_one_can_still_say_that_it_was_none():
    desk, id_ = with_an_incident()
    desk.hears(click("resolve", id_), minute=5)
    told = desk.hears(click("not_incident", id_, minute=6), minute=6)
    assert told.acted[0].outcome == "done" and desk.state.incidents[id_].dismissed and len(told.labels) == 4
    assert desk.hears(click("not_incident", id_, minute=7), minute=7).acted[0].outcome == "nothing"


def test_who_is_on_no_list_changes_and_teaches_nothing_and_is_told_whom_to_ask():
    desk, id_ = with_an_incident(LISTS)
    before = desk.state.incidents[id_]
    told = desk.hears(click("not_incident", id_, user="U0STRANGER"), minute=5)
    (acted,) = told.acted
    assert (acted.outcome, told.labels, told.alerts) == ("refused", (), ())
    assert "U0STRANGER" in acted.because.es
    after = desk.state.incidents[id_]
    assert (after.phase, after.dismissed, after.owner) == (before.phase, before.dismissed, before.owner)


# ── roles: every action, every kind of person ────────────────────────────────────────────────────────────────────

EVERYBODY = {
    "nobody said who": RULES,
    "lists": LISTS,
    "empty lists": RULES + "roles: {act: [], publish: []}\n",
    "publish only": RULES + "roles: {publish: [U0BOSS003]}\n",
}
MAY = {  # by rules and person: the roles they hold
    ("nobody said who", "U0ANYBODY"): {"see", "act"},
    ("lists", "U0ANYBODY"): {"see"},
    ("lists", "U0ANA0001"): {"see", "act"},
    ("lists", "U0BOSS003"): {"see", "publish"},
    ("empty lists", "U0ANA0001"): {"see"},
    ("publish only", "U0ANA0001"): {"see", "act"},
    ("publish only", "U0BOSS003"): {"see", "act", "publish"},
}


@pytest.mark.parametrize(("rules", "user"), MAY)
@pytest.mark.parametrize("action", get_args(ClickAction))
def test_who_may_press_what(action, rules, user):
    allowed = roles.why_not(click(action, "inc", user=user), rulebook(EVERYBODY[rules])) is None
    assert allowed == (roles.ROLE_FOR[action] in MAY[rules, user])


def test_a_name_opens_no_door():
    assert roles.why_not(click("publish", "inc", user="U0STRANGER", name="U0BOSS003"), rulebook(LISTS))


def test_what_nobody_knows_is_nobodys_to_press():
    assert roles.why_not(click("delete", "inc", user="U0BOSS003"), rulebook(RULES))
