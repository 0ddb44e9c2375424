"""Labels given by readers: a notation of letters, and a hash that says whether the text is still the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carebot.training import labelled
from carebot.training.labelled import Label, example, number
from carebot.understand.verdicts import HEADS

INVENTED = list(labelled.invented())


def test_every_invented_message_has_every_answer_and_is_said_once():
    assert len(INVENTED) > 1_000
    assert all(set(one.answers) == set(HEADS) and sum(one.mood) == 1 and one.service and one.symptom for one in INVENTED)
    assert len({one.text for one in INVENTED}) > 0.995 * len(INVENTED)


@pytest.mark.parametrize("lang", ["es", "en"])
@pytest.mark.parametrize("head", HEADS)
def test_every_question_has_yeses_in_both_languages(head: str, lang: str):
    assert sum(one.answers[head] for one in INVENTED if one.lang == lang) >= 20


def test_letters_say_what_is_true_and_everything_else_is_not():
    told = example("La app no va", "es", "annotated", Label("OC", "-", "app", "down"), 1.0)
    assert {head for head, share in told.answers.items() if share} == {"outage", "complaint"}
    assert (told.text, told.said, told.mood) == (" la app no va ", "La app no va", (1.0, 0.0, 0.0))


def test_a_letter_nobody_knows_is_refused_by_name():
    with pytest.raises(ValueError, match="'Z' is no letter of ours"):
        example("hola", "es", "annotated", Label("Z", "0", "none", "none"), 1.0)


def test_a_label_is_for_the_text_it_was_given_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stream = tmp_path / "streams" / "bank_es.jsonl"
    stream.parent.mkdir()
    stream.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in (("a", "No va la app"), ("b", "otra cosa"))))
    rows = [
        ["bank_es", name, "es", number("No va la app"), "O", "-", "app", "down", mark] for name, mark in (("a", "?"), ("b", ""), ("c", ""))
    ]
    monkeypatch.setattr(labelled, "_rows", lambda *_: iter([*rows, ["gone", "1", "es", "", "O", "-", "app", "down", ""]]))
    (found,) = labelled.annotated(tmp_path)
    assert (found.said, found.weight) == ("No va la app", labelled.UNSURE)


def test_no_label_file_holds_a_text():
    for row in labelled._rows("labels", "messages.tsv"):
        name, _, lang, hashed, letters, mood, *_ = row
        assert (len(row), len(hashed), lang in ("es", "en"), mood in "-0+") == (9, 16, True, True), name
        assert set(letters) <= {*labelled.LETTERS, "."}
