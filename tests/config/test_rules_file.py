"""A rules file is read as its writer sees it; the one we ship, its schema and its page agree with the program."""

import json
import re
from pathlib import Path
from typing import ClassVar

import jsonschema
import pytest
from small_kinds import KINDS, Options, needs_a_package

from carebot.config.load import LARGEST, decode, read, schema
from carebot.config.reference import EXAMPLES, page
from carebot.model import SignalKind
from connectors import base

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "rules.yaml").read_text("utf-8")
WHOLE = "".join(EXAMPLES.values())
BRAND = "brand:\n  name: Banco Lumbre\n"
HOUSE = {kind: lambda kind=kind: base.options_of(kind) for kind in base.found()}


def plain(text):
    """The file with JSON types: what an editor's checker sees."""
    rulebook, problems = read(text, kinds=HOUSE)
    assert problems == ()
    return rulebook


def messages(text, kinds=KINDS):
    rulebook, problems = read(text, kinds=kinds)
    assert (rulebook is None) == bool(problems)
    return [str(problem).splitlines()[0] for problem in problems]


# ── the files we ship ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_stands_there_as_an_example_is_right_once_its_sign_is_taken_away():
    lines, examples = SHIPPED.splitlines(), 0
    for first, line in enumerate(lines):
        above = lines[first - 1].strip().startswith("# ") if first else True
        is_example = re.match(r"( +# |# [a-z_]+:($| \[))", line) and (line.startswith(" ") or not above)
        last = first
        while is_example and last < len(lines) and lines[last].strip().startswith("# "):
            lines[last] = lines[last].replace("# ", "", 1)
            last, examples = last + 1, examples + 1
    file = plain("\n".join(lines)).file
    assert examples > 30
    assert [source.name for source in file.sources][1:] == ["bank-forum", "login-page", "card-network", "faro-forum", "contact-form"]
    assert file.roles.publish and file.fallback and file.silences[0].services == ("web",)
    assert file.routes["desk"].digest and file.routes["desk"].quiet and file.routes["desk"].escalate


def test_the_shipped_rules_need_no_credentials_and_speak_about_everything_a_message_can_mean():
    file = plain(SHIPPED).file
    assert SHIPPED.startswith("# yaml-language-server: $schema=docs/rules.schema.json\n")
    assert [(source.name, source.kind, source.options) for source in file.sources] == [("inbox", "jsonl", {"path": "inbox.jsonl"})]
    kinds = set(SignalKind.__args__)
    assert {rule.when for rule in file.rules} == kinds - {"recovered"}
    assert all(len(rule.matches) >= 2 and len(rule.ignores) >= 2 for rule in file.rules)
    assert {name for name, service in file.services.items() if service.core} == {"app", "card", "transfer"}


def test_the_demo_runs_on_the_shipped_rules():
    link = ROOT / "carebot/demo/rules.yaml"
    assert link.is_symlink()
    assert link.readlink() == Path("../../rules.yaml")


def test_the_schema_for_editors_is_the_one_the_program_has():
    assert json.loads((ROOT / "docs/rules.schema.json").read_text("utf-8")) == schema()


def test_the_reference_page_is_made_from_the_schema():
    assert (ROOT / "docs/reference/rules.md").read_text("utf-8") == page()


def test_the_examples_of_the_reference_page_together_are_a_rules_file():
    assert set(EXAMPLES) == set(schema()["properties"])
    file = plain(WHOLE).file
    assert all(getattr(file, section) for section in EXAMPLES)


@pytest.mark.parametrize("text", [SHIPPED, WHOLE], ids=["shipped", "examples"])
def test_an_editor_accepts_what_carebot_accepts(text):
    from ruamel.yaml import YAML

    seen = YAML(typ="safe", pure=True).load(text.replace("until: 2026-12-01T06:00+01:00", 'until: "2026-12-01T06:00+01:00"'))
    jsonschema.Draft202012Validator.check_schema(schema())
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(seen)) == []


