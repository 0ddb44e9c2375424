"""The outbox as the sender knows it: every call runs in the one thread that touches the database, and is durable when it returns.

Nothing of it is kept in memory, so that a restart forgets nothing: neither what waits, nor since when, nor how many new messages a channel
got in the last minute.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from carebot.decide.telling.delivery import WAY, is_urgent, is_way, since, thread_of
from carebot.effects.database.rows import moment, ms
from carebot.effects.database.store import Store
from carebot.model import Delivery

_TOLD = (
    f"SELECT DISTINCT destination FROM outbox WHERE state = 'sent' AND destination LIKE '{WAY}%'"  # noqa: S608
    " AND incident = ? ORDER BY destination"
)
_OPEN = "SELECT doc FROM outbox WHERE state IN ('new', 'sending')"
_OPENED = "SELECT destination, opened_at FROM outbox WHERE opened_at BETWEEN ? AND ? ORDER BY opened_at"
_SAID = "SELECT 1 FROM outbox WHERE state = 'sent' AND id IN (SELECT value FROM json_each(?))"


class Outbox(Protocol):
    """The rows. Each call is durable when it returns."""

    async def open(self) -> Sequence[Delivery]:
        """Those that are `new` or `sending`, in the order they were decided; a new one's `ref` is its incident's message there."""

    async def record(self, *changed: Delivery, fresh: Sequence[Delivery] = ()) -> None:
        """In one transaction. A fresh one that is there already stays as it is."""

    async def told_elsewhere(self, delivery: Delivery, ways: Sequence[str]) -> Sequence[str]:
        """Which of these ways have said this alert, or anything of its incident."""

    async def posted(self, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        """When each destination got, or may have got, a new message between then and then."""


class Rows:
    """The rows of the store. `in_loop` runs a call in the database's thread."""

    def __init__(self, in_loop: Callable[..., Coroutine[Any, Any, Any]], store: Store) -> None:
        self._in_loop, self._store = in_loop, store

    async def open(self) -> Sequence[Delivery]:
        return await self._in_loop(self._store.waiting_deliveries)  # type: ignore[no-any-return]

    async def record(self, *changed: Delivery, fresh: Sequence[Delivery] = ()) -> None:
        await self._in_loop(lambda: self._store.record(*changed, fresh=fresh))

    async def told_elsewhere(self, delivery: Delivery, ways: Sequence[str]) -> Sequence[str]:
        return await self._in_loop(told_elsewhere, self._store, delivery, ways)  # type: ignore[no-any-return]

    async def posted(self, since: datetime, until: datetime) -> Mapping[str, Sequence[datetime]]:
        return await self._in_loop(posted, self._store, since, until)  # type: ignore[no-any-return]


def posted(store: Store, since: datetime, until: datetime) -> dict[str, list[datetime]]:
    """When each destination got, or may have got, a new message."""
    at: dict[str, list[datetime]] = {}
    for destination, opened_at in store.db.conn.execute(_OPENED, [ms(since) + 1, ms(until)]):
        at.setdefault(destination, []).append(moment(opened_at))
    return at


def told_elsewhere(store: Store, delivery: Delivery, ways: Sequence[str]) -> list[str]:
    """Which of these ways have said this alert, or anything of its incident."""
    return [row[0] for row in store.db.conn.execute(_TOLD, [thread_of(delivery.alert)]) if row[0] in ways]


class Unsaid(msgspec.Struct, frozen=True):
    """Since when the oldest alert waits for its own destination; and the oldest urgent one that no way of the fallback has said either."""

    count: int = 0
    oldest_at: datetime | None = None
    urgent_at: datetime | None = None


def unsaid(store: Store, ways: Sequence[str]) -> Unsaid:
    """ways   those of the fallback that reach people"""
    waiting = [msgspec.json.decode(row[0], type=Delivery) for row in store.db.conn.execute(_OPEN)]
    waiting = [one for one in waiting if not (one.quiet or is_way(one.destination))]
    urgent = [since(one) for one in waiting if is_urgent(one.alert) and not _said(store, one, ways)]
    return Unsaid(len(waiting), min(map(since, waiting), default=None), min(urgent, default=None))


def _said(store: Store, delivery: Delivery, ways: Sequence[str]) -> bool:
    ids = json.dumps([f"{delivery.alert.alert}@{way}" for way in ways])
    return store.db.conn.execute(_SAID, [ids]).fetchone() is not None


def set_aside(store: Store, since: datetime) -> dict[str, int]:
    """How many items of each source went to quarantine; without strangers who knocked at a webhook, who can knock all day."""
    sql = "SELECT source, count(*) FROM quarantine WHERE at > ? AND item != 'request' GROUP BY source ORDER BY count(*) DESC, source"
    return dict(store.db.conn.execute(sql, [ms(since)]).fetchall())
