"""What Slack makes of a payload's text: a small reader of its marks, so that tests can say what a stranger managed to write.

Of mrkdwn: <…> tokens (mentions, channels, links, dates), *bold* _italic_ ~strike~ `code`, quotes, :emoji:, bare addresses. Of plain text: :emoji:.
Of rich text nothing: there every mark is an element. https://docs.slack.dev/messaging/formatting-message-text (read 2026-11)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKENS = {
    "control": re.compile(r"<[^<>]*>|[<>]"),
    "entity": re.compile(r"&(?!amp;|lt;|gt;)"),
    "format": re.compile(r"(?<![^\W_])([*_~])(?=\S)[^\n]*?\S?\1(?![^\W_])|`[^`\n]+`|```"),
    "emoji": re.compile(r":[\w+'-]*[^\W\d][\w+'-]*:"),
    "address": re.compile(r"(?i)\b(?!hxxps?:)[a-z][a-z0-9+.-]*://\S|\b[\w-]+\.(?:com|net|org|es|io|example|co)\b|\bwww\."),
}
_PLAIN = ("emoji", "address")
_INVISIBLE = re.compile(
    "[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def marks(text: str, kind: str = "mrkdwn") -> list[tuple[str, str]]:
    """The tokens Slack would act on, as (what, text)."""
    if kind == "rich":
        return [("invisible", found[0]) for found in _INVISIBLE.finditer(text)]
    names = _TOKENS if kind == "mrkdwn" else _PLAIN
    return [(name, found[0]) for name in names for found in _TOKENS[name].finditer(text)] + marks(text, "rich")


def texts(part: Any) -> Iterator[tuple[str, str]]:
    """Every text of a payload with how Slack reads it: mrkdwn, plain or rich."""
    if isinstance(part, dict):
        match part.get("type"):
            case "mrkdwn":
                yield "mrkdwn", part["text"]
            case "plain_text":
                yield "plain", part["text"]
            case "text" | "link":
                yield "rich", part["text"]
            case _:
                for value in part.values():
                    yield from texts(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from texts(value)


def urls(part: Any) -> list[str]:
    """Every address somebody could click."""
    if isinstance(part, dict):
        own = [part["url"]] if "url" in part else []
        return own + [url for value in part.values() for url in urls(value)]
    return [url for one in part for url in urls(one)] if isinstance(part, list | tuple) else []


def called(part: Any) -> list[str]:
    """Who is called by an element of its own: a person, a group, @here."""
    if isinstance(part, dict):
        own = (
            [str(part.get("range") or part.get("user_id") or part["type"])]
            if part.get("type") in ("broadcast", "user", "usergroup", "channel")
            else []
        )
        return own + [one for value in part.values() for one in called(value)]
    return [one for each in part for one in called(each)] if isinstance(part, list | tuple) else []
