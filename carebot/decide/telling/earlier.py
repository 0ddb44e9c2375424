"""What a card says for the earlier ones that it made needless, and who of the channel sees it.

While a destination takes nothing, the latest card of an incident stands for those before it (`delivery.coalesce`). It is whole, so nothing
is lost of what they showed; but they owed something too: an answer to whoever waits since then, and to the whole channel that it got
graver, or is over. Their heir pays that.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from carebot.decide.telling.delivery import since, thread, unheard
from carebot.model import Alert, Delivery, Earlier


def heirs(deliveries: Sequence[Delivery], needless: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """Those that now speak for the `needless` ones, with what these owe."""
    gone = {delivery.id for delivery in needless}
    owed: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in sorted(deliveries, key=lambda delivery: delivery.alert.at):
        if delivery.id in gone and not delivery.quiet:
            owed.setdefault(thread(delivery), []).append(delivery)
    left = [one for one in deliveries if one.state == "new" and one.id not in gone and not one.quiet and thread(one) in owed]
    return tuple(replace(one, earlier=_earlier([*owed[thread(one)], one])) for one in left)


def _earlier(chain: Sequence[Delivery]) -> Earlier:
    """Of a thread's deliveries, the oldest first."""
    return Earlier(
        since=min(since(one) for one in chain),
        unheard=min(unheard(one) for one in chain if one is chain[-1] or not one.because),
        severity_was=next((was for one in chain if (was := severity_was(one)) is not None), None),
        for_all=any(_speaks_up(one) for one in chain[:-1]),
    )


# ── who sees it ──────────────────────────────────────────────────────────────────────────────────────────────────


def pages(alert: Alert) -> bool:
    """May it call people? Only what is sure, and of severity 1 or 2."""
    return alert.severity is not None and alert.severity <= 2 and alert.phase in (None, "confirmed")


def rises(delivery: Delivery) -> bool:
    """Is it graver than what was told before?"""
    was, severity = severity_was(delivery), delivery.alert.severity
    return was is not None and severity is not None and severity < was


def severity_was(delivery: Delivery) -> int | None:
    """What its thread was last told."""
    was = delivery.earlier.severity_was if delivery.earlier else delivery.alert.facts.get("severity_was")
    return was if isinstance(was, int) else None


def is_for_all(delivery: Delivery) -> bool:
    """Does the whole channel see the thread's line? The all-clear, what got graver, and what waits for somebody."""
    return rises(delivery) or _speaks_up(delivery)


def _speaks_up(delivery: Delivery) -> bool:
    owed = bool(delivery.earlier and delivery.earlier.for_all)
    return owed or delivery.alert.phase == "resolved" or delivery.alert.reason in ("still_open", "escalated")


def news_of(delivery: Delivery) -> Alert:
    """What the thread's line is about: the alert itself, or the rise of severity that an earlier one would have told."""
    told_by_earlier = rises(delivery) and not rises(replace(delivery, earlier=None)) and delivery.alert.phase != "resolved"
    return replace(delivery.alert, reason="severity_up") if told_by_earlier else delivery.alert
