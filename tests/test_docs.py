"""Do the pages tell the truth? Every command, rules file and JSON line in README and docs is run, read and compared here.

A page is a small session: its blocks are taken from top to bottom in one folder, in which a rules.yaml lies unless the page makes its own.

    ```sh               each line is run as it stands (one command, with < and > at most) and must end with 0
    ```sh no-run        is not: it blocks, installs, or belongs to another machine
    ```console status=2 is run line by line after each `$`, must end with 2, and must say every other line of the block
    ```json in.jsonl    is written to that file for the commands that follow
    ```yaml             is read as a rules file; `# part of rules.yaml` borrows the rest from the one `carebot init` writes
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import logging
import re
import shlex
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, get_args

import msgspec
import pytest

from carebot import cli, loop, model, service, wire
from carebot.config.load import read
from carebot.config.schema import Rulebook
from carebot.understand.embedded import Reader
from carebot.understand.verdicts import HEADS, SERVICES, SYMPTOMS

HOUSE = Path(__file__).parents[1]
PAGES = ["README.md", "CHANGELOG.md", "systemd/README.md", *sorted(p.relative_to(HOUSE).as_posix() for p in (HOUSE / "docs").rglob("*.md"))]
RULES = (HOUSE / "rules.yaml").read_text(encoding="utf-8")


def page(path: str) -> str:
    return (HOUSE / path).read_text(encoding="utf-8")


class Block(NamedTuple):
    page: str
    line: int
    kind: str
    note: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(path: str, *kinds: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page(path)
    found = re.finditer(r"^```(\w*)[ ]*([^\n`]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    told = [Block(path, text[: one.start()].count("\n") + 1, one[1], one[2].strip(), one[3]) for one in found]
    return [block for block in told if not kinds or block.kind in kinds]


def commands(block: Block) -> list[str]:
    """What a reader would type; of a console block, the lines after `$`."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.strip() and (block.kind == "sh" or line.startswith("$ "))]


def answers(block: Block) -> list[str]:
    """What the page says that the program says."""
    return [line for line in block.text.splitlines() if block.kind == "console" and line and not line.startswith("$ ")]


def awaited(block: Block) -> int:
    found = re.search(r"status=(\d+)", block.note)
    return int(found[1]) if found else 0


class Said(NamedTuple):
    status: int
    out: str
    err: str


DEMO = "carebot demo --fast --lang en"  # some seconds long and always the same: played once
PLAYED: dict[str, Said] = {}
READERS: dict[str, Reader] = {}


