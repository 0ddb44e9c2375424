"""carebot's own detector on simulated streams, by the functions that the loop calls: a table that moves on and learns, and evidence.

As in `outbreak.py` a minute is judged when somebody wrote in it, enough people must be behind the evidence (here each message has an
author of its own), and the hours of an alarm are not learned. `without` takes parts of it away, to see what each buys.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from math import log
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.detection.alarms import Scores
from benchmarks.detection.streams import Streams
from carebot.config.schema import Incidents
from carebot.decide.detecting import baseline, detect, lessons
from carebot.decide.detecting.cells import LATE, WIDTH, Cell, Floats, Table
from carebot.decide.detecting.lessons import World
from carebot.decide.detecting.surroundings import BARELY

MONDAY = 29_459_520  # epoch minute of Monday 2026-01-05 00:00 UTC
ZONE = ZoneInfo("UTC")
SHIPPED = Incidents()
WARM = 15  # minutes past the hour at which an hour is learned
OPEN = 120  # minutes that an alarm's incident is taken to last


class Weighed(Protocol):
    """Streams whose messages weigh differently: `weights` sums what those of a minute weigh."""

    counts: NDArray[np.int32]
    weights: Floats

    def watched(self) -> NDArray[np.bool_]: ...


def present(streams: Streams, without: Set[str] = frozenset()) -> Scores:
    """-log of the false alarms a month that carebot says the evidence stands for; -inf where it does not look. It ships with 0.

    without   any of "tail", "level", "season": what is learned of chance, the local level, hours of the week
    """
    return _Watch(streams.counts, streams.counts, without).scores(streams.watched())


def marked(weighed: Weighed) -> Scores:
    """The same where each message counts what it weighs."""
    return _Watch(weighed.counts, weighed.weights, frozenset()).scores(weighed.watched())


def judged_when_read(
    counts: NDArray[np.int32], posted: NDArray[np.intp], read: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """For each minute with something new in a poll: the poll's minute, and what carebot says of the minute posted, by what is read by then.

    counts         one series, all that was ever posted
    posted, read   a minute a message
    """
    watch = _Watch(np.zeros((1, len(counts)), np.int32), np.zeros((1, len(counts)), np.int32), frozenset())
    order = np.lexsort((posted, read))
    posted, read = posted[order], read[order]
    polls: list[int] = []
    said: list[float] = []
    for poll, first, past in zip(*_runs(read), strict=True):
        for minute, claimed in watch.reads(int(poll), posted[first:past]):
            polls.append(max(int(poll), minute))
            said.append(claimed)
    return np.array(polls, np.intp), np.array(said)


def _runs(values: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Equal neighbours: their value, the first place and the one past the last."""
    starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1 if len(values) else 0))
    return values[starts], starts, np.append(starts[1:], len(values))


class _Watch:
    """A table with a row a series, and what it says of every minute."""

    def __init__(self, counts: NDArray[np.int32], weights: NDArray[np.float64] | NDArray[np.int32], without: Set[str]) -> None:
        self._counts, self._weights, self._without = counts, weights, without
        self._sums = np.concatenate([np.zeros((len(counts), 1), np.int64), counts.cumsum(axis=1)], axis=1)
        self._alarm = np.full(len(counts), -(10**9))
        self._sure = self._alarm.copy()
        self._table = Table()
        self._world = World(ZONE, MONDAY, frozen=self._is_frozen)

    def _is_frozen(self, cells: object, hour: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return self._alarm + OPEN > hour * 60, self._sure + OPEN > hour * 60

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

    def reads(self, poll: int, posted: NDArray[np.intp]) -> Iterator[tuple[int, float]]:
        """A poll of a table of one row: what it says of the minutes that the poll brought news of, and of those within an hour after."""
        table, world = self._table, self._world
        lessons.advance(table, MONDAY + poll, world)
        lessons.join(table, [Cell("0")], world)
        heard = posted[posted + MONDAY >= table.first + WIDTH - LATE]
        for minute in heard.tolist():
            table.count(0, MONDAY + minute, 1.0)
            self._counts[0, minute] += 1
        last = min(poll, self._counts.shape[1] - 1)
        again = {later for minute in np.unique(heard).tolist() for later in range(minute, min(minute + detect.LONGEST, last) + 1)}
        for minute in sorted(later for later in again if self._counts[0, later]):
            found = lessons.evidence(table, [0], MONDAY + minute, MONDAY)
            window = int(found.window[0])
            if self._counts[0, max(0, minute - window + 1) : minute + 1].sum() >= SHIPPED.people:
                claimed = -float(np.log(max(lessons.false_alarms(table, [0], found)[0], 1e-300)))
                self._noted(np.array([0]), np.array([MONDAY + minute]), np.array([claimed]))
                yield minute, claimed

    def _noted(self, rows: NDArray[np.intp], minutes: NDArray[np.intp], claimed: NDArray[np.float64]) -> None:
        """Alarms, whose hours are not learned."""
        for since, bar in ((self._alarm, 0.0), (self._sure, -log(BARELY))):
            over = claimed >= bar
            np.maximum.at(since, rows[over], minutes[over])

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
        if "season" in self._without:
            usual = np.broadcast_to((baseline.an_hour(table) / 60)[rows, None], usual.shape)
        normal = np.zeros(counts.shape, np.bool_) if "level" in self._without else None
        found = detect.evidence(counts, usual, spread, doubt, normal)
        rate = (baseline.an_hour(table) / 60)[rows]
        tail = np.zeros((len(rows), 4)) if "tail" in self._without else table.tail[rows]
        claimed = -np.log(np.maximum(detect.false_alarms(found.nats, rate, tail), 1e-300))
        until = start + minute + 1
        people = self._sums[rows, until] - self._sums[rows, np.maximum(until - found.window, 0)]
        claimed[people < SHIPPED.people] = -np.inf
        said[rows, start + minute] = claimed
        self._noted(rows, MONDAY + start + minute, claimed)
