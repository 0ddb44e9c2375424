"""Whose voice counts, in which cells, and what the counts say: a minute's signals held against what is usual.

The rules: a copy and an author's second voice do not count; everything is judged at the minute the messages were posted, whenever they
were read. What the evidence then means for incidents is `outbreak`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace

from carebot.decide import baseline, detect, machines
from carebot.decide.baseline import WIDTH, Cell, minute_of
from carebot.decide.incidents import Evidenced
from carebot.decide.state import State, cells_of, has_voted, incident_over, remember
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


def by_minute(state: State, signals: Sequence[Signal]) -> Iterator[tuple[int, tuple[Signal, ...]]]:
    """The outage signals of each minute of posting, in order, each marked as counted or not; what counts is remembered."""
    outages = sorted((s for s in signals if s.kind == "outage"), key=lambda s: (s.posted_at, s.id))
    for minute, group in groupby(outages, key=lambda s: minute_of(s.posted_at)):
        marked: list[Signal] = []
        for signal in group:
            fresh = not has_voted(state, signal)
            marked.append(signal if fresh else replace(signal, counted=False))
            if fresh:
                remember(state, signal)
        yield minute, tuple(marked)


def evidence(state: State, minute: int, fresh: Sequence[Signal], zone: ZoneInfo) -> dict[Cell, Evidenced]:
    """One minute's counted signals put into their cells, and what the detector says of those, services before roll-ups."""
    touched: dict[Cell, list[int]] = {}
    for signal in fresh:
        for cell in cells_of(signal):
            touched.setdefault(cell, []).append(minute)
    for cell, at in touched.items():
        series = state.series.get(cell) or baseline.new(cell, minute, heard_from=state.memory.heard_from)
        state.series[cell] = baseline.touch(series, minute, at, zone, frozen=incident_over(state, cell) is not None)
    return _evidence(state, sorted(sorted(touched), key=lambda cell: not cell.service), minute, zone)


def _evidence(state: State, cells: Sequence[Cell], minute: int, zone: ZoneInfo) -> dict[Cell, Evidenced]:
    """What the detector says of these cells at this minute."""
    series = [state.series[cell] for cell in cells]
    usuals = [baseline.usual(one, zone) for one in series]
    back = [one.head - minute for one in series]
    table = detect.evidence(
        np.stack([_until(one.counts, ago) for one, ago in zip(series, back, strict=True)]),
        np.stack([_until(usual.per_minute, ago) for usual, ago in zip(usuals, back, strict=True)]),
        np.array([usual.spread for usual in usuals]),
    )
    found = {}
    for row, cell in enumerate(cells):
        window = int(table.window[row])
        check = machines.failing(state.memory, cell.service) if cell.service else None
        found[cell] = Evidenced(
            false_alarms=float(table.false_alarms[row]),
            window=window,
            usual=float(table.expected[row]),
            probes=(check.id,) if check else (),
        )
    return found


def _until(columns: Any, ago: int) -> Any:
    """The columns as they were `ago` minutes before the head, padded with what came before: nothing."""
    if ago <= 0:
        return columns
    shifted = np.zeros_like(columns)
    if ago < WIDTH:
        shifted[ago:] = columns[:-ago]
    return shifted


def behind(state: State, cell: Cell, minute: int, window: int) -> tuple[Signal, ...]:
    """The counted signals of the window that ends with this minute, oldest first."""
    behind = (
        signal
        for signal in state.recent.get(cell.brand, ())
        if (not cell.service or signal.service == cell.service) and minute - window < minute_of(signal.posted_at) <= minute
    )
    return tuple(sorted(behind, key=lambda signal: (signal.posted_at, signal.id)))
