"""A bad road between a connector and its place: fourteen kinds of trouble, dealt by a seeded die.

It stands in front of a real loopback server and passes on what is asked, or does not, or after the server has done its work, or spoils the
answer. What it did is counted, so that a run in which nothing went wrong cannot be mistaken for a good one.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
from aiohttp import web

KINDS = (
    "reset before", "reset after", "429", "429 absurd", "500", "503 html", "slow", "silent", "truncated",
    "html 200", "charset", "bomb", "redirect", "clock", "shuffled",
)  # fmt: skip
BOMB = gzip.compress(b" " * 20_000_000)


class Road:
    """faults: the share of exchanges that go wrong, from 0 to 1"""

    def __init__(self, there: str, seed: int, faults: float) -> None:
        self.there, self.faults, self.rng = there, faults, random.Random(seed)
        self.dealt: Counter[str] = Counter()
        self.exchanges = 0
        self.reached = 0  # requests that the place itself saw
        self.url = ""
        self._session: aiohttp.ClientSession | None = None

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.exchanges += 1
        kind = self.rng.choice(KINDS) if self.rng.random() < self.faults else ""
        self.dealt[kind or "good"] += 1
        if (answer := await self._before(kind, request)) is not None:
            return answer
        status, headers, body = await self._there(request)
        return await self._after(kind, request, status, headers, body)

    async def _there(self, request: web.Request) -> tuple[int, dict[str, str], bytes]:
        assert self._session
        self.reached += 1
        kept = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "content-length", "connection")}
        async with self._session.request(
            request.method, self.there + request.raw_path, headers=kept, data=await request.read(), allow_redirects=False
        ) as answer:
            passed = {n: v for n, v in answer.headers.items() if n.lower() not in ("content-length", "transfer-encoding", "connection")}
            return answer.status, passed, await answer.read()

    async def _before(self, kind: str, request: web.Request) -> web.StreamResponse | None:
        """The trouble that comes before the place is asked at all."""
        match kind:
            case "reset before":
                return self._cut(request)
            case "429":
                return web.Response(status=429, headers={"Retry-After": "1"} if self.rng.random() < 0.5 else {})
            case "429 absurd":
                absurd = self.rng.choice(["-1", "1000000000", format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True), "soon"])
                return web.Response(status=429, headers={"Retry-After": absurd})
            case "500":
                return web.Response(status=self.rng.choice([500, 502, 504]), text="{}")
            case "503 html":
                return web.Response(status=503, text="<html><body>Over capacity</body></html>", content_type="text/html")
            case "silent":
                await asyncio.sleep(3600)
            case "redirect":
                to = self.rng.choice([f"{self.url}{request.path}", "http://127.0.0.1:9/", "http://169.254.169.254/latest/meta-data"])
                return web.Response(status=self.rng.choice([301, 302, 307]), headers={"Location": to})
        return None

    async def _after(self, kind: str, request: web.Request, status: int, headers: dict[str, str], body: bytes) -> web.StreamResponse:
        """The trouble that comes when the place has done its work."""
        match kind:
            case "reset after":
                return self._cut(request)
            case "slow":
                return await self._dripped(request, body)
            case "truncated":
                body = body[: len(body) // 2]
            case "html 200":
                return web.Response(text="<html><body>Please log in</body></html>", content_type="text/html")
            case "charset":
                body, headers = (
                    body.decode("utf-8", "replace").encode("utf-16"),
                    {**headers, "Content-Type": "application/json; charset=latin-1"},
                )
            case "bomb":
                return web.Response(body=BOMB, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
            case "clock":
                headers = {
                    **headers,
                    "Date": format_datetime(datetime.now(UTC) + timedelta(days=self.rng.choice([-900, 900])), usegmt=True),
                }
            case "shuffled":
                body = self._shuffled(body)
        return web.Response(status=status, headers=headers, body=body)

    def _shuffled(self, body: bytes) -> bytes:
        """The longest list on the page in another order, one of its items twice."""
        try:
            page = json.loads(body)
        except ValueError:
            return body
        longest = max(_lists(page), key=len, default=[])
        if longest:
            longest.append(self.rng.choice(longest))
            self.rng.shuffle(longest)
        return json.dumps(page).encode()

    def _cut(self, request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()  # type: ignore[attr-defined]
        return web.Response()

    async def _dripped(self, request: web.Request, body: bytes) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(len(body) + 1)})
        await answer.prepare(request)
        for at in range(len(body)):
            await answer.write(body[at : at + 1])
            await asyncio.sleep(0.05)
        return answer


def _lists(value: Any) -> list[list[Any]]:
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return ([value] if isinstance(value, list) else []) + [found for part in parts for found in _lists(part)]


@asynccontextmanager
async def bad_road(there: str, seed: int, faults: float = 0.3) -> AsyncIterator[Road]:
    road = Road(there, seed, faults)
    app = web.Application(client_max_size=64_000_000)
    app.router.add_route("*", "/{path:.*}", road.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    road.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(auto_decompress=False) as road._session:
        try:
            yield road
        finally:
            await runner.cleanup()
