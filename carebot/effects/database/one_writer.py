"""One writer a database: a lock that keeps a second carebot out, and what SQLite itself gets wrong with two."""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
from pathlib import Path

from carebot.errors import Held

# SQLite below these versions can lose committed data when two connections checkpoint a WAL at once; we use one.
WAL_RESET_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


def hold(path: Path) -> int:
    """The lock that keeps a second carebot out. Never on the database file itself: closing it would drop SQLite's own locks.

    Raises Held, naming the process that holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 200, 0).decode(errors="replace").strip() or "an unknown process"
        os.close(lock)
        raise Held(f"{path} is in use by another carebot ({holder}). Stop that one first, or give this one a --db of its own.") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"pid {os.getpid()} on {socket.gethostname()}".encode(), 0)
    return lock


def wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Does this SQLite have the WAL-reset bug? carebot writes and checkpoints through one connection, which avoids it; `doctor` says so."""
    return not any(version >= fixed and (fixed == WAL_RESET_FIXED[0] or version[:2] == fixed[:2]) for fixed in WAL_RESET_FIXED)
