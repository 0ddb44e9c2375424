"""What a message means, which rule it matters to, and what people at the desk say that it means."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec


class Mark(msgspec.Struct, frozen=True, gc=False):
    """One yes/no question about a text: the probability, and the answer at the shipped threshold."""

    p: float
    label: bool


class Choice(msgspec.Struct, frozen=True, gc=False):
    """One pick from a vocabulary."""

    label: str
    p: float


class Sentiment(msgspec.Struct, frozen=True, gc=False):
    label: Literal["negative", "neutral", "positive"]
    negative: float
    neutral: float
    positive: float


_NO = Mark(0.0, False)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one text means. `why` holds the words that moved it. Of a verdict somebody else gives, what is left out means "no".

    others      says that it is not only them: "a todos", "is it down for everyone?"
    unrelated   is not about the company at all: the football club of the same name, chatter
    own         is the company itself speaking; news and advert: a headline, somebody selling something
    """

    lang: str = ""
    sentiment: Sentiment = Sentiment("neutral", 0.0, 1.0, 0.0)
    outage: Mark = _NO
    complaint: Mark = _NO
    churn: Mark = _NO
    fraud: Mark = _NO
    moment: Mark = _NO
    praise: Mark = _NO
    question: Mark = _NO
    irony: Mark = _NO
    hand_off: Mark = _NO
    recovered: Mark = _NO
    others: Mark = _NO
    unrelated: Mark = _NO
    own: Mark = _NO
    news: Mark = _NO
    advert: Mark = _NO
    service: Choice = Choice("none", 1.0)
    symptom: Choice = Choice("none", 1.0)
    why: tuple[str, ...] = ()


SignalKind = Literal["outage", "complaint", "churn", "fraud", "moment", "praise", "question", "recovered"]


class Signal(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A message that matters to a rule, and why. `counted` is false for copies and an author's second voice (`decide.detecting.voices`).

    conversation   what it is said in or answers; empty: it stands alone
    """

    id: str
    kind: SignalKind
    rule: str
    brand: str
    service: str
    symptom: str
    source: str
    author_key: str
    posted_at: datetime
    seen_at: datetime
    conversation: str = ""
    region: str = ""
    p: float = 1.0
    counted: bool = True
    fingerprint: int = 0
    why: tuple[str, ...] = ()


class Label(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a person at the desk says that a message means: what `carebot train --desk` learns from.

    answer   "yes" or "no" to "outage"; a service's name to "service"
    alone    this very message was meant, and not the evidence of an incident as a whole
    """

    message: str
    question: Literal["outage", "service"]
    answer: str
    by: str
    at: datetime
    alone: bool = False
