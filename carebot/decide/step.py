"""The whole of carebot on one page: (state, what was heard, rulebook, now) → (state, what to tell).

Pure: nothing here reads a clock, a file or the network, and the state handed in is not changed. What changed is listed in the
Outcome, so that the store can write exactly that, in one transaction with the messages that caused it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from carebot.config.schema import Rulebook
from carebot.decide import edits, match
from carebot.decide.care import cases, customers
from carebot.decide.detecting import counting, coverage, machines, volume, witnesses
from carebot.decide.detecting.cells import Cell, Profile, minute_of, moment_of
from carebot.decide.heard import Heard
from carebot.decide.incidents import course, outbreak, swells
from carebot.decide.incidents.phases import is_open
from carebot.decide.pressing import labels, pressed, roles
from carebot.decide.public import saying
from carebot.decide.state import State, forget
from carebot.decide.telling import alerts, cards, digests, escalation, routing
from carebot.model import (
    Acted,
    Alert,
    Case,
    Click,
    Coverage,
    Deleted,
    Event,
    Incident,
    Label,
    Listening,
    Notice,
    Posted,
    Probe,
    Refusal,
    SelfReport,
    Signal,
    Statement,
    Status,
    Volume,
)
from carebot.understand.copies import Known, without


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The next state, what to tell, and what the store must write."""

    state: State
    alerts: tuple[Alert, ...]
    muted: tuple[tuple[Alert, str], ...]  # what was not said, and why
    signals: tuple[Signal, ...]
    incidents: tuple[Incident, ...]
    cases: tuple[Case, ...]
    profiles: tuple[tuple[Cell, Profile], ...]
    texts: Known | None  # None: as before
    labels: tuple[Label, ...] = ()
    refused: tuple[Refusal, ...] = ()  # clicks that make no sense
    acted: tuple[Acted, ...] = ()  # every click, and what came of it
    cards: tuple[Alert, ...] = ()  # to be shown anew, which tells nobody anything
    statements: tuple[Statement, ...] = ()
    changed: tuple[str, ...] = ()  # edited messages that mean something else now: their signals are those above, and no others


