"""A batch of verdicts as columns: what the understanding room hands on.

One row a message, one column a question. Decisions pick the rows that matter with numpy and ask for a whole `Verdict`
only for those: most messages are chatter and never become objects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.model import Choice, Mark, Sentiment, Verdict

HEADS = ("outage", "complaint", "churn", "fraud", "moment", "praise", "question", "irony", "hand_off", "recovered",
         "others", "unrelated", "own", "news", "advert")  # fmt: skip
LABELS: tuple[Literal["negative", "neutral", "positive"], ...] = ("negative", "neutral", "positive")
# The vocabulary of services and symptoms that holds before any rules file is read (the labelled care data's own).
SERVICES = ("none", "other", "app", "web", "login", "card", "atm", "account", "transfer", "payment", "loan", "branch", "phone",
            "network", "flight", "booking", "baggage")  # fmt: skip
SYMPTOMS = ("none", "other", "down", "login_fail", "error", "slow", "crash", "declined", "blocked", "not_received", "wrong_charge",
            "no_answer", "delay", "out_of_cash")  # fmt: skip


class Why(Sequence[tuple[str, ...]]):
    """The words that moved each verdict. None: the lexicon knows none of them, and they are looked for where somebody asks for that row:
    a reading for every word, which cost half of all reading when it was done for each headline and each post about the football club."""

    def __init__(self, found: list[tuple[str, ...] | None], look: Callable[[int], tuple[str, ...]]) -> None:
        self._found, self._look = found, look

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, row: Any) -> Any:
        if (said := self._found[row]) is None:
            said = self._found[row] = self._look(row)
        return said


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """Verdicts of n messages.

    p           float32 (n, len(HEADS)): probability of each head
    label       bool    (n, len(HEADS)): the answer at the shipped threshold
    sentiment   float32 (n, 3): negative, neutral, positive; rows sum to 1
    service, symptom   index into `services` / `symptoms`; service_p, symptom_p their probabilities
    why         the words that moved each row
    """

    p: NDArray[np.float32]
    label: NDArray[np.bool_]
    sentiment: NDArray[np.float32]
    lang: tuple[str, ...]
    service: NDArray[np.intp]
    service_p: NDArray[np.float32]
    symptom: NDArray[np.intp]
    symptom_p: NDArray[np.float32]
    services: tuple[str, ...]
    symptoms: tuple[str, ...]
    why: Sequence[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.lang)

    def column(self, head: str) -> NDArray[np.bool_]:
        """The answers to one question, a row a message."""
        answers: NDArray[np.bool_] = self.label[:, HEADS.index(head)]
        return answers

    def row(self, index: int) -> Verdict:
        """One message's verdict as a value."""
        heads = {head: Mark(round(float(self.p[index, column]), 4), bool(self.label[index, column])) for column, head in enumerate(HEADS)}
        negative, neutral, positive = (round(float(value), 4) for value in self.sentiment[index])
        return Verdict(
            lang=self.lang[index],
            sentiment=Sentiment(LABELS[int(self.sentiment[index].argmax())], negative, neutral, positive),
            service=Choice(self.services[self.service[index]], round(float(self.service_p[index]), 4)),
            symptom=Choice(self.symptoms[self.symptom[index]], round(float(self.symptom_p[index]), 4)),
            why=self.why[index],
            **heads,
        )


def unread(lang: Sequence[str], services: tuple[str, ...], symptoms: tuple[str, ...]) -> Verdicts:
    """A batch nobody read, a row a language: to be overruled whole."""
    n = len(lang)
    nowhere, surely = np.zeros(n, np.intp), np.ones(n, np.float32)
    return Verdicts(
        p=np.zeros((n, len(HEADS)), np.float32),
        label=np.zeros((n, len(HEADS)), np.bool_),
        sentiment=np.tile(np.array([0, 1, 0], np.float32), (n, 1)),
        lang=tuple(lang),
        service=nowhere,
        service_p=surely,
        symptom=nowhere,
        symptom_p=surely,
        services=services,
        symptoms=symptoms,
        why=((),) * n,
    )


def overruled(verdicts: Verdicts, others: Sequence[Verdict | None]) -> Verdicts:
    """The same batch, with the rows somebody else judged replaced by their judgement."""
    p, label, sentiment = verdicts.p.copy(), verdicts.label.copy(), verdicts.sentiment.copy()
    service, service_p = verdicts.service.copy(), verdicts.service_p.copy()
    symptom, symptom_p = verdicts.symptom.copy(), verdicts.symptom_p.copy()
    services, symptoms = list(verdicts.services), list(verdicts.symptoms)
    lang, why = list(verdicts.lang), list(verdicts.why)
    for row, verdict in enumerate(others):
        if verdict is None:
            continue
        marks = [getattr(verdict, head) for head in HEADS]
        p[row], label[row] = [mark.p for mark in marks], [mark.label for mark in marks]
        sentiment[row] = (verdict.sentiment.negative, verdict.sentiment.neutral, verdict.sentiment.positive)
        service[row], service_p[row] = _place(services, verdict.service.label), verdict.service.p
        symptom[row], symptom_p[row] = _place(symptoms, verdict.symptom.label), verdict.symptom.p
        lang[row], why[row] = verdict.lang or lang[row], verdict.why
    return Verdicts(
        p=p,
        label=label,
        sentiment=sentiment,
        lang=tuple(lang),
        service=service,
        service_p=service_p,
        symptom=symptom,
        symptom_p=symptom_p,
        services=tuple(services),
        symptoms=tuple(symptoms),
        why=tuple(why),
    )


def with_sentiment(verdicts: Verdicts, sentiment: NDArray[np.float32], rows: Sequence[int]) -> Verdicts:
    """The same batch, with the sentiment of these rows as another model gave it. `sentiment` has one line for each of `rows`."""
    moods = verdicts.sentiment.copy()
    moods[list(rows)] = sentiment
    return msgspec.structs.replace(verdicts, sentiment=moods)


def replaced(verdicts: Verdicts, rows: Sequence[int], better: Verdicts) -> Verdicts:
    """The same batch, with these rows as they were read a second time. `better` has one line for each of `rows`, in the same vocabulary."""
    assert len(rows) == len(better)
    assert better.services == verdicts.services
    assert better.symptoms == verdicts.symptoms
    at = list(rows)
    columns = {name: getattr(verdicts, name).copy() for name in ("p", "label", "sentiment", "service", "service_p", "symptom", "symptom_p")}
    for name, column in columns.items():
        column[at] = getattr(better, name)
    lang, why = list(verdicts.lang), list(verdicts.why)
    for row, its_lang, its_why in zip(at, better.lang, better.why, strict=True):
        lang[row], why[row] = its_lang, its_why
    return msgspec.structs.replace(verdicts, lang=tuple(lang), why=tuple(why), **columns)


def _place(names: list[str], name: str) -> int:
    """The index of a name in the vocabulary, which grows by names it does not know."""
    if name not in names:
        names.append(name)
    return names.index(name)
