"""A Discourse forum on loopback: fifty posts a page by falling number, as app/queries/latest_posts_query.rb at 002becf does it, or as forums
did before 2025, which show the post one already has once more. Strict where Discourse is: a wrong key is a 403, a post that is gone a 404.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.connectors.loopback_web import serving

PAGE = 50


def post(
    number: int, at: datetime, cooked: str = "<p>No me llega el SMS</p>", *, topic: int = 7, place: int = 2, **more: Any
) -> dict[str, Any]:
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}.123Z"
    said = {"id": number, "username": "ana", "name": "Ana", "created_at": stamp, "updated_at": stamp, "cooked": cooked, "raw": "…"}
    said |= {"post_number": place, "post_type": 1, "topic_id": topic, "topic_slug": "sms", "topic_title": "SMS que no llegan", "version": 1}
    return {**said, "category_id": 3, "reply_to_post_number": None, "hidden": False, "user_deleted": False, "deleted_at": None, **more}


class LoopbackDiscourse:
    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.key = ""  # empty: everyone may read
        self.is_old = False
        self.asked: list[web.Request] = []
        self.faults: list[Callable[[web.Request], web.Response | None]] = []  # one is taken by each request
        self.before_each: Callable[[], None] = lambda: None
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LoopbackDiscourse]:
        async with serving(self._answer) as server:
            self.url = server.url
            yield self

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if self.faults and (answer := self.faults.pop(0)(request)):
            return answer
        if self.key and (request.headers.get("Api-Key"), request.headers.get("Api-Username")) != (self.key, "system"):
            return web.json_response(
                {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}, status=403
            )
        self.before_each()
        if request.path == "/posts.json" and request.query.keys() <= {"before"}:
            return web.json_response({"latest_posts": self._latest(int(request.query.get("before", 0)))})
        number = request.path.removeprefix("/posts/").removesuffix(".json")
        found = [one for one in self.posts if str(one["id"]) == number]
        if not found:
            missing = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}
            return web.json_response(missing, status=404)
        return web.json_response(found[0], status=403 if found[0].get("is_private") else 200)

    def _latest(self, before: int) -> list[dict[str, Any]]:
        newest = sorted(self.posts, key=lambda one: -int(one["id"]))
        return [one for one in newest if not before or one["id"] < before + self.is_old][:PAGE]
