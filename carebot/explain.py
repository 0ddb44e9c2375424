"""Why carebot decided so about an incident: what `carebot explain INCIDENT` shows. Only reads the database, also while the daemon runs.

The ledger is in the incident's own row (`turns`); the messages are as they were stored, without personal data, and those that were deleted
are gone from here too.
"""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from carebot.config.schema import Rulebook
from carebot.decide.incidents.allclear import LONGEST, SHORTEST
from carebot.decide.incidents.phases import CALM_FOR_MONITORING, CALM_FOR_RESOLVED, CONFIRM_FACTOR
from carebot.decide.telling.sentences import service_name
from carebot.effects.harmless import clean, cut, defang
from carebot.errors import Unusable
from carebot.explain_words import BECAUSE, ENDS, PHASES, PUSHES, WORDS
from carebot.model import Delivery, Incident, Signal, Witnesses

Language = Literal["es", "en"]
ID = re.compile(r"[a-z0-9][\w-]*-\d{8}(-\d+)?")  # brand, service, day, and which one of that day


class Said(msgspec.Struct, frozen=True):
    """A message of the evidence, as stored, and what made it evidence."""

    id: str
    at: datetime
    source: str
    text: str
    why: tuple[str, ...]


class Told(msgspec.Struct, frozen=True):
    """A word that went out, or waits to: to whom, and what became of it. A silenced one went to nobody."""

    at: datetime
    reason: str
    severity: int | None
    late_by_s: int
    to: str
    state: str
    because: str = ""


class Explained(msgspec.Struct, frozen=True):
    """Everything `explain INCIDENT --json` prints."""

    incident: Incident
    messages: tuple[Said, ...]
    told: tuple[Told, ...]


def explained(path: Path, id_: str) -> Explained:
    """What the database knows of this incident. Raises Unusable, with the nearest names, where there is none of this one."""
    if not path.exists():
        raise Unusable(f"{path} is not there. Name the database of the run that knows the incident: carebot explain {id_} --db FILE")
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        row = db.execute("SELECT doc FROM incidents WHERE id = ?", [id_]).fetchone()
        if row is None:
            raise Unusable(_nearest(id_, [name for (name,) in db.execute("SELECT id FROM incidents ORDER BY opened_at DESC")], path))
        incident = msgspec.json.decode(row[0], type=Incident)
        return Explained(incident, tuple(_messages(db, incident)), tuple(_told(db, id_)))
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise Unusable(f"{path} cannot be read as carebot's database: {type(error).__name__}.") from error
    finally:
        db.close()


def _nearest(id_: str, known: list[str], path: Path) -> str:
    if not known:
        return f"{path} has no incident yet, and so none called {clean(id_)[:80]!r}."
    near = difflib.get_close_matches(id_, known, n=3, cutoff=0.3) or known[:3]
    return (
        f"{path} has no incident {clean(id_)[:80]!r}. Did you mean {' or '.join(near)}? `carebot status --db {path}` lists the open ones."
    )


def _messages(db: sqlite3.Connection, incident: Incident) -> Iterator[Said]:
    rows = db.execute(
        "SELECT m.id, m.posted_at, m.source, m.text, s.doc FROM messages m JOIN signals s ON s.id = m.id AND s.kind = 'outage'"
        " WHERE m.id IN (SELECT value FROM json_each(?)) AND m.deleted_at IS NULL ORDER BY m.posted_at, m.id",
        [json.dumps(incident.messages)],
    )
    for id_, at, source, text, doc in rows:
        yield Said(id_, datetime.fromtimestamp(at / 1000, UTC), source, text, msgspec.json.decode(doc, type=Signal).why)


def _told(db: sqlite3.Connection, id_: str) -> Iterator[Told]:
    for (doc,) in db.execute("SELECT doc FROM outbox WHERE incident = ? ORDER BY n", [id_]):
        one = msgspec.json.decode(doc, type=Delivery)
        if one.quiet:  # a card brought up to date tells nobody anything
            continue
        yield Told(one.alert.at, one.alert.reason, one.alert.severity, one.alert.late_by_s, one.destination, one.state, one.because)
    silenced = "SELECT doc, muted FROM alerts WHERE incident = ? AND case_id IS NULL AND muted != '' ORDER BY at"
    for doc, why in db.execute(silenced, [id_]):
        alert = json.loads(doc)
        at = datetime.fromisoformat(alert["at"])
        yield Told(at, alert["reason"], alert.get("severity"), alert.get("late_by_s", 0), "", "never", why)


# ── the same for people ──────────────────────────────────────────────────────────────────────────────────────────


def lines(found: Explained, rulebook: Rulebook) -> list[str]:
    """In the language and the zone of the rules file. Whatever strangers wrote is made harmless for a terminal."""
    brand = rulebook.file.brand
    return list(_Reader(found, rulebook, brand.staff_language, ZoneInfo(brand.time_zone)).lines())


