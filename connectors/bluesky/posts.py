"""What Bluesky says of posts, as messages. Pure: pages and records in, messages and refusals out.

A post is named by its author's DID and its key, which no edit and no new handle changes: at://did:plc:abc/app.bsky.feed.post/3k is
bluesky:did:plc:abc/3k. `langs` is left out: it says how somebody's app is set, not what they wrote. A picture without words is read by
its description; a post with neither is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from carebot.errors import Unreachable
from carebot.model import Message, Refusal
from connectors import answers

Read = Literal["search", "mentions", "own"]
REASONS = ("mention", "reply", "quote")
POST = "app.bsky.feed.post"
_LISTS: Mapping[Read, str] = {"search": "posts", "mentions": "notifications", "own": "feed"}
_URI = re.compile(rf"at://(did:[a-z]{{1,20}}:[A-Za-z0-9._:%-]{{1,200}})/{re.escape(POST)}/([A-Za-z0-9._~:-]{{1,512}})")
_ID = re.compile(r"bluesky:(did:[a-z]{1,20}:[A-Za-z0-9._:%-]{1,200})/([A-Za-z0-9._~:-]{1,512})")
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class Author(msgspec.Struct, rename="camel"):
    did: str
    handle: str = ""
    display_name: str | None = None
    followers_count: int | None = None
    created_at: Any = None


class _Ref(msgspec.Struct):
    uri: str = ""


class _Reply(msgspec.Struct):
    root: _Ref = msgspec.field(default_factory=_Ref)
    parent: _Ref = msgspec.field(default_factory=_Ref)


class Record(msgspec.Struct, rename="camel"):
    """What its author wrote: nobody has checked it."""

    text: str = ""
    created_at: str = ""
    reply: _Reply | None = None
    embed: Any = None


class _View(msgspec.Struct, rename="camel"):
    uri: str
    author: Author
    record: Record
    indexed_at: _Aware


class _Named(msgspec.Struct):
    uri: str


class _Indexed(msgspec.Struct, rename="camel"):
    indexed_at: _Aware


class Page(msgspec.Struct, frozen=True):
    """posted: when each of the list's items came to be there, in the list's order; next: the mark of the next page."""

    messages: tuple[Message, ...]
    refused: tuple[Refusal, ...]
    posted: tuple[datetime, ...]
    next: str


def read(body: bytes, kind: Read, source: str, seen_at: datetime) -> Page:
    """The posts of a page, oldest first. Raises Unreachable if it is no page at all: nothing may move on then."""
    page = answers.decoded(body)
    items = page.get(_LISTS[kind]) if isinstance(page, dict) else None
    if not isinstance(items, list):
        raise Unreachable(f"{source}: Bluesky answered with something that is not a list of posts")
    messages, refused, posted = [], [], []
    for number, item in enumerate(items, 1):
        each = item.get("post") if kind == "own" and isinstance(item, dict) else item
        if when := answers.read_as(_Indexed, each):
            posted.append(when.indexed_at.astimezone(UTC))
        if not _is_asked_for(item, kind):
            continue
        try:
            said = _message(each, seen_at, ours=kind == "own")
            messages.extend([said] if said.text else [])
        except (msgspec.ValidationError, OverflowError, ValueError) as error:  # its text names the field, never what was in it
            refused.append(_refusal(each, f"post {number}", error, source, seen_at))
    following = page.get("cursor")
    return Page(tuple(reversed(messages)), tuple(refused), tuple(posted), following if isinstance(following, str) else "")


def _is_asked_for(item: Any, kind: Read) -> bool:
    """Of the notifications, what somebody said to us; of our own feed, what we said ourselves and did not only pass on."""
    reason = item.get("reason") if isinstance(item, dict) else None
    if kind == "mentions":
        return not isinstance(reason, str) or reason in REASONS
    return not (kind == "own" and isinstance(reason, dict) and "Repost" in str(reason.get("$type")))


def _message(each: Any, seen_at: datetime, *, ours: bool) -> Message:
    view = msgspec.convert(each, _View)
    id_ = id_of(view.uri)
    if not id_:
        raise ValueError("its address is not that of a post")
    return said(id_, view.author, view.record, view.indexed_at.astimezone(UTC), seen_at, ours=ours)


def _refusal(each: Any, number: str, error: Exception, source: str, seen_at: datetime) -> Refusal:
    known = answers.read_as(_Named, each)
    item = (known and id_of(known.uri)) or number
    return Refusal(source=source, item=item, reason=f"is not a post as Bluesky describes them: {error}", at=seen_at)


def said(id_: str, author: Author, record: Record, indexed_at: datetime, seen_at: datetime, *, ours: bool = False) -> Message:
    """The message. `indexed_at`: when the network saw it, which is never earlier than it was said."""
    did, key = id_.removeprefix("bluesky:").split("/")
    root = id_of(record.reply.root.uri) if record.reply else ""
    return Message(
        id=id_,
        text=_words(record),
        posted_at=_posted_at(record.created_at, indexed_at),
        seen_at=seen_at,
        source="bluesky",
        author=author.handle if _is_handle(author.handle) else did,
        author_name=answers.words(author.display_name or "")[:100],
        author_since=answers.since(author.created_at),
        audience=min(max(author.followers_count or 0, 0), 2**53),
        by_brand=ours,
        conversation=root or id_,
        in_reply_to=id_of(record.reply.parent.uri) if record.reply else "",
        url=f"https://bsky.app/profile/{did}/post/{key}",
    )


def _words(record: Record) -> str:
    return answers.words("\n".join(part for part in (record.text.strip(), *_descriptions(record.embed)) if part))


def _descriptions(embed: Any) -> list[str]:
    """What its author says is to be seen in the pictures or the film."""
    shown = embed.get("media", embed) if isinstance(embed, dict) else None
    if not isinstance(shown, dict):
        return []
    images = shown.get("images")
    each = [image.get("alt") for image in images if isinstance(image, dict)] if isinstance(images, list) else []
    return [alt.strip() for alt in (*each, shown.get("alt")) if isinstance(alt, str)]


def _posted_at(created_at: str, indexed_at: datetime) -> datetime:
    """As the network itself sorts them: when its author says, but not later than it was seen."""
    try:
        at = datetime.fromisoformat(created_at)
        return min(at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC), indexed_at)
    except (ValueError, OverflowError):
        return indexed_at


def id_of(uri: str) -> str:
    """The post's id; empty if the address is not that of a post."""
    found = _URI.fullmatch(uri)
    return f"bluesky:{found[1]}/{found[2]}" if found else ""


def uri_of(id_: str) -> str:
    found = _ID.fullmatch(id_)
    return f"at://{found[1]}/{POST}/{found[2]}" if found else ""


def _is_handle(handle: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9.-]{3,253}", handle)) and handle != "handle.invalid"
