"""The bake-off as tables, beside the figures that were asked for, and what of it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.detection.bakeoff import MONTHLY, ORACLE, OURS, SHIPPED, TARGETS, Found, at, delay, false_alarms, times_the_oracle
from benchmarks.detection.drawing import LIMIT, PEERS, Line, Panel
from benchmarks.detection.drawing import OURS as OUR_COLOUR
from benchmarks.detection.lateness import Late
from benchmarks.detection.streams import CASES, HOPELESS
from benchmarks.detection.tables import Table, minutes, percent

# What was asked for when this was begun: (what, rates, kind, figure, best of the first bake-off, reach, aim for).
BARS = (
    ("quiet, +5 in 10 min: median", (0.002, 0.02), "+5 in 10 min", "median", "6, 11", "9", "6"),
    ("quiet, +5 in 10 min: p90", (0.002, 0.02), "+5 in 10 min", "p90", "12, 21", "18", "12"),
    ("bank channel, +2/min ramp: median", (0.1, 0.5), "+2/min ramp", "median", "9, 26", "9, 22", "9, 15"),
    ("×10: p90", (0.5, 2.0, 10.0, 50.0), "×10", "p90", "9, 5, 3, 2", "9, 5, 3, 2", "7, 4, 2, 1"),
    ("×3: median", (2.0, 10.0, 50.0), "×3", "median", "19, 11, 10", "20", "10"),
    ("×3: found in 30 min, %", (2.0, 10.0, 50.0), "×3", "within_30", "62, 71, 72", "65", "90"),
)
RATIO = ("× the oracle", "1.56", "1.5", "1.25")


def bakeoff(found: Sequence[Found]) -> Iterator[Table]:
    who = list(dict.fromkeys(one.who for one in found))
    remark = "not found: cases of which less than half were found within the hour; each counts as an hour. Not averaged: " + ", ".join(
        f"{kind} at {rate:g}/min" for rate, kind in sorted(HOPELESS)
    )
    title = "At one false alarm a series-month: median delay over the oracle's, and the false alarms that came out, by rate"
    yield Table(title, list(overall(found, who)), remark)
    yield Table("The figures asked for (minutes)", list(_asked(found, [name for name in (OURS, SHIPPED, ORACLE) if name in who])))
    for rate in dict.fromkeys(one.rate for one in found):
        title = f"{rate:g} messages a minute: median (where it lies with 95 %) / p90 minutes; found in 10 and 30 min, %"
        yield Table(title, list(_of_rate(found, who, rate)))


def hopeless(found: Sequence[Found]) -> Iterator[Table]:
    """The evidence for what cannot be noticed, of any run of the bake-off."""
    rows = [["", "oracle", "of it in 30 min, %", "carebot", "of it in 30 min, %", "next best", "of it in 30 min, %"]]
    for case in sorted(HOPELESS & {(one.rate, one.kind) for one in found}):
        known = {name: at(found, name)[case] for name in dict.fromkeys(one.who for one in found) if name != SHIPPED}
        others = [one for name, one in known.items() if name not in (OURS, ORACLE)]
        shown = [known[ORACLE], known[OURS], *([max(others, key=lambda one: one.within_30)] if others else [])]
        told = [cell for one in shown for cell in (minutes(one.median), percent(one.within_30))]
        rows.append([f"{case[1]} at {case[0]:g}/min", *told, *[""] * (6 - len(told))])
    yield Table("Inside natural fluctuation, at one false alarm a series-month: median minutes, and what is found", rows)


def overall(found: Sequence[Found], who: Sequence[str]) -> Iterator[list[str]]:
    rates = list(dict.fromkeys(one.rate for one in found))
    yield ["", "× oracle", "not found", *(f"false @{rate:g}" for rate in rates), "mean"]
    for name in who:
        ratio, missed = times_the_oracle(found, name)
        false = false_alarms(found, name)
        mean = f"{sum(false.values()) / len(false):.2f}" if false else ""
        said = f"{'≥ ' if missed else ''}{ratio:.2f}"
        yield [name, said, str(missed), *(f"{false[rate]:.2f}" if rate in false else "" for rate in rates), mean]


def _asked(found: Sequence[Found], who: Sequence[str]) -> Iterator[list[str]]:
    yield ["", *who, "first bake-off", "reach", "aim for"]
    ratios = [times_the_oracle(found, name) for name in who]
    yield [RATIO[0], *(f"{'≥ ' if missed else ''}{ratio:.2f}" for ratio, missed in ratios), *RATIO[1:]]
    for what, rates, kind, figure, best, reach, aim in BARS:
        told = [at(found, name) for name in who]
        figures = [", ".join(_figure(cases[rate, kind], figure) for rate in rates if (rate, kind) in cases) for cases in told]
        if any(figures):
            yield [what, *figures, best, reach, aim]


def _figure(one: Found, figure: str) -> str:
    value = float(getattr(one, figure))
    return percent(value) if figure.startswith("within") else minutes(value)


def _of_rate(found: Sequence[Found], who: Sequence[str], rate: float) -> Iterator[list[str]]:
    kinds = list(dict.fromkeys(one.kind for one in found if one.rate == rate))
    yield ["", *kinds]
    for name in who:
        cases = at(found, name)
        yield [name, *(case(cases[rate, kind]) for kind in kinds)]


def case(one: Found) -> str:
    spread = f"({minutes(one.low)}–{minutes(one.high)})"
    return f"{minutes(one.median)} {spread} / {minutes(one.p90)}; {percent(one.within_10)}, {percent(one.within_30)}"


def lateness(late: Sequence[Late]) -> Iterator[Table]:
    rows = [["", "median", "p90", "found in 30 min, %", "false a series-month", "of them on a backlog", "in 30 min at one a month, %"]]
    for one in late:
        where = f"{one.kind} at {one.rate:g}/min, {one.how}"
        told = [minutes(one.median), minutes(one.p90), percent(one.within_30), f"{one.false_alarms:.2f}", f"{one.on_backlog:.2f}"]
        rows.append([where, *told, percent(one.tuned_30)])
    yield Table("5-min polls, 15 % of the messages late, 40-min gaps: carebot, as shipped", rows)


# ── drawn ────────────────────────────────────────────────────────────────────────────────────────────────────────


def panels(found: Sequence[Found]) -> list[Panel]:
    """Delay against false alarms: all cases that can be found, and the quiet bank's one."""
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


def pairs(found: Sequence[Found]) -> list[tuple[str, Found, Found]]:
    """Every case, the quietest first: its name, the limit, and carebot as shipped."""
    best, mine = at(found, ORACLE), at(found, SHIPPED, None)
    cases = [(rate, kind) for rate, kinds in CASES.items() for kind in kinds if (rate, kind) in mine]
    return [(f"{rate:g}/min, {kind}", best[rate, kind], mine[rate, kind]) for rate, kind in cases]
