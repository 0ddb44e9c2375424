"""pydantic's errors in the words of somebody who edits rules.yaml: which rule, which key, what was seen, what to write."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from carebot.config.problems import SECRET, SECRET_KEY, Problem, near, shown
from carebot.config.sheet import ONE_OF, Path, Sheet, called

SHORT_NAME = "^[a-z0-9][a-z0-9_-]{0,39}$"


def part_at(part: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that the value at the path is an instance of."""
    skip = False
    for step in path:
        if skip:
            skip = False
            continue
        field = part.model_fields.get(str(step)) or next((f for f in part.model_fields.values() if f.alias == step), None)
        inner = _model_in(field.annotation) if field else None
        if field is None or inner is None:
            return None
        skip = get_origin(field.annotation) in (tuple, dict, list)
        part = inner
    return part


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)


def problems(
    error: ValidationError, part: type[BaseModel], sheet: Sheet, under: Path = (), more_keys: Collection[str] = ()
) -> Iterator[Problem]:
    """Every error pydantic found in `part`, which was read from what is written at `under`.

    more_keys   keys that are also right at the top of `part` (a source's own, beside its kind's)
    """
    for one in error.errors(include_url=False):
        here = one["loc"]
        path = (*under, *here)
        inside = part_at(part, here[:-1])
        fields = inside.model_fields if inside else {}
        keys = {field.alias or name for name, field in fields.items()} | set(more_keys if len(here) == 1 else ())
        if one["type"] == "extra_forbidden":
            yield _unknown(path, keys, sheet)
        elif one["type"] == "missing":
            meant = (key for key in sheet.keys(path[:-1]) if key not in keys and near(key.split(":")[0], keys) == path[-1])
            if (misspelt := next(meant, None)) is not None:
                yield _unknown((*path[:-1], misspelt), keys, sheet)
            else:
                yield _missing(path, fields.get(str(here[-1])), sheet)
        elif not (isinstance(one["input"], str) and SECRET.search(one["input"])):  # told by whoever looked at the whole text
            yield _wrong(one, path, sheet)


def _unknown(path: Path, keys: set[str], sheet: Sheet) -> Problem:
    inner = sheet.place(path)[1][:-1]
    key = str(path[-1])
    before = key.partition(":")[0]
    if ":" in key and before in keys:
        hint = f"A space is missing after the colon. Write: {before}: …"
    elif meant := near(key, keys):
        hint = f'Did you mean "{meant}"?'
    else:
        hint = f"Known here: {', '.join(sorted(keys))}." if keys else "Nothing more can be written here."
    return sheet.problem(path, f"unknown key {shown(key)}{' in ' + called(inner) if inner else ''}.", hint, key=True)


def _missing(path: Path, field: FieldInfo | None, sheet: Sheet) -> Problem:
    inner = sheet.place(path)[1][:-1]
    about = f" {field.description}" if field and field.description else ""
    said = f"the key '{path[-1]}' is missing{' in ' + called(inner) if inner else ''}."
    return sheet.problem(path, said, f'Add a line "{path[-1]}: …".{about}', key=True)


def _wrong(one: Any, path: Path, sheet: Sheet) -> Problem:
    if path[-1:] == ("[key]",):
        path = path[:-1]
        _, _, hint = _pattern(one, "").partition("\n")
        node = sheet.root.nearest(path)
        return sheet.page.problem(*(node.key_at or node.at), f"{called(path[:-1])}: {shown(path[-1])} is not a short name.", hint)
    what = called(sheet.place(path)[1])
    secret = path and SECRET_KEY.search(str(path[-1]))
    say = _nothing if one["input"] is None else _HOW.get(one["type"], _otherwise)
    text, _, hint = say(one, "what is there now" if secret else shown(one["input"])).partition("\n")
    said = text if not what or text.startswith(f"{what} ") else f"{what} {text}"
    return sheet.problem(path, said, hint)


# ── the words for each kind of error: what is wrong, and after a line break what to do ──────────────────────────


def _choices(one: Any, seen: str) -> str:
    choices = re.findall(r"'([^']*)'", one["ctx"]["expected"])
    meant = near(str(one["input"]), choices)
    return f"must be one of {', '.join(choices)}, not {seen}." + (f'\nDid you mean "{meant}"?' if meant else "\nWrite one of them.")


def _text(one: Any, seen: str) -> str:
    match one["input"]:
        case bool() | int() | float() as value:
            what = "true or false" if isinstance(value, bool) else "a number"
            return f'must be a text, but {seen} is {what} here.\nPut quotes around it: "{seen}".'
        case dict():
            return "must be a text, but a colon in it makes it a key and a value.\nPut quotes around the whole text."
        case _:
            return f"must be a single text, not {seen}.\nWrite one value, without dashes or brackets."


