"""The real process with people who press its buttons: over the line and over signed HTTP, all at once, again and again, across a kill."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp

from carebot import cli
from tests.effects.loopback_clicks import ANA, ClickableSlack, pressed, signed, submitted
from tests.effects.loopback_slack import no_connection, says
from tests.program.conftest import Running, until
from tests.program.test_daemon import FILE, RULES, append, line

QUICK = "tests.program.quick_carebot"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOOK = RULES.format(sources=FILE)


def environment(slack: ClickableSlack) -> dict[str, str]:
    return {"CAREBOT_SLACK_TOKEN": slack.token, "CAREBOT_SLACK_APP_TOKEN": slack.app_token, "CAREBOT_SLACK_SIGNING_SECRET": SECRET}


async def seen(true: Callable[[], object], running: Running) -> None:
    await asyncio.to_thread(until, true, running)


async def delivered(slack: ClickableSlack, payload: dict) -> None:
    """Pressed until carebot takes it, as people do: at first it does not know yet which workspace is ours."""
    async with asyncio.timeout(15):
        while True:
            try:
                assert await slack.deliver(payload, within=0.5) == {}
                return
            except (TimeoutError, IndexError, ConnectionError):
                await asyncio.sleep(0.1)


def audited(running: Running) -> list[tuple[str, str, str]]:
    rows = [json.loads(doc) for (doc,) in running.query("SELECT doc FROM audit ORDER BY n")]
    return [(row["action"], row["user"], row["outcome"]) for row in rows]


def thread(slack: ClickableSlack) -> str:
    return json.dumps([message for message in slack.messages if "thread_ts" in message])


async def by_http(slack: ClickableSlack, running: Running, id_: str) -> dict:
    """Fifty people press at once, a hundred times over; the press of who has it."""
    url = f"http://127.0.0.1:{running.port()}/slack/actions"
    async with aiohttp.ClientSession() as web:

        async def post(said: dict | bytes, key: str = SECRET, **headers: str) -> int:
            given, body = signed(said, key)
            async with web.post(url, data=body, headers=given | headers) as reply:
                return reply.status

        async def taken(said: dict) -> None:
            while (status := await post(said)) != 200:
                assert status == 503  # busy: Slack shows an error, and people press again
                await asyncio.sleep(0.05)

        crowd = [pressed("take", id_, user=f"U0CROWD{n:02}", name=f"p{n}") for n in range(50)]
        async with asyncio.timeout(20):
            await asyncio.gather(*(taken(said) for said in crowd))
        await seen(lambda: len(audited(running)) == 50, running)
        for n in range(100):
            assert await post(crowd[n % 2]) == 200
        for wrong in (post(crowd[0], "another secret"), post(b"payload=%7B"), post(b""), post(crowd[0], **{"x-slack-signature": "v0="})):
            assert await wrong == 401
        assert await post(pressed("take", id_) | {"api_app_id": "A0OTHER"}) == 401
        async with web.post(url, data=b"x" * 1_000_001) as reply:
            assert reply.status == 413
    await seen(lambda: len(slack.whispers) == 49, running)  # everybody else is told who was first
    assert sorted(outcome for *_, outcome in audited(running)) == ["done"] + ["nothing"] * 49
    ((owner, name),) = running.query("SELECT doc ->> '$.owner', doc ->> '$.owner_name' FROM incidents")
    assert [user for _, user, outcome in audited(running) if outcome == "done"] == [owner]
    await seen(lambda: f"{name} is on it" in thread(slack), running)
    return next(said for said in crowd if said["user"]["id"] == owner)


async def by_the_line(slack: ClickableSlack, again: Running, id_: str, old: dict) -> None:
    """After a kill and a restart with other rules: what was pressed before, who may not, and a form."""
    await delivered(slack, old)
    await delivered(slack, pressed("not_incident", id_, option="words", user="U0STRANGER", name="x"))
    await seen(lambda: any(one["user"] == "U0STRANGER" and "roles.act" in one["text"] for one in slack.whispers), again)
    assert slack.forms == []
    await delivered(slack, pressed("not_incident", id_, option="other"))
    await seen(lambda: slack.forms, again)
    assert audited(again)[50:] == [("not_incident", "U0STRANGER", "refused")]  # a form that is only open has done nothing
    slack.plan("chat.postEphemeral", says("internal_error"))  # an answer that does not get through is told again
    await delivered(slack, submitted(slack.forms[0], {"why": {"value": "words"}, "text": "son del club, llama al 612 345 678"}))
    await seen(lambda: any("blocks" in one for one in slack.whispers), again)
    (shown,) = [one for one in slack.whispers if "blocks" in one]
    diff = shown["blocks"][1]["elements"][0]["elements"][0]["text"]
    assert shown["user"] == "U0ANA0001" and "ignores" in diff and "la app no funciona, no puedo entrar" in diff
    assert again.query("SELECT phase, doc ->> '$.dismissed' FROM incidents") == [("resolved", 1)]
    assert {row[0] for row in again.query("SELECT answer FROM labels")} == {"no"}
    await seen(lambda: "not an incident" in thread(slack), again)


def test_fifty_press_at_once_one_has_it_and_after_a_kill_the_old_buttons_work(tmp_path: Path, start: Callable[..., Running]) -> None:
    async def scene() -> None:
        async with ClickableSlack() as slack:
            (tmp_path / "rules.yaml").write_text(BOOK, encoding="utf-8")
            append(tmp_path, *(line(number) for number in range(5)))
            running = start("--slack-url", slack.url, environment=environment(slack))
            await seen(lambda: slack.lines and running.query("SELECT 1 FROM outbox WHERE ref != ''"), running)
            ((id_,),) = running.query("SELECT id FROM incidents")
            old = await by_http(slack, running, id_)
            await asyncio.to_thread(running.kill)

            listed = BOOK + "roles: {act: [U0ANA0001]}\n"
            (tmp_path / "rules.yaml").write_text(listed, encoding="utf-8")
            again = start("--slack-url", slack.url, environment=environment(slack))
            await seen(lambda: slack.lines, again)
            await by_the_line(slack, again, id_, old)
            assert (tmp_path / "rules.yaml").read_text(encoding="utf-8") == listed  # nothing is applied by itself
            await asyncio.to_thread(again.stop)
            kept = again.db.read_bytes().decode("latin-1")
            assert "612 345 678" not in kept
            for secret in (slack.token, slack.app_token, SECRET, "ticket=secret"):
                assert secret not in again.log() + kept
            assert "audit head=" in again.log()

    asyncio.run(scene())
    assert cli.main(["audit", "verify", "--db", str(tmp_path / "carebot.db")]) == 0


async def open_incident(folder: Path, slack: ClickableSlack, running: Running) -> str:
    append(folder, *(line(number) for number in range(5)))
    await seen(lambda: slack.lines and running.query("SELECT 1 FROM outbox WHERE ref != ''"), running)
    return str(running.query("SELECT id FROM incidents")[0][0])


def test_a_press_that_was_acknowledged_has_its_effect_although_carebot_is_killed_before_it_is_committed(tmp_path, start):
    async def scene() -> None:
        async with ClickableSlack() as slack:
            (tmp_path / "rules.yaml").write_text(BOOK, encoding="utf-8")
            running = start("--slack-url", slack.url, environment=environment(slack), program=QUICK)
            id_ = await open_incident(tmp_path, slack, running)
            (tmp_path / "block").touch()  # the loop is busy, and so is the one writer
            presses = [pressed("take", id_), pressed("snooze", id_, option="4h", user="U0LUIS002", name="luis")]
            await delivered(slack, presses[0])
            await delivered(slack, presses[1])
            assert audited(running) == []
            await asyncio.to_thread(running.kill)
            (tmp_path / "block").unlink()

            again = start("--slack-url", slack.url, environment=environment(slack), program=QUICK)
            await seen(lambda: len(audited(again)) == 2, again)
            assert audited(again) == [("take", ANA, "done"), ("snooze", "U0LUIS002", "done")]
            assert again.query("SELECT doc ->> '$.owner' FROM incidents") == [(ANA,)]
            await seen(lambda: (tmp_path / "carebot.db.clicks").read_bytes() == b"", again)
            await seen(lambda: slack.lines, again)
            for one in presses:
                await delivered(slack, one)
            assert len(audited(again)) == 2

    asyncio.run(scene())


def test_a_clock_that_refuses_what_slack_signs_is_told_within_a_minute_and_not_left_to_silent_refusals(tmp_path, start):
    async def scene() -> None:
        async with ClickableSlack() as slack:
            (tmp_path / "rules.yaml").write_text(BOOK, encoding="utf-8")
            running = start("--slack-url", slack.url, environment=environment(slack), program=QUICK)
            id_ = await open_incident(tmp_path, slack, running)

            async def press(ago_s: float = 0.0) -> int:
                headers, body = signed(pressed("take", id_), SECRET, time.time() - ago_s)
                async with (
                    aiohttp.ClientSession() as web,
                    web.post(f"http://127.0.0.1:{running.port()}/slack/actions", data=body, headers=headers) as reply,
                ):
                    return reply.status

            asked = slack.methods().count("auth.test")
            assert await press(ago_s=900) == 401  # somebody sends an old press again: Slack's own word counts
            await seen(lambda: slack.methods().count("auth.test") > asked + 2, running)
            assert not running.query("SELECT 1 FROM alerts WHERE reason = 'clock_off'")

            slack.plan("auth.test", *[no_connection()] * 500)  # Slack cannot be asked what time it is
            (tmp_path / "ahead").write_text("900")
            assert await press() == 401
            await seen(lambda: running.query("SELECT 1 FROM alerts WHERE reason = 'clock_off'"), running)
            ((detail,),) = running.query("SELECT doc ->> '$.detail.en' FROM alerts WHERE reason = 'clock_off'")
            assert "ahead" in detail and "NTP" in detail
            assert "click refused: signed by Slack, 90" in running.log()

            slack._plans.clear()
            (tmp_path / "ahead").write_text("0")
            await seen(lambda: running.query("SELECT 1 FROM alerts WHERE reason = 'trouble_over'"), running)
            assert await press() == 200

    asyncio.run(scene())


def test_doctor_says_which_scope_and_which_channel_is_missing_and_slack_test_posts_one_card(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    append(tmp_path, line(1))
    (tmp_path / "rules.yaml").write_text(BOOK.replace("care-desk", "gone") + '  other: {slack: "#care-desk"}\n', encoding="utf-8")

    async def said(slack: ClickableSlack, *words: str) -> tuple[int, str]:
        status = await asyncio.to_thread(cli.main, [*words, "--slack-url", slack.url, "--json"])
        return status, capsys.readouterr().out

    async def scene() -> None:
        async with ClickableSlack() as slack:
            for name, value in environment(slack).items():
                monkeypatch.setenv(name, value)
            slack.scopes = "chat:write,channels:read,groups:read,groups:history"
            status, told = await said(slack, "doctor")
            found = {one["what"]: one for one in json.loads(told) if one["what"].startswith("Slack")}
            assert status == 1
            assert not found["Slack scopes"]["ok"] and "missing: channels:history (see" in found["Slack scopes"]["detail"]
            assert not found["Slack route desk"]["ok"] and "/invite @carebot" in found["Slack route desk"]["detail"]
            assert found["Slack route other"]["detail"] == "#care-desk is C0CAREDESK1"
            assert found["Slack clicks"] == {"what": "Slack clicks", "ok": True, "detail": "Socket Mode: a line opens"}

            status, told = await said(slack, "slack", "test", "--route", "other")
            assert (status, json.loads(told)["channel"]) == (0, "C0CAREDESK1")
            assert len(slack.messages) == 1 and "EXAMPLE" in slack.shown()[0]
            assert (await said(slack, "slack", "test", "--route", "nobody"))[0] == 2

            for name in environment(slack):
                monkeypatch.setenv(name, "not-a-token")
            status, told = await said(slack, "doctor")
            assert status == 1 and "refused (invalid_auth)" in told and "connections:write" in told and "not-a-token" not in told

    asyncio.run(scene())
