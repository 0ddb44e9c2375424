"""Each customer's matter, as a micro-batch changes it: who is answered, who waits, who needs a human now, and what staff are told of it.

Pure, as all of `decide`. What a case is and goes through: `cases`; its clocks: `sla`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from carebot.config.schema import Rulebook
from carebot.decide import alerts, cases, course, match
from carebot.decide.heard import Heard
from carebot.decide.impersonators import looks_like_us
from carebot.decide.state import State
from carebot.model import Alert, Case, Reason, Signal

SLA_PAUSE = timedelta(minutes=30)  # clocks that run out within this of the last word about clocks are said together


def customers(
    state: State, heard: Heard, signals: Sequence[Signal], ours: NDArray[np.bool_], rulebook: Rulebook, zone: ZoneInfo, now: datetime
) -> list[Alert]:
    """Each customer's matter, in the order they spoke: cases opened, answered, handed off; who needs a human now."""
    said: list[Alert] = []
    by_message: dict[str, list[Signal]] = {}
    for signal in signals:
        by_message.setdefault(signal.id, []).append(signal)
    hand_off = heard.verdicts.column("hand_off")
    incident_of = course.incident_of_service(state, rulebook.file.brand.name)
    others = match.compared(rulebook)
    for row in sorted(range(len(heard.messages)), key=lambda row: (heard.messages[row].posted_at, heard.messages[row].id)):
        message = heard.messages[row]
        if others and match.brand_of(message, others, "") in rulebook.file.brand.compare_with:
            continue  # their customers are not ours to answer
        late = max(0, int((now - message.posted_at).total_seconds()))
        case: Case | None = None
        reason: Reason | None = None
        if ours[row]:
            case, reason = cases.answered(state.desk, message, bool(hand_off[row]))
        elif looks_like_us(message, rulebook):
            who = f"{message.source}:{message.author.lower()}"
            if who not in state.memory.impersonators:
                state.memory.impersonators = (*state.memory.impersonators, who)[-500:]
                said.append(alerts.about_impersonator(message.id, message.author, message.source, rulebook, now, late))
        elif not message.repost_of and (message.id in by_message or (message.source, message.author_key) in state.desk.by_author):
            mine = by_message.get(message.id, [])
            known = (message.source, message.author_key) in state.desk.by_author
            if not (known or cases.is_addressed(message, rulebook.file.brand.accounts) or any(s.kind in cases.HUMAN for s in mine)):
                continue
            about = next((s.service for s in mine if s.kind == "outage"), None)
            incident = incident_of(about) if about is not None else ""
            case, reason = cases.heard(state.desk, message, mine, rulebook.file.promises, zone, incident)
        if case and reason:
            route = alerts.route_of(by_message.get(message.id, []), reason, rulebook)
            said.append(alerts.about_case(case, reason, rulebook, now, route, late_by_s=late))
    return said


def clocks(state: State, rulebook: Rulebook, now: datetime) -> list[Alert]:
    """Clocks that ran out: one word for all of one kind, then a pause; none for who an open incident explains."""
    memory = state.memory
    for case, why in cases.time_passed(state.desk, now):
        if why and not course.explained_by(state, case):
            memory.held[why] = (*memory.held.get(why, ()), case.id)
    if not memory.held or (memory.sla_told_at and now - memory.sla_told_at < SLA_PAUSE):
        return []
    said: list[Alert] = []
    kinds: tuple[Reason, ...] = ("sla_breached", "sla_warning")
    memory.held["sla_warning"] = tuple(id_ for id_ in memory.held.get("sla_warning", ()) if id_ not in memory.held.get("sla_breached", ()))
    for reason in kinds:
        late = cases.waiting(state.desk.cases[id_] for id_ in memory.held.get(reason, ()) if id_ in state.desk.cases)
        route = _promise_route(late[0], rulebook) if late else ""
        if len(late) == 1:
            said.append(alerts.about_case(late[0], reason, rulebook, now, route))
        elif late:
            said.append(alerts.many_cases(late, reason, rulebook, now, route))
    memory.held = {}
    memory.sla_told_at = now if said else memory.sla_told_at
    return said


def _promise_route(case: Case, rulebook: Rulebook) -> str:
    name = case.clock.promise if case.clock else ""
    return next((promise.route for promise in rulebook.file.promises if promise.name == name), rulebook.file.incidents.route)
