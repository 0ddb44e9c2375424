"""A case from the first message to its end, and again: clocks of each kind, promises in our own words, who comes back, what reach may do."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from carebot.decide.care.desk import waiting
from carebot.decide.care.priority import severity
from carebot.model import Case, Deleted
from tests.saying import RULES, TestDesk, at, say

PROMISES = (
    RULES.partition("promises:")[0]
    + """
promises:
  - {name: people-first, for: [moment, fraud], first_response: 10m, next_response: 10m, resolution: 1h, open: always, route: people}
  - {name: reviews, sources: [app_store], first_response: 12h, open: always}
  - {name: first-answer, first_response: 30m, next_response: 1h, resolution: 8h, open: "mon-fri 08:00-20:00", warn_at: [50%, 80%]}
routes:
  desk: {slack: "#desk"}
  people: {slack: "#people"}
"""
)
DAY = 1440


def asks(minute: float = 0, by: str = "ana", means: str = "complaint", text: str = "@BancoLumbre my card was charged twice", **more):
    return say(text, by=by, minute=minute, means=means, **{"about": "account", "id": f"x:{by}-{minute:g}", **more})


def reply(minute: float, text: str = "@ana your money is back in your account", to: str = "", **more):
    message = say(text, by="LumbreResponde", minute=minute, in_reply_to=to, about="none", id=f"x:us-{minute:g}", **more)
    return msgspec.structs.replace(message, verdict=None)


def desk(*said, rules: str = PROMISES) -> TestDesk:
    heard = TestDesk(rules)
    for message in said:
        heard.hears(message)
    return heard


def the_case(heard: TestDesk) -> Case:
    (case,) = heard.state.desk.cases.values()
    return case


def clocks(heard: TestDesk) -> dict[str, tuple[object, ...]]:
    """Each clock's start, end, and when it was kept, in minutes after noon."""

    def minutes(moment):
        return moment and (moment - at(0)) / timedelta(minutes=1)

    return {clock.kind: (minutes(clock.started_at), minutes(clock.due_at), minutes(clock.met_at)) for clock in the_case(heard).clocks}


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_robbed_is_owed_an_answer_sooner_than_who_complains():
    assert clocks(desk(asks(means="moment")))["first_response"] == (0, 10, None)
    assert clocks(desk(asks()))["first_response"] == (0, 30, None)
    assert clocks(desk(asks(source="app_store")))["first_response"] == (0, 720, None)


def test_a_complaint_that_becomes_an_emergency_is_owed_what_an_emergency_is():
    heard = desk(asks(), asks(5, means="moment"))
    assert clocks(heard) == {"first_response": (0, 15, None), "resolution": (0, 65, None)}
    heard.waits(16, since=5)
    assert [(alert.reason, alert.to) for alert in heard.alerts] == [
        ("moment", "desk"),
        ("sla_warning", "people"),
        ("sla_breached", "people"),
    ]


def test_the_desk_is_warned_at_half_the_time_at_most_of_it_and_told_at_its_end():
    heard = desk(asks())
    heard.waits(29)
    heard.hears(reply(29, to="x:ana-0"))
    heard.waits(8 * 60, since=29)
    assert [(alert.reason, alert.at, alert.facts.get("clock")) for alert in heard.alerts] == [
        ("sla_warning", at(15), "first_response"),
        ("sla_warning", at(26), "first_response"),  # that of 24 min fell in the half hour without, and could not wait for its end
        ("sla_warning", at(240), "resolution"),
        ("sla_warning", at(384), "resolution"),
        ("sla_breached", at(480), "resolution"),
    ]
    assert heard.alerts[-1].headline.en == "Unsolved and overdue: @ana (X)"


def test_who_writes_again_after_an_answer_is_owed_the_next_one():
    heard = desk(asks(), reply(10, to="x:ana-0"), asks(60))
    assert clocks(heard)["next_response"] == (60, 120, None)
    assert waiting(heard.state.desk.cases.values()) == [the_case(heard)]
    heard.hears(reply(70, to="x:ana-60"))
    assert clocks(heard)["next_response"] == (60, 120, 70)


