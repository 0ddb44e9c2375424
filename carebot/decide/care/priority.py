"""How urgent is a case? The one place where that is decided: what has happened to the customer, and, as one input among others, reach.

An alert's own reason says how grave it is. Two of the weights below together raise it by one level; one alone, a large audience too,
raises nothing. Who is stranded or robbed is as grave as a case can be with 50 followers or with none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from carebot.decide.care.desk import owed_since
from carebot.model import Case, Reason

GRAVE: dict[Reason, int] = {"moment": 2, "fraud": 3, "sla_breached": 3, "hand_offs": 3, "promise_broken": 3, "repeat": 3}  # others: 4
GRAVEST = 2  # 1 is for what everybody feels
LARGE = 10_000  # followers
LONG = timedelta(hours=24)


def weights(case: Case, reason: Reason | None, now: datetime) -> Iterator[str]:
    """What makes the case weigh more than its like, beside the reason itself, as codes."""
    if case.audience >= LARGE:
        yield f"audience:{case.audience}"
    if len(case.returns) >= 3 and reason != "repeat":
        yield "third_contact"
    if case.hand_offs >= 2 and reason != "hand_offs":
        yield f"hand_offs:{case.hand_offs}"
    if reason != "promise_broken" and any(clock.kind == "promise" and clock.breached_at for clock in case.clocks):
        yield "promise_broken"
    if (since := owed_since(case)) and now - since >= LONG:
        yield f"waiting_h:{(now - since) // timedelta(hours=1)}"
    if case.reopened and reason != "repeat":
        yield "reopened"
    yield from (need for need in case.needs if need in ("moment", "fraud", "churn") and need != reason)


def severity(case: Case, reason: Reason, now: datetime) -> int:
    """2 to 4, as an alert has it."""
    raised = sum(1 for _ in weights(case, reason, now)) >= 2
    return max(GRAVEST, (4 if only_warns(case, reason) else GRAVE.get(reason, 4)) - raised)


def only_warns(case: Case, reason: Reason) -> bool:
    """Is it told of a fraud that caught nobody? It can wait for others like it."""
    return reason == "fraud" and "fraud" not in case.needs


def is_urgent(case: Case) -> bool:
    """Is it told by itself and at once, where others wait to be told together?"""
    return not {"moment", "fraud"}.isdisjoint(case.needs)


def order(case: Case, now: datetime) -> tuple[bool, int, datetime]:
    """By this, the most urgent come first."""
    return not is_urgent(case), -sum(1 for _ in weights(case, None, now)), owed_since(case) or case.opened_at
