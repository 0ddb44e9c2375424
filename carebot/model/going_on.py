"""What is going on: a service's incident, and one customer's case with its clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Phase = Literal["suspected", "confirmed", "monitoring", "resolved"]
Scope = Literal["us", "others", "upstream", "unknown"]


class Witnesses(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Who else says so, beside our own customers: `decide.detecting.witnesses` asks them.

    probes       ids of our own failing checks
    upstream     "provider/component" of those we depend on that are in trouble by their own word
    others       brands we compare with whose customers complain of the same service
    notice       announced work of our own that is in force; `deployed` the service, since `deployed_at`
    scope        only us · others too · upstream says so · unknown: nobody to compare with was heard
    nats         what all this adds to the customers' evidence, as a log likelihood ratio: false alarms × exp(-nats)
    """

    probes: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    notice: Literal["", "maintenance", "deploy"] = ""
    deployed: str = ""
    deployed_at: datetime | None = None
    scope: Scope = "unknown"
    nats: float = 0.0

    @property
    def vouched(self) -> bool:
        """A machine says so too, and not for work that was announced: two customers beside it are enough to be sure."""
        return bool(self.probes or self.upstream) and self.notice != "maintenance"


class Turn(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One turn in an incident's life: what was decided, by what, and the figures it was decided on.

    push          what moved it: a name of `decide.incidents.Push`, or opened, grew, severity_up, widened, merged
    reason        the word staff heard of it, if any
    cell          whose counts spoke: the service, or "" for the brand as a whole
    count         evidence so far, of so many `people`; `expected` were usual in `window` minutes
    false_alarms  how many a month the figures stand for
    witnesses     who else said so
    by            the person at the desk, or the other incident
    """

    at: datetime
    phase: Phase
    push: str
    reason: str = ""
    cell: str = ""
    count: int = 0
    people: int = 0
    expected: float = 0.0
    window: int = 0
    false_alarms: float = 0.0
    witnesses: Witnesses = Witnesses()
    by: str = ""


class WellAgain(msgspec.Struct, frozen=True, gc=False):
    """A customer says that it works again."""

    id: str
    author_key: str
    at: datetime


class Swell(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Far more posts than usual match a source's search, as its network counts them: `posts` in `minutes` where `usual` are."""

    source: str
    network: str
    posts: int
    usual: float
    minutes: int


class Further(msgspec.Struct, frozen=True, gc=False):
    """Whoever is told at this moment if nobody has taken the incident by then. `to`: a route."""

    at: datetime
    to: str


class Incident(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something is going on with a service. One row for its whole life; `decide.incidents.phases` moves it along."""

    id: str
    brand: str
    service: str
    phase: Phase
    onset_at: datetime
    opened_at: datetime
    symptom: str = ""
    region: str = ""
    also: tuple[str, ...] = ()  # further services that failed at the same time
    severity: int = 4
    confirmed_at: datetime | None = None
    calm_since: datetime | None = None
    resolved_at: datetime | None = None
    last_signal_at: datetime | None = None
    messages: tuple[str, ...] = ()  # ids of the evidence: the first ones, capped; `count` has them all
    count: int = 0
    authors: tuple[str, ...] = ()  # author keys, capped like `messages`
    author_count: int = 0
    sources: tuple[str, ...] = ()
    usual: float = 0.0  # messages expected in the window the evidence was found in
    false_alarms: float = 0.0  # false alarms a month this evidence stands for
    probes: tuple[str, ...] = ()  # ids of failing probes and status changes
    witnesses: Witnesses = Witnesses()  # who else said so when we last spoke of it
    told_count: int = 0  # evidence at the time we last spoke: what `grew` is measured from
    told_per_min: float = 0.0  # and how fast it came then
    told_severity: int = 5  # the gravest level anybody was told; 5: nobody was told of it
    severity_because: tuple[str, ...] = ()  # what the level rests on: "core_service", "many_people:120", "accelerating" …
    by_source: dict[str, int] = {}
    by_symptom: dict[str, int] = {}
    by_region: dict[str, int] = {}
    noticed_at: datetime | None = None  # when, in the messages' own time, the evidence was enough
    texts: tuple[int, ...] = ()  # what goes round among its people: fingerprints, capped like `messages`
    link: int = 30  # minutes; a complaint so long before the first one belongs to it
    count_before: int = 0  # evidence of the time before it was reopened, which says nothing of now
    usual_in: int = 0  # minutes of the window that `usual` speaks of
    well_again: tuple[WellAgain, ...] = ()  # who says that it works again, the latest
    merged: tuple[str, ...] = ()  # incidents that turned out to be this one
    merged_into: str = ""
    turns: tuple[Turn, ...] = ()  # the ledger, first and latest turns
    swell: Swell | None = None  # what opened it, where that was a mere count of posts that nobody read
    owner: str = ""
    owner_name: str = ""  # what they call themselves, for people to read
    owned_at: datetime | None = None
    snoozed_until: datetime | None = None
    dismissed: bool = False
    votes: dict[str, bool] = {}  # people at the desk by id: do they see it too?
    shown: str = ""  # what its card says at a glance, as last shown (`decide.telling.cards`)
    told_at: datetime | None = None  # when it was last spoken of
    told_to: tuple[str, ...] = ()  # the routes that have its card
    words_at: tuple[datetime, ...] = ()  # when the last words about it were said
    kept_back: str = ""  # why nobody has been told of it yet (`decide.telling.routing`); empty: somebody was
    hidden: dict[str, int] = {}  # what was not said because this explains it, by reason
    further: tuple[Further, ...] = ()  # who is told next while nobody takes it
    further_since: datetime | None = None  # of the word these moments count from
    flapping_since: datetime | None = None  # it comes and goes (`decide.incidents.flapping`)


ClockKind = Literal["first_response", "next_response", "resolution", "promise"]


class Clock(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What is owed to a customer, by an absolute UTC time. Kept in the case's row; each of its times is spoken of once at most.

    promise       its name in the rules; policy: the version of that, of its hours and its holidays, that the times were worked out with
    warn_at       when the desk is still to be warned, in order
    words, about  of a promise in the brand's own words: those it was read from, and what was promised
    left          while it stands still (since `paused_at`): open seconds to each warning and to the end
    breached_at   when it was found past due; later than `due_at` if nobody was running then
    met_at        when it was kept, or, if `void`, when nobody waited for it any more
    """

    kind: ClockKind
    started_at: datetime
    due_at: datetime
    warn_at: tuple[datetime, ...] = ()
    promise: str = ""
    policy: str = ""
    words: str = ""
    about: Literal["", "answer", "solution", "information"] = ""
    left: tuple[float, ...] = ()
    paused_at: datetime | None = None
    warned: bool = False
    breached_at: datetime | None = None
    met_at: datetime | None = None
    void: bool = False


LineKind = Literal["asked", "wrote", "solved", "answer", "asked_back", "hand_off"]


class Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of a case's history. Of the customer: asked (needs an answer), wrote, solved (they say that it is); the rest is ours.

    was, was_at   of a message that was edited and means something else since `at`: what it was, and when that was said
    """

    id: str
    at: datetime
    what: LineKind
    was: LineKind | Literal[""] = ""
    was_at: datetime | None = None


class Account(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A further account of the customer's, and how we know: by the rules, by the words they said, or by a reference they quoted."""

    source: str
    author_key: str
    author: str
    known_by: Literal["rules", "words", "reference"]
    words: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One customer's matter, from their first message that needs an answer; across channels where they are known to be the same.

    returns     when they came back by themselves, the latest times; `decide.care.cases` says what counts as that
    needs       what was already told about it: churn, fraud, scam (a fraud they only warn of), moment, repeat
    references  case numbers that were quoted in it
    joined      the case it turned out to be part of, which has its history now
    came_back   how many times in all
    threads     ids of the direct conversations it is held in
    """

    id: str
    brand: str
    source: str
    author_key: str
    author: str
    opened_at: datetime
    last_at: datetime
    service: str = ""
    history: tuple[Line, ...] = ()  # in the order things were said; of a long one the first and the latest lines
    contacts: int = 1  # how many times they have written
    answers: int = 0  # how many times the brand answered them
    hand_offs: int = 0  # answers that only sent them elsewhere
    clocks: tuple[Clock, ...] = ()
    needs: tuple[str, ...] = ()
    incident: str = ""
    audience: int = 0
    direct: bool = False  # they have sent a direct message
    returns: tuple[datetime, ...] = ()
    came_back: int = 0
    accounts: tuple[Account, ...] = ()
    references: tuple[str, ...] = ()
    reopened: int = 0
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    joined: str = ""
    threads: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Ids of what was said in it."""
        return tuple(line.id for line in self.history)
