"""The model card: what the weights were learnt from, how well they do, and what they cannot do. Written by the training run itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.training.calibrate import Judged, joined, off_by, part, sure
from carebot.training.data import SETS
from carebot.training.fit import shares
from carebot.training.labelled import SURE
from carebot.training.recipe import FOLDS, Recipe, Trained, honest, of_three, of_two
from carebot.understand.linear import LANGUAGES, MOODS, Blend, Floats, answered, blended
from carebot.understand.verdicts import HEADS

_MOOD = len(HEADS)
_TIMES = 300
_FEWEST = 8  # yeses worth a line
Score = Callable[[NDArray[Any], NDArray[Any]], float]
Mask = NDArray[np.bool_]
_OURS = {
    "examples": "ours (MIT), generated from `carebot/training/examples/*.txt`",
    "invented": "ours (MIT), `carebot/training/examples/messages.tsv`",
    "care_gold": "labels ours; texts: none stated or research only",
    "annotated": "labels ours (MIT), `carebot/training/labels/messages.tsv`; texts: as the sets they are in",
    "desk": "the desk's own",
}


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


def blended_logits(judged: Judged, weighed: Blend) -> Floats:
    return blended(judged.lexicon, judged.linear, weighed, [LANGUAGES[row] for row in judged.language], judged.full)


class Reading(msgspec.Struct, frozen=True):
    """What a tier says of the labelled messages, by weights fitted without them. `judged`: of which messages this can be said."""

    judged: Mask
    logits: Floats
    yes: Mask


def unseen(trained: Trained, judges: Judged | None = None) -> Reading:
    """The fast tier's reading; with `judges`, the validation splits, that of both tiers together."""
    logits, yes = np.zeros_like(trained.labelled.linear), np.zeros((len(trained.sources), len(HEADS)), np.bool_)
    there = np.ones(len(trained.sources), np.bool_) if judges is None else honest(trained.sources, trained.folds)
    labelled = trained.labelled if judges else msgspec.structs.replace(trained.labelled, full=np.zeros_like(trained.labelled.full))
    folds = np.arange(len(there)) % FOLDS if judges else trained.folds  # what was held from the transformer is one of the fit's folds
    for fold in range(FOLDS):
        inside = there & (folds == fold)
        others = part(labelled, there & ~inside)
        weighed = of_three(others, judges) if judges else of_two(others, trained.held)
        logits[inside] = blended_logits(part(labelled, inside), weighed)
        yes[inside] = answered(logits[inside], weighed, [LANGUAGES[row] for row in labelled.language[inside]])
    return Reading(there, logits, yes)


def _care(trained: Trained, tiers: dict[str, Reading]) -> Iterator[str]:
    unsure = np.array([example.weight < SURE for example in trained.examples])
    names = " | ".join(f"F1 {name} | AP | ECE" for name in tiers)
    yield f"| question | set | language | yes | F1 lexicon | {names} |"
    yield f"| --- | --- | --- | --- | --- |{' --- | --- | --- |' * len(tiers)}"
    for name in ("care_gold", "care_gold, sure", "annotated"):
        inside = (np.array(trained.sources) == name.partition(",")[0]) & ~(unsure if "sure" in name else np.zeros_like(unsure))
        for column, head in enumerate(HEADS):
            for row, lang in enumerate(LANGUAGES[:2]):
                rows = inside & (trained.labelled.language == row) & (trained.labelled.answer[:, column] >= 0)
                if (trained.labelled.answer[rows, column] == 1).sum() >= _FEWEST:
                    marks = " | ".join(_marks(trained, reading, rows & reading.judged, column) for reading in tiers.values())
                    right = trained.labelled.answer[rows, column] == 1
                    alone = between(f1, right, trained.labelled.lexicon[rows, column] > 0)
                    yield f"| {head} | {name} | {lang} | {right.sum()} | {alone} | {marks} |"


def _marks(trained: Trained, reading: Reading, rows: Mask, column: int) -> str:
    right, logits = trained.labelled.answer[rows, column] == 1, reading.logits[rows, column]
    wrong = off_by(1 / (1 + np.exp(-logits)), right.astype(float))
    return f"{between(f1, right, reading.yes[rows, column])} | {100 * average_precision(right, logits):.1f} | {wrong:.3f}"


def moods(judged: Judged, weighed: Blend) -> tuple[list[NDArray[Any]], float]:
    """The mood that lexicon, linear model and both together pick, and by how much the last is off."""
    logits = blended_logits(judged, weighed)
    p = shares(logits[:, _MOOD:], [slice(0, len(MOODS))])
    picks = [table[:, _MOOD:].argmax(axis=1) for table in (judged.lexicon, judged.linear, logits)]
    return picks, off_by(p.max(axis=1), (picks[2] == judged.mood).astype(float))


def _moods(judged: Sequence[tuple[str, Judged]], fast: Blend, three: Blend | None) -> Iterator[str]:
    yield "| validation set | messages | score | lexicon | linear | fast tier | ECE | full tier | ECE |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, messages in judged:
        score = macro_recall if name == "TweetEval" else macro_f1
        picks, wrong = moods(messages, fast)
        marks = [between(score, messages.mood, pick) for pick in picks] + [f"{wrong:.3f}"]
        if three:
            both, wrong = moods(messages, three)
            marks += [between(score, messages.mood, both[2]), f"{wrong:.3f}"]
        yield f"| {name} | {len(messages.mood)} | {score.__name__.replace('_', ' ')} | {' | '.join(marks)} |"


def sizes(counts: dict[tuple[str, str], int]) -> Counter[str]:
    """Examples by set, whatever their language."""
    found: Counter[str] = Counter()
    for (name, _), count in counts.items():
        found[name] += count
    return found


def _sets(counts: dict[tuple[str, str], int]) -> Iterator[str]:
    yield "| set | licence as seen | messages |"
    yield "| --- | --- | --- |"
    for name, count in sizes(counts).most_common():
        yield f"| {name} | {_OURS.get(name) or SETS[name].licence} | {count} |"


def card(recipe: Recipe, trained: Trained, blends: tuple[Blend, Blend], validation: Sequence[tuple[str, Judged]]) -> str:
    """The page, in Markdown.

    blends       of the fast tier, and of both together
    validation   name of a set and its messages: never trained on, never used to weigh the fast tier
    """
    lines = ["## Learnt from", "", *_sets(trained.counts), ""]
    judges = joined([judged for _, judged in validation]) if validation and recipe.opinions else None
    if trained.sources:
        tiers = {"fast tier": unseen(trained)} | ({"full tier": unseen(trained, judges)} if judges else {})
        lines += [
            "## Care messages",
            "",
            f"{len(trained.sources)} labelled messages in {FOLDS} folds, each scored by a fit that had not seen its fold.",
            "The full tier is judged by care_gold, which it never saw, and by the fifth of the annotated ones that was kept from it.",
            "",
        ]
        lines += [*_care(trained, tiers), ""]
    if validation:
        lines += ["## Sentiment", "", *_moods(validation, blends[0], blends[1] if recipe.opinions else None), ""]
    page = resources.files("carebot.training").joinpath("page.txt").read_text(encoding="utf-8")
    return page.replace("{tables}", "\n".join(lines))
