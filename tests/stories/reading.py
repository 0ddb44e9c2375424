"""How a story is written, so that a support person can read and write one.

    # Four people cannot log in            what it is about
    day 2026-03-12 Europe/Madrid           the day and the clock on the wall
    12:00 @ana: no me deja entrar          somebody writes (on x; "on app_store" after the handle says where else)
    -1 12:00 @eva: buenos días             the day before
    12:03 @ana on app_store 1*: …          a review with one star
    12:05 @LumbreResponde to 2: …          the brand answers the second line
    12:06 @ana privately: …                in a direct message
    12:06 @ana seen 12:40: …               it was read so much later
    12:07 line 3 is deleted                by whoever wrote the third line
    12:06 probe app fails: answered 503    what a machine measured ("probe app works")
    12:07 @bot again 1: …                  a repost of the first line
    12:08 @sol of Banco Faro: …            a customer of another brand
    12:09 Bizum/Pagos says major_outage    a provider of a component of theirs
    12:10 maintenance of web until 12:40   what we announced ("deploy of app until 12:12")
    12:11 x-search read 14 on x            how far a source was heard: all there was
    12:12 x-search read 20 of 260 on x     a sample of it, spread over the time since its last word
    12:15 x-search counted 900 in 3 min on x   nobody read what was posted in these three minutes; so many there were
    -1 12:00 past of x-search: 4320 in 1440 min on x   the same, of a time in which all was read
    may publish: marta, ana                who may approve what customers are told
    12:16 @marta proposes: Falla … | It …  the words for customers of the app's failure, in Spanish and English
    12:17 @ana approves                    those very words ("says it": by hand; "withdraws")
    until 13:30                            how long the clock runs on

and in the file of the same name ending in .said, what Slack must show, in order: time, route, then the card's first lines. A story whose
.said is missing fails and prints what was said: read it aloud, and keep it if it is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from carebot.decide.public.statements import digest
from carebot.effects.card import card
from carebot.model import Alert, Statement

_LINE = re.compile(
    r"(?P<day>-\d )?(?P<at>\d\d:\d\d(?::\d\d)?) @(?P<by>\w+)(?: on (?P<source>\w+))?(?: (?P<stars>\d)\*)?(?: to (?P<to>\d+))?(?: again (?P<again>\d+))?(?: of (?P<brand>[\w ]+))?"
    r"(?P<direct> privately)?(?: seen (?P<seen>\d\d:\d\d))?: (?P<text>.+)"
)
_DELETED = re.compile(r"(?P<at>\d\d:\d\d(?::\d\d)?) line (?P<line>\d+) is deleted")
_PROBE = re.compile(r"(?P<at>\d\d:\d\d(?::\d\d)?) probe (?P<target>\w+) (?P<how>works|fails)(?:: (?P<detail>.+))?")
_STATUS = re.compile(r"(?P<at>\d\d:\d\d(?::\d\d)?) (?P<provider>[^@/]+)/(?P<component>.+) says (?P<state>\w+)")
_NOTICE = re.compile(r"(?P<from>\d\d:\d\d) (?P<what>maintenance|deploy) of (?P<service>\w+) until (?P<to>\d\d:\d\d)")
_HEARD = re.compile(r"(?P<at>\d\d:\d\d(?::\d\d)?) (?P<source>[\w-]+) read (?P<read>\d+)(?: of (?P<of>\d+))? on (?P<network>\w+)")
_COUNTED = re.compile(r"(?P<at>\d\d:\d\d) (?P<source>[\w-]+) counted (?P<posts>\d+) in (?P<minutes>\d+) min on (?P<network>\w+)")
_PAST = re.compile(
    r"(?P<day>-\d )?(?P<at>\d\d:\d\d) past of (?P<source>[\w-]+): (?P<posts>\d+) in (?P<minutes>\d+) min on (?P<network>\w+)"
)
_TELLS = re.compile(
    r"(?P<at>\d\d:\d\d(?::\d\d)?) @(?P<by>\w+) (?P<does>proposes|approves|says it|withdraws)(?:: (?P<es>[^|]+) \| (?P<en>.+))?"
)
_ACTIONS = {"proposes": "propose", "approves": "approve", "says it": "said_it", "withdraws": "withdraw"}


class Story(msgspec.Struct, frozen=True):
    """One story: its lines in the shape `carebot replay` reads, its zone, and when it ends."""

    title: str
    lines: tuple[dict[str, Any], ...]
    zone: ZoneInfo
    until: datetime
    publishers: tuple[str, ...] = ()


def read(path: Path) -> Story:
    """Raises ValueError with the line that is not in the grammar."""
    rows = path.read_text(encoding="utf-8").splitlines()
    day, zone = next(row.split()[1:3] for row in rows if row.startswith("day "))
    place = ZoneInfo(zone)

    def moment(clock: str, days: int = 0) -> str:
        wall = datetime.fromisoformat(f"{day}T{clock if clock.count(':') == 2 else clock + ':00'}") + timedelta(days=days)
        return wall.replace(tzinfo=place).astimezone(UTC).isoformat()

    until = next(row.split()[1] for row in rows if row.startswith("until "))
    publishers = next((row.partition(": ")[2] for row in rows if row.startswith("may publish: ")), "")
    names = tuple(member(name) for name in publishers.split(", ") if name)
    return Story(rows[0].lstrip("# "), tuple(_lines(rows, moment)), place, datetime.fromisoformat(moment(until)), names)


def member(name: str) -> str:
    """A person's Slack member id, for a story."""
    return f"U{name.upper():0>8}"


