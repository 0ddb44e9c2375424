"""One brand's false alarms are shared among its cells, and a cell that cannot spend its share costs the others nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from carebot.decide.detecting import baseline, budget
from carebot.decide.detecting.cells import Cell, Table

BRAND = Cell("lumbre")
BUSY, SILENT = 5.0, 0.0  # messages a minute


def service(number: int, **part: str) -> Cell:
    return Cell("lumbre", f"service-{number}", **part)


def known_for_weeks(rates: Mapping[Cell, float]) -> Table:
    """Cells that have brought so many messages a minute for a long time."""
    table = Table()
    table.add(list(rates))
    table.own("seen", "heard")
    for cell, rate in rates.items():
        table.heard[table.rows[cell]] = 4.0
        table.seen[table.rows[cell]] = 240 * rate * baseline.WEEK_SHAPE
    return table


def chances(rates: Mapping[Cell, float]) -> float:
    return budget.tests(known_for_weeks(rates), "lumbre")


def test_one_cell_is_one_chance_for_a_false_alarm():
    assert chances({BRAND: BUSY}) == 1


def test_fifty_busy_cells_are_about_fifty():
    assert chances({BRAND: 50 * BUSY, **{service(n): BUSY for n in range(50)}}) == pytest.approx(50, rel=0.1)


def test_silent_cells_cost_nothing():
    busy = {BRAND: 3 * BUSY, **{service(n): BUSY for n in range(3)}}
    silent = {service(n): SILENT for n in range(10, 200)}
    assert chances({**busy, **silent}) == pytest.approx(chances(busy), rel=0.02)


def test_a_quiet_cell_takes_what_it_can_raise_and_the_others_have_the_rest():
    busy = {BRAND: 3 * BUSY, **{service(n): BUSY for n in range(3)}}
    told = [chances({**busy, **{service(n): rate for n in range(10, 110)}}) for rate in (SILENT, 0.0003, 0.0004, 0.01)]
    assert told[0] == pytest.approx(4, rel=0.05)
    assert told[0] < told[1] < told[2] < 12
    assert told[3] == pytest.approx(104, rel=0.02)


def test_a_brand_of_which_hardly_anybody_complains_has_its_whole_budget_in_each_cell():
    assert chances({BRAND: 0.0004, **{service(n): 0.0001 for n in range(4)}}) == 1


def test_a_cell_under_two_names_counts_once():
    alone = {BRAND: BUSY, service(1): BUSY}
    named_twice = {**alone, service(1, symptom="down"): 0.95 * BUSY, service(1, source="x"): BUSY, Cell("lumbre", source="x"): BUSY}
    assert chances(alone) == chances(named_twice) == 1
    assert chances({**alone, service(1, symptom="down"): 0.5 * BUSY}) > 1.5


def test_one_brands_cells_are_no_chance_for_another():
    rates = {BRAND: BUSY, **{Cell("other", f"service-{n}"): BUSY for n in range(9)}, Cell("other"): 9 * BUSY}
    assert chances(rates) == 1


def test_a_new_cell_and_a_learned_hour_are_heard_of():
    table = known_for_weeks({BRAND: BUSY})
    assert budget.tests(table, "lumbre") == 1
    table.add([service(1)])
    table.own("seen")
    table.heard[1], table.seen[1] = 4.0, 120 * BUSY * np.array(baseline.WEEK_SHAPE)
    assert budget.tests(table, "lumbre") > 1.5
    assert table.draft().tests == table.tests
