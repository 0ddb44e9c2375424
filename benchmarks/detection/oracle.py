"""The attainable limit: who knows the true rate of every minute, waves included, and the incident's shape and size, but not its start.

For each start within the last hour, the log likelihood ratio of the counts since then; the best start speaks. Nobody real can know this.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.alarms import Scores
from benchmarks.detection.streams import DISPERSION, WATCHED, Floats, Kind, Streams, shape


def matched(streams: Streams, kind: Kind) -> Scores:
    """Nats, for every minute: (series, minutes)."""
    counts, usual = streams.counts, streams.truth
    full = (kind.factor - 1) * usual + kind.more
    felt = shape(kind.ramp)
    since = np.full(usual.shape, -np.inf)  # evidence of an incident that started `age` minutes ago
    best = since.copy()
    for age in range(kind.ramp):
        since[:, 1:] = since[:, :-1].copy() if age else 0.0
        since[:, 0] = -np.inf if age else 0.0
        since += _ratio(counts, usual, usual + felt[age] * full)
        best = np.maximum(best, since)
    # from here on every minute is felt in full: evidence at t = evidence at u + what came after u
    cumulated = _ratio(counts, usual, usual + full).cumsum(axis=1)
    best = np.maximum(best, _highest_of_last(since - cumulated, WATCHED - kind.ramp + 1) + cumulated)
    return np.asarray(best, np.float32)


def _highest_of_last(values: Floats, width: int) -> Floats:
    """The maximum of the last `width` columns, by doubling."""
    highest, covered = values.copy(), 1
    while covered < width:
        step = min(covered, width - covered)
        highest[:, step:] = np.maximum(highest[:, step:], highest[:, :-step].copy())
        covered += step
    return highest


def _ratio(counts: NDArray[np.int32], usual: Floats, raised: Floats) -> Floats:
    """log P(count | raised) / P(count | usual), negative binomial with variance DISPERSION·mean."""
    few, many = usual / (DISPERSION - 1), raised / (DISPERSION - 1)
    ratio: Floats = (few - many) * np.log(DISPERSION)
    some = counts > 0
    x, a, b = counts[some], few[some], many[some]
    ratio[some] += log_gamma(x + b) - log_gamma(b) - log_gamma(x + a) + log_gamma(a)
    return ratio


def log_gamma(z: Floats) -> Floats:
    """For z > 0, to 1e-10: Stirling's series at z + 8, and the way back."""
    back = z.copy()
    for step in range(1, 8):
        back *= z + step
    far = z + 8
    inverse = 1 / far
    series = inverse * (1 / 12 - inverse**2 * (1 / 360 - inverse**2 / 1260))
    told: Floats = (far - 0.5) * np.log(far) - far + 0.5 * np.log(2 * np.pi) + series - np.log(back)
    return told
