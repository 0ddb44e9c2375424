"""The one owner of the database: SQLite, one connection, one transaction for everything one micro-batch decided.

Messages, signals, incidents, cases, the source's cursor and the outbox are committed together or not at all, so a crash at any point
loses nothing and counts nothing twice. WAL with `synchronous=FULL`: with NORMAL, a power cut lost acknowledged commits in 281 of 300
simulated crashes; FULL lost none and costs nothing measurable from 100 rows a transaction.

A second writer is kept out by a lock on a separate file, which the kernel frees whenever its holder dies.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace
from sqlite_utils import Database

from carebot.config.schema import RulesFile
from carebot.decide.detecting.cells import SPAN, Profile
from carebot.decide.state import Memory, State, restored
from carebot.decide.step import Outcome
from carebot.decide.telling.delivery import thread_of
from carebot.effects.database import audit, forgotten, remembered, retention, taken_back
from carebot.effects.database.migrations import migrate
from carebot.effects.database.one_writer import hold
from carebot.effects.database.rows import (
    MESSAGE_COLUMNS,
    alert_row,
    case_row,
    cell_key,
    cell_of,
    delivery_row,
    encode,
    gap_row,
    incident_row,
    message_row,
    moment,
    ms,
    signal_row,
    statement_row,
)
from carebot.model import Batch, Case, Delivery, Incident, Message, Posted, Quote, Refusal, Signal, Statement
from carebot.understand import copies
from carebot.understand.normalise import plain

_HEARD = (*MESSAGE_COLUMNS, "heard_from")
_INSERT_MESSAGE = f"INSERT OR IGNORE INTO messages ({', '.join(_HEARD)}) VALUES ({', '.join('?' * len(_HEARD))})"  # noqa: S608
# A signal that was stored before keeps what it was, but for whether it counts: words that were deleted meanwhile stay deleted.
_SIGNAL = (
    "INSERT INTO signals VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, kind) DO UPDATE SET counted = excluded.counted,"
    " doc = CAST(json_set(doc, '$.counted', json(iif(excluded.counted, 'true', 'false'))) AS BLOB)"
)
_EDIT = "UPDATE messages SET text = :text, lang = :lang, stars = :stars, fingerprint = :fingerprint WHERE id = :id AND deleted_at IS NULL"
_TO_RECHECK = (
    "SELECT id FROM messages WHERE heard_from = ? AND deleted_at IS NULL AND posted_at < ? AND ifnull(checked_at, 0) < ? AND posted_at > ?"
    " ORDER BY checked_at, posted_at LIMIT ?"
)
RECHECK_AFTER, RECHECK_FOR = timedelta(hours=20), timedelta(days=30)  # X wants what was taken back gone within a day
# Two lists of one source may both begin their gap where we last heard it: it is as long as the longer one.
_GAP = "INSERT INTO gaps VALUES (?, ?, ?, ?, ?) ON CONFLICT (source, from_at) DO UPDATE SET to_at = max(to_at, excluded.to_at)"
# Labels of messages we have and that were not deleted. The later word wins, in whatever order the clicks were read.
_LABEL = (
    "INSERT OR REPLACE INTO labels SELECT :message, :question, :answer, :by, :at, :alone"
    " WHERE EXISTS (SELECT 1 FROM messages WHERE id = :message AND deleted_at IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM labels WHERE message = :message AND question = :question AND at > :at)"
)
_POST = "INSERT OR IGNORE INTO outbox (id, incident, destination, state, next_at, ref, doc, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_T = TypeVar("_T")


class Store:
    """An open database. Use from one thread at a time. `path` None: in memory, for demos and replays that keep nothing."""

    def __init__(self, path: Path | None) -> None:
        self._lock = hold(path) if path else None
        conn = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None, cached_statements=256)
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("PRAGMA secure_delete=ON")  # a deleted post is gone from the file too
        conn.execute("PRAGMA cache_size=-65536")
        self.db = Database(conn)
        self._later: dict[str, bytes] = {}  # what is to be put with the next transaction that has something to write
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

    def known(self, ids: Sequence[str]) -> dict[str, str | None]:
        """Which of these messages are here already, and their words; None of one that was deleted, which must not come back."""
        sql = "SELECT id, iif(deleted_at IS NULL, text, NULL) FROM messages WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self.db.conn.execute(sql, [json.dumps(ids)]))

    def to_recheck(self, source: str, now: datetime, most: int) -> list[str]:
        """Messages of a source of the rules file that were not looked up again for a day, the longest first."""
        rows = self.db.conn.execute(_TO_RECHECK, [source, ms(now - RECHECK_AFTER), ms(now - RECHECK_AFTER), ms(now - RECHECK_FOR), most])
        return [row[0] for row in rows]

    def recalled(self, key: str, type_: type[_T]) -> _T | None:
        """What was `put` under this name, or None; also where it no longer has that shape."""
        try:
            return next(iter(self._docs(type_, "SELECT doc FROM memory WHERE key = ?", key)), None)
        except msgspec.DecodeError:
            return None

    def cursor(self, source: str) -> str | None:
        row = self.db.conn.execute("SELECT cursor FROM cursors WHERE source = ?", [source]).fetchone()
        return row[0] if row else None

    def state(self) -> State:
        """What carebot knew at its last commit."""
        latest = self.db.conn.execute("SELECT max(posted_at) FROM signals WHERE kind = 'outage'").fetchone()[0] or 0
        hour = 3_600_000
        signals = "SELECT doc FROM signals WHERE kind = 'outage' AND posted_at > ?"
        return restored(
            profiles={cell_of(key): msgspec.json.decode(doc, type=Profile) for key, doc in self._rows("SELECT cell, doc FROM profiles")},
            signals=self._docs(Signal, signals, latest - SPAN * hour),
            incidents=self._docs(Incident, "SELECT doc FROM incidents WHERE phase != 'resolved' OR resolved_at > ?", latest - 4 * hour),
            cases=self._docs(Case, "SELECT doc FROM cases WHERE closed_at IS NULL ORDER BY opened_at, id"),
            memory=remembered.read(self.db.conn),
            texts=self._texts(),
            statements=self._docs(Statement, "SELECT doc FROM statements"),
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

    def quotes(self, ids: Iterable[str], most: int = -1) -> tuple[Quote, ...]:
        """The words behind the first of these ids, as evidence, in the order they were said; what was deleted meanwhile is left out."""
        rows = self.db.conn.execute(
            "SELECT messages.id, text, author, source, posted_at, url FROM json_each(?) AS asked JOIN messages ON messages.id = asked.value"
            " WHERE deleted_at IS NULL ORDER BY asked.key LIMIT ?",
            [json.dumps(list(dict.fromkeys(ids))), most],
        )
        said = (Quote(id_, text, author, source, moment(at), url or "") for id_, text, author, source, at, url in rows)
        return tuple(sorted(said, key=lambda quote: (quote.at, quote.id)))

    def waiting_deliveries(self) -> list[Delivery]:
        """The outbox's open rows, in the order they were decided, each alert with the quotes that still exist.

        A new one's `ref` is where its incident's message is now."""
        found = self._docs(Delivery, "SELECT doc FROM outbox WHERE state IN ('new', 'sending') ORDER BY n")
        found = [replace(one, ref=self.message_of(thread_of(one.alert), one.destination)) if one.state == "new" else one for one in found]
        return [replace(one, alert=replace(one.alert, quotes=self.quotes(one.alert.messages, taken_back.MOST))) for one in found]

    def message_of(self, incident: str, destination: str) -> str:
        """Where the incident's message at this destination is, by what was sent there last, or ""."""
        row = self.db.conn.execute(
            "SELECT ref FROM outbox WHERE incident = ? AND incident != '' AND destination = ? AND state = 'sent' AND ref != ''"
            " ORDER BY n DESC LIMIT 1",
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
        edited: Sequence[Message] = (),
        deleted: Sequence[str] = (),
        refused: Sequence[Refusal] = (),
        batches: Sequence[Batch] = (),
        deliveries: Sequence[Delivery] = (),
        memory_before: Memory | None = None,
        rules: str = "",
        duplicates: int = 0,
        secret: bytes = b"",
    ) -> None:
        """Everything one micro-batch decided, durably, or nothing of it."""
        conn, at, remembers = self.db.conn, ms(now), memory_before != outcome.state.memory
        conn.execute("BEGIN IMMEDIATE")
        try:
            heard_from = {event.id: batch.source for batch in batches for event in batch.events if isinstance(event, Message)}
            conn.executemany(_INSERT_MESSAGE, [(*message_row(message), heard_from.get(message.id, "")) for message in messages])
            conn.executemany(_EDIT, map(msgspec.structs.asdict, edited))
            conn.executemany("DELETE FROM signals WHERE id = ?", [(id_,) for id_ in outcome.changed])
            conn.executemany(_SIGNAL, map(signal_row, outcome.signals))
            conn.executemany("INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?)", map(incident_row, outcome.incidents))
            conn.executemany("INSERT OR REPLACE INTO statements VALUES (?, ?, ?, ?, ?, ?, ?)", map(statement_row, outcome.statements))
            whose = forgotten.about(conn, deleted, outcome.cases)
            conn.executemany("INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(case_row, outcome.cases))
            profiles = [(cell_key(cell), encode(profile)) for cell, profile in outcome.profiles]
            conn.executemany("INSERT OR REPLACE INTO profiles VALUES (?, ?)", profiles)
            if remembers:
                remembered.write(conn, outcome.state.memory, memory_before)
                conn.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?)", self._later.items())
            if outcome.texts is not None:
                conn.execute("INSERT OR REPLACE INTO memory VALUES ('texts', ?)", [encode(outcome.texts)])
            conn.executemany(_LABEL, [{**msgspec.structs.asdict(label), "at": ms(label.at)} for label in outcome.labels])
            posted = [event for batch in batches for event in batch.events if isinstance(event, Posted)]
            if outcome.acted or posted:
                audit.append(conn, outcome.acted, secret, now, posted)
            taken_back.erase(conn, deleted, now)
            conn.executemany(taken_back.FORGET_WHY, [(one.id,) for one in edited if one.id not in outcome.changed])
            conn.executemany("DELETE FROM labels WHERE message = ?", [(id_,) for id_ in outcome.changed])  # said of other words
            checked = [(at, id_) for batch in batches for id_ in batch.checked]
            conn.executemany("UPDATE messages SET checked_at = ? WHERE id = ?", checked)
            gaps = [gap_row(gap, batch.source, now) for batch in batches for gap in batch.gaps]
            conn.executemany(_GAP, gaps)
            aside = [(one.source, one.item[:200], one.reason[:500], at) for one in refused]
            conn.executemany("INSERT INTO quarantine (source, item, reason, at) VALUES (?, ?, ?, ?)", aside)
            cursors = [(batch.source, batch.cursor, at) for batch in batches if batch.cursor is not None]
            conn.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", cursors)
            spoken = [alert_row(alert, why, rules) for alert, why in (*((said, "") for said in outcome.alerts), *outcome.muted)]
            conn.executemany("INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", spoken)
            changed = [*deleted, *(one.id for one in edited)]
            conn.executemany(_POST, map(delivery_row, deliveries))
            cards = forgotten.forget(conn, whose, {case.id: case for case in outcome.cases}, now) if whose else []
            anew = taken_back.shown_anew(conn, changed, now) if changed else ()
            conn.executemany(_POST, map(delivery_row, (*cards, *anew)))
            self._count({"messages": len(messages), "duplicates": duplicates, "refused": len(refused), "deleted": len(deleted)})
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
        if remembers:
            self._later.clear()

    def record(self, *changed: Delivery, fresh: Sequence[Delivery] = ()) -> None:
        """Deliveries' new states and further deliveries, in one transaction. The quotes are not kept: they are read again each time."""
        rows = [(*rest, id_) for id_, _, _, *rest in map(delivery_row, changed)]
        with self.db.atomic():
            self.db.conn.executemany("UPDATE outbox SET state = ?, next_at = ?, ref = ?, doc = ?, opened_at = ? WHERE id = ?", rows)
            self.db.conn.executemany(_POST, map(delivery_row, fresh))
            for delivery in changed:
                if delivery.state == "sending":
                    taken_back.quoting(self.db.conn, delivery)

    def forget(self, rules: RulesFile, now: datetime) -> retention.Part:
        """One part of what is older than the rules keep loses its words; to be called again while there is `more`."""
        with self.db.atomic():
            part = retention.forget(self.db.conn, self.recalled("kept", retention.Kept) or retention.Kept(), rules, now)
            self.db.conn.executemany(_POST, map(delivery_row, part.cards))
            self.put("kept", part.kept)
            self._count({"forgotten": part.messages})
        return part

    def remember_rules(self, fingerprint: str, text: str, now: datetime) -> None:
        """The rules now in force, for a restart that finds the file broken."""
        self.db.conn.execute("INSERT OR REPLACE INTO rules VALUES (?, ?, ?)", [fingerprint, text, ms(now)])

    def put(self, key: str, value: Any) -> None:
        """A small thing to remember by name, such as what a source has cost."""
        self._later.pop(key, None)
        self.db.conn.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", [key, encode(value)])

    def later(self, key: str, value: Any) -> None:
        """The same for what may be a minute old after a crash: it is written beside the next commit, or when the minute is over."""
        self._later[key] = encode(value)

    def _count(self, seen: Mapping[str, int]) -> None:
        self.db.conn.executemany(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n",
            [(name, n) for name, n in seen.items() if n],
        )
