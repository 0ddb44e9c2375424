"""A recording through the loop: the same bytes whatever the order, the batches or the day it is played."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Message, Refusal
from carebot.replay import LATENESS, in_order, lines, play, slots
from carebot.wire import MAX_LINE, alert_line, events
from tests.saying import at, rulebook

REPO = Path(__file__).parents[1]
DAY = REPO / "carebot" / "demo" / "day.jsonl.gz"


def played(rows: list[bytes], until: datetime | None = None) -> tuple[bytes, list[Refusal], Loop]:
    loop = Loop(Store(None), rulebook(without_sources()), secret=b"x", destinations=lambda _: ())
    said, refused = b"", []
    for _, took in play(loop, slots(events(rows, source="x", seen_at=None)), until=until):
        said += b"".join(alert_line(alert) for alert in took.outcome.alerts)
        refused += took.refused
    return said, refused, loop


def without_sources() -> str:
    text = (REPO / "rules.yaml").read_text()
    return text.split("sources:")[0] + "rules:" + text.split("\nrules:")[1]


@pytest.fixture(scope="module")
def day() -> list[bytes]:
    with gzip.open(DAY) as packed:
        return packed.read().splitlines()


def test_twice_the_same_bytes_and_shuffled_within_the_lateness_too(day):
    morning = [row for row in day if b"T11:" in row or b"T12:0" in row]  # the hour the app goes down
    first, _, _ = played(morning)
    again, _, _ = played(morning)
    chance = random.Random(7)

    def heard(row: bytes) -> datetime:
        one = json.loads(row)
        return datetime.fromisoformat(one.get("seen_at") or one.get("posted_at") or one.get("at") or one["from"])

    shuffled = sorted(morning, key=lambda row: heard(row) + chance.random() * LATENESS * 0.99)
    assert shuffled != morning
    assert first.count(b"\n") > 5 and again == first and played(shuffled)[0] == first


def test_what_was_heard_twice_counts_once(day):
    some = day[900:1100]
    once, _, loop = played(some)
    twice, _, other = played([row for row in some for _ in range(2)])
    assert twice == once
    assert other.store.db["messages"].count == loop.store.db["messages"].count


def message(id_: str, minute: float) -> Message:
    return Message(id=id_, text="hello", posted_at=at(minute), seen_at=at(minute))


def test_one_date_from_next_year_does_not_move_the_clock():
    said = [message("a", 0), message("year-ahead", 600_000), message("b", 1), message("c", 2)]
    got = list(in_order(said))
    assert [one[1].id for one in got if not isinstance(one, Refusal)] == ["a", "b", "c"]
    (refused,) = [one for one in got if isinstance(one, Refusal)]
    assert refused.item == "year-ahead" and "days ahead of everything around it" in refused.reason


def test_a_last_line_from_another_decade_is_a_broken_clock_too():
    said = [message("a", 0), message("b", 1), message("decade-ahead", 5_000_000)]
    got = list(in_order(said))
    assert [one.item if isinstance(one, Refusal) else one[1].id for one in got] == ["a", "b", "decade-ahead"]
    assert isinstance(got[2], Refusal)


def test_a_recording_may_have_a_gap_of_months():
    said = [message("a", 0), message("b", 100_000), message("c", 100_001), message("d", 300_000)]
    assert [one[1].id for one in in_order(said) if not isinstance(one, Refusal)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"{", "is not JSON"),
        (b'{"id": "x:1", "text": "\\ud800", "posted_at": "2026-03-12T11:00:00Z"}', "is not JSON"),
        (b'{"id": "x:1", "text": "hello"}', "has no `posted_at`"),
        (b'{"id": "x:1", "text": "hello", "posted_at": "2026-03-12T11:00:00"}', "has no time zone"),
        (b'{"id": "x:1", "text": "hello", "posted_at": "1970-01-01T00:00:00Z"}', "1970"),
        (b'{"id": "x:1", "text": "hello", "posted_at": "0001-01-01T00:00:00Z"}', "a clock is wrong"),
        (b'{"id": "x:1", "text": "hello", "posted_at": "2026-03-12T11:00:00Z", "seen_at": "9999-12-31T23:59:59Z"}', "a clock is wrong"),
        (b'{"id": "x:1", "posted_at": "2026-03-12T11:00:00Z"}', "text"),
        (b'{"kind": "rumour", "id": "x:1"}', "a kind nobody knows"),
        (b'{"kind": "probe", "id": "x:1", "target": "app", "ok": "yes", "at": "2026-03-12T11:00:00Z"}', "ok"),
        (b'{"id": "x:1", "text": "' + b"a" * 10_000_000 + b'", "posted_at": "2026-03-12T11:00:00Z"}', "bytes long"),
        (b"[" * 100_000, "shape"),
        (b'{"id": "x:1", "text": "hello", "posted_at": "2026-03-12T11:00:00Z", "verdict": {"outage": "very"}}', "verdict"),
    ],
)
def test_a_line_nobody_can_use_is_set_aside_with_its_reason_and_the_rest_goes_on(row, why):
    good = b'{"id": "x:2", "text": "good morning", "posted_at": "2026-03-12T11:00:00Z"}'
    _, refused, loop = played([good, row, good.replace(b"x:2", b"x:3")])
    assert loop.store.db["messages"].count == 2
    assert len(refused) == 1 and why in refused[0].reason, refused
    assert loop.store.db["quarantine"].count == 1


def test_a_line_without_end_is_not_held_in_memory(tmp_path):
    file = tmp_path / "endless"
    file.write_bytes(b"x" * (3 * MAX_LINE) + b"\nlast\n")
    with file.open("rb") as stream:
        got = list(lines(stream))
    assert [len(one) for one in got] == [MAX_LINE + 2, 5]


def test_verdicts_that_come_with_a_message_are_taken_as_they_are():
    rows = [
        json.dumps(
            {
                "id": f"x:{n}",
                "text": f"zzz {n}",
                "author": f"p{n}",
                "posted_at": at(n).isoformat(),
                "verdict": {"outage": {"p": 0.9, "label": True}, "service": {"label": "loyalty-points", "p": 1.0}},
            }
        ).encode()
        for n in range(6)
    ]
    said, _, _ = played(rows)
    assert b'"service":"loyalty-points"' in said and b'"reason":"suspected"' in said


def test_a_recording_played_again_into_the_same_database_says_nothing_more(day, tmp_path):
    rows = [row for row in day if b"T11:" in row][:200]
    said = []
    for _ in range(2):
        loop = Loop(Store(tmp_path / "day.db"), rulebook(without_sources()), secret=b"x", destinations=lambda _: ())
        took = [took for _, took in play(loop, slots(events(rows, source="x", seen_at=None)))]
        said.append([alert.alert for each in took for alert in each.outcome.alerts])
        loop.store.close()
    assert len(said[0]) > 3 and said[1] == []


def test_until_stops_the_clock(day):
    said, _, _ = played(day, until=datetime(2026, 3, 12, 11, 6, 30, tzinfo=UTC))
    told = [json.loads(row)["at"] for row in said.splitlines()]
    assert told and max(told) <= "2026-03-12T11:06:30Z"


def test_quiet_weeks_cost_nothing():
    apart = [
        json.dumps(
            {"id": f"x:{n}", "text": "good morning", "author": "ana", "posted_at": (at(0) + timedelta(days=30 * n)).isoformat()}
        ).encode()
        for n in range(12)
    ]
    _, _, loop = played(apart)
    assert loop.store.db["messages"].count == 12


def test_a_recording_that_knows_no_hashes_approves_the_words_that_stand_on_the_card():
    people = [f"U000000000{n}" for n in range(3)]
    rules = without_sources() + f"\nroles:\n  publish: [{', '.join(people)}]\n"
    words = {"es": "La app falla. Volvemos a informar en 30 minutos."}
    said: list[dict[str, object]] = [
        {"id": f"x:{n}", "author": f"p{n}", "source": "x", "text": f"la app no funciona {n}", "posted_at": at(n).isoformat()}
        for n in range(6)
    ]
    for n, (action, user) in enumerate([("propose", 0), ("approve", 0), ("approve", 1), ("approve", 2)]):
        click = {"action": action, "user": people[user], "incident": "banco-lumbre-app-20260312", "fields": words}
        said.append({"kind": "click", "id": f"c:{n}", "at": at(7 + n).isoformat(), **click})
    loop = Loop(Store(None), rulebook(rules), secret=b"x", destinations=lambda _: ())
    took = [took for _, took in play(loop, slots(events([json.dumps(row).encode() for row in said], source="x", seen_at=None)))]
    states = [alert.facts["statement"] for each in took for alert in each.outcome.alerts if alert.reason == "acted"]
    assert [(one["state"], one["approvals_missing"]) for one in states] == [("proposed", 2), ("proposed", 1), ("approved", 0)]
