"""The course of an incident after it opened: what time and people do to it, whom it explains, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from carebot.config.schema import Rulebook
from carebot.decide.care import desk
from carebot.decide.detecting import coverage, machines, surroundings, volume
from carebot.decide.detecting.cells import Cell, minute_of, moment_of
from carebot.decide.detecting.lessons import LEAST_READ
from carebot.decide.incidents import allclear, flapping, phases
from carebot.decide.incidents.phases import Move, Pace, is_bare, is_open
from carebot.decide.match import VAGUE
from carebot.decide.public import shown
from carebot.decide.state import State, incident_over, open_ones
from carebot.decide.telling import cards
from carebot.decide.telling.alerts import about_incident
from carebot.decide.telling.sentences import LATE
from carebot.model import Alert, Case, Incident, Message, Reason, WellAgain
from carebot.understand.verdicts import Verdicts


def time_passed(state: State, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> list[Move]:
    """Each open incident at this minute: still more than usual, calm, or over?"""
    lived = [one for one in state.incidents.values() if is_open(one) and not is_bare(one)]
    return [move for one in lived for move in _judged(state, one, rulebook, now)]


def over_before(state: State, brand: str, minute: int, unsaid: Collection[str], rulebook: Rulebook) -> list[Move]:
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
            moves += _judged(state, state.incidents[one.id], rulebook, moment_of(passing), unsaid)
    return moves


def _judged(state: State, incident: Incident, rulebook: Rulebook, at: datetime, unsaid: Collection[str] = ()) -> list[Move]:
    """One open incident as of a moment, which is `now` but for what is read late."""
    memory, mine = state.memory, [name for name in phases.services(incident) if name]
    usual = surroundings.usual(state, [Cell(incident.brand, name) for name in mine or [""]], minute_of(at))
    said, ears = said_of(state, incident, at, unsaid), surroundings.ears(state, incident.brand, rulebook)
    read = _shares_read(state, incident, rulebook, at)
    quiet = allclear.quiet(incident, said, at, lambda window: _heard(ears, incident, at, window), usual, read)
    after, push = allclear.judged(
        incident,
        quiet,
        at,
        broken=any(machines.failing(memory, name) for name in mine),
        repaired=bool(incident.probes) and any(machines.repaired(memory, name) for name in mine),
        needed=flapping.calm_needed(incident),
    )
    reason: Reason | None = None
    if push:
        after, reason = phases.pushed(after, push, at)
    if after is not incident:
        state.incidents[after.id] = after
    return [Move(after.id, reason, quiet.window, by_evidence=False)] if reason else []


def said_of(state: State, incident: Incident, at: datetime, unsaid: Collection[str] = ()) -> list[datetime]:
    """When the complaints of the last hour that belong to this incident were posted. Who names no service speaks of the one they joined."""
    known, mine = set(incident.messages), phases.services(incident)
    return [
        signal.posted_at
        for signal in state.recent.get(incident.brand, ())
        if (signal.id in known or (signal.service and (signal.service in mine or not incident.service)))
        and incident.onset_at <= signal.posted_at <= at
        and signal.id not in unsaid
    ]


def pace(state: State, incident: Incident, rulebook: Rulebook, now: datetime, at: datetime) -> Pace:
    """How fast its complaints come at this moment, by what is known now. Of a sample, each stands for several."""
    said = said_of(state, incident, now)
    first = max(minute_of(incident.onset_at), minute_of(now) - coverage.KEPT)
    read = surroundings.read_of(state, rulebook, incident, first, max(1, minute_of(now) - first + 1))
    if read is None:
        return phases.pace(incident, said, at)
    stands_for = dict(enumerate((1 / np.maximum(read, LEAST_READ)).tolist(), first))
    paced = phases.pace(incident, said, at, lambda moment: stands_for.get(minute_of(moment), 1.0), float(read.mean()))
    told_at = next((turn.at for turn in reversed(incident.turns) if turn.reason), incident.opened_at)
    told = max(0, minute_of(told_at) - first)
    return replace(paced, fuller=float(read[told:].mean() / read[:told].mean())) if 0 < told < len(read) else paced


def _shares_read(state: State, incident: Incident, rulebook: Rulebook, at: datetime) -> tuple[float, float]:
    """The share that was read of what was posted while its people complained, and in the last hour."""
    minute = minute_of(at)
    first = max(min(minute_of(incident.onset_at), minute - 59), minute - coverage.KEPT)
    read = surroundings.read_of(state, rulebook, incident, first, minute - first + 1)
    if read is None:
        return 1.0, 1.0
    lasted = read[max(0, minute_of(incident.onset_at) - first) : max(1, minute_of(incident.last_signal_at or at) + 1 - first)]
    return float(lasted.mean()), float(read[-60:].mean())


def _heard(ears: coverage.Ears, incident: Incident, at: datetime, window: int) -> float:
    """How many of the last so many minutes were heard where this incident's people speak."""
    first = minute_of(at) - window + 1
    parts: dict[str, NDArray[np.float64]] = {network: coverage.heard(ears, network, first, window) for network in incident.by_source}
    return float(coverage.of_rollup(incident.by_source, parts).sum()) if parts else window


