"""A Slack on loopback: a real HTTP server that keeps Slack's promises, and breaks them when a test asks it to.

    async with LoopbackSlack() as slack:
        slack.plan("chat.postMessage", lost_reply(), says("channel_not_found"))
        … Slack(slack.token, "#care-desk", base_url=slack.url, …)
        assert slack.shown() == ["…"]

It refuses what the real one refuses: another token, unknown channels, blocks over the limits. Posts get times of the machine's
clock, or of `at` when the test lives in another time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from types import TracebackType
from typing import Any

from aiohttp import web
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

CHANNELS = {"care-desk": "C0CAREDESK1", "fraud": "C0FRAUD0001"}


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call. `lands`: the call is carried out all the same; `hangs_s`: how long it says nothing."""

    status: int = 200
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    content_type: str = "application/json"
    lands: bool = False
    hangs_s: float = 0.0
    breaks: bool = False


def says(error: str) -> Fault:
    return Fault(error=error)


def too_many(retry_after: str = "1") -> Fault:
    return Fault(status=429, error="ratelimited", headers={"Retry-After": retry_after})


def lost_reply() -> Fault:
    return Fault(lands=True, breaks=True)


def no_connection() -> Fault:
    return Fault(breaks=True)


def page(status: int = 500, content_type: str = "text/html", body: str = "<html>Bad gateway</html>") -> Fault:
    return Fault(status=status, content_type=content_type, body=body)


def answers(said: object) -> Fault:
    """200, and this as JSON, and nothing done."""
    return page(200, "application/json", json.dumps(said))


def hangs(seconds: float = 5.0, *, lands: bool = False) -> Fault:
    return Fault(hangs_s=seconds, lands=lands, breaks=True)


@dataclass
class Call:
    method: str
    asked: dict[str, Any]


