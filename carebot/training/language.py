"""Learns which letters speak for which language: `python -m carebot.training.language --data ../shared/data --translations FOLDER`.

Tweets of six languages come from the data folder. Hardly anybody's tweets are Catalan there, so Catalan is learnt from sentences
written for it (sentences/ca.txt) and from translations that programs ship for their own screens. The other six languages of the same
programs are read beside it, or else the voice of a program would become a sign of Catalan. Only weights are kept, never a word.

    pip install --no-deps --target FOLDER django==5.2.19 wagtail==8.0.1 django-oscar==4.2.1 home-assistant-frontend==20250109.2
"""

from __future__ import annotations

import argparse
import csv
import gettext
import json
import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.understand import language
from carebot.understand.language import LANGUAGES, WIDTHS
from carebot.understand.normalise import plain, tame

BITS = 15
UMSAB = {"spanish": "es", "english": "en", "french": "fr", "german": "de", "italian": "it", "portuguese": "pt"}
_LOCALES = {"es_MX": "es", "es_AR": "es", "es_CO": "es", "es-419": "es", "pt_BR": "pt", "pt-BR": "pt"} | {code: code for code in LANGUAGES}
_BLANKS = re.compile(r"%\(\w+\)[sd]|%[sd]|\{[^{}]*\}|<[^<>]*>|&\w+;|https?://\S+")  # what a program fills in
_BATCH = 256
_MOST = 6000  # texts of one language from one set: no set is the language

Said = tuple[str, str]  # language, text
Floats = NDArray[np.float32]


class Example(msgspec.Struct, frozen=True, gc=False):
    language: str
    text: str
    source: str


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def umsab(folder: Path, split: str = "train") -> Iterator[Said]:
    for name, code in UMSAB.items():
        yield from ((code, text) for text in _lines(folder / "text" / "umsab" / name / f"{split}_text.txt"))


def _semeval(folder: Path) -> Iterator[Said]:
    for path in sorted((folder / "text" / "semeval_english").glob("*-A.txt")):
        yield from (("en", line.split("\t")[-1]) for line in _lines(path) if line.count("\t") == 2)


def _csv(path: Path, code: str) -> Iterator[Said]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from ((code, row["text"]) for row in csv.DictReader(file))


def _streams(folder: Path) -> Iterator[Said]:
    """Customers of banks in Mexico, Colombia and Spain, of airlines and of a music service. Not all write what the stream's name says."""
    for path in sorted((folder / "streams").glob("*_e[sn].jsonl")):
        with path.open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        yield from ((path.stem[-2:], row["text"]) for row in rows if not row.get("by_brand"))


def sentences() -> Iterator[Said]:
    """Written for this project: customers in Catalan, and the short and slangy ones of Spanish and English."""
    for code in ("ca", "es", "en"):
        written = resources.files("carebot.training").joinpath("sentences", f"{code}.txt").read_text(encoding="utf-8")
        yield from ((code, text) for text in written.splitlines())


