"""From evidence to incidents, minute by minute: which one it belongs to, what it moves, and which incidents are one.

The service's own cell speaks before the brand's roll-up; who says only "it does not work" is evidence of the incident that is open.
Everything is judged at the minute the messages were posted, whenever they were read: where a late message comes in, the minutes after it
are judged again. What opens an incident: `opening`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from math import exp
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.detecting import counting, machines, witnesses
from carebot.decide.detecting.cells import Cell, minute_of, moment_of
from carebot.decide.incidents import course, merging, opening, phases
from carebot.decide.incidents.phases import LOOK_BACK, Evidenced, Move, covers, is_open
from carebot.decide.state import State, incident_over, open_ones
from carebot.model import Incident, Reason, Signal


def counted(
    state: State, signals: Sequence[Signal], rulebook: Rulebook, zone: ZoneInfo, now: datetime, gone: Sequence[Signal] = ()
) -> tuple[tuple[Signal, ...], list[Move]]:
    """All signals, outage signals marked as counted or not, and what they moved. Minute by minute in the order of posting.

    gone   what messages were that have other words now: it is evidence of nothing any more

    Behind them those read before that count no longer, or only now, because of what was posted before them and is read only now.
    """
    outages = [signal for signal in gone if signal.kind == "outage"]
    batch, taken = counting.by_minute(state, signals, outages)
    for signal in (*taken, *outages):
        _take_back(state, signal)
    done = {(signal.id, signal.kind): signal for marked in batch.values() for signal in marked}
    unsaid = {signal.id for signal in done.values()}
    compared = rulebook.file.compared
    brands = sorted({signal.brand for signal in done.values() if signal.brand not in compared})
    moves: list[Move] = []
    for minute in _minutes(state, batch, brands):
        marked = batch.get(minute, ())
        unsaid -= {signal.id for signal in marked}
        for brand in brands:
            moves += course.over_before(state, brand, minute, unsaid, rulebook)
        fresh = [signal for signal in marked if signal.counted]
        if fresh or not marked:
            # Whoever else says so is heard here, and only here: from now on the evidence is that of all together.
            found = {
                cell: _with_witnesses(state, cell, alone, minute, rulebook, now)
                for cell, alone in counting.evidence(state, minute, fresh, rulebook).items()
                if cell.brand not in compared  # counted to compare with, and not ours to alarm about
            }
            touched = _join(state, [signal for signal in fresh if signal.brand in brands], unsaid)
            for cell, evidenced in found.items():
                moves += opening.opened(state, cell, evidenced, minute, unsaid, rulebook, zone, now)
            moves += _weigh(state, brands, touched, found, minute, rulebook, now)
        _pass_on(state, marked)
        moves += _merge(state, brands, rulebook, now)
    for target in [name for name in machines.checked(state.memory) if machines.failing(state.memory, name)]:
        moves += opening.probe_alone(state, target, rulebook, zone, now)
    fresh_ids = {(s.id, s.kind) for s in signals}
    turned = [s for key, s in done.items() if key not in fresh_ids]
    return (*(done.get((s.id, s.kind), s) for s in signals), *turned, *taken), _said_once(state, moves)


def _minutes(state: State, batch: Mapping[int, Sequence[Signal]], brands: Collection[str]) -> list[int]:
    """The minutes to judge: those of the batch, and of what was counted before, those within an hour after one that learnt something."""
    learnt = [minute for minute, marked in batch.items() if any(signal.counted for signal in marked)]
    known = {minute_of(signal.posted_at) for brand in brands for signal in state.recent.get(brand, ())} - batch.keys()
    within = LOOK_BACK // timedelta(minutes=1)
    return sorted({*batch, *(minute for minute in known if any(0 < minute - late <= within for late in learnt))})


def _with_witnesses(state: State, cell: Cell, alone: Evidenced, minute: int, rulebook: Rulebook, now: datetime) -> Evidenced:
    """What the counts say together with who else says so."""
    seen = witnesses.of(state, cell.brand, cell.service, min(now, moment_of(minute + 1)), rulebook, onset=alone.onset)
    probes = () if seen.notice == "maintenance" else seen.probes
    return replace(alone, false_alarms=alone.false_alarms * exp(-seen.nats), probes=probes, witnesses=seen)


def _said_once(state: State, moves: list[Move]) -> list[Move]:
    """One word an incident: what it came to, not every step on the way. A change of phase outranks growth.

    Of one that was merged into another before anybody heard of it there is nothing to say.
    """
    last: dict[str, Move] = {}
    rank: dict[Reason, int] = {"grew": 0, "severity_up": 1, "flapping": 3}
    for move in moves:
        known, one = last.get(move.incident), state.incidents[move.incident]
        unheard_of = one.merged_into and one.told_severity == phases.UNTOLD
        if not unheard_of and (known is None or rank.get(move.reason, 2) >= rank.get(known.reason, 2)):
            last[move.incident] = move
    return list(last.values())


# ── further evidence ─────────────────────────────────────────────────────────────────────────────────────────────


def _join(state: State, fresh: Sequence[Signal], unsaid: Collection[str]) -> set[str]:
    """Fresh signals as further evidence of the open incidents they belong to; which ones those are."""
    belongs: dict[str, list[Signal]] = {}
    for signal in fresh:
        if over := incident_over(state, Cell(signal.brand, signal.service)) or _was_over(state, signal):
            belongs.setdefault(over.id, []).append(signal)
    for id_, signals in belongs.items():
        one = state.incidents[id_]
        state.incidents[id_] = phases.joined(one, opening.drawn_in(state, one, signals, unsaid))
    return set(belongs)


def _take_back(state: State, gone: Signal) -> None:
    """It turned out that this is nobody's voice: whatever it is evidence of has its other evidence only. What was told stays told."""
    for one in [one for one in state.incidents.values() if gone.id in one.messages]:
        rest = [state.voices.own[id_] for id_ in one.messages if id_ != gone.id and id_ in state.voices.own]
        known = [gone, *rest]
        ids, people = {signal.id for signal in known}, {signal.author_key for signal in known}
        first = min((signal.posted_at for signal in rest), default=one.onset_at)
        bare = replace(
            one,
            messages=tuple(id_ for id_ in one.messages if id_ not in ids),
            count=one.count - len(known),
            authors=tuple(key for key in one.authors if key not in people),
            author_count=one.author_count - len(people),
            by_source=phases.added(one.by_source, (signal.source for signal in known), -1),
            by_symptom=phases.added(one.by_symptom, (signal.symptom for signal in known), -1),
            by_region=phases.added(one.by_region, (signal.region for signal in known), -1),
            onset_at=first if gone.posted_at <= one.onset_at else one.onset_at,
            last_signal_at=None if one.last_signal_at and gone.posted_at >= one.last_signal_at else one.last_signal_at,
        )
        state.incidents[one.id] = phases.joined(bare, rest)


