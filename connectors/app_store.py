"""Reviews of an app in one country's App Store, from the feed Apple gives to anybody: no key, and no approval.

It shows the newest reviews first, fifty a page and ten pages at most. A burst is read page by page, back to what we had; where the tenth
page ends before that, the rest is a gap. Apple's servers at times show one spelling of the same address empty (seen by others: the
library obsei tries four), so an empty page is asked for in every spelling, and none of them is ever taken as "all was read".

A review that was edited keeps its id and comes with its new words and time. What was written before the first look is `history`.
Facts: the feed's own pages as public projects show them, and what those projects note of it (read 2026-11); Apple documents none of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field, model_validator

from carebot.errors import Unreachable
from carebot.model import Batch, Gap, Message, Text
from connectors import answers, base, sweep

EXAMPLE = """
name: app-store-spain
kind: app_store
app: 1234567890
country: es
every: 15m
"""

OFFICIAL = "https://itunes.apple.com"
SPELLINGS = (
    "page={page}/id={app}/sortby=mostrecent/json",
    "id={app}/sortBy=mostRecent/page={page}/json",
    "page={page}/id={app}/sortBy=mostRecent/json",
    "id={app}/page={page}/sortby=mostrecent/json",
)
FIXES = dict.fromkeys((401, 403, 404, 410), ("gives out no reviews of this app", "Correct `app` or `country` in rules.yaml."))
PAGES, A_PAGE = 10, 50
PATIENCE = timedelta(hours=1)  # with a page in the middle of a sweep that stays empty
BEYOND = Text("La App Store solo enseña las últimas 500 reseñas.", "The App Store only shows the latest 500 reviews.")
EMPTY = Text("La App Store dejó de enseñar reseñas a mitad de la lectura.", "The App Store stopped showing reviews in the middle of them.")


class Options(base.Options):
    app: int = Field(gt=0, lt=10**15, description="The app's number: the digits after `id` in its address on apps.apple.com.")
    country: str = Field(pattern=r"^[a-z]{2}$", description="Whose App Store, as two letters: es, gb, mx. One source a country.")
    base_url: str = Field(OFFICIAL, description="Where Apple's feeds are. Leave it out.")
    allow_private: bool = Field(False, description="true if base_url is a server of your own.")

    @model_validator(mode="after")
    def _only_theirs(self) -> Options:
        answers.theirs(self.base_url, OFFICIAL, self.allow_private)
        return self


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where we are in the feed.

    came_at   when we began to listen: what was written before is history
    oldest    the time of the last review on the last page that had any; None: none was ever seen
    full      that page had no room for another review, so one after it was to be expected
    """

    sweep: sweep.Sweep
    came_at: datetime
    oldest: datetime | None = None
    full: bool = False


