"""What is new on a status page: the parts whose state is not what the cursor remembers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from carebot.model import Batch, Refusal, Status, StatusState
from connectors import base

STATES: dict[str, StatusState] = {
    "operational": "operational",
    "degraded_performance": "degraded",
    "partial_outage": "partial_outage",
    "major_outage": "major_outage",
    "under_maintenance": "maintenance",
}
GRAVITY: tuple[StatusState, ...] = ("operational", "maintenance", "degraded", "partial_outage", "major_outage")
MAX_NAME = 200


class Part(msgspec.Struct, frozen=True):
    """A part of a provider's house, and how it is by their own word. `state` None: a word nobody knows, `word`."""

    id: str
    name: str
    state: StatusState | None
    at: datetime
    word: str = ""


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is not well, or was announced, as far as staff were told: the part's id → its state and name; announcements' ids."""

    ailing: dict[str, tuple[str, str]] = {}
    announced: tuple[str, ...] = ()


def known(cursor: str | None) -> Known:
    return base.resumed(cursor, Known) or Known()


def told(parts: Iterable[Part], before: Known, name: str, provider: str) -> Batch:
    """A Status for each part that changed; a word nobody knows is refused once, when it first appears. The cursor is `after`'s to write."""
    events, refused = [], []
    for part in parts:
        if (part.state or part.word) == before.ailing.get(part.id, ("operational", ""))[0]:
            continue
        if part.state is None:
            reason = f"has a state nobody knows: {part.word[:40]!r}"
            refused.append(Refusal(source=name, item=part.id[:80], reason=reason, at=part.at))
            continue
        id_ = f"status:{provider}:{part.id[:80]}:{part.state}:{int(part.at.timestamp())}"
        events.append(Status(id=id_, provider=provider, component=part.name[:MAX_NAME], state=part.state, at=part.at))
    return Batch(source=name, events=tuple(events), refused=tuple(refused))


def after(parts: Iterable[Part], announced: tuple[str, ...] = ()) -> str:
    ailing = {part.id: (part.state or part.word[:40], part.name[:MAX_NAME]) for part in parts if part.state != "operational"}
    return msgspec.json.encode(Known(ailing, announced)).decode()


def gone(before: Known, there: Mapping[str, Part], kind: str, now: datetime) -> list[Part]:
    """What was not well and is listed no more: of things that are listed only while they last, that means they are over."""
    return [Part(id_, named, "operational", now) for id_, (_, named) in before.ailing.items() if id_.startswith(kind) and id_ not in there]
