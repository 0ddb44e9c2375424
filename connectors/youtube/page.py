"""What YouTube says: threads and comments as messages, and whose turn it is when it says something else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Deleted, Message
from connectors import answers, base

CLOSED = {  # what is wrong with one list only; the others are read
    "commentsDisabled": "its comments are turned off",
    "videoNotFound": "there is no such video",
    "channelNotFound": "there is no such channel",
    "commentThreadNotFound": "it is gone",
    "commentNotFound": "it is gone",
    "forbidden": "it is not public",
}
LOST = {"invalidPageToken", "processingFailure"}
QUOTA, SLOWER = {"quotaExceeded", "dailyLimitExceeded"}, {"rateLimitExceeded", "userRateLimitExceeded"}
FIXES = {
    401: ("refused our key", "Make a new one in the Google Cloud console, then: systemctl restart carebot."),
    403: ("does not let our key in", "Turn on YouTube Data API v3 for its project, and see what the key is restricted to."),
    404: ("has nothing at this address", "Take `base_url` out of rules.yaml."),
    410: ("has closed this address", "Take `base_url` out of rules.yaml."),
}

_Id = Annotated[str, msgspec.Meta(pattern=r"^[\w.-]{1,100}$")]
_At = Annotated[datetime, msgspec.Meta(tz=True)]


class Page(msgspec.Struct):
    items: list[Any]
    nextPageToken: Annotated[str, msgspec.Meta(max_length=2000)] = ""  # noqa: N815 - YouTube's names


class _Channel(msgspec.Struct):
    value: str = ""


class _Words(msgspec.Struct):
    publishedAt: _At  # noqa: N815
    textDisplay: str = ""  # noqa: N815
    textOriginal: str | None = None  # noqa: N815
    updatedAt: _At | None = None  # noqa: N815
    authorDisplayName: str | None = None  # noqa: N815
    authorChannelId: _Channel | None = None  # noqa: N815
    parentId: _Id | None = None  # noqa: N815
    videoId: _Id | None = None  # noqa: N815


class Comment(msgspec.Struct):
    id: _Id
    snippet: _Words


class _Enclosed(msgspec.Struct):
    comments: list[Any] = []


class _About(msgspec.Struct):
    topLevelComment: Comment  # noqa: N815
    totalReplyCount: int = 0  # noqa: N815
    videoId: _Id | None = None  # noqa: N815


class Thread(msgspec.Struct):
    id: _Id
    snippet: _About
    replies: _Enclosed = msgspec.field(default_factory=_Enclosed)


def read(items: Sequence[Any], name: str, now: datetime) -> Batch:
    """What threads, or single comments, say: oldest first, each thread's replies after it."""
    comments: list[Any] = []
    for item in reversed(items):
        first = answers.field(item, "snippet", "topLevelComment")
        enclosed = answers.field(item, "replies", "comments")
        comments += [item if first is None else first, *(enclosed if isinstance(enclosed, list) else ())]

    def said(item: Any) -> Iterator[Message]:
        if (message := _message(msgspec.convert(item, Comment), now)).text:
            yield message

    events, refused = answers.read_each(comments, said, lambda item: answers.field(item, "id"), name, now)
    return Batch(source=name, events=events, refused=refused)


def became(page: Page, asked: Sequence[str], name: str, now: datetime) -> Batch:
    """What became of those we asked for: edited, or gone as they are not among the answers. Half an answer speaks for what is in it."""
    found = read(page.items, name, now)
    comments = filter(None, (answers.read_as(Comment, item) for item in page.items))
    edited = {f"youtube:{one.id}" for one in comments if one.snippet.updatedAt and one.snippet.updatedAt > one.snippet.publishedAt}
    there = {f"youtube:{answers.field(item, 'id')}" for item in page.items}
    again = [event for event in found.events if isinstance(event, Message) and event.id in edited]
    checked = tuple(id_ for id_ in asked if id_ in there or not page.nextPageToken)
    gone = [Deleted(id=id_, at=now) for id_ in checked if id_ not in there]
    return Batch(source=name, events=(*again, *gone), refused=found.refused, checked=checked)


def times(threads: Sequence[Any], now: datetime) -> list[datetime]:
    """When the threads of a page began, in the page's order."""
    found = (answers.read_as(_Words, answers.field(thread, "snippet", "topLevelComment", "snippet")) for thread in threads)
    return [min(one.publishedAt, now) for one in found if one]


def _message(comment: Comment, now: datetime) -> Message:
    said, video = comment.snippet, comment.snippet.videoId
    return Message(
        id=f"youtube:{comment.id}",
        text=answers.words(said.textOriginal or said.textDisplay).strip(),
        posted_at=answers.moment(said.publishedAt.isoformat(), now),
        seen_at=now,
        source="youtube",
        author=answers.words(said.authorChannelId.value if said.authorChannelId else "")[:100],
        author_name=answers.words(said.authorDisplayName)[:100],
        conversation=f"youtube:{said.parentId or comment.id}",
        in_reply_to=f"youtube:{said.parentId}" if said.parentId else "",
        url=f"https://www.youtube.com/watch?v={video}&lc={comment.id}" if video else "",
    )


def reasons_of(body: bytes) -> set[str]:
    """Why Google says no, in its own words: in `errors`, in `details`, or both."""
    error = answers.field(answers.decoded(body), "error")
    listed = [each for key in ("errors", "details") if isinstance(found := answers.field(error, key), list) for each in found]
    return {reason for each in listed if isinstance(reason := answers.field(each, "reason"), str)}


def trouble(name: str, reply: base.Reply) -> Refused | Throttled | Unreachable:
    """Whose turn it is. A quota that is used up is told to people rather than waited for: we are deaf until midnight in California."""
    reasons = reasons_of(reply.body)
    if reply.status == 403 and reasons & QUOTA:
        return Refused(
            f"{name}: today's YouTube quota is used up (403)",
            "It is new at midnight Pacific time, and no comments are read until then. Ask less often (`every`), or ask Google for more.",
        )
    if reply.status == 403 and reasons & SLOWER:
        return Throttled(f"{name}: YouTube asks us to go slower (403)", timedelta(minutes=1))
    if reply.status == 400 and any(re.search("key", reason, re.IGNORECASE) for reason in reasons):
        return Refused(
            f"{name}: YouTube does not know our key (400)",
            "See in the Google Cloud console whether it is whole, then: systemctl restart carebot.",
        )
    return answers.trouble(name, "YouTube", reply.status, FIXES)
