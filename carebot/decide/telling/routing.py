"""Who is told what, and who is spared: the last thing that happens to an alert before it leaves.

In Alertmanager's order: what a bigger thing explains is hidden (inhibition), then what somebody asked not to hear is kept back (silence,
snooze, quiet hours) and many of one kind are told together, then the same thing twice is once, then it is sent to every route that asked
for it. Nothing vanishes: what was hidden is counted on the incident that hides it, what was kept back is told in one message when its time
is over, and an incident that is still open then is shown. Severity 1, a moment of truth and fraud are never hidden; nor is what carebot
says of itself.
https://prometheus.io/docs/alerting/latest/alertmanager/ (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from carebot.config.routes import Route, Silence
from carebot.config.schema import Rulebook
from carebot.decide.incidents import course, flapping
from carebot.decide.incidents.phases import is_open, is_snoozed, services
from carebot.decide.state import State
from carebot.decide.telling import escalation, quiet, together
from carebot.decide.telling.held import Held, with_alert
from carebot.model import Alert, Incident, Reason
from carebot.understand.normalise import plain

FALLBACK = "fallback"  # the route that is all ways of the fallback
BIG = 2  # the gravity from which an incident hides others
_ENDS: tuple[Reason, ...] = ("resolved", "merged")  # no news of what nobody heard of, and never held from who did
_SNOOZED: tuple[Reason, ...] = ("grew", "still_open", "flapping", "reopened")
_EXPLAINED: tuple[Reason, ...] = ("sla_warning", "sla_breached", "repeat", "churn")  # of one customer
_OWN_PATH: tuple[Reason, ...] = ("acted", "digest")  # for those who have the card, or the one route they were made for


class Told(msgspec.Struct, frozen=True):
    """What is said, each with its routes; and what is not, with the reason."""

    alerts: tuple[Alert, ...]
    muted: tuple[tuple[Alert, str], ...]


def told(state: State, said: Iterable[Alert], rulebook: Rulebook, now: datetime) -> Told:
    """What becomes of these alerts. What was said, held and hidden is noted in the state."""
    out: list[Alert] = []
    muted: list[tuple[Alert, str]] = []
    for alert in {alert.alert: alert for alert in said}.values():
        routes, why = _decided(state, alert, rulebook, now)
        if routes:
            out.append(replace(alert, to=routes[0], also_to=routes[1:]))
            _note_said(state, alert, routes, rulebook, now)
        else:
            muted.append((alert, why))
    return Told(tuple(out), tuple(muted))


def time_passed(state: State, rulebook: Rulebook, now: datetime) -> list[Alert]:
    """What was held for a time that is over; and what it was held about, where that still goes on."""
    zone, held = ZoneInfo(rulebook.file.brand.time_zone), state.memory.held_back
    asked = {(silence.owner, silence.because, silence.until) for silence in rulebook.file.silences}
    over = [key for key, one in held.items() if one.until <= now or (one.owner and (one.owner, one.because, one.until) not in asked)]
    state.memory.held_back = {key: one for key, one in held.items() if key not in over}
    kinds = ((held[key], together.told_together(state, held[key], rulebook, now) if held[key].kind else None) for key in over)
    said = [alert for one, many in kinds if (alert := many if one.kind else quiet.told_at_last(one, zone, now))]
    for one in [one for one in state.incidents.values() if one.kept_back and is_open(one)]:
        hides = state.incidents.get(one.kept_back)
        if one.kept_back not in state.memory.held_back and not (hides and is_big(hides)):
            said.append(escalation.still_open(state, one, rulebook, now))
    return said


# ── who is told ──────────────────────────────────────────────────────────────────────────────────────────────────


def routes_of(alert: Alert, rulebook: Rulebook, have_it: Iterable[str] = ()) -> tuple[str, ...]:
    """Its own route first, then those that ask for such a thing, then those that have its card. One that is no more is the incidents' own.

    have_it   routes at which this incident's card stands
    """
    named, first = rulebook.file.routes, alert.to or rulebook.file.incidents.route
    asked = () if alert.reason in _OWN_PATH else (name for name, route in named.items() if asks_for(route, alert))
    return tuple(dict.fromkeys(_there(name, rulebook) for name in (first, *asked, *have_it)))


def _there(name: str, rulebook: Rulebook) -> str:
    known = not rulebook.file.routes or name in rulebook.file.routes or (name == FALLBACK and rulebook.file.fallback)
    return name if known else rulebook.file.incidents.route


def asks_for(route: Route, alert: Alert) -> bool:
    """Does this route want such an alert beside its own? One customer's, and what carebot says of itself, only by the reason."""
    if not (route.services or route.brands or route.at_least or route.reasons):
        return False
    about_incident = alert.incident is not None and alert.case is None
    return (
        (about_incident or bool(route.reasons))
        and (not route.services or alert.service in route.services)
        and (not route.brands or alert.brand in route.brands)
        and (route.at_least is None or (alert.severity is not None and alert.severity <= route.at_least))
        and (not route.reasons or alert.reason in route.reasons)
    )


