"""Would Slack take this message? Its SDK's own checks, and the limits those do not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block

from carebot.effects.card import Card

# https://docs.slack.dev/reference/block-kit/blocks (read 2026-11), in characters as Slack counts them: UTF-16 units
_LONGEST = {
    "header": 150,
    "section": 3000,
    "field": 2000,
    "mrkdwn": 3000,
    "button": 75,
    "option": 75,
    "value": 2000,
    "option value": 150,
    "url": 3000,
}


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def assert_slack_takes_it(made: Card) -> None:
    blocks = Block.parse_all(made.blocks)
    assert all(blocks), "a kind of block Slack does not know"
    for block in blocks:
        block.validate_json()
        block.to_dict()
    assert 0 < len(made.blocks) <= 12, "twelve are a card; fifty are Slack's limit"
    assert len(json.dumps(made.blocks, ensure_ascii=False)) <= 13_000
    assert 0 < units(made.text) <= 3000
    ids = [block["block_id"] for block in made.blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    counts = {"context": (1, 10), "actions": (1, 25), "rich_text": (1, 50)}
    for block in made.blocks:
        least, most = counts.get(block["type"], (0, 99))
        assert least <= len(block.get("elements", ())) <= most, block["type"]
        assert len(block.get("fields", ())) <= 10
    for kind, text in lengths(made.blocks):
        assert text, f"an empty {kind}"
        assert units(text) <= _LONGEST[kind], (kind, len(text))
    names = [action["action_id"] for block in made.blocks if block["type"] == "actions" for action in block["elements"]]
    assert len(names) == len(set(names)), "two buttons of one name"


def lengths(part: Any, within: str = "section") -> Iterator[tuple[str, str]]:
    """Every text with the limit it is under."""
    if isinstance(part, list | tuple):
        for one in part:
            yield from lengths(one, within)
        return
    if not isinstance(part, dict):
        return
    kind = str(part.get("type", ""))
    within = {"header": "header", "button": "button", "static_select": "button"}.get(kind, within)
    if kind in ("plain_text", "mrkdwn", "text", "link"):
        yield within, part["text"]
    if kind == "link":
        yield "url", part["url"]
    if "value" in part:
        yield "value" if kind == "button" else "option value", part["value"]
    for name, value in part.items():
        deeper = {"fields": "field", "options": "option"}.get(name, within)
        if isinstance(value, dict | list | tuple):
            yield from lengths(value, deeper)
