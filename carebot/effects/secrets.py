"""Secrets by name, from where a service manager puts them; never from rules, arguments or the database.

A secret `slack-token` is the file of that name in $CREDENTIALS_DIRECTORY (systemd's LoadCredential=), or, on a developer's machine, the
environment variable CAREBOT_SLACK_TOKEN.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from carebot.errors import Refused

SLACK = "slack-token"  # the name of the secret, not the secret
SLACK_APP = "slack-app-token"  # opens the line on which clicks come
SLACK_SIGNING = ("slack-signing-secret", "slack-signing-secret-old")  # sign clicks sent by HTTP; the old one while it is renewed


def variable(name: str) -> str:
    """The environment variable a secret is looked for in: slack-token → CAREBOT_SLACK_TOKEN."""
    return "CAREBOT_" + name.upper().replace("-", "_")


def secret(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """The secret's value, without the newline at the end of its file. Raises Refused, saying where it was looked for."""
    if folder := environment.get("CREDENTIALS_DIRECTORY"):
        file = Path(folder) / Path(name).name
        if file.is_file():
            return file.read_text(encoding="utf-8").strip()
    if value := environment.get(variable(name), ""):
        return value.strip()
    raise Refused(
        f"the secret {name!r} is not there", f"Give it as a systemd credential (LoadCredential={name}:/path) or as {variable(name)}."
    )


def has(name: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Is there such a secret?"""
    try:
        return bool(secret(name, environment))
    except Refused:
        return False


def author_key(database: Path | None) -> bytes:
    """The key authors are hashed with: a file of its own beside the database, made once, so that neither alone names anyone.

    A run without a database (demo, replay) uses a fixed key: its hashes are gone when it ends, and equal runs must stay equal.
    """
    if database is None:
        return b"carebot replay, kept nowhere"
    file = database.with_name(database.name + ".key")
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_bytes()
    with os.fdopen(handle, "wb") as fresh:
        fresh.write(secrets.token_bytes(32))
        fresh.flush()
        os.fsync(fresh.fileno())
    return file.read_bytes()
