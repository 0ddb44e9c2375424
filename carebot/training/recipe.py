"""The whole recipe of the fast tier: examples, fits, folds, and how far to trust what came out. `carebot train` is this and a file.

Nothing that is evaluated is trained on: the validation splits never, a labelled care message only in the fits that do not score it.
Those folds also decide how the opinions are weighed (`calibrate`): lexicon and linear model, and both with the transformer's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.training import data, taught
from carebot.training.calibrate import GUESS_OF_THREE, Judged, blend, joined, part
from carebot.training.fit import Fitted, Wanted, balanced, fit, heads_wanted, rounded, scores, topics_wanted
from carebot.training.labelled import annotated, invented
from carebot.training.model import Example
from carebot.training.written import examples as written
from carebot.understand.embedded import Reader
from carebot.understand.linear import MOODS, Blend, Floats, spoken
from carebot.understand.verdicts import HEADS, SERVICES, SYMPTOMS

FOLDS = 5
HELD = 4  # the fold of the labelled messages that no transformer learns from (`full.recipe`)
_HEAD_BITS, _TOPIC_BITS = 18, 16
_TENTH = 9  # the part of the sets with moods or complaints that is kept for calibration
_ONLY_MOODS = {"semeval", "umsab"}  # left out of the folds: they say nothing about care


class Recipe(msgspec.Struct, frozen=True):
    """folder     the data, laid out as `data` says
    opinions      a file of `taught`, or none
    permissive    only sets that anybody may train on, and our own sentences
    desk          examples from a desk's own clicks
    """

    folder: Path
    opinions: Path | None = None
    permissive: bool = False
    seed: int = 1
    epochs: int = 6
    each: int = 40
    desk: tuple[Example, ...] = ()


class Trained(msgspec.Struct, frozen=True):
    """stored   what `linear.Linear` reads
    counts      examples by set and language
    labelled    the care messages with every answer, as scored by the fits that had not seen them; `sources` names the set of each
    held        the messages kept for calibration
    topics      service and symptom of the labelled ones, as logits
    """

    stored: dict[str, NDArray[Any]]
    counts: dict[tuple[str, str], int]
    labelled: Judged
    sources: tuple[str, ...]
    folds: NDArray[np.intp]
    held: Judged
    topics: NDArray[np.float32]
    examples: tuple[Example, ...]


def lexicon_logits(reader: Reader, texts: Sequence[str], lang: Sequence[str]) -> Floats:
    """The lexicon's opinion, columns HEADS and MOODS. A mood's logit is known up to what all three share."""
    told = reader.read(texts, lang)
    p = np.clip(told.p.astype(np.float64), 1e-5, 1 - 1e-5)
    return np.hstack([np.log(p / (1 - p)), np.log(np.clip(told.sentiment.astype(np.float64), 1e-5, 1))])


def even(asked: Sequence[Example], most: float = 4.0) -> Floats:
    """Weights that let every set of a language count alike, so that calibration is not that of the largest. None is above `most`."""
    sets = Counter((example.source, example.lang) for example in asked)
    langs, kinds = Counter(example.lang for example in asked), Counter(lang for _, lang in sets)
    each = [langs[example.lang] / kinds[example.lang] / sets[example.source, example.lang] for example in asked]
    weights: Floats = np.minimum(np.array(each), most)
    return weights


def alike(asked: Sequence[Example], weight: Floats, most: float = 4.0) -> Floats:
    """The weights with the moods of a set made to count alike: how many are angry changes from one year's posts to the next.

    A point and a half of macro recall on TweetEval, for .02 of calibration there.
    """
    moods = [given.weight / example.weight for given, example in zip(balanced(asked, 1.0), asked, strict=True)]
    weights: Floats = np.minimum(weight * np.array(moods), most)
    return weights


def judged(reader: Reader, asked: Sequence[Example], linear: NDArray[Any], full: NDArray[Any] | None = None) -> Judged:
    """What is known of these messages and what the opinions are. `full`: NaN or None where the transformer was not asked."""
    answer = np.array([[int(example.answers.get(head, -1)) for head in HEADS] for example in asked], np.intp).reshape(
        len(asked), len(HEADS)
    )
    lang = [example.lang for example in asked]
    return Judged(
        lexicon=lexicon_logits(reader, [example.text for example in asked], lang),
        linear=linear.astype(np.float64),
        full=np.zeros_like(linear, np.float64) if full is None else np.nan_to_num(full[:, : linear.shape[1]].astype(np.float64)),
        language=spoken(lang),
        answer=answer,
        mood=np.array([int(np.argmax(example.mood)) if example.mood else -1 for example in asked], np.intp),
        weight=np.ones(len(asked)),
    )


def apart(recipe: Recipe) -> tuple[list[Example], list[Example], list[Example]]:
    """What is trained on, what is held for calibration, and the labelled care messages: `care_gold` and those of `labelled`."""
    evaluated = [example.text for example in data.judges(recipe.folder)]
    care = [] if recipe.permissive else [*data.there(data.gold, recipe.folder), *annotated(recipe.folder)]
    labelled = data.without(care, evaluated)
    found = data.without(data.collected(recipe.folder, permissive=recipe.permissive), [*evaluated, *(example.text for example in labelled)])
    held = [e for e in found if (e.mood or "complaint" in e.answers) and data.fold(e.text, 10) == _TENTH]
    kept = {id(example) for example in held}
    return [example for example in found if id(example) not in kept], held, labelled


def _fitted(recipe: Recipe, examples: Sequence[Example], wanted: Wanted, bits: int, say: Callable[[str], None]) -> Fitted:
    texts = [example.text for example in examples]
    return fit(texts, wanted, bits=bits, epochs=recipe.epochs, rate=1.0, decay=5e-3, seed=recipe.seed, progress=say)


def _both(recipe: Recipe, examples: Sequence[Example], say: Callable[[str], None]) -> tuple[Fitted, Fitted]:
    """The fits of all heads, and of service and symptom."""
    even = balanced(examples)
    topical = [example for example in examples if example.service or example.symptom]
    heads = _fitted(recipe, even, heads_wanted(even), _HEAD_BITS, say)
    return heads, _fitted(recipe, topical, topics_wanted(topical), _TOPIC_BITS, say)


def trained(recipe: Recipe, say: Callable[[str], None]) -> Trained:
    """Everything that is shipped, and what it is judged by. Some ten minutes on one core with all sets."""
    found, held, labelled = apart(recipe)
    opinions = taught.read(recipe.opinions) if recipe.opinions else {}
    ours, reader = [*written(recipe.each, recipe.seed), *invented(), *recipe.desk], Reader(alone=True)
    heard = [taught.taught(example, opinions) for example in found]
    learnt = [example for example in heard if example.answers or example.mood or example.service]
    care = [example for example in learnt if example.source not in _ONLY_MOODS]

    linear, topics = np.zeros((len(labelled), len(HEADS) + len(MOODS))), np.zeros((len(labelled), len(SERVICES) + len(SYMPTOMS)))
    folds = np.array([data.fold(example.text, FOLDS) for example in labelled], np.intp)
    for fold in range(FOLDS if labelled else 0):
        say(f"fold {fold + 1} of {FOLDS}")
        inside = np.flatnonzero(folds == fold).tolist()
        others = [example for example, its in zip(labelled, folds.tolist(), strict=True) if its != fold]
        fits = _both(recipe, [*care, *ours, *others], lambda _: None)
        texts = [labelled[row].text for row in inside]
        linear[inside], topics[inside] = scores(fits[0], texts), scores(fits[1], texts)
    say("all examples")
    everything = [*learnt, *ours, *labelled]
    heads, topical = _both(recipe, everything, say)
    weight = even([*labelled, *held])
    told = judged(reader, labelled, linear, taught.logits(labelled, opinions))
    told = msgspec.structs.replace(told, weight=weight[: len(labelled)])
    kept = judged(reader, held, scores(heads, [example.text for example in held]))
    kept = msgspec.structs.replace(kept, weight=alike(held, weight[len(labelled) :]))
    sources = tuple(example.source for example in labelled)
    fast, judges = of_two(told, kept), data.judges(recipe.folder)
    seen = judged(reader, judges, scores(heads, [example.text for example in judges]), taught.logits(judges, opinions))
    seen = msgspec.structs.replace(seen, weight=alike(judges, even(judges)))
    return Trained(
        stored=stored(heads, topical, fast, of_three(part(told, honest(sources, folds)), seen) if opinions else fast),
        counts=dict(Counter((example.source, example.lang) for example in everything)),
        labelled=told,
        sources=sources,
        folds=folds,
        held=kept,
        topics=topics.astype(np.float32),
        examples=tuple(labelled),
    )


def honest(sources: Sequence[str], folds: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of the labelled messages the transformer has never seen: `care_gold`, and the held fold of the others."""
    never: NDArray[np.bool_] = (np.array(sources) == "care_gold") | (folds == HELD)
    return never


