"""How many posts match a source's search, as its network counts them: nobody has read them (`model.Volume`).

A series of its own for each source, in a table apart from the complaints': its hours, levels, spread and tail are learned by the same
functions, and nothing of it shows in what complaints are held against. A minute that was not told is not heard. A minute told again
is corrected, and one told late is learned into its hour, once: a week of minutes at once is a week of lessons, and no news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np

from carebot.config.schema import Rulebook
from carebot.decide.detecting import coverage, lessons, surroundings
from carebot.decide.detecting.baseline import FORGET, LEVELS
from carebot.decide.detecting.cells import POSTS, WIDTH, Cell, Floats, Table, minute_of
from carebot.decide.detecting.lessons import KEEP, World
from carebot.decide.state import Series, State
from carebot.model import Swell, Volume

LATEST = 15  # minutes; what is told later than that is no news
WINDOW = 15  # minutes, the latest that were told, of which people are told
RAISED = 2.0  # times the usual: so much more is worth mentioning, and less than that is calm again
OLDEST = 8 * 7 * 1440  # minutes of history that are learned
MOST_SPANS, MOST_MINUTES, MOST_POSTS = 50, 1440, 10**9  # of one source, of one count, in one minute


def counted(state: State, said: Sequence[Volume], rulebook: Rulebook, now: datetime) -> None:
    """The clock's minute, and what was counted by then, taken into account."""
    table, minute, zone = state.volumes, minute_of(now), ZoneInfo(rulebook.file.brand.time_zone)
    if not said and not len(table):
        return
    lessons.advance(table, minute, _world(state, zone))
    by_source: dict[str, list[Volume]] = {}
    for one in sorted(said, key=lambda one: (one.at, one.id)):
        by_source.setdefault(one.source, []).append(one)
    for source, counts in sorted(by_source.items()):
        if _is_ours(source, rulebook):
            _take(state, Cell(rulebook.file.brand.name, symptom=POSTS, source=source), counts, minute, zone)
    lessons.redraw(table, _world(state, zone))


def _is_ours(source: str, rulebook: Rulebook) -> bool:
    """Do our customers speak there? What is only heard to compare opens nothing."""
    known = next((one for one in rulebook.file.sources if one.name == source), None)
    return known is None or not (known.control or known.brand not in (None, rulebook.file.brand.name))


def _take(state: State, cell: Cell, counts: Sequence[Volume], minute: int, zone: ZoneInfo) -> None:
    table, series = state.volumes, state.memory.volumes.get(cell.source, Series())
    if cell not in table.rows:
        table.add([cell])
        table.changed.add(table.rows[cell])  # from now on it is stored
    told = _by_minute(counts, minute)
    if not told:
        return
    settled = table.learned_to * 60
    known = [span for span in series.told if span[0] < settled]
    late = {at: posts for at, posts in told.items() if at < settled and not any(first <= at <= last for first, last in known)}
    if late:
        _learn(table, table.rows[cell], late, zone)
    posts = series.minutes(table.first, table.counts.shape[1])
    for at, each in told.items():
        if 0 <= at - table.first < len(posts):
            posts[at - table.first] = each
    table.own("counts")
    table.counts[table.rows[cell]] = np.maximum(posts, 0)
    there = np.flatnonzero(posts >= 0)
    begin, end = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)
    network = next((one.network for one in reversed(counts) if one.network), series.network)
    kept = Series(network, table.first + begin, tuple(posts[begin:end].tolist()), _with(series.told, told, minute - OLDEST))
    state.memory.volumes = {**state.memory.volumes, cell.source: kept}


def _by_minute(counts: Iterable[Volume], minute: int) -> dict[int, float]:
    """Posts of each minute that is not still to come or too long ago; the later word about one holds."""
    told: dict[int, float] = {}
    for one in counts:
        first, minutes = minute_of(one.at), min(max(one.minutes, 1), MOST_MINUTES)
        posts = round(min(max(one.posts, 0), MOST_POSTS) / minutes, 3)
        told |= dict.fromkeys(range(max(first, minute - OLDEST), min(first + minutes, minute + 1)), posts)
    return told


