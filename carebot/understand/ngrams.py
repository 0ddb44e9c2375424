"""A batch of plain texts as numbers: pieces of words, words and pairs of words, each hashed.

Letters are hashed where they stand, for the whole batch at once: pieces of 3 to 5 letters inside a word and its edges, so that
"fucniona" and "funsiona" still share most of what "funciona" says. Nothing here knows a language, a dictionary or its neighbours:
what a message hashes to is the same alone and in a batch of a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

READ = 1200  # characters of a message: what it is about is said by then, and sums stay within their 21 bits (`linear`)
PIECES = (3, 4, 5)
_SPACE = 32
_MIX = np.uint32(0x9E3779B1)
_STEP = np.uint32(0x01000193)
_PAIR = np.uint32(0x85EBCA6B)
_POWERS = np.cumprod(np.r_[np.uint32(1), np.full(READ, _STEP)], dtype=np.uint32)


def _scattered(hashes: NDArray[np.uint32], kind: int) -> NDArray[np.uint32]:
    """Every bit of a hash depends on every other: the low ones pick the bucket. `kind` keeps a word apart from a piece spelt like it."""
    mixed = hashes ^ np.uint32(0x27D4EB2F * kind & 0xFFFFFFFF)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x846CA68B)
    mixed ^= mixed >> np.uint32(16)
    return mixed


def _words(letters: NDArray[np.uint32], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.uint32]:
    """One hash a word, from one running sum over all of them."""
    inside = np.arange(len(letters)) - np.repeat(np.r_[0, starts], np.diff(np.r_[0, starts, len(letters)]))
    sums = np.cumsum(letters * _POWERS[np.minimum(inside, READ)], dtype=np.uint32)
    hashed: NDArray[np.uint32] = sums[ends - 1] - sums[starts - 1]
    return hashed


def hashed(plain: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """What is in each message: hashes, message after message, and where each message's begin. No message is without one.

    plain   what `normalise.plain` gave: words with one space between them and at both ends
    """
    if not len(plain):
        return np.zeros(0, np.uint32), np.zeros(0, np.intp)
    texts = [text[:READ] if text[:1] == text[-1:] == " " and len(text) <= READ else f" {text[:READ].strip()} " for text in plain]
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter(map(len, texts), np.intp, len(texts))
    begins = np.cumsum(lengths) - lengths
    letters = codes * _MIX
    letters ^= letters >> np.uint32(15)
    size = len(codes)

    space = codes == _SPACE
    places = np.flatnonzero(space)
    # How far it is from each letter to the next space after it: a piece may hold a space at its two ends only.
    reach = np.repeat(places, np.diff(np.r_[-1, places])) if len(places) else np.zeros(size, np.intp)
    reach = np.r_[reach[1:], size] - np.arange(size)
    reach[begins + lengths - 1] = 0  # and never goes on into the next message

    table = np.zeros((size, len(PIECES) + 4), np.uint32)
    there = np.zeros(table.shape, np.bool_)
    table[begins, 0], there[begins, 0] = _scattered(np.zeros(1, np.uint32), 1), True
    piece = letters
    for width in range(2, max(PIECES) + 1):
        piece = piece[:-1] * _STEP + letters[width - 1 :]
        if width in PIECES:
            column = 1 + PIECES.index(width)
            table[: len(piece), column] = _scattered(piece, width)
            np.greater_equal(reach[: len(piece)], width - 1, out=there[: len(piece), column])
    starts = np.flatnonzero(space[:-1] & ~space[1:]) + 1
    if len(starts):
        word = _words(letters, starts, starts + reach[starts])
        table[starts, -3], there[starts, -3] = _scattered(word, 11), True
        message = np.searchsorted(begins, starts, side="right")
        for apart in (1, 2):  # "no gusta" is also in "no me gusta"
            near = np.flatnonzero(message[:-apart] == message[apart:])
            pair = word[near] * _PAIR + word[near + apart]
            table[starts[near], apart - 3], there[starts[near], apart - 3] = _scattered(pair, 11 + apart), True
    counts = np.add.reduceat(there.sum(axis=1), begins)
    return table[there], np.cumsum(counts) - counts
