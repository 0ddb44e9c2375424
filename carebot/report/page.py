"""The week as one HTML file that asks nobody for anything: no script, no picture, no font from elsewhere; charts are drawn in it. Pure.

What customers wrote is hostile. Every text is escaped where it is written (`_t`), the policy in the page lets nothing run or load even
if one were not, and the only addresses in it are those of `parts.Link`, which are on the networks' own hosts.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape

from carebot.report.parts import Bars, Cell, Curve, Link, Note, Part, Table, Tiles, Told

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5c6670; --line: #d9dee3; --paper: #fff; --bar: #2f6fb0; --open: #c2651a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa5b0; --line: #343b43; --paper: #14181c; --bar: #6ba6e0; --open: #e79a5b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 1.2rem 0 .4rem; }
p { margin: .4rem 0; }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .6rem; margin: 0; }
dl div { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .7rem; display: flex; flex-direction: column-reverse; }
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; }
th { text-align: left; color: var(--soft); font-weight: 500; }
th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; }
td:last-child { overflow-wrap: anywhere; }
a { color: var(--bar); white-space: nowrap; }
svg { display: block; width: 100%; height: auto; margin: .3rem 0; }
text { fill: var(--ink); font: 13px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
text.soft { fill: var(--soft); }
.bar { fill: var(--bar); }
.open { fill: none; stroke: var(--open); stroke-dasharray: 4 3; }
.mark { stroke: var(--open); stroke-width: 1.5; }
@page { size: A4; margin: 15mm; }
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --bar: #444; --open: #000; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2, h3 { break-after: avoid; }
  dl { grid-template-columns: repeat(4, 1fr); }
  tr, svg, dl div { break-inside: avoid; }
  svg, dl div { print-color-adjust: exact; }
}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
WIDE, NAMES, ENDS = 900, 250, 380  # of a chart; how much of it is for the names, and for what stands at the bars' ends
ROW, HIGH, HEAD = 22, 120, 36
_BAR, _OPEN = 'class="bar" fill="#2f6fb0"', 'class="open" fill="none" stroke="#c2651a"'  # colours also for what draws no style sheets


def page(told: Told) -> str:
    """A whole file in UTF-8, the same for the same figures."""
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="{told.language}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_t(POLICY)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_t(told.title)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            f"<h1>{_t(told.title)}</h1>",
            f'<p class="soft">{_t(told.lead)}</p>',
            *(line for section in told.sections for line in (f"<h2>{_t(section.title)}</h2>", *_parts(section.parts))),
            "</body>",
            "</html>",
            "",
        )
    )


def _t(text: str) -> str:
    """The one way in which text gets into the page, between tags and inside quotes alike."""
    return escape(text, quote=True)


def _parts(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        match part:
            case Tiles(rows):
                yield f"<dl>{''.join(f'<div><dt>{_t(what)}</dt><dd>{_t(much)}</dd></div>' for what, much in rows)}</dl>"
            case Bars():
                yield f"<h3>{_t(part.title)}</h3>"
                yield _bars(part)
            case Table():
                yield from _table(part)
            case Curve():
                yield f'<p class="soft">{_t(part.title)}</p>'
                yield _curve(part)
            case Note(text):
                yield f"<p>{_t(text)}</p>"


def _table(part: Table) -> Iterator[str]:
    if part.title:
        yield f"<h3>{_t(part.title)}</h3>"
    if part.rows:
        head = f"<thead><tr>{''.join(f'<th>{_t(cell)}</th>' for cell in part.head)}</tr></thead>" if part.head else ""
        rows = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in part.rows)
        yield f"<table>{head}<tbody>{rows}</tbody></table>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f'<a href="{_t(cell.url)}" rel="noopener noreferrer nofollow">{_t(cell.text)}</a>'
    return _t(cell)


# ── charts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _bars(part: Bars) -> str:
    """Bars lying on their side; what has no end is an open one."""
    longest = max((value for _, value, _, _ in part.rows if value is not None), default=0.0) or 1.0
    room = WIDE - NAMES - ENDS
    drawn: list[str] = []
    for row, (what, value, text, note) in enumerate(part.rows):
        top = row * ROW
        width = room if value is None else round(max(value / longest * room, 1.5 if value else 0), 1)
        kind = _OPEN if value is None else _BAR
        drawn.append(f'<text x="{NAMES - 10}" y="{top + 15}" text-anchor="end">{_t(what)}</text>')
        drawn.append(f'<rect {kind} x="{NAMES}" y="{top + 4}" width="{width:g}" height="{ROW - 8}" rx="2"/>')
        more = f' <tspan class="soft">· {_t(note)}</tspan>' if note else ""
        drawn.append(f'<text x="{NAMES + width + 8:g}" y="{top + 15}">{_t(text)}{more}</text>')
    return _svg(part.title, max(1, len(part.rows)) * ROW, drawn)


def _curve(part: Curve) -> str:
    """A bar for each stretch of time, and a line with a number for each step; the steps' names are in the table above."""
    most, step = max(part.counts) or 1, WIDE / len(part.counts)
    drawn = [
        f'<rect {_BAR} x="{place * step:.1f}" y="{HIGH - count / most * (HIGH - HEAD):.1f}" width="{max(step - 1, 0.8):.1f}"'
        f' height="{count / most * (HIGH - HEAD):.1f}"/>'
        for place, count in enumerate(part.counts)
        if count
    ]
    for number, (name, place) in enumerate(part.marks):
        at = min(place * step, WIDE - 1)
        anchor = "end" if at > WIDE * 0.75 else "start"
        drawn.append(f'<line class="mark" stroke="#c2651a" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{HIGH}"/>')
        shift = -4 if anchor == "end" else 4
        drawn.append(f'<text class="soft" x="{at + shift:.1f}" y="{12 + 14 * number}" text-anchor="{anchor}">{_t(name)}</text>')
    return _svg(part.title, HIGH, drawn)


def _svg(title: str, height: int, drawn: list[str]) -> str:
    return f'<svg viewBox="0 0 {WIDE} {height}" role="img" aria-label="{_t(title)}">{"".join(drawn)}</svg>'
