"""From evidence to incidents: which incident it belongs to, and whether it opens, widens, confirms or reopens one.

The rules: the service's own cell speaks before the brand's roll-up; two services that fail together are one incident; who says only "it
does not work" is evidence of the incident that is open. Everything is judged at the minute the messages were posted, whenever they were
read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide import counting, incidents, machines
from carebot.decide.baseline import Cell, minute_of
from carebot.decide.incidents import Evidenced, Move, Push, is_open
from carebot.decide.state import State, incident_over, open_ones
from carebot.model import Incident, Reason, Signal


def counted(
    state: State, signals: Sequence[Signal], rulebook: Rulebook, zone: ZoneInfo, now: datetime
) -> tuple[tuple[Signal, ...], list[Move]]:
    """All signals, outage signals marked as counted or not, and what they moved. Minute by minute in the order of posting."""
    done: dict[tuple[str, str], Signal] = {}
    moves: list[Move] = []
    for minute, marked in counting.by_minute(state, signals):
        done |= {(signal.id, signal.kind): signal for signal in marked}
        if fresh := [signal for signal in marked if signal.counted]:
            found = counting.evidence(state, minute, fresh, zone)
            moves += _join(state, fresh, found, rulebook, now)
            for cell, evidenced in found.items():
                moves += _open(state, cell, evidenced, minute, rulebook, now)
    for target in [name for name in state.memory.checks if machines.failing(state.memory, name)]:
        moves += _probe_alone(state, target, rulebook, now)
    return tuple(done.get((s.id, s.kind), s) for s in signals), _said_once(moves)


def _said_once(moves: list[Move]) -> list[Move]:
    """One word an incident: what it came to, not every step on the way. A reopening or a confirmation outranks growth."""
    last: dict[str, Move] = {}
    rank: dict[Reason, int] = {"confirmed": 3, "reopened": 2, "suspected": 2, "severity_up": 1, "grew": 0}
    for move in moves:
        known = last.get(move.incident)
        if known is None or rank.get(move.reason, 4) >= rank.get(known.reason, 4):
            last[move.incident] = move
    return list(last.values())


def _join(state: State, fresh: Sequence[Signal], found: dict[Cell, Evidenced], rulebook: Rulebook, now: datetime) -> list[Move]:
    """Fresh signals as further evidence of open incidents, and what that moves."""
    moves: list[Move] = []
    by_incident: dict[str, list[Signal]] = {}
    for signal in fresh:
        over = incident_over(state, Cell(signal.brand, signal.service))
        if over and signal.posted_at >= over.onset_at - incidents.TOGETHER:
            by_incident.setdefault(over.id, []).append(signal)
    for id_, signals in by_incident.items():
        before = state.incidents[id_]
        after = incidents.joined(before, signals)
        cell = Cell(after.brand, after.service)
        moves += _settle(state, before, after, found.get(cell), rulebook, now)
    return moves


def _settle(state: State, before: Incident, after: Incident, found: Evidenced | None, rulebook: Rulebook, now: datetime) -> list[Move]:
    """The incident with new evidence: confirmed, graver, grown? The new version is kept; staff hear one reason at the most."""
    wanted = rulebook.file.incidents
    core = _is_core(after.service, rulebook)
    reason: Reason | None = None
    if found:
        after = replace(after, probes=found.probes or after.probes, false_alarms=min(after.false_alarms, found.false_alarms))
        if after.phase == "suspected" and incidents.is_strong(after, found, wanted.false_alarms_a_month, wanted.people):
            after, reason = incidents.pushed(after, Push.stronger, now)
    after = incidents.rated(after, core)
    if reason is None and after.severity < before.severity:
        reason = "severity_up"
    if reason is None and incidents.grew(after) and not incidents.is_snoozed(after, now):
        reason = "grew"
    state.incidents[after.id] = after
    window = found.window if found else 60
    return [Move(after.id, reason, window)] if reason else []


def _is_core(service: str, rulebook: Rulebook) -> bool:
    known = rulebook.file.services.get(service)
    return bool(known and known.core)


def _open(state: State, cell: Cell, found: Evidenced, minute: int, rulebook: Rulebook, now: datetime) -> list[Move]:
    """Does this cell's evidence at this minute open an incident, widen one, or reopen one?"""
    wanted = rulebook.file.incidents
    if found.false_alarms > wanted.false_alarms_a_month or incident_over(state, cell):
        return []
    found = replace(found, signals=counting.behind(state, cell, minute, found.window))
    if len({signal.author_key for signal in found.signals}) < (2 if found.probes else wanted.people):
        return []
    service = cell.service or _dominant(found.signals)
    onset = found.signals[0].posted_at
    if _in_maintenance(state, service, found.signals[-1].posted_at):
        return []
    for other in open_ones(state, cell.brand):
        if abs(onset - other.onset_at) <= incidents.TOGETHER:
            also = (*other.also, service) if service and service not in other.also else other.also
            return _settle(state, other, incidents.joined(replace(other, also=also), found.signals), None, rulebook, now)
    for past in state.incidents.values():
        if not is_open(past) and past.brand == cell.brand and past.service == service and _just_now(past, found.signals[-1].posted_at):
            again, reason = incidents.pushed(incidents.joined(past, found.signals), Push.flare, now)
            state.incidents[again.id] = again
            return [Move(again.id, reason, found.window)] if reason else []
    born = incidents.opened(cell.brand, service, found, _is_core(service, rulebook), now)
    state.incidents[born.id] = born
    first = Move(born.id, "suspected", found.window)
    return [first, *_settle(state, born, born, found, rulebook, now)]


def _just_now(past: Incident, at: datetime) -> bool:
    return past.resolved_at is not None and not past.dismissed and at - past.resolved_at <= incidents.REOPEN_WITHIN


def _dominant(signals: Sequence[Signal]) -> str:
    """The service that six in ten of the signals speak of, or ""."""
    for service in {signal.service for signal in signals if signal.service}:
        if sum(signal.service == service for signal in signals) >= 0.6 * len(signals):
            return service
    return ""


def _in_maintenance(state: State, service: str, at: datetime) -> bool:
    return any(n.what == "maintenance" and n.service == service and n.from_ <= at <= n.to for n in state.memory.notices)


def _probe_alone(state: State, target: str, rulebook: Rulebook, now: datetime) -> list[Move]:
    """A failing probe opens a suspected incident before any customer writes; in an open one it is the second witness."""
    brand = rulebook.file.brand.name
    check = machines.failing(state.memory, target)
    assert check is not None
    over = next((one for one in open_ones(state, brand) if one.service == target or target in one.also), None)
    if over:
        if check.id in over.probes:
            return []
        after = replace(over, probes=(check.id,))
        found = Evidenced(false_alarms=over.false_alarms, window=60, usual=over.usual, signals=(), probes=(check.id,))
        return _settle(state, over, after, found, rulebook, now)
    if _in_maintenance(state, target, check.since) or any(check.id in past.probes for past in state.incidents.values()):
        return []
    lately = counting.behind(state, Cell(brand, target), minute_of(now), 60)  # who said so before the second look
    found = Evidenced(false_alarms=0.0, window=60, usual=0.0, signals=lately, probes=(check.id,))
    born = incidents.opened(brand, target, found, _is_core(target, rulebook), now)
    born = replace(born, onset_at=min(born.onset_at, check.since))
    state.incidents[born.id] = born
    return [Move(born.id, "suspected", 60), *_settle(state, born, born, found, rulebook, now)]
