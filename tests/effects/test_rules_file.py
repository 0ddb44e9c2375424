"""The rules file on disk is watched every two seconds, and read when there is something new to read."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from carebot.effects.rules_file import RulesOnDisk
from connectors import base
from tests.saying import NOON

RULES = "brand: {name: Zenco}\nsources:\n  - {name: forum, kind: feed, url: 'https://forum.example/latest.rss'}\n"


def test_a_file_that_did_not_change_is_not_read_again_and_one_that_did_is(tmp_path: Path):
    checked: list[str] = []

    def options() -> type[BaseModel]:
        checked.append("feed")
        return base.options_of("feed")

    file = tmp_path / "rules.yaml"
    file.write_text(RULES, encoding="utf-8")
    rules = RulesOnDisk(file, {"feed": options})
    rules.at_start(None, NOON)
    once = len(checked)
    assert [rules.changed(NOON) for _ in range(5)] == [None] * 5
    assert len(checked) == once > 0
    file.write_text(RULES.replace("Zenco", "Lumbre"), encoding="utf-8")
    news = rules.changed(NOON)
    assert news and news.rulebook and news.rulebook.file.brand.name == "Lumbre"
    file.unlink()
    gone = rules.changed(NOON)
    assert gone and gone.rulebook is None and gone.report.reason == "rules_refused"
    assert rules.changed(NOON) is None  # told once
    forced = rules.changed(NOON, forced=True)
    assert forced and forced.report.reason == "rules_refused"
