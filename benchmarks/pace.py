"""What `benchmarks.understanding` measures beside verdicts: how fast everybody reads, what language a text is in, what is a copy."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

from benchmarks import peers
from benchmarks.copies import Method, by_equal_words, by_rapidfuzz, by_window, score
from benchmarks.figures import Figure, counted
from benchmarks.scores import FAST, FULL
from benchmarks.storms import told
from carebot.training.model import Example
from carebot.understand.embedded import Reader
from carebot.understand.encoder import Encoder
from carebot.understand.language import LANGUAGES, languages
from carebot.understand.normalise import plain, tame
from carebot.understand.transformer import spoken

Work = Callable[[Sequence[str]], object]
INSTALL = "pip install '.[bench]'"


def per_second(work: Work, texts: Sequence[str], rounds: int) -> float:
    """The best of some rounds, in processor time."""
    gc.freeze()  # what the peers keep in memory is not looked through for rubbish at our expense, nor ours at theirs
    took = []
    for _ in range(rounds):
        started = time.process_time()
        work(texts)
        took.append(time.process_time() - started)
    return len(texts) / min(took)


def speeds(raw: Sequence[str], reader: Reader, net: Encoder | None, others: dict[str, peers.Reads]) -> Iterator[Figure]:
    """From the text as it came to every answer: normalising is in it, for us and for them."""
    batch = (list(raw) * (1000 // len(raw) + 1))[:1000]

    def fast(texts: Sequence[str]) -> object:
        return reader.read([plain(tame(text)) for text in texts], [""] * len(texts))

    works: dict[str, tuple[Work, int, int]] = {FAST: (fast, 1000, 7)}
    if net:

        def full(texts: Sequence[str]) -> object:
            return reader.read([plain(tame(text)) for text in texts], [""] * len(texts), deep=net.logits([spoken(text) for text in texts]))

        works[FULL] = (full, 150, 3)
    for who, reads in others.items():
        works[who] = (reads, 48, 2) if who.startswith("transformers") else (reads, 1000, 5)
    for who, (work, some, rounds) in works.items():
        yield Figure(what="speed", on="care_gold", score="messages/s", who=who, value=per_second(work, batch[:some], rounds), of=some)


def language_id(tweets: Sequence[Example], missing: dict[str, str]) -> Iterator[Figure]:
    """Tweets of six languages, and sentences of the seventh. Some 3 % of the "German" tweets are English."""
    catalan = (Path(__file__).resolve().parent / "catalan.txt").read_text(encoding="utf-8").splitlines()
    said = [*((example.lang, example.said) for example in tweets), *(("ca", tame(text)) for text in catalan)]
    texts, right = [text for _, text in said], [lang for lang, _ in said]
    tell: dict[str, Callable[[Sequence[str]], Sequence[str]]] = {
        "carebot": lambda some: languages(some, [""] * len(some), some),
        "carebot, no accents": lambda some: languages([plain(text) for text in some], [""] * len(some)),
    }
    try:
        py3langid = import_module("py3langid")
        py3langid.set_languages(list(LANGUAGES))
        tell["py3langid"] = lambda some: [py3langid.classify(text)[0] for text in some]
    except ImportError:
        missing["py3langid"] = INSTALL
    for who, tells in tell.items():
        hits = [one == lang for one, lang in zip(tells(texts), right, strict=True)]
        for lang in LANGUAGES:
            its = [hit for hit, spoken_ in zip(hits, right, strict=True) if spoken_ == lang]
            if its:
                yield counted(("language", lang, "accuracy"), who, sum(its), len(its))
        yield counted(("language", "all", "accuracy"), who, sum(hits), len(hits))
        yield Figure(what="language", on="all", score="messages/s", who=who, value=per_second(tells, texts[:1000], 5), of=len(texts[:1000]))


def copies(missing: dict[str, str], most: int | None = None) -> Iterator[Figure]:
    """Storms of altered copies among people who speak for themselves, all invented (`benchmarks.copies`)."""
    posts = told(1)[:most]
    storm = sum(post.storm for post in posts)
    ways: dict[str, Method] = {"carebot": by_window, "equal words": by_equal_words}
    try:
        import_module("rapidfuzz")
        ways["rapidfuzz"] = by_rapidfuzz
    except ImportError:
        missing["rapidfuzz"] = INSTALL
    for who, method in ways.items():
        gc.freeze()
        one = score(posts, method)
        yield counted(("copies", "storms", "collapsed"), who, round(one.collapsed * storm), storm)
        yield counted(("copies", "storms", "merged"), who, round(one.merged * (len(posts) - storm)), len(posts) - storm)
        yield Figure(what="copies", on="storms", score="µs a message", who=who, value=one.us, of=len(posts))
