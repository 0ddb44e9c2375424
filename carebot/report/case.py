"""One customer's matter in one view: what they said, what they were told and by whom, how long they waited, what was owed to them.

Only reads the database. What was deleted is gone from here too: of such a message nothing is left but that there was one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from carebot.decide.care.cases import FIRST
from carebot.decide.care.desk import owed_since
from carebot.effects.harmless import clean
from carebot.errors import Unusable
from carebot.model import Alert, Case, Clock, Incident, LineKind, Phase, Statement, Text
from carebot.report import reading
from carebot.report.figures import ANSWERS, OURS, in_order, times_before_answer, who
from carebot.report.waiting import Messages, is_late

MINUTE = timedelta(minutes=1)
End = Literal["running", "standing_still", "kept", "broken", "not_needed"]


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """What one side said. waited_min: of an answer, since when they had waited for it. text: null of what was deleted or is not here."""

    id: str
    at: datetime
    what: LineKind
    by: str
    source: str
    text: str | None
    url: str
    waited_min: float | None = None
    was: LineKind | None = None  # before it was edited


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """A clock and how it ended. words: of a promise those it was read from."""

    kind: str
    promise: str
    policy: str
    words: str
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    end: End


class Alerted(msgspec.Struct, frozen=True):
    """What staff were told of it; muted: why they were not."""

    at: datetime
    reason: str
    headline: Text
    to: str
    muted: str


class Public(msgspec.Struct, frozen=True):
    at: datetime
    texts: dict[str, str]


class Explains(msgspec.Struct, frozen=True, kw_only=True):
    """The incident that explains it, and what everybody was told of that."""

    incident: str
    service: str
    phase: Phase
    onset_at: datetime
    resolved_at: datetime | None
    said: tuple[Public, ...]


State = Literal["waiting", "answered", "solved", "closed"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Everything `carebot case --json` prints.

    asked_for            what the case was looked up by; others: further cases of theirs, the latest first
    came_back            how many times they came back by themselves
    wrote_before_answer  how many times they had to say it before anybody answered
    longest_wait_min     the longest they ever waited for an answer in it, up to now if they wait still
    not_kept, left_out   of so long a history the middle is not kept: so many lines, between the first ones and the latest
    """

    asked_for: str
    case: str
    others: tuple[str, ...]
    who: str
    source: str
    accounts: tuple[dict[str, str], ...]
    service: str
    state: State
    opened_at: datetime
    solved_at: datetime | None
    closed_at: datetime | None
    waiting_since: datetime | None
    known_to: datetime
    contacts: int
    came_back: int
    wrote_before_answer: int
    answers: int
    hand_offs: int
    reopened: int
    first_answer_min: float | None
    longest_wait_min: float | None
    needs: tuple[str, ...]
    references: tuple[str, ...]
    clocks: tuple[Owed, ...]
    lines: tuple[Spoken, ...]
    alerts: tuple[Alerted, ...]
    explained_by: Explains | None
    not_kept: bool
    left_out: int


def shown(path: Path, what: str) -> View:
    """The case of this name, of this @handle (the latest), or in which this message is. Raises Unusable where there is none."""
    with reading.opened(path) as db:
        found = _found(db, what, path)
        case = found[0]
        while case.joined and (into := _by_id(db, case.joined)):
            case = into
        case = replace(case, history=tuple(in_order(case)))
        said = reading.messages(db, case.messages)
        return _view(db, what, case, [one.id for one in found[1:] if one.id != case.id], said)


def _view(db: sqlite3.Connection, what: str, case: Case, others: list[str], said: Messages) -> View:
    now = reading.known_to(db)
    waits = list(waited(case, now))
    since = owed_since(case)
    return View(
        asked_for=what,
        case=case.id,
        others=tuple(others),
        who=who(case, said),
        source=case.source,
        accounts=tuple({"source": a.source, "author": a.author, "known_by": a.known_by, "words": a.words} for a in case.accounts),
        service=case.service,
        state="solved" if case.solved_at else "closed" if case.closed_at else "waiting" if since else "answered",
        opened_at=case.opened_at,
        solved_at=case.solved_at,
        closed_at=case.closed_at,
        waiting_since=since,
        known_to=now,
        contacts=case.contacts,
        came_back=max(case.came_back, len(case.returns) - 1, 0),
        wrote_before_answer=times_before_answer(case),
        answers=case.answers,
        hand_offs=case.hand_offs,
        reopened=case.reopened,
        first_answer_min=_first_answer(case, waits),
        longest_wait_min=max((minutes for _, minutes in waits), default=None),
        needs=case.needs,
        references=case.references,
        clocks=tuple(map(_owed, case.clocks)),
        lines=tuple(_lines(case, said, dict(waits))),
        alerts=tuple(_alerts(db, case.id)),
        explained_by=_explains(db, case.incident) if case.incident else None,
        not_kept=left_out(case) > 0,
        left_out=left_out(case),
    )


# ── which case ───────────────────────────────────────────────────────────────────────────────────────────────────


