"""A message and its verdict against the rules: does it matter, to which rule, and why?

A rule asks one question of the verdict (`when`) and may narrow it to services and words. Copies, the brand's own posts and jokes are
never signals of an outage, and headlines, adverts and what is about something else are signals of nothing; they are kept as messages all
the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from carebot.config.schema import Rule, Rulebook
from carebot.model import Message, Signal
from carebot.understand.verdicts import HEADS, Verdicts

NOBODY_WAITS = ("unrelated", "own", "news", "advert")  # no customer of ours said it, or not to us
JOKING = 0.5
VAGUE = frozenset({"", "none", "other"})  # the text names no service


def own_accounts(rulebook: Rulebook) -> frozenset[tuple[str, str]]:
    """The brand's own accounts as (network, handle in lower case)."""
    return frozenset(
        (network, handle.lower().lstrip("@")) for network, handles in rulebook.file.brand.accounts.items() for handle in handles
    )


def is_ours(message: Message, own: frozenset[tuple[str, str]]) -> bool:
    """Did the brand itself say it?"""
    return message.by_brand or (message.source, message.author.lower().lstrip("@")) in own


def compared(rulebook: Rulebook) -> dict[str, str]:
    """The brands we only compare with, by every name they go by in messages."""
    return {_folded(called): name for name, also in rulebook.file.compared.items() for called in (name, *also)}


def brand_of(message: Message, compared: Mapping[str, str], ours: str) -> str:
    """Whose matter it is: a brand we compare with by its own name, another by what the message calls it, else ours."""
    return compared.get(_folded(message.brand), message.brand or ours) if compared else message.brand or ours


def _folded(brand: str) -> str:
    return " ".join(brand.casefold().split())


def signals(
    messages: Sequence[Message], plain: Sequence[str], verdicts: Verdicts, ours: NDArray[np.bool_], rulebook: Rulebook
) -> tuple[Signal, ...]:
    """Every (message, rule) that fits, in the order of the messages and of the rules file; one signal a kind and message.

    Of a brand that we only compare with, outages alone matter.

    plain   the texts as phrase matching sees them (`understand.normalise.plain`)
    ours    rows the brand itself said
    """
    others = compared(rulebook)
    found: dict[tuple[int, str], Signal] = {}
    for rule in rulebook.file.rules:
        for row in np.flatnonzero(_asks(rule, verdicts) & ~ours).tolist():
            message, key = messages[row], (row, rule.when)
            if key in found or not _about(rule, verdicts, row) or not _says(rule, plain[row]):
                continue
            brand = brand_of(message, others, rulebook.file.brand.name)
            if message.repost_of if rule.when == "outage" else brand in rulebook.file.compared:
                continue
            found[key] = _signal(message, rule, verdicts, row, brand)
    return tuple(found[key] for key in sorted(found, key=lambda key: key[0]))


def _asks(rule: Rule, verdicts: Verdicts) -> NDArray[np.bool_]:
    answers = verdicts.column(rule.when)
    for not_meant in NOBODY_WAITS:
        answers = answers & ~verdicts.column(not_meant)
    if rule.when == "outage":  # "oh great, down again" is one all the same: only what is surely a joke is none
        answers = answers & ~(verdicts.column("irony") & (verdicts.p[:, HEADS.index("irony")] > JOKING))
    return answers


def _about(rule: Rule, verdicts: Verdicts, row: int) -> bool:
    return not rule.services or verdicts.services[verdicts.service[row]] in rule.services


def _says(rule: Rule, plain: str) -> bool:
    return not rule.words or any(f" {word.lower()} " in plain for word in rule.words)


def _signal(message: Message, rule: Rule, verdicts: Verdicts, row: int, brand: str) -> Signal:
    service = verdicts.services[verdicts.service[row]]
    symptom = verdicts.symptoms[verdicts.symptom[row]]
    return Signal(
        id=message.id,
        kind=rule.when,
        rule=rule.name,
        brand=brand,
        service="" if service in VAGUE else service,
        symptom="" if symptom in VAGUE else symptom,
        source=message.source,
        author_key=message.author_key,
        posted_at=message.posted_at,
        seen_at=message.seen_at,
        conversation=message.conversation or message.in_reply_to,
        region=message.region,
        p=round(float(verdicts.p[row, HEADS.index(rule.when)]), 4),
        fingerprint=message.fingerprint,
        why=verdicts.why[row],
    )
