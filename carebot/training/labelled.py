"""Labels people gave by reading, in one short notation: letters for what is true, a mood, a service, a symptom.

Two files. `labels/messages.tsv` labels messages of the sets in a data folder and holds none of their words: the set, the place in it, and a
hash that says whether it is still that text. `examples/messages.tsv` holds messages invented for this project, words and all.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from hashlib import blake2b
from importlib import resources
from pathlib import Path

import msgspec

from carebot.training.model import Example, checked
from carebot.understand.linear import MOODS
from carebot.understand.normalise import plain, tame
from carebot.understand.verdicts import HEADS

LETTERS = dict(zip("OCHFMPQIDRWUBNA", HEADS, strict=True))
_MOODS = dict(zip("-0+", MOODS, strict=True))
SURE, UNSURE = 6.0, 3.0  # beside a message of a set with a single answer
INVENTED = 2.0
_TABLES = {"es_airline_2017": "es_airline_2017_public.csv", "complaints_2019": "complaints_2019/dev.csv"}


class Label(msgspec.Struct, frozen=True):
    """What one reader said of one message. `letters`: keys of LETTERS, or "." for none; `mood`: "-", "0" or "+"."""

    letters: str
    mood: str
    service: str
    symptom: str
    unsure: bool = False


def example(said: str, lang: str, source: str, label: Label, weight: float) -> Example:
    """Raises ValueError or KeyError, with the name, for a letter, mood, service or symptom that is not ours."""
    if strange := set(label.letters) - {*LETTERS, "."}:
        raise ValueError(f"{sorted(strange)[0]!r} is no letter of ours: use {''.join(LETTERS)}")
    answers = {head: float(letter in label.letters) for letter, head in LETTERS.items()}
    mood = tuple(float(name == _MOODS[label.mood]) for name in MOODS)
    return checked(Example(plain(said), lang, source, answers, mood, label.service, label.symptom, weight, said))


def number(text: str) -> str:
    """What a text is recognised by: sixteen figures of a hash of its words, as `normalise.plain` gives them."""
    return blake2b(plain(tame(text)).encode(), digest_size=8).hexdigest()


def _rows(*place: str) -> Iterator[list[str]]:
    with resources.files("carebot.training").joinpath(*place).open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                yield line.rstrip("\n").split("\t")


def invented() -> Iterator[Example]:
    """Messages written for this project, one by one: nobody said them, and anybody may train on them."""
    for lang, letters, mood, service, symptom, text in _rows("examples", "messages.tsv"):
        yield example(tame(text), lang, "invented", Label(letters, mood, service, symptom), INVENTED)


def annotated(folder: Path) -> Iterator[Example]:
    """Messages of the folder's sets with every answer. A set that is not there, or a text that is no longer the same, is left out."""
    texts: dict[str, dict[str, str]] = {}
    for name, place, lang, expected, letters, mood, service, symptom, unsure in _rows("labels", "messages.tsv"):
        if name not in texts:
            texts[name] = _texts(folder, name)
        text = texts[name].get(place)
        if text is not None and number(text) == expected:
            label = Label(letters, mood, service, symptom, unsure == "?")
            yield example(tame(text), lang, "annotated", label, UNSURE if label.unsure else SURE)


def _texts(folder: Path, name: str) -> dict[str, str]:
    """Place → text: the id in a stream, the row's number in a table without ids."""
    try:
        if (stream := folder / "streams" / f"{name}.jsonl").exists():
            with stream.open(encoding="utf-8") as lines:
                return {row["id"]: row["text"] for row in map(json.loads, lines)}
        table = folder / "text" / _TABLES.get(name, name)
        with table.open(encoding="utf-8-sig", newline="") as file:
            return {row.get("id") or str(at): row["text"] for at, row in enumerate(csv.DictReader(file))}
    except FileNotFoundError:
        return {}
