"""One customer's matter: who waits, how often they have written, what they were told and promised, where they were sent, what they need.

A case opens with a customer's message that needs an answer. Whatever they write on that network, publicly or not, belongs to it, and what
they write elsewhere if they are known to be the same (`joining`). The brand's own public reply stops the clock of an answer, unless it
only sends the customer elsewhere: that is a hand-off, counted, and the second one with the problem unsolved is an alert. What a reply
promises starts a clock of its own, and while the brand has asked something back the solution's clock stands still.

Answered is not solved: a case is over when the customer says so, or when nobody has written in it for the rules' quiet time. Who writes
of the same matter again opens it again, with its history, and its solution is owed since the first contact.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
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
OURS: frozenset[LineKind] = frozenset({"answer", "asked_back", "hand_off"})  # lines of what we said
FIRST, LATEST = 10, 40  # lines of history: how it began, and how it goes on
CLOCKS = 12
THREADS = 3
APART = timedelta(hours=1)  # who writes again so much later came back; before that it is one cry for help in several messages
WEEK, TIMES = timedelta(days=7), 3


class Spoke(msgspec.Struct, frozen=True):
    """What a customer's message means for their case.

    incident   the open one that explains it, or ""
    still      they speak of what they had written about before
    warns      of a fraud that did not catch them: nobody is robbed
    """

    kinds: frozenset[SignalKind]
    service: str = ""
    solved: Literal["", "works", "thanks"] = ""
    incident: str = ""
    still: bool = False
    warns: bool = False

    @property
    def needs_answer(self) -> bool:
        return not self.kinds.isdisjoint(NEEDS_ANSWER)


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
        case, returned = _went_on(_opened_again(known) if over else known, message, spoke, terms, rules.quiet, over)
    told = _tell(case, spoke, at if returned else None)
    if told:
        case = replace(case, needs=(*case.needs, "scam" if told == "fraud" and spoke.warns else told))
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
        threads=_threads((), message),
    )


def _threads(known: tuple[str, ...], message: Message) -> tuple[str, ...]:
    """The direct conversations, the latest; anybody may speak in one that is not direct."""
    new = message.direct and message.conversation not in ("", message.id, *known)
    return (*known, message.conversation)[-THREADS:] if new else known


def _went_on(case: Case, message: Message, spoke: Spoke, terms: Sequence[Terms], quiet: timedelta, again: bool) -> tuple[Case, bool]:
    """They wrote again, and whether they came back by themselves to do so."""
    at, before = message.posted_at, [line for line in case.history if line.at <= message.posted_at]
    asked_back = _waits_for_customer(before)
    solved = bool(spoke.solved) and not spoke.needs_answer and may_close(case, message) and _is_the_end(case, spoke, before, at)
    what: LineKind = "solved" if solved else "asked" if spoke.needs_answer else "wrote"
    theirs = [line.at for line in case.history if line.what not in OURS]
    returned = what == "asked" and not asked_back and all(abs(at - other) >= APART for other in theirs)
    if what == "asked" and case.opened_at - quiet <= at < case.opened_at:
        case = _began_earlier(case, at, terms)
    case = replace(
        case,
        contacts=case.contacts + 1,
        last_at=max(case.last_at, at),
        service=case.service or spoke.service,
        history=with_line(case.history, Line(message.id, at, what)),
        incident=spoke.incident or case.incident,
        audience=max(case.audience, message.audience),
        direct=case.direct or message.direct,
        returns=tuple(sorted((*case.returns, at)))[-TIMES:] if returned else case.returns,
        came_back=case.came_back + returned,
        threads=_threads(case.threads, message),
    )
    if solved:
        clocks = tuple(met(clock, at, void=clock.kind != "resolution" and clock.about != "solution") for clock in case.clocks)
        return replace(case, solved_at=at, clocks=clocks), False
    if any(line.what in OURS - {"hand_off"} and line.at > at for line in case.history):
        return case, returned  # it was read after our answer, and written before
    case = replace(case, clocks=tuple(resumed(clock, at, terms) for clock in case.clocks))
    if spoke.needs_answer or asked_back:
        case = _owed(case, message, spoke, terms, again)
    return case, returned


def with_line(history: tuple[Line, ...], *new: Line) -> tuple[Line, ...]:
    """In the order things were said, in which they are not always heard. Of a long history the middle is not kept."""
    lines = [*history]
    for line in new:
        insort(lines, line, key=lambda each: (each.at, each.id))
    over = len(lines) - FIRST - LATEST
    return tuple(lines if over <= 0 else lines[:FIRST] + lines[FIRST + over :])


def _is_the_end(case: Case, spoke: Spoke, before: Sequence[Line], at: datetime) -> bool:
    """Their word that it works is, whoever mended it. Thanks are where our last word was an answer; right after a promise they will wait.

    Neither is, if they are known to have asked later.
    """
    if any(line.what == "asked" and line.at > at for line in case.history):
        return False
    said = next((line for line in reversed(before) if line.what in OURS), None)
    if spoke.solved == "works" or said is None:
        return spoke.solved == "works"
    promised = any(clock.kind == "promise" and is_running(clock) for clock in case.clocks)
    return said.what == "answer" and not (promised and at - said.at < APART)


def _began_earlier(case: Case, at: datetime, terms: Sequence[Terms]) -> Case:
    """A message that was read late began it: so long have they waited, and what is owed is owed since then."""

    def since(clock: Clock) -> Clock:
        own = next((one for one in terms if one.promise.name == clock.promise), None)
        new = started(own, clock.kind, at) if own and clock.started_at == case.opened_at and clock.kind != "promise" else None
        return clock if new is None or not is_running(clock) or clock.breached_at or clock.paused_at else new

    return replace(case, opened_at=at, clocks=tuple(map(since, case.clocks)))


def _owed(case: Case, message: Message, spoke: Spoke, terms: Sequence[Terms], again: bool) -> Case:
    """The clocks of an answer and of a solution run; where the rules promise it sooner to who says this, it is owed sooner.

    again   it was over, and they come back: an answer is owed as to who comes for the first time, if the rules promise no next one
    """
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
        if kind == "next_response" and again and new is None and (first := started(promise, "first_response", message.posted_at)):
            new = replace(first, kind=kind)
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
    known = {*case.needs, "fraud"} if spoke.warns and "scam" in case.needs else case.needs
    need: Reason | None = next((need for need in HUMAN if need in spoke.kinds and need not in known), None)
    if need or returned_at is None or len(case.returns) < TIMES or "repeat" in case.needs:
        return need
    return "repeat" if case.returns[-1] - case.returns[0] <= WEEK else None


def _waits_for_customer(said: Sequence[Line]) -> bool:
    """Did the brand ask something that they have not answered yet?"""
    return next((line.what for line in reversed(said) if line.what != "hand_off"), "asked") == "asked_back"


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
    """Is it the same matter, soon enough? Another service is another matter, unless they say "still", or answer what was said here."""
    ended = _ended_at(case, rules.quiet, message.posted_at)
    if not spoke.needs_answer or (ended and message.posted_at - ended > rules.reopen_within):
        return False
    in_it = {message.in_reply_to, message.conversation} & set(case.messages)
    return bool(in_it) or spoke.still or not spoke.service or not case.service or spoke.service == case.service


def _opened_again(case: Case) -> Case:
    """Its solution is owed since the first contact, as if it had never been said to be there."""
    clocks = tuple(replace(clock, met_at=None, void=False) if clock.kind == "resolution" else clock for clock in case.clocks)
    return replace(case, solved_at=None, closed_at=None, needs=(), clocks=clocks, reopened=case.reopened + 1)


def _wrote_on(desk: Desk, case: Case, message: Message) -> Case:
    """A word more in a case that is over: it stays so."""
    line = Line(message.id, message.posted_at, "wrote")
    case = replace(case, contacts=case.contacts + 1, history=with_line(case.history, line))
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


# ── time passed ──────────────────────────────────────────────────────────────────────────────────────────────────


def time_passed(desk: Desk, now: datetime) -> list[tuple[Case, Reason]]:
    """Cases whose clocks have something to say by now, and what; a case with two things to say comes twice."""
    said: list[tuple[Case, Reason]] = []
    for before in due(desk, now):
        ran = [run_out(clock, now) for clock in before.clocks]
        case = replace(before, clocks=tuple(clock for clock, _ in ran))
        put(desk, case)
        said += [(case, reason) for reason in dict.fromkeys(reason for _, reason in ran if reason)]
    return said
