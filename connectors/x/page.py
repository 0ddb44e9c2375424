"""What a page of X's search says, in its old spelling and in its new one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec

from carebot.errors import Unreachable
from carebot.model import Batch, Message, Refusal

T = TypeVar("T")
_Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}$")]


class _Words(msgspec.Struct):
    text: str


class _Link(msgspec.Struct):
    type: str
    id: _Id


class Post(msgspec.Struct):
    """The fields of a post that we read; where there are two of a kind, one is X's old spelling and one its new."""

    id: _Id
    text: Annotated[str, msgspec.Meta(min_length=1)]
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    author_id: _Id | None = None
    conversation_id: _Id | None = None
    lang: str | None = None
    note_tweet: _Words | None = None
    note_post: _Words | None = None
    edit_history_tweet_ids: list[_Id] | None = None
    edit_history_post_ids: list[_Id] | None = None
    referenced_tweets: list[_Link] | None = None
    referenced_posts: list[_Link] | None = None


class _Named(msgspec.Struct):
    id: _Id


class _User(_Named):
    username: str
    name: str = ""


class _Left(msgspec.Struct):
    """One of the `errors` of an answer that is otherwise good: something X would not or could not give."""

    title: str = ""
    resource_id: str = ""
    value: str = ""


class Problem(msgspec.Struct):
    """What X says beside a 400."""

    parameter: str = ""
    parameters: dict[str, Any] = {}
    errors: list[Any] = []


class _Includes(msgspec.Struct):
    users: list[Any] = []


class Meta(msgspec.Struct):
    newest_id: _Id | None = None
    oldest_id: _Id | None = None
    next_token: str | None = None


class _Page(msgspec.Struct):
    meta: Meta
    data: list[Any] = []
    includes: _Includes = msgspec.field(default_factory=_Includes)
    errors: list[Any] = []


def read(page: Mapping[str, Any], source: str, seen_at: datetime) -> Batch:
    """The posts of a page, oldest first. One that cannot be read is refused with its id, and so is one X itself left out.

    Raises Unreachable if it is no page of a search at all: nothing may move on then.
    """
    whole = _whole(page, source)
    events, refused = [], [Refusal(source=source, at=seen_at, **_left_out(error)) for error in whole.errors]
    users = {user.id: user for each in whole.includes.users if (user := read_as(_User, each))}
    for number, each in enumerate(reversed(whole.data), 1):
        try:
            events.append(_message(msgspec.convert(each, Post), users, seen_at))
        except (msgspec.ValidationError, OverflowError) as error:  # its text names the field, never what was in it
            known = read_as(_Named, each)
            item = known.id if known else f"post {number} from the end"
            refused.append(Refusal(source=source, item=item, reason=f"is not a post as X describes them: {error}", at=seen_at))
    return Batch(source=source, events=tuple(events), refused=tuple(refused))


def _whole(page: Mapping[str, Any], source: str) -> _Page:
    try:
        return msgspec.convert(page, _Page)
    except msgspec.ValidationError as error:
        raise Unreachable(f"{source}: X answered with something that is not a page of a search ({error})") from None


def _message(post: Post, users: Mapping[str, _User], seen_at: datetime) -> Message:
    long, versions = post.note_tweet or post.note_post, post.edit_history_tweet_ids or post.edit_history_post_ids
    links = {link.type: f"x:{link.id}" for link in post.referenced_tweets or post.referenced_posts or ()}
    user = users.get(post.author_id or "")
    return Message(
        id=f"x:{versions[0] if versions else post.id}",
        text=_said(long.text if long and long.text else post.text),
        posted_at=post.created_at.astimezone(UTC),
        seen_at=seen_at,
        source="x",
        lang=post.lang if post.lang and len(post.lang) == 2 else "",  # und, qme, zxx …: X's ways to say it does not know
        author=_said(user.username) if user else post.author_id or "",
        author_name=_said(user.name) if user else "",
        conversation=f"x:{post.conversation_id}" if post.conversation_id else "",
        in_reply_to=links.get("replied_to", ""),
        repost_of=links.get("retweeted", ""),
        url=f"https://x.com/i/status/{post.id}",
    )


def _said(text: str) -> str:
    """Without X's escapes (these three and no other), and without half surrogate pairs, which JSON can carry and UTF-8 cannot."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").encode("utf-8", "replace").decode()


def _left_out(error: Any) -> dict[str, str]:
    left = read_as(_Left, error) or _Left()
    title = re.sub(r"[^\w .,:-]", "", left.title)[:80] or "it does not say why"
    item = next((each for each in (left.resource_id, left.value) if re.fullmatch(r"[0-9]{1,19}", each)), "unknown")
    return {"item": item, "reason": f"X left it out: {title}"}


def read_as(kind: type[T], value: Any) -> T | None:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None
