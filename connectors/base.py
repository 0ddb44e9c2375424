"""What every connector is, and the promises it keeps.

A connector is one file in this folder, or a module a third party names in the entry-point group `carebot.connectors`.
It has three things: `Options`, a pydantic model of the keys it adds to a source in rules.yaml; `connect`, which makes
a `Connector` from them; and `EXAMPLE`, a source as a person would write it. Nobody imports a connector by name: `found()` lists them.

It may have more, each only where the place allows it: `recheck` (which of these were edited or taken away), `history` (what was said before
we came), `check` (a look that costs next to nothing, for `carebot doctor`), `publish` (a statement of the brand's own), `greet` (yes, this
address is ours); and the module `estimate` (what a month of looking costs). `Rechecks`, `Remembers`, `Checked`, `Publishes` and `Greets`
say how.

The promises, each a test that runs for every file here just because it exists (tests/connectors/test_contract.py):

1. no state between calls but the cursor;
2. a cursor resumes after the last item; asking twice is harmless; a burst is drained page by page without a hole;
3. ids are stable, prefixed with the network, and survive edits;
4. all times are aware UTC;
5. trouble is Unreachable, Throttled or Refused;
6. no secret in any error or log;
7. deletions and edits are events, not absences;
8. what a look costs is counted (`Batch.requests`, `posts`, `money`), and kept within what `World.allowance` leaves.
"""

from __future__ import annotations

import importlib
import pkgutil
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

import msgspec
from pydantic import BaseModel, ConfigDict

from carebot import wire
from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Click, Coverage, Event, Message, Refusal, Volume

NOT_KINDS = {"answers", "base", "entries", "limits", "markup", "sweep"}
_NOT_THEIRS = {
    Click: "is a click; only Slack may send those",
    Coverage: "is coverage; carebot sees that for itself, only a replay is told",
    Volume: "is a count of posts; carebot counts for itself, only a replay is told",
}


E = TypeVar("E", bound=Event)
T = TypeVar("T")


class Options(BaseModel):
    """The keys a kind adds to a source in rules.yaml. Unknown keys are errors.

    publishes_with   the key that names the credential statements are published with; "": nothing can be published through this kind
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    publishes_with: ClassVar[str] = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer from the outside, already inside our limits. `headers` are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    took_ms: float


class Handshake(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that was made. `not_after`: until when the certificate holds; None: it was not asked for one."""

    took_ms: float
    not_after: datetime | None = None


class Http(Protocol):
    """The one outgoing HTTP client, as connectors see it (the hand behind it is `carebot.effects.network.http`).

    Raises Unreachable for network trouble, time-outs and addresses that are not allowed, TooLarge (which is one) for bodies over the cap;
    Throttled for 429 and 503 with Retry-After; a reply with any other status is
    returned. as_said: so are those, for who must know what they say.

    frames    a websocket's messages, one by one, until somebody hangs up: `async with http.frames("wss://…") as messages:`
    resolve   what a name resolves to, if all of it is allowed
    connect   whether a port takes a connection, which is closed again: nothing is said
    line      an encrypted line to speak on; who speaks keeps the time. Raises Unreachable also for what goes wrong while it is open
    """

    async def get(self, url: str, *, headers: Mapping[str, str] = ..., allow_private: bool = ..., as_said: bool = ...) -> Reply: ...

    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str] = ..., allow_private: bool = ..., as_said: bool = ...
    ) -> Reply: ...

    def frames(
        self, url: str, *, headers: Mapping[str, str] = ..., allow_private: bool = ...
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]: ...

    async def resolve(self, host: str, *, allow_private: bool = ...) -> tuple[str, ...]: ...

    async def connect(self, host: str, port: int, *, tls: bool = ..., allow_private: bool = ...) -> Handshake: ...

    def line(
        self, host: str, port: int, *, allow_private: bool = ...
    ) -> AbstractAsyncContextManager[tuple[StreamReader, StreamWriter]]: ...


