"""Where we are in a list that is read forward, as a value. It is the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

OVERLAP = timedelta(minutes=5)
MARKS = 200
Mark = tuple[str, datetime]


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where we are in a list.

    after   the id to read on from; empty: nothing was there yet, and we read backwards to `since`
    trail   ids at the ends of the pages we read, with their times, oldest first
    back    of the first sweep, which goes backwards: the id to read on from
    """

    after: str = ""
    trail: tuple[Mark, ...] = ()
    back: str = ""
    since: datetime | None = None


def advanced(place: Place, marks: Sequence[Mark], now: datetime) -> Place:
    """Where we are once a page is stored that was read forward. marks: its ends, oldest first; none: nothing was on it."""
    if marks and marks[-1][0] != place.after:
        return Place(marks[-1][0], tuple({**dict(place.trail), **dict(marks)}.items())[-MARKS:])
    return begun_anew(place.trail, now) or place


def begun_anew(trail: Sequence[Mark], now: datetime) -> Place | None:
    """Where the next sweep begins: at the latest mark that is OVERLAP old, or at the oldest there is. None: there is none."""
    old = [number for number, (_, at) in enumerate(trail) if at <= now - OVERLAP]
    left = tuple(trail[old[-1] if old else 0 :])
    return Place(left[0][0], left) if left else None
