"""A burst, through real sockets: the pages as they come, read, and committed, beside a bare loop that fetches them and does not look."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from benchmarks.listening.reading import connected, drained, kept
from carebot.effects.http import Client
from carebot.model import Batch, Message
from tests.connectors.desk import Desk
from tests.connectors.places import Discourse, Place

FEED = b"<?xml version='1.0'?><rss version='2.0'><channel><title>Foro</title></channel></rss>"


class Burst(msgspec.Struct, kw_only=True):
    """So many pages of fifty: seconds until all were had, read, or committed; and megabytes of memory that took."""

    pages: int
    bare_s: float
    read_s: float
    committed_s: float
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
    """To be run in a process of its own, so that its memory is its own. One page more is asked for: the empty one at the end."""
    place = Discourse(1)
    _, way = asyncio.run(kept(place, pages * 50))
    paths = {reply.url.partition("//")[2].partition("/")[2]: (reply.body, "application/json") for reply in way.replies}
    with served({f"/{path}": page for path, page in paths.items()}) as url:
        bare = min(asyncio.run(_bare(url, list(paths))) for _ in range(3))
        read = min(asyncio.run(_read(place, url)) for _ in range(3))
        committed, more = asyncio.run(_committed(place, url))
    assert len(paths) == pages + 1, (len(paths), pages)
    return Burst(pages=pages, bare_s=bare, read_s=read, committed_s=committed, more_mb=more)


async def _bare(url: str, paths: Sequence[str]) -> float:
    """What nobody beats who asks for one page after the other: they come, and nobody looks at them."""
    began = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(f"{url}/{path}") as answer:
                await answer.read()
    return time.perf_counter() - began


async def _read(place: Place, url: str) -> float:
    async with Client() as http:
        began = time.perf_counter()
        await drained(connected(place, url, http))
        return time.perf_counter() - began


async def _committed(place: Place, url: str) -> tuple[float, float]:
    """The whole desk: every page read, understood, decided about and on the disk before the next one is asked for."""
    with tempfile.TemporaryDirectory(prefix="carebot-bench-") as folder:
        async with Client() as http:
            source = {"kind": place.kind, **place.options(url)}
            desk = Desk(Path(folder), source, http, place.secrets.__getitem__, place.now)
            desk.loop.take([Batch(source="", events=(_hello(place),))], place.now)  # what is built once is built
            await desk.listener.listen_to(desk.book)
            before, began = _peak(), time.perf_counter()
            while desk.due <= desk.now:
                await desk.next_job()
            took = time.perf_counter() - began
            assert desk.store.db.conn.execute("SELECT count(*) FROM messages").fetchone()[0] == len(place.had) + 1
            desk.store.close()
    return took, _peak() - before


def _hello(place: Place) -> Message:
    return Message(id="bench:1", text="hola", posted_at=place.now, seen_at=place.now, source="bench")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
