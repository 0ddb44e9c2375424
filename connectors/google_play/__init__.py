"""Reviews of our own app on Google Play, and our own answers to them. Needs the extra `carebot[google]` and a service account.

Google's API shows the reviews of the last week that have words in them, the last touched first. A burst is read page by page, back to
what we had; after an absence of more than a week the rest is a gap. An answer of ours does not bring its review to the top again, so the
whole week is read once an hour besides: that is how the clocks of answered customers stop. An edited review keeps its id.

What Google calls a review's language is the telephone's, and not always the text's: it is not taken.

Facts: developers.google.com/android-publisher/reply-to-reviews, its API reference (reviews.list), and
developers.google.com/identity/protocols/oauth2/service-account (read 2026-11).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field, model_validator

from carebot.config.parts import Name
from carebot.errors import Throttled
from carebot.model import Batch, Gap, Message, Text
from connectors import answers, base, limits, sweep
from connectors.google_play.account import OFFICIAL as TOKENS
from connectors.google_play.account import RESTART, Account
from connectors.google_play.page import Page, page_of, read

EXAMPLE = """
name: google-play
kind: google_play
package: com.example.bank
account: google-play-account
every: 10m
"""

OFFICIAL = "https://androidpublisher.googleapis.com"
WEEK = timedelta(days=7)
WHOLE_EVERY = timedelta(hours=1)
QUOTA_WAIT = timedelta(minutes=15)  # the quota is counted by the hour, and Google does not say when it is new again
BEYOND = Text("Google Play solo enseña las reseñas de la última semana.", "Google Play only shows the reviews of the last week.")


class Options(base.Options):
    package: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$", description="The app's package name, as com.example.bank."
    )
    account: Name = Field(description="The name of the credential that holds the service account's key file (JSON), never the key itself.")
    base_url: str = Field(OFFICIAL, description="Where Google's API is. Leave it out.")
    token_url: str = Field(TOKENS, description="Where Google gives out tokens. Leave it out.")
    allow_private: bool = Field(False, description="true if these two are servers of your own.")

    @model_validator(mode="after")
    def _only_theirs(self) -> Options:
        answers.theirs(self.base_url, OFFICIAL, self.allow_private)
        answers.theirs(self.token_url, TOKENS, self.allow_private)
        return self


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where we are.

    came_at    when we began to listen: what was written before is history
    whole_at   when the whole week was last begun to be read
    whole      it is being read now, to its end
    """

    sweep: sweep.Sweep
    came_at: datetime
    whole_at: datetime | None = None
    whole: bool = False


class GooglePlay:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world
        self._account = Account(name, options.account, options.token_url, world)

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        first = Place(sweep.Sweep(since=now - sweep.FIRST_LOOK), came_at=now - sweep.FIRST_LOOK)
        place = base.resumed(cursor, Place) or first
        if not place.sweep.page and (place.whole_at is None or now - place.whole_at >= WHOLE_EVERY):
            place = replace(place, whole=True, whole_at=now)
        return await self._look(place, now)

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        """What there is of the last week, which is all that Google shows."""
        now = self._world.clock()
        return await self._look(base.resumed(cursor, Place) or Place(sweep.Sweep(since=since), came_at=since), now)

    async def check(self) -> str:
        await self._reviews("", most=1)
        return f"the reviews of {self._options.package} can be read"

    async def _look(self, place: Place, now: datetime) -> Batch:
        gaps = () if place.sweep.page or place.sweep.since >= now - WEEK else (Gap(from_=place.sweep.since, to=now - WEEK, why=BEYOND),)
        page, requests, pause = await self._reviews(place.sweep.page)
        if page is None:  # Google no longer takes the mark of this page; not at once, as it might not take the next one either
            place = replace(place, sweep=sweep.restarted(place.sweep))
            return Batch(source=self._name, cursor=_cursor(place), requests=requests)
        batch, times, next_page = read(page, self._options.package, self._name, now)
        place = replace(place, sweep=sweep.advanced(place.sweep, () if place.whole else times, next_page, now))
        place = replace(place, whole=place.whole and bool(place.sweep.page))
        new = tuple(event for event in batch.events if isinstance(event, Message) and event.posted_at >= place.came_at)
        return replace(batch, events=new, cursor=_cursor(place), more=bool(place.sweep.page), gaps=gaps, requests=requests, wait=pause)

    async def _reviews(self, mark: str, *, most: int = 100) -> tuple[Page | None, int, timedelta | None]:
        """A page of reviews (None: its mark is not taken any more), how many requests that took, and how long to stay away after it."""
        asked = {"maxResults": most, **({"token": mark} if mark else {})}
        url = f"{self._options.base_url.rstrip('/')}/androidpublisher/v3/applications/{self._options.package}/reviews?{urlencode(asked)}"
        requests = 0
        for attempt in (1, 2):
            requests += 1 + await self._account.let_in()
            headers = {"Authorization": f"Bearer {self._account.token}"}
            reply = await self._world.http.get(url, headers=headers, allow_private=self._options.base_url != OFFICIAL)
            if reply.status == 401 and attempt == 1:  # a token may be taken back before its hour is over; asked for anew, once
                self._account.forget()
                continue
            if reply.status == 400 and mark:
                return None, requests, None
            if reply.status != 200:
                raise trouble(reply, self._name)
            return page_of(reply.body, self._name), requests, limits.pause(reply.headers, self._world.clock())
        raise AssertionError("the second answer is taken as it is")


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return GooglePlay(name, options, world)


def estimate(options: BaseModel, every: timedelta, posts_a_day: float) -> base.Estimate:
    a_week = 7 * posts_a_day / 100 + 1  # pages
    requests = base.MONTH / every + base.MONTH / WHOLE_EVERY * a_week
    return base.Estimate(requests=requests, note="free; Google counts 200 an hour, and each look and each page of the hourly week is one")


FIXES = {
    401: ("does not take its own token", f"Make a new key for the service account. {RESTART}"),
    403: ("does not let the service account read reviews", 'Give it the permission "Reply to reviews" for this app in the Play Console.'),
    404: ("knows no such app", "Correct `package` in rules.yaml."),
    410: ("knows no such app", "Correct `package` in rules.yaml."),
}
QUOTA = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "RESOURCE_EXHAUSTED"}


def trouble(reply: base.Reply, name: str) -> Exception:
    """Whose turn it is when Google does not answer 200."""
    error = answers.field(answers.decoded(reply.body), "error")
    listed = answers.field(error, "errors")
    reasons = {answers.field(each, "reason") for each in listed} if isinstance(listed, list) else set()
    if reply.status == 403 and {str(reason) for reason in (*reasons, answers.field(error, "status"))} & QUOTA:
        return Throttled(f"{name}: Google's quota for this hour is used up (403)", QUOTA_WAIT)
    return answers.trouble(name, "Google", reply.status, FIXES)


def _cursor(place: Place) -> str:
    return msgspec.json.encode(place).decode()