class Desk:
    """One page's folder, and a shell that knows one command, `carebot`, and no network."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr(socket.socket, "connect", _no_network)
        monkeypatch.setattr(logging, "basicConfig", lambda **_: None)  # pytest's own handlers stay
        for module in ("loop", "examples"):
            monkeypatch.setattr(f"carebot.{module}.reader_for", _reader)

    def run(self, line: str, given: bytes = b"") -> Said:
        if line == DEMO and line in PLAYED:
            return PLAYED[line]
        words = shlex.shlex(line, posix=True, punctuation_chars="<>|&;")
        words.whitespace_split = True
        command, *rest = list(words)
        assert command == "carebot", f"{line!r} is not ours: mark the block no-run"
        argv: list[str] = []
        target = ""
        while rest:
            word = rest.pop(0)
            if word == "<":
                given = (self.folder / rest.pop(0)).read_bytes()
            elif word == ">":
                target = rest.pop(0)
            else:
                assert not set(word) <= set("|&;"), f"{line!r} needs a whole shell: mark the block no-run"
                argv.append(word)
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                status = cli.main(argv)
            except SystemExit as end:
                status = int(end.code or 0)
        said = Said(status, *(stream.buffer.getvalue().decode() for stream in (out, err)))
        if line == DEMO:
            PLAYED[line] = said
        if target:
            (self.folder / target).write_text(said.out, encoding="utf-8")
        return said

    def write(self, block: Block) -> None:
        (self.folder / block.note).write_text(block.text, encoding="utf-8")


def _reader(rulebook: Rulebook, build: Callable[[Rulebook], Reader] = loop.reader_for) -> Reader:
    """The real one, built once for each rules file instead of once a command: it keeps nothing between batches."""
    if rulebook.fingerprint not in READERS:
        READERS[rulebook.fingerprint] = build(rulebook)
    return READERS[rulebook.fingerprint]


def _no_network(*_: Any) -> None:
    raise AssertionError("a command of the docs asks the network")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


@pytest.fixture
def desk_with_rules(desk: Desk) -> Desk:
    (desk.folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return desk


def is_file(block: Block) -> bool:
    return bool(re.fullmatch(r"[\w-]+\.\w+", block.note))


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────

WITH_COMMANDS = [path for path in PAGES if any("no-run" not in block.note for block in blocks(path, "sh", "console"))]


@pytest.mark.parametrize("path", WITH_COMMANDS)
def test_every_command_of_a_page_does_what_the_page_is_for(path: str, desk: Desk):
    session = [block for block in blocks(path) if is_file(block) or (block.kind in ("sh", "console") and "no-run" not in block.note)]
    if not any(line == "carebot init" for block in session for line in commands(block)):
        (desk.folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    for block in session:
        if is_file(block):
            desk.write(block)
            continue
        for line in commands(block):
            said = desk.run(line)
            assert said.status == awaited(block), f"{block.place}: {line}\n{said.out}\n{said.err}"
            assert "refused 0" in said.err or "refused" not in said.err, f"{block.place}: {line}\n{said.err}"
            assert [answer for answer in answers(block) if answer not in (said.out + said.err).splitlines()] == [], block.place


def test_the_pages_that_show_commands_are_found():
    assert {"README.md", "docs/index.md", "docs/reference/commands.md", "docs/reference/contracts.md"} <= set(WITH_COMMANDS)


@pytest.mark.parametrize("block", [b for path in PAGES for b in blocks(path, "sh", "console") if "no-run" in b.note], ids=lambda b: b.place)
def test_what_is_not_run_here_is_a_command_all_the_same(block: Block):
    ours = [line for line in commands(block) if line.startswith("carebot ")]
    for line in ours or [f"carebot {used}" for used in re.findall(r"&& carebot (\w+)", block.text)]:
        cli._parser().parse_args(shlex.split(line)[1:])


def test_the_readme_shows_a_true_card(desk: Desk):
    """Made with: COLUMNS=100 carebot demo --fast --lang en"""
    (card,) = (block.text for block in blocks("README.md", "text") if "╭" in block.text)
    said = desk.run(DEMO)
    assert said.status == 0
    shown = {line.rstrip() for line in said.out.splitlines()}
    assert len(card.splitlines()) > 10
    assert [line for line in card.splitlines() if line.rstrip() not in shown] == []


def test_the_readme_can_be_read_in_a_minute():
    assert len(page("README.md").splitlines()) <= 150


# ── the reference of commands ────────────────────────────────────────────────────────────────────────────────────


def _subparsers() -> dict[str, argparse.ArgumentParser]:
    (choices,) = (action.choices for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(choices)


def _section(path: str, title: str) -> str:
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", page(path), re.MULTILINE | re.DOTALL)
    assert found, f"{path} has no section {title!r}"
    return found[2]


def _first_column(text: str) -> list[str]:
    return [name for line in text.splitlines() if line.startswith("| `") for name in re.findall(r"`([^`]+)`", line.split("|")[1])]


@pytest.mark.parametrize("name", _subparsers())
def test_every_option_of_a_command_is_explained_and_none_that_is_not_there(name: str):
    parser = _subparsers()[name]
    options = {string for action in parser._actions for string in action.option_strings} - {"-h", "--help"}
    assert set(_first_column(_section("docs/reference/commands.md", name))) == options
    said, _, example = (parser.epilog or "").partition("example: ")
    assert (said, example[:8]) == ("", "carebot ")
    assert example in _section("docs/reference/commands.md", name), f"the example of `carebot {name} --help` is not on the page: {example}"


def test_no_command_is_explained_that_is_not_there():
    assert re.findall(r"^## (.+)$", page("docs/reference/commands.md"), re.MULTILINE) == list(_subparsers())
    assert {"--version", "--verbose", "-v"} <= set(re.findall(r"`(-[\w-]+)`", page("docs/reference/commands.md")))


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _whole(text: str) -> str:
    """A part of a rules file with the rest of it, borrowed from the one that `carebot init` writes."""
    own = re.findall(r"^(\w+):", text, re.MULTILINE)
    parts = re.split(r"^(?=\w+:)", RULES, flags=re.MULTILINE)[1:]
    return text + "\n" + "".join(part for part in parts if part.partition(":")[0] not in {*own, "rules", "sources", "promises"})


@pytest.mark.parametrize("block", [b for path in PAGES for b in blocks(path, "yaml") if "no-run" not in b.note], ids=lambda b: b.place)
def test_every_rules_file_on_a_page_can_be_used(block: Block):
    text = block.text if re.search(r"^brand:", block.text, re.MULTILINE) and "part of rules.yaml" not in block.text else _whole(block.text)
    rulebook, problems = read(text, name=block.place, kinds=service.kinds())
    assert rulebook is not None, "\n".join(map(str, problems))


def test_a_mistake_in_a_page_would_be_seen():
    rulebook, problems = read(_whole("# part of rules.yaml\nincidents:\n  poeple: 3\n"), name="page", kinds=service.kinds())
    assert rulebook is None
    assert "people" in str(problems[0])


# ── contracts ────────────────────────────────────────────────────────────────────────────────────────────────────

CONTRACTS = "docs/reference/contracts.md"


def _part(title: str, below: str) -> str:
    """The `### title` under `## below`."""
    found = re.search(rf"^### {title}\n(.*?)(?=^##|\Z)", _section_two(below), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def _section_two(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page(CONTRACTS), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def _tables(text: str) -> list[list[list[str]]]:
    """The tables of a text: rows of cells, without the head."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|\n ").split("|")] for row in table.splitlines()[2:]] for table in found]


