"""The rows of a week, read from carebot's database; also while the daemon runs. Reads only, all of it as of one moment."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from carebot.config.schema import Rulebook
from carebot.decide.detecting.cells import moment_of
from carebot.decide.telling.delivery import SAID_LATER, SAID_TOGETHER
from carebot.effects.database.rows import moment, ms
from carebot.errors import Unusable
from carebot.model import Case, Delivery, Incident, Statement
from carebot.report import around, figures
from carebot.report.around import Delivered, Known, Praised, Spoken, unread
from carebot.report.waiting import Messages, Period, Said, first_response
from carebot.report.week import Heard, Unread, Week

_SAID = (
    "SELECT id, source, author, author_name, text, posted_at, seen_at, by_brand, url, audience, deleted_at FROM messages"
    " WHERE id IN (SELECT value FROM json_each(?))"
)
# Whatever happened in a case in the period, it was opened before its end, and was not over before its beginning.
_CASES = (
    "SELECT doc FROM cases WHERE (last_at >= :start OR closed_at IS NULL OR closed_at >= :start) AND opened_at < :end"
    " ORDER BY opened_at, id"
)
# Praise that is also a complaint is none ("thanks for nothing"), and a repost is somebody else's.
_PRAISE = (
    "SELECT m.id, s.service, m.source, m.author, m.author_key, m.audience, s.doc ->> '$.p' FROM signals s JOIN messages m ON m.id = s.id"
    " WHERE s.kind = 'praise' AND s.brand = ? AND s.posted_at >= ? AND s.posted_at < ? AND m.deleted_at IS NULL AND m.repost_of = ''"
    " AND NOT EXISTS (SELECT 1 FROM signals o WHERE o.id = s.id AND o.kind NOT IN ('praise', 'recovered', 'question'))"
)
_INCIDENTS = "SELECT doc FROM incidents WHERE opened_at < ? AND (resolved_at IS NULL OR resolved_at >= ?) ORDER BY opened_at, id"
_COMPLAINTS = (
    "SELECT posted_at / 60000, service FROM signals WHERE kind = 'outage' AND counted AND brand = ? AND posted_at >= ? AND posted_at < ?"
)
_ALERTS = "SELECT doc, muted FROM alerts WHERE at < :end AND (at >= :start OR reason IN ('source_silent', 'source_back')) ORDER BY at, id"
_GAPS = "SELECT source, from_at, to_at, why FROM gaps WHERE to_at > ? AND ifnull(from_at, to_at) < ? ORDER BY from_at, source"

_T = TypeVar("_T")


class Days(msgspec.Struct, frozen=True):
    """Whole days where the desk is, the last one included. name: of a calendar week, as 2026-W46."""

    first: date
    last: date
    name: str = ""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database for one reading, as of one moment. Raises Unusable where there is none that can be read."""
    if not path.exists():
        raise Unusable(f"{path} is not there. Is carebot running with another --db?")
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        db.execute("BEGIN")
        yield db
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise Unusable(
            f"{path} cannot be read as carebot's database: {error}. Was it made by an older carebot? Start carebot once."
        ) from error
    finally:
        db.close()


def week(path: Path, days: Days, rulebook: Rulebook) -> Week:
    """The figures of these days. Raises Unusable where there is no database."""
    with opened(path) as db:
        return _week(db, days, rulebook)


