"""What opens an incident, widens the one that is open, or reopens the one that is over; and what evidence does to it from then on.

Two services that fail together, or of which the same people complain, are one incident. What is left of an incident that is over speaks
for no new one, and of who belongs to an incident the first complaint decides, not the order in which they were read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.detecting import counting, machines, witnesses
from carebot.decide.detecting.cells import Cell, minute_of, moment_of
from carebot.decide.incidents import course, flapping, merging, phases
from carebot.decide.incidents.phases import LOOK_BACK, Evidenced, Move, Push, covers, is_bare, is_open, services
from carebot.decide.state import State, incident_over, open_ones
from carebot.model import Incident, Reason, Signal

KEPT_NAMES = 500
AGAIN = 3  # times the usual: what must be heard since an incident that is over, whose complaints are still in the window


def opened(
    state: State,
    cell: Cell,
    found: Evidenced,
    minute: int,
    unsaid: Collection[str],
    rulebook: Rulebook,
    zone: ZoneInfo,
    now: datetime,
) -> list[Move]:
    """Does this cell's evidence at this minute open an incident, widen one, or reopen one?"""
    wanted = rulebook.file.incidents
    if found.false_alarms > wanted.false_alarms_a_month or incident_over(state, cell):
        return []
    closed = [one for one in state.incidents.values() if one.brand == cell.brand and not is_open(one) and not is_bare(one)]
    used = {id_ for one in closed for id_ in one.messages}
    behind = [signal for signal in counting.behind(state, cell, minute, found.window) if signal.id not in used and _is_of(signal, cell)]
    service = cell.service or _dominant(behind)
    signals = witnesses.unexplained(behind, state.memory)
    if len({signal.author_key for signal in signals}) < (2 if found.witnesses.vouched else wanted.people):
        return []
    lately = [one for one in closed if covers(one, service) and (one.last_signal_at or one.onset_at) > moment_of(minute - found.window)]
    if any(not _speak_anew(signals, one, found, minute) for one in lately):
        return []
    found = replace(found, signals=tuple(s for s in signals if not found.onset or s.posted_at >= found.onset) or signals)
    for other in merging.by_age(open_ones(state, cell.brand)):
        if _is_same(other, found):
            widened = replace(other, also=tuple(dict.fromkeys([*other.also, *filter(None, [service])])))
            widened = phases.turned(phases.joined(widened, found.signals), "widened", now, cell=service, found=found)
            return settled(state, widened, cell, None, rulebook, now)
    noticed = min(now, moment_of(minute + 1))
    for past in merging.by_age(closed)[::-1]:
        if past.service == service and not past.dismissed and not past.merged_into and _is_back(state, past, found, now):
            again = replace(
                past,
                count_before=past.count,
                probes=found.probes,
                false_alarms=found.false_alarms,
                usual=found.usual,
                usual_in=found.window,
                noticed_at=noticed,
            )
            again = phases.joined(again, [*found.signals, *_run(state, again, found.signals[0].posted_at, unsaid)])
            again, reason = phases.pushed(again, Push.flare, now, found, cell=cell.service)
            again, word = flapping.reopened(again, state.incidents.values(), now)
            state.incidents[again.id] = again
            return [Move(again.id, word, found.window)] if reason else []
    return _born(state, cell.brand, service, found, noticed, unsaid, rulebook, zone, now)


def _is_of(signal: Signal, cell: Cell) -> bool:
    """Does the signal count in this cell? A part left empty means all."""
    wanted = ((cell.symptom, signal.symptom), (cell.source, signal.source), (cell.region, signal.region))
    return all(not asked or asked == has for asked, has in wanted)


def _speak_anew(signals: Sequence[Signal], past: Incident, found: Evidenced, minute: int) -> bool:
    """Are these more than usual since an incident that is over, whose own complaints are still in the window?"""
    over_at = past.last_signal_at or past.onset_at
    minutes = max(1.0, (moment_of(minute + 1) - over_at) / timedelta(minutes=1))
    return sum(signal.posted_at > over_at for signal in signals) >= AGAIN * found.usual / found.window * minutes


