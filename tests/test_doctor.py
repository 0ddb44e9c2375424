"""What has to be put right is said before the run: a source that does not let us in, one that hangs, a clock that is wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from carebot import doctor
from carebot.config.load import read
from carebot.config.schema import Rulebook
from connectors.base import options_of
from tests.connectors.loopback_web import Answer, Loopback, serving

FEED = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": "hola"}]}'
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def rules(*sources: str) -> Rulebook:
    text = "brand: {name: B}\nsources:\n" + "".join(f"  - {source}\n" for source in sources)
    book, problems = read(text, kinds={kind: lambda kind=kind: options_of(kind) for kind in ("feed", "webhook")})
    assert book, problems
    return book


def feed(there: Loopback) -> str:
    return f'{{name: forum, kind: feed, url: "{there.url}/feed.json", allow_private: true}}'


async def found(book: Rulebook, folder: Path, *, now: datetime = NOON, ask: bool = True) -> dict[str, doctor.Finding]:
    said = await doctor.checks(folder / "rules.yaml", folder / "carebot.db", lambda _: book, lambda: now, ask=ask)
    return {one.what: one for one in said}


def dated(at: datetime) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=FEED, headers={"Date": format_datetime(at, usegmt=True)})

    return answer


async def test_a_source_that_answers_says_how_much_and_one_that_refuses_what_to_do(tmp_path: Path):
    async with serving(FEED) as there:
        well = (await found(rules(feed(there)), tmp_path))["source forum"]
        assert well.ok and "1 item now" in well.detail
        there.answer = 403
        refused = (await found(rules(feed(there)), tmp_path))["source forum"]
        assert not refused.ok and "403" in refused.detail and "Ask whoever runs it" in refused.detail


async def test_a_source_that_hangs_does_not_keep_the_others_from_being_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "PATIENCE_S", 0.3)

    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes it")

    async with serving(never) as silent, serving(FEED) as there:
        seen = await found(rules(feed(silent).replace("forum", "silent"), feed(there)), tmp_path)
        assert not seen["source silent"].ok and "no answer within" in seen["source silent"].detail
        assert seen["source forum"].ok


async def test_nobody_is_asked_offline_and_a_source_that_is_told_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CAREBOT_FORM_KEY", "k" * 32)
    async with serving(FEED) as there:
        seen = await found(rules(feed(there), "{name: form, kind: webhook, secret: form-key}"), tmp_path, ask=False)
        assert seen["source forum"].ok and "not asked" in seen["source forum"].detail and there.asked == []
        assert seen["source form"].ok and "POST /hooks/form" in seen["source form"].detail


@pytest.mark.parametrize(("off", "ok"), [(0, True), (20, True), (90, False), (-900, False)])
async def test_a_clock_that_is_not_the_servers_is_wrong(off: int, ok: bool, tmp_path: Path):
    async with serving(dated(NOON)) as there:
        clock = (await found(rules(feed(there)), tmp_path, now=NOON + timedelta(seconds=off)))["clock"]
        assert clock.ok == ok
        assert (("ahead of" if off > 0 else "behind") in clock.detail and "NTP" in clock.detail) or ok
