"""The loopback Slack with people in it who press buttons: a line for Socket Mode, forms, and words that only one person sees.

async with ClickableSlack() as slack:
    … SocketMode(Api(slack.app_token, slack.url), heard, slack.url) …
    await slack.press("take", "inc-1")            # over the newest line; returns what it was acknowledged with
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from typing import Any
from urllib.parse import urlencode

from aiohttp import WSMsgType, web

from carebot.effects.clicks.health import SCOPES
from tests.effects.loopback_slack import CHANNELS, LoopbackSlack

TEAM, APP, ANA = "T0LOOPBACK", "A0LOOPBACK", "U0ANA0001"
_NUMBERS = itertools.count(1)


class ClickableSlack(LoopbackSlack):
    """lines: open ones, the newest last · acks: what each envelope was acknowledged with · forms: views that were opened
    · whispers: what one person alone was told"""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.app_token = f"xapp-1-{APP}-17-cafe"
        self.scopes = ",".join(SCOPES)
        self.line_url = ""  # another address for a line than our own
        self.lines: list[web.WebSocketResponse] = []
        self.opened = 0
        self.acks: dict[str, Any] = {}
        self.times: dict[str, float] = {}
        self.forms: list[dict[str, Any]] = []
        self.whispers: list[dict[str, Any]] = []

    async def _serve(self, request: web.Request) -> Any:
        if request.match_info["method"] == "link":
            return await self._link(request)
        reply = await super()._serve(request)
        reply.headers["x-oauth-scopes"] = self.scopes
        return reply

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        self.opened += 1
        await line.send_str(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": APP}}))
        self.lines.append(line)
        async for frame in line:
            if frame.type is WSMsgType.TEXT:
                said = json.loads(frame.data)
                self.acks[said["envelope_id"]] = said.get("payload", {})
        self.lines.remove(line)
        return line

    async def __aexit__(self, *why: Any) -> None:
        await asyncio.gather(*(line.close() for line in list(self.lines)))
        await super().__aexit__(*why)

    def _answer(self, method: str, asked: dict[str, Any], request: web.Request) -> dict[str, Any]:
        if method == "apps.connections.open":
            if request.headers.get("Authorization") != f"Bearer {self.app_token}":
                return {"ok": False, "error": "not_allowed_token_type"}
            return {"ok": True, "url": self.line_url or self.url.replace("http", "ws", 1) + "link?ticket=secret"}
        if request.headers.get("Authorization") == f"Bearer {self.token}":
            match method:
                case "auth.test":
                    return {"ok": True, "user": "carebot", "team": "Loopback", "team_id": TEAM}
                case "views.open":
                    if any(form["trigger_id"] == asked["trigger_id"] for form in self.forms):
                        return {"ok": False, "error": "exchanged_trigger_id"}
                    self.forms.append(asked)
                    return {"ok": True, "view": {"id": f"V{len(self.forms)}"}}
                case "chat.postEphemeral":
                    self.whispers.append(asked)
                    return {"ok": True, "message_ts": "1.1"}
        return super()._answer(method, asked, request)

    async def send(self, envelope: dict[str, Any], line: int = -1) -> None:
        await self.lines[line].send_str(json.dumps(envelope))

    async def press(self, action: str, value: str, *, line: int = -1, **more: Any) -> Any:
        return await self.deliver(pressed(action, value, **more), line=line)

    async def deliver(self, payload: dict[str, Any], *, line: int = -1, within: float = 3.0) -> Any:
        """Sends it as an envelope; returns what it was acknowledged with. Raises TimeoutError: nobody did within Slack's three seconds."""
        id_ = f"env-{next(_NUMBERS)}"
        await self.send({"type": "interactive", "envelope_id": id_, "payload": payload, "accepts_response_payload": True}, line)
        async with asyncio.timeout(within):
            while id_ not in self.acks:
                await asyncio.sleep(0.002)
        return self.acks[id_]


def pressed(
    action: str, value: str, *, user: str = ANA, name: str = "ana", channel: str = CHANNELS["care-desk"], **more: Any
) -> dict[str, Any]:
    """What Slack sends when somebody presses a button; of a menu give `option`. As in its documentation, with what we do not read."""
    number = next(_NUMBERS)
    element: dict[str, Any] = {"action_id": action, "block_id": "b1", "type": "button", "action_ts": f"17325000{number:02}.000100"}
    if option := more.pop("option", ""):
        element |= {"type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": "…"}, "value": f"{option}:{value}"}}
    else:
        element["value"] = value
    return {
        "type": "block_actions",
        "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
        "api_app_id": APP,
        "token": "old-verification-token",
        "container": {"type": "message", "message_ts": "1732500000.000200", "channel_id": channel, "is_ephemeral": False},
        "trigger_id": f"{number}.98.secret",
        "team": {"id": TEAM, "domain": "loopback"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel, "name": "care-desk"},
        "response_url": "https://evil.example/actions/T/1/x",
        "actions": [element],
    } | more


def submitted(form: dict[str, Any], values: dict[str, Any], *, user: str = ANA, name: str = "ana", view: str = "V1") -> dict[str, Any]:
    """What Slack sends when somebody sends a form off. values: what they chose or wrote, by the name of the field."""
    state = {
        field: {
            field: {"type": "static_select", "selected_option": value}
            if isinstance(value, dict)
            else {"type": "plain_text_input", "value": value}
        }
        for field, value in values.items()
    }
    kept = {key: form["view"][key] for key in ("callback_id", "private_metadata", "title", "blocks")}
    return {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "loopback"},
        "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
        "api_app_id": APP,
        "trigger_id": "1.2.x",
        "view": kept | {"id": view, "type": "modal", "hash": "156772938.1827394", "state": {"values": state}},
        "response_urls": [],
    }


def signed(payload: dict[str, Any] | bytes, secret: str, at: float | None = None) -> tuple[dict[str, str], bytes]:
    """The request Slack makes of it."""
    body = payload if isinstance(payload, bytes) else urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(at if at is not None else time.time()))
    proof = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={proof}"}, body
