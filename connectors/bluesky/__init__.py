"""Posts on Bluesky: a search, what is said to the brand, what the brand says, or the whole network's stream filtered here.

Plain XRPC through the one HTTP client: the library `atproto` takes four to six seconds to import (measured 2026-11), and has roads of
its own. A search, the notifications and the brand's own feed are lists with the newest first, read backwards by `connectors.sweep`;
they need the brand's account, because Bluesky refuses a search without one (github.com/bluesky-social/atproto issues 3583, 2838).
The stream needs none: `connectors.bluesky.stream` says how it is read.

A list is searched by when a post was *indexed*, so that one with an invented date neither ends a sweep nor hides behind it.
Facts: the lexicons in npm @atproto/api and the sources of @atproto/bsky (the network's own AppView), read and run 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

import msgspec
from pydantic import BaseModel, Field, StringConstraints, model_validator

from carebot.config.values import Sentence, Words
from carebot.errors import Refused, Unreachable
from carebot.model import Batch
from connectors import answers, base, limits, sweep
from connectors.bluesky.account import Account, LostError, Public
from connectors.bluesky.posts import POST, REASONS, Page, id_of, read
from connectors.bluesky.stream import Stream

__all__ = ["EXAMPLE", "Bluesky", "Options", "Stream", "connect", "read"]

EXAMPLE = """
name: bluesky-mentions
kind: bluesky
read: mentions
handle: zenco.bsky.social
password: bluesky-app-password
"""

SERVER, PUBLIC = "https://bsky.social", "https://public.api.bsky.app"
JETSTREAM = "wss://jetstream.us-east.bsky.network/xrpc/network.bsky.jetstream.subscribeEvents"
A_PAGE = 100
LONGEST_POST = 300  # characters as people count them; more code points than that may be refused needlessly
Handle = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{3,253}$")]
Credential = Annotated[Words, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Options(base.Options):
    publishes_with = "password"
    read: Literal["search", "mentions", "own", "stream"] = Field(
        description="search: what `query` finds · mentions: who mentions, answers or quotes us · own: what we say · stream: the whole "
        "network, of which `words` and `accounts` are kept."
    )
    query: Sentence | None = Field(None, description="With search: what to search for, as in Bluesky's own search.")
    handle: Handle | None = Field(None, description="The account we read with, without @. Not needed for the stream.")
    password: Credential | None = Field(
        None, description="The name of the credential that holds an app password of the account, never the password itself."
    )
    words: tuple[Words, ...] = Field(
        (), strict=False, description="With stream: keep posts with one of these words. Case and accents do not matter."
    )
    accounts: tuple[Handle, ...] = Field(
        (), strict=False, description="With stream: our handles. What they say, and what mentions, quotes or answers them, is kept."
    )
    server: str = Field(SERVER, description="The account's server. Leave it out, unless you run your own.")
    public: str = Field(PUBLIC, description="Where anybody may look up posts and profiles. Leave it out.")
    jetstream: str = Field(JETSTREAM, description="The stream's whole address; one that ends in /subscribe is of the older kind.")
    allow_private: bool = Field(False, description="true if these addresses are servers of our own.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = {"search": ("query", "handle", "password"), "mentions": ("handle", "password"), "own": ("handle", "password")}
        if missing := [f"`{key}`" for key in needed.get(self.read, ()) if not getattr(self, key)]:
            raise ValueError(f"read: {self.read} needs {', '.join(missing)} too")
        if self.read == "stream" and not (self.words or self.accounts):
            raise ValueError("read: stream needs `words` or `accounts`: the whole network is too much")
        if not self.allow_private and (self.server, self.public) != (SERVER, PUBLIC):
            raise ValueError("`server` and `public` are Bluesky's own unless you write `allow_private: true`: the password is sent there")
        if not re.match(r"wss://" if not self.allow_private else r"wss?://", self.jetstream):
            raise ValueError("`jetstream` must begin with wss://")
        return self


class Bluesky:
    """A list that one account may read."""

    at_once = 25

    def __init__(self, name: str, options: Options, world: base.World) -> None:
        assert options.handle
        assert options.password
        assert options.read != "stream"
        self._name, self._options, self._world, self._kind = name, options, world, options.read
        self._account = Account(name, options.server, options.handle, options.password, world, allow_private=options.allow_private)
        self._public = Public(name, options.public, world, allow_private=options.allow_private)

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        return await self._look(sweep.resumed(cursor, now), now, sampled=self._world.allowance().mode != "full")

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        now = self._world.clock()
        return await self._look(sweep.resumed(cursor, now, first_look=now - since), now, sampled=False)

    async def recheck(self, ids: Sequence[str]) -> Batch:
        return await self._public.recheck(ids)

    async def check(self) -> str:
        session = answers.read_as(_Who, answers.decoded((await self._account.get("com.atproto.server.getSession")).body))
        if session is None:
            raise Unreachable(f"{self._name}: Bluesky answered with something that is not a session")
        return f"logged in as {session.handle or session.did}"

    async def publish(self, text: str) -> str:
        if len(text) > LONGEST_POST:
            raise Refused(f"{self._name}: Bluesky takes {LONGEST_POST} characters; this has {len(text)}", "Shorten it.")
        did = (await self._account.session()).did
        record = {"$type": POST, "text": text, "createdAt": _moment(self._world.clock()), "facets": _links(text)}
        try:
            reply = await self._account.post("com.atproto.repo.createRecord", {"repo": did, "collection": POST, "record": record})
        except LostError:
            raise Refused(f"{self._name}: Bluesky did not take the text (400)", "Shorten it, or post it in the app.") from None
        said = answers.read_as(_Said, answers.decoded(reply.body))
        if said is None or not (id_ := id_of(said.uri)):
            raise Unreachable(f"{self._name}: Bluesky answered with something that is not a post. See in the app whether it is there")
        return "https://bsky.app/profile/{}/post/{}".format(*id_.removeprefix("bluesky:").split("/"))

    async def _look(self, at: sweep.Sweep, now: datetime, *, sampled: bool) -> Batch:
        before = self._account.requests
        try:
            reply = await self._page(at)
        except LostError:
            at = sweep.restarted(at)
            try:
                reply = await self._page(at)
            except LostError:
                raise Unreachable(f"{self._name}: Bluesky does not take our question (400)") from None
        page = read(reply.body, self._kind, self._name, now)
        after = sweep.advanced(at, page.posted, "" if sampled or page.next == at.page else page.next, now)
        return Batch(
            source=self._name,
            events=page.messages,
            refused=page.refused,
            cursor=sweep.cursor(after),
            more=bool(after.page),
            of=_about(page, at.since, now) if sampled and page.next else 0,
            wait=limits.pause(reply.headers, now),
            requests=self._account.requests - before,
        )

    async def _page(self, at: sweep.Sweep) -> base.Reply:
        mark = [("limit", str(A_PAGE)), *([("cursor", at.page)] if at.page else [])]
        match self._kind:
            case "search":
                since = _moment(at.since - sweep.OVERLAP)
                return await self._account.get(
                    "app.bsky.feed.searchPosts", [("q", self._options.query or ""), ("sort", "latest"), ("since", since), *mark]
                )
            case "mentions":
                asked = [*(("reasons", each) for each in REASONS), ("priority", "false")]
                return await self._account.get("app.bsky.notification.listNotifications", [*asked, *mark])
        asked = [("actor", (await self._account.session()).did), ("filter", "posts_with_replies")]
        return await self._account.get("app.bsky.feed.getAuthorFeed", [*asked, *mark])


class _Who(msgspec.Struct):
    did: str
    handle: str = ""


class _Said(msgspec.Struct):
    uri: str


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    if options.read != "stream":
        return Bluesky(name, options, world)
    public = Public(name, options.public, world, allow_private=options.allow_private)
    return Stream(name, options.jetstream, options.words, options.accounts, public, world, allow_private=options.allow_private)


def _about(page: Page, since: datetime, now: datetime) -> int:
    """How many there may be since we last looked, at the pace of this page; 0: it has them all."""
    oldest = min(page.posted, default=since)
    return round(len(page.posted) * (now - since) / (now - oldest)) if since < oldest < now else 0


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _links(text: str) -> Iterable[dict[str, object]]:
    """Where the addresses in a text are, in bytes: Bluesky makes no link of one by itself."""
    return [
        {
            "index": {"byteStart": len(text[: found.start()].encode()), "byteEnd": len(text[: found.end()].encode())},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": found[0]}],
        }
        for found in re.finditer(r"https://[^\s<>\"]*[^\s<>\".,;:!?)\]]", text)
    ]
