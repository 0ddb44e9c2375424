"""Who pressed what, what came of it, and what was said in public: rows that can be added and not changed without it showing.

A press (`click`) has the hash of the words it was about, and so has each thing that the hand which publishes did (`posted`): who agreed to
what was said stands here, and `verify` looks whether the table of statements still has those words.

Each row carries an HMAC-SHA256 over its own canonical JSON and the row before it, keyed with the file beside the database: who can edit
the database and has not that file cannot make a chain that holds. Where the chain ends is sealed too, and written to the journal each hour,
so that a missing tail shows even where the file was put back as it was yesterday. What people typed, and their names, stand beside the
chained document and are in it as a hash only: they can be erased, and the chain still holds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec

from carebot.decide.public.statements import digest
from carebot.effects.database.rows import ms
from carebot.model import Acted, Posted, Statement

HEAD = "audit_head"  # its name in the table `memory`
START = "0" * 64


class Head(msgspec.Struct, frozen=True):
    """Where the chain ends: the number of its last row, and that row's `mac`."""

    n: int = 0
    mac: str = START
    seal: str = ""

    def __str__(self) -> str:
        return f"{self.n}:{self.mac}"


class Verified(msgspec.Struct, frozen=True):
    """What the audit is worth. `posts`: how many of the rows say what was done in public, the others being presses; `erased`: rows whose
    words were taken out, which the chain allows."""

    rows: int
    posts: int
    erased: int
    head: str
    problems: tuple[str, ...]


def key_for(secret: bytes) -> bytes:
    """The audit's own key, from the one in the file beside the database."""
    return hmac.new(secret, b"carebot audit", hashlib.sha256).digest()


def canonical(value: Any) -> bytes:
    """The one way to write it: keys in order, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def append(conn: sqlite3.Connection, acted: Sequence[Acted], secret: bytes, now: datetime, posted: Sequence[Posted] = ()) -> None:
    """The next rows, inside the transaction of what they did; and an answer for each person who must be told something.

    posted   what the hand that publishes reports, once each; the statements it did that to are in their table already
    """
    key, sealed, last = key_for(secret), _head(conn), _last(conn)
    n, mac = max(sealed.n, last.n), last.mac  # rows that somebody took away leave a gap in the numbers
    told = known(conn, [one.id for one in posted])
    news = [*map(_pressed, acted), *(_published(conn, one) for one in posted if one.id not in told)]
    for facts, typed in news:
        n += 1
        words = canonical(typed).decode("utf-8", "replace")
        doc = canonical({"n": n, "at": now.isoformat(), **facts, "words": _sha(words)})
        mac = _mac(key, mac, doc)
        row = (n, facts["id"], ms(now), doc, words, mac)
        conn.execute("INSERT INTO audit (n, id, at, doc, words, mac) VALUES (?, ?, ?, ?, ?, ?)", row)
    for one in acted:
        if one.click.channel and (one.because or one.asks_for):
            conn.execute("INSERT INTO answers (at, doc) VALUES (?, ?)", (ms(now), msgspec.json.encode(one)))
    head = Head(n, mac, _seal(key, n, mac))
    conn.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (HEAD, msgspec.json.encode(head)))


def _pressed(one: Acted) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is chained, and what a person typed, which can be erased."""
    click = one.click
    facts = {
        "what": "click",
        "id": click.id,
        "action": click.action,
        "user": click.user,
        "incident": click.incident,
        "channel": click.channel,
        "choice": click.choice,
        "service": click.service,
        "message": click.message,
        "hash": click.hash,
        "outcome": one.outcome,
        "because": one.because.en if one.because else "",
    }
    return facts, {"name": click.name, "text": click.text, "fields": click.fields}


def _published(conn: sqlite3.Connection, one: Posted) -> tuple[dict[str, Any], dict[str, Any]]:
    found = conn.execute("SELECT doc ->> '$.hash' FROM statements WHERE id = ?", [one.statement]).fetchone()
    facts = {
        "what": "posted",
        "id": one.id,
        "statement": one.statement,
        "source": one.source,
        "language": one.language,
        "attempt": one.attempt,
        "state": one.state,
        "url": one.url,
        "hash": (found and found[0]) or "",
    }
    return facts, {"because": one.because}


