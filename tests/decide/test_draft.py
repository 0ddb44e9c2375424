"""A table that can be written on without changing the one below it: it reads like a dict that was copied."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from carebot.decide.draft import Draft, draft, settled

tables = st.dictionaries(st.integers(0, 8), st.integers())
moves = st.lists(st.tuples(st.sampled_from(["put", "drop", "pop"]), st.integers(0, 8), st.integers()))


@given(tables, moves)
def test_a_draft_reads_like_a_copy_and_leaves_the_table_below_alone(table, moves):
    below, copied = dict(table), dict(table)
    written = Draft(below)
    for move, key, value in moves:
        if move == "put":
            written[key] = copied[key] = value
        elif move == "pop":
            assert written.pop(key, None) == copied.pop(key, None)
        elif key in copied:
            del written[key], copied[key]
        else:
            assert key not in written
    assert dict(written) == copied
    assert len(written) == len(copied)
    assert below == table
    assert dict(draft(written)) == copied
    assert settled(written) == copied
    assert below == copied
