"""What does the brand's own reply promise, and by when? "Te escribimos en 24 h", "your refund will be with you by Friday noon".

A promise is the brand's word that something will be done, said of the time to come and without a way out (words/promises.txt): no
question, no "if", no "may" or "usually", no advice on what the customer should do, no opening hours. It must name a time; "soon" names
one only where the desk has said how long that is. The words it was read from are given as they were written, for whoever is reminded.

Measured on 421 real replies of five brands that it was not written on (2026-11, `python -m benchmarks.replies`), "soon" taken for four
hours: of 43 promises 93 % are heard, and 95 % of what is heard are promises. Only 9 of them name a time: 8 are heard, and one that is
none. Not one of the 131 replies in Spanish promises anything within a month: in Spanish only invented sentences hold this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from carebot.understand.by_when import FURTHEST, Term, folded, terms
from carebot.understand.lexicon import words
from carebot.understand.patterns import patterns

Kind = Literal["answer", "solution", "information"]
KINDS: tuple[Kind, ...] = ("information", "answer", "solution")
MOST = 2_000  # characters that are read


class Promised(msgspec.Struct, frozen=True):
    """due    the moment it is broken, aware UTC: after the reply and within FURTHEST
    words  the words it was read from
    kind   what was promised: to write or call, to put it right, or to say how things stand
    """

    due: datetime
    words: str
    kind: Kind


_SAID = patterns(words("promises"), r"\b", word=r"[\w'-]+,? ")
_SENTENCE = re.compile(r"(?<![ap]\.m)(?<! [ap])[.!;…]+(?=\s|$)|[?¿\n•]|(?:&gt;|>){2,}")


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends, without the questions."""
    start = 0
    for stop in _SENTENCE.finditer(text):
        if stop[0] != "?":
            yield start, stop.start()
        start = stop.end()
    yield start, len(text)


def _kind(sentence: str) -> Kind | None:
    """What is promised in it, if anything: how things stand, or else what is said first."""
    if _SAID["hedged"].search(sentence):
        return None
    found = [(match.start(), kind) for kind in KINDS if (match := _SAID[kind].search(sentence))]
    return min(found, key=lambda each: (each[1] != "information", each), default=(0, None))[1]


def _times(sentence: str, lang: str, posted_at: datetime, zone: ZoneInfo, soon: timedelta | None) -> list[Term]:
    times = list(terms(sentence, posted_at, zone, lang))
    word = None if times or not soon else _SAID["soon"].search(sentence)
    return [Term(*word.span(), posted_at + min(soon, FURTHEST))] if soon and word else times


def promised(text: str, lang: str, posted_at: datetime, zone: ZoneInfo, soon: timedelta | None = None) -> Promised | None:
    """The first promise to fall due of those in a reply of the brand's own, or None.

    text        as it is kept (`normalise.tame`, `redact`)
    lang        of the reply, "" where it is not known
    posted_at   aware; what "tomorrow" and "within 2 hours" count from
    zone        of the desk: what its wall clock shows
    soon        what the desk takes "soon", "shortly", "en breve" for; None: they are no promise
    """
    if not 1970 <= posted_at.year < 9000:
        return None
    text, posted_at = text[:MOST], posted_at.astimezone(UTC)
    plain = folded(text)
    found: list[Promised] = []
    for start, end in _statements(plain):
        if (kind := _kind(plain[start:end])) is None:
            continue
        out = _SAID["way_out"].search(text, start, end)
        for time in _times(plain[start:end], lang, posted_at, zone, soon):
            if not out or out.start() > start + time.start:
                found.append(Promised(time.due, text[start + time.start : start + time.end].strip(), kind))
    return min(found, key=lambda one: one.due, default=None)
