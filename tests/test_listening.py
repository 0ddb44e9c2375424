"""A source of somebody else's package, listened to as any other: drained, paid for, looked up again, and never lost over a restart.

The place is a real server on loopback; the listener, the loop and the database are carebot's own.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from carebot import backfill
from carebot.config.load import read
from carebot.costs import costs
from carebot.effects.database.kept import Kept
from carebot.effects.database.store import Store
from carebot.effects.network.http import Client
from carebot.listening import Listener
from carebot.loop import Loop
from carebot.model import Alert, Batch, Gap, Text
from carebot.status import lines, status
from connectors import base
from tests.connectors.loopback_web import serving
from tests.connectors.promises import broken
from tests.saying import NOON, at

THEIRS = str(Path(__file__).parent / "third_party")
RULES = """
brand: {{name: Banco Lumbre}}
sources:
  - {{name: box, kind: suggestions, url: "{url}", token: box-token, allow_private: true, every: 1m{more}}}
routes:
  desk: {{slack: "#desk"}}
"""


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Their package, as if pip had installed it."""
    monkeypatch.syspath_prepend(THEIRS)
    importlib.invalidate_caches()
    yield base.found()["suggestions"]()
    for name in [name for name in sys.modules if name.startswith("ourbank_listens")]:
        del sys.modules[name]


class Box:
    """The suggestion box: newest first, ten a page."""

    def __init__(self) -> None:
        self.slips: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.answers: list[int] = []  # statuses of the next answers, before it behaves again

    def put(self, count: int, when: datetime, text: str = "la app no funciona") -> None:
        for number in range(len(self.slips), len(self.slips) + count):
            self.slips[number] = {"id": number, "text": f"{text} {number}", "at": (when + timedelta(seconds=number)).isoformat()}

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        if self.answers:
            return web.Response(status=self.answers.pop(0))
        if request.headers.get("Authorization") != "Bearer hush-hush":
            return web.Response(status=401)
        asked, newest = request.query, sorted(self.slips.values(), key=lambda slip: -slip["id"])
        if ids := asked.get("ids"):
            return web.json_response({"slips": [self.slips[int(one)] for one in ids.split(",")]})
        if "limit" in asked:
            since = float(asked.get("since", 0))
            lately = [slip for slip in newest if datetime.fromisoformat(slip["at"]).timestamp() >= since]
            return web.json_response({"slips": lately[: int(asked["limit"])], "total": len(lately)})
        top = int(asked["page"]) if asked.get("page") else len(newest)
        page = [slip for slip in newest if slip["id"] < top][:10]
        more = page and page[-1]["id"] > 0
        return web.json_response({"slips": page, "next": str(page[-1]["id"]) if more else ""})


class KilledError(BaseException):
    """The process ends here."""


class Desk:
    """A carebot that listens to the box: the real listener, loop and database, and a clock the test moves."""

    def __init__(self, store: Store, rules: str, http: Client) -> None:
        book, problems = read(rules, kinds={"suggestions": lambda: base.options_of("suggestions")})
        assert book, "\n".join(map(str, problems))
        self.now, self.store, self.book = NOON, store, book
        self.told: list[Alert] = []
        self.die_at: Callable[[Batch], bool] = lambda batch: False
        self.loop = Loop(store, book, secret=b"k" * 32, destinations=lambda alert: ())
        self.scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None})
        self.listener = Listener(self.scheduler, lambda: self.now, commit=self.commit, memory=Kept(self._in_loop, store))
        self.world = base.World(http=http, secret=lambda name: "hush-hush", clock=lambda: self.now)
        self.listener.world = self.world

    async def _in_loop(self, work: Callable[..., Any], *values: Any) -> Any:
        return work(*values)

    async def commit(self, batch: Batch) -> None:
        if self.die_at(batch):
            raise KilledError
        self.told += self.loop.take([batch], self.now).outcome.alerts

    async def looks(self, minutes: int = 1) -> None:
        """The clock moves on, minute by minute, and the source is asked each time until it has no more."""
        ear = self.listener.ears["box"]
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            while True:
                before = self.store.cursor("box")
                await self.listener._look(ear)
                sweep = self.store.cursor("box") or ""
                if '"page"' not in sweep or sweep == before:
                    break

    def kept(self) -> list[int]:
        rows = self.store.db.conn.execute("SELECT id FROM messages ORDER BY posted_at")
        return [int(id_.partition(":")[2]) for (id_,) in rows]


