"""What carebot knows between two steps, and how it is put together again from the rows of the store.

Short-term counts and votes are not stored as such: they follow from the signals of the last hours, which are. So a restart cannot count
anything twice, and there is one truth. The texts that go round do not follow from a few hours' signals: they are a row of their own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
import numpy as np

from carebot.decide.care.desk import Desk, put
from carebot.decide.detecting import lessons, voices
from carebot.decide.detecting.cells import LATE, POSTS, Cell, Floats, Profile, Table, minute_of, moment_of
from carebot.decide.detecting.coverage import Ear
from carebot.decide.detecting.voices import Voices
from carebot.decide.incidents.phases import covers, is_bare, is_open
from carebot.decide.telling.days import Day, Summed
from carebot.decide.telling.held import Held
from carebot.model import Case, Incident, Message, Notice, Reason, Signal, Statement
from carebot.understand.copies import Window

RECENT = LATE + 60  # minutes of counted signals kept whole, as evidence for an incident that opens, also of what is read late
MOST_RECENT = 400
KEPT_OVER = 240  # minutes a resolved incident is remembered: long enough to be reopened, and for its last hour to settle unlearned


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one probe has been doing: `run` looks in a row had the same result, the first at `since`, the last at `last_at`. `service`: its
    target, where that has probes with names; it is the key of the check otherwise."""

    ok: bool
    run: int
    since: datetime
    last_at: datetime
    id: str  # of the first of them
    service: str = ""


class Component(msgspec.Struct, frozen=True, omit_defaults=True):
    """A provider's last word about a component: `id`, said `at`. Its latest trouble began at `since` and ended at `over_at`, if it has."""

    state: str
    at: datetime
    id: str
    since: datetime | None = None
    over_at: datetime | None = None


