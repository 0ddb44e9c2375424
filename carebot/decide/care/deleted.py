"""A message of a case was deleted: what is left of the case, and of whose it was.

Pure. The words themselves, and what was told of them, go in the store (`effects.database`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from carebot.config.desk import Terms
from carebot.decide.care.cases import OURS
from carebot.decide.care.desk import Desk, leave, put
from carebot.decide.care.joining import networks
from carebot.decide.care.sla import met, resumed
from carebot.model import Case, Clock, Line


def erased(desk: Desk, id_: str, at: datetime, terms: Sequence[Terms]) -> None:
    """A message was taken away: out of the case, with what it had done there. An answer of ours that is gone is none.

    A case with nothing left of the customer's is over, and forgets who they were; an account of which nothing is left is forgotten too.
    """
    case = desk.cases.get(desk.by_message.get(id_, ""))
    line = next((line for line in case.history if line.id == id_), None) if case else None
    if case is None or line is None:
        return
    leave(desk, case)
    case = replace(
        case,
        history=tuple(other for other in case.history if other.id != id_),
        contacts=max(0, case.contacts - (line.what not in OURS)),
        answers=case.answers - (line.what in ("answer", "asked_back")),
        hand_offs=case.hand_offs - (line.what == "hand_off"),
    )
    if line.what in OURS:
        put(desk, case if case.solved_at else _unanswered(case, line, at, terms))
    elif case.contacts:
        put(desk, _without_gone_accounts(case))
    else:
        over = replace(case, closed_at=at, clocks=tuple(met(clock, at, void=True) for clock in case.clocks))
        leave(desk, replace(over, author="", author_key="", accounts=(), references=(), threads=()))


def _unanswered(case: Case, gone: Line, at: datetime, terms: Sequence[Terms]) -> Case:
    """What this reply kept is kept by the next one, or owed again by its old time; what stood still for its question goes on."""
    other = next((line.at for line in case.history if line.what in ("answer", "asked_back") and line.at >= gone.at), None)

    def without(clock: Clock) -> Clock:
        if clock.paused_at == gone.at:
            return resumed(clock, at, terms)
        return replace(clock, met_at=other) if clock.met_at == gone.at and not clock.void else clock

    return replace(case, clocks=tuple(map(without, case.clocks)))


def _without_gone_accounts(case: Case) -> Case:
    """Accounts on networks of which nothing is left in it are no longer anybody's. An id begins with its network."""
    left = {line.id.partition(":")[0] for line in case.history if line.what not in OURS}
    lines = case.contacts + case.answers + case.hand_offs
    if len(case.history) < lines or not left <= networks(case):
        return case  # not all of its lines are kept, or their ids do not tell
    case = replace(case, accounts=tuple(one for one in case.accounts if one.source in left))
    return case if case.source in left else replace(case, author="", author_key="")
