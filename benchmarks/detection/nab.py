"""Ten years-old series of how often a company was mentioned (NAB realTweets), with the anomalies that people marked in them.

The values are mentions in five minutes. carebot reads them as messages, each five minutes' count spread over its minutes at random, and its
evidence is that of the worst of the five. Nothing of carebot is set for this: only the threshold is swept, as for everybody.

Everybody is scored twice: as is, and speaking again only when things are worse than at any time in the last six hours, as a desk would
be told. Windows here are a day or two wide: this says nothing about minutes, and much about how seldom one cries wolf.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection import peers
from benchmarks.detection.bakeoff import OURS, Run, Say
from benchmarks.detection.nab_score import PROFILES, Labelled, best
from benchmarks.detection.ours import present
from benchmarks.detection.peers import Detector
from benchmarks.detection.streams import DAY, WEEK, Floats, Streams
from benchmarks.detection.tables import Table

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "nab"
STEP, AGAIN = 5, 72  # minutes a value; values in which only worse is news
# What others reach on these ten files by NAB's own sweeper, the threshold chosen likewise (2026-11, each detector's published results).
PUBLISHED = {
    "[published] ARTime": (83.2, 74.6),
    "[published] CAD-OSE": (74.5, 73.1),
    "[published] HTM": (69.3, None),
    "[published] KNN-CAD": (64.3, None),
}


class Mentions(NamedTuple):
    name: str
    values: NDArray[np.intp]
    windows: Sequence[tuple[int, int]]


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """score: 0 for never raising an alarm, 100 for perfect. once: speaks again only when it is worse."""

    who: str
    profile: str
    once: bool
    score: float
    threshold: float


def mentions(folder: Path) -> Iterator[Mentions]:
    marked = json.loads((folder / "labels" / "windows_realTweets.json").read_text(encoding="utf-8"))
    for path in sorted((folder / "data" / "realTweets").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            rows = [(row["timestamp"], int(row["value"])) for row in csv.DictReader(file)]
        place = {moment: number for number, (moment, _) in enumerate(rows)}
        windows = [(place[start[:19]], place[end[:19]]) for start, end in marked[f"realTweets/{path.name}"]]
        yield Mentions(path.stem, np.array([value for _, value in rows]), windows)


def as_messages(values: NDArray[np.intp], chance: np.random.Generator) -> Streams:
    """One series, a minute each, in whole weeks; all of it is listened to."""
    minutes = chance.multinomial(values, np.full(STEP, 1 / STEP)).ravel()
    counts = np.zeros((1, -(-len(minutes) // WEEK) * WEEK), np.int32)
    counts[0, : len(minutes)] = minutes
    none = np.zeros((1, 0), np.intp)
    return Streams(float(minutes.mean()), counts, counts.astype(float), none, first=0, end=len(minutes))


def by_value(scores: NDArray[np.float32], length: int) -> Floats:
    """The highest score of each value's minutes."""
    highest: Floats = scores[0, : length * STEP].reshape(-1, STEP).max(axis=1).astype(float)
    return highest


def once(scores: Floats) -> Floats:
    """Only what is higher than all of the last six hours; the rest says nothing."""
    before = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.full(AGAIN, -np.inf), scores[:-1]]), AGAIN).max(axis=1)
    return np.where(scores > before, scores, -np.inf)


def gaussian(values: NDArray[np.intp]) -> Floats:
    """NAB's windowed Gaussian in short: how far a value is from the mean of the four days before, in their standard deviations."""
    wide = 4 * DAY // STEP
    padded = np.concatenate([np.zeros(wide), values.astype(float)])
    ends = np.arange(len(values)) + wide
    known = np.maximum(np.minimum(np.arange(len(values)), wide), 1)
    sums, squares = np.append(0.0, padded.cumsum()), np.append(0.0, (padded**2).cumsum())
    mean = (sums[ends] - sums[ends - wide]) / known
    spread = np.sqrt(np.maximum((squares[ends] - squares[ends - wide]) / known - mean**2, 1e-6))
    far: Floats = np.abs(values - mean) / spread
    return far


def nab(run: Run, say: Say, folder: Path = FOLDER, detector: Detector = present) -> Iterator[Scored]:
    if not folder.exists():
        say(f"skipped: the series are not at {folder}")
        return
    those = list(mentions(folder))
    streams = [as_messages(one.values, np.random.default_rng((run.seed, number))) for number, one in enumerate(those)]
    chance = np.random.default_rng(run.seed)
    field: Mapping[str, Callable[[Mentions, Streams], Floats]] = {
        **{who: _listening(detects) for who, detects in {OURS: detector, **_rivals()}.items()},
        "windowed Gaussian": lambda one, _: gaussian(one.values),
        "at random": lambda one, _: chance.random(len(one.values)),
    }
    for who, scores in field.items():
        say(who)
        told = [Labelled(scores(one, heard), one.windows) for one, heard in zip(those, streams, strict=True)]
        seldom = [one._replace(scores=once(one.scores)) for one in told]
        for name, profile in PROFILES.items():
            for speaks_once, series in ((False, told), (True, seldom)):
                score, threshold = best(series, profile)
                yield Scored(who=who, profile=name, once=speaks_once, score=score, threshold=threshold)


def _listening(detector: Detector) -> Callable[[Mentions, Streams], Floats]:
    return lambda one, heard: by_value(detector(heard), len(one.values))


def _rivals() -> dict[str, Detector]:
    return {
        "static, 10 min": peers.static,
        "EWMA z, 5 min": peers.ewma,
        "STA/LTA, 5/60 min": peers.sta_lta,
        "time-of-day ratio": peers.time_of_day,
    }


def nab_tables(found: Sequence[Scored]) -> Iterator[Table]:
    title = "NAB realTweets: 0 for silence, 100 for perfect; in brackets: speaking again only when it is worse"
    if not found:
        yield Table(title, [], "not measured: the series are not beside the checkout")
        return
    score = {(one.who, one.profile, one.once): one.score for one in found}
    rows = [["", *PROFILES]]
    for who in dict.fromkeys(one.who for one in found):
        rows.append([who, *(f"{score[who, name, False]:.1f} ({score[who, name, True]:.1f})" for name in PROFILES)])
    for who, (standard, few) in PUBLISHED.items():
        rows.append([who, f"{standard:.1f}", f"{few:.1f}" if few else "", ""])
    yield Table(title, rows, "reach 70, aim for 84, standard profile")
