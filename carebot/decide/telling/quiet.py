"""What is not said for now, because a route rests or somebody asked for silence, and is told in one message when that ends.

When it ends is an absolute time, kept beside what was held, so that a restart in between loses nothing and says nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from carebot.config.schema import Rulebook
from carebot.config.values import OpenHours
from carebot.decide.care.cases import HUMAN
from carebot.decide.telling import plainly
from carebot.decide.telling.alerts import alert_id
from carebot.decide.telling.delivery import LISTED
from carebot.decide.telling.held import Held
from carebot.model import Alert, Text

AHEAD = 9  # days: a rest that goes on for longer is looked at again then


def speaks_at_night(alert: Alert) -> bool:
    """What is grave, who needs a human, what carebot says of itself, and what answers a person who is awake."""
    return alert.severity is None or alert.severity <= 2 or alert.reason in (*HUMAN, "acted")


def rests_until(route: str, rulebook: Rulebook, now: datetime) -> datetime | None:
    """When this route's quiet hours end, if it is in them."""
    known = rulebook.file.routes.get(route)
    if known is None or known.quiet is None:
        return None
    holidays = rulebook.file.holidays.days if rulebook.file.holidays else {}
    ends: datetime | None = None
    for begins, finishes in _spans(known.quiet, now, ZoneInfo(rulebook.file.brand.time_zone), holidays):
        if begins <= (ends or now) < finishes:
            ends = finishes
    return ends


def _spans(hours: OpenHours, now: datetime, zone: ZoneInfo, holidays: Mapping[date, str]) -> Iterator[tuple[datetime, datetime]]:
    """From yesterday on, in order, in UTC: a night in which the clocks change has its real hours."""
    today = now.astimezone(zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(-1, AHEAD)):
        midnight = datetime.combine(day, time(), zone)
        for start, end in hours.holidays if hours.holidays and day in holidays else hours.spans[day.weekday()]:
            yield tuple((midnight + timedelta(minutes=minute)).astimezone(UTC) for minute in (start, end))  # type: ignore[misc]


def told_at_last(held: Held, zone: ZoneInfo, now: datetime) -> Alert:
    """What was held, in one message: how many, and the latest of each matter."""
    count, since = sum(held.counts.values()), plainly.moment(held.since, zone, now)
    alerts = plainly.counted(count, ("aviso", "avisos"), ("alert", "alerts"))
    if held.owner:
        headline = Text(
            f"Fin del silencio de {held.owner}: {alerts.es} sin dar",
            f"{held.owner}'s silence is over: {alerts.en} not given",
        )
    else:
        headline = Text(
            f"En las horas de descanso: {alerts.es} (el primero, a {since.es})",
            f"During quiet hours: {alerts.en} (the first at {since.en})",
        )
    matters = held.matters[-LISTED:]
    more = len(held.matters) - len(matters)
    lines = {
        language: "\n".join(
            [f"• {getattr(plainly.time(matter.at, zone, now), language)}: {getattr(matter.headline, language)}" for matter in matters]
            + ([f"… +{more}"] if more else [])
        )
        for language in ("es", "en")
    }
    return Alert(
        alert=alert_id(f"{held.to} {held.owner} {held.because}", "digest", held.until),
        at=now,
        late_by_s=max(0, int((now - held.until).total_seconds())),
        reason="digest",
        headline=headline,
        detail=Text(*("\n".join(filter(None, (held.because, lines[language]))) for language in ("es", "en"))),
        facts={
            "digest": "silence" if held.owner else "quiet",
            "counts": dict(sorted(held.counts.items())),
            "since": _iso(held.since),
            "until": _iso(held.until),
            "cases": [matter.about for matter in matters if matter.about.startswith("case-")],
        },
        to=held.to,
    )


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