def of_two(labelled: Judged, held: Judged) -> Blend:
    """How lexicon and linear model are weighed: for questions by the labelled messages, for moods by the held ones of the mood sets."""
    return blend(joined([msgspec.structs.replace(_asked(labelled), full=np.zeros_like(labelled.full)), held]))


def of_three(labelled: Judged, judges: Judged) -> Blend:
    """The same with the transformer, on what it has not seen either. `judges`: the validation splits, for their moods."""
    return blend(joined([_asked(labelled), judges]), guess=GUESS_OF_THREE)


def _asked(labelled: Judged) -> Judged:
    """Without moods: readers of care messages hear anger in what readers of posts call neutral, and one shift cannot serve both."""
    return msgspec.structs.replace(labelled, mood=np.full_like(labelled.mood, -1))


def stored(heads: Fitted, topics: Fitted, weighed: Blend, of_three: Blend) -> dict[str, NDArray[Any]]:
    """The arrays of the weights file."""
    services = Fitted(topics.weights[:, : len(SERVICES)], topics.bias[: len(SERVICES)])
    symptoms = Fitted(topics.weights[:, len(SERVICES) :], topics.bias[len(SERVICES) :])
    arrays: dict[str, NDArray[Any]] = {}
    for kind, fitted, names in (("heads", heads, (*HEADS, *MOODS)), ("service", services, SERVICES), ("symptom", symptoms, SYMPTOMS)):
        weights, scale = rounded(fitted)
        arrays |= {f"{kind}_names": np.array(names), f"{kind}_weights": weights, f"{kind}_scale": scale, f"{kind}_bias": fitted.bias}
    for kind, table in (("blend", weighed), ("three", of_three)):
        arrays |= {f"{kind}_{part}": getattr(table, part) for part in Blend.__struct_fields__}
    return arrays
