"""One alert as one card: what the desk sees in Slack, and in the terminal.

Pure. Eight seconds must do: what, how bad, since when, how sure, what to tell customers, the words of three of them, buttons.

A customer's words are hostile until shown otherwise. They stand only in plain text or rich text elements, which Slack does not
read for mentions or links; what must be mrkdwn (a bold label beside a value) is escaped and `verbatim`. Links in them are broken
(hxxps://evil[.]com); the one thing to click is the quote's own permalink. `harmless` does the rest, once, for every reader of a card.

Limits: https://docs.slack.dev/reference/block-kit/blocks (read 2026-11). All blocks together: about 13,200 characters, from
slackapi/bolt-js#2509.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from carebot.effects.card_words import BUTTONS, EMOJI, LABELS, PHASES, REASONS, SEVERITY_EMOJI
from carebot.effects.harmless import clean, cut, defang, escape, permalink
from carebot.model import Alert, ClickAction, Phase, Text

SMALL = 0.1  # what is usual but less than this is shown as "less than"
Language = Literal["es", "en"]
Block = dict[str, Any]

MAX_QUOTES = 3
MAX_TEXT = 3000
_BUTTONS_OF: dict[Phase, tuple[ClickAction, ...]] = {
    "suspected": ("take", "confirm", "not_incident", "snooze"),
    "confirmed": ("take", "resolve", "snooze", "not_incident"),
    "monitoring": ("take", "resolve", "snooze"),
    "resolved": (),
}
_BAR = {"firing": "#a30200", "taken": "#daa038", "resolved": "#2eb886", "calm": "#dddddd"}


class Card(msgspec.Struct, frozen=True):
    """text: for notifications, screen readers and when blocks are refused, already escaped · colour: of the state, #rrggbb"""

    text: str
    blocks: list[Block]
    colour: str


def card(alert: Alert, *, language: Language, zone: ZoneInfo, service_name: Text | None) -> Card:
    """The whole card, inside every limit Slack has, whatever is in the alert."""
    title = cut(f"{_mark(alert)} {getattr(alert.headline, language)}", 150)
    detail = cut(getattr(alert.detail, language), 900) if alert.detail else ""
    say = cut(getattr(alert.say, language), 1500) if alert.say else ""
    blocks: list[Block | None] = [
        {"type": "header", "text": _plain_text(title)},
        {"type": "section", "text": _plain_text(detail)} if detail else None,
        _fields(alert, language, zone, service_name),
        _to_tell(say, language) if say else None,
        _quotes(alert, zone) if alert.quotes else None,
        _buttons(alert, language),
        _context(alert, language),
    ]
    text = "\n".join(line for line in (defang(title), defang(detail), say) if line)
    return Card(escape(cut(text, MAX_TEXT)), [block for block in blocks if block], _colour(alert))


# ── the parts of the card ────────────────────────────────────────────────────────────────────────────────────────


def _mark(alert: Alert) -> str:
    of_severity = SEVERITY_EMOJI.get(alert.severity or 0, "🔔")
    emoji = EMOJI["resolved"] if alert.phase == "resolved" else EMOJI.get(alert.reason, of_severity)
    return f"{emoji} SEV{alert.severity} ·" if alert.severity else emoji


def _colour(alert: Alert) -> str:
    if alert.phase == "resolved" or alert.reason in ("resolved", "source_back", "rules_loaded", "classifier_back"):
        return _BAR["resolved"]
    if alert.facts.get("owner"):
        return _BAR["taken"]
    return _BAR["firing" if alert.severity and alert.severity <= 2 else "taken" if alert.severity else "calm"]


def _fields(alert: Alert, language: Language, zone: ZoneInfo, service_name: Text | None) -> Block | None:
    facts = alert.facts
    values = {
        "state": getattr(PHASES[alert.phase], language) if alert.phase else "",
        "severity": f"SEV{alert.severity}" if alert.severity else "",
        "service": getattr(service_name, language) if service_name else alert.service or "",
        "also": _many(facts.get("also"), language),
        "region": alert.region or "",
        "who_else": _who_else(facts, language),
        "since": _since(alert, zone),
        "count": _now_and_usual(facts, language),
        "authors": _many(facts.get("authors"), language),
        "sources": _many(facts.get("sources"), language),
        "waiting": _many(facts.get("waiting") or None, language),
        "owner": _many(facts.get("owner"), language),
        "false_alarms_a_month": _confidence(facts.get("false_alarms_a_month"), language),
        "contacts": _many(facts.get("contacts"), language),
        "answers": _many(facts.get("answers"), language),
        "hand_offs": _many(facts.get("hand_offs"), language),
        "promise": _many(facts.get("promise"), language),
        "due_at": _moment(facts.get("due_at"), zone),
    }
    shown = [
        _mrkdwn(f"*{getattr(LABELS[name], language)}*\n{escape(cut(defang(value), 180))}") for name, value in values.items() if clean(value)
    ]
    return {"type": "section", "fields": shown[:10]} if shown else None


def _since(alert: Alert, zone: ZoneInfo) -> str:
    if alert.onset_at is None:
        return ""
    onset, at = alert.onset_at.astimezone(zone), alert.at.astimezone(zone)
    return f"{_at(onset, at)} ({_span(max(0, (at - onset).total_seconds()))})"


