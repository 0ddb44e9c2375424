"""One figure, how sure it is, and figures beside each other: what `benchmarks.understanding` measures is a list of these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.language import interval
from carebot.training.calibrate import off_by, sure

Score = Callable[[NDArray[Any], NDArray[Any]], float]
Asked = tuple[str, str, str]  # what, on, score
_TIMES = 300
PLAIN = ("messages/s", "µs a message")  # everything else is a share
CARD_QUESTIONS = ("outage", "complaint", "churn", "fraud", "moment", "praise")


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """what, on, score   the question, the messages, and how it is counted: "outage", "care_gold es", "F1"
    who         the reader
    low, high   where it lies with 95 %; None where that was not asked
    of          messages
    knew        "*": the reader had learnt from these messages. "~": it was chosen or weighed by them. "": neither
    """

    what: str
    on: str
    score: str
    who: str
    value: float
    low: float | None = None
    high: float | None = None
    of: int = 0
    knew: str = ""

    @property
    def asked(self) -> Asked:
        return self.what, self.on, self.score


def scored(asked: Asked, who: str, score: Score, right: NDArray[Any], said: NDArray[Any], knew: str = "") -> Figure:
    """With its 95 % interval, from messages drawn again with replacement."""
    chance = np.random.default_rng(1)
    drawn = (chance.integers(0, len(right), len(right)) for _ in range(_TIMES))
    low, high = sure([score(right[rows], said[rows]) for rows in drawn])
    return _figure(asked, who, score(right, said), low, high, len(right), knew)


def counted(asked: Asked, who: str, right: int, of: int, knew: str = "") -> Figure:
    """A share of messages, with Wilson's interval."""
    low, high = interval(right, of) if of else (0.0, 1.0)
    return _figure(asked, who, right / max(1, of), max(0.0, low), min(1.0, high), of, knew)


def off(asked: Asked, who: str, p: NDArray[Any], right: NDArray[Any], knew: str = "") -> Figure:
    """The expected calibration error. No interval: drawing again only ever makes it larger; `by_chance` is what to hold it against."""
    return _figure(asked, who, off_by(p, right.astype(float)), None, None, len(p), knew)


def by_chance(asked: Asked, p: NDArray[Any]) -> Figure:
    """What a reader that is never off would not exceed in 19 cases of 20: so many messages tell no more."""
    chance = np.random.default_rng(1)
    draws = [off_by(p, (chance.random(len(p)) < p).astype(float)) for _ in range(_TIMES)]
    return _figure(asked, "(perfect, by chance)", float(np.quantile(draws, 0.95)), None, None, len(p), "")


def _figure(asked: Asked, who: str, value: float, low: float | None, high: float | None, of: int, knew: str) -> Figure:
    what, on, score = asked
    return Figure(what=what, on=on, score=score, who=who, value=value, low=low, high=high, of=of, knew=knew)


def shown(figure: Figure) -> str:
    match figure.score:
        case "messages/s":
            return f"{figure.value:,.0f}"
        case "µs a message":
            return f"{figure.value:.1f}"
        case "ECE":
            return f"{figure.value:.3f}{figure.knew}"
        case _:
            digits = 2 if 0.98 < figure.value < 1 or 0 < figure.value < 0.01 else 1
            return f"{100 * figure.value:.{digits}f}{_between(figure)}{figure.knew}"


def _between(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    digits = 0 if figure.high - figure.low > 0.025 else 1
    return f" ({100 * figure.low:.{digits}f}–{100 * figure.high:.{digits}f})"


def table(title: str, columns: Sequence[tuple[str, Asked]], figures: Iterable[Figure]) -> list[str]:
    """A row a reader, in the order in which they first come; a column a question. Nothing if nobody answered any of them."""
    wanted = [asked for _, asked in columns]
    cells: dict[str, dict[Asked, Figure]] = {}
    for figure in figures:
        if figure.asked in wanted:
            cells.setdefault(figure.who, {})[figure.asked] = figure
    if not cells:
        return []
    rows = [["", *(head for head, _ in columns)]]
    rows += [[who, *(shown(told[asked]) if asked in told else "" for asked in wanted)] for who, told in cells.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]) for row in rows
    ]
    return ["", title, *(f"  {line}".rstrip() for line in lines)]


# ── the model card ───────────────────────────────────────────────────────────────────────────────────────────────

_BETWEEN = re.compile(r"([\d.]+) \((\d+)–(\d+)\)")


def on_the_card(page: str) -> Iterator[Figure]:
    """What the training run wrote of `care_gold`: each message as read by a fit that had not seen it. Nothing from a page without it."""
    heads: list[str] = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if cells[0] == "question":
            heads = cells
        elif cells[0] in CARD_QUESTIONS and "set" in heads:
            yield from _of_row(heads, cells)


def _of_row(heads: list[str], cells: list[str]) -> Iterator[Figure]:
    of = dict(zip(heads[:4], cells[:4], strict=True))
    on, who = f"{of['set']} {of['language']}", ""
    for head, cell in zip(heads[4:], cells[4:], strict=True):
        score, _, name = head.partition(" ")
        who = name or who
        found = _BETWEEN.fullmatch(cell)
        value, low, high = map(float, found.groups()) if found else (float(cell), None, None)
        if who != "lexicon" and of["set"].startswith("care_gold"):
            part = 1 if score == "ECE" else 100
            lowest, highest = (None, None) if low is None or high is None else (low / 100, high / 100)
            yield _figure((of["question"], on, score), f"{who}, in folds", value / part, lowest, highest, 0, "")
