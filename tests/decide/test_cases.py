"""Who waits, who was sent elsewhere, who needs a person."""

from __future__ import annotations

from carebot.decide.care.desk import waiting
from carebot.model import Deleted
from tests.saying import TestDesk, at, say


def complaint(by: str = "ana", minute: float = 0, means: str = "complaint", **more):
    return say("@BancoLumbre nobody answers me", by=by, minute=minute, means=means, about="account", **more)


def reply(to: str, minute: float, text: str = "@ana we solved it", hand_off: bool = False, **more):
    means = "hand_off" if hand_off else "praise"
    return say(text, by="LumbreResponde", minute=minute, in_reply_to=to, means=means, about="none", **more)


def test_a_complaint_starts_a_clock_and_the_brands_reply_stops_it():
    desk = TestDesk()
    desk.hears(complaint(id="x:1"))
    (case,) = desk.state.desk.cases.values()
    assert [(clock.warn_at, clock.due_at) for clock in case.clocks] == [((at(24),), at(30))]
    desk.hears(reply("x:1", minute=5))
    desk.waits(60, since=5)
    assert desk.told == [] and waiting(desk.state.desk.cases.values()) == []


def test_the_desk_is_warned_before_the_promise_is_broken_and_told_when_it_is():
    desk = TestDesk()
    desk.hears(complaint(id="x:1"))
    desk.waits(60)
    assert desk.told == [("sla_warning", "case-x:1"), ("sla_breached", "case-x:1")]
    assert [alert.at for alert in desk.alerts] == [at(24), at(54)]  # one word about clocks, then half an hour without


def test_many_clocks_that_run_out_together_are_one_message():
    desk = TestDesk()
    for person in range(12):
        desk.hears(complaint(by=f"p{person}", minute=9.5 + person / 40))
    desk.waits(70, since=10)
    assert desk.reasons == ["sla_warning", "sla_breached"]
    assert [len(alert.messages) for alert in desk.alerts] == [12, 12]
    assert desk.alerts[1].headline.en == "12 customers unanswered and overdue; the longest wait, 54 min"
    assert desk.alerts[1].detail.en.startswith("@p0 (X), 54 min; ") and desk.alerts[1].detail.en.endswith("; and 7 more.")


def test_a_clock_is_spoken_of_once_though_its_case_was_touched_by_a_deletion():
    desk = TestDesk()
    desk.hears(complaint(id="x:1"))
    desk.hears(complaint(id="x:2", minute=1))
    desk.hears(Deleted(id="x:2", at=at(2)), minute=2)
    desk.waits(60, since=2)
    assert desk.reasons == ["sla_warning", "sla_breached"]
    assert [alert.case for alert in desk.alerts] == ["case-x:1", "case-x:1"]


def test_a_whole_nights_clocks_run_out_together_and_each_is_counted():
    desk = TestDesk()
    desk.hears(
        *(complaint(by=f"p{person}", minute=9 * 60 + person / 10) for person in range(200)), minute=10 * 60
    )  # the desk closed at 20:00
    opening = 20 * 60  # 08:00 the next morning
    desk.waits(opening + 70, since=10 * 60)
    assert [len(alert.facts["cases"]) for alert in desk.alerts] == [200, 200]


def test_talk_about_the_brand_is_heard_but_only_what_is_said_to_it_starts_a_clock():
    desk = TestDesk()
    desk.hears(say("nobody at the bank ever answers", means="complaint"))
    assert not desk.state.desk.cases
    desk.hears(say("nobody at the bank ever answers", means="complaint", source="app_store", by="eva"))
    desk.hears(say("they stole my card in Bogotá", means="moment", by="luz"))
    assert {case.author for case in desk.state.desk.cases.values()} == {"eva", "luz"}