def test_an_editor_marks_an_unknown_key_and_a_name_with_capitals():
    checker = jsonschema.Draft202012Validator(schema())
    for wrong in ({"brand": {"name": "B", "nme": "B"}}, {"brand": {"name": "B"}, "routes": {"Desk": {}}}):
        assert len(list(checker.iter_errors(wrong))) == 1


# ── values are what the writer sees ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "word", ["no", "yes", "on", "off", "y", "9:30", "0123", "1_000", "0x1F", "0o17", "1e3", ".5", "2026-12-01", "=", "Norway"]
)
def test_a_word_stays_the_word_that_was_written(word):
    rulebook = plain(f"brand:\n  name: {word}\n")
    assert rulebook.file.brand.name == word


@pytest.mark.parametrize("word", ["1", "-3", "2.5", "true", "False", "12345"])
def test_a_number_or_truth_that_should_be_a_name_needs_quotes(word):
    assert "Put quotes around it" in messages(f"brand:\n  name: {word}\n")[0]
    assert plain(f'brand:\n  name: "{word}"\n').file.brand.name == word


def test_windows_line_ends_and_a_byte_order_mark_are_welcome():
    text = decode(b"\xef\xbb\xbf" + BRAND.replace("\n", "\r\n").encode())
    assert plain(text).file == plain(BRAND).file


def test_notes_spaces_quotes_and_the_order_of_keys_do_not_change_the_fingerprint_but_a_word_does():
    one = plain("brand:\n  name: Banco Lumbre\n  languages: [es, en]\n").fingerprint
    assert plain("# hello\nbrand:\n    languages:\n    - es\n    - 'en'\n    name:  \"Banco Lumbre\" # us\n").fingerprint == one
    assert plain("brand:\n  name: Banco Lumbre\n  languages: [en, es]\n").fingerprint != one
    assert len(one) == 12


@pytest.mark.parametrize("share", ["5.0", "0.0", "-0.5", "80", "180%", "0%"])
def test_a_share_is_never_more_than_everything_nor_nothing(share):
    assert "must be a share" in messages(WHOLE.replace("70%", share), HOUSE)[0]


def test_a_silence_that_is_over_is_no_mistake():
    assert plain(WHOLE.replace("2026-12-01", "2001-12-01"))


def test_a_hash_with_a_space_is_a_note_and_an_address_with_a_hash_is_an_address():
    assert plain("brand:\n  name: Banco Lumbre # us\n  also_called: [https://lumbre.example/#/hola]\n")


# ── bytes that are no rules file ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        ("brand:\n  name: Españita\n".encode("latin-1"), 2, "not UTF-8"),
        (BRAND.encode("utf-16"), 1, "UTF-16"),
        (b"#" * (LARGEST + 1), 1, "larger than 256 KB"),
    ],
)
def test_a_file_saved_in_a_wrong_way_is_told_so_with_the_way_to_save_it(raw, line, words):
    problem = decode(raw)
    assert problem.line == line
    assert words in str(problem)


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x85", "\u2028", "\ud800", "\ufffe"])
def test_a_character_nobody_typed_is_shown_as_a_box_and_never_printed(letter):
    (problem,) = read(f"brand:\n  name: Banco{letter} Lumbre\n", kinds={})[1]
    assert (problem.line, problem.column) == (2, 14)
    assert "Banco□ Lumbre" in str(problem)
    assert letter not in str(problem)


@pytest.mark.parametrize("escaped", ["\\0", "\\x1b", "\\ud800", "\\U99999999", "\\e"])
def test_a_character_hidden_behind_an_escape_is_refused_too(escaped):
    assert messages(f'brand:\n  name: "Lum{escaped}bre"\n')


# ── people who paste secrets ─────────────────────────────────────────────────────────────────────────────────────

PASTED = {  # all invented; and a piece that must not be seen again
    "xoxb-" + "17653672481-pdFZKVeTuE8sk7oOcHrzqqgy": "17653672481",
    "Bearer AbCdEf0123456789xyz": "AbCdEf",
    "https://hooks.slack.com/services/T0/B0/XXyyXXyyXXyyXXyy": "XXyy",
    "https://user:pa55word@example.com/feed": "pa55word",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3": "JIUzI1",
    "AKIA" + "IOSFODNN7EXAMPLE": "IOSFODNN",
}


