"""The audit: whoever edits the database shows. Real rows, and every way to lie with them that we could think of."""

from __future__ import annotations

import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carebot import cli
from carebot.effects.database import audit
from carebot.effects.database.store import Store
from carebot.effects.secrets import author_key
from carebot.model import Acted, Click, Posted, Text

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KEY = b"k" * 32


def acted(n: int, **more: str) -> Acted:
    click = Click(id=f"slack:{n}", action="take", user=f"U0ANA{n:04}", incident="inc-1", at=NOW, name="Ana\nRuiz", text="lo tengo", **more)
    return Acted(click=click) if n % 3 else Acted(click=click, outcome="refused", because=Text("no", "no"))


def posted(n: int) -> Posted:
    state = ("sending", "said")[n % 2]
    return Posted(
        id=f"inc-1/1/x-own/es/a{n // 2}/{state}",
        statement="inc-1/1",
        source="x-own",
        language="es",
        attempt=f"a{n // 2}",
        state=state,
        at=NOW,
    )  # type: ignore[arg-type]


def written(rows: int, path: Path | None = None, key: bytes = KEY, posts: int = 0) -> sqlite3.Connection:
    """Presses, and after them what was done in public."""
    conn = Store(path).db.conn
    for n in range(rows):
        conn.execute("BEGIN IMMEDIATE")
        audit.append(
            conn, [acted(n)] if n < rows - posts else [], key, NOW + timedelta(seconds=n), [posted(n)] if n >= rows - posts else []
        )
        conn.execute("COMMIT")
    return conn


def open_to_lies(conn: sqlite3.Connection) -> sqlite3.Connection:
    """An attacker with the file has no triggers and no index to fear."""
    conn.executescript("DROP TRIGGER audit_stays; DROP TRIGGER audit_as_written; DROP INDEX idx_audit_id")
    return conn


def test_what_was_written_holds():
    found = audit.verify(written(7), KEY)
    assert (found.rows, found.erased, found.problems) == (7, 0, ())
    assert audit.verify(written(0), KEY) == audit.Verified(0, 0, 0, str(audit.Head()), ())


def test_what_the_hand_that_publishes_reports_is_a_row_once():
    conn = written(4, posts=2)
    audit.append(conn, [], KEY, NOW, [posted(2), posted(3)])
    audit.append(conn, [acted(9)], KEY, NOW, [posted(4), posted(5)])
    found = audit.verify(conn, KEY)
    assert (found.rows, found.posts, found.problems) == (7, 4, ())


def test_several_in_one_moment_are_a_row_each():
    conn = Store(None).db.conn
    audit.append(conn, [acted(1), acted(2)], KEY, NOW)
    assert audit.verify(conn, KEY).rows == 2 and audit.known(conn, ["slack:1", "slack:9"]) == {"slack:1"}


@pytest.mark.parametrize("sql", ["DELETE FROM audit WHERE n = 2", "UPDATE audit SET doc = x'00' WHERE n = 2", "UPDATE audit SET mac = ''"])
def test_rows_are_only_added(sql):
    with pytest.raises(sqlite3.IntegrityError, match="only added to"):
        written(3).execute(sql)


def _flip(conn: sqlite3.Connection, chance: random.Random) -> None:
    n = chance.randrange(1, 21)
    column = chance.choice(["doc", "mac", "words", "id", "at"])
    (value,) = conn.execute(f"SELECT {column} FROM audit WHERE n = ?", [n]).fetchone()
    if column == "at":
        other: object = value + chance.choice([-1, 1, 60_000])
    else:
        raw = bytearray(value if isinstance(value, bytes) else value.encode())
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(7)
        other = bytes(raw) if column == "doc" else bytes(raw).decode("latin-1")
    conn.execute(f"UPDATE audit SET {column} = ? WHERE n = ?", [other, n])


def _delete(conn: sqlite3.Connection, chance: random.Random) -> None:
    conn.execute("DELETE FROM audit WHERE n = ?", [chance.randrange(1, 21)])


def _delete_and_number_again(conn: sqlite3.Connection, chance: random.Random) -> None:
    n = chance.randrange(1, 21)
    conn.execute("DELETE FROM audit WHERE n = ?", [n])
    conn.execute("UPDATE audit SET n = n - 1 WHERE n > ?", [n])


