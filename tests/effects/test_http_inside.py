"""Two hundred ways to send carebot into the house by an address, a name or a redirect: nobody inside ever hears of it.

The inside listens for real, on this machine's IPv4 and IPv6 addresses, and writes down every connection. Names are resolved by a
stand-in for the bank's name server; numbers as the system reads them, in all its spellings. For redirects a real encrypted server plays
a shop on the internet: of all of 127.0.0.0/8, its address alone counts as public.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from carebot.effects.network import addresses
from carebot.effects.network.http import Client
from carebot.errors import Unreachable
from tests.effects.loopback_tls import certificate

SHOP = "127.77.77.77"
INSIDE = {
    "intranet.example": "127.0.0.1",
    "localhost": "127.0.0.1",
    "localhost.localdomain": "127.0.0.1",
    "six.example": "::1",
    "mapped.example": "::ffff:127.0.0.1",
    "compatible.example": "::7f00:1",
    "nat64.example": "64:ff9b::7f00:1",
    "nat64-local.example": "64:ff9b:1::7f00:1",
    "sixtofour.example": "2002:7f00:1::1",
    "teredo.example": "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "isatap.example": "2a00:1450:4003:80f:0:5efe:7f00:1",
    "zone.example": "fe80::1%lo",
    "any.example": "0.0.0.0",
    "any-six.example": "::",
    "cloud.example": "169.254.169.254",
    "cloud-six.example": "fd00:ec2::254",
    "metadata.google.internal": "169.254.169.254",
    "ten.example": "10.0.0.1",
    "shared.example": "100.64.0.1",
    "all.example": "255.255.255.255",
    "café.example": "127.0.0.1",
    "127.0.0.1.nip.example": "127.0.0.1",
}

# What a host may be written like. All of them mean this machine to some reader of addresses, or nothing to anybody.
HOSTS = [
    *INSIDE, "LOCALHOST", "LocalHost", "localhost.", "localhost.localdomain.", "ｌｏｃａｌｈｏｓｔ", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "loc%61lhost", "intranet.example.", "INTRANET.EXAMPLE", "intranet。example",
    "127.0.0.1", "127.0.0.1.", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "0", "0.0.0.0", "0.0.0.0.", "00", "0x0",
    "2130706433", "0017700000001", "0x7f000001", "0X7F000001", "0x7f.1", "0x7f.0x0.0x0.0x1", "0x7F.0.0.1", "0x000000007f000001", "017700000001", "0177.0.0.1",
    "0177.0.0.01", "00000177.0.0.1", "0177.0x0.0.1", "127.0x1", "127.01", "127.0.0.0x1", "127.65535", "4294967295", "4294967296", "2130706433.", "256.256.256.256", "1.2.3.4.5",
    "①②⑦.⓪.⓪.①", "１２７.０.０.１", "１２７．０．０．１", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "٠", "۱۲۷.0.0.1", "127%2e0%2e0%2e1", "127%2E1", "%31%32%37.0.0.1", "%6c%6f%63alhost",
    "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.257", "100.64.0.1", "198.18.0.1", "192.0.0.192", "224.0.0.1", "255.255.255.255",
    "169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376", "169.254.169.254.", "①⑥⑨.②⑤④.①⑥⑨.②⑤④",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::1%25lo]", "[::1%lo]", "[fe80::1%25eth0]", "[::0001]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:7F00:0001]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::ffff:0:127.0.0.1]", "[::127.0.0.1]", "[::7f00:1]", "[::ffff:a9fe:a9fe]",
    "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2002:c0a8:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[2001::1]", "[2a00:1450:4003:80f:0:5efe:127.0.0.1]", "[fe80::5efe:127.0.0.1]", "[2001:db8::1]", "[fec0::1]",
    "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[::1", "::1", "[127.0.0.1]", "[v1.127.0.0.1]", "[]", "",
]  # fmt: skip

# Whole addresses; PORT is where the inside listens.
ADDRESSES = [
    "https://shop.example@127.0.0.1:PORT/", "https://shop.example:443@127.0.0.1:PORT/", "https://shop.example%40127.0.0.1:PORT/", "https://shop.example#@127.0.0.1:PORT/",
    "https://127.0.0.1:PORT#@shop.example/", "https://127.0.0.1:PORT?@shop.example/", "https://127.0.0.1:PORT\\@shop.example/", "https://shop.example\\@127.0.0.1:PORT/",
    "https://user:pass@localhost:PORT/", "https://@127.0.0.1:PORT/", "https://:@127.0.0.1:PORT/", "https://a@b@127.0.0.1:PORT/",
    "https:\\\\127.0.0.1:PORT\\", "https:/\\127.0.0.1:PORT/", "https:///127.0.0.1:PORT/", "https:////127.0.0.1:PORT/", "https:127.0.0.1:PORT/", "//127.0.0.1:PORT/", "/\\127.0.0.1:PORT/",
    "hTTp://127.0.0.1:PORT/", "HtTpS://127.0.0.1:PORT/", "HTTPS://LOCALHOST:PORT/", " https://127.0.0.1:PORT/", "\thttps://127.0.0.1:PORT/", "ht\ntps://127.0.0.1:PORT/", "https://127.0.\n0.1:PORT/",
    "https://127.0.0.1\t:PORT/", "https://127.0.0.1\x00.shop.example:PORT/", "https://127.0.0.1%00.shop.example:PORT/", "https://127.0.0.1%0d%0aHost:%20shop.example:PORT/", "https://127.0.0.1 .shop.example:PORT/",
    "https://127.0.0.1:0PORT/", "https://127.0.0.1:+PORT/", "https://127.0.0.1:PORT:443/", "https://127.0.0.1:PORT%20/", "https://127.0.0.1:99999/", "https://127.0.0.1:-1/", "https://127.0.0.1:/",
    "file:///etc/passwd", "file://127.0.0.1:PORT/", "ftp://127.0.0.1:PORT/", "gopher://127.0.0.1:PORT/_GET", "dict://127.0.0.1:PORT/", "ldap://127.0.0.1:PORT/", "unix:///run/docker.sock", "data:,x",
    "javascript:alert(1)", "jar:https://127.0.0.1:PORT!/", "http+unix://%2frun%2fdocker.sock/", "feed://127.0.0.1:PORT/", "view-source:https://127.0.0.1:PORT/", "ws://127.0.0.1:PORT/", "wss://localhost:PORT/",
]  # fmt: skip


async def named(host: str, port: int) -> list[str]:
    """The bank's name server; a number is read as the C library reads it, so also 127.1 and 0x7f000001."""
    name = host.lower().rstrip(".")
    if name in INSIDE or name in ("shop.example", "bank.example", "xn--caf-dma.example"):
        return [SHOP if name in ("shop.example", "bank.example") else INSIDE.get(name, "127.0.0.1")]
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


