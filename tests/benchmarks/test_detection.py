"""The bake-off of detectors: the simulated streams are what they say, the oracle is the limit, and carebot is judged by its own functions."""

import math
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

from benchmarks.detection import alarms, bakeoff, lateness, oracle, ours, peers, report, streams
from benchmarks.detection.bakeoff import ORACLE, OURS, Run
from benchmarks.detection.dots import dots
from benchmarks.detection.drawing import drawn
from benchmarks.detection.streams import DAY, KINDS, WARM_UP, WEEK, Waves, clean, with_incidents
from benchmarks.detection.tables import text
from carebot.decide.detecting import lessons
from carebot.decide.detecting.cells import Cell, Table
from carebot.decide.incidents.phases import CONFIRM_FACTOR

STILL = Waves(sigma=0.0)


@pytest.mark.parametrize("rate", [0.02, 2.0, 50.0])
def test_a_stream_has_the_rate_it_is_asked_for_and_a_tenth_more_scatter_than_chance(rate):
    made = clean(rate, 24, (1,), weeks=2)
    assert made.truth[:, :WEEK].mean() == pytest.approx(rate, rel=0.1)
    assert made.counts.mean() == pytest.approx(made.truth.mean(), rel=0.05)
    assert ((made.counts - made.truth) ** 2).mean() / made.truth.mean() == pytest.approx(1.1, rel=0.03)


def test_the_waves_are_as_high_as_asked_and_forget_in_an_hour():
    raised, calm = (np.log(clean(1.0, 60, (2,), waves, weeks=1).truth) for waves in (Waves(), STILL))
    wave = raised - calm  # the same seed: all but the waves is the same
    assert wave.std() == pytest.approx(0.35, rel=0.05)
    assert wave.mean() == pytest.approx(-(0.35**2) / 2, abs=0.02)
    together = np.corrcoef(wave[:, :-60].ravel(), wave[:, 60:].ravel())[0, 1]
    assert together == pytest.approx(math.exp(-1), abs=0.06)


def test_a_smoothed_value_is_the_recursion_written_out():
    values = np.random.default_rng(1).normal(size=(3, 250))
    slow = np.zeros((3, 250))
    for minute in range(250):
        slow[:, minute] = 0.9 * (slow[:, minute - 1] if minute else 0) + 0.2 * values[:, minute]
    assert np.allclose(streams.smoothed(values, 0.9, 0.2), slow)


def test_nights_are_quieter_than_afternoons_and_sundays_than_mondays():
    week = clean(1.0, 40, (3,), STILL, weeks=1).truth.mean(axis=0)
    assert week[3 * 60] < 0.3 * week[15 * 60]
    assert week[6 * DAY :].mean() < 0.8 * week[:DAY].mean()


def test_five_more_in_ten_minutes_is_five_more_and_ten_times_is_ten_times():
    five, ten = KINDS["+5 in 10 min"], KINDS["×10"]
    assert streams.extra(five, np.full(120, 0.002))[:10].sum() == pytest.approx(5)
    assert streams.extra(ten, np.full(120, 2.0))[4:60].tolist() == [18.0] * 56
    broken = with_incidents(2.0, ten, 10, (4,))
    minutes = broken.onsets[:, :, None] + np.arange(120)
    rows = np.arange(10)[:, None, None]
    wanted = (broken.truth[rows, minutes] + streams.extra(ten, broken.truth[rows, minutes])).sum()
    assert broken.counts[rows, minutes].sum() == pytest.approx(wanted, rel=0.02)


