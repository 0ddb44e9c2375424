"""What an entry is called, so that it is the same entry tomorrow: its id, the page it stands on, and what tells two with one id apart.

Pure. phpBB gives every visitor a session number that it writes into each address; vBulletin and others answer under http and https, with
www. and without, and name what they serve accordingly; some feeds give all their entries one id. None of that makes a customer write twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from carebot.model import Message

LONGEST = 300
_SESSION = re.compile(
    r"(?<=[?&;])(?:(?:sid|s)=[0-9a-f]{32}|(?:phpsessid|jsessionid)=[0-9a-z,-]{16,64})(?:&amp;|[&;]|(?=[?#]|$))", re.IGNORECASE
)
_NOTHING_ASKED = re.compile(r"[?&;]+(?=#|$)|;(?=\?)")
_EVERYWHERE = re.compile(r"(?:https?|tag|urn):", re.IGNORECASE)  # what is unique by its own rules; "post:17" is not
_A_POST = re.compile(r"(?:comment|respond|reply|post|msg|p|c|r)[-_]?(\d{1,20})$", re.IGNORECASE)
_OF_A_VISIT = frozenset(("page", "goto", "view", "highlight", "replytocom"))
_PART_OF_A_PAGE = re.compile(r"/(?:comment-)?page-\d{1,9}/?$")


def without_session(address: str) -> str:
    return _NOTHING_ASKED.sub("", _SESSION.sub("", address))


def one_spelling(address: str) -> str:
    """The same for every way a site writes one address of its own. What is no web address stays as it is."""
    scheme, found, rest = address.partition("://")
    if not found or scheme.lower() not in ("http", "https"):
        return address
    host = re.match(r"[^/?#]*", rest)[0]  # type: ignore[index]
    name = re.sub(r":(80|443)$", "", host.lower()).removeprefix("www.")
    return f"https://{name}{without_session(rest[len(host) :])}"


def id_of(own: str, source: str) -> str:
    """A message's id from what the entry calls itself. One that means something only in its own feed carries the source's name."""
    own = one_spelling(own.strip())
    if len(own) > LONGEST:
        own = _short(own)
    return f"feed:{own}" if _EVERYWHERE.match(own) else f"feed:{source}:{own}"


def id_of_words(words: str, source: str) -> str:
    return f"feed:{source}:{_short(words)}"


def told_apart(messages: Iterable[Message], known: Collection[str], now: datetime) -> tuple[list[Message], dict[str, str]]:
    """Entries that share an id and are not one entry listed twice get a longer one each. → all messages, longer id → the shared one

    known   ids that were shared before: where only one of the entries is left, it keeps its longer id
    """
    messages, places = list(messages), dict[str, set[tuple[str, datetime]]]()
    for message in messages:
        places.setdefault(message.id, set()).add((message.url, message.posted_at))
    shared = {id_ for id_, places_of in places.items() if len(places_of) > 1 or id_ in known}
    longer = {}
    for at, message in enumerate(messages):
        if message.id in shared:
            dated = message.posted_at.isoformat() if message.posted_at != now else message.text
            messages[at] = replace(message, id=f"{message.id}#{_short(f'{message.url} {dated}')}")
            longer[messages[at].id] = message.id
    return messages, longer


def link_of(link: str, base: str) -> str:
    """A link that people can open, whole; empty for anything else."""
    try:
        whole = without_session(urljoin(base, link.strip())) if link.strip() else ""
    except ValueError:
        return ""
    return whole if whole.startswith(("https://", "http://")) else ""


def page_of(link: str) -> str:
    """The page that a comment or a forum's reply stands on, as an id; empty for what is a page of its own, and where nobody can tell.

    What names the post goes: of `showthread.php?t=5&p=17#post17` the 17, of WordPress' `?p=5#comment-17` nothing.
    """
    try:
        parts = urlsplit(one_spelling(link))
    except ValueError:
        return ""
    if not (post := _A_POST.match(parts.fragment)):
        return ""
    pairs = (part.partition("=") for part in parts.query.split("&") if part)
    asked = "&".join("".join(pair) for pair in pairs if pair[2] != post[1] and pair[0].lower() not in _OF_A_VISIT)
    if parts.path.endswith(".php") and not asked:
        return ""
    return f"feed:{parts.scheme}://{parts.netloc}{_PART_OF_A_PAGE.sub('/', parts.path)}{asked and '?'}{asked}"[:LONGEST]


def _short(words: str) -> str:
    return hashlib.sha256(words.encode(errors="replace")).hexdigest()[:32]
