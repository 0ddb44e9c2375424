"""What may call a person, and how often: unsure moments, warnings of scams, many alarms of one kind, a desk that nobody reads."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from carebot.decide import match
from carebot.decide.care.replies import times_sent_away
from carebot.decide.state import Memory
from carebot.model import Alert, Line, Message
from carebot.understand.normalise import plain
from carebot.understand.scams import only_warns
from carebot.understand.verdicts import SERVICES, SYMPTOMS, overruled, unread
from tests.saying import RULES, TestDesk, at, rulebook, say

RULES = RULES.replace("promises:", "  - {name: thieves, when: fraud, route: fraud}\npromises:") + '  fraud: {slack: "#fraud"}\n'
X = {"x": ("BancoLumbre", "LumbreResponde")}


def post(text: str, **more: object) -> Message:
    return say(text, verdict=None, **more)  # read by the reader itself


# ── whom is it said to ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "waits_for_us"),
    [
        ("@BancoLumbre no me llega la tarjeta", True),
        (".@lumbreresponde otra vez la app", True),
        ("@BancoLumbre...¿hay alguien?", True),
        ("@BancoLumbre.otra vez", True),
        ("La app de @BancoLumbre no va", True),
        ("la app de Banco Lumbre no va", False),
        ("@vecina en Banco Lumbre me pasa igual", False),
        ("@vecina @BancoLumbre a mí también", False),
        ("me ha contestado @otrobanco y vosotros no", False),
        ("escribidme a ana@bancolumbre.example", False),
    ],
)
def test_who_talks_of_us_with_somebody_else_waits_for_no_answer_of_ours(text: str, waits_for_us: bool):
    assert match.is_addressed(say(text), X) is waits_for_us


def test_an_answer_without_names_and_a_direct_message_are_said_to_us():
    assert match.is_addressed(say("gracias, ya lo pruebo", in_reply_to="x:7"), X)
    assert match.is_addressed(say("@vecina @BancoLumbre a mí tampoco me va", in_reply_to="x:7"), X), (
        "X writes the names of the thread itself"
    )
    assert not match.is_addressed(say("@vecina a mí tampoco", in_reply_to="x:7"), X)
    assert match.is_addressed(say("@vecina te lo cuento luego", direct=True), X)
    assert match.is_addressed(say("no va", source="app_store"), X)
    assert match.is_addressed(say("@lumbre no va", source="mastodon"), {"mastodon": ("lumbre@social.example",)})


def test_a_chat_between_friends_opens_no_case_but_who_was_robbed_does_whoever_they_tell():
    desk = TestDesk(RULES)
    desk.hears(say("@vecina @BancoLumbre qué mal van", means="complaint", by="luis"))
    assert not desk.state.desk.cases
    desk.hears(say("@vecina me han robado con la tarjeta de Lumbre", means="fraud", minute=1, by="eva"))
    assert [case.author for case in desk.state.desk.cases.values()] == ["eva"]


# ── sure enough to call a person ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("p", "kinds"), [(0.3, ["complaint"]), (0.5, ["complaint", "moment"])])
def test_an_unsure_moment_calls_nobody_and_what_else_it_means_still_counts(p: float, kinds: list[str]):
    one = say("two hours on hold and my battery died", means="complaint moment")
    assert one.verdict
    read = overruled(unread([""], SERVICES, SYMPTOMS), [replace(one.verdict, moment=replace(one.verdict.moment, p=p))])
    found = match.signals([replace(one, verdict=None)], [plain(one.text)], read, np.zeros(1, bool), rulebook(RULES))
    assert [signal.kind for signal in found] == kinds


def test_a_death_in_the_family_calls_a_person():
    desk = TestDesk(RULES)
    desk.hears(post("@BancoLumbre my father passed away and his account is blocked, I need help for the funeral", by="eve"))
    assert desk.told[-1][0] == "moment"


def test_a_verdict_that_somebody_else_gave_is_taken_as_it_is():
    desk, unsure = TestDesk(RULES), say("help", means="moment")
    assert unsure.verdict
    desk.hears(replace(unsure, verdict=replace(unsure.verdict, moment=replace(unsure.verdict.moment, p=0.2))))
    assert desk.reasons == ["moment"]


# ── a scam that did not catch them ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("Me ha llegado este correo, ¿es vuestro o es phishing?", False),
        ("Ojo, está llamando un número en vuestro nombre", False),
        ("I got a text message pretending to be you, is it a scam?", False),
        ("Me llegó un SMS, entré en el enlace y puse la clave", True),
        ("Recibí una llamada y me han sacado 300 euros", True),
        ("They called me and now there are charges on my card", True),
        ("Me han estafado", True),
    ],
)
def test_who_only_warns_of_a_scam_is_told_from_who_was_caught(text: str, caught: bool):
    assert only_warns(plain(text)) is not caught


SEEN = "@BancoLumbre me ha llegado este correo falso que parece vuestro, es phishing"


def test_a_wave_of_warnings_is_one_word_and_then_one_for_all_of_them():
    desk = TestDesk(RULES)
    for n in range(6):
        desk.hears(post(f"{SEEN} {n}", by=f"p{n}", minute=n * 10))
    assert [(alert.reason, alert.severity, alert.headline.es) for alert in frauds(desk)] == [("fraud", 4, "Avisa de una estafa: @p0 (X)")]
    desk.waits(90, since=50)
    one = frauds(desk)[-1]
    assert (one.headline.es, one.case, len(one.facts["cases"]), len(one.messages)) == ("5 clientes más avisan de estafas", None, 5, 5)
    assert one.detail and one.detail.es == "@p1 (X), @p2 (X), @p3 (X), @p4 (X) y @p5 (X)."
    assert (one.at, one.late_by_s, one.to) == (at(90), 0, "fraud")


def frauds(desk: TestDesk) -> list[Alert]:
    return [alert for alert in desk.alerts if alert.reason == "fraud"]


def test_who_warned_and_then_was_caught_is_told_of_at_once():
    desk = TestDesk(RULES)
    for n in range(2):
        desk.hears(post(SEEN, by=f"p{n}", minute=n))
    desk.hears(post("@BancoLumbre al final me han robado dinero de la cuenta", by="p1", minute=30))
    assert [(alert.severity, alert.headline.en) for alert in frauds(desk)][1:] == [(3, "Possible fraud: @p1 (X)")]


# ── many of one kind ─────────────────────────────────────────────────────────────────────────────────────────────


def leaving(desk: TestDesk, people: int) -> None:
    for n in range(people):
        desk.hears(say("@BancoLumbre I am leaving", means="churn", by=f"p{n}", minute=n))


def test_forty_who_leave_within_an_hour_are_four_messages():
    desk = TestDesk(RULES)
    leaving(desk, 40)
    desk.waits(70, since=40)
    said = [alert for alert in desk.alerts if alert.reason == "churn"]
    assert [alert.headline.en for alert in said[3:]] == ["37 more customers may leave"] and len(said) == 4
    assert sorted(said[3].facts["cases"] + [alert.case for alert in said[:3]]) == sorted(desk.state.desk.cases)
    leaving_later = say("@BancoLumbre me too", means="churn", by="late", minute=80)
    assert not [alert for alert in desk.hears(leaving_later).alerts if alert.reason == "churn"], "the next ones wait for an hour again"


def test_a_moment_and_who_was_robbed_never_wait():
    desk = TestDesk(RULES)
    for n in range(10):
        desk.hears(say("@BancoLumbre help", means="moment" if n % 2 else "fraud", by=f"p{n}", minute=n))
    assert [desk.reasons.count(reason) for reason in ("moment", "fraud")] == [5, 5]


def test_a_backlog_of_days_calls_a_person_for_three_and_tells_the_others_in_one_word():
    desk, days = TestDesk(RULES), 3 * 1440
    desk.hears(*(say("@BancoLumbre stranded", means="moment", by=f"p{n}", minute=n) for n in range(12)), minute=days)
    desk.waits(days + 11, since=days)
    said = [alert for alert in desk.alerts if alert.reason == "moment"]
    assert [(alert.headline.en, alert.severity) for alert in said[3:]] == [("9 more customers needed a person over a day ago", 2)]
    desk.hears(say("@BancoLumbre stranded", means="moment", by="now", minute=days + 12))
    assert desk.alerts[-1].headline.en == "Needs a person now: @now (X)"


def test_who_is_well_again_before_their_turn_is_not_told_of_and_one_that_is_left_is_told_as_themselves():
    desk = TestDesk(RULES)
    leaving(desk, 5)
    desk.hears(say("it works again, thanks", means="recovered", by="p3", minute=20))
    desk.waits(63, since=20)
    last = [alert for alert in desk.alerts if alert.reason == "churn"][-1]
    assert (last.case, last.headline.en) == (next(id_ for id_ in desk.state.desk.cases if "p4" in id_), "May leave: @p4 (X)")


def test_a_restart_between_neither_forgets_nor_repeats_who_waits_to_be_told():
    desk = TestDesk(RULES)
    leaving(desk, 6)
    desk.state.memory = msgspec.json.decode(msgspec.json.encode(desk.state.memory), type=Memory)
    desk.waits(130, since=6)
    assert [len(alert.facts["cases"]) for alert in desk.alerts if "together" in alert.facts] == [3]


# ── a desk that nobody reads ─────────────────────────────────────────────────────────────────────────────────────


def test_where_nobody_is_answered_words_about_clocks_become_rarer_until_somebody_is():
    desk = TestDesk()
    for n in range(36):
        desk.hears(say("@BancoLumbre charged twice", means="complaint", by=f"p{n}", minute=n * 10))
        desk.waits(n * 10 + 9, since=n * 10)
    told = [alert.at for alert in desk.alerts if alert.reason == "sla_breached"]
    assert [round((later - sooner).total_seconds() / 60) for sooner, later in pairwise(told)] == [30, 60, 120]
    desk.waits(361, since=359)
    back = say("@p35 it is back in your account", by="BancoLumbre", minute=362, about="none")
    assert "sla_breached" in [alert.reason for alert in desk.hears(back).alerts], "who answers wants to know who else waits"


# ── one answer in several posts ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        ([("asked", 0), ("hand_off", 5), ("hand_off", 6), ("hand_off", 7)], 1),
        ([("asked", 0), ("hand_off", 5), ("asked", 7), ("hand_off", 9)], 2),
        ([("asked", 0), ("hand_off", 5), ("answer", 6), ("hand_off", 7)], 1),
        ([("asked", 0), ("hand_off", 5), ("hand_off", 600)], 2),
        ([("asked", 0), ("answer", 5)], 0),
    ],
)
def test_a_long_answer_in_several_posts_sends_them_away_once(lines: list[tuple[str, float]], times: int):
    assert times_sent_away([Line(f"x:{minute}", at(minute), what) for what, minute in lines]) == times


def test_two_posts_of_one_answer_are_no_second_door_and_the_next_answer_is():
    desk = TestDesk()
    desk.hears(say("@BancoLumbre I was charged twice", means="complaint", id="x:1"))
    for minute, text in [(5, "@ana please call us on 900 000 000"), (6, "@ana or go to your branch")]:
        desk.hears(say(text, by="BancoLumbre", minute=minute, means="hand_off", in_reply_to="x:1"))
    assert "hand_offs" not in desk.reasons
    desk.hears(say("@BancoLumbre I did, nobody helps", means="complaint", minute=9))
    desk.hears(say("@ana call 900 000 000", by="BancoLumbre", minute=12, means="hand_off", in_reply_to="x:1"))
    assert desk.reasons.count("hand_offs") == 1
