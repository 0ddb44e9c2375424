"""Messages that come again with other words: which they are, who said them and when, and what they were taken for so far."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from carebot.effects.database.rows import MESSAGE_COLUMNS, moment
from carebot.model import Message, Signal
from carebot.understand.screen import Screened, screen

_KEPT = f"SELECT {', '.join(MESSAGE_COLUMNS)} FROM messages WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
_SIGNALS = "SELECT id, doc FROM signals WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id, kind"
_WORDS = ("text", "lang", "stars", "fingerprint", "verdict", "seen_at")  # what an edit changes; the rest is as it was said first
_signal = msgspec.json.Decoder(Signal).decode


def edited(
    conn: sqlite3.Connection,
    said: Sequence[Message],
    known: Mapping[str, str | None],
    deleted: Collection[str],
    *,
    secret: bytes,
    now: datetime,
    brand: str,
) -> Screened:
    """The last version of each message that has other words than those we have, as its author's at the time it was posted.

    known   the words we have; None of a message that was taken away, which must not come back
    """
    again = {one.id: one for one in said if (words := known.get(one.id)) is not None and words != one.text and one.id not in deleted}
    if not again:
        return Screened((), (), ())
    read = screen(list(again.values()), secret=secret, now=now, brand=brand)
    other = [(message, words) for message, words in zip(read.messages, read.plain, strict=True) if message.text != known[message.id]]
    before = {one.id: one for one in _kept(conn, [message.id for message, _ in other])}
    messages = (replace(before[one.id], **{name: getattr(one, name) for name in _WORDS}) for one, _ in other)
    return Screened(tuple(messages), tuple(words for _, words in other), ())


def taken_for(conn: sqlite3.Connection, messages: Sequence[Message]) -> dict[str, tuple[Signal, ...]]:
    """The signals that these messages are so far; of each, also where there are none."""
    found: dict[str, tuple[Signal, ...]] = {message.id: () for message in messages}
    for id_, doc in conn.execute(_SIGNALS, [json.dumps(list(found))]) if found else ():
        found[id_] = (*found[id_], _signal(doc))
    return found


def _kept(conn: sqlite3.Connection, ids: Sequence[str]) -> list[Message]:
    rows = (dict(zip(MESSAGE_COLUMNS, row, strict=True)) for row in conn.execute(_KEPT, [json.dumps(ids)]))
    return [
        Message(
            **{
                **row,
                "posted_at": moment(row["posted_at"]),
                "seen_at": moment(row["seen_at"]),
                "by_brand": bool(row["by_brand"]),
                "direct": bool(row["direct"]),
            }
        )
        for row in rows
    ]
