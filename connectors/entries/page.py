"""From a page's bytes to messages, oldest first, and deletions.

Pure, but not to be called on a stranger's page in a process that matters: see `read_apart`. Of 272 entries in real feeds 39 had no id, 2 no
link and 5 no date, and every tenth feed is not well-formed: none of that is a reason to leave a customer's words out.
Dialects: RFC 4287, RFC 4685 (thr:in-reply-to), RFC 6721 (at:deleted-entry), RSS 2.0 (rssboard.org), jsonfeed.org/version/1.1.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import msgspec

from carebot.errors import Unreachable
from carebot.model import Deleted, Message
from connectors.entries import names
from connectors.markup import MAX_TEXT, words_of

MOST = 500
MOST_DELETED = 100
_ATOM, _TOMB = "{http://www.w3.org/2005/Atom}", "{http://purl.org/atompub/tombstones/1.0}"
# "Comment on App down by Ana", "Forum • Re: App down": written by the machine, in the words of whoever is answered.
_A_COMMENT, _ANSWERS = re.compile(r"#comment-\d+$"), re.compile(r"(?:^|• )Re: ")
_TO_WHOM = re.compile(
    r'^\s*(?:<p>)?[^<]{1,40}<a href="[^"<]{1,300}#comment-\d+">[^<]{0,100}</a>\.'
)  # "In reply to Ana." in whatever language
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}


class Page(msgspec.Struct, frozen=True):
    """All that reading needs: what the server answered, whose it is, and when.

    base     the page's own address, without what was asked: links are meant from there
    shared   ids that several of its entries had before
    """

    body: bytes
    content_type: str
    name: str
    lang: str
    now: datetime
    base: str = ""
    shared: tuple[str, ...] = ()


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a page says.

    shared    message id → the id that it shares with other entries
    every     seconds for which it asks to be left alone
    paged     older entries are on `?paged=2` and so on, as WordPress has them
    """

    messages: tuple[Message, ...] = ()
    deleted: tuple[Deleted, ...] = ()
    shared: dict[str, str] = {}
    every: int = 0
    paged: bool = False
    trouble: str = ""


def read(page: Page) -> Said:
    """Raises Unreachable for an answer that is no feed."""
    letters = page.body.replace(b"\0", b"").lower()  # the same in UTF-8, UTF-16 and UTF-32
    if b"<!entity" in letters:
        raise Unreachable(f"{page.name}: declares entities of its own, as no honest feed does; it was not read")
    found = _json_feed(page.body) if page.body.lstrip()[:1] == b"{" else _xml_feed(page)
    if found is None:
        raise Unreachable(f"{page.name}: did not answer with a feed. If `url` is a web page, write the address of its feed instead")
    about, entries = found
    messages, shared = names.told_apart((_message(entry, page) for entry in reversed(entries)), page.shared, page.now)
    said = {message.id: message for message in messages if message.text}
    wordpress = "wordpress" in _text(about, "generator").lower()
    return Said(
        messages=tuple(sorted(said.values(), key=lambda message: message.posted_at)[-MOST:]),
        deleted=_deleted(page) if b"deleted-entry" in letters else (),
        shared={id_: whole for id_, whole in shared.items() if id_ in said},
        every=_every(about, wordpress),
        paged=wordpress,
    )


_Found = tuple[Mapping[str, Any], list[dict[str, Any]]]  # about the feed, and its entries, by feedparser's names


def _xml_feed(page: Page) -> _Found | None:
    import feedparser

    # Bytes only: given a str, feedparser opens files and asks addresses by itself. Whether it calls the feed well-formed is not asked.
    parsed = feedparser.parse(
        BytesIO(page.body), response_headers={"content-type": page.content_type}, sanitize_html=False, resolve_relative_uris=False
    )
    return (dict(parsed.feed), [dict(entry) for entry in parsed.entries]) if parsed.entries or parsed.version else None


