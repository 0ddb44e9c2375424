"""What a stranger writes, made safe to keep and easy to compare."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebot.understand.normalise import LONGEST, fingerprint, plain, tame


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("La app no funciona", "La app no funciona"),
        ("línea uno\r\nlínea dos\ttab", "línea uno\nlínea dos\ttab"),
        ("se ca\u200byó\u00ad la\u2060 app", "se cayó la app"),
        ("\u202egro.knab\u202c", "gro.knab"),
        ("half \ud83d a pair", "half \ufffd a pair"),
        ("null\x00 byte \x1b[31mred", "null byte [31mred"),
        ("ｔａｒｊｅｔａ ４１１１", "tarjeta 4111"),
        ("4\ufe0f1\ufe0f1", "411"),
        ("familia 👨\u200d👩\u200d👧 ❤\ufe0f", "familia 👨\u200d👩\u200d👧 ❤\ufe0f"),
    ],
)
def test_nothing_invisible_or_reversed_is_kept(written, kept):
    assert tame(written) == kept


@pytest.mark.parametrize(
    "hostile",
    [
        "e" + "\u0301" * 1_000_000,
        "a" + "\u0301\u200b" * 500_000,
        "\u0f71\u0f74" * 500_000,
        "ﷺ" * 1_000_000,
        "\ud800" * 1_000_000,
        "\u202e" * 1_000_000,
    ],
    ids=["accents", "accents with joiners", "tibetan", "one character that becomes eighteen", "halves", "reversals"],
)
def test_a_megabyte_of_anything_is_tamed_in_a_moment(hostile):
    started = time.process_time()
    kept = tame(hostile)
    plain(kept)
    assert time.process_time() - started < 0.5
    assert len(kept) <= LONGEST


def test_a_tall_stack_of_accents_is_cut_but_vietnamese_is_not():
    assert len(tame("e" + "\u0335" * 50)) <= 5
    assert tame("Tiếng Việt ngã ba") == "Tiếng Việt ngã ba"


@given(st.text(max_size=200))
def test_taming_twice_changes_nothing_and_leaves_nothing_unseen(text):
    once = tame(text)
    assert tame(once) == once
    assert not any(character in once for character in "\u200b\u202e\u2066\x00\r\ud800")
    once.encode()


@pytest.mark.parametrize(
    ("written", "looked_up"),
    [
        ("La app NO funcionaaaaa!!!! @banco https://x.es/1", " la app no funcionaa ! ! @ / "),
        ("¿Está caída? 😡😡👎🏻", " esta caida ? 😡 😡 👎 "),
        ("I can't log in… it’s “down” &amp; slow", " i cant log in its down slow "),
        ("mi tarjeta [card 411111…1111] del niño", " mi tarjeta del nino "),
        ("#MalServicio a_b 1000 €", " malservicio a b 1000 "),
        ("", "  "),
    ],
)
def test_phrases_are_looked_up_in_small_letters_without_accents(written, looked_up):
    assert plain(tame(written)) == looked_up


@given(st.text(max_size=200))
def test_plain_text_has_one_space_between_words_and_at_both_ends(text):
    words = plain(tame(text))
    assert words == f" {' '.join(words.split())} "
    assert words == words.lower()


def test_copies_and_retweets_of_the_same_words_are_one():
    said = fingerprint(plain("La app de @banco no funciona desde ayer por la tarde https://t.co/a"))
    assert said == fingerprint(plain("RT @ana: la APP de @otro no funciona, desde ayer por la tarde!! https://t.co/b 😡"))
    assert said != fingerprint(plain("La app de @banco no funciona desde hoy por la tarde"))
    assert 0 < said < 2**63


def test_a_flight_number_makes_it_another_matter():
    assert fingerprint(plain("Mi vuelo IB3456 a Bilbao sigue sin salir, ya van tres horas")) != fingerprint(
        plain("Mi vuelo IB3457 a Bilbao sigue sin salir, ya van tres horas")
    )


@pytest.mark.parametrize(
    "said", ["No funciona 😡 @banco", "la app no funciona", "@banco @otro la app no funciona!! ? ? ? 😡 😡 desde hoy https://x.es"]
)
def test_who_says_the_same_few_words_has_the_trouble_too_and_is_no_copy(said):
    assert fingerprint(plain(said)) == 0
