"""carebot about itself: what is wrong is said once, and a dead-man's switch outside is pressed only while all is well.

Every minute: measure, say what staff must hear (`decide.telling.vitals`), send a canary through the real loop, and press the switch if
every source was heard, the outbox drains and the canary came through. Nothing here has a timer of its own beside that: a process that is
stopped, a loop that is stuck or a database that hangs is a switch that is not pressed, and whoever watches it calls somebody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from carebot.decide.telling.delivery import TERMINAL, is_way
from carebot.decide.telling.vitals import CLOCK_OFF, Pulse, Told, Vitals, over, told, withheld
from carebot.effects.clicks.door import Apart
from carebot.effects.clicks.reception import Reception
from carebot.effects.network.http import Client
from carebot.effects.network.web import Metric
from carebot.effects.secrets import SLACK, has, secret
from carebot.effects.telling import last_words
from carebot.effects.telling.outbox import Unsaid, set_aside, unsaid
from carebot.effects.telling.sender import Sender
from carebot.effects.vitals import SlackWord, database_file, disk_free, press, slack_word
from carebot.errors import Trouble
from carebot.listening import Listener
from carebot.loop import CANARY, Loop, canary
from carebot.model import Batch

log = logging.getLogger("carebot")

EVERY = timedelta(seconds=60)
ASK_SLACK = timedelta(minutes=5)
CANARY_WAIT = timedelta(seconds=20)
HOUR = timedelta(hours=1)


class Beat(msgspec.Struct, frozen=True):
    """The dead-man's switch: when it was last pressed, why it is not pressed now, and what its own server says against it."""

    pressed_at: datetime | None = None
    withheld: tuple[str, ...] = ()
    trouble: str = ""


