"""What carebot tells systemd: ready, reloading, stopping, and that messages still flow.

Without a service manager (a terminal, a container, a test) every call here does nothing. The heartbeat is fed by committed
ticks only: a timer of its own would keep beating while the loop is stuck, which is the failure it is there to show.
Protocol: sd_notify(3).
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from datetime import datetime, timedelta


def notify(*lines: str) -> None:
    """Sends one datagram, for example notify("READY=1", "STATUS=3 sources"). A service manager that is gone is not our trouble."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # an abstract socket: no file, its name starts with a zero byte
        address = "\0" + address[1:]
    said = "\n".join(" ".join(line.splitlines()) for line in lines)  # a name with a line break must not become an order
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
        way.settimeout(1)
        way.sendto(said.encode("utf-8", "replace"), address)


def ready(status: str) -> None:
    """Started, or done reloading."""
    notify("READY=1", f"STATUS={status}")


def reloading() -> None:
    notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}", "STATUS=reading the rules again")


def stopping() -> None:
    notify("STOPPING=1", "STATUS=committing what is in hand")


def watchdog_every() -> timedelta | None:
    """How often to show that we live: half of what the unit's WatchdogSec allows. None if nobody watches, or watches another process."""
    usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not usec.isascii() or not usec.isdigit() or int(usec) == 0 or pid not in ("", str(os.getpid())):
        return None
    return timedelta(microseconds=int(usec) / 2)


class Heartbeat:
    """Beats when the loop has committed a tick, and never of its own accord."""

    def __init__(self, every: timedelta | None) -> None:
        self._every = every
        self._last: datetime | None = None

    def committed(self, now: datetime) -> None:
        """A tick is in the database. Call it after each: it speaks at most once per `every`, and again if the clock was set back."""
        if self._every is None or (self._last is not None and timedelta(0) <= now - self._last < self._every):
            return
        self._last = now
        notify("WATCHDOG=1")
