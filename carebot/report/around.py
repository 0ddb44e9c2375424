"""What concerns everybody at once: incidents with their lead times, what may have escaped us, whom to thank. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from carebot.decide.telling.digests import ADVOCATE
from carebot.model import Incident, Statement
from carebot.report.figures import ranked
from carebot.report.waiting import Messages, Period
from carebot.report.week import Advocate, Course, Ledger, Missed, Praise, Step, Thanks, Unread

MINUTE = timedelta(minutes=1)
QUOTES, ADVOCATES = 10, 20
STRETCHES = 96  # of an incident's course, at the most
LATE = 15 * 60  # seconds after which an alert came late, as in the daily digest
_SENT_AT = re.compile(r"/(\d{9,11}\.\d+)$")  # Slack's name of a message is the moment it was posted


# ── incidents ────────────────────────────────────────────────────────────────────────────────────────────────────


class Delivered(msgspec.Struct, frozen=True):
    """A card that arrived: when it was decided, and where it landed."""

    at: datetime
    ref: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the database has of one incident. complaints: in each minute (since 1970), how many counted."""

    incident: Incident
    first_post: datetime | None
    delivered: tuple[Delivered, ...] = ()
    taken_at: datetime | None = None
    stated_at: datetime | None = None
    complaints: Mapping[int, int] = {}


def ledger(known: Known, known_to: datetime) -> Ledger:
    """From the first post to the end, step by step."""
    one = known.incident
    first = known.first_post or one.onset_at
    told = [(at, "sent") if (at := sent_at(each.ref)) else (each.at, "decided") for each in known.delivered]
    told_at, told_by = min(told, default=(None, ""))
    course = _course(known.complaints, one.resolved_at or known_to)
    steps: dict[Step, datetime | None] = {
        "first_post": first,
        "noticed": one.noticed_at and max(one.noticed_at, first),  # it is known by the minute
        "detected": one.opened_at,
        "told": told_at,
        "acknowledged": known.taken_at or one.owned_at,
        "public_statement": known.stated_at,
        "peak": _peak(course),
        "clear": one.resolved_at,
    }
    taken = {step: at for step, at in steps.items() if at}
    return Ledger(
        incident=one.id,
        service=one.service,
        phase=one.phase,
        severity=one.severity,
        dismissed=one.dismissed,
        count=one.count,
        people=one.author_count,
        steps=taken,
        after_min={step: round((at - first) / MINUTE, 1) for step, at in taken.items() if step != "first_post"},
        told_by=told_by,  # type: ignore[arg-type]
        owner=one.owner_name or one.owner,
        course=course,
    )


def sent_at(ref: str) -> datetime | None:
    """When the card was posted, where its place tells."""
    found = _SENT_AT.search(ref)
    return datetime.fromtimestamp(float(found[1]), UTC) if found else None


