"""Who took back all that they said in a case is forgotten: their handle leaves its row, and what staff were told of it.

The words of a message go with it (`store`), and with them its quotes (`taken_back`). A handle is in a case's headline too, in every alert
that was told of it, and in what is still to be sent. When nothing is left of what an account wrote in a case, all of these say "somebody",
and the cards that were sent are shown anew. An account whose words the network brings back later begins from nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from sqlite3 import Connection
from typing import Any

import msgspec
from msgspec.structs import replace

from carebot.decide.care.cases import OURS
from carebot.decide.care.desk import accounts
from carebot.effects.database import taken_back
from carebot.effects.database.rows import case_row, encode
from carebot.model import Alert, Case, Delivery, Text

SOMEBODY = Text("alguien", "somebody")
_OF_AUTHORS = (
    "SELECT DISTINCT cases.doc FROM messages JOIN cases ON cases.author_key = messages.author_key"
    " WHERE messages.id IN (SELECT value FROM json_each(?)) AND messages.author_key != ''"
)
_LEFT = "SELECT DISTINCT author_key FROM messages WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL"
_TOLD = "SELECT id, doc FROM alerts WHERE case_id = ? OR (case_id IS NULL AND incident IS NULL AND instr(doc, ?))"


def about(conn: Connection, deleted: Collection[str], changed: Sequence[Case]) -> dict[str, Case]:
    """The cases that may lose somebody, as they were before: those of who wrote what is deleted, and those that change with it."""
    if not deleted:
        return {}
    rows = conn.execute(_OF_AUTHORS, [json.dumps(list(deleted))]).fetchall()
    rows += conn.execute("SELECT doc FROM cases WHERE id IN (SELECT value FROM json_each(?))", [json.dumps([one.id for one in changed])])
    return {case.id: case for case in (msgspec.json.decode(doc, type=Case) for (doc,) in rows)}


def forget(conn: Connection, before: Mapping[str, Case], changed: Mapping[str, Case], now: datetime) -> list[Delivery]:
    """Forgets whoever is gone, in the transaction of the deletion. Gives the cards that read otherwise now.

    before    what `about` gave
    changed   those that are written by now
    """
    cards: dict[tuple[str, str], Delivery] = {}
    for case in before.values():
        after = changed.get(case.id)
        if after is None and case.closed_at:  # off the desk: nobody else looks after it
            after = _without_gone(conn, case)
            if after != case:
                conn.execute(f"INSERT OR REPLACE INTO cases VALUES ({', '.join('?' * 11)})", case_row(after))  # noqa: S608
        kept = {(source, handle) for source, _, handle in accounts(after or case) if handle}
        gone = {handle for source, _, handle in accounts(case) if handle and (source, handle) not in kept}
        if after and gone:
            words = {one.words for one in case.accounts if one not in after.accounts and one.words}
            for sent in _told_otherwise(conn, case.id, gone, words):
                cards[sent.destination, sent.alert.alert] = sent  # the last of each is what is shown
    return [taken_back.again(card, now) for card in cards.values()]


def _without_gone(conn: Connection, case: Case) -> Case:
    """A case that is over, without the accounts of which nothing is left in it."""
    theirs = [line.id for line in case.history if line.what not in OURS]
    if len(case.history) < case.contacts + case.answers + case.hand_offs and theirs:
        return case  # not all of its lines are kept
    left = {key for (key,) in conn.execute(_LEFT, [json.dumps(theirs)])}
    case = replace(case, accounts=tuple(one for one in case.accounts if one.author_key in left))
    if case.author_key in left:
        return case
    return replace(case, author="", author_key="", references=case.references if left else ())


def _told_otherwise(conn: Connection, case: str, handles: Collection[str], words: Collection[str]) -> Iterator[Delivery]:
    for id_, doc in conn.execute(_TOLD, [case, msgspec.json.encode(case)]).fetchall():
        told = msgspec.json.decode(doc, type=Alert)
        anew = without(told, handles, words)
        if anew == told:
            continue
        conn.execute("UPDATE alerts SET doc = ? WHERE id = ?", [encode(anew), id_])
        for n, sent in conn.execute("SELECT n, doc FROM outbox WHERE incident = ? ORDER BY n", [id_]).fetchall():
            delivery = msgspec.json.decode(sent, type=Delivery)
            delivery = replace(delivery, alert=without(delivery.alert, handles, words))
            conn.execute("UPDATE outbox SET doc = ? WHERE n = ?", [encode(delivery), n])
            if delivery.state == "sent" and delivery.ref:
                yield delivery


def without(alert: Alert, handles: Collection[str], words: Collection[str]) -> Alert:
    """The alert without these people and what they said of themselves."""
    facts: dict[str, Any] = dict(alert.facts)
    if "accounts" in facts:
        facts["accounts"] = [one for one in facts["accounts"] if one.partition("/")[2].lower().lstrip("@") not in handles]
    said = [None if text is None else _anonymous(text, handles, words) for text in (alert.headline, alert.detail)]
    return replace(alert, headline=said[0] or alert.headline, detail=said[1], facts=facts)


def _anonymous(text: Text, handles: Collection[str], words: Collection[str]) -> Text:
    named = re.compile("|".join(rf"@{re.escape(handle.lstrip('@'))}(?![\w-])" for handle in handles), re.IGNORECASE)

    def one(said: str, somebody: str) -> str:
        for each in words:
            said = said.replace(each, "…")
        return named.sub(somebody, said)

    return Text(one(text.es, SOMEBODY.es), one(text.en, SOMEBODY.en))