def _was_over(state: State, signal: Signal) -> Incident | None:
    """The incident that was open when this was posted, and is over by the time it is read."""
    for one in state.incidents.values():
        its = one.brand == signal.brand and not one.merged_into and covers(one, signal.service)
        if its and one.resolved_at and one.onset_at <= signal.posted_at <= one.resolved_at:
            return one
    return None


def _weigh(
    state: State,
    brands: Sequence[str],
    touched: Collection[str],
    found: Mapping[Cell, Evidenced],
    minute: int,
    rulebook: Rulebook,
    now: datetime,
) -> list[Move]:
    """What this minute's evidence means for the open incidents: the strongest of all cells that speak for each."""
    moves: list[Move] = []
    for one in [one for brand in brands for one in open_ones(state, brand)]:
        mine = [cell for cell, seen in found.items() if cell.brand == one.brand and opening.speaks_for(state, cell, seen, one, minute)]
        if mine or one.id in touched:
            cell = min(mine, key=lambda cell: (found[cell].false_alarms, cell), default=None)
            moves += opening.settled(state, one, cell, found[cell] if cell else None, rulebook, now)
    return moves


def _pass_on(state: State, marked: Sequence[Signal]) -> None:
    """Copies are no voices, and yet they show which incidents speak of one thing."""
    for signal in marked:
        if not signal.counted and (over := incident_over(state, Cell(signal.brand, signal.service))):
            state.incidents[over.id] = phases.with_texts(over, [signal])


def _merge(state: State, brands: Sequence[str], rulebook: Rulebook, now: datetime) -> list[Move]:
    """Open incidents that turn out to be one become one."""
    moves: list[Move] = []
    for brand in brands:
        ones = merging.by_age(open_ones(state, brand))
        for place, older in enumerate(ones):
            for younger in ones[place + 1 :]:
                one, other = state.incidents[older.id], state.incidents[younger.id]
                if is_open(one) and is_open(other) and merging.are_one(one, other):
                    one, other = merging.merged(one, other, now)
                    state.incidents[other.id] = other
                    moves += [Move(other.id, "merged", 60, by_evidence=False), *opening.settled(state, one, None, None, rulebook, now)]
    return moves
