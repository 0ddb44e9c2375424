"""What listening costs: every figure, by parts, and the picture of it.

Processor time is that of this machine; what stays the same on another one are the ratios to those beside us in the same run.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec

from benchmarks.detection.page import filled
from benchmarks.detection.tables import Table, text
from benchmarks.listening.burst import Burst, burst
from benchmarks.listening.drawing import drawn
from benchmarks.listening.idle import Idle, idle
from benchmarks.listening.reading import Reading, readings

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURE = "why/what-listening-costs.md", "figures/listening.svg"
IDLE_BAR = 5.0  # % of a core, for two hundred sources


class Part(NamedTuple):
    about: str
    measure: Callable[[bool], Iterator[Any]]
    tables: Callable[[Sequence[Any]], Iterator[Table]]


def _bursts(quick: bool) -> Iterator[Burst]:
    yield from map(burst, (3, 6) if quick else (50, 100))


def _idles(quick: bool) -> Iterator[Idle]:
    yield idle(10 if quick else 200, 5 if quick else 60)


def _read_tables(found: Sequence[Reading]) -> Iterator[Table]:
    rows = [["", "messages", "kB", "reads, µs", "door, µs", "beside", "µs", "reads ×"]]
    for one in found:
        figures = (f"{one.messages:,}", f"{one.kilobytes:,.0f}", f"{one.parse_us:.1f}", f"{one.screen_us:.1f}", one.beside)
        rows.append([one.who, *figures, f"{one.beside_us:.1f}", f"{one.parse_us / one.beside_us:.1f}"])
    yield Table("Microseconds of processor time a message, best of several", rows)


def _burst_tables(found: Sequence[Burst]) -> Iterator[Table]:
    rows = [["", "bare loop, s", "read, s", "×", "committed, s", "messages/s", "memory, MB"]]
    for one in found:
        times = (f"{one.bare_s:.2f}", f"{one.read_s:.2f}", f"{one.read_s / one.bare_s:.1f}", f"{one.committed_s:.2f}")
        memory = f"{one.peak_mb:.0f} (+{one.more_mb:.0f})"
        rows.append([f"{one.pages} pages of 50", *times, f"{one.pages * 50 / one.committed_s:,.0f}", memory])
    yield Table("A forum's burst over real sockets, the server in another process", rows)


def _idle_tables(found: Sequence[Idle]) -> Iterator[Table]:
    rows = [["", "of a core, %", "memory, MB", "written, MB a minute", "first round, s"]]
    for one in found:
        who = f"{one.sources} feeds, each once a minute"
        rows.append([who, f"{one.share:.1f}", f"{one.rss_mb:.0f}", f"{one.written_mb:.1f}", f"{one.start_s:.0f}"])
    yield Table("One carebot run while nothing is new", rows, f"The bar is {IDLE_BAR:g} % of a core.")


PARTS = {
    "reading": Part("each connector on what its place answered, beside json.loads or feedparser", readings, _read_tables),
    "burst": Part("pages through real sockets, beside a bare aiohttp loop", _bursts, _burst_tables),
    "idle": Part("two hundred sources that say nothing new", _idles, _idle_tables),
}


def main(argv: list[str] | None = None) -> int:
    asked = _asked(argv)
    found: dict[str, list[Any]] = {}
    for name in asked.parts:
        found[name] = list(PARTS[name].measure(asked.quick))
        told = f"{_header(asked.quick)}\n\n" + "\n".join(text(PARTS[name].tables(found[name])))
        if asked.json:
            print("\n".join(msgspec.json.encode({"part": name, **msgspec.to_builtins(one)}).decode() for one in found[name]))
        else:
            print(told, "", sep="\n", flush=True)
        if asked.write:
            page = asked.write / PAGE
            page.write_text(filled(page.read_text(encoding="utf-8"), name, told), encoding="utf-8")
    if asked.write and "reading" in found:
        (asked.write / PICTURE).write_text(drawn(found["reading"]), encoding="utf-8")
    return 0


def _asked(argv: list[str] | None) -> argparse.Namespace:
    parts = "\n".join(f"  {name:8} {part.about}" for name, part in PARTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.listening",
        description=__doc__,
        epilog=f"parts:\n{parts}\nexample: python -m benchmarks.listening --parts reading --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS], metavar="PART", help="only these, of those below")
    parser.add_argument("--quick", action="store_true", help="few and short: to see that it works, not to quote")
    parser.add_argument("--json", action="store_true", help="one line of JSON a figure instead of tables")
    parser.add_argument("--write", type=Path, nargs="?", const=DOCS, metavar="DOCS", help=f"draw {PICTURE}, and put the tables into {PAGE}")
    return parser.parse_args(argv)


def _header(quick: bool) -> str:
    how = " --quick: not to be quoted;" if quick else ""
    return f"{time.strftime('%Y-%m-%d')};{how} {platform.machine()}, Python {platform.python_version()}, aiohttp {aiohttp.__version__}"


if __name__ == "__main__":
    sys.exit(main())
