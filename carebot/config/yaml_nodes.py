"""Rules text → values that know where they were written.

YAML means surprises: `no` is false, 9:30 is 570, 0123 is 83, an alias makes a gigabyte of a line. Here a value is what the
writer sees: only true, false, null and plain decimal numbers are more than text, and one thing is written in one place (no
anchors, aliases, tags or merges). The tree is built from the parser's events with a stack of our own, so nothing is walked
before it was judged and depth cannot break us.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from carebot.config.problems import A_SECRET, HIDDEN, RANDOM, SECRET, SECRET_KEY, Page, Problem, shown

DEEPEST = 12
MOST_NODES = 50_000
MOST_PROBLEMS = 500

Scalar = str | int | float | bool | None
_TYPED = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_EMPTY = ("", "~", "null", "Null", "NULL")
# At most 15 digits: more is somebody's account number, not an amount, and 5,000 digits make int() raise.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
_HASHTAG = re.compile(r"\s+#[^\s#]")
_KEY_LINE = re.compile(r"\s*(?:- +)?[\w-]+:(?:\s|$)")


class Spot(NamedTuple):
    """A place in the file, counted from 1."""

    line: int
    column: int


class Node(msgspec.Struct, frozen=True):
    """A value and where it begins; `key_at` is where its key begins, for a value that has one."""

    value: Scalar | tuple[Node, ...] | dict[str, Node]
    at: Spot
    key_at: Spot | None = None

    def plain(self) -> Any:
        """The value alone, sequences as tuples."""
        match self.value:
            case dict():
                return {key: node.plain() for key, node in self.value.items()}
            case tuple():
                return tuple(node.plain() for node in self.value)
            case _:
                return self.value

    def child(self, step: int | str) -> Node | None:
        """The entry of a list or group, if there is one."""
        match self.value:
            case dict():
                return self.value.get(str(step))
            case tuple():
                return self.value[step] if isinstance(step, int) and step < len(self.value) else None
            case _:
                return None

    def nearest(self, path: tuple[int | str, ...]) -> Node:
        """The node at the path, or the last one on the way to it."""
        node = self
        for step in path:
            inner = node.child(step)
            if inner is None:
                break
            node = inner
        return node


class _Open(msgspec.Struct):
    """A mapping or sequence whose end has not come yet."""

    at: Spot
    key_at: Spot | None
    keys: dict[str, Node] | None  # None: a sequence
    items: list[Node]
    key: str | None = None
    key_spot: Spot | None = None


class GiveUp(Exception):
    """Going on makes no sense: what follows would be nonsense or without end. The builder's problems say why."""


