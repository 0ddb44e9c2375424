"""When only a sample is read: what it teaches, what it is held against, what the desk is told, and the way back to everything."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel

from carebot.config.load import read
from carebot.decide.detecting import baseline, detect, lessons, surroundings
from carebot.decide.detecting.cells import WIDTH, Cell, Table, minute_of
from carebot.model import Coverage
from tests.decide.listening import DAY, HOUR, MONDAY, hear, listened, world
from tests.saying import RULES, TestDesk, at, say

DAYS, SHARE = 6, 0.1
CELL = [Cell("lumbre")]


def an_ordinary_week(seed: int = 5) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Two complaints a minute, the share of each minute that was read, and what was read: a tenth of every other six hours, on every
    other day of the others."""
    chance = np.random.default_rng(seed)
    posted = chance.poisson(2.0, (1, DAYS * DAY))
    share = np.where((np.arange(DAYS * DAY) // (6 * HOUR) + np.arange(DAYS * DAY) // DAY) % 2, SHARE, 1.0)[None, :]
    return posted, share, chance.binomial(posted, share)


def heard_so(counts: NDArray[np.int64], share: NDArray[np.float64]) -> Table:
    def minutes(_: object, first: int, long: int) -> NDArray[np.float64]:
        places = np.clip(np.arange(first, first + long) - MONDAY, 0, share.shape[1] - 1)
        return share[:, places]

    return listened(counts, CELL, world(read=minutes, heard=lambda cells, hour: minutes(cells, hour * 60, 60).mean(axis=1)))


def test_sampled_hours_teach_the_rate_that_full_ones_do():
    posted, share, sampled = an_ordinary_week()
    full, part = (heard_so(counts, each) for counts, each in ((posted, np.ones_like(share)), (sampled, share)))
    unaware = heard_so(sampled, np.ones_like(share))
    assert baseline.an_hour(part)[0] == pytest.approx(baseline.an_hour(full)[0], rel=0.05)
    assert baseline.an_hour(unaware)[0] < 0.7 * baseline.an_hour(full)[0]
    assert part.heard.sum() < 0.6 * full.heard.sum()  # and they count for less


def test_going_back_to_full_is_no_excursion_and_strays_no_further():
    posted, share, sampled = an_ordinary_week()
    full, part, unaware = (
        heard_so(counts, each) for counts, each in ((posted, np.ones_like(share)), (sampled, share), (sampled, np.ones_like(share)))
    )
    assert part.tail[0, 0] <= full.tail[0, 0] + 1 < unaware.tail[0, 0]
    np.testing.assert_allclose(detect.spread_of(part.spread), detect.spread_of(full.spread), rtol=0.3)


def nats(table: Table, counts: NDArray[np.int64], share: float) -> float:
    """The evidence of the last of these minutes, of which such a share was read."""
    now = table.draft()
    hear(now, counts[None, :], MONDAY + DAYS * DAY)
    read = np.ones((1, WIDTH))
    read[:, -len(counts) :] = share
    return float(lessons.evidence(now, [0], MONDAY + DAYS * DAY + len(counts) - 1, MONDAY, read, None, read).nats[0])


def test_a_tenth_of_a_crisis_is_a_crisis_and_a_tenth_of_an_ordinary_hour_is_none():
    posted, share, _ = an_ordinary_week()
    table, chance = heard_so(posted, np.ones_like(share)), np.random.default_rng(7)
    ordinary, crisis = chance.poisson(2.0, 20), chance.poisson(20.0, 20)
    sampled = chance.binomial(crisis, SHARE)
    assert nats(table, sampled, SHARE) > 20 and nats(table, sampled, 1.0) < 5
    assert nats(table, chance.binomial(ordinary, SHARE), SHARE) < 5


# ── at the desk ──────────────────────────────────────────────────────────────────────────────────────────────────


def looks(desk: TestDesk, minutes: range, read: int, of: int = 0, people: int = 0) -> None:
    """A look a minute at X, and so many complaints in it."""
    for minute in minutes:
        said = [say(by=f"p{minute}-{n}", minute=minute + n / (people + 1)) for n in range(people)]
        word = Coverage(id="c", source="x-search", at=at(minute + 0.9), to=at(minute + 0.9), networks={"x": read}, of=of)
        desk.hears(*said, word, minute=minute + 0.95)


def test_the_card_says_how_many_were_read_of_about_how_many():
    desk = TestDesk()
    looks(desk, range(-5, 0), 20)
    looks(desk, range(3), 30, of=410, people=1)
    alert = desk.alerts[-1]
    assert (alert.reason, alert.facts["count"]) == ("suspected", 3)
    read, of = alert.facts["sampled"].values()
    assert (read, of) == pytest.approx((3 * 30, 3 * 410), rel=0.2)  # from the first complaint on
    assert f"; only {read} of about {round(of, -2):,} posts were read." in alert.detail.en
    assert f"; solo se han leído {read} de unas {round(of, -2)} publicaciones." in alert.detail.es


def test_where_all_was_read_nothing_is_said_of_a_sample():
    desk = TestDesk()
    looks(desk, range(-5, 0), 20)
    looks(desk, range(3), 30, people=1)
    assert "sampled" not in desk.alerts[-1].facts and "sampled" not in desk.alerts[-1].detail.en


def test_an_incident_of_which_a_tenth_is_read_ends_when_that_tenth_is_silent():
    over = {}
    for of in (0, 300):
        desk = TestDesk()
        looks(desk, range(-5, 0), 30)
        looks(desk, range(40), 30, of=of, people=1)
        looks(desk, range(40, 200), 30, of=of)
        over[of] = next(alert.at for alert in desk.alerts if alert.reason == "resolved")
    late = (over[300] - over[0]).total_seconds() / 60
    assert 0 <= late <= 45  # a tenth says it later, and still says it


def test_an_incident_that_goes_on_is_not_over_because_less_of_it_is_read():
    desk = TestDesk()
    looks(desk, range(-5, 0), 100)
    looks(desk, range(30), 100, people=5)
    chance = np.random.default_rng(3)
    for minute in range(30, 120):
        looks(desk, range(minute, minute + 1), 10, of=100, people=int(chance.poisson(0.5)))
    assert desk.reasons[-1] != "resolved" and next(iter(desk.state.incidents.values())).phase == "confirmed"


def test_to_read_everything_again_is_no_growth():
    told = {}
    for after in (1, 10):  # complaints a minute that are read in the end; the same, or ten times as many
        desk = TestDesk()
        looks(desk, range(-5, 0), 100)
        looks(desk, range(30), 10, of=100, people=1)
        before = len(desk.told)
        looks(desk, range(30, 33), 100, people=after)
        told[after] = desk.reasons[before:]
    assert told == {1: [], 10: []}
    looks(desk, range(33, 45), 100, people=40)  # but this is
    assert "grew" in desk.reasons[before:]


def test_a_sample_of_another_brands_posts_says_nothing_of_ours():
    source = "sources:\n  - {name: x-faro, kind: any, brand: Banco Faro, control: true}\nservices:"
    book, problems = read(RULES.replace("services:", source), kinds={"any": lambda: type("Options", (BaseModel,), {})})
    assert book, problems
    desk = TestDesk()
    desk.rules = book
    words = [Coverage(id="c", source=name, at=at(9), to=at(9), networks={"x": 10}, of=of) for name, of in (("x-ours", 0), ("x-faro", 200))]
    desk.hears(*(Coverage(id="c", source=word.source, at=at(0), to=at(0), networks={"x": 10}) for word in words), minute=0)
    desk.hears(*words, minute=9)
    cells = [Cell("Banco Lumbre", source="x"), Cell("Banco Faro", source="x")]
    heard = surroundings.heard(desk.state, cells, minute_of(at(2)), 5, desk.rules)
    assert heard is not None
    np.testing.assert_allclose(heard, [[1.0] * 5, [0.05] * 5], rtol=0.01)
