"""`carebot backfill`: what was said before we came, so that carebot knows on its first day what is usual.

Sources that can tell their past (`connectors.base.Remembers`) are read back so many days; on a new database it goes through the loop as
if it were heard when it was posted, so that baselines, cases and incidents are what they would be, and nobody is told of any of it. On
one that has been listening already it is learned as what comes late. What the daemon reads again later has the same ids and counts once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import msgspec
from msgspec.structs import replace

from carebot.config.schema import Rulebook, Source
from carebot.errors import Throttled, Trouble
from carebot.loop import CHUNK, Loop
from carebot.model import Batch, Event, Message
from carebot.replay import SLOT, arrived, minutes
from connectors.base import Remembers, World, found

PAGES = 10_000  # of one source: a place that never comes to an end is not its own past
PATIENCE = timedelta(minutes=15)  # the longest we wait because they ask us to


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What one source told of its past. `note`: why it is less than was asked for, or nothing at all; "" if all is well."""

    source: str
    messages: int = 0
    counts: int = 0
    first: datetime | None = None
    last: datetime | None = None
    requests: int = 0
    money: float = 0.0
    note: str = ""


async def read(
    rulebook: Rulebook,
    world: World,
    since: datetime,
    *,
    only: str | None = None,
    say: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], object] = asyncio.sleep,
) -> tuple[list[Brought], list[tuple[str, Event]]]:
    """The past of every source that has one, oldest first, each event with its source's name."""
    told: list[Brought] = []
    heard: list[tuple[str, Event]] = []
    for source in rulebook.file.sources:
        if source.paused or (only and source.name != only):
            continue
        brought, events = await _past(source, world, since, say, sleep)
        told.append(brought)
        heard += [(source.name, event) for event in events]
    return told, sorted(heard, key=lambda one: (arrived(one[1]), one[1].id))


async def _past(
    source: Source, world: World, since: datetime, say: Callable[[str], None], sleep: Callable[[float], object]
) -> tuple[Brought, list[Event]]:
    told, events = Brought(source=source.name), dict[str, Event]()
    try:
        module = found()[source.kind]()
        made = module.connect(source.name, module.Options.model_validate(source.options), world)
        if not isinstance(made, Remembers):
            return replace(told, note=f"a {source.kind} cannot tell what was before"), []
        cursor: str | None = None
        for _ in range(PAGES):
            try:
                batch = await made.history(since, cursor)
            except Throttled as busy:
                say(f"{source.name}: {busy}")
                await _slept(sleep, min(busy.wait, PATIENCE))
                continue
            told = _with(told, batch)
            events |= {event.id: _as_posted(event) for event in batch.events}
            say(f"{source.name}: {len(events):,} so far")
            if not batch.more:
                break
            if batch.wait:
                await _slept(sleep, min(batch.wait, PATIENCE))
            cursor = batch.cursor
    except Trouble as trouble:
        told = replace(told, note=str(trouble))
    times = sorted(arrived(event) for event in events.values())
    messages = sum(isinstance(event, Message) for event in events.values())
    told = replace(told, messages=messages, counts=len(events) - messages)
    return (replace(told, first=times[0], last=times[-1]) if times else told), list(events.values())


async def _slept(sleep: Callable[[float], object], wait: timedelta) -> None:
    done = sleep(wait.total_seconds())
    if asyncio.iscoroutine(done):
        await done


def _with(told: Brought, batch: Batch) -> Brought:
    note = told.note or next((f"nothing before {gap.to:%Y-%m-%d %H:%M} UTC. {gap.why.en}" for gap in batch.gaps), "")
    return replace(told, requests=told.requests + batch.requests, money=told.money + batch.money, note=note)


def _as_posted(event: Event) -> Event:
    return replace(event, seen_at=event.posted_at) if isinstance(event, Message) else event


def learn(loop: Loop, heard: Sequence[tuple[str, Event]], now: datetime) -> int:
    """Everything through the loop, in order; how many messages were new. `loop` must have no destinations."""
    new = 0
    if loop.state.memory.heard_from:  # it has been listening: this is late, all of it
        for start in range(0, len(heard), CHUNK):
            new += loop.take(_batches(heard[start : start + CHUNK]), now).new
        return new
    before: datetime | None = None
    for at, events in _slots(heard):
        if at > now:
            break
        if before:
            for _ in minutes(loop, before, at):
                pass
        before = at
        new += loop.take(_batches(events), at).new
    if before:
        for _ in minutes(loop, before, now):
            pass
    return new


def _slots(heard: Iterable[tuple[str, Event]]) -> Iterator[tuple[datetime, list[tuple[str, Event]]]]:
    for slot, events in groupby(heard, key=lambda one: int(arrived(one[1]).timestamp()) // SLOT):
        yield datetime.fromtimestamp((slot + 1) * SLOT, UTC), list(events)


def _batches(heard: Iterable[tuple[str, Event]]) -> list[Batch]:
    by_source: dict[str, list[Event]] = {}
    for source, event in heard:
        by_source.setdefault(source, []).append(event)
    return [Batch(source=source, events=tuple(events)) for source, events in by_source.items()]


def lines(told: Sequence[Brought], new: int) -> list[str]:
    """The same for people."""
    said = []
    for one in told:
        span = f", {one.first:%d %b %H:%M} to {one.last:%d %b %H:%M} UTC" if one.first and one.last else ""
        cost = f"; {one.requests} requests" + (f", {one.money:.2f} USD" if one.money else "")
        what = f"{one.messages:,} messages" + (f", {one.counts:,} counts" if one.counts else "")
        said.append(f"{one.source}: {what}{span}{cost if one.requests else ''}" + (f". {one.note}" if one.note else ""))
    return [*said, f"{new:,} messages were new; what they teach is known from now on. Nobody was told of them."]
