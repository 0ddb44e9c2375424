"""A table that can be written on without changing the one below it.

A step must not change the state it was given, and copying a desk of 300,000 open cases for every batch cost more than deciding
(measured: 140 of 290 µs a message at a million messages a day). So a step writes on a Draft; when its outcome is committed, what it
wrote is laid into the table below (`settled`), at the price of the changes alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, ValuesView
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Draft(MutableMapping[K, V]):
    """Reads fall through to `below`; writes and deletions stay here."""

    __slots__ = ("_below", "_gone", "_mine")

    def __init__(self, below: Mapping[K, V]) -> None:
        self._below, self._mine, self._gone = below, dict[K, V](), set[K]()

    def __getitem__(self, key: K) -> V:
        if key in self._mine:
            return self._mine[key]
        if key in self._gone:
            raise KeyError(key)
        return self._below[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._gone.discard(key)
        self._mine[key] = value

    def __delitem__(self, key: K) -> None:
        if key not in self:
            raise KeyError(key)
        self._mine.pop(key, None)
        if key in self._below:
            self._gone.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._mine or (key not in self._gone and key in self._below)

    def __iter__(self) -> Iterator[K]:
        yield from self._mine
        yield from (key for key in self._below if key not in self._mine and key not in self._gone)

    def values(self) -> ValuesView[V]:
        """Without a look-up for each: over fifty thousand open cases those took longer than whatever was looked for."""
        mine, gone = self._mine, self._gone
        return {**mine, **{key: value for key, value in self._below.items() if key not in mine and key not in gone}}.values()

    def __len__(self) -> int:
        return len(self._below) - len(self._gone) + sum(key not in self._below for key in self._mine)

    def written(self) -> list[V]:
        """What was written on this draft and is still there."""
        return list(self._mine.values())


def draft(table: Mapping[K, V]) -> Draft[K, V]:
    """A draft on a table. On a draft that was never settled it is one on a copy: drafts do not pile up."""
    return Draft(dict(table) if isinstance(table, Draft) else table)


def settled(table: MutableMapping[K, V]) -> MutableMapping[K, V]:
    """The table with the draft's writing laid into the one below, which is changed by it; a table that is no draft as it is."""
    if not isinstance(table, Draft) or not isinstance(table._below, dict):
        return table
    for key in table._gone:
        table._below.pop(key, None)
    table._below.update(table._mine)
    return table._below
