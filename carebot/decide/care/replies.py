"""The brand answered: which case the reply belongs to, what it is worth there, and what it promises.

A hand-off stops no clock. A question does, and passes the turn to the customer. What a reply promises is a clock of its own, kept or
broken by what happens next; what is promised to everybody while something is going on is kept by the next word to everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from carebot.config.desk import Terms
from carebot.decide.care.cases import KEPT, kept
from carebot.decide.care.desk import Desk, put
from carebot.decide.care.sla import in_own_words, is_running, met, paused, resumed
from carebot.model import Case, Clock, Line, LineKind, Message, Reason
from carebot.understand.promises import Promised

PUBLIC = "public"  # author key of what is promised to everybody


class Reply(msgspec.Struct, frozen=True):
    """What a reply of the brand's own means for the case it belongs to."""

    hand_off: bool = False
    asks: bool = False
    promised: Promised | None = None


def answered(
    desk: Desk, message: Message, known: Case | None, reply: Callable[[Case], Reply], terms: Sequence[Terms]
) -> tuple[Case | None, Reason | None]:
    """The brand replied: the case it belongs to, if any, and "hand_offs" where the customer was sent away a second time.

    known   a case that was closed before and that the reply belongs to
    reply   what the message means, given the case
    """
    case = desk.cases.get(_case_of_reply(desk, message)) or known
    if case is None or message.id in case.messages:
        return None, None
    at, said = message.posted_at, reply(case)
    if case.closed_at and not case.solved_at:  # nobody waited for it any more, and here it is
        ended = [clock.void and not clock.words and clock.met_at == case.closed_at for clock in case.clocks]
        awake = tuple(replace(clock, met_at=None, void=False) if then else clock for clock, then in zip(case.clocks, ended, strict=True))
        case = replace(case, clocks=awake)
    what: LineKind = "hand_off" if said.hand_off else "asked_back" if said.asks else "answer"
    clocks = tuple(_after_reply(clock, at, said, terms) for clock in case.clocks)
    if said.promised:
        clocks = kept((*clocks, in_own_words(said.promised, message)))
    case = replace(
        case,
        answers=case.answers + (not said.hand_off),
        hand_offs=case.hand_offs + said.hand_off,
        last_at=max(case.last_at, at),
        history=(*case.history, Line(message.id, at, what))[-KEPT:],
        clocks=clocks,
        closed_at=None,
    )
    put(desk, case)
    return case, "hand_offs" if said.hand_off and case.hand_offs == 2 and not case.solved_at else None


def _after_reply(clock: Clock, at: datetime, said: Reply, terms: Sequence[Terms]) -> Clock:
    """A hand-off stops nothing. A promise is kept by the next reply; a solution neither by a question nor by another promise of one."""
    if said.hand_off:
        return clock
    if clock.kind == "resolution":
        return paused(clock, at, terms) if said.asks else resumed(clock, at, terms)
    if clock.about == "solution":
        put_off = said.promised is not None and said.promised.kind == "solution"
        return clock if said.asks and not put_off else met(clock, at, void=put_off and at < clock.due_at)
    return met(clock, at)


def _case_of_reply(desk: Desk, message: Message) -> str:
    """By the message it answers, by the handle it starts with, or by its conversation, unless it answers somebody else there."""
    if found := desk.by_message.get(message.in_reply_to):
        return found
    if named := named_first(message.text):
        return desk.by_handle.get((message.source, named), "")
    return "" if message.in_reply_to and message.in_reply_to != message.conversation else desk.by_message.get(message.conversation, "")


def named_first(text: str) -> str:
    """The handle a reply begins with, in lower case and without its @, or ""."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return first[1:].lower() if first.startswith("@") else ""


def stated(desk: Desk, message: Message, promised: Promised | None, incident: str, brand: str) -> Case | None:
    """The brand spoke to everybody while something is going on: what it had promised to tell is told, what it promises now is a clock."""
    case = desk.cases.get(desk.by_author.get((message.source, PUBLIC), ""))
    if promised is None and (case is None or not any(map(is_running, case.clocks))):
        return None
    at = message.posted_at
    if case is None:
        case = Case(
            id=f"case-{message.id}",
            brand=message.brand or brand,
            source=message.source,
            author_key=PUBLIC,
            author="",
            opened_at=at,
            last_at=at,
            contacts=0,
        )
    clocks = tuple(met(clock, at) for clock in case.clocks)
    if promised:
        clocks = kept((*clocks, in_own_words(promised, message)))
    history = (*case.history, Line(message.id, at, "answer"))[-KEPT:]
    case = replace(
        case, incident=incident, last_at=max(case.last_at, at), answers=case.answers + 1, history=history, clocks=clocks, closed_at=None
    )
    put(desk, case)
    return case
