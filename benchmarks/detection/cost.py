"""What ten thousand live cells cost: processor time a cell and minute, and memory a cell, beside those who do less.

Two hundred brands of 49 services and a roll-up each are told what came in, minute by minute, by the function that the loop calls. Beside it
in the same run: numpy doing only the sums over carebot's windows for every cell, and one GaussianScorer of river a cell, which knows
mean and spread and no more.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.bakeoff import OURS, Run, Say
from benchmarks.detection.tables import Table
from carebot.config.schema import Brand, Rulebook, RulesFile
from carebot.decide.detecting import counting
from carebot.decide.detecting.cells import WIDTH, moment_of
from carebot.decide.detecting.detect import WINDOWS
from carebot.decide.state import State
from carebot.model import Signal

SERVICES, START = 49, 29_459_520 + 9 * 60  # a Monday morning
RULES = Rulebook(file=RulesFile(brand=Brand(name="brand0", time_zone="UTC")), text="", fingerprint="")
SUMS, RIVER = "numpy, only the sums", "river GaussianScorer"
Counts = NDArray[np.intp]  # (minutes, brands, services)


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """us: of processor time a cell and minute; bytes: a cell; over: the same, as times `numpy, only the sums`."""

    who: str
    cells: int
    us: float
    bytes: float
    over: float


def cost(run: Run, say: Say, minutes: int = 90) -> Iterator[Cost]:
    """Best told on a quiet machine. An hour and a half, so that an hour is learned on the way; fewer brands if little is asked for."""
    brands = min(200, 20 * run.test)
    chance = np.random.default_rng((run.seed, 7))
    rates = np.exp(chance.uniform(np.log(0.0005), np.log(0.5), (brands, SERVICES)))
    counts = chance.poisson(rates, (minutes, brands, SERVICES))
    cells, found, some = brands * (SERVICES + 1), {}, counts[:, : max(1, brands // 10)]
    for who, work in {SUMS: only_sums, OURS: by_carebot, RIVER: by_river}.items():
        if who == RIVER and not find_spec("river"):
            say("without river: pip install '.[bench]'")
            continue
        say(f"{who}: {cells} cells, {minutes} minutes")
        found[who] = (1e6 * _took(work(counts)) / (cells * minutes), _weighs(work, some) / (some[0, :, 0].size * (SERVICES + 1)))
    yield from (Cost(who=who, cells=cells, us=us, bytes=size, over=us / found[SUMS][0]) for who, (us, size) in found.items())


Work = Callable[[Counts], tuple[object, Iterator[None]]]


def _took(made: tuple[object, Iterator[None]]) -> float:
    """Seconds of processor time for all minutes; making the cells is not in it."""
    gc.freeze()
    started = time.process_time()
    for _ in made[1]:
        pass
    return time.process_time() - started


def _weighs(work: Work, counts: Counts) -> float:
    """Bytes of what is kept between two minutes."""
    gc.collect()
    tracemalloc.start()
    made = work(counts)
    _took(made)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return float(size)


# ── three who do it ──────────────────────────────────────────────────────────────────────────────────────────────


def by_carebot(counts: Counts) -> tuple[object, Iterator[None]]:
    """Every cell has been written in once; then, minute by minute, on a copy as in every step: time moves on, and what was said counts."""
    kept = [State()]
    kept[0].memory.heard_from = START - 60
    counting.move_on(kept[0], START - 1, RULES)
    counting.evidence(kept[0], START - 1, _signals(np.ones_like(counts[0]), START - 1), RULES)
    said = [_signals(one, START + number) for number, one in enumerate(counts)]

    def steps() -> Iterator[None]:
        for number, signals in enumerate(said):
            state = kept[0].copy()
            counting.move_on(state, START + number, RULES)
            if signals:
                counting.evidence(state, START + number, signals, RULES)
            kept[0] = state
            yield

    return kept, steps()


def _signals(counts: Counts, minute: int) -> list[Signal]:
    at = moment_of(minute)
    places = np.repeat(np.argwhere(counts), counts[counts > 0], axis=0).tolist()
    return [
        Signal(id=f"{minute}-{number}", kind="outage", rule="", brand=f"brand{brand}", service=f"service{service}", symptom="", source="",
               author_key=f"{minute}-{number}", posted_at=at, seen_at=at)
        for number, (brand, service) in enumerate(places)
    ]  # fmt: skip


def only_sums(counts: Counts) -> tuple[object, Iterator[None]]:
    """The last four hours of every cell, and their sums over every window."""
    minutes, brands, services = counts.shape
    kept = np.zeros((brands * (services + 1), WIDTH), np.int32)

    def steps() -> Iterator[None]:
        for number in range(minutes):
            kept[:, number % WIDTH] = np.concatenate([counts[number].ravel(), counts[number].sum(axis=1)])
            order = (number - np.arange(int(WINDOWS.max()))) % WIDTH
            kept[:, order].cumsum(axis=1)[:, WINDOWS - 1]
            yield

    return kept, steps()


def by_river(counts: Counts) -> tuple[object, Iterator[None]]:
    make = import_module("river.anomaly").GaussianScorer
    minutes, brands, services = counts.shape
    scorers = [make() for _ in range(brands * (services + 1))]

    def steps() -> Iterator[None]:
        for number in range(minutes):
            told = np.concatenate([counts[number].ravel(), counts[number].sum(axis=1)]).tolist()
            for scorer, count in zip(scorers, told, strict=True):
                scorer.score_one(None, count)
                scorer.learn_one(None, count)
            yield

    return scorers, steps()


def cost_tables(found: Sequence[Cost]) -> Iterator[Table]:
    rows = [["", "µs a cell-minute", f"× {SUMS}", "bytes a cell"]]
    rows += [[one.who, f"{one.us:.2f}", f"{one.over:.2f}", f"{one.bytes:.0f}"] for one in found]
    yield Table(f"{found[0].cells:,} live cells" if found else "Live cells", rows, "to be 5 µs a cell-minute at the most")
