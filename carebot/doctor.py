"""Everything a run needs, checked before it runs: `carebot doctor`. Each finding says what to do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from carebot.config.schema import Classifier
from carebot.effects import secrets
from carebot.effects.store import wal_reset_bug
from carebot.errors import Unusable
from carebot.examples import tried

ROOM = 1 << 30  # bytes free below which a month of messages may not fit


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at."""

    what: str
    ok: bool
    detail: str


def checks(rules: Path, db: Path, load: Callable[[Path], Any]) -> list[Finding]:
    """All findings; the run would start if every one is ok."""
    found = [_sqlite(), _disk(db)]
    try:
        rulebook = load(rules)
    except Unusable as error:
        return [*found, Finding("rules", False, f"{error}")]
    wrong = [one for one in tried(rulebook) if not one.ok]
    found.append(Finding("rules", not wrong, f"{rules}, version {rulebook.fingerprint}" + "".join(f"; {one}" for one in wrong)))
    found += _readers(rulebook.file.classifier)
    token = secrets.has(secrets.SLACK)
    wanted = any(route.slack for route in rulebook.file.routes.values())
    how = f"no token: alerts go to the terminal. Give LoadCredential={secrets.SLACK}:… or {secrets.variable(secrets.SLACK)}."
    found.append(Finding("Slack", True, "token is there" if token else how if wanted else "no route names a channel"))
    for source in rulebook.file.sources:
        wants = [source.options[key] for key in ("token", "secret", "old_secret") if isinstance(source.options.get(key), str)]
        missing = [name for name in wants if not secrets.has(name)]
        detail = (
            f"the secret {missing[0]!r} is missing: LoadCredential={missing[0]}:… or {secrets.variable(missing[0])}"
            if missing
            else source.kind
        )
        found.append(Finding(f"source {source.name}", not missing, detail))
    return found


def _readers(classifier: Classifier | None) -> list[Finding]:
    """Which tiers would read, each model really loaded and asked."""
    found = [Finding("fast tier", True, "built in")]
    if classifier is None:
        return found
    from carebot.effects.models import Models

    models = Models(classifier, aside=lambda _: None)
    try:
        for name, worker in models.workers.items():
            answers = worker.ask(["hola"]) is not None
            found.append(Finding(name, answers, worker.settings.model or "answers" if answers else worker.trouble))
    finally:
        models.close()
    return found


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