@pytest.mark.parametrize(("secret", "piece"), PASTED.items(), ids=PASTED.values())
@pytest.mark.parametrize(
    "where",
    ["# {}\nbrand:\n  name: Lumbre\n", "brand:\n  name: Lumbre\nroutes:\n  desk:\n    slack: {}\n", "{}: 1\n", "brand: {{name: '{}\n"],
)
def test_a_secret_is_refused_wherever_it_stands_and_never_repeated(secret, piece, where):
    problems = read(where.format(secret), kinds=HOUSE)[1]
    told = "\n".join(map(str, problems)) + repr(problems)
    assert "looks like a token" in told
    assert piece not in told


@pytest.mark.parametrize("word", ["help-desk-barcelona", "risk-management", "AAAAAAH", "the bearer of bad news", "tokenise"])
def test_an_ordinary_word_is_not_taken_for_a_secret(word):
    assert plain(f"{BRAND}  also_called: [{word}] # {word}\n")


def test_a_private_key_pasted_whole_is_not_repeated_line_by_line():
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\nAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n"
    told = "\n".join(map(str, read(f"brand:\n  name: Lumbre\nkey: {key}", kinds={})[1]))
    assert "MIIEvQ" not in told


# ── every problem at once, once ──────────────────────────────────────────────────────────────────────────────────


def test_all_problems_come_at_once_in_the_order_of_the_file():
    text = BRAND + "rules:\n  - name: a\n    when: outaje\n    route: nobody\n  - name: a\n    when: churn\n    colour: red\n"
    lines = [problem.line for problem in read(text, kinds=KINDS)[1]]
    assert lines == [5, 6, 7, 9]


def test_a_thousand_problems_are_told_as_a_hundred_and_a_number():
    found = messages(BRAND + "rules:\n" + "".join(f"  - name: r{number}\n    wen: churn\n" for number in range(1000)))
    assert len(found) == 101
    assert "there are more problems" in found[-1]


def test_a_kind_whose_package_is_missing_says_what_to_install():
    assert "pip install 'carebot[x]'" in messages(BRAND + "sources:\n  - name: mentions\n    kind: x\n")[0]


def test_a_kind_is_only_imported_when_a_source_uses_it():
    def never():
        raise AssertionError("imported")

    assert read(BRAND, kinds={"slow": never})[1] == ()


def test_a_rule_may_leave_its_route_out_while_there_are_no_routes():
    assert plain(BRAND + "rules:\n  - name: a\n    when: churn\n")


class Inbox(Options):
    path: str


class Network(Options):
    publishes_with: ClassVar[str] = "token"
    read: str
    token: str | None = None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "inbox",
            """rules.yaml:6: statements: nothing can be published through 'inbox': it is a source of the kind jsonl. Kinds that can: mastodon.
    statements: {publish: true, publish_on: [inbox]}
                                             ^""",
        ),
        (
            "reader",
            """rules.yaml:6: statements: the source 'reader' has no keys to publish with. Write token: at that source, and the name of the credential that holds them.
    statements: {publish: true, publish_on: [reader]}
                                             ^""",
        ),
        ("masto", ""),
        ("wants-a-package", ""),
    ],
)
def test_a_statement_can_only_be_published_where_something_can(name: str, told: str) -> None:
    text = f"""brand: {{name: Lumbre}}
sources:
  - {{name: inbox, kind: jsonl, path: a.jsonl}}
  - {{name: reader, kind: mastodon, read: tag}}
  - {{name: masto, kind: mastodon, read: own, token: masto-token}}
statements: {{publish: true, publish_on: [{name}]}}
"""
    if name == "wants-a-package":
        text = text.replace("statements:", "  - {name: wants-a-package, kind: x}\nstatements:")
    kinds = {"jsonl": lambda: Inbox, "mastodon": lambda: Network, "x": needs_a_package}
    _, problems = read(text, kinds=kinds)
    said = "\n".join(str(one) for one in problems if "publish" in one.message)
    assert said == told
