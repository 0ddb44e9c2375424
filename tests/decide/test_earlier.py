"""What a later card owes for those that it made needless while a channel took nothing: the answer in time, and to be seen by all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from carebot.decide.telling.delivery import PATIENCE, Sent, after, coalesce, due, late_at, sending, since
from carebot.decide.telling.earlier import heirs, is_for_all, news_of, rises
from carebot.model import Alert, Delivery, Phase, Reason, Text

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def card(
    minute: float, reason: Reason = "grew", *, severity: int = 3, was: int | None = 3, phase: Phase = "confirmed", **more: Any
) -> Delivery:
    at, id_ = NOON + timedelta(minutes=minute), f"{reason}-{minute:g}"
    facts = {"severity_was": was}
    alert = Alert(alert=id_, at=at, reason=reason, headline=Text(id_, id_), severity=severity, incident="i1", phase=phase, facts=facts)
    return Delivery(id=id_, alert=alert, destination="desk", **more)


def left(*outbox: Delivery) -> Delivery:
    """The one that is still to be said, as the sender records it: one by one, as they come."""
    waits: list[Delivery] = []
    for one in outbox:
        waits.append(one)
        gone = coalesce(waits)
        now_there = {heir.id: heir for heir in heirs(waits, gone)}
        waits = [now_there.get(each.id, each) for each in waits if each.id not in {needless.id for needless in gone}]
    (last,) = waits
    return last


def test_a_rise_that_was_never_shown_is_shown_to_all_by_the_card_that_stands_for_it():
    said = left(card(0, "severity_up", severity=2, was=3), card(1, severity=2, was=2), card(2, "acted", severity=2, was=2))
    assert (said.id, is_for_all(said), rises(said), news_of(said).reason) == ("acted-2", True, True, "severity_up")


def test_a_rise_that_fell_back_before_anybody_heard_of_it_is_no_news_to_all():
    said = left(card(0, "severity_up", severity=2, was=3), card(1, severity=3, was=2))
    assert (is_for_all(said), news_of(said).reason) == (False, "grew")


def test_an_all_clear_that_was_never_shown_is_followed_by_news_that_all_see():
    said = left(card(0, "resolved", phase="resolved"), card(1, "reopened", phase="suspected"))
    assert (said.id, is_for_all(said), news_of(said).reason) == ("reopened-1", True, "reopened")


def test_what_all_saw_once_is_not_shown_to_all_again():
    told = after(sending(card(0, "severity_up", severity=2, was=3), "C/1.0", NOON, NOON), Sent("C/1.0"), NOON)
    assert not is_for_all(left(card(1, severity=2, was=2)))
    assert coalesce([told, card(1, severity=2, was=2)]) == ()


def test_a_quiet_card_inherits_nothing():
    waits = [card(0, "severity_up", severity=2, was=3), card(1, severity=2, was=2, quiet=True)]
    assert heirs(waits, coalesce(waits)) == ()


def test_news_every_half_minute_does_not_put_off_that_somebody_is_woken():
    said = left(*(card(n / 2, severity=1, was=1) for n in range(5)))
    assert since(said) == NOON
    assert late_at(said, NOON - timedelta(days=1), NOON + timedelta(minutes=2)) == NOON + PATIENCE


def test_who_was_woken_by_the_news_before_is_given_a_minute_before_the_next():
    said = left(replace(card(0, severity=1), because="told elsewhere"), card(1, severity=1), card(1.5, severity=1))
    assert since(said) == NOON, "the desk still waits since then"
    assert late_at(said, NOON, NOON + timedelta(minutes=2)) == NOON + timedelta(minutes=1) + PATIENCE, "since the first that nobody heard"


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=8), st.integers(1, 4))
def test_the_channel_is_shown_a_rise_exactly_if_it_is_graver_than_what_it_was_told(turns: list[tuple[int, bool]], told: int):
    """However many turns came in between, and whichever of them were said at once."""
    shown, severity, waits = told, told, list[Delivery]()
    for minute, (next_severity, goes_through) in enumerate(turns):
        waits.append(card(minute, severity=next_severity, was=severity))
        severity = next_severity
        if goes_through:
            said = left(*waits)
            assert rises(said) is (severity < shown)
            shown, waits = severity, []


def test_a_clock_that_was_set_back_by_an_hour_holds_nothing_up():
    ahead = NOON + timedelta(hours=1)
    in_the_air = sending(card(60, severity=1), "", ahead + timedelta(seconds=20), ahead)
    assert due([in_the_air], NOON) == (in_the_air,), "it is looked for now, not in an hour"
    assert due([in_the_air], ahead) == ()
    assert late_at(card(60, severity=1), NOON, NOON) == NOON + PATIENCE
