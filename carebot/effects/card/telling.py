"""The facts of an alert in words: numbers, times and lists as the desk's language writes them (`decide.telling.plainly`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from carebot.decide.telling import plainly
from carebot.effects.card.words import LABELS, MASKS, PHASES, SURE
from carebot.effects.harmless import clean
from carebot.model import Alert, Text

Language = Literal["es", "en"]
SMALL = 0.1  # what is usual but less than this is shown as "less than"


def fields(alert: Alert, language: Language, zone: ZoneInfo, service_name: Text | None) -> dict[str, str]:
    """What stands beside the sentence, by its label. What the headline and the sentence say is not said again."""
    facts = alert.facts
    if alert.phase and not alert.case:
        nobody = getattr(LABELS["nobody"], language) if alert.phase in ("confirmed", "monitoring") else ""
        return {
            "state": getattr(PHASES[alert.phase], language),
            "owner": many(facts.get("owner"), language) or nobody,
            "false_alarms_a_month": confidence(facts.get("false_alarms_a_month"), language) if alert.phase != "resolved" else "",
            "next_update_at": moment(facts.get("next_update_at"), zone, language, alert.at),
            "region": alert.region or "",
            "hidden": many(hidden(facts.get("hidden")), language),
        }
    return {
        "service": getattr(service_name, language) if service_name and alert.service and alert.case else "",
        "since": "" if facts.get("cases") else since(alert, zone, language),
        "region": alert.region or "",
        "like": many(facts.get("like"), language),
        **due(facts.get("due_at"), zone, language, alert.at),
    }


def hidden(value: Any) -> int | None:
    """How many alerts this incident explains, so that they were not said."""
    return sum(number for number in value.values() if isinstance(number, int)) or None if isinstance(value, Mapping) else None


def since(alert: Alert, zone: ZoneInfo, language: Language) -> str:
    if alert.onset_at is None:
        return ""
    onset, now = alert.onset_at.astimezone(zone), alert.at.astimezone(zone)
    lasts = (alert.at - alert.onset_at).total_seconds()
    return at(onset, language, now) + (f" ({span(lasts, language)})" if lasts >= 60 else "")


def due(value: Any, zone: ZoneInfo, language: Language, now: datetime) -> dict[str, str]:
    """By when, or since when it is too late."""
    if not (by := _moment(value)):
        return {}
    said = at(by.astimezone(zone), language, now.astimezone(zone))
    if by > now:
        return {"due_at": said}
    return {"overdue": f"{said} ({getattr(LABELS['ago'], language).format(span((now - by).total_seconds(), language))})"}


def at(moment: datetime, language: Language, beside: datetime | None = None) -> str:
    """10:42, and with its day where that is another one: 21 nov 10:42. A month in figures is another day in half of the world."""
    same_day, clock = beside and moment.date() == beside.date(), plainly.clock(moment)
    return clock if same_day else f"{getattr(plainly.day(moment.date()), language)} {clock}"


def span(seconds: float, language: Language) -> str:
    said: str = getattr(plainly.span(timedelta(seconds=seconds)), language)
    return said


def moment(value: Any, zone: ZoneInfo, language: Language, beside: datetime) -> str:
    told = _moment(value)
    return at(told.astimezone(zone), language, beside.astimezone(zone)) if told else ""


def _moment(value: Any) -> datetime | None:
    """The moment that a fact names; None where it is none, or one that no zone reaches."""
    try:
        told = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return told if told.tzinfo and 2000 <= told.year <= 9000 else None
    except (TypeError, ValueError):
        return None


def baseline(facts: Mapping[str, Any], language: Language) -> str:
    """What was usual, in which time."""
    usual, window = facts.get("usual"), many(facts.get("window_min"), language)
    if not isinstance(usual, int | float) or not window:
        return ""
    less = f"< {many(SMALL, language)}" if 0 <= usual < SMALL else many(usual, language)
    said: str = getattr(LABELS["usual_in"], language)
    return said.format(less, window)


def confidence(value: Any, language: Language) -> str:
    """How sure it is in one word, and what the word stands for: how often such evidence comes by chance."""
    if not isinstance(value, int | float) or not 0 <= value < 10**6:
        return ""
    level = next(text for under, text in SURE if value <= under)
    months = int(1 / value) if value > 0.01 else 12
    how_often = "rare" if months >= 12 else "monthly" if months < 2 else "every"
    number = many(max(1, round(value)), language) if how_often == "monthly" else many(months, language)
    said = getattr(LABELS[f"false_alarms_{how_often}" if number != "1" else "false_alarms_one"], language).format(number)
    return f"{getattr(level, language)} ({said})"


def quoted(word: Any, language: Language) -> str:
    said = many(word, language)
    return f"«{said}»" if language == "es" else f"“{said}”"


def masked(text: str, language: Language) -> str:
    """A customer's words with what stands for their personal data in the reader's language."""
    return re.sub(r"\[(card|phone)(?= [\d…]|\])", lambda found: f"[{getattr(MASKS[found[1]], language)}", text)


def numbers(value: Any) -> list[float]:
    """The finite numbers of a list."""
    given = value if isinstance(value, list | tuple) else ()
    return [float(one) for one in given if isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 10**12]


def many(value: Any, language: Language) -> str:
    """A fact in words: a number with its language's marks, a list, or counts by name."""
    match value:
        case None | bool() | "":
            return ""
        case int():
            return plainly.figure(value, language) if abs(value) < 10**12 else "…"
        case float():
            return _marked(f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}", language)
        case Mapping():
            return ", ".join(f"{name} {many(count, language)}" for name, count in list(value.items())[:8])
        case list() | tuple():
            return ", ".join(many(one, language) for one in value[:8])
        case _:
            return clean(str(value)[:400])


def _marked(number: str, language: Language) -> str:
    return number.translate(str.maketrans(".,", ",.")) if language == "es" else number
