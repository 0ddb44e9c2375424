"""The fallback with the real apprise and servers on loopback: who is told what, and that its addresses stay secret."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from carebot.decide.telling.delivery import elsewhere
from carebot.effects.telling.fallback import Way, words
from carebot.errors import Refused, Unreachable
from carebot.model import Delivery, Text
from tests.effects.outgoing import TEN, alert

apprise = pytest.importorskip("apprise")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # apprise's own imports
SECRET = "s3cr3tpagerkeys3cr3tpagerkeys3cr"


class Received:
    """A server that takes whatever is posted. `hangs` keeps it busy, `status` is its answer."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.status, self.hangs, self.port = 200, 0.0, 0

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        await asyncio.sleep(self.hangs)
        return web.Response(status=self.status)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Received]:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    received = Received()
    app = web.Application()
    app.router.add_post("/{path:.*}", received.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    received.port = runner.addresses[0][1]
    yield received
    await runner.cleanup()


def told(delivery: Delivery, because: str = "desk has not taken it since 10:00:00 UTC") -> Delivery:
    return elsewhere(delivery, ["fallback:pager"], because)[0]


def way(url: str) -> Way:
    return Way("pager", lambda name: url, language="en")


async def test_a_webhook_gets_headline_severity_and_why_it_comes_this_way(server: Received) -> None:
    assert await way(f"json://127.0.0.1:{server.port}/{SECRET}").send(told(alert("The app is down", severity=1)), "") == "pager"
    (body,) = server.bodies
    assert (body["title"], body["type"]) == ("SEV1 · The app is down", "failure")
    assert body["message"] == "carebot: desk has not taken it since 10:00:00 UTC"


@pytest.fixture
def pagerduty(server: Received, monkeypatch: pytest.MonkeyPatch) -> Way:
    """PagerDuty's own API is one fixed address: here it is the loopback server."""
    from apprise.plugins import pagerduty as theirs

    monkeypatch.setitem(theirs.PAGERDUTY_API_LOOKUP, "us", f"http://127.0.0.1:{server.port}/v2/enqueue")
    return way(f"pagerduty://{SECRET}@{SECRET}")


async def test_a_repeat_is_the_same_page_and_the_all_clear_closes_it(server: Received, pagerduty: Way) -> None:
    began, grew, over = alert("began", severity=1), alert("worse", severity=1), alert("over", severity=1, reason="resolved")
    over = replace(over, alert=replace(over.alert, phase="resolved"))
    for delivery in (began, grew, over):
        await pagerduty.send(told(delivery), "")
    assert [(body["event_action"], body["dedup_key"]) for body in server.bodies] == [("trigger", "in-1")] * 2 + [("resolve", "in-1")]
    assert server.bodies[0]["payload"]["severity"] == "critical"


async def test_carebots_own_trouble_is_one_page_too(server: Received, pagerduty: Way) -> None:
    for reason in ("outbox_stuck", "trouble_over"):
        one = alert(reason, reason=reason, incident=None, severity=None)  # type: ignore[arg-type]
        await pagerduty.send(told(replace(one, alert=replace(one.alert, facts={"about": "outbox"}))), "")
    assert [(body["event_action"], body["dedup_key"]) for body in server.bodies] == [("trigger", "outbox"), ("resolve", "outbox")]


@pytest.mark.parametrize(
    "url", [f"nonsense://{SECRET}", f"mailto://user:{SECRET}@gmail", f"slack://{SECRET}", f"pagerduty://{SECRET}", f"{SECRET}", ""]
)
async def test_what_apprise_cannot_read_is_refused_and_never_repeated(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.NOTSET)
    with pytest.raises(Refused) as refused:
        await way(url).send(told(alert("a")), "")
    assert "the credential 'pager'" in str(refused.value)
    assert SECRET[:6] not in str(refused.value) + caplog.text


async def test_a_credential_that_is_not_there_is_refused_with_where_to_put_it() -> None:
    from carebot.effects.secrets import secret

    with pytest.raises(Refused, match="CAREBOT_PAGER"):
        await Way("pager", lambda name: secret(name, {})).send(told(alert("a")), "")


@pytest.mark.parametrize("status", [403, 500])
async def test_what_it_did_not_take_may_be_tried_again_and_no_log_has_the_address(
    server: Received, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    for name in (None, "apprise", "urllib3", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    server.status = status
    with pytest.raises(Unreachable, match="pager did not take it") as trouble:
        await way(f"json://user:{SECRET}@127.0.0.1:{server.port}/{SECRET}").send(told(alert("a")), "")
    dead = f"json://user:{SECRET}@127.0.0.1:1/{SECRET}"
    with pytest.raises(Unreachable, match="pager did not take it"):
        await way(dead).send(told(alert("a")), "")
    assert SECRET not in str(trouble.value) + caplog.text


async def test_one_that_hangs_holds_up_nobody_and_is_not_asked_twice_at_once(server: Received) -> None:
    server.hangs = 1.5
    hung = way(f"json://127.0.0.1:{server.port}/")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await hung.send(told(alert("a")), "")
    with pytest.raises(Unreachable, match="still busy"):
        await hung.send(told(alert("b")), "")
    await asyncio.sleep(1.3)
    assert len(server.bodies) == 1


async def test_what_got_through_while_nobody_waited_any_more_is_not_said_again(server: Received) -> None:
    server.hangs = 0.6
    slow = way(f"json://127.0.0.1:{server.port}/")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await slow.send(told(alert("a")), "")
    with pytest.raises(Unreachable, match="still busy"):
        await slow.find(told(alert("a")), TEN)
    await asyncio.sleep(0.8)
    assert await slow.find(told(alert("a")), TEN) == "pager"
    assert await slow.find(told(alert("b")), TEN) is None


async def test_one_that_hangs_for_good_is_given_up_and_the_way_is_tried_again(server: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carebot.effects.telling.fallback.GIVEN_UP_S", 0.3)
    server.hangs = 3.0
    hung = way(f"json://127.0.0.1:{server.port}/")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await hung.send(told(alert("a")), "")
    await asyncio.sleep(0.2)
    server.hangs = 0.0
    assert await hung.send(told(alert("b")), "") == "pager"


def test_a_customers_name_mentions_nobody_and_is_no_link() -> None:
    hostile = "Needs a person now:\n@channel <!here> https://evil.example [x](javascript:1)\u202e"
    one = alert("a", severity=2)
    one = replace(one, alert=replace(one.alert, headline=Text(hostile, hostile), detail=Text("", "")))
    title, body = words(told(one, "because\nof it"), "en")
    assert title == "SEV2 · Needs a person now: ＠channel ‹!here› hxxps://evil[.]example [x] (javascript:1)"
    assert json.loads(json.dumps(body)) == "carebot: because of it"
