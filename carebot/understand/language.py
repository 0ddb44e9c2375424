"""Which language is a text in? The network often says; where it does not, its letters do.

Pieces of up to five letters are hashed where they stand, for the whole batch at once, and each piece speaks for or against seven
languages. Accents count when the text still has them ("está", "és", "è") and are not missed when the writer left them out. Handles and
addresses are nobody's language. What the weights were learnt from, and how well they do: docs/reference/model-card-language.md.
"und" (undetermined) is an honest answer for a number, an emoji or a script of none of the seven.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

UNKNOWN = "und"
LANGUAGES = ("es", "en", "fr", "de", "it", "pt", "ca")
WIDTHS = (1, 2, 3, 4, 5)  # letters of a piece
SURE, SURE_OF_A_WORD = 0.4, 0.7  # the least share of the best language; a guess among seven is 0.14
_A_WORD = 6  # letters; of so few, "hola" and "thanks" are sure enough and most brands' names are not
_NOBODY_KNOWS = {"un", "und", "qme", "qht", "qam", "qct", "qst", "zxx", "mul", "mis", "art"}  # X's own codes, and ISO 639's

_LOOKED_AT = 600  # characters of a message, of which
_READ = 240  # letters and spaces are read: 241 bytes of 255 add up to less than 16 bits
_CHUNK = 256  # messages at a time: what is looked up stays in the processor's own memory
_SPACE, _TYPESET, _PAD = 32, ord("’"), WIDTHS[-1]
_STEP, _MIX = np.uint32(0x01000193), np.uint32(0x9E3779B1)
_BYTES = np.uint64(0x00FF00FF00FF00FF)
_ZERO = 128  # weights are stored as what they are, and added as what they are + 128

Codes = NDArray[np.uint32]
Places = NDArray[np.intp]


def _small_letters() -> Codes:
    """Latin letters → small ones; apostrophes and the dot of "col·lega" are kept; all else is a space, as the last entry is."""
    table = np.full(0x251, _SPACE, np.uint32)
    for code in range(0x250):
        small = chr(code).lower()
        table[code] = ord(small) if len(small) == 1 and (small.isalpha() or small in "'·") else _SPACE
    return table


_SMALL = _small_letters()


class Pieces(msgspec.Struct, frozen=True):
    """The letters of a batch, without what says nothing, each text between spaces; and where each text begins and ends.

    latin   how many letters each text has
    other   how many letters of other scripts each text has
    """

    letters: Codes
    begins: Places
    ends: Places
    latin: Places
    other: Places

    def buckets(self, width: int, bits: int) -> Places:
        """The bucket of the piece at each place. The last places of the batch, which begin no piece, are missing."""
        hashed = self.letters
        for more in range(1, width):
            hashed = hashed[:-1] * _STEP + self.letters[more:]
        return ((hashed + np.uint32(width)) * _MIX >> np.uint32(32 - bits)).astype(np.intp)


def _asides(codes: Codes, gaps: Places) -> NDArray[np.bool_]:
    """True from an @, &, [, "http" or "www" to the next space: handles, entities, what redaction left, addresses."""
    marked = (codes == ord("@")) | (codes == ord("&")) | (codes == ord("["))
    marked[:-3] |= (codes[:-3] == ord("h")) & (codes[1:-2] == ord("t")) & (codes[2:-1] == ord("t")) & (codes[3:] == ord("p"))
    marked[:-3] |= (codes[:-3] == ord("w")) & (codes[1:-2] == ord("w")) & (codes[2:-1] == ord("w"))
    opens = np.flatnonzero(marked)
    closes = gaps[np.searchsorted(gaps, opens)]
    depth = np.bincount(opens, minlength=len(codes)) - np.bincount(closes, minlength=len(codes))
    inside: NDArray[np.bool_] = np.cumsum(depth) > 0
    return inside


def _kept(letters: Codes) -> NDArray[np.bool_]:
    """True but for a space after a space, and what is drawn out: "goooool" is "gool"."""
    same = letters[1:] == letters[:-1]
    kept = np.ones(len(letters), np.bool_)
    kept[1:] = ~(same & (letters[1:] == _SPACE))
    kept[2:] &= ~(same[1:] & same[:-1])
    kept[:_PAD] = True
    return kept


def _sums(counted: NDArray[Any], begins: Places, ends: Places) -> NDArray[Any]:
    """What lies between each beginning and its end, added up. No stretch is empty, and none reaches the last place."""
    sums: NDArray[Any] = np.add.reduceat(counted, np.stack([begins, ends], axis=1).ravel())[::2]
    return sums


def pieces(texts: Sequence[str]) -> Pieces:
    """The letters of at least one text. What a text's pieces are does not depend on its neighbours."""
    pad = " " * _PAD
    cut = [text[:_LOOKED_AT] for text in texts]
    codes = np.frombuffer((pad + pad.join(cut) + pad).encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.fromiter(map(len, cut), np.intp, len(cut))
    ends: Places = np.cumsum(lengths + _PAD)
    begins = ends - lengths
    small = _SMALL[np.minimum(np.where(codes == _TYPESET, np.uint32(ord("'")), codes), len(_SMALL) - 1)]
    small[_asides(codes, np.flatnonzero((codes == _SPACE) | (codes == ord("\n"))))] = _SPACE
    kept = _kept(small)
    kept[(ends[:, None] + np.arange(_PAD)).ravel()] = True
    before: Places = np.cumsum(kept) - kept
    starts, letters = before[begins] - 1, small[kept]
    stops = np.minimum(before[ends], starts + _READ)
    foreign = ((codes >= 0x370) & (codes < 0x2000)) | ((codes >= 0x3040) & (codes < 0xD800))
    latin = _sums((letters > ord("'")).astype(np.intp), starts, stops)
    other = _sums(foreign.astype(np.intp), begins - 1, ends)
    return Pieces(letters, starts, stops, latin, other)


class Model(msgspec.Struct, frozen=True):
    """packed   uint64 (buckets): a byte for each language, its weight + 128
    scale    what one step of a weight is worth
    """

    packed: NDArray[np.uint64]
    scale: float

    def scores(self, read: Pieces) -> NDArray[np.float64]:
        """Logits (texts, LANGUAGES). Sums are whole numbers, so a text scores the same alone and in a batch."""
        sums = np.zeros((len(read.begins), 8), np.int64)
        bits = len(self.packed).bit_length() - 1
        for width in WIDTHS:
            found = self.packed.take(read.buckets(width, bits))
            even, odd = _sums(found & _BYTES, read.begins, read.ends), _sums(found >> np.uint64(8) & _BYTES, read.begins, read.ends)
            for lane, added in enumerate((even, odd)):
                sums[:, lane::2] += added.astype("<u8").view("<u2").reshape(-1, 4)
        count = (read.ends - read.begins)[:, None]
        logits: NDArray[np.float64] = (sums - _ZERO * len(WIDTHS) * count)[:, : len(LANGUAGES)] * self.scale / np.sqrt(count)
        return logits


def packed(weights: NDArray[np.int8]) -> NDArray[np.uint64]:
    """Weights (buckets, LANGUAGES), a bucket to a word."""
    table = np.full((len(weights), 8), _ZERO, np.uint8)
    table[:, : len(LANGUAGES)] = weights.astype(np.int16) + _ZERO
    return table.view("<u8").ravel().astype(np.uint64)


@cache
def _model() -> Model:
    with resources.files("carebot.understand").joinpath("weights", "language.npz").open("rb") as file, np.load(file) as stored:
        return Model(packed(stored["weights"]), float(stored["scale"]))


def shares(scores: NDArray[Any]) -> NDArray[np.float64]:
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    sums: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return sums


def _spoken(texts: Sequence[str]) -> list[str]:
    """The language of each of a few hundred texts."""
    read = pieces(texts)
    scores = shares(_model().scores(read))
    enough = np.where(read.latin <= _A_WORD, SURE_OF_A_WORD, SURE)
    speaks = (np.round(scores.max(axis=1), 6) >= enough) & (read.latin > 1) & (read.latin >= read.other)
    return [LANGUAGES[best] if sure else UNKNOWN for best, sure in zip(scores.argmax(axis=1).tolist(), speaks.tolist(), strict=True)]


@lru_cache(maxsize=256)
def code(given: str) -> str:
    """Two letters from what a network calls a language ("es-MX" → "es"); empty for its ways to say that it does not know."""
    first = given.replace("_", "-").split("-")[0].strip().lower()
    return "" if first in _NOBODY_KNOWS or not first.isascii() or not first.isalpha() else first[:2]


def languages(plain: Sequence[str], given: Sequence[str], said: Sequence[str] = ()) -> tuple[str, ...]:
    """The language of each text: the given code where there is one, or else what its letters speak for, or "und".

    said   the texts with their accents, as `normalise.tame` gave them, where they are at hand: they say more than `plain`
    """
    told = [code(name) for name in given]
    texts = said or plain
    silent = [place for place, (name, _) in enumerate(zip(told, texts, strict=True)) if not name]
    for start in range(0, len(silent), _CHUNK):
        some = silent[start : start + _CHUNK]
        for place, language in zip(some, _spoken([texts[place] for place in some]), strict=True):
            told[place] = language
    return tuple(told)
