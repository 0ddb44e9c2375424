"""When do signals become an incident, and when is it over?

Every change of phase is in TRANSITIONS below and nowhere else. Times are the messages' own times, so a backlog read late gives
the same incident as one read live. An incident is a value; each function gives the next one and, where staff should hear of it, a reason.
What it is made of is sums and sets, so the order in which its evidence is read does not show in it. docs/why/life-of-an-incident.md
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto

import msgspec
from msgspec.structs import replace

from carebot.decide.incidents import polls
from carebot.model import Incident, Phase, Reason, Signal, Turn, Witnesses

CALM_FOR_MONITORING = timedelta(minutes=10)
CALM_FOR_RESOLVED = timedelta(minutes=30)
REOPEN_WITHIN = timedelta(minutes=60)
TOGETHER = timedelta(minutes=30)  # two services that fail within this long of each other failed of one cause
LOOK_BACK = timedelta(minutes=60)  # nothing that was said longer ago is evidence of an incident noticed now
CONFIRM_FACTOR = 20  # evidence this many times rarer than the budget confirms without a second witness
KEPT = 200  # ids, authors and texts kept on the incident; `count` and `author_count` have all
UNTOLD = 5  # nobody was told of it: graver is everything
FIRST_TURNS, LAST_TURNS = 10, 30  # how it began and how it went lately is what people ask
MANY, VERY_MANY, SOON_MANY = 25, 100, 12  # people; SOON_MANY where they come ever faster


class Push(Enum):
    """What moves an incident along."""

    stronger = auto()  # evidence far beyond chance, or a second witness
    calm = auto()  # usual again for CALM_FOR_MONITORING
    calm_long = auto()  # usual again for CALM_FOR_RESOLVED
    flare = auto()  # more than usual again
    confirmed_by_person = auto()
    closed_by_person = auto()
    merged = auto()  # it turned out to be an older one


# (phase, push) → (next phase, reason to speak)
TRANSITIONS: dict[tuple[Phase, Push], tuple[Phase, Reason | None]] = {
    ("suspected", Push.stronger): ("confirmed", "confirmed"),
    ("suspected", Push.confirmed_by_person): ("confirmed", "confirmed"),
    ("suspected", Push.calm_long): ("resolved", "resolved"),
    ("suspected", Push.closed_by_person): ("resolved", "resolved"),
    ("suspected", Push.merged): ("resolved", "merged"),
    ("confirmed", Push.calm): ("monitoring", None),
    ("confirmed", Push.closed_by_person): ("resolved", "resolved"),
    ("confirmed", Push.merged): ("resolved", "merged"),
    ("monitoring", Push.flare): ("confirmed", None),
    ("monitoring", Push.calm_long): ("resolved", "resolved"),
    ("monitoring", Push.closed_by_person): ("resolved", "resolved"),
    ("monitoring", Push.merged): ("resolved", "merged"),
    ("resolved", Push.flare): ("suspected", "reopened"),
}


class Evidenced(msgspec.Struct, frozen=True, kw_only=True):
    """What detection found for one cell at one moment, with the people behind it.

    usual    messages to be expected in `window` minutes
    signals  the counted signals of the window, oldest first, where they were asked for
    probes   failing machine checks of the same service
    onset    when it began, by the counts
    """

    false_alarms: float
    window: int
    usual: float
    signals: tuple[Signal, ...] = ()
    probes: tuple[str, ...] = ()
    onset: datetime | None = None
    witnesses: Witnesses = Witnesses()


class Move(msgspec.Struct, frozen=True):
    """An incident moved and staff should hear of it. `by_evidence`: new evidence moved it, so how late that was read matters."""

    incident: str
    reason: Reason
    window: int
    by_evidence: bool = True


def is_open(incident: Incident) -> bool:
    return incident.phase != "resolved"


def is_bare(incident: Incident) -> bool:
    """Was it opened by a mere count of posts, and nobody's words or check stand behind it?"""
    return incident.swell is not None and not incident.count and not incident.probes


def services(incident: Incident) -> tuple[str, ...]:
    return (incident.service, *incident.also)


def covers(incident: Incident, service: str) -> bool:
    """Does a complaint about this service belong here? Who names none means the one that is open."""
    return not is_bare(incident) and (not service or not incident.service or service in services(incident))


