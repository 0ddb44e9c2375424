"""A bad road between a connector and its place: the kinds of trouble that networks make, dealt from a shuffled deck.

It stands in front of a real loopback server and passes on what is asked, or does not, or does after which the answer never comes, or spoils
the answer. What it dealt is counted, so that a run in which nothing went wrong cannot be mistaken for a good one. A stream (a websocket) is
spoilt frame by frame.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
from aiohttp import web

KINDS = (
    "reset before", "reset after", "429", "429 absurd", "500", "503 html", "slow", "silent", "truncated", "cut off",
    "html 200", "ok false", "charset", "bomb", "redirect", "clock", "shuffled",
)  # fmt: skip
INSIDE = ("http://127.0.0.1:9/", "http://169.254.169.254/latest/meta-data")  # where nobody may be sent
BOMB = gzip.compress(b" " * 20_000_000)
PAGE = "<html><body>Please log in</body></html>"
NEARLY = timedelta(seconds=3)  # a stream's frames are in order, but for so much
HOP_BY_HOP = ("host", "connection", "content-length", "transfer-encoding")


class Road:
    """faults: the share of exchanges that go wrong, from 0 to 1. `by_day`: what was asked, by the day of `clock`."""

    def __init__(self, there: str, seed: int, faults: float, clock: Callable[[], datetime]) -> None:
        self.there, self.faults, self._clock, self._dice = there, faults, clock, random.Random(seed)
        self.dealt: Counter[str] = Counter()
        self.by_day: Counter[str] = Counter()
        self.url = ""
        self._deck: list[str] = []
        self._session: aiohttp.ClientSession | None = None

    @property
    def exchanges(self) -> int:
        return sum(self.dealt.values())

    async def take(self, request: web.Request) -> web.StreamResponse:
        kind = self._drawn() if self._dice.random() < self.faults else "good"
        self.dealt[kind] += 1
        answer = await self._before(kind, request)
        self.by_day[f"{self._clock():%Y-%m-%d}"] += not self._is_led_on(request, answer)
        if answer is not None:
            return answer
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._stream(kind, request)
        return await self._after(kind, request, *await self._there(request))

    def _drawn(self) -> str:
        """The next card: after as many faults as there are kinds, each was dealt once."""
        if not self._deck:
            self._deck = self._dice.sample(KINDS, len(KINDS))
        return self._deck.pop()

    def _is_led_on(self, request: web.Request, answer: web.StreamResponse | None) -> bool:
        """Only the last exchange of those that follow a redirect is counted: nobody asked for the others."""
        return request.method == "GET" and answer is not None and answer.headers.get("Location", "").startswith(self.url)

    async def _there(self, request: web.Request) -> tuple[int, dict[str, str], bytes]:
        assert self._session
        asked = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        url, said = self.there + request.raw_path, await request.read()
        async with self._session.request(request.method, url, headers=asked, data=said, allow_redirects=False) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            return answer.status, kept, await answer.read()

    async def _before(self, kind: str, request: web.Request) -> web.StreamResponse | None:
        """The trouble that comes before the place is asked at all."""
        dice = self._dice
        match kind:
            case "reset before":
                return _cut(request)
            case "429":
                return web.Response(status=429, headers={"Retry-After": "1"} if dice.random() < 0.5 else {})
            case "429 absurd":
                in_nine_days = format_datetime(self._clock() + timedelta(days=9), usegmt=True)
                return web.Response(status=429, headers={"Retry-After": dice.choice(["-1", "1000000000", in_nine_days, "soon"])})
            case "500":
                return web.Response(status=dice.choice([500, 502, 504]), text="{}")
            case "503 html":
                return web.Response(status=503, text=PAGE, content_type="text/html")
            case "silent":
                await asyncio.sleep(3600)
            case "redirect":
                to = dice.choice([self.url + request.path, *INSIDE])
                return web.Response(status=dice.choice([301, 302, 307]), headers={"Location": to})
        return None

    async def _after(self, kind: str, request: web.Request, status: int, headers: dict[str, str], body: bytes) -> web.StreamResponse:
        """The trouble that comes when the place has done its work."""
        match kind:
            case "reset after":
                return _cut(request)
            case "slow":
                return await _dripped(request, body)
            case "truncated":  # half of it, said to be whole
                body = body[: len(body) // 2]
            case "cut off":
                return await _cut_off(request, body)
            case "html 200":
                return web.Response(text=PAGE, content_type="text/html")
            case "ok false":
                return web.json_response({"ok": False, "error": "internal_error"})
            case "charset":
                body = body.decode("utf-8", "replace").encode("utf-16")
                headers = {**headers, "Content-Type": "application/json; charset=latin-1"}
            case "bomb":
                return web.Response(body=BOMB, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
            case "clock":
                at = self._clock() + timedelta(days=self._dice.choice([-900, 900]))
                headers = {**headers, "Date": format_datetime(at, usegmt=True)}
            case "shuffled":
                body = shuffled(body, self._dice)
        return web.Response(status=status, headers=headers, body=body)

    async def _stream(self, kind: str, request: web.Request) -> web.StreamResponse:
        """Frame by frame until one side hangs up; what this stream was dealt happens after a few of them."""
        assert self._session
        after = self._dice.randrange(1, 30)
        async with self._session.ws_connect(self.there + request.raw_path) as there:
            here = web.WebSocketResponse(heartbeat=20)
            await here.prepare(request)
            listening = asyncio.ensure_future(here.receive())
            held: list[str] = []
            try:
                while not listening.done() and (frame := await _next(there, listening)) is not None:
                    after -= 1
                    match kind:
                        case "reset after" | "truncated" | "cut off" | "slow" if after <= 0:
                            await (asyncio.sleep(3600) if kind == "slow" else here.send_str(frame[: len(frame) // 2]))
                            return _cut(request)
                        case "html 200" | "ok false" if after == 0:
                            await here.send_str(PAGE if kind == "html 200" else '{"ok": false, "error": "internal_error"}')
                        case "charset" if after == 0:
                            await here.send_bytes(frame.encode("utf-16"))
                        case "bomb" if after == 0:
                            await here.send_bytes(BOMB[:1] * 2_000_000)
                        case "shuffled" if not held or _apart(held[0], frame) < NEARLY:
                            held.append(frame)
                            continue
                    for each in (*self._dice.sample([*held, *held[:1]], len(held) + bool(held)), frame):
                        await here.send_str(each)
                    held.clear()
            except ConnectionError:
                pass
            finally:
                listening.cancel()
            await here.close()
            return here


async def _next(there: aiohttp.ClientWebSocketResponse, listening: asyncio.Future[Any]) -> str | None:
    """The next frame; None when either side is gone."""
    frame = asyncio.ensure_future(there.receive())
    await asyncio.wait({frame, listening}, return_when=asyncio.FIRST_COMPLETED)
    if not frame.done():
        frame.cancel()
        return None
    said = frame.result()
    return str(said.data) if said.type is aiohttp.WSMsgType.TEXT else None


def _apart(one: str, other: str) -> timedelta:
    """How long after one frame of Jetstream's the other happened."""
    earlier, later = (datetime.fromisoformat(json.loads(frame)["payload"]["witnessedAt"]) for frame in (one, other))
    return later - earlier


