"""JSON lines on standard input, one message a line as in contracts.md: `other-program | carebot run`. One source of this kind a program.

A look takes what is there now; a line that is not complete waits for its end. The end of the input means that nothing more comes, which is
no trouble. What was taken is kept until the next look's cursor shows that it was committed, so a look that failed is given again.

A pipe cannot be read twice. What a crash loses: the lines of the look that was not committed, and what stood in the pipe. Whoever must not
lose a line writes them into a file and has it read by `jsonl`, or posts them to a `webhook`.
"""

from __future__ import annotations

import asyncio
import os
import select
from datetime import datetime

import msgspec
from pydantic import BaseModel

from carebot.model import Batch
from connectors import base

EXAMPLE = """
name: from-the-pipe
kind: stdin
every: 5s
"""

BYTES, LINES = 4_000_000, 2_000  # of one look; the next look follows at once
MAX_LINE = 1_000_000
PIECE = 65_536


class Options(base.Options):
    pass


class Place(msgspec.Struct, frozen=True):
    """Up to which line of this run's input all was committed. `run`: when it began; another run's lines are others."""

    run: datetime
    line: int


class Tap:
    """What came out of a pipe: complete lines nobody has committed yet, and the start of the next one. One a program."""

    def __init__(self, file: int) -> None:
        self.run: datetime | None = None
        self.before, self.lines = 0, list[bytes]()
        self._file, self._part, self._dry = file, b"", False

    def take(self) -> None:
        """Reads what is there now, and waits for nothing."""
        read = 0
        while not self._dry and read < BYTES and len(self.lines) < LINES and self._is_there():
            piece = self._next()
            read += len(piece)
            *whole, self._part = (self._part + piece).split(b"\n")
            self.lines += whole
            self._part = self._part[: MAX_LINE + 1]  # of one that is too long, only as much as shows that
            if not piece:
                self._dry, self.lines, self._part = True, [*self.lines, *filter(None, [self._part])], b""

    def _is_there(self) -> bool:
        try:
            return bool(select.select([self._file], [], [], 0)[0])
        except (OSError, ValueError):  # closed: nothing comes
            self._dry = True
            return False

    def _next(self) -> bytes:
        try:
            return os.read(self._file, PIECE)
        except OSError:
            return b""

    def committed(self, line: int) -> None:
        """All lines up to this one are safe."""
        self.lines = self.lines[max(line - self.before, 0) :]
        self.before = max(line, self.before)


class Stdin:
    def __init__(self, name: str, world: base.World, tap: Tap) -> None:
        self._name, self._world, self._tap = name, world, tap

    async def fetch(self, cursor: str | None) -> Batch:
        tap, now = self._tap, self._world.clock()
        run = tap.run = tap.run or now
        place = base.resumed(cursor, Place)
        if place and place.run == run:
            tap.committed(place.line)
        await asyncio.to_thread(tap.take)
        lines = tap.lines[:LINES]
        batch = base.from_lines(lines, self._name, now, first_line=tap.before + 1)
        after = msgspec.json.encode(Place(run, tap.before + len(lines))).decode()
        return msgspec.structs.replace(batch, cursor=after, more=len(lines) == LINES, requests=0)


_TAP = Tap(0)


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Stdin(name, world, _TAP)
