"""Who is told, who is spared, and that nothing of what was not said is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from carebot.config.load import read
from carebot.decide.state import State
from carebot.decide.telling import quiet, routing
from carebot.model import Alert, Click, Incident, SelfReport, Text, Turn, Witnesses
from carebot.service import routes
from tests.saying import NOON, RULES, TestDesk, at, rulebook, say

ROUTES = 'routes:\n  desk: {slack: "#desk"}\n'


def rules(desk: str = "", more: str = "", text: str = RULES) -> str:
    return text.replace(ROUTES, f'routes:\n  desk: {{slack: "#desk"{", " + desk if desk else ""}}}\n{more}')


def people(desk: TestDesk, count: int, *, minute: float = 0, about: str = "app", by: str = "p", every: float = 0.25, **more: Any) -> None:
    for n in range(count):
        desk.hears(say(f"{about} no va {by}{n}", by=f"{by}{n}", minute=minute + n * every, about=about, **more))


def said(desk: TestDesk, reason: str) -> list[Alert]:
    return [alert for alert in desk.alerts if alert.reason == reason]


def press(action: str, minute: float, incident: str, **more: str) -> Click:
    return Click(id=f"c:{minute}", action=action, user="U1", name="Marta", incident=incident, at=at(minute), **more)  # type: ignore[arg-type]


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def alert(**more: Any) -> Alert:
    told: dict[str, Any] = {
        "alert": "al-1",
        "at": NOON,
        "reason": "confirmed",
        "headline": Text("x", "x"),
        "severity": 2,
        "incident": "i",
        "to": "desk",
    }
    return Alert(**{**told, "brand": "Banco Lumbre", "service": "app", **more})


BOOK = rulebook(
    rules(
        more="""
  cards: {services: [card]}
  leads: {at_least: 2}
  app-leads: {at_least: 1, services: [app]}
  fraud: {reasons: [fraud, impersonator]}
  other: {brands: [Banco Faro]}