def known(conn: sqlite3.Connection, ids: Sequence[str]) -> set[str]:
    """Which of these have a row already."""
    return {row[0] for row in conn.execute("SELECT id FROM audit WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(ids)])}


def verify(conn: sqlite3.Connection, secret: bytes, noted: Sequence[str] = ()) -> Verified:
    """Every row against the one before it, the end against its seal and against heads that were `noted` elsewhere ("12:3fa9…"), and the
    statements against what was agreed to and said."""
    key, before, problems, erased, macs = key_for(secret), Head(), [], 0, {0: START}
    posts, said = 0, dict[str, set[str]]()
    for n, id_, at, doc, words, mac in conn.execute("SELECT n, id, at, doc, words, mac FROM audit ORDER BY n"):
        if n != before.n + 1:
            missing = f"row {before.n + 1} is" if n == before.n + 2 else f"rows {before.n + 1} to {n - 1} are"
            problems.append(f"{missing} missing")
        if not hmac.compare_digest(_mac(key, before.mac, _bytes(doc)), str(mac)):
            problems.append(f"row {n} was changed, or is not where it was written")
        elif wrong := list(_unlike(_bytes(doc), n, id_, at, words)):
            problems.append(f"row {n}: {', '.join(wrong)} not as written")
        else:
            facts = json.loads(doc)
            posts += facts["what"] == "posted"
            if facts["what"] == "posted" and facts["state"] == "said":
                said.setdefault(facts["statement"], set()).add(facts["hash"])
        erased += words is None
        before = Head(n, str(mac))
        macs[n] = before.mac
    sealed = _head(conn)
    if sealed != Head(before.n, before.mac, _seal(key, before.n, before.mac)) and (sealed.n or before.n):
        problems.append(f"the audit was sealed at row {sealed.n} and ends at row {before.n}: its end was taken away, or the seal changed")
    for head in noted:
        n_, _, mac_ = head.partition(":")
        number = int(n_) if n_.isascii() and n_.isdigit() and len(n_) < 16 else -1
        if not mac_ or not hmac.compare_digest(macs.get(number, "").encode(), mac_.encode()):
            problems.append(f"the head noted as {head[:24]} is not in it")
    problems += _misquoted(conn, said)
    return Verified(len(macs) - 1, posts, erased, str(Head(before.n, before.mac)), tuple(problems))


def _misquoted(conn: sqlite3.Connection, said: Mapping[str, AbstractSet[str]]) -> Iterator[str]:
    """Statements whose row is not what people agreed to. `said`: the hashes under which each was said."""
    for id_, doc in conn.execute("SELECT id, doc FROM statements ORDER BY rowid"):
        try:
            one = msgspec.json.decode(doc, type=Statement)
        except (msgspec.DecodeError, UnicodeError):
            yield f"statement {id_} cannot be read"
            continue
        if (one.hash and digest(one) != one.hash) or one.hash not in said.get(id_, {one.hash}):
            yield f"statement {id_} has other words now than those that were agreed to"


def head(conn: sqlite3.Connection) -> Head:
    """Where it ends, for the journal."""
    return _last(conn)


def _unlike(doc: bytes, n: int, id_: str, at: int, words: str | None) -> Iterator[str]:
    """Columns that do not say what the document beside them says."""
    try:
        told = json.loads(doc)
        facts = {"n": told["n"] == n, "id": told["id"] == id_, "at": ms(datetime.fromisoformat(told["at"])) == at}
        facts["words"] = words is None or told["words"] == _sha(str(words))
    except (ValueError, KeyError, TypeError):
        facts = {"doc": False}
    yield from (name for name, same in facts.items() if not same)


def _bytes(doc: Any) -> bytes:
    return doc if isinstance(doc, bytes) else str(doc).encode("utf-8", "surrogatepass")


def _last(conn: sqlite3.Connection) -> Head:
    row = conn.execute("SELECT n, mac FROM audit ORDER BY n DESC LIMIT 1").fetchone()
    return Head(row[0], str(row[1])) if row else Head()


def _head(conn: sqlite3.Connection) -> Head:
    row = conn.execute("SELECT doc FROM memory WHERE key = ?", [HEAD]).fetchone()
    try:
        return msgspec.json.decode(row[0], type=Head) if row else Head()
    except (msgspec.DecodeError, TypeError):
        return Head(0, "", "unreadable")


def _mac(key: bytes, before: str, doc: bytes) -> str:
    return hmac.new(key, before.encode() + b"\n" + doc, hashlib.sha256).hexdigest()


def _seal(key: bytes, n: int, mac: str) -> str:
    return _mac(key, f"head {n}", mac.encode()) if n else ""


def _sha(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