class Watch:
    """Run it as a task. Raises what the database raises: then the daemon ends, loudly.

    in_loop   runs a call in the database's thread
    clicks    where Slack's signed requests come in, which say what Slack's clock is
    """

    def __init__(
        self,
        loop: Loop,
        listener: Listener,
        sender: Sender,
        clock: Callable[[], datetime],
        *,
        commit: Callable[[Batch], Awaitable[None]],
        in_loop: Callable[..., Coroutine[Any, Any, Any]],
        ways: Callable[[], tuple[str, ...]],
        slack_url: str,
        clicks: Reception | None = None,
    ) -> None:
        self._loop, self._listener, self._sender, self._clock = loop, listener, sender, clock
        self._commit, self._in_loop, self._ways, self._slack_url = commit, in_loop, ways, slack_url
        self._clicks = clicks
        self._http: Client | None = None
        self._vitals, self._unsaid, self._beat = Vitals(), Unsaid(), Beat()
        self._slack_asked_at: datetime | None = None
        self._slack = SlackWord()

    async def run(self, http: Client) -> None:
        self._http, store = http, self._loop.store
        known = await self._in_loop(store.recalled, "told", Told) or Told()
        while True:
            known = await self._look(known)
            await self._sing()
            await self._in_loop(store.put, "heartbeat", await self._pressed())
            await self._the_database_works()
            await asyncio.sleep(EVERY.total_seconds())

    # ── what is wrong ──

    async def _look(self, known: Told) -> Told:
        """What is wrong now, said where it is news. Said first, remembered second: a kill in between says it twice, not never."""
        now, store = self._clock(), self._loop.store
        await self._ask_slack(now)
        self._unsaid = await self._in_loop(unsaid, store, self._people())
        self._vitals = Vitals(
            unsaid_since=self._unsaid.oldest_at,
            unsaid=self._unsaid.count,
            set_aside=await self._in_loop(set_aside, store, now - HOUR),
            disk_free=await self._in_loop(disk_free, store),
            clock_ahead=self._ahead(now),
            slack=self._slack.refused,
        )
        after, reports = told(known, self._vitals, now)
        if reports:
            for report in reports:
                log.warning("reason=%s what=%s", report.reason, report.headline.en)
            await self._commit(Batch(source="", events=reports))
            await self._in_loop(store.put, "told", after)
        return after

    async def _ask_slack(self, now: datetime) -> None:
        asked, apart = self._slack_asked_at, self._apart()
        if asked and apart and apart.at > asked and abs(apart.ahead) > CLOCK_OFF:
            asked = None  # a press was refused for it: Slack's own word now, as an old press may only have been sent again
        wanted = has(SLACK) and any(route.slack for route in self._loop.rulebook.file.routes.values())
        if not wanted or not self._http or (asked and timedelta(0) <= now - asked < ASK_SLACK):
            return
        self._slack_asked_at = now
        self._slack = await slack_word(self._http, self._slack_url, secret(SLACK), now)

    def _apart(self) -> Apart | None:
        return self._clicks.apart() if self._clicks else None

    def _ahead(self, now: datetime) -> timedelta | None:
        """Our clock less Slack's: as Slack says when it is asked, or else as the last press that it signed says."""
        apart = self._apart()
        if self._slack.ahead is not None or apart is None or not timedelta(0) <= now - apart.at < ASK_SLACK:
            return self._slack.ahead
        return apart.ahead

    async def _the_database_works(self) -> None:
        """It failed before this start, which only a file beside it knows; what was just written says that it is over."""
        file = await self._in_loop(database_file, self._loop.store)
        if file and (failed := last_words.note(file)).exists():
            began = datetime.fromtimestamp(failed.stat().st_mtime, UTC)
            await self._commit(Batch(source="", events=(over("database", began, self._clock()),)))
            failed.unlink(missing_ok=True)

    def _people(self) -> list[str]:
        """The ways of the fallback that reach somebody."""
        return [name for name in self._ways() if is_way(name) and name != TERMINAL]

    # ── the dead-man's switch ──

    async def _sing(self) -> None:
        """A canary through the real queue. It is given up after a while: then it did not come through, and the next one may."""
        try:
            async with asyncio.timeout(CANARY_WAIT.total_seconds()):
                await self._commit(Batch(source=CANARY, requests=0, events=(canary(self._clock()),)))
        except TimeoutError:
            log.warning("canary not through within s=%.0f", CANARY_WAIT.total_seconds())

    def why_not(self, now: datetime) -> tuple[str, ...]:
        """Why the switch would not be pressed now."""
        ears = self._listener.ears.values()
        unheard = tuple(sorted(ear.source.name for ear in ears if not self._listener.is_heard(ear, now)))
        refused = () if self._people() else tuple(sorted(self._sender.refused))
        pulse = Pulse(unheard=unheard, urgent_at=self._unsaid.urgent_at, refused=refused, canary_at=self._loop.canary_at)
        return withheld(pulse, now)

    async def _pressed(self) -> Beat:
        name, now = self._loop.rulebook.file.heartbeat, self._clock()
        why, trouble, pressed_at = self.why_not(now), "", self._beat.pressed_at
        if name and self._http and not why:
            try:
                await press(self._http, secret(name))
                pressed_at = now
            except Trouble as error:
                trouble = str(error)
        if name and (why, trouble) != (self._beat.withheld, self._beat.trouble):
            log.warning("heartbeat withheld=%s trouble=%s", ", ".join(why) or "-", trouble or "-")
        self._beat = Beat(pressed_at, why, trouble)
        return self._beat

    # ── for those who ask ──

    def facts(self, now: datetime) -> dict[str, Any]:
        """For /health: anybody who reaches the port reads them."""
        return {
            "heartbeat": {"pressed_at": _iso(self._beat.pressed_at), "withheld": list(self.why_not(now))},
            "canary_at": _iso(self._loop.canary_at),
            "outbox": {"unsaid": self._unsaid.count, "since": _iso(self._unsaid.oldest_at)},
        }

    def metrics(self, now: datetime) -> list[Metric]:
        seen, beat = self._vitals, self._beat
        ahead = seen.clock_ahead.total_seconds() if seen.clock_ahead is not None else float("nan")
        return [
            Metric("carebot_heartbeat_age_seconds", "Since the dead-man's switch was pressed", _age(beat.pressed_at, now)),
            Metric("carebot_heartbeat_withheld", "Reasons not to press it", float(len(self.why_not(now)))),
            Metric("carebot_canary_age_seconds", "Since a canary came through the loop", _age(self._loop.canary_at, now)),
            Metric("carebot_outbox_unsaid", "Alerts that wait for their destination", float(self._unsaid.count)),
            Metric("carebot_outbox_oldest_seconds", "How long the oldest of them has waited", _age(self._unsaid.oldest_at, now, none=0.0)),
            Metric("carebot_quarantined_hour", "Items set aside in the last hour", float(sum(seen.set_aside.values()))),
            Metric(
                "carebot_disk_free_ratio", "Free share of the database's disk", float("nan") if seen.disk_free is None else seen.disk_free
            ),
            Metric("carebot_clock_ahead_seconds", "Our clock less Slack's", ahead),
        ]


def _age(at: datetime | None, now: datetime, none: float = float("nan")) -> float:
    return none if at is None else max(0.0, (now - at).total_seconds())


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
