"""The hand that says in public what people approved: each post once, or not at all.

The intent is a row before it is a request: `sending` is committed with the number of this try, the row is read again, and only if it is
still this try's does the request go out. What is surely not said goes back to people with the reason; where nobody knows, because the
answer was lost or carebot was killed in between, the row says so, and no post is ever made a second time by itself.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from carebot.clock import Clock
from carebot.config.schema import Rulebook
from carebot.effects.database.store import Store
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Post, Posted, Statement
from connectors.base import Publishes, World, found

log = logging.getLogger(__name__)

LIMIT = timedelta(seconds=60)  # one post, all in all
IDLE = timedelta(seconds=30)
KILLED = "carebot stopped while it was being posted"

Rows = Callable[[], Awaitable[Sequence[Statement]]]
Commit = Callable[[Batch], Awaitable[None]]
Connect = Callable[[str], Publishes]


class Publisher:
    """`run` it as a task, `wake` it when statements change, cancel it at any moment.

    rows      the statements that are `publishing`, as they are committed
    commit    puts a report on the queue and returns when what it means is durable
    connect   the source of this name; raises Refused where it cannot publish
    """

    def __init__(self, rows: Rows, commit: Commit, connect: Connect, clock: Clock, *, limit: timedelta = LIMIT) -> None:
        self._rows, self._commit, self._connect, self._clock, self._limit = rows, commit, connect, clock, limit
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        await self.after_a_stop()
        while True:
            self._woken.clear()
            await self.round()
            try:
                async with asyncio.timeout(IDLE.total_seconds()):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def after_a_stop(self) -> None:
        """What was on its way when carebot ended: nobody knows what became of it."""
        for statement in await self._rows():
            for post in statement.posts:
                if post.state == "sending":
                    await self._report(statement, post, post.attempt, "unsure", because=KILLED)

    async def round(self) -> None:
        """Every post that waits, one after the other."""
        for statement in await self._rows():
            for post in statement.posts:
                if post.state == "waiting":
                    await self._publish(statement, post)

    async def _publish(self, statement: Statement, post: Post) -> None:
        attempt = secrets.token_hex(8)
        await self._report(statement, post, attempt, "sending")
        now_there = next((one for one in await self._rows() if one.id == statement.id and one.hash == statement.hash), None)
        mine = next((one for one in now_there.posts if one.attempt == attempt and one.state == "sending"), None) if now_there else None
        if mine is None or now_there is None:
            return  # withdrawn, too old, or switched off meanwhile
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                url = await self._connect(post.source).publish(now_there.texts[post.language])
        except (Refused, Throttled) as trouble:
            log.warning("not published source=%s statement=%s because=%s", post.source, statement.id, trouble)
            await self._report(statement, post, attempt, "refused", because=str(trouble))
        except (Unreachable, TimeoutError) as trouble:
            because = str(trouble) or f"no answer within {self._limit.total_seconds():.0f} s"
            log.error("unsure whether published source=%s statement=%s because=%s", post.source, statement.id, because)
            await self._report(statement, post, attempt, "unsure", because=because)
        else:
            log.info("published source=%s statement=%s", post.source, statement.id)
            await self._report(statement, post, attempt, "said", url=url)

    async def _report(self, statement: Statement, post: Post, attempt: str, state: str, *, url: str = "", because: str = "") -> None:
        said = Posted(
            id=f"{statement.id}/{post.source}/{post.language}/{attempt}/{state}",
            statement=statement.id,
            source=post.source,
            language=post.language,
            attempt=attempt,
            state=state,  # type: ignore[arg-type]
            at=self._clock(),
            url=url if url.startswith("https://") and len(url) <= 500 and url.isprintable() and " " not in url else "",
            because=because[:500],
        )
        await self._commit(Batch(source="", requests=0, events=(said,)))


def publisher(store: Store, in_loop: Callable[..., Awaitable[Any]], commit: Commit, connect: Connect, clock: Clock) -> Publisher:
    """The publisher of a running carebot; `in_loop` runs what touches the database in its thread."""

    def publishing() -> list[Statement]:
        rows = store.db.conn.execute("SELECT doc FROM statements WHERE state = 'publishing' ORDER BY rowid")
        return [msgspec.json.decode(doc, type=Statement) for (doc,) in rows]

    return Publisher(lambda: in_loop(publishing), commit, connect, clock)


def publishable(name: str, rulebook: Rulebook, world: World | None) -> Publishes:
    """The source of this name, connected. Raises Refused where there is none, or none that can publish."""
    asked = next((one for one in rulebook.file.sources if one.name == name), None)
    if asked is None or world is None:
        raise Refused(f"rules.yaml has no source {name!r}", "Correct publish_on under statements.")
    module = found()[asked.kind]()
    made = module.connect(name, module.Options.model_validate(asked.options), world)
    if not isinstance(made, Publishes):
        raise Refused(f"{name}: nothing can be published there by carebot", "Take it out of publish_on, and post the text by hand.")
    return made
