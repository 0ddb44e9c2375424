"""Rules text → a Rulebook, or every problem in it at once, each with its line, a caret and what to write instead.

Pure: text in, values and problems out. Whoever calls opens the file, and brings the kinds of source there are: importing a
connector can be slow, so a kind is asked for its options only when a source uses it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from carebot.config import names, plain_words, syntax
from carebot.config.names import Kinds
from carebot.config.problems import A_SECRET, HIDDEN, SECRET, Page, Problem, shown
from carebot.config.schema import Rulebook, RulesFile
from carebot.config.sheet import Sheet
from carebot.config.yaml_nodes import MOST_PROBLEMS, Builder, GiveUp, Node

LARGEST = 256 * 1024
MOST_TOLD = 100


def decode(raw: bytes, *, name: str = "rules.yaml") -> str | Problem:
    """The bytes of a rules file as text, or why they are none. UTF-8, with or without a byte order mark."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(name=name, line=1, column=1, message="the file is saved as UTF-16.", hint="Save it as UTF-8.")
    page = Page(name, raw[: LARGEST + 1].decode("utf-8", "replace"))
    if len(raw) > LARGEST:
        return _too_large(page)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        spot = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        return page.problem(*spot, "there is a letter here that is not UTF-8 (shown as �).", "Save the file with the encoding UTF-8.")


def read(text: str, *, name: str = "rules.yaml", kinds: Kinds, now: datetime | None = None) -> tuple[Rulebook | None, tuple[Problem, ...]]:
    """The rulebook, or else at least one problem; problems come in the order of the file.

    kinds   each kind of source, with the function that gives the model of its options
    now     the day on which the rules come into force; None: whatever depends on it is not asked, as in a replay
    """
    page = Page(name, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    if len(text.encode("utf-8", "replace")) > LARGEST:
        return None, (_too_large(page),)
    unreadable = [*_unseen(page), *syntax.margins(page)]  # YAML would stumble over the same thing, in its own words
    root, stumbles = (None, []) if unreadable else _nodes(page)
    found = [*_secrets(page), *unreadable, *stumbles]
    if root is not None:
        lines = {problem.line for problem in found}
        found += (problem for problem in islice(_checked(Sheet(root, page), kinds, now), MOST_PROBLEMS) if problem.line not in lines)
    if found or root is None:
        return None, _in_order(found)
    plain = root.plain()
    return Rulebook(file=RulesFile.model_validate(plain), text=text, fingerprint=fingerprint(plain)), ()


def sheet_of(text: str, *, name: str = "rules.yaml") -> Sheet | None:
    """The tree of a rules file, with its places; None of a file with a problem in its form."""
    page = Page(name, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    root, stumbles = _nodes(page)
    return None if root is None or stumbles else Sheet(root, page)


def fingerprint(plain: Any) -> str:
    """12 hex digits that change when what the file says changes, and not with comments, order of keys or spaces."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def _in_order(found: list[Problem]) -> tuple[Problem, ...]:
    """By line, one of a kind in each line, and not more than a person reads."""
    once = {(problem.line, problem.message): problem for problem in sorted(found, key=_place, reverse=True)}
    told = sorted(once.values(), key=_place)
    if len(told) > MOST_TOLD:
        hint = f"Put the {MOST_TOLD} above right, then check again."
        told[MOST_TOLD:] = [msgspec.structs.replace(told[MOST_TOLD], message="from here on there are more problems.", hint=hint)]
    return tuple(told)


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line, problem.column


def _too_large(page: Page) -> Problem:
    return page.problem(1, 1, f"the file is larger than {LARGEST // 1024} KB.", "A rules file has some pages: is it the right one?")


def _secrets(page: Page) -> Iterator[Problem]:
    """In comments too: the whole text is kept beside the alerts it causes."""
    for number, line in enumerate(page.lines, 1):
        if found := SECRET.search(line):
            yield page.problem(number, found.start() + 1, *A_SECRET)


def _unseen(page: Page) -> Iterator[Problem]:
    """Characters no keyboard types, such as NUL: the first in each line."""
    for number, line in enumerate(page.lines, 1):
        if found := HIDDEN.search(line):
            hint = "Is this the right file? If so, delete the character."
            yield page.problem(number, found.start() + 1, "there is a character here that is no text (shown as □).", hint)


def _nodes(page: Page) -> tuple[Node | None, list[Problem]]:
    from ruamel.yaml.error import YAMLError

    builder = Builder(page)
    try:
        for event in syntax.steps("\n".join(page.lines)):
            builder.take(event)
    except GiveUp:
        return None, builder.problems
    except (YAMLError, ValueError, OverflowError) as error:  # the last two: \U99999999 in quotes
        return None, [*builder.problems, syntax.explain(error, page)]
    if builder.root is None:
        hint = 'Begin with two lines: "brand:", and below it "  name: " and the name of your brand.'
        return None, [page.problem(1, 1, "the file is empty.", hint)]
    return builder.root, builder.problems


def _checked(sheet: Sheet, kinds: Kinds, now: datetime | None) -> Iterator[Problem]:
    if not isinstance(sheet.root.value, dict):
        what = "a list" if isinstance(sheet.root.value, tuple) else shown(sheet.root.value)
        hint = "Begin with brand: and services:, without dashes."
        yield sheet.problem((), f"the file must be made of groups of keys, not of {what}.", hint)
        return
    try:
        RulesFile.model_validate(sheet.root.plain())
    except ValidationError as error:
        yield from plain_words.problems(error, RulesFile, sheet)
    yield from names.problems(sheet, kinds, now)


# ── for editors ──────────────────────────────────────────────────────────────────────────────────────────────────


class _Schema(GenerateJsonSchema):
    """The ways of writing that `read` accepts, where pydantic would describe its own."""

    def encode_default(self, dft: Any) -> Any:
        if not isinstance(dft, timedelta):
            return super().encode_default(dft)
        seconds = int(dft.total_seconds())
        size, unit = next((size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")) if seconds % size == 0)
        return f"{seconds // size}{unit}"

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        return {"type": "string", "examples": ["2026-12-01T06:00+01:00"]}  # format date-time would ask for seconds

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema() -> dict[str, Any]:
    """The JSON Schema of rules.yaml (draft 2020-12), for editors that complete and check while one types."""
    made = RulesFile.model_json_schema(schema_generator=_Schema)
    return {"$schema": _Schema.schema_dialect, **made, "title": "carebot rules"}