def test_a_word_of_thanks_after_an_answer_asks_for_nothing():
    heard = desk(asks(), reply(10, to="x:ana-0"), asks(12, text="ok", means="praise"))
    assert "next_response" not in clocks(heard) and the_case(heard).solved_at == at(12)


def test_while_we_wait_for_the_customer_the_solution_is_not_late():
    heard = desk(asks(), reply(10, "@ana ¿Desde qué versión de la app lo hiciste?", to="x:ana-0"))
    heard.waits(10 * 60, since=10)
    assert heard.told == []
    tomorrow = 20 * 60 + 60  # an hour after the desk opens
    heard.hears(asks(tomorrow, text="la 8.2", means=""))
    assert clocks(heard)["resolution"] == (0, tomorrow + 470, None)  # 10 of 480 minutes had passed
    assert clocks(heard)["next_response"] == (tomorrow, tomorrow + 60, None)


def test_anything_else_we_can_help_with_waits_for_nobody():
    heard = desk(asks(), reply(10, "@ana Ya lo tienes en tu cuenta. ¿Necesitas algo más?", to="x:ana-0"))
    assert the_case(heard).history[-1].what == "answer"


def test_a_clock_found_past_its_time_says_how_late_and_is_not_said_again():
    heard = desk(asks())
    heard.hears(minute=300)  # the machine slept
    heard.waits(320, since=300)
    assert [(alert.reason, alert.at, alert.late_by_s) for alert in heard.alerts] == [("sla_breached", at(300), 270 * 60)]


def test_a_clock_set_back_by_an_hour_says_nothing_twice():
    heard = desk(asks())
    heard.waits(20)
    heard.hears(minute=-40)
    heard.waits(20, since=-40)
    assert heard.reasons == ["sla_warning"]
    heard.waits(60, since=20)
    assert heard.reasons == ["sla_warning", "sla_warning", "sla_breached"]


def test_the_version_of_the_rules_a_deadline_comes_from_is_kept_with_it():
    heard = desk(asks())
    assert the_case(heard).clocks[0].policy == heard.rules.terms[2].version
    closed_on_friday = PROMISES + "holidays: {also: [03-13]}\n"
    assert TestDesk(closed_on_friday).rules.terms[2].version != heard.rules.terms[2].version
    late = desk(asks(8 * 60 - 10), rules=closed_on_friday)  # Thursday 19:50, ten minutes before the desk shuts
    assert clocks(late)["first_response"][1] == 4 * DAY - 4 * 60 + 20  # Monday 08:20


# ── promises in our own words ────────────────────────────────────────────────────────────────────────────────────


def test_what_we_promised_is_a_clock_and_is_shown_with_its_words():
    heard = desk(asks(), reply(10, "@ana Lo estamos mirando, te escribimos en 2 horas.", to="x:ana-0"))
    assert clocks(heard)["promise"] == (10, 130, None)
    heard.waits(140, since=10)
    assert [(alert.reason, alert.at) for alert in heard.alerts] == [("promise_due", at(106)), ("promise_broken", at(136))]
    broken = heard.alerts[-1]
    assert (broken.facts["due_at"], broken.facts["promise"]) == ("2026-03-12T13:10:00Z", "en 2 horas")
    assert broken.detail.es.endswith(" Dijimos: «en 2 horas».") and broken.headline.es == "Promesa incumplida: @ana (X)"


def test_working_days_that_we_promise_leave_out_our_holidays():
    said = asks(), reply(10, "@ana te lo abonamos en 2 días hábiles.", to="x:ana-0")  # on a Thursday
    assert clocks(desk(*said))["promise"] == (10, 10 + 4 * DAY, None)
    assert clocks(desk(*said, rules=PROMISES + "holidays: {also: [03-13]}\n"))["promise"] == (10, 10 + 5 * DAY, None)


def test_a_promise_is_kept_by_what_we_say_next_and_a_hand_off_is_nothing():
    said = asks(), reply(10, "@ana te escribimos en 2 horas.", to="x:ana-0")
    kept = desk(*said, reply(100, "@ana Ya lo hemos revisado: te devolvemos la comisión.", to="x:ana-0"))
    assert clocks(kept)["promise"] == (10, 130, 100)
    sent_away = desk(*said, reply(100, "@ana Llama al 900 100 200 y te lo miran.", to="x:ana-0"))
    assert clocks(sent_away)["promise"] == (10, 130, None)


