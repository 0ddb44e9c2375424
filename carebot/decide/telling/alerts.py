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
from carebot.decide.telling.plainly import listed, moment, network, who
from carebot.decide.telling.sentences import detail, service_name, what_fails
from carebot.model import Alert, Incident, Message, Phase, Reason, Scope, SelfReport, Signal, Status, StatusState, Text

SHOWN = 20  # ids listed in an alert


def alert_id(subject: str, reason: str, at: datetime) -> str:
    return "al-" + hashlib.blake2b(f"{subject}|{reason}|{at.isoformat()}".encode(), digest_size=8).hexdigest()


_INCIDENT_HEADLINES: dict[str, tuple[str, str]] = {
    "suspected": ("Posible fallo: {es}", "Possible failure: {en}"),
    "confirmed": ("Fallo confirmado: {es}", "Confirmed failure: {en}"),
    "grew": ("Va a más: {es}", "Growing: {en}"),
    "severity_up": ("Se agrava{was_es}: {es}", "Getting worse{was_en}: {en}"),
    "reopened": ("Vuelve a fallar: {es}", "Failing again: {en}"),
    "resolved": ("Vuelve a la normalidad: {es}", "Back to normal: {en}"),
    "merged": ("Era parte de otra incidencia{into_es}: {es}", "Part of another incident{into_en}: {en}"),
    "still_open": ("Sigue abierta: {es}", "Still open: {en}"),
    "escalated": ("Nadie se encarga: {es}", "Nobody is on it: {en}"),
    "flapping": ("Va y viene ({times} veces desde {began_es}): {es}", "On and off ({times} times since {began_en}): {en}"),
    "update_due": ("Toca informar otra vez: {es}", "Customers are owed an update: {en}"),
}

_DISMISSED = ("No es una incidencia: {es}", "Not an incident: {en}")
_STANDS: dict[Phase, Reason] = {"suspected": "suspected", "confirmed": "confirmed", "monitoring": "confirmed", "resolved": "resolved"}

_BARE_HEADLINES: dict[str, tuple[str, str]] = {  # nobody read anything: it is not called a failure
    "suspected": ("Se habla mucho más de lo normal de {es} en {on_es}", "Far more than usual is being said about {en} on {on_en}"),
    "reopened": (
        "De nuevo se habla mucho más de lo normal de {es} en {on_es}",
        "Far more than usual is being said about {en} on {on_en} again",
    ),
    "resolved": ("Se habla lo normal de {es} en {on_es}", "No more than usual is being said about {en} on {on_en}"),
}


_ELSEWHERE = Text("Lo nuevo sale en la tarjeta de esa otra.", "What is new is told on that incident's card.")

_SCOPES: dict[Scope, Text] = {  # "so far": the others' customers may only be slower to complain
    "us": Text(" · por ahora, solo nosotros", " · only us so far"),
    "others": Text(" · también otros", " · others too"),
    "upstream": Text(" · lo dice el proveedor", " · the provider says so"),
    "unknown": Text("", ""),
}


def about_incident(
    incident: Incident, reason: Reason, rulebook: Rulebook, now: datetime, *, late_by_s: int, facts: dict[str, Any], say: Text | None
) -> Alert:
    """What staff are told about an incident at this moment. `say`: the words to tell customers now."""
    name = what_fails(incident, rulebook)
    # What a person did, or became of a statement, is `act`; what is going on stays the headline.
    stands = _STANDS[incident.phase] if reason in ("acted", "statement") else reason
    words = (_BARE_HEADLINES if is_bare(incident) else _INCIDENT_HEADLINES).get(stands, _INCIDENT_HEADLINES[stands])
    words = _DISMISSED if incident.dismissed and incident.phase == "resolved" and reason != "merged" else words
    facts = facts | witnesses.facts(incident)
    end = _SCOPES["unknown" if stands == "resolved" else incident.witnesses.scope]
    blanks = {"es": name.es + end.es, "en": name.en + end.en, **_blanks(incident, facts, rulebook, now)}
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
        headline=Text(*(text.format(**blanks) for text in words)),
        detail=_ELSEWHERE if reason == "merged" else detail(incident, facts, rulebook, late_by_s, now),
        say=say,
        facts=facts,
        messages=incident.messages[:SHOWN],
        to=rulebook.file.incidents.route,
        phase=incident.phase,
    )