def _names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _column(table: list[list[str]], at: int = 0) -> list[str]:
    return [name for row in table for name in _names(row[at])]


def _encoded(struct: type[msgspec.Struct]) -> dict[str, bool]:
    """The fields of a struct as they are written, and whether they must be there."""
    return {field.encode_name: field.required for field in msgspec.structs.fields(struct)}


def _lines(note: str) -> bytes:
    (block,) = (block for block in blocks(CONTRACTS) if block.note == note)
    return block.text.encode()


def _shape(value: Any) -> Any:
    """The names in a JSON value, without the values; lists and numbers are only that."""
    return {name: _shape(inner) for name, inner in value.items()} if isinstance(value, dict) else type(value).__name__


def _json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_classify_gives_the_documented_fields(desk: Desk):
    said = desk.run("carebot classify", _lines("in.jsonl"))
    first, second = _json_lines(said.out)
    (table,) = _tables(_part("Out", "`carebot classify`"))
    assert _column([[row[0]] for row in table]) == list(first)
    (shown,) = (json.loads(block.text) for block in blocks(CONTRACTS, "json") if block.note == "verdict")
    assert _shape(shown) == _shape(first) == _shape(second)
    assert [first["id"], second["id"]] == ["x:1", "play:2"]
    assert (said.status, said.err) == (0, "")


def test_classify_takes_the_documented_fields():
    (table,) = _tables(_part("In", "`carebot classify`"))
    assert set(_column([[row[0]] for row in table])) <= set(_encoded(wire._Said))