def _swap(conn: sqlite3.Connection, chance: random.Random) -> None:
    one, other = chance.sample(range(1, 21), 2)
    conn.execute("UPDATE audit SET n = -1 WHERE n = ?", [one])
    conn.execute("UPDATE audit SET n = ? WHERE n = ?", [one, other])
    conn.execute("UPDATE audit SET n = ? WHERE n = -1", [other])


def _truncate(conn: sqlite3.Connection, chance: random.Random) -> None:
    conn.execute("DELETE FROM audit WHERE n > ?", [chance.randrange(0, 20)])


def _forge(conn: sqlite3.Connection, chance: random.Random) -> None:
    """A row of their own at the end, with a key of their own, and the seal as well."""
    audit.append(conn, [acted(99)], chance.randbytes(32), NOW)


LIES = [_flip, _delete, _delete_and_number_again, _swap, _truncate, _forge]


def lied(conn: sqlite3.Connection, times: int, seed: int) -> list[str]:
    """Lies that were not found."""
    chance, missed = random.Random(seed), []
    for number in range(times):
        lie = LIES[number % len(LIES)]
        conn.execute("BEGIN")
        lie(conn, chance)
        if not audit.verify(conn, KEY).problems:
            missed.append(lie.__name__)
        conn.execute("ROLLBACK")
    assert audit.verify(conn, KEY).problems == ()  # the test leaves it as it was
    return missed


def test_every_lie_is_found():
    assert lied(open_to_lies(written(20, posts=6)), 300, seed=1) == []


@pytest.mark.long
def test_ten_thousand_lies_are_found():
    assert lied(open_to_lies(written(20)), 10_000, seed=2) == []


def test_a_cut_end_shows_also_after_carebot_went_on_writing():
    conn = open_to_lies(written(5))
    conn.execute("DELETE FROM audit WHERE n > 3")
    audit.append(conn, [acted(7)], KEY, NOW)
    assert audit.verify(conn, KEY).problems == ("rows 4 to 5 are missing",)


def test_a_file_put_back_as_it_was_shows_against_the_journal():
    conn = open_to_lies(written(5))
    noted = str(audit.head(conn))
    sealed = written(3).execute("SELECT doc FROM memory WHERE key = 'audit_head'").fetchone()[0]
    assert audit.verify(conn, KEY, [noted]).problems == ()
    conn.execute("DELETE FROM audit WHERE n > 3")
    conn.execute("UPDATE memory SET doc = ? WHERE key = 'audit_head'", [sealed])
    assert audit.verify(conn, KEY).problems == ()  # as yesterday's whole file would be: only what was noted elsewhere tells
    assert audit.verify(conn, KEY, [noted]).problems == (f"the head noted as {noted[:24]} is not in it",)
    for nonsense in ("", "5", "x:y", "9" * 40 + ":a", "5:"):
        assert len(audit.verify(conn, KEY, [nonsense]).problems) == 1


def test_what_people_wrote_can_be_erased_and_the_chain_holds():
    conn = written(4)
    conn.execute("UPDATE audit SET words = NULL WHERE n = 2")
    found = audit.verify(conn, KEY)
    assert (found.erased, found.problems) == (1, ())
    docs = b"".join(row[0] for row in conn.execute("SELECT doc FROM audit"))
    assert b"Ruiz" not in docs and b"lo tengo" not in docs and b"U0ANA0001" in docs


def test_the_command_finds_it_and_says_what_is_wrong(tmp_path, capsys):
    db = tmp_path / "carebot.db"
    conn = written(6, db, author_key(db))
    assert cli.main(["audit", "verify", "--db", str(db), "--head", str(audit.head(conn))]) == 0
    assert capsys.readouterr().out.startswith("ok: 6 rows (6 presses, 0 of what was said in public); head 6:")
    open_to_lies(conn).execute("UPDATE audit SET doc = replace(doc, 'U0ANA0003', 'U0EVE0003') WHERE n = 4")
    assert cli.main(["audit", "verify", "--db", str(db), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"] == ["row 4 was changed, or is not where it was written"]
    (tmp_path / "carebot.db.key").unlink()
    assert cli.main(["audit", "verify", "--db", str(db)]) == 2
    assert not (tmp_path / "carebot.db.key").exists()
