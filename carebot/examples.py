"""The `matches:` and `ignores:` sentences of a rules file, tried on the rules they stand beside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from carebot.config.schema import Rule, Rulebook
from carebot.decide.match import signals
from carebot.loop import reader_for, understand
from carebot.model import Message, Signal
from carebot.understand.embedded import Reader
from carebot.understand.screen import screen
from carebot.understand.verdicts import Verdicts

if TYPE_CHECKING:
    from carebot.effects.reading.models import Models

_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Tried(msgspec.Struct, frozen=True):
    """One example sentence and what became of it. `why`: the words that moved the verdict."""

    rule: str
    text: str
    should_match: bool
    matched: bool
    why: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return self.should_match == self.matched

    def __str__(self) -> str:
        wanted, got = ("match", "does not") if self.should_match else ("be ignored", "matches")
        because = f" (it read: {', '.join(self.why)})" if self.why else ""
        return (
            f"rule {self.rule!r}: {self.text!r} should {wanted} but {got}{because}. Change the sentence, or the rule's words and services."
        )


def tried(rulebook: Rulebook) -> list[Tried]:
    """Every example of every rule, in the order of the file."""
    examples = [(rule, text, True) for rule in rulebook.file.rules for text in rule.matches]
    examples += [(rule, text, False) for rule in rulebook.file.rules for text in rule.ignores]
    if not examples:
        return []
    found, verdicts = read([text for _, text, _ in examples], rulebook)
    hits = {(signal.id, signal.rule) for signal in found}
    return [
        Tried(rule.name, text, should, _hit(rule, row, hits, found), verdicts.why[row]) for row, (rule, text, should) in enumerate(examples)
    ]


def _hit(rule: Rule, row: int, hits: set[tuple[str, str]], found: tuple[Signal, ...]) -> bool:
    """Did this rule, or an earlier one that asks the same, take the sentence?"""
    return (f"example:{row}", rule.name) in hits or any(s.id == f"example:{row}" and s.kind == rule.when for s in found)


def read(
    texts: list[str], rulebook: Rulebook, models: Models | None = None, reader: Reader | None = None
) -> tuple[tuple[Signal, ...], Verdicts]:
    """What the rules make of these texts, and their verdicts. A text's signals carry the id "example:ROW".

    reader   one made for these rules, where there is one already: building it takes about a second
    """
    messages = [
        Message(id=f"example:{row}", text=text, posted_at=_AT, seen_at=_AT, source="example", author=f"someone{row}")
        for row, text in enumerate(texts)
    ]
    screened = screen(messages, secret=b"examples", now=_AT)
    verdicts = understand(reader or reader_for(rulebook), screened, models)
    nobody = np.zeros(len(screened.messages), bool)
    return signals(screened.messages, screened.plain, verdicts, nobody, rulebook), verdicts
