"""The one way out to the web: what carebot asks, from whom, for how long, and how much of the answer it takes.

An address in a feed, a redirect or a rules file may be bait for the inside of the bank. So a name is resolved once, every
address it gave is checked, and the connection goes to a checked address, never to the name again; each redirect starts over.
An answer is unpacked here, piece by piece, so that a small gzip cannot become a large memory. Errors name the host and
nothing else of an address: paths, queries and users carry other people's secrets.
"""

from __future__ import annotations

import asyncio
import email.utils
import os
import re
import socket
import ssl
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from carebot import __version__, clock
from carebot.errors import Throttled, Unreachable
from connectors.base import Reply

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

USER_AGENT = f"carebot/{__version__}"
REDIRECTS = 3
MAX_BODY = 5_000_000  # bytes, unpacked
PIECE = 65_536
WAIT_AT_LEAST, WAIT_AT_MOST, WAIT_USUAL = timedelta(seconds=1), timedelta(minutes=5), timedelta(minutes=1)
NOTHING: Mapping[str, str] = MappingProxyType({})

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# ── which addresses ──────────────────────────────────────────────────────────────────────────────────────────────

# Python 3.11.7 says is_global to both, and to most of the IPv6 tunnels that lead back to an IPv4 address (measured 2026-11).
_NOT_PUBLIC_4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
# All public IPv6 is in 2000::/3: this alone keeps out ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48, fec0::/10 and multicast.
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = (IPv6Network("2001::/23"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))
_PRIVATE_4 = tuple(map(IPv4Network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PRIVATE_6 = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_CLOUD_6 = IPv6Network("fd00:ec2::/32")  # a cloud machine's own credentials are served here, and on 169.254.169.254


def is_public(address: str) -> bool:
    """True for an address anyone on the internet may have; false for anything else, and for what is no plain address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in net for net in _NOT_PUBLIC_4)
    return ip.is_global and ip in _PUBLIC_6 and not any(ip in net for net in _NOT_PUBLIC_6)


def is_private(address: str) -> bool:
    """True for this machine and the house's own network, which an operator may allow; link-local is never allowed."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return any(ip in net for net in _PRIVATE_4)
    return any(ip in net for net in _PRIVATE_6) and ip not in _CLOUD_6


def is_allowed(address: str, *, allow_private: bool = False, encrypted: bool = True) -> bool:
    """May we connect there? Plain http goes to private addresses only, and only where the operator allowed them."""
    return (encrypted and is_public(address)) or (allow_private and is_private(address))


# ── how long to wait ─────────────────────────────────────────────────────────────────────────────────────────────


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What `retry-after` asks for, in seconds or as a date, between 1 s and 5 min; None if it asks nothing readable."""
    asked = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,15}", asked):
        return min(max(timedelta(seconds=min(int(asked), 86_400)), WAIT_AT_LEAST), WAIT_AT_MOST)
    try:
        at = email.utils.parsedate_to_datetime(asked)
        return min(max(at.replace(tzinfo=at.tzinfo or UTC) - now, WAIT_AT_LEAST), WAIT_AT_MOST)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


# ── the client ───────────────────────────────────────────────────────────────────────────────────────────────────


class Client:
    """`connectors.base.Http`. Use it as `async with Client() as http`; one for the whole program.

    deadline   for everything one `get` does: name, redirects, the last byte
    trust      whose certificates are believed; None: the system's
    resolve    host, port → addresses; None: the system's resolver, in threads of its own, as a dead one blocks for 30 s
    """

    def __init__(
        self,
        *,
        deadline: timedelta = timedelta(seconds=20),
        connect: timedelta = timedelta(seconds=5),
        max_body: int = MAX_BODY,
        clock: clock.Clock = clock.machine,
        trust: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._deadline, self._connect, self._max_body, self._clock = deadline, connect, max_body, clock
        self._trust, self._resolve = trust, resolve or self._ask_system
        self._session: aiohttp.ClientSession | None = None
        self._names = ThreadPoolExecutor(4, thread_name_prefix="names")

    async def __aenter__(self) -> Self:
        import aiohttp

        # force_close: a connection is never shared by two requests, so none goes where the other was allowed to go.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=64, ssl=self._trust or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect.total_seconds()),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()
        self._names.shutdown(wait=False, cancel_futures=True)

    async def get(self, url: str, *, headers: Mapping[str, str] = NOTHING, allow_private: bool = False) -> Reply:
        from yarl import URL

        try:
            asked = URL(url)
        except ValueError:
            raise Unreachable("an address cannot be read. Write it whole, as in https://example.com/feed") from None
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                reply = await self._follow(asked, headers, allow_private)
        except TimeoutError:
            raise Unreachable(f"{asked.host}: did not answer within {self._deadline.total_seconds():g} s") from None
        return self._spoken(
            Reply(status=reply[0], headers=reply[1], body=reply[2], url=reply[3], took_ms=(time.monotonic() - started) * 1000)
        )

    def _spoken(self, reply: Reply) -> Reply:
        """The reply, unless it only says: not now."""
        wait = retry_after(reply.headers, self._clock())
        if reply.status == 429 or (reply.status == 503 and wait):
            wait = wait or WAIT_USUAL
            raise Throttled(f"{_host(reply.url)}: answered {reply.status} and asks us to wait {wait.total_seconds():.0f} s", wait)
        return reply

    async def _follow(self, url: URL, headers: Mapping[str, str], allow_private: bool) -> _Answer:
        first, answer = url, await self._ask(url, headers, allow_private)
        for _ in range(REDIRECTS):
            if answer[0] not in (301, 302, 303, 307, 308) or not (location := answer[1].get("location")):
                return answer
            try:
                url = url.join(type(url)(location))
            except ValueError:
                raise Unreachable(f"{url.host}: sends us on to an address that cannot be read") from None
            # What the operator wrote about the first host (go there although it is private; these headers) holds for it alone.
            same = url.host == first.host
            answer = await self._ask(url, headers if same else NOTHING, allow_private and same)
        if answer[0] in (301, 302, 303, 307, 308):
            raise Unreachable(f"{first.host}: sends us on more than {REDIRECTS} times")
        return answer

    async def _ask(self, url: URL, headers: Mapping[str, str], allow_private: bool) -> _Answer:
        """One request, no redirects, to the first address that takes the connection; each was checked."""
        trouble: Unreachable | None = None
        for address in await self._addresses(url, allow_private):
            try:
                return await self._ask_at(address, url, headers)
            except _NoConnection as error:
                trouble = error
        assert trouble
        raise trouble

    async def _ask_at(self, address: str, url: URL, headers: Mapping[str, str]) -> _Answer:
        import aiohttp

        assert self._session, "use: async with Client() as http"
        pinned = {**headers, "Host": url.host_port_subcomponent or ""}
        try:
            async with self._session.get(
                url.with_host(address), headers=pinned, server_hostname=url.raw_host, allow_redirects=False
            ) as response:
                return response.status, _lower(response.headers), await self._body(response, url), str(url)
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
        ) as error:  # from None: aiohttp's errors carry the whole address
            raise _NoConnection(f"{url.host}: {_plainly(error, self._connect)}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{url.host}: {_plainly(error, self._connect)}") from None
        except ValueError:
            raise Unreachable(f"{url.host}: the address or a header cannot be sent") from None

    async def _addresses(self, url: URL, allow_private: bool) -> list[str]:
        """The addresses of the host, each of them allowed, at most three."""
        if (
            not url.host
            or url.port is None
            or url.user
            or url.password
            or not (url.scheme == "https" or (url.scheme == "http" and allow_private))
        ):
            raise Unreachable(f"{url.host or 'an address'}: must be an https:// address without a user or a password in it")
        try:
            found = await self._resolve(url.raw_host or "", url.port)
        except (OSError, UnicodeError, ValueError):
            raise Unreachable(f"{url.host}: the name is not known. Is it written as it should be?") from None
        if not found or not all(is_allowed(address, allow_private=allow_private, encrypted=url.scheme == "https") for address in found):
            raise Unreachable(
                f"{url.host}: is not an address on the public internet. If it is one of ours, write `allow_private: true` at the source"
            )
        return list(found)[:3]

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._names, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))

    async def _body(self, response: aiohttp.ClientResponse, url: URL) -> bytes:
        """The body, unpacked, never more than the cap in memory."""
        packed = response.headers.get("Content-Encoding", "identity").lower()
        if packed not in ("identity", "gzip", "x-gzip", "deflate"):
            raise Unreachable(f"{url.host}: packed its answer in a way we did not ask for")
        unpack = None if packed == "identity" else zlib.decompressobj(wbits=47)
        body = bytearray()
        async for piece in response.content.iter_chunked(PIECE):
            try:
                body += unpack.decompress(piece, self._max_body + 1 - len(body)) if unpack else piece
            except zlib.error:
                raise Unreachable(f"{url.host}: its packed answer is damaged") from None
            if len(body) > self._max_body:
                raise Unreachable(f"{url.host}: answered more than {self._max_body / 1e6:g} MB")
        if unpack and body and not unpack.eof:
            raise Unreachable(f"{url.host}: its packed answer was cut short")
        return bytes(body)


class _NoConnection(Unreachable):
    """This address did not take the connection; the host's next one may."""


_Answer = tuple[int, dict[str, str], bytes, str]


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _host(url: str) -> str:
    from yarl import URL

    return URL(url).host or "an address"


def _plainly(error: Exception, connect: timedelta) -> str:
    """What happened on the wire, in words; nothing of the request."""
    import aiohttp

    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate cannot be trusted ({getattr(error.certificate_error, 'verify_message', 'unknown reason')})"
        case aiohttp.ClientSSLError():
            return "no encrypted connection could be made"
        case aiohttp.ClientConnectorError():
            return (
                "connection refused" if isinstance(error.os_error, ConnectionRefusedError) else f"no connection ({_reason(error.os_error)})"
            )
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {connect.total_seconds():g} s"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | ConnectionResetError():
            return "hung up in the middle of its answer"
    return f"did not answer as a web server does ({type(error).__name__})"


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else type(error).__name__
