"""What does a customer who is being helped say back: "muchas gracias", "gracias por nada", "same issue again"?

The reader knows what a text means by itself. Two words back in a case need less: whoever has been answered and writes "muchas gracias" is
content, unless they thank us for nothing or for what has yet to come (words/their_word.txt).
"""

from __future__ import annotations

from typing import Literal

from carebot.understand.lexicon import words
from carebot.understand.normalise import plain
from carebot.understand.patterns import patterns

MOST = 600  # characters that are read
SHORT = 14  # words: a longer text is about something, and the reader says about what
_SAID = patterns(words("their_word"), " ", " ")


def thanks(text: str) -> Literal["", "thanks", "waiting", "bitter"]:
    """Is it thanks and nothing else, thanks of somebody who waits for more, or thanks for nothing? "" where it is none of them.

    text   as it is kept (`normalise.tame`, `redact`), in Spanish or English
    """
    said = plain(text[:MOST])
    if _SAID["bitter"].search(said):
        return "bitter"
    if not _SAID["thanks"].search(said):
        return ""
    if "? " in said or _SAID["not_yet"].search(said) or still(text):
        return "waiting"
    return "thanks" if len(said.split()) <= SHORT else ""


def still(text: str) -> bool:
    """Do they speak of what they had written about before?"""
    return bool(_SAID["still"].search(plain(text[:MOST])))
