"""X's API on loopback: real sockets, newest first, and every way it can be in trouble. Times come from ids, as X's do.

It is strict where X is: a token it never gave, a page token with another question, a parameter it does not know, a start_time older than
a week, a signature that is not right are refused; mentions end after 800, and looking up an old version shows the old version.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.test_utils import TestServer
from oauthlib.oauth1.rfc5849 import signature  # type: ignore[import-untyped]  # comes with tweepy

from carebot.effects.network.http import Client
from carebot.model import Batch
from connectors import base, x

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EPOCH_MS = 1288834974657
BRAND, BRAND_ID = "zenco", "42"
KEYS = ("api-key", "api-secret", "access-token", "access-secret")
SHOWN = {"tweet.fields", "expansions", "user.fields"}
LISTED = SHOWN | {"max_results", "since_id", "until_id", "start_time", "end_time"}
KNOWN = {  # by path: what may be asked
    "search": LISTED | {"query", "next_token"},
    "mentions": LISTED | {"pagination_token"},
    "tweets": LISTED | {"pagination_token", "exclude"},
    "counts": {"query", "granularity", "start_time", "end_time", "since_id", "until_id"},
    "lookup": SHOWN | {"ids"},
    "user": SHOWN,
}
REACH = {"mentions": 800, "tweets": 3200}
Fault = Callable[[web.Request], web.Response | None]


def id_at(at: datetime, number: int = 0) -> str:
    return str((int(at.timestamp() * 1000) - EPOCH_MS << 22) + number)


def said_at(id_: str) -> datetime:
    return datetime.fromtimestamp(((int(id_) >> 22) + EPOCH_MS) / 1000, UTC)


def post(at: datetime, text: str = "@zenco the app is down", *, number: int = 0, author: str = "7", **more: Any) -> dict[str, Any]:
    id_ = id_at(at, number)
    stamp = f"{said_at(id_):%Y-%m-%dT%H:%M:%S}.000Z"
    return {"id": id_, "text": text, "created_at": stamp, "author_id": author, "edit_history_tweet_ids": [id_], **more}


def posts(count: int, *, start: datetime = NOON - timedelta(minutes=10)) -> list[dict[str, Any]]:
    return [post(start + timedelta(milliseconds=20 * n), f"@zenco post {n}", number=n) for n in range(count)]


class LoopbackX:
    def __init__(self) -> None:
        self.now = NOON
        self.posts: list[dict[str, Any]] = []
        self.listed_at: dict[str, datetime] = {}  # of posts that X lists late
        self.gone: dict[str, str] = {}  # id → the problem X has with it
        self.page_size = 100
        self.token = "good-token"
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.methods: list[str] = []
        self.faults: list[Fault] = []  # one is taken by each request
        self.before_each: Callable[[], None] = lambda: None
        self.errors: list[dict[str, Any]] = []
        self.empty_pages = 0  # the first pages of each sweep say nothing, and that there is more
        self.left: int | None = None  # requests in this quarter of an hour
        self.new_names = False
        self.shows_latest = False  # a look-up of an old version shows the newest
        self.url = ""
        self.http: Client
        self._pages: dict[str, tuple[tuple[str | None, ...], int, int]] = {}

    @asynccontextmanager
    async def running(self, **limits: Any) -> AsyncIterator[LoopbackX]:
        app = web.Application(client_max_size=10_000)
        for path, answer in {
            "/2/tweets/search/recent": self._search,
            "/2/tweets/counts/recent": self._counts,
            "/2/users/{id:[0-9]{1,19}}/{what:mentions|tweets}": self._timeline,
            "/2/users/by/username/{name}": self._user,
            "/2/users/me": self._me,
            "/2/tweets": self._lookup,
        }.items():
            app.router.add_get(path, self._asked(answer))
        app.router.add_post("/2/tweets", self._asked(self._create))
        app.on_response_prepare.append(self._dated)
        async with TestServer(app, host="127.0.0.1") as server, Client(**limits) as self.http:
            self.url = str(server.make_url("")).rstrip("/")
            yield self

    def forget_tokens(self) -> None:
        self._pages.clear()

    def edit(self, old: dict[str, Any], text: str, at: datetime) -> dict[str, Any]:
        """A new version: a post of its own, and every version knows all the others."""
        new = post(at, text, author=old["author_id"])
        history = [*old["edit_history_tweet_ids"], new["id"]]
        self.posts.append(new)
        for each in self.posts:
            if each["id"] in history:
                each["edit_history_tweet_ids"] = history
        return new

    async def _dated(self, _: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["Date"] = format_datetime(self.now, usegmt=True)

    def _asked(self, answer: Callable[[web.Request, dict[str, str]], Any]) -> Callable[[web.Request], Any]:
        async def answered(request: web.Request) -> web.StreamResponse:
            asked = dict(request.query)
            self.asked.append(asked)
            self.paths.append(request.path)
            self.methods.append(request.method)
            if self.faults and (fault := self.faults.pop(0)(request)):
                return fault
            signed = request.headers.get("Authorization", "")
            own = request.method == "POST" or request.path == "/2/users/me"
            if not (self._signed(request) if own else signed == f"Bearer {self.token}"):
                return web.json_response({"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}, status=401)
            if self.left == 0:
                return web.json_response({"title": "Too Many Requests", "type": "about:blank"}, status=429, headers=self._limits())
            self.left = self.left and self.left - 1
            self.before_each()
            said: web.StreamResponse = await answer(request, asked)
            said.headers.update(self._limits())
            return said

        return answered

    def _limits(self) -> dict[str, str]:
        if self.left is None:
            return {}
        reset = int(self.now.timestamp()) + 600
        return {"x-rate-limit-limit": "450", "x-rate-limit-remaining": str(self.left), "x-rate-limit-reset": str(reset)}

    def _signed(self, request: web.Request) -> bool:
        """Whether the four keys signed exactly this, within five minutes (RFC 5849)."""
        header = request.headers.get("Authorization", "")
        given: dict[str, str] = dict(re.findall(r'(\w+)="([^"]*)"', header))
        if given.get("oauth_consumer_key") != KEYS[0] or given.get("oauth_token") != KEYS[2]:
            return False
        if abs(int(given.get("oauth_timestamp", "0")) - self.now.timestamp()) > 300:
            return False
        told = signature.collect_parameters(request.query_string, headers={"Authorization": header}, exclude_oauth_signature=True)
        signed = SimpleNamespace(
            uri=str(request.url), http_method=request.method, params=told, signature=unquote(given.get("oauth_signature", ""))
        )
        return bool(signature.verify_hmac_sha1(signed, KEYS[1], KEYS[3]))

    def _wrong(self, what: str, asked: dict[str, str], page_by: str = "next_token") -> str:
        """The first parameter X would not take, or nothing."""
        week = self.now - timedelta(days=7) if what in ("search", "counts") else datetime(2010, 11, 6, tzinfo=UTC)
        if unknown := asked.keys() - KNOWN[what]:
            return min(unknown)
        if what in ("search", "counts") and not 1 <= len(asked.get("query", "")) <= 512:
            return "query"
        if what != "counts" and not (10 if what == "search" else 5) <= int(asked.get("max_results", "10")) <= 100:
            return "max_results"
        if what == "counts" and asked.get("granularity", "hour") not in ("minute", "hour", "day"):
            return "granularity"
        if page_by in asked and self._pages.get(asked[page_by], ((),))[0] != question(what, asked):
            return page_by
        if "since_id" in asked and said_at(asked["since_id"]) < week:
            return "since_id"
        end = datetime.fromisoformat(asked["end_time"]) if "end_time" in asked else self.now
        if end > self.now:
            return "end_time"
        if "start_time" in asked and not week <= datetime.fromisoformat(asked["start_time"]) < end:
            return "start_time"
        return ""

    def _found(self, query: str) -> list[dict[str, Any]]:
        """What is listed by now and matches, newest first; of an edited post its last version."""
        terms = [term.partition(":") for term in query.split(" OR ")]
        threads = {value for key, _, value in terms if key == "conversation_id"}
        here = [p for p in self.posts if p["id"] == p["edit_history_tweet_ids"][-1] and p["id"] not in self.gone]
        here = [p for p in here if self.listed_at.get(p["id"], said_at(p["id"])) <= self.now]
        if threads:
            here = [p for p in here if p.get("conversation_id") in threads]
        elif query == f"from:{BRAND}":
            here = [p for p in here if p["author_id"] == BRAND_ID]
        return sorted(here, key=lambda p: -int(p["id"]))

    async def _search(self, request: web.Request, asked: dict[str, str]) -> web.StreamResponse:
        if wrong := self._wrong("search", asked):
            return refusal(wrong, asked.get(wrong, ""))
        return web.json_response(self._page("search", asked, self._found(asked["query"]), "next_token"))

    async def _timeline(self, request: web.Request, asked: dict[str, str]) -> web.StreamResponse:
        what, whose = request.match_info["what"], request.match_info["id"]
        if wrong := self._wrong(what, asked, "pagination_token"):
            return refusal(wrong, asked.get(wrong, ""))
        if whose != BRAND_ID:
            return web.json_response({"errors": [not_found(whose, "user")]})
        own = [p for p in self._found("") if (f"@{BRAND}" in p["text"] if what == "mentions" else p["author_id"] == BRAND_ID)]
        return web.json_response(self._page(what, asked, own[: REACH[what]], "pagination_token"))

    async def _user(self, request: web.Request, asked: dict[str, str]) -> web.StreamResponse:
        name = request.match_info["name"]
        if name != BRAND:
            return web.json_response({"errors": [not_found(name, "user")]})
        return web.json_response({"data": {"id": BRAND_ID, "username": BRAND, "name": "Zenco"}})

    async def _me(self, request: web.Request, asked: dict[str, str]) -> web.StreamResponse:
        return web.json_response({"data": {"id": BRAND_ID, "username": BRAND, "name": "Zenco"}})

    async def _counts(self, request: web.Request, asked: dict[str, str]) -> web.StreamResponse:
        if wrong := self._wrong("counts", asked):
            return refusal(wrong, asked.get(wrong, ""))
        step = timedelta(**{asked.get("granularity", "hour") + "s": 1})
        start = datetime.fromisoformat(asked["start_time"]) if "start_time" in asked else self.now - timedelta(days=7)
        end = datetime.fromisoformat(asked["end_time"]) if "end_time" in asked else self.now - timedelta(seconds=30)
        times = [said_at(p["id"]) for p in self._found(asked["query"])]
        spans, at, name = [], start, "post_count" if self.new_names else "tweet_count"
        while at < end:
            grid = datetime.fromtimestamp(at.timestamp() // step.total_seconds() * step.total_seconds(), UTC) + step
            until = min(grid, end)
            count = sum(at <= each < until for each in times)
            spans.append({"start": stamp(at), "end": stamp(until), name: count})
            at = until
        return web.json_response({"data": spans, "meta": {f"total_{name}": sum(each[name] for each in spans)}})

    async def _lookup(self, request: web.Request, asked: dict[str, str]) -> web.StreamResponse:
        ids = asked.get("ids", "").split(",")
        if unknown := asked.keys() - KNOWN["lookup"]:
            return refusal(min(unknown), "")
        if not 1 <= len(ids) <= 100 or not all(re.fullmatch(r"[0-9]{1,19}", id_) for id_ in ids):
            return refusal("ids", asked.get("ids", ""))
        here = {p["id"]: p for p in self.posts}
        chains = {id_: here[id_]["edit_history_tweet_ids"] for id_ in ids if id_ in here}
        lost = [id_ for id_ in ids if id_ not in chains or any(each in self.gone for each in chains[id_])]
        shown = [here[chains[id_][-1] if self.shows_latest else id_] for id_ in ids if id_ not in lost]
        found: dict[str, Any] = {"data": shown, "includes": {"users": users(shown)}} if shown else {}
        why = {id_: next((self.gone[each] for each in chains.get(id_, ()) if each in self.gone), "resource-not-found") for id_ in lost}
        errors = [not_found(id_, "tweet", why[id_]) for id_ in lost] + self.errors
        return web.json_response(found | ({"errors": errors} if errors else {}))

    async def _create(self, request: web.Request, asked: dict[str, str]) -> web.StreamResponse:
        said = await request.json()
        if set(said) != {"text"} or not 1 <= len(said["text"]) <= 280 or request.content_type != "application/json":
            return web.json_response({"title": "Invalid Request", "detail": "text is not valid", "status": 400}, status=400)
        if any(p["text"] == said["text"] and p["author_id"] == BRAND_ID for p in self.posts):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return web.json_response({"detail": detail, "type": "about:blank", "title": "Forbidden", "status": 403}, status=403)
        self.posts.append(post(self.now, said["text"], author=BRAND_ID))
        return web.json_response({"data": {"id": self.posts[-1]["id"], "text": said["text"]}}, status=201)

    def _page(self, what: str, asked: dict[str, str], found: list[dict[str, Any]], page_by: str) -> dict[str, Any]:
        _, below, pages = self._pages.get(asked.get(page_by, ""), ((), int(asked.get("until_id", 1 << 63)), 0))
        above = int(asked.get("since_id", 0))
        since = datetime.fromisoformat(asked["start_time"]) if "start_time" in asked else datetime.min.replace(tzinfo=UTC)
        left = [p for p in found if above < int(p["id"]) < below and said_at(p["id"]) >= since]
        page = [] if pages < self.empty_pages else left[: min(self.page_size, int(asked["max_results"]))]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if len(left) > len(page):
            meta["next_token"] = f"page{len(self.asked)}"
            self._pages[meta["next_token"]] = (question(what, asked), int(page[-1]["id"]) if page else below, pages + 1)
        shown: dict[str, Any] = {"meta": meta}
        if page:
            shown |= {"data": page, "includes": {"users": users(page)}}
        return shown | ({"errors": self.errors} if self.errors else {})


def question(what: str, asked: dict[str, str]) -> tuple[str | None, ...]:
    """What a page token belongs to."""
    return (what, *(asked.get(name) for name in ("query", "start_time", "until_id")))


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def users(page: list[dict[str, Any]]) -> list[dict[str, str]]:
    authors = sorted({p.get("author_id", "7") for p in page})
    return [{"id": each, "username": BRAND if each == BRAND_ID else f"user{each}", "name": f"User {each}"} for each in authors]


def not_found(id_: str, what: str, problem: str = "resource-not-found") -> dict[str, Any]:
    """One of the errors of a 200."""
    title = "Not Found Error" if problem == "resource-not-found" else "Authorization Error"
    kind = f"https://api.twitter.com/2/problems/{problem}"
    told = f"Could not find {what} with ids: [{id_}]."
    return {"value": id_, "detail": told, "title": title, "resource_type": what, "parameter": "ids", "resource_id": id_, "type": kind}


def refusal(parameter: str, value: str) -> web.Response:
    """A 400 as X words it."""
    error = {"parameters": {parameter: [value]}, "message": f"'{parameter}' is not one we take"}
    kind = "https://api.twitter.com/2/problems/invalid-request"
    return web.json_response(
        {"errors": [error], "title": "Invalid Request", "detail": "One or more parameters is invalid.", "type": kind}, status=400
    )


def says(status: int, body: str = "", kind: str = "application/json", headers: dict[str, str] | None = None) -> Fault:
    return lambda _: web.Response(status=status, text=body, content_type=kind, headers=headers)


# ── who asks ─────────────────────────────────────────────────────────────────────────────────────────────────────

QUERY = "@zenco -is:retweet"


def source(
    them: LoopbackX,
    *,
    token: str = "good-token",
    keys: str = "\n".join(KEYS),
    now: datetime | None = None,
    allowance: base.Allowance | None = None,
    **options: Any,
) -> x.X:
    secrets = {"x-bearer": token, "x-account": keys}
    left = allowance or base.Allowance()
    world = base.World(http=them.http, secret=secrets.__getitem__, clock=lambda: now or them.now, allowance=lambda: left)
    written = {"token": "x-bearer", "base_url": them.url, **options}
    if not {"account", "posts", "query"} & options.keys():
        written["query"] = QUERY
    made = x.connect("x-mentions", x.Options.model_validate(written), world)
    assert isinstance(made, x.X)
    return made


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
