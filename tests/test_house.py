"""Is the house as its pages say? Rooms, who knows whom, sizes, manners: what a reviewer would otherwise look for by hand each time."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from carebot import __version__
from carebot.config.load import schema
from connectors.base import NOT_KINDS

HOUSE = Path(__file__).parents[1]
MODULES = sorted(path for room in ("carebot", "connectors") for path in (HOUSE / room).rglob("*.py"))
TEXTS = {"carebot/demo/sentences.py", "carebot/demo/scenes.py"}  # what people say in the demo: no code to hold in the head
LONGEST = 300


def name(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def page(path: str) -> str:
    return (HOUSE / path).read_text(encoding="utf-8")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports, also inside functions; of `from a import b` both a and a.b."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports from a dot: write the whole name"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def in_rooms(*rooms: str) -> list[Path]:
    return [path for path in MODULES if any(name(path).startswith(f"carebot/{room}/") for room in rooms)]


# ── rooms ────────────────────────────────────────────────────────────────────────────────────────────────────────


def rooms_on(path: str) -> set[str]:
    """The files and folders in the first column of a page's map."""
    rows = [line.split("|")[1] for line in page(path).splitlines() if line.startswith("| `")]
    return {room for row in rows for room in re.findall(r"`([\w./-]+)`", row) if room.startswith(("carebot/", "connectors/"))}


def test_every_module_has_a_place_on_the_map():
    rooms = rooms_on("docs/index.md")
    homeless = [
        name(path)
        for path in MODULES
        if path.name not in ("__init__.py", "__main__.py")
        and not any(name(path) == room or name(path).startswith(f"{room}") for room in rooms)
    ]
    assert homeless == []


@pytest.mark.parametrize("path", ["README.md", "docs/index.md"])
def test_every_room_on_the_map_is_there(path: str):
    assert rooms_on(path) >= {"carebot/decide/", "carebot/understand/", "carebot/config/", "carebot/effects/", "connectors/"}
    assert [room for room in rooms_on(path) if not (HOUSE / room).exists() or (HOUSE / room).is_dir() != room.endswith("/")] == []


def test_every_module_named_in_a_room_is_in_it():
    rows = re.findall(r"^\| `((?:carebot/|connectors/)[\w/]*/|connectors/)` \| (.*) \|$", page("docs/index.md"), re.MULTILINE)
    named = [(room, file) for room, told in rows for file in re.findall(r"`(\w+\.py)`", told)]
    assert len(named) > 20
    assert [room + file for room, file in named if not (HOUSE / room / file).is_file()] == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_opens_with_a_sentence(path: Path):
    first = (ast.get_docstring(tree(path)) or "").partition("\n")[0]
    assert re.match(r"[\w`<]", first), f"{name(path)} does not say what it is for"
    assert path.name == "__main__.py" or len(first.split()) >= 4, f"{name(path)}: {first!r} is no sentence"


def test_no_module_is_longer_than_one_can_hold_in_the_head():
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES if name(path) not in TEXTS}
    assert {path: count for path, count in lines.items() if count > LONGEST} == {}


# ── who knows whom (import-linter, in `make test`, holds the layers; here is what it cannot see) ─────────────────


