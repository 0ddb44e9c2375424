"""How well carebot's readers and their peers do on labelled messages: the figures that `benchmarks.understanding` prints.

Nobody here was trained on the validation splits (TweetEval, UMSAB). The labelled care messages are another matter: the fast tier's
shipped weights were fitted with them and the lexicon was written while looking at them. Such figures are marked (`Figure.knew`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks.figures import Asked, Figure, by_chance, counted, off, scored
from carebot.training import data
from carebot.training.card import average_precision, f1, macro_f1, macro_recall
from carebot.training.fit import shares
from carebot.training.labelled import SURE
from carebot.training.model import Example
from carebot.understand.embedded import Reader
from carebot.understand.encoder import Encoder
from carebot.understand.normalise import plain, tame
from carebot.understand.transformer import spoken
from carebot.understand.verdicts import HEADS, LABELS, SERVICES, SYMPTOMS, Verdicts

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
GOLD = DATA / "text" / "care_gold_dev.jsonl"
FAST, FULL, LEXICON, ALONE = "fast tier", "full tier", "lexicon alone", "transformer alone"
CARE = ("outage", "complaint", "churn", "fraud", "moment", "praise")
FEWEST = 8  # yeses worth a figure
TENTH = 9  # the part of complaints_2019 that the linear model never learns from (`training.recipe`)


# ── our readers ──────────────────────────────────────────────────────────────────────────────────────────────────


def encoder() -> Encoder | None:
    try:
        return Encoder()
    except (ImportError, OSError):
        return None


def _of_transformer(logits: NDArray[np.float32], lang: Sequence[str]) -> Verdicts:
    """What the transformer says by itself, at even odds: neither weighed nor calibrated."""
    heads, moods, services, symptoms = np.split(logits.astype(np.float64), np.cumsum([len(HEADS), len(LABELS), len(SERVICES)]), axis=1)
    picks = [shares(table, [slice(0, table.shape[1])]) for table in (moods, services, symptoms)]
    return Verdicts(
        p=(1 / (1 + np.exp(-heads))).astype(np.float32),
        label=heads > 0,
        sentiment=picks[0].astype(np.float32),
        lang=tuple(lang),
        service=services.argmax(axis=1),
        service_p=picks[1].max(axis=1).astype(np.float32),
        symptom=symptoms.argmax(axis=1),
        symptom_p=picks[2].max(axis=1).astype(np.float32),
        services=SERVICES,
        symptoms=SYMPTOMS,
        why=((),) * len(lang),
    )


def read_by_all(examples: Sequence[Example], tiers: dict[str, Reader], net: Encoder | None) -> dict[str, Verdicts]:
    """What each of ours makes of these messages, whose language the network told."""
    words, lang = [example.text for example in examples], [example.lang for example in examples]
    told = {name: reader.read(words, lang) for name, reader in tiers.items()}
    if net:
        deep = net.logits([spoken(example.said) for example in examples])
        told |= {FULL: tiers[FAST].read(words, lang, deep=deep), ALONE: _of_transformer(deep, lang)}
    return told


# ── moods ────────────────────────────────────────────────────────────────────────────────────────────────────────


def validation(folder: Path, sample: int | None = None) -> dict[str, list[Example]]:
    asked = data.judges(folder)
    sets = {"TweetEval": [example for example in asked if example.source == "tweeteval"]}
    for lang in ("es", "en", "pt", "fr", "it", "de"):
        sets[f"UMSAB {lang}"] = [example for example in asked if example.source == "umsab" and example.lang == lang]
    return {name: few[:sample] for name, few in sets.items() if few}


def mood_asked(on: str) -> Asked:
    return "sentiment", on, "macro recall" if on == "TweetEval" else "macro F1"


def moods(on: str, examples: Sequence[Example], ours: dict[str, Verdicts], others: dict[str, peers.Reads]) -> Iterator[Figure]:
    """Everyone's score on one validation set, and how far off ours are."""
    right, score = np.array([int(np.argmax(example.mood)) for example in examples]), macro_recall if on == "TweetEval" else macro_f1
    for who, told in ours.items():
        picked, knew = told.sentiment.argmax(axis=1), "" if who == LEXICON else "~"
        yield scored(mood_asked(on), who, score, right, picked, knew)
        yield off(("sentiment", on, "ECE"), who, told.sentiment.max(axis=1), picked == right, knew)
    yield by_chance(("sentiment", on, "ECE"), (ours.get(FULL) or ours[FAST]).sentiment.max(axis=1).astype(np.float64))
    for who, reads in others.items():
        if examples[0].lang in peers.LANGUAGES.get(who, (examples[0].lang,)):
            yield scored(mood_asked(on), who, score, right, reads([example.said for example in examples]), "~" * (who == "fastText"))


