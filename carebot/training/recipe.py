"""The whole recipe: examples, fits, folds, and how far to trust what came out. `carebot train` is this and a file.

Nothing that is evaluated is trained on: the validation splits never, a labelled care message only in the fits that do not score it.
Those folds also decide how lexicon and linear model are weighed (`calibrate`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.training import data, taught
from carebot.training.calibrate import Judged, blend, joined
from carebot.training.fit import Fitted, Wanted, balanced, fit, heads_wanted, rounded, scores, topics_wanted
from carebot.training.model import Example
from carebot.training.written import examples as written
from carebot.understand.embedded import Reader
from carebot.understand.linear import MOODS, Blend, Floats, spoken
from carebot.understand.verdicts import HEADS, SERVICES, SYMPTOMS

FOLDS = 5
_HEAD_BITS, _TOPIC_BITS = 18, 16
_TENTH = 9  # the part of the sets with moods or complaints that is kept for calibration
_ONLY_MOODS = {"semeval", "umsab"}  # left out of the folds: they say nothing about care


class Recipe(msgspec.Struct, frozen=True):
    """folder     the data, laid out as `data` says
    opinions      a file of `taught`, or none
    permissive    only sets that anybody may train on, and our own sentences
    """

    folder: Path
    opinions: Path | None = None
    permissive: bool = False
    seed: int = 1
    epochs: int = 6
    each: int = 40


class Trained(msgspec.Struct, frozen=True):
    """stored   what `linear.Linear` reads
    counts      examples by set and language
    gold        the labelled care messages as scored by the fits that had not seen them
    held        the messages kept for calibration
    """

    stored: dict[str, NDArray[Any]]
    counts: dict[tuple[str, str], int]
    gold: Judged
    held: Judged
    gold_topics: NDArray[np.float32]


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


def judged(reader: Reader, asked: Sequence[Example], linear: NDArray[Any]) -> Judged:
    answer = np.array([[int(example.answers.get(head, -1)) for head in HEADS] for example in asked], np.intp).reshape(
        len(asked), len(HEADS)
    )
    lang = [example.lang for example in asked]
    return Judged(
        lexicon=lexicon_logits(reader, [example.text for example in asked], lang),
        linear=linear.astype(np.float64),
        language=spoken(lang),
        answer=answer,
        mood=np.array([int(np.argmax(example.mood)) if example.mood else -1 for example in asked], np.intp),
        weight=np.ones(len(asked)),
    )


def _apart(recipe: Recipe) -> tuple[list[Example], list[Example], list[Example]]:
    """What is trained on, what is held for calibration, and the labelled care messages."""
    gold = [] if recipe.permissive else list(data.gold(recipe.folder))
    splits = (data.tweeteval, lambda folder: data.umsab(folder, "val"))
    evaluated = [example.text for split in splits for example in there(split, recipe.folder)]
    found = data.without(data.collected(recipe.folder, permissive=recipe.permissive), [*evaluated, *(example.text for example in gold)])
    held = [e for e in found if (e.mood or "complaint" in e.answers) and data.fold(e.text, 10) == _TENTH]
    kept = {id(example) for example in held}
    return [example for example in found if id(example) not in kept], held, gold


def there(read: Callable[[Path], Iterable[Example]], folder: Path) -> list[Example]:
    """What a reader finds; nothing if the set is not in the folder."""
    try:
        return list(read(folder))
    except FileNotFoundError:
        return []


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
    """Everything that is shipped, and what it is judged by. Some five minutes on one core with all sets."""
    found, held, gold = _apart(recipe)
    ours, reader = written(recipe.each, recipe.seed), Reader(alone=True)

    def learnt(part: int) -> list[Example]:
        opinions = taught.read(recipe.opinions, part) if recipe.opinions else {}
        heard = [taught.taught(example, opinions) for example in found]
        return [example for example in heard if example.answers or example.mood or example.service]

    linear, topics = np.zeros((len(gold), len(HEADS) + len(MOODS))), np.zeros((len(gold), len(SERVICES) + len(SYMPTOMS)), np.float32)
    for part in range(FOLDS if gold else 0):
        say(f"fold {part + 1} of {FOLDS}")
        inside = [row for row, example in enumerate(gold) if data.fold(example.text, FOLDS) == part]
        others = [example for example in gold if data.fold(example.text, FOLDS) != part]
        care = [example for example in learnt(1 + part) if example.source not in _ONLY_MOODS]
        fits = _both(recipe, [*care, *ours, *others], lambda _: None)
        texts = [gold[row].text for row in inside]
        linear[inside], topics[inside] = scores(fits[0], texts), scores(fits[1], texts)
    say("all examples")
    everything = [*learnt(0), *ours, *gold]
    heads, topical = _both(recipe, everything, say)
    weight = even([*gold, *held])
    gold_judged = msgspec.structs.replace(judged(reader, gold, linear), weight=weight[: len(gold)])
    held_judged = msgspec.structs.replace(judged(reader, held, scores(heads, [e.text for e in held])), weight=weight[len(gold) :])
    return Trained(
        stored=stored(heads, topical, blend(joined([gold_judged, held_judged]))),
        counts=dict(Counter((example.source, example.lang) for example in everything)),
        gold=gold_judged,
        held=held_judged,
        gold_topics=topics,
    )


def stored(heads: Fitted, topics: Fitted, weighed: Blend) -> dict[str, NDArray[Any]]:
    """The arrays of the weights file."""
    services = Fitted(topics.weights[:, : len(SERVICES)], topics.bias[: len(SERVICES)])
    symptoms = Fitted(topics.weights[:, len(SERVICES) :], topics.bias[len(SERVICES) :])
    arrays: dict[str, NDArray[Any]] = {}
    for kind, fitted, names in (("heads", heads, (*HEADS, *MOODS)), ("service", services, SERVICES), ("symptom", symptoms, SYMPTOMS)):
        weights, scale = rounded(fitted)
        arrays |= {f"{kind}_names": np.array(names), f"{kind}_weights": weights, f"{kind}_scale": scale, f"{kind}_bias": fitted.bias}
    return arrays | {f"blend_{part}": getattr(weighed, part) for part in Blend.__struct_fields__}
