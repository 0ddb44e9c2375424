"""Comments on YouTube: under all videos of a channel, or under single videos. Needs an API key of a Google Cloud project.

Threads come newest first with a few of their replies, so a burst is read backwards, a page of each list a look. A thread with more replies
than YouTube encloses is asked for all of them, once each time it has grown. Only threads on the pages of a sweep are seen, at least the
newest hundred: a new reply in an older thread is not heard.

Google counts units: 10,000 a day for a project, and each request here is one, so `budget: {requests_a_day: …}` counts them. The key goes in
a header, never in an address. Facts: developers.google.com/youtube/v3/docs (commentThreads, comments, errors) and
/youtube/v3/determine_quota_cost, read 2026-11. That order=time has at times shown 20 threads a page, others measured in 2023.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from carebot.config.parts import Name
from carebot.errors import Refused
from carebot.model import Batch, Refusal
from connectors import answers, base, sweep
from connectors.youtube.page import CLOSED, LOST, Page, Thread, became, read, reasons_of, times, trouble

__all__ = ["EXAMPLE", "Options", "YouTube", "connect", "estimate", "read"]

EXAMPLE = """
name: youtube-channel
kind: youtube
channel: UCabcdefghijklmnopqrstuv
key: youtube-key
every: 5m
"""

OFFICIAL = "https://www.googleapis.com"
PAGE, LISTS_A_LOOK, THREADS_KEPT = 100, 10, 300
AGAIN, RECOVERY = "from the top", timedelta(minutes=1)  # a sweep whose page mark was lost
NOTHING_LEFT = "Correct `channel` and `videos` in rules.yaml; comments may be turned off there, or the videos private."

Video = Annotated[str, StringConstraints(pattern=r"^[\w-]{11}$")]


class Options(base.Options):
    channel: str | None = Field(
        None, pattern=r"^UC[\w-]{22}$", description="The channel's id, UC and 22 letters: comments under all its videos."
    )
    videos: tuple[Video, ...] = Field(
        (), max_length=50, strict=False, description="Single videos, by the 11 letters after v= in their address."
    )
    key: Name = Field(description="The name of the credential that holds the API key, never the key itself.")
    base_url: str = Field(OFFICIAL, description="Where YouTube's API is. Leave it out.")

    @field_validator("base_url")
    @classmethod
    def _theirs(cls, value: str) -> str:
        return answers.theirs(value, OFFICIAL)

    @model_validator(mode="after")
    def _something_to_read(self) -> Self:
        if not self.channel and not self.videos:
            raise ValueError("says nothing to read. Write `channel`, or `videos`, or both.")
        return self

    @property
    def lists(self) -> list[str]:
        return [*([f"channel:{self.channel}"] if self.channel else []), *(f"video:{video}" for video in self.videos)]


class Place(msgspec.Struct, frozen=True):
    """Where we are in one list. `came_at`: when we began to read it; what was said before is history."""

    sweep: sweep.Sweep
    came_at: datetime


class Memory(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where we are. A list is a channel's or a video's threads, or for a while a thread's replies.

    replies   threads with more replies than enclosed, and how many those had when we last asked for them all
    closed    lists that cannot be read, each told once
    """

    lists: dict[str, Place] = {}
    replies: dict[str, int] = {}
    closed: tuple[str, ...] = ()


class ClosedError(Exception):
    """One list cannot be read; its text says why."""


class LostError(Exception):
    """YouTube no longer takes the mark of the page we wanted."""


