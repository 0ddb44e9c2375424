"""A message and its verdict against the rules: does it matter, to which rule, and why?

A rule asks one question of the verdict (`when`) and may narrow it to services and words. Copies, the brand's own posts and jokes are
never signals of an outage, and headlines, adverts and what is about something else are signals of nothing; they are kept as messages all
the same.

What a human is to be told of at once takes a surer reader than what is only counted: see TOLD_FROM.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from carebot.config.schema import Rule, Rulebook
from carebot.model import Message, Signal, SignalKind
from carebot.understand.verdicts import HEADS, Verdicts

NOBODY_WAITS = ("unrelated", "own", "news", "advert")  # no customer of ours said it, or not to us
JOKING = 0.5
# A moment of truth calls a person at once, and below this the reader was wrong three times in four: telephones that die, seats for the
# disabled. Of 123 such alerts on recorded days, judged by hand, 72 % were right; from here on 87 %, and one right one in twelve is lost
# (2026-11). Such a message still opens a case by whatever else it means. A verdict that somebody else gave is taken as it is.
TOLD_FROM: Mapping[SignalKind, float] = {"moment": 0.37}
VAGUE = frozenset({"", "none", "other"})  # the text names no service
_NAMED = re.compile(r"(?<!\w)@(\w+(?:[.-]\w+)*)")


def is_ours(message: Message, own: frozenset[tuple[str, str]]) -> bool:
    """Did the brand itself say it? `own`: `Rulebook.own_accounts`."""
    return message.by_brand or (message.source, message.author.lower().lstrip("@")) in own


def is_addressed(message: Message, accounts: Mapping[str, Sequence[str]]) -> bool:
    """Was it said *to* the brand? Talk about it on a network where it has an account is listened to, but nobody there waits for us; nor
    does who begins with somebody else's name. Before an answer the network itself puts the names of the thread: any may be ours.

    accounts   the brand's own, per network. Where it has none (app stores, forms, forums) everything counts as said to it.
    """
    if message.source not in accounts or message.direct:
        return True
    handles = [handle.lower().lstrip("@") for handle in accounts[message.source]]
    ours = {*handles, *(handle.partition("@")[0] for handle in handles)}  # of user@server people write the user
    named = [name in ours or name.partition(".")[0] in ours for name in _NAMED.findall(message.text.lower())]
    if message.text.lstrip(" .\"'").startswith("@"):
        return any(named) if message.in_reply_to else named[:1] == [True]
    return bool(message.in_reply_to) or any(named)


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
            if message.verdict is None and verdicts.p[row, HEADS.index(rule.when)] < TOLD_FROM.get(rule.when, 0.0):
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
