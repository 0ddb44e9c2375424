"""Microseconds a message, connector by connector, as a small SVG written by hand: a bar for reading, one for the door, a mark for the peer.

Every colour stands out from white and from black alike, and nothing is drawn behind, so the picture suits a light page and a dark one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.detection.drawing import LIMIT, OURS, PEERS, stroke, words
from benchmarks.listening.reading import Reading

_LEFT, _WIDTH, _TOP, _ROW = 130, 460, 58, 22


def drawn(readings: Sequence[Reading]) -> str:
    most = max(max(one.parse_us + one.screen_us, one.beside_us) for one in readings)
    bottom = _TOP + _ROW * len(readings)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 70} {bottom + 40}" role="img" font-family="sans-serif">',
        "<title>Microseconds a message, by connector</title>",
        f"<desc>{escape(_told(readings))}</desc>",
        words(_LEFT, 18, "Microseconds of processor time a message", weight="bold", size=13),
        words(_LEFT, 36, "■ the connector reads it", colour=OURS),
        words(_LEFT + 160, 36, "■ the door: harmless, redacted", colour=LIMIT),
        words(_LEFT + 355, 36, "┃ json.loads, feedparser", colour=PEERS),
        *_axis(most, bottom),
    ]
    for number, one in enumerate(readings):
        y = _TOP + _ROW * number
        parts += [words(_LEFT - 8, y + 15, one.who, anchor="end"), *_bars(one, y, most)]
    return "\n".join([*parts, "</svg>", ""])


def _told(readings: Sequence[Reading]) -> str:
    return "; ".join(f"{one.who}: {one.parse_us:.0f} and {one.screen_us:.0f} µs, {one.beside} {one.beside_us:.0f} µs" for one in readings)


def _axis(most: float, bottom: float) -> Iterator[str]:
    step = next(step for step in (10, 20, 50, 100, 200, 500, 1000, 2000) if most / step < 8)
    for us in range(0, int(most) + 1, step):
        x = _LEFT + _WIDTH * us / most
        yield stroke(x, _TOP, x, bottom, opacity=0.3)
        yield words(x, bottom + 15, f"{us:,}", anchor="middle")


def _bars(one: Reading, y: float, most: float) -> Iterator[str]:
    scale = _WIDTH / most
    parse, screen, beside = one.parse_us * scale, one.screen_us * scale, _LEFT + one.beside_us * scale
    yield f'<rect x="{_LEFT}" y="{y + 5}" width="{parse:.1f}" height="12" fill="{OURS}"/>'
    yield f'<rect x="{_LEFT + parse:.1f}" y="{y + 5}" width="{screen:.1f}" height="12" fill="{LIMIT}"/>'
    yield f'<rect x="{beside - 1:.1f}" y="{y + 2}" width="3" height="18" fill="{PEERS}"/>'
    yield words(max(_LEFT + parse + screen, beside) + 8, y + 15, f"{one.parse_us + one.screen_us:.0f}")
