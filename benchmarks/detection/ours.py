"""carebot's own detector on simulated streams, by the functions that the loop calls: a table of cells that moves on and learns, and evidence.

As in `outbreak.py` a minute is judged when somebody wrote in it, enough people must be behind the evidence (here each message has an
author of its own), and the hours of an alarm are not learned. `without` takes parts of it away, to see what each buys.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.detection.alarms import Scores
from benchmarks.detection.streams import Streams
from carebot.config.schema import Incidents
from carebot.decide import baseline, detect, lessons
from carebot.decide.cells import WIDTH, Cell, Floats, Table
from carebot.decide.lessons import World

MONDAY = 29_459_520  # epoch minute of Monday 2026-01-05 00:00 UTC
ZONE = ZoneInfo("UTC")
SHIPPED = Incidents()
WARM = 15  # minutes past the hour at which an hour is learned
OPEN = 120  # minutes that an alarm's incident is taken to last


class Weighed(Protocol):
    """Streams whose messages weigh differently: `weights` sums what those of a minute weigh."""

    weights: Floats


def present(streams: Streams, without: Set[str] = frozenset()) -> Scores:
    """-log of the false alarms a month that carebot says the evidence stands for; -inf where it does not look. It ships with 0.

    without   any of "tail", "level", "season": what is learned of chance, the local level, hours of the week
    """
    return _Watch(streams.counts, streams.counts, without).scores(streams.watched())


class _Watch:
    """A table with a row a series, and what it says of every minute."""

    def __init__(self, counts: NDArray[np.int32], weights: NDArray[np.float64] | NDArray[np.int32], without: Set[str]) -> None:
        self._counts, self._weights, self._without = counts, weights, without
        self._alarm = np.full(len(counts), -(10**9))
        self._table = Table()
        self._world = World(ZONE, MONDAY, frozen=self._is_frozen)

    def _is_frozen(self, cells: object, hour: int) -> NDArray[np.bool_]:
        return self._alarm + OPEN > hour * 60

    def scores(self, watched: NDArray[np.bool_]) -> Scores:
        n, minutes = self._counts.shape
        table, said = self._table, np.full((n, minutes), -np.inf, np.float32)
        lessons.advance(table, MONDAY, self._world)
        lessons.join(table, [Cell(f"{row}") for row in range(n)], self._world)
        for start in range(0, minutes, 60):
            lessons.advance(table, MONDAY + start, self._world)
            there = min(60, minutes - start)
            place = MONDAY + start - table.first
            table.own("counts")
            table.counts[:n, place : place + there] = self._weights[:, start : start + there]
            for first, past in ((0, WARM), (WARM, there)):
                lessons.advance(table, MONDAY + start + first, self._world)
                self._judge(said, start + first, min(past, there) - first)
        return np.where(watched, said, -np.inf)

    def _judge(self, said: Scores, start: int, minutes: int) -> None:
        """All minutes of one stretch in which somebody wrote."""
        rows, minute = np.nonzero(self._counts[:, start : start + minutes])
        if not len(rows):
            return
        table = self._table
        ends = MONDAY + start + minute - table.first + 1
        n = len(self._counts)
        counts, usual = (sliding_window_view(one[:n], WIDTH, axis=1)[rows, ends - WIDTH] for one in (table.counts, table.usual))
        spread = detect.spread_of(table.spread[:n])[rows]
        doubt = detect.doubt_of(table.seen[:n].sum(1), table.heard[:n].sum(1) + start / 60)[rows]
        found = detect.evidence(counts, usual, spread, doubt)
        rate = (baseline.an_hour(table) / 60)[rows]
        tail = np.zeros((len(rows), 4)) if "tail" in self._without else table.tail[rows]
        claimed = -np.log(np.maximum(detect.false_alarms(found.nats, rate, tail), 1e-300))
        people = np.stack([self._counts[row, max(0, start + m + 1 - w) : start + m + 1].sum() for row, m, w in zip(rows, minute, found.window, strict=True)])
        claimed[people < SHIPPED.people] = -np.inf
        said[rows, start + minute] = claimed
        alarmed = claimed >= 0
        np.maximum.at(self._alarm, rows[alarmed], MONDAY + start + minute[alarmed])
