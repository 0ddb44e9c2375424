"""What Mastodon, and those who speak as it does, say of posts, as messages. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec.structs import replace

from carebot.errors import Unreachable
from carebot.model import Message, Refusal
from connectors import answers, base, markup

_AN_ID = r"^[A-Za-z0-9_-]{1,64}$"  # an integer to Mastodon, a ULID to GoToSocial, a FlakeId to Pleroma: nothing to count with
_Id = Annotated[str, msgspec.Meta(pattern=_AN_ID)]
_Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class Account(msgspec.Struct):
    id: _Id
    acct: str
    display_name: str | None = None
    followers_count: int | None = None
    created_at: Any = None


class _Picture(msgspec.Struct):
    description: str | None = None


class Status(msgspec.Struct):
    """The fields of a post that we read."""

    id: _Id
    created_at: _Aware
    account: Account
    content: str | None = None
    spoiler_text: str | None = None
    in_reply_to_id: _Id | None = None
    reblog: Any = None
    visibility: str = "public"
    uri: str = ""
    url: str | None = None
    media_attachments: list[_Picture] = []


class _Named(msgspec.Struct):
    """An item of a list: a post, or a notification of one."""

    id: _Id
    created_at: Any = None

    @property
    def at(self) -> datetime | None:
        at = answers.read_as(_When, {"at": self.created_at})
        return at.at.astimezone(UTC) if at else None


class _When(msgspec.Struct):
    at: _Aware


class Page(msgspec.Struct, frozen=True):
    """newest, oldest: the ids at its two ends, with their times; empty: there is nothing on it. items: how many there are."""

    messages: tuple[Message, ...] = ()
    refused: tuple[Refusal, ...] = ()
    posted: tuple[datetime, ...] = ()
    items: int = 0
    newest: str = ""
    oldest: str = ""
    newest_at: datetime | None = None
    oldest_at: datetime | None = None


def read(items: Any, host: str, source: str, seen_at: datetime, *, ours: bool = False) -> Page:
    """The posts of a list, or those that its notifications tell of, oldest first. Raises Unreachable if it is no list."""
    if not isinstance(items, list):
        raise Unreachable(f"{source}: {host} answered with something that is not a list of posts")
    messages, refused = [], []
    for number, item in enumerate(items, 1):
        status = item.get("status") if isinstance(item, dict) and _is_notification(item) else item
        if isinstance(item, dict) and _is_notification(item) and item.get("type") != "mention":
            continue
        try:
            said = _message(msgspec.convert(status, Status), host, seen_at, ours=ours)
            messages.extend([said] if said.text else [])
        except (msgspec.ValidationError, OverflowError, ValueError) as error:  # its text names the field, never what was in it
            known = answers.read_as(_Named, item)
            reason = f"is not a post as Mastodon describes them: {error}"
            refused.append(Refusal(source=source, item=known.id if known else f"post {number}", reason=reason, at=seen_at))
    return _with_ends(Page(tuple(reversed(messages)), tuple(refused), items=len(items)), items)


def _with_ends(page: Page, items: list[Any]) -> Page:
    """Servers show a page newest first, whichever way they were asked; if one does not, its times tell."""
    named = [each for item in items if (each := answers.read_as(_Named, item))]
    posted = tuple(at for each in named if (at := each.at))
    if not named:
        return page
    upwards = len(posted) > 1 and posted[0] < posted[-1]
    first, last = (named[-1], named[0]) if upwards else (named[0], named[-1])
    return replace(page, posted=posted, newest=first.id, oldest=last.id, newest_at=first.at, oldest_at=last.at)


def linked(page: Page, headers: Mapping[str, str]) -> Page:
    """The page with its ends as its Link header has them, where it says: some lists are ordered by something else than what they show."""
    links = {rel: url for url, rel in re.findall(r'<([^<>]{1,2000})>\s*;\s*rel="?(prev|next)', headers.get("link", ""))}
    ends = {"newest": _in(links.get("prev", ""), "min_id"), "oldest": _in(links.get("next", ""), "max_id")}
    return replace(page, **{end: id_ for end, id_ in ends.items() if id_ and page.items})


def _in(url: str, key: str) -> str:
    try:
        found = parse_qs(urlsplit(url).query).get(key, [""])[0]
    except ValueError:
        return ""
    return found if re.fullmatch(_AN_ID, found) else ""


def _is_notification(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("type"), str) and "content" not in item


def _message(status: Status, host: str, seen_at: datetime, *, ours: bool) -> Message:
    account, boosted = status.account, answers.read_as(_Named, status.reblog)
    words = (status.spoiler_text or "", markup.words_of(status.content or ""))
    shown = [each.description for each in status.media_attachments if each.description]
    return Message(
        id=f"mastodon:{host}/{status.id}",
        text=answers.words("\n".join(part.strip() for part in (*words, *shown) if part.strip()))[: markup.MAX_TEXT],
        posted_at=min(status.created_at.astimezone(UTC), seen_at),
        seen_at=seen_at,
        source="mastodon",
        author=answers.words(account.acct if "@" in account.acct else f"{account.acct}@{host}")[:300],
        author_name=answers.words(account.display_name or "")[:100],
        # Of somebody of another server it is that server's word, and a thief may run one.
        author_since=None if "@" in account.acct else answers.since(account.created_at),
        audience=min(max(account.followers_count or 0, 0), 2**53),
        by_brand=ours,
        direct=status.visibility == "direct",
        in_reply_to=f"mastodon:{host}/{status.in_reply_to_id}" if status.in_reply_to_id else "",
        repost_of=f"mastodon:{host}/{boosted.id}" if boosted else "",
        url=next((each for each in (status.url or "", status.uri) if each.startswith("https://")), ""),
    )


def was_edited(status: Any) -> bool:
    return isinstance(status, dict) and isinstance(status.get("edited_at"), str)


def says_so(reply: base.Reply) -> bool:
    """Is it the server itself that says "not found", and not something in front of it?"""
    said = answers.decoded(reply.body)
    return isinstance(said, dict) and isinstance(said.get("error"), str)
