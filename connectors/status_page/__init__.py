"""What a provider says about itself on its status page: of the common kind, gathered by StatusGator, or in a history feed.

The common kind is Atlassian Statuspage, and those that speak like it; a history feed nearly every status page has.
One Status for each part whose state is not what the cursor remembers; before the first look, all is taken to be well. A page of our own
(`services`) also announces our maintenance, which explains a rise in complaints: a Notice for each service it is about.

Facts (read 2026-11): www.atlassianstatus.com/api and mongodb.com/docs/api/doc/cloud-status for the summary, statusgator.com/api/v3/docs and
the client github.com/arslanbekov/statusgator-go-client for StatusGator's monitors.
"""

from __future__ import annotations

import asyncio
from typing import Literal, Self
from urllib.parse import urlsplit

from msgspec.structs import replace
from pydantic import BaseModel, Field, model_validator

from carebot.config.parts import Name
from carebot.config.values import Words
from carebot.errors import Unreachable
from carebot.model import Batch
from connectors import answers, base, entries
from connectors.status_page.changes import STATES
from connectors.status_page.gathered import FIXES, Monitor, Page, gathered
from connectors.status_page.history import history
from connectors.status_page.summary import read

__all__ = ["EXAMPLE", "STATES", "Options", "StatusPage", "connect", "read"]

EXAMPLE = """
name: card-network-status
kind: status_page
url: https://status.example.com
provider: Example Payments
"""

MAX_PAGES = 20  # of StatusGator's monitors, 25 each


class Options(base.Options):
    url: str = Field(
        pattern=r"^https?://\S+$",
        description="The page's own address, for example https://status.example.com; or the feed's; or that of StatusGator's monitors.",
    )
    provider: Words = Field(description="Whose page it is, as staff call them.")
    format: Literal["statuspage", "statusgator", "feed"] = Field(
        "statuspage", description="statuspage (the common kind), statusgator or feed."
    )
    services: dict[str, Name] = Field(
        {}, max_length=100, description="If the page is ours: the service each part stands for, for example {Card payments: card}."
    )
    token: Name | None = Field(None, description="The name of the credential that holds StatusGator's API token, never the token itself.")
    allow_private: bool = Field(False, description="true if the page is inside our own network.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.format == "statusgator") != bool(self.token):
            raise ValueError("`token` belongs to `format: statusgator`, and that needs one.")
        if self.token:
            there = urlsplit(self.url)
            answers.theirs(f"{there.scheme}://{there.netloc}", "https://statusgator.com", self.allow_private)
        if self.services and self.format != "statuspage":
            raise ValueError("`services` belongs to `format: statuspage`: only there maintenance is announced with its hours.")
        return self


class StatusPage:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        options, now = self._options, self._world.clock()
        if options.format == "statusgator":
            return await self._gathered(cursor)
        url = options.url if options.format == "feed" else options.url.rstrip("/") + "/api/v2/summary.json"
        reply = base.answered(await self._world.http.get(url, allow_private=options.allow_private), self._name)
        if options.format == "feed":
            page = entries.Page(reply.body, reply.headers.get("content-type", ""), self._name, "", now)
            said = await asyncio.to_thread(entries.read_apart, page)
            return history(said.messages, cursor, self._name, options.provider, now)
        return read(reply.body, cursor, self._name, options.provider, now, options.services)

    async def _gathered(self, cursor: str | None) -> Batch:
        """All pages of the monitors: a state is only news beside all the others."""
        monitors: list[Monitor] = []
        token = answers.credential(self._world, self._options.token or "", self._name)
        for page in range(1, MAX_PAGES + 1):
            url = answers.address(self._options.url, "", page=page)
            reply = await self._world.http.get(url, headers={"Authorization": f"Bearer {token}"}, allow_private=self._options.allow_private)
            if reply.status != 200:
                raise answers.trouble(self._name, "StatusGator", reply.status, FIXES)
            found = answers.page(reply.body, Page, self._name, "did not answer as StatusGator's list of monitors does")
            monitors += found.data
            if not found.pagination.next_page:
                break
        else:
            raise Unreachable(f"{self._name}: StatusGator's list of monitors has no end after {MAX_PAGES} pages")
        return replace(gathered(monitors, cursor, self._name, self._options.provider, self._world.clock()), requests=page)


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return StatusPage(name, options, world)
