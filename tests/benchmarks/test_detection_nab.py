"""NAB's scoring, against examples worked out by hand, and carebot's way through its series."""

import math

import numpy as np
import pytest

from benchmarks.detection import nab, nab_score
from benchmarks.detection.bakeoff import QUICK
from benchmarks.detection.nab_score import PROFILES, Labelled, Profile, best
from benchmarks.detection.tables import text

STANDARD, LOW_FP, LOW_FN = PROFILES.values()
LENGTH = 200  # the first 30 are not scored
MOST = 2 / (1 + math.exp(-5)) - 1


def alarmed(*at, windows=((100, 119),)):
    scores = np.zeros(LENGTH)
    scores[list(at)] = 1
    return Labelled(scores, windows)


def at_one(series, profile):
    """The score at the threshold 1: anything lower raises everything."""
    lowered = [one._replace(scores=np.where(one.scores > 0, 1.0, -np.inf)) for one in series]
    return best(lowered, profile)[0]


def test_the_worth_of_an_alarm_is_what_the_description_says():
    assert nab_score.worth(np.array([-1.0, -0.5, 0.0, 1.0, 3.0, 9.0])) == pytest.approx([0.98661, 0.84828, 0, -0.98661, -1, -1], abs=1e-5)


def test_silence_is_nothing_and_every_window_at_once_without_a_false_alarm_is_a_hundred():
    silent = Labelled(np.full(LENGTH, -np.inf), ((100, 119), (150, 159)))
    perfect = alarmed(100, 150, windows=((100, 119), (150, 159)))
    for profile in PROFILES.values():
        assert best([silent], profile)[0] == 0
        assert best([perfect], profile) == (pytest.approx(100), 1.0)


def test_an_alarm_in_the_middle_of_a_window_is_worth_less_and_a_second_one_nothing():
    # the eleventh of twenty: position −(119 − 110 + 1)/20 = −.5, so 2/(1 + e^−2.5) − 1 over the most there is; missed costs 1
    half = (2 / (1 + math.exp(-2.5)) - 1) / MOST
    assert at_one([alarmed(110)], STANDARD) == pytest.approx(100 * (half + 1) / 2)
    assert at_one([alarmed(110, 111, 119)], STANDARD) == at_one([alarmed(110)], STANDARD)
    assert at_one([alarmed(110)], LOW_FN) == pytest.approx(100 * (half + 2) / 3)


def test_a_false_alarm_costs_in_full_far_away_and_less_just_behind_a_window():
    assert at_one([alarmed(100, 50)], STANDARD) == pytest.approx(100 * (1 - 0.11 + 1) / 2)  # before any window
    assert at_one([alarmed(100, 50)], LOW_FP) == pytest.approx(100 * (1 - 0.22 + 1) / 2)
    behind = 2 / (1 + math.exp(5 * 2 / 19)) - 1  # two behind the last of twenty
    assert at_one([alarmed(100, 121)], STANDARD) == pytest.approx(100 * (1 + 0.11 * behind + 1) / 2)


def test_what_comes_in_the_probation_neither_earns_nor_costs():
    assert nab_score.probation(LENGTH) == 30
    assert nab_score.probation(15_902) == 750
    assert at_one([alarmed(100, 3, 17, 29)], STANDARD) == pytest.approx(100)
    early = alarmed(100, windows=((10, 20), (100, 119)))  # nobody can miss a window that is not scored
    assert at_one([early], STANDARD) == pytest.approx(100)


def test_one_threshold_serves_all_series_and_is_the_best_one():
    loud, quiet = np.zeros(LENGTH), np.zeros(LENGTH)
    loud[[100, 60]] = 9, 5  # found at 9, wrong at 5
    quiet[100] = 4
    series = [Labelled(loud, ((100, 119),)), Labelled(quiet, ((100, 119),))]
    score, threshold = best(series, STANDARD)
    assert threshold == 4  # a false alarm is cheaper than a missed window
    assert score == pytest.approx(100 * (4 - 0.11) / 4)
    assert best(series, Profile(found=1, false=3, missed=1)) == (pytest.approx(50), 9.0)


def test_a_value_is_spread_over_its_five_minutes_and_none_is_lost():
    values = np.array([3, 0, 250, 7])
    heard = nab.as_messages(values, np.random.default_rng(1))
    assert heard.counts[0, :20].reshape(-1, 5).sum(axis=1).tolist() == [3, 0, 250, 7]
    assert heard.counts[0, 20:].sum() == 0
    assert heard.watched().sum() == 20


def test_who_speaks_once_speaks_again_only_when_it_is_worse():
    told = nab.once(np.array([1.0, 5, 4, 5, 6, *[2] * 72, 3]))
    assert np.flatnonzero(told > -np.inf).tolist() == [0, 1, 4, 77]


@pytest.mark.data
@pytest.mark.skipif(not nab.FOLDER.exists(), reason="the series are not beside the checkout")
def test_the_ten_series_have_their_windows_and_chance_is_worth_little():
    series = list(nab.mentions(nab.FOLDER))
    assert len(series) == 10
    assert sum(len(one.windows) for one in series) == 33
    found = list(nab.nab(QUICK, lambda _: None, detector=lambda made: made.counts.astype(np.float32)))
    score = {(one.who, one.profile): one.score for one in found if not one.once}
    assert score["at random", "standard"] < score["windowed Gaussian", "standard"] < 75
    assert "[published] ARTime" in "\n".join(text(nab.nab_tables(found)))


def test_without_the_series_it_says_so_and_measures_nothing(tmp_path):
    said = []
    assert list(nab.nab(QUICK, said.append, folder=tmp_path / "nowhere")) == []
    assert "skipped" in said[0]
    assert "not measured" in "\n".join(text(nab.nab_tables([])))
