"""A week of the desk in figures: what became of each customer's matter. Pure.

The cases are added up one after the other (`Added`): those of a busy week do not fit in memory all at once. Of each kind the worst are kept
to be named. How long customers wait for a first answer is in `waiting`; what concerns everybody at once (incidents, gaps, thanks) in
`around`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import pairwise
from typing import Any, Generic, TypeVar

from carebot.decide.care.replies import PUBLIC, times_sent_away
from carebot.model import Case, Clock, Line, Statement
from carebot.report.waiting import Messages, Period, Wait, is_late, waits
from carebot.report.week import Breach, Breaches, Churn, HandOffs, Leaving, Promised, PromiseEnd, Promises, Returned, Why
from carebot.understand.hand_offs import sent_elsewhere

LISTED = 30  # of each kind, named one by one
DOORS_READ = 2000  # hand-offs whose words are read once more, evenly spread over the week; a thousand take 0.1 s
HEARD_LATE = timedelta(minutes=10)  # a message read so much later than it was posted was late before anybody could answer
OURS = ("answer", "asked_back", "hand_off")
ANSWERS = ("answer", "asked_back")
_ORDER: dict[PromiseEnd, int] = {"broken": 0, "open": 1, "kept": 2, "dropped": 3}
_T = TypeVar("_T")


class Worst(Generic[_T]):
    """The first LISTED of all that is added, by `key`, however much that is."""

    def __init__(self, key: Callable[[_T], Any]) -> None:
        self._key = key
        self._kept: list[_T] = []

    def add(self, one: _T) -> None:
        self._kept.append(one)
        if len(self._kept) > LISTED * 20:
            self._kept = nsmallest(LISTED, self._kept, key=self._key)

    def first(self) -> list[_T]:
        return nsmallest(LISTED, self._kept, key=self._key)


class Added:
    """What the cases of the period come to, one after the other.

    quiet      the rules' time after which a case is over
    read_late  messages that were read HEARD_LATE after they were posted, or later
    keep       cases to be kept whole, by their ids
    """

    def __init__(self, period: Period, quiet: timedelta, read_late: Collection[str], keep: Collection[str]) -> None:
        self.period, self.quiet, self.read_late, self.keep = period, quiet, read_late, keep
        self.waits: list[Wait] = []
        self.clocks, self.why, self.ends = Counter[str](), Counter[str](), Counter[str]()
        self.late: Worst[tuple[Case, Clock]] = Worst(lambda one: (-late_by(one[1], period), one[0].id, one[1].kind))
        self.promised: Worst[tuple[Case, Clock]] = Worst(lambda one: (_ORDER[end_of(one[1])], one[1].due_at, one[0].id))
        self.sent_away: list[str] = []  # ids of the replies that did
        self.answers = self.sent_cases = self.twice = 0
        self.channels = Counter[str]()
        self.opened = self.reopened = self.wrote_twice = 0
        self.kept: dict[str, Case] = {}
        self.public: dict[str, datetime] = {}  # incident → when we first said something of it to everybody, of which we promised more

    def add(self, case: Case) -> None:
        if case.id in self.keep:
            self.kept[case.id] = case
        if case.joined:
            return  # it is counted where it is now
        self._clocks(case)
        if case.author_key == PUBLIC:
            if case.incident and case.history:
                self.public.setdefault(case.incident, case.history[0].at)
            return
        self.waits += (wait for wait in waits(case, self.period.known_to) if self.period.has(wait.asked_at))
        self._replies(case)
        if self.period.has(case.opened_at):
            self.opened += 1
            self.wrote_twice += times_before_answer(case) > 1
        self.reopened += case.reopened > 0 and any(self.period.has(line.at) for line in _again(case, self.quiet))

    def _clocks(self, case: Case) -> None:
        for clock in case.clocks:
            if not self.period.has(clock.due_at):
                continue
            if clock.kind == "promise":
                self.ends[end_of(clock)] += 1
                self.promised.add((case, clock))
            elif is_late(clock):
                self.clocks[clock.kind] += 1
                self.why.update(why(case, clock, self.read_late))
                self.late.add((case, clock))

    def _replies(self, case: Case) -> None:
        self.answers += sum(line.what in ANSWERS and self.period.has(line.at) for line in case.history)
        if case.hand_offs and (away := [line.id for line in case.history if line.what == "hand_off" and self.period.has(line.at)]):
            self.sent_away += away
            self.channels[case.source] += len(away)
            self.sent_cases += 1
            self.twice += times_sent_away(case.history) > 1 and case.solved_at is None

    def doors_read(self) -> list[str]:
        return self.sent_away[:: -(-len(self.sent_away) // DOORS_READ) or 1]

    def looked_at(self) -> Iterator[str]:
        """Ids of the messages that are looked at one by one."""
        for case, _ in (*self.late.first(), *self.promised.first()):
            yield from case.messages
        for case in self.kept.values():
            yield from case.messages
        yield from self.doors_read()


# ── clocks that ran out ──────────────────────────────────────────────────────────────────────────────────────────


def late_by(clock: Clock, period: Period) -> timedelta:
    """Until it was met or nobody waited any more; else until now."""
    return max((clock.met_at or period.known_to) - clock.due_at, timedelta(0))


def breaches(added: Added, said: Messages) -> Breaches:
    first = tuple(_breach(case, clock, added, said) for case, clock in added.late.first())
    return Breaches(added.clocks.total(), ranked(added.clocks), ranked(added.why), first)


def _breach(case: Case, clock: Clock, added: Added, said: Messages) -> Breach:
    return Breach(
        case=case.id,
        who=who(case, said),
        source=case.source,
        clock=clock.kind,
        promise=clock.promise,
        due_at=clock.due_at,
        met_at=None if clock.void else clock.met_at,
        late_min=round(late_by(clock, added.period) / timedelta(minutes=1), 1),
        why=tuple(why(case, clock, added.read_late)),
    )


def why(case: Case, clock: Clock, read_late: Collection[str]) -> Iterator[Why]:
    """How it ended, then what explains it."""
    yield "answered_late" if clock.met_at and not clock.void else "nobody_answered"
    between = [line for line in case.history if clock.started_at <= line.at <= clock.due_at]
    if any(line.what == "hand_off" for line in between):
        yield "only_sent_elsewhere"
    if between and between[0].id in read_late:
        yield "heard_late"
    if case.incident:
        yield "incident"


# ── doors, promises, who came back ───────────────────────────────────────────────────────────────────────────────


def hand_offs(added: Added, said: Messages) -> HandOffs:
    """doors: where they were sent, read from the replies once more; of a reply that somebody deleted nobody knows."""
    doors = Counter[str]()
    for id_ in added.doors_read():
        text = said[id_].text if id_ in said else ""
        door = sent_elsewhere(text) if text else None
        doors[door.door if door else "unknown"] += 1
    count = len(added.sent_away)
    return HandOffs(count, added.answers, added.sent_cases, added.twice, ranked(added.channels), ranked(doors), doors.total())


def end_of(clock: Clock) -> PromiseEnd:
    return "broken" if is_late(clock) else "open" if clock.met_at is None else "dropped" if clock.void else "kept"


def promises(added: Added, statements: Iterable[Statement], said: Messages) -> Promises:
    public = [one for statement in statements if (one := _to_everybody(statement, added.period))]
    counts = added.ends + Counter(one.end for one in public)
    found = [_promised(case, clock, said) for case, clock in added.promised.first()] + public
    shown = sorted(found, key=lambda one: (_ORDER[one.end], one.due_at, one.case))[:LISTED]
    return Promises(counts["kept"], counts["broken"], counts["dropped"], counts["open"], tuple(shown))


def _promised(case: Case, clock: Clock, said: Messages) -> Promised:
    return Promised(
        case=case.id,
        who=who(case, said),
        source=case.source,
        words=clock.words,
        made_at=clock.started_at,
        due_at=clock.due_at,
        met_at=None if clock.void else clock.met_at,
        end=end_of(clock),
        public=case.author_key == PUBLIC,
    )


def _to_everybody(one: Statement, period: Period) -> Promised | None:
    """When the next public statement was to come, as the last one said."""
    if one.said_at is None or one.next_update_at is None or not period.has(one.next_update_at):
        return None
    late = (one.met_at or period.known_to) > one.next_update_at
    return Promised(
        case=one.incident,
        who="",
        source=", ".join(sorted({post.source for post in one.posts})),
        words=one.texts.get("es") or one.texts.get("en") or "",
        made_at=one.said_at,
        due_at=one.next_update_at,
        met_at=one.met_at,
        end="broken" if late else "kept" if one.met_at else "open",
        public=True,
    )


def returned(added: Added, alerted: Mapping[str, int]) -> Returned:
    """alerted: how many alerts of each reason there were."""
    needs = {reason: alerted[reason] for reason in ("moment", "fraud", "churn", "repeat", "hand_offs") if alerted.get(reason)}
    return Returned(added.opened, added.reopened, alerted.get("repeat", 0), added.wrote_twice, needs)


def in_order(case: Case) -> list[Line]:
    """Its history by the time things were said: some were heard late."""
    return sorted(case.history, key=lambda line: (line.at, line.id))


def _again(case: Case, quiet: timedelta) -> Iterator[Line]:
    """The lines that opened it again: asked after it was called solved, or after the quiet time."""
    for before, line in pairwise(in_order(case)):
        if line.what == "asked" and (before.what == "solved" or line.at - before.at > quiet):
            yield line


def times_before_answer(case: Case) -> int:
    """How many times they had to say it before anybody answered, as far back as the history goes."""
    count = 0
    for line in in_order(case):
        if line.what in ANSWERS:
            break
        count += line.what in ("asked", "wrote")
    return count


def churn(added: Added, told: Sequence[tuple[str, datetime]], said: Messages) -> Churn:
    """told: the case and the moment of each alert that somebody may leave; each case once."""
    first: dict[str, datetime] = {}
    for id_, at in sorted(told, key=lambda one: one[1]):
        first.setdefault(id_, at)
    found = [_leaving(added.kept[id_], at, said) for id_, at in first.items() if id_ in added.kept]
    shown = sorted(found, key=lambda one: (one.solved, one.at, one.case))[:LISTED]
    return Churn(len(first), sum(one.solved for one in found), tuple(shown))


def _leaving(case: Case, at: datetime, said: Messages) -> Leaving:
    return Leaving(
        case=case.id,
        who=who(case, said),
        source=case.source,
        at=at,
        contacts=case.contacts,
        answers=case.answers,
        hand_offs=case.hand_offs,
        solved=case.solved_at is not None,
    )


# ── helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def who(case: Case, said: Messages) -> str:
    """Their handle; of somebody who took back all they said, nothing."""
    theirs = [said[line.id] for line in case.history if line.what not in OURS and line.id in said]
    return "" if theirs and all(one.deleted for one in theirs) else case.author.lstrip("@")


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """The most first; alike in the order of their names."""
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
