"""What is usual for this series at this hour of this week?

A series is one cell's counted signals by event-time minute: the last four hours as minutes, everything older as an
hour-of-week profile that forgets a tenth a week. The expected count of an hour is the profile, shrunk towards the cell's own
overall rate and a general day curve, times a local level: the last three hours against what was expected of them.

While an incident is open its hours are not learned, so one bad morning does not make the next one look normal. Series are
values: `touch` gives a new one. They are rebuilt from the stored signals and the stored profile after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

WIDTH = 240  # minutes kept one by one: the longest window (60) + the local level (180)
SETTLED = 15  # minutes of lateness allowed before an hour is learned
FORGET = 0.9  # a week
SHRINK = 3.0  # hours of the overall rate that every hour of the week starts with
LEVEL = 1 / 0.13  # messages' worth of trust in the usual level: the natural level's variance on recorded care streams is 0.13
LAG = 15  # minutes between the local level and now, so that an incident does not raise its own bar

# Before anything is known: 0.3 outage-like messages an hour (0.005 a minute), half a message's worth of certainty. Measured on
# recorded Spanish-speaking bank streams: 0.0003 to 0.015 a minute.
PRIOR_COUNT, PRIOR_HOURS = 0.5, 0.5 / 0.3

# How customers' activity goes through a day (local time), mean 1: the shape every cell starts from.
_DAY = np.array(
    [.35, .22, .15, .12, .12, .18, .40, .80, 1.15, 1.40, 1.50, 1.50, 1.45, 1.35, 1.30, 1.30, 1.35, 1.45, 1.50, 1.50, 1.45, 1.30, 1.0, .65]
)  # fmt: skip
WEEK_SHAPE: NDArray[np.float64] = np.tile(_DAY / _DAY.mean(), 7)


class Cell(msgspec.Struct, frozen=True, order=True):
    """What is counted together. An empty part means all of them: Cell(brand) is the brand's roll-up."""

    brand: str
    service: str = ""
    symptom: str = ""
    source: str = ""
    region: str = ""


class Profile(msgspec.Struct, frozen=True):
    """What was counted (`seen`) in how many hours (`heard`) of each hour of the local week, forgetting. Stored as a row."""

    seen: tuple[float, ...] = (0.0,) * 168
    heard: tuple[float, ...] = (0.0,) * 168
    learned_to: int = 0  # epoch hour up to which hours are in here


class Series(msgspec.Struct, frozen=True):
    """One cell's counts. `counts[-1]` belongs to the minute `head` (epoch minutes)."""

    cell: Cell
    head: int
    counts: NDArray[np.int32]
    profile: Profile


def minute_of(at: datetime) -> int:
    """Epoch minute of an aware time."""
    return int(at.timestamp()) // 60


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


@lru_cache(maxsize=4096)
def hour_of_week(hour: int, zone: ZoneInfo) -> int:
    """Local hour of the week (0 = Monday 00:00) of an epoch hour."""
    local = datetime.fromtimestamp(hour * 3600, zone)
    return local.weekday() * 24 + local.hour


def new(cell: Cell, minute: int, *, heard_from: int = 0) -> Series:
    """A series whose first count comes now. What it was silent for since `heard_from` (a minute; 0: just now) is known to be silence."""
    return Series(cell, minute, np.zeros(WIDTH, np.int32), Profile(learned_to=(heard_from or minute) // 60))


def touch(series: Series, minute: int, at: Sequence[int], zone: ZoneInfo, *, frozen: bool = False) -> Series:
    """The series moved on to `minute`, hours past learned on the way, with one more count for each minute in `at`.

    Minutes older than WIDTH are not counted: they are history, not news. `frozen`: an incident is open, learn nothing.
    """
    head = max(series.head, minute, *at) if at else max(series.head, minute)
    profile = _learn(series, (head - SETTLED) // 60, zone, frozen)
    counts = series.counts
    if shift := head - series.head:
        counts = np.zeros(WIDTH, np.int32)
        if shift < WIDTH:
            counts[:-shift] = series.counts[shift:]
    elif at:
        counts = counts.copy()
    for one in at:
        if (place := WIDTH - 1 - (head - one)) >= 0:
            counts[place] += 1
    return Series(series.cell, head, counts, profile)


def _learn(series: Series, to_hour: int, zone: ZoneInfo, frozen: bool) -> Profile:
    profile = series.profile
    if to_hour <= profile.learned_to:
        return profile
    if frozen:
        return Profile(profile.seen, profile.heard, to_hour)
    seen, heard = np.array(profile.seen), np.array(profile.heard)
    first = series.head - WIDTH + 1
    for hour in range(max(profile.learned_to, to_hour - 168 * 4), to_hour):
        start = hour * 60 - first
        n = float(series.counts[max(start, 0) : max(start + 60, 0)].sum())
        slot = hour_of_week(hour, zone)
        expected = float(_hourly(seen, heard, np.array([slot]))[0])
        n = min(n, expected + 4 * (1.5 * expected + 0.15 * expected**2) ** 0.5 + 1)  # one burst must not become the new normal
        seen[slot] = FORGET * seen[slot] + n
        heard[slot] = FORGET * heard[slot] + 1
    return Profile(tuple(seen.tolist()), tuple(heard.tolist()), to_hour)


def _hourly(seen: NDArray[np.float64], heard: NDArray[np.float64], slots: NDArray[np.intp]) -> NDArray[np.float64]:
    """Expected count an hour for these hours of the week."""
    overall = (seen.sum() + PRIOR_COUNT) / ((heard * WEEK_SHAPE).sum() + PRIOR_HOURS)
    rates: NDArray[np.float64] = (seen[slots] + SHRINK * overall * WEEK_SHAPE[slots]) / (heard[slots] + SHRINK)
    return rates


class Usual(msgspec.Struct, frozen=True):
    """What is usual for one series, minute by minute.

    per_minute   float64 (WIDTH,), aligned with `Series.counts`: expected counts at the local level
    spread       v in var = m + v·m²: natural fluctuation plus how little we have seen yet
    """

    per_minute: NDArray[np.float64]
    spread: float


def usual(series: Series, zone: ZoneInfo, *, local: bool = True) -> Usual:
    """What was to be expected in each minute the series holds. `local=False` leaves the local level out."""
    seen, heard = np.array(series.profile.seen), np.array(series.profile.heard)
    hours = np.arange(series.head - WIDTH + 1, series.head + 1) // 60
    slots = np.array([hour_of_week(int(hour), zone) for hour in range(int(hours[0]), int(hours[-1]) + 1)])
    per_minute = _hourly(seen, heard, slots)[hours - hours[0]] / 60
    counted = 0.0
    if local:
        before = slice(WIDTH - 180 - LAG, WIDTH - LAG)
        counted = float(series.counts[before].sum())
        level = (counted + LEVEL) / (float(per_minute[before].sum()) + LEVEL)
        per_minute = per_minute * max(1.0, level)
    return Usual(per_minute, 0.12 + 1 / (float(seen.sum()) + PRIOR_COUNT + counted))
