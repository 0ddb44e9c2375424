"""Any sentiment model answers in our three words, or says what it needs.

The models are real ones: tiny, with weights set by hand, saved and loaded by `transformers`. They run with `make test-models`.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from carebot.effects.reading import model_worker
from carebot.effects.reading.model_child import Settings
from carebot.effects.reading.model_worker import Worker
from carebot.understand.transformer import LONGEST, TOGETHER, Model, NotANumber, label_map, spoken
from carebot.understand.verdicts import LABELS

# ── labels: no model is needed to read them ──────────────────────────────────────────────────────────────────────


def means(*names: str, given: dict[str, str] | None = None) -> list[str]:
    return [LABELS[int(row.argmax())] for row in label_map(dict(enumerate(names)), given)]


@pytest.mark.parametrize(
    ("names", "meanings"),
    [
        ("LABEL_0 LABEL_1 LABEL_2", "negative neutral positive"),
        ("label_2 label_0 label_1", "positive negative neutral"),
        ("0 1 2", "negative neutral positive"),
        ("Negative Neutral Positive", "negative neutral positive"),
        ("NEG NEU POS", "negative neutral positive"),
        ("POS NEU NEG", "positive neutral negative"),
        ("negativo neutro positivo", "negative neutral positive"),
        ("négatif neutre positif", "negative neutral positive"),
        ("Negativ Neutral Positiv", "negative neutral positive"),
        ("negatiu neutre positiu", "negative neutral positive"),
        ("NEGATIVE POSITIVE", "negative positive"),
        ("positiva negativa", "positive negative"),
        ("Very_Negative Negative Neutral Positive Very-Positive", "negative negative neutral positive positive"),
        ("1_star 2_stars 3_stars 4_stars 5_stars", "negative negative neutral positive positive"),
        ("5_estrellas 4_estrellas 3_estrellas 2_estrellas 1_estrella", "positive positive neutral negative negative"),
        ("★ ★★ ★★★ ★★★★ ★★★★★", "negative negative neutral positive positive"),
    ],
)
def test_labels_that_are_usual_are_understood(names: str, meanings: str):
    assert means(*(name.replace("_star", " star").replace("_estre", " estre") for name in names.split())) == meanings.split()


@pytest.mark.parametrize("names", ["LABEL_0 LABEL_1", "0 1", "LABEL_0 LABEL_1 LABEL_2 LABEL_3", "ham spam", "joy anger fear"])
def test_labels_that_could_mean_anything_are_asked_about(names: str):
    with pytest.raises(ValueError, match=r"Write under classifier: labels: \{.*, each with negative, neutral or positive\."):
        means(*names.split())


def test_what_the_user_says_goes_before_what_the_names_say():
    assert means("LABEL_0", "LABEL_1", given={"label_0": "positive", "LABEL_1": "negative"}) == ["positive", "negative"]
    assert means("NEG", "POS", "mixed", given={"Mixed": "neutral"}) == ["negative", "positive", "neutral"]
    assert means("LABEL_0", "LABEL_1", "LABEL_2", given={"LABEL_0": "positive", "LABEL_2": "negative"}) == [
        "positive",
        "neutral",
        "negative",
    ]


def test_a_label_the_model_does_not_have_is_a_mistake_that_is_told():
    with pytest.raises(ValueError, match=r"`labels` names angry, which the model does not have\. It has: NEG, POS"):
        means("NEG", "POS", given={"angry": "negative"})


def test_a_model_that_is_never_negative_is_no_sentiment_model():
    with pytest.raises(ValueError, match="no label of the model means negative"):
        means("neutral", "positive")


def test_the_model_is_not_told_who_is_named_nor_where_a_link_leads():
    assert spoken("@Ana_B mira https://x.example/a?b=1 y www.lumbre.example, ok?") == "@user mira http y http ok?"
    assert spoken("no\n\n  &quot;va&quot; &#8203;nada") == 'no "va" nada'
    assert len(spoken("a " * 5000)) == 400


# ── real models ──────────────────────────────────────────────────────────────────────────────────────────────────

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "bad", "meh", "good", *(f"w{n}" for n in range(30))]


def saved(folder: Path, names: list[str], *, weights: float | None = None, says: dict[str, int] | None = None) -> Path:
    """A model directory as `save_pretrained` leaves it. It answers `says[word]` with .9 where the first word of a text is that word.

    One layer, whose attention and middle are set to nothing: the first word's vector goes straight to the head.
    """
    torch = pytest.importorskip("torch", reason="real models need torch and transformers: make test-models")
    transformers = pytest.importorskip("transformers", reason="real models need torch and transformers: make test-models")
    from tokenizers import Tokenizer, models, pre_tokenizers

    split = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    split.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=split, pad_token="[PAD]", unk_token="[UNK]", model_max_length=128)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, max_position_embeddings=128,
        id2label=dict(enumerate(names)), label2id={name: place for place, name in enumerate(names)},
    )  # fmt: skip
    net = transformers.BertForSequenceClassification(config)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        for module in net.modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.weight.fill_(1.0)
        for place in range(len(WORDS)):
            net.bert.embeddings.word_embeddings.weight[place, place % 16] = 1.0
        net.bert.pooler.dense.weight.copy_(torch.eye(16))
        net.classifier.weight.zero_()
        # After two norms and a tanh a word's own place in the vector is that much above all others; answers apart by log(9 (n - 1)) are
        # .9 and the rest.
        seen = math.tanh(15 / math.sqrt(15)) + math.tanh(1 / math.sqrt(15))
        for word, answer in (says or {"bad": 0, "meh": 1, "good": 2}).items():
            net.classifier.weight[answer, WORDS.index(word) % 16] = math.log(9 * (len(names) - 1)) / seen
        if weights is not None:
            net.classifier.weight.fill_(weights)
    net.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("three"), ["LABEL_0", "LABEL_1", "LABEL_2"])


def test_a_real_model_answers_with_probabilities_in_the_order_of_the_texts_whatever_their_length(three: Path):
    model = Model(str(three), device="cpu", local=True)
    texts = [f"{('bad', 'meh', 'good')[n % 3]} " + "w1 " * ((n * 37) % 140) for n in range(3 * TOGETHER + 5)]
    rows = model.sentiment(texts)
    assert (rows.dtype, rows.shape) == (np.float32, (len(texts), 3))
    assert rows.argmax(axis=1).tolist() == [n % 3 for n in range(len(texts))]
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(rows.max(axis=1), 0.9, atol=0.02)
    one_by_one = np.concatenate([model.sentiment([text]) for text in texts])
    np.testing.assert_allclose(rows, one_by_one, atol=1e-5)


def test_short_texts_are_padded_to_their_neighbours_and_long_ones_are_cut(three: Path, monkeypatch: pytest.MonkeyPatch):
    model = Model(str(three), device="cpu", local=True)
    shapes: list[tuple[int, ...]] = []
    forward = model._net.forward
    monkeypatch.setattr(model._net, "forward", lambda **told: (shapes.append(tuple(told["input_ids"].shape)), forward(**told))[1])
    model.sentiment(["w1 " * 500, *["bad"] * 20, *["w1 w2 w3 w4"] * 12])
    assert shapes == [(16, 1), (16, 4), (1, LONGEST)]


def test_no_text_is_no_work(three: Path):
    assert Model(str(three), device="cpu", local=True).sentiment([]).shape == (0, 3)


def test_five_stars_become_three_words(tmp_path: Path):
    folder = saved(tmp_path, [f"{n} star{'s' * (n > 1)}" for n in range(1, 6)], says={"bad": 0, "w1": 1, "meh": 2, "w2": 3, "good": 4})
    rows = Model(str(folder), local=True, device="cpu").sentiment(["bad", "meh", "good", "w1"])
    assert [LABELS[place] for place in rows.argmax(axis=1)] == ["negative", "neutral", "positive", "negative"]
    np.testing.assert_allclose(rows[0], [0.925, 0.025, 0.05], atol=0.01)  # four and five stars are both positive


def test_a_model_of_two_labels_is_never_neutral(tmp_path: Path):
    folder = saved(tmp_path, ["POSITIVE", "NEGATIVE"], says={"bad": 1, "good": 0})
    rows = Model(str(folder), local=True, device="cpu").sentiment(["bad", "good", "meh"])
    np.testing.assert_allclose(rows, [[0.9, 0, 0.1], [0.1, 0, 0.9], [0.5, 0, 0.5]], atol=0.01)


def test_labels_that_say_nothing_are_given_by_the_user(tmp_path: Path):
    folder = saved(tmp_path, ["a", "b"], says={"bad": 1, "good": 0})
    with pytest.raises(ValueError, match="do not say what they mean: a, b"):
        Model(str(folder), local=True, device="cpu")
    rows = Model(str(folder), local=True, device="cpu", labels={"a": "positive", "b": "negative"}).sentiment(["bad"])
    np.testing.assert_allclose(rows, [[0.9, 0, 0.1]], atol=0.01)


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_noticed(tmp_path: Path, weight: float):
    with pytest.raises(NotANumber, match="its weights are damaged"):
        Model(str(saved(tmp_path, ["NEG", "NEU", "POS"], weights=weight)), local=True, device="cpu").sentiment(["bad"])


def test_a_graphics_card_that_is_not_there_is_told(three: Path):
    torch = pytest.importorskip("torch", reason="real models need torch and transformers: make test-models")
    if torch.cuda.is_available():
        assert Model(str(three), device="auto", local=True).device == "cuda"
        return
    with pytest.raises(ValueError, match="Write device: cpu"):
        Model(str(three), device="cuda", local=True)
    assert Model(str(three), device="auto", local=True).device == "cpu"


# ── real models in their process ─────────────────────────────────────────────────────────────────────────────────


def in_a_process(folder: Path | str, budget: float = 2.0, **more: int) -> Worker:
    return Worker(Settings("sentiment", str(folder), **more), budget, patient=True)


def test_a_real_model_is_loaded_asked_killed_and_asked_again(three: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    worker = in_a_process(three)
    try:
        answer = worker.ask(["good", "bad w1 w2", "meh"])
        assert answer is not None, worker.trouble
        assert answer.argmax(axis=1).tolist() == [2, 0, 1]
        assert worker._child
        worker._child.kill()
        worker._child.wait()
        assert worker.ask(["bad"]) is None
        assert worker.trouble.startswith("its process was killed by signal 9")
        again = worker.ask(["bad"])
        assert again is not None
        assert (again.argmax(), worker.trouble) == (0, "")
    finally:
        worker.close()


def test_a_real_model_that_stands_still_is_killed_within_the_budget(three: Path):
    """Stopped, not asleep: the process does not even take its signals."""
    worker = in_a_process(three, budget=1.0)
    try:
        assert worker.ask(["bad"]) is not None, worker.trouble
        assert worker._child
        os.kill(worker._child.pid, 19)
        began = time.monotonic()
        assert worker.ask(["bad"]) is None
        assert time.monotonic() - began < 2
        assert worker.trouble == "no answer within 1 s"
    finally:
        worker.close()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("nan", "it answers NaN"),
        ("labels", "the model's labels do not say what they mean: a, b"),
        ("empty", "it is a folder without config.json: save a model there with save_pretrained"),
        ("nowhere", "there is no such folder"),
        ("hub", "couldn't connect to 'https://huggingface.co'"),
    ],
)
def test_a_model_that_cannot_be_used_says_why_and_the_desk_keeps_its_own_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, told: str
):
    pytest.importorskip("transformers", reason="real models need torch and transformers: make test-models")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder: Path | str = tmp_path / kind
    Path(folder).mkdir()
    if kind == "nan":
        saved(Path(folder), ["NEG", "NEU", "POS"], weights=float("nan"))
    elif kind == "labels":
        saved(Path(folder), ["a", "b"], says={"bad": 0})
    elif kind == "nowhere":
        Path(folder).rmdir()
    elif kind == "hub":
        folder = "nobody/has-this"
    worker = in_a_process(folder)
    try:
        assert worker.ask(["bad"]) is None
        assert told in worker.trouble
    finally:
        worker.close()


def test_a_model_larger_than_its_memory_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """512 MB of weights where 400 MB are allowed; torch alone takes some 200."""
    torch = pytest.importorskip("torch", reason="real models need torch and transformers: make test-models")
    transformers = pytest.importorskip("transformers", reason="real models need torch and transformers: make test-models")
    folder = saved(tmp_path, ["NEG", "NEU", "POS"])
    config = transformers.AutoConfig.from_pretrained(folder)
    config.vocab_size, config.hidden_size, config.num_attention_heads = 500_000, 256, 2
    with torch.device("meta"):
        net = transformers.BertForSequenceClassification(config)
    net.to_empty(device="cpu").save_pretrained(folder)
    worker = in_a_process(folder, memory_mb=400)
    try:
        assert worker.ask(["bad"]) is None
        assert worker.trouble == "it needs more memory than memory_mb allows"
    finally:
        worker.close()


def test_classify_gives_the_sentiment_of_the_model_that_the_rules_name(three: Path, tmp_path: Path):
    (tmp_path / "rules.yaml").write_text(f"brand: {{name: Banco Lumbre}}\nclassifier: {{model: {three}, device: cpu}}\n", encoding="utf-8")
    given = "".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(["good", "bad", "meh w1"]))
    house = str(Path(__file__).parents[2])
    said = subprocess.run(
        [sys.executable, "-m", "carebot", "classify", "--rules", "rules.yaml"],
        input=given, capture_output=True, text=True, timeout=120, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": house},
    )  # fmt: skip
    labels = [json.loads(line)["sentiment"]["label"] for line in said.stdout.splitlines()]
    assert labels == ["positive", "negative", "neutral"], said.stderr


def test_the_command_that_is_run_for_a_model_is_ours():
    assert model_worker.CHILD[1:] == ("-P", "-m", "carebot.effects.reading.model_child")
