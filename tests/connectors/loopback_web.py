"""Real servers on this machine's own address, and the world a connector is given in tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

from aiohttp import web

from connectors import base

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Loopback:
    """A web server that answers as it is told now, and remembers what it was asked."""

    def __init__(self, answer: Answer | bytes | int = b"") -> None:
        self.answer = answer
        self.url = ""
        self.asked: list[web.Request] = []

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if isinstance(self.answer, bytes):
            return web.Response(body=self.answer)
        return web.Response(status=self.answer) if isinstance(self.answer, int) else await self.answer(request)


@asynccontextmanager
async def serving(answer: Answer | bytes | int = b"") -> AsyncIterator[Loopback]:
    them = Loopback(answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", them.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    them.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield them
    finally:
        await runner.cleanup()


@asynccontextmanager
async def saying(said: bytes | None, *, every: float = 0.0) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A bare port: says these bytes (a byte at a time if `every`), or nothing at all and keeps the line open. → port, what came in."""
    heard: list[bytes] = []
    lines: set[asyncio.StreamWriter] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.add(writer)
        heard.append(await reader.read(65_536))
        try:
            for at in range(len(said or b"")) if every else ():
                writer.write((said or b"")[at : at + 1])
                await asyncio.sleep(every)
            if said is not None:
                writer.write(b"" if every else said)
                await writer.drain()
                writer.close()
        except ConnectionError:
            pass

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        for writer in lines:
            writer.transport.abort()
        await asyncio.sleep(0.01)


def world(http: base.Http | None = None, *, now: datetime = NOON, **secrets: str) -> base.World:
    return base.World(http=cast(base.Http, http or Nobody()), secret=lambda name: secrets[name.replace("-", "_")], clock=lambda: now)


class Nobody:
    """No way out: whoever asks has no business to."""

    async def get(self, url: str, **_: object) -> base.Reply:
        raise AssertionError(f"nobody should ask for {url}")

    post = get

    def frames(self, url: str, **_: object) -> Any:
        raise AssertionError(f"nobody should listen to {url}")
