"""Everything a run needs, checked before it runs: `carebot doctor`. Each finding says what to do."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from carebot.config.schema import Classifier, Rulebook, Source
from carebot.effects import secrets
from carebot.effects.clicks import health
from carebot.effects.database.one_writer import wal_reset_bug
from carebot.effects.network.http import Client
from carebot.effects.telling.fallback import Way
from carebot.effects.telling.publisher import publishable
from carebot.effects.vitals import knock, press, switch
from carebot.errors import Trouble, Unusable
from carebot.examples import tried
from connectors.base import Checked, Reply, World, found
from connectors.limits import server_time

PATIENCE_S = 30  # for one source
CLOCK_OFF = timedelta(seconds=30)
ROOM = 1 << 30  # bytes free below which a month of messages may not fit


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at."""

    what: str
    ok: bool
    detail: str


async def checks(
    rules: Path,
    db: Path,
    load: Callable[[Path], Any],
    clock: Callable[[], datetime],
    *,
    ask: bool = True,
    beat: bool = False,
    slack_url: str = "",
) -> list[Finding]:
    """All findings; the run would start, hear everything and reach everybody, if every one is ok.

    ask    also ask each source, as a look would, and see whether the heartbeat's server takes a connection
    beat   also call the heartbeat once
    """
    seen = [_sqlite(), _disk(db)]
    try:
        rulebook = load(rules)
    except Unusable as error:
        return [*seen, Finding("rules", False, f"{error}")]
    wrong = [one for one in tried(rulebook) if not one.ok]
    seen.append(Finding("rules", not wrong, f"{rules}, version {rulebook.fingerprint}" + "".join(f"; {one}" for one in wrong)))
    seen += _readers(rulebook.file.classifier)
    token = secrets.has(secrets.SLACK)
    wanted = any(route.slack for route in rulebook.file.routes.values())
    how = f"no token: alerts go to the terminal. Give LoadCredential={secrets.SLACK}:… or {secrets.variable(secrets.SLACK)}."
    seen.append(Finding("Slack", True, "token is there" if token else how if wanted else "no route names a channel"))
    if ask and slack_url:
        named = {name: route.slack for name, route in rulebook.file.routes.items() if route.slack}
        bot, app = (secrets.secret(one) if secrets.has(one) else "" for one in (secrets.SLACK, secrets.SLACK_APP))
        seen += [Finding(*one) for one in await health.checks(bot, app, secrets.has(secrets.SLACK_SIGNING[0]), named, slack_url)]
    async with Client() as http:
        watched = _Watched(http, clock)
        world = World(http=watched, secret=secrets.secret, clock=clock)
        seen += await asyncio.gather(*(_source(source, world, ask) for source in rulebook.file.sources if not source.paused))
        seen += [_publishes(name, rulebook, world) for name in rulebook.file.statements.publish_on]
        seen += [_reaches(name) for name in rulebook.file.fallback]
        seen += [await _heartbeat(rulebook.file.heartbeat, http, ask, beat)] if rulebook.file.heartbeat else []
    return [*seen, *_clock(watched.apart)]


async def _source(source: Source, world: World, ask: bool) -> Finding:
    """One source, connected and asked once; what it says is not kept."""
    what, module = f"source {source.name}", found()[source.kind]()
    try:
        made = module.connect(source.name, module.Options.model_validate(source.options), world)
        if hasattr(made, "receive"):
            return Finding(what, True, f"{source.kind}: waits for POST /hooks/{source.name}")
        if not ask:
            return Finding(what, True, f"{source.kind}: not asked")
        async with asyncio.timeout(PATIENCE_S):
            if isinstance(made, Checked):
                return Finding(what, True, f"{source.kind}: {await made.check()}")
            batch = await made.fetch(None)
    except Trouble as trouble:
        return Finding(what, False, str(trouble))
    except TimeoutError:
        return Finding(what, False, f"no answer within {PATIENCE_S} s. Is the way there open from this machine?")
    items = len(batch.events)
    refused = f", {len(batch.refused)} could not be read ({batch.refused[0].reason})" if batch.refused else ""
    return Finding(what, True, f"{source.kind}: answers; {items} item{'' if items == 1 else 's'} now{refused}")


