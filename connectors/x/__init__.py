"""Posts on X that match a search. Needs the extra `carebot[x]` and a bearer token of an X developer app.

X answers newest first, a hundred posts a page, so a burst is read backwards: one look is one page, and a sweep is all pages from
now back to what we had. The whole sweep is the cursor: `since_id` stays where it was until the last page is stored. A sweep
that is cut off anywhere goes on where it was; posts that arrive meanwhile are above its first page, and the next sweep's.

Posts are named by their first version (X gives every edit a new id). Field names are read in X's old spelling and in its new one
(referenced_tweets, referenced_posts). Facts: docs.x.com/x-api/posts/search (read 2026-08), tweepy 4.17 asynchronous/client.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field, StringConstraints, field_validator

from carebot.config.schema import Sentence, Words
from carebot.errors import Refused, Unreachable
from carebot.model import Batch
from connectors import base
from connectors.x.page import Meta, Post, read
from connectors.x.road import LostError, Road
from connectors.x.sweep import Sweep, advanced, restarted, resumed

__all__ = ["EXAMPLE", "Meta", "Options", "Post", "Sweep", "X", "connect", "read"]

EXAMPLE = """
name: x-mentions
kind: x
query: (@zenco OR "zenco bank") -is:retweet
token: x-bearer
"""

TWEET_FIELDS = ["author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "lang", "note_tweet", "referenced_tweets"]


class Options(base.Options):
    query: Annotated[Sentence, StringConstraints(max_length=512)] = Field(description="What to search for, in X's own search language.")
    token: Annotated[Words, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] = Field(
        description="The name of the credential that holds the bearer token, never the token itself."
    )
    base_url: str = Field("https://api.twitter.com", description="Where X's API is. Leave it out.")

    @field_validator("base_url")
    @classmethod
    def _theirs(cls, value: str) -> str:
        url = urlsplit(value)
        if value in ("https://api.twitter.com", "https://api.x.com") or (url.scheme == "http" and url.hostname in ("127.0.0.1", "::1")):
            return value
        raise ValueError("must be https://api.twitter.com or https://api.x.com: the token is sent there.")


class X:
    def __init__(self, name: str, options: Options, world: base.World, client: Callable[..., Any]) -> None:
        self._name, self._options, self._world, self._client = name, options, world, client

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        sweep, gaps = resumed(cursor, self._name, now)
        for requests in (1, 2, 3):  # a page token may be gone, and then since_id as well
            try:
                page = await self._page(sweep, now)
            except LostError as lost:
                sweep, gap = restarted(sweep, lost.where, self._name, now)
                gaps += gap
                continue
            batch, after = read(page, self._name, now), advanced(sweep, page, now)
            return replace(
                batch,
                cursor=msgspec.json.encode(after).decode(),
                more=bool(after.next_token),
                refused=gaps + batch.refused,
                requests=requests,
            )
        raise Unreachable(f"{self._name}: X does not accept any place to go on from (400). Is this machine's clock right?")

    async def _page(self, sweep: Sweep, now: datetime) -> dict[str, Any]:
        client = self._client(bearer_token="held back", return_type=dict, wait_on_rate_limit=False)  # noqa: S106 - see Road
        client.session = Road(self._name, self._options.base_url, self._token(), now)
        page: dict[str, Any] = await client.search_recent_tweets(
            self._options.query,
            **sweep.place,
            max_results=100,
            tweet_fields=TWEET_FIELDS,
            expansions=["author_id"],
            user_fields=["name", "username"],
        )
        return page

    def _token(self) -> str:
        token = self._world.secret(self._options.token).strip()
        if not re.fullmatch(r"[!-~]+", token):
            raise Refused(
                f"{self._name}: the credential {self._options.token} holds no bearer token",
                "Put the token alone on one line, then: systemctl restart carebot.",
            )
        return token


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    try:
        from tweepy.asynchronous import AsyncClient  # a second and a half: only who listens to X waits for it
    except ImportError:
        raise Refused(f"{name}: reading X needs tweepy, which is not installed", 'Install it: pip install "carebot[x]".') from None
    return X(name, options, world, AsyncClient)
