"""Every *.story in this folder, through the real loop on a real database, against the Slack transcript it must give."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from carebot.commands import rules_in
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Alert
from carebot.replay import play, slots
from carebot.wire import events
from tests.stories.reading import Story, read, transcript

HERE = Path(__file__).parent
STORIES = sorted(HERE.glob("*.story"))


def told(story: Story, lines: list[dict[str, object]], db: Path | None = None) -> list[Alert]:
    rules = rules_in(HERE.parents[1] / "rules.yaml")
    if story.publishers:
        roles = rules.file.roles.model_copy(update={"publish": story.publishers})
        rules = rules.model_copy(update={"file": rules.file.model_copy(update={"roles": roles})})
    loop = Loop(Store(db), rules, secret=b"story", destinations=lambda alert: (alert.to,))
    raw = (json.dumps(line).encode() for line in lines)
    said: list[Alert] = []
    for _, took in play(loop, slots(events(raw, source="x", seen_at=None)), until=story.until):
        said += took.outcome.alerts
    loop.store.close()
    return said


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_desk_is_told(path, tmp_path):
    story = read(path)
    said = transcript(told(story, list(story.lines), tmp_path / "story.db"), story, "es")
    wanted = path.with_suffix(".said")
    assert wanted.exists(), f"{path.stem}: keep this as {wanted.name} if it is right:\n\n{said}"
    assert said == wanted.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_order_in_which_lines_arrive_does_not_matter(path):
    story = read(path)
    shuffled = sorted(story.lines, key=lambda line: _arrived(line)[:14])
    chance = random.Random(path.stem)
    lines = list(shuffled)
    for place in range(len(lines) - 1):  # neighbours only: lines stay within the lateness allowance
        if chance.random() < 0.5 and _apart(lines[place], lines[place + 1]) < 600:
            lines[place], lines[place + 1] = lines[place + 1], lines[place]
    assert transcript(told(story, lines), story, "es") == transcript(told(story, list(story.lines)), story, "es")


def _arrived(line: dict[str, object]) -> str:
    if line.get("kind") == "volume":
        return (datetime.fromisoformat(str(line["at"])) + timedelta(minutes=int(str(line["minutes"])))).isoformat()
    return str(line.get("at") or line.get("from") or line.get("seen_at") or line["posted_at"])


def _apart(one: dict[str, object], other: dict[str, object]) -> float:
    times = [datetime.fromisoformat(_arrived(line)) for line in (one, other)]
    return abs((times[1] - times[0]).total_seconds())


def test_a_line_outside_the_grammar_is_named(tmp_path):
    bad = tmp_path / "bad.story"
    bad.write_text("# x\nday 2026-03-12 Europe/Madrid\nuntil 13:00\nana says hello\n")
    with pytest.raises(ValueError, match="line 4 is not in the grammar: 'ana says hello'"):
        read(bad)
