"""A sentiment model of the user's own, as `transformers` loads it: texts in, negative/neutral/positive out.

It runs in a process that may die (`effects.reading.model_worker`); torch is imported there and nowhere else. A model says what its answers
are called, never what they mean: `label_map` knows the names that are usual, and asks for the rest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carebot.understand.normalise import tame
from carebot.understand.verdicts import LABELS, Verdicts

TOGETHER = 16  # texts a pass; more gains nothing on a processor (measured: 8 to 16 is best, 32 is no faster)
LONGEST = 96  # tokens; a post has 27 on average
_LOOKED_AT, _LETTERS = 1000, 400  # of a text, before and after links are shortened; 96 tokens are about 400
_NUMBERED = re.compile(r"(?:label[ _-]?)?([0-2])")
_STARS = re.compile(r"([1-5]) (?:stars?|estrellas?|etoiles?|stelle|stella|estrelas?|estrelles?|sterne?)|([★⭐]{1,5})")
_VERY = r"(?:(?:very|extremely|strongly|slightly|somewhat|muy|muito|tres|molto|sehr|molt) )?"
_NAMED = {
    "negative": re.compile(_VERY + r"neg(?:ati(?:v[aeo]?|f|u))?"),
    "neutral": re.compile(r"neu(?:tr(?:al[e]?|[aeo]))?"),
    "positive": re.compile(_VERY + r"pos(?:iti(?:v[aeo]?|f|u))?"),
}
_HANDLE, _LINK = re.compile(r"@\w[\w.]*"), re.compile(r"(?:https?://|www\.)\S+")


class NotANumber(ValueError):
    """The model answered NaN or infinity. Its text may be shown: it holds nothing of a message."""


# ── what its labels mean ─────────────────────────────────────────────────────────────────────────────────────────


def label_map(id2label: Mapping[int, str], given: Mapping[str, str] | None = None) -> NDArray[np.float32]:
    """What each answer of a model counts as: float32 (answers, 3), a single 1 in each row.

    id2label   the model's own labels: LABEL_0/1/2, neg/neu/pos in any of our languages, or 1 to 5 stars (3 is neutral)
    given      what the user says they mean; it goes before what the names say
    Raises ValueError, saying what to write under `labels`, for a name that says nothing.
    """
    names = [str(id2label[number]) for number in sorted(id2label)]
    said = {_bare(name): meaning for name, meaning in (given or {}).items()}
    if strange := [name for name in given or {} if _bare(name) not in map(_bare, names)]:
        raise ValueError(f"`labels` names {', '.join(strange)}, which the model does not have. It has: {', '.join(names)}.")
    means = [said.get(_bare(name)) or _meaning(name, len(names)) for name in names]
    if unknown := [name for name, meaning in zip(names, means, strict=True) if meaning is None]:
        example = ", ".join(f"{name}: …" for name in unknown[:5])
        raise ValueError(
            f"the model's labels do not say what they mean: {', '.join(unknown[:20])}. "
            f"Write under classifier: labels: {{{example}}}, each with negative, neutral or positive."
        )
    if missing := {"negative", "positive"} - set(means):
        raise ValueError(f"no label of the model means {' or '.join(sorted(missing))}: {', '.join(names)}. Is it a sentiment model?")
    return np.array([[float(meaning == label) for label in LABELS] for meaning in means], np.float32)


def _bare(name: str) -> str:
    """In small letters, without accents, words apart by one space."""
    letters = unicodedata.normalize("NFKD", name.casefold().replace("_", " ").replace("-", " "))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def _meaning(name: str, of: int) -> str | None:
    """What a name says, if anything. Numbers alone say it only where there are three: two could be spam and no spam."""
    bare = _bare(name)
    if of == 3 and (found := _NUMBERED.fullmatch(bare)):
        return LABELS[int(found[1])]
    if found := _STARS.fullmatch(bare):
        stars = int(found[1]) if found[1] else len(found[2])
        return LABELS[(stars > 2) + (stars > 3)]
    return next((label for label, form in _NAMED.items() if form.fullmatch(bare)), None)


# ── the model ────────────────────────────────────────────────────────────────────────────────────────────────────


class Model:
    """One loaded model. Loading takes seconds, and minutes when it must be fetched from the hub first.

    name     a folder, or a name on the hub
    local    never ask the hub
    Raises ImportError without transformers and torch, OSError where there is no such model, ValueError for labels nobody understands.
    """

    def __init__(self, name: str, *, device: str = "auto", labels: Mapping[str, str] | None = None, local: bool = False) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        if device == "cuda" and not torch.cuda.is_available():
            raise ValueError("there is no GPU that torch can use. Write device: cpu, or install torch for your GPU.")
        torch.set_num_threads(1)  # the other core is the loop's
        self.device = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
        safe: dict[str, Any] = {"local_files_only": local, "trust_remote_code": False}  # a model folder may bring code: never run it
        self._tokenizer = AutoTokenizer.from_pretrained(name, **safe)
        self._net = AutoModelForSequenceClassification.from_pretrained(name, **safe).float().eval().to(self.device)
        self._map = label_map(self._net.config.id2label, labels)
        self._most = min(LONGEST, self._tokenizer.model_max_length)
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
            self._net.config.pad_token_id = self._tokenizer.pad_token_id

    def sentiment(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32 (n, 3), rows in the order of the texts. Raises NotANumber."""
        rows = np.zeros((len(texts), len(LABELS)), np.float32)
        by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))  # so that little is padded
        for start in range(0, len(texts), TOGETHER):
            few = by_length[start : start + TOGETHER]
            rows[few] = self._pass([texts[row] for row in few]) @ self._map
        if not np.isfinite(rows).all():
            raise NotANumber("it answers NaN: its weights are damaged, or it is no float model")
        return rows

    def _pass(self, texts: list[str]) -> NDArray[np.float32]:
        """The share of each of the model's own answers."""
        import torch

        told = self._tokenizer(texts, truncation=True, max_length=self._most, padding=True, return_tensors="pt").to(self.device)
        with torch.inference_mode():
            shares: NDArray[np.float32] = self._net(**told).logits.softmax(-1).float().cpu().numpy()
        return shares


def spoken(text: str) -> str:
    """A text as models of posts were trained on it, ours included: whoever is named is @user, wherever it points is http.

    One line, without HTML's escapes, cut to what a model reads of it. `text`: tamed and redacted
    """
    return " ".join(_LINK.sub("http", _HANDLE.sub("@user", tame(unescape(text[:_LOOKED_AT])))).split())[:_LETTERS]


def most_wanted(verdicts: Verdicts) -> list[int]:
    """The rows in the order in which a slow model should be asked: first what matters to anybody."""
    rows: list[int] = np.argsort(~verdicts.label.any(axis=1), kind="stable").tolist()
    return rows