def opened(id_: str, brand: str, service: str, found: Evidenced, noticed_at: datetime, now: datetime) -> Incident:
    """A new suspected incident, still without its evidence."""
    return Incident(
        id=id_,
        brand=brand,
        service=service,
        phase="suspected",
        onset_at=found.signals[0].posted_at if found.signals else now,
        opened_at=now,
        noticed_at=noticed_at,
        usual=found.usual,
        usual_in=found.window,
        link=link(found.usual, found.window),
        false_alarms=found.false_alarms,
        probes=found.probes,
        witnesses=found.witnesses,
    )


def link(usual: float, window: int) -> int:
    """Minutes between two complaints that belong together: a third of the usual gap, so that what is always there is seldom drawn in.

    In few steps, because the usual rate is an estimate and who belongs must not hang on its last digit.
    """
    gap = window / (3 * usual) if usual else math.inf
    return max((step for step in (5, 10, 20, 30) if step <= gap), default=2)


def begins(first: datetime, before: Iterable[datetime], apart: timedelta) -> datetime:
    """The start of the run that ends with `first`: back from one complaint to the one before it, while they are no further `apart`."""
    for earlier in sorted(before, reverse=True):
        if earlier < first - apart:
            break
        first = min(first, earlier)
    return first


def joined(incident: Incident, signals: Iterable[Signal]) -> Incident:
    """The incident with further counted signals as evidence. Signals it has already change nothing."""
    known = set(incident.messages)
    once = {signal.id: signal for signal in signals if signal.id not in known}
    fresh = sorted(once.values(), key=lambda signal: (signal.posted_at, signal.id))
    if not fresh:
        return incident
    authors = set(incident.authors)
    newcomers = [key for key in dict.fromkeys(signal.author_key for signal in fresh) if key not in authors]
    by_symptom = added(incident.by_symptom, (signal.symptom for signal in fresh))
    by_region = added(incident.by_region, (signal.region for signal in fresh))
    by_source = added(incident.by_source, (signal.source for signal in fresh))
    count = incident.count + len(fresh)
    return replace(
        incident,
        messages=(*incident.messages, *(signal.id for signal in fresh))[:KEPT],
        count=count,
        authors=(*incident.authors, *newcomers)[:KEPT],
        author_count=incident.author_count + len(newcomers),
        texts=with_texts(incident, fresh).texts,
        by_source=by_source,
        by_symptom=by_symptom,
        by_region=by_region,
        sources=tuple(sorted(by_source)),
        symptom=max(sorted(by_symptom), key=lambda name: by_symptom[name], default=""),
        region=_one_place(by_region, count),
        onset_at=min([incident.onset_at, *(signal.posted_at for signal in fresh)]),
        last_signal_at=max([*filter(None, [incident.last_signal_at]), *(signal.posted_at for signal in fresh)]),
    )


def with_texts(incident: Incident, signals: Iterable[Signal]) -> Incident:
    """The incident that also knows these words: copies are no voices, and yet show that two incidents are one."""
    new = dict.fromkeys(s.fingerprint for s in signals if s.fingerprint and s.fingerprint not in incident.texts)
    return replace(incident, texts=(*incident.texts, *new)[:KEPT]) if new else incident


def added(counts: Mapping[str, int], names: Iterable[str], each: int = 1) -> dict[str, int]:
    more = dict(counts)
    for name in filter(None, names):
        more[name] = more.get(name, 0) + each
    return dict(sorted((name, n) for name, n in more.items() if n > 0))


def _one_place(by_region: Mapping[str, int], count: int) -> str:
    """The region that four in five name, where at least half say where they are."""
    known = sum(by_region.values())
    return next((name for name, n in by_region.items() if n >= 0.8 * known and 2 * known >= count), "")


def rated(incident: Incident, core: bool, faster: bool = False) -> Incident:
    """The incident with its severity and what that rests on: 4 a suspicion … 1 everybody feels it. It never falls while it is open.

    faster   people come ever faster: who will be many in a moment count as many
    """
    sure, people = incident.phase != "suspected", incident.author_count
    steps = {
        "core_service": core,
        f"many_people:{people}": sure and people >= (SOON_MANY if faster else MANY),
        f"very_many_people:{people}": sure and people >= VERY_MANY,
    }
    because = ["confirmed" if sure else "suspected", *(code for code, holds in steps.items() if holds)]
    because += ["accelerating"] if sure and faster and SOON_MANY <= people < MANY else []
    because += ["probe"] if sure and incident.probes else []
    severity = max(1, (3 if sure else 4) - sum(steps.values()))
    return replace(incident, severity=severity, severity_because=tuple(because)) if severity <= incident.severity else incident


