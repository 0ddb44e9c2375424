"""How we ask Bluesky: with the brand's own account where that is needed, and without one where anybody may ask.

One login lasts: it gives a token for two hours or so and another that renews it. They are kept in memory, and only there. Bluesky
takes 300 logins a day from an account (30 in five minutes), several sources may share it, and a wrong password does not get right by being
sent again: so there is one login a quarter of an hour at most, and one an hour after a refusal.

Facts: lexicons com.atproto.server.* (npm @atproto/api), docs.bsky.app/docs/advanced-guides/rate-limits; read 2026-11.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Deleted
from connectors import answers, base
from connectors.bluesky.posts import Author, id_of, uri_of

LOGIN_AGAIN, AFTER_A_REFUSAL = timedelta(minutes=15), timedelta(hours=1)
AT_ONCE = 25  # posts or profiles in one request
Params = Sequence[tuple[str, str]]


class LostError(Exception):
    """Bluesky does not take what we asked with (400): the mark of a page, most likely."""


class Session(msgspec.Struct, rename="camel"):
    access_jwt: str
    refresh_jwt: str
    did: str
    handle: str = ""


class _Problem(msgspec.Struct):
    error: str = ""


class Account:
    """Requests in the name of one account. `requests` counts them, logins too."""

    def __init__(self, name: str, server: str, handle: str, password: str, world: base.World, *, allow_private: bool) -> None:
        self._name, self._server, self._handle, self._password = name, server, handle, password
        self._world, self._allow_private = world, allow_private
        self._session: Session | None = None
        self._tried: datetime | None = None
        self._refused: tuple[str, str] | None = None
        self._one_at_a_time = asyncio.Lock()
        self.requests = 0

    async def get(self, method: str, params: Params = ()) -> base.Reply:
        """The good answer. Raises LostError for a 400."""
        url = _address(self._server, method, params)
        return await self._let_in(lambda headers: self._world.http.get(url, headers=headers, allow_private=self._allow_private))

    async def post(self, method: str, said: object) -> base.Reply:
        body = msgspec.json.encode(said)
        return await self._let_in(lambda headers: self._sent(method, body, headers))

    async def session(self) -> Session:
        async with self._one_at_a_time:
            return self._session or await self._login()

    async def _let_in(self, ask: Callable[[dict[str, str]], Awaitable[base.Reply]]) -> base.Reply:
        session = await self.session()
        self.requests += 1
        reply = await ask(_bearer(session.access_jwt))
        if reply.status in (400, 401) and _error(reply) in ("ExpiredToken", "InvalidToken"):
            session = await self._renewed(session)
            self.requests += 1
            reply = await ask(_bearer(session.access_jwt))
        return answered(reply, self._name)

    async def _renewed(self, old: Session) -> Session:
        async with self._one_at_a_time:
            if self._session and self._session is not old:
                return self._session
            self._session = None
            self.requests += 1
            reply = await self._sent("com.atproto.server.refreshSession", b"", _bearer(old.refresh_jwt))
            self._session = answers.read_as(Session, answers.decoded(reply.body)) if reply.status == 200 else None
            return self._session or await self._login()

    async def _login(self) -> Session:
        now = self._world.clock()
        again = (self._tried or now) + (AFTER_A_REFUSAL if self._refused else LOGIN_AGAIN)
        if self._tried and now < again:
            if self._refused:
                raise Refused(*self._refused)
            raise Unreachable(f"{self._name}: Bluesky ended our session; we log in again at {again:%H:%MZ}")
        self._tried, self._refused = now, None
        self.requests += 1
        said = {"identifier": self._handle, "password": answers.credential(self._world, self._password, self._name)}
        try:
            reply = await self._sent("com.atproto.server.createSession", msgspec.json.encode(said), {})
            if reply.status in (401, 403):
                self._refused = (
                    f"{self._name}: Bluesky refused the login of {self._handle} ({reply.status}) at {now:%H:%MZ}",
                    f"Make a new app password in the app, store it as the credential {self._password}, then: systemctl restart carebot.",
                )
                raise Refused(*self._refused)
            answered(reply, self._name)
        except LostError:
            raise Unreachable(f"{self._name}: Bluesky did not take our login (400). Is `handle` the account's full name?") from None
        except (Unreachable, Throttled):
            self._tried = None  # nobody looked at our password
            raise
        self._session = answers.read_as(Session, answers.decoded(reply.body))
        if self._session is None:
            raise Unreachable(f"{self._name}: Bluesky answered our login with something that is not a session")
        return self._session

    async def _sent(self, method: str, body: bytes, headers: dict[str, str]) -> base.Reply:
        json = {**headers, "Content-Type": "application/json"} if body else headers
        return await self._world.http.post(_address(self._server, method), body=body, headers=json, allow_private=self._allow_private)


class Public:
    """What anybody may ask: https://docs.bsky.app/docs/advanced-guides/api-directory."""

    def __init__(self, name: str, server: str, world: base.World, *, allow_private: bool) -> None:
        self._name, self._server, self._world, self._allow_private = name, server, world, allow_private
        self.requests = 0

    async def get(self, method: str, params: Params) -> base.Reply:
        self.requests += 1
        reply = await self._world.http.get(_address(self._server, method, params), allow_private=self._allow_private)
        try:
            return answered(reply, self._name)
        except LostError:
            raise Unreachable(f"{self._name}: Bluesky answered 400") from None

    async def profiles(self, actors: Sequence[str]) -> list[Author]:
        """Who these are, by handle or DID. One that is not there, or cannot be read, is left out."""
        found: list[Author] = []
        for first in range(0, len(actors), AT_ONCE):
            reply = await self.get("app.bsky.actor.getProfiles", [("actors", each) for each in actors[first : first + AT_ONCE]])
            items = answers.field(answers.decoded(reply.body), "profiles")
            found += [author for each in (items if isinstance(items, list) else ()) if (author := answers.read_as(Author, each))]
        return found

    async def recheck(self, ids: Sequence[str]) -> Batch:
        """A `Deleted` for each post that is no longer shown. An edited one says nothing: Bluesky's own app has no edits."""
        asked = {uri: id_ for id_ in ids[:AT_ONCE] if (uri := uri_of(id_))}
        if not asked:
            return Batch(source=self._name, requests=0)
        reply = await self.get("app.bsky.feed.getPosts", [("uris", uri) for uri in asked])
        posts = answers.field(answers.decoded(reply.body), "posts")
        if not isinstance(posts, list):
            raise Unreachable(f"{self._name}: Bluesky answered with something that is not a list of posts")
        there = {id_of(str(each.get("uri"))) for each in posts if isinstance(each, dict)}
        gone = tuple(Deleted(id=id_, at=self._world.clock()) for id_ in asked.values() if id_ not in there)
        return Batch(source=self._name, events=gone, checked=tuple(asked.values()))


