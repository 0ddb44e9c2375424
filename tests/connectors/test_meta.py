"""What is said on our page, on our Instagram account and to both of them, is heard from Meta alone, and looked for where Meta did not tell."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Deleted, Message
from connectors import base, meta
from connectors.meta import hooks
from connectors.meta.graph import Graph
from tests.connectors.draining import drained, ids
from tests.connectors.loopback_web import NOON, Loopback, Nobody, serving, world
from tests.connectors.mangling import body, mangled

SECRET, OLD, OTHER, WORD = "5f" * 16, "0d" * 16, "ee" * 16, "a-verify-token-of-ours"
PAGE, INSTAGRAM, TOKEN = "101234567890", "17841400000000001", "EAAhush"
SENT = int(NOON.timestamp()) - 60


def app(**options: Any) -> meta.Meta:
    secrets: Any = {"app_secret": SECRET + "\n", "old_secret": OLD, "verify": WORD}
    made = meta.connect("meta", meta.Options(secret="app-secret", verify="verify", **options), world(**secrets))
    assert isinstance(made, meta.Meta)
    return made


def signed(said: bytes, key: str = SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(key.encode(), said, hashlib.sha256).hexdigest()}


def delivery(*items: dict[str, Any], of: str = "page", key: str = "changes", account: str = "", time: int = SENT) -> dict[str, Any]:
    account = account or (PAGE if of == "page" else INSTAGRAM)
    return {"object": of, "entry": [{"id": account, "time": time, key: list(items)}]}


def received(said: dict[str, Any]) -> Batch:
    raw = body(said)
    return app().receive(signed(raw), raw, NOON)


def comment(verb: str = "add", message: str | None = "No puedo pagar con el móvil", speaker: str = "7001", **more: Any) -> dict[str, Any]:
    value = {
        "item": "comment",
        "verb": verb,
        "from": {"id": speaker, "name": "Ana Ruiz"},
        "post_id": f"{PAGE}_55",
        "parent_id": f"{PAGE}_55",
        "comment_id": "55_900",
        "created_time": SENT - 30,
        "message": message,
        "post": {"permalink_url": "https://www.facebook.com/zenco/posts/55", "status_type": "added_photos"},
        **more,
    }
    return {"field": "feed", "value": {key: each for key, each in value.items() if each is not None}}


def direct(sender: str, recipient: str, **what: Any) -> dict[str, Any]:
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": SENT * 1000 + 250, **what}


# ── told by Meta ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_signature_is_metas() -> None:
    # printf '%s' '{}' | openssl dgst -sha256 -hmac 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f
    assert meta.signature(SECRET.encode(), b"{}") == "sha256=d4af953e9ad94b681a39c063ff2825da5af9566b821a24ef735b9ef69532f9ed"


def test_a_comment_on_our_page_is_a_message_that_answers_our_post() -> None:
    assert received(delivery(comment())).events == (
        Message(
            id="facebook:55_900",
            text="No puedo pagar con el móvil",
            posted_at=datetime.fromtimestamp(SENT - 30, UTC),
            seen_at=NOON,
            source="facebook",
            author="7001",
            author_name="Ana Ruiz",
            in_reply_to=f"facebook:{PAGE}_55",
            conversation=f"facebook:{PAGE}_55",
            url="https://www.facebook.com/zenco/posts/55",
        ),
    )


def test_what_the_page_itself_says_is_the_brands_own() -> None:
    ours = comment(speaker=PAGE, comment_id="55_901", parent_id="55_900")
    post = {
        "field": "feed",
        "value": {"item": "status", "verb": "add", "from": {"id": PAGE}, "post_id": f"{PAGE}_56", "message": "Estamos en ello"},
    }
    said = [event for event in received(delivery(ours, post)).events if isinstance(event, Message)]
    assert [(event.id, event.by_brand, event.in_reply_to) for event in said] == [
        ("facebook:55_901", True, "facebook:55_900"),
        (f"facebook:{PAGE}_56", True, ""),
    ]


def test_an_edit_comes_again_and_a_removal_is_a_deletion() -> None:
    edited, removed = comment("edited", "Ya puedo"), comment("remove", None)
    batch = received(delivery(edited, removed))
    assert [type(event) for event in batch.events] == [Message, Deleted]
    assert [event.id for event in batch.events] == ["facebook:55_900"] * 2
    unsent = direct("8001", INSTAGRAM, message={"mid": "m1", "is_deleted": True})
    assert received(delivery(unsent, of="instagram", key="messaging")).events == (Deleted(id="instagram:m1", at=NOON),)


def test_an_instagram_comment_answers_a_post_or_another_comment() -> None:
    value = {
        "id": "900",
        "text": "La app no va",
        "from": {"id": "8001", "username": "luis.p"},
        "media": {"id": "44", "media_product_type": "FEED"},
    }
    first, second = ({"field": "comments", "value": value}, {"field": "live_comments", "value": {**value, "id": "901", "parent_id": "900"}})
    said = [event for event in received(delivery(first, second, of="instagram")).events if isinstance(event, Message)]
    assert [(event.id, event.author, event.in_reply_to, event.conversation, event.source) for event in said] == [
        ("instagram:900", "luis.p", "instagram:44", "instagram:44", "instagram"),
        ("instagram:901", "luis.p", "instagram:900", "instagram:44", "instagram"),
    ]
    assert said[0].posted_at == datetime.fromtimestamp(SENT, UTC)


@pytest.mark.parametrize(("of", "account", "network"), [("page", PAGE, "facebook"), ("instagram", INSTAGRAM, "instagram")])
@pytest.mark.parametrize("key", ["messaging", "standby"])
def test_a_direct_message_and_our_answer_are_one_conversation(of: str, account: str, network: str, key: str) -> None:
    asked = direct("8001", account, message={"mid": "m_1", "text": "¿Me ayudáis?"})
    answered = direct(account, "8001", message={"mid": "m_2", "text": "Claro", "is_echo": True, "app_id": 1, "reply_to": {"mid": "m_1"}})
    edited = direct("8001", account, message_edit={"mid": "m_1", "text": "¿Me ayudáis, por favor?", "num_edit": 1})
    said = [
        event
        for event in received(delivery(asked, answered, edited, of=of, key=key, time=SENT * 1000)).events
        if isinstance(event, Message)
    ]
    assert [(event.id, event.text, event.by_brand, event.in_reply_to) for event in said] == [
        (f"{network}:m_1", "¿Me ayudáis?", False, ""),
        (f"{network}:m_2", "Claro", True, f"{network}:m_1"),
        (f"{network}:m_1", "¿Me ayudáis, por favor?", False, ""),
    ]
    assert {(event.conversation, event.direct, event.posted_at) for event in said} == {
        (f"{network}:8001", True, datetime.fromtimestamp(SENT + 0.25, UTC))
    }


SILENT = [
    comment(item="reaction", reaction_type="angry"),
    comment(item="like"),
    comment("hide"),
    comment(message=None, photo="https://scontent.example/a.jpg"),
    {"field": "conversations", "value": {"thread_id": "t"}},
    direct("8001", PAGE, read={"watermark": SENT}),
    direct("8001", PAGE, reaction={"mid": "m_1", "action": "react", "emoji": "x"}),
    direct("8001", PAGE, message={"mid": "m_1", "attachments": [{"type": "image"}]}),
    direct("8001", PAGE, message_edit={"mid": "m_1", "num_edit": 0}),
]


@pytest.mark.parametrize("item", SILENT)
def test_what_has_no_words_says_nothing_and_is_no_trouble(item: dict[str, Any]) -> None:
    batch = received(delivery(item, key="changes" if "field" in item else "messaging"))
    assert (batch.events, batch.refused) == ((), ())


def test_a_mention_without_its_words_is_told_to_whoever_looks_after_it() -> None:
    batch = received(delivery({"field": "mentions", "value": {"media_id": "44", "comment_id": "902"}}, of="instagram"))
    assert [(refusal.item, "without its words" in refusal.reason) for refusal in batch.refused] == [("902", True)]


def test_a_thousand_at_once_are_a_thousand_and_one_bad_one_is_refused_alone() -> None:
    many = [comment(comment_id=f"55_{n}") for n in range(1000)]
    many[500] = comment(comment_id="55_500", created_time="hush")
    batch = received(
        {"object": "page", "entry": [{"id": PAGE, "time": SENT, "changes": many[n : n + 100]} for n in range(0, 1000, 100)] + [7]}
    )
    assert len(set(ids([batch]))) == 999
    assert [refusal.item for refusal in batch.refused] == ["55_500", "entry 11"]
    assert "hush" not in str(batch.refused)


def test_the_same_delivery_twice_brings_the_same_ids() -> None:
    assert received(delivery(comment())) == received(delivery(comment()))


def test_while_the_secret_is_changed_both_are_good_and_then_one() -> None:
    said = body(delivery(comment()))
    both, one = app(old_secret="old-secret"), app()
    for key in (SECRET, OLD):
        assert both.receive(signed(said, key), said, NOON).events
    for source, key in ((one, OLD), (one, OTHER), (both, OTHER), (both, "")):
        with pytest.raises(Refused, match="was not signed"):
            source.receive(signed(said, key), said, NOON)


STRANGE = [
    "",
    "sha256=",
    "sha256=" + "0" * 64,
    "sha256=" + "g" * 64,
    "sha256=" + "é" * 64,
    "sha1=" + "0" * 40,
    "\ud800",
    "sha256=" + "0" * 65,
]


@pytest.mark.parametrize("given_", STRANGE)
def test_a_request_that_meta_did_not_sign_is_refused_whatever_it_says(given_: str) -> None:
    said = body(delivery(comment(message="hush")))
    for headers in ({"x-hub-signature-256": given_}, {}, {"x-hub-signature": signed(said)["x-hub-signature-256"]}):
        with pytest.raises(Refused) as raised:
            app().receive(headers, said, NOON)
        assert "hush" not in str(raised.value)
    for changed in (said + b" ", said[:-1]):
        with pytest.raises(Refused):
            app().receive(signed(said), changed, NOON)


@pytest.mark.parametrize(
    "said", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"object": "user", "entry": []}', b'{"object": "page", "entry": {}}']
)
def test_what_meta_signed_and_is_not_about_us_is_refused(said: bytes) -> None:
    with pytest.raises(Refused, match="not about a page"):
        app().receive(signed(said), said, NOON)


def test_more_than_a_megabyte_is_not_even_looked_at() -> None:
    said = b" " * 1_000_001
    with pytest.raises(Refused):
        app().receive(signed(said), said, NOON)


EVERYTHING = {
    "object": "page",
    "entry": [
        {"id": PAGE, "time": SENT, "changes": [comment(), comment("remove"), {"field": "comments", "value": {"id": "1", "text": "x", "media": {"id": "2"}}}]},
        {"id": PAGE, "time": SENT, "messaging": [direct("1", PAGE, message={"mid": "m", "text": "x", "reply_to": {"mid": "n"}})], "standby": []},
    ],
}  # fmt: skip


@given(st.integers(0, 10**9))
@settings(max_examples=400)
def test_whatever_meta_signs_it_is_messages_or_refused(seed: int) -> None:
    try:
        batch = hooks.read(body(mangled(EVERYTHING, seed)), "meta", NOON)
    except Refused:
        return
    for event in batch.events:
        assert isinstance(event, Deleted) or (isinstance(event, Message) and event.posted_at <= NOON and event.text)
    msgspec.json.encode(batch)


# ── is this address yours? ───────────────────────────────────────────────────────────────────────────────────────


def test_meta_gets_its_challenge_back_if_it_knows_the_word() -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": WORD}
    assert app().greet(asked) == "1158201444"
    for wrong in ({"hub.verify_token": WORD + "x"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}, {"hub.verify_token": "\ud800"}):
        assert app().greet({**asked, **wrong}) is None
    assert app().greet({}) is None
    assert isinstance(app(), base.Greets)


@pytest.mark.parametrize("short", ["app_secret", "verify"])
def test_a_secret_that_can_be_guessed_is_not_accepted(short: str) -> None:
    secrets: Any = {"app_secret": SECRET, "verify": WORD, short: "brief"}
    with pytest.raises(Refused, match=f"credential {short.replace('_', '-')} is shorter than 16"):
        meta.connect("meta", meta.Options(secret="app-secret", verify="verify"), world(**secrets))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"secret": "a"}, "needs `verify`"),
        ({"read": "comments", "token": "a"}, "needs `account`"),
        ({"secret": "a", "verify": "b", "token": "c"}, "`token` is for read: comments"),
        ({"read": "comments", "account": 1, "token": "a", "secret": "b"}, "`secret` is for read: webhook"),
        ({"read": "comments", "account": 1, "token": "a", "base_url": "https://evil.example"}, "must be https://graph"),
    ],
)
def test_a_source_that_is_half_one_and_half_the_other_is_told_what_it_lacks(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        meta.Options(**options)


# ── looked for where Meta did not tell ───────────────────────────────────────────────────────────────────────────


class Facebook:
    """The Graph API of one page: `posts` newest first, each with its comments newest first; a mark dies with the comment it stands at."""

    def __init__(self, **posts: int) -> None:
        self.posts = {f"{PAGE}_{name[1:]}": [self.comment(name, n) for n in range(count)] for name, count in posts.items()}
        self.asked = 0

    @staticmethod
    def comment(post: str, number: int, at: datetime | None = None) -> dict[str, Any]:
        at = at or NOON - timedelta(minutes=number)
        return {
            "id": f"{post[1:]}_{number}",
            "message": f"Sigo sin app {number}",
            "created_time": f"{at:%Y-%m-%dT%H:%M:%S}+0000",
            "from": {"id": "7001"},
        }

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": {"code": 190, "type": "OAuthException", "message": "hush"}}, status=400)
        assert "access_token" not in request.query
        parts = request.path.strip("/").split("/")
        if parts == [PAGE]:
            return web.json_response({"id": PAGE})
        if parts == [PAGE, "feed"]:
            assert "comments.order(reverse_chronological).filter(stream).limit(50){" in request.query["fields"]
            posted = f"{NOON - timedelta(days=1):%Y-%m-%dT%H:%M:%S}+0000"
            posts = [
                {"id": post, "message": "Novedades", "created_time": posted, "from": {"id": PAGE}, "comments": self._page(post, 0, 50)}
                for post in self.posts
            ]
            return web.json_response({"data": posts[:25], "paging": {"cursors": {"after": "x"}, "next": "https://graph.facebook.com/hush"}})
        assert parts[1:] == ["comments"]
        assert (request.query["order"], request.query["filter"]) == ("reverse_chronological", "stream")
        known = [each["id"] for each in self.posts[parts[0]]]
        if request.query["after"] not in known:
            return web.json_response({"error": {"code": 100, "message": "hush"}}, status=400)
        return web.json_response(self._page(parts[0], known.index(request.query["after"]) + 1, int(request.query["limit"])))

    def _page(self, post: str, start: int, most: int) -> dict[str, Any]:
        shown = self.posts[post][start : start + most]
        page: dict[str, Any] = {"data": shown}
        if shown:
            page["paging"] = {"cursors": {"before": shown[0]["id"], "after": shown[-1]["id"]}}
        if start + most < len(self.posts[post]):
            page["paging"]["next"] = "https://graph.facebook.com/next?access_token=hush"
        return page


def graph(them: Loopback, http: Client, now: datetime = NOON, token: str = TOKEN, **options: Any) -> Graph:
    settings_ = {"account": int(PAGE), **options}
    made = meta.connect(
        "page", meta.Options(read="comments", token="page-token", base_url=them.url, **settings_), world(http, now=now, page_token=token)
    )
    assert isinstance(made, Graph)
    return made


def place(since: datetime) -> str:
    return json.dumps({"since": since}, default=datetime.isoformat)


async def test_one_request_shows_what_is_new_under_the_latest_posts(http: Client) -> None:
    async with serving(Facebook(p1=10, p2=40).answer) as them:
        batch = await graph(them, http).fetch(place(NOON - timedelta(minutes=4)))
        assert len(them.asked) == 1
    assert ids([batch]) == [f"facebook:{post}_{n}" for post in (1, 2) for n in range(10)]
    first = batch.events[0]
    assert isinstance(first, Message)
    assert (first.in_reply_to, first.conversation, first.author, first.by_brand) == (
        f"facebook:{PAGE}_1",
        f"facebook:{PAGE}_1",
        "7001",
        False,
    )


async def test_a_burst_is_read_under_every_post_page_by_page_each_once(http: Client) -> None:
    theirs = Facebook(p1=180, p2=3, p3=120)
    async with serving(theirs.answer) as them:
        batches = await drained(lambda: graph(them, http), place(NOON - timedelta(hours=4)))
    assert sorted(ids(batches)) == sorted(f"facebook:{post}_{n}" for post, count in ((1, 180), (2, 3), (3, 120)) for n in range(count))
    assert theirs.asked == len(batches) == 1 + 3 + 2


async def test_killed_at_any_page_boundary_nothing_is_lost(http: Client) -> None:
    async with serving(Facebook(p1=180, p3=120).answer) as them:
        whole = await drained(lambda: graph(them, http), place(NOON - timedelta(hours=4)))
        for cut, batch in enumerate(whole[:-1]):
            again = await drained(lambda: graph(them, http), batch.cursor)
            assert ids(whole[: cut + 1] + again) == ids(whole)


async def test_comments_that_come_in_the_middle_are_read_by_the_next_sweep(http: Client) -> None:
    theirs = Facebook(p1=120)
    async with serving(theirs.answer) as them:
        first = await graph(them, http).fetch(place(NOON - timedelta(hours=3)))
        theirs.posts[f"{PAGE}_1"][:0] = [Facebook.comment("p1", 900 + n, NOON + timedelta(seconds=9 - n)) for n in range(5)]
        rest = await drained(lambda: graph(them, http), first.cursor)
        later = await drained(lambda: graph(them, http, NOON + timedelta(minutes=10)), rest[-1].cursor)
    assert ids([first, *rest]) == [f"facebook:1_{n}" for n in range(120)]
    assert set(ids(later)) >= {f"facebook:1_{900 + n}" for n in range(5)}


async def test_a_mark_that_died_with_its_comment_costs_a_sweep_from_the_top_and_no_comment(http: Client) -> None:
    theirs = Facebook(p1=120)
    async with serving(theirs.answer) as them:
        first = await graph(them, http).fetch(place(NOON - timedelta(hours=3)))
        del theirs.posts[f"{PAGE}_1"][49]
        lost = await graph(them, http).fetch(first.cursor)
        assert (lost.events, lost.more) == ((), False)
        again = await drained(lambda: graph(them, http), lost.cursor)
    assert set(ids([first, *again])) == {f"facebook:1_{n}" for n in range(120)}


async def test_ids_are_those_that_the_webhook_gives(http: Client) -> None:
    async with serving(Facebook(p55=1).answer) as them:
        polled = await graph(them, http).fetch(place(NOON - timedelta(hours=3)))
    told = received(delivery(comment(comment_id="55_0")))
    assert ids([polled]) == ids([told])


async def test_on_instagram_answers_under_a_comment_are_read_and_our_own_are_ours(http: Client) -> None:
    at = f"{NOON - timedelta(minutes=2):%Y-%m-%dT%H:%M:%S}+0000"
    reply = {
        "id": "901",
        "text": "Lo miramos",
        "timestamp": at,
        "username": "zenco",
        "from": {"id": INSTAGRAM, "username": "zenco"},
        "parent_id": "900",
    }
    said = {
        "id": "900",
        "text": "No va",
        "timestamp": at,
        "username": "luis.p",
        "from": {"id": "8001", "username": "luis.p"},
        "replies": {"data": [reply]},
    }
    post = {
        "id": "44",
        "caption": "Hola",
        "timestamp": at,
        "username": "zenco",
        "permalink": "https://www.instagram.com/p/x/",
        "comments": {"data": [said]},
    }
    async with serving(body({"data": [post, {"id": "45", "timestamp": at}]})) as them:
        batch = await graph(them, http, network="instagram", account=int(INSTAGRAM)).fetch(None)
        assert them.asked[0].path == f"/{INSTAGRAM}/media"
    assert [(event.id, event.by_brand, event.in_reply_to) for event in batch.events if isinstance(event, Message)] == [
        ("instagram:44", True, ""),
        ("instagram:900", False, "instagram:44"),
        ("instagram:901", True, "instagram:900"),
    ]


def failing(status: int, code: int) -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"error": {"code": code, "message": "hush", "fbtrace_id": "x"}}, status=status)

    return answer


async def html_503(request: web.Request) -> web.Response:
    return web.Response(status=503, text="<html>hush</html>", content_type="text/html")


@pytest.mark.parametrize(
    ("answer", "trouble", "says"),
    [
        (failing(400, 190), Refused, "refuses the page's token"),
        (failing(401, 0), Refused, "refuses the page's token"),
        (failing(403, 10), Refused, "docs/channels/meta.md"),
        (failing(400, 200), Refused, "docs/channels/meta.md"),
        (failing(400, 100), Refused, "Correct `account`"),
        (failing(400, 32), Throttled, "code 32"),
        (failing(403, 4), Throttled, "code 4"),
        (failing(400, 80001), Throttled, "code 80001"),
        (failing(500, 1), Unreachable, "answered 500"),
        (html_503, Unreachable, "answered 503"),
        (b"<html>hush</html>", Unreachable, "did not answer with a list"),
        (b'{"data": {}}', Unreachable, "did not answer with a list"),
    ],
)
async def test_trouble_is_told_by_whose_turn_it_is(http: Client, answer: Any, trouble: type[Exception], says: str) -> None:
    async with serving(answer) as them:
        for cursor in (None, json.dumps({"since": NOON.isoformat(), "page": json.dumps([["1_2", "mark"]])})):
            if cursor and "Correct" in says:
                continue  # there it is the mark that Meta does not know
            with pytest.raises(trouble, match=says) as raised:
                await graph(them, http).fetch(cursor)
            assert "hush" not in str(raised.value)


async def test_a_page_without_posts_is_no_trouble_and_the_doctor_says_so(http: Client) -> None:
    async with serving(Facebook().answer) as them:
        batch = await graph(them, http).fetch(None)
        assert (batch.events, batch.refused, batch.more) == ((), (), False)
        assert await graph(them, http).check() == f"the facebook account {PAGE} can be read"
        with pytest.raises(Refused, match="refuses the page's token"):
            await graph(them, http, token="EAAwrong").check()


async def test_near_the_limit_we_stay_away_for_a_while(http: Client) -> None:
    async def busy(request: web.Request) -> web.Response:
        said = {PAGE: [{"type": "pages", "call_count": 97, "total_cputime": 3, "total_time": 3, "estimated_time_to_regain_access": 0}]}
        return web.json_response({"data": []}, headers={"x-business-use-case-usage": json.dumps(said), "x-app-usage": '{"call_count":28}'})

    async with serving(busy) as them:
        assert (await graph(them, http).fetch(None)).wait == timedelta(minutes=15)


async def test_no_address_holds_the_token(http: Client) -> None:
    async with serving(Facebook(p1=120).answer) as them:
        batches = await drained(lambda: graph(them, http), place(NOON - timedelta(hours=3)))
        assert len(them.asked) > 1
        assert all(TOKEN not in str(request.url) for request in them.asked)
        assert all(
            "hush" not in str(request.url) and not parse_qs(urlsplit(str(request.url)).query).get("access_token") for request in them.asked
        )
    assert "hush" not in repr(batches)


FEED = {
    "data": [
        {"id": "1_2", "message": "a", "created_time": "2026-11-21T11:00:00+0000", "from": {"id": PAGE}, "comments": {"data": [Facebook.comment("p2", 1)]}},
        {"id": "1_3", "message": "a", "created_time": "2026-11-21T11:00:00+0000", "replies": {"data": [Facebook.comment("p3", 1)], "paging": {"next": "x"}}},
    ],
    "paging": {"cursors": {"after": "x"}},
}  # fmt: skip


@given(st.integers(0, 10**9))
@settings(max_examples=200)
async def test_whatever_the_graph_answers_it_is_messages_refusals_or_no_list(seed: int) -> None:
    class Answers(Nobody):  # two hundred pages are too many for sockets
        async def get(self, url: str, **_: object) -> base.Reply:
            return base.Reply(status=200, headers={}, body=body(mangled(FEED, seed)), url=url, took_ms=1.0)

    http: Any = Answers()
    made = meta.connect("page", meta.Options(read="comments", token="page-token", account=int(PAGE)), world(http, page_token=TOKEN))
    assert isinstance(made, Graph)
    for cursor in (place(NOON - timedelta(days=9)), json.dumps({"since": NOON.isoformat(), "page": json.dumps([["1_2", "mark"]])})):
        try:
            batch = await made.fetch(cursor)
        except Unreachable:
            continue
        assert all(isinstance(event, Message) and event.posted_at <= NOON and event.text for event in batch.events)
        msgspec.json.encode(batch)
