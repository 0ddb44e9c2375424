"""kill -9 at any moment, start again: nothing lost, nothing counted twice, nothing left unsaid.

The oracle is the same recording played once without a kill: every table must end up equal to its.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import multiprocessing
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.storms import TEXTS, copy
from tests.effects.loopback_slack import Fault, LoopbackSlack, lost_reply, no_connection, page, says, too_many

REPO = Path(__file__).parents[2]
TABLES = ("messages", "signals", "incidents", "cases", "alerts", "profiles", "quarantine", "counters", "labels")


def replay(day: Path, db: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "carebot", "replay", "--rules", "rules.yaml", "--input", str(day), "--db", str(db), "--json"]
    with out.open("ab") as said:
        return subprocess.Popen(command, cwd=REPO, stdout=said, stderr=subprocess.DEVNULL)


def rows(db: Path, table: str) -> list[tuple]:
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as conn:
        return sorted(conn.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


def slots_done(db: Path) -> str:
    """The cursor: it moves with every committed slot that had messages."""
    try:
        conn = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
        found = conn.execute("SELECT cursor FROM cursors").fetchone()
        conn.close()
    except sqlite3.OperationalError:  # not there yet, or its first transaction is not
        return ""
    return found[0] if found else ""


def kill_after_progress(process: subprocess.Popen[bytes], db: Path, chance: random.Random) -> bool:
    """Waits for a commit, then a random moment more, then SIGKILL. False if it ended before."""
    before, deadline = slots_done(db), time.monotonic() + 60
    while slots_done(db) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(chance.random() * 0.04)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert slots_done(db) > before, "it was killed before it had committed anything: the test would prove nothing"
    return alive


def going_round(at: str, number: int, chance: random.Random) -> Iterator[bytes]:
    """One more copy of a text that goes round all day, at a line's time; every twentieth is taken away again."""
    copied = {"id": f"x:copy{number}", "source": "x", "author": f"bot{number}", "text": copy(TEXTS[number % 2], chance), "posted_at": at}
    verdict = {"outage": {"p": 0.9, "label": True}, "service": {"label": "app", "p": 0.9}}
    yield json.dumps(copied | {"verdict": verdict}).encode()
    if number % 20 == 0:
        yield json.dumps({"kind": "deleted", "id": copied["id"], "at": at}).encode()


def at_the_desk() -> Iterator[bytes]:
    """What people click while the app is down: they change their minds, correct services, one of them wrongly; a message they spoke of goes."""
    click = {"kind": "click", "user": "Marta", "incident": "banco-lumbre-app-20260312"}
    for minute in range(8, 48):
        does = (
            {"action": "confirm"},
            {"action": "correct", "service": "login"},
            {"action": "correct", "service": "web", "message": "x:copy55"},
        )
        one = click | does[minute % 3] | {"id": f"c:{minute}", "at": f"2026-03-12T11:{minute:02}:30Z"}
        yield json.dumps(one | ({"service": "lodgings"} if minute == 40 else {})).encode()
    yield json.dumps({"kind": "deleted", "id": "x:copy44", "at": "2026-03-12T11:30:10Z"}).encode()


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """The demo's day, with copies of two texts going round in it, clicks of the desk, and lines nobody can read in between."""
    file, chance = tmp_path / "day.jsonl", random.Random(1)
    with gzip.open(REPO / "carebot" / "demo" / "day.jsonl.gz") as packed:
        lines = packed.read().splitlines()
    times = [one["posted_at"] for one in map(json.loads, lines[::8]) if "posted_at" in one]
    lines += [line for number, at in enumerate(times) for line in going_round(at, number, chance)]
    lines += at_the_desk()
    lines.sort(key=lambda line: (one := json.loads(line)).get("posted_at") or one.get("at") or one["from"])
    lines[100:100] = [b"{", b'{"id": "x:1970", "text": "hello", "posted_at": "1970-01-01T00:00:00Z"}', b'{"id": 7}']
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def survives(day: Path, tmp_path: Path, kills: int, seed: int) -> None:
    for name in ("whole.db.key", "killed.db.key"):  # or the authors' hashes would differ
        (tmp_path / name).write_bytes(b"the same key for both, 32 bytes.")
    whole = replay(day, tmp_path / "whole.db", tmp_path / "whole.out")
    assert whole.wait(120) == 3  # 3: some lines were refused, and said so
    assert {"yes", "login", "web"} == {answer for _, _, answer, *_ in rows(tmp_path / "whole.db", "labels")}
    chance, db, out = random.Random(seed), tmp_path / "killed.db", tmp_path / "killed.out"
    landed = sum(kill_after_progress(replay(day, db, out), db, chance) for _ in range(kills))
    assert landed == kills, f"only {landed} of {kills} kills hit a running process"
    assert replay(day, db, out).wait(120) == 3
    for table in TABLES:
        assert rows(db, table) == rows(tmp_path / "whole.db", table), table
    said, wanted = (
        [json.loads(line)["alert"] for line in (tmp_path / name).read_bytes().splitlines()] for name in ("killed.out", "whole.out")
    )
    assert set(said) == set(wanted) and wanted
    assert len(said) - len(set(said)) <= kills  # a line may be printed, and the process killed before it notes so


