"""What becomes of an alert in the outbox: new → sending → sent | never.

`sending` means *it may have landed*: the request went out, or was about to, and we do not know the end. Such a delivery is
looked for before it is sent again, and nothing else of its incident goes out until then: the later card would not know which
message to update. Trouble never ends in `never`; only a reason a human must hear about does.

A later card stands for earlier ones that still wait, and inherits what they owe: since when somebody waits for it, and that the whole
channel sees a rise of severity or the all-clear. A time that is further off than anything waits was written by a clock that was wrong
since then, and is no time to wait for.

What a destination refuses, and what is urgent and not taken in time, is told by the fallback: deliveries of their own to its ways
(`fallback:NAME`), so that a crash in between neither loses nor doubles them. A channel gets at most six new messages a minute; the last
of them is a digest if more than one is waiting. Nothing urgent is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from zlib import crc32

import msgspec

from carebot.model import Alert, Delivery, Text

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)  # What Slack may ask us to wait is clamped to the same: a desk waits no longer for a retry.
SAID_LATER = "said by a later message"
SAID_TOGETHER = "said together with others in one message"
PATIENCE = timedelta(seconds=60)  # An urgent alert is seen somewhere within 90 s (99 of 100), whatever Slack does.
MINUTE, MOST = timedelta(minutes=1), 6  # new messages a channel takes in before nobody reads them any more
LISTED = 12  # headlines in a digest
WAY = "fallback:"  # No route is called so: names have no colon.
TERMINAL = WAY + "terminal"
# What says of carebot itself that staff may hear nothing any more. The first two cannot wait for Slack: it is what they are about.
_MUTE = {"outbox_stuck": timedelta(0), "slack_refused": timedelta(0), "disk_full": PATIENCE, "database": PATIENCE}
_OVER = {"outbox", "slack", "disk-full", "database"}  # whose end is told where the trouble was


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


class Absent(msgspec.Struct, frozen=True):
    """It surely did not land: it is new again, and a later card may stand for it."""


Outcome = Sent | Wait | Trouble | Never | Absent


def due(deliveries: Iterable[Delivery], now: datetime) -> tuple[Delivery, ...]:
    """What may go out now: the most severe first, then the oldest."""
    ready = (delivery for delivery in waiting(deliveries) if delivery.next_at is None or is_past(delivery.next_at, now))
    return tuple(sorted(ready, key=lambda delivery: (delivery.quiet, _urgency(delivery.alert), delivery.alert.at, delivery.id)))


def is_past(at: datetime, now: datetime) -> bool:
    """Has the time come? Nothing waits for longer than LONGEST_WAIT and a little: further off, the clock was set back meanwhile."""
    return at <= now or at > now + LONGEST_WAIT + MINUTE


def waiting(deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """The open deliveries that wait for nothing but time: none whose incident has another one in the air there."""
    still_open = [delivery for delivery in deliveries if delivery.state in ("new", "sending")]
    in_the_air = {thread(delivery) for delivery in still_open if delivery.state == "sending"}
    return tuple(delivery for delivery in still_open if delivery.state == "sending" or thread(delivery) not in in_the_air)


def coalesce(deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """The deliveries a later card of the same incident makes needless, as they are to be recorded.

    deliveries   in the order they were decided; that breaks ties of `alert.at`
    The latest card is whole, so it stands for the earlier ones, also as an incident's first message. One that may have landed
    (`sending`) is left alone, and a quiet one stands for quiet ones only: it tells nobody what they would.
    """
    new = [delivery for delivery in deliveries if delivery.state == "new"]
    by_age = sorted(new, key=lambda delivery: delivery.alert.at)
    latest = {thread(delivery): delivery.id for delivery in by_age}
    latest_told = {thread(delivery): delivery.id for delivery in by_age if not delivery.quiet}
    return tuple(
        msgspec.structs.replace(delivery, state="never", because=SAID_LATER, next_at=None)
        for delivery in new
        if delivery.id not in (latest[thread(delivery)], latest_told.get(thread(delivery)))
    )


def since(delivery: Delivery) -> datetime:
    """Since when the oldest of what it says waits."""
    return delivery.earlier.since if delivery.earlier else delivery.alert.at


def unheard(delivery: Delivery) -> datetime:
    """The same, but for what the fallback has told."""
    return delivery.earlier.unheard if delivery.earlier else delivery.alert.at


def sending(delivery: Delivery, first: str, look_at: datetime, now: datetime) -> Delivery:
    """On its way. Should we never hear the end, it is looked for at `look_at`. `first` is the incident's message there, if any."""
    opens = not (first or delivery.quiet)
    return msgspec.structs.replace(delivery, state="sending", ref=first, next_at=look_at, tried_at=now, opens=opens)


