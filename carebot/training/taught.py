"""What the full tier thinks of the same messages: a file of opinions, by hash of the words, never with them.

Opinions are logits in the columns of `encoder.OUTPUTS`. The transformer never learnt from `care_gold`, so what is taught with them says
nothing of its answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import blake2b
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.training.data import key
from carebot.training.fit import shares
from carebot.training.model import Example
from carebot.understand.encoder import OUTPUTS, SHIPPED, Encoder
from carebot.understand.linear import MOODS
from carebot.understand.transformer import spoken
from carebot.understand.verdicts import HEADS, SERVICES, SYMPTOMS

_STARTS = (0, len(HEADS), len(HEADS) + len(MOODS), len(HEADS) + len(MOODS) + len(SERVICES))
_CHOSEN = tuple(slice(start, end) for start, end in zip(_STARTS[1:], (*_STARTS[2:], len(OUTPUTS)), strict=True))
SURE = 0.5  # a service or symptom less likely than this is not taught
_PART = 500
KNOWN = ("examples", "invented", "care_gold", "annotated", "desk")  # sets with every answer: nothing to add


def number(text: str) -> int:
    """What a text goes by in the file."""
    return int.from_bytes(blake2b(key(text).encode(), digest_size=8).digest())


Opinions = dict[int, NDArray[np.float32]]


def read(path: Path) -> Opinions:
    with np.load(path) as stored:
        return dict(zip(stored["number"].tolist(), stored["logits"].astype(np.float32), strict=True))


def write(path: Path, opinions: Opinions) -> None:
    table = np.array(list(opinions.values()), np.float16).reshape(-1, len(OUTPUTS))
    np.savez_compressed(path, number=np.array(list(opinions), np.uint64), logits=table)


def asked(examples: Sequence[Example], say: Callable[[str], None], folder: Path | None = None) -> Opinions:
    """What the full tier says of each text: some 75 a second and core, on all cores.

    folder   where it is; the shipped one if left out. Raises what `Encoder` raises
    """
    texts = {number(example.text): spoken(example.said) for example in examples}
    told, parts = dict[int, NDArray[np.float32]](), [list(texts)[start : start + _PART] for start in range(0, len(texts), _PART)]
    with ProcessPoolExecutor(initializer=_load, initargs=(folder,)) as pool:
        for part, rows in zip(parts, pool.map(_read, [[texts[one] for one in part] for part in parts]), strict=True):
            told |= zip(part, rows, strict=True)
            say(f"{len(told):,} of {len(texts):,} messages read by the full tier")
    return told


_encoder: list[Encoder] = []  # of this process


def _load(folder: Path | None) -> None:
    _encoder.append(Encoder(folder or SHIPPED))


def _read(texts: list[str]) -> NDArray[np.float32]:
    return _encoder[0].logits(texts)


def logits(examples: Sequence[Example], opinions: Opinions) -> NDArray[np.float32]:
    """The opinions of these messages; zeros of those it was not asked about."""
    unknown = np.zeros(len(OUTPUTS), np.float32)
    return np.array([opinions.get(number(example.text), unknown) for example in examples], np.float32).reshape(-1, len(OUTPUTS))


def _picked(shares: NDArray[np.float32], names: tuple[str, ...]) -> str:
    best = int(shares.argmax())
    return names[best] if shares[best] >= SURE else ""


def taught(example: Example, opinions: Opinions, trust: float = 0.4) -> Example:
    """The example with the teacher's answers where it has none of its own, and between the two where both have one.

    trust   the teacher's share of an answer that both give
    """
    known = opinions.get(number(example.text))
    if known is None or example.source in KNOWN:
        return example
    told = shares(known[None].astype(np.float64), _CHOSEN)[0]
    heads, mood = told[: _STARTS[1]], told[_STARTS[1] : _STARTS[2]]
    answers = dict(zip(HEADS, heads.tolist(), strict=True))
    for head, own in example.answers.items():
        answers[head] = trust * answers[head] + (1 - trust) * own
    said = tuple(mood.tolist())
    if example.mood:
        said = tuple(trust * theirs + (1 - trust) * own for theirs, own in zip(said, example.mood, strict=True))
    return msgspec.structs.replace(
        example,
        answers=answers,
        mood=said,
        service=example.service or _picked(told[_STARTS[2] : _STARTS[3]], SERVICES),
        symptom=example.symptom or _picked(told[_STARTS[3] :], SYMPTOMS),
    )
