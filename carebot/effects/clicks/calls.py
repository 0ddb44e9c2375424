"""Slack's methods that clicks need, each one request: open a line, open a form, tell one person something, who are we.

Errors are sorted as everywhere (`carebot.errors`) and never carry a token, an address with a ticket in it, or what a person wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import msgspec

from carebot.effects.harmless import clean
from carebot.effects.telling.slack import retry_after
from carebot.errors import Refused, Throttled, Unreachable

if TYPE_CHECKING:
    import aiohttp

LIMIT_S = 10
MAX_REPLY = 1_000_000
_BUSY = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SlackSays(Refused):
    """Slack's own word for why not, such as missing_scope."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"Slack refuses {method} ({error})", "carebot doctor says what to do.")
        self.error = error


class Reply(msgspec.Struct, frozen=True):
    said: dict[str, Any]
    headers: Mapping[str, str]


class Call(Protocol):
    async def __call__(self, method: str, asked: Mapping[str, Any], *, reads: bool = False) -> Reply: ...


class Api:
    """One token's calls. `async with Api(…) as api: await api("views.open", {…})`"""

    def __init__(self, token: str, base_url: str) -> None:
        self._token, self._base = token, base_url.rstrip("/") + "/"
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Api:
        import aiohttp

        # trust_env: a bank's machines reach Slack through a proxy (HTTPS_PROXY). Not on loopback, where only tests are.
        self._limit = aiohttp.ClientTimeout(total=LIMIT_S)
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=not is_loopback(self._base))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def __call__(self, method: str, asked: Mapping[str, Any], *, reads: bool = False) -> Reply:
        """What Slack says to it. Raises Throttled, Unreachable, or Refused with Slack's own word for it.

        reads   a method that only reads takes what is asked in the address, and no JSON
        """
        import aiohttp

        assert self._session, "use: async with Api(…) as api"
        headers = {"Authorization": f"Bearer {self._token}"}
        given: dict[str, Any] = {"params": asked}
        if not reads:
            headers["Content-Type"] = "application/json; charset=utf-8"
            given = {"data": msgspec.json.encode(asked)}
        try:
            async with self._session.request(
                "GET" if reads else "POST", self._base + method, headers=headers, timeout=self._limit, allow_redirects=False, **given
            ) as reply:
                status, theirs = reply.status, {name.lower(): value for name, value in reply.headers.items()}
                raw = await _whole(reply.content)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise Unreachable(f"Slack cannot be reached: {method} ({type(error).__name__})") from None
        if status == 429:
            wait = retry_after(theirs.get("retry-after", ""))
            raise Throttled(f"Slack asks us to wait {wait.total_seconds():.0f} s before {method}", wait)
        try:
            said = msgspec.json.decode(raw, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            said = {}
        if status != 200 or "ok" not in said or said.get("error") in _BUSY:
            raise Unreachable(f"Slack is in trouble: {method} gave {status}") from None
        if said["ok"] is not True:
            raise SlackSays(method, clean(str(said.get("error")))[:80])
        return Reply(said, theirs)


async def _whole(content: aiohttp.StreamReader) -> bytes:
    """The reply's body, of which a single read gives only what has come so far. Cut at MAX_REPLY: what is longer is no reply."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) > MAX_REPLY:
            break
    return bytes(body[:MAX_REPLY])


def is_loopback(url: str) -> bool:
    try:
        return urlsplit(url).hostname in _LOOPBACK
    except ValueError:
        return False