def _blanks(incident: Incident, facts: dict[str, Any], rulebook: Rulebook, now: datetime) -> dict[str, Any]:
    """What a headline has places for, beside what fails and whose fault it is."""
    on, was, flaps = network(incident.swell.network if incident.swell else ""), facts.get("severity_was"), facts.get("flaps")
    began = moment(datetime.fromisoformat(flaps["since"]), ZoneInfo(rulebook.file.brand.time_zone), now) if flaps else Text("", "")
    into = facts.get("merged_into_service")
    other = service_name(rulebook, into, incident.brand) if into else None
    return {
        "on_es": on.es,
        "on_en": on.en,
        "times": flaps["times"] if flaps else "",
        "began_es": began.es,
        "began_en": began.en,
        "was_es": f" (antes SEV{was})" if was else "",
        "was_en": f" (was SEV{was})" if was else "",
        "into_es": f" ({other.es})" if other else "",
        "into_en": f" ({other.en})" if other else "",
    }


def about_impersonator(message: Message, poser: Poser, rulebook: Rulebook, now: datetime, late_by_s: int) -> Alert:
    """An account that looks like ours writes to our customers: what to do, and what to tell them."""
    poses = who(message.author, message.source)
    accounts = [f"@{handle.lstrip('@')}" for handle in rulebook.file.brand.accounts.get(message.source, ())]
    ours = Text(listed(accounts, "es"), listed(accounts, "en"))
    asks = [ASKS[name] for name in poser.asks_for]
    es, en = listed([text.es for text in asks], "es"), listed([text.en for text in asks], "en")
    return Alert(
        alert=alert_id(f"@{message.author.lstrip('@')} ({message.source})", "impersonator", now),
        at=now,
        late_by_s=late_by_s,
        reason="impersonator",
        severity=2,
        brand=rulebook.file.brand.name,
        headline=Text(f"Una cuenta se hace pasar por nosotros: {poses.es}", f"An account pretends to be us: {poses.en}"),
        detail=Text(
            f"Contesta a clientes{f' y les pide {es}' if es else ''}{poser.age.es}."
            " Avisa ya al cliente en el mismo hilo y denuncia la cuenta a la red.",
            f"It answers customers{f' and asks for {en}' if en else ''}{poser.age.en}."
            " Warn the customer in the same thread now, and report the account.",
        ),
        say=Text(
            f"Esa cuenta no es nuestra{f': solo escribimos desde {ours.es}' if accounts else ''}. Nunca pedimos claves ni códigos."
            " Si les has dado algún dato, dínoslo y te ayudamos.",
            f"That account is not ours{f': we only write from {ours.en}' if accounts else ''}. We never ask for passwords or codes."
            " If you gave them anything, tell us and we will help.",
        ),
        facts={
            "account": message.author,
            "like": poser.like,
            "asks_for": list(poser.asks_for),
            "audience": message.audience,
            "days": poser.days,
        },
        messages=(message.id,),
        to=_route_for("fraud", rulebook),
    )


_STATES: dict[StatusState, Text] = {
    "operational": Text("funciona", "operational"),
    "degraded": Text("va mal", "degraded"),
    "partial_outage": Text("falla en parte", "partial outage"),
    "major_outage": Text("no funciona", "major outage"),
    "maintenance": Text("en mantenimiento", "maintenance"),
}


def upstream(status: Status, services: Sequence[str], rulebook: Rulebook, now: datetime) -> Alert:
    """A provider says that something of theirs is broken, and which of our services (the nearest first) suffer with it."""
    state = _STATES[status.state]
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
            f"{status.provider} informa de un problema: {status.component} ({state.es})",
            f"{status.provider} reports trouble: {status.component} ({state.en})",
        ),
        detail=_suffering(services, rulebook) if services else None,
        facts={"provider": status.provider, "component": status.component, "state": status.state, "services": list(services)},
        messages=(status.id,),
        to=rulebook.file.incidents.route,
    )


def _suffering(services: Sequence[str], rulebook: Rulebook) -> Text:
    names = [service_name(rulebook, service, "") for service in services]
    es, en = listed([name.es for name in names], "es"), listed([name.en for name in names], "en")
    return Text(f"Puede afectar a {es}.".replace(" a el ", " al "), f"May affect {en}.")


def about_us(report: SelfReport, rulebook: Rulebook, now: datetime) -> Alert:
    """carebot about itself."""
    return Alert(
        alert=alert_id(report.id, report.reason, report.at),
        at=now,
        reason=report.reason,
        severity=None,
        onset_at=report.since,
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
