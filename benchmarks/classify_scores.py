"""How good and how fast the two opinions are, beside VADER and in the same run: `python -m benchmarks.classify_scores`.

Sentiment is scored on the validation splits beside the checkout, on which nothing was trained. The labelled care messages are in the
shipped weights: their honest scores, in folds, are on the model card (docs/reference/model-card.md), which `carebot train` writes.
Each score has its 95% interval. Speeds are messages a second on one core, in batches of a thousand, from the text as it comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carebot.training import data
from carebot.training.card import between, macro_f1, macro_recall, moods
from carebot.training.model import Example
from carebot.training.recipe import judged
from carebot.understand.embedded import Reader
from carebot.understand.linear import load
from carebot.understand.normalise import plain, tame

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def raw(folder: Path = DATA) -> list[tuple[str, str, list[str]]]:
    """Name, language and texts as they came, of each validation set."""
    sets = [("TweetEval", "en", folder / "text" / "tweeteval_sentiment" / "val_text.txt")]
    for name, lang in (("spanish", "es"), ("english", "en"), ("portuguese", "pt"), ("french", "fr"), ("italian", "it"), ("german", "de")):
        sets.append((f"UMSAB {lang}", lang, folder / "text" / "umsab" / name / "val_text.txt"))
    return [(name, lang, path.read_text(encoding="utf-8").rstrip("\n").split("\n")) for name, lang, path in sets]


def labelled(name: str, lang: str) -> list[Example]:
    if name == "TweetEval":
        return list(data.tweeteval(DATA))
    return [example for example in data.umsab(DATA, "val") if example.lang == lang]


def vader() -> Callable[[str], int] | None:
    """VADER's mood, by its authors' own bounds; None if it is not installed (`pip install '.[bench]'`)."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    analyser = SentimentIntensityAnalyzer()

    def mood(text: str) -> int:
        compound: float = analyser.polarity_scores(text)["compound"]
        return 2 if compound >= 0.05 else 0 if compound <= -0.05 else 1

    return mood


def per_second(work: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    best = min(_took(work, texts) for _ in range(5))
    return len(texts) / best


def _took(work: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    started = time.process_time()
    work(texts)
    return time.process_time() - started


def main() -> None:
    if not DATA.exists():
        raise SystemExit(f"The labelled messages are not at {DATA}. Put the data beside the checkout and run again.")
    reader, linear, other = Reader(alone=True), load(), vader()
    print(f"{'':12}{'messages':>9}  {'score':14}{'lexicon':>16}{'linear':>16}{'blended':>16}{'VADER':>16}{'ECE':>7}")
    texts: list[str] = []
    for name, lang, said in raw():
        messages = judged(reader, examples := labelled(name, lang), linear.scores([example.text for example in examples]).heads)
        score = macro_recall if name == "TweetEval" else macro_f1
        picks, wrong = moods(messages, linear.blend)
        rivals: list[NDArray[Any]] = [np.array([other(text) for text in said])] if other else []
        marks = "".join(f"{between(score, messages.mood, pick):>16}" for pick in (*picks, *rivals))
        print(f"{name:12}{len(said):>9}  {score.__name__:14}{marks}{'' if rivals else ' ' * 16}{wrong:>7.3f}")
        texts += said if lang in ("es", "en") else []
    batch = (texts * 2)[:1000]
    words, lang_ = [plain(tame(text)) for text in batch], [""] * 1000
    print("\nmessages/s, one core")
    for step, work, on in (
        ("normalising", lambda said: [plain(tame(text)) for text in said], batch),
        ("lexicon", lambda said: reader.read(said, lang_), words),
        ("linear, all heads", linear.scores, words),
        ("all of it", lambda said: _all(reader, linear.scores, said), batch),
    ):
        print(f"  {step:24}{per_second(work, on):>10,.0f}")
    if other:
        print(f"  {'VADER, sentiment only':24}{per_second(lambda said: [other(text) for text in said], batch):>10,.0f}")


def _all(reader: Reader, scores: Callable[[Sequence[str]], object], said: Sequence[str]) -> object:
    words = [plain(tame(text)) for text in said]
    return reader.read(words, [""] * len(words)), scores(words)


if __name__ == "__main__":
    main()
