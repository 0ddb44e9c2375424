"""What is sent goes to whom it was meant for; a stream opens where we checked, says no more than we said, and is closed when we leave."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web

from carebot.effects.network import addresses
from carebot.effects.network.http import MAX_FRAME, Client
from carebot.errors import Throttled, Unreachable
from tests.connectors.loopback_web import NOON, Loopback, saying, serving
from tests.effects.loopback_tls import encrypted, here

SOON = timedelta(milliseconds=300)
Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


def streaming(talk: Talk) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        line = web.WebSocketResponse(max_msg_size=0)
        await line.prepare(request)
        await talk(line)
        return line

    return answer


def ws(them: Loopback, host: str = "127.0.0.1") -> str:
    return them.url.replace("http:", "ws:").replace("127.0.0.1", host)


async def heard(http: Client, url: str) -> list[bytes]:
    async with http.frames(url, allow_private=True) as messages:
        return [message async for message in messages]


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_sent_arrives_with_its_headers_at_the_address_that_was_checked() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    async with serving(answer) as them, Client(resolve=here) as http:
        url = them.url.replace("127.0.0.1", "api.example")
        reply = await http.post(url, body="ñ".encode(), headers={"Authorization": "Bearer hush"}, allow_private=True)
        assert (reply.status, reply.body.decode()) == (200, "ñ")
        assert them.asked[0].headers["Authorization"] == "Bearer hush"
        assert them.asked[0].headers["Host"].startswith("api.example:")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_what_is_sent_is_not_sent_on(status: int) -> None:
    async with serving(b"") as other:

        async def away(_: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": other.url})

        async with serving(away) as them, Client() as http:
            assert (await http.post(them.url, body=b"hush", allow_private=True)).status == status
        assert other.asked == []


async def test_an_answer_to_what_was_sent_is_held_to_the_same_limits() -> None:
    async with serving(b"x" * 1001) as them, Client(max_body=1000, deadline=SOON) as http:
        with pytest.raises(Unreachable, match=r"more than 0\.001 MB"):
            await http.post(them.url, body=b"", allow_private=True)
        them.answer = 429
        with pytest.raises(Throttled):
            await http.post(them.url, body=b"", allow_private=True)
        async with saying(None) as (port, _):
            with pytest.raises(Unreachable, match="did not answer within"):
                await http.post(f"http://127.0.0.1:{port}/", body=b"", allow_private=True)


# ── being sent on ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_headers_go_with_us_on_the_same_host_and_never_to_another_host_or_another_door_of_it() -> None:
    async with serving(b"there") as other:
        to = {"/same": "/here", "/door": other.url, "/host": other.url.replace("127.0.0.1", "other.example")}

        async def away(request: web.Request) -> web.Response:
            sent_on = to.get(request.path)
            return web.Response(status=302, headers={"Location": sent_on}) if sent_on else web.Response(text="here")

        async with serving(away) as them, Client(resolve=here) as http:
            token = {"Authorization": "Bearer hush"}
            assert (await http.get(f"{them.url}/same", headers=token, allow_private=True)).body == b"here"
            assert [request.headers.get("Authorization") for request in them.asked] == ["Bearer hush"] * 2
            for elsewhere in ("/door", "/host"):  # nor is the operator's leave to look inside good for it
                with pytest.raises(Unreachable):
                    await http.get(them.url + elsewhere, headers=token, allow_private=True)
        assert other.asked == []


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
async def test_a_token_does_not_follow_to_another_host_that_may_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda address: True)  # as if 127.0.0.1 were anybody's
    async with (
        encrypted(tmp_path) as (port, certificate, asked),
        Client(trust=ssl.create_default_context(cafile=certificate), resolve=here) as http,
    ):
        await http.get(f"https://bank.example:{port}/to/shop.example", headers={"Authorization": "Bearer hush"})
    assert [(request.host.partition(":")[0], request.headers.get("Authorization")) for request in asked] == [
        ("bank.example", "Bearer hush"),
        ("shop.example", None),
    ]


# ── listening ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_stream_is_heard_message_by_message_until_they_hang_up() -> None:
    async def talk(line: web.WebSocketResponse) -> None:
        await line.send_str("hola ñ")
        await line.send_bytes(b"\x00\xff")
        await line.close()

    async with serving(streaming(talk)) as them, Client(resolve=here) as http:
        assert await heard(http, ws(them, "stream.example")) == ["hola ñ".encode(), b"\x00\xff"]
        assert them.asked[0].headers["Host"].startswith("stream.example:")


async def test_a_stream_is_closed_when_we_leave_even_in_the_middle_of_trouble() -> None:
    closed: list[WSMsgType] = []

    async def talk(line: web.WebSocketResponse) -> None:
        await line.send_str("uno")
        closed.append((await line.receive()).type)

    async with serving(streaming(talk)) as them, Client() as http:
        async with http.frames(ws(them), allow_private=True) as messages:
            assert await anext(messages) == b"uno"
        with pytest.raises(LookupError):
            async with http.frames(ws(them), allow_private=True) as messages:
                await anext(messages)
                raise LookupError
    assert closed == [WSMsgType.CLOSE, WSMsgType.CLOSE]


async def test_a_message_of_more_than_a_megabyte_is_not_taken_and_one_of_a_megabyte_is() -> None:
    async def talk(line: web.WebSocketResponse) -> None:
        await line.send_bytes(b"x" * MAX_FRAME)
        await line.send_bytes(b"x" * (MAX_FRAME + 1))
        await line.receive()

    async with serving(streaming(talk)) as them, Client() as http, http.frames(ws(them), allow_private=True) as messages:
        assert len(await anext(messages)) == MAX_FRAME
        with pytest.raises(Unreachable, match=r"^127\.0\.0\.1: sent a message of more than 1 MB$"):
            await anext(messages)


async def test_a_stream_that_breaks_the_rules_is_a_trouble_we_know() -> None:
    async def talk(line: web.WebSocketResponse) -> None:
        assert line._writer
        line._writer.transport.write(b"\xff\xff\xff\xff")
        await line.receive()

    async with serving(streaming(talk)) as them, Client() as http:
        with pytest.raises(Unreachable, match="its stream broke off"):
            await heard(http, ws(them))


@pytest.mark.parametrize("status", [200, 301, 302, 303, 307, 308, 401, 403, 404, 500, 503])
async def test_a_server_that_opens_no_stream_is_left_and_its_redirects_are_not_followed(status: int) -> None:
    async with serving(b"") as inside:

        async def refuse(_: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": inside.url})

        async with serving(refuse) as them, Client(resolve=here) as http:
            with pytest.raises(Unreachable, match=rf"^stream\.example: answered {status} where a stream should open$"):
                await heard(http, ws(them, "stream.example"))
        assert inside.asked == []


async def test_a_server_that_says_not_now_to_a_stream_is_left_alone_as_long_as_it_asks() -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "30"})

    async with serving(busy) as them, Client(clock=lambda: NOON) as http:
        with pytest.raises(Throttled, match="asks us to wait 30 s") as raised:
            await heard(http, ws(them))
        assert raised.value.__suppress_context__


async def test_a_stream_must_open_within_the_time_we_said_and_may_then_be_silent_for_longer() -> None:
    async def talk(line: web.WebSocketResponse) -> None:
        await asyncio.sleep(2 * SOON.total_seconds())
        await line.send_str("por fin")

    async with Client(deadline=SOON) as http:
        async with saying(None) as (port, _):
            with pytest.raises(Unreachable, match=r"did not answer within 0\.3 s"):
                await heard(http, f"ws://127.0.0.1:{port}/")
        async with serving(streaming(talk)) as them:
            assert await heard(http, ws(them)) == [b"por fin"]


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
async def test_an_encrypted_stream_must_show_the_certificate_of_its_name(tmp_path: Path) -> None:
    async with (
        encrypted(tmp_path) as (port, certificate, _),
        Client(trust=ssl.create_default_context(cafile=certificate), resolve=here) as http,
    ):
        assert await heard(http, f"wss://shop.example:{port}/stream") == [b"hello shop.example"]
        with pytest.raises(Unreachable, match="certificate cannot be trusted"):
            await heard(http, f"wss://thief.example:{port}/stream")


async def test_no_error_of_a_stream_tells_a_secret() -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "wss://hush:hush@127.0.0.1/hush"})

    told: list[BaseException] = []
    async with serving(refuse) as them, saying(b"hush\r\n\r\n") as (nonsense, _), saying(b"") as (mute, _), Client(deadline=SOON) as http:
        for base in (
            ws(them), f"ws://127.0.0.1:{nonsense}", f"ws://127.0.0.1:{mute}", f"wss://127.0.0.1:{nonsense}", "ws://127.0.0.1:1",
            "ws://hush:hush@127.0.0.1", "http://127.0.0.1", "ws://", "", "ws:hush", "wss://nobody.invalid", "ws://93.184.216.34",
        ):  # fmt: skip
            for headers in ({"Authorization": "Bearer hush"}, {"X-Bad": "hush\r\nX-Smuggled: 1"}):
                with pytest.raises(Unreachable) as raised:
                    async with http.frames(f"{base}/hush?token=hush", headers=headers, allow_private=True):
                        pass
                told.append(raised.value)
    for trouble in told:
        assert "hush" not in "".join(traceback.format_exception_only(trouble))
        assert trouble.__cause__ is None
        assert trouble.__suppress_context__ or trouble.__context__ is None
    assert len({str(trouble) for trouble in told}) > 6
