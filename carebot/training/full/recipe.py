"""The recipe of the full tier: two courses, one for moods and one for care, then squeezed.

First it learns how people feel, from every set with moods or complaints; then what a desk asks, from messages that readers labelled and
from those written for it, with some of the first course again so that nothing is forgotten. No validation text, no message of
`care_gold` and no message of the held fold of the labelled ones is ever trained on: they judge it, and weigh it beside the fast tier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from carebot.training import data
from carebot.training.fit import Wanted, balanced, heads_wanted, topics_wanted
from carebot.training.full.network import Network, encoder, kept, tokenizer
from carebot.training.full.squeeze import squeeze
from carebot.training.full.teach import Course, settle, teach
from carebot.training.full.wheel import pretrained
from carebot.training.labelled import annotated, invented
from carebot.training.model import Example
from carebot.training.recipe import FOLDS, HELD
from carebot.training.written import examples as written
from carebot.understand.encoder import OUTPUTS
from carebot.understand.linear import MOODS
from carebot.understand.transformer import LONGEST, spoken
from carebot.understand.verdicts import HEADS, SERVICES

PIECES = 20_000  # with twelve layers, 30 MB
# How much a question counts beside another one, and how much of the second course a set takes.
_COUNTS = {"outage": 2.0, "complaint": 1.5, "mood": 1.5, "service": 0.5, "symptom": 0.5}
_SHARES = {"annotated": 0.36, "invented": 0.14, "examples": 0.07, "banking77": 0.05, "moods": 0.38}


class Steps(msgspec.Struct, frozen=True):
    """Batches of 32 in each course, and the rate of each: some 25 and 20 minutes on two idle cores that know bfloat16.

    The shipped weights had 3,256 and 3,400 steps, the second course in three legs (1,500 at 6e-5 with an unsettled head, 1,100 at 1.6e-4,
    800 at 1.2e-4): this is what was learnt from it.
    """

    moods: int = 3300
    care: int = 2500
    first: float = 1e-4
    second: float = 1.4e-4


def sets(folder: Path, *, permissive: bool, seed: int = 1) -> tuple[list[Example], list[Example], list[Example]]:
    """The examples of the first course, those of the second one, and the held labelled messages."""
    judges = [example.text for example in data.judges(folder)]
    labelled = [] if permissive else data.without(annotated(folder), judges)
    held = [example for example in labelled if data.fold(example.text, FOLDS) == HELD]
    found = data.without(data.collected(folder, permissive=permissive), [*judges, *(example.text for example in held)])
    moods = [example for example in found if example.mood or "complaint" in example.answers]
    banking = [example for example in found if example.source == "banking77"]
    care = [*(example for example in labelled if data.fold(example.text, FOLDS) != HELD), *invented(), *written(30, seed), *banking]
    return moods, care, held


def wanted(examples: Sequence[Example]) -> Wanted:
    """Columns as OUTPUTS."""
    heads, topics = heads_wanted(examples), topics_wanted(examples)
    target = np.hstack([heads.target, topics.target])
    weight = (np.hstack([heads.weight, topics.weight]) > 0).astype(np.float32)
    start = len(HEADS) + len(MOODS)
    chosen = (slice(len(HEADS), start), slice(start, start + len(SERVICES)), slice(start + len(SERVICES), target.shape[1]))
    for name, columns in zip(("mood", "service", "symptom"), chosen, strict=True):
        weight[:, columns] *= _COUNTS[name]
    for column, head in enumerate(HEADS):
        weight[:, column] *= _COUNTS.get(head, 0.7)
    return Wanted(target, weight, chosen)


def often(examples: Sequence[Example]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How often each example of the second course is drawn."""
    weights = np.array([example.weight for example in examples])
    group = np.array([example.source if example.source in _SHARES else "moods" for example in examples])
    for name, share in _SHARES.items():
        weights[group == name] *= share / max(1e-9, weights[group == name].sum())
    return weights


def trained(folder: Path, out: Path, steps: Steps, say: Callable[[str], None], *, permissive: bool = False, seed: int = 1) -> None:
    """Writes the folder `out`. Raises Unusable where the pretrained weights are not installed."""
    source = pretrained()
    moods, care, _ = sets(folder, permissive=permissive, seed=seed)
    streams = [example.said for example in data.collected(folder, permissive=permissive) if example.source == "streams"]
    texts = [spoken(text) for text in [*(example.said for example in (*moods, *care, *care)), *streams, *streams]]
    keep = kept(source, texts, PIECES)
    words = tokenizer([source.pieces[number] for number in keep], [source.scores[number] for number in keep])
    words.enable_truncation(LONGEST)
    say(f"{len(keep)} pieces of words; {len(moods)} messages with moods, {len(care)} for care")
    net = Network(encoder(source, keep), len(OUTPUTS))

    def course(examples: Sequence[Example], draws: np.ndarray[tuple[int], np.dtype[np.float64]], number: int, rate: float) -> Course:
        encoded = [found.ids for found in words.encode_batch([spoken(example.said) for example in examples])]
        return Course(encoded, wanted(examples), draws, number, rate, seed)

    even = balanced(moods)
    teach(net, course(even, np.array([example.weight for example in even]), steps.moods, steps.first), say)
    second = course(both := [*care, *even], often(both), steps.care, steps.second)
    settle(net, second)
    teach(net, second, say)
    words.no_truncation()
    squeeze(net, words, OUTPUTS, out)
    say(f"{out}: {sum(file.stat().st_size for file in out.iterdir()) / 1e6:.1f} MB")
