"""One alert as one card: what the desk sees in Slack, and in the terminal.

Pure. Eight seconds must do: how bad, what, which service; one sentence of cause and scope; who is on it; what to tell customers; the words
of three of them; what to press. A suspicion is quiet and asks who else sees it; what is sure says who has it and may call people.

A customer's words are hostile until shown otherwise. They stand only in plain text or rich text elements, which Slack does not read for
mentions or links; what must be mrkdwn (a bold label beside a value) goes through `harmless.mrkdwn`. The one thing to click is the quote's
own permalink, on its network's own host. Limits: https://docs.slack.dev/reference/block-kit/blocks (read 2026-11). All blocks together:
about 13,200 characters, from slackapi/bolt-js#2509.

The fixed words are a typed table in code (`words`) and no gettext catalogue: both languages stand side by side where whoever changes
one sees the other, mypy and a test miss none, and nothing has to be compiled, found or loaded before the first card. A third language
would change that.
"""

from __future__ import annotations

import math
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from carebot.decide.pressing.pressed import WHY_NOT
from carebot.decide.telling.plainly import network
from carebot.decide.telling.sentences import LATE
from carebot.effects.card import statement, telling
from carebot.effects.card.blocks import OPTION, Block, button, context, menu, part, plain, rich
from carebot.effects.card.telling import Language
from carebot.effects.card.words import BUTTONS, EMOJI, LABELS, REASONS, SEVERITY_EMOJI, SNOOZES, STATE_EMOJI
from carebot.effects.harmless import cut, mrkdwn, permalink, words
from carebot.model import Alert, ClickAction, Phase, Text

__all__ = ["Card", "Language", "Mention", "card", "is_news", "line"]

Mention = Literal["here", "channel", "none"]

MAX_QUOTES = 3
MAX_TEXT = 3000
MAX_BLOCKS = 12
BARS = "▁▂▃▄▅▆▇█"
FULL = 4  # complaints of the least full bar
_BUTTONS_OF: dict[Phase, tuple[ClickAction, ...]] = {
    "suspected": ("take", "confirm", "snooze", "not_incident"),
    "confirmed": ("take", "resolve", "snooze", "not_incident"),
    "monitoring": ("take", "resolve", "snooze"),
    "resolved": (),
}
_COLOURS = {
    "suspected": "#e8c547",
    "confirmed": "#a30200",
    "minor": "#e07b00",
    "taken": "#7b5ea7",
    "monitoring": "#2f6fde",
    "resolved": "#2eb886",
}
_CALM = "#dddddd"
_OVER = ("resolved", "source_back", "rules_loaded", "classifier_back", "trouble_over")


class Card(msgspec.Struct, frozen=True):
    """text: for notifications, screen readers and when blocks are refused, already escaped · colour: of the state, #rrggbb"""

    text: str
    blocks: list[Block]
    colour: str


def card(alert: Alert, *, language: Language, zone: ZoneInfo, service_name: Text | None, mention: Mention = "none") -> Card:
    """The whole card, inside every limit Slack has, whatever is in the alert. `mention`: who is called by it."""
    title = _said(f"{_mark(alert)} {getattr(alert.headline, language)}", 150)
    detail = _said("\n".join(getattr(said, language) for said in (alert.act if is_news(alert) else None, alert.detail) if said), 900)
    say = cut(getattr(alert.say, language), 1500) if alert.say else ""
    blocks: list[Block | None] = [
        {"type": "header", "text": plain(title)},
        _detail(detail, mention),
        _fields(alert, language, zone, service_name),
        _trend(alert, language),
        _to_tell(say, alert, language) if say else None,
        *statement.on_card(alert, language, zone),
        _quotes(alert, zone, language) if alert.quotes else None,
        *_poll(alert, language),
        _buttons(alert, language),
        context(_why(alert, language)),
    ]
    text = _called(mention) + mrkdwn("\n".join(said for said in (title, detail, say) if said), MAX_TEXT - 20)
    shown = [block for block in blocks if block]
    if len(shown) > MAX_BLOCKS and (trend := _trend(alert, language)):  # it fails again while nobody knows what became of a statement
        shown.remove(trend)
    return Card(text, shown, _COLOURS.get(_state(alert), _CALM))


def line(alert: Alert, language: Language, mention: Mention = "none") -> Card:
    """What changed, for the thread: what a person did or became of a statement, or else how things stand now."""
    more = alert.act or alert.detail
    by_itself = alert.act and alert.reason in ("acted", "statement")
    said = [] if by_itself else [f"{_mark(alert)} {getattr(alert.headline, language)}"]
    text = _said(" · ".join([*said, getattr(more, language)] if more else said), 600)
    return Card(_called(mention) + mrkdwn(text, 600), [block for block in [_detail(text, mention)] if block], "")


def is_news(alert: Alert) -> bool:
    """Is what was done, or is to be done, the very thing to be told, so that it comes first? What people press is not: they know."""
    return alert.act is not None and alert.reason in ("update_due", "statement", "escalated")


def _said(text: str, room: int) -> str:
    """Made harmless; but the rules file is called by its name, which is no address: there is no .yaml."""
    return words(text, room).replace("[.]yaml", ".yaml")


# ── the parts of the card ────────────────────────────────────────────────────────────────────────────────────────


def _state(alert: Alert) -> str:
    """What the colour is of: how far the incident is, how grave, and whether somebody is on it. Red is grave, and nobody's yet."""
    if alert.reason in _OVER:
        return "resolved"
    if alert.phase in ("suspected", "confirmed") and alert.facts.get("owner"):
        return "taken"
    if alert.phase == "confirmed" or not alert.phase:
        return "calm" if not alert.severity else "confirmed" if alert.severity <= 2 else "minor"
    return alert.phase


