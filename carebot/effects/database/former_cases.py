"""Cases that left the desk, for who comes back: they are read from the database only when somebody without an open case speaks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from carebot.decide.care.desk import Desk
from carebot.decide.care.replies import named_first
from carebot.decide.match import is_ours
from carebot.effects.database.rows import ms
from carebot.model import Case, Message

_OF_AUTHORS = "SELECT doc FROM cases WHERE author_key IN (SELECT value FROM json_each(?)) AND closed_at > ? ORDER BY closed_at, id"
_OF_HANDLES = "SELECT doc FROM cases WHERE handle IN (SELECT value FROM json_each(?)) AND closed_at > ? ORDER BY closed_at, id"
_AUTHORS = "SELECT id, source, author_key FROM messages WHERE id IN (SELECT value FROM json_each(?))"
_decode = msgspec.json.Decoder(Case).decode


def former_cases(
    conn: sqlite3.Connection, messages: Sequence[Message], own: frozenset[tuple[str, str]], desk: Desk, since: datetime
) -> Mapping[str, Case]:
    """Of each of these messages, by its id: the last case of who wrote it, or, where the brand did, of whom it answers.

    Only where they have none on the desk, and only cases that were closed after `since`.

    own   the brand's accounts, as (network, handle in lower case)
    """
    writes: dict[str, tuple[str, str]] = {}  # message → (network, author key) whose case it is
    answers: dict[str, str] = {}  # message of ours → what it answers
    names: dict[str, tuple[str, str]] = {}  # message of ours → (network, handle) it begins with, where it answers nothing we have
    for message in messages:
        if is_ours(message, own):
            to = message.in_reply_to or message.conversation
            if to and to not in desk.by_message:
                answers[message.id] = to
            named = named_first(message.text)
            if named and message.in_reply_to not in desk.by_message and (message.source, named) not in desk.by_handle:
                names[message.id] = (message.source, named)
        elif message.author_key and not message.repost_of and (message.source, message.author_key) not in desk.by_author:
            writes[message.id] = (message.source, message.author_key)
    if answers:
        found = conn.execute(_AUTHORS, [json.dumps(sorted(set(answers.values())))])
        authors = {id_: (source, key) for id_, source, key in found if key}
        writes |= {id_: authors[to] for id_, to in answers.items() if to in authors}
    by_author = _last(conn, _OF_AUTHORS, {key for _, key in writes.values()}, since)
    last = {(case.source, case.author_key): case for case in by_author}
    known = {id_: last[author] for id_, author in writes.items() if author in last}
    by_handle = _last(conn, _OF_HANDLES, {handle for id_, (_, handle) in names.items() if id_ not in known}, since)
    called = {(case.source, case.author.lower()): case for case in by_handle}
    return {id_: called[name] for id_, name in names.items() if name in called} | known


def _last(conn: sqlite3.Connection, sql: str, keys: Collection[str], since: datetime) -> list[Case]:
    """Closed cases, the last ones last."""
    found = conn.execute(sql, [json.dumps(sorted(keys)), ms(since)]) if keys else ()
    return [case for case in (_decode(doc) for (doc,) in found) if not case.joined]
