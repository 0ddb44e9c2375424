"""Reasons to speak, and the words: one alert per thing a human must know, in Spanish and English.

The sentences are short and say what, how much against what is usual, since when. Routing and silences come from the rules file. An
alert's id is made of its subject, its reason and its moment, so the same facts always give the same id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from carebot.config.schema import Rulebook
from carebot.decide.care.impersonators import ASKS, Poser
from carebot.decide.detecting import witnesses
from carebot.decide.incidents.phases import is_bare
from carebot.decide.telling.sentences import detail, service_name
from carebot.model import Alert, Incident, Message, Phase, Reason, Scope, SelfReport, Signal, Status, Text

SHOWN = 20  # ids listed in an alert


def alert_id(subject: str, reason: str, at: datetime) -> str:
    return "al-" + hashlib.blake2b(f"{subject}|{reason}|{at.isoformat()}".encode(), digest_size=8).hexdigest()


_INCIDENT_HEADLINES: dict[str, tuple[str, str]] = {
    "suspected": ("Posible fallo: {es}", "Possible failure: {en}"),
    "confirmed": ("Fallo confirmado: {es}", "Confirmed failure: {en}"),
    "grew": ("Va a más: {es}", "Growing: {en}"),
    "severity_up": ("Más grave (nivel {severity}): {es}", "More serious (level {severity}): {en}"),
    "reopened": ("Vuelve a fallar: {es}", "Failing again: {en}"),
    "resolved": ("Vuelve a la normalidad: {es}", "Back to normal: {en}"),
    "merged": ("Era la misma incidencia que otra: {es}", "The same incident as another: {en}"),
    "still_open": ("Sigue abierta: {es}", "Still open: {en}"),
    "escalated": ("Nadie se encarga: {es}", "Nobody is on it: {en}"),
    "flapping": ("Va y viene ({times} veces desde las {began}): {es}", "On and off ({times} times since {began}): {en}"),
    "update_due": ("Toca informar otra vez: {es}", "Customers are owed an update: {en}"),
}

_DISMISSED = ("No es una incidencia: {es}", "Not an incident: {en}")
_STANDS: dict[Phase, Reason] = {"suspected": "suspected", "confirmed": "confirmed", "monitoring": "confirmed", "resolved": "resolved"}

_BARE_HEADLINES: dict[str, tuple[str, str]] = {  # nobody read anything: it is not called a failure
    "suspected": ("Se habla mucho más de lo normal de {es} en {network}", "Far more than usual is being said about {en} on {network}"),
    "reopened": (
        "De nuevo se habla mucho más de lo normal de {es} en {network}",
        "Far more than usual is being said about {en} on {network} again",
    ),
    "resolved": ("Se habla lo normal de {es} en {network}", "No more than usual is being said about {en} on {network}"),
}


_SCOPES: dict[Scope, Text] = {  # "so far": the others' customers may only be slower to complain
    "us": Text(" · por ahora, solo nosotros", " · only us so far"),
    "others": Text(" · también otros", " · others too"),
    "upstream": Text(" · lo dice el proveedor", " · upstream says so"),
    "unknown": Text("", ""),
}


def about_incident(
    incident: Incident, reason: Reason, rulebook: Rulebook, now: datetime, *, late_by_s: int, facts: dict[str, Any], say: Text | None
) -> Alert:
    """What staff are told about an incident at this moment. `say`: the words to tell customers now."""
    name = service_name(rulebook, incident.service, incident.brand)
    # What a person did, or became of a statement, is `act`; what is going on stays the headline.
    stands = _STANDS[incident.phase] if reason in ("acted", "statement") else reason
    words = (_BARE_HEADLINES if is_bare(incident) else _INCIDENT_HEADLINES).get(stands, _INCIDENT_HEADLINES[stands])
    words = _DISMISSED if incident.dismissed and incident.phase == "resolved" and reason != "merged" else words
    blanks = {"severity": incident.severity, "network": incident.swell.network if incident.swell else ""}
    if flaps := facts.get("flaps"):
        began = datetime.fromisoformat(flaps["since"]).astimezone(ZoneInfo(rulebook.file.brand.time_zone))
        blanks |= {"times": flaps["times"], "began": f"{began:%H:%M}"}
    facts = facts | witnesses.facts(incident)
    end = _SCOPES["unknown" if stands == "resolved" else incident.witnesses.scope]
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
        headline=Text(*(text.format(es=name.es + end.es, en=name.en + end.en, **blanks) for text in words)),
        detail=detail(incident, facts, rulebook, late_by_s),
        say=say,
        facts=facts,
        messages=incident.messages[:SHOWN],
        to=rulebook.file.incidents.route,
        phase=incident.phase,
    )


def about_impersonator(message: Message, poser: Poser, rulebook: Rulebook, now: datetime, late_by_s: int) -> Alert:
    """An account that looks like ours writes to our customers: what to do, and what to tell them."""
    who = f"@{message.author.lstrip('@')} ({message.source})"
    ours = ", ".join(f"@{handle.lstrip('@')}" for handle in rulebook.file.brand.accounts.get(message.source, ()))
    asks = [ASKS[name] for name in poser.asks_for]
    es, en = ", ".join(text.es for text in asks), ", ".join(text.en for text in asks)
    return Alert(
        alert=alert_id(who, "impersonator", now),
        at=now,
        late_by_s=late_by_s,
        reason="impersonator",
        severity=2,
        brand=rulebook.file.brand.name,
        headline=Text(f"Una cuenta se hace pasar por nosotros: {who}", f"An account pretends to be us: {who}"),
        detail=Text(
            f"Contesta a clientes{f' y les pide {es}' if es else ''}. Avisa ya al cliente en el mismo hilo y denuncia la cuenta a la red.",
            f"It answers customers{f' and asks for {en}' if en else ''}. Warn the customer in the same thread now, and report the account.",
        ),
        say=Text(
            f"Esa cuenta no es nuestra{f': solo escribimos desde {ours}' if ours else ''}. Nunca pedimos claves ni códigos."
            " Si les has dado algún dato, dínoslo y te ayudamos.",
            f"That account is not ours{f': we only write from {ours}' if ours else ''}. We never ask for passwords or codes."
            " If you gave them anything, tell us and we will help.",
        ),
        facts={"account": message.author, "like": poser.like, "asks_for": list(poser.asks_for), "audience": message.audience},
        messages=(message.id,),
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
        facts={"about": report.id},  # by which a pager knows the end of it
        to=rulebook.file.incidents.route,
    )


def _route_for(kind: str, rulebook: Rulebook) -> str:
    return next((rule.route for rule in rulebook.file.rules if rule.when == kind), rulebook.file.incidents.route)


def route_of(signals: Sequence[Signal], kind: str, rulebook: Rulebook) -> str:
    """The route of the rule that a signal of this kind fitted."""
    names = {signal.rule for signal in signals if signal.kind == kind}
    return next((rule.route for rule in rulebook.file.rules if rule.name in names), _route_for(kind, rulebook))
