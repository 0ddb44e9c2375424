"""The shape of a week's figures: what `carebot report --json` prints, field by field (docs/how-to/read-the-week.md).

Times are aware UTC, durations minutes. What nobody knows yet is null, never 0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec


class Heard(msgspec.Struct, frozen=True):
    """What was said on one network, by customers (and everybody else) and by the brand."""

    source: str
    customers: int
    brand: int


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """How long customers waited for their first answer.

    asked     how many began to wait
    answered  of them, those who got an answer that was more than another door
    no_more   those who said that it was solved before anybody answered; they are in no share and no percentile
    p50_min   so long waited who is in the middle of all who asked; null where they wait still
    p90_min   nine in ten had their answer by then; null where more than one in ten has none
    promised  for how many the rules' promise is decided: kept, or past
    kept      of those, how many were answered in time
    """

    asked: int
    answered: int
    no_more: int
    p50_min: float | None
    p90_min: float | None
    promised: int
    kept: int
    within: float | None


class FirstResponse(msgspec.Struct, frozen=True):
    """all, by network, and by the hour of the desk's day in which they asked (0 to 23)."""

    all: Waits
    channels: dict[str, Waits]
    hours: dict[int, Waits]


Why = Literal["nobody_answered", "answered_late", "only_sent_elsewhere", "heard_late", "incident"]


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """A clock of the rules that ran out. late_min: until it was met, or, if it was not, until the end of what is known."""

    case: str
    who: str
    source: str
    clock: str
    promise: str
    due_at: datetime
    met_at: datetime | None
    late_min: float
    why: tuple[Why, ...]


class Breaches(msgspec.Struct, frozen=True):
    """How many, by clock and by reason (one may have several), and the latest ones of them by how late."""

    count: int
    clocks: dict[str, int]
    why: dict[str, int]
    first: tuple[Breach, ...]


class HandOffs(msgspec.Struct, frozen=True):
    """Answers that only sent the customer elsewhere.

    twice       cases that were sent away two times or more, unsolved
    doors_read  of how many of them `doors` was read: of a great many it is a sample, evenly spread
    """

    count: int
    answers: int
    cases: int
    twice: int
    channels: dict[str, int]
    doors: dict[str, int]
    doors_read: int


PromiseEnd = Literal["kept", "broken", "dropped", "open"]


class Promised(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply promised. dropped: nobody waited for it any more, or it was put off before it was due. public: it was to everybody."""

    case: str
    who: str
    source: str
    words: str
    made_at: datetime
    due_at: datetime
    met_at: datetime | None
    end: PromiseEnd
    public: bool = False


class Promises(msgspec.Struct, frozen=True):
    kept: int
    broken: int
    dropped: int
    open: int
    first: tuple[Promised, ...]


class Returned(msgspec.Struct, frozen=True):
    """Who came back: cases opened again, customers back for the third time in a week, and how often one writes before being answered."""

    cases: int
    reopened: int
    repeat: int
    wrote_twice: int  # cases in which the customer wrote again before the first answer
    needs: dict[str, int]


Step = Literal["first_post", "noticed", "detected", "told", "acknowledged", "public_statement", "peak", "clear"]


class Course(msgspec.Struct, frozen=True):
    """Complaints of an incident: how many in each stretch of so many minutes, from a moment on."""

    start: datetime
    step_min: int
    counts: tuple[int, ...]


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """An incident and its lead times. after_min: minutes from the first post to each step; a step that was not taken is missing.

    told_by   "sent": the moment the destination gave the card; "decided": the alert's own, where the destination gives none
    """

    incident: str
    service: str
    phase: str
    severity: int
    dismissed: bool
    count: int
    people: int
    steps: dict[Step, datetime]
    after_min: dict[Step, float]
    told_by: Literal["", "sent", "decided"]
    owner: str
    course: Course | None


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """Time in which a source was not heard. what: gap (never read), deaf (it gave trouble), quiet (it answered and brought nothing)."""

    source: str
    what: Literal["gap", "deaf", "quiet"]
    from_: datetime | None = msgspec.field(name="from")
    to: datetime
    hours: float
    why: str


class Missed(msgspec.Struct, frozen=True):
    """What may have escaped us. not_said: alerts kept back, by why; not_sent: deliveries given up; set_aside: items not understood."""

    unread: tuple[Unread, ...]
    deaf_hours: float
    late_alerts: int
    latest_min: float
    not_said: int
    not_sent: int
    set_aside: int


class Praise(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's thanks, without personal data. url: where it is, as its network gave it; a stranger's word all the same."""

    id: str
    who: str
    source: str
    service: str
    at: datetime
    text: str
    url: str
    audience: int


class Advocate(msgspec.Struct, frozen=True):
    """Who praised us more than once, or to many."""

    who: str
    source: str
    praises: int
    audience: int


class Thanks(msgspec.Struct, frozen=True):
    count: int
    services: dict[str, int]
    quotes: tuple[Praise, ...]
    advocates: tuple[Advocate, ...]


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """Who said that they may leave, and the contacts that led there."""

    case: str
    who: str
    source: str
    at: datetime
    contacts: int
    answers: int
    hand_offs: int
    solved: bool


class Churn(msgspec.Struct, frozen=True):
    count: int
    solved: int
    first: tuple[Leaving, ...]


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `carebot report --json` prints.

    week      its ISO name, or "" of another stretch of days
    known_to  how far the database goes; what runs then counts as running
    """

    week: str
    from_: datetime = msgspec.field(name="from")
    to: datetime
    known_to: datetime
    zone: str
    brand: str
    heard: tuple[Heard, ...]
    first_response: FirstResponse
    breaches: Breaches
    hand_offs: HandOffs
    promises: Promises
    returned: Returned
    incidents: tuple[Ledger, ...]
    missed: Missed
    thanks: Thanks
    churn: Churn
