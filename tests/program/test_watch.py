"""The real process and whoever watches it: a dead-man's switch on loopback notices every way of not working, and nothing else."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from tests.effects.loopback_slack import LoopbackSlack, page, says
from tests.program.conftest import REPO, Running, until
from tests.program.test_daemon import get

QUICK = "tests.program.quick_carebot"
SECRET = "s3cr3t-check-of-ours"
RULES = """
brand: {{name: Banco Lumbre, staff_language: en}}
services:
  app: {{name: {{es: la app, en: the app}}, words: [app], core: true}}
sources:
  - {{name: notes, kind: jsonl, path: notes.jsonl, every: 1s}}
  - {{name: forum, kind: feed, url: {world}/feed, allow_private: true, every: 1s}}
rules:
  - {{name: people, when: moment, route: desk}}
routes:
  desk: {{slack: "#care-desk"}}
heartbeat: check-url
"""


class World:
    """A feed that can be refused, and the dead-man's switch, which counts how often it was pressed."""

    def __init__(self) -> None:
        self.presses, self.feed, self.url = 0, 200, ""

    async def press(self, _: web.Request) -> web.Response:
        self.presses += 1
        return web.Response(text="OK")

    async def forum(self, _: web.Request) -> web.Response:
        empty = '<feed xmlns="http://www.w3.org/2005/Atom"><title>Foro</title><id>f</id></feed>'
        return web.Response(text=empty, status=self.feed, content_type="application/atom+xml")


@asynccontextmanager
async def the_world() -> AsyncIterator[World]:
    world, app = World(), web.Application()
    app.router.add_get(f"/{SECRET}", world.press)
    app.router.add_get("/feed", world.forum)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield world
    finally:
        await runner.cleanup()


async def comes(true: Callable[[], object], running: Running) -> None:
    await asyncio.to_thread(until, true, running, 20)


async def presses_again(world: World, running: Running) -> None:
    before = world.presses
    await comes(lambda: world.presses >= before + 2, running)


async def goes_quiet(world: World, running: Running) -> None:
    """Whoever watches notices: no press for as long as five would take."""

    def quiet() -> bool:
        before = world.presses
        time.sleep(0.8)
        return world.presses == before

    await asyncio.to_thread(until, quiet, running, 20)


def withheld(running: Running) -> list[str]:
    rows = running.query("SELECT doc FROM memory WHERE key = 'heartbeat'")
    return json.loads(rows[0][0])["withheld"] if rows else []


def urgent(folder: Path, number: int) -> None:
    said = {
        "id": f"x:{number}",
        "source": "x",
        "author": f"ana{number}",
        "text": "tirada en Lima sin tarjeta",
        "posted_at": datetime.now(UTC).isoformat(),
    }
    with (folder / "notes.jsonl").open("a", encoding="utf-8") as notes:
        notes.write(json.dumps(said | {"verdict": {"moment": {"p": 0.99, "label": True}}}) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "notes.jsonl").touch()
    return tmp_path


async def test_whoever_watches_notices_each_way_of_not_working(folder, start):
    async with the_world() as world, LoopbackSlack() as slack:
        (folder / "rules.yaml").write_text(RULES.format(world=world.url))
        secrets = {"CAREBOT_CHECK_URL": f"{world.url}/{SECRET}", "CAREBOT_SLACK_TOKEN": slack.token}
        running = start("--slack-url", slack.url, environment=secrets, program=QUICK)
        await presses_again(world, running)

        running.process.send_signal(signal.SIGSTOP)
        await goes_quiet(world, running)
        running.process.send_signal(signal.SIGCONT)
        await presses_again(world, running)

        (folder / "block").touch()
        await goes_quiet(world, running)
        health = f"http://127.0.0.1:{running.port()}/health"
        await comes(lambda: "canary" in json.loads(get(health)[1])["facts"]["heartbeat"]["withheld"], running)
        (folder / "block").unlink()
        await presses_again(world, running)

        world.feed = 401
        await comes(lambda: withheld(running) == ["source forum"], running)
        world.feed = 200
        await presses_again(world, running)

        slack.always = lambda: page(502)
        urgent(folder, 1)
        await comes(lambda: "outbox" in withheld(running) and "outbox_stuck" in running.out.read_text(), running)
        slack.always = None
        await presses_again(world, running)

        slack.always = lambda: says("token_revoked")
        urgent(folder, 2)
        await comes(lambda: "destination desk" in withheld(running), running)
        await goes_quiet(world, running)

        status = subprocess.run(
            [sys.executable, "-m", "carebot", "status", "--db", "carebot.db"],
            cwd=folder,
            env={"PYTHONPATH": str(REPO)},
            capture_output=True,
        ).stdout.decode()
        assert "heartbeat  withheld: " in status and "destination desk" in status
        assert running.stop() == 0
        assert SECRET not in running.log() + running.out.read_text() + running.db.read_bytes().decode("latin-1") + status
        told = [json.loads(line) for line in running.out.read_text().splitlines()]
        assert {"outbox_stuck", "slack_refused", "moment"} <= {one["reason"] for one in told}, (
            "what Slack does not take, the terminal shows"
        )
        counted = running.query("SELECT count(*) FROM messages") + running.query("SELECT n FROM counters WHERE name = 'messages'")
        assert counted == [(2,), (2,)], "a canary is nobody's message"
        assert running.query("SELECT count(*) FROM cases") == [(2,)]


@pytest.mark.long
async def test_a_database_that_fails_is_told_once_and_so_is_that_it_works_again(folder, start):
    async with the_world() as world:
        (folder / "rules.yaml").write_text(RULES.format(world=world.url))
        running = start(environment={"CAREBOT_CHECK_URL": f"{world.url}/{SECRET}"}, program=QUICK)
        await presses_again(world, running)
        with sqlite3.connect(folder / "carebot.db", isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")  # whatever holds the database for longer than the five seconds we wait
            await asyncio.to_thread(running.process.wait, 20)
            other.execute("ROLLBACK")
        assert running.process.returncode not in (0, None)
        told = [json.loads(line) for line in running.out.read_text().splitlines()]
        assert [one["reason"] for one in told if one["reason"] == "database"] == ["database"]
        assert (folder / "carebot.db.trouble").exists() is False, "only the terminal was told: people have not been"
        (folder / "carebot.db.trouble").touch()
        again = start(environment={"CAREBOT_CHECK_URL": f"{world.url}/{SECRET}"}, program=QUICK)
        await comes(lambda: "trouble_over" in again.out.read_text(), again)
        assert not (folder / "carebot.db.trouble").exists()
        assert await asyncio.to_thread(again.stop) == 0