def _is_same(other: Incident, found: Evidenced) -> bool:
    """Is what these people say the open incident of another service? They began together, or are the same people, or the same words."""
    people, texts = ({s.author_key for s in found.signals}, {s.fingerprint for s in found.signals if s.fingerprint})
    together = abs(found.signals[0].posted_at - other.onset_at) <= phases.TOGETHER
    return together or merging.alike(people, other.authors) or merging.alike(texts, other.texts)


def _born(
    state: State,
    brand: str,
    service: str,
    found: Evidenced,
    noticed_at: datetime,
    unsaid: Collection[str],
    rulebook: Rulebook,
    zone: ZoneInfo,
    now: datetime,
) -> list[Move]:
    """A new incident with its evidence: those of the window, and who belongs to them."""
    onset = found.signals[0].posted_at if found.signals else noticed_at
    id_ = name(state, brand, service, onset.astimezone(zone))
    born = phases.joined(phases.opened(id_, brand, service, found, noticed_at, now), found.signals)
    born = phases.joined(born, _run(state, born, born.onset_at, unsaid))
    born = phases.turned(phases.rated(born, course.is_core(service, rulebook)), "opened", now, "suspected", service, found)
    state.incidents[id_] = born
    return [Move(id_, "suspected", found.window), *settled(state, born, Cell(brand, service), found, rulebook, now)]


def slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in name.lower()).split()) or "brand"


def name(state: State, brand: str, service: str, onset: datetime) -> str:
    """A name that can be read aloud: brand, service, day, and which one of that day. The order in which messages arrive does not show."""
    first = f"{slug(brand)}-{service or 'general'}-{onset:%Y%m%d}"
    numbers = state.memory.numbers
    number = numbers.get(first, 0) + 1
    kept = dict(list(numbers.items())[-KEPT_NAMES:])
    state.memory.numbers = {**kept, first: number}
    return first if number == 1 else f"{first}-{number}"


def _is_back(state: State, past: Incident, found: Evidenced, now: datetime) -> bool:
    return flapping.is_back(past, state.incidents.values(), found.signals[-1].posted_at, now)


def speaks_for(state: State, cell: Cell, found: Evidenced, one: Incident, minute: int) -> bool:
    """Do this cell's counts speak of this incident? Those of the brand as a whole do where they are mostly of its services."""
    return (cell.service or _dominant(counting.behind(state, cell, minute, found.window))) in services(one)


def _dominant(signals: Sequence[Signal]) -> str:
    """The service that six in ten of those speak of who name one, and a third of all; or ""."""
    named = Counter(signal.service for signal in signals if signal.service)
    service, count = min(named.items(), key=lambda counted: (-counted[1], counted[0]), default=("", 0))
    return service if count >= 0.6 * named.total() and 3 * count >= len(signals) else ""


