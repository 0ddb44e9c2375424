"""The parts of the benchmark by name: what each measures, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.detection import ours, report
from benchmarks.detection.ablations import ablations, ablations_tables
from benchmarks.detection.bakeoff import Run, Say, measured
from benchmarks.detection.brand import budget, budget_tables
from benchmarks.detection.cost import cost, cost_tables
from benchmarks.detection.lateness import Late, lateness
from benchmarks.detection.marks import marks, marks_tables
from benchmarks.detection.nab import nab, nab_tables
from benchmarks.detection.recorded import recorded, recorded_tables
from benchmarks.detection.rough import rough, rough_tables
from benchmarks.detection.storming import storms, storms_tables
from benchmarks.detection.tables import Table


class Part(NamedTuple):
    """measure: figures, one by one; tables: those figures to read."""

    about: str
    measure: Callable[[Run, Say], Iterable[Any]]
    tables: Callable[[Sequence[Any]], Iterator[Table]]


def _sim(found: Sequence[Any]) -> Iterator[Table]:
    yield from report.bakeoff(found)
    yield from report.hopeless(found)


def _late(run: Run, say: Say) -> Iterator[Late]:
    return lateness(run.test, run.incidents, run.seed, run.waves, say)


def _marks(run: Run, say: Say) -> Iterable[Any]:
    return marks(run, say, weighing=getattr(ours, "marked", None))


PARTS: Mapping[str, Part] = {
    "sim": Part("delay and false alarms of every detector on SIM-v1", measured, _sim),
    "threads": Part("the same in rougher worlds: threads, paydays, other waves", rough, rough_tables),
    "real": Part("failures put into recorded streams", recorded, recorded_tables),
    "nab": Part("the realTweets of the Numenta Anomaly Benchmark", nab, nab_tables),
    "storms": Part("storms of copies", storms, storms_tables),
    "lateness": Part("slow polling, late messages, gaps", _late, report.lateness),
    "marks": Part("weighing messages by their reader's doubt", _marks, marks_tables),
    "budget": Part("false alarms of a brand of fifty cells", budget, budget_tables),
    "cost": Part("time and memory of ten thousand cells", cost, cost_tables),
    "ablations": Part("what each part of the detector buys", ablations, ablations_tables),
}
