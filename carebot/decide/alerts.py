"""Reasons to speak, and the words: one alert per thing a human must know, in Spanish and English.

The sentences are short and say what, how much against what is usual, since when. Routing and silences come from the rules file. An
alert's id is made of its subject, its reason and its moment, so the same facts always give the same id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from carebot.config.schema import Rulebook
from carebot.decide import witnesses
from carebot.model import Alert, Case, Incident, Reason, Scope, SelfReport, Signal, Status, Text

LATE = 15 * 60  # seconds; evidence older than this was read late and must not look like now
SHOWN = 20  # ids listed in an alert


def alert_id(subject: str, reason: str, at: datetime) -> str:
    return "al-" + hashlib.blake2b(f"{subject}|{reason}|{at.isoformat()}".encode(), digest_size=8).hexdigest()


def service_name(rulebook: Rulebook, service: str, brand: str) -> Text:
    """What staff call it; the brand's name where the service is not known."""
    known = rulebook.file.services.get(service)
    if known:
        return Text(known.name.es, known.name.en)
    return Text(f"{service} ({brand})", f"{service} ({brand})") if service else Text(brand, brand)


_INCIDENT_HEADLINES: dict[str, tuple[str, str]] = {
    "suspected": ("Posible fallo: {es}", "Possible failure: {en}"),
    "confirmed": ("Fallo confirmado: {es}", "Confirmed failure: {en}"),
    "grew": ("Va a más: {es}", "Growing: {en}"),
    "severity_up": ("Más grave (nivel {severity}): {es}", "More serious (level {severity}): {en}"),
    "reopened": ("Vuelve a fallar: {es}", "Failing again: {en}"),
    "resolved": ("Vuelve a la normalidad: {es}", "Back to normal: {en}"),
    "merged": ("Era la misma incidencia que otra: {es}", "The same incident as another: {en}"),
}


_SCOPES: dict[Scope, Text] = {  # "so far": the others' customers may only be slower to complain
    "us": Text(" · por ahora, solo nosotros", " · only us so far"),
    "others": Text(" · también otros", " · others too"),
    "upstream": Text(" · lo dice el proveedor", " · upstream says so"),
    "unknown": Text("", ""),
}


def about_incident(
    incident: Incident, reason: Reason, rulebook: Rulebook, now: datetime, *, late_by_s: int, facts: dict[str, Any]
) -> Alert:
    """What staff are told about an incident at this moment."""
    name = service_name(rulebook, incident.service, incident.brand)
    words = _INCIDENT_HEADLINES[reason]
    known = rulebook.file.services.get(incident.service)
    say = known.statement if known and reason != "resolved" else None
    facts = facts | witnesses.facts(incident)
    end = _SCOPES["unknown" if reason == "resolved" else incident.witnesses.scope]
    return Alert(
        alert=alert_id(incident.id, reason, now),
        at=now,
        late_by_s=late_by_s,
        reason=reason,
        severity=incident.severity,
        incident=incident.id,
        brand=incident.brand,
        service=incident.service or None,
        symptom=incident.symptom or None,
        region=incident.region or None,
        onset_at=incident.onset_at,
        headline=Text(*(text.format(es=name.es + end.es, en=name.en + end.en, severity=incident.severity) for text in words)),
        detail=_scope(incident, facts, rulebook, late_by_s, now),
        say=Text(say.es, say.en) if say else None,
        facts=facts,
        messages=incident.messages[:SHOWN],
        to=rulebook.file.incidents.route,
        phase=incident.phase,
    )


def _scope(incident: Incident, facts: dict[str, Any], rulebook: Rulebook, late_by_s: int, now: datetime) -> Text:
    """Cause and scope in one sentence: how many, how many people, where, since when, against what is usual."""
    since = incident.onset_at.astimezone(ZoneInfo(rulebook.file.brand.time_zone)).strftime("%H:%M")
    es, en = [], []
    if incident.count:
        people = incident.author_count
        es.append(f"{_n(incident.count, 'queja', 'quejas')} de {_n(people, 'persona', 'personas')} desde las {since}")
        en.append(f"{_n(incident.count, 'complaint', 'complaints')} from {_n(people, 'person', 'people')} since {since}")
        if incident.phase in ("suspected", "confirmed"):
            es.append(f"lo normal en {facts['window_min']} min: {_number(facts['usual'], ',')}")
            en.append(f"usual in {facts['window_min']} min: {_number(facts['usual'], '.')}")
        es.append(", ".join(incident.sources))
        en.append(", ".join(incident.sources))
    if incident.probes and incident.phase != "resolved":
        es.append(
            f"la comprobación automática falla desde las {since}" if not incident.count else "la comprobación automática también falla"
        )
        en.append(f"our own check fails since {since}" if not incident.count else "our own check fails too")
    if incident.phase != "resolved":
        for said in _who_else(incident, facts, rulebook):
            es.append(said.es)
            en.append(said.en)
    if facts.get("waiting"):
        es.append(f"{_n(facts['waiting'], 'cliente espera', 'clientes esperan')} respuesta")
        en.append(f"{_n(facts['waiting'], 'customer waits', 'customers wait')} for an answer")
    if late_by_s > LATE:
        es.append(f"leído con {late_by_s // 60} min de retraso")
        en.append(f"read {late_by_s // 60} min late")
    return Text("; ".join(es) + ".", "; ".join(en) + ".")


