"""What a larger model, run elsewhere, thinks of the same messages: a file of opinions, by hash of the words, never with them.

Opinions are shares between 0 and 1 in the columns HEADS, MOODS, SERVICES, SYMPTOMS; NaN where it was not asked. Part 0 of the file
knew every label; part 1 + f had not seen the labels of fold f, so that scores on that fold are honest.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.training.data import key
from carebot.training.model import Example
from carebot.understand.linear import MOODS
from carebot.understand.verdicts import HEADS, SERVICES, SYMPTOMS

_STARTS = (0, len(HEADS), len(HEADS) + len(MOODS), len(HEADS) + len(MOODS) + len(SERVICES))
COLUMNS = _STARTS[3] + len(SYMPTOMS)
SURE = 0.5  # a service or symptom less likely than this is not taught


def number(text: str) -> int:
    """What a text goes by in the file."""
    return int.from_bytes(blake2b(key(text).encode(), digest_size=8).digest())


Opinions = dict[int, NDArray[np.float32]]


def read(path: Path, part: int = 0) -> Opinions:
    with np.load(path) as stored:
        return dict(zip(stored["number"].tolist(), stored[f"part{part}"].astype(np.float32), strict=True))


def write(path: Path, numbers: Iterable[int], parts: Iterable[NDArray[np.float32]]) -> None:
    tables = {f"part{at}": table.astype(np.float16) for at, table in enumerate(parts)}
    np.savez_compressed(path, number=np.array(list(numbers), np.uint64), **tables)  # type: ignore[arg-type]


def _picked(shares: NDArray[np.float32], names: tuple[str, ...]) -> str:
    best = int(np.nan_to_num(shares, nan=-1.0).argmax())
    return names[best] if shares[best] >= SURE else ""


def taught(example: Example, opinions: Opinions, trust: float = 0.4) -> Example:
    """The example with the teacher's answers where it has none of its own, and between the two where both have one.

    trust   the teacher's share of an answer that both give
    """
    known = opinions.get(number(example.text))
    if known is None or example.source in ("examples", "care_gold"):
        return example
    heads, mood = known[: _STARTS[1]], known[_STARTS[1] : _STARTS[2]]
    answers = {head: float(share) for head, share in zip(HEADS, heads, strict=True) if not np.isnan(share)}
    for head, own in example.answers.items():
        answers[head] = trust * answers.get(head, own) + (1 - trust) * own
    said = tuple(mood.tolist()) if not np.isnan(mood).any() else ()
    if said and example.mood:
        said = tuple(trust * theirs + (1 - trust) * own for theirs, own in zip(said, example.mood, strict=True))
    return msgspec.structs.replace(
        example,
        answers=answers,
        mood=said or example.mood,
        service=example.service or _picked(known[_STARTS[2] : _STARTS[3]], SERVICES),
        symptom=example.symptom or _picked(known[_STARTS[3] :], SYMPTOMS),
    )
