"""Missing is not zero: which minutes of which network were heard, whatever happened to the sources."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebot import wire
from carebot.decide.detecting import coverage
from carebot.decide.detecting.cells import minute_of
from carebot.decide.detecting.coverage import Ear, Ears, heard, listening, noted, of_rollup
from carebot.model import Coverage, Refusal
from tests.saying import NOON, at

START = minute_of(NOON)


def word(to: float | None, source: str = "forum", *, since: float | None = None, said: float | None = None, **more) -> Coverage:
    """A source's word; times are minutes after noon."""
    when = said if said is not None else to if to is not None else 0
    from_, until = (None if minute is None else at(minute) for minute in (since, to))
    return Coverage(id="c", source=source, at=at(when), from_=from_, to=until, **more)


def after(*words: Coverage, ears: Ears | None = None) -> Mapping[str, Ear]:
    known: Ears = ears or {}
    for one in words:
        known = noted(known, one)
    return known


def minutes(ears: Ears, network: str = "feed", first: int = 0, last: int = 9) -> str:
    """Minute by minute, first and last included: x heard, . not, a digit for so many tenths."""
    shares = heard(ears, network, START + first, last - first + 1)
    return "".join("x" if share == 1 else "." if share == 0 else str(round(share * 10)) for share in shares)


FEED = {"networks": {"feed": 10}}


def test_where_nobody_said_anything_everything_counts_as_heard():
    assert minutes({}) == "xxxxxxxxxx"
    assert minutes(after(word(3, **FEED)), network="x") == "xxxxxxxxxx"  # nobody is known to bring it


def test_after_a_sources_last_word_nothing_is_heard():
    assert minutes(after(word(0, **FEED), word(3))) == "xxxx......"


def test_a_source_that_is_back_with_what_it_missed_has_heard_the_gap_late():
    down = after(word(0, **FEED), word(2))
    assert minutes(down) == "xxx......."
    assert minutes(after(word(8), ears=down)) == "xxxxxxxxx."


def test_what_can_never_be_read_stays_a_gap():
    gap = after(word(2, **FEED), word(8, since=6))
    assert minutes(gap) == "xxx...xxx."
    assert minutes(after(word(9), ears=gap)) == "xxx...xxxx"


def test_a_second_sweep_that_reaches_further_back_closes_what_it_covers():
    gap = after(word(2, **FEED), word(8, since=6))
    assert minutes(after(word(9, since=5), ears=gap)) == "xxx..xxxxx"


def test_somebody_says_what_was_not_heard_of_a_source_that_has_no_heartbeat():
    assert minutes(after(word(None, **FEED), word(6, since=2, heard=False))) == "xx....xxxx"


def test_what_is_sent_to_us_has_no_heartbeat_and_is_heard():
    assert minutes(after(word(None, source="contact-form", networks={"web_form": 3})), network="web_form") == "xxxxxxxxxx"


def test_a_wrong_clock_does_not_claim_the_future():
    assert minutes(after(word(500, said=3, **FEED))) == "xxxx......"


def test_of_two_sources_of_one_network_the_part_is_heard_that_is_usually_brought_by_the_one_that_hears():
    both = after(word(9, networks={"x": 30}), word(4, source="other", networks={"x": 10}))
    assert minutes(both, network="x") == "xxxxx88888"
    np.testing.assert_allclose(heard(both, "x", START, 10)[5:], 0.75)
    assert minutes(listening(both, ["forum", "notes"]), network="x") == "xxxxxxxxxx"  # the rules no longer name the other


def test_what_is_missing_twice_of_one_source_is_missing_once():
    both = after(word(9, networks={"x": 10}), word(3, source="other", networks={"x": 10}))
    gap = after(word(9, source="other", since=2, heard=False), word(8, source="other", since=5, heard=False), ears=both)
    assert minutes(gap, network="x") == "xx55555555"


def test_what_a_source_brought_long_ago_weighs_less():
    week = 7 * 1440
    moved = after(word(0, networks={"x": 40}), word(week, source="new", networks={"x": 10}), word(week, networks={"feed": 1}))
    np.testing.assert_allclose(heard(after(word(week + 5, source="new"), ears=moved), "x", START + week + 3, 1), 1 / 3, rtol=1e-3)


