"""Every case as a line of dots: how soon the oracle, and how soon carebot as shipped, notices it, as a small SVG written by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.detection.bakeoff import Found
from benchmarks.detection.drawing import LIMIT, OURS, share, stroke, words
from benchmarks.detection.streams import WATCHED
from benchmarks.detection.tables import minutes

_LEFT, _WIDTH, _TOP, _ROW = 150, 460, 58, 20
_ENDS = (1.0, float(WATCHED))


def dots(cases: Sequence[tuple[str, Found, Found]]) -> str:
    """The picture. cases: a name, the oracle's figures, and ours; the median is a dot, and a line runs from it to the 90th percentile."""
    bottom = _TOP + _ROW * len(cases)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 60} {bottom + 40}" role="img" font-family="sans-serif">',
        "<title>Minutes to the alarm, case by case</title>",
        f"<desc>{escape(_told(cases))}</desc>",
        words(_LEFT, 18, "Minutes to the alarm: median, and the line to the 90th percentile", weight="bold", size=13),
        words(_LEFT, 36, "● carebot, as shipped", colour=OURS),
        words(_LEFT + 150, 36, "● the limit (oracle)", colour=LIMIT),
        words(_LEFT + _WIDTH / 2, bottom + 32, "minutes after the onset; at the right edge: not within the hour", anchor="middle"),
        *_axis(bottom),
    ]
    for number, (name, limit, ours) in enumerate(cases):
        y = _TOP + _ROW * (number + 0.5)
        parts += [words(_LEFT - 8, y + 4, name, anchor="end"), *_dot(limit, y + 3, LIMIT), *_dot(ours, y - 3, OURS)]
    return "\n".join([*parts, "</svg>", ""])


def _told(cases: Sequence[tuple[str, Found, Found]]) -> str:
    return "; ".join(f"{name}: {minutes(ours.median)} min, limit {minutes(limit.median)}" for name, limit, ours in cases)


def _axis(bottom: float) -> Iterator[str]:
    for late in (1, 2, 3, 5, 10, 20, 30, 60):
        yield stroke(_x(late), _TOP, _x(late), bottom, opacity=0.3)
        yield words(_x(late), bottom + 15, f"{late}", anchor="middle")


def _dot(one: Found, y: float, colour: str) -> Iterator[str]:
    yield stroke(_x(one.median), y, _x(one.p90), y, colour=colour, opacity=0.6)
    yield f'<circle cx="{_x(one.median):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'


def _x(late: float) -> float:
    return _LEFT + _WIDTH * share(late, _ENDS)
