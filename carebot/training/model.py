"""One example: what a text is, so far as its giver knew."""

from __future__ import annotations

import msgspec

from carebot.understand.linear import MOODS
from carebot.understand.verdicts import HEADS, SERVICES, SYMPTOMS

QUESTIONS = (*HEADS, *MOODS)  # the columns of what is learnt about every message


class Example(msgspec.Struct, frozen=True, gc=False):
    """A text and the answers known about it.

    text      what `normalise.plain` gave
    said      what was said, tamed: for a model that reads letters as they were written
    lang      two letters
    source    the set it comes from, a name of `data.SETS` or "examples"
    answers   head → share of yes, 0 to 1; a head that is not here was not asked
    mood      shares of negative, neutral, positive; empty if not asked
    service, symptom   a name of the built-in vocabulary; empty if not asked
    weight    how much it counts beside others
    """

    text: str
    lang: str
    source: str
    answers: dict[str, float] = {}
    mood: tuple[float, ...] = ()
    service: str = ""
    symptom: str = ""
    weight: float = 1.0
    said: str = ""


def checked(example: Example) -> Example:
    """The example, if its answers are to questions that are asked. Raises ValueError, with the name, if not."""
    for name, known in ((example.service, SERVICES), (example.symptom, SYMPTOMS)):
        if name and name not in known:
            raise ValueError(f"{name!r} is in no vocabulary: use one of {', '.join(known)}")
    if unknown := set(example.answers) - set(HEADS):
        raise ValueError(f"{sorted(unknown)[0]!r} is no question of ours: use one of {', '.join(HEADS)}")
    return example