def turned(
    incident: Incident, push: str, now: datetime, reason: str = "", cell: str = "", found: Evidenced | None = None, by: str = ""
) -> Incident:
    """The incident with one more turn in its ledger."""
    turn = Turn(
        at=now,
        phase=incident.phase,
        push=push,
        reason=reason,
        cell=cell,
        count=incident.count,
        people=incident.author_count,
        expected=round(found.usual, 4) if found else 0.0,
        window=found.window if found else 0,
        false_alarms=float(f"{found.false_alarms:.2g}") if found else 0.0,
        witnesses=incident.witnesses,
        by=by,
    )
    turns = (*incident.turns, turn)
    if len(turns) > FIRST_TURNS + LAST_TURNS:
        turns = (*turns[:FIRST_TURNS], *turns[-LAST_TURNS:])
    return replace(incident, turns=turns)


def pushed(
    incident: Incident, push: Push, now: datetime, found: Evidenced | None = None, *, cell: str = "", by: str = ""
) -> tuple[Incident, Reason | None]:
    """The incident after a push, with the turn in its ledger; unchanged where TRANSITIONS has no row."""
    if (incident.phase, push) not in TRANSITIONS:
        return incident, None
    phase, reason = TRANSITIONS[incident.phase, push]
    moved = replace(incident, phase=phase)
    if phase == "confirmed" and incident.confirmed_at is None:
        moved = replace(moved, confirmed_at=now)
    if phase == "resolved":
        moved = replace(moved, resolved_at=now)
    if reason == "reopened":
        moved = replace(moved, resolved_at=None, calm_since=None, well_again=())
    return turned(moved, push.name, now, reason or "", cell, found, by), reason


def is_strong(incident: Incident, budget: float, people: int) -> bool:
    """Enough to confirm: far beyond the false-alarm budget with two people more than needed, or machine (or desk) and people agree."""
    voices = min(incident.author_count, incident.count - incident.count_before)
    alone = polls.rarer(incident.false_alarms, incident.votes) <= budget / CONFIRM_FACTOR and voices >= people + 2
    vouched = bool(incident.probes) or incident.witnesses.vouched or polls.vouched(incident.votes)
    return alone or (vouched and voices >= 2)


# ── growth ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Pace(msgspec.Struct, frozen=True):
    """How fast complaints come: so many a minute over the last ten, and whether ever faster. `fuller`: so many times as much is read
    since we last spoke as before."""

    per_min: float
    accelerating: bool
    fuller: float = 1.0


def pace(
    incident: Incident, said: Sequence[datetime], at: datetime, stands_for: Callable[[datetime], float] = lambda _: 1, read: float = 1
) -> Pace:
    """Ever faster: the last third brought more than half.

    said         when the incident's evidence was posted, as far as the last hour goes
    stands_for   how many of its kind one that was posted then stands for: of a sample, several
    read         the share of the incident's time that was read
    """
    lasted = at - incident.onset_at
    lately = sum(stands_for(moment) for moment in said if moment > at - timedelta(minutes=10))
    third = sum(stands_for(moment) for moment in said if moment > at - lasted / 3)
    enough = lasted >= timedelta(minutes=3) and incident.count >= 6
    return Pace(round(lately / 10, 2), enough and 2 * third * read > incident.count)


def grew(incident: Incident, now: Pace) -> bool:
    """Worth a word: at least ten more than when we last spoke, and twice as many, or coming twice as fast. To read more is no growth."""
    fresh = incident.count - incident.told_count
    return fresh >= 10 and (fresh >= now.fuller * incident.told_count or now.per_min >= 2 * max(incident.told_per_min, 0.5))


def is_snoozed(incident: Incident, now: datetime) -> bool:
    """Somebody asked not to hear of its growth for a while. That it gets graver, or is over, is said all the same."""
    return incident.snoozed_until is not None and now < incident.snoozed_until
