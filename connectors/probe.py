"""Our own look at one thing our customers need: does it answer, as it should, and how fast? The address says how we look.

    https://www.example.com/login   a page (http:// inside our own network)
    tcp://10.0.0.7:5432             a port takes a connection; nothing is said to it
    tls://www.example.com           … and an encrypted one, with a certificate that is not about to end
    dns://www.example.com           the name is known, and is where it should be

Whatever keeps the answer away is what we want to know, so trouble on the way is a failing Probe and never an error.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, Field, model_validator

from carebot.config.parts import Name
from carebot.config.values import Duration
from carebot.errors import Throttled, Unreachable
from carebot.model import Batch, Probe
from connectors import base

EXAMPLE = """
name: login-page
kind: probe
url: https://www.example.com/login
service: login
contains: Welcome
slower_than: 5s
"""

PATIENCE = timedelta(seconds=10)  # a customer has left long before
_ONLY_FOR = {  # options by the schemes they mean something for
    "expect_status": ("http", "https"),
    "contains": ("http", "https"),
    "not_contains": ("http", "https"),
    "json_has": ("http", "https"),
    "slower_than": ("http", "https", "tcp", "tls"),
    "expires_within": ("tls",),
    "resolves_to": ("dns",),
}


class Options(base.Options):
    url: str = Field(
        pattern=r"^(https?://[^\s/]\S*|tcp://[^\s/:]+:[0-9]{1,5}|tls://[^\s/:]+(:[0-9]{1,5})?|dns://[^\s/:]+)$",
        description="What to look at: https://…, tcp://host:port, tls://host or dns://host.",
    )
    service: Name = Field(description="The service it stands for: a name from `services`.")
    expect_status: int = Field(200, ge=100, le=599, description="The status a page should answer with.")
    contains: str = Field("", max_length=200, description="Words that should be on the page. Left out: any page will do.")
    not_contains: str = Field("", max_length=200, description="Words that should not be on the page, as in an error page that answers 200.")
    json_has: dict[str, str | int | float | bool] = Field(
        {}, max_length=10, description="Values that should be in a JSON answer, by their dotted paths, for example {checks.database: up}."
    )
    slower_than: Duration = Field(timedelta(seconds=5), le=PATIENCE, description="How long an answer may take, at most 10s.")
    expires_within: Duration = Field(
        timedelta(days=7), le=timedelta(days=90), description="A certificate that ends so soon is told as failing, at most 90d."
    )
    resolves_to: tuple[str, ...] = Field((), strict=False, max_length=20, description="The addresses a name may have. Left out: any.")
    allow_private: bool = Field(False, description="true if the address is inside our own network.")

    @model_validator(mode="after")
    def _each_means_something(self) -> Self:
        scheme = urlsplit(self.url).scheme
        for key in sorted(self.model_fields_set & set(_ONLY_FOR)):
            if scheme not in _ONLY_FOR[key]:
                raise ValueError(f"`{key}` says nothing about {scheme}://; it is for {', '.join(f'{each}://' for each in _ONLY_FOR[key])}.")
        return self


class Looker:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        now = self._world.clock()
        found, took_ms = await self._look(now)
        probe = Probe(
            id=f"probe:{self._name}:{int(now.timestamp())}",
            target=self._options.service,
            ok=not found,
            at=now,
            detail=found or "answered as it should",
            took_ms=None if took_ms is None else round(took_ms, 1),
        )
        return Batch(source=self._name, events=(probe,))

    async def _look(self, now: datetime) -> tuple[str, float | None]:
        """What is wrong, in words, and how long the answer took."""
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                return await self._asked(now)
        except TimeoutError:
            return f"did not answer within {PATIENCE.total_seconds():g} s", None
        except (Unreachable, Throttled) as error:
            return str(error), None

    async def _asked(self, now: datetime) -> tuple[str, float | None]:
        options, http, private = self._options, self._world.http, self._options.allow_private
        there = urlsplit(options.url)
        match there.scheme:
            case "dns":
                return lost(await http.resolve(there.hostname or "", allow_private=private), options), None
            case "tcp" | "tls" as scheme:
                made = await http.connect(there.hostname or "", there.port or 443, tls=scheme == "tls", allow_private=private)
                return ending(made.not_after, options, now) or slow(made.took_ms, options), made.took_ms
        reply = await http.get(options.url, allow_private=private)
        return trouble(reply, options), reply.took_ms


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Looker(name, options, world)


def trouble(reply: base.Reply, options: Options) -> str:
    """What is wrong with the answer, in words; empty if nothing is."""
    if reply.status != options.expect_status:
        return f"answered {reply.status}, expected {options.expect_status}"
    if options.contains and options.contains.encode() not in reply.body:
        return f"answered without the words “{options.contains}”"
    if options.not_contains and options.not_contains.encode() in reply.body:
        return f"answered with the words “{options.not_contains}”"
    return _other_values(reply.body, options) or slow(reply.took_ms, options)


def _other_values(body: bytes, options: Options) -> str:
    if not options.json_has:
        return ""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return "answered with something that is not JSON"
    for path, wanted in options.json_has.items():
        found: Any = base.at(said, path)
        if found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
            return f"answered without {wanted!r} at `{path}`"
    return ""


def slow(took_ms: float, options: Options) -> str:
    if took_ms <= options.slower_than.total_seconds() * 1000:
        return ""
    return f"answered in {took_ms / 1000:.1f} s, slower than {options.slower_than.total_seconds():g} s"


def ending(not_after: datetime | None, options: Options, now: datetime) -> str:
    """Whether the certificate ends soon. One that has ended, or is another's, made no connection."""
    if not_after is None or not_after - now > options.expires_within:
        return ""
    return f"its certificate ends in {max((not_after - now).days, 0)} days, on {not_after:%Y-%m-%d}. Renew it"


def lost(addresses: tuple[str, ...], options: Options) -> str:
    """Whether the name leads somewhere else. The addresses are ours to know: they are said."""
    strange = [address for address in addresses if options.resolves_to and address not in options.resolves_to]
    return f"leads to {', '.join(strange[:3])}, which is not in `resolves_to`" if strange else ""
