"""What a click says of which messages."""

from __future__ import annotations

import pytest

from carebot.model import Click, Label
from tests.saying import RULES, TestDesk, at, say

OWN = RULES.replace("services:\n", "services:\n  points-shop: {name: {es: los puntos, en: points}}\n")


def with_an_incident(rules: str = RULES) -> tuple[TestDesk, str]:
    desk = TestDesk(rules)
    for minute, by in enumerate(("ana", "luis", "eva", "joe")):
        desk.hears(say(by=by, minute=minute, id=f"x:{by}"))
    (id_,) = desk.state.incidents
    return desk, id_


def clicks(desk: TestDesk, incident: str, action: str, **more: str) -> tuple[Label, ...]:
    return desk.hears(Click(id="k", action=action, user="U1", incident=incident, at=at(5), **more), minute=5).labels


@pytest.mark.parametrize(("action", "answer"), [("confirm", "yes"), ("not_incident", "no")])
def test_a_word_about_an_incident_is_a_word_about_each_message_of_its_evidence(action, answer):
    desk, id_ = with_an_incident()
    said = clicks(desk, id_, action)
    assert said == tuple(
        Label(message=f"x:{by}", question="outage", answer=answer, by="U1", at=at(5)) for by in ("ana", "luis", "eva", "joe")
    )


@pytest.mark.parametrize("action", ["take", "snooze", "resolve"])
def test_who_takes_an_incident_or_closes_it_says_nothing_of_its_messages(action):
    desk, id_ = with_an_incident()
    assert clicks(desk, id_, action) == ()


def test_a_corrected_service_is_of_one_message_or_of_all_the_evidence():
    desk, id_ = with_an_incident()
    one = Label(message="x:eva", question="service", answer="card", by="U1", at=at(5), alone=True)
    assert clicks(desk, id_, "correct", service="card", message="x:eva") == (one,)
    assert [(label.message, label.alone) for label in clicks(desk, id_, "correct", service="none")] == [
        (f"x:{by}", False) for by in ("ana", "luis", "eva", "joe")
    ]


def test_a_corrected_service_is_a_word_about_messages_and_leaves_the_incident_as_it_is():
    desk, id_ = with_an_incident()
    before, told = desk.state.incidents[id_], len(desk.told)
    clicks(desk, id_, "correct", service="card")
    assert desk.state.incidents[id_] == before
    assert len(desk.told) == told


def test_a_service_of_the_rules_file_is_known_and_one_of_nobody_is_refused():
    desk, id_ = with_an_incident(OWN)
    assert len(clicks(desk, id_, "correct", service="points-shop")) == 4
    for service in ("pointshop", ""):
        assert clicks(desk, id_, "correct", service=service) == ()
        (refusal,) = desk.last.refused
        assert refusal.item == "k"
        assert f"{service!r}, which nobody knows: use one of points-shop, app, card, atm, none" in refusal.reason


def test_a_click_on_an_incident_long_gone_teaches_nothing():
    desk, _ = with_an_incident()
    assert clicks(desk, "gone", "not_incident") == clicks(desk, "gone", "correct", service="card") == ()
    assert desk.last.refused == ()
