"""What delivery does while Slack, the clock or a restart is against it: nothing lost, nobody flooded, nothing said twice, nobody left waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from carebot.effects.database.store import Store
from carebot.effects.telling.outbox import posted, unsaid
from carebot.effects.telling.slack import MAX_PAGES
from carebot.model import Delivery, Reason
from tests.effects.loopback_slack import LoopbackSlack, answers, lost_reply, no_connection, says, too_many
from tests.effects.outgoing import TEN, Desk, Fallback, Outbox, alert, titles

ROOT = "C0CAREDESK1"


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackSlack]:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with LoopbackSlack(at=TEN.timestamp()) as server:
        yield server


def news(id: str, seconds: float, reason: Reason, severity: int, was: int | None, **more: Any) -> Delivery:
    one = alert(id, at=TEN + timedelta(seconds=seconds), reason=reason, severity=severity)
    return replace(one, alert=replace(one.alert, phase=more.get("phase", "confirmed"), facts={"severity_was": was}))


def many(count: int) -> Outbox:
    return Outbox(*(alert(f"n{number}", incident=f"in-{number}") for number in range(count)))


# ── six a minute ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_restart_does_not_forget_how_many_messages_the_channel_got_in_the_last_minute(slack: LoopbackSlack) -> None:
    first = Desk(slack, many(6))
    for _ in range(8):
        await first.after(1)
    assert len(slack.messages) == 6
    again = Desk(slack, first.outbox)
    again.clock.move_to(first.clock())
    await first.outbox.record(alert("one more", incident="in-9"), alert("grave", incident="in-10", severity=1))
    assert timedelta(0) < await again.after(0) <= timedelta(seconds=60)
    for _ in range(40):
        await again.after(1)
    assert len(slack.messages) == 7 and "grave" in titles(slack)[-1], "what is grave is never held"
    for _ in range(20):
        await again.after(1)
    assert titles(slack)[-1] == "SEV3 · one more"


async def test_replies_that_are_lost_do_not_let_more_than_six_through(slack: LoopbackSlack) -> None:
    slack.plan("chat.postMessage", *[lost_reply()] * 40)
    desk = Desk(slack, many(40))
    for _ in range(59):
        await desk.after(1)
    assert len(slack.messages) <= 6
    for _ in range(180):
        await desk.after(1)
    assert len(titles(slack)) == len(set(titles(slack))) and not await desk.outbox.open()


def test_the_rows_say_when_a_channel_got_a_new_message() -> None:
    store = Store(None)
    opened = replace(alert("a"), state="sending", tried_at=TEN, opens=True)
    update = replace(alert("b"), state="sent", ref="C/1.0", tried_at=TEN, opens=False)
    absent = replace(alert("c", incident="in-3"), tried_at=TEN)
    store.record(fresh=[opened, update, absent, replace(opened, id="long ago", tried_at=TEN - timedelta(seconds=60))])
    assert posted(store, TEN - timedelta(seconds=60), TEN) == {"desk": [TEN]}
    store.record(replace(opened, state="new", opens=False))
    assert posted(store, TEN - timedelta(seconds=60), TEN) == {}, "they said wait: nothing landed"


# ── what later cards owe ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_rise_that_was_overtaken_while_slack_said_wait_is_shown_to_the_channel_once(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(news("Failing", 0, "confirmed", 3, None)))
    await desk.after(0)
    slack.plan("chat.update", too_many("30"))
    await desk.outbox.record(news("Worse", 60, "severity_up", 2, 3))
    await desk.after(60)
    await desk.outbox.record(news("Still growing", 75, "grew", 2, 2))
    await desk.after(15)
    restarted = Desk(slack, desk.outbox)  # what it owes is in the rows
    restarted.clock.move_to(desk.clock())
    await restarted.after(30)
    await desk.outbox.record(news("Growing on", 300, "grew", 2, 2))
    await restarted.after(300)
    root, overtaken, later = titles(slack)
    assert root == "SEV2 · Growing on (edited 2)"
    assert overtaken.endswith("SEV2 · Still growing (also to the channel)")
    assert later.endswith("SEV2 · Growing on")


async def test_news_every_twenty_seconds_does_not_keep_an_urgent_alert_from_the_pager(slack: LoopbackSlack) -> None:
    slack.always = lambda: too_many("300")
    pager = Fallback()
    desk = Desk(slack, Outbox(news("n0", 0, "confirmed", 1, None)))
    desk.destinations["fallback:pager"] = pager
    for turn in range(1, 12):
        await desk.after(20)
        await desk.outbox.record(news(f"n{turn}", 20 * turn, "grew", 1, 1))
        if turn == 4:
            assert len(pager.told) == 1, "80 s after the first word of it"
    assert pager.told == ["n2", "n5", "n8"], "what is newest, a minute after the first of it that nobody heard"


def test_the_oldest_word_that_waits_is_counted_whatever_card_says_it() -> None:
    from carebot.decide.telling.delivery import coalesce
    from carebot.decide.telling.earlier import heirs

    store = Store(None)
    store.record(fresh=[news("first", 0, "confirmed", 1, None), news("later", 400, "grew", 1, 1)])
    waiting = store.waiting_deliveries()
    store.record(*(gone := coalesce(waiting)), *heirs(waiting, gone))
    assert (unsaid(store, []).count, unsaid(store, []).oldest_at, unsaid(store, []).urgent_at) == (1, TEN, TEN)


# ── what Slack says ──────────────────────────────────────────────────────────────────────────────────────────────

ODD = [None, 7, "x", [], {}, True]


@pytest.mark.parametrize(
    "said",
    [
        {"ok": True},
        {"ok": True, "channel": ROOT, "ts": None},
        {"ok": True, "channel": ROOT, "ts": "now"},
        {"ok": True, "channel": {"id": ROOT}, "ts": "1.0"},
        {"ok": True, "channel": "C0/../X", "ts": "1.0"},
        *ODD,
    ],
)
async def test_a_yes_that_does_not_say_where_is_looked_for_before_anything_else(slack: LoopbackSlack, said: object) -> None:
    slack.plan("chat.postMessage", answers(said))
    desk = Desk(slack, Outbox(alert("a")))
    for _ in range(6):
        await desk.after(30)
    assert titles(slack) == ["SEV3 · a"] and desk.outbox.states() == {"a": "sent"}
    assert [name for name in slack.methods() if name in ("chat.postMessage", "conversations.history")] == [
        "chat.postMessage",
        "conversations.history",
        "chat.postMessage",
    ]


async def test_a_yes_to_an_update_that_names_no_message_is_no_update(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    slack.plan("chat.update", answers({"ok": True}), answers({"ok": True, "ts": "1.0"}))
    await desk.outbox.record(alert("b", at=TEN + timedelta(minutes=1), reason="grew"))
    for _ in range(6):
        await desk.after(60)
    assert titles(slack)[0] == "SEV3 · b (edited 1)" and len(slack.messages) == 2


@pytest.mark.parametrize(
    "said",
    [
        *ODD,
        {"ok": True},
        {"ok": True, "messages": None},
        {"ok": True, "messages": {"0": {}}},
        {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}},
    ],
)
async def test_a_history_that_is_none_is_not_taken_for_an_empty_channel(slack: LoopbackSlack, said: object) -> None:
    slack.plan("chat.postMessage", lost_reply())
    slack.plan("conversations.history", answers(said))
    desk = Desk(slack, Outbox(alert("a")))
    for _ in range(6):
        await desk.after(60)
    assert titles(slack) == ["SEV3 · a"] and desk.outbox.states() == {"a": "sent"}


async def test_other_peoples_messages_may_look_like_anything(slack: LoopbackSlack) -> None:
    odd: list[Any] = [
        *ODD,
        *({"metadata": one, "blocks": one, "ts": one} for one in ODD),
        {"metadata": {"event_payload": "x"}, "blocks": [7]},
    ]
    slack.plan("chat.postMessage", lost_reply())
    slack.plan("conversations.history", answers({"ok": True, "messages": odd}))
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    await desk.after(30)
    assert desk.outbox.states() == {"a": "sent"}


async def test_deep_nesting_is_trouble_like_any_other(slack: LoopbackSlack) -> None:
    from tests.effects.loopback_slack import page

    slack.plan("chat.postMessage", page(200, "application/json", "[" * 200_000))
    desk = Desk(slack, Outbox(alert("a")))
    for _ in range(4):
        await desk.after(60)
    assert desk.outbox.states() == {"a": "sent"}


@pytest.mark.parametrize("header", ["1000000000", "-5", "Sat, 21 Nov 2026 18:00:00 GMT", "", "9" * 5000, "NaN", "٣٠"])
async def test_an_absurd_wait_is_a_wait_of_five_minutes_at_most(slack: LoopbackSlack, header: str) -> None:
    slack.plan("chat.postMessage", too_many(header.encode("utf-8").decode("latin-1")))
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    await desk.after(29)
    assert len(slack.transcript) == 1
    await desk.after(272)
    assert desk.outbox.states() == {"a": "sent"}


async def test_a_channel_that_keeps_metadata_back_still_shows_a_lost_reply_once(slack: LoopbackSlack) -> None:
    slack.keeps_metadata_back = True
    slack.plan("chat.postMessage", lost_reply())
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    await desk.after(30)
    slack.plan("chat.postMessage", lost_reply())
    await desk.outbox.record(alert("b", at=TEN + timedelta(minutes=1), reason="grew"))
    await desk.after(60)
    await desk.after(30)
    root, line = titles(slack)
    assert root == "SEV3 · b (edited 1)" and line.startswith("  ↳") and line.endswith("b")


async def test_a_message_that_landed_is_found_under_any_number_of_later_ones(slack: LoopbackSlack) -> None:
    """The channel went on for hours before anybody could look."""
    slack.plan("chat.postMessage", lost_reply())
    desk = Desk(slack, Outbox(alert("a")))
    await desk.after(0)
    for number in range(MAX_PAGES * 2 + 10):  # our loopback has two on a page
        slack.messages.append({"type": "message", "channel": ROOT, "ts": f"{TEN.timestamp() + 3600 + number:.6f}", "edits": 0, "text": "…"})
    await desk.after(4 * 3600)
    assert desk.outbox.states() == {"a": "sent"}
    assert sum("SEV3" in title for title in titles(slack)) == 1


async def test_where_nothing_old_may_be_changed_the_thread_has_the_card_and_the_channel_one_message(slack: LoopbackSlack) -> None:
    desk = Desk(slack, Outbox(alert("Failing")))
    await desk.after(0)
    slack.plan("chat.update", *[says("edit_window_closed")] * 3)
    for minute in (10, 11):
        await desk.outbox.record(alert(f"At {minute}", at=TEN + timedelta(minutes=minute), reason="grew"))
        await desk.after(300)
    await desk.outbox.record(replace(alert("quiet", at=TEN + timedelta(minutes=12)), quiet=True))
    await desk.after(300)
    assert titles(slack) == ["SEV3 · Failing", "  ↳ 🟡 SEV3 · At 10", "  ↳ 🟡 SEV3 · At 11"]
    assert len({row.ref for row in desk.outbox.rows.values()}) == 1


async def test_a_card_that_cannot_be_drawn_is_told_elsewhere_and_stops_nobody(slack: LoopbackSlack) -> None:
    class Draws(Fallback):
        async def send(self, delivery: Delivery, first: str) -> str:
            if delivery.id == "poison":
                raise KeyError(delivery.id)
            return await super().send(delivery, first)

    pager, console = Fallback(), Draws()
    desk = Desk(
        slack, Outbox(alert("poison", severity=1), alert("next", incident="in-2")), destinations={"desk": console, "fallback:pager": pager}
    )
    for _ in range(3):
        await desk.after(2)
    assert (console.told, pager.told) == (["next"], ["poison"])
    assert "this card broke carebot (KeyError)" in desk.outbox.rows["poison"].because


# ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("minutes", [-40, 40])
async def test_a_clock_that_is_far_from_slacks_finds_what_landed_all_the_same(slack: LoopbackSlack, minutes: int) -> None:
    slack._at, slack.ahead_s = TEN.timestamp() + 60 * minutes, 60.0 * minutes
    slack.plan("chat.postMessage", lost_reply())
    desk = Desk(slack, Outbox(alert("a")))
    for _ in range(4):
        await desk.after(30)
    assert titles(slack) == ["SEV3 · a"] and desk.outbox.states() == {"a": "sent"}


async def test_a_clock_that_is_set_back_an_hour_holds_up_neither_slack_nor_the_pager(slack: LoopbackSlack) -> None:
    pager = Fallback()
    slack.plan("chat.postMessage", lost_reply(), no_connection())
    desk = Desk(slack, Outbox(alert("in the air"), alert("grave", incident="in-2", severity=1)))
    desk.destinations["fallback:pager"] = pager
    await desk.after(0)
    assert set(desk.outbox.states().values()) == {"new", "sending"}
    desk.clock._now = TEN - timedelta(hours=1)
    slack.always = no_connection
    for _ in range(9):
        await desk.after(10)
    assert pager.told == ["grave"], "a minute and a half after the step"
    slack.always = None
    for _ in range(40):
        await desk.after(10)
    assert sorted(titles(slack)) == ["SEV1 · grave", "SEV3 · in the air"]
    assert set(desk.outbox.states().values()) == {"sent"}
