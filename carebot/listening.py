"""The sources: connected as the rules file says, asked in turn, each under its own deadline, so that a slow one holds up no other.

What a look brings goes on the daemon's queue and is committed before the next look, together with how far the source has been heard by
it; how each source is doing is remembered, also over a restart, and staff hear when one goes deaf (`polling`), falls silent although it
answers (`silence`) or costs what it may (`spending`). What was heard is looked up again every day, as people take words back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Sequence
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Protocol, TypeVar, cast

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from msgspec.structs import replace

from carebot import polling, silence, spending
from carebot.config.schema import Rulebook, Source
from carebot.errors import Refused, Trouble, Unreachable
from carebot.model import Batch, Listening, Message, SelfReport
from connectors.base import Allowance, Connector, Http, Receiver, Rechecks, World, found

log = logging.getLogger("carebot")

DEADLINE = timedelta(seconds=60)  # one look at one source, all in all
RECHECK_EVERY = timedelta(minutes=15)
RECHECKS = 20  # calls at most, each time
_T = TypeVar("_T")


class Memory(Protocol):
    """What is kept between looks, and over a restart; the store behind the daemon's one thread. `later`: within about a minute."""

    async def cursor(self, source: str) -> str | None: ...
    async def put(self, key: str, value: object) -> None: ...
    async def later(self, key: str, value: object) -> None: ...
    async def recalled(self, key: str, type_: type[_T]) -> _T | None: ...
    async def to_recheck(self, source: str, now: datetime, most: int) -> list[str]: ...
    async def known(self, ids: Sequence[str]) -> Container[str]: ...


class Out:
    """The one way out, and how often something was asked there: each of its methods asks."""

    def __init__(self, http: Http) -> None:
        self._http, self.asked = http, 0

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        return getattr(self._http, name)


class Ear:
    """One source that is listened to, and how it has been doing. `made` None: it could not be connected."""

    def __init__(self, source: Source, health: polling.Health, usual: silence.Usual, spent: spending.Spent) -> None:
        self.source, self.health, self.usual, self.spent = source, health, usual, spent
        self.made: Connector | None = None
        self.out: Out
        self.noted = False  # is its health in the database since we started?
        self.wait = timedelta()  # what it asked for itself with its last good answer


