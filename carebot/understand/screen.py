"""The door: what comes in is made harmless before anything keeps it, and what cannot be kept is refused with a reason.

After this room a message holds no personal data that `redact` knows, no character that hides or reverses text, no time without
a zone, and no number a database cannot hold; what machines say is one line of visible characters. The author is known by a keyed hash
from here on; what is counted is that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import msgspec

from carebot.model import Deleted, Event, Message, Notice, Probe, Refusal, Status
from carebot.understand.language import code
from carebot.understand.normalise import LONGEST, fingerprint, plain, tame
from carebot.understand.redact import ISSUED, redact

FIRST_POST = datetime(2006, 3, 21, tzinfo=UTC)  # the first tweet; a message older than social networks has a broken clock
AHEAD = timedelta(minutes=10)  # how far another machine's clock may be ahead of ours
HUGE = 1_000_000  # characters
_CUT = " […]"
_LONG_NUMBER = re.compile(r"[0-9]{13,}")
_MOST = 10**12  # an audience above this is a mistake; SQLite ends at 2**63


class Screened(msgspec.Struct, frozen=True):
    """What may come in, in the order it came.

    messages   redacted, with `author_key` and `fingerprint`
    plain      the text of each as phrases are looked up in it
    refused    what was turned away; a reason never quotes a text
    """

    messages: tuple[Message, ...]
    plain: tuple[str, ...]
    refused: tuple[Refusal, ...]


def _objection(message: Message, latest: datetime) -> str:
    """Why a message cannot be taken; empty if it can."""
    if not message.id:
        return "it has no id. Without one a copy cannot be told from a new message"
    if why := _misnamed(message.id):
        return why
    if message.posted_at.tzinfo is None or message.seen_at.tzinfo is None:
        return "its time has no zone. Times are written like 2026-11-21T10:00:00Z"
    if message.posted_at < FIRST_POST:
        return f"it says it was posted on {message.posted_at:%Y-%m-%d}, before there were social networks. A clock is wrong"
    if message.posted_at > latest:
        return f"it says it was posted at {message.posted_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}, which is still to come. A clock is wrong"
    if len(message.text) > HUGE:
        return f"its text has {len(message.text)} characters. More than {HUGE} is no message"
    return ""


def _misnamed(id_: str) -> str:
    if len(id_) > 200 or not id_.isprintable():
        return f"its id is {len(id_)} characters long or has characters that cannot be shown. Ids are at most 200 visible characters"
    return ""


def _refusal(id_: str, source: str, because: str, now: datetime, what: str = "message") -> Refusal:
    return Refusal(
        source=_short(source, 100), item=ascii(id_[:60])[1:-1] or "(no id)", reason=f"The {what} was refused: {because}.", at=now
    )


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _since(message: Message) -> datetime | None:
    """Since when there is this account, if that can be: with a zone, and not after it wrote."""
    at = message.author_since
    return _utc(at) if at and at.tzinfo and at <= message.posted_at else None


def _cut(text: str) -> str:
    return tame(text) if len(text) <= LONGEST else tame(text[: LONGEST - len(_CUT)]) + _CUT


def _short(value: str, longest: int = 200) -> str:
    return value if len(value) <= longest and value.isascii() and value.isprintable() else " ".join(tame(value[:longest]).split())


def _reference(value: str) -> str:
    """An id in another message's words: as it is or not at all, since a changed id points nowhere."""
    return value if len(value) <= 200 and value.isprintable() else ""


def _card_like(url: str) -> bool:
    """A post's own number is as long as a card's: it is looked at further only if some bank's cards begin so."""
    return any(ISSUED.fullmatch(number) for number in _LONG_NUMBER.findall(url))


def _address(url: str) -> str:
    """A link that can be followed, or none. One with personal data in it is dropped whole: half a link leads nowhere."""
    if not url.startswith(("https://", "http://")) or len(url) > 2000 or not url.isprintable() or " " in url:
        return ""
    told = "?" in url or "@" in url or _card_like(url)
    return url if not told or redact([url]) == [url] else ""