def _publishes(name: str, rulebook: Rulebook, world: World) -> Finding:
    """A source that statements are published through; nothing is said there."""
    what = f"publish on {name}"
    try:
        publishable(name, rulebook, world)
        source = next(one for one in rulebook.file.sources if one.name == name)
        key = found()[source.kind]().Options.publishes_with
        credential = source.options.get(key, "")
        if not secrets.secret(credential):
            return Finding(what, False, f"the credential {credential} is empty")
    except Trouble as trouble:
        return Finding(what, False, str(trouble))
    on = "" if rulebook.file.statements.publish else "; publish: false, so people copy the words"
    return Finding(what, True, f"the credential {credential} is there{on}")


def _reaches(name: str) -> Finding:
    """A way of the fallback; nobody is told anything."""
    what = f"fallback {name}"
    try:
        Way(name, secrets.secret).check()
    except Trouble as trouble:
        return Finding(what, False, str(trouble))
    except (OSError, UnicodeError) as error:
        return Finding(what, False, f"the credential cannot be read ({type(error).__name__}). Whose file is it, and is it text?")
    return Finding(what, True, "apprise can read the address; nobody was told anything")


async def _heartbeat(name: str, http: Client, ask: bool, beat: bool) -> Finding:
    """The dead-man's switch. Without `beat` it is not called: any request would count, and look like a carebot that is well."""
    try:
        switch(url := secrets.secret(name))
        if beat:
            await press(http, url)
            return Finding("heartbeat", True, "it was called, and takes calls")
        if ask:
            await knock(http, url)
    except Trouble as trouble:
        return Finding("heartbeat", False, str(trouble))
    except (OSError, UnicodeError) as error:
        return Finding("heartbeat", False, f"the credential cannot be read ({type(error).__name__}). Whose file is it, and is it text?")
    return Finding(
        "heartbeat",
        True,
        "its server takes a connection; it was not called (--beat calls it)" if ask else "an address that can be called; not asked",
    )


class _Watched:
    """The client, watching how far each server's clock is from ours."""

    def __init__(self, http: Client, clock: Callable[[], datetime]) -> None:
        self._http, self._clock = http, clock
        self.apart: list[timedelta] = []

    async def get(self, url: str, **how: Any) -> Reply:
        return self._seen(await self._http.get(url, **how))

    async def post(self, url: str, **how: Any) -> Reply:
        return self._seen(await self._http.post(url, **how))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)

    def _seen(self, reply: Reply) -> Reply:
        if theirs := server_time(reply.headers):
            self.apart.append(self._clock() - theirs)
        return reply


def _clock(apart: list[timedelta]) -> list[Finding]:
    if not apart:
        return []
    middle = sorted(apart)[len(apart) // 2]  # one server may be wrong
    off = f"{abs(middle.total_seconds()):.0f} s {'ahead of' if middle > timedelta() else 'behind'} the servers we asked"
    fine = abs(middle) < CLOCK_OFF
    return [Finding("clock", fine, off + ("" if fine else ". Set it by NTP: signatures and the age of messages depend on it"))]


def _readers(classifier: Classifier | None) -> list[Finding]:
    """Which tiers would read, each model really loaded and asked."""
    said = [Finding("fast tier", True, "built in")]
    if classifier is None:
        return said
    from carebot.effects.reading.models import Models

    models = Models(classifier, aside=lambda _: None)
    try:
        for name, worker in models.workers.items():
            answers = worker.ask(["hola"]) is not None
            said.append(Finding(name, answers, worker.settings.model or "answers" if answers else worker.trouble))
    finally:
        models.close()
    return said


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    if wal_reset_bug():
        how = "carebot writes and checkpoints through one connection, which avoids it"
        return Finding("SQLite", True, f"{version} has the WAL-reset bug; {how}")
    return Finding("SQLite", True, version)


def _disk(db: Path) -> Finding:
    folder = db.resolve().parent
    if not folder.is_dir():
        return Finding("disk", False, f"{folder} is not there: make it, or name another --db")
    free = shutil.disk_usage(folder).free
    return Finding("disk", free > ROOM, f"{free / 1e9:.1f} GB free in {folder}" + ("" if free > ROOM else "; make room"))
