"""What is older than the rules keep loses its words and names; what is still open does not, and what was counted stays counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from carebot.effects.database import retention
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Batch, Event
from carebot.status import lines, status
from tests.effects.loopback_slack import LoopbackSlack
from tests.effects.test_taken_back import Life
from tests.saying import RULES, at, rulebook, say

DAY = 1440.0
WORDS = "no puedo pagar el hotel y estoy sola en Lisboa"


class Desk:
    """A carebot with a clock that is moved by hand; `path` is its database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begin()

    def begin(self) -> None:
        self.loop = Loop(Store(self.path), rulebook(), secret=b"test", destinations=lambda alert: (alert.to,))

    def hears(self, *events: Event, day: float) -> None:
        self.loop.take([Batch(source="x", events=events)], at(day * DAY))

    def waits(self, day: float) -> None:
        """Nothing happens until then."""
        self.hears(day=day - 1)
        self.hears(day=day)

    def sends(self) -> None:
        """What is in the outbox has gone out, as a channel would have taken it."""
        for one in self.loop.store.waiting_deliveries():
            self.loop.store.record(replace(one, state="sending", ref="C1/1.1"))
            self.loop.store.record(replace(one, state="sent", ref="C1/1.1"))

    def forgets(self, day: float, parts: int = 1000) -> int:
        """So many parts at the most; → how many messages lost their words."""
        gone = 0
        for _ in range(parts):
            part = self.loop.store.forget(self.loop.rulebook.file, at(day * DAY))
            gone += part.messages
            if not part.more:
                break
        return gone

    def query(self, sql: str) -> list[tuple]:
        return self.loop.store.db.conn.execute(sql).fetchall()

    def file(self) -> str:
        """Every byte that is on the disk."""
        self.loop.store.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.path.read_bytes().decode("latin-1") + self.path.with_name("care.db-wal").read_bytes().decode("latin-1")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "care.db")
    yield desk
    desk.loop.store.close()


def stranded(day: float = 0, by: str = "iratxe_goni", id: str = "x:9") -> Event:
    said = {
        "means": "complaint moment",
        "about": "card",
        "author_name": "Iratxe Ruiz",
        "author_key": "",
        "url": f"https://x.example/{by}/9",
    }
    return say(WORDS, minute=day * DAY, by=by, id=id, **said)


def thanks(day: float, by: str = "iratxe_goni", id: str = "x:10") -> Event:
    return say("ya está, gracias", minute=day * DAY, by=by, id=id, means="recovered praise", author_key="")


def test_after_ninety_days_no_byte_says_what_she_wrote_or_who_she_was_and_every_count_is_as_it_was(desk):
    desk.hears(stranded(), day=0)
    desk.hears(thanks(0.01), day=0.02)
    desk.sends()
    desk.waits(5)  # it is over after a while
    before = [desk.query(f"SELECT count(*) FROM {table}") for table in ("messages", "signals", "cases", "alerts", "audit")]
    counters = dict(desk.query("SELECT name, n FROM counters"))
    assert "Lisboa" in desk.file() and "iratxe_goni" in desk.file() and "Ruiz" in desk.file()
    assert desk.forgets(89.9) == 0 and "Lisboa" in desk.file()
    assert desk.forgets(95.1) == 2
    assert [word for word in ("Lisboa", "iratxe", "Iratxe", "Ruiz", "x.example", "gracias") if word in desk.file()] == []
    after = [desk.query(f"SELECT count(*) FROM {table}") for table in ("messages", "signals", "cases", "alerts", "audit")]
    assert after == before and dict(desk.query("SELECT name, n FROM counters")) == counters | {"forgotten": 2}
    (case,) = (json.loads(doc) for (doc,) in desk.query("SELECT doc FROM cases"))
    assert case["contacts"] == 2 and [line["what"] for line in case["history"]] == ["asked", "solved"]


def test_a_recording_of_old_days_that_is_read_today_is_kept_from_today_on(desk):
    desk.hears(replace(stranded(), seen_at=at(200 * DAY)), replace(thanks(0.1), seen_at=at(200 * DAY)), day=200)
    desk.waits(289)
    assert desk.forgets(289) == 0
    assert WORDS in desk.file() and desk.query("SELECT author_key FROM cases") != [("",)]
    desk.waits(291)
    assert desk.forgets(291) == 2
    assert WORDS not in desk.file() and "iratxe" not in desk.file()