@asynccontextmanager
async def inside() -> AsyncIterator[tuple[int, list[str]]]:
    """Whatever listens in the house, on one port of every address this machine has. → port, who came"""
    came: list[str] = []

    async def open_door(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(str(writer.get_extra_info("sockname")))
        writer.transport.abort()

    four = await asyncio.start_server(open_door, "0.0.0.0", 0)
    port = four.sockets[0].getsockname()[1]
    doors = [four]
    if socket.has_ipv6:
        try:
            doors.append(await asyncio.start_server(open_door, "::", port))
        except OSError:
            assert not Path("/proc/net/if_inet6").exists() or not Path("/proc/net/if_inet6").read_text()
    try:
        yield port, came
    finally:
        for door in doors:
            door.close()


def all_addresses(port: int) -> list[str]:
    schemes = ("https", "http")
    return [f"{scheme}://{host}:{port}/" for host in HOSTS for scheme in schemes] + [url.replace("PORT", str(port)) for url in ADDRESSES]


async def refused(look: Awaitable[object]) -> str:
    with pytest.raises(Unreachable) as raised:
        await look
    return str(raised.value)


async def test_the_inside_would_hear_it() -> None:
    async with inside() as (port, came), Client(resolve=named) as http:
        for door in ("127.0.0.1", "127.0.0.2", "localhost", "2130706433"):
            await refused(http.get(f"http://{door}:{port}/", allow_private=True))
        assert len(set(came)) == 2


async def test_no_address_however_it_is_written_leads_into_the_house() -> None:
    async with inside() as (port, came), Client(resolve=named) as http:
        urls = all_addresses(port)
        assert len(set(urls)) >= 300
        for url in urls:
            await refused(http.get(url))
            await refused(http.post(url, body=b"x"))
            await refused(http.frames(url.replace("http", "ws", 1)).__aenter__())
        assert came == []


async def test_no_name_leads_to_a_port_of_the_house_either() -> None:
    async with inside() as (port, came), Client(resolve=named) as http:
        for host in HOSTS:
            for tls in (True, False):
                await refused(http.connect(host.strip("[]"), port, tls=tls))
        assert came == []


# ── being sent on ────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def a_shop(folder: Path, answer: Callable[[web.BaseRequest], web.Response]) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    made, key = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)

    async def said(request: web.BaseRequest) -> web.Response:
        return answer(request)

    runner = web.ServerRunner(web.Server(said, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, SHOP, 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1], ssl.create_default_context(cafile=made)
    finally:
        await runner.cleanup()


@pytest.fixture
def shop_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    really = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda address: address == SHOP or really(address))


@pytest.mark.usefixtures("shop_is_public")
async def test_no_redirect_of_a_public_host_leads_into_the_house(tmp_path: Path) -> None:
    sent: list[str] = []
    to = ""

    def away(request: web.BaseRequest) -> web.Response:
        status = int(request.path.rpartition("/")[2])
        sent.append(request.path)
        return web.Response(status=status, headers={"Location": to.replace("\n", "").replace("\x00", "")})

    async with inside() as (port, came), a_shop(tmp_path, away) as (theirs, trust), Client(resolve=named, trust=trust) as http:
        for number, to in enumerate(all_addresses(port)):
            if to.strip().lower().startswith("https") or ":" in to:
                status = (301, 302, 303, 307, 308)[number % 5]
                try:
                    reply = await http.get(f"https://shop.example:{theirs}/{status}")
                    assert reply.url.startswith(f"https://shop.example:{theirs}/")  # it meant a page of their own
                except Unreachable:
                    pass
        assert len(sent) >= 250
        assert came == []


@pytest.mark.usefixtures("shop_is_public")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_each_kind_of_redirect_is_checked_at_each_of_its_steps(tmp_path: Path, status: int) -> None:
    def onward(request: web.BaseRequest) -> web.Response:
        host, _, port = request.host.partition(":")
        to = f"https://bank.example:{port}/" if host == "shop.example" else f"https://127.0.0.1:{house}/"
        return web.Response(status=status, headers={"Location": to})

    async with inside() as (house, came), a_shop(tmp_path, onward) as (theirs, trust), Client(resolve=named, trust=trust) as http:
        told = await refused(http.get(f"https://shop.example:{theirs}/"))
        assert told.startswith("127.0.0.1: is not an address on the public internet")
        assert (await http.post(f"https://shop.example:{theirs}/", body=b"")).status == status
        assert (
            await refused(http.frames(f"wss://shop.example:{theirs}/").__aenter__())
            == f"shop.example: answered {status} where a stream should open"
        )
        assert came == []


@pytest.mark.usefixtures("shop_is_public")
@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 306, 404])
async def test_nothing_else_sends_us_anywhere(tmp_path: Path, status: int) -> None:
    def hint(_: web.BaseRequest) -> web.Response:
        to = f"https://127.0.0.1:{house}/"
        headers = {
            "Location": to,
            "Content-Location": to,
            "Refresh": f"0; url={to}",
            "Link": f"<{to}>; rel=preload",
            "Alt-Svc": f'h2="127.0.0.1:{house}"',
        }
        body = None if status == 304 else f'<meta http-equiv="refresh" content="0; url={to}"><script src="{to}"></script>'.encode()
        return web.Response(status=status, headers=headers, body=body)

    async with inside() as (house, came), a_shop(tmp_path, hint) as (theirs, trust), Client(resolve=named, trust=trust) as http:
        assert (await http.get(f"https://shop.example:{theirs}/")).status == status
        assert came == []


@pytest.mark.usefixtures("shop_is_public")
async def test_a_name_server_that_changes_its_mind_between_two_looks_gains_nothing(tmp_path: Path) -> None:
    answers: Mapping[str, list[list[str]]] = {"shop.example": [[SHOP], ["127.0.0.1"]], "bank.example": [[SHOP, "127.0.0.1"]]}
    asked: list[str] = []

    async def changing(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[host].pop(0)

    def back(request: web.BaseRequest) -> web.Response:
        return (
            web.Response(status=302, headers={"Location": f"https://shop.example:{house}/"}) if request.path == "/back" else web.Response()
        )

    async with inside() as (house, came), a_shop(tmp_path, back) as (theirs, trust), Client(resolve=changing, trust=trust) as http:
        assert "not an address on the public internet" in await refused(http.get(f"https://shop.example:{theirs}/back"))
        assert "not an address on the public internet" in await refused(http.get(f"https://bank.example:{theirs}/"))
        assert asked == ["shop.example", "shop.example", "bank.example"]
        assert came == []
