"""Everything said on Bluesky as it is said: one look at Jetstream, from where we were to now.

No stream is held open. Each look asks for what came since the cursor, reads until it has seen all that had come when it began, and
hangs up; so a look is like any other, and a crash loses nothing. The cursor is a time in microseconds, in both dialects: a sequence
number holds for one server only, and on another it means nothing or "from now on". Streams are only nearly in order, and servers do not
witness at the same moment, so each look begins OVERLAP earlier; what comes twice has the same id and counts once.

Jetstream remembers 36 hours and says nothing (v1) or a word in the stream (v2) where one asks for more: what we cannot have is a gap by
our own reckoning, and so is a first event that comes much later than what was asked for, as on Bluesky somebody always speaks.

A deletion is passed on for posts of the last KNOWN kept ones (the cursor has a sum of each) and of our own accounts. All the network's
would be many a second, each a write for a post we never had; none would leave a deleted post here until it is looked up again. Of older
posts, and of accounts that are closed, `recheck` tells.

Facts: github.com/bluesky-social/jetstream, its README, its design page (5.1, 5.2) and its lexicon of subscribeEvents; read 2026-11.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from carebot.errors import Refused, Trouble, Unreachable
from carebot.model import Batch, Deleted, Event, Gap, Refusal, Text
from connectors import base, sweep
from connectors.bluesky.account import Public
from connectors.bluesky.posts import POST, Author, Record, id_of, said

LOOKBACK = timedelta(hours=36)
OVERLAP, NEAR = timedelta(seconds=5), timedelta(seconds=2)
SILENCE = timedelta(minutes=10)  # a hole of that length on a network with tens of posts a second is none of its own
EVENTS = 20_000  # in one look: some twenty megabytes, five minutes of the network
QUIET, LONGEST = timedelta(seconds=5), timedelta(seconds=30)  # a look waits so long for the next event, and takes so long in all
KNOWN = 500
REFUSALS = 20
US = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARKS = re.compile("[\u0300-\u036f]+")
OLDEST_US = 10**15  # what is smaller is a sequence number to Jetstream


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything up to `at_us` was read. known: sums of the last posts that were kept, newest last."""

    at_us: int
    known: tuple[int, ...] = ()


class _Commit(msgspec.Struct):
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: msgspec.Raw = msgspec.Raw(b"")


class _Payload(_Commit):
    did: str = ""
    name: str = ""  # of a notice
    time: datetime | None = None
    witnessed_at: datetime | None = msgspec.field(name="witnessedAt", default=None)


class _Frame(msgspec.Struct):
    """A frame of either dialect: v1 has `time_us` and `commit`, v2 a `payload`, or an `error` as its last word."""

    did: str = ""
    time_us: int = 0
    commit: _Commit | None = None
    payload: _Payload | None = None
    error: str = ""


class Happened(msgspec.Struct, frozen=True):
    """One event; `operation` is empty where it is not about a post."""

    at_us: int
    did: str
    operation: str = ""
    id: str = ""
    record: bytes = b""


class Kept(msgspec.Struct):
    """What a look has brought so far."""

    at_us: int
    first_us: int = 0
    events: int = 0
    posts: dict[str, tuple[str, Record, datetime]] = {}
    deleted: dict[str, datetime] = {}
    refused: list[Refusal] = []
    last_word: str = ""
    cut_short: bool = False  # the server says that it no longer has all we asked for