def test_an_hour_counts_as_far_as_it_was_heard():
    gap = after(word(10, **FEED), word(100, since=40))  # minutes 11 to 39 are gone
    hour = START // 60 * 60
    assert [heard(gap, network, first, 60).mean() for network, first in (("feed", hour), ("feed", hour + 60), ("x", hour + 60))] == (
        pytest.approx([31 / 60, 41 / 60, 1])
    )


def test_a_roll_up_is_heard_by_the_share_of_its_traffic_that_is():
    ears = after(word(9, **FEED), word(4, source="x-mentions", networks={"x": 1}))
    parts = {network: heard(ears, network, START, 10) for network in ("feed", "x")}
    assert list(of_rollup({"feed": 30, "x": 10}, parts)) == [1.0] * 5 + [0.75] * 5
    assert list(of_rollup({}, parts)) == [1.0] * 5 + [0.5] * 5  # nothing is known of the traffic: each the same


# ── samples ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_minutes_of_which_a_sample_was_read_are_heard_by_its_share():
    ears = after(word(1, **FEED), word(4, networks={"feed": 60}, of=120), word(5, networks={"feed": 30}, of=100), word(9, **FEED))
    assert minutes(ears) == "xx553xxxxx"
    shares = heard(
        after(word(1, **FEED), word(4.5, networks={"feed": 20}, of=100), word(9, networks={"feed": 9}, of=90)), "feed", START, 10
    )
    np.testing.assert_allclose(shares, [1, 1, 0.2, 0.2, (10 / 3 + 1) / (50 / 3 + 10), *[0.1] * 5], rtol=1e-3)


def test_a_page_of_the_newest_was_read_whole_and_what_was_posted_before_it_not_at_all():
    ears = after(word(0, **FEED), *(word(end, networks={"feed": 100}, of=500, oldest=at(end - 1)) for end in (5, 10)))
    np.testing.assert_allclose(heard(ears, "feed", START + 5, 5), [0, 0, 0, 0, 1], atol=0.02)
    assert coverage.sample(ears, ["feed"], START + 6, START + 9) == (98, 399)


def test_a_sample_of_everything_is_everything():
    assert after(word(0, **FEED), word(3, networks={"feed": 50}, of=50)) == after(word(0, **FEED), word(3, networks={"feed": 50}))


def test_what_is_only_counted_is_not_heard_and_whatever_comes_of_it_all_the_same_is_not_held_against_it():
    ears = after(word(1, **FEED), word(4, of=900))
    assert minutes(ears) == "xx........"
    assert coverage.read(ears, "feed", START, 10).tolist() == [1.0] * 10


def test_when_all_is_read_again_the_minute_in_which_that_began_counts_as_heard():
    sampled = after(word(0.5, **FEED), word(1.5, networks={"feed": 5}, of=50), word(2.5, networks={"feed": 5}, of=50))
    assert minutes(sampled, last=2) == "x11"
    assert minutes(after(word(3.5, **FEED), ears=sampled), last=3) == "x1xx"


def test_a_gap_in_the_midst_of_a_sample_is_a_gap():
    ears = after(word(0, **FEED), word(6, networks={"feed": 60}, of=120), word(4, since=2, said=6, heard=False))
    assert minutes(ears, last=5) == "x5..55"


def test_a_sample_of_what_was_missed_is_heard_by_its_share():
    gap = after(word(2, **FEED), word(8, since=6))
    assert (
        minutes(after(word(9, since=3, networks={"feed": 30}, of=60), ears=gap)) == "xxx555xxx5"
    )  # of the minute that has only begun, too


def test_of_two_sources_the_one_that_is_sampled_weighs_what_it_would_have_brought():
    both = after(word(1, networks={"x": 30}), word(9, source="other", networks={"x": 30}), word(9, networks={"x": 3}, of=30))
    shares = heard(both, "x", START + 2, 7)
    np.testing.assert_allclose(shares, (0.1 * 60 + 30) / 90, rtol=1e-3)
    np.testing.assert_allclose(coverage.read(both, "x", START + 2, 7), shares)


def test_how_many_were_read_of_how_many_is_known_for_any_stretch():
    ears = after(word(0, **FEED), word(5, networks={"feed": 50}, of=500), word(10, networks={"feed": 100}, of=400), word(12, of=600))
    assert coverage.sample(ears, ["feed", "x"], START + 5, START + 9) == pytest.approx((100, 400), rel=0.01)
    assert coverage.sample(ears, ["feed"], START + 1, START + 20) == pytest.approx(
        (144, 1444), rel=0.01
    )  # of the minute that was heard before, nothing
    assert coverage.sample(ears, ["x"], START, START + 20) == (0, 0)
    assert [coverage.unread(ears["forum"], START + minute, 15) for minute in (9, 10, 11, 12)] == [0, 0, 1, 2]


