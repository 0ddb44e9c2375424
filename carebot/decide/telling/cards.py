"""An incident's card between two words about it: what it shows at a glance, and when it must be shown anew.

To bring a card up to date tells nobody anything, so it is no alert: `step` gives it apart from those, and other programs never see it. What
only time changes is looked at once a minute, which is how often Slack is asked to change one message; what a person pressed, at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from carebot.decide.detecting.cells import Cell, minute_of
from carebot.decide.incidents.phases import UNTOLD, Move, services
from carebot.decide.state import State
from carebot.decide.telling.alerts import alert_id
from carebot.model import Alert, Incident, Reason

LAST, STEP = 60, 5  # minutes: the last hour, in steps that one glance takes in
WORDS = 3

Tell = Callable[[Move], Alert]


def facts(state: State, incident: Incident, now: datetime) -> dict[str, Any]:
    """What only a card shows: how the last hour went, which rule and words stand behind it, what the desk sees itself."""
    mine = set(incident.messages)
    signals = [signal for signal in state.recent.get(incident.brand, ()) if signal.id in mine]
    return {
        "trend": trend(state, incident, now),
        "votes": {"yes": sum(incident.votes.values()), "no": len(incident.votes) - sum(incident.votes.values())},
        "severity_was": incident.told_severity if incident.told_severity < UNTOLD else None,
        "rule": next(iter(_most(signal.rule for signal in signals)), ""),
        # Words that several people used: one person's may be anything, and may be taken back. A question mark tells nobody anything.
        "why": _most(word for signal in signals for word in dict.fromkeys(signal.why) if any(map(str.isalpha, word)))[:WORDS],
    }


def trend(state: State, incident: Incident, now: datetime) -> list[int]:
    """What was counted of its services in each STEP minutes of the last hour, the oldest first; empty if there was nothing."""
    names = [name for name in services(incident) if name] or [""]
    rows = [row for name in names if (row := state.table.rows.get(Cell(incident.brand, name))) is not None]
    end = minute_of(now) - state.table.first + 1
    if not rows or end < LAST:
        return []
    steps = state.table.counts[rows, end - LAST : end].sum(axis=0).reshape(-1, STEP).sum(axis=1)
    return [round(float(step)) for step in steps] if steps.any() else []


def _most(words: Iterable[str]) -> list[str]:
    counted = Counter(filter(None, words))
    return [word for word, count in sorted(counted.items(), key=lambda one: (-one[1], one[0])) if count > 1]


def glance(incident: Incident) -> str:
    """What somebody who looks at its card again would see changed."""
    yes = sum(incident.votes.values())
    shown = (incident.phase, incident.severity, incident.count, incident.owner, yes, len(incident.votes) - yes)
    return " ".join(map(str, shown))


def kept_true(state: State, tell: Tell, told: Collection[str], looked_at: Iterable[str], now: datetime) -> list[Alert]:
    """The cards that no longer say what is so, as they are to be shown. Nothing is remembered as told but how they look.

    tell        `course.tell`
    told        incidents that are spoken of in this step anyway
    looked_at   incidents whose cards may have changed
    """
    cards = []
    for id_ in sorted(set(looked_at) - set(told)):
        one = state.incidents.get(id_)
        if one is None or one.told_severity == UNTOLD or one.shown == glance(one):
            continue
        reason = next((turn.reason for turn in reversed(one.turns) if turn.reason), "suspected")
        alert = tell(Move(id_, _as_reason(reason), one.usual_in or LAST, by_evidence=False))
        state.incidents[id_] = replace(one, shown=glance(one))
        cards.append(replace(alert, alert=alert_id(id_, f"shown {glance(one)}", now), severity=one.told_severity))
    return cards


def _as_reason(word: str) -> Reason:
    return word  # type: ignore[return-value]  # a turn's reason was one
