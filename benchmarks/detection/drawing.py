"""Delay against false alarms, as a small SVG written by hand: one panel a set of cases, false alarms on a logarithmic axis.

Every colour stands out from white and from black alike, and nothing is drawn behind, so the picture suits a light page and a dark one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import log10
from typing import NamedTuple

OURS, LIMIT, PEERS, INK = "#d2691e", "#2e9b5b", "#3d8fd1", "#7d838a"
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 400, 320, 56, 46, 190
_LINE = 13  # pixels between two labels


class Line(NamedTuple):
    """What one detector can do. points: (false alarms a month, minutes); dashed: a limit nobody reaches."""

    who: str
    points: tuple[tuple[float, float], ...]
    colour: str
    dashed: bool = False


class Panel(NamedTuple):
    title: str
    lines: Sequence[Line]


def drawn(panels: Sequence[Panel], most: tuple[float, float] = (0.1, 30.0), minutes: tuple[float, float] = (2.0, 60.0)) -> str:
    """The picture. most: the ends of the axis of false alarms a month; minutes: those of the axis of delay."""
    width = _LEFT + len(panels) * (_WIDTH + _GAP)
    box = f"0 0 {width} {_TOP + _HEIGHT + 46}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" font-family="sans-serif" font-size="11">',
        "<title>Minutes to the alarm against false alarms</title>",
        f"<desc>{escape(_told(panels))}</desc>",
    ]
    for number, panel in enumerate(panels):
        axes = _Axes(_LEFT + number * (_WIDTH + _GAP), most, minutes)
        parts += [*axes.frame(panel.title), *axes.lines(panel.lines)]
    return "\n".join([*parts, "</svg>", ""])


def _told(panels: Sequence[Panel]) -> str:
    return "; ".join(
        f"{panel.title}: "
        + ", ".join(f"{one.who} " + " ".join(f"{late:.1f} min at {false:.2g}" for false, late in one.points) for one in panel.lines)
        for panel in panels
    )


class _Axes:
    def __init__(self, left: int, most: tuple[float, float], minutes: tuple[float, float]) -> None:
        self._left, self._most, self._minutes = left, most, minutes

    def x(self, false: float) -> float:
        return self._left + _WIDTH * share(false, self._most)

    def y(self, late: float) -> float:
        return _TOP + _HEIGHT * (1 - share(late, self._minutes))

    def frame(self, title: str) -> Iterator[str]:
        yield words(self._left, _TOP - 18, title, weight="bold", size=13)
        for late in (2, 3, 5, 10, 20, 30, 60):
            yield stroke(self._left, self.y(late), self._left + _WIDTH, self.y(late), opacity=0.3)
            yield words(self._left - 6, self.y(late) + 4, f"{late} min", anchor="end")
        for false in (0.1, 0.3, 1, 3, 10, 30):
            yield stroke(self.x(false), _TOP, self.x(false), _TOP + _HEIGHT, opacity=0.3)
            yield words(self.x(false), _TOP + _HEIGHT + 16, f"{false:g}", anchor="middle")
        yield words(self._left + _WIDTH / 2, _TOP + _HEIGHT + 34, "false alarms a month and series, as measured", anchor="middle")

    def lines(self, lines: Sequence[Line]) -> Iterator[str]:
        """Labels at the right end of each, moved apart where two would lie on each other."""
        place = -1e9
        for line in sorted(lines, key=lambda one: -self.y(one.points[0][1]), reverse=True):
            points = sorted((self.x(false), self.y(late)) for false, late in line.points)
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            dash = ' stroke-dasharray="5 4"' if line.dashed else ""
            yield f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>'
            for x, y in points:
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{5 if len(points) == 1 else 3}" fill="{line.colour}"/>'
            end_x, end_y = points[-1]
            place = max(end_y + 4, place + _LINE)
            label = self._left + _WIDTH + 14
            yield stroke(end_x, end_y, label - 3, place - 4, colour=line.colour, opacity=0.35)
            yield words(label, place, line.who, colour=line.colour)


def share(value: float, ends: tuple[float, float]) -> float:
    """Where it lies between the ends, logarithmically; beyond them, at the end."""
    low, high = ends
    return (log10(min(max(value, low), high)) - log10(low)) / (log10(high) - log10(low))


def stroke(x1: float, y1: float, x2: float, y2: float, *, colour: str = INK, opacity: float = 1.0) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-opacity="{opacity}"/>'


def words(x: float, y: float, said: str, *, anchor: str = "start", colour: str = INK, weight: str = "normal", size: int = 11) -> str:
    looks = f'text-anchor="{anchor}" fill="{colour}" font-weight="{weight}" font-size="{size}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {looks}>{escape(said)}</text>'
