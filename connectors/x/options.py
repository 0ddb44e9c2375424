"""What a person writes about a source on X, and how X lists what they mean. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import msgspec
from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from carebot.config.values import Duration, Sentence, Words
from connectors import base
from connectors.x.sweep import MEMORY

_OURS = ("https://api.x.com", "https://api.twitter.com")
_ADDRESS = re.compile(r"(?:https://(?:www\.)?(?:x|twitter)\.com/\w{1,15}/status/)?(?P<id>[0-9]{1,19})(?:[/?#]\S*)?")
_NEEDS = {"search": "query", "counts": "query", "mentions": "account", "own_posts": "account", "replies": "posts"}

Secret = Annotated[Words, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


def _post_ids(value: Any) -> Any:
    """The number in each post's address, or as it is written."""
    if not isinstance(value, list | tuple):
        return value
    found = [_ADDRESS.fullmatch(str(each).strip()) for each in value]
    if not all(found):
        raise ValueError("must be the addresses of posts, like https://x.com/zenco/status/1859201234567890123.")
    return tuple(each["id"] for each in found if each)


class Listing(msgspec.Struct, frozen=True):
    """How X lists posts in one place.

    method     tweepy's name for it
    page_by    the parameter that takes the next page's token
    fewest     the smallest page it gives
    memory     how far back it goes; None: for ever
    reach      how many of the newest it shows; None: all of them
    """

    method: str
    page_by: str = "pagination_token"
    fewest: int = 5
    memory: timedelta | None = None
    reach: int | None = None


_SEARCH = Listing("search_recent_tweets", "next_token", 10, MEMORY)
LISTINGS = {
    "search": _SEARCH,
    "replies": _SEARCH,
    "counts": _SEARCH,
    "mentions": Listing("get_users_mentions", reach=800),
    "own_posts": Listing("get_users_tweets", reach=3200),
}


class Options(base.Options):
    publishes_with = "publish_token"
    read: Literal["search", "mentions", "replies", "own_posts", "counts"] = Field(
        "search",
        description="search: posts that match `query` · mentions: posts that name `account` · own_posts: what `account` says itself, so"
        " that its answers stop clocks · replies: what people answer to `posts` · counts: only how many posts match `query`, each minute.",
    )
    query: Annotated[Sentence, StringConstraints(max_length=512)] | None = Field(
        None, description="What to search for, in X's own search language."
    )
    account: Annotated[Words, StringConstraints(pattern=r"^@?[A-Za-z0-9_]{1,15}$")] | None = Field(
        None, description="The account whose mentions or posts are read, as in zenco."
    )
    posts: Annotated[tuple[str, ...], BeforeValidator(_post_ids)] = Field(
        (), max_length=13, description="The addresses of the posts whose answers are read."
    )
    token: Secret = Field(description="The name of the credential that holds the bearer token, never the token itself.")
    publish_token: Secret | None = Field(
        None,
        description="The name of the credential that holds the four keys of the account that statements are published with."
        " A statement costs $0.015, one with a link in it $0.20. Left out: nothing can be published here.",
    )
    recheck_for: Duration = Field(
        timedelta(days=30),
        description="How long each post is looked up again once a day, so that what its author takes back goes here too, as X asks."
        " Each time costs as much as reading it did.",
    )
    base_url: str = Field(_OURS[0], description="Where X's API is. Leave it out.")

    @field_validator("base_url")
    @classmethod
    def _theirs(cls, value: str) -> str:
        url = urlsplit(value)
        if value in _OURS or (url.scheme == "http" and url.hostname in ("127.0.0.1", "::1")):
            return value
        raise ValueError("must be https://api.twitter.com or https://api.x.com: the token is sent there.")

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        needed = _NEEDS[self.read]
        if not getattr(self, needed):
            raise ValueError(f"`read: {self.read}` needs `{needed}`.")
        if idle := sorted(({*_NEEDS.values()} - {needed}) & self.model_fields_set):
            raise ValueError(f"`{idle[0]}` is not for `read: {self.read}`: take it out, or make it a source of its own.")
        return self

    @property
    def listing(self) -> Listing:
        return LISTINGS[self.read]

    @property
    def handle(self) -> str:
        return (self.account or "").removeprefix("@")

    @property
    def search(self) -> str:
        """What finds the same posts in X's search: only there can they be counted."""
        match self.read:
            case "mentions":
                return f"@{self.handle}"
            case "own_posts":
                return f"from:{self.handle}"
            case "replies":
                return " OR ".join(f"conversation_id:{id_}" for id_ in self.posts)
        return self.query or ""