def test_the_documented_vocabulary_is_the_readers():
    told = _section_two("`carebot classify`").replace("\n", " ")
    assert _names(re.findall(r"`service\.label` is one of (.*?), or a service", told)[0]) == list(SERVICES)
    assert _names(re.findall(r"`symptom\.label` is one of (.*?)\.", told)[0]) == list(SYMPTOMS)
    assert HEADS[0] == "outage"
    assert HEADS[-1] == "advert"
    assert len(HEADS) == 15


def test_a_message_has_the_documented_fields():
    message, kinds = _tables(_part("In", "`carebot replay`"))
    assert set(_column([[row[0]] for row in message])) == set(_encoded(wire._Said))
    structs: dict[str, type[msgspec.Struct]] = {
        "probe": model.Probe,
        "status": model.Status,
        "notice": model.Notice,
        "deleted": model.Deleted,
        "click": model.Click,
        "coverage": model.Coverage,
        "volume": model.Volume,
    }
    assert _column([[row[0]] for row in kinds]) == list(structs)
    for name, fields, told in kinds:
        required, _, optional = fields.partition("optionally")
        is_ = _encoded(structs[name.strip("`")])
        assert set(_names(required)) == {field for field, must in is_.items() if must}
        assert set(_names(optional)) == {field for field, must in is_.items() if not must}
        for field, values in (("state", model.StatusState), ("action", model.ClickAction)):
            if f"`{field}` is" in told:
                assert set(_names(told)) - {field} == set(get_args(values))


def test_replay_gives_the_documented_fields(desk_with_rules: Desk):
    said = desk_with_rules.run("carebot replay --input - --json", _lines("kinds.jsonl") + _lines("day.jsonl"))
    waits = "".join(_ask(f"q:{n}", who=f"anyone{n}", posted_at="2026-03-12T12:00:00Z") for n in (1, 2)) + _ask(
        "q:3", "ana", "2026-03-12T16:00:00Z"
    )
    alerts = _json_lines(said.out + desk_with_rules.run("carebot replay --input - --json", waits.encode()).out)
    table, reasons, facts = _tables(_part("Out", "`carebot replay`"))
    fields = _column([[row[0]] for row in table])
    assert [set(alert) for alert in alerts] == [set(fields)] * len(alerts)
    assert {"suspected", "confirmed", "upstream"} <= {alert["reason"] for alert in alerts}
    assert set(_column([[row[0]] for row in reasons])) == set(get_args(model.Reason))
    assert {alert["reason"] for alert in alerts} <= set(_column([[row[0]] for row in reasons]))
    told = {row[0]: set(_names(row[1])) for row in facts}
    seen: dict[str, set[str]] = {}
    for alert in alerts:
        seen.setdefault(_subject(alert), set()).update(alert["facts"])
    assert {subject: facts - told[subject] for subject, facts in seen.items() if facts - told[subject]} == {}
    decides = "".join(path.read_text("utf-8") for path in (HOUSE / "carebot/decide").rglob("*.py"))
    unheard = {fact for subject, facts in told.items() for fact in facts - seen.get(subject, set())}  # said on rarer days than this one
    assert [fact for fact in unheard if f'"{fact}"' not in decides] == []
    assert re.search(r"lines \d+, messages 4, refused 0, incidents 1, cases \d+, [\d.]+ s, [\d,]+ messages/s\n$", said.err)


def _ask(id_: str, who: str, posted_at: str) -> str:
    verdict = {"question": {"p": 1.0, "label": True}}
    return (
        json.dumps({"id": id_, "text": "@BancoLumbre ?", "author": who, "posted_at": posted_at, "source": "x", "verdict": verdict}) + "\n"
    )


def _subject(alert: dict[str, Any]) -> str:
    if alert["case"]:
        return "one customer's case"
    if alert["incident"]:
        return "an incident"
    return "several late answers" if "cases" in alert["facts"] else "a provider's word"


