"""Reading a source as the daemon does: page by page, each time with a connector that remembers nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from carebot.model import Batch, Event
from connectors import base


async def drained(made: Callable[[], base.Connector], cursor: str | None = None) -> list[Batch]:
    """Looks until there is no more; a hundred are too many for any test."""
    batches: list[Batch] = []
    for _ in range(100):
        batches.append(await made().fetch(cursor))
        cursor = batches[-1].cursor or cursor
        if not batches[-1].more:
            return batches
    raise AssertionError("it never comes to an end")


async def looked_through(listening: base.Connector, cursor: str | None = None) -> tuple[list[Batch], str | None]:
    """All that this one connector has after the cursor, page by page, and the cursor then."""
    batches: list[Batch] = []
    while not batches or batches[-1].more:
        batches.append(await listening.fetch(cursor))
        cursor = batches[-1].cursor or cursor
    return batches, cursor


def ids(batches: Iterable[Batch]) -> list[str]:
    return [event.id for batch in batches for event in batch.events]


def events(batches: Iterable[Batch]) -> list[Event]:
    return [event for batch in batches for event in batch.events]
