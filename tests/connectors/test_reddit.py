"""Reddit: nothing lost and nothing twice however a list is cut off, and what people take back there goes here too."""

from __future__ import annotations

import json
import random
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
from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Batch, Deleted, Message
from connectors import base, reddit
from connectors.reddit.page import became, plain, read
from tests.connectors.draining import looked_through as drained
from tests.connectors.loopback_reddit import LoopbackReddit, comment, post
from tests.connectors.loopback_web import NOON

APP: dict[str, Any] = {"account": "example-care", "client_id": "AbCdEfGhIjKlMn", "client_secret": "reddit-secret"}
SUBREDDITS = ("ExampleBank", "personalfinance")


@pytest_asyncio.fixture
async def them() -> AsyncIterator[LoopbackReddit]:
    async with LoopbackReddit().running() as running:
        yield running


def source(them: LoopbackReddit, http: base.Http, *, secret: str = "hush-hush", **options: Any) -> reddit.Reddit:
    asked = {"subreddits": SUBREDDITS} | options
    made = reddit.Options(**APP, **asked, base_url=them.url, login_url=them.url)
    here = base.World(http=http, secret={"reddit-secret": secret}.__getitem__, clock=lambda: them.now)
    found = reddit.connect("reddit-banks", made, here)
    assert isinstance(found, reddit.Reddit)
    return found


def ids(*batches: Batch) -> list[str]:
    return [event.id for batch in batches for event in batch.events if isinstance(event, Message)]


def burst(count: int, *, ending: datetime = NOON, first: int = 1) -> list[dict[str, Any]]:
    """So many posts and as many comments, one of each a second."""
    times = [ending - timedelta(seconds=second) for second in range(count)]
    return [make(first + number, at) for number, at in enumerate(times) for make in (post, comment)]


def names(them: LoopbackReddit) -> list[str]:
    return sorted(f"reddit:{thing['data']['name']}" for thing in them.things)


# ── nothing lost, nothing twice ──────────────────────────────────────────────────────────────────────────────────


async def test_the_first_look_brings_the_last_quarter_of_an_hour_and_no_history(them: LoopbackReddit, http: Client) -> None:
    them.things = [post(1, NOON - timedelta(minutes=2)), comment(2, NOON - timedelta(minutes=1)), post(3, NOON - timedelta(hours=3))]
    (batch,), _ = await drained(source(them, http))
    assert sorted(ids(batch)) == ["reddit:t1_c2", "reddit:t3_p1"]
    assert batch.requests == 3  # a token, and a page of each list
    assert {request.path for request in them.asked} == {"/r/ExampleBank+personalfinance/new", "/r/ExampleBank+personalfinance/comments"}


async def test_a_post_and_a_comment_say_who_where_and_to_whom(them: LoopbackReddit, http: Client) -> None:
    them.things = [post(1, NOON, "**No** funciona &amp; punto"), comment(2, NOON, on="t1_c9")]
    (batch,), _ = await drained(source(them, http))
    assert batch.events == (
        Message(
            id="reddit:t3_p1",
            text="Caída 1\nNo funciona & punto",
            posted_at=NOON,
            seen_at=NOON,
            source="reddit",
            author="ana",
            conversation="reddit:t3_p1",
            url="https://www.reddit.com/r/ExampleBank/comments/p1/caida/",
        ),
        Message(
            id="reddit:t1_c2",
            text="a mí tampoco me deja",
            posted_at=NOON,
            seen_at=NOON,
            source="reddit",
            author="luis",
            conversation="reddit:t3_p1",
            in_reply_to="reddit:t1_c9",
        ),
    )


async def test_a_burst_cut_off_at_every_page_loses_nothing_and_doubles_nothing(them: LoopbackReddit, http: Client) -> None:
    them.things = burst(700)
    before = [post(9001, NOON - timedelta(hours=1)), comment(9002, NOON - timedelta(hours=1))]
    expected, them.things = names(them), them.things + before
    stored: list[str] = []
    cursor, more = None, True
    while more:
        lost = await source(them, http).fetch(cursor)  # fetched, and the process dies before it is stored
        batch = await source(them, http).fetch(cursor)  # a new process resumes from what is stored
        assert ids(batch) == ids(lost)
        stored, cursor, more = stored + ids(batch), batch.cursor, batch.more
    assert sorted(stored) == expected
    assert batch.gaps == ()


