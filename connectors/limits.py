"""How long a server asks us to stay away, in all the spellings there are.

Pure. `Retry-After` (seconds, or a date), `RateLimit-Reset` (seconds, or the moment), `X-RateLimit-Reset` (the moment as epoch seconds or
in ISO 8601, or seconds), `X-Rate-Limit-Reset` (X). A moment is read by the server's own clock (`Date`) where it says one, because ours
may be wrong; anything absurd is clamped. Spellings: RFC 9110 10.2.3, draft-ietf-httpapi-ratelimit-headers, docs.x.com,
docs.joinmastodon.org, Reddit's X-Ratelimit-Reset (seconds); all read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

AT_LEAST, AT_MOST = timedelta(seconds=1), timedelta(minutes=15)
_RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
_REMAINS = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_AN_EPOCH = 1_000_000_000  # what is larger is a moment, what is smaller a number of seconds


def asked_to_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What a refused request's headers (lower-case) ask for, from 1 s to 15 min; None if nothing readable is there."""
    theirs = server_time(headers) or now
    for name in ("retry-after", *_RESETS):
        if (wait := _span(headers.get(name, "").strip(), theirs, or_epoch=name != "retry-after")) is not None:
            return min(max(wait, AT_LEAST), AT_MOST)
    return None


def pause(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to stay away after a good answer: until the window begins anew, if nothing of it is left."""
    left = next((headers[name] for name in _REMAINS if name in headers), "")
    if not re.fullmatch(r"0+(\.0+)?", left.strip()):
        return None
    return asked_to_wait({name: value for name, value in headers.items() if name != "retry-after"}, now)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's own clock, by its `date`."""
    try:
        at = parsedate_to_datetime(headers.get("date", ""))
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _span(value: str, theirs: datetime, *, or_epoch: bool) -> timedelta | None:
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", value):
        number = float(value)
        seconds = number - theirs.timestamp() if or_epoch and number >= _AN_EPOCH else number
        return timedelta(seconds=min(max(seconds, 0.0), 86_400.0))
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = read(value)
            return at.replace(tzinfo=at.tzinfo or UTC) - theirs
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
