"""Which words moved an answer: the message is read again without each of them, and what it says least without moved it most.

True of whatever the reader is made of, lexicon and linear model alike, at the price of a reading for every word: for one message on a
screen, not for a stream.
"""

from __future__ import annotations

import numpy as np

from carebot.understand.embedded import Reader
from carebot.understand.verdicts import HEADS

MOST = 100  # words that are tried
LEAST = 0.1  # logits; what moves an answer less did not move it


def moved_by(reader: Reader, plain: str, lang: str, head: str, most: int = 4) -> tuple[str, ...]:
    """The words without which a text would say it least, the strongest first.

    plain   what `normalise.plain` gave
    head    one of HEADS
    """
    said = plain.split()[:MOST]
    without = [f" {' '.join(said[:place] + said[place + 1 :])} " for place in range(len(said))]
    told = reader.read([f" {' '.join(said)} ", *without], [lang] * (len(said) + 1)).p[:, HEADS.index(head)]
    p = np.clip(told.astype(np.float64), 1e-6, 1 - 1e-6)
    whole, *less = np.log(p / (1 - p)).tolist()
    lost = {word: whole - score for word, score in zip(said, less, strict=True) if whole - score > LEAST}
    return tuple(sorted(lost, key=lost.__getitem__, reverse=True)[:most])
