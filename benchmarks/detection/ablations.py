"""What each part of the detector buys: the same run with it and without it.

Without the tail, the score's own tail is not learned; without the level, the last hours do not move the bar; without the season, every hour
is like every other. Collapsing, marks and event time are taken away from what is counted instead: copies count, doubt does not, and a
message belongs to the minute in which it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from inspect import signature

import msgspec
import numpy as np

from benchmarks.detection import alarms, lateness, marks, ours, storming
from benchmarks.detection.bakeoff import OURS, Found, Run, Say, as_shipped, at, false_alarms, measured, times_the_oracle
from benchmarks.detection.peers import Detector
from benchmarks.detection.tables import Table, minutes

SWITCHES = ("tail", "level", "season")
RATES = (0.02, 0.5, 10.0)


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """One part. figure: what is compared: the delay over the oracle's, minutes (medians), or the share of storms that raise an alarm.

    with_it, without             that figure
    false_with, false_without    false alarms a series-month
    """

    part: str
    figure: str
    with_it: float
    without: float
    false_with: float
    false_without: float


def ablations(run: Run, say: Say) -> Iterator[Bought]:
    """On a third of the bake-off's series."""
    few = msgspec.structs.replace(run, calibrate=_third(run.calibrate), test=_third(run.test), incidents=_third(run.incidents), rates=RATES)
    yield from _switched(few, say)
    yield _event_time(few, say)
    yield from _marks(few, say)
    yield _collapsing(few, say)


def _third(series: int) -> int:
    return -(-series // 3)


def _switched(run: Run, say: Say) -> Iterator[Bought]:
    if "without" not in signature(ours.present).parameters:
        say("the detector has no switches: tail, level and season are not taken away")
        return
    whole: Callable[..., alarms.Scores] = ours.present
    field: Mapping[str, Detector] = {OURS: whole, **{part: partial(whole, without=frozenset({part})) for part in SWITCHES}}
    found = list(measured(run, say, field, shipped=tuple(field)))
    for part in SWITCHES:
        both = [(times_the_oracle(found, who)[0], max(false_alarms(found, as_shipped(who), None).values())) for who in (OURS, part)]
        (with_it, false_with), (without, false_without) = both
        yield Bought(
            part=part, figure="× oracle, at one a month", with_it=with_it, without=without,
            false_with=false_with, false_without=false_without,
        )  # fmt: skip


def _event_time(run: Run, say: Say) -> Bought:
    late = list(lateness.lateness(run.test, run.incidents, run.seed, run.waves, say))
    of = {how: [one for one in late if one.how == how] for how in (lateness.POLLED, lateness.BY_ARRIVAL)}
    share = {how: 100 * float(np.mean([one.tuned_30 for one in ones])) for how, ones in of.items()}
    worst = {how: max(one.false_alarms for one in ones) for how, ones in of.items()}
    return Bought(
        part="event time", figure="found in 30 min, at one a month, %", with_it=share[lateness.POLLED], without=share[lateness.BY_ARRIVAL],
        false_with=worst[lateness.POLLED], false_without=worst[lateness.BY_ARRIVAL],
    )  # fmt: skip


def _marks(run: Run, say: Say) -> Iterator[Bought]:
    weighing = getattr(ours, "marked", None)
    if weighing is None:
        say("the detector takes no marks")
        return
    found = list(marks.marks(run, say, weighing=weighing))
    told = {who: next(iter(at(found, who).values())) for who in (marks.WEIGHED, "score > 0", "all messages")}
    for who in ("score > 0", "all messages"):
        yield Bought(
            part=f"marks, instead of {who}", figure="median minutes, at one a month",
            with_it=told[marks.WEIGHED].median, without=told[who].median,
            false_with=_false(told[marks.WEIGHED]), false_without=_false(told[who]),
        )  # fmt: skip


def _false(one: Found) -> float:
    return one.false_alarms or 0.0


def _collapsing(run: Run, say: Say) -> Bought:
    """On a channel of one message in twenty minutes: the share of storms that raise an alarm, and the alarms they add to a month."""
    say("storms, collapsed and not")
    shares, false = [], []
    for share in (0.0, 1.0):
        stormy = storming.with_storms(0.05, run.incidents, share, (run.seed, 36))
        shares.append(alarms.found(alarms.delays(ours.present(stormy), stormy, 0.0), 60))
        quiet = msgspec.structs.replace(stormy, onsets=stormy.onsets[:, :0])
        peaks = alarms.Peaks(ours.present(quiet), quiet.watched())
        false.append(peaks.alarms(0.0) / peaks.months)
    return Bought(
        part="collapsing copies", figure="storms that raise an alarm, %", with_it=100 * shares[0], without=100 * shares[1],
        false_with=false[0], false_without=false[1],
    )  # fmt: skip


def ablations_tables(found: Sequence[Bought]) -> Iterator[Table]:
    rows = [["", "compared", "with", "without", "false a series-month with", "without"]]
    for one in found:
        rows.append([one.part, one.figure, *(_figure(value) for value in (one.with_it, one.without, one.false_with, one.false_without))])
    yield Table("What each part buys", rows, "false alarms: as shipped, of the worst rate; for marks at thresholds for one a month")


def _figure(value: float) -> str:
    return minutes(round(value, 2))