def test_the_same_recording_gives_the_same_bytes(desk_with_rules: Desk):
    first, second = (desk_with_rules.run("carebot replay --input - --json", _lines("day.jsonl")) for _ in range(2))
    assert first.out == second.out != ""


@pytest.mark.parametrize("command", ["classify", "replay --json --input -"])
def test_a_line_that_cannot_be_read_gets_one_line_and_the_rest_goes_on(command: str, desk_with_rules: Desk):
    good = b'{"id": "x:1", "text": "La app no funciona", "posted_at": "2026-03-12T11:02:10Z"}\n'
    said = desk_with_rules.run(f"carebot {command}", good + b'{"id": "x:2", "text": "secret words\n' + b"\n" + good.replace(b"x:1", b"x:3"))
    assert said.status == 3
    refusals = [line for line in said.err.splitlines() if "line 2" in line]
    assert len(refusals) == 1
    assert "secret words" not in said.err
    if command == "classify":
        assert [line["id"] for line in _json_lines(said.out)] == ["x:1", "x:3"]


def test_what_cannot_be_run_at_all_ends_with_2(desk_with_rules: Desk):
    (desk_with_rules.folder / "bad.yaml").write_text("brand: {naem: X}\n")
    for line in (
        "replay --rules bad.yaml --input -",
        "classify --rules bad.yaml",
        "replay --input not-there.jsonl",
        "replay --wrong",
        "check bad.yaml",
    ):
        said = desk_with_rules.run(f"carebot {line}")
        assert (said.status, said.out) == (2, ""), line
        assert said.err


def test_a_database_somebody_else_holds_ends_with_73(desk_with_rules: Desk):
    from carebot.effects.database.store import Store

    holder = Store(desk_with_rules.folder / "day.db")
    try:
        said = desk_with_rules.run("carebot replay --input - --db day.db", _lines("day.jsonl"))
    finally:
        holder.close()
    assert said.status == 73
    assert "in use by another carebot" in said.err


@pytest.mark.parametrize("path", ["docs/reference/commands.md", CONTRACTS])
def test_the_documented_exit_statuses_are_those_the_program_knows(path: str):
    told = _column([[row[0]] for row in _tables(page(path))[0]])
    assert set(told) <= {*re.findall(r"(\d+) ", cli.__doc__ or ""), "130", "2", "3", "73", "0", "1"}
    assert {"0", "2", "3", "73"} <= set(told)


@pytest.mark.parametrize("block", [b for path in PAGES for b in blocks(path, "json", "jsonl")], ids=lambda b: b.place)
def test_every_json_on_a_page_is_json(block: Block):
    try:
        json.loads(block.text)
    except ValueError:
        assert [json.loads(line) for line in block.text.splitlines() if line.strip()]


# ── database, metrics, webhook ───────────────────────────────────────────────────────────────────────────────────


def test_the_database_has_the_documented_tables_and_columns():
    from carebot.effects.database.store import Store

    store = Store(None)
    try:
        there = {table.name: list(table.columns_dict) for table in store.db.tables if not table.name.startswith(("_", "sqlite_"))}
    finally:
        store.close()
    (rows,) = _tables(page("docs/reference/database.md"))
    assert {_names(row[0])[0]: _names(row[2]) for row in rows} == there


