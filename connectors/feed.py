"""News, blogs, forums, reviews: whatever gives its newest entries as RSS, Atom or JSON Feed.

A feed is a stranger's file, and one of 2 MB can keep feedparser busy for minutes in a single regular expression, with every
other thread waiting (measured 2026-11). So it comes through our own client (size, time, addresses) and is read in a process of its
own that holds no secrets and is ended when it takes too long. Of 272 entries in real feeds 39 had no id, 2 no link and 5 no date,
and every tenth feed is not well-formed: none of that is a reason to leave a customer's words out.

The cursor keeps the server's own marks (ETag, Last-Modified) and a sum of each entry taken. An entry that was edited comes
again under its old id; one that left the feed is not a deletion, as feeds only show their newest.
"""

from __future__ import annotations

import asyncio
import calendar
import hashlib
import html
import os
import resource
import subprocess
import sys
import zlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from carebot.errors import Unreachable
from carebot.model import Batch, Message
from connectors import base

EXAMPLE = """
name: bank-forum
kind: feed
url: https://forum.example.com/latest.rss
every: 5m
lang: es
"""

ENTRIES = 500
MAX_HTML, MAX_TEXT = 65_536, 10_000
PATIENCE_S, CPU_S, MEMORY = 20, 5, 1 << 30  # for one page; an ordinary one takes 0.4 s, nearly all of it Python's own start


class Options(base.Options):
    url: str = Field(pattern=r"^https?://\S+$", description="The feed's own address (not the page that links to it).")
    lang: str = Field(
        "", pattern=r"^([a-z]{2})?$", description="The language it is written in, for example es. Left out: each entry is looked at."
    )
    allow_private: bool = Field(False, description="true if the feed is inside our own network.")


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What we know of the feed: the server's marks, and of the entries taken, newest first, id → a sum of its words."""

    etag: str = ""
    modified: str = ""
    entries: dict[str, int] = {}


class Feed:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        seen = base.resumed(cursor, Seen) or Seen()
        marks = {"If-None-Match": seen.etag, "If-Modified-Since": seen.modified}
        asked = {name: mark for name, mark in marks.items() if mark}
        reply = await self._world.http.get(self._options.url, headers=asked, allow_private=self._options.allow_private)
        if base.answered(reply, self._name).status == 304:
            return Batch(source=self._name)
        page = Page(reply.body, reply.headers.get("content-type", ""), self._name, self._options.lang, self._world.clock())
        said = await asyncio.to_thread(read_apart, page)
        new = tuple(message for message in said if seen.entries.get(message.id) != _sum(message))
        cursor = msgspec.json.encode(_after(seen, reply.headers, said)).decode()
        return Batch(source=self._name, events=new, cursor=cursor, reaches=_reaches(seen, said))


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Feed(name, options, world)


def _after(seen: Seen, headers: Mapping[str, str], said: tuple[Message, ...]) -> Seen:
    entries = {message.id: _sum(message) for message in reversed(said)}
    for id_, words in seen.entries.items():
        if len(entries) >= ENTRIES:
            break
        entries.setdefault(id_, words)
    return Seen(headers.get("etag", "")[:300], headers.get("last-modified", "")[:100], entries)


def _reaches(seen: Seen, said: tuple[Message, ...]) -> datetime | None:
    """The oldest entry's time, where none of them was there at the last look: others may have come and gone."""
    gone = seen.entries and not any(message.id in seen.entries for message in said)
    return said[0].posted_at if gone and said else None


def _sum(message: Message) -> int:
    return zlib.crc32(message.text.encode(errors="replace"))


# ── from bytes to messages ───────────────────────────────────────────────────────────────────────────────────────


class Page(msgspec.Struct, frozen=True):
    """All that reading needs: what the server answered, whose it is, and when."""

    body: bytes
    content_type: str
    name: str
    lang: str
    now: datetime


class Said(msgspec.Struct, frozen=True):
    messages: tuple[Message, ...] = ()
    trouble: str = ""


