"""What one of Meta's webhooks says: comments and posts (`changes`), direct messages (`messaging`, or `standby` while another app answers).

What the account itself says, it says as the brand. What was removed is a deletion, what was edited comes again. Likes, reactions, read
receipts, and pictures without a word are passed over: there is nothing in them to understand. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from carebot.errors import Refused
from carebot.model import Batch, Deleted, Event, Message, Refusal
from connectors import answers

NETWORKS = {"page": "facebook", "instagram": "instagram"}
SPOKEN = {"comment", "post", "status", "photo", "video", "share", "link"}  # what of a page's feed can have words


class _Party(msgspec.Struct):
    id: str | int = ""
    name: str = ""
    username: str = ""


class _Page(msgspec.Struct):
    permalink_url: str | None = None


class _Thing(msgspec.Struct):
    """A change: a page's in Facebook's names, or an Instagram account's (id, text, media)."""

    item: str = ""
    verb: str = ""
    id: str | int | None = None
    comment_id: str | int | None = None
    post_id: str | int | None = None
    parent_id: str | int | None = None
    media: _Party | None = None
    created_time: int | None = None
    message: str | None = None
    text: str | None = None
    post: _Page | None = None
    from_: _Party | None = msgspec.field(name="from", default=None)
    sender_id: str | int | None = None  # Facebook's older way to say `from`
    sender_name: str = ""


class _Change(msgspec.Struct):
    field: str
    value: _Thing


class _Words(msgspec.Struct):
    mid: str
    text: str | None = None
    is_echo: bool = False
    is_deleted: bool = False
    reply_to: Any = None


class _Talk(msgspec.Struct):
    sender: _Party
    recipient: _Party
    timestamp: int
    message: _Words | None = None
    message_edit: _Words | None = None


class _Entry(msgspec.Struct):
    """What happened at one account. `time` is when Meta sent it, in seconds or in milliseconds."""

    id: str | int
    time: int = 0
    changes: list[Any] = []
    messaging: list[Any] = []
    standby: list[Any] = []


class _Delivery(msgspec.Struct):
    object: str
    entry: list[Any]


class _Here(msgspec.Struct, frozen=True):
    """Where and when something was said: what every reader below needs."""

    network: str
    account: str
    sent_at: datetime
    now: datetime

    def id(self, own: object) -> str:
        """Raises ValueError for what is no id."""
        text = answers.words(str(own)) if own not in (None, "") else ""
        if not text or len(text) > 300:
            raise ValueError
        return f"{self.network}:{text}"


def read(body: bytes, name: str, now: datetime) -> Batch:
    """Everything in one delivery. Raises Refused for one that is not about a page or an Instagram account."""
    delivery = answers.read_as(_Delivery, answers.decoded(body))
    if delivery is None or delivery.object not in NETWORKS:
        raise Refused(f"{name}: Meta sent something that is not about a page", "Subscribe the app to Page and Instagram only.")
    events: list[Event] = []
    refused: list[Refusal] = []
    for number, each in enumerate(delivery.entry, 1):
        try:
            said, unread = _entry(msgspec.convert(each, _Entry), NETWORKS[delivery.object], name, now)
        except (ValueError, OverflowError):
            refused.append(Refusal(source=name, item=f"entry {number}", reason="is not an entry as Meta describes them", at=now))
            continue
        events += said
        refused += unread
    return Batch(source=name, events=tuple(events), refused=tuple(refused))


def _entry(entry: _Entry, network: str, name: str, now: datetime) -> tuple[tuple[Event, ...], tuple[Refusal, ...]]:
    here = _Here(network, str(entry.id), _at(entry.time, now) or now, now)

    def said(item: Any) -> list[Event]:
        if isinstance(item, dict) and "field" in item:
            return list(_changed(msgspec.convert(item, _Change), here))
        return list(_talked(msgspec.convert(item, _Talk), here))

    return answers.read_each([*entry.changes, *entry.messaging, *entry.standby], said, _named, name, now)


