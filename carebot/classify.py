"""`carebot classify`: JSON lines in, verdicts out, line by line and without waiting for the end.

Lines are taken as they come: what has arrived while the last batch was read is the next batch. So a slow producer gets each
answer at once and a fast one gets whole batches, in the same order, with memory bounded by MOST lines.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from msgspec.structs import replace

from carebot.loop import understand
from carebot.model import Message, Refusal
from carebot.replay import lines
from carebot.understand.embedded import Reader
from carebot.understand.normalise import plain, tame
from carebot.understand.redact import redact
from carebot.understand.screen import Screened
from carebot.understand.verdicts import Verdicts
from carebot.wire import asked, verdict_line

if TYPE_CHECKING:
    from carebot.effects.reading.models import Models

MOST = 1000


def classify(
    stream: BinaryIO,
    reader: Reader,
    say: Callable[[bytes], object],
    refuse: Callable[[Refusal], object],
    models: Models | None = None,
) -> tuple[int, int]:
    """Reads the stream to its end; returns how many lines were answered and how many refused. `models`: who else is asked."""
    answered, refused, number = 0, 0, 0
    for batch in batches(stream):
        messages: list[Message] = []
        for item in asked(batch, source="stdin", first_line=number + 1):
            if isinstance(item, Message):
                messages.append(item)
            else:
                refused += 1
                refuse(item)
        number += len(batch)
        verdicts = verdicts_of(messages, reader, models)
        say(b"".join(verdict_line(message.id, verdicts.row(row)) for row, message in enumerate(messages)))
        answered += len(messages)
    return answered, refused


def verdicts_of(messages: list[Message], reader: Reader, models: Models | None = None) -> Verdicts:
    """Verdicts as `run` would give them: on the tamed and redacted text."""
    texts = redact([tame(message.text) for message in messages])
    known = tuple(replace(message, text=text) for message, text in zip(messages, texts, strict=True))
    return understand(reader, Screened(known, tuple(plain(text) for text in texts), ()), models)


def batches(stream: BinaryIO) -> Iterator[list[bytes]]:
    """What has arrived, up to MOST lines at a time. The thread that reads blocks on a full queue, so nothing piles up."""
    arrived: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=MOST)

    def read() -> None:
        try:
            for line in lines(stream):
                arrived.put(line)
            arrived.put(None)
        except BaseException as error:
            arrived.put(error)

    threading.Thread(target=read, daemon=True, name="carebot-stdin").start()
    while True:
        batch: list[bytes] = []
        item = arrived.get()
        while isinstance(item, bytes):
            batch.append(item)
            if len(batch) == MOST or arrived.empty():
                break
            item = arrived.get()
        if batch:
            yield batch
        if isinstance(item, BaseException):
            raise item
        if item is None:
            return
