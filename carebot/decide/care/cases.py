"""One customer's matter: who waits, how often they have written, what they were told and promised, where they were sent, what they need.

A case opens with a customer's message that needs an answer. Whatever they write on that network, publicly or not, belongs to it, and what
they write elsewhere if they are known to be the same (`joining`). The brand's own public reply stops the clock of an answer, unless it
only sends the customer elsewhere: that is a hand-off, counted, and the second one with the problem unsolved is an alert. What a reply
promises starts a clock of its own, and while the brand has asked something back the solution's clock stands still.

Answered is not solved: a case is over when the customer says so, or when nobody has written in it for the rules' quiet time. Who writes
of the same matter again opens it again, with its history, and its solution is owed since the first contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from carebot.config.desk import Cases, Terms
from carebot.decide.care.desk import Desk, due, leave, put
from carebot.decide.care.sla import fitting, is_running, met, next_moment, resumed, run_out, started
from carebot.model import Case, Clock, ClockKind, Line, LineKind, Message, Reason, SignalKind

HUMAN: tuple[Reason, ...] = ("moment", "fraud", "churn")  # who needs a person, the most urgent first
NEEDS_ANSWER = frozenset({"complaint", "question", "outage", *HUMAN})
KEPT = 50  # lines of history
CLOCKS = 12
APART = timedelta(hours=1)  # who writes again so much later came back; before that it is one cry for help in several messages
WEEK, TIMES = timedelta(days=7), 3


class Spoke(msgspec.Struct, frozen=True):
    """What a customer's message means for their case. `incident`: the open one that explains it, or ""."""

    kinds: frozenset[SignalKind]
    service: str = ""
    solved: Literal["", "works", "thanks"] = ""
    incident: str = ""

    @property
    def needs_answer(self) -> bool:
        return not self.kinds.isdisjoint(NEEDS_ANSWER)


def is_addressed(message: Message, accounts: Mapping[str, Sequence[str]]) -> bool:
    """Was it said *to* the brand? Talk about it on a network where it has an account is listened to, but nobody there waits for us.

    accounts   the brand's own, per network. Where it has none (app stores, forms, forums) everything counts as said to it.
    """
    return message.source not in accounts or message.direct or bool(message.in_reply_to) or "@" in message.text


# ── a customer spoke ─────────────────────────────────────────────────────────────────────────────────────────────


def heard(
    desk: Desk, message: Message, spoke: Spoke, known: Case | None, terms: Sequence[Terms], rules: Cases
) -> tuple[Case | None, Reason | None]:
    """The case as it stands now (None where none is needed), and what a human must be told of it at once.

    known   the customer's case, on the desk or closed before, if they have one
    """
    at = message.posted_at
    if known is not None and message.id in known.messages:
        return None, None
    over = known is None or _ended_at(known, rules.quiet, at) is not None
    if known is None or (over and not _again(known, message, spoke, rules)):
        if not spoke.needs_answer:
            return (None, None) if known is None or known.id not in desk.cases else (_wrote_on(desk, known, message), None)
        if known is not None and known.id in desk.cases:
            leave(desk, closed(known, rules.quiet, at))
        case, returned = _opened(message, spoke, terms), True
    else:
        case, returned = _went_on(_opened_again(known) if over else known, message, spoke, terms)
    told = _tell(case, spoke, at if returned else None)
    if told:
        case = replace(case, needs=(*case.needs, told))
    put(desk, case)
    return case, told


def _opened(message: Message, spoke: Spoke, terms: Sequence[Terms]) -> Case:
    promise = fitting(terms, message.source, spoke.kinds)
    kinds: tuple[ClockKind, ...] = ("first_response", "resolution")
    return Case(
        id=f"case-{message.id}",
        brand=message.brand,
        source=message.source,
        author_key=message.author_key,
        author=message.author,
        opened_at=message.posted_at,
        last_at=message.posted_at,
        service=spoke.service,
        history=(Line(message.id, message.posted_at, "asked"),),
        clocks=tuple(clock for kind in kinds if promise and (clock := started(promise, kind, message.posted_at))),
        incident=spoke.incident,
        audience=message.audience,
        direct=message.direct,
        returns=(message.posted_at,),
    )


