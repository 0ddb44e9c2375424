"""What carebot says of itself: once when it begins, once when it is over, and what keeps it from saying that all is well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from carebot.decide.telling.vitals import Pulse, Told, Vitals, told, withheld

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def day(*measured: Vitals) -> list[str]:
    """What is said, a measurement a minute: "minute reason"."""
    known, said = Told(), []
    for minute, vitals in enumerate(measured):
        known, reports = told(known, vitals, NOON + minute * MINUTE)
        said += [f"{minute} {report.reason} {report.id}" for report in reports]
    return said


TROUBLES: list[tuple[str, str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("outbox", "outbox_stuck", {"unsaid_since": NOON - 6 * MINUTE, "unsaid": 3}, {"unsaid_since": NOON - MINUTE}, {}),
    ("slack", "slack_refused", {"slack": "token_revoked"}, {"slack": None}, {"slack": ""}),
    ("quarantine", "quarantine", {"set_aside": {"notes": 8, "web": 3}}, {"set_aside": {"notes": 7}}, {"set_aside": {"notes": 2}}),
    ("disk", "disk_low", {"disk_free": 0.149}, {"disk_free": 0.16}, {"disk_free": 0.18}),
    ("clock", "clock_off", {"clock_ahead": timedelta(seconds=-61)}, {"clock_ahead": None}, {"clock_ahead": timedelta(seconds=3)}),
]


@pytest.mark.parametrize(("subject", "reason", "wrong", "between", "well"), TROUBLES, ids=[row[0] for row in TROUBLES])
def test_each_trouble_is_told_once_and_once_more_when_it_is_over(
    subject: str, reason: str, wrong: dict[str, Any], between: dict[str, Any], well: dict[str, Any]
) -> None:
    row = [Vitals(**one) for one in (well, wrong, wrong, between, wrong, well, well, wrong)]
    assert day(*row) == [f"1 {reason} {subject}", f"5 trouble_over {subject}", f"7 {reason} {subject}"]


def test_a_disk_that_fills_up_is_told_twice_before_it_is_full() -> None:
    assert day(*(Vitals(disk_free=free) for free in (0.2, 0.14, 0.1, 0.049, 0.04, 0.06, 0.08, 0.2))) == [
        "1 disk_low disk",
        "3 disk_full disk-full",
        "6 trouble_over disk-full",
        "7 trouble_over disk",
    ]


def test_it_says_how_many_were_set_aside_and_from_which_source() -> None:
    _, (report,) = told(Told(), Vitals(set_aside={"notes": 8, "web": 3}), NOON)
    assert report.headline.en == "11 items set aside in an hour: they could not be read"
    assert report.detail
    assert report.detail.es == "De: notes 8, web 3. Por qué: carebot status."


def test_a_clock_that_is_ahead_is_not_called_late() -> None:
    _, (report,) = told(Told(), Vitals(clock_ahead=timedelta(minutes=3)), NOON)
    assert report.detail
    assert report.detail.en.startswith("It is 3 min ahead of Slack's")


WELL = Pulse(canary_at=NOON - MINUTE)


@pytest.mark.parametrize(
    ("pulse", "why"),
    [
        (WELL, ()),
        (Pulse(), ("canary",)),
        (Pulse(canary_at=NOON - 6 * MINUTE), ("canary",)),
        (Pulse(canary_at=NOON, urgent_at=NOON - timedelta(seconds=61)), ("outbox",)),
        (Pulse(canary_at=NOON, urgent_at=NOON - timedelta(seconds=59)), ()),
        (Pulse(canary_at=NOON, unheard=("notes", "web"), refused=("desk",)), ("source notes", "source web", "destination desk")),
    ],
)
def test_the_switch_is_pressed_only_while_all_is_well(pulse: Pulse, why: tuple[str, ...]) -> None:
    assert withheld(pulse, NOON) == why
