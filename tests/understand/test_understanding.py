"""The figures page says how sure each figure is, who had seen the messages before, and what could not be had."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.bars import bars
from benchmarks.chart import chart
from benchmarks.figures import Figure, by_chance, counted, off, on_the_card, scored, shown, table
from benchmarks.understanding import DOCS, PAGE, PICTURE, said, write
from carebot.training.card import f1
from carebot.training.model import Example

MOODS = ("sentiment", "TweetEval", "macro recall")
SPANISH = ("sentiment", "UMSAB es", "macro F1")


def figure(who: str, value: float, low: float | None = None, high: float | None = None, asked=MOODS, knew: str = "") -> Figure:
    what, on, score = asked
    return Figure(what=what, on=on, score=score, who=who, value=value, low=low, high=high, knew=knew)


def speed(who: str, a_second: float) -> Figure:
    return figure(who, a_second, asked=("speed", "care_gold", "messages/s"))


FOUND = [
    *(speed(who, a_second) for who, a_second in (("fast tier", 16_000), ("full tier", 150), ("VADER", 9_000), (peers.SIZE, 10))),
    *(figure(who, value, value - 0.02, value + 0.02) for who, value in (("fast tier", 0.667), ("full tier", 0.731), ("VADER", 0.57))),
    *(
        figure(who, value, value - 0.05, value + 0.05, SPANISH)
        for who, value in (("fast tier", 0.56), ("full tier", 0.62), ("VADER", 0.35))
    ),
]


def test_a_hundred_messages_say_less_than_ten_thousand():
    few, many = (counted(MOODS, "us", n * 9 // 10, n) for n in (100, 10_000))
    assert few.value == many.value == 0.9
    assert few.low < many.low < 0.9 < many.high < few.high


def test_a_score_lies_within_its_interval_and_a_perfect_one_has_none_to_spare():
    right = np.array([True, False] * 100)
    said_ = right.copy()
    said_[:40] = ~said_[:40]
    one = scored(MOODS, "us", f1, right, said_)
    assert one.value == pytest.approx(0.8)
    assert one.low < one.value < one.high
    assert shown(scored(MOODS, "us", f1, right, right)) == "100.0 (100.0–100.0)"


def test_who_says_ninety_percent_and_is_right_half_the_time_is_off_by_forty():
    p, right = np.full(1000, 0.9), np.arange(1000) % 2 == 0
    assert shown(off(("outage", "x", "ECE"), "us", p, right, "*")) == "0.400*"
    assert 0.0 < by_chance(("outage", "x", "ECE"), p).value < 0.03


def test_a_figure_that_knew_the_messages_is_marked_and_one_that_is_missing_is_left_blank():
    found = [figure("lexicon", 0.5), figure("fast tier", 0.667, 0.64, 0.69, knew="*"), speed("fast tier", 16_000)]
    columns = [("TweetEval", MOODS), ("messages/s", ("speed", "care_gold", "messages/s"))]
    assert table("Sentiment", columns, found) == [
        "",
        "Sentiment",
        "                 TweetEval  messages/s",
        "  lexicon             50.0",
        "  fast tier  66.7 (64–69)*      16,000",
    ]
    assert table("Nothing of it", [("?", ("a", "b", "c"))], found) == []


def test_the_honest_scores_are_taken_from_the_model_card():
    page = """
| question | set | language | yes | F1 lexicon | F1 fast tier | AP | ECE | F1 full tier | AP | ECE |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| outage | care_gold | es | 105 | 86.0 (80–91) | 87.7 (82–92) | 92.6 | 0.036 | 91.2 (86–95) | 95.0 | 0.031 |
| outage | annotated | es | 900 | 70.0 (68–72) | 80.0 (78–82) | 90.0 | 0.020 | 85.0 (80–89) | 92.0 | 0.020 |
"""
    told = {(one.who, one.on, one.score): one for one in on_the_card(page)}
    assert set(told) == {(f"{tier} tier, in folds", "care_gold es", score) for tier in ("fast", "full") for score in ("F1", "AP", "ECE")}
    assert shown(told["full tier, in folds", "care_gold es", "F1"]) == "91.2 (86–95)"
    assert shown(told["fast tier, in folds", "care_gold es", "ECE"]) == "0.036"
    assert list(on_the_card("# A card of another time\n\n| question | language |\n| --- | --- |\n| outage | es |\n")) == []


def test_the_picture_shows_every_reader_and_says_which_score_cannot_be_had():
    drawn = chart(
        [("TweetEval", [one for one in FOUND if one.asked == MOODS])],
        {one.who: one.value for one in FOUND if one.what == "speed"},
        ["fast tier"],
    )
    picture = ElementTree.fromstring(drawn)
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"fast tier 66.7", "full tier 73.1", "VADER 57.0", peers.SIZE, "10/s; its score cannot be had here"} <= set(words)
    x = {dot.get("cy"): float(dot.get("cx")) for dot in picture.iter("{http://www.w3.org/2000/svg}circle")}
    assert len(x) == 3
    slow, middle, fast = sorted(x.values())
    assert (middle - slow) / (fast - middle) == pytest.approx(np.log(9_000 / 150) / np.log(16_000 / 9_000), rel=0.01)
    assert "background" not in drawn
    assert set(re.findall(r"#[0-9a-f]{6}", drawn)).isdisjoint({"#000000", "#ffffff"})


def test_the_page_takes_the_tables_and_the_picture_of_a_run(tmp_path: Path):
    (tmp_path / PAGE).parent.mkdir()
    (tmp_path / PAGE).write_text("# Why\n\n```text\nof last year\n```\n\nThe end.\n", encoding="utf-8")
    found = [*FOUND, *bars()]
    write(tmp_path, found, said(found, {"fastText": "pip install it"}))
    page = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert page.startswith("# Why\n\n```text\n20")
    assert page.endswith("```\n\nThe end.\n")
    assert "of last year" not in page
    assert re.search(r"fast tier +66\.7 \(65–69\) +56\.0 \(51–61\) +16,000\n", page)
    assert re.search(r"\(reach, full tier\) +72\.0 +63\.0\n", page)
    assert "missing: fastText. pip install it" in page
    ElementTree.parse(tmp_path / PICTURE)


def test_the_page_in_the_docs_has_a_place_for_both():
    page = (DOCS / PAGE).read_text(encoding="utf-8")
    assert page.count("```text\n") == 1
    assert f"../{PICTURE}" in page


def test_fasttext_learns_from_what_it_is_given():
    pytest.importorskip("fasttext")
    said_ = [(f"la app no va {n}", 1.0) for n in range(40)] + [(f"que buen dia {n}", 0.0) for n in range(40)]
    guess = peers.fasttext_yes([Example(text, "es", "examples", {"outage": yes}) for text, yes in said_], "outage")
    broken, fine = guess([" la app no va ", " que buen dia "])
    assert broken > fine


def test_the_command_shows_an_example():
    done = subprocess.run([sys.executable, "-m", "benchmarks.understanding", "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "example: python -m benchmarks.understanding" in done.stdout
