"""A source that answers and brings nothing is noticed, and a quiet night is not mistaken for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.silence import Usual, chance, heard, rate, told, unheard

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def day_and_night(at: datetime, a_minute: float) -> float:
    """Messages a minute: by day all, by night a hundredth."""
    return a_minute * (1.0 if 8 <= at.hour < 22 else 0.01)


def listened(
    days: int, a_minute: float, *, seed: int = 1, every: int = 5, usual: Usual | None = None
) -> tuple[Usual, datetime, list[datetime]]:
    """The source after so many days, when that is, and when it was said to be silent."""
    rng, usual, at, silent = np.random.default_rng(seed), usual or Usual(), MONDAY, []
    for _ in range(days * 1440 // every):
        at += every * MINUTE
        usual, report = told("x", heard(usual, int(rng.poisson(every * day_and_night(at, a_minute))), at), at)
        silent += [at] if report and report.reason == "source_silent" else []
    return usual, at, silent


def test_an_ordinary_fortnight_with_quiet_nights_is_never_called_silent():
    for a_minute in (0.02, 0.2, 2.0):
        assert listened(14, a_minute)[2] == []


def test_a_search_that_somebody_broke_is_noticed_within_the_morning_and_told_once():
    usual, at, _ = listened(14, 0.5)
    reports = []
    for _ in range(12 * 60):  # from midnight on nothing comes any more
        at += MINUTE
        usual, report = told("x", heard(usual, 0, at), at)
        reports += [(at, report)] if report else []
    assert [report.reason for _, report in reports] == ["source_silent"]
    assert 8 <= reports[0][0].hour < 12
    assert "search" in reports[0][1].detail.en and "búsqueda" in reports[0][1].detail.es
    usual, back = told("x", heard(usual, 3, at + MINUTE), at + MINUTE)
    assert back and back.reason == "source_back"
    assert told("x", heard(usual, 1, at + 2 * MINUTE), at + 2 * MINUTE)[1] is None


def test_time_in_which_it_could_not_be_asked_says_nothing():
    usual, at, _ = listened(7, 0.5)
    later = at + timedelta(days=2)
    assert heard(unheard(usual, later), 0, later + MINUTE).owed <= usual.owed + rate(usual, later.weekday() * 24 + later.hour) / 60 + 1e-9


def test_a_source_we_hardly_know_is_never_called_silent():
    usual, at = Usual(), MONDAY
    for _ in range(47 * 60):
        at += MINUTE
        usual = heard(usual, 5, at)
    for _ in range(59):
        at += MINUTE
        usual = heard(usual, 0, at)
    assert chance(usual) == 1.0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-10, 100_000)), max_size=60))
def test_whatever_the_clock_does_its_numbers_stay_numbers(looks: list[tuple[int, int]]):
    usual, at = Usual(), MONDAY
    for items, seconds in looks:
        at += timedelta(seconds=seconds)
        usual, _ = told("x", heard(usual, items, at), at)
        assert 0.0 <= chance(usual) <= 1.0 and usual.owed >= 0.0 and min(usual.hours) >= 0.0
