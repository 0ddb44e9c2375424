"""When a source is asked next, and when it is deaf."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from carebot.errors import Refused, Throttled, Unreachable
from carebot.polling import Health, answered, next_look, troubled
from tests.saying import at

MINUTE = timedelta(minutes=1)


def test_a_refused_token_is_told_after_two_looks_and_once():
    health, told = Health("x"), []
    for minute in range(5):
        health, report = troubled(health, Refused("X refused our token (401)", "Renew it."), at(minute))
        told.append(report)
    assert [bool(report) for report in told] == [False, True, False, False, False]
    assert told[1].reason == "source_silent" and "Renew it." in told[1].detail.es and "11:00 UTC" in told[1].detail.en


def test_a_network_that_hiccups_is_not_deaf_but_one_that_stays_away_is():
    health, told = Health("x"), []
    for minute in (0, 1, 2, 3):
        health, report = troubled(health, Unreachable("no answer"), at(minute))
        told.append(bool(report))
    assert told == [False, False, False, True]
    health, back = answered(health, 1, at(9))
    assert back and back.reason == "source_back" and health.trouble_since is None
    assert answered(health, 1, at(10))[1] is None


def test_they_say_wait_thirty_seconds_and_we_wait_thirty_seconds():
    health, _ = troubled(Health("x"), Throttled("slow down", timedelta(minutes=30)), at(0))
    assert next_look(health, MINUTE, False, at(0)) == at(30)


def test_a_source_that_has_more_is_asked_at_once():
    assert next_look(Health("x"), MINUTE, True, at(0)) == at(0)
    assert next_look(Health("x"), MINUTE, False, at(0)) == at(1)


@given(st.integers(0, 40), st.text(max_size=20))
def test_in_trouble_it_is_asked_ever_slower_but_never_never(failures, name):
    health = Health(name, trouble_since=at(0), failures=failures)
    due = next_look(health, MINUTE, False, at(0))
    assert at(0.8) <= due <= at(11.1)
