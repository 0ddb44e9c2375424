"""The one way out to the web: what carebot asks, from whom, for how long, and how much of the answer it takes.

An address in a feed, a redirect or a rules file may be bait for the inside of the bank. So a name is resolved once, every
address it gave is checked, and the connection goes to a checked address, never to the name again; each redirect starts over.
An answer is unpacked here, piece by piece, so that a small gzip cannot become a large memory. Errors name the host and
nothing else of an address: paths, queries and users carry other people's secrets.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Self, TypeVar

from carebot import __version__, clock
from carebot.effects.network.line_trouble import plainly
from carebot.effects.network.lines import Lines, Resolve
from carebot.effects.network.unpacking import Body
from carebot.errors import Throttled, Unreachable
from connectors.base import Reply
from connectors.limits import asked_to_wait

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

USER_AGENT = f"carebot/{__version__}"
REDIRECTS = 3
MAX_BODY = 5_000_000  # bytes, unpacked
PIECE = 65_536
MAX_FRAME = 1_000_000  # bytes of one websocket message
WAIT_USUAL = timedelta(minutes=1)
NOTHING: Mapping[str, str] = MappingProxyType({})

T = TypeVar("T")


class Client(Lines):
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
            trace_configs=[_nobody_is_sent_on()],
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()
        self._names.shutdown(wait=False, cancel_futures=True)

    async def get(self, url: str, *, headers: Mapping[str, str] = NOTHING, allow_private: bool = False, as_said: bool = False) -> Reply:
        return await self._whole("GET", url, headers, None, allow_private, as_said)

    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str] = NOTHING, allow_private: bool = False, as_said: bool = False
    ) -> Reply:
        """A redirect is an answer like any other here: what is sent goes to who was named, and to nobody else."""
        return await self._whole("POST", url, headers, body, allow_private, as_said)

    @asynccontextmanager
    async def frames(
        self, url: str, *, headers: Mapping[str, str] = NOTHING, allow_private: bool = False
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """A websocket's messages, as `wss://…` sends them, until they or we hang up. Nothing is sent but what keeps it open."""
        there = _url(url)
        if there.scheme not in ("wss", "ws") or not there.host:
            raise Unreachable(f"{there.host or 'an address'}: must be a wss:// address")
        there = there.with_scheme("https" if there.scheme == "wss" else "http")
        async with self._in_time(there):
            socket = await self._at_one_of(there, allow_private, lambda address: self._stream_at(address, there, headers))
        try:
            yield _messages(socket, there)
        finally:
            await socket.close()

    async def _whole(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, allow_private: bool, as_said: bool
    ) -> Reply:
        asked, started = _url(url), time.monotonic()
        async with self._in_time(asked):
            if method == "GET":
                status, theirs, said, at = await self._follow(asked, headers, allow_private)
            else:
                status, theirs, said, at = await self._ask(method, asked, headers, body, allow_private)
        reply = Reply(status=status, headers=theirs, body=said, url=at, took_ms=(time.monotonic() - started) * 1000)
        return reply if as_said else self._spoken(reply)

    @asynccontextmanager
    async def _in_time(self, url: URL) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                yield
        except TimeoutError:
            raise Unreachable(f"{url.host}: did not answer within {self._deadline.total_seconds():g} s") from None

    def _spoken(self, reply: Reply) -> Reply:
        """The reply, unless it only says: not now."""
        wait = asked_to_wait(reply.headers, self._clock()) if reply.status in (429, 503) else None
        if reply.status == 429 or (reply.status == 503 and wait):
            wait = wait or WAIT_USUAL
            raise Throttled(f"{_host(reply.url)}: answered {reply.status} and asks us to wait {wait.total_seconds():.0f} s", wait) from None
        return reply

    async def _follow(self, url: URL, headers: Mapping[str, str], allow_private: bool) -> _Answer:
        first, answer = url, await self._ask("GET", url, headers, None, allow_private)
        for _ in range(REDIRECTS):
            if answer[0] not in (301, 302, 303, 307, 308) or not (location := answer[1].get("location")):
                return answer
            try:
                url = url.join(type(url)(location))
            except ValueError:
                raise Unreachable(f"{url.host}: sends us on to an address that cannot be read") from None
            # What the operator wrote about the first place (go there although it is private; these headers) holds for it alone.
            same = url.host == first.host and (url.scheme, url.port) in ((first.scheme, first.port), ("https", 443))
            answer = await self._ask("GET", url, headers if same else NOTHING, None, allow_private and same)
        if answer[0] in (301, 302, 303, 307, 308):
            raise Unreachable(f"{first.host}: sends us on more than {REDIRECTS} times")
        return answer

    async def _ask(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None, allow_private: bool) -> _Answer:
        """One request, no redirects."""
        return await self._at_one_of(url, allow_private, lambda address: self._ask_at(address, method, url, headers, body))

    async def _at_one_of(self, url: URL, allow_private: bool, ask: Callable[[str], Awaitable[T]]) -> T:
        """The first address that takes the connection; each was checked."""
        trouble: Unreachable | None = None
        for address in await self._addresses(url, allow_private):
            try:
                return await ask(address)
            except _NoConnection as error:
                trouble = error
        assert trouble
        raise trouble

    async def _ask_at(self, address: str, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> _Answer:
        assert self._session, "use: async with Client() as http"
        with self._in_words(url):
            async with self._session.request(
                method,
                url.with_host(address),
                headers={**headers, "Host": url.host_port_subcomponent or ""},
                data=body,
                server_hostname=url.raw_host,
                allow_redirects=False,
            ) as response:
                theirs = _plain(response.headers)
                body_ = Body(url.host or "", theirs.get("content-encoding", ""), self._max_body)
                async for piece in response.content.iter_chunked(PIECE):
                    body_.take(piece)
                return response.status, theirs, body_.whole(), str(url)

    async def _stream_at(self, address: str, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientWebSocketResponse:
        assert self._session, "use: async with Client() as http"
        with self._in_words(url):
            return await self._session.ws_connect(
                url.with_host(address),
                headers={**headers, "Host": url.host_port_subcomponent or ""},
                server_hostname=url.raw_host,
                heartbeat=20,
                max_msg_size=MAX_FRAME + 1,  # aiohttp refuses one of exactly so many
            )

    @contextmanager
    def _in_words(self, url: URL) -> Iterator[None]:
        """What goes wrong on the wire, as a trouble. Always `from None`: aiohttp's errors carry the whole address and the headers."""
        import aiohttp

        try:
            yield
        except (aiohttp.WSServerHandshakeError, _SentOn) as error:
            self._spoken(Reply(status=error.status, headers=_plain(error.headers or {}), body=b"", url=str(url), took_ms=0))
            raise Unreachable(f"{url.host}: answered {error.status} where a stream should open") from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _NoConnection(f"{url.host}: {plainly(error, self._connect)}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{url.host}: {plainly(error, self._connect)}") from None
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
        found = await self._checked(url.raw_host or "", url.port, allow_private=allow_private, encrypted=url.scheme == "https")
        return found[:3]

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._names, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class _NoConnection(Unreachable):
    """This address did not take the connection; the host's next one may."""


class _SentOn(Exception):
    """A redirect where a stream should open. aiohttp would follow it, with all headers, to an address nobody checked (3.14)."""

    def __init__(self, status: int) -> None:
        self.status, self.headers = status, NOTHING


_Answer = tuple[int, dict[str, str], bytes, str]


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    """By lower-case names, each once, in letters that can be written down again."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        joined[key] = (f"{joined[key]}, " if key in joined else "") + value.encode(errors="replace").decode()
    return joined


def _url(written: str) -> URL:
    from yarl import URL

    try:
        return URL(written)
    except ValueError:
        raise Unreachable("an address cannot be read. Write it whole, as in https://example.com/feed") from None


def _host(url: str) -> str:
    from yarl import URL

    return URL(url).host or "an address"


async def _messages(socket: aiohttp.ClientWebSocketResponse, url: URL) -> AsyncIterator[bytes]:
    import aiohttp

    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            yield message.data.encode("utf-8", "replace")
        elif message.type is aiohttp.WSMsgType.BINARY:
            yield message.data
        elif socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            raise Unreachable(f"{url.host}: sent a message of more than {MAX_FRAME / 1e6:g} MB")
        else:
            raise Unreachable(f"{url.host}: its stream broke off")


def _nobody_is_sent_on() -> aiohttp.TraceConfig:
    import aiohttp

    async def stop(_: object, __: object, asked: aiohttp.TraceRequestRedirectParams) -> None:
        asked.response.close()
        raise _SentOn(asked.response.status)

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(stop)
    return trace
