"""A real carebot process, and the world around it on loopback."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]


class Running:
    """`carebot run` in a folder of its own. `err` grows as it logs."""

    def __init__(self, folder: Path, *more: str, environment: dict[str, str] | None = None, program: str = "carebot") -> None:
        self.folder, self.db, self.err, self.out = folder, folder / "carebot.db", folder / "err.txt", folder / "out.txt"
        command = [sys.executable, "-m", program, "run", "--rules", "rules.yaml", "--db", "carebot.db", "--port", "0", "--json", *more]
        with self.err.open("ab") as err, self.out.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=out, stderr=err, env={**os.environ, "PYTHONPATH": str(REPO), **(environment or {})}
            )

    def log(self) -> str:
        return self.err.read_text(encoding="utf-8", errors="replace")

    def port(self) -> int:
        until(lambda: "web on port" in self.log(), self, 30)
        return int(self.log().rsplit("web on port ", 1)[1].split()[0])

    def query(self, sql: str) -> list[tuple]:
        try:
            conn = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        except sqlite3.OperationalError:
            return []
        try:
            return conn.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []
        finally:
            conn.close()

    def count(self, table: str) -> int:
        return (self.query(f"SELECT count(*) FROM {table}") or [(0,)])[0][0]

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def until(true: Callable[[], object], running: Running | None = None, seconds: float = 20) -> None:
    """Waits until something is true; fails, showing the log, where it does not become so or the process ends."""
    deadline = time.monotonic() + seconds
    while not true():
        ended = running is not None and running.process.poll() is not None
        assert time.monotonic() < deadline and not ended, running.log() if running else "not in time"
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a carebot in tmp_path; whatever still runs at the end is stopped."""
    started: list[Running] = []

    def begin(*more: str, environment: dict[str, str] | None = None, program: str = "carebot") -> Running:
        started.append(Running(tmp_path, *more, environment=environment, program=program))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.kill()
