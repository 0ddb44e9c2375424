"""Which field of somebody else's JSON is which: paths a support lead writes, and no code. What comes out are lines of the contract.

A path is names with dots between them (`message.content`), numbers for places in a list (`messages.0.text`); with `items` it starts at each
item, and `$.` in front starts at the whole body. Nothing is computed and nothing is guessed: what is not where it should be is refused
with the path, and never with the words found there. The ready-made maps' shapes were read 2026-11: Zendesk's at
developer.zendesk.com/api-reference/webhooks/event-types/ticket-events, Chatwoot's in its user guide on webhooks and its message model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from pydantic import Field, StringConstraints

from carebot.errors import Refused
from carebot.model import Batch, Refusal
from connectors import answers, base, markup

MAX_ITEMS = 2_000
IN_MS = 100_000_000_000  # a larger number of seconds would be after the year 5000: it counts milliseconds

Path = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+){0,9}$", max_length=200)]
Paths = Annotated[tuple[Path, ...], Field(strict=False)]  # a list, as YAML has them
Value = str | int | bool
Values = Annotated[tuple[Value, ...], Field(strict=False)]
Condition = dict[Path, Value | Values]


class Map(base.Options):
    """The keys of `map:`. A condition holds if every path in it has (one of) the values beside it."""

    items: Path | None = Field(None, description="The list of messages in the body. Left out: the body is one message, or a list of them.")
    only: Condition = Field({}, description="Take only what has these values, for example {event: message_created}.")
    unless: Condition = Field({}, description="Leave out what has one of these values, for example {private: true}.")
    deleted: Condition = Field({}, description="What has these values was taken away: its text goes here too.")
    id: Path | None = Field(None, description="What never changes about a message. Left out: a sum of its words, author and time.")
    text: Path | Paths | None = Field(None, description="The customer's words; of several paths, one below the other.")
    html: bool = Field(False, description="true if the words are HTML.")
    posted_at: Path | None = Field(None, description="When it was said: ISO 8601, or seconds since 1970. Left out: now.")
    author: Path | None = Field(None, description="Who said it: what stays the same about them.")
    author_name: Path | None = Field(None, description="What they call themselves.")
    audience: Path | None = Field(None, description="How many follow them.")
    stars: Path | None = Field(None, description="Of a review, how many stars.")
    in_reply_to: Path | None = Field(None, description="The id of what it answers.")
    conversation: Path | None = Field(None, description="The id of the conversation or ticket.")
    url: Path | None = Field(None, description="Where it can be read.")
    source: Path | None = Field(None, description="The network it was said on.")
    lang: Path | None = Field(None, description="Its language, two letters.")
    region: Path | None = Field(None, description="Where the customer is.")
    by_brand: bool | Condition = Field(False, description="Whether we said it ourselves: true, or what shows it.")
    direct: bool | Condition = Field(False, description="Whether only we can read it: true, or what shows it.")
    service: Path | None = Field(None, description="Of an alert, the service that fails. Left out: its label `service`.")
    always: dict[Literal["source", "lang", "region"], str] = Field({}, description="The same for all, for example {source: whatsapp}.")


READY: Mapping[str, Map] = {
    "chatwoot": Map(
        only={"event": ("message_created", "message_updated"), "message_type": ("incoming", "outgoing")},
        unless={"private": True},
        deleted={"content_attributes.deleted": True},
        id="id",
        text="content",
        posted_at="created_at",
        author="sender.id",
        author_name="sender.name",
        conversation="conversation.id",
        by_brand={"message_type": "outgoing"},
        direct=True,
    ),
    "zendesk": Map(
        only={"type": "zen:event-type:ticket.comment_added"},
        unless={"event.comment.is_public": False},
        id="event.comment.id",
        text="event.comment.body",
        posted_at="time",
        author="event.comment.author.id",
        author_name="event.comment.author.name",
        conversation="detail.id",
        by_brand={"event.comment.author.is_staff": True},
        direct=True,
    ),
}


def merged(ready: Map, own: Map | None) -> Map:
    """A ready-made map with what the rules say otherwise."""
    return ready.model_copy(update={field: getattr(own, field) for field in own.model_fields_set}) if own else ready


class Entry(NamedTuple):
    """One item, and the body it stood in."""

    item: object
    whole: object

    def at(self, path: str, missing: object = None) -> Any:
        return base.at(self.whole, path[2:], missing) if path.startswith("$.") else base.at(self.item, path, missing)

    def has(self, wanted: Condition) -> bool:
        return all(_is_one_of(self.at(path), values) for path, values in wanted.items())

    def is_meant(self, wanted: Map) -> bool:
        return self.has(wanted.only) and not any(self.has({path: values}) for path, values in wanted.unless.items())


def _is_one_of(found: object, values: Value | tuple[Value, ...]) -> bool:
    return any(type(found) is type(value) and found == value for value in (values if isinstance(values, tuple) else (values,)))


def decoded(body: bytes, name: str) -> object:
    found = answers.decoded(body)
    if found is None:
        raise Refused(f"{name}: a request was not JSON", "Have the sender post JSON.")
    return found


def entries(whole: object, wanted: Map, name: str) -> list[Entry]:
    """The items this is about. Raises Refused for a body that is not as `map` says."""
    everything = Entry(whole, whole)
    if not everything.has({path: value for path, value in wanted.only.items() if path.startswith("$.")}):
        return []
    found = everything.at(wanted.items) if wanted.items else whole
    if wanted.items and not isinstance(found, list):
        raise Refused(f"{name}: a request has no list at `{wanted.items}`", "Correct `items` in rules.yaml.")
    items = found if isinstance(found, list) else [found]
    if len(items) > MAX_ITEMS:
        raise Refused(f"{name}: a request held more than {MAX_ITEMS:,} messages", "Send fewer messages at once.")
    return [Entry(item, whole) for item in items]


def mapped(body: bytes, wanted: Map, name: str, now: datetime) -> Batch:
    """What the body says to us, perhaps nothing. Raises Refused for one that is not JSON, or not as `map` says."""
    batch = Batch(source=name, requests=0)
    for number, entry in enumerate(entries(decoded(body, name), wanted, name), 1):
        if not entry.is_meant(wanted):
            continue
        try:
            line = _line(entry, wanted, name, now)
        except _NotThere as why:
            batch = _with(batch, refused=(Refusal(source=name, item=f"line {number}", reason=str(why), at=now),))
            continue
        if line:
            got = base.from_lines([msgspec.json.encode(line)], name, now, first_line=number)
            batch = _with(batch, got.events, got.refused)
    return batch


def _with(batch: Batch, events: Sequence[Any] = (), refused: Sequence[Refusal] = ()) -> Batch:
    return msgspec.structs.replace(batch, events=(*batch.events, *events), refused=(*batch.refused, *refused))


class _NotThere(ValueError):
    """What `map` names is not where it says."""


_AS_IT_STANDS = ("author", "author_name", "audience", "stars", "url", "source", "lang", "region")
_IDS = ("in_reply_to", "conversation")


def _line(entry: Entry, wanted: Map, name: str, now: datetime) -> dict[str, Any]:
    """A line of the contract; empty for a message without words (a picture, a file), which says nothing we could read."""
    line: dict[str, Any] = {str(field): value for field, value in wanted.always.items()}
    for field in (*_AS_IT_STANDS, *_IDS, "id"):
        path: str | None = getattr(wanted, field)
        if path and (value := _plain(entry, path)) not in (None, ""):
            line[field] = f"{name}:{value}" if field in (*_IDS, "id") else value
    at = _moment(entry, wanted.posted_at, now)
    if wanted.deleted and entry.has(wanted.deleted):
        if "id" not in line:
            raise _NotThere(f"is deleted, but has nothing at `{wanted.id}` that says which it was")
        return {"kind": "deleted", "id": line["id"], "at": now}
    text = _words(entry, wanted)
    if not text:
        return {}
    if wanted.id and "id" not in line:
        raise _NotThere(f"has nothing at `{wanted.id}`, its id")
    line.setdefault("id", f"{name}:{_sum([line.get('author'), entry.at(wanted.posted_at or ''), line.get('conversation'), text])}")
    for flag in ("by_brand", "direct"):
        says = getattr(wanted, flag)
        line[flag] = says if isinstance(says, bool) else entry.has(says)
    return {**line, "text": text, "posted_at": at}


def _plain(entry: Entry, path: str) -> str | int | float | None:
    value = entry.at(path)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise _NotThere(f"has neither a text nor a number at `{path}`")
    return answers.words(value) if isinstance(value, str) else value


def _words(entry: Entry, wanted: Map) -> str:
    paths = wanted.text if isinstance(wanted.text, tuple) else (wanted.text or "",)
    found = [entry.at(path, missing=_NotThere) for path in paths]
    if all(each is _NotThere for each in found):
        raise _NotThere(f"has no text at `{'` or `'.join(paths)}`")
    if any(not isinstance(each, str | None) for each in found if each is not _NotThere):
        raise _NotThere(f"has something else than a text at `{'` or `'.join(paths)}`")
    said = [answers.words(each).strip() for each in found if isinstance(each, str)]
    return "\n".join(markup.words_of(each) if wanted.html else each for each in said if each)


def _moment(entry: Entry, path: str | None, now: datetime) -> datetime:
    """When it was said, never later than now."""
    value = _plain(entry, path) if path else None
    if value in (None, ""):
        return now
    try:
        if isinstance(value, str) and not value.isdecimal():
            at = datetime.fromisoformat(value.strip().replace(" UTC", "Z"))
        else:
            at = datetime.fromtimestamp(float(value) / (1000 if float(value) > IN_MS else 1), UTC)
        if at.tzinfo is None:
            raise _NotThere(f"has a time without a time zone at `{path}`; have the sender write 2026-03-12T11:05:30Z")
        return min(at.astimezone(UTC), now)
    except _NotThere:
        raise
    except (ValueError, OverflowError, OSError):
        raise _NotThere(f"has no time that can be read at `{path}`") from None


def _sum(said: list[Any]) -> str:
    return hashlib.blake2b(msgspec.json.encode(said), digest_size=12).hexdigest()
