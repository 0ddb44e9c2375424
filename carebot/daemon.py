"""carebot as a service: sources are asked, one loop decides, the outbox is sent; start, reload and stop.

Everything that can change carebot's mind goes through ONE bounded queue to ONE loop, whose work (and every touch of the database) runs in
one thread. Side tasks are watched: one that ends by surprise ends the daemon, loudly, and the service manager starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from carebot.config.schema import Rulebook
from carebot.decide.detecting.cells import minute_of
from carebot.decide.telling.delivery import TERMINAL
from carebot.effects import systemd
from carebot.effects.clicks.reception import Reception
from carebot.effects.database import audit
from carebot.effects.database.kept import Kept
from carebot.effects.network.http import Client
from carebot.effects.network.web import Health as WebHealth
from carebot.effects.network.web import Metric, Web
from carebot.effects.rules_file import RulesOnDisk
from carebot.effects.secrets import secret
from carebot.effects.telling.destinations import Destination
from carebot.effects.telling.outbox import Rows
from carebot.effects.telling.publisher import publishable, publisher
from carebot.effects.telling.sender import Sender
from carebot.effects.vitals import SLACK_API
from carebot.listening import Listener
from carebot.loop import Loop
from carebot.model import Batch, Refusal
from carebot.polling import brought, only_says_how_far
from carebot.watch import Watch
from connectors.base import Publishes, World

log = logging.getLogger("carebot")

TICK = timedelta(seconds=5)
WATCH_RULES = timedelta(seconds=2)
MOST_MESSAGES = 4000  # drained into one micro-batch
_T = TypeVar("_T")


class Item(msgspec.Struct):
    """One thing on the queue. `committed` is resolved when it is durable."""

    batch: Batch
    committed: asyncio.Future[None] | None = None


class Daemon:
    """One running carebot."""

    def __init__(
        self,
        loop: Loop,
        rules: RulesOnDisk,
        destinations: Callable[[Rulebook], dict[str, Destination]],
        fallback: Destination,
        clock: Callable[[], datetime],
        *,
        host: str = "127.0.0.1",
        port: int = 8480,
        slack_url: str = SLACK_API,
        clicks: Callable[[Daemon], Reception] | None = None,
    ) -> None:
        self.loop, self.rules, self.clock = loop, rules, clock
        self.queue: asyncio.Queue[Item] = asyncio.Queue(maxsize=64)
        self.ticked_at: datetime | None = None
        self._strangers: Counter[str] = Counter()  # webhook requests turned away since the last tick
        self._how_far: dict[str, Batch] = {}  # by source: how far it was heard, which no transaction was made for yet
        self._destinations_for, self._fallback = destinations, fallback
        self._destinations = {TERMINAL: fallback, **destinations(loop.rulebook)}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="carebot-loop")
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.listener = Listener(self._scheduler, clock, commit=self.commit, memory=Kept(self.in_loop, loop.store))
        self._heartbeat = systemd.Heartbeat(systemd.watchdog_every())
        self._clicks = clicks(self) if clicks else None
        self._web = Web(
            host=host,
            port=port,
            receivers=self.listener.receivers,
            accept=self.accept,
            health=self._health_now,
            metrics=self._metrics,
            clock=clock,
            turned_away=lambda source: self._strangers.update([source]),
            clicks=self._clicks.over_http if self._clicks else None,
        )
        self._sender = Sender(self._destinations, Rows(self.in_loop, loop.store), clock)
        self._publisher = publisher(loop.store, self.in_loop, self.commit, self._speaker, clock)
        self._watch = Watch(
            loop,
            self.listener,
            self._sender,
            clock,
            commit=self.commit,
            in_loop=self.in_loop,
            ways=lambda: tuple(self._destinations),
            slack_url=slack_url,
            clicks=self._clicks,
        )

    # ── life ──

    async def run(self, say_ready: Callable[[str], None] = lambda _: None) -> None:
        """Until SIGTERM or SIGINT. Raises whatever ended a side task by surprise."""
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._stopping.set)
        running.add_signal_handler(signal.SIGHUP, lambda: self._start(self._reload(forced=True)))
        async with Client() as http:
            self.listener.world = World(http=http, secret=secret, clock=self.clock)
            await self._web.start()
            self._scheduler.start()
            self._scheduler.add_job(self._tick, IntervalTrigger(seconds=TICK.total_seconds(), timezone="UTC"))
            self._scheduler.add_job(self._note_audit, IntervalTrigger(hours=1, timezone="UTC"), next_run_time=self.clock())
            self._scheduler.add_job(self._forget, IntervalTrigger(hours=1, timezone="UTC"), next_run_time=self.clock())
            self._scheduler.add_job(self._reload, IntervalTrigger(seconds=WATCH_RULES.total_seconds(), timezone="UTC"))
            heart = self._start(self._decide())
            await self.listener.listen_to(self.loop.rulebook)
            post = self._start(self._sender.run())
            watch = self._start(self._watch.run(http))
            public = self._start(self._publisher.run())
            clicks = self._start(self._clicks.run() if self._clicks else self._stopping.wait())
            await self.commit(Batch(source="", events=self.rules.startup_reports(self.clock())))  # the first tick: ready means alive
            systemd.ready(self._listening())
            say_ready(f"{self._listening()}; web on port {self._web.port}")
            stop = self._start(self._stopping.wait())
            try:
                await asyncio.wait({heart, post, watch, public, clicks, stop}, return_when=asyncio.FIRST_COMPLETED)
                for task in (heart, post, watch, public, clicks):
                    if task.done():
                        task.result()
            finally:
                await self._stop()

    async def _stop(self) -> None:
        """Intake off, what is queued decided, the rest cancelled; nothing half-done is left."""
        systemd.stopping()
        self._scheduler.shutdown(wait=False)
        await self._web.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.queue.join(), 5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for destination in {id(one): one for one in (*self._destinations.values(), self._fallback)}.values():
            await destination.close()
        self._thread.shutdown(wait=True)

    def _start(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # ── the loop ──

    async def accept(self, batch: Batch) -> None:
        """Puts what was sent to us on the queue and returns when it is committed. Raises asyncio.QueueFull when carebot is behind."""
        item = Item(brought(batch, self.clock()), asyncio.get_running_loop().create_future())
        self.queue.put_nowait(item)
        assert item.committed
        await asyncio.shield(item.committed)

    async def _decide(self) -> None:
        while True:
            items = [await self.queue.get()]
            while not self.queue.empty() and sum(len(item.batch.events) for item in items) < MOST_MESSAGES:
                items.append(self.queue.get_nowait())
            now = self.clock()
            try:
                took = await self.in_loop(self.loop.take, self._with_how_far([item.batch for item in items], now), now)
            except BaseException as error:
                for item in items:
                    if item.committed and not item.committed.done():
                        item.committed.set_exception(error)
                        item.committed.exception()  # seen: the daemon is about to end with it
                raise
            for item in items:
                if item.committed and not item.committed.done():
                    item.committed.set_result(None)
                self.queue.task_done()
            self.ticked_at = now
            self._heartbeat.committed(now)
            if took.new or took.refused:
                log.info("took new=%d dup=%d refused=%d alerts=%d", took.new, took.duplicates, len(took.refused), len(took.outcome.alerts))
            if self._clicks and took.outcome.acted:
                self._clicks.wake()
            if took.outcome.alerts or took.outcome.cards or took.refused:  # what was said of items taken one by one is in the outbox too
                self._sender.wake()
            if took.outcome.statements:
                self._publisher.wake()

    def _with_how_far(self, batches: list[Batch], now: datetime) -> list[Batch]:
        """These, after what sources that brought nothing said of how far they were heard: known before anything is decided, and with
        each new minute, but no write of its own. Two hundred quiet sources wrote 11 MB a minute when each was one."""
        a_minute_on = self.ticked_at is None or minute_of(now) > minute_of(self.ticked_at)
        if not (a_minute_on or any(batch.events for batch in batches)):
            return batches
        words, self._how_far = self._how_far, {}
        return [*words.values(), *batches]

    async def _tick(self) -> None:
        # A stranger can knock a thousand times a second: one row a tick and source says how often, not a row each.
        refused = tuple(
            Refusal(source=source, item="request", reason=f"{count} not signed, wrongly signed or too old; answered 401")
            for source, count in self._strangers.items()
        )
        with contextlib.suppress(asyncio.QueueFull):  # behind: the batches that fill the queue carry the time as well
            self.queue.put_nowait(Item(Batch(source="", requests=0, refused=refused)))
            self._strangers.clear()

    async def _note_audit(self) -> None:
        """Where the audit ends, to a place that whoever edits the database does not reach: `carebot audit verify --head` knows it again."""
        log.info("audit head=%s", await self.in_loop(audit.head, self.loop.store.db.conn))

    async def _forget(self) -> None:
        """What is older than the rules keep loses its words, part by part: between two of them everybody else has a turn."""
        more = True
        while more and not self._stopping.is_set():
            part = await self.in_loop(self.loop.store.forget, self.loop.rulebook.file, self.clock())
            more = part.more
            if part.cards:
                self._sender.wake()

    def _speaker(self, name: str) -> Publishes:
        return publishable(name, self.loop.rulebook, self.listener.world)

    async def in_loop(self, work: Callable[..., _T], *values: Any) -> _T:
        """What it returns, run in the one thread that touches the database."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *values)

    async def commit(self, batch: Batch) -> None:
        """Waits for room on the queue (a full queue stops the asking, nothing is dropped) and for the commit."""
        if only_says_how_far(batch):
            self._how_far[batch.source] = batch
            return
        item = Item(batch, asyncio.get_running_loop().create_future())
        await self.queue.put(item)
        assert item.committed
        await asyncio.shield(item.committed)

    # ── rules ──

    async def _reload(self, *, forced: bool = False) -> None:
        """The rules file again, if it changed. A bad one leaves the last good one in force, and staff are told."""
        news = self.rules.changed(self.clock(), forced=forced)
        if news is None:
            return
        systemd.reloading()
        if news.rulebook:
            await self.in_loop(self.loop.use, news.rulebook)
            await self.in_loop(self.loop.store.remember_rules, news.rulebook.fingerprint, news.rulebook.text, self.clock())
            self._destinations.clear()
            self._destinations.update({TERMINAL: self._fallback, **self._destinations_for(news.rulebook)})
            await self.listener.listen_to(news.rulebook)
        self._start(self._forget())
        log.info("rules reason=%s fingerprint=%s", news.report.reason, self.loop.rulebook.fingerprint)
        await self.commit(Batch(source="", events=(news.report,)))
        systemd.ready(self._listening())

    # ── how it is ──

    def _listening(self) -> str:
        count = len(self.listener.ears)
        return f"listening to {count} source{'' if count == 1 else 's'}"

    def _health_now(self) -> WebHealth:
        fresh = self.ticked_at is not None and self.clock() - self.ticked_at < 4 * TICK
        deaf = sorted(name for name, ear in self.listener.ears.items() if ear.health.told)
        facts = {"loop_alive": fresh, "deaf": deaf, "queue": self.queue.qsize(), "rules": self.loop.rulebook.fingerprint}
        facts["readers"] = {name: state.partition(":")[0] for name, state in self.loop.readers().items()}  # why is for the desk
        facts |= self._watch.facts(self.clock())
        return WebHealth(ok=fresh, facts=facts)

    def _metrics(self) -> Sequence[Metric]:
        spent = [Metric("carebot_stage_seconds_total", "Seconds spent, by stage", v, {"stage": k}) for k, v in self.loop.spent.items()]
        deaf = [
            Metric("carebot_source_deaf", "1 while a source is deaf", float(ear.health.told), {"source": name})
            for name, ear in self.listener.ears.items()
        ]
        queue = Metric("carebot_queue_items", "Batches waiting", float(self.queue.qsize()))
        return [*spent, *deaf, queue, *self._watch.metrics(self.clock())]
