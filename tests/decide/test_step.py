"""What the desk is told, and what it is spared."""

from __future__ import annotations

import copy
import random

import msgspec
import pytest

from benchmarks import storms
from carebot.model import Click, Notice, Probe, SelfReport, Status, Text
from carebot.understand.normalise import fingerprint, plain
from tests.saying import RULES, TestDesk, at, say


def four_people(desk: TestDesk, start: float = 0, about: str = "app") -> None:
    for minute, by in enumerate(("ana", "luis", "eva", "joe")):
        desk.hears(say(by=by, minute=start + minute, about=about))


def test_four_people_open_an_incident_but_one_loud_person_does_not():
    desk = TestDesk()
    for minute in range(8):
        desk.hears(say(f"it still does not work {minute}", by="ana", minute=minute))
    assert desk.told == []
    four_people(desk, start=8)
    assert desk.reasons[0] == "suspected"


def test_copies_of_one_text_count_once():
    desk = TestDesk()
    for minute, by in enumerate(("ana", "luis", "eva", "joe", "pia", "tom")):
        desk.hears(say("the app of the bank is down again", by=by, minute=minute, fingerprint=77))
    assert desk.told == []


def test_a_storm_of_two_hundred_altered_copies_opens_nothing_and_the_dozen_who_speak_for_themselves_do():
    chance, desk = random.Random(1), TestDesk()
    copies = [storms.copy(storms.TEXTS[8], chance) for _ in range(200)]
    for n, text in enumerate(copies):
        desk.hears(say(text, by=f"bot{n}", minute=n / 20, fingerprint=fingerprint(plain(text))))
    assert desk.told == []
    own = storms.in_own_words(chance)[:12]
    for n, text in enumerate(own):
        desk.hears(say(text, by=f"ana{n}", minute=10 + n / 2, fingerprint=fingerprint(plain(text))))
    assert "suspected" in desk.reasons
    assert all(signal.author_key.startswith("ana") for signal in desk.state.recent["Banco Lumbre"][1:])
    assert len(desk.state.recent["Banco Lumbre"]) == 13


def test_who_passed_a_text_on_still_has_a_voice_of_their_own():
    desk = TestDesk()
    text = storms.TEXTS[8]
    for n, who in enumerate(("eva", "ana")):
        desk.hears(say(f"{text} Tal cual {who}", by=who, minute=n, fingerprint=fingerprint(plain(f"{text} Tal cual {who}"))))
    assert [signal.counted for signal in desk.hears(say("a mí tampoco me abre la app", by="ana", minute=3)).signals] == [True]
    assert [signal.counted for signal in desk.hears(say("ni a mí", by="eva", minute=4)).signals] == [False]


def test_follow_ups_in_a_thread_are_one_voice_and_each_who_says_me_too_another():
    desk = TestDesk()
    desk.hears(say("it does not open", by="ana", minute=0, id="x:0", conversation="x:0"))
    for minute, text in ((1, "iOS 11"), (30, "thanks"), (95, "still nothing")):
        desk.hears(say(text, by="ana", minute=minute, conversation="x:0", in_reply_to="x:0"))
    assert [signal.id for signal in desk.state.recent["Banco Lumbre"]] == ["x:0"]
    for minute, by in enumerate(("luis", "eva", "joe", "pia", "tom"), 96):
        desk.hears(say("me too", by=by, minute=minute, conversation="x:0", in_reply_to="x:0"))
    assert "suspected" in desk.reasons and len(desk.state.recent["Banco Lumbre"]) == 6


def test_reposts_and_jokes_are_no_evidence():
    desk = TestDesk()
    for minute, by in enumerate(("ana", "luis", "eva", "joe", "pia")):
        desk.hears(say(by=by, minute=minute, repost_of="x:1"))
        desk.hears(say(by=by + "2", minute=minute, means="outage irony"))
    assert desk.told == []


def test_what_the_brand_says_is_never_a_complaint():
    desk = TestDesk()
    for minute, by in enumerate(("BancoLumbre", "@LumbreResponde", "bancolumbre", "x1", "x2")):
        desk.hears(say(by=by, minute=minute, by_brand=by.startswith("x")))
    assert desk.told == [] and not desk.state.desk.cases


