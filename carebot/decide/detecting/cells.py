"""What is counted together, and the table of everything that was counted lately: a row a cell, a column a minute.

A cell is (brand, service, symptom, source, region); an empty part means all of them, so roll-ups are cells too. All rows share one
clock: the columns are the minutes of SPAN hours, of which the last but one is the hour that runs. Counts are weights: a message that is
surely a complaint counts 1, one that only may be counts less.

A table is worked on as a draft: `draft()` shares what it does not change with the table it was made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

SPAN = 7  # hours of columns: four hours back from any minute of the two that are still to be learned, and the next hour
WIDTH = 300  # minutes before now that evidence looks at: the longest window (60) and the level before it
POSTS = "#posts"  # a cell's symptom: all that match a source's search, as its network counts them (`volume`)
LATE = 240  # minutes: what is read later than that is history, not news, and not counted


class Cell(msgspec.Struct, frozen=True, order=True):
    """What is counted together. An empty part means all of them: Cell(brand) is the brand's roll-up."""

    brand: str
    service: str = ""
    symptom: str = ""
    source: str = ""
    region: str = ""


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one cell has taught us so far: a row of the store. All sums forget.

    seen, heard  counts, and hours in which they were heard, for each hour of the local week
    level        counts and expected counts of the last days, and of the last hours
    spread       for windows of 5, 15 and 45 minutes: how far counts strayed, as a ratio to what was thought, and its weight
    tail         excursions of the evidence, their mean height, hours watched; and whether one was going on
    learned_to   epoch hour up to which hours are in here
    """

    seen: tuple[float, ...] = (0.0,) * 168
    heard: tuple[float, ...] = (0.0,) * 168
    learned_to: int = 0
    level: tuple[float, ...] = (0.0,) * 4
    spread: tuple[float, ...] = (0.0,) * 6
    tail: tuple[float, ...] = (0.0,) * 4


LEARNED = {"seen": 168, "heard": 168, "level": 4, "spread": 6, "tail": 4}  # columns of what is learned, float64
_COLUMNS = {**dict.fromkeys(("counts", "usual"), SPAN * 60), **LEARNED}


def minute_of(at: datetime) -> int:
    """Epoch minute of an aware time."""
    return int(at.timestamp()) // 60


def moment_of(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


class Table:
    """Counts and lessons of all cells.

    rows        which row is whose, in the order in which cells were first heard of
    hour        the epoch hour that runs: column 0 is its minute 0, SPAN - 2 hours earlier
    learned_to  the epoch hour up to which all rows have learned
    changed     rows whose lessons are to be stored
    """

    counts: NDArray[np.float32]
    usual: NDArray[np.float32]
    seen: Floats
    heard: Floats
    level: Floats
    spread: Floats
    tail: Floats

    def __init__(self) -> None:
        self.rows: dict[Cell, int] = {}
        self.hour = self.learned_to = 0
        self.changed: set[int] = set()
        self.drawn: Any = None  # what `usual` was drawn from
        self.tests: dict[str, float] = {}  # brand → how many independent tests its cells are (`budget`)
        self._mine: set[str] = set(_COLUMNS)
        for name, width in _COLUMNS.items():
            setattr(self, name, np.zeros((8, width), np.float32 if name in ("counts", "usual") else np.float64))

    def draft(self) -> Table:
        """A table that can be written on; this one stays as it is."""
        other = object.__new__(Table)
        other.__dict__.update(self.__dict__)
        other.rows, other.changed, other.tests, other._mine = dict(self.rows), set(), dict(self.tests), set()
        return other

    def own(self, *names: str) -> None:
        """Before these columns are written on."""
        for name in names:
            if name not in self._mine:
                setattr(self, name, getattr(self, name).copy())
                self._mine.add(name)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def first(self) -> int:
        """Epoch minute of column 0."""
        return (self.hour - SPAN + 2) * 60

    def add(self, cells: Sequence[Cell]) -> None:
        """A row for each cell that has none yet."""
        fresh = [cell for cell in cells if cell not in self.rows]
        need = len(self.rows) + len(fresh)
        if fresh and need > len(self.counts):
            for name in _COLUMNS:
                old = getattr(self, name)
                grown = np.zeros((max(need, 2 * len(old)), old.shape[1]), old.dtype)
                grown[: len(old)] = old
                setattr(self, name, grown)
                self._mine.add(name)
        for cell in fresh:
            self.rows[cell] = len(self.rows)
        if fresh:
            self.tests = {}

    def count(self, row: int, minute: int, weight: float) -> None:
        """One voice more. Minutes before the table's first are history."""
        if 0 <= minute - self.first < self.counts.shape[1]:
            self.own("counts")
            self.counts[row, minute - self.first] += weight

    def turn_to(self, hour: int) -> None:
        """The columns move on to this hour, the new ones empty."""
        past = (hour - self.hour) * 60
        if past <= 0:
            return
        moved = np.zeros_like(self.counts)
        if self.hour and past < moved.shape[1]:
            moved[:, :-past] = self.counts[:, past:]
        self.counts = moved
        self._mine.add("counts")
        self.hour = hour

    def profile(self, row: int) -> Profile:
        """What is stored of a row."""
        return Profile(learned_to=self.learned_to, **{name: tuple(getattr(self, name)[row].tolist()) for name in LEARNED})

    def remember(self, row: int, profile: Profile) -> None:
        """What was stored of a row."""
        self.own(*LEARNED)
        for name in LEARNED:
            getattr(self, name)[row] = getattr(profile, name)

    def learned(self, name: str) -> Any:
        """The rows in use of one kind of columns."""
        return getattr(self, name)[: len(self.rows)]
