"""The way out to the web: never into the house by a trick, never longer or larger than we said, never a secret in what it tells."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import ssl
import time
import traceback
import tracemalloc
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from carebot import __version__
from carebot.effects.network.addresses import is_allowed
from carebot.effects.network.http import Client
from carebot.errors import Throttled, Unreachable
from tests.connectors.loopback_web import NOON, saying, serving
from tests.effects.loopback_tls import encrypted, here

SOON = timedelta(milliseconds=300)

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "1.1.1.1",
    "2606:4700:4700::1111",
    "2a00:1450:4003:80f::200e",
    "192.1.2.1",
]
OURS = ["127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fc00::1", "fd12:3456::1"]
NOBODYS = [
    "0.0.0.0", "0.1.2.3", "100.64.0.1", "169.254.169.254", "169.254.0.1", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::2", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1",
    "5f00::1", "2a00:1450:4003:80f:0:5efe:7f00:1", "2a00:1450:4003:80f:200:5efe:10.0.0.1", "2606:4700:4700::1111%eth0", "::1%lo", "fe80::1", "fe80::1%eth0", "fec0::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
    "2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.01", "①②⑦.⓪.⓪.①", "localhost", "", " 8.8.8.8", "8.8.8.8\n",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_anyone_on_the_internet_may_be_asked_but_only_encrypted(address: str) -> None:
    assert is_allowed(address)
    assert is_allowed(address, allow_private=True)
    assert not is_allowed(address, encrypted=False)
    assert not is_allowed(address, allow_private=True, encrypted=False)


@pytest.mark.parametrize("address", OURS)
def test_our_own_house_is_asked_only_where_the_operator_said_so(address: str) -> None:
    assert not is_allowed(address)
    assert is_allowed(address, allow_private=True)
    assert is_allowed(address, allow_private=True, encrypted=False)


@pytest.mark.parametrize("address", NOBODYS)
def test_nothing_else_is_ever_asked(address: str) -> None:
    for allow_private in (False, True):
        assert not is_allowed(address, allow_private=allow_private)
        assert not is_allowed(address, allow_private=allow_private, encrypted=False)


SPELLINGS = ["127.0.0.1", "2130706433", "0x7f.1", "0x7f000001", "127.1", "0177.0.0.1", "017700000001", "①②⑦.⓪.⓪.①", "127。0。0。1",
             "localhost", "LOCALHOST",
             "localhost.", "[::1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "0.0.0.0", "0", "[::]"]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_however_it_is_spelled_this_machine_is_not_asked(host: str, scheme: str) -> None:
    async with saying(b"HTTP/1.1 200 OK\r\n\r\n") as (port, heard), Client(deadline=timedelta(seconds=5)) as http:
        with pytest.raises(Unreachable):
            await http.get(f"{scheme}://{host}:{port}/")
        assert heard == []


async def test_a_name_with_one_good_and_one_bad_address_is_not_asked_at_all() -> None:
    async def both(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    async with saying(b"") as (port, heard), Client(resolve=both) as http:
        with pytest.raises(Unreachable, match="not an address on the public internet"):
            await http.get(f"https://rebinding.example:{port}/")
        assert heard == []


async def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked() -> None:
    lookups: list[str] = []

    async def changing(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"] if len(lookups) == 1 else ["169.254.169.254"]

    async with serving(b"ours") as them, Client(resolve=changing) as http:
        reply = await http.get(them.url.replace("127.0.0.1", "intranet.example"), allow_private=True)
        assert (reply.body, lookups) == (b"ours", ["intranet.example"])
        assert them.asked[0].headers["Host"].startswith("intranet.example:")


async def test_the_next_address_is_tried_when_the_first_takes_no_connection() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with serving(b"here") as them, Client(resolve=two) as http:
        assert (await http.get(them.url.replace("127.0.0.1", "two.example"), allow_private=True)).body == b"here"


# ── redirects ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_redirect_into_the_house_is_not_followed_even_where_the_first_host_was_allowed() -> None:
    async with saying(b"") as (port, heard), Client() as http:
        for inside in (
            f"http://localhost:{port}/",
            f"https://localhost:{port}/",
            f"http://127.1:{port}/",
            f"http://user@127.0.0.1:{port}/",
        ):

            async def away(_: web.Request, to: str = inside) -> web.Response:
                return web.Response(status=302, headers={"Location": to})

            async with serving(away) as them:
                with pytest.raises(Unreachable):
                    await http.get(them.url, allow_private=True)
        assert heard == []


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async def down(request: web.Request) -> web.Response:
        left = int(request.path.rpartition("/")[2])
        return web.Response(status=308, headers={"Location": f"./{left - 1}"}) if left else web.Response(text="arrived")

    async with serving(down) as them, Client() as http:
        reply = await http.get(f"{them.url}/3", allow_private=True)
        assert (reply.body, reply.url) == (b"arrived", f"{them.url}/0")
        with pytest.raises(Unreachable, match="more than 3 times"):
            await http.get(f"{them.url}/4", allow_private=True)
        assert len(them.asked) == 8


# ── time and size ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 4000], ids=["silence", "a byte at a time"]
)
async def test_a_server_that_hangs_is_left_when_we_said(said: bytes | None) -> None:
    async with saying(said, every=0.02) as (port, _), Client(deadline=SOON) as http:
        started = time.monotonic()
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1: did not answer within 0\.3 s"):
            await http.get(f"http://127.0.0.1:{port}/", allow_private=True)
        assert time.monotonic() - started < 60  # it would be silent for ever


async def test_a_dead_name_server_does_not_hold_us_longer_than_we_said() -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    async with Client(deadline=SOON, resolve=never) as http:
        with pytest.raises(Unreachable, match="did not answer within"):
            await http.get("https://shop.example/")


async def test_a_small_gzip_does_not_become_a_large_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()  # 200 MB in 200 kB

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with serving(answer) as them, Client() as http:
        tracemalloc.start()
        try:
            with pytest.raises(Unreachable, match="answered more than 5 MB"):
                await http.get(them.url, allow_private=True)
            assert tracemalloc.get_traced_memory()[1] < 25_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "encoding", "says"),
    [
        (b"x" * 1001, "", "answered more than 0.001 MB"),
        (gzip.compress(b"hola", mtime=0)[:-9], "gzip", "was cut short"),
        (b"not gzip at all", "gzip", "is damaged"),
        (b"hola", "br", "in a way we did not ask for"),
    ],
)
async def test_an_answer_that_is_too_long_or_badly_packed_is_not_taken(body: bytes, encoding: str, says: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": encoding} if encoding else {})

    async with serving(answer) as them, Client(max_body=1000) as http:
        with pytest.raises(Unreachable, match=says):
            await http.get(them.url, allow_private=True)


@pytest.mark.parametrize(("encoding", "body"), [("gzip", gzip.compress(b"x" * 1000, mtime=0)), ("deflate", zlib.compress(b"x" * 1000))])
async def test_a_packed_answer_of_exactly_the_cap_arrives_whole(encoding: str, body: bytes) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": encoding})

    async with serving(answer) as them, Client(max_body=1000) as http:
        assert (await http.get(them.url, allow_private=True)).body == b"x" * 1000


# ── not now ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "asked", "wait"),
    [(429, "30", 30), (429, "-1", 60), (429, None, 60), (503, "1000000000", 900), (503, None, None), (503, "x", None)],
)
async def test_they_say_wait_and_we_wait(status: int, asked: str | None, wait: int | None) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": asked} if asked else {})

    async with serving(answer) as them, Client(clock=lambda: NOON) as http:
        if wait is None:
            assert (await http.get(them.url, allow_private=True)).status == status
            return
        with pytest.raises(Throttled, match=f"127.0.0.1: answered {status} and asks us to wait {wait} s") as raised:
            await http.get(them.url, allow_private=True)
        assert raised.value.wait == timedelta(seconds=wait)


# ── manners ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_we_say_who_we_are_and_keep_no_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="hola", headers={"Set-Cookie": "who=you", "X-Mixed-Case": "Yes"})

    async with serving(answer) as them, Client(resolve=here) as http:
        url = them.url.replace("127.0.0.1", "shop.example")
        first = await http.get(url, headers={"If-None-Match": '"1"'}, allow_private=True)
        await http.get(url, allow_private=True)
        assert first.headers["x-mixed-case"] == "Yes"
        assert 0 < first.took_ms < 5000
        assert them.asked[0].headers["User-Agent"] == f"carebot/{__version__}"
        assert them.asked[0].headers["If-None-Match"] == '"1"'
        assert "Cookie" not in them.asked[1].headers


async def test_no_error_tells_a_secret_of_the_address_or_the_headers() -> None:
    told: list[str] = []

    async def away(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "https://hush:hush@127.0.0.1/hush?hush=hush"})

    async def not_now(_: web.Request) -> web.Response:
        return web.Response(status=429)

    broken = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort")
    nonsense = saying(b"220 mail.example hush ESMTP\r\n")
    async with serving(away) as first, serving(not_now) as busy, broken as (cut, _), nonsense as (mail, _), saying(None) as (silent, _):
        async with Client(deadline=SOON) as http:
            for base in (
                first.url, busy.url, f"http://127.0.0.1:{cut}", f"http://127.0.0.1:{mail}", f"http://127.0.0.1:{silent}", "http://127.0.0.1:1",
                f"https://127.0.0.1:{mail}", "http://hush:hush@127.0.0.1", "http://0x7f.1", "http://hush bad.example", "http://127.0.0.1:hush",
                "ftp://127.0.0.1", "", "http://", "https://nobody.invalid",
            ):  # fmt: skip
                with pytest.raises((Unreachable, Throttled)) as raised:
                    await http.get(f"{base}/hush?token=hush", headers={"Authorization": "Bearer hush"}, allow_private=True)
                told.append("".join(traceback.format_exception_only(raised.value)))
                assert raised.value.__cause__ is None
                assert raised.value.__suppress_context__ or raised.value.__context__ is None
        with pytest.raises(Unreachable) as raised:
            async with Client() as http:
                await http.get(f"{busy.url}/", headers={"X-Bad": "hush\r\nX-Smuggled: 1"}, allow_private=True)
        told.append(str(raised.value))
    assert len(set(told)) > 8
    assert [text for text in told if "hush" in text.replace("hush bad.example", "")] == []


# ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
async def test_the_certificate_must_be_the_names_although_we_connect_to_an_address(tmp_path: Path) -> None:
    async with encrypted(tmp_path) as (port, certificate, _):
        trust = ssl.create_default_context(cafile=str(certificate))
        async with Client(trust=trust, resolve=here) as http:
            reply = await http.get(f"https://shop.example:{port}/", allow_private=True)
            assert reply.body == b"hello shop.example"
            with pytest.raises(Unreachable, match="certificate cannot be trusted"):
                await http.get(f"https://thief.example:{port}/", allow_private=True)
        async with Client(resolve=here) as http:
            with pytest.raises(Unreachable, match="certificate cannot be trusted"):
                await http.get(f"https://shop.example:{port}/", allow_private=True)
