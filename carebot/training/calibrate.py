"""How far each opinion is to be trusted: fitted on messages that neither was trained on.

One form for all: the logit of answer k is a · lexicon + b · linear + c. A yes/no question is a choice of two, one of which always
scores nothing. Newton's method on the log loss, held towards a first guess where there is little to learn from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.understand.linear import LANGUAGES, MOODS, Blend, Floats
from carebot.understand.verdicts import HEADS

Labels = NDArray[np.intp]
GUESS = (0.5, 0.5)  # a and b where nothing is known
UNJUDGED = (1.0, 0.0)  # questions without a labelled message: the lexicon alone


class Judged(msgspec.Struct, frozen=True):
    """Messages with answers: both opinions as logits (n, HEADS and MOODS), the language row of each, and what is known.

    answer   (n, HEADS) 1, 0 or -1 for "not asked"; mood index into MOODS or -1
    """

    lexicon: Floats
    linear: Floats
    language: Labels
    answer: Labels
    mood: Labels
    weight: Floats


def joined(parts: Sequence[Judged]) -> Judged:
    return Judged(*(np.concatenate([getattr(part, name) for part in parts]) for name in Judged.__struct_fields__))


def _fitted(opinions: Floats, label: Labels, weight: Floats, guess: Floats, hold: float) -> Floats:
    """The parameters that make the labels likeliest.

    opinions   (n, answers, parameters): what each parameter is multiplied with for each answer
    hold       how many messages the guess is worth
    """
    theta = guess.copy()
    holds = np.full(len(guess), hold)
    for _ in range(30):
        scores = opinions @ theta
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = powers / powers.sum(axis=1, keepdims=True)
        missed = p.copy()
        missed[np.arange(len(label)), label] -= 1
        slope = np.einsum("n,nk,nkt->t", weight, missed, opinions) + holds * (theta - guess)
        mean = np.einsum("nk,nkt->nt", p, opinions)
        bend = np.einsum("n,nk,nkt,nks->ts", weight, p, opinions, opinions) - np.einsum("n,nt,ns->ts", weight, mean, mean)
        step = np.linalg.solve(bend + np.diag(holds + 1e-6), slope)
        theta -= np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return theta


def _question(judged: Judged, head: int, language: int, hold: float, guess: tuple[float, float]) -> tuple[float, float, float]:
    rows = np.flatnonzero((judged.answer[:, head] >= 0) & ((judged.language == language) | (language < 0)))
    if not len(rows) or judged.answer[rows, head].max() == 0:
        return (*UNJUDGED, 0.0)
    opinions = np.zeros((len(rows), 2, 3))
    opinions[:, 1] = np.c_[judged.lexicon[rows, head], judged.linear[rows, head], np.ones(len(rows))]
    a, b, c = _fitted(opinions, judged.answer[rows, head], judged.weight[rows], np.array([*guess, 0.0]), hold)
    return float(a), float(b), float(c)


def _mood(judged: Judged, language: int, hold: float) -> Floats:
    """a, b and a shift for each mood."""
    rows = np.flatnonzero((judged.mood >= 0) & ((judged.language == language) | (language < 0)))
    if not len(rows):
        return np.array([*UNJUDGED, *[0.0] * len(MOODS)])
    start = len(HEADS)
    opinions = np.zeros((len(rows), len(MOODS), 2 + len(MOODS)))
    opinions[:, :, 0], opinions[:, :, 1] = judged.lexicon[rows, start:], judged.linear[rows, start:]
    opinions[:, :, 2:] = np.eye(len(MOODS))
    return _fitted(opinions, judged.mood[rows], judged.weight[rows], np.array([*GUESS, *[0.0] * len(MOODS)]), hold)


def blend(judged: Judged, hold: float = 8.0) -> Blend:
    """How the two opinions are weighed, for each language: first for all languages together, and from there for each with answers."""
    width = len(HEADS) + len(MOODS)
    table = np.zeros((4, len(LANGUAGES), width))
    for head in range(len(HEADS)):
        a, b, c = _question(judged, head, -1, hold, GUESS)
        for row in range(len(LANGUAGES)):
            asked = (judged.language == row) & (judged.answer[:, head] == 1)
            own = _question(judged, head, row, 2 * hold, (a, b)) if asked.sum() >= 20 else (a, b, c)
            table[:3, row, head] = own
    for row in range(len(LANGUAGES)):
        there = row if ((judged.language == row) & (judged.mood >= 0)).sum() >= 100 else -1
        a, b, *shifts = _mood(judged, there, hold)
        table[0, row, len(HEADS) :], table[1, row, len(HEADS) :], table[2, row, len(HEADS) :] = a, b, shifts
    for head in range(len(HEADS)):
        table[3, :, head] = sure_enough(judged, head, table)
    return Blend(*table)


def sure_enough(judged: Judged, head: int, table: Floats) -> float:
    """The logit from which a yes does F1 good: that of half the F1 it leads to (Lipton et al. 2014), 0 where nobody was asked."""
    rows = np.flatnonzero(judged.answer[:, head] >= 0)
    right = judged.answer[rows, head] == 1
    if not right.any():
        return 0.0
    a, b, c = table[:3, judged.language[rows], head]
    logits, threshold = a * judged.lexicon[rows, head] + b * judged.linear[rows, head] + c, 0.0
    for _ in range(5):
        said = logits > threshold
        reached = min(0.96, max(0.4, 2 * float((said & right).sum()) / float(said.sum() + right.sum())))
        threshold = float(np.log(reached / (2 - reached)))
    return threshold


def off_by(p: NDArray[Any], right: NDArray[Any], parts: int = 10) -> float:
    """Expected calibration error: how far, on average, what was said to be p% sure is from being right p% of the time."""
    which = np.minimum((p * parts).astype(int), parts - 1)
    gaps = [abs(p[which == part].sum() - right[which == part].sum()) for part in range(parts)]
    return float(sum(gaps) / max(1, len(p)))


def sure(values: Mapping[str, float] | Sequence[float]) -> tuple[float, float]:
    """The middle 95% of resampled scores."""
    low, high = np.quantile(np.array(list(values.values() if isinstance(values, Mapping) else values)), (0.025, 0.975))
    return float(low), float(high)