def test_what_is_open_is_whole_until_it_is_over(desk):
    desk.hears(stranded(), day=0)
    desk.hears(say("gracias por todo", minute=1, by="eva", id="x:1", means="praise", author_key=""), day=0.01)
    desk.sends()
    assert desk.forgets(91) == 1  # only Eva's: nobody has answered Iratxe
    assert WORDS in desk.file() and "iratxe_goni" in desk.file()
    desk.hears(thanks(91), day=91)
    desk.waits(96)
    assert desk.query("SELECT closed_at IS NULL FROM cases") == [(0,)]
    assert desk.forgets(96) == 1  # the case is over and the first message old, but she may still come back to it
    assert WORDS not in desk.file() and "iratxe_goni" in desk.file()
    desk.forgets(96 + 91)
    assert "iratxe_goni" not in desk.file()


def test_what_an_open_incident_rests_on_stays(desk):
    for person in range(6):
        desk.hears(say("la app no va", minute=person, by=f"p{person}"), day=person / DAY)
    desk.loop.store.db.conn.execute("UPDATE incidents SET phase = 'monitoring', resolved_at = NULL")
    assert desk.query("SELECT count(*) FROM incidents") == [(1,)]
    assert desk.forgets(91) == 0
    desk.loop.store.db.conn.execute("UPDATE incidents SET phase = 'resolved'")
    assert desk.forgets(91) == 6


def test_what_was_forgotten_does_not_come_back_when_a_network_shows_it_again(desk):
    desk.hears(stranded(), thanks(0.01), day=0.02)
    desk.waits(5)
    assert desk.forgets(150) == 2
    desk.hears(stranded(), day=151)
    assert desk.query("SELECT id FROM messages WHERE text != ''") == []


def test_a_kill_between_two_parts_leaves_nothing_half_done_and_nothing_undone(tmp_path, monkeypatch):
    monkeypatch.setattr(retention, "PART", 3)
    found = []
    for kills in (False, True):
        folder = tmp_path / str(kills)
        folder.mkdir()
        desk = Desk(folder / "care.db")
        for person in range(20):
            desk.hears(stranded(person / 100, by=f"who{person}", id=f"x:{person}"), day=person / 100)
        desk.sends()
        desk.hears(*(thanks(1, by=f"who{n}", id=f"x:t{n}") for n in range(20)), day=1)
        desk.sends()
        desk.waits(6)
        desk.sends()
        gone = 0
        while part := desk.forgets(100, parts=1 if kills else 1000):
            gone += part
            if kills:
                desk.loop.store.close()
                desk.begin()
        desk.forgets(100)
        found.append(
            (gone, [desk.query(f"SELECT * FROM {name} ORDER BY 1") for name in ("messages", "cases", "alerts", "quoted", "counters")])
        )
        assert "who1" not in desk.file()
        desk.loop.store.close()
    assert found[0] == found[1] and found[0][0] == 40


async def test_her_words_leave_slack_as_well(tmp_path, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with LoopbackSlack() as slack:
        life = Life(tmp_path / "care.db", slack)
        life.hears(stranded(), minute=0.1)
        await life.delivers()
        life.hears(thanks(0.01), minute=20)
        assert "Lisboa" in life.on_slack() and "iratxe_goni" in life.on_slack()
        for day in (4, 5):
            life.hears(minute=day * DAY)
        while life.loop.store.forget(life.loop.rulebook.file, at(95 * DAY)).more:
            pass
        await life.delivers(95 * DAY + 5)
        assert "Lisboa" not in life.on_slack() and "iratxe_goni" not in life.on_slack()
        assert len(slack.messages) == 1 and "Borrado por antigüedad" in life.on_slack()
        life.hears(say("hola", minute=95 * DAY, by="leo", means="moment"), minute=95 * DAY + 6)
        await life.delivers(95 * DAY + 7)
        life.loop.store.forget(life.loop.rulebook.file, at(96 * DAY))
        assert life.loop.store.db.conn.execute("SELECT count(*) FROM outbox WHERE doc ->> '$.quiet'").fetchone() == (0,)
        life.loop.store.close()


def test_how_long_is_in_the_rules_and_in_the_status(desk):
    desk.hears(stranded(), day=0)
    desk.loop.use(rulebook(RULES + "privacy: {keep_texts: 30d}\n"))
    desk.forgets(31)
    kept = status(desk.path)["kept"]
    assert kept["days"] == 30 and kept["forgotten"] == 0 and kept["since"].startswith((at(31 * DAY) - timedelta(days=30)).isoformat()[:10])
    assert [line for line in lines(status(desk.path)) if line.startswith("texts")] == [
        "texts      kept for 30 days, those since 2026-03-13; 0 older messages have lost theirs"
    ]
    with pytest.raises(AssertionError, match="must be from 7d to 3650d"):
        rulebook(RULES + "privacy: {keep_texts: 3d}\n")
