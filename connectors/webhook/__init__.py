"""What another system posts to us: a contact form, a chat, a ticket system, the house's own monitoring.

Our own shape is one JSON object, a list of them, or JSON lines (contracts.md). Chatwoot, Zendesk and Alertmanager are known by `format`; of
anything else a support lead says under `map` which field is which (mapping.py). Nothing is read before the sender has proved who it is
(signatures.py). The same request sent twice brings the same ids, which are stored once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, Self

import msgspec
from pydantic import BaseModel, Field, model_validator

from carebot.config.parts import Name
from carebot.config.values import Duration
from carebot.errors import Refused
from carebot.model import Batch
from connectors import base
from connectors.webhook.alertmanager import OURS, alerts
from connectors.webhook.mapping import READY, Map, mapped, merged
from connectors.webhook.signatures import Given, How, is_proved, signature

__all__ = ["EXAMPLE", "Map", "Options", "Webhook", "connect", "read", "signature"]

EXAMPLE = """
name: contact-form
kind: webhook
secret: contact-form-key
max_age: 5m
"""

MAX_BODY = 1_000_000
MAX_EVENTS = 2_000
_USUAL: dict[str, How] = {"lines": "carebot", "chatwoot": "chatwoot", "zendesk": "zendesk", "alertmanager": "bearer"}


class Options(base.Options):
    secret: Name = Field(description="The name of the credential that holds the signing key, never the key itself.")
    old_secret: Name | None = Field(None, description="The key before this one, while senders change over. Both are accepted.")
    max_age: Duration = Field(
        timedelta(minutes=5), ge=timedelta(seconds=10), le=timedelta(hours=1), description="How old a request may be."
    )
    format: Literal["lines", "chatwoot", "zendesk", "alertmanager"] = Field(
        "lines", description="Whose JSON it is: lines (ours, or what `map` says), chatwoot, zendesk or alertmanager."
    )
    map: Map | None = Field(None, description="Which of their fields is which; beside a format, what is different here.")
    signed: How | None = Field(
        None,
        description="How the sender proves it: carebot, chatwoot, zendesk, hub, bearer, basic. Left out: as the format does.",
    )
    header: str = Field(
        "", pattern=r"^([a-z0-9-]{1,60})?$", description="With hub or bearer: the header it stands in, if not the usual one."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.map and self.format == "lines" and not (self.map.text or self.map.deleted):
            raise ValueError("`map` must say where the words are: `text: message.content`.")
        if self.header and self.how not in ("hub", "bearer"):
            raise ValueError(f"`header` says nothing where it is signed as {self.how} does; it is for hub and bearer.")
        return self

    @property
    def how(self) -> How:
        return self.signed or _USUAL[self.format]


class Webhook:
    def __init__(self, name: str, options: Options, keys: tuple[bytes, ...]) -> None:
        self._name, self._options, self._keys = name, options, keys

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Batch:
        if len(body) > MAX_BODY:
            raise Refused(f"{self._name}: a request was longer than 1 MB", "Send fewer messages at once.")
        given = Given(headers, body, now, self._options.max_age, self._options.header)
        if not is_proved(self._options.how, given, self._keys):
            raise Refused(
                f"{self._name}: a request was not signed, or too long ago",
                "If it was the real sender, compare its key and its clock with ours, and how it signs with the example in docs/how-to.",
            )
        match self._options:
            case Options(format="alertmanager", map=own):
                return alerts(body, merged(OURS, own), self._name, now)
            case Options(format="chatwoot" | "zendesk" as known, map=own):
                return mapped(body, merged(READY[known], own), self._name, now)
            case Options(map=Map() as own):
                return mapped(body, own, self._name, now)
        return read(body, self._name, now)


def connect(name: str, options: BaseModel, world: base.World) -> base.Receiver:
    assert isinstance(options, Options)
    names = [each for each in (options.secret, options.old_secret) if each]
    keys = tuple(world.secret(each).strip().encode() for each in names)
    if not all(len(key) >= 16 for key in keys):
        raise Refused(
            f"{name}: the key in credential {' or '.join(names)} is shorter than 16 characters", "Make one: openssl rand -hex 32."
        )
    return Webhook(name, options, keys)


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