def test_every_metric_and_health_fact_is_explained(tmp_path: Path):
    from carebot.daemon import Daemon
    from carebot.effects.database.store import Store
    from carebot.effects.rules_file import RulesOnDisk
    from carebot.effects.telling.jsonlines import JsonLines
    from carebot.listening import Ear
    from carebot.loop import Loop
    from carebot.polling import Health
    from carebot.silence import Usual
    from carebot.spending import Spent

    now = datetime(2026, 3, 12, 11, tzinfo=UTC)
    rules = RulesOnDisk(HOUSE / "rules.yaml", service.kinds())
    store = Store(None)
    try:
        heart = Loop(store, rules.at_start(None, now), secret=b"docs", destinations=lambda _: ())
        daemon = Daemon(heart, rules, lambda _: {}, JsonLines(io.BytesIO()), lambda: now)
        source = heart.rulebook.file.sources[0]
        daemon.listener.ears["inbox"] = Ear(source, Health("inbox"), Usual(), Spent())
        metrics = list(daemon._metrics())
        health = daemon._health_now()
    finally:
        store.close()
    _, facts, told = _tables(page("docs/reference/metrics-and-health.md"))
    assert {_names(row[0])[0] for row in told} == {metric.name for metric in metrics}
    assert {label for metric in metrics for label in metric.labels} == {"stage", "source"}
    assert set(_column([[row[0]] for row in facts])) == {"ok", *(f"facts.{name}" for name in health.facts)}
    (shown,) = (json.loads(block.text) for block in blocks("docs/reference/metrics-and-health.md", "json"))
    assert _shape(shown) == _shape({"ok": health.ok, "facts": dict(health.facts)})


def test_the_documented_webhook_is_let_in():
    from connectors.base import World, found

    (block,) = blocks("docs/how-to/send-a-webhook.md", "python")
    said: dict[str, Any] = {}
    exec(compile(block.text, block.place, "exec"), said)
    request, now = said["request"], datetime.now(UTC)
    module = found()["webhook"]()
    world = World(http=None, secret=lambda _: said["key"].decode(), clock=lambda: now)  # type: ignore[arg-type]
    receiver = module.connect("contact-form", module.Options(secret="contact-form-key"), world)
    headers = {name.lower(): value for name, value in request.header_items()}
    (event,) = receiver.receive(headers, request.data, now).events
    assert event.id == "contact-form:form-4711"
    assert request.selector == "/hooks/contact-form"


# ── ways from page to page ───────────────────────────────────────────────────────────────────────────────────────


def _anchors(text: str) -> set[str]:
    """The names GitHub gives to headings: small letters, no marks, hyphens; the second of a name gets -1."""
    seen: dict[str, int] = {}
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        anchors.add(slug if slug not in seen else f"{slug}-{seen[slug]}")
        seen[slug] = seen.get(slug, 0) + 1
    return anchors


def _links(path: str) -> Iterator[str]:
    text = re.sub(r"^```.*?^```$", "", page(path), flags=re.MULTILINE | re.DOTALL)
    yield from (target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith(("https://", "http://")))


@pytest.mark.parametrize("path", PAGES)
def test_every_link_leads_somewhere(path: str):
    for link in _links(path):
        target, _, anchor = link.partition("#")
        file = (HOUSE / path).parent / target if target else HOUSE / path
        assert file.exists(), f"{path}: {link}"
        if anchor:
            assert anchor in _anchors(file.read_text(encoding="utf-8")), f"{path}: {link}"


def test_every_page_can_be_reached_from_the_start():
    reached, to_read = set(), ["README.md"]
    while to_read:
        path = to_read.pop()
        if path in reached or not path.endswith(".md"):
            continue
        reached.add(path)
        found = ((HOUSE / path).parent.joinpath(link.partition("#")[0]).resolve() for link in _links(path) if not link.startswith("#"))
        to_read += [one.relative_to(HOUSE.resolve()).as_posix() for one in found if one.is_file()]
    assert set(PAGES) - reached == set()


def test_every_file_name_the_code_sends_a_reader_to_is_there():
    """Docstrings and messages name pages (docs/…): a reader who follows one finds it."""
    named = {
        (path.name, page_named)
        for room in ("carebot", "connectors")
        for path in (HOUSE / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for page_named in re.findall(r"docs/[\w/.-]+\.(?:md|json)", node.value)
    }
    assert len(named) >= 3
    assert [(module, told) for module, told in named if not (HOUSE / told).is_file()] == []
