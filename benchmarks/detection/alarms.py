"""From scores to alarms: what is one false alarm, which threshold allows so many a month, and how late is a true one?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.streams import WATCHED, Streams

Scores = NDArray[np.float32]
Delays = NDArray[np.float64]
MONTH = 43_200  # minutes
_QUIET, _AGAIN = 60, 240  # minutes: an alarm after so much quiet is a new one; one that lasts counts again so often
_TOP = 0.08  # the share of minutes that thresholds are looked for in: 30 alarms a month, each lasting an hour and more


class Peaks:
    """The highest scores of a clean set, kept to try many thresholds on."""

    def __init__(self, scores: Scores, watched: NDArray[np.bool_]) -> None:
        self.months = float(watched.sum()) / MONTH
        heard = watched & (scores > -np.inf)
        highest = scores[heard]
        if highest.size > _TOP * watched.sum():
            heard &= scores >= np.quantile(highest, 1 - _TOP * watched.sum() / highest.size)
        self._rows, self._minutes = np.nonzero(heard)
        self._scores = scores[heard]

    def alarms(self, threshold: float) -> int:
        """Episodes at or above this threshold."""
        over = self._scores >= threshold
        return sum(_episodes(self._minutes[over & (self._rows == row)]) for row in np.unique(self._rows[over]))

    def threshold(self, a_month: float) -> float:
        """The lowest that lets no more than `a_month` alarms a series-month through; just above the highest score if none does."""
        steps = np.unique(self._scores)
        low, high = 0, len(steps)
        while low < high:
            middle = (low + high) // 2
            if self.alarms(float(steps[middle])) <= a_month * self.months:
                high = middle
            else:
                low = middle + 1
        if low < len(steps):
            return float(steps[low])
        return float(np.nextafter(steps[-1], np.float32(np.inf))) if len(steps) else 0.0


def _episodes(minutes: NDArray[np.intp]) -> int:
    starts = np.flatnonzero(np.diff(minutes, prepend=-np.inf) > _QUIET)
    ends = np.append(starts[1:], len(minutes)) - 1
    return int((1 + (minutes[ends] - minutes[starts]) // _AGAIN).sum())


def delays(scores: Scores, streams: Streams, threshold: float) -> Delays:
    """Minutes from each onset to the first alarm: 1 is the same minute, inf not within the hour. Onsets in an alarm are left out."""
    rows = np.arange(len(scores))[:, None, None]
    alarm = scores[rows, streams.around()] >= threshold
    alarm = alarm[~alarm[:, :, :WATCHED].any(axis=2), WATCHED:]
    return np.where(alarm.any(axis=1), alarm.argmax(axis=1) + 1.0, np.inf)


def found(late: Delays, within: int) -> float:
    """The share found within so many minutes."""
    return float((late <= within).mean()) if len(late) else 0.0


def quantile(late: Delays, share: float) -> float:
    """A quantile of delays, inf among them."""
    if not len(late):
        return np.inf
    ordered = np.sort(late)
    low, high = ordered[int(np.floor(share * (len(late) - 1)))], ordered[int(np.ceil(share * (len(late) - 1)))]
    return float(high) if np.isinf(high) else float((low + high) / 2)


def between(late: Delays, times: int = 200) -> tuple[float, float]:
    """Where the median lies with 95 %: incidents drawn again with replacement."""
    chance = np.random.default_rng(1)
    medians: Sequence[float] = (
        sorted(quantile(late[chance.integers(0, len(late), len(late))], 0.5) for _ in range(times)) if len(late) else ()
    )
    return (medians[round(0.025 * (times - 1))], medians[round(0.975 * (times - 1))]) if medians else (np.inf, np.inf)
