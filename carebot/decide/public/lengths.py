"""How long a text may be where it is published, counted as the network counts it.

X: https://docs.x.com/fundamentals/counting-characters (twitter-text, configuration v3) · Bluesky: app.bsky.feed.post (300 graphemes)
· Mastodon: StatusLengthValidator (500 graphemes); read 2026-11. A text is counted a little too long rather than too short: an address
without https:// may be one to them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

MOST: Mapping[str, int] = {"x": 280, "bluesky": 300, "mastodon": 500}  # by the kind of source
NAMES: Mapping[str, str] = {"x": "X", "bluesky": "Bluesky", "mastodon": "Mastodon"}
A_LINK = 23  # characters an address counts for on X and on Mastodon, however long it is

_LINK = re.compile(r"https?://\S+|\b(?:[\w-]+\.)+[a-z]{2,}\b(?:/\S*)?", re.IGNORECASE)
_SINGLE = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # code points that weigh one on X; all others weigh two
_JOINER = "\u200d"
_FLAGS = ("\U0001f1e6", "\U0001f1ff")  # two of these letters are one flag


def links(text: str) -> list[str]:
    return _LINK.findall(text)


def counted(text: str, kind: str) -> int:
    """How long it is to this network."""
    text = unicodedata.normalize("NFC", text.strip())
    if kind == "bluesky":
        return graphemes(text)
    weigh = weight if kind == "x" else graphemes
    found = links(text)
    return weigh(_LINK.sub("", text)) + sum(A_LINK if "//" in link else max(A_LINK, weigh(link)) for link in found)


def weight(text: str) -> int:
    return sum(2 if _is_emoji(seen) else sum(map(_weighs, seen)) for seen in _clusters(text))


def _weighs(letter: str) -> int:
    return 1 if any(low <= ord(letter) <= high for low, high in _SINGLE) else 2


def _is_emoji(seen: str) -> bool:
    return seen[0] >= "\U0001f000" or _JOINER in seen or "\ufe0f" in seen


def graphemes(text: str) -> int:
    return sum(1 for _ in _clusters(text))


def _clusters(text: str) -> Iterator[str]:
    """What people see as one letter: with its marks, and with what is joined to it."""
    seen = ""
    for letter in text:
        part = unicodedata.category(letter)[0] == "M" or "\U0001f3fb" <= letter <= "\U0001f3ff" or letter == _JOINER
        second = len(seen) == 1 and _FLAGS[0] <= seen <= _FLAGS[1] and _FLAGS[0] <= letter <= _FLAGS[1]
        if seen and not (part or second or seen[-1] == _JOINER):
            yield seen
            seen = ""
        seen += letter
    if seen:
        yield seen


def too_long(text: str, kind: str) -> int:
    """By how many characters it must be shortened to be published there; 0: it fits, or nobody knows how long is too long."""
    return max(0, counted(text, kind) - MOST[kind]) if kind in MOST else 0
