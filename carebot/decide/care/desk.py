"""The desk: every case that is not over yet, and the ways a message finds its own. `decide.step` writes on a draft of it.

Cases that are over leave it, so that it holds no more than the quiet time of the rules brings; their rows stay in the store, and whoever
writes again within the rules' `reopen_within` brings theirs back (`Heard.former`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from datetime import datetime
from typing import Any

import msgspec

from carebot.decide.care.sla import next_moment
from carebot.decide.detecting.cells import minute_of
from carebot.decide.draft import Draft, draft, settled
from carebot.model import Case

PAGE = 64  # cases a page: a whole night's clocks run out at one opening minute, and one long list of them was copied for each


class Desk(msgspec.Struct):
    """Open cases and their indexes. `left`: cases that left it since it was drafted, as they are to be stored."""

    cases: MutableMapping[str, Case] = msgspec.field(default_factory=dict)
    by_author: MutableMapping[tuple[str, str], str] = msgspec.field(default_factory=dict)  # (network, author key) → case
    by_handle: MutableMapping[tuple[str, str], str] = msgspec.field(default_factory=dict)  # (network, handle in lower case) → case
    by_message: MutableMapping[str, str] = msgspec.field(default_factory=dict)  # message or conversation id → case
    by_reference: MutableMapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)  # case number they quote → cases
    deadlines: MutableMapping[str, int] = msgspec.field(default_factory=dict)  # case → minute in which a clock next has something to say
    due: MutableMapping[tuple[int, int], tuple[str, ...]] = msgspec.field(default_factory=dict)  # (minute, page) → cases; some moved on
    pending: MutableMapping[int, int] = msgspec.field(default_factory=dict)  # minute → how many cases its pages name
    left: dict[str, Case] = {}

    def draft(self) -> Desk:
        tables: dict[str, Any] = {table: draft(getattr(self, table)) for table in TABLES}
        return Desk(**tables)

    def settled(self) -> Desk:
        """The desk once its draft is committed; the one it was drafted on is changed."""
        tables: dict[str, Any] = {table: settled(getattr(self, table)) for table in TABLES}
        return Desk(**tables)

    def changed(self) -> tuple[Case, ...]:
        """The cases written since it was drafted, and those that left."""
        written = self.cases.written() if isinstance(self.cases, Draft) else self.cases.values()
        return (*written, *self.left.values())


TABLES = tuple(name for name in Desk.__struct_fields__ if name != "left")


def accounts(case: Case) -> Iterator[tuple[str, str, str]]:
    """(network, author key, handle in lower case) of each account it is written with. An erased author has none."""
    yield case.source, case.author_key, case.author.lower()
    for account in case.accounts:
        yield account.source, account.author_key, account.author.lower()


def put(desk: Desk, case: Case) -> None:
    """The desk with this version of the case, found by its accounts, its messages and the numbers quoted in it."""
    before = desk.cases.get(case.id)
    desk.cases[case.id] = case
    desk.left.pop(case.id, None)
    for source, key, handle in accounts(case):
        if key and desk.by_author.get((source, key)) != case.id:
            desk.by_author[source, key] = case.id
        if handle and desk.by_handle.get((source, handle)) != case.id:
            desk.by_handle[source, handle] = case.id
    if before is None or before.history is not case.history or before.threads is not case.threads:
        now, then = found_by(case), found_by(before) if before else ()
        for id_ in now:
            if desk.by_message.setdefault(id_, case.id) > case.id:  # one reply to two is one's, after a restart too
                desk.by_message[id_] = case.id
        for id_ in set(then).difference(now):
            if desk.by_message.get(id_) == case.id:
                del desk.by_message[id_]
    for number in case.references:
        if case.id not in desk.by_reference.get(number, ()):
            desk.by_reference[number] = (*desk.by_reference.get(number, ()), case.id)
    _list(desk, case)


def found_by(case: Case) -> tuple[str, ...]:
    """The messages and direct conversations that lead to it."""
    return (*case.messages, *case.threads)


def _list(desk: Desk, case: Case) -> None:
    """Has the case looked at in the minute in which one of its clocks next has something to say."""
    ahead = [moment for clock in case.clocks if (moment := next_moment(clock))]
    if not ahead:
        if case.id in desk.deadlines:
            del desk.deadlines[case.id]
        return
    minute = -int(-min(ahead).timestamp() // 60)  # the first minute not before it
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
    for source, key, handle in accounts(case):
        if desk.by_author.get((source, key)) == case.id:
            del desk.by_author[source, key]
        if desk.by_handle.get((source, handle)) == case.id:
            del desk.by_handle[source, handle]
    for id_ in found_by(case):
        if desk.by_message.get(id_) == case.id:
            del desk.by_message[id_]
    for number in case.references:
        if rest := tuple(id_ for id_ in desk.by_reference.get(number, ()) if id_ != case.id):
            desk.by_reference[number] = rest
        else:
            desk.by_reference.pop(number, None)


def leave(desk: Desk, case: Case) -> None:
    """The case is over and leaves the desk as it is now; its row is still to be written."""
    drop(desk, desk.cases.get(case.id, case))
    desk.left[case.id] = case


def due(desk: Desk, now: datetime) -> list[Case]:
    """The cases whose clocks may have something to say by now, each once. They are taken off the list."""
    reached = sorted(minute for minute in desk.pending if minute <= minute_of(now))
    pages = [(minute, page) for minute in reached for page in range(-(-desk.pending.pop(minute) // PAGE))]
    listed = ((minute, id_) for minute, page in pages for id_ in desk.due.pop((minute, page)))
    ids = dict.fromkeys(id_ for minute, id_ in listed if desk.deadlines.get(id_) == minute)  # a case put twice is listed twice
    return [desk.cases[id_] for id_ in ids]


def waiting(cases: Iterable[Case]) -> list[Case]:
    """Cases in which an answer is owed, whoever waits longest first."""
    owed = [(since, case.id, case) for case in cases if (since := owed_since(case))]
    return [case for _, _, case in sorted(owed, key=lambda each: each[:2])]


def owed_since(case: Case) -> datetime | None:
    """Since when the customer has waited for an answer; None if none is owed."""
    if case.solved_at or case.closed_at:
        return None
    return min((clock.started_at for clock in case.clocks if clock.kind.endswith("response") and not clock.met_at), default=None)