class Stream:
    at_once = 25

    def __init__(
        self, name: str, url: str, words: Sequence[str], handles: Sequence[str], public: Public, world: base.World, *, allow_private: bool
    ) -> None:
        self._name, self._url, self._public, self._world, self._allow_private = name, url, public, world, allow_private
        self._words = re.compile("|".join(rf"(?<!\w){re.escape(folded(word))}(?!\w)" for word in words) or r"(?!)")
        self._handles, self._ours = handles, dict[str, str]()

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        place = resumed(cursor, now)
        batch = await self._look(place or Place(us(now - sweep.FIRST_LOOK)), now)
        return batch if place else replace(batch, gaps=())  # nobody was listening before

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        now = self._world.clock()
        return await self._look(resumed(cursor, now) or Place(us(since)), now)

    async def recheck(self, ids: Sequence[str]) -> Batch:
        return await self._public.recheck(ids)

    async def check(self) -> str:
        now = self._world.clock()
        kept = await self._read(us(now), 0, now, frozenset(), most=1)
        late = (self._world.clock() - when(kept.at_us)).total_seconds()
        return f"the stream is {max(late, 0.0):.0f} s behind" if kept.events else "the stream is quiet"

    async def _look(self, place: Place, now: datetime) -> Batch:
        asked_before = self._public.requests
        await self._know_ourselves()
        start = max(place.at_us - OVERLAP // US, us(now - LOOKBACK))
        kept = await self._read(start, place.at_us, now, frozenset(place.known), most=EVENTS)
        people = await self._people({did for did, _, _ in kept.posts.values()})
        messages = tuple(
            said(id_, people.get(did, Author(did, self._ours.get(did, ""))), record, at, now, ours=did in self._ours)
            for id_, (did, record, at) in kept.posts.items()
            if id_ not in kept.deleted
        )
        gone = tuple(Deleted(id=id_, at=at) for id_, at in kept.deleted.items())
        known = dict.fromkeys((*place.known, *(zlib.crc32(message.id.encode()) for message in messages)))
        after = Place(max(kept.at_us, place.at_us), tuple(known)[-KNOWN:])
        return Batch(
            source=self._name,
            events=tuple[Event, ...]((*(message for message in messages if message.text), *gone)),
            refused=tuple(kept.refused),
            cursor=msgspec.json.encode(after).decode(),
            more=bool(kept.events) and kept.last_word != "quiet" and after.at_us < us(now - NEAR),
            gaps=_gaps(place, start, kept),
            requests=1 + self._public.requests - asked_before,
        )

    async def _read(self, start: int, had: int, now: datetime, known: frozenset[int], *, most: int) -> Kept:
        """What comes from `start` on, until we are where the network was at `now`, or have enough, or nothing comes any more."""
        kept, clock = Kept(at_us=had), asyncio.get_running_loop().time
        end = clock() + LONGEST.total_seconds()
        opened = False
        try:
            async with (
                asyncio.timeout_at(end) as patience,
                self._world.http.frames(_asked(self._url, start), allow_private=self._allow_private) as frames,
            ):
                opened = True
                async for frame in _patiently(frames, patience, end, clock):
                    self._take(frame, kept, now, known)
                    if kept.last_word or kept.events >= most or kept.at_us >= us(now - NEAR):
                        break
        except TimeoutError:
            if not opened:
                raise Unreachable(f"{self._name}: Bluesky's stream did not open") from None
            kept.last_word = "quiet" if clock() < end - 0.1 else "enough"
        except Unreachable:
            if not kept.events:
                raise
        if kept.last_word not in ("", "quiet", "enough") and not kept.events:
            raise Unreachable(f"{self._name}: Bluesky's stream ended at once ({kept.last_word})")
        return kept

    def _take(self, frame: bytes, kept: Kept, now: datetime, known: frozenset[int]) -> None:
        try:
            each = msgspec.json.decode(frame, type=_Frame)
            kept.last_word = re.sub(r"[^A-Za-z]", "", each.error)[:40]
            event = _happened(each)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
            self._refuse(kept, "a frame of the stream", error, now)
            return
        kept.cut_short |= each.payload is not None and each.payload.name == "OutdatedCursor"
        if event is None:
            return
        at_us = min(event.at_us, us(now))  # never ahead of our clock: a place in the future is "from now on", and a hole
        kept.first_us = kept.first_us or at_us
        kept.events += at_us > kept.at_us
        kept.at_us = max(kept.at_us, at_us)
        is_known = zlib.crc32(event.id.encode()) in known or event.id in kept.posts
        if event.operation == "delete" and (is_known or event.did in self._ours):
            kept.deleted[event.id] = when(event.at_us)
        elif event.operation in ("create", "update"):
            self._keep(event, kept, now, is_known)

    def _keep(self, event: Happened, kept: Kept, now: datetime, is_known: bool) -> None:
        concerns_us = is_known or event.did in self._ours or any(did.encode() in event.record for did in self._ours)
        try:
            record = msgspec.json.decode(event.record, type=Record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:  # only what may be meant for us
            if concerns_us or self._words.search(folded(event.record.decode("utf-8", "replace"))):
                self._refuse(kept, event.id, error, now)
            return
        if concerns_us or self._words.search(folded(record.text)):
            kept.posts[event.id] = (event.did, record, when(event.at_us))
            kept.deleted.pop(event.id, None)

    def _refuse(self, kept: Kept, item: str, error: Exception, now: datetime) -> None:
        if len(kept.refused) < REFUSALS:
            why = f"is not as Bluesky describes it: {error}" if isinstance(error, msgspec.ValidationError) else "is not JSON"
            kept.refused.append(Refusal(source=self._name, item=item, reason=why, at=now))

    async def _know_ourselves(self) -> None:
        """Our own accounts' DIDs, which is what the network calls them by."""
        if self._ours or not self._handles:
            return
        found = {author.handle.lower(): author.did for author in await self._public.profiles(self._handles)}
        if missing := [handle for handle in self._handles if handle.lower() not in found]:
            raise Refused(f"{self._name}: Bluesky knows no account {missing[0]}", "Correct `accounts` in rules.yaml.")
        self._ours = {found[handle.lower()]: handle for handle in self._handles}

    async def _people(self, dids: set[str]) -> Mapping[str, Author]:
        """Who they are: the stream has only their DIDs. If nobody can tell us now, a DID is better than no post."""
        try:
            return {author.did: author for author in await self._public.profiles(sorted(dids))}
        except Trouble:
            return {}


def resumed(cursor: str | None, now: datetime) -> Place | None:
    """The place a cursor stands for; None the first time, and for a cursor of another kind."""
    place = base.resumed(cursor, Place)
    return replace(place, at_us=min(place.at_us, us(now))) if place and place.at_us > OLDEST_US else None


def _gaps(place: Place, start: int, kept: Kept) -> tuple[Gap, ...]:
    begins = max(start, kept.first_us) if kept.cut_short or kept.first_us - start > SILENCE // US else start
    if begins <= place.at_us:
        return ()
    why = Text("El flujo de Bluesky ya no guarda lo anterior.", "Bluesky's stream no longer keeps what was before.")
    return (Gap(from_=when(place.at_us), to=when(begins), why=why),)


async def _patiently(
    frames: AsyncIterator[bytes], patience: asyncio.Timeout, end: float, clock: Callable[[], float]
) -> AsyncIterator[bytes]:
    """The frames, as long as one comes within QUIET of the last."""
    patience.reschedule(min(end, clock() + QUIET.total_seconds()))
    async for frame in frames:
        yield frame
        patience.reschedule(min(end, clock() + QUIET.total_seconds()))


def _asked(url: str, start: int) -> str:
    kinds = [("wantedCollections", POST)] if url.endswith("/subscribe") else [("kinds", "commit"), ("collections", POST)]
    return f"{url}?{urlencode([*kinds, ('cursor', str(start))])}"


def _happened(frame: _Frame) -> Happened | None:
    """The event in a frame of either dialect; None for a frame that carries none (a notice)."""
    commit, did, at_us = frame.commit or frame.payload, frame.did, frame.time_us
    if frame.payload:
        at = frame.payload.witnessed_at or frame.payload.time
        did, at_us = frame.payload.did, us(at.replace(tzinfo=at.tzinfo or UTC)) if at else 0
    if at_us <= 0:
        return None
    if commit is None or commit.collection != POST or not (id_ := id_of(f"at://{did}/{POST}/{commit.rkey}")):
        return Happened(at_us, did)
    return Happened(at_us, did, commit.operation, id_, bytes(commit.record))


def folded(text: str) -> str:
    """Without case and accents."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))


def us(at: datetime) -> int:
    return (at - EPOCH) // US


def when(at_us: int) -> datetime:
    return EPOCH + at_us * US
