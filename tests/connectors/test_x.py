"""Posts on X: nothing lost and nothing twice, however a search is cut off; and trouble told to whoever can end it."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback_x import NOON, LoopbackX, id_at, post, says
from pydantic import ValidationError
from ruamel.yaml import YAML

from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Batch, Message
from connectors import base, x

OPENAPI = Path(__file__).parents[3] / "shared/data/x-openapi.json"
QUERY = "@zenco -is:retweet"


class NoHttp:
    async def get(self, url: str, **_: Any) -> base.Reply:
        raise AssertionError(f"X has a road of its own, not {url}")


def source(them: LoopbackX, *, token: str = "good-token", now: datetime | None = None) -> base.Connector:
    world = base.World(http=NoHttp(), secret=lambda name: {"x-bearer": token}[name], clock=lambda: now or them.now)
    return x.connect("x-mentions", x.Options(query=QUERY, token="x-bearer", base_url=them.url), world)


async def drained(listening: base.Connector, cursor: str | None) -> tuple[list[Batch], str | None]:
    batches = []
    while True:
        batches.append(await listening.fetch(cursor))
        cursor = batches[-1].cursor or cursor
        if not batches[-1].more:
            return batches, cursor


def ids(*batches: Batch) -> list[str]:
    return [event.id for batch in batches for event in batch.events]


def all_ids(them: LoopbackX) -> set[str]:
    return {f"x:{each['id']}" for each in them.posts}


def posts(count: int, *, start: datetime = NOON - timedelta(minutes=10)) -> list[dict[str, Any]]:
    return [post(start + timedelta(milliseconds=20 * n), f"post {n}", number=n) for n in range(count)]


@pytest_asyncio.fixture
async def them() -> AsyncIterator[LoopbackX]:
    async with LoopbackX().running() as running:
        yield running


# ── nothing lost, nothing twice ──────────────────────────────────────────────────────────────────────────────────


async def test_the_first_look_goes_back_a_quarter_of_an_hour(them: LoopbackX) -> None:
    them.posts = [post(NOON - timedelta(minutes=20)), post(NOON - timedelta(minutes=14)), post(NOON - timedelta(minutes=1))]
    batches, _ = await drained(source(them), None)
    assert ids(*batches) == [f"x:{each['id']}" for each in them.posts[1:]]
    assert them.asked[0]["start_time"] == "2026-11-21T11:45:00Z"


async def test_a_burst_of_three_thousand_posts_is_read_page_by_page(them: LoopbackX) -> None:
    them.posts = posts(3000)
    batches, cursor = await drained(source(them), None)
    assert len(batches) == 30
    assert [batch.more for batch in batches] == [True] * 29 + [False]
    assert sorted(ids(*batches)) == sorted(all_ids(them))
    assert {asked.get("since_id") for asked in them.asked} == {None}
    assert json.loads(cursor or "")["since_id"] == them.posts[-1]["id"]


async def test_a_sweep_of_fifty_pages_cut_off_at_every_page_loses_nothing_and_doubles_nothing(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(500), 10
    stored: list[str] = []
    cursor = None
    for _ in range(50):
        lost = await source(them).fetch(cursor)  # fetched, and the process dies before it is stored
        batch = await source(them).fetch(cursor)  # a new process resumes from what is stored
        assert ids(batch) == ids(lost)
        stored, cursor = stored + ids(batch), batch.cursor
    assert not batch.more
    assert len(stored) == len(set(stored)) == 500
    assert ids(await source(them).fetch(cursor)) == []


async def test_since_id_stays_where_it_was_until_the_last_page_is_stored(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(10), 10
    _, cursor = await drained(source(them), None)
    before = them.posts[-1]["id"]
    them.posts += posts(30, start=NOON)
    them.asked.clear()
    batches, cursor = await drained(source(them), cursor)
    assert len(ids(*batches)) == 30
    assert [asked["since_id"] for asked in them.asked] == [before] * 3
    assert json.loads(cursor or "")["since_id"] == them.posts[-1]["id"]


async def test_posts_that_arrive_during_a_sweep_come_with_the_next(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(100), 10
    late = iter(range(1000, 2000))
    them.before_each = lambda: them.posts.append(post(them.now, number=next(late)))
    first, cursor = await drained(source(them), None)
    them.before_each = lambda: None
    second, _ = await drained(source(them), cursor)
    got = ids(*first, *second)
    assert len(got) == len(set(got)) == len(them.posts) == 111
    assert set(got) == all_ids(them)


async def test_a_page_token_that_x_forgets_in_mid_sweep_costs_a_request_and_no_post(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(100), 10
    got: list[str] = []
    cursor = None
    for _ in range(10):
        batch = await source(them).fetch(cursor)
        got, cursor = got + ids(batch), batch.cursor
        them.forget_tokens()
    assert not batch.more
    assert len(got) == len(set(got)) == 100
    assert batch.requests == 2


@pytest.mark.parametrize("seed", range(8))
async def test_any_mixture_of_cuts_faults_and_new_posts_ends_with_each_post_once(them: LoopbackX, seed: int) -> None:
    chance = random.Random(seed)
    them.posts, them.page_size = posts(60), 10
    store: dict[str, int] = {}
    cursor, number, fetched, done = None, 5000, 0, False
    while (fetched < 60 or not done) and fetched < 500:
        calm = fetched >= 60
        if not calm and chance.random() < 0.3:
            them.faults.append(chance.choice([says(503, "<html>", "text/html"), says(429), says(200, "{"), says(200, "[]"), says(500)]))
        if not calm and chance.random() < 0.1:
            them.forget_tokens()
        for _ in range(0 if calm else chance.randrange(6)):
            them.posts.append(post(them.now, number=(number := number + 1)))
        them.now += timedelta(seconds=5)
        fetched += 1
        done = False
        try:
            batch = await source(them).fetch(cursor)
        except Trouble:
            continue
        if chance.random() < 0.3 and not calm:
            continue  # killed before the commit
        for each in ids(batch):
            store[each] = store.get(each, 0) + 1
        cursor, done = batch.cursor, not batch.more and not them.faults
    assert store.keys() == all_ids(them)
    assert set(store.values()) == {1}


async def test_an_empty_page_in_the_middle_is_not_the_end(them: LoopbackX) -> None:
    them.posts, them.empty_pages = posts(5), 2
    batches, cursor = await drained(source(them), None)
    assert [len(batch.events) for batch in batches] == [0, 0, 5]
    assert json.loads(cursor or "")["since_id"] == them.posts[-1]["id"]


async def test_before_the_first_post_ever_a_pause_of_an_hour_is_no_gap(them: LoopbackX) -> None:
    _, cursor = await drained(source(them), None)
    them.now += timedelta(hours=1)
    them.posts = [post(NOON + timedelta(minutes=2))]
    batches, _ = await drained(source(them), cursor)
    assert ids(*batches) == list(all_ids(them))


# ── a week is X's memory ─────────────────────────────────────────────────────────────────────────────────────────


async def test_eight_days_off_is_told_as_a_gap_and_the_rest_is_read(them: LoopbackX) -> None:
    them.posts = posts(3)
    _, cursor = await drained(source(them), None)
    them.now = NOON + timedelta(days=8)
    them.posts += [post(NOON + timedelta(hours=3)), post(NOON + timedelta(days=2)), post(NOON + timedelta(days=8, minutes=-1))]
    batch = await source(them).fetch(cursor)
    assert ids(batch) == [f"x:{each['id']}" for each in them.posts[-2:]]
    assert batch.requests == 2
    (gap,) = batch.refused
    assert gap.item == them.posts[2]["id"]
    assert gap.reason == "GAP: X no longer serves posts this old: those from 21 Nov 11:55Z to 22 Nov 12:10Z were not read"


async def test_a_quiet_week_is_no_gap(them: LoopbackX) -> None:
    them.posts = posts(3)
    _, cursor = await drained(source(them), None)
    for _ in range(9):
        them.now += timedelta(days=1)
        batches, cursor = await drained(source(them), cursor)
        assert [batch.refused for batch in batches] == [()]
        assert ids(*batches) == []


async def test_the_new_shape_of_a_400_is_understood_too(them: LoopbackX) -> None:
    them.posts = posts(3)
    _, cursor = await drained(source(them), None)
    them.faults = [says(400, json.dumps({"type": "https://api.x.com/2/problems/invalid-request", "parameter": "since_id"}))]
    assert (await source(them).fetch(cursor)).requests == 2


async def test_a_note_of_where_we_were_that_cannot_be_read_is_told_as_a_gap(them: LoopbackX) -> None:
    them.posts = posts(3)
    batch = await source(them).fetch("{not ours")
    assert len(batch.events) == 3
    assert batch.refused[0].reason.startswith("GAP: our note of where we were cannot be read")


async def test_x_refusing_every_place_ends_and_does_not_spin(them: LoopbackX) -> None:
    body = json.dumps({"errors": [{"parameters": {"start_time": ["x"]}}]})
    them.faults = [says(400, body)] * 20
    with pytest.raises(Unreachable, match="clock"):
        await source(them).fetch(None)
    assert len(them.asked) == 3


# ── whose turn it is ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (says(503, "<html>over capacity</html>", "text/html"), Unreachable, "answered 503"),
        (says(500, "{}"), Unreachable, "answered 500"),
        (says(302, headers={"Location": "http://127.0.0.1:1/"}), Unreachable, "answered 302"),
        (says(200, "<html>", "text/html"), Unreachable, "not JSON"),
        (says(200, '{"data": ['), Unreachable, "not JSON"),
        (says(200, "[" * 100_000), Unreachable, "not JSON"),
        (says(200, '{"data": "soon"}'), Unreachable, "not a page"),
        (says(200, '{"errors": [{"title": "Internal"}]}'), Unreachable, "not a page"),
        (says(401, "<html>", "text/html"), Refused, r"refused our token \(401\) at 12:00Z. Renew it in the developer portal"),
        (says(403, "{}"), Refused, r"does not let our app search \(403\)"),
        (says(402, "{}"), Refused, r"credit or monthly cap is used up \(402\)"),
        (says(429, '{"type": "https://api.twitter.com/2/problems/usage-capped"}'), Refused, r"monthly cap is used up \(429\)"),
        (says(400, '{"errors": [{"parameters": {"query": ["("]}}]}'), Refused, "cannot read the search"),
        (says(400, "<html>", "text/html"), Refused, "cannot read the search"),
        (says(404, ""), Refused, "base_url"),
    ],
)
async def test_each_answer_says_whose_turn_it_is(them: LoopbackX, fault: Any, error: type[Trouble], words: str) -> None:
    them.faults = [fault]
    with pytest.raises(error, match=words) as caught:
        await source(them).fetch(None)
    assert str(caught.value).startswith("x-mentions: X ")
    assert len(them.asked) == 1


@pytest.mark.parametrize(
    ("headers", "clock_off", "wait"),
    [
        ({"x-rate-limit-reset": str(int(NOON.timestamp()) + 30)}, timedelta(0), 30),
        ({"x-rate-limit-reset": str(int(NOON.timestamp()) + 30)}, timedelta(hours=-3), 30),
        ({"x-rate-limit-reset": str(int(NOON.timestamp()) + 30)}, timedelta(hours=3), 30),
        ({"x-rate-limit-reset": str(int(NOON.timestamp()) - 900)}, timedelta(0), 1),
        ({"x-rate-limit-reset": "99999999999"}, timedelta(0), 900),
        ({"x-rate-limit-reset": "soon"}, timedelta(0), 60),
        ({}, timedelta(0), 60),
    ],
)
async def test_x_says_wait_and_we_wait_by_their_clock(them: LoopbackX, headers: dict[str, str], clock_off: timedelta, wait: int) -> None:
    them.faults = [says(429, "{}", headers=headers)]
    with pytest.raises(Throttled) as caught:
        await source(them, now=NOON + clock_off).fetch(None)
    assert caught.value.wait == timedelta(seconds=wait)
    assert len(them.asked) == 1


async def test_a_token_that_is_revoked_in_mid_sweep_is_refused_and_the_sweep_goes_on_with_the_new_one(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(30), 10
    first = await source(them).fetch(None)
    them.token = "renewed"
    with pytest.raises(Refused, match="systemctl restart carebot"):
        await source(them).fetch(first.cursor)
    batches, _ = await drained(source(them, token="renewed\n"), first.cursor)
    assert sorted(ids(first, *batches)) == sorted(all_ids(them))


async def test_an_x_that_is_silent_or_gone_is_unreachable(them: LoopbackX, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x.road, "TIMEOUT", {"total": 0.2})
    gone = LoopbackX()
    gone.url = "http://127.0.0.1:9"
    with pytest.raises(Unreachable, match="cannot be reached"):
        await source(gone).fetch(None)

    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    them._search = silent  # type: ignore[method-assign,assignment]
    async with them.running():
        with pytest.raises(Unreachable, match="TimeoutError"):
            await source(them).fetch(None)


async def test_an_answer_without_end_is_cut_off(them: LoopbackX, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(x.road, "MAX_PAGE", 200_000)
    them.faults = [says(200, "x" * 300_000)]
    with pytest.raises(Unreachable, match="more than"):
        await source(them).fetch(None)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 503])
async def test_the_token_is_in_no_error_and_no_log(them: LoopbackX, caplog: pytest.LogCaptureFixture, status: int) -> None:
    caplog.set_level(logging.DEBUG)
    them.token = "AAAAcanary"
    them.faults = [lambda request: web.Response(status=status, text=request.headers["Authorization"])]
    with pytest.raises(Trouble) as caught:
        await source(them, token="AAAAcanary").fetch(None)
    chain, seen = caught.value, []
    while chain:
        seen.append(repr(chain) + str(chain) + repr(vars(chain)))
        chain = chain.__cause__ or chain.__context__  # type: ignore[assignment]
    assert "canary" not in "".join(seen)
    assert "Making API request" in caplog.text  # tweepy does log its headers
    assert "canary" not in caplog.text


async def test_an_answer_that_is_no_http_does_not_bring_the_token_up() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n")
        writer.close()

    token = "AAAA" + "canary"
    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        there = LoopbackX()
        there.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(Unreachable, match="cannot be reached") as caught:
            await source(there, token=token).fetch(None)
    assert token in repr(caught.value.__context__)  # aiohttp's own error does carry it
    assert caught.value.__suppress_context__
    assert token not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)


@pytest.mark.parametrize("token", ["", "two words", "a\r\nX-Evil: 1", "ñ"])
async def test_a_credential_that_is_no_token_is_named_and_not_shown(them: LoopbackX, token: str) -> None:
    with pytest.raises(Refused, match="the credential x-bearer holds no bearer token") as caught:
        await source(them, token=token).fetch(None)
    assert not token or token not in str(caught.value)
    assert them.asked == []


# ── what a page says ─────────────────────────────────────────────────────────────────────────────────────────────


def page(*found: Any, users: Any = (), **more: Any) -> dict[str, Any]:
    return {"data": list(found), "includes": {"users": list(users)}, "meta": {"result_count": len(found)}, **more}


def only(read: Batch) -> Message:
    (event,) = read.events
    assert isinstance(event, Message)
    return event


@pytest.mark.parametrize("name", ["tweet", "post"])
def test_a_reply_is_read_in_xs_old_names_and_in_its_new_ones(name: str) -> None:
    found = {
        "id": "20",
        "text": "still &lt;down&gt; &amp; out",
        "created_at": "2026-11-21T10:00:00.000Z",
        "author_id": "7",
        "conversation_id": "5",
        "lang": "es",
        f"edit_history_{name}_ids": ["18", "20"],
        f"referenced_{name}s": [{"type": "quoted", "id": "3"}, {"type": "replied_to", "id": "6"}],
    }
    assert only(x.read(page(found, users=[{"id": "7", "username": "ana", "name": "Ana"}]), "x-mentions", NOON)) == Message(
        id="x:18",
        text="still <down> & out",
        posted_at=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
        seen_at=NOON,
        source="x",
        lang="es",
        author="ana",
        author_name="Ana",
        conversation="x:5",
        in_reply_to="x:6",
        url="https://x.com/i/status/20",
    )


def test_an_edit_has_the_id_of_what_it_edits() -> None:
    first = post(NOON, "down")
    edited = {**post(NOON, "down again", number=9), "edit_history_tweet_ids": [first["id"], id_at(NOON, 9)]}
    assert only(x.read(page(edited), "s", NOON)).id == only(x.read(page(first), "s", NOON)).id


@pytest.mark.parametrize("key", ["note_tweet", "note_post"])
def test_a_long_post_is_read_whole(key: str) -> None:
    assert only(x.read(page(post(NOON, "cut …") | {key: {"text": "the whole story"}}), "s", NOON)).text == "the whole story"


def test_a_repost_names_what_it_repeats() -> None:
    assert only(x.read(page(post(NOON, referenced_tweets=[{"type": "retweeted", "id": "3"}])), "s", NOON)).repost_of == "x:3"


def test_a_page_comes_out_oldest_first() -> None:
    newest_first = [post(NOON - timedelta(minutes=n)) for n in range(5)]
    times = [event.posted_at for event in x.read(page(*newest_first), "s", NOON).events if isinstance(event, Message)]
    assert times == sorted(times)


def test_what_x_leaves_out_is_refused_and_the_rest_is_read() -> None:
    errors = [{"title": "Not Found <b>Error", "resource_id": "44", "detail": "secret words"}, {"value": "from: ana"}, "what"]
    batch = x.read(page(post(NOON), errors=errors), "s", NOON)
    assert len(batch.events) == 1
    assert [(each.item, each.reason) for each in batch.refused] == [
        ("44", "X left it out: Not Found bError"),
        ("unknown", "X left it out: it does not say why"),
        ("unknown", "X left it out: it does not say why"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"text": None},
        {"text": ""},
        {"text": 5},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-21T10:00:00"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"edit_history_tweet_ids": ["<!channel>"]},
        {"referenced_tweets": [{"type": "replied_to"}]},
    ],
)
def test_a_post_that_cannot_be_read_is_refused_by_id_and_its_neighbours_are_read(broken: dict[str, Any]) -> None:
    bad = {**post(NOON, "private words", number=1), **broken}
    batch = x.read(page(post(NOON), bad, post(NOON, number=2)), "s", NOON)
    assert len(batch.events) == 2
    assert [each.item for each in batch.refused] == [bad["id"]]
    assert "private words" not in batch.refused[0].reason


def test_half_an_emoji_does_not_stop_the_database() -> None:
    message = only(x.read(page(post(NOON, "down \ud83d"), users=[{"id": "7", "username": "ana", "name": "A\ud83d"}]), "s", NOON))
    assert (message.text, message.author_name) == ("down ?", "A?")


def test_an_author_x_does_not_tell_is_known_by_number() -> None:
    assert only(x.read(page(post(NOON), users=[{"id": "7"}, None]), "s", NOON)).author == "7"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["20", "2026-11-21T10:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*x.Post.__struct_fields__, "data", "meta", "errors", "includes", "users", "title"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["data", "errors", "includes", "meta"]), anything), st.lists(anything, max_size=3))
def test_no_page_whatever_is_in_it_does_more_than_be_refused(whole: dict[str, Any], data: list[Any]) -> None:
    for each in (whole, page(*data), page(post(NOON), errors=data), page(post(NOON), users=data)):
        try:
            batch = x.read(each, "s", NOON)
        except Unreachable:
            continue
        assert all(event.id.startswith("x:") and event.posted_at.tzinfo is UTC for event in batch.events if isinstance(event, Message))


# ── what a person writes ─────────────────────────────────────────────────────────────────────────────────────────


def options(**changed: Any) -> x.Options:
    return x.Options(**{"query": QUERY, "token": "x-bearer", **changed})


def test_the_example_is_a_source() -> None:
    example = YAML(typ="safe").load(x.EXAMPLE)
    assert (example.pop("name"), example.pop("kind")) == ("x-mentions", "x")
    assert x.Options(**example).query == '(@zenco OR "zenco bank") -is:retweet'


@pytest.mark.parametrize(
    "changed",
    [
        {"query": "a" * 513},
        {"query": " "},
        {"token": "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid"},
        {"base_url": "https://api.twitter.com.evil.example"},
        {"base_url": "http://api.twitter.com"},
        {"base_url": "http://127.0.0.1@evil.example"},
        {"base_url": "https://127.0.0.1"},
        {"accounts": "me"},
    ],
)
def test_what_may_not_be_written_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        options(**changed)
    assert len(options(query="a" * 512).query) == 512


@pytest.mark.data
@pytest.mark.skipif(not OPENAPI.exists(), reason="needs ../shared/data/x-openapi.json")
def test_the_names_we_read_are_names_x_uses() -> None:
    spec = json.loads(OPENAPI.read_text())
    schemas = spec["components"]["schemas"]
    asked = {each.get("name") for each in spec["paths"]["/2/tweets/search/recent"]["get"]["parameters"]}
    assert {"query", "max_results", "next_token", "since_id", "until_id", "start_time"} <= asked
    old = {"edit_history_tweet_ids", "referenced_tweets", "note_tweet"}
    assert {*x.Post.__struct_fields__} - old <= schemas["Post"]["properties"].keys()
    text = json.dumps(spec)
    assert all(f'"{name}"' in text for name in [*old, *x.TWEET_FIELDS])
    assert {"id", "username", "name"} <= schemas["User"]["properties"].keys()
    assert {*x.Meta.__struct_fields__} <= schemas["SearchPostsRecentResponse"]["properties"]["meta"]["properties"].keys()
    assert {"replied_to", "retweeted"} <= set(schemas["PostReferencedPosts"]["items"]["properties"]["type"]["oneOf"][0]["enum"])
