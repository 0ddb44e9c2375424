"""A message got other words: what was decided of the old ones is taken back, and the new ones are decided on in their place.

Its signals are those of the new words, at the time it was posted, and count once. In its customer's case the new words are said when they
are read, for nobody is late with what was not asked yet; the line in the history keeps what it was before. What was told stays told. Where
the new words mean the same nothing changes but what is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from carebot.config.desk import Cases, Terms
from carebot.decide.care import cases, deleted, replies
from carebot.decide.care.desk import Desk, put
from carebot.decide.care.sla import in_own_words, met
from carebot.decide.heard import Heard
from carebot.decide.state import State
from carebot.model import Case, Line, Message, Reason, Signal


class Read(msgspec.Struct, frozen=True):
    """What a batch's words amount to.

    signals     of what is new: said for the first time, or with another meaning than before
    as_before   of messages whose new words mean what the old ones did: what they were, and are
    gone        of messages with another meaning now: what they were, and are no more
    changed     the ids of those messages
    """

    signals: tuple[Signal, ...]
    as_before: tuple[Signal, ...] = ()
    gone: tuple[Signal, ...] = ()
    changed: tuple[str, ...] = ()


def read(heard: Heard, signals: tuple[Signal, ...]) -> Read:
    """The signals sorted out by what was known of their messages before."""
    if not heard.edited:
        return Read(signals)
    now: dict[str, list[Signal]] = {}
    for signal in signals:
        now.setdefault(signal.id, []).append(signal)
    changed = tuple(id_ for id_, before in heard.edited.items() if meaning(before) != meaning(now.get(id_, ())))
    return Read(
        signals=tuple(signal for signal in signals if signal.id not in heard.edited or signal.id in changed),
        as_before=tuple(signal for id_, before in heard.edited.items() if id_ not in changed for signal in before),
        gone=tuple(signal for id_ in changed for signal in heard.edited[id_]),
        changed=changed,
    )


def meaning(signals: Iterable[Signal]) -> frozenset[tuple[str, str, str]]:
    """What matters of a message: where it stays the same, other words change nothing."""
    return frozenset((signal.kind, signal.service, signal.symptom) for signal in signals)


def unsay(state: State, ids: Collection[str]) -> None:
    """Who said that it works again, in words that are others now, said nothing of the kind; unless the new ones say so too."""
    for one in [one for one in state.incidents.values() if any(said.id in ids for said in one.well_again)]:
        state.incidents[one.id] = replace(one, well_again=tuple(said for said in one.well_again if said.id not in ids))


# ── in its customer's case ───────────────────────────────────────────────────────────────────────────────────────


def case_of(desk: Desk, message: Message, former: Case | None) -> Case | None:
    """The case in which its old words are, on the desk or closed before; None where they are in none that can still be changed."""
    case = desk.cases.get(desk.by_message.get(message.id, "")) or former
    return case if case and message.id in case.messages else None


def spoken(
    desk: Desk, message: Message, case: Case, spoke: cases.Spoke, changed: bool, terms: Sequence[Terms], rules: Cases
) -> tuple[Case | None, Reason | None]:
    """The customer's case with the new words, and what a human must be told of it at once.

    message   `posted_at`: when its new words were read
    changed   it means something else than before
    """
    now, line = message.posted_at, _line(case, message.id)
    over = case.solved_at or case.closed_at or (case.last_at + rules.quiet if case.last_at + rules.quiet < now else None)
    if line.what in cases.OURS or not (changed or spoke.solved) or (over and now - over > rules.reopen_within):
        return None, None
    bare = replace(case, history=tuple(one for one in case.history if one is not line), contacts=case.contacts - 1)
    after, told = cases.heard(desk, message, replace(spoke, still=True), bare, terms, rules)
    if after is None or (not changed and _line(after, message.id).what == line.what):
        put(desk, case)
        return None, None
    after = replace(_marked(after, line), service=spoke.service or after.service)
    if line.what == "asked" and not any(one.what == "asked" for one in after.history):  # nobody waits any more
        after = replace(after, clocks=tuple(clock if clock.words else met(clock, now, void=True) for clock in after.clocks))
    put(desk, after)
    return after, told


def replied(desk: Desk, message: Message, case: Case, reply: replies.Reply, terms: Sequence[Terms]) -> tuple[Case | None, Reason | None]:
    """The case that a reply of ours is in, with the reply's new words, and "hand_offs" where these send the customer away again.

    message   `posted_at`: when its new words were read
    """
    line = _line(case, message.id)
    what = "hand_off" if reply.hand_off else "asked_back" if reply.asks else "answer"
    if line.what not in cases.OURS:
        return None, None
    if line.what != what:
        deleted.erased(desk, message.id, message.posted_at, terms)
        after, told = replies.answered(desk, message, desk.cases.get(case.id, case), lambda _: reply, terms)
        if after:
            put(desk, after := _marked(after, line))
        return after, told
    if reply.promised is None or any(clock.words == reply.promised.words for clock in case.clocks):
        return None, None
    after = replace(case, clocks=cases.kept((*case.clocks, in_own_words(reply.promised, message))))
    put(desk, after)
    return after, None


def _line(case: Case, id_: str) -> Line:
    return next(line for line in case.history if line.id == id_)


def _marked(case: Case, was: Line) -> Case:
    """The history says what the line was before, and when that was said."""
    history = (replace(line, was=was.was or was.what, was_at=was.was_at or was.at) if line.id == was.id else line for line in case.history)
    return replace(case, history=tuple(history))
