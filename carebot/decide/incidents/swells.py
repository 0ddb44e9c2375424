"""Far more is being said about us than usual, and nobody reads it: what a mere count of posts opens, and when that is over.

While posts are read, they speak for themselves, and a count opens nothing. Where the budget leaves only the count, a jump in it is
worth a suspicion of the brand as a whole, and no more: a goal and an outage look alike. It is told as what it is, with no sentence for
customers. Only people confirm it, complaints that are read take its place, and it ends when as much as usual is posted, or when posts
are read again.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.detecting import budget, volume
from carebot.decide.detecting.cells import moment_of
from carebot.decide.incidents import merging, opening, phases
from carebot.decide.incidents.phases import CALM_FOR_MONITORING, CALM_FOR_RESOLVED, REOPEN_WITHIN, Evidenced, Move, Push, is_bare, is_open
from carebot.decide.state import State, open_ones
from carebot.model import Incident, Swell

TIMES = 3.0  # times the usual, in all the minutes of which nobody read anything
SHORTEST = 3  # of those minutes: one count alone may be anything


def judged(state: State, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> list[Move]:
    """How those are doing that counts opened before, or what they open now. Not while there is an incident that people speak of."""
    brand = rulebook.file.brand.name
    bare = [one for one in state.incidents.values() if one.brand == brand and is_open(one) and is_bare(one)]
    voiced = merging.by_age(open_ones(state, brand))
    if voiced or bare:
        return [move for one in bare for move in (_taken_over(state, one, voiced[0], now) if voiced else _lived(state, one, now))]
    for source in sorted(state.memory.volumes):
        if found := _found(state, source, rulebook, now):
            return _opened(state, *found, rulebook, zone, now)
    return []


def _found(state: State, source: str, rulebook: Rulebook, now: datetime) -> tuple[Evidenced, Swell] | None:
    """Far more than usual, of which nobody has read anything."""
    last = volume.last_told(state, source, now)
    unread = volume.unread(state, source, last) if last else 0
    swell = volume.says(state, source, now, unread) if unread >= SHORTEST else None
    if not last or not swell or swell.posts < TIMES * swell.usual:
        return None
    alone, window = volume.chance(state, source, last)
    # One cell more of the brand, beside those that people speak in: they share its false alarms.
    told = alone * (budget.tests(state.table, rulebook.file.brand.name) + len(state.volumes))
    if told > rulebook.file.incidents.false_alarms_a_month:
        return None
    return Evidenced(false_alarms=float(f"{told:.4g}"), window=window, usual=0.0, onset=moment_of(last - window + 1)), swell


def _opened(state: State, found: Evidenced, swell: Swell, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> list[Move]:
    brand, onset = rulebook.file.brand.name, found.onset or now
    closed = [one for one in state.incidents.values() if is_bare(one) and one.swell and one.swell.source == swell.source]
    if any(one.turns[-1].push == Push.closed_by_person.name for one in closed):
        return []  # somebody looked, and the same goes on
    past = next((one for one in closed if not one.merged_into and one.resolved_at and now - one.resolved_at <= REOPEN_WITHIN), None)
    if past:
        one, reason = phases.pushed(replace(past, swell=swell, false_alarms=found.false_alarms), Push.flare, now, found)
    else:
        id_ = opening.name(state, brand, "", onset.astimezone(zone))
        born = replace(phases.opened(id_, brand, "", found, now, now), swell=swell, onset_at=onset)
        one, reason = phases.turned(phases.rated(born, False), "opened", now, "suspected", "", found), "suspected"
    state.incidents[one.id] = one
    return [Move(one.id, reason, swell.minutes, by_evidence=False)] if reason else []


def _lived(state: State, one: Incident, now: datetime) -> list[Move]:
    """Calm when as much as usual is posted, or when it is read again: then people speak for themselves."""
    assert one.swell
    unread, swell = volume.unread(state, one.swell.source), volume.says(state, one.swell.source, now)
    if unread and not swell:
        return []  # nothing is told: nobody knows
    if unread and swell and swell.posts >= volume.RAISED * swell.usual:
        after, _ = phases.pushed(replace(one, calm_since=None), Push.flare, now)
        state.incidents[one.id] = one if after == one else after
        return []
    calm = one if one.calm_since else replace(one, calm_since=now)
    quiet_for = now - (calm.calm_since or now)
    over = quiet_for >= CALM_FOR_RESOLVED and one.phase != "confirmed"
    after, reason = phases.pushed(calm, Push.calm_long if over else Push.calm, now) if quiet_for >= CALM_FOR_MONITORING else (calm, None)
    state.incidents[one.id] = after
    return [Move(one.id, reason, volume.WINDOW, by_evidence=False)] if reason else []


def _taken_over(state: State, one: Incident, voiced: Incident, now: datetime) -> list[Move]:
    """Somebody was read who complains: that incident goes on, and what a person said of this one holds for it."""
    kept = replace(voiced, merged=(*voiced.merged, one.id), owner=voiced.owner or one.owner)
    kept, said = phases.turned(kept, "merged", now, by=one.id), None
    if one.confirmed_at:
        kept, said = phases.pushed(kept, Push.confirmed_by_person, now, by=one.owner)
    state.incidents[voiced.id] = kept
    state.incidents[one.id], reason = phases.pushed(replace(one, merged_into=voiced.id), Push.merged, now, by=voiced.id)
    told = ((one.id, reason), (voiced.id, said))
    return [Move(id_, why, volume.WINDOW, by_evidence=False) for id_, why in told if why]
