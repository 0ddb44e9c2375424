"""Rows of the database, made from the things that flow: which column holds what. Pure.

Times are whole milliseconds since 1970 in UTC in columns, ISO text inside documents. What each table is for: docs/reference/database.md.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from carebot.decide.care.desk import owed_since
from carebot.decide.care.sla import next_moment
from carebot.decide.detecting.cells import Cell
from carebot.decide.telling.delivery import thread_of
from carebot.model import Alert, Case, Delivery, Gap, Incident, Message, Signal, Statement

MESSAGE_COLUMNS = (
    "id", "source", "brand", "author", "author_name", "author_key", "lang", "text", "posted_at", "seen_at", "by_brand", "direct",
    "in_reply_to", "conversation", "repost_of", "url", "region", "audience", "stars", "fingerprint",
)  # fmt: skip
encode = msgspec.json.encode


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def ms_or_none(at: datetime | None) -> int | None:
    return None if at is None else ms(at)


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def message_row(m: Message) -> tuple[Any, ...]:
    return (
        m.id, m.source, m.brand, m.author, m.author_name, m.author_key, m.lang, m.text, ms(m.posted_at), ms(m.seen_at), m.by_brand,
        m.direct, m.in_reply_to, m.conversation, m.repost_of, m.url, m.region, m.audience, m.stars, m.fingerprint,
    )  # fmt: skip


def signal_row(s: Signal) -> tuple[Any, ...]:
    return (s.id, s.kind, s.brand, s.service, ms(s.posted_at), s.counted, encode(s))


def incident_row(i: Incident) -> tuple[Any, ...]:
    return (i.id, i.brand, i.service, i.phase, ms(i.opened_at), ms_or_none(i.resolved_at), encode(i))


def case_row(c: Case) -> tuple[Any, ...]:
    first = next((clock for clock in c.clocks if clock.kind == "first_response"), None)
    due = min((clock.due_at for clock in c.clocks if next_moment(clock)), default=None)
    return (
        c.id, c.source, c.author_key, ms(c.opened_at), ms(c.last_at), ms_or_none(due),
        ms_or_none(first.met_at) if first and not first.void else None, encode(c), ms_or_none(owed_since(c)), ms_or_none(c.closed_at),
        c.author.lower(),
    )  # fmt: skip


def alert_row(a: Alert, muted: str, rules: str) -> tuple[Any, ...]:
    return (a.alert, ms(a.at), a.reason, a.incident, a.case, rules, muted, encode(a))


def delivery_row(d: Delivery) -> tuple[Any, ...]:
    bare = replace(d, alert=replace(d.alert, quotes=()))
    opened_at = ms_or_none(d.tried_at) if d.opens else None
    return (d.id, thread_of(d.alert), d.destination, d.state, ms_or_none(d.next_at), d.ref, encode(bare), opened_at)


def statement_row(s: Statement) -> tuple[Any, ...]:
    owed = s.next_update_at if not s.met_at else None
    return (s.id, s.incident, s.state, ms_or_none(s.expires_at), ms_or_none(s.said_at), ms_or_none(owed), encode(s))


def cell_key(cell: Cell) -> str:
    return json.dumps([cell.brand, cell.service, cell.symptom, cell.source, cell.region], ensure_ascii=False)


def cell_of(key: str) -> Cell:
    return Cell(*json.loads(key))


def gap_row(g: Gap, source: str, at: datetime) -> tuple[Any, ...]:
    return (source, ms_or_none(g.from_), ms(g.to), g.why.en, ms(at))
