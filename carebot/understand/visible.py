"""A text as the eye takes it in: nothing in it that cannot be seen, and no address that looks like another one.

What is shown of a stranger's text, and what the brand says in public, go through the same: people approve the words that they see.
"""

from __future__ import annotations

import re
import unicodedata

JOINERS = "\u200c\u200d"  # They hold emoji and some scripts together; all other format characters only deceive.
_DECEIVING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"  # letters and marks by name, nothing to the eye
_DRESS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # how a sign is to be drawn; many in a row are a text that nobody sees
_ACCENT = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_ACCENT}{{2}}){_ACCENT}+")  # more than two on one letter climb into the lines above
_MOST_MARKS = 4  # of any script on one letter: the tallest honest stack (Thai, Tibetan)
_HOST = re.compile(r"(?<![\w-])[\w-]++(?:[.。．｡][\w-]++)+")  # possessive: a wall of letters is walked once


def clean(text: str) -> str:
    """Without control characters, right-to-left tricks, invisible letters and halves of characters. Line ends stay, tabs are spaces.

    Cleaning what is clean changes nothing.
    """
    if text.isascii():
        return "".join(char for char in text.replace("\t", " ") if char == "\n" or " " <= char < "\x7f").strip()
    while (cleaner := _cleaned(text)) != text:  # what is taken out may have kept two others apart
        text = cleaner
    return text


def _cleaned(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text.replace("\t", " "):
        kind = unicodedata.category(char)
        if char == "\n" or char in JOINERS:
            kept.append(char)
        elif kind in _DECEIVING or char in _BLANK or (_DRESS.match(char) and not _is_dressed(kept)):
            continue
        elif (marks := marks + 1 if kind[0] == "M" else 0) <= _MOST_MARKS:
            kept.append(char)
    joined = "".join(char for at, char in enumerate(kept) if char not in JOINERS or _joins(kept, at))
    return _PILE.sub(r"\1", joined).strip()


def _is_dressed(before: list[str]) -> bool:
    """Does a sign stand before it that can be drawn in more than one way? A letter cannot, and once is enough."""
    return bool(before) and not (before[-1].isalnum() or before[-1].isspace() or before[-1] in JOINERS or _DRESS.match(before[-1]))


def _joins(chars: list[str], at: int) -> bool:
    """Is this joiner between two characters that need one? Between Latin letters it only hides an address."""
    if not 0 < at < len(chars) - 1 or chars[at + 1] in JOINERS:
        return False
    return all(char > "\u024f" and not char.isspace() for char in (chars[at - 1], chars[at + 1]))


def unmasked(text: str) -> str:
    """With each host that mixes alphabets as machines write it: bаnco.com with a Cyrillic а is xn--bnco-53d.com."""
    return _HOST.sub(_as_machines_write, text)


def _as_machines_write(host: re.Match[str]) -> str:
    alphabets = {unicodedata.name(char, "?").partition(" ")[0] for char in host[0] if char.isalpha()}
    if len(alphabets) < 2:
        return host[0]
    return ".".join(label if label.isascii() else _punycode(label) for label in re.split("[.。．｡]", host[0]))


def _punycode(label: str) -> str:
    return "xn--" + label.lower().encode("punycode").decode("ascii")
