"""Posts on a forum that runs Discourse: a brand's own, or any other that shows its posts to everyone. No key is needed for those.

A forum lists its public posts newest first, fifty a page, as far back as there are any, so nothing is out of reach. Posts are named by
the forum and their number in it, which stays when a post is edited or moved. What was quoted from others is left out: they said it.

Facts: discourse/discourse at 002becf (app/queries/latest_posts_query.rb, posts_controller.rb, post_serializer.rb), docs.discourse.org,
read 2026-11. Forums older than 2024-05 list windows of fifty numbers that may be empty (discourse pull request 27098); such a forum
should be updated. A forum that asks us to wait says so in Retry-After, also where its body has `wait_seconds`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field

from carebot.config.parts import Name
from carebot.errors import Refused
from carebot.model import Batch, Deleted, Event, Message, Refusal
from connectors import answers, base, limits, markup, sweep

EXAMPLE = """
name: our-forum
kind: discourse
url: https://forum.example.com
every: 2m
"""

PAGE = 50
REGULAR = 1  # post_type; the others are what moderators and the forum itself do
FIXES = {
    401: ("refused our key", "Make a new one in its admin panel, then: systemctl restart carebot."),
    403: ("does not let us read", "Give the source a `key` and a `user` that may read it, then: systemctl reload carebot."),
    404: ("shows no posts here", "Correct `url` in rules.yaml: the forum's own address, without anything behind it."),
    410: ("shows no posts here any more", "Correct `url` in rules.yaml, or take the source out."),
}


class Options(base.Options):
    url: str = Field(
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", description="The forum's own address, for example https://forum.example.com."
    )
    key: Name | None = Field(None, description="The name of the credential that holds an API key, for a forum that wants one.")
    user: str = Field("system", pattern=r"^[\w.-]{1,60}$", description="The forum user the key belongs to.")
    categories: tuple[int, ...] = Field((), strict=False, description="Only posts in these categories, by number. Left out: in all.")
    allow_private: bool = Field(False, description="true if the forum is inside our own network.")


class Place(msgspec.Struct, frozen=True):
    """Where we are in the list of posts. `came_at`: when we began to listen; what was said before is history."""

    sweep: sweep.Sweep
    came_at: datetime


_Number = Annotated[int, msgspec.Meta(ge=1)]


class _Numbered(msgspec.Struct):
    id: _Number


class _Placed(_Numbered):
    topic_id: _Number
    post_number: _Number


class Post(_Placed, kw_only=True):
    """The fields of a post that we read."""

    created_at: str
    cooked: str
    post_type: int = REGULAR
    username: str | None = None
    name: str | None = None
    topic_title: str | None = None
    category_id: int | None = None
    reply_to_post_number: int | None = None
    version: int = 1
    hidden: bool | None = False
    user_deleted: bool | None = False
    deleted_at: datetime | None = None


class _When(msgspec.Struct):
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]


class _Latest(msgspec.Struct):
    latest_posts: list[Any]


class Discourse:
    at_once = 20  # a request each; a forum allows a key 60 a minute, and an address 200, if nobody changed that

    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        return await self._look(cursor, self._world.clock() - sweep.FIRST_LOOK)

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        return await self._look(cursor, since)

    async def check(self) -> str:
        posts = self._page(await self._ask("/posts.json"))
        return answers.newest(read(posts, self._name, self._options, self._world.clock()).events)

    async def recheck(self, ids: Sequence[str]) -> Batch:
        """A post may be gone for everyone (404, 410) or only for us (403): what we may not see any more, we have not checked."""
        ours = re.compile(rf"{re.escape(_forum(self._options))}/(\d{{1,19}})")
        asked = [(id_, found[1]) for id_ in ids if (found := ours.fullmatch(id_))]
        looked = [(id_, await self._ask(f"/posts/{number}.json")) for id_, number in asked]
        seen = [(id_, reply) for id_, reply in looked if reply.status != 403]
        if looked and not seen:
            raise answers.trouble(self._name, "the forum", 403, FIXES)
        now = self._world.clock()
        return became(seen, self._name, self._options, now, requests=len(looked))

    async def _look(self, cursor: str | None, since: datetime) -> Batch:
        place = base.resumed(cursor, Place) or Place(sweep.Sweep(since=since), came_at=since)
        before = place.sweep.page
        reply, now = await self._ask("/posts.json", before), self._world.clock()
        posts = self._page(reply)
        lowest = min((found.id for post in posts if (found := answers.read_as(_Numbered, post))), default=0)
        older = lowest and (not before or lowest < int(before))  # a page that goes no further back was the last
        after = sweep.advanced(place.sweep, times(posts), str(lowest) if older else "", now)
        batch = read(posts, self._name, self._options, now)
        return replace(
            batch,
            events=answers.from_then_on(batch.events, place.came_at),
            cursor=msgspec.json.encode(replace(place, sweep=after)).decode(),
            more=bool(after.page),
            wait=limits.pause(reply.headers, now),
        )

    async def _ask(self, path: str, before: str = "") -> base.Reply:
        options, headers = self._options, {"Accept": "application/json"}
        if options.key:
            headers |= {"Api-Key": answers.credential(self._world, options.key, self._name), "Api-Username": options.user}
        url = answers.address(options.url, path, before=before)
        reply = await self._world.http.get(url, headers=headers, allow_private=options.allow_private)
        if urlsplit(reply.url).path.endswith("/login"):
            raise Refused(f"{self._name}: the forum asks us to log in", FIXES[403][1])
        return reply

    def _page(self, reply: base.Reply) -> list[Any]:
        if reply.status != 200:
            raise answers.trouble(self._name, "the forum", reply.status, FIXES)
        return answers.page(
            reply.body, _Latest, self._name, "did not answer as Discourse does. `url` is the forum's own address"
        ).latest_posts


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Discourse(name, options, world)


def estimate(options: BaseModel, every: timedelta, posts_a_day: float) -> base.Estimate:
    """One request a look, one more for each further page. Free of charge."""
    return base.Estimate(requests=base.MONTH / every + 30 * posts_a_day / PAGE, note="one request a look; a forum asks nothing for it")


# ── from a page to messages ──────────────────────────────────────────────────────────────────────────────────────


def read(posts: Sequence[Any], name: str, options: Options, now: datetime) -> Batch:
    """The posts of a page, oldest first."""
    known = (answers.read_as(_Placed, post) for post in posts)
    places: dict[tuple[int, int | None], int] = {(one.topic_id, one.post_number): one.id for one in known if one}

    def said(item: Any) -> Iterator[Message | Deleted]:
        post = msgspec.convert(item, Post)
        if post.post_type == REGULAR and (not options.categories or post.category_id in (None, *options.categories)):
            found = _said(post, options, places.get((post.topic_id, post.reply_to_post_number)), now)
            if isinstance(found, Deleted) or found.text:  # a picture alone says nothing
                yield found

    events, refused = answers.read_each(posts, said, lambda item: answers.field(item, "id"), name, now)
    return Batch(source=name, events=events[::-1], refused=refused)


def became(looked: Sequence[tuple[str, base.Reply]], name: str, options: Options, now: datetime, *, requests: int) -> Batch:
    """What became of posts we have: those that are gone, and those that were edited."""
    events: list[Event] = []
    refused: list[Refusal] = []
    for id_, reply in looked:
        if reply.status in (404, 410):
            events.append(Deleted(id=id_, at=now))
        elif reply.status != 200:
            raise answers.trouble(name, "the forum", reply.status, FIXES)
        else:
            post = answers.page(reply.body, dict[str, Any], name, "did not answer with a post")
            found = read([post], name, options, now)
            refused += found.refused
            events += found.events if post.get("version", 1) != 1 else [event for event in found.events if isinstance(event, Deleted)]
    checked = tuple(id_ for id_, _ in looked)
    return Batch(source=name, events=tuple(events), refused=tuple(refused), requests=requests, checked=checked)


def _said(post: Post, options: Options, answered: Any, now: datetime) -> Message | Deleted:
    """answered: the post it replies to, if that is on the same page; otherwise it is known by its place in the topic."""
    forum, topic = _forum(options), f"t/{post.topic_id}"
    if post.hidden or post.user_deleted or post.deleted_at:  # the text is then the forum's own words about it
        return Deleted(id=f"{forum}/{post.id}", at=now)
    title = answers.words(post.topic_title).strip() if post.post_number == 1 else ""
    return Message(
        id=f"{forum}/{post.id}",
        text=f"{title}\n{words_of(answers.words(post.cooked))}".strip()[: markup.MAX_TEXT],
        posted_at=answers.moment(post.created_at, now),
        seen_at=now,
        source="discourse",
        author=answers.words(post.username),
        author_name=answers.words(post.name),
        conversation=f"{forum}/{topic}",
        in_reply_to=f"{forum}/{answered or f'{topic}/{post.reply_to_post_number}'}" if post.reply_to_post_number else "",
        url=f"{options.url.rstrip('/')}/{topic}/{post.post_number}",
    )


def words_of(cooked: str) -> str:
    """A post's own words: not what it quotes, and not the previews of pages it links to. Both stand in an <aside>."""
    own, depth = [], 0
    for part in re.split(r"(<aside\b|</aside>)", cooked[: markup.MAX_HTML]):
        if part == "<aside":
            depth += 1
        elif part == "</aside>":
            depth = max(depth - 1, 0)
        elif not depth:
            own.append(part)
    return markup.words_of("".join(own))


def times(posts: Sequence[Any]) -> list[datetime]:
    """When the posts of a page were made, also those that are not for us, in the page's order."""
    return [post.created_at for each in posts if (post := answers.read_as(_When, each))]


def _forum(options: Options) -> str:
    there = urlsplit(options.url)
    return f"discourse:{there.netloc.lower()}{there.path.rstrip('/')}"
