"""What a table of counts cannot know by itself: the calendar of the rules file, which sources were heard, and when incidents were open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from carebot.config.calendar import Special
from carebot.config.schema import Rulebook
from carebot.decide.detecting import baseline, calendar, coverage
from carebot.decide.detecting.cells import Cell, Floats, Table, minute_of, moment_of
from carebot.decide.detecting.lessons import Mask, World
from carebot.decide.incidents.phases import covers
from carebot.decide.state import State
from carebot.model import Incident

BARELY = 1 / 3  # false alarms a month: an incident with more evidence than that was no chance, even if it was never confirmed
FROZEN = 12  # hours of an incident that are not learned; what lasts longer is on its way to be what is usual


def of(state: State, rulebook: Rulebook, minute: int) -> World:
    """The world as it is at this minute. Ask for it again after anything in the state changed."""
    zone = ZoneInfo(rulebook.file.brand.time_zone)
    special = rulebook.file.calendar
    return World(
        zone=zone,
        began=state.memory.heard_from or minute,
        version=(rulebook.fingerprint, tuple(sorted(state.memory.learned.items()))) if special else (),
        factors=partial(_factors, special, zone, state.memory.learned),
        heard=partial(_share_heard, state, rulebook),
        read=partial(read, state, rulebook),
        frozen=partial(frozen, state),
    )


def _factors(
    special: Sequence[Special],
    zone: ZoneInfo,
    learned: Mapping[str, calendar.Learned],
    cells: Sequence[Cell],
    first: int,
    minutes: int,
) -> Floats | None:
    """The calendar's multipliers of each cell's expected counts; those of a roll-up leave out what only some services have."""
    if not special:
        return None
    services = sorted({cell.service for cell in cells})
    each = {service: calendar.factors(special, service, first, minutes, zone, learned) for service in services}
    return np.stack([each[cell.service] for cell in cells])


def heard(state: State, cells: Sequence[Cell], first: int, minutes: int, rulebook: Rulebook | None = None) -> Floats | None:
    """For each cell and minute, the share of its usual traffic that could be heard; None: all of it.

    rulebook   says whose customers speak in which source
    """
    return _shares(state, rulebook, cells, first, minutes, coverage.heard) if state.memory.ears else None


def read(state: State, rulebook: Rulebook | None, cells: Sequence[Cell], first: int, minutes: int) -> Floats | None:
    """For each cell and minute in which something was heard, the share that samples have of it; None: nothing was sampled."""
    sampled = any(ear.partly and ear.partly[-1][0] >= first for ear in state.memory.ears.values())
    return _shares(state, rulebook, cells, first, minutes, coverage.read) if sampled else None


def ears(state: State, brand: str, rulebook: Rulebook | None) -> coverage.Ears:
    """The sources in which this brand's customers speak: those that are its own, or else those that are nobody's."""
    whose = {source.name: source.brand for source in rulebook.file.sources if source.brand} if rulebook else {}
    known = state.memory.ears
    own = {name: ear for name, ear in known.items() if whose.get(name) == brand}
    return own or {name: ear for name, ear in known.items() if name not in whose}


def read_of(state: State, rulebook: Rulebook, incident: Incident, first: int, minutes: int) -> Floats | None:
    """The share that was read of each of these minutes where this incident's people speak; None: nothing was sampled."""
    mine = ears(state, incident.brand, rulebook)
    if not incident.by_source or not any(ear.partly for ear in mine.values()):
        return None
    parts = {network: coverage.read(mine, network, first, minutes) for network in incident.by_source}
    return coverage.of_rollup(incident.by_source, parts)


Ask = Callable[[coverage.Ears, str, int, int], Floats]


