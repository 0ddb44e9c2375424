"""A file of JSON lines that grows: what another program of the house writes down, one message a line, as in contracts.md.

The cursor remembers which file it was (inode, and a sum over its first bytes), how far we read and the line number. A file
that was rotated is read to its end under its next name (`posts.jsonl.1`), then the new one from its start; one that was cut
short is read from its start. A line without its line end is still being written and is left for the next look.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from pathlib import Path
from typing import BinaryIO

import msgspec
from pydantic import BaseModel, Field

from carebot.errors import Refused, Unreachable
from carebot.model import Batch
from connectors import base

EXAMPLE = """
name: call-notes
kind: jsonl
path: /var/lib/desk/call-notes.jsonl
"""

LINES, BYTES = 2_000, 4_000_000  # of one look; the next look follows at once
MAX_LINE = 1_000_000
HEAD = 256


class Options(base.Options):
    path: str = Field(min_length=1, description="The file, as an absolute path. It may not exist yet.")


class Place(msgspec.Struct, frozen=True):
    """How far we have read. `head` is a sum over the file's first bytes, as a deleted file's inode is soon used again."""

    inode: int
    offset: int
    line: int
    head: int


class Jsonl:
    def __init__(self, name: str, path: Path, world: base.World) -> None:
        self._name, self._path, self._world = name, path, world

    async def fetch(self, cursor: str | None) -> Batch:
        place = base.resumed(cursor, Place)
        try:
            lines, first_line, after, more = await asyncio.to_thread(look, self._path, place)
        except FileNotFoundError:
            raise Unreachable(f"{self._name}: there is no file {self._path} yet. It is read once another program writes it") from None
        except OSError as error:
            raise Refused(f"{self._name}: {self._path} cannot be read ({error.strerror})", "Let carebot's user read it.") from None
        batch = base.from_lines(lines, self._name, self._world.clock(), first_line=first_line)
        return msgspec.structs.replace(batch, cursor=msgspec.json.encode(after).decode(), more=more, requests=0)

    async def check(self) -> str:
        """Can it be read, or be written by another program later?"""
        if not self._path.exists() and self._path.resolve().parent.is_dir():
            return f"{self._path} is not there yet; it is read once another program writes it"
        await self.fetch(None)
        return f"{self._path} can be read"


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Jsonl(name, Path(options.path), world)


def look(path: Path, place: Place | None) -> tuple[list[bytes], int, Place, bool]:
    """The next complete lines, the first one's number, the place after them, and whether more is waiting."""
    if place and not _is_same(path, place):
        rotated = path.with_name(f"{path.name}.1")
        if _is_same(rotated, place):
            lines, first_line, after, _ = _next_lines(rotated, place)
            if lines:
                return lines, first_line, after, True
        place = None
    return _next_lines(path, place)


def _is_same(path: Path, place: Place) -> bool:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            return found.st_ino == place.inode and found.st_size >= place.offset and _head(file, place.offset) == place.head
    except FileNotFoundError:
        return False


def _head(file: BinaryIO, offset: int) -> int:
    file.seek(0)
    return zlib.crc32(file.read(min(offset, HEAD)))


def _next_lines(path: Path, place: Place | None) -> tuple[list[bytes], int, Place, bool]:
    with path.open("rb") as file:
        start, before = (place.offset, place.line) if place else (0, 0)
        file.seek(start)
        lines: list[bytes] = []
        offset = start
        while len(lines) < LINES and offset - start < BYTES and (found := _line(file)):
            line, length = found
            lines.append(line)
            offset += length
        after = Place(os.fstat(file.fileno()).st_ino, offset, before + len(lines), _head(file, offset))
        file.seek(offset)
        return lines, before + 1, after, _line(file) is not None


def _line(file: BinaryIO) -> tuple[bytes, int] | None:
    """The next line and how long it was in the file; of one that is too long, only as much as shows that. None: not complete yet."""
    line = part = file.readline(MAX_LINE + 2)
    length = len(part)
    while part and not part.endswith(b"\n"):
        part = file.readline(MAX_LINE + 2)
        length += len(part)
    return (line, length) if part else None
