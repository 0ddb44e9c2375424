"""A page, read in a process of its own: with nothing in its environment, little memory, and little time."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from contextlib import suppress

import msgspec

from carebot.errors import Unreachable
from connectors.entries.page import Page, Said, read

PATIENCE_S, CPU_S, MEMORY = 20, 5, 1 << 30  # for one page; an ordinary one takes 0.1 s


def read_apart(page: Page) -> Said:
    """`read`, in a process of its own with nothing in its environment."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", "from connectors.entries.apart import main; main()"],
            input=msgspec.msgpack.encode(page),
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
        )
    except subprocess.SubprocessError:
        raise Unreachable(f"{page.name}: the feed could not be read in the time and memory we give it. Ask for a shorter one") from None
    said = msgspec.msgpack.decode(done.stdout, type=Said)
    if said.trouble:
        raise Unreachable(said.trouble)
    return said


def main() -> None:
    with suppress(OSError, ValueError):  # systemd/carebot.service forbids it; PATIENCE_S and MemoryMax= hold there
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        said = read(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Page))
    except Unreachable as error:
        said = Said(trouble=str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(said))