def _mark(alert: Alert) -> str:
    emoji = STATE_EMOJI.get(_state(alert), "🔔") if alert.phase else EMOJI.get(alert.reason, SEVERITY_EMOJI.get(alert.severity or 0, "🔔"))
    return f"{emoji} SEV{alert.severity} ·" if alert.severity else emoji


def _called(mention: Mention) -> str:
    return "" if mention == "none" else f"<!{mention}> "


def _detail(detail: str, mention: Mention) -> Block | None:
    if mention != "none":
        return rich([part("section", [{"type": "broadcast", "range": mention}, {"type": "text", "text": f" {detail}"}])])
    return {"type": "section", "text": plain(detail)} if detail else None


def _fields(alert: Alert, language: Language, zone: ZoneInfo, service_name: Text | None) -> Block | None:
    told = telling.fields(alert, language, zone, service_name)
    shown = [(getattr(LABELS[name], language), mrkdwn(value, 180)) for name, value in told.items()]
    fields = [{"type": "mrkdwn", "text": f"*{label}*\n{value}", "verbatim": True} for label, value in shown if value]
    return {"type": "section", "fields": fields[:10]} if fields else None


def _trend(alert: Alert, language: Language) -> Block | None:
    """The last hour in one row of bars. Nothing is a dot: a low bar would be little, and a high one is never only one or two."""
    counts = [count for count in telling.numbers(alert.facts.get("trend"))[-60:] if count >= 0]
    if not counts or not (top := max(counts)):
        return None
    bars = "".join(BARS[round((len(BARS) - 1) * count / max(top, FULL))] if count else "·" for count in counts)
    step = 60 // len(counts)
    most = getattr(LABELS["trend"], language).format(telling.many(round(top), language), step)
    return {"type": "context", "elements": [plain(f"{bars} {most}")]}


def _to_tell(say: str, alert: Alert, language: Language) -> Block:
    # Preformatted has a copy button in Slack: the agent's next act is one click.
    label = {"type": "text", "text": getattr(LABELS["thank" if alert.reason == "digest" else "say"], language), "style": {"bold": True}}
    return rich([part("section", [label]), part("preformatted", [{"type": "text", "text": say}])])


def _quotes(alert: Alert, zone: ZoneInfo, language: Language) -> Block:
    parts: list[Block] = []
    for quote in alert.quotes[:MAX_QUOTES]:
        said_at = telling.at(quote.at.astimezone(zone), language, alert.at.astimezone(zone))
        where: str = getattr(network(quote.source), language)
        who = " · ".join(said for said in (words(quote.author, 60), words(where, 40), said_at) if said)
        said = words(telling.masked(quote.text, language).replace("\n", " "), 300) or "…"
        end: Block = {"type": "text", "text": f"— {who}"}
        if url := permalink(quote.url, quote.source):
            end = {"type": "link", "url": url, "text": f"— {who} ↗"}
        parts += [part("quote", [{"type": "text", "text": said}]), part("section", [end])]
    return rich(parts)


def _poll(alert: Alert, language: Language) -> tuple[Block, ...]:
    """Who else sees it? A suspicion asks; the answers are evidence."""
    if not alert.incident or alert.case or alert.phase != "suspected":
        return ()
    votes: Any = alert.facts.get("votes")
    yes, no = (telling.many(votes.get(name), language) if isinstance(votes, dict) else "" for name in ("yes", "no"))
    asked: str = getattr(LABELS["poll"], language)
    if (yes or "0", no or "0") != ("0", "0"):
        asked += "  " + words(getattr(LABELS["votes"], language).format(yes, no), 60)
    actions: tuple[ClickAction, ...] = ("see_yes", "see_no")
    buttons = [button(action, getattr(BUTTONS[action], language), alert.incident) for action in actions]
    return {"type": "section", "text": plain(asked)}, {"type": "actions", "elements": buttons}


def _buttons(alert: Alert, language: Language) -> Block | None:
    if not alert.incident or alert.case or not alert.phase:
        return None
    actions = [action for action in _BUTTONS_OF[alert.phase] if action != "take" or not alert.facts.get("owner")]
    elements = [_button(action, alert.incident, language) for action in actions]
    return {"type": "actions", "elements": elements} if elements else None


def _button(action: ClickAction, incident: str, language: Language) -> Block:
    """A button; a menu where there is something to choose: how long, or why not."""
    label = getattr(BUTTONS[action], language)
    choices = {"snooze": SNOOZES, "not_incident": WHY_NOT}.get(action)
    if choices is None or len(incident) > OPTION - 20:
        return button(action, label, incident, "primary" if action == "take" else "")
    return menu(action, label, {f"{choice}:{incident}": getattr(text, language) for choice, text in choices.items()})


def _why(alert: Alert, language: Language) -> str:
    facts, why = alert.facts, alert.facts.get("why")
    said = {
        "rule": telling.many(facts.get("rule"), language),
        "baseline": telling.baseline(facts, language) if alert.phase and facts.get("count") else "",
        "why": ", ".join(telling.quoted(word, language) for word in why[:6]) if isinstance(why, list | tuple) else "",
        "promise": telling.many(facts.get("promise"), language) if facts.get("policy") else "",
        "late": telling.span(alert.late_by_s, language) if 60 <= alert.late_by_s <= (LATE if alert.phase else math.inf) else "",
        "told_via": telling.many(facts.get("told_via"), language),
    }
    first = getattr(REASONS[alert.reason] if is_news(alert) or not alert.act else alert.act, language)
    return " · ".join([first, *(f"{getattr(LABELS[name], language)} {value}" for name, value in said.items() if value)])
