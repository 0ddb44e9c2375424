"""Somebody edits what they had written: it is read anew, and counts once, as what it says now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Batch, Deleted, Message
from carebot.replay import play, slots
from carebot.wire import alert_line, events
from tests.saying import RULES, at, rulebook, say

DOWN, FINE = {"means": "outage complaint"}, {"means": ""}


def desk(path: Path | None = None, rules: str = RULES) -> Loop:
    return Loop(Store(path), rulebook(rules), secret=b"test", destinations=lambda alert: ("stdout",))


def hears(one: Loop, minute: float, *said: Message | Deleted):
    return one.take([Batch(source="x", events=said)], at(minute + 0.1))


def counts(one: Loop) -> dict[str, object]:
    """What is known of who complains: all that decides on incidents."""
    table = one.state.table
    rows = one.store.db.conn.execute("SELECT id, kind, service, posted_at, counted FROM signals ORDER BY id, kind").fetchall()
    return {
        "signals": rows,
        "table": {cell: table.counts[row].nonzero()[0].tolist() for cell, row in table.rows.items() if table.counts[row].any()},
        "sums": {cell: round(float(table.counts[row].sum()), 6) for cell, row in table.rows.items() if table.counts[row].any()},
        "own": {id_: signal.counted for id_, signal in one.state.voices.own.items()},
        "recent": {brand: [signal.id for signal in known] for brand, known in one.state.recent.items() if known},
        "evidence": {id_: (set(i.messages), i.count, i.author_count, i.onset_at) for id_, i in one.state.incidents.items()},
    }


def others(minute: float, who: str, text: str = "the app is down") -> Message:
    return say(f"{text}, says {who}", minute=minute, by=who, id=f"x:{who}", **DOWN)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (say("hello everybody", minute=3, id="x:1", **FINE), say("the app is dead", minute=3, id="x:1", **DOWN)),
        (say("the app is dead", minute=3, id="x:1", **DOWN), say("hello everybody", minute=3, id="x:1", **FINE)),
        (say("the app is dead", minute=3, id="x:1", **DOWN), say("my card is dead", minute=3, id="x:1", about="card", **DOWN)),
    ],
)
def test_an_edited_message_counts_as_if_it_had_been_said_so_at_once(before, after):
    """Also its author's next words: they are a second voice only where the first one complains."""
    edited, at_once = desk(), desk()
    later = say("nothing works in the app", minute=9, id="x:2", **DOWN)
    for one, first in ((edited, before), (at_once, after)):
        for minute, message in ((1, others(1, "luis")), (2, others(2, "eva")), (3, first), (4, others(4, "pia")), (9, later)):
            hears(one, minute, message)
    hears(edited, 12, replace(after, seen_at=at(12)))
    hears(at_once, 12)
    known = counts(edited)
    if after.verdict.service.label == "app":
        assert known == counts(at_once)
    else:  # an open incident of the app does not draw in, later, what it would have when it opened
        assert {**known, "evidence": None} == {**counts(at_once), "evidence": None} and "x:1" not in str(known["evidence"])
    assert edited.store.db["messages"].count == at_once.store.db["messages"].count


def test_the_fourth_voice_that_an_edit_brings_opens_the_incident_at_the_time_it_was_posted():
    one = desk()
    for minute, who in ((1, "luis"), (2, "eva")):
        hears(one, minute, others(minute, who))
    hears(one, 3, say("hi @BancoLumbre", minute=3, id="x:1", by="ana", **FINE))
    assert not one.state.incidents
    took = hears(one, 10, say("hi @BancoLumbre, edit: the app is dead", minute=3, id="x:1", by="ana", **DOWN))
    ((incident,), (alert, *_)) = (one.state.incidents.values(), took.outcome.alerts)
    assert (incident.count, incident.onset_at, incident.last_signal_at) == (3, at(1), at(3))
    assert alert.reason == "suspected" and "x:1" in alert.messages


