"""A statement on its incident's card: where it stands, and what can be pressed. Pure.

What a button carries is the incident and the hash of the words that were on the screen: who approves, approves those.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from carebot.decide.public.statements import LIVE, lacking
from carebot.decide.telling.plainly import listed, moment
from carebot.effects.card.blocks import Block, button, context, part, rich
from carebot.effects.card.words import BUTTONS
from carebot.effects.harmless import cut
from carebot.model import Alert, ClickAction, Language, StatementState, Text

ACTIONS: Mapping[StatementState, tuple[ClickAction, ...]] = {
    "draft": ("propose", "said_it"),
    "proposed": ("approve", "propose", "said_it", "withdraw"),
    "approved": ("publish", "propose", "said_it", "withdraw"),
    "publishing": (),
    "unsure": ("it_is_there", "it_is_not_there"),
    "published": ("propose", "said_it"),
    "withdrawn": ("propose", "said_it"),
    "expired": ("propose", "said_it"),
}
STATES: Mapping[StatementState, Text] = {
    "draft": Text("", ""),
    "proposed": Text(
        "Propuesto por {who}; {lacks}; caduca a {until}",
        "Proposed by {who}; {lacks}; expires at {until}",
    ),
    "approved": Text("Aprobado por {approved}; caduca a {until}", "Approved by {approved}; expires at {until}"),
    "publishing": Text("Publicándose…", "Being published…"),
    "published": Text("Ya dicho a los clientes", "Customers have been told"),
    "unsure": Text("No se sabe si se publicó: mira si está", "Nobody knows whether it was published: look whether it is there"),
    "withdrawn": Text("Retirado", "Withdrawn"),
    "expired": Text("Caducado", "Expired"),
}
_NEXT = Text("próxima información a {at}", "next update due at {at}")


def on_card(alert: Alert, language: Language, zone: ZoneInfo) -> tuple[Block, ...]:
    """Where its statement stands and its buttons; nothing where there is nothing to say."""
    told: Any = alert.facts.get("statement")
    if not alert.incident or alert.case or not (told or alert.say):
        return ()
    known = isinstance(told, dict)
    state: StatementState = told["state"] if known and told.get("state") in STATES else "draft"
    asked = [action for action in ACTIONS[state] if not (action == "publish" and told["by_hand"])]
    if not alert.say and state not in ("publishing", "unsure"):
        asked = []
    value = f"{alert.incident}#{told['hash']}" if state in ("proposed", "approved", "unsure") else alert.incident
    buttons = [button(action, getattr(BUTTONS[action], language), value) for action in asked]
    line = _stands(told, state, alert, language, zone) if known else ""
    shown: list[Block] = [_also(told, language)] if known and state in LIVE and set(told["texts"]) - {language} else []
    shown += [context(line)] if line else []
    return (*shown, {"type": "actions", "elements": buttons}) if buttons else tuple(shown)


def _also(told: Mapping[str, Any], language: Language) -> Block:
    """The words in the other language: nobody approves what they have not been shown."""
    texts = [text for each, text in sorted(told["texts"].items()) if each != language]
    return rich([part("preformatted", [{"type": "text", "text": cut(text, 1500)}]) for text in texts])


def _stands(told: Mapping[str, Any], state: StatementState, alert: Alert, language: Language, zone: ZoneInfo) -> str:
    def by(at: Any) -> str:
        return getattr(moment(datetime.fromisoformat(at), zone, alert.at), language) if isinstance(at, str) else ""

    said = getattr(STATES[state], language).format(
        who=told["proposed_by"],
        lacks=getattr(lacking(told["approvals_missing"]), language),
        approved=listed(told["approved_by"], language),
        until=by(told["expires_at"]),
    )
    why = told["because"][language] if told["because"] and state in ("approved", "expired", "unsure") else ""
    said = "" if why and state == "expired" else said
    owed = alert.facts.get("next_update_at")
    due = getattr(_NEXT, language).format(at=by(owed)) if owed else ""
    return " · ".join(part for part in (said, why, due) if part)
