"""Asks what it is told to ask, in a process whose memory is limited, and says what each answer cost: one JSON line for each address read."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
from datetime import timedelta
from pathlib import Path

from carebot.effects.network.http import Client
from carebot.errors import Trouble

DEADLINE = timedelta(seconds=0.4)


def spent() -> tuple[float, int]:
    """Processor seconds, and the most memory so far in bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())  # ru_maxrss begins with what the parent had
    assert peak
    return used.ru_utime + used.ru_stime, int(peak[1]) * 1024


async def ask(http: Client, url: str) -> str:
    try:
        if not url.startswith("ws"):
            return f"{len((await http.get(url, allow_private=True)).body)} bytes"
        async with asyncio.timeout(DEADLINE.total_seconds()), http.frames(url, allow_private=True) as messages:
            return f"{sum([len(message) async for message in messages])} bytes"
    except (Trouble, TimeoutError) as trouble:
        return f"{type(trouble).__name__}: {trouble}"


async def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    async with Client(deadline=DEADLINE) as http:
        for line in sys.stdin:
            before, size = spent()
            said = await ask(http, line.strip())
            after, grown = spent()
            print(json.dumps({"said": said, "cpu_s": round(after - before, 3), "grown": grown - size}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
