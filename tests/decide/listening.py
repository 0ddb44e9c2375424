"""Tables that have listened, for tests of what is usual and what is more than that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from numpy.typing import NDArray

from carebot.decide.detecting import lessons
from carebot.decide.detecting.cells import LEARNED, Cell, Table
from carebot.decide.detecting.lessons import World

UTC = ZoneInfo("UTC")
MONDAY = 29_459_520  # epoch minute of Monday 2026-01-05 00:00 UTC
HOUR, DAY, WEEK = 60, 1440, 10_080


def world(**known: Any) -> World:
    return World(**{"zone": UTC, "began": MONDAY, **known})


def listened(
    counts: NDArray[Any],
    cells: Sequence[Cell] = (),
    known: World | None = None,
    each_hour: Callable[[Table, int], None] = lambda _table, _minute: None,
) -> Table:
    """A table that heard these counts, a row a cell and a column a minute from MONDAY on, and stands at the minute after the last.

    each_hour   is asked before each hour's end, when its counts are in the table, with the minute it began
    """
    table, known = Table(), known or world()
    lessons.advance(table, MONDAY, known)
    lessons.join(table, cells or [Cell(f"brand-{row}") for row in range(len(counts))], known)
    for start in range(MONDAY, MONDAY + counts.shape[1], HOUR):
        lessons.advance(table, start, known)
        hear(table, counts[:, start - MONDAY : start - MONDAY + HOUR], start)
        each_hour(table, start)
    lessons.advance(table, MONDAY + counts.shape[1], known)
    return table


def hear(table: Table, counts: NDArray[Any], minute: int) -> None:
    """Counts of all rows, from this minute on."""
    table.own("counts")
    table.counts[: len(counts), minute - table.first : minute - table.first + counts.shape[1]] = counts


def lessons_of(table: Table) -> dict[Cell, dict[str, list[float]]]:
    """All that each cell has taught."""
    return {cell: {name: getattr(table, name)[row].tolist() for name in LEARNED} for cell, row in table.rows.items()}
