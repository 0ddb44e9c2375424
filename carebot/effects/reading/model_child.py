"""The other end of `model_worker`: a process that holds a model, the user's or ours, and may die of it.

It speaks through the socket it was given as standard input: a length of four bytes, then msgpack. One `Settings` comes in, one `Ready`
(or `Trouble`) goes out, then `Texts` in and `Rows` out until the socket closes. Whatever else a library prints goes to standard error,
and after loading nowhere: from then on it could be a customer's words.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.understand.encoder import SHIPPED, Encoder
from carebot.understand.transformer import LONGEST, TOGETHER, Model, NotANumber

LARGEST = 16 << 20  # bytes of a frame; 256 texts of 1,000 letters are at most 1 MB
_LENGTH = struct.Struct("!I")
_NO_MEMORY = re.compile("(?i)can(?:no|')t allocate memory|bad_?alloc|failed to allocate memory")


class Settings(msgspec.Struct, frozen=True, tag="settings"):
    """Which model to hold, and how.

    kind    a sentiment model of the user's, or the encoder of our full tier
    model   a folder; of a sentiment model also a name on the hub, of the encoder also "", the shipped one
    """

    kind: Literal["sentiment", "encoder"]
    model: str = ""
    device: str = "cpu"
    labels: dict[str, str] = {}
    memory_mb: int = 2048


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Loaded, and it answers. `slowest_s`: seconds for a text of the longest kind."""

    slowest_s: float


class Trouble(msgspec.Struct, frozen=True, tag="trouble"):
    """It cannot go on. `what` is for the operator and never holds a message's text."""

    what: str


class Texts(msgspec.Struct, frozen=True, tag="texts"):
    texts: list[str]


class Rows(msgspec.Struct, frozen=True, tag="rows"):
    """What the model answers to each text: little-endian float32, row by row."""

    rows: bytes


Frame = Settings | Ready | Trouble | Texts | Rows
_decoder = msgspec.msgpack.Decoder(Frame)
Look = Callable[[Sequence[str]], NDArray[np.float32]]  # texts in, a row for each out


# ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────


def send(line: socket.socket, frame: Frame, deadline: float | None = None) -> None:
    """Raises TimeoutError at the deadline (time.monotonic), OSError when nobody listens any more."""
    body = msgspec.msgpack.encode(frame)
    line.settimeout(_left(deadline))
    line.sendall(_LENGTH.pack(len(body)) + body)


def hear(line: socket.socket, deadline: float | None = None) -> Frame:
    """The next frame. Raises TimeoutError at the deadline, EOFError at the end, ValueError for what is no frame."""
    (length,) = _LENGTH.unpack(_exactly(line, _LENGTH.size, deadline))
    if length > LARGEST:
        raise ValueError("a frame is too long")
    try:
        frame: Frame = _decoder.decode(_exactly(line, length, deadline))
    except msgspec.MsgspecError as error:
        raise ValueError("no frame") from error
    return frame


def _exactly(line: socket.socket, size: int, deadline: float | None) -> bytes:
    got = bytearray()
    while len(got) < size:
        line.settimeout(_left(deadline))
        piece = line.recv(min(size - len(got), 1 << 20))
        if not piece:
            raise EOFError
        got += piece
    return bytes(got)


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline - time.monotonic(), 0.001)


# ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────


def serve(load: Callable[[Settings], Look]) -> None:
    """Speaks on standard input until it closes. `load` may raise whatever a library raises for a model that cannot be used."""
    line = socket.socket(fileno=os.dup(0))
    _point(0, os.devnull)
    os.dup2(2, 1)
    threading.Thread(target=_leave_with_the_parent, args=(line,), daemon=True).start()
    settings = hear(line)
    assert isinstance(settings, Settings)
    _be_modest(settings.memory_mb)
    try:
        look = load(settings)
        slowest = _timed(look)
    except Exception as error:  # the libraries' own kinds of error have no common parent
        send(line, Trouble(_told(error, settings)))
        return
    _point(2, os.devnull)
    _point(1, os.devnull)
    send(line, Ready(slowest))
    while isinstance(asked := hear(line), Texts):
        send(line, _answer(look, asked.texts))


def _answer(look: Look, texts: list[str]) -> Rows | Trouble:
    try:
        return Rows(look(texts).astype("<f4").tobytes())
    except NotANumber as error:
        return Trouble(str(error))
    except Exception as error:
        return Trouble(f"{type(error).__name__} while it read a message")  # the error's own words may be the customer's


def _timed(look: Look) -> float:
    """Seconds for one of the longest texts, from the second pass: the first one warms up. Also shows that it answers at all."""
    longest = ["palabra " * LONGEST] * TOGETHER
    look(longest)
    began = time.perf_counter()
    look(longest)
    return (time.perf_counter() - began) / TOGETHER


def _told(error: Exception, settings: Settings) -> str:
    own = settings.kind == "sentiment"
    if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
        return f"it needs more memory than {'memory_mb allows' if own else f'the {settings.memory_mb} MB it may take'}"
    if isinstance(error, ImportError):
        return f"{error.name or 'a package'} is missing here: pip install 'carebot[{'transformers' if own else 'full'}]'"
    return " ".join(f"{error}".split())[:300] or type(error).__name__


def _be_modest(memory_mb: int) -> None:
    """Takes no more memory than allowed, and is the first to go when the machine has none left. Where the system allows it.

    RLIMIT_DATA and not RLIMIT_AS: a model's file is mapped as well as read, and a 1.1 GB model that works in 1.4 GB asks for 2.8 GB of
    addresses (measured with torch 2.13). What graphics cards map counts for neither.
    """
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
    with contextlib.suppress(OSError):
        os.nice(5)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")


def _leave_with_the_parent(line: socket.socket) -> None:
    """A model that computes for a minute must not do so for nobody."""
    gone = select.poll()
    gone.register(line, select.POLLRDHUP if hasattr(select, "POLLRDHUP") else 0)
    gone.poll()
    os._exit(0)


def _point(number: int, path: str) -> None:
    file = os.open(path, os.O_RDWR)
    os.dup2(file, number)
    os.close(file)


def _load(settings: Settings) -> Look:
    if settings.kind == "encoder":
        return Encoder(Path(settings.model) if settings.model else SHIPPED).logits
    folder = os.path.isdir(settings.model)
    if folder and not os.path.isfile(os.path.join(settings.model, "config.json")):
        raise ValueError("it is a folder without config.json: save a model there with save_pretrained")
    if not folder and settings.model.startswith((".", "/", "~")):
        raise ValueError("there is no such folder, or carebot may not look into it. Write the whole path, from / on")
    local = folder or os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
    return Model(settings.model, device=settings.device, labels=settings.labels, local=local).sentiment


if __name__ == "__main__":
    with contextlib.suppress(EOFError, OSError):
        serve(_load)
