"""Posts that nobody read and the network counted: what they teach, what they open, and what they leave alone."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from pydantic import BaseModel

from carebot import wire
from carebot.config.load import read
from carebot.decide.detecting import baseline
from carebot.decide.state import State, restored
from carebot.model import Click, Coverage, Refusal, Volume
from carebot.replay import arrived
from carebot.understand.copies import Window
from tests.saying import NOON, RULES, TestDesk, at, say

DAY, WEEK = 1440, 10_080
DAYLIGHT = baseline.WEEK_SHAPE[:24]


def count(minute: float, posts: int, minutes: int = 1, source: str = "x-search") -> Volume:
    """What was posted from this minute on."""
    return Volume(id=f"v{minute:g}-{minutes}", source=source, at=at(minute), posts=posts, network="x", minutes=minutes)


def usual_day(minute: float, rate: float = 20.0, seed: int = 3) -> int:
    """What is posted in this minute where nothing happens: like customers' days, with chance in it."""
    hour = (NOON.hour + 1 + int(minute // 60)) % 24  # in Madrid
    return int(np.random.default_rng(abs(int(minute)) + seed).poisson(rate * DAYLIGHT[hour]))


@pytest.fixture(scope="module")
def taught() -> State:
    """A week of minutes at once, as `carebot backfill` brings them."""
    desk = TestDesk()
    desk.hears(*[count(minute, usual_day(minute)) for minute in range(-WEEK, 0)], minute=0)
    assert desk.told == []
    return desk.state


def desk_of(state: State, rules: str = RULES) -> TestDesk:
    desk = TestDesk(rules)
    desk.state = state
    return desk


def looks(desk: TestDesk, posts: Sequence[int], start: int = 0, read: bool = False) -> None:
    """A look a minute that counts what was posted since the last one, and reads it or does not."""
    for minute, each in enumerate(posts, start):
        brought = {"networks": {"x": each}} if read else {"of": each}
        heard = Coverage(id="c", source="x-search", at=at(minute + 1), to=at(minute + 1), **brought)
        desk.hears(count(minute, each), heard, minute=minute + 1)


def quiet(minutes: int, start: int = 0) -> list[int]:
    return [usual_day(minute) for minute in range(start, start + minutes)]


# ── what they open ───────────────────────────────────────────────────────────────────────────────────────────────


def test_thirteen_times_as_many_posts_that_nobody_reads_are_worth_a_suspicion_and_no_statement(taught):
    desk = desk_of(taught)
    looks(desk, quiet(20))
    assert desk.told == []
    looks(desk, [270] * 15, 20)
    (alert,) = desk.alerts
    assert (alert.reason, alert.severity, alert.service, alert.say, alert.messages) == ("suspected", 4, None, None, ())
    assert alert.headline.en == "Far more than usual is being said about Banco Lumbre on X"
    assert alert.detail.en.endswith("; nobody has read them: the budget is used up.")
    assert alert.detail.es.endswith("; nadie las ha leído: se ha agotado el presupuesto.")
    assert alert.facts["volume"]["unread"] == "budget" and alert.facts["count"] == 0
    assert alert.facts["volume"]["posts"] >= 3 * alert.facts["volume"]["usual"] > 0
    looks(desk, [3000] * 60, 35)
    assert desk.reasons == ["suspected"]  # however many, a count confirms nothing


def test_while_posts_are_read_a_jump_in_their_number_opens_nothing(taught):
    desk = desk_of(taught)
    looks(desk, [*quiet(20), *[270] * 40], read=True)
    assert desk.told == []


def test_where_nobody_says_how_far_posts_are_read_a_count_opens_nothing(taught):
    desk = desk_of(taught)
    for minute in range(30):
        desk.hears(count(minute, 500), minute=minute + 1)
    assert desk.told == []


def test_a_source_that_only_ever_counts_speaks_where_nobody_reads_its_network(taught):
    for others, told in (({}, ["suspected"]), ({"networks": {"x": 50}}, [])):
        desk = desk_of(taught)
        for minute in range(30):
            watching = Coverage(id="c", source="x-search", at=at(minute + 1), to=at(minute + 1))
            reading = Coverage(id="r", source="x-mentions", at=at(minute + 1), to=at(minute + 1), **others)
            desk.hears(count(minute, 300), watching, reading, minute=minute + 1)
        assert desk.reasons == told
        if told:
            assert desk.alerts[0].detail.en.endswith("nobody has read them.")  # for no want of budget


def test_what_is_only_heard_to_compare_opens_nothing(taught):
    source = "sources:\n  - {name: x-search, kind: any, brand: Banco Faro, control: true}\nservices:"
    book, problems = read(RULES.replace("services:", source), kinds={"any": lambda: type("Options", (BaseModel,), {})})
    assert book, problems
    desk = desk_of(taught)
    desk.rules = book
    looks(desk, [270] * 30)
    assert desk.told == []


# ── how it ends ──────────────────────────────────────────────────────────────────────────────────────────────────


def swollen(state: State, until: int = 15) -> TestDesk:
    desk = desk_of(state)
    looks(desk, [270] * until)
    assert desk.reasons == ["suspected"]
    return desk


def test_it_ends_when_as_much_as_usual_is_posted_for_half_an_hour(taught):
    desk = swollen(taught)
    looks(desk, quiet(60, 15), 15)
    assert desk.reasons == ["suspected", "resolved"]
    assert desk.alerts[-1].headline.en == "No more than usual is being said about Banco Lumbre on X"
    assert 45 <= (desk.alerts[-1].at - NOON).total_seconds() / 60 <= 65


def test_it_ends_when_posts_are_read_again_and_nobody_complains(taught):
    desk = swollen(taught)
    looks(desk, [270] * 40, 15, read=True)
    assert desk.reasons == ["suspected", "resolved"]


def test_it_does_not_end_because_nobody_counts_any_more(taught):
    desk = swollen(taught)
    desk.waits(120, since=15)
    assert desk.reasons == ["suspected"]


def test_complaints_that_are_read_take_its_place(taught):
    desk = swollen(taught)
    for minute, by in enumerate(("ana", "luis", "eva", "joe"), 16):
        desk.hears(say(by=by, minute=minute, source="app_store"))
    assert desk.reasons[:3] == ["suspected", "suspected", "merged"]
    voiced, bare = desk.alerts[1], desk.alerts[2]
    assert (voiced.service, voiced.incident, bare.facts["merged_into"]) == ("app", "banco-lumbre-app-20260312", voiced.incident)
    assert voiced.facts["volume"]["unread"] == "budget" and "usually" in voiced.detail.en
    assert desk.state.incidents[bare.incident].phase == "resolved"


def test_complaints_are_no_part_of_it_and_two_of_them_confirm_nothing(taught):
    desk = swollen(taught)
    desk.hears(say(by="ana", minute=16, source="app_store"), say(by="luis", minute=16, source="app_store"))
    (one,) = desk.state.incidents.values()
    assert (one.count, one.phase, desk.reasons) == (0, "suspected", ["suspected"])


@pytest.mark.parametrize(("action", "reasons"), [("not_incident", ["resolved"]), ("resolve", ["resolved"]), ("confirm", ["confirmed"])])
def test_a_person_decides_and_is_not_asked_again_while_it_goes_on(taught, action, reasons):
    desk = swollen(taught)
    (incident,) = desk.state.incidents
    desk.hears(Click(id="c", action=action, user="Marta", incident=incident, at=at(15)), minute=15)
    looks(desk, [270] * 60, 16)
    assert desk.reasons == ["suspected", *reasons]


def test_what_comes_back_within_the_hour_is_the_same_one_again(taught):
    desk = swollen(taught)
    looks(desk, [*quiet(60, 15), *[400] * 15], 15)
    assert desk.reasons == ["suspected", "resolved", "reopened"] and len(desk.state.incidents) == 1


# ── what they teach, and leave alone ─────────────────────────────────────────────────────────────────────────────


def test_a_week_of_minutes_at_once_is_a_week_of_lessons(taught):
    live = TestDesk()
    for start in range(-WEEK, 0, 10):  # the same week, heard as it went by
        live.hears(*[count(minute, usual_day(minute)) for minute in range(start, start + 10)], minute=start + 10)
    assert live.told == []
    late, told = taught.volumes, live.state.volumes
    for name in ("seen", "heard", "spread"):
        np.testing.assert_allclose(getattr(late, name)[0], getattr(told, name)[0], rtol=0.02, atol=0.02)
    np.testing.assert_allclose(late.usual[0], told.usual[0], rtol=0.05)
    np.testing.assert_allclose(late.usual[0, -120:].mean(), 20 * DAYLIGHT[12:14].mean(), rtol=0.1)


def test_what_was_told_before_teaches_nothing_again(taught):
    desk = desk_of(taught)
    before = desk.state.volumes.profile(0)
    desk.hears(*[count(minute, usual_day(minute)) for minute in range(-WEEK, 0)], minute=1)
    assert desk.state.volumes.profile(0) == before


def test_a_past_told_in_pieces_in_any_order_teaches_the_same(taught):
    desk = TestDesk()
    days = [range(start, start + DAY) for start in range(-WEEK, 0, DAY)]
    for day in (*days[3:], *days[:3]):
        desk.hears(*[count(minute, usual_day(minute)) for minute in day], minute=0)
    assert desk.told == [] and len(desk.state.memory.volumes["x-search"].told) == 1
    for name in ("seen", "heard"):
        np.testing.assert_allclose(getattr(desk.state.volumes, name)[0], getattr(taught.volumes, name)[0], rtol=0.05, atol=0.05)


def test_no_alert_is_raised_for_what_is_told_a_quarter_of_an_hour_late(taught):
    told = {}
    for late in (1, 30):
        desk = desk_of(taught)
        for minute in range(20):
            heard = Coverage(id="c", source="x-search", at=at(minute + 1), to=at(minute + 1), of=270)
            desk.hears(count(minute - late + 1, 270), heard, minute=minute + 1)
        told[late] = desk.reasons
    assert told == {1: ["suspected"], 30: []}


def test_a_minute_told_again_is_corrected_and_not_added(taught):
    desk = desk_of(taught)
    desk.hears(count(0, 12), minute=1)
    desk.hears(count(0, 40), count(60, 10), minute=1)  # and what is still to come is nobody's to count
    assert desk.state.memory.volumes["x-search"].posts[-1] == 40


def test_counts_over_an_hour_are_spread_over_its_minutes(taught):
    desk = desk_of(taught)
    desk.hears(count(0, 600, minutes=60), minute=60)
    assert desk.state.memory.volumes["x-search"].posts[-60:] == (10.0,) * 60
    assert arrived(count(0, 600, minutes=60)) == at(60)  # in a recording it is known when the hour is over


def test_counts_leave_what_complaints_are_held_against_alone(taught):
    with_counts, without = desk_of(taught), TestDesk()
    for desk in (with_counts, without):
        for minute, by in enumerate(("ana", "luis", "eva", "joe", "pia", "tom")):
            extra = [count(minute - 1, 20)] if desk is with_counts else []
            desk.hears(say(by=by, minute=minute), *extra)
    one, other = with_counts.state.table, without.state.table
    assert one.rows == other.rows
    assert np.array_equal(one.counts, other.counts) and np.array_equal(one.usual, other.usual) and one.tests == other.tests
    assert [alert.facts for alert in with_counts.alerts] == [alert.facts for alert in without.alerts]


def test_a_jump_that_is_read_stands_beside_the_complaints_as_one_fact(taught):
    desk = desk_of(taught)
    looks(desk, [270] * 10, read=True)
    for minute, by in enumerate(("ana", "luis", "eva"), 10):
        desk.hears(say(by=by, minute=minute))
    (alert,) = desk.alerts
    assert alert.facts["volume"]["unread"] == "" and "posts" not in alert.detail.en


def test_a_restart_knows_what_was_counted_and_what_it_taught(taught):
    desk = desk_of(taught)
    looks(desk, [*quiet(200), *[270] * 2])
    profiles = {cell: desk.state.volumes.profile(row) for cell, row in desk.state.volumes.rows.items()}
    memory = msgspec.json.decode(msgspec.json.encode(desk.state.memory), type=type(desk.state.memory))
    again = TestDesk()
    again.state = restored(profiles, [], [], [], memory, Window())
    for one in (desk, again):
        looks(one, [270] * 13, 202)
    assert again.reasons == desk.reasons == ["suspected"]
    assert again.alerts == desk.alerts
    assert again.state.volumes.profile(0) == desk.state.volumes.profile(0)


def test_what_is_kept_of_counts_stays_small(taught):
    desk = desk_of(taught)
    for minute in range(0, 20_000, 10):
        desk.hears(count(minute, 10**9), minute=minute + 1)
    assert len(msgspec.json.encode(desk.state.memory.volumes)) < 8000


def test_hostile_numbers_break_nothing(taught):
    desk = desk_of(taught)
    odd = [(10**300, 1), (-5, 1), (7, 10**12), (7, -3), (0, 0)]
    desk.hears(*[count(minute, posts, minutes) for minute, (posts, minutes) in enumerate(odd)], minute=6)
    desk.waits(200, since=6)
    assert np.isfinite(desk.state.volumes.usual[0]).all() and np.isfinite(desk.state.volumes.seen[0]).all()
    heard = [Coverage(id="c", source="x-search", at=at(n), to=at(n), of=of, networks={"x": read}) for n, (of, read) in enumerate(odd, 201)]
    desk.hears(*heard, minute=207)
    desk.hears(say(by="ana", minute=208))


# ── in a recording ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_recording_can_say_how_many_posts_there_were_and_that_a_sample_of_them_was_read():
    lines = (
        b'{"kind": "volume", "id": "v:1", "source": "x-search", "network": "x", "posts": 4100, "minutes": 15, "at": "2026-03-12T12:00:00+01:00"}',
        b'{"kind": "coverage", "id": "c:1", "source": "x-search", "to": "2026-03-12T11:15:00Z", "networks": {"x": 300}, "of": 4100, "oldest": "2026-03-12T12:14:00+01:00", "at": "2026-03-12T11:15:00Z"}',
    )
    counted, sampled = wire.events(lines, source="replay", seen_at=None)
    assert counted == Volume(id="v:1", source="x-search", network="x", posts=4100, minutes=15, at=NOON)
    assert sampled == Coverage(id="c:1", source="x-search", at=at(15), to=at(15), networks={"x": 300}, of=4100, oldest=at(14))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('"kind": "volume", "posts": -1', "counts what cannot be; `posts` is 0 or more, `minutes` from 1 to 1440"),
        ('"kind": "volume", "posts": 1, "minutes": 0', "counts what cannot be; `posts` is 0 or more, `minutes` from 1 to 1440"),
        ('"kind": "volume"', "is not in the contract's shape: Object missing required field `posts`"),
        ('"kind": "coverage", "of": -1', "counts what cannot be; `of` and the counts in `networks` are 0 or more"),
        ('"kind": "coverage", "networks": {"x": -1}', "counts what cannot be; `of` and the counts in `networks` are 0 or more"),
    ],
)
def test_a_count_that_cannot_be_is_refused_with_what_it_should_be(line, why):
    raw = f'{{"id": "v:1", "source": "x-search", "at": "2026-03-12T11:00:00Z", {line}}}'.encode()
    assert list(wire.events([raw], source="replay", seen_at=None)) == [Refusal(source="replay", item="line 1", reason=why)]
