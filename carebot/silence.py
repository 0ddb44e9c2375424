"""Is a source suspiciously quiet? It answers, nothing is wrong with it, and nothing comes.

A token that lost a right, a search that somebody mistyped, a forum that moved: the answer is 200 and empty. Each source learns how many
messages it brings at each hour of the week, and is said to be silent when, had all been well, nothing at all would have come for so long
only once in ten thousand times. Messages come in bursts, so a gap is worth less than Poisson's law says: the rate itself is taken to
stray (a negative binomial with k = BURSTS; k grew out of no data of ours, and is on the careful side).

Pure; `listening` keeps one `Usual` a source.
"""

from __future__ import annotations

import math
from datetime import datetime

import msgspec
from msgspec.structs import replace

from carebot.decide.telling.plainly import span
from carebot.model import SelfReport, Text

BY_CHANCE = 1e-4
BURSTS = 4.0
ENOUGH_HOURS, ENOUGH = 48.0, 50.0  # heard, and messages: before that, nobody knows what is usual
FADES = 0.8  # what a past week counts, beside the one after it
DOUBT = 0.5  # hours of nothing, beside those heard: an hour of the week that was never heard owes us nothing
DAY, WEEK = 24, 168


class Usual(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one source usually brings. `owed`: messages that should have come since the last one; `quiet_since`: when that was."""

    items: tuple[float, ...] = (0.0,) * WEEK
    hours: tuple[float, ...] = (0.0,) * WEEK
    at: datetime | None = None
    owed: float = 0.0
    quiet_since: datetime | None = None
    told: bool = False


def heard(usual: Usual, items: int, now: datetime) -> Usual:
    """After a look that went well and brought so many messages. Time in which it could not be asked says nothing: `unheard`."""
    passed = min(max((now - usual.at).total_seconds() / 3600, 0.0), 1.0) if usual.at else 0.0
    hour = now.weekday() * DAY + now.hour
    owed = 0.0 if items else usual.owed + rate(usual, hour) * passed
    fresh = usual.at is None or (usual.at.weekday() * DAY + usual.at.hour) != hour
    fade = FADES if fresh else 1.0
    return replace(
        usual,
        items=_with(usual.items, hour, usual.items[hour] * fade + items),
        hours=_with(usual.hours, hour, usual.hours[hour] * fade + passed),
        at=now,
        owed=owed,
        quiet_since=now if items or usual.quiet_since is None else usual.quiet_since,
    )


def unheard(usual: Usual, now: datetime) -> Usual:
    """It could not be asked until now."""
    return replace(usual, at=now)


def rate(usual: Usual, hour: int) -> float:
    """Messages an hour that are usual at this hour of the week: the middle one of it, the day before's and the day after's, so that
    neither one bad Tuesday nor the step from Friday to Saturday is taken for what is usual.
    """
    days = [(hour + apart) % WEEK for apart in (-DAY, 0, DAY)]
    return sorted(usual.items[day] / (usual.hours[day] + DOUBT) for day in days)[1]


def chance(usual: Usual) -> float:
    """How probable it is that nothing came for so long, if all is well; 1.0 while too little is known to say."""
    if sum(usual.hours) < ENOUGH_HOURS or sum(usual.items) < ENOUGH:
        return 1.0
    return math.exp(-BURSTS * math.log1p(usual.owed / BURSTS))


def told(source: str, usual: Usual, now: datetime) -> tuple[Usual, SelfReport | None]:
    """What staff must hear, once when it falls silent and once when it speaks again."""
    silent = chance(usual) < BY_CHANCE
    if silent == usual.told or usual.quiet_since is None:
        return usual, None
    quiet, many = span(now - usual.quiet_since), f"{usual.owed:.0f}"
    headline, detail = Text(f"{source} vuelve a traer mensajes", f"{source} brings messages again"), None
    if silent:
        headline = Text(f"{source} calla: nada desde hace {quiet.es}", f"{source} is silent: nothing for {quiet.en}")
        detail = Text(
            f"Contesta y no trae nada; lo usual serían unos {many} mensajes. Comprueba su búsqueda y los permisos de su token.",
            f"It answers and brings nothing; about {many} messages would be usual. Check its search and what its token may read.",
        )
    return replace(usual, told=silent), SelfReport(
        id=f"quiet:{source}",
        reason="source_silent" if silent else "source_back",
        headline=headline,
        at=now,
        detail=detail,
        since=usual.quiet_since if silent else None,
    )


def _with(values: tuple[float, ...], place: int, value: float) -> tuple[float, ...]:
    return (*values[:place], value, *values[place + 1 :])
