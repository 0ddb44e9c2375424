"""What a run of training came to, for programs: the figures of the card that one looks at first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from carebot.training.calibrate import Judged, joined
from carebot.training.card import Reading, f1, macro_f1, macro_recall, moods, unseen
from carebot.training.recipe import Trained
from carebot.understand.linear import LANGUAGES, Blend
from carebot.understand.verdicts import HEADS

Splits = Sequence[tuple[str, Judged]]  # name of a validation set and its messages


class Report(msgspec.Struct, frozen=True):
    """sets   examples by set
    scores    tier → what was asked → 0 to 1: sentiment by validation set, F1 of outages and complaints by language
    written   files and folders
    asked     whether the full tier was asked for its opinion
    card      the page with every figure
    """

    sets: dict[str, int]
    scores: dict[str, dict[str, float]]
    written: tuple[str, ...]
    asked: bool
    card: str


def scores(trained: Trained, splits: Splits, blends: tuple[Blend, Blend], *, asked: bool) -> dict[str, dict[str, float]]:
    """`blends`: of the fast tier, and of both together."""
    told = {"fast": dict([*_moods(splits, blends[0]), *_care(trained, unseen(trained))])}
    if asked:
        judges = joined([judged for _, judged in splits]) if splits else None
        told["full"] = dict([*_moods(splits, blends[1]), *(_care(trained, unseen(trained, judges)) if judges else ())])
    return told


def _moods(splits: Splits, blend: Blend) -> Iterator[tuple[str, float]]:
    for name, judged in splits:
        (_, _, picked), _ = moods(judged, blend)
        yield name, round((macro_recall if name == "TweetEval" else macro_f1)(judged.mood, picked), 4)


def _care(trained: Trained, reading: Reading) -> Iterator[tuple[str, float]]:
    """Of every labelled message in the folds that had not seen it."""
    for head in ("outage", "complaint"):
        for row, lang in enumerate(LANGUAGES[:2]):
            answer = trained.labelled.answer[:, HEADS.index(head)]
            rows = reading.judged & (trained.labelled.language == row) & (answer >= 0)
            if (answer[rows] == 1).any():
                yield f"{head} {lang}", round(f1(answer[rows] == 1, reading.yes[rows, HEADS.index(head)]), 4)
