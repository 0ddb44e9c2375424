"""One brand is many cells: how often does a desk that watches all of them hear a false alarm?

Fifty services, each with a channel's worth of complaints from one in a day and a half to one in two minutes, and the brand's roll-up
beside them. A setting that allows one false alarm a month and cell allows fifty a month and brand; a budget for the brand divides it by the
number of cells, and that costs time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection import alarms
from benchmarks.detection.alarms import Peaks, Scores
from benchmarks.detection.bakeoff import Run, Say
from benchmarks.detection.ours import present
from benchmarks.detection.peers import Detector
from benchmarks.detection.streams import KINDS, WARM_UP, Streams, clean, with_incidents
from benchmarks.detection.tables import Table, minutes, percent

RATES = tuple(np.geomspace(0.0005, 0.5, 50).tolist())
KIND, BROKEN = "+5 in 10 min", (5, 15, 25, 35, 45)  # the cells, by number, in which incidents are tried
EACH, SHARED, TUNED = "one a cell-month", "one a brand-month, divided by cells", "one a brand-month, tuned on others"


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """One setting on one failing cell.

    bar            the evidence asked for: −log of false alarms a month and cell
    false_alarms   a brand-month, each after an hour of quiet in the whole brand; of_rollup: what the roll-up would raise alone
    broken         messages a minute of the cell that fails
    """

    setting: str
    bar: float
    false_alarms: float
    of_rollup: float
    broken: float
    median: float
    p90: float
    within_30: float
    of: int


def budget(run: Run, say: Say, detector: Detector = present) -> Iterator[Budget]:
    """An eighth of the bake-off's series are whole brands."""
    brands = max(1, run.test // 8)
    say("fifty cells, to set the threshold on")
    highest, _ = _brand(_cells(run, brands, 1), detector)
    tuned = Peaks(highest, _watched(highest)).threshold(1.0)
    say("fifty others, to judge it by")
    cells = _cells(run, brands, 2)
    highest, rollup = _brand(cells, detector)
    whole, alone = Peaks(highest, _watched(highest)), Peaks(rollup, _watched(rollup))
    for number in BROKEN:
        say(f"{RATES[number]:.4f}/min: {KIND}")
        scores, streams = _with_one_broken(run, cells, number, detector)
        for setting, bar in ((EACH, 0.0), (SHARED, log(len(RATES) + 1)), (TUNED, tuned)):
            late = alarms.delays(scores, streams, bar)
            yield Budget(
                setting=setting, bar=bar, false_alarms=whole.alarms(bar) / whole.months, of_rollup=alone.alarms(bar) / whole.months,
                broken=RATES[number], median=alarms.quantile(late, 0.5), p90=alarms.quantile(late, 0.9),
                within_30=alarms.found(late, 30), of=len(late),
            )  # fmt: skip


def _cells(run: Run, brands: int, purpose: int) -> list[Streams]:
    return [clean(rate, brands, (run.seed, 50, purpose, number), run.waves) for number, rate in enumerate(RATES)]


def rolled_up(cells: Sequence[Streams]) -> Streams:
    """The brand's own cell: everything that its services hear."""
    counts, truth = sum(one.counts for one in cells), sum(one.truth for one in cells)
    return msgspec.structs.replace(cells[0], rate=sum(one.rate for one in cells), counts=counts, truth=truth)


def _brand(cells: Sequence[Streams], detector: Detector) -> tuple[Scores, Scores]:
    """The highest score of any cell of each brand, and the roll-up's."""
    rollup = detector(rolled_up(cells))
    highest = rollup.copy()
    for one in cells:
        np.maximum(highest, detector(one), out=highest)
    return highest, rollup


def _watched(scores: Scores) -> NDArray[np.bool_]:
    watched = np.zeros(scores.shape, np.bool_)
    watched[:, WARM_UP:] = True
    return watched


def _with_one_broken(run: Run, cells: Sequence[Streams], number: int, detector: Detector) -> tuple[Scores, Streams]:
    """One cell with incidents and what it adds to the roll-up: whichever speaks first."""
    brands = len(cells[0].counts)
    broken = with_incidents(RATES[number], KINDS[KIND], brands, (run.seed, 50, 3, number), run.waves)
    weeks = slice(0, broken.counts.shape[1])
    others = [one for place, one in enumerate(cells) if place != number]
    counts = broken.counts + sum(one.counts[:, weeks] for one in others)
    rollup = Streams(sum(RATES), counts, broken.truth, broken.onsets)
    return np.maximum(detector(broken), detector(rollup)), broken


def budget_tables(found: Sequence[Budget]) -> Iterator[Table]:
    rates = list(dict.fromkeys(one.broken for one in found))
    rows = [["", "asked for", "false a brand-month", "of the roll-up", *(f"cell of {rate:.4f}" for rate in rates)]]
    for setting in dict.fromkeys(one.setting for one in found):
        mine = [one for one in found if one.setting == setting]
        cases = (f"{minutes(one.median)} / {minutes(one.p90)}; {percent(one.within_30)}" for one in mine)
        rows.append([setting, f"{mine[0].bar:.1f} nats", f"{mine[0].false_alarms:.2f}", f"{mine[0].of_rollup:.2f}", *cases])
    remark = "cell of: its messages a minute; the first two by carebot's own reckoning, as shipped and with the budget shared out"
    yield Table(f"Fifty cells and the roll-up of one brand, {KIND}: median / p90 minutes; found in 30 min, %", rows, remark)
