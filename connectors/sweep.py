"""Reading a list that shows its newest first, page by page, without a hole: where we are in it, as a value. It is such a source's cursor.

Pure. A burst is read backwards, from now to what we had. `since` stays where it was until the last page is stored; what is posted
meanwhile is above the first page, and the next sweep's. Each sweep goes back OVERLAP further than it must, because networks index
late and clocks differ; what comes twice has the same id and counts once. A page mark that a server no longer takes costs a sweep from
the top, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec.structs import replace

from carebot.model import Gap, Text

FIRST_LOOK = timedelta(minutes=15)
OVERLAP = timedelta(minutes=5)


class Sweep(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything posted before `since` was read.

    page      the mark of the page to ask for; empty: the first page of a new sweep
    began_at  when this sweep's first page was asked for
    """

    since: Annotated[datetime, msgspec.Meta(tz=True)]
    page: str = ""
    began_at: datetime | None = None


def resumed(cursor: str | None, now: datetime, *, first_look: timedelta = FIRST_LOOK) -> Sweep:
    """The sweep a cursor stands for; the first time, and for a cursor of another kind, one that goes back a little."""
    try:
        return msgspec.json.decode(cursor, type=Sweep) if cursor else Sweep(since=now - first_look)
    except (msgspec.DecodeError, UnicodeError):
        return Sweep(since=now - first_look)


def advanced(sweep: Sweep, posted: Iterable[datetime], next_page: str, now: datetime) -> Sweep:
    """Where we are once this page is stored. posted: the times on it, in the list's order; next_page: "" where there is none.

    The sweep is over when a page ends OVERLAP before what we had: lists are only nearly in order. What stands on top of it for another
    reason (something pinned) does not end it.
    """
    began, times = sweep.began_at or now, list(posted)
    if next_page and not (times and times[-1] < sweep.since - OVERLAP):
        return replace(sweep, page=next_page, began_at=began)
    return Sweep(since=max(sweep.since, began - OVERLAP))


def restarted(sweep: Sweep) -> Sweep:
    """Where to go on when the server no longer takes our page mark: from the top, just as far back."""
    return Sweep(since=sweep.since)


def unreached(sweep: Sweep, posted: Iterable[datetime], next_page: str, what: Text) -> tuple[Gap, ...]:
    """The gap, where a list that only shows so many ended before it reached what we had. Not for one that ends because there is no more.

    what: why, in words
    """
    oldest = min(posted, default=None)
    if next_page or oldest is None or oldest <= sweep.since:
        return ()
    return (Gap(from_=sweep.since, to=oldest, why=what),)


def cursor(sweep: Sweep) -> str:
    return msgspec.json.encode(sweep).decode()
