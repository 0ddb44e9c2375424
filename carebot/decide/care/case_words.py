"""What staff are told about one customer's matter, or about several whose clocks ran out together, in Spanish and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from carebot.config.schema import Rulebook
from carebot.decide.care.desk import owed_since
from carebot.decide.care.priority import only_warns, order, severity, weights
from carebot.decide.care.replies import PUBLIC
from carebot.decide.telling.alerts import SHOWN, alert_id
from carebot.decide.telling.plainly import counted, left, network, sentence, span, who
from carebot.model import Alert, Case, Clock, Reason, Text

LATE = timedelta(minutes=2)  # a clock found so much past its time was found late: we were not running

_HEADLINES: dict[str, Text] = {
    "moment": Text("Necesita a una persona ya: {who}", "Needs a person now: {who}"),
    "fraud": Text("Posible fraude: {who}", "Possible fraud: {who}"),
    "fraud warns": Text("Avisa de una estafa: {who}", "Warns of a scam: {who}"),
    "churn": Text("Puede irse: {who}", "May leave: {who}"),
    "repeat": Text("Tercera vez en una semana: {who}", "Third time in a week: {who}"),
    "hand_offs": Text("Dos derivaciones y sin solución: {who}", "Sent elsewhere twice, unsolved: {who}"),
    "sla_warning": Text("{left} para responder: {who}", "{left} to answer: {who}"),
    "sla_breached": Text("Sin respuesta y fuera de plazo: {who}", "Unanswered and overdue: {who}"),
    "sla_warning resolution": Text("{left} para resolver: {who}", "{left} to solve it: {who}"),
    "sla_breached resolution": Text("Sin solución y fuera de plazo: {who}", "Unsolved and overdue: {who}"),
    "promise_due": Text("{left} para cumplir lo prometido: {who}", "{left} to keep a promise: {who}"),
    "promise_broken": Text("Promesa incumplida: {who}", "Promise broken: {who}"),
    "promise_due public": Text("{left} para informar, como prometimos ({who})", "{left} to give the update we promised ({who})"),
    "promise_broken public": Text("Prometimos informar y no hemos informado ({who})", "We promised an update and gave none ({who})"),
}
_MANY: dict[str, Text] = {
    "sla_warning": Text("Se acaba el plazo para responder a {n} clientes", "The time to answer {n} customers is running out"),
    "sla_breached": Text("{n} clientes sin respuesta y fuera de plazo", "{n} customers unanswered and overdue"),
    "promise_due": Text("{n} promesas a punto de vencer", "{n} promises about to be broken"),
    "promise_broken": Text("{n} promesas incumplidas", "{n} promises broken"),
}
NAMED = 5  # customers in a message about many
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
    remains, name = left(clock.due_at - now) if clock else Text("", ""), _who(case)
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
        headline=Text(headline.es.format(who=name.es, left=remains.es), headline.en.format(who=name.en, left=remains.en)),
        detail=Text(" ".join(one.es for one in said), " ".join(one.en for one in said)) if said else None,
        facts=_facts(case, reason, clock, now),
        messages=_evidence(case, reason),
        to=route,
    )


def _headline(case: Case, reason: Reason, clock: Clock | None) -> Text:
    if only_warns(case, reason):
        return _HEADLINES["fraud warns"]
    narrower = f"{reason} public" if case.author_key == PUBLIC else f"{reason} {clock.kind}" if clock else reason
    return _HEADLINES.get(narrower, _HEADLINES[reason])


def _who(case: Case) -> Text:
    return network(case.source) if case.author_key == PUBLIC else who(case.author, case.source)


def _said(case: Case, reason: Reason, clock: Clock | None, now: datetime) -> Iterator[Text]:
    """The history in a sentence, then what is special about it."""
    if case.author_key != PUBLIC:
        yield _history(case, clock if reason.startswith("sla") else None, now)
    if clock and clock.words and reason in ("promise_due", "promise_broken"):
        yield Text(f"Dijimos: «{clock.words}».", f"We said: “{clock.words}”.")
    if case.reopened:
        yield Text("Se había cerrado y ha vuelto.", "It was closed and they came back.")
    for account in case.accounts:
        name = who(account.author, account.source)
        if account.known_by == "rules":
            yield Text(f"Escribe también como {name.es}.", f"Also writes as {name.en}.")
        else:
            yield Text(f"Dice ser también {name.es}: «{account.words}».", f"Says they are {name.en} too: “{account.words}”.")


def _history(case: Case, waits: Clock | None, now: datetime) -> Text:
    """How much they wrote and what they had from us; of who waits (the clock that says so), since when, as the headline says the rest."""
    messages, had = counted(case.contacts, ("mensaje", "mensajes"), ("message", "messages")), list(_had(case))
    if waits:
        age = span(now - waits.started_at)
        told = [messages, *had] if had or case.contacts > 1 else []
        first = [Text(f"Espera desde hace {age.es}", f"Waiting for {age.en}")]
        return sentence([*first, _together(told)] if told else first)
    if case.contacts > 1:
        age = span(now - case.opened_at)
        messages = Text(f"{messages.es} en {age.es}", f"{messages.en} in {age.en}")
    return sentence([_together([messages, *(had or [Text("sin respuesta todavía", "no answer yet")])])])


def _had(case: Case) -> Iterator[Text]:
    """What they had from us, to be sent elsewhere apart: that is no answer."""
    if case.answers:
        yield counted(case.answers, ("respuesta nuestra", "respuestas nuestras"), ("answer", "answers"))
    if case.hand_offs:
        yield counted(case.hand_offs, ("derivación", "derivaciones"), ("hand-off", "hand-offs"))


def _together(parts: Sequence[Text]) -> Text:
    return Text(", ".join(part.es for part in parts), ", ".join(part.en for part in parts))


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


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def many_cases(cases: Sequence[Case], reason: Reason, rulebook: Rulebook, now: datetime, route: str) -> Alert:
    """Several clocks that ran out together are one message, not one each; the most urgent are named first."""
    cases = sorted(cases, key=lambda case: order(case, now))
    clocks = [(clock, case) for case in cases if (clock := clock_of(case, reason))]
    since, oldest = min(((clock.started_at, case) for clock, case in clocks), key=lambda each: (each[0], each[1].id))
    found_late = [clock.breached_at - clock.due_at for clock, _ in clocks if clock.breached_at]
    late = max(found_late, default=timedelta(0))
    words, age = _MANY[reason], span(now - since)
    return Alert(
        alert=alert_id("|".join(case.id for case in cases), reason, now),
        at=now,
        late_by_s=int(late.total_seconds()) if late > LATE else 0,
        reason=reason,
        severity=min(severity(case, reason, now) for case in cases),
        brand=oldest.brand or rulebook.file.brand.name,
        onset_at=oldest.opened_at,
        headline=Text(
            f"{words.es.format(n=len(cases))}; la espera más larga, {age.es}",
            f"{words.en.format(n=len(cases))}; the longest wait, {age.en}",
        ),
        detail=_named(clocks, now),
        facts={"cases": [case.id for case in cases]},
        messages=tuple(case.messages[0] for case in cases if case.history)[:SHOWN],
        to=route,
    )


def _named(clocks: Sequence[tuple[Clock, Case]], now: datetime) -> Text:
    """Who they are and how long each has waited; of many, the most urgent."""
    said = [(_who(case), span(now - clock.started_at)) for clock, case in clocks[:NAMED]]
    more = len(clocks) - NAMED
    es = [f"{name.es}, {age.es}" for name, age in said] + ([f"y {more} más"] if more > 0 else [])
    en = [f"{name.en}, {age.en}" for name, age in said] + ([f"and {more} more"] if more > 0 else [])
    return Text("; ".join(es) + ".", "; ".join(en) + ".")
