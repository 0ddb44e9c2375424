"""How far each opinion is to be trusted: fitted on messages that none was trained on.

One form for all: the logit of answer k is a · lexicon + b · linear + d · full + c. A yes/no question is a choice of two, one of which
always scores nothing. Newton's method on the log loss, held towards a first guess where there is little to learn from.
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
GUESS = (0.5, 0.5, 0.0)  # a, b and d where nothing is known
GUESS_OF_THREE = (0.2, 0.1, 0.7)
UNJUDGED = (1.0, 0.0, 0.0)  # questions without a labelled message: the lexicon alone
FEWEST = 8  # yeses it takes to weigh opinions of a question
# The lexicon alone, too: its words were measured on ten thousand replies of brands, the labelled messages hold forty-five.
BY_WORDS = ("hand_off",)
# An outage is not believed below .46. F1 is flat from -0.5 to 0 (within .03 on every set), and a detector pays for what was not one.
LEAST_SURE = {"outage": -0.15}


class Judged(msgspec.Struct, frozen=True):
    """Messages with answers: the opinions as logits (n, HEADS and MOODS), the language row of each, and what is known.

    full     zeros where the transformer was not asked
    answer   (n, HEADS) 1, 0 or -1 for "not asked"; mood index into MOODS or -1
    """

    lexicon: Floats
    linear: Floats
    full: Floats
    language: Labels
    answer: Labels
    mood: Labels
    weight: Floats


def joined(parts: Sequence[Judged]) -> Judged:
    return Judged(*(np.concatenate([getattr(part, name) for part in parts]) for name in Judged.__struct_fields__))


def part(judged: Judged, rows: NDArray[Any]) -> Judged:
    return Judged(*(getattr(judged, name)[rows] for name in Judged.__struct_fields__))


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


def _opinions(judged: Judged, rows: Labels, column: int | slice) -> Floats:
    return np.stack([table[rows, column] for table in (judged.lexicon, judged.linear, judged.full)], axis=-1)


def _question(judged: Judged, head: int, language: int, hold: float, guess: Sequence[float]) -> Floats:
    """a, b, d and a shift."""
    rows = np.flatnonzero((judged.answer[:, head] >= 0) & ((judged.language == language) | (language < 0)))
    if (judged.answer[rows, head] == 1).sum() < FEWEST or HEADS[head] in BY_WORDS:
        return np.array([*UNJUDGED, 0.0])
    opinions = np.zeros((len(rows), 2, 4))
    opinions[:, 1, :3], opinions[:, 1, 3] = _opinions(judged, rows, head), 1.0
    return _for_all(opinions, judged.answer[rows, head], judged.weight[rows], np.array([*guess[:3], 0.0]), hold)


def _for_all(opinions: Floats, label: Labels, weight: Floats, guess: Floats, hold: float) -> Floats:
    """What `_fitted` finds with no opinion turned against: one that would be is not heard."""
    heard, theta = opinions.copy(), guess.copy()
    for _ in range(3):
        found = _fitted(heard, label, weight, theta, hold)
        against = np.flatnonzero(found[:3] < 0)
        if not len(against):
            return found
        heard[:, :, against], theta[against] = 0.0, 0.0
    return np.maximum(found, np.r_[np.zeros(3), np.full(len(found) - 3, -np.inf)])


def _mood(judged: Judged, language: int, hold: float, guess: Sequence[float]) -> Floats:
    """a, b, d and a shift for each mood."""
    rows = np.flatnonzero((judged.mood >= 0) & ((judged.language == language) | (language < 0)))
    if not len(rows):
        return np.array([*UNJUDGED, *[0.0] * len(MOODS)])
    opinions = np.zeros((len(rows), len(MOODS), 3 + len(MOODS)))
    opinions[:, :, :3], opinions[:, :, 3:] = _opinions(judged, rows, slice(len(HEADS), None)), np.eye(len(MOODS))
    return _for_all(opinions, judged.mood[rows], judged.weight[rows], np.array([*guess, *[0.0] * len(MOODS)]), hold)


def blend(judged: Judged, hold: float = 8.0, guess: Sequence[float] = GUESS) -> Blend:
    """How the opinions are weighed, for each language: first for all languages together, and from there for each with answers.

    guess   of a, b and d; GUESS_OF_THREE where `judged.full` holds an opinion
    """
    width = len(HEADS) + len(MOODS)
    table = np.zeros((5, len(LANGUAGES), width))
    for head in range(len(HEADS)):
        all_ = _question(judged, head, -1, hold, guess)
        for row in range(len(LANGUAGES)):
            asked = (judged.language == row) & (judged.answer[:, head] == 1)
            table[:4, row, head] = _question(judged, head, row, 2 * hold, all_[:3].tolist()) if asked.sum() >= 20 else all_
    for row in range(len(LANGUAGES)):
        there = row if ((judged.language == row) & (judged.mood >= 0)).sum() >= 100 else -1
        found = _mood(judged, there, hold, guess)
        table[:3, row, len(HEADS) :], table[3, row, len(HEADS) :] = found[:3, None], found[3:]
    for column, name in enumerate(HEADS):
        table[4, :, column] = max(sure_enough(judged, column, table), LEAST_SURE.get(name, -30.0))
    return Blend(*table)


def sure_enough(judged: Judged, head: int, table: Floats) -> float:
    """The logit from which a yes does F1 good: that of half the F1 it leads to (Lipton et al. 2014), 0 where nobody was asked."""
    rows = np.flatnonzero(judged.answer[:, head] >= 0)
    right = judged.answer[rows, head] == 1
    if not right.any():
        return 0.0
    *weights, shift = table[:4, judged.language[rows], head]
    logits, threshold = (np.array(weights).T * _opinions(judged, rows, head)).sum(axis=1) + shift, 0.0
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
