"""More than usual? Evidence for each cell and minute, as the false alarms a month it stands for.

For windows from one minute to an hour, ending now, the count is held against what was to be expected when the window began: what is usual
(`baseline`) times a local level, because customers come in waves even on a good day. A likelihood ratio under a negative binomial says
how far that is from chance (nats), and the windows' ratios are added up. All in arrays: rows are cells, the last column is the minute
judged, and when a message arrived plays no part.

What chance does differs from cell to cell, and is learned from each cell's own past hours: how far its windows stray (`spread`), and how
often and how high its evidence rises by itself (`tail`). So one setting serves cells of one message a day and of fifty a minute.

Method: local level and multi-window test of a bake-off on simulated minute streams (docs/why/how-soon-it-notices.md). The constants were
fitted on simulated streams of other seeds than those of the benchmark: waves of σ .35 that last an hour.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.decide.detecting.cells import WIDTH, Floats

WINDOWS = np.array([1, 2, 3, 5, 10, 15, 20, 30, 45, 60])
LONGEST = int(WINDOWS[-1])
LONGER = 0.25 * np.log(WINDOWS)  # nats: there are fewer long windows to be wrong about
DISPERSION = 1.1  # variance over mean of a minute's count, the rate given
WAVE, LASTS, EXTRA = 0.1225, 60.0, 0.003  # variance of the natural level, the minutes it lasts, and what the profile misses
MEMORIES = np.array([2.5, 5.0, 10.0, 20.0, 40.0, 80.0])  # minutes that a local level remembers: the busier, the fewer are best
SLOWER = 1.5  # than the best memory of a level that is filtered minute by minute
UNKNOWN, KNOWN_AFTER = 20.0, 0.25  # relative variance of what is usual for a brand never heard before, and the hours in which it fades

# At a rate (messages a minute), the evidence (nats) that chance shows once a month, and how often a month it comes within BELOW of that.
RATES = np.log10([0.002, 0.02, 0.1, 0.5, 2, 10, 50])
ONCE_A_MONTH = np.array([7.2, 9.3, 10.2, 11.1, 11.2, 12.2, 11.8])
EXCURSIONS = np.array([58.6, 20.2, 20.1, 10.2, 9.5, 6.5, 9.5])
BELOW = 3.0
SURE_OF_TAIL, SURE_OF_SPREAD = 15.0, 30.0  # excursions, and windows, that what was simulated weighs
TOO_QUIET = 0.01  # messages a minute, below which evidence comes in steps so high that nothing is learned of its tail
STRAY = np.array([5, 15, 45])  # minutes: the windows whose straying is learned
_ANCHORS = np.log(STRAY)
_STRAY_AT = np.searchsorted(WINDOWS, STRAY)
LEARN_BELOW, CUT = 16.0, 6.0  # of hours with more evidence no spread is learned; and one window strays six times its variance at most


class Evidence(msgspec.Struct, frozen=True):
    """One row a cell.

    nats      of all windows together
    window    minutes of the strongest window; `count` messages where `expected` were to be expected
    """

    nats: Floats
    window: NDArray[np.intp]
    count: Floats
    expected: Floats


class Windows(msgspec.Struct, frozen=True):
    """Counts of each window (rows, windows), what was to be expected, and the relative variance of that."""

    seen: Floats
    expected: Floats
    variance: Floats


def evidence(counts: NDArray[Any], usual: NDArray[Any], spread: Floats, doubt: Floats, normal: NDArray[np.bool_] | None = None) -> Evidence:
    """Evidence at the last column.

    counts, usual  (n, minutes), the last WIDTH of them looked at
    spread         (n, 3): `spread_of`
    doubt          (n,): relative variance of what is usual, beyond the waves
    normal         (n, minutes): minutes that may tell the local level, which those of an incident must not; None: all
    """
    found = windows(counts, usual, spread, doubt, normal)
    scores = surprise(found.seen, found.expected, found.variance)
    best = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    heard = found.seen > found.expected
    summed = np.where(heard, np.exp(np.minimum(scores + LONGER, 700)), 0.0).sum(axis=1)
    return Evidence(
        nats=np.log(np.maximum(summed, 1e-9)),
        window=WINDOWS[best],
        count=found.seen[rows, best],
        expected=found.expected[rows, best],
    )


def windows(counts: NDArray[Any], usual: NDArray[Any], spread: Floats, doubt: Floats, normal: NDArray[np.bool_] | None = None) -> Windows:
    """All windows that end at the last column, each held against the level it began with."""
    counts, usual = counts[:, -WIDTH:], usual[:, -WIDTH:]
    seen, expected = _ending_now(counts), _ending_now(usual)
    strays = np.exp(_between(np.log(spread)))
    busy = usual[:, -80:].mean(axis=1)
    want = SLOWER / np.sqrt(2 * WAVE * spread[:, 1] / LASTS * busy / DISPERSION + 1 / LASTS**2)
    memory = np.searchsorted(MEMORIES[:-1] * 2**0.5, want)
    before, was = np.empty_like(seen), np.empty_like(seen)
    if normal is not None:
        counts, usual = counts * normal[:, -counts.shape[1] :], usual * normal[:, -counts.shape[1] :]
    for one in np.unique(memory):
        rows, kernel = memory == one, _kernel(int(one))[-counts.shape[1] :]
        before[rows], was[rows] = counts[rows] @ kernel, usual[rows] @ kernel
    sure = (DISPERSION / (WAVE * spread[:, 1] + doubt))[:, None]
    local = (before + sure) / (was + sure)
    lingers, fresh = _waves()
    # As a share of the level this would be divided by it. But a level far above what is usual says that little is known of what is:
    # divided, ten of a hundred busy brands alarmed in their third hour, and nothing was found sooner.
    unsure = np.maximum(local, 0.3) * DISPERSION / (was + sure) / spread[:, 1:2]
    variance = strays * (lingers**2 * unsure + fresh * WAVE + EXTRA)
    return Windows(seen, expected * (1 + lingers * (local - 1)), variance)


def surprise(seen: Floats, expected: Floats, variance: Floats) -> Floats:
    """Log likelihood ratio of "the rate is what we see" over "the rate is the usual one", zero where less than usual was seen.

    Negative binomial with mean m and variance DISPERSION·m + variance·m².
    """
    size = expected / (DISPERSION - 1 + variance * expected)
    more = np.maximum(seen, expected)
    ratio: Floats = more * np.log(more / expected) - (more + size) * np.log((more + size) / (expected + size))
    return ratio


def false_alarms(nats: Floats, rate: Floats, tail: Floats) -> Floats:
    """How often a month chance alone shows this much in a cell of this rate (messages a minute, its mean) with this tail (n, 3)."""
    often, height = _tail(rate, tail)
    told: Floats = often * np.exp(np.minimum((_from(rate) - nats) / height, 50.0))
    return told


def doubt_of(seen: Floats, hours: Floats) -> Floats:
    """Relative variance of what is usual after so many messages in so many hours. A brand never heard before may be of any size."""
    told: Floats = 1 / (seen + 0.5) + UNKNOWN * np.exp(-hours / KNOWN_AFTER)
    return told


# ── what is learned of chance ────────────────────────────────────────────────────────────────────────────────────


def spread_of(spread: Floats) -> Floats:
    """How far windows of 5, 15 and 45 minutes stray, as a multiple of what was thought: (n, 3) from the sums (n, 6)."""
    told: Floats = np.clip((spread[:, 0::2] + SURE_OF_SPREAD) / (spread[:, 1::2] + SURE_OF_SPREAD), 0.2, 16.0)
    return told


def strayed(found: Windows, thought: Floats) -> tuple[Floats, Floats]:
    """What the STRAY windows that end here add to the sums of `spread`: (n, 3) each. thought: `spread_of` at the time."""
    seen, expected = found.seen[:, _STRAY_AT], found.expected[:, _STRAY_AT]
    believed = found.variance[:, _STRAY_AT] * expected**2
    variance = DISPERSION * expected + believed
    ground = believed / thought
    weight = (ground / variance) ** 2
    off = np.minimum((seen - expected) ** 2, CUT * variance)
    gained: Floats = weight * (off - DISPERSION * expected) / ground
    return gained, weight


def excursions(peak: Floats, rate: Floats, tail: Floats) -> Floats:
    """The tail's sums (n, 4) after one more hour whose highest evidence was `peak`, before forgetting."""
    start = _from(rate)
    above = peak > start
    fresh = above & (tail[:, 3] == 0)
    after: Floats = tail + np.stack([fresh, np.where(fresh, peak - start, 0.0), np.ones(len(peak)), np.zeros(len(peak))], axis=1)
    after[:, 3] = above
    quiet = rate < TOO_QUIET
    after[quiet] = 0.0
    return after


