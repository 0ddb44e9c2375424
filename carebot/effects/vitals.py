"""What carebot can measure of itself and of the world it depends on: its disk, Slack's word and clock, the dead-man's switch."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from carebot.effects.database.store import Store
from carebot.effects.harmless import clean
from carebot.effects.network.addresses import is_private
from carebot.effects.network.http import Client
from carebot.errors import Refused, Trouble, Unreachable
from connectors.limits import server_time

SLACK_API = "https://slack.com/api/"
_SHUT = {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "org_login_required", "missing_scope"}


class SlackWord(msgspec.Struct, frozen=True):
    """ahead: our clock less theirs · refused: why they do not let us in, "" if they do; None: it cannot be said now"""

    ahead: timedelta | None = None
    refused: str | None = None


async def slack_word(http: Client, url: str, token: str, now: datetime) -> SlackWord:
    """Asks Slack who we are, which costs nothing and shows nobody anything, also on a day without alerts."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-www-form-urlencoded"}
    try:
        reply = await http.post(f"{url}auth.test", body=b"", headers=headers, allow_private=url != SLACK_API)
    except Trouble:
        return SlackWord()
    theirs = server_time(reply.headers)
    error = _error(reply.body)
    fix = "Install the app again, put its bot token in the credential file, then: systemctl restart carebot."
    refused = None if error is None else f"{error}. {fix}" if error in _SHUT else ""
    return SlackWord(ahead=now - theirs if theirs else None, refused=refused)


def _error(body: bytes) -> str | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    if not isinstance(said, dict) or "ok" not in said:
        return None
    return "" if said["ok"] is True else clean(str(said.get("error", "")))[:80]


def database_file(store: Store) -> Path | None:
    file = store.db.conn.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    return Path(file) if file else None


def disk_free(store: Store) -> float | None:
    """The share of the database's disk that is free to us; None of a database in memory."""
    file = database_file(store)
    if file is None:
        return None
    usage = shutil.disk_usage(file.parent)
    return usage.free / (usage.used + usage.free or 1)  # as df counts it: what is kept for root is nobody's


def switch(url: str) -> tuple[str, int, bool]:
    """Host, port and whether it is encrypted, of an address that can be pressed. Raises Refused, without the address."""
    fix = "Write the whole address of one check into that credential: https://…, or http://… inside your own network."
    try:
        there = urlsplit(url)
        host, port = there.hostname or "", there.port
    except ValueError:
        raise Refused("the heartbeat's address cannot be read", fix) from None
    tls = there.scheme == "https"
    if not host or there.username or there.password or there.scheme not in ("http", "https"):
        raise Refused("the heartbeat's address is none that can be called", fix)
    return host, port or (443 if tls else 80), tls


async def knock(http: Client, url: str) -> None:
    """Whether the switch could be pressed: a connection opens there. Nothing is asked, so nothing counts as a press, whoever keeps the
    switch; whether it is a check's that exists is not known then.

    Raises Unreachable or Refused, without the address.
    """
    host, port, tls = switch(url)
    if not tls and not all(map(is_private, await http.resolve(host, allow_private=True))):
        raise Refused("the heartbeat's address is on the internet and not encrypted", "Write the one that begins with https://.")
    await http.connect(host, port, tls=tls, allow_private=True)


async def press(http: Client, url: str) -> None:
    """The dead-man's switch. The address is the operator's own credential, so it may be in the house; it is said nowhere.

    Raises Unreachable or Refused, without the address.
    """
    reply = await http.get(url, allow_private=True)
    if reply.status >= 500:
        raise Unreachable(f"the heartbeat's server answered {reply.status}")
    if not 200 <= reply.status < 300:
        raise Refused(
            f"the heartbeat's server answered {reply.status}", "Is the address in that credential the one of a check that exists?"
        )
