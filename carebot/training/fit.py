"""From examples to weights: one linear model with every question, fitted by AdaGrad in plain numpy.

Batches are drawn once and kept, so the sorting that a sparse gradient needs is done once. The seed fixes everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.training.model import Example
from carebot.understand.linear import MOODS
from carebot.understand.ngrams import hashed
from carebot.understand.verdicts import HEADS, SERVICES, SYMPTOMS

Array = NDArray[np.float32]
_BATCH = 512


class Wanted(msgspec.Struct, frozen=True):
    """What n texts should score: `target` and `weight` (n, questions). `chosen` are the columns whose shares sum to one."""

    target: Array
    weight: Array
    chosen: tuple[slice, ...]


class Fitted(msgspec.Struct, frozen=True):
    """weights (buckets, questions), bias (questions)."""

    weights: Array
    bias: Array


def heads_wanted(examples: Sequence[Example]) -> Wanted:
    """Columns: HEADS, then MOODS."""
    width = len(HEADS) + len(MOODS)
    target, weight = np.zeros((len(examples), width), np.float32), np.zeros((len(examples), width), np.float32)
    for row, example in enumerate(examples):
        for head, share in example.answers.items():
            column = HEADS.index(head)
            target[row, column], weight[row, column] = share, example.weight
        if example.mood:
            target[row, len(HEADS) :], weight[row, len(HEADS) :] = example.mood, example.weight
    return Wanted(target, weight, (slice(len(HEADS), width),))


def topics_wanted(examples: Sequence[Example]) -> Wanted:
    """Columns: SERVICES, then SYMPTOMS."""
    width = len(SERVICES) + len(SYMPTOMS)
    target, weight = np.zeros((len(examples), width), np.float32), np.zeros((len(examples), width), np.float32)
    for row, example in enumerate(examples):
        for name, names, start in ((example.service, SERVICES, 0), (example.symptom, SYMPTOMS, len(SERVICES))):
            if name:
                weight[row, start : start + len(names)] = example.weight
                target[row, start + names.index(name)] = 1.0
    return Wanted(target, weight, (slice(0, len(SERVICES)), slice(len(SERVICES), width)))


class _Batch(msgspec.Struct, frozen=True):
    rows: NDArray[np.intp]
    buckets: NDArray[np.int32]  # of every piece, message after message
    first: NDArray[np.intp]
    by_bucket: NDArray[np.int32]  # the message of every piece, sorted by bucket
    touched: NDArray[np.int32]
    starts: NDArray[np.intp]
    size: Array  # 1 / sqrt(pieces)


def _batches(texts: Sequence[str], bits: int, chance: np.random.Generator) -> list[_Batch]:
    made = []
    order = chance.permutation(len(texts))
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        hashes, first = hashed([texts[row] for row in rows.tolist()])
        buckets = (hashes & np.uint32(2**bits - 1)).astype(np.int32)
        counts = np.diff(np.r_[first, len(buckets)])
        sorted_ = np.argsort(buckets, kind="stable")
        touched, starts = np.unique(buckets[sorted_], return_index=True)
        by_bucket = np.repeat(np.arange(len(rows), dtype=np.int32), counts)[sorted_]
        made.append(_Batch(rows, buckets, first, by_bucket, touched, starts, (1 / np.sqrt(counts)).astype(np.float32)[:, None]))
    return made


def shares(scores: NDArray[Any], chosen: Sequence[slice]) -> NDArray[Any]:
    """Probabilities: a logistic for each column, a softmax for each group of `chosen` ones."""
    p: NDArray[Any] = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    for group in chosen:
        powers = np.exp(scores[:, group] - scores[:, group].max(axis=1, keepdims=True))
        p[:, group] = powers / powers.sum(axis=1, keepdims=True)
    return p


def fit(
    texts: Sequence[str],
    wanted: Wanted,
    *,
    bits: int,
    epochs: int = 6,
    rate: float = 0.5,
    decay: float = 1e-6,
    seed: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Fitted:
    """The weights that say of each text what was wanted, best in the sense of the weighted log loss.

    bits    2**bits buckets
    decay   how strongly each step pulls the weights it touches towards nothing
    """
    chance = np.random.default_rng(seed)
    batches = _batches(texts, bits, chance)
    width = wanted.target.shape[1]
    weights, seen = np.zeros((2**bits, width), np.float32), np.full((2**bits, width), 1.0, np.float32)
    bias, bias_seen = np.zeros(width, np.float32), np.full(width, 1.0, np.float32)
    for epoch in range(epochs):
        loss, step = 0.0, rate * (1 - epoch / epochs)
        for at in chance.permutation(len(batches)).tolist():
            batch = batches[at]
            scores = np.add.reduceat(weights[batch.buckets], batch.first, axis=0) * batch.size + bias
            p = shares(scores, wanted.chosen)
            target, weight = wanted.target[batch.rows], wanted.weight[batch.rows]
            loss += float((weight * np.square(p - target)).sum())
            error = (p - target) * weight
            pulled = np.add.reduceat((error * batch.size)[batch.by_bucket], batch.starts, axis=0) + decay * weights[batch.touched]
            seen[batch.touched] += np.square(pulled)
            weights[batch.touched] -= step * pulled / np.sqrt(seen[batch.touched])
            pull = error.sum(axis=0)
            bias_seen += np.square(pull)
            bias -= step * pull / np.sqrt(bias_seen)
        progress(f"epoch {epoch + 1} of {epochs}: mean squared error {loss / max(1.0, float(wanted.weight.sum())):.4f}")
    return Fitted(weights, bias)


def scores(fitted: Fitted, texts: Sequence[str]) -> Array:
    """What the weights say of each text, as logits, before they are rounded."""
    bits = int(np.log2(len(fitted.weights)))
    parts = [np.zeros((0, len(fitted.bias)))]
    for start in range(0, len(texts), _BATCH):
        hashes, first = hashed(texts[start : start + _BATCH])
        counts = np.diff(np.r_[first, len(hashes)])
        gathered = fitted.weights[hashes & np.uint32(2**bits - 1)]
        parts.append(np.add.reduceat(gathered, first, axis=0) / np.sqrt(counts)[:, None] + fitted.bias)
    return np.concatenate(parts).astype(np.float32)


def rounded(fitted: Fitted) -> tuple[NDArray[np.int8], Array]:
    """Weights as whole numbers of 8 bits, and what one of them is worth, for each question. The largest few are cut."""
    reach = np.maximum(np.quantile(np.abs(fitted.weights), 0.99999, axis=0), 1e-9)
    scale = (reach / 127).astype(np.float32)
    return np.clip(np.round(fitted.weights / scale), -127, 127).astype(np.int8), scale


def balanced(examples: Sequence[Example], power: float = 0.9) -> list[Example]:
    """The same examples, with each mood of a set weighing nearly as much as the others: people who are pleased write less."""
    moods, sets = Counter((e.source, e.lang, _mood(e)) for e in examples), Counter((e.source, e.lang) for e in examples)
    return [
        msgspec.structs.replace(e, weight=e.weight * (sets[e.source, e.lang] / len(MOODS) / moods[e.source, e.lang, _mood(e)]) ** power)
        if e.mood
        else e
        for e in examples
    ]


def _mood(example: Example) -> int:
    return int(np.argmax(example.mood)) if example.mood else -1
