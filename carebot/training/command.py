"""`carebot train`: from a data folder to the weights file and its card."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from carebot.errors import Unusable
from carebot.training import data
from carebot.training.calibrate import Judged
from carebot.training.card import card
from carebot.training.model import Example
from carebot.training.recipe import FOLDS, Recipe, judged, there, trained
from carebot.understand.embedded import Reader
from carebot.understand.linear import Linear

SHIPPED = Path(__file__).parents[1] / "understand" / "weights" / "linear.npz"
_NAMES = {
    "es": "UMSAB Spanish", "en": "UMSAB English", "pt": "UMSAB Portuguese", "fr": "UMSAB French", "it": "UMSAB Italian",
    "de": "UMSAB German",
}  # fmt: skip


def validation(linear: Linear, folder: Path) -> list[tuple[str, Judged]]:
    """The validation splits that are there, read by the model as it will be shipped."""
    sets: list[tuple[str, list[Example]]] = []
    if examples := there(data.tweeteval, folder):
        sets.append(("TweetEval", examples))
    judges = there(lambda place: data.umsab(place, "val"), folder)
    sets += [(name, [example for example in judges if example.lang == lang]) for lang, name in _NAMES.items() if judges]
    reader = Reader(alone=True)
    return [(name, judged(reader, asked, linear.scores([example.text for example in asked]).heads)) for name, asked in sets]


def train(recipe: Recipe, out: Path, page: Path | None, say: Callable[[str], None]) -> None:
    """Fits, and writes the weights to `out` and the card to `page`.

    Raises Unusable if the folder is not there, or one of the two cannot be written.
    """
    if not recipe.folder.is_dir():
        raise Unusable(f"There is no folder {recipe.folder}. Name the one with the labelled messages: carebot train --data FOLDER.")
    result = trained(recipe, say)
    linear = Linear(result.stored)
    folds = np.array([data.fold(example.text, FOLDS) for example in data.gold(recipe.folder)]) if len(result.gold.mood) else np.zeros(0)
    told = card(recipe, result, linear.blend, validation(linear, recipe.folder), folds)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(out, **result.stored)  # type: ignore[arg-type]
        if page:
            page.write_text(told, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"Could not write: {error}. Choose a place that can be written with --out and --card.") from error
    say(told)
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FOLDER", help="the labelled messages, laid out as docs/reference/model-card.md says"
    )
    parser.add_argument("--opinions", type=Path, metavar="FILE", help="what a larger model thinks of the same messages")
    parser.add_argument("--permissive", action="store_true", help="only sets that anybody may train on, and our own sentences")
    parser.add_argument("--out", type=Path, default=SHIPPED, metavar="FILE", help="the weights (default: those of this installation)")
    parser.add_argument("--card", type=Path, metavar="FILE", help="where to write the figures of this run")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--each", type=int, default=40, metavar="N", help="sentences tried for each of our patterns (default: 40)")
    parser.add_argument("--epochs", type=int, default=6, metavar="N", help="how often every example is seen (default: 6)")


def recipe(args: argparse.Namespace) -> Recipe:
    return Recipe(folder=args.data, opinions=args.opinions, permissive=args.permissive, seed=args.seed, epochs=args.epochs, each=args.each)


def main(argv: Sequence[str], say: Callable[[str], None]) -> int:
    parser = argparse.ArgumentParser(prog="carebot train", description="Learn the linear model's weights again, from labelled messages.")
    options(parser)
    args = parser.parse_args(argv)
    train(recipe(args), args.out, args.card, say)
    return 0
