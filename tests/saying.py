"""What customers say, for tests of decisions: messages with a verdict already on them, and a desk that hears them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from carebot.config.load import read
from carebot.config.schema import Rulebook
from carebot.decide.heard import Heard
from carebot.decide.state import State
from carebot.decide.step import Outcome, step
from carebot.model import Case, Event, Message, Verdict
from carebot.understand.embedded import Reader
from carebot.understand.normalise import plain
from carebot.understand.verdicts import overruled

NOON = datetime(2026, 3, 12, 11, 0, tzinfo=UTC)  # a Thursday, 12:00 in Madrid

RULES = """
brand:
  name: Banco Lumbre
  accounts: {x: [BancoLumbre, LumbreResponde]}
services:
  app: {name: {es: la app, en: the app}, core: true, statement: {es: Sabemos que falla., en: We know it fails.}}
  card: {name: {es: las tarjetas, en: cards}}
  atm: {name: {es: los cajeros, en: cash machines}}
rules:
  - {name: down, when: outage}
  - {name: grumble, when: complaint}
  - {name: leaving, when: churn}
  - {name: human, when: moment}
  - {name: asks, when: question}
  - {name: thanks, when: praise}
  - {name: back, when: recovered}
promises:
  - {name: first-answer, first_response: 30m, open: "mon-fri 08:00-20:00"}
routes:
  desk: {slack: "#desk"}
"""


def rulebook(text: str = RULES) -> Rulebook:
    book, problems = read(text, kinds={})
    assert book, "\n".join(map(str, problems))
    return book


def at(minute: float) -> datetime:
    """So many minutes after noon in Madrid."""
    return NOON + timedelta(minutes=minute)


def say(
    text: str = "it does not work", *, minute: float = 0, by: str = "ana", means: str = "outage", about: str = "app", **more: Any
) -> Message:
    """A customer's message. `means`: heads that are true, with spaces between."""
    verdict: dict[str, Any] = {head: {"p": 0.95, "label": True} for head in means.split()}
    verdict["service"] = {"label": about, "p": 0.9}
    id_ = more.pop("id", f"x:{by}-{minute:g}-{abs(hash((text, means))) % 10_000}")
    when = at(minute)
    return Message(
        **{
            "id": id_,
            "text": text,
            "posted_at": when,
            "seen_at": when,
            "source": "x",
            "brand": "Banco Lumbre",
            "author": by,
            "author_key": by,
            "verdict": msgspec.convert(verdict, Verdict),
            **more,
        }
    )


class TestDesk:
    """Hears messages one step at a time and keeps what it said."""

    __test__ = False
    _reader = Reader()

    def __init__(self, rules: str = RULES) -> None:
        self.rules = rulebook(rules)
        self.state = State()
        self.told: list[tuple[str, str]] = []  # (reason, incident or case)
        self.alerts: list[Any] = []
        self.last: Outcome | None = None
        self.former: dict[str, Case] = {}  # message → case that was closed before

    def hears(self, *said: Event, minute: float | None = None) -> Outcome:
        """One step. `minute`: when it is decided; default: when the last message was posted."""
        messages = tuple(one for one in said if isinstance(one, Message))
        other = tuple(one for one in said if not isinstance(one, Message))
        now = at(minute) if minute is not None else max(one.posted_at for one in messages)
        words = tuple(plain(one.text) for one in messages)
        verdicts = overruled(self._reader.read(words, [""] * len(words)), [one.verdict for one in messages])
        self.last = step(self.state, Heard(messages, words, verdicts, other, self.former), self.rules, now)
        self.state = self.last.state
        self.alerts += self.last.alerts
        self.told += [(alert.reason, alert.incident or alert.case or "") for alert in self.last.alerts]
        return self.last

    def waits(self, until: float, since: float = 0) -> None:
        """Every minute up to `until` passes in silence."""
        for minute in range(int(since) + 1, int(until) + 1):
            self.hears(minute=minute)

    @property
    def reasons(self) -> list[str]:
        return [reason for reason, _ in self.told]