def read_apart(page: Page) -> tuple[Message, ...]:
    """`read`, in a process of its own with nothing in its environment."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "connectors.feed"],
            input=msgspec.msgpack.encode(page),
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
        )
    except subprocess.SubprocessError:
        raise Unreachable(f"{page.name}: the feed could not be read in the time and memory we give it. Ask for a shorter one") from None
    said = msgspec.msgpack.decode(done.stdout, type=Said)
    if said.trouble:
        raise Unreachable(said.trouble)
    return said.messages


def main() -> None:
    with suppress(OSError, ValueError):  # systemd/carebot.service forbids it; PATIENCE_S and MemoryMax= hold there
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        said = Said(read(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Page)))
    except Unreachable as error:
        said = Said(trouble=str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(said))


def read(page: Page) -> tuple[Message, ...]:
    """The newest entries, oldest first. Raises Unreachable for an answer that is no feed."""
    if b"<!entity" in page.body.replace(b"\0", b"").lower():  # the same letters in UTF-8, UTF-16 and UTF-32
        raise Unreachable(f"{page.name}: declares entities of its own, as no honest feed does; it was not read")
    entries = _json_feed(page.body) if page.body.lstrip()[:1] == b"{" else _xml_feed(page)
    if entries is None:
        raise Unreachable(f"{page.name}: did not answer with a feed. If `url` is a web page, write the address of its feed instead")
    said = {message.id: message for message in (_message(entry, page) for entry in reversed(entries)) if message.text}
    return tuple(sorted(said.values(), key=lambda message: message.posted_at)[-ENTRIES:])


def _xml_feed(page: Page) -> list[dict[str, Any]] | None:
    import feedparser

    # Bytes only: given a str, feedparser opens files and asks addresses by itself. Whether it calls the feed well-formed is not asked.
    parsed = feedparser.parse(
        BytesIO(page.body), response_headers={"content-type": page.content_type}, sanitize_html=False, resolve_relative_uris=False
    )
    return [dict(entry) for entry in parsed.entries] if parsed.entries or parsed.version else None


def _json_feed(page: bytes) -> list[dict[str, Any]] | None:
    """The items of a JSON Feed (https://www.jsonfeed.org/version/1.1/) under feedparser's names."""
    try:
        feed = msgspec.json.decode(page)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(feed.get("items"), list):
        return None
    return [
        {
            "id": item.get("id"),
            "link": item.get("url"),
            "title": item.get("title"),
            "summary": item.get("content_html") or item.get("content_text") or item.get("summary"),
            "author": next((author.get("name") for author in item.get("authors") or [] if isinstance(author, dict)), ""),
            "published": item.get("date_published"),
        }
        for item in feed["items"]
        if isinstance(item, dict)
    ]


def _message(entry: Mapping[str, Any], page: Page) -> Message:
    title = words_of(_text(entry, "title"))
    body = words_of(max([_text(entry, "summary"), *(_text(part, "value") for part in entry.get("content") or [])], key=len))
    link = _text(entry, "link")
    return Message(
        id=_id(entry, link, title + body, page.name),
        text=(body if body.startswith(title) else f"{title}\n{body}".strip())[:MAX_TEXT],
        posted_at=posted_at(entry, page.now),
        seen_at=page.now,
        source="feed",
        lang=page.lang,
        author=words_of(_text(entry, "author"))[:100],
        url=link if link.startswith(("https://", "http://")) else "",
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return str(value).encode(errors="replace").decode() if isinstance(value, str | int) else ""


def _id(entry: Mapping[str, Any], link: str, words: str, name: str) -> str:
    """The entry's own id, else its link, else its words: what is left the same when an entry is edited."""
    own = _text(entry, "id").strip() or link.strip() or hashlib.sha256(words.encode(errors="replace")).hexdigest()[:32]
    if len(own) > 300:
        own = hashlib.sha256(own.encode(errors="replace")).hexdigest()[:32]
    return f"feed:{own}" if ":" in own else f"feed:{name}:{own}"


def posted_at(entry: Mapping[str, Any], now: datetime) -> datetime:
    """When it was posted, never later than now; without a date that can be read: now, when we first saw it."""
    try:
        if parsed := entry.get("published_parsed") or entry.get("updated_parsed"):
            return min(datetime.fromtimestamp(calendar.timegm(parsed), UTC), now)
        at = datetime.fromisoformat(_text(entry, "published"))
        return min(at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC), now)
    except (ValueError, TypeError, OverflowError, OSError):
        return now


BLOCKS = frozenset(("p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "blockquote", "pre"))
UNSEEN = frozenset(("script", "style", "template", "noscript"))


def words_of(markup: str) -> str:
    """HTML as a reader would see it, one line a block. Reads the first 64 KB only, each letter once.

    Not html.parser: 64 KB of "<a <a <a " kept that of Python 3.11.7 busy for 50 s, and "<![<![" made it fail (measured 2026-11).
    """
    shown, *rest = markup[:MAX_HTML].split("<!--")
    first, *tagged = "".join((shown, *(part.partition("-->")[2] for part in rest))).split("<")
    words, unseen = [first], ""
    for part in tagged:
        inside, closed, after = part.partition(">")
        if not closed or not (inside[:1].isalpha() or inside[:1] in ("/", "!", "?")):
            words.append("" if unseen else f"<{part}")  # a person's own "<": I <3 you
            continue
        name = inside[:20].lstrip("/").split("/")[0].split(" ")[0].strip().lower()
        if unseen:
            unseen = "" if inside.startswith("/") and name == unseen else unseen
        elif name in UNSEEN and not inside.startswith("/"):
            unseen = name
        if not unseen:
            words.append(f"\n{after}" if name in BLOCKS else after)
    lines = (" ".join(line.split()) for line in html.unescape("".join(words)).split("\n"))
    return "\n".join(line for line in lines if line)[:MAX_TEXT]


if __name__ == "__main__":
    main()
