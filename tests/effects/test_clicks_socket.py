"""Socket Mode against a real websocket server: every press once, in time, through renewals, broken lines and lies about addresses."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator

import pytest

from carebot.effects.clicks import socket
from carebot.effects.clicks.calls import Api
from carebot.effects.clicks.socket import SocketMode, checked
from carebot.errors import Unreachable
from tests.effects.loopback_clicks import ClickableSlack, pressed
from tests.effects.loopback_slack import page, says, too_many


class Ears:
    def __init__(self, answer: dict | None = None) -> None:
        self.heard: list[dict] = []
        self.answer = answer if answer is not None else {}

    async def __call__(self, payload: bytes) -> dict | None:
        self.heard.append(json.loads(payload))
        return self.answer

    def values(self) -> list[str]:
        return [said["actions"][0]["value"] for said in self.heard]


@contextlib.asynccontextmanager
async def listening(slack: ClickableSlack, ears: Ears, lines: int = 1) -> AsyncIterator[SocketMode]:
    async with Api(slack.app_token, slack.url) as api:
        mode = SocketMode(api, ears, slack.url)
        task = asyncio.create_task(mode.run())
        try:
            await until(lambda: len(slack.lines) >= lines)
            yield mode
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert mode.lines == 0


async def until(true, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(socket, "WAIT_S", 0.01)
    monkeypatch.setattr(socket, "SHORT_S", 0.0)


async def test_a_press_is_heard_and_acknowledged():
    async with ClickableSlack() as slack:
        ears = Ears()
        async with listening(slack, ears):
            assert await slack.press("take", "inc-1") == {}
            assert ears.values() == ["inc-1"]


async def test_what_goes_back_with_the_acknowledgement_goes_back():
    async with ClickableSlack() as slack, listening(slack, Ears({"response_action": "clear"})):
        assert await slack.press("take", "inc-1") == {"response_action": "clear"}


async def test_what_could_not_be_taken_is_not_acknowledged_so_that_the_person_is_told():
    async with ClickableSlack() as slack:
        ears = Ears()
        ears.answer = None
        async with listening(slack, ears):
            with pytest.raises(TimeoutError):
                await slack.deliver(pressed("take", "inc-1"), within=0.2)
            assert ears.values() == ["inc-1"]


async def test_a_renewal_loses_nothing_also_what_still_comes_on_the_old_line():
    async with ClickableSlack() as slack:
        ears = Ears()
        async with listening(slack, ears):
            for round_ in range(3):
                old = slack.lines[-1]
                await slack.press("take", f"before-{round_}")
                await slack.send({"type": "disconnect", "reason": "refresh_requested"})
                await until(lambda: len(slack.lines) == 2)  # the next one is open before the old one is gone
                for n in range(50):
                    await old.send_str(
                        json.dumps({"type": "interactive", "envelope_id": f"o{round_}-{n}", "payload": pressed("take", f"old-{n}")})
                    )
                    await slack.press("take", f"new-{n}")
                await old.close()
                await until(lambda: len(slack.lines) == 1)
            assert len(ears.heard) == 3 * 101 and len(slack.acks) == 3 * 101


async def test_a_line_that_breaks_is_opened_again():
    async with ClickableSlack() as slack:
        ears = Ears()
        async with listening(slack, ears):
            for number in range(3):
                await slack.lines[-1].close()
                await until(lambda opened=number + 1: not slack.lines or slack.opened > opened)
                await until(lambda: len(slack.lines) == 1)
                await slack.press("take", f"inc-{number}")
            assert ears.values() == ["inc-0", "inc-1", "inc-2"]


@pytest.mark.parametrize("fault", [too_many("1"), page(503), says("internal_error"), page(200, body="[1]"), page(302)])
async def test_slack_in_trouble_is_asked_again(fault, monkeypatch):
    monkeypatch.setattr("carebot.effects.clicks.calls.retry_after", lambda _: __import__("datetime").timedelta(milliseconds=50))
    async with ClickableSlack() as slack:
        slack.plan("apps.connections.open", fault, fault)
        async with listening(slack, Ears()) as mode:
            await until(lambda: mode.trouble == "")
            assert slack.methods() == ["apps.connections.open"] * 3


async def test_a_reply_that_comes_in_pieces_is_read_whole():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"ok": True, "view": "v" * 90_000}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        for piece in (body[:7], body[7:50_000], body[50_000:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.close()
        await writer.wait_closed()
        over.set()

    over = asyncio.Event()
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, Api("xapp-1", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/") as api:
        assert len((await api("views.open", {})).said["view"]) == 90_000
        await over.wait()


async def test_nonsense_on_the_line_is_passed_over_and_events_we_did_not_ask_for_are_acknowledged():
    async with ClickableSlack() as slack:
        ears = Ears()
        async with listening(slack, ears):
            for nonsense in ("", "{", "[]", "null", '{"type": 7}', "[" * 50_000):
                await slack.lines[-1].send_str(nonsense)
            await slack.lines[-1].send_bytes(b"\x00\xff")
            await slack.send({"type": "events_api", "envelope_id": "e1", "payload": {"event": {"type": "message"}}})
            await slack.press("take", "inc-1")
            await until(lambda: "e1" in slack.acks)
            assert ears.values() == ["inc-1"]


async def test_a_line_that_is_not_slacks_is_not_opened_and_its_ticket_is_not_logged(caplog):
    caplog.set_level(logging.DEBUG)
    async with ClickableSlack() as slack, ClickableSlack() as other:
        slack.line_url = "wss://evil.example/link?ticket=secret-ticket"
        async with Api(slack.app_token, slack.url) as api:
            mode = SocketMode(api, Ears(), slack.url)
            task = asyncio.create_task(mode.run())
            await until(lambda: mode.trouble)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert (other.opened, slack.opened) == (0, 0)
    assert "not on slack.com" in mode.trouble
    assert "secret-ticket" not in caplog.text and "xapp" not in caplog.text and "evil" not in caplog.text


@pytest.mark.parametrize(
    "url", ["wss://wss-primary.slack.com/link/?ticket=1", "wss://slack.com/x", "wss://cerberus-xxxx.lb.slack-msgs.slack.com:443/y"]
)
def test_slacks_own_lines_are_opened(url):
    assert checked(url, on_loopback=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "ws://slack.com/", "https://slack.com/", "wss://slack.com.evil.example/", "wss://evilslack.com/", "wss://slack.com@evil.example/", "wss://a:b@slack.com/",
        "wss://slack.com:8443/", "wss://127.0.0.1/", "wss://[::1", "", None, 7, {"x": 1}, "wss://evil.example/slack.com", "wss://slack.com\\@evil.example",
    ],
)  # fmt: skip
def test_other_addresses_are_not(url):
    for on_loopback in (False, True):
        if on_loopback and isinstance(url, str) and "127.0.0.1" in url:
            continue
        with pytest.raises(Unreachable):
            checked(url, on_loopback=on_loopback)
