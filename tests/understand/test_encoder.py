"""The full tier's weights answer our questions, in our order, the same alone and in company; or say what is wrong with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from carebot.understand.encoder import OUTPUTS, SHIPPED, Encoder
from carebot.understand.transformer import LONGEST, NotANumber
from carebot.understand.verdicts import HEADS
from tests.understand.tiny_encoder import saved

SAID = ["no funciona la app", "gracias, sois geniales", "the card was declined twice today at the till", "ok", "hola " * 200]


@pytest.fixture(scope="module")
def shipped() -> Encoder:
    return Encoder()


def test_the_shipped_weights_answer_every_question_of_each_text(shipped: Encoder):
    rows = shipped.logits(SAID)
    assert (rows.dtype, rows.shape) == (np.float32, (len(SAID), len(OUTPUTS)))
    assert np.isfinite(rows).all()
    assert len({row.tobytes() for row in rows}) == len(SAID)
    assert OUTPUTS[: len(HEADS)] == HEADS


def test_a_text_means_the_same_alone_and_in_company(shipped: Encoder):
    rows = shipped.logits(SAID)
    for row, text in enumerate(SAID):
        np.testing.assert_array_equal(shipped.logits([text])[0], rows[row])
    np.testing.assert_array_equal(shipped.logits(SAID[::-1])[::-1], rows)


def test_what_comes_after_the_longest_post_is_not_read(shipped: Encoder):
    long = shipped.logits(["no " * LONGEST + "funciona", "no " * LONGEST + "gracias"])
    np.testing.assert_array_equal(long[0], long[1])


def test_no_text_is_no_work_and_an_empty_one_is_no_mishap(shipped: Encoder):
    assert shipped.logits([]).shape == (0, len(OUTPUTS))
    assert np.isfinite(shipped.logits([""])).all()


def test_rows_come_in_the_order_of_the_texts(tmp_path: Path):
    tiny = Encoder(saved(tmp_path, {"roto": {"outage": 4.0}, "gracias": {"praise": 3.0}}))
    rows = tiny.logits(["gracias", "roto roto", "nada"])
    assert rows[:, HEADS.index("outage")].tolist() == [0, 8, 0]
    assert rows[:, HEADS.index("praise")].tolist() == [3, 0, 0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_an_answer_that_is_no_number_is_noticed_whatever_text_it_is_for(tmp_path: Path, value: float):
    tiny = Encoder(saved(tmp_path, {"roto": {"delay": value}}))
    assert np.isfinite(tiny.logits(["gracias"])).all()
    with pytest.raises(NotANumber, match=r"Install carebot\[full\] again"):
        tiny.logits(["gracias", "roto"])


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        (OUTPUTS[:-1], f"output {len(OUTPUTS) - 1} is nothing and should be {OUTPUTS[-1]}"),
        ((*OUTPUTS, "weather"), f"output {len(OUTPUTS)} is weather and should be nothing"),
        ((OUTPUTS[1], OUTPUTS[0], *OUTPUTS[2:]), f"output 0 is {OUTPUTS[1]} and should be {OUTPUTS[0]}"),
    ],
)
def test_weights_for_other_questions_are_refused_before_they_answer(tmp_path: Path, outputs: tuple[str, ...], told: str):
    with pytest.raises(ValueError, match=f"of another version of carebot: {told}"):
        Encoder(saved(tmp_path, {}, outputs=outputs))


def test_a_folder_without_weights_is_told_by_its_name(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        Encoder(tmp_path)


def test_nothing_heavy_is_loaded_until_one_is_made():
    code = "import sys, carebot.understand.encoder; print([m for m in ('onnxruntime', 'tokenizers', 'torch') if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout.strip() == "[]"


def test_the_weights_are_small_enough_for_the_package():
    assert len(SHIPPED.joinpath("model.onnx").read_bytes()) <= 31 << 20
