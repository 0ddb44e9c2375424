"""What a page of posts on X says, in its old spelling and in its new one. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from carebot.errors import Unreachable
from carebot.model import Batch, Deleted, Message, Refusal
from connectors import answers

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}$")]
GONE = ("resource-not-found", "not-authorized-for-resource")  # taken away, or its author lets nobody see it any more


class _Words(msgspec.Struct):
    text: str


class _Link(msgspec.Struct):
    type: str
    id: Id


class Post(msgspec.Struct):
    """The fields of a post that we read; where there are two of a kind, one is X's old spelling and one its new."""

    id: Id
    text: Annotated[str, msgspec.Meta(min_length=1)]
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    author_id: Id | None = None
    conversation_id: Id | None = None
    lang: str | None = None
    note_tweet: _Words | None = None
    note_post: _Words | None = None
    edit_history_tweet_ids: list[Id] | None = None
    edit_history_post_ids: list[Id] | None = None
    referenced_tweets: list[_Link] | None = None
    referenced_posts: list[_Link] | None = None

    @property
    def versions(self) -> list[Id]:
        """The ids of all its versions, the first one first: each edit of a post is a post of its own."""
        return self.edit_history_tweet_ids or self.edit_history_post_ids or [self.id]


class Named(msgspec.Struct):
    """Whatever has an id."""

    id: Id


class User(Named):
    username: str
    name: str = ""
    created_at: Any = None


class Left(msgspec.Struct):
    """One of the `errors` of an answer that is otherwise good: something X would not or could not give."""

    title: str = ""
    type: str = ""
    resource_id: str = ""
    value: str = ""

    @property
    def id(self) -> str:
        return next((each for each in (self.resource_id, self.value) if re.fullmatch(r"[0-9]{1,19}", each)), "")


class _Includes(msgspec.Struct):
    users: list[Any] = []


class Meta(msgspec.Struct):
    newest_id: Id | None = None
    oldest_id: Id | None = None
    next_token: str | None = None


class _Page(msgspec.Struct):
    meta: Meta
    data: list[Any] = []
    includes: _Includes = msgspec.field(default_factory=_Includes)
    errors: list[Any] = []


class _LookUp(msgspec.Struct):
    data: list[Any] = []
    includes: _Includes = msgspec.field(default_factory=_Includes)
    errors: list[Any] = []


def read(page: Mapping[str, Any], source: str, seen_at: datetime) -> Batch:
    """The posts of a page, oldest first. One that cannot be read is refused with its id, and so is one X itself left out.

    Raises Unreachable if it is no page of posts at all: nothing may move on then.
    """
    whole = _whole(page, source)
    return _read(list(reversed(whole.data)), whole.includes, whole.errors, source, seen_at)


def meta_of(page: Mapping[str, Any], source: str) -> Meta:
    return _whole(page, source).meta


def ids_of(page: Mapping[str, Any]) -> list[str]:
    """The id of each post on a page, also of one that cannot be read otherwise; empty where it has none."""
    found = [answers.read_as(Named, each) for each in page.get("data") or ()]
    return [each.id if each else "" for each in found]


def looked_up(page: Mapping[str, Any], asked: Collection[str], source: str, now: datetime) -> tuple[Batch, list[str]]:
    """What became of posts we have: gone, or in words of a later version; and the ids of later versions that X did not show at once.

    X shows the latest version, "unless a specific past version is requested" (docs.x.com/x-api/fundamentals/edit-posts, read 2026-11).
    Raises Unreachable if it is no answer to that at all.
    """
    whole = answers.read_as(_LookUp, page)
    if whole is None or not (whole.data or whole.errors):
        raise Unreachable(f"{source}: X answered with something that does not say what became of posts")
    posts = [(each, answers.read_as(Post, each)) for each in whole.data]
    shown = [each for each, post in posts if post is None or post.id == post.versions[-1] != post.versions[0]]
    newer = [post.versions[-1] for _, post in posts if post and post.id != post.versions[-1]]
    left = [answers.read_as(Left, each) or Left() for each in whole.errors]
    gone = dict.fromkeys(each.id for each in left if each.id in asked and each.type.endswith(GONE))
    batch = _read(shown, whole.includes, [each for each in whole.errors if _of(each) not in gone], source, now)
    return msgspec.structs.replace(batch, events=(*batch.events, *(Deleted(id=f"x:{id_}", at=now) for id_ in gone))), newer


def _of(error: Any) -> str:
    return (answers.read_as(Left, error) or Left()).id


def _read(data: list[Any], includes: _Includes, errors: list[Any], source: str, seen_at: datetime) -> Batch:
    refused = [Refusal(source=source, at=seen_at, **_left_out(error)) for error in errors]
    users = {user.id: user for each in includes.users if (user := answers.read_as(User, each))}
    events = []
    for number, each in enumerate(data, 1):
        try:
            events.append(_message(msgspec.convert(each, Post), users, seen_at))
        except (msgspec.ValidationError, OverflowError) as error:  # its text names the field, never what was in it
            known = answers.read_as(Named, each)
            item = known.id if known else f"post {number} from the end"
            refused.append(Refusal(source=source, item=item, reason=f"is not a post as X describes them: {error}", at=seen_at))
    return Batch(source=source, events=tuple(events), refused=tuple(refused))


def _whole(page: Mapping[str, Any], source: str) -> _Page:
    try:
        return msgspec.convert(page, _Page)
    except msgspec.ValidationError as error:
        raise Unreachable(f"{source}: X answered with something that is not a page of posts ({error})") from None


def _message(post: Post, users: Mapping[str, User], seen_at: datetime) -> Message:
    long = post.note_tweet or post.note_post
    links = {link.type: f"x:{link.id}" for link in post.referenced_tweets or post.referenced_posts or ()}
    user = users.get(post.author_id or "")
    return Message(
        id=f"x:{post.versions[0]}",
        text=_said(long.text if long and long.text else post.text),
        posted_at=post.created_at.astimezone(UTC),
        seen_at=seen_at,
        source="x",
        lang=post.lang if post.lang and len(post.lang) == 2 else "",  # und, qme, zxx …: X's ways to say it does not know
        author=_said(user.username) if user else post.author_id or "",
        author_name=_said(user.name) if user else "",
        author_since=answers.since(user.created_at) if user else None,
        conversation=f"x:{post.conversation_id}" if post.conversation_id else "",
        in_reply_to=links.get("replied_to", ""),
        repost_of=links.get("retweeted", ""),
        url=f"https://x.com/i/status/{post.id}",
    )


def _said(text: str) -> str:
    """Without X's escapes (these three and no other), and without half surrogate pairs, which JSON can carry and UTF-8 cannot."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").encode("utf-8", "replace").decode()


def _left_out(error: Any) -> dict[str, str]:
    left = answers.read_as(Left, error) or Left()
    title = re.sub(r"[^\w .,:-]", "", left.title)[:80] or "it does not say why"
    return {"item": left.id or "unknown", "reason": f"X left it out: {title}"}
