"""The model card: what the weights were learnt from, how well they do, and what they cannot do. Written by the training run itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carebot.training.calibrate import Judged, blend, joined, off_by, sure
from carebot.training.data import SETS
from carebot.training.fit import shares
from carebot.training.recipe import FOLDS, Recipe, Trained
from carebot.understand.linear import LANGUAGES, MOODS, Blend, Floats, answered, blended
from carebot.understand.verdicts import HEADS

_MOOD = len(HEADS)
_TIMES = 300
Score = Callable[[NDArray[Any], NDArray[Any]], float]


def f1(right: NDArray[Any], said: NDArray[Any]) -> float:
    return float(2 * (right & said).sum() / max(1, right.sum() + said.sum()))


def macro_f1(right: NDArray[Any], said: NDArray[Any]) -> float:
    return float(np.mean([f1(right == mood, said == mood) for mood in range(len(MOODS))]))


def macro_recall(right: NDArray[Any], said: NDArray[Any]) -> float:
    return float(np.mean([(said[right == mood] == mood).mean() for mood in range(len(MOODS)) if (right == mood).any()]))


def average_precision(right: NDArray[Any], score: NDArray[Any]) -> float:
    """How precise, on average, the list of messages is down to each one that was meant, the likeliest first."""
    found = right[np.argsort(-score, kind="stable")]
    return float((np.cumsum(found) / np.arange(1, len(found) + 1))[found].mean()) if found.any() else 0.0


def between(score: Score, right: NDArray[Any], said: NDArray[Any], seed: int = 1) -> str:
    """A score in percent with its 95% interval, from messages drawn again with replacement."""
    chance = np.random.default_rng(seed)
    drawn = (chance.integers(0, len(right), len(right)) for _ in range(_TIMES))
    low, high = sure([score(right[rows], said[rows]) for rows in drawn])
    return f"{100 * score(right, said):.1f} ({100 * low:.0f}–{100 * high:.0f})"


def part(judged: Judged, rows: NDArray[Any]) -> Judged:
    return Judged(*(getattr(judged, name)[rows] for name in Judged.__struct_fields__))


def blended_logits(judged: Judged, weighed: Blend) -> Floats:
    return blended(judged.lexicon, judged.linear, weighed, [LANGUAGES[row] for row in judged.language])


def unseen(trained: Trained, folds: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
    """Logits and answers for the labelled care messages, blended by weights fitted without them.

    folds   which part each belongs to
    """
    logits, yes = np.zeros_like(trained.gold.linear), np.zeros((len(folds), len(HEADS)), np.bool_)
    for fold in range(FOLDS):
        inside = folds == fold
        weighed = blend(joined([part(trained.gold, ~inside), trained.held]))
        logits[inside] = blended_logits(part(trained.gold, inside), weighed)
        yes[inside] = answered(logits[inside], weighed, [LANGUAGES[row] for row in trained.gold.language[inside]])
    return logits, yes


def _care(trained: Trained, folds: NDArray[Any]) -> Iterator[str]:
    logits, yes = unseen(trained, folds)
    yield "| question | language | yes | F1 lexicon | F1 linear | F1 blended | AP lexicon | AP blended | ECE |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for head in ("outage", "complaint", "churn", "fraud", "moment", "praise"):
        column = HEADS.index(head)
        for row, lang in enumerate(LANGUAGES[:2]):
            there = trained.gold.language == row
            right = trained.gold.answer[there, column] == 1
            opinions = [table[there, column] for table in (trained.gold.lexicon, trained.gold.linear, logits)]
            said = [opinions[0] > 0, opinions[1] > 0, yes[there, column]]
            marks = [between(f1, right, answer) for answer in said]
            listed = [f"{100 * average_precision(right, opinion):.1f}" for opinion in (opinions[0], opinions[2])]
            wrong = off_by(1 / (1 + np.exp(-opinions[2])), right.astype(float))
            yield f"| {head} | {lang} | {right.sum()} | {' | '.join((*marks, *listed))} | {wrong:.3f} |"


def moods(judged: Judged, weighed: Blend) -> tuple[list[NDArray[Any]], float]:
    """The mood that lexicon, linear model and both together pick, and by how much the last is off."""
    logits = blended_logits(judged, weighed)
    p = shares(logits[:, _MOOD:], [slice(0, len(MOODS))])
    picks = [table[:, _MOOD:].argmax(axis=1) for table in (judged.lexicon, judged.linear, logits)]
    return picks, off_by(p.max(axis=1), (picks[2] == judged.mood).astype(float))


def _moods(judged: Sequence[tuple[str, Judged]], weighed: Blend) -> Iterator[str]:
    yield "| validation set | messages | score | lexicon | linear | blended | ECE |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, messages in judged:
        score = macro_recall if name == "TweetEval" else macro_f1
        picks, wrong = moods(messages, weighed)
        marks = " | ".join(between(score, messages.mood, pick) for pick in picks)
        yield f"| {name} | {len(messages.mood)} | {score.__name__.replace('_', ' ')} | {marks} | {wrong:.3f} |"


def _sets(counts: dict[tuple[str, str], int]) -> Iterator[str]:
    yield "| set | licence as seen | messages |"
    yield "| --- | --- | --- |"
    sizes: Counter[str] = Counter()
    for (name, _), count in counts.items():
        sizes[name] += count
    for name, count in sizes.most_common():
        licence = "ours (MIT), generated from `carebot/training/examples`" if name == "examples" else SETS[name].licence
        yield f"| {name} | {licence} | {count} |"


def card(recipe: Recipe, trained: Trained, weighed: Blend, validation: Sequence[tuple[str, Judged]], folds: NDArray[Any]) -> str:
    """The page, in Markdown.

    validation   name of a set and its messages: never trained on, never used to weigh
    folds        the fold of each labelled care message
    """
    lines = ["## Learnt from", "", *_sets(trained.counts), ""]
    if recipe.opinions:
        lines += ["Answers were mixed with a larger model's opinions (multilingual-e5-small, MIT, fine-tuned on the sets above).", ""]
    if len(trained.gold.mood):
        lines += [
            "## Care messages",
            "",
            f"{len(trained.gold.mood)} labelled messages in {FOLDS} folds, each scored by a fit that had not seen its fold.",
            "",
        ]
        lines += [*_care(trained, folds), ""]
    if validation:
        lines += ["## Sentiment", "", *_moods(validation, weighed), ""]
    page = resources.files("carebot.training").joinpath("page.txt").read_text(encoding="utf-8")
    return page.replace("{tables}", "\n".join(lines))
