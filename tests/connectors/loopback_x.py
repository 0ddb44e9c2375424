"""X's recent search on loopback: real sockets, newest first, and every way it can be in trouble. Times come from ids, as X's do.

It is strict where X is: a token it never gave, a query that changed between pages, a since_id older than a week are all 400.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EPOCH_MS = 1288834974657
KNOWN = {"query", "max_results", "next_token", "since_id", "until_id", "start_time", "tweet.fields", "expansions", "user.fields"}
Fault = Callable[[web.Request], web.Response | None]


def id_at(at: datetime, number: int = 0) -> str:
    return str((int(at.timestamp() * 1000) - EPOCH_MS << 22) + number)


def said_at(id_: str) -> datetime:
    return datetime.fromtimestamp(((int(id_) >> 22) + EPOCH_MS) / 1000, UTC)


def post(at: datetime, text: str = "the app is down", *, number: int = 0, author: str = "7", **more: Any) -> dict[str, Any]:
    id_ = id_at(at, number)
    stamp = f"{said_at(id_):%Y-%m-%dT%H:%M:%S}.000Z"
    return {"id": id_, "text": text, "created_at": stamp, "author_id": author, "edit_history_tweet_ids": [id_], **more}


class LoopbackX:
    def __init__(self) -> None:
        self.now = NOON
        self.posts: list[dict[str, Any]] = []
        self.page_size = 100
        self.token = "good-token"
        self.asked: list[dict[str, str]] = []
        self.faults: list[Fault] = []  # one is taken by each request
        self.before_each: Callable[[], None] = lambda: None
        self.errors: list[dict[str, Any]] = []
        self.empty_pages = 0  # the first pages of each sweep say nothing, and that there is more
        self.url = ""
        self._pages: dict[str, tuple[str, int, int]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LoopbackX]:
        app = web.Application()
        app.router.add_get("/2/tweets/search/recent", self._search)
        app.on_response_prepare.append(self._dated)
        async with TestServer(app, host="127.0.0.1") as server:
            self.url = str(server.make_url("")).rstrip("/")
            yield self

    def forget_tokens(self) -> None:
        self._pages.clear()

    async def _dated(self, _: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["Date"] = format_datetime(self.now, usegmt=True)

    async def _search(self, request: web.Request) -> web.StreamResponse:
        asked = dict(request.query)
        self.asked.append(asked)
        if self.faults and (answer := self.faults.pop(0)(request)):
            return answer
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}, status=401)
        if wrong := self._wrong(asked):
            return refusal(wrong, asked.get(wrong, ""))
        self.before_each()
        return web.json_response(self._page(asked))

    def _wrong(self, asked: dict[str, str]) -> str:
        """The first parameter X would not take, or nothing."""
        week = self.now - timedelta(days=7)
        if unknown := asked.keys() - KNOWN:
            return min(unknown)
        if not 1 <= len(asked.get("query", "")) <= 512:
            return "query"
        if not 10 <= int(asked.get("max_results", "10")) <= 100:
            return "max_results"
        if "next_token" in asked and self._pages.get(asked["next_token"], ("",))[0] != asked["query"]:
            return "next_token"
        if "since_id" in asked and said_at(asked["since_id"]) < week:
            return "since_id"
        if "start_time" in asked and datetime.fromisoformat(asked["start_time"]) < week:
            return "start_time"
        return ""

    def _page(self, asked: dict[str, str]) -> dict[str, Any]:
        _, below, pages = self._pages.get(asked.get("next_token", ""), ("", int(asked.get("until_id", 1 << 63)), 0))
        above = int(asked.get("since_id", 0))
        since = datetime.fromisoformat(asked["start_time"]) if "start_time" in asked else datetime.min.replace(tzinfo=UTC)
        left = sorted((p for p in self.posts if above < int(p["id"]) < below and said_at(p["id"]) >= since), key=lambda p: -int(p["id"]))
        page = [] if pages < self.empty_pages else left[: min(self.page_size, int(asked["max_results"]))]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if len(left) > len(page):
            meta["next_token"] = f"page{len(self.asked)}"
            self._pages[meta["next_token"]] = (asked["query"], int(page[-1]["id"]) if page else below, pages + 1)
        found: dict[str, Any] = {"meta": meta}
        if page:
            found["data"] = page
            authors = {p.get("author_id", "7") for p in page}
            found["includes"] = {"users": [{"id": each, "username": f"user{each}", "name": f"User {each}"} for each in sorted(authors)]}
        return found | ({"errors": self.errors} if self.errors else {})


def refusal(parameter: str, value: str) -> web.Response:
    """A 400 as X words it."""
    error = {"parameters": {parameter: [value]}, "message": f"'{parameter}' is not one we take"}
    kind = "https://api.twitter.com/2/problems/invalid-request"
    return web.json_response(
        {"errors": [error], "title": "Invalid Request", "detail": "One or more parameters is invalid.", "type": kind}, status=400
    )


def says(status: int, body: str = "", kind: str = "application/json", headers: dict[str, str] | None = None) -> Fault:
    return lambda _: web.Response(status=status, text=body, content_type=kind, headers=headers)