def test_nobody_promises_an_answer_at_night():
    desk = TestDesk()
    desk.hears(complaint(id="x:1", minute=8 * 60 - 10))  # 19:50 in Madrid; the desk closes at 20:00
    (case,) = desk.state.desk.cases.values()
    assert case.clocks[0].due_at == at(20 * 60 + 20)  # 08:20 the next morning


def test_being_sent_elsewhere_is_not_an_answer_and_twice_is_an_alarm():
    desk = TestDesk()
    desk.hears(complaint(id="x:1"))
    desk.hears(reply("x:1", minute=2, text="@ana call 900 100 200", hand_off=True))
    desk.hears(complaint(id="x:2", minute=5))
    desk.hears(reply("x:2", minute=6, text="@ana go to your branch", hand_off=True))
    (case,) = desk.state.desk.cases.values()
    assert (case.contacts, case.answers, case.hand_offs, case.clocks[0].met_at) == (2, 0, 2, None)
    assert desk.told == [("hand_offs", "case-x:1")]


def test_a_reply_is_found_by_the_handle_it_starts_with():
    desk = TestDesk()
    desk.hears(complaint(id="x:1"))
    desk.hears(reply("", minute=3))
    (case,) = desk.state.desk.cases.values()
    assert case.answers == 1 and case.clocks[0].met_at == at(3)


def test_a_stranded_customer_reaches_a_person_at_once():
    desk = TestDesk()
    desk.hears(complaint(id="x:1", means="moment complaint"))
    assert desk.told == [("moment", "case-x:1")] and desk.alerts[0].severity == 2


def test_the_same_need_is_told_once_and_another_need_again():
    desk = TestDesk()
    desk.hears(complaint(id="x:1", means="churn complaint"))
    desk.hears(complaint(id="x:2", minute=5, means="churn complaint"))
    desk.hears(complaint(id="x:3", minute=6, means="moment"))
    assert desk.reasons == ["churn", "moment"]


def test_thanks_after_an_answer_solves_and_a_new_complaint_reopens():
    desk = TestDesk()
    desk.hears(complaint(id="x:1"))
    desk.hears(reply("x:1", minute=2))
    desk.hears(say("thank you!", by="ana", minute=3, means="praise"))
    assert next(iter(desk.state.desk.cases.values())).solved_at == at(3)
    desk.hears(complaint(id="x:4", minute=9))
    (case,) = desk.state.desk.cases.values()
    assert case.solved_at is None and case.opened_at == at(0)


def test_during_an_incident_the_single_alarms_are_silent_and_the_card_counts_who_waits():
    desk = TestDesk()
    for person in range(40):
        desk.hears(say("@BancoLumbre it is down", by=f"p{person}", minute=person, means="outage complaint"))
    assert not [reason for reason in desk.reasons if reason.startswith("sla")]
    assert desk.alerts[-1].facts["waiting"] > 10


def test_a_quiet_case_leaves_the_desk_after_three_days():
    desk = TestDesk()
    desk.hears(complaint(id="x:1"))
    desk.hears(reply("x:1", minute=2))
    desk.hears(minute=3 * 1440 + 10)
    assert not desk.state.desk.cases and not desk.state.desk.by_message


def test_chatter_opens_no_case():
    desk = TestDesk()
    desk.hears(say("nice weather", means="praise"))
    assert not desk.state.desk.cases


def test_a_warning_about_another_customer_does_not_wait_until_it_is_too_late():
    """Words about clocks come at most every half hour, and three customers who write minutes apart are each warned of all the same."""
    desk = TestDesk()
    for n, who in enumerate(("ana", "leo", "eva")):
        desk.hears(say("@BancoLumbre charged twice", means="complaint", by=who, minute=n * 6))
        desk.waits(n * 6 + 5, since=n * 6)
    desk.waits(60, since=17)
    assert [(alert.reason, alert.at) for alert in desk.alerts] == [
        ("sla_warning", at(24)),
        ("sla_warning", at(32)),  # leo's, due at 36
        ("sla_warning", at(38)),
        ("sla_breached", at(54)),
    ]
