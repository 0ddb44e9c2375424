"""A page as its place describes it, with a few things in it as nobody would: what a hostile or broken server answers."""

from __future__ import annotations

import json
from random import Random
from typing import Any

STRANGE: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**31, 2**63, 10**300, 1e308, float("inf"), float("nan"), "", "x", "5", "-5", "9" * 400, chr(0xD800), "\0", "٣"),
    *([], {}, [None], [[]], {"": None}, {"label": 5}, {"id": {"id": []}}, "1e999", "2026-13-45", "0001-01-01T00:00:00+14:00", "9999-12-31"),
)  # fmt: skip


def mangled(page: Any, seed: int, *, rate: float = 0.06) -> Any:
    """The page with about so many of its values exchanged, dropped, or said twice. The same seed, the same page."""
    return _mangled(page, Random(seed), rate)


def _mangled(value: Any, dice: Random, rate: float) -> Any:
    if dice.random() < rate:
        return dice.choice(STRANGE)
    if isinstance(value, dict):
        return {key: _mangled(each, dice, rate) for key, each in value.items() if dice.random() > rate / 2}
    if isinstance(value, list):
        return [_mangled(each, dice, rate) for each in value for _ in range(1 + (dice.random() < rate))]
    return value


def body(page: Any) -> bytes:
    return json.dumps(page).encode()
