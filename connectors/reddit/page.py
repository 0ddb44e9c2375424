"""What a page of Reddit's says: posts (t3) and comments (t1), with what was edited, taken back or removed. Pure.

A post that was taken away stays in Reddit's answers without its words: "[deleted]" by its author, "[removed]" by a moderator, or with
`removed_by_category`, often with its title still there. Where only the author's account is gone, the words stay and the name goes.
Shapes checked against 20,000 posts and comments in the recordings asyncpraw 8.0.3 tests itself with (2026-11).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from carebot.model import Batch, Deleted, Message
from connectors import answers

MAX_TEXT = 10_000
NOBODY = ("[deleted]", "[removed]", "", None)
GONE = re.compile(r"\[ ?(deleted|removed)( by [^\]]{1,40})? ?\]")
_Name = Annotated[str, msgspec.Meta(pattern=r"^t[13]_[0-9a-z]{1,13}$")]


class Said(msgspec.Struct):
    """The fields of a post or comment that we read: a comment has `body`, a post `title` and `selftext`."""

    name: _Name
    created_utc: float
    author: str | None = None
    body: str | None = None
    title: str | None = None
    selftext: str | None = None
    edited: bool | float | None = False
    removed_by_category: str | None = None
    parent_id: _Name | None = None
    link_id: _Name | None = None
    permalink: str | None = None


class _Data(msgspec.Struct):
    children: list[Any] = []
    after: _Name | None = None


class Listing(msgspec.Struct):
    data: _Data


class _When(msgspec.Struct):
    created_utc: float


def name_of(child: Any) -> Any:
    return answers.field(child, "data", "name")


def read(children: Sequence[Any], source: str, now: datetime) -> Batch:
    """What the things on a page say, oldest first; a Deleted for each that is there without its words."""

    def said(child: Any) -> Iterator[Message | Deleted]:
        one = msgspec.convert(answers.field(child, "data"), Said)
        if is_gone(one):
            yield Deleted(id=f"reddit:{one.name}", at=now)
        elif (message := _message(one, now)).text:
            yield message

    events, refused = answers.read_each(children, said, name_of, source, now)
    return Batch(source=source, events=events[::-1], refused=refused)


def became(children: Sequence[Any], asked: Sequence[str], source: str, now: datetime) -> Batch:
    """What became of those we asked for: gone, or edited, or without their author. What Reddit no longer knows at all is gone too."""
    found = read(children, source, now)
    changed = {f"reddit:{one.name}" for child in children if (one := _as_said(child)) and (one.edited or one.author in NOBODY)}
    events = [event for event in found.events if isinstance(event, Deleted) or (isinstance(event, Message) and event.id in changed)]
    there = {f"reddit:{name_of(child)}" for child in children}
    events += [Deleted(id=id_, at=now) for id_ in asked if id_ not in there]
    return Batch(source=source, events=tuple(events), refused=found.refused, checked=tuple(asked))


def times(children: Sequence[Any], now: datetime) -> list[datetime]:
    """When the things on a page were said, also those that are gone, in the page's order."""
    found = (answers.read_as(_When, answers.field(child, "data")) for child in children)
    return [answers.moment(when.created_utc, now) for when in found if when and 0 <= when.created_utc < 1e11]


def _as_said(child: Any) -> Said | None:
    return answers.read_as(Said, answers.field(child, "data"))


def is_gone(one: Said) -> bool:
    if one.removed_by_category:
        return True
    words = (one.body if one.body is not None else one.selftext) or ""
    return bool(GONE.fullmatch(words.strip())) or (one.body is None and one.author in NOBODY and not words.strip())


def _message(one: Said, now: datetime) -> Message:
    title, body = answers.words(one.title).strip(), plain(answers.words(one.body if one.body is not None else one.selftext))
    permalink = one.permalink or ""
    return Message(
        id=f"reddit:{one.name}",
        text=f"{html.unescape(title)}\n{body}".strip()[:MAX_TEXT],
        posted_at=answers.moment(one.created_utc, now),
        seen_at=now,
        source="reddit",
        author="" if one.author in NOBODY else answers.words(one.author),
        conversation=f"reddit:{one.link_id or one.name}",
        in_reply_to=f"reddit:{one.parent_id}" if one.parent_id else "",
        url=f"https://www.reddit.com{permalink}" if re.fullmatch(r"/r/[\w/.%-]{1,300}", permalink, re.ASCII) else "",
    )


_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)")
_QUOTE = re.compile(r"^ {0,3}>(?!!).*$", re.MULTILINE)
_MARKS = re.compile(r"\\([\\`*_{}\[\]()#+.!>~|^-])|^ {0,3}#{1,6} |^ {0,3}[*+-] |\*{1,3}|~~|`{1,3}|>!|!<|\^(?=\()", re.MULTILINE)


def plain(markdown: str) -> str:
    """Markdown as its reader sees it, without what it quotes of others: somebody else said that, and it is read there."""
    text = html.unescape(markdown[: 4 * MAX_TEXT]).replace("\u200b", "").replace("\r", "")
    own = _QUOTE.sub("", text) if _QUOTE.sub("", text).strip() else text
    shown = _MARKS.sub(lambda mark: mark[1] or "", _LINK.sub(r"\1", own))  # an escaped one is a person's own
    return "\n".join(line for each in shown.split("\n") if (line := " ".join(each.split())))[:MAX_TEXT]
