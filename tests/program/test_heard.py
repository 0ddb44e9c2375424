"""How far each source was heard is committed with what it brought, and outlives a kill."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.program.conftest import Running, until
from tests.program.test_daemon import FILE, append, line, post, rules


def ears(running: Running) -> dict:
    rows = running.query("SELECT doc FROM memory WHERE key = 'memory'")
    return json.loads(rows[0][0]).get("ears", {}) if rows else {}


def test_what_is_known_of_a_sources_ear_outlives_a_kill_and_goes_when_the_rules_drop_the_source(start, tmp_path: Path):
    rules(tmp_path, FILE + "  - {name: form, kind: webhook, secret: form-key}\n")
    append(tmp_path, *(line(number) for number in range(3)))
    running = start(environment={"CAREBOT_FORM_KEY": "k" * 40})
    until(lambda: running.count("messages") == 3, running)
    assert ears(running)["notes"]["brought"] == {"x": 3}  # in the same transaction
    assert abs(ears(running)["notes"]["until"] - time.time() // 60) <= 1
    assert post(f"http://127.0.0.1:{running.port()}/hooks/form", line(7, source="web_form").encode(), "k" * 40) == 202
    assert ears(running)["form"]["brought"] == {"web_form": 1} and "until" not in ears(running)["form"]
    running.kill()
    (tmp_path / "notes.jsonl").unlink()
    again = start(environment={"CAREBOT_FORM_KEY": "k" * 40})
    until(lambda: "trouble source=notes" in again.log(), again)
    assert {name: ear["brought"].keys() for name, ear in ears(again).items()} == {"notes": {"x"}, "form": {"web_form"}}
    rules(tmp_path, "  - {name: form, kind: webhook, secret: form-key}\n")
    until(lambda: list(ears(again)) == ["form"], again)
