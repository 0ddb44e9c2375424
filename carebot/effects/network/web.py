"""The web door: webhooks come in; health and metrics go out. Nothing else is served, and nothing a stranger sent is said back.

A webhook is answered 202 only when its messages are committed: a sender who sees anything else sends them again, and sent
twice they count once. (A sender that asks first whether the address is ours, as Meta does, is answered 200: it takes nothing else.)
What is not surely from the sender is 401, whatever is wrong with it. When carebot is busy the answer is 503 with a time to wait.
Listen on loopback (the default) behind the proxy that already speaks TLS for your house.

It is built on aiohttp's plain server rather than its application, because only there can the answer to malformed HTTP be ours:
aiohttp's own repeats the malformed line and writes it to the log.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from carebot.errors import Refused
from carebot.model import Batch
from connectors.base import Greets, Receiver

log = logging.getLogger(__name__)

MAX_BODY = 1_000_000  # bytes
READ_WITHIN = 10.0  # seconds for a whole body: one byte a minute is an attack, not a slow network
AT_ONCE = 64  # webhooks in hand, each up to MAX_BODY: 64 MB at the very most
AGAIN_IN = "5"  # seconds, in Retry-After

Accept = Callable[[Batch], Awaitable[None]]
OverHttp = Callable[[Mapping[str, str], bytes], Awaitable[dict[str, Any] | None]]  # None: not surely from Slack
T = TypeVar("T")


class Health(msgspec.Struct, frozen=True):
    """Is the desk being served? `facts` are numbers and names of ours: anybody who can reach the port reads them."""

    ok: bool
    facts: Mapping[str, Any] = {}


class Metric(msgspec.Struct, frozen=True):
    """One sample. The name starts with carebot_; one that ends in _total only ever grows."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = {}


_NAME = re.compile(r"carebot_[a-z0-9_]+")
_LABEL = re.compile(r"[a-z][a-z0-9_]*")
_CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,200}")


def exposition(metrics: Iterable[Metric]) -> str:
    """Metrics in Prometheus' text format 0.0.4, each family together as it asks. Of two equal series the later counts.

    Raises ValueError for a name that Prometheus, or our own house rule, would not take.
    """
    families: dict[str, dict[str, str]] = {}
    for metric in metrics:
        if not _NAME.fullmatch(metric.name):
            raise ValueError(f"a metric is named carebot_… in a-z, 0-9 and _, not {metric.name!r}")
        kind = "counter" if metric.name.endswith("_total") else "gauge"
        head = f"# HELP {metric.name} {_escaped(metric.help, quote=False)}\n# TYPE {metric.name} {kind}\n"
        families.setdefault(metric.name, {"": head})[metric.name + _labels(metric.labels)] = _number(metric.value)
    return "".join(
        head + "".join(f"{series} {value}\n" for series, value in samples.items() if series)
        for samples in families.values()
        for head in (samples[""],)
    )


def _labels(labels: Mapping[str, str]) -> str:
    for name in labels:
        if not _LABEL.fullmatch(name):
            raise ValueError(f"a label is named in a-z, 0-9 and _, not {name!r}")
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(labels.items())) + "}" if labels else ""


def _escaped(text: str, *, quote: bool = True) -> str:
    text = text.encode("utf-8", "replace").decode().replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quote else text


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)


