"""A change of the rules file, proposed: only lines added, in the file's own manner, and a file that can be read afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.config.load import read
from carebot.config.proposal import proposed

FILE = """brand: {name: Banco Lumbre}
rules:
  - {name: in-braces, when: outage}  # short
  - name: dashes
    when: outage
    ignores:
      - me gusta la app
    services: [app]
  - name: brackets
    when: outage
    ignores: [me gusta]
  - name: nothing-yet
    when: outage
    matches:
      - la app no va
# what follows is ours
services:
  app: {name: {es: la app, en: the app}}
"""
RULES = ["in-braces", "dashes", "brackets", "nothing-yet"]
HOSTILE = 'el "club" no va: <!channel> #1 {x} [y] `z` *b* \\n'


def applied(text: str, diff: str) -> str:
    """The file after `patch`: a reader of diffs that is not the writer's."""
    lines, made, at = text.split("\n"), [], 0
    for row in diff.split("\n")[2:]:
        if row.startswith("@@"):
            start = int(row.split()[1].split(",")[0][1:]) - 1
            made += lines[at:start]
            at = start
        elif row.startswith("+"):
            made.append(row[1:])
        else:
            assert lines[at] == row[1:]
            made += [row[1:]] if row.startswith(" ") else []
            at += 1
    return "\n".join(made + lines[at:])


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_ignores_it_afterwards_and_nothing_else_is_changed(rule):
    before, _ = read(FILE, kinds={})
    after, problems = read(applied(FILE, proposed(FILE, rule, [HOSTILE], kinds={})), kinds={})
    assert before and after and not problems
    for was, now in zip(before.file.rules, after.file.rules, strict=True):
        assert now == (was.model_copy(update={"ignores": (HOSTILE.strip(), *was.ignores)}) if was.name == rule else was)
    assert after.file.services == before.file.services


def test_the_diff_is_what_a_person_reads():
    assert proposed(FILE, "nothing-yet", ["el club no va"], kinds={}).split("\n")[2:] == [
        "@@ -14,4 +14,6 @@",
        "     matches:",
        "       - la app no va",
        "+    ignores:",
        '+      - "el club no va"',
        " # what follows is ours",
        " services:",
    ]


def test_where_there_is_nothing_to_add_or_no_way_nothing_is_proposed():
    assert proposed(FILE, "dashes", ["me gusta la app", "  "], kinds={}) == ""
    assert proposed(FILE, "nothing-yet", ["la app no va"], kinds={}) == ""  # it is to match: people must decide
    assert proposed(FILE, "gone", ["x"], kinds={}) == ""
    assert proposed("rules: [", "dashes", ["x"], kinds={}) == ""
    assert proposed(FILE, "dashes", ["my token is xoxb-" + "1" * 12], kinds={}) == ""  # no file with a secret in it


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RULES), st.lists(st.text(max_size=260), min_size=1, max_size=3))
def test_whatever_customers_write_what_is_proposed_can_be_read(rule, sentences):
    diff = proposed(FILE, rule, sentences, kinds={})
    if diff:
        book, problems = read(applied(FILE, diff), kinds={})
        assert book and not problems
        assert [one.name for one in book.file.rules] == RULES
    assert not any(line.startswith("-") for line in diff.split("\n")[2:]) or rule in ("in-braces", "brackets")