class Listener:
    """Every source of the rules file that is not paused. `commit` puts a batch on the queue and returns when it is durable."""

    def __init__(
        self,
        scheduler: AsyncIOScheduler,
        clock: Callable[[], datetime],
        *,
        commit: Callable[[Batch], Awaitable[None]],
        memory: Memory,
    ) -> None:
        self.ears: dict[str, Ear] = {}
        self.receivers: dict[str, Receiver] = {}
        self.world: World | None = None  # given before the first listen_to
        self._scheduler, self.clock, self._commit, self._memory = scheduler, clock, commit, memory

    async def listen_to(self, rulebook: Rulebook) -> None:
        """Starts, stops and changes sources so that they are the rules file's."""
        wanted = {source.name: source for source in rulebook.file.sources if not source.paused}
        for name in [name for name, ear in self.ears.items() if wanted.get(name) != ear.source]:
            self._forget(name)
        word = Listening(id="listening", sources=tuple(sorted(wanted)), at=self.clock())
        await self._commit(Batch(source="", events=(word,)))
        kinds = found()
        for name, source in wanted.items():
            if name not in self.ears:
                ear = self.ears[name] = Ear(source, *await self._remembered(name))
                await self._connect(ear, kinds[source.kind]())

    async def _remembered(self, name: str) -> tuple[polling.Health, silence.Usual, spending.Spent]:
        recalled = self._memory.recalled
        health = await recalled(f"health:{name}", polling.Health) or polling.Health(name)
        usual = silence.unheard(await recalled(f"usual:{name}", silence.Usual) or silence.Usual(), self.clock())
        return health, usual, await recalled(f"spent:{name}", spending.Spent) or spending.Spent()

    def _forget(self, name: str) -> None:
        self.ears.pop(name, None)
        self.receivers.pop(name, None)
        for job in (f"look:{name}", f"recheck:{name}"):
            if self._scheduler.get_job(job):
                self._scheduler.remove_job(job)

    async def _connect(self, ear: Ear, module: ModuleType) -> None:
        """A source that cannot even start (its secret is missing) is deaf, and said to be; the others go on."""
        assert self.world
        name = ear.source.name
        ear.out = Out(self.world.http)
        world = replace(self.world, http=cast(Http, ear.out), allowance=lambda: self._allowance(ear) or Allowance("counts", 0, 0))
        try:
            made = module.connect(name, module.Options.model_validate(ear.source.options), world)
        except Refused as error:
            for _ in range(polling.REFUSED_LOOKS):
                await self._note(ear, polling.troubled(ear.health, error, self.clock()))
            return
        if hasattr(made, "receive"):
            self.receivers[name] = made
            return
        ear.made = made
        self._at(self.clock(), self._look, ear)
        if isinstance(made, Rechecks):
            self._at(self.clock() + RECHECK_EVERY, self._recheck, ear)

    def _allowance(self, ear: Ear) -> Allowance | None:
        return spending.allowance(ear.source.budget, ear.spent, self.clock())

    def _at(self, at: datetime, does: Callable[[Ear], Awaitable[None]], ear: Ear) -> None:
        # A look plans the next one while it is still running itself, and one due at once would be skipped, for ever, were one the limit.
        job = f"{does.__name__.strip('_')}:{ear.source.name}"
        self._scheduler.add_job(does, DateTrigger(at, timezone="UTC"), [ear], id=job, replace_existing=True, max_instances=3)

    # ── one look ──

    async def _look(self, ear: Ear) -> None:
        """One look at one source, under its total deadline, committed; then the next is planned."""
        name, began = ear.source.name, self.clock()
        if not self._is_ours(ear):
            return
        if self._allowance(ear) is None:  # nothing until the budget is new again
            self._at(began + max(ear.source.every, polling.SLOWEST), self._look, ear)
            return
        more, wait = False, None
        try:
            cursor = await self._memory.cursor(name)
            batch = await self._asked(ear, lambda made: made.fetch(cursor))
            said = [event.id for event in batch.events if isinstance(event, Message)]
            known = await self._memory.known(said) if said else ()
            health, batch = polling.covered(ear.health, batch, began, known)
            if batch.cursor == cursor:
                batch = replace(batch, cursor=None)  # it stays where it was
            if batch.events or batch.refused or batch.gaps or batch.cursor is not None:
                await self._commit(batch)
            more, wait = batch.more, batch.wait
            await self._brought(ear, batch, sum(id_ not in known for id_ in said))
            ear.wait = wait or timedelta()
            news = polling.answered(health, batch.requests, self.clock())
        except Trouble as trouble:
            news = polling.troubled(ear.health, trouble, self.clock())
            ear.usual = silence.unheard(ear.usual, self.clock())
            if news[0].failures == 1:
                log.warning("trouble source=%s what=%s", name, trouble)
        if self._is_ours(ear):
            await self._note(ear, news)
            self._at(polling.next_look(ear.health, ear.source.every, more, self.clock(), wait), self._look, ear)

    async def _asked(self, ear: Ear, ask: Callable[[Connector], Awaitable[Batch]]) -> Batch:
        """Under the total deadline; what was asked in vain is paid for as well."""
        assert ear.made
        before = ear.out.asked
        try:
            async with asyncio.timeout(DEADLINE.total_seconds()):
                return await ask(ear.made)
        except (Trouble, TimeoutError) as trouble:
            await self._paid(ear, Batch(source=ear.source.name, requests=ear.out.asked - before))
            if isinstance(trouble, Trouble):
                raise
            raise Unreachable(f"{ear.source.name}: no answer within {DEADLINE.total_seconds():.0f} s") from None

    async def _brought(self, ear: Ear, batch: Batch, items: int) -> None:
        """What a look brought (so many that we did not have) and cost, remembered; what staff must hear of that, said."""
        name, now = ear.source.name, self.clock()
        if (left := self._allowance(ear)) and left.mode == "full":
            ear.usual, quiet = silence.told(name, silence.heard(ear.usual, items, now), now)
            if items or quiet:
                await self._memory.put(f"usual:{name}", ear.usual)
            await self._say(quiet)
        await self._paid(ear, batch)

    async def _paid(self, ear: Ear, batch: Batch) -> None:
        if ear.source.budget:
            now, name = self.clock(), ear.source.name
            ear.spent, dear = spending.told(name, ear.source.budget, spending.after(ear.spent, batch, now), now)
            await self._memory.put(f"spent:{name}", ear.spent)
            await self._say(dear)

    async def _note(self, ear: Ear, news: tuple[polling.Health, SelfReport | None]) -> None:
        """How a source is doing now, remembered; what staff must hear of it, said."""
        health, report = news
        remember = self._memory.put if polling.matters(ear.health, health) or not ear.noted else self._memory.later
        await remember(f"health:{ear.source.name}", health)
        ear.health, ear.noted = health, True
        await self._say(report)

    async def _say(self, report: SelfReport | None) -> None:
        if report:
            log.warning("reason=%s what=%s", report.reason, report.headline.en)
            await self._commit(Batch(source="", events=(report,)))

    def is_heard(self, ear: Ear, now: datetime) -> bool:
        """Was it heard in time? One that is told rather than asked is, as long as it can be told."""
        return ear.source.name in self.receivers or polling.heard_in_time(ear.health, ear.source.every, ear.wait, now)

    def _is_ours(self, ear: Ear) -> bool:
        """False once the rules dropped or changed it."""
        return self.ears.get(ear.source.name) is ear

    # ── what became of it ──

    async def _recheck(self, ear: Ear) -> None:
        """Messages of the last weeks, looked up again: what was taken back goes here too, what was edited is corrected."""
        made, name = ear.made, ear.source.name
        if not self._is_ours(ear) or not isinstance(made, Rechecks):
            return
        try:
            for _ in range(RECHECKS):
                most = spending.to_recheck(ear.source.budget, ear.spent, ear.source.every, made.at_once, self.clock())
                ids = await self._memory.to_recheck(name, self.clock(), most) if most else []
                if not ids:
                    break
                batch = replace(await self._asked(ear, lambda _, ids=ids: made.recheck(ids)), source=name, cursor=None, checked=tuple(ids))
                await self._commit(batch)
                await self._paid(ear, batch)
        except Trouble as trouble:  # the next look says so, if it lasts
            log.warning("trouble source=%s recheck=%s", name, trouble)
        self._at(self.clock() + RECHECK_EVERY, self._recheck, ear)