class _Person(msgspec.Struct, frozen=True, gc=False):
    """Who wrote, as it is kept."""

    author: str
    name: str
    key: str


def _author_key(source: str, author: str, id_: str, secret: bytes) -> str:
    who = author.lower() or f"\0{id_}"  # nobody's messages are not one person's messages
    return blake2b(f"{source}\0{who}".encode(errors="replace"), key=secret, digest_size=8).hexdigest()


class _Desk:
    """What the messages of one batch share is worked out once: people who write often, sources, brands, regions."""

    def __init__(self, secret: bytes, brand: str) -> None:
        self._secret, self._brand = secret, brand
        self._people: dict[tuple[str, str, str], _Person] = {}
        self._shorts: dict[str, str] = {"": ""}

    def _short(self, value: str) -> str:
        known = self._shorts.get(value)
        if known is None:
            known = self._shorts[value] = _short(value)
        return known

    def _person(self, message: Message) -> _Person:
        who = (message.source, message.author, message.author_name)
        known = self._people.get(who)
        if known is None:
            source, author, name = who
            key = _author_key(source, author, message.id, self._secret)
            known = _Person(_short(author), redact([_short(name)])[0] if name else "", key)
            if author:
                self._people[who] = known
        return known

    def screened(self, message: Message, text: str, words: str) -> Message:
        person, stars = self._person(message), message.stars
        return Message(  # every field by name: `structs.replace` takes as long again
            id=message.id,
            text=text,
            posted_at=_utc(message.posted_at),
            seen_at=_utc(message.seen_at),
            source=self._short(message.source),
            brand=self._short(message.brand or self._brand),
            lang=code(message.lang[:40]) if message.lang else "",
            author=person.author,
            author_name=person.name,
            author_key=person.key,
            audience=min(max(message.audience, 0), _MOST) if message.audience else 0,
            stars=stars if stars is None or 1 <= stars <= 5 else None,
            by_brand=message.by_brand,
            direct=message.direct,
            in_reply_to=_reference(message.in_reply_to),
            conversation=_reference(message.conversation),
            repost_of=_reference(message.repost_of),
            url=_address(message.url) if message.url else "",
            region=self._short(message.region),
            fingerprint=fingerprint(words),
            verdict=message.verdict,
            author_since=_since(message) if message.author_since else None,
        )


def screen(messages: Sequence[Message], *, secret: bytes, now: datetime, brand: str = "") -> Screened:
    """Tame, redact and name a batch.

    secret   at most 64 bytes; keys the hash of authors, so that nobody without it can tell who wrote
    now      aware UTC; a message from the future is refused
    brand    whose matter a message is that does not say
    """
    latest, desk = now + AHEAD, _Desk(secret, brand)
    objections = [_objection(message, latest) for message in messages]
    taken = [message for message, objection in zip(messages, objections, strict=True) if not objection]
    texts = redact([_cut(message.text) for message in taken])
    words = tuple(plain(text) for text in texts)
    return Screened(
        messages=tuple(desk.screened(message, text, said) for message, text, said in zip(taken, texts, words, strict=True)),
        plain=words,
        refused=tuple(_refusal(message.id, message.source, why, now) for message, why in zip(messages, objections, strict=True) if why),
    )


def screen_others(events: Sequence[Event], now: datetime) -> tuple[list[Event], tuple[Refusal, ...]]:
    """What is no message, through the same door: a provider's name and the words of a check are a stranger's texts as well."""
    theirs = [(event, _misnamed(event.id) if isinstance(event, Probe | Status | Notice | Deleted) else "") for event in events]
    kept = [_in_one_line(event) for event, why in theirs if not why]
    return kept, tuple(_refusal(event.id, "", why, now, type(event).__name__.lower()) for event, why in theirs if why)


def _in_one_line(event: Event) -> Event:
    match event:
        case Probe():
            return msgspec.structs.replace(event, target=_short(event.target), detail=_short(event.detail))
        case Status():
            return msgspec.structs.replace(event, provider=_short(event.provider), component=_short(event.component))
        case Notice():
            return msgspec.structs.replace(event, service=_short(event.service))
        case _:
            return event
