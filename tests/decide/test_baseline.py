"""What is usual: by the hour of the week, following what drifts, and not what happened once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from carebot.decide.detecting import baseline
from carebot.decide.detecting.cells import Cell, Floats, Table
from tests.decide.listening import MONDAY, world

HERE, MADRID = world().zone, ZoneInfo("Europe/Madrid")
START, WEEK = MONDAY // 60, 168
FRIDAY_18 = 4 * 24 + 18


def taught(brings: Callable[[int], float], hours: int = 4 * WEEK, table: Table | None = None, share: float = 1.0) -> Table:
    """A cell after so many hours more; `brings` is asked for each, counted from a Monday 00:00."""
    if table is None:
        table = Table()
        table.add([Cell("lumbre")])
        table.learned_to = START
    for hour in range(table.learned_to, table.learned_to + hours):
        baseline.learn(table, np.array([0]), hour, np.array([float(brings(hour - START))]), np.array([share]), HERE)
    table.learned_to += hours
    return table


def expected(table: Table, hour: int) -> float:
    """Messages in this hour, counted like those of `taught`."""
    return float(baseline.expected_in(table, START + hour, HERE)[0])


def drawn(table: Table, hour: int, zone: ZoneInfo = HERE) -> Floats:
    """What is usual in each minute of this hour and the one before."""
    table.turn_to(START + hour)
    baseline.refresh(table, zone)
    first = (START + hour - 1) * 60 - table.first
    return table.usual[0, first : first + 120].astype(np.float64)


def steady(_: int) -> float:
    return 20


def test_before_anything_is_known_a_message_every_three_hours_is_usual_and_hardly_any_at_night():
    fresh = taught(steady, hours=0)
    week = [expected(fresh, hour) for hour in range(WEEK)]
    assert np.mean(week) == pytest.approx(0.3)
    assert week[4] < 0.2 * week[12]


def test_what_is_usual_follows_the_hour_of_the_week():
    table = taught(lambda hour: 80 if hour % WEEK == FRIDAY_18 else 20)
    assert expected(table, 4 * WEEK + FRIDAY_18) > 50
    for other in (FRIDAY_18 - 2, FRIDAY_18 + 24, FRIDAY_18 - 24):
        assert expected(table, 4 * WEEK + other) == pytest.approx(20, rel=0.35)


def test_one_message_at_three_at_night_does_not_make_three_at_night_a_busy_hour():
    table = taught(lambda hour: hour == 2 * WEEK + 27)
    assert expected(table, 4 * WEEK + 27) < 0.1
    assert expected(table, 4 * WEEK + 27) < expected(table, 4 * WEEK + 12)


def test_what_is_usual_follows_a_brand_that_grows():
    table = taught(steady)
    before = expected(table, 4 * WEEK + 48)
    taught(lambda _: 40, hours=48, table=table)
    assert before == pytest.approx(20, rel=0.1)
    assert 33 < expected(table, 4 * WEEK + 48) < 44


def test_what_was_usual_half_a_year_ago_is_forgotten():
    table = taught(lambda _: 10, hours=22 * WEEK, table=taught(lambda _: 100))
    assert np.mean([expected(table, 26 * WEEK + hour) for hour in range(WEEK)]) == pytest.approx(10, rel=0.2)


def test_one_burst_does_not_become_what_is_usual():
    calm, burst = taught(steady), taught(steady)
    for table, brings in ((calm, 20), (burst, 3000)):
        taught(lambda _, brings=brings: brings, hours=1, table=table)
    for hour in (1, 24, WEEK):
        assert expected(burst, 4 * WEEK + hour) < 2 * expected(calm, 4 * WEEK + hour)


def test_on_a_brands_first_day_whatever_comes_is_what_is_usual():
    table = taught(lambda hour: 3000 * baseline.WEEK_SHAPE[hour], hours=12)
    assert expected(table, 12) == pytest.approx(3000 * baseline.WEEK_SHAPE[12], rel=0.3)


def test_half_an_hour_heard_teaches_the_same_rate_as_a_whole_one():
    whole, half = taught(steady), taught(lambda _: 10, share=0.5)
    for hour in (3, 12, FRIDAY_18):
        assert expected(half, 4 * WEEK + hour) == pytest.approx(expected(whole, 4 * WEEK + hour), rel=0.3)
    assert expected(taught(lambda _: 10), 4 * WEEK + 12) < 0.7 * expected(half, 4 * WEEK + 12)


def test_a_day_on_which_twice_as_much_was_expected_does_not_change_other_days():
    table, calm = taught(steady), taught(steady, hours=4 * WEEK + 24)
    taught(lambda _: 40, hours=24, table=table, share=2.0)
    assert expected(table, 4 * WEEK + 24) == pytest.approx(expected(calm, 4 * WEEK + 24), rel=0.02)


def test_a_level_follows_no_further_than_its_limits():
    table = taught(steady)
    taught(lambda _: 0, hours=10 * 24, table=table)
    silent = baseline.level(table)[0]
    low, high = baseline.WITHIN
    assert low**2 <= silent < 0.5
    taught(lambda _: 400, hours=10 * 24, table=table)
    assert 1.5 < baseline.level(table)[0] <= high**2


def test_only_where_a_day_begins_the_rate_jumps():
    table = taught(lambda hour: 100 if hour % WEEK // 24 == 0 else 10, hours=8 * WEEK)
    last_minutes, first_minutes = np.split(drawn(table, 8 * WEEK), 2)  # Sunday 23:00 and Monday 00:00
    assert first_minutes[0] > 3 * last_minutes[-1]
    for hour in range(8 * WEEK + 1, 8 * WEEK + 24):
        minutes = np.log(drawn(table, hour))
        assert np.abs(np.diff(minutes)).max() < 0.03


def test_the_days_are_those_of_the_desks_own_clock():
    table = Table()
    table.add([Cell("lumbre")])
    for hour in range(START - 1, START - 1 + 8 * WEEK):  # from Monday 00:00 in Madrid on
        local = baseline.hour_of_week(hour, MADRID)
        baseline.learn(table, np.array([0]), hour, np.array([100.0 if local < 24 else 10.0]), np.ones(1), MADRID)
    minutes = drawn(table, 8 * WEEK - 1, MADRID)
    assert minutes[60] > 3 * minutes[59]


@pytest.mark.parametrize(
    ("night", "local"),
    [
        (datetime(2026, 3, 29, 0, tzinfo=UTC), [145, 147, 148]),  # 02:00 does not exist
        (datetime(2026, 10, 25, 0, tzinfo=UTC), [146, 146, 147]),  # 02:00 comes twice
        (datetime(2026, 1, 4, 23, tzinfo=UTC), [0, 1, 2]),  # a week begins
    ],
)
def test_the_hour_of_the_week_is_what_the_clock_on_the_wall_shows(night, local):
    hour = int(night.timestamp()) // 3600
    assert [baseline.hour_of_week(hour + one, MADRID) for one in range(3)] == local


@pytest.mark.parametrize("hours", [0, 1, 100, WEEK, 5 * WEEK + 31])
def test_a_cell_that_was_silent_all_along_has_heard_each_of_its_hours(hours):
    lived = taught(lambda _: 0, hours=hours)
    assert np.allclose(baseline.silence(range(START, START + hours), HERE), lived.heard[0], rtol=1e-12, atol=0)
