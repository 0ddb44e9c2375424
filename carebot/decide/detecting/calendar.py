"""How many times the usual number of messages is to be expected, minute by minute, on days that the rules call special.

Days are the brand's own, from one local midnight to the next, so the days on which the clocks change have 23 and 25 hours and an hour
that does not exist is in no span. Where entries overlap their factors multiply, within LEAST and MOST: above ten times the usual a
failure that brings ten times the usual would be no news, below a tenth a single message would be.

What one factor to learn has seen is two sums (`Learned`): messages in its hours, and how many would have been usual without it. Its
factor is a Gamma posterior mean, (seen + 4) / (expected + 4): before anything is known 1, and after one day with the usual five
messages, on which ten were seen, 1.6. The sums forget a tenth with every 24 hours they learn from, so about ten such days are remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from carebot.config.calendar import LEAST, MIDNIGHT, MOST, Dates, Monthly, Special, Weekly

Learned = tuple[float, float]  # (seen, expected): messages there were, and messages there would have been on a usual day
Factors = NDArray[np.float64]

SURE = 4.0  # messages' worth of belief that a special day is like any other
KEEP = 0.9 ** (1 / 24)  # an hour
_STEP = 15  # minutes; no zone has changed its clocks at another minute since 1972


def factors(
    calendar: Sequence[Special], service: str, first_minute: int, minutes: int, zone: ZoneInfo, learned: Mapping[str, Learned]
) -> Factors:
    """The multiplier of the expected counts for each of `minutes` epoch minutes. Read-only: where nothing applies it is shared.

    service   "": entries that name services are left out. A roll-up of several services has each one's factors by its share of
              the traffic (`coverage.of_rollup`).
    learned   by the entry's name
    """
    product: Factors | None = None
    for one in calendar:
        if one.services and service not in one.services:
            continue
        applies = active(one, first_minute, minutes, zone)
        if applies is not None and (times := factor(one, learned)) != 1:
            product = np.where(applies, times, 1.0) * (1.0 if product is None else product)
    if product is None:
        return ones(minutes)
    return np.clip(product, LEAST, MOST)


def factor(one: Special, learned: Mapping[str, Learned]) -> float:
    """This entry's factor, as it was written or as far as it was learned."""
    if one.factor != "learn":
        return one.factor
    seen, expected = learned.get(one.name, (0.0, 0.0))
    return min(max((seen + SURE) / (expected + SURE), LEAST), MOST)


def learn(
    calendar: Sequence[Special], service: str, hour: int, seen: float, expected: float, zone: ZoneInfo, learned: Mapping[str, Learned]
) -> dict[str, Learned]:
    """What is known of the factors after one more hour of one cell. To be called for each service's cell and for the brand's roll-up.

    service    "" for the roll-up, from which entries that name no service learn; those that name some learn from these only
    hour       epoch hour
    seen       messages in it
    expected   how many would have been usual, were the day not in the calendar; of minutes that were not heard: none

    An hour counts as an entry's when at least half of it is. What other entries explain is taken out first. One burst does not teach much:
    an hour counts for four standard deviations over what was expected of it at most.
    """
    known = dict(learned)
    if not calendar or expected <= 0:
        return known
    mine = [one for one in calendar if _holds(one, hour, zone) and (service in one.services if one.services else not service)]
    for one in mine:
        if one.factor != "learn":
            continue
        beside = [other for other in calendar if other is not one and _holds(other, hour, zone)]
        usual = expected * _product(beside, service, learned)
        mean = usual * factor(one, learned)
        least = min(seen, mean + 4 * (1.5 * mean + 0.15 * mean**2) ** 0.5 + 1)
        before = known.get(one.name, (0.0, 0.0))
        keep = KEEP ** (1 / (len(one.services) or 1))  # each of its services comes by with the same hour
        known[one.name] = (keep * before[0] + least, keep * before[1] + usual)
    return known


def _product(entries: Sequence[Special], service: str, learned: Mapping[str, Learned]) -> float:
    times = [factor(one, learned) for one in entries if not one.services or service in one.services]
    return float(np.clip(np.prod(times), LEAST, MOST))


