"""A stranger's text, made safe to keep and easy to compare.

`tame` is what is kept and shown: no invisible or direction-changing characters, no control characters, no endless stacks of
accents, at most 10,000 characters. `plain` is what phrases are looked up in: small letters, no accents, one space between words.
Most messages are short and many are ASCII, so each costly step is behind a test that costs next to nothing.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from html import unescape

LONGEST = 10_000  # characters; cut BEFORE normalising: NFKC on 100,000 stacked accents takes 10 s in Python
FEWEST = 8  # words of a text whose copies are known as such
SOMEBODY, LINK = "@", "/"  # what handles and addresses become in `plain`; no other punctuation is left to collide with

_MARKS_KEPT = 4  # the tallest honest stack of accents (Vietnamese, Hindi); taller ones are made to hurt
_STACKS = re.compile(r"[^\w\s\x00-\x7f]{5,}")  # runs of accents, but also of emoji: looked at one by one
_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), 127])
# Seen by nobody, yet splitting a word or a number in two: format, bidi and filler characters, and joiners where no emoji is joined.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000110bd\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![\u2190-\u2bff\u3030-\u303f\ufe0f\U0001f000-\U0001faff])[\u200d\ufe00-\ufe0f]"
)
_FILLERS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f]")  # invisible, though `isprintable` says otherwise
_HALVES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")


def _stack(run: re.Match[str]) -> str:
    kept, height = [], 0
    for character in run[0]:
        height = height + 1 if unicodedata.category(character)[0] == "M" else 0
        if height <= _MARKS_KEPT:
            kept.append(character)
    return "".join(kept)


def _visible(text: str) -> str:
    if not text.replace("\n", " ").isprintable() or _FILLERS.search(text):
        text = _HALVES.sub("\ufffd", _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)))
    return _STACKS.sub(_stack, text)


def _is_western(text: str) -> bool:
    """True for what is plainly visible already: Spanish with its accents, no emoji. `_visible` would change nothing."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return text.replace("\n", " ").isprintable()


def tame(text: str) -> str:
    """The text as it is kept and shown: NFKC, capped, nothing in it that cannot be seen except newline and tab.

    Lone surrogates become U+FFFD. Emoji keep the joiners they are built with. Taming a tamed text changes nothing.
    """
    text = text[:LONGEST]
    if text.isascii():
        return text if text.isprintable() else text.replace("\r\n", "\n").translate(_CONTROLS)
    text = text if _is_western(text) else _visible(text)
    if unicodedata.is_normalized("NFKC", text):
        return text
    return _visible(unicodedata.normalize("NFKC", text)[:LONGEST])


_REDACTED = re.compile(r"\[(?:card|iban|dni|nie|curp|rfc|email|phone|cvv)\b[^\]]{0,20}\]")
_ADDRESS = re.compile(r"(?:https?://|www\.|t\.co/)\S*")
_HANDLE = re.compile(r"@[\w.]+")
_ACCENTS = re.compile("[\u0300-\u036f\u200d\ufe0e\ufe0f]")  # and what an emoji is dressed with
_SYMBOL = re.compile("([\u2190-\u2bff\u3030\U0001f000-\U0001f3fa\U0001f400-\U0001faff])")
_MARK = re.compile(r"[^\w\s?!@/\x02\u2190-\u2bff\u3030\U0001f000-\U0001f3fa\U0001f400-\U0001faff]")
_LONG_DRAWN = re.compile(r"([a-z])\1{2,}")
_TYPESET = (("’", ""), ("“", " "), ("”", " "), ("–", " "), ("—", " "))
_SHOUTS = re.compile(r"([?!])(?: ?\1){2,}")
# One character for one character: the only kind of translation that CPython does fast.
_ASCII = {code: chr(code) if chr(code).isalnum() or chr(code) in "?!@ " else " " for code in range(128)} | {2: LINK}


def _bare(text: str) -> str:
    """Without accents, and with each emoji a word of its own."""
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return (text if text.isascii() else _MARK.sub(" ", _SYMBOL.sub(r" \1 ", text))).translate(_ASCII)


_LATIN = "".join(_bare(chr(code)) for code in range(256)).encode("latin-1")  # `_bare` of each of the first 256 characters, as a table


def _western(text: str) -> str:
    """The same for a text that is not ASCII. Most are Spanish, whose letters fit in bytes, and bytes are translated 20 times faster."""
    for mark, becomes in _TYPESET:
        text = text.replace(mark, becomes)
    try:
        return text.encode("latin-1").translate(_LATIN).decode("latin-1")
    except UnicodeEncodeError:
        return _bare(text)


def plain(text: str) -> str:
    """The text as phrases are looked up in it, with one space at each end.

    >>> plain("La app NO funcionaaaa!! @banco https://x.es/1")
    ' la app no funcionaa ! ! @ / '

    Apostrophes vanish ("can't" and "cant" are the same word), other punctuation is a space, ? and ! and each emoji are words.
    What redaction left in place of personal data says nothing, and is dropped.
    """
    text = (unescape(text) if "&" in text else text).lower().replace("'", "")
    if "[" in text:
        text = _REDACTED.sub(" ", text)
    if "/" in text or "www." in text:
        text = _ADDRESS.sub(" \x02 ", text)
    if "@" in text:
        text = _HANDLE.sub(" @ ", text)
    text = text.translate(_ASCII) if text.isascii() else _western(text)
    if "!" in text or "?" in text:
        text = _SHOUTS.sub(r"\1\1", text).replace("!", " ! ").replace("?", " ? ")
    text = f" {' '.join(text.split())} "
    return _LONG_DRAWN.sub(r"\1\1", text) if _LONG_DRAWN.search(text) else text


def fingerprint(plain: str) -> int:
    """A number equal for copies and retweets of the same words; 0 for fewer than eight words.

    Short sentences ("la app no funciona") are shared by chance: whoever says one has the trouble too, and is no copy.


    plain   what `plain` gave. Links, handles, emoji and punctuation do not count; figures do: another flight is another matter.
    """
    words = plain.removeprefix(" rt") if plain.startswith(f" rt {SOMEBODY} ") else plain
    for mark in (SOMEBODY, LINK, "?", "!"):
        words = words.replace(f"{mark} ", "")
    if not words.isascii():
        words = f" {' '.join(word for word in words.split() if word.isalnum())} "
    if words.count(" ") <= FEWEST:
        return 0
    return int.from_bytes(blake2b(words[1:-1].encode(errors="replace"), digest_size=8).digest()) >> 1 or 1
