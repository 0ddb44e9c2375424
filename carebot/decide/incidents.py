"""When do signals become an incident, and when is it over?

Every change of phase is in TRANSITIONS below and nowhere else. Times are the messages' own times, so a backlog read late gives
the same incident as one read live. An incident is a value; each function gives the next one and, where staff should hear of it, a reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum, auto

import msgspec
from msgspec.structs import replace

from carebot.model import Incident, Phase, Reason, Signal

CALM_FOR_MONITORING = timedelta(minutes=10)
CALM_FOR_RESOLVED = timedelta(minutes=30)
REOPEN_WITHIN = timedelta(minutes=60)
TOGETHER = timedelta(minutes=30)  # two services that fail within this long of each other failed of one cause
CONFIRM_FACTOR = 20  # evidence this many times rarer than the budget confirms without a second witness
KEPT = 200  # ids and authors kept on the incident; `count` and `author_count` have all


class Push(Enum):
    """What moves an incident along."""

    stronger = auto()  # evidence far beyond chance, or a second witness
    calm = auto()  # usual again for CALM_FOR_MONITORING
    calm_long = auto()  # usual again for CALM_FOR_RESOLVED
    flare = auto()  # more than usual again
    confirmed_by_person = auto()
    closed_by_person = auto()


# (phase, push) → (next phase, reason to speak)
TRANSITIONS: dict[tuple[Phase, Push], tuple[Phase, Reason | None]] = {
    ("suspected", Push.stronger): ("confirmed", "confirmed"),
    ("suspected", Push.confirmed_by_person): ("confirmed", "confirmed"),
    ("suspected", Push.calm_long): ("resolved", "resolved"),
    ("suspected", Push.closed_by_person): ("resolved", "resolved"),
    ("confirmed", Push.calm): ("monitoring", None),
    ("confirmed", Push.closed_by_person): ("resolved", "resolved"),
    ("monitoring", Push.flare): ("confirmed", None),
    ("monitoring", Push.calm_long): ("resolved", "resolved"),
    ("monitoring", Push.closed_by_person): ("resolved", "resolved"),
    ("resolved", Push.flare): ("suspected", "reopened"),
}


class Evidenced(msgspec.Struct, frozen=True, kw_only=True):
    """What detection found for one cell at one moment, with the people behind it."""

    false_alarms: float
    window: int
    usual: float
    signals: tuple[Signal, ...] = ()  # the counted signals of the window, oldest first, where they were asked for
    probes: tuple[str, ...] = ()  # failing machine checks of the same service


class Move(msgspec.Struct, frozen=True):
    """An incident moved and staff should hear of it. `by_evidence`: new evidence moved it, so how late that was read matters."""

    incident: str
    reason: Reason
    window: int
    by_evidence: bool = True


def is_open(incident: Incident) -> bool:
    return incident.phase != "resolved"


def opened(brand: str, service: str, found: Evidenced, core: bool, now: datetime) -> Incident:
    """A new suspected incident. Its id can be read aloud: brand, service, minute of onset."""
    onset = found.signals[0].posted_at if found.signals else now
    seen_together = Incident(
        id=f"{slug(brand)}-{service or 'general'}-{onset:%Y%m%dT%H%M}",
        brand=brand,
        service=service,
        phase="suspected",
        onset_at=onset,
        opened_at=now,
        usual=found.usual,
        false_alarms=found.false_alarms,
        probes=found.probes,
    )
    return rated(joined(seen_together, found.signals), core)


def slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in name.lower()).split()) or "brand"


def joined(incident: Incident, signals: Iterable[Signal]) -> Incident:
    """The incident with further counted signals as evidence. Signals it has already change nothing."""
    fresh = [signal for signal in signals if signal.id not in incident.messages]
    if not fresh:
        return incident
    authors = set(incident.authors)
    newcomers = [key for key in dict.fromkeys(signal.author_key for signal in fresh) if key not in authors]
    return replace(
        incident,
        messages=(*incident.messages, *(signal.id for signal in fresh))[:KEPT],
        count=incident.count + len(fresh),
        authors=(*incident.authors, *newcomers)[:KEPT],
        author_count=incident.author_count + len(newcomers),
        sources=tuple(sorted({*incident.sources, *(signal.source for signal in fresh)})),
        symptom=incident.symptom or _commonest(signal.symptom for signal in fresh),
        onset_at=min([incident.onset_at, *(signal.posted_at for signal in fresh)]),
        last_signal_at=max([*filter(None, [incident.last_signal_at]), *(signal.posted_at for signal in fresh)]),
    )


def _commonest(names: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for name in filter(None, names):
        counts[name] = counts.get(name, 0) + 1
    return max(sorted(counts), key=lambda name: counts[name], default="")


def rated(incident: Incident, core: bool) -> Incident:
    """The incident with its severity: 4 a suspicion … 1 everybody feels it. Severity never falls while it is open."""
    severity = 4 if incident.phase == "suspected" else 3
    severity -= core
    if incident.phase != "suspected":
        severity -= sum(incident.author_count >= people for people in (25, 100))
    return replace(incident, severity=max(1, min(severity, incident.severity)))


def pushed(incident: Incident, push: Push, now: datetime) -> tuple[Incident, Reason | None]:
    """The incident after a push; unchanged where TRANSITIONS has no row."""
    if (incident.phase, push) not in TRANSITIONS:
        return incident, None
    phase, reason = TRANSITIONS[incident.phase, push]
    moved = replace(incident, phase=phase)
    if phase == "confirmed" and incident.confirmed_at is None:
        moved = replace(moved, confirmed_at=now)
    if phase == "resolved":
        moved = replace(moved, resolved_at=now)
    if reason == "reopened":
        moved = replace(moved, resolved_at=None, calm_since=None)
    return moved, reason


def is_strong(incident: Incident, found: Evidenced, budget: float, people: int) -> bool:
    """Enough to confirm: far beyond the false-alarm budget with two people more than needed, or machine and people agree."""
    alone = found.false_alarms <= budget / CONFIRM_FACTOR and incident.author_count >= people + 2
    return alone or (bool(incident.probes) and incident.author_count >= 2)


def calm_push(incident: Incident, now: datetime) -> Push | None:
    """What the time since it became calm amounts to."""
    if incident.calm_since is None:
        return Push.flare if incident.phase == "monitoring" else None
    calm = now - incident.calm_since
    if calm >= CALM_FOR_RESOLVED and incident.phase in ("suspected", "monitoring"):
        return Push.calm_long
    return Push.calm if calm >= CALM_FOR_MONITORING and incident.phase == "confirmed" else None


def grew(incident: Incident) -> bool:
    """Worth a word: twice as many as when we last spoke, and at least ten more."""
    return incident.count >= max(2 * incident.told_count, incident.told_count + 10)


def is_snoozed(incident: Incident, now: datetime) -> bool:
    """Somebody asked not to hear of its growth for a while. That it gets graver, or is over, is said all the same."""
    return incident.snoozed_until is not None and now < incident.snoozed_until


def calm_window(incident: Incident, now: datetime) -> int:
    """Minutes over which calm is judged: the time in which this incident brought about five messages (10 to 60)."""
    lasted = max(1.0, ((incident.last_signal_at or now) - incident.onset_at) / timedelta(minutes=1))
    return min(60, max(10, math.ceil(5 * lasted / max(incident.count, 1))))
