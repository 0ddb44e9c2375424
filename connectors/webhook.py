"""Messages that another system sends us, as signed HTTP requests: one JSON object, a list of them, or JSON lines (contracts.md).

The sender signs `{timestamp}.{body}` with a secret both know:
    x-carebot-timestamp: seconds since 1970
    x-carebot-signature: sha256=<hex HMAC-SHA256>
Nothing is read before the signature fits. The same request sent twice brings the same ids, which are stored once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from pydantic import BaseModel, Field

from carebot.config.parts import Name
from carebot.config.schema import Duration
from carebot.errors import Refused
from carebot.model import Batch
from connectors import base

EXAMPLE = """
name: contact-form
kind: webhook
secret: contact-form-key
max_age: 5m
"""

MAX_BODY = 1_000_000
MAX_EVENTS = 2_000
SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
TIMESTAMP = re.compile(r"[0-9]{1,11}")


class Options(base.Options):
    secret: Name = Field(description="The name of the credential that holds the signing key, never the key itself.")
    old_secret: Name | None = Field(None, description="The key before this one, while senders change over. Both are accepted.")
    max_age: Duration = Field(
        timedelta(minutes=5), ge=timedelta(seconds=10), le=timedelta(hours=1), description="How old a request may be."
    )


class Webhook:
    def __init__(self, name: str, keys: tuple[bytes, ...], max_age: timedelta) -> None:
        self._name, self._keys, self._max_age = name, keys, max_age

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Batch:
        if len(body) > MAX_BODY:
            raise Refused(f"{self._name}: a request was longer than 1 MB", "Send fewer messages at once.")
        if not is_signed(headers, body, now, self._keys, self._max_age):
            raise Refused(
                f"{self._name}: a request was not signed, or too long ago",
                "If it was the real sender, compare its key and its clock with ours, and how it signs with the example in docs/how-to.",
            )
        return read(body, self._name, now)


def connect(name: str, options: BaseModel, world: base.World) -> base.Receiver:
    assert isinstance(options, Options)
    names = [each for each in (options.secret, options.old_secret) if each]
    keys = tuple(world.secret(each).strip().encode() for each in names)
    if not all(len(key) >= 16 for key in keys):
        raise Refused(
            f"{name}: the key in credential {' or '.join(names)} is shorter than 16 characters", "Make one: openssl rand -hex 32."
        )
    return Webhook(name, keys, options.max_age)


def signature(key: bytes, timestamp: str, body: bytes) -> str:
    """What a sender writes into x-carebot-signature."""
    return "sha256=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(headers: Mapping[str, str], body: bytes, now: datetime, keys: tuple[bytes, ...], max_age: timedelta) -> bool:
    """True if one of the keys signed just this, not long ago. Never raises: the headers are a stranger's."""
    timestamp, given = headers.get("x-carebot-timestamp", ""), headers.get("x-carebot-signature", "")
    if not TIMESTAMP.fullmatch(timestamp) or not SIGNATURE.fullmatch(given):
        return False
    if abs(now.timestamp() - int(timestamp)) > max_age.total_seconds():
        return False
    fits = [hmac.compare_digest(signature(key, timestamp, body), given) for key in keys]
    return any(fits)


def read(body: bytes, name: str, now: datetime) -> Batch:
    """What the body says. Lines that cannot be read are refused one by one; a body without one good line, whole."""
    try:
        lines = _lines(body.strip())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        lines = []
    if len(lines) > MAX_EVENTS:
        raise Refused(f"{name}: a request held more than {MAX_EVENTS:,} messages", "Send fewer messages at once.")
    batch = base.from_lines(lines, name, now)
    if not batch.events:
        bad = next((f"{refusal.item} {refusal.reason}" for refusal in batch.refused), "it is empty or not JSON")
        raise Refused(f"{name}: nothing in a request could be read ({bad})", "Send JSON as docs/reference/contracts.md shows it.")
    return batch


def _lines(body: bytes) -> list[bytes]:
    """The JSON texts of a body: the members of a list, one object, or a text a line."""
    if body.startswith(b"["):
        return [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except msgspec.DecodeError:
        return body.split(b"\n")
    return [body]