class YouTube:
    at_once = 50

    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        return await self._look(cursor, self._world.clock() - sweep.FIRST_LOOK)

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        return await self._look(cursor, since)

    async def check(self) -> str:
        try:
            page = await self._page(self._options.lists[0], "", few=True)
        except ClosedError as closed:
            raise Refused(f"{self._name}: {self._options.lists[0]} cannot be read, as {closed}", NOTHING_LEFT) from None
        return answers.newest(read(page.items, self._name, self._world.clock()).events)

    async def recheck(self, ids: Sequence[str]) -> Batch:
        """YouTube answers with the comments that are still there, so what is missing is gone."""
        ours = [id_ for id_ in ids if re.fullmatch(r"youtube:[\w.-]{1,100}", id_, re.ASCII)][: self.at_once]
        if not ours:
            return Batch(source=self._name, requests=0)
        asked = ",".join(id_.removeprefix("youtube:") for id_ in ours)
        reply = await self._ask("/youtube/v3/comments", part="snippet", id=asked, textFormat="plainText")
        if reply.status != 200:
            raise trouble(self._name, reply)
        page = answers.page(reply.body, Page, self._name, "YouTube did not answer with comments")
        return became(page, ours, self._name, self._world.clock())

    async def _look(self, cursor: str | None, since: datetime) -> Batch:
        """A page of each list that has more; of every list, when none has."""
        memory = base.resumed(cursor, Memory) or Memory()
        memory = replace(memory, lists=_listed(memory, self._options.lists, since))
        due = _unfinished(memory)[:LISTS_A_LOOK] or list(memory.lists)
        now_due, batches = due[: self._world.allowance().requests], []
        for key in now_due:
            batch, memory = await self._read(key, memory)
            batches.append(batch)
        if set(self._options.lists) <= set(memory.closed):
            raise Refused(f"{self._name}: none of what it should read can be read: {', '.join(memory.closed)[:200]}", NOTHING_LEFT)
        return Batch(
            source=self._name,
            events=tuple(event for batch in batches for event in batch.events),
            refused=tuple(refusal for batch in batches for refusal in batch.refused),
            cursor=msgspec.json.encode(memory).decode(),
            more=bool(_unfinished(memory)) or now_due != due,
            wait=max((batch.wait for batch in batches if batch.wait), default=None),
            requests=len(batches),
        )

    async def _read(self, key: str, memory: Memory) -> tuple[Batch, Memory]:
        """The next page of one list, and what we remember once it is stored."""
        place = memory.lists[key]
        try:
            page = await self._page(key, "" if place.sweep.page == AGAIN else place.sweep.page)
        except ClosedError as closed:
            return _closed(key, str(closed), memory, self._name, self._world.clock())
        except LostError:
            again = replace(place, sweep=replace(sweep.restarted(place.sweep), page=AGAIN))
            return Batch(source=self._name, wait=RECOVERY), replace(memory, lists={**memory.lists, key: again})
        now, is_thread = self._world.clock(), key.startswith("thread:")
        batch = read(page.items, self._name, now)
        # The order in which YouTube lists replies has changed before: a thread's are read to the end.
        at = [] if is_thread else times(page.items, now)
        after = sweep.advanced(place.sweep, at, page.nextPageToken if page.nextPageToken != place.sweep.page else "", now)
        lists = {**memory.lists, key: replace(place, sweep=after)}
        if is_thread and not after.page:
            del lists[key]
        memory = replace(memory, lists=lists, closed=tuple(each for each in memory.closed if each != key))
        return replace(batch, events=answers.from_then_on(batch.events, place.came_at)), grown(memory, page.items, place)

    async def _page(self, key: str, mark: str, *, few: bool = False) -> Page:
        kind, _, id_ = key.partition(":")
        if kind == "thread":
            asked, path = {"parentId": id_, "part": "snippet"}, "/youtube/v3/comments"
        else:
            of = {"channel": "allThreadsRelatedToChannelId", "video": "videoId"}[kind]
            asked, path = {of: id_, "part": "snippet,replies", "order": "time"}, "/youtube/v3/commentThreads"
        reply = await self._ask(path, **asked, maxResults="1" if few else str(PAGE), textFormat="plainText", pageToken=mark)
        if reply.status == 200:
            return answers.page(reply.body, Page, self._name, "YouTube did not answer with comments")
        reasons = reasons_of(reply.body)
        if mark and reply.status == 400 and reasons & LOST:
            raise LostError
        if reply.status in (403, 404) and (why := next((CLOSED[reason] for reason in sorted(reasons & set(CLOSED))), "")):
            raise ClosedError(why)
        raise trouble(self._name, reply)

    async def _ask(self, path: str, **asked: str) -> base.Reply:
        key = answers.credential(self._world, self._options.key, self._name)
        url = answers.address(self._options.base_url, path, **asked)
        return await self._world.http.get(url, headers={"X-Goog-Api-Key": key}, allow_private=self._options.base_url != OFFICIAL)


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return YouTube(name, options, world)


def estimate(options: BaseModel, every: timedelta, posts_a_day: float) -> base.Estimate:
    """A unit for each list a look, one for each further page, and about one for every tenth comment, for threads that grow."""
    assert isinstance(options, Options)
    units = base.MONTH / every * len(options.lists) + 30 * posts_a_day * (1 / PAGE + 0.1)
    return base.Estimate(
        requests=units, note=f"each is one unit; {units / 30:,.0f} of the 10,000 a day that Google gives a project for nothing"
    )


# ── what we remember ─────────────────────────────────────────────────────────────────────────────────────────────


def _listed(memory: Memory, lists: Sequence[str], since: datetime) -> dict[str, Place]:
    """The lists of the rules file as far as they were read, and the threads that wait to be."""
    threads = {key: place for key, place in memory.lists.items() if key.startswith("thread:")}
    return {key: memory.lists.get(key) or Place(sweep.Sweep(since=since), came_at=since) for key in lists} | threads


def _unfinished(memory: Memory) -> list[str]:
    return [key for key, place in memory.lists.items() if place.sweep.page or key.startswith("thread:")]


def _closed(key: str, why: str, memory: Memory, name: str, now: datetime) -> tuple[Batch, Memory]:
    """A list that cannot be read is told once, and asked again with every look: comments may be turned on again."""
    lists = {each: place for each, place in memory.lists.items() if each != key or not key.startswith("thread:")}
    if key in lists:
        lists[key] = replace(lists[key], sweep=sweep.restarted(lists[key].sweep))
    told = Refusal(source=name, item=key, reason=f"cannot be read: {why}", at=now)
    new = () if key in memory.closed or key not in lists else (told,)
    closed = (*memory.closed, key) if new else memory.closed
    return Batch(source=name, refused=new), replace(memory, lists=lists, closed=closed)


def grown(memory: Memory, threads: Sequence[Any], place: Place) -> Memory:
    """With the threads that have more replies than came with them, and more than when we last asked for all.

    A thread of the time before we came, seen for the first time, is only noted: what it had by then is history.
    """
    lists, replies = dict(memory.lists), dict(memory.replies)
    for thread in filter(None, (answers.read_as(Thread, each) for each in threads)):
        total, came_with = thread.snippet.totalReplyCount, len(thread.replies.comments)
        if total <= max(came_with, replies.get(thread.id, 0)):
            continue
        if thread.id in replies or thread.snippet.topLevelComment.snippet.publishedAt >= place.came_at:
            lists.setdefault(f"thread:{thread.id}", Place(sweep.Sweep(since=place.sweep.since), place.came_at))
        replies.pop(thread.id, None)
        replies[thread.id] = total
    kept = dict(list(replies.items())[-THREADS_KEPT:])
    return replace(memory, lists=lists, replies=kept)