def _shares(state: State, rulebook: Rulebook | None, cells: Sequence[Cell], first: int, minutes: int, ask: Ask) -> Floats | None:
    by_brand: dict[str, dict[str, float]] = {}
    rates = baseline.an_hour(state.table)
    for cell, row in state.table.rows.items():
        if cell == Cell(cell.brand, source=cell.source) and cell.source:
            by_brand.setdefault(cell.brand, {})[cell.source] = float(rates[row])
    listening = {brand: ears(state, brand, rulebook) for brand in {cell.brand for cell in cells}}
    everything = np.ones(minutes)

    @cache
    def part(brand: str, network: str) -> Floats:
        return ask(listening[brand], network, first, minutes)

    @cache
    def rollup(brand: str) -> Floats:
        shares = by_brand.get(brand, {})
        return coverage.of_rollup(shares, {network: part(brand, network) for network in shares}) if shares else everything

    return np.stack([part(cell.brand, cell.source) if cell.source else rollup(cell.brand) for cell in cells]) if cells else None


def _share_heard(state: State, rulebook: Rulebook, cells: Sequence[Cell], hour: int) -> Floats | None:
    minutes = heard(state, cells, hour * 60, 60, rulebook)
    return None if minutes is None else minutes.mean(axis=1)


def frozen(state: State, cells: Sequence[Cell], hour: int) -> tuple[Mask, Mask]:
    """Cells in whose hour an incident was open, and where it was more than barely suspected. One that people called none froze nothing."""
    start, end = moment_of(hour * 60), moment_of((hour + 1) * 60)
    there = [
        one
        for one in state.incidents.values()
        if not one.dismissed and one.onset_at < end and (one.resolved_at is None or one.resolved_at >= start)
        if hour - int(one.onset_at.timestamp()) // 3600 < FROZEN
    ]
    return _over(there, cells), _over([one for one in there if one.confirmed_at or one.false_alarms <= BARELY], cells)


def _over(ones: Sequence[Incident], cells: Sequence[Cell]) -> Mask:
    """Cells whose counts belong to one of these incidents."""
    return np.array([any(one.brand == cell.brand and covers(one, cell.service) for one in ones) for cell in cells], np.bool_)


def normal(state: State, cells: Sequence[Cell], first: int, minutes: int) -> NDArray[np.bool_] | None:
    """Which of these minutes tell each cell's local level: not those of an incident, which would hide the next one. None: all."""
    lately = [one for one in state.incidents.values() if not one.dismissed and minute_of(one.last_signal_at or one.onset_at) >= first]
    if not lately:
        return None
    told = np.ones((len(cells), minutes), np.bool_)
    for one in lately:
        span = slice(max(0, minute_of(one.onset_at) - first), max(0, minute_of(one.last_signal_at or one.onset_at) + 1 - first))
        told[_over([one], cells), span] = False
    return told


def usual(state: State, cells: Sequence[Cell], minute: int) -> float:
    """Messages a minute that are usual in these cells together at this minute."""
    table = state.table
    place = min(max(0, minute - table.first), table.usual.shape[1] - 1)
    return float(sum(table.usual[table.rows[cell], place] for cell in cells if cell in table.rows))


def learn_calendar(state: State, rulebook: Rulebook, table: Table, hour: int) -> None:
    """What a settled hour teaches about the calendar's factors that are to be learned."""
    special = rulebook.file.calendar
    if not any(one.factor == "learn" for one in special):
        return
    zone = ZoneInfo(rulebook.file.brand.time_zone)
    brand, first = rulebook.file.brand.name, hour * 60 - table.first
    cells = [cell for cell in table.rows if cell == Cell(brand, cell.service)]
    (asleep, _), share = frozen(state, cells, hour), _share_heard(state, rulebook, cells, hour)
    usual = baseline.expected_in(table, hour, zone)
    for place, cell in enumerate(cells):
        if asleep[place]:
            continue
        row = table.rows[cell]
        seen = float(table.counts[row, first : first + 60].sum())
        expected = float(usual[row]) * (1.0 if share is None else float(share[place]))
        state.memory.learned = calendar.learn(special, cell.service, hour, seen, expected, zone, state.memory.learned)
