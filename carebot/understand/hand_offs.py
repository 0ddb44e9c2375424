"""Does the brand's own reply only send the customer elsewhere? "Llama al 900 …", "acude a tu oficina", "DM us", "fill in this form".

The reader's `hand_off` head knows the words for other doors; this knows what is done with them (words/hand_offs.txt). A reply sends
somebody away if a sentence of it tells them to go, ring or write somewhere. It does not where the brand has been there itself ("we've
replied to your DM"), where the door is for another day ("if it happens again, call us"; "if you prefer, call us" is for today), where the
road was walked ("I've called you"); and a question whether they have called is a question. Which door is told too: whether a direct message
is asked of somebody who has sent one is for those who know their history.

Measured on 797 replies that it was not written on, 666 of them real ones of five brands (2026-11, `python -m benchmarks.replies`): of those
it calls a hand-off 94 % are, and of the hand-offs it hears 92 %; in Spanish 98 and 90 %. The head: 66 and 57 %. The rules of before heard
71 % of the second set's and 51 % of the invented ones: other desks have other words, so expect less of one never seen.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Literal, get_args

import msgspec

from carebot.understand.lexicon import words
from carebot.understand.normalise import plain
from carebot.understand.patterns import patterns

Door = Literal["direct", "phone", "branch", "form", "mail", "chat", "others"]
DOORS: tuple[Door, ...] = get_args(Door)
MOST = 2_000  # characters that are read


class SentTo(msgspec.Struct, frozen=True):
    """door   where the customer is sent; `others`: to another company or team
    words   the words that send them, as `normalise.plain` gives them
    """

    door: Door
    words: str


_SAID = patterns(words("hand_offs"), " ", " ")
# Each begins with the characters it can begin with: a search looks for those first, which is four times faster.
_NUMBERS = re.compile(
    r"[\[+*\d](?:(?<=\[)(?:phone|iban)\]"
    r"|(?<![@\w].)(?:[ ().–-]{0,2}\d){6,18}"
    r"|(?<=\d)\d{2,3}-[A-Z]{4,10}\b"
    r"|(?<=\*)\d{3,4}\b"  # *611
    r"|(?<= (?:al|el) \d)\d{2,3}\b(?<!19\d\d)(?<!20\d\d)(?![%€$]|[.,:/-]\d))"  # "en el 1567", but no year, amount or hour
)
_MAILS = re.compile(r"\[email\]|__email__|(?<![\w.])[\w.+-]{1,60}@[\w-]{1,60}\.\w{2,8}")
_SENTENCE = re.compile(r"[.!;…](?<![ap]\.m.)(?<!\d.)[.!;…]*(?=\s|$|[A-ZÁÉÍÓÚ¡¿])|[\n•]|>{2,}")


def _sentences(text: str) -> list[str]:
    """As `plain` gives them, with ☎ for each telephone number and ✉ for each e-mail address, redacted or not."""
    text = unescape(text[:MOST]) if "&" in text else text[:MOST]
    text = _NUMBERS.sub(" ☎ ", text)
    if "@" in text[1:] or "email" in text:
        text = _MAILS.sub(" ✉ ", text)
    return [plain(part) for part in _SENTENCE.split(text.replace("?", "?\n").replace("¿", "\n¿")) if part]


def _sends(door: Door, sentence: str, reply: list[str]) -> bool:
    """Is a door that a sentence names one to go through, and today?"""
    if _SAID["walked"].search(sentence):
        return False
    if _SAID["another_day"].search(sentence) and not _SAID["this_day"].search(sentence):
        return False
    if door == "direct":
        return not any(_SAID["there"].search(each) for each in reply)
    return "? " not in sentence or bool(_SAID["asks"].search(sentence))


def sent_elsewhere(text: str) -> SentTo | None:
    """Where a reply of the brand's own sends the customer, or None if it does something for them.

    text   as it is kept (`normalise.tame`, `redact`), in Spanish or English
    """
    reply = _sentences(text)
    for sentence in reply:
        for door in DOORS:
            if (found := _SAID[door].search(sentence)) and _sends(door, sentence, reply):
                return SentTo(door, found[0].strip())
    return None