@asynccontextmanager
async def listening_to(box: Box, folder: Path, more: str = "") -> AsyncIterator[Callable[[], Any]]:
    """`await begin()` gives a desk on the same database each time: the one before it is taken to have been killed."""
    desks: list[Desk] = []
    async with serving(box.answer) as there, Client() as http:

        async def begin(now: datetime = NOON) -> Desk:
            if desks:
                desks[-1].store.close()
            desk = Desk(Store(folder / "carebot.db"), RULES.format(url=there.url, more=more), http)
            desk.now = now
            desks.append(desk)
            await desk.listener.listen_to(desk.book)
            return desk

        try:
            yield begin
        finally:
            for desk in desks[-1:]:
                desk.store.close()


def test_a_connector_from_another_package_is_listed_and_keeps_the_promises(installed: ModuleType):
    world = base.World(http=None, secret=lambda name: "hush-hush", clock=lambda: NOON)  # type: ignore[arg-type]
    assert broken("suggestions", installed, world) == []


async def test_a_burst_of_forty_pages_survives_a_kill_at_every_page(tmp_path: Path):
    box = Box()
    async with listening_to(box, tmp_path) as begin:
        desk = await begin()
        await desk.looks()
        box.put(400, at(1.5))
        for _ in range(60):
            committed = 0

            def dies(batch: Batch) -> bool:
                nonlocal committed
                committed += any(event for event in batch.events)
                return committed > 1

            desk = await begin(at(10))
            desk.die_at = dies
            try:
                await desk.looks()
                break
            except KilledError:
                continue
        desk = await begin(at(11))
        await desk.looks(2)
        assert desk.kept() == list(range(400))
        counters = dict(desk.store.db.conn.execute("SELECT name, n FROM counters"))
        assert counters["messages"] == 400
        assert len(box.asked) < 60 * 3 + 45


async def test_a_refused_token_is_told_at_the_second_look_and_what_was_missed_is_read_when_it_is_renewed(tmp_path: Path):
    box = Box()
    async with listening_to(box, tmp_path) as begin:
        desk = await begin()
        await desk.looks()
        box.put(25, at(1.2))
        box.answers = [401] * 3
        await desk.looks(3)
        assert [alert.reason for alert in desk.told] == ["source_silent"]
        await desk.looks(1)
        assert [alert.reason for alert in desk.told] == ["source_silent", "source_back"]
        assert desk.kept() == list(range(25))


async def test_a_budget_that_runs_low_ends_in_a_sample_and_then_in_rest_and_says_so(tmp_path: Path):
    box = Box()
    async with listening_to(box, tmp_path, ", budget: {posts_a_day: 110}") as begin:
        desk = await begin()
        box.put(84, NOON - timedelta(minutes=10))
        await desk.looks()
        assert len(desk.kept()) == 84
        box.put(60, at(1))
        await desk.looks()  # too little left: a sample of five, and how many there are
        assert 84 < len(desk.kept()) < 144
        await desk.looks(12)
        assert desk.listener._allowance(desk.listener.ears["box"]) is None
        asked = len(box.asked)
        await desk.looks(3)
        assert len(box.asked) == asked
        said = [alert.headline.en for alert in desk.told if alert.reason == "budget"]
        assert said == ["box reads only a sample from now on", "box only counts from now on; nobody reads the messages", said[-1]]
        assert said[-1] == "box is not read any more: its budget is used up"
        again = await begin(desk.now)  # a restart does not make it new
        assert again.listener._allowance(again.listener.ears["box"]) is None


