"""What each hour teaches: the table moves on with the clock, and an hour that is over and settled is learned from.

An hour is learned SETTLED minutes after the next one ended, so late messages are in it and an incident that began in it is known. Not
learned: the hours of an open incident (one bad morning must not make the next one look normal), and what nobody could hear. Everything
goes by the clock's hours, however long nothing was heard, so it does not matter how time went by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from carebot.decide.detecting import baseline, detect
from carebot.decide.detecting.cells import WIDTH, Cell, Floats, Profile, Table

SETTLED = 75  # minutes after an hour's end
KEEP = 0.5 ** (1 / (28 * 24))  # what is learned of chance counts half after four weeks
_TAIL_KEEPS = np.array([KEEP, KEEP, KEEP, 1.0])
OLDEST = 60  # weeks: of what is older nothing is left
LEAST_READ = 1 / 60  # the share of a minute, or of an hour, that was read at least where something was
FREEZE_AFTER = 48.0  # hours heard: before that, an incident that never ends may be what is usual


Mask = NDArray[np.bool_]


class World(NamedTuple):
    """What tables cannot know by themselves.

    began    the first minute that was ever heard
    version  changes when the factors do
    factors  (cells, first minute, minutes) → the calendar's multipliers, (rows, minutes) or (1, minutes); None: none apply
    heard    (cells, hour) → share of the hour that was heard, (rows,); None: all of it
    read     (cells, first minute, minutes) → of minutes that were heard, the share that was read, (rows, minutes); None: all of them
    frozen   (cells, hour) → rows in whose hour an incident was open, and those of them in which it was more than suspected
    """

    zone: ZoneInfo
    began: int
    version: Any = ()
    factors: Callable[[Sequence[Cell], int, int], Floats | None] = lambda _cells, _first, _minutes: None
    heard: Callable[[Sequence[Cell], int], Floats | None] = lambda _cells, _hour: None
    read: Callable[[Sequence[Cell], int, int], Floats | None] = lambda _cells, _first, _minutes: None
    frozen: Callable[[Sequence[Cell], int], tuple[Mask, Mask]] = lambda cells, _hour: (np.zeros(len(cells), np.bool_),) * 2


def settled_by(minute: int, began: int) -> int:
    """The epoch hour up to which hours are learned at this minute. began: the first minute ever heard."""
    return max((minute - SETTLED) // 60, began // 60)


def advance(table: Table, minute: int, world: World, learned: Callable[[Table, int], None] = lambda _table, _hour: None) -> None:
    """The table moves on to this minute; hours that settled on the way are learned, and `learned` is told of each before it is."""
    settled = settled_by(minute, world.began)
    if not table.hour:
        table.learned_to = settled
    elif not len(table):  # nothing to learn of, and after a restart every hour since 1970 to learn nothing of
        table.learned_to = max(table.learned_to, settled)
    while settled > table.learned_to:
        hour = table.learned_to
        if len(table):
            _turn(table, hour + 2, world)
            learned(table, hour)
            _learn(table, hour, world)
        table.learned_to = hour + 1
    _turn(table, minute // 60, world)


def _turn(table: Table, hour: int, world: World) -> None:
    if hour > table.hour:
        table.turn_to(hour)
    redraw(table, world)


def redraw(table: Table, world: World) -> None:
    """What is usual, drawn anew if anything changed that it is drawn from."""
    drawn = (table.hour, table.learned_to, len(table), world.version)
    if len(table) and drawn != table.drawn:
        baseline.refresh(table, world.zone, world.factors(tuple(table.rows), table.first, table.counts.shape[1]))
        table.drawn = drawn


def join(table: Table, cells: Sequence[Cell], world: World) -> None:
    """Rows for cells heard of for the first time. Since the first minute ever heard they were silent."""
    known = len(table)
    table.add(cells)
    if len(table) == known:
        return
    table.own("heard")
    table.heard[known : len(table)] = baseline.silence(range(world.began // 60, table.learned_to), world.zone)
    table.changed |= set(range(known, len(table)))
    redraw(table, world)


def recall(table: Table, cell: Cell, profile: Profile, world: World) -> None:
    """A row as it was stored. Since then its hours were silent, or it would have been stored again: they are learned as that."""
    table.add([cell])
    row = table.rows[cell]
    table.remember(row, profile)
    rows, nothing, whole = np.array([row]), np.zeros(1), np.ones(1)
    for hour in range(profile.learned_to, table.learned_to):
        _learn_silence(table, rows)
        factors = world.factors([cell], hour * 60, 60)
        baseline.learn(table, rows, hour, nothing, whole if factors is None else factors.mean(axis=1), world.zone)


def _learn_silence(table: Table, rows: NDArray[np.intp]) -> None:
    table.own("spread", "tail")
    table.tail[rows] = 0.0
    table.spread[rows] = np.round(table.spread[rows] * KEEP, 9)


def backfill(table: Table, row: int, minute: int, weight: float, zone: ZoneInfo) -> None:
    """One voice from before the table's first minute: no news, but what was usual then."""
    weeks = (table.learned_to - 1 - minute // 60) // 168
    if 0 <= weeks <= OLDEST:
        table.own("seen")
        table.seen[row, baseline.hour_of_week(minute // 60, zone)] += weight * baseline.FORGET**weeks
        table.changed.add(row)


def evidence(
    table: Table,
    rows: Sequence[int] | NDArray[np.intp],
    minute: int,
    began: int,
    heard: Floats | None = None,
    normal: NDArray[np.bool_] | None = None,
    read: Floats | None = None,
) -> detect.Evidence:
    """What the counts of these rows say at this minute.

    began   the first minute ever heard
    heard   (rows, WIDTH): the share of each minute that was heard; None: all
    normal  (rows, WIDTH): minutes outside incidents; None: all
    read    (rows, WIDTH): of a minute of which something was heard, the share that was read; None: all
    """
    places = np.asarray(rows)
    counts, usual = _columns(table, places, minute)
    if heard is not None:
        there: Floats | float = 1.0 if read is None else np.maximum(read[:, -counts.shape[1] :], LEAST_READ)
        usual = usual * np.where(counts > 0, there, heard[:, -counts.shape[1] :])
    return detect.evidence(counts, usual, detect.spread_of(table.spread[places]), _doubt(table, places, minute, began), normal)


def _columns(
    table: Table, rows: NDArray[np.intp], minute: int, usual: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Counts and what is usual for the minutes up to this one; what is later is no news of it. usual: None: the table's."""
    end = minute - table.first + 1
    span = slice(max(0, end - WIDTH), end)
    return table.counts[rows, span], (table.usual if usual is None else usual)[rows, span]


def _usual_read(table: Table, rows: NDArray[np.intp], world: World) -> NDArray[np.float32]:
    """What is usual, as far as these rows' minutes were read: a sample is not held against what all of it would be."""
    cells = tuple(table.rows)
    share = world.read([cells[row] for row in rows.tolist()], table.first, table.usual.shape[1])
    if share is None:
        return table.usual
    usual = table.usual.copy()
    usual[rows] = np.maximum(usual[rows] * np.maximum(share, LEAST_READ), baseline.LEAST)
    return usual


def _doubt(table: Table, rows: NDArray[np.intp], minute: int, began: int) -> Floats:
    return detect.doubt_of(table.seen[rows].sum(1), table.heard[rows].sum(1) + max(0, minute - began) / 60)


def _learn(table: Table, hour: int, world: World) -> None:
    """One settled hour, of all rows that may learn from it. Silence of a quiet cell is learned too, and need not be stored: it follows."""
    cells = tuple(table.rows)
    n, first = len(table), hour * 60 - table.first
    counts = table.counts[:n, first : first + 60].astype(np.float64)
    total = counts.sum(1)
    share = world.heard(cells, hour)
    if hour == world.began // 60:
        share = (share if share is not None else np.ones(n)) * (1 - world.began % 60 / 60)
    frozen, surely = (one & (table.learned("heard").sum(1) >= FREEZE_AFTER) for one in world.frozen(cells, hour))
    busy = baseline.an_hour(table) / 60 > detect.TOO_QUIET / 2
    table.changed |= set(np.flatnonzero((total > 0) | frozen | busy).tolist())
    if share is not None:
        table.changed |= set(np.flatnonzero(share < 1).tolist())
    listened = np.ones(n, np.bool_) if share is None else share > 0
    if len(by_chance := np.flatnonzero(listened & ~surely)):  # what was suspected and came to nothing is what chance does
        _learn_chance(table, by_chance, hour, counts, world)
    rows = np.flatnonzero(listened & ~frozen)
    if not len(rows):
        return
    times = np.ones(n) if share is None else np.where(total > 0, np.maximum(share, LEAST_READ), share)
    factors = world.factors(cells, hour * 60, 60)
    if factors is not None:
        times = times * np.broadcast_to(factors, (n, 60)).mean(1)
    baseline.learn(table, rows, hour, total[rows], times[rows], world.zone)
    table.tests = {}


def _learn_chance(table: Table, rows: NDArray[np.intp], hour: int, counts: Floats, world: World) -> None:
    """How far this hour's windows strayed, and how high its evidence rose."""
    usual = _usual_read(table, rows, world)
    table.own("spread", "tail")
    rate = baseline.an_hour(table, rows) / 60
    thought = detect.spread_of(table.spread[rows])
    doubt = detect.doubt_of(table.seen[rows].sum(1), table.heard[rows].sum(1))
    peak = np.full(len(rows), -9.0)
    for minute in np.flatnonzero(counts[rows].any(axis=0)).tolist():
        spoke = np.flatnonzero(counts[rows, minute])
        now = _columns(table, rows[spoke], hour * 60 + minute, usual)
        peak[spoke] = np.maximum(peak[spoke], detect.evidence(*now, thought[spoke], doubt[spoke]).nats)
    table.tail[rows] = np.round(detect.excursions(peak, rate, table.tail[rows] * _TAIL_KEEPS), 9)
    calm = np.flatnonzero((peak < detect.LEARN_BELOW) & (rate > detect.TOO_QUIET / 2))
    table.spread[rows] *= KEEP
    for quarter in (14, 29, 44, 59):
        if not len(calm):
            break
        now = _columns(table, rows[calm], hour * 60 + quarter, usual)
        up, down = detect.strayed(detect.windows(*now, thought[calm], doubt[calm]), thought[calm])
        ends = np.array([True, True, quarter == 59])  # windows of 5 and 15 minutes end each quarter, the one of 45 with the hour
        sums = np.stack([np.where(ends, up, 0.0), np.where(ends, down, 0.0)], axis=2)
        table.spread[rows[calm]] += sums.reshape(len(calm), -1)
    table.spread[rows] = np.round(table.spread[rows], 9)


def false_alarms(table: Table, rows: Sequence[int] | NDArray[Any], found: detect.Evidence) -> Floats:
    """What the evidence of these rows stands for: false alarms a month of one such cell."""
    places = np.asarray(rows)
    return detect.false_alarms(found.nats, baseline.an_hour(table, places) / 60, table.tail[places])
