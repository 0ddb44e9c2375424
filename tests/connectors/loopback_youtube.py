"""YouTube's comments on loopback, as developers.google.com/youtube/v3/docs describes them: threads newest first with at most five of their
replies, all replies of one thread, comments by id. Strict where Google is: a key in an address or a page mark it never gave is a 400.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.connectors.loopback_web import serving

CHANNEL = "UCabcdefghijklmnopqrstuv"
KEY = "AIza-hush"
THREADS = {"part", "allThreadsRelatedToChannelId", "videoId", "order", "maxResults", "pageToken", "textFormat"}
COMMENTS = {"part", "parentId", "id", "maxResults", "pageToken", "textFormat"}


def comment(id_: str, at: datetime, text: str = "La app se cierra sola", *, author: str = "@ana", **more: Any) -> dict[str, Any]:
    stamp = f"{at:%Y-%m-%dT%H:%M:%S}Z"
    said: dict[str, Any] = {
        "textDisplay": text,
        "textOriginal": text,
        "authorDisplayName": author,
        "authorChannelId": {"value": "UC" + author[1:]},
    }
    said |= {"videoId": "v1deo_00001", "channelId": CHANNEL, "publishedAt": stamp, "updatedAt": stamp, "likeCount": 0}
    return {"kind": "youtube#comment", "id": id_, "snippet": {**said, **more}}


def thread(
    id_: str, at: datetime, text: str = "La app se cierra sola", *replies: dict[str, Any], video: str = "v1deo_00001"
) -> dict[str, Any]:
    about: dict[str, Any] = {
        "channelId": CHANNEL,
        "videoId": video,
        "topLevelComment": comment(id_, at, text, videoId=video),
        "isPublic": True,
    }
    return {"kind": "youtube#commentThread", "id": id_, "snippet": about, "all": list(replies)}


def reply(to: str, number: int, at: datetime, text: str = "a mí también") -> dict[str, Any]:
    return comment(f"{to}.r{number}", at, text, author="@luis", parentId=to)


def problem(status: int, reason: str) -> web.Response:
    said = {"code": status, "message": "…", "errors": [{"message": "…", "domain": "youtube.commentThread", "reason": reason}]}
    return web.json_response({"error": said}, status=status)


class LoopbackYouTube:
    def __init__(self) -> None:
        self.threads: list[dict[str, Any]] = []
        self.closed: dict[str, tuple[int, str]] = {}
        self.page_size = 100
        self.marks: set[str] = set()
        self.asked: list[web.Request] = []
        self.faults: list[Callable[[web.Request], web.Response | None]] = []  # one is taken by each request
        self.before_each: Callable[[], None] = lambda: None
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LoopbackYouTube]:
        async with serving(self._answer) as server:
            self.url = server.url
            yield self

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if self.faults and (answer := self.faults.pop(0)(request)):
            return answer
        if request.headers.get("X-Goog-Api-Key") != KEY:
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
            errors = [{"message": "API key not valid.", "domain": "global", "reason": "badRequest"}]
            return web.json_response(
                {"error": {"code": 400, "errors": errors, "status": "INVALID_ARGUMENT", "details": details}}, status=400
            )
        asked, is_threads = request.query, request.path == "/youtube/v3/commentThreads"
        if asked.keys() - (THREADS if is_threads else COMMENTS) or ("id" in asked and "maxResults" in asked):
            return problem(400, "unexpectedParameter")
        if asked.get("pageToken") and asked["pageToken"] not in self.marks:
            return problem(400, "invalidPageToken")
        self.before_each()
        if is_threads:
            return self._threads(asked.get("videoId", ""), asked.get("pageToken", ""), int(asked["maxResults"]))
        comments = [one for each in self.threads for one in (each["snippet"]["topLevelComment"], *each["all"])]
        if "id" in asked:
            ids = asked["id"].split(",")
            return web.json_response({"items": [one for one in comments if one["id"] in ids]})
        return self._page([one for one in comments if one["snippet"].get("parentId") == asked["parentId"]], asked.get("pageToken", ""), 100)

    def _threads(self, video: str, mark: str, limit: int) -> web.Response:
        if (video or CHANNEL) in self.closed:
            return problem(*self.closed[video or CHANNEL])
        found = [each for each in self.threads if not video or each["snippet"]["videoId"] == video]
        found.sort(key=lambda each: each["snippet"]["topLevelComment"]["snippet"]["publishedAt"], reverse=True)
        shown = []
        for each in found:
            about = {**each["snippet"], "totalReplyCount": len(each["all"])}
            enclosed = {"replies": {"comments": each["all"][-5:]}} if each["all"] else {}
            shown.append({"kind": each["kind"], "id": each["id"], "snippet": about, **enclosed})
        return self._page(shown, mark, limit)

    def _page(self, found: list[dict[str, Any]], mark: str, limit: int) -> web.Response:
        ids = [one["id"] for one in found]
        start = ids.index(mark.removeprefix("after-")) + 1 if mark.removeprefix("after-") in ids else 0
        page = found[start : start + min(self.page_size, limit)]
        answer: dict[str, Any] = {"items": page, "pageInfo": {"totalResults": len(page), "resultsPerPage": limit}}
        if page and start + len(page) < len(found):
            answer["nextPageToken"] = f"after-{page[-1]['id']}"
            self.marks.add(answer["nextPageToken"])
        return web.json_response(answer)
