"""Are first answers worked out as anybody would by hand? On recorded conversations of two support accounts, wait by wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.clocks import DATA, by_hand, compared


def row(id_: str, minute: int, author: str, text: str = "@brand ?", to: str = "", day: int = 1) -> dict[str, object]:
    at = f"2026-03-{day:02}T12:{minute:02}:00Z"
    return {"id": id_, "posted_at": at, "author": author, "by_brand": author == "brand", "text": text, "in_reply_to": to}


def moment(minute: int, day: int = 1) -> datetime:
    return datetime(2026, 3, day, 12, minute, tzinfo=UTC)


def test_by_hand_a_wait_ends_with_the_first_reply_that_is_no_hand_off():
    rows = [row("1", 0, "ana"), row("2", 3, "ana"), row("3", 5, "brand", "@ana ring us"), row("4", 9, "brand", "@ana done", to="9")]
    assert by_hand(rows, {"brand"}, {"1", "2"}, set(), {"3"}) == {("ana", moment(0)): moment(9)}
    assert by_hand(rows, {"brand"}, {"1", "2"}, set(), set()) == {("ana", moment(0)): moment(5)}


def test_by_hand_who_was_let_down_and_comes_back_waits_anew_and_who_was_answered_does_not():
    let_down = [row("1", 0, "ana"), row("2", 0, "ana", day=6), row("3", 5, "brand", "@ana here", day=6)]
    assert by_hand(let_down, {"brand"}, {"1", "2"}, set(), set()) == {("ana", moment(0)): None, ("ana", moment(0, 6)): moment(5, 6)}
    answered = [row("1", 0, "ana"), row("2", 4, "brand", to="1"), row("3", 0, "ana", day=6), row("4", 5, "brand", to="3", day=6)]
    assert by_hand(answered, {"brand"}, {"1", "3"}, set(), set()) == {("ana", moment(0)): moment(4)}


def test_by_hand_who_begins_with_somebody_elses_name_is_owed_nothing():
    rows = [
        row("1", 0, "ana", "@eva ask @brand"),
        row("2", 1, "luz", "so, @brand ?"),
        row("3", 2, "leo", "brand, the shop"),
        row("4", 3, "brand", "@ana"),
    ]
    assert by_hand(rows, {"brand"}, {"1", "2", "3"}, set(), set()) == {("luz", moment(1)): None}


@pytest.mark.parametrize("mode", ["all", "hand-offs"])
@pytest.mark.data
@pytest.mark.skipif(not DATA.exists(), reason=f"the recordings are not at {DATA}")
def test_every_wait_of_the_banks_recording_is_equal_to_the_second(mode):
    found = compared("citibanamex_2021_es", mode)
    assert found.waits > 200 and found.answered > 100
    assert found.differences == ()
    assert found.equal == found.waits


@pytest.mark.long
@pytest.mark.data
@pytest.mark.skipif(not DATA.exists(), reason=f"the recordings are not at {DATA}")
@pytest.mark.parametrize("name", ["spotifycares_2017_en", "citibanamex_2021_es"])
@pytest.mark.parametrize("mode", ["all", "hand-offs", "as read"])
def test_every_difference_of_the_recordings_has_a_reason_that_is_known(name, mode):
    found = compared(name, mode)
    assert found.equal == found.waits if mode != "as read" else found.equal >= 0.99 * found.waits
    assert [line for line in found.differences if "UNEXPLAINED" in line] == []
