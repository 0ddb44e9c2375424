"""How long each connector takes a message, on what its place answered, beside somebody who only decodes the same bytes.

A connector reads its place once, over real sockets, and every answer is kept; the time is that of reading the kept answers again.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec

from carebot.effects.network.http import Client
from carebot.model import Batch, Message
from carebot.understand.screen import screen
from connectors import base, entries
from tests.connectors.places import PLACES, Place

SAID = 990  # messages there; some places do not show them all


class Reading(msgspec.Struct, kw_only=True):
    """One connector: microseconds a message, and what `beside` takes for the same bytes."""

    who: str
    messages: int
    kilobytes: float
    parse_us: float
    screen_us: float
    beside: str
    beside_us: float


class Kept:
    """The way out, once: every answer is kept."""

    def __init__(self, http: base.Http) -> None:
        self._http, self.replies = http, list[Any]()

    async def get(self, url: str, **more: Any) -> base.Reply:
        self.replies.append(await self._http.get(url, **more))
        return self.replies[-1]  # type: ignore[no-any-return]

    async def post(self, url: str, **more: Any) -> base.Reply:
        self.replies.append(await self._http.post(url, **more))
        return self.replies[-1]  # type: ignore[no-any-return]

    @asynccontextmanager
    async def frames(self, url: str, **more: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        said: list[bytes] = []
        self.replies.append(said)
        async with self._http.frames(url, **more) as frames:

            async def kept() -> AsyncIterator[bytes]:
                async for frame in frames:
                    said.append(frame)
                    yield frame

            yield kept()

    @property
    def bodies(self) -> list[bytes]:
        return [body for reply in self.replies for body in (reply if isinstance(reply, list) else [reply.body])]


class Again:
    """The same answers in the same order, from memory."""

    def __init__(self, replies: Sequence[Any]) -> None:
        self._replies = iter(replies)

    async def get(self, url: str, **_: Any) -> base.Reply:
        return next(self._replies)  # type: ignore[no-any-return]

    post = get

    @asynccontextmanager
    async def frames(self, url: str, **_: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        async def again() -> AsyncIterator[bytes]:
            for frame in next(self._replies):
                yield frame

        yield again()


def connected(place: Place, url: str, http: Any) -> base.Connector:
    module = base.found()[place.kind]()
    world = base.World(http=http, secret=place.secrets.__getitem__, clock=lambda: place.now)
    made: base.Connector = module.connect("there", module.Options.model_validate(place.options(url)), world)
    return made


async def drained(listening: base.Connector) -> list[Batch]:
    batches: list[Batch] = []
    while not batches or batches[-1].more:
        batches.append(await listening.fetch(batches[-1].cursor if batches else None))
    return batches


async def kept(place: Place, messages: int) -> tuple[str, Kept]:
    async with place.running() as url, Client() as http:
        place.options(url)  # the place learns what it is called
        while missing := messages - len(place.had):
            place.now += timedelta(seconds=1)
            place.say(min(50, missing))
        way = Kept(http)
        await drained(connected(place, url, way))
        return url, way


def readings(quick: bool) -> Iterator[Reading]:
    """Of every connector that brings messages."""
    entries.read_apart = entries.read  # in this process, where it can be timed
    for make in PLACES:
        place = make()
        if place.kind != "status_page":
            yield reading(place, *((2, 40) if quick else (15, SAID)))


def reading(place: Place, rounds: int, messages: int) -> Reading:
    url, way = asyncio.run(kept(place, messages))
    took = [asyncio.run(timed(place, url, way)) for _ in range(rounds)]
    said, bodies = took[0][1], way.bodies
    beside, peer = ("feedparser", _feedparser) if place.kind == "feed" else ("json.loads", _loads)
    screens = _best(rounds, lambda: screen(said, secret=b"bench", now=place.now, brand="Zenco"))
    return Reading(
        who=place.name,
        messages=len(said),
        kilobytes=sum(map(len, bodies)) / 1000,
        parse_us=min(seconds for seconds, _ in took) / len(said) * 1e6,
        screen_us=screens / len(said) * 1e6,
        beside=beside,
        beside_us=_best(rounds, lambda: peer(bodies)) / len(said) * 1e6,
    )


async def timed(place: Place, url: str, way: Kept) -> tuple[float, list[Message]]:
    listening = connected(place, url, Again(way.replies))
    began = time.process_time()
    batches = await drained(listening)
    return time.process_time() - began, [event for batch in batches for event in batch.events if isinstance(event, Message)]


def _best(rounds: int, work: Callable[[], object]) -> float:
    """Seconds of processor time, of the best round."""
    took = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took)


def _loads(bodies: Sequence[bytes]) -> None:
    for body in bodies:
        if body.strip()[:1] in b"{[":
            json.loads(body)


def _feedparser(bodies: Sequence[bytes]) -> None:
    import feedparser

    for body in bodies:
        feedparser.parse(body)
