"""Delay, false alarms and lateness of carebot's detector beside its peers, and the picture of it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.detection.bakeoff import QUICK, Run, measured
from benchmarks.detection.drawing import drawn
from benchmarks.detection.lateness import lateness
from benchmarks.detection.report import panels, tables
from benchmarks.detection.streams import CASES, Waves

FIGURE = Path(__file__).resolve().parents[2] / "docs" / "figures" / "detection.svg"
EPILOG = """\
A false alarm is an alarm after an hour of quiet on a series in which nothing happens; one that lasts counts again every four hours.
A threshold is set per detector and rate on streams of one seed and measured on streams of another; "as shipped" is carebot with the
setting it has, the same for every rate. Detectors of river are there if it is installed: pip install '.[bench]'."""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.detection", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a quarter of the streams: to see that it works, not to quote")
    parser.add_argument("--rates", type=float, nargs="+", choices=list(CASES), metavar="RATE", help="only these rates: %(choices)s")
    parser.add_argument("--seed", type=int, default=QUICK.seed, help="of all streams (default: %(default)s)")
    parser.add_argument("--sigma", type=float, default=Waves().sigma, help="how much the rate fluctuates by nature (default: %(default)s)")
    parser.add_argument("--tau", type=float, default=Waves().minutes, help="minutes such a wave lasts (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one line of JSON a figure instead of tables")
    parser.add_argument("--draw", type=Path, nargs="?", const=FIGURE, metavar="FILE", help="draw it (default: docs/figures/detection.svg)")
    asked = parser.parse_args(argv)
    run = msgspec.structs.replace(
        QUICK if asked.quick else Run(), seed=asked.seed, waves=Waves(asked.sigma, asked.tau), rates=tuple(asked.rates or CASES)
    )
    found = list(measured(run, _say))
    late = list(lateness(run.test, run.incidents, run.seed, run.waves, _say)) if not asked.rates else []
    if asked.json:
        print("\n".join(msgspec.json.encode(one).decode() for one in [*found, *late]))
    else:
        print("\n".join(tables(found, late)))
    if asked.draw:
        asked.draw.parent.mkdir(parents=True, exist_ok=True)
        asked.draw.write_text(drawn(panels(found)), encoding="utf-8")
        _say(f"drawn: {asked.draw}")
    return 0


def _say(what: str) -> None:
    print(f"{time.process_time():6.0f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
