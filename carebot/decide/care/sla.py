"""Clocks in open hours: when the desk is warned of what it owes, and when that is overdue.

Deadlines are absolute UTC times, worked out when a clock starts or goes on and kept in the case's row, with the version of the rules and
holidays they come from. All arithmetic on time that passes is in UTC; the zone only says when the doors are open, so a night in which
the clocks change has its real hours. A promise in the brand's own words counts every hour: the customer was told no others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.config.desk import Promise, Terms
from carebot.config.values import OpenHours
from carebot.model import Clock, ClockKind, Message, Reason
from carebot.understand.promises import Promised

HORIZON = 800  # days looked ahead for open hours; `Promise` takes no time that needs as many
SECOND = timedelta(seconds=1)
OWN_WORDS = (0.8,)  # of a promise in words, the share after which the desk is warned: half of an hour is no time to warn at


class NeverOpen(ValueError):
    """No such open time within HORIZON days: the calendar of the promise is wrong."""


def openings(hours: OpenHours, start: datetime, zone: ZoneInfo, off: Collection[date] = ()) -> Iterator[tuple[datetime, datetime]]:
    """The open spans from `start` on, as UTC pairs, in order, for HORIZON days. `off`: days on which only the hours for holidays count."""
    local_day = start.astimezone(zone).date()
    for ahead in range(-1, HORIZON):
        day = local_day + timedelta(days=ahead)
        for opens, closes in _doors(hours.holidays if day in off else hours.spans[day.weekday()], day, zone):
            if closes > start:
                yield max(opens, start), closes


@lru_cache(maxsize=4096)
def _doors(spans: tuple[tuple[int, int], ...], day: date, zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    """When the doors open and close on this day, by the clock on the wall: of an hour that it shows twice both count, and one that it
    skips does not come. Thousands of clocks start on the same few days.
    """
    wall = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found: list[tuple[datetime, datetime]] = []
    for since, until, offset in _stretches(_midnight(day, zone), _midnight(day + timedelta(days=1), zone), zone):
        for opens, closes in spans:
            start, end = wall + timedelta(minutes=opens) - offset, wall + timedelta(minutes=closes) - offset
            if max(start, since) < min(end, until):
                found.append((max(start, since), min(end, until)))
    return tuple(found)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment the day begins; where midnight is skipped, that of the jump."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _stretches(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time between two moments, cut where the clocks change (once at the most), each part with its distance from UTC."""
    before, after = _offset(start, zone), _offset(end - SECOND, zone)
    if before == after:
        yield start, end, before
        return
    low, high = 0, int((end - start) / SECOND)  # they change at a whole second after `low` and not after `high`
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(start + SECOND * middle, zone) == before else (low, middle)
    yield start, start + SECOND * high, before
    yield start + SECOND * high, end, after


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def moments(start: datetime, lengths: Sequence[timedelta], hours: OpenHours, zone: ZoneInfo, off: Collection[date]) -> list[datetime]:
    """When so much open time has passed since `start`, for each of the lengths, which ascend.

    start   aware UTC; outside open hours, time begins to count at the next opening.
    Raises NeverOpen if there is not so much open time within HORIZON days.
    """
    found: list[datetime] = []
    passed = timedelta(0)
    for opens, closes in openings(hours, start, zone, off):
        while len(found) < len(lengths) and lengths[len(found)] - passed <= closes - opens:
            found.append(opens + (lengths[len(found)] - passed))
        if len(found) == len(lengths):
            return found
        passed += closes - opens
    raise NeverOpen(f"no {lengths[-1]} of open time within {HORIZON} days of {start:%Y-%m-%d} in {hours.text!r}")


def due_at(started_at: datetime, promise: timedelta, hours: OpenHours, zone: ZoneInfo, off: Collection[date] = ()) -> datetime:
    """The moment the promise is broken, counting open hours only."""
    return moments(started_at, [promise], hours, zone, off)[0]


def open_time(start: datetime, end: datetime, hours: OpenHours, zone: ZoneInfo, off: Collection[date] = ()) -> timedelta:
    """How much of the time between two moments is open."""
    total = timedelta(0)
    for opens, closes in openings(hours, start, zone, off):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total


# ── one clock ────────────────────────────────────────────────────────────────────────────────────────────────────


def fitting(terms: Sequence[Terms], source: str, kinds: Collection[str]) -> Terms | None:
    """The first promise of the rules that is made to who writes this, on this network."""
    for one in terms:
        promise = one.promise
        if (not promise.sources or source in promise.sources) and (not promise.for_ or not set(promise.for_).isdisjoint(kinds)):
            return one
    return None


