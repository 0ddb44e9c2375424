"""The full tier and the user's own model read along, while the desk hears; or fail, and the desk hears all the same.

The encoder here is the real one in a real process, really killed, stopped and damaged. The user's own model is a stand-in, so that torch
is not needed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from carebot.config.load import read
from carebot.config.schema import Classifier, Rulebook
from carebot.effects.database.store import Store
from carebot.effects.reading import model_worker
from carebot.effects.reading.model_child import Settings
from carebot.effects.reading.model_worker import Worker
from carebot.effects.reading.models import Allowance, Models
from carebot.loop import Loop, understand
from carebot.model import Batch, Message, SelfReport, Sentiment, Verdict
from carebot.understand.cascade import worth_asking
from carebot.understand.embedded import Reader
from carebot.understand.encoder import OUTPUTS, Encoder
from carebot.understand.normalise import plain
from carebot.understand.screen import Screened, screen
from carebot.understand.transformer import spoken
from carebot.understand.verdicts import Verdicts, replaced, with_sentiment
from tests.understand.tiny_encoder import saved

HOUSE = Path(__file__).parents[2]
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
STAND_IN = (sys.executable, "-P", str(Path(__file__).with_name("stand_in_model.py")))
SAID = ["la app no funciona", "gracias, sois geniales", "me voy a otro banco", "hola"]
Hire = Callable[..., Worker]
READER = cache(Reader)  # building one takes a second, and it keeps nothing


@pytest.fixture
def hire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hire]:
    """Workers with the real encoder; whatever still runs at the end is stopped."""
    monkeypatch.setattr(model_worker, "FIRST_AGAIN", 0.2)
    hired: list[Worker] = []

    def begin(folder: Path | str = "", *, budget: float = 5.0, memory_mb: int = 512) -> Worker:
        hired.append(Worker(Settings("encoder", str(folder), memory_mb=memory_mb), budget, patient=True))
        return hired[-1]

    yield begin
    for worker in hired:
        worker.close()


@pytest.fixture
def models() -> Iterator[Callable[..., Models]]:
    """Models as rules name them; `own` is played by the stand-in."""
    made: list[Models] = []

    def begin(aside: Callable[[SelfReport], object] | None = None, **classifier: object) -> Models:
        both = Models(Classifier.model_validate(classifier), aside=aside)
        if both.own:
            both.own._command = STAND_IN
        made.append(both)
        return both

    yield begin
    for one in made:
        one.close()


def pid(worker: Worker) -> int:
    assert worker._child
    return worker._child.pid


def heard(texts: Sequence[str], verdicts: dict[int, Verdict] | None = None) -> Screened:
    messages = [
        Message(id=f"x:{n}", text=text, posted_at=NOW, seen_at=NOW, source="x", author="ana", verdict=(verdicts or {}).get(n))
        for n, text in enumerate(texts)
    ]
    return screen(messages, secret=b"s", now=NOW)


def changed(one: Verdicts, two: Verdicts) -> list[int]:
    """The rows that mean something else."""
    return [row for row in range(len(one)) if one.row(row) != two.row(row)]


def until_ready(both: Models) -> Models:
    deadline = time.monotonic() + 60
    while any(worker.ask(()) is None for worker in both.workers.values()):
        assert time.monotonic() < deadline, both.states()
        time.sleep(0.02)
    return both


# ── the encoder in its process ───────────────────────────────────────────────────────────────────────────────────


def test_what_the_process_answers_is_what_the_encoder_says(hire: Hire):
    answer = hire().ask(SAID)
    assert answer is not None
    np.testing.assert_array_equal(answer, Encoder().logits(SAID))


def test_killed_in_the_middle_of_its_work_it_is_told_and_started_again(hire: Hire):
    worker = hire()
    assert worker.ask(SAID) is not None, worker.trouble
    os.kill(pid(worker), signal.SIGSTOP)  # so that it cannot have finished when it is killed
    with subprocess.Popen([sys.executable, "-c", f"import os, time; time.sleep(.3); os.kill({pid(worker)}, 9)"]):
        assert worker.ask(SAID * 20) is None
    assert worker.trouble == "its process was killed by signal 9; too little memory, perhaps"
    assert [report.headline.en for report in worker.report(NOW)] == ["The full tier does not answer: the fast one's reading holds"]
    worker.told()
    assert worker.ask(SAID) is not None, worker.trouble
    assert [report.headline.es for report in worker.report(NOW)] == ["La lectura completa vuelve a responder"]


def test_stopped_it_is_killed_within_its_budget(hire: Hire):
    worker = hire(budget=1.0)
    assert worker.ask(SAID) is not None, worker.trouble
    stopped = pid(worker)
    os.kill(stopped, signal.SIGSTOP)
    assert worker.ask(SAID) is None
    assert worker.trouble == "no answer within 1 s"
    with pytest.raises(ProcessLookupError):
        os.kill(stopped, 0)


def test_one_answer_that_is_no_number_is_no_answer_at_all(hire: Hire, tmp_path: Path):
    worker = hire(saved(tmp_path, {"roto": {"delay": float("nan")}, "va": {"outage": 2.0}}))
    assert worker.ask(["va"]) is not None, worker.trouble
    assert worker.ask(["va", "roto"]) is None
    assert worker.trouble.startswith("it answers NaN: its weights are damaged")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: saved(folder, {}, rest=float("nan")), "it answers NaN: its weights are damaged. Install carebot[full] again"),
        (lambda folder: saved(folder, {}, outputs=OUTPUTS[1:]), "its weights are of another version of carebot: output 0 is"),
        (lambda folder: (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:200]), "protobuf parsing failed"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "Model missing"),
        (lambda folder: (folder / "config.json").unlink(), "config.json"),
        (lambda folder: saved(folder, {}, swollen_to=1 << 28), "it needs more memory than the 300 MB it may take"),
    ],
    ids=["all NaN", "other questions", "cut off", "no tokenizer", "a file is missing", "1 GB"],
)
def test_weights_that_cannot_be_used_say_why(hire: Hire, tmp_path: Path, damage: Callable[[Path], object], told: str):
    saved(tmp_path, {"va": {"outage": 2.0}})
    damage(tmp_path)
    worker = hire(tmp_path, memory_mb=300)
    assert worker.ask(["va"]) is None
    assert told in worker.trouble


def test_the_real_weights_in_too_little_memory_are_told_so(hire: Hire):
    worker = hire(memory_mb=100)
    assert worker.ask(SAID) is None
    assert "memory" in worker.trouble


@pytest.fixture
def without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place where onnxruntime was not installed, as far as Python can tell."""
    (tmp_path / "onnxruntime.py").write_text("raise ModuleNotFoundError(\"No module named 'onnxruntime'\", name='onnxruntime')\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("without_the_package")
def test_what_is_not_installed_is_told_by_the_command_that_installs_it(hire: Hire):
    worker = hire()
    assert worker.ask(SAID) is None
    assert worker.trouble == "onnxruntime is missing here: pip install 'carebot[full]'"


# ── what is asked, and what becomes of the answers ───────────────────────────────────────────────────────────────


def test_the_full_tier_is_asked_about_what_is_worth_it_and_only_those_rows_change(models: Callable[..., Models]):
    both = until_ready(models(tier="full"))
    texts = ["hay algún problema con la app?", "la app no funciona", "👍"]
    screened, reader = heard([*texts, "aquí todo bien"], {3: Verdict()}), READER()
    alone = understand(reader, screened)
    wanted = [row for row in worth_asking(alone, screened.plain) if row != 3]
    read_again = understand(reader, screened, both)
    assert both.full
    deep = Encoder().logits([spoken(texts[row]) for row in wanted])
    better = reader.read([screened.plain[row] for row in wanted], [""] * len(wanted), [None] * len(wanted), deep)
    assert changed(read_again, replaced(alone, wanted, better)) == []
    assert changed(read_again, alone) == [0, 1]


def test_who_waits_has_every_text_with_words_read(models: Callable[..., Models]):
    screened = heard(["la app no funciona", "hola", "👍", "24"])
    alone, full = understand(READER(), screened), understand(READER(), screened, models(tier="full", aside=print))
    assert changed(alone, full) == [0, 1]


def test_with_both_the_users_own_model_has_the_last_word_on_sentiment(models: Callable[..., Models]):
    screened = heard(["la app no funciona, bad", "lovely"])
    alone = understand(READER(), screened)
    full = understand(READER(), screened, models(tier="full", aside=print))
    both = understand(READER(), screened, models(tier="full", model="fine", aside=print))
    assert changed(with_sentiment(full, both.sentiment, [0, 1]), both) == []
    assert changed(with_sentiment(alone, both.sentiment, [0, 1]), both) == [0, 1]
    np.testing.assert_allclose(both.sentiment, [[0.8, 0.1, 0.1], [0.1, 0.2, 0.7]], atol=1e-6)


def test_when_both_fail_the_built_in_reading_holds_and_nothing_becomes_neutral(models: Callable[..., Models]):
    told: list[SelfReport] = []
    both = models(tier="full", model="fine", aside=told.append)
    screened = heard(["qué vergüenza de banco, todo fatal", "sois geniales, gracias", "die"])
    alone = understand(READER(), screened)
    assert both.full
    assert both.full.ask(()) is not None
    os.kill(pid(both.full), signal.SIGKILL)
    both.full._child.wait()  # type: ignore[union-attr]
    read_again = understand(READER(), screened, both)
    assert changed(read_again, alone) == []
    assert [read_again.row(row).sentiment.label for row in range(2)] == ["negative", "positive"]
    assert [(report.id, report.reason) for report in told] == [("full-tier", "classifier_down"), ("classifier", "classifier_down")]


def test_rows_read_again_replace_their_own_and_no_others():
    words = [plain(text) for text in ("la app no funciona", "gracias", "hola")]
    one, two = READER().read(words, [""] * 3), READER().read([words[0]], ["en"])
    mixed = replaced(one, [1], two)
    assert (mixed.row(0), mixed.row(1), mixed.row(2)) == (one.row(0), two.row(0), one.row(2))
    assert one.row(1) != two.row(0)


# ── a storm ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_waiting_takes_no_longer_than_all_other_work_does():
    at = [100.0]
    allowance = Allowance(2.0, lambda: at[0])
    waited = worked = 0.0
    for _ in range(50):  # a batch takes .4 s besides, and a model would take all it is given, in portions of .3 s
        seconds = allowance.seconds()
        took = 0.3 * np.ceil(seconds / 0.3) if seconds > 0 else 0.0
        at[0] += took
        allowance.spent()
        at[0] += 0.4
        waited, worked = waited + took, worked + 0.4
    assert worked - 0.4 <= waited <= worked + 2.3


def test_a_quiet_hour_saves_up_no_more_than_the_budget():
    at = [100.0]
    allowance = Allowance(2.0, lambda: at[0])
    at[0] += 3600
    assert allowance.seconds() == 2.0


def test_without_time_the_full_tier_is_not_asked_but_looked_after(models: Callable[..., Models], monkeypatch: pytest.MonkeyPatch):
    both = until_ready(models(tier="full"))
    monkeypatch.setattr(both._allowance, "seconds", lambda: 0.0)
    screened = heard(SAID)
    assert changed(understand(READER(), screened, both), understand(READER(), screened)) == []
    assert both.full
    os.kill(pid(both.full), signal.SIGKILL)
    both.full._child.wait()  # type: ignore[union-attr]
    understand(READER(), screened, both)
    assert [report.reason for report in both.report(NOW)] == ["classifier_down"]


def test_a_short_budget_is_spent_on_the_most_urgent(models: Callable[..., Models], monkeypatch: pytest.MonkeyPatch):
    """After its first portion nothing is left of the time: of a thousand texts those are read that come first in order."""
    both = until_ready(models(tier="full"))
    assert both.full
    both.full._portion = 2
    monkeypatch.setattr(both._allowance, "seconds", lambda: 1e-9)
    screened, reader = (
        heard([f"hola {n}, qué tal" for n in range(30)] + ["hay algún problema con la app?", "va lenta la app o soy yo"]),
        READER(),
    )
    alone = understand(reader, screened)
    assert changed(understand(reader, screened, both), alone) == sorted(worth_asking(alone, screened.plain)[:2])


# ── with the loop ────────────────────────────────────────────────────────────────────────────────────────────────


def rules(more: str = "") -> Rulebook:
    rulebook, problems = read(f"brand: {{name: Banco Lumbre}}\n{more}", kinds={})
    assert rulebook, problems
    return rulebook


def say(id_: str, text: str, verdict: Verdict | None = None) -> Batch:
    return Batch(source="x", events=(Message(id=id_, text=text, posted_at=NOW, seen_at=NOW, source="x", author="ana", verdict=verdict),))


def test_what_matters_to_somebody_is_asked_first_and_what_is_given_is_not_asked_at_all(models: Callable[..., Models]):
    texts = ["hola a todos", "la app no funciona, bad", "feliz lunes", "no puedo entrar en la app"]
    screened, reader = heard(texts, {2: Verdict()}), READER()
    alone = understand(reader, screened)
    assert alone.label.any(axis=1).tolist() == [False, True, False, True]
    mine = until_ready(models(model="fine"))
    assert mine.own
    mine.own._portion = 2
    mine._allowance = Allowance(1e-9)  # enough for one portion
    read_by_it = understand(reader, screened, mine)
    np.testing.assert_allclose(read_by_it.sentiment[[1, 3]], [[0.8, 0.1, 0.1], [0.1, 0.2, 0.7]], atol=1e-6)
    assert changed(read_by_it, alone) == [1, 3]
    np.testing.assert_array_equal(read_by_it.p, alone.p)


def desk(store: Store, rulebook: Rulebook, models: Callable[..., Models]) -> Loop:
    def named(classifier: Classifier) -> Models:
        return models(**classifier.model_dump(exclude_unset=True))

    return Loop(store, rulebook, secret=b"s", destinations=lambda _: (), models_for=named)


def test_the_loop_starts_changes_and_ends_the_models_as_the_rules_say(models: Callable[..., Models]):
    store = Store(None)
    loop = desk(store, rules(), models)
    try:
        assert (loop.models, loop.readers()) == (None, {"fast tier": "ready"})
        loop.use(rules("classifier: {model: fine}"))
        first = loop.models
        assert first
        loop.use(rules("classifier: {model: fine}\nincidents: {people: 4}"))
        assert loop.models is first
        loop.use(rules("classifier: {model: sleepy, tier: full}"))
        assert loop.models is not first
        assert loop.readers() == {"fast tier": "ready", "full tier": "loading", "own model": "loading"}
        loop.use(rules("classifier: {tier: full}"))
        assert loop.models
        assert list(loop.models.workers) == ["full tier"]
        loop.use(rules())
        assert loop.models is None
    finally:
        loop.close()
        store.close()


def test_the_desk_hears_once_that_a_model_fails_and_once_that_it_is_back_and_status_shows_it(models: Callable[..., Models]):
    def noted() -> dict[str, str]:
        return json.loads(store.db.conn.execute("SELECT doc FROM memory WHERE key = 'readers'").fetchone()[0])

    store = Store(None)
    loop = desk(store, rules("classifier: {tier: full, budget: 10s}"), models)
    try:
        assert loop.models
        until_ready(loop.models)
        alerts = [alert.reason for alert in loop.take([say("x:1", "la app no va")], NOW).outcome.alerts]
        assert noted() == {"fast tier": "ready", "full tier": "ready"}
        assert loop.models.full
        os.kill(pid(loop.models.full), signal.SIGKILL)
        loop.models.full._child.wait()  # type: ignore[union-attr]
        loop.models.full._again_at = 0.0
        alerts += [alert.reason for alert in loop.take([say("x:2", "la app no va")], NOW).outcome.alerts]
        assert noted()["full tier"].startswith("down: its process was killed by signal 9")
        loop.models.full._again_at = 0.0
        until_ready(loop.models)
        alerts += [alert.reason for alert in loop.take([], NOW).outcome.alerts]
        alerts += [alert.reason for alert in loop.take([say("x:3", "hola")], NOW).outcome.alerts]
        assert [reason for reason in alerts if reason.startswith("classifier")] == ["classifier_down", "classifier_back"]
        assert set(store.known(["x:1", "x:2", "x:3"])) == {"x:1", "x:2", "x:3"}
    finally:
        loop.close()
        store.close()


def test_a_replay_asks_nobody_unless_it_is_told_to():
    store = Store(None)
    try:
        assert Loop(store, rules("classifier: {tier: full, model: fine}"), secret=b"s", destinations=lambda _: ()).models is None
    finally:
        store.close()


def test_classify_takes_the_models_sentiment_but_not_over_a_verdict_that_was_given(models: Callable[..., Models]):
    from carebot.classify import verdicts_of

    given = Verdict(sentiment=Sentiment("neutral", 0.0, 1.0, 0.0))
    messages = [event for batch in (say("a", "bad"), say("b", "bad", given)) for event in batch.events if isinstance(event, Message)]
    verdicts = verdicts_of(messages, READER(), models(model="fine", aside=print))
    assert [verdicts.row(row).sentiment.label for row in range(2)] == ["negative", "neutral"]


def test_without_a_classifier_nothing_of_it_is_loaded():
    wanted = (
        "('torch', 'transformers', 'onnxruntime', 'tokenizers', 'carebot.effects.reading.models', 'carebot.effects.reading.model_worker')"
    )
    code = f"import sys, carebot.loop, carebot.service; print([m for m in {wanted} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=HOUSE, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "[]"
