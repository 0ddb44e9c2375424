"""The recorded day is what its timeline says it is, and the file beside it is that day.

Expected times are written in UTC, by hand: on 12 March Madrid is one hour ahead.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from stdnum import iban, luhn
from stdnum.es import dni, nie

from carebot import wire
from carebot.demo import write_day
from carebot.demo.voices import Line, plain, posted
from carebot.model import Message, Notice, Probe, Status

OUTAGE_WORDS = re.compile(
    r"ca[ií]d[ao]\b|no (?:me )?(?:funciona|va|carga|abre|anda|jala|entra)\b|no me deja|\berror\b|rechaza|denegad|"
    r"\bdown\b|not working|can't (?:log|get) in|declined|crash|out of order",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def stories() -> dict[str, list[Line]]:
    return write_day.stories()


@pytest.fixture(scope="module")
def day() -> list[Line]:
    return write_day.day()


def said(day: list[Line]) -> list[Line]:
    return [line for line in day if "text" in line]


def utc(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-12T{clock}Z")


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_file_is_the_day_that_write_day_tells(day: list[Line]) -> None:
    assert gzip.decompress(write_day.FILE.read_bytes()).decode() == write_day.rendered(day)


def test_the_same_seed_is_the_same_day_and_another_seed_is_another(day: list[Line]) -> None:
    assert write_day.day(2026) == day
    assert write_day.day(7) != day


def test_carebot_reads_every_line_and_refuses_none(day: list[Line]) -> None:
    lines = gzip.decompress(write_day.FILE.read_bytes()).split(b"\n")
    kinds = Counter(type(event) for event in wire.events(lines, source="x", seen_at=None))

    assert kinds == {Message: len(said(day)), Probe: 597, Status: 2, Notice: 1}


def test_every_message_says_who_wrote_what_where_and_when(day: list[Line]) -> None:
    needed = {"id", "source", "brand", "author", "author_name", "lang", "text", "posted_at"}

    assert [line["id"] for line in said(day) if needed - line.keys() or not all(line[name] for name in needed)] == []


def test_ids_are_unique_and_name_their_network(day: list[Line]) -> None:
    assert max(Counter(line["id"] for line in day).values()) == 1
    assert [line["id"] for line in said(day) if line["id"].split(":")[0] != line["source"]] == []


def test_the_lines_come_in_the_order_they_were_seen_within_the_day_and_none_later_than_ten_minutes(day: list[Line]) -> None:
    order = [write_day.seen(line) for line in day]
    late = [datetime.fromisoformat(line["seen_at"]) - posted(line) for line in day if "seen_at" in line]

    assert order == sorted(order)
    assert order[0] >= "2026-03-11T23:00:00Z"
    assert order[-1] < "2026-03-12T23:05:00Z"
    assert len(late) == 24
    assert timedelta(minutes=2) <= min(late) <= max(late) <= timedelta(minutes=10)


def test_answers_and_reposts_come_after_what_they_are_about_and_in_its_conversation(day: list[Line]) -> None:
    by_id = {line["id"]: line for line in said(day)}
    answers = [line for line in said(day) if "in_reply_to" in line]

    assert len(answers) > 200
    for line in answers:
        asked = by_id[line["in_reply_to"]]
        assert posted(line) > posted(asked), line["id"]
        assert line["conversation"] == asked.get("conversation", asked["id"]), line["id"]
    for line in (line for line in said(day) if "repost_of" in line):
        original = by_id[line["repost_of"]]
        assert posted(line) > posted(original), line["id"]
        assert line["text"] == f"RT @{original['author']}: {original['text']}"


# ── the day as a whole ───────────────────────────────────────────────────────────────────────────────────────────


def test_each_story_has_its_size(stories: dict[str, list[Line]]) -> None:
    fixed = {
        "card": 18, "gripes": 7, "irony": 6, "recovered": 15, "afterwards": 4, "news": 3, "statements": 3, "moments": 7, "churn": 4,
        "hand_offs": 7, "promise": 3, "fraud": 4, "personal_data": 6, "hostile": 10, "outage": 249, "outage_answers": 25, "impostor": 8,
        "joke": 26, "chatter": 380, "praise": 90, "reviews": 40, "probes": 597, "announced": 3,
    }  # fmt: skip

    assert {story: len(stories[story]) for story in fixed} == fixed
    assert stories.keys() - fixed.keys() == {"questions", "complaints", "our_posts"}


def test_a_day_has_about_fifteen_hundred_messages_most_of_them_spanish_and_few_at_night(day: list[Line]) -> None:
    messages = said(day)
    night = [line for line in messages if utc("00:00:00") <= posted(line) < utc("05:00:00")]

    assert 1450 <= len(messages) <= 1550
    assert 0.8 < sum(line["lang"] == "es" for line in messages) / len(messages) < 0.9
    assert len(night) < 30


def test_the_desk_answers_nearly_all_most_at_once_some_hours_later_some_only_with_a_telephone_number(
    stories: dict[str, list[Line]],
) -> None:
    lines = stories["questions"] + stories["complaints"]
    asked = {line["id"]: line for line in lines if "in_reply_to" not in line}
    answers = [line for line in lines if line.get("by_brand")]
    waits = [(posted(line) - posted(asked[line["in_reply_to"]])).total_seconds() / 60 for line in answers]

    assert len(asked) == 270
    assert 0.85 < len(answers) / len(asked) < 0.95
    assert sum(wait < 15 for wait in waits) > 40
    assert 5 < sum(wait > 60 for wait in waits) < 30
    assert sum("900 00 00 00" in line["text"] for line in answers) > 5


def test_the_quiet_day_has_no_words_of_failure_but_seven_gripes_hours_apart(stories: dict[str, list[Line]]) -> None:
    quiet = [line for story in ("chatter", "praise", "questions", "complaints", "reviews", "our_posts") for line in stories[story]]
    gripes = sorted(posted(line) for line in stories["gripes"])

    assert [line["text"] for line in quiet if OUTAGE_WORDS.search(line["text"])] == []
    assert min(later - earlier for earlier, later in pairwise(gripes)) > timedelta(hours=1)


def test_nobody_uses_the_words_of_another_unless_they_mean_to(day: list[Line]) -> None:
    copied = [line for line in said(day) if "copia y pega" in line["text"].lower()]
    own = [line for line in said(day) if not {"by_brand", "repost_of", "in_reply_to"} & line.keys() and line not in copied]
    twice = {words: times for words, times in Counter(plain(line["text"]) for line in own).items() if times > 1}

    assert len({plain(line["text"]) for line in copied}) == 1
    assert len(copied) > 10
    assert twice == {}


# ── the stories ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_cards_are_declined_by_eighteen_people_one_every_six_to_ten_minutes_or_so(stories: dict[str, list[Line]]) -> None:
    times = [posted(line) for line in stories["card"]]
    gaps = [later - earlier for earlier, later in pairwise(times)]

    assert (times[0], times[-1]) == (utc("08:20:40"), utc("10:38:10"))
    assert timedelta(minutes=5) < min(gaps) <= max(gaps) < timedelta(minutes=11)
    assert len({line["author"] for line in stories["card"]}) == 18


def test_the_first_complaint_about_the_app_is_at_12_05_30_in_madrid_and_the_probe_was_first(stories: dict[str, list[Line]]) -> None:
    failing = [line["at"] for line in stories["probes"] if not line["ok"]]
    well = min(line["at"] for line in stories["probes"] if line["target"] == "app" and line["at"] > failing[-1])

    assert min(line["posted_at"] for line in stories["outage"]) == "2026-03-12T11:05:30Z" == write_day.named()["outage-1"]["posted_at"]
    assert (failing[0], failing[-1], well) == ("2026-03-12T11:04:00Z", "2026-03-12T12:10:00Z", "2026-03-12T12:12:00Z")
    assert {line["target"] for line in stories["probes"] if not line["ok"]} == {"app"}


def test_the_outage_is_three_posts_in_two_minutes_and_six_to_eight_a_minute_at_its_peak(stories: dict[str, list[Line]]) -> None:
    cries = stories["outage"]
    minutes = Counter(line["posted_at"][11:16] for line in cries)

    assert sum(posted(line) <= utc("11:07:30") for line in cries) == 3
    assert [minutes[f"11:{minute}"] for minute in range(25, 35)] == [7, 6, 8, 7, 6, 7, 8, 6, 7, 7]
    assert max(posted(line) for line in cries) < utc("12:20:00")
    assert len({line["author"] for line in cries}) > 190
    assert sum("repost_of" in line for line in cries) > 30
    assert sum(line.get("stars") == 1 for line in cries) > 10


def test_the_bank_says_it_knows_at_12_41_people_say_it_works_from_13_15_and_the_bank_at_13_25(stories: dict[str, list[Line]]) -> None:
    assert [line["posted_at"][11:] for line in stories["statements"]] == ["11:41:00Z", "12:14:00Z", "12:25:00Z"]
    assert all(line["by_brand"] for line in stories["statements"])
    assert min(posted(line) for line in stories["recovered"]) == utc("12:15:20")


def test_the_impostor_answers_people_who_complained_and_is_not_the_bank(stories: dict[str, list[Line]]) -> None:
    cries = {line["id"]: line for line in stories["outage"]}

    assert {(line["author"], line["author_name"]) for line in stories["impostor"]} == {("LumbreResponde_", "Lumbre Soporte 24h")}
    assert all(line["in_reply_to"] in cries and "by_brand" not in line for line in stories["impostor"])
    assert utc("11:30:00") <= posted(stories["impostor"][0]) <= posted(stories["impostor"][-1]) <= utc("12:00:00")


def test_one_joke_is_read_by_many_and_passed_on_25_times(stories: dict[str, list[Line]]) -> None:
    original, *reposts = stories["joke"]

    assert original["audience"] == 412_000
    assert [line["repost_of"] for line in reposts] == [original["id"]] * 25


def test_the_customer_who_leaves_wrote_three_times_and_nobody_answered(stories: dict[str, list[Line]], day: list[Line]) -> None:
    ids = {line["id"] for line in stories["churn"]}

    assert len({line["author"] for line in stories["churn"]}) == 1
    assert [line["id"] for line in day if line.get("in_reply_to") in ids] == []


def test_one_customer_is_handed_on_three_times_in_one_conversation(stories: dict[str, list[Line]]) -> None:
    assert [line.get("by_brand", False) for line in stories["hand_offs"]] == [False, True, False, True, False, True, False]
    assert len({line["conversation"] for line in stories["hand_offs"]}) == 1


def test_what_people_give_away_by_mistake_is_valid_so_that_hiding_it_is_tested(stories: dict[str, list[Line]]) -> None:
    text = " ".join(line["text"] for line in stories["personal_data"])

    assert luhn.is_valid("4111111111111111")
    assert "4111 1111 1111 1111" in text
    assert iban.is_valid("ES91 2100 0418 4502 0005 1332")
    assert "ES91 2100 0418 4502 0005 1332" in text
    assert dni.is_valid("12345678Z")
    assert nie.is_valid("X1234567L")
    assert all(given in text for given in ("12345678Z", "X1234567L", "600 123 456"))


def test_the_ten_hostile_ones_are_there_with_their_weapons(stories: dict[str, list[Line]]) -> None:
    text = json.dumps(stories["hostile"], ensure_ascii=False)

    for weapon in ("<!channel>", "<https://evil.example|bancolumbre.example>", "\u202e", "\u200b", "<script>", "DROP TABLE", "\\u001b[2J"):
        assert weapon in text, weapon
    assert max(len(line["text"]) for line in stories["hostile"]) == 3000
