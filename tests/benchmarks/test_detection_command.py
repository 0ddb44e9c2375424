"""The command: its parts, its tables, and the page it writes."""

import json
import subprocess
import sys

import pytest

from benchmarks.detection import __main__ as command
from benchmarks.detection.page import NoPlace, filled
from benchmarks.detection.parts import PARTS, Part
from benchmarks.detection.tables import Table, text

PAGE = command.DOCS / command.PAGE


def test_the_command_names_its_parts_and_what_each_measures():
    told = subprocess.run([sys.executable, "-m", "benchmarks.detection", "--help"], capture_output=True, text=True, check=True).stdout
    for option in ("--parts", "--quick", "--json", "--draw", "--write", "--seed", "--rates"):
        assert option in told
    for name, part in PARTS.items():
        assert f"{name:10} {part.about}" in told


def test_a_part_that_does_not_exist_is_refused_with_those_that_do(capsys):
    with pytest.raises(SystemExit):
        command.main(["--parts", "nab,naab"])
    assert "no part 'naab'. The parts are sim, threads, real, nab" in capsys.readouterr().err


def one_part(monkeypatch, *figures):
    part = Part("counts to three", lambda run, say: iter(figures), lambda found: iter([Table("Counted", [["", "n"], ["carebot", "3"]])]))
    monkeypatch.setattr(command, "PARTS", {"cost": part})


class Figure(command.msgspec.Struct):
    who: str
    late: float


def test_a_figure_is_a_line_of_json_with_its_part(monkeypatch, capsys):
    one_part(monkeypatch, Figure("carebot", 3.0), Figure("static", float("inf")))
    assert command.main(["--parts", "cost", "--json", "--quick"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"part": "cost", "who": "carebot", "late": 3.0}, {"part": "cost", "who": "static", "late": None}]


def test_the_tables_are_put_into_the_page_and_nothing_else_of_it_changes(monkeypatch, tmp_path, capsys):
    one_part(monkeypatch)
    page = tmp_path / command.PAGE
    page.parent.mkdir()
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    assert command.main(["--parts", "cost", "--quick", "--write", str(tmp_path)]) == 0
    before, after = PAGE.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")
    start, end = before.index("<!-- measured: cost -->"), before.index("<!-- /measured -->", before.index("<!-- measured: cost -->"))
    assert after.startswith(before[:start])
    assert after.endswith(before[end:])
    assert "Counted\n              n\n  carebot     3".replace("              n", "           n").replace("     3", "  3") in after
    assert "not to be quoted" in after
    assert "nothing drawn" in capsys.readouterr().err


def test_every_part_has_a_place_in_the_page():
    page = PAGE.read_text(encoding="utf-8")
    for name in PARTS:
        assert f"\nmeasured {name}\n" in filled(page, name, f"measured {name}")


def test_a_page_without_a_place_says_which_lines_to_write():
    with pytest.raises(NoPlace, match="<!-- measured: nab -->"):
        filled("# A page\n", "nab", "told")


def test_a_table_is_aligned_and_says_why_it_is_empty():
    told = list(text([Table("Delays", [["", "median"], ["carebot", "5"], ["static", "∞"]], "minutes"), Table("Gone", [], "not measured")]))
    assert told == ["Delays", "           median", "  carebot       5", "  static        ∞", "  minutes", "", "Gone", "  not measured"]
