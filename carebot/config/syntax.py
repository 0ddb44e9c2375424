"""What a YAML reader complains about, in words for somebody who never chose YAML.

The reader says where it stumbled, which is often a line after the slip; here the slip itself is looked for first.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from carebot.config.problems import Page, Problem, shown

_NO_SPACE = re.compile(r"^\s*(?:- +)*[\w-]+(:)[^\s:/]")
_DASH_NO_SPACE = re.compile(r"^\s*(-)[^\s-]")
_CURLY = re.compile(r"[“”„‘’]")


class Said(NamedTuple):
    """Where, what, and what to do."""

    line: int
    column: int
    message: str
    hint: str = ""


def explain(error: Exception, page: Page) -> Problem:
    """One YAML error as a problem of the page."""
    mark, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    complaint, context = str(getattr(error, "problem", "")), str(getattr(error, "context", ""))
    mark = mark or begun
    if mark is None:
        return page.problem(1, 1, "this is not a text that can be read as YAML.", "Look for an odd \\ or % in the file.")
    at = (mark.line + 1, mark.column + 1)
    start = (begun.line + 1, begun.column + 1) if begun else at
    return page.problem(*_said(complaint, context, at, start, page))


def _said(complaint: str, context: str, at: tuple[int, int], start: tuple[int, int], page: Page) -> Said:
    match complaint:
        case _ if "expected ':'" in complaint:
            return _no_colon(start, page)
        case "mapping values are not allowed here":
            return _second_colon(at, page)
        case _ if "quoted scalar" in context or "double-quoted" in context:
            return _quote(complaint, at, start, page)
        case _ if "cannot start any token" in complaint or "anchor" in context or "alias" in context or " tag" in context:
            return _odd_start(at if "token" in complaint else start, page)
        case _ if "flow" in context:
            bracket = _letter(start, page)
            close = _CLOSES.get(bracket, "end")
            hint = "Put a comma between two values, close the bracket, and put quotes around a value with : or brackets in it."
            return Said(*start, f"a {bracket} is opened here, and what is in it cannot be read up to its {close}.", hint)
        case "sequence entries are not allowed here":
            return Said(*at, "a list cannot begin on the line of its key.",
                        "Put each - on a line of its own under the key, or write the list in brackets: [one, two].")  # fmt: skip
        case _ if "block scalar" in context:
            return Said(*start, f"a value cannot begin with {_letter(start, page)}.", "Put quotes around it.")
        case _ if "the node content" in complaint:
            return Said(*at, f"a value cannot begin with {_letter(at, page)}.", "Put quotes around it, or delete it.")
        case _ if "<block end>" in complaint:
            return _indentation(complaint, at, start, page)
        case _ if "directive" in context:
            return Said(*start, "a line cannot begin with %.", "Delete it, or put quotes around the value.")
        case _ if "document" in complaint:
            return Said(*at, "this does not belong to anything above it.", "Check that quotes and brackets above are closed, once each.")
    return Said(*at, "this cannot be read.", "Compare it with the lines above: same indentation, key: value, quotes closed.")


_CLOSES = {"[": "]", "{": "}"}


def _letter(at: tuple[int, int], page: Page) -> str:
    return page.line(at[0])[at[1] - 1 : at[1]] or "character"


def _words(line: str) -> str:
    return shown(re.sub(r"^\s*(?:- +)*", "", line).strip())


def _joined(line: int, page: Page) -> Said | None:
    """`name:login` and `-login`: the space is missing."""
    text = page.line(line)
    if found := _NO_SPACE.match(text):
        key = text[: found.start(1)].strip(" -")
        return Said(line, found.start(1) + 1, f"a space is missing after the colon of {shown(key)}.", f"Write: {key}: …")
    if found := _DASH_NO_SPACE.match(text):
        return Said(line, found.start(1) + 1, "a space is missing after the dash.", "Write: - and a space before the value.")
    return None


def _no_colon(start: tuple[int, int], page: Page) -> Said:
    line, column = start
    if joined := _joined(line, page):
        return joined
    what = _words(page.line(line))
    if line == len(page.lines) or not any(text.strip() for text in page.lines[line:]):
        return Said(line, column, f"the file ends here, at {what}, which has no colon and no value.",
                    "Was it saved to its end? Write key: value, or delete the line.")  # fmt: skip
    return Said(line, column, f"{what} has no colon.", "Write key: value, or put a dash and a space before it if it belongs to a list.")


def _second_colon(at: tuple[int, int], page: Page) -> Said:
    line, column = at
    text = page.line(line)
    if first := re.search(r":\s+\S", text[: column - 1]):
        return Said(line, first.end(), "the value has a colon in it, so it looks like a second key.", "Put quotes around the value.")
    above = next((number for number in range(line - 1, 0, -1) if page.line(number).strip(" -")), line)
    if joined := _joined(above, page):
        return joined
    indent = len(text) - len(text.lstrip())
    if re.search(r":\s+\S", page.line(above)):
        key = _words(text.split(":")[0])
        return Said(line, indent + 1, f"{key} is further to the right than its neighbour on line {above}.",
                    "Put keys that belong together exactly below each other.")  # fmt: skip
    start = len(page.line(above)) - len(page.line(above).lstrip(" -"))
    return Said(
        above,
        start + 1,
        f"{_words(page.line(above))} has no colon.",
        "Write key: value, or only key: if its values are on the lines below.",
    )


def _quote(complaint: str, at: tuple[int, int], start: tuple[int, int], page: Page) -> Said:
    line, column = start
    quote = _letter(start, page)
    if "escape" in complaint:
        return Said(*at, "a \\ inside double quotes has a meaning of its own.", "Write \\\\ for a backslash, or use single quotes: '…'.")
    if _CURLY.search(page.line(line)[column:]):
        return Said(line, column, f"a straight quote {quote} opens here, and only a curly one follows.", f"Type {quote} at both ends.")
    return Said(line, column, f"a quote {quote} opens here and is never closed.", f"Put {quote} at the end of the value.")


_STARTS = {
    "@": "An account or a text that starts with @ needs quotes", "`": "Use straight quotes instead of `",
    "%": "A value that starts with % needs quotes", "*": "A value that starts with * needs quotes",
    "&": "A value that starts with & needs quotes", "!": "A value that starts with ! needs quotes",
}  # fmt: skip


def _odd_start(at: tuple[int, int], page: Page) -> Said:
    letter = _letter(at, page)
    if letter == "\t":
        return Said(*at, "there is a tab (→) here.", "Use spaces.")
    value = re.split(r"[,\]\}]|\s#", page.line(at[0])[at[1] - 1 :])[0].strip().strip("`")
    return Said(*at, f"a value cannot begin with {letter}.", f'{_STARTS.get(letter, "Put quotes around it")}: "{shown(value)[1:-1]}"')


def _indentation(complaint: str, at: tuple[int, int], start: tuple[int, int], page: Page) -> Said:
    line, column = at
    before = page.line(line)[: column - 1]
    if before.strip(" -"):
        if before.rstrip()[-1:] in "\"'":
            quotes = "Write '…' around the whole value" if before.rstrip()[-1] == '"' else 'Write "…" around the whole value'
            return Said(line, column, "the quotes end before the value does.", f"{quotes}.")
        if _letter(at, page) in "'\"" or "'" in before:
            return Said(line, column, "a quote inside the value ends it too early.", 'Write "…" around the whole value.')
        return Said(line, column, f"there is a {_letter(at, page)} too many.", "Delete it, or put quotes around the value.")
    what = _words(page.line(line))
    if "sequence" in complaint:
        return Said(line, column, f"the dash of {what} is not below the other dashes or keys around it.",
                    f"Put it exactly below the others; the list or group above begins on line {start[0]}.")  # fmt: skip
    above = next((number for number in range(line - 1, 0, -1) if page.line(number).strip(" -")), line)
    margin = len(page.line(above)) - len(page.line(above).lstrip(" -"))
    said = f"{what} begins after {column - 1} spaces, and nothing above it does: line {above} begins after {margin}."
    return Said(line, column, said, "Put keys that belong together exactly below each other.")


def margins(page: Page) -> list[Problem]:
    """Lines that begin with tabs or odd spaces; one problem for each kind."""
    found: list[tuple[int, int, str]] = []
    for number, text in enumerate(page.lines, 1):
        margin = re.match(r"\s*", text)
        inner = text[margin.end() if margin else 0 :]
        if not inner or inner.startswith("#"):
            continue
        if odd := re.search(r"[^ ]", text[: margin.end() if margin else 0]):
            found.append(
                (number, odd.start() + 1, "a tab" if odd[0] == "\t" else "a space of a special kind (often pasted from a web page)")
            )
    problems = []
    for what in dict.fromkeys(kind for _, _, kind in found):
        places = [(line, column) for line, column, kind in found if kind == what]
        more = f" So do {len(places) - 1} more." if len(places) > 1 else ""
        problems.append(page.problem(*places[0], f"this line begins with {what}.{more}", "Indent with plain spaces, two for each level."))
    return problems


def steps(text: str) -> Any:
    """The YAML reader's events, one by one. Raises what `explain` explains."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).parse(text)
