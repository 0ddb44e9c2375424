"""A desk on one day: an outbox in memory, a real Slack on loopback, a fallback that keeps what it was told, and a clock moved by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.clock import Manual
from carebot.decide.telling.delivery import TERMINAL, Absent, Outcome, thread_of
from carebot.effects.telling.destinations import Destination
from carebot.effects.telling.sender import Sender
from carebot.effects.telling.slack import Slack
from carebot.errors import Unreachable
from carebot.model import Alert, Delivery, Reason, Text
from tests.effects.loopback_slack import LoopbackSlack

MADRID = ZoneInfo("Europe/Madrid")
TEN = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def alert(
    id: str, *, at: datetime = TEN, reason: Reason = "suspected", incident: str | None = "in-1", severity: int | None = 3
) -> Delivery:
    words = Text(id, id)
    about = Alert(alert=id, at=at, reason=reason, headline=words, incident=incident, severity=severity, phase="suspected")
    return Delivery(id=id, alert=about, destination="desk")


class Outbox:
    """The outbox's rows in memory, and a transcript of every state they were committed in."""

    def __init__(self, *deliveries: Delivery) -> None:
        self.rows = {delivery.id: delivery for delivery in deliveries}
        self.commits: list[str] = []

    async def open(self) -> list[Delivery]:
        waiting = [row for row in self.rows.values() if row.state in ("new", "sending")]
        return [replace(row, ref=self.ref(row)) if row.state == "new" else row for row in waiting]

    async def record(self, *changed: Delivery, fresh: Sequence[Delivery] = ()) -> None:
        for delivery in changed:
            self.rows[delivery.id] = delivery
            self.commits.append(f"{delivery.id} {delivery.state}")
        for delivery in fresh:
            self.rows.setdefault(delivery.id, delivery)

    async def told_elsewhere(self, delivery: Delivery, ways: Sequence[str]) -> list[str]:
        said = {row.destination for row in self.rows.values() if row.state == "sent" and thread_of(row.alert) == thread_of(delivery.alert)}
        return [way for way in ways if way in said]

    async def posted(self, since: datetime, until: datetime) -> dict[str, list[datetime]]:
        there: dict[str, list[datetime]] = {}
        for row in self.rows.values():
            if row.opens and row.tried_at and since < row.tried_at <= until:
                there.setdefault(row.destination, []).append(row.tried_at)
        return there

    def ref(self, delivery: Delivery) -> str:
        mine = (thread_of(delivery.alert), delivery.destination)
        told = [row for row in self.rows.values() if row.state == "sent" and row.ref and (thread_of(row.alert), row.destination) == mine]
        return told[-1].ref if told else ""

    def states(self, to: str = "desk") -> dict[str, str]:
        return {id: row.state for id, row in self.rows.items() if row.destination == to}


class Fallback:
    """A second way to people that keeps what it was told. `shut` for as many calls as it is out of order itself."""

    def __init__(self, shut: int = 0) -> None:
        self.told: list[str] = []
        self.because: list[str] = []
        self.shut = shut

    async def send(self, delivery: Delivery, first: str) -> str:
        if self.shut:
            self.shut -= 1
            raise Unreachable("the fallback is down too")
        self.told.append(delivery.alert.alert)
        self.because.append(delivery.because)
        return "told"

    async def find(self, delivery: Delivery, since: datetime, until: datetime | None = None) -> str | None:
        return None

    async def close(self) -> None: ...


class Desk:
    """A sender, its outbox, its Slack and a clock: one desk on one day."""

    def __init__(self, slack: LoopbackSlack, outbox: Outbox, fallback: Fallback | None = None, **more: Any) -> None:
        self.outbox = outbox
        self.clock = Manual(TEN)
        self.fallback = fallback or Fallback()
        self.slack = Slack(slack.token, "#care-desk", language="en", zone=MADRID, base_url=slack.url, request_limit_s=1)
        self.destinations: dict[str, Destination] = {TERMINAL: self.fallback, **(more.pop("destinations", None) or {"desk": self.slack})}
        self.sender = Sender(self.destinations, outbox, self.clock, **more)

    async def after(self, seconds: float) -> timedelta:
        """Time goes by and the sender does all there is to do by then; returns how long it would sleep."""
        self.clock.move_to(self.clock() + timedelta(seconds=seconds))
        while not (pause := await self.sender.round()):
            pass
        return pause


def titles(slack: LoopbackSlack) -> list[str]:
    """The channel as a person sees it, without the colours, which are the card's own matter."""
    return [re.sub(r"^[^\w\s]+ (?=SEV|\d)", "", title) for title in slack.shown()]


class Killed(BaseException):
    """The process is gone: nothing after this line runs."""


class Killing:
    """An outbox whose owner is killed at its n-th commit: before it if n is even, after it if odd."""

    def __init__(self, outbox: Outbox, at: int) -> None:
        self.outbox, self.at, self.calls = outbox, at, 0
        self.open, self.told_elsewhere, self.posted = outbox.open, outbox.told_elsewhere, outbox.posted

    async def record(self, *changed: Delivery, fresh: Sequence[Delivery] = ()) -> None:
        self.calls += 1
        here = self.calls == self.at // 2 + 1
        if here and self.at % 2 == 0:
            raise Killed
        await self.outbox.record(*changed, fresh=fresh)
        if here:
            raise Killed


async def lives_until_killed(sender: Sender, clock: Manual) -> bool:
    for _ in range(60):
        try:
            await sender.round()
        except Killed:
            return True
        except BaseExceptionGroup as ended:
            return ended.subgroup(Killed) is not None
        clock.move_to(clock() + timedelta(seconds=1))
    return False


# ── designs with a known fault, which every harness here must find ───────────────────────────────────────────────


class WithoutLooking(Sender):
    """Send, then mark: what may have landed is simply sent again."""

    async def _look_for(self, delivery: Delivery, destination: Destination) -> Outcome:
        return Absent()


class MarkedFirst(Sender):
    """Mark, then send: what was marked is never thought of again."""

    async def _on_its_way(self, turn: tuple[Delivery, ...]) -> Delivery:
        delivery = await super()._on_its_way(turn)
        await self._outbox.record(replace(delivery, state="sent"))
        return delivery