def _tells(found: re.Match[str], number: int, at: str, app: str, before: list[Statement]) -> dict[str, Any]:
    """A press on the statement of the app's failure; what is pressed carries the hash of the words that were proposed last."""
    press = {
        "kind": "click",
        "id": f"press:{number}",
        "action": _ACTIONS[found["does"]],
        "user": member(found["by"]),
        "name": found["by"],
        "at": at,
    }
    press["incident"] = app
    if found["does"] != "proposes":
        return press | {"hash": before[-1].hash}
    texts = {"es": found["es"], "en": found["en"]}
    one = Statement(id=f"{app}/1", incident=app, stage="confirmed", texts=texts, version=len(before) + 1)
    seen = before[-1].hash if before else ""
    before.append(replace(one, hash=digest(one)))
    return press | {"fields": texts, "hash": seen}


def _lines(rows: list[str], moment: Any) -> Iterator[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    proposed: list[Statement] = []
    for number, row in enumerate(rows, 1):
        if not row.strip() or row.startswith(("#", "day ", "until ", "may publish: ")):
            continue
        if found := _TELLS.fullmatch(row):
            app = f"banco-lumbre-app-{moment('12:00')[:10].replace('-', '')}"
            yield _tells(found, number, moment(found["at"]), app, proposed)
            continue
        if found := _PROBE.fullmatch(row):
            works = found["how"] == "works"
            yield {"kind": "probe", "id": f"probe:{number}", "target": found["target"], "ok": works, "at": moment(found["at"])}
            continue
        if found := _DELETED.fullmatch(row):
            yield {"kind": "deleted", "id": said[int(found["line"]) - 1]["id"], "at": moment(found["at"])}
            continue
        if found := _STATUS.fullmatch(row):
            yield {"kind": "status", "id": f"status:{number}", **found.groupdict(), "at": moment(found["at"])}
            continue
        if found := _NOTICE.fullmatch(row):
            span = {"from": moment(found["from"]), "to": moment(found["to"])}
            yield {"kind": "notice", "id": f"notice:{number}", **found.groupdict(), **span}
            continue
        if found := _HEARD.fullmatch(row):
            brought = {"networks": {found["network"]: int(found["read"])}, "of": int(found["of"] or 0)}
            yield {
                "kind": "coverage",
                "id": f"heard:{number}",
                "source": found["source"],
                "at": moment(found["at"]),
                "to": moment(found["at"]),
            } | brought
            continue
        if found := _COUNTED.fullmatch(row) or _PAST.fullmatch(row):
            end = datetime.fromisoformat(moment(found["at"], int(found.groupdict().get("day") or 0)))
            number_of = {"posts": int(found["posts"]), "minutes": int(found["minutes"]), "network": found["network"]}
            start = (end - timedelta(minutes=int(found["minutes"]))).isoformat()
            yield {"kind": "volume", "id": f"count:{number}", "source": found["source"], "at": start} | number_of
            if found.re is _COUNTED:
                at = {"at": end.isoformat(), "to": end.isoformat()}
                yield {"kind": "coverage", "id": f"heard:{number}", "source": found["source"], "of": int(found["posts"])} | at
            continue
        found = _LINE.fullmatch(row)
        if not found:
            raise ValueError(f"line {number} is not in the grammar: {row!r}")
        source = found["source"] or "x"
        line: dict[str, Any] = {
            "id": f"{source}:{len(said) + 1}",
            "source": source,
            "author": found["by"],
            "text": found["text"],
            "posted_at": moment(found["at"], int(found["day"] or 0)),
        }
        if found["seen"]:
            line["seen_at"] = moment(found["seen"])
        if found["direct"]:
            line["direct"] = True
        if found["brand"]:
            line["brand"] = found["brand"]
        if found["stars"]:
            line["stars"] = int(found["stars"])
        if found["to"]:
            line["in_reply_to"] = said[int(found["to"]) - 1]["id"]
        if found["again"]:
            line["repost_of"] = said[int(found["again"]) - 1]["id"]
        said.append(line)
        yield line


def transcript(alerts: list[Alert], story: Story, language: str) -> str:
    """What Slack shows, one paragraph an alert."""
    parts = []
    for alert in alerts:
        shown = card(alert, language=language, zone=story.zone, service_name=None)  # type: ignore[arg-type]
        head = f"{alert.at.astimezone(story.zone):%H:%M:%S} → {alert.to}: {alert.reason}"
        detail = getattr(alert.detail, language) if alert.detail else ""
        lines = [head, shown.blocks[0]["text"]["text"], f"→ {getattr(alert.act, language)}" if alert.act else "", detail]
        parts.append("\n  ".join(filter(None, lines)))
    return "\n\n".join(parts) + "\n"
