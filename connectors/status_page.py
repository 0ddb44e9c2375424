"""What a provider says about itself: a status page of the common kind (Atlassian Statuspage and those that speak like it).

One Status for each component whose state is not what the cursor remembers; before the first look, all is taken to be well.
The page's summary is documented at https://www.atlassianstatus.com/api (the shape, read 2026-11).
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from pydantic import BaseModel, Field

from carebot.config.schema import Words
from carebot.errors import Unreachable
from carebot.model import Batch, Refusal, Status, StatusState
from connectors import base

EXAMPLE = """
name: card-network-status
kind: status_page
url: https://status.example.com
provider: Example Payments
"""

STATES: dict[str, StatusState] = {
    "operational": "operational",
    "degraded_performance": "degraded",
    "partial_outage": "partial_outage",
    "major_outage": "major_outage",
    "under_maintenance": "maintenance",
}


class Options(base.Options):
    url: str = Field(pattern=r"^https?://\S+$", description="The status page's own address, for example https://status.example.com.")
    provider: Words = Field(description="Whose page it is, as staff call them.")
    allow_private: bool = Field(False, description="true if the page is inside our own network.")


class _Component(msgspec.Struct):
    id: str
    name: str
    status: str
    updated_at: datetime | None = None
    group: bool | None = False


class _Summary(msgspec.Struct):
    components: list[_Component]


class StatusPage:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        url = self._options.url.rstrip("/") + "/api/v2/summary.json"
        reply = base.answered(await self._world.http.get(url, allow_private=self._options.allow_private), self._name)
        return read(reply.body, cursor, self._name, self._options.provider, self._world.clock())


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return StatusPage(name, options, world)


def read(page: bytes, cursor: str | None, name: str, provider: str, now: datetime) -> Batch:
    """What changed since the cursor. A state this page invented is refused once, when it first appears."""
    try:
        components = [c for c in msgspec.json.decode(page, type=_Summary).components if not c.group]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreachable(f"{name}: did not answer as a status page does. `url` is the page's address without /api") from None
    before = base.resumed(cursor, dict[str, str]) or {}
    changed = [c for c in components if c.status != before.get(c.id, "operational")]
    return Batch(
        source=name,
        events=tuple(_status(c, STATES[c.status], provider, now) for c in changed if c.status in STATES),
        refused=tuple(
            Refusal(source=name, item=c.id[:80], reason=f"has a state nobody knows: {c.status[:40]!r}", at=now)
            for c in changed
            if c.status not in STATES
        ),
        cursor=msgspec.json.encode({c.id: c.status for c in components}).decode(),
    )


def _status(component: _Component, state: StatusState, provider: str, now: datetime) -> Status:
    at = component.updated_at
    at = min(at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC), now) if at else now
    return Status(
        id=f"status:{provider}:{component.id[:80]}:{state}:{int(at.timestamp())}",
        provider=provider,
        component=component.name[:200],
        state=state,
        at=at,
    )
