"""Score against speed, as a small SVG written by hand: one panel a set of messages, speed on a logarithmic axis.

Every colour stands out from white and from black alike, and nothing is drawn behind, so the picture suits a light page and a dark one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from benchmarks.figures import Figure

OURS, PEERS, INK = "#d2691e", "#3d8fd1", "#7d838a"
Box = tuple[float, float, float, float]  # left, top, right, bottom
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 380, 300, 40, 46, 60
_LINE, _LETTER = 14, 6.4  # pixels a line and a letter of a label take


def chart(panels: Sequence[tuple[str, Sequence[Figure]]], speeds: dict[str, float], ours: Iterable[str]) -> str:
    """The picture.

    panels   a title, and what each reader scored there; who has a speed and no score is a line across all panels
    speeds   messages a second, by reader
    ours     the readers to draw in our colour
    """
    scores = [figure for _, told in panels for figure in told if figure.who in speeds]
    assert scores, "nothing to draw: no reader has both a score and a speed"
    left, right = floor(log10(min(speeds.values()))), ceil(log10(max(speeds.values())) + 0.01)
    bottom = 10 * floor(min(10 * (one.low or one.value) for one in scores))
    top = 10 * ceil(max(10 * (one.high or one.value) for one in scores))
    width = _LEFT + len(panels) * (_WIDTH + _GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_TOP + _HEIGHT + 46}" role="img" font-family="sans-serif">',
        "<title>Score against speed</title>",
        f"<desc>{escape(_told(panels, speeds))}</desc>",
    ]
    unscored = {who for who in speeds if who not in {one.who for one in scores}}
    for number, (title, told) in enumerate(panels):
        axes = _Axes(_LEFT + number * (_WIDTH + _GAP), left, right, bottom, top)
        parts += [axes.frame(title), *axes.alone((who, speeds[who]) for who in sorted(unscored))]
        parts += axes.points([(one, speeds[one.who]) for one in told if one.who in speeds], set(ours))
    return "\n".join([*parts, "</svg>", ""])


def _told(panels: Sequence[tuple[str, Sequence[Figure]]], speeds: dict[str, float]) -> str:
    return "; ".join(
        f"{title}: " + ", ".join(f"{one.who} {100 * one.value:.1f} at {speeds[one.who]:,.0f}/s" for one in told if one.who in speeds)
        for title, told in panels
    )


class _Axes:
    """One panel's frame. left, right: powers of ten, messages a second; bottom, top: percent."""

    def __init__(self, at: int, left: int, right: int, bottom: int, top: int) -> None:
        self._at, self._left, self._right, self._bottom, self._top = at, left, right, bottom, top

    def x(self, speed: float) -> float:
        return self._at + _WIDTH * (log10(speed) - self._left) / (self._right - self._left)

    def y(self, share: float) -> float:
        return _TOP + _HEIGHT * (self._top - 100 * share) / (self._top - self._bottom)

    def frame(self, title: str) -> str:
        parts = [_text(self._at, _TOP - 18, title, weight="bold", size=13)]
        for percent in range(self._bottom, self._top + 1, 10):
            y = self.y(percent / 100)
            parts.append(_line(self._at, y, self._at + _WIDTH, y, opacity=0.3))
            parts.append(_text(self._at - 6, y + 4, str(percent), anchor="end"))
        for power in range(self._left, self._right + 1):
            x = self.x(10**power)
            parts.append(_line(x, _TOP, x, _TOP + _HEIGHT, opacity=0.3))
            parts.append(_text(x, _TOP + _HEIGHT + 16, f"{10**power:,}", anchor="middle"))
        parts.append(
            _text(self._at + _WIDTH / 2, _TOP + _HEIGHT + 34, "messages a second, one core, from the text as it came", anchor="middle")
        )
        return "\n".join(parts)

    def alone(self, who: Iterable[tuple[str, float]]) -> Iterator[str]:
        """Readers of which only the speed is known."""
        for name, speed in who:
            x = self.x(speed)
            yield _line(x, _TOP, x, _TOP + _HEIGHT, colour=PEERS, dashed=True)
            yield _text(x + 5, _TOP + _HEIGHT - 20, name, colour=PEERS)
            yield _text(x + 5, _TOP + _HEIGHT - 7, f"{speed:,.0f}/s; its score cannot be had here", colour=PEERS)

    def points(self, told: Sequence[tuple[Figure, float]], ours: set[str]) -> Iterator[str]:
        """Each with its interval, and its name where nothing else lies."""
        dots = [(self.x(speed), self.y(figure.value)) for figure, speed in told]
        taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in dots]
        for (figure, _), (x, y) in zip(told, dots, strict=True):
            colour, label = OURS if figure.who in ours else PEERS, f"{figure.who} {100 * figure.value:.1f}"
            if figure.low is not None and figure.high is not None:
                yield _line(x, self.y(figure.low), x, self.y(figure.high), colour=colour, opacity=0.6)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>'
            box = next((box for box in self._beside(x, y, _LETTER * len(label)) if not any(_meet(box, other) for other in taken)), None)
            box = box or next(self._beside(x, y, _LETTER * len(label)))
            taken.append(box)
            yield (
                _text(box[2], box[3] - 3, label, colour=colour, anchor="end")
                if box[2] < x
                else _text(box[0], box[3] - 3, label, colour=colour)
            )

    def _beside(self, x: float, y: float, wide: float) -> Iterator[Box]:
        """Places for a label of a point, the best first: right or left of it, level with it or some lines off."""
        for lines in (0, -1, 1, -2, 2, 3, 4):
            middle = y + lines * _LINE
            for left in (x + 9, x - 9 - wide):
                if self._at < left < self._at + _WIDTH + _GAP / 2 - wide:
                    yield left, middle - _LINE / 2, left + wide, middle + _LINE / 2
        yield x + 9, y - _LINE / 2, x + 9 + wide, y + _LINE / 2


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _line(x1: float, y1: float, x2: float, y2: float, *, colour: str = INK, opacity: float = 1.0, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-opacity="{opacity}"{dash}/>'


def _text(x: float, y: float, said: str, *, anchor: str = "start", colour: str = INK, weight: str = "normal", size: int = 11) -> str:
    looks = f'text-anchor="{anchor}" fill="{colour}" font-weight="{weight}" font-size="{size}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {looks}>{escape(said)}</text>'
