"""How the Numenta Anomaly Benchmark scores: written anew from its published description (Lavin and Ahmad, 2015; nab, version 1.1).

A window of time surrounds each labelled anomaly. The earliest alarm in a window earns up to 1, less the later it comes; a window without an
alarm costs 1 (2 if misses are minded most); every alarm outside costs a little, less if it follows closely on a window. The first 15 % of a
series, 750 values at the most, are there to learn from and are not scored. The threshold is the best over all series together, and 0
stands for never raising an alarm, 100 for all windows at once and no false alarm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.streams import Floats


class Profile(NamedTuple):
    """What a found window is worth, and what a false alarm and a missed window cost."""

    found: float
    false: float
    missed: float


PROFILES: Mapping[str, Profile] = {
    "standard": Profile(1.0, 0.11, 1.0),
    "low false positives": Profile(1.0, 0.22, 1.0),
    "low false negatives": Profile(1.0, 0.11, 2.0),
}
FAR = 3.0  # window widths after which a false alarm costs in full


class Labelled(NamedTuple):
    """One series' scores and its windows: first and last index, both within."""

    scores: Floats
    windows: Sequence[tuple[int, int]]


def probation(length: int) -> int:
    """How many values are not scored."""
    return min(int(0.15 * length), 750)


def worth(position: Floats) -> Floats:
    """Of an alarm by where it is: −1 at a window's left edge, 0 at its right edge, and beyond; from 0.987 down to −1."""
    told: Floats = np.where(position >= FAR, -1.0, 2 / (1 + np.exp(5 * np.minimum(position, FAR))) - 1)
    return told


def best(series: Sequence[Labelled], profile: Profile) -> tuple[float, float]:
    """The highest score over all thresholds, 0 to 100 and below 0 never; and that threshold."""
    value, window, score = (np.concatenate(parts) for parts in zip(*(_points(one) for one in _apart(series)), strict=True))
    order = np.argsort(-score, kind="stable")
    value, window, score = value[order], window[order], score[order]
    inside = window >= 0
    windows = int(window.max(initial=-1)) + 1
    gained = np.where(inside, 0.0, value * profile.false)
    reached = np.full(windows, -np.inf)
    for place in np.flatnonzero(inside).tolist():  # a window counts its best alarm so far
        mine, now = int(window[place]), float(value[place]) * profile.found
        if now > reached[mine]:
            gained[place] = now - (reached[mine] if reached[mine] > -np.inf else -profile.missed)
            reached[mine] = now
    last = np.append(score[1:] != score[:-1], True)  # alarms of one score are raised together
    raw = np.append(0.0, gained.cumsum()[last])
    thresholds = np.append(np.inf, score[last])
    place = int(raw.argmax())
    return 100 * float(raw[place]) / (windows * (profile.found + profile.missed)), float(thresholds[place])


def _apart(series: Sequence[Labelled]) -> list[tuple[Labelled, int]]:
    """Each series with the number its first scored window has among all."""
    firsts = np.cumsum([0, *(len(_scored(one)) for one in series)])
    return list(zip(series, firsts.tolist(), strict=False))


def _scored(one: Labelled) -> list[tuple[int, int]]:
    """The windows that do not lie wholly in the probation."""
    return [window for window in sorted(one.windows) if window[1] >= probation(len(one.scores))]


def _points(numbered: tuple[Labelled, int]) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Of each value that is scored: what an alarm there is worth, its window's number (−1: none), and its score."""
    one, first = numbered
    at = np.arange(len(one.scores))
    position, window = np.full(len(at), FAR), np.full(len(at), -1)
    for start, end in sorted(one.windows):
        wide = end - start + 1
        position[end + 1 :] = (at[end + 1 :] - end) / (wide - 1)
        position[start : end + 1] = -(end - at[start : end + 1] + 1) / wide
    for number, (start, end) in enumerate(_scored(one)):
        window[start : end + 1] = first + number
    value = worth(position)
    value[window >= 0] /= worth(np.array([-1.0]))[0]
    judged = slice(probation(len(at)), None)
    return value[judged], window[judged], np.asarray(one.scores[judged], float)
