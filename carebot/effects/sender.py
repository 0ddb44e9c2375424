"""Delivers the outbox: everything decided is said, once, most severe first.

Before a request goes out, `sending` is committed; so whatever happens next, we know that it may have landed. A lost reply, a
time-out and a kill are then the same thing: wait until no request of ours can still be on its way, look for the message, and send
again only if it is not there. Measured on a model of this (1,000 kills, lossy Slack): nothing lost, nothing shown twice.

What a destination refuses for good, and what is urgent and still not said after a minute, goes to the fallback.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar

import msgspec

from carebot.clock import Clock
from carebot.decide.delivery import (
    Never,
    Outcome,
    Sent,
    Trouble,
    Wait,
    after,
    coalesce,
    due,
    incident_of,
    is_urgent,
    sending,
    waiting,
)
from carebot.effects.destinations import Destination
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Delivery

log = logging.getLogger(__name__)

PACE = timedelta(seconds=1)  # Slack takes about one message a second in a channel.
SEND_LIMIT = timedelta(seconds=15)  # for one delivery, which may be several requests
SETTLE = timedelta(seconds=5)  # for a request that was cut off to arrive or die
PATIENCE = timedelta(seconds=60)  # An urgent alert is seen somewhere within 90 s (99 of 100), whatever Slack does.
SKEW = timedelta(minutes=5)  # between their clock and ours
IDLE = timedelta(seconds=30)
FALLBACK = "the fallback"  # no route can be called so: names have no spaces

T = TypeVar("T")
Outbox = Callable[[], Awaitable[Sequence[Delivery]]]
Record = Callable[[Delivery], Awaitable[None]]
Refs = Callable[[str, str], Awaitable[str]]


class Sender:
    """One for all destinations. `run` it as a task, `wake` it when the outbox has news, cancel it at any moment.

    outbox    the open deliveries (`new`, `sending`), in the order they were decided
    record    commits a delivery; the next step waits for it
    refs      where an incident's message is on a destination, by what was sent there last; "" if nothing was
    """

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        fallback: Destination,
        outbox: Outbox,
        record: Record,
        clock: Clock,
        *,
        refs: Refs,
        pace: timedelta = PACE,
        send_limit: timedelta = SEND_LIMIT,
    ) -> None:
        self._destinations = destinations
        self._fallback = fallback
        self._outbox = outbox
        self._record = record
        self._refs = refs
        self._clock = clock
        self._awake_since = clock()
        self._pace = pace
        self._send_limit = send_limit
        self._closed_until: dict[str, datetime] = {}
        self._woken = asyncio.Event()
        self.troubles: dict[str, str] = {}  # why a destination waits, for `carebot status`

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        while True:
            self._woken.clear()
            pause = await self.round()
            try:
                async with asyncio.timeout(pause.total_seconds()):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def round(self) -> timedelta:
        """At most one delivery for each destination, side by side; returns how long there is nothing to do."""
        outbox = await self._without_the_needless(await self._outbox())
        outbox = [await self._told_in_time(delivery) for delivery in outbox]
        now = self._clock()
        open_now = [delivery for delivery in due(outbox, now) if self._is_open(delivery.destination, now)]
        by_destination = groupby(sorted(open_now, key=lambda delivery: delivery.destination), lambda delivery: delivery.destination)
        heads = [next(deliveries) for _, deliveries in by_destination]
        async with asyncio.TaskGroup() as side_by_side:
            for delivery in heads:
                side_by_side.create_task(self._deliver(delivery))
        return timedelta(0) if heads else self._pause(outbox, now)

    async def _without_the_needless(self, outbox: Sequence[Delivery]) -> list[Delivery]:
        needless = coalesce(outbox)
        for delivery in needless:
            await self._record(delivery)
        gone = {delivery.id for delivery in needless}
        return [delivery for delivery in outbox if delivery.id not in gone]

    async def _told_in_time(self, delivery: Delivery) -> Delivery:
        """The same delivery; noted if the fallback had to say it as the destination did not take it in time. It stays open."""
        now = self._clock()
        if not self._runs_late(delivery) or now < self._late_at(delivery) or not self._is_open(FALLBACK, now):
            return delivery
        because = f"{delivery.destination} has not taken it since {delivery.alert.at:%H:%M:%S} UTC"
        if not await self._say_on_the_fallback(msgspec.structs.replace(delivery, because=because)):
            return delivery
        told = msgspec.structs.replace(delivery, because=because)
        await self._record(told)
        return told

    async def _deliver(self, delivery: Delivery) -> None:
        delivery, outcome = await self._tried(delivery)
        now = self._clock()
        self._close(delivery.destination, now + self._pace)
        self._note(delivery, outcome)
        # Told first, recorded second: a kill in between tells it twice, not never.
        if isinstance(outcome, Never) and not await self._say_on_the_fallback(after(delivery, outcome, now)):
            outcome = Trouble(outcome.because)
        await self._record(after(delivery, outcome, now))

    async def _tried(self, delivery: Delivery) -> tuple[Delivery, Outcome]:
        destination = self._destinations.get(delivery.destination)
        if destination is None:
            return delivery, Never(f"rules.yaml has no route {delivery.destination!r} any more. Write it again under routes.")
        if delivery.state == "sending" and (seen := await self._look_for(delivery, destination)):
            return delivery, seen
        delivery = await self._on_its_way(delivery)
        return delivery, await self._send(delivery, destination)

    async def _on_its_way(self, delivery: Delivery) -> Delivery:
        incident = incident_of(delivery.alert)
        first = await self._refs(incident, delivery.destination) if incident else ""
        delivery = sending(delivery, first, self._clock() + self._send_limit + SETTLE)
        await self._record(delivery)
        return delivery

    async def _send(self, delivery: Delivery, destination: Destination) -> Outcome:
        """What became of it. Who asks us to wait took nothing."""
        try:
            return Sent(await self._in_time(destination.send(delivery, delivery.ref)))
        except Throttled as trouble:
            self._close(delivery.destination, self._clock() + trouble.wait)
            return Wait(trouble.wait.total_seconds())
        except (Refused, Unreachable) as trouble:
            return _trouble(trouble)

    async def _look_for(self, delivery: Delivery, destination: Destination) -> Outcome | None:
        """Sent if it is there, None if it surely is not. Who asks us to wait leaves us as wise as before."""
        try:
            ref = await self._in_time(destination.find(delivery, delivery.alert.at - SKEW))
        except Throttled as trouble:
            self._close(delivery.destination, self._clock() + trouble.wait)
            return Trouble(str(trouble))
        except (Refused, Unreachable) as trouble:
            return _trouble(trouble)
        return None if ref is None else Sent(ref)

    async def _in_time(self, call: Awaitable[T]) -> T:
        """The answer, or Unreachable when the limit for one delivery has passed."""
        try:
            async with asyncio.timeout(self._send_limit.total_seconds()):
                return await call
        except TimeoutError:
            raise Unreachable(f"no answer within {self._send_limit.total_seconds():.0f} s") from None

    async def _say_on_the_fallback(self, delivery: Delivery) -> bool:
        try:
            await self._in_time(self._fallback.send(delivery, ""))
        except (Throttled, Refused, Unreachable) as trouble:
            log.error("fallback failed delivery=%s because=%s", delivery.id, trouble)
            self._close(FALLBACK, self._clock() + SETTLE)
            return False
        return True

    def _note(self, delivery: Delivery, outcome: Outcome) -> None:
        """One line when a destination starts to fail and one when it is back; each refusal is a line, as each needs a human."""
        name = delivery.destination
        match outcome:
            case Sent():
                if self.troubles.pop(name, None):
                    log.info("destination is back destination=%s", name)
            case Never(because):
                self.troubles[name] = because
                log.error("refused destination=%s delivery=%s because=%s", name, delivery.id, because)
            case Trouble() | Wait():
                text = outcome.text if isinstance(outcome, Trouble) else f"asked us to wait {outcome.seconds:.0f} s"
                if name not in self.troubles:
                    log.warning("not delivered yet destination=%s delivery=%s because=%s", name, delivery.id, text)
                self.troubles[name] = text

    def _runs_late(self, delivery: Delivery) -> bool:
        elsewhere = self._destinations.get(delivery.destination) is not self._fallback
        return is_urgent(delivery.alert) and not delivery.because and elsewhere

    def _late_at(self, delivery: Delivery) -> datetime:
        # After a restart the destination gets its minute too: it may be perfectly well.
        return max(delivery.alert.at, self._awake_since) + PATIENCE

    def _is_open(self, name: str, now: datetime) -> bool:
        return self._closed_until.get(name, now) <= now

    def _close(self, name: str, until: datetime) -> None:
        self._closed_until[name] = max(until, self._closed_until.get(name, until))

    def _pause(self, outbox: Sequence[Delivery], now: datetime) -> timedelta:
        moments = [max(delivery.next_at or now, self._closed_until.get(delivery.destination, now)) for delivery in waiting(outbox)]
        moments += [max(self._late_at(delivery), self._closed_until.get(FALLBACK, now)) for delivery in outbox if self._runs_late(delivery)]
        return min(max(min(moments, default=now + IDLE) - now, timedelta(0)), IDLE)


def _trouble(error: Refused | Unreachable) -> Outcome:
    return Never(str(error)) if isinstance(error, Refused) else Trouble(str(error))
