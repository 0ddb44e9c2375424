"""One customer's matter: who waits, how often they have written, where they were sent, what they need.

A case opens with a customer's message that needs an answer and belongs to one author on one network. The brand's own public reply stops
its clock, unless it only sends the customer elsewhere: that is a hand-off, counted, and the second one with the problem unsolved is
an alert. Answered is not solved: a case is solved when the customer says so, and forgotten after three quiet days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from carebot.config.schema import Promise
from carebot.decide.cells import minute_of
from carebot.decide.draft import Draft, draft, settled
from carebot.decide.sla import run_out, started
from carebot.model import Case, Clock, Message, Reason, Signal

QUIET = timedelta(days=3)
HUMAN: tuple[Reason, ...] = ("moment", "fraud", "churn")  # who needs a person, the most urgent first
NEEDS_ANSWER = frozenset({"complaint", "question", "outage", *HUMAN})
KEPT = 50
PAGE = 64  # cases a page: a whole night's clocks run out at one opening minute, and one long list of them was copied for each


class Desk(msgspec.Struct):
    """Every open case, and the ways a reply finds its case. `decide.step` writes on a draft of it; nobody else changes one."""

    cases: MutableMapping[str, Case] = msgspec.field(default_factory=dict)
    by_author: MutableMapping[tuple[str, str], str] = msgspec.field(default_factory=dict)  # (network, author key) → case
    by_handle: MutableMapping[tuple[str, str], str] = msgspec.field(default_factory=dict)  # (network, handle in lower case) → case
    by_message: MutableMapping[str, str] = msgspec.field(default_factory=dict)  # message or conversation id → case
    deadlines: MutableMapping[str, int] = msgspec.field(default_factory=dict)  # case → minute in which its clock next has something to say
    due: MutableMapping[tuple[int, int], tuple[str, ...]] = msgspec.field(default_factory=dict)  # (minute, page) → cases; some moved on
    pending: MutableMapping[int, int] = msgspec.field(default_factory=dict)  # minute → how many cases its pages name

    def draft(self) -> Desk:
        return Desk(*(draft(getattr(self, table)) for table in self.__struct_fields__))

    def settled(self) -> Desk:
        """The desk once its draft is committed; the one it was drafted on is changed."""
        return Desk(*(settled(getattr(self, table)) for table in self.__struct_fields__))

    def changed(self) -> tuple[Case, ...]:
        """The cases written since it was drafted."""
        return tuple(self.cases.written()) if isinstance(self.cases, Draft) else tuple(self.cases.values())


def put(desk: Desk, case: Case) -> None:
    """The desk with this version of the case, found by its author, its handle and its messages."""
    desk.cases[case.id] = case
    desk.by_author[case.source, case.author_key] = case.id
    if case.author:
        desk.by_handle[case.source, case.author.lower()] = case.id
    for id_ in case.messages:
        desk.by_message[id_] = case.id
    clock = case.clock
    if clock is None or clock.met_at or clock.breached:
        desk.deadlines.pop(case.id, None)
        return
    minute = -int(-(clock.due_at if clock.warned else clock.warn_at).timestamp() // 60)  # the first minute not before it
    if desk.deadlines.get(case.id) != minute:
        desk.deadlines[case.id] = minute
        listed = desk.pending.get(minute, 0)
        page = (minute, listed // PAGE)
        desk.due[page] = (*desk.due.get(page, ()), case.id)
        desk.pending[minute] = listed + 1


def drop(desk: Desk, case: Case) -> None:
    """The desk without this case."""
    desk.cases.pop(case.id, None)
    desk.deadlines.pop(case.id, None)
    for table, key in ((desk.by_author, (case.source, case.author_key)), (desk.by_handle, (case.source, case.author.lower()))):
        if table.get(key) == case.id:
            del table[key]
    for id_ in case.messages:
        if desk.by_message.get(id_) == case.id:
            del desk.by_message[id_]


def is_addressed(message: Message, accounts: Mapping[str, Sequence[str]]) -> bool:
    """Was it said *to* the brand? Talk about it on a network where it has an account is listened to, but nobody there waits for us.

    accounts   the brand's own, per network. Where it has none (app stores, forms, forums) everything counts as said to it.
    """
    return message.source not in accounts or message.direct or bool(message.in_reply_to) or "@" in message.text


def heard(
    desk: Desk, message: Message, signals: Sequence[Signal], promises: Sequence[Promise], zone: ZoneInfo, incident: str
) -> tuple[Case | None, Reason | None]:
    """A customer spoke: the case as it stands now (None where none is needed), and what a human must be told of it at once.

    signals   this message's signals; incident   the open incident they are evidence of, or ""
    """
    kinds = {signal.kind for signal in signals}
    case = desk.cases.get(desk.by_author.get((message.source, message.author_key), ""))
    if case is None and not kinds & NEEDS_ANSWER:
        return None, None
    if case is None:
        case = Case(
            id=f"case-{message.id}",
            brand=message.brand,
            source=message.source,
            author_key=message.author_key,
            author=message.author,
            opened_at=message.posted_at,
            last_at=message.posted_at,
            service=next((signal.service for signal in signals if signal.service), ""),
            messages=(message.id,),
            clock=_clock(message, promises, zone),
            incident=incident,
        )
    elif message.id not in case.messages:
        case = replace(
            case,
            contacts=case.contacts + 1,
            last_at=max(case.last_at, message.posted_at),
            messages=(*case.messages, message.id)[-KEPT:],
            incident=incident or case.incident,
        )
        if kinds & {"praise", "recovered"} and not kinds & NEEDS_ANSWER and case.answers:
            case = replace(case, solved_at=message.posted_at, clock=_met(case, message.posted_at))
        elif kinds & NEEDS_ANSWER and case.solved_at:
            case = replace(case, solved_at=None)
    need: Reason | None = next((need for need in HUMAN if need in kinds and need not in case.needs), None)
    if need:
        case = replace(case, needs=(*case.needs, need))
    put(desk, case)
    return case, need


def _clock(message: Message, promises: Sequence[Promise], zone: ZoneInfo) -> Clock | None:
    fitting = (promise for promise in promises if not promise.sources or message.source in promise.sources)
    promise = next(fitting, None)
    return started(promise, message.posted_at, zone) if promise else None


def answered(desk: Desk, message: Message, hand_off: bool) -> tuple[Case | None, Reason | None]:
    """The brand replied: the case it belongs to, if any, and "hand_offs" where the customer was sent away a second time."""
    case = desk.cases.get(_case_of_reply(desk, message))
    if case is None or message.id in case.messages:
        return None, None
    case = replace(
        case,
        answers=case.answers + (not hand_off),
        hand_offs=case.hand_offs + hand_off,
        last_at=max(case.last_at, message.posted_at),
        messages=(*case.messages, message.id)[-KEPT:],
        clock=case.clock if hand_off else _met(case, message.posted_at),
    )
    put(desk, case)
    return case, "hand_offs" if hand_off and case.hand_offs == 2 and not case.solved_at else None


def erased(desk: Desk, id_: str) -> None:
    """A customer's message was taken away: out of the case. A case with none of theirs left forgets who they were."""
    case = desk.cases.get(desk.by_message.get(id_, ""))
    if case is None:
        return
    drop(desk, case)
    kept = tuple(one for one in case.messages if one != id_)
    left = case.contacts - 1 if id_ in case.messages else case.contacts
    put(desk, replace(case, messages=kept, contacts=max(left, 0), author=case.author if left > 0 else ""))