class Series(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a network counted for one source: `posts` of each minute from `first` on, -1 where it said nothing; and all first and last
    minutes of which it ever `told`, so that none is learned twice."""

    network: str = ""
    first: int = 0
    posts: tuple[float, ...] = ()
    told: tuple[tuple[int, int], ...] = ()

    def minutes(self, first: int, minutes: int) -> Floats:
        """Posts of each of these minutes, -1 where nothing was told."""
        found, begin = np.full(minutes, -1.0), self.first - first
        there = self.posts[max(0, -begin) : max(0, minutes - begin)]
        found[max(0, begin) : max(0, begin) + len(there)] = there
        return found


class Memory(msgspec.Struct, omit_defaults=True):
    """The small things, stored whole as one row."""

    minute: int = 0  # last minute whose turn is done
    heard_from: int = 0  # minute of the first message ever: before a cell's first complaint there was silence, and silence counts
    checks: dict[str, Check] = {}  # by target, or target/name where a probe has one
    components: dict[str, Component] = {}  # by "provider/component"
    notices: tuple[Notice, ...] = ()
    impersonators: tuple[str, ...] = ()
    held: dict[Reason, tuple[str, ...]] = {}  # reason → cases whose clock ran out and of whom we have not spoken yet
    held_back: dict[str, Held] = {}  # by silence, or route: what is not said for now
    alone: dict[str, tuple[datetime, ...]] = {}  # by kind and route: when alarms about single customers were last told (`together`)
    days: dict[str, Day] = {}  # what the last weeks' days came to, by their date where the desk is
    digests: dict[str, Summed] = {}  # route → how far its digests go, and when the next is due
    early: Mapping[str, tuple[Message, ...]] = {}  # message → our replies to it that were read before it (`care.replies`)
    sla_told_at: datetime | None = None
    unanswered: int = 0  # customers who were told of as late since we last answered anybody
    clocked: int = 0  # the minute in which clocks were last looked at; another one than `minute` where the machine's clock was set back
    numbers: dict[str, int] = {}  # "brand-service-day" → incidents so far, which is what their names are made of
    learned: dict[str, tuple[float, float]] = {}  # by the name of a calendar entry: what its factor is learned from
    compared: dict[str, int] = {}  # brand we compare with → minute of its last counted complaint
    ears: dict[str, Ear] = {}  # how far each source has been heard, by its name in the rules file
    volumes: dict[str, Series] = {}  # how many posts matched each source's search in the last hours, likewise

    def copy(self) -> Memory:
        return msgspec.structs.replace(self, checks=dict(self.checks), components=dict(self.components), held=dict(self.held))


class State(msgspec.Struct):
    """Everything `step` remembers. `step` works on a copy and hands that back: nobody else changes one."""

    table: Table = msgspec.field(default_factory=Table)
    volumes: Table = msgspec.field(default_factory=Table)  # posts that were only counted (`volume`): a row a source, apart from the others
    profiles: Mapping[Cell, Profile] = {}  # as they were stored: rows that the table has not recalled yet
    recent: dict[str, tuple[Signal, ...]] = {}  # brand → counted signals of the last RECENT minutes, oldest first
    voices: Voices = msgspec.field(default_factory=Voices)  # who has spoken in the last hours
    texts: Window = msgspec.field(default_factory=Window)  # what outages were complained of with, to know copies by
    incidents: dict[str, Incident] = {}
    desk: Desk = msgspec.field(default_factory=Desk)
    memory: Memory = msgspec.field(default_factory=Memory)
    statements: dict[str, Statement] = {}  # of the incidents above

    def copy(self) -> State:
        return msgspec.structs.replace(
            self,
            table=self.table.draft(),
            volumes=self.volumes.draft(),
            recent=dict(self.recent),
            voices=self.voices.draft(),
            incidents=dict(self.incidents),
            desk=self.desk.draft(),
            memory=self.memory.copy(),
            statements=dict(self.statements),
        )

    def settled(self) -> State:
        """This state once it is committed. The state it was made from must not be used any more."""
        return msgspec.structs.replace(self, desk=self.desk.settled(), voices=self.voices.settled())


def restored(
    profiles: Mapping[Cell, Profile],
    signals: Iterable[Signal],
    incidents: Iterable[Incident],
    cases: Iterable[Case],
    memory: Memory,
    texts: Window,
    statements: Iterable[Statement] = (),
) -> State:
    """The state these rows stand for. `signals`: outage signals of the last hours, as far back as the table's columns go.

    Profiles are recalled by the first step: what they learned since depends on the rules.
    """
    voiced = {cell: profile for cell, profile in profiles.items() if cell.symptom != POSTS}
    state = State(incidents={incident.id: incident for incident in incidents}, memory=memory, texts=texts, profiles=voiced)
    state.table.add(tuple(voiced))
    state.volumes.add([cell for cell in profiles if cell not in voiced])
    if memory.minute:
        state.table.turn_to(memory.minute // 60)
        state.volumes.turn_to(memory.minute // 60)
    for cell, row in state.volumes.rows.items():
        state.volumes.remember(row, profiles[cell])
        series = memory.volumes.get(cell.source, Series()).minutes(state.volumes.first, state.volumes.counts.shape[1])
        state.volumes.counts[row] = np.maximum(series, 0)
    state.volumes.learned_to = lessons.settled_by(memory.minute, 0)
    for signal in sorted(signals, key=_posted):
        voices.kept(state.voices, signal)
        if signal.counted:
            count(state, signal, weight(signal))
            remember(state, signal)
    forget(state, memory.minute)
    for case in cases:
        put(state.desk, case)
    known = {name for one in state.incidents.values() for name in (one.id, *one.merged)}
    state.statements = {said.id: said for said in statements if said.incident in known}
    return state


def cells_of(signal: Signal) -> tuple[Cell, ...]:
    """The cells a signal counts in: the brand, its service, and each of them by one thing more. Broad ones come after narrow ones."""
    brand, service = signal.brand, signal.service
    cells = [Cell(brand)]
    if signal.source:
        cells.append(Cell(brand, source=signal.source))
    if signal.region:
        cells.append(Cell(brand, region=signal.region))
    if service:
        narrow = (("symptom", signal.symptom), ("source", signal.source), ("region", signal.region))
        cells += [Cell(brand, service, **{part: value}) for part, value in narrow if value]
        cells.append(Cell(brand, service))
    return tuple(reversed(cells))


SURE = 0.9  # a message that is an outage with this probability, or a higher one, counts whole


def weight(signal: Signal) -> float:
    """What a signal counts. A mark of what it is worth: chance brings more messages that are hardly complaints than sure ones.

    In whole 1024ths, so that the table's sums are exact whatever was added or taken back, and in whatever order.
    """
    return min(1.0, round(signal.p / SURE * 1024) / 1024)


def count(state: State, signal: Signal, worth: float) -> None:
    """The table with this signal's worth in each of its cells that has a row: its weight, or less than nothing to take it back."""
    for cell in cells_of(signal):
        if cell in state.table.rows:
            state.table.count(state.table.rows[cell], minute_of(signal.posted_at), worth)


def remember(state: State, signal: Signal) -> None:
    """A counted signal is evidence for an hour. Of very many, those posted last are."""
    known = state.recent.get(signal.brand, ())
    place = bisect_left(known, _posted(signal), key=_posted) if known and _posted(signal) < _posted(known[-1]) else len(known)
    state.recent[signal.brand] = (*known[:place], signal, *known[place:])[-MOST_RECENT:]


def take_back(state: State, signal: Signal) -> None:
    """A signal that turns out to be nobody's voice is not counted, and no evidence."""
    count(state, signal, -weight(signal))
    state.recent[signal.brand] = tuple(other for other in state.recent.get(signal.brand, ()) if other.id != signal.id)


def _posted(signal: Signal) -> tuple[datetime, str]:
    return signal.posted_at, signal.id


def forget(state: State, minute: int) -> None:
    """What no longer matters goes: evidence older than an hour, voices older than the table, incidents long over."""
    voices.forget(state.voices, moment_of(state.table.first))
    for brand, signals in state.recent.items():
        state.recent[brand] = tuple(s for s in signals if minute - minute_of(s.posted_at) <= RECENT)
    for id_, one in list(state.incidents.items()):
        if not is_open(one) and one.resolved_at and minute - minute_of(one.resolved_at) > KEPT_OVER:
            del state.incidents[id_]
            state.statements = {name: said for name, said in state.statements.items() if said.incident != id_}


def open_ones(state: State, brand: str) -> list[Incident]:
    """Open incidents of a brand, the most recently active first; without what only a count of posts opened: that explains no complaint."""
    mine = [one for one in state.incidents.values() if one.brand == brand and is_open(one) and not is_bare(one)]
    return sorted(mine, key=lambda one: (one.last_signal_at or one.opened_at, one.id), reverse=True)


def incident_now(state: State, id_: str) -> Incident | None:
    """The incident of this name, or the one that it turned out to be; None where it ended long ago."""
    incident = state.incidents.get(id_)
    while incident and incident.merged_into:
        incident = state.incidents.get(incident.merged_into)
    return incident


def incident_over(state: State, cell: Cell) -> Incident | None:
    """The open incident this cell's counts belong to."""
    return next((one for one in open_ones(state, cell.brand) if covers(one, cell.service)), None)
