"""`carebot cost`: what a month of listening would cost by the rules file, before the first call is made.

Each kind of source knows its own prices (`connectors.base.estimate`); how much is said in a day comes from the database where there is one
already, else from whoever asks. A source's budget is its upper limit whatever is said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from carebot.config.schema import Budget, Rulebook
from connectors.base import MONTH, Estimate, estimate, found

POSTS_A_DAY = 2000.0  # of one source, where nobody knows better
_DAYS = MONTH.total_seconds() / 86_400


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """One source's month. `limited`: its budget is less than it would take, and this is the budget's."""

    source: str
    kind: str
    posts_a_day: float
    requests: float
    posts: float
    money: float
    limited: bool = False
    note: str = ""


def costs(rulebook: Rulebook, posts_a_day: Mapping[str, float], otherwise: float) -> list[Cost]:
    """Every source that is not paused. posts_a_day: by source, where that is known; otherwise: of the others."""
    known = found()
    said = []
    for source in rulebook.file.sources:
        if source.paused:
            continue
        module = known[source.kind]()
        daily = posts_a_day.get(source.name, otherwise)
        month = estimate(module, module.Options.model_validate(source.options), source.every, daily)
        bounded, limited = _bounded(month, source.budget)
        said.append(
            Cost(
                source=source.name,
                kind=source.kind,
                posts_a_day=daily,
                requests=bounded.requests,
                posts=bounded.posts,
                money=bounded.money,
                limited=limited,
                note=month.note,
            )
        )
    return said


def _bounded(month: Estimate, budget: Budget | None) -> tuple[Estimate, bool]:
    if budget is None:
        return month, False
    requests = min(month.requests, (budget.requests_a_day or float("inf")) * _DAYS)
    posts = min(month.posts, (budget.posts_a_day or float("inf")) * _DAYS)
    share = min(1.0, posts / month.posts if month.posts else 1.0, requests / month.requests if month.requests else 1.0)
    money = min(month.money * share, budget.money_a_month or float("inf"))
    return Estimate(requests, posts, money, month.note), (requests, posts, money) != (month.requests, month.posts, month.money)


def heard_a_day(db: Path) -> dict[str, float]:
    """Messages a day of each source over the last week that this database knows; empty without one."""
    if not db.is_file():
        return {}
    reading = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        found_ = reading.execute(
            "SELECT heard_from, count(*), max(posted_at) - min(posted_at) FROM messages"
            " WHERE posted_at > (SELECT max(posted_at) FROM messages) - 604800000 AND heard_from != '' GROUP BY heard_from"
        )
        return {source: count / max(span / 86_400_000, 1.0) for source, count, span in found_}
    except sqlite3.OperationalError:
        return {}
    finally:
        reading.close()


def lines(said: Sequence[Cost]) -> list[str]:
    """The same for people: a table, and what it comes to."""
    told = [f"{'source':<24}{'kind':<14}{'posts a day':>12}{'requests':>12}{'posts':>12}{'USD a month':>14}"]
    for one in said:
        money = f"{one.money:,.2f}{' *' if one.limited else ''}"
        told.append(f"{one.source:<24}{one.kind:<14}{one.posts_a_day:>12,.0f}{one.requests:>12,.0f}{one.posts:>12,.0f}{money:>14}")
        if one.note:
            told.append(f"    {one.note}")
    told.append(f"{'in all':<62}{sum(one.posts for one in said):>12,.0f}{sum(one.money for one in said):>14,.2f}")
    if any(one.limited for one in said):
        told.append("* as far as its budget goes; after that it reads a sample, then only counts")
    return told
