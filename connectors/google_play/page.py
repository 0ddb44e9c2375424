"""What a page of Google's reviews says. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from carebot.errors import Unreachable
from carebot.model import Batch, Message
from connectors import answers


class _Time(msgspec.Struct):
    """`seconds` comes as text, as JSON's numbers are too small for Google's."""

    seconds: str | int = 0
    nanos: int = 0

    def at(self, now: datetime) -> datetime:
        return answers.moment(int(self.seconds) + self.nanos / 1e9, now)


class _Comment(msgspec.Struct, rename="camel"):
    """What the customer wrote, or (without stars) what we answered."""

    last_modified: _Time
    text: str = ""
    star_rating: int | None = None


class _Side(msgspec.Struct, rename="camel"):
    user_comment: _Comment | None = None
    developer_comment: _Comment | None = None


class _Review(msgspec.Struct, rename="camel"):
    review_id: str
    author_name: str | None = None
    comments: list[_Side] = []


class _Marks(msgspec.Struct, rename="camel"):
    next_page_token: str | None = None


class Page(msgspec.Struct, rename="camel"):
    """Google leaves `reviews` out where there are none."""

    reviews: list[Any] = []
    token_pagination: _Marks | None = None


def page_of(body: bytes, name: str) -> Page:
    """The page in an answer. One that says only other things is none: taken for an empty one, it would move us past what was not read."""
    what = "Google did not answer with a list of reviews"
    said = answers.page(body, dict[str, Any], name, what)
    if said and not said.keys() & {"reviews", "tokenPagination", "pageInfo"}:
        raise Unreachable(f"{name}: {what}")
    return answers.page(body, Page, name, what)


def read(page: Page, package: str, name: str, now: datetime) -> tuple[Batch, list[datetime], str]:
    """What a page says, in its order; when its reviews were last touched; and the mark of the next page, or ""."""

    def said(item: Any) -> list[Message]:
        return list(_messages(msgspec.convert(item, _Review), package, now))

    events, refused = answers.read_each(page.reviews, said, lambda item: answers.field(item, "reviewId"), name, now)
    times = [event.posted_at for event in events if isinstance(event, Message) and not event.by_brand]
    next_page = page.token_pagination.next_page_token if page.token_pagination else None
    return Batch(source=name, events=events, refused=refused), times, answers.words(next_page or "")


def _messages(review: _Review, package: str, now: datetime) -> Iterator[Message]:
    own = answers.words(review.review_id).strip()
    if not own or len(own) > 200:
        raise ValueError
    id_, url = f"google_play:{own}", f"https://play.google.com/store/apps/details?id={package}&reviewId={quote(own, safe='')}"
    for side in review.comments:
        if (wrote := side.user_comment) and wrote.text.strip():
            yield Message(
                id=id_,
                text=answers.words(wrote.text).strip().replace("\t", "\n"),  # a title, where there is one, ends in a tab
                posted_at=wrote.last_modified.at(now),
                seen_at=now,
                source="google_play",
                author=answers.words(review.author_name or "")[:100],
                stars=wrote.star_rating if wrote.star_rating in (1, 2, 3, 4, 5) else None,
                conversation=id_,
                url=url,
            )
        if (answered := side.developer_comment) and answered.text.strip():
            yield Message(
                id=f"{id_}/answer",
                text=answers.words(answered.text).strip(),
                posted_at=answered.last_modified.at(now),
                seen_at=now,
                source="google_play",
                by_brand=True,
                in_reply_to=id_,
                conversation=id_,
                url=url,
            )
