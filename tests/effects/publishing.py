"""A desk that publishes: the real loop on a real database, the real connectors, and X and Mastodon on loopback.

Run as a program it is the half of it that may be killed: `python -m tests.effects.publishing DB X MASTODON STOP` publishes what waits, and
stops for ever at STOP: before or after it commits that a post is on its way, or before it commits what became of it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from carebot.config.load import read
from carebot.effects.database.store import Store
from carebot.effects.network.http import Client
from carebot.effects.telling.publisher import Publisher, publishable, publisher
from carebot.loop import Loop, Took
from carebot.model import Batch, Click, Posted, Statement
from carebot.service import kinds
from connectors.base import World
from tests.connectors import loopback_x
from tests.saying import RULES, at, say

PEOPLE = ("UMARTA01", "UANA0001", "ULUIS002", "UEVA0003")
SECRETS = {"x-bearer": "good-token", "x-account": "\n".join(loopback_x.KEYS), "masto-token": "good-token"}
TEXTS = {"es": "Sabemos que falla la app. Volvemos a informar aquí en 30 minutos.", "en": "The app fails."}


def rules(x: str, mastodon: str, *, publish: bool = True) -> str:
    return (
        RULES
        + f"""
roles: {{publish: [{", ".join(PEOPLE)}]}}
statements: {{publish: {str(publish).lower()}, publish_on: [{", ".join(["x-own"] * bool(x) + ["masto"] * bool(mastodon))}]}}
sources:
  - {{name: x-own, kind: x, read: own_posts, account: zenco, token: x-bearer, publish_token: x-account, base_url: "{x or "https://api.x.com"}"}}
  - {{name: masto, kind: mastodon, server: "{mastodon or "https://social.example"}", read: own, token: masto-token, allow_private: {str(bool(mastodon)).lower()}}}
"""
    )


class Desk:
    """minute: what its clock shows · commits: every report of the hand that publishes, in order"""

    def __init__(self, db: Path | None, x: str = "", mastodon: str = "") -> None:
        self.x, self.mastodon, self.minute = x, mastodon, 10.0
        found, problems = read(rules(x, mastodon), kinds=kinds())
        assert found, "\n".join(map(str, problems))
        self.store = Store(db)
        self.loop = Loop(self.store, found, secret=b"publishing", destinations=lambda alert: ("desk",))
        self.commits: list[str] = []
        self.between: Callable[[str, Posted], Awaitable[None]] | None = None
        self.http: Client | None = None

    def use(self, **how: Any) -> None:
        found, _ = read(rules(self.x, self.mastodon, **how), kinds=kinds())
        assert found
        self.loop.use(found)

    def take(self, *events: Any) -> Took:
        return self.loop.take([Batch(source="", events=events)], at(self.minute))

    def fails(self) -> Desk:
        """The app fails, and somebody at the desk says that it does."""
        for minute, who in enumerate("abcd"):
            self.minute = minute
            self.take(say(f"no va nada de nada {who}", minute=minute, by=who, author_key=""))
        self.minute = 10.0
        self.press("confirm", PEOPLE[0])
        return self

    @property
    def incident(self) -> str:
        return next(iter(self.loop.state.incidents))

    @property
    def statement(self) -> Statement:
        return list(self.loop.state.statements.values())[-1]

    def click(self, action: str, by: str, number: int = 0) -> Click:
        hash_ = self.statement.hash if action != "propose" and self.loop.state.statements else ""
        fields = TEXTS if action == "propose" else {}
        id_ = f"{action}-{by}-{self.minute}-{number}"
        return Click(id=id_, action=action, user=by, incident=self.incident, at=at(self.minute), hash=hash_, fields=fields)  # type: ignore[arg-type]

    def press(self, action: str, by: str) -> Took:
        return self.take(self.click(action, by))

    def approved(self) -> Desk:
        self.fails().press("propose", PEOPLE[0])
        self.press("approve", PEOPLE[1])
        self.press("approve", PEOPLE[2])
        assert self.statement.state == "approved"
        return self

    def hand(self, **how: Any) -> Publisher:
        """The hand that publishes, as the daemon makes it."""

        async def in_loop(work: Callable[..., Any], *values: Any) -> Any:
            return work(*values)

        async def commit(batch: Batch) -> None:
            (posted,) = batch.events
            assert isinstance(posted, Posted)
            if self.between:
                await self.between("before", posted)
            self.loop.take([batch], at(self.minute))
            self.commits.append(posted.state)
            if self.between:
                await self.between("after", posted)

        assert self.http
        world = World(http=self.http, secret=SECRETS.__getitem__, clock=lambda: at(self.minute))
        made = publisher(self.store, in_loop, commit, lambda name: publishable(name, self.loop.rulebook, world), lambda: at(self.minute))
        for name, value in how.items():
            setattr(made, f"_{name}", value)
        return made


async def _main(db: str, x: str, mastodon: str, stop: str) -> None:
    when, _, state = stop.partition(" ")
    desk = Desk(Path(db), x, mastodon)
    desk.minute = 11.0

    async def between(now: str, posted: Posted) -> None:
        if (now, posted.state) == (when, state):
            print("here", flush=True)
            await asyncio.sleep(60)

    desk.between = between
    async with Client() as desk.http:
        hand = desk.hand()
        await hand.after_a_stop()
        await hand.round()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
