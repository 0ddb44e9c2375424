"""What the second opinion thinks of messages. Every sentence is invented."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.understand.linear import LANGUAGES, MOODS, Blend, Table, answered, blended, load, packed, picked, spoken
from carebot.understand.ngrams import hashed
from carebot.understand.normalise import plain, tame
from carebot.understand.verdicts import HEADS, SERVICES, SYMPTOMS

LINEAR = load()
WIDTH = len(HEADS) + len(MOODS)


def outage(*said: str) -> list[float]:
    return LINEAR.scores([plain(tame(text)) for text in said]).heads[:, HEADS.index("outage")].tolist()


def negative(*said: str) -> list[float]:
    moods = LINEAR.scores([plain(tame(text)) for text in said]).heads[:, len(HEADS) :]
    return (moods[:, MOODS.index("negative")] - moods[:, MOODS.index("positive")]).tolist()


# ── what it hears ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "said",
    [
        "la aplicasion no fucniona desde ayer",
        "no m deja entrr a la app",
        "yor app is daown agan",
        "cant loggin to the wesbite",
        "no jaala la app wey",
    ],
)
def test_a_misspelt_outage_is_still_nearer_to_an_outage_than_chatter_is(said: str):
    wrong, *chatter = outage(said, "feliz viernes a todos", "just landed in Leeds, weather is grey", "vendo moto en Bogotá")
    assert wrong > max(chatter) + 1


def test_anger_and_delight_are_told_apart_in_both_languages():
    angry = negative("qué asco de servicio, son unos ladrones", "worst airline ever, never again")
    glad = negative("excelente atención, muchas gracias, son los mejores", "amazing crew, thank you so much, love it")
    assert min(angry) > 1
    assert max(glad) < -1


def test_every_question_and_the_whole_vocabulary_is_answered():
    scores = LINEAR.scores([" la app no funciona "])
    assert LINEAR.heads.names == (*HEADS, *MOODS)
    assert (LINEAR.service.names, LINEAR.symptom.names) == (SERVICES, SYMPTOMS)
    assert (scores.heads.shape, scores.service.shape, scores.symptom.shape) == ((1, WIDTH), (1, len(SERVICES)), (1, len(SYMPTOMS)))


def test_it_can_show_the_words_that_moved_it():
    moved = LINEAR.moved_by(plain("hola buenas tardes, la aplicasion no funciona desde ayer"), "outage")
    assert {"no", "funciona"} <= set(moved)
    assert "hola" not in moved
    assert LINEAR.moved_by("  ", "outage") == ()


# ── what must hold for any text ──────────────────────────────────────────────────────────────────────────────────

texts = st.lists(st.text(max_size=60).map(lambda text: plain(tame(text))), max_size=8)


@given(texts)
@settings(max_examples=60, deadline=None)
def test_a_message_means_the_same_alone_and_in_a_batch(batch: list[str]):
    together = LINEAR.scores(batch).heads
    alone = [LINEAR.scores([text]).heads[0].tolist() for text in batch]
    assert together.tolist() == alone


@given(texts)
@settings(max_examples=60, deadline=None)
def test_every_message_has_a_score(batch: list[str]):
    scores = LINEAR.scores(batch)
    assert len(scores.heads) == len(scores.service) == len(scores.symptom) == len(batch)
    assert np.isfinite(scores.heads).all()


def test_more_messages_than_are_read_at_a_time_come_back_in_order():
    batch = [f" mensaje {number} sobre la app " for number in range(1100)]
    assert LINEAR.scores(batch).heads[1099].tolist() == LINEAR.scores(batch[1099:]).heads[0].tolist()


def test_no_message_no_score_and_an_empty_one_the_score_of_silence():
    assert LINEAR.scores([]).heads.shape == (0, WIDTH)
    assert LINEAR.scores([""]).heads.tolist() == LINEAR.scores(["  "]).heads.tolist()


@pytest.mark.parametrize("said", ["x" * 10_000, "a b " * 2_500, "no " * 3_000, "😡 " * 5_000])
def test_no_message_is_long_enough_to_make_a_sum_run_over(said: str):
    chance = np.random.default_rng(1)
    weights = chance.integers(-127, 128, (2**10, 4)).astype(np.int8)
    weights[:, 0], weights[:, 1] = 127, -127
    table = Table(("high", "low", "any", "more"), packed(weights), np.ones(4), np.zeros(4))
    hashes, first = hashed([plain(tame(said))])
    added = weights[hashes & np.uint32(2**10 - 1)].astype(np.int64).sum(axis=0)
    assert table.sums(hashes, first)[0].tolist() == added.tolist()
    assert added[0] == 127 * len(hashes)


def test_pieces_are_3_to_5_letters_words_and_pairs_and_never_cross_into_the_next_word():
    def pieces(text: str) -> set[int]:
        return set(hashed([text])[0].tolist())

    # " no", "no ", " no " and the word; the first is what every message has.
    assert len(pieces(" no ")) == 1 + 3 + 1
    assert pieces(" no va ") > pieces(" no ") | pieces(" va ")
    assert len(pieces(" no va ") - pieces(" no ") - pieces(" va ")) == 1  # the pair
    assert pieces(" no va ") != pieces(" va no ")


def test_only_the_beginning_of_an_endless_message_is_read():
    start = "la app no funciona " * 80
    assert np.array_equal(hashed([plain(start + "gracias " * 500)])[0], hashed([plain(start + "nunca " * 500)])[0])


# ── two opinions ─────────────────────────────────────────────────────────────────────────────────────────────────


def same(a: float, b: float, c: float = 0.0, d: float = 0.0) -> Blend:
    shape = (len(LANGUAGES), WIDTH)
    return Blend(np.full(shape, a), np.full(shape, b), np.full(shape, d), np.full(shape, c), np.full(shape, -0.5))


def test_a_blend_can_be_the_lexicon_alone_or_both_halves():
    lexicon, linear = np.full((2, WIDTH), 2.0), np.full((2, WIDTH), -4.0)
    assert (blended(lexicon, linear, same(1, 0), ["es", "en"]) == lexicon).all()
    assert (blended(lexicon, linear, same(0.5, 0, d=0.5), ["es", "en"], np.full((2, WIDTH), 6.0)) == 4.0).all()
    assert (blended(lexicon, linear, same(0.5, 0.5, 0.25), ["es", "en"]) == -0.75).all()


def test_each_language_is_weighed_by_its_own_numbers_and_unknown_ones_share_theirs():
    blend = same(1, 0)
    blend.shift[:] = np.array([[1.0], [2.0], [3.0]])
    nothing = np.zeros((4, WIDTH))
    assert blended(nothing, nothing, blend, ["es", "en", "pt", "und"])[:, 0].tolist() == [1.0, 2.0, 3.0, 3.0]
    assert spoken(["en", "es", "", "xx"]).tolist() == [1, 0, 2, 2]


def test_the_answer_is_yes_above_the_threshold_of_its_question_and_language():
    blend = same(1, 0)
    blend.threshold[1] = 0.5
    logits = np.full((3, WIDTH), 0.25)
    assert answered(logits, blend, ["es", "en", "pt"])[:, 0].tolist() == [True, False, True]


def test_a_service_of_the_rules_file_is_not_talked_over_by_what_was_learnt_without_it():
    lexicon = np.array([[0.5, 2.0, 3.0], [0.5, 2.0, 0.0]])  # none, app, and a name of the rules file
    linear = np.array([[-5.0, 5.0], [5.0, -5.0]])
    assert picked(lexicon, linear, 0.2).argmax(axis=1).tolist() == [2, 0]
    assert (picked(lexicon, linear, 0) == lexicon).all()


def test_an_opinion_never_turns_against_either_of_the_two():
    assert (LINEAR.blend.lexicon >= 0).all()
    assert (LINEAR.blend.linear >= 0).all()


# ── what it costs ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_weights_are_small_enough_to_ship():
    folder = resources.files("carebot.understand").joinpath("weights")
    assert sum(len(entry.read_bytes()) for entry in folder.iterdir() if entry.name.endswith(".npz")) < 5_000_000


def test_importing_it_loads_no_weights_and_nothing_heavy():
    code = "import sys, carebot.understand.linear as l; print([m for m in ('torch', 'scipy', 'carebot.training') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout.strip() == "[]"
