"""Every connector on a bad road: nothing lost, nothing twice, nobody asked more often than the schedule allows, and no secret told.

The place is a real server on loopback and so is the road; the listener, the loop and the database are carebot's own, with a clock that moves
as the schedule says. Customers write all the while, also more than a page at once; the process is killed now and then, anywhere.
`make gates` runs 10,000 exchanges a connector.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace
from pydantic import BaseModel

from carebot import listening
from carebot.effects.network.http import Client
from carebot.errors import Trouble, Unreachable
from carebot.model import Batch, Event, Status
from connectors import base, discourse, entries
from connectors.bluesky import stream
from connectors.sweep import Sweep
from tests.connectors import places
from tests.connectors.chaos import INSIDE, KINDS, Road, bad_road
from tests.connectors.desk import Desk, KilledError
from tests.connectors.loopback_web import NOON
from tests.connectors.places import PLACES, Place

SEED = 20261122
PATIENCE = timedelta(seconds=0.2)  # of the one way out; a deadline of 20 s takes as long to pass in a test as anywhere
DOWN = timedelta(hours=30)
BURSTS = (1, 1, 2, 5, 30, 70)


class Found(NamedTuple):
    """What came of it."""

    stored: int
    gaps: int
    kills: int
    days: int
    exchanges: int
    dealt: Counter[str]
    wrong: dict[str, Any]  # what is not as promised: nothing, if all is well


class Trial:
    """A place, the road to it, and the lives of whoever listens there."""

    def __init__(self, place: Place, folder: Path, exchanges: int, seed: int) -> None:
        self.place, self.folder, self.exchanges = place, folder, exchanges
        self.dice, self.now, self.kills, self.told = random.Random(seed), NOON, Counter[str](), list[Event]()
        self.a_day = exchanges // 2

    def goes_by(self, road: Road) -> None:
        self.road = road
        budget = {"requests_a_day": self.a_day}
        self.source = {"kind": self.place.kind, "every": "1m", "budget": budget, **self.place.options(road.url)}

    @asynccontextmanager
    async def life(self, patience: timedelta) -> AsyncIterator[Desk]:
        async with Client(deadline=patience, clock=lambda: self.now) as http:
            desk = Desk(self.folder, self.source, http, self.place.secrets.__getitem__, self.now)
            try:
                await desk.listener.listen_to(desk.book)
                yield desk
            finally:
                self.now = desk.now
                self.told += desk.told
                desk.store.close()

    def waits(self, desk: Desk) -> None:
        """Until the next look is due."""
        self.now = self.place.now = max(desk.now, desk.due)

    async def rough(self) -> None:
        """Killed now and then; and once, carebot is down for more than a day, in which customers go on. What was said before the first look
        that went well is history, so that one goes well."""
        self.road.faults, faults = 0.0, self.road.faults
        async with self.life(timedelta(seconds=20)) as desk:
            await desk.next_job()
        self.road.faults = faults
        for until in (self.exchanges * 2 // 3, self.exchanges):
            while self.road.exchanges < until:
                try:
                    async with self.life(PATIENCE) as desk:
                        desk.fate = lambda: self.dice.choice(["before", "after"]) if self.dice.random() < 0.03 else ""
                        while self.road.exchanges < until:
                            await self.look(desk)
                except KilledError:
                    self.kills[f"{self.now:%Y-%m-%d}"] += 1
            if until < self.exchanges:
                for _ in range(2):
                    self.now = self.place.now = self.now + DOWN / 2
                    self.place.say(5)

    async def look(self, desk: Desk) -> None:
        self.waits(desk)
        if self.dice.random() < min(0.35, 1000 / self.exchanges):
            self.place.say(self.dice.choice(BURSTS))
        if self.dice.random() < 0.02:
            self.place.upset()
        if self.dice.random() < 0.01:  # the plug is pulled somewhere in the middle of a look
            look = asyncio.ensure_future(desk.next_job())
            await asyncio.sleep(self.dice.random() * 0.02)
            look.cancel()
            await asyncio.gather(look, return_exceptions=True)
            raise KilledError
        await desk.next_job()

    def most(self, day: str) -> float:
        """How often the place may be asked in a day: its budget and 5 %. The look that uses it up is finished; what a killed one asked for
        nobody knows."""
        return 1.05 * self.a_day + self.place.look * (1 + self.kills[day])

    async def good(self, log: Sequence[str], addresses: Sequence[Any]) -> Found:
        """Nothing goes wrong any more, and nobody speaks: until twelve looks in a row brought nothing new."""
        self.road.faults, quiet = 0.0, 0
        async with self.life(timedelta(seconds=20)) as desk:
            while quiet < 12:
                before, asked = heard(desk), self.road.exchanges
                self.waits(desk)
                await desk.next_job()
                calm = heard(desk) == before and desk.due > desk.now
                quiet = quiet + (self.road.exchanges > asked) if calm else 0
                assert self.road.exchanges < 3 * self.exchanges + 1000, "it never comes to an end"
            return self.found(desk, "\n".join(log), {f"http://{host}:{port}/" for host, port, *_ in addresses})

    def found(self, desk: Desk, log: str, addresses: set[str]) -> Found:
        place, road, query = self.place, self.road, desk.store.db.conn.execute
        stored = {id_ for (id_,) in query("SELECT id FROM messages WHERE deleted_at IS NULL")}
        gaps = [(begins / 1000 - 1, ends / 1000 + 1) for begins, ends in query("SELECT from_at, to_at FROM gaps")]
        counted = dict(query("SELECT name, n FROM counters").fetchall()).get("messages", 0)
        states = [event for event in (*self.told, *desk.told) if isinstance(event, Status)]
        written = b"".join(file.read_bytes() for file in self.folder.iterdir())
        missing = {id_: at.timestamp() for id_, at in place.kept.items() if id_ not in stored}
        wrong = {
            "lost": [id_ for id_, at in missing.items() if not any(begins <= at <= ends for begins, ends in gaps)],
            "untold": place.untold(states),
            "gaps where all can be read": gaps if not place.limited else [],
            "invented": stored - place.had.keys(),
            "double": [counted] if counted != len(stored) else [],
            "told twice": [id_ for id_, times in Counter(state.id for state in states).items() if times > 1],
            "asked too often": {day: asked for day, asked in road.by_day.items() if asked > self.most(day)},
            "secrets told": [secret for secret in place.canaries() if secret in log or secret.encode() in written],
            "strangers asked": addresses & set(INSIDE),
            "never dealt": set(KINDS) - road.dealt.keys(),
        }
        return Found(
            stored=len(stored) + len(states),
            gaps=len(gaps),
            kills=self.kills.total(),
            days=len(road.by_day),
            exchanges=road.exchanges,
            dealt=road.dealt,
            wrong={what: found for what, found in wrong.items() if found},
        )


def heard(desk: Desk) -> int:
    return int(desk.store.db.conn.execute("SELECT count(*) FROM messages").fetchone()[0])


async def chaos(place: Place, folder: Path, exchanges: int, *, seed: int = SEED) -> Found:
    """So many exchanges on a bad road, then a good one until nothing more comes."""
    with log_kept() as log, connections() as addresses:
        async with place.running() as there:
            trial = Trial(place, folder, exchanges, seed)
            async with bad_road(there, seed, lambda: trial.now) as road:
                trial.goes_by(road)
                await trial.rough()
                return await trial.good(log, addresses)


@contextmanager
def log_kept() -> Iterator[list[str]]:
    """Everything anybody logs, down to the last detail."""
    lines: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


_CONNECTED: list[list[Any]] = []


def _hear(event: str, given: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _CONNECTED:
        _CONNECTED[-1].append(given[1])


sys.addaudithook(_hear)  # for good: Python takes none away


@contextmanager
def connections() -> Iterator[list[Any]]:
    """Every address that anybody connects to: Python itself says so."""
    _CONNECTED.append([])
    try:
        yield _CONNECTED[-1]
    finally:
        _CONNECTED.pop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a feed are read in this process, and a stream is quiet sooner: both take real time, and are tried in tests of their own."""
    monkeypatch.setattr(entries, "read_apart", entries.read)
    monkeypatch.setattr(stream, "QUIET", timedelta(seconds=0.05))
    monkeypatch.setattr(stream, "LONGEST", timedelta(seconds=1))


