"""What does the brand's own reply promise, and by when? "Te escribimos en 24 h", "your refund will be with you by Friday noon".

A promise is the brand's word that something will be done, said of the time to come and without a way out (words/promises.txt): no
question, no "if", no "may" or "usually", no advice on what the customer should do, no opening hours. It must name a time; "soon" names
one only where the desk has said how long that is. The words it was read from are given as they were written, for whoever is reminded.

Measured on 797 replies that it was not written on, 666 of them real ones of five brands (2026-11, `python -m benchmarks.replies`): of 51
promises that name a time 94 % are heard, and 98 % of what is heard are promises; with "soon" taken for four hours 95 and 97 % of 88. Real
ones that name a time are rare, 21 in 1,406 replies and none in Spanish, so 38 of the 51 are invented. Of all that are, the rules of before
heard 72 %: with another desk's words expect something between the two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from carebot.understand.by_when import FURTHEST, Term, folded, may_name_a_time, terms
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
_NOT_OURS = re.compile(f"(?:{_SAID['not_ours'].pattern}) ?$")
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


def _times(sentence: str, lang: str, posted_at: datetime, zone: ZoneInfo, soon: timedelta | None, holidays: Collection[date]) -> list[Term]:
    """The times that are the promise's, or else "soon"."""
    times = [
        time
        for time in terms(sentence, posted_at, zone, lang, holidays)
        if not _NOT_OURS.search(sentence, max(0, time.start - 60), time.start)
    ]
    word = None if times or not soon else _SAID["soon"].search(sentence)
    return [Term(*word.span(), posted_at + min(soon, FURTHEST))] if soon and word else times


def promised(
    text: str, lang: str, posted_at: datetime, zone: ZoneInfo, soon: timedelta | None = None, holidays: Collection[date] = ()
) -> Promised | None:
    """The first promise to fall due of those in a reply of the brand's own, or None.

    text        as it is kept (`normalise.tame`, `redact`)
    lang        of the reply, "" where it is not known
    posted_at   aware; what "tomorrow" and "within 2 hours" count from
    zone        of the desk: what its wall clock shows
    soon        what the desk takes "soon", "shortly", "en breve" for; None: they are no promise
    holidays    of the desk: no working days
    """
    if not 1970 <= posted_at.year < 9000:
        return None
    text, posted_at = text[:MOST], posted_at.astimezone(UTC)
    plain = folded(text)
    found: list[Promised] = []
    for start, end in _statements(plain):
        sentence = plain[start:end]
        if not (may_name_a_time(sentence) or (soon and _SAID["soon"].search(sentence))) or (kind := _kind(sentence)) is None:
            continue
        out = _SAID["way_out"].search(text, start, end)
        for time in _times(sentence, lang, posted_at, zone, soon, holidays):
            if not out or out.start() > start + time.start:
                found.append(Promised(time.due, text[start + time.start : start + time.end].strip(), kind))
    return min(found, key=lambda one: one.due, default=None)
