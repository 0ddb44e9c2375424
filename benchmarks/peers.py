"""Who else reads a mood: the peers that `benchmarks.understanding` runs beside carebot, in the same process and on the same texts.

None of them is part of carebot; `make bench` installs them, and one that is not there is named as missing, with the line that brings it.
Each takes texts as they came and does its own cleaning, so that its speed is what a user would see.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carebot.training.model import Example
from carebot.understand.encoder import SHIPPED
from carebot.understand.normalise import plain, tame
from carebot.understand.transformer import LONGEST, TOGETHER, Model, spoken

Moods = NDArray[np.intp]  # 0 negative, 1 neutral, 2 positive
Reads = Callable[[Sequence[str]], Moods]
SIZE = "transformers: XLM-R base, random weights"
MOST = 0.05  # VADER's authors' own bound for "neutral"
# Of six settings those that do best on the very splits they are judged by: if anything, too kind to the peer.
_FASTTEXT = {"lr": 0.1, "epoch": 5, "wordNgrams": 2, "dim": 50, "bucket": 500_000}
_FASTTEXT_CARE = _FASTTEXT | {"lr": 0.3, "epoch": 10, "minn": 3, "maxn": 5}  # of five
_WORD = re.compile(r"[^\W\d]+")
XLM_R_BASE = {"vocab_size": 250_002, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
              "max_position_embeddings": 514, "type_vocab_size": 1, "num_labels": 3}  # fmt: skip


def _each(mood: Callable[[str], float], bound: float) -> Reads:
    """A reader from something that gives one text a number: above the bound it is positive, below its opposite negative."""

    def reads(texts: Sequence[str]) -> Moods:
        scores = np.array([mood(text) for text in texts])
        return 1 + (scores >= bound).astype(np.intp) - (scores <= -bound)

    return reads


def vader() -> Reads:
    """A lexicon of English, with rules."""
    analyser = import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    return _each(lambda text: analyser.polarity_scores(text)["compound"], MOST)


def senticnet() -> Reads:
    """Spanish SenticNet (MIT), by machine translation: the sum of the longest concepts found; the bound is the best of four."""
    polarity = {concept: told[6] for concept, told in import_module("senticnet.babel.senticnet_es").senticnet.items()}

    def mood(text: str) -> float:
        words, place, total = _WORD.findall(text.lower()), 0, 0.0
        while place < len(words):
            long = next((n for n in (4, 3, 2, 1) if "_".join(words[place : place + n]) in polarity), 0)
            total += polarity["_".join(words[place : place + long])] if long else 0.0
            place += long or 1
        return total

    return _each(mood, 0.2)


def sentileak() -> Reads:
    """SentiLeak's stems, with its negations and boosters (GPLv3: run here, never shipped). Its own walk over a text needs a SpaCy that no
    longer installs; this one does the same without parsing."""
    spec = find_spec("sentileak")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("sentileak")
    folder, stemmer = Path(spec.submodule_search_locations[0]) / "data" / "es", import_module("snowballstemmer").stemmer("spanish")
    weight, boosts, negates = (_numbers(folder / f"{name}.csv") for name in ("sentiment_words", "boosters", "negations"))

    def mood(text: str) -> float:
        words = _WORD.findall(text.lower())
        said = [weight.get(stem, 0.0) for stem in stemmer.stemWords(words)]
        for place, word in enumerate(words):
            near = min((at for at, score in enumerate(said) if score), key=lambda at: abs(at - place), default=None)
            if near is not None and word in negates:
                said[near] = -said[near]
            elif near is not None and word in boosts:
                said[near] += float(np.sign(said[near])) * boosts[word]
        return sum(said)

    return _each(mood, 0.5)


def _numbers(path: Path) -> dict[str, float]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row[0]: float(row[1]) for row in csv.reader(file)}


def _learnt(rows: Iterable[tuple[str, str]], settings: dict[str, Any]) -> Any:
    """A fastText model of (label, plain text), on one thread: the same every time."""
    lines = [f"__label__{label} {text.strip()}\n" for label, text in rows]
    Random(1).shuffle(lines)
    fasttext = import_module("fasttext")
    with tempfile.TemporaryDirectory(prefix="carebot-bench-") as folder:
        path = Path(folder) / "learn.txt"
        path.write_text("".join(lines), encoding="utf-8")
        return fasttext.train_supervised(str(path), thread=1, seed=1, verbose=0, **settings)


def fasttext_moods(examples: Iterable[Example]) -> Reads:
    """fastText, taught the moods of these examples."""
    model = _learnt(((str(int(np.argmax(example.mood))), example.text) for example in examples if example.mood), _FASTTEXT)
    return lambda texts: np.array([int(found[0][-1]) for found in model.predict([plain(tame(text)).strip() for text in texts])[0]], np.intp)


def fasttext_yes(examples: Iterable[Example], head: str) -> Callable[[Sequence[str]], NDArray[np.float64]]:
    """fastText, taught one question of the desk's. Gives the probability of a yes, for plain texts."""
    model = _learnt(
        ((str(int(example.answers[head] >= 0.5)), example.text) for example in examples if head in example.answers), _FASTTEXT_CARE
    )

    def p(texts: Sequence[str]) -> NDArray[np.float64]:
        labels, chances = model.predict([text.strip() for text in texts])
        return np.array([chance[0] if label[0][-1] == "1" else 1 - chance[0] for label, chance in zip(labels, chances, strict=True)])

    return p


def transformers_folder(folder: str) -> Reads:
    """A model somebody has in a folder, loaded as `classifier: {model: …}` loads it."""
    model = Model(folder, device="cpu", local=True)
    return lambda texts: model.sentiment([spoken(text) for text in texts]).argmax(axis=1)


def transformers_size() -> Reads:
    """A `transformers` pipeline of the size of cardiffnlp/twitter-xlm-roberta-base-sentiment with random weights: good for its speed and
    for nothing else. Its vocabulary is our own, a part of the real one."""
    torch, transformers = import_module("torch"), import_module("transformers")
    torch.set_num_threads(1)
    torch.manual_seed(1)
    transformers.logging.set_verbosity_error()
    net = transformers.XLMRobertaForSequenceClassification(transformers.XLMRobertaConfig(**XLM_R_BASE)).eval()
    words = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(SHIPPED / "tokenizer.json"), pad_token="<pad>", model_max_length=LONGEST
    )
    pipe = transformers.pipeline("text-classification", model=net, tokenizer=words, batch_size=TOGETHER, truncation=True, device="cpu")
    return lambda texts: np.array([int(told["label"][-1]) for told in pipe([spoken(text) for text in texts])], np.intp)


PIP = {
    "VADER": "pip install '.[bench]'",
    "SentiLeak, es": "pip install --no-deps sentileak && pip install '.[bench]'",
    "SenticNet, es": "pip install '.[bench]'",
    "fastText": "pip install '.[bench]'",
    "transformers": "pip install '.[transformers]'",
}
LANGUAGES = {"SentiLeak, es": ("es",), "SenticNet, es": ("es",)}  # of all others: every one
