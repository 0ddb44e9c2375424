"""What customers take back leaves Slack too: a card whose quote was deleted or reworded is shown anew with what is left.

Before a card goes out it is noted whom it quotes. When a message is deleted or edited, in the same transaction each card that quotes it
gets a quiet delivery, however long its incident is over; the quotes themselves are read again when it is sent. A card that is in the air
at that moment is noted already, and its new version waits until it has landed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection

import msgspec
from msgspec.structs import replace

from carebot.decide.telling.delivery import thread_of
from carebot.effects.database.rows import ms
from carebot.model import Delivery

MOST = 3  # quotes on a card
_LAST = (  # of each thread that quotes one of these messages: its latest delivery that was sent, or may have been
    "SELECT doc FROM outbox WHERE n IN (SELECT max(n) FROM outbox JOIN (SELECT DISTINCT thread, destination FROM quoted"
    " WHERE message IN (SELECT value FROM json_each(?))) AS q ON outbox.incident = q.thread AND outbox.destination = q.destination"
    " WHERE state IN ('sending', 'sent') GROUP BY thread, q.destination) ORDER BY n"
)

_ERASE = "UPDATE messages SET text = '', author = '', author_name = '', author_key = '', url = '', deleted_at = ? WHERE id = ?"
FORGET_WHY = "UPDATE signals SET doc = CAST(json_remove(doc, '$.why') AS BLOB) WHERE id = ?"


def erase(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    """The words of these messages, who wrote them and where; that they were there stays, so that none comes back."""
    conn.executemany(_ERASE, [(ms(now), id_) for id_ in ids])
    conn.executemany("DELETE FROM labels WHERE message = ?", [(id_,) for id_ in ids])
    conn.executemany(FORGET_WHY, [(id_,) for id_ in ids])


def quoting(conn: Connection, delivery: Delivery) -> None:
    """Notes whom a card quotes that is about to go out."""
    rows = [(quote.id, thread_of(delivery.alert), delivery.destination) for quote in delivery.alert.quotes]
    conn.executemany("INSERT OR IGNORE INTO quoted VALUES (?, ?, ?)", rows)


def shown_anew(conn: Connection, ids: Iterable[str], now: datetime) -> Iterator[Delivery]:
    """The cards that quote one of these messages, to be shown again: at the next whole minute, so that many deletions are one update."""
    for (doc,) in conn.execute(_LAST, [json.dumps(list(ids))]).fetchall():
        yield again(msgspec.json.decode(doc, type=Delivery), now)


def again(last: Delivery, now: datetime) -> Delivery:
    """The same card once more, at the next whole minute; it tells nobody anything."""
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return replace(
        last,
        id=f"{last.alert.alert}~{ms(now)}@{last.destination}",
        alert=replace(last.alert, quotes=()),
        state="new",
        attempts=0,
        next_at=minute,
        ref="",
        because="",
        quiet=True,
        tried_at=None,
        opens=False,
        earlier=None,
    )
