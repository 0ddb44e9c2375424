"""Comments on YouTube: all of them, with their replies, for as few units as it takes; and what is taken back there goes here too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Deleted, Message
from connectors import base, youtube
from connectors.sweep import Sweep
from connectors.youtube.page import Page, became, read, times
from tests.connectors.draining import looked_through as drained
from tests.connectors.loopback_web import NOON
from tests.connectors.loopback_youtube import CHANNEL, KEY, LoopbackYouTube, comment, problem, reply, thread

QUIET, LOUD = "v1deo_00001", "v1deo_00002"


@pytest_asyncio.fixture
async def them() -> AsyncIterator[LoopbackYouTube]:
    async with LoopbackYouTube().running() as running:
        yield running


def source(
    them: LoopbackYouTube, http: base.Http, *, later: timedelta = timedelta(), key: str = KEY, left: int | None = None, **options: Any
) -> youtube.YouTube:
    asked = {"channel": CHANNEL, "key": "youtube-key"} | options
    here = base.World(
        http=http,
        secret={"youtube-key": key}.__getitem__,
        clock=lambda: NOON + later,
        allowance=lambda: base.Allowance(requests=left),
    )
    found = youtube.connect("youtube-channel", youtube.Options(**asked, base_url=them.url), here)
    assert isinstance(found, youtube.YouTube)
    return found


def ids(*batches: Batch) -> list[str]:
    return [event.id for batch in batches for event in batch.events if isinstance(event, Message)]


def burst(count: int, *, ending: datetime = NOON, video: str = QUIET) -> list[dict[str, Any]]:
    return [thread(f"Ug{video[-1]}{n:04}", ending - timedelta(seconds=n), f"no va {n}", video=video) for n in range(count)]


def all_ids(them: LoopbackYouTube) -> set[str]:
    return {f"youtube:{one['id']}" for each in them.threads for one in (each["snippet"]["topLevelComment"], *each["all"])}


# ── nothing lost, nothing twice ──────────────────────────────────────────────────────────────────────────────────


async def test_the_first_look_brings_the_last_quarter_of_an_hour_and_no_history(them: LoopbackYouTube, http: Client) -> None:
    them.threads = [thread("UgA", NOON - timedelta(minutes=3)), thread("UgB", NOON - timedelta(days=300))]
    (batch,), _ = await drained(source(them, http))
    assert ids(batch) == ["youtube:UgA"]
    assert batch.requests == 1
    assert them.asked[0].query["allThreadsRelatedToChannelId"] == CHANNEL
    assert KEY not in str(them.asked[0].url)


async def test_a_comment_and_its_reply_know_of_each_other(them: LoopbackYouTube, http: Client) -> None:
    them.threads = [thread("UgA", NOON, "No puedo pagar", reply("UgA", 1, NOON, "yo tampoco"))]
    (batch,), _ = await drained(source(them, http))
    first, second = batch.events
    assert first == Message(
        id="youtube:UgA",
        text="No puedo pagar",
        posted_at=NOON,
        seen_at=NOON,
        source="youtube",
        author="UCana",
        author_name="@ana",
        conversation="youtube:UgA",
        url=f"https://www.youtube.com/watch?v={QUIET}&lc=UgA",
    )
    assert isinstance(second, Message)
    assert (second.id, second.in_reply_to, second.conversation) == ("youtube:UgA.r1", "youtube:UgA", "youtube:UgA")


async def test_a_burst_cut_off_at_every_page_loses_nothing_and_doubles_nothing(them: LoopbackYouTube, http: Client) -> None:
    them.threads = [*burst(450), *burst(230, video=LOUD)]
    them.threads += [thread(f"Uo{n}", NOON - timedelta(hours=1), video=video) for n, video in enumerate((QUIET, LOUD))]
    stored: list[str] = []
    cursor, more = None, True
    while more:
        lost = await source(them, http, channel=None, videos=(QUIET, LOUD)).fetch(cursor)  # fetched, and the process dies
        batch = await source(them, http, channel=None, videos=(QUIET, LOUD)).fetch(cursor)  # a new one resumes from what is stored
        assert ids(batch) == ids(lost)
        stored, cursor, more = stored + ids(batch), batch.cursor, batch.more
    assert len(stored) == len(set(stored)) == 680


async def test_comments_that_arrive_during_a_sweep_come_with_the_next(them: LoopbackYouTube, http: Client) -> None:
    them.threads, them.page_size = burst(100), 20  # as YouTube has been seen to do
    late = iter(range(1000))
    them.before_each = lambda: them.threads.append(thread(f"Late{next(late)}", NOON))
    first, cursor = await drained(source(them, http))
    them.before_each = lambda: None
    second, _ = await drained(source(them, http), cursor)
    assert set(ids(*first, *second)) == all_ids(them)


async def test_a_long_thread_is_read_to_its_end_and_only_again_when_it_grows(them: LoopbackYouTube, http: Client) -> None:
    them.threads = [thread("UgA", NOON - timedelta(minutes=2), "caído", *(reply("UgA", n, NOON) for n in range(250)))]
    first, cursor = await drained(source(them, http))
    assert set(ids(*first)) == all_ids(them)
    assert sum(batch.requests for batch in first) == 1 + 3
    (same,), cursor = await drained(source(them, http), cursor)
    assert same.requests == 1
    them.threads[0]["all"].append(reply("UgA", 999, NOON))
    grown, _ = await drained(source(them, http), cursor)
    assert "youtube:UgA.r999" in ids(*grown)
    assert sum(batch.requests for batch in grown) == 1 + 3


async def test_an_old_thread_that_was_long_before_we_came_is_history_until_it_grows(them: LoopbackYouTube, http: Client) -> None:
    before = NOON - timedelta(days=30)
    them.threads = [thread("UgA", before, "vieja", *(reply("UgA", n, before) for n in range(60)))]
    (batch,), cursor = await drained(source(them, http))
    assert (ids(batch), batch.requests) == ([], 1)
    them.threads[0]["all"].insert(0, reply("UgA", 61, NOON, "y hoy otra vez"))
    batches, _ = await drained(source(them, http, later=timedelta(minutes=5)), cursor)
    assert ids(*batches) == ["youtube:UgA.r61"]


async def test_a_page_mark_that_youtube_forgets_costs_a_minute_and_no_comment(them: LoopbackYouTube, http: Client) -> None:
    them.threads = burst(250)
    first = await source(them, http).fetch(None)
    them.marks.clear()
    lost = await source(them, http).fetch(first.cursor)
    assert (lost.events, lost.more, lost.wait) == ((), True, timedelta(minutes=1))
    batches, _ = await drained(source(them, http), lost.cursor)
    assert set(ids(first, *batches)) == all_ids(them)


async def test_history_goes_back_as_far_as_it_is_asked_to(them: LoopbackYouTube, http: Client) -> None:
    them.threads = [thread(f"Ug{n}", NOON - timedelta(hours=n)) for n in range(1, 300)]
    found, cursor, more = list[str](), None, True
    while more:
        batch = await source(them, http).history(NOON - timedelta(days=5), cursor)
        found, cursor, more = found + ids(batch), batch.cursor, batch.more
    assert sorted(found) == sorted(f"youtube:Ug{n}" for n in range(1, 121))


# ── units ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_the_budget_no_longer_allows_is_read_when_it_does(them: LoopbackYouTube, http: Client) -> None:
    them.threads = [*burst(2), *burst(3, video=LOUD)]
    poor = await source(them, http, channel=None, videos=(QUIET, LOUD), left=1).fetch(None)
    assert (poor.requests, poor.more) == (1, True)
    batches, _ = await drained(source(them, http, channel=None, videos=(QUIET, LOUD)), poor.cursor)
    assert set(ids(poor, *batches)) == all_ids(them)


async def test_a_quota_that_is_used_up_is_told_and_is_no_wrong_key(them: LoopbackYouTube, http: Client) -> None:
    them.faults = [lambda _: problem(403, "quotaExceeded")]
    with pytest.raises(Refused, match=r"^youtube-channel: today's YouTube quota is used up \(403\)\. It is new at midnight Pacific time"):
        await source(them, http).fetch(None)


async def test_asked_to_go_slower_we_go_slower(them: LoopbackYouTube, http: Client) -> None:
    them.faults = [lambda _: problem(403, "rateLimitExceeded"), lambda _: web.Response(status=429, headers={"Retry-After": "9"})]
    for seconds in (60, 9):
        with pytest.raises(Throttled) as told:
            await source(them, http).fetch(None)
        assert told.value.wait == timedelta(seconds=seconds)


# ── closed, taken back, edited ───────────────────────────────────────────────────────────────────────────────────


async def test_a_video_whose_comments_are_off_is_told_once_and_the_others_are_read(them: LoopbackYouTube, http: Client) -> None:
    them.threads, them.closed = burst(2, video=LOUD), {QUIET: (403, "commentsDisabled")}
    (first,), cursor = await drained(source(them, http, channel=None, videos=(QUIET, LOUD)))
    assert [(refusal.item, refusal.reason) for refusal in first.refused] == [
        (f"video:{QUIET}", "cannot be read: its comments are turned off")
    ]
    assert set(ids(first)) == all_ids(them)
    (second,), cursor = await drained(source(them, http, channel=None, videos=(QUIET, LOUD)), cursor)
    assert second.refused == ()
    them.closed = {}
    them.threads += burst(1)
    (third,), _ = await drained(source(them, http, channel=None, videos=(QUIET, LOUD)), cursor)
    assert "youtube:Ug10000" in ids(third)


async def test_a_video_that_is_added_later_brings_its_own_last_quarter_of_an_hour(them: LoopbackYouTube, http: Client) -> None:
    _, cursor = await drained(source(them, http))
    them.threads = [thread("UgA", NOON + timedelta(hours=1), video=LOUD), thread("UgB", NOON + timedelta(hours=9), video=LOUD)]
    both = source(them, http, later=timedelta(hours=9), channel=None, videos=(LOUD,))
    batches, cursor = await drained(both, cursor)
    batches += (await drained(both, cursor))[0]
    assert set(ids(*batches)) == {"youtube:UgB"}


@pytest.mark.parametrize("reason", ["commentsDisabled", "channelNotFound", "forbidden"])
async def test_a_source_of_which_nothing_can_be_read_is_no_silence(them: LoopbackYouTube, http: Client, reason: str) -> None:
    them.closed = {CHANNEL: (404 if reason.endswith("Found") else 403, reason)}
    with pytest.raises(Refused, match=r"^youtube-channel: none of what it should read can be read"):
        await source(them, http).fetch(None)
    with pytest.raises(Refused, match=r"^youtube-channel: "):
        await source(them, http).check()


async def test_asking_again_tells_what_is_gone_and_what_was_edited(them: LoopbackYouTube, http: Client) -> None:
    them.threads = [thread("UgA", NOON), thread("UgB", NOON, "ya funciona")]
    them.threads[1]["snippet"]["topLevelComment"]["snippet"]["updatedAt"] = "2026-11-21T12:30:00Z"
    batch = await source(them, http, later=timedelta(hours=1)).recheck(["youtube:UgA", "youtube:UgB", "youtube:UgC", "x:1"])
    assert [event.text for event in batch.events if isinstance(event, Message)] == ["ya funciona"]
    assert [event.id for event in batch.events if isinstance(event, Deleted)] == ["youtube:UgC"]
    assert batch.checked == ("youtube:UgA", "youtube:UgB", "youtube:UgC")
    assert batch.requests == 1


def test_of_half_an_answer_nothing_is_taken_for_deleted() -> None:
    batch = became(Page(items=[comment("UgA", NOON)], nextPageToken="more"), ["youtube:UgA", "youtube:UgB"], "here", NOON)
    assert (batch.events, batch.checked) == ((), ("youtube:UgA",))


# ── let in, or not ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_wrong_key_is_told_with_what_to_do_and_without_the_key(them: LoopbackYouTube, http: Client) -> None:
    with pytest.raises(Refused, match=r"^youtube-channel: YouTube does not know our key \(400\)\. See in the Google Cloud console") as told:
        await source(them, http, key="AIza-stale").fetch(None)
    assert "AIza" not in str(told.value)


async def test_a_project_without_the_api_is_told_what_to_turn_on(them: LoopbackYouTube, http: Client) -> None:
    them.faults = [lambda _: problem(403, "accessNotConfigured")]
    with pytest.raises(Refused, match="Turn on YouTube Data API v3"):
        await source(them, http).fetch(None)


@pytest.mark.parametrize(
    "body", [b"", b"<html>down</html>", b"[]", b"{}", b'{"items": 5}', b'{"items": [], "nextPageToken": 7}', b"[" * 100_000]
)
async def test_an_answer_that_is_no_page_moves_nothing_on(them: LoopbackYouTube, http: Client, body: bytes) -> None:
    them.faults = [lambda _: web.Response(body=body)]
    with pytest.raises(Unreachable, match="youtube-channel: YouTube did not answer with comments"):
        await source(them, http).fetch(None)


@pytest.mark.parametrize(
    ("status", "trouble"), [(500, Unreachable), (503, Unreachable), (400, Unreachable), (401, Refused), (404, Refused)]
)
async def test_an_error_without_a_reason_is_told_by_whose_turn_it_is(
    them: LoopbackYouTube, http: Client, status: int, trouble: type[Exception]
) -> None:
    them.faults = [lambda _: web.Response(status=status, text="<html>")]
    with pytest.raises(trouble, match=r"^youtube-channel: YouTube "):
        await source(them, http).fetch(None)


async def test_whoever_checks_hears_how_old_the_newest_comment_is(them: LoopbackYouTube, http: Client) -> None:
    assert await source(them, http).check() == "nothing was said yet"
    them.threads = [thread("UgA", NOON - timedelta(minutes=20))]
    assert await source(them, http).check() == "the newest is of 21 Nov 11:40Z"


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_bad_comment_is_refused_by_its_id_and_the_rest_is_read() -> None:
    spoilt = thread("UgB", NOON, "x", reply("UgB", 1, NOON))
    spoilt |= {"replies": {"comments": [comment("UgB.r1", NOON, publishedAt="hace dos horas"), 5]}}
    batch = read([thread("UgC", NOON, "half \ud800 a pair"), spoilt, thread("UgA", NOON)], "here", NOON)
    assert ids(batch) == ["youtube:UgA", "youtube:UgB", "youtube:UgC"]
    assert [refusal.item for refusal in batch.refused] == ["UgB.r1", "item 4"]
    assert not any("hace" in refusal.reason for refusal in batch.refused)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["snippet", "id", "topLevelComment", "replies"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYTHING), st.dictionaries(st.sampled_from(sorted(comment("a", NOON)["snippet"])), ANYTHING, max_size=4), ANYTHING)
def test_nothing_a_stranger_writes_makes_a_page_unreadable(others: list[Any], changes: dict[str, Any], replies: Any) -> None:
    spoilt = thread("UgB", NOON) | {"replies": replies}
    spoilt["snippet"]["topLevelComment"]["snippet"] |= changes
    page = [*others, spoilt, thread("UgA", NOON)]
    assert "youtube:UgA" in ids(read(page, "here", NOON))
    assert times(page, NOON)
    youtube.grown(youtube.Memory(), page, youtube.Place(Sweep(since=NOON), NOON))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"channel": "@examplebank"},
        {"videos": ["https://youtu.be/v1deo_00001"]},
        {"channel": CHANNEL, "base_url": "https://evil.example.com"},
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        youtube.Options(key="youtube-key", **options)


def test_a_month_is_estimated_in_units_and_told_beside_googles_quota() -> None:
    month = youtube.estimate(youtube.Options(key="youtube-key", channel=CHANNEL, videos=(QUIET,)), timedelta(minutes=5), 0)
    assert month.requests == 2 * 8640
    assert "576 of the 10,000 a day" in month.note
