"""The commands with the full tier: the real encoder in a real process, and a place where it was never installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carebot.understand.encoder import Encoder
from carebot.understand.transformer import spoken
from tests.program.conftest import Running, until
from tests.program.test_own_model import children

HOUSE = Path(__file__).parents[2]
SAID = ["La app no funciona, no puedo entrar", "hola", "👍", "the card was declined twice, is it down for everyone?"]
NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
RULES = "brand: {name: Banco Lumbre, accounts: {x: [BancoLumbre]}}\n"


def carebot(folder: Path, *words: str, given: str = "", path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, (path, HOUSE))))}
    return subprocess.run(
        [sys.executable, "-m", "carebot", *words], input=given, capture_output=True, text=True, timeout=120, cwd=folder, env=environment
    )


def lines(texts: list[str]) -> str:
    """One every ten seconds, each by somebody else."""
    said = [
        {"id": f"x:{n}", "text": text, "author": f"a{n}", "source": "x", "posted_at": (NOON + n * timedelta(seconds=10)).isoformat()}
        for n, text in enumerate(texts)
    ]
    return "".join(json.dumps(one) + "\n" for one in said)


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """In front of everything else on Python's path: a place where onnxruntime is not installed."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "onnxruntime.py").write_text("raise ModuleNotFoundError('no onnxruntime', name='onnxruntime')\n")
    return tmp_path / "path"


def test_classify_reads_every_text_with_words_again(tmp_path: Path):
    fast = carebot(tmp_path, "classify", given=lines(SAID))
    full = carebot(tmp_path, "classify", "--tier", "full", given=lines(SAID))
    assert (fast.returncode, full.returncode) == (0, 0), full.stderr
    one, two = (said.stdout.splitlines() for said in (fast, full))
    assert [first != second for first, second in zip(one, two, strict=True)] == [True, True, False, True]
    assert [json.loads(line)["id"] for line in two] == ["x:0", "x:1", "x:2", "x:3"]
    assert has_an_opinion(SAID[0])


def has_an_opinion(text: str) -> bool:
    """The encoder has an opinion of its own here; with none the test above would compare nothing."""
    return bool(Encoder().logits([spoken(text)]).any())


def test_the_rules_say_which_tier_and_the_command_line_has_the_last_word(tmp_path: Path):
    (tmp_path / "full.yaml").write_text(f"{RULES}classifier: {{tier: full}}\n", encoding="utf-8")
    by_rules = carebot(tmp_path, "classify", "--rules", "full.yaml", given=lines(SAID)).stdout
    by_hand = carebot(tmp_path, "classify", "--tier", "full", given=lines(SAID)).stdout
    not_at_all = carebot(tmp_path, "classify", "--rules", "full.yaml", "--tier", "fast", given=lines(SAID)).stdout
    assert by_rules == by_hand
    assert not_at_all == carebot(tmp_path, "classify", given=lines(SAID)).stdout != by_rules


def test_where_it_is_not_installed_classify_says_so_once_and_goes_on_with_the_fast_tier(tmp_path: Path, nowhere: Path):
    many = lines(SAID * 600)  # several batches
    full = carebot(tmp_path, "classify", "--tier", "full", given=many, path=nowhere)
    assert full.returncode == 0
    assert full.stdout == carebot(tmp_path, "classify", given=many).stdout
    (told,) = [line for line in full.stderr.splitlines() if "onnxruntime" in line]
    assert told.startswith("carebot: The full tier does not answer: the fast one's reading holds. ")
    assert "onnxruntime is missing here: pip install 'carebot[full]'." in told


def test_doctor_says_which_tiers_are_at_work(tmp_path: Path, nowhere: Path):
    (tmp_path / "rules.yaml").write_text(f"{RULES}classifier: {{tier: full}}\n", encoding="utf-8")
    well = {one["what"]: one for one in json.loads(carebot(tmp_path, "doctor", "--json").stdout)}
    assert (well["fast tier"]["ok"], well["full tier"]) == (True, {"what": "full tier", "ok": True, "detail": "answers"})
    missing = carebot(tmp_path, "doctor", path=nowhere)
    assert missing.returncode == 1
    assert "FIX  full tier: onnxruntime is missing here: pip install 'carebot[full]'" in missing.stdout


def test_a_replay_of_the_full_tier_gives_the_same_bytes_again(tmp_path: Path):
    (tmp_path / "day.jsonl").write_text(lines([f"{SAID[n % 4]} {n}" for n in range(40)]), encoding="utf-8")
    replay = ("replay", "--rules", str(HOUSE / "rules.yaml"), "--input", "day.jsonl", "--json")
    once, again = (carebot(tmp_path, *replay, "--tier", "full") for _ in range(2))
    assert once.returncode == 0, once.stderr
    assert once.stdout == again.stdout != ""
    assert "classifier ready" in once.stderr
    assert "classifier" not in carebot(tmp_path, *replay).stderr


@pytest.mark.skipif(not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists(), reason="this system does not list children")
def test_the_desk_goes_on_hearing_while_the_full_tier_is_killed_and_comes_back(tmp_path: Path, start: Callable[..., Running]):
    def state() -> str:
        return json.loads(carebot(tmp_path, "status", "--json").stdout)["readers"]["full tier"]

    source = "sources:\n  - {name: notes, kind: jsonl, path: notes.jsonl, every: 1s}\n"
    (tmp_path / "rules.yaml").write_text(f"{RULES}{source}classifier: {{tier: full}}\n", encoding="utf-8")
    (tmp_path / "notes.jsonl").touch()
    running = start()
    until(lambda: "classifier ready" in running.log(), running, 60)
    (encoder,) = children(running.process.pid)
    os.kill(encoder, signal.SIGKILL)
    with (tmp_path / "notes.jsonl").open("a", encoding="utf-8") as notes:
        notes.write(lines(SAID))
    until(lambda: running.count("messages") == len(SAID), running)
    until(lambda: '"classifier_down"' in running.out.read_text("utf-8"), running)
    until(lambda: '"classifier_back"' in running.out.read_text("utf-8"), running, 60)
    assert running.out.read_text("utf-8").count("classifier_down") == 1
    assert "The full tier does not answer" in running.out.read_text("utf-8")
    until(lambda: state() == "ready", running)
    assert running.stop() == 0