# ── how much is kept ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_kept_stays_small_whatever_strangers_send():
    ears: Ears = {}
    for number in range(3000):
        flood = {f"network-{number}-{more}": more + 1 for more in range(20)} | {"x" * 5000: 9}
        ears = noted(ears, word(2 * number, since=2 * number, networks=flood))  # every second minute is never heard
    assert len(msgspec.json.encode(ears)) < 4000
    assert min(first for first, _ in ears["forum"].gaps) >= START + 2 * 2999 - coverage.KEPT


def test_samples_are_forgotten_like_gaps():
    ears: Ears = {}
    for number in range(3000):
        ears = noted(ears, word(number / 3, networks={"feed": 10**9 + number}, of=10**12))
    assert len(ears["forum"].partly) == coverage.KEPT + 1
    assert len(msgspec.json.encode(ears)) < 20_000
    assert after(word(5000, **FEED), ears=ears)["forum"].partly == () and after(word(5000, **FEED), ears=ears)["forum"].said_to == 0


def test_what_is_known_survives_a_restart():
    ears = after(word(2, **FEED), word(8, since=6), word(9, networks={"feed": 1}, of=3), word(None, source="form", networks={"web": 2}))
    assert msgspec.json.decode(msgspec.json.encode(ears), type=dict[str, Ear]) == ears


@given(
    st.lists(
        st.tuples(
            st.floats(0, 300),
            st.none() | st.floats(-40, 40),
            st.booleans(),
            st.sampled_from(["a", "b"]),
            st.integers(0, 9),
            st.floats(0, 50),
        ),
        max_size=12,
    ),
    st.integers(-100, 400),
)
def test_a_share_is_a_share_and_knowing_is_not_changed(told, first):
    ears: Ears = {}
    for to, back, was_heard, source, of, oldest in sorted(told, key=str):
        before = msgspec.json.encode(ears)
        since = 0 if back is None and not was_heard else None if back is None else min(to, to - back)
        said = word(to, source, since=since, heard=was_heard, networks={"feed": 1}, of=of, oldest=at(to - oldest))
        known = noted(ears, said)
        assert msgspec.json.encode(ears) == before
        ears = known
    for shares in (heard(ears, "feed", START + first, 60), coverage.read(ears, "feed", START + first, 60)):
        assert shares.shape == (60,) and shares.min() >= 0 and shares.max() <= 1
    assert coverage.read(ears, "feed", START + first, 60).min() > 0


# ── in a recording ───────────────────────────────────────────────────────────────────────────────────────────────


def lines(*text: str) -> list[object]:
    return list(wire.events([line.encode() for line in text], source="replay", seen_at=None))


def test_a_recording_can_say_how_far_a_source_was_heard():
    (told,) = lines(
        '{"kind": "coverage", "id": "c:1", "source": "forum", "from": "2026-03-12T12:00:00+01:00", "to": "2026-03-12T11:40:00Z",'
        ' "heard": false, "networks": {"feed": 3}, "at": "2026-03-12T11:40:00Z"}'
    )
    assert told == Coverage(id="c:1", source="forum", at=at(40), from_=NOON, to=at(40), heard=False, networks={"feed": 3})
    assert minutes(noted({}, told), last=41) == "." * 40 + "xx"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('"heard": false', "says that something was not heard, but not when; write `from` and `to`"),
        ('"from": "2026-03-12T11:00:00Z", "to": "2026-03-12T10:00:00Z"', "ends before it begins; write the earlier time in `from`"),
        ('"to": "2026-03-12T10:00:00"', "has no time zone in `to`; write 2026-03-12T11:05:30Z"),
        ('"networks": ["feed"]', "is not in the contract's shape: Expected `object`, got `array` - at `$.networks`"),
    ],
)
def test_coverage_that_cannot_be_understood_is_refused_with_what_to_write(more, why):
    (told,) = lines(f'{{"kind": "coverage", "id": "c:1", "source": "forum", "at": "2026-03-12T11:00:00Z", {more}}}')
    assert told == Refusal(source="replay", item="line 1", reason=why)
