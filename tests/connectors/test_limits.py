"""How long they ask us to stay away: read in every spelling, by their clock, and never absurd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.limits import asked_to_wait, pause, server_time

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EPOCH = int(NOON.timestamp())


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("30", 30), ("0", 1), ("1.5", 1.5), ("1000000000", 900), ("99999999999999", 900), (" 7 ", 7),
        (format_datetime(NOON + timedelta(seconds=45), usegmt=True), 45), (format_datetime(NOON - timedelta(hours=1), usegmt=True), 1),
        (format_datetime(NOON + timedelta(days=9), usegmt=True), 900),
        ("-1", None), ("", None), ("soon", None), ("1e9", None), ("9" * 5000, None), ("٣", None), ("Fri, 99 Nov 9999 99:99:99 GMT", None),
    ],
)  # fmt: skip
def test_the_wait_they_ask_for_is_kept_between_a_second_and_a_quarter_of_an_hour(asked: str, seconds: float | None) -> None:
    assert asked_to_wait({"retry-after": asked}, NOON) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-rate-limit-reset": str(EPOCH + 60)}, 60),
        ({"x-ratelimit-reset": "2026-11-21T12:02:00.000Z"}, 120),
        ({"x-ratelimit-reset": "240.0"}, 240),
        ({"ratelimit-reset": str(EPOCH + 5)}, 5),
        ({"ratelimit-reset": "90"}, 90),
        ({"retry-after": "10", "x-ratelimit-reset": "240"}, 10),
        ({"retry-after": "whenever", "x-ratelimit-reset": "240"}, 240),
    ],
)
@pytest.mark.parametrize("wrong", [timedelta(), timedelta(minutes=15), timedelta(minutes=-15)])
def test_every_spelling_gives_the_same_wait_however_wrong_our_clock_is(headers: dict[str, str], seconds: int, wrong: timedelta) -> None:
    theirs = {**headers, "date": format_datetime(NOON, usegmt=True)}
    assert asked_to_wait(theirs, NOON + wrong) == timedelta(seconds=seconds)


@given(st.text() | st.integers().map(str) | st.datetimes().map(str) | st.datetimes().map(format_datetime))
def test_whatever_they_write_there_is_a_sensible_wait_or_none(asked: str) -> None:
    for name in ("retry-after", "ratelimit-reset", "x-ratelimit-reset", "date"):
        wait = asked_to_wait({"x-rate-limit-reset": "60", name: asked}, NOON)
        assert wait is None or timedelta(seconds=1) <= wait <= timedelta(minutes=15)


def test_after_a_good_answer_we_pause_only_when_nothing_is_left() -> None:
    assert pause({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "60"}, NOON) == timedelta(seconds=60)
    assert pause({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "60"}, NOON) == timedelta(seconds=60)
    assert pause({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "60"}, NOON) is None
    assert pause({"x-ratelimit-reset": "60"}, NOON) is None
    assert pause({"x-ratelimit-remaining": "0"}, NOON) is None


def test_a_server_without_a_readable_clock_has_none() -> None:
    assert server_time({}) is None
    assert server_time({"date": "yesterday"}) is None
    assert server_time({"date": "Fri, 31 Dec 9999 23:59:59 -1400"}) is None
    assert server_time({"date": format_datetime(NOON, usegmt=True)}) == NOON
