"""Words and what they say, as people wrote them down in words/*.txt, made into one automaton.

    [broken=1 bad=0.5]                      every phrase below speaks for these concepts, this strongly
    no (me |nos |)(funciona|sirve|jala)     (a|b|) stands for a, b or nothing

The longest phrase wins where several begin, so "no funciona" is not also "funciona" and negation is a matter of the list. Accents,
case and punctuation are dropped by the same `plain` that the messages went through; an alert shows the phrase as it was written.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from importlib import resources

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.understand.normalise import plain

_PIECES = re.compile(r"[()|]|[^()|]+")
GRAIN = 64  # weights are whole 64ths: sums of them are exact, so a verdict does not depend on the batch or the machine

Says = dict[str, float]  # concept → strength


class Lexicon(msgspec.Struct, frozen=True):
    """phrases   as they are shown; index 0 is "nothing", so that every row of hits has a first one
    concepts     the columns of `says`
    says         float64 (phrases, concepts)
    """

    phrases: tuple[str, ...]
    concepts: tuple[str, ...]
    says: NDArray[np.float64]


def words(name: str) -> str:
    """One of the packaged lists. The only place where this room reads a file."""
    return resources.files("carebot.understand").joinpath("words", f"{name}.txt").read_text(encoding="utf-8")


def _either(pieces: list[str]) -> list[str]:
    """Reads alternatives up to a closing bracket. `pieces` is reversed and eaten."""
    found: list[str] = []
    while True:
        phrases = [""]
        while pieces and pieces[-1] not in "|)":
            piece = pieces.pop()
            parts = _either(pieces) if piece == "(" else [piece]
            if piece == "(":
                if not pieces:
                    raise ValueError("a bracket is not closed")
                pieces.pop()
            phrases = [before + after for before in phrases for after in parts]
        found += phrases
        if not pieces or pieces[-1] == ")":
            return found
        pieces.pop()


def unfolded(pattern: str) -> list[str]:
    """Every phrase a pattern stands for.

    >>> unfolded("no (me |)(funciona|sirve)")
    ['no me funciona', 'no me sirve', 'no funciona', 'no sirve']
    """
    pieces = _PIECES.findall(pattern)[::-1]
    phrases = _either(pieces)
    if pieces:
        raise ValueError(f"a bracket is closed that was not opened: {pattern[:60]!r}")
    return phrases


def _heading(line: str) -> Says:
    return {concept: float(strength) for concept, strength in (part.split("=") for part in line.strip("[]").split())}


def read(text: str) -> dict[str, Says]:
    """A list of words: phrase as shown → what it says. A phrase under two headings says both."""
    says: Says = {}
    found: dict[str, Says] = {}
    for line in text.splitlines():
        line = line.strip()  # noqa: PLW2901
        if line.startswith("["):
            says = _heading(line)
        elif line and not line.startswith("#"):
            for phrase in unfolded(line):
                found[phrase] = {**found.get(phrase, {}), **says}
    return found


_NOT = ("no", "no es", "no está", "nada", "no muy", "not", "isnt", "not very", "not that", "not so", "never", "wasnt", "aint")


def turned_round(feelings: Mapping[str, Says]) -> dict[str, Says]:
    """The single words of feeling with a "no" before them: nothing good is bad, nothing bad is only a little good."""
    return {
        f"{no} {word}": {"bad": max(1.5, says["good"])} if "good" in says else {"good": 0.25 * says.get("bad", 0)}
        for word, says in feelings.items()
        if word.isalpha()
        for no in _NOT
    }


def lexicon(*lists: Mapping[str, Says]) -> Lexicon:
    """One table of phrases; those that `plain` makes equal are one, with the stronger word of each concept."""
    merged: dict[str, tuple[str, Says]] = {}
    for shown, strengths in itertools.chain.from_iterable(says.items() for says in lists):
        key = plain(shown)
        if key.strip():
            phrase, before = merged.get(key, (shown, {}))
            merged[key] = phrase, before | {name: max(value, before.get(name, value)) for name, value in strengths.items()}
    concepts = tuple(dict.fromkeys(name for _, strengths in merged.values() for name in strengths))
    table = np.zeros((len(merged) + 1, len(concepts)))
    for row, (_, strengths) in enumerate(merged.values(), start=1):
        for name, value in strengths.items():
            table[row, concepts.index(name)] = round(value * GRAIN) / GRAIN
    return Lexicon(phrases=("", *(" ".join(phrase.split()) for phrase, _ in merged.values())), concepts=concepts, says=table)
