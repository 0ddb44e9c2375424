"""What staff are told about one customer's matter, or about several whose clocks ran out together, in Spanish and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from carebot.config.schema import Rulebook
from carebot.decide.care.desk import owed_since
from carebot.decide.care.priority import order, severity, weights
from carebot.decide.care.replies import PUBLIC
from carebot.decide.telling.alerts import SHOWN, alert_id
from carebot.decide.telling.sentences import number
from carebot.model import Alert, Case, Clock, Reason, Text

LATE = timedelta(minutes=2)  # a clock found so much past its time was found late: we were not running

_HEADLINES: dict[str, Text] = {
    "moment": Text("Necesita a una persona ya: {who}", "Needs a person now: {who}"),
    "fraud": Text("Posible fraude: {who}", "Possible fraud: {who}"),
    "churn": Text("Puede irse: {who}", "May leave: {who}"),
    "repeat": Text("Tercera vez en una semana: {who}", "Third time in a week: {who}"),
    "hand_offs": Text("Dos veces derivado sin solución: {who}", "Sent elsewhere twice, unsolved: {who}"),
    "sla_warning": Text("Respuesta a punto de vencer: {who}", "Answer about to be late: {who}"),
    "sla_breached": Text("Respuesta fuera de plazo: {who}", "Answer overdue: {who}"),
    "sla_warning resolution": Text("Solución a punto de vencer: {who}", "Solution about to be late: {who}"),
    "sla_breached resolution": Text("Sin solución y fuera de plazo: {who}", "Unsolved and overdue: {who}"),
    "promise_due": Text("Promesa a punto de vencer: {who}", "Promise about to be broken: {who}"),
    "promise_broken": Text("Promesa incumplida: {who}", "Promise broken: {who}"),
    "promise_due public": Text("Prometimos informar y toca ya ({who})", "We promised an update and it is due ({who})"),
    "promise_broken public": Text("Prometimos informar y no hemos informado ({who})", "We promised an update and gave none ({who})"),
}
_MANY: dict[str, Text] = {
    "sla_warning": Text("{n} respuestas a punto de vencer", "{n} answers about to be late"),
    "sla_breached": Text("{n} respuestas fuera de plazo", "{n} answers overdue"),
    "promise_due": Text("{n} promesas a punto de vencer", "{n} promises about to be broken"),
    "promise_broken": Text("{n} promesas incumplidas", "{n} promises broken"),
}
# What is said of clocks, the gravest first; a warning with that which makes it idle.
CLOCK_REASONS: dict[Reason, Reason | None] = {
    "promise_broken": None,
    "sla_breached": None,
    "promise_due": "promise_broken",
    "sla_warning": "sla_breached",
}


def clock_of(case: Case, reason: Reason) -> Clock | None:
    """The clock an alert is about: that which ran out last, or will first. Else the running one that is due first."""
    running = [clock for clock in case.clocks if not clock.met_at]
    fitting = [clock for clock in running if (clock.kind == "promise") == reason.startswith("promise")]
    if reason in ("promise_broken", "sla_breached"):
        return max((clock for clock in fitting if clock.breached_at), key=lambda clock: clock.due_at, default=None)
    if reason in ("promise_due", "sla_warning"):
        warned = (clock for clock in fitting if clock.warned and not clock.breached_at)
        return min(warned, key=lambda clock: clock.due_at, default=None)
    return min(running, key=lambda clock: clock.due_at, default=None)


def about_case(case: Case, reason: Reason, rulebook: Rulebook, now: datetime, route: str, *, late_by_s: int = 0) -> Alert:
    """One customer's matter, or what was promised to everybody."""
    clock = clock_of(case, reason)
    if clock and reason in CLOCK_REASONS and clock.breached_at and clock.breached_at - clock.due_at > LATE:
        late_by_s = int((clock.breached_at - clock.due_at).total_seconds())
    said = list(_said(case, reason, clock, now))
    headline = _headline(case, reason, clock)
    return Alert(
        alert=alert_id(case.id, reason, now),
        at=now,
        late_by_s=late_by_s,
        reason=reason,
        severity=severity(case, reason, now),
        case=case.id,
        incident=case.incident or None,
        brand=case.brand or rulebook.file.brand.name,
        service=case.service or None,
        onset_at=case.opened_at,
        headline=Text(*(words.format(who=_who(case)) for words in (headline.es, headline.en))),
        detail=Text(" ".join(one.es for one in said), " ".join(one.en for one in said)),
        facts=_facts(case, reason, clock, now),
        messages=_evidence(case, reason),
        to=route,
    )


