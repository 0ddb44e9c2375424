"""The course of an incident after it opened: what time and people do to it, whom it explains, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from carebot.config.schema import Rulebook
from carebot.decide import allclear, cases, coverage, incidents, machines, surroundings
from carebot.decide.alerts import LATE, about_incident
from carebot.decide.cells import Cell, minute_of, moment_of
from carebot.decide.incidents import Move, Push, is_open
from carebot.decide.match import VAGUE
from carebot.decide.state import Memory, State, incident_over, open_ones
from carebot.model import Alert, Case, Click, Incident, Message, Reason, WellAgain
from carebot.understand.verdicts import Verdicts


def time_passed(state: State, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> list[Move]:
    """Each open incident at this minute: still more than usual, calm, or over?"""
    return [move for one in list(state.incidents.values()) if is_open(one) for move in _judged(state, one, now)]


def over_before(state: State, brand: str, minute: int, unsaid: Collection[str], now: datetime) -> list[Move]:
    """What would have been over before this minute, had the backlog been read live: two failures in one backlog are two incidents.

    The minutes that the clock did not bring while the incident was open pass for it here.
    unsaid   ids of messages that were read and not yet judged: they were posted later
    """
    moves: list[Move] = []
    for one in open_ones(state, brand):
        first = minute_of(one.last_signal_at or one.opened_at) + 1
        if first > minute_of(one.opened_at):
            first = max(first, state.memory.minute + 1)
        for passing in range(first, minute):
            if not is_open(state.incidents[one.id]):
                break
            moves += _judged(state, state.incidents[one.id], moment_of(passing), unsaid)
    return moves


def _judged(state: State, incident: Incident, at: datetime, unsaid: Collection[str] = ()) -> list[Move]:
    """One open incident as of a moment, which is `now` but for what is read late."""
    memory, mine = state.memory, [name for name in incidents.services(incident) if name]
    usual = surroundings.usual(state, [Cell(incident.brand, name) for name in mine or [""]], minute_of(at))
    quiet = allclear.quiet(incident, said_of(state, incident, at, unsaid), at, lambda window: _heard(memory, incident, at, window), usual)
    after, push = allclear.judged(
        incident,
        quiet,
        at,
        broken=any(machines.failing(memory, name) for name in mine),
        repaired=bool(incident.probes)
        and any((check := memory.checks.get(name)) and check.ok and check.run >= machines.LOOKS for name in mine),
    )
    reason: Reason | None = None
    if push:
        after, reason = incidents.pushed(after, push, at)
    if after is not incident:
        state.incidents[after.id] = after
    return [Move(after.id, reason, quiet.window, by_evidence=False)] if reason else []


def said_of(state: State, incident: Incident, at: datetime, unsaid: Collection[str] = ()) -> list[datetime]:
    """When the complaints of the last hour that belong to this incident were posted. Who names no service speaks of the one they joined."""
    known, mine = set(incident.messages), incidents.services(incident)
    return [
        signal.posted_at
        for signal in state.recent.get(incident.brand, ())
        if (signal.id in known or (signal.service and (signal.service in mine or not incident.service)))
        and incident.onset_at <= signal.posted_at <= at
        and signal.id not in unsaid
    ]


def _heard(memory: Memory, incident: Incident, at: datetime, window: int) -> float:
    """How many of the last so many minutes were heard where this incident's people speak."""
    first = minute_of(at) - window + 1
    parts: dict[str, NDArray[np.float64]] = {network: coverage.heard(memory.ears, network, first, window) for network in incident.by_source}
    return float(coverage.of_rollup(incident.by_source, parts).sum()) if parts else window


def recovered(state: State, messages: Sequence[Message], verdicts: Verdicts, ours: NDArray[np.bool_], brand: str) -> None:
    """Customers who say that it works again, noted on the incident it is about."""
    for row in np.flatnonzero(verdicts.column("recovered") & ~ours).tolist():
        message, service = messages[row], verdicts.services[verdicts.service[row]]
        over = incident_over(state, Cell(message.brand or brand, "" if service in VAGUE else service))
        if over:
            said = WellAgain(message.id, message.author_key, message.posted_at)
            state.incidents[over.id] = allclear.with_well_again(over, [said])


