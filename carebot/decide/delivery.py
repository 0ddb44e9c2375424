"""What becomes of an alert in the outbox: new → sending → sent | never.

`sending` means *it may have landed*: the request went out, or was about to, and we do not know the end. Such a delivery is
looked for before it is sent again, and nothing else of its incident goes out until then: the later card would not know which
message to update. Trouble never ends in `never`; only a reason a human must hear about does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zlib import crc32

import msgspec

from carebot.model import Alert, Delivery

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)  # What Slack may ask us to wait is clamped to the same: a desk waits no longer for a retry.
SAID_LATER = "said by a later message"


class Sent(msgspec.Struct, frozen=True):
    """It landed; `ref` is where."""

    ref: str


class Wait(msgspec.Struct, frozen=True):
    """They took nothing and asked us to wait."""

    seconds: float


class Trouble(msgspec.Struct, frozen=True):
    """It may or may not have landed."""

    text: str


class Never(msgspec.Struct, frozen=True):
    """They will never take it: a human must repair something."""

    because: str


Outcome = Sent | Wait | Trouble | Never


def due(deliveries: Iterable[Delivery], now: datetime) -> tuple[Delivery, ...]:
    """What may go out now: the most severe first, then the oldest."""
    ready = (delivery for delivery in waiting(deliveries) if delivery.next_at is None or delivery.next_at <= now)
    return tuple(sorted(ready, key=lambda delivery: (_urgency(delivery.alert), delivery.alert.at, delivery.id)))


def waiting(deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """The open deliveries that wait for nothing but time: none whose incident has another one in the air there."""
    still_open = [delivery for delivery in deliveries if delivery.state in ("new", "sending")]
    in_the_air = {_thread(delivery) for delivery in still_open if delivery.state == "sending"} - {None}
    return tuple(delivery for delivery in still_open if delivery.state == "sending" or _thread(delivery) not in in_the_air)


def coalesce(deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """The deliveries a later card of the same incident makes needless, as they are to be recorded.

    deliveries   in the order they were decided; that breaks ties of `alert.at`
    The latest card is whole, so it stands for the earlier ones, also as an incident's first message. One that may have landed
    (`sending`) is left alone.
    """
    new = [delivery for delivery in deliveries if delivery.state == "new" and _thread(delivery)]
    by_age = sorted(new, key=lambda delivery: delivery.alert.at)
    latest = {_thread(delivery): delivery.id for delivery in by_age}
    return tuple(
        msgspec.structs.replace(delivery, state="never", because=SAID_LATER, next_at=None)
        for delivery in new
        if latest[_thread(delivery)] != delivery.id
    )


def sending(delivery: Delivery, first: str, look_at: datetime) -> Delivery:
    """On its way. Should we never hear the end, it is looked for at `look_at`. `first` is the incident's message there, if any."""
    return msgspec.structs.replace(delivery, state="sending", ref=first, next_at=look_at)


def after(delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    """The delivery once we know, or know that we do not know, what became of it."""
    change = msgspec.structs.replace
    match outcome:
        case Sent(ref):
            return change(delivery, state="sent", ref=ref, next_at=None)
        case Wait(seconds):
            return change(delivery, state="new", attempts=delivery.attempts + 1, next_at=now + timedelta(seconds=seconds))
        case Trouble():
            again_at = max(now + backoff(delivery.id, delivery.attempts), delivery.next_at or now)
            return change(delivery, attempts=delivery.attempts + 1, next_at=again_at)
        case Never(because):
            return change(delivery, state="never", because=because, next_at=None)


def backoff(id: str, attempts: int) -> timedelta:
    """2 s, 4 s, 8 s … 5 min, each less up to half of itself, so that a crowd of deliveries does not return as one crowd.

    The share is taken from the id, not from chance: the same delivery waits the same time in every run.
    """
    whole: timedelta = min(FIRST_WAIT * 2 ** min(attempts, 16), LONGEST_WAIT)
    return whole * (1.0 - crc32(f"{id}#{attempts}".encode()) / 2**33)


def incident_of(alert: Alert) -> str:
    """The incident whose card this alert is, or "". A single customer's alert is a message of its own, whatever it belongs to."""
    return alert.incident if alert.incident and not alert.case else ""


def is_urgent(alert: Alert) -> bool:
    return alert.severity is not None and alert.severity <= 2


def _thread(delivery: Delivery) -> tuple[str, str] | None:
    incident = incident_of(delivery.alert)
    return (incident, delivery.destination) if incident else None


def _urgency(alert: Alert) -> float:
    return 3.5 if alert.severity is None else alert.severity  # One customer, or a deaf source: after SEV3, before SEV4.