class Web:
    """The server. `receivers` are the sources that are told rather than asked, by their name in rules.yaml; a reload replaces them.

    accept    returns when the batch is committed; raises asyncio.QueueFull or TimeoutError when it cannot be now
    turned_away   told the source of each request that was not surely from its sender, so that it can be counted
    clicks    takes what somebody pressed in Slack (POST /slack/actions); None: not by this way
    port      0 asks the system for a free one; `port` tells which after start()
    """

    def __init__(
        self,
        *,
        receivers: Mapping[str, Receiver],
        accept: Accept,
        health: Callable[[], Health],
        metrics: Callable[[], Iterable[Metric]],
        clock: Callable[[], datetime],
        turned_away: Callable[[str], None] = lambda source: None,
        clicks: OverHttp | None = None,
        host: str = "127.0.0.1",
        port: int = 8480,
    ) -> None:
        self.receivers = receivers
        self.port = port
        self._host, self._accept, self._health, self._metrics, self._clock = host, accept, health, metrics, clock
        self._turned_away, self._clicks = turned_away, clicks
        self._hands = asyncio.Semaphore(AT_ONCE)
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listens. Raises OSError if the port is somebody else's."""
        # Bodies stay as they were sent: a signature is over those bytes, and a small gzip can be a large surprise.
        server = _Server(self._answer, access_log=None, auto_decompress=False, lingering_time=1)
        self._runner = web.ServerRunner(server, shutdown_timeout=5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes the door; requests in hand have five seconds to be answered."""
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        match request.method, request.path.split("/")[1:]:
            case "POST", ["hooks", source] if receiver := self.receivers.get(source):
                return await self._hook(request, source, receiver)
            case "GET", ["hooks", source] if isinstance(receiver := self.receivers.get(source), Greets):
                return self._greeting(request, source, receiver)
            case "POST", ["slack", "actions"] if self._clicks:
                return await self._clicked(request, self._clicks)
            case "GET", ["health"]:
                health = self._health()
                return _json(200 if health.ok else 503, {"ok": health.ok, "facts": dict(health.facts)})
            case "GET", ["metrics"]:
                return _plain(200, exposition(self._metrics()), "text/plain; version=0.0.4; charset=utf-8")
            case ("POST", ["health"] | ["metrics"]) | ("GET", ["hooks", _]):
                return _plain(405)
        return _plain(404)

    async def _hook(self, request: web.BaseRequest, source: str, receiver: Receiver) -> web.Response:
        if self._hands.locked():
            return _busy()
        async with self._hands:
            body = await _body(request)
            if isinstance(body, web.Response):
                return body
            headers = {name.lower(): value for name, value in request.headers.items()}
            batch = self._theirs(source, lambda: receiver.receive(headers, body, self._clock()))
            if batch is None:
                self._turned_away(source)
                return _json(401, {"refused": "signature"})
            try:
                await self._accept(batch)
            except (asyncio.QueueFull, TimeoutError):
                return _busy()
            return _json(200 if isinstance(receiver, Greets) else 202, {"taken": len(batch.events), "refused": len(batch.refused)})

    async def _clicked(self, request: web.BaseRequest, clicks: OverHttp) -> web.Response:
        """What somebody pressed in Slack: 200 when it is taken, 401 for all that is not surely Slack's and ours."""
        if self._hands.locked():
            return _busy()
        async with self._hands:
            body = await _body(request)
            if isinstance(body, web.Response):
                return body
            try:
                answer = await clicks({name.lower(): value for name, value in request.headers.items()}, body)
            except asyncio.QueueFull:
                return _busy()
            if answer is None:
                self._turned_away("slack")
                return _json(401, {"refused": "signature"})
            return _json(200, answer) if answer else _plain(200)

    def _greeting(self, request: web.BaseRequest, source: str, receiver: Greets) -> web.Response:
        """A sender asks whether this address is ours before it sends anything: its own challenge comes back, if it knows the word."""
        answer = self._theirs(source, lambda: receiver.greet(dict(request.query)))
        if answer is None or not _CHALLENGE.fullmatch(answer):
            self._turned_away(source)
            return _plain(403)
        return _plain(200, answer)

    def _theirs(self, source: str, said: Callable[[], T]) -> T | None:
        """What a receiver makes of a request; None for what is not surely from its sender."""
        try:
            return said()
        except Refused:
            log.info("hook refused source=%s", source)
        except Exception as error:  # a third party's code on a stranger's bytes: their mistakes must not become our 500
            log.warning("hook could not be read source=%s error=%s", source, type(error).__name__)
        return None


async def _body(request: web.BaseRequest) -> bytes | web.Response:
    """The whole body, or the answer to give instead of reading on."""
    if (request.content_length or 0) > MAX_BODY:
        return _plain(413)
    parts, size = [], 0
    try:
        async with asyncio.timeout(READ_WITHIN):
            async for part in request.content.iter_any():
                size += len(part)
                if size > MAX_BODY:
                    return _plain(413)
                parts.append(part)
    except TimeoutError:
        return _plain(408)
    except web.RequestPayloadError:
        return _plain(400)
    return b"".join(parts)


class _Handler(web.RequestHandler):
    """aiohttp's, with our own words where a request is malformed or a hand of ours failed."""

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.Response:
        if status >= 500:
            log.error("a web request failed error=%s", type(exc).__name__)
        answer = _plain(status)
        answer.force_close()
        return answer


class _Server(web.Server):
    def __call__(self) -> _Handler:
        return _Handler(self, loop=asyncio.get_running_loop(), **self._kwargs)


def _plain(status: int, text: str = "", kind: str = "text/plain; charset=utf-8") -> web.Response:
    answer = web.Response(status=status, body=text.encode(), headers={"Content-Type": kind, "Server": "carebot"})
    answer.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    if status in (408, 413):  # the rest of their body is not worth reading
        answer.force_close()
    return answer


def _json(status: int, value: Any) -> web.Response:
    return _plain(status, msgspec.json.encode(value).decode(), "application/json")


def _busy() -> web.Response:
    answer = _json(503, {"again_in_s": int(AGAIN_IN)})
    answer.headers["Retry-After"] = AGAIN_IN
    return answer
