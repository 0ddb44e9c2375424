"""Our own look at a page: what keeps a customer out is measured, whatever it is, and never mistaken for our own trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import ValidationError

from carebot.effects.http import Client
from carebot.model import Probe
from connectors import probe
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
