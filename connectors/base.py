"""What every connector is, and the promises it keeps.

A connector is one file in this folder, or a module a third party names in the entry-point group `carebot.connectors`.
It has three things: `Options`, a pydantic model of the keys it adds to a source in rules.yaml; `connect`, which makes
a `Connector` from them; and `EXAMPLE`, a source as a person would write it. Nobody imports a connector by name: `found()` lists them.

The promises, each a test that runs for every file here just because it exists (tests/connectors/test_contract.py):

1. no state between calls but the cursor;
2. a cursor resumes after the last item; asking twice is harmless; a burst is drained page by page without a hole;
3. ids are stable, prefixed with the network, and survive edits;
4. all times are aware UTC;
5. trouble is Unreachable, Throttled or Refused;
6. no secret in any error or log;
7. deletions and edits are events, not absences;
8. what a look costs is counted (`Batch.requests`).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from importlib.metadata import entry_points
from types import ModuleType
from typing import Protocol, TypeVar, runtime_checkable

import msgspec
from pydantic import BaseModel, ConfigDict

from carebot import wire
from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Click, Coverage, Event, Message, Refusal

NOT_KINDS = {"base"}
_NOT_THEIRS = {
    Click: "is a click; only Slack may send those",
    Coverage: "is coverage; carebot sees that for itself, only a replay is told",
}


E = TypeVar("E", bound=Event)
T = TypeVar("T")


class Options(BaseModel):
    """The keys a kind adds to a source in rules.yaml. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer from the outside, already inside our limits. `headers` are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    took_ms: float


class Http(Protocol):
    """The one outgoing HTTP client, as connectors see it (the hand behind it is `carebot.effects.http`).

    Raises Unreachable for network trouble, time-outs, bodies over the cap and addresses that are not allowed;
    Throttled for 429 and 503 with Retry-After; a reply with any other status is returned.
    """

    async def get(self, url: str, *, headers: Mapping[str, str] = ..., allow_private: bool = ...) -> Reply: ...


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What a connector may touch, handed to it: the one HTTP client, secrets by name, the clock."""

    http: Http
    secret: Callable[[str], str]
    clock: Callable[[], datetime]


@runtime_checkable
class Connector(Protocol):
    """A source that is asked. `cursor` is what the last committed Batch said, or None the first time."""

    async def fetch(self, cursor: str | None) -> Batch: ...


class Receiver(Protocol):
    """A source that is told: carebot's web server hands it each request's body and (lower-case) headers.

    Returns what was in it; raises Refused (answered 401) for anything that is not surely from the sender.
    """

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Batch: ...


def from_lines(lines: Iterable[bytes], name: str, now: datetime, *, first_line: int = 1) -> Batch:
    """What lines in the contract's shape say; a message without a time was said now.

    A click is refused: only Slack knows who really pressed a button. So is coverage: only who asks a source knows how far it was heard.
    """
    events, refused = [], []
    for number, line in enumerate(lines, first_line):
        for found in wire.events([line], source=name, seen_at=now, first_line=number, undated=now):
            if isinstance(found, Refusal):
                refused.append(found)
            elif isinstance(found, Click | Coverage) or not found.id:
                why = _NOT_THEIRS.get(type(found), "has an empty `id`")
                refused.append(Refusal(source=name, item=f"line {number}", reason=why, at=now))
            else:
                events.append(prefixed(found, name))
    return Batch(source=name, events=tuple(events), refused=tuple(refused))


def prefixed(event: E, name: str) -> E:
    """The event with `name:` before every id that does not say where it comes from."""
    ids = ("id", "in_reply_to", "conversation", "repost_of") if isinstance(event, Message) else ("id",)
    bare = {field: f"{name}:{value}" for field in ids if (value := getattr(event, field)) and ":" not in value}
    return msgspec.structs.replace(event, **bare) if bare else event


def resumed(cursor: str | None, kind: type[T]) -> T | None:
    """The cursor as a value; None at the first look, and for one that a source of another kind left under this name."""
    try:
        return msgspec.json.decode(cursor, type=kind) if cursor else None
    except msgspec.DecodeError:
        return None


def answered(reply: Reply, name: str) -> Reply:
    """The reply, if it is one (200, or 304: nothing new); otherwise whose turn it is."""
    if reply.status in (200, 304):
        return reply
    if reply.status in (401, 403):
        raise Refused(f"{name}: we are not let in ({reply.status})", "Ask whoever runs it, or take the source out of rules.yaml.")
    if reply.status in (404, 410):
        raise Refused(f"{name}: there is nothing at this address ({reply.status})", "Correct `url` in rules.yaml.")
    raise Unreachable(f"{name}: answered {reply.status}")


Connect = Callable[[str, BaseModel, World], Connector | Receiver]
Close = Callable[[], Awaitable[None]]


def found() -> dict[str, Callable[[], ModuleType]]:
    """Every kind by name, with the function that imports it. Importing waits until a kind is used: some are slow."""
    kinds: dict[str, Callable[[], ModuleType]] = {}
    here = importlib.import_module("connectors")
    for module in pkgutil.iter_modules(here.__path__):
        if module.name not in NOT_KINDS:
            kinds[module.name] = lambda name=module.name: importlib.import_module(f"connectors.{name}")  # type: ignore[misc]
    for entry in entry_points(group="carebot.connectors"):
        kinds.setdefault(entry.name, entry.load)
    return dict(sorted(kinds.items()))


def options_of(kind: str) -> type[BaseModel]:
    """The options model of a kind. Raises KeyError for a kind nobody brings."""
    options: type[BaseModel] = found()[kind]().Options
    assert issubclass(options, BaseModel)
    return options