def recovered(state: State, messages: Sequence[Message], verdicts: Verdicts, ours: NDArray[np.bool_], brand: str) -> None:
    """Customers who say that it works again, noted on the incident it is about."""
    for row in np.flatnonzero(verdicts.column("recovered") & ~ours).tolist():
        message, service = messages[row], verdicts.services[verdicts.service[row]]
        over = incident_over(state, Cell(message.brand or brand, "" if service in VAGUE else service))
        if over:
            said = WellAgain(message.id, message.author_key, message.posted_at)
            state.incidents[over.id] = allclear.with_well_again(over, [said])


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
        severity = incident.told_severity if incident.told_severity < phases.UNTOLD else max(3, severity)
    mine, theirs = {incident.id, *incident.merged}, {state.desk.by_message.get(id_) for id_ in incident.messages}
    waits = desk.waiting(case for case in state.desk.cases.values() if case.incident in mine or case.id in theirs)
    paced = pace(state, incident, rulebook, now, now)
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
        "waiting_oldest_min": (now - (desk.owed_since(waits[0]) or now)) // timedelta(minutes=1) if waits else None,
        "owner": incident.owner_name or incident.owner or None,
        "per_min": paced.per_min,
        "per_min_told": incident.told_per_min,
        "accelerating": paced.accelerating,
        "severity_because": list(incident.severity_because),
        "merged_into": incident.merged_into or None,
        **({"merged_into_service": into.service} if (into := state.incidents.get(incident.merged_into)) else {}),
        "rules": rulebook.fingerprint,
        "hidden": dict(incident.hidden),
        **flapping.facts(incident, state.incidents.values()),
        **not_read(state, incident, rulebook, now),
        **cards.facts(state, incident, now),
        **shown.facts(state, incident, rulebook),
    }
    told = min(severity, incident.told_severity)
    state.incidents[incident.id] = replace(
        incident, told_count=incident.count, told_per_min=paced.per_min, told_severity=told, shown=cards.glance(incident)
    )
    say = shown.to_say(state, incident, rulebook, now)
    return about_incident(replace(incident, severity=severity), move.reason, rulebook, now, late_by_s=late, facts=facts, say=say)


def not_read(state: State, incident: Incident, rulebook: Rulebook, now: datetime) -> dict[str, Any]:
    """Of how many posts those of its time that were read are a sample, where that is so; and where far more is posted than usual."""
    told: dict[str, Any] = {}
    ears = surroundings.ears(state, incident.brand, rulebook)
    read, of = coverage.sample(ears, incident.by_source, minute_of(incident.onset_at), minute_of(now))
    if of > read:
        told["sampled"] = {"read": read, "of": of}
    if swell := incident.swell or (volume.highest(state, now) if incident.brand == rulebook.file.brand.name else None):
        told["volume"] = {
            "source": swell.source,
            "network": swell.network,
            "posts": swell.posts,
            "usual": swell.usual,
            "window_min": swell.minutes,
            "unread": _why_unread(state, swell.source),
        }
    return told


def _why_unread(state: State, source: str) -> str:
    if not volume.unread(state, source):
        return ""
    return "budget" if volume.readers(state, source) else "counts"


def shown_severity(incident: Incident, now: datetime) -> int:
    """How grave it is told to be."""
    return max(3, incident.severity) if read_late(incident, now) > LATE else incident.severity


def read_late(incident: Incident, now: datetime) -> int:
    """Seconds since the newest evidence was posted."""
    return max(0, int((now - (incident.last_signal_at or incident.opened_at)).total_seconds()))
