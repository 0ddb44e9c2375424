"""What a network's JSON API answers: as values, item by item, or whose turn it is. For every connector that asks one.

Pure. One item that cannot be read is refused by its id, never with its text, and the rest goes on; an answer that is no page at all raises
Unreachable, and nothing moves on. Python's own json reads it: msgspec 0.22 takes no half surrogate pair and no large number anywhere in
a page, and one such post would hold up all the others for good (measured 2026-11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from carebot.errors import Refused, Unreachable
from carebot.model import Event, Message, Refusal
from connectors import base

T = TypeVar("T")
_LARGEST = 19  # digits


# ── from bytes to values ─────────────────────────────────────────────────────────────────────────────────────────


def decoded(body: bytes) -> Any:
    """The JSON in a body; None if there is none."""
    try:
        return json.loads(body, parse_int=lambda digits: int(digits) if len(digits) <= _LARGEST else None)
    except (ValueError, RecursionError):
        return None


def read_as(kind: type[T], value: Any) -> T | None:
    try:
        return msgspec.convert(value, kind)
    except (ValueError, OverflowError, RecursionError):
        return None


def page(body: bytes, kind: type[T], name: str, what: str) -> T:
    """The whole answer as a value of this kind. what: what is to be said if it is none, as in "Apple did not answer with a feed"."""
    found = read_as(kind, decoded(body))
    if found is None:
        raise Unreachable(f"{name}: {what}")
    return found


def field(value: Any, *path: str) -> Any:
    """What stands under these names, one inside the other; None where nothing does."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def words(text: str | None) -> str:
    """Text without half surrogate pairs, which JSON can carry and UTF-8 cannot."""
    return (text or "").encode("utf-8", "replace").decode()


def moment(at: str | float, now: datetime) -> datetime:
    """A moment as ISO 8601 or as seconds since 1970, in UTC and never later than now. Raises ValueError for what is none."""
    try:
        found = datetime.fromisoformat(at) if isinstance(at, str) else datetime.fromtimestamp(at, UTC)
        return min(found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC), now)
    except (ValueError, OverflowError, OSError):
        raise ValueError("has a time that is none") from None


def since(at: object) -> datetime | None:
    """Since when there is an account, in UTC; None where its network does not say, or says what is no moment."""
    try:
        return datetime.fromisoformat(at).astimezone(UTC) if isinstance(at, str) and len(at) < 40 else None
    except (ValueError, OverflowError):
        return None


def read_each(
    items: Iterable[Any], said: Callable[[Any], Iterable[Event]], id_of: Callable[[Any], Any], name: str, now: datetime
) -> tuple[tuple[Event, ...], tuple[Refusal, ...]]:
    """What the items of a page say, in their order, and those that say nothing readable.

    said    what one item says. It may raise ValueError, with words of its own or none; msgspec's name the field and not what was in it
    id_of   an item's id, for people: it is shown only if it looks like one
    """
    events: list[Event] = []
    refused: list[Refusal] = []
    for number, item in enumerate(items, 1):
        try:
            events += said(item)
        except (ValueError, OverflowError, OSError) as error:
            own = id_of(item)
            known = own if isinstance(own, str) and re.fullmatch(r"[\w.:-]{1,80}", own, re.ASCII) else str(own) if type(own) is int else ""
            reason = f"is not as they describe it: {error}"[:200].rstrip(": ")
            refused.append(Refusal(source=name, item=known or f"item {number}", reason=reason, at=now))
    return tuple(events), tuple(refused)


def from_then_on(events: Iterable[Event], came_at: datetime) -> tuple[Event, ...]:
    """Without the messages of the time before we came: a list shows those too, and a complaint of last year is nobody's case today."""
    return tuple(event for event in events if not isinstance(event, Message) or event.posted_at >= came_at)


def newest(events: Iterable[Event]) -> str:
    """When the newest of them was said, for whoever asks whether all is well."""
    times = [event.posted_at for event in events if isinstance(event, Message)]
    return f"the newest is of {max(times):%d %b %H:%MZ}" if times else "nothing was said yet"


# ── the way there ────────────────────────────────────────────────────────────────────────────────────────────────


def address(base_url: str, path: str, **asked: str | int) -> str:
    """The whole address, with what is asked and not empty."""
    query = urlencode({name: value for name, value in asked.items() if value != ""})
    return f"{base_url.rstrip('/')}{path}{'?' if query else ''}{query}"


def theirs(url: str, official: str, allow_private: bool = False) -> str:
    """The address, if a credential may be sent there: the network's own, a server on this machine, or one the operator allowed."""
    there = urlsplit(url)
    if url == official or (there.scheme == "http" and there.hostname in ("127.0.0.1", "::1")):
        return url
    if allow_private and there.scheme in ("http", "https") and there.hostname and not there.username and not there.password:
        return url
    raise ValueError(f"must be {official}: what we are let in with is sent there.")


def credential(world: base.World, secret: str, name: str) -> str:
    """The secret of this name, fit for a header."""
    found = world.secret(secret).strip()
    if not re.fullmatch(r"[!-~]+", found):
        raise Refused(f"{name}: the credential {secret} holds no key", "Put it alone on one line, then: systemctl restart carebot.")
    return found


def trouble(name: str, whose: str, status: int, fixes: Mapping[int, tuple[str, str]]) -> Refused | Unreachable:
    """Whose turn it is when a network does not answer 200. fixes: for a status, what it did, and what a human can do."""
    if status not in fixes:
        return Unreachable(f"{name}: {whose} answered {status}")
    what, what_to_fix = fixes[status]
    return Refused(f"{name}: {whose} {what} ({status})", what_to_fix)
