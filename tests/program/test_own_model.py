"""The real process with a model that is not there: it listens all the same, and the desk hears once why the model does not answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.program.conftest import Running, until

RULES = """
brand: {name: Banco Lumbre}
sources:
  - {name: notes, kind: jsonl, path: notes.jsonl, every: 1s}
"""
MODEL = "classifier: {model: /nowhere/tone}\n"


def children(pid: int) -> list[int]:
    """The processes of whose thread `pid` is the parent."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text("ascii").split()]


@pytest.mark.skipif(not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists(), reason="this system does not list children")
def test_a_model_that_is_not_there_silences_nobody(tmp_path: Path, start: Callable[..., Running]):
    (tmp_path / "rules.yaml").write_text(RULES + MODEL, encoding="utf-8")
    (tmp_path / "notes.jsonl").touch()
    running = start()
    until(lambda: '"classifier_down"' in running.out.read_text("utf-8"), running, 60)
    (alert,) = [json.loads(line) for line in running.out.read_text("utf-8").splitlines()]
    assert alert["reason"] == "classifier_down"
    said = {"id": "x:1", "source": "x", "author": "ana", "text": "la app no funciona", "posted_at": datetime.now(UTC).isoformat()}
    with (tmp_path / "notes.jsonl").open("a", encoding="utf-8") as notes:
        notes.write(json.dumps(said) + "\n")
    until(lambda: running.count("messages") == 1, running)
    until(lambda: running.log().count("classifier failed") >= 2, running, 60)
    assert running.log().count("there is no such folder") >= 2
    assert running.out.read_text("utf-8").count("classifier_down") == 1
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    until(lambda: '"rules_loaded"' in running.out.read_text("utf-8"), running)
    assert children(running.process.pid) == []
    assert running.stop() == 0
