"""Posts and comments on Reddit: all that is new in some subreddits, or the posts that match a search. Needs Reddit's approval and an app.

Reddit answers newest first, a hundred a page and about a thousand in all, so a burst is read backwards, one page of each list a look; where
a list ends before what we had, the rest is a gap. What was edited or deleted is only seen by asking again (`recheck`), and Reddit demands
that what is deleted there is deleted here.

Plain requests rather than asyncpraw: asyncprawcore 4.0 takes a session of ours, but it waits inside the call for up to ten minutes when
the limit is near, asks again by itself up to three times (so no budget holds), logs each request's parameters, and puts the headers with
the token into its errors. What is left of it then is three addresses and a form. Facts: support.reddithelp.com "Reddit Data API Wiki",
r/redditdev wiki api/faq, and the recordings asyncpraw 8.0.3 tests itself with; all read 2026-11.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Self
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from carebot import __version__
from carebot.config.parts import Name
from carebot.config.values import Sentence
from carebot.errors import Unreachable
from carebot.model import Batch, Gap, Text
from connectors import answers, base, limits, sweep
from connectors.reddit.page import Listing, became, read, times

__all__ = ["EXAMPLE", "Options", "Reddit", "connect", "estimate", "read"]

EXAMPLE = """
name: reddit-banks
kind: reddit
subreddits: [ExampleBank, personalfinance]
account: example-care
client_id: AbCdEfGhIjKlMn
client_secret: reddit-secret
every: 2m
"""

OFFICIAL, LOGIN = "https://oauth.reddit.com", "https://www.reddit.com"
PAGE = 100
SHORT = 200  # a list that ends of itself has seldom more; a longer one that ends was cut off (at about 1,000; a search earlier)
BEYOND = Text("Reddit solo enseña los últimos ~1.000 mensajes de una lista.", "Reddit only shows the latest 1,000 or so of a list.")
FIXES = {
    401: ("refused our token twice", "See whether the app is still there (reddit.com/prefs/apps), then: systemctl restart carebot."),
    403: (
        "does not let us read this",
        "The subreddit is private or closed, or the app has lost its approval: correct `subreddits`, or ask Reddit.",
    ),
    404: ("knows no such subreddit", "Correct `subreddits` in rules.yaml: the names without r/."),
    410: ("has closed this address", "Take `base_url` out of rules.yaml."),
}
LOGINS = {
    **dict.fromkeys((400, 401, 403), ("does not let our app log in", "Check `client_id` and the secret, then: systemctl restart carebot.")),
    **dict.fromkeys((404, 410), ("has no log-in at this address", "Take `login_url` out of rules.yaml.")),
}

Subreddit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{2,21}$")]


class Options(base.Options):
    subreddits: tuple[Subreddit, ...] = Field((), max_length=50, strict=False, description="Their names, without r/.")
    search: Sentence | None = Field(
        None, max_length=512, description="Words to search posts for, in these subreddits or in all. Left out: every post and comment."
    )
    account: str = Field(pattern=r"^[\w-]{3,20}$", description="Your Reddit account: Reddit wants to know who asks.")
    client_id: str = Field(pattern=r"^[\w-]{10,40}$", description="The app's id, as Reddit shows it. It is no secret.")
    client_secret: Name = Field(description="The name of the credential that holds the app's secret, never the secret itself.")
    base_url: str = Field(OFFICIAL, description="Where Reddit's API is. Leave it out.")
    login_url: str = Field(LOGIN, description="Where Reddit gives out tokens. Leave it out.")

    @field_validator("base_url")
    @classmethod
    def _theirs(cls, value: str) -> str:
        return answers.theirs(value, OFFICIAL)

    @field_validator("login_url")
    @classmethod
    def _their_login(cls, value: str) -> str:
        return answers.theirs(value, LOGIN)

    @model_validator(mode="after")
    def _something_to_read(self) -> Self:
        if not self.subreddits and not self.search:
            raise ValueError("says nothing to read. Write `subreddits`, or `search`, or both.")
        return self

    @property
    def lists(self) -> dict[str, tuple[str, dict[str, str]]]:
        """What is read page by page: a name of its own → path and what is asked."""
        where = f"/r/{'+'.join(self.subreddits)}" if self.subreddits else ""
        if self.search:
            within = {"restrict_sr": "true"} if where else {}
            return {"search": (f"{where}/search", {"q": self.search, "sort": "new", "t": "all", "type": "link", **within})}
        return {"new": (f"{where}/new", {}), "comments": (f"{where}/comments", {})}


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where we are in one list.

    came_at   when we began to listen: what was said before is history
    seen      how many this sweep has shown; `oldest` is the time of the last of them
    """

    sweep: sweep.Sweep
    came_at: datetime
    seen: int = 0
    oldest: datetime | None = None


class _Token(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,4000}$")]
    expires_in: float = 3600.0


