"""A forum's posts: all of them, once, in people's own words; and what is taken back there goes here too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
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
from connectors import base, discourse
from connectors.discourse import read, words_of
from tests.connectors.draining import looked_through as drained
from tests.connectors.loopback_discourse import LoopbackDiscourse, post
from tests.connectors.loopback_web import NOON

HERE = discourse.Options(url="https://forum.example.com")


@pytest_asyncio.fixture
async def them() -> AsyncIterator[LoopbackDiscourse]:
    async with LoopbackDiscourse().running() as running:
        yield running


def source(
    them: LoopbackDiscourse, http: base.Http, *, later: timedelta = timedelta(), secret: str = "hush", **options: Any
) -> discourse.Discourse:
    here = base.World(http=http, secret={"forum-key": secret}.__getitem__, clock=lambda: NOON + later)
    found = discourse.connect("our-forum", discourse.Options(url=them.url, allow_private=True, **options), here)
    assert isinstance(found, discourse.Discourse)
    return found


def numbers(*batches: Batch) -> list[int]:
    return [int(event.id.rpartition("/")[2]) for batch in batches for event in batch.events if isinstance(event, Message)]


def burst(count: int, *, first: int = 1000) -> list[dict[str, Any]]:
    """So many posts, one a second until noon; every third number went to private messages."""
    return [post(first + n + n // 2, NOON - timedelta(seconds=count - n)) for n in range(count)]


# ── nothing lost, nothing twice ──────────────────────────────────────────────────────────────────────────────────


async def test_the_first_look_brings_the_last_quarter_of_an_hour_and_no_history(them: LoopbackDiscourse, http: Client) -> None:
    them.posts = [post(1, NOON - timedelta(days=400)), post(5, NOON - timedelta(minutes=20)), post(9, NOON - timedelta(minutes=1))]
    (batch,), cursor = await drained(source(them, http))
    assert numbers(batch) == [9]
    them.posts.append(post(11, NOON + timedelta(seconds=20)))
    batches, _ = await drained(source(them, http, later=timedelta(minutes=1)), cursor)
    assert numbers(*batches) == [9, 11]  # what comes twice has the same id


@pytest.mark.parametrize("is_old", [False, True])
async def test_a_burst_cut_off_at_every_page_loses_nothing(them: LoopbackDiscourse, http: Client, is_old: bool) -> None:
    them.posts, them.is_old = burst(330), is_old
    stored: list[int] = []
    cursor, more, looks = None, True, 0
    while more:
        lost = await source(them, http).fetch(cursor)  # fetched, and the process dies before it is stored
        batch = await source(them, http).fetch(cursor)  # a new process resumes from what is stored
        assert numbers(batch) == numbers(lost)
        stored, cursor, more, looks = stored + numbers(batch), batch.cursor, batch.more, looks + 1
    assert sorted(set(stored)) == sorted(one["id"] for one in them.posts)
    assert is_old or len(stored) == len(set(stored))
    assert looks == 8  # the last page is the one that goes no further back


async def test_posts_that_arrive_during_a_sweep_come_with_the_next(them: LoopbackDiscourse, http: Client) -> None:
    them.posts = burst(200)
    late = iter(range(5000, 6000))
    them.before_each = lambda: them.posts.append(post(next(late), NOON))
    first, cursor = await drained(source(them, http))
    them.before_each = lambda: None
    second, _ = await drained(source(them, http), cursor)
    assert set(numbers(*first, *second)) == {one["id"] for one in them.posts}


async def test_a_pause_of_a_week_is_read_to_its_end(them: LoopbackDiscourse, http: Client) -> None:
    _, cursor = await drained(source(them, http))
    them.posts = [post(n, NOON + timedelta(hours=n)) for n in range(1, 169)]
    batches, _ = await drained(source(them, http, later=timedelta(days=7)), cursor)
    assert sorted(numbers(*batches)) == list(range(1, 169))


async def test_history_goes_back_as_far_as_it_is_asked_to(them: LoopbackDiscourse, http: Client) -> None:
    them.posts = [post(1000 - n, NOON - timedelta(hours=n)) for n in range(1, 300)]
    found, cursor, more = list[int](), None, True
    while more:
        batch = await source(them, http).history(NOON - timedelta(days=5), cursor)
        found, cursor, more = found + numbers(batch), batch.cursor, batch.more
    assert sorted(found) == list(range(880, 1000))


# ── what a post says ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_topic_and_its_answer_know_of_each_other(them: LoopbackDiscourse, http: Client) -> None:
    them.posts = [post(41, NOON, place=1), post(42, NOON, "<p>A mí <b>tampoco</b></p>", place=2, reply_to_post_number=1)]
    them.posts.append(post(43, NOON, place=9, topic=8, reply_to_post_number=4))
    (batch, *_), _ = await drained(source(them, http))
    forum = them.url.replace("http://", "discourse:")
    opening, answer, elsewhere = [event for event in batch.events if isinstance(event, Message)]
    assert opening.text == "SMS que no llegan\nNo me llega el SMS"
    assert answer == Message(
        id=f"{forum}/42",
        text="A mí tampoco",
        posted_at=NOON,
        seen_at=NOON,
        source="discourse",
        author="ana",
        author_name="Ana",
        conversation=f"{forum}/t/7",
        in_reply_to=f"{forum}/41",
        url=f"{them.url}/t/7/2",
    )
    assert elsewhere.in_reply_to == f"{forum}/t/8/4"


@pytest.mark.parametrize(
    ("cooked", "words"),
    [
        ('<aside class="quote" data-username="luis"><blockquote><p>Se ha caído</p></blockquote></aside>\n<p>A mí me va</p>', "A mí me va"),
        ('<p>Mira</p><aside class="onebox"><article>El banco se cae<aside>otra vez</aside></article></aside><p>&amp; ya</p>', "Mira\n& ya"),
        ("<p>sin cerrar</p><aside class=x>todo lo demás", "sin cerrar"),
        ("<p>uno</aside> dos</p>", "uno dos"),
        ("<aside" * 20_000, ""),
    ],
)
def test_only_a_persons_own_words_are_read(cooked: str, words: str) -> None:
    assert words_of(cooked) == words


async def test_only_the_categories_asked_for_and_never_what_moderators_do(them: LoopbackDiscourse, http: Client) -> None:
    them.posts = [post(1, NOON), post(2, NOON, category_id=4), post(3, NOON, post_type=3), post(4, NOON, "<p><img src=x></p>")]
    (batch, *_), _ = await drained(source(them, http, categories=[3]))
    assert numbers(batch) == [1]
    assert batch.refused == ()


# ── taken back, edited ───────────────────────────────────────────────────────────────────────────────────────────


async def test_asking_again_tells_what_is_gone_and_what_was_edited(them: LoopbackDiscourse, http: Client) -> None:
    them.posts = [post(1, NOON), post(2, NOON, "<p>ya llega</p>", version=3), post(3, NOON, user_deleted=True), post(4, NOON, hidden=True)]
    them.posts.append(post(5, NOON, is_private=True))
    forum = them.url.replace("http://", "discourse:")
    batch = await source(them, http).recheck([f"{forum}/{n}" for n in range(1, 7)] + ["x:1", "discourse:other.example.com/1"])
    assert {event.id for event in batch.events if isinstance(event, Deleted)} == {f"{forum}/{n}" for n in (3, 4, 6)}
    assert [event.text for event in batch.events if isinstance(event, Message)] == ["ya llega"]
    assert batch.checked == tuple(f"{forum}/{n}" for n in (1, 2, 3, 4, 6))
    assert batch.requests == 6


async def test_a_forum_that_closes_its_doors_has_not_deleted_everything(them: LoopbackDiscourse, http: Client) -> None:
    them.posts, them.key = [post(1, NOON)], "hush"
    with pytest.raises(Refused, match=r"our-forum: the forum does not let us read \(403\)"):
        await source(them, http).recheck([f"{them.url.replace('http://', 'discourse:')}/1"])


# ── let in, or not ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_closed_forum_is_read_with_its_key(them: LoopbackDiscourse, http: Client) -> None:
    them.posts, them.key = [post(1, NOON)], "hush"
    with pytest.raises(Refused, match="Give the source a `key` and a `user`"):
        await source(them, http).fetch(None)
    (batch, *_), _ = await drained(source(them, http, key="forum-key"))
    assert numbers(batch) == [1]
    with pytest.raises(Refused) as told:
        await source(them, http, key="forum-key", secret="stale-key").fetch(None)
    assert "stale-key" not in str(told.value)


async def test_a_forum_that_sends_us_to_its_log_in_page_is_no_silence(them: LoopbackDiscourse, http: Client) -> None:
    them.faults = [lambda _: web.Response(status=302, headers={"Location": "/login"}), lambda _: web.Response(text="<html>log in</html>")]
    with pytest.raises(Refused, match="our-forum: the forum asks us to log in"):
        await source(them, http).fetch(None)


async def test_a_forum_says_wait_and_we_wait(them: LoopbackDiscourse, http: Client) -> None:
    slow = {"errors": ["Slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 17}}
    them.faults = [lambda _: web.json_response(slow, status=429, headers={"Retry-After": "17"})]
    with pytest.raises(Throttled) as told:
        await source(them, http).fetch(None)
    assert told.value.wait == timedelta(seconds=17)


@pytest.mark.parametrize("body", [b"", b"<html>down</html>", b"[]", b"{}", b'{"latest_posts": {}}', b"[" * 100_000, b"\xff"])
async def test_an_answer_that_is_no_list_moves_nothing_on(them: LoopbackDiscourse, http: Client, body: bytes) -> None:
    them.faults = [lambda _: web.Response(body=body)]
    with pytest.raises(Unreachable, match="our-forum: did not answer as Discourse does"):
        await source(them, http).fetch(None)


@pytest.mark.parametrize(("status", "trouble"), [(500, Unreachable), (503, Unreachable), (404, Refused), (410, Refused)])
async def test_a_forum_that_is_not_there_is_told_by_whose_turn_it_is(
    them: LoopbackDiscourse, http: Client, status: int, trouble: type[Exception]
) -> None:
    them.faults = [lambda _: web.Response(status=status, text="<html>")]
    with pytest.raises(trouble, match=r"^our-forum: the forum "):
        await source(them, http).fetch(None)


async def test_whoever_checks_hears_how_old_the_newest_post_is(them: LoopbackDiscourse, http: Client) -> None:
    assert await source(them, http).check() == "nothing was said yet"
    them.posts = [post(1, NOON - timedelta(minutes=20))]
    assert await source(them, http).check() == "the newest is of 21 Nov 11:40Z"


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_bad_post_is_refused_by_its_number_and_the_rest_is_read() -> None:
    bad = [post(4, NOON), post(3, NOON, created_at="yesterday, about noon"), {"id": "five"}, 7, post(1, NOON, "half \ud800 a pair")]
    batch = read(bad, "our-forum", HERE, NOON)
    assert numbers(batch) == [1, 4]
    assert [refusal.item for refusal in batch.refused] == ["3", "five", "item 4"]
    assert not any("yesterday" in refusal.reason for refusal in batch.refused)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(post(1, NOON))) | st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYTHING), st.dictionaries(st.sampled_from(sorted(post(1, NOON))), ANYTHING, max_size=4))
def test_nothing_a_stranger_writes_makes_a_page_unreadable(others: list[Any], changes: dict[str, Any]) -> None:
    page = [*others, {**post(7, NOON), **changes}, post(1, NOON)]
    assert 1 in numbers(read(page, "here", HERE, NOON))
    assert discourse.times(page)


@pytest.mark.parametrize(
    "options", [{"url": "forum.example.com"}, {"url": "https://me:pw@forum.example.com"}, {"key": "Not A Name"}, {"categories": ["news"]}]
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        discourse.Options(**({"url": "https://forum.example.com"} | options))


def test_a_month_is_estimated_from_how_often_it_is_asked() -> None:
    assert discourse.estimate(HERE, timedelta(minutes=2), 1000).requests == 21_600 + 600
