"""What a source may still cost: everything, then a sample, then only a count, then nothing until the budget is new again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from carebot.config.schema import Budget
from carebot.model import Batch
from carebot.spending import Spent, after, allowance, to_recheck, told

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOMORROW, NEXT_MONTH = NOON + timedelta(hours=12), NOON + timedelta(days=10)


def spent(*, requests: int = 1, posts: int = 0, money: float = 0.0, at: datetime = NOON) -> Spent:
    return after(Spent(), Batch(source="x", requests=requests, posts=posts, money=money), at)


def test_a_source_without_a_budget_may_do_as_it_likes():
    left = allowance(None, spent(posts=10**6, money=10**6), NOON)
    assert left and (left.mode, left.requests, left.posts) == ("full", None, None)


@pytest.mark.parametrize(
    ("posts", "mode"), [(0, "full"), (790, "full"), (810, "sample"), (940, "sample"), (960, "counts"), (1000, None), (1200, None)]
)
def test_as_the_day_s_posts_run_out_it_reads_a_sample_then_counts_then_rests(posts: int, mode: str | None):
    left = allowance(Budget(posts_a_day=1000), spent(posts=posts), NOON)
    assert (left and left.mode) == mode
    assert left is None or left.posts == 1000 - posts
    new = allowance(Budget(posts_a_day=1000), spent(posts=posts), TOMORROW)
    assert new and (new.mode, new.posts) == ("full", 1000)


def test_money_is_counted_over_the_month_and_the_gravest_limit_holds():
    budget = Budget(posts_a_day=1000, money_a_month=10.0)
    for at in (NOON, TOMORROW):
        left = allowance(budget, spent(posts=10, money=9.6), at)
        assert left and left.mode == "counts"
    assert allowance(budget, spent(money=10.0), NOON) is None
    new = allowance(budget, spent(money=10.0), NEXT_MONTH)
    assert new and new.mode == "full"


def test_requests_that_are_used_up_end_the_day_without_a_sample_before():
    left = allowance(Budget(requests_a_day=100), spent(requests=99), NOON)
    assert left and (left.mode, left.requests) == ("full", 1)
    assert allowance(Budget(requests_a_day=100), spent(requests=100), NOON) is None


def test_what_each_look_costs_adds_up_over_the_day_and_its_money_over_the_month():
    look = Batch(source="x", requests=2, posts=100, money=0.5)
    twice = after(after(Spent(), look, NOON), look, NOON + timedelta(minutes=1))
    assert (twice.requests, twice.posts, twice.money) == (4, 200, 1.0)
    next_day = after(twice, look, TOMORROW)
    assert (next_day.requests, next_day.posts, next_day.money) == (2, 100, 1.5)
    assert after(next_day, look, NEXT_MONTH).money == 0.5


def test_staff_hear_of_each_turn_for_the_worse_once_a_day_and_of_no_other():
    budget, state, said = Budget(posts_a_day=1000), Spent(), []
    for _ in range(12):
        state, report = told("x", budget, after(state, Batch(source="x", posts=100), NOON), NOON)
        said.append(report.headline.en if report else "")
    assert [words for words in said if words] == [
        "x reads only a sample from now on", "x is not read any more: its budget is used up"
    ]  # fmt: skip
    state, report = told("x", budget, after(state, Batch(source="x", posts=100), TOMORROW), TOMORROW)
    assert report is None
    state, report = told("x", budget, after(state, Batch(source="x", posts=860), TOMORROW), TOMORROW)
    assert report and "00:00 UTC" in report.detail.en and "solo cuenta" in report.headline.es
    _, report = told("x", Budget(money_a_month=1.0), after(state, Batch(source="x", money=2.0), TOMORROW), TOMORROW)
    assert report and "1st" in report.detail.en


@pytest.mark.parametrize(
    ("used", "at", "most"),
    [
        (0, NOON, 20),  # the first tenth of the day's requests
        (95, NOON, 5),
        (100, NOON, 0),  # 1,440 looks are still to come, and 900 requests left
        (979, NOON + timedelta(hours=11, minutes=50), 1),  # 20 looks, and 21 requests
        (1000, NOON, 0),
    ],
)
def test_looking_up_again_never_takes_the_requests_that_listening_needs(used: int, at: datetime, most: int):
    every = timedelta(seconds=30)
    assert to_recheck(Budget(requests_a_day=1000), spent(requests=used), every, 20, at) == most
    assert to_recheck(None, spent(requests=used), every, 20, at) == 20