def _list(one: Any, seen: str) -> str:
    if isinstance(one["input"], dict):
        return "must be a list, not a group of keys.\nStart each entry with a dash and a space: - name: …"
    if one["loc"][0] in ONE_OF and len(one["loc"]) == 1:
        return f"must be a list, not {seen}.\nStart each entry on a line of its own, with a dash and a space: - name: …"
    word = seen[1:-1] if isinstance(one["input"], str) else seen
    return f"must be a list, not {seen}.\nPut it in brackets: [{word}]"


def _group(one: Any, seen: str) -> str:
    if isinstance(one["input"], tuple):
        return "must be a group of keys, not a list.\nTake the dashes away and write key: value lines."
    joined = re.match(r"'([\w-]+):\S", seen)
    hint = (
        f"A space is missing after the colon: write {joined[1]}: …" if joined else "Write key: value lines below it, two spaces further in."
    )
    return f"must be a group of keys, not {seen}.\n{hint}"


def _pattern(one: Any, seen: str) -> str:
    pattern = one["ctx"]["pattern"]
    if pattern.startswith("^https?://"):
        return f"must be an address, not {seen}.\nWrite all of it, from https:// on."
    if pattern == SHORT_NAME:
        name = re.sub(r"[^a-z0-9_-]+", "-", _bare(one["input"])).strip("-_")[:40]
        return f"must be a short name, not {seen}.\nUse small letters without accents, digits, - and _, at most 40" + (
            f": {name}" if name else "."
        )
    if pattern.startswith("^[UW]"):
        return f"must be a Slack member id, not {seen}.\nOpen the person's profile in Slack, then ⋮ and Copy member ID: U024BE7LH."
    if "#" in pattern:
        word = str(one["input"]).strip(" #@“”‘’\"'").casefold().replace(" ", "-")
        return f'must be a Slack channel, not {seen}.\nWrite its name with # and in quotes: "#{shown(word)[1:-1]}"; or its id: C0123456789.'
    return f"has a form that does not fit: {seen}.\nIt must look like {pattern}."


def _bare(word: Any) -> str:
    """In small letters, without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", str(word).casefold()) if not unicodedata.combining(letter))


def _value(one: Any, seen: str) -> str:
    """A validator's own words; the value in them is shown our way."""
    said = str(one["ctx"]["error"]).replace(repr(one["input"]), seen)
    said = re.sub(r"'([^']*)'", lambda piece: shown(piece[1]), said)
    what, _, hint = said.partition(". ")
    if "is not a time zone" in what:
        meant = _zone(str(one["input"]))
        hint = f'Did you mean "{meant}"?' if meant else hint
    return f"{what.rstrip('.')}.\n{hint}"


def _zone(word: str) -> str | None:
    from zoneinfo import available_timezones

    zones = available_timezones()
    cities = {zone.rsplit("/", 1)[-1]: zone for zone in sorted(zones, reverse=True)}
    city = near(word.rsplit("/", 1)[-1], cities)
    return near(word, zones) or (cities[city] if city else None)


def _number(one: Any, seen: str) -> str:
    whole = "whole " if "int" in one["type"] else ""
    return f"must be a {whole}number, not {seen}.\nWrite plain digits, such as 3: no quotes, no zero in front."


def _otherwise(one: Any, seen: str) -> str:
    return f"is not right: {seen}.\n{one['msg'][:1].upper()}{one['msg'][1:]}."


def _nothing(one: Any, seen: str) -> str:
    return f"has nothing after its {'dash' if isinstance(one['loc'][-1], int) else 'colon'}.\nWrite a value, or put a # before the line."


_HOW: dict[str, Callable[[Any, str], str]] = {
    "string_type": _text,
    "string_too_short": lambda one, seen: "is empty.\nWrite something, or delete the line.",
    "string_too_long": lambda one, seen: f"has {len(str(one['input']))} letters; {one['ctx']['max_length']} is the most.\nMake it shorter.",
    "string_pattern_mismatch": _pattern,
    "bool_type": lambda one, seen: f"must be true or false, not {seen}.\nWrite one of these two words.",
    "int_type": _number, "int_parsing": _number, "int_from_float": _number, "float_type": _number, "float_parsing": _number,
    "tuple_type": _list, "list_type": _list, "dict_type": _group, "model_type": _group, "model_attributes_type": _group,
    "literal_error": _choices,
    "value_error": _value,
    "greater_than": lambda one, seen: f"must be more than {one['ctx']['gt']}, not {seen}.",
    "greater_than_equal": lambda one, seen: f"must be at least {one['ctx']['ge']}, not {seen}.",
    "less_than": lambda one, seen: f"must be less than {one['ctx']['lt']}, not {seen}.",
    "less_than_equal": lambda one, seen: f"must be at most {one['ctx']['le']}, not {seen}.",
    "too_short": lambda one, seen: f"has too few entries: at least {one['ctx']['min_length']}.",
    "too_long": lambda one, seen: f"has too many entries: at most {one['ctx']['max_length']}.",
}  # fmt: skip
