"""What is usual for each cell, in every minute of its columns.

An hour of the local week is expected to bring what it brought in the weeks before. Of a quiet cell that is hardly anything known, so it is
shrunk: towards the cell's own hour of the day times its own day of the week, and those towards a general day of customers, each with
PRIOR messages' worth of doubt. On top: the level of the last two days and of the last hours, which follow what drifts; the calendar of
the rules file; and the share of the sources that could be heard. What is learned forgets a tenth a week.

Between the middles of two hours the rate runs along a straight line of its logarithm; only where a day begins it may jump, because days
differ. (Without that jump every Monday began with a false alarm at 50 messages a minute: 9 to 31 nats.)
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from carebot.decide.detecting.cells import SPAN, Floats, Table

FORGET = 0.9  # a week
PRIOR = 20.0  # messages' worth of doubt about each hour, hour of the day and day of the week
LEVELS = ((48.0, 20.0), (6.0, 8.0))  # half-life in hours, and messages' worth of doubt, of the slow and the fast level
WITHIN = (0.4, 2.5)  # a level follows that far
LEAST = 2e-4  # messages a minute are always possible
SETTLING = 24.0  # hours heard, before which a burst cannot be told from what is usual

# Before anything is known: 0.3 outage-like messages an hour (0.005 a minute), half a message's worth of certainty. Measured on
# recorded Spanish-speaking bank streams: 0.0003 to 0.015 a minute.
PRIOR_COUNT, PRIOR_HOURS = 0.5, 0.5 / 0.3

# How customers' activity goes through a day (local time), mean 1: the shape every cell starts from.
_DAY = np.array(
    [.35, .22, .15, .12, .12, .18, .40, .80, 1.15, 1.40, 1.50, 1.50, 1.45, 1.35, 1.30, 1.30, 1.35, 1.45, 1.50, 1.50, 1.45, 1.30, 1.0, .65]
)  # fmt: skip
WEEK_SHAPE: Floats = np.tile(_DAY / _DAY.mean(), 7)


@lru_cache(maxsize=4096)
def hour_of_week(hour: int, zone: ZoneInfo) -> int:
    """Local hour of the week (0 = Monday 00:00) of an epoch hour."""
    local = datetime.fromtimestamp(hour * 3600, zone)
    return local.weekday() * 24 + local.hour


def an_hour(table: Table, rows: Any = slice(None)) -> Floats:
    """Messages an hour, over the whole week, of each of these rows; left out: of all."""
    seen, heard = table.learned("seen")[rows], table.learned("heard")[rows]
    total: Floats = (seen.sum(1) + PRIOR_COUNT) / ((heard * WEEK_SHAPE).sum(1) + PRIOR_HOURS)
    return total


def refresh(table: Table, zone: ZoneInfo, factors: NDArray[np.float64] | None = None) -> None:
    """`usual` of all rows and columns, by what is known now. factors: of the calendar, broadcast over (rows, columns)."""
    n, hours = len(table), range(table.hour - SPAN + 1, table.hour + 3)  # one more at either end, to draw the line to
    rates, days = _hours(table, [hour_of_week(hour, zone) for hour in hours])
    rates *= level(table)[:, None]
    shapes = np.log(rates / days)
    usual = np.empty((n, SPAN, 60))
    before, here, after = shapes[:, :-2, None], shapes[:, 1:-1, None], shapes[:, 2:, None]
    usual[:, :, :30] = before * _PAST[::-1] + here * (1 - _PAST[::-1])
    usual[:, :, 30:] = here * (1 - _PAST) + after * _PAST
    np.exp(usual, out=usual)
    usual *= days[:, 1:-1, None] / 60
    if factors is not None:
        usual = (usual.reshape(n, -1) * factors).reshape(n, SPAN, 60)
    table.own("usual")
    table.usual[:n] = np.maximum(usual.reshape(n, -1), LEAST)


_PAST = (np.arange(30) + 0.5) / 60  # how far each minute is past the middle of its hour


def _hours(table: Table, slots: list[int]) -> tuple[Floats, Floats]:
    """Expected messages an hour for these hours of the week, and the day's own factor in them: (rows, slots) each."""
    seen, fit = table.learned("seen"), table.learned("heard") * WEEK_SHAPE
    overall = an_hour(table)[:, None]
    seen_by_hour, fit_by_hour = (_neighbours(one.reshape(-1, 7, 24).sum(1)) for one in (seen, fit))
    of_hour = (seen_by_hour + PRIOR) / (fit_by_hour * overall + PRIOR)
    seen_by_day, fit_by_day = (one.reshape(-1, 7, 24).sum(2) for one in (seen, fit))
    of_day = (seen_by_day + 2 * PRIOR) / (fit_by_day * overall + 2 * PRIOR)
    places = np.array(slots)
    days = of_day[:, places // 24]
    base = overall * WEEK_SHAPE[places] * of_hour[:, places % 24] * days
    rates = (seen[:, places] + PRIOR) / (table.learned("heard")[:, places] * base + PRIOR) * base
    return rates, days


def _neighbours(by_hour: Floats) -> Floats:
    """Each hour of the day with half of either neighbour."""
    mixed: Floats = by_hour + (np.roll(by_hour, 1, 1) + np.roll(by_hour, -1, 1)) / 2
    return mixed


def expected_in(table: Table, hour: int, zone: ZoneInfo) -> Floats:
    """Messages each row would bring in this hour, were it in no calendar."""
    rates: Floats = _hours(table, [hour_of_week(hour, zone)])[0][:, 0] * level(table)
    return rates


def level(table: Table) -> Floats:
    """How the last days, and the last hours, compare with the profile: one factor a row."""
    held = table.learned("level")
    both: Floats = np.ones(len(table))
    for place, (_, doubt) in enumerate(LEVELS):
        both = both * np.clip((held[:, 2 * place] + doubt) / (held[:, 2 * place + 1] + doubt), *WITHIN)
    return both


def learn(table: Table, rows: NDArray[np.intp], hour: int, counts: Floats, share: Floats, zone: ZoneInfo) -> None:
    """One hour's counts into the profiles of these rows. share: how much of the hour was heard, times the calendar's factor."""
    table.own("seen", "heard", "level")
    slot = hour_of_week(hour, zone)
    profile = _hours(table, [slot])[0][rows, 0]
    levels = level(table)[rows]
    expected = profile * levels * share
    settled = table.heard[rows].sum(1) >= SETTLING
    most = expected + 4 * np.sqrt(1.5 * expected + 0.15 * expected**2) + 1  # one burst must not become the new normal
    counts = np.where(settled, np.minimum(counts, most), counts)
    table.seen[rows, slot] = FORGET * table.seen[rows, slot] + counts
    table.heard[rows, slot] = FORGET * table.heard[rows, slot] + share
    below = profile * share
    for place, (half, doubt) in enumerate(LEVELS):
        keep = 0.5 ** (1 / half)
        up, down = table.level[rows, 2 * place] * keep + counts, table.level[rows, 2 * place + 1] * keep + below
        table.level[rows, 2 * place], table.level[rows, 2 * place + 1] = up, down
        below = below * np.clip((up + doubt) / (down + doubt), *WITHIN)


def silence(hours: range, zone: ZoneInfo) -> Floats:
    """`heard` of a cell of which nothing was heard in all these hours: (168,)."""
    if not hours:
        return np.zeros(168)
    lately = hours[-168 * 60 :]  # what was before is forgotten
    times = np.bincount([hour_of_week(hour, zone) for hour in lately], minlength=168)
    heard: Floats = (1 - np.power(FORGET, times)) / (1 - FORGET)
    return heard
