"""The sources: connected as the rules file says, asked in turn, each under its own deadline, so that a slow one holds up no other.

What a look brings goes on the daemon's queue and is committed before the next look, together with how far the source has been heard by
it; how each source is doing is remembered, and staff hear when one goes deaf and when it is back (`polling` decides that).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from carebot import polling
from carebot.config.schema import Rulebook, Source
from carebot.errors import Refused, Trouble, Unreachable
from carebot.model import Batch, Listening, SelfReport
from connectors.base import Connector, Receiver, World, found

log = logging.getLogger("carebot")

DEADLINE = timedelta(seconds=60)  # one look at one source, all in all


class Listener:
    """Every source of the rules file that is not paused.

    commit   puts a batch on the queue and returns when it is durable
    cursor   where a source's last committed look ended
    put      remembers a small thing by name
    """

    def __init__(
        self,
        scheduler: AsyncIOScheduler,
        clock: Callable[[], datetime],
        *,
        commit: Callable[[Batch], Awaitable[None]],
        cursor: Callable[[str], Awaitable[str | None]],
        put: Callable[[str, Any], Awaitable[None]],
    ) -> None:
        self.sources: dict[str, Source] = {}
        self.health: dict[str, polling.Health] = {}
        self.receivers: dict[str, Receiver] = {}
        self.world: World | None = None  # given before the first listen_to
        self._connectors: dict[str, Connector] = {}
        self._scheduler, self.clock = scheduler, clock
        self._commit, self._cursor, self._put = commit, cursor, put

    async def listen_to(self, rulebook: Rulebook) -> None:
        """Starts, stops and changes sources so that they are the rules file's."""
        wanted = {source.name: source for source in rulebook.file.sources if not source.paused}
        for name in [name for name, source in self.sources.items() if wanted.get(name) != source]:
            self._forget(name)
        word = Listening(id="listening", sources=tuple(sorted(wanted)), at=self.clock())
        await self._commit(Batch(source="", events=(word,)))
        for name, source in wanted.items():
            if name not in self.sources:
                self.sources[name] = source
                self.health[name] = polling.Health(name)
                await self._connect(name, source)

    def _forget(self, name: str) -> None:
        for table in (self._connectors, self.receivers, self.sources, self.health):
            table.pop(name, None)
        if self._scheduler.get_job(f"look:{name}"):
            self._scheduler.remove_job(f"look:{name}")

    async def _connect(self, name: str, source: Source) -> None:
        """A source that cannot even start (its secret is missing) is deaf, and said to be; the others go on."""
        assert self.world
        module = found()[source.kind]()
        try:
            made = module.connect(name, module.Options.model_validate(source.options), self.world)
        except Refused as error:
            for _ in range(polling.REFUSED_LOOKS):
                await self._note(name, polling.troubled(self.health[name], error, self.clock()))
            return
        if hasattr(made, "receive"):
            self.receivers[name] = made
        else:
            self._connectors[name] = made
            self._look_at(name, self.clock())

    async def _note(self, name: str, news: tuple[polling.Health, SelfReport | None]) -> None:
        """How a source is doing now, remembered; what staff must hear of it, said."""
        health, report = news
        self.health[name] = health
        await self._put(f"health:{name}", health)
        if report:
            log.warning("source=%s reason=%s what=%s", name, report.reason, health.what)
            await self._commit(Batch(source="", events=(report,)))

    def _look_at(self, name: str, at: datetime) -> None:
        # A look plans the next one while it is still running itself, and one due at once would be skipped, for ever, were one the limit.
        trigger = DateTrigger(at, timezone="UTC")
        self._scheduler.add_job(self._look, trigger, [name], id=f"look:{name}", replace_existing=True, max_instances=3)

    async def _look(self, name: str) -> None:
        """One look at one source, under its total deadline, committed; then the next is planned."""
        connector, source, health = self._connectors.get(name), self.sources.get(name), self.health.get(name)
        if connector is None or source is None or health is None:
            return
        more, began = False, self.clock()
        try:
            cursor = await self._cursor(name)
            async with asyncio.timeout(DEADLINE.total_seconds()):
                batch = await connector.fetch(cursor)
            health, batch = polling.covered(health, batch, began)
            if batch.events or batch.refused or batch.cursor != cursor:
                await self._commit(batch)
            more = batch.more
            news = polling.answered(health, batch.requests, self.clock())
        except (Trouble, TimeoutError) as error:
            trouble = error if isinstance(error, Trouble) else Unreachable(f"{name}: no answer within {DEADLINE.total_seconds():.0f} s")
            news = polling.troubled(health, trouble, self.clock())
            if news[0].failures == 1:
                log.warning("trouble source=%s what=%s", name, trouble)
        if self._connectors.get(name) is not connector:
            return  # the rules dropped or changed it while we looked
        await self._note(name, news)
        self._look_at(name, polling.next_look(news[0], source.every, more, self.clock()))