def test_incidents_start_by_day_every_second_day_after_the_warm_up():
    onsets = with_incidents(0.1, KINDS["×3"], 5, (5,)).onsets
    assert onsets.shape == (5, 14)
    assert ((onsets - WARM_UP) // DAY == 2 * np.arange(14)).all()
    assert ((onsets % DAY >= 7 * 60) & (onsets % DAY < 22 * 60)).all()


def test_streams_of_other_seeds_differ_and_of_the_same_seed_do_not():
    first, again, other = (clean(0.5, 2, key, weeks=1).counts for key in ((1, 1), (1, 1), (1, 2)))
    assert (first == again).all()
    assert (first != other).any()


# ── alarms ───────────────────────────────────────────────────────────────────────────────────────────────────────


def scored(*at, length=2000):
    scores = np.zeros((1, length), np.float32)
    scores[0, list(at)] = 5
    return alarms.Peaks(scores, np.ones((1, length), np.bool_))


@pytest.mark.parametrize(
    ("at", "counted"),
    [((100,), 1), ((100, 160), 1), ((100, 161), 2), (tuple(range(100, 340)), 1), (tuple(range(100, 341)), 2), ((), 0)],
)
def test_an_alarm_is_new_after_an_hour_of_quiet_and_again_after_four_hours(at, counted):
    assert scored(*at).alarms(5) == counted


def test_a_threshold_lets_through_what_it_is_allowed_and_no_lower_one_would_do():
    scores = np.random.default_rng(6).exponential(size=(4, 30 * DAY)).astype(np.float32)
    peaks = alarms.Peaks(scores, np.ones(scores.shape, np.bool_))
    bar = peaks.threshold(3.0)
    assert peaks.alarms(bar) <= 3 * peaks.months
    assert peaks.alarms(float(np.nextafter(np.float32(bar), np.float32(0)))) <= 3 * peaks.months  # no score lies between
    below = scores[scores < bar].max()
    assert peaks.alarms(float(below)) > 3 * peaks.months


def test_an_alarm_in_the_minute_of_the_onset_is_one_minute_late_and_an_onset_in_an_alarm_is_left_out():
    made = streams.Streams(0.1, np.zeros((1, 900), np.int32), np.ones((1, 900)), np.array([[100, 300, 500, 700]]))
    scores = np.zeros((1, 900), np.float32)
    scores[0, [100, 309, 690, 705]] = 1
    assert alarms.delays(scores, made, 1.0).tolist() == [1.0, 10.0, math.inf]
    assert alarms.quantile(np.array([1.0, 10.0, math.inf]), 0.5) == 10
    assert alarms.quantile(np.array([1.0, math.inf]), 0.5) == math.inf


# ── detectors ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_log_gamma_is_that_of_the_standard_library():
    at = np.array([1e-3, 0.3, 1.0, 2.5, 7.0, 50.0, 1e4])
    assert np.allclose(oracle.log_gamma(at), [math.lgamma(z) for z in at], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", ["×3", "+5 in 10 min"])
def test_the_oracle_is_the_best_of_all_starts_within_the_hour(kind):
    made = clean(2.0, 1, (7,), weeks=1)
    told, asked = oracle.matched(made, KINDS[kind]), 5000
    x, usual, felt = made.counts[0], made.truth[0], streams.shape(KINDS[kind].ramp)

    def chance(count, mean):
        return math.lgamma(count + mean / 0.1) - math.lgamma(mean / 0.1) - mean / 0.1 * math.log(1.1)

    def since(age):
        minutes = range(asked - age, asked + 1)
        raised = [usual[t] + felt[k] * (2 * usual[t] if kind == "×3" else 0.5) for k, t in enumerate(minutes)]
        return sum(chance(int(x[t]), more) - chance(int(x[t]), usual[t]) for t, more in zip(minutes, raised, strict=True))

    assert told[0, asked] == pytest.approx(max(since(age) for age in range(60)), rel=1e-4)


def test_carebot_is_judged_by_what_its_own_functions_say():
    made = msgspec.structs.replace(clean(0.5, 1, (8,), weeks=1), first=0)
    told = ours.present(made)[0]
    table, alarmed, compared = Table(), {0: np.array([-DAY]), math.log(CONFIRM_FACTOR): np.array([-DAY])}, 0
    world = lessons.World(ours.ZONE, ours.MONDAY, frozen=lambda _, hour: tuple(at + ours.OPEN > hour * 60 for at in alarmed.values()))
    for minute, count in enumerate(made.counts[0].tolist(), ours.MONDAY):  # as the loop does it: minute by minute
        lessons.advance(table, minute, world)
        lessons.join(table, [Cell("0")], world)
        table.count(0, minute, count)
        if count:
            found = lessons.evidence(table, [0], minute, ours.MONDAY)
            said = -math.log(lessons.false_alarms(table, [0], found)[0])
            for bar, at in alarmed.items():
                at[said >= bar and found.count >= ours.SHIPPED.people] = minute
            if minute >= ours.MONDAY + DAY and found.count[0] >= ours.SHIPPED.people:
                assert told[minute - ours.MONDAY] == pytest.approx(said, abs=0.01)
                compared += 1
    assert compared > 1000


def test_reading_at_once_says_the_same_as_not_asking_when_it_was_read():
    made = msgspec.structs.replace(clean(0.5, 1, (9,), weeks=2), first=WEEK)
    counts = made.counts[0]
    posted = np.repeat(np.arange(len(counts)), counts)
    at, said = ours.judged_when_read(counts, posted, posted)
    told = ours.present(made)[0, at]
    late = at >= WEEK
    assert np.allclose(said[late], told[late], atol=1e-3)


def test_a_deaf_source_reads_its_backlog_at_the_first_poll_after():
    deaf = np.zeros(300, np.bool_)
    deaf[100:140] = True
    read = lateness.read_at(np.array([98, 101, 139, 141] * 500), deaf, np.random.default_rng(1))
    assert (read >= np.array([98, 101, 139, 141] * 500)).all()
    assert (read % 5 == 0).all()
    assert not ((read >= 100) & (read < 140)).any()
    assert (read[1::4] == 140).mean() > 0.8


@pytest.mark.parametrize("name", peers.peers())
def test_a_peer_notices_a_flood_and_looks_at_no_minute_to_come(name):
    detector = peers.peers()[name]
    made = clean(0.5, 2, (10,), weeks=9)
    flooded = made.counts.copy()
    flooded[:, 85_000:86_000] += 30
    before, after = detector(made), detector(streams.Streams(0.5, flooded, made.truth, made.onsets))
    assert np.array_equal(before[:, :85_000], after[:, :85_000])
    assert (after[:, 85_900] > before[:, 85_900]).all()


# ── all of it ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def found():
    field = {OURS: ours.present, "static": peers.static, "ratio": peers.time_of_day}
    return list(
        bakeoff.measured(
            Run(calibrate=2, test=2, incidents=3, rates=(0.02,), kinds=("+5 in 10 min", "+2/min ramp", "×10")), lambda _: None, field
        )
    )


def test_nobody_is_faster_than_the_oracle_on_average(found):
    assert bakeoff.times_the_oracle(found, ORACLE) == (1.0, 0)
    for who in (OURS, "static", "ratio"):
        assert bakeoff.times_the_oracle(found, who)[0] > 1


def test_the_tables_and_the_picture_name_every_detector(found):
    page = "\n".join(text([*report.bakeoff(found), *report.hopeless(found)]))
    picture = ElementTree.fromstring(drawn(report.panels(found)))
    labels = {one.text for one in picture.iter("{http://www.w3.org/2000/svg}text")}
    for who in (OURS, "static", "ratio"):
        assert who in page
        assert who in labels
    assert not any("rect" in one.tag for one in picture.iter())  # nothing behind it: it suits dark pages too


def test_every_case_is_a_line_of_dots_with_carebot_s_right_of_the_limit_s(found):
    cases = report.pairs(found)
    picture = ElementTree.fromstring(dots(cases))
    circles = [float(one.get("cx")) for one in picture.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(cases) == 3
    assert len(circles) == 6
    limits, ours_ = circles[::2], circles[1::2]
    assert sum(ours_) > sum(limits)


def test_without_streams_to_set_a_threshold_on_a_detector_is_judged_as_shipped_only():
    _, to_judge, with_kind = bakeoff.simulated(Run(calibrate=1, test=1, incidents=1, kinds=("×10",)), 10.0)
    found = list(bakeoff.judged("static", lambda made: peers.static(made) - 500, None, to_judge, with_kind, shipped=True))
    assert [(one.who, one.kind, one.allowed) for one in found] == [("static, as shipped", "×10", None)]


# ── heard late ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backlog_counted_by_when_it_was_said_is_no_burst():
    quiet = msgspec.structs.replace(clean(0.2, 1, (5,), weeks=3), first=WEEK)
    scores, deaf = lateness._scored(quiet, lateness.POLLED, np.random.default_rng(3))
    read_again = quiet.watched() & lateness._just_after(deaf)
    assert (scores[read_again] > -np.inf).any()
    assert (scores[read_again] < 0).all()
