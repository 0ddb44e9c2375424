"""The table of everything that was counted lately: rows are cells, columns are minutes, drafts leave it as it is."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.decide.detecting import lessons
from carebot.decide.detecting.cells import SPAN, Cell, Profile, Table
from tests.decide.listening import HOUR, MONDAY, lessons_of, listened, world

APP, CARD = Cell("lumbre", "app"), Cell("lumbre", "card")


def written(table: Table) -> tuple[object, ...]:
    """All that can be read in a table."""
    return dict(table.rows), table.hour, table.learned_to, table.counts.tolist(), table.usual.tolist(), lessons_of(table)


def counted(table: Table, row: int, minute: int) -> float:
    return float(table.counts[row, minute - table.first])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("join"), st.integers(0, 30)),
            st.tuples(st.just("count"), st.integers(0, 400)),
            st.tuples(st.just("advance"), st.integers(0, 400)),
            st.tuples(st.just("history"), st.integers(1, 400)),
            st.tuples(st.just("recall"), st.integers(0, 30)),
        ),
        max_size=8,
    )
)
def test_whatever_is_written_on_a_draft_the_table_it_was_made_from_stays_as_it_was(acts):
    table = listened(np.ones((2, 200)))
    minute, before = MONDAY + 200, written(table)
    draft = table.draft()
    for what, number in acts:
        match what:
            case "join":
                lessons.join(draft, [Cell(f"new-{one}") for one in range(number)], world())
            case "count":
                draft.count(1, minute - number, 0.5)
            case "advance":
                minute += number
                lessons.advance(draft, minute, world())
            case "history":
                lessons.backfill(draft, 0, MONDAY - number, 1.0, world().zone)
            case "recall":
                lessons.recall(draft, Cell(f"old-{number}"), Profile(learned_to=draft.learned_to - number % 5), world())
        draft = draft.draft()
    assert written(table) == before


def test_columns_move_on_with_the_hour_and_what_was_counted_keeps_its_minute():
    table = Table()
    table.add([APP])
    table.turn_to(MONDAY // 60)
    table.count(0, MONDAY + 7, 1.0)
    table.count(0, MONDAY + 7, 0.5)
    for hour in range(1, SPAN - 1):
        table.turn_to(MONDAY // 60 + hour)
        assert counted(table, 0, MONDAY + 7) == 1.5
        assert table.counts.sum() == 1.5
    table.turn_to(MONDAY // 60 + SPAN - 1)
    assert table.counts.sum() == 0


def test_time_does_not_go_back_and_after_a_long_night_the_table_is_empty():
    table = Table()
    table.add([APP])
    table.turn_to(MONDAY // 60)
    table.count(0, MONDAY, 1.0)
    table.turn_to(MONDAY // 60 - 3)
    assert counted(table, 0, MONDAY) == 1.0
    table.turn_to(MONDAY // 60 + 1000)
    assert table.counts.sum() == 0


def test_what_is_too_old_or_of_the_hour_after_next_is_not_counted():
    table = Table()
    table.add([APP])
    table.turn_to(MONDAY // 60)
    for minute in (table.first - 1, MONDAY + 2 * HOUR):
        table.count(0, minute, 1.0)
    assert table.counts.sum() == 0
    for minute in (table.first, MONDAY + 2 * HOUR - 1):
        table.count(0, minute, 1.0)
    assert table.counts.sum() == 2


def test_a_cell_keeps_its_row_however_many_come_after_it():
    table = Table()
    table.add([APP, CARD])
    table.turn_to(MONDAY // 60)
    table.count(1, MONDAY, 1.0)
    table.add([CARD, *(Cell(f"brand-{number}") for number in range(40))])
    assert (table.rows[APP], table.rows[CARD], len(table)) == (0, 1, 42)
    assert counted(table, 1, MONDAY) == 1.0
    assert table.counts.sum() == 1.0


def test_what_is_stored_of_a_row_is_all_that_it_has_taught():
    table = listened(np.random.default_rng(1).poisson(0.3, (2, 3000)))
    other = Table()
    other.add([CARD, Cell("lumbre"), APP])
    other.remember(2, table.profile(1))
    assert lessons_of(other)[APP] == lessons_of(table)[Cell("brand-1")]
    assert lessons_of(other)[CARD] != lessons_of(other)[APP]