def _tail(rate: Floats, tail: Floats) -> tuple[Floats, Floats]:
    """Excursions a month, and their mean height (nats): what was simulated, corrected by what was seen."""
    usual = np.interp(np.log10(np.maximum(rate, 1e-6)), RATES, EXCURSIONS)
    height = BELOW / np.log(usual)
    often = usual * (tail[:, 0] + SURE_OF_TAIL) / (tail[:, 2] * usual / 720 + SURE_OF_TAIL)
    mean: Floats = (tail[:, 1] + SURE_OF_TAIL * height) / (tail[:, 0] + SURE_OF_TAIL)
    return often, np.maximum(mean, 0.7 * height)


def _from(rate: Floats) -> Floats:
    """The evidence (nats) from which on an excursion is one."""
    start: Floats = np.interp(np.log10(np.maximum(rate, 1e-6)), RATES, ONCE_A_MONTH) - BELOW
    return start


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _ending_now(table: NDArray[Any]) -> Floats:
    """Sums over the last 1, 2, 3 … columns: (n, windows)."""
    sums: Floats = np.cumsum(table[:, : -LONGEST - 1 : -1], axis=1, dtype=np.float64)[:, np.minimum(WINDOWS, table.shape[1]) - 1]
    return sums


@lru_cache(maxsize=16)
def _kernel(memory: int) -> Floats:
    """What each minute before a window weighs in the level it began with: (WIDTH, windows)."""
    age = (WIDTH - 1 - np.arange(WIDTH))[:, None] - WINDOWS[None, :]
    kernel = np.where(age >= 0, np.exp(-np.maximum(age, 0) / MEMORIES[memory]), 0.0)
    kernel.setflags(write=False)
    return kernel


@lru_cache(maxsize=1)
def _waves() -> tuple[Floats, Floats]:
    """For each window: how much of the level it began with lasts through it, and the variance of what came since, in parts of WAVE."""
    keep = np.exp(-1 / LASTS)
    lasts, fresh = [], []
    for window in WINDOWS:
        minute = np.arange(1, window + 1)
        lasts.append((keep**minute).mean())
        fresh.append((keep ** np.abs(minute[:, None] - minute) - keep ** (minute[:, None] + minute)).mean())
    return np.array(lasts), np.array(fresh)


_PLACE = np.clip(np.log(WINDOWS), _ANCHORS[0], _ANCHORS[-1])
_UPPER = np.clip(np.searchsorted(_ANCHORS, _PLACE), 1, len(_ANCHORS) - 1)
_SHARE = (_PLACE - _ANCHORS[_UPPER - 1]) / (_ANCHORS[_UPPER] - _ANCHORS[_UPPER - 1])


def _between(anchors: Floats) -> Floats:
    """From the three STRAY windows to all: (n, windows), along the logarithm of the window."""
    between: Floats = anchors[:, _UPPER - 1] * (1 - _SHARE) + anchors[:, _UPPER] * _SHARE
    return between