def test_eight_kills_lose_nothing_and_count_nothing_twice(day, tmp_path):
    survives(day, tmp_path, kills=8, seed=2026)


@pytest.mark.long
def test_a_thousand_kills_lose_nothing_and_count_nothing_twice(day, tmp_path):
    for round_ in range(25):
        place = tmp_path / str(round_)
        place.mkdir()
        survives(day, place, kills=40, seed=round_)


# ── what is said in Slack ────────────────────────────────────────────────────────────────────────────────────────


FORKS = multiprocessing.get_context("forkserver")  # a process that has imported everything and forks: a life begins in milliseconds
FORKS.set_forkserver_preload(["tests.effects.delivering"])


def delivering(*what: Any) -> None:
    from tests.effects.delivering import main

    main(*what)


def trouble(chance: random.Random) -> Fault | None:
    """A Slack in a bad way: it loses replies, says wait, refuses, answers with a page; three times in ten it is well."""
    return chance.choice(
        [None, None, None, lost_reply(), lost_reply(), too_many("1"), says("internal_error"), page(502), no_connection(), no_connection()]
    )


def on_its_way(db: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as conn:
            return int(conn.execute("SELECT count(*) FROM outbox WHERE state = 'sending'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


async def deliver_under_kills(folder: Path, kills: int, design: str = "Sender") -> tuple[int, int]:
    """→ alerts lost, alerts seen twice. Every kill lands with something on its way, in a process that is still running."""
    db, many, chance = folder / "carebot.db", 4 * kills, random.Random(kills)
    async with LoopbackSlack() as slack:

        def start() -> Any:
            process = FORKS.Process(target=delivering, args=(db, slack.url, many, design))
            process.start()
            return process

        slack.always = lambda: trouble(chance)
        for turn in range(kills):
            process, begun, deadline = start(), len(slack.transcript), time.monotonic() + 60
            while (len(slack.transcript) == begun or not on_its_way(db)) and process.is_alive() and time.monotonic() < deadline:
                await asyncio.sleep(0.005)
            await asyncio.sleep(chance.random() * 0.05)
            assert process.is_alive() or design != "Sender", f"kill {turn} came too late: nothing was on its way any more"
            process.kill()
            process.join()
        slack.always = None
        last = start()
        await asyncio.to_thread(last.join, 120)
        assert last.exitcode == 0
        shown = [title.rpartition(" ")[2] for title in slack.shown()]
        return len({f"n{number}" for number in range(many)} - set(shown)), len(shown) - len(set(shown))


async def test_ten_kills_while_slack_fails_lose_no_alert_and_show_none_twice(tmp_path):
    assert await deliver_under_kills(tmp_path, kills=10) == (0, 0)


@pytest.mark.long
async def test_a_thousand_kills_while_slack_fails_lose_no_alert_and_show_none_twice(tmp_path):
    for round_ in range(20):
        (tmp_path / str(round_)).mkdir()
        assert await deliver_under_kills(tmp_path / str(round_), kills=50) == (0, 0)


@pytest.mark.long
@pytest.mark.parametrize("design", ["WithoutLooking", "MarkedFirst"])
async def test_the_same_kills_find_a_careless_design(tmp_path, design):
    lost, twice = await deliver_under_kills(tmp_path, kills=30, design=design)
    assert twice > 0 if design == "WithoutLooking" else lost > 0
