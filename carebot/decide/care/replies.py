"""The brand answered: which case the reply belongs to, what it is worth there, and what it promises.

A hand-off stops no clock. A question does, and passes the turn to the customer. What a reply promises is a clock of its own, kept or
broken by what happens next; what is promised to everybody while something is going on is kept by the next word to everybody.

A reply that is read before the message it answers waits for that: EARLY, and MOST_EARLY of them. What it says counts from when it was
posted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from carebot.config.desk import Terms
from carebot.decide.care.cases import OURS, kept, with_line
from carebot.decide.care.desk import Desk, owed_since, put
from carebot.decide.care.sla import in_own_words, is_running, met, paused, resumed
from carebot.model import Case, Clock, Line, LineKind, Message, Reason
from carebot.understand.promises import Promised

PUBLIC = "public"  # author key of what is promised to everybody
# A long answer comes in several posts: on recorded days of a bank's, most of 14 "second" hand-offs were the first one's own end (2026-11).
ONE_BREATH = timedelta(minutes=10)
TWICE = 2
EARLY, MOST_EARLY = timedelta(hours=6), 500  # sources are asked minutes apart, and a night's backlog of two is read one after the other
_HANDLE = re.compile(r"(?<!\w)@(\w[\w.-]*\w)")
Early = Mapping[str, tuple[Message, ...]]  # message that was not read yet → our replies to it


class Reply(msgspec.Struct, frozen=True):
    """What a reply of the brand's own means for the case it belongs to."""

    hand_off: bool = False
    asks: bool = False
    promised: Promised | None = None


def answered(
    desk: Desk, message: Message, case: Case, reply: Callable[[Case], Reply], terms: Sequence[Terms]
) -> tuple[Case | None, Reason | None]:
    """The case with the brand's reply in it, and "hand_offs" where the customer was sent away a second time.

    reply   what the message means, given the case
    """
    if message.id in case.messages:
        return None, None
    at, said, before = message.posted_at, reply(case), case.history
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
        history=with_line(case.history, Line(message.id, at, what)),
        clocks=clocks,
        closed_at=None,
    )
    put(desk, case)
    again = said.hand_off and times_sent_away(before) < TWICE <= times_sent_away(case.history)
    return case, "hand_offs" if again and not case.solved_at else None


def times_sent_away(history: Sequence[Line]) -> int:
    """How many answers sent them elsewhere: posts of ours one upon the other, with no word of theirs between, are one answer."""
    times, last = 0, None
    for line in history:
        if line.what == "hand_off":
            times += last is None or line.at - last > ONE_BREATH
            last = line.at
        elif line.what not in OURS:
            last = None
    return times


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


def cases_of(desk: Desk, message: Message, known: Case | None) -> list[Case]:
    """Those a reply answers: the one it belongs to first, then whoever it calls by name and owes an answer.

    known   a case that was closed before and that the reply belongs to
    """
    first = desk.cases.get(_case_of_reply(desk, message)) or known
    called = (desk.cases.get(desk.by_handle.get((message.source, handle), "")) for handle in called_too(message))
    others = {case.id: case for case in called if case and owed_since(case)}
    return [*([first] if first else ()), *(case for id_, case in others.items() if not first or id_ != first.id)]


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


def called_too(message: Message) -> Iterator[str]:
    """Whom else it calls by name: "@ana it is done. @eva, yours too". The handles a reply begins with are put there by the network, for
    everybody in the thread."""
    words = message.text.split()
    said = next((place for place, word in enumerate(words) if not word.startswith("@")), len(words))
    for found in _HANDLE.finditer(" ".join(words[said if message.in_reply_to else 0 :])):
        yield found[1].lower()


# ── read before what it answers ──────────────────────────────────────────────────────────────────────────────────


def too_early(early: Early, message: Message) -> Early:
    """With a reply whose message is not known yet."""
    if not message.in_reply_to:
        return early
    waiting = {**early}
    waiting[message.in_reply_to] = (*waiting.pop(message.in_reply_to, ()), message)[-3:]
    return dict(list(waiting.items())[-MOST_EARLY:])


def not_in_vain(early: Early, now: datetime) -> Early:
    """Without those that have waited long enough; the same where there are none."""
    waiting = {id_: replies for id_, replies in early.items() if replies[-1].seen_at >= now - EARLY}
    return waiting if len(waiting) < len(early) else early


def without(early: Early, id_: str) -> Early:
    """Without what answers this message, and without this reply."""
    left = ((to, tuple(one for one in replies if one.id != id_)) for to, replies in early.items() if to != id_)
    return {to: replies for to, replies in left if replies}


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
    history = with_line(case.history, Line(message.id, at, "answer"))
    case = replace(
        case, incident=incident, last_at=max(case.last_at, at), answers=case.answers + 1, history=history, clocks=clocks, closed_at=None
    )
    put(desk, case)
    return case