class Reddit:
    at_once = 100

    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world
        self._token, self._until = "", world.clock()  # a cache: Reddit gives another one whenever we ask

    async def fetch(self, cursor: str | None) -> Batch:
        return await self._look(cursor, self._world.clock() - sweep.FIRST_LOOK)

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        """As far back as the lists go; how far that is, only their ends say, so a gap is in the batch that gets there."""
        return await self._look(cursor, since)

    async def check(self) -> str:
        path, asked = next(iter(self._options.lists.values()))
        reply, _ = await self._ask(path, {**asked, "limit": "1"})
        return answers.newest(read(self._listing(reply).data.children, self._name, self._world.clock()).events)

    async def recheck(self, ids: Sequence[str]) -> Batch:
        ours = [id_ for id_ in ids if re.fullmatch(r"reddit:t[13]_[0-9a-z]{1,13}", id_)][: self.at_once]
        if not ours:
            return Batch(source=self._name, requests=0)
        reply, requests = await self._ask("/api/info", {"id": ",".join(id_.removeprefix("reddit:") for id_ in ours)})
        now = self._world.clock()
        batch = became(self._listing(reply).data.children, ours, self._name, now)
        return replace(batch, requests=requests, wait=limits.pause(reply.headers, now))

    async def _look(self, cursor: str | None, since: datetime) -> Batch:
        """One page of each list that has more; of every list, when none has."""
        stored = base.resumed(cursor, dict[str, Place]) or {}
        places = {name: stored.get(name) or Place(sweep.Sweep(since=since), came_at=since) for name in self._options.lists}
        waiting = [name for name, place in places.items() if place.sweep.page] or list(places)
        batches = []
        for name in waiting:
            batch, places[name] = await self._page(name, places[name])
            batches.append(batch)
        return Batch(
            source=self._name,
            events=tuple(event for batch in batches for event in batch.events),
            refused=tuple(refusal for batch in batches for refusal in batch.refused),
            gaps=tuple(gap for batch in batches for gap in batch.gaps),
            cursor=msgspec.json.encode(places).decode(),
            more=any(place.sweep.page for place in places.values()),
            wait=max((batch.wait for batch in batches if batch.wait), default=None),
            requests=sum(batch.requests for batch in batches),
        )

    async def _page(self, name: str, place: Place) -> tuple[Batch, Place]:
        path, asked = self._options.lists[name]
        mark = {"after": place.sweep.page, "count": str(place.seen)} if place.sweep.page else {}
        reply, requests = await self._ask(path, {**asked, "limit": str(PAGE), **mark})
        listing, now = self._listing(reply).data, self._world.clock()
        after = listing.after if listing.after and listing.after != place.sweep.page else ""
        at = times(listing.children, now)
        seen, oldest = place.seen + len(listing.children), min([*at, *filter(None, [place.oldest])], default=None)
        next_place = sweep.advanced(place.sweep, at, after, now)
        gaps: tuple[Gap, ...] = ()
        if not next_place.page and oldest and seen >= SHORT:
            gaps = sweep.unreached(place.sweep, [oldest], "", BEYOND)
        batch = read(listing.children, self._name, now)
        events = answers.from_then_on(batch.events, place.came_at)
        batch = replace(batch, events=events, gaps=gaps, requests=requests, wait=limits.pause(reply.headers, now))
        return batch, Place(next_place, place.came_at, *((seen, oldest) if next_place.page else ()))

    # ── the way there ──

    async def _ask(self, path: str, asked: dict[str, str]) -> tuple[base.Reply, int]:
        """The answer, and how many requests it took: a token that has ended is asked for again, once."""
        url, requests = answers.address(self._options.base_url, path, **asked, raw_json=1), 0
        for _ in range(2):
            if not self._token or self._world.clock() >= self._until:
                await self._log_in()
                requests += 1
            headers = {"Authorization": f"Bearer {self._token}", "User-Agent": self._who}
            reply = await self._world.http.get(url, headers=headers, allow_private=self._options.base_url != OFFICIAL)
            requests += 1
            if reply.status != 401:
                break
            self._token = ""
        if urlsplit(reply.url).path.startswith("/subreddits/search"):  # where it sends who asks for a subreddit that is not there
            raise answers.trouble(self._name, "Reddit", 404, FIXES)
        if reply.status != 200:
            raise answers.trouble(self._name, "Reddit", reply.status, FIXES)
        return reply, requests

    async def _log_in(self) -> None:
        options = self._options
        secret = answers.credential(self._world, options.client_secret, self._name)
        reply = await self._world.http.post(
            answers.address(options.login_url, "/api/v1/access_token"),
            body=urlencode({"grant_type": "client_credentials"}).encode(),
            headers={
                "Authorization": f"Basic {base64.b64encode(f'{options.client_id}:{secret}'.encode()).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
                "User-Agent": self._who,
            },
            allow_private=options.login_url != LOGIN,
        )
        said = answers.decoded(reply.body)
        if (reply.status in LOGINS and (reply.status != 400 or said)) or (reply.status == 200 and answers.field(said, "error")):
            raise answers.trouble(self._name, "Reddit", reply.status if reply.status in LOGINS else 401, LOGINS)
        if reply.status != 200:
            raise Unreachable(f"{self._name}: Reddit answered {reply.status} when we logged in")
        token = answers.page(reply.body, _Token, self._name, "Reddit gave us no token when we logged in")
        lasts = timedelta(seconds=min(max(token.expires_in, 60.0), 86_400.0)) - timedelta(seconds=30)
        self._token, self._until = token.access_token, self._world.clock() + lasts

    def _listing(self, reply: base.Reply) -> Listing:
        return answers.page(reply.body, Listing, self._name, "Reddit did not answer with a list of posts")

    @property
    def _who(self) -> str:
        return f"linux:carebot:v{__version__} (by /u/{self._options.account})"


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Reddit(name, options, world)


def estimate(options: BaseModel, every: timedelta, posts_a_day: float) -> base.Estimate:
    """A page of each list a look, further pages, and a token an hour. What an agreement with Reddit costs, only Reddit can say."""
    assert isinstance(options, Options)
    looks = base.MONTH / every * len(options.lists)
    note = "Reddit allows 100 requests a minute; commercial use needs an agreement with Reddit, whose price is not in this"
    return base.Estimate(requests=looks + 30 * posts_a_day / PAGE + 30 * 24, note=note)
