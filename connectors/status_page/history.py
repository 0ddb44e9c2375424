"""A status page's history feed, RSS or Atom: each entry is an incident, and its words say how it is. Pure.

The newest update stands first ("Resolved - This incident has been resolved"), so the first word of that kind counts, then one in the title.
An entry whose words say nothing of the kind is trouble while it is new. What is older than a day is history: it is not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from carebot.model import Batch, Message, StatusState
from connectors.status_page.changes import Part, after, known, told

OLD = timedelta(days=1)
WORDS: dict[StatusState, str] = {
    "operational": "resolved|completed|cancell?ed|post-?mortem|operating normally"
    "|resuelt[oa]|solucionad[oa]|completad[oa]|finalizad[oa]|cancelad[oa]",
    "maintenance": "scheduled|in progress|verifying|under maintenance|programad[oa]|en curso|en mantenimiento",
    "degraded": "investigating|identified|monitoring|update"
    "|investigando|identificad[oa]|supervisando|monitorizando|en seguimiento|actualización",
}
_ANY = "|".join(WORDS.values())
LABEL = re.compile(rf"(?:^|\n|[.:;\]>] ?|UTC ?|\d )\s*\[?({_ANY})\]?\s*(?:[-–—:]|\n|$)", re.IGNORECASE)
ANYWHERE = re.compile(rf"\b({_ANY})\b", re.IGNORECASE)
MAJOR = re.compile(r"\b(major outage|full outage|caída total|caída general|unavailable|no disponible)\b", re.IGNORECASE)


def state_of(title: str, body: str) -> StatusState:
    """How an incident is by its own words: by the first label of an update, else by the first word of that kind."""
    found = LABEL.search(body) or LABEL.search(title) or ANYWHERE.search(title) or ANYWHERE.search(body)
    word = found[1] if found else ""
    state: StatusState = next((state for state, words in WORDS.items() if re.fullmatch(words, word, re.IGNORECASE)), "degraded")
    return "major_outage" if state == "degraded" and MAJOR.search(title) else state


def history(entries: Iterable[Message], cursor: str | None, name: str, provider: str, now: datetime) -> Batch:
    """What changed since the cursor, of a feed's entries. A change is as of now, a new entry as of when it was posted."""
    before = known(cursor)
    parts = []
    for entry in entries:
        title, _, body = entry.text.partition("\n")
        if entry.id in before.ailing or now - entry.posted_at < OLD:
            at = now if entry.id in before.ailing else entry.posted_at
            parts.append(Part(entry.id, title or provider, state_of(title, body), at))
    return replace(told(parts, before, name, provider), cursor=after(parts))
