"""Is it on and off? What opens and ends again and again is one incident that is watched for longer, and said so once.

Three times within six hours make it so, for the rest of its life: the next time is the same incident, it is over only after two quiet
hours, and that it is sure again is no news. That it gets graver is. Nor is every growth: what has been spoken of four times in an hour
grows on its card.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from carebot.decide.incidents.phases import CALM_FOR_RESOLVED, REOPEN_WITHIN
from carebot.model import Incident, Reason

TIMES, WITHIN = 3, timedelta(hours=6)
CALM_WHEN_FLAPPING = timedelta(hours=2)
WORDS, LEAP = 4, 8  # words about one incident in an hour; times as many complaints as when it was last spoken of


def beginnings(incident: Incident, all_: Iterable[Incident], since: datetime) -> list[datetime]:
    """When this, or another incident of its service, opened or was open again after this moment. The oldest first."""
    mine = (one for one in all_ if (one.brand, one.service) == (incident.brand, incident.service))
    return sorted(
        turn.at for one in mine for turn in one.turns if turn.at >= since and (turn.push == "opened" or turn.reason == "reopened")
    )


def is_back(past: Incident, all_: Iterable[Incident], at: datetime, now: datetime) -> bool:
    """Is what begins `at` this moment an incident that is over, once more? Soon after its end; later too if its service keeps failing."""
    if past.resolved_at is None or at - past.resolved_at > WITHIN:
        return False
    return (
        at - past.resolved_at <= REOPEN_WITHIN or past.flapping_since is not None or len(beginnings(past, all_, now - WITHIN)) >= TIMES - 1
    )


def reopened(again: Incident, all_: Iterable[Incident], now: datetime) -> tuple[Incident, Reason]:
    """What is open again, and what staff hear: that it comes and goes, the time that makes it so."""
    began = sorted({*beginnings(again, all_, now - WITHIN), *beginnings(again, [again], now - WITHIN)})
    if again.flapping_since or len(began) < TIMES:
        return again, "reopened"
    return replace(again, flapping_since=began[0]), "flapping"


def calm_needed(incident: Incident) -> timedelta:
    """How long it must be calm to be over."""
    return CALM_WHEN_FLAPPING if incident.flapping_since else CALM_FOR_RESOLVED


def said_often(incident: Incident, now: datetime) -> bool:
    """Were there so many words in the last hour that growth can wait? Not if it is a leap."""
    spoken = len(incident.words_at) == WORDS and incident.words_at[0] > now - timedelta(hours=1)
    return spoken and incident.count < LEAP * incident.told_count


def facts(incident: Incident, all_: Iterable[Incident]) -> dict[str, Any]:
    """`flaps`: how many times it began, since when; nothing where it does not come and go."""
    if incident.flapping_since is None:
        return {}
    times = len(beginnings(incident, all_, incident.flapping_since))
    return {"flaps": {"times": max(times, TIMES), "since": incident.flapping_since.isoformat().replace("+00:00", "Z")}}
