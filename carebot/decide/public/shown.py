"""What the public was told of an incident and is to be told next, as the desk is shown it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from carebot.config.schema import Rulebook
from carebot.decide.public import words
from carebot.decide.public.lengths import links
from carebot.decide.public.statements import LIVE, missing
from carebot.decide.state import State
from carebot.model import Incident, Statement, Text


def statements(state: State, incident: Incident) -> list[Statement]:
    """Of this incident and of those that turned out to be it, the latest last."""
    mine = {incident.id, *incident.merged}
    found = [one for one in state.statements.values() if one.incident in mine]
    return sorted(found, key=lambda one: (one.proposed_at or one.said_at or incident.opened_at, len(one.id), one.id))


def under_way(state: State, incident: Incident) -> Statement | None:
    """The one that something can still come of."""
    return next((one for one in reversed(statements(state, incident)) if one.state in LIVE), None)


def draft(state: State, incident: Incident, rulebook: Rulebook, now: datetime) -> Statement | None:
    """What the desk is offered to say now; None: nothing."""
    before = statements(state, incident)
    told = any(one.said_at for one in before)
    number = 1 + sum(one.incident == incident.id for one in before)
    return words.draft(f"{incident.id}/{number}", incident, rulebook, now, told=told)


def clock(state: State, incident: Incident) -> Statement | None:
    """The statement whose promise to be heard again is open."""
    owed = [one for one in statements(state, incident) if one.next_update_at and not one.met_at]
    return min(owed, key=lambda one: (one.next_update_at, one.id), default=None)


def to_say(state: State, incident: Incident, rulebook: Rulebook, now: datetime) -> Text | None:
    """The words to tell customers now: those under way, or those offered."""
    one = under_way(state, incident) or draft(state, incident, rulebook, now)
    return Text(one.texts.get("es", ""), one.texts.get("en", "")) if one else None


def facts(state: State, incident: Incident, rulebook: Rulebook) -> dict[str, Any]:
    """Where its statement stands, for the card; null where nobody has proposed one."""
    owed, known = clock(state, incident), statements(state, incident)
    one = under_way(state, incident) or (known[-1] if known else None)
    return {
        "next_update_at": _iso(owed.next_update_at) if owed else None,
        "statement": _shown(one, rulebook) if one else None,
    }


def _shown(one: Statement, rulebook: Rulebook) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "stage": one.stage,
        "hash": one.hash,
        "texts": one.texts,
        "proposed_by": one.proposed_name or one.proposed_by,
        "approved_by": [each.name or each.by for each in one.approvals],
        "approvals_missing": missing(one, rulebook) if one.state in LIVE else 0,
        "expires_at": _iso(one.expires_at),
        "by_hand": not one.posts,
        "links": any(links(text) for text in one.texts.values()),
        "posts": [
            {"source": post.source, "language": post.language, "state": post.state, "url": post.url, "because": post.because}
            for post in one.posts
        ],
        "because": {"es": one.because.es, "en": one.because.en} if one.because else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
