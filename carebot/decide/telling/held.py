"""What was not said for now: kept until a moment, by reason, with the latest of each matter."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from carebot.model import Alert, Text

MOST = 200  # matters kept with their headline; all are counted


class Matter(msgspec.Struct, frozen=True):
    """The latest that was not said about one incident, case or other thing."""

    about: str
    at: datetime
    headline: Text


class Held(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one route was spared until `until`, by reason; `owner` and `because` of the silence, empty for quiet hours; `kind` of what is
    told together (`together`)."""

    to: str
    since: datetime
    until: datetime
    owner: str = ""
    because: str = ""
    counts: dict[str, int] = {}
    matters: tuple[Matter, ...] = ()
    kind: str = ""


def with_alert(held: Held, alert: Alert) -> Held:
    about = alert.incident if alert.incident and not alert.case else alert.case or alert.alert
    others = tuple(matter for matter in held.matters if matter.about != about)
    counts = {**held.counts, alert.reason: held.counts.get(alert.reason, 0) + 1}
    return replace(held, counts=counts, matters=(*others, Matter(about, alert.at, alert.headline))[-MOST:])
