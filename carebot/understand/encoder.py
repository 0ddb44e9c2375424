"""The full tier: a small multilingual transformer of ours with every question as an output, some 75 messages a second on one core.

The built-in reader answers everything; this one is asked a second time about messages that matter and are unsure (`cascade`). It runs
in a process that may die (`effects.reading`), and onnxruntime and tokenizers (`carebot[full]`) are imported there and nowhere else.

One text goes through at a time. Eight together were 4 % faster (2026-11, one thread), and whoever is padded may come out a little
different; alone a text means the same in every batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import zip_longest

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.understand.transformer import LONGEST, NotANumber
from carebot.understand.verdicts import HEADS, LABELS, SERVICES, SYMPTOMS

OUTPUTS = (*HEADS, *LABELS, *SERVICES, *SYMPTOMS)  # the columns of `Encoder.logits`, in this order
SHIPPED: Traversable = resources.files("carebot.understand").joinpath("weights", "full")


class _Config(msgspec.Struct):
    """What we need of config.json: the model's own names for its outputs, by number."""

    id2label: dict[int, str]


class Encoder:
    """Reads batches. Loading takes some 0.3 s and 150 MB; it keeps nothing between batches.

    folder   model.onnx, tokenizer.json and config.json
    Raises ImportError without carebot[full], OSError where a file is missing, ValueError for weights made for other questions than ours.
    """

    def __init__(self, folder: Traversable = SHIPPED) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        _agree(msgspec.json.decode(folder.joinpath("config.json").read_bytes(), type=_Config).id2label)
        self._tokenizer = Tokenizer.from_str(folder.joinpath("tokenizer.json").read_text(encoding="utf-8"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # the other core is the loop's
        options.log_severity_level = 4  # a customer's words have no business in a log
        self._net = onnxruntime.InferenceSession(folder.joinpath("model.onnx").read_bytes(), options, providers=["CPUExecutionProvider"])

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Float32 (n, OUTPUTS), rows in the order of the texts. Raises NotANumber.

        texts   as `transformer.spoken` gave them; what comes after LONGEST tokens is not read
        """
        rows = np.zeros((len(texts), len(OUTPUTS)), np.float32)
        for row, text in enumerate(texts):
            tokens = np.array([self._tokenizer.encode(text).ids], np.int64)
            rows[row] = self._net.run(["logits"], {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})[0][0]
        if not np.isfinite(rows).all():
            raise NotANumber("it answers NaN: its weights are damaged. Install carebot[full] again")
        return rows


def _agree(id2label: dict[int, str]) -> None:
    """The weights answer our questions, in our order; a column too few would move every answer after it to another question."""
    names = [id2label[number] for number in sorted(id2label)]
    pairs = enumerate(zip_longest(names, OUTPUTS, fillvalue="nothing"))
    if wrong := next(((place, its, ours) for place, (its, ours) in pairs if its != ours), None):
        place, its, ours = wrong
        raise ValueError(
            f"its weights are of another version of carebot: output {place} is {its} and should be {ours}. Install carebot[full] again"
        )
