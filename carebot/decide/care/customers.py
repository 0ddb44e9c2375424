"""Each customer's matter, as a micro-batch changes it: who is answered, who waits, who needs a human now, and what staff are told of it.

Pure, as all of `decide`. What a case is and goes through: `cases` and `replies`; its clocks: `sla`; who is the same person: `joining`; how
urgent it is: `priority`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from carebot.config.schema import Rulebook
from carebot.decide import edits, match
from carebot.decide.care import cases, deleted, joining, replies
from carebot.decide.care.case_words import CLOCK_REASONS, about_case, clock_of, many_cases
from carebot.decide.care.impersonators import poses_as_us
from carebot.decide.care.priority import is_urgent
from carebot.decide.detecting.cells import minute_of
from carebot.decide.heard import Heard
from carebot.decide.incidents import course
from carebot.decide.public import shown
from carebot.decide.state import State, open_ones
from carebot.decide.telling import alerts
from carebot.model import Alert, Case, Deleted, Message, Reason, Signal
from carebot.understand.asks_back import asks_back
from carebot.understand.hand_offs import sent_elsewhere
from carebot.understand.promises import promised
from carebot.understand.scams import only_warns
from carebot.understand.their_word import still, thanks

TOO_LATE = 0.15  # of a clock's time: a warning that leaves less helps nobody
RARER = 5  # customers told of as late and not answered, after which words about clocks are rarer
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
    gone = {event.id for event in heard.events if isinstance(event, Deleted)}
    state.memory.early = replies.not_in_vain(state.memory.early, now)
    for row in sorted(range(len(heard.messages)), key=lambda row: (heard.messages[row].posted_at, heard.messages[row].id)):
        message = heard.messages[row]
        if message.id in gone or (others and match.brand_of(message, others, "") in rulebook.file.compared):
            continue  # taken back already; or their customers, who are not ours to answer
        former = heard.former.get(message.id)
        mine = by_message.get(message.id, [])
        came_of: list[tuple[Case, Reason | None]] = []
        was, was_in = heard.edited.get(message.id), None
        if was is not None:  # nobody is late with what was not asked yet: the new words are said when they are read
            message, was_in = replace(message, posted_at=max(now, message.posted_at)), edits.case_of(desk, message, former)
            state.memory.early = replies.without(state.memory.early, message.id) if ours[row] else state.memory.early
            if was_in is None and any(one.kind in cases.NEEDS_ANSWER for one in was):
                continue  # its case was over long ago, or nobody waited for an answer to it
        if ours[row]:
            came_of = _ours(state, replace(message, lang=message.lang or heard.verdicts.lang[row]), former, rulebook, zone, was_in)
        elif poser := poses_as_us(message, rulebook):
            who = f"{message.source}:{message.author.lower()}"
            if who not in state.memory.impersonators:
                state.memory.impersonators = (*state.memory.impersonators, who)[-500:]
                said.append(alerts.about_impersonator(message, poser, rulebook, now, _late(message, now)))
        elif not message.repost_of and (mine or former or (message.source, message.author_key) in desk.by_author):
            known = was_in or joining.case_of(desk, message, former, rulebook.accounts_of)
            if not (known or match.is_addressed(message, brand.accounts) or any(s.kind in cases.HUMAN for s in mine)):
                continue
            spoke = _spoke(message, known, mine, {head: bool(said_so[row]) for head, said_so in heads.items()}, incident_of)
            if "fraud" in spoke.kinds and message.verdict is None and only_warns(heard.plain[row]):
                spoke = replace(spoke, warns=True)
            if was is not None and was_in:
                changed = edits.meaning(was) != edits.meaning(mine)
                case, reason = edits.spoken(desk, message, was_in, spoke, changed, rulebook.terms, rulebook.file.cases)
            else:
                case, reason = cases.heard(desk, message, spoke, known, rulebook.terms, rulebook.file.cases)
            if case:
                came_of = [(joining.quoting(case, message, desk), reason)]
        if ours[row] and came_of:
            state.memory.unanswered = 0
        for case, reason in came_of:
            if reason:
                said.append(about_case(case, reason, rulebook, now, alerts.route_of(mine, reason, rulebook), late_by_s=_late(message, now)))
        said += _answered_before(state, message, rulebook, zone, now)
    return said


def _late(message: Message, now: datetime) -> int:
    return max(0, int((now - message.posted_at).total_seconds()))


def _spoke(
    message: Message, known: Case | None, mine: Sequence[Signal], heads: Mapping[str, bool], incident_of: Callable[[str], str]
) -> cases.Spoke:
    """What it means for the case. Of two words back to who is answered the reader makes little: whether they are thanks is read apart."""
    about = next((signal.service for signal in mine if signal.kind == "outage"), None)
    kinds = frozenset(signal.kind for signal in mine)
    word = thanks(message.text) if known and message.verdict is None else ""
    if word == "bitter":
        kinds |= {"complaint"}
    content = heads["praise"] if message.verdict else word == "thanks" or (heads["praise"] and not word)
    return cases.Spoke(
        kinds=kinds,
        service=next((signal.service for signal in mine if signal.service), ""),
        solved="works" if heads["recovered"] else "thanks" if content and not heads["irony"] else "",
        incident=incident_of(about) if about is not None else "",
        still=bool(known) and still(message.text),
    )


def _ours(
    state: State, message: Message, former: Case | None, rulebook: Rulebook, zone: ZoneInfo, was_in: Case | None = None
) -> list[tuple[Case, Reason | None]]:
    """What the brand said: an answer to somebody, or a word to everybody while something is going on. `was_in`: with other words."""
    soon = rulebook.file.cases.soon

    def reply(case: Case) -> replies.Reply:
        told = message.verdict  # somebody else's word on what it means is taken as it is
        sent = sent_elsewhere(message.text) if told is None else None
        door_is_new = sent is not None and sent.door == "direct" and not case.direct
        return replies.Reply(
            hand_off=told.hand_off.label if told else sent is not None and not door_is_new,
            asks=told.question.label if told else door_is_new or asks_back(message.text),
            promised=promised(message.text, message.lang, message.posted_at, zone, soon, rulebook.days_off),
        )

    if was_in:
        case, reason = edits.replied(state.desk, message, was_in, reply(was_in), rulebook.terms)
        return [(case, reason)] if case else []
    if answers := replies.cases_of(state.desk, message, former):
        came_of = [replies.answered(state.desk, message, case, reply, rulebook.terms) for case in answers]
        return [(joining.quoting(case, message, state.desk), reason) for case, reason in came_of if case]
    state.memory.early = replies.too_early(state.memory.early, message)
    if not message.in_reply_to and not message.direct and not message.repost_of:
        brand = rulebook.file.brand.name
        going_on = next(iter(open_ones(state, brand)), None)
        unknown = going_on is not None and shown.clock(state, going_on) is None  # what was said through carebot has its own clock
        word = promised(message.text, message.lang, message.posted_at, zone, soon, rulebook.days_off) if unknown else None
        replies.stated(state.desk, message, word, going_on.id if going_on else "", brand)
    return []


def _answered_before(state: State, message: Message, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> list[Alert]:
    """Our replies to it that were read before it."""
    said: list[Alert] = []
    waited = state.memory.early.get(message.id, ())
    if waited:
        state.memory.early = replies.without(state.memory.early, message.id)
    for reply in waited:
        if message.id in state.desk.by_message:
            for case, reason in _ours(state, reply, None, rulebook, zone):
                if reason:
                    said.append(about_case(case, reason, rulebook, now, alerts.route_of([], reason, rulebook), late_by_s=_late(reply, now)))
    return said


def taken_back(state: State, event: Deleted, rulebook: Rulebook) -> None:
    """Out of the case it is in, or out of the replies that wait for theirs. Who is gone is not named later either."""
    memory, case = state.memory, state.desk.by_message.get(event.id, "")
    deleted.erased(state.desk, event.id, event.at, rulebook.terms)
    if memory.early:
        memory.early = replies.without(memory.early, event.id)
    over = state.desk.left.get(case)
    if over and not over.author:
        for name, held in memory.held_back.items():
            memory.held_back = {**memory.held_back, name: replace(held, matters=tuple(one for one in held.matters if one.about != case))}


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
    waits: dict[Reason, list[str]] = {}  # a whole night's clocks run out at one opening minute
    for case, why in cases.time_passed(state.desk, now):
        if case.author_key == replies.PUBLIC or is_urgent(case):
            at_once.setdefault(why, {})[case.id] = None
        elif not course.explained_by(state, case):
            waits.setdefault(why, []).append(case.id)
    memory.held |= {why: (*memory.held.get(why, ()), *ids) for why, ids in waits.items()}
    said = _run_out(state, {reason: tuple(ids) for reason, ids in at_once.items()}, rulebook, now)
    if not memory.held:
        return said
    if memory.sla_told_at and abs(now - memory.sla_told_at) < _pause(memory.unanswered):
        if memory.unanswered < RARER and _is_pressing(state, memory.held, now):
            said += [alert for alert in _run_out(state, memory.held, rulebook, now) if CLOCK_REASONS[alert.reason]]
            memory.held = {why: ids for why, ids in memory.held.items() if CLOCK_REASONS[why] is None}
        return said
    together = _run_out(state, memory.held, rulebook, now)
    memory.unanswered += sum(len(ids) for reason, ids in memory.held.items() if CLOCK_REASONS[reason] is None)
    memory.held = {}
    memory.sla_told_at = now if together else memory.sla_told_at
    return said + together


def _is_pressing(state: State, held: Mapping[Reason, tuple[str, ...]], now: datetime) -> bool:
    """Would a warning come too late if it waited for the pause to end?"""
    warned = [(state.desk.cases.get(id_), why) for why, worse in CLOCK_REASONS.items() if worse for id_ in held.get(why, ())]
    clocks = [clock for case, why in warned if case and (clock := clock_of(case, why))]
    return any(clock.due_at - now <= TOO_LATE * (clock.due_at - clock.started_at) for clock in clocks)


def _pause(unanswered: int) -> timedelta:
    """Where nobody is answered, more words do not help: after five who are late they come once an hour, after ten every two hours.

    unanswered   customers told of as late since we last answered anybody
    """
    return SLA_PAUSE * (1 if unanswered < RARER else 2 if unanswered < 10 else 4)


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
