"""A card as Slack shows it, drawn from the very payload that is posted: `python -m tests.effects.cards` writes the cards and the pictures.

A small drawing, not a browser: what Slack's blocks look like, near enough to read. The payloads are those the tests hold word for word
(tests/effects/golden), so a picture in the docs is true as long as its test is green. Widths of letters are estimates, on the wide side.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parents[1]
GOLDEN = HOUSE / "tests" / "effects" / "golden"
PICTURES = {"card.svg": ("en", "confirmed"), "card-es.svg": ("es", "confirmed"), "card-possible.svg": ("en", "suspected")}

WIDTH, LEFT, RIGHT = 680, 64, 20
ROOM = WIDTH - LEFT - RIGHT
INK, GREY, BLUE, LINE = "#1d1c1d", "#616061", "#1264a3", "#dddddd"
_NARROW, _WIDE = set("ijltf.,:;'|!()[]· "), set("mwMW@%—")

Block = dict[str, Any]


class Page:
    """What was drawn so far, and how far down."""

    def __init__(self) -> None:
        self.y = 18.0
        self.drawn: list[str] = []

    def text(self, x: float, text: str, size: int = 15, colour: str = INK, *, bold: bool = False, mono: bool = False) -> None:
        family = "monospace" if mono else "Lato, 'Helvetica Neue', Arial, sans-serif"
        weight = ' font-weight="700"' if bold else ""
        look = f'font-family="{family}" font-size="{size}"{weight} fill="{colour}" xml:space="preserve"'
        self.drawn.append(f'<text x="{x:g}" y="{self.y:g}" {look}>{escape(text)}</text>')

    def box(self, x: float, y: float, width: float, height: float, fill: str = "none", stroke: str = "none", round_: int = 4) -> None:
        self.drawn.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_}" fill="{fill}" stroke="{stroke}"/>'
        )

    def lines(self, text: str, size: int = 15, colour: str = INK, x: float = LEFT, room: float = ROOM, **look: bool) -> None:
        for line in wrapped(text, size, room):
            self.y += size * 1.45
            self.text(x, line, size, colour, **look)


def width(text: str, size: float) -> float:
    """How wide it is drawn, in pixels, about."""
    return size * sum(0.3 if char in _NARROW else 0.92 if char in _WIDE else 1.35 if char > "\u2fff" else 0.56 for char in text)


def wrapped(text: str, size: float, room: float) -> Iterator[str]:
    for row in text.split("\n"):
        line = ""
        for word in row.split(" "):
            longer = f"{line} {word}" if line else word
            if line and width(longer, size) > room:
                yield line
                line = word
            else:
                line = longer
        yield line


def picture(card: Block, title: str) -> str:
    """The SVG of one card: {"blocks", "text", "colour"} as `carebot.effects.card` makes it."""
    page = Page()
    page.box(16, 18, 36, 36, "#4a154b", round_=6)
    page.y = 42
    page.text(25, "cb", 16, "#ffffff", bold=True)
    page.y = 32
    page.text(LEFT, "carebot", 15, bold=True)
    page.box(LEFT + 68, 20, 30, 15, "#f2f2f2", round_=3)
    page.text(LEFT + 72, "APP", 10, GREY, bold=True)
    for block in card["blocks"]:
        page.y += 9
        _DRAW[block["type"]](page, block)
    height = page.y + 20
    body = "\n".join(page.drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:g}" rx="8" fill="#ffffff" stroke="{LINE}"/>\n{body}\n</svg>\n'
    )


def _header(page: Page, block: Block) -> None:
    page.lines(block["text"]["text"], 18, bold=True)


def _section(page: Page, block: Block) -> None:
    if "text" in block:
        page.lines(block["text"]["text"])
    fields = [unescape(field["text"]).partition("\n") for field in block.get("fields", ())]
    column = ROOM / 2
    for row in range(0, len(fields), 2):
        top = lowest = page.y
        for place, (label, _, value) in enumerate(fields[row : row + 2]):
            page.y = top
            page.lines(label.strip("*"), 15, x=LEFT + place * column, room=column - 16, bold=True)
            page.lines(value, 15, x=LEFT + place * column, room=column - 16)
            lowest = max(lowest, page.y)
        page.y = lowest + 4


def _context(page: Page, block: Block) -> None:
    for element in block["elements"]:
        page.lines(unescape(element["text"]), 12, GREY)


def _rich_text(page: Page, block: Block) -> None:
    for part in block["elements"]:
        text = "".join(piece.get("text", f"@{piece.get('range', '')}") for piece in part["elements"])
        top = page.y
        match part["type"]:
            case "rich_text_preformatted":
                rows = list(wrapped(text, 13, ROOM - 24))
                page.box(LEFT, top + 6, ROOM, 20 * len(rows) + 12, "#f8f8f8", LINE)
                page.y += 8
                for row in rows:
                    page.y += 20
                    page.text(LEFT + 10, row, 13, mono=True)
                page.y += 8
            case "rich_text_quote":
                page.lines(text, x=LEFT + 14, room=ROOM - 14)
                page.box(LEFT, top + 5, 4, page.y - top, LINE, round_=2)
            case _:
                link = any("url" in piece for piece in part["elements"])
                bold = any(piece.get("style", {}).get("bold") for piece in part["elements"])
                page.lines(text, 15, BLUE if link else INK, bold=bold)


def _actions(page: Page, block: Block) -> None:
    x = float(LEFT)
    page.y += 4
    for element in block["elements"]:
        menu = element["type"] == "static_select"
        label = element["placeholder" if menu else "text"]["text"] + (" ▾" if menu else "")
        wide = 1.15 * width(label, 13) + 26  # bold
        if x + wide > WIDTH - RIGHT:
            x, page.y = float(LEFT), page.y + 38
        green = element.get("style") == "primary"
        page.box(x, page.y, wide, 30, "#007a5a" if green else "#ffffff", "#007a5a" if green else "#bbbbbb")
        page.y += 20
        page.text(x + 12, label, 13, "#ffffff" if green else INK, bold=True)
        page.y -= 20
        x += wide + 8
    page.y += 32


_DRAW: dict[str, Callable[[Page, Block], None]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "rich_text": _rich_text,
    "actions": _actions,
}


def pictures() -> dict[str, str]:
    """Each picture of the docs, as its payload makes it now."""
    cards = {language: json.loads((GOLDEN / f"cards_{language}.json").read_text(encoding="utf-8")) for language in ("es", "en")}
    return {name: picture(cards[language][which], cards[language][which]["text"]) for name, (language, which) in PICTURES.items()}


def main() -> None:
    for name, drawn in pictures().items():
        (HOUSE / "docs" / "figures" / name).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
