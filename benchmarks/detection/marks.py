"""What a reader's doubt is worth: the same messages counted whole, counted above a threshold of its score, and weighed by it.

One message a minute; an incident brings one more every two minutes. A reader gives each a score (log-odds): N(−2, 1.5) for what is said
anyway, N(1, 1.3) for the incident's, so it tells them apart with an area of .935. A message weighs the probability that it is of the
incident's sort, as a calibrated reader would say that has seen one such message in twenty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection import ours
from benchmarks.detection.bakeoff import Found, Run, Say, at, judged
from benchmarks.detection.peers import Detector
from benchmarks.detection.report import case
from benchmarks.detection.streams import KINDS, Floats, Streams, Waves, by_day, clean, extra
from benchmarks.detection.tables import Table

RATE, KIND = 1.0, "+5 in 10 min"
USUAL, BROKEN = (-2.0, 1.5), (1.0, 1.3)  # mean and spread of the score
SHARE = 0.05  # of messages that are of the incident's sort, over all that a reader has seen
THRESHOLDS = (0.0, 1.0)
WEIGHED = "weighed by probability"


class Weighed(Streams, frozen=True, kw_only=True):
    """`weights`: float64 (series, minutes), the summed probabilities of each minute's messages; `scores`: each message's, in order."""

    weights: Floats
    scores: NDArray[np.float32]


def weighed(series: int, key: tuple[int, ...], waves: Waves = Waves(), *, broken: bool) -> Weighed:  # noqa: B008
    """Scored streams: eight weeks with incidents, or ten weeks without."""
    chance = np.random.default_rng((*key, 1))
    usual = clean(RATE, series, key, waves, weeks=8 if broken else 10)
    more, onsets = np.zeros_like(usual.counts), usual.onsets
    if broken:
        onsets = by_day(series, chance)
        rows, minutes = np.arange(series)[:, None, None], onsets[:, :, None] + np.arange(120)
        more[rows, minutes] = chance.poisson(extra(KINDS[KIND], usual.truth[rows, minutes]))
    counts = usual.counts + more
    of = np.repeat(np.arange(counts.size), counts.ravel())
    nth = np.arange(len(of)) - np.repeat(np.cumsum(counts.ravel()) - counts.ravel(), counts.ravel())
    theirs = nth < more.ravel()[of]  # which of a minute's messages are the incident's does not matter
    scores = np.where(theirs, chance.normal(*BROKEN, len(of)), chance.normal(*USUAL, len(of)))
    weights = np.zeros(counts.size)
    np.add.at(weights, of, probability(scores))
    scored = scores.astype(np.float32)
    return Weighed(
        rate=RATE, counts=counts, truth=usual.truth, onsets=onsets, weights=weights.reshape(counts.shape), scores=scored
    )  # fmt: skip


def probability(scores: Floats) -> Floats:
    """That a message with this score is of the incident's sort."""
    odds = log(SHARE / (1 - SHARE)) + _log_density(scores, *BROKEN) - _log_density(scores, *USUAL)
    p: Floats = 1 / (1 + np.exp(-odds))
    return p


def _log_density(at: Floats, mean: float, spread: float) -> Floats:
    told: Floats = -(((at - mean) / spread) ** 2) / 2 - log(spread)
    return told


def above(streams: Weighed, threshold: float) -> Streams:
    """Only the messages whose score is above a threshold."""
    of = np.repeat(np.arange(streams.counts.size), streams.counts.ravel())[streams.scores > threshold]
    counts = np.bincount(of, minlength=streams.counts.size).reshape(streams.counts.shape).astype(np.int32)
    return Streams(streams.rate, counts, streams.truth, streams.onsets)


def marks(run: Run, say: Say, counting: Detector = ours.present, weighing: Detector | None = None) -> Iterator[Found]:
    """Each way of listening, at thresholds found on other streams and as shipped. weighing: takes `Weighed` streams."""
    key = (run.seed, 36)
    sets = weighed(run.calibrate, (*key, 1), run.waves, broken=False)
    tests = weighed(run.test, (*key, 2), run.waves, broken=False)
    broken = weighed(run.incidents, (*key, 3), run.waves, broken=True)
    for threshold in (-np.inf, *THRESHOLDS):
        who = "all messages" if threshold == -np.inf else f"score > {threshold:g}"
        say(who)
        heard = (above(streams, threshold) for streams in (sets, tests, broken))
        yield from _judged(who, counting, *heard)
    if weighing:
        say(WEIGHED)
        yield from _judged(WEIGHED, weighing, sets, tests, broken)


def _judged(who: str, detector: Detector, sets: Streams, tests: Streams, broken: Streams) -> Iterator[Found]:
    with_kind: Mapping[str, Streams] = {KIND: broken}
    return judged(who, detector, sets, tests, with_kind, shipped=True)


def marks_tables(found: Sequence[Found]) -> Iterator[Table]:
    rows = [["", "false a series-month", "median (95 %) / p90; in 10 and 30 min, %"]]
    for who in dict.fromkeys(one.who for one in found):
        one = next(iter(at(found, who).values()))
        rows.append([who, f"{one.false_alarms:.2f}", case(one)])
    yield Table(f"One message a minute, one more every two minutes in an incident ({KIND}); thresholds for one a series-month", rows)
