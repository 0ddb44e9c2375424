"""What is older than the rules keep (`privacy.keep_texts`) loses its words: texts, names and links go, counts and ids stay.

A part at a time, each in a transaction of its own, so that nobody waits for it and a kill leaves nothing half-done: what is still to go is
found by the rows themselves. What an open incident or an open case rests on stays whole until that is over, and a case is not over while
it may come back. Cards in Slack that quote what goes, or say whose case it was, are shown anew without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import takewhile
from sqlite3 import Connection
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from carebot.config.schema import RulesFile
from carebot.decide.care.replies import PUBLIC
from carebot.effects.database import taken_back
from carebot.effects.database.rows import encode, ms
from carebot.model import Alert, Case, Delivery, Text

PART = 200  # rows of each kind in one transaction
GONE = Text("Borrado por antigüedad", "Deleted, as it is old")

_OPEN = (  # messages that an open incident or an open case rests on
    "SELECT said.value FROM incidents, json_each(incidents.doc, '$.messages') AS said WHERE phase != 'resolved'"
    " UNION ALL SELECT line.value ->> '$.id' FROM cases, json_each(cases.doc, '$.history') AS line"
    " WHERE closed_at IS NULL AND opened_at < :before"
)
_MESSAGES = (
    "SELECT id FROM messages INDEXED BY messages_with_words WHERE deleted_at IS NULL AND posted_at < :before"  # noqa: S608
    " AND seen_at < :before"  # what is read late, as of a recording or by `carebot backfill`, is kept as long
    f" AND id NOT IN ({_OPEN}) ORDER BY posted_at LIMIT :most"
)
_CASES = (
    "SELECT doc FROM cases INDEXED BY cases_with_names WHERE author_key != '' AND closed_at < :before AND author_key != :public"
    " AND NOT EXISTS (SELECT 1 FROM json_each(cases.doc, '$.history') AS line JOIN messages ON messages.id = line.value ->> '$.id'"
    " WHERE messages.deleted_at IS NULL) ORDER BY closed_at LIMIT :most"
)
_NOBODYS = "UPDATE cases SET doc = ?, author_key = '', handle = '' WHERE id = ?"
_OF_CASES = "SELECT rowid, doc FROM alerts WHERE case_id IN (SELECT value FROM json_each(?)) ORDER BY rowid"
_DELIVERED = "SELECT n, doc FROM outbox WHERE incident IN (SELECT value FROM json_each(?)) ORDER BY n"
_NEXT_ALERTS = "SELECT rowid, doc FROM alerts WHERE rowid > ? ORDER BY rowid LIMIT ?"
_NEXT_DELIVERED = "SELECT n, doc FROM outbox WHERE n > ? ORDER BY n LIMIT ?"
_SET_ALERT = "UPDATE alerts SET doc = ? WHERE rowid = ?"
_SET_DELIVERY = "UPDATE outbox SET doc = ? WHERE n = ?"
_SHOWN_ANEW = "DELETE FROM outbox WHERE n = ? AND n < (SELECT max(n) FROM outbox)"  # the last number is never given again
_SET_ASIDE = "DELETE FROM quarantine WHERE n IN (SELECT n FROM quarantine WHERE at < ? ORDER BY n LIMIT ?)"


class Kept(msgspec.Struct, frozen=True):
    """For `carebot status`: texts from `since` on are kept. alerts, outbox: the last row of each that was looked through."""

    days: float = 0.0
    since: datetime | None = None
    alerts: int = 0
    outbox: int = 0


class Part(NamedTuple):
    """What one part did: how many messages lost their words, the cards to be shown anew, how far it came; and is there more?"""

    messages: int
    cards: tuple[Delivery, ...]
    kept: Kept
    more: bool


def forget(conn: Connection, kept: Kept, rules: RulesFile, now: datetime) -> Part:
    """One part, inside the caller's transaction. kept: what the part before gave."""
    keep = rules.privacy.keep_texts
    before = now - keep
    messages = [id_ for (id_,) in conn.execute(_MESSAGES, {"before": ms(before), "most": PART})]
    cards = [*taken_back.shown_anew(conn, messages, now)]
    taken_back.erase(conn, messages, now)
    conn.executemany("DELETE FROM quoted WHERE message = ?", [(id_,) for id_ in messages])

    over = {"before": ms(now - max(keep, rules.cases.reopen_within)), "public": PUBLIC, "most": PART}
    cases = [msgspec.json.decode(doc, type=Case) for (doc,) in conn.execute(_CASES, over)]
    conn.executemany(_NOBODYS, [(encode(_nobodys(case)), case.id) for case in cases])
    told = _alerts(conn.execute(_OF_CASES, [json.dumps([case.id for case in cases])]))
    conn.executemany(_SET_ALERT, [(encode(wordless(alert)), n) for n, alert in told])
    gone = _deliveries(conn.execute(_DELIVERED, [json.dumps([alert.alert for _, alert in told])]))

    alerts = _alerts(conn.execute(_NEXT_ALERTS, [kept.alerts, PART]), before)
    conn.executemany(_SET_ALERT, [(encode(wordless(alert)), n) for n, alert in alerts if _names(conn, alert)])
    delivered = _deliveries(conn.execute(_NEXT_DELIVERED, [kept.outbox, PART]), before)
    gone += [(n, one) for n, one in delivered if _names(conn, one.alert)]
    bare = [(n, replace(one, alert=wordless(one.alert))) for n, one in gone]
    conn.executemany(_SET_DELIVERY, [(encode(one), n) for n, one in bare])
    cards += [taken_back.again(one, now) for _, one in bare if one.state == "sent" and one.ref]
    conn.executemany(_SHOWN_ANEW, [(n,) for n, one in delivered if one.quiet])

    set_aside = conn.execute(_SET_ASIDE, [ms(before), PART]).rowcount
    looked = {"alerts": alerts[-1][0] if alerts else kept.alerts, "outbox": delivered[-1][0] if delivered else kept.outbox}
    after = Kept(keep / timedelta(days=1), before, **looked)
    latest = {(card.destination, card.id): card for card in cards}  # the last of each card is what is shown
    return Part(len(messages), tuple(latest.values()), after, bool(messages or cases or alerts or delivered or set_aside))


