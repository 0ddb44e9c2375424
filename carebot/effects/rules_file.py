"""The rules file on disk: read at start, watched while running, remembered in the database when good.

A file that cannot be used leaves the last good rules in force, also across a restart, and says so; staff hear of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from pydantic import BaseModel

from carebot.config.load import decode, read
from carebot.config.problems import Problem
from carebot.config.schema import Rulebook
from carebot.effects.database.store import Store
from carebot.errors import Unusable
from carebot.model import SelfReport, Text

Kinds = Mapping[str, Callable[[], type[BaseModel]]]
LARGEST = 1_000_000  # bytes read at most; `config.load` has the cap people are told of
SHOWN = 3  # problems quoted to staff; the log and `carebot check` have all


class News(msgspec.Struct, frozen=True):
    """The file changed: new rules to use (None: the file is bad, go on with the old ones), and what staff are told."""

    rulebook: Rulebook | None
    report: SelfReport


class RulesOnDisk:
    """One rules file, and what was last seen of it."""

    def __init__(self, path: Path, kinds: Kinds) -> None:
        self.path, self._kinds = path, kinds
        self._seen: bytes | None = None
        self._in_force = ""
        self._at_start: str = ""

    def at_start(self, store: Store | None, now: datetime | None) -> Rulebook:
        """The rules to start with: the file's, or the last good ones the database remembers.

        now   None where what depends on the day does not matter, as in a replay; with a store it is needed
        Raises Unusable, with every problem, when there are neither.
        """
        rulebook, problems = self._read(now)
        if rulebook is None and store and (text := store.last_good_rules()):
            rulebook, _ = read(text, name="the last good rules", kinds=self._kinds)
            self._at_start = _told(problems) if rulebook else ""
        if rulebook is None:
            raise Unusable("\n\n".join(str(problem) for problem in problems))
        if store and now and not self._at_start:
            store.remember_rules(rulebook.fingerprint, rulebook.text, now)
        self._in_force = rulebook.fingerprint
        return rulebook

    def startup_reports(self, now: datetime) -> tuple[SelfReport, ...]:
        """What staff must hear right after the start: that the file is bad and older rules hold."""
        return (_refused(self.path, self._at_start, now),) if self._at_start else ()

    def changed(self, now: datetime, *, forced: bool = False) -> News | None:
        """The news since the last look; None where there is none. `forced`: say so even if the file is the same."""
        if not self._is_new() and not forced:
            return None
        rulebook, problems = self._read(now)
        if rulebook is None:
            return News(None, _refused(self.path, _told(problems), now))
        if rulebook.fingerprint == self._in_force and not forced and not self._at_start:
            return None  # only comments or spaces changed
        self._in_force, self._at_start = rulebook.fingerprint, ""
        headline = Text("Reglas nuevas en vigor", "New rules in force")
        detail = Text(f"{self.path.name}, versión {rulebook.fingerprint}.", f"{self.path.name}, version {rulebook.fingerprint}.")
        return News(rulebook, SelfReport(id="rules", reason="rules_loaded", headline=headline, detail=detail, at=now))

    def _is_new(self) -> bool:
        """By its bytes: two hundred sources take a second to check, and this is asked every two seconds."""
        try:
            with self.path.open("rb") as file:
                return file.read(LARGEST) != self._seen
        except OSError as error:
            return repr(error).encode() != self._seen

    def _read(self, now: datetime | None) -> tuple[Rulebook | None, Sequence[Problem]]:
        try:
            with self.path.open("rb") as file:
                raw = file.read(LARGEST)
        except OSError as error:
            self._seen = repr(error).encode()
            what = f"cannot be read: {error.strerror}. Put the file there, or name another with --rules."
            return None, (Problem(name=str(self.path), line=1, column=1, message=what),)
        self._seen = raw
        text = decode(raw, name=str(self.path))
        return (None, (text,)) if isinstance(text, Problem) else read(text, name=str(self.path), kinds=self._kinds, now=now)


def _told(problems: Sequence[Problem]) -> str:
    shown = "\n".join(str(problem) for problem in problems[:SHOWN])
    return shown + (f"\n… and {len(problems) - SHOWN} more: run carebot check" if len(problems) > SHOWN else "")


def _refused(path: Path, told: str, now: datetime) -> SelfReport:
    return SelfReport(
        id="rules",
        reason="rules_refused",
        headline=Text(f"{path.name} tiene errores: siguen las reglas anteriores", f"{path.name} has errors: the previous rules hold"),
        detail=Text(told, told),
        at=now,
    )
