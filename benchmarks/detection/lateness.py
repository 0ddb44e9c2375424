"""What late messages and slow polling cost carebot: the same streams heard at once, and heard five minutes later in handfuls.

A poll every five minutes; 15 % of the messages appear late by 15 minutes on average; on three days of ten a source is deaf for 40 minutes,
then reads all of it. As in the loop, each minute in which something new was read is judged again, by what is known by then, and an alarm
comes at the poll. Beside it, what counting by arrival would do: every message counts in the minute in which it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection import alarms
from benchmarks.detection.alarms import Peaks
from benchmarks.detection.ours import judged_when_read, present
from benchmarks.detection.streams import DAY, KINDS, Streams, Waves, clean, with_incidents

POLL, DEAF, DEAF_DAYS, LATE_SHARE, LATE_BY = 5, 40, 0.3, 0.15, 15.0
CASES = ((0.1, "+5 in 10 min"), (0.5, "+2/min ramp"))
AT_ONCE, POLLED, BY_ARRIVAL = "at once", "polled", "polled, counted by arrival"


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """How: AT_ONCE, POLLED or BY_ARRIVAL.

    on_backlog  of the false alarms a series-month, those within ten minutes after a source was read again
    tuned_30    found in 30 minutes if the threshold were the one that on these streams lets one a month through
    """

    rate: float
    kind: str
    how: str
    median: float
    p90: float
    within_30: float
    false_alarms: float
    on_backlog: float
    tuned_30: float


def lateness(clean_series: int, incident_series: int, seed: int, waves: Waves, say: Callable[[str], None]) -> Iterator[Late]:
    for rate, kind in CASES:
        key = (seed, round(1000 * rate), 99)
        quiet = clean(rate, clean_series, (*key, 1), waves)
        broken = with_incidents(rate, KINDS[kind], incident_series, (*key, 2), waves)
        for how in (AT_ONCE, POLLED, BY_ARRIVAL):
            say(f"{rate:g}/min, {kind}: {how}")
            chance = np.random.default_rng((*key, 3))
            false, deaf = _scored(quiet, how, chance)
            scores, _ = _scored(broken, how, chance)
            peaks = Peaks(false, quiet.watched())
            late, tuned = (alarms.delays(scores, broken, bar) for bar in (0.0, peaks.threshold(1.0)))
            after = quiet.watched() & _just_after(deaf)
            yield Late(
                rate=rate, kind=kind, how=how, median=alarms.quantile(late, 0.5), p90=alarms.quantile(late, 0.9),
                within_30=alarms.found(late, 30), false_alarms=peaks.alarms(0.0) / peaks.months, tuned_30=alarms.found(tuned, 30),
                on_backlog=Peaks(np.where(after, false, -np.inf).astype(np.float32), quiet.watched()).alarms(0.0) / peaks.months,
            )  # fmt: skip


def _scored(streams: Streams, how: str, chance: np.random.Generator) -> tuple[alarms.Scores, NDArray[np.bool_]]:
    deaf = np.zeros(streams.counts.shape, np.bool_) if how == AT_ONCE else deaf_minutes(streams.counts.shape, chance)
    posted = [np.repeat(np.arange(len(counts)), counts) for counts in streams.counts]
    read = posted if how == AT_ONCE else [read_at(at, silent, chance) for at, silent in zip(posted, deaf, strict=True)]
    if how == BY_ARRIVAL:
        length = streams.counts.shape[1]
        arrived = np.stack([np.bincount(at[at < length], minlength=length) for at in read]).astype(np.int32)
        return present(msgspec.structs.replace(streams, counts=arrived)), deaf
    scores = np.full(streams.counts.shape, -np.inf, np.float32)
    for counts, said_at, seen_at, row in zip(streams.counts, posted, read, scores, strict=True):
        at, said = judged_when_read(counts, said_at, seen_at)
        np.maximum.at(row, at[at < len(row)], said[at < len(row)].astype(np.float32))
    return scores, deaf


def deaf_minutes(shape: Sequence[int], chance: np.random.Generator) -> NDArray[np.bool_]:
    """Minutes in which nothing can be read: on three days of ten, 40 in a row."""
    deaf = np.zeros(shape, np.bool_)
    for row in deaf:
        for start in np.flatnonzero(chance.random(len(row) // DAY) < DEAF_DAYS) * DAY + chance.integers(0, DAY - DEAF):
            row[start : start + DEAF] = True
    return deaf


def read_at(posted: NDArray[np.intp], deaf: NDArray[np.bool_], chance: np.random.Generator) -> NDArray[np.intp]:
    """The minute of the poll that reads each message: the first five-minute mark after it appeared at which the source is not deaf."""
    late = np.where(chance.random(len(posted)) < LATE_SHARE, chance.exponential(LATE_BY, len(posted)), 0.0).astype(np.intp)
    polls = np.arange(0, len(deaf), POLL)
    heard = np.append(polls[~deaf[polls]], len(deaf) + POLL)
    return np.asarray(heard[np.minimum(np.searchsorted(heard, posted + late, side="right"), len(heard) - 1)])


def _just_after(deaf: NDArray[np.bool_]) -> NDArray[np.bool_]:
    after = np.zeros_like(deaf)
    for ago in range(1, 11):
        after[:, ago:] |= deaf[:, :-ago]
    return after & ~deaf
