"""What users would pick instead, each a score for every minute: the threshold is set on other streams than it is judged by.

None of them knows how much a count fluctuates by nature; most do not know what time it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.alarms import Scores
from benchmarks.detection.streams import DAY, WEEK, Floats, Streams, smoothed

Detector = Callable[[Streams], Scores]
_BIN = 5  # minutes between two looks of the detectors that learn one number at a time


def last(counts: NDArray[np.int32], minutes: int) -> Floats:
    """How many in the last so many minutes, for every minute."""
    total = np.concatenate([np.zeros((len(counts), minutes)), counts.cumsum(axis=1, dtype=np.float64)], axis=1)
    return np.asarray(total[:, minutes:] - total[:, :-minutes])


def _earlier(values: Floats, minutes: int) -> Floats:
    """The values as they were so many minutes ago; before the first, the first."""
    return np.concatenate([np.repeat(values[:, :1], minutes, axis=1), values[:, :-minutes]], axis=1)


def static(streams: Streams) -> Scores:
    """Messages in ten minutes."""
    return last(streams.counts, 10).astype(np.float32)


def ewma(streams: Streams) -> Scores:
    """The count of five minutes, in standard deviations from its moving average (half-life a day)."""
    five, keep = last(streams.counts, 5), 0.5 ** (1 / DAY)
    mean = _earlier(smoothed(five, keep, 1 - keep), 5)
    spread = _earlier(smoothed(five**2, keep, 1 - keep), 5) - mean**2
    return ((five - mean) / np.sqrt(np.maximum(spread, 0) + 0.1)).astype(np.float32)


def sta_lta(streams: Streams) -> Scores:
    """The seismologists' trigger: the last five minutes over the hour before them. Half a message a minute was best over all rates."""
    short, long = last(streams.counts, 5) / 5, _earlier(last(streams.counts, 60), 5) / 60
    return (short / (long + 0.5)).astype(np.float32)


def time_of_day(streams: Streams) -> Scores:
    """Like Downdetector: a quarter of an hour over what is usual at this hour of the week. Half a message keeps silent nights quiet."""
    quarter = last(streams.counts, 15)
    return (quarter / (15 * np.repeat(hourly(streams.counts), 60, axis=1) + 0.5)).astype(np.float32)


def hourly(counts: NDArray[np.int32]) -> Floats:
    """Usual messages a minute in each hour, from the weeks before: hours of the week, with three hours' worth of that hour of any day."""
    hours = counts.reshape(len(counts), -1, 168, 60).sum(axis=3).astype(np.float64)
    usual, seen, heard = np.zeros_like(hours), np.zeros_like(hours[:, 0]), 0.0
    for week in range(hours.shape[1]):
        any_day = np.tile(seen.reshape(len(counts), 7, 24).mean(axis=1), 7) / max(heard, 1.0)
        usual[:, week] = (seen + 3 * any_day) / (heard + 3)
        seen, heard = 0.9 * seen + hours[:, week], 0.9 * heard + 1
    return np.asarray(usual.reshape(len(counts), -1) / 60)


def weekly_z(streams: Streams) -> Scores:
    """As obsei 1.1.1 alerts: the last seven days against the (up to seven) weeks before, in standard deviations of at least one message.

    Its further conditions (twice the week before, a least count) would only make it later.
    """
    week = last(streams.counts, WEEK)
    before = [_earlier(week, WEEK * back) for back in range(1, 8) if WEEK * (back + 1) <= streams.counts.shape[1]]
    minute = np.arange(streams.counts.shape[1])
    known = np.stack([minute >= WEEK * (back + 1) - 1 for back in range(1, len(before) + 1)])
    n = np.maximum(known.sum(axis=0), 1)
    mean = sum(one * there for one, there in zip(before, known, strict=True)) / n
    square = sum(one**2 * there for one, there in zip(before, known, strict=True)) / n
    spread = np.maximum(np.sqrt(np.maximum(square - mean**2, 0)), 1.0)
    return np.asarray((week - mean) / spread, np.float32)


def _river(streams: Streams, name: str, **settings: object) -> Scores:
    """A scorer of river: it is asked for the count of every five minutes, then learns it. Between two looks it says what it said."""
    make = getattr(import_module("river.anomaly"), name)
    bins = streams.counts.reshape(len(streams.counts), -1, _BIN).sum(axis=2)
    scores = np.full(streams.counts.shape, -np.inf, np.float32)
    for row, told in zip(scores, bins.tolist(), strict=True):
        scorer, said, mean = make(**settings), [], 0.0
        for number, count in enumerate(told):
            mean += (count - mean) / (number + 1)
            said.append(scorer.score_one(None, count) if count > mean else 0.0)  # they mind too few as much as too many
            scorer.learn_one(None, count)
        row[_BIN - 1 :] = np.repeat(said, _BIN)[: len(row) - _BIN + 1]
    return scores


def peers() -> dict[str, Detector]:
    """By name. Those of river are there if river is."""
    ours: dict[str, Detector] = {
        "static, 10 min": static,
        "EWMA z, 5 min": ewma,
        "STA/LTA, 5/60 min": sta_lta,
        "time-of-day ratio": time_of_day,
        "weekly z (obsei)": weekly_z,
    }
    if find_spec("river"):
        ours["river deviation"] = partial(_river, name="StandardAbsoluteDeviation")
        ours["river Gaussian"] = partial(_river, name="GaussianScorer")  # its sliding window fails on a quiet series (0.26.1)
    return ours
