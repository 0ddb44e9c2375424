"""Is it over? An all-clear is detected, not assumed because some time went by.

Three things speak: complaints are back to what is usual, over a window so long that the incident, even at half its own rate, would have
shown; customers say that it works again; the check that failed is well. A source that cannot be asked is silent too, and that is no
all-clear: only minutes that were heard speak.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from carebot.decide.incidents.phases import CALM_FOR_MONITORING, CALM_FOR_RESOLVED, Push
from carebot.model import Incident, WellAgain

SHORTEST, LONGEST = 10, 60  # minutes
SURE = 4.5  # nats that the window brings on average if it is over: nine complaints' time where nothing is usual
CALM, LOUD = 2 / 3, 0.0  # calm at this part of them, and not calm any more from there: what lies between changes nothing
WELL = 1.5  # nats that a customer's "works again" is worth; those of two people count
KEPT = 20
THINNEST = 0.1  # the share of a sample whose silence says something


class Quiet(msgspec.Struct, frozen=True):
    """What the last `window` minutes say, of which `heard` were heard: `count` complaints where `expected` are usual; `nats`, the odds that
    it goes on at half its rate, calm from `bar` down; `people` who say that it works again since the last complaint."""

    window: int
    heard: float
    count: int
    expected: float
    nats: float
    bar: float
    people: int


def quiet(
    incident: Incident,
    said: Sequence[datetime],
    at: datetime,
    heard: Callable[[int], float],
    usual: float = 0.0,
    read: tuple[float, float] = (1.0, 1.0),
) -> Quiet:
    """Is it quiet at this moment?

    said   when complaints that belong here were posted, those of the last hour at least
    heard  how much of so many minutes was
    usual  complaints a minute that are usual by now: what lasts for days becomes that, and is over as an incident
    read   the share that was read of what was posted in its time, and in the last hour: less than 1 where it was a sample
    """
    usual, still = _rates(incident, usual, read[0])
    a_minute = (still - usual - usual * math.log(still / usual)) * max(read[1], THINNEST)
    window = math.ceil(min(LONGEST, max(SHORTEST, SURE / a_minute)))
    minutes = heard(window)
    count = sum(at - timedelta(minutes=window) < moment <= at for moment in said)
    people = len({one.author_key for one in incident.well_again if one.at > (incident.last_signal_at or incident.onset_at)})
    nats = count * math.log(still / usual) - (still - usual) * minutes - WELL * min(people, 2)
    return Quiet(window, minutes, count, round(usual * minutes, 3), nats, -CALM * min(SURE, a_minute * window), people)


def _rates(incident: Incident, by_now: float, read: float) -> tuple[float, float]:
    """Complaints a minute: what is usual, and half of what this incident brought, which is at least twice the usual."""
    usual = max(incident.usual / incident.usual_in if incident.usual_in else 0.0, by_now, 1e-3)
    lasted = max(1.0, ((incident.last_signal_at or incident.onset_at) - incident.onset_at) / timedelta(minutes=1))
    return usual, max(incident.count / (lasted * read) / 2, 2 * usual)


def judged(
    incident: Incident, now: Quiet, at: datetime, *, broken: bool, repaired: bool, needed: timedelta = CALM_FOR_RESOLVED
) -> tuple[Incident, Push | None]:
    """The incident with since when it is calm, and what that amounts to.

    broken    a check of its services fails; repaired: one that failed is well again
    needed    how long it must be calm to be over
    """
    if broken or now.nats >= LOUD:
        loud = replace(incident, calm_since=None) if incident.calm_since else incident
        return loud, Push.flare if incident.phase == "monitoring" and now.heard >= 1 else None
    sure = not incident.count or now.nats <= now.bar
    if incident.calm_since is None and not sure:
        return incident, None
    hurry = 2 if repaired or now.people >= 2 else 1  # somebody saw that it works: half the wait
    last = (incident.last_signal_at or at) + CALM_FOR_MONITORING / hurry
    since = incident.calm_since or min(at, last)
    calm = incident if since == incident.calm_since else replace(incident, calm_since=since)
    if sure and at - since >= needed / hurry and incident.phase in ("suspected", "monitoring"):
        return calm, Push.calm_long
    return calm, Push.calm if at - since >= CALM_FOR_MONITORING / hurry and incident.phase == "confirmed" else None


def with_well_again(incident: Incident, said: Iterable[WellAgain]) -> Incident:
    """Who says that it works again, the latest; said twice is once."""
    known = {one.id: one for one in (*incident.well_again, *said)}
    if len(known) == len(incident.well_again):
        return incident
    return replace(incident, well_again=tuple(sorted(known.values(), key=lambda one: (one.at, one.id)))[-KEPT:])