@pytest.mark.parametrize("make", PLACES, ids=lambda make: make.__name__)
async def test_on_a_bad_road_nothing_is_lost_and_nothing_counted_twice(make: type[Place], tmp_path: Path) -> None:
    found = await chaos(make(), tmp_path, 300)
    assert found.wrong == {}
    assert found.stored > 100
    assert found.kills > 3
    assert found.days > 1


@pytest.mark.long
@pytest.mark.parametrize("make", PLACES, ids=lambda make: make.__name__)
async def test_nor_in_ten_thousand_exchanges(make: type[Place], tmp_path: Path) -> None:
    found = await chaos(make(), tmp_path, 10_000)
    assert found.wrong == {}
    assert found.stored > 5000 or make.kind == "status_page"


def test_whatever_can_be_asked_over_http_has_a_place_here() -> None:
    assert set(base.found()) - {make.kind for make in PLACES} <= {"jsonl", "stdin", "webhook", "probe", "mail", "google_play"}


# ── would it be noticed? A small connector, broken as connectors are ─────────────────────────────────────────────


class Broken:
    """Somebody's version of a connector."""

    place: type[Place] = places.Discourse

    def __init__(self, name: str, options: BaseModel, world: base.World) -> None:
        self.whole: Any = base.found()[self.place.kind]().connect(name, options, world)
        self.world, self.held = world, tuple[Event, ...]()

    async def fetch(self, cursor: str | None) -> Batch:
        batch: Batch = await self.whole.fetch(cursor)
        return batch


