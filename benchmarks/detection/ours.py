"""carebot's own detector, by the functions that the loop calls: `baseline.touch` learns, `baseline.usual` and `detect.evidence` judge.

As in `outbreak.py` a minute is judged when somebody wrote in it, and enough people must be behind the evidence: here each message has an
author of its own. Not driven: that an hour with an open incident is not learned, and probes.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.detection.alarms import Scores
from benchmarks.detection.streams import Streams
from carebot.config.schema import Incidents
from carebot.decide import baseline, detect
from carebot.decide.baseline import SETTLED, WIDTH, Cell, Profile, Series

MONDAY = 29_459_520  # epoch minute of Monday 2026-01-05 00:00 UTC
ZONE = ZoneInfo("UTC")
CELL = Cell("bank", "app")
SHIPPED = Incidents()
LONGEST = int(detect.WINDOWS.max())
_LEAST_SPREAD = 0.12  # `usual` never says less
_FLOOR = -4.0  # evidence for more than 50 false alarms a month is not looked at closely


def present(streams: Streams) -> Scores:
    """-log of the false alarms a month that carebot says the evidence stands for; -inf where it does not look. It ships with 0."""
    scores = np.full(streams.counts.shape, -np.inf, np.float32)
    for counts, watched, row in zip(streams.counts, streams.watched() & (streams.counts > 0), scores, strict=True):
        judge = _Judge(counts)
        for minutes in np.array_split(np.flatnonzero(watched), max(1, watched.sum() // 20_000)):
            close = minutes[judge.at_most(minutes) >= _FLOOR]
            row[close] = judge.said(close)
    return scores


class _Judge:
    """One series: its profile as it was after each hour, and what the detector says of any minute."""

    def __init__(self, counts: NDArray[np.int32]) -> None:
        self._counts = np.concatenate([np.zeros(WIDTH, np.int32), counts])
        self._profiles = tuple(self._learned(len(counts) // 60))

    def _series(self, minute: int, profile: Profile) -> Series:
        return Series(CELL, MONDAY + minute, self._counts[minute + 1 : minute + 1 + WIDTH], profile)

    def _learned(self, hours: int) -> Iterator[Profile]:
        """The profile in force from a quarter past each hour: the messages of the last hour are in by then."""
        profile = baseline.new(CELL, MONDAY).profile
        for hour in range(hours):
            minute = hour * 60 + SETTLED
            profile = baseline.touch(self._series(minute - 1, profile), MONDAY + minute, (), ZONE).profile
            yield profile

    def _at(self, minute: int) -> Series:
        return self._series(minute, self._profiles[max(0, (minute - SETTLED) // 60)])

    def at_most(self, minutes: NDArray[np.intp]) -> NDArray[np.float64]:
        """The most that can be said of these minutes: by the seasonal rate alone. The local level raises the bar, never lowers it."""
        hours = (minutes - SETTLED) // 60
        asked, which = np.unique(hours, return_inverse=True)
        last = asked * 60 + SETTLED + 59
        rates = np.stack([baseline.usual(self._at(int(minute)), ZONE, local=False).per_minute[-LONGEST - 59 :] for minute in last])
        windows = sliding_window_view(rates, LONGEST, axis=1)[which, (minutes - SETTLED) % 60]
        counts = sliding_window_view(self._counts, LONGEST)[minutes + WIDTH + 1 - LONGEST]
        return _claimed(detect.evidence(counts, windows, np.full(len(minutes), _LEAST_SPREAD)))

    def said(self, minutes: NDArray[np.intp]) -> NDArray[np.float64]:
        """What carebot says of these minutes."""
        return self._said([self._at(int(minute)) for minute in minutes]) if len(minutes) else np.zeros(0)

    def said_without(self, minute: int, unread: NDArray[np.intp]) -> float:
        """What it says of a minute while some messages, one a minute in `unread`, have not been read."""
        series = self._at(minute)
        known = series.counts.copy()
        np.subtract.at(known, unread - (minute - WIDTH + 1), 1)
        return float(self._said([Series(CELL, series.head, known, series.profile)])[0])

    @staticmethod
    def _said(series: list[Series]) -> NDArray[np.float64]:
        usual = [baseline.usual(one, ZONE) for one in series]
        counts, rates = np.stack([one.counts for one in series]), np.stack([one.per_minute for one in usual])
        found = detect.evidence(counts, rates, np.array([one.spread for one in usual]))
        return np.where(found.count >= SHIPPED.people, _claimed(found), -np.inf)


def judged_when_read(
    counts: NDArray[np.int32], posted: NDArray[np.intp], read: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """For each minute with something new in a poll: the poll's minute, and what carebot says of the minute posted, by what is read by then.

    counts         one series, all that was ever posted
    posted, read   a minute a message, `posted` in order
    """
    judge = _Judge(counts)
    new = np.unique(np.stack([posted, read], axis=1), axis=0)
    minutes, polls = new[new[:, 0] >= WIDTH].T
    close = judge.at_most(minutes) >= _FLOOR  # all that was ever posted, so the most that can ever be said
    minutes, polls = minutes[close], polls[close]
    said = np.full(len(minutes), -np.inf)
    for place, (minute, poll) in enumerate(zip(minutes.tolist(), polls.tolist(), strict=True)):
        first, past = np.searchsorted(posted, (minute - WIDTH + 1, minute + 1))
        unread = posted[first:past][read[first:past] > poll]
        said[place] = judge.said_without(minute, unread)
    return polls, said


def _claimed(found: detect.Evidence) -> NDArray[np.float64]:
    return -np.log(found.false_alarms)
