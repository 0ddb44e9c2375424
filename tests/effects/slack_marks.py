"""What Slack makes of a payload's text: a small reader of its marks, so that tests can say what a stranger managed to write.

Of mrkdwn: <…> tokens (mentions, channels, links, dates), *bold* _italic_ ~strike~ `code`, quotes, :emoji:, bare addresses. Of plain text: :emoji:.
Of rich text nothing: there every mark is an element. https://docs.slack.dev/messaging/formatting-message-text (read 2026-11)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, get_args

from carebot.model import ClickAction

_STAND_INS = "∗∼‵ˍ∶…"  # what the renderer puts in a mark's place; in no address
_LAST_LABEL = rf"(?!ˍ|.ˍ)[^\W\d_](?:[^\W\d_]|[^\x00-\x7f\s{_STAND_INS}])"  # .भारत goes on with a mark
_TOKENS = {
    "control": re.compile(r"<[^<>]*>|[<>]"),
    "entity": re.compile(r"&(?!amp;|lt;|gt;)"),
    "format": re.compile(r"(?<![^\W_])([*_~])(?=\S)[^\n]*?\S?\1(?![^\W_])|`[^`\n]+`|```"),
    "emoji": re.compile(r"(?!(?<=\d):[0-5]\d:):[\w+'-]{1,100}:"),  # in 10:42:30 there is none
    "address": re.compile(rf"(?i)\b(?!hxxps?:)[a-z][a-z0-9+.-]*://\S|[^\s\x00-/:-@\[-`{{-\x7f{_STAND_INS}][.。．｡]{_LAST_LABEL}|\bwww\."),
}
_PLAIN = ("emoji", "address")
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
# What Slack takes for itself and shows nobody, and the words that may stand there.
_FIXED = {
    "type": re.compile(
        r"header|section|context|actions|divider|button|static_select|input|plain_text_input|modal|plain_text|mrkdwn|text|link|broadcast"
        r"|rich_text(_(section|quote|preformatted))?"
    ),
    "action_id": re.compile("|".join([*get_args(ClickAction), "why", "text", "es", "en"])),
    "block_id": re.compile("why|text|statement-(es|en)|carebot-[0-9a-f]{24}"),
    "callback_id": re.compile("|".join(get_args(ClickAction))),
    "style": re.compile("primary|danger"),
    "range": re.compile("here|channel"),
    "value": re.compile(r"(\w{1,10}:)?[a-z0-9][\w-]{0,150}(#\w{0,64})?"),
}


def marks(text: str, kind: str = "mrkdwn") -> list[tuple[str, str]]:
    """The tokens Slack would act on, as (what, text)."""
    if kind == "rich":
        return unseen(text)
    names = _TOKENS if kind == "mrkdwn" else _PLAIN
    return [(name, found[0]) for name in names for found in _TOKENS[name].finditer(text)] + marks(text, "rich")


def unseen(text: str) -> list[tuple[str, str]]:
    """What the eye does not see or cannot bear: control and format characters, blanks, dressed letters, towers of accents."""
    found: list[tuple[str, str]] = []
    height = 0
    for before, char in zip(" " + text, text, strict=False):
        kind = unicodedata.category(char)
        height = height + 1 if kind[0] == "M" else 0
        if char in "\u200c\u200d":
            hidden = before < "\u0250"  # between Latin letters nothing is to be joined
        elif "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
            hidden = before.isalnum() or "\ufe00" <= before <= "\ufe0f"
        else:
            hidden = (kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and char != "\n") or char in _BLANK
        if hidden:
            found.append(("invisible", char))
        elif height > 4:
            found.append(("tower", char))
    return found


def strays(part: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a payload that neither `texts` nor `urls` looks at and that is no word of ours: nobody has thought of it."""
    match part:
        case {"type": "mrkdwn" | "plain_text" | "text" | "link", "text": _}:
            yield from strays({name: value for name, value in part.items() if name not in ("text", "url")})
        case dict():
            for name, value in part.items():
                yield from strays(value, name)
        case list() | tuple():
            for value in part:
                yield from strays(value, key)
        case str():
            if key not in _FIXED or not _FIXED[key].fullmatch(part):
                yield key, part


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