"""
    )
)


@pytest.mark.parametrize(
    ("told", "to"),
    [
        (alert(), ("desk", "leads")),
        (alert(severity=1), ("desk", "leads", "app-leads")),
        (alert(severity=3, service="card"), ("desk", "cards")),
        (alert(reason="fraud", incident=None, case="c", severity=3), ("desk", "fraud")),
        (alert(reason="churn", case="c", severity=1), ("desk",)),
        (alert(reason="source_silent", incident=None, severity=None), ("desk",)),
        (alert(brand="Banco Faro", severity=4), ("desk", "other")),
        (alert(to="gone", severity=4), ("desk",)),
        (alert(reason="acted"), ("desk",)),
    ],
)
def test_an_alert_goes_to_its_own_route_and_to_all_that_ask_for_it(told: Alert, to: tuple[str, ...]):
    assert routing.routes_of(told, BOOK) == to


def test_what_is_told_further_is_also_told_where_the_card_stands():
    assert routing.routes_of(alert(to="leads", reason="escalated"), BOOK, ("desk", "cards")) == ("leads", "desk", "cards")


def test_a_step_to_the_fallback_goes_all_its_ways():
    book = rulebook(rules(more="fallback: [pager, mail]\n"))
    assert routes(replace(alert(), to="fallback", also_to=("desk",)), book) == ("fallback:pager", "fallback:mail", "desk")


def test_an_incident_is_told_to_every_route_it_ever_was_told_to():
    desk = TestDesk(rules(more="  leads: {at_least: 1}\n"))
    people(desk, 40)
    (up,) = said(desk, "severity_up")
    assert (up.to, up.also_to) == ("desk", ("leads",))
    desk.waits(150, since=10)
    assert (said(desk, "resolved")[0].to, said(desk, "resolved")[0].also_to) == ("desk", ("leads",))


# ── a bigger thing explains it ───────────────────────────────────────────────────────────────────────────────────

DEPENDS = RULES.replace("card: {name: {es: las tarjetas, en: cards}}", "card: {name: {es: las tarjetas, en: cards}, depends_on: [app]}")


def one(id_: str, service: str, *, severity: int, phase: str = "confirmed", **more: Any) -> Incident:
    started = {"brand": "Banco Lumbre", "onset_at": NOON, "opened_at": NOON, "turns": (Turn(at=NOON, phase="suspected", push="opened"),)}
    return Incident(id=id_, service=service, severity=severity, phase=phase, **started, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("big", "small", "told", "hides"),
    [
        ({"severity": 2}, {"severity": 3}, {"severity": 3}, True),
        ({"severity": 2}, {"severity": 2}, {"severity": 2}, False),  # as grave as the other
        ({"severity": 3}, {"severity": 4}, {"severity": 4}, False),  # not big
        ({"severity": 1, "phase": "resolved"}, {"severity": 3}, {"severity": 3}, False),
        ({"severity": 2, "phase": "suspected"}, {"severity": 4}, {"severity": 4}, False),
        ({"severity": 2}, {"severity": 3}, {"severity": 1, "reason": "severity_up"}, False),  # severity 1 is always said
        ({"severity": 2}, {"severity": 3}, {"severity": 3, "reason": "resolved"}, False),  # its card must end
    ],
)
def test_a_big_incident_hides_the_small_one_that_depends_on_it(big: Any, small: Any, told: Any, hides: bool):
    state = State(incidents={"big": one("big", "app", **big), "small": one("small", "card", **small)})
    out = routing.told(state, [alert(incident="small", service="card", **told)], rulebook(DEPENDS), NOON)
    assert (len(out.alerts), len(out.muted)) == ((0, 1) if hides else (1, 0))
    assert state.incidents["big"].hidden == ({"confirmed": 1} if hides else {})


def test_what_was_hidden_is_shown_when_the_big_one_is_over_and_it_is_not():
    state = State(incidents={"big": one("big", "app", severity=2), "small": one("small", "card", severity=3, told_severity=3)})
    book = rulebook(DEPENDS)
    assert routing.told(state, [alert(incident="small", service="card", severity=3)], book, NOON).alerts == ()
    assert routing.time_passed(state, book, NOON) == []
    state.incidents["big"] = replace(state.incidents["big"], phase="resolved", resolved_at=NOON)
    (again,) = routing.time_passed(state, book, at(1))
    assert (again.reason, again.incident) == ("still_open", "small")
    assert routing.told(state, [again], book, at(1)).alerts[0].to == "desk"
    assert routing.time_passed(state, book, at(2)) == []


def test_nobody_hears_the_end_of_what_nobody_heard_of():
    state = State(incidents={"big": one("big", "app", severity=2), "small": one("small", "card", severity=3)})
    book = rulebook(DEPENDS)
    routing.told(state, [alert(incident="small", service="card", severity=3)], book, NOON)
    out = routing.told(state, [alert(alert="al-2", incident="small", service="card", severity=3, reason="resolved")], book, at(5))
    assert (out.alerts, [why for _, why in out.muted]) == ((), ["nobody was told of it"])


def test_two_that_suffer_from_one_provider_are_one_cause():
    seen = Witnesses(upstream=("Example Cloud/eu",))
    state = State(
        incidents={"big": one("big", "app", severity=2, witnesses=seen), "small": one("small", "atm", severity=3, witnesses=seen)}
    )
    assert routing.told(state, [alert(incident="small", service="atm", severity=3)], rulebook(), NOON).alerts == ()


def test_who_leaves_because_of_just_that_is_counted_and_who_has_a_matter_of_their_own_is_said():
    desk = TestDesk()
    desk.hears(say("@BancoLumbre llevo un mes esperando", by="old", minute=0, means="complaint", about="account"))
    people(desk, 12, minute=5)
    desk.hears(say("otra vez caída, me voy", by="new", minute=9, means="outage churn"))
    desk.hears(say("otra vez caída, me voy de verdad", by="old", minute=10, means="outage churn"))
    desk.hears(say("sin app y sin dinero en Lisboa", by="eva", minute=11, means="outage moment"))
    (told,) = said(desk, "churn")
    assert "old" in told.headline.en
    assert len(said(desk, "moment")) == 1, "a moment of truth is never hidden"
    (app,) = desk.state.incidents.values()
    assert app.hidden == {"churn": 1}


# ── silences, and who asked for a rest ───────────────────────────────────────────────────────────────────────────


def silenced(until: float, more: str = "") -> str:
    return RULES + f'silences:\n  - {{until: "{at(until).isoformat()}", owner: Marta, because: planned work{more}}}\n'


def test_a_silence_tells_what_it_kept_back_when_it_ends_and_shows_what_goes_on():
    desk = TestDesk(silenced(60).replace("core: true, ", ""))
    people(desk, 8, minute=0, every=0.5)
    assert desk.told == [] and desk.last is not None
    for minute in range(5, 66):
        desk.hears(say("sigue sin ir", by=f"q{minute}", minute=minute))
    first, second = desk.alerts[:2]
    assert {first.reason, second.reason} == {"digest", "still_open"}
    digest = next(alert for alert in desk.alerts if alert.reason == "digest")
    assert digest.facts["digest"] == "silence" and digest.facts["counts"]["suspected"] == 1
    assert digest.headline.en.startswith("Marta's silence is over: ") and digest.at == at(60)
    assert desk.state.memory.held_back == {}


def test_a_silence_that_is_taken_out_of_the_rules_is_over():
    desk = TestDesk(silenced(600).replace("core: true, ", ""))
    people(desk, 5, minute=0, every=0.5)
    desk.rules = rulebook()
    desk.hears(minute=4)
    assert sorted(desk.reasons) == ["digest", "still_open"]


@given(
    severity=st.sampled_from([1, 2, 3, 4]),
    reason=st.sampled_from(["suspected", "confirmed", "grew", "severity_up", "reopened", "still_open", "escalated"]),
    hour=st.integers(0, 47),
    kept=st.booleans(),
    snoozed=st.booleans(),
)
def test_severity_1_is_never_silenced_nor_held_nor_hidden(severity: int, reason: Any, hour: int, kept: bool, snoozed: bool):
    book = rulebook(
        rules("quiet: mon-sun 20:00-10:00", text=DEPENDS) + f'silences:\n  - {{until: "{at(9e4).isoformat()}", owner: M, because: x}}\n'
    )
    now = NOON + timedelta(hours=hour)
    small = one("small", "card", severity=severity, kept_back="quiet desk" if kept else "")
    if snoozed and reason == "severity_up":
        small = replace(small, snoozed_until=now + timedelta(hours=1))
    state = State(incidents={"big": one("big", "app", severity=1), "small": small})
    out = routing.told(state, [alert(incident="small", service="card", severity=severity, reason=reason, at=now)], book, now)
    assert len(out.alerts) == (1 if severity == 1 else 0)
    assert len(out.alerts) + len(out.muted) == 1


def test_a_snooze_holds_what_grows_until_its_end_and_not_what_gets_graver():
    desk = TestDesk()
    people(desk, 8, every=0.25)
    (incident,) = desk.state.incidents
    desk.hears(press("snooze", 3, incident, choice="1h"), minute=3)
    people(desk, 40, minute=4, by="q", every=0.25)
    assert [reason for reason in desk.reasons if reason in ("grew", "severity_up")] == ["severity_up"]
    for minute in range(15, 64):
        desk.hears(say("sigue", by=f"r{minute}", minute=minute))
    rest = [(alert.at, alert.reason) for alert in desk.alerts if alert.at > at(14)]
    assert rest == [(at(63), "grew")], "who asked for an hour hears how it grew after an hour"


# ── quiet hours ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("hours", "when", "until"),
    [
        ("mon-sun 22:00-08:00", "2026-03-12T21:59+01:00", None),
        ("mon-sun 22:00-08:00", "2026-03-12T22:00+01:00", "2026-03-13T08:00+01:00"),
        ("mon-sun 22:00-08:00", "2026-03-13T07:59+01:00", "2026-03-13T08:00+01:00"),
        ("mon-fri 22:00-24:00, tue-sat 00:00-08:00", "2026-03-13T23:00+01:00", "2026-03-14T08:00+01:00"),
        ("mon-fri 22:00-24:00, tue-sat 00:00-08:00", "2026-03-14T23:00+01:00", None),
        ("fri 22:00-24:00, sat-sun 00:00-24:00, mon 00:00-08:00", "2026-03-13T22:30+01:00", "2026-03-16T08:00+01:00"),
        ("sat-sun 22:00-09:00", "2026-03-29T01:30+01:00", "2026-03-29T09:00+02:00"),  # the night of 23 hours
        ("mon-sun 12:00-14:00", "2026-03-12T12:30+01:00", "2026-03-12T14:00+01:00"),
    ],
)
def test_a_rest_ends_when_the_clock_on_the_wall_says_so(hours: str, when: str, until: str | None):
    book = rulebook(rules(f'quiet: "{hours}"'))
    ends = quiet.rests_until("desk", book, datetime.fromisoformat(when).astimezone(UTC))
    assert ends == (until and datetime.fromisoformat(until))


def night(more: str = "") -> str:
    return rules("quiet: mon-sun 12:00-14:00", more).replace("core: true, ", "")  # from the first minute on, for two hours


def test_what_can_wait_is_told_when_the_rest_ends_in_one_message_and_what_goes_on_is_shown():
    desk = TestDesk(night())
    desk.hears(say("me voy del banco", by="leaves", minute=0, means="churn"), minute=0)
    people(desk, 6, minute=1, every=0.5)
    desk.hears(say("me han robado en Lisboa", by="eva", minute=5, means="moment"))
    assert sorted(desk.reasons) == ["churn", "moment"], "who needs a human is told at night too"
    for minute in range(6, 124):
        desk.hears(say("sigue", by=f"q{minute}", minute=minute) if minute > 100 else say("x", by="z", minute=minute, means="question"))
    digest = next(alert for alert in desk.alerts if alert.reason == "digest")
    assert (digest.at, digest.to, digest.late_by_s) == (at(120), "desk", 0)
    assert digest.facts["digest"] == "quiet" and digest.facts["counts"]["suspected"] == 1
    assert digest.detail is not None and "Confirmed failure: the app" in digest.detail.en
    assert desk.state.memory.held_back == {}


def test_carebot_says_of_itself_at_night_too():
    desk = TestDesk(night())
    desk.hears(SelfReport(id="x", reason="source_silent", headline=Text("sorda", "deaf"), at=at(1)), minute=1)
    assert desk.reasons == ["source_silent"]


def test_a_route_that_is_awake_hears_what_another_rests_from():
    desk = TestDesk(night("  leads: {at_least: 4}\n"))
    people(desk, 4, minute=1, every=0.5)
    assert [(one.to, one.also_to) for one in desk.alerts][:1] == [("leads", ())]
    assert list(desk.state.memory.held_back) == ["quiet desk"]


def test_a_card_that_stands_is_kept_true_while_its_route_rests():
    desk = TestDesk(rules("quiet: mon-sun 12:05-14:00").replace("core: true, ", ""))
    people(desk, 4, minute=0, every=0.5)
    told = len(desk.alerts)
    outcomes = [desk.hears(say("tampoco va", by=f"q{n}", minute=6 + 2 * n)) for n in range(6)]
    assert any(outcome.muted for outcome in outcomes) and len(desk.alerts) == told
    cards = [card for outcome in outcomes for card in outcome.cards]
    assert {card.to for card in cards} == {"desk"} and max(card.facts["count"] for card in cards) >= 8


# ── said again ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_nobody_takes_is_said_again_an_hour_after_the_last_word():
    desk = TestDesk(rules("repeat: 1h"))
    people(desk, 8, every=0.25)
    for minute in range(3, 150):
        desk.hears(say("sigue", by=f"q{minute}", minute=minute) if minute % 4 == 0 else say("?", by="z", minute=minute, means="question"))
    again = [alert.at for alert in said(desk, "still_open")]
    spoken = [alert.at for alert in desk.alerts if alert.incident and not alert.case and alert.reason != "still_open"]
    assert again and max(one for one in spoken if one < again[0]) == again[0] - timedelta(hours=1)


def test_what_somebody_took_is_not_said_again():
    desk = TestDesk(rules("repeat: 1h"))
    people(desk, 8, every=0.25)
    (incident,) = desk.state.incidents
    desk.hears(press("take", 3, incident), minute=3)
    for minute in range(4, 150):
        desk.hears(say("sigue", by=f"q{minute}", minute=minute) if minute % 4 == 0 else say("?", by="z", minute=minute, means="question"))
    assert said(desk, "still_open") == []


# ── on and off ───────────────────────────────────────────────────────────────────────────────────────────────────

ALONE = RULES.split("promises:")[0] + ROUTES


def wave(desk: TestDesk, on: int, off: int, hours: float, each: int) -> None:
    n = 0
    for minute in range(int(60 * hours)):
        some = []
        if minute % (on + off) < on:
            some = [say(f"no va {n + k}", by=f"p{n + k}", minute=minute + k / (each + 1)) for k in range(each)]
            n += each
        desk.hears(*some, minute=minute + 0.99)


@pytest.mark.parametrize("hours", [6, pytest.param(24, marks=pytest.mark.long)])
def test_two_minutes_on_and_two_off_are_at_most_four_posts_an_hour(hours: int):
    desk = TestDesk(ALONE)
    wave(desk, 2, 2, hours, 5)
    assert desk.alerts
    for first in desk.alerts:
        assert sum(timedelta(0) <= other.at - first.at < timedelta(hours=1) for other in desk.alerts) <= 4


def test_what_comes_and_goes_is_one_incident_that_says_so_once_and_is_watched_for_longer():
    desk = TestDesk(ALONE)
    wave(desk, 15, 75, 5.5, 3)
    (flaps,) = said(desk, "flapping")
    assert flaps.headline.en == "On and off (3 times since 12:00): the app"
    assert flaps.facts["flaps"] == {"times": 3, "since": "2026-03-12T11:00:59.400000Z"}
    (incident,) = desk.state.incidents.values()
    assert incident.phase != "resolved"
    after = desk.reasons[desk.reasons.index("flapping") :]
    assert not {"confirmed", "reopened", "resolved"} & set(after)
    desk.waits(60 * 5.5 + 190, since=60 * 5.5)
    assert desk.reasons[-1] == "resolved", "two quiet hours, and it is over"


# ── the rules ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("desk", "hint"),
    [
        ("quiet: always", "would be quiet day and night"),
        ("quiet: nights", "must be opening hours"),
        ("repeat: 5m", "must be from 15m to 7d"),
        ("escalate: [{after: 5m, to: lead}]", "there is no route called 'lead'"),
        ("escalate: [{after: 15m, to: desk}, {after: 5m, to: desk}]", "Each step comes later"),
        ("escalate: [{after: 5m, to: fallback}]", "there is no route called 'fallback'"),
        ("reasons: [outages]", "there is no reason called"),
        ("at_least: 7", "at_least"),
        ("digest: nine", "must be when a digest is told"),
        ("digest: mun 09:00", "names a day that does not exist"),
    ],
)
def test_a_route_that_cannot_work_is_said_in_words(desk: str, hint: str):
    book, problems = read(rules(desk), kinds={})
    assert book is None and hint in "\n".join(map(str, problems))


def test_a_silence_lasts_a_week_at_the_most():
    text = silenced(60 * 24 * 9)
    book, problems = read(text, kinds={}, now=NOON)
    assert book is None
    assert "lasts 9 days more, and 7 is the most" in str(problems[0]) and "Write 2026-03-19T11:00+00:00 or earlier" in str(problems[0])
    assert read(text, kinds={}, now=NOON + timedelta(days=2, minutes=1))[0], "what is right today is right tomorrow"
    assert read(text, kinds={})[0], "a replay of last year does not ask what day it is"
