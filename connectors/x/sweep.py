"""Where we are in X's posts, as a value: a sweep begun, gone on with, cut short or given up. It is the cursor. Pure.

X lists newest first, so a burst is read backwards, from now to what we had. Where that is, is a time and not an id: X lists some posts
minutes late, below ids we have. So `since` stays OVERLAP behind; while a burst lasts a sweep turns back where nothing is new, and goes all
the way only every quarter of an hour, or each post would be asked for again and again. What comes twice has the same id and counts once.
A since_id would not do for another reason: after a quiet week X refuses it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from carebot.model import Gap, Text
from connectors.x.page import Meta

FIRST_LOOK = timedelta(minutes=15)
MEMORY = timedelta(days=7) - timedelta(minutes=10)  # how far back X searches, less a little for clocks that differ
OVERLAP = timedelta(minutes=10)  # how late X may list a post
SETTLES = timedelta(minutes=25)  # `since` is never further behind: a sweep goes all the way then
NEARLY = 0.9  # of what a list shows at most: some of it may be withheld, and then less comes
LAG = timedelta(seconds=30)  # X searches up to so long ago
_EPOCH_MS = 1288834974657  # an id begins with the time it was given: docs.x.com/fundamentals/x-ids

_Aware = Annotated[datetime, msgspec.Meta(tz=True)]
_UNREADABLE = Text("No se entiende nuestra nota de dónde nos quedamos.", "Our note of where we were cannot be read.")
_FORGOTTEN = Text("X no busca más allá de los últimos siete días.", "X does not search further back than seven days.")
_ONLY_SO_MANY = Text("X solo enseña los {0} posts más nuevos de esta lista.", "X shows only the {0} newest posts of this list.")


class Sweep(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where we are.

    since       everything posted before was read, also what was listed late
    known       everything posted before was read when it was listed in time; None: we have not been here before
    next_token  the page to ask for; empty: the first page of a new sweep
    below       only what is older than this post: where we went on when X had forgotten its token
    oldest_id   of this sweep's last page
    began_at    when this sweep's first page was asked for
    came        how many posts this sweep has brought
    """

    since: _Aware
    known: _Aware | None = None
    next_token: str = ""
    below: str = ""
    oldest_id: str = ""
    began_at: _Aware | None = None
    came: int = 0

    @property
    def new_from(self) -> datetime:
        """What was posted before this is not new, or late."""
        return self.known or self.since

    def place(self, page_by: str) -> dict[str, Any]:
        """The parameters that say which page."""
        return (
            {"start_time": self.since}
            | ({"until_id": self.below} if self.below else {})
            | ({page_by: self.next_token} if self.next_token else {})
        )


def said_at(id_: str) -> datetime:
    """When a post was posted, by its id."""
    return datetime.fromtimestamp(((int(id_) >> 22) + _EPOCH_MS) / 1000, UTC)


def resumed(cursor: str | None, now: datetime) -> tuple[Sweep, tuple[Gap, ...]]:
    """The sweep a cursor stands for; the first time, one that goes back a quarter of an hour."""
    first = Sweep(since=now - FIRST_LOOK)
    try:
        return (msgspec.json.decode(cursor, type=Sweep) if cursor else first), ()
    except (msgspec.DecodeError, UnicodeError):
        return first, (Gap(to=first.since, why=_UNREADABLE),)


def remembered(sweep: Sweep, memory: timedelta | None, now: datetime) -> tuple[Sweep, tuple[Gap, ...]]:
    """The sweep, or one from the top if X no longer has all that it stands for. `memory` None: X keeps that for ever."""
    since = now - memory if memory else sweep.since
    if sweep.since >= since:
        return sweep, ()
    return Sweep(since=since), (Gap(from_=sweep.since, to=since, why=_FORGOTTEN),)


def restarted(sweep: Sweep) -> Sweep:
    """Where to go on when X no longer takes its own page token: below the oldest post we have."""
    return replace(sweep, next_token="", below=sweep.oldest_id)


def advanced(sweep: Sweep, meta: Meta, came: int, began: datetime) -> Sweep:
    """Where we are once this page is stored. came: how many posts are on it; began: when, by the clock that is behind."""
    began = sweep.began_at or began
    oldest = meta.oldest_id or sweep.oldest_id
    if not meta.next_token:
        return settled(sweep, began)
    if meta.oldest_id and sweep.known and said_at(meta.oldest_id) < sweep.known and began - sweep.since < SETTLES:
        return Sweep(since=sweep.since, known=max(sweep.known, began - LAG))
    return replace(sweep, next_token=meta.next_token, oldest_id=oldest, began_at=began, came=sweep.came + came)


def settled(sweep: Sweep, began: datetime) -> Sweep:
    """Where we are after a sweep that went all the way, or one whose rest nobody will read."""
    return Sweep(since=max(sweep.since, began - OVERLAP), known=max(sweep.new_from, began - LAG))


def cut_short(sweep: Sweep, meta: Meta, came: int, reach: int | None) -> tuple[Gap, ...]:
    """The gap, where a list that shows only its newest `reach` posts ended before it came to what we had."""
    if meta.next_token or not reach or sweep.came + came < NEARLY * reach or not meta.oldest_id:
        return ()
    oldest = said_at(meta.oldest_id)
    why = Text(_ONLY_SO_MANY.es.format(reach), _ONLY_SO_MANY.en.format(reach))
    return (Gap(from_=sweep.new_from, to=oldest, why=why),) if oldest > sweep.new_from else ()


def noted(sweep: Sweep) -> str:
    """The cursor that stands for it."""
    return msgspec.json.encode(sweep).decode()
