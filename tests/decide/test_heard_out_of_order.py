"""Things are not heard in the order they were said, and some are taken back: what is owed is the same."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from carebot.decide.care import replies
from carebot.decide.care.cases import FIRST, LATEST
from carebot.decide.care.desk import owed_since
from carebot.decide.care.sla import met, paused
from carebot.model import Deleted
from tests.decide.test_answered_is_not_solved import DAY, PROMISES, asks, clocks, desk, reply, the_case
from tests.saying import TestDesk, at


def read_later(message, minute: float):
    return replace(message, seen_at=at(minute))


# ── our reply was read before the question ───────────────────────────────────────────────────────────────────────


def test_a_reply_that_is_read_before_its_question_answers_it_from_when_it_was_posted():
    heard = desk(reply(6, to="x:ana-0"))
    assert not heard.state.desk.cases
    heard.hears(asks(), minute=20)
    assert clocks(heard)["first_response"] == (0, 30, 6) and the_case(heard).answers == 1
    heard.waits(60, since=20)
    assert heard.told == [] and not heard.state.memory.early


def test_what_it_promised_is_a_clock_and_a_second_door_an_alarm_as_if_it_had_come_in_time():
    heard = desk(reply(6, "@ana te escribimos en 2 horas.", to="x:ana-0"))
    heard.hears(asks(), minute=20)
    assert clocks(heard)["promise"] == (6, 126, None)
    heard = desk(reply(1, "@ana Llama al 900 100 200.", to="x:ana-0"), reply(13, "@ana Acude a tu oficina.", to="x:ana-0"))
    heard.hears(asks(), minute=14)
    assert heard.told == [("hand_offs", "case-x:ana-0")] and clocks(heard)["first_response"][2] is None


def test_it_waits_six_hours_for_its_question_and_no_longer():
    for minutes, answers in ((359, 1), (361, 0)):
        heard = desk(reply(0, to="x:ana-1"))
        heard.hears(read_later(asks(1), minutes), minute=minutes)
        assert the_case(heard).answers == answers


def test_only_so_many_wait_and_none_for_ever():
    heard = TestDesk(PROMISES)
    heard.hears(*(reply(n / 100, to=f"x:{n}") for n in range(600)), minute=7)
    assert len(heard.state.memory.early) == replies.MOST_EARLY and "x:599" in heard.state.memory.early
    heard.hears(minute=DAY)
    assert heard.state.memory.early == {}


def test_a_reply_that_was_taken_back_before_its_question_came_answers_nothing():
    heard = desk(reply(6, to="x:ana-0"))
    heard.hears(Deleted(id="x:us-6", at=at(7)), minute=7)
    heard.hears(asks(), minute=20)
    assert clocks(heard)["first_response"][2] is None


# ── the customer's own words came late ───────────────────────────────────────────────────────────────────────────


def test_what_began_it_and_is_read_later_is_what_they_have_waited_since():
    heard = desk(asks(15))
    heard.hears(asks(0), minute=20)
    case = the_case(heard)
    assert (case.opened_at, case.messages, case.contacts) == (at(0), ("x:ana-0", "x:ana-15"), 2)
    assert clocks(heard) == {"first_response": (0, 30, None), "resolution": (0, 480, None)}
    heard.waits(24, since=20)
    assert heard.reasons == ["sla_warning"]


def test_a_post_of_long_ago_did_not_begin_it():
    heard = desk(asks(5 * DAY))
    heard.hears(asks(0), minute=5 * DAY + 1)
    assert the_case(heard).opened_at == at(5 * DAY)


def test_what_was_written_before_our_answer_and_read_after_it_is_answered():
    heard = desk(asks(), reply(10, to="x:ana-0"))
    heard.hears(asks(3, text="@BancoLumbre hello?"), minute=20)
    assert owed_since(the_case(heard)) is None and [line.what for line in the_case(heard).history] == ["asked", "asked", "answer"]
    question = desk(asks(), reply(10, "@ana ¿Qué día fue?", to="x:ana-0"))
    question.hears(asks(3, text="@BancoLumbre hello?"), minute=20)
    assert [clock.paused_at for clock in the_case(question).clocks if clock.kind == "resolution"] == [at(10)], "they have not answered yet"


def test_a_thank_you_that_is_read_after_a_later_complaint_does_not_close():
    heard = desk(asks(), reply(5, to="x:ana-0"), asks(30, text="still broken"))
    heard.hears(asks(10, text="gracias", means="praise"), minute=31)
    assert the_case(heard).solved_at is None


# ── taken back ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_waits_for_an_answer_to_a_question_that_was_taken_back():
    heard = desk(asks())
    heard.hears(Deleted(id="x:ana-0", at=at(5)), minute=5)
    heard.waits(60, since=5)
    assert heard.told == [] and not heard.state.desk.cases


def test_a_question_that_comes_with_its_own_deletion_opens_nothing():
    heard = TestDesk(PROMISES)
    heard.hears(asks(), Deleted(id="x:ana-0", at=at(1)), minute=1)
    assert not heard.state.desk.cases


def test_an_answer_that_we_take_back_is_none():
    heard = desk(asks(), reply(6, to="x:ana-0"))
    heard.hears(Deleted(id="x:us-6", at=at(10)), minute=10)
    assert the_case(heard).answers == 0 and clocks(heard)["first_response"] == (0, 30, None)
    heard.waits(24, since=10)
    assert heard.reasons == ["sla_warning"]


def test_an_answer_that_is_said_again_is_kept_by_the_second():
    heard = desk(asks(), reply(6, "@ana Ya sta.", to="x:ana-0"), reply(8, "@ana Ya está.", to="x:ana-0"))
    heard.hears(Deleted(id="x:us-6", at=at(9)), minute=9)
    assert the_case(heard).answers == 1 and clocks(heard)["first_response"] == (0, 30, 8)


def test_a_question_of_ours_that_we_take_back_lets_the_solutions_clock_go_on():
    heard = desk(asks(), reply(10, "@ana ¿Qué día fue?", to="x:ana-0"))
    heard.hears(Deleted(id="x:us-10", at=at(70)), minute=70)
    tomorrow = 21 * 60  # an hour after the desk opens: it stood still for one
    assert clocks(heard)["resolution"] == (0, tomorrow, None) and clocks(heard)["first_response"][2] is None


def test_a_door_that_we_take_back_is_not_counted():
    heard = desk(asks(), reply(5, "@ana Llama al 900 100 200.", to="x:ana-0"))
    heard.hears(Deleted(id="x:us-5", at=at(6)), minute=6)
    heard.hears(asks(7), reply(8, "@ana Acude a tu oficina.", to="x:ana-7"))
    assert the_case(heard).hand_offs == 1 and heard.told == []


# ── who is meant ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_direct_answer_that_names_no_message_is_found_by_its_conversation():
    heard = desk(asks(direct=True, conversation="dm:7"), reply(5, "Hola, ya está devuelto.", direct=True, conversation="dm:7"))
    assert the_case(heard).answers == 1
    public = desk(asks(conversation="thread:7"), asks(1, by="eva", conversation="thread:7"), reply(5, "Hola", conversation="thread:7"))
    assert sum(case.answers for case in public.state.desk.cases.values()) == 0, "in a public thread anybody may be meant"


def test_one_reply_answers_everybody_it_calls_by_name_but_not_who_the_network_put_in_front():
    both = asks(), asks(1, by="eva")
    answers = {
        "@ana Ya está. @eva, lo tuyo también.": [1, 1],
        "@ana @eva Ya está.": [1, 0],  # every reply in a thread begins so
        "@ana Ya está.": [1, 0],
    }
    for text, wanted in answers.items():
        heard = desk(*both, reply(5, text, to="x:ana-0"))
        assert [case.answers for case in heard.state.desk.cases.values()] == wanted, text
    heard = desk(*both, reply(5, "@ana @eva Ya está para las dos."))
    assert [case.answers for case in heard.state.desk.cases.values()] == [1, 1], "what replies to nothing begins with names by choice"


# ── is it the end? ───────────────────────────────────────────────────────────────────────────────────────────────


def thanks(minute: float, text: str = "gracias"):
    return asks(minute, text=text, means="praise")


def test_thanks_for_a_question_or_for_another_door_are_not_the_end():
    for text in ("@ana ¿Qué día fue?", "@ana Llama al 900 100 200."):
        assert the_case(desk(asks(), reply(1, to="x:ana-0"), asks(2), reply(5, text, to="x:ana-2"), thanks(9))).solved_at is None


def test_thanks_for_a_promise_leave_it_running_and_thanks_an_hour_later_are_for_what_was_done():
    promised = asks(), reply(5, "@ana te llamamos en 2 horas.", to="x:ana-0")
    assert the_case(desk(*promised, thanks(9))).solved_at is None
    assert the_case(desk(*promised, thanks(80, "gracias por la llamada"))).solved_at == at(80)


def test_who_comes_back_is_owed_an_answer_as_who_comes_for_the_first_time():
    only_first = PROMISES.replace("next_response: 1h, resolution: 8h, ", "")
    heard = desk(asks(), reply(5, to="x:ana-0"), thanks(9), asks(60), rules=only_first)
    assert the_case(heard).reopened == 1 and clocks(heard)["next_response"] == (60, 90, None)
    open_still = desk(asks(), reply(5, to="x:ana-0"), asks(60), rules=only_first)
    assert set(clocks(open_still)) == {"first_response"}, "the rules promise no next one"


def test_still_not_working_is_the_same_matter_whatever_it_seems_to_be_about():
    over = asks(about="app"), reply(5, to="x:ana-0"), thanks(9)
    assert the_case(desk(*over, asks(60, about="login", text="it still fails"))).reopened == 1
    assert the_case(desk(*over, asks(60, about="login", text="I cannot log in"))).reopened == 0


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_three_hundred_messages_the_first_and_the_latest_are_kept_and_all_are_counted():
    said = [asks(n) if n % 3 else reply(n, to="x:ana-1") for n in range(1, 301)]
    case = the_case(desk(*said))
    assert (case.contacts, case.answers, len(case.history)) == (200, 100, FIRST + LATEST)
    assert [line.at for line in case.history] == [at(n) for n in (*range(1, 11), *range(261, 301))]
    heard = desk(*said, reply(301, "@eva", to="x:ana-1"))
    assert the_case(heard).answers == 101, "the message that opened it still leads to it"


def test_how_often_they_came_back_is_counted_beyond_what_is_remembered():
    heard = desk(*(asks(n * 120) for n in range(6)))
    assert (the_case(heard).came_back, len(the_case(heard).returns)) == (5, 3)


def test_a_clock_that_is_met_while_it_stands_still_was_due_when_the_rest_of_it_had_passed():
    heard = desk(asks())
    clock = next(clock for clock in the_case(heard).clocks if clock.kind == "resolution")
    still = paused(clock, at(60), heard.rules.terms)
    assert met(still, at(600)).due_at == at(600) + timedelta(hours=7) and met(clock, at(60)).due_at == clock.due_at
