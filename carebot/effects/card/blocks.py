"""Slack's own pieces of a card. Text comes in as it is to be shown; only what is mrkdwn is made harmless here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carebot.effects.harmless import mrkdwn

Block = dict[str, Any]
OPTION = 150  # characters of a menu option's value


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def rich(parts: list[Block]) -> Block:
    return {"type": "rich_text", "elements": parts}


def part(kind: str, elements: list[Block]) -> Block:
    return {"type": f"rich_text_{kind}", "elements": elements}


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn(text, 600), "verbatim": True}]}


def button(action: str, label: str, value: str, style: str = "") -> Block:
    made = {"type": "button", "action_id": action, "value": value[:2000], "text": plain(label)}
    return made | {"style": style} if style else made


def menu(action: str, label: str, options: Mapping[str, str]) -> Block:
    """`options`: what is shown, by the value it stands for."""
    choices = [{"text": plain(text), "value": value} for value, text in options.items()]
    return {"type": "static_select", "action_id": action, "placeholder": plain(label), "options": choices}
