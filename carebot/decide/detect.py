"""More than usual? Evidence for each series, as the false alarms a month it stands for.

For windows from one minute to an hour, ending now, the count is held against what was expected: a likelihood ratio
under a negative binomial, because customers come in waves even on a good day. The best window's score (nats) becomes
"false alarms a month" through the threshold that gave one a month in simulation at that rate. Whole batches of series at once: rows
are series, columns are minutes of event time; when a message arrived plays no part.

Method and thresholds: a bake-off of seventeen detectors on simulated minute streams (2026-11); the family used here was the best or
within two minutes of the best on 16 of 19 cases.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

WINDOWS = np.array([1, 2, 3, 5, 10, 15, 20, 30, 45, 60])

# Score that chance exceeds about once a month, by messages a minute: found on simulated weeks with the waves real streams have
# (σ .35, an hour long); with these, 0.4 to 1.7 false alarms a series-month came out at 0.005 to 0.5 messages a minute (2026-11-21).
_RATES = np.log10([0.002, 0.02, 0.1, 0.5, 2, 10, 50])
_ONCE_A_MONTH = np.array([5.6, 7.9, 8.5, 9.1, 10.6, 12.4, 16.1])


class Evidence(msgspec.Struct, frozen=True):
    """One row a series.

    score          nats, of the best window
    false_alarms   how often a month chance alone would show this much, at this rate
    window         minutes; `count` messages where `expected` were usual
    """

    score: NDArray[np.float64]
    false_alarms: NDArray[np.float64]
    window: NDArray[np.intp]
    count: NDArray[np.int64]
    expected: NDArray[np.float64]


def evidence(
    counts: NDArray[np.int32], per_minute: NDArray[np.float64], spread: NDArray[np.float64], windows: NDArray[np.intp] = WINDOWS
) -> Evidence:
    """Evidence at the last column of `counts` (n, minutes) against `per_minute` (n, minutes) and `spread` (n,)."""
    seen = _ending_now(counts, windows)
    expected = np.maximum(_ending_now(per_minute, windows), 1e-9)
    scores = surprise(seen, expected, spread[:, None])
    best = scores.argmax(axis=1)
    rows = np.arange(len(counts))
    score = scores[rows, best]
    rate = per_minute[:, -60:].mean(axis=1)
    return Evidence(
        score=score,
        false_alarms=np.exp(np.minimum(once_a_month(rate) - score, 50)),
        window=windows[best],
        count=seen[rows, best].astype(np.int64),
        expected=expected[rows, best],
    )


def surprise(seen: NDArray[np.float64], expected: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log likelihood ratio of "the rate is what we see" over "the rate is the usual one", zero where less than usual was seen.

    Negative binomial with mean m and variance m + spread·m².
    """
    size = 1 / spread
    more = np.where(seen > expected, seen, expected)
    ratio: NDArray[np.float64] = more * np.log(more / expected) - (more + size) * np.log((more + size) / (expected + size))
    return np.maximum(ratio, 0.0)


def once_a_month(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """The score that chance exceeds once a month at this many messages a minute."""
    scores: NDArray[np.float64] = np.interp(np.log10(np.maximum(rate, 1e-6)), _RATES, _ONCE_A_MONTH)
    return scores


def _ending_now(table: NDArray[np.int32] | NDArray[np.float64], windows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Sums over the last 1, 2, 3 … columns: (n, windows)."""
    backwards = np.cumsum(table[:, ::-1], axis=1, dtype=np.float64)
    return backwards[:, windows - 1]