def test_a_solution_that_is_promised_again_in_time_is_put_off_and_after_its_time_is_broken():
    said = asks(), reply(10, "@ana Hoy a las 14:00 queda resuelto.", to="x:ana-0")
    heard = desk(*said, reply(100, "@ana Lo sentimos: queda resuelto hoy a las 17:00.", to="x:ana-0"))
    first, second = (clock for clock in the_case(heard).clocks if clock.kind == "promise")
    assert (first.void, first.met_at, second.due_at) == (True, at(100), at(300))
    heard.waits(310, since=100)
    assert heard.reasons[-1] == "promise_broken"


def test_what_is_promised_to_everybody_during_an_incident_is_a_clock_too():
    heard = TestDesk(PROMISES)
    heard.hears(*(say("@BancoLumbre it is down", by=f"p{n}", minute=n / 10, means="outage complaint") for n in range(30)))
    heard.hears(reply(5, "Sabemos que la app falla. Volvemos a informar aquí en 30 minutos."))
    heard.waits(40, since=5)
    said = [alert for alert in heard.alerts if alert.case]
    assert [(alert.reason, alert.at) for alert in said] == [("promise_due", at(29)), ("promise_broken", at(35))]
    assert said[-1].headline.es == "Prometimos informar y no hemos informado (X)" and said[-1].detail.es == "Dijimos: «en 30 minutos»."
    heard.hears(reply(41, "Seguimos trabajando en ello. Próxima actualización a las 13:30."))
    public = next(case for case in heard.state.desk.cases.values() if case.author_key == "public")
    assert [(clock.due_at, clock.met_at) for clock in public.clocks] == [(at(35), at(41)), (at(90), None)]


def test_without_an_incident_what_the_brand_announces_is_no_promise_to_anybody():
    heard = desk(reply(5, "El lunes os contamos cómo es nuestra nueva tarjeta."))
    assert not heard.state.desk.cases


# ── over, and again ──────────────────────────────────────────────────────────────────────────────────────────────


def test_still_not_working_opens_it_again_with_its_history_and_its_age():
    heard = desk(asks(), reply(10, to="x:ana-0"), asks(20, text="gracias", means="praise"), asks(30, text="sigue sin funcionar"))
    case = the_case(heard)
    assert (case.opened_at, case.reopened, case.solved_at, len(case.history)) == (at(0), 1, None, 4)
    assert clocks(heard)["resolution"] == (0, 480, None) and clocks(heard)["next_response"] == (30, 90, None)


def test_another_matter_after_the_end_is_another_case():
    heard = desk(asks(about="card"), reply(10, to="x:ana-0"), asks(20, text="gracias", means="praise"), asks(30, about="app"))
    assert (the_case(heard).id, the_case(heard).contacts) == ("case-x:ana-30", 1)
    assert heard.last.cases[-1].id == "case-x:ana-0" and heard.last.cases[-1].closed_at == at(20)


def test_it_works_again_closes_a_case_that_nobody_answered():
    heard = desk(asks(), asks(20, text="ya funciona", means="recovered"))
    assert the_case(heard).solved_at == at(20) and not waiting([the_case(heard)])
    heard.waits(60, since=20)
    assert heard.told == []


def test_a_case_nobody_writes_in_is_closed_after_the_quiet_time_of_the_rules():
    heard = desk(asks(), reply(10, to="x:ana-0"), rules=PROMISES + "cases: {quiet: 1d}\n")
    heard.waits(8 * 60 + 1, since=8 * 60 - 1)  # the solution's clock has run out
    heard.hears(minute=DAY + 60)
    assert not heard.state.desk.cases and [case.closed_at for case in heard.last.cases] == [at(DAY + 10)]


def test_who_comes_back_after_that_brings_the_case_along_and_after_two_weeks_does_not():
    heard = desk(asks(), reply(10, to="x:ana-0"))
    heard.waits(8 * 60 + 1, since=8 * 60 - 1)
    heard.hears(minute=4 * DAY)
    (over,) = heard.last.cases
    for day, contacts, reopened in ((5, 2, 1), (25, 1, 0)):
        desk_now = TestDesk(PROMISES)
        desk_now.former = {"x:ana-again": over}
        desk_now.hears(asks(day * DAY, id="x:ana-again"))
        assert (the_case(desk_now).contacts, the_case(desk_now).reopened) == (contacts, reopened)