def _holds(one: Special, hour: int, zone: ZoneInfo) -> bool:
    applies = active(one, hour * 60, 60, zone)
    return applies is not None and bool(applies.mean() >= 0.5)


def coming(one: Special, today: date) -> tuple[date, ...]:
    """The entry's next three days within a year and a bit, for people who want to see that they wrote what they meant."""
    days = (today + timedelta(days=ahead) for ahead in range(400))
    return tuple(islice((day for day in days if _spans(one, day)), 3))


# ── which minutes ────────────────────────────────────────────────────────────────────────────────────────────────


def active(one: Special, first_minute: int, minutes: int, zone: ZoneInfo) -> NDArray[np.bool_] | None:
    """Which of these epoch minutes the entry is about; None: none of them."""
    last_minute = first_minute + minutes - 1
    day, last = _local(first_minute, zone).date(), _local(last_minute, zone).date()
    found: NDArray[np.bool_] | None = None
    while day <= last:
        spans = _spans(one, day)
        if spans:
            start, clock = _clock_of(day, zone)
            found = np.zeros(minutes, np.bool_) if found is None else found
            here = slice(max(start, first_minute) - first_minute, min(start + len(clock), last_minute + 1) - first_minute)
            shown = clock[here.start + first_minute - start : here.stop + first_minute - start]
            for begin, end in spans:
                found[here] |= (begin <= shown) & (shown < end)
        day += timedelta(days=1)
    return found if found is not None and found.any() else None


@lru_cache(maxsize=16)
def ones(minutes: int) -> Factors:
    """So many ones, shared and read-only."""
    same = np.ones(minutes)
    same.setflags(write=False)
    return same


@lru_cache(maxsize=64)
def _clock_of(day: date, zone: ZoneInfo) -> tuple[int, NDArray[np.int64]]:
    """The epoch minute at which a local day begins, and what the clock on the wall shows (minutes since 00:00) in each of its minutes."""
    start, end = (int(datetime.combine(one, time.min, zone).timestamp()) // 60 for one in (day, day + timedelta(days=1)))
    quarters = [_local(minute, zone) for minute in range(start, end, _STEP)]
    shown = np.array([at.hour * 60 + at.minute for at in quarters])
    clock = (shown[:, None] + np.arange(_STEP)).ravel()[: end - start]
    clock.setflags(write=False)
    return start, clock


def _local(minute: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(minute * 60, zone)


@lru_cache(maxsize=1024)
def _spans(one: Special, day: date) -> tuple[tuple[int, int], ...]:
    """From and to on the clock of this day, where the entry's days and its hours meet."""
    whole = [span for when in one.on if (span := _span(when, day))]
    hours = one.hours or ((0, MIDNIGHT),)
    cut = ((max(begin, opens), min(end, closes)) for begin, end in whole for opens, closes in hours)
    return tuple((begin, end) for begin, end in cut if begin < end)


def _span(when: Dates | Monthly | Weekly, day: date) -> tuple[int, int] | None:
    match when:
        case Dates():
            return _of_dates(when, day)
        case Monthly():
            return (0, MIDNIGHT) if _days_in_month(when, day) else None
        case Weekly():
            return (0, MIDNIGHT) if day.weekday() in when.days else None


def _of_dates(when: Dates, day: date) -> tuple[int, int] | None:
    this = (day.year if when.first[0] else 0, day.month, day.day)
    inside = when.first <= this <= when.last if when.first <= when.last else this >= when.first or this <= when.last
    if not inside:
        return None
    span = (when.start if this == when.first else 0, when.end if this == when.last else MIDNIGHT)
    return span if span[0] < span[1] else None


def _days_in_month(when: Monthly, day: date) -> bool:
    if when.day > 1 or (when.day == 1 and not when.working):
        return day.day == when.day
    step = timedelta(days=1 if when.day == -1 else -1)
    beyond = day + step
    while when.working and beyond.month == day.month and beyond.weekday() >= 5:
        beyond += step
    return beyond.month != day.month and (not when.working or day.weekday() < 5)
