"""Reddit on loopback: real sockets, newest first, a thousand deep. Strict where Reddit is: who asks must say who they are, a token ends,
an address it does not know is a 404, a subreddit it does not know a redirect. Shapes as in the recordings asyncpraw 8.0.3 tests itself with.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.connectors.loopback_web import NOON, serving

KNOWN = {"limit", "after", "before", "count", "raw_json", "q", "sort", "t", "type", "restrict_sr", "id", "show", "syntax"}


def post(number: int, at: datetime, text: str = "no puedo entrar en la app", **more: Any) -> dict[str, Any]:
    """A post, as t3."""
    id_ = f"p{number}"
    data = {"id": id_, "name": f"t3_{id_}", "title": f"Caída {number}", "selftext": text, "author": "ana", "created_utc": at.timestamp()}
    data |= {"edited": False, "subreddit": "ExampleBank", "permalink": f"/r/ExampleBank/comments/{id_}/caida/", "removed_by_category": None}
    return {"kind": "t3", "data": {**data, "score": 1, "is_self": True, **more}}


def comment(number: int, at: datetime, body: str = "a mí tampoco me deja", *, on: str = "t3_p1", **more: Any) -> dict[str, Any]:
    """A comment, as t1."""
    id_ = f"c{number}"
    data = {"id": id_, "name": f"t1_{id_}", "body": body, "author": "luis", "created_utc": at.timestamp(), "edited": False}
    return {"kind": "t1", "data": {**data, "parent_id": on, "link_id": "t3_p1", "subreddit": "ExampleBank", "replies": "", **more}}


class LoopbackReddit:
    def __init__(self) -> None:
        self.now = NOON
        self.things: list[dict[str, Any]] = []
        self.reach = 1000
        self.secret = "hush-hush"
        self.tokens: dict[str, datetime] = {}
        self.given = 0
        self.left = 99.0
        self.asked: list[web.Request] = []
        self.faults: list[Callable[[web.Request], web.Response | None]] = []  # one is taken by each request but a log-in
        self.before_each: Callable[[], None] = lambda: None
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LoopbackReddit]:
        async with serving(self._answer) as server:
            self.url = server.url
            yield self

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not re.fullmatch(r"\w+:[\w.-]+:v\S+ \(by /u/[\w-]+\).*", request.headers.get("User-Agent", "")):
            return web.json_response({"message": "Too Many Requests", "error": 429}, status=429)
        if request.path == "/api/v1/access_token":
            return await self._log_in(request)
        self.asked.append(request)
        if self.faults and (answer := self.faults.pop(0)(request)):
            return answer
        if self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer ").removeprefix("bearer "), self.now) <= self.now:
            headers = {"WWW-Authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            return web.Response(status=401, text="<!doctype html><title>reddit.com</title>", content_type="text/html", headers=headers)
        if unknown := request.query.keys() - KNOWN:
            return web.json_response({"message": f"Bad Request: {unknown}", "error": 400}, status=400)
        self.before_each()
        headers = {"x-ratelimit-used": "1", "x-ratelimit-remaining": str(self.left), "x-ratelimit-reset": "240"}
        return self._list(request, headers)

    async def _log_in(self, request: web.Request) -> web.Response:
        form = await request.post()
        told = request.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64decode(told).decode() != f"AbCdEfGhIjKlMn:{self.secret}" or form.get("grant_type") != "client_credentials":
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        self.given += 1
        self.tokens[f"token-{self.given}"] = self.now + timedelta(hours=1)
        return web.json_response({"access_token": f"token-{self.given}", "token_type": "bearer", "expires_in": 3600, "scope": "*"})

    def _list(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        asked, path = request.query, request.path.rstrip("/")
        newest = sorted(self.things, key=lambda thing: -thing["data"]["created_utc"])
        match path.rpartition("/")[2]:
            case "info":
                ids = asked["id"].split(",")
                assert len(ids) <= 100
                found = [thing for thing in newest if thing["data"]["name"] in ids]
                whole = {"children": found, "after": None, "dist": len(found)}  # all of them, whatever the limit
                return web.json_response({"kind": "Listing", "data": whole}, headers=headers)
            case "new" | "search" as which:
                if "/r/nobody" in path:
                    raise web.HTTPFound("/subreddits/search?q=nobody")
                if "/r/closed" in path:
                    return web.json_response({"reason": "private", "message": "Forbidden", "error": 403}, status=403, headers=headers)
                wanted = asked.get("q", "").lower() if which == "search" else ""
                found = [thing for thing in newest if thing["kind"] == "t3" and wanted in thing["data"]["title"].lower()]
                found = [thing for thing in found if not thing["data"].get("removed_by_category")]
            case "comments":
                found = [thing for thing in newest if thing["kind"] == "t1"]
            case _:
                return web.json_response({"kind": "Listing", "data": {"children": [], "after": None}}, headers=headers)
        found, limit = found[: self.reach], min(int(asked.get("limit", "25")), 100)
        names = [thing["data"]["name"] for thing in found]
        start = names.index(asked["after"]) + 1 if asked.get("after") in names else 0
        page = found[start : start + limit]
        after = page[-1]["data"]["name"] if page and start + limit < len(found) else None
        return web.json_response({"kind": "Listing", "data": {"children": page, "after": after, "dist": len(page)}}, headers=headers)
