"""Each customer's matter, as a micro-batch changes it: who is answered, who waits, who needs a human now, and what staff are told of it.

Pure, as all of `decide`. What a case is and goes through: `cases` and `replies`; its clocks: `sla`; who is the same person: `joining`; how
urgent it is: `priority`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from carebot.config.schema import Rulebook
from carebot.decide import match
from carebot.decide.care import cases, joining, replies
from carebot.decide.care.case_words import CLOCK_REASONS, about_case, clock_of, many_cases
from carebot.decide.care.impersonators import poses_as_us
from carebot.decide.care.priority import is_urgent
from carebot.decide.detecting.cells import minute_of
from carebot.decide.heard import Heard
from carebot.decide.incidents import course
from carebot.decide.public import shown
from carebot.decide.state import State, open_ones
from carebot.decide.telling import alerts
from carebot.model import Alert, Case, Message, Reason, Signal
from carebot.understand.asks_back import asks_back
from carebot.understand.hand_offs import sent_elsewhere
from carebot.understand.promises import promised

SLA_PAUSE = timedelta(minutes=30)  # clocks that run out within this of the last word about clocks are said together


def customers(
    state: State, heard: Heard, signals: Sequence[Signal], ours: NDArray[np.bool_], rulebook: Rulebook, zone: ZoneInfo, now: datetime
) -> list[Alert]:
    """Each customer's matter, in the order they spoke: cases opened, answered, handed off; who needs a human now."""
    said: list[Alert] = []
    by_message: dict[str, list[Signal]] = {}
    for signal in signals:
        by_message.setdefault(signal.id, []).append(signal)
    heads = {head: heard.verdicts.column(head) for head in ("recovered", "praise", "irony")}
    incident_of = course.incident_of_service(state, rulebook.file.brand.name)
    others = match.compared(rulebook)
    desk, brand = state.desk, rulebook.file.brand
    for row in sorted(range(len(heard.messages)), key=lambda row: (heard.messages[row].posted_at, heard.messages[row].id)):
        message = heard.messages[row]
        if others and match.brand_of(message, others, "") in rulebook.file.compared:
            continue  # their customers are not ours to answer
        late = max(0, int((now - message.posted_at).total_seconds()))
        case: Case | None = None
        reason: Reason | None = None
        former = heard.former.get(message.id)
        mine = by_message.get(message.id, [])
        if ours[row]:
            case, reason = _ours(state, message, former, heard.verdicts.lang[row], rulebook, zone)
        elif poser := poses_as_us(message, rulebook):
            who = f"{message.source}:{message.author.lower()}"
            if who not in state.memory.impersonators:
                state.memory.impersonators = (*state.memory.impersonators, who)[-500:]
                said.append(alerts.about_impersonator(message, poser, rulebook, now, late))
        elif not message.repost_of and (mine or former or (message.source, message.author_key) in desk.by_author):
            known = joining.case_of(desk, message, former, rulebook.accounts_of)
            if not (known or cases.is_addressed(message, brand.accounts) or any(s.kind in cases.HUMAN for s in mine)):
                continue
            about = next((s.service for s in mine if s.kind == "outage"), None)
            thanks = heads["praise"][row] and not heads["irony"][row]
            spoke = cases.Spoke(
                kinds=frozenset(signal.kind for signal in mine),
                service=next((signal.service for signal in mine if signal.service), ""),
                solved="works" if heads["recovered"][row] else "thanks" if thanks else "",
                incident=incident_of(about) if about is not None else "",
            )
            case, reason = cases.heard(desk, message, spoke, known, rulebook.terms, rulebook.file.cases)
            if case:
                case = joining.quoting(case, message, desk)
        if case and reason:
            route = alerts.route_of(mine, reason, rulebook)
            said.append(about_case(case, reason, rulebook, now, route, late_by_s=late))
    return said


def _ours(
    state: State, message: Message, former: Case | None, lang: str, rulebook: Rulebook, zone: ZoneInfo
) -> tuple[Case | None, Reason | None]:
    """What the brand said: an answer to somebody, or a word to everybody while something is going on."""
    soon = rulebook.file.cases.soon

    def reply(case: Case) -> replies.Reply:
        told = message.verdict  # somebody else's word on what it means is taken as it is
        sent = sent_elsewhere(message.text) if told is None else None
        door_is_new = sent is not None and sent.door == "direct" and not case.direct
        return replies.Reply(
            hand_off=told.hand_off.label if told else sent is not None and not door_is_new,
            asks=told.question.label if told else door_is_new or asks_back(message.text),
            promised=promised(message.text, lang, message.posted_at, zone, soon),
        )

    case, reason = replies.answered(state.desk, message, former, reply, rulebook.terms)
    if case is not None:
        return joining.quoting(case, message, state.desk), reason
    if not message.in_reply_to and not message.direct and not message.repost_of:
        brand = rulebook.file.brand.name
        going_on = next(iter(open_ones(state, brand)), None)
        unknown = going_on is not None and shown.clock(state, going_on) is None  # what was said through carebot has its own clock
        word = promised(message.text, lang, message.posted_at, zone, soon) if unknown else None
        replies.stated(state.desk, message, word, going_on.id if going_on else "", brand)
    return None, None


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def clocks(state: State, rulebook: Rulebook, now: datetime) -> list[Alert]:
    """Clocks that ran out: one word for all of one kind, then a pause; none for who an open incident explains.

    What cannot wait for others is told at once: who was robbed or is stranded, and what was promised to everybody.
    """
    memory = state.memory
    if memory.clocked == minute_of(now):
        return []
    memory.clocked = minute_of(now)
    at_once: dict[Reason, dict[str, None]] = {}
    for case, why in cases.time_passed(state.desk, now):
        if case.author_key == replies.PUBLIC or is_urgent(case):
            at_once.setdefault(why, {})[case.id] = None
        elif not course.explained_by(state, case):
            memory.held[why] = (*memory.held.get(why, ()), case.id)
    said = _run_out(state, {reason: tuple(ids) for reason, ids in at_once.items()}, rulebook, now)
    if not memory.held or (memory.sla_told_at and abs(now - memory.sla_told_at) < SLA_PAUSE):
        return said
    together = _run_out(state, memory.held, rulebook, now)
    memory.held = {}
    memory.sla_told_at = now if together else memory.sla_told_at
    return said + together


def _run_out(state: State, held: dict[Reason, tuple[str, ...]], rulebook: Rulebook, now: datetime) -> list[Alert]:
    """A word for each reason, if it still holds: who was answered meanwhile is not told of, and who is late is not told to be soon."""
    said: list[Alert] = []
    for reason, worse in CLOCK_REASONS.items():
        ids = dict.fromkeys(id_ for id_ in held.get(reason, ()) if id_ in state.desk.cases and not (worse and id_ in held.get(worse, ())))
        late = [case for case in (state.desk.cases[id_] for id_ in ids) if not case.solved_at and clock_of(case, reason)]
        if len(late) == 1:
            said.append(about_case(late[0], reason, rulebook, now, _route(late[0], reason, rulebook)))
        elif late:
            said.append(many_cases(late, reason, rulebook, now, _route(late[0], reason, rulebook)))
    return said


def _route(case: Case, reason: Reason, rulebook: Rulebook) -> str:
    """That of the promise of the rules; of one in our own words, that of the promise the case has."""
    clock = clock_of(case, reason)
    names = [clock.promise if clock else "", *(each.promise for each in case.clocks)]
    routes = {promise.name: promise.route for promise in rulebook.file.promises}
    return next((routes[name] for name in names if name in routes), rulebook.file.incidents.route)
