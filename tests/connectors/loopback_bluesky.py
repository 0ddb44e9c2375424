"""Bluesky on loopback: an account's server, the public one and Jetstream in both dialects, on real sockets.

It is strict where Bluesky is: unknown parameters, marks and tokens are 400, a search without an account is 403, a wrong password counts as a
login, and the 31st login in five minutes is 429 without Retry-After. A search's mark is a number of posts to skip, as the real one's is.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
POST = "app.bsky.feed.post"
Fault = Callable[[web.Request], web.Response | None]
LISTS = {
    "app.bsky.feed.searchPosts": {"q", "sort", "since", "limit", "cursor"},
    "app.bsky.notification.listNotifications": {"reasons", "priority", "limit", "cursor"},
    "app.bsky.feed.getAuthorFeed": {"actor", "filter", "limit", "cursor"},
}


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def micros(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def uri(key: str, did: str = "did:plc:ana") -> str:
    return f"at://{did}/{POST}/{key}"


def post(key: str, at: datetime, text: str = "la app de zenco no funciona", *, did: str = "did:plc:ana", **more: Any) -> dict[str, Any]:
    """A post as lists show it. `more`: fields of the record."""
    name = did.removeprefix("did:plc:")
    author = {"did": did, "handle": f"{name}.bsky.social", "displayName": name.title()}
    record = {"$type": POST, "text": text, "createdAt": iso(at), "langs": ["en"], **more}
    return {"uri": uri(key, did), "cid": "bafy", "author": author, "record": record, "indexedAt": iso(at), "likeCount": 0}


class LoopbackBluesky:
    def __init__(self) -> None:
        self.now = NOON
        self.posts: list[dict[str, Any]] = []  # in any order; notifications have a `reason`
        self.profiles: dict[str, dict[str, Any]] = {}
        self.password = "s3same-s3same"
        self.logins: list[tuple[str, datetime]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.faults: list[Fault] = []  # one is taken by each request
        self.before_each: Callable[[], None] = lambda: None
        self.page_size = 100
        self.records: list[dict[str, Any]] = []
        self.url = ""
        self._tokens = 0
        self._access, self._refresh = set[str](), set[str]()
        # Jetstream
        self.happened: list[dict[str, Any]] = []  # in the order they are sent
        self.lookback = timedelta(hours=36)
        self.hang_up_after: int | None = None
        self.last_words: dict[str, Any] | None = None
        self.opened: list[dict[str, str]] = []
        self.floor_us = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LoopbackBluesky]:
        app = web.Application()
        app.router.add_get("/subscribe", self._subscribe)
        app.router.add_get("/xrpc/network.bsky.jetstream.subscribeEvents", self._subscribe_events)
        app.router.add_route("*", "/xrpc/{method}", self._xrpc)
        async with TestServer(app, host="127.0.0.1") as server:
            self.url = str(server.make_url("")).rstrip("/")
            yield self

    def end_session(self) -> None:
        """The access token runs out; the other one still holds."""
        self._access.clear()

    def forget_session(self) -> None:
        self._access.clear()
        self._refresh.clear()

    # ── XRPC ──

    async def _xrpc(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.asked.append((method, dict(request.query)))
        if self.faults and (answer := self.faults.pop(0)(request)):
            return answer
        match method:
            case "com.atproto.server.createSession":
                return self._login(await request.json())
            case "com.atproto.server.refreshSession":
                if (given := request.headers.get("Authorization", "")) not in self._refresh:
                    return problem(400, "ExpiredToken")
                self._refresh.remove(given)
                return self._session()
            case "app.bsky.feed.getPosts":
                wanted = request.query.getall("uris")
                return problem(400, "InvalidRequest") if len(wanted) > 25 else web.json_response({"posts": self._those("uri", wanted)})
            case "app.bsky.actor.getProfiles":
                wanted = request.query.getall("actors")
                there = [each for key, each in self.profiles.items() if key in wanted or each["handle"].lower() in wanted]
                return problem(400, "InvalidRequest") if len(wanted) > 25 else web.json_response({"profiles": there})
        if not (given := request.headers.get("Authorization", "")):
            return problem(403, "Forbidden") if "search" in method else problem(401, "AuthMissing")
        if given not in self._access:
            return problem(400, "ExpiredToken")
        match method:
            case "com.atproto.server.getSession":
                return web.json_response({"did": "did:plc:zenco", "handle": "zenco.bsky.social"})
            case "com.atproto.repo.createRecord":
                self.records.append(await request.json())
                return web.json_response({"uri": uri("3new", "did:plc:zenco"), "cid": "bafy"})
        if method not in LISTS or request.query.keys() - LISTS[method]:
            return problem(501 if method not in LISTS else 400, "InvalidRequest")
        self.before_each()
        return self._list(method, request)

    def _login(self, said: dict[str, str]) -> web.Response:
        self.logins.append((said["identifier"], self.now))
        if sum(at > self.now - timedelta(minutes=5) for _, at in self.logins) > 30:
            return web.json_response({"error": "RateLimitExceeded"}, status=429, headers={"RateLimit-Reset": "9999999999"})
        if said["identifier"] != "zenco.bsky.social" or said["password"] != self.password:
            return problem(401, "AuthenticationRequired")
        return self._session()

    def _session(self) -> web.Response:
        self._tokens += 1
        access, refresh = f"access-{self._tokens}", f"refresh-{self._tokens}"
        self._access.add(f"Bearer {access}")
        self._refresh.add(f"Bearer {refresh}")
        did = {"did": "did:plc:zenco", "handle": "zenco.bsky.social"}
        return web.json_response({"accessJwt": access, "refreshJwt": refresh, "active": True, **did})

    def _those(self, key: str, wanted: list[str]) -> list[dict[str, Any]]:
        return [each for each in self.posts if each[key] in wanted]

    def _list(self, method: str, request: web.Request) -> web.Response:
        asked, skip = request.query, request.query.get("cursor", "0")
        if not skip.isdigit() or int(skip) > len(self.posts):
            return problem(400, "InvalidRequest")
        there = sorted(self.posts, key=sort_at, reverse=True)
        if method.endswith("searchPosts"):
            there = [each for each in there if asked["q"] in str(each["record"].get("text")) and sort_at(each) >= asked["since"]]
        if method.endswith("listNotifications"):
            there = [each for each in there if each.get("reason") in asked.getall("reasons")]
        size = min(self.page_size, int(asked["limit"]))
        page, end = there[int(skip) : int(skip) + size], int(skip) + size
        shown = [{"post": each, **each.get("feed", {})} for each in page] if method.endswith("Feed") else page
        key = {"s": "posts", "N": "notifications", "A": "feed"}[method.rsplit(".", 1)[1].replace("list", "").replace("get", "")[0]]
        return web.json_response({key: shown, **({"cursor": str(end)} if end < len(there) else {})})

    # ── Jetstream ──

    def say(self, key: str, at: datetime, text: str = "", operation: str = "create", *, did: str = "did:plc:ana", **more: Any) -> None:
        record = None if operation == "delete" else {"$type": POST, "text": text, "createdAt": iso(at), **more}
        self.happened.append({"at": at, "did": did, "operation": operation, "rkey": key, "record": record})

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        if request.query.keys() - {"wantedCollections", "cursor"}:
            return web.Response(status=400)
        return await self._stream(request, as_v1)

    async def _subscribe_events(self, request: web.Request) -> web.StreamResponse:
        if request.query.keys() - {"kinds", "collections", "cursor"} or request.query.get("kinds") != "commit":
            return problem(400, "InvalidRequest")
        if int(request.query["cursor"]) < 10**15:
            return problem(400, "CursorTooOld")
        return await self._stream(request, as_v2)

    async def _stream(self, request: web.Request, shown: Callable[[int, dict[str, Any]], dict[str, Any]]) -> web.StreamResponse:
        self.opened.append(dict(request.query))
        line = web.WebSocketResponse()
        await line.prepare(request)
        asked, floor = int(request.query["cursor"]), max(micros(self.now - self.lookback), self.floor_us)
        if asked < floor and shown is as_v2:
            notice = {"$type": "network.bsky.jetstream.subscribeEvents#info", "name": "OutdatedCursor", "message": "resumed from 17"}
            await line.send_json({"$type": "message", "payload": notice})
        sent = 0
        for number, each in enumerate(self.happened, 1):
            if micros(each["at"]) < max(asked, floor):
                continue
            if sent == self.hang_up_after:
                if self.last_words:
                    await line.send_json(self.last_words)
                await line.close()
                return line
            await line.send_str(each["raw"] if "raw" in each else json.dumps(shown(number, each)))
            sent += 1
        async for _ in line:  # live, and nobody speaks
            raise AssertionError("nothing may be said to Jetstream")
        return line


def as_v1(_: int, each: dict[str, Any]) -> dict[str, Any]:
    commit = {"rev": "3l", "operation": each["operation"], "collection": POST, "rkey": each["rkey"]}
    record = {"record": each["record"], "cid": "bafy"} if each["record"] is not None else {}
    return {"did": each["did"], "time_us": micros(each["at"]), "kind": "commit", "commit": commit | record}


def as_v2(number: int, each: dict[str, Any]) -> dict[str, Any]:
    at = each["at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    commit = {
        "seq": number,
        "did": each["did"],
        "time": "2020-01-01T00:00:00.000000Z",
        "witnessedAt": at,
        "rev": "3l",
        "rkey": each["rkey"],
    }
    record = {"record": each["record"], "cid": "bafy"} if each["record"] is not None else {}
    kind = "network.bsky.jetstream.subscribeEvents#commit"
    return {"$type": "message", "payload": {"$type": kind, "operation": each["operation"], "collection": POST, **commit, **record}}


def sort_at(each: dict[str, Any]) -> str:
    return min(str(each["record"].get("createdAt")), str(each["indexedAt"]))


def problem(status: int, error: str) -> web.Response:
    return web.json_response({"error": error, "message": "something of theirs"}, status=status)


def says(status: int, body: str = "", kind: str = "application/json", headers: dict[str, str] | None = None) -> Fault:
    return lambda _: web.Response(status=status, text=body, content_type=kind, headers=headers)
