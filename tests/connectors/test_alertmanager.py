"""When the house's own monitoring says that a service fails, carebot knows it at once; and that it is well again."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from carebot.decide.detecting import machines
from carebot.decide.state import Memory
from carebot.effects.network.web import Health, Web
from carebot.errors import Refused
from carebot.model import Batch, Probe
from connectors import webhook
from tests.connectors.loopback_web import NOON, world

KEY = "0123456789abcdef-new"

# What Alertmanager 0.25 sent when it was run: two alerts fire, then one of them is resolved while the other goes on.
FIRING = json.loads("""
{"receiver": "carebot", "status": "firing", "alerts": [
  {"status": "firing", "labels": {"alertname": "LoginDown", "instance": "web-1", "service": "login", "severity": "critical"},
   "annotations": {"description": "99% of logins fail", "summary": "Login answers 503"}, "startsAt": "2026-11-21T11:58:44.855166Z",
   "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://127.0.0.1:9090/graph", "fingerprint": "9738043fa7c138e6"},
  {"status": "firing", "labels": {"alertname": "LoginDown", "instance": "web-2", "service": "login", "severity": "critical"},
   "annotations": {"description": "99% of logins fail", "summary": "Login answers 503"}, "startsAt": "2026-11-21T11:58:44.855166Z",
   "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://127.0.0.1:9090/graph", "fingerprint": "e42d67bfb726908d"}],
 "groupLabels": {"alertname": "LoginDown"}, "commonLabels": {"alertname": "LoginDown", "service": "login", "severity": "critical"},
 "commonAnnotations": {"description": "99% of logins fail", "summary": "Login answers 503"}, "externalURL": "http://vm:9912", "version": "4",
 "groupKey": "{}:{alertname=\\"LoginDown\\"}", "truncatedAlerts": 0}