def _went_on(case: Case, message: Message, spoke: Spoke, terms: Sequence[Terms]) -> tuple[Case, bool]:
    """They wrote again, and whether they came back by themselves to do so."""
    at, asked_back = message.posted_at, waits_for_customer(case)
    solved = bool(spoke.solved) and not spoke.needs_answer and may_close(case, message) and (spoke.solved == "works" or case.answers > 0)
    what: LineKind = "solved" if solved else "asked" if spoke.needs_answer else "wrote"
    said_before = [line.at for line in case.history if line.what in ("asked", "wrote", "solved")]
    returned = what == "asked" and not asked_back and at - max(said_before, default=at - APART) >= APART
    case = replace(
        case,
        contacts=case.contacts + 1,
        last_at=max(case.last_at, at),
        service=case.service or spoke.service,
        history=(*case.history, Line(message.id, at, what))[-KEPT:],
        incident=spoke.incident or case.incident,
        audience=max(case.audience, message.audience),
        direct=case.direct or message.direct,
        returns=(*case.returns, at)[-TIMES:] if returned else case.returns,
    )
    if solved:
        clocks = tuple(met(clock, at, void=clock.kind != "resolution" and clock.about != "solution") for clock in case.clocks)
        return replace(case, solved_at=at, clocks=clocks), False
    case = replace(case, clocks=tuple(resumed(clock, at, terms) for clock in case.clocks))
    if spoke.needs_answer or asked_back:
        case = _owed(case, message, spoke, terms)
    return case, returned


def _owed(case: Case, message: Message, spoke: Spoke, terms: Sequence[Terms]) -> Case:
    """The clocks of an answer and of a solution run; where the rules promise it sooner to who says this, it is owed sooner."""
    promise = fitting(terms, message.source, spoke.kinds | set(case.needs))
    if promise is None:
        return case
    running: dict[ClockKind, Clock] = {clock.kind: clock for clock in case.clocks if is_running(clock) and clock.kind != "promise"}
    answer = next((kind for kind in running if kind != "resolution"), None)
    wanted: tuple[ClockKind, ...] = (answer or ("next_response" if case.answers else "first_response"), "resolution")
    for kind in wanted:
        old = running.get(kind)
        if old and (old.breached_at or old.promise == promise.promise.name):
            continue
        new = started(promise, kind, message.posted_at)
        if new and old is None and (kind != "resolution" or not any(clock.kind == kind for clock in case.clocks)):
            case = replace(case, clocks=kept((*case.clocks, new)))
        elif new and old and new.due_at < old.due_at:
            sooner = replace(new, started_at=old.started_at, warned=old.warned)
            case = replace(case, clocks=tuple(sooner if clock is old else clock for clock in case.clocks))
    return case


