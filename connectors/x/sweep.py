"""Where we are in X's posts, as a value: a sweep begun, gone on with, lost and restarted. It is the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from carebot.model import Refusal
from connectors.x.page import Meta
from connectors.x.road import RESUMES_BY

FIRST_LOOK = timedelta(minutes=15)
MEMORY = timedelta(days=7) - timedelta(minutes=10)  # how far back X searches, less a little for clocks that differ
OVERLAP = timedelta(minutes=5)  # X searches up to 30 s ago; the rest is for clocks that differ


class Sweep(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where we are. Everything said before `since` was read; so was everything up to `since_id`, once there is one.

    next_token   the page to ask for; empty: the first page of a new sweep
    newest_id    of this sweep's first page: the next `since_id`
    oldest_id    of this sweep's last page: where we go on if X forgets its token
    began_at     when this sweep's first page was asked for
    """

    since: datetime
    since_id: str = ""
    next_token: str = ""
    newest_id: str = ""
    oldest_id: str = ""
    began_at: datetime | None = None

    @property
    def place(self) -> dict[str, Any]:
        """The parameters that say which page."""
        back_to = {"since_id": self.since_id} if self.since_id else {"start_time": self.since}
        if self.next_token:
            return {**back_to, "next_token": self.next_token}
        return {**back_to, "until_id": self.oldest_id} if self.oldest_id else back_to


def resumed(cursor: str | None, name: str, now: datetime) -> tuple[Sweep, tuple[Refusal, ...]]:
    """The sweep a cursor stands for; the first time, one that goes back a quarter of an hour."""
    first = Sweep(since=now - FIRST_LOOK)
    try:
        return (msgspec.json.decode(cursor, type=Sweep) if cursor else first), ()
    except (msgspec.DecodeError, UnicodeError):
        return first, (
            _gap(name, "cursor", f"our note of where we were cannot be read; posts from before {first.since:%d %b %H:%MZ} may", now),
        )


def restarted(sweep: Sweep, where: set[str], name: str, now: datetime) -> tuple[Sweep, tuple[Refusal, ...]]:
    """Where to go on when X does not accept where we wanted to: below the oldest post we have if only the page's token is gone,
    else from the top, as far back as X still remembers.

    A since_id that is too old is no loss if we asked all the while and there was nothing new; if it is a loss, the refusal says
    from when to when.
    """
    if not where & RESUMES_BY:
        return replace(sweep, next_token=""), ()
    since = max(sweep.since, now - MEMORY)
    gap = f"X no longer serves posts this old: those from {sweep.since:%d %b %H:%MZ} to {since:%d %b %H:%MZ}"
    return Sweep(since=since), ((_gap(name, sweep.since_id or "start", gap, now),) if since > sweep.since else ())


def advanced(sweep: Sweep, page: Mapping[str, Any], now: datetime) -> Sweep:
    """Where we are once this page is stored."""
    meta, began = msgspec.convert(page["meta"], Meta), sweep.began_at or now
    newest = sweep.newest_id or meta.newest_id or ""
    if meta.next_token:
        return replace(sweep, next_token=meta.next_token, newest_id=newest, oldest_id=meta.oldest_id or sweep.oldest_id, began_at=began)
    return Sweep(since=max(sweep.since, began - OVERLAP), since_id=max(newest, sweep.since_id, key=lambda each: int(each or 0)))


def _gap(name: str, item: str, what: str, now: datetime) -> Refusal:
    return Refusal(source=name, item=item, reason=f"GAP: {what} were not read", at=now)
