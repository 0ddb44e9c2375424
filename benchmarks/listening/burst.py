"""A burst, through real sockets: the pages as they come, read, and committed, beside a bare loop that fetches them and does not look."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from benchmarks.listening.reading import connected, drained, kept
from carebot.effects.network.http import Client
from carebot.model import Batch, Message
from tests.connectors.desk import Desk
from tests.connectors.places import Discourse, Place

BEFORE = 100  # messages that the desk has already
FEED = b"<?xml version='1.0'?><rss version='2.0'><channel><title>Foro</title></channel></rss>"


class Burst(msgspec.Struct, kw_only=True):
    """So many pages of fifty: seconds until all were had, read, or committed; megabytes at the most, and more than before."""

    pages: int
    bare_s: float
    read_s: float
    committed_s: float
    peak_mb: float
    more_mb: float


def serve(pages: dict[str, tuple[bytes, str]], ports: Any) -> None:
    """The kept pages by their addresses, in a process of its own; a feed that says nothing new at any other."""

    async def answer(request: web.Request) -> web.Response:
        if page := pages.get(request.raw_path):
            return web.Response(body=page[0], content_type=page[1])
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304, headers={"ETag": '"v1"'})
        return web.Response(body=FEED, headers={"ETag": '"v1"'}, content_type="application/rss+xml")

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.put(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


@contextmanager
def served(pages: dict[str, tuple[bytes, str]]) -> Iterator[str]:
    apart = multiprocessing.get_context("spawn")
    ports = apart.Queue()
    server = apart.Process(target=serve, args=(pages, ports), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ports.get(timeout=60)}"
    finally:
        server.terminate()
        server.join()


def burst(pages: int) -> Burst:
    """Whoever listens does so in a process of its own: its memory is its own. One page more is asked for, the empty one at the end."""
    place = Discourse()
    _, way = asyncio.run(kept(place, pages * 50))
    paths = {"/" + reply.url.partition("//")[2].partition("/")[2]: (reply.body, "application/json") for reply in way.replies}
    assert len(paths) == pages + 1, (len(paths), pages)
    with served(paths) as url, ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as apart:
        return apart.submit(_heard, pages, url, list(paths), place.now).result()


def _heard(pages: int, url: str, paths: Sequence[str], now: datetime) -> Burst:
    place = Discourse()
    place.now = now
    committed, peak, more = min(asyncio.run(_committed(place, url, pages * 50)) for _ in range(3))
    read = min(asyncio.run(_read(place, url)) for _ in range(3))
    bare = min(asyncio.run(_bare(url, paths)) for _ in range(3))
    return Burst(pages=pages, bare_s=bare, read_s=read, committed_s=committed, peak_mb=peak, more_mb=more)


async def _bare(url: str, paths: Sequence[str]) -> float:
    """What nobody beats who asks for one page after the other: they come, and nobody looks at them."""
    began = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(url + path) as answer:
                await answer.read()
    return time.perf_counter() - began


async def _read(place: Place, url: str) -> float:
    async with Client() as http:
        began = time.perf_counter()
        await drained(connected(place, url, http))
        return time.perf_counter() - began


async def _committed(place: Place, url: str, messages: int) -> tuple[float, float, float]:
    """The whole desk: every page read, understood, decided about and on the disk before the next one is asked for."""
    with tempfile.TemporaryDirectory(prefix="carebot-bench-") as folder:
        async with Client() as http:
            source = {"kind": place.kind, **place.options(url)}
            desk = Desk(Path(folder), source, http, place.secrets.__getitem__, place.now)
            desk.loop.take([Batch(source="", events=_before(place))], place.now)  # what is built once is built
            await desk.listener.listen_to(desk.book)
            before, began = _peak_begins_anew(), time.perf_counter()
            while desk.due <= desk.now:
                await desk.next_job()
            took = time.perf_counter() - began
            assert desk.store.db.conn.execute("SELECT count(*) FROM messages").fetchone()[0] == messages + BEFORE
            desk.store.close()
    return took, _memory("VmHWM"), max(_memory("VmHWM") - before, 0.0)


def _before(place: Place) -> tuple[Message, ...]:
    return tuple(
        Message(id=f"bench:{number}", text=place.text(), posted_at=place.now, seen_at=place.now, source="bench") for number in range(BEFORE)
    )


def _peak_begins_anew() -> float:
    """Megabytes at this moment. See clear_refs in proc(5)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _memory("VmRSS")


def _memory(what: str) -> float:
    """Megabytes: VmRSS now, VmHWM at the most."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(what))) / 1000
