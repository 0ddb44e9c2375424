"""The bake-off as tables, beside the figures that were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isinf

from benchmarks.detection.bakeoff import MONTHLY, ORACLE, OURS, SHIPPED, TARGETS, Found, at, delay, false_alarms, times_the_oracle
from benchmarks.detection.drawing import LIMIT, PEERS, Line, Panel
from benchmarks.detection.drawing import OURS as OUR_COLOUR
from benchmarks.detection.lateness import Late
from benchmarks.detection.streams import HOPELESS

# What was asked for when this was begun: (what, rates, kind, figure, best of the first bake-off, reach, aim for).
BARS = (
    ("quiet, +5 in 10 min: median", (0.002, 0.02), "+5 in 10 min", "median", "6, 11", "9", "6"),
    ("quiet, +5 in 10 min: p90", (0.002, 0.02), "+5 in 10 min", "p90", "12, 21", "18", "12"),
    ("bank channel, +2/min ramp: median", (0.1, 0.5), "+2/min ramp", "median", "9, 26", "9, 22", "9, 15"),
    ("×10: p90", (0.5, 2.0, 10.0, 50.0), "×10", "p90", "9, 5, 3, 2", "9, 5, 3, 2", "7, 4, 2, 1"),
    ("×3: median", (2.0, 10.0, 50.0), "×3", "median", "19, 11, 10", "20", "10"),
    ("×3: found in 30 min, %", (2.0, 10.0, 50.0), "×3", "within_30", "62–72", "65", "90"),
)


def tables(found: Sequence[Found], late: Sequence[Late]) -> Iterator[str]:
    who = list(dict.fromkeys(one.who for one in found))
    yield from _rows("At one false alarm a series-month: median delay over the oracle's, and what came out", _overall(found, who))
    yield from _rows("The figures asked for (minutes)", _asked(found, who))
    for rate in dict.fromkeys(one.rate for one in found):
        title = f"{rate:g} messages a minute: median / p90 minutes, found in 10 and 30 min, %"
        yield from _rows(title, _of_rate(found, who, rate))
    if late:
        yield from _rows("5-min polls, 15 % of the messages late, 40-min gaps: carebot, as shipped", _lateness(late))
    yield ""
    yield "∞: not within the hour. Not averaged, because they lie inside natural fluctuation: " + ", ".join(
        f"{kind} at {rate:g}/min" for rate, kind in sorted(HOPELESS)
    )


def _overall(found: Sequence[Found], who: Sequence[str]) -> Iterator[list[str]]:
    rates = list(dict.fromkeys(one.rate for one in found))
    yield ["", "× oracle", "not found", *(f"false @{rate:g}" for rate in rates)]
    for name in who:
        ratio, missed = times_the_oracle(found, name)
        said = f"{'≥ ' if missed else ''}{ratio:.2f}"
        false = false_alarms(found, name)
        yield [name, said, str(missed), *(f"{false[rate]:.2f}" if rate in false else "" for rate in rates)]


def _asked(found: Sequence[Found], who: Sequence[str]) -> Iterator[list[str]]:
    ours = [name for name in (OURS, SHIPPED, ORACLE) if name in who]
    yield ["", *ours, "first bake-off", "reach", "aim for"]
    for what, rates, kind, figure, best, reach, aim in BARS:
        told = [at(found, name) for name in ours]
        figures = (", ".join(_figure(cases[rate, kind], figure) for rate in rates if (rate, kind) in cases) for cases in told)
        yield [what, *figures, best, reach, aim]


def _figure(one: Found, figure: str) -> str:
    value = float(getattr(one, figure))
    return f"{100 * value:.0f}" if figure.startswith("within") else minutes(value)


def _of_rate(found: Sequence[Found], who: Sequence[str], rate: float) -> Iterator[list[str]]:
    kinds = list(dict.fromkeys(one.kind for one in found if one.rate == rate))
    yield ["", *kinds]
    for name in who:
        cases = at(found, name)
        yield [name, *(_case(cases[rate, kind]) for kind in kinds)]


def _case(one: Found) -> str:
    return f"{minutes(one.median)} / {minutes(one.p90)}  {100 * one.within_10:.0f}, {100 * one.within_30:.0f}"


def _lateness(late: Sequence[Late]) -> Iterator[list[str]]:
    yield ["", "median", "p90", "found in 30 min, %", "false a series-month", "of them on a backlog"]
    for one in late:
        where = f"{one.kind} at {one.rate:g}/min, {one.how}"
        told = [minutes(one.median), minutes(one.p90), f"{100 * one.within_30:.0f}", f"{one.false_alarms:.2f}", f"{one.on_backlog:.2f}"]
        yield [where, *told]


def minutes(value: float) -> str:
    return "∞" if isinf(value) else f"{value:g}"


def _rows(title: str, rows: Iterator[list[str]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    yield from ("", title)
    for row in table:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield ("  " + "  ".join(cells)).rstrip()


def panels(found: Sequence[Found]) -> list[Panel]:
    """What is drawn: all cases that can be found, and the quiet bank's one."""
    known = {(one.rate, one.kind) for one in found}
    quiet = sorted(known & {(0.002, "+5 in 10 min"), (0.02, "+5 in 10 min")})
    every = sorted(known - HOPELESS)
    titled = {f"All {len(every)} cases: geometric mean of the medians": every, "A quiet bank: five more in ten minutes": quiet}
    names = list(dict.fromkeys(one.who for one in found))
    return [Panel(title, [_line(found, name, cases) for name in names]) for title, cases in titled.items() if cases]


def _line(found: Sequence[Found], who: str, cases: Sequence[tuple[float, str]]) -> Line:
    colour = {ORACLE: LIMIT, OURS: OUR_COLOUR, SHIPPED: OUR_COLOUR}.get(who, PEERS)
    allowed: tuple[float | None, ...] = (None,) if who == SHIPPED else TARGETS
    points = tuple((_false(found, who, one, cases), delay(found, who, one, cases)) for one in allowed)
    return Line("the limit (oracle)" if who == ORACLE else who, points, colour, dashed=who == ORACLE)


def _false(found: Sequence[Found], who: str, allowed: float | None, cases: Sequence[tuple[float, str]]) -> float:
    """As measured, the mean over rates; the oracle's is what it was allowed."""
    told = [false for rate, false in false_alarms(found, who, allowed).items() if any(rate == one for one, _ in cases)]
    return sum(told) / len(told) if told else (allowed or MONTHLY)
