"""An answer's body as it comes in, piece by piece, unpacked and never larger than we said.

A gzip of 200 kB may hold 200 MB, or go on for ever without holding anything; so both sides of it are counted.
"""

from __future__ import annotations

import zlib

from carebot.errors import TooLarge, Unreachable

MEMBERS = 64  # a gzip may be several in a row; an honest answer is one, and a hundred thousand empty ones only cost our time


class Body:
    """What one host said. `packed`: its Content-Encoding; `most`: bytes, unpacked. Raises Unreachable if it is longer, or damaged."""

    def __init__(self, host: str, packed: str, most: int) -> None:
        if packed.lower() not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise Unreachable(f"{host}: packed its answer in a way we did not ask for")
        self._host, self._most, self._came, self._members = host, most, 0, 1
        self._unpack = None if packed.lower() in ("", "identity") else zlib.decompressobj(wbits=47)
        self._body = bytearray()

    def take(self, piece: bytes) -> None:
        self._came += len(piece)
        if self._unpack is None:
            self._body += piece
        while self._unpack and piece and len(self._body) <= self._most:
            if self._unpack.eof:
                self._unpack, self._members = zlib.decompressobj(wbits=47), self._members + 1
            try:
                self._body += self._unpack.decompress(piece, self._most + 1 - len(self._body))
            except zlib.error:
                self._members = MEMBERS + 1
            if self._members > MEMBERS:
                raise Unreachable(f"{self._host}: its packed answer is damaged")
            piece = self._unpack.unused_data
        if len(self._body) > self._most or self._came > 2 * self._most:
            raise TooLarge(f"{self._host}: answered more than {self._most / 1e6:g} MB")

    def whole(self) -> bytes:
        if self._unpack and self._came and not self._unpack.eof:
            raise Unreachable(f"{self._host}: its packed answer was cut short")
        return bytes(self._body)
