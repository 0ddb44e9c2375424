"""The only reader of the machine's time, a pace for recordings, and a clock that is moved by hand for tests.

Time is an argument everywhere else: whoever needs it is given `now`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def machine() -> datetime:
    """Now, as aware UTC."""
    return datetime.now(UTC)


def paced(times: float) -> Callable[[datetime], None]:
    """Waits so that a recording runs `times` as fast as it happened: called before each step with that step's own time."""
    began: list[tuple[float, datetime]] = []

    def wait(at: datetime) -> None:
        if not began:
            began.append((time.monotonic(), at))
        due = began[0][0] + (at - began[0][1]).total_seconds() / times
        time.sleep(max(0.0, due - time.monotonic()))

    return wait


class Manual:
    """A clock that only moves when told to, and only forward.

    >>> clock = Manual(datetime(2026, 11, 21, 10, 0, tzinfo=UTC))
    >>> clock.move_to(datetime(2026, 11, 21, 10, 5, tzinfo=UTC))
    >>> clock().isoformat()
    '2026-11-21T10:05:00+00:00'
    """

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def move_to(self, at: datetime) -> None:
        if at < self._now:
            raise ValueError(f"time goes forward only: {at:%H:%M:%SZ} is before {self._now:%H:%M:%SZ}")
        self._now = at