@pytest.mark.parametrize("path", in_rooms("decide", "understand", "config"), ids=name)
def test_what_decides_touches_nothing_outside(path: Path):
    hands = {"socket", "sqlite3", "asyncio", "logging", "os", "time", "pathlib", "io", "subprocess", "threading", "random", "secrets"}
    assert {module.partition(".")[0] for module in imported(path)} & hands == set()
    calls = {node.func.id for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert calls & {"open", "print", "input"} == set()


@pytest.mark.parametrize("path", in_rooms("decide", "understand", "config"), ids=name)
def test_what_decides_never_asks_what_time_it_is(path: Path):
    asked = [
        node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("now", "utcnow", "today")
    ]
    assert asked == []


def test_only_the_clock_reads_the_machines_time():
    asked = {
        name(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow") and ast.unparse(node.value) == "datetime"
    }
    assert asked == {"carebot/clock.py"}


def test_nobody_knows_a_connector_by_name():
    """Not even another connector; a kind of several files knows its own."""
    known = {(name(path), module.split(".")[1]) for path in MODULES for module in imported(path) if module.startswith("connectors.")}
    assert ("carebot/daemon.py", "base") in known or ("carebot/listening.py", "base") in known
    assert {(file, kind) for file, kind in known if kind not in NOT_KINDS and not file.startswith(f"connectors/{kind}/")} == set()


# ── manners ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_commands_print():
    calls = [(name(path), node) for path in MODULES for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    speaks = {path for path, node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"}
    assert {path for path in speaks if not path.startswith(("carebot/demo/", "carebot/training/"))} <= {
        "carebot/cli.py",
        "carebot/commands.py",
        "carebot/source_commands.py",
        "carebot/report_commands.py",
        "carebot/slack_commands.py",
        "carebot/service.py",
    }


def test_every_mistake_is_caught_at_the_loop_and_at_a_third_partys_door_only():
    """A poison item, whole batch and one by one; a card that cannot be drawn; what a connector of somebody else's makes of a stranger's
    request; in a process of its own, what a model's libraries make of its files and of a text; and in a thread of its own, what apprise's
    plugins do."""
    caught = Counter(
        name(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or "Exception" in re.findall(r"\w+", ast.unparse(node.type)))
    )
    assert caught == {
        "carebot/loop.py": 2,
        "carebot/effects/telling/sender.py": 1,
        "carebot/effects/network/web.py": 1,
        "carebot/effects/reading/model_child.py": 2,
        "carebot/effects/telling/fallback.py": 1,
    }


def keys_of(part: object) -> Iterator[str]:
    """Every key a person may write, anywhere in a JSON Schema."""
    if isinstance(part, dict):
        yield from part.get("properties", {})
        for value in part.values():
            yield from keys_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from keys_of(value)


def test_every_key_of_the_rules_is_explained():
    told = page("docs/reference/rules.md")
    keys = set(keys_of(schema()))
    assert {"brand", "words", "false_alarms_a_month", "because"} <= keys
    assert [key for key in sorted(keys) if f"`{key}`" not in told and f".{key}`" not in told and f"## {key}" not in told] == []


# ── the two commands, the package ────────────────────────────────────────────────────────────────────────────────


def test_the_readmes_two_commands_are_what_is_run_here():
    first_screen = page("README.md").splitlines()[:20]
    assert "pip install . && carebot demo" in first_screen
    assert "make test" in first_screen
    assert re.search(r"^make test\b", page(".ci/run"), re.MULTILINE)
    assert (HOUSE / ".ci/run").stat().st_mode & 0o111
    assert re.search(r"^test:.*\n(\t.*\n)*\t.*pytest", page("Makefile"), re.MULTILINE)
    project = tomllib.loads(page("pyproject.toml"))["project"]
    assert project["scripts"] == {"carebot": "carebot.cli:main"}


def test_the_package_brings_all_that_is_not_code():
    packed = tomllib.loads(page("pyproject.toml"))["tool"]["setuptools"]["package-data"]["carebot"]
    brought = {file for pattern in packed for file in (HOUSE / "carebot").glob(pattern)}
    lies_there = {
        file for file in (HOUSE / "carebot").rglob("*") if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts
    }
    assert {"rules.yaml", "day.jsonl.gz", "py.typed"} <= {file.name for file in brought}
    assert lies_there - brought == set()


def test_the_rules_that_init_writes_are_those_of_the_repository():
    assert page("carebot/demo/rules.yaml") == page("rules.yaml")


def test_the_newest_change_is_this_version():
    assert re.findall(r"^## (\S+)", page("CHANGELOG.md"), re.MULTILINE)[0] == __version__


def test_the_command_starts_without_loading_what_it_does_not_need():
    code = "import sys, carebot.cli; print([m for m in ('aiohttp', 'numpy', 'slack_sdk', 'tweepy', 'torch', 'rich') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=HOUSE, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "[]"


# ── what is nobody's business ────────────────────────────────────────────────────────────────────────────────────


def texts_of_the_repository() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=HOUSE, capture_output=True, check=True)
    for file in filter(None, listed.stdout.decode().split("\0")):
        path = HOUSE / file
        if path.is_file() and b"\0" not in (raw := path.read_bytes()):
            yield file, raw.decode("utf-8", "replace")


def test_nothing_tells_where_or_with_what_it_was_made():
    makers = ("cla" + "ude", "anthro" + "pic", "copi" + "lot", "chat" + "gpt", "open" + "ai", "code" + "whisperer", "gem" + "ini")
    places = "|".join(("/wo" + "rk/", "/tmp/" + "dev", "/ro" + "ot/"))
    told = re.compile(rf"(?i)\b(?:{'|'.join(makers)})\b|{places}")
    files = list(texts_of_the_repository())
    assert len(files) > 100
    assert [f"{file}: {found[0]}" for file, text in files if (found := told.search(text))] == []


def test_no_secret_is_in_the_repository():
    secret = re.compile(r"xox[abp]-\d{6,}-\w{6,}|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[ps]_[A-Za-z0-9]{30,}")
    kept = ((file, text) for file, text in texts_of_the_repository() if not file.startswith("tests/"))  # which have made-up ones
    assert [file for file, text in kept if secret.search(text)] == []


def test_the_schema_for_editors_is_the_one_in_the_docs():
    assert json.loads(page("docs/rules.schema.json")) == schema()
