"""Posts on X: nothing lost and nothing twice, however a search is cut off; and trouble told to whoever can end it."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
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
from pydantic import ValidationError
from ruamel.yaml import YAML

from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Batch, Message, Text
from connectors import base, x
from tests.connectors.loopback_x import NOON, QUERY, LoopbackX, all_ids, drained, id_at, ids, post, posts, said_at, says, source

OPENAPI = Path(__file__).parents[3] / "shared/data/x-openapi.json"


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
    assert {asked["start_time"] for asked in them.asked} == {"2026-11-21T11:45:00Z"}
    assert json.loads(cursor or "") == {"since": "2026-11-21T11:50:00Z", "known": "2026-11-21T11:59:30Z"}


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
    again = ids(*(await drained(source(them), cursor))[0])
    assert set(again) <= set(stored)  # X may list posts late, so the last minutes are looked at twice


async def test_posts_that_x_lists_minutes_late_and_new_ones_in_a_burst_of_fifty_pages_are_all_read(them: LoopbackX) -> None:
    chance = random.Random(7)
    them.posts, them.page_size = posts(500, start=NOON - timedelta(minutes=12)), 10
    for each in chance.sample(them.posts, 100):
        them.listed_at[each["id"]] = said_at(each["id"]) + timedelta(seconds=chance.randrange(300, 590))
    stored, cursor, number = set[str](), None, 9000
    for look in range(300):
        lost = await source(them).fetch(cursor)
        them.now += timedelta(seconds=8)
        if look < 60:
            them.posts.append(post(them.now, number=(number := number + 1)))
            them.listed_at[them.posts[-1]["id"]] = them.now + timedelta(seconds=chance.choice([0, 0, 200, 580]))
        if chance.random() < 0.5:
            continue  # killed before it was stored
        stored, cursor = stored | set(ids(lost)), lost.cursor
    assert stored == all_ids(them)
    assert len(them.posts) == 560


async def test_while_a_burst_lasts_a_sweep_turns_back_where_nothing_is_new(them: LoopbackX) -> None:
    them.page_size, pages, cursor = 10, [], None
    for _ in range(60):
        them.posts += posts(20, start=them.now - timedelta(seconds=50))
        batches, cursor = await drained(source(them), cursor)
        pages.append(len(batches))
        them.now += timedelta(minutes=1)
    assert sorted(pages)[30] == 3  # two of news and one to see that there is no more
    assert max(pages) >= 20  # and now and then all the way, for what X lists late
    assert sum(pages) < 60 * 6


async def test_the_beginning_stays_where_it_was_until_the_last_page_is_stored(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(10), 10
    _, cursor = await drained(source(them), None)
    before = them.posts[:]
    them.now += timedelta(minutes=15)
    them.posts += posts(30, start=NOON + timedelta(minutes=1))
    them.asked.clear()
    batches, cursor = await drained(source(them), cursor)
    assert set(ids(*batches)) == all_ids(them)
    assert len(before) == 10
    assert [asked["start_time"] for asked in them.asked] == ["2026-11-21T11:50:00Z"] * 4
    assert json.loads(cursor or "")["since"] == "2026-11-21T12:05:00Z"


async def test_posts_that_arrive_during_a_sweep_come_with_the_next(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(100), 10
    late = iter(range(1000, 2000))
    them.before_each = lambda: them.posts.append(post(them.now, number=next(late)))
    first, cursor = await drained(source(them), None)
    them.before_each = lambda: None
    assert len(set(ids(*first))) == len(ids(*first)) == 101  # one was there before the first page was made
    second, _ = await drained(source(them), cursor)
    assert set(ids(*first, *second)) == all_ids(them)
    assert len(them.posts) == 111


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
    store: dict[str, Batch] = {}
    cursor, number, fetched, sweeps = None, 5000, 0, 0
    while sweeps < 2 and fetched < 500:  # the second whole sweep in calm began in it
        calm = fetched >= 60
        if not calm and chance.random() < 0.3:
            them.faults.append(chance.choice([says(503, "<html>", "text/html"), says(429), says(200, "{"), says(200, "[]"), says(500)]))
        if not calm and chance.random() < 0.1:
            them.forget_tokens()
        for _ in range(0 if calm else chance.randrange(6)):
            them.posts.append(post(them.now, number=(number := number + 1)))
        them.now += timedelta(seconds=5)
        fetched += 1
        try:
            batch = await source(them).fetch(cursor)
        except Trouble:
            continue
        if chance.random() < 0.3 and not calm:
            continue  # killed before the commit
        store |= dict.fromkeys(ids(batch), batch)
        cursor, sweeps = batch.cursor, sweeps + (calm and not batch.more)
    assert store.keys() == all_ids(them)


async def test_an_empty_page_in_the_middle_is_not_the_end(them: LoopbackX) -> None:
    them.posts, them.empty_pages = posts(5), 2
    batches, cursor = await drained(source(them), None)
    assert [len(batch.events) for batch in batches] == [0, 0, 5]
    assert json.loads(cursor or "")["known"] == "2026-11-21T11:59:30Z"


async def test_before_the_first_post_ever_a_pause_of_an_hour_is_no_gap(them: LoopbackX) -> None:
    _, cursor = await drained(source(them), None)
    them.now += timedelta(hours=1)
    them.posts = [post(NOON + timedelta(minutes=2))]
    batches, _ = await drained(source(them), cursor)
    assert ids(*batches) == list(all_ids(them))


# ── a week is X's memory ─────────────────────────────────────────────────────────────────────────────────────────


async def test_nine_days_off_is_told_as_a_gap_and_the_rest_is_read(them: LoopbackX) -> None:
    them.posts = posts(3)
    _, cursor = await drained(source(them), None)
    them.now = NOON + timedelta(days=9)
    them.posts += [post(NOON + timedelta(hours=3)), post(NOON + timedelta(days=3)), post(NOON + timedelta(days=9, minutes=-1))]
    batch = await source(them).fetch(cursor)
    assert ids(batch) == [f"x:{each['id']}" for each in them.posts[-2:]]
    assert (batch.requests, batch.refused) == (1, ())
    (gap,) = batch.gaps
    assert (gap.from_, gap.to) == (NOON - timedelta(minutes=10), NOON + timedelta(days=2, minutes=10))
    assert gap.why == Text("X no busca más allá de los últimos siete días.", "X does not search further back than seven days.")
    assert (await source(them).fetch(batch.cursor)).gaps == ()


async def test_nine_days_off_in_the_middle_of_a_sweep_is_told_too(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(30), 10
    first = await source(them).fetch(None)
    assert first.more
    them.now = NOON + timedelta(days=9)
    batches, _ = await drained(source(them), first.cursor)
    assert [(gap.from_, gap.to) for gap in batches[0].gaps] == [(NOON - timedelta(minutes=15), NOON + timedelta(days=2, minutes=10))]
    assert ids(*batches) == []


async def test_a_quiet_week_is_no_gap(them: LoopbackX) -> None:
    them.posts = posts(3)
    _, cursor = await drained(source(them), None)
    for _ in range(9):
        them.now += timedelta(days=1)
        batches, cursor = await drained(source(them), cursor)
        assert [(batch.refused, batch.gaps) for batch in batches] == [((), ())]
        assert set(ids(*batches)) <= all_ids(them)
    assert ids(*batches) == []


async def test_the_new_shape_of_a_400_is_understood_too(them: LoopbackX) -> None:
    them.posts, them.page_size = posts(20), 10
    first = await source(them).fetch(None)
    them.faults = [says(400, json.dumps({"type": "https://api.x.com/2/problems/invalid-request", "parameter": "next_token"}))]
    second = await source(them).fetch(first.cursor)
    assert second.requests == 2
    assert {*ids(first, second)} == all_ids(them)


async def test_a_note_of_where_we_were_that_cannot_be_read_is_told_as_a_gap(them: LoopbackX) -> None:
    them.posts = posts(3)
    batch = await source(them).fetch("{not ours")
    assert len(batch.events) == 3
    (gap,) = batch.gaps
    assert (gap.from_, gap.to) == (None, NOON - timedelta(minutes=15))
    assert gap.why.en == "Our note of where we were cannot be read."


async def test_a_note_from_before_this_version_is_gone_on_with(them: LoopbackX) -> None:
    them.posts = posts(30)
    token = {"next_token": "page9", "oldest_id": them.posts[20]["id"], "newest_id": them.posts[-1]["id"], "since_id": "1"}
    old = json.dumps({"since": "2026-11-21T11:40:00Z", "began_at": "2026-11-21T11:55:00Z", **token})
    batches, cursor = await drained(source(them), old)
    assert ids(*batches) == [f"x:{each['id']}" for each in them.posts[:20]]
    assert json.loads(cursor or "")["since"] == "2026-11-21T11:45:00Z"


@pytest.mark.parametrize("parameter", ["start_time", "next_token", "until_id"])
async def test_x_refusing_every_place_ends_and_does_not_spin(them: LoopbackX, parameter: str) -> None:
    them.posts, them.page_size = posts(20), 10
    first = await source(them).fetch(None)
    them.asked.clear()
    them.faults = [says(400, json.dumps({"errors": [{"parameters": {parameter: ["x"]}}]}))] * 20
    with pytest.raises(Unreachable, match="clock"):
        await source(them).fetch(first.cursor)
    assert len(them.asked) == (2 if parameter == "next_token" else 1)


@pytest.mark.parametrize("off", [timedelta(hours=-3), timedelta(minutes=-14), timedelta(minutes=14)])
async def test_a_clock_that_is_wrong_costs_no_post(them: LoopbackX, off: timedelta) -> None:
    cursor, stored = None, set[str]()
    for number in range(30):
        them.posts.append(post(them.now, number=number))
        batches, cursor = await drained(source(them, now=them.now + off), cursor)
        stored |= set(ids(*batches))
        them.now += timedelta(minutes=1)
    assert stored == all_ids(them)


# ── whose turn it is ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (says(503, "<html>over capacity</html>", "text/html"), Unreachable, "answered 503"),
        (says(500, "{}"), Unreachable, "answered 500"),
        (says(302, headers={"Location": "http://127.0.0.1:1/"}), Unreachable, "cannot be reached"),
        (says(302), Unreachable, "answered 302"),
        (says(503, headers={"Retry-After": "120"}), Throttled, "wait 120 s"),
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


async def test_an_x_that_is_silent_or_gone_is_unreachable() -> None:
    gone = LoopbackX()
    async with Client() as gone.http:
        gone.url = "http://127.0.0.1:9"
        with pytest.raises(Unreachable, match=r"x-mentions: X cannot be reached \(127.0.0.1: connection refused\)"):
            await source(gone).fetch(None)

    async def silent(*_: object) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    them = LoopbackX()
    them._search = silent  # type: ignore[method-assign,assignment]
    async with them.running(deadline=timedelta(seconds=0.2)):
        with pytest.raises(Unreachable, match="did not answer within"):
            await source(them).fetch(None)


async def test_an_answer_without_end_is_cut_off() -> None:
    them = LoopbackX()
    async with them.running(max_body=200_000):
        them.faults = [says(200, "x" * 300_000)] * 5
        with pytest.raises(Unreachable, match="more than"):
            await source(them).fetch(None)
        assert [asked["max_results"] for asked in them.asked] == ["100", "10"]


async def test_a_hundred_posts_too_long_to_be_taken_at_once_are_read_ten_by_ten() -> None:
    them = LoopbackX()
    them.posts = [post(each_at, "@zenco " + "¡socorro! " * 100, number=n) for n, each_at in enumerate([NOON] * 100)]
    async with them.running(max_body=50_000):
        batches, _ = await drained(source(them), None)
    assert [len(batch.events) for batch in batches[:5]] == [10] * 5
    assert set(ids(*batches)) == all_ids(them)


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
    there = LoopbackX()
    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server, Client() as there.http:
        there.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(Unreachable, match="cannot be reached") as caught:
            await source(there, token=token).fetch(None)
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


ANA = {"id": "7", "username": "ana", "name": "Ana", "created_at": "2019-05-01T09:00:00.000Z"}


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
    assert only(x.read(page(found, users=[ANA]), "x-mentions", NOON)) == Message(
        id="x:18",
        text="still <down> & out",
        posted_at=datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
        seen_at=NOON,
        source="x",
        lang="es",
        author="ana",
        author_name="Ana",
        author_since=datetime(2019, 5, 1, 9, 0, tzinfo=UTC),
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
        {"publish_token": "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid"},
        {"base_url": "https://api.twitter.com.evil.example"},
        {"base_url": "http://api.twitter.com"},
        {"base_url": "http://127.0.0.1@evil.example"},
        {"base_url": "https://127.0.0.1"},
        {"accounts": "me"},
        {"read": "mentions"},
        {"read": "everything"},
        {"account": "zenco"},
        {"read": "mentions", "query": None, "account": "zen co"},
        {"read": "replies", "query": None, "posts": ["https://evil.example/zenco/status/5"]},
        {"read": "replies", "query": None, "posts": ["1"] * 14},
    ],
)
def test_what_may_not_be_written_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(**changed)
    assert len(options(query="a" * 512).query or "") == 512


@pytest.mark.parametrize(
    ("written", "search"),
    [
        ({"read": "counts", "query": "zenco"}, "zenco"),
        ({"read": "mentions", "account": "@zenco"}, "@zenco"),
        ({"read": "own_posts", "account": "zenco"}, "from:zenco"),
        ({"read": "replies", "posts": ["https://x.com/zenco/status/15?s=20", "16"]}, "conversation_id:15 OR conversation_id:16"),
    ],
)
def test_what_a_source_reads_can_be_counted_by_a_search(written: dict[str, Any], search: str) -> None:
    assert x.Options(token="x-bearer", **written).search == search
    most = x.Options(token="x-bearer", read="replies", posts=[str(10**18 + n) for n in range(13)])  # type: ignore[arg-type]
    assert len(most.search) <= 512


def test_a_source_that_lacks_what_it_reads_is_told_what_it_lacks() -> None:
    with pytest.raises(ValidationError, match="`read: mentions` needs `account`"):
        x.Options(token="x-bearer", read="mentions")
    with pytest.raises(ValidationError, match="`query` is not for `read: mentions`"):
        x.Options(token="x-bearer", read="mentions", account="zenco", query="zenco")


# ── X's own description ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.data
@pytest.mark.skipif(not OPENAPI.exists(), reason="needs ../shared/data/x-openapi.json")
def test_the_names_we_read_are_names_x_uses() -> None:
    spec = json.loads(OPENAPI.read_text())
    schemas = spec["components"]["schemas"]
    old = {"edit_history_tweet_ids", "referenced_tweets", "note_tweet"}
    assert {*x.Post.__struct_fields__} - old <= schemas["Post"]["properties"].keys()
    text = json.dumps(spec)
    assert all(f'"{name}"' in text for name in [*old, *x.FIELDS["tweet_fields"]])
    assert {"id", *x.FIELDS["user_fields"]} <= schemas["User"]["properties"].keys()
    for answer in ("SearchPostsRecentResponse", "GetUsersMentionsResponse", "GetUsersPostsResponse"):
        assert {*x.Meta.__struct_fields__} <= schemas[answer]["properties"]["meta"]["properties"].keys()
    assert {"replied_to", "retweeted"} <= set(schemas["PostReferencedPosts"]["items"]["properties"]["type"]["oneOf"][0]["enum"])
    assert {"start", "end", "post_count"} == schemas["GetPostsCountsRecentResponseData"]["properties"].keys()
    assert "next_token" in schemas["GetPostsCountsRecentResponse"]["properties"]["meta"]["properties"]
    problems = {kind for one in schemas.values() for kind in one.get("properties", {}).get("type", {}).get("enum", ())}
    assert {f"https://api.x.com/2/problems/{gone}" for gone in x.GONE} <= problems


@pytest.mark.data
@pytest.mark.skipif(not OPENAPI.exists(), reason="needs ../shared/data/x-openapi.json")
async def test_every_parameter_we_send_is_one_x_describes(them: LoopbackX) -> None:
    """By the requests that arrive, not by the code that makes them. tweepy sends tweet.fields, which X still describes elsewhere."""
    them.posts, them.page_size, them.left = posts(30), 10, 500
    await drained(source(them), None)
    them.forget_tokens()
    for what in ("mentions", "own_posts"):
        them.posts += [post(NOON - timedelta(minutes=n), author="42") for n in range(1, 15)]
        await drained(source(them, read=what, account="zenco"), None)
    await drained(source(them, read="counts"), None)
    await drained(source(them, allowance=base.Allowance("counts")), None)
    first = await source(them).fetch(None)
    await source(them, allowance=base.Allowance("sample")).fetch(first.cursor)
    await source(them, publish_token="x-account").check()
    await source(them).recheck(sorted(all_ids(them)))
    await source(them, publish_token="x-account").publish("Estamos en ello")
    spec = json.loads(OPENAPI.read_text())
    shared = {each["name"] for each in spec["components"]["parameters"].values() if "name" in each} | {"tweet.fields"}
    for path, asked, method in zip(them.paths, them.asked, them.methods, strict=True):
        described = spec["paths"][re.sub(r"/users/[0-9]+", "/users/{id}", path).replace("/zenco", "/{username}")][method.lower()]
        assert {*asked} <= {each.get("name") for each in described.get("parameters", ())} | shared, path
    assert len({*zip(them.methods, them.paths, strict=True)}) == 8
    assert '"text"' in json.dumps(spec["components"]["schemas"]["CreatePostsRequest"])
