"""The real `carebot`, with its minutes cut to fractions of a second, so that a test can watch what takes minutes.

Nothing else is different, but that its loop stands still while there is a file called `block` in its folder, and that its clock is ahead by
the seconds in a file called `ahead`.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from carebot import clock, polling, watch
from carebot.cli import main
from carebot.decide.telling import delivery, vitals
from carebot.effects.clicks import door
from carebot.effects.telling import sender
from carebot.loop import Loop

watch.EVERY = timedelta(seconds=0.2)
watch.ASK_SLACK = timedelta(seconds=0.5)
polling.AT_LEAST = timedelta(seconds=2)
vitals.CANARY_WITHIN = timedelta(seconds=1)
vitals.URGENT_WITHIN = timedelta(seconds=1)
vitals.STUCK = timedelta(seconds=2)
vitals.DRAINED = timedelta(seconds=1)
delivery.PATIENCE = timedelta(seconds=1)
delivery.FIRST_WAIT = timedelta(seconds=0.1)
delivery.LONGEST_WAIT = timedelta(seconds=1)
sender.PACE = timedelta(seconds=0)
sender.SEND_LIMIT = timedelta(seconds=0.4)
sender.SETTLE = timedelta(seconds=0.1)
door.COMMIT_WITHIN_S = 0.2

take = Loop.take


def stands_still(self: Loop, *values: Any) -> Any:
    while Path("block").exists():
        time.sleep(0.02)
    return take(self, *values)


Loop.take = stands_still  # type: ignore[method-assign]

machine = clock.machine


def ahead() -> datetime:
    file = Path("ahead")
    return machine() + timedelta(seconds=float(file.read_text() or 0) if file.exists() else 0)


clock.machine = ahead

if __name__ == "__main__":
    sys.exit(main())