def _week(db: sqlite3.Connection, days: Days, rulebook: Rulebook) -> Week:
    brand = rulebook.file.brand
    zone = ZoneInfo(brand.time_zone)
    period = Period(_midnight(days.first, zone), _midnight(days.last + timedelta(days=1), zone), zone, known_to(db))
    span = {"start": ms(period.start), "end": ms(period.end)}
    spoken = list(_alerts(db, span))
    statements = docs(db, Statement, "SELECT doc FROM statements")
    praise = [Praised(*row) for row in db.execute(_PRAISE, [brand.name, span["start"], span["end"]])]
    leaving = [(one.case, one.at) for one in spoken if one.reason == "churn" and one.case and period.has(one.at)]
    added = figures.Added(period, rulebook.file.cases.quiet, _read_late(db, period), {id_ for id_, _ in leaving})
    for case in each(db, Case, _CASES, span):
        added.add(case)
    said = messages(db, (*added.looked_at(), *(one.id for one in around.loudest(praise)[: around.QUOTES])))
    reasons = Counter(reason for reason, _ in {(one.reason, one.case) for one in spoken if one.case and period.has(one.at)})
    return Week(
        week=days.name,
        from_=period.start,
        to=period.end,
        known_to=period.known_to,
        zone=brand.time_zone,
        brand=brand.name,
        heard=tuple(_heard(db, span)),
        first_response=first_response(added.waits, zone),
        breaches=figures.breaches(added, said),
        hand_offs=figures.hand_offs(added, said),
        promises=figures.promises(added, statements, said),
        returned=figures.returned(added, reasons),
        incidents=tuple(around.ledger(known, period.known_to) for known in _incidents(db, statements, added.public, period, brand.name)),
        missed=around.missed(list(_gaps(db, period)), spoken, _not_sent(db, period), _set_aside(db, span), period),
        thanks=around.thanks(praise, said),
        churn=figures.churn(added, leaving, said),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def known_to(db: sqlite3.Connection) -> datetime:
    """The last minute whose turn was done; what runs then is still running."""
    row = db.execute("SELECT doc FROM memory WHERE key = 'memory'").fetchone()
    minute = json.loads(row[0]).get("minute", 0) if row else 0
    latest = db.execute("SELECT max(posted_at) FROM messages").fetchone()[0] or 0
    return max(moment_of(minute), moment(latest)) if minute or latest else datetime.fromtimestamp(0, UTC)


def each(db: sqlite3.Connection, type_: type[_T], sql: str, values: Any = ()) -> Iterator[_T]:
    decode = msgspec.json.Decoder(type_).decode
    for (doc,) in db.execute(sql, values):
        yield decode(doc)


def docs(db: sqlite3.Connection, type_: type[_T], sql: str, values: Any = ()) -> list[_T]:
    return list(each(db, type_, sql, values))


def messages(db: sqlite3.Connection, ids: Iterable[str]) -> Messages:
    """These messages as they are stored now; an id that is not there is left out."""
    found = db.execute(_SAID, [json.dumps(sorted(set(ids)))])
    return {
        id_: Said(
            id=id_,
            source=source,
            author=author or "",
            author_name=name or "",
            text=text or "",
            posted_at=moment(posted),
            seen_at=moment(seen),
            by_brand=bool(ours),
            url=url or "",
            audience=audience or 0,
            deleted=deleted is not None,
        )
        for id_, source, author, name, text, posted, seen, ours, url, audience, deleted in found
    }


def _read_late(db: sqlite3.Connection, period: Period) -> set[str]:
    """Messages that were late before anybody could answer. A clock that is due in the period may have started days before."""
    sql = "SELECT id FROM messages WHERE posted_at >= ? AND posted_at < ? AND seen_at - posted_at > ?"
    late = figures.HEARD_LATE // timedelta(milliseconds=1)
    return {id_ for (id_,) in db.execute(sql, [ms(period.start - timedelta(days=7)), ms(period.end), late])}


def _heard(db: sqlite3.Connection, span: dict[str, int]) -> Iterator[Heard]:
    counts: dict[str, list[int]] = {}
    sql = "SELECT source, by_brand, count(*) FROM messages WHERE posted_at >= :start AND posted_at < :end GROUP BY source, by_brand"
    for source, ours, count in db.execute(sql, span):
        counts.setdefault(source, [0, 0])[bool(ours)] += count
    for source, (theirs, ours) in sorted(counts.items(), key=lambda one: (-sum(one[1]), one[0])):
        yield Heard(source, theirs, ours)


# ── alerts, gaps ─────────────────────────────────────────────────────────────────────────────────────────────────


class _Alert(msgspec.Struct):
    at: datetime
    reason: str
    case: str | None = None
    late_by_s: int = 0
    facts: dict[str, Any] = {}


def _alerts(db: sqlite3.Connection, span: dict[str, int]) -> Iterator[Spoken]:
    decode = msgspec.json.Decoder(_Alert).decode
    for doc, muted in db.execute(_ALERTS, span):
        one = decode(doc)
        about = str(one.facts.get("about", ""))
        yield Spoken(at=one.at, reason=one.reason, case=one.case or "", late_by_s=one.late_by_s, about=about, muted=muted or "")


def _gaps(db: sqlite3.Connection, period: Period) -> Iterator[Unread]:
    for source, start, end, why in db.execute(_GAPS, [ms(period.start), ms(period.end)]):
        began = max(moment(start), period.start) if start is not None else None
        yield unread(source, "gap", began, min(moment(end), period.end), why)


def _not_sent(db: sqlite3.Connection, period: Period) -> int:
    given_up = docs(db, Delivery, "SELECT doc FROM outbox WHERE state = 'never'")
    return sum(period.has(one.alert.at) and not one.quiet and one.because not in (SAID_LATER, SAID_TOGETHER) for one in given_up)


def _set_aside(db: sqlite3.Connection, span: dict[str, int]) -> int:
    return int(db.execute("SELECT count(*) FROM quarantine WHERE at >= :start AND at < :end", span).fetchone()[0])


# ── incidents ────────────────────────────────────────────────────────────────────────────────────────────────────


def _incidents(
    db: sqlite3.Connection, statements: list[Statement], public: Mapping[str, datetime], period: Period, brand: str
) -> Iterator[Known]:
    going_on = docs(db, Incident, _INCIDENTS, [ms(period.end), ms(period.start)])
    mine = [one for one in going_on if not one.merged_into and one.brand == brand]
    taken = _taken(db) if mine else {}
    for one in mine:
        rows = db.execute("SELECT doc FROM outbox WHERE incident = ? AND state = 'sent' ORDER BY n", [one.id])
        sent = [msgspec.json.decode(doc, type=Delivery) for (doc,) in rows]
        said = [at for at in (around.first_public(statements, one), public.get(one.id)) if at]
        yield Known(
            incident=one,
            first_post=_first_post(db, one),
            delivered=tuple(Delivered(each.alert.at, each.ref) for each in sent if not each.quiet),
            taken_at=taken.get(one.id),
            stated_at=min(said, default=None),
            complaints=_complaints(db, one, period),
        )


def _taken(db: sqlite3.Connection) -> dict[str, datetime]:
    """When somebody first took each incident."""
    first: dict[str, datetime] = {}
    for (doc,) in db.execute("SELECT doc FROM audit ORDER BY n"):
        told = json.loads(doc)
        if told.get("action") == "take" and told.get("outcome") == "done":
            first.setdefault(told["incident"], datetime.fromisoformat(told["at"]))
    return first


def _first_post(db: sqlite3.Connection, one: Incident) -> datetime | None:
    sql = "SELECT min(posted_at) FROM messages WHERE id IN (SELECT value FROM json_each(?))"
    found = db.execute(sql, [json.dumps(one.messages)]).fetchone()[0]
    return moment(found) if found is not None else None


def _complaints(db: sqlite3.Connection, one: Incident, period: Period) -> Counter[int]:
    """Those of its services, from the onset until it was over; of an incident of the brand as a whole all there were."""
    end = (one.resolved_at or period.known_to) + timedelta(minutes=1)
    services = {one.service, *one.also}
    rows = db.execute(_COMPLAINTS, [one.brand, ms(one.onset_at), ms(end)])
    return Counter(minute for minute, service in rows if "" in services or service in services)
