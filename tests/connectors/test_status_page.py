"""A provider's status page tells only what changed, once, in the words of our own states."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import get_args

import pytest
import pytest_asyncio

from carebot.effects.http import Client
from carebot.errors import Refused, Unreachable
from carebot.model import Status, StatusState
from connectors import base, status_page
from tests.connectors.loopback_web import NOON, Loopback, serving, world


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Client]:
    async with Client() as client:
        yield client


def page(*components: tuple[str, str], updated_at: str | None = "2026-11-21T11:50:00.123Z", **more: object) -> bytes:
    said = [
        {"id": name.lower(), "name": name, "status": status, "updated_at": updated_at, "position": 1, **more} for name, status in components
    ]
    return json.dumps({"page": {"id": "p"}, "status": {"indicator": "none"}, "components": said, "incidents": []}).encode()


def cards(them: Loopback, http: Client) -> base.Connector:
    made = status_page.connect("cards", status_page.Options(url=them.url + "/", provider="Example Pay", allow_private=True), world(http))
    assert isinstance(made, base.Connector)
    return made


def states(events: tuple[object, ...]) -> list[tuple[str, str]]:
    return [(event.component, event.state) for event in events if isinstance(event, Status)]


async def test_only_what_changed_is_told_and_getting_well_is_a_change(http: Client) -> None:
    async with serving(page(("Cards", "operational"), ("ATM", "partial_outage"))) as them:
        first = await cards(them, http).fetch(None)
        assert them.asked[0].path == "/api/v2/summary.json"
        assert states(first.events) == [("ATM", "partial_outage")]
        assert first.events[0] == Status(
            id="status:Example Pay:atm:partial_outage:1795261800",
            provider="Example Pay",
            component="ATM",
            state="partial_outage",
            at=datetime(2026, 11, 21, 11, 50, 0, 123000, tzinfo=UTC),
        )
        assert (await cards(them, http).fetch(None)).events == first.events  # asking twice is harmless
        assert (await cards(them, http).fetch(first.cursor)).events == ()
        them.answer = page(("Cards", "degraded_performance"), ("ATM", "operational"))
        second = await cards(them, http).fetch(first.cursor)
        assert states(second.events) == [("Cards", "degraded"), ("ATM", "operational")]


def test_every_state_of_theirs_is_one_of_ours() -> None:
    read = status_page.read(page(*((name, name) for name in status_page.STATES)), None, "cards", "Example Pay", NOON)
    assert {state for _, state in states(read.events)} | {"operational"} == set(get_args(StatusState))


def test_a_state_nobody_knows_is_refused_once_and_the_rest_is_told() -> None:
    body = page(("Cards", "on_fire"), ("ATM", "major_outage"))
    first = status_page.read(body, None, "cards", "Example Pay", NOON)
    assert states(first.events) == [("ATM", "major_outage")]
    assert [(refusal.item, refusal.reason) for refusal in first.refused] == [("cards", "has a state nobody knows: 'on_fire'")]
    assert status_page.read(body, first.cursor, "cards", "Example Pay", NOON).refused == ()


def test_a_group_of_components_is_not_counted_beside_its_members() -> None:
    assert status_page.read(page(("All", "major_outage"), group=True), None, "cards", "Example Pay", NOON).events == ()


@pytest.mark.parametrize(
    ("updated_at", "at"),
    [(None, NOON), ("2026-11-21T13:00:00Z", NOON), ("2026-11-21T12:30:00+01:00", datetime(2026, 11, 21, 11, 30, tzinfo=UTC))],
)
def test_a_change_is_never_later_than_now(updated_at: str | None, at: datetime) -> None:
    (event,) = status_page.read(page(("ATM", "major_outage"), updated_at=updated_at), None, "cards", "Example Pay", NOON).events
    assert isinstance(event, Status)
    assert event.at == at


@pytest.mark.parametrize(
    "body", [b"", b"<html>down</html>", b"[]", b"{}", b'{"components": {}}', b'{"components": [{"id": 1}]}', b"[" * 100_000, b"\xff"]
)
async def test_a_page_that_speaks_otherwise_makes_no_sense_now(http: Client, body: bytes) -> None:
    async with serving(body) as them:
        with pytest.raises(Unreachable, match="cards: did not answer as a status page does"):
            await cards(them, http).fetch(None)


@pytest.mark.parametrize(("status", "trouble"), [(403, Refused), (404, Refused), (500, Unreachable), (304, Unreachable)])
async def test_a_page_that_is_not_there_is_told_by_whose_turn_it_is(http: Client, status: int, trouble: type[Exception]) -> None:
    async with serving(status) as them:
        with pytest.raises(trouble, match=r"^cards: "):
            await cards(them, http).fetch(None)
