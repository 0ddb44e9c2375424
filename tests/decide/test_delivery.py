"""The outbox's rules: who goes first, who waits, what is said once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebot.decide.telling.delivery import LONGEST_WAIT, Never, Sent, Trouble, Wait, after, backoff, coalesce, due, sending, waiting
from carebot.model import Alert, Delivery, Text

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def delivery(id: str, *, minute: int = 0, severity: int | None = 3, incident: str | None = None, to: str = "desk", **more: Any) -> Delivery:
    case = more.pop("case", None)
    at = NOON + timedelta(minutes=minute)
    alert = Alert(alert=id, at=at, reason="grew", headline=Text(id, id), severity=severity, incident=incident, case=case)
    return Delivery(id=id, alert=alert, destination=to, **more)


def ids(deliveries: tuple[Delivery, ...]) -> list[str]:
    return [delivery.id for delivery in deliveries]


def test_the_most_severe_goes_first_then_the_one_that_waits_longest() -> None:
    outbox = [
        delivery("minor", severity=4),
        delivery("young", severity=2, minute=3),
        delivery("old", severity=2, minute=1),
        delivery("deaf source", severity=None),
        delivery("worst", severity=1, minute=9),
        delivery("serious", severity=3),
    ]
    assert ids(due(outbox, NOON)) == ["worst", "old", "young", "serious", "deaf source", "minor"]


def test_what_is_told_already_or_must_wait_is_not_due() -> None:
    outbox = [
        delivery("said", state="sent"),
        delivery("hopeless", state="never"),
        delivery("later", next_at=NOON + timedelta(seconds=1)),
        delivery("now", next_at=NOON),
    ]
    assert ids(due(outbox, NOON)) == ["now"]


def test_nothing_overtakes_an_alert_of_the_same_incident_that_may_have_landed() -> None:
    look_at = NOON + timedelta(seconds=20)
    outbox = [
        delivery("in the air", incident="i1", state="sending", next_at=look_at),
        delivery("same incident", incident="i1", minute=1),
        delivery("same incident elsewhere", incident="i1", to="fraud"),
        delivery("its customer", incident="i1", case="c1"),
        delivery("other incident", incident="i2"),
    ]
    assert ids(due(outbox, NOON)) == ["its customer", "other incident", "same incident elsewhere"]
    assert ids(due(outbox, look_at))[0] == "in the air"
    assert "same incident" not in ids(waiting(outbox))


def test_of_three_alerts_that_wait_for_one_desk_only_the_latest_is_said() -> None:
    outbox = [
        delivery("suspected", incident="i1"),
        delivery("confirmed", incident="i1", minute=1),
        delivery("confirmed, told to fraud", incident="i1", to="fraud", minute=1),
        delivery("grew", incident="i1", minute=1),
        delivery("a customer of it", incident="i1", case="c1"),
        delivery("another", incident="i2"),
    ]
    changed = coalesce(outbox)
    assert [(one.id, one.state, one.because) for one in changed] == [
        ("suspected", "never", "said by a later message"),
        ("confirmed", "never", "said by a later message"),
    ]


def test_an_alert_that_may_have_landed_is_not_taken_back() -> None:
    outbox = [delivery("in the air", incident="i1", state="sending"), delivery("grew", incident="i1", minute=1)]
    assert coalesce(outbox) == ()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["new", "sending", "sent", "never"])), max_size=12))
def test_every_incident_with_something_to_say_still_says_it_once(rows: list[tuple[int, int, Any]]) -> None:
    outbox = [delivery(str(at), incident=f"i{incident}", minute=minute, state=state) for at, (incident, minute, state) in enumerate(rows)]
    gone = {one.id for one in coalesce(outbox)}
    for incident in {one.alert.incident for one in outbox}:
        new = [one for one in outbox if one.alert.incident == incident and one.state == "new"]
        kept = [one for one in new if one.id not in gone]
        assert len(kept) == min(1, len(new))
        assert all(one.alert.at <= kept[0].alert.at for one in new)


def test_a_destination_says_wait_30_seconds_and_we_wait_30_seconds() -> None:
    on_its_way = sending(delivery("d"), "C1/1.0", NOON + timedelta(seconds=20), NOON)
    assert (on_its_way.state, on_its_way.ref) == ("sending", "C1/1.0")
    told_to_wait = after(on_its_way, Wait(30), NOON)
    assert (told_to_wait.state, told_to_wait.next_at, told_to_wait.attempts) == ("new", NOON + timedelta(seconds=30), 1)


def test_an_unknown_end_keeps_it_in_the_air_until_it_can_be_looked_for() -> None:
    look_at = NOON + timedelta(seconds=20)
    unknown = after(sending(delivery("d"), "", look_at, NOON), Trouble("no answer"), NOON + timedelta(seconds=10))
    assert (unknown.state, unknown.next_at) == ("sending", look_at)


@pytest.mark.parametrize("days", [1, 400])
def test_a_dead_slack_is_asked_again_for_ever_but_not_more_often_than_every_150_seconds(days: int) -> None:
    waited, now = delivery("d", state="sending"), NOON
    for _ in range(days):
        waited = after(waited, Trouble("down"), now)
        assert waited.next_at is not None
        assert now < waited.next_at <= now + LONGEST_WAIT
        now = waited.next_at
    assert waited.state == "sending"
    assert days < 400 or backoff("d", waited.attempts) > timedelta(seconds=150)


def test_waiting_grows_and_two_deliveries_do_not_come_back_together() -> None:
    assert [backoff("a", attempt) < timedelta(seconds=2 * 2**attempt) for attempt in range(6)] == [True] * 6
    assert backoff("a", 3) == backoff("a", 3) != backoff("b", 3)
    assert timedelta(seconds=1) <= backoff("a", 0) <= timedelta(seconds=2)


def test_told_and_refused_are_the_end() -> None:
    on_its_way = sending(delivery("d"), "", NOON, NOON)
    told, refused = after(on_its_way, Sent("C1/2.0"), NOON), after(on_its_way, Never("Slack refused"), NOON)
    assert (told.state, told.ref, told.next_at) == ("sent", "C1/2.0", None)
    assert (refused.state, refused.because) == ("never", "Slack refused")
    assert due([told, refused], NOON + timedelta(days=1)) == ()


def test_a_quiet_card_stands_for_quiet_ones_only_and_waits_for_all_that_is_told() -> None:
    outbox = [
        delivery("confirmed", incident="i1"),
        delivery("shown anew", incident="i1", minute=1, quiet=True),
        delivery("shown again", incident="i1", minute=2, quiet=True),
        delivery("another, less grave", incident="i2", minute=3, severity=4),
    ]
    assert ids(coalesce(outbox)) == ["shown anew"]
    assert ids(due(outbox, NOON)) == ["confirmed", "another, less grave", "shown anew", "shown again"]
    later = delivery("resolved", incident="i1", minute=4)
    assert ids(coalesce([*outbox, later])) == ["confirmed", "shown anew", "shown again"]