def card_to(card: Alert, state: State) -> Alert | None:
    """A card that is shown anew goes to the routes that have it; None where nobody has."""
    one = state.incidents.get(card.incident or "")
    if one is None or one.kept_back:
        return None
    return replace(card, to=one.told_to[0], also_to=one.told_to[1:]) if one.told_to else card


# ── who is spared ────────────────────────────────────────────────────────────────────────────────────────────────


def _decided(state: State, alert: Alert, rulebook: Rulebook, now: datetime) -> tuple[tuple[str, ...], str]:
    """The routes that hear it now; none, and why."""
    one = _card_of(alert, state)
    if one and (why := _is_spared(state, one, alert, now)):
        return (), why
    if big := hidden_by(state, alert, rulebook):
        state.incidents[big.id] = replace(big, hidden={**big.hidden, alert.reason: big.hidden.get(alert.reason, 0) + 1})
        _note_unsaid(state, alert, big.id, now)
        return (), f"explained by {big.id}"
    routes = routes_of(alert, rulebook, one.told_to if one else ())
    if silence := silenced(alert, rulebook, now):
        _hold(state, alert, _key(silence, routes[0]), Held(routes[0], now, silence.until, silence.owner, silence.because))
        _note_unsaid(state, alert, _key(silence, routes[0]), now)
        return (), f"silenced by {silence.owner} until {silence.until:%Y-%m-%d %H:%M}: {silence.because}"
    if held := together.waits(state, alert, routes[0], now):
        _hold(state, alert, together.hold_key(held), held)
        return (), f"{together.WHY} at {held.until:%Y-%m-%d %H:%M} UTC"
    if quiet.speaks_at_night(alert):
        return routes, ""
    rest = {route: until for route in routes if (until := quiet.rests_until(route, rulebook, now))}
    for route, until in rest.items():
        _hold(state, alert, f"quiet {route}", Held(route, now, until))
    awake = tuple(route for route in routes if route not in rest)
    if not awake:
        _note_unsaid(state, alert, f"quiet {routes[0]}", now)
    return awake, "" if awake else f"quiet hours until {min(rest.values()):%Y-%m-%d %H:%M} UTC"


def _is_spared(state: State, one: Incident, alert: Alert, now: datetime) -> str:
    """Why an incident's alert is no news to anybody."""
    graver = alert.reason == "severity_up"
    if one.kept_back and alert.reason in _ENDS:
        if one.kept_back in state.memory.held_back:
            _hold(state, alert, one.kept_back, state.memory.held_back[one.kept_back])
        return "nobody was told of it"
    if is_snoozed(one, now) and alert.reason in _SNOOZED and not graver:
        _note_unsaid(state, alert, "", now)
        return f"snoozed by {one.owner_name or one.owner} until {one.snoozed_until:%Y-%m-%d %H:%M} UTC"
    if one.flapping_since and alert.reason == "confirmed" and not one.kept_back:
        return "comes and goes, as was said"
    return ""