async def test_posts_that_arrive_during_a_sweep_come_with_the_next(them: LoopbackReddit, http: Client) -> None:
    them.things = burst(400)
    late = iter(range(1000, 2000))
    them.before_each = lambda: them.things.append(post(next(late), them.now))
    first, cursor = await drained(source(them, http))
    them.before_each = lambda: None
    second, _ = await drained(source(them, http), cursor)
    assert set(ids(*first, *second)) == set(names(them))


async def test_two_quiet_looks_bring_nothing_new_and_lose_nothing_between(them: LoopbackReddit, http: Client) -> None:
    _, cursor = await drained(source(them, http))
    them.now += timedelta(minutes=30)
    them.things = [post(1, NOON + timedelta(minutes=4))]
    batches, _ = await drained(source(them, http), cursor)
    assert ids(*batches) == ["reddit:t3_p1"]


async def test_what_a_list_no_longer_reaches_is_told_as_a_gap(them: LoopbackReddit, http: Client) -> None:
    _, cursor = await drained(source(them, http))
    them.now = NOON + timedelta(hours=1)
    them.things = burst(1500, ending=them.now)  # in 25 minutes, and Reddit shows 1,000
    batches, _ = await drained(source(them, http), cursor)
    assert len(set(ids(*batches))) == 2000
    gaps = [gap for batch in batches for gap in batch.gaps]
    assert [(gap.from_, gap.to) for gap in gaps] == [(NOON - timedelta(minutes=5), them.now - timedelta(seconds=999))] * 2
    assert "1,000" in gaps[0].why.en and "1.000" in gaps[0].why.es


async def test_a_young_subreddit_whose_list_ends_early_has_no_gap(them: LoopbackReddit, http: Client) -> None:
    them.things = burst(150)
    batches, _ = await drained(source(them, http))
    assert [gap for batch in batches for gap in batch.gaps] == []


async def test_history_goes_back_as_far_as_it_is_asked_to(them: LoopbackReddit, http: Client) -> None:
    them.things = [post(number, NOON - timedelta(hours=number)) for number in range(1, 600)]
    listening, found, cursor, more = source(them, http), list[str](), None, True
    while more:
        batch = await listening.history(NOON - timedelta(days=10), cursor)
        found, cursor, more = found + ids(batch), batch.cursor, batch.more
    assert sorted(found) == sorted(f"reddit:t3_p{number}" for number in range(1, 241))


@pytest.mark.parametrize("seed", range(4))
async def test_any_mixture_of_cuts_faults_and_new_posts_ends_with_each_post_heard(them: LoopbackReddit, http: Client, seed: int) -> None:
    chance = random.Random(seed)
    them.things = burst(250)
    bad = [lambda _, status=status: web.Response(status=status, text="<html>") for status in (500, 503, 429, 200, 401)]
    store: set[str] = set()
    cursor, number = None, 5000
    for _ in range(40):
        if chance.random() < 0.3:
            them.faults.append(chance.choice(bad))
        them.things += [post(number := number + 1, them.now) for _ in range(chance.randrange(5))]
        them.now += timedelta(seconds=20)
        try:
            batch = await source(them, http).fetch(cursor)
        except Trouble:
            continue
        if chance.random() < 0.7:  # otherwise killed before the commit
            store |= set(ids(batch))
            cursor = batch.cursor
    them.faults.clear()
    batches, _ = await drained(source(them, http), cursor)
    batches += (await drained(source(them, http), batches[-1].cursor))[0]
    assert store | set(ids(*batches)) == set(names(them))


# ── searching ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("subreddits", "path"), [((), "/search"), (("ExampleBank",), "/r/ExampleBank/search")])
async def test_a_search_reads_matching_posts_newest_first(
    them: LoopbackReddit, http: Client, subreddits: tuple[str, ...], path: str
) -> None:
    them.things = [post(1, NOON, title="Bizum ha fallado"), post(2, NOON, title="vacaciones"), comment(3, NOON)]
    (batch,), _ = await drained(source(them, http, search="bizum", subreddits=subreddits))
    assert ids(batch) == ["reddit:t3_p1"]
    (request,) = them.asked
    assert (request.path, request.query["sort"], request.query.get("restrict_sr")) == (path, "new", "true" if subreddits else None)


# ── taken back, edited ───────────────────────────────────────────────────────────────────────────────────────────


