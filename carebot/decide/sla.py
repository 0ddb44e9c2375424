"""Clocks in open hours: when a promise to answer is warned of, and when it is broken.

Deadlines are absolute UTC times worked out once, when the clock starts. All arithmetic on time that passes is in UTC; the zone only
says when the doors are open, so a night in which the clocks change has its real hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.config.schema import Promise
from carebot.config.values import OpenHours
from carebot.model import Clock, Reason

HORIZON = 21  # days looked ahead for an open hour


class NeverOpen(ValueError):
    """No open hour within HORIZON days: the calendar of the promise is wrong."""


def openings(hours: OpenHours, start: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The open spans from `start` on, as UTC pairs, in order, for HORIZON days."""
    local_day = start.astimezone(zone).date()
    for ahead in range(-1, HORIZON):
        day = local_day + timedelta(days=ahead)
        for opens, closes in _doors(hours.spans[day.weekday()], day, zone):
            if closes > start:
                yield max(opens, start), closes


@lru_cache(maxsize=1024)
def _doors(spans: tuple[tuple[int, int], ...], day: date, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """When the doors open and close on this day. Thousands of clocks start on the same few days."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    walls = [(_wall(midnight, opens), _wall(midnight, closes)) for opens, closes in spans]
    return tuple((opens, closes) for opens, closes in walls if closes > opens)


def _wall(midnight: datetime, minute: int) -> datetime:
    """The UTC moment at which the wall clock shows this minute of the day. A time skipped in spring is the moment of the jump."""
    return (midnight + timedelta(minutes=minute)).astimezone(UTC)


def due_at(started_at: datetime, promise: timedelta, hours: OpenHours, zone: ZoneInfo) -> datetime:
    """The moment the promise is broken, counting open hours only.

    started_at   aware UTC; a start outside open hours counts from the next opening.
    Raises NeverOpen if there is no open hour within HORIZON days.
    """
    left = promise
    for opens, closes in openings(hours, started_at, zone):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    raise NeverOpen(f"no {promise} of open time within {HORIZON} days of {started_at:%Y-%m-%d} in {hours.text!r}")


def started(promise: Promise, at: datetime, zone: ZoneInfo) -> Clock:
    """The first-response clock of a message that came in at this moment."""
    return Clock(
        kind="first_response",
        promise=promise.name,
        started_at=at,
        warn_at=due_at(at, promise.first_response * promise.warn_at, promise.open, zone),
        due_at=due_at(at, promise.first_response, promise.open, zone),
    )


def run_out(clock: Clock, now: datetime) -> tuple[Clock, Reason | None]:
    """The clock at `now`, and what must be said: "sla_warning", "sla_breached" or nothing. Each is said once.

    A clock found past its due time (we were not running) says breached, not warned and then breached.
    """
    if clock.met_at or clock.breached:
        return clock, None
    if now >= clock.due_at:
        return replace(clock, warned=True, breached=True), "sla_breached"
    if now >= clock.warn_at and not clock.warned:
        return replace(clock, warned=True), "sla_warning"
    return clock, None
