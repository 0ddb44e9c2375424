"""Which messages are worth a second look by the slow reader, and in which order?

The built-in reader has read them all. The slow one has time for some: first those a wrong answer costs most, where the answer could
go either way. When little is said there is time for all of them, but not for what surely has nothing to do with us.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from carebot.understand.verdicts import HEADS, Verdicts

GRAVE = ("complaint", "churn", "fraud", "moment")
THRESHOLD = -0.5  # logit; the shipped thresholds lie between -1 and 0
UNSURE = 2.0  # logits from the threshold: between a chance of .08 and one of .82
SURELY = 0.7  # the chance of `unrelated` above which a message without any other meaning is left alone


def worth_asking(verdicts: Verdicts, plain: Sequence[str]) -> list[int]:
    """The rows to ask about, the most urgent first.

    An outage that may be one or not; then a complaint, a threat to leave, a fraud or a moment of truth that may be one or not; then
    whatever means something; then the rest, but chatter. Within each, the least sure first, and then as they came.

    plain   what `normalise.plain` gave; a message without words is not asked about
    """
    off = _off_threshold(verdicts)
    outage, grave = off[:, HEADS.index("outage")], off[:, [HEADS.index(head) for head in GRAVE]].min(axis=1, initial=np.inf)
    means = verdicts.label[:, [column for column, head in enumerate(HEADS) if head != "unrelated"]].any(axis=1)
    chatter = ~means & (verdicts.p[:, HEADS.index("unrelated")] > SURELY)
    urgency = np.select([outage < UNSURE, grave < UNSURE, means, ~chatter], [0, 1, 2, 3], default=4)
    order = np.lexsort((np.minimum(outage, grave), urgency)).tolist()
    return [row for row in order if urgency[row] < 4 and has_words(plain[row])]


def everything(plain: Sequence[str]) -> list[int]:
    """The rows of all messages with words, for whoever is in no hurry."""
    return [row for row, text in enumerate(plain) if has_words(text)]


def has_words(plain: str) -> bool:
    return any(map(str.isalpha, plain))


def _off_threshold(verdicts: Verdicts) -> NDArray[np.float64]:
    """How far each answer is from going the other way, in logits."""
    p = np.clip(verdicts.p.astype(np.float64), 1e-6, 1 - 1e-6)
    off: NDArray[np.float64] = np.abs(np.log(p / (1 - p)) - THRESHOLD)
    return off