async def test_asking_again_tells_what_was_deleted_removed_edited_and_orphaned(them: LoopbackReddit, http: Client) -> None:
    them.things = [
        post(1, NOON),
        post(2, NOON, "[deleted]", author="[deleted]"),
        post(3, NOON, "", removed_by_category="moderator"),
        comment(4, NOON, "[removed]", author="[deleted]"),
        comment(5, NOON, "ya funciona, gracias", edited=NOON.timestamp()),
        comment(6, NOON, "sigo sin poder entrar", author="[deleted]"),
    ]
    asked = [f"reddit:{thing['data']['name']}" for thing in them.things] + ["reddit:t1_never"]
    batch = await source(them, http).recheck([*asked, "x:1"])
    assert {event.id for event in batch.events if isinstance(event, Deleted)} == {
        "reddit:t3_p2",
        "reddit:t3_p3",
        "reddit:t1_c4",
        "reddit:t1_never",
    }
    said = {event.id: (event.text, event.author) for event in batch.events if isinstance(event, Message)}
    assert said == {"reddit:t1_c5": ("ya funciona, gracias", "luis"), "reddit:t1_c6": ("sigo sin poder entrar", "")}
    assert batch.checked == tuple(asked)
    assert batch.requests == 2


async def test_a_hundred_are_asked_again_in_one_request(them: LoopbackReddit, http: Client) -> None:
    them.things = burst(60)
    batch = await source(them, http).recheck(names(them))
    assert len(batch.checked) == 100 == reddit.Reddit.at_once
    assert batch.events == ()
    assert len(them.asked) == 1


# ── let in, or not ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_is_used_until_it_ends_and_then_another_is_asked_for(them: LoopbackReddit, http: Client) -> None:
    listening = source(them, http)
    _, cursor = await drained(listening)
    _, cursor = await drained(listening, cursor)
    assert them.given == 1
    them.now += timedelta(minutes=59, seconds=45)
    _, cursor = await drained(listening, cursor)
    assert them.given == 2
    them.tokens.clear()  # Reddit forgot it
    (batch,), _ = await drained(listening, cursor)
    assert them.given == 3
    assert batch.requests == 4


async def test_a_wrong_secret_is_told_with_what_to_do_and_without_the_secret(them: LoopbackReddit, http: Client) -> None:
    with pytest.raises(Refused, match=r"^reddit-banks: Reddit does not let our app log in \(401\)\. Check `client_id`") as told:
        await source(them, http, secret="not-the-secret").fetch(None)
    assert "not-the-secret" not in str(told.value)


async def test_a_credential_with_two_lines_never_gets_into_a_header(them: LoopbackReddit, http: Client) -> None:
    with pytest.raises(Refused, match="holds no key"):
        await source(them, http, secret="hush\r\nX-Evil: 1").fetch(None)
    assert them.given == 0


@pytest.mark.parametrize(("subreddit", "why"), [("nobody", "knows no such subreddit"), ("closed", "does not let us read this")])
async def test_a_subreddit_that_is_not_there_or_closed_is_no_silence(them: LoopbackReddit, http: Client, subreddit: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        await source(them, http, subreddits=(subreddit,)).fetch(None)


async def test_reddit_says_wait_and_we_wait(them: LoopbackReddit, http: Client) -> None:
    them.faults = [lambda _: web.Response(status=429, headers={"x-ratelimit-reset": "42", "x-ratelimit-remaining": "0"})]
    with pytest.raises(Throttled) as told:
        await source(them, http).fetch(None)
    assert told.value.wait == timedelta(seconds=42)
    them.left = 0.0
    (batch,), _ = await drained(source(them, http))
    assert batch.wait == timedelta(seconds=240)


@pytest.mark.parametrize("body", ["<html>down</html>", "{}", "[]", '{"data": {"children": {}}}', '{"data": {"after": 5}}', "[" * 100_000])
async def test_an_answer_that_is_no_list_moves_nothing_on(them: LoopbackReddit, http: Client, body: str) -> None:
    them.faults = [lambda _: web.Response(text=body)]
    with pytest.raises(Unreachable, match="did not answer with a list"):
        await source(them, http).fetch(None)


async def test_whoever_checks_hears_how_old_the_newest_post_is(them: LoopbackReddit, http: Client) -> None:
    assert await source(them, http).check() == "nothing was said yet"
    them.things = [post(1, NOON - timedelta(minutes=20))]
    assert await source(them, http).check() == "the newest is of 21 Nov 11:40Z"


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("**Urgente**: no va [la app](https://example.com/a) ~~hoy~~", "Urgente: no va la app hoy"),
        ("> mi banco se ha caído\n\nel mío no", "el mío no"),
        ("> solo una cita", "> solo una cita"),
        ("&gt;!el saldo!&lt; &amp; 5\\*3", "el saldo & 5*3"),
        ("# Aviso\n\n* uno\n* dos_tres\n\n&#x200B;", "Aviso\nuno\ndos_tres"),
        ("I &lt;3 you `code`", "I <3 you code"),
    ],
)
def test_markdown_becomes_its_own_words(markdown: str, words: str) -> None:
    assert plain(markdown) == words


