"""Bluesky as it really is: its own servers (npm @atproto/dev-env), made on this machine. `pytest -m peers`.

The first run installs 360 MB with npm (four to five minutes) into $CAREBOT_PEERS; later ones start a PDS in three seconds and the whole network in
ten. The whole network wants Postgres and redis-server; without them that part is skipped. There is no Jetstream to be had.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from carebot.clock import machine
from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled
from carebot.model import Batch, Deleted, Message
from connectors import base, bluesky

pytestmark = pytest.mark.peers

VERSION = "0.3.215"
HOME = Path(os.environ.get("CAREBOT_PEERS", Path(tempfile.gettempdir()) / "carebot-peers")) / "bluesky"
POST = "app.bsky.feed.post"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def node() -> Path:
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    if not (HOME / "node_modules/@atproto/dev-env").is_dir():
        HOME.mkdir(parents=True, exist_ok=True)
        (HOME / "package.json").write_text('{"private": true}')
        try:
            install = ["npm", "install", "--no-audit", "--no-fund", f"@atproto/dev-env@{VERSION}"]
            subprocess.run(install, cwd=HOME, check=True, capture_output=True, timeout=900)
        except subprocess.SubprocessError as error:
            pytest.skip(f"@atproto/dev-env could not be installed: {error}")
    return HOME


@contextlib.contextmanager
def network(node: Path, **env: str) -> Iterator[dict[str, str]]:
    script = Path(__file__).with_name("peer_bluesky.js")
    there = subprocess.Popen(
        ["node", str(script), str(node)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NODE_ENV": "development", "LOG_ENABLED": "false", **env},
        text=True,
    )
    assert there.stdin and there.stdout
    try:
        line = next((line for line in there.stdout if line.startswith('{"pds"')), "")
        if not line:
            pytest.fail("Bluesky's servers did not start")
        yield json.loads(line)
    finally:
        there.stdin.close()
        try:
            there.wait(10)
        except subprocess.TimeoutExpired:
            there.kill()
            there.wait()
        there.stdout.close()


@pytest.fixture(scope="module")
def pds(node: Path) -> Iterator[str]:
    with network(node) as there:
        yield there["pds"]


@pytest.fixture(scope="module")
def whole(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with contextlib.ExitStack() as running:
        stores = running.enter_context(_stores(tmp_path_factory.mktemp("stores")))
        yield running.enter_context(network(node, **stores))


@contextlib.contextmanager
def _stores(there: Path) -> Iterator[dict[str, str]]:
    """Postgres and Redis, in a folder of their own, on ports of their own."""
    tools = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.environ["PATH"].split(os.pathsep))]
    programs = {name: next((str(at / name) for at in tools if (at / name).exists()), "") for name in ("initdb", "postgres", "redis-server")}
    if missing := [name for name, at in programs.items() if not at]:
        pytest.skip(f"the whole network needs {' and '.join(missing)}")
    like = []
    if os.geteuid() == 0:  # Postgres does not run as root
        shutil.chown(there, "nobody")
        for each in (there, *there.parents[:3]):
            each.chmod(0o755)
        like = ["runuser", "-u", "nobody", "--"]
    data, ports = there / "pg", (_free_port(), _free_port())
    subprocess.run([*like, programs["initdb"], "-D", str(data), "-U", "pg", "--auth=trust", "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd="/")  # fmt: skip
    commands = [
        [*like, programs["postgres"], "-D", str(data), "-p", str(ports[0]), "-h", "127.0.0.1", "-k", str(there), "-F"],
        [*like, programs["redis-server"], "--port", str(ports[1]), "--bind", "127.0.0.1", "--save", "", "--dir", str(there)],
    ]
    running = [subprocess.Popen(each, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/") for each in commands]
    try:
        for port in ports:
            _wait_for(port)
        create = [*like, str(Path(programs["initdb"]).with_name("createdb")), "-h", "127.0.0.1", "-p", str(ports[0]), "-U", "pg", "atp"]
        subprocess.run(create, check=True, capture_output=True, cwd="/")
        yield {
            "DB_POSTGRES_URL": f"postgresql://pg@127.0.0.1:{ports[0]}/atp",
            "DB_POSTGRES_SCHEMA": "test",
            "REDIS_HOST": f"127.0.0.1:{ports[1]}",
        }
    finally:
        for each in running:
            each.terminate()
            each.wait(20)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
            return
        import time

        time.sleep(0.1)
    pytest.fail("a store did not start")


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Person:
    """An account, asking as any client would: not through the connector."""

    def __init__(self, http: Client, server: str, session: dict[str, str]) -> None:
        self.http, self.server, self.session = http, server, session
        self.did, self.handle = session["did"], session["handle"]

    async def call(self, method: str, **said: Any) -> dict[str, Any]:
        return await call(self.http, self.server, method, self.session["accessJwt"], **said)

    async def says(self, text: str, **more: Any) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return await self.call("com.atproto.repo.createRecord", repo=self.did, collection=POST, record={"$type": POST, "text": text, "createdAt": now, **more})  # fmt: skip

    async def takes_back(self, uri: str) -> None:
        await self.call("com.atproto.repo.deleteRecord", repo=self.did, collection=POST, rkey=uri.rsplit("/", maxsplit=1)[-1])


async def call(http: Client, server: str, method: str, token: str = "", **said: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    reply = await http.post(f"{server}/xrpc/{method}", body=json.dumps(said).encode(), headers=headers, allow_private=True)
    assert reply.status == 200, reply.body
    found: dict[str, Any] = json.loads(reply.body or b"{}")
    return found


async def person(http: Client, server: str, name: str) -> Person:
    session = await call(
        http, server, "com.atproto.server.createAccount", email=f"{name}@example.com", handle=f"{name}.test", password="hush-hush"
    )
    return Person(http, server, session)


def source(http: Client, there: str, appview: str, who: Person, password: str, kind: str = "own", **more: Any) -> Any:
    options = bluesky.Options(
        read=kind,  # type: ignore[arg-type]
        handle=who.handle,
        password="bluesky-app-password",
        server=there,
        public=appview,
        allow_private=True,
        **more,
    )
    return bluesky.connect("bsky", options, base.World(http=http, secret=lambda _: password, clock=machine))


async def until(listening: Any, wanted: set[str]) -> list[Message]:
    """Everything read until all of it was there: a network indexes what is said a little later."""
    got: dict[str, Message] = {}
    cursor = None
    async with asyncio.timeout(PATIENCE_S):
        while not wanted <= got.keys():
            batch: Batch = await listening.fetch(cursor)
            assert batch.refused == ()
            got |= {event.id: event for event in batch.events if isinstance(event, Message)}
            cursor = batch.cursor
            await asyncio.sleep(0 if batch.more else 0.3)
    return list(got.values())


def id_of(record: dict[str, Any]) -> str:
    return str(record["uri"]).replace("at://", "bluesky:").replace(f"{POST}/", "")


# ── a PDS alone ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_app_password_lets_us_in_and_a_statement_is_there(http: Client, pds: str) -> None:
    zenco = await person(http, pds, "zenco")
    made = await zenco.call("com.atproto.server.createAppPassword", name="carebot")
    listening = source(http, pds, pds, zenco, made["password"])
    assert await listening.check() == "logged in as zenco.test"
    url = await listening.publish("Sabemos que falla el pago. https://estado.zenco.es/hoy 🙏")
    key = url.rsplit("/", 1)[1]
    reply = await http.get(f"{pds}/xrpc/com.atproto.repo.getRecord?repo={zenco.did}&collection={POST}&rkey={key}", allow_private=True)
    record = json.loads(reply.body)["value"]
    assert record["text"].startswith("Sabemos que falla el pago.")
    assert record["facets"][0]["features"][0]["uri"] == "https://estado.zenco.es/hoy"


async def test_a_token_is_renewed_as_the_real_server_wants_it(http: Client, pds: str) -> None:
    ana = await person(http, pds, "renewing")
    listening = source(http, pds, pds, ana, "hush-hush")
    await listening.check()
    session = listening._account._session
    listening._account._session = type(session)("not.a.token", session.refresh_jwt, session.did, session.handle)
    before = listening._account.requests
    assert await listening.check() == "logged in as renewing.test"
    assert listening._account.requests - before == 3


async def test_a_wrong_password_is_refused_and_many_logins_are_throttled_by_the_real_server(http: Client, pds: str) -> None:
    ana = await person(http, pds, "forgetful")
    with pytest.raises(Refused, match=r"refused the login of forgetful\.test"):
        await source(http, pds, pds, ana, "wrong").check()
    with pytest.raises(Throttled) as caught:
        for _ in range(40):
            with contextlib.suppress(Refused):
                await source(http, pds, pds, ana, "wrong").check()
    assert timedelta(0) < caught.value.wait <= timedelta(minutes=15)


# ── the whole network ────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_people_say_is_searched_noticed_and_missed_when_it_is_gone(http: Client, whole: dict[str, str]) -> None:
    there, appview = whole["pds"], whole["appview"]
    zenco, ana = await person(http, there, "zenco"), await person(http, there, "ana")
    ours = await zenco.says("Estamos trabajando en ello")
    said = [await ana.says(f"zencobank no funciona {n}") for n in range(130)]
    facet = {"index": {"byteStart": 0, "byteEnd": 11}, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": zenco.did}]}
    mention = await ana.says("@zenco.test ayuda", facets=[facet])
    parent = {"uri": ours["uri"], "cid": ours["cid"]}
    reply = await ana.says("¿y cuándo?", reply={"root": parent, "parent": parent})

    searching = source(http, there, appview, zenco, "hush-hush", "search", query="zencobank")
    found = await until(searching, {id_of(each) for each in said})
    assert {message.author for message in found} == {"ana.test"}
    mentions = {
        message.id: message
        for message in await until(source(http, there, appview, zenco, "hush-hush", "mentions"), {id_of(mention), id_of(reply)})
    }
    assert mentions[id_of(reply)].in_reply_to == mentions[id_of(reply)].conversation == id_of(ours)
    (own,) = await until(source(http, there, appview, zenco, "hush-hush"), {id_of(ours)})
    assert (own.by_brand, own.author, own.text) == (True, "zenco.test", "Estamos trabajando en ello")

    assert (await searching.recheck([id_of(said[0]), id_of(said[1])])).events == ()
    await ana.takes_back(said[0]["uri"])
    async with asyncio.timeout(PATIENCE_S):
        while not (gone := (await searching.recheck([id_of(said[0]), id_of(said[1])])).events):
            await asyncio.sleep(0.3)
    assert [event.id for event in gone if isinstance(event, Deleted)] == [id_of(said[0])]
    assert [each.handle for each in await searching._public.profiles(["ana.test", "nobody.test"])] == ["ana.test"]
