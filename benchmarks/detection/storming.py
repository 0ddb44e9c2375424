"""Storms of copies: how many are collapsed, how many storms raise an incident, and what it would be if copies got through.

The storms are those of `benchmarks.storms`, told to the whole loop with everything against it: every copy is read as an outage, every
account writes once. Beside them real failures, a dozen people in words of their own. Then, on simulated channels with a storm of
30 to 300 copies twice a week, carebot as shipped counts whatever share of the copies gets through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import msgspec
import numpy as np

from benchmarks import copies
from benchmarks.detection import alarms
from benchmarks.detection.bakeoff import Run, Say
from benchmarks.detection.ours import present
from benchmarks.detection.peers import Detector
from benchmarks.detection.streams import Streams, by_day, clean
from benchmarks.detection.tables import Table
from benchmarks.storms import TEXTS, Post, copy, in_own_words, told

COLLAPSED, MERGED, STORMS, FAILURES = "copies collapsed", "genuine posts merged", "storms that open an incident", "failures that open one"
RAISED = "storms that raise an alarm"
RATES, SHARES = (0.05, 0.5), (0.0, 0.02, 0.05, 0.1, 0.3, 1.0)


class Storm(msgspec.Struct, frozen=True, kw_only=True):
    """share: of so many; through: on a simulated channel of `rate` messages a minute, the part of a storm's copies that counts."""

    what: str
    share: float
    of: int
    rate: float | None = None
    through: float | None = None


def storms(run: Run, say: Say, detector: Detector = present) -> Iterator[Storm]:
    say("copies among people who speak for themselves")
    posts = told(1)
    known, copied = copies.score(posts, copies.by_window), sum(post.storm for post in posts)
    yield Storm(what=COLLAPSED, share=known.collapsed, of=copied)
    yield Storm(what=MERGED, share=known.merged, of=len(posts) - copied)
    tries = min(len(TEXTS), 3 * run.incidents + 4)
    say(f"{tries} storms and as many failures in the whole loop")
    yield _opened(STORMS, [copies.opens(_storm(number), number) for number in range(tries)])
    yield _opened(FAILURES, [copies.opens(_failure(number), number) for number in range(tries)])
    for rate in RATES:
        say(f"{rate:g}/min: storms of which a share gets through")
        for share in SHARES:
            late = alarms.delays(detector(stormy := with_storms(rate, run.incidents, share, (run.seed, 35))), stormy, 0.0)
            yield Storm(what=RAISED, share=alarms.found(late, 60), of=len(late), rate=rate, through=share)


def _opened(what: str, opened: Sequence[bool]) -> Storm:
    return Storm(what=what, share=sum(opened) / len(opened), of=len(opened))


def _storm(number: int) -> list[Post]:
    rng, text = Random(number), TEXTS[number]
    return [Post(copy(text, rng), int(rng.expovariate(1 / 6)), text, True) for _ in range(rng.randint(30, 300))]


def _failure(number: int, people: int = 12) -> list[Post]:
    said = Random(number).sample(in_own_words(Random(1))[1::2], people)
    return [Post(text, row % 10, "", False) for row, text in enumerate(said)]


def with_storms(rate: float, series: int, share: float, key: tuple[int, ...]) -> Streams:
    """A storm every second day; each copy gets through by itself with this chance."""
    quiet, chance = clean(rate, series, key, weeks=8), np.random.default_rng((*key, 1))
    starts, counts = by_day(series, chance), quiet.counts.copy()
    for row, at in enumerate(starts):
        for start, size in zip(at.tolist(), chance.integers(30, 301, len(at)).tolist(), strict=True):
            minutes = start + chance.exponential(6, size).astype(np.intp)
            np.add.at(counts[row], minutes[chance.random(size) < share], 1)
    return msgspec.structs.replace(quiet, counts=counts, onsets=starts)


def storms_tables(found: Sequence[Storm]) -> Iterator[Table]:
    told = [one for one in found if one.through is None]
    rows = [["", "%", "of"], *([one.what, f"{100 * one.share:.2f}", str(one.of)] for one in told)]
    yield Table("Storms of copies", rows, f"to be: {COLLAPSED} 99.5 % at least, {STORMS} 1 % at the most, and all failures")
    raised = {(one.through, one.rate): one for one in found if one.through is not None}
    grid = [["of a storm's copies count, %", *(f"at {rate:g}/min" for rate in RATES)]]
    grid += [[f"{100 * share:.0f}", *(f"{100 * raised[share, rate].share:.0f}" for rate in RATES)] for share in SHARES]
    yield Table("If copies got through: storms that raise an alarm, %", grid, "none: as often as an hour without a storm")
