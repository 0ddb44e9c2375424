"""Lines that are not the web's: what a name resolves to, whether a port takes a connection, and a mailbox's encrypted line.

Part of the one way out (`http`), with the same rules: a name is resolved once, every address it gave is checked, and the
connection goes to a checked address. To be told that a port answers, nothing is said to it; whoever wants to speak speaks encrypted.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta

from carebot.effects.network.addresses import is_allowed
from carebot.errors import Unreachable
from connectors.base import Handshake

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
LONGEST_LINE = 1_000_000  # bytes: a search in a full mailbox answers with 90,000 numbers in one


class Lines:
    """What the client does besides the web. `Client` says how long it waits, whom it trusts and how it resolves."""

    _deadline: timedelta
    _connect: timedelta
    _trust: ssl.SSLContext | None
    _resolve: Resolve

    async def resolve(self, host: str, *, allow_private: bool = False) -> tuple[str, ...]:
        async with self._before(host, self._deadline):
            return tuple(await self._checked(host, 443, allow_private=allow_private))

    async def connect(self, host: str, port: int, *, tls: bool = True, allow_private: bool = False) -> Handshake:
        _, writer, handshake = await self._opened(host, port, tls=tls, allow_private=allow_private)
        writer.transport.abort()
        return handshake

    @asynccontextmanager
    async def line(
        self, host: str, port: int, *, allow_private: bool = False
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer, _ = await self._opened(host, port, tls=True, allow_private=allow_private)
        try:
            with _in_words(host, self._connect):
                yield reader, writer
        finally:
            writer.transport.abort()

    async def _opened(
        self, host: str, port: int, *, tls: bool, allow_private: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, Handshake]:
        trouble: Unreachable | None = None
        async with self._before(host, self._deadline):
            for address in (await self._checked(host, port, allow_private=allow_private))[:3]:
                try:
                    return await self._opened_at(address, host, port, tls=tls)
                except Unreachable as error:
                    trouble = error
        assert trouble
        raise trouble

    async def _opened_at(
        self, address: str, host: str, port: int, *, tls: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, Handshake]:
        trust = (self._trust or ssl.create_default_context()) if tls else None
        started = time.monotonic()
        async with self._before(host, self._connect):
            with _in_words(host, self._connect):
                reader, writer = await asyncio.open_connection(
                    address, port, ssl=trust, server_hostname=host if tls else None, limit=LONGEST_LINE
                )
        seen = writer.get_extra_info("peercert") or {}
        ends = seen.get("notAfter")
        return (
            reader,
            writer,
            Handshake(
                took_ms=(time.monotonic() - started) * 1000,
                not_after=datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None,
            ),
        )

    async def _checked(self, host: str, port: int, *, allow_private: bool, encrypted: bool = True) -> list[str]:
        """The addresses of the host, each of them allowed."""
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError, ValueError):
            raise Unreachable(f"{host}: the name is not known. Is it written as it should be?") from None
        if not found or not all(is_allowed(address, allow_private=allow_private, encrypted=encrypted) for address in found):
            raise Unreachable(
                f"{host}: is not an address on the public internet. If it is one of ours, write `allow_private: true` at the source"
            )
        return list(found)

    @asynccontextmanager
    async def _before(self, host: str, longest: timedelta) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(longest.total_seconds()):
                yield
        except TimeoutError:
            raise Unreachable(f"{host}: no connection within {longest.total_seconds():g} s") from None


@contextmanager
def _in_words(host: str, connect: timedelta) -> Iterator[None]:
    """What goes wrong on the line, as a trouble."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"{host}: its certificate cannot be trusted ({error.verify_message})") from None
    except ssl.SSLError:
        raise Unreachable(f"{host}: no encrypted connection could be made") from None
    except ConnectionRefusedError:
        raise Unreachable(f"{host}: connection refused") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        raise Unreachable(f"{host}: hung up in the middle of its answer") from None
    except asyncio.LimitOverrunError:
        raise Unreachable(f"{host}: sent a line of more than {LONGEST_LINE:,} bytes") from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else type(error).__name__
        raise Unreachable(f"{host}: no connection ({why})") from None