# ── care ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Guess = Callable[[Sequence[str]], NDArray[np.float64]]  # plain texts → probability of a yes
_KNEW = {FAST: "*", FULL: "*", LEXICON: "*"}  # of care_gold; the full tier by the fast one's opinion, its transformer never saw one


def care(examples: Sequence[Example], ours: dict[str, Verdicts], others: dict[str, Guess] | None = None) -> Iterator[Figure]:
    """The labelled care messages, with and without those their annotator was unsure of. others: fastText's guess, by question."""
    for lang in ("es", "en"):
        for name, least in (("care_gold", 0.0), ("care_gold, sure", SURE)):
            rows = np.array([row for row, example in enumerate(examples) if example.lang == lang and example.weight >= least], np.intp)
            for head in CARE:
                right = np.array([examples[row].answers[head] == 1 for row in rows.tolist()], np.bool_)
                if right.sum() >= FEWEST:
                    yield from _question(head, f"{name} {lang}", rows, right, ours)
                    if others and head in others:
                        p = others[head]([examples[row].text for row in rows.tolist()])
                        yield from _yes((head, f"{name} {lang}"), "fastText", right, p, p >= 0.5, "")
            yield from _rest(f"{name} {lang}", [examples[row] for row in rows.tolist()], rows, ours)


def _question(head: str, on: str, rows: NDArray[np.intp], right: NDArray[np.bool_], ours: dict[str, Verdicts]) -> Iterator[Figure]:
    for who, told in ours.items():
        column = HEADS.index(head)
        yield from _yes((head, on), who, right, told.p[rows, column], told.label[rows, column], _KNEW.get(who, ""))
    p = (ours.get(FULL) or ours[FAST]).p[rows, HEADS.index(head)].astype(np.float64)
    yield by_chance((head, on, "ECE"), p)


def _yes(of: tuple[str, str], who: str, right: NDArray[np.bool_], p: NDArray[Any], said: NDArray[np.bool_], knew: str) -> Iterator[Figure]:
    yield scored((*of, "F1"), who, f1, right, said, knew)
    yield scored((*of, "AP"), who, average_precision, right, p, knew)
    yield off((*of, "ECE"), who, p.astype(np.float64), right, knew)


def _rest(on: str, asked: Sequence[Example], rows: NDArray[np.intp], ours: dict[str, Verdicts]) -> Iterator[Figure]:
    """Mood of all, service and symptom of the true outages."""
    failing = np.array([example.answers["outage"] == 1 for example in asked], np.bool_)
    for who, told in ours.items():
        knew = _KNEW.get(who, "")
        mood = [int(np.argmax(example.mood)) for example in asked]
        yield counted(("sentiment", on, "accuracy"), who, int((told.sentiment[rows].argmax(axis=1) == mood).sum()), len(asked), knew)
        for what, picked, names in (("service", told.service, told.services), ("symptom", told.symptom, told.symptoms)):
            hits = [names[pick] == getattr(example, what) for pick, example in zip(picked[rows].tolist(), asked, strict=True)]
            yield counted((what, on, "accuracy"), who, int((np.array(hits, np.bool_) & failing).sum()), int(failing.sum()), knew)


def complaints(examples: Sequence[Example], ours: dict[str, Verdicts], guess: Guess | None) -> Iterator[Figure]:
    """complaints_2019: all of it, which both tiers learnt from, and the tenth that linear model and fastText did not."""
    tenth = np.array([data.fold(example.text, 10) == TENTH for example in examples])
    right, column = np.array([example.answers["complaint"] == 1 for example in examples]), HEADS.index("complaint")
    for on, rows in (("complaints_2019", np.ones_like(tenth)), ("complaints_2019, a tenth", tenth)):
        for who, told in ours.items():
            knew = "" if who == LEXICON else "~" if who == FAST and on != "complaints_2019" else "*"
            yield scored(("complaint", on, "macro F1"), who, both_ways, right[rows], told.label[rows, column], knew)
        if guess:
            p = guess([example.text for example, its in zip(examples, rows.tolist(), strict=True) if its])
            yield scored(
                ("complaint", on, "macro F1"), "fastText", both_ways, right[rows], p >= 0.5, "" if on != "complaints_2019" else "*"
            )


def both_ways(right: NDArray[Any], said: NDArray[Any]) -> float:
    """Macro F1 of a yes/no question."""
    return (f1(right, said) + f1(~right, ~said)) / 2


def share_of_outages(on: str, texts: Sequence[str], reader: Reader) -> Figure:
    """How many of these, which nobody labelled, the fast tier takes for an outage."""
    heard = reader.read([plain(tame(text)) for text in texts], [""] * len(texts)).column("outage")
    return counted(("outage", on, "share"), FAST, int(heard.sum()), len(texts))


def streams(folder: Path, reader: Reader) -> Iterator[Figure]:
    for path in sorted((folder / "streams").glob("*_e[sn].jsonl")):
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        yield share_of_outages(path.stem, [row["text"] for row in rows if not row.get("by_brand")], reader)
