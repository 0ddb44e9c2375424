"""Are the clocks right? `python -m benchmarks.clocks [--json]`: first answers on recorded conversations, by carebot and by hand.

Two real support accounts, both sides of what was said: a streaming service in English (replies say what they answer) and a bank in Spanish
(they only name the customer). Each recording is replayed into a database, and the waits that `carebot report` counts are read from it.
Beside them `by_hand` works the same waits out from the file in a dozen lines of its own, with none of carebot's code. Compared is each
wait, by customer and moment: who is found by one alone, or answered at another second, is a difference and printed.

What counts, on both sides. A wait begins with the first message that a customer says to the brand (it begins with its name, is a post of
their own with that name in it, or answers somebody and names it or nobody) and that needs an answer; it ends with the brand's first reply
to them that is no hand-off, whichever of its accounts says it. A reply is to whoever wrote the message it answers, or else to whom it names
first. After three days without a word on either side the conversation is over; who was answered in it and comes back within another
fourteen goes on with it, who was not waits anew; a reply as late as that is an answer all the same.

    all          every message of a customer needs an answer, every reply is one
    hand-offs    the same, but replies that only send them elsewhere are none
    as read      carebot says by itself what needs an answer, what is solved and what is another matter; `by_hand` is told the first of
                 these and knows nothing of the others, so that every difference is one that they make, and is printed with it
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from carebot.config.load import read
from carebot.config.schema import Rulebook
from carebot.decide.care.cases import HUMAN, NEEDS_ANSWER
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Case
from carebot.replay import play, slots
from carebot.report.waiting import waits
from carebot.understand.hand_offs import sent_elsewhere
from carebot.wire import events

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "streams"
FILES = {"spotifycares_2017_en": "SpotifyCares", "citibanamex_2021_es": "Citibanamex, ContactoCitibmx"}
MODES = ("all", "hand-offs", "as read")
QUIET, REOPEN = timedelta(days=3), timedelta(days=14)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
RULES = """
brand: {{name: {brand}, accounts: {{x: [{accounts}]}}, time_zone: UTC}}
rules: [{rules}]
promises: [{{name: an-hour, first_response: 1h}}]
cases: {{quiet: 3d, reopen_within: 14d}}
routes: {{desk: {{slack: "#desk"}}}}
"""
Waiting = dict[tuple[str, datetime], datetime | None]  # (customer, when they asked) → when they were first answered


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────


def by_hand(
    rows: Sequence[dict[str, Any]], ours: Collection[str], asks: Collection[str], urgent: Collection[str], sent_away: Collection[str]
) -> Waiting:
    wrote = {row["id"]: row["author"] for row in rows if not row["by_brand"]}
    found: Waiting = {}
    talks: dict[str, list[datetime]] = {}  # customer → when they began to wait, and the last word of either side
    for row in sorted(rows, key=lambda row: (row["posted_at"], row["id"])):
        at, text, to = datetime.fromisoformat(row["posted_at"]), row["text"], row.get("in_reply_to", "")
        names = [name.lower() for name in re.findall(r"@(\w+)", text)]
        named = names[0] if text.startswith("@") else ""
        to_us = named in ours if named and not to else bool(to and not named) or any(name in ours for name in names)
        who = (wrote.get(to) or named) if row["by_brand"] else row["author"]
        asked, last = talks.get(who, (NEVER, NEVER))
        over, silent = at - last > QUIET + REOPEN, at - last > QUIET
        if row["by_brand"]:
            if not over:
                talks[who] = [asked, at]
                found[who, asked] = found[who, asked] or (None if row["id"] in sent_away else at)
        elif row["id"] in asks and (over or (silent and not found[who, asked])):
            if not over or to_us or row["id"] in urgent:
                talks[who], found[who, at] = [at, at], None
        elif not over and (row["id"] in asks or not silent):
            talks[who] = [asked, at]
    return found


# ── by carebot ───────────────────────────────────────────────────────────────────────────────────────────────────


def rules(brand: str, accounts: str) -> Rulebook:
    kinds = ", ".join(f"{{name: {kind}, when: {kind}}}" for kind in (*sorted(NEEDS_ANSWER), "praise", "recovered"))
    book, problems = read(RULES.format(brand=brand, accounts=accounts, rules=kinds), kinds={})
    assert book, "\n".join(map(str, problems))
    return book


def recorded(name: str) -> list[dict[str, Any]]:
    """The recording. Where customers were made nameless by numbers, an author "809660.0" is the "@809660" of the texts."""
    rows = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{**row, "author": row["author"].removesuffix(".0")} for row in rows]


def replayed(rows: Iterable[dict[str, Any]], rulebook: Rulebook) -> Store:
    store = Store(None)
    loop = Loop(store, rulebook, secret=b"clocks", destinations=lambda alert: ())
    lines = (json.dumps(row).encode() for row in rows)
    for _ in play(loop, slots(events(lines, source="x", seen_at=None))):
        pass
    return store


def by_carebot(store: Store) -> tuple[Waiting, list[Case]]:
    docs = store.db.conn.execute("SELECT doc FROM cases ORDER BY opened_at, id").fetchall()
    cases = [msgspec.json.decode(doc, type=Case) for (doc,) in docs]
    far = datetime.max.replace(tzinfo=UTC)
    return {(case.author.lower(), wait.asked_at): wait.answered_at for case in cases for wait in waits(case, far)}, cases


# ── the two beside each other ────────────────────────────────────────────────────────────────────────────────────


class Compared(msgspec.Struct, frozen=True):
    """A recording read in one way: how many waits, how many alike to the second, and each difference in words."""

    recording: str
    mode: str
    waits: int
    answered: int
    equal: int
    differences: tuple[str, ...]


def compared(name: str, mode: str) -> Compared:
    accounts = FILES[name]
    rows = [{**row, "author": row["author"].lower()} for row in recorded(name)]
    away = {row["id"] for row in rows if row["by_brand"] and (sent := sent_elsewhere(row["text"])) and sent.door != "direct"}
    away = away if mode != "all" else set()
    asks = urgent = {row["id"] for row in rows if not row["by_brand"]}
    said = rows if mode == "as read" else [{**row, "verdict": _told(row["id"], asks, away)} for row in rows]
    store = replayed(said, rules(rows[0]["brand"], accounts))
    try:
        ours, cases = by_carebot(store)
        if mode == "as read":
            signals = store.db.conn.execute("SELECT id, kind FROM signals").fetchall()
            asks = {id_ for id_, kind in signals if kind in NEEDS_ANSWER}
            urgent = {id_ for id_, kind in signals if kind in HUMAN}
        else:
            urgent = set()
    finally:
        store.close()
    theirs = by_hand(rows, accounts.lower().split(", "), asks, urgent, away)
    both = sorted(ours.keys() | theirs.keys(), key=lambda key: (key[1], key[0]))
    wrong = [key for key in both if ours.get(key, "none") != theirs.get(key, "none")]
    return Compared(
        name,
        mode,
        len(both),
        sum(at is not None for at in theirs.values()),
        len(both) - len(wrong),
        tuple(_difference(key, ours, theirs, cases) for key in wrong),
    )


def _told(id_: str, asks: Collection[str], away: Collection[str]) -> dict[str, Any]:
    yes = {"p": 1.0, "label": True}
    return {"question": yes} if id_ in asks else {"hand_off": yes} if id_ in away else {}


def _difference(key: tuple[str, datetime], ours: Waiting, theirs: Waiting, cases: Sequence[Case]) -> str:
    """When each says that the customer was answered, and what of the case explains it."""
    who, asked = key
    mine = [case for case in cases if case.author.lower() == who]
    said = [f"{name} {_answer(side, key)}" for name, side in (("carebot:", ours), ("by hand:", theirs))]
    return f"{asked:%Y-%m-%d %H:%M:%S}  {'; '.join(said)}: {_because(mine)}"


def _because(mine: Sequence[Case]) -> str:
    if any(line.what == "solved" for case in mine for line in case.history):
        return "they had said that it works"
    if len({case.service for case in mine}) > 1:
        return "another service is another matter"
    return "UNEXPLAINED"


def _answer(side: Waiting, key: tuple[str, datetime]) -> str:
    return "no such wait" if key not in side else f"after {at - key[1]}" if (at := side[key]) else "never answered"


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--json", action="store_true")
    asked = ask.parse_args()
    if not DATA.exists():
        raise SystemExit(f"The recordings are not at {DATA}. Put the data beside the checkout and run again.")
    for name in FILES:
        for mode in MODES:
            one = compared(name, mode)
            if asked.json:
                print(msgspec.json.encode(one).decode(), flush=True)
                continue
            print(f"{name:24}{mode:12}{one.waits:>6} waits, {one.answered:>5} answered, {one.equal:>6} equal", flush=True)
            print("".join(f"    {line}\n" for line in one.differences), end="")


if __name__ == "__main__":
    main()
