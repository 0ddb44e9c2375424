"""Everything decided is said, once: against a real Slack on loopback that loses replies, says wait, and is killed under.

Time is moved by hand; a `round` is one turn of the sender's loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from carebot.effects.telling.sender import Sender
from carebot.model import Delivery
from tests.effects.loopback_slack import LoopbackSlack, hangs, lost_reply, no_connection, page, says, too_many
from tests.effects.outgoing import TEN, Desk, Fallback, Killing, Outbox, alert, lives_until_killed, titles


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

    async def watched(*changed: Delivery, fresh: Sequence[Delivery] = ()) -> None:
        await record(*changed, fresh=fresh)
        seen.append((changed[0].state, len(slack.transcript)))

    outbox.record = watched  # type: ignore[method-assign]
    await Desk(slack, outbox).after(0)
    assert seen == [("sending", 0), ("sent", 1)]


async def test_two_alerts_of_one_incident_are_one_message_with_a_thread(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("Possible failure")))
    await desk.after(0)
    await desk.outbox.record(alert("Worse now", at=TEN + timedelta(minutes=5), reason="severity_up", severity=2))
    await desk.after(300)
    root, line = titles(slack)
    assert root == "SEV2 · Worse now (edited 1)"
    assert line.startswith("  ↳") and "Worse now" in line
    assert desk.outbox.states() == {"Possible failure": "sent", "Worse now": "sent"}
    assert desk.outbox.rows["Possible failure"].ref == desk.outbox.rows["Worse now"].ref


async def test_alerts_of_one_incident_that_wait_together_become_one_message(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("Possible"), alert("Confirmed", reason="confirmed"), alert("Elsewhere", incident="in-2")))
    await desk.after(0)
    await desk.after(1)
    assert sorted(titles(slack)) == ["SEV3 · Confirmed", "SEV3 · Elsewhere"]
    assert desk.outbox.rows["Possible"].because == "said by a later message"


async def test_a_lost_reply_gives_exactly_one_message(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", lost_reply())
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    assert desk.outbox.states() == {"a": "sending"}
    await desk.after(19)
    assert slack.methods() == ["chat.postMessage"], "a request of ours may still be on its way: too early to look"
    await desk.after(1)
    assert titles(slack) == ["SEV3 · a"]
    assert desk.outbox.states() == {"a": "sent"}
    assert desk.outbox.rows["a"].ref == f"C0CAREDESK1/{slack.messages[0]['ts']}"


async def test_a_lost_reply_in_the_thread_gives_exactly_one_line(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    slack.plan("chat.postMessage", lost_reply())
    await desk.outbox.record(alert("b", at=TEN + timedelta(minutes=1), reason="grew"))
    await desk.after(60)
    await desk.after(20)
    root, line = titles(slack)
    assert root == "SEV3 · b (edited 1)"
    assert line.startswith("  ↳") and line.endswith(" b")
    assert desk.outbox.states() == {"a": "sent", "b": "sent"}


async def test_a_post_that_did_not_land_is_posted_again_after_looking(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", page(502), no_connection())
    desk = Desk(slack, Outbox(alert("a")))
    for _ in range(3):
        await desk.after(30)
    assert titles(slack) == ["SEV3 · a"]
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
    assert titles(slack) == ["SEV3 · a"]
    assert desk.outbox.states() == {"a": "sent"}
    assert desk.sender.troubles == {}


async def test_while_slack_cannot_be_asked_nothing_is_sent_blindly(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", lost_reply())
    slack.plan("conversations.history", page(500), too_many("60"), page(200))
    desk = Desk(slack, Outbox(alert("a")))
    for _ in range(8):
        await desk.after(120)
    assert slack.methods().count("conversations.history") == 4
    assert titles(slack) == ["SEV3 · a"]


async def test_slack_says_wait_30_seconds_and_the_whole_channel_waits_30_seconds(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", too_many("30"))
    desk = Desk(slack, Outbox(alert("a"), alert("b", incident="in-2")))
    assert await desk.after(0) == timedelta(seconds=30)
    assert desk.outbox.rows["a"].next_at == TEN + timedelta(seconds=30)
    await desk.after(29)
    assert len(slack.transcript) == 1
    await desk.after(1)
    await desk.after(1)
    assert titles(slack) == ["SEV3 · a", "SEV3 · b"]


async def test_a_channel_gets_one_message_a_second_and_the_worst_first(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(*(alert(f"{severity}", incident=f"in-{severity}", severity=severity) for severity in (4, 1, 3, 2))))
    shown = [len(slack.messages)]
    for _ in range(4):
        assert await desk.after(0) <= timedelta(seconds=1) or len(slack.messages) == 4
        shown.append(len(slack.messages))
        await desk.after(1)
    assert shown == [0, 1, 2, 3, 4]
    assert [message["text"][2:6] for message in slack.messages] == ["SEV1", "SEV2", "SEV3", "SEV4"]


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "not_in_channel", "is_archived", "channel_not_found"])
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
    assert await desk.after(1) == timedelta(seconds=20), "it may have said it all the same: not before it would be over"
    for _ in range(5):
        await desk.after(60)
    assert desk.fallback.told == ["urgent"]
    assert titles(slack) == ["SEV1 · urgent", "SEV4 · minor"]
    assert set(desk.outbox.states().values()) == {"sent"}


async def test_after_a_night_off_an_urgent_alert_is_not_told_twice(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("last night", at=TEN - timedelta(hours=9), severity=1)))
    await desk.after(0)
    assert (titles(slack), desk.fallback.told) == (["SEV1 · last night"], [])


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
    assert "has no 'desk' any more" in desk.outbox.rows["a"].because


async def test_a_card_slack_calls_too_rich_also_as_plain_text_is_told_elsewhere_at_once(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", says("invalid_blocks"), says("invalid_blocks"))
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    assert (slack.methods(), desk.fallback.told) == (["chat.postMessage"] * 2, ["a"])


def with_a_pager(slack: LoopbackSlack, outbox: Outbox, pager: Fallback, mail: Fallback | None = None) -> Desk:
    ways = {"fallback:pager": pager} | ({"fallback:mail": mail} if mail else {})
    desk = Desk(slack, outbox, destinations=ways)
    desk.destinations["desk"] = desk.slack
    return desk


async def test_everybody_of_the_fallback_is_told_and_the_terminal_is_left_alone(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", says("token_revoked"))
    pager, mail = Fallback(), Fallback()
    desk = with_a_pager(slack, Outbox(alert("a")), pager, mail)
    await desk.after(0)
    assert (pager.told, mail.told, desk.fallback.told) == (["a"], ["a"], [])
    assert "token_revoked" in pager.because[0]


async def test_while_the_pager_fails_too_the_terminal_says_it_and_the_pager_is_tried_again(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", says("is_archived"))
    pager = Fallback(shut=2)
    desk = with_a_pager(slack, Outbox(alert("a", severity=1)), pager)
    for _ in range(5):
        await desk.after(30)
    assert (pager.told, desk.fallback.told) == (["a"], ["a"])


async def test_when_slack_is_back_its_card_says_who_was_told_already(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", too_many("100"))
    pager = Fallback()
    desk = with_a_pager(slack, Outbox(alert("a", severity=2)), pager)
    for _ in range(3):
        await desk.after(60)
    assert pager.told == ["a"]
    assert slack.messages[0]["blocks"][-1]["elements"][0]["text"].endswith("already told via: pager")
    assert desk.outbox.rows["a"].alert.facts == {}, "what a card shows is not what was decided"


async def test_the_pager_hears_that_it_is_over_if_it_heard_that_it_began(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", too_many("100"))
    pager = Fallback()
    desk = with_a_pager(slack, Outbox(alert("began", severity=2), alert("other", incident="in-2")), pager)
    for _ in range(3):
        await desk.after(60)
    over = alert("over", at=TEN + timedelta(minutes=4), reason="resolved", severity=2)
    also = alert("the other one", at=TEN + timedelta(minutes=4), reason="resolved", incident="in-2")
    await desk.outbox.record(*(replace(one, alert=replace(one.alert, phase="resolved")) for one in (over, also)))
    for _ in range(3):
        await desk.after(2)
    assert pager.told == ["began", "over"]
    assert [desk.outbox.rows[name].state for name in ("over", "the other one")] == ["sent", "sent"]


async def test_that_alerts_are_stuck_is_told_elsewhere_at_once(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", too_many("300"))
    pager = Fallback()
    desk = with_a_pager(slack, Outbox(alert("minor", severity=4)), pager)
    await desk.after(0)
    await desk.outbox.record(alert("stuck", at=TEN, reason="outbox_stuck", incident=None, severity=None))
    await desk.after(1)
    assert pager.told == ["stuck"]


async def test_a_channel_gets_six_messages_a_minute_and_the_sixth_lists_the_others(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(*(alert(f"n{number}", incident=f"in-{number}") for number in range(12))))
    for _ in range(30):
        await desk.after(1)
    assert titles(slack) == [*(f"SEV3 · n{number}" for number in ("0", "1", "10", "11", "2")), "SEV3 · 7 more alerts"]
    assert slack.messages[-1]["blocks"][1]["text"]["text"].splitlines() == [f"• n{number}" for number in range(3, 10)]
    assert sorted(desk.outbox.states().values()) == ["never"] * 7 + ["sent"] * 6
    assert {row.because for row in desk.outbox.rows.values() if row.state == "never"} == {"said together with others in one message"}


async def test_what_is_grave_is_never_held(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(*(alert(f"n{number}", incident=f"in-{number}") for number in range(12))))
    for _ in range(10):
        await desk.after(1)
    for number in range(20, 24):
        await desk.outbox.record(alert(f"grave{number}", at=desk.clock(), incident=f"in-{number}", severity=2))
    late = alert("minor", at=desk.clock(), incident="in-30", severity=4)
    await desk.outbox.record(late)
    for _ in range(6):
        await desk.after(1)
    assert [title for title in titles(slack) if "grave" in title] == [f"SEV2 · grave{number}" for number in range(20, 24)]
    assert desk.outbox.rows["minor"].state == "new"
    for _ in range(70):
        await desk.after(1)
    assert titles(slack)[-1] == "SEV4 · minor"


@pytest.mark.parametrize("reply", ["arrives", "lost"])
@pytest.mark.parametrize("at", range(8))
async def test_a_kill_at_any_moment_neither_loses_nor_doubles(slack: LoopbackSlack, at: int, reply: str) -> None:
    if reply == "lost":
        slack.plan("chat.postMessage", lost_reply(), lost_reply())
    outbox = Outbox(alert("a"), alert("b", incident="in-2"))
    desk = Desk(slack, outbox)
    first_life = Sender(desk.destinations, Killing(outbox, at), desk.clock)
    assert await lives_until_killed(first_life, desk.clock), "the harness must have killed it"
    second_life = Desk(slack, outbox)
    for _ in range(6):
        await second_life.after(60)
    assert sorted(titles(slack)) == ["SEV3 · a", "SEV3 · b"]
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
    assert titles(slack) == ["SEV3 · a"]
    assert outbox.states() == {"a": "sent"}
