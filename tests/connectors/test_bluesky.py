"""Bluesky: nothing lost and nothing twice in its lists and in its stream; no login is wasted; trouble told to whoever can end it."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Batch, Deleted, Gap, Message
from connectors import base, bluesky, sweep
from connectors.bluesky import account, stream
from connectors.bluesky.posts import Page, read
from tests.connectors.draining import looked_through as drained
from tests.connectors.loopback_bluesky import NOON, POST, LoopbackBluesky, iso, post, problem, says, uri

MINUTE = timedelta(minutes=1)


@pytest_asyncio.fixture
async def them() -> AsyncIterator[LoopbackBluesky]:
    async with LoopbackBluesky().running() as running:
        yield running


def source(them: LoopbackBluesky, http: base.Http, kind: str = "search", *, v1: bool = False, mode: Any = "full", **more: Any) -> Any:
    account_ = {"handle": "zenco.bsky.social", "password": "bluesky-app-password"} if kind != "stream" else {}
    path = "/subscribe" if v1 else "/xrpc/network.bsky.jetstream.subscribeEvents"
    options = bluesky.Options(
        read=kind,  # type: ignore[arg-type]
        query="zenco" if kind == "search" else None,
        server=them.url,
        public=them.url,
        jetstream=them.url.replace("http", "ws") + path,
        allow_private=True,
        **{**account_, **more},
    )
    secrets = {"bluesky-app-password": "s3same-s3same\n"}
    world = base.World(http=http, secret=secrets.__getitem__, clock=lambda: them.now, allowance=lambda: base.Allowance(mode=mode))
    return bluesky.connect("bsky", options, world)


def ids(*batches: Batch) -> list[str]:
    return [event.id for batch in batches for event in batch.events if isinstance(event, Message)]


def all_ids(them: LoopbackBluesky) -> set[str]:
    return {f"bluesky:{each['author']['did']}/{each['uri'].split('/')[-1]}" for each in them.posts}


def posts(count: int, *, start: datetime = NOON - 10 * MINUTE) -> list[dict[str, Any]]:
    return [post(f"k{n}", start + timedelta(milliseconds=20 * n), f"zenco {n}") for n in range(count)]


# ── lists: nothing lost, nothing twice ───────────────────────────────────────────────────────────────────────────


async def test_a_burst_is_read_page_by_page_and_killing_it_anywhere_loses_nothing(them: LoopbackBluesky, http: Client) -> None:
    them.posts, them.page_size = posts(500), 20
    listening, cursor = source(them, http), None
    stored: list[str] = []
    for _ in range(25):
        lost = await listening.fetch(cursor)  # fetched, and the process dies before it is stored
        batch = await source(them, http).fetch(cursor)
        assert ids(batch) == ids(lost)
        stored, cursor = stored + ids(batch), batch.cursor
    assert not batch.more
    assert len(stored) == len(set(stored)) == 500
    assert set(stored) == all_ids(them)


async def test_posts_that_arrive_during_a_sweep_are_brought_by_it_or_by_the_next(them: LoopbackBluesky, http: Client) -> None:
    them.posts, them.page_size = posts(100), 10
    late = iter(range(1000, 2000))
    them.before_each = lambda: them.posts.append(post(f"k{next(late)}", them.now, "zenco again"))
    listening = source(them, http)
    first, cursor = await drained(listening, None)
    them.before_each = lambda: None
    second, _ = await drained(listening, cursor)
    assert set(ids(*first, *second)) == all_ids(them)


async def test_a_post_indexed_minutes_late_is_brought_by_the_next_sweep(them: LoopbackBluesky, http: Client) -> None:
    listening = source(them, http)
    _, cursor = await drained(listening, None)
    them.posts = [post("late", NOON - 2 * MINUTE, "zenco")]
    them.now += MINUTE
    batches, _ = await drained(listening, cursor)
    assert ids(*batches) == list(all_ids(them))


async def test_a_page_mark_that_bluesky_forgets_costs_a_sweep_and_no_post(them: LoopbackBluesky, http: Client) -> None:
    them.posts, them.page_size = posts(30), 10
    listening = source(them, http)
    first = await listening.fetch(None)
    them.faults = [lambda _: problem(400, "InvalidRequest")]
    batches, _ = await drained(listening, first.cursor)
    assert batches[0].requests == 2
    assert set(ids(first, *batches)) == all_ids(them)


async def test_a_bluesky_that_takes_no_question_at_all_ends_and_does_not_spin(them: LoopbackBluesky, http: Client) -> None:
    them.faults = [lambda _: None, *[lambda _: problem(400, "InvalidRequest")] * 9]
    with pytest.raises(Unreachable, match=r"bsky: Bluesky does not take our question \(400\)"):
        await source(them, http).fetch(None)
    assert len(them.asked) == 3


async def test_an_invented_date_neither_ends_a_sweep_nor_is_later_than_it_was_seen(them: LoopbackBluesky, http: Client) -> None:
    them.posts = [
        post("old", NOON - MINUTE, "zenco", createdAt="2012-01-01T00:00:00Z"),
        post("new", NOON - MINUTE, createdAt="2099-01-01T00:00:00Z"),
    ]
    them.posts[0]["reason"] = them.posts[1]["reason"] = "mention"
    (batch,), _ = await drained(source(them, http, "mentions"), None)
    assert [event.posted_at for event in batch.events] == [datetime(2012, 1, 1, tzinfo=UTC), NOON - MINUTE]


async def test_mentions_are_what_is_said_to_us_and_not_who_likes_or_follows(them: LoopbackBluesky, http: Client) -> None:
    reasons = ["mention", "reply", "quote", "like", "repost", "follow"]
    them.posts = [{**post(each, NOON - MINUTE), "reason": each} for each in reasons]
    (batch,), _ = await drained(source(them, http, "mentions"), None)
    assert sorted(id_.split("/")[1] for id_ in ids(batch)) == ["mention", "quote", "reply"]
    assert batch.refused == ()


async def test_what_the_brand_says_is_its_own_and_what_it_passes_on_is_not(them: LoopbackBluesky, http: Client) -> None:
    passed_on = {**post("b", NOON - MINUTE), "feed": {"reason": {"$type": "app.bsky.feed.defs#reasonRepost"}}}
    them.posts = [post("a", NOON - MINUTE, "We are on it", did="did:plc:zenco"), passed_on]
    (batch,), _ = await drained(source(them, http, "own"), None)
    (message,) = batch.events
    assert isinstance(message, Message)
    assert (message.text, message.by_brand, message.author) == ("We are on it", True, "zenco.bsky.social")


async def test_history_goes_back_as_far_as_it_is_asked(them: LoopbackBluesky, http: Client) -> None:
    them.posts, them.page_size = posts(250, start=NOON - timedelta(days=3)), 100
    listening, cursor, got = source(them, http), None, []
    while True:
        batch = await listening.history(NOON - timedelta(days=4), cursor)
        got, cursor = got + ids(batch), batch.cursor
        if not batch.more:
            break
    assert len(got) == 250
    assert set(got) == all_ids(them)


async def test_on_a_small_budget_the_newest_page_is_a_sample_of_so_many(them: LoopbackBluesky, http: Client) -> None:
    them.posts = [post(f"k{n}", NOON - timedelta(seconds=n), "zenco") for n in range(600)]
    batch = await source(them, http, mode="sample").fetch(None)
    assert len(batch.events) == 100
    assert not batch.more
    assert 850 < batch.of < 950  # a hundred in 99 s, for a quarter of an hour


# ── the account ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_that_runs_out_in_mid_sweep_is_renewed_without_a_login(them: LoopbackBluesky, http: Client) -> None:
    them.posts, them.page_size = posts(30), 10
    listening, cursor, got = source(them, http), None, []
    for _ in range(3):
        batch = await listening.fetch(cursor)
        got, cursor = got + ids(batch), batch.cursor
        them.end_session()
    assert sorted(got) == sorted(all_ids(them))
    assert them.logins == [("zenco.bsky.social", NOON)]
    assert batch.requests == 3  # the page, the renewal, the page


async def test_a_session_that_is_gone_costs_a_login_but_never_more_than_one_a_quarter_of_an_hour(
    them: LoopbackBluesky, http: Client
) -> None:
    listening = source(them, http)
    await listening.fetch(None)
    for _ in range(48):  # a day, half an hour each
        them.forget_session()
        them.now += timedelta(minutes=30)
        await listening.fetch(None)
    assert len(them.logins) == 49
    for _ in range(29):
        them.forget_session()
        with pytest.raises(Unreachable, match="we log in again at"):
            await listening.fetch(None)
        them.now += timedelta(seconds=30)
    assert len(them.logins) == 49


async def test_a_wrong_password_is_told_and_sent_once_an_hour(them: LoopbackBluesky, http: Client) -> None:
    them.password = "another"
    listening = source(them, http)
    for _ in range(120):
        with pytest.raises(
            Refused, match=r"refused the login of zenco.bsky.social.*new app password.*bluesky-app-password.*systemctl restart"
        ):
            await listening.fetch(None)
        them.now += MINUTE
    assert len(them.logins) == 2


async def test_many_that_find_the_token_run_out_renew_it_once(them: LoopbackBluesky, http: Client) -> None:
    import asyncio

    listening = source(them, http)
    await listening.check()
    them.end_session()
    await asyncio.gather(*(listening.check() for _ in range(5)))
    assert [method for method, _ in them.asked].count("com.atproto.server.refreshSession") == 1
    assert len(them.logins) == 1


async def test_too_many_logins_are_waited_for(them: LoopbackBluesky, http: Client) -> None:
    them.logins = [("somebody", NOON)] * 30
    with pytest.raises(Throttled) as caught:
        await source(them, http).fetch(None)
    assert caught.value.wait == timedelta(minutes=15)


@pytest.mark.parametrize("at_login", [True, False])
@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (503, "<html>hush</html>", Unreachable, "answered 503"),
        (500, '{"error": "InternalServerError"}', Unreachable, "answered 500 InternalServerError"),
        (200, "<html>hush</html>", Unreachable, "is not a"),
        (200, "[" * 100_000, Unreachable, "is not a"),
        (200, '{"posts": 5, "accessJwt": 5}', Unreachable, "is not a"),
        (429, "{}", Throttled, "429"),
        (403, '{"error": "<!channel>"}', Refused, "403"),
        (404, "", Refused, "404"),
        (302, "", Unreachable, "302"),
    ],
)
async def test_each_answer_says_whose_turn_it_is(
    them: LoopbackBluesky, http: Client, at_login: bool, status: int, body: str, error: type[Trouble], words: str
) -> None:
    them.faults = [*([] if at_login else [lambda _: None]), says(status, body)]
    with pytest.raises(error, match=words) as caught:
        await source(them, http).fetch(None)
    assert all(secret not in str(caught.value) for secret in ("hush", "s3same", "access-1", "<!channel>"))


async def test_a_search_that_cannot_be_read_is_the_operators_turn(them: LoopbackBluesky, http: Client) -> None:
    them.faults = [lambda _: None, lambda _: problem(400, "BadQueryString")]
    with pytest.raises(Refused, match="Correct `query`"):
        await source(them, http).fetch(None)


async def test_a_good_answer_that_leaves_nothing_asks_us_to_wait(them: LoopbackBluesky, http: Client) -> None:
    body = json.dumps({"posts": []})
    them.faults = [lambda _: None, says(200, body, headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "40"})]
    assert (await source(them, http).fetch(None)).wait == timedelta(seconds=40)


# ── what is looked up, said, checked ─────────────────────────────────────────────────────────────────────────────


async def test_of_what_we_have_only_what_is_gone_is_told(them: LoopbackBluesky, http: Client) -> None:
    them.posts = posts(3)
    known = sorted(all_ids(them))
    them.posts = [each for each in them.posts if not each["uri"].endswith("k1")]
    for listening in (source(them, http), source(them, http, "stream", words=("zenco",))):
        batch = await listening.recheck([*known, "x:15"])
        assert batch.events == (Deleted(id="bluesky:did:plc:ana/k1", at=NOON),)
        assert batch.checked == tuple(known)
    assert them.logins == []


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"posts": {}}'])
async def test_an_answer_that_is_no_list_deletes_nothing(them: LoopbackBluesky, http: Client, body: str) -> None:
    them.faults = [says(200, body)]
    with pytest.raises(Unreachable):
        await source(them, http).recheck(["bluesky:did:plc:ana/k1"])


async def test_a_statement_is_published_once_with_its_links_and_its_address(them: LoopbackBluesky, http: Client) -> None:
    listening = source(them, http)
    assert (
        await listening.publish("Sabemos que falla el pago 🙏 https://estado.zenco.es/hoy.")
        == "https://bsky.app/profile/did:plc:zenco/post/3new"
    )
    (said,) = them.records
    assert (said["repo"], said["collection"], said["record"]["$type"]) == ("did:plc:zenco", POST, POST)
    (facet,) = said["record"]["facets"]
    text, index = said["record"]["text"].encode(), facet["index"]
    assert text[index["byteStart"] : index["byteEnd"]].decode() == facet["features"][0]["uri"] == "https://estado.zenco.es/hoy"


@pytest.mark.parametrize(
    ("text", "fault", "error"),
    [
        ("a" * 301, None, Refused),
        ("a", says(400, '{"error": "InvalidRequest"}'), Refused),
        ("a", says(500, ""), Unreachable),
        ("a", says(200, "{}"), Unreachable),
    ],
)
async def test_a_statement_that_was_not_said_or_perhaps_said_is_told_apart(
    them: LoopbackBluesky, http: Client, text: str, fault: Any, error: type[Trouble]
) -> None:
    listening = source(them, http)
    await listening.check()
    them.faults = [fault] if fault else []
    with pytest.raises(error):
        await listening.publish(text)


async def test_a_check_says_who_we_are(them: LoopbackBluesky, http: Client) -> None:
    assert await source(them, http).check() == "logged in as zenco.bsky.social"


# ── the stream ───────────────────────────────────────────────────────────────────────────────────────────────────

DIALECTS = pytest.mark.parametrize("v1", [True, False], ids=["v1", "v2"])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "QUIET", timedelta(seconds=0.2))


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@DIALECTS
async def test_a_look_reads_what_was_said_since_the_last_and_keeps_what_has_our_words(
    them: LoopbackBluesky, http: Client, v1: bool
) -> None:
    ana = {"did": "did:plc:ana", "handle": "ana.es", "displayName": "Ana", "followersCount": 321, "createdAt": "2024-02-06T10:00:00.000Z"}
    them.profiles = {"did:plc:ana": ana}
    them.say("k1", at(-600), "La Aplicación de ZÉNCO no va", reply={"root": {"uri": uri("r")}, "parent": {"uri": uri("p")}})
    them.say("k2", at(-500), "zencora is a nice town")
    them.say("k3", at(-1), "nothing")
    batch = await source(them, http, "stream", v1=v1, words=("zenco",)).fetch(None)
    assert batch.events == (
        Message(
            id="bluesky:did:plc:ana/k1",
            text="La Aplicación de ZÉNCO no va",
            posted_at=at(-600),
            seen_at=NOON,
            source="bluesky",
            author="ana.es",
            author_name="Ana",
            author_since=datetime(2024, 2, 6, 10, 0, tzinfo=UTC),
            audience=321,
            conversation="bluesky:did:plc:ana/r",
            in_reply_to="bluesky:did:plc:ana/p",
            url="https://bsky.app/profile/did:plc:ana/post/k1",
        ),
    )
    assert (batch.more, batch.gaps, batch.requests) == (False, (), 2)
    assert them.logins == []


@DIALECTS
async def test_a_stream_that_repeats_reorders_and_breaks_off_loses_nothing(them: LoopbackBluesky, http: Client, v1: bool) -> None:
    chance = random.Random(7)
    said = [(f"k{n}", at(-300 + n + chance.uniform(-2, 2))) for n in range(298)]
    for key, when in said:
        for _ in range(chance.choice([1, 1, 2])):
            them.say(key, when, "zenco")
    them.hang_up_after = 40
    listening = source(them, http, "stream", v1=v1, words=("zenco",))
    cursor, got, looks = None, set[str](), 0
    while len(got) < 298 and looks < 60:
        try:
            await listening.fetch(cursor)  # killed before it is stored
            batch = await source(them, http, "stream", v1=v1, words=("zenco",)).fetch(cursor)
        except Unreachable:
            looks += 1
            continue
        got, cursor, looks = got | set(ids(batch)), batch.cursor, looks + 1
        assert batch.gaps == ()
    assert len(got) == 298


async def test_a_backlog_is_drained_look_by_look(them: LoopbackBluesky, http: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "EVENTS", 50)
    for n in range(499):
        them.say(f"k{n}", at(-500 + n), "zenco")
    batches, cursor = await drained(source(them, http, "stream", words=("zenco",)), None)
    assert len(batches) == 10
    assert len(set(ids(*batches))) == 499
    them.now += timedelta(seconds=10)
    them.say("new", at(9), "zenco")
    batches, _ = await drained(source(them, http, "stream", words=("zenco",)), cursor)
    assert "bluesky:did:plc:ana/new" in ids(*batches)


@DIALECTS
async def test_what_the_stream_no_longer_keeps_is_a_gap(them: LoopbackBluesky, http: Client, v1: bool) -> None:
    listening = source(them, http, "stream", v1=v1, words=("zenco",))
    them.say("k1", at(-1), "zenco")
    first = await listening.fetch(None)
    them.now = NOON + timedelta(days=3)
    them.say("k2", them.now - timedelta(seconds=1), "zenco")
    batch = await listening.fetch(first.cursor)
    assert ids(batch) == ["bluesky:did:plc:ana/k2"]
    (gap,) = batch.gaps
    assert (gap.from_, gap.to) == (at(-1), them.now - timedelta(seconds=1))
    assert gap.why.es and gap.why.en


@DIALECTS
async def test_a_server_that_starts_later_than_it_was_asked_to_leaves_a_gap_even_if_it_says_nothing(
    them: LoopbackBluesky, http: Client, v1: bool
) -> None:
    them.lookback = timedelta(hours=1)
    listening = source(them, http, "stream", v1=v1, words=("zenco",))
    them.say("k1", at(-1), "zenco")
    first = await listening.fetch(None)
    them.now = NOON + timedelta(hours=4)
    them.say("lost", NOON + timedelta(hours=1), "zenco")
    them.say("k2", NOON + timedelta(hours=3, minutes=1), "zenco")
    them.say("k3", them.now, "zenco")
    batch = await listening.fetch(first.cursor)
    assert batch.gaps[0] == Gap(from_=at(-1), to=NOON + timedelta(hours=3, minutes=1), why=batch.gaps[0].why)
    assert (await listening.fetch(batch.cursor)).gaps == ()


async def test_a_gap_of_seconds_is_told_where_the_server_says_so(them: LoopbackBluesky, http: Client) -> None:
    listening = source(them, http, "stream", words=("zenco",))
    them.say("k1", at(-60), "zenco")
    first = await listening.fetch(None)
    them.floor_us = int(at(-30).timestamp() * 1_000_000)
    them.say("k2", at(-20), "zenco")
    assert [(gap.from_, gap.to) for gap in (await listening.fetch(first.cursor)).gaps] == [(at(-60), at(-20))]


async def test_a_post_we_kept_is_deleted_when_its_author_does_and_a_strangers_is_not_our_business(
    them: LoopbackBluesky, http: Client
) -> None:
    listening = source(them, http, "stream", words=("zenco",))
    them.say("k1", at(-60), "zenco")
    them.say("k2", at(-50), "good morning")
    them.say("k3", at(-40), "zenco")
    them.say("k3", at(-39), operation="delete")
    them.say("k4", at(-20), "good night")
    first = await listening.fetch(None)
    assert [type(event).__name__ for event in first.events] == ["Message", "Deleted"]
    them.say("k1", at(-10), operation="delete")
    them.say("k2", at(-9), operation="delete")
    second = await listening.fetch(first.cursor)
    assert second.events == (Deleted(id="bluesky:did:plc:ana/k1", at=at(-10)),)


async def test_an_edited_post_comes_again_under_its_id_even_if_the_word_is_gone(them: LoopbackBluesky, http: Client) -> None:
    listening = source(them, http, "stream", words=("zenco",))
    them.say("k1", at(-60), "zenco is down")
    first = await listening.fetch(None)
    them.say("k1", at(-10), "it works again", operation="update")
    second = await listening.fetch(first.cursor)
    (message,) = second.events
    assert isinstance(message, Message)
    assert (message.id, message.text) == ("bluesky:did:plc:ana/k1", "it works again")


async def test_what_is_said_to_our_accounts_is_kept_and_what_they_say_is_ours(them: LoopbackBluesky, http: Client) -> None:
    them.profiles = {"did:plc:zenco": {"did": "did:plc:zenco", "handle": "Zenco.bsky.social"}}
    them.say("mention", at(-9), "help", facets=[{"features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:zenco"}]}])
    them.say("reply", at(-8), "no", reply={"root": {"uri": uri("r", "did:plc:zenco")}, "parent": {"uri": uri("p")}})
    them.say("quote", at(-7), "look", embed={"$type": "app.bsky.embed.record", "record": {"uri": uri("q", "did:plc:zenco")}})
    them.say("own", at(-6), "we are on it", did="did:plc:zenco")
    them.say("other", at(-5), "no", did="did:plc:zencolour")
    listening = source(them, http, "stream", accounts=("zenco.bsky.social",))
    batch = await listening.fetch(None)
    said = {event.id.split("/")[1]: event.by_brand for event in batch.events if isinstance(event, Message)}
    assert said == {"mention": False, "reply": False, "quote": False, "own": True}


async def test_an_account_nobody_knows_is_the_operators_turn(them: LoopbackBluesky, http: Client) -> None:
    with pytest.raises(Refused, match=r"knows no account zenko.bsky.social. Correct `accounts`"):
        await source(them, http, "stream", accounts=("zenko.bsky.social",)).fetch(None)


async def test_if_nobody_can_say_who_they_are_the_post_comes_all_the_same(them: LoopbackBluesky, http: Client) -> None:
    them.say("k1", at(-1), "zenco")
    them.faults = [says(500)]
    (message,) = (await source(them, http, "stream", words=("zenco",)).fetch(None)).events
    assert isinstance(message, Message)
    assert message.author == "did:plc:ana"


async def test_a_place_ahead_of_our_clock_does_not_skip_what_is_said_until_then(them: LoopbackBluesky, http: Client) -> None:
    listening = source(them, http, "stream", words=("zenco",))
    them.say("k1", at(20 * 3600), "zenco from tomorrow")  # one server's clock, or one bad frame
    first = await listening.fetch(None)
    them.happened = []
    them.now += MINUTE
    them.say("k2", at(30), "zenco")
    assert ids(await listening.fetch(first.cursor)) == ["bluesky:did:plc:ana/k2"]


async def test_frames_that_cannot_be_read_are_refused_and_their_neighbours_are_read(them: LoopbackBluesky, http: Client) -> None:
    them.say("k1", at(-9), "zenco")
    them.say("bad", at(-8), "zenco", reply="private words")
    them.say("stranger", at(-8), "nothing of ours", reply="private words")
    them.happened.append({"at": at(-7), "raw": '{"payload": 5, "text": "private words"}'})
    them.happened.append({"at": at(-7), "raw": "[" * 50_000})
    them.say("k2", at(-6), "zenco")
    batch = await source(them, http, "stream", words=("zenco",)).fetch(None)
    assert len(ids(batch)) == 2
    assert [each.item for each in batch.refused] == ["bluesky:did:plc:ana/bad", "a frame of the stream", "a frame of the stream"]
    assert not any("private words" in each.reason for each in batch.refused)


async def test_a_server_that_finds_us_too_slow_is_asked_again_from_where_we_were(them: LoopbackBluesky, http: Client) -> None:
    them.say("k1", at(-100), "zenco")
    them.say("k2", at(-90), "zenco")
    them.hang_up_after, them.last_words = 1, {"$type": "error", "error": "ConsumerTooSlow", "message": "too slow"}
    listening = source(them, http, "stream", words=("zenco",))
    batch = await listening.fetch(None)
    assert (ids(batch), batch.more) == (["bluesky:did:plc:ana/k1"], True)
    them.hang_up_after = 0
    with pytest.raises(Unreachable, match=r"bsky: Bluesky's stream ended at once .ConsumerTooSlow."):
        await listening.fetch(batch.cursor)


async def test_a_stream_that_does_not_open_is_unreachable(them: LoopbackBluesky, http: Client) -> None:
    listening = source(them, http, "stream", words=("zenco",))
    listening._url = them.url.replace("http", "ws") + "/nowhere"
    with pytest.raises(Unreachable, match="404"):
        await listening.fetch(None)


async def test_a_quiet_stream_moves_nothing_and_a_check_says_how_far_behind_it_is(them: LoopbackBluesky, http: Client) -> None:
    listening = source(them, http, "stream", words=("zenco",))
    batch = await listening.fetch(None)
    assert (batch.events, batch.more, batch.gaps) == ((), False, ())
    assert await listening.check() == "the stream is quiet"
    them.say("k1", NOON, "anything")
    assert await listening.check() == "the stream is 0 s behind"


async def test_history_of_the_stream_says_what_it_cannot_reach(them: LoopbackBluesky, http: Client) -> None:
    them.say("k1", at(-30 * 3600), "zenco")
    them.say("k2", at(-1), "zenco")
    batch = await source(them, http, "stream", words=("zenco",)).history(NOON - timedelta(days=7), None)
    assert len(ids(batch)) == 2
    assert batch.gaps[0].from_ == NOON - timedelta(days=7)


# ── what a page says ─────────────────────────────────────────────────────────────────────────────────────────────


def page(*items: Any, **more: Any) -> Page:
    return read(json.dumps({"posts": items, **more}).encode(), "search", "s", NOON)


def test_a_post_is_a_message() -> None:
    images = {"$type": "app.bsky.embed.images", "images": [{"alt": "Error 503 al pagar", "image": {}}, {"alt": ""}]}
    (message,) = page(post("k", NOON - MINUTE, "Otra vez", embed={"media": images, "record": {}})).messages
    assert (message.text, message.author, message.author_name) == ("Otra vez\nError 503 al pagar", "ana.bsky.social", "Ana")
    assert (message.conversation, message.in_reply_to, message.lang) == ("bluesky:did:plc:ana/k", "", "")


def test_an_author_whose_handle_does_not_hold_is_known_by_did() -> None:
    each = post("k", NOON)
    each["author"]["handle"] = "handle.invalid"
    assert page(each).messages[0].author == "did:plc:ana"


@pytest.mark.parametrize(
    ("broken", "item"),
    [
        ({"record": None}, "bluesky:did:plc:ana/k1"),
        ({"record": {"text": 5}}, "bluesky:did:plc:ana/k1"),
        ({"author": {"handle": "x"}}, "bluesky:did:plc:ana/k1"),
        ({"indexedAt": "yesterday"}, "bluesky:did:plc:ana/k1"),
        ({"indexedAt": "2026-11-21T10:00:00"}, "bluesky:did:plc:ana/k1"),
        ({"uri": "at://did:plc:ana/app.bsky.feed.like/k1"}, "post 2"),
        ({"uri": 5}, "post 2"),
    ],
)
def test_a_post_that_cannot_be_read_is_refused_and_its_neighbours_are_read(broken: dict[str, Any], item: str) -> None:
    bad = {**post("k1", NOON, "private words"), **broken}
    got = page(post("k0", NOON), bad, post("k2", NOON))
    assert len(got.messages) == 2
    assert [each.item for each in got.refused] == [item]
    assert "private words" not in got.refused[0].reason


def test_half_an_emoji_does_not_hold_up_the_others() -> None:
    assert [message.text for message in page(post("k", NOON, "down \ud83d"), post("l", NOON, "up")).messages] == ["up", "down ?"]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from([uri("k"), iso(NOON), "reply", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "uri",
                    "author",
                    "record",
                    "indexedAt",
                    "did",
                    "handle",
                    "displayName",
                    "text",
                    "createdAt",
                    "reply",
                    "root",
                    "parent",
                    "embed",
                    "media",
                    "images",
                    "alt",
                    "post",
                    "reason",
                    "cursor",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["search", "mentions", "own"]),
    st.dictionaries(st.sampled_from(["posts", "notifications", "feed", "cursor"]), anything),
    anything,
)
def test_no_page_whatever_is_in_it_does_more_than_be_refused(kind: Any, whole: dict[str, Any], some: Any) -> None:
    good = post("k", NOON)
    mutated = [
        {**good, **some} if isinstance(some, dict) else some,
        {**good, "record": some},
        {**good, "author": some},
        {"post": good, "reason": some},
    ]
    for each in (whole, {"posts": mutated, "notifications": mutated, "feed": mutated}):
        try:
            got = read(json.dumps(each).encode(), kind, "s", NOON)
        except Unreachable:
            continue
        assert all(message.id.startswith("bluesky:did:") and message.posted_at.tzinfo is UTC for message in got.messages)
        assert "".join(message.text + message.author_name for message in got.messages).encode() is not None


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=60)
    | st.builds(lambda some: json.dumps({"did": "did:plc:a", "time_us": 10**15, "commit": some, "payload": some}).encode(), anything)
)
def test_no_frame_whatever_is_in_it_does_more_than_be_refused(frame: bytes) -> None:
    listening = stream.Stream("s", "", ["zenco"], [], None, None, allow_private=False)  # type: ignore[arg-type]
    kept = stream.Kept(at_us=0)
    listening._take(frame, kept, NOON, frozenset())
    assert 0 <= kept.at_us <= stream.us(NOON)


# ── what a person writes ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"read": "search"}, "needs `query` too"),
        ({"handle": None}, "needs `handle` too"),
        ({"password": "abcd EFGH"}, "pattern"),
        ({"read": "stream"}, "needs `words` or `accounts`"),
        ({"server": "https://evil.example"}, "the password is sent there"),
        ({"public": "https://evil.example"}, "the password is sent there"),
        ({"jetstream": "ws://evil.example/subscribe"}, "wss://"),
    ],
)
def test_what_cannot_work_is_told_before_anything_runs(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        bluesky.Options(**{"read": "mentions", "handle": "zenco.bsky.social", "password": "bluesky-app-password", **changed})


def test_a_cursor_of_a_list_and_one_of_the_stream_are_not_taken_for_each_other() -> None:
    list_, place = sweep.cursor(sweep.Sweep(since=NOON)), json.dumps({"at_us": 10**15 + 1})
    assert stream.resumed(list_, NOON) is None
    assert sweep.resumed(place, NOON).since == NOON - sweep.FIRST_LOOK


def test_no_login_is_tried_more_often_than_bluesky_allows_a_day() -> None:
    assert timedelta(days=1) / account.LOGIN_AGAIN * 3 <= 300  # three sources of one account
    assert timedelta(days=1) / account.AFTER_A_REFUSAL * 3 <= 300


async def test_a_redirect_never_carries_the_password_on(them: LoopbackBluesky, http: Client) -> None:
    async def elsewhere(_: web.Request) -> web.Response:
        raise AssertionError("the password was sent on")

    them.faults = [says(307, headers={"Location": f"{them.url}/xrpc/elsewhere"})]
    with pytest.raises(Unreachable, match="307"):
        await source(them, http).fetch(None)
    assert len(them.asked) == 1
