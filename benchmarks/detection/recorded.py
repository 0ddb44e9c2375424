"""Incidents put into recorded streams: what customers of real banks wrote and when, and failures on top that nobody had.

Of a recording only the times are used, and carebot's own reader says which messages are complaints. Nobody is counted twice: copies and
an author's second post within the hour are left out, as carebot leaves them out. The first day is there to learn from. Then the
recording is played over and over, each time with one incident a day at another minute of the busier hours.

carebot runs as shipped. The others get the lowest threshold that, on the untouched recording itself, lets no more alarms through than
carebot raised there: to their advantage.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.copies import by_window
from benchmarks.detection import alarms, peers
from benchmarks.detection.alarms import Delays, Peaks
from benchmarks.detection.bakeoff import OURS, Run, Say
from benchmarks.detection.ours import present
from benchmarks.detection.peers import Detector
from benchmarks.detection.streams import DAY, KINDS, WEEK, Floats, Streams, extra
from benchmarks.detection.tables import Table, minutes, percent
from carebot.understand.embedded import Reader
from carebot.understand.normalise import plain, tame

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "streams"
FILES = ("citibanamex_2021_es", "tags2020_*_es", "spotifycares_2017_en")
INCIDENTS = ("+2 in 10 min", "+5 in 10 min", "+2/min ramp", "×10")
MOST_DAYS, BUSY_HOURS, VOTE = 28, 15, 60
ALL, COMPLAINTS, TOGETHER = "all messages", "complaints", "all of them"
RIVALS: Mapping[str, Detector] = {
    "static, 10 min": peers.static,
    "EWMA z, 5 min": peers.ewma,
    "STA/LTA, 5/60 min": peers.sta_lta,
    "time-of-day ratio": peers.time_of_day,
}


class Recording(NamedTuple):
    """counts: int32, a minute each from a midnight (UTC) on, in whole weeks; `days`: how many of them were recorded."""

    name: str
    counts: NDArray[np.int32]
    days: int


class Injected(msgspec.Struct, frozen=True, kw_only=True):
    """One detector, one recording, one kind. alarms: on the untouched recording, in `months` of it."""

    stream: str
    heard: str
    a_minute: float
    who: str
    kind: str
    alarms: int
    months: float
    median: float
    p90: float
    within_30: float
    of: int


def recordings(folder: Path, reader: Reader) -> Iterator[tuple[str, Recording]]:
    """All messages of each recording, then its complaints."""
    for path in sorted(path for name in FILES for path in folder.glob(f"{name}.jsonl")):
        rows = {row["id"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()) if not row.get("by_brand")}
        told = sorted(rows.values(), key=lambda row: (row["posted_at"], row["id"]))
        words = [plain(tame(row["text"])) for row in told]
        verdicts = reader.read(words, [""] * len(words))
        at = np.array([int(datetime.fromisoformat(row["posted_at"]).timestamp()) // 60 for row in told])
        first = max(at[0], at[-1] - (MOST_DAYS - 1) * DAY) // DAY * DAY
        bad = verdicts.column("complaint") | verdicts.column("outage")
        copies = by_window(words, at.tolist())
        for heard, kept in ((ALL, np.ones_like(bad)), (COMPLAINTS, bad)):
            mine = [place for place in np.flatnonzero(kept & (at >= first)).tolist() if not told[place].get("repost")]
            yield heard, counted(path.stem, at[one_voice_each(mine, told, copies, at)] - first)


def one_voice_each(places: Sequence[int], told: Sequence[Mapping[str, Any]], copies: Sequence[int], at: NDArray[np.intp]) -> list[int]:
    """Those whose author has not spoken, and whose words have not been said, within the hour before."""
    spoke: defaultdict[object, int] = defaultdict(lambda: -VOTE)
    kept = []
    for place in places:
        voices = [told[place]["author"], *([copies[place]] if copies[place] else [])]
        if all(at[place] - spoke[voice] >= VOTE for voice in voices):
            kept.append(place)
            spoke |= dict.fromkeys(voices, int(at[place]))
    return kept


def counted(name: str, at: NDArray[np.intp]) -> Recording:
    days = int(at.max()) // DAY + 1
    return Recording(name, np.bincount(at, minlength=-(-days * DAY // WEEK) * WEEK).astype(np.int32), days)


# ── incidents on top ─────────────────────────────────────────────────────────────────────────────────────────────


def untouched(recording: Recording) -> Streams:
    counts = recording.counts[None]
    return Streams(float(_heard(recording).mean()), counts, counts.astype(float), np.zeros((1, 0), np.intp), DAY, recording.days * DAY)


def broken(recording: Recording, kind: str, wanted: int, chance: np.random.Generator) -> Streams:
    """As many incidents as wanted, or a few more: a row a pass, one a day of it."""
    days = np.arange(1, recording.days - 1)  # an incident needs two hours; the last day may end at noon
    busy = np.sort(_heard(recording).reshape(-1, 24, 60).sum(axis=(0, 2)).argsort()[-BUSY_HOURS:])
    passes = -(-wanted // len(days))
    onsets = days * DAY + busy[chance.integers(0, BUSY_HOURS, (passes, len(days)))] * 60 + chance.integers(0, 60, (passes, len(days)))
    onsets = np.sort(onsets, axis=1)
    counts = np.repeat(recording.counts[None], passes, axis=0)
    rows, at = np.arange(passes)[:, None, None], onsets[:, :, None] + np.arange(120)
    truth = np.repeat(_usual(recording)[None], passes, axis=0)
    counts[rows, at] += chance.poisson(extra(KINDS[kind], truth[rows, at])).astype(np.int32)
    return Streams(float(_heard(recording).mean()), counts, truth, onsets)


def _heard(recording: Recording) -> NDArray[np.int32]:
    return recording.counts[: recording.days * DAY]


def _usual(recording: Recording) -> Floats:
    """Messages a minute, to multiply: the recording's own day curve, spread over three hours."""
    curve = _heard(recording).reshape(-1, DAY).mean(axis=0)
    smooth = np.convolve(np.concatenate([curve[-90:], curve, curve[:90]]), np.full(181, 1 / 181), "valid")
    usual: Floats = np.tile(smooth, len(recording.counts) // DAY)
    return usual


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def recorded(run: Run, say: Say, folder: Path = FOLDER, detector: Detector = present) -> Iterator[Injected]:
    """As many incidents a recording and kind as the bake-off has a case."""
    if not folder.exists():
        say(f"skipped: the recordings are not at {folder}")
        return
    pooled: dict[tuple[str, str, str], list[tuple[Injected, Delays]]] = {}
    for heard, recording in recordings(folder, Reader()):
        say(f"{recording.name}, {heard}: {int(recording.counts.sum())} voices in {recording.days} days")
        for one, late in _judged(recording, heard, run, detector):
            pooled.setdefault((heard, one.who, one.kind), []).append((one, late))
            yield one
    for (heard, who, kind), each in pooled.items():
        ones, lates = zip(*each, strict=True)
        late = np.concatenate(lates)
        yield _injected(
            TOGETHER, heard, float(np.mean([one.a_minute for one in ones])), who, kind,
            sum(one.alarms for one in ones), sum(one.months for one in ones), late,
        )  # fmt: skip


def _judged(recording: Recording, heard: str, run: Run, detector: Detector) -> Iterator[tuple[Injected, Delays]]:
    clean = untouched(recording)
    chance = np.random.default_rng((run.seed, recording.days, int(recording.counts.sum())))
    injected = {kind: broken(recording, kind, 14 * run.incidents, chance) for kind in INCIDENTS}
    bar, months, most = 0.0, 0.0, 0
    for who, scores in {OURS: detector, **RIVALS}.items():
        peaks = Peaks(scores(clean), clean.watched())
        if who == OURS:
            months, most = peaks.months, peaks.alarms(0.0)
        else:
            bar = peaks.threshold(most / months)
        for kind, streams in injected.items():
            late = alarms.delays(scores(streams), streams, bar)
            yield _injected(recording.name, heard, clean.rate, who, kind, peaks.alarms(bar), months, late), late


def _injected(stream: str, heard: str, a_minute: float, who: str, kind: str, raised: int, months: float, late: Delays) -> Injected:
    return Injected(
        stream=stream, heard=heard, a_minute=a_minute, who=who, kind=kind, alarms=raised, months=months, of=len(late),
        median=alarms.quantile(late, 0.5), p90=alarms.quantile(late, 0.9), within_30=alarms.found(late, 30),
    )  # fmt: skip


def recorded_tables(found: Sequence[Injected]) -> Iterator[Table]:
    if not found:
        yield Table("Recorded streams", [], "not measured: they are not beside the checkout")
    for heard in dict.fromkeys(one.heard for one in found):
        mine = [one for one in found if one.heard == heard]
        title = f"Failures put into recorded streams, {heard}: median / p90 minutes; found in 30 min, %"
        yield Table(title, list(_rows([one for one in mine if one.stream == TOGETHER], "who")))
        yield Table(f"carebot on each, {heard}", list(_rows([one for one in mine if one.who == OURS and one.stream != TOGETHER], "stream")))


def _rows(found: Sequence[Injected], first: str) -> Iterator[list[str]]:
    yield ["", "messages/min", "alarms untouched", "in months", *dict.fromkeys(one.kind for one in found)]
    for name in dict.fromkeys(getattr(one, first) for one in found):
        mine = [one for one in found if getattr(one, first) == name]
        cases = (f"{minutes(one.median)} / {minutes(one.p90)}; {percent(one.within_30)}" for one in mine)
        yield [name, f"{mine[0].a_minute:.4f}", str(mine[0].alarms), f"{mine[0].months:.2f}", *cases]
