"""News, blogs, forums, reviews, comments: whatever gives its newest entries as RSS, Atom or JSON Feed.

A page comes through our own client (size, time, addresses) and is read in a process of its own (`connectors.entries`), but only when
something in it changed: most looks end with the server saying so, or with the sum of the page being the last one's.

The cursor keeps the server's own marks (ETag, Last-Modified) and a sum of each entry taken. An entry that was edited comes
again under its old id; one that left the feed is not a deletion, as feeds only show their newest; one that the feed says was deleted is.
How long a feed asks to be left alone (RFC 9111 5.2.2.1 and 5.3, RSS 2.0 ttl, sy:updatePeriod) is handed on; who asks decides.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field

from carebot.errors import Unreachable
from carebot.model import Batch, Gap, Message, Text
from connectors import base, entries, limits

EXAMPLE = """
name: bank-forum
kind: feed
url: https://forum.example.com/latest.rss
every: 5m
lang: es
"""

PAGES = 50  # of a WordPress that are read back
GONE = -1
# What some servers change in a page although nothing in it is new: when they built it, and every visitor's session.
_RESTLESS = re.compile(rb"<lastBuildDate>[^<]{0,100}</lastBuildDate>|[?&;](?:sid|s|PHPSESSID)=[0-9a-zA-Z]{26,64}")


class Options(base.Options):
    url: str = Field(pattern=r"^https?://\S+$", description="The feed's own address (not the page that links to it).")
    lang: str = Field(
        "", pattern=r"^([a-z]{2})?$", description="The language it is written in, for example es. Left out: each entry is looked at."
    )
    allow_private: bool = Field(False, description="true if the feed is inside our own network.")


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What we know of the feed.

    etag, modified   the server's own marks
    body     a sum of the page
    every    seconds it asked to be left alone
    newest   when the newest entry we took was posted
    entries  those taken, newest first: id → a sum of its words, or GONE
    shared   ids that several entries have
    """

    etag: str = ""
    modified: str = ""
    body: int | None = None
    every: int = 0
    newest: datetime | None = None
    entries: dict[str, int] = {}
    shared: tuple[str, ...] = ()


class Back(msgspec.Struct, frozen=True):
    """How far back `history` is: the page to ask for, and a sum of the one before."""

    page: int = 1
    body: int = 0


class Feed:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        seen = base.resumed(cursor, Seen) or Seen()
        marks = {"If-None-Match": seen.etag, "If-Modified-Since": seen.modified}
        asked = {name: mark for name, mark in marks.items() if mark}
        reply = base.answered(await self._get(self._options.url, asked), self._name)
        if reply.status == 304:
            if not asked:
                raise Unreachable(f"{self._name}: says that nothing is new (304) to somebody who has nothing yet")
            return Batch(source=self._name, wait=patience(reply.headers, seen.every, self._world.clock()))
        body = _sum_of(reply.body)
        if body == seen.body:
            seen = _marked(seen, reply.headers, body)
            return Batch(source=self._name, cursor=_cursor(seen), wait=patience(reply.headers, seen.every, self._world.clock()))
        said = await self._read(reply, seen.shared)
        new = tuple(message for message in said.messages if not _was_told(message, said, seen))
        gone = tuple(deleted for deleted in said.deleted if seen.entries.get(deleted.id) != GONE)
        return Batch(
            source=self._name,
            events=(*new, *gone),
            cursor=_cursor(_marked(_after(seen, said), reply.headers, body)),
            gaps=_gaps(seen, said),
            wait=patience(reply.headers, said.every, self._world.clock()),
        )

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        """What the feed still shows of that time; of a WordPress, page by page, all of it."""
        back = base.resumed(cursor, Back) or Back()
        url = self._options.url
        reply = await self._get(url if back.page == 1 else f"{url}{'&' if '?' in url else '?'}paged={back.page}", {})
        if back.page > 1 and reply.status == 404:
            return Batch(source=self._name)
        said = await self._read(base.answered(reply, self._name), ())
        oldest = min((message.posted_at for message in said.messages), default=since)
        body = _sum_of(b" ".join(message.id.encode() for message in said.messages))
        more = said.paged and oldest > since and body != back.body
        again = Batch(source=self._name, events=tuple(message for message in said.messages if message.posted_at >= since))
        if more and back.page < PAGES:
            return replace(again, cursor=msgspec.json.encode(Back(back.page + 1, body)).decode(), more=True)
        why = Text("La fuente no enseña más atrás.", "The feed shows no further back.")
        return replace(again, gaps=(Gap(from_=since, to=oldest, why=why),) if oldest > since else ())

    async def _get(self, url: str, headers: Mapping[str, str]) -> base.Reply:
        return await self._world.http.get(url, headers=headers, allow_private=self._options.allow_private)

    async def _read(self, reply: base.Reply, shared: tuple[str, ...]) -> entries.Said:
        place = urlsplit(reply.url)._replace(query="", fragment="").geturl()
        now = self._world.clock()
        page = entries.Page(reply.body, reply.headers.get("content-type", ""), self._name, self._options.lang, now, place, shared)
        return await asyncio.to_thread(entries.read_apart, page)


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Feed(name, options, world)


