"""Clocks in open hours, against an oracle that looks at every minute of seven years on the wall clock of its zone."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from carebot.config.desk import Promise, terms
from carebot.config.values import OpenHours
from carebot.decide.care.sla import NeverOpen, due_at, met, next_moment, open_time, paused, resumed, run_out, started

MADRID = ZoneInfo("Europe/Madrid")
THURSDAY = datetime(2026, 3, 12, 11, tzinfo=UTC)
# Three summer times that begin at midnight, one of half an hour, one twice a year around Ramadan, two without.
ZONES = (
    "Europe/Madrid", "Atlantic/Canary", "Europe/London", "America/New_York", "America/Mexico_City", "America/Bogota", "America/Santiago",
    "America/Havana", "Africa/Casablanca", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Chatham",
)  # fmt: skip
CALENDARS = (
    "mon-fri 08:00-20:00, sat 10:00-14:00",
    "always",
    "mon-sun 09:00-18:00, holidays 10:00-12:00",
    "fri 20:00-24:00, sat 00:00-02:30, sun 02:30-10:00",  # doors that open and shut in the hour that is shown twice or never
    "mon-sun 01:15-01:45, mon-sun 23:15-24:00, tue 00:00-00:30",
)
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 6, 1, tzinfo=UTC)
OFF = frozenset(date(year, month, day) for year in range(2024, 2031) for month, day in ((1, 1), (3, 29), (10, 26), (11, 2), (12, 25)))


def hours(text: str) -> OpenHours:
    return Promise.model_validate({"name": "p", "first_response": "1m", "open": text}).open


def promise(**more):
    """One promise of the rules with what it counts in, in Madrid."""
    return terms([Promise.model_validate({"name": "p", "first_response": "30m", **more})], "Europe/Madrid", None)


# ── the oracle ───────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def wall_minutes(zone: str) -> np.ndarray:
    """What the wall clock shows at every UTC minute of the years, as minutes since FIRST. No zone changes its clocks within a quarter."""
    place, quarters = ZoneInfo(zone), int((LAST - FIRST) / timedelta(minutes=15))
    offsets = [(FIRST + timedelta(minutes=15 * n)).astimezone(place).utcoffset() for n in range(quarters)]
    return np.arange(quarters * 15) + np.repeat([offset // timedelta(minutes=1) for offset in offsets], 15)


def open_minutes(zone: str, calendar: OpenHours) -> np.ndarray:
    """At which of these minutes somebody answers."""
    wall = wall_minutes(zone)
    days, minutes = np.divmod(wall, 1440)
    week = np.array(
        [
            [any(opens <= minute < closes for opens, closes in spans) for minute in range(1440)]
            for spans in (*calendar.spans, calendar.holidays)
        ]
    )
    off = np.isin(days, [(day - FIRST.date()).days for day in OFF])
    return week[np.where(off, 7, days % 7), minutes]  # FIRST is a Monday


class Oracle:
    def __init__(self, zone: str, calendar: OpenHours) -> None:
        self.before = np.concatenate([[0], np.cumsum(open_minutes(zone, calendar))])  # open minutes before each minute

    def due(self, start: int, length: int) -> int:
        """The end of the minute in which so many open ones have passed."""
        return int(np.searchsorted(self.before, self.before[start] + length))

    def passed(self, start: int, end: int) -> int:
        return int(self.before[end] - self.before[start])


def transitions(zone: str) -> list[int]:
    jumps = np.flatnonzero(np.diff(wall_minutes(zone)) != 1) + 1
    return [int(minute) for minute in jumps if minute < (datetime(2031, 1, 1, tzinfo=UTC) - FIRST) / timedelta(minutes=1)]


def at(minute: int) -> datetime:
    return FIRST + timedelta(minutes=minute)


def differences(zone: str, text: str, cases: list[tuple[int, int, int]]) -> list[str]:
    """Cases (start, length, pause) in which we and the oracle differ: when it is due, what was open, and when after a pause."""
    place, calendar = ZoneInfo(zone), hours(text)
    oracle, found = Oracle(zone, calendar), []
    (kept,) = terms([Promise.model_validate({"name": "p", "first_response": "1m", "open": text})], zone, None)
    kept = msgspec.structs.replace(kept, off=OFF)
    for start, length, pause in cases:
        due = due_at(at(start), timedelta(minutes=length), calendar, place, OFF)
        if due != at(oracle.due(start, length)):
            found.append(f"{zone} {text} {at(start)} {length} min: due {due}, not {at(oracle.due(start, length))}")
        stop, go_on = start + pause, start + 3 * pause
        if open_time(at(start), at(go_on), calendar, place, OFF) != timedelta(minutes=oracle.passed(start, go_on)):
            found.append(f"{zone} {text} {at(start)} to {at(go_on)}: open time")
        if stop < oracle.due(start, length):
            longer = kept.promise.model_copy(update={"first_response": timedelta(minutes=length)})
            own = (msgspec.structs.replace(kept, promise=longer),)
            clock = resumed(paused(started(own[0], "first_response", at(start)), at(stop), own), at(go_on), own)
            if clock.due_at != at(oracle.due(go_on, length - oracle.passed(start, stop))):
                found.append(f"{zone} {text} {at(start)} {length} min, {at(stop)} to {at(go_on)} for the customer: due {clock.due_at}")
    return found


def at_random(chance: random.Random, count: int) -> list[tuple[int, int, int]]:
    years = int((datetime(2030, 1, 1, tzinfo=UTC) - FIRST) / timedelta(minutes=1))
    return [(chance.randrange(1440 * 3, years), chance.choice((1, 7, 30, 240, 900, 4000)), chance.randrange(1, 3000)) for _ in range(count)]


def around_each_transition(zone: str, count: int, chance: random.Random) -> list[tuple[int, int, int]]:
    near = [jump for jump in transitions(zone) if jump > 1440 * 3]
    return [
        (jump + chance.randrange(-1500, 200), chance.choice((1, 30, 61, 90, 300, 1500)), chance.randrange(1, 900))
        for jump in near
        for _ in range(count)
    ]


@pytest.mark.parametrize("zone", ["Europe/Madrid", "Australia/Lord_Howe"])
def test_every_deadline_is_what_counting_minutes_gives(zone):
    chance = random.Random(zone)
    for text in CALENDARS:
        assert differences(zone, text, at_random(chance, 200)) == []
        assert differences(zone, text, around_each_transition(zone, 2, chance)) == []


@pytest.mark.long
@pytest.mark.parametrize("zone", ZONES)
def test_in_a_hundred_thousand_cases_and_around_every_change_of_the_clocks_there_is_no_difference(zone):
    chance, cases = random.Random(zone), 0
    for text in CALENDARS:
        some = at_random(chance, 1700) + around_each_transition(zone, 40, chance)
        cases += len(some)
        assert differences(zone, text, some) == []
    assert cases * len(ZONES) >= 100_000
    assert zone == "America/Bogota" or len(transitions(zone)) >= (0 if zone == "America/Mexico_City" else 14)


def test_a_weekend_does_not_break_a_promise():
    friday = datetime(2026, 3, 13, 18, 50, tzinfo=UTC)  # 19:50 in Madrid
    assert due_at(friday, timedelta(minutes=30), hours("mon-fri 08:00-20:00"), MADRID) == datetime(2026, 3, 16, 7, 20, tzinfo=UTC)


def test_on_a_holiday_only_the_hours_for_holidays_count():
    christmas = datetime(2026, 12, 25, 8, 0, tzinfo=UTC)
    shut, short = hours("mon-fri 08:00-20:00"), hours("mon-fri 08:00-20:00, holidays 10:00-10:30")
    assert due_at(christmas, timedelta(hours=1), shut, MADRID, {date(2026, 12, 25)}) == datetime(2026, 12, 28, 8, 0, tzinfo=UTC)
    assert due_at(christmas, timedelta(hours=1), short, MADRID, {date(2026, 12, 25)}) == datetime(2026, 12, 28, 7, 30, tzinfo=UTC)
    assert due_at(christmas, timedelta(hours=1), hours("always"), MADRID, {date(2026, 12, 25)}) == christmas + timedelta(hours=1)


def test_the_night_the_clocks_change_has_its_real_hours():
    before = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)  # midnight in Madrid; at 02:00 it becomes 03:00
    assert due_at(before, timedelta(hours=4), hours("always"), MADRID) == before + timedelta(hours=4)


def test_a_calendar_that_never_opens_is_an_error():
    with pytest.raises(NeverOpen, match="within 800 days"):
        due_at(THURSDAY, timedelta(days=5), OpenHours(spans=((),) * 7, text="never"), MADRID)


# ── one clock ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_clock_found_past_its_time_says_so_once_and_by_how_much():
    clock = started(promise()[0], "first_response", THURSDAY)
    clock, said = run_out(clock, clock.due_at + timedelta(days=1))
    assert (said, clock.breached_at - clock.due_at) == ("sla_breached", timedelta(days=1))
    assert run_out(clock, clock.due_at + timedelta(days=2)) == (clock, None)


def test_the_desk_is_warned_at_each_share_and_once_for_two_that_passed_unseen():
    clock = started(promise(warn_at=["50%", "80%"])[0], "first_response", THURSDAY)
    half, most, end = (THURSDAY + timedelta(minutes=minutes) for minutes in (15, 24, 30))
    assert (clock.warn_at, clock.due_at) == ((half, most), end)
    watched, said = clock, []
    for minute in range(40):
        watched, word = run_out(watched, THURSDAY + timedelta(minutes=minute))
        said += [(minute, word)] * bool(word)
    assert said == [(15, "sla_warning"), (24, "sla_warning"), (30, "sla_breached")]
    assert run_out(clock, most)[0].warn_at == () and run_out(run_out(clock, most)[0], most)[1] is None


def test_a_clock_set_back_fires_nothing_twice_and_nothing_early():
    clock, said = run_out(started(promise()[0], "first_response", THURSDAY), THURSDAY + timedelta(minutes=24))
    assert said == "sla_warning"
    for minute in (0, 10, 24, 29):  # the hour comes a second time
        clock, said = run_out(clock, THURSDAY + timedelta(minutes=minute))
        assert said is None
    assert run_out(clock, THURSDAY + timedelta(minutes=30))[1] == "sla_breached"


def test_while_it_stands_still_a_clock_says_nothing_and_then_has_what_was_left():
    own = promise(resolution="2h", open="mon-fri 08:00-20:00")
    clock = paused(started(own[0], "resolution", THURSDAY), THURSDAY + timedelta(minutes=30), own)
    assert next_moment(clock) is None and run_out(clock, THURSDAY + timedelta(days=9)) == (clock, None)
    friday = THURSDAY + timedelta(days=1)
    assert resumed(clock, friday, own).due_at == friday + timedelta(minutes=90)
    assert resumed(clock, friday, ()).due_at == friday + timedelta(minutes=90)  # the promise left the rules: every hour counts


def test_what_was_said_before_a_clock_started_does_not_stop_it():
    clock = started(promise()[0], "first_response", THURSDAY)
    assert met(clock, THURSDAY - timedelta(minutes=1)) is clock
    assert met(clock, THURSDAY + timedelta(minutes=1)).met_at == THURSDAY + timedelta(minutes=1)


def test_another_holiday_is_another_version_of_the_promise():
    (same,), (again,), (other,) = promise(), promise(), promise(holidays={"also": ("2026-05-15",)})
    assert same.version == again.version != other.version
