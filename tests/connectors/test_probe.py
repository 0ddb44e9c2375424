"""Our own look at a page: what keeps a customer out is measured, whatever it is, and never mistaken for our own trouble."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import ValidationError

from carebot.effects.network.http import Client
from carebot.model import Probe
from connectors import base, probe
from tests.connectors import certificates
from tests.connectors.certificates import needs_openssl
from tests.connectors.loopback_web import NOON, saying, serving, world


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Client]:
    async with Client(deadline=timedelta(milliseconds=400)) as client:
        yield client


async def looked(http: Client, url: str, **options: Any) -> Probe:
    made = probe.connect("login-page", probe.Options(url=url, service="login", allow_private=True, **options), world(http))
    batch = await made.fetch(None)
    (event,) = batch.events
    assert isinstance(event, Probe)
    assert (event.id, event.target, event.at, batch.cursor) == (f"probe:login-page:{int(NOON.timestamp())}", "login", NOON, None)
    return event


async def test_a_page_that_answers_as_it_should_is_well(http: Client) -> None:
    async with serving("¡Bienvenido!".encode()) as them:
        well = await looked(http, them.url, contains="Bienvenido", slower_than=timedelta(seconds=5))
        assert (well.ok, well.detail) == (True, "answered as it should")
        assert 0 < (well.took_ms or 0) < 5000


@pytest.mark.parametrize(
    ("status", "options", "detail"),
    [
        (503, {}, "answered 503, expected 200"),
        (200, {"expect_status": 401}, "answered 200, expected 401"),
        (200, {"contains": "Bienvenido"}, "answered without the words “Bienvenido”"),
        (429, {}, "127.0.0.1: answered 429 and asks us to wait 60 s"),
    ],
)
async def test_a_page_that_answers_otherwise_is_failing_and_says_how(
    http: Client, status: int, options: dict[str, object], detail: str
) -> None:
    async with serving(status) as them:
        failing = await looked(http, them.url, **options)
        assert (failing.ok, failing.detail) == (False, detail)


async def test_the_status_we_expect_may_be_an_error(http: Client) -> None:
    async with serving(404) as them:
        assert (await looked(http, them.url, expect_status=404)).ok


async def test_a_slow_answer_is_a_failing_one(http: Client) -> None:
    async def slowly(_: web.Request) -> web.Response:
        await asyncio.sleep(0.12)
        return web.Response(text="hola")

    async with serving(slowly) as them:
        slow = await looked(http, them.url, slower_than=timedelta(milliseconds=100))
        assert not slow.ok
        assert slow.detail == "answered in 0.1 s, slower than 0.1 s"
        assert 100 < (slow.took_ms or 0) < 400


async def test_what_keeps_the_answer_away_is_the_finding_not_an_error(http: Client) -> None:
    async with saying(None) as (silent, _), saying(b"220 mail.example\r\n") as (mail, _):
        assert (await looked(http, f"http://127.0.0.1:{silent}")).detail == "127.0.0.1: did not answer within 0.4 s"
        refused = await looked(http, "http://127.0.0.1:1/?token=hush")
        assert (refused.ok, refused.detail, refused.took_ms) == (False, "127.0.0.1: connection refused", None)
        assert not (await looked(http, f"http://127.0.0.1:{mail}")).ok
        assert not (await looked(http, f"https://127.0.0.1:{mail}")).ok


async def test_patience_ends_before_the_client_gives_up(http: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PATIENCE", timedelta(milliseconds=100))
    async with saying(None) as (silent, _):
        assert (await looked(http, f"http://127.0.0.1:{silent}")).detail == "did not answer within 0.1 s"


def test_a_probe_cannot_be_asked_to_wait_longer_than_it_waits() -> None:
    with pytest.raises(ValidationError):
        probe.Options(url="https://example.com", service="login", slower_than=timedelta(seconds=11))


# ── what a page says ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "options", "detail"),
    [
        (b"Estamos en mantenimiento", {"not_contains": "mantenimiento"}, "answered with the words “mantenimiento”"),
        (b'{"db": {"up": true}}', {"json_has": {"db.up": True}}, "answered as it should"),
        (b'{"db": {"up": 1}}', {"json_has": {"db.up": True}}, "answered without True at `db.up`"),
        (
            b'{"checks": [{"name": "db", "state": "down"}]}',
            {"json_has": {"checks.0.state": "up"}},
            "answered without 'up' at `checks.0.state`",
        ),
        (b"[]", {"json_has": {"checks.0.state": "up"}}, "answered without 'up' at `checks.0.state`"),
        (b"<html>", {"json_has": {"status": "ok"}}, "answered with something that is not JSON"),
        (b"[" * 100_000, {"json_has": {"status": "ok"}}, "answered with something that is not JSON"),
    ],
)
async def test_what_a_page_must_say_and_must_not(http: Client, said: bytes, options: dict[str, Any], detail: str) -> None:
    async with serving(said) as them:
        assert (await looked(http, them.url, **options)).detail == detail


async def test_every_way_a_web_server_fails_is_a_failing_look_with_words(http: Client) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{request.path}x"})

    small = gzip.compress(bytes(60_000_000), 1)

    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=small, headers={"Content-Encoding": "gzip"})

    async with (
        serving(elsewhere) as loop,
        serving(bomb) as packed,
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nhush") as (cut, _),
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhush hush", every=0.05) as (drop_by_drop, _),
        saying(b"\x00\xff" * 500) as (noise, _),
        Client() as patient,
    ):
        for url, detail in (
            (loop.url, "sends us on more than 3 times"),
            (packed.url, "answered more than 5 MB"),
            (f"http://127.0.0.1:{cut}", "hung up in the middle of its answer"),
            (f"http://127.0.0.1:{drop_by_drop}", "did not answer within 0.4 s"),
            (f"http://127.0.0.1:{noise}", "did not answer as a web server does"),
        ):
            failing = await looked(http if "within" in detail else patient, url)
            assert (failing.ok, failing.took_ms) == (False, None)
            assert detail in failing.detail


# ── a port, a certificate, a name ────────────────────────────────────────────────────────────────────────────────


async def test_a_port_that_takes_a_connection_is_well_and_nothing_is_said_to_it(http: Client) -> None:
    async with saying(None) as (port, heard):
        well = await looked(http, f"tcp://127.0.0.1:{port}")
        assert (well.ok, well.detail) == (True, "answered as it should")
        assert (well.took_ms or 0) > 0
        await asyncio.sleep(0.05)
        assert heard == [b""]
    closed = await looked(http, f"tcp://127.0.0.1:{port}")
    assert (closed.ok, closed.detail) == (False, "127.0.0.1: connection refused")


@asynccontextmanager
async def encrypted(pem: Path) -> AsyncIterator[int]:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=certificates.shown(pem))
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.01)


async def looked_at_certificate(port: int, pem: Path, *, trust: ssl.SSLContext | None = None, **options: Any) -> Probe:
    async with Client(deadline=timedelta(seconds=2), trust=trust or certificates.believed(pem)) as http:
        asked = probe.Options(url=f"tls://127.0.0.1:{port}", service="login", allow_private=True, **options)
        made = probe.connect("login-page", asked, world(http, now=datetime.now(UTC)))
        (event,) = (await made.fetch(None)).events
    assert isinstance(event, Probe)
    return event


@needs_openssl
async def test_a_certificate_is_told_before_it_ends(tmp_path: Path) -> None:
    pem = certificates.made(tmp_path, days=20)
    async with encrypted(pem) as port:
        well = await looked_at_certificate(port, pem)
        assert (well.ok, (well.took_ms or 0) > 0) == (True, True)
        ending = await looked_at_certificate(port, pem, expires_within=timedelta(days=30))
        assert not ending.ok
        assert ending.detail.startswith("its certificate ends in 19 days, on ")


@needs_openssl
@pytest.mark.parametrize(
    ("name", "days", "ours", "detail"),
    [
        ("IP:127.0.0.1", -1, True, "certificate has expired"),
        ("DNS:thief.example", 30, True, "IP address mismatch"),
        ("IP:127.0.0.1", 30, False, "self-signed certificate"),
    ],
)
async def test_a_certificate_nobody_should_believe_is_failing(tmp_path: Path, name: str, days: int, ours: bool, detail: str) -> None:
    pem = certificates.made(tmp_path, name, days)
    async with encrypted(pem) as port:
        failing = await looked_at_certificate(port, pem, trust=None if ours else ssl.create_default_context())
        assert not failing.ok
        assert failing.detail.startswith("127.0.0.1: its certificate cannot be trusted (")
        assert detail in failing.detail


async def test_an_encrypted_port_that_is_silent_or_speaks_otherwise_is_failing() -> None:
    async with (
        saying(None) as (silent, _),
        saying(b"220 mail.example\r\n") as (mail, _),
        Client(connect=timedelta(milliseconds=200)) as http,
    ):
        assert (await looked(http, f"tls://127.0.0.1:{silent}")).detail == "127.0.0.1: no connection within 0.2 s"
        assert (await looked(http, f"tls://127.0.0.1:{mail}")).detail == "127.0.0.1: no encrypted connection could be made"


async def names(host: str, port: int) -> list[str]:
    found = {
        "www.lumbre.example": ["93.184.216.34", "2606:4700:4700::1111"],
        "app.lumbre.example": ["10.0.0.7"],
        "bait.example": ["169.254.169.254"],
    }
    if host == "slow.example":
        await asyncio.sleep(60)
    if host not in found:
        raise OSError
    return found[host]


@pytest.mark.parametrize(
    ("url", "options", "detail"),
    [
        ("dns://www.lumbre.example", {}, "answered as it should"),
        ("dns://www.lumbre.example", {"resolves_to": ["93.184.216.34", "2606:4700:4700::1111"]}, "answered as it should"),
        ("dns://www.lumbre.example", {"resolves_to": ["93.184.216.34"]}, "leads to 2606:4700:4700::1111, which is not in `resolves_to`"),
        ("dns://app.lumbre.example", {}, "answered as it should"),
        ("dns://no.example", {}, "no.example: the name is not known. Is it written as it should be?"),
        ("dns://slow.example", {}, "slow.example: no connection within 0.3 s"),
        ("tcp://bait.example:80", {}, "bait.example: is not an address on the public internet"),
        ("tls://bait.example", {}, "bait.example: is not an address on the public internet"),
        ("dns://bait.example", {}, "bait.example: is not an address on the public internet"),
    ],
)
async def test_a_name_is_known_and_leads_where_it_should_and_never_to_a_clouds_credentials(
    url: str, options: dict[str, Any], detail: str
) -> None:
    async with Client(deadline=timedelta(milliseconds=300), resolve=names) as http:
        assert (await looked(http, url, **options)).detail.startswith(detail)


@pytest.mark.parametrize("url", ["tcp://127.0.0.1:1", "tls://127.0.0.1", "dns://app.lumbre.example"])
async def test_our_own_house_is_looked_at_only_where_the_operator_said_so(url: str) -> None:
    async with Client(resolve=lambda host, port: names("app.lumbre.example", port)) as http:
        made = probe.connect("inside", probe.Options(url=url, service="login"), world(http))
        (event,) = (await made.fetch(None)).events
        assert isinstance(event, Probe)
        assert "is not an address on the public internet" in event.detail


@pytest.mark.parametrize(
    "options",
    [
        {"url": "tcp://example.com"},
        {"url": "ftp://example.com"},
        {"url": "dns://example.com/x"},
        {"url": "dns://example.com", "contains": "x"},
        {"url": "https://example.com", "resolves_to": ["1.1.1.1"]},
        {"url": "tcp://example.com:1", "expires_within": timedelta(days=3)},
    ],
)
def test_a_key_that_says_nothing_about_the_address_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        probe.Options(service="login", **options)


async def test_a_port_on_the_public_internet_may_be_tried_in_clear() -> None:
    """Nothing is said to it; a line to speak on is always encrypted."""

    class Asked(Client):
        async def _opened_at(self, address: str, host: str, port: int, *, tls: bool) -> Any:
            raise base.Unreachable(f"{host}: tried {address} {tls}")

    async with Asked(resolve=names) as http:
        made = probe.connect("www", probe.Options(url="tcp://www.lumbre.example:25", service="login"), world(http))
        (event,) = (await made.fetch(None)).events
        assert isinstance(event, Probe)
        assert event.detail == "www.lumbre.example: tried 2606:4700:4700::1111 False"
