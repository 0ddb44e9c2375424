"""How often the language is right, and how fast: `python -m benchmarks.language [--translations FOLDER]`, py3langid beside it.

Tweets are UMSAB's validation split as it is labelled; some 3 % of the "German" ones are English, which no reader can get right. Catalan
sentences were written for this (catalan.txt) and are never learnt from. Cut tweets are three and six words out of each, no hashtags:
they show what is known of the language rather than of a television programme. FOLDER holds a program that was not learnt from
(pip install --no-deps --target FOLDER django-allauth==65.21.1). Both answer with one of seven languages; times are CPU seconds of one core.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from math import sqrt
from pathlib import Path

import numpy as np

from carebot.training.language import translations, umsab
from carebot.understand.language import LANGUAGES, languages
from carebot.understand.normalise import plain, tame

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
_WORD = re.compile(r"[^\W\d]{2,}[.,!?]*")
_BLANKS = re.compile(r"%\(\w+\)[sd]|%[sd]|\{[^{}]*\}|<[^<>]*>")

Said = tuple[str, str]  # language, text
Tell = Callable[[Sequence[str]], Sequence[str]]


def interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's, 95 %."""
    z, share = 1.96, right / of
    middle, half = share + z * z / (2 * of), z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)


def cut(said: Sequence[Said], words: int) -> Iterator[Said]:
    chance = np.random.default_rng(5)
    for code, text in said:
        found = [word for word in text.split() if _WORD.fullmatch(word) and word != "http"]
        if len(found) >= words:
            start = int(chance.integers(0, len(found) - words + 1))
            yield code, " ".join(found[start : start + words])


def _ours(texts: Sequence[str]) -> Sequence[str]:
    return languages(texts, [""] * len(texts), texts)


def _theirs() -> Tell | None:
    try:
        py3langid = import_module("py3langid")
    except ImportError:
        return None
    py3langid.set_languages(list(LANGUAGES))
    return lambda texts: [py3langid.classify(text)[0] for text in texts]


def _per_second(tell: Tell, texts: Sequence[str]) -> float:
    times = []
    for _ in range(5):
        started = time.process_time()
        tell(texts)
        times.append(time.process_time() - started)
    return len(texts) / min(times)


def _row(name: str, told: Sequence[str], labels: Sequence[str]) -> str:
    shares = []
    for code in LANGUAGES:
        hits = [answer == label for answer, label in zip(told, labels, strict=True) if label == code]
        shares.append(f"{sum(hits) / len(hits):>7.1%}" if hits else f"{'':>7}")
    right = sum(answer == label for answer, label in zip(told, labels, strict=True))
    low, high = interval(right, len(labels))
    everything = f"{right / len(labels):.2%} ({low:.1%} to {high:.1%})"
    return f"  {name:22}{''.join(shares)}   {everything}  und {sum(answer == 'und' for answer in told)}"


def _sets(folder: Path | None) -> dict[str, list[Said]]:
    tweets = list(umsab(DATA, "val"))
    catalan = [("ca", text) for text in (HERE / "catalan.txt").read_text(encoding="utf-8").splitlines()]
    sets = {"tweets": tweets, "Catalan sentences": catalan}
    sets |= {f"cut to {words} words": list(cut(tweets + catalan, words)) for words in (3, 6)}
    if folder:
        shown = [(code, " ".join(_BLANKS.sub(" ", text).split())) for code, text in translations(folder)]
        sets["a program's screens"] = [(code, text) for code, text in shown if text.count(" ") >= 3]
    return sets


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--translations", type=Path)
    folder = ask.parse_args().translations
    if not DATA.exists():
        raise SystemExit(f"The tweets are not at {DATA}. Put the data beside the checkout and run again.")
    readers: dict[str, Tell] = {
        "carebot": lambda texts: _ours([tame(text) for text in texts]),
        "carebot, no accents": lambda texts: _ours([plain(tame(text)) for text in texts]),
    }
    if theirs := _theirs():
        readers["py3langid"] = theirs
    for name, said in _sets(folder).items():
        print(f"{name}: {len(said)}\n  {'':22}{''.join(f'{code:>7}' for code in LANGUAGES)}   all (95 %)")
        for reader, tell in readers.items():
            print(_row(reader, tell([text for _, text in said]), [code for code, _ in said]))
    texts = ([tame(text) for _, text in umsab(DATA, "val")] * 6)[:10_000]
    alone = _per_second(lambda some: [_ours([text])[0] for text in some], texts[:500])
    print(f"\nmessages a second, one core\n  {'carebot':22}{_per_second(_ours, texts):,.0f} ({alone:,.0f} one by one)")
    if theirs:
        print(f"  {'py3langid':22}{_per_second(theirs, texts[:2000]):,.0f}")


if __name__ == "__main__":
    main()