class LoopbackSlack:
    """transcript: every call that came in · messages: every message that exists, as Slack would list it"""

    def __init__(self, *, at: float | None = None) -> None:
        self.token = "xoxb-loopback"
        self.transcript: list[Call] = []
        self.messages: list[dict[str, Any]] = []
        self.url = ""
        self.always: Callable[[], Fault | None] | None = None  # what goes wrong with every call that has no plan
        self.ahead_s = 0.0  # its clock, as its replies are dated
        self.keeps_metadata_back = False  # as in a channel of another company's workspace
        self._at = at
        self._plans: dict[str, deque[Fault]] = defaultdict(deque)

    def plan(self, method: str, *faults: Fault) -> None:
        """The next calls of `method` go wrong like this, one after the other; then all is well again."""
        self._plans[method].extend(faults)

    def methods(self) -> list[str]:
        return [call.method for call in self.transcript]

    def shown(self) -> list[str]:
        """The channel as a person sees it: the header of each message, its thread indented, "(edited n)" for updates."""
        return [
            ("  ↳ " if "thread_ts" in message else "")
            + _title(message)
            + (f" (edited {message['edits']})" if message["edits"] else "")
            + (" (also to the channel)" if message.get("subtype") == "thread_broadcast" else "")
            for message in self.messages
        ]

    async def __aenter__(self) -> LoopbackSlack:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve)
        silent = logging.Logger("loopback_slack", logging.CRITICAL)  # broken connections are on purpose here
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, logger=silent)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        asked: dict[str, Any] = await request.json() if request.content_type == "application/json" else dict(request.query)
        self.transcript.append(Call(method, asked))
        fault = self._plans[method].popleft() if self._plans[method] else self.always() if self.always else None
        if fault is None:
            dated = {"Date": formatdate(time.time() + self.ahead_s, usegmt=True)}
            return web.json_response(self._answer(method, asked, request), headers=dated)
        if fault.lands:
            self._answer(method, asked, request)
        await asyncio.sleep(fault.hangs_s)
        if fault.breaks and request.transport:
            request.transport.abort()
        if fault.body:
            return web.Response(status=fault.status, text=fault.body, content_type=fault.content_type, headers=fault.headers)
        return web.json_response({"ok": False, "error": fault.error}, status=fault.status, headers=fault.headers)

    def _answer(self, method: str, asked: dict[str, Any], request: web.Request) -> dict[str, Any]:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return {"ok": False, "error": "invalid_auth"}
        match method:
            case "auth.test":
                return {"ok": True, "user": "carebot", "team": "Loopback"}
            case "conversations.list":
                return {"ok": True, "channels": [{"id": id, "name": name} for name, id in CHANNELS.items()]}
            case "chat.postMessage":
                return self._post(asked)
            case "chat.update":
                return self._update(asked)
            case "conversations.history" | "conversations.replies":
                return self._list(method, asked)
        return {"ok": False, "error": "unknown_method"}

    def _post(self, asked: dict[str, Any]) -> dict[str, Any]:
        channel = CHANNELS.get(asked["channel"].removeprefix("#"), asked["channel"])
        if channel not in CHANNELS.values():
            return {"ok": False, "error": "channel_not_found"}
        if error := _refused(asked):
            return {"ok": False, "error": error}
        start = time.time() if self._at is None else self._at
        ts = f"{start + len(self.messages) / 1000:.6f}"
        kept = {key: asked[key] for key in ("text", "blocks", "metadata", "thread_ts") if asked.get(key)}
        broadcast = {"subtype": "thread_broadcast"} if asked.get("reply_broadcast") else {}
        self.messages.append({"type": "message", "channel": channel, "ts": ts, "edits": 0} | kept | broadcast)
        return {"ok": True, "channel": channel, "ts": ts}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["channel"] not in CHANNELS.values():
            return {"ok": False, "error": "channel_not_found"}
        for message in self.messages:
            if (message["channel"], message["ts"]) == (asked["channel"], asked["ts"]):
                if error := _refused(asked):
                    return {"ok": False, "error": error}
                message.update(text=asked["text"], blocks=asked.get("blocks", []), edits=message["edits"] + 1)
                return {"ok": True, "channel": message["channel"], "ts": message["ts"]}
        return {"ok": False, "error": "message_not_found"}

    def _list(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Newest first, two a page so that readers must turn pages."""
        if asked["channel"] not in CHANNELS.values():
            return {"ok": False, "error": "channel_not_found"}
        listed = [message for message in self.messages if message["channel"] == asked["channel"]]
        if method == "conversations.replies":
            listed = [message for message in listed if asked["ts"] in (message["ts"], message.get("thread_ts"))]
            if not listed:
                return {"ok": False, "error": "thread_not_found"}
        else:
            listed = [message for message in listed if "thread_ts" not in message or "subtype" in message]
        oldest, latest = float(asked.get("oldest", 0)), float(asked.get("latest", "inf"))
        listed = [message for message in reversed(listed) if oldest < float(message["ts"]) < latest]
        start = int(asked.get("cursor") or 0)
        hidden = () if asked.get("include_all_metadata") == "1" and not self.keeps_metadata_back else ("metadata",)
        shown = [{key: value for key, value in message.items() if key not in hidden} for message in listed[start : start + 2]]
        cursor = str(start + 2) if start + 2 < len(listed) else ""
        return {"ok": True, "messages": shown, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _refused(asked: dict[str, Any]) -> str:
    blocks = asked.get("blocks") or []
    if not blocks:
        return "" if asked.get("text") else "no_text"
    parsed = Block.parse_all(blocks)
    if len(blocks) > 50 or any(block is None for block in parsed):
        return "invalid_blocks"
    try:
        for block in parsed:
            block.validate_json()
    except SlackObjectFormationError:
        return "invalid_blocks"
    return ""


def _title(message: dict[str, Any]) -> str:
    blocks = message.get("blocks") or []
    if blocks and "text" in blocks[0]:
        return str(blocks[0]["text"]["text"])
    return str(message["text"].partition("\n")[0])
