"""A stranger's text, made harmless for whoever shows it: Slack, a terminal, a phone.

Pure, and the same for every reader: no character that turns text around or drives a terminal, no address that becomes a link, no mark that
becomes a mention, a format or an emoji, no length that breaks a limit. Addresses are broken *after* what is invisible is taken out: "evil",
a zero-width space and ".com" are three things until then.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import urlsplit

_SCHEME = re.compile(r"(?i)(?<![\w+.-])h(tt)(ps?://)|(?<=[a-z0-9])://")
_DOT = re.compile(r"(?i)(?<=\w)[.。．｡](?=[^\W\d_]{2})|(?<=\bwww)[.。．｡]")
_HOST = re.compile(r"(?<![\w-])[\w-]++(?:[.。．｡][\w-]++)+")  # possessive: a wall of letters is walked once
_LINK = re.compile(r"https://[!-~]{4,500}")
_JOINERS = "\u200c\u200d"  # They hold emoji and some scripts together; all other format characters only deceive.
_DECEIVING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters by their category, nothing to the eye
_ACCENT = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_ACCENT}{{2}}){_ACCENT}+")  # more than two on one letter climb into the lines above
_ROW = re.compile(r"([^\w\s.\-]\ufe0f?)(?:\1){3,}")  # "😀😀😀😀😀😀", "!!!!!!!!"
_EMOJI_CODE = re.compile(r":(?=([\w+'-]{1,100}):)")
# Slack's own marks, and what looks the same and means nothing to it. An underscore within a word formats nothing: handles keep theirs.
_MARKS = str.maketrans({"*": "∗", "~": "∼", "`": "‵"})
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_COST = {"&": 5, "<": 4, ">": 4}
# Where a network's posts are. Of other kinds (a forum, a feed, a Mastodon server) the host is whatever their owner says.
_HOSTS = {
    "x": ("x.com", "twitter.com"),
    "bluesky": ("bsky.app",),
    "reddit": ("reddit.com",),
    "youtube": ("youtube.com",),
    "telegram": ("t.me",),
    "facebook": ("facebook.com",),
    "instagram": ("instagram.com",),
    "app_store": ("apps.apple.com",),
    "google_play": ("play.google.com",),
}
_NOWHERE = ".example"  # reserved, leads nowhere: the demo's days and the documentation use it (RFC 2606)


def clean(text: str) -> str:
    """Without control characters, right-to-left tricks, invisible letters and halves of characters. Line ends stay, tabs are spaces."""
    if text.isascii():
        return "".join(char for char in text.replace("\t", " ") if char == "\n" or " " <= char < "\x7f").strip()
    kept = [
        char
        for char in text.replace("\t", " ")
        if char == "\n" or char in _JOINERS or (unicodedata.category(char) not in _DECEIVING and char not in _BLANK)
    ]
    joined = "".join(char for at, char in enumerate(kept) if char not in _JOINERS or _joins(kept, at))
    return _PILE.sub(r"\1", joined).strip()


def _joins(chars: list[str], at: int) -> bool:
    """Is this joiner between two characters that need one? Between Latin letters it only hides an address."""
    return 0 < at < len(chars) - 1 and chars[at - 1] > "\u024f" and chars[at + 1] > "\u024f" and chars[at + 1] not in _JOINERS


def defang(text: str) -> str:
    """Clean, and addresses that no client turns into a link: hxxps://evil[.]com. A host that mixes alphabets shows that it does."""
    text = _HOST.sub(_unmasked, clean(text))
    return _DOT.sub("[.]", _SCHEME.sub(lambda found: f"hxx{found[2]}" if found[1] else "[:]//", text))


def _unmasked(host: re.Match[str]) -> str:
    """The host as machines write it where it has letters of several alphabets: bаnco.com with a Cyrillic а is xn--bnco-53d.com."""
    alphabets = {unicodedata.name(char, "?").partition(" ")[0] for char in host[0] if char.isalpha()}
    if len(alphabets) < 2:
        return host[0]
    return ".".join(label if label.isascii() else _punycode(label) for label in re.split("[.。．｡]", host[0]))


def _punycode(label: str) -> str:
    return "xn--" + label.lower().encode("punycode").decode("ascii")


def words(text: str, room: int) -> str:
    """For where Slack reads plain text only: clean, no address, no emoji by name, no row of the same sign, at most `room` long."""
    text = defang(text[: room * 4])
    return cut(_EMOJI_CODE.sub(lambda code: ":" if code[1].isdecimal() else "∶", _ROW.sub(r"\1\1\1", text)), room)


def mrkdwn(text: str, room: int) -> str:
    """For where Slack reads marks: as `words`, with every mark a look-alike that means nothing, and escaped."""
    return escape(_UNDERSCORE.sub("ˍ", words(text, room).translate(_MARKS)))


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


def permalink(url: str, source: str, others: Collection[str] | None = None) -> str:
    """The address if it may be clicked, else "": https only, no `bank.com@evil.com`, and on the network's own host where that is known.

    others   the hosts of networks that have none of their own, as forums and feeds; None: any host
    """
    if not _LINK.fullmatch(url) or any(char in url for char in '<>|"`\\'):
        return ""
    try:
        parts = urlsplit(url)
        host, odd = parts.hostname or "", parts.port not in (None, 443)
    except ValueError:
        return ""
    theirs = _HOSTS.get(source, others)
    known = theirs is None or any(host == one or host.endswith("." + one) for one in theirs) or host.endswith(_NOWHERE)
    return url if host and known and not odd and "@" not in parts.netloc else ""
