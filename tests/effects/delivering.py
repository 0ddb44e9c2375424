"""What a process does that says N alerts in Slack, as carebot does: real database, real outbox, real sender. It is there to be killed.

Its waits are cut short, as Slack is next door; it ends when all is said. Only ever run in a process of its own: it changes constants.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from carebot.clock import machine
from carebot.decide.telling import delivery
from carebot.effects.database.store import Store
from carebot.effects.telling import sender
from carebot.effects.telling.destinations import Destination
from carebot.effects.telling.outbox import Rows
from carebot.effects.telling.slack import Slack
from tests.effects import outgoing
from tests.effects.loopback_slack import LoopbackSlack

delivery.FIRST_WAIT = timedelta(seconds=0.05)
delivery.LONGEST_WAIT = timedelta(seconds=0.2)
sender.SETTLE = timedelta(seconds=0.1)


async def say(db: Path, url: str, many: int, design: type[sender.Sender]) -> None:
    store, thread = Store(db), ThreadPoolExecutor(1)  # one thread for the store, as in the daemon: it has one connection

    async def in_loop(work: Callable[..., Any], *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(thread, work, *values)

    slack = Slack(LoopbackSlack().token, "#care-desk", language="en", zone=ZoneInfo("UTC"), base_url=url, request_limit_s=1)
    destinations: dict[str, Destination] = {"desk": slack, delivery.TERMINAL: outgoing.Fallback()}
    one = design(destinations, Rows(in_loop, store), machine, pace=timedelta(0), send_limit=timedelta(seconds=0.4))
    work = asyncio.create_task(one.run())
    for number in range(many):
        about = outgoing.alert(f"n{number}", at=machine(), incident=f"in-{number}", severity=2)
        await in_loop(lambda about=about: store.record(fresh=[about]))
        one.wake()
        await asyncio.sleep(0.02)
    while await in_loop(store.waiting_deliveries):
        await asyncio.sleep(0.05)
        one.wake()
    work.cancel()


def main(db: Path, url: str, many: int, design: str) -> None:
    logging.disable(logging.CRITICAL)
    chosen = {"WithoutLooking": outgoing.WithoutLooking, "MarkedFirst": outgoing.MarkedFirst}.get(design, sender.Sender)
    asyncio.run(say(db, url, many, chosen))
