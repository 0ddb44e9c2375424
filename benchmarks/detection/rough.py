"""The same setting in rougher worlds: posts that bring others along, days on which everybody is paid, calm waves and wild ones.

carebot is not told: it runs as shipped. The oracle hears the same world, but nobody in it brings anybody along, which even it could not
foresee.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from benchmarks.detection.bakeoff import OURS, SHIPPED, Found, Run, Say, false_alarms, judged, limit, simulated, times_the_oracle
from benchmarks.detection.ours import present
from benchmarks.detection.peers import Detector
from benchmarks.detection.streams import Waves
from benchmarks.detection.tables import Table

# With 2.5 an hour's variance is 2.4 times its mean, waves apart; recorded banks have 1.3 to 2.9, replies and waves counted (2026-11).
THREAD, PAYDAY = 2.5, 2.0
KINDS = ("+5 in 10 min", "×3", "×10")
WORLDS = {
    "σ .35, 60 min (SIM-v1)": Waves(),
    "threads": Waves(thread=THREAD),
    "paydays": Waves(payday=PAYDAY),
    "threads and paydays": Waves(thread=THREAD, payday=PAYDAY),
    "σ .2, 20 min": Waves(0.2, 20),
    "σ .2, 240 min": Waves(0.2, 240),
    "σ .4, 60 min": Waves(0.4, 60),
    "σ .6, 20 min": Waves(0.6, 20),
    "σ .6, 240 min": Waves(0.6, 240),
}


class Rough(Found, frozen=True, kw_only=True):
    world: str


def rough(run: Run, say: Say, detector: Detector = present) -> Iterator[Rough]:
    """In each world a sixth of the bake-off's series, and a quarter of those on which false alarms are counted."""
    few = msgspec.structs.replace(
        run, calibrate=-(-run.calibrate // 6), test=-(-run.test // 4), incidents=-(-run.incidents // 6), kinds=KINDS
    )
    for world, waves in WORLDS.items():
        say(world)
        for rate in run.rates:
            to_set, to_judge, with_kind = simulated(msgspec.structs.replace(few, waves=waves), rate)
            found = list(judged(OURS, detector, None, to_judge, with_kind, shipped=True))
            if waves.thread:
                to_set, _, with_kind = simulated(msgspec.structs.replace(few, waves=waves._replace(thread=0.0)), rate)
            for kind, streams in with_kind.items():
                found += limit(to_set, kind, streams)
            yield from (Rough(world=world, **msgspec.structs.asdict(one)) for one in found)


def rough_tables(found: Sequence[Rough]) -> Iterator[Table]:
    rates = list(dict.fromkeys(one.rate for one in found))
    rows = [["", "× oracle", "not found", *(f"false @{rate:g}" for rate in rates)]]
    for world in dict.fromkeys(one.world for one in found):
        rows.append([world, *_told([one for one in found if one.world == world], rates)])
    yield Table("carebot as shipped, the same setting in every world: " + ", ".join(KINDS), rows, "false: false alarms a series-month")


def _told(found: Sequence[Found], rates: Sequence[float]) -> list[str]:
    ratio, missed = times_the_oracle(found, SHIPPED, None)
    false = false_alarms(found, SHIPPED, None)
    return [f"{'≥ ' if missed else ''}{ratio:.2f}", str(missed), *(f"{false[rate]:.2f}" for rate in rates)]