def test_more_and_more_people_confirm_and_raise_the_severity():
    desk = TestDesk()
    for person in range(40):
        desk.hears(say(by=f"p{person}", minute=person / 4))
    assert desk.reasons[:2] == ["suspected", "confirmed"]
    assert {incident for _, incident in desk.told} == {"banco-lumbre-app-20260312"}
    incident = desk.state.incidents["banco-lumbre-app-20260312"]
    assert (incident.phase, incident.severity, incident.author_count, incident.onset_at) == ("confirmed", 1, 40, at(0))


def test_two_services_that_fail_together_are_one_incident():
    desk = TestDesk()
    four_people(desk, start=0, about="app")
    four_people(desk, start=5, about="card")
    for minute in range(10, 14):
        desk.hears(say(by=f"c{minute}", minute=minute, about="card"))
    (incident,) = desk.state.incidents.values()
    assert incident.service == "app" and incident.also == ("card",)


def test_a_second_failure_hours_later_is_an_incident_of_its_own():
    desk = TestDesk()
    four_people(desk, start=0, about="app")
    desk.waits(170, since=4)
    for minute in range(180, 186):
        desk.hears(say(by=f"c{minute}", minute=minute, about="card"))
    assert [one.service for one in desk.state.incidents.values()] == ["app", "card"]
    assert desk.reasons.count("suspected") == 2


def test_the_all_clear_comes_when_it_is_calm_again():
    desk = TestDesk()
    for person in range(20):
        desk.hears(say(by=f"p{person}", minute=person / 2))
    desk.waits(90, since=10)
    assert desk.reasons[-1] == "resolved"
    resolved = desk.alerts[-1]
    assert at(30) <= resolved.at <= at(75) and resolved.say is None


def test_it_fails_again_within_the_hour_and_is_the_same_incident():
    desk = TestDesk()
    for person in range(20):
        desk.hears(say(by=f"p{person}", minute=person / 2))
    desk.waits(70, since=10)
    assert desk.reasons[-1] == "resolved"
    for person in range(8):
        desk.hears(say(by=f"q{person}", minute=75 + person / 2))
    assert "reopened" in desk.reasons
    assert len({incident for _, incident in desk.told}) == 1


def test_a_backlog_opens_the_same_incident_and_says_how_late_it_is():
    live, late = TestDesk(), TestDesk()
    said = [say(by=f"p{person}", minute=person / 2) for person in range(30)]
    for message in said:
        live.hears(message)
    late.hears(*said, minute=120)
    (alert,) = [alert for alert in late.alerts if alert.incident]
    assert alert.incident == live.alerts[0].incident
    assert alert.onset_at == at(0) and alert.late_by_s == 120 * 60 - 870 and alert.severity >= 3
    assert "retraso" in alert.detail.es and "late" in alert.detail.en


def test_the_order_within_a_batch_does_not_matter():
    said = [say(by=f"p{person}", minute=person / 3) for person in range(30)]
    one, other = TestDesk(), TestDesk()
    one.hears(*said, minute=12)
    other.hears(*reversed(said), minute=12)
    assert [msgspec.json.encode(alert) for alert in one.alerts] == [msgspec.json.encode(alert) for alert in other.alerts]


def test_a_failing_probe_speaks_before_any_customer_and_two_customers_confirm():
    desk = TestDesk()
    for minute in (0, 1):
        desk.hears(Probe(id=f"p{minute}", target="app", ok=False, at=at(minute), detail="answered 503"), minute=minute)
    assert desk.reasons == ["suspected"]
    desk.hears(say(by="ana", minute=2), say(by="luis", minute=2.5))
    assert desk.reasons[:2] == ["suspected", "confirmed"]


def test_who_complained_just_before_the_probe_failed_twice_is_part_of_the_evidence():
    desk = TestDesk()
    desk.hears(Probe(id="p0", target="app", ok=False, at=at(0)), minute=0)
    desk.hears(say(by="ana", minute=1), say(by="luis", minute=1.2))
    desk.hears(Probe(id="p2", target="app", ok=False, at=at(2)), minute=2)
    assert desk.reasons == ["confirmed"]
    (incident,) = desk.state.incidents.values()
    assert (incident.count, incident.onset_at) == (2, at(0))


