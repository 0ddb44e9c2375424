"""How well, and how fast, carebot understands: every figure in one run, with 95 % intervals, beside its peers.

It reads the labelled messages beside the checkout, prints a table a question, and draws score against speed. A number is marked * if the
reader had learnt from those very messages, and ~ if it was only chosen or weighed by them; "in folds" is read from the model card, where
each message was judged by a fit that had not seen it. Scores are of messages whose language the network told; speeds count processor
time of one core, from the text as it came.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from benchmarks import peers
from benchmarks.bars import bars
from benchmarks.chart import chart
from benchmarks.figures import Asked, Figure, on_the_card, table
from benchmarks.pace import copies, language_id, speeds
from benchmarks.scores import (
    ALONE,
    CARE,
    DATA,
    FAST,
    FULL,
    LEXICON,
    TENTH,
    Guess,
    care,
    complaints,
    encoder,
    mood_asked,
    moods,
    read_by_all,
    streams,
    validation,
)
from carebot.training import data
from carebot.training.labelled import annotated, invented
from carebot.training.model import Example
from carebot.training.written import examples as written
from carebot.understand.embedded import Reader
from carebot.understand.encoder import Encoder
from carebot.understand.language import LANGUAGES

DOCS = Path(__file__).resolve().parents[1] / "docs"
CARD, PICTURE, PAGE = DOCS / "reference" / "model-card.md", "figures/understanding.svg", "why/how-well-it-reads.md"
Say = Callable[[str], None]

# ── who takes part ───────────────────────────────────────────────────────────────────────────────────────────────


class Field(NamedTuple):
    """Everybody in this run. moods: peers with a score and a speed; timed: with a speed alone; yes: fastText's answers, by question."""

    tiers: dict[str, Reader]
    net: Encoder | None
    moods: dict[str, peers.Reads]
    timed: dict[str, peers.Reads]
    yes: dict[str, Guess]
    missing: dict[str, str]


def field(folder: Path, model: str | None, say: Say) -> Field:
    there = Field({LEXICON: Reader(alone=True), FAST: Reader()}, encoder(), {}, {}, {}, {})
    if there.net is None:
        there.missing[FULL] = "pip install '.[full]'"
    learnt = examples_of_fasttext(folder)

    def join(name: str, where: dict[str, peers.Reads], made: Callable[[], peers.Reads]) -> None:
        say(f"getting ready: {name}")
        try:
            where[name] = made()
        except ImportError:
            there.missing[name] = peers.PIP[name.partition(":")[0]]

    join("VADER", there.moods, peers.vader)
    join("SentiLeak, es", there.moods, peers.sentileak)
    join("SenticNet, es", there.moods, peers.senticnet)
    join("fastText", there.moods, lambda: peers.fasttext_moods(learnt))
    if "fastText" in there.moods:
        there.yes.update({head: peers.fasttext_yes(learnt, head) for head in ("outage", "complaint")})
    if model:
        join(f"transformers: {Path(model).name}", there.moods, lambda: peers.transformers_folder(model))
    else:
        join(peers.SIZE, there.timed, peers.transformers_size)
    return there


def examples_of_fasttext(folder: Path) -> list[Example]:
    """What ours learnt from too, but care_gold and the tenth of complaints_2019, which judge it."""
    judges = [example.text for example in (*data.judges(folder), *data.there(data.gold, folder))]
    found = [*annotated(folder), *invented(), *written(30, 1), *data.collected(folder, permissive=False)]
    kept = data.without(found, judges)
    return [example for example in kept if example.source != "complaints_2019" or data.fold(example.text, 10) != TENTH]


# ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def measured(folder: Path, model: str | None, sample: int | None, say: Say) -> tuple[list[Figure], dict[str, str]]:
    """All figures, and who is missing with the line that brings them. Some five minutes; the full tier and transformers take most of it."""
    those, found = field(folder, model, say), list[Figure]()
    sets, gold = validation(folder, sample), data.there(data.gold, folder)[:: 1 if sample is None else max(1, 551 // sample)]
    say("how fast everybody is")
    found += speeds([example.said for example in gold], those.tiers[FAST], those.net, {**those.moods, **those.timed})
    for name, examples in sets.items():
        say(f"{name}: {len(examples)} messages")
        found += moods(name, examples, read_by_all(examples, those.tiers, those.net), those.moods)
    say(f"care: {len(gold)} messages")
    found += care(gold, read_by_all(gold, those.tiers, those.net), those.yes)
    old = data.there(data.SETS["complaints_2019"].read, folder)[:sample]
    say(f"complaints_2019: {len(old)} messages")
    found += complaints(old, read_by_all(old, those.tiers, those.net), those.yes.get("complaint"))
    say("what is heard as an outage in the streams")
    found += streams(folder, those.tiers[FAST])
    say("languages, copies")
    found += language_id([example for name, examples in sets.items() if name != "TweetEval" for example in examples], those.missing)
    found += copies(those.missing, sample and 20 * sample)
    if CARD.exists():
        found += on_the_card(CARD.read_text(encoding="utf-8"))
    return [*found, *bars()], those.missing


def tables(found: Sequence[Figure]) -> Iterator[str]:
    sets = list(dict.fromkeys(one.on for one in found if one.what == "sentiment" and one.on[:5] in ("Tweet", "UMSAB")))
    speed = ("messages/s", ("speed", "care_gold", "messages/s"))
    yield from table(
        "Sentiment: macro recall on TweetEval, macro F1 on UMSAB; messages/s on care messages",
        [*((on, mood_asked(on)) for on in sets), speed],
        found,
    )
    for name in ("care_gold", "care_gold, sure"):
        for head in ("outage", "complaint"):
            asked = [(f"{lang} {how}", (head, f"{name} {lang}", how)) for lang in ("es", "en") for how in ("F1", "AP")]
            yield from table(f"{head.capitalize()}, {name}: F1 at the shipped threshold, average precision", asked, found)
        rare = [(f"{head} {lang}", (head, f"{name} {lang}", "F1")) for head in CARE[2:] for lang in ("es", "en")]
        there = {one.asked for one in found}
        yield from table(f"Rarer questions, {name}: F1", [column for column in rare if column[1] in there], found)
        asked = [
            (f"{what} {lang}", (what, f"{name} {lang}", "accuracy"))
            for what in ("service", "symptom", "sentiment")
            for lang in ("es", "en")
        ]
        yield from table(f"Service and symptom of true outages, sentiment of all, {name}: share right", asked, found)
    old = [(on, ("complaint", on, "macro F1")) for on in ("complaints_2019", "complaints_2019, a tenth")]
    yield from table("Complaint, complaints_2019: macro F1", old, found)
    off_by = [(f"{head} {lang}", (head, f"care_gold {lang}", "ECE")) for head in ("outage", "complaint") for lang in ("es", "en")]
    yield from table(
        "Calibration: expected calibration error, to be .05 at most", [*((on, ("sentiment", on, "ECE")) for on in sets), *off_by], found
    )
    yield from table(
        "Outages heard in the streams, which nobody labelled: share of messages",
        [(one.on.removeprefix("tags2020_"), one.asked) for one in found if one.score == "share"],
        found,
    )
    asked_lang: list[tuple[str, Asked]] = [(lang, ("language", lang, "accuracy")) for lang in (*LANGUAGES, "all")]
    yield from table("Language", [*asked_lang, ("messages/s", ("language", "all", "messages/s"))], found)
    yield from table(
        "Near duplicates: copies collapsed, genuine posts merged",
        [(how, ("copies", "storms", how)) for how in ("collapsed", "merged", "µs a message")],
        found,
    )


def drawn(found: Sequence[Figure]) -> str:
    speed = {one.who: one.value for one in found if one.what == "speed" and not one.who.startswith("(")}
    panels = []
    for title, asked in (("TweetEval, macro recall", mood_asked("TweetEval")), ("UMSAB Spanish, macro F1", mood_asked("UMSAB es"))):
        panels.append((title, [one for one in found if one.asked == asked and one.who in speed]))
    return chart(panels, speed, (FAST, FULL))


LEGEND = f"""
*  had learnt from these very messages, so this is an upper bound. The fast tier's shipped weights were fitted with care_gold and the
   lexicon was written while looking at it; the full tier takes their opinions in, though its transformer ("{ALONE}") never saw one of them.
   The honest figures are those "in folds", from the model card.
~  not trained on these, but chosen or weighed by them: a fresh test may come out a little lower.
fastText was trained in this run on the same sets, without what judges it. A transformers model has a score here only if you name a folder
with one: no hub can be reached, and none comes in a package. [published, test]: what authors report, on test splits that are not here.
ECE: a reader that is never off stays below "(perfect, by chance)" in 19 cases of 20; so many messages tell no more."""


def said(found: Sequence[Figure], missing: dict[str, str]) -> str:
    """The whole page of tables."""
    made = f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}"
    return "\n".join([made, *tables(found), LEGEND, *(f"missing: {name}. {line}" for name, line in missing.items())])


def write(docs: Path, found: Sequence[Figure], told: str) -> None:
    """The picture, and the tables in the page that explains them."""
    (docs / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    (docs / PICTURE).write_text(drawn(found), encoding="utf-8")
    page = (docs / PAGE).read_text(encoding="utf-8")
    before, fence, rest = page.partition("```text\n")
    (docs / PAGE).write_text(f"{before}{fence}{told}\n{rest[rest.index('```') :]}", encoding="utf-8")


def main() -> None:
    ask = argparse.ArgumentParser(
        prog="python -m benchmarks.understanding",
        description=__doc__,
        epilog="example: python -m benchmarks.understanding --json > figures.jsonl",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    ask.add_argument("--data", type=Path, default=DATA, metavar="FOLDER", help="the labelled messages (default: %(default)s)")
    ask.add_argument(
        "--transformers", metavar="FOLDER", help="a sentiment model in a folder, as transformers saves it, to score beside ours"
    )
    ask.add_argument("--write", type=Path, nargs="?", const=DOCS, metavar="DOCS", help=f"draw {PICTURE} and put the tables into {PAGE}")
    ask.add_argument("--sample", type=int, metavar="N", help="only N messages of each set, to see whether it runs")
    ask.add_argument("--json", action="store_true", help="a line of JSON a figure")
    args = ask.parse_args()
    if not args.data.exists():
        raise SystemExit(f"The labelled messages are not at {args.data}. Put the data beside the checkout, or name its folder with --data.")
    found, missing = measured(args.data, args.transformers, args.sample, _say)
    for name, line in missing.items():
        _say(f"missing: {name}. {line}")
    print("\n".join(msgspec.json.encode(one).decode() for one in found) if args.json else said(found, missing))
    if args.write:
        write(args.write, found, said(found, missing))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
