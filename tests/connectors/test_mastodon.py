"""Mastodon and its kin: nothing lost and nothing twice, whatever the ids look like; what is gone is told, what fails is told to whoever can end it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.clock import machine
from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Batch, Deleted, Message
from connectors import base, mastodon
from connectors.mastodon.posts import Page, linked, read
from tests.connectors.draining import looked_through as drained
from tests.connectors.loopback_mastodon import NOON, Kind, LoopbackMastodon, minutes, problem, says

KINDS: list[Kind] = ["mastodon", "gotosocial", "pleroma"]


@pytest_asyncio.fixture(params=KINDS)
async def them(request: pytest.FixtureRequest) -> AsyncIterator[LoopbackMastodon]:
    async with LoopbackMastodon(request.param).running() as running:
        yield running


@pytest_asyncio.fixture
async def one() -> AsyncIterator[LoopbackMastodon]:
    async with LoopbackMastodon().running() as running:
        yield running


def source(
    them: LoopbackMastodon, http: base.Http, kind: str = "tag", *, token: str | None = "good-token", mode: Any = "full", **more: Any
) -> Any:
    options = mastodon.Options(
        server=them.url,
        read=kind,  # type: ignore[arg-type]
        tags=("zenco", "zencobank") if kind == "tag" else (),
        query="zenco" if kind == "search" else None,
        token="mastodon-token" if token else None,
        allow_private=True,
        **more,
    )
    world = base.World(
        http=http, secret={"mastodon-token": f"{token}\n"}.__getitem__, clock=lambda: them.now, allowance=lambda: base.Allowance(mode=mode)
    )
    return mastodon.connect("toots", options, world)


def ids(*batches: Batch) -> list[str]:
    return [event.id.rsplit("/", 1)[1] for batch in batches for event in batch.events if isinstance(event, Message)]


# ── nothing lost, nothing twice ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["tag", "mentions", "own", "search"])
async def test_a_burst_is_read_page_by_page_and_killing_it_anywhere_loses_nothing(them: LoopbackMastodon, http: Client, kind: str) -> None:
    them.say(at=minutes(-14))
    _, cursor = await drained(source(them, http, kind), None)
    burst = [them.say(f"zenco {n}") for n in range(200)]
    them.page_size, stored = 20, []
    for _ in range(40):
        lost = await source(them, http, kind).fetch(cursor)  # fetched, and the process dies before it is stored
        batch = await source(them, http, kind).fetch(cursor)
        assert ids(batch) == ids(lost)
        stored, cursor = stored + ids(batch), batch.cursor
        if not batch.more:
            break
    assert not batch.more
    stored = [id_ for id_ in stored if id_ in burst]
    assert len(stored) == len(set(stored)) == 200


@pytest.mark.parametrize("kind", ["tag", "search"])
async def test_posts_that_arrive_during_a_sweep_are_brought_by_it_or_by_the_next(them: LoopbackMastodon, http: Client, kind: str) -> None:
    for n in range(100):
        them.say(f"zenco {n}", at=minutes(-10))
    late = iter(range(30))
    them.before_each = lambda: None if next(late, None) is None else (them.say("zenco again"), None)[1]
    listening = source(them, http, kind)
    first, cursor = await drained(listening, None)
    them.before_each = lambda: None
    second, _ = await drained(listening, cursor)
    assert set(ids(*first, *second)) == {post["id"] for post in them.posts}


async def test_a_post_that_travelled_slowly_and_stands_behind_us_is_found(them: LoopbackMastodon, http: Client) -> None:
    listening, cursor = source(them, http), None
    for n in range(-10, 0):
        them.now = minutes(n)
        them.say(f"zenco {n}")
        _, cursor = await drained(listening, cursor)
    late = them.say("zenco from afar", at=minutes(-4), before=3)
    batches, cursor = await drained(listening, cursor)
    assert late in ids(*batches)
    them.now = minutes(30)
    _, cursor = await drained(listening, cursor)
    _, cursor = await drained(listening, cursor)
    them.asked.clear()
    batches, _ = await drained(listening, cursor)
    assert ids(*batches) == []  # in quiet times nothing is read again, and one request is enough
    assert len(them.asked) == 1


async def test_posts_that_the_server_hides_from_us_do_not_end_a_sweep(one: LoopbackMastodon, http: Client) -> None:
    one.say(at=minutes(-14))
    listening = source(one, http)
    _, cursor = await drained(listening, None)
    for n in range(200):
        one.say(f"zenco {n}")
    hidden = {post["id"] for post in one.posts[50:70]}
    one.filtered = lambda post: post["id"] in hidden
    batches, _ = await drained(listening, cursor)
    assert set(ids(*batches)) >= {post["id"] for post in one.posts[1:]} - hidden


async def test_the_first_look_goes_back_a_quarter_of_an_hour_however_much_that_is(them: LoopbackMastodon, http: Client) -> None:
    for n in range(300):
        them.say(f"zenco {n}", at=minutes(-30 + n / 10))
    batches, _ = await drained(source(them, http), None)
    assert sorted(ids(*batches)) == sorted(post["id"] for post in them.posts[150:])


async def test_the_first_words_under_a_tag_nobody_used_are_all_read(them: LoopbackMastodon, http: Client) -> None:
    them.faults = [lambda _: problem(404, "Record not found")]
    listening = source(them, http)
    batches, cursor = await drained(listening, None)
    assert ids(*batches) == []
    them.now = minutes(60)
    for n in range(100):
        them.say(f"zenco {n}", at=minutes(2 + n / 2))
    batches, _ = await drained(listening, cursor)
    assert sorted(ids(*batches)) == sorted(post["id"] for post in them.posts)


@pytest.mark.parametrize("seed", range(3))
async def test_any_mixture_of_cuts_faults_and_new_posts_ends_with_each_post(them: LoopbackMastodon, http: Client, seed: int) -> None:
    chance = random.Random(seed)
    faults = [says(503, "<html>", "text/html"), says(429), says(200, "{"), says(200, "{}"), says(500), says(200, "<html>", "text/html")]
    for _ in range(60):
        them.say("zenco", at=minutes(-10))
    store, cursor, looks, done = set[str](), None, 0, False
    while looks < 60 or not done:
        calm = looks >= 40
        if not calm and chance.random() < 0.3:
            them.faults.append(chance.choice(faults))
        for _ in range(0 if calm else chance.randrange(20)):
            them.say("zenco", before=chance.randrange(3))
        them.now += timedelta(seconds=5)
        looks += 1
        try:
            batch = await source(them, http).fetch(cursor)
        except Trouble:
            continue
        if not calm and chance.random() < 0.3:
            continue  # killed before the commit
        store, cursor, done = store | set(ids(batch)), batch.cursor, not batch.more and calm
    assert store == {post["id"] for post in them.posts}


@pytest.mark.parametrize("kind", ["tag", "search"])
async def test_history_goes_back_as_far_as_it_is_asked(them: LoopbackMastodon, http: Client, kind: str) -> None:
    for n in range(130):
        them.say(f"zenco {n}", at=minutes(-60 * (130 - n)))
    listening, cursor, got = source(them, http, kind), None, []
    while True:
        batch = await listening.history(minutes(-60 * 100), cursor)
        got, cursor = got + ids(batch), batch.cursor
        if not batch.more:
            break
    assert len(got) == len(set(got))
    assert set(got) >= {post["id"] for post in them.posts[30:]}


async def test_a_search_is_scrolled_no_further_than_a_server_can_count(
    one: LoopbackMastodon, http: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mastodon, "DEEPEST", 80)
    for n in range(200):
        one.say(f"zenco {n}", at=minutes(-10 + n / 100))
    batches, _ = await drained(source(one, http, "search"), None)
    assert len(batches) == 2
    (gap,) = batches[-1].gaps
    assert gap.from_ == minutes(-15)
    assert gap.to == minutes(-10 + 120 / 100)


async def test_a_server_that_cannot_skip_is_not_asked_for_ever(one: LoopbackMastodon, http: Client) -> None:
    for n in range(100):
        one.say(f"zenco {n}", at=minutes(-10 + n / 100))
    one.counts = False
    batches, cursor = await drained(source(one, http, "search"), None)
    assert len(batches) == 2
    assert set(ids(*batches)) == {post["id"] for post in one.posts[-40:]}
    assert [gap.from_ for gap in batches[-1].gaps] == [minutes(-15)]
    one.now = minutes(20)
    assert [batch.gaps for batch in (await drained(source(one, http, "search"), cursor))[0]] == [(), ()]


@pytest.mark.parametrize("cursor", ["", "x", "[]", "{}", "null", '{"after": 5}', '{"since": "2026-11-21T11:00:00Z"}', "9" * 5000, "[[[["])
@pytest.mark.parametrize("kind", ["tag", "search", "mentions", "own"])
async def test_a_cursor_that_another_kind_left_is_nothing_to_stumble_over(
    one: LoopbackMastodon, http: Client, kind: str, cursor: str
) -> None:
    one.say(at=minutes(-2))
    assert len((await source(one, http, kind).fetch(cursor)).events) == 1


async def test_on_a_small_budget_the_newest_page_is_a_sample_of_so_many(one: LoopbackMastodon, http: Client) -> None:
    one.say(at=minutes(-10))
    _, cursor = await drained(source(one, http), None)
    for n in range(400):
        one.say(f"zenco {n}", at=minutes(-10 + n / 40))
    batch = await source(one, http, mode="sample").fetch(cursor)
    assert len(batch.events) == 40
    assert not batch.more
    assert 380 < batch.of < 420
    assert batch.requests == 1


# ── what is said to us, by us, and what became of it ─────────────────────────────────────────────────────────────


async def test_mentions_are_what_is_said_to_us_and_a_private_one_is_a_direct_message(them: LoopbackMastodon, http: Client) -> None:
    mention = them.say("hola", visibility="direct", in_reply_to_id=them.id(99))
    for other in ("favourite", "follow", "status", "pleroma:emoji_reaction"):
        them.say(other, **{"as": other})
    batch = await source(them, http, "mentions").fetch(None)
    (message,) = batch.events
    host = them.url.removeprefix("http://")
    assert message == Message(
        id=f"mastodon:{host}/{mention}",
        text="hola",
        posted_at=NOON,
        seen_at=NOON,
        source="mastodon",
        author=f"ana@{host}",
        author_name="Ana",
        author_since=datetime(2020, 3, 1, tzinfo=UTC),
        audience=12,
        direct=True,
        in_reply_to=f"mastodon:{host}/{them.id(99)}",
        url=f"https://social.example/@ana/{mention}",
    )
    assert batch.refused == ()


def test_the_age_of_an_account_of_another_server_is_that_servers_word_and_not_taken() -> None:
    account = {"id": "7", "username": "ana", "acct": "ana@far.example", "created_at": "2009-01-01T00:00:00.000Z"}
    item = {"id": "1", "created_at": "2026-11-21T10:00:00.000Z", "account": account, "content": "hola", "uri": "https://far.example/1"}
    (far,) = read([item], "social.example", "s", NOON).messages
    (near,) = read([item | {"account": account | {"acct": "ana"}}], "social.example", "s", NOON).messages
    assert (far.author_since, near.author_since) == (None, datetime(2009, 1, 1, tzinfo=UTC))


async def test_what_the_brand_says_is_its_own(them: LoopbackMastodon, http: Client) -> None:
    them.say("estamos en ello")
    batches, _ = await drained(source(them, http, "own"), None)
    assert [event.by_brand for event in batches[0].events if isinstance(event, Message)] == [True]
    assert batches[0].requests == 2


async def test_of_what_we_have_only_what_is_gone_or_edited_is_told(them: LoopbackMastodon, http: Client) -> None:
    kept, gone, edited = (them.say(f"zenco {n}") for n in range(3))
    listening = source(them, http)
    batch = await listening.fetch(None)
    known = {event.id.rsplit("/", 1)[1]: event.id for event in batch.events}
    them.gone.add(gone)
    them.posts[2] |= {"content": "<p>it works again</p>", "edited_at": "2026-11-21T12:01:00.000Z"}
    batch = await listening.recheck([*known.values(), "x:1", "mastodon:elsewhere.example/1"])
    assert [(event.id, getattr(event, "text", None)) for event in batch.events] == [(known[edited], "it works again"), (known[gone], None)]
    assert batch.checked == (known[kept], known[gone], known[edited])
    assert batch.requests == len(them.asked) - 1


@pytest.mark.parametrize("fault", [says(404, "<html>not here</html>", "text/html"), says(404, "[]"), says(500), says(200, "<html>")])
async def test_an_answer_of_something_in_front_of_the_server_deletes_nothing(one: LoopbackMastodon, http: Client, fault: Any) -> None:
    id_ = f"mastodon:{one.url.removeprefix('http://')}/{one.say()}"
    one.faults = [fault]
    with pytest.raises(Trouble):
        deleted = [event for event in (await source(one, http).recheck([id_])).events if isinstance(event, Deleted)]
        assert deleted == []
        raise Unreachable("nothing was deleted")


# ── a statement of ours ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_statement_whose_answer_is_lost_is_not_said_again_and_a_person_who_sends_it_again_does_no_harm(
    one: LoopbackMastodon, http: Client
) -> None:
    whole = one._publish

    async def lost(request: web.Request) -> web.Response:
        await whole(request)
        one._publish = whole  # type: ignore[method-assign]
        return web.Response(status=502, text="<html>")

    one._publish = lost  # type: ignore[method-assign]
    with pytest.raises(Unreachable):
        await source(one, http).publish("Sabemos que falla el pago")
    assert len(one.said) == 1
    assert await source(one, http).publish("Sabemos que falla el pago") == "https://social.example/@zenco/1"
    assert len(one.said) == 1
    assert await source(one, http).publish("Ya funciona") == "https://social.example/@zenco/2"


@pytest.mark.parametrize(
    ("text", "faults", "error"),
    [
        ("a" * 501, [], Refused),
        ("a", [says(401, "{}")], Refused),
        ("a", [says(503, "", headers={"Retry-After": "9"})], Throttled),
        ("a", [says(500)], Unreachable),
        ("a", [says(200, "{}")], Unreachable),
    ],
)
async def test_a_statement_that_was_not_said_or_perhaps_said_is_told_apart(
    one: LoopbackMastodon, http: Client, text: str, faults: list[Any], error: type[Trouble]
) -> None:
    one.faults = faults
    with pytest.raises(error):
        await source(one, http).publish(text)


async def test_who_has_no_account_publishes_nothing(one: LoopbackMastodon, http: Client) -> None:
    with pytest.raises(Refused, match="write:statuses"):
        await source(one, http, token=None).publish("hola")
    assert one.asked == []


# ── whose turn it is ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["tag", "mentions", "search", "own"])
@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (503, "<html>hush</html>", Unreachable, "answered 503"),
        (200, "<html>hush</html>", Unreachable, "is not"),
        (200, "[" * 100_000, Unreachable, "is not"),
        (200, '{"error": "hush"}', Unreachable, "is not"),
        (401, '{"error": "hush"}', Refused, r"refused our token \(401\) at 12:00Z.*mastodon-token.*systemctl restart"),
        (404, "hush", Refused, "no such list"),
        (429, "hush", Throttled, "429"),
        (302, "", Unreachable, "302"),
    ],
)
async def test_each_answer_says_whose_turn_it_is(
    one: LoopbackMastodon, http: Client, kind: str, status: int, body: str, error: type[Trouble], words: str
) -> None:
    one.faults = [says(status, body)] * 2
    with pytest.raises(error, match=words) as caught:
        await source(one, http, kind).fetch(None)
    assert all(secret not in str(caught.value) for secret in ("hush", "good-token"))


async def test_where_previews_are_private_it_is_said_what_to_do(one: LoopbackMastodon, http: Client) -> None:
    one.private = True
    with pytest.raises(Refused, match=r"only to those who have an account there \(401\).*scope read.*`token`"):
        await source(one, http, token=None).fetch(None)
    one.say()
    assert len((await source(one, http).fetch(None)).events) == 1


async def test_a_tag_is_read_without_an_account_and_no_token_is_sent(one: LoopbackMastodon, http: Client) -> None:
    one.say()
    assert len((await source(one, http, token=None).fetch(None)).events) == 1
    assert one.asked == [("v1/timelines/tag/zenco", {"any[]": "zencobank", "limit": "40"})]


@pytest.mark.parametrize("reset", ["2026-11-21T12:00:40.000Z", str(int(NOON.timestamp()) + 40)])
async def test_a_server_that_has_had_enough_is_left_alone_in_either_spelling(one: LoopbackMastodon, http: Client, reset: str) -> None:
    one.headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset, "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}
    assert (await source(one, http).fetch(None)).wait == timedelta(seconds=40)


async def test_a_check_says_who_we_are(one: LoopbackMastodon, http: Client) -> None:
    assert await source(one, http).check() == "logged in as zenco"
    assert await source(one, http, token=None).check() == "the tag can be read"


# ── what a page says ─────────────────────────────────────────────────────────────────────────────────────────────


def status(**more: Any) -> dict[str, Any]:
    them = LoopbackMastodon()
    them.say(**more)
    return them.posts[0]


def page(*items: Any) -> Page:
    return read(list(items), "social.example", "s", NOON)


def test_markup_becomes_the_words_a_reader_sees() -> None:
    markup = (
        '<p><span class="h-card"><a href="https://x.example/@zenco">@<span>zenco</span></a></span> no va &amp; urge<br>otra línea</p>'
        '<p><a href="https://x.example/tags/zenco" class="mention hashtag" rel="tag">#<span>zenco</span></a></p><script>alert(1)</script>'
    )
    shown = {"content": markup, "spoiler_text": "Queja", "media_attachments": [{"description": "Error 503"}, {"description": None}]}
    assert page(status() | shown).messages[0].text == "Queja\n@zenco no va & urge\notra línea\n#zenco\nError 503"


def test_an_author_of_another_server_has_its_whole_name_and_a_boost_its_original() -> None:
    other = status() | {"account": {"id": "9", "acct": "luis@otro.example"}, "reblog": status()}
    message = page(other).messages[0]
    assert (message.author, message.repost_of) == ("luis@otro.example", "mastodon:social.example/116000000000000001")


@pytest.mark.parametrize(
    ("broken", "item"),
    [
        ({"content": 5}, "116000000000000001"),
        ({"created_at": "yesterday"}, "116000000000000001"),
        ({"created_at": "2026-11-21T10:00:00"}, "116000000000000001"),
        ({"created_at": None}, "116000000000000001"),
        ({"account": None}, "116000000000000001"),
        ({"id": 5}, "post 2"),
        ({"id": "../../../v1/accounts"}, "post 2"),
        ({"in_reply_to_id": "<!channel>"}, "116000000000000001"),
    ],
)
def test_a_post_that_cannot_be_read_is_refused_and_its_neighbours_are_read(broken: dict[str, Any], item: str) -> None:
    got = page(status(), status() | {"content": "<p>private words</p>"} | broken, status())
    assert len(got.messages) == 2
    assert [each.item for each in got.refused] == [item]
    assert "private words" not in got.refused[0].reason


@pytest.mark.parametrize(
    "link",
    ["", "<", '<https://x/?min_id=>; rel="prev"', '<https://x/?min_id=a%20b>; rel="prev"', '<http://[/?min_id=1>; rel="prev"', "<" * 9000],
)
def test_a_link_that_makes_no_sense_is_not_followed(link: str) -> None:
    assert linked(page(status()), {"link": link}).newest == "116000000000000001"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["1", "2026-11-21T10:00:00Z", "mention", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*mastodon.posts.Status.__struct_fields__, "type", "status", "acct"]), inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None)
@given(anything, anything)
def test_no_page_whatever_is_in_it_does_more_than_be_refused(whole: Any, some: Any) -> None:
    mutated = [
        {**status(), **some} if isinstance(some, dict) else some,
        {**status(), "account": some},
        {"id": "1", "type": "mention", "status": some},
    ]
    for each in (whole, mutated):
        try:
            got = read(json.loads(json.dumps(each)), "social.example", "s", NOON)
        except Unreachable:
            continue
        assert all(message.id.startswith("mastodon:social.example/") and message.posted_at.tzinfo is UTC for message in got.messages)
        assert "".join(message.text + message.author for message in got.messages).encode() is not None


# ── what a person writes ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"tags": ()}, "needs `tags` too"),
        ({"tags": ("a", "b", "c", "d", "e")}, "at most 4"),
        ({"tags": ("#zenco",)}, "pattern"),
        ({"tags": ("a/../b",)}, "pattern"),
        ({"read": "search"}, "needs `query`, `token` too"),
        ({"read": "mentions"}, "needs `token` too"),
        ({"server": "http://mastodon.social"}, "the token is sent there"),
        ({"server": "https://mastodon.social/@ana"}, "pattern"),
        ({"server": "https://user:pass@mastodon.social"}, "pattern"),
    ],
)
def test_what_cannot_work_is_told_before_anything_runs(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        mastodon.Options(**{"server": "https://mastodon.social", "read": "tag", "tags": ("zenco",), **changed})


# ── a server of somebody else's ──────────────────────────────────────────────────────────────────────────────────

MOCK = shutil.which("mastodon_mock", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))


class Mock:
    """mastodon-mock, with its people ada and grace."""

    def __init__(self, port: int) -> None:
        self.url, self.now = f"http://127.0.0.1:{port}", NOON

    async def says(self, http: Client, path: str, token: str = "grace_token", **said: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        reply = await http.post(f"{self.url}{path}", body=json.dumps(said).encode(), headers=headers, allow_private=True)
        assert reply.status == 200, reply.body
        return json.loads(reply.body)

    def source(self, http: Client, kind: str, **more: Any) -> Any:
        options = mastodon.Options(server=self.url, read=kind, token="mastodon-token", allow_private=True, **more)  # type: ignore[arg-type]
        return mastodon.connect("toots", options, base.World(http=http, secret=lambda _: "ada_token", clock=machine))


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    if not MOCK:
        pytest.skip("mastodon-mock is not installed (pip install mastodon-mock==0.6.1)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [MOCK, "serve", "--in-memory", "--host", "127.0.0.1", "--port", str(port), "--demo", "--log-level", "critical"]
    there = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with socket.socket() as line:
                if not line.connect_ex(("127.0.0.1", port)):
                    break
            assert there.poll() is None, "mastodon-mock did not start"
            time.sleep(0.05)
        yield Mock(port)
    finally:
        there.kill()  # it would wait for the request that it was told to leave hanging
        there.wait()


async def test_a_server_of_somebody_elses_is_read_to_the_last_post(http: Client, mock: Mock) -> None:
    tags, mentions = mock.source(http, "tag", tags=("zencobank",)), mock.source(http, "mentions")
    _, cursor = await drained(tags, None)
    _, heard = await drained(mentions, None)
    said = [(await mock.says(http, "/api/v1/statuses", status=f"#zencobank no funciona {n}"))["id"] for n in range(45)]
    mention = await mock.says(http, "/api/v1/statuses", status="@ada ayuda por favor", visibility="direct")
    batches, cursor = await drained(tags, cursor)
    assert set(ids(*batches)) >= set(said)
    (message,) = (event for batch in (await drained(mentions, heard))[0] for event in batch.events if isinstance(event, Message))
    assert (message.id.rsplit("/", 1)[1], message.direct, message.text) == (mention["id"], True, "@ada ayuda por favor")
    assert await tags.check() == "logged in as ada"


async def test_a_server_of_somebody_elses_is_searched_and_told_and_asked_what_is_gone(http: Client, mock: Mock) -> None:
    own = mock.source(http, "own")
    _, cursor = await drained(own, None)
    url = await own.publish("Sabemos que falla el pago zencopay")
    assert await own.publish("Sabemos que falla el pago zencopay") == url  # a lost answer may be asked for again
    ours = [event for batch in (await drained(own, cursor))[0] for event in batch.events if isinstance(event, Message)]
    (message,) = (each for each in ours if each.text == "Sabemos que falla el pago zencopay")
    assert message.by_brand
    found, _ = await drained(mock.source(http, "search", query="zencopay"), None)
    assert set(ids(*found)) == {message.id.rsplit("/", 1)[1]}
    assert (await own.recheck([message.id])).events == ()
    async with http._session.delete(  # type: ignore[union-attr]
        f"{mock.url}/api/v1/statuses/{message.id.rsplit('/', 1)[1]}", headers={"Authorization": "Bearer ada_token"}
    ) as answer:
        assert answer.status == 200
    assert [type(event) for event in (await own.recheck([message.id])).events] == [Deleted]


@pytest.mark.parametrize(
    ("effect", "error"),
    [
        ({"type": "ratelimit"}, Throttled),
        ({"type": "status", "status": 503}, Unreachable),
        ({"type": "status", "status": 401}, Refused),
        ({"type": "malformed"}, Unreachable),
        ({"type": "timeout", "delay_ms": 3000}, Unreachable),
        ({"type": "latency", "delay_ms": 50}, None),
    ],
)
async def test_a_server_of_somebody_elses_in_trouble_is_told_by_whose_turn_it_is(
    mock: Mock, effect: dict[str, Any], error: type[Trouble] | None
) -> None:
    async with Client(deadline=timedelta(seconds=0.5)) as http:
        listening = mock.source(http, "tag", tags=("zencobank",))
        _, cursor = await drained(listening, None)
        await mock.says(http, "/api/v1/_mock/faults", match={"path": "/api/v1/timelines/tag/zencobank"}, effect=effect, count=1)
        if error:
            with pytest.raises(error, match=r"^(toots: |127.0.0.1: )"):
                await listening.fetch(cursor)
        await asyncio.sleep(0)
        assert (await listening.fetch(cursor)).source == "toots"
