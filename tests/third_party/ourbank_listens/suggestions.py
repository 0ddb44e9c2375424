"""The bank's suggestion box: newest first, ten a page, each read costs a cent. Edits and withdrawals are looked up again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from pydantic import BaseModel, Field

from carebot.config.parts import Name
from carebot.errors import Unreachable
from carebot.model import Batch, Deleted, Message
from connectors import base, sweep

EXAMPLE = """
name: suggestion-box
kind: suggestions
url: https://suggestions.example.com
token: box-token
every: 1m
"""

CENT = 0.01
SAMPLE = 5


class Options(base.Options):
    url: str = Field(pattern=r"^https?://\S+$", description="Where the box is.")
    token: Name = Field(description="The name of the credential that holds its token, never the token itself.")
    allow_private: bool = Field(False, description="true if it is inside our own network.")


class Slip(msgspec.Struct):
    id: int
    text: str
    at: datetime
    gone: bool = False


class Page(msgspec.Struct):
    slips: list[Slip]
    total: int = 0
    next: str = ""


class Suggestions:
    at_once = 3

    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        now, left = self._world.clock(), self._world.allowance()
        at = sweep.resumed(cursor, now)
        if left.mode != "full":
            page = await self._page(f"/slips?limit={SAMPLE}&since={at.since.timestamp():.0f}")
            done = sweep.Sweep(since=now - sweep.OVERLAP)
            return msgspec.structs.replace(self._batch(page, now), cursor=sweep.cursor(done), of=page.total)
        page = await self._page(f"/slips?page={at.page}")
        after = sweep.advanced(at, [slip.at for slip in page.slips], page.next, now)
        return msgspec.structs.replace(self._batch(page, now), cursor=sweep.cursor(after), more=bool(after.page))

    async def recheck(self, ids: Sequence[str]) -> Batch:
        now = self._world.clock()
        page = await self._page(f"/slips?ids={','.join(id_.partition(':')[2] for id_ in ids)}")
        gone = {slip.id for slip in page.slips if slip.gone}
        kept = msgspec.structs.replace(page, slips=[slip for slip in page.slips if slip.id not in gone])
        batch = self._batch(kept, now)
        return msgspec.structs.replace(batch, events=(*batch.events, *(Deleted(id=f"suggestions:{id_}", at=now) for id_ in sorted(gone))))

    async def history(self, since: datetime, cursor: str | None) -> Batch:
        now = self._world.clock()
        at = sweep.Sweep(since=since, page=cursor or "", began_at=now)
        page = await self._page(f"/slips?page={at.page}")
        after = sweep.advanced(at, [slip.at for slip in page.slips], page.next, now)
        return msgspec.structs.replace(self._batch(page, now), cursor=after.page, more=bool(after.page))

    async def check(self) -> str:
        return f"{(await self._page('/slips?limit=0')).total} slips in the box"

    async def _page(self, path: str) -> Page:
        reply = await self._world.http.get(
            f"{self._options.url}{path}",
            headers={"Authorization": f"Bearer {self._world.secret(self._options.token)}"},
            allow_private=self._options.allow_private,
        )
        try:
            return msgspec.json.decode(base.answered(reply, self._name).body, type=Page)
        except msgspec.DecodeError:
            raise Unreachable(f"{self._name}: did not answer as the box does") from None

    def _batch(self, page: Page, now: datetime) -> Batch:
        said = tuple(
            Message(id=f"suggestions:{slip.id}", text=slip.text, posted_at=slip.at, seen_at=now, source="suggestions")
            for slip in sorted(page.slips, key=lambda slip: slip.at)
            if not slip.gone
        )
        return Batch(source=self._name, events=said, posts=len(page.slips), money=len(page.slips) * CENT)


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Suggestions(name, options, world)


def estimate(options: BaseModel, every: timedelta, posts_a_day: float) -> base.Estimate:
    posts = posts_a_day * 30
    return base.Estimate(requests=base.MONTH / every + posts / 10, posts=posts, money=posts * CENT, note="a cent a slip")
