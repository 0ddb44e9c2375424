"""Presses that Slack was told of before they were committed, so that what was acknowledged has its effect although carebot is killed.

Slack gives three seconds, and now and then the loop is busy for longer. The database has one writer, which is what is busy then: so a press
that waits is a line of a file beside it, on the disk before Slack hears of it. The file is read at the start and emptied when all of it is
committed; what was committed already is known by its id (`intake.once`). What a person typed is screened before it is written.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import msgspec

from carebot.effects.clicks.intake import screened
from carebot.model import Click

log = logging.getLogger(__name__)

MOST = 1_000_000  # bytes that are read; a hundred presses are some 50,000


def beside(db: Path) -> Path:
    return db.with_name(db.name + ".clicks")


class Spool:
    """The file. `keep` may be called in any thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._waiting: set[str] = set()

    def left(self) -> list[Click]:
        """What was kept and not known to be committed when carebot ended. Raises OSError."""
        try:
            lines = self._file.read_bytes()[:MOST].splitlines()
        except FileNotFoundError:
            return []
        clicks: list[Click] = []
        for line in filter(None, lines):
            try:
                clicks.append(msgspec.json.decode(line, type=Click))
            except (msgspec.DecodeError, UnicodeError):  # cut short by the kill: nobody was told that it was taken
                log.warning("a kept click cannot be read file=%s", self._file)
        self._waiting |= {click.id for click in clicks}
        return clicks

    def expects(self, click: Click) -> None:
        """It may be kept, until it is `done`."""
        self._waiting.add(click.id)

    def keep(self, click: Click) -> None:
        """Durable when it returns, unless it was done meanwhile. Raises OSError."""
        with self._lock:
            if click.id not in self._waiting:
                return
            is_new = not self._file.exists()
            handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # A line end before it too: what a kill cut short must not run into it.
                os.write(handle, b"\n" + msgspec.json.encode(screened(click)) + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)
            if is_new:
                _sync_folder(self._file.parent)

    def done(self, id_: str) -> None:
        """It is committed. The last one empties the file; where that fails, they are known again at the next start."""
        self._waiting.discard(id_)
        if self._waiting or not self._lock.acquire(blocking=False):
            return
        try:
            if self._file.exists():
                os.truncate(self._file, 0)
        except OSError as error:
            log.warning("kept clicks are not forgotten file=%s error=%s", self._file, error.strerror)
        finally:
            self._lock.release()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
