"""The one owner of the database."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks import storms
from carebot.effects.database.one_writer import wal_reset_bug
from carebot.effects.database.store import Store
from carebot.errors import Held
from carebot.loop import Loop
from carebot.model import Batch, Choice, Click, Deleted, Delivery, Gap, Mark, Message, Signal, Text, Verdict
from tests.saying import at, rulebook, say


def loop(path: Path | None) -> Loop:
    return Loop(Store(path), rulebook(), secret=b"test", destinations=lambda alert: (alert.to,))


def take(one: Loop, *events, minute: float = 0, cursor: str | None = None):
    return one.take([Batch(source="test", events=events, cursor=cursor)], at(minute + 0.1))


def test_a_second_carebot_is_refused_and_told_who_holds_the_database(tmp_path):
    store = Store(tmp_path / "care.db")
    code = f"from pathlib import Path; from carebot.effects.database.store import Store; Store(Path({str(tmp_path / 'care.db')!r}))"
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Held" in second.stderr and "pid " in second.stderr and "Stop that one first" in second.stderr
    with pytest.raises(Held):
        Store(tmp_path / "care.db")
    store.close()
    Store(tmp_path / "care.db").close()


def test_the_database_is_for_its_owner_only_and_durable(tmp_path):
    store = Store(tmp_path / "care.db")
    assert (tmp_path / "care.db").stat().st_mode & 0o077 == 0
    settings = {name: store.db.conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "secure_delete")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    store.close()


def test_the_same_message_twice_counts_once():
    one = loop(None)
    first = take(one, say(id="x:1"), say(id="x:1"))
    again = take(one, say(id="x:1"), minute=1)
    assert (first.new, first.duplicates, again.new, again.duplicates) == (1, 1, 0, 1)
    assert one.store.db["messages"].count == 1


def test_a_restart_knows_what_was_known(tmp_path):
    before = loop(tmp_path / "care.db")
    for person in range(12):
        take(before, say(f"@BancoLumbre down {person}", by=f"p{person}", minute=person, means="outage complaint"), minute=person)
    known = before.state
    before.store.close()
    after = loop(tmp_path / "care.db")
    for part in ("voices", "incidents", "memory", "recent"):
        assert getattr(after.state, part) == getattr(known, part), part
    assert after.state.desk.cases == known.desk.cases and after.state.desk.deadlines == known.desk.deadlines
    assert set(after.state.table.rows) == set(known.table.rows)
    for cell, row in known.table.rows.items():
        assert (after.state.table.counts[after.state.table.rows[cell]] == known.table.counts[row]).all()
    after.store.close()


def test_restarts_change_nothing_of_what_is_learned(tmp_path):
    """A quiet week with one busy hour a day, told to a carebot that never stops and to one that is stopped every few hours."""
    chance = random.Random(7)
    said = {chance.randrange(7 * 1440) for _ in range(60)} | {day * 1440 + 600 + 2 * n for day in range(7) for n in range(25)}
    steady, stopped = loop(tmp_path / "steady.db"), loop(tmp_path / "stopped.db")
    for minute in sorted(said | set(range(0, 7 * 1440, 180))):
        heard = (
            [say(f"no me va la app, {minute}", by=f"p{minute}", minute=minute, source=("x", "app_store")[minute % 2])]
            if minute in said
            else []
        )
        for one in (steady, stopped):
            take(one, *heard, minute=minute)
        if minute % 180 == 0:
            stopped.store.close()
            stopped = loop(tmp_path / "stopped.db")
    for one in (steady, stopped):
        take(one, minute=7 * 1440 + 300)
    assert stopped.state.incidents == steady.state.incidents
    mine, theirs = steady.state.table, stopped.state.table
    assert mine.seen.sum() > 200 and mine.level.any() and mine.spread.any()
    assert set(mine.rows) == set(theirs.rows) and mine.learned_to == theirs.learned_to
    for cell, row in mine.rows.items():
        assert theirs.profile(theirs.rows[cell]) == mine.profile(row), cell
        assert np.array_equal(theirs.usual[theirs.rows[cell]], mine.usual[row]), cell
    steady.store.close(), stopped.store.close()


def test_a_restart_amid_a_storm_knows_every_text_that_goes_round(tmp_path):
    chance, one = random.Random(3), loop(tmp_path / "care.db")
    said = [say(storms.copy(storms.TEXTS[n % 3], chance), by=f"p{n}", minute=n / 4, id=f"x:{n}") for n in range(120)]
    for n in range(0, 120, 8):
        gone = [Deleted(id=f"x:{n}", at=at(n / 4)), Deleted(id=f"x:{max(n - 40, 0)}", at=at(n / 4))] if n % 3 == 0 else []
        take(one, *said[n : n + 8], *gone, minute=n / 4 + 2)
        known = one.state.texts
        one.store.close()
        one = loop(tmp_path / "care.db")
        assert one.state.texts == known and known.pairs
        assert list(one.state.texts.known.texts) == list(known.known.texts)
    assert sum(signal.counted for signal in one.store._docs(Signal, "SELECT doc FROM signals")) <= 6
    one.store.close()


def test_a_restart_after_every_batch_changes_nothing_of_whose_voice_counts(tmp_path):
    """Seven people who repeat themselves and each other, each post read up to three hours late."""
    chance = random.Random(5)
    said = [
        say(
            chance.choice(("the app is down for me and for everybody I know in this town", f"down {n}", f"still down {n}")),
            id=f"x:{n}",
            by=f"p{chance.randrange(7)}",
            minute=chance.randrange(180),
            conversation=chance.choice(("", "x:thread")),
        )
        for n in range(80)
    ]
    read = sorted(said, key=lambda message: (message.posted_at - at(0)).total_seconds() / 60 + chance.random() * 180)
    steady, stopped = loop(tmp_path / "steady.db"), loop(tmp_path / "stopped.db")
    for n in range(0, 80, 4):
        for one in (steady, stopped):
            take(one, *read[n : n + 4], minute=180 + n)
        stopped.store.close()
        stopped = loop(tmp_path / "stopped.db")
    rows = [one.store.db.conn.execute("SELECT id, counted, doc FROM signals ORDER BY id").fetchall() for one in (steady, stopped)]
    assert rows[0] == rows[1] and 0 < sum(counted for _, counted, _ in rows[0]) < 40
    assert [bool(counted) for _, counted, _ in rows[0]] == [msgspec.json.decode(doc, type=Signal).counted for _, _, doc in rows[0]]
    assert stopped.state.incidents == steady.state.incidents and stopped.state.recent == steady.state.recent
    mine, theirs = steady.state.table, stopped.state.table
    assert all((theirs.counts[theirs.rows[cell]] == mine.counts[row]).all() for cell, row in mine.rows.items())
    steady.store.close(), stopped.store.close()


def test_a_voice_taken_back_brings_no_deleted_words_back(tmp_path):
    one = loop(tmp_path / "care.db")
    verdict = Verdict(outage=Mark(0.9, True), service=Choice("app", 1.0), why=("Rumpelstilzchen",))
    take(one, say("down again", id="x:2", by="rumpel", minute=5, verdict=verdict), minute=5)
    take(one, Deleted(id="x:2", at=at(6)), minute=6)
    take(one, say("down", id="x:1", by="rumpel", minute=1), minute=7)
    assert dict(one.store.db.conn.execute("SELECT id, counted FROM signals WHERE kind = 'outage'").fetchall()) == {"x:1": 1, "x:2": 0}
    one.store.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    one.store.close()
    assert b"Rumpelstilzchen" not in (tmp_path / "care.db").read_bytes()


def test_what_is_deleted_on_the_network_is_gone_here_too(tmp_path):
    one = loop(tmp_path / "care.db")
    take(
        one,
        say(
            "@BancoLumbre my name is Rumpelstilzchen and the app is down",
            id="x:1",
            by="rumpel",
            verdict=Verdict(outage=Mark(0.9, True), complaint=Mark(0.9, True), service=Choice("app", 1.0), why=("Rumpelstilzchen",)),
        ),
        cursor="1",
    )
    take(one, Deleted(id="x:1", at=at(1)), minute=1)
    take(one, say("my name is Rumpelstilzchen and the app is down", id="x:1", by="rumpel"), minute=2)
    one.store.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert one.store.quotes(["x:1"]) == ()
    row = one.store.db.conn.execute("SELECT text, author, author_key FROM messages WHERE id = 'x:1'").fetchone()
    one.store.close()
    assert row == ("", "", "")
    left = (tmp_path / "care.db").read_bytes()
    assert b"Rumpelstilzchen" not in left
    assert b"rumpel" not in left
    assert not one.state.desk.cases  # who took back all they said waits for nothing


def going_on(path: Path | None) -> tuple[Loop, str]:
    """A desk with an incident, and its id."""
    one = loop(path)
    for person in range(6):
        take(one, say(f"@BancoLumbre down {person}", id=f"x:{person}", by=f"p{person}", minute=person), minute=person)
    (id_,) = one.state.incidents
    return one, id_


def click(incident: str, action: str, minute: float, **more: str) -> Click:
    return Click(id=f"c:{minute}", action=action, user="Marta", incident=incident, at=at(minute), **more)


def labels(one: Loop) -> dict[tuple[str, str], tuple[str, str, int]]:
    rows = one.store.db.conn.execute('SELECT message, question, answer, "by", alone FROM labels').fetchall()
    return {(message, question): (answer, by, alone) for message, question, answer, by, alone in rows}


def test_of_two_words_about_a_message_the_later_one_holds_in_whatever_order_they_arrive():
    one, id_ = going_on(None)
    take(one, click(id_, "confirm", 8), click(id_, "correct", 9, service="card", message="x:1"), minute=9)
    take(one, click(id_, "not_incident", 7), click(id_, "correct", 8.5, service="atm"), minute=10)
    assert labels(one) == {
        **{(f"x:{n}", "outage"): ("yes", "Marta", 0) for n in range(6)},
        **{(f"x:{n}", "service"): ("card", "Marta", 1) if n == 1 else ("atm", "Marta", 0) for n in range(6)},
    }
    take(one, click(id_, "not_incident", 11), minute=11)
    assert labels(one)["x:5", "outage"] == ("no", "Marta", 0)


def test_what_is_deleted_takes_what_was_said_of_it_along_and_cannot_be_spoken_of_again(tmp_path):
    one, id_ = going_on(tmp_path / "care.db")
    take(one, click(id_, "confirm", 7), minute=7)
    take(one, Deleted(id="x:1", at=at(8)), click(id_, "correct", 8, service="card"), minute=8)
    take(one, click(id_, "confirm", 9), click(id_, "correct", 9, service="card", message="x:never-seen"), minute=9)
    assert {message for message, _ in labels(one)} == {f"x:{n}" for n in (0, 2, 3, 4, 5)}
    one.store.close()


def test_a_correction_to_a_service_nobody_knows_is_set_aside_with_the_ones_there_are():
    one, id_ = going_on(None)
    took = take(one, click(id_, "correct", 7, service="cards"), minute=7)
    assert [refusal.item for refusal in took.refused] == ["c:7"]
    (reason,) = one.store.db.conn.execute("SELECT reason FROM quarantine").fetchone()
    assert reason.startswith("corrects to the service 'cards', which nobody knows: use one of app, card, atm, none, other, web")
    assert labels(one) == {}


def test_a_database_from_before_the_desk_taught_gets_the_table_and_keeps_its_messages(tmp_path):
    one, id_ = going_on(tmp_path / "care.db")
    one.store.db.conn.execute("DROP TABLE labels")
    one.store.db.conn.execute("DELETE FROM _sqlite_migrations WHERE name = '0002_the_desk_teaches'")
    one.store.close()
    after = loop(tmp_path / "care.db")
    take(after, click(id_, "not_incident", 8), minute=8)
    assert len(labels(after)) == after.store.db["messages"].count == 6
    after.store.close()


def test_everything_of_a_batch_is_committed_or_nothing_is(tmp_path, monkeypatch):
    one = loop(tmp_path / "care.db")
    take(one, say(id="x:1"), cursor="1")
    monkeypatch.setattr("carebot.effects.database.store.delivery_row", lambda delivery: 1 / 0)
    said = [say(f"down {n}", id=f"x:{n}", by=f"p{n}", minute=n / 10) for n in range(2, 9)]
    with pytest.raises(ZeroDivisionError):
        one._take([Batch(source="test", events=tuple(said), cursor="2")], at(1))
    assert one.store.db["messages"].count == 1 and one.store.cursor("test") == "1"
    assert not one.state.incidents
    one.store.close()


def test_an_item_that_breaks_a_stage_is_set_aside_and_the_rest_goes_on(monkeypatch):
    from carebot import loop as module

    real = module.screen

    def brittle(messages, **more):
        if any(message.text == "poison" for message in messages):
            raise RuntimeError("the text is not repeated here")
        return real(messages, **more)

    monkeypatch.setattr(module, "screen", brittle)
    one = loop(None)
    took = take(one, say(id="x:1"), say("poison", id="x:2"), say(id="x:3", by="eva"), cursor="9")
    assert one.store.db["messages"].count == 2
    assert [(refusal.item, refusal.reason) for refusal in took.refused] == [("x:2", "broke carebot: RuntimeError")]
    assert one.store.cursor("test") == "9"


def test_when_everything_breaks_the_fault_is_ours_and_nothing_is_set_aside(monkeypatch):
    from carebot import loop as module

    def broken(*_, **__):
        raise RuntimeError("no model")

    def gone(*_, **__):
        raise FileNotFoundError("no model file")

    one = loop(None)
    for failure, error in ((broken, RuntimeError), (gone, FileNotFoundError)):
        monkeypatch.setattr(module, "screen", failure)
        with pytest.raises(error):
            take(one, say(id="x:1"), say("other", id="x:2"), cursor="9")
    assert one.store.db["quarantine"].count == 0
    assert one.store.cursor("test") is None


def test_a_delivery_keeps_its_place_and_never_its_quotes():
    one = loop(None)
    for person in range(6):
        take(one, say(f"the app is down, says nobody in particular {person * 'so '}", by=f"p{person}", minute=person), minute=person)
    first, *_ = one.store.waiting_deliveries()
    assert first.alert.quotes and first.alert.quotes[0].text.startswith("the app is down")
    one.store.record(msgspec.structs.replace(first, state="sending"))
    assert [one.store.waiting_deliveries()[0].id, one.store.waiting_deliveries()[0].state] == [first.id, "sending"]
    stored = one.store.db.conn.execute("SELECT group_concat(doc) FROM outbox").fetchone()[0]
    assert b"nobody in particular" not in (stored if isinstance(stored, bytes) else stored.encode())
    assert isinstance(first, Delivery)


def test_a_brand_of_hostile_values_is_stored_as_it_is():
    one = loop(None)
    nasty = Message(
        id="x:'; DROP TABLE messages;--", text="a\x00b \ud800", posted_at=at(0), seen_at=at(0), author="x' OR 1=1", audience=2**62
    )
    took = take(one, nasty)
    assert took.new + len(took.refused) == 1
    assert one.store.db["messages"].count == took.new


@pytest.mark.parametrize(("version", "buggy"), [((3, 40, 1), True), ((3, 44, 6), False), ((3, 45, 0), True), ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 54, 0), False)])  # fmt: skip
def test_which_sqlite_has_the_wal_reset_bug(version, buggy):
    assert wal_reset_bug(version) is buggy


def test_a_database_that_is_none_says_so(tmp_path):
    (tmp_path / "care.db").write_bytes(b"this is not a database, it is a letter" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        Store(tmp_path / "care.db")


# ── what became of it ──


def test_what_a_source_brought_is_looked_up_again_after_a_day_oldest_first_and_a_month_long(tmp_path: Path):
    keep = Store(tmp_path / "carebot.db")
    loop = Loop(keep, rulebook(), secret=b"k" * 32, destinations=lambda alert: ())
    loop.take([Batch(source="x-search", events=(say("old", minute=0, id="x:1"), say("later", minute=5, id="x:2")))], at(6))
    loop.take([Batch(source="forum", events=(say("elsewhere", minute=1, id="f:1"),))], at(7))
    assert keep.to_recheck("x-search", at(60), 10) == []
    tomorrow = at(60 * 24)
    assert keep.to_recheck("x-search", tomorrow, 10) == ["x:1", "x:2"]
    assert keep.to_recheck("x-search", tomorrow, 1) == ["x:1"]
    gone = Batch(source="x-search", events=(Deleted(id="x:2", at=tomorrow),), checked=("x:1", "x:2"))
    loop.take([gone], tomorrow)
    assert keep.to_recheck("x-search", tomorrow, 10) == []
    assert keep.to_recheck("x-search", at(60 * 48), 10) == ["x:1"]
    assert keep.to_recheck("x-search", at(60 * 24 * 31), 10) == []
    keep.close()


def test_an_edit_replaces_the_words_we_show_and_counts_nothing_twice(tmp_path: Path):
    keep = Store(tmp_path / "carebot.db")
    loop = Loop(keep, rulebook(), secret=b"k" * 32, destinations=lambda alert: ())
    said = msgspec.structs.replace(say("La app no funciona desde esta mañana", minute=0, id="x:1"), verdict=None)
    first = loop.take([Batch(source="x", events=(said,))], at(1))
    why = "SELECT json_extract(doc, '$.why') FROM signals WHERE id = 'x:1'"
    assert all(words for (words,) in keep.db.conn.execute(why))
    edit = say("La app va lenta, llamadme al 600 123 123", minute=0, id="x:1")
    took = [loop.take([Batch(source="x", events=(edit, edit))], at(2)), loop.take([Batch(source="x", events=(edit,))], at(3))]
    assert first.new == 1 and [one.new for one in took] == [0, 0]
    assert "600" not in keep.quotes(["x:1"])[0].text
    assert "lenta" in keep.quotes(["x:1"])[0].text
    assert {words for (words,) in keep.db.conn.execute(why)} == {None}
    loop.take([Batch(source="x", events=(Deleted(id="x:1", at=at(4)),))], at(4))
    loop.take([Batch(source="x", events=(edit,))], at(5))  # what was taken back does not return as an edit
    assert keep.quotes(["x:1"]) == ()
    keep.close()


def test_of_two_gaps_that_begin_at_one_moment_the_longer_is_kept():
    one = loop(None)
    why = Text("Solo lo último.", "Only the newest.")
    for ends in (20, 30, 25):
        one.take([Batch(source="forum", gaps=(Gap(from_=at(10), to=at(ends), why=why),))], at(40))
    assert one.store.db.conn.execute("SELECT (to_at - from_at) / 60000 FROM gaps").fetchall() == [(20,)]


def test_gaps_are_kept_once_with_their_reason(tmp_path: Path):
    keep = Store(tmp_path / "carebot.db")
    loop = Loop(keep, rulebook(), secret=b"k" * 32, destinations=lambda alert: ())
    gap = Gap(from_=at(0), to=at(9), why=Text("Solo enseña lo último.", "It only shows its newest."))
    for minute in (10, 11):
        loop.take([Batch(source="forum", gaps=(gap,))], at(minute))
    rows = keep.db.conn.execute("SELECT source, to_at - from_at, why FROM gaps").fetchall()
    assert rows == [("forum", 9 * 60_000, "It only shows its newest.")]
    keep.close()
