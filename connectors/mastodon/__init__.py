"""Posts on Mastodon, and on every server that speaks as it does (GoToSocial, Pleroma, Akkoma …): tags, mentions, a search, our own.

A list is read forward: "what comes right after this id" (`min_id`; `since_id` would skip the middle of a burst), page by page until
there is no more. Ids are strings without meaning, compared by nobody but the server. Mastodon gives a post from another server an id
by the time its author *says* (lib/mastodon/snowflake.rb), so one that travelled slowly appears behind us: each sweep begins OVERLAP
before the end of the last. A search has no such order: it is read newest first.

A post is named by the server we asked and its id there, which is what that server can be asked again; an edit keeps it. Its language is
left out: it says how somebody's app is set. There is no streaming: a stream has no place to go on from, so what is said between two
connections is lost, and polling every half minute with what is looked up again brings the same without a hole.

Facts: docs.joinmastodon.org (methods, rate limits), mastodon's own sources; read 2026-11. Run
against mastodon-mock 0.6.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field, StringConstraints, model_validator

from carebot.config.values import Sentence, Words
from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Deleted, Event, Gap, Text
from connectors import answers, base, limits, sweep
from connectors.mastodon.place import OVERLAP, Mark, Place, advanced, begun_anew
from connectors.mastodon.posts import Account, Page, linked, read, says_so, was_edited

__all__ = ["EXAMPLE", "Mastodon", "Options", "Place", "advanced", "connect", "read"]

EXAMPLE = """
name: mastodon-zenco
kind: mastodon
server: https://mastodon.social
read: tag
tags: [zenco, zencobank]
"""

PAGE, NOTIFICATIONS = 40, 80  # the most a page may have
DEEPEST = 2000  # a search is scrolled no further; a server that cannot count would go round for ever
Tag = Annotated[str, StringConstraints(pattern=r"^[^\W_][\w·]{0,99}$")]


class Options(base.Options):
    publishes_with = "token"
    server: Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]{1,253}/?$")] = Field(
        description="The server to ask, for example https://mastodon.social."
    )
    read: Literal["tag", "mentions", "search", "own"] = Field(
        description="tag: posts with one of `tags` · mentions: of our account · search: what `query` finds · own: what we say."
    )
    tags: Annotated[tuple[Tag, ...], Field(max_length=4)] = Field((), strict=False, description="With tag: up to four, without #.")
    query: Sentence | None = Field(None, description="With search: the words. Only where the server offers a search of posts.")
    token: Annotated[Words, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] | None = Field(
        None, description="The name of the credential that holds an access token. Tags may often be read without."
    )
    allow_private: bool = Field(False, description="true if the server is inside our own network.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = {"tag": ("tags",), "search": ("query", "token")}.get(self.read, ("token",))
        if missing := [f"`{key}`" for key in needed if not getattr(self, key)]:
            raise ValueError(f"read: {self.read} needs {', '.join(missing)} too")
        if not self.allow_private and not self.server.startswith("https://"):
            raise ValueError("`server` must begin with https://: the token is sent there")
        return self


class Mastodon:
    at_once = 20  # the most Mastodon looks up in one request

    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world
        self._server, self._me, self._requests = options.server.rstrip("/"), "", 0
        self._host = urlsplit(self._server).netloc.lower()

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        sampled = self._world.allowance().mode != "full"
        if self._options.read == "search":
            return await self._searched(sweep.resumed(cursor, now), now, sampled=sampled)
        place = base.resumed(cursor, Place) or Place()
        if not place.after:
            return await self._backwards(replace(place, since=place.since or now - sweep.FIRST_LOOK), now)
        batch, page = await self._look({} if sampled else {"min_id": place.after}, now)
        batch = replace(batch, cursor=_cursor(advanced(place, _ends(page, now), now)))
        if not sampled:
            return replace(batch, more=page.newest not in ("", place.after))
        since = place.trail[-1][1] if place.trail else now - sweep.FIRST_LOOK
        return replace(batch, events=answers.from_then_on(batch.events, since), of=_about(page, since, now))

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        now = self._world.clock()
        if self._options.read == "search":
            return await self._searched(sweep.resumed(cursor, now, first_look=now - since), now, sampled=False)
        return await self._backwards(replace(base.resumed(cursor, Place) or Place(), since=since), now)

    async def _backwards(self, place: Place, now: datetime) -> Batch:
        """A page of a sweep that goes back to `since`, and leaves the ends of its pages to read on from."""
        assert place.since
        batch, page = await self._look({"max_id": place.back} if place.back else {}, now)
        trail = (*_ends(page, now), *place.trail)
        more = page.oldest not in ("", place.back) and (page.oldest_at or now) >= place.since
        if more:
            after = Place(trail=trail, back=page.oldest, since=place.since)
        else:
            after = begun_anew(trail, now) or Place(since=max(place.since, now - OVERLAP))
        return replace(batch, events=answers.from_then_on(batch.events, place.since), cursor=_cursor(after), more=more)

    async def _look(self, asked: Mapping[str, str], now: datetime) -> tuple[Batch, Page]:
        before = self._requests
        reply = await self._page(asked)
        page = linked(read(answers.decoded(reply.body), self._host, self._name, now, ours=self._options.read == "own"), reply.headers)
        return Batch(
            source=self._name,
            events=page.messages,
            refused=page.refused,
            wait=limits.pause(reply.headers, now),
            requests=self._requests - before,
        ), page

    async def recheck(self, ids: Sequence[str]) -> Batch:
        """A list of many where the server has that (Mastodon 4.3 and later); what is not in it, and all where it has not, one by one."""
        now, before = self._world.clock(), self._requests
        asked = {id_.rsplit("/", 1)[1]: id_ for id_ in ids[: self.at_once] if id_.startswith(f"mastodon:{self._host}/")}
        there: dict[str, Any] = {}
        if len(asked) > 1:
            reply = await self._get("/api/v1/statuses", [("id[]", each) for each in asked])
            items = answers.decoded(reply.body) if reply.status == 200 else None
            there = {str(each.get("id")): each for each in items if isinstance(each, dict)} if isinstance(items, list) else {}
        events: list[Event] = []
        alone = [each for each in asked if each not in there]
        for each in alone:
            reply = await self._get(f"/api/v1/statuses/{quote(each, safe='')}")
            if reply.status in (404, 410) and says_so(reply):
                events.append(Deleted(id=asked[each], at=now))
            else:
                there[each] = answers.decoded(self._answered(reply).body)
        page = read([each for each in there.values() if was_edited(each)], self._host, self._name, now)
        return Batch(
            source=self._name,
            events=(*page.messages, *events),
            refused=page.refused,
            checked=tuple(asked.values()),
            requests=self._requests - before,
        )

    async def check(self) -> str:
        if self._options.token:
            me = await self._ourselves()
            return f"logged in as {me.acct}"
        await self._look({"limit": "1"}, self._world.clock())
        return "the tag can be read"

    async def publish(self, text: str) -> str:
        """Asked once. Mastodon knows the key again for an hour, so that a person who sends the same text again by hand does no harm; not
        every server that speaks like it does, so a lost answer is never asked for again from here.
        """
        if not self._options.token:
            raise Refused(f"{self._name}: we have no account there", "Give the source a `token` that may write (scope write:statuses).")
        key = hashlib.sha256(f"{self._server} {text}".encode(errors="replace")).hexdigest()
        headers = {**self._headers(), "Idempotency-Key": key, "Content-Type": "application/json"}
        body = msgspec.json.encode({"status": text, "visibility": "public"})
        reply = await self._post(body, headers)
        if reply.status == 422:
            raise Refused(f"{self._name}: {self._host} did not take the text (422)", "Shorten it, or post it in the app.")
        said = answers.read_as(_Said, answers.decoded(self._answered(reply).body))
        if said is None:
            raise Unreachable(f"{self._name}: {self._host} answered with something that is not a post. See whether it is there")
        return said.url or said.uri

    # ── asking ──

    async def _searched(self, at: sweep.Sweep, now: datetime, *, sampled: bool) -> Batch:
        """One page of a search. The mark of a page is how many are before it, and what the page before began with: a server that does
        not count shows that again. What is said meanwhile moves all on, and comes twice."""
        skipped, _, shown = at.page.partition(".")
        offset = int(skipped) if skipped.isdigit() else 0
        asked = [("q", self._options.query or ""), ("type", "statuses"), ("limit", str(PAGE)), ("offset", str(offset))]
        reply = self._answered(await self._get("/api/v2/search", asked))
        page = read(answers.field(answers.decoded(reply.body), "statuses"), self._host, self._name, now)
        goes_on = not (sampled or page.newest in ("", shown))
        after = sweep.advanced(at, page.posted, f"{offset + page.items}.{page.newest}" if goes_on else "", now)
        gaps: tuple[Gap, ...] = ()
        if (after.page and offset + page.items >= DEEPEST) or (shown and page.newest == shown):
            after = sweep.advanced(at, page.posted, "", now)
            gaps = sweep.unreached(at, page.posted, "", Text("La búsqueda no llega más atrás.", "The search goes back no further."))
        return Batch(
            source=self._name,
            events=page.messages,
            refused=page.refused,
            cursor=sweep.cursor(after),
            more=bool(after.page),
            gaps=gaps,
            wait=limits.pause(reply.headers, now),
        )

    async def _page(self, asked: Mapping[str, str]) -> base.Reply:
        """One page of the list. A tag nobody has used yet is a page with nothing on it, however a server says so."""
        match self._options.read:
            case "tag":
                first, *others = self._options.tags
                more = [*(("any[]", tag) for tag in others), *{"limit": str(PAGE), **asked}.items()]
                reply = await self._get(f"/api/v1/timelines/tag/{quote(first, safe='')}", more)
                return replace(reply, status=200, body=b"[]") if reply.status == 404 and says_so(reply) else self._answered(reply)
            case "mentions":
                limit = {"limit": str(NOTIFICATIONS), **asked}.items()
                return self._answered(await self._get("/api/v1/notifications", [("types[]", "mention"), *limit]))
        self._me = self._me or (await self._ourselves()).id
        limit = {"limit": str(PAGE), "exclude_reblogs": "true", **asked}.items()
        return self._answered(await self._get(f"/api/v1/accounts/{self._me}/statuses", [*limit]))

    async def _ourselves(self) -> Account:
        me = answers.read_as(Account, answers.decoded(self._answered(await self._get("/api/v1/accounts/verify_credentials")).body))
        if me is None:
            raise Unreachable(f"{self._name}: {self._host} answered with something that is not our account")
        return me

    async def _get(self, path: str, asked: Sequence[tuple[str, str]] = ()) -> base.Reply:
        self._requests += 1
        url = f"{self._server}{path}" + (f"?{urlencode(asked)}" if asked else "")
        return await self._world.http.get(url, headers=self._headers(), allow_private=self._options.allow_private)

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> base.Reply:
        url = f"{self._server}/api/v1/statuses"
        reply = await self._world.http.post(url, body=body, headers=headers, allow_private=self._options.allow_private)
        if reply.status >= 500:
            raise Unreachable(f"{self._name}: {self._host} answered {reply.status}")
        return reply

    def _headers(self) -> dict[str, str]:
        if not self._options.token:
            return {}
        token = answers.credential(self._world, self._options.token, self._name)
        return {"Authorization": f"Bearer {token}"}

    def _answered(self, reply: base.Reply) -> base.Reply:
        if reply.status == 200:
            return reply
        if reply.status in (401, 403, 422) and not self._options.token:
            raise Refused(
                f"{self._name}: {self._host} shows posts only to those who have an account there ({reply.status})",
                "Make an application in the preferences of an account there (scope read), store its access token and name it as `token`.",
            )
        if reply.status in (401, 403):
            raise Refused(
                f"{self._name}: {self._host} refused our token ({reply.status}) at {self._world.clock():%H:%MZ}",
                f"Renew it, with the scopes it needs, store it as {self._options.token}, then: systemctl restart carebot.",
            )
        if reply.status in (404, 410):
            raise Refused(f"{self._name}: {self._host} has no such list ({reply.status})", "Correct `server` and `read` in rules.yaml.")
        raise Unreachable(f"{self._name}: {self._host} answered {reply.status}")


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Mastodon(name, options, world)


def _cursor(place: Place) -> str:
    return msgspec.json.encode(place).decode()


def _ends(page: Page, now: datetime) -> tuple[Mark, ...]:
    ends = ((page.oldest, page.oldest_at), (page.newest, page.newest_at))
    return tuple((id_, min(at or now, now)) for id_, at in ends if id_)


def _about(page: Page, since: datetime, now: datetime) -> int:
    """How many there may be since we last looked, at the pace of this page; 0: it has them all."""
    oldest = min(page.posted, default=since)
    return round(len(page.posted) * (now - since) / (now - oldest)) if since < oldest < now else 0


class _Said(msgspec.Struct):
    uri: str
    url: str | None = None