def _with(spans: Sequence[tuple[int, int]], told: Iterable[int], oldest: int) -> tuple[tuple[int, int], ...]:
    """The spans with these minutes, as few as they can be."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted([*spans, *((at, at) for at in told)]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        elif last >= oldest:
            joined.append((first, last))
    return tuple(joined[-MOST_SPANS:])


# ── what is learned ──────────────────────────────────────────────────────────────────────────────────────────────


def _world(state: State, zone: ZoneInfo) -> World:
    known = state.memory.volumes
    return _told(zone, lambda cell: known.get(cell.source, Series()))._replace(frozen=partial(surroundings.frozen, state))


def _told(zone: ZoneInfo, series_of: Callable[[Cell], Series]) -> World:
    """A world in which what was told is heard, and nothing else."""

    def told(cells: Sequence[Cell], first: int, minutes: int) -> Floats:
        return np.stack([series_of(cell).minutes(first, minutes) >= 0 for cell in cells]).astype(np.float64)

    return World(zone, 0, heard=lambda cells, hour: told(cells, hour * 60, 60).mean(axis=1), read=told)


def _learn(table: Table, row: int, late: Mapping[int, float], zone: ZoneInfo) -> None:
    """Minutes of hours that are over, as if they had been told in time: lived through in a table of their own, whose sums are added."""
    first, last = min(late) // 60 * 60, max(late) // 60 * 60 + 60
    posts = np.full(last - first, -1.0)
    posts[np.array(list(late)) - first] = list(late.values())
    series, past = Series(first=first, posts=tuple(posts.tolist())), Table()
    past.add([Cell("")])
    world = _told(zone, lambda _: series)
    for start in range(first, last + 180, 60):
        lessons.advance(past, start, world)
        past.own("counts")
        past.counts[0, start - past.first : start - past.first + 60] = np.maximum(series.minutes(start, 60), 0)
    ago = table.learned_to - last // 60
    table.own("seen", "heard", "level", "spread", "tail")
    if not table.heard[row].any():
        table.level[row] = past.level[0] * np.repeat([0.5 ** (ago / half) for half, _ in LEVELS], 2)
    for name, keep in (("seen", FORGET ** (ago // 168)), ("heard", FORGET ** (ago // 168)), ("spread", KEEP**ago), ("tail", KEEP**ago)):
        getattr(table, name)[row] += getattr(past, name)[0] * keep
    table.tail[row, 3] = 0.0
    table.changed.add(row)
    table.drawn = None


# ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────────


def says(state: State, source: str, now: datetime, minutes: int = WINDOW) -> Swell | None:
    """Posts of the last so many minutes, and what is usual; None: nothing was told lately."""
    series, table, last = state.memory.volumes.get(source), state.volumes, last_told(state, source, now)
    row = next((row for cell, row in table.rows.items() if cell.source == source), None)
    if series is None or row is None or last is None:
        return None
    posts, place = series.minutes(last - minutes + 1, minutes), last - table.first + 1
    told = posts >= 0
    usual = table.usual[row, place - minutes : place][told]
    return Swell(
        source=source,
        network=series.network or source,
        posts=round(float(posts[told].sum())),
        usual=round(float(usual.sum()), 1),
        minutes=int(told.sum()),
    )


def last_told(state: State, source: str, now: datetime) -> int | None:
    """The last minute of which the source told, if that is news."""
    series = state.memory.volumes.get(source)
    last = series.first + len(series.posts) - 1 if series and series.posts else 0
    return last if minute_of(now) - last <= LATEST else None


def chance(state: State, source: str, minute: int) -> tuple[float, int]:
    """How many false alarms a month in this one series the counts up to this minute stand for, and in a window of so many minutes."""
    table, series = state.volumes, state.memory.volumes[source]
    rows = [row for cell, row in table.rows.items() if cell.source == source]
    told = (series.minutes(minute - WIDTH + 1, WIDTH) >= 0).astype(np.float64)[None, :]
    found = lessons.evidence(table, rows, minute, minute, told)
    return float(lessons.false_alarms(table, rows, found)[0]), int(found.window[0])


def unread(state: State, source: str, minute: int | None = None) -> int:
    """For how many of the last WINDOW minutes up to this one (None: as far as is known) nobody read what the source counts."""
    if source not in state.memory.ears:
        return 0  # nobody says how far it is read, as in most recordings
    told = [coverage.unread(ear, minute or ear.until or 0, WINDOW) for ear in readers(state, source)]
    return min(told, default=WINDOW)


def readers(state: State, source: str) -> list[coverage.Ear]:
    """Who reads what the source counts: it itself, or, where it only ever counts, those that bring its network."""
    ears, series = state.memory.ears, state.memory.volumes.get(source, Series())
    ear = ears.get(source, coverage.Ear())
    return [ear] if ear.brought or ear.partly else [other for other in ears.values() if other.brought.get(series.network)]


def highest(state: State, now: datetime) -> Swell | None:
    """Of the sources of which far more than usual is told, the one of which most is."""
    told = [swell for source in sorted(state.memory.volumes) if (swell := says(state, source, now))]
    raised = [swell for swell in told if swell.posts >= RAISED * swell.usual > 0]
    return max(raised, key=lambda swell: (swell.posts / swell.usual, swell.source), default=None)
