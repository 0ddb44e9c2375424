"""What each source has spent, and what its budget in the rules file still allows it.

Pure decisions about one source at a time. A budget that runs low does not end in silence: while a fifth of it is left everything is read;
then a sample of each look and how many there are; then only how many; and nothing when it is used up. Days and months are UTC's, as the
networks' own bills are. Staff hear of each turn for the worse, once a day.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from carebot.config.schema import Budget
from carebot.model import Batch, SelfReport, Text
from connectors.base import Allowance

SAMPLE_BELOW, COUNTS_BELOW = 0.2, 0.05  # of the budget
_MODES = ("full", "sample", "counts", "nothing")
_SAYS = {
    "sample": Text("Desde ahora {0} lee solo una muestra", "{0} reads only a sample from now on"),
    "counts": Text("Desde ahora {0} solo cuenta, nadie lee los mensajes", "{0} only counts from now on; nobody reads the messages"),
    "nothing": Text("{0} ya no se lee: presupuesto agotado", "{0} is not read any more: its budget is used up"),
}
_UNTIL = {
    "a_day": Text("El presupuesto de hoy se renueva a las 00:00 UTC.", "Today's budget is new again at 00:00 UTC."),
    "a_month": Text("El presupuesto del mes se renueva el día 1.", "The month's budget is new again on the 1st."),
}
_RAISE = Text(
    " Para leerlo todo, sube `budget` de esta fuente en rules.yaml.", " To read everything, raise this source's `budget` in rules.yaml."
)


class Spent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a source has cost since the day began, and in US dollars since the month did. `told`: the gravest mode said today."""

    day: str = ""
    requests: int = 0
    posts: int = 0
    month: str = ""
    money: float = 0.0
    told: str = "full"


def as_of(spent: Spent, now: datetime) -> Spent:
    """The same at this moment: a new day begins at nothing."""
    day, month = f"{now:%Y-%m-%d}", f"{now:%Y-%m}"
    if spent.month != month:
        return Spent(day=day, month=month)
    return spent if spent.day == day else Spent(day=day, month=month, money=spent.money)


def after(spent: Spent, batch: Batch, now: datetime) -> Spent:
    """With what this look cost."""
    known = as_of(spent, now)
    return replace(known, requests=known.requests + batch.requests, posts=known.posts + batch.posts, money=known.money + batch.money)


def allowance(budget: Budget | None, spent: Spent, now: datetime) -> Allowance | None:
    """What the next look may cost; None: nothing at all before the budget is new again."""
    if budget is None:
        return Allowance()
    known = as_of(spent, now)
    mode = _mode(budget, known)
    if mode == "nothing":
        return None
    left = [limit - used if limit else None for limit, used in ((budget.requests_a_day, known.requests), (budget.posts_a_day, known.posts))]
    return Allowance(mode, *left)  # type: ignore[arg-type]  # mode is one of the three that are left


def to_recheck(budget: Budget | None, spent: Spent, every: timedelta, at_once: int, now: datetime) -> int:
    """How many messages may be looked up again now. A place that takes them one by one asks for each: so of the day's requests, only the
    first tenth goes to that, or what is left when every look of the day is counted out. Who looks back must not stop listening."""
    left = allowance(budget, spent, now)
    if left is None or left.mode != "full":
        return 0
    if budget is None or left.requests is None or budget.requests_a_day is None:
        return at_once
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    used = budget.requests_a_day - left.requests
    spare = max(budget.requests_a_day // 10 - used, left.requests - math.ceil((midnight - now) / every))
    return max(min(at_once, spare), 0)


def told(source: str, budget: Budget | None, spent: Spent, now: datetime) -> tuple[Spent, SelfReport | None]:
    """What staff must hear, if the mode has become graver than what was said today."""
    known = as_of(spent, now)
    if budget is None or _MODES.index(mode := _mode(budget, known)) <= _MODES.index(known.told):
        return known, None
    until = _UNTIL["a_month" if budget.money_a_month and known.money >= (1 - SAMPLE_BELOW) * budget.money_a_month else "a_day"]
    says = _SAYS[mode]
    return replace(known, told=mode), SelfReport(
        id=f"budget:{source}:{known.day}:{mode}",
        reason="budget",
        headline=Text(says.es.format(source), says.en.format(source)),
        at=now,
        detail=Text(until.es + _RAISE.es, until.en + _RAISE.en),
    )


def _mode(budget: Budget, spent: Spent) -> str:
    """The gravest that any of the limits asks for. A limit on requests alone knows no sample: one look costs what it costs."""
    pairs = ((budget.posts_a_day, spent.posts), (budget.money_a_month, spent.money))
    left = min((1 - used / limit for limit, used in pairs if limit), default=1.0)
    if left <= 0 or (budget.requests_a_day and spent.requests >= budget.requests_a_day):
        return "nothing"
    return "counts" if left < COUNTS_BELOW else "sample" if left < SAMPLE_BELOW else "full"