def _leaves(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for branch in tree.values():
            yield from _leaves(branch)
    elif isinstance(tree, str):
        yield tree


def translations(folder: Path) -> Iterator[Said]:
    """What programs say, in each language they say it in: gettext catalogues and the tables of a web page."""
    for name, code in _LOCALES.items():
        found: set[str] = set()
        for path in sorted(folder.rglob(f"locale/{name}/LC_MESSAGES/*.mo")):
            with path.open("rb") as file:
                catalogue = vars(gettext.GNUTranslations(file))["_catalog"]
            found |= {says for key, says in catalogue.items() if key and says and says != key}
            if code == "ca":
                yield from (("en", key) for key in sorted(key for key in catalogue if isinstance(key, str) and key))
        for path in sorted(folder.rglob(f"translations/**/{name}-*.json")):
            if path.name.rpartition("-")[0] == name:  # "pt-BR-1f.json" is not Portugal's
                found |= set(_leaves(json.loads(path.read_text(encoding="utf-8"))))
        yield from ((code, text) for text in sorted(found))


def _spoken(source: str, said: Iterator[Said]) -> Iterator[Example]:
    for code, text in said:
        shown = source == "translations"
        words = " ".join(_BLANKS.sub(" ", text).split()) if shown else text
        if not shown or words.count(" ") >= 2:
            yield Example(code, tame(words), source)


def collected(folder: Path, programs: Path | None, progress: Callable[[str], None] = lambda _: None) -> list[Example]:
    """Each text once, in an order that is the same everywhere. Sets that are not there are skipped, and named."""
    sets: dict[str, Callable[[], Iterator[Said]]] = {
        "sentences": sentences,  # first: of texts that are equal, the first counts
        "umsab": lambda: umsab(folder),
        "semeval": lambda: _semeval(folder),
        "es_airline": lambda: _csv(folder / "text" / "es_airline_2017_public.csv", "es"),
        "banking77": lambda: _csv(folder / "text" / "banking77" / "train.csv", "en"),
        "streams": lambda: _streams(folder),
        "translations": lambda: translations(programs) if programs else iter(()),
    }
    found: dict[str, Example] = {}
    for source, said in sets.items():
        before = len(found)
        try:
            fresh = {key(example.text): example for example in _spoken(source, said())}
        except FileNotFoundError as missing:
            progress(f"{source}: skipped, there is no {missing.filename}")
            continue
        for code in LANGUAGES:
            some = sorted((_draw(name), name) for name, example in fresh.items() if example.language == code and name not in found)
            found |= {name: fresh[name] for _, name in some[:_MOST]}
        progress(f"{source}: {len(found) - before} texts")
    return list(found.values())


def _draw(text: str) -> bytes:
    return blake2b(text.encode(errors="replace"), digest_size=8).digest()


def key(text: str) -> str:
    """Equal for texts that differ in handles, links, accents, figures and punctuation only."""
    return re.sub(r"[^a-z]+", "", re.sub(r"\b(user|http)\b", " ", plain(text))) or text


_COUNTS = {"umsab": 4.0, "sentences": 8.0, "semeval": 0.3, "banking77": 0.3, "translations": 0.5}  # beside 1 for the others
_TWEETS = ("umsab", "es_airline", "streams")
_DOUBT = 0.05  # the share of its own language below which a tweet is in another
_CATALAN = 0.8  # beside 1 for each other language: it is the rarest in a desk's day, and the nearest to three others


def _window(words: Sequence[str], chance: np.random.Generator) -> str:
    length = int(chance.integers(1, 6))
    start = int(chance.integers(0, max(1, len(words) - length)))
    return " ".join(words[start : start + length])


def varied(examples: Sequence[Example], seed: int) -> tuple[list[str], NDArray[np.intp], Floats]:
    """Texts, their languages and weights: each as it was written, as `plain` leaves it, and a few words out of it."""
    chance = np.random.default_rng(seed)
    texts: list[str] = []
    for example in examples:
        few = _window(example.text.split(" "), chance)
        texts += [example.text, plain(example.text), few if chance.random() < 0.5 else plain(few)]
    spoken = np.repeat([LANGUAGES.index(example.language) for example in examples], 3)
    weight = np.repeat([_COUNTS.get(example.source, 1.0) for example in examples], 3).reshape(-1, 3) * [1.0, 1.0, 0.5]
    weight = weight.ravel()
    total = np.bincount(spoken, weight, len(LANGUAGES))
    wanted = np.array([_CATALAN if code == "ca" else 1.0 for code in LANGUAGES])
    return texts, spoken, (weight * (wanted / np.maximum(total, 1e-9) * len(texts) / wanted.sum())[spoken]).astype(np.float32)


class _Batch(msgspec.Struct, frozen=True):
    rows: NDArray[np.intp]
    buckets: NDArray[np.int32]
    texts: NDArray[np.int32]  # of every piece, its row in the batch
    size: Floats  # 1 / sqrt(letters)


def _batch(rows: NDArray[np.intp], texts: Sequence[str], bits: int) -> _Batch:
    read = language.pieces([texts[row] for row in rows.tolist()])
    count = read.ends - read.begins
    places = np.repeat(read.begins - np.cumsum(count) + count, count) + np.arange(count.sum())
    buckets = np.concatenate([read.buckets(width, bits)[places] for width in WIDTHS]).astype(np.int32)
    owners = np.tile(np.repeat(np.arange(len(rows), dtype=np.int32), count), len(WIDTHS))
    return _Batch(rows, buckets, owners, (1 / np.sqrt(count)).astype(np.float32)[:, None])


def fit(
    texts: Sequence[str],
    spoken: NDArray[np.intp],
    weight: Floats,
    *,
    bits: int = BITS,
    epochs: int = 8,
    rate: float = 4.0,
    decay: float = 1e-6,
    seed: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Floats:
    """Weights (buckets, LANGUAGES): a multinomial logistic regression by AdaGrad. The seed fixes everything.

    The weights are the mean of those along the second half of the way, which the order of the last texts matters little to.
    There is no bias: where no letter speaks, no language is likelier than another.

    decay   how strongly each step pulls all weights towards nothing
    """
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(texts))
    starts = range(0, len(order), _BATCH)
    weights, seen = np.zeros((2**bits, len(LANGUAGES)), np.float32), np.full((2**bits, len(LANGUAGES)), 1e-2, np.float32)
    mean, steps = np.zeros(weights.shape), 0
    for epoch in range(epochs):
        loss, step = 0.0, rate * (1 - epoch / epochs)
        for start in chance.permutation(starts).tolist():
            batch = _batch(order[start : start + _BATCH], texts, bits)
            rows, size = len(batch.rows), batch.size
            flat = batch.buckets.astype(np.int64) * rows + batch.texts
            cells, counts = np.unique(flat, return_counts=True)
            bucket, text = cells // rows, cells % rows
            scores = _summed(weights[bucket] * counts[:, None].astype(np.float32), text, rows) * size
            p = language.shares(scores).astype(np.float32)
            loss -= float((weight[batch.rows] * np.log(p[np.arange(rows), spoken[batch.rows]] + 1e-9)).sum())
            p[np.arange(rows), spoken[batch.rows]] -= 1.0
            error = p * weight[batch.rows][:, None]
            pulled = _summed((error * size)[text] * counts[:, None].astype(np.float32), bucket, 2**bits) / rows + decay * weights
            seen += np.square(pulled)
            weights -= step * pulled / np.sqrt(seen)
            if epoch >= epochs // 2:
                mean, steps = mean + weights, steps + 1
        progress(f"epoch {epoch + 1} of {epochs}: log loss {loss / float(weight.sum()):.4f}")
    return (mean / steps).astype(np.float32)


def _summed(values: Floats, to: NDArray[np.int64], size: int) -> Floats:
    return np.stack([np.bincount(to, column, size) for column in values.T], axis=1).astype(np.float32)


def rounded(weights: Floats) -> dict[str, NDArray[Any]]:
    """What is shipped: whole numbers of 8 bits and what one of them is worth.

    None is cut: the largest few hundred are the commonest endings, and cutting one weight in 2,000 cost Spanish 15 % of three-word texts.
    """
    scale = max(float(np.abs(weights).max()) / 127, 1e-9)
    return {"weights": np.round(weights / scale).astype(np.int8), "scale": np.array(scale, np.float32)}


def learnt(folder: Path, programs: Path | None, evaluated: Sequence[str], progress: Callable[[str], None]) -> dict[str, NDArray[Any]]:
    """The weights, from all there is except what they are judged by."""
    kept_out = {key(tame(text)) for text in evaluated}
    examples = [example for example in collected(folder, programs, progress) if key(example.text) not in kept_out]
    first = fit(*varied(examples, seed=1), epochs=2, progress=progress)
    examples = plausible(examples, first)
    progress(f"{len(examples)} texts are in the language their set says")
    return rounded(fit(*varied(examples, seed=1), progress=progress))


def plausible(examples: Sequence[Example], weights: Floats) -> list[Example]:
    """Without tweets that are in another language than their set: some 3 % of the German ones are English."""
    stored = rounded(weights)
    model = language.Model(language.packed(stored["weights"]), float(stored["scale"]))
    kept = []
    for start in range(0, len(examples), _BATCH):
        some = examples[start : start + _BATCH]
        shares = language.shares(model.scores(language.pieces([example.text for example in some])))
        own = (shares[row, LANGUAGES.index(example.language)] for row, example in enumerate(some))
        kept += [example for example, share in zip(some, own, strict=True) if share >= _DOUBT or example.source not in _TWEETS]
    return kept


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path, required=True, help="a folder laid out as ../shared/data")
    ask.add_argument("--translations", type=Path, help="where the programs above were installed; without it Catalan is guesswork")
    ask.add_argument("--held-out", type=Path, nargs="*", default=[], help="files of sentences, one a line, never to be learnt from")
    ask.add_argument("--out", type=Path, required=True, help="the file to write: carebot/understand/weights/language.npz")
    asked = ask.parse_args()
    evaluated = [text for _, text in umsab(asked.data, "val")] + [text for path in asked.held_out for text in _lines(path)]
    weights = learnt(asked.data, asked.translations, evaluated, print)
    np.savez_compressed(asked.out, weights=weights["weights"], scale=weights["scale"])
    print(f"{asked.out}: {asked.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
