"""How many posts there were, minute by minute, as X itself counts them. Pure.

One request counts up to seven days of minutes (developer.x.com, recent post counts: seven days, granularity minute; read 2026-11).
The first and the last may be shorter than a minute; only whole ones are told, as they are over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from carebot.errors import Unreachable
from carebot.model import Gap, Refusal, Text, Volume
from connectors import answers

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
_NOT_COUNTED = Text("X no contó estos minutos.", "X did not count these minutes.")


class _Span(msgspec.Struct):
    """So many posts, in X's old spelling or its new one."""

    start: _Aware
    end: _Aware
    tweet_count: _Number | None = None
    post_count: _Number | None = None

    @property
    def posts(self) -> int | None:
        return self.tweet_count if self.tweet_count is not None else self.post_count


class _Counts(msgspec.Struct):
    data: list[Any]


class Counted(msgspec.Struct, frozen=True):
    """`until`: the end of the last whole minute; None if there was none."""

    minutes: tuple[Volume, ...]
    total: int
    until: datetime | None
    gaps: tuple[Gap, ...]
    refused: tuple[Refusal, ...]


def counted(page: Mapping[str, Any], source: str, since: datetime, now: datetime) -> Counted:
    """What a page of counts says. since: from when on X was asked to count. Raises Unreachable if it is none."""
    whole = answers.read_as(_Counts, page)
    if whole is None:
        raise Unreachable(f"{source}: X answered with something that is no count of posts")
    spans = [answers.read_as(_Span, each) for each in whole.data]
    good = (span for span in spans if span and span.posts is not None and since - DAY < span.start < span.end < now + DAY)
    known = sorted(good, key=lambda span: span.start)
    refused = Refusal(source=source, item="counts", reason=f"{len(spans) - len(known)} spans are not counts as X describes them", at=now)
    minutes = tuple(_volume(span, source) for span in known if span.end - span.start == MINUTE and span.end <= now + MINUTE)
    return Counted(
        minutes=minutes,
        total=sum(span.posts or 0 for span in known),
        until=minutes[-1].at + MINUTE if minutes else None,
        gaps=(Gap(from_=since, to=minutes[0].at, why=_NOT_COUNTED),) if minutes and minutes[0].at >= since + MINUTE else (),
        refused=(refused,) if len(known) < len(spans) else (),
    )


def _volume(span: _Span, source: str) -> Volume:
    at = span.start.astimezone(UTC)
    return Volume(id=f"volume:{source}:{at:%Y%m%d%H%M}", source=source, at=at, posts=span.posts or 0, network="x")
