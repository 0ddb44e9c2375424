"""A recorded stretch of messages through the same loop, with a clock moved by the recording.

Input may be out of order by LATENESS; it is put in order of arrival (`seen_at`, else the time it happened) and decided in slots of SLOT
seconds. Quiet stretches are skipped unless something is pending. Same input and rules, same bytes out: nothing here reads the machine's
clock, and with `--db` a run that was killed goes on after the last slot it committed.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import msgspec

from carebot.decide.step import next_moment
from carebot.loop import Loop, Took
from carebot.model import Batch, Event, Message, Notice, Refusal, Volume
from carebot.wire import MAX_LINE

SOURCE = "replay"
LATENESS = timedelta(minutes=15)
SLOT = 10  # seconds
AFTER = timedelta(hours=2)  # how long the clock runs on after the last message
LEAP = timedelta(days=1)  # further ahead than this needs a second witness before it may move the clock
A_YEAR = timedelta(days=366)  # or, as the last of a recording, not to be further ahead than this


class Slot(msgspec.Struct, frozen=True):
    """What arrived in one slot, decided at its end."""

    at: datetime
    events: tuple[Event, ...]
    refused: tuple[Refusal, ...] = ()


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines of any length, none held in memory beyond the limit: of a longer one, enough to be refused for its length."""
    while line := stream.readline(MAX_LINE + 2):
        rest = line
        while len(rest) == MAX_LINE + 2 and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 2)
        yield line


def arrived(event: Event) -> datetime:
    """When carebot would have heard of it."""
    match event:
        case Message():
            return max(event.seen_at, event.posted_at)
        case Notice():
            return event.from_
        case Volume():
            return event.at + timedelta(minutes=event.minutes)  # nobody can count what is still to come
        case _:
            return event.at


def in_order(items: Iterable[Event | Refusal]) -> Iterator[tuple[datetime, Event] | Refusal]:
    """Events by arrival, whatever their order within LATENESS.

    One item dated far ahead of the rest would drag the clock with it: it is held until a second one stands beside it, and refused
    where the recording goes on in the old time.
    """
    waiting: list[tuple[datetime, str, int, Event]] = []
    ahead: list[tuple[datetime, str, int, Event]] = []
    latest: datetime | None = None
    doubted = False
    for count, item in enumerate(items):
        if isinstance(item, Refusal):
            yield item
            continue
        entry = (arrived(item), item.id, count, item)
        if latest and entry[0] > latest + LEAP and not (ahead and entry[0] >= ahead[0][0] - LATENESS):
            heapq.heappush(ahead, entry)
            doubted = False
            continue
        if ahead and entry[0] >= ahead[0][0] - LATENESS:  # time did move on
            waiting += ahead
            heapq.heapify(waiting)
            ahead = []
        elif ahead:
            doubted = True
        heapq.heappush(waiting, entry)
        latest = max(latest, entry[0]) if latest else entry[0]
        while waiting and waiting[0][0] < latest - LATENESS:
            at, _, _, event = heapq.heappop(waiting)
            yield at, event
    if ahead and latest and not doubted and (len(ahead) > 1 or ahead[0][0] <= latest + A_YEAR):
        waiting += ahead
        ahead = []
    for at, _, _, event in sorted(waiting, key=lambda entry: entry[:3]):
        yield at, event
    for at, id_, _, _ in sorted(ahead, key=lambda entry: entry[:3]):
        yield Refusal(source=SOURCE, item=id_[:200], reason=f"is dated {at:%Y-%m-%d}, days ahead of everything around it")


def slots(items: Iterable[Event | Refusal]) -> Iterator[Slot]:
    """Ordered events in slots; a refusal travels with the slot that is being filled."""
    end: datetime | None = None
    events: list[Event] = []
    refused: list[Refusal] = []
    for item in in_order(items):
        if isinstance(item, Refusal):
            refused.append(item)
            continue
        at, event = item
        its_end = datetime.fromtimestamp((int(at.timestamp()) // SLOT + 1) * SLOT, UTC)
        if end is not None and its_end > end:
            yield Slot(end, tuple(events), tuple(refused))
            events, refused = [], []
        end = max(end, its_end) if end else its_end
        events.append(event)
    if end is not None:
        yield Slot(end, tuple(events), tuple(refused))
    elif refused:
        yield Slot(datetime.fromtimestamp(0, UTC), (), tuple(refused))


def play(
    loop: Loop, slots: Iterable[Slot], *, until: datetime | None = None, wait: Callable[[datetime], None] | None = None
) -> Iterator[tuple[datetime, Took]]:
    """Every slot and every minute in between that could change anything, committed, in order.

    until   where to stop; None: AFTER the last message
    wait    called before each step with its time, for a replay at a pace
    """
    cursor = loop.store.cursor(SOURCE)
    done_to = datetime.fromisoformat(cursor) if cursor else None
    now = max(done_to, _ticked(loop)) if done_to else None
    for slot in slots:
        if until and slot.at > until:
            break
        if done_to and slot.at <= done_to:
            continue
        if now:
            yield from minutes(loop, now, slot.at, wait)
        now = done_to = slot.at
        if wait:
            wait(now)
        batch = Batch(source=SOURCE, events=slot.events, refused=slot.refused, cursor=slot.at.isoformat())
        yield now, loop.take([batch], now)
    if now and done_to:  # AFTER the last message, also where that was played before: a second run has nothing more to say
        yield from minutes(loop, now, (until or done_to + AFTER) + timedelta(seconds=1), wait)


def _ticked(loop: Loop) -> datetime:
    return datetime.fromtimestamp(loop.state.memory.minute * 60, UTC)


def minutes(loop: Loop, start: datetime, end: datetime, wait: Callable[[datetime], None] | None = None) -> Iterator[tuple[datetime, Took]]:
    """The whole minutes between two moments at which something is pending."""
    now = start
    while (due := next_moment(loop.state, now)) is not None:
        minute = (int(max(due, now).timestamp()) // 60 + 1) * 60 if due <= now else -(-int(due.timestamp()) // 60) * 60
        at = datetime.fromtimestamp(minute, UTC)
        if at >= end:
            return
        if wait:
            wait(at)
        now = at
        yield at, loop.take([], at)


class Counted:
    """Lines in, messages taken, and what was refused, each refusal told once, as it is met."""

    def __init__(self, tell: Callable[[Refusal], None]) -> None:
        self.lines = self.new = self.refused = 0
        self._telling = tell

    def through(self, items: Iterable[Event | Refusal]) -> Iterator[Event | Refusal]:
        """Lines that cannot be read are told as they are read, also by a replay that goes on after them."""
        for item in items:
            self.lines += 1
            if isinstance(item, Refusal):
                self._tell(item)
            yield item

    def took(self, took: Took) -> None:
        self.new += took.new
        for refusal in took.refused:
            if not refusal.item.startswith("line "):
                self._tell(refusal)

    def _tell(self, refusal: Refusal) -> None:
        self.refused += 1
        self._telling(refusal)
