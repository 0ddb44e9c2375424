"""When a source is asked next, when it is deaf, and how far it has been heard."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Container, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from carebot import listening
from carebot.config.load import read
from carebot.decide.detecting import coverage
from carebot.decide.detecting.cells import minute_of
from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Unreachable
from carebot.listening import Listener
from carebot.model import Batch, Coverage, Gap, Listening, Message, SelfReport, Text
from carebot.polling import Health, answered, brought, covered, heard_in_time, matters, next_look, troubled
from connectors.base import World, from_lines, options_of
from tests.connectors.loopback_web import serving
from tests.saying import NOON, at

MINUTE = timedelta(minutes=1)


def test_a_refused_token_is_told_after_two_looks_and_once():
    health, told = Health("x"), []
    for minute in range(5):
        health, report = troubled(health, Refused("X refused our token (401)", "Renew it."), at(minute))
        told.append(report)
    assert [bool(report) for report in told] == [False, True, False, False, False]
    assert told[1].reason == "source_silent" and "Renew it." in told[1].detail.es and told[1].since == at(0)


def test_that_all_went_well_once_more_need_not_be_written_down_at_once_and_all_else_must():
    well = answered(Health("x"), 1, at(1))[0]
    assert not matters(well, replace(answered(well, 1, at(2))[0], heard_until=at(2)))
    assert matters(well, troubled(well, Unreachable("no answer"), at(2))[0])
    assert matters(well, replace(well, sweep_began=at(2)))


def test_a_network_that_hiccups_is_not_deaf_but_one_that_stays_away_is():
    health, told = Health("x"), []
    for minute in (0, 1, 2, 3):
        health, report = troubled(health, Unreachable("no answer"), at(minute))
        told.append(bool(report))
    assert told == [False, False, False, True]
    health, back = answered(health, 1, at(9))
    assert back and back.reason == "source_back" and health.trouble_since is None
    assert answered(health, 1, at(10))[1] is None


def test_they_say_wait_thirty_seconds_and_we_wait_thirty_seconds():
    health, _ = troubled(Health("x"), Throttled("slow down", timedelta(minutes=30)), at(0))
    assert next_look(health, MINUTE, False, at(0)) == at(30)


def test_a_source_that_has_more_is_asked_at_once():
    assert next_look(Health("x"), MINUTE, True, at(0)) == at(0)
    assert next_look(Health("x"), MINUTE, False, at(0)) == at(1)


@given(st.integers(0, 40), st.text(max_size=20))
def test_in_trouble_it_is_asked_ever_slower_but_never_never(failures, name):
    health = Health(name, trouble_since=at(0), failures=failures)
    due = next_look(health, MINUTE, False, at(0))
    assert at(0.8) <= due <= at(11.1)


# ── how far a source has been heard ──────────────────────────────────────────────────────────────────────────────


def said(*networks: str, more: bool = False, **about: Any) -> Batch:
    posts = tuple(Message(id=f"{n}:{i}", text="hm", posted_at=NOON, seen_at=NOON, source=n) for i, n in enumerate(networks))
    return Batch(source="forum", events=posts, more=more, **about)


def words(batch: Batch) -> list[Coverage]:
    return [event for event in batch.events if isinstance(event, Coverage)]


def test_a_look_that_brought_everything_covers_what_was_posted_until_it_began():
    health, batch = covered(Health("forum"), said("feed", "feed", "x"), at(3))
    assert words(batch) == [Coverage(id="heard:forum", source="forum", at=at(3), to=at(3), networks={"feed": 2, "x": 1})]
    assert health.heard_until == at(3) and answered(health, 1, at(3.5))[0].heard_until == at(3)


def test_pages_cover_nothing_until_the_last_and_then_only_until_the_first_was_asked_for():
    health, first = covered(Health("forum"), said("feed", more=True), at(3))
    health, _ = troubled(answered(health, 1, at(4))[0], Unreachable("no answer"), at(4))
    health, last = covered(health, said("feed"), at(9))
    assert [(word.to, word.networks) for word in words(first) + words(last)] == [(None, {"feed": 1}), (at(3), {"feed": 1})]
    assert [word.to for word in words(covered(health, said(), at(10))[1])] == [at(10)]


def test_a_quiet_source_says_once_a_minute_that_it_was_heard():
    health, told = Health("forum"), []
    for second in range(0, 180, 10):
        health, batch = covered(health, said(), at(second / 60))
        told += words(batch)
    assert [word.to for word in told] == [at(0), at(1), at(2)]


def test_a_gap_is_said_to_the_detector_and_to_staff():
    why = Text("Solo enseña las últimas.", "It only shows its newest.")
    health, _ = covered(Health("forum"), said("feed"), at(1))
    _, batch = covered(health, said("feed", gaps=(Gap(to=at(4), why=why),)), at(5))
    unheard, heard = sorted(words(batch), key=lambda word: word.heard)
    assert (unheard.heard, unheard.from_, unheard.to) == (False, at(1), at(4))
    assert (heard.heard, heard.from_, heard.to) == (True, None, at(5))
    told = [event for event in batch.events if isinstance(event, SelfReport)]
    assert [one.reason for one in told] == ["gap"] and told[0].headline.en == "Gap in forum: 3 min not read"
    assert (told[0].since, told[0].detail) == (at(1), why)
    ears: coverage.Ears = {}
    for word in (*words(covered(Health("forum"), said("feed"), at(1))[1]), heard, unheard):
        ears = coverage.noted(ears, word)
    assert [int(share) for share in coverage.heard(ears, "feed", minute_of(NOON), 6)] == [1, 0, 0, 0, 1, 1]


def test_a_gap_of_a_source_never_heard_before_is_none():
    why = Text("", "")
    _, batch = covered(Health("forum"), said("feed", gaps=(Gap(to=at(4), why=why),)), at(5))
    assert batch.gaps == () and [word.heard for word in words(batch)] == [True]
    _, batch = covered(Health("forum"), said("feed", gaps=(Gap(from_=at(6), to=at(9), why=why),)), at(5))  # dated after now: no gap yet
    assert batch.gaps == ()


def test_what_a_look_brings_twice_it_brought_once_but_a_sample_counts_as_it_was_counted():
    batch = said("feed", "feed", "x")
    known = {"feed:0", "x:2"}
    assert words(covered(Health("forum"), batch, at(3), known)[1])[0].networks == {"feed": 1}
    assert words(covered(Health("forum"), replace(batch, of=30), at(3), known)[1])[0].networks == {"feed": 2, "x": 1}


def test_what_is_sent_to_us_says_what_it_brought_and_not_how_far_it_was_heard():
    assert words(brought(said("web_form"), at(1))) == [Coverage(id="heard:forum", source="forum", at=at(1), networks={"web_form": 1})]
    assert brought(said(), at(1)) == said()


def test_nobody_may_send_us_word_of_how_far_a_source_was_heard():
    line = b'{"kind": "coverage", "id": "c:1", "source": "forum", "to": "2026-03-12T11:00:00Z", "at": "2026-03-12T11:00:00Z"}'
    batch = from_lines([line], "contact-form", NOON)
    assert batch.events == () and [one.reason for one in batch.refused] == [
        "is coverage; carebot sees that for itself, only a replay is told"
    ]


class Desk:
    """A listener that really asks, and what is known of how far its sources were heard. `now` is moved by the test."""

    def __init__(self, http: Client) -> None:
        self.now, self.ears, self.kept, self.heard_of, self.looks = NOON, {}, {}, set(), 0
        self.told: list[SelfReport] = []
        self.remembered: dict[str, bytes] = {}
        self.scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None})
        self.listener = Listener(self.scheduler, lambda: self.now, commit=self.commit, memory=self)
        self.listener.world = World(http=http, secret=lambda name: "", clock=lambda: self.now)

    async def commit(self, batch: Batch) -> None:
        for event in batch.events:
            if isinstance(event, Coverage):
                self.ears = coverage.noted(self.ears, event)
            elif isinstance(event, Listening):
                self.ears = coverage.listening(self.ears, event.sources)
            elif isinstance(event, Message):
                self.heard_of.add(event.id)
            elif isinstance(event, SelfReport):
                self.told.append(event)
        if batch.cursor:
            self.kept[batch.source] = batch.cursor

    async def cursor(self, name: str) -> str | None:
        self.looks += 1  # a look begins: the one before it is over
        return self.kept.get(name)

    async def put(self, key: str, value: Any) -> None:
        self.remembered[key] = msgspec.json.encode(value)

    later = put

    async def recalled(self, key: str, type_: Any) -> Any:
        return msgspec.json.decode(self.remembered[key], type=type_) if key in self.remembered else None

    async def known(self, ids: Sequence[str]) -> Container[str]:
        return self.heard_of & set(ids)

    async def to_recheck(self, source: str, now: datetime, most: int) -> list[str]:
        return []

    async def at(self, minute: float) -> str:
        """Two whole looks after the clock moved on: minutes 0 to 9 of the forum, x heard, . not."""
        self.now, before = at(minute), self.looks
        while self.looks < before + 4:  # the first may have begun earlier, and the last has only begun
            await asyncio.sleep(0.01)
        return "".join(".x"[int(share)] for share in coverage.heard(self.ears, "feed", minute_of(NOON), 10))


def json_feed(*posts: float) -> bytes:
    items = [
        {"id": f"forum:{minute}", "content_text": f"no funciona {minute}", "date_published": at(minute).isoformat()} for minute in posts
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()


async def test_a_forum_that_goes_down_and_returns_with_what_it_missed_is_heard_after_all_and_what_it_lost_is_not():
    rules = 'brand: {name: B}\nsources:\n  - {name: forum, kind: feed, url: "%s/feed.json", every: 1m, allow_private: true}\n'
    async with serving(json_feed(0)) as forum, Client() as http:
        book, problems = read(rules % forum.url, kinds={"feed": lambda: options_of("feed")})
        assert book, problems
        desk = Desk(http)
        desk.scheduler.start()
        try:
            await desk.listener.listen_to(book)
            assert await desk.at(1) == "xx........"
            forum.answer = 503
            assert await desk.at(4) == "xx........"  # down: nothing is known of minutes 2 to 4
            forum.answer = json_feed(0, 2, 3)
            assert await desk.at(5) == "xxxxxx...."  # back, and it still has what was said meanwhile
            assert desk.heard_of == {f"feed:forum:forum:{minute}" for minute in (0, 2, 3)}
            forum.answer = 503
            assert await desk.at(8) == "xxxxxx...."
            forum.answer = json_feed(7.2, 7.8)  # so many posts that the older ones have left the feed
            assert await desk.at(8.5) == "xxxxx..xx."
            await desk.listener.listen_to(read("brand: {name: B}\n", kinds={})[0])
            assert desk.ears == {}  # nobody listens to it any more
        finally:
            desk.scheduler.shutdown(wait=False)


async def test_a_backlog_of_several_pages_is_read_to_its_end_at_once(tmp_path):
    lines = (
        json.dumps({"id": f"x:{n}", "text": "no funciona", "source": "feed", "posted_at": at(n / 500).isoformat()}) for n in range(4500)
    )
    (tmp_path / "notes.jsonl").write_text("\n".join(lines) + "\n")
    rules = f"brand: {{name: B}}\nsources:\n  - {{name: notes, kind: jsonl, path: {tmp_path}/notes.jsonl, every: 1h}}\n"
    book, problems = read(rules, kinds={"jsonl": lambda: options_of("jsonl")})
    assert book, problems
    async with Client() as http:
        desk = Desk(http)
        desk.now = datetime.now(UTC)
        desk.scheduler.start()
        try:
            await desk.listener.listen_to(book)
            async with asyncio.timeout(20):
                while len(desk.heard_of) < 4500:
                    await asyncio.sleep(0.01)
            assert desk.ears["notes"].until == minute_of(desk.now) and desk.ears["notes"].brought == {"feed": 4500}
        finally:
            desk.scheduler.shutdown(wait=False)


@pytest.mark.parametrize(
    ("every", "wait", "ago", "heard"),
    [
        ("5m", "0s", "14m", True),
        ("5m", "0s", "16m", False),
        ("1s", "0s", "50s", True),  # one look may take as long
        ("1m", "30m", "80m", True),  # a feed that asks to be asked every half hour
        ("1m", "2d", "4h", False),
    ],
)
def test_a_source_is_heard_in_time_if_it_was_within_three_of_its_intervals(every: str, wait: str, ago: str, heard: bool) -> None:
    def span(text: str) -> timedelta:
        return timedelta(seconds=int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]])

    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert heard_in_time(Health("x", last_ok=now - span(ago)), span(every), span(wait), now) is heard
    assert not heard_in_time(Health("x"), span(every), span(wait), now), "one that was never heard"


async def test_a_source_that_hangs_is_cut_off_and_holds_up_no_other(monkeypatch):
    monkeypatch.setattr(listening, "DEADLINE", timedelta(seconds=0.2))
    feed = '  - {name: %s, kind: feed, url: "%s/feed.json", every: 1m, allow_private: true}\n'

    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes it")

    async with serving(never) as silent, serving(json_feed(0)) as forum, Client() as http:
        rules = "brand: {name: B}\nsources:\n" + feed % ("silent", silent.url) + feed % ("forum", forum.url)
        book, problems = read(rules, kinds={"feed": lambda: options_of("feed")})
        assert book, problems
        desk = Desk(http)
        desk.scheduler.start()
        try:
            await desk.listener.listen_to(book)
            async with asyncio.timeout(20):
                while desk.listener.ears["silent"].health.failures < 2 or len(forum.asked) < 5:
                    await asyncio.sleep(0.01)
            assert "no answer within" in desk.listener.ears["silent"].health.what
            assert desk.heard_of == {"feed:forum:forum:0"} and desk.listener.ears["forum"].health.trouble_since is None
        finally:
            desk.scheduler.shutdown(wait=False)
