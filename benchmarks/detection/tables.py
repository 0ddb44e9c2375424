"""What a part of the benchmark has to tell, as text: a title, rows in columns, and a remark. Infinity is "not within the hour"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isinf
from typing import NamedTuple


class Table(NamedTuple):
    """rows: the first holds the names of the columns. remark: a line below, or why there are no rows."""

    title: str
    rows: Sequence[Sequence[str]]
    remark: str = ""


def text(tables: Iterable[Table]) -> Iterator[str]:
    for number, table in enumerate(tables):
        yield from ("",) * bool(number)
        yield table.title
        yield from _columns(table.rows)
        if table.remark:
            yield f"  {table.remark}"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield ("  " + "  ".join(cells)).rstrip()


def minutes(value: float) -> str:
    return "∞" if isinf(value) else f"{value:g}"


def percent(share: float) -> str:
    return f"{100 * share:.0f}"
