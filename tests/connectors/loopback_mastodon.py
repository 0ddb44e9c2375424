"""A server that speaks as Mastodon does, on loopback, with the differences there are between the real ones.

Ids are what the kind of server gives: numbers that grow (Mastodon), ULIDs (GoToSocial), FlakeIds (Pleroma). A list is in the order of
`posts`, whatever their ids or times say. It is strict where they are: no list without a token where previews are private, an unknown
parameter or an id of another kind is 400, a page has forty posts at most.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from aiohttp import web
from aiohttp.test_utils import TestServer

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
Fault = Callable[[web.Request], web.Response | None]
Kind = Literal["mastodon", "gotosocial", "pleroma"]
KNOWN = {"limit", "min_id", "max_id", "any[]", "types[]", "exclude_reblogs", "q", "type", "offset", "id[]"}


class LoopbackMastodon:
    def __init__(self, kind: Kind = "mastodon") -> None:
        self.kind, self.now, self.url = kind, NOON, ""
        self.token = "good-token"
        self.private = False  # previews only for who has an account
        self.posts: list[dict[str, Any]] = []  # oldest first, as the server has them
        self.gone: set[str] = set()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.faults: list[Fault] = []  # one is taken by each request
        self.before_each: Callable[[], None] = lambda: None
        self.page_size = 40
        self.counts = True  # takes `offset` in a search
        self.said: dict[str, dict[str, Any]] = {}  # by Idempotency-Key
        self.headers: dict[str, str] = {}
        self.without_links = kind == "pleroma"
        self.filtered: Callable[[dict[str, Any]], bool] = lambda _: False  # hidden from us after the page was cut

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LoopbackMastodon]:
        app = web.Application()
        app.router.add_route("*", "/api/{path:.*}", self._take)
        async with TestServer(app, host="127.0.0.1") as server:
            self.url = str(server.make_url("")).rstrip("/")
            yield self

    def say(self, text: str = "la app de zenco no funciona", *, at: datetime | None = None, before: int = 0, **more: Any) -> str:
        """A new post; `before`: so many places before the end, as of one that travelled slowly. → its id"""
        number = len(self.posts) + 1
        id_ = self.id(number)
        account = {"id": self.id(7), "username": "ana", "acct": "ana", "display_name": "Ana", "followers_count": 12}
        account["created_at"] = "2020-03-01T00:00:00.000Z"
        post = {
            "id": id_,
            "created_at": (at or self.now).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "content": f"<p>{text}</p>",
            "spoiler_text": "",
            "visibility": "public",
            "uri": f"https://social.example/users/ana/statuses/{id_}",
            "url": f"https://social.example/@ana/{id_}",
            "account": account,
            "media_attachments": [],
            "edited_at": None,
            "in_reply_to_id": None,
            "reblog": None,
            "language": "en",
            **more,
        }
        self.posts.insert(len(self.posts) - before, post)
        return id_

    def id(self, number: int) -> str:
        match self.kind:
            case "mastodon":
                return str(116_000_000_000_000_000 + number)
            case "gotosocial":  # no order in them that anybody should rely on
                return f"01K{(number * 7919) % 99991:023d}"
        return f"AzQ{(number * 7919) % 99991:05d}lW{number:08d}"

    async def _take(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.asked.append((path, dict(request.query)))
        if self.faults and (answer := self.faults.pop(0)(request)):
            return answer
        authorised = request.headers.get("Authorization") == f"Bearer {self.token}"
        if (self.private or not path.startswith(("v1/timelines", "v1/statuses"))) and not authorised:
            return problem(401, "The access token is invalid")
        if request.method == "POST":
            return await self._publish(request) if authorised else problem(401, "The access token is invalid")
        if request.query.keys() - KNOWN:
            return problem(400, "unknown parameter")
        self.before_each()
        match path.split("/")[1:]:
            case ["timelines", "tag", _] | ["accounts", _, "statuses"]:
                return self._list(request, self.posts)
            case ["notifications"]:
                each = [
                    {"id": f"n{post['id']}", "type": post.get("as", "mention"), "created_at": post["created_at"], "status": post}
                    for post in self.posts
                ]
                return self._list(request, each)
            case ["search"]:
                skip, newest_first = int(request.query["offset"]) * self.counts, self.posts[::-1]
                return web.json_response(
                    {"accounts": [], "hashtags": [], "statuses": newest_first[skip : skip + int(request.query["limit"])]}
                )
            case ["accounts", "verify_credentials"]:
                return web.json_response({"id": self.id(7), "acct": "zenco", "username": "zenco"})
            case ["statuses"] if self.kind == "mastodon":
                wanted = request.query.getall("id[]")
                return (
                    problem(422, "Too many")
                    if len(wanted) > 20
                    else web.json_response([post for post in self._there() if post["id"] in wanted])
                )
            case ["statuses"]:
                return problem(404, "Not found") if self.kind == "gotosocial" else web.json_response([])
            case ["statuses", id_]:
                return next((web.json_response(post) for post in self._there() if post["id"] == id_), problem(404, "Record not found"))
        return problem(404, "Not found")

    def _there(self) -> list[dict[str, Any]]:
        return [post for post in self.posts if post["id"] not in self.gone]

    def _list(self, request: web.Request, there: list[dict[str, Any]]) -> web.Response:
        ids, asked, size = [each["id"] for each in there], request.query, min(int(request.query["limit"]), self.page_size, 80)
        if any(asked[key] not in ids for key in ("min_id", "max_id") if key in asked):
            return problem(400, "that is no id of ours")
        until = ids.index(asked["max_id"]) if "max_id" in asked else len(ids)
        page = there[ids.index(asked["min_id"]) + 1 : until][:size] if "min_id" in asked else there[max(until - size, 0) : until]
        headers = dict(self.headers)
        if page and not self.without_links:
            at = f"{self.url}/api/{request.match_info['path']}?limit={size}"
            headers["Link"] = f'<{at}&max_id={page[0]["id"]}>; rel="next", <{at}&min_id={page[-1]["id"]}>; rel="prev"'
        return web.json_response([each for each in page[::-1] if not self.filtered(each)], headers=headers)

    async def _publish(self, request: web.Request) -> web.Response:
        said, key = await request.json(), request.headers.get("Idempotency-Key", f"none-{len(self.said)}")
        if len(said["status"]) > 500:
            return problem(422, "Validation failed: Text character limit of 500 exceeded")
        self.said.setdefault(
            key, {"id": "1", "url": f"https://social.example/@zenco/{len(self.said) + 1}", "uri": "https://social.example/1"}
        )
        return web.json_response(self.said[key])


def problem(status: int, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def says(status: int, body: str = "", kind: str = "application/json", headers: dict[str, str] | None = None) -> Fault:
    return lambda _: web.Response(status=status, text=body, content_type=kind, headers=headers)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)
