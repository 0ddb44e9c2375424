"""Who is told next while nobody takes a grave incident, and when it is said once more.

The moments are worked out when severity 1 or 2 is first spoken of, and kept in the incident's row; each is taken out in the transaction
that tells it, so that whatever dies in between, each step is told once. Somebody who takes it, confirms it, or closes it stops the chain.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.incidents import course
from carebot.decide.incidents.phases import Move, is_open
from carebot.decide.state import State
from carebot.decide.telling.alerts import alert_id
from carebot.model import Alert, Further, Incident, Reason, Text

GRAVE = 2


def started(incident: Incident, route: str, rulebook: Rulebook, now: datetime) -> Incident:
    """The incident, of which severity 1 or 2 was just spoken on this route, with the moments at which it goes on."""
    if incident.further_since or incident.owner or not is_open(incident):
        return incident
    known = rulebook.file.routes.get(route)
    steps = tuple(Further(now + step.after, step.to) for step in known.escalate) if known else ()
    return replace(incident, further=steps, further_since=now)


def time_passed(state: State, rulebook: Rulebook, now: datetime) -> list[Alert]:
    """The steps whose moment has come, and what is said once more."""
    said: list[Alert] = []
    for one in list(state.incidents.values()):
        if one.further_since and (one.owner or not is_open(one)):
            state.incidents[one.id] = replace(one, further=(), further_since=None if not is_open(one) else one.further_since)
            continue
        for step in one.further:
            if step.at <= now:
                said.append(_passed_on(state, one.id, step, rulebook, now))
        if not any(step.at <= now for step in one.further) and _is_due_again(one, rulebook, now):
            said.append(still_open(state, one, rulebook, now))
    return said


def _passed_on(state: State, id_: str, step: Further, rulebook: Rulebook, now: datetime) -> Alert:
    one = state.incidents[id_]
    state.incidents[id_] = replace(one, further=tuple(other for other in one.further if other != step))
    alert = _once_more(state, one, "escalated", rulebook, now)
    minutes = (now - (one.further_since or now)) // timedelta(minutes=1)
    return replace(
        alert,
        alert=alert_id(id_, f"escalated {step.to} {step.at.isoformat()}", now),
        to=step.to,
        late_by_s=max(0, int((now - step.at).total_seconds())),
        facts={**alert.facts, "escalation": {"to": step.to, "unanswered_min": minutes, "steps_left": len(one.further) - 1}},
        act=Text(f"Sin respuesta en {minutes} min: pasa a {step.to}", f"No answer in {minutes} min: on to {step.to}"),
    )


def still_open(state: State, incident: Incident, rulebook: Rulebook, now: datetime) -> Alert:
    """The incident as it stands, said once more, or for the first time to people who were spared it."""
    return _once_more(state, incident, "still_open", rulebook, now)


def _once_more(state: State, one: Incident, reason: Reason, rulebook: Rulebook, now: datetime) -> Alert:
    """No news of how many there are, or how fast: growth is measured from the last word that was."""
    alert = course.tell(state, Move(one.id, reason, one.usual_in or 60, by_evidence=False), rulebook, now)
    told = state.incidents[one.id]
    state.incidents[one.id] = replace(told, told_count=one.told_count, told_per_min=one.told_per_min)
    return alert


def _is_due_again(one: Incident, rulebook: Rulebook, now: datetime) -> bool:
    """Grave, open, spoken of long ago, and nobody's; or its rest is over that somebody asked for."""
    if not is_open(one) or one.told_at is None or one.kept_back or one.told_severity > GRAVE:
        return False
    if one.snoozed_until and one.told_at < one.snoozed_until:
        return one.snoozed_until <= now
    route = rulebook.file.routes.get(one.told_to[0] if one.told_to else rulebook.file.incidents.route)
    return bool(route) and not one.owner and now - one.told_at >= route.repeat  # type: ignore[union-attr]
