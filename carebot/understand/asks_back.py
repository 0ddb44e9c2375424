"""Does the brand's own reply ask for something, so that it is the customer's turn? "¿Qué versión tienes?", "send us your order number".

A question does unless it is a courtesy ("anything else?"); a request does without a question mark too (words/asks_back.txt). The clock
of the solution stands still until the customer answers, so in doubt it runs.

Measured on 140 real replies of four brands, 56 of them in Spanish (2026-11; one reader; ten that could be read either way left out). With
"write to us by DM" (`hand_offs`), which is the customer's turn as well: of 74 that the words were not chosen by, 35 wait for the customer;
34 of them are heard, and one that does not. By itself this hears 27 of the 35, and nothing else.
"""

from __future__ import annotations

import re

from carebot.understand.lexicon import words
from carebot.understand.normalise import plain
from carebot.understand.patterns import patterns

MOST = 2_000  # characters that are read
_SAID = patterns(words("asks_back"), " ", " ")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?=¿)|\n")


def asks_back(text: str) -> bool:
    """Is something asked of the customer?

    text   of a reply, as it is kept (`normalise.tame`, `redact`), in Spanish or English
    """
    for sentence in map(plain, _SENTENCE.split(text[:MOST])):
        if "? " in sentence and not _SAID["courtesy"].search(sentence) and len(sentence.split()) > 2:
            return True
        if _SAID["request"].search(sentence):
            return True
    return False
