"""The course of an incident after it opened: what time and people do to it, whom it explains, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide import baseline, cases, detect, incidents, machines
from carebot.decide.alerts import LATE, about_incident
from carebot.decide.baseline import Cell, Series, minute_of
from carebot.decide.incidents import Move, Push, is_open
from carebot.decide.state import State, incident_over, open_ones
from carebot.model import Alert, Case, Click, Incident, Reason


def time_passed(state: State, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> list[Move]:
    """Each open incident at this minute: still more than usual, calm, or over?"""
    moves: list[Move] = []
    for incident in [one for one in state.incidents.values() if is_open(one)]:
        calm = _is_calm(state, incident, zone, now)
        since = incident.calm_since
        if not calm:
            since = None
        elif since is None:
            since = min(now, (incident.last_signal_at or now) + incidents.CALM_FOR_MONITORING)
        after = incident if since == incident.calm_since else replace(incident, calm_since=since)
        push = incidents.calm_push(after, now)
        reason: Reason | None = None
        if push:
            after, reason = incidents.pushed(after, push, now)
        if after is not incident:
            state.incidents[after.id] = after
        if reason:
            moves.append(Move(after.id, reason, 60, by_evidence=False))
    return moves


def _is_calm(state: State, incident: Incident, zone: ZoneInfo, now: datetime) -> bool:
    """Back to what is usual, over the time in which this incident would have brought five messages; and no probe fails."""
    if any(machines.failing(state.memory, service) for service in (incident.service, *incident.also) if service):
        return False
    minute = minute_of(now)
    for service in (incident.service, *incident.also):
        cell = Cell(incident.brand, service)
        series = state.series.get(cell)
        if series is None:
            continue
        series = baseline.touch(series, minute, (), zone, frozen=True)
        state.series[cell] = series
        if _still_high(series, incident, zone, now):
            return False
    return True


def _still_high(series: Series, incident: Incident, zone: ZoneInfo, now: datetime) -> bool:
    usual = baseline.usual(series, zone, local=False)
    window = np.array([incidents.calm_window(incident, now)])
    seen = detect.evidence(series.counts[None], usual.per_minute[None], np.array([usual.spread]), window)
    bar = detect.once_a_month(usual.per_minute[None, -60:].mean(axis=1))[0] / 2
    return bool(seen.score[0] >= bar and seen.count[0] >= 2)


def clicked(state: State, click: Click, now: datetime) -> Move | None:
    """A person's word on an incident. Clicks on incidents long gone change nothing."""
    incident = state.incidents.get(click.incident)
    if incident is None:
        return None
    reason: Reason | None = None
    match click.action:
        case "take":
            incident = replace(incident, owner=click.user)
        case "snooze":
            incident = replace(incident, snoozed_until=now + timedelta(hours=1), owner=incident.owner or click.user)
        case "confirm":
            incident, reason = incidents.pushed(replace(incident, owner=incident.owner or click.user), Push.confirmed_by_person, now)
        case "resolve" | "not_incident":
            dismissed = click.action == "not_incident"
            incident, reason = incidents.pushed(replace(incident, dismissed=dismissed), Push.closed_by_person, now)
    state.incidents[incident.id] = incident
    return Move(incident.id, reason, 60, by_evidence=False) if reason else None


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
        if incident.id == case.incident or not set(case.messages).isdisjoint(incident.messages):
            return incident.id
    return ""


def tell(state: State, move: Move, rulebook: Rulebook, now: datetime) -> Alert:
    """The alert for a move, as of the incident's latest version; remembers how much was told."""
    incident = state.incidents[move.incident]
    newest = (incident.last_signal_at or incident.opened_at) if move.by_evidence else now
    late = max(0, int((now - newest).total_seconds()))
    if late > LATE and incident.severity < 3:
        incident = replace(incident, severity=3)  # old news does not page
    evidence = set(incident.messages)
    waits = [
        case for case in cases.waiting(state.desk.cases.values()) if case.incident == incident.id or not evidence.isdisjoint(case.messages)
    ]
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
        "rules": rulebook.fingerprint,
    }
    state.incidents[incident.id] = replace(incident, told_count=incident.count)
    return about_incident(incident, move.reason, rulebook, now, late_by_s=late, facts=facts)
