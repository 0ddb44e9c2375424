"""Are a brand's own replies understood? `python -m benchmarks.replies [--json]`: promises and hand-offs on 1,406 real ones.

Four brands in English and a bank in Spanish. `first` was drawn by stratum (a loose pattern for times, one for other doors, the rest), near
copies left out; `second` is what those files have left with a word for a time, all that is left in Spanish, and some of the rest.
replies*.tsv hold what one reader made of each, and no text; a third of the first was read again, in another order, by the same reader, who
also wrote the rules: agreement is an upper bound. `invented` has texts: real ones in Spanish are one bank's, and hardly any names a time.

Halves are by a hash. Rules are written on `dev`, and `held-out` is scored when they are done: those of 2026-11 on the first set alone, and
once more on all three, after both others had been labelled and scored with what there was. "weighed" counts each reply for as many as it
was drawn from: what a desk that hears everything would see.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from benchmarks.language import interval
from carebot.understand.embedded import Reader
from carebot.understand.hand_offs import sent_elsewhere
from carebot.understand.normalise import plain, tame
from carebot.understand.promises import promised
from carebot.understand.redact import redact

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
FILES = (
    "replies/AskRBC_en",
    "replies/AirAsiaSupport_en",
    "replies/AppleSupport_en",
    "streams/citibanamex_2021_es",
    "streams/spotifycares_2017_en",
)
GREENWICH = ZoneInfo("UTC")
SOON = timedelta(hours=4)
_READER = Reader()
NONE = ("-", "far")
HALVES = ("dev", "held-out")
SETS = {"first": "replies.tsv", "second": "replies_second.tsv", "invented": "replies_invented.tsv"}
SAID_AT = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)  # what is invented, on a Tuesday


class Reply(NamedTuple):
    """A reply and what a reader made of it. `again`: the same two labels the second time, empty where it was read once."""

    drawn: str
    half: str
    stands_for: float
    promise: str
    hand_off: str
    again: tuple[str, str]
    text: str
    lang: str
    posted_at: datetime


Replies = Sequence[Reply]


class Figure(msgspec.Struct, frozen=True):
    """How well one question is answered on one half: of those it names how many are right, and of those that are how many it names."""

    what: str
    on: str
    of: int
    yes: int
    precision: float
    precision_95: tuple[float, float]
    recall: float
    recall_95: tuple[float, float]
    precision_weighed: float
    recall_weighed: float


def _mended(text: str) -> str:
    """Some texts were stored as if their UTF-8 were Windows-1252."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def labelled() -> list[Reply]:
    """Every labelled reply whose text is in the data folder, as the door lets it in, and those that are invented."""
    lines = (line for name in FILES for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    said = {row["id"]: row for row in map(json.loads, lines) if row.get("by_brand")}
    real = [
        Reply(drawn, half, float(weight), promise, door, (promise_again, door_again), _heard(row["text"]), row["lang"], _at(row))
        for drawn in ("first", "second")
        for id_, half, weight, promise, door, promise_again, door_again, _ in _rows(drawn)
        if (row := said.get(id_))
    ]
    return real + [
        Reply("invented", half, 1.0, promise, door, ("", ""), _heard(text), lang, SAID_AT)
        for half, lang, _, promise, door, text in _rows("invented")
    ]


def _rows(drawn: str) -> list[list[str]]:
    return [line.split("\t") for line in (HERE / SETS[drawn]).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def _heard(text: str) -> str:
    return redact([tame(_mended(text))])[0]


def _at(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["posted_at"]).astimezone(UTC)


def _share(right: float, of: float) -> float:
    return round(right / of, 4) if of else 0.0


def figure(what: str, on: str, replies: Replies, said: Sequence[bool], true: Sequence[bool]) -> Figure:
    weight = [reply.stands_for for reply in replies]
    hits = [each and right for each, right in zip(said, true, strict=True)]
    wide = [sum(w for w, each in zip(weight, column, strict=True) if each) for column in (hits, said, true)]
    return Figure(
        what=what,
        on=on,
        of=len(replies),
        yes=sum(true),
        precision=_share(sum(hits), sum(said)),
        precision_95=interval(sum(hits), sum(said) or 1),
        recall=_share(sum(hits), sum(true)),
        recall_95=interval(sum(hits), sum(true) or 1),
        precision_weighed=_share(wide[0], wide[1]),
        recall_weighed=_share(wide[0], wide[2]),
    )


Question = tuple[str, Callable[[Replies], list[bool]], Callable[[Reply], bool]]  # what, as it is read, as it is


def _promises(soon: timedelta | None) -> Callable[[Replies], list[bool]]:
    return lambda replies: [promised(reply.text, reply.lang, reply.posted_at, GREENWICH, soon) is not None for reply in replies]


def _head(replies: Replies) -> list[bool]:
    answers: list[bool] = (
        _READER.read([plain(reply.text) for reply in replies], [reply.lang for reply in replies]).column("hand_off").tolist()
    )
    return answers


def _is_hand_off(reply: Reply) -> bool:
    return reply.hand_off != "-"


QUESTIONS: tuple[Question, ...] = (
    ("promise with a time", _promises(None), lambda reply: reply.promise not in (*NONE, "soon")),
    ("promise, soon too", _promises(SOON), lambda reply: reply.promise not in NONE),
    ("hand-off", lambda replies: [sent_elsewhere(reply.text) is not None for reply in replies], _is_hand_off),
    ("hand-off, the reader's head", _head, _is_hand_off),
)


def figures(replies: Replies) -> list[Figure]:
    """For each question, half and set, and for all sets together; of those also by language."""
    found = []
    for what, read, is_true in QUESTIONS:
        for half, drawn, lang in product(HALVES, ("", *SETS), ("", "es", "en")):
            some = [reply for reply in replies if reply.half == half and drawn in ("", reply.drawn) and lang in ("", reply.lang)]
            true = [*map(is_true, some)]
            if any(true) and not (drawn and lang == "en"):
                found.append(figure(what, " ".join(filter(None, (half, drawn, lang))), some, read(some), true))
    return found


def agreement(replies: Replies) -> dict[str, tuple[int, int, float]]:
    """Of the replies that were read twice: how many were labelled alike, of how many, and Cohen's kappa."""
    twice = [reply for reply in replies if reply.again[0]]
    pairs = {
        "promise": [(reply.promise not in NONE, reply.again[0] not in NONE) for reply in twice],
        "hand-off": [(reply.hand_off != "-", reply.again[1] != "-") for reply in twice],
    }
    return {what: (sum(a == b for a, b in both), len(both), round(_kappa(both), 3)) for what, both in pairs.items()}


def _kappa(both: Sequence[tuple[bool, bool]]) -> float:
    alike = sum(a == b for a, b in both) / len(both)
    first, second = sum(a for a, _ in both) / len(both), sum(b for _, b in both) / len(both)
    chance = first * second + (1 - first) * (1 - second)
    return (alike - chance) / (1 - chance)


def _row(one: Figure) -> str:
    shares = "".join(
        f"   {value:.2f} ({low:.2f}–{high:.2f})" for value, (low, high) in ((one.precision, one.precision_95), (one.recall, one.recall_95))
    )
    return f"{one.what:29}{one.on:22}{one.of:>5}{one.yes:>5}{shares}   {one.precision_weighed:.2f} / {one.recall_weighed:.2f}"


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--json", action="store_true")
    asked = ask.parse_args()
    if not DATA.exists():
        raise SystemExit(f"The replies are not at {DATA}. Put the data beside the checkout and run again.")
    replies = labelled()
    told, alike = figures(replies), agreement(replies)
    if asked.json:
        print(json.dumps({"figures": msgspec.to_builtins(told), "agreement": alike}))
        return
    print(f"{'':29}{'on':22}{'of':>5}{'yes':>5}   {'precision (95 %)':18}   {'recall (95 %)':18}   weighed")
    print("\n".join(map(_row, told)))
    print("\nread twice: " + "; ".join(f"{what} {same} of {of} alike, kappa {kappa}" for what, (same, of, kappa) in alike.items()))


if __name__ == "__main__":
    main()