class Allowance(msgspec.Struct, frozen=True):
    """What the source's `budget` in rules.yaml leaves at this moment. None: as much as it likes.

    mode   full: read everything · sample: the newest page of each look, and how many there are · counts: only how many there are.
           A connector that cannot count reads a sample instead.
    """

    mode: Literal["full", "sample", "counts"] = "full"
    requests: int | None = None
    posts: int | None = None


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What a connector may touch, handed to it: the one HTTP client, secrets by name, the clock, what it may still spend."""

    http: Http
    secret: Callable[[str], str]
    clock: Callable[[], datetime]
    allowance: Callable[[], Allowance] = Allowance


@runtime_checkable
class Connector(Protocol):
    """A source that is asked. `cursor` is what the last committed Batch said, or None the first time."""

    async def fetch(self, cursor: str | None) -> Batch: ...


class Receiver(Protocol):
    """A source that is told: carebot's web server hands it each request's body and (lower-case) headers.

    Returns what was in it; raises Refused (answered 401) for anything that is not surely from the sender.
    """

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Batch: ...


# ── what a connector may have more ───────────────────────────────────────────────────────────────────────────────


@runtime_checkable
class Greets(Protocol):
    """A receiver whose sender first asks, with a GET, whether this address is ours, and later takes 200 alone for "it arrived".

    greet   what to answer (up to 200 letters, digits, `_`, `.` and `-`); None: it is not the sender who asks.
    """

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Batch: ...

    def greet(self, query: Mapping[str, str]) -> str | None: ...


@runtime_checkable
class Rechecks(Protocol):
    """A source that can say what became of messages we have: it brings a `Deleted` for each that is gone, the message again for each that
    was edited, and nothing for the others. `at_once`: how many ids one call takes."""

    at_once: int

    async def recheck(self, ids: Sequence[str]) -> Batch: ...


@runtime_checkable
class Remembers(Protocol):
    """A source that can tell what was said before we came, for `carebot backfill`.

    Pages like `fetch`, with a cursor of its own: the first call has None, and it is called while the batch says `more`. What it cannot
    reach of the time since is a gap in its first batch."""

    async def history(self, since: datetime, cursor: str | None) -> Batch: ...


@runtime_checkable
class Checked(Protocol):
    """A source with a cheaper way to see that all is well than `fetch`. Returns what it saw, in a few words; raises as `fetch` does."""

    async def check(self) -> str: ...


@runtime_checkable
class Publishes(Protocol):
    """A source that can say something in public in the brand's own name. Returns the address of what was said.

    Raises Refused or Throttled only where nothing was said; Unreachable where that is not known: nobody says it again by himself then.
    """

    async def publish(self, text: str) -> str: ...


class Estimate(msgspec.Struct, frozen=True):
    """What a month of listening costs: requests, posts that are paid for, US dollars; `note` says what it rests on."""

    requests: float
    posts: float = 0.0
    money: float = 0.0
    note: str = ""


MONTH = timedelta(days=30)


def estimate(module: ModuleType, options: BaseModel, every: timedelta, posts_a_day: float) -> Estimate:
    """A month of this source. A module whose place costs money, or pages, has an `estimate` of its own with the last three arguments."""
    its_own: Callable[[BaseModel, timedelta, float], Estimate] | None = getattr(module, "estimate", None)
    return its_own(options, every, posts_a_day) if its_own else Estimate(requests=MONTH / every)


# ── small things that every connector needs ──────────────────────────────────────────────────────────────────────


def from_lines(lines: Iterable[bytes], name: str, now: datetime, *, first_line: int = 1) -> Batch:
    """What lines in the contract's shape say; a message without a time was said now.

    A click is refused: only Slack knows who really pressed a button. So is coverage: only who asks a source knows how far it was heard.
    """
    events, refused = [], []
    for number, line in enumerate(lines, first_line):
        for found in wire.events([line], source=name, seen_at=now, first_line=number, undated=now):
            if isinstance(found, Refusal):
                refused.append(found)
            elif isinstance(found, Click | Coverage | Volume) or not found.id:
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


def at(said: object, path: str, missing: object = None) -> Any:
    """What stands at a dotted path ("data.messages.0.text") of a JSON value, or `missing`."""
    for part in path.split("."):
        if isinstance(said, dict):
            said = said.get(part, missing)
        elif isinstance(said, list) and part.isascii() and part.isdigit() and len(part) < 5 and int(part) < len(said):
            said = said[int(part)]
        else:
            return missing
    return said


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
