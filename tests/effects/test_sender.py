"""Everything decided is said, once: against a real Slack on loopback that loses replies, says wait, and is killed under.

Time is moved by hand; a `round` is one turn of the sender's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from carebot.clock import Manual
from carebot.effects.destinations import Destination
from carebot.effects.sender import Sender
from carebot.effects.slack import Slack
from carebot.errors import Unreachable
from carebot.model import Alert, Delivery, Reason, Text
from tests.effects.loopback_slack import LoopbackSlack, hangs, lost_reply, no_connection, page, says, too_many

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
        return [row for row in self.rows.values() if row.state in ("new", "sending")]

    async def record(self, delivery: Delivery) -> None:
        self.rows[delivery.id] = delivery
        self.commits.append(f"{delivery.id} {delivery.state}")

    async def refs(self, incident: str, destination: str) -> str:
        told = [
            row for row in self.rows.values() if row.state == "sent" and (row.alert.incident, row.destination) == (incident, destination)
        ]
        return told[-1].ref if told else ""

    def states(self) -> dict[str, str]:
        return {id: row.state for id, row in self.rows.items()}


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
        self.told.append(delivery.id)
        self.because.append(delivery.because)
        return "told"

    async def find(self, delivery: Delivery, since: datetime) -> str | None:
        return None

    async def close(self) -> None: ...


class Desk:
    """A sender, its outbox, its Slack and a clock: one desk on one day."""

    def __init__(self, slack: LoopbackSlack, outbox: Outbox, fallback: Fallback | None = None, **more: Any) -> None:
        self.outbox = outbox
        self.clock = Manual(TEN)
        self.fallback = fallback or Fallback()
        self.destinations: Mapping[str, Destination] = more.pop("destinations", None) or {
            "desk": Slack(slack.token, "#care-desk", language="en", zone=MADRID, base_url=slack.url, request_limit_s=1)
        }
        self.sender = Sender(self.destinations, self.fallback, outbox.open, outbox.record, self.clock, refs=outbox.refs, **more)

    async def after(self, seconds: float) -> timedelta:
        """Time goes by and the sender does all there is to do by then; returns how long it would sleep."""
        self.clock.move_to(self.clock() + timedelta(seconds=seconds))
        while not (pause := await self.sender.round()):
            pass
        return pause


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackSlack]:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with LoopbackSlack(at=TEN.timestamp()) as server:
        yield server


async def test_it_is_committed_as_on_its_way_before_slack_hears_of_it(slack: LoopbackSlack) -> None:
    outbox = Outbox(alert("a"))
    seen: list[tuple[str, int]] = []
    record = outbox.record

    async def watched(delivery: Delivery) -> None:
        await record(delivery)
        seen.append((delivery.state, len(slack.transcript)))

    outbox.record = watched  # type: ignore[method-assign]
    await Desk(slack, outbox).after(0)
    assert seen == [("sending", 0), ("sent", 1)]


async def test_two_alerts_of_one_incident_are_one_message_with_a_thread(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("Possible failure")))
    await desk.after(0)
    await desk.outbox.record(alert("Worse now", at=TEN + timedelta(minutes=5), reason="severity_up", severity=2))
    await desk.after(300)
    assert slack.shown() == ["🔴 SEV2 · Worse now (edited 1)", "  ↳ Severity goes up · Worse now (also to the channel)"]
    assert desk.outbox.states() == {"Possible failure": "sent", "Worse now": "sent"}
    assert desk.outbox.rows["Possible failure"].ref == desk.outbox.rows["Worse now"].ref


async def test_alerts_of_one_incident_that_wait_together_become_one_message(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("Possible"), alert("Confirmed", reason="confirmed"), alert("Elsewhere", incident="in-2")))
    await desk.after(0)
    await desk.after(1)
    assert sorted(slack.shown()) == ["🟠 SEV3 · Confirmed", "🟠 SEV3 · Elsewhere"]
    assert desk.outbox.rows["Possible"].because == "said by a later message"


async def test_a_lost_reply_gives_exactly_one_message(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", lost_reply())
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    assert desk.outbox.states() == {"a": "sending"}
    await desk.after(19)
    assert slack.methods() == ["chat.postMessage"], "a request of ours may still be on its way: too early to look"
    await desk.after(1)
    assert slack.shown() == ["🟠 SEV3 · a"]
    assert desk.outbox.states() == {"a": "sent"}
    assert desk.outbox.rows["a"].ref == f"C0CAREDESK1/{slack.messages[0]['ts']}"


async def test_a_lost_reply_in_the_thread_gives_exactly_one_line(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    slack.plan("chat.postMessage", lost_reply())
    await desk.outbox.record(alert("b", at=TEN + timedelta(minutes=1), reason="grew"))
    await desk.after(60)
    await desk.after(20)
    assert slack.shown() == ["🟠 SEV3 · b (edited 1)", "  ↳ The incident grows · b"]
    assert desk.outbox.states() == {"a": "sent", "b": "sent"}


async def test_a_post_that_did_not_land_is_posted_again_after_looking(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", page(502), no_connection())
    desk = Desk(slack, Outbox(alert("a")))
    for _ in range(3):
        await desk.after(30)
    assert slack.shown() == ["🟠 SEV3 · a"]
    assert [method for method in slack.methods() if method != "conversations.list"] == [
        "chat.postMessage",
        "conversations.history",
        "chat.postMessage",
        "conversations.history",
        "chat.postMessage",
    ]


async def test_a_slack_that_takes_it_but_never_answers_shows_it_once(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", hangs(lands=True))
    desk = Desk(slack, Outbox(alert("a")), send_limit=timedelta(seconds=0.3))
    await desk.after(0)
    assert desk.sender.troubles == {"desk": "no answer within 0 s"}
    await desk.after(10)
    assert slack.shown() == ["🟠 SEV3 · a"]
    assert desk.outbox.states() == {"a": "sent"}
    assert desk.sender.troubles == {}


async def test_while_slack_cannot_be_asked_nothing_is_sent_blindly(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", lost_reply())
    slack.plan("conversations.history", page(500), too_many("60"), page(200))
    desk = Desk(slack, Outbox(alert("a")))
    for _ in range(8):
        await desk.after(120)
    assert slack.methods().count("conversations.history") == 4
    assert slack.shown() == ["🟠 SEV3 · a"]


async def test_slack_says_wait_30_seconds_and_the_whole_channel_waits_30_seconds(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", too_many("30"))
    desk = Desk(slack, Outbox(alert("a"), alert("b", incident="in-2")))
    assert await desk.after(0) == timedelta(seconds=30)
    assert desk.outbox.rows["a"].next_at == TEN + timedelta(seconds=30)
    await desk.after(29)
    assert len(slack.transcript) == 1
    await desk.after(1)
    await desk.after(1)
    assert slack.shown() == ["🟠 SEV3 · a", "🟠 SEV3 · b"]


async def test_a_channel_gets_one_message_a_second_and_the_worst_first(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(*(alert(f"{severity}", incident=f"in-{severity}", severity=severity) for severity in (4, 1, 3, 2))))
    shown = [len(slack.messages)]
    for _ in range(4):
        assert await desk.after(0) <= timedelta(seconds=1) or len(slack.messages) == 4
        shown.append(len(slack.messages))
        await desk.after(1)
    assert shown == [0, 1, 2, 3, 4]
    assert [message["text"][2:6] for message in slack.messages] == ["SEV1", "SEV2", "SEV3", "SEV4"]


@pytest.mark.parametrize("error", ["token_revoked", "not_in_channel", "is_archived"])
async def test_what_slack_will_never_take_goes_to_the_fallback_at_once(slack: LoopbackSlack, error: str) -> None:
    slack.plan("chat.postMessage", says(error))
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    assert desk.fallback.told == ["a"]
    assert error in desk.fallback.because[0]
    assert desk.outbox.states() == {"a": "never"}
    assert slack.methods() == ["chat.postMessage"]
    assert desk.outbox.rows["a"].because == desk.sender.troubles["desk"]


async def test_a_fallback_that_is_down_as_well_loses_nothing(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", *[says("is_archived")] * 9)
    desk = Desk(slack, Outbox(alert("a")), Fallback(shut=2))
    for _ in range(4):
        await desk.after(300)
    assert desk.fallback.told == ["a"]
    assert desk.outbox.states() == {"a": "never"}


async def test_an_urgent_alert_slack_has_not_taken_for_a_minute_is_told_elsewhere_once_and_still_goes_to_slack(
    slack: LoopbackSlack,
) -> None:
    slack.plan("chat.postMessage", too_many("50"), too_many("50"))
    desk = Desk(slack, Outbox(alert("urgent", severity=1), alert("minor", severity=4, incident="in-2")), Fallback(shut=1))
    await desk.after(0)
    await desk.after(59)
    assert desk.fallback.told == []
    assert await desk.after(1) == timedelta(seconds=5), "the fallback was down: again in five seconds"
    for _ in range(5):
        await desk.after(60)
    assert desk.fallback.told == ["urgent"]
    assert slack.shown() == ["🔴 SEV1 · urgent", "🟡 SEV4 · minor"]
    assert set(desk.outbox.states().values()) == {"sent"}


async def test_after_a_night_off_an_urgent_alert_is_not_told_twice(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("last night", at=TEN - timedelta(hours=9), severity=1)))
    await desk.after(0)
    assert (slack.shown(), desk.fallback.told) == (["🔴 SEV1 · last night"], [])


async def test_a_desk_with_only_a_terminal_is_not_told_twice_there(slack: LoopbackSlack) -> None:
    terminal = Fallback(shut=1)
    desk = Desk(slack, Outbox(alert("a", severity=1)), terminal, destinations={"desk": terminal})
    for _ in range(4):
        await desk.after(90)
    assert terminal.told == ["a"]


async def test_a_route_that_left_the_rules_file_is_not_waited_for(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("a")), destinations={"other": Fallback()})
    await desk.after(0)
    assert desk.fallback.told == ["a"]
    assert "no route 'desk'" in desk.outbox.rows["a"].because


class Killed(BaseException):
    """The process is gone: nothing after this line runs."""


def killing(outbox: Outbox, at: int) -> Callable[[Delivery], Any]:
    """A `record` that is killed at its n-th call: before the commit if n is even, after it if odd."""
    calls = 0

    async def record(delivery: Delivery) -> None:
        nonlocal calls
        calls += 1
        if calls == at // 2 + 1 and at % 2 == 0:
            raise Killed
        await outbox.record(delivery)
        if calls == at // 2 + 1:
            raise Killed

    return record


async def lives_until_killed(sender: Sender, clock: Manual) -> bool:
    for _ in range(60):
        try:
            await sender.round()
        except BaseExceptionGroup as ended:
            return ended.subgroup(Killed) is not None
        clock.move_to(clock() + timedelta(seconds=1))
    return False


@pytest.mark.parametrize("reply", ["arrives", "lost"])
@pytest.mark.parametrize("at", range(8))
async def test_a_kill_at_any_moment_neither_loses_nor_doubles(slack: LoopbackSlack, at: int, reply: str) -> None:
    if reply == "lost":
        slack.plan("chat.postMessage", lost_reply(), lost_reply())
    outbox = Outbox(alert("a"), alert("b", incident="in-2"))
    desk = Desk(slack, outbox)
    first_life = Sender(desk.destinations, desk.fallback, outbox.open, killing(outbox, at), desk.clock, refs=outbox.refs)
    assert await lives_until_killed(first_life, desk.clock), "the harness must have killed it"
    second_life = Desk(slack, outbox)
    for _ in range(6):
        await second_life.after(60)
    assert sorted(slack.shown()) == ["🟠 SEV3 · a", "🟠 SEV3 · b"]
    assert outbox.states() == {"a": "sent", "b": "sent"}


async def test_the_loop_sleeps_until_woken_and_can_be_cancelled_in_the_middle_of_a_request(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", hangs(lands=True))
    outbox = Outbox()
    desk = Desk(slack, outbox)
    running = asyncio.create_task(desk.sender.run())
    await asyncio.sleep(0.05)
    await outbox.record(alert("a"))
    desk.sender.wake()
    async with asyncio.timeout(5):
        while not slack.messages:
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert outbox.states() == {"a": "sending"}
    await Desk(slack, outbox).after(30)
    assert slack.shown() == ["🟠 SEV3 · a"]
    assert outbox.states() == {"a": "sent"}
