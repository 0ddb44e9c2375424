"""What is remembered in small things costs the same after a month as on the first day, and a restart knows all of it."""

from __future__ import annotations

from pathlib import Path

from carebot.decide.state import Memory
from carebot.decide.telling.days import KEPT
from carebot.effects.database.rows import encode
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Batch
from tests.saying import at, rulebook, say

DAY = 1440


def begun(path: Path) -> Loop:
    return Loop(Store(path), rulebook(), secret=b"test", destinations=lambda alert: ())


def says(one: Loop, day: int, minute: float = 0) -> list[str]:
    """Somebody complains on that day; → the names under which something was remembered for it."""
    written: list[str] = []
    one.store.db.conn.set_trace_callback(lambda sql: written.append(sql) if sql.startswith("INSERT OR REPLACE INTO memory") else None)
    one.take([Batch(source="x", events=(say(minute=day * DAY + minute, by=f"who{day}-{minute}"),))], at(day * DAY + minute))
    one.store.db.conn.set_trace_callback(None)
    return [sql.split("'")[1] for sql in written]


def test_after_a_month_a_message_writes_its_own_day_and_no_other(tmp_path):
    one = begun(tmp_path / "care.db")
    for day in range(KEPT + 5):
        says(one, day)
    assert [name for name in says(one, KEPT + 4, 1) if name.startswith("day:")] == ["day:2026-04-21"]
    days = one.state.memory.days
    assert KEPT <= len(days) <= KEPT + 2 and "2026-03-12" not in days
    one.store.close()
    again = begun(tmp_path / "care.db")
    assert again.state.memory == one.state.memory
    rows = again.store.db.conn.execute("SELECT count(*) FROM memory WHERE key LIKE 'day:%'").fetchone()
    assert rows == (len(days),)  # those that are over have left
    again.store.close()


def test_a_database_that_kept_its_days_in_one_row_still_knows_them(tmp_path):
    one = begun(tmp_path / "care.db")
    for day in range(3):
        says(one, day)
    known: Memory = one.state.memory
    conn = one.store.db.conn
    conn.execute("DELETE FROM memory WHERE key LIKE 'day:%'")
    conn.execute("INSERT OR REPLACE INTO memory VALUES ('memory', ?)", [encode(known)])  # as it was before the step
    conn.execute("DELETE FROM _sqlite_migrations WHERE name = '0011_each_day_is_a_row'")
    one.store.close()
    again = begun(tmp_path / "care.db")
    assert again.state.memory == known and len(known.days) == 3
    again.store.close()