""")


def payload(*states: str, ended: str = "2026-11-21T11:59:47.858368Z") -> dict[str, Any]:
    said = json.loads(json.dumps(FIRING))
    for alert, state in zip(said["alerts"], states, strict=True):
        alert.update(status=state, endsAt=ended if state == "resolved" else alert["endsAt"])
    return dict(said)


def told(said: Any, now: datetime = NOON, **own: Any) -> Batch:
    options = webhook.Options.model_validate({"secret": "key", "format": "alertmanager", **({"map": own} if own else {})})
    made = webhook.connect("prometheus", options, world(key=KEY))
    assert isinstance(made, webhook.Webhook)
    return made.receive({"authorization": f"Bearer {KEY}"}, json.dumps(said).encode(), now)


def is_failing(*batches: Batch) -> bool:
    """As the rest of carebot sees it, after all these."""
    memory = Memory()
    for batch in batches:
        for event in sorted(batch.events, key=machines.happened):
            assert isinstance(event, Probe)
            machines.probed(memory, event)
    return machines.failing(memory, "login") is not None


def test_an_alert_is_a_failing_check_of_its_service_since_it_began() -> None:
    batch = told(payload("firing", "firing"))
    began = datetime(2026, 11, 21, 11, 58, 44, 855166, tzinfo=UTC)
    assert batch.events[:2] == (
        Probe(id="alert:prometheus:9738043fa7c138e6:1795262324", target="login", ok=False, at=began, detail="Login answers 503"),
        Probe(id="alert:prometheus:9738043fa7c138e6:1795262400", target="login", ok=False, at=NOON, detail="Login answers 503"),
    )
    assert len({event.id for event in batch.events}) == 4
    assert is_failing(batch)
    assert told(payload("firing", "firing")) == batch  # sent again: the same


def test_a_service_is_well_again_when_the_last_of_its_alerts_is() -> None:
    first = told(payload("firing", "firing"))
    half = told(payload("resolved", "firing"), NOON + timedelta(minutes=1))
    whole = told(payload("resolved", "resolved", ended="2026-11-21T12:01:30Z"), NOON + timedelta(minutes=2))
    assert is_failing(first, half)
    assert not is_failing(first, half, whole)
    assert all(isinstance(event, Probe) and event.ok and event.detail == "" for event in whole.events)


def test_the_service_may_stand_elsewhere_and_other_alerts_are_left_alone() -> None:
    said = payload("firing", "firing")
    said["alerts"][0]["labels"]["team"] = "cards"
    said["alerts"][1]["labels"].update(team="atm", severity="info")
    batch = told(said, service="labels.team", unless={"labels.severity": "info"})
    assert {event.target for event in batch.events if isinstance(event, Probe)} == {"cards"}


def test_an_alert_that_says_too_little_is_refused_alone_and_a_cut_group_is_said() -> None:
    said = payload("firing", "firing")
    del said["alerts"][0]["labels"]["service"]
    said["alerts"] += [{"status": "hush", "labels": {"service": "atm"}}, 7]
    said["truncatedAlerts"] = 12
    batch = told(said)
    assert len(batch.events) == 2
    assert [refusal.item for refusal in batch.refused] == ["alert 1", "alert 3", "alert 4", "group"]
    assert "give its rule that label" in batch.refused[0].reason
    assert "12 alerts are missing" in batch.refused[3].reason
    assert not any("hush" in refusal.reason for refusal in batch.refused)


def test_half_an_emoji_in_a_label_breaks_nothing() -> None:
    said = payload("firing", "firing")
    for alert in said["alerts"]:
        alert.update(fingerprint="", annotations={"summary": "roto \ud83d"}, labels={"service": "login\ud83d", "alertname": "\ud83d"})
    batch = told(said)
    assert {(event.target, event.detail) for event in batch.events if isinstance(event, Probe)} == {("login?", "roto ?")}
    assert all(event.id.encode() for event in batch.events)


@pytest.mark.parametrize("said", [[], {}, {"version": "3", "alerts": []}, {"version": "4", "alerts": {}}, "hush"])
def test_what_is_not_alertmanagers_is_refused(said: Any) -> None:
    with pytest.raises(Refused, match=r"was not Alertmanager's, version 4.*webhook_configs"):
        told(said)


# ── a real one ───────────────────────────────────────────────────────────────────────────────────────────────────

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
CONFIG = """
route: {{receiver: carebot, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: carebot
    webhook_configs:
      - url: http://127.0.0.1:{port}/hooks/prometheus
        http_config: {{authorization: {{type: Bearer, credentials: {key}}}}}
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def running(folder: Path, door: int) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    (folder / "alertmanager.yml").write_text(CONFIG.format(port=door, key=KEY), encoding="utf-8")
    port = free_port()
    words = [
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with (folder / "log").open("w") as log:
        there = subprocess.Popen([str(ALERTMANAGER), *words], stdout=log, stderr=log)
    try:
        async with aiohttp.ClientSession() as session:

            async def alert(instance: str, *, over: bool = False) -> None:
                now = datetime.now(UTC)
                labels = {"alertname": "LoginDown", "service": "login", "instance": instance}
                said = {
                    "labels": labels,
                    "annotations": {"summary": "Login answers 503"},
                    "startsAt": (now - timedelta(minutes=1)).isoformat(),
                }
                for _ in range(100):  # it takes a moment to be there
                    try:
                        async with session.post(
                            f"http://127.0.0.1:{port}/api/v2/alerts", json=[said | ({"endsAt": now.isoformat()} if over else {})]
                        ) as reply:
                            assert reply.status == 200
                            return
                    except aiohttp.ClientConnectorError:
                        await asyncio.sleep(0.1)
                raise AssertionError((folder / "log").read_text())

            yield alert
    finally:
        there.terminate()
        there.wait(10)


@pytest.mark.skipif(not ALERTMANAGER, reason="a real Alertmanager: apt-get install prometheus-alertmanager")
async def test_a_real_alertmanager_fires_and_resolves_through_the_web_door(tmp_path: Path) -> None:
    batches: list[Batch] = []
    news = asyncio.Event()
    turned_away: list[str] = []

    async def accept(batch: Batch) -> None:
        batches.append(batch)
        news.set()

    source = webhook.connect("prometheus", webhook.Options(secret="key", format="alertmanager"), world(key=KEY))
    assert isinstance(source, webhook.Webhook)
    door = Web(receivers={"prometheus": source}, accept=accept, health=lambda: Health(True), metrics=list, clock=lambda: datetime.now(UTC), turned_away=turned_away.append, port=0)  # fmt: skip
    await door.start()

    async def until(failing: bool) -> None:
        async with asyncio.timeout(20):
            while not batches or is_failing(*batches) != failing:
                news.clear()
                await news.wait()

    try:
        async with running(tmp_path, door.port) as alert:
            await alert("web-1")
            await alert("web-2")
            await until(failing=True)
            await alert("web-1", over=True)
            await alert("web-2", over=True)
            await until(failing=False)
    finally:
        await door.stop()
    assert turned_away == []
    assert all(batch.refused == () for batch in batches)
    fingerprints = {event.id.split(":")[2] for batch in batches for event in batch.events}
    assert len(fingerprints) == 2
