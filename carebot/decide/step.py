"""The whole of carebot on one page: (state, what was heard, rulebook, now) → (state, what to tell).

Pure: nothing here reads a clock, a file or the network, and the state handed in is not changed. What changed is listed in the
Outcome, so that the store can write exactly that, in one transaction with the messages that caused it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from carebot.config.schema import Rulebook
from carebot.decide import alerts, cases, counting, course, coverage, labels, machines, match, outbreak, witnesses
from carebot.decide.cells import Cell, Profile, minute_of, moment_of
from carebot.decide.impersonators import looks_like_us
from carebot.decide.incidents import is_open
from carebot.decide.state import State, forget
from carebot.model import (
    Alert,
    Case,
    Click,
    Coverage,
    Deleted,
    Event,
    Incident,
    Label,
    Listening,
    Message,
    Notice,
    Probe,
    Reason,
    Refusal,
    SelfReport,
    Signal,
    Status,
)
from carebot.understand.copies import Known, without
from carebot.understand.verdicts import Verdicts

SLA_PAUSE = timedelta(minutes=30)  # clocks that run out within this of the last word about clocks are said together


class Heard(msgspec.Struct, frozen=True):
    """A micro-batch, understood: new messages with their plain texts and verdicts, and everything else that happened."""

    messages: tuple[Message, ...]
    plain: tuple[str, ...]
    verdicts: Verdicts
    events: tuple[Event, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The next state, what to tell, and what the store must write."""

    state: State
    alerts: tuple[Alert, ...]
    muted: tuple[tuple[Alert, str], ...]  # what a silence kept back, and why
    signals: tuple[Signal, ...]
    incidents: tuple[Incident, ...]
    cases: tuple[Case, ...]
    profiles: tuple[tuple[Cell, Profile], ...]
    texts: Known | None  # None: as before
    labels: tuple[Label, ...] = ()
    refused: tuple[Refusal, ...] = ()  # clicks that make no sense


def step(before: State, heard: Heard, rulebook: Rulebook, now: datetime) -> Outcome:
    """One micro-batch decided. `now`: the moment of the decision, aware UTC; it never goes back."""
    state, zone = before.copy(), ZoneInfo(rulebook.file.brand.time_zone)
    own = match.own_accounts(rulebook)
    ours = np.fromiter((match.is_ours(message, own) for message in heard.messages), bool, len(heard.messages))
    signals = match.signals(heard.messages, heard.plain, heard.verdicts, ours, rulebook)

    if not state.memory.heard_from and heard.messages:
        state.memory.heard_from = min(minute_of(message.posted_at) for message in heard.messages)
    clicks = [event for event in heard.events if isinstance(event, Click)]
    taught = tuple(label for click in clicks for label in labels.labels(state, click, rulebook))  # of the evidence they were shown
    said = list(_machines(state, heard.events, rulebook, now))
    plain = {message.id: words for message, words in zip(heard.messages, heard.plain, strict=True)}
    counting.move_on(state, minute_of(now), rulebook)
    signals = counting.told_apart(state, signals, plain)
    state.texts = without(state.texts, {event.id for event in heard.events if isinstance(event, Deleted)})
    counted, moves = outbreak.counted(state, signals, rulebook, zone, now)
    course.recovered(state, heard.messages, heard.verdicts, ours, rulebook.file.brand.name)
    witnesses.attributed(state, moves, rulebook, now)
    said += [course.tell(state, move, rulebook, now) for move in moves]
    said += _customers(state, heard, counted, ours, rulebook, zone, now)
    lived = state.incidents
    if minute_of(now) > state.memory.minute:
        an_hour_on = minute_of(now) // 60 > state.memory.minute // 60
        state.memory.minute = minute_of(now)
        said += [course.tell(state, move, rulebook, now) for move in course.time_passed(state, rulebook, zone, now)]
        said += _clocks(state, rulebook, now)
        lived = dict(state.incidents)  # a backlog may bring one that opened and ended so long ago that it is forgotten at once
        forget(state, state.memory.minute)
        if an_hour_on:
            cases.forget_quiet(state.desk, now)

    because = [alerts.silenced(alert, rulebook, now) for alert in said]
    return Outcome(
        state=state,
        alerts=tuple(alert for alert, why in zip(said, because, strict=True) if not why),
        muted=tuple((alert, why) for alert, why in zip(said, because, strict=True) if why),
        signals=counted,
        incidents=tuple(one for id_, one in lived.items() if before.incidents.get(id_) is not one),
        cases=state.desk.changed(),
        profiles=tuple((cell, state.table.profile(row)) for cell, row in state.table.rows.items() if row in state.table.changed),
        texts=state.texts.known if state.texts is not before.texts else None,
        labels=taught,
        refused=labels.refused(clicks, rulebook),
    )


def _machines(state: State, events: Sequence[Event], rulebook: Rulebook, now: datetime) -> list[Alert]:
    """Probes, status pages, notices, clicks, and what carebot says of itself."""
    said: list[Alert] = []
    for event in sorted(events, key=machines.happened):
        match event:
            case Probe():
                machines.probed(state.memory, event)
            case Status():
                if machines.changed(state.memory, event):
                    said.append(alerts.upstream(event, machines.services_of(event.provider, event.component, rulebook), rulebook, now))
            case Notice():
                machines.announced(state.memory, event)
            case Click():
                if move := course.clicked(state, event, rulebook, now):
                    said.append(course.tell(state, move, rulebook, now))
            case Coverage():
                state.memory.ears = coverage.noted(state.memory.ears, event)
            case Listening():
                state.memory.ears = coverage.listening(state.memory.ears, event.sources)
            case SelfReport():
                said.append(alerts.about_us(event, rulebook, now))
            case Deleted():
                cases.erased(state.desk, event.id)  # its text goes in the store; what was counted stays counted
    return said


def _customers(
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


def _clocks(state: State, rulebook: Rulebook, now: datetime) -> list[Alert]:
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


def next_moment(state: State, now: datetime) -> datetime | None:
    """The next moment at which time alone could change anything; None while nothing is pending. For replays that skip quiet hours."""
    pending = [moment_of(minute) for minute in state.desk.pending]
    if any(is_open(incident) for incident in state.incidents.values()) or state.memory.held:
        pending.append(now)
    return min(pending, default=None)
