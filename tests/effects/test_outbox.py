"""The outbox's rows in a real database: who was told what, and what is still unsaid; and the last words when that database fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from carebot.config.load import read
from carebot.decide.telling.delivery import TERMINAL, elsewhere
from carebot.effects.database.rows import ms
from carebot.effects.database.store import Store
from carebot.effects.telling import last_words
from carebot.effects.telling.outbox import Unsaid, set_aside, told_elsewhere, unsaid
from carebot.effects.vitals import disk_free
from carebot.service import kinds
from tests.effects.outgoing import TEN, Fallback, alert

PAGER, MAIL = "fallback:pager", "fallback:mail"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path / "carebot.db")
    yield one
    one.close()


def test_what_is_to_be_told_elsewhere_is_written_with_the_reason_or_not_at_all(store: Store) -> None:
    late = alert("late", severity=1)
    store.record(fresh=[late])
    with pytest.raises(AttributeError):
        store.record(replace(late, because="too slow"), fresh=[*elsewhere(late, [PAGER], "too slow"), None])  # type: ignore[list-item]
    assert [(one.id, one.because) for one in store.waiting_deliveries()] == [("late", "")]
    store.record(replace(late, because="too slow"), fresh=elsewhere(late, [PAGER], "too slow"))
    store.record(replace(late, because="too slow"), fresh=elsewhere(late, [PAGER], "once more"))
    assert [(one.id, one.because) for one in store.waiting_deliveries()] == [("late", "too slow"), (f"late@{PAGER}", "too slow")]


def test_whoever_heard_anything_of_an_incident_was_told_of_it(store: Store) -> None:
    first, later, other = alert("first"), alert("later"), alert("other", incident="in-2")
    (told,) = elsewhere(first, [PAGER], "")
    store.record(fresh=[first, later, other, replace(told, state="sent"), *elsewhere(first, [MAIL], "")])
    assert told_elsewhere(store, later, [PAGER, MAIL]) == [PAGER]
    assert told_elsewhere(store, later, [MAIL]) == []
    assert told_elsewhere(store, other, [PAGER, MAIL]) == []


def test_an_urgent_alert_is_unsaid_until_somebody_was_told(store: Store) -> None:
    minor = alert("minor", at=TEN - timedelta(hours=1), incident="in-2", severity=4)
    urgent, quiet = alert("urgent", severity=1), replace(alert("quiet", at=TEN - timedelta(days=1), severity=1), quiet=True)
    store.record(fresh=[urgent, minor, quiet])
    assert unsaid(store, [PAGER]) == Unsaid(2, minor.alert.at, TEN)
    store.record(fresh=[replace(one, state="sent") for one in elsewhere(urgent, [TERMINAL], "")])
    assert unsaid(store, [PAGER]).urgent_at == TEN, "nobody reads a terminal at night"
    store.record(fresh=[replace(one, state="sent") for one in elsewhere(urgent, [PAGER], "")])
    assert unsaid(store, [PAGER]) == Unsaid(2, minor.alert.at, None)


def test_what_was_set_aside_is_counted_by_source_and_strangers_at_the_door_are_not(store: Store) -> None:
    rows = [("notes", "line 1", 0), ("notes", "line 2", 59), ("web", "x:7", 10), ("web", "request", 1), ("notes", "line 0", 61)]
    insert = "INSERT INTO quarantine (source, item, reason, at) VALUES (?, ?, 'broken', ?)"
    store.db.conn.executemany(insert, [(source, item, ms(TEN - timedelta(minutes=ago))) for source, item, ago in rows])
    assert set_aside(store, TEN - timedelta(hours=1)) == {"notes": 2, "web": 1}


def test_a_disk_has_some_room_and_a_database_in_memory_has_no_disk(store: Store) -> None:
    free = disk_free(store)
    assert free is not None and 0 < free <= 1
    assert disk_free(Store(None)) is None


async def test_that_the_database_fails_is_told_to_people_once_and_to_the_terminal_each_time(tmp_path: Path) -> None:
    rulebook, problems = read("brand: {name: Lumbre}\n", name="rules.yaml", kinds=kinds())
    assert rulebook, problems
    terminal, pager, deaf = Fallback(), Fallback(), Fallback(shut=1)
    ways = {TERMINAL: terminal, PAGER: pager, MAIL: deaf}
    for _ in range(3):
        await last_words.say(sqlite3.OperationalError("database or disk is full"), tmp_path / "carebot.db", rulebook, ways, TEN)
    assert (len(terminal.told), len(pager.told), len(deaf.told)) == (3, 1, 0)
    assert last_words.note(tmp_path / "carebot.db").exists()
