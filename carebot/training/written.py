"""Examples that nobody said: sentences written for this project, and the many ways people would type them.

examples/*.txt hold patterns in the lists' own notation, `no (jala|sirve) {machine}`; a heading says what they mean, and whatever it
does not name is "no", or not asked where it says `?news`. `{machine}` is drawn from examples/words.txt. The same seed gives the same
examples on every machine.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources

import msgspec

from carebot.training.model import Example, checked
from carebot.understand.lexicon import unfolded
from carebot.understand.linear import MOODS
from carebot.understand.normalise import plain, tame
from carebot.understand.verdicts import HEADS

WEIGHT = 0.4  # beside a real message: measured in folds, 0.3 does the same for outages as 1 and better for complaints
_SELDOM = {"others"}  # asked only where a heading names it: many a sentence says "we" and means it
_SLOT = re.compile(r"\{(\w+)\}")
_BEFORE = {
    "es": ("hola ", "buenas tardes ", "@banco ", "@banco @ayuda ", "oigan ", "che ", "wey ", "parce ", "tío, ", "disculpen, ", "joder, "),
    "en": ("hi ", "hello ", "@bank ", "@bank @help ", "hey guys ", "mate, ", "abeg ", "omg ", "ok so ", "excuse me, ", "wtf "),
}
_AFTER = {
    "es": (
        " gracias",
        " por favor",
        " ayuda",
        " qué pasa??",
        " !!!",
        " 😡",
        " 🤬🤬",
        " 🙏",
        " y nadie dice nada",
        " jaja",
        " pésimo",
        "...",
    ),
    "en": (" thanks", " please", " help", " whats up??", " !!!", " 😡", " 🤬🤬", " 🙏", " and no word from you", " lol", " smh", "..."),
}
_SHORT = {
    "es": (("que ", "q "), ("por ", "x "), ("porque", "xq"), ("también", "tmb"), ("está ", "ta "), ("para ", "pa "), ("qu", "k")),
    "en": (("you", "u"), ("your", "ur"), ("are ", "r "), ("please", "pls"), ("because", "cuz"), ("to ", "2 "), ("ing ", "in ")),
}
_NEAR = {"a": "s", "e": "r", "i": "o", "o": "p", "n": "m", "c": "v", "l": "k", "t": "y", "s": "d", "r": "t"}


class Pattern(msgspec.Struct, frozen=True):
    """A line of examples/*.txt with its heading. `mood` is one of MOODS."""

    text: str
    lang: str
    answers: dict[str, float]
    mood: str
    service: str
    symptom: str


def _file(name: str) -> str:
    return resources.files("carebot.training").joinpath("examples", name).read_text(encoding="utf-8")


def files() -> list[str]:
    listed = (entry.name for entry in resources.files("carebot.training").joinpath("examples").iterdir())
    return sorted(name for name in listed if name.endswith(".txt") and name != "words.txt")


@cache
def _words() -> dict[tuple[str, str], list[tuple[str, str]]]:
    """(slot, language) → what may stand there, each with the service it names, if any."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for line in _file("words.txt").splitlines():
        if line and not line.startswith("#"):
            head, _, choices = line.partition(": ")
            name, lang = head.rstrip("*").split(".")
            found[name, lang] = [(choice, name if head.endswith("*") else "") for choice in choices.split("|")]
            if head.endswith("*"):
                found.setdefault(("machine", lang), []).extend(found[name, lang])
    return found


def _heading(line: str, lang: str) -> Pattern:
    marks = line.strip("[]").split()
    said = dict(mark.split("=") for mark in marks if "=" in mark)
    bare = [mark for mark in marks if "=" not in mark]
    return Pattern(
        text="",
        lang=said.get("lang", lang),
        answers={head: float(head in bare) for head in HEADS if head in bare or (head not in _SELDOM and f"?{head}" not in bare)},
        mood=next(mark for mark in bare if mark in MOODS),
        service=said.get("service", ""),
        symptom=said.get("symptom", ""),
    )


def patterns(text: str, lang: str = "") -> Iterator[Pattern]:
    """The lines of one file.

    lang   of headings that name none
    """
    heading: Pattern | None = None
    for line in text.splitlines():
        if line.startswith("["):
            heading = _heading(line, lang)
        elif line.strip() and not line.startswith("#"):
            assert heading, f"no heading above {line!r}"
            yield msgspec.structs.replace(heading, text=line.strip())


def bare(text: str) -> str:
    """Without its accents, as on a phone in a hurry.

    >>> bare("¿Se cayó la línea?")
    '¿Se cayo la linea?'
    """
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter) != "Mn")


def _mistyped(text: str, chance: random.Random) -> str:
    """One slip of the finger: a letter lost, doubled, swapped with the next or with the next key."""
    at = chance.randrange(max(1, len(text) - 1))
    slip = chance.randrange(4)
    if slip == 0:
        return text[:at] + text[at + 1 :]
    if slip == 1:
        return text[: at + 1] + text[at:]
    if slip == 2:
        return text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
    return text[:at] + _NEAR.get(text[at], text[at]) + text[at + 1 :]


def typed(text: str, lang: str, chance: random.Random) -> str:
    """The sentence as somebody might have typed it."""
    if chance.random() < 0.4:
        text = chance.choice(_BEFORE[lang]) + text
    if chance.random() < 0.4:
        text += chance.choice(_AFTER[lang])
    if chance.random() < 0.2:
        text = text.replace(*chance.choice(_SHORT[lang]))
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
        text = _mistyped(text, chance)
    return text.upper() if chance.random() < 0.06 else text


def _filled(pattern: Pattern, choices: list[str], chance: random.Random) -> tuple[str, str]:
    """One sentence of a pattern, and the service its words name."""
    text, service = chance.choice(choices), pattern.service
    while slot := _SLOT.search(text):
        word, named = chance.choice(_words()[slot[1], pattern.lang])
        text = text[: slot.start()] + word + text[slot.end() :]
        service = service or named
    return text, service


def examples(each: int = 40, seed: int = 1) -> list[Example]:
    """Different sentences of every pattern.

    each   how many to try for a pattern; one with few alternatives gives fewer
    """
    chance = random.Random(seed)  # noqa: S311  (nothing secret is drawn)
    found: dict[str, Example] = {}
    for name in files():
        for pattern in patterns(_file(name), name.split(".")[1]):
            choices = unfolded(pattern.text)
            for _ in range(each):
                sentence, service = _filled(pattern, choices, chance)
                said = tame(typed(sentence, pattern.lang, chance))
                mood = tuple(float(pattern.mood == mood) for mood in MOODS)
                answers = (pattern.answers, mood, service or "other", pattern.symptom or "none", WEIGHT)
                found[plain(said)] = checked(Example(plain(said), pattern.lang, "examples", *answers, said))
    return list(found.values())