class Ahead(Broken):
    """Its cursor moves before the page is stored."""

    place = places.Telegram

    async def fetch(self, cursor: str | None) -> Batch:
        batch = await super().fetch(cursor)
        held, self.held = self.held, batch.events
        return replace(batch, events=held)


class OnePage(Broken):
    """Forgets that there was more."""

    async def fetch(self, cursor: str | None) -> Batch:
        batch, now = await super().fetch(cursor), self.world.clock()
        place = discourse.Place(Sweep(since=now - timedelta(minutes=1)), came_at=now - timedelta(days=9))
        return replace(batch, more=False, cursor=msgspec.json.encode(place).decode())


class Renaming(Broken):
    """Makes an id of what it hears, and of when."""

    async def fetch(self, cursor: str | None) -> Batch:
        batch = await super().fetch(cursor)
        return replace(batch, events=tuple(replace(event, id=f"{event.id}@{self.world.clock():%H%M}") for event in batch.events))


class Doubtful(Broken):
    """Asks twice, to be sure, and says that it asked once."""

    place = places.Telegram

    async def fetch(self, cursor: str | None) -> Batch:
        await super().fetch(cursor)
        return await super().fetch(cursor)


class Telltale(Broken):
    """Says which key did not help."""

    async def fetch(self, cursor: str | None) -> Batch:
        try:
            return await super().fetch(cursor)
        except Trouble as trouble:
            raise Unreachable(f"{trouble} with {self.world.secret('forum-key')}") from None


class Forgiving(Broken):
    """Takes trouble for a page without posts."""

    async def fetch(self, cursor: str | None) -> Batch:
        try:
            return await super().fetch(cursor)
        except Unreachable:
            place = discourse.Place(Sweep(since=self.world.clock()), came_at=NOON)
            return Batch(source="there", cursor=msgspec.json.encode(place).decode())


@pytest.mark.parametrize(
    ("version", "what"),
    [
        (Ahead, "lost"),
        (OnePage, "lost"),
        (Forgiving, "lost"),
        (Renaming, "invented"),
        (Doubtful, "asked too often"),
        (Telltale, "secrets told"),
    ],
)
async def test_a_broken_connector_does_not_get_by(
    version: type[Broken], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("broken")
    vars(module).update(Options=base.options_of(version.place.kind), connect=version)
    monkeypatch.setattr(listening, "found", lambda: {version.place.kind: lambda: module})
    found = await chaos(version.place(), tmp_path, 150)
    assert what in found.wrong
