"""The one owner of the database: SQLite, one connection, one transaction for everything one micro-batch decided.

Messages, signals, incidents, cases, the source's cursor and the outbox are committed together or not at all, so a crash at any point
loses nothing and counts nothing twice. WAL with `synchronous=FULL`: with NORMAL, a power cut lost acknowledged commits in 281 of 300
simulated crashes; FULL lost none and costs nothing measurable from 100 rows a transaction.

A second writer is kept out by a lock on a separate file, which the kernel frees whenever its holder dies.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace
from sqlite_utils import Database

from carebot.decide.cells import SPAN, Cell, Profile
from carebot.decide.delivery import incident_of
from carebot.decide.state import Memory, State, restored
from carebot.decide.step import Outcome
from carebot.effects.migrations import migrate
from carebot.errors import Held
from carebot.model import Alert, Batch, Case, Delivery, Incident, Message, Quote, Refusal, Signal
from carebot.understand import copies
from carebot.understand.normalise import plain

_MESSAGE_COLUMNS = (
    "id", "source", "brand", "author", "author_name", "author_key", "lang", "text", "posted_at", "seen_at", "by_brand", "direct",
    "in_reply_to", "conversation", "repost_of", "url", "region", "audience", "stars", "fingerprint",
)  # fmt: skip
_INSERT_MESSAGE = f"INSERT OR IGNORE INTO messages ({', '.join(_MESSAGE_COLUMNS)}) VALUES ({', '.join('?' * len(_MESSAGE_COLUMNS))})"  # noqa: S608
# A signal that was stored before keeps what it was, but for whether it counts: words that were deleted meanwhile stay deleted.
_SIGNAL = (
    "INSERT INTO signals VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, kind) DO UPDATE SET counted = excluded.counted,"
    " doc = CAST(json_set(doc, '$.counted', json(iif(excluded.counted, 'true', 'false'))) AS BLOB)"
)
_ERASE = "UPDATE messages SET text = '', author = '', author_name = '', author_key = '', url = '', deleted_at = ? WHERE id = ?"
_FORGET_WHY = "UPDATE signals SET doc = CAST(json_remove(doc, '$.why') AS BLOB) WHERE id = ?"
# Labels of messages we have and that were not deleted. The later word wins, in whatever order the clicks were read.
_LABEL = (
    "INSERT OR REPLACE INTO labels SELECT :message, :question, :answer, :by, :at, :alone"
    " WHERE EXISTS (SELECT 1 FROM messages WHERE id = :message AND deleted_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM labels WHERE message = :message AND question = :question AND at > :at)"
)
_POST = "INSERT OR IGNORE INTO outbox (id, incident, destination, state, next_at, ref, doc) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ENCODE = msgspec.json.encode
# SQLite below these versions can lose committed data when two connections checkpoint a WAL at once; we use one.
WAL_RESET_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
_T = TypeVar("_T")


class Store:
    """An open database. Use from one thread at a time. `path` None: in memory, for demos and replays that keep nothing."""

    def __init__(self, path: Path | None) -> None:
        self._lock = _hold(path) if path else None
        conn = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None, cached_statements=256)
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("PRAGMA secure_delete=ON")  # a deleted post is gone from the file too
        conn.execute("PRAGMA cache_size=-65536")
        self.db = Database(conn)
        migrate.apply(self.db)
        if path:
            os.chmod(path, 0o600)

    def close(self) -> None:
        """Idempotent; frees the lock."""
        self.db.conn.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # ── reading what is known ──

    def known(self, ids: Sequence[str]) -> set[str]:
        """Which of these messages are here already (deleted ones too: they must not come back)."""
        rows = self.db.conn.execute("SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)])
        return {row[0] for row in rows}

    def cursor(self, source: str) -> str | None:
        row = self.db.conn.execute("SELECT cursor FROM cursors WHERE source = ?", [source]).fetchone()
        return row[0] if row else None

    def state(self) -> State:
        """What carebot knew at its last commit."""
        latest = self.db.conn.execute("SELECT max(posted_at) FROM signals WHERE kind = 'outage'").fetchone()[0] or 0
        hour = 3_600_000
        signals = "SELECT doc FROM signals WHERE kind = 'outage' AND posted_at > ?"
        return restored(
            profiles={_cell(key): msgspec.json.decode(doc, type=Profile) for key, doc in self._rows("SELECT cell, doc FROM profiles")},
            signals=self._docs(Signal, signals, latest - SPAN * hour),
            incidents=self._docs(Incident, "SELECT doc FROM incidents WHERE phase != 'resolved' OR resolved_at > ?", latest - 4 * hour),
            cases=self._docs(Case, "SELECT doc FROM cases WHERE last_at > ? OR due_at IS NOT NULL", latest - 72 * hour),
            memory=next(iter(self._docs(Memory, "SELECT doc FROM memory WHERE key = 'memory'")), Memory()),
            texts=self._texts(),
        )

    def _texts(self) -> copies.Window:
        """The texts that go round, with their words as the messages still have them."""
        known = next(iter(self._docs(copies.Known, "SELECT doc FROM memory WHERE key = 'texts'")), copies.Known())
        ids = json.dumps([text.id for text in known.texts.values()])
        words = self._rows("SELECT id, text FROM messages WHERE id IN (SELECT value FROM json_each(?))", ids)
        return copies.restored(known, {id_: plain(text) for id_, text in words})

    def last_good_rules(self) -> str | None:
        row = self.db.conn.execute("SELECT text FROM rules ORDER BY at DESC, rowid DESC LIMIT 1").fetchone()
        return row[0] if row else None

    def quotes(self, ids: Iterable[str]) -> tuple[Quote, ...]:
        """The words behind these ids, as evidence; what was deleted meanwhile is left out."""
        rows = self.db.conn.execute(
            "SELECT id, text, author, source, posted_at, url FROM messages"
            " WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL ORDER BY posted_at, id",
            [json.dumps(list(ids))],
        )
        return tuple(Quote(id_, text, author, source, _moment(at), url or "") for id_, text, author, source, at, url in rows)

    def waiting_deliveries(self) -> list[Delivery]:
        """The outbox's open rows, in the order they were decided, each alert with the quotes that still exist."""
        found = self._docs(Delivery, "SELECT doc FROM outbox WHERE state IN ('new', 'sending') ORDER BY n")
        return [replace(one, alert=replace(one.alert, quotes=self.quotes(one.alert.messages[:3]))) for one in found]

    def message_of(self, incident: str, destination: str) -> str:
        """Where the incident's message at this destination is, by what was sent there last, or ""."""
        row = self.db.conn.execute(
            "SELECT ref FROM outbox WHERE incident = ? AND destination = ? AND state = 'sent' AND ref != '' ORDER BY n DESC LIMIT 1",
            [incident, destination],
        ).fetchone()
        return row[0] if row else ""

    def incidents(self) -> list[Incident]:
        """Every incident there was, oldest first."""
        return self._docs(Incident, "SELECT doc FROM incidents ORDER BY opened_at, id")

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        return self.db.conn.execute(sql, values).fetchall()

    def _docs(self, type_: type[_T], sql: str, *values: Any) -> list[_T]:
        decoder = msgspec.json.Decoder(type_)
        return [decoder.decode(row[0]) for row in self.db.conn.execute(sql, values)]

    # ── the one transaction ──

    def commit(
        self,
        *,
        now: datetime,
        outcome: Outcome,
        messages: Sequence[Message] = (),
        deleted: Sequence[str] = (),
        refused: Sequence[Refusal] = (),
        batches: Sequence[Batch] = (),
        deliveries: Sequence[Delivery] = (),
        memory_before: Memory | None = None,
        rules: str = "",
        duplicates: int = 0,
    ) -> None:
        """Everything one micro-batch decided, durably, or nothing of it."""
        conn, at = self.db.conn, _ms(now)
        conn.execute("BEGIN IMMEDIATE")
        try:
            conn.executemany(_INSERT_MESSAGE, map(_message_row, messages))
            conn.executemany(_SIGNAL, map(_signal_row, outcome.signals))
            conn.executemany("INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?)", map(_incident_row, outcome.incidents))
            conn.executemany("INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(_case_row, outcome.cases))
            profiles = [(_cell_key(cell), _ENCODE(profile)) for cell, profile in outcome.profiles]
            conn.executemany("INSERT OR REPLACE INTO profiles VALUES (?, ?)", profiles)
            if memory_before != outcome.state.memory:
                conn.execute("INSERT OR REPLACE INTO memory VALUES ('memory', ?)", [_ENCODE(outcome.state.memory)])
            if outcome.texts is not None:
                conn.execute("INSERT OR REPLACE INTO memory VALUES ('texts', ?)", [_ENCODE(outcome.texts)])
            conn.executemany(_LABEL, [{**msgspec.structs.asdict(label), "at": _ms(label.at)} for label in outcome.labels])
            conn.executemany(_ERASE, [(at, id_) for id_ in deleted])
            for forget in (_FORGET_WHY, "DELETE FROM labels WHERE message = ?"):
                conn.executemany(forget, [(id_,) for id_ in deleted])
            aside = [(one.source, one.item[:200], one.reason[:500], at) for one in refused]
            conn.executemany("INSERT INTO quarantine (source, item, reason, at) VALUES (?, ?, ?, ?)", aside)
            cursors = [(batch.source, batch.cursor, at) for batch in batches if batch.cursor is not None]
            conn.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", cursors)
            spoken = [_alert_row(alert, why, rules) for alert, why in (*((said, "") for said in outcome.alerts), *outcome.muted)]
            conn.executemany("INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", spoken)
            conn.executemany(_POST, map(_delivery_row, deliveries))
            self._count({"messages": len(messages), "duplicates": duplicates, "refused": len(refused), "deleted": len(deleted)})
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise

    def record(self, delivery: Delivery) -> None:
        """A delivery's new state, durably. The quotes are not kept: they are read again each time."""
        id_, _, _, state, next_at, ref, doc = _delivery_row(delivery)
        self.db.conn.execute("UPDATE outbox SET state = ?, next_at = ?, ref = ?, doc = ? WHERE id = ?", (state, next_at, ref, doc, id_))

    def remember_rules(self, fingerprint: str, text: str, now: datetime) -> None:
        """The rules now in force, for a restart that finds the file broken."""
        self.db.conn.execute("INSERT OR REPLACE INTO rules VALUES (?, ?, ?)", [fingerprint, text, _ms(now)])

    def put(self, key: str, value: Any) -> None:
        """A small thing to remember by name, such as a source's health."""
        self.db.conn.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", [key, _ENCODE(value)])

    def _count(self, seen: Mapping[str, int]) -> None:
        self.db.conn.executemany(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n",
            [(name, n) for name, n in seen.items() if n],
        )


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _ms_or_none(at: datetime | None) -> int | None:
    return None if at is None else _ms(at)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _message_row(m: Message) -> tuple[Any, ...]:
    return (
        m.id, m.source, m.brand, m.author, m.author_name, m.author_key, m.lang, m.text, _ms(m.posted_at), _ms(m.seen_at), m.by_brand,
        m.direct, m.in_reply_to, m.conversation, m.repost_of, m.url, m.region, m.audience, m.stars, m.fingerprint,
    )  # fmt: skip


def _signal_row(s: Signal) -> tuple[Any, ...]:
    return (s.id, s.kind, s.brand, s.service, _ms(s.posted_at), s.counted, _ENCODE(s))


def _incident_row(i: Incident) -> tuple[Any, ...]:
    return (i.id, i.brand, i.service, i.phase, _ms(i.opened_at), _ms_or_none(i.resolved_at), _ENCODE(i))


def _case_row(c: Case) -> tuple[Any, ...]:
    clock = c.clock
    pending = clock is not None and not clock.met_at and not clock.breached
    return (
        c.id, c.source, c.author_key, _ms(c.opened_at), _ms(c.last_at), _ms(clock.due_at) if clock and pending else None,
        _ms_or_none(clock.met_at) if clock else None, _ENCODE(c),
    )  # fmt: skip


def _alert_row(a: Alert, muted: str, rules: str) -> tuple[Any, ...]:
    return (a.alert, _ms(a.at), a.reason, a.incident, a.case, rules, muted, _ENCODE(a))


def _delivery_row(d: Delivery) -> tuple[Any, ...]:
    bare = replace(d, alert=replace(d.alert, quotes=()))
    return (d.id, incident_of(d.alert), d.destination, d.state, _ms_or_none(d.next_at), d.ref, _ENCODE(bare))


def _cell_key(cell: Cell) -> str:
    return json.dumps([cell.brand, cell.service, cell.symptom, cell.source, cell.region], ensure_ascii=False)


def _cell(key: str) -> Cell:
    return Cell(*json.loads(key))


# ── one writer ───────────────────────────────────────────────────────────────────────────────────────────────────


def _hold(path: Path) -> int:
    """The lock that keeps a second carebot out. Never on the database file itself: closing it would drop SQLite's own locks.

    Raises Held, naming the process that holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 200, 0).decode(errors="replace").strip() or "an unknown process"
        os.close(lock)
        raise Held(f"{path} is in use by another carebot ({holder}). Stop that one first, or give this one a --db of its own.") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"pid {os.getpid()} on {socket.gethostname()}".encode(), 0)
    return lock


def wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Does this SQLite have the WAL-reset bug? carebot writes and checkpoints through one connection, which avoids it; `doctor` says so."""
    return not any(version >= fixed and (fixed == WAL_RESET_FIXED[0] or version[:2] == fixed[:2]) for fixed in WAL_RESET_FIXED)
