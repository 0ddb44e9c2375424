"""The reader that is always there: words and phrases in, verdicts out, some 20 µs a message.

Phrases say concepts (words/*.txt): `broken`, `cannot`, `bad` … What concepts amount to is MEANING below, and nowhere else: a line is
a head, a weight, and the concepts that must all be there. "no puedo" is `cannot`, "la app" is a `thing`; only together do
they speak for an outage. All weights are whole 64ths and all sums exact, so a message means the same alone and in a batch of a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from carebot.understand.features import Finder
from carebot.understand.language import languages
from carebot.understand.lexicon import lexicon, read, turned_round, words
from carebot.understand.linear import answered, blended, load, picked
from carebot.understand.services import BUILT_IN, Vocabulary
from carebot.understand.verdicts import HEADS, SERVICES, Verdicts, Why

# Concepts count once however often they are said, except feelings and grievances, which add up to this much.
MOST = {"bad": 6.0, "good": 4.0, "grievance": 3.0, "churn": 3.0, "fraud": 3.0, "moment": 3.0, "praise": 4.0, "irony": 3.0, "outright": 1.0}
# Services of which "it does not work" means a fault of the machine. The others fail in the hands of people.
MACHINES = {"app", "web", "login", "card", "atm", "transfer", "payment", "phone", "network", "booking"}

SHORT = 10  # words: "same here" means "it fails here too" only as a whole answer

# Written by hand, then moved by hand towards regularised fits: outage and complaint on 551 labelled care messages (cross-validated
# F1 .79 and .87), the moods on those and on 3,678 tweets in Spanish and English.
MEANING: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    ("outage", -3.25, ()),
    ("outage", 3.5, ("broken",)),
    ("outage", 2.0, ("broken", "thing")),
    ("outage", 2.5, ("outright",)),
    ("outage", 3.5, ("halts", "thing")),
    ("outage", 1.0, ("me_too",)),
    ("outage", 2.5, ("me_too", "short")),
    ("outage", -2.0, ("me_too", "good")),
    ("outage", -2.0, ("me_too", "praise")),
    ("outage", 2.25, ("in_vain", "tinkered")),
    ("outage", 0.25, ("cannot",)),
    ("outage", 1.5, ("cannot", "act")),
    ("outage", 1.0, ("cannot", "thing")),
    ("outage", 1.0, ("cannot", "act", "thing")),
    ("outage", 1.75, ("error",)),
    ("outage", 2.5, ("error", "thing")),
    ("outage", 2.5, ("slow", "thing")),
    ("outage", 1.0, ("others",)),
    ("outage", 0.75, ("now", "thing")),
    ("outage", 1.25, ("trying", "thing")),
    ("outage", 0.5, ("trying", "now")),
    ("outage", 0.75, ("system",)),
    ("outage", 0.25, ("question",)),
    ("outage", -3.0, ("unreal",)),
    ("outage", -2.5, ("chatter",)),
    ("outage", -4.0, ("brand_voice",)),
    ("outage", -5.0, ("back",)),
    ("outage", -1.25, ("money",)),
    ("outage", -0.5, ("fraud",)),
    ("complaint", -1.25, ()),
    ("complaint", 0.75, ("bad",)),
    ("complaint", 1.75, ("grievance",)),
    ("complaint", 0.75, ("broken",)),
    ("complaint", 0.25, ("error",)),
    ("complaint", 0.25, ("cannot",)),
    ("complaint", 0.25, ("bad", "thing")),
    ("complaint", -0.25, ("good",)),
    ("complaint", 0.5, ("now",)),
    ("complaint", 0.25, ("about",)),
    ("complaint", 0.75, ("money",)),
    ("complaint", 0.25, ("churn",)),
    ("complaint", 0.5, ("irony",)),
    ("complaint", 1.5, ("low_stars",)),
    ("complaint", -0.25, ("question",)),
    ("complaint", -0.25, ("trying",)),
    ("complaint", -0.75, ("praise",)),
    ("complaint", -2.0, ("high_stars",)),
    ("complaint", -1.75, ("chatter",)),
    ("complaint", -3.0, ("brand_voice",)),
    ("churn", -4.0, ()),
    ("churn", 2.0, ("churn",)),
    ("churn", -2.0, ("brand_voice",)),
    ("fraud", -4.0, ()),
    ("fraud", 2.0, ("fraud",)),
    ("moment", -4.0, ()),
    ("moment", 2.0, ("moment",)),
    ("praise", -3.75, ()),
    ("praise", 2.5, ("praise",)),
    ("praise", 0.5, ("good",)),
    ("praise", 1.5, ("high_stars",)),
    ("praise", -1.0, ("bad",)),
    ("praise", -1.25, ("grievance",)),
    ("praise", -2.0, ("chatter",)),
    ("praise", -2.0, ("broken",)),
    ("praise", -2.0, ("brand_voice",)),
    ("question", -2.0, ()),
    ("question", 4.0, ("question",)),
    ("irony", -3.0, ()),
    ("irony", 1.5, ("irony",)),
    ("irony", 0.5, ("good", "broken")),
    ("irony", 0.5, ("praise", "bad")),
    ("hand_off", -3.0, ()),
    ("hand_off", 5.0, ("elsewhere",)),
    ("hand_off", 2.0, ("elsewhere", "brand_voice")),
    ("recovered", -3.0, ()),
    ("recovered", 4.5, ("back",)),
    ("others", -3.0, ()),
    ("others", 4.5, ("others",)),
    ("others", 1.5, ("me_too",)),
    ("unrelated", -2.0, ()),
    ("unrelated", 3.0, ("chatter",)),
    ("unrelated", -2.0, ("thing",)),
    ("own", -4.0, ()),
    ("own", 5.0, ("brand_voice",)),
    ("news", -4.0, ()),
    ("advert", -4.0, ()),
    ("negative", -0.25, ()),
    ("negative", 0.75, ("bad",)),
    ("negative", 0.75, ("grievance",)),
    ("negative", 0.5, ("broken",)),
    ("negative", 0.75, ("money",)),
    ("negative", 0.25, ("now",)),
    ("negative", 0.25, ("about",)),
    ("negative", 0.5, ("irony",)),
    ("negative", -0.25, ("good",)),
    ("negative", -0.5, ("chatter",)),
    ("negative", -0.5, ("praise",)),
    ("negative", 2.0, ("low_stars",)),
    ("neutral", 0.25, ()),
    ("neutral", 0.25, ("broken",)),
    ("neutral", 0.5, ("question",)),
    ("neutral", 0.5, ("chatter",)),
    ("neutral", 0.5, ("about",)),
    ("neutral", -0.25, ("bad",)),
    ("neutral", -0.25, ("good",)),
    ("neutral", -0.5, ("irony",)),
    ("positive", -0.25, ()),
    ("positive", 0.5, ("good",)),
    ("positive", 0.75, ("praise",)),
    ("positive", -0.5, ("bad",)),
    ("positive", -0.5, ("grievance",)),
    ("positive", -1.0, ("broken",)),
    ("positive", -0.5, ("question",)),
    ("positive", -0.5, ("about",)),
    ("positive", 3.0, ("high_stars",)),
)
_OUTPUTS = (*HEADS, "negative", "neutral", "positive")
_SERVICE = slice(len(_OUTPUTS), len(_OUTPUTS) + len(SERVICES))  # in the answers of the full tier (`encoder.OUTPUTS`)
_SYMPTOM = slice(_SERVICE.stop, None)
# What a concept says about the symptom, beside the words of the vocabulary.
_SHOWS = {
    "login": ("login_fail", 2.0),
    "refused": ("declined", 2.0),
    "arrives": ("not_received", 2.0),
    "slow": ("slow", 1.5),
    "outright": ("down", 2.0),
    "broken": ("down", 0.5),
    "halts": ("down", 0.5),
    "error": ("error", 1.0),
    "cannot": ("error", 0.75),
    "grievance": ("other", 0.75),
    "bad": ("other", 0.25),
}


def _times(rows: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """`rows @ weights` without BLAS: its threads wait for each other longer than so small a product takes."""
    product: NDArray[np.float64] = np.einsum("rt,to->ro", rows, weights)
    return product


def _chances(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of each row that sum to 1. Rounded: the last bit of an exponential is not the same on every machine."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = np.round(powers / powers.sum(axis=1, keepdims=True), 6)
    return shares


class Reader:
    """Reads batches. Building one takes about a second; it keeps nothing between batches, so one is enough for a process.

    vocabulary   the services and symptoms it may answer with; `services.BUILT_IN` unless a rules file adds some
    alone        the lexicon without its second opinion (`linear`): what training weighs the two by
    """

    def __init__(self, vocabulary: Vocabulary = BUILT_IN, *, alone: bool = False) -> None:
        self._linear = None if alone else load()
        feelings = read(words("feeling"))
        self._phrases = Finder(lexicon(feelings, read(words("failing")), read(words("care")), turned_round(feelings)), longest=True)
        self._topics = Finder(lexicon(vocabulary.says()), longest=False)
        self.services, self.symptoms = tuple(vocabulary.services), tuple(vocabulary.symptoms)
        self._concepts = ("always", *self._phrases.lexicon.concepts, "about", "thing", "short", "low_stars", "high_stars")
        self._most = np.array([MOST.get(concept, 1.0) for concept in self._phrases.lexicon.concepts])
        place = self._concepts.index
        # Every meaning is a product of up to three concepts, with "always" where it has fewer.
        self._terms = np.array([[place(name) for name in (*names, "always", "always", "always")[:3]] for _, _, names in MEANING])
        self._weights = np.zeros((len(MEANING), len(_OUTPUTS)))
        for row, (output, weight, _) in enumerate(MEANING):
            self._weights[row, _OUTPUTS.index(output)] = weight
        self._strength: list[float] = self._phrases.lexicon.says.sum(axis=1).tolist()
        self._is_service = np.array([name.startswith("service:") for name in self._topics.lexicon.concepts])
        self._is_thing = np.array([_is_thing(name) for name in self._topics.lexicon.concepts])
        self._shows = np.zeros((len(self._concepts), len(self.symptoms)))
        for concept, (symptom, weight) in _SHOWS.items():
            if symptom in self.symptoms:
                self._shows[place(concept), self.symptoms.index(symptom)] = weight

    def read(
        self, plain: Sequence[str], lang: Sequence[str], stars: Sequence[int | None] = (), deep: NDArray[np.float32] | None = None
    ) -> Verdicts:
        """What each text means.

        plain   what `normalise.plain` gave
        lang    codes as given by the network, "" where it gave none; one for each text
        stars   the rating beside each text, None where there was none; empty if there were none at all
        deep    what the full tier makes of each text (`encoder.Encoder.logits`), where it was asked
        """
        hits, first = self._phrases.find(plain)
        topics = self._topics.concepts(*self._topics.find(plain))
        concepts = self._table(self._phrases.concepts(hits, first), topics, plain, stars)
        one, two, three = (concepts[:, column] for column in self._terms.T)
        outputs = _times(one * two * three, self._weights)
        service = self._column(topics, "service:", self.services, none=0.5)
        symptom = self._column(topics, "symptom:", self.symptoms, none=0.5) + _times(concepts, self._shows)
        spoken, label = languages(plain, lang), outputs[:, : len(HEADS)] > 0
        if self._linear:
            second, blend = self._linear.scores(plain), self._linear.blend if deep is None else self._linear.blend_of_three
            both = blended(outputs, second.heads, blend, spoken, deep if deep is None else deep[:, : len(_OUTPUTS)].astype(np.float64))
            starred = np.array([star is not None for star in stars] or [False] * len(spoken))[:, None]  # they say more
            label = np.where(starred, label, answered(both, blend, spoken))
            outputs = np.where(starred, outputs, both)
            service, symptom = picked(service, second.service, 0.2), picked(symptom, second.symptom, 0.3)
            if deep is not None:
                service, symptom = picked(service, deep[:, _SERVICE], 0.1), picked(symptom, deep[:, _SYMPTOM], 0.1)
        logits, moods = outputs[:, : len(HEADS)], outputs[:, len(HEADS) :]
        return Verdicts(
            p=np.round(1 / (1 + np.exp(-logits)), 6).astype(np.float32),
            label=label,
            sentiment=_chances(moods).astype(np.float32),
            lang=spoken,
            service=service.argmax(axis=1),
            service_p=_chances(service).max(axis=1, initial=0).astype(np.float32),
            symptom=symptom.argmax(axis=1),
            symptom_p=_chances(symptom).max(axis=1, initial=0).astype(np.float32),
            services=self.services,
            symptoms=self.symptoms,
            why=self._why(hits, first, label, logits, plain),
        )

    def _table(
        self, said: NDArray[np.float64], topics: NDArray[np.float64], plain: Sequence[str], stars: Sequence[int | None]
    ) -> NDArray[np.float64]:
        """The columns of `_concepts`, a row a message."""
        table = np.ones((len(said), len(self._concepts)))
        table[:, 1 : 1 + said.shape[1]] = np.minimum(said, self._most)
        system = said[:, self._phrases.lexicon.concepts.index("system")] > 0
        table[:, -5] = (topics[:, self._is_service] > 0).any(axis=1)
        table[:, -4] = (topics[:, self._is_thing] > 0).any(axis=1) | system
        table[:, -3] = [text.count(" ") <= SHORT + 1 for text in plain]
        table[:, -2] = [float(star is not None and star <= 2) for star in stars] if stars else 0.0
        table[:, -1] = [float(star is not None and star >= 4) for star in stars] if stars else 0.0
        return table

    def _column(self, topics: NDArray[np.float64], kind: str, names: tuple[str, ...], none: float) -> NDArray[np.float64]:
        """How strongly each message speaks for each service (or symptom). A word said twice speaks no louder than two words."""
        scores = np.zeros((len(topics), len(names)))
        for place, concept in enumerate(self._topics.lexicon.concepts):
            if concept.startswith(kind):
                scores[:, names.index(concept.removeprefix(kind))] = topics[:, place]
        scores[:, names.index("none")] = none
        return scores

    def _why(
        self, hits: NDArray[np.intp], first: NDArray[np.intp], label: NDArray[np.bool_], logits: NDArray[np.float64], plain: Sequence[str]
    ) -> Sequence[tuple[str, ...]]:
        """The phrases that say most in each message that means something; most messages mean nothing to us and say nothing.

        Where the lexicon knows no phrase of it, the words that moved the linear model.
        """
        ends, weight, phrases = [*first[1:].tolist(), len(hits)][: len(first)], self._strength, self._phrases.lexicon.phrases
        linear = self._linear
        reasons: list[tuple[str, ...] | None] = []
        matters: list[bool] = np.asarray(label.any(axis=1)).tolist()
        for start, end, means in zip(first.tolist(), ends, matters, strict=True):
            said = dict.fromkeys(hits[start + 1 : end].tolist()) if means else {}
            shown = tuple(phrases[hit] for hit in sorted(said, key=weight.__getitem__, reverse=True)[:4])
            reasons.append(None if means and not said and linear else shown)

        def look(row: int) -> tuple[str, ...]:
            question = HEADS[int(np.where(label[row], logits[row], -np.inf).argmax())]
            return linear.moved_by(plain[row], question) if linear else ()

        return Why(reasons, look)


def _is_thing(concept: str) -> bool:
    kind, _, name = concept.partition(":")
    return kind == "service" and (name in MACHINES or name not in SERVICES)
