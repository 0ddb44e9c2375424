"""The reader's second opinion: a linear model over hashed pieces of words, learnt from examples (`carebot.training`).

The lexicon knows the words somebody thought of; this knows what went with them in some hundred thousand messages. Weights are whole
numbers of 8 bits, three to a 64-bit word, so one look-up a piece serves three questions and every sum is exact: a message means the
same alone and in a batch of a thousand. What the numbers were learnt from, and how well they do: docs/reference/model-card.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.understand.ngrams import hashed
from carebot.understand.verdicts import HEADS, LABELS

Floats = NDArray[np.float64]
MOODS: tuple[str, ...] = LABELS
LANGUAGES = ("es", "en", "other")  # calibrated apart
_SHOWN = 60  # words; who hides a failure behind more of them is read all the same, and not explained
_LANE, _LANES, _ZERO = 21, 3, 128
_CHUNK = 512  # messages at a time: what is looked up stays in the processor's own memory


class Table(msgspec.Struct, frozen=True):
    """One set of questions.

    names    the questions, in the order of the columns
    packed   uint64 (columns / 3, buckets): weights + 128, 21 bits apart
    scale    what one step of a weight is worth, for each question
    bias     what an empty message scores
    """

    names: tuple[str, ...]
    packed: NDArray[np.uint64]
    scale: Floats
    bias: Floats

    def sums(self, hashes: NDArray[np.uint32], first: NDArray[np.intp]) -> Floats:
        """What the pieces of each message weigh together, before any scale: whole numbers."""
        buckets = (hashes & np.uint32(self.packed.shape[1] - 1)).astype(np.intp)
        counts = np.diff(np.r_[first, len(hashes)])
        total = np.empty((len(first), len(self.packed) * _LANES))
        for row, weights in enumerate(self.packed):
            added = np.add.reduceat(weights.take(buckets), first)
            for lane in range(_LANES):
                lanes = (added >> np.uint64(_LANE * lane)) & np.uint64(2**_LANE - 1)
                total[:, row * _LANES + lane] = lanes.astype(np.int64) - _ZERO * counts
        return total[:, : len(self.names)]

    def logits(self, hashes: NDArray[np.uint32], first: NDArray[np.intp]) -> Floats:
        if not len(first):
            return np.zeros((0, len(self.names)))
        counts = np.diff(np.r_[first, len(hashes)])
        scored: Floats = self.sums(hashes, first) * self.scale / np.sqrt(counts)[:, None] + self.bias
        return scored


def packed(weights: NDArray[np.int8]) -> NDArray[np.uint64]:
    """Weights (buckets, questions) three to a word: (questions / 3, buckets)."""
    buckets, questions = weights.shape
    words = np.zeros((-(-questions // _LANES), buckets), np.uint64)
    for question in range(questions):
        lane = (weights[:, question].astype(np.int16) + _ZERO).astype(np.uint64) << np.uint64(_LANE * (question % _LANES))
        words[question // _LANES] |= lane
    return words


class Blend(msgspec.Struct, frozen=True):
    """How opinions become one: `lexicon · a + linear · b + full · d + c`, for each language (rows as LANGUAGES) and question.

    full        the share of the transformer's opinion (`encoder`); nothing where it was not asked
    threshold   the logit above which the answer is yes; below 0 for questions that are hard to be sure of (`calibrate.sure_enough`)
    """

    lexicon: Floats
    linear: Floats
    full: Floats
    shift: Floats
    threshold: Floats


class Scores(msgspec.Struct, frozen=True):
    """What the linear model thinks of n messages, as logits: `heads` (n, HEADS and then MOODS), `service` and `symptom` by vocabulary."""

    heads: Floats
    service: Floats
    symptom: Floats


class Linear:
    """Reads batches. Loading takes some 0.1 s and 25 MB; it keeps nothing between batches."""

    def __init__(self, stored: dict[str, NDArray[Any]]) -> None:
        self.heads, self.service, self.symptom = (_table(stored, kind) for kind in ("heads", "service", "symptom"))
        self.blend, self.blend_of_three = (_blend(stored, kind) for kind in ("blend", "three"))

    def scores(self, plain: Sequence[str]) -> Scores:
        """Logits of each text. No text gives none, a text without words the scores of silence.

        plain   what `normalise.plain` gave
        """
        parts = [hashed(plain[start : start + _CHUNK]) for start in range(0, len(plain), _CHUNK)] or [hashed(())]
        return Scores(*(np.concatenate([table.logits(*part) for part in parts]) for table in (self.heads, self.service, self.symptom)))

    def moved_by(self, plain: str, question: str, most: int = 4) -> tuple[str, ...]:
        """Of a text's first words, those without which it would say it least, the strongest first: some milliseconds.

        question   one of HEADS or MOODS
        """
        said = plain.split()[:_SHOWN]
        without = [f" {' '.join(said[:place] + said[place + 1 :])} " for place in range(len(said))]
        column = self.heads.names.index(question)
        whole, *less = self.heads.logits(*hashed([f" {' '.join(said)} ", *without]))[:, column].tolist()
        lost = {word: whole - score for word, score in zip(said, less, strict=True) if score < whole}
        return tuple(sorted(lost, key=lost.__getitem__, reverse=True)[:most])


def _table(stored: dict[str, NDArray[Any]], kind: str) -> Table:
    return Table(
        names=tuple(stored[f"{kind}_names"].tolist()),
        packed=packed(stored[f"{kind}_weights"]),
        scale=stored[f"{kind}_scale"].astype(np.float64),
        bias=stored[f"{kind}_bias"].astype(np.float64),
    )


def _blend(stored: dict[str, NDArray[Any]], kind: str) -> Blend:
    return Blend(*(stored[f"{kind}_{part}"].astype(np.float64) for part in Blend.__struct_fields__))


def load() -> Linear:
    """The shipped model."""
    with resources.files("carebot.understand").joinpath("weights", "linear.npz").open("rb") as file, np.load(file) as stored:
        return Linear(dict(stored))


def spoken(lang: Sequence[str]) -> NDArray[np.intp]:
    """The row of LANGUAGES for each code."""
    known = {name: row for row, name in enumerate(LANGUAGES)}
    return np.fromiter((known.get(code, len(LANGUAGES) - 1) for code in lang), np.intp, len(lang))


def blended(lexicon: Floats, linear: Floats, blend: Blend, lang: Sequence[str], full: Floats | None = None) -> Floats:
    """One calibrated logit from two or three, for each message and question (columns: HEADS, then MOODS).

    lexicon   the logits that concepts amount to (`embedded.MEANING`)
    linear    `Scores.heads`
    lang      the language of each message; those that are not in LANGUAGES share a row
    full      what the transformer says, in the same columns
    """
    assert lexicon.shape == linear.shape == (len(lang), len(HEADS) + len(MOODS))
    row = spoken(lang)
    logits: Floats = lexicon * blend.lexicon[row] + linear * blend.linear[row] + blend.shift[row]
    return logits if full is None else logits + full * blend.full[row]


def picked(lexicon: Floats, linear: NDArray[Any], weight: float) -> Floats:
    """Scores for service or symptom, from what the words of the vocabulary say and what a model does.

    lexicon   a column for each name; a rules file's own names come after the built-in ones, and of those `linear` knows nothing
    weight    measured on outages in folds, Spanish and English. Services right by the words alone: .75 and .75 on care_gold (where they
              were written), .60 and .36 on `annotated`; with 0.2: .76, .71, .63, .65. Symptoms: .72, .62, .48, .42; with 0.3: .73, .65,
              .52, .56. With the full tier at 0.1: services .78, .73, .69, .64, symptoms .79, .77, .69, .70
    """
    scores = lexicon.copy()
    scores[:, : linear.shape[1]] += weight * (linear - linear.max(axis=1, keepdims=True))
    return scores


def answered(logits: Floats, blend: Blend, lang: Sequence[str]) -> NDArray[np.bool_]:
    """Yes or no to each of HEADS, from what `blended` gave."""
    yes: NDArray[np.bool_] = logits[:, : len(HEADS)] > blend.threshold[spoken(lang), : len(HEADS)]
    return yes
