"""The connector in docs/how-to/write-a-connector.md is a whole one: it keeps the promises and reads a real server."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from aiohttp import web

from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Message
from tests.connectors.loopback_web import serving, world
from tests.connectors.promises import broken

PAGE = Path(__file__).parents[2] / "docs/how-to/write-a-connector.md"


@pytest.fixture
def survey(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    module = ModuleType("survey")
    monkeypatch.setitem(sys.modules, "survey", module)  # its types are looked up there
    exec(compile(code, str(PAGE), "exec"), module.__dict__)
    return module


def comments(first: int, last: int) -> list[dict[str, object]]:
    return [
        {"id": number, "text": f"comentario {number}", "stars": 1, "written_at": "2026-11-21T11:00:00Z"}
        for number in range(first, last + 1)
    ]


async def pages(request: web.Request) -> web.Response:
    if request.headers.get("Authorization") != "Bearer hush":
        return web.Response(status=401)
    after = int(request.query["after"])
    return web.json_response({"comments": comments(after + 1, min(after + 100, 250)), "more": after + 100 < 250})


def test_the_survey_keeps_the_promises(survey: ModuleType) -> None:
    assert broken("survey", survey, world(survey_token="hush")) == []


async def test_the_survey_drains_a_burst_and_goes_on_after_it(survey: ModuleType) -> None:
    async with serving(pages) as them, Client() as http:
        options = survey.Options(url=them.url, token="survey-token", allow_private=True)
        source = survey.connect("after-call", options, world(http, survey_token="hush"))
        batches: list[Batch] = [await source.fetch(None)]
        assert await source.fetch(None) == batches[0]
        while batches[-1].more:
            batches.append(await source.fetch(batches[-1].cursor))
        read = [event for batch in batches for event in batch.events]
        assert [event.id for event in read] == [f"survey:{number}" for number in range(1, 251)]
        assert all(isinstance(event, Message) and event.posted_at.tzinfo for event in read)
        again = await source.fetch(batches[-1].cursor)
        assert (again.events, again.cursor) == ((), None)


@pytest.mark.parametrize(
    ("answer", "trouble"), [(401, Refused), (404, Refused), (500, Unreachable), (429, Throttled), (b"<html>hush</html>", Unreachable)]
)
async def test_the_survey_says_whose_turn_it_is(survey: ModuleType, answer: int | bytes, trouble: type[Exception]) -> None:
    async with serving(answer) as them, Client() as http:
        options = survey.Options(url=them.url, token="survey-token", allow_private=True)
        with pytest.raises(trouble) as raised:
            await survey.connect("after-call", options, world(http, survey_token="hush")).fetch(None)
        assert "hush" not in str(raised.value)


def test_the_survey_in_the_manual_is_json_we_can_read(survey: ModuleType) -> None:
    batch = survey.read(json.dumps({"comments": comments(1, 1)}).encode(), "after-call", world().clock())
    assert (batch.cursor, batch.more, batch.events[0].stars) == ("1", False, 1)