def _named(item: Any) -> object:
    value = answers.field(item, "value")
    ids = (answers.field(value, key) for key in ("comment_id", "id", "post_id", "media_id"))
    return next((each for each in ids if each), None) or answers.field(item, "message", "mid")


def _changed(change: _Change, here: _Here) -> Iterator[Event]:
    thing = change.value
    match change.field:
        case "feed" | "mention":
            if thing.item in SPOKEN:
                yield from _posted(thing, here)
        case "comments" | "live_comments":
            if thing.text and thing.text.strip():
                yield _commented(thing, here)
        case "mentions":
            raise msgspec.ValidationError("Instagram tells of a mention without its words; read it in Instagram")


def _posted(thing: _Thing, here: _Here) -> Iterator[Event]:
    """On Facebook: a post on our page, a comment under it, or a post elsewhere that names us."""
    is_comment = thing.item == "comment"
    id_ = here.id(thing.comment_id if is_comment else thing.post_id)
    if thing.verb in ("remove", "delete"):
        yield Deleted(id=id_, at=here.now)
    elif thing.verb in ("add", "edit", "edited") and thing.message and thing.message.strip():
        speaker = thing.from_ or _Party(id=thing.sender_id or "", name=thing.sender_name)
        post = here.id(thing.post_id) if thing.post_id else ""
        url = (thing.post and thing.post.permalink_url) or ""
        yield Message(
            id=id_,
            text=answers.words(thing.message).strip(),
            posted_at=_at(thing.created_time, here.now) or here.sent_at,
            seen_at=here.now,
            source=here.network,
            author=answers.words(str(speaker.id)),
            author_name=answers.words(speaker.name)[:100],
            by_brand=str(speaker.id) == here.account,
            in_reply_to=here.id(thing.parent_id or thing.post_id) if is_comment and (thing.parent_id or thing.post_id) else "",
            conversation=post,
            url=answers.words(url) if url.startswith("https://www.facebook.com/") else "",
        )


def _commented(thing: _Thing, here: _Here) -> Message:
    """On Instagram, under a post of ours. It does not say when it was written: when Meta sent it is the nearest there is."""
    speaker, media = thing.from_ or _Party(), here.id(thing.media.id) if thing.media and thing.media.id else ""
    return Message(
        id=here.id(thing.id),
        text=answers.words(thing.text or "").strip(),
        posted_at=here.sent_at,
        seen_at=here.now,
        source=here.network,
        author=answers.words(speaker.username or str(speaker.id))[:100],
        by_brand=str(speaker.id) == here.account,
        in_reply_to=here.id(thing.parent_id) if thing.parent_id else media,
        conversation=media,
    )


def _talked(talk: _Talk, here: _Here) -> Iterator[Event]:
    """A direct message: the customer's, or (an echo) our own, whoever of us wrote it. Reactions and receipts have neither of the two."""
    said = talk.message or talk.message_edit
    if said is None:
        return
    id_ = here.id(said.mid)
    if said.is_deleted:
        yield Deleted(id=id_, at=here.now)
    elif said.text and said.text.strip():
        ours = said.is_echo or str(talk.sender.id) == here.account
        customer = talk.recipient if ours else talk.sender
        answered = answers.field(said.reply_to, "mid")
        yield Message(
            id=id_,
            text=answers.words(said.text).strip(),
            posted_at=_at(talk.timestamp, here.now) or here.sent_at,
            seen_at=here.now,
            source=here.network,
            author=answers.words(str(talk.sender.id))[:100],
            by_brand=ours,
            direct=True,
            in_reply_to=here.id(answered) if answered else "",
            conversation=here.id(customer.id),
        )


def _at(stamp: int | None, now: datetime) -> datetime | None:
    """Seconds, or milliseconds, which are a thousand times later than any second that will matter."""
    return answers.moment(stamp / 1000 if stamp > 10**11 else stamp, now) if stamp else None
