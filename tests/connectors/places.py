"""Where customers talk, one adaptor a kind, over the loopback servers the connectors' own tests have: start it, say so many things there, and
know which of them a listener must have heard. What is said is invented. Used to spoil the way there (test_chaos) and to time it (benchmarks).

Not here, as there is no road to spoil: jsonl and stdin (a file, a pipe), webhook and meta's deliveries (who is told answers, and the sender
sends again), probe (trouble on the way is its news), mail (no HTTP; its own tests cut its line), google_play without PyJWT.
"""

from __future__ import annotations

import importlib.util
import random
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar

from aiohttp import web

from tests.connectors.loopback_web import NOON, serving

TEXTS = (
    "no puedo entrar en la app de zenco desde hace una hora",
    "zenco: the card was declined twice today",
    "¿zenco está caído? no me llega el SMS",
    "zenco support answered in five minutes, thank you",
)


class Place:
    """now      moved on by whoever has the clock, and with it the place's own
    had      every id that was ever there, and when it was posted
    kept     those that a listener must hear, or must own to have missed
    limited  the place itself forgets: there may be gaps
    every    how often it is asked
    look     the most requests that one look may take
    """

    kind: ClassVar[str]
    reads: ClassVar[str] = ""
    limited: ClassVar[bool] = False
    look: ClassVar[int] = 1

    def __init__(self, seed: int = 1) -> None:
        self.them: Any = None
        self.now, self.dice = NOON, random.Random(seed)
        self.had: dict[str, datetime] = {}
        self.secrets: dict[str, str] = {}

    @property
    def name(self) -> str:
        return f"{self.kind} {self.reads}".strip()

    @property
    def kept(self) -> dict[str, datetime]:
        return self.had

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, at: datetime) -> None:
        self._now = at
        if hasattr(self.them, "now"):
            self.them.now = at

    def canaries(self) -> set[str]:
        """What may stand in no log, no error and no database."""
        return set(self.secrets.values())

    def running(self) -> AbstractAsyncContextManager[str]:
        """Its address, while it is open."""
        raise NotImplementedError

    def options(self, url: str) -> dict[str, Any]:
        """A source of rules.yaml that reads it at this address."""
        raise NotImplementedError

    def say(self, count: int) -> None:
        """So many people speak, in the seconds before now."""
        start = max(self.now - timedelta(seconds=20), max(self.had.values(), default=self.now - timedelta(seconds=20)))
        for number in range(1, count + 1):
            at = start + (self.now - start) * number / count
            self.had[self.post(len(self.had) + 1, at.replace(microsecond=at.microsecond // 1000 * 1000), self.text())] = at

    def text(self) -> str:
        return f"{self.dice.choice(TEXTS)} {len(self.had)}"

    def post(self, number: int, at: datetime, text: str) -> str:
        """One post. → its id as carebot knows it"""
        raise NotImplementedError

    def upset(self) -> None:
        """A trouble of the place's own, such as a token that ends before its time."""

    def untold(self, told: list[Any]) -> set[str]:
        """What staff would not know of after these events, for a place whose posts are no messages."""
        return set()


class X(Place):
    kind = "x"

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.loopback_x import LoopbackX

        super().__init__(seed)
        self.them = LoopbackX()
        self.them.token, self.them.page_size = "x-canary-token-4711", 20
        self.secrets = {"x-bearer": self.them.token}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with self.them.running():
            yield self.them.url

    def options(self, url: str) -> dict[str, Any]:
        return {"query": "zenco", "token": "x-bearer", "base_url": url}

    def post(self, number: int, at: datetime, text: str) -> str:
        from tests.connectors.loopback_x import post

        self.them.posts.append(post(at, text, number=number % 4096, author=str(number)))
        return f"x:{self.them.posts[-1]['id']}"

    def upset(self) -> None:
        self.them.forget_tokens()


class Bluesky(Place):
    kind, reads, look = "bluesky", "search", 4

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.loopback_bluesky import LoopbackBluesky

        super().__init__(seed)
        self.them = LoopbackBluesky()
        self.them.password, self.them.page_size = "bsky-canary-4711", 20
        self.secrets = {"bluesky-app-password": self.them.password}

    def canaries(self) -> set[str]:
        return {*self.secrets.values(), *(given.removeprefix("Bearer ") for given in (*self.them._access, *self.them._refresh))}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with self.them.running():
            yield self.them.url

    def options(self, url: str) -> dict[str, Any]:
        asked = {"query": "zenco"} if self.reads == "search" else {}
        account = {"handle": "zenco.bsky.social", "password": "bluesky-app-password"}
        return {"read": self.reads, **asked, **account, "server": url, "public": url, "allow_private": True}

    def post(self, number: int, at: datetime, text: str) -> str:
        from tests.connectors.loopback_bluesky import post

        self.them.posts.append({**post(f"k{number}", at, text), "reason": "mention"})
        return f"bluesky:did:plc:ana/k{number}"

    def upset(self) -> None:
        self.them.end_session()


class BlueskyMentions(Bluesky):
    reads = "mentions"


class BlueskyStream(Bluesky):
    """The whole network speaks, every few minutes about something else."""

    reads = "stream"

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed)
        self.them._stream, hear = self._chattered, self.them._stream
        self._hear: Any = hear

    async def _chattered(self, *asked: Any) -> web.StreamResponse:
        last = self.them.happened[-1]["at"] if self.them.happened else self.now - timedelta(hours=1)
        while (last := last + timedelta(minutes=4)) < self.now:
            self.them.say(f"c{len(self.them.happened)}", last, "good morning", did="did:plc:somebody")
        said: web.StreamResponse = await self._hear(*asked)
        self.them.hang_up_after = None
        return said

    def options(self, url: str) -> dict[str, Any]:
        stream = url.replace("http", "ws") + "/xrpc/network.bsky.jetstream.subscribeEvents"
        return {"read": "stream", "words": ["zenco"], "jetstream": stream, "server": url, "public": url, "allow_private": True}

    def post(self, number: int, at: datetime, text: str) -> str:
        self.them.say(f"k{number}", at, text)
        return super().post(number, at, text)

    def upset(self) -> None:
        self.them.hang_up_after = 30


class Mastodon(Place):
    kind, reads, look = "mastodon", "tag", 2

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.loopback_mastodon import LoopbackMastodon

        super().__init__(seed)
        self.them = LoopbackMastodon()
        self.them.token, self.them.page_size = "mastodon-canary-4711", 20
        self.secrets = {"mastodon-token": self.them.token}
        self.host = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with self.them.running():
            yield self.them.url

    def options(self, url: str) -> dict[str, Any]:
        self.host = url.partition("//")[2]
        asked = {"tags": ["zenco"]} if self.reads == "tag" else {"query": "zenco"}
        return {"server": url, "read": self.reads, **asked, "token": "mastodon-token", "allow_private": True}

    def post(self, number: int, at: datetime, text: str) -> str:
        return f"mastodon:{self.host}/{self.them.say(text, at=at)}"


class MastodonSearch(Mastodon):
    reads = "search"


class Reddit(Place):
    kind, limited, look = "reddit", True, 4

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.loopback_reddit import LoopbackReddit

        super().__init__(seed)
        self.them = LoopbackReddit()
        self.them.secret = "reddit-canary-4711"
        self.secrets = {"reddit-secret": self.them.secret}

    def canaries(self) -> set[str]:
        return {*self.secrets.values(), *self.them.tokens}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with self.them.running():
            yield self.them.url

    def options(self, url: str) -> dict[str, Any]:
        app = {"account": "example-care", "client_id": "AbCdEfGhIjKlMn", "client_secret": "reddit-secret"}
        return {"subreddits": ["ExampleBank"], **app, "base_url": url, "login_url": url}

    def post(self, number: int, at: datetime, text: str) -> str:
        from tests.connectors.loopback_reddit import comment, post

        self.them.things.append((post if number % 2 else comment)(number, at, text))
        return f"reddit:{self.them.things[-1]['data']['name']}"

    def upset(self) -> None:
        self.them.tokens = dict.fromkeys(self.them.tokens, self.now)


class Discourse(Place):
    kind, look = "discourse", 20

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.loopback_discourse import LoopbackDiscourse

        super().__init__(seed)
        self.them = LoopbackDiscourse()
        self.them.key = "forum-canary-4711"
        self.secrets = {"forum-key": self.them.key}
        self.forum = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with self.them.running():
            yield self.them.url

    def options(self, url: str) -> dict[str, Any]:
        self.forum = url.partition("//")[2]
        return {"url": url, "key": "forum-key", "allow_private": True}

    def post(self, number: int, at: datetime, text: str) -> str:
        from tests.connectors.loopback_discourse import post

        self.them.posts.append(post(number, at, f"<p>{text}</p>"))
        return f"discourse:{self.forum}/{number}"


class YouTube(Place):
    """Replies are heard as long as their thread is among the newest hundred: what is buried at once is not promised."""

    kind, look = "youtube", 10

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.loopback_youtube import KEY, LoopbackYouTube

        super().__init__(seed)
        self.them = LoopbackYouTube()
        self.secrets = {"youtube-key": KEY}
        self._replies: dict[str, int] = {}  # id → number of its thread

    @property
    def kept(self) -> dict[str, datetime]:
        return {id_: at for id_, at in self.had.items() if id_ not in self._replies}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with self.them.running():
            yield self.them.url

    def options(self, url: str) -> dict[str, Any]:
        from tests.connectors.loopback_youtube import CHANNEL

        return {"channel": CHANNEL, "key": "youtube-key", "base_url": url}

    def post(self, number: int, at: datetime, text: str) -> str:
        from tests.connectors.loopback_youtube import reply, thread

        if self.them.threads and number % 10 == 0:
            on = self.them.threads[-1]
            on["all"].append(reply(on["id"], number, at, text))
            self._replies[f"youtube:{on['all'][-1]['id']}"] = len(self.them.threads)
            return f"youtube:{on['all'][-1]['id']}"
        self.them.threads.append(thread(f"t{number}", at, text))
        return f"youtube:t{number}"


class AppStore(Place):
    kind, limited, look = "app_store", True, 4

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.test_app_store import Shelf

        super().__init__(seed)
        self.them = Shelf([])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with serving(self.them.answer) as there:
            yield there.url

    def options(self, url: str) -> dict[str, Any]:
        from tests.connectors.test_app_store import APP

        return {"app": APP, "country": "es", "base_url": url}

    def post(self, number: int, at: datetime, text: str) -> str:
        from tests.connectors.test_app_store import review

        self.them.reviews.insert(0, review(number, at, text))
        return f"app_store:{number}"


class GooglePlay(Place):
    kind, limited, look = "google_play", True, 3

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.test_google_play import Play, key_file

        super().__init__(seed)
        self.them = Play([])
        self.secrets = {"google-account": key_file()}

    def canaries(self) -> set[str]:
        return {
            *re.findall(r"[A-Za-z0-9+/]{60,}", self.secrets["google-account"])[:3],
            *(f"ya29.{n}" for n in range(1, self.them.given + 1)),
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with serving(self.them.answer) as there:
            yield there.url

    def options(self, url: str) -> dict[str, Any]:
        from tests.connectors.test_google_play import PACKAGE

        return {"package": PACKAGE, "account": "google-account", "base_url": url, "token_url": url}

    def post(self, number: int, at: datetime, text: str) -> str:
        from tests.connectors.test_google_play import review

        self.them.reviews.append(review(number, at, text))
        return f"google_play:gp:AOq{number}"

    def upset(self) -> None:
        self.them.good = False


class Telegram(Place):
    """Telegram forgets what is a day old, and what is before the number asked for."""

    kind, limited = "telegram", True

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.test_telegram import TOKEN, Bot

        super().__init__(seed)
        self.them = Bot()
        self.secrets = {"telegram-token": TOKEN}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async def answer(request: web.Request) -> web.Response:
            a_day_ago = int((self.now - timedelta(days=1)).timestamp())
            self.them.updates = [update for update in self.them.updates if update["message"]["date"] > a_day_ago]
            said: web.Response = await self.them.answer(request)
            return said

        async with serving(answer) as there:
            yield there.url

    def options(self, url: str) -> dict[str, Any]:
        return {"token": "telegram-token", "base_url": url}

    def post(self, number: int, at: datetime, text: str) -> str:
        from tests.connectors.test_telegram import said

        self.them.updates.append(said(number, text, at=at))
        return f"telegram:7001/{number}"


class Feed(Place):
    """A forum's feed of its newest hundred, with an ETag."""

    kind, limited, shows = "feed", True, 100

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed)
        self.items: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async def answer(request: web.Request) -> web.Response:
            mark = f'"{len(self.items)}"'
            if request.headers.get("If-None-Match") == mark:
                return web.Response(status=304, headers={"ETag": mark})
            page = "".join(reversed(self.items[-self.shows :]))
            whole = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Foro</title>{page}</channel></rss>'
            return web.Response(body=whole.encode(), headers={"ETag": mark, "Content-Type": "application/rss+xml"})

        async with serving(answer) as there:
            yield there.url

    def options(self, url: str) -> dict[str, Any]:
        return {"url": f"{url}/latest.rss", "allow_private": True}

    def post(self, number: int, at: datetime, text: str) -> str:
        id_ = f"https://forum.example/t/{10_000_000 + number}"
        dated = f"<guid>{id_}</guid><link>{id_}</link><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        self.items.append(f"<item><title>{text}</title>{dated}</item>")
        return f"feed:{id_}"


class Meta(Place):
    kind, reads, look = "meta", "comments", 1

    def __init__(self, seed: int = 1) -> None:
        from tests.connectors.test_meta import TOKEN, Facebook

        super().__init__(seed)
        self.them = Facebook(p55=0, p56=0)
        self.secrets = {"page-token": TOKEN}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async with serving(self.them.answer) as there:
            yield there.url

    def options(self, url: str) -> dict[str, Any]:
        from tests.connectors.test_meta import PAGE

        return {"read": "comments", "account": int(PAGE), "token": "page-token", "base_url": url}

    def post(self, number: int, at: datetime, text: str) -> str:
        under = self.dice.choice(sorted(self.them.posts))
        said = self.them.comment("p" + under.partition("_")[2], number, at)
        self.them.posts[under].insert(0, {**said, "message": text})
        return f"facebook:{said['id']}"


class StatusPage(Place):
    """Says not messages but how its parts are; what lasted from one look to the next must be told, and not twice."""

    kind = "status_page"
    parts = ("Cards", "ATM", "App", "Web", "Transfers")

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed)
        self.how = dict.fromkeys(self.parts, ("operational", NOON))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        async def answer(_: web.Request) -> web.Response:
            parts = [
                {"id": part.lower(), "name": part, "status": how, "updated_at": at.isoformat()} for part, (how, at) in self.how.items()
            ]
            return web.json_response({"page": {"id": "p"}, "status": {}, "components": parts, "incidents": []})

        async with serving(answer) as there:
            yield there.url

    def options(self, url: str) -> dict[str, Any]:
        return {"url": url, "provider": "Example Pay", "allow_private": True}

    def say(self, count: int) -> None:
        for part in self.dice.choices(self.parts, k=min(count, 3)):
            other = [how for how in ("operational", "partial_outage", "major_outage", "under_maintenance") if how != self.how[part][0]]
            self.how[part] = (self.dice.choice(other), self.now)

    def untold(self, told: list[Any]) -> set[str]:
        heard = {**dict.fromkeys(self.parts, "operational"), **{event.component: event.state for event in told}}
        return {part for part, (how, _) in self.how.items() if how.removeprefix("under_") != heard[part]}


PLACES: tuple[type[Place], ...] = (
    X, Bluesky, BlueskyMentions, BlueskyStream, Mastodon, MastodonSearch, Reddit, Discourse, YouTube, AppStore, Telegram, Feed, Meta, StatusPage,
    *((GooglePlay,) if importlib.util.find_spec("jwt") else ()),
)  # fmt: skip