def test_one_lost_packet_is_no_news():
    desk = TestDesk()
    for minute, ok in enumerate((False, True, False, True)):
        desk.hears(Probe(id=f"p{minute}", target="app", ok=ok, at=at(minute)), minute=minute)
    assert desk.told == []


def test_a_probe_that_is_well_again_ends_the_incident_it_opened():
    desk = TestDesk()
    for minute in range(3):
        desk.hears(Probe(id=f"p{minute}", target="app", ok=False, at=at(minute)), minute=minute)
    for minute in range(3, 60):
        desk.hears(Probe(id=f"p{minute}", target="app", ok=True, at=at(minute)), minute=minute)
    assert desk.reasons == ["suspected", "resolved"]


def test_announced_maintenance_is_no_surprise():
    desk = TestDesk()
    desk.hears(Notice(id="n", what="maintenance", service="atm", from_=at(-10), to=at(60)), minute=-10)
    four_people(desk, about="atm")
    assert not [reason for reason, one in desk.told if "-atm-" in one]


def test_a_provider_in_trouble_is_told_once():
    desk = TestDesk()
    for minute in range(3):
        desk.hears(
            Status(id=f"s{minute}", provider="Redsys", component="Card payments", state="major_outage", at=at(minute)), minute=minute
        )
    assert desk.reasons == ["upstream"]


def test_a_silence_keeps_quiet_and_keeps_count():
    quiet = RULES + "silences:\n  - {services: [app], until: 2026-03-12T20:00Z, owner: Marta, because: known since Monday}\n"
    desk = TestDesk(quiet)
    muted = []
    for minute, by in enumerate(("ana", "luis", "eva", "joe")):
        muted += desk.hears(say(by=by, minute=minute)).muted
    assert desk.told == []
    assert muted[0][1] == "silenced by Marta until 2026-03-12 20:00: known since Monday"


def test_clicks_take_confirm_and_close():
    desk = TestDesk()
    four_people(desk)
    (id_,) = desk.state.incidents
    click = {"id": "k", "user": "U1", "incident": id_}
    desk.hears(Click(action="take", at=at(5), **click), minute=5)
    assert desk.state.incidents[id_].owner == "U1"
    desk.hears(Click(action="not_incident", at=at(6), **click), minute=6)
    assert desk.state.incidents[id_].phase == "resolved" and desk.state.incidents[id_].dismissed
    desk.hears(Click(action="take", at=at(7), **{**click, "incident": "gone"}), minute=7)


def test_what_carebot_says_of_itself_reaches_the_desk():
    desk = TestDesk()
    desk.hears(SelfReport(id="source:x", reason="source_silent", headline=Text("Sordos", "Deaf"), at=at(0)), minute=0)
    assert desk.reasons == ["source_silent"] and desk.alerts[0].to == "desk"


def test_an_account_that_looks_like_ours_and_answers_customers():
    desk = TestDesk()
    desk.hears(say("@ana write us your code by DM", by="LumbreResponde_", in_reply_to="x:1", means="hand_off"))
    desk.hears(say("@luis write us your code by DM", by="LumbreResponde_", in_reply_to="x:2", minute=1, means="hand_off"))
    assert desk.reasons == ["impersonator"]


@pytest.mark.parametrize("author", ["lumbrera_club", "ana", "bancodelmadrid"])
def test_not_every_name_is_an_impersonator(author):
    desk = TestDesk()
    desk.hears(say("@ana same here", by=author, in_reply_to="x:1", means="praise"))
    assert desk.told == []


def test_a_step_does_not_change_the_state_it_was_given():
    desk = TestDesk()
    four_people(desk)
    before = desk.state
    kept = copy.deepcopy(
        (before.voices, before.incidents, before.desk.cases, before.memory, before.table.rows, before.table.counts.tolist())
    )
    for person in range(10):
        desk.state = before
        desk.hears(say(by=f"n{person}", minute=10))
    assert kept == (before.voices, before.incidents, before.desk.cases, before.memory, before.table.rows, before.table.counts.tolist())