async def test_what_is_asked_in_vain_is_paid_for_too(tmp_path: Path):
    box = Box()
    async with listening_to(box, tmp_path, ", budget: {requests_a_day: 5}") as begin:
        desk = await begin()
        box.answers = [500] * 9
        await desk.looks(12)
        assert len(box.asked) == 5
        assert desk.listener._allowance(desk.listener.ears["box"]) is None


async def test_what_people_take_back_goes_and_what_they_edit_is_corrected(tmp_path: Path):
    box = Box()
    async with listening_to(box, tmp_path) as begin:
        desk = await begin()
        box.put(5, NOON)
        await desk.looks()
        box.slips[1]["gone"], box.slips[2]["text"] = True, "ya funciona"
        desk.now = at(60 * 24)
        await desk.listener._recheck(desk.listener.ears["box"])
        rows = dict(desk.store.db.conn.execute("SELECT id, text FROM messages"))
        assert rows["suggestions:1"] == "" and rows["suggestions:2"] == "ya funciona" and "no funciona" in rows["suggestions:0"]
        asked = len(box.asked)
        await desk.listener._recheck(desk.listener.ears["box"])
        assert len(box.asked) == asked  # once a day is enough


async def test_backfill_teaches_what_is_usual_and_tells_nobody(tmp_path: Path):
    box = Box()
    async with listening_to(box, tmp_path) as begin:
        for hour in range(48):
            for minute in range(0, 60, 20):
                box.put(1, NOON - timedelta(hours=48 - hour, minutes=-minute) - timedelta(seconds=len(box.slips)))
        desk = await begin()
        told, heard = await backfill.read(desk.book, desk.world, NOON - timedelta(days=3))
        assert (told[0].messages, told[0].note) == (144, "")
        assert backfill.learn(desk.loop, heard, NOON) == 144
        assert desk.kept() == list(range(144))
        assert desk.loop.state.memory.minute >= int((NOON - timedelta(hours=1)).timestamp()) // 60
        assert desk.store.db.conn.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        await desk.looks()  # the daemon reads the newest again, and counts them once
        assert desk.kept() == list(range(144))


def test_the_month_is_estimated_before_the_first_call(installed: ModuleType):
    book, _ = read(
        RULES.format(url="https://box.example.com", more=", budget: {money_a_month: 5}"), kinds={"suggestions": lambda: installed.Options}
    )
    assert book
    (free,) = costs(book, {}, 10.0)
    assert (free.posts, round(free.money, 2), free.limited) == (300.0, 3.0, False)
    (dear,) = costs(book, {"box": 100.0}, 10.0)
    assert (dear.money, dear.limited) == (5.0, True)


async def test_status_shows_what_a_source_cost_and_what_was_never_read(tmp_path: Path):
    box = Box()
    async with listening_to(box, tmp_path, ", budget: {money_a_month: 100}") as begin:
        desk = await begin()
        box.put(12, NOON)
        await desk.looks()
        why = Text("Solo enseña lo último.", "It only shows its newest.")
        desk.loop.take([Batch(source="box", gaps=(Gap(from_=at(-90), to=at(-30), why=why),))], desk.now)
        found = status(tmp_path / "carebot.db")
        (spent,), (gap,) = found["spent"], found["gaps"]
        assert (spent["source"], spent["posts"], round(spent["money"], 2), spent["reads"]) == ("box", 12, 0.12, "full")
        assert (gap["source"], gap["from"][11:16], gap["to"][11:16], gap["why"]) == ("box", "09:30", "10:30", "It only shows its newest.")
        said = "\n".join(lines(found))
        assert "budget     box:" in said and "gap        box:" in said
