"""The life of an incident: its phases, who belongs to it, how grave it is, when it is over, and when two are one."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from carebot.decide.incidents import allclear, merging, phases
from carebot.decide.incidents.phases import TRANSITIONS, Evidenced, Push
from carebot.model import Click, Coverage, Incident, Listening, Probe, Signal, WellAgain
from tests.decide.test_step import four_people
from tests.saying import TestDesk, at, say

PAGE = Path(__file__).parents[2] / "docs/why/life-of-an-incident.md"


def signal(n: int, minute: float, by: str = "", **more: object) -> Signal:
    who = {"author_key": by or f"p{n}", "posted_at": at(minute), "seen_at": at(minute)}
    return Signal(
        **{"id": f"x:{n}", "kind": "outage", "rule": "down", "brand": "B", "service": "app", "symptom": "", "source": "x"} | who | more
    )


def incident(*signals: Signal, phase: str = "suspected", **more: object) -> Incident:
    found = Evidenced(false_alarms=0.5, window=10, usual=0.05, signals=signals or (signal(0, 0),))
    one = phases.opened("b-app-20260312", "B", "app", found, at(8), at(8))
    return replace(phases.joined(one, found.signals), **{"phase": phase} | more)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_figure_in_the_docs_is_the_table():
    drawn = re.findall(r"^    (\w+) --> (\w+): (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(drawn) == sorted((phase, into, push.name) for (phase, push), (into, _) in TRANSITIONS.items())


def test_every_phase_but_the_last_can_be_closed_by_a_person_and_ends_by_itself():
    for phase in ("suspected", "confirmed", "monitoring"):
        assert TRANSITIONS[phase, Push.closed_by_person] == ("resolved", "resolved")
        assert (phase, Push.calm_long) in TRANSITIONS or (phase, Push.calm) in TRANSITIONS


@pytest.mark.parametrize("push", list(Push))
def test_a_push_without_a_row_changes_nothing(push):
    one = incident(phase="resolved")
    moved, reason = phases.pushed(one, push, at(60))
    assert (moved is one and reason is None) == (("resolved", push) not in TRANSITIONS)


# ── who belongs to it ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("usual", "window", "minutes"), [(0, 60, 30), (0.05, 10, 30), (0.3, 10, 10), (1, 10, 2), (5, 10, 2)])
def test_the_busier_a_service_is_the_closer_complaints_must_lie_to_belong_together(usual, window, minutes):
    assert phases.link(usual, window) == minutes


def test_the_first_complaint_is_found_by_going_back_while_the_gaps_are_short():
    said = [at(0), at(25), at(50), at(55)]
    assert phases.begins(at(60), said, timedelta(minutes=10)) == at(50)
    assert phases.begins(at(60), said, timedelta(minutes=25)) == at(0)


def test_evidence_is_a_set_its_order_and_repetition_do_not_show():
    said = [signal(n, n, source="x" if n % 3 else "app_store", symptom="slow" if n < 3 else "login", region="Sevilla") for n in range(8)]
    one = incident(said[0])
    there, back = phases.joined(one, said), phases.joined(phases.joined(one, reversed(said)), said)
    assert there == back
    assert (there.count, there.by_source, there.symptom, there.region) == (8, {"app_store": 3, "x": 5}, "login", "Sevilla")


# ── how grave ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("phase", "people", "core", "faster", "level", "because"),
    [
        ("suspected", 3, False, False, 4, ("suspected",)),
        ("suspected", 60, True, True, 3, ("suspected", "core_service")),
        ("confirmed", 5, False, False, 3, ("confirmed",)),
        ("confirmed", 24, True, False, 2, ("confirmed", "core_service")),
        ("confirmed", 12, False, True, 2, ("confirmed", "many_people:12", "accelerating")),
        ("confirmed", 11, False, True, 3, ("confirmed",)),
        ("confirmed", 25, True, False, 1, ("confirmed", "core_service", "many_people:25")),
        ("confirmed", 100, False, False, 1, ("confirmed", "many_people:100", "very_many_people:100")),
    ],
)
def test_severity_says_what_it_rests_on(phase, people, core, faster, level, because):
    one = phases.rated(incident(phase=phase, author_count=people), core, faster)
    assert (one.severity, one.severity_because) == (level, because)


def test_severity_never_falls_while_it_is_open_and_keeps_its_reason():
    grave = phases.rated(incident(phase="confirmed", author_count=30), True)
    assert phases.rated(replace(grave, author_count=3), False) == replace(grave, author_count=3)


def test_ever_faster_is_more_than_half_in_the_last_third():
    ramp, steady = [at(n**0.5 * 6) for n in range(25)], [at(n * 1.25) for n in range(25)]
    one = replace(incident(), count=25)
    assert phases.pace(one, ramp, at(30)).accelerating and not phases.pace(one, steady, at(30)).accelerating
    assert phases.pace(one, steady, at(30)).per_min == 0.8


def test_growth_is_told_when_twice_as_many_or_twice_as_fast_and_ten_more():
    one = replace(incident(), told_count=100, told_per_min=1.0)
    slow, fast = phases.Pace(1.0, False), phases.Pace(2.0, False)
    assert [phases.grew(replace(one, count=count), slow) for count in (110, 199, 200)] == [False, False, True]
    assert [phases.grew(replace(one, count=count), fast) for count in (109, 110)] == [False, True]


def test_the_ledger_keeps_how_it_began_and_how_it_went_lately():
    one = incident()
    for n in range(100):
        one = phases.turned(replace(one, count=n), "grew", at(n))
    assert [turn.count for turn in one.turns] == [*range(10), *range(70, 100)]


# ── when it is over ──────────────────────────────────────────────────────────────────────────────────────────────


def everything(window: int) -> float:
    return window


def test_the_faster_it_was_the_sooner_silence_means_something():
    fast = replace(incident(), count=60, last_signal_at=at(20))
    slow = replace(incident(), count=4, last_signal_at=at(40))
    assert (allclear.quiet(fast, [], at(60), everything).window, allclear.quiet(slow, [], at(99), everything).window) == (10, 60)


def test_half_its_pace_is_not_over_and_the_usual_is():
    one = replace(incident(phase="confirmed"), count=60, last_signal_at=at(60), usual=1.0, usual_in=10)  # one a minute, where 0.1 is usual
    half, usual = [at(60 + n * 2) for n in range(15)], [at(62), at(75), at(82)]
    assert allclear.judged(one, allclear.quiet(one, half, at(90), everything), at(90), broken=False, repaired=False) == (one, None)
    calm, push = allclear.judged(one, allclear.quiet(one, usual, at(90), everything), at(90), broken=False, repaired=False)
    assert calm.calm_since == at(70) and push is Push.calm


def test_a_deaf_source_is_no_all_clear():
    one = replace(incident(phase="confirmed"), count=60, last_signal_at=at(20))
    deaf = allclear.quiet(one, [], at(60), lambda window: 0.0)
    assert allclear.judged(one, deaf, at(60), broken=False, repaired=False) == (one, None)


def test_the_loop_waits_for_a_deaf_source_and_says_it_is_over_when_what_it_missed_was_quiet():
    desk = TestDesk()
    heard = {"source": "x-mentions", "networks": {"x": 100}}
    desk.hears(Listening(id="l", sources=("x-mentions",), at=at(-60)), Coverage(id="c", at=at(-1), to=at(-1), **heard), minute=-1)
    for person in range(20):
        desk.hears(say(by=f"p{person}", minute=person / 2), Coverage(id="c", at=at(person / 2), to=at(person / 2), **heard))
    desk.waits(180, since=10)
    assert "resolved" not in desk.reasons
    desk.hears(Coverage(id="c", at=at(181), to=at(181), **heard), minute=181)
    desk.waits(185, since=181)
    assert desk.reasons[-1] == "resolved"


def test_two_customers_who_say_that_it_works_halve_the_wait_and_complaints_after_them_take_it_back():
    well = tuple(WellAgain(f"w:{n}", f"c{n}", at(25 + n)) for n in range(2))
    one = replace(incident(phase="confirmed"), count=40, last_signal_at=at(20))
    saying = allclear.with_well_again(one, [*well, *well])
    assert len(saying.well_again) == 2
    over = allclear.judged(saying, allclear.quiet(saying, [], at(30), everything), at(30), broken=False, repaired=False)
    assert (over[0].calm_since, over[1]) == (at(25), Push.calm)
    again = replace(saying, last_signal_at=at(28))
    assert allclear.quiet(again, [], at(30), everything).people == 0


def test_works_again_is_heard_in_the_loop():
    told = []
    for thanks in (0, 2):
        desk = TestDesk()
        for person in range(20):
            desk.hears(say(by=f"p{person}", minute=person / 2))
        for n in range(thanks):
            desk.hears(say("it works again", by=f"p{n}", minute=14 + n, means="recovered"))
        desk.waits(90, since=16)
        told.append(next(alert.at for alert in desk.alerts if alert.reason == "resolved"))
    assert told[1] <= told[0] - timedelta(minutes=10)


def test_while_a_check_fails_nothing_is_over():
    desk = TestDesk()
    for minute in range(90):
        desk.hears(Probe(id=f"p{minute}", target="app", ok=False, at=at(minute)), minute=minute)
    assert desk.reasons == ["suspected"]


def test_one_complaint_after_the_all_clear_does_not_reopen_but_many_do():
    desk = TestDesk()
    for person in range(20):
        desk.hears(say(by=f"p{person}", minute=person / 2))
    desk.waits(60, since=10)
    assert desk.reasons[-1] == "resolved"
    desk.hears(say(by="q0", minute=61))
    assert desk.reasons[-1] == "resolved"
    for n in range(1, 8):
        desk.hears(say(by=f"q{n}", minute=61 + n / 2))
    assert desk.reasons[desk.reasons.index("resolved") + 1 :][:2] == ["reopened", "confirmed"] and len(desk.state.incidents) == 1


def test_what_a_person_called_no_incident_is_not_raised_again_from_the_same_messages():
    desk = TestDesk()
    four_people(desk)
    (id_,) = desk.state.incidents
    desk.hears(Click(id="k", action="not_incident", user="U1", incident=id_, at=at(5)), minute=5)
    desk.hears(say(by="n1", minute=6), say(by="n2", minute=7))
    assert desk.reasons[-1] == "resolved" and len(desk.state.incidents) == 1
    for n in range(3, 9):
        desk.hears(say(by=f"n{n}", minute=5 + n))
    assert desk.reasons.count("suspected") == 2 and list(desk.state.incidents) == [id_, f"{id_}-2"]


# ── when two are one ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("abcdef", "efghij", True),
        ("abcdef", "fghijk", False),
        ("abcdefg", "fghijkl", False),
        ("ab", "abcdefghijk", True),
        ("a", "a", False),
        ("", "", False),
    ],
)
def test_two_people_and_a_third_of_the_smaller_one_are_an_overlap(one, other, alike):
    assert merging.alike(one, other) is alike and merging.alike(other, one) is alike


@pytest.mark.parametrize(("minutes", "together"), [(30, True), (30.1, False)])
def test_what_began_within_half_an_hour_is_one(minutes, together):
    assert merging.are_one(incident(signal(1, 0)), incident(signal(2, minutes), service="card")) is together


def test_merged_evidence_is_counted_once_and_the_older_survives():
    older = replace(incident(*(signal(n, n) for n in range(5))), told_count=5, told_severity=3)
    younger = replace(incident(*(signal(n, n + 60, by=f"p{n % 7}") for n in range(5, 10))), id="b-card", service="card", told_count=5)
    both, ended = merging.merged(older, younger, at(70))
    assert (both.count, both.author_count, both.also, both.merged, both.by_source) == (10, 7, ("card",), ("b-card",), {"x": 10})
    assert (ended.phase, ended.merged_into, ended.resolved_at) == ("resolved", older.id, at(70))
    assert not phases.grew(both, phases.Pace(0, False))
    assert merging.by_age([younger, older]) == [older, younger]


def test_the_same_people_about_a_second_service_an_hour_later_are_the_same_incident():
    desk = TestDesk()
    for minute in range(0, 60, 5):
        desk.hears(say(by=f"p{minute}", minute=minute, about="app"))
    for n, minute in enumerate((61, 62, 63, 64)):
        desk.hears(say(by=f"p{n * 5}" if n < 2 else f"c{n}", minute=minute, about="card"))
    (one,) = (incident for incident in desk.state.incidents.values() if not incident.merged_into)
    assert one.also == ("card",) and desk.reasons.count("suspected") == 1


def test_two_open_incidents_whose_people_turn_out_to_be_the_same_become_one_and_the_card_of_the_younger_says_so():
    desk = TestDesk()
    for minute in range(0, 60, 5):
        desk.hears(say(by=f"p{minute}", minute=minute, about="app"))
    for n in range(4):
        desk.hears(say(by=f"c{n}", minute=61 + n, about="card"))
    assert desk.reasons.count("suspected") == 2
    for n in range(4):
        desk.hears(say(by=f"c{n}", minute=66 + n, about="app"))
    app, card = sorted(desk.state.incidents)
    assert desk.state.incidents[card].merged_into == app and desk.state.incidents[app].merged == (card,)
    assert [one for one in desk.told if one[0] == "merged"] == [("merged", card)]
    everyone = [id_ for one in desk.state.incidents.values() if not one.merged_into for id_ in one.messages]
    assert len(everyone) == len(set(everyone)) == desk.state.incidents[app].count
    desk.hears(Click(id="k", action="take", user="U1", incident=card, at=at(75)), minute=75)
    assert desk.state.incidents[app].owner == "U1"


# ── what was read late ───────────────────────────────────────────────────────────────────────────────────────────


def test_old_news_does_not_page_and_does_not_make_a_grave_incident_light():
    desk = TestDesk()
    desk.hears(*(say(by=f"p{n}", minute=n / 4) for n in range(60)), minute=40)
    assert [alert.severity for alert in desk.alerts] == [3] and desk.alerts[0].late_by_s > 1500
    (one,) = desk.state.incidents.values()
    assert one.severity == 1
    desk.hears(say(by="new", minute=41))
    assert [(alert.reason, alert.severity) for alert in desk.alerts][1:] == [("severity_up", 1)]
