"""What a person said was no incident, as a change of the rules file: a diff for somebody to read, and to apply or not. Pure.

The sentences that fooled a rule become sentences it must ignore (`ignores`), which `carebot check` then holds it to. Only lines are added,
where the file has the rule, in the way it writes its lists; and only a file that can be read afterwards is proposed.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence

from carebot.config.load import read, sheet_of
from carebot.config.names import Kinds
from carebot.config.sheet import Path, Sheet
from carebot.config.yaml_nodes import Node, Spot

LONGEST = 200  # characters of a sentence: an example, not a file of its own


def proposed(text: str, rule: str, sentences: Sequence[str], *, kinds: Kinds, name: str = "rules.yaml") -> str:
    """A unified diff that makes `rule` ignore these sentences; "" where there is nothing to add, or no way to add it that can be read."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    sheet = sheet_of(text)
    path = next((path for path in sheet.below(("rules",)) if sheet.word((*path, "name")) == rule), None) if sheet else None
    if sheet is None or path is None:
        return ""
    had = {sheet.word(one) for one in sheet.below((*path, "ignores"))} | {sheet.word(one) for one in sheet.below((*path, "matches"))}
    fresh = [one for one in dict.fromkeys(" ".join(one.split())[:LONGEST].strip() for one in sentences) if one and one not in had]
    after = _with(lines, sheet, path, [_quoted(one) for one in fresh]) if fresh else None
    if after is None or not _says(after, rule, fresh, kinds):
        return ""
    return "\n".join(difflib.unified_diff(lines, after, f"{name}", f"{name} (propuesta · proposal)", n=2, lineterm=""))


def _with(lines: Sequence[str], sheet: Sheet, path: Path, quoted: Sequence[str]) -> list[str] | None:
    """The file's lines with these examples below the rule; None where the rule is written in a way we do not add to."""
    written, ignores = sheet.at(path), sheet.at((*path, "ignores"))
    if written is None or not isinstance(written.value, dict):
        return None
    if ignores is not None and isinstance(ignores.value, tuple) and ignores.value:
        first = ignores.value[0].at
        if _before(lines, first).rstrip().endswith("-"):  # a list with dashes: ours go first, in the same column
            dash = _before(lines, first).rindex("-")
            return [*lines[: first.line - 1], *(" " * dash + f"- {one}" for one in quoted), *lines[first.line - 1 :]]
        return _inserted(lines, first, ", ".join(quoted) + ", ")
    if ignores is not None:
        return None
    key = min((node.key_at for node in written.value.values() if node.key_at), default=None)
    if key is None:
        return None
    if _in_braces(lines, written):
        return _inserted(lines, key, f"ignores: [{', '.join(quoted)}], ")
    last = max(_last_line(node, lines) for node in written.value.values())
    column = " " * (key.column - 1)
    return [*lines[:last], f"{column}ignores:", *(f"{column}  - {one}" for one in quoted), *lines[last:]]


def _in_braces(lines: Sequence[str], written: Node) -> bool:
    return lines[written.at.line - 1][written.at.column - 1 :].startswith("{")


def _before(lines: Sequence[str], spot: Spot) -> str:
    return lines[spot.line - 1][: spot.column - 1]


def _inserted(lines: Sequence[str], spot: Spot, words: str) -> list[str]:
    line = lines[spot.line - 1]
    return [*lines[: spot.line - 1], line[: spot.column - 1] + words + line[spot.column - 1 :], *lines[spot.line :]]


def _last_line(node: Node, lines: Sequence[str]) -> int:
    """The last line on which something of this value begins."""
    inner = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, tuple) else ()
    return max([node.at.line, *(_last_line(one, lines) for one in inner)])


def _says(after: Sequence[str], rule: str, fresh: Sequence[str], kinds: Kinds) -> bool:
    """Can it be read, and does the rule ignore them now?"""
    book, _ = read("\n".join(after), kinds=kinds)
    found = next((one for one in book.file.rules if one.name == rule), None) if book else None
    return found is not None and set(fresh) <= set(found.ignores)


def _quoted(sentence: str) -> str:
    """As YAML in double quotes, which JSON's are; characters that no keyboard types are left out before."""
    return json.dumps(sentence, ensure_ascii=False)
