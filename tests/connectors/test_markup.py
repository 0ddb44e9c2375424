"""HTML becomes what a reader sees, at once, whatever is in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.markup import MAX_TEXT, words_of


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>uno</p><p>dos</p>", "uno\ndos"),
        ("uno<br/>dos<br>tres", "uno\ndos\ntres"),
        ("<style>p{}</style>hola<script>if (1 < 2) x('</p>')</script> adiós", "hola adiós"),
        ("I <3 this, 2 < 3 & 4 > 3", "I <3 this, 2 < 3 & 4 > 3"),
        ("uno<!-- <p>no</p> -->dos<!-- nunca", "unodos"),
        ("&lt;b&gt; &eacute; &#233; &#xD800; &nope;", "<b> é é � &nope;"),
        ('<a href="x">enlace</a>', "enlace"),
        ("", ""),
    ],
)
def test_html_becomes_what_a_reader_sees(markup: str, words: str) -> None:
    assert words_of(markup) == words


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "</", "<![", "<?", "&", "<a b='", "<script>", "<!DOCTYPE", "-->", "&#", "\n", "<p>"])
def test_markup_made_to_hurt_is_through_in_no_time(piece: str) -> None:
    started = time.process_time()
    words_of(piece * 1_000_000)
    assert time.process_time() - started < 0.5


@given(st.text())
def test_any_text_becomes_words(markup: str) -> None:
    assert len(words_of(markup)) <= MAX_TEXT
