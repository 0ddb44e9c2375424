"""A list that shows its newest first is read without a hole, whatever comes in, late or in between, wherever we are cut off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from carebot.model import Text
from connectors.sweep import FIRST_LOOK, OVERLAP, Sweep, advanced, cursor, restarted, resumed, unreached

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OLD = 12  # posts of the hours before


class Post(NamedTuple):
    at: datetime
    late: timedelta = timedelta()
    astray: timedelta = timedelta()

    @property
    def shown_at(self) -> datetime:
        return self.at + self.late


class Network(RuleBasedStateMachine):
    """A network that indexes late and out of order, shows so many a page and gives marks that expire; and one who listens to it.

    A post is on show up to OVERLAP after it was written, and two posts may stand in the wrong order if less than OVERLAP is between them.
    A mark stands for the last post of a page: what follows is what stands below it.
    """

    @initialize(size=st.integers(1, 5))
    def opens(self, size: int) -> None:
        self.size, self.now, self.marks_hold_since = size, NOON, NOON
        self.posts: list[Post] = [Post(NOON - timedelta(hours=number + 1)) for number in range(OLD)]
        self.stored = [self._look(None, frozenset())]

    @rule(
        seconds=st.integers(0, 1200),
        written=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 300), st.integers(0, 300)), max_size=8),
    )
    def time_passes_and_people_write(self, seconds: int, written: list[tuple[int, int, int]]) -> None:
        before, self.now = self.now, self.now + timedelta(seconds=seconds)
        for ago, late, astray in written:  # nobody writes in a past that we have left behind
            at = max(self.now - timedelta(seconds=ago), before)
            self.posts.append(Post(at, timedelta(seconds=late), timedelta(seconds=astray)))

    @rule()
    def a_look_is_stored(self) -> None:
        self.stored.append(self._look(*self.stored[-1]))

    @rule()
    def a_look_is_cut_off_before_it_is_stored(self) -> None:
        self._look(*self.stored[-1])

    @rule(data=st.data())
    def we_start_again_from_something_stored_before(self, data: st.DataObject) -> None:
        del self.stored[data.draw(st.integers(1, len(self.stored))) :]

    @rule()
    def all_marks_expire(self) -> None:
        self.marks_hold_since = self.now

    def _look(self, at: str | None, read: frozenset[int]) -> tuple[str, frozenset[int]]:
        """→ what is stored after it: the cursor, and the posts read until then"""
        sweep = resumed(at, self.now)
        shown = sorted((number for number, post in enumerate(self.posts) if post.shown_at <= self.now), key=self._place, reverse=True)
        if sweep.page:
            given_at, _, last = sweep.page.partition(" ")
            if datetime.fromisoformat(given_at) < self.marks_hold_since:
                return cursor(restarted(sweep)), read
            shown = [number for number in shown if self._place(number) < self._place(int(last))]
        page, more = shown[: self.size], shown[self.size :]
        mark = f"{self.now.isoformat()} {page[-1]}" if more else ""
        return cursor(advanced(sweep, [self.posts[number].at for number in page], mark, self.now)), read | set(page)

    def _place(self, number: int) -> tuple[datetime, int]:
        return self.posts[number].at + self.posts[number].astray, number

    @invariant()
    def everything_before_the_cursor_was_read(self) -> None:
        if hasattr(self, "stored"):
            at, read = self.stored[-1]
            since = resumed(at, self.now).since
            if since > NOON - FIRST_LOOK:
                assert {number for number, post in enumerate(self.posts) if NOON - FIRST_LOOK <= post.at < since} <= read

    def teardown(self) -> None:
        """Then it is quiet, and soon everything was read."""
        if hasattr(self, "stored"):
            self.now += 2 * OVERLAP
            at, read = self.stored[-1]
            while resumed(at, self.now).since < self.now - OVERLAP:
                at, read = self._look(at, read)
            assert set(range(OLD, len(self.posts))) <= read


def test_whatever_is_posted_after_the_first_look_is_read_whatever_happens_in_between() -> None:
    run_state_machine_as_test(Network, settings=settings(max_examples=100, stateful_step_count=25, deadline=None))


@given(
    size=st.integers(1, 50),
    every=st.integers(20, 900),
    rates=st.lists(st.integers(0, 300), min_size=1, max_size=12),  # posts between two looks: quiet, burst, quiet
)
@settings(max_examples=150, deadline=None)
def test_a_sweep_asks_for_the_pages_it_needs_and_one_more(size: int, every: int, rates: list[int]) -> None:
    posted = [NOON - timedelta(hours=number + 1) for number in range(60)]
    now, at = NOON, cursor(Sweep(since=NOON))
    for rate in rates:
        posted += [now + timedelta(seconds=every) * (number / rate) for number in range(rate)]
        now += timedelta(seconds=every)
        newest_first = sorted(posted, reverse=True)
        needed = sum(time >= resumed(at, now).since - OVERLAP for time in posted)
        asked = 0
        while asked == 0 or resumed(at, now).page:
            sweep = resumed(at, now)
            start = int(sweep.page or 0)
            page = newest_first[start : start + size]
            at = cursor(advanced(sweep, page, str(start + size) if start + size < len(posted) else "", now))
            asked += 1
        assert asked <= ceil(needed / size) + 1


# ── small things ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_something_old_pinned_on_top_does_not_end_a_sweep() -> None:
    sweep = advanced(Sweep(since=NOON), [NOON - timedelta(days=900), NOON + 2 * MINUTE, NOON + MINUTE], "2", NOON + 3 * MINUTE)
    assert sweep.page == "2"


def test_posts_that_stand_in_the_wrong_order_by_minutes_do_not_end_a_sweep_too_early() -> None:
    assert advanced(Sweep(since=NOON), [NOON + MINUTE, NOON - OVERLAP], "2", NOON + 3 * MINUTE).page == "2"
    assert advanced(Sweep(since=NOON), [NOON + MINUTE, NOON - OVERLAP - MINUTE], "2", NOON + 3 * MINUTE).page == ""


def test_an_empty_page_with_more_behind_it_does_not_end_a_sweep_and_the_last_page_does() -> None:
    assert advanced(Sweep(since=NOON), [], "2", NOON + MINUTE).page == "2"
    assert advanced(Sweep(since=NOON), [NOON + MINUTE], "", NOON + 9 * MINUTE) == Sweep(since=NOON + 9 * MINUTE - OVERLAP)


def test_a_clock_that_was_set_back_does_not_lose_what_was_reached() -> None:
    assert advanced(Sweep(since=NOON), [], "", NOON - timedelta(days=1)).since == NOON


@pytest.mark.parametrize(
    ("posted", "next_page", "gaps"),
    [([9, 5], "", [5]), ([9, 5], "2", []), ([9, -1], "", []), ([5, 9], "", [5]), ([], "", []), ([0], "", [])],
)
def test_a_list_that_ends_before_it_reaches_what_we_had_leaves_a_gap(posted: list[int], next_page: str, gaps: list[int]) -> None:
    found = unreached(Sweep(since=NOON), [NOON + minute * MINUTE for minute in posted], next_page, Text("es", "en"))
    assert [(gap.from_, gap.to) for gap in found] == [(NOON, NOON + minute * MINUTE) for minute in gaps]


@given(st.text(max_size=30) | st.sampled_from(["{}", "[]", '{"since": 5}', '{"since": "2026-11-21T12:00:00"}', "null", "\ud800"]))
def test_a_cursor_of_another_kind_is_a_first_look(left: str) -> None:
    assert resumed(left, NOON).since == NOON - FIRST_LOOK


def test_a_cursor_is_the_whole_sweep() -> None:
    sweep = Sweep(since=NOON, page="ñ\n2", began_at=NOON + MINUTE)
    assert resumed(cursor(sweep), NOON + timedelta(days=3)) == sweep
