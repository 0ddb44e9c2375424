"""How long customers wait for their first answer, by network and by the hour in which they ask. Pure.

A first answer is the brand's first reply in a case that is more than another door; the wait for it is counted on the wall clock, as the
customer counts it, while the promise of the rules counts open hours. Who is still unanswered is in the percentiles as waiting for ever:
a desk that answers half of its customers at once has no p90, not a good one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil, inf
from zoneinfo import ZoneInfo

import msgspec

from carebot.decide.care.replies import PUBLIC
from carebot.model import Case, Clock
from carebot.report.week import FirstResponse, Waits


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message as stored. One that was deleted has no text, no author and no address any more."""

    id: str
    source: str
    author: str
    author_name: str
    text: str
    posted_at: datetime
    seen_at: datetime
    by_brand: bool
    url: str
    audience: int
    deleted: bool


Messages = Mapping[str, Said]


class Period(msgspec.Struct, frozen=True):
    """From midnight to midnight where the desk is. known_to: how far the database goes."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    known_to: datetime

    def has(self, at: datetime | None) -> bool:
        return at is not None and self.start <= at < self.end


def is_late(clock: Clock) -> bool:
    """Was it met too late, or not at all? Of a solution only what the desk was told of: its time stands still and moves on."""
    if clock.breached_at or clock.kind == "resolution":
        return clock.breached_at is not None
    return clock.met_at is not None and clock.met_at > clock.due_at


# ── first answers ────────────────────────────────────────────────────────────────────────────────────────────────


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's wait for a first answer. kept: the promise of the rules, None while it is open or where there is none."""

    source: str
    asked_at: datetime
    answered_at: datetime | None
    no_more: bool = False
    kept: bool | None = None


def waits(case: Case, known_to: datetime) -> Iterator[Wait]:
    """Each first answer that was owed in this case: one, but for who was let down, came back later and waited anew."""
    if case.author_key == PUBLIC or case.joined:
        return  # what is said to everybody answers nobody; and a case that joined another is counted there
    clocks = [clock for clock in case.clocks if clock.kind == "first_response"]
    for clock in clocks:
        solved = clock.void and case.solved_at is not None and clock.met_at == case.solved_at
        answered = None if clock.void else clock.met_at
        open_still = answered is None and known_to < clock.due_at
        kept = None if solved or open_still else answered is not None and not is_late(clock)
        yield Wait(source=case.source, asked_at=clock.started_at, answered_at=answered, no_more=solved, kept=kept)
    if not clocks and case.history[:1] and case.history[0].at <= case.opened_at:  # the rules promise nothing here
        answered = next((line.at for line in case.history if line.what in ("answer", "asked_back")), None)
        yield Wait(source=case.source, asked_at=case.opened_at, answered_at=answered, no_more=answered is None and bool(case.solved_at))


def first_response(found: Sequence[Wait], zone: ZoneInfo) -> FirstResponse:
    channels, hours = defaultdict[str, list[Wait]](list), defaultdict[int, list[Wait]](list)
    for wait in found:
        channels[wait.source].append(wait)
        hours[wait.asked_at.astimezone(zone).hour].append(wait)
    return FirstResponse(
        summed(found),
        {source: summed(channels[source]) for source in sorted(channels)},
        {hour: summed(hours[hour]) for hour in sorted(hours)},
    )


def summed(found: Sequence[Wait]) -> Waits:
    counted = [wait for wait in found if not wait.no_more]
    lasted = sorted((wait.answered_at - wait.asked_at) / timedelta(minutes=1) if wait.answered_at else inf for wait in counted)
    decided = [wait.kept for wait in counted if wait.kept is not None]
    return Waits(
        asked=len(found),
        answered=sum(wait.answered_at is not None for wait in counted),
        no_more=len(found) - len(counted),
        p50_min=percentile(lasted, 0.5),
        p90_min=percentile(lasted, 0.9),
        promised=len(decided),
        kept=sum(decided),
        within=round(sum(decided) / len(decided), 4) if decided else None,
    )


def percentile(ascending: Sequence[float], share: float) -> float | None:
    """The smallest of them that so large a share does not exceed (nearest rank); None where there is none, or it never came."""
    if not ascending:
        return None
    value = ascending[max(0, ceil(share * len(ascending)) - 1)]
    return None if value == inf else round(value, 2)