class AppStore:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        since = self._world.clock() - sweep.FIRST_LOOK
        return await self._look(base.resumed(cursor, Place) or Place(sweep.Sweep(since=since), came_at=since))

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        """As far back as the ten pages go; where they end too early, the gap is in the last batch, as no page says how many follow."""
        return await self._look(base.resumed(cursor, Place) or Place(sweep.Sweep(since=since), came_at=since))

    async def _look(self, place: Place) -> Batch:
        now, number = self._world.clock(), _number(place.sweep.page)
        entries, requests = await self._page(number)
        if not entries:
            return replace(self._empty(place, number, now), requests=requests)
        batch = read(entries, self._options, self._name, now)
        said = [event for event in batch.events if isinstance(event, Message)]
        times, next_page = [message.posted_at for message in said], "" if number == PAGES else str(number + 1)
        gaps = sweep.unreached(place.sweep, times, next_page, BEYOND)
        after = sweep.advanced(place.sweep, times, next_page, now)
        place = replace(place, sweep=after, oldest=min(times, default=now), full=len(entries) >= A_PAGE)
        new = tuple(message for message in said if message.posted_at >= place.came_at)
        return replace(batch, events=new, cursor=_cursor(place), more=bool(after.page), gaps=gaps, requests=requests)

    async def _page(self, number: int) -> tuple[list[Any], int]:
        """The reviews of a page, in the first spelling of its address that shows any; and how many were asked for."""
        for requests, spelling in enumerate(SPELLINGS, 1):
            path = spelling.format(page=number, app=self._options.app)
            url = f"{self._options.base_url.rstrip('/')}/{self._options.country}/rss/customerreviews/{path}"
            reply = await self._world.http.get(url, allow_private=self._options.base_url != OFFICIAL)
            if reply.status != 200:
                raise answers.trouble(self._name, "Apple", reply.status, FIXES)
            if found := entries_of(reply.body, self._name):
                return found, requests
        return [], len(SPELLINGS)

    def _empty(self, place: Place, number: int, now: datetime) -> Batch:
        """An app nobody has reviewed yet; the end of a short list; or Apple's servers, and then nothing moves on."""
        if place.oldest is None:
            return Batch(source=self._name, cursor=_cursor(place))
        in_vain = number > 1 and place.sweep.began_at is not None and now - place.sweep.began_at > PATIENCE
        if number == 1 or (place.full and not in_vain):
            raise Unreachable(f"{self._name}: Apple shows page {number} of the reviews empty in every spelling. It is asked again")
        gaps = (Gap(from_=place.sweep.since, to=place.oldest, why=EMPTY),) if place.full else ()
        return Batch(source=self._name, cursor=_cursor(replace(place, sweep=sweep.advanced(place.sweep, (), "", now))), gaps=gaps)


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return AppStore(name, options, world)


def _number(page: str) -> int:
    return int(page) if page.isascii() and page.isdigit() and 1 <= int(page[:3]) <= PAGES else 1


def _cursor(place: Place) -> str:
    return msgspec.json.encode(place).decode()


# ── from a page to messages ──────────────────────────────────────────────────────────────────────────────────────


class _Label(msgspec.Struct):
    label: str = ""


class _Author(msgspec.Struct):
    name: _Label = msgspec.field(default_factory=_Label)


class _Review(msgspec.Struct):
    """Apple wraps every value: {"label": "5"}."""

    id: _Label
    updated: _Label
    content: _Label
    stars: _Label = msgspec.field(name="im:rating")
    title: _Label = msgspec.field(default_factory=_Label)
    author: _Author = msgspec.field(default_factory=_Author)


class _Feed(msgspec.Struct):
    entry: Any = None


class _Page(msgspec.Struct):
    feed: _Feed


def entries_of(body: bytes, name: str) -> list[Any]:
    """The reviews of a page. A single one comes as itself, not in a list; older pages open with the app, which has no stars."""
    entry = answers.page(body, _Page, name, "Apple did not answer with a feed of reviews").feed.entry
    found = entry if isinstance(entry, list) else [] if entry is None else [entry]
    return [each for each in found if not (isinstance(each, dict) and "im:rating" not in each)]


def read(entries: list[Any], options: Options, name: str, now: datetime) -> Batch:
    """A page's reviews, in its order."""

    def review(entry: Any) -> tuple[Message, ...]:
        said = _message(msgspec.convert(entry, _Review), options, now)
        return (said,) if said.text else ()

    events, refused = answers.read_each(entries, review, lambda entry: answers.field(entry, "id", "label"), name, now)
    return Batch(source=name, events=events, refused=refused)


def _message(review: _Review, options: Options, now: datetime) -> Message:
    number, stars = review.id.label.strip(), review.stars.label.strip()
    if not number.isascii() or not number.isdigit() or stars not in ("1", "2", "3", "4", "5"):
        raise ValueError
    title, body = answers.words(review.title.label).strip(), answers.words(review.content.label).strip()
    return Message(
        id=f"app_store:{number}",
        text=body if body.startswith(title) else f"{title}\n{body}".strip(),
        posted_at=answers.moment(review.updated.label, now),
        seen_at=now,
        source="app_store",
        author=answers.words(review.author.name.label)[:100],
        stars=int(stars),
        url=f"https://apps.apple.com/{options.country}/app/id{options.app}",
    )