def test_an_incident_of_which_everybody_edited_their_words_away_ends_like_any_other():
    one = desk()
    for minute, who in enumerate(("luis", "eva", "pia")):
        hears(one, minute, others(minute, who))
    hears(one, 3, say("it works again", minute=3, id="x:9", by="tom", means="recovered"))
    (known,) = one.state.incidents.values()
    assert known.count == 3 and known.well_again
    hears(one, 5, *(say("hello", minute=minute, by=who, id=f"x:{who}", **FINE) for minute, who in enumerate(("luis", "eva", "pia"))))
    hears(one, 6, say("it does not", minute=3, id="x:9", by="tom", **FINE))
    (known,) = one.state.incidents.values()
    assert (known.count, known.messages, known.author_count, known.well_again) == (0, (), 0, ())
    reasons = [alert.reason for minute in range(7, 120) for alert in hears(one, minute).outcome.alerts]
    assert reasons == ["resolved"]


def test_seen_again_without_other_words_it_is_a_duplicate_and_an_edit_seen_twice_is_one():
    one, hello = desk(), say("hello @BancoLumbre", minute=0, id="x:1", **FINE)
    hears(one, 0, hello, hello)
    known = counts(one)
    assert hears(one, 1, hello).duplicates == 1 and counts(one) == known
    angry = say("@BancoLumbre the app is dead", minute=0, id="x:1", **DOWN)
    hears(one, 2, angry, angry)
    known, cases = counts(one), dict(one.state.desk.cases)
    hears(one, 3, angry)
    assert counts(one) == known and dict(one.state.desk.cases) == cases and len(cases) == 1


def test_a_desk_that_is_killed_between_two_edits_knows_what_one_that_goes_on_knows(tmp_path):
    steady, killed = desk(tmp_path / "a.db"), desk(tmp_path / "b.db")
    versions = (FINE, DOWN, FINE, {"means": "outage", "about": "card"})
    for minute, means in enumerate(versions, 5):
        said = [others(minute, f"p{minute}"), say(f"@BancoLumbre version {minute}", minute=4, id="x:1", **means)]
        hears(steady, minute, *said)
        killed.store.close()
        killed = desk(tmp_path / "b.db")
        hears(killed, minute, *said)
        hears(killed, minute, *said)  # what was committed before the kill is sent again
        assert counts(killed) == counts(steady)
        assert killed.state.desk.cases == steady.state.desk.cases
    steady.store.close()
    killed.store.close()


def test_what_is_edited_and_taken_back_in_one_moment_is_gone():
    one = desk()
    hears(one, 0, say("hello @BancoLumbre", minute=0, id="x:1", **FINE))
    hears(one, 1, say("@BancoLumbre the app is dead", minute=0, id="x:1", **DOWN), Deleted(id="x:1", at=at(1)))
    assert one.store.quotes(["x:1"]) == () and not one.state.desk.cases and not counts(one)["own"]


# ── the customer's case ──────────────────────────────────────────────────────────────────────────────────────────


def case(one: Loop):
    (found,) = one.state.desk.cases.values()
    return found


def test_who_adds_the_important_thing_an_hour_later_is_waited_for_from_then_on():
    one = desk()
    hears(one, 0, say("@BancoLumbre nice new colours", minute=0, id="x:1", **FINE))
    assert not one.state.desk.cases
    hears(one, 60, say("@BancoLumbre nice new colours, but my card is blocked", minute=0, id="x:1", means="complaint", about="card"))
    (clock,) = case(one).clocks
    assert (case(one).service, clock.started_at, clock.due_at) == ("card", at(60.1), at(90.1))


