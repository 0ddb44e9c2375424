"""Answers made to hurt cost bounded memory and end in a trouble we know. They are asked for in a process of their own, which is measured."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import itertools
import json
import struct
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="what a process used is read from /proc")
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ZEROS = bytes(1 << 16)


def packed(encoding: bytes, *rest: bytes) -> bytes:
    return OK + b"Content-Encoding: " + encoding + b"\r\nConnection: close\r\n\r\n" + b"".join(rest)


@cache
def squeezed(megabytes: int, wbits: int = 31) -> bytes:
    packer = zlib.compressobj(9, wbits=wbits)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


def then_for_ever(first: bytes, more: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.chain([first], itertools.repeat(more))


def a_byte_at_a_time(said: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (bytes([letter]) for letter in itertools.chain(said, itertools.repeat(said[-1])))


STREAM = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n"
EMPTY_MEMBER = gzip.compress(b"", mtime=0)
ENDLESS_NAME = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03" + b"n" * 1000  # a gzip header whose file name has no end
EMPTY_BLOCKS = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\x00\x00\x00\xff\xff" * 1000

BOMBS: dict[str, tuple[Callable[[], Iterator[bytes]], str]] = {
    "100 MB in a gzip": (lambda: iter([packed(b"gzip", squeezed(100))]), "answered more than 5 MB"),
    "100 MB in a deflate": (lambda: iter([packed(b"deflate", squeezed(100, 15))]), "answered more than 5 MB"),
    "a gzip in a gzip": (lambda: iter([packed(b"gzip, gzip", gzip.compress(squeezed(100)))]), "a way we did not ask for"),
    "a gzip in a gzip, said twice": (lambda: iter([packed(b"gzip\r\nContent-Encoding: gzip", gzip.compress(squeezed(100)))]), "a way we did not ask for"),
    "a gzip in a gzip, said once": (lambda: iter([packed(b"gzip", gzip.compress(squeezed(100)))]), "bytes"),
    "brotli nobody asked for": (lambda: iter([packed(b"br", b"\x00")]), "a way we did not ask for"),
    "many gzips in a row": (then_for_ever(packed(b"gzip"), squeezed(1)), "answered more than 5 MB"),
    "empty gzips for ever": (then_for_ever(packed(b"gzip"), EMPTY_MEMBER * 1000), "is damaged"),
    "a gzip, then zeros for ever": (then_for_ever(packed(b"gzip", gzip.compress(b"hola")), ZEROS), "is damaged"),
    "a gzip that only says its name": (then_for_ever(packed(b"gzip", ENDLESS_NAME), b"n" * 65_536), "answered more than 5 MB"),
    "a gzip of nothing for ever": (then_for_ever(packed(b"gzip", EMPTY_BLOCKS), b"\x00\x00\x00\xff\xff" * 10_000), "answered more than 5 MB"),
    "a body without an end": (then_for_ever(OK + b"Connection: close\r\n\r\n", ZEROS), "answered more than 5 MB"),
    "a body said to be an exabyte": (then_for_ever(OK + b"Content-Length: 1000000000000000000\r\n\r\n", ZEROS), "answered more than 5 MB"),
    "chunks without an end": (then_for_ever(CHUNKED, b"10000\r\n" + ZEROS + b"\r\n"), "answered more than 5 MB"),
    "chunks of one byte": (then_for_ever(CHUNKED, b"1\r\nx\r\n" * 10_000), ""),
    "a chunk said to be 2**64 bytes": (then_for_ever(CHUNKED + b"ffffffffffffffff\r\n", ZEROS), ""),
    "a chunk size without an end": (then_for_ever(CHUNKED, b"0" * 65_536), ""),
    "a chunk extension without an end": (then_for_ever(CHUNKED + b"1;", b"x" * 65_536), ""),
    "trailers without an end": (then_for_ever(CHUNKED + b"0\r\n", b"X-A: b\r\n" * 5_000), ""),
    "headers without an end": (then_for_ever(OK, b"X-A: b\r\n" * 5_000), ""),
    "one header without an end": (then_for_ever(OK + b"X-A: ", b"b" * 65_536), ""),
    "a first line without an end": (then_for_ever(b"HTTP/1.1 200 ", b"O" * 65_536), ""),
    "go on, go on, for ever": (then_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000), ""),
    "hints for ever": (then_for_ever(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 2_000), ""),
    "a header a byte at a time": (a_byte_at_a_time(OK + b"X-A: b"), "did not answer within"),
    "a body a byte at a time": (a_byte_at_a_time(OK + b"Content-Length: 100000\r\n\r\nx"), "did not answer within"),
    "chunks a byte at a time": (a_byte_at_a_time(CHUNKED + b"fffff\r\nx"), "did not answer within"),
    "ws: a message said to be 2**62 bytes": (then_for_ever(STREAM + b"\x82\x7f" + struct.pack("!Q", 1 << 62), ZEROS), "more than 1 MB"),
    "ws: a message in pieces without an end": (then_for_ever(STREAM + b"\x02\x01x", b"\x00\x7e\xff\xff" + bytes(0xFFFF)), "more than 1 MB"),
    "ws: a message in empty pieces without an end": (then_for_ever(STREAM + b"\x02\x00", b"\x00\x00" * 10_000), ""),
    "ws: pings without an end": (then_for_ever(STREAM, b"\x89\x02hi" * 10_000), ""),
    "ws: a packed message nobody agreed on": (then_for_ever(STREAM + b"\xc2\x05" + b"x" * 5, ZEROS), "broke off"),
    "ws: no stream but a header without an end": (then_for_ever(b"HTTP/1.1 101 OK\r\nX-A: ", b"b" * 65_536), ""),
}  # fmt: skip


def accepted(asked: bytes) -> bytes:
    key = asked.lower().partition(b"sec-websocket-key:")[2]
    key = asked[len(asked) - len(key) :].partition(b"\r\n")[0].strip()
    return base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())


@asynccontextmanager
async def bombing(bomb: Callable[[], Iterator[bytes]]) -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = await reader.readuntil(b"\r\n\r\n")
            for piece in bomb():
                writer.write(piece.replace(b"ACCEPT", accepted(asked)) if piece.startswith(STREAM[:12]) else piece)
                await writer.drain()
                await asyncio.sleep(0.01 if len(piece) == 1 else 0)
            writer.close()
            await writer.wait_closed()  # what is still to be sent is sent
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


@pytest.fixture(scope="module")
def costs() -> dict[str, dict[str, float | str]]:
    """What each bomb did to a process that may have 1 GB."""

    async def drop_all() -> dict[str, dict[str, float | str]]:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.effects.bomb_child", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        assert child.stdin
        assert child.stdout
        costs = {}
        squeezed(100), squeezed(100, 15)  # takes a second, which the child would wait for
        for name, (bomb, _) in {"": (lambda: iter([OK + b"Content-Length: 4000000\r\n\r\n" + bytes(4_000_000)]), ""), **BOMBS}.items():
            async with bombing(bomb) as address:
                child.stdin.write(f"{'ws' if name.startswith('ws:') else 'http'}://{address}\n".encode())
                costs[name] = json.loads(await asyncio.wait_for(child.stdout.readline(), 60))
        child.stdin.close()
        await child.wait()
        return costs

    return asyncio.run(drop_all())


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_left_within_the_time_and_the_memory_of_an_ordinary_answer(name: str, costs: dict[str, dict[str, float | str]]) -> None:
    said, grown = str(costs[name]["said"]), float(costs[name]["grown"])
    assert BOMBS[name][1] in said
    assert said.startswith(
        ("Unreachable: 127.0.0.1: ", "TooLarge: 127.0.0.1: ", "TimeoutError" if name.startswith("ws:") else "Unreachable")
    ) or name.endswith("said once")
    assert grown < 25_000_000


def test_an_ordinary_answer_is_taken_and_all_bombs_together_leave_little_behind(costs: dict[str, dict[str, float | str]]) -> None:
    assert costs[""]["said"] == "4000000 bytes"
    assert sum(float(cost["grown"]) for name, cost in costs.items() if name) < 60_000_000
