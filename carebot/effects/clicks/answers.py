"""Tells the person who pressed what came of it, where only they see it: that they may not, that somebody was first, what would change.

What is to be told is a row, written with what was decided; it goes when it was told. A kill in between tells it twice, not never, and what
is ten minutes old is not told any more: nobody remembers the press.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec

from carebot.config.names import Kinds
from carebot.config.proposal import proposed
from carebot.config.schema import Rulebook
from carebot.effects.card import Language
from carebot.effects.card.blocks import Block
from carebot.effects.clicks.calls import Call
from carebot.effects.database.rows import ms
from carebot.effects.harmless import clean, cut, escape
from carebot.errors import Refused, Throttled, Trouble
from carebot.model import Acted, Incident, Text

log = logging.getLogger(__name__)

STALE = timedelta(minutes=10)
AGAIN_IN_S = 5.0
MOST_DIFF = 2500  # characters; Slack's limit is 3,000 a block
EXAMPLES = 2  # sentences proposed: a person reads them all

_T = TypeVar("_T")

_NO_CHANGE = Text(
    "Apuntado. No hay una frase que añadir a rules.yaml por esto.",
    "Noted. There is no sentence to add to rules.yaml for this.",
)
_CHANGE = Text(
    "Apuntado. Si quieres que carebot aprenda de esto, este es el cambio para rules.yaml (no se aplica solo; `carebot check` lo prueba):",
    "Noted. If carebot should learn from this, here is the change for rules.yaml (it is not applied by itself; `carebot check` tries it):",
)


class InLoop(Protocol):
    """Runs a function in the one thread that touches the database."""

    def __call__(self, work: Callable[..., _T], *values: Any) -> Awaitable[_T]: ...


class Answers:
    """`run` it as a task, `wake` it when a click was decided, cancel it at any moment."""

    def __init__(
        self,
        *,
        api: Call,
        in_loop: InLoop,
        conn: sqlite3.Connection,
        rulebook: Callable[[], Rulebook],
        kinds: Kinds,
        clock: Callable[[], datetime],
    ) -> None:
        self._api, self._in_loop, self._conn, self._rulebook, self._kinds, self._clock = api, in_loop, conn, rulebook, kinds, clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        while True:
            self._woken.clear()
            wait = await self.round()
            try:
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def round(self) -> float | None:
        """Everything that waits, once; returns after how many seconds to try again, None: when woken."""
        await self._in_loop(forget_stale, self._conn, self._clock() - STALE)
        for n, acted in await self._in_loop(waiting, self._conn):
            try:
                await self._api("chat.postEphemeral", await self._told(acted))
            except Throttled as trouble:
                return trouble.wait.total_seconds()
            except Refused as trouble:
                log.info("the person could not be told because=%s", trouble)
            except Trouble as trouble:
                log.info("the person is told later because=%s", trouble)
                return AGAIN_IN_S
            await self._in_loop(told, self._conn, n)
        return None

    async def _told(self, acted: Acted) -> dict[str, Any]:
        rulebook = self._rulebook()
        language: Language = rulebook.file.brand.staff_language
        where = {"channel": acted.click.channel, "user": acted.click.user}
        if acted.asks_for != "proposal":
            because = acted.because or _NO_CHANGE
            return where | {"text": escape(clean(getattr(because, language))[:3000])}
        rule, sentences = await self._in_loop(evidence, self._conn, acted.click.incident)
        diff = proposed(rulebook.text, rule, sentences[:EXAMPLES], kinds=self._kinds) if rule else ""
        return where | proposal(diff, language)


def proposal(diff: str, language: Language) -> dict[str, Any]:
    """A change of the rules, to read. Customers' words in it stand in preformatted plain text, which Slack does not read for markup."""
    if not diff:
        return {"text": getattr(_NO_CHANGE, language)}
    words = getattr(_CHANGE, language)
    shown = cut(diff, MOST_DIFF)
    blocks: list[Block] = [
        {"type": "section", "text": {"type": "plain_text", "text": words, "emoji": True}},
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown}]}],
        },
    ]
    return {"text": words, "blocks": blocks}


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def waiting(conn: sqlite3.Connection) -> list[tuple[int, Acted]]:
    return [(n, msgspec.json.decode(doc, type=Acted)) for n, doc in conn.execute("SELECT n, doc FROM answers ORDER BY n LIMIT 100")]


def told(conn: sqlite3.Connection, n: int) -> None:
    conn.execute("DELETE FROM answers WHERE n = ?", [n])


def forget_stale(conn: sqlite3.Connection, before: datetime) -> None:
    conn.execute("DELETE FROM answers WHERE at < ?", [ms(before)])


def evidence(conn: sqlite3.Connection, incident: str) -> tuple[str, list[str]]:
    """The rule behind most of an incident's evidence, and what customers said to it, as it is stored: without personal data."""
    row = conn.execute("SELECT doc FROM incidents WHERE id = ?", [incident]).fetchone()
    if row is None:
        return "", []
    ids = msgspec.json.encode(msgspec.json.decode(row[0], type=Incident).messages).decode()
    fired = conn.execute(
        "SELECT s.doc ->> '$.rule', m.text FROM signals s JOIN messages m ON m.id = s.id WHERE s.kind = 'outage' AND m.deleted_at IS NULL"
        " AND s.id IN (SELECT value FROM json_each(?)) ORDER BY m.posted_at, m.id",
        [ids],
    ).fetchall()
    if not fired:
        return "", []
    (rule, _), *_ = Counter(name for name, _ in fired).most_common(1)
    return rule, [clean(text) for name, text in fired if name == rule and text]
