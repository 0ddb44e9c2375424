"""The day in one card: once, on time or as late as it says, and true to what was heard."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.config.schema import Rulebook
from carebot.decide.state import Memory, State
from carebot.decide.step import next_moment
from carebot.decide.telling import days, digests
from carebot.decide.telling.days import Day
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Alert, Batch, Deleted, Message, Refusal
from tests.saying import RULES, TestDesk, at, rulebook, say

MADRID = ZoneInfo("Europe/Madrid")


def rules(when: str = "09:00", more: str = "") -> str:
    return RULES.replace('desk: {slack: "#desk"}', f'desk: {{slack: "#desk", digest: "{when}"}}') + more


def book(when: str = "09:00", more: str = "") -> Rulebook:
    return rulebook(rules(when, more))


def madrid(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID).astimezone(UTC)


def minute(text: str) -> float:
    """As tests say it: minutes after noon of Thursday 12 March."""
    return (madrid(text) - at(0)) / timedelta(minutes=1)


def digest_of(desk: TestDesk) -> Alert:
    (found,) = [alert for alert in desk.alerts if alert.reason == "digest"]
    return found


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("when", "now", "last", "after"),
    [
        ("09:00", "2026-03-12 12:00", "2026-03-12 09:00", "2026-03-13 09:00"),
        ("09:00", "2026-03-12 09:00", "2026-03-12 09:00", "2026-03-13 09:00"),
        ("09:00", "2026-03-12 08:59", "2026-03-11 09:00", "2026-03-12 09:00"),
        ("mon-fri 09:00", "2026-03-14 12:00", "2026-03-13 09:00", "2026-03-16 09:00"),
        ("mon 08:30", "2026-03-12 12:00", "2026-03-09 08:30", "2026-03-16 08:30"),
        ("fri-mon 09:00", "2026-03-17 12:00", "2026-03-16 09:00", "2026-03-20 09:00"),
        ("02:30", "2026-03-29 12:00", "2026-03-29 03:30", "2026-03-30 02:30"),  # that night 02:30 was skipped
    ],
)
def test_a_digest_is_due_at_its_time_where_the_desk_is(when: str, now: str, last: str, after: str):
    rules = book(when)
    asked = rules.file.routes["desk"].digest
    assert asked is not None
    assert digests.latest(asked, rules, MADRID, madrid(now)) == madrid(last)
    assert digests.next_due(asked, rules, MADRID, madrid(now)) == madrid(after)


def test_working_days_leave_out_holidays_and_every_day_does_not():
    holiday = "holidays: {also: [2026-03-13]}\n"
    for when, after in (("mon-fri 09:00", "2026-03-16 09:00"), ("09:00", "2026-03-13 09:00")):
        rules = book(when, holiday)
        asked = rules.file.routes["desk"].digest
        assert asked is not None and digests.next_due(asked, rules, MADRID, madrid("2026-03-12 12:00")) == madrid(after)


def test_who_asks_today_hears_of_today_tomorrow():
    desk = TestDesk(rules())
    desk.hears(say("la app va fatal", by="ana", minute=0, means="complaint"))
    desk.hears(minute=minute("2026-03-13 08:59"))
    assert "digest" not in desk.reasons
    assert next_moment(desk.state, at(1)) is not None
    desk.hears(minute=minute("2026-03-13 09:00"))
    told = digest_of(desk)
    assert (told.at, told.to, told.late_by_s) == (madrid("2026-03-13 09:00"), "desk", 0)
    assert told.headline.en == "12 Mar: 1 message, 1 complaint"


def test_after_three_days_of_silence_one_digest_says_how_late_it_is():
    desk = TestDesk(rules())
    desk.hears(say("la app va fatal", by="ana", minute=0, means="complaint"))
    desk.hears(minute=minute("2026-03-15 14:00"))
    told = digest_of(desk)
    assert told.late_by_s == 5 * 3600
    assert (told.facts["first_day"], told.facts["last_day"]) == ("2026-03-12", "2026-03-14")
    desk.hears(minute=minute("2026-03-15 14:01"))
    assert desk.reasons.count("digest") == 1


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, 24 * 12), min_size=1, max_size=60))
def test_every_day_is_in_exactly_one_digest_however_often_it_sleeps_and_restarts(hours: set[int]):
    state, rules = State(), book()
    digests.due(state, rules, at(0))
    covered: list[date] = []
    for hour in sorted({*hours, 24 * 13}):
        state = State(memory=state.memory)  # a restart
        for told in digests.due(state, rules, at(60 * hour)):
            first, last = (date.fromisoformat(told.facts[name]) for name in ("first_day", "last_day"))
            covered += [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert covered == [date(2026, 3, 12) + timedelta(days=n) for n in range(len(covered))]
    assert covered[-1] == date(2026, 3, 24)


def test_a_restart_neither_repeats_nor_forgets_a_digest(tmp_path: Path):
    told: list[str] = []
    for moment in ("2026-03-12 12:00", "2026-03-13 09:00", "2026-03-13 09:01", "2026-03-14 10:00", "2026-03-14 10:01"):
        loop = Loop(Store(tmp_path / "a.db"), book(), secret=b"k" * 32, destinations=lambda alert: (alert.to,))
        loop.take([Batch(source="", events=())], madrid(moment))
        told += [one.alert.facts["last_day"] for one in loop.store.waiting_deliveries() if one.alert.at == madrid(moment)]
        loop.store.close()
    assert told == ["2026-03-12", "2026-03-13"]


# ── what ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def usual_weeks(memory: Memory) -> None:
    """Four weeks in which the app had 10 complaints each Thursday, and 2 on other days."""
    for back in range(1, 29):
        day = date(2026, 3, 12) - timedelta(days=back)
        memory.days[day.isoformat()] = Day(messages=100, complaints={"app": 10 if day.weekday() == 3 else 2})


def test_a_digest_says_what_was_said_what_failed_who_waits_whom_to_thank_and_what_was_missed():
    desk = TestDesk(rules(more=f'silences:\n  - {{until: "{at(600).isoformat()}", services: [card], owner: Eva, because: works}}\n'))
    usual_weeks(desk.state.memory)
    for n in range(30):
        desk.hears(say(f"la app no va {n}", by=f"p{n}", minute=n / 4))
    for n in range(5):
        desk.hears(say(f"tarjeta no va {n}", by=f"c{n}", minute=200 + n / 4, about="card"))
    praise = [("gracias Marta", "fan", 20), ("gracias", "star", 5000), ("genial todo", "ana", 3)]
    for n, (text, by, audience) in enumerate(praise):
        desk.hears(say(text, by=by, minute=300 + n, means="praise", about="none", audience=audience, id=f"x:{by}"))
    desk.waits(420, since=303)
    desk.hears(minute=minute("2026-03-13 09:00"))
    told = next(alert for alert in desk.alerts if alert.facts.get("digest") == "daily")
    assert told.headline.es == "12 mar: 38 mensajes, 35 quejas"
    assert told.detail is not None and told.detail.en.splitlines()[0] == "• the app: 30 complaints (usually 10)"
    assert any(line.startswith("• Incident: the app, ") for line in told.detail.en.splitlines())
    assert told.messages == ("x:star", "x:fan", "x:ana") and told.facts["advocates"] == 1
    assert told.say is not None and told.facts["praise"] == 3
    assert told.facts["missed"]["unsaid"] >= 1 and told.facts["waiting"] == len(
        [c for c in desk.state.desk.cases.values() if not c.closed_at]
    )
    assert len(told.detail.es) <= 900, "or the card would cut it"


def test_what_was_taken_away_is_thanked_for_no_more():
    desk = TestDesk(rules())
    desk.hears(say("gracias", by="fan", minute=0, means="praise", id="x:fan"))
    desk.hears(Deleted(id="x:fan", at=at(5)), minute=5)
    desk.hears(minute=minute("2026-03-13 09:00"))
    assert digest_of(desk).messages == () and digest_of(desk).say is None


def test_a_message_counts_for_the_day_it_was_posted_and_an_unreadable_one_for_the_day_we_tried(tmp_path: Path):
    loop = Loop(Store(tmp_path / "a.db"), book(), secret=b"k" * 32, destinations=lambda alert: (alert.to,))
    posted = [madrid("2026-03-11 23:59"), madrid("2026-03-12 00:01"), madrid("2026-03-12 12:00"), madrid("2025-03-12 12:00")]
    said = tuple(Message(id=f"x:{n}", text=f"hola {n}", posted_at=when, seen_at=at(1), source="x") for n, when in enumerate(posted))
    loop.take([Batch(source="x", events=said, refused=(Refusal(source="x", item="9", reason="no JSON"),))], at(1))
    assert {day: known.messages for day, known in loop.state.memory.days.items()} == {"2026-03-11": 1, "2026-03-12": 2}
    assert loop.state.memory.days["2026-03-12"].set_aside == 1
    loop.store.close()


def test_the_first_digest_of_a_week_adds_the_week():
    state = State()
    for n in range(14):
        state.memory.days[(date(2026, 3, 2) + timedelta(days=n)).isoformat()] = Day(messages=100 if n < 7 else 150, complaints={"app": 10})
    state.memory.digests = {"desk": days.Summed(madrid("2026-03-15 09:00"), madrid("2026-03-16 09:00"))}
    (told,) = digests.due(state, book(), madrid("2026-03-16 09:00"))
    assert told.facts["digest"] == "weekly"
    assert told.facts["week"] == {"heard": 1050, "complaints": 70, "heard_before": 700, "complaints_before": 70}
    assert told.detail is not None and told.detail.en.splitlines()[-1] == "• Last 7 days: 1,050 messages (+50%), 70 complaints"


def test_what_is_usual_is_said_only_when_two_days_are_known():
    known = {"2026-03-11": Day(complaints={"app": 4})}
    assert days.usual(known, date(2026, 3, 12), date(2026, 3, 13), "app") is None
    known["2026-03-10"] = Day(complaints={"app": 8})
    assert days.usual(known, date(2026, 3, 12), date(2026, 3, 13), "app") == 6.0
    assert days.usual(known, date(2026, 3, 12), date(2026, 3, 13), "card") == 0.0


def test_five_weeks_are_kept_and_no_more():
    state: dict[str, Day] = {}
    for n in range(90):
        now = at(1440 * n)
        state = days.heard(state, [say("x", by="a", minute=1440 * n)], [], [], 0, MADRID, now)
    assert len(state) == days.KEPT + 1
