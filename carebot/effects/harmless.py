"""A stranger's text, made harmless for whoever shows it: Slack, a terminal, a phone.

Pure, and the same for every reader: no character that turns text around or drives a terminal, no address that becomes a link,
no length that breaks a limit.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

_SCHEME = re.compile(r"(?i)\bh(tt)(ps?://)|(?<=[a-z0-9])://")
_DOT = re.compile(r"(?<=\w)[.。．｡](?=[^\W\d_]{2})")
_LINK = re.compile(r"https?://[!-~]{4,500}")
_JOINERS = "\u200c\u200d"  # They hold emoji and some scripts together; all other format characters only deceive.
_DECEIVING = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_COST = {"&": 5, "<": 4, ">": 4}


def clean(text: str) -> str:
    """Without control characters, right-to-left tricks, invisible letters and halves of characters. Line ends stay, tabs are spaces."""
    kept = (char for char in text.replace("\t", " ") if char == "\n" or char in _JOINERS or unicodedata.category(char) not in _DECEIVING)
    return "".join(kept).strip()


def defang(text: str) -> str:
    """Addresses that no client turns into a link: hxxps://evil[.]com."""
    return _DOT.sub("[.]", _SCHEME.sub(lambda found: f"hxx{found[2]}" if found[1] else "[:]//", text))


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, room: int) -> str:
    """Clean, and at most `room` long even when escaped and counted in UTF-16 units: nobody says which way Slack counts."""
    text = clean(text[: room * 4])
    used = 0
    keep = 0
    for at, char in enumerate(text):
        used += _COST.get(char, 2 if char > "\uffff" else 1)
        if used < room:
            keep = at + 1
        if used > room:
            return text[:keep] + "…"
    return text


def permalink(url: str) -> str:
    """The address if it may be clicked, else "": http(s) only, and no `bank.com@evil.com`."""
    if not _LINK.fullmatch(url) or any(char in url for char in '<>|"`\\'):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.hostname and "@" not in parts.netloc else ""
