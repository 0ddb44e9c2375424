"""The order in which messages are read does not matter: late, shuffled, twice or as a backlog, it is the same incidents.

Everything goes through the real loop on real databases; only the times at which messages are read differ.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from carebot.decide.telling.sentences import LATE
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Alert, Incident, Message
from carebot.replay import play, slots
from tests.saying import RULES, at, rulebook, say

WORDS = ("luna", "mar", "roca", "nube", "pan", "sol", "rio", "flor", "tren", "casa", "gato", "lobo", "vela", "faro", "puente", "torre")


def complaint(n: int, minute: float, about: str = "app", by: str = "") -> Message:
    """Nobody else's words, and for the loop no verdict but ours."""
    chance = random.Random(n)
    words = " ".join(chance.sample(WORDS, 6))
    return say(f"{words} {n}", by=by or f"p{n}", minute=minute, about=about, id=f"x:{n}", author_key="", fingerprint=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("order")


def lived(folder: Path, messages: Sequence[Message]) -> tuple[list[Incident], list[Alert]]:
    """A fresh carebot that reads each message at its `seen_at`, and two hours on: its incidents, and what it told."""
    path = folder / "one.db"
    for left in folder.iterdir():
        left.unlink()
    loop = Loop(Store(path), rulebook(RULES), secret=b"order", destinations=lambda alert: (alert.to,))
    said: list[Alert] = []
    morning = say("good morning", by="zoe", minute=-1440, means="praise", about="none", id="x:morning")
    for _, took in play(loop, slots(iter([morning, *messages]))):
        assert not took.refused
        said += took.outcome.alerts
    found = loop.store.incidents()
    loop.store.close()
    return found, said


def known_by(found: Sequence[Incident]) -> Iterator[object]:
    """What must be the same: name, services, evidence, people, onset, and how far it came."""
    for one in sorted(found, key=lambda one: one.id):
        if not one.merged_into:
            yield (
                one.id, {one.service, *one.also}, set(one.messages), one.count, set(one.authors), one.author_count, one.by_source, one.symptom,
                one.onset_at, one.confirmed_at is not None, one.phase,
            )  # fmt: skip


def late(message: Message, minutes: float) -> Message:
    return replace(message, seen_at=message.posted_at + timedelta(minutes=minutes))


@st.composite
def troubles(draw: st.DrawFn) -> list[Message]:
    """A quiet service, and up to three dozen customers who find it broken, at any pace; a few of the later ones do not say what is broken."""
    seconds = sorted(draw(st.lists(st.integers(0, 40 * 60), min_size=3, max_size=36, unique=True)))
    vague = draw(st.sets(st.integers(5, 35), max_size=4))
    return [complaint(n, second / 60, "none" if n in vague and n % 5 == 0 else "app") for n, second in enumerate(seconds)]


FEW = settings(max_examples=12, deadline=None, derandomize=True)


@FEW
@given(said=troubles(), chance=st.randoms(use_true_random=False))
def test_each_up_to_a_quarter_of_an_hour_late(folder: Path, said: list[Message], chance: random.Random) -> None:
    in_order, _ = lived(folder, said)
    found, _ = lived(folder, [late(message, chance.choice((0, 0, 3, 9, 14.5))) for message in said])
    assert list(known_by(found)) == list(known_by(in_order))


@FEW
@given(said=troubles(), chance=st.randoms(use_true_random=False))
def test_shuffled_and_twice(folder: Path, said: list[Message], chance: random.Random) -> None:
    in_order, told = lived(folder, said)
    again = [*said, *said]
    again.sort(key=lambda message: message.posted_at + timedelta(minutes=chance.random() * 14))
    found, told_again = lived(folder, again)
    assert list(known_by(found)) == list(known_by(in_order))
    assert [(alert.alert, alert.at) for alert in told_again] == [(alert.alert, alert.at) for alert in told]


@FEW
@given(said=troubles())
def test_a_backlog_of_forty_minutes_read_at_once_is_the_same_incident_and_never_pages(folder: Path, said: list[Message]) -> None:
    in_order, _ = lived(folder, said)
    found, told = lived(folder, [replace(message, seen_at=at(60)) for message in said])
    assert list(known_by(found)) == list(known_by(in_order))
    assert bool(told) == bool(found)
    for alert in told:
        assert (alert.severity or 0) >= 3
        if alert.reason != "resolved":
            assert alert.late_by_s > LATE and alert.detail and "retraso" in alert.detail.es and "late" in alert.detail.en


def test_something_always_opens_where_twenty_complain_within_ten_minutes(folder: Path) -> None:
    """Or else the tests above would compare nothing with nothing."""
    found, told = lived(folder, [complaint(n, n / 2) for n in range(20)])
    assert [one.phase for one in found] == ["resolved"] and {"suspected", "confirmed", "resolved"} <= {alert.reason for alert in told}


def test_two_failures_in_one_backlog_are_two_incidents(folder: Path) -> None:
    said = [complaint(n, n / 2 + (150 if n >= 8 else 0)) for n in range(16)]
    in_order, _ = lived(folder, said)
    found, told = lived(folder, [replace(message, seen_at=at(200)) for message in said])
    assert [one.id for one in found] == ["banco-lumbre-app-20260312", "banco-lumbre-app-20260312-2"]
    assert list(known_by(found)) == list(known_by(in_order))
    assert all((alert.severity or 0) >= 3 for alert in told)


def test_a_source_that_was_away_for_half_an_hour_adds_to_what_another_one_told(folder: Path) -> None:
    said = [replace(complaint(n, n), source="x" if n % 2 else "app_store") for n in range(20)]
    in_order, _ = lived(folder, said)
    away = [replace(message, seen_at=at(35)) if message.source == "app_store" else message for message in said]
    found, told = lived(folder, away)
    assert list(known_by(found)) == list(known_by(in_order))
    assert [alert.reason for alert in told].count("suspected") == 1


def test_a_late_message_that_closes_the_gap_opens_what_it_would_have_opened(folder: Path) -> None:
    """Three people in ten minutes, the middle one read last."""
    said = [complaint(0, 0), late(complaint(1, 4), 9), complaint(2, 8)]
    found, told = lived(folder, said)
    assert [one.author_count for one in found] == [3] and found[0].onset_at == at(0)
    assert told[0].reason == "suspected" and told[0].at < at(14)


def test_a_late_message_that_closes_a_gap_draws_in_what_was_said_before_the_gap(folder: Path) -> None:
    said = [complaint(n, minute) for n, minute in enumerate((0, 20, 40, 41, 42))]
    in_order, _ = lived(folder, said)
    found, _ = lived(folder, [late(message, 30) if message.id == "x:1" else message for message in said])
    assert [one.onset_at for one in found] == [at(0)]
    assert list(known_by(found)) == list(known_by(in_order))


def test_a_complaint_read_after_the_all_clear_belongs_to_what_is_over_and_opens_nothing(folder: Path) -> None:
    said = [*(complaint(n, n / 2) for n in range(10)), *(complaint(n, n + 30) for n in range(10, 13))]
    in_order, _ = lived(folder, said)
    found, told = lived(folder, [late(message, 14) if message.posted_at >= at(40) else message for message in said])
    assert list(known_by(found)) == list(known_by(in_order)) and found[0].count == 13
    assert [alert.reason for alert in told][-1] == "resolved"


@st.composite
def people_who_repeat_themselves(draw: st.DrawFn) -> list[Message]:
    """Two dozen posts of seven people in half an hour, some in one conversation, some with a text that goes round."""
    seconds = sorted(draw(st.lists(st.integers(0, 30 * 60), min_size=8, max_size=24, unique=True)))
    people, kinds = st.integers(0, 6), st.sampled_from(("own", "own", "own", "copy", "reply"))
    return [_repeated(n, second / 60, f"p{draw(people)}", draw(kinds)) for n, second in enumerate(seconds)]


def _repeated(n: int, minute: float, by: str, kind: str) -> Message:
    said = complaint(n, minute, by=by)
    if kind == "copy":
        return replace(said, text=f"{' '.join(WORDS)} again {n % 3}")
    return replace(said, conversation="x:thread") if kind == "reply" else said


@FEW
@given(said=people_who_repeat_themselves(), chance=st.randoms(use_true_random=False))
def test_whoever_repeats_themselves_or_others_counts_by_what_was_posted_first(
    folder: Path, said: list[Message], chance: random.Random
) -> None:
    in_order, _ = lived(folder, said)
    found, _ = lived(folder, [late(message, chance.choice((0, 0, 3, 9, 14.5))) for message in said])
    assert list(known_by(found)) == list(known_by(in_order))


def test_of_one_persons_two_posts_the_earlier_counts_whichever_is_read_first(folder: Path) -> None:
    first, second = complaint(0, 0, by="ana"), complaint(1, 3, by="ana")
    others = [complaint(n, n) for n in range(4, 9)]
    in_order, _ = lived(folder, [first, second, *others])
    found, _ = lived(folder, [late(first, 4), second, *others])
    assert list(known_by(found)) == list(known_by(in_order)) and "x:0" in found[0].messages


def test_of_a_text_that_goes_round_the_original_counts_though_its_copy_was_read_first(folder: Path) -> None:
    words = " ".join(WORDS)
    original, copy = replace(complaint(0, 0, by="ana"), text=words), replace(complaint(1, 3, by="eva"), text=words)
    others = [complaint(n, n) for n in range(4, 9)]
    in_order, _ = lived(folder, [original, copy, *others])
    found, _ = lived(folder, [late(original, 12), copy, *others])
    assert list(known_by(found)) == list(known_by(in_order))
    assert "x:0" in found[0].messages and "x:1" not in found[0].messages and found[0].author_count == 6


def test_an_incident_whose_first_complaint_turns_out_to_be_a_repetition_began_with_the_second(folder: Path) -> None:
    said = [complaint(0, 0, by="ana"), complaint(1, 59, by="ana"), *(complaint(n, 59 + n) for n in range(2, 9))]
    in_order, _ = lived(folder, said)
    found, told = lived(folder, [late(said[0], 65), *said[1:]])
    assert list(known_by(found)) == list(known_by(in_order)) and found[0].onset_at == at(61)
    assert told[0].at < at(65) and told[0].onset_at == at(59)  # what was told stays told
