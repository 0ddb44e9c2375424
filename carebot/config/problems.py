"""What is wrong with a rules file, told to the person who wrote it: what, where, the value seen, what to do.

A file may hold a secret somebody pasted by mistake, so nothing from it is shown before it went through `masked` here:
errors travel to logs, to Slack and into tickets.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import msgspec

LONGEST_VALUE = 60
LONGEST_LINE = 100

# Shapes that are a secret wherever they stand, comments included: the whole text of a rules file is kept in the database.
SECRET = re.compile(
    r"xox[abeprs]-\S*|xapp-\S*|A{12,}\S*|Bearer\s+\S{12,}|\bsk-(?=\S{0,80}\d)[\w-]{12,}|\bgh[opsu]_\w+|\bgithub_pat_\w+|\bglpat-\S+"
    r"|\bA(?:KIA|SIA)[0-9A-Z]{16}\b|-----BEGIN.*|\beyJ[\w-]{10}\S*|hooks\.slack\.com/\S+|//[^/\s:@]+:[^/\s@]+@"
)
# Only hidden, not refused: a line of a key file, or whatever follows a word such as `token:`.
_LONG_RUN = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
SECRET_KEY = re.compile(r"secret|token|passw|\bpwd|api_?key|credential|contraseña|clave|authorization", re.IGNORECASE)
# A value under such a key that nobody would choose as a name.
RANDOM = re.compile(r"(?=(?:\D*\d){4})[\w+/=-]{20,}")
# Characters no keyboard types. U+0085, U+2028 and U+2029 are line breaks to some readers and not to others.
HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_AFTER_SECRET_KEY = re.compile(rf"((?:{SECRET_KEY.pattern})[\w-]{{0,30}}[\"']?\s{{0,9}}[:=]\s*)(\S.*)", re.IGNORECASE)


def masked(text: str) -> str:
    """The same text, as long as before, with dots where a secret may be."""
    text = SECRET.sub(lambda found: "•" * len(found[0]), text)
    text = _LONG_RUN.sub(lambda found: "•" * len(found[0]) if re.search(r"\d.*[A-Z]|[A-Z].*\d", found[0]) else found[0], text)
    return _AFTER_SECRET_KEY.sub(lambda found: found[1] + "•" * len(found[2]), text)


def shown(value: Any) -> str:
    """A value of the file as an error may show it: short, on one line, without secrets."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a group of keys"
        case tuple() | list():
            return "a list"
        case _:
            text = _visible(masked(" ".join(str(value)[: 10 * LONGEST_VALUE].split())))
            text = text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
            return f"'{text}'" if isinstance(value, str) else text


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant. Case, spaces, - and _ do not matter."""
    plain = {re.sub(r"[\s_-]+", "_", one.casefold()): one for one in sorted(known)}
    found = difflib.get_close_matches(re.sub(r"[\s_-]+", "_", word.strip().casefold())[:80], plain, n=1, cutoff=0.65)
    return plain[found[0]] if found else None


A_SECRET = (
    "this looks like a token, a key or a password.",
    "Never write one here, nor in a comment: put it in a credential file and write its name. If others saw it, renew it.",
)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to put right. `line` and `column` count from 1; `source_line` is the writer's own, already masked."""

    name: str
    line: int
    column: int
    message: str
    source_line: str = ""
    hint: str = ""

    def __str__(self) -> str:
        told = f"{self.name}:{self.line}: {self.message}{' ' + self.hint if self.hint else ''}"
        return f"{told}\n{_excerpt(self.source_line, self.column)}" if self.source_line.strip() else told


class Page:
    """A rules file as its writer sees it: a name and numbered lines."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = text.split("\n")
        self._masked: dict[int, str] = {}

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def problem(self, line: int, column: int, message: str, hint: str = "") -> Problem:
        line = max(1, min(line, len(self.lines)))
        if line not in self._masked:
            self._masked[line] = masked(self.line(line))
        return Problem(name=self.name, line=line, column=max(1, column), message=message, source_line=self._masked[line], hint=hint)


def _visible(text: str) -> str:
    """Tabs and odd spaces get a shape; whatever could steer a terminal becomes a box."""
    text = text.replace("\t", "→").replace("\xa0", "␣")
    return "".join(letter if letter.isprintable() else "□" for letter in text)


def _excerpt(line: str, column: int) -> str:
    """The line, cut to what is around the spot, and a caret under the spot."""
    line, spot = _visible(line.rstrip()), column - 1
    if len(line) > LONGEST_LINE and spot > LONGEST_LINE // 2:
        cut = spot - LONGEST_LINE // 2
        line, spot = "…" + line[cut:], spot - cut + 1
    line = line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…"
    before = line[:spot]
    width = spot + sum(unicodedata.east_asian_width(letter) in "WF" for letter in before)
    return f"    {line}\n    {' ' * width}^"
