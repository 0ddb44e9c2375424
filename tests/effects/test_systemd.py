"""What systemd is told, over a real datagram socket, and the unit file as systemd itself judges it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carebot.effects import systemd

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
UNIT = Path(__file__).parents[2] / "systemd" / "carebot.service"


class Manager:
    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(address)

    def heard(self) -> list[str]:
        said = []
        while True:
            try:
                said.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return said

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["a file", "an abstract name"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    name = str(tmp_path / "notify") if request.param == "a file" else f"@carebot-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    manager = Manager(name.replace("@", "\0") if name.startswith("@") else name)
    yield manager
    manager.close()


def test_systemd_hears_ready_reloading_and_stopping(manager: Manager) -> None:
    before = time.monotonic_ns() // 1000
    systemd.ready("3 sources")
    systemd.reloading()
    systemd.stopping()
    ready, reloading, stopping = manager.heard()
    assert ready == "READY=1\nSTATUS=3 sources"
    found = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)\nSTATUS=reading the rules again", reloading)
    assert found
    assert before <= int(found[1]) <= time.monotonic_ns() // 1000
    assert stopping.startswith("STOPPING=1\n")


def test_a_name_with_a_line_break_is_no_order(manager: Manager) -> None:
    systemd.notify("STATUS=reading x\nMAINPID=1\r\nSTOPPING=1", "READY=1")
    assert manager.heard() == ["STATUS=reading x MAINPID=1 STOPPING=1\nREADY=1"]


@pytest.mark.parametrize("address", [None, "", "relative", "/nobody/listens/here", "@nobody-listens-here", "/" + "x" * 300])
def test_without_a_service_manager_nothing_happens(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    systemd.notify("READY=1")


def test_a_service_manager_that_does_not_listen_does_not_stop_us(manager: Manager) -> None:
    systemd.notify("x" * 300_000)  # more than the socket takes

    def fill() -> None:
        started = time.monotonic()
        while time.monotonic() - started < 0.5:
            systemd.notify("WATCHDOG=1")

    filling = threading.Thread(target=fill, daemon=True)
    filling.start()
    filling.join(4)
    assert not filling.is_alive()


@pytest.mark.parametrize(
    ("usec", "pid", "every"),
    [
        ("30000000", "ours", timedelta(seconds=15)),
        ("30000000", None, timedelta(seconds=15)),
        ("30000000", "1", None),
        ("0", None, None),
        ("-5", None, None),
        ("soon", None, None),
        ("٣٠", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_it_asks(
    usec: str | None, pid: str | None, every: timedelta | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, str(os.getpid()) if value == "ours" else value)
    assert systemd.watchdog_every() == every


def test_the_heart_beats_with_committed_work_and_stops_with_it(manager: Manager) -> None:
    heart = systemd.Heartbeat(timedelta(seconds=15))
    assert manager.heard() == []
    beats = []
    for second in range(0, 60, 5):
        heart.committed(NOON + timedelta(seconds=second))
        beats += [second for _ in manager.heard()]
    assert beats == [0, 15, 30, 45]
    time.sleep(0.05)
    assert manager.heard() == []


def test_a_clock_set_back_an_hour_does_not_stop_the_heart(manager: Manager) -> None:
    heart = systemd.Heartbeat(timedelta(seconds=15))
    heart.committed(NOON)
    heart.committed(NOON - timedelta(hours=1))
    assert manager.heard() == ["WATCHDOG=1"] * 2


def test_nobody_watching_means_no_beat(manager: Manager) -> None:
    systemd.Heartbeat(None).committed(NOON)
    assert manager.heard() == []


# ── the unit ─────────────────────────────────────────────────────────────────────────────────────────────────────

needs_analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed (apt-get install systemd)")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that exists on this machine in the place of the one it starts."""
    copy = tmp_path / "carebot.service"
    copy.write_text(UNIT.read_text().replace("/opt/carebot/bin/carebot", "/bin/true"))
    return copy


def analyzed(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", "--no-pager", *map(str, words)], capture_output=True, text=True, timeout=60)


@needs_analyze
def test_systemd_reads_the_unit_without_a_word(unit: Path) -> None:
    done = analyzed("verify", unit)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    unit.write_text(unit.read_text().replace("Restart=always", "Restrat=always"))
    assert "Restrat" in analyzed("verify", unit).stderr


@needs_analyze
def test_whoever_breaks_in_finds_little(unit: Path) -> None:
    strict = ("security", "--offline=true", "--threshold=15", unit)  # 1.5 of 10
    assert analyzed(*strict).returncode == 0
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    assert analyzed(*strict).returncode != 0


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_a_broken_carebot_starts_again_but_not_one_that_waits_for_a_person() -> None:
    said = settings()
    assert (said["Type"], said["NotifyAccess"], said["Restart"], said["WatchdogSec"]) == (["notify"], ["main"], ["always"], ["30"])
    assert said["RestartPreventExitStatus"] == ["2 73"]
    assert said["StartLimitIntervalSec"] == ["0"]


def test_no_secret_is_in_the_unit_and_a_token_that_is_not_used_is_not_missed() -> None:
    credentials = settings()["LoadCredential"]
    assert {"slack-token", "x-bearer"} <= set(credentials)
    assert all(
        re.fullmatch(r"[a-z0-9-]+", each) for each in credentials
    )  # a path would make a missing file fatal; a colon could be a value
    assert not settings().keys() & {"Environment", "EnvironmentFile", "SetCredential"}
