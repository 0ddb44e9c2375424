"""Alerts as JSON lines: the destination for other programs, and for tests that watch a real process."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from carebot.model import Delivery
from carebot.wire import alert_line


class JsonLines:
    """One line an alert, in the shape of `carebot replay --json`."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    async def send(self, delivery: Delivery, first: str) -> str:
        if delivery.quiet:
            return first
        self._out.write(alert_line(delivery.alert))
        self._out.flush()
        return "stdout"

    async def find(self, delivery: Delivery, since: datetime, until: datetime | None = None) -> str | None:
        """A pipe cannot be asked what went through it: said twice is better than not at all."""
        return None

    async def close(self) -> None: ...
