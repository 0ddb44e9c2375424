"""Every detector on every case, each at the threshold that allowed so many false alarms on streams it is not judged by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from math import exp, inf, log

import msgspec
import numpy as np

from benchmarks.detection import alarms
from benchmarks.detection.alarms import Peaks
from benchmarks.detection.oracle import matched
from benchmarks.detection.ours import present
from benchmarks.detection.peers import Detector, peers
from benchmarks.detection.streams import CASES, HOPELESS, KINDS, WATCHED, Streams, Waves, clean, with_incidents

ORACLE, OURS, SHIPPED = "oracle", "carebot", "carebot, as shipped"
MISSED = float(WATCHED)  # what a median over an hour counts as
TARGETS = (10.0, 3.0, 1.0, 1 / 3)  # false alarms a series-month
MONTHLY = 1.0
Say = Callable[[str], None]


class Run(msgspec.Struct, frozen=True):
    """What to simulate. calibrate, test: clean series of ten weeks a rate; incidents: series of 14 incidents a case."""

    calibrate: int = 24
    test: int = 24
    incidents: int = 12
    rates: tuple[float, ...] = tuple(CASES)
    kinds: tuple[str, ...] = ()  # none named: all
    seed: int = 20261122
    waves: Waves = Waves()


QUICK = Run(calibrate=3, test=3, incidents=1, rates=(0.02, 10.0))


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One detector on one case.

    allowed        false alarms a series-month that its threshold let through in calibration; None: the threshold it ships with
    false_alarms   a series-month, on the test streams (those of the oracle are not measured: None)
    median, p90    minutes; inf: not within the hour. low, high: where the median lies with 95 %
    within_10, 30  share of incidents
    """

    who: str
    rate: float
    kind: str
    allowed: float | None
    false_alarms: float | None
    median: float
    p90: float
    low: float
    high: float
    within_10: float
    within_30: float
    of: int


def measured(run: Run, say: Say, detectors: Mapping[str, Detector] | None = None, shipped: Collection[str] = (OURS,)) -> Iterator[Found]:
    """All of it, rate by rate. shipped: the detectors that come with a threshold, which is 0."""
    field = {OURS: present, **peers()} if detectors is None else detectors
    for rate in run.rates:
        to_set, to_judge, with_kind = simulated(run, rate)
        for who, detector in field.items():
            say(f"{rate:g}/min: {who}")
            yield from judged(who, detector, to_set, to_judge, with_kind, shipped=who in shipped)
        for kind, streams in with_kind.items():
            say(f"{rate:g}/min: {ORACLE}, {kind}")
            yield from limit(to_set, kind, streams)


def simulated(run: Run, rate: float) -> tuple[Streams, Streams, dict[str, Streams]]:
    """Clean series to set thresholds on, others to count false alarms on, and series with incidents, by kind."""
    key = (run.seed, round(1000 * rate))
    kinds = {kind: 10 + number for number, kind in enumerate(KINDS) if kind in CASES[rate] and kind in (run.kinds or KINDS)}
    return (
        clean(rate, run.calibrate, (*key, 1), run.waves),
        clean(rate, run.test, (*key, 2), run.waves),
        {kind: with_incidents(rate, KINDS[kind], run.incidents, (*key, number), run.waves) for kind, number in kinds.items()},
    )


def judged(
    who: str, detector: Detector, to_set: Streams | None, to_judge: Streams, with_kind: Mapping[str, Streams], *, shipped: bool
) -> Iterator[Found]:
    """One detector on the streams of one rate. Without a set to find thresholds on, only as shipped."""
    bars = _bars(Peaks(detector(to_set), to_set.watched())) if to_set else {}
    if shipped:
        bars[None] = 0.0
    peaks = Peaks(detector(to_judge), to_judge.watched())
    false = {allowed: peaks.alarms(bar) / peaks.months for allowed, bar in bars.items()}
    for kind, streams in with_kind.items():
        scores = detector(streams)
        for allowed, bar in bars.items():
            name = as_shipped(who) if allowed is None else who
            yield _found(name, to_judge.rate, kind, allowed, false[allowed], alarms.delays(scores, streams, bar))


def limit(to_set: Streams, kind: str, streams: Streams) -> Iterator[Found]:
    """What the oracle makes of one kind of incident."""
    knows = partial(matched, kind=KINDS[kind])
    bars, scores = _bars(Peaks(knows(to_set), to_set.watched())), knows(streams)
    for allowed, bar in bars.items():
        yield _found(ORACLE, streams.rate, kind, allowed, None, alarms.delays(scores, streams, bar))


def as_shipped(who: str) -> str:
    return f"{who}, as shipped"


def _bars(peaks: Peaks) -> dict[float | None, float]:
    return {allowed: peaks.threshold(allowed) for allowed in TARGETS}


def _found(who: str, rate: float, kind: str, allowed: float | None, false: float | None, late: alarms.Delays) -> Found:
    low, high = alarms.between(late)
    return Found(
        who=who, rate=rate, kind=kind, allowed=allowed, false_alarms=false, low=low, high=high,
        median=alarms.quantile(late, 0.5), p90=alarms.quantile(late, 0.9),
        within_10=alarms.found(late, 10), within_30=alarms.found(late, 30), of=len(late),
    )  # fmt: skip


def at(found: Sequence[Found], who: str, allowed: float | None = MONTHLY) -> dict[tuple[float, str], Found]:
    """One detector's cases at one threshold; as shipped it has only one."""
    return {(one.rate, one.kind): one for one in found if one.who == who and one.allowed in (allowed, None)}


def times_the_oracle(found: Sequence[Found], who: str, allowed: float | None = MONTHLY) -> tuple[float, int]:
    """The geometric mean of median delay over the oracle's; and how many medians are missing, each counted as an hour."""
    best, mine = at(found, ORACLE, allowed or MONTHLY), at(found, who, allowed)
    cases = [case for case in mine if case not in HOPELESS]
    ratios = [min(mine[case].median, MISSED) / min(best[case].median, MISSED) for case in cases]
    missed = sum(mine[case].median == inf for case in cases)
    return (exp(float(np.mean([log(ratio) for ratio in ratios]))) if ratios else inf), missed


def false_alarms(found: Sequence[Found], who: str, allowed: float | None = MONTHLY) -> dict[float, float]:
    """A series-month, by rate."""
    return {rate: one.false_alarms for (rate, _), one in at(found, who, allowed).items() if one.false_alarms is not None}


def delay(found: Sequence[Found], who: str, allowed: float | None, cases: Sequence[tuple[float, str]]) -> float:
    """The geometric mean of the median delays, minutes; a median over an hour counts as an hour."""
    mine = at(found, who, allowed)
    return exp(float(np.mean([log(min(mine[case].median, MISSED)) for case in cases])))
