"""How soon carebot notices, at how many false alarms, beside its peers: every figure, by parts, and the pictures of it."""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.detection.bakeoff import QUICK, Run
from benchmarks.detection.dots import dots
from benchmarks.detection.drawing import drawn
from benchmarks.detection.page import filled
from benchmarks.detection.parts import PARTS
from benchmarks.detection.report import pairs, panels
from benchmarks.detection.streams import CASES, Waves
from benchmarks.detection.tables import text

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURES = "why/how-soon-it-notices.md", ("figures/detection.svg", "figures/detection-cases.svg")
EPILOG = f"""\
{chr(10).join(f"  {name:10} {part.about}" for name, part in PARTS.items())}

A false alarm is an alarm after an hour of quiet on a series in which nothing happens; one that lasts counts again every four hours.
A threshold is set per detector and rate on streams of one seed and measured on streams of another; "as shipped" is carebot with the
setting it has, the same for every rate. Detectors of river are there if it is installed: pip install '.[bench]'.
example: python -m benchmarks.detection --parts nab cost --json > figures.jsonl"""


def main(argv: list[str] | None = None) -> int:
    asked = _asked(argv)
    run = QUICK if asked.quick else Run()
    run = msgspec.structs.replace(run, seed=asked.seed, waves=Waves(asked.sigma, asked.tau), rates=tuple(asked.rates or run.rates))
    found: dict[str, list[Any]] = {}
    for name in asked.parts:
        _say(f"── {name}: {PARTS[name].about}")
        started = time.process_time()
        found[name] = list(PARTS[name].measure(run, _say))
        told = f"{_header(asked, time.process_time() - started)}\n\n" + "\n".join(text(PARTS[name].tables(found[name])))
        if asked.json:
            print("\n".join(msgspec.json.encode({"part": name, **msgspec.to_builtins(one)}).decode() for one in found[name]))
        else:
            print(f"── {name} " + "─" * 80, told, "", sep="\n", flush=True)
        if asked.write:
            page = asked.write / PAGE
            page.write_text(filled(page.read_text(encoding="utf-8"), name, told), encoding="utf-8")
    if asked.write or asked.draw:
        _draw(asked.write or asked.draw, found)
    return 0


def _asked(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", type=_parts, nargs="+", default=[[*PARTS]], metavar="PART", help="only these, of those below")
    parser.add_argument("--quick", action="store_true", help="few and short: to see that it works, not to quote")
    parser.add_argument("--rates", type=float, nargs="+", choices=list(CASES), metavar="RATE", help="only these rates: %(choices)s")
    parser.add_argument("--seed", type=int, default=QUICK.seed, help="of everything that is drawn by lot (default: %(default)s)")
    parser.add_argument("--sigma", type=float, default=Waves().sigma, help="how much the rate fluctuates by nature (default: %(default)s)")
    parser.add_argument("--tau", type=float, default=Waves().minutes, help="minutes such a wave lasts (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one line of JSON a figure instead of tables")
    parser.add_argument("--draw", type=Path, nargs="?", const=DOCS, metavar="DOCS", help=f"draw {' and '.join(PICTURES)}; needs sim")
    parser.add_argument("--write", type=Path, nargs="?", const=DOCS, metavar="DOCS", help=f"draw, and put the tables into {PAGE}")
    asked = parser.parse_args(argv)
    asked.parts = list(dict.fromkeys(name for names in asked.parts for name in names))
    return asked


def _parts(told: str) -> list[str]:
    names = [name for name in told.split(",") if name]
    if unknown := [name for name in names if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no part {unknown[0]!r}. The parts are {', '.join(PARTS)}.")
    return names


def _header(asked: argparse.Namespace, took: float) -> str:
    how = " --quick: not to be quoted;" if asked.quick else ""
    return (
        f"{time.strftime('%Y-%m-%d')}, seed {asked.seed},{how} {took:.0f} s of processor time; "
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}"
    )


def _draw(docs: Path, found: Mapping[str, Sequence[Any]]) -> None:
    if "sim" not in found:
        _say("nothing drawn: that needs sim among the parts")
        return
    for name, picture in zip(PICTURES, (drawn(panels(found["sim"])), dots(pairs(found["sim"]))), strict=True):
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(picture, encoding="utf-8")
        _say(f"drawn: {docs / name}")


def _say(what: str) -> None:
    print(f"{time.process_time():6.0f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
