"""What every connector promises, tried on every file in the folder just because it is there."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Batch
from connectors import base
from tests.connectors.loopback_web import NOON, Nobody
from tests.connectors.promises import broken, example

ROOT = Path(__file__).parents[2]
KINDS = sorted(base.found())
KEY = "hush-hush-hush-hush-hush"


class Trip:
    """Every way out ends in the same trouble."""

    def __init__(self, trouble: Trouble | base.Reply) -> None:
        self.trouble = trouble

    async def get(self, url: str, **_: Any) -> base.Reply:
        if isinstance(self.trouble, Trouble):
            raise self.trouble
        return self.trouble

    post = get

    @asynccontextmanager
    async def frames(self, url: str, **_: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        reply = await self.get(url)
        raise Unreachable(f"example.com: answered {reply.status} where a stream should open")
        yield


def world(http: base.Http) -> base.World:
    return base.World(http=http, secret=lambda name: KEY, clock=lambda: NOON)


def test_the_folder_is_the_list() -> None:
    files = {file.stem for file in (ROOT / "connectors").glob("*.py")} - {"__init__"} - base.NOT_KINDS
    assert files <= set(KINDS)
    assert {"feed", "jsonl", "probe", "status_page", "webhook"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_connector_keeps_its_promises(kind: str) -> None:
    assert broken(kind, base.found()[kind](), world(Nobody())) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_that_can_publish_says_with_which_key_and_no_other_does(kind: str) -> None:
    module = base.found()[kind]()
    options = example(module)[1]
    connector = module.connect("here", options, world(Nobody()))
    assert bool(options.publishes_with) == isinstance(connector, base.Publishes)
    assert not options.publishes_with or options.publishes_with in type(options).model_fields


def test_a_connector_that_keeps_none_is_noticed() -> None:
    bad = ModuleType("bad")
    assert len(broken("bad", bad, world(Nobody()))) == 7


@pytest.mark.parametrize("kind", KINDS)
def test_a_connector_reads_no_clock_and_no_environment_and_keeps_to_the_one_client(kind: str) -> None:
    file = Path(str(base.found()[kind]().__file__))
    files = file.parent.glob("*.py") if file.name == "__init__.py" else [file]  # a large kind is a folder
    tree = ast.Module([node for each in files for node in ast.parse(each.read_text("utf-8")).body], [])
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not {call for call in calls if call in ("datetime.now", "datetime.utcnow", "time.time", "machine", "clock.machine", "os.getenv")}
    assert "os.environ" not in names
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported = {name for name in imported if not name.startswith(f"connectors.{kind}.")}
    assert not {name for name in imported if name.startswith(("carebot.effects", "carebot.decide", "carebot.daemon", "connectors."))}


# Those that go through world.http, except who is told (meta) and who must sign with a real key first (google_play).
ASKED = [kind for kind in KINDS if kind not in ("webhook", "x", "jsonl", "mail", "stdin", "google_play", "meta")]


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 500, 502, 503, 200, 204, 206, 301])
async def test_whatever_a_server_answers_is_news_or_a_trouble_we_know(kind: str, status: int) -> None:
    module = base.found()[kind]()
    reply = base.Reply(status=status, headers={}, body=b"<html>hush</html>", url="https://example.com/?hush", took_ms=3.0)
    connector = module.connect("here", example(module)[1], world(Trip(reply)))
    outcome = await _outcome(connector.fetch(None))
    if isinstance(outcome, Batch):
        assert outcome.source == "here"
        return
    assert str(outcome).startswith("here: ")
    assert "hush" not in str(outcome)
    assert isinstance(outcome, Refused) == (status in (401, 403, 404, 410))


async def _outcome(look: Awaitable[Batch]) -> Batch | Trouble:
    try:
        return await look
    except (Unreachable, Refused, Throttled) as trouble:
        return trouble


EMPTY = b"""{"feed": {}, "ok": true, "result": [], "components": [], "items": [], "latest_posts": [], "access_token": "a", "data": {"children": []}, "accessJwt": "a", "refreshJwt": "a", "did": "did:plc:a", "notifications": []}"""  # in everybody's words


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("cursor", ["", "x", "[]", "{}", "null", '{"etag": 5}', "[[[[", "9" * 5000, '{"a": {"b": 1}}'])
async def test_a_cursor_that_another_kind_left_is_nothing_to_stumble_over(kind: str, cursor: str) -> None:
    module = base.found()[kind]()
    reply = base.Reply(status=200, headers={}, body=EMPTY, url="", took_ms=3.0)
    connector = module.connect("here", example(module)[1], world(Trip(reply)))
    outcome = await _outcome(connector.fetch(cursor))
    if isinstance(outcome, Trouble):  # to this kind that is no page at all, whatever the cursor
        assert str(outcome) == str(await _outcome(connector.fetch(None)))
    else:
        assert [type(event).__name__ for event in outcome.events] in ([], ["Probe"])


def test_listing_the_kinds_imports_none_of_them() -> None:
    code = "import sys; from connectors import base; base.found(); print([name for name in sys.modules if name.startswith('connectors.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "['connectors.base']"
