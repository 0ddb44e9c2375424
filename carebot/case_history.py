"""One customer's matter, whole: what `carebot explain CASE` shows. Only reads the database, also while the daemon runs.

What they said, what they were told and by which account, how long they waited each time, how often they came back, what was owed, and what
the desk was told. Messages are as they were stored, without personal data; those that were deleted are gone from here too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from carebot.config.schema import Rulebook
from carebot.effects.harmless import clean, cut, defang
from carebot.errors import Unusable
from carebot.model import Case, Clock, LineKind, Text

SHOWN = 200  # letters of a message
_WHAT: dict[LineKind, Text] = {
    "asked": Text("pide respuesta", "needs an answer"),
    "wrote": Text("escribe", "writes"),
    "solved": Text("lo da por resuelto", "says it is solved"),
    "answer": Text("respuesta nuestra", "our answer"),
    "asked_back": Text("le preguntamos", "we ask back"),
    "hand_off": Text("derivación", "hand-off"),
}
_CLOCKS = {
    "first_response": Text("primera respuesta", "first response"),
    "next_response": Text("siguiente respuesta", "next response"),
    "resolution": Text("solución", "resolution"),
    "promise": Text("promesa", "promise"),
}
_HEAD = Text(
    "{id}: {state}; {contacts} mensajes suyos, {answers} respuestas, {hand_offs} derivaciones, reabierto {reopened} veces",
    "{id}: {state}; {contacts} messages of theirs, {answers} answers, {hand_offs} hand-offs, opened again {reopened} times",
)
_OPEN, _CLOSED = Text("abierto", "open"), Text("cerrado el {at}", "closed on {at}")
_SOLVED = Text("resuelto, según el cliente, el {at}", "solved, as the customer says, on {at}")
_WAITED, _DUE = Text("esperó {age}", "waited {age}"), Text("vence {at}", "due {at}")
_ENDS = {
    "kept": Text("cumplida {at}", "kept {at}"),
    "late": Text("cumplida tarde {at}", "kept late {at}"),
    "void": Text("ya nadie la espera desde {at}", "nobody waits for it since {at}"),
    "paused": Text("parada: esperamos al cliente desde {at}", "stands still: we wait for the customer since {at}"),
    "over": Text("fuera de plazo", "overdue"),
    "runs": Text("en marcha", "runs"),
}
_TOLD, _GONE = Text("se avisó", "told"), Text("(borrado)", "(deleted)")
_JOINED = Text("forma parte de {id}", "is part of {id}")
Language = Literal["es", "en"]


class Said(msgspec.Struct, frozen=True):
    """One line: by whom, on which network; `waited_s`: how long the customer had waited when we answered."""

    id: str
    at: datetime
    what: LineKind
    source: str
    author: str
    text: str
    waited_s: int | None = None


class History(msgspec.Struct, frozen=True):
    """Everything `explain CASE --json` prints. `told`: when, why, to which route."""

    case: Case
    said: tuple[Said, ...]
    told: tuple[tuple[datetime, str, str], ...]


def history(path: Path, id_: str) -> History:
    """What the database knows of this case. Raises Unusable where there is none of this name."""
    if not path.exists():
        raise Unusable(f"{path} is not there. Name the database that knows the case: carebot explain {clean(id_)[:80]} --db FILE")
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        row = db.execute("SELECT doc FROM cases WHERE id = ?", [id_]).fetchone()
        if row is None:
            raise Unusable(f"{path} has no case {clean(id_)[:80]!r}. The alerts of a case say its name: it begins with case-.")
        case = msgspec.json.decode(row[0], type=Case)
        told = db.execute("SELECT doc FROM alerts WHERE case_id = ? AND muted = '' ORDER BY at, rowid", [id_]).fetchall()
        alerts = [json.loads(doc) for (doc,) in told]
        moments = [(datetime.fromisoformat(one["at"]), one["reason"], one.get("to", "")) for one in alerts]
        return History(case, tuple(_said(db, case)), tuple(moments))
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise Unusable(f"{path} cannot be read as carebot's database: {type(error).__name__}.") from error
    finally:
        db.close()


def _said(db: sqlite3.Connection, case: Case) -> Iterator[Said]:
    sql = "SELECT id, source, author, text FROM messages WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL"
    known = {id_: rest for id_, *rest in db.execute(sql, [json.dumps(case.messages)])}
    asked_at: datetime | None = None
    for line in sorted(case.history, key=lambda line: (line.at, line.id)):
        source, author, text = known.get(line.id, ("", "", ""))
        ours = line.what in ("answer", "asked_back")
        waited = int((line.at - asked_at).total_seconds()) if ours and asked_at else None
        asked_at = None if ours else asked_at or (line.at if line.what == "asked" else None)
        yield Said(line.id, line.at, line.what, source, author, text, waited)


# ── the same for people ──────────────────────────────────────────────────────────────────────────────────────────


def lines(found: History, rulebook: Rulebook) -> Iterator[str]:
    """In the language and the zone of the rules file. Whatever strangers wrote is made harmless for a terminal."""
    zone, language = ZoneInfo(rulebook.file.brand.time_zone), rulebook.file.brand.staff_language
    case = found.case

    def words(text: Text, at: datetime | None = None, **more: object) -> str:
        said: str = getattr(text, language)
        return said.format(at=f"{(at or case.opened_at).astimezone(zone):%Y-%m-%d %H:%M}", **more)

    ended = words(_JOINED, id=case.joined) if case.joined else words(_CLOSED, case.closed_at) if case.closed_at else words(_OPEN)
    state = words(_SOLVED, case.solved_at) if case.solved_at else ended
    counts = {name: getattr(case, name) for name in ("id", "contacts", "answers", "hand_offs", "reopened")}
    yield words(_HEAD, state=state, **counts)
    for said in found.said:
        who = f"@{said.author.lstrip('@')} ({said.source})" if said.source else words(_GONE)
        waited = f" · {words(_WAITED, age=_age(timedelta(seconds=said.waited_s)))}" if said.waited_s is not None else ""
        yield f"{said.at.astimezone(zone):%Y-%m-%d %H:%M}  {clean(who)} · {words(_WHAT[said.what])}{waited}"
        if said.text:
            yield f"    {cut(defang(clean(said.text)), SHOWN)}"
    for clock in case.clocks:
        name = clean(f"«{clock.words}»" if clock.words else f"{clock.promise} {clock.policy}")
        end = words(_ENDS[_end(clock)], clock.met_at or clock.paused_at)
        yield f"{words(_CLOCKS[clock.kind])} ({name}): {words(_DUE, clock.due_at)}; {end}"
    for at, reason, to in found.told:
        yield f"{at.astimezone(zone):%Y-%m-%d %H:%M}  {words(_TOLD)}: {reason} → {to}"


def _end(clock: Clock) -> str:
    if clock.met_at:
        return "void" if clock.void else "late" if clock.met_at > clock.due_at else "kept"
    return "paused" if clock.paused_at else "over" if clock.breached_at else "runs"


def _age(time: timedelta) -> str:
    minutes = time // timedelta(minutes=1)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} d"
