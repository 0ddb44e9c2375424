"""The sentences we wrote ourselves, and how they are typed."""

from __future__ import annotations

import random

import pytest

from carebot.training.written import bare, examples, files, patterns, typed
from carebot.understand.verdicts import HEADS

EXAMPLES = examples(each=12)


def test_the_same_seed_gives_the_same_examples_and_another_seed_others():
    assert examples(each=3, seed=4) == examples(each=3, seed=4)
    assert {e.text for e in examples(each=3, seed=4)} != {e.text for e in examples(each=3, seed=5)}


def test_spanish_is_at_least_half_and_every_question_has_yeses_in_both_languages():
    spanish = [example for example in EXAMPLES if example.lang == "es"]
    assert 0.5 <= len(spanish) / len(EXAMPLES) <= 0.65
    for lang in ("es", "en"):
        for head in set(HEADS) - {"unrelated", "news", "advert"}:  # those need more than a pattern: test_labelled
            yes = [e for e in EXAMPLES if e.lang == lang and e.answers.get(head) == 1]
            assert len(yes) >= 15, (lang, head)


def test_no_two_examples_are_the_same_text():
    assert len({example.text for example in EXAMPLES}) == len(EXAMPLES) > 2000


def test_what_a_heading_does_not_name_is_no_and_a_machine_names_its_service():
    (pattern,) = patterns("[outage complaint negative symptom=down lang=es]\nno (jala|anda) {machine}\n")
    assert {head for head, share in pattern.answers.items() if share} == {"outage", "complaint"}
    assert (pattern.lang, pattern.mood, pattern.service, pattern.symptom) == ("es", "negative", "", "down")
    failing = {example.service for example in EXAMPLES if example.symptom == "down"}
    assert failing - {"other"} == {"app", "web", "login", "card", "atm", "transfer", "payment", "phone", "network", "booking"}


def test_a_line_without_a_heading_is_a_mistake_of_ours():
    with pytest.raises(AssertionError, match="no heading above 'se cayó la app'"):
        list(patterns("se cayó la app"))


def test_accents_go_as_on_a_phone_in_a_hurry():
    assert bare("¿Se cayó la línea, mañana también?") == "¿Se cayo la linea, manana tambien?"


def test_a_typed_sentence_still_resembles_itself():
    chance = random.Random(3)
    for _ in range(200):
        words = set(typed("la aplicación del banco no funciona desde ayer", "es", chance).lower().split())
        assert len(words & {"la", "aplicación", "del", "banco", "no", "funciona", "desde", "ayer"}) >= 4


def test_every_file_of_sentences_is_read():
    assert files() == ["chatter.txt", "desk.txt", "grievances.txt", "outages.en.txt", "outages.es.txt", "people.txt", "short.txt"]
