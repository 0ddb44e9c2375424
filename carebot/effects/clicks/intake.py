"""What of the clicks on the queue is new and ours to hear: each once, from where its card is, and what a person typed screened.

Called in the thread that has the database, just before what is on the queue is decided.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from carebot.effects.database import audit
from carebot.model import Acted, Click, Event, Text
from carebot.understand.normalise import tame
from carebot.understand.redact import redact

PUBLIC = ("propose", "approve", "publish")  # The brand's own telephone number belongs in its own post.

_ELSEWHERE = Text("Aquí no está la tarjeta de esa incidencia.", "The card of that incident is not here.")


def once(conn: sqlite3.Connection, events: Sequence[Event]) -> tuple[list[Event], tuple[Acted, ...]]:
    """The events, with the first of each click that nobody answered for yet; and the clicks that are refused before anybody decides."""
    ids = [event.id for event in events if isinstance(event, Click)]
    if not ids:
        return list(events), ()
    answered, kept, refused = audit.known(conn, ids), list[Event](), list[Acted]()
    for event in events:
        if not isinstance(event, Click):
            kept.append(event)
        elif event.id not in answered:
            answered.add(event.id)
            click = screened(event)
            if is_elsewhere(conn, click):
                refused.append(Acted(click=click, outcome="refused", because=_ELSEWHERE))
            else:
                kept.append(click)
    return kept, tuple(refused)


def screened(click: Click) -> Click:
    """Without the personal data in what was typed, but for words that are meant for the public."""
    return click if click.action in PUBLIC or not click.text else replace(click, text=redact([tame(click.text)])[0])


def is_elsewhere(conn: sqlite3.Connection, click: Click) -> bool:
    """Was it pressed in a channel in which no card of its incident is? Where no card is known, nobody can say."""
    rows = conn.execute("SELECT DISTINCT ref FROM outbox WHERE incident = ? AND ref != ''", [click.incident])
    shown = {str(ref).partition("/")[0] for (ref,) in rows}
    return bool(click.channel and shown) and click.channel not in shown
