"""`decide`'s memory as rows: the small things are one, and each of the last weeks' days is one more.

All of it is written whenever any of it changed, which is with every message, and with every minute; after a month the days were nine
tenths of that. Of the days only today changes.
"""

from __future__ import annotations

from sqlite3 import Connection

import msgspec
from msgspec.structs import replace

from carebot.decide.state import Memory
from carebot.decide.telling.days import Day
from carebot.effects.database.rows import encode

_PUT = "INSERT OR REPLACE INTO memory VALUES (?, ?)"
_DAY = "day:"


def read(conn: Connection) -> Memory:
    """What was written last; an empty memory where nothing was."""
    row = conn.execute("SELECT doc FROM memory WHERE key = 'memory'").fetchone()
    memory = msgspec.json.decode(row[0], type=Memory) if row else Memory()
    days = conn.execute("SELECT key, doc FROM memory WHERE key BETWEEN ? AND ? ORDER BY key", [_DAY, _DAY + "~"])
    memory.days = {key.removeprefix(_DAY): msgspec.json.decode(doc, type=Day) for key, doc in days}
    return memory


def write(conn: Connection, memory: Memory, before: Memory | None) -> None:
    """In the caller's transaction. before: what the rows say now; None where that is not known."""
    known = before.days if before else {}
    conn.execute(_PUT, ["memory", encode(replace(memory, days={}))])
    conn.executemany(_PUT, [(_DAY + name, encode(day)) for name, day in memory.days.items() if known.get(name) != day])
    conn.executemany("DELETE FROM memory WHERE key = ?", [(_DAY + name,) for name in known.keys() - memory.days.keys()])
