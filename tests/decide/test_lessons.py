"""What each hour teaches, and what it must not: incidents, what nobody could hear, and how time went by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.decide.detecting import baseline, detect, lessons
from carebot.decide.detecting.cells import LEARNED, WIDTH, Cell, Profile, Table
from carebot.decide.detecting.lessons import World
from tests.decide.listening import DAY, HOUR, MONDAY, WEEK, hear, lessons_of, listened, world
from tests.saying import TestDesk, say

CALM, LOUD = Cell("lumbre"), Cell("lumbre", "app")
FEW = settings(max_examples=10, deadline=None)


def calm(days: int = 4) -> np.ndarray:
    """Two cells of twelve messages an hour."""
    return np.random.default_rng(5).poisson(0.2, (2, days * DAY))


def an_hour(table: Table, cell: Cell) -> float:
    return float(baseline.an_hour(table)[table.rows[cell]])


# ── how time goes by ─────────────────────────────────────────────────────────────────────────────────────────────


class Listener:
    """Hears voices one by one; stored and started again whenever asked to, from what was stored and the voices of the last hours."""

    def __init__(self, known: World) -> None:
        self.world, self.table, self.stored = known, Table(), dict[Cell, Profile]()
        self.minute, self.voices = 0, list[tuple[int, Cell]]()

    def waits(self, minute: int) -> None:
        self.table = self.table.draft()
        lessons.advance(self.table, minute, self.world)
        self.minute = minute
        self._store()

    def hears(self, minute: int, cell: Cell) -> None:
        self.waits(minute)
        lessons.join(self.table, [cell], self.world)
        self.table.count(self.table.rows[cell], minute, 1.0)
        self.voices.append((minute, cell))
        self._store()

    def starts_again(self) -> None:
        self.table = Table()
        if self.minute:
            self.table.add(tuple(self.stored))
            self.table.turn_to(self.minute // 60)
            self.table.learned_to = lessons.settled_by(self.minute, self.world.began)
        for minute, cell in self.voices:
            self.table.count(self.table.rows[cell], minute, 1.0)
        for cell, profile in self.stored.items():
            lessons.recall(self.table, cell, profile, self.world)

    def _store(self) -> None:
        changed = {cell: self.table.profile(row) for cell, row in self.table.rows.items() if row in self.table.changed}
        self.stored |= changed


voices = st.lists(st.tuples(st.integers(0, 30 * HOUR), st.integers(1, 6), st.sampled_from([CALM, LOUD])), min_size=1, max_size=10)


def lived(said: Sequence[tuple[int, int, Cell]], stops: Mapping[int, bool], until: int) -> Listener:
    """stops: minutes at which time is asked for, and whether carebot is started again then. Voices come in bursts of some minutes."""
    listener = Listener(world())
    acts: list[tuple[int, int, object]] = [(minute + more, 0, cell) for minute, long, cell in said for more in range(long)]
    acts += [(minute, 1, again) for minute, again in stops.items()]
    listener.waits(MONDAY)
    for minute, _, what in sorted(acts, key=lambda act: act[:2]):
        if isinstance(what, Cell):
            listener.hears(MONDAY + minute, what)
        else:
            listener.waits(MONDAY + minute)
            if what:
                listener.starts_again()
    listener.waits(MONDAY + until)
    return listener


@FEW
@given(said=voices, stops=st.lists(st.integers(0, 40 * HOUR), max_size=12))
def test_it_does_not_matter_in_which_steps_time_goes_by(said, stops):
    at_once, in_steps = lived(said, {}, 40 * HOUR), lived(said, dict.fromkeys(stops, False), 40 * HOUR)
    assert lessons_of(at_once.table) == lessons_of(in_steps.table)
    assert at_once.table.counts.tolist() == in_steps.table.counts.tolist()
    assert at_once.table.usual.tolist() == in_steps.table.usual.tolist()


@FEW
@given(said=voices, stops=st.lists(st.integers(0, 80 * HOUR), min_size=1, max_size=4))
def test_who_is_stopped_and_started_again_knows_what_one_knows_who_never_stopped(said, stops):
    never, often = lived(said, {}, 80 * HOUR), lived(said, dict.fromkeys(stops, True), 80 * HOUR)
    assert lessons_of(often.table) == lessons_of(never.table)
    assert often.table.usual[: len(often.table)].sum() == pytest.approx(never.table.usual[: len(never.table)].sum())


def test_a_cell_that_is_quiet_again_costs_the_store_nothing():
    listener, written = lived([(100, 2, CALM)], {}, 3 * HOUR), []
    for hour in range(4, 72):
        listener.waits(MONDAY + hour * HOUR)
        written += [hour] * len(listener.table.changed)
    assert max(written) < 24


def test_an_hour_is_learned_when_its_late_messages_are_in():
    listener = lived([(30, 1, CALM)], {}, 60 + lessons.SETTLED - 1)
    listener.table.count(0, MONDAY + 31, 1.0)
    assert listener.table.seen.sum() == 0
    listener.waits(MONDAY + 60 + lessons.SETTLED)
    assert listener.table.seen.sum() == 2


# ── what is not learned ──────────────────────────────────────────────────────────────────────────────────────────


def with_a_bad_evening() -> np.ndarray:
    """On the fourth evening the first of two cells has ten times as much from 18:00 to 22:00."""
    counts = calm()
    counts[0, 3 * DAY + 18 * HOUR : 3 * DAY + 22 * HOUR] *= 10
    return counts


def in_the_evening(cells: Sequence[Cell], hour: int) -> tuple[np.ndarray, np.ndarray]:
    evening = 3 * 24 + 18 <= hour - MONDAY // 60 < 3 * 24 + 22
    open_ = np.array([evening and cell == CALM for cell in cells])
    return open_, open_


def test_an_incidents_hours_are_not_learned_and_those_of_other_cells_are():
    counts = with_a_bad_evening()
    frozen = listened(counts, [CALM, LOUD], world(frozen=in_the_evening))
    learned = listened(counts, [CALM, LOUD])
    assert learned.seen[0].sum() > frozen.seen[0].sum() + 4 * 15
    assert lessons_of(frozen)[LOUD] == lessons_of(learned)[LOUD]
    assert frozen.heard[0].sum() == pytest.approx(frozen.heard[1].sum() - 4)


def test_what_was_suspected_and_came_to_nothing_teaches_what_chance_does_and_not_what_is_usual():
    def suspected(cells, hour):
        opened, _ = in_the_evening(cells, hour)
        return opened, np.zeros_like(opened)

    by_chance, confirmed = (listened(with_a_bad_evening(), [CALM, LOUD], world(frozen=how)) for how in (suspected, in_the_evening))
    assert by_chance.seen[0].tolist() == confirmed.seen[0].tolist()
    hours_watched = [table.tail[0, 2] for table in (by_chance, confirmed)]
    assert 3 < hours_watched[0] - hours_watched[1] < 4


def test_a_brand_whose_first_two_days_are_one_incident_learns_them():
    counts = calm()[:, : 30 * HOUR]

    def always(cells, _hour):
        return (np.ones(len(cells), np.bool_),) * 2

    assert lessons_of(listened(counts, known=world(frozen=always))) == lessons_of(listened(counts))


def test_what_nobody_could_hear_is_missing_and_not_zero():
    counts = calm()
    counts[0, DAY : 3 * DAY] = 0

    def deaf(cells, hour):
        away = 24 <= hour - MONDAY // 60 < 3 * 24
        return np.array([0.0 if away and cell == CALM else 1.0 for cell in cells])

    heard, silent = listened(counts, [CALM, LOUD], world(heard=deaf)), listened(counts, [CALM, LOUD])
    assert an_hour(silent, CALM) < 0.8 * an_hour(heard, CALM)
    assert an_hour(heard, CALM) == pytest.approx(an_hour(heard, LOUD), rel=0.1)
    assert heard.heard[0].sum() == pytest.approx(heard.heard[1].sum() - 48)


def test_an_hour_that_was_half_heard_counts_half():
    def half(cells, _hour):
        return np.full(len(cells), 0.5)

    counts = calm()
    assert listened(counts, known=world(heard=half)).heard[0].sum() == pytest.approx(listened(counts).heard[0].sum() / 2)


def test_a_day_that_the_calendar_calls_busy_teaches_what_other_days_bring():
    counts = calm()
    counts[:, 2 * DAY : 3 * DAY] *= 2

    def twice(cells, first, minutes):
        busy = (first - MONDAY + np.arange(minutes)) // DAY == 2
        return np.where(busy, 2.0, 1.0)[None]

    told, untold = listened(counts, known=world(factors=twice)), listened(counts)
    assert told.heard[0].sum() == pytest.approx(untold.heard[0].sum() + 24)
    assert an_hour(told, Cell("brand-0")) < an_hour(untold, Cell("brand-0"))
    drawn, plain = (listened(counts[:, : 2 * DAY + 2 * HOUR], known=one).usual[0] for one in (world(factors=twice), world()))
    assert sorted(set(np.round(drawn / plain, 3))) == [1.0, 2.0]


def test_the_hour_in_which_listening_began_counts_from_then_on():
    table = Table()
    late = world(began=MONDAY + 40)
    lessons.advance(table, MONDAY + 40, late)
    lessons.join(table, [CALM], late)
    lessons.advance(table, MONDAY + 3 * HOUR + 15, late)
    assert table.heard[0].tolist()[:3] == [pytest.approx(1 / 3), 1.0, 0.0]


def test_one_wild_hour_does_not_make_a_cell_deaf_to_the_next_one():
    """What chance does is learned from hours that look like chance: not from one with hundreds of messages too many."""
    wild = calm()
    wild[0, 3 * DAY + 600 : 3 * DAY + 660] += 10
    after, usual = (detect.spread_of(listened(counts).spread[:1])[0] for counts in (wild, calm()))
    assert (after < 1.3 * usual).all()
    assert (usual != detect.spread_of(np.zeros((1, 6)))[0]).all()


# ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_history_read_at_the_start_teaches_what_was_usual_and_opens_nothing():
    desk, chance = TestDesk(), np.random.default_rng(2)
    minutes = sorted(-chance.integers(6 * HOUR, 3 * WEEK, 400))
    past = [say(f"it fails {n}", by=f"p{n}", minute=float(minute), id=f"x:{n}") for n, minute in enumerate(minutes)]
    desk.hears(*past, minute=0)
    assert (desk.told, desk.state.incidents) == ([], {})
    rate = baseline.an_hour(desk.state.table)
    assert rate == pytest.approx(400 / (3 * 7 * 24), rel=0.15)
    assert desk.state.table.counts.sum() == 0
    by_cell = {cell.service for cell in desk.state.table.rows}
    assert by_cell == {"", "app"}


def test_what_was_said_last_week_weighs_more_than_what_was_said_half_a_year_ago():
    table = listened(np.zeros((1, HOUR)))
    for weeks in (1, 26, 70):
        before = table.seen.sum()
        lessons.backfill(table, 0, MONDAY - weeks * WEEK, 1.0, world().zone)
        assert table.seen.sum() - before == pytest.approx(baseline.FORGET ** (weeks - 1) if weeks <= lessons.OLDEST else 0)


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def table() -> Table:
    rates = np.array([0.001, 0.02, 0.2, 1.0, 5.0, 40.0])[:, None]
    return listened(np.random.default_rng(7).poisson(rates, (6, 2 * DAY + 30)))


NOW = MONDAY + 2 * DAY + 29


@FEW
@given(rows=st.lists(st.integers(0, 5), min_size=1, max_size=6, unique=True), ago=st.integers(0, 90))
def test_evidence_of_a_cell_does_not_depend_on_who_else_is_asked_about(table, rows, ago):
    together, alone = (lessons.evidence(table, asked, NOW - ago, MONDAY) for asked in (range(6), rows))
    assert alone.nats == pytest.approx(together.nats[rows], rel=1e-9)
    assert alone.window.tolist() == together.window[rows].tolist()
    assert lessons.false_alarms(table, rows, alone) == pytest.approx(lessons.false_alarms(table, range(6), together)[rows], rel=1e-9)


@FEW
@given(minutes=st.integers(1, 60), burst=st.integers(1, 500))
def test_evidence_of_a_minute_does_not_depend_on_what_is_posted_later(table, minutes, burst):
    later = table.draft()
    hear(later, np.full((6, minutes), burst), NOW - minutes + 1)
    for name in ("nats", "count", "expected"):
        before, after = (lessons.evidence(one, range(6), NOW - minutes, MONDAY) for one in (table, later))
        assert getattr(before, name).tolist() == getattr(after, name).tolist()


def test_minutes_that_nobody_heard_are_not_held_against_those_that_were(table):
    heard = np.ones((6, WIDTH))
    heard[:, -40:-5] = 0.0
    gap = table.draft()
    hear(gap, np.zeros((6, 35)), NOW - 39)
    missing, silent = (lessons.evidence(gap, range(6), NOW, MONDAY, share).nats[4:] for share in (heard, None))
    assert (silent > 12).all()  # as if forty minutes of silence had ended in a burst
    assert (missing < 8).all()


def test_all_that_a_cell_taught_is_known_by_name():
    assert set(LEARNED) | {"learned_to"} == set(Profile.__struct_fields__)
