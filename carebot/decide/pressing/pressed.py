"""What a press of a button does: to the incident, to what the thread is told, and to the person who pressed.

A click is a person's word, and it comes late, twice, or from fifty people at once. Each is answered for: it did something, it changed
nothing, or it was refused, with the reason the person is shown. `decide.pressing.roles` says who may.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.incidents import opening, phases, polls
from carebot.decide.incidents.course import is_core
from carebot.decide.incidents.phases import Move, Push, is_open
from carebot.decide.pressing import roles
from carebot.decide.state import State, incident_now
from carebot.decide.telling.alerts import alert_id
from carebot.decide.telling.plainly import moment
from carebot.model import Acted, Alert, Click, Incident, Reason, Text

SNOOZE_FOR: Mapping[str, timedelta] = {"30m": timedelta(minutes=30), "1h": timedelta(hours=1), "4h": timedelta(hours=4)}
MORNING = "morning"  # of tomorrow, at this hour where the desk is:
MORNING_AT = time(8)
USUALLY = "1h"
HANDED_OVER_AFTER = timedelta(
    minutes=1
)  # Two who press together saw the same card: the first has it. Later, one takes over from the other.

# Why something is no incident: what a person can choose, and what the thread says.
WHY_NOT: Mapping[str, Text] = {
    "words": Text("los mensajes hablan de otra cosa", "the messages are about something else"),
    "known": Text("ya se sabía: trabajos anunciados", "it was known: announced work"),
    "few": Text("son casos sueltos", "these are single cases"),
    "elsewhere": Text("falla otro, no nosotros", "somebody else fails, not us"),
    "other": Text("otra razón", "another reason"),
}
TEACHES_WORDS = ("words",)  # with these, a change of the rules is proposed

_GONE = Text("Esa incidencia terminó hace tiempo; no ha cambiado nada.", "That incident ended long ago; nothing has changed.")
_OVER = Text("Ya está resuelta; no ha cambiado nada.", "It is resolved already; nothing has changed.")
_SURE = Text("Ya estaba confirmada.", "It was confirmed already.")
_ASKED = Text("Gracias; tu respuesta no cambia nada ya.", "Thank you; your answer changes nothing any more.")
_YOURS = Text("Ya te encargas tú.", "It is yours already.")


def clicked(state: State, click: Click, rulebook: Rulebook, now: datetime) -> tuple[Acted, Move | None]:
    """A person's word on an incident, or on the one it was merged into; and the move that staff hear of."""
    incident = meant(state, click, rulebook)
    if isinstance(incident, Acted):
        return incident, None
    if why := _too_late(incident, click, now):
        return Acted(click=click, outcome="nothing", because=why), None
    if click.action in ("see_yes", "see_no"):
        return _polled(state, incident, click, rulebook, now)
    after, reason = _acted_on(incident, click, rulebook, now)
    if after is incident:
        return Acted(click=click), None
    state.incidents[incident.id] = after
    teaches = click.action == "not_incident" and click.choice in TEACHES_WORDS
    return Acted(click=click, asks_for="proposal" if teaches else ""), Move(incident.id, reason, 60, by_evidence=False)


def meant(state: State, click: Click, rulebook: Rulebook) -> Incident | Acted:
    """The incident a click is about, or what came of the click where it may not be, or there is no such incident."""
    if why := roles.why_not(click, rulebook):
        return Acted(click=click, outcome="refused", because=why)
    return incident_now(state, click.incident) or Acted(click=click, outcome="nothing", because=_GONE)


def _too_late(incident: Incident, click: Click, now: datetime) -> Text | None:
    """Why it changes nothing any more, if so."""
    if not is_open(incident) and (click.action in ("take", "confirm", "snooze", "resolve") or incident.dismissed):
        return _OVER
    if click.action == "confirm" and incident.phase != "suspected":
        return _SURE
    if click.action == "take" and incident.owner == click.user:
        return _YOURS
    if click.action == "take" and incident.owner and incident.owned_at and now - incident.owned_at < HANDED_OVER_AFTER:
        who = incident.owner_name or incident.owner
        return Text(f"{who} se ha adelantado y se encarga.", f"{who} was first and is on it.")
    return None


def _polled(state: State, incident: Incident, click: Click, rulebook: Rulebook, now: datetime) -> tuple[Acted, Move | None]:
    after = polls.answered(incident, click)
    if after is incident:
        return Acted(click=click, outcome="nothing", because=_ASKED), None
    moves = opening.settled(state, after, None, None, rulebook, now)
    return Acted(click=click), next((replace(move, by_evidence=False) for move in moves), None)


def _acted_on(incident: Incident, click: Click, rulebook: Rulebook, now: datetime) -> tuple[Incident, Reason]:
    match click.action:
        case "take":
            return _owned(incident, click, now), "acted"
        case "snooze":
            until = snoozed_until(click.choice, rulebook, now)
            # Whoever takes it at the same moment means it more.
            owned = incident if incident.owner else replace(_owned(incident, click, now), owned_at=None)
            return replace(owned, snoozed_until=until), "acted"
        case "confirm":
            incident = incident if incident.owner else _owned(incident, click, now)
            incident, reason = phases.pushed(incident, Push.confirmed_by_person, now, by=click.user)
            return phases.rated(incident, is_core(incident.service, rulebook)), reason or "acted"
        case "resolve" | "not_incident":
            incident = replace(incident, dismissed=click.action == "not_incident")
            incident, reason = phases.pushed(incident, Push.closed_by_person, now, by=click.user)
            return incident, reason or "acted"
        case _:
            return incident, "acted"


def _owned(incident: Incident, click: Click, now: datetime) -> Incident:
    return replace(incident, owner=click.user, owner_name=click.name, owned_at=now)


def snoozed_until(choice: str, rulebook: Rulebook, now: datetime) -> datetime:
    """The end of the rest they chose; an hour where they chose none we know."""
    if choice != MORNING:
        return now + SNOOZE_FOR.get(choice, SNOOZE_FOR[USUALLY])
    zone = ZoneInfo(rulebook.file.brand.time_zone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING_AT, zone).astimezone(now.tzinfo)


def told(alert: Alert, click: Click, state: State, rulebook: Rulebook) -> Alert:
    """The alert, with who did it. Its id is the click's: two people who act in one moment are two lines."""
    incident = state.incidents[alert.incident or ""]
    return replace(alert, alert=alert_id(incident.id, click.id, alert.at), act=line(click, incident, rulebook))


def line(click: Click, incident: Incident, rulebook: Rulebook) -> Text:
    """Who did what, for everybody in the thread."""
    who = click.name or click.user
    match click.action:
        case "take":
            return Text(f"{who} se encarga", f"{who} is on it")
        case "see_yes" | "see_no":
            return Text(f"{who} también lo ve", f"{who} sees it too")
        case "confirm":
            return Text(f"{who} lo confirma", f"{who} confirms it")
        case "resolve":
            return Text(f"{who} la da por resuelta", f"{who} says it is resolved")
        case "snooze":
            until = moment(incident.snoozed_until or click.at, ZoneInfo(rulebook.file.brand.time_zone), click.at)
            return Text(f"{who} la pospone hasta {until.es}", f"{who} snoozes it until {until.en}")
        case "not_incident":
            why = WHY_NOT.get(click.choice)
            said = f" «{click.text}»" if click.text else ""
            return Text(
                f"{who}: no es incidencia{f', {why.es}' if why else ''}{said}",
                f"{who}: not an incident{f', {why.en}' if why else ''}{said}",
            )
        case _:
            return Text(f"{who}: {click.action}", f"{who}: {click.action}")