def test_an_edit_that_needs_a_human_now_is_told_and_the_history_says_what_the_line_was():
    one = desk()
    hears(one, 0, say("@BancoLumbre how do I pay abroad?", minute=0, id="x:1", means="question", about="card"))
    took = hears(one, 20, say("@BancoLumbre robbed in Rome, no card, help", minute=0, id="x:1", means="moment complaint", about="card"))
    assert [alert.reason for alert in took.outcome.alerts] == ["moment"]
    (line,) = case(one).history
    assert (line.what, line.at, line.was, line.was_at) == ("asked", at(20.1), "asked", at(0))
    assert case(one).contacts == 1


def test_who_edits_the_complaint_away_waits_no_more():
    one = desk()
    hears(one, 0, say("@BancoLumbre where is my transfer?", minute=0, id="x:1", means="question complaint"))
    hears(one, 10, say("@BancoLumbre good morning", minute=0, id="x:1", **FINE))
    assert case(one).clocks[0].void and [(line.what, line.was) for line in case(one).history] == [("wrote", "asked")]
    assert [alert.reason for minute in range(11, 60) for alert in hears(one, minute).outcome.alerts] == []


def test_edit_it_works_again_solves_the_case():
    one = desk()
    hears(one, 0, say("@BancoLumbre where is my transfer?", minute=0, id="x:1", means="question complaint"))
    hears(one, 10, say("@BancoLumbre where is my transfer? EDIT: it is there", minute=0, id="x:1", means="recovered"))
    assert case(one).solved_at == at(10.1) and case(one).history[0].what == "solved"


def test_a_comma_mended_in_an_old_complaint_starts_no_clock_anew():
    one = desk()
    hears(one, 0, say("@BancoLumbre where is my transfer", minute=0, id="x:1", means="complaint"))
    hears(one, 5, say("@ana it is on its way", minute=5, by="BancoLumbre", id="x:2", in_reply_to="x:1", means=""))
    before = case(one)
    hears(one, 50, say("@BancoLumbre, where is my transfer?", minute=0, id="x:1", means="complaint"))
    assert case(one) == before


def test_a_reply_of_ours_that_is_edited_into_help_is_an_answer_from_then_on():
    one = desk()
    hears(one, 0, say("@BancoLumbre where is my transfer", minute=0, id="x:1", means="complaint"))
    ours = replace(say("@ana llame al 900 123 123", minute=5, by="BancoLumbre", id="x:2", in_reply_to="x:1"), verdict=None)
    hears(one, 5, ours)
    assert (case(one).hand_offs, case(one).answers, case(one).clocks[0].met_at) == (1, 0, None)
    hears(one, 9, replace(ours, text="@ana ya la tiene en su cuenta"))
    assert (case(one).hand_offs, case(one).answers, case(one).clocks[0].met_at) == (0, 1, at(9.1))
    hears(one, 12, replace(ours, text="@ana ya la tiene. Le escribimos en 2 horas"))
    assert [(clock.kind, clock.words) for clock in case(one).clocks[1:]] == [("promise", "en 2 horas")]
    assert case(one).clocks[0].met_at == at(9.1)


# ── in a recording ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_recording_says_when_words_were_edited_and_the_order_of_its_lines_does_not_matter():
    def line(n: int, text: str, minute: float, **more: object) -> bytes:
        return json.dumps(
            {"id": f"x:{n}", "author": f"p{n}", "source": "x", "text": text, "posted_at": at(minute).isoformat(), **more}
        ).encode()

    said = [line(n, f"la app no funciona {n}", n) for n in range(2)]
    said += [
        line(7, "buenos días", 2),
        line(7, "la app no funciona, se queda en blanco", 2, edited_at=at(9).isoformat()),
        line(8, "hola", 12),
    ]
    orders = (said, [said[3], *said[:3], said[4]])
    told = []
    for order in orders:
        one = desk()
        took = [took for _, took in play(one, slots(events(order, source="x", seen_at=None)))]
        told.append(b"".join(alert_line(alert) for each in took for alert in each.outcome.alerts))
    assert told[0] == told[1] and b'"at":"2026-03-12T11:09:10Z"' in told[0] and b'"reason":"suspected"' in told[0]
