"""Alarms about single customers that are many at once: the first few of a kind are told one by one, the others in one message.

A new fee that makes forty people say they leave is then four messages and not forty. Customers who warn of a scam that did not catch them
speak of the same wave: one is told at once, the others of the next hour and a half together. What never waits: severity 1 and 2, and who
was robbed, unless it was said more than a day ago. What waits is kept until an absolute time, as all that is held (`held`), so that a
restart loses nothing and says nothing twice; no longer than two hours, in which a replay goes on after the last message (`replay.AFTER`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from carebot.config.schema import Rulebook
from carebot.decide.care.desk import owed_since
from carebot.decide.care.priority import only_warns, severity
from carebot.decide.state import State
from carebot.decide.telling.alerts import SHOWN, alert_id
from carebot.decide.telling.held import Held
from carebot.decide.telling.plainly import listed, who
from carebot.model import Alert, Case, Reason, Text

HOUR = timedelta(hours=1)
OLD = 24 * HOUR  # what is read so late is no news of this minute, whatever it is: a backlog of days had 24 people who were stranded then
PAUSE = {"churn": HOUR, "repeat": HOUR, "hand_offs": HOUR, "scam": 1.5 * HOUR, "moment": HOUR / 6, "fraud": HOUR / 6}
ALONE = {"churn": 3, "repeat": 3, "hand_offs": 3, "scam": 1, "moment": 3, "fraud": 3}  # a kind and route: told alone within its PAUSE
NAMED = 5
_MORE = {
    "churn": Text("{n} clientes más pueden irse", "{n} more customers may leave"),
    "repeat": Text("{n} clientes más escriben por tercera vez en una semana", "{n} more customers write a third time in a week"),
    "hand_offs": Text("{n} clientes más, derivados dos veces y sin solución", "{n} more customers sent elsewhere twice, unsolved"),
    "scam": Text("{n} clientes más avisan de estafas", "{n} more customers warn of scams"),
    "moment": Text("{n} clientes más necesitaban a una persona hace más de un día", "{n} more customers needed a person over a day ago"),
    "fraud": Text("{n} clientes más con posible fraude, de hace más de un día", "{n} more customers with possible fraud, over a day ago"),
}
WHY = "told together with others"


def kind_of(alert: Alert, state: State) -> str:
    """A key of ALONE, or "" for what never waits."""
    case = state.desk.cases.get(alert.case or "")
    if case is None or alert.severity is None or "together" in alert.facts:
        return ""
    kind = "scam" if only_warns(case, alert.reason) else alert.reason
    old = timedelta(seconds=alert.late_by_s) > OLD
    news = not old and (alert.severity <= 2 or kind in ("moment", "fraud"))
    return "" if news or kind not in ALONE else kind


def waits(state: State, alert: Alert, route: str, now: datetime) -> Held | None:
    """What it is held in, where enough of its kind were told there within the hour."""
    kind = kind_of(alert, state)
    if not kind:
        return None
    known = state.memory.held_back.get(_key(kind, route))
    told = _told(state, kind, route, now)
    if known is None and len(told) < ALONE[kind]:
        return None
    return known or Held(route, now, told[-1] + PAUSE[kind], kind=kind)


def note_said(state: State, alert: Alert, route: str, now: datetime) -> None:
    """One of its kind was told here; after the others, the next ones wait for as long again."""
    kind = str(alert.facts.get("together", "")) or kind_of(alert, state)
    if kind:
        times = (now,) * ALONE[kind] if "together" in alert.facts else (*_told(state, kind, route, now), now)[-ALONE[kind] :]
        state.memory.alone = {**state.memory.alone, _key(kind, route): times}


def told_together(state: State, held: Held, rulebook: Rulebook, now: datetime) -> Alert | None:
    """Those who waited, in one message; None where all of them are solved by now, or whoever warned of a scam is answered."""
    found = [state.desk.cases.get(matter.about) for matter in held.matters]
    cases = [case for case in found if case and not case.solved_at and (held.kind != "scam" or owed_since(case))]
    if not cases:
        return None
    reason: Reason = "fraud" if held.kind == "scam" else held.kind  # type: ignore[assignment]
    one = cases[0] if len(cases) == 1 else None
    headline = next(matter.headline for matter in held.matters if matter.about == cases[0].id)
    more = _MORE[held.kind]
    return Alert(
        alert=alert_id(f"together {held.kind} {held.to}", reason, held.until),
        at=now,
        late_by_s=max(0, int((now - held.until).total_seconds())),
        reason=reason,
        severity=min(severity(case, reason, now) for case in cases),
        case=one.id if one else None,
        brand=cases[0].brand or rulebook.file.brand.name,
        service=one.service or None if one else None,
        onset_at=min(case.opened_at for case in cases),
        headline=headline if one else Text(more.es.format(n=len(cases)), more.en.format(n=len(cases))),
        detail=None if one else _names(cases),
        facts={"cases": [case.id for case in cases], "together": held.kind},
        messages=tuple(line.id for case in cases for line in [asked for asked in case.history if asked.what == "asked"][-1:])[:SHOWN],
        to=held.to,
    )


def _names(cases: list[Case]) -> Text:
    said, more = [who(case.author, case.source) for case in cases[:NAMED]], len(cases) - NAMED
    es, en = [name.es for name in said], [name.en for name in said]
    if more > 0:
        es, en = [*es, f"{more} más"], [*en, f"{more} more"]
    return Text(listed(es, "es") + ".", listed(en, "en") + ".")


def hold_key(held: Held) -> str:
    return _key(held.kind, held.to)


def _key(kind: str, route: str) -> str:
    return f"together {kind} {route}"


def _told(state: State, kind: str, route: str, now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in state.memory.alone.get(_key(kind, route), ()) if now - at < PAUSE[kind])
