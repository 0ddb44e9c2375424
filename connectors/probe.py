"""Our own look at one address, as a customer's browser would: does it answer, as it should, and how fast?

Whatever keeps the answer away is what we want to know, so trouble on the way is a failing Probe and never an error.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pydantic import BaseModel, Field

from carebot.config.parts import Name
from carebot.config.schema import Duration
from carebot.errors import Throttled, Unreachable
from carebot.model import Batch, Probe
from connectors import base

EXAMPLE = """
name: login-page
kind: probe
url: https://www.example.com/login
service: login
contains: Welcome
slower_than: 5s
"""

PATIENCE = timedelta(seconds=10)  # a customer has left long before


class Options(base.Options):
    url: str = Field(pattern=r"^https?://\S+$", description="The address to ask for, with https://.")
    service: Name = Field(description="The service it stands for: a name from `services`.")
    expect_status: int = Field(200, ge=100, le=599, description="The status it should answer with.")
    contains: str = Field("", max_length=200, description="Words that should be on the page. Left out: any page will do.")
    slower_than: Duration = Field(timedelta(seconds=5), le=PATIENCE, description="How long an answer may take, at most 10s.")
    allow_private: bool = Field(False, description="true if the address is inside our own network.")


class HttpProbe:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        trouble, took_ms = await self._ask()
        probe = Probe(
            id=f"probe:{self._name}:{int(now.timestamp())}",
            target=self._options.service,
            ok=not trouble,
            at=now,
            detail=trouble or "answered as it should",
            took_ms=took_ms,
        )
        return Batch(source=self._name, events=(probe,))

    async def _ask(self) -> tuple[str, float | None]:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                reply = await self._world.http.get(self._options.url, allow_private=self._options.allow_private)
        except TimeoutError:
            return f"did not answer within {PATIENCE.total_seconds():g} s", None
        except (Unreachable, Throttled) as error:
            return str(error), None
        return trouble(reply, self._options), round(reply.took_ms, 1)


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return HttpProbe(name, options, world)


def trouble(reply: base.Reply, options: Options) -> str:
    """What is wrong with the answer, in words; empty if nothing is."""
    if reply.status != options.expect_status:
        return f"answered {reply.status}, expected {options.expect_status}"
    if options.contains and options.contains.encode() not in reply.body:
        return f"answered without the words “{options.contains}”"
    if reply.took_ms > options.slower_than.total_seconds() * 1000:
        return f"answered in {reply.took_ms / 1000:.1f} s, slower than {options.slower_than.total_seconds():g} s"
    return ""
