"""A model folder of the full tier's kind that fits on a page: each word of a text has a row of logits, and the text's are their mean.

It is a real ONNX file, run by the real runtime; only what it knows is small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from carebot.understand.encoder import OUTPUTS

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def saved(
    folder: Path, says: Mapping[str, Mapping[str, float]], *, outputs: Sequence[str] = OUTPUTS, rest: float = 0.0, swollen_to: int = 0
) -> Path:
    """The folder, with a model that says this of each word and `rest` of everything else.

    swollen_to   numbers it fills with nothing before it answers, each four bytes
    """
    from onnx import TensorProto, helper, numpy_helper, save
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = [*SPECIAL, *says]
    table = np.full((len(words), len(outputs)), rest, np.float32)
    for word, means in says.items():
        for output, logit in means.items():
            table[words.index(word), outputs.index(output)] = logit
    node, numbers = helper.make_node, np.array([1], np.int64)
    nodes = [
        node("Gather", ["table", "input_ids"], ["rows"], axis=0),
        node("Cast", ["attention_mask"], ["kept"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["kept", "last"], ["weights"]),
        node("Mul", ["rows", "weights"], ["counted"]),
        node("ReduceSum", ["counted", "words"], ["mean"], keepdims=0),
    ]
    stored = {"table": table, "last": np.array([-1], np.int64), "words": numbers}
    if swollen_to:
        stored["shape"] = np.array([swollen_to], np.int64)
        nodes += [node("ConstantOfShape", ["shape"], ["air"]), node("ReduceSum", ["air"], ["nothing"], keepdims=0)]
    nodes.append(node("Add", ["mean", "nothing"], ["logits"]) if swollen_to else node("Identity", ["mean"], ["logits"]))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in ("input_ids", "attention_mask")]
    answers = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(outputs)])]
    kept = [numpy_helper.from_array(array, name) for name, array in stored.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, answers, initializer=kept)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx")
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_bytes(msgspec.json.encode({"id2label": {str(place): name for place, name in enumerate(outputs)}}))
    return folder
