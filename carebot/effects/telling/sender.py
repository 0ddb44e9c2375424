"""Delivers the outbox: everything decided is said, once, most severe first.

Before a request goes out, `sending` is committed; so whatever happens next, we know that it may have landed. A lost reply, a
time-out and a kill are then the same thing: wait until no request of ours can still be on its way, look for the message, and send
again only if it is not there. Measured on a model of this (1,000 kills, lossy Slack): nothing lost, nothing shown twice.

What a destination refuses for good, and what is urgent and still not said after a minute, becomes deliveries to the ways of the
fallback, committed with the reason. A way that fails is tried again like any destination, and the terminal is told meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar

from msgspec.structs import replace

from carebot.clock import Clock
from carebot.decide.telling.delivery import (
    MINUTE,
    TERMINAL,
    Absent,
    Never,
    Outcome,
    Sent,
    Trouble,
    Wait,
    after,
    can_be_held,
    coalesce,
    digest,
    due,
    elsewhere,
    is_over,
    is_past,
    is_urgent,
    is_way,
    late_at,
    next_out,
    room_at,
    sending,
    since,
    told_by,
    waiting,
)
from carebot.decide.telling.earlier import heirs
from carebot.effects.telling.destinations import Destination
from carebot.effects.telling.outbox import Outbox
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Delivery

log = logging.getLogger(__name__)

PACE = timedelta(seconds=1)  # Slack takes about one message a second in a channel.
SEND_LIMIT = timedelta(seconds=15)  # for one delivery, which may be several requests
SETTLE = timedelta(seconds=5)  # for a request that was cut off to arrive or die
SKEW = timedelta(minutes=5)  # between their clock and ours
IDLE = timedelta(seconds=30)

T = TypeVar("T")


class Sender:
    """One for all destinations. `run` it as a task, `wake` it when the outbox has news, cancel it at any moment.

    destinations   by route; the ways of the fallback as "fallback:NAME", of which "fallback:terminal" is the last resort
    """

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        outbox: Outbox,
        clock: Clock,
        *,
        pace: timedelta | None = None,
        send_limit: timedelta | None = None,
    ) -> None:
        self._destinations = destinations
        self._outbox = outbox
        self._clock = clock
        self._awake_since = clock()
        self._pace = PACE if pace is None else pace
        self._send_limit = send_limit or SEND_LIMIT
        self._closed_until: dict[str, datetime] = {}
        self._posted: Mapping[str, Sequence[datetime]] = {}  # in the last minute, as the outbox says at each round
        self._woken = asyncio.Event()
        self.troubles: dict[str, str] = {}  # why a destination waits, for `carebot status`
        self.refused: set[str] = set()  # those whose last word was never

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
        """At most one message for each destination, side by side; returns how long there is nothing to do."""
        self._awake_since = min(self._awake_since, self._clock())  # the clock was set back: what was decided since then is not early
        outbox = await self._without_the_needless(await self._outbox.open())
        late = [delivery for delivery in outbox if self._is_late(delivery)]
        for delivery in late:
            await self._tell_elsewhere(delivery)
        if late:
            return timedelta(0)
        now = self._clock()
        self._posted = await self._outbox.posted(now - MINUTE, now)
        ready = sorted(due(outbox, now), key=lambda delivery: delivery.destination)  # stays in order within a destination
        turns = [self._next(name, tuple(group), now) for name, group in groupby(ready, lambda delivery: delivery.destination)]
        heads = [turn for turn in turns if turn]
        async with asyncio.TaskGroup() as side_by_side:
            for turn in heads:
                side_by_side.create_task(self._deliver(turn))
        return timedelta(0) if heads else self._pause(outbox, now)

    async def _without_the_needless(self, outbox: Sequence[Delivery]) -> list[Delivery]:
        needless = coalesce(outbox)
        if not needless:
            return list(outbox)
        changed = {delivery.id: delivery for delivery in (*needless, *heirs(outbox, needless))}
        await self._outbox.record(*changed.values())
        return [one for delivery in outbox if (one := changed.get(delivery.id, delivery)).state != "never"]

    def _next(self, name: str, ready: Sequence[Delivery], now: datetime) -> tuple[Delivery, ...]:
        if not self._is_open(name, now):
            return ()
        return next_out(ready, self._posted.get(name, ()), now) if self._is_a_channel(name) else tuple(ready[:1])

    # ── one message ──

    async def _deliver(self, turn: tuple[Delivery, ...]) -> None:
        delivery, outcome = await self._tried(turn)
        now = self._clock()
        if not isinstance(outcome, Absent):
            self._close(delivery.destination, now + self._pace)
        self._note(delivery, outcome)
        await self._outbox.record(after(delivery, outcome, now), fresh=self._instead(delivery, outcome))

    def _instead(self, delivery: Delivery, outcome: Outcome) -> tuple[Delivery, ...]:
        """Who else says it, as this one will not, or, of a way of the fallback, does not yet."""
        if delivery.quiet:
            return ()
        if is_way(delivery.destination):
            fails = isinstance(outcome, Never) or (isinstance(outcome, Trouble) and not delivery.attempts)
            return elsewhere(delivery, [TERMINAL], delivery.because) if fails and delivery.destination != TERMINAL else ()
        return elsewhere(delivery, self._ways(), outcome.because) if isinstance(outcome, Never) else ()

    async def _tried(self, turn: tuple[Delivery, ...]) -> tuple[Delivery, Outcome]:
        delivery = turn[0]
        destination = self._destinations.get(delivery.destination)
        if destination is None:
            return delivery, Never(f"rules.yaml has no {delivery.destination!r} any more. Write it again under routes or fallback.")
        if delivery.state == "sending" and not delivery.quiet:
            return delivery, await self._look_for(delivery, destination)
        delivery = await self._on_its_way(turn)
        return delivery, await self._send(await self._with_who_told(delivery), destination)

    async def _on_its_way(self, turn: tuple[Delivery, ...]) -> Delivery:
        now = self._clock()
        look_at = now + self._send_limit + SETTLE
        if len(turn) > 1:
            together = sending(digest(turn, now), "", look_at, now)
            over = [row for one in turn for row in await self._over_there_too(one)]
            await self._outbox.record(*told_by(turn), fresh=[together, *over])
            return together
        delivery = sending(turn[0], turn[0].ref, look_at, now)
        await self._outbox.record(delivery, fresh=await self._over_there_too(delivery))
        return delivery

    async def _over_there_too(self, delivery: Delivery) -> tuple[Delivery, ...]:
        """The end of a matter is told wherever the matter was: nobody's pager stays red."""
        if is_way(delivery.destination) or delivery.because or delivery.quiet or not is_over(delivery.alert):
            return ()
        ways = await self._outbox.told_elsewhere(delivery, self._all_ways())
        return elsewhere(delivery, ways, f"said in {delivery.destination} too")

    async def _with_who_told(self, delivery: Delivery) -> Delivery:
        """As it is shown: a card says who has been told already."""
        if is_way(delivery.destination) or not (ways := await self._outbox.told_elsewhere(delivery, self._all_ways())):
            return delivery
        names = [way.partition(":")[2] for way in ways]
        return replace(delivery, alert=replace(delivery.alert, facts={**delivery.alert.facts, "told_via": names}))

    async def _send(self, delivery: Delivery, destination: Destination) -> Outcome:
        """What became of it. Who asks us to wait took nothing."""
        try:
            return Sent(await self._in_time(destination.send(delivery, delivery.ref)))
        except Throttled as trouble:
            self._close(delivery.destination, self._clock() + trouble.wait)
            return Wait(trouble.wait.total_seconds())
        except (Refused, Unreachable) as trouble:
            return _trouble(trouble)

    async def _look_for(self, delivery: Delivery, destination: Destination) -> Outcome:
        """Sent if it is there, Absent if it surely is not. Who asks us to wait leaves us as wise as before."""
        tried_at = delivery.tried_at or delivery.alert.at
        until = tried_at + self._send_limit + SETTLE + SKEW if delivery.tried_at else None
        try:
            ref = await self._in_time(destination.find(delivery, tried_at - SKEW, until))
        except Throttled as trouble:
            self._close(delivery.destination, self._clock() + trouble.wait)
            return Trouble(str(trouble))
        except (Refused, Unreachable) as trouble:
            return _trouble(trouble)
        return Absent() if ref is None else Sent(ref)

    async def _in_time(self, call: Awaitable[T]) -> T:
        """The answer, or Unreachable when the limit for one delivery has passed."""
        try:
            async with asyncio.timeout(self._send_limit.total_seconds()):
                return await call
        except TimeoutError:
            raise Unreachable(f"no answer within {self._send_limit.total_seconds():.0f} s") from None
        except (Refused, Throttled, Unreachable, OSError, MemoryError):
            raise
        except Exception as error:  # one card that cannot be drawn must not stop the others, at each start anew
            log.exception("a card broke carebot")
            raise Refused(f"this card broke carebot ({type(error).__name__})", "The journal of this minute says where.") from None

    def _note(self, delivery: Delivery, outcome: Outcome) -> None:
        """One line when a destination starts to fail and one when it is back; each refusal is a line, as each needs a human."""
        name = delivery.destination
        match outcome:
            case Sent():
                self.refused.discard(name)
                if self.troubles.pop(name, None):
                    log.info("destination is back destination=%s", name)
            case Never(because):
                self.refused.add(name)
                self.troubles[name] = because
                log.error("refused destination=%s delivery=%s because=%s", name, delivery.id, because)
            case Trouble() | Wait():
                text = outcome.text if isinstance(outcome, Trouble) else f"asked us to wait {outcome.seconds:.0f} s"
                if name not in self.troubles:
                    log.warning("not delivered yet destination=%s delivery=%s because=%s", name, delivery.id, text)
                self.troubles[name] = text

    # ── the fallback ──

    def _ways(self) -> list[str]:
        """The ways that reach people; the terminal, where there is none."""
        return [name for name in self._all_ways() if name != TERMINAL] or [TERMINAL]

    def _all_ways(self) -> list[str]:
        return [name for name in self._destinations if is_way(name)]

    def _is_a_channel(self, name: str) -> bool:
        return self._destinations.get(name) is not self._destinations.get(TERMINAL)

    def _may_run_late(self, delivery: Delivery) -> bool:
        """Nobody is told twice where Slack and the fallback are the same terminal."""
        name = delivery.destination
        ways = self._is_a_channel(name) or self._ways() != [TERMINAL]
        return is_urgent(delivery.alert) and not (delivery.because or delivery.quiet or is_way(name)) and ways

    def _is_late(self, delivery: Delivery) -> bool:
        return self._may_run_late(delivery) and self._late_at(delivery) <= self._clock()

    def _late_at(self, delivery: Delivery) -> datetime:
        return late_at(delivery, self._awake_since, self._clock())

    async def _tell_elsewhere(self, delivery: Delivery) -> None:
        """It stays open: who comes late still hears it."""
        because = f"{delivery.destination} has not taken it since {since(delivery):%H:%M:%S} UTC"
        await self._outbox.record(replace(delivery, because=because), fresh=elsewhere(delivery, self._ways(), because))

    # ── when ──

    def _is_open(self, name: str, now: datetime) -> bool:
        return is_past(self._closed_until.get(name, now), now)

    def _close(self, name: str, until: datetime) -> None:
        before = self._closed_until.get(name, until)
        self._closed_until[name] = until if is_past(before, self._clock()) else max(until, before)

    def _pause(self, outbox: Sequence[Delivery], now: datetime) -> timedelta:
        moments = [
            max(delivery.next_at or now, self._closed_until.get(delivery.destination, now), self._room_at(delivery, now))
            for delivery in waiting(outbox)
        ]
        moments += [self._late_at(delivery) for delivery in outbox if self._may_run_late(delivery)]
        return min(max(min(moments, default=now + IDLE) - now, timedelta(0)), IDLE)

    def _room_at(self, delivery: Delivery, now: datetime) -> datetime:
        name = delivery.destination
        return room_at(self._posted.get(name, ()), now) if can_be_held(delivery) and self._is_a_channel(name) else now


def _trouble(error: Refused | Unreachable) -> Outcome:
    return Never(str(error)) if isinstance(error, Refused) else Trouble(str(error))