def length_of(promise: Promise, kind: ClockKind) -> timedelta | None:
    lengths = {"first_response": promise.first_response, "next_response": promise.next_response, "resolution": promise.resolution}
    return lengths.get(kind)


def started(terms: Terms, kind: ClockKind, at: datetime) -> Clock | None:
    """The clock that starts with what was said at this moment; None where the rules promise nothing of the kind."""
    promise = terms.promise
    length = length_of(promise, kind)
    if length is None:
        return None
    *warn_at, due = moments(at, [*(length * share for share in promise.warn_at), length], promise.open, terms.zone, terms.off)
    return Clock(kind=kind, promise=promise.name, policy=terms.version, started_at=at, warn_at=tuple(warn_at), due_at=due)


def in_own_words(promised: Promised, reply: Message) -> Clock:
    """The clock of what a reply of the brand's own promises."""
    length = promised.due - reply.posted_at
    return Clock(
        kind="promise",
        started_at=reply.posted_at,
        warn_at=tuple(reply.posted_at + length * share for share in OWN_WORDS),
        due_at=promised.due,
        words=promised.words,
        about=promised.kind,
    )


def is_running(clock: Clock) -> bool:
    """Is it still owed?"""
    return clock.met_at is None


def next_moment(clock: Clock) -> datetime | None:
    """When it has something to say next."""
    if clock.met_at or clock.breached_at or clock.paused_at:
        return None
    return clock.warn_at[0] if clock.warn_at else clock.due_at


def met(clock: Clock, at: datetime, *, void: bool = False) -> Clock:
    """Kept, or no longer owed; one that is over already stays as it is. What was said before the clock started keeps nothing.

    One that stands still would have been due when what was left of it had passed.
    """
    if clock.met_at or (clock.started_at > at and not void):
        return clock
    due = max(at, clock.paused_at) + timedelta(seconds=clock.left[-1]) if clock.paused_at and clock.left else clock.due_at
    return replace(clock, met_at=max(at, clock.started_at), void=void, paused_at=None, left=(), due_at=due)


def paused(clock: Clock, at: datetime, terms: Sequence[Terms]) -> Clock:
    """From now on it is the customer's turn: the clock stands still. One that ran out stays so."""
    if clock.met_at or clock.breached_at or clock.paused_at or at >= clock.due_at:
        return clock
    own = _own(clock, terms)
    ahead = [moment for moment in (*clock.warn_at, clock.due_at) if moment > at]
    left = tuple(_open_time(at, moment, own).total_seconds() for moment in ahead)
    return replace(clock, paused_at=at, left=left)


def resumed(clock: Clock, at: datetime, terms: Sequence[Terms]) -> Clock:
    """They answered: what was left of it runs from now on."""
    if clock.paused_at is None or clock.met_at:
        return clock
    own, left = _own(clock, terms), [timedelta(seconds=seconds) for seconds in clock.left]
    start = max(at, clock.paused_at)
    *warn_at, due = moments(start, left, own.promise.open, own.zone, own.off) if own else [start + length for length in left]
    return replace(clock, paused_at=None, left=(), warn_at=tuple(warn_at), due_at=due, policy=own.version if own else clock.policy)


def _own(clock: Clock, terms: Sequence[Terms]) -> Terms | None:
    """The promise it is of, as the rules have it now; None where they no longer do: then every hour counts."""
    return next((one for one in terms if one.promise.name == clock.promise), None)


def _open_time(start: datetime, end: datetime, own: Terms | None) -> timedelta:
    return open_time(start, end, own.promise.open, own.zone, own.off) if own else end - start


def run_out(clock: Clock, now: datetime) -> tuple[Clock, Reason | None]:
    """The clock at `now`, and what must be said of it, if anything. Each time is spoken of once.

    A clock found past its due time (we were not running) says that it is over, not first that it will be. Of two warnings that have
    passed one is said.
    """
    if clock.met_at or clock.breached_at or clock.paused_at:
        return clock, None
    if now >= clock.due_at:
        return replace(clock, warn_at=(), warned=True, breached_at=now), "promise_broken" if clock.kind == "promise" else "sla_breached"
    ahead = tuple(moment for moment in clock.warn_at if moment > now)
    if ahead == clock.warn_at:
        return clock, None
    return replace(clock, warn_at=ahead, warned=True), "promise_due" if clock.kind == "promise" else "sla_warning"
