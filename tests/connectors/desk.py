"""A carebot that listens to one place: its real listener, loop and database, under a clock that moves as its own schedule says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from carebot.config.load import read
from carebot.effects.database.kept import Kept
from carebot.effects.database.store import Store
from carebot.listening import Listener
from carebot.loop import Loop
from carebot.model import Batch, Event
from connectors import base


class KilledError(BaseException):
    """The process ends here."""


class Schedule:
    """What the listener asks of its scheduler, for a clock that is moved by hand: the next look is whichever is due first."""

    def __init__(self) -> None:
        self.jobs: dict[str, tuple[datetime, Callable[..., Any], list[Any]]] = {}

    def add_job(self, does: Callable[..., Any], trigger: Any, args: list[Any], *, id: str, **_: Any) -> None:
        self.jobs[id] = (trigger.run_date, does, args)

    def get_job(self, job: str) -> object:
        return self.jobs.get(job)

    def remove_job(self, job: str) -> None:
        del self.jobs[job]


class Desk:
    """One life of a carebot that listens to one source; the next one begins on the same database.

    source   as in rules.yaml, without its name
    fate     of each batch: "before" it is committed the process ends, or "after"
    """

    def __init__(self, folder: Path, source: Mapping[str, Any], http: base.Http, secret: Callable[[str], str], now: datetime) -> None:
        rules = {"brand": {"name": "Zenco"}, "sources": [{"name": "there", **source}], "routes": {"desk": {"slack": "#desk"}}}
        book, problems = read(json.dumps(rules), kinds={source["kind"]: lambda: base.options_of(source["kind"])})
        assert book, "\n".join(map(str, problems))
        self.now, self.book, self.store = now, book, Store(folder / "carebot.db")
        self.fate: Callable[[], str] = lambda: ""
        self.told: list[Event] = []  # what is no message, as it was committed
        self.loop = Loop(self.store, book, secret=b"k" * 32, destinations=lambda alert: ())
        self.schedule = Schedule()
        self.listener = Listener(
            cast(AsyncIOScheduler, self.schedule), lambda: self.now, commit=self.commit, memory=Kept(self._at_once, self.store)
        )
        self.listener.world = base.World(http=http, secret=secret, clock=lambda: self.now)

    async def _at_once(self, work: Callable[..., Any], *values: Any) -> Any:
        return work(*values)

    async def commit(self, batch: Batch) -> None:
        fate = self.fate() if batch.source else ""
        if fate == "before":
            raise KilledError
        self.loop.take([batch], self.now)
        self.told += batch.events
        if fate == "after":
            raise KilledError

    @property
    def due(self) -> datetime:
        return min((at for at, *_ in self.schedule.jobs.values()), default=self.now)

    async def next_job(self) -> None:
        """Whatever is due first, once the clock is there."""
        job = min(self.schedule.jobs, key=lambda job: self.schedule.jobs[job][0])
        at, does, args = self.schedule.jobs.pop(job)
        self.now = max(self.now, at)
        await does(*args)
