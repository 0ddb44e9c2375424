"""A minute in which nobody says anything writes next to nothing, however many sources there are; and nothing of it is lost that matters.

The listener, the daemon's loop and the database are carebot's own; only the clock is moved by hand. What counts is pages, never a time.
"""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from carebot import polling
from carebot.config.load import read
from carebot.daemon import Daemon
from carebot.decide.detecting.cells import minute_of
from carebot.effects.database.store import Store
from carebot.effects.network.http import Client
from carebot.effects.telling.jsonlines import JsonLines
from carebot.loop import Loop
from carebot.service import kinds
from connectors.base import World
from tests.saying import NOON

SOURCES, MINUTES = 200, 4
FRAME = 4096 + 24  # a page in SQLite's write-ahead log, and its header


class Quiet:
    """A carebot with two hundred files in which nothing is new."""

    def __init__(self, folder: Path, http: Client) -> None:
        files = [{"name": f"notes-{n}", "kind": "jsonl", "path": f"{folder}/{n}.jsonl", "every": "1m"} for n in range(SOURCES)]
        for one in files:
            Path(str(one["path"])).touch()
        text = json.dumps({"brand": {"name": "Banco Lumbre"}, "sources": files, "routes": {"desk": {"slack": "#desk"}}})
        self.book, problems = read(text, kinds=kinds())
        assert self.book, problems
        self.now, self.wal = NOON, folder / "care.db-wal"
        self.store = Store(folder / "care.db")
        loop = Loop(self.store, self.book, secret=b"k" * 32, destinations=lambda alert: ("desk",))
        never: Any = None
        self.daemon = Daemon(loop, never, lambda book: {}, JsonLines(io.BytesIO()), lambda: self.now)
        self.daemon.listener.world = World(http=http, secret=lambda name: "", clock=lambda: self.now)

    async def minutes(self, many: int) -> int:
        """So many minutes pass, each source asked once in each, a tick every five seconds; → pages written."""
        self.store.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ears = list(self.daemon.listener.ears.values())
        for _ in range(many * 12):
            self.now += timedelta(seconds=5)
            await self.daemon._tick()
            for ear in ears[self.now.second // 5 :: 12]:
                await self.daemon.listener._look(ear)
            await self.daemon.queue.join()
        return self.wal.stat().st_size // FRAME

    def heard_until(self) -> set[int]:
        (doc,) = self.store.db.conn.execute("SELECT doc FROM memory WHERE key = 'memory'").fetchone()
        return {ear["until"] for ear in json.loads(doc)["ears"].values()}

    def well_at(self) -> list[datetime]:
        rows = self.store.db.conn.execute("SELECT doc FROM memory WHERE key LIKE 'health:%'")
        return [one.last_ok for one in (msgspec.json.decode(doc, type=polling.Health) for (doc,) in rows) if one.last_ok]


async def test_two_hundred_sources_with_nothing_new_write_less_than_a_page_for_ten_of_them_a_minute(tmp_path):
    async with Client() as http:
        quiet = Quiet(tmp_path, http)
        deciding = asyncio.create_task(quiet.daemon._decide())
        try:
            await quiet.daemon.listener.listen_to(quiet.book)
            await quiet.minutes(2)
            pages = await quiet.minutes(MINUTES)
            assert pages / MINUTES < SOURCES / 10
            # and yet a restart knows, but for a minute, how far each was heard and that it was well
            assert quiet.heard_until() <= {minute_of(quiet.now) - 1, minute_of(quiet.now)}
            assert len(quiet.well_at()) == SOURCES and min(quiet.well_at()) >= quiet.now - timedelta(minutes=2)
        finally:
            deciding.cancel()
            with suppress(asyncio.CancelledError):
                await deciding
            quiet.store.close()
            quiet.daemon._thread.shutdown()
