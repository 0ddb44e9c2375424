"""What is said when the database fails: carebot ends with it, is started again, and may fail again every few seconds.

The outbox cannot help here, so the ways of the fallback are told directly: once, which a file beside the database remembers (an empty
one can mostly be made on a full disk too; where it cannot, they are told again). It goes when the database works again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from carebot.config.schema import Rulebook
from carebot.decide.telling.alerts import about_us
from carebot.decide.telling.delivery import TERMINAL, elsewhere, is_way
from carebot.decide.telling.vitals import database_trouble
from carebot.effects.telling.destinations import Destination
from carebot.errors import Trouble
from carebot.model import Delivery

log = logging.getLogger("carebot")

LIMIT_S = 15


def note(db: Path) -> Path:
    return db.with_name(db.name + ".trouble")


async def say(error: Exception, db: Path, rulebook: Rulebook, destinations: Mapping[str, Destination], now: datetime) -> None:
    """Tells the terminal each time and people once."""
    alert = about_us(database_trouble(f"{type(error).__name__}: {error}", now), rulebook, now)
    log.error("database failed error=%s", error)
    ways = [TERMINAL] if note(db).exists() else [name for name in destinations if is_way(name)]
    rows = elsewhere(Delivery(id="", alert=alert, destination=""), ways, "")
    said = await asyncio.gather(*(_said(destinations[row.destination], row) for row in rows))
    if any(said):
        with contextlib.suppress(OSError):
            note(db).touch()


async def _said(way: Destination, delivery: Delivery) -> bool:
    try:
        async with asyncio.timeout(LIMIT_S):
            await way.send(delivery, "")
    except (Trouble, TimeoutError) as trouble:
        log.error("fallback failed way=%s because=%s", delivery.destination, trouble or "no answer in time")
        return False
    return delivery.destination != TERMINAL
