"""Many sources that say nothing new: what one running carebot takes of a core."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.listening.burst import served

ROOT = Path(__file__).resolve().parents[2]


class Idle(msgspec.Struct, kw_only=True):
    """So many feeds asked once a minute, with nothing new: percent of a core, megabytes, and what it took to begin."""

    sources: int
    share: float
    rss_mb: float
    written_mb: float
    start_s: float


def idle(sources: int, seconds: float) -> Idle:
    """One `carebot run`, after every source was asked at least twice."""
    with tempfile.TemporaryDirectory(prefix="carebot-bench-") as folder, served({}) as url:
        feeds = [{"name": f"feed-{n}", "kind": "feed", "url": f"{url}/{n}", "every": "1m", "allow_private": True} for n in range(sources)]
        rules = {"brand": {"name": "Zenco"}, "sources": feeds, "routes": {"desk": {"slack": "#desk"}}}
        (Path(folder) / "rules.yaml").write_text(json.dumps(rules), encoding="utf-8")
        command = [sys.executable, "-m", "carebot", "run", "--port", "0", "--json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        began = time.perf_counter()
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while _asked(Path(folder) / "carebot.db") < sources:
                assert running.poll() is None
                time.sleep(0.5)
            started = time.perf_counter() - began
            time.sleep(65)
            cpu, written, watch = _spent(running.pid), _written(running.pid), time.perf_counter()
            time.sleep(seconds)
            passed = time.perf_counter() - watch
            share = 100 * (_spent(running.pid) - cpu) / passed
            kilobytes = next(line.split()[1] for line in _about(running.pid, "status") if line.startswith("VmRSS"))
            megabytes = (_written(running.pid) - written) / 1e6 * 60 / passed
            return Idle(sources=sources, share=share, rss_mb=int(kilobytes) / 1000, written_mb=megabytes, start_s=started)
        finally:
            running.terminate()
            running.wait(30)


def _asked(database: Path) -> int:
    """How many sources have been heard."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reading:
            return int(reading.execute("SELECT count(*) FROM cursors").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _about(process: int, what: str) -> list[str]:
    return Path(f"/proc/{process}/{what}").read_text(encoding="utf-8").splitlines()


def _spent(process: int) -> float:
    """Seconds of processor time, those of its children too."""
    ticks = _about(process, "stat")[0].rpartition(")")[2].split()[11:15]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _written(process: int) -> int:
    return int(next(line.split()[1] for line in _about(process, "io") if line.startswith("write_bytes")))