def after(delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
    """The delivery once we know, or know that we do not know, what became of it."""
    change = msgspec.structs.replace
    match outcome:
        case Sent(ref):
            opens = delivery.opens or bool(ref and ref != delivery.ref)  # its thread's message was gone: it became one itself
            return change(delivery, state="sent", ref=ref, next_at=None, opens=opens)
        case Wait(seconds):
            wait = timedelta(seconds=seconds)
            return change(delivery, state="new", attempts=delivery.attempts + 1, next_at=now + wait, opens=False)
        case Trouble():
            again_at = max(now + backoff(delivery.id, delivery.attempts), _sane(delivery.next_at, now))
            return change(delivery, attempts=delivery.attempts + 1, next_at=again_at)
        case Absent():
            return change(delivery, state="new", next_at=None, opens=False)
        case Never(because):
            return change(delivery, state="never", because=because, next_at=None, opens=False)


def _sane(at: datetime | None, now: datetime) -> datetime:
    return now if at is None or is_past(at, now) else at


def backoff(id: str, attempts: int) -> timedelta:
    """2 s, 4 s, 8 s … 5 min, each less up to half of itself, so that a crowd of deliveries does not return as one crowd.

    The share is taken from the id, not from chance: the same delivery waits the same time in every run.
    """
    whole: timedelta = min(FIRST_WAIT * 2 ** min(attempts, 16), LONGEST_WAIT)
    return whole * (1.0 - crc32(f"{id}#{attempts}".encode()) / 2**33)


def incident_of(alert: Alert) -> str:
    """The incident whose card this alert is, or "". A single customer's alert is a message of its own, whatever it belongs to."""
    return alert.incident if alert.incident and not alert.case else ""


def thread_of(alert: Alert) -> str:
    """What shares one message with this alert: its incident's other alerts, or else its own later versions."""
    return incident_of(alert) or alert.alert


def is_urgent(alert: Alert) -> bool:
    """Never held, and told by the fallback if its destination is too slow."""
    grave = alert.severity is not None and alert.severity <= 2
    return grave or alert.reason in _MUTE or (alert.reason == "trouble_over" and alert.facts.get("about") in _OVER)


def late_at(delivery: Delivery, awake_since: datetime, now: datetime) -> datetime:
    """When the fallback tells it. After a restart the destination gets its minute too: it may be perfectly well.

    News that stands for what waits already is as late as that. What was decided in the future was decided by a clock that was ahead.
    """
    at = unheard(delivery)
    begun = awake_since if at > now + MINUTE else max(at, awake_since)
    return begun + _MUTE.get(delivery.alert.reason, PATIENCE)


# ── the fallback ─────────────────────────────────────────────────────────────────────────────────────────────────


def is_way(destination: str) -> bool:
    return destination.startswith(WAY)


def elsewhere(delivery: Delivery, ways: Iterable[str], because: str) -> tuple[Delivery, ...]:
    """The same alert, once on each of these ways, and why it is told there."""
    return tuple(Delivery(id=f"{delivery.alert.alert}@{way}", alert=delivery.alert, destination=way, because=because) for way in ways)


def subject_of(alert: Alert) -> str:
    """What a pager knows the matter by: the trouble and its end are one page."""
    return incident_of(alert) or str(alert.facts.get("about") or alert.alert)


def is_over(alert: Alert) -> bool:
    return alert.phase == "resolved" or alert.reason == "trouble_over"


# ── not too many ─────────────────────────────────────────────────────────────────────────────────────────────────


def next_out(ready: Sequence[Delivery], posted: Sequence[datetime], now: datetime) -> tuple[Delivery, ...]:
    """What one channel is told next: one of them, several as one digest, or nothing.

    ready    what may go out there, in the order of `due`; `ref` of a new one is its incident's message, if there is one
    posted   when that channel got its latest new messages
    """
    urgent_or_old = [one for one in ready if not can_be_held(one)]
    others = [one for one in ready if can_be_held(one)]
    room = MOST - sum(at > now - MINUTE for at in posted)
    if room > 1 or not others:
        return tuple(ready[:1])
    if urgent_or_old and (room < 1 or ready[0] is urgent_or_old[0]):
        return (urgent_or_old[0],)
    return tuple(others) if room == 1 else ()


def room_at(posted: Sequence[datetime], now: datetime) -> datetime:
    """When the channel takes a new message again."""
    return max(sorted(posted)[-MOST] + MINUTE, now) if len(posted) >= MOST else now


def digest(held: Sequence[Delivery], now: datetime) -> Delivery:
    """One card for all of them, the gravest first. Digests among them are unpacked."""
    told = [line for one in held for line in one.alert.facts.get("held", [{"alert": one.alert.alert, **_line(one.alert)}])]
    first = held[0]
    hidden = len(told) - LISTED
    lines = {
        language: "\n".join([f"• {line[language]}" for line in told[:LISTED]] + ([f"… +{hidden}"] if hidden > 0 else []))
        for language in ("es", "en")
    }
    alert = Alert(
        alert="al-" + blake2b("|".join(line["alert"] for line in told).encode(), digest_size=8).hexdigest(),
        at=now,
        reason="held",
        headline=Text(f"{len(told)} avisos más", f"{len(told)} more alerts"),
        detail=Text(**lines),
        severity=min((one.alert.severity for one in held if one.alert.severity is not None), default=None),
        facts={"held": told},
        brand=first.alert.brand,
        to=first.alert.to,
    )
    return Delivery(id=f"{alert.alert}@{first.destination}", alert=alert, destination=first.destination)


def told_by(held: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """These deliveries once a digest says them."""
    return tuple(msgspec.structs.replace(one, state="never", because=SAID_TOGETHER, next_at=None) for one in held)


def can_be_held(delivery: Delivery) -> bool:
    return delivery.state == "new" and not (delivery.ref or delivery.quiet or is_urgent(delivery.alert))


def _line(alert: Alert) -> dict[str, Any]:
    return {"es": alert.headline.es, "en": alert.headline.en}


def thread(delivery: Delivery) -> tuple[str, str]:
    return thread_of(delivery.alert), delivery.destination


def _urgency(alert: Alert) -> float:
    if alert.severity is None:  # A deaf source: after SEV3, before SEV4.
        return 2 if is_urgent(alert) else 3.5
    return alert.severity
