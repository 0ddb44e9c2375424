"""No text whatever makes the reading of rules crash, hang, or say nothing."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_kinds import KINDS

from carebot.config.load import decode, read
from connectors import base

SHIPPED = (Path(__file__).parents[2] / "rules.yaml").read_bytes()
BRAND = "brand:\n  name: Banco Lumbre\n"
HOUSE = {kind: lambda kind=kind: base.options_of(kind) for kind in base.found()}

BOMBS = {
    "brackets": "[" * 200_000,
    "braces": "{a: " * 60_000,
    "dashes": "- " * 100_000,
    "question marks": "? " * 100_000,
    "aliases": "a: &a [x]\n" + "".join(f"b{n}: [{'*a,' * 50}]\n" for n in range(1000)),
    "entries": "a: [" + "x," * 100_000 + "]",
    "blank lines": "\n" * 250_000,
    "one long word": "a" * 250_000,
    "one long key": "a" * 2000 + ": b",
    "quotes": '"' * 200_000,
    "digits": BRAND + "incidents: {people: " + "9" * 5000 + ", false_alarms_a_month: " + "9" * 5000 + ".5}\n",
    "spaces": "a: " + " " * 250_000 + "b",
    "hashes": "# x\n" * 60_000,
    "keys": "".join(f"k{n}: v\n" for n in range(20_000)),
    "tabs": "\t\n" * 100_000,
    "secrets": "xoxb-" * 50_000,
    "slashes": "//" * 125_000,
    "at signs": "//a:" * 60_000,
    "secret words": "token" * 50_000,
    "one line of wrong rules": "{rules: [" + "1," * 40_000 + "]}",
    "lines that may be keys": ("A" * 31 + " ") * 8_000,
    "blank in quotes": '"' + "\\n" * 100_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_text_made_to_break_us_is_refused_in_bounded_time(bomb):
    began = time.process_time()
    rulebook, problems = read(bomb, kinds=KINDS)
    assert rulebook is None
    assert problems
    assert all(len(str(problem)) < 1500 for problem in problems)
    assert time.process_time() - began < 90  # some seconds at most; what must not happen is hours


def test_five_hundred_rules_are_read():
    rule = "  - name: rule-{}\n    when: outage\n    services: [app]\n    route: desk\n    matches:\n      - No funciona la app {}\n"
    rules = "".join(rule.format(number, number) for number in range(500))
    text = BRAND + "services:\n  app:\n    name: {es: la app, en: the app}\nroutes:\n  desk: {}\nrules:\n" + rules
    rulebook, _ = read(text, kinds=KINDS)
    assert len(rulebook.file.rules) == 500


mutations = st.lists(
    st.tuples(
        st.integers(0, len(SHIPPED) - 1),
        st.integers(0, 40),
        st.one_of(
            st.binary(max_size=3),
            st.sampled_from([b"\n", b"\t", b": ", b"- ", b'"', b"'", b"[", b"{", b"&a ", b"*a", b"!", b"#", b"|", b"%"]),
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations)
def test_whatever_slips_into_the_shipped_rules_there_is_a_rulebook_or_a_problem_with_a_line(slips):
    raw = SHIPPED
    for at, cut, put in slips:
        raw = raw[:at] + put + raw[at + cut :]
    text = decode(raw)
    if not isinstance(text, str):
        assert text.line >= 1
        return
    rulebook, problems = read(text, kinds=HOUSE)
    assert (rulebook is None) == bool(problems)
    for problem in problems:
        assert 1 <= problem.line <= len(text.splitlines()) + 1
        assert problem.column >= 1
        assert str(problem).startswith(f"rules.yaml:{problem.line}: ")
