"""The one way out, for every test of a connector that asks over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from carebot.effects.network.http import Client


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Client]:
    async with Client() as client:
        yield client