def answered(reply: base.Reply, name: str) -> base.Reply:
    """The good answer; otherwise whose turn it is. Raises LostError for a 400 that is about what we asked with."""
    error = _error(reply)
    match reply.status:
        case 200:
            return reply
        case 400 if error == "BadQueryString":
            raise Refused(f"{name}: Bluesky cannot read the search (400)", "Correct `query` in rules.yaml.")
        case 400 if error:
            raise LostError
        case 401 | 403:
            raise Refused(
                f"{name}: Bluesky does not let us in ({reply.status} {error})",
                "See in the app whether the account is in order and its app password is still there, then: systemctl restart carebot.",
            )
        case 404 | 410:
            raise Refused(f"{name}: there is nothing at this address ({reply.status})", "Take the addresses of servers out of rules.yaml.")
    raise Unreachable(f"{name}: Bluesky answered {reply.status} {error}".rstrip())


def _error(reply: base.Reply) -> str:
    problem = answers.read_as(_Problem, answers.decoded(reply.body)) if reply.status != 200 else None
    return re.sub(r"[^A-Za-z]", "", problem.error)[:40] if problem else ""


def _address(server: str, method: str, params: Params = ()) -> str:
    return f"{server.rstrip('/')}/xrpc/{method}" + (f"?{urlencode(params)}" if params else "")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