def step(before: State, heard: Heard, rulebook: Rulebook, now: datetime) -> Outcome:
    """One micro-batch decided. `now`: the moment of the decision, aware UTC; it never goes back."""
    state, zone = before.copy(), ZoneInfo(rulebook.file.brand.time_zone)
    own = rulebook.own_accounts
    ours = np.fromiter((match.is_ours(message, own) for message in heard.messages), bool, len(heard.messages))
    read = edits.read(heard, match.signals(heard.messages, heard.plain, heard.verdicts, ours, rulebook))

    if not state.memory.heard_from and heard.messages:
        state.memory.heard_from = min(minute_of(message.posted_at) for message in heard.messages)
    clicks = [event for event in heard.events if isinstance(event, Click) and not roles.why_not(event, rulebook)]
    taught = tuple(label for click in clicks for label in labels.labels(state, click, rulebook))  # of the evidence they were shown
    acted: list[Acted] = []
    said = list(_machines(state, heard.events, rulebook, now, acted))
    plain = {message.id: words for message, words in zip(heard.messages, heard.plain, strict=True)}
    counting.move_on(state, minute_of(now), rulebook)
    volume.counted(state, [event for event in heard.events if isinstance(event, Volume)], rulebook, now)
    state.texts = without(state.texts, heard.edited.keys())
    signals = counting.told_apart(state, read.signals, plain)
    state.texts = without(state.texts, {event.id for event in heard.events if isinstance(event, Deleted)})
    edits.unsay(state, heard.edited)
    counted, moves = outbreak.counted(state, signals, rulebook, zone, now, read.gone)
    course.recovered(state, heard.messages, heard.verdicts, ours, rulebook.file.brand.name)
    witnesses.attributed(state, moves, rulebook, now)
    moves += swells.judged(state, rulebook, zone, now)
    said += [course.tell(state, move, rulebook, now) for move in moves]
    said += saying.seen(state, heard.messages, heard.plain, ours, rulebook, now)  # before care: its promise has a clock then
    said += customers.customers(state, heard, (*counted, *read.as_before), ours, rulebook, zone, now)
    lived, a_minute_on = state.incidents, minute_of(now) > state.memory.minute
    asked = {id_ for id_, one in lived.items() if (was := before.incidents.get(id_)) and was.votes is not one.votes}
    if a_minute_on:
        an_hour_on = minute_of(now) // 60 > state.memory.minute // 60
        state.memory.minute = minute_of(now)
        said += [course.tell(state, move, rulebook, now) for move in course.time_passed(state, rulebook, zone, now)]
    said += customers.clocks(state, rulebook, now)
    said += saying.time_passed(state, rulebook, now)
    if a_minute_on:
        said += escalation.time_passed(state, rulebook, now) + routing.time_passed(state, rulebook, now) + digests.due(state, rulebook, now)
    through = routing.told(state, said, rulebook, now)
    digests.noted(before, state, heard, signals, read.changed, through, zone, now)
    told = {alert.incident for alert in through.alerts if alert.incident and not alert.case}
    anew = cards.kept_true(state, lambda move: course.tell(state, move, rulebook, now), told, lived if a_minute_on else asked, now)
    stated = state.statements
    if a_minute_on:
        lived = dict(state.incidents)  # a backlog may bring one that opened and ended so long ago that it is forgotten at once
        forget(state, state.memory.minute)
        if an_hour_on:
            cases.forget_quiet(state.desk, now, rulebook.file.cases.quiet)

    return Outcome(
        state=state,
        alerts=through.alerts,
        muted=through.muted,
        signals=counted,
        incidents=tuple(one for id_, one in lived.items() if before.incidents.get(id_) is not one),
        cases=state.desk.changed(),
        profiles=tuple(
            (cell, table.profile(row)) for table in (state.table, state.volumes) for cell, row in table.rows.items() if row in table.changed
        ),
        texts=state.texts.known if state.texts is not before.texts else None,
        labels=taught,
        refused=labels.refused(clicks, rulebook),
        acted=tuple(acted),
        cards=tuple(card for one in anew if (card := routing.card_to(one, state))),
        statements=tuple(one for id_, one in stated.items() if before.statements.get(id_) is not one),
        changed=read.changed,
    )


def _machines(state: State, events: Sequence[Event], rulebook: Rulebook, now: datetime, acted: list[Acted]) -> list[Alert]:
    """Probes, status pages, notices, clicks, and what carebot says of itself. What came of each click is added to `acted`."""
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
            case Click() if event.action in saying.ACTIONS:
                what, told = saying.clicked(state, event, rulebook, now)
                acted.append(what)
                said += [told] if told else []
            case Click():
                what, move = pressed.clicked(state, event, rulebook, now)
                acted.append(what)
                if move:
                    said.append(pressed.told(course.tell(state, move, rulebook, now), event, state, rulebook))
            case Coverage():
                state.memory.ears = coverage.noted(state.memory.ears, event)
            case Listening():
                state.memory.ears = coverage.listening(state.memory.ears, event.sources)
            case Posted():
                said += saying.reported(state, event, rulebook, now)
            case SelfReport():
                said.append(alerts.about_us(event, rulebook, now))
            case Deleted():
                customers.taken_back(state, event, rulebook)  # its text goes in the store; what was counted stays counted
    return said


def next_moment(state: State, now: datetime) -> datetime | None:
    """The next moment at which time alone could change anything; None while nothing is pending. For replays that skip quiet hours."""
    pending = [moment_of(minute) for minute in state.desk.pending]
    if any(is_open(incident) for incident in state.incidents.values()) or state.memory.held:
        pending.append(now)
    pending += [held.until for held in state.memory.held_back.values()]
    pending += [digest.due_at for digest in state.memory.digests.values()]
    return min(pending, default=None)