def _at(moment: datetime, beside: datetime | None = None) -> str:
    return f"{moment:%H:%M}" if beside and moment.date() == beside.date() else f"{moment:%d/%m %H:%M}"


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 2880 else f"{minutes // 1440} d"


def _moment(value: Any, zone: ZoneInfo) -> str:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return _at(moment.astimezone(zone))
    except (TypeError, ValueError, OverflowError):
        return ""


def _who_else(facts: Mapping[str, Any], language: Language) -> str:
    """The provider first, then other brands; that it is only us, where we compared."""
    named = [name for key in ("upstream", "others") if isinstance(facts.get(key), list | tuple) for name in facts[key]]
    return _many(named, language) if named else getattr(LABELS["only_us"], language) if facts.get("scope") == "us" else ""


def _now_and_usual(facts: Mapping[str, Any], language: Language) -> str:
    now, usual, window = (_many(facts.get(name), language) for name in ("count", "usual", "window_min"))
    if isinstance(facts.get("usual"), int | float) and 0 <= facts["usual"] < SMALL:
        usual = f"< {_many(SMALL, language)}"
    usually = getattr(LABELS["usual_in" if window else "usual"], language).format(window)
    return f"{now} ({usually} {usual})" if now and usual else now


def _confidence(value: Any, language: Language) -> str:
    if not isinstance(value, int | float):
        return ""
    tiny = 0 <= value < 0.01
    amount = f"{getattr(LABELS['under'], language)} {_many(0.01, language)}" if tiny else _many(value, language)
    return f"{amount} {getattr(LABELS['false_alarms'], language)}"


def _many(value: Any, language: Language) -> str:
    """A fact in words: a number with its language's decimal mark, a list, or counts by name."""
    match value:
        case None | bool() | "":
            return ""
        case int():
            return str(value) if abs(value) < 10**12 else "…"
        case float():
            number = f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"
            return number.replace(".", ",") if language == "es" else number
        case Mapping():
            return ", ".join(f"{name} {_many(count, language)}" for name, count in list(value.items())[:8])
        case list() | tuple():
            return ", ".join(_many(part, language) for part in value[:8])
        case _:
            return clean(str(value)[:400])


def _to_tell(say: str, language: Language) -> Block:
    # Preformatted has a copy button in Slack: the agent's next act is one click.
    label = {"type": "text", "text": getattr(LABELS["say"], language), "style": {"bold": True}}
    return _rich([_rich_part("section", [label]), _rich_part("preformatted", [{"type": "text", "text": say}])])


def _quotes(alert: Alert, zone: ZoneInfo) -> Block:
    parts: list[Block] = []
    for quote in alert.quotes[:MAX_QUOTES]:
        said_at = _at(quote.at.astimezone(zone), alert.at.astimezone(zone))
        who = " · ".join(part for part in (defang(cut(quote.author, 60)), cut(quote.source, 40), said_at) if part)
        said = defang(cut(quote.text.replace("\n", " "), 300)) or "…"
        end: Block = {"type": "text", "text": f"— {who}"}
        if url := permalink(quote.url):
            end = {"type": "link", "url": url, "text": f"— {who} ↗"}
        parts += [_rich_part("quote", [{"type": "text", "text": said}]), _rich_part("section", [end])]
    return _rich(parts)


def _buttons(alert: Alert, language: Language) -> Block | None:
    if not alert.incident or alert.case or not alert.phase:
        return None
    actions = [action for action in _BUTTONS_OF[alert.phase] if action != "take" or not alert.facts.get("owner")]
    elements = [
        {"type": "button", "action_id": action, "value": alert.incident[:2000], "text": _plain_text(getattr(BUTTONS[action], language))}
        | ({"style": "primary"} if action == "take" else {})
        for action in actions
    ]
    return {"type": "actions", "elements": elements} if elements else None


def _context(alert: Alert, language: Language) -> Block:
    why = alert.facts.get("why")
    said = {
        "rule": _many(alert.facts.get("rule"), language),
        "why": ", ".join(f"«{_many(word, language)}»" for word in why[:6]) if isinstance(why, list | tuple) else "",
        "late": _span(alert.late_by_s) if alert.late_by_s >= 60 else "",
        "rules": _many(alert.facts.get("rules"), language)[:8],
    }
    line = [
        getattr(REASONS[alert.reason], language),
        *(f"{getattr(LABELS[name], language)} {value}" for name, value in said.items() if value),
    ]
    return {"type": "context", "elements": [_mrkdwn(escape(cut(defang(" · ".join(line)), 600)))]}


# ── Slack's own words for text ───────────────────────────────────────────────────────────────────────────────────


def _plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def _mrkdwn(escaped: str) -> Block:
    return {"type": "mrkdwn", "text": escaped, "verbatim": True}


def _rich(parts: list[Block]) -> Block:
    return {"type": "rich_text", "elements": parts}


def _rich_part(kind: str, elements: list[Block]) -> Block:
    return {"type": f"rich_text_{kind}", "elements": elements}
