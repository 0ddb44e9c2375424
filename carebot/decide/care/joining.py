"""Who is the same customer on two networks? Nobody, unless the rules say so or they do.

Never by guessing, and never from a customer database. The rules name people who told us (`same_person`). By their own words: "soy @ana_x en
Twitter", or the same case number. Anybody can say that, so such an account joins one case on the desk, of another network than all its
accounts, is shown with the words, and may not call the case solved (`cases.may_close`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from carebot.decide.care.cases import THREADS, TIMES, kept, with_line
from carebot.decide.care.desk import Desk, drop, leave, put
from carebot.decide.care.sla import met
from carebot.model import Account, Case, Message
from carebot.understand.own_words import case_numbers, claim

MOST = 4  # further accounts of one person
AccountsOf = Mapping[tuple[str, str], tuple[tuple[str, str], ...]]  # (network, handle) → all of that person


def case_of(desk: Desk, message: Message, former: Case | None, accounts_of: AccountsOf) -> Case | None:
    """The case of who wrote this, once what they have elsewhere has joined it; `former` where they have none on the desk."""
    mine = desk.cases.get(desk.by_author.get((message.source, message.author_key), ""))
    other, account = _elsewhere(desk, message, mine, accounts_of)
    if other is None or account is None:
        return mine or former
    if mine:
        return _one(desk, other, mine, account, message.posted_at)
    case = replace(other, accounts=(*other.accounts, account))
    put(desk, case)
    return case


def _elsewhere(desk: Desk, message: Message, mine: Case | None, accounts_of: AccountsOf) -> tuple[Case | None, Account | None]:
    """Their case that was opened with another account, and how this one is known to be theirs."""
    me = (message.source, message.author.lower().lstrip("@"))

    def known(id_: str | None) -> Case | None:
        case = desk.cases.get(id_ or "")
        return None if case is None or (mine and case.id == mine.id) or len(case.accounts) >= MOST else case

    for network, handle in accounts_of.get(me, ()):
        if (network, handle) != me and (case := known(desk.by_handle.get((network, handle)))):
            return case, Account(message.source, message.author_key, message.author, "rules")
    said = claim(message.text)
    if said and (case := known(desk.by_handle.get((said.source, said.handle)))) and _apart(case, mine, message):
        return case, Account(message.source, message.author_key, message.author, "words", said.words)
    for number in case_numbers(message.text):
        quoted = desk.by_reference.get(number, ())
        if len(quoted) == 1 and (case := known(quoted[0])) and _apart(case, mine, message):
            return case, Account(message.source, message.author_key, message.author, "reference", number)
    return None, None


def networks(case: Case) -> set[str]:
    return {case.source, *(account.source for account in case.accounts)}


def _apart(case: Case, mine: Case | None, message: Message) -> bool:
    """Two accounts on one network are two people, whatever one of them says."""
    return networks(case).isdisjoint(networks(mine) if mine else {message.source})


def _one(desk: Desk, other: Case, mine: Case, account: Account, at: datetime) -> Case:
    """Two cases that turn out to be one: the older has the history of both from now on."""
    older, newer = sorted((other, mine), key=lambda case: (case.opened_at, case.id))
    named = account if older is other else replace(account, source=other.source, author_key=other.author_key, author=other.author)
    solving = any(clock.kind == "resolution" for clock in older.clocks)
    drop(desk, older)
    leave(desk, replace(newer, closed_at=at, joined=older.id, clocks=tuple(met(clock, at, void=True) for clock in newer.clocks)))
    case = replace(
        older,
        last_at=max(older.last_at, newer.last_at),
        history=with_line(older.history, *newer.history),
        contacts=older.contacts + newer.contacts,
        answers=older.answers + newer.answers,
        hand_offs=older.hand_offs + newer.hand_offs,
        clocks=kept((*older.clocks, *(clock for clock in newer.clocks if not (solving and clock.kind == "resolution")))),
        needs=tuple(dict.fromkeys((*older.needs, *newer.needs))),
        incident=older.incident or newer.incident,
        audience=max(older.audience, newer.audience),
        direct=older.direct or newer.direct,
        returns=tuple(sorted((*older.returns, *newer.returns)))[-TIMES:],
        came_back=older.came_back + newer.came_back + 1,
        accounts=(*older.accounts, named, *newer.accounts)[:MOST],
        references=tuple(dict.fromkeys((*older.references, *newer.references)))[:3],
        solved_at=older.solved_at and newer.solved_at,
        threads=(*older.threads, *newer.threads)[-THREADS:],
    )
    put(desk, case)
    return case


def quoting(case: Case, message: Message, desk: Desk) -> Case:
    """The case with the numbers that are quoted in this message, ours or theirs."""
    new = [number for number in case_numbers(message.text) if number not in case.references]
    if not new:
        return case
    case = replace(case, references=(*case.references, *new)[:3])
    put(desk, case)
    return case