def hidden_by(state: State, alert: Alert, rulebook: Rulebook) -> Incident | None:
    """The bigger incident that explains this, so that it need not be said."""
    if alert.case:
        case = state.desk.cases.get(alert.case)
        if case is None or alert.reason not in _EXPLAINED or {"moment", "fraud"} & set(case.needs):
            return None
        big = state.incidents.get(course.explained_by(state, case))
        just_that = big is not None and (alert.reason.startswith("sla") or case.opened_at >= big.onset_at)
        return big if big and just_that and is_big(big) else None
    small = _card_of(alert, state)
    if small is None or alert.severity == 1 or alert.reason in (*_ENDS, "acted"):
        return None
    others = (one for one in state.incidents.values() if one.id != small.id and one.brand == small.brand and is_big(one))
    return next((big for big in others if big.severity < small.severity and _is_cause(big, small, rulebook)), None)


def is_big(incident: Incident) -> bool:
    """Open, sure, grave, and somebody knows of it."""
    return is_open(incident) and incident.phase != "suspected" and incident.severity <= BIG and not incident.kept_back


def _is_cause(big: Incident, small: Incident, rulebook: Rulebook) -> bool:
    """Does all that fails in the small one depend on what fails in the big one, or do both on one provider in trouble?"""
    if set(big.witnesses.upstream) & set(small.witnesses.upstream):
        return True
    known, broken = rulebook.file.services, set(services(big)) - {""}
    words = {plain(word) for name in broken if name in known for word in (name, known[name].name.es, known[name].name.en)}
    mine = [known[name] for name in services(small) if name in known]
    return bool(mine) and all(any(plain(needed) in words for needed in service.depends_on) for service in mine)


def silenced(alert: Alert, rulebook: Rulebook, now: datetime) -> Silence | None:
    """The silence that covers it. Severity 1 and what carebot says of itself are never silenced; what a person did is no alarm."""
    if alert.severity is None or alert.severity == 1 or alert.reason == "acted":
        return None
    for silence in rulebook.file.silences:
        covers = not silence.services or (alert.service or "") in silence.services
        if covers and (not silence.reasons or alert.reason in silence.reasons) and now < silence.until:
            return silence
    return None


# ── what is noted ────────────────────────────────────────────────────────────────────────────────────────────────


def _card_of(alert: Alert, state: State) -> Incident | None:
    return state.incidents.get(alert.incident) if alert.incident and not alert.case else None


def _key(silence: Silence, route: str) -> str:
    return f"silence {route} {silence.until.isoformat()} {silence.owner} {silence.because}"


def _hold(state: State, alert: Alert, key: str, empty: Held) -> None:
    held = state.memory.held_back
    state.memory.held_back = {**held, key: with_alert(held.get(key, empty), alert)}


def _note_unsaid(state: State, alert: Alert, key: str, now: datetime) -> None:
    """Nobody has heard of this incident, and why; or it was not said again, which is not tried every minute."""
    one = _card_of(alert, state)
    if one and key and (one.kept_back or (one.told_at is None and one.opened_at == now)):
        state.incidents[one.id] = replace(one, kept_back=key)
    elif one:  # its card is brought up to date without a word
        state.incidents[one.id] = replace(one, shown="", told_at=now if alert.reason == "still_open" else one.told_at)


def _note_said(state: State, alert: Alert, routes: tuple[str, ...], rulebook: Rulebook, now: datetime) -> None:
    together.note_said(state, alert, routes[0], now)
    one = _card_of(alert, state)
    if one is None:
        return
    have_it = tuple(dict.fromkeys((*one.told_to, *routes)))
    one = replace(one, told_to=have_it, kept_back="")
    if alert.reason != "acted":  # somebody there did something: they need not be told
        one = replace(one, told_at=now, words_at=(*one.words_at, now)[-flapping.WORDS :])
    grave = alert.severity is not None and alert.severity <= escalation.GRAVE
    state.incidents[one.id] = escalation.started(one, routes[0], rulebook, now) if grave else one
