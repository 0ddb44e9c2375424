"""What a customer takes back is gone from Slack: the real store, the real sender, a Slack on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from carebot.effects.database.store import Store
from carebot.effects.telling.outbox import Rows
from carebot.effects.telling.sender import Sender
from carebot.effects.telling.slack import Slack
from carebot.loop import Loop
from carebot.model import Batch, Deleted, Event
from tests.effects.loopback_slack import LoopbackSlack, hangs
from tests.saying import at, rulebook, say


class Life:
    """One carebot from a message to Slack, with a clock that is moved by hand."""

    def __init__(self, path: Path, slack: LoopbackSlack) -> None:
        self.path, self.slack, self.now = path, slack, at(0)
        self.begin()

    def begin(self) -> None:
        self.loop = Loop(Store(self.path), rulebook(), secret=b"test", destinations=lambda alert: (alert.to,))
        desk = Slack(self.slack.token, "#care-desk", zone=ZoneInfo("Europe/Madrid"), base_url=self.slack.url, request_limit_s=1)

        async def at_once(work: Any, *values: Any) -> Any:
            return work(*values)

        self.sender = Sender(
            {"desk": desk}, Rows(at_once, self.loop.store), lambda: self.now, pace=timedelta(0), send_limit=timedelta(seconds=1)
        )

    def hears(self, *events: Event, minute: float) -> None:
        self.now = at(minute)
        self.loop.take([Batch(source="x", events=events)], self.now)

    async def delivers(self, minute: float | None = None) -> None:
        self.now = self.now if minute is None else at(minute)
        for _ in range(20):
            if await self.sender.round() > timedelta(0):
                return

    def on_slack(self) -> str:
        return str(self.slack.messages)


@pytest.fixture
async def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Life]:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with LoopbackSlack(at=at(0).timestamp()) as slack:
        yield Life(tmp_path / "care.db", slack)


SAID = ("no me deja entrar", "sale un error raro", "pantalla en blanco", "sigue sin ir")


async def with_an_incident(life: Life) -> None:
    for minute, text in enumerate(SAID):
        life.hears(say(text, by=f"p{minute}", id=f"x:{minute}", minute=minute), minute=minute + 0.2)
    await life.delivers()
    assert all(text in life.on_slack() for text in SAID[:3]) and SAID[3] not in life.on_slack()


def updates(life: Life) -> int:
    return life.slack.methods().count("chat.update")


async def test_a_deleted_quote_leaves_the_card_and_the_next_one_takes_its_place(life: Life) -> None:
    await with_an_incident(life)
    told = len(life.slack.messages)
    life.hears(Deleted(id="x:1", at=at(3.4)), minute=3.4)
    await life.delivers()
    assert SAID[1] in life.on_slack(), "one update a minute"
    await life.delivers(minute=4)
    assert SAID[1] not in life.on_slack() and SAID[3] in life.on_slack()
    assert len(life.slack.messages) == told, "and nobody is told anything"


async def test_what_is_deleted_weeks_after_the_incident_is_over_goes_too(life: Life) -> None:
    await with_an_incident(life)
    for minute in range(5, 200, 5):
        life.hears(minute=minute)
    await life.delivers()
    assert "Vuelve a la normalidad" in life.on_slack()
    for hour in range(4, 14):
        life.hears(minute=60 * hour)
    life.loop.store.close()
    life.begin()
    month = 29 * 24 * 60
    life.hears(Deleted(id="x:0", at=at(month)), minute=month)
    await life.delivers(minute=month + 1)
    assert SAID[0] not in life.on_slack() and SAID[1] in life.on_slack() and "Vuelve a la normalidad" in life.on_slack()


async def test_an_edited_quote_says_what_it_says_now_and_many_edits_are_one_update(life: Life) -> None:
    await with_an_incident(life)
    before = updates(life)
    for second in range(5):
        life.hears(say(f"ya funciona {second}", by="p0", id="x:0", minute=0), minute=3.3 + second / 60)
    await life.delivers(minute=4)
    assert SAID[0] not in life.on_slack() and "ya funciona 4" in life.on_slack()
    assert updates(life) == before + 1


async def test_one_customers_card_is_kept_true_as_well(life: Life) -> None:
    life.hears(say("tirada en Lima sin tarjeta @BancoLumbre", by="sol", id="x:9", means="moment", about="card"), minute=0.2)
    await life.delivers()
    assert "tirada en Lima" in life.on_slack() and len(life.slack.messages) == 1
    life.hears(Deleted(id="x:9", at=at(1)), minute=1.2)
    await life.delivers(minute=2)
    assert "tirada en Lima" not in life.on_slack() and len(life.slack.messages) == 1


async def test_what_is_deleted_while_its_card_is_in_the_air_goes_when_it_has_landed(life: Life) -> None:
    life.slack.plan("chat.postMessage", hangs(1.2, lands=True))
    life.hears(say("tirada en Lima sin tarjeta @BancoLumbre", by="sol", id="x:9", means="moment", about="card"), minute=0.2)
    await life.delivers()
    life.hears(Deleted(id="x:9", at=at(0.4)), minute=0.4)
    assert "tirada en Lima" in life.on_slack()
    life.loop.store.close()
    life.begin()  # killed meanwhile
    for minute in (2, 3, 4):
        await life.delivers(minute=minute)
    assert "tirada en Lima" not in life.on_slack() and len(life.slack.messages) == 1


async def test_what_was_never_quoted_changes_no_card(life: Life) -> None:
    await with_an_incident(life)
    before = updates(life)
    life.hears(Deleted(id="x:3", at=at(3.4)), Deleted(id="x:nowhere", at=at(3.4)), minute=3.4)
    await life.delivers(minute=4)
    assert updates(life) == before
