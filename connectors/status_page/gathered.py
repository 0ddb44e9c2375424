"""StatusGator's monitors: one service for the status pages of thousands of providers. A monitor is a part. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from carebot.model import Batch, StatusState
from connectors import answers
from connectors.status_page.changes import Part, after, known, told

WORDS: dict[str, StatusState] = {"up": "operational", "warn": "degraded", "down": "major_outage", "maintenance": "maintenance"}
FIXES = {
    401: ("refused our token", "Make one in its settings under API, then: systemctl restart carebot."),
    403: ("does not let this token read the board", "Give the token that right, or correct `url` in rules.yaml."),
    404: ("knows no such board", "`url` is https://statusgator.com/api/v3/boards/…/monitors: correct the board in rules.yaml."),
}


class Monitor(msgspec.Struct):
    id: str
    display_name: str
    filtered_status: str | None = None
    paused_at: str | None = None


class Pagination(msgspec.Struct):
    next_page: int | None = None


class Page(msgspec.Struct):
    data: list[Monitor]
    pagination: Pagination = msgspec.field(default_factory=Pagination)


def gathered(monitors: Iterable[Monitor], cursor: str | None, name: str, provider: str, now: datetime) -> Batch:
    """What changed since the cursor. A monitor that is paused, or of which nothing is known, says nothing."""
    says = [(each, each.filtered_status) for each in monitors if not each.paused_at]
    parts = [
        Part(answers.words(each.id), answers.words(each.display_name), WORDS.get(word), now, answers.words(word))
        for each, word in says
        if word not in (None, "unknown")
    ]
    return replace(told(parts, known(cursor), name, provider), cursor=after(parts))