def _found(db: sqlite3.Connection, what: str, path: Path) -> list[Case]:
    """The one that is meant, and further ones of the same customer after it."""
    if case := _by_id(db, what) or _by_id(db, f"case-{what}"):
        return [case]
    if what.startswith("@"):
        return _by_handle(db, what[1:].lower(), path)
    row = db.execute("SELECT posted_at FROM messages WHERE id = ?", [what]).fetchone()
    if row is None:
        raise Unusable(f"{path} knows no case, message or handle {clean(what)[:80]!r}. A handle begins with @, as in: carebot case @ana")
    mark = b'"id":' + msgspec.json.encode(what)
    sql = "SELECT doc FROM cases WHERE opened_at <= ? AND instr(doc, ?) ORDER BY opened_at DESC, id DESC LIMIT 1"
    if found := reading.docs(db, Case, sql, [row[0], mark]):
        return found
    raise Unusable(f"the message {clean(what)[:80]!r} is in no case: it needed no answer, or it was taken back.")


def _by_id(db: sqlite3.Connection, id_: str) -> Case | None:
    return next(iter(reading.docs(db, Case, "SELECT doc FROM cases WHERE id = ?", [id_])), None)


def _by_handle(db: sqlite3.Connection, handle: str, path: Path) -> list[Case]:
    theirs = "SELECT DISTINCT author_key FROM messages WHERE lower(author) IN (?, '@' || ?) AND author_key != ''"
    sql = f"SELECT doc FROM cases WHERE author_key IN ({theirs}) ORDER BY opened_at DESC, id DESC"  # noqa: S608
    if not (found := reading.docs(db, Case, sql, [handle, handle])):
        raise Unusable(f"{path} knows no case of @{clean(handle)[:80]}. Who never needed an answer has none.")
    return sorted(found, key=lambda case: case.closed_at is not None)  # an open one first


# ── what was said, what was owed ─────────────────────────────────────────────────────────────────────────────────


def left_out(case: Case) -> int:
    """How many of its lines are not kept; the counts know of them."""
    return max(0, case.contacts + case.answers + case.hand_offs - len(case.history))


def waited(case: Case, now: datetime) -> Iterator[tuple[str, float]]:
    """Each time they waited: the answer that ended it ("" if none did yet), and for how many minutes. Not across what is not kept."""
    since: datetime | None = None
    for place, line in enumerate(case.history):
        if place == FIRST and left_out(case):
            since = None
        if line.what == "asked":
            since = since or line.at
        elif line.what == "solved":
            since = None
        elif line.what in ANSWERS and since:
            yield line.id, round((line.at - since) / MINUTE, 1)
            since = None
    if since and not case.solved_at:
        yield "", round(((case.closed_at or now) - since) / MINUTE, 1)


def _first_answer(case: Case, waits: list[tuple[str, float]]) -> float | None:
    """Minutes to it: by the history, or by its clock where that part is not kept."""
    clock = next((clock for clock in case.clocks if clock.kind == "first_response" and clock.met_at and not clock.void), None)
    if left_out(case) and not any(line.what in ANSWERS for line in case.history[:FIRST]):
        return round((clock.met_at - clock.started_at) / MINUTE, 1) if clock and clock.met_at else None
    return next((minutes for _, minutes in waits[:1] if case.answers), None)


def _lines(case: Case, said: Messages, waits: dict[str, float]) -> Iterator[Spoken]:
    handle = who(case, said)
    for line in case.history:
        one = said.get(line.id)
        gone = one is None or one.deleted
        yield Spoken(
            id=line.id,
            at=line.at,
            what=line.what,
            by=one.author.lstrip("@") if one and not gone else "" if line.what in OURS or gone else handle,
            source=one.source if one else case.source,
            text=None if one is None or gone else one.text,
            url=one.url if one else "",
            waited_min=waits.get(line.id),
            was=line.was or None,
        )


def _owed(clock: Clock) -> Owed:
    met = None if clock.void else clock.met_at
    end: End = "not_needed" if clock.void and not clock.breached_at else "broken" if is_late(clock) else "kept" if met else "running"
    if clock.paused_at and end == "running":
        end = "standing_still"
    return Owed(
        kind=clock.kind,
        promise=clock.promise,
        policy=clock.policy,
        words=clock.words,
        started_at=clock.started_at,
        due_at=clock.due_at,
        met_at=met,
        end=end,
    )


def _alerts(db: sqlite3.Connection, case: str) -> Iterator[Alerted]:
    """Those about it alone, and those that told of several cases together."""
    mark = msgspec.json.encode(case)
    sql = "SELECT doc, muted FROM alerts WHERE case_id = ? OR (case_id IS NULL AND incident IS NULL AND instr(doc, ?)) ORDER BY at, id"
    for doc, muted in db.execute(sql, [case, mark]):
        one = msgspec.json.decode(doc, type=Alert)
        yield Alerted(one.at, one.reason, one.headline, one.to, muted or "")


def _explains(db: sqlite3.Connection, id_: str) -> Explains | None:
    row = db.execute("SELECT doc FROM incidents WHERE id = ?", [id_]).fetchone()
    if row is None:
        return None
    one = msgspec.json.decode(row[0], type=Incident)
    stated = reading.docs(
        db, Statement, "SELECT doc FROM statements WHERE incident = ? AND said_at IS NOT NULL ORDER BY said_at, id", [id_]
    )
    return Explains(
        incident=one.id,
        service=one.service,
        phase=one.phase,
        onset_at=one.onset_at,
        resolved_at=one.resolved_at,
        said=tuple(Public(each.said_at, each.texts) for each in stated if each.said_at),
    )
