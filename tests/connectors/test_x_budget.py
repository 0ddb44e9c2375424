"""What X costs: counted to the cent, kept within what is left, and what nobody could pay to read is counted at least."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Message, Volume
from connectors import base, x
from connectors.x.counts import counted
from tests.connectors.loopback_x import NOON, LoopbackX, all_ids, drained, post, posts, said_at, says, source


@pytest_asyncio.fixture
async def them() -> AsyncIterator[LoopbackX]:
    async with LoopbackX().running() as running:
        yield running


def said(batch: Batch) -> set[str]:
    return {event.id for event in batch.events if isinstance(event, Message)}


def minutes(*batches: Batch) -> dict[str, int]:
    return {event.id: event.posts for batch in batches for event in batch.events if isinstance(event, Volume)}


def allow(mode: Any, *, requests: int | None = None, posts: int | None = None) -> base.Allowance:
    return base.Allowance(mode, requests, posts)


# ── what a look costs ────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_post_is_counted_once_however_often_it_is_looked_at(them: LoopbackX) -> None:
    them.posts = posts(250, start=NOON - timedelta(minutes=1))
    first, cursor = await drained(source(them), None)
    assert [(batch.requests, batch.posts, batch.money) for batch in first] == [(1, 100, 0.5), (1, 100, 0.5), (1, 50, 0.25)]
    them.now += timedelta(minutes=1)
    them.posts.append(post(them.now))
    again, _ = await drained(source(them), cursor)
    assert sum(len(batch.events) for batch in again) > 1
    assert sum(batch.posts for batch in again) == 1


async def test_what_x_holds_back_for_half_a_minute_is_counted_too(them: LoopbackX) -> None:
    paid, cursor = 0, None
    for minute in range(12):
        them.posts += posts(20, start=NOON + timedelta(minutes=minute, seconds=45))
        them.listed_at |= {each["id"]: said_at(each["id"]) + timedelta(seconds=30) for each in them.posts[-20:]}
        them.now = NOON + timedelta(minutes=minute + 1)
        batches, cursor = await drained(source(them), cursor)
        paid += sum(batch.posts for batch in batches)
    assert paid == 11 * 20  # the last twenty are held back still


async def test_an_empty_look_costs_a_request_and_no_money(them: LoopbackX) -> None:
    batch = await source(them).fetch(None)
    assert (batch.requests, batch.posts, batch.money) == (1, 0, 0.0)


async def test_when_nothing_is_left_of_the_quarter_x_is_left_alone_until_the_next(them: LoopbackX) -> None:
    them.posts, them.left = posts(300), 2
    first = await source(them).fetch(None)
    assert (first.wait, first.more) == (None, True)
    second = await source(them).fetch(first.cursor)
    assert second.wait == timedelta(minutes=10)
    with pytest.raises(Throttled) as refused:
        await source(them).fetch(second.cursor)
    assert refused.value.wait == timedelta(minutes=10)
    them.left = 100
    rest = await source(them).fetch(second.cursor)
    assert said(first) | said(second) | said(rest) == all_ids(them)


@pytest.mark.parametrize(("left", "asked"), [(None, "100"), (1000, "100"), (37, "37"), (10, "10")])
async def test_no_more_posts_are_asked_for_than_the_budget_leaves(them: LoopbackX, left: int | None, asked: str) -> None:
    them.posts = posts(300)
    batch = await source(them, allowance=allow("full", posts=left)).fetch(None)
    assert them.asked[0]["max_results"] == asked
    assert batch.posts == int(asked)


@pytest.mark.parametrize("left", [0, 1, 9])
async def test_fewer_posts_than_xs_smallest_page_are_not_asked_for(them: LoopbackX, left: int) -> None:
    them.posts = posts(30)
    batch = await source(them, allowance=allow("full", posts=left)).fetch(None)
    assert them.paths == ["/2/tweets/counts/recent"]
    assert (batch.posts, batch.money, batch.of) == (0, 0.005, 30)


# ── a sample, and how many there are ─────────────────────────────────────────────────────────────────────────────


async def test_a_sample_is_the_newest_page_and_how_many_there_were(them: LoopbackX) -> None:
    them.posts = posts(4100, start=NOON - timedelta(minutes=5))
    batch = await source(them, allowance=allow("sample")).fetch(None)
    assert said(batch) == {f"x:{each['id']}" for each in them.posts[-100:]}
    assert (batch.of, batch.more, batch.requests, batch.posts, batch.money) == (4100, False, 2, 100, 0.505)
    assert minutes(batch)["volume:x-mentions:202611211155"] == 3000
    assert minutes(batch)["volume:x-mentions:202611211156"] == 1100
    them.now += timedelta(minutes=1)
    them.posts += posts(250, start=NOON + timedelta(seconds=10))
    second = await source(them, allowance=allow("sample")).fetch(batch.cursor)
    assert second.of == 250


async def test_a_sample_that_is_all_there_is_is_not_called_one(them: LoopbackX) -> None:
    them.posts = posts(60)
    batch = await source(them, allowance=allow("sample")).fetch(None)
    assert (len(batch.events), batch.of, batch.requests) == (60, 0, 1)


async def test_a_sample_with_one_request_left_is_a_count(them: LoopbackX) -> None:
    them.posts = posts(300, start=NOON - timedelta(minutes=5))
    batch = await source(them, allowance=allow("sample", requests=1)).fetch(None)
    assert (said(batch), batch.of, batch.requests) == (set(), 300, 1)


@pytest.mark.parametrize("mode", ["sample", "counts"])
async def test_a_budget_that_ends_in_mid_sweep_has_the_rest_counted(them: LoopbackX, mode: str) -> None:
    them.posts = posts(4100, start=NOON - timedelta(minutes=5))
    first = await source(them).fetch(None)
    rest = await source(them, allowance=allow(mode)).fetch(first.cursor)
    assert (said(rest), rest.more, rest.requests) == (set(), False, 1)
    assert 3950 <= rest.of <= 4000  # an end_time has whole seconds
    them.posts.append(post(NOON))
    them.now += timedelta(seconds=20)
    after = await source(them).fetch(rest.cursor)
    assert f"x:{them.posts[-1]['id']}" in said(after)


async def test_back_in_full_what_was_only_counted_is_left_and_the_new_is_read(them: LoopbackX) -> None:
    them.posts = posts(500, start=NOON - timedelta(minutes=5))
    counts = await source(them, allowance=allow("counts")).fetch(None)
    assert counts.of == 500
    them.now += timedelta(minutes=10)
    them.posts += posts(120, start=NOON + timedelta(minutes=9))
    batches, _ = await drained(source(them), counts.cursor)
    assert set().union(*(said(batch) for batch in batches)) == {f"x:{each['id']}" for each in them.posts[500:]}


# ── minute by minute ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("new_names", [False, True])
async def test_a_sentinel_counts_each_minute_once_it_is_over(them: LoopbackX, new_names: bool) -> None:
    them.new_names = new_names
    them.now = NOON + timedelta(seconds=45)
    them.posts = [post(NOON - timedelta(minutes=2), number=n) for n in range(7)] + [post(NOON - timedelta(seconds=5)), post(NOON)]
    sentinel = source(them, read="counts")
    first = await sentinel.fetch(None)
    assert (first.requests, first.posts, first.money, first.of, first.refused) == (1, 0, 0.005, 0, ())
    assert first.events[0] == Volume(
        id="volume:x-mentions:202611211145", source="x-mentions", at=NOON - timedelta(minutes=15), posts=0, network="x"
    )
    assert [event.posts for event in first.events if isinstance(event, Volume)] == [0] * 13 + [7, 1]
    them.now += timedelta(seconds=30)
    assert await sentinel.fetch(first.cursor) == Batch(source="x-mentions", requests=0)  # none is over: nothing is asked, nothing paid
    them.now += timedelta(seconds=30)
    assert minutes(await sentinel.fetch(first.cursor)) == {"volume:x-mentions:202611211200": 1}
    assert minutes(await sentinel.fetch(None)).keys() >= minutes(first).keys() - {"volume:x-mentions:202611211145"}


async def test_seven_days_of_minutes_come_in_one_call(them: LoopbackX) -> None:
    them.posts = posts(5)
    batch = await source(them, read="counts").history(NOON - timedelta(days=7), None)
    assert (batch.requests, batch.more, batch.money) == (1, False, 0.005)
    assert len(batch.events) == 7 * 1440 - 10 - 1
    assert sum(minutes(batch).values()) == 5
    assert [(gap.from_, gap.to) for gap in batch.gaps] == [(NOON - timedelta(days=7), NOON - timedelta(days=7) + timedelta(minutes=10))]


async def test_minutes_that_x_leaves_out_are_a_gap(them: LoopbackX) -> None:
    spans = [{"start": "2026-11-21T11:50:00Z", "end": "2026-11-21T11:51:00Z", "tweet_count": 3}]
    them.faults = [says(200, json.dumps({"data": spans}))]
    batch = await source(them, read="counts").fetch(None)
    assert [(gap.from_, gap.to) for gap in batch.gaps] == [(NOON - timedelta(minutes=15), NOON - timedelta(minutes=10))]
    assert minutes(batch) == {"volume:x-mentions:202611211150": 3}


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        (says(503, "<html>", "text/html"), Unreachable),
        (says(200, '{"meta": {}}'), Unreachable),
        (says(200, '{"data": 5}'), Unreachable),
        (says(400, '{"errors": [{"parameters": {"start_time": ["x"]}}]}'), Unreachable),
        (says(401, "{}"), Refused),
        (says(429, "{}"), Throttled),
    ],
)
async def test_a_count_says_whose_turn_it_is(them: LoopbackX, fault: Any, trouble: type[Exception]) -> None:
    them.faults = [fault]
    with pytest.raises(trouble, match=r"^x-mentions: X "):
        await source(them, read="counts").fetch(None)


def test_a_count_that_cannot_be_is_refused_and_its_neighbours_are_told() -> None:
    good = {"start": "2026-11-21T11:50:00Z", "end": "2026-11-21T11:51:00Z", "tweet_count": 3}
    bad: list[Any] = [
        {**good, "tweet_count": -1},
        {**good, "tweet_count": 10**12},
        {**good, "start": "0001-01-01T00:00:00+14:00"},
        {**good, "start": "2026-11-21T11:50:00"},
        {**good, "end": "9999-12-31T23:59:59-14:00"},
        {**good, "tweet_count": None},
        "soon",
    ]
    found = counted({"data": [*bad, good]}, "x", NOON - timedelta(minutes=10), NOON)
    assert [each.posts for each in found.minutes] == [3]
    assert found.refused[0].reason == "7 spans are not counts as X describes them"


times = st.datetimes(timezones=st.sampled_from([UTC])).map(datetime.isoformat) | st.sampled_from(["2026-11-21T11:50:00Z", "soon"])
span = st.fixed_dictionaries(
    {"start": times, "end": times}, optional={"tweet_count": st.integers() | st.none(), "post_count": st.integers()}
)


@settings(max_examples=200, deadline=None)
@given(st.lists(span | st.none() | st.text(max_size=3), max_size=4) | st.none() | st.integers(), st.dictionaries(st.text(max_size=4), span))
def test_no_count_whatever_is_in_it_does_more_than_be_refused(data: Any, more: dict[str, Any]) -> None:
    try:
        found = counted({**more, "data": data}, "x", NOON - timedelta(minutes=15), NOON)
    except Unreachable:
        assert not isinstance(data, list)
        return
    assert all(each.posts >= 0 and each.at.tzinfo is UTC for each in found.minutes)


# ── a month, before the first call ───────────────────────────────────────────────────────────────────────────────


def estimated(every: timedelta, posts_a_day: float, **written: Any) -> base.Estimate:
    return base.estimate(x, x.Options(token="x-bearer", **written), every, posts_a_day)


def test_a_month_of_counting_each_minute_costs_what_x_says() -> None:
    assert estimated(timedelta(minutes=1), 5000, query="zenco", read="counts").money == pytest.approx(7.20 * 30)
    assert estimated(timedelta(minutes=5), 5000, query="zenco", read="counts").money == pytest.approx(1.44 * 30)
    assert estimated(timedelta(seconds=20), 5000, query="zenco", read="counts").requests == 30 * 1440


def test_a_month_of_reading_includes_looking_each_post_up_again() -> None:
    once = estimated(timedelta(minutes=1), 2000, query="zenco", recheck_for=timedelta(0))
    assert (once.posts, once.money, once.requests) == (60_000, 300, 43_200 + 600)
    month = estimated(timedelta(minutes=1), 2000, query="zenco")
    assert month.money == 300 + 30 * 300
    assert month.note.startswith("$300 to read, $9,000 to look up again each day (recheck_for)")