def kept(clocks: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """All that run, and of the others the first answer's and the latest."""
    while len(clocks) > CLOCKS and (over := next((clock for clock in clocks[1:] if not is_running(clock)), None)):
        clocks = tuple(clock for clock in clocks if clock is not over)
    return clocks


def _tell(case: Case, spoke: Spoke, returned_at: datetime | None) -> Reason | None:
    """What a human must hear of this message, the most urgent; each once until the case is solved."""
    need: Reason | None = next((need for need in HUMAN if need in spoke.kinds and need not in case.needs), None)
    if need or returned_at is None or len(case.returns) < TIMES or "repeat" in case.needs:
        return need
    return "repeat" if returned_at - case.returns[0] <= WEEK else None


def waits_for_customer(case: Case) -> bool:
    """Did the brand ask something that they have not answered yet?"""
    last = next((line.what for line in reversed(case.history) if line.what != "hand_off"), "asked")
    return last == "asked_back"


def may_close(case: Case, message: Message) -> bool:
    """Is it theirs to say that it is solved? Not for an account that is only said to be theirs: anybody can say that."""
    theirs = {(case.source, case.author_key), *((one.source, one.author_key) for one in case.accounts if one.known_by == "rules")}
    return (message.source, message.author_key) in theirs


# ── over, and again ──────────────────────────────────────────────────────────────────────────────────────────────


def _ended_at(case: Case, quiet: timedelta, now: datetime) -> datetime | None:
    """When it ended, by their word or by the quiet time; None if it has not, or if one of its clocks still has something to say."""
    if case.solved_at or case.closed_at:
        return case.solved_at or case.closed_at
    if now - case.last_at <= quiet or any(map(next_moment, case.clocks)):
        return None
    return max(case.last_at + quiet, *(clock.breached_at or case.last_at for clock in case.clocks), case.last_at)


def _again(case: Case, message: Message, spoke: Spoke, rules: Cases) -> bool:
    """Is it the same matter, soon enough? Another service is another matter, unless it is said in answer to what was said here."""
    ended = _ended_at(case, rules.quiet, message.posted_at)
    if not spoke.needs_answer or (ended and message.posted_at - ended > rules.reopen_within):
        return False
    in_it = {message.in_reply_to, message.conversation} & set(case.messages)
    return bool(in_it) or not spoke.service or not case.service or spoke.service == case.service


def _opened_again(case: Case) -> Case:
    """Its solution is owed since the first contact, as if it had never been said to be there."""
    clocks = tuple(replace(clock, met_at=None, void=False) if clock.kind == "resolution" else clock for clock in case.clocks)
    return replace(case, solved_at=None, closed_at=None, needs=(), clocks=clocks, reopened=case.reopened + 1)


def _wrote_on(desk: Desk, case: Case, message: Message) -> Case:
    """A word more in a case that is over: it stays so."""
    line = Line(message.id, message.posted_at, "wrote")
    case = replace(case, contacts=case.contacts + 1, history=(*case.history, line)[-KEPT:])
    put(desk, case)
    return case


def closed(case: Case, quiet: timedelta, now: datetime) -> Case:
    """The case as it is kept once it is over; nobody waits for what was owed in it."""
    at = _ended_at(case, quiet, now) or now
    return replace(case, closed_at=at, clocks=tuple(met(clock, at, void=True) for clock in case.clocks))


def forget_quiet(desk: Desk, now: datetime, quiet: timedelta) -> None:
    """Cases that are over, and whose clocks have nothing left to say, leave the desk."""
    for case in [case for case in desk.cases.values() if now - case.last_at > quiet and case.id not in desk.deadlines]:
        leave(desk, closed(case, quiet, now))


# ── a message was taken away; time passed ────────────────────────────────────────────────────────────────────────


def erased(desk: Desk, id_: str) -> None:
    """A customer's message was taken away: out of the case. A case with none of theirs left forgets who they were."""
    case = desk.cases.get(desk.by_message.get(id_, ""))
    if case is None:
        return
    leave(desk, case)
    ours = {line.id for line in case.history if line.what in ("answer", "asked_back", "hand_off")}
    left = case.contacts - (id_ in case.messages and id_ not in ours)
    kept = tuple(line for line in case.history if line.id != id_)
    case = replace(case, history=kept, contacts=max(left, 0))
    put(desk, case if left > 0 else replace(case, author="", accounts=(), references=()))


def time_passed(desk: Desk, now: datetime) -> list[tuple[Case, Reason]]:
    """Cases whose clocks have something to say by now, and what; a case with two things to say comes twice."""
    said: list[tuple[Case, Reason]] = []
    for before in due(desk, now):
        ran = [run_out(clock, now) for clock in before.clocks]
        case = replace(before, clocks=tuple(clock for clock, _ in ran))
        put(desk, case)
        said += [(case, reason) for reason in dict.fromkeys(reason for _, reason in ran if reason)]
    return said