class Builder:
    """Takes the reader's events one by one; at the end `root` is the whole file, None if it is empty."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.open: list[_Open] = []
        self.count = 0
        self.documents = 0

    def take(self, event: Any) -> None:
        at = Spot(event.start_mark.line + 1, event.start_mark.column + 1)
        match type(event).__name__:
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    self.stop(at, "a second document begins here (---).", "Keep one of them, and delete the other together with this line.")
            case "AliasEvent":
                self.tell(at, "a value that starts with * is a YAML alias.", "Write the value itself, or put quotes around it.")
                self.put(None, at)
            case "ScalarEvent":
                self.judge(event, at)
                self.scalar(event, at)
            case "MappingStartEvent" | "SequenceStartEvent":
                self.judge(event, at)
                self.begin({} if type(event).__name__ == "MappingStartEvent" else None, at)
            case "MappingEndEvent" | "SequenceEndEvent":
                done = self.open.pop()
                self.add(Node(tuple(done.items) if done.keys is None else done.keys, done.at, done.key_at))

    def judge(self, event: Any, at: Spot) -> None:
        self.count += 1
        if self.count > MOST_NODES:
            self.stop(at, f"the file has more than {MOST_NODES:,} entries.", "Split off what is not needed.")
        if event.anchor is not None:
            self.tell(
                at, "a value that starts with & is a YAML anchor.", "Write the value again where it is needed, or put quotes around it."
            )
        if event.tag is not None:
            self.tell(
                at, "a value that starts with ! is a YAML tag.", "Delete the tag, or put quotes around the value if the ! belongs to it."
            )

    def scalar(self, event: Any, at: Spot) -> None:
        text: str = event.value
        end = Spot(event.end_mark.line + 1, event.end_mark.column + 1)
        inside = self.open[-1] if self.open else None
        key = inside.key or "" if inside else ""
        if SECRET.search(text) or (SECRET_KEY.search(key) and RANDOM.fullmatch(text)):
            self.tell(at, *A_SECRET)
        if hidden := HIDDEN.search(text):
            self.tell(at, f"the value has a hidden character (U+{ord(hidden[0]):04X}).", "Delete it and type the value again.")
            text = HIDDEN.sub("", text)
        if event.style in ("'", '"'):
            self.quoted(event.style, at, end)
        elif event.style is None and text:
            self.unquoted(text, at, end)
        if inside is not None and inside.keys is not None and inside.key is None:
            return self.new_key(inside, text, at)
        if event.style is None and not text and inside is not None:
            at = inside.key_spot or at  # YAML puts an empty value wherever the next thing begins
            self.nothing(key, at)
        return self.put(text if event.style else _typed(text), at)

    def quoted(self, quote: str, at: Spot, end: Spot) -> None:
        """A quote somebody forgot swallows the next lines, keys and all, up to the next quote."""
        if any(_KEY_LINE.match(self.page.line(line)) for line in range(at.line + 1, end.line + 1)):
            hint = f"Put {quote} at the end of the value."
            self.stop(at, f"a quote {quote} opens here and closes only on line {end.line}, with other keys in between.", hint)

    def unquoted(self, text: str, at: Spot, end: Spot) -> None:
        """Two things YAML accepts and nobody means: “curly quotes” and a #hashtag that silently became a comment."""
        if (text[0] in "“”„‟" and text[-1] in "“”") or (text[0] in "‘’" and text[-1] == "’"):
            self.tell(at, f"{shown(text[1:-1])} is in curly quotes, which count as letters here.", 'Type straight quotes: "…".')
        rest = self.page.line(end.line)[end.column - 1 :]
        if found := _HASHTAG.match(rest):
            whole = shown(f"{text} {rest.strip()}")[1:-1]
            hint = f'If it belongs to the value, put quotes around all of it: "{whole}". If it is a comment, write a space after the #.'
            self.tell(Spot(end.line, end.column + found.end() - 2), "what follows # is a comment and is not read.", hint)

    def nothing(self, key: str, key_at: Spot) -> None:
        """`slack: #care-desk` is a key without a value, and a comment."""
        rest = self.page.line(key_at.line)[key_at.column - 1 :]
        if found := re.search(r"(?:^|:)\s+(#[^\s#].*)", rest):
            name, lost = shown(key)[1:-1] or "the entry", shown(found[1].strip())[1:-1]
            said = f"{name} has no value, because what follows # is a comment."
            hint = f'Put quotes around it: {f"{name}: " if key else "- "}"{lost}"'
            self.tell(Spot(key_at.line, key_at.column + found.start(1)), said, hint)

    def new_key(self, inside: _Open, key: str, at: Spot) -> None:
        assert inside.keys is not None
        inside.key, inside.key_spot = key, at
        if key == "<<":
            self.tell(at, "<< copies keys from elsewhere, which is not possible here.", "Write the keys themselves.")
        elif key in inside.keys:
            first = inside.keys[key].key_at or inside.at
            self.tell(at, f"the key {shown(key)} is here twice: first on line {first.line}, again on line {at.line}.", "Keep one of them.")

    def begin(self, keys: dict[str, Node] | None, at: Spot) -> None:
        inside = self.open[-1] if self.open else None
        if inside is not None and inside.keys is not None and inside.key is None:
            self.stop(at, "a key must be a word, not a list or a group.", "If the text starts with [ or {, put quotes around it.")
        if len(self.open) >= DEEPEST:
            self.stop(
                at, f"this is more than {DEEPEST} levels deep.", "Brackets or spaces went wrong here: nothing in this file needs so many."
            )
        self.open.append(_Open(at, inside.key_spot if inside and inside.keys is not None else None, keys, []))

    def put(self, value: Scalar, at: Spot) -> None:
        inside = self.open[-1] if self.open else None
        if inside is not None and inside.keys is not None and inside.key is None:
            return self.new_key(inside, str(value), at)
        return self.add(Node(value, at, inside.key_spot if inside and inside.keys is not None else None))

    def add(self, node: Node) -> None:
        if not self.open:
            self.root = node
        elif (inside := self.open[-1]).keys is None:
            inside.items.append(node)
        else:
            assert inside.key is not None
            inside.keys.setdefault(inside.key, node)
            inside.key = inside.key_spot = None

    def tell(self, at: Spot, message: str, hint: str) -> None:
        self.problems.append(self.page.problem(*at, message, hint))
        if len(self.problems) > MOST_PROBLEMS:
            raise GiveUp

    def stop(self, at: Spot, message: str, hint: str) -> None:
        self.tell(at, message, hint)
        raise GiveUp


def _typed(text: str) -> Scalar:
    if text in _EMPTY:
        return None
    if text in _TYPED:
        return _TYPED[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
