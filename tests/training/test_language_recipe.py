"""A desk that wants another language's slang can teach it: the same recipe on a folder of its own."""

from __future__ import annotations

import gettext
from pathlib import Path

import numpy as np
import pytest

from carebot.training.language import Example, collected, fit, learnt, plausible, rounded, translations, varied
from carebot.understand.language import LANGUAGES, Model, packed, pieces

CATALAN = ("No puc entrar al compte", "Algú em pot ajudar amb això?", "Encara espero els diners", "Quina vergonya de servei")
ENGLISH = ("I cannot get into my account", "Can somebody help me with this?", "Still waiting for the money", "What a shameful service")


def taught(*texts: tuple[str, str]) -> list[Example]:
    return [Example(language, text, "umsab") for language, text in texts]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "text" / "umsab" / "english"
    place.mkdir(parents=True)
    for name in ("spanish", "english", "french", "german", "italian", "portuguese"):
        (place.parent / name).mkdir(exist_ok=True)
        (place.parent / name / "train_text.txt").write_text("\n".join(ENGLISH) + "\n", encoding="utf-8")
    return tmp_path


def test_two_languages_are_told_apart_after_eight_sentences():
    examples = taught(*(("ca", text) for text in CATALAN), *(("en", text) for text in ENGLISH))
    weights = rounded(fit(*varied(examples, seed=1), bits=12, epochs=4))
    model = Model(packed(weights["weights"]), float(weights["scale"]))
    heard = model.scores(pieces(["Algú pot ajudar?", "somebody help with the account"])).argmax(axis=1)
    assert [LANGUAGES[language] for language in heard] == ["ca", "en"]


def test_the_same_texts_teach_the_same_weights():
    examples = taught(*(("ca", text) for text in CATALAN), *(("en", text) for text in ENGLISH))
    once, again = (fit(*varied(examples, seed=1), bits=10, epochs=2) for _ in range(2))
    assert np.array_equal(once, again)


def test_an_english_tweet_among_german_ones_is_left_out():
    examples = taught(*(("ca", text) for text in CATALAN), *(("en", text) for text in ENGLISH))
    weights = fit(*varied(examples, seed=1), bits=12, epochs=8)
    stray = Example("ca", "Still waiting for somebody to help me get the money", "umsab")
    assert plausible([*examples, stray], weights) == examples


def test_what_it_is_judged_by_is_not_learnt(folder):
    said: list[str] = []
    learnt(folder, None, [*ENGLISH[1:], "@someone i cannot get into my ACCOUNT!"], said.append)
    everything = [example for example in collected(folder, None) if example.source == "umsab"]
    assert len(everything) == 4
    kept = next(line for line in said if "in the language their set says" in line)
    assert int(kept.split()[0]) == len(collected(folder, None)) - 4


def test_a_missing_set_is_named_and_skipped(folder):
    said: list[str] = []
    collected(folder, None, said.append)
    assert any(line.startswith("banking77: skipped") for line in said)


def test_what_a_program_says_on_its_screens_is_read_in_each_language(tmp_path):
    place = tmp_path / "shop" / "locale" / "ca" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.mo").write_bytes(_catalogue("Forgot your password?", "Heu oblidat la contrasenya?"))
    tables = tmp_path / "house" / "translations"
    tables.mkdir(parents=True)
    (tables / "pt-BR-1.json").write_text('{"door": {"open": "A porta está aberta"}}', encoding="utf-8")
    assert sorted(translations(tmp_path)) == [
        ("ca", "Heu oblidat la contrasenya?"),
        ("en", "Forgot your password?"),
        ("pt", "A porta está aberta"),
    ]


def _catalogue(key: str, says: str) -> bytes:
    """A gettext file of one message: https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html"""
    texts = [text.encode() for text in ("", key, "Content-Type: text/plain; charset=UTF-8\n", says)]
    ends = np.cumsum([len(text) + 1 for text in texts]) + 28 + 8 * len(texts)
    index = [(len(text), end - len(text) - 1) for text, end in zip(texts, ends.tolist(), strict=True)]
    head = [(0x950412DE, 0), (2, 28), (44, 0)]
    return np.array([*head, (28, 0)], "<u4").tobytes()[:28] + np.array(index, "<u4").tobytes() + b"\0".join(texts) + b"\0"


def test_gettext_reads_what_the_test_above_writes(tmp_path):
    (tmp_path / "a.mo").write_bytes(_catalogue("yes", "sí"))
    with (tmp_path / "a.mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("yes") == "sí"