class _Reader:
    def __init__(self, found: Explained, rulebook: Rulebook, language: Language, zone: ZoneInfo) -> None:
        self.found, self.one, self.rulebook = found, found.incident, rulebook
        self.language, self.zone = language, zone

    def say(self, word: str, **values: Any) -> str:
        text: str = getattr(WORDS[word], self.language)
        return text.format(**values)

    def clock(self, at: datetime) -> str:
        local, first = at.astimezone(self.zone), self.one.onset_at.astimezone(self.zone)
        return f"{local:%H:%M}" if local.date() == first.date() else f"{local:%d/%m %H:%M}"

    def name(self, service: str) -> str:
        return clean(getattr(service_name(self.rulebook, service, self.one.brand), self.language))

    def people(self, count: int, people: int) -> str:
        return self.say("complaint" if count == 1 else "complaints", n=count) + self.say("person" if people == 1 else "people", n=people)

    def number(self, value: float) -> str:
        text = f"{value:.0f}" if value >= 10 else f"{value:.2g}" if value >= 1e-4 else "< 0.0001"
        return text.replace(".", ",") if self.language == "es" else text

    def lines(self) -> Iterator[str]:
        one = self.one
        names = ", ".join(self.name(service) for service in (one.service, *one.also))
        yield f"{one.id}: {names}; {getattr(PHASES[one.phase], self.language)}; SEV{one.severity}"
        yield self.say("since", at=self.clock(one.onset_at), day=f"{one.onset_at.astimezone(self.zone):%Y-%m-%d}")
        if one.noticed_at:
            yield self.say("noticed", at=self.clock(one.noticed_at))
        yield self.say(
            "counted",
            them=self.people(one.count, one.author_count),
            window=one.usual_in,
            usual=self.number(one.usual),
            rare=self.number(one.false_alarms),
        )
        yield self.say("sources", them=", ".join(f"{name}: {n}" for name, n in one.by_source.items()) or "-")
        yield self.say("witnesses", them=self.witnesses(one.witnesses, one.probes))
        yield self.say("severity", level=one.severity, because=self.because())
        if one.merged:
            yield self.say("merged", them=", ".join(one.merged))
        yield from self.turns()
        yield from self.told()
        yield from self.messages()
        yield self.end()

    def witnesses(self, seen: Witnesses, probes: tuple[str, ...]) -> str:
        said = [self.say("probe")] if probes or seen.probes else []
        said += [self.say("upstream", them=", ".join(seen.upstream))] if seen.upstream else []
        said += [self.say("others", them=", ".join(seen.others))] if seen.others else []
        said += [self.say(seen.notice)] if seen.notice else []
        return clean("; ".join(said)) or self.say("only_us" if seen.scope == "us" else "nobody")

    def because(self) -> str:
        codes = (code.partition(":") for code in self.one.severity_because)
        return ", ".join(getattr(BECAUSE[code], self.language).format(n) for code, _, n in codes) or "-"

    def turns(self) -> Iterator[str]:
        yield self.say("turns")
        for turn in self.one.turns:
            figures = self.people(turn.count, turn.people)
            if turn.window:
                figures += self.say("against", window=turn.window, usual=self.number(turn.expected), rare=self.number(turn.false_alarms))
            by = f" ({clean(turn.by)[:80]})" if turn.by else ""
            phase = getattr(PHASES[turn.phase], self.language)
            yield f"  {self.clock(turn.at)}  {phase}: {getattr(PUSHES[turn.push], self.language)}{by}; {figures}"

    def told(self) -> Iterator[str]:
        yield self.say("told")
        for one in self.found.told:
            late = self.say("late", minutes=one.late_by_s // 60) if one.late_by_s >= 60 else ""
            became = self.say(f"is_{one.state}") + (f": {clean(one.because)[:200]}" if one.because else "")
            level = f" SEV{one.severity}" if one.severity else ""
            yield f"  {self.clock(one.at)}  {one.reason}{level}{late} → {clean(one.to) or '-'}: {became}"
        if not self.found.told:
            yield f"  {self.say('nothing')}"

    def messages(self) -> Iterator[str]:
        yield self.say("messages", n=len(self.found.messages), all=self.one.count)
        for one in self.found.messages:
            why = f"  [{', '.join(cut(word, 40) for word in one.why[:6])}]" if one.why else ""
            yield f"  {self.clock(one.at)}  {clean(one.source)}  {defang(cut(one.text.replace(chr(10), ' '), 200))}{why}"

    def end(self) -> str:
        one, wanted = self.one, self.rulebook.file.incidents
        end = "merged_into" if one.merged_into else "dismissed" if one.dismissed else one.phase
        told: str = getattr(ENDS[end], self.language)
        return told.format(
            into=one.merged_into,
            at=self.clock(one.resolved_at) if one.resolved_at else "",
            calm=CALM_FOR_MONITORING.seconds // 60,
            long=CALM_FOR_RESOLVED.seconds // 60,
            shortest=SHORTEST,
            longest=LONGEST,
            people=wanted.people + 2,
            rare=self.number(wanted.false_alarms_a_month / CONFIRM_FACTOR),
        )
