"""Cases that left the desk, for who comes back: they are read from the database only when somebody without an open case speaks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from carebot.decide.desk import Desk
from carebot.effects.rows import ms
from carebot.model import Case, Message

_OF_AUTHORS = "SELECT doc FROM cases WHERE author_key IN (SELECT value FROM json_each(?)) AND closed_at > ? ORDER BY closed_at, id"
_AUTHORS = "SELECT id, source, author_key FROM messages WHERE id IN (SELECT value FROM json_each(?))"
_decode = msgspec.json.Decoder(Case).decode


def former_cases(
    conn: sqlite3.Connection, messages: Sequence[Message], own: Collection[tuple[str, str]], desk: Desk, since: datetime
) -> Mapping[str, Case]:
    """Of each of these messages, by its id: the last case of who wrote it, or, where the brand did, of whom it answers.

    Only where they have none on the desk, and only cases that were closed after `since`.

    own   the brand's accounts, as (network, handle in lower case)
    """
    writes: dict[str, tuple[str, str]] = {}  # message → (network, author key) whose case it is
    answers: dict[str, str] = {}  # message of ours → what it answers
    for message in messages:
        if message.by_brand or (message.source, message.author.lower().lstrip("@")) in own:
            to = message.in_reply_to or message.conversation
            if to and to not in desk.by_message:
                answers[message.id] = to
        elif message.author_key and not message.repost_of and (message.source, message.author_key) not in desk.by_author:
            writes[message.id] = (message.source, message.author_key)
    if answers:
        found = conn.execute(_AUTHORS, [json.dumps(sorted(set(answers.values())))])
        authors = {id_: (source, key) for id_, source, key in found if key}
        writes |= {id_: authors[to] for id_, to in answers.items() if to in authors}
    if not writes:
        return {}
    keys = json.dumps(sorted({key for _, key in writes.values()}))
    cases = [_decode(doc) for (doc,) in conn.execute(_OF_AUTHORS, [keys, ms(since)])]
    last = {(case.source, case.author_key): case for case in cases if not case.joined}
    return {id_: last[author] for id_, author in writes.items() if author in last}
