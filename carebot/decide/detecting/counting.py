"""Whose voice counts, in which cells, and what the counts say: a minute's signals held against what is usual.

The rules: a copy and an author's second voice do not count (`voices`); everything is judged at the minute the messages were posted,
whenever they were read. What the evidence then means for incidents is `outbreak`'s business.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.detecting import budget, lessons, surroundings, voices
from carebot.decide.detecting.cells import LATE, WIDTH, Cell, minute_of, moment_of
from carebot.decide.incidents.phases import Evidenced
from carebot.decide.state import State, cells_of, count, remember, take_back, weight
from carebot.model import Signal
from carebot.understand.copies import Said, clusters


def told_apart(state: State, signals: Sequence[Signal], plain: Mapping[str, str]) -> tuple[Signal, ...]:
    """The signals, each outage's `fingerprint` that of the text it is a copy of. `plain`: the messages' words by id."""
    outages = [place for place, signal in enumerate(signals) if signal.kind == "outage"]
    said = [Said(s.id, plain[s.id], s.fingerprint, minute_of(s.posted_at)) for s in (signals[place] for place in outages)]
    found, state.texts = clusters(said, state.texts)
    apart = list(signals)
    for place, cluster in zip(outages, found, strict=True):
        apart[place] = replace(signals[place], fingerprint=cluster)
    return tuple(apart)


def by_minute(state: State, signals: Sequence[Signal], gone: Sequence[Signal] = ()) -> tuple[dict[int, list[Signal]], list[Signal]]:
    """The outage signals of each minute of posting, each as it counts; and those read before that count no longer. All is remembered.

    Whoever was read before and counts only now is among those of their minute. `gone`: what messages were that have other words now.
    """
    fresh: list[Signal] = []
    turned: dict[str, tuple[bool, Signal]] = {}  # by id: did it count before this batch? and as it counts now
    for old in gone:
        for other in voices.unsaid(state.voices, old):
            turned[other.id] = (turned[other.id][0] if other.id in turned else not other.counted), other
        if old.counted:
            take_back(state, old)
    for old in gone:
        turned.pop(old.id, None)
    for signal in sorted((s for s in signals if s.kind == "outage"), key=lambda s: (s.posted_at, s.id)):
        marked, others = voices.heard(state.voices, signal)
        fresh.append(marked)
        for other in others:
            turned[other.id] = (turned[other.id][0] if other.id in turned else not other.counted), other
    changed = [other for counted, other in turned.values() if counted != other.counted]
    minutes: dict[int, list[Signal]] = {}
    for signal in sorted([*fresh, *(other for other in changed if other.counted)], key=lambda s: (s.posted_at, s.id)):
        minutes.setdefault(minute_of(signal.posted_at), []).append(signal)
        if signal.counted:
            remember(state, signal)
    taken = [other for other in changed if not other.counted]
    for signal in taken:
        take_back(state, signal)
    return minutes, taken


def move_on(state: State, minute: int, rulebook: Rulebook) -> None:
    """The clock's minute: the table moves on to it, and learns from the hours that are settled by then."""
    world = surroundings.of(state, rulebook, minute)
    if state.profiles:
        state.table.learned_to = lessons.settled_by(state.memory.minute, state.memory.heard_from)
        for cell, profile in state.profiles.items():
            lessons.recall(state.table, cell, profile, world)
        state.profiles = {}
    lessons.advance(state.table, minute, world, lambda table, hour: surroundings.learn_calendar(state, rulebook, table, hour))


def evidence(state: State, minute: int, fresh: Sequence[Signal], rulebook: Rulebook) -> dict[Cell, Evidenced]:
    """One minute's counted signals put into their cells, and what the detector says of those: narrow ones first, roll-ups last.

    Without fresh ones: what it says now of the cells that counted in this minute before, where earlier minutes learnt of a late message.
    """
    table, world = state.table, surroundings.of(state, rulebook, minute)
    said = fresh or [s for brand in state.recent.values() for s in brand if minute_of(s.posted_at) == minute]
    touched = dict.fromkeys(cell for signal in said for cell in cells_of(signal))
    lessons.join(table, tuple(touched), world)
    for brand in {signal.brand for signal in fresh} & rulebook.file.compared.keys():
        state.memory.compared = {**state.memory.compared, brand: max(minute, state.memory.compared.get(brand, 0))}
    for signal in fresh:
        if minute >= table.first:
            count(state, signal, weight(signal))
            continue
        for cell in cells_of(signal):
            lessons.backfill(table, table.rows[cell], minute, weight(signal), world.zone)
    if minute < table.first + WIDTH - LATE:
        return {}  # read so late that it is history
    lessons.redraw(table, world)
    return _judged(state, sorted(touched, key=_breadth), minute, rulebook)


def _breadth(cell: Cell) -> tuple[bool, int, Cell]:
    """A service speaks before what is known of one part of it, and that before the brand."""
    return not cell.service, sum(map(bool, (cell.symptom, cell.source, cell.region))), cell


def _judged(state: State, cells: Sequence[Cell], minute: int, rulebook: Rulebook) -> dict[Cell, Evidenced]:
    """What the detector says of these cells at this minute, as false alarms of the whole brand."""
    table = state.table
    rows = np.array([table.rows[cell] for cell in cells], np.intp)
    if not len(rows):
        return {}
    heard = surroundings.heard(state, cells, minute - WIDTH + 1, WIDTH, rulebook)
    read = surroundings.read(state, rulebook, cells, minute - WIDTH + 1, WIDTH)
    normal = surroundings.normal(state, cells, minute - WIDTH + 1, WIDTH)
    found = lessons.evidence(table, rows, minute, state.memory.heard_from or minute, heard, normal, read)
    alone = lessons.false_alarms(table, rows, found)
    return {
        cell: Evidenced(
            false_alarms=float(f"{alone[place] * budget.tests(table, cell.brand):.4g}"),
            window=int(found.window[place]),
            usual=round(float(found.expected[place]), 4),
            onset=moment_of(minute - int(found.window[place]) + 1),
        )
        for place, cell in enumerate(cells)
    }


def behind(state: State, cell: Cell, minute: int, window: int) -> tuple[Signal, ...]:
    """The counted signals of the window that ends with this minute, oldest first."""
    recent = state.recent.get(cell.brand, ())  # in this order
    first, end = (bisect_left(recent, moment_of(edge), key=lambda signal: signal.posted_at) for edge in (minute - window + 1, minute + 1))
    return tuple(signal for signal in recent[first:end] if not cell.service or signal.service == cell.service)
