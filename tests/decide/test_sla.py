"""Clocks in open hours, against an oracle that counts minute by minute."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from carebot.config.schema import Promise
from carebot.config.values import OpenHours
from carebot.decide.sla import NeverOpen, due_at, run_out, started

MADRID = ZoneInfo("Europe/Madrid")


def hours(text: str) -> OpenHours:
    return Promise.model_validate({"name": "p", "first_response": "1h", "open": text}).open


def oracle(start: datetime, promise: timedelta, open_: OpenHours, zone: ZoneInfo) -> datetime:
    """Real minutes, one by one: open if the wall clock says so."""
    left, at = int(promise.total_seconds() // 60), start
    while True:
        local = at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        if any(opens <= minute < closes for opens, closes in open_.spans[local.weekday()]):
            if left == 0:
                return at
            left -= 1
            at += timedelta(minutes=1)
            if left == 0:
                return at
        else:
            at += timedelta(minutes=1)


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/Mexico_City", "America/Bogota", "Atlantic/Canary", "Europe/London"])
def test_every_deadline_is_what_counting_minutes_gives(zone):
    chance, place = random.Random(zone), ZoneInfo(zone)
    calendars = [
        hours(text)
        for text in ("mon-fri 08:00-20:00, sat 10:00-14:00", "always", "mon-sun 09:00-18:00", "fri 20:00-24:00, sat 00:00-02:00")
    ]
    for _ in range(60):
        start = datetime(
            2026, chance.choice((3, 3, 10, 10, 7)), chance.randint(20, 31), chance.randint(0, 23), chance.randint(0, 59), tzinfo=UTC
        )
        promise, calendar = timedelta(minutes=chance.randint(1, 900)), chance.choice(calendars)
        assert due_at(start, promise, calendar, place) == oracle(start, promise, calendar, place), (start, promise, calendar.text)


def test_a_weekend_does_not_break_a_promise():
    friday = datetime(2026, 3, 13, 18, 50, tzinfo=UTC)  # 19:50 in Madrid
    assert due_at(friday, timedelta(minutes=30), hours("mon-fri 08:00-20:00"), MADRID) == datetime(2026, 3, 16, 7, 20, tzinfo=UTC)


def test_the_night_the_clocks_change_has_its_real_hours():
    before = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)  # midnight in Madrid; at 02:00 it becomes 03:00
    assert due_at(before, timedelta(hours=4), hours("always"), MADRID) == before + timedelta(hours=4)


def test_a_calendar_that_never_opens_is_an_error():
    with pytest.raises(NeverOpen, match="within 21 days"):
        due_at(datetime(2026, 3, 12, tzinfo=UTC), timedelta(days=5), hours("mon 08:00-09:00"), MADRID)


def test_a_clock_found_past_its_time_says_breached_and_nothing_else():
    promise = Promise.model_validate({"name": "p", "first_response": "30m"})
    clock = started(promise, datetime(2026, 3, 12, 11, tzinfo=UTC), MADRID)
    clock, said = run_out(clock, clock.due_at + timedelta(days=1))
    assert said == "sla_breached"
    assert run_out(clock, clock.due_at + timedelta(days=2)) == (clock, None)