def _met(case: Case, at: datetime) -> Clock | None:
    return replace(case.clock, met_at=at) if case.clock and case.clock.met_at is None else case.clock


def _case_of_reply(desk: Desk, message: Message) -> str:
    """By the message it answers, by its conversation, or by the handle it starts with."""
    for id_ in (message.in_reply_to, message.conversation):
        if found := desk.by_message.get(id_):
            return found
    first = message.text.split(maxsplit=1)[0] if message.text.strip() else ""
    return desk.by_handle.get((message.source, first[1:].lower()), "") if first.startswith("@") else ""


def time_passed(desk: Desk, now: datetime) -> list[tuple[Case, Reason | None]]:
    """Cases whose clock has something to say by now, and what."""
    changed: list[tuple[Case, Reason | None]] = []
    reached = sorted(minute for minute in desk.pending if minute <= minute_of(now))
    pages = [(minute, page) for minute in reached for page in range(-(-desk.pending.pop(minute) // PAGE))]
    listed = ((minute, id_) for minute, page in pages for id_ in desk.due.pop((minute, page)))
    ids = dict.fromkeys(id_ for minute, id_ in listed if desk.deadlines.get(id_) == minute)  # a case put twice is listed twice
    for before in [desk.cases[id_] for id_ in ids]:
        assert before.clock is not None
        clock, reason = run_out(before.clock, now)
        case = replace(before, clock=clock)
        put(desk, case)
        changed.append((case, reason))
    return changed


def forget_quiet(desk: Desk, now: datetime) -> list[Case]:
    """Cases nobody has written in for QUIET and whose clock has nothing left to say leave the desk; their rows stay in the store."""
    quiet = [case for case in desk.cases.values() if now - case.last_at > QUIET and case.id not in desk.deadlines]
    for case in quiet:
        drop(desk, case)
    return quiet


def waiting(cases: Iterable[Case]) -> list[Case]:
    """Cases whose first answer is still owed, oldest first."""
    owed = (case for case in cases if case.clock and case.clock.met_at is None and not case.solved_at)
    return sorted(owed, key=lambda case: case.opened_at)
