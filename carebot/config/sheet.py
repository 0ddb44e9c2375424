"""A rules file that could be read: its tree, its lines, and how people call each place in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from carebot.config.problems import Page, Problem, shown
from carebot.config.yaml_nodes import Node

Path = tuple[int | str, ...]
ONE_OF = {
    "rules": "rule", "sources": "source", "promises": "promise", "silences": "silence", "services": "service", "routes": "route",
    "calendar": "calendar entry", "same_person": "person",
}  # fmt: skip


class Sheet(NamedTuple):
    root: Node
    page: Page

    def at(self, path: Path) -> Node | None:
        """What is written at the path; None if nothing is."""
        node: Node | None = self.root
        for step in path:
            node = node.child(step) if node is not None else None
        return node

    def word(self, path: Path) -> str | None:
        """The text at the path; None if there is none, or something else."""
        node = self.at(path)
        return node.value if node is not None and isinstance(node.value, str) else None

    def below(self, path: Path) -> Iterator[Path]:
        """The paths of the entries of a list or group."""
        value = node.value if (node := self.at(path)) is not None else None
        steps = value if isinstance(value, dict) else range(len(value)) if isinstance(value, tuple) else ()
        return ((*path, step) for step in steps)

    def keys(self, path: Path) -> tuple[str, ...]:
        """The keys of the group at the path."""
        node = self.at(path)
        return tuple(node.value) if node is not None and isinstance(node.value, dict) else ()

    def place(self, path: Path) -> tuple[str, Path]:
        """The nearest thing with a name, as people say it, and what is left of the path below it."""
        if len(path) < 2 or path[0] not in ONE_OF:
            return ("", path) if len(path) < 2 else (str(path[0]), path[1:])
        which = path[1]
        name = self.word((*path[:2], "name")) if isinstance(which, int) else which
        ordinal = isinstance(which, int) and not (name and name.strip())
        return f"{ONE_OF[str(path[0])]} {int(which) + 1}" if ordinal else f'{ONE_OF[str(path[0])]} "{shown(name)[1:-1]}"', path[2:]

    def problem(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """Something is wrong with what is at the path, or (key) with its key; the message is told with its place."""
        node = self.root.nearest(path)
        where, _ = self.place(path)
        return self.page.problem(*(node.key_at or node.at if key else node.at), f"{where}: {message}" if where else message, hint)


def called(path: Path) -> str:
    """A path as a reader would say it: ("statement", "es") → "es of statement"."""
    return " of ".join(f"entry {step + 1}" if isinstance(step, int) else shown(step)[1:-1] for step in reversed(path))
