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
    monkeypatch.setattr(doctor, "PATIENCE_S", 1.5)

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


# ── who would be woken, and what would be said ───────────────────────────────────────────────────────────────────

SECRET = "s3cr3tpagerkeys3cr3tpagerkeys3cr"


def woken(*lines: str) -> Rulebook:
    text = "brand: {name: B}\n" + "\n".join(lines) + "\n"
    book, problems = read(text, kinds={kind: lambda kind=kind: options_of(kind) for kind in ("mastodon", "x")})
    assert book, problems
    return book


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # apprise's own imports
async def test_each_way_of_the_fallback_is_looked_at_and_its_address_is_said_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("apprise")
    monkeypatch.setenv("CAREBOT_PAGER", f"pagerduty://{SECRET}@{SECRET}")
    monkeypatch.setenv("CAREBOT_MAIL", f"mailtoo://somebody:{SECRET}@example.com")
    seen = await found(woken("fallback: [pager, mail, chat]"), tmp_path, ask=False)
    assert {name: seen[f"fallback {name}"].ok for name in ("pager", "mail", "chat")} == {"pager": True, "mail": False, "chat": False}
    assert "holds no address that apprise can read" in seen["fallback mail"].detail
    assert "CAREBOT_CHAT" in seen["fallback chat"].detail
    assert SECRET not in str(seen) and "example.com" not in str(seen)


async def test_the_heartbeat_is_looked_at_without_a_beat_and_called_only_if_somebody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with serving(b"OK") as there:
        monkeypatch.setenv("CAREBOT_CHECK_URL", f"{there.url}/{SECRET}")
        book = woken("heartbeat: check-url")
        seen = (await found(book, tmp_path))["heartbeat"]
        assert seen.ok and "not called" in seen.detail and there.asked == []
        said = await doctor.checks(tmp_path / "rules.yaml", tmp_path / "carebot.db", lambda _: book, lambda: NOON, beat=True)
        (beat,) = [one for one in said if one.what == "heartbeat"]
        assert beat.ok and len(there.asked) == 1
        there.answer = 404
        said = await doctor.checks(tmp_path / "rules.yaml", tmp_path / "carebot.db", lambda _: book, lambda: NOON, beat=True)
        (beat,) = [one for one in said if one.what == "heartbeat"]
        assert not beat.ok and "a check that exists" in beat.detail and SECRET not in beat.detail


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "none that can be called"),
        ("hc-ping.com/" + SECRET, "none that can be called"),
        ("https://", "none that can be called"),
        (f"ftp://example.com/{SECRET}", "none that can be called"),
        (f"https://me:{SECRET}@example.com/", "none that can be called"),
        (f"https://[{SECRET}", "cannot be read"),
        (f"https://example.com:{SECRET}/", "cannot be read"),
        (f"http://93.184.215.14/{SECRET}", "not encrypted"),
        (f"http://127.0.0.1:1/{SECRET}", "connection refused"),
        (f"http://169.254.169.254/{SECRET}", "is not an address on the public internet"),
    ],
)
async def test_an_address_that_cannot_be_called_is_told_before_the_run(
    url: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CAREBOT_CHECK_URL", url)
    seen = (await found(woken("heartbeat: check-url"), tmp_path))["heartbeat"]
    assert not seen.ok and SECRET not in seen.detail
    assert told in seen.detail or not url


async def test_what_statements_are_published_through_has_its_keys_and_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CAREBOT_MASTO_TOKEN", SECRET)
    book = woken(
        "sources:",
        "  - {name: masto, kind: mastodon, server: https://social.example, read: own, token: masto-token, paused: true}",
        "  - {name: other, kind: mastodon, server: https://social.example, read: own, token: other-token, paused: true}",
        "statements: {publish: true, publish_on: [masto, other]}",
    )
    seen = await found(book, tmp_path, ask=False)
    assert seen["publish on masto"].ok and "masto-token is there" in seen["publish on masto"].detail
    assert not seen["publish on other"].ok and "CAREBOT_OTHER_TOKEN" in seen["publish on other"].detail
    assert SECRET not in str(seen)