def _json_feed(page: bytes) -> _Found | None:
    try:
        feed = json.loads(page, parse_int=str)  # not msgspec: it takes no half surrogate pair anywhere in a page
    except (ValueError, RecursionError):
        return None
    if not isinstance(feed.get("items"), list):
        return None
    return {}, [
        {
            "id": item.get("id"),
            "link": item.get("url"),
            "title": item.get("title"),
            "summary": item.get("content_html") or item.get("content_text") or item.get("summary"),
            "author": next((author.get("name") for author in _list(item.get("authors")) if isinstance(author, dict)), ""),
            "published": item.get("date_published"),
        }
        for item in feed["items"]
        if isinstance(item, dict)
    ]


def _message(entry: Mapping[str, Any], page: Page) -> Message:
    body = max([_text(entry, "summary"), *(_text(part, "value") for part in _list(entry.get("content")))], key=len)
    link = _text(entry, "link")
    body = words_of(_TO_WHOM.sub("", body) if _A_COMMENT.search(link) else body)
    title = words_of(_text(entry, "title"))
    if body and (_A_COMMENT.search(link) or _ANSWERS.search(title)):
        title = ""
    url = names.link_of(link, page.base)
    # The entry's own id, else its link, else its words: what is left the same when it is edited.
    own = _text(entry, "id").strip() or url or link.strip()
    answers = entry.get("thr_in-reply-to")
    answers = answers if isinstance(answers, Mapping) else {}
    return Message(
        id=names.id_of(own, page.name) if own else names.id_of_words(title + body, page.name),
        text=(body if body.startswith(title) else f"{title}\n{body}".strip())[:MAX_TEXT],
        posted_at=posted_at(entry, page.now),
        seen_at=page.now,
        source="feed",
        lang=page.lang,
        author=words_of(_text(entry, "author"))[:100],
        url=url,
        in_reply_to=names.id_of(_text(answers, "ref"), page.name) if _text(answers, "ref").strip() else "",
        conversation=names.page_of(url),
    )


def _text(entry: Any, key: str) -> str:
    value = entry.get(key) if isinstance(entry, Mapping) else None
    return str(value).encode(errors="replace").decode() if isinstance(value, str | int) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def posted_at(entry: Mapping[str, Any], now: datetime) -> datetime:
    """When it was posted, never later than now; without a date that can be read: now, when we first saw it."""
    try:
        if parsed := entry.get("published_parsed") or entry.get("updated_parsed"):
            return min(datetime.fromtimestamp(calendar.timegm(parsed), UTC), now)
        return min(_instant(_text(entry, "published")), now)
    except (ValueError, TypeError, OverflowError, OSError):
        return now


def _instant(written: str) -> datetime:
    at = datetime.fromisoformat(written)
    return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def _deleted(page: Page) -> tuple[Deleted, ...]:
    """What the feed itself says was taken away. Only where the page is XML without a fault and the word stands outside of all entries: a
    customer who writes such a tag into a post deletes nothing."""
    try:
        feed = ElementTree.fromstring(page.body)  # noqa: S314  no entities (read), and in a process of its own
    except (ElementTree.ParseError, LookupError, ValueError):
        return ()
    there = {names.id_of(own.text or "", page.name) for own in feed.iterfind(f"{_ATOM}entry/{_ATOM}id")}
    gone = {}
    for tomb in feed.findall(f"{_TOMB}deleted-entry")[:MOST_DELETED] if feed.tag == f"{_ATOM}feed" else ():
        id_ = names.id_of(tomb.get("ref", ""), page.name)
        try:
            at = min(_instant(tomb.get("when", "")), page.now)
        except (ValueError, OverflowError):
            at = page.now
        if tomb.get("ref", "").strip() and id_ not in there:  # what is there again was not taken away
            gone[id_] = Deleted(id=id_, at=at)
    return tuple(gone.values())


def _every(about: Mapping[str, Any], wordpress: bool) -> int:
    """How long it asks to be left alone, in seconds. WordPress says "hourly" of every site, so nobody meant it."""
    ttl, often = (re.fullmatch(r"\d{1,7}", _text(about, key).strip()) for key in ("ttl", "sy_updatefrequency"))
    period = 0 if wordpress else _PERIODS.get(_text(about, "sy_updateperiod").strip().lower(), 0)
    return max(int(ttl[0]) * 60 if ttl else 0, period // max(int(often[0]) if often else 1, 1))