def _course(complaints: Mapping[int, int], end: datetime) -> Course | None:
    if not complaints:
        return None
    start, last = min(complaints), min(max(complaints), int(end.timestamp()) // 60)
    step = max(1, -(-(last - start + 1) // STRETCHES))
    step = next(nice for nice in (1, 5, 10, 15, 30, 60, 120, 240, 480, 1440, step) if nice >= step)
    counts = [0] * ((last - start) // step + 1)
    for minute, count in complaints.items():
        if minute <= last:
            counts[(minute - start) // step] += count
    return Course(datetime.fromtimestamp(start * 60, UTC), step, tuple(counts))


def _peak(course: Course | None) -> datetime | None:
    """The middle of the stretch in which most complained."""
    if course is None:
        return None
    most = course.counts.index(max(course.counts))
    return course.start + timedelta(minutes=course.step_min * (most + 0.5))


def first_public(statements: Iterable[Statement], incident: Incident) -> datetime | None:
    """When customers were first told of it in public, as far as carebot knows."""
    mine = {incident.id, *incident.merged}
    return min((one.said_at for one in statements if one.incident in mine and one.said_at), default=None)


# ── what was missed ──────────────────────────────────────────────────────────────────────────────────────────────


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as stored. about: what it says of itself, of a word about a source; muted: which silence kept it back."""

    at: datetime
    reason: str
    case: str
    late_by_s: int
    about: str
    muted: str


def missed(gaps: Sequence[Unread], spoken: Sequence[Spoken], not_sent: int, set_aside: int, period: Period) -> Missed:
    """spoken: the period's alerts, and before it those about sources that went silent and came back."""
    unread = sorted([*gaps, *_silences(spoken, period)], key=lambda one: (one.from_ or one.to, one.source, one.what))
    late = [one.late_by_s for one in spoken if period.has(one.at) and not one.muted and one.late_by_s > LATE and one.reason != "digest"]
    return Missed(
        tuple(unread),
        round(sum(one.hours for one in unread if one.what == "deaf"), 2),
        len(late),
        round(max(late, default=0) / 60, 1),
        sum(bool(one.muted) for one in spoken if period.has(one.at)),
        not_sent,
        set_aside,
    )


def _silences(spoken: Iterable[Spoken], period: Period) -> Iterator[Unread]:
    """From each word that a source is not heard to the word that it is again, or to the end of what is known."""
    since: dict[str, datetime] = {}
    for one in sorted(spoken, key=lambda one: one.at):
        if one.reason == "source_silent":
            since.setdefault(one.about, one.at)
        elif one.reason == "source_back" and (began := since.pop(one.about, None)):
            yield from _silence(one.about, began, one.at, period)
    for about, began in since.items():
        yield from _silence(about, began, period.known_to, period)


def _silence(about: str, began: datetime, ended: datetime, period: Period) -> Iterator[Unread]:
    start, end = max(began, period.start), min(ended, period.end)
    if start < end:
        what: Literal["quiet", "deaf"] = "quiet" if about.startswith("quiet:") else "deaf"
        yield unread(about.removeprefix("quiet:"), what, start, end, "")


def unread(source: str, what: Literal["gap", "deaf", "quiet"], start: datetime | None, end: datetime, why: str) -> Unread:
    hours = round((end - start) / timedelta(hours=1), 2) if start else 0.0
    return Unread(source=source, what=what, from_=start, to=end, hours=hours, why=why)


# ── whom to thank ────────────────────────────────────────────────────────────────────────────────────────────────


class Praised(msgspec.Struct, frozen=True):
    """A message that praised us, without its words."""

    id: str
    service: str
    source: str
    author: str
    author_key: str
    audience: int
    p: float


def loudest(praise: Iterable[Praised]) -> list[Praised]:
    """One of each person's, those with most readers first, then what is praise for sure."""
    ordered = sorted(praise, key=lambda one: (-one.audience, -one.p, one.id))
    return list({one.author_key or one.id: one for one in reversed(ordered)}.values())[::-1]


def thanks(praise: Sequence[Praised], said: Messages) -> Thanks:
    """said: the words of the `loudest`, where they were not taken back."""
    times = Counter(one.author_key for one in praise if one.author_key)
    people = loudest(praise)
    quotes = [
        Praise(
            id=one.id,
            who=one.author.lstrip("@"),
            source=one.source,
            service=one.service,
            at=there.posted_at,
            text=there.text,
            url=there.url,
            audience=one.audience,
        )
        for one in people[:QUOTES]
        if (there := said.get(one.id)) and not there.deleted
    ]
    loud = [one for one in people if one.audience >= ADVOCATE or times[one.author_key] > 1]
    advocates = [Advocate(one.author.lstrip("@"), one.source, max(1, times[one.author_key]), one.audience) for one in loud[:ADVOCATES]]
    return Thanks(len(praise), ranked(Counter(one.service for one in praise)), tuple(quotes), tuple(advocates))
