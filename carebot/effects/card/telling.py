"""The facts of an alert in words: numbers, times and lists as the desk's language writes them.

A few lines of our own rather than Babel's 30 MB: what is written here are counts, spans and moments in two languages, the same bytes
whatever the machine's locale is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from carebot.effects.card_words import LABELS, MONTHS, PHASES, SURE
from carebot.effects.harmless import clean
from carebot.model import Alert, Text

Language = Literal["es", "en"]
SMALL = 0.1  # what is usual but less than this is shown as "less than"


def fields(alert: Alert, language: Language, zone: ZoneInfo, service_name: Text | None) -> dict[str, str]:
    """What stands beside the sentence, by its label. What the headline and the sentence say is not said again."""
    facts = alert.facts
    also = {"also": many(facts.get("also"), language), "region": alert.region or ""}
    counted = {"sampled": sampled(facts.get("sampled"), language), "volume": volume(facts.get("volume"), language)}
    sure = {"false_alarms_a_month": confidence(facts.get("false_alarms_a_month"), language)}
    if alert.phase and not alert.case:
        nobody = getattr(LABELS["nobody"], language) if alert.phase in ("confirmed", "monitoring") else ""
        return {
            "state": getattr(PHASES[alert.phase], language),
            "owner": many(facts.get("owner"), language) or nobody,
            **sure,
            "next_update_at": moment(facts.get("next_update_at"), zone, language),
            **also,
            **counted,
            "hidden": many(hidden(facts.get("hidden")), language),
        }
    return {
        "service": getattr(service_name, language) if service_name else alert.service or "",
        "since": since(alert, zone, language),
        **also,
        **{name: many(facts.get(name), language) for name in ("contacts", "answers", "hand_offs", "promise", "like", "asks_for")},
        "due_at": moment(facts.get("due_at"), zone, language),
        **sure,
    }


def hidden(value: Any) -> int | None:
    """How many alerts this incident explains, so that they were not said."""
    return sum(number for number in value.values() if isinstance(number, int)) or None if isinstance(value, Mapping) else None


def since(alert: Alert, zone: ZoneInfo, language: Language) -> str:
    if alert.onset_at is None:
        return ""
    onset, now = alert.onset_at.astimezone(zone), alert.at.astimezone(zone)
    return f"{at(onset, language, now)} ({span(max(0, (now - onset).total_seconds()))})"


def at(moment: datetime, language: Language, beside: datetime | None = None) -> str:
    """10:42, and with its day where that is another one: 21 nov 10:42. A month in figures is another day in half of the world."""
    same_day = beside and moment.date() == beside.date()
    return f"{moment:%H:%M}" if same_day else f"{moment.day} {MONTHS[language][moment.month - 1]} {moment:%H:%M}"


def span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 2880 else f"{minutes // 1440} d"


def moment(value: Any, zone: ZoneInfo, language: Language) -> str:
    try:
        told = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return at(told.astimezone(zone), language)
    except (TypeError, ValueError, OverflowError):
        return ""


def baseline(facts: Mapping[str, Any], language: Language) -> str:
    """What was usual, in which time."""
    usual, window = facts.get("usual"), many(facts.get("window_min"), language)
    if not isinstance(usual, int | float) or not window:
        return ""
    less = f"< {many(SMALL, language)}" if 0 <= usual < SMALL else many(usual, language)
    said: str = getattr(LABELS["usual_in"], language)
    return said.format(less, window)


def sampled(value: Any, language: Language) -> str:
    """Of how many posts those that were read are a sample."""
    if not isinstance(value, Mapping):
        return ""
    said: str = getattr(LABELS["of_about"], language)
    return said.format(many(value.get("read"), language), many(value.get("of"), language))


def volume(value: Any, language: Language) -> str:
    """Posts that were counted where far more than usual were."""
    if not isinstance(value, Mapping):
        return ""
    posts, usual, window = (many(value.get(name), language) for name in ("posts", "usual", "window_min"))
    return f"{posts} ({getattr(LABELS['usual'], language)} {getattr(LABELS['usual_in'], language).format(usual, window)})"


def confidence(value: Any, language: Language) -> str:
    """How sure it is in one word, and what the word stands for."""
    if not isinstance(value, int | float) or not value >= 0:
        return ""
    level = next(text for under, text in SURE if value <= under)
    amount = f"{getattr(LABELS['under'], language)} {many(0.01, language)}" if value < 0.01 else many(value, language)
    return f"{getattr(level, language)}: {amount} {getattr(LABELS['false_alarms'], language)}"


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
            return _marked(f"{value:,}" if abs(value) >= 10_000 else str(value), language) if abs(value) < 10**12 else "…"
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
