"""The store as the listener knows it: every call runs in the one thread that touches the database."""

from __future__ import annotations

from collections.abc import Callable, Container, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from carebot.effects.database.store import Store

_T = TypeVar("_T")


class Kept:
    """What `carebot.listening.Memory` asks for. `in_loop` runs a call in the database's thread."""

    def __init__(self, in_loop: Callable[..., Coroutine[Any, Any, Any]], store: Store) -> None:
        self._in_loop, self._store = in_loop, store

    async def cursor(self, source: str) -> str | None:
        return await self._in_loop(self._store.cursor, source)  # type: ignore[no-any-return]

    async def put(self, key: str, value: object) -> None:
        await self._in_loop(self._store.put, key, value)

    async def later(self, key: str, value: object) -> None:
        await self._in_loop(self._store.later, key, value)

    async def recalled(self, key: str, type_: type[_T]) -> _T | None:
        return await self._in_loop(self._store.recalled, key, type_)  # type: ignore[no-any-return]

    async def to_recheck(self, source: str, now: datetime, most: int) -> list[str]:
        return await self._in_loop(self._store.to_recheck, source, now, most)  # type: ignore[no-any-return]

    async def known(self, ids: Sequence[str]) -> Container[str]:
        return await self._in_loop(self._store.known, ids)  # type: ignore[no-any-return]
