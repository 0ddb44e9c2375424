"""From a batch of plain texts to one table of concepts: which phrases were said, and what they say, a row a message."""

from __future__ import annotations

from collections.abc import Sequence

import ahocorasick_rs
import numpy as np
from numpy.typing import NDArray

from carebot.understand.lexicon import Lexicon
from carebot.understand.normalise import plain


def _spaced(plain: str) -> str:
    """Two spaces between words: a phrase takes one space on each side, and neighbours need not share theirs."""
    return plain.replace(" ", "  ")


class Finder:
    """Finds the phrases of a lexicon, whole words only, in one pass over a text.

    longest   True: of phrases that overlap, the first and longest alone counts. False: all count.
    """

    def __init__(self, lexicon: Lexicon, *, longest: bool) -> None:
        self.lexicon = lexicon
        kind = ahocorasick_rs.MatchKind.LeftmostLongest if longest else ahocorasick_rs.MatchKind.Standard
        spaced = [_spaced(plain(phrase))[1:-1] for phrase in lexicon.phrases[1:]]
        self._automaton = ahocorasick_rs.AhoCorasick(spaced or ["\0"], matchkind=kind)
        self._overlapping = not longest

    def find(self, plain: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The phrases found, message after message, each message's beginning with the phrase "nothing" (0); and where each begins."""
        search, overlapping = self._automaton.find_matches_as_indexes, self._overlapping
        hits: list[int] = []
        first: list[int] = []
        for text in plain:
            first.append(len(hits))
            hits.append(0)
            hits += [phrase + 1 for phrase, _, _ in search(_spaced(text), overlapping=overlapping)]
        return np.array(hits, dtype=np.intp), np.array(first, dtype=np.intp)

    def concepts(self, hits: NDArray[np.intp], first: NDArray[np.intp]) -> NDArray[np.float64]:
        """What the phrases of each message say together: float64 (messages, concepts)."""
        if not len(first):
            return np.zeros((0, len(self.lexicon.concepts)))
        total: NDArray[np.float64] = np.add.reduceat(self.lexicon.says[hits], first, axis=0)
        return total