def _who_else(incident: Incident, facts: dict[str, Any], rulebook: Rulebook) -> Iterator[Text]:
    """What others say, and what we did ourselves shortly before."""
    seen = incident.witnesses
    if seen.upstream:
        yield Text(f"el proveedor lo confirma: {', '.join(seen.upstream)}", f"the provider says so: {', '.join(seen.upstream)}")
    if seen.others:
        yield Text(f"también se quejan clientes de {', '.join(seen.others)}", f"customers of {', '.join(seen.others)} complain too")
    if seen.notice == "deploy":
        name, after = service_name(rulebook, seen.deployed, incident.brand), facts["after_deploy_min"]
        yield Text(f"{after} min después de un despliegue: {name.es}", f"{after} min after a deploy: {name.en}")
    if seen.notice == "maintenance":
        yield Text("hay mantenimiento anunciado", "maintenance was announced")


def _number(value: float, point: str) -> str:
    if value < 0.1:
        return f"< 0{point}1"
    return (f"{value:.0f}" if value >= 10 else f"{value:.1f}").replace(".", point)


_CASE_HEADLINES: dict[str, tuple[str, str]] = {
    "moment": ("Necesita a una persona ya: {who}", "Needs a person now: {who}"),
    "fraud": ("Posible fraude: {who}", "Possible fraud: {who}"),
    "churn": ("Puede irse: {who}", "May leave: {who}"),
    "hand_offs": ("Dos veces derivado sin solución: {who}", "Sent elsewhere twice, unsolved: {who}"),
    "sla_warning": ("Respuesta a punto de vencer: {who}", "Answer about to be late: {who}"),
    "sla_breached": ("Respuesta fuera de plazo: {who}", "Answer overdue: {who}"),
}


