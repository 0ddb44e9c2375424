"""The week for a terminal: sections with small drawn bars. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from carebot.report.parts import Bars, Cell, Curve, Link, Note, Part, Table, Tiles, Told

WIDTH = 110
BAR = 28  # signs of the longest bar
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"


def lines(told: Told) -> Iterator[str]:
    yield told.title
    yield "═" * min(len(told.title), WIDTH)
    yield from wrap(told.lead, WIDTH)
    for section in told.sections:
        yield ""
        yield section.title
        yield "─" * len(section.title)
        for part in section.parts:
            yield from drawn(part)


def drawn(part: Part) -> Iterator[str]:
    match part:
        case Tiles(rows):
            width = max(len(what) for what, _ in rows)
            yield from (f"  {what:{width}}  {much}" for what, much in rows)
        case Bars():
            yield from _bars(part)
        case Table():
            yield from _table(part)
        case Curve():
            yield from _curve(part)
        case Note(text):
            yield from wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def bar(value: float, longest: float, room: int = BAR) -> str:
    """As long as its share of the longest, to an eighth of a sign; what is not nothing is seen."""
    eighths = max(1, round(value / longest * room * 8)) if value > 0 and longest > 0 else 0
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def _bars(part: Bars) -> Iterator[str]:
    yield f"  {part.title}"
    longest = max((value for _, value, _, _ in part.rows if value is not None), default=0.0)
    name = max((len(what) for what, *_ in part.rows), default=0)
    much = max((len(text) for _, _, text, _ in part.rows), default=0)
    for what, value, text, note in part.rows:
        drawing = "░" * BAR if value is None else bar(value, longest)
        yield f"    {what:{name}}  {drawing:{BAR}}  {text:>{much}}  {note}".rstrip()


def _table(part: Table) -> Iterator[str]:
    if part.title:
        yield from wrap(part.title, WIDTH, initial_indent="  ", subsequent_indent="    ")
    rows = [tuple(map(_plain, row)) for row in ((part.head,) if part.head else ()) + part.rows]
    if not rows:
        return
    room = _widths(rows)
    for row in rows:
        cells = [wrap(cell, width, break_on_hyphens=False) or [""] for cell, width in zip(row, room, strict=True)]
        for height in range(max(map(len, cells))):
            line = (each[height] if height < len(each) else "" for each in cells)
            yield ("    " + "  ".join(f"{cell:{width}}" for cell, width in zip(line, room, strict=True))).rstrip()


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    """As wide as they need, the widest narrowed until all fit, but none so far that a word must be cut."""
    columns = list(zip(*rows, strict=True))
    room = [max(1, *(len(cell) for cell in column)) for column in columns]
    least = [max([1, *(len(word) for cell in column for word in cell.split())]) for column in columns]
    while sum(room) + 2 * len(room) > WIDTH and (wide := [at for at, width in enumerate(room) if width > least[at]]):
        room[max(wide, key=lambda at: room[at])] -= 1
    return room


def _plain(cell: Cell) -> str:
    return cell.url if isinstance(cell, Link) else cell


def _curve(part: Curve) -> Iterator[str]:
    most = max(part.counts)
    heights = "".join(_HEIGHTS[min(7, count * 8 // (most + 1))] if count else " " for count in part.counts)
    yield f"    {part.title} (≤ {most})"
    yield f"    {heights}".rstrip()
