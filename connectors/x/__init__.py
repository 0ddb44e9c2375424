"""Posts on X: what a search finds, who names the brand, who answers it, what it says itself; or only how many there are.
Needs the extra `carebot[x]` and a bearer token of an X developer app.

X answers newest first, a hundred posts a page, so a burst is read backwards: one look is one page, and a sweep is all pages from
now back to what we had. The whole sweep is the cursor. A sweep that is cut off anywhere goes on where it was; posts that arrive meanwhile
are above its first page, and the next sweep's.

Every post costs money. While the budget runs low only the newest page of each sweep is read and the rest is counted; then all is counted;
what was only counted is not read later, for today's customers wait. Authors are asked for with their posts, or the desk could not answer
them; whether X charges for that is not documented.

Posts are named by their first version (X gives every edit a new id). Field names are read in X's old spelling and in its new one
(referenced_tweets, referenced_posts). Facts: docs.x.com/x-api (search, timelines, counts, lookup, edit posts; read 2026-08 and 2026-11),
api.x.com/2/openapi.json 2.167, tweepy 4.17 asynchronous/client.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from pydantic import BaseModel

from carebot.errors import Refused, TooLarge, Unreachable
from carebot.model import Batch, Gap
from connectors import answers, base, limits
from connectors.x.counts import MINUTE, Counted, counted
from connectors.x.keys import Signs, account, bearer
from connectors.x.options import Options
from connectors.x.page import GONE, Meta, Named, Post, User, ids_of, looked_up, meta_of, read
from connectors.x.prices import COUNTS, POST, USER, estimate
from connectors.x.road import Asking, LostError
from connectors.x.sweep import LAG, MEMORY, Sweep, advanced, cut_short, noted, remembered, restarted, resumed, said_at, settled

__all__ = ["EXAMPLE", "FIELDS", "GONE", "Meta", "Options", "Post", "Sweep", "X", "connect", "estimate", "read"]

EXAMPLE = """
name: x-mentions
kind: x
query: (@zenco OR "zenco bank") -is:retweet
token: x-bearer
"""

FIELDS = {
    "tweet_fields": ["author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "lang", "note_tweet", "referenced_tweets"],
    "expansions": ["author_id"],
    "user_fields": ["created_at", "name", "username"],
}
PAGE = 100
FEW = 10  # posts that are surely less than we take (5 MB): each may be 25,000 letters, and each letter six bytes


class X:
    at_once = PAGE

    def __init__(self, name: str, options: Options, world: base.World, client: Callable[..., Any]) -> None:
        self._name, self._options, self._world, self._client = name, options, world, client
        self._account = ""  # its number, once X has told us

    async def fetch(self, cursor: str | None) -> Batch:
        sweep, gaps = resumed(cursor, self._world.clock())
        return await self._look(sweep, gaps)

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        sweep, gaps = resumed(cursor, self._world.clock()) if cursor else (Sweep(since=since), ())
        return await self._look(sweep, gaps)

    async def recheck(self, ids: Sequence[str]) -> Batch:
        """Posts older than `recheck_for` are not asked for, and so are ids that X never gave."""
        asking = self._asking()
        young = asking.now - self._options.recheck_for
        known = [id_[2:] for id_ in ids if re.fullmatch(r"x:[0-9]{1,19}", id_)]
        asked = [id_ for id_ in known if said_at(id_) > young]
        batch, newer = await self._looked_up(asking, asked)
        later, _ = await self._looked_up(asking, newer)
        events, refused = (*batch.events, *later.events), (*batch.refused, *later.refused)
        return _billed(replace(batch, events=events, refused=refused, checked=tuple(ids)), asking)

    async def check(self) -> str:
        """Costs half a cent, and a cent more where statements are published."""
        asking = self._asking()
        page = await asking.ask(self._reads(), "get_recent_tweets_count", self._options.search, granularity="day")
        found = f"{counted(page, self._name, asking.now - timedelta(days=8), asking.now).total:,} posts in seven days"
        if not self._options.publish_token:
            return found
        me = answers.read_as(User, (await asking.ask(self._speaks(asking.now), "get_me", user_auth=False)).get("data"))
        return f"{found}; publishes as @{me.username if me else '?'}"

    async def publish(self, text: str) -> str:
        """Says it once. $0.015, and $0.20 with a link in it."""
        asking = self._asking()
        try:
            said = await asking.ask(self._speaks(asking.now), "create_tweet", text=text, user_auth=False)
            if post := answers.read_as(Named, said.get("data")):
                return f"https://x.com/i/status/{post.id}"
            trouble = f"{self._name}: X did not say what became of it"
        except Unreachable as error:
            trouble = str(error)
        raise Unreachable(f"{trouble}. It may have been posted: look at the account before posting again")

    # ── one look ──

    async def _look(self, sweep: Sweep, gaps: tuple[Gap, ...]) -> Batch:
        asking, left, listing = self._asking(), self._world.allowance(), self._options.listing
        posts = PAGE if left.posts is None else min(left.posts, PAGE)
        sweep, lost = remembered(sweep, listing.memory, asking.now)
        degraded = left.mode != "full"
        if self._options.read == "counts":
            batch = await self._watch(asking, sweep)
        elif degraded and sweep.next_token:
            batch = await self._give_up(asking, sweep)
        elif left.mode == "counts" or posts < listing.fewest or (degraded and left.requests == 1):
            batch = await self._count(asking, sweep)
        else:
            batch = await self._read(asking, sweep, posts, sample=degraded)
        gaps = (*gaps, *lost)
        return _billed(replace(batch, gaps=(*gaps, *batch.gaps), cursor=batch.cursor or (noted(sweep) if gaps else None)), asking)

    async def _read(self, asking: Asking, sweep: Sweep, size: int, *, sample: bool) -> Batch:
        """One page, and where the next one is. sample: this is the only one, and what else there is is counted."""
        page, sweep = await self._page(asking, sweep, size)
        batch, meta = read(page, self._name, asking.now), meta_of(page, self._name)
        came = ids_of(page)
        new = sum(not id_ or not sweep.known or said_at(id_) >= sweep.known for id_ in came)
        asking.spent(new * POST, posts=new)
        began = min(asking.now, limits.server_time(asking.headers) or asking.now)  # whichever clock is behind: the rest is read twice
        after, gaps = advanced(sweep, meta, len(came), began), cut_short(sweep, meta, len(came), self._options.listing.reach)
        if sample and after.next_token:
            how_many = await self._counted(asking, sweep.new_from)
            batch = replace(batch, events=(*batch.events, *how_many.minutes), of=max(how_many.total, len(batch.events)))
            after = settled(sweep, began)
        return replace(batch, gaps=gaps, cursor=noted(after), more=bool(after.next_token))

    async def _page(self, asking: Asking, sweep: Sweep, size: int) -> tuple[dict[str, Any], Sweep]:
        """The page, and the sweep that X gave it for. Its page token may be gone; and a hundred posts may be too much at once."""
        listing, whose = self._options.listing, await self._whose(asking)
        for _ in range(3):
            try:
                place = sweep.place(listing.page_by)
                return await asking.ask(self._reads(), listing.method, whose, **place, max_results=size, **FIELDS), sweep
            except TooLarge:
                if size == FEW:
                    raise
                size = FEW
            except LostError as lost:
                if not sweep.next_token or listing.page_by not in lost.where:
                    raise
                sweep = restarted(sweep)
        raise Unreachable(f"{self._name}: X does not accept its own page tokens")

    async def _whose(self, asking: Asking) -> str:
        """What a listing is of: a search, or the number of an account."""
        if not self._options.account:
            return self._options.search
        if not self._account:
            said = await asking.ask(self._reads(), "get_user", username=self._options.handle)
            asking.spent(USER)
            if not (found := answers.read_as(Named, said.get("data"))):
                raise Refused(f"{self._name}: X shows no account @{self._options.handle}", "Correct `account` in rules.yaml.")
            self._account = found.id
        return self._account

    # ── only how many ──

    async def _watch(self, asking: Asking, sweep: Sweep) -> Batch:
        """Each minute that is over since the last look. While there is none, X is not asked."""
        start = sweep.new_from.replace(second=0, microsecond=0)
        if asking.now - start < MINUTE + LAG:
            return Batch(source=self._name)
        how_many = await self._counted(asking, start)
        after = noted(Sweep(since=how_many.until)) if how_many.until else None
        return Batch(source=self._name, events=how_many.minutes, refused=how_many.refused, gaps=how_many.gaps, cursor=after)

    async def _count(self, asking: Asking, sweep: Sweep) -> Batch:
        """In place of a look that we cannot pay: nobody reads what was posted since the last one."""
        how_many = await self._counted(asking, sweep.new_from.replace(second=0, microsecond=0))
        after = noted(Sweep(since=how_many.until, known=how_many.until)) if how_many.until else None
        return Batch(source=self._name, events=how_many.minutes, refused=how_many.refused, cursor=after, of=how_many.total)

    async def _give_up(self, asking: Asking, sweep: Sweep) -> Batch:
        """In place of the rest of a sweep that we can no longer pay."""
        until, began = said_at(sweep.oldest_id or "0"), sweep.began_at or asking.now
        after = noted(settled(sweep, began))
        if until <= sweep.new_from + timedelta(seconds=1):
            return Batch(source=self._name, cursor=after)
        how_many = await self._counted(asking, sweep.new_from, end_time=until)
        return Batch(source=self._name, events=how_many.minutes, refused=how_many.refused, cursor=after, of=how_many.total)

    async def _counted(self, asking: Asking, start: datetime, **until: datetime) -> Counted:
        start = max(start, asking.now - MEMORY)
        place = {"granularity": "minute", "start_time": start, **until}
        page = await asking.ask(self._reads(), "get_recent_tweets_count", self._options.search, **place)
        asking.spent(COUNTS)
        return counted(page, self._name, start, asking.now)

    # ── what became of them ──

    async def _looked_up(self, asking: Asking, ids: Sequence[str], at_once: int = PAGE) -> tuple[Batch, list[str]]:
        """What became of these posts, and the ids of their later versions; in small portions if a hundred are too much at once."""
        batch, newer = Batch(source=self._name), []
        for first in range(0, len(ids), at_once):
            portion = ids[first : first + at_once]
            try:
                page = await asking.ask(self._reads(), "get_tweets", list(portion), **FIELDS)
            except TooLarge:
                if at_once == FEW:
                    raise
                found, more = await self._looked_up(asking, portion, FEW)
            else:
                found, more = looked_up(page, portion, self._name, asking.now)
                asking.spent(len(ids_of(page)) * POST, posts=len(ids_of(page)))
            batch = replace(batch, events=(*batch.events, *found.events), refused=(*batch.refused, *found.refused))
            newer += more
        return batch, newer

    # ── who asks ──

    def _asking(self) -> Asking:
        return Asking(self._name, self._options.base_url, self._world.http, self._client, self._world.clock())

    def _reads(self) -> Signs:
        return bearer(self._name, self._options.token, self._world.secret(self._options.token))

    def _speaks(self, now: datetime) -> Signs:
        if not (credential := self._options.publish_token):
            raise Refused(f"{self._name}: we have no keys to publish with", "Write `publish_token` at this source in rules.yaml.")
        return account(self._name, credential, self._world.secret(credential), now)


def _billed(batch: Batch, asking: Asking) -> Batch:
    return replace(batch, requests=asking.requests, posts=asking.posts, money=round(asking.money, 4), wait=asking.wait)


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    try:
        from tweepy.asynchronous import AsyncClient  # a second and a half: only who listens to X waits for it
    except ImportError:
        raise Refused(f"{name}: reading X needs tweepy, which is not installed", 'Install it: pip install "carebot[x]".') from None
    return X(name, options, world, AsyncClient)
