"""What each day came to, in numbers so small that four weeks of them are kept with the state: what a digest is made of.

A message counts for the day it was posted, by the brand's clock; what carebot did, for the day it did it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from carebot.model import Alert, Incident, Message, Signal

KEPT = 36  # days: the last week, and four weeks before it
MOST_PRAISE, MOST_INCIDENTS = 20, 20  # kept a day; all are counted
LATE = 15 * 60  # seconds after which an alert came late


class Praise(msgspec.Struct, frozen=True):
    """Somebody said something good of us."""

    id: str
    author_key: str
    audience: int


class Lasted(msgspec.Struct, frozen=True):
    """An incident that is over."""

    id: str
    service: str
    onset_at: datetime
    over_at: datetime


class Day(msgspec.Struct, frozen=True, omit_defaults=True):
    """complaints: by service, "" where none is named, outages among them; said, unsaid: alerts by reason; late: of those that were said"""

    messages: int = 0
    complaints: dict[str, int] = {}
    praised: int = 0
    praise: tuple[Praise, ...] = ()
    incidents: tuple[Lasted, ...] = ()
    ended: int = 0
    said: dict[str, int] = {}
    unsaid: dict[str, int] = {}
    late: int = 0
    set_aside: int = 0


class Summed(msgspec.Struct, frozen=True):
    """A route's digests: what was before `told_at` has been told, but for that day itself; the next is due at `due_at`."""

    told_at: datetime
    due_at: datetime


Days = dict[str, Day]


def heard(
    days: Days, messages: Sequence[Message], signals: Iterable[Signal], gone: Iterable[str], set_aside: int, zone: ZoneInfo, now: datetime
) -> Days:
    """The days with what was heard. `gone`: messages that were taken away; set_aside: items that could not be read."""
    if not (messages or gone or set_aside):
        return days
    after = dict(days)
    today = now.astimezone(zone).date()
    midnight = datetime.combine(today, time(), zone).astimezone(UTC)
    counts = Counter(_day(message.posted_at, midnight, today, zone) for message in messages)
    for day, count in counts.items():
        after[day] = replace(after.get(day, Day()), messages=after.get(day, Day()).messages + count)
    by_id = {message.id: message for message in messages}
    complained: dict[str, Signal] = {}
    for signal in signals:
        if (message := by_id.get(signal.id)) is None:
            continue  # it was heard before, and only counts anew
        if signal.kind in ("complaint", "outage"):
            complained[signal.id] = signal if signal.service or signal.id not in complained else complained[signal.id]
        elif signal.kind == "praise":
            day = _day(message.posted_at, midnight, today, zone)
            known = after[day]
            praise = (*known.praise, Praise(message.id, message.author_key, message.audience))
            loudest = tuple(sorted(praise, key=lambda one: (-one.audience, one.id))[:MOST_PRAISE])
            after[day] = replace(known, praised=known.praised + 1, praise=loudest)
    for signal in complained.values():
        day = _day(signal.posted_at, midnight, today, zone)
        after[day] = replace(after[day], complaints=_one_more(after[day].complaints, signal.service))
    if set_aside:
        after[today.isoformat()] = replace(after.get(today.isoformat(), Day()), set_aside=_of(after, today).set_aside + set_aside)
    if lost := set(gone):
        for name, known in after.items():
            if any(one.id in lost for one in known.praise):
                after[name] = replace(known, praise=tuple(one for one in known.praise if one.id not in lost))
    if len(after) > len(days):
        oldest = (today - timedelta(days=KEPT)).isoformat()
        newest = (today + timedelta(days=1)).isoformat()
        after = {name: known for name, known in sorted(after.items()) if oldest <= name <= newest}
    return after


def told(days: Days, said: Sequence[Alert], unsaid: Sequence[Alert], over: Sequence[Incident], zone: ZoneInfo, now: datetime) -> Days:
    """The days with what was said and not said, and which incidents ended."""
    if not (said or unsaid or over):
        return days
    today = now.astimezone(zone).date()
    known = _of(days, today)
    said_by, unsaid_by = known.said, known.unsaid
    for alert in said:
        said_by = _one_more(said_by, alert.reason)
    for alert in unsaid:
        unsaid_by = _one_more(unsaid_by, alert.reason)
    lasted = tuple(Lasted(one.id, one.service, one.onset_at, one.resolved_at or now) for one in over)
    known = replace(
        known,
        said=said_by,
        unsaid=unsaid_by,
        late=known.late + sum(alert.late_by_s > LATE and alert.reason != "digest" for alert in said),
        incidents=(*known.incidents, *lasted)[:MOST_INCIDENTS],
        ended=known.ended + len(lasted),
    )
    return {**days, today.isoformat(): known}


def between(days: Days, first: date, end: date) -> list[Day]:
    """The days from `first` to the one before `end`."""
    return [_of(days, first + timedelta(days=n)) for n in range((end - first).days)]


def usual(days: Days, first: date, end: date, service: str) -> float | None:
    """Complaints of a service that these days usually bring: as the same weekdays did, or, while few are known, as any day did."""
    began = min(days, default=None)
    if began is None:
        return None
    expected = 0.0
    for n in range((end - first).days):
        day = first + timedelta(days=n)
        same = [day - timedelta(days=7 * week) for week in range(1, 5)]
        known = [one for one in same if one.isoformat() >= began and one < first]
        if len(known) < 2:
            known = [first - timedelta(days=back) for back in range(1, 15) if (first - timedelta(days=back)).isoformat() >= began]
        if len(known) < 2:
            return None
        expected += sum(_of(days, one).complaints.get(service, 0) for one in known) / len(known)
    return round(expected, 1)


def _of(days: Days, day: date) -> Day:
    return days.get(day.isoformat(), Day())


def _day(at: datetime, midnight: datetime, today: date, zone: ZoneInfo) -> str:
    """Most of what is heard was posted today: asking the zone each time costs six times as much."""
    return (today if midnight <= at < midnight + timedelta(hours=23) else at.astimezone(zone).date()).isoformat()


def _one_more(counts: Mapping[str, int], name: str) -> dict[str, int]:
    return {**counts, name: counts.get(name, 0) + 1}
