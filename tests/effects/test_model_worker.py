"""A model of somebody else's may die, hang, lie and eat; the desk goes on hearing. Real processes, really killed.

The model in them is a stand-in, so that torch is not needed here; tests/understand/test_transformer.py has real ones.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from carebot.effects.reading import model_worker
from carebot.effects.reading.model_child import Settings
from carebot.effects.reading.model_worker import Worker

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
STAND_IN = Path(__file__).with_name("stand_in_model.py")
BAD, GOOD = [0.8, 0.1, 0.1], [0.1, 0.2, 0.7]
Hire = Callable[..., Worker]


@pytest.fixture
def hire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hire]:
    """Workers with a stand-in model; whatever still runs at the end is stopped."""
    monkeypatch.setattr(model_worker, "FIRST_AGAIN", 0.2)
    hired: list[Worker] = []

    def begin(model: str = "fine", *, patient: bool = False, more: tuple[str, ...] = (), memory_mb: int = 512) -> Worker:
        settings = Settings("sentiment", model, memory_mb=memory_mb)
        hired.append(Worker(settings, 1.0, patient=patient, command=(sys.executable, "-P", str(STAND_IN), *more)))
        return hired[-1]

    yield begin
    for worker in hired:
        worker.close()


def loaded(worker: Worker, seconds: float = 20) -> Worker:
    """The worker, once its process can be asked."""
    deadline = time.monotonic() + seconds
    while worker.ask(()) is None:
        assert time.monotonic() < deadline, worker.trouble
        time.sleep(0.02)
    return worker


def reasons(worker: Worker) -> list[str]:
    said = [report.reason for report in worker.report(NOW)]
    worker.told()
    return said


def test_the_model_is_asked_and_answers_in_order(hire: Hire):
    worker = loaded(hire())
    answer = worker.ask(["bad day", "lovely", "bad again"])
    assert answer is not None
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, [BAD, GOOD, BAD], atol=1e-6)
    assert reasons(worker) == []


def test_nobody_waits_for_a_model_that_loads_and_nobody_is_alarmed_by_it(hire: Hire):
    worker = hire("sleepy")
    assert worker.ask(["bad"]) is None
    assert (worker.trouble, reasons(worker)) == ("", [])
    assert loaded(worker).ask(["bad"]) is not None


def test_classify_waits_for_the_loading_and_for_every_text(hire: Hire):
    worker = hire("slow", patient=True)
    answer = worker.ask(["bad", "lovely"] * 60)  # 2.4 s at 20 ms a text, with a budget of 1 s
    assert answer is not None
    np.testing.assert_allclose(answer, [BAD, GOOD] * 60, atol=1e-6)


def test_a_slow_model_reads_what_the_budget_allows_and_is_left_alive(hire: Hire):
    worker = loaded(hire("slow"))
    answer = worker.ask(["bad"] * 500)  # ten seconds' worth, with a budget of one
    assert answer is not None
    assert 1 <= len(answer) < 200
    assert loaded(worker, 0.1).trouble == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("die", "its process ended with status 3"),
        ("nan", "it answers NaN"),
        ("short", "its answer has the wrong shape"),
        ("odd", "its answer is no probabilities (NaN, or a sum that is not 1)"),
        ("eat", "MemoryError while it read a message"),
        ("secret", "ValueError while it read a message"),
    ],
)
def test_a_model_that_fails_says_so_once_and_once_when_it_is_back(hire: Hire, text: str, told: str):
    worker = loaded(hire(memory_mb=512))
    assert worker.ask(["lovely", text]) is None
    assert worker.trouble.startswith(told)
    (report,) = worker.report(NOW)
    assert report.detail
    assert told in report.detail.en
    assert report.headline.es != report.headline.en
    assert (reasons(worker), reasons(worker)) == (["classifier_down"], [])
    assert worker.ask(["lovely"]) is None  # it waits before it is started again
    np.testing.assert_allclose(loaded(worker).ask(["lovely"]), [GOOD], atol=1e-6)
    assert (reasons(worker), reasons(worker)) == (["classifier_back"], [])


def test_a_model_that_hangs_is_killed_within_its_budget(hire: Hire, tmp_path: Path):
    worker = loaded(hire(f"pid {tmp_path / 'pid'}"))
    pid = int((tmp_path / "pid").read_text())
    began = time.monotonic()
    assert worker.ask(["hang"]) is None
    assert time.monotonic() - began < 30  # it would hang for ever
    assert worker.trouble == "no answer within 1 s"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_killed_from_outside_is_noticed_even_when_nobody_writes(hire: Hire, tmp_path: Path):
    worker = loaded(hire(f"pid {tmp_path / 'pid'}"))
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while not worker.trouble and time.monotonic() < deadline:
        assert worker.ask(()) is None or not worker.trouble
    assert worker.trouble == "its process was killed by signal 9; too little memory, perhaps"
    assert loaded(worker).ask(["bad"]) is not None


def test_a_model_that_never_gets_ready_is_given_up(hire: Hire, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model_worker, "LOADING", 0.3)
    worker = hire("sleepy")
    deadline = time.monotonic() + 5
    while not worker.trouble:
        assert worker.ask(["bad"]) is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert worker.trouble == "it did not load within 0 minutes"


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("refuses", "the model's labels do not say what they mean: A, B."),
        ("eats", "it needs more memory than memory_mb allows"),
        ("missing", "torch is missing here: pip install 'carebot[transformers]'"),
    ],
)
def test_a_model_that_cannot_be_loaded_says_what_to_do(hire: Hire, model: str, told: str):
    worker = hire(model, patient=True)
    assert worker.ask(["lovely"]) is None
    assert worker.trouble == told


def test_what_is_no_answer_at_all_is_no_answer(hire: Hire):
    worker = hire(patient=True, more=("garbage",))
    assert worker.ask(["lovely"]) is None
    assert worker.trouble == "its answer cannot be read"


def test_a_program_that_is_not_there_is_trouble_and_not_the_end():
    worker = Worker(Settings("sentiment", "x"), 1.0, command=("/nowhere/python",))
    assert worker.ask(["lovely"]) is None
    assert worker.trouble.startswith("its process does not start")


def test_each_failure_is_waited_for_twice_as_long(hire: Hire, monkeypatch: pytest.MonkeyPatch):
    at = [1000.0]
    monkeypatch.setattr(model_worker, "FIRST_AGAIN", 5.0)
    monkeypatch.setattr(model_worker.time, "monotonic", lambda: at[0])
    worker = hire()
    waits = []
    for _ in range(10):
        worker._fall("it failed")
        waits.append(worker._again_at - at[0])
        worker._began = at[0]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]
    at[0] += model_worker.WELL + 1
    worker._fall("it failed")
    assert worker._again_at - at[0] == 5


def test_no_secret_of_ours_reaches_the_model(hire: Hire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("CAREBOT_SLACK_TOKEN", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"):
        monkeypatch.setenv(name, "ours")
    loaded(hire(f"environment {tmp_path / 'seen'}"))
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "PATH=" in seen
    assert "=ours" not in seen


def test_what_a_library_prints_is_neither_an_answer_nor_in_our_log(hire: Hire, capfd: pytest.CaptureFixture[str]):
    worker = loaded(hire())
    assert worker.ask(["bad words"]) is not None
    said = capfd.readouterr()
    assert "bad words" not in said.out + said.err


def test_the_process_leaves_with_carebot_even_while_it_hangs(tmp_path: Path):
    """carebot is killed the hard way while its model computes."""
    program = f"""
import sys
from carebot.effects.reading.model_child import Settings
from carebot.effects.reading.model_worker import Worker
worker = Worker(Settings("sentiment", "pid {tmp_path / "pid"}"), 10.0, patient=True, command=(sys.executable, {str(STAND_IN)!r}))
worker.ask(["hang"])
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as carebot:
        deadline = time.monotonic() + 20
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        carebot.kill()
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while _runs(child):
        assert time.monotonic() < deadline, "the model computes for nobody"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False