def about_case(case: Case, reason: Reason, rulebook: Rulebook, now: datetime, route: str, *, late_by_s: int = 0) -> Alert:
    """What staff are told about one customer's matter."""
    who = f"@{case.author.lstrip('@')} ({case.source})" if case.author else case.source
    minutes = int((now - case.opened_at).total_seconds() // 60)
    es = f"Ha escrito {case.contacts} {'vez' if case.contacts == 1 else 'veces'} desde hace {_age(minutes)}; "
    en = f"Has written {'once' if case.contacts == 1 else f'{case.contacts} times'} in {_age(minutes)}; "
    es += f"{_n(case.answers, 'respuesta', 'respuestas')}, {_n(case.hand_offs, 'derivación', 'derivaciones')}."
    en += f"{_n(case.answers, 'answer', 'answers')}, {_n(case.hand_offs, 'hand-off', 'hand-offs')}."
    return Alert(
        alert=alert_id(case.id, reason, now),
        at=now,
        late_by_s=late_by_s,
        reason=reason,
        severity=2 if reason == "moment" else 3 if reason in ("fraud", "sla_breached", "hand_offs") else 4,
        case=case.id,
        incident=case.incident or None,
        brand=case.brand or rulebook.file.brand.name,
        service=case.service or None,
        onset_at=case.opened_at,
        headline=Text(*(text.format(who=who) for text in _CASE_HEADLINES[reason])),
        detail=Text(es, en),
        facts={
            "contacts": case.contacts,
            "answers": case.answers,
            "hand_offs": case.hand_offs,
            **({"due_at": _iso(case.clock.due_at), "promise": case.clock.promise} if case.clock else {}),
        },
        messages=case.messages[-SHOWN:],
        to=route,
    )


def _n(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _age(minutes: int) -> str:
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def many_cases(cases: Sequence[Case], reason: Reason, rulebook: Rulebook, now: datetime, route: str) -> Alert:
    """Several clocks that ran out together are one message, not one each."""
    oldest = min(cases, key=lambda case: case.opened_at)
    minutes = int((now - oldest.opened_at).total_seconds() // 60)
    late = reason == "sla_breached"
    return Alert(
        alert=alert_id("|".join(case.id for case in cases), reason, now),
        at=now,
        reason=reason,
        severity=3 if late else 4,
        brand=oldest.brand or rulebook.file.brand.name,
        onset_at=oldest.opened_at,
        headline=Text(
            f"{len(cases)} respuestas {'fuera de plazo' if late else 'a punto de vencer'}; la más antigua espera {_age(minutes)}",
            f"{len(cases)} answers {'overdue' if late else 'about to be late'}; the oldest has waited {_age(minutes)}",
        ),
        facts={"cases": [case.id for case in cases]},
        messages=tuple(case.messages[0] for case in cases)[:SHOWN],
        to=route,
    )


def about_impersonator(signal_id: str, author: str, source: str, rulebook: Rulebook, now: datetime, late_by_s: int) -> Alert:
    """An account that looks like ours writes to our customers."""
    who = f"@{author.lstrip('@')} ({source})"
    return Alert(
        alert=alert_id(who, "impersonator", now),
        at=now,
        late_by_s=late_by_s,
        reason="impersonator",
        severity=2,
        brand=rulebook.file.brand.name,
        headline=Text(f"Una cuenta se hace pasar por nosotros: {who}", f"An account pretends to be us: {who}"),
        detail=Text(
            "Escribe a clientes que se quejan. Denúnciala a la red y avisa a los clientes.",
            "It writes to customers who complain. Report it to the network and warn customers.",
        ),
        messages=(signal_id,),
        to=_route_for("fraud", rulebook),
    )


def upstream(status: Status, services: Sequence[str], rulebook: Rulebook, now: datetime) -> Alert:
    """A provider says that something of theirs is broken, and which of our services (the nearest first) suffer with it."""
    state = status.state.replace("_", " ")
    return Alert(
        alert=alert_id(f"{status.provider}/{status.component}", "upstream", status.at),
        at=now,
        late_by_s=max(0, int((now - status.at).total_seconds())),
        reason="upstream",
        severity=3 if status.state == "major_outage" else 4,
        brand=rulebook.file.brand.name,
        service=services[0] if services else None,
        onset_at=status.at,
        headline=Text(
            f"{status.provider} informa de un problema: {status.component} ({state})",
            f"{status.provider} reports trouble: {status.component} ({state})",
        ),
        detail=_suffering(services, rulebook) if services else None,
        facts={"provider": status.provider, "component": status.component, "state": status.state, "services": list(services)},
        messages=(status.id,),
        to=rulebook.file.incidents.route,
    )


def _suffering(services: Sequence[str], rulebook: Rulebook) -> Text:
    names = [service_name(rulebook, service, "") for service in services]
    return Text(f"Puede afectar a: {', '.join(name.es for name in names)}.", f"May affect: {', '.join(name.en for name in names)}.")


def about_us(report: SelfReport, rulebook: Rulebook, now: datetime) -> Alert:
    """carebot about itself."""
    return Alert(
        alert=alert_id(report.id, report.reason, report.at),
        at=now,
        reason=report.reason,
        severity=None,
        headline=report.headline,
        detail=report.detail,
        to=rulebook.file.incidents.route,
    )


def _route_for(kind: str, rulebook: Rulebook) -> str:
    return next((rule.route for rule in rulebook.file.rules if rule.when == kind), rulebook.file.incidents.route)


def route_of(signals: Sequence[Signal], kind: str, rulebook: Rulebook) -> str:
    """The route of the rule that a signal of this kind fitted."""
    names = {signal.rule for signal in signals if signal.kind == kind}
    return next((rule.route for rule in rulebook.file.rules if rule.name in names), _route_for(kind, rulebook))


def silenced(alert: Alert, rulebook: Rulebook, now: datetime) -> str:
    """Why this alert is not said: the silence that covers it, or "". Severity 1 and what carebot says of itself are never silenced."""
    if alert.severity is None or alert.severity == 1:
        return ""
    for silence in rulebook.file.silences:
        covers = not silence.services or (alert.service or "") in silence.services
        if covers and (not silence.reasons or alert.reason in silence.reasons) and now < silence.until:
            return f"silenced by {silence.owner} until {silence.until:%Y-%m-%d %H:%M}: {silence.because}"
    return ""