def shuffled(body: bytes, dice: random.Random) -> bytes:
    """The longest list on the page, or the items of a feed, in another order and one of them twice."""
    if items := re.findall(rb"<item>.*?</item>", body, re.DOTALL):
        head, tail = body.split(items[0], 1)[0], body.rsplit(items[-1], 1)[1]
        again = [*items, dice.choice(items)]
        return head + b"".join(dice.sample(again, len(again))) + tail
    try:
        page = json.loads(body)
    except ValueError:
        return body
    longest = max(_lists(page), key=len, default=[])
    if longest:
        longest.append(dice.choice(longest))
        dice.shuffle(longest)
    return json.dumps(page).encode()


def _lists(value: Any) -> list[list[Any]]:
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return ([value] if isinstance(value, list) else []) + [found for part in parts for found in _lists(part)]


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _cut_off(request: web.Request, body: bytes) -> web.StreamResponse:
    """Half of the bytes it said it would send, and the end."""
    answer = web.StreamResponse(headers={"Content-Length": str(len(body) + 2)})
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2] + b" ")
    return _cut(request)


async def _dripped(request: web.Request, body: bytes) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": str(len(body) + 3600)})
    await answer.prepare(request)
    for byte in body.ljust(3600):
        await answer.write(bytes([byte]))
        await asyncio.sleep(0.05)
    return answer


@asynccontextmanager
async def bad_road(there: str, seed: int, clock: Callable[[], datetime], faults: float = 0.3) -> AsyncIterator[Road]:
    road = Road(there, seed, faults, clock)
    app = web.Application(client_max_size=64_000_000)
    app.router.add_route("*", "/{path:.*}", road.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    road.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(auto_decompress=False) as road._session:
        try:
            yield road
        finally:
            await runner.cleanup()
