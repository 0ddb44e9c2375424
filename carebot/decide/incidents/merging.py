"""When are two incidents of one brand one and the same?

When they began together, or when the same people or the same words are in both. The older one survives with the evidence of both, each
person and text counted once, and no message twice, because a message is evidence of one incident only. The other is resolved.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from carebot.decide.incidents.phases import KEPT, TOGETHER, Push, added, pushed, services, turned
from carebot.model import Incident

SHARED = 2  # people, or texts, in both: one may be chance
PART = 1 / 3  # of the people, or texts, of the smaller one


def alike(one: Collection[str | int], other: Collection[str | int]) -> bool:
    """Do two sets of people, or of texts, overlap so far that they speak of one thing?"""
    shared = len(set(one) & set(other))
    return shared >= SHARED and shared >= PART * min(len(set(one)), len(set(other)))


def are_one(one: Incident, other: Incident) -> bool:
    """Both open, of one brand: the same failure?"""
    together = abs(one.onset_at - other.onset_at) <= TOGETHER
    return together or alike(one.authors, other.authors) or alike(one.texts, other.texts)


def by_age(incidents: Sequence[Incident]) -> list[Incident]:
    """The oldest first: the one that began first; where they began at once, the one that was opened first."""
    return sorted(incidents, key=lambda one: (one.onset_at, one.opened_at, one.id))


def merged(older: Incident, younger: Incident, now: datetime) -> tuple[Incident, Incident]:
    """The older one with the evidence of both, and the younger one as it ends."""
    people = set(older.authors)
    both = replace(
        older,
        also=tuple(dict.fromkeys(name for name in (*older.also, *services(younger)) if name and name != older.service)),
        messages=tuple(dict.fromkeys([*older.messages, *younger.messages]))[:KEPT],
        count=older.count + younger.count,
        authors=tuple(dict.fromkeys([*older.authors, *younger.authors]))[:KEPT],
        author_count=older.author_count + younger.author_count - sum(key in people for key in younger.authors),
        texts=tuple(dict.fromkeys([*older.texts, *younger.texts]))[:KEPT],
        by_source=_sum(older.by_source, younger.by_source),
        by_symptom=_sum(older.by_symptom, younger.by_symptom),
        by_region=_sum(older.by_region, younger.by_region),
        sources=tuple(sorted({*older.sources, *younger.sources})),
        onset_at=min(older.onset_at, younger.onset_at),
        last_signal_at=max(filter(None, [older.last_signal_at, younger.last_signal_at]), default=None),
        false_alarms=min(older.false_alarms, younger.false_alarms),
        probes=tuple(dict.fromkeys([*older.probes, *younger.probes])),
        told_count=older.told_count + younger.told_count,
        told_severity=min(older.told_severity, younger.told_severity),
        severity=min(older.severity, younger.severity),
        owner=older.owner or younger.owner,
        calm_since=None,
        merged=(*older.merged, younger.id, *younger.merged),
    )
    ended, _ = pushed(replace(younger, merged_into=older.id), Push.merged, now, by=older.id)
    return turned(both, "merged", now, by=younger.id), ended


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return added(one, (name for name, n in other.items() for _ in range(n)))
