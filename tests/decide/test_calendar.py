"""Paydays, holidays and campaigns: how many times the usual is to be expected, in every minute of them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebot.config.calendar import LEAST, MOST, Special
from carebot.config.load import read
from carebot.decide.detecting import calendar
from carebot.decide.detecting.calendar import factors, learn

MADRID, MEXICO = ZoneInfo("Europe/Madrid"), ZoneInfo("America/Mexico_City")
HOUSE = "brand: {name: Banco Lumbre}\nservices:\n  app: {name: {es: la app, en: the app}}\n  card: {name: {es: la tarjeta, en: the card}}\n"


def entries(*written: str) -> tuple[Special, ...]:
    """Calendar entries as a support lead writes them, named a, b, c …"""
    lines = (f"  - {{name: {name}, {text}}}\n" for name, text in zip("abcdefgh", written, strict=False))
    book, problems = read(HOUSE + "calendar:\n" + "".join(lines), kinds={})
    assert book, "\n".join(map(str, problems))
    return book.file.calendar


def minute(local: str, zone: ZoneInfo = MADRID) -> int:
    return int(datetime.fromisoformat(local).replace(tzinfo=zone).timestamp()) // 60


def at(calendar: tuple[Special, ...], local: str, service: str = "app", zone: ZoneInfo = MADRID, **learned: tuple[float, float]) -> float:
    """The factor in one minute."""
    return float(factors(calendar, service, minute(local, zone), 1, zone, learned)[0])


# ── which days ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("on", "inside", "outside"),
    [
        ("12-25", ["2026-12-25T00:00", "2027-12-25T23:59"], ["2026-12-24T23:59", "2026-12-26T00:00"]),
        ("02-29", ["2028-02-29T12:00"], ["2027-02-28T12:00", "2027-03-01T12:00"]),
        ("2026-11-27", ["2026-11-27T12:00"], ["2027-11-27T12:00", "2026-11-28T00:00"]),
        ("12-24 to 01-06", ["2026-12-24T00:00", "2026-12-31T23:59", "2027-01-06T23:59"], ["2026-12-23T23:59", "2027-01-07T00:00"]),
        (
            "2026-11-27 to 2026-11-30",
            ["2026-11-27T00:00", "2026-11-30T23:59"],
            ["2026-11-26T23:59", "2026-12-01T00:00", "2027-11-28T09:00"],
        ),
        ("2026-11-27 18:00 to 2026-11-28 02:00", ["2026-11-27T18:00", "2026-11-28T01:59"], ["2026-11-27T17:59", "2026-11-28T02:00"]),
        ("day 15", ["2026-02-15T08:00", "2026-03-15T08:00"], ["2026-03-14T08:00", "2026-03-16T08:00"]),
        ("day 31", ["2026-03-31T08:00"], ["2026-04-30T08:00", "2026-05-01T08:00"]),
        ("last day", ["2026-02-28T08:00", "2028-02-29T08:00", "2026-04-30T08:00"], ["2028-02-28T08:00", "2026-05-01T08:00"]),
        ("last working day", ["2026-05-29T08:00", "2026-06-30T08:00"], ["2026-05-31T08:00", "2026-05-30T08:00", "2026-05-28T08:00"]),
        ("first working day", ["2026-08-03T08:00", "2026-09-01T08:00"], ["2026-08-01T08:00", "2026-08-02T08:00", "2026-08-04T08:00"]),
        ("first day", ["2026-08-01T08:00"], ["2026-08-03T08:00"]),
        ("fri", ["2026-03-13T00:00", "2026-03-13T23:59"], ["2026-03-12T23:59", "2026-03-14T00:00"]),
        ("sat-mon", ["2026-03-14T08:00", "2026-03-15T08:00", "2026-03-16T08:00"], ["2026-03-13T08:00", "2026-03-17T08:00"]),
    ],
)
def test_a_day_is_the_day_its_writer_means(on, inside, outside):
    special = entries(f"on: [{on}], factor: 2.5")
    assert [at(special, local) for local in inside] == [2.5] * len(inside)
    assert [at(special, local) for local in outside] == [1.0] * len(outside)


def test_days_are_the_brands_own_wherever_the_machine_is():
    special = entries("on: [12-25], factor: 0.4")
    assert at(special, "2026-12-25T00:00", zone=MEXICO) == 0.4
    assert at(special, "2026-12-25T06:59") == 0.4  # the same moment is still the 24th in Mexico
    assert at(special, "2026-12-24T23:59", zone=MEXICO) == 1.0


def test_a_payday_is_only_busy_in_the_morning_and_only_for_the_services_it_names():
    payday = entries("on: [day 28], hours: [08:00-11:00, 17:00-18:30], services: [app], factor: 3")
    busy = factors(payday, "app", minute("2026-04-28T00:00"), 1440, MADRID, {})
    assert busy[:480].max() == 1 and set(busy[480:660]) == {3} and set(busy[660:1020]) == {1} and set(busy[1020:1110]) == {3}
    assert busy[1110:].max() == 1
    assert at(payday, "2026-04-28T09:00", service="card") == 1
    assert at(payday, "2026-04-28T09:00", service="") == 1  # the roll-up has it by the app's share


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-30", 24)])
def test_the_day_the_clocks_change_is_as_long_as_it_is(day, hours):
    special = entries(f"on: [{day}], factor: 2")
    around = factors(special, "app", minute(f"{day}T00:00") - 600, 2700, MADRID, {})
    assert list(np.flatnonzero(around == 2)[[0, -1]]) == [600, 600 + hours * 60 - 1]
    assert (around == 2).sum() == hours * 60


def test_the_hour_that_does_not_exist_is_no_minute_long_and_the_one_that_comes_twice_two_hours():
    special = entries("on: [2026-03-29, 2026-10-25], hours: [02:00-03:00], factor: 2")
    assert (factors(special, "app", minute("2026-03-29T00:00"), 1440, MADRID, {}) == 2).sum() == 0
    assert (factors(special, "app", minute("2026-10-25T00:00"), 1500, MADRID, {}) == 2).sum() == 120


# ── how many times ───────────────────────────────────────────────────────────────────────────────────────────────


def test_factors_that_overlap_multiply_within_bounds():
    sale = entries(
        "on: [11-27], factor: 2", "on: [fri], factor: 1.5", "on: [11-27], factor: 5", "on: [12-25], factor: 0.2", "on: [fri], factor: 0.2"
    )
    assert at(sale[:2], "2026-11-27T10:00") == 3
    assert at(sale[:3], "2026-11-27T10:00") == MOST
    assert at(sale[3:], "2026-12-25T10:00") == LEAST


def test_an_ordinary_day_costs_nothing_and_is_shared():
    special = entries("on: [12-25], factor: 0.4", "on: [12-26]")
    ordinary = factors(special, "app", minute("2026-03-12T12:00"), 240, MADRID, {"b": (9.0, 1.0)})
    assert ordinary is factors((), "card", 0, 240, MADRID, {}) and set(ordinary) == {1.0}
    with pytest.raises(ValueError, match="read-only"):
        ordinary[0] = 2


def test_a_factor_to_learn_is_one_until_something_was_learned_and_then_leans_towards_one():
    payday = entries("on: [day 28]")
    assert at(payday, "2026-04-28T09:00") == 1
    assert at(payday, "2026-04-28T09:00", a=(10.0, 5.0)) == pytest.approx(14 / 9)
    assert at(payday, "2026-04-28T09:00", a=(2000.0, 1000.0)) == pytest.approx(2, abs=0.01)
    assert at(payday, "2026-04-28T09:00", a=(1e9, 1.0)) == MOST


def a_day(special: tuple[Special, ...], day: str, service: str, seen: float, expected: float, known: dict) -> dict:
    """24 hours of one cell, each with so many messages where so many were usual."""
    first = minute(f"{day}T00:00") // 60
    for hour in range(first, first + 24):
        known = learn(special, service, hour, seen, expected, MADRID, known)
    return known


def test_twelve_paydays_with_twice_as_many_messages_are_learned_and_ordinary_days_teach_nothing():
    payday, known = entries("on: [day 28], services: [app, card]"), {}
    for month in range(1, 13):
        for service, usual in (("app", 0.4), ("card", 0.1), ("", 0.6)):
            known = a_day(payday, f"2026-{month:02}-28", service, 2 * usual, usual, known)
            known = a_day(payday, f"2026-{month:02}-27", service, 9 * usual, usual, known)
    assert calendar.factor(payday[0], known) == pytest.approx(2, abs=0.1)
    assert known["a"][1] == pytest.approx(0.5 * 24 * 7, rel=0.1)  # of twelve days, seven days' worth: older ones fade


def test_what_names_no_service_learns_from_the_roll_up_alone_so_that_nothing_is_counted_twice():
    special = entries("on: [12-25]")
    assert a_day(special, "2026-12-25", "app", 2, 1, {}) == {}
    assert set(a_day(special, "2026-12-25", "", 2, 1, {})) == {"a"}


def test_what_a_written_factor_explains_is_not_learned_again():
    both = entries("on: [11-27], factor: 3", "on: [11-27]")
    known = a_day(both, "2026-11-27", "", 6.0, 2.0, {})
    assert calendar.factor(both[1], known) == pytest.approx(1)
    assert set(known) == {"b"}


def test_one_outage_on_a_payday_does_not_make_the_next_payday_deaf():
    payday = entries("on: [day 28]")
    known = a_day(payday, "2026-01-28", "", 1, 1, {})
    burst = learn(payday, "", minute("2026-02-28T10:00") // 60, 500, 1, MADRID, known)
    assert calendar.factor(payday[0], burst) < 1.3


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_learned_factor_is_never_beyond_its_bounds(seen, expected):
    known = a_day(entries("on: [fri]"), "2026-03-13", "", seen, expected, {})
    assert LEAST <= calendar.factor(entries("on: [fri]")[0], known) <= MOST


def test_the_next_days_of_an_entry_show_whether_it_says_what_was_meant():
    special = entries("on: [day 1, last working day]", "on: [2020-01-01]", "on: [12-06]")
    assert calendar.coming(special[0], date(2026, 5, 29)) == (date(2026, 5, 29), date(2026, 6, 1), date(2026, 6, 30))
    assert calendar.coming(special[1], date(2026, 5, 29)) == ()
    assert calendar.coming(special[2], date(2026, 5, 29)) == (date(2026, 12, 6),)


# ── what is written wrongly ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("on: [25-12]", "entry 1 of on has a month that does not exist, 25, in '25-12'.\nThe month comes first, then the day: 12-25."),
        ("on: [02-30]", "entry 1 of on has a day that does not exist, in '02-30'.\nThe month comes first, then the day: 12-25."),
        ("on: [2027-02-29]", "entry 1 of on has a day that does not exist"),
        ("on: [12-25, payday]", "entry 2 of on must be days, not 'payday'.\nWrite 12-25, 2026-11-27"),
        ("on: [foo]", "entry 1 of on must be days, not 'foo'."),
        ("on: [day 32]", "entry 1 of on has a day that no month has: 'day 32'."),
        (
            "on: [2026-11-30 to 2026-11-27]",
            "entry 1 of on ends before it begins: '2026-11-30 to 2026-11-27'.\nWrite the earlier day first.",
        ),
        ("on: [2026-11-27 to 11-30]", "entry 1 of on has a year on one side only"),
        ("on: [2026-11-27 18:00]", "entry 1 of on has a time but no end"),
        ("on: [2026-11-27 18:75 to 2026-11-28]", "entry 1 of on has a time of day that does not exist, 18:75,"),
        ("on: 12-25", "on must be a list, not '12-25'.\nPut it in brackets: [12-25]"),
        ("on: []", "on has too few entries"),
        ("on: [12-25], hours: [night]", "entry 1 of hours must be hours of the day, not 'night'.\nWrite from and to: 08:00-14:00."),
        ("on: [12-25], hours: [22:00-02:00]", "entry 1 of hours ends before it begins"),
        ("on: [12-25], factor: lots", "factor must be learn or a number from 0.1 to 10, not 'lots'.\nWrite 2.5 for two and a half times"),
        ("on: [12-25], factor: 0", "factor must be learn or a number from 0.1 to 10, not 0."),
        ("on: [12-25], factor: true", "factor must be learn or a number from 0.1 to 10, not true."),
        ("on: [12-25], services: [cards]", "there is no service called 'cards'.\nDid you mean \"card\"?"),
        ("when: [12-25]", "the key 'on' is missing"),
    ],
)
def test_a_slip_in_the_calendar_is_answered_with_where_and_what_to_write(written, told):
    text = HOUSE + f"calendar:\n  - {{name: payday, {written}}}\n"
    book, problems = read(text, kinds={})
    assert book is None
    shown = "\n".join(f"{one.message}\n{one.hint}" for one in problems)
    assert f'calendar entry "payday": {told}' in shown
    assert {one.line for one in problems} == {6} and all(one.column >= 5 for one in problems)


def test_two_entries_of_one_name_are_told_because_what_is_learned_goes_by_it():
    book, problems = read(HOUSE + "calendar:\n  - {name: payday, on: [day 1]}\n  - {name: payday, on: [day 15]}\n", kinds={})
    assert book is None
    assert [one.message for one in problems] == [
        'calendar entry "payday": two calendar entries have this name: one on line 6, one on line 7.'
    ]
