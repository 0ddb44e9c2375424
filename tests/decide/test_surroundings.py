"""What counts cannot know by themselves: special days, sources that were away, and incidents."""

from __future__ import annotations

import numpy as np
import pytest

from carebot.decide.detecting import baseline, lessons, surroundings
from carebot.decide.detecting.cells import Cell, minute_of
from carebot.model import Click, Coverage
from tests.saying import NOON, RULES, TestDesk, at, rulebook, say

BRAND, APP, CARD = Cell("Banco Lumbre"), Cell("Banco Lumbre", "app"), Cell("Banco Lumbre", "card")
HOUR = minute_of(NOON) // 60

PAYDAY = """
calendar:
  - {name: payday, on: [2026-03-12], factor: 3}
  - {name: card-day, on: [2026-03-12], factor: 2, services: [card]}
"""


def app_is_down(desk: TestDesk, people: int = 8) -> None:
    for n in range(people):
        desk.hears(say(by=f"p{n}", minute=n / 2))


def frozen(desk: TestDesk, hour: int, *cells: Cell) -> list[bool]:
    opened, confirmed = surroundings.of(desk.state, desk.rules, minute_of(NOON)).frozen(cells, HOUR + hour)
    assert (opened | ~confirmed).all()
    return opened.tolist()


def test_the_hours_of_an_incident_are_frozen_for_its_service_and_for_no_other():
    desk = TestDesk()
    app_is_down(desk)
    assert frozen(desk, 0, APP, CARD, Cell("Banco Lumbre", "app", source="x"), Cell("other", "app")) == [True, False, True, False]
    assert frozen(desk, -1, APP) == [False]
    desk.waits(90, since=4)
    assert desk.reasons[-1] == "resolved"
    assert (frozen(desk, 0, APP), frozen(desk, 3, APP)) == ([True], [False])


def test_what_people_called_no_incident_freezes_nothing():
    desk = TestDesk()
    app_is_down(desk)
    (incident,) = desk.state.incidents
    desk.hears(Click(id="c", action="not_incident", user="Marta", incident=incident, at=at(6)), minute=6)
    assert frozen(desk, 0, APP) == [False]


def test_what_goes_on_for_days_is_learned_in_the_end():
    desk = TestDesk()
    app_is_down(desk)
    assert [frozen(desk, hour, APP) for hour in (surroundings.FROZEN - 1, surroundings.FROZEN)] == [[True], [False]]


def test_an_incidents_minutes_do_not_tell_what_the_level_is():
    desk = TestDesk()
    app_is_down(desk)
    first = minute_of(NOON) - 5
    told = surroundings.normal(desk.state, (APP, CARD), first, 20)
    assert told is not None
    assert told[1].all()
    assert told[0].tolist() == [True] * 5 + [False] * 4 + [True] * 11  # from the first complaint to the last
    assert surroundings.normal(TestDesk().state, (APP,), first, 20) is None


def test_a_special_day_is_busier_for_those_it_is_about():
    rules = rulebook(RULES + PAYDAY)
    factors = surroundings.of(TestDesk().state, rules, minute_of(NOON)).factors((BRAND, APP, CARD), minute_of(NOON), 3)
    assert factors is not None
    assert factors.tolist() == [[3.0] * 3, [3.0] * 3, [6.0] * 3]
    assert surroundings.of(TestDesk().state, rulebook(), minute_of(NOON)).factors((BRAND,), minute_of(NOON), 3) is None


def test_ten_times_the_usual_on_such_a_payday_is_no_incident_and_on_another_day_it_is():
    told = {}
    for name, rules in (("payday", RULES + PAYDAY.replace("factor: 3", "factor: 10")), ("any day", RULES)):
        desk = TestDesk(rules)
        past = [say(f"it fails {n}", by=f"old{n}", minute=float(-400 - 10 * n), id=f"x:old{n}") for n in range(1000)]
        desk.hears(*past, minute=-1)
        for n in range(8):
            desk.hears(say(f"it fails again {n}", by=f"p{n}", minute=n * 1.2))
        told[name] = desk.reasons[:1]
    assert told == {"payday": [], "any day": ["suspected"]}


# ── who was heard ────────────────────────────────────────────────────────────────────────────────────────────────


def with_two_networks() -> TestDesk:
    """Of four complaints three come from x and one from the forum; then x says no more."""
    desk = TestDesk()
    for n in range(40):
        network = "forum" if n % 4 == 0 else "x"
        desk.hears(say(f"it fails {n}", by=f"p{n}", minute=float(-7 * 1440 - 30 * n), source=network, id=f"{network}:{n}"), minute=-60)
    for source, until in (("x-mentions", -10), ("bank-forum", 0)):
        network = "x" if source == "x-mentions" else "forum"
        word = Coverage(id=source, source=source, at=at(until), from_=at(-60), to=at(until), networks={network: 10})
        desk.hears(word, minute=until)
    return desk


def test_a_roll_up_is_heard_as_far_as_the_networks_that_usually_bring_it():
    desk = with_two_networks()
    cells = (Cell("Banco Lumbre", source="x"), Cell("Banco Lumbre", source="forum"), BRAND, APP)
    heard = surroundings.heard(desk.state, cells, minute_of(NOON) - 20, 20)
    assert heard is not None
    assert heard[:, :10] == pytest.approx(1)
    assert heard[0, 11:] == pytest.approx(0)
    assert heard[1, 11:] == pytest.approx(1)
    assert heard[2, 11:] == pytest.approx(0.25, abs=0.1)
    assert heard[3, 11:] == pytest.approx(heard[2, 11:])


def test_where_nobody_says_how_far_it_hears_everything_is_heard():
    assert surroundings.heard(TestDesk().state, (BRAND,), minute_of(NOON), 20) is None


# ── what is learned of the calendar ──────────────────────────────────────────────────────────────────────────────


def learned(share: float = 1.0, *, in_incident: bool = False) -> dict[str, tuple[float, float]]:
    """A table that hears sixty an hour where six are usual, on a day whose factor is to be learned."""
    desk = TestDesk(RULES + "calendar:\n  - {name: payday, on: [2026-03-12], factor: learn}\n")
    if in_incident:
        app_is_down(desk)
    if share < 1:
        desk.state.memory.ears = {"x": surroundings.coverage.Ear(until=minute_of(NOON) - 600, brought={"x": 9.0}, at=minute_of(NOON))}
    state, world = desk.state.copy(), surroundings.of(desk.state, desk.rules, minute_of(NOON))
    lessons.advance(state.table, minute_of(NOON), world)
    lessons.join(state.table, [Cell("Banco Lumbre", source="x"), BRAND], world)
    state.table.own("seen", "heard")
    state.table.heard[:], state.table.seen[:] = 4.0, 24 * np.array(baseline.WEEK_SHAPE)
    for minute in range(60):
        state.table.count(state.table.rows[BRAND], HOUR * 60 + minute, 1.0)
    surroundings.learn_calendar(state, desk.rules, state.table, HOUR)
    return dict(state.memory.learned)


def test_a_busy_hour_of_a_special_day_teaches_its_factor():
    ((seen, expected),) = learned().values()
    assert seen > 2 * expected > 10


def test_an_incident_and_a_deaf_hour_teach_nothing_of_a_special_day():
    assert learned(in_incident=True) == {}
    assert learned(share=0.0) == {}