def wordless(alert: Alert) -> Alert:
    """What it was about, and when; not a word of it."""
    facts = {name: alert.facts[name] for name in ("about", "cases") if name in alert.facts}
    return replace(alert, headline=GONE, detail=None, say=None, act=None, quotes=(), facts=facts)


def _nobodys(case: Case) -> Case:
    clocks = tuple(replace(clock, words="") for clock in case.clocks)
    return replace(case, author="", author_key="", accounts=(), references=(), clocks=clocks)


def _names(conn: Connection, alert: Alert) -> bool:
    """Does it name customers, and is it left to no case that still has its name? Of an incident's own alerts only the quotes did."""
    if alert.headline == GONE or (alert.incident and not alert.case):
        return False
    if not alert.case:
        return bool(alert.messages or alert.facts.get("cases") or alert.reason in ("digest", "held", "impersonator"))
    row = conn.execute("SELECT author_key FROM cases WHERE id = ?", [alert.case]).fetchone()
    return row is None or row[0] == ""


def _alerts(rows: Iterable[tuple[int, bytes]], before: datetime | None = None) -> list[tuple[int, Alert]]:
    """Each with its number; up to the first that is not from `before`, if that is asked: they stand in the order they were decided."""
    found = ((n, msgspec.json.decode(doc, type=Alert)) for n, doc in rows)
    return list(takewhile(lambda each: before is None or each[1].at < before, found))


def _deliveries(rows: Iterable[tuple[int, bytes]], before: datetime | None = None) -> list[tuple[int, Delivery]]:
    found = ((n, msgspec.json.decode(doc, type=Delivery)) for n, doc in rows)
    return list(takewhile(lambda each: before is None or (each[1].alert.at < before and each[1].state in ("sent", "never")), found))