def _headline(case: Case, reason: Reason, clock: Clock | None) -> Text:
    narrower = f"{reason} public" if case.author_key == PUBLIC else f"{reason} {clock.kind}" if clock else reason
    return _HEADLINES.get(narrower, _HEADLINES[reason])


def _who(case: Case) -> str:
    return f"@{case.author.lstrip('@')} ({case.source})" if case.author else case.source


def _said(case: Case, reason: Reason, clock: Clock | None, now: datetime) -> Iterator[Text]:
    """The history in a sentence, then what is special about it."""
    if case.author_key != PUBLIC:
        age = _age(now - case.opened_at)
        es = f"Ha escrito {case.contacts} {'vez' if case.contacts == 1 else 'veces'} desde hace {age}; "
        en = f"Has written {'once' if case.contacts == 1 else f'{case.contacts} times'} in {age}; "
        es += f"{number(case.answers, 'respuesta', 'respuestas')}, {number(case.hand_offs, 'derivación', 'derivaciones')}."
        en += f"{number(case.answers, 'answer', 'answers')}, {number(case.hand_offs, 'hand-off', 'hand-offs')}."
        yield Text(es, en)
    if clock and clock.words and reason in ("promise_due", "promise_broken"):
        yield Text(f"Dijimos: «{clock.words}».", f"We said: “{clock.words}”.")
    if case.reopened:
        yield Text("Se había cerrado y ha vuelto.", "It was closed and they came back.")
    for account in case.accounts:
        who = f"@{account.author.lstrip('@')} ({account.source})"
        if account.known_by == "rules":
            yield Text(f"Escribe también como {who}.", f"Also writes as {who}.")
        else:
            yield Text(f"Dice ser también {who}: «{account.words}».", f"Says to be {who} too: “{account.words}”.")


def _facts(case: Case, reason: Reason, clock: Clock | None, now: datetime) -> dict[str, Any]:
    since = owed_since(case)
    facts: dict[str, Any] = {
        "contacts": case.contacts,
        "answers": case.answers,
        "hand_offs": case.hand_offs,
        "waiting_min": (now - since) // timedelta(minutes=1) if since else None,
        "reopened": case.reopened,
        "accounts": [f"{account.source}/{account.author}" for account in case.accounts],
        "priority_because": list(weights(case, reason, now)),
    }
    if clock:
        facts |= {"clock": clock.kind, "due_at": _iso(clock.due_at), "promise": clock.promise or clock.words, "policy": clock.policy}
    return facts


def _evidence(case: Case, reason: Reason) -> tuple[str, ...]:
    """The latest of it; of who may leave, the contacts that led there."""
    theirs = tuple(line.id for line in case.history if line.what in ("asked", "wrote", "solved"))
    return (theirs if reason in ("churn", "repeat") else case.messages)[-SHOWN:]


def _age(time: timedelta) -> str:
    minutes = time // timedelta(minutes=1)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def many_cases(cases: Sequence[Case], reason: Reason, rulebook: Rulebook, now: datetime, route: str) -> Alert:
    """Several clocks that ran out together are one message, not one each; the most urgent are named first."""
    cases = sorted(cases, key=lambda case: order(case, now))
    clocks = [(clock, case) for case in cases if (clock := clock_of(case, reason))]
    since, oldest = min(((clock.started_at, case) for clock, case in clocks), key=lambda each: (each[0], each[1].id))
    found_late = [clock.breached_at - clock.due_at for clock, _ in clocks if clock.breached_at]
    late = max(found_late, default=timedelta(0))
    words, age = _MANY[reason], _age(now - since)
    return Alert(
        alert=alert_id("|".join(case.id for case in cases), reason, now),
        at=now,
        late_by_s=int(late.total_seconds()) if late > LATE else 0,
        reason=reason,
        severity=min(severity(case, reason, now) for case in cases),
        brand=oldest.brand or rulebook.file.brand.name,
        onset_at=oldest.opened_at,
        headline=Text(
            f"{words.es.format(n=len(cases))}; la más antigua espera {age}",
            f"{words.en.format(n=len(cases))}; the oldest has waited {age}",
        ),
        facts={"cases": [case.id for case in cases]},
        messages=tuple(case.messages[0] for case in cases if case.history)[:SHOWN],
        to=route,
    )
