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

from carebot.understand import visible

clean = visible.clean

_SCHEME = re.compile(r"(?i)(?<![\w+.-])h(tt)(ps?://)|(?<=[a-z0-9])://")
# A dot between two labels: the last begins with a letter, and goes on with one or with a mark of its script (.भारत).
_DOT = re.compile(r"(?i)(?:(?<=\w)|(?<=[^\x00-\x7f\s]))[.。．｡](?=[^\W\d_](?:[^\W\d_]|[^\x00-\x7f\s]))|(?<=\bwww)[.。．｡]")
_LINK = re.compile(r"https://[!-~]{4,500}")
_ROW = re.compile(r"([^\w\s.\-]\ufe0f?)(?:\1){3,}")  # "😀😀😀😀😀😀", "!!!!!!!!"
_EMOJI_CODE = re.compile(r"(?!(?<=\d):[0-5]\d:):(?=[\w+'-]{1,100}:)")  # :100: is one too; a time is none, "since 10:42: X refuses"
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


def defang(text: str) -> str:
    """Clean, and addresses that no client turns into a link: hxxps://evil[.]com. A host that mixes alphabets shows that it does."""
    text = visible.unmasked(clean(text))
    return _DOT.sub("[.]", _SCHEME.sub(lambda found: f"hxx{found[2]}" if found[1] else "[:]//", text))


def words(text: str, room: int) -> str:
    """For where Slack reads plain text only: clean, no address, no emoji by name, no row of the same sign, at most `room` long."""
    text = defang(text[: room * 4])
    return cut(_EMOJI_CODE.sub("∶", _ROW.sub(r"\1\1\1", text)), room)


def person(text: str) -> str:
    """What somebody calls themselves, in one line of letters: marta.perez is Marta's name in Slack, and must not read as an address."""
    return " ".join("".join(char if unicodedata.category(char)[0] in "LMN" or char in "'’()-_" else " " for char in clean(text)).split())


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
