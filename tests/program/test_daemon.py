"""The real process: a feed, a webhook, a probe and a growing file on loopback; Slack on loopback; reload, signals, a second daemon."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from tests.effects.loopback_slack import LoopbackSlack, lost_reply, too_many
from tests.program.conftest import REPO, Running, until

RULES = """
brand: {{name: Banco Lumbre, accounts: {{x: [BancoLumbre]}}, staff_language: en}}
services:
  app: {{name: {{es: la app, en: the app}}, words: [app], core: true}}
sources:
{sources}
rules:
  - {{name: down, when: outage, route: desk}}
  - {{name: grumble, when: complaint, route: desk}}
routes:
  desk: {{slack: "#care-desk"}}
"""
FILE = "  - {name: notes, kind: jsonl, path: notes.jsonl, every: 1s}\n"


def rules(folder: Path, sources: str = FILE) -> None:
    (folder / "rules.yaml").write_text(RULES.format(sources=sources), encoding="utf-8")


def line(number: int, text: str = "la app no funciona, no puedo entrar", **more: object) -> str:
    said = {
        "id": f"x:{number}",
        "source": "x",
        "author": f"who{number}",
        "text": f"{text} {number}",
        "posted_at": datetime.now(UTC).isoformat(),
    }
    return json.dumps({**said, **more}) + "\n"


def append(folder: Path, *lines: str) -> None:
    with (folder / "notes.jsonl").open("a", encoding="utf-8") as notes:
        notes.writelines(lines)


def alerts(running: Running) -> list[dict]:
    return [json.loads(row) for row in running.out.read_text(encoding="utf-8").splitlines()]


def post(url: str, body: bytes, key: str, at: float | None = None) -> int:
    stamp = str(int(at or time.time()))
    proof = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(url, body, {"x-carebot-timestamp": stamp, "x-carebot-signature": f"sha256={proof}"})
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_file_that_grows_becomes_an_incident_and_a_bad_line_is_set_aside(tmp_path, start):
    rules(tmp_path)
    append(tmp_path, line(0, "buenos días"))
    running = start()
    until(lambda: running.count("messages") == 1, running)
    append(tmp_path, "this is not json\n", *(line(number) for number in range(1, 6)))
    until(lambda: any(alert["reason"] == "confirmed" for alert in alerts(running)), running)
    assert running.count("messages") == 6
    status = subprocess.run(
        [sys.executable, "-m", "carebot", "status", "--db", "carebot.db", "--json"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPO)},
        capture_output=True,
        check=True,
    )
    told = json.loads(status.stdout)
    assert told["messages"]["messages"] == 6 and told["quarantined"] == 1 and told["sources"][0]["state"] == "well"
    assert told["quarantine"][0]["item"] == "line 2"
    assert running.stop() == 0


def test_feed_webhook_and_probe_on_loopback(tmp_path, start):
    entries = ["<entry><id>tag:1</id><title>La app de Lumbre no funciona</title><updated>2026-03-12T11:00:00Z</updated></entry>"]

    async def serve() -> None:
        site = web.Application()
        feed = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Foro</title>{}</feed>'

        async def forum(_: web.Request) -> web.Response:
            return web.Response(text=feed.format("".join(entries)), content_type="application/atom+xml")

        async def login(_: web.Request) -> web.Response:
            return web.Response(text="down", status=503)

        site.router.add_get("/feed", forum)
        site.router.add_get("/login", login)
        runner = web.AppRunner(site)
        await runner.setup()
        place = web.TCPSite(runner, "127.0.0.1", 0)
        await place.start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        rules(
            tmp_path,
            f"  - {{name: forum, kind: feed, url: {base}/feed, allow_private: true, every: 1s}}\n"
            f"  - {{name: login, kind: probe, url: {base}/login, service: app, allow_private: true, every: 1s}}\n"
            "  - {name: form, kind: webhook, secret: form-key}\n",
        )
        running = start(environment={"CAREBOT_FORM_KEY": "s3cret-form-key-of-32-characters"})
        hook = f"http://127.0.0.1:{await asyncio.to_thread(running.port)}/hooks/form"
        await asyncio.to_thread(until, lambda: running.count("messages") == 1, running)
        body = line(7, "buenos días").encode()
        statuses = [
            await asyncio.to_thread(post, hook, body, key)
            for key in ("s3cret-form-key-of-32-characters", "s3cret-form-key-of-32-characters", "wrong")
        ]
        assert statuses == [202, 202, 401], running.log()
        assert await asyncio.to_thread(post, hook, body, "s3cret-form-key-of-32-characters", time.time() - 3600) == 401
        assert running.count("messages") == 2
        await asyncio.to_thread(
            until, lambda: sum("401" in reason for (reason,) in running.query("SELECT reason FROM quarantine")), running
        )
        await asyncio.to_thread(until, lambda: any(alert["reason"] == "suspected" for alert in alerts(running)), running)
        assert alerts(running)[0]["facts"]["probes"]
        entries.append("<entry><id>tag:2</id><title>A mí tampoco me entra la app</title><updated>2026-03-12T11:02:00Z</updated></entry>")
        await asyncio.to_thread(until, lambda: running.count("messages") == 3, running)
        health = await asyncio.to_thread(get, hook.replace("/hooks/form", "/health"))
        metrics = await asyncio.to_thread(get, hook.replace("/hooks/form", "/metrics"))
        assert health[0] == 200 and '"deaf":[]' in health[1].replace(" ", "")
        assert "carebot_stage_seconds_total" in metrics[1]
        assert await asyncio.to_thread(running.stop) == 0
        assert "s3cret" not in running.log() + running.db.read_bytes().decode("latin-1")
        await runner.cleanup()

    asyncio.run(serve())


def test_slack_is_told_once_also_when_its_reply_is_lost_and_when_it_says_wait(tmp_path, start):
    async def scene() -> None:
        async with LoopbackSlack() as slack:
            slack.plan("chat.postMessage", too_many("1"))
            rules(tmp_path)
            append(tmp_path, *(line(number) for number in range(3)))
            running = start("--slack-url", slack.url, environment={"CAREBOT_SLACK_TOKEN": slack.token})
            await asyncio.to_thread(until, lambda: slack.messages, running)
            append(tmp_path, *(line(number) for number in range(3, 9)))
            await asyncio.to_thread(until, lambda: any("thread_ts" in message for message in slack.messages), running)
            roots = [message for message in slack.messages if "thread_ts" not in message]
            assert len(roots) == 1 and "the app" in slack.shown()[0]
            await asyncio.to_thread(running.stop)
            assert slack.token not in running.log() + running.db.read_bytes().decode("latin-1")

    asyncio.run(scene())


def test_killed_between_sending_and_sent_slack_shows_it_once(tmp_path, start):
    async def scene() -> None:
        async with LoopbackSlack() as slack:
            slack.plan("chat.postMessage", lost_reply())
            rules(tmp_path)
            append(tmp_path, *(line(number) for number in range(3)))
            token = {"CAREBOT_SLACK_TOKEN": slack.token}
            running = start("--slack-url", slack.url, environment=token)
            await asyncio.to_thread(until, lambda: slack.messages, running)
            await asyncio.to_thread(running.kill)
            assert running.query("SELECT state FROM outbox") == [("sending",)]
            again = start("--slack-url", slack.url, environment=token)
            await asyncio.to_thread(until, lambda: again.query("SELECT state FROM outbox") == [("sent",)], again, 40)
            assert slack.methods().count("chat.postMessage") == 1 and len(slack.messages) == 1
            await asyncio.to_thread(again.stop)

    asyncio.run(scene())


def test_a_second_daemon_refuses_and_names_the_first(tmp_path, start):
    rules(tmp_path)
    first = start()
    first.port()
    second = Running(tmp_path)
    assert second.process.wait(20) == 73
    assert f"in use by another carebot (pid {first.process.pid} on " in second.log()


def test_a_port_that_somebody_else_has_is_said_in_a_line_and_carebot_is_to_be_started_again(tmp_path):
    rules(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        late = Running(tmp_path, "--port", str(port))
        assert late.process.wait(20) == 1
    assert f"nothing can be served on 127.0.0.1:{port}: Address already in use" in late.log() and "Traceback" not in late.log()


def test_rules_are_read_again_on_change_and_a_bad_file_keeps_the_last_good_one(tmp_path, start):
    rules(tmp_path)
    running = start()
    running.port()
    good = (tmp_path / "rules.yaml").read_text()
    (tmp_path / "rules.yaml").write_text(good.replace("when: outage", "wenn: outage"))
    until(lambda: any(alert["reason"] == "rules_refused" for alert in alerts(running)), running)
    told = alerts(running)[-1]
    assert "Did you mean" in told["detail"]["en"] and "siguen las reglas anteriores" in told["headline"]["es"]
    assert running.stop() == 0

    again = start()  # the file is still bad: the last good rules hold, also across a restart, and it is said again
    until(lambda: sum(alert["reason"] == "rules_refused" for alert in alerts(again)) == 2, again)
    append(tmp_path, *(line(number) for number in range(4)))
    until(lambda: any(alert["reason"] == "suspected" for alert in alerts(again)), again)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    (tmp_path / "rules.yaml").write_text(good + f"silences:\n  - {{until: {tomorrow:%Y-%m-%dT%H:%MZ}, owner: Eva, because: testing}}\n")
    until(lambda: any(alert["reason"] == "rules_loaded" for alert in alerts(again)), again)
    again.process.send_signal(signal.SIGHUP)
    until(lambda: sum(alert["reason"] == "rules_loaded" for alert in alerts(again)) == 2, again)
    assert again.stop() == 0


def test_no_usable_rules_and_nothing_remembered_is_exit_status_2(tmp_path, start):
    (tmp_path / "rules.yaml").write_text("brand:\n  nam: x\n")
    running = start()
    assert running.process.wait(20) == 2
    assert "unknown key" in running.log() and 'Did you mean "name"?' in running.log()


def test_a_source_whose_secret_is_missing_is_deaf_and_the_others_go_on(tmp_path, start):
    rules(tmp_path, "  - {name: form, kind: webhook, secret: form-key}\n" + FILE)
    append(tmp_path, line(1, "buenos días"))
    running = start()
    until(lambda: running.count("messages") == 1, running)
    until(lambda: any(alert["reason"] == "source_silent" for alert in alerts(running)), running)
    assert "CAREBOT_FORM_KEY" in alerts(running)[0]["detail"]["en"]


def test_systemd_is_told_ready_fed_by_commits_and_told_stopping(tmp_path, start):
    rules(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        running = start(environment={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"})
        heard: list[bytes] = []
        while not any(note.startswith(b"READY=1") for note in heard) or heard.count(b"WATCHDOG=1") < 2:
            heard.append(manager.recv(4096))  # a TimeoutError where one of them never comes
        assert running.stop() == 0
        manager.settimeout(0.2)
        rest = []
        with pytest.raises(TimeoutError):
            while True:
                rest.append(manager.recv(4096))
        assert any(note.startswith(b"STOPPING=1") for note in rest)