def patience(headers: Mapping[str, str], every: int, now: datetime) -> timedelta | None:
    """The longest that the feed (`every`, in seconds) or its server asks to be left alone. `Retry-After` counts for refusals only."""
    asked = max(limits.pause(headers, now) or timedelta(), timedelta(seconds=every), _fresh_for(headers, now))
    return min(asked, timedelta(days=1)) or None


def _fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta:
    said = headers.get("cache-control", "").lower()
    if longest := re.search(r"(?<![\w-])max-age=\"?(\d{1,9})", said):
        age = re.fullmatch(r"\d{1,9}", headers.get("age", "").strip())
        return max(timedelta(seconds=int(longest[1]) - (int(age[0]) if age else 0)), timedelta())
    try:
        expires = parsedate_to_datetime(headers.get("expires", ""))
        return max(expires.replace(tzinfo=expires.tzinfo or UTC) - (limits.server_time(headers) or now), timedelta())
    except (ValueError, TypeError, IndexError, OverflowError):
        return timedelta()


def _names(message: Message, said: entries.Said, seen: Seen) -> set[str]:
    """The ids it may have been taken under: its own, and the one that has only now turned out to be several entries'."""
    shared = said.shared.get(message.id)
    return {message.id, shared} if shared and shared not in seen.shared else {message.id}


def _was_told(message: Message, said: entries.Said, seen: Seen) -> bool:
    return any(seen.entries.get(id_) == _sum(message) for id_ in _names(message, said, seen))


def _after(seen: Seen, said: entries.Said) -> Seen:
    taken = {message.id: _sum(message) for message in reversed(said.messages)}
    taken |= {deleted.id: GONE for deleted in said.deleted}
    for id_, words in seen.entries.items():
        if len(taken) >= entries.MOST:
            break
        taken.setdefault(id_, words)
    newest = max(filter(None, (seen.newest, *(message.posted_at for message in said.messages[-1:]))), default=None)
    shared = tuple(dict.fromkeys((*said.shared.values(), *seen.shared)))[:50]
    return replace(seen, every=said.every, newest=newest, entries=taken, shared=shared)


def _marked(seen: Seen, headers: Mapping[str, str], body: int) -> Seen:
    return replace(seen, etag=headers.get("etag", "")[:300], modified=headers.get("last-modified", "")[:100], body=body)


def _gaps(seen: Seen, said: entries.Said) -> tuple[Gap, ...]:
    """Where none of the entries was there at the last look, others may have come and gone before the oldest of the new ones."""
    later = [message.posted_at for message in said.messages if not seen.newest or message.posted_at > seen.newest]
    if not seen.entries or not later or any(_names(message, said, seen) & seen.entries.keys() for message in said.messages):
        return ()
    why = Text("La fuente solo enseña sus últimas entradas, y ninguna era conocida.", "The feed only shows its newest, and none was known.")
    return (Gap(to=min(later), why=why),)


def _cursor(seen: Seen) -> str:
    return msgspec.json.encode(seen).decode()


def _sum(message: Message) -> int:
    return zlib.crc32(message.text.encode(errors="replace"))


def _sum_of(body: bytes) -> int:
    return zlib.crc32(_RESTLESS.sub(b"", body))
