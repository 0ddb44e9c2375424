"""Who praised us in some time, and were they thanked? For a digest: who, what and when by id; the words are `decide.telling.thanks`.

Praise that is also a complaint is none ("thanks for nothing"). What was deleted is gone from here too.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from carebot.effects.rows import moment, ms

RECENT = timedelta(days=90)  # who praised us twice in it speaks up for us

_PRAISE = (
    "SELECT m.id, m.source, m.author, m.author_key, m.lang, m.posted_at, m.audience, s.service"
    " FROM signals s JOIN messages m ON m.id = s.id"
    " WHERE s.kind = 'praise' AND s.posted_at >= ? AND s.posted_at < ? AND m.deleted_at IS NULL AND m.repost_of = ''"
    " AND NOT EXISTS (SELECT 1 FROM signals o WHERE o.id = s.id AND o.kind NOT IN ('praise', 'recovered', 'question'))"
    " ORDER BY m.posted_at, m.id"
)
_REPLIES = (
    "SELECT source, author, by_brand, in_reply_to FROM messages WHERE posted_at >= ? AND in_reply_to IN (SELECT value FROM json_each(?))"
)


class Praise(msgspec.Struct, frozen=True):
    """times     how often they praised us in RECENT, this time included: from two on they are an advocate
    thanked   did one of our accounts answer it?
    """

    message: str
    source: str
    author: str
    lang: str
    at: datetime
    service: str
    audience: int
    times: int
    thanked: bool


def praised(conn: sqlite3.Connection, own: Collection[tuple[str, str]], since: datetime, until: datetime) -> list[Praise]:
    """Praise posted from `since` until before `until`, in that order. `own`: our accounts, as (network, handle in lower case)."""
    rows = conn.execute(_PRAISE, [ms(since - RECENT), ms(until)]).fetchall()
    shown = [row for row in rows if row[5] >= ms(since)]
    replies = conn.execute(_REPLIES, [ms(since), json.dumps([row[0] for row in shown])])
    thanked = {to for source, author, by_brand, to in replies if by_brand or (source, author.lower().lstrip("@")) in own}
    said: dict[tuple[str, str], list[int]] = defaultdict(list)
    for _, source, _, key, _, at, _, _ in rows:
        said[source, key].append(at)  # in order, as the rows are
    found = []
    for id_, source, author, key, lang, at, audience, service in shown:
        theirs = said[source, key]
        times = bisect_right(theirs, at) - bisect_left(theirs, at - ms_of(RECENT)) if key else 1
        found.append(Praise(id_, source, author, lang, moment(at), service, audience or 0, times, id_ in thanked))
    return found


def ms_of(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)