def probe_alone(state: State, target: str, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> list[Move]:
    """A failing probe opens a suspected incident before any customer writes; in an open one it is the second witness."""
    brand, check = rulebook.file.brand.name, machines.failing(state.memory, target)
    assert check is not None
    since = witnesses.unexplained_since(check.since, state.memory, target)
    seen = witnesses.of(state, brand, target, now, rulebook, onset=since)
    if since > check.last_at or any(check.id in one.probes for one in state.incidents.values() if not one.merged_into):
        return []
    open_now = merging.by_age(open_ones(state, brand))
    over = next((one for one in open_now if target in services(one) or abs(since - one.onset_at) <= phases.TOGETHER), None)
    if over:
        also = over.also if target in services(over) or not over.service else (*over.also, target)
        found = Evidenced(false_alarms=over.false_alarms, window=60, usual=over.usual, probes=(check.id,), witnesses=seen)
        return settled(state, replace(over, also=also), Cell(brand, target), found, rulebook, now)
    lately = witnesses.unexplained(counting.behind(state, Cell(brand, target), minute_of(now), 60), state.memory)  # before the second look
    used = {id_ for one in state.incidents.values() for id_ in one.messages}
    signals = witnesses.unexplained((signal for signal in lately if signal.id not in used), state.memory)
    found = Evidenced(false_alarms=0.0, window=60, usual=0.0, signals=signals, probes=(check.id,), witnesses=seen)
    before = set(state.incidents)
    moves = _born(state, brand, target, found, since, (), rulebook, zone, now)
    (id_,) = state.incidents.keys() - before
    born = state.incidents[id_]
    state.incidents[id_] = replace(born, onset_at=min(born.onset_at, since))
    return moves


# ── what belongs to it, and what that does ───────────────────────────────────────────────────────────────────────


def drawn_in(state: State, one: Incident, fresh: Sequence[Signal], unsaid: Collection[str]) -> list[Signal]:
    """The signals that belong to this incident: of the fresh ones and of those before its first complaint, whoever is of one run with it.

    So a late message that closes a gap draws in what was said before the gap.
    """
    pool = {signal.id: signal for signal in (*_unowned(state, one, unsaid), *fresh) if signal.posted_at < one.onset_at or signal in fresh}
    return _since_run(one, one.onset_at, list(pool.values()))


def _run(state: State, one: Incident, first: datetime, unsaid: Collection[str]) -> list[Signal]:
    """All that is known of the run that this moment is part of, also what was said later and read before."""
    return _since_run(one, first, _unowned(state, one, unsaid))


def _unowned(state: State, one: Incident, unsaid: Collection[str]) -> list[Signal]:
    owned = {id_ for other in state.incidents.values() for id_ in other.messages}
    mine = (signal for signal in state.recent.get(one.brand, ()) if covers(one, signal.service))
    return list(witnesses.unexplained((signal for signal in mine if signal.id not in owned and signal.id not in unsaid), state.memory))


def _since_run(one: Incident, first: datetime, pool: Sequence[Signal]) -> list[Signal]:
    oldest = (one.noticed_at or one.opened_at) - LOOK_BACK
    before = [signal.posted_at for signal in pool if oldest <= signal.posted_at < first]
    start = phases.begins(first, before, timedelta(minutes=one.link))
    return [signal for signal in pool if signal.posted_at >= start]


def settled(state: State, after: Incident, cell: Cell | None, found: Evidenced | None, rulebook: Rulebook, now: datetime) -> list[Move]:
    """The incident with new evidence: confirmed, graver, grown? The new version is kept; staff hear one reason at the most."""
    wanted = rulebook.file.incidents
    spoke = cell.service if cell else after.service
    reason: Reason | None = None
    if found:
        strongest = min(after.false_alarms, found.false_alarms)
        probes = tuple(dict.fromkeys((*after.probes, *found.probes)))
        after = replace(after, probes=probes, witnesses=found.witnesses, false_alarms=strongest)
        if not after.usual:  # a check opened it, and nothing was counted until now
            after = replace(after, usual=found.usual, usual_in=found.window)
    if phases.is_strong(after, wanted.false_alarms_a_month, wanted.people):
        after, reason = phases.pushed(after, Push.stronger, now, found, cell=spoke)
    pace = course.pace(state, after, rulebook, now, after.last_signal_at or now)
    after = phases.rated(after, course.is_core(after.service, rulebook), pace.accelerating)
    if reason is None and course.shown_severity(after, now) < after.told_severity < phases.UNTOLD:
        reason = "severity_up"
        after = phases.turned(after, reason, now, reason, spoke, found)
    if reason is None and phases.grew(after, pace) and not phases.is_snoozed(after, now) and not flapping.said_often(after, now):
        reason = "grew"
        after = phases.turned(after, reason, now, reason, spoke, found)
    state.incidents[after.id] = after
    return [Move(after.id, reason, found.window if found else 60)] if reason else []
