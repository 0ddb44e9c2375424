"""How carebot is doing, from its database: what `carebot status` shows. Reads only, also while the daemon runs."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from carebot.effects.harmless import clean
from carebot.errors import Unusable


def status(path: Path) -> dict[str, Any]:
    """Everything `status --json` prints. Raises Unusable where there is no database."""
    if not path.exists():
        raise Unusable(f"{path} is not there. Is carebot running with another --db?")
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return _read(db)
    except sqlite3.OperationalError as error:
        raise Unusable(f"{path} cannot be read as carebot's database: {error}.") from error
    finally:
        db.close()


def _read(db: sqlite3.Connection) -> dict[str, Any]:
    counters = dict(db.execute("SELECT name, n FROM counters"))
    return {
        "messages": {name: counters.get(name, 0) for name in ("messages", "duplicates", "refused", "deleted")},
        "sources": [
            {"source": key.removeprefix("health:"), **_health(json.loads(doc))}
            for key, doc in db.execute("SELECT key, doc FROM memory WHERE key LIKE 'health:%' ORDER BY key")
        ],
        "gaps": [
            {"source": source, "from": _iso(start), "to": _iso(end), "why": why}
            for source, start, end, why in db.execute("SELECT source, from_at, to_at, why FROM gaps ORDER BY to_at DESC LIMIT 10")
        ],
        "spent": [
            {"source": key.removeprefix("spent:"), **_spent(json.loads(doc))}
            for key, doc in db.execute("SELECT key, doc FROM memory WHERE key LIKE 'spent:%' ORDER BY key")
        ],
        "kept": next((_kept(json.loads(doc), counters) for (doc,) in db.execute("SELECT doc FROM memory WHERE key = 'kept'")), None),
        "readers": next((json.loads(doc) for (doc,) in db.execute("SELECT doc FROM memory WHERE key = 'readers'")), {"fast tier": "ready"}),
        "incidents": [
            {k: json.loads(doc).get(k) for k in ("id", "phase", "severity", "count", "author_count", "onset_at")}
            for (doc,) in db.execute("SELECT doc FROM incidents WHERE phase != 'resolved' ORDER BY opened_at")
        ],
        "waiting": db.execute("SELECT count(*) FROM cases WHERE waiting_since IS NOT NULL").fetchone()[0],
        "outbox": dict(db.execute("SELECT state, count(*) FROM outbox GROUP BY state")),
        "quarantine": [
            {"source": source, "item": item, "reason": reason, "at": _iso(at)}
            for source, item, reason, at in db.execute("SELECT source, item, reason, at FROM quarantine ORDER BY n DESC LIMIT 10")
        ],
        "quarantined": db.execute("SELECT count(*) FROM quarantine").fetchone()[0],
        "heartbeat": _heartbeat({key: json.loads(doc) for key, doc in db.execute("SELECT key, doc FROM memory")}),
        "rules": next((row[0] for row in db.execute("SELECT fingerprint FROM rules ORDER BY at DESC, rowid DESC LIMIT 1")), None),
    }


def _health(doc: dict[str, Any]) -> dict[str, Any]:
    deaf = bool(doc.get("told"))
    state = "deaf" if deaf else "in trouble" if doc.get("trouble_since") else "well"
    return {"state": state, "since": doc.get("trouble_since"), "what": doc.get("what", ""), "last_ok": doc.get("last_ok")}


def _heartbeat(memory: dict[str, Any]) -> dict[str, Any]:
    beat, wrong = memory.get("heartbeat", {}), memory.get("told", {}).get("since", {})
    return {name: beat.get(name) or empty for name, empty in (("pressed_at", None), ("withheld", []), ("trouble", ""))} | {
        "canary_at": memory.get("canary"),
        "wrong": wrong,
    }


def _kept(doc: dict[str, Any], counters: dict[str, int]) -> dict[str, Any]:
    return {"days": doc["days"], "since": doc["since"], "forgotten": counters.get("forgotten", 0)}


def _spent(doc: dict[str, Any]) -> dict[str, Any]:
    names = ("day", "requests", "posts", "month", "money")
    return {name: doc.get(name, 0) for name in names} | {"reads": doc.get("told", "full")}


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines(found: dict[str, Any]) -> list[str]:
    """The same for people."""
    n = found["messages"]
    told = [f"messages   {n['messages']:,} kept, {n['duplicates']:,} seen before, {n['refused']:,} refused, {n['deleted']:,} deleted"]
    if kept := found["kept"]:
        older = f"{kept['forgotten']:,} older messages have lost theirs"
        told.append(f"texts      kept for {kept['days']:g} days, those since {kept['since'][:10]}; {older}")
    for one in found["sources"]:
        told.append(f"source     {one['source']}: {one['state']}" + (f" since {one['since']}: {one['what']}" if one["what"] else ""))
    for one in found["spent"]:
        cost = f"{one['requests']} requests and {one['posts']} posts on {one['day']}, {one['money']:.2f} USD in {one['month']}"
        told.append(f"budget     {one['source']}: {cost}; reads {one['reads']}")
    told += [f"gap        {one['source']}: {one['from']} to {one['to']} was not read. {one['why']}" for one in found["gaps"]]
    told += [f"reading    {', '.join(f'{name} {state}' for name, state in found['readers'].items())}"]
    for one in found["incidents"]:
        told.append(f"incident   {one['id']}: {one['phase']}, severity {one['severity']}, {one['count']} messages")
    if not found["incidents"]:
        told.append("incident   none open")
    told += [f"waiting    {found['waiting']} customer{'' if found['waiting'] == 1 else 's'} for an answer"]
    told += ["outbox     " + (", ".join(f"{count} {state}" for state, count in sorted(found["outbox"].items())) or "empty")]
    beat = found["heartbeat"]
    held = f"withheld: {', '.join(beat['withheld'])}" if beat["withheld"] else beat["trouble"] or "nothing is in the way"
    told += [f"heartbeat  {held}; last sent {beat['pressed_at'] or 'never'}, last canary {beat['canary_at'] or 'never'}"]
    told += [f"trouble    {subject} since {since}" for subject, since in beat["wrong"].items()]
    told += [f"quarantine {found['quarantined']} items" + (", the latest:" if found["quarantine"] else "")]
    told += [f"           {q['at']} {q['source']} {q['item']}: {q['reason']}" for q in found["quarantine"]]
    told += [f"rules      {found['rules'] or 'none yet'}"]
    return [line[:11] + " ".join(clean(line[11:]).split()) for line in told]  # a network's answer, or an item's id, is a stranger's text