def test_an_answer_that_comes_after_the_end_is_an_answer_all_the_same():
    heard = desk(asks())
    heard.waits(8 * 60 + 1, since=8 * 60 - 1)
    heard.hears(minute=4 * DAY)
    (over,) = heard.last.cases
    late = TestDesk(PROMISES)
    late.former = {f"x:us-{5 * DAY:g}": over}
    late.hears(reply(5 * DAY, to="x:ana-0"))
    assert clocks(late)["first_response"] == (0, 30, 5 * DAY) and the_case(late).closed_at is None


# ── who needs a human ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_third_time_in_a_week_is_told_and_three_messages_in_a_row_are_one_time():
    burst = desk(asks(), asks(1), asks(2), asks(3))
    assert burst.told == [] and the_case(burst).contacts == 4
    heard = desk(asks(), asks(2 * DAY, text="still nothing"), asks(4 * DAY, text="and still nothing"), rules=PROMISES.replace("8h", "5d"))
    assert heard.reasons[-1] == "repeat" and heard.alerts[-1].messages == ("x:ana-0", f"x:ana-{2 * DAY:g}", f"x:ana-{4 * DAY:g}")


def test_who_may_leave_is_told_with_the_contacts_that_led_there():
    heard = desk(asks(), reply(10, "@ana Llama al 900 100 200.", to="x:ana-0"), asks(20), asks(90, means="churn", text="cierro la cuenta"))
    (churn,) = (alert for alert in heard.alerts if alert.reason == "churn")
    assert churn.messages == ("x:ana-0", "x:ana-20", "x:ana-90")


def test_being_asked_for_a_direct_message_is_a_question_once_and_a_hand_off_to_who_has_sent_one():
    dm = "@ana Escríbenos por mensaje privado y lo miramos."
    assert the_case(desk(asks(), reply(5, dm, to="x:ana-0"))).history[-1].what == "asked_back"
    again = desk(asks(), asks(3, direct=True), reply(5, dm, to="x:ana-0"))
    assert the_case(again).history[-1].what == "hand_off" and the_case(again).clocks[0].met_at is None


def test_an_answer_to_somebody_else_in_the_thread_is_none_to_who_began_it():
    heard = desk(asks(), reply(5, "@eva te lo miramos ahora mismo", to="x:eva-3", conversation="x:ana-0"))
    assert the_case(heard).answers == 0


@pytest.mark.parametrize(("audience", "contacts", "grave"), [(5_000_000, 1, 4), (5_000_000, 3, 3), (0, 3, 4)])
def test_reach_weighs_but_never_alone(audience: int, contacts: int, grave: int):
    case = the_case(desk(asks(audience=audience)))
    case = msgspec.structs.replace(case, returns=(at(0), at(100), at(200))[:contacts])
    assert severity(case, "churn", at(5)) == grave


def test_who_is_stranded_is_told_at_once_though_the_desk_has_just_heard_of_others():
    heard = desk(asks(by="eva"), asks(16, by="luz", means="moment"))
    heard.waits(30)
    assert [(alert.reason, alert.at) for alert in heard.alerts if alert.case == "case-x:luz-16"] == [
        ("moment", at(16)), ("sla_warning", at(24)), ("sla_breached", at(26)),
    ]  # fmt: skip


def test_a_deletion_takes_a_line_out_of_the_history_and_an_answer_of_ours_is_no_contact():
    heard = desk(asks(), reply(5, to="x:ana-0"), asks(6))
    heard.hears(Deleted(id="x:us-5", at=at(7)), minute=7)
    assert (the_case(heard).contacts, the_case(heard).messages) == (2, ("x:ana-0", "x:ana-6"))
    heard.hears(Deleted(id="x:ana-0", at=at(8)), Deleted(id="x:ana-6", at=at(8)), minute=8)
    (over,) = heard.last.cases
    assert (over.author, over.author_key, over.closed_at, heard.state.desk.by_handle) == ("", "", at(8), {})