def clicked(state: State, click: Click, rulebook: Rulebook, now: datetime) -> Move | None:
    """A person's word on an incident, or on the one it was merged into. Clicks on incidents long gone change nothing."""
    incident = state.incidents.get(click.incident)
    while incident and incident.merged_into:
        incident = state.incidents.get(incident.merged_into)
    if incident is None:
        return None
    reason: Reason | None = None
    match click.action:
        case "take":
            incident = replace(incident, owner=click.user)
        case "snooze":
            incident = replace(incident, snoozed_until=now + timedelta(hours=1), owner=incident.owner or click.user)
        case "confirm":
            incident = replace(incident, owner=incident.owner or click.user)
            incident, reason = incidents.pushed(incident, Push.confirmed_by_person, now, by=click.user)
            incident = incidents.rated(incident, is_core(incident.service, rulebook))
        case "resolve" | "not_incident":
            incident = replace(incident, dismissed=click.action == "not_incident")
            incident, reason = incidents.pushed(incident, Push.closed_by_person, now, by=click.user)
    state.incidents[incident.id] = incident
    return Move(incident.id, reason, 60, by_evidence=False) if reason else None


def is_core(service: str, rulebook: Rulebook) -> bool:
    known = rulebook.file.services.get(service)
    return bool(known and known.core)


def incident_of_service(state: State, brand: str) -> Callable[[str], str]:
    """Which open incident explains a complaint about this service, by id."""

    def of(service: str) -> str:
        over = incident_over(state, Cell(brand, service))
        return over.id if over else ""

    return of


def explained_by(state: State, case: Case) -> str:
    """The open incident that explains this case, so that its own alarm need not be said; or "".

    Those who wrote first wrote before there was an incident: their messages are its evidence.
    """
    for incident in open_ones(state, case.brand):
        if case.incident in (incident.id, *incident.merged) or not set(case.messages).isdisjoint(incident.messages):
            return incident.id
    return ""


def tell(state: State, move: Move, rulebook: Rulebook, now: datetime) -> Alert:
    """The alert for a move, as of the incident's latest version; remembers how much was told, and how grave.

    Old news does not page: what was read late is told at level 3 at the gravest, whatever the incident itself has come to.
    """
    incident = state.incidents[move.incident]
    late = read_late(incident, now) if move.by_evidence else 0
    severity = shown_severity(incident, now) if move.by_evidence else incident.severity
    if not move.by_evidence and move.reason != "confirmed":
        severity = incident.told_severity if incident.told_severity < incidents.UNTOLD else max(3, severity)
    evidence = set(incident.messages)
    mine = {incident.id, *incident.merged}
    waits = [case for case in cases.waiting(state.desk.cases.values()) if case.incident in mine or not evidence.isdisjoint(case.messages)]
    pace = incidents.pace(incident, said_of(state, incident, now), now)
    facts = {
        "count": incident.count,
        "authors": incident.author_count,
        "sources": list(incident.sources),
        "also": list(incident.also),
        "usual": round(incident.usual, 3),
        "window_min": move.window,
        "false_alarms_a_month": float(f"{incident.false_alarms:.2g}"),
        "probes": list(incident.probes),
        "waiting": len(waits),
        "owner": incident.owner or None,
        "per_min": pace.per_min,
        "per_min_told": incident.told_per_min,
        "accelerating": pace.accelerating,
        "severity_because": list(incident.severity_because),
        "merged_into": incident.merged_into or None,
        "rules": rulebook.fingerprint,
    }
    told = min(severity, incident.told_severity)
    state.incidents[incident.id] = replace(incident, told_count=incident.count, told_per_min=pace.per_min, told_severity=told)
    return about_incident(replace(incident, severity=severity), move.reason, rulebook, now, late_by_s=late, facts=facts)


def shown_severity(incident: Incident, now: datetime) -> int:
    """How grave it is told to be."""
    return max(3, incident.severity) if read_late(incident, now) > LATE else incident.severity


def read_late(incident: Incident, now: datetime) -> int:
    """Seconds since the newest evidence was posted."""
    return max(0, int((now - (incident.last_signal_at or incident.opened_at)).total_seconds()))
