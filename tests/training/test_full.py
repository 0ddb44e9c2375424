"""Making the full tier, on a network small enough to be taught in seconds: `make test-models` (torch and transformers)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="takes torch: make test-models")
pytest.importorskip("transformers", reason="takes transformers: make test-models")

from transformers import BertConfig, BertModel  # noqa: E402

from carebot.training.full.network import PAD, SPECIAL, Network, pooled, tokenizer  # noqa: E402
from carebot.training.full.recipe import often, wanted  # noqa: E402
from carebot.training.full.squeeze import squeeze  # noqa: E402
from carebot.training.full.teach import Course, loss, settle, teach  # noqa: E402
from carebot.training.labelled import Label, example  # noqa: E402
from carebot.understand.encoder import OUTPUTS, Encoder  # noqa: E402

BAD, GOOD = ["no va", "se cae", "no carga", "no abre"], ["va bien", "buen dia", "gracias", "hola a todos"]
LETTERS = sorted(set("".join([*BAD, *GOOD])) - {" "})
WORDS = tokenizer([*SPECIAL, "▁", *LETTERS], [0.0] * 4 + [-2.0] * (len(LETTERS) + 1))
EXAMPLES = [example(text, "es", "annotated", Label("OC", "-", "app", "down"), 6.0) for text in BAD]
EXAMPLES += [example(text, "es", "annotated", Label(".", "+", "none", "none"), 6.0) for text in GOOD]
ENCODED = [WORDS.encode(one.said).ids for one in EXAMPLES]


@pytest.fixture
def net() -> Network:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=WORDS.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=128, type_vocab_size=1, pad_token_id=PAD,
    )  # fmt: skip
    return Network(BertModel(config, add_pooling_layer=False), len(OUTPUTS))


def course(steps: int) -> Course:
    return Course(ENCODED, wanted(EXAMPLES), often(EXAMPLES), steps, 1e-2)


def outage(net: Network) -> list[bool]:
    made = pooled(net, ENCODED).clone()
    logits = torch.nn.functional.linear(made, net.head.weight, net.head.bias)
    said: list[bool] = (logits[:, OUTPUTS.index("outage")] > 0).tolist()
    return said


def test_a_head_settled_on_what_the_network_makes_of_a_text_answers_what_it_was_shown(net: Network):
    settle(net, course(0))
    assert outage(net) == [True] * 4 + [False] * 4


def test_a_course_teaches_and_the_same_seed_teaches_the_same(net: Network):
    start = {name: value.clone() for name, value in net.state_dict().items()}
    teach(net, course(200), lambda _: None)
    assert outage(net) == [True] * 4 + [False] * 4
    once = net.head.weight.clone()
    net.load_state_dict(start)
    teach(net, course(200), lambda _: None)
    assert torch.equal(net.head.weight, once)


def test_what_was_not_asked_costs_nothing():
    logits = torch.tensor([[3.0, -3.0, 1.0, 2.0]])
    nothing = loss(logits, torch.zeros(1, 4), torch.zeros(1, 4), (slice(2, 4),))
    assert float(nothing) == 0.0
    wrong, right = (loss(logits, torch.tensor([[one, 0.0, 0.0, 1.0]]), torch.ones(1, 4), (slice(2, 4),)) for one in (0.0, 1.0))
    assert float(wrong) > float(right)


def test_the_folder_is_read_by_the_encoder_and_says_the_same_in_8_bits(net: Network, tmp_path: Path):
    pytest.importorskip("onnx")
    teach(net, course(200), lambda _: None)
    squeeze(net, WORDS, OUTPUTS, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"model.onnx", "tokenizer.json", "config.json"}
    with torch.inference_mode():
        meant = net(torch.tensor([ENCODED[0]]), torch.ones(1, len(ENCODED[0]))).numpy()
    told = Encoder(tmp_path).logits([EXAMPLES[0].said])
    assert np.corrcoef(meant[0], told[0])[0, 1] > 0.98