def test_one_bad_post_is_refused_by_its_id_and_the_rest_is_read() -> None:
    bad = [post(1, NOON, created_utc="soon"), post(2, NOON, created_utc=1e300), {"kind": "t3", "data": None}, post(3, NOON)]
    bad.append(post(4, NOON, "half \ud800 a pair"))
    batch = read(bad, "reddit-banks", NOON)
    assert ids(batch) == ["reddit:t3_p4", "reddit:t3_p3"]
    assert [refusal.item for refusal in batch.refused] == ["t3_p1", "t3_p2", "item 3"]
    assert not any("app" in refusal.reason for refusal in batch.refused)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(post(1, NOON)["data"])) | st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANYTHING), st.lists(st.tuples(st.sampled_from(sorted(post(1, NOON)["data"])), ANYTHING), max_size=4))
def test_nothing_a_stranger_writes_makes_a_page_unreadable(others: list[Any], changes: list[tuple[str, Any]]) -> None:
    spoilt = comment(7, NOON, **dict(changes))
    batch = read([*others, spoilt, post(1, NOON)], "here", NOON)
    assert "reddit:t3_p1" in ids(batch)
    became([*others, spoilt], ["reddit:t1_c7"], "here", NOON)
    json.dumps([event.text for event in batch.events if isinstance(event, Message)]).encode()


# ── what is asked for ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subreddits": ("r/ExampleBank",)},
        {"search": "bizum", "base_url": "https://evil.example.com"},
        {"search": "bizum", "login_url": "http://reddit.example.com"},
        {"search": "bizum", "client_secret": "Sh0uld-not-be-here"},
    ],
)
def test_a_source_that_reads_nothing_or_sends_its_secret_elsewhere_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        reddit.Options(**(APP | options))


def test_a_month_is_estimated_from_how_often_it_is_asked() -> None:
    both = reddit.estimate(reddit.Options(**APP, subreddits=SUBREDDITS), timedelta(minutes=2), 1000)
    one = reddit.estimate(reddit.Options(**APP, search="bizum"), timedelta(minutes=2), 1000)
    assert (both.requests, one.requests, both.money) == (2 * 21_600 + 300 + 720, 21_600 + 300 + 720, 0.0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # asyncprawcore 4.0 logs in as aiohttp 4 will not let it
async def test_asyncpraw_reads_the_same_posts_from_this_server(them: LoopbackReddit, http: Client) -> None:
    """The server stands for Reddit only as far as Reddit's own clients take it for Reddit."""
    asyncpraw = pytest.importorskip("asyncpraw", reason="asyncpraw is not installed: it only bears witness here")
    them.things = burst(250)
    them.now = datetime.now(tz=NOON.tzinfo)
    client = asyncpraw.Reddit(
        client_id=APP["client_id"],
        client_secret="hush-hush",
        user_agent="linux:witness:v1 (by /u/example-care)",
        reddit_url=them.url,
        oauth_url=them.url,
        check_for_updates=False,
    )
    try:
        subreddit = await client.subreddit("+".join(SUBREDDITS))
        theirs = [f"reddit:{each.fullname}" async for each in subreddit.new(limit=None)]
        theirs += [f"reddit:{each.fullname}" async for each in subreddit.comments(limit=None)]
    finally:
        await client.close()
    found, cursor, more = list[str](), None, True
    while more:
        batch = await source(them, http).history(NOON - timedelta(days=1), cursor)
        found, cursor, more = found + ids(batch), batch.cursor, batch.more
    assert sorted(found) == sorted(theirs)
