"""What is known of an incident, in one sentence: how many, since when, against what is usual, who else says so, what was not read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from carebot.config.schema import Rulebook
from carebot.decide.incidents.phases import is_bare, services
from carebot.decide.telling.plainly import about, counted, listed, moment, network, sentence, span
from carebot.model import Incident, Text

LATE = 15 * 60  # seconds; evidence older than this was read late and must not look like now
NAMED = 3  # services by their names; the rest is a number
_USUAL_NAMES = {  # of the services that carebot knows by itself, where the rules file has no name for them
    "app": Text("la app", "the app"),
    "web": Text("la web", "the website"),
    "login": Text("el acceso", "logging in"),
    "card": Text("las tarjetas", "cards"),
    "atm": Text("los cajeros", "cash machines"),
    "account": Text("las cuentas", "accounts"),
    "transfer": Text("las transferencias", "transfers"),
    "payment": Text("los pagos", "payments"),
    "loan": Text("los préstamos", "loans"),
    "branch": Text("las oficinas", "branches"),
    "phone": Text("la atención telefónica", "the telephone line"),
    "network": Text("la red", "the network"),
    "flight": Text("los vuelos", "flights"),
    "booking": Text("las reservas", "bookings"),
    "baggage": Text("el equipaje", "baggage"),
}


def service_name(rulebook: Rulebook, service: str, brand: str) -> Text:
    """What staff call it; the brand's name where the service is not known."""
    known = rulebook.file.services.get(service)
    if known:
        return Text(known.name.es, known.name.en)
    if service in _USUAL_NAMES:
        return _USUAL_NAMES[service]
    return Text(f"{service} ({brand})", f"{service} ({brand})") if service else Text(brand, brand)


def what_fails(incident: Incident, rulebook: Rulebook) -> Text:
    """All that fails at once, by the names staff have for it: la app, las tarjetas y 2 más."""
    names = [service_name(rulebook, service, incident.brand) for service in services(incident)]
    more = len(names) - NAMED
    es = [name.es for name in names[:NAMED]] + ([f"{more} más"] if more > 0 else [])
    en = [name.en for name in names[:NAMED]] + ([f"{more} more"] if more > 0 else [])
    return Text(listed(es, "es"), listed(en, "en"))


def detail(incident: Incident, facts: dict[str, Any], rulebook: Rulebook, late_by_s: int, now: datetime) -> Text | None:
    """Cause and scope in one sentence: how many, how many people, since when, against what is usual, where, who else says so."""
    zone = ZoneInfo(rulebook.file.brand.time_zone)
    over = incident.phase == "resolved"
    parts = [
        *_complaints(incident, zone, now),
        *_not_read(incident, facts),
        *_checked(incident, zone, now),
        *(() if over else _who_else(incident, facts, rulebook)),
    ]
    if facts.get("waiting"):
        parts.append(waiting(facts["waiting"], timedelta(minutes=facts["waiting_oldest_min"])))
    if late_by_s > LATE:
        late = span(timedelta(seconds=late_by_s))
        parts.append(Text(f"leído con {late.es} de retraso", f"read {late.en} late"))
    return sentence(parts) if parts else None


def _complaints(incident: Incident, zone: ZoneInfo, now: datetime) -> Iterator[Text]:
    """How many of how many people, and since when; of what is over, until when."""
    if not incident.count:
        return
    said = counted(incident.count, ("queja", "quejas"), ("complaint", "complaints"))
    people = counted(incident.author_count, ("persona", "personas"), ("person", "people"))
    es, en = f"{said.es} de {people.es}", f"{said.en} from {people.en}"
    first, last = incident.onset_at, incident.last_signal_at or incident.onset_at
    began = moment(first, zone, now)
    if incident.phase != "resolved":
        es, en = f"{es} desde {began.es}", f"{en} since {began.en}"
    elif last - first < timedelta(minutes=1):
        es, en = f"{es} a {began.es}", f"{en} at {began.en}"
    else:
        ended = moment(last, zone, now)
        es, en = f"{es} entre {began.es} y {ended.es}", f"{en} between {began.en} and {ended.en}"
    if incident.phase in ("suspected", "confirmed"):
        usual = _usual(incident)
        es, en = f"{es} (lo normal: {usual.es})", f"{en} (usually {usual.en})"
    yield Text(es, en)
    places = [network(source) for source in incident.sources]
    yield Text(", ".join(place.es for place in places), ", ".join(place.en for place in places))


def _checked(incident: Incident, zone: ZoneInfo, now: datetime) -> Iterator[Text]:
    """What our own check saw."""
    if not incident.probes:
        return
    since = moment(incident.onset_at, zone, now)
    if incident.phase == "resolved":
        if not incident.count:
            yield Text(f"nuestra comprobación automática empezó a fallar a {since.es}", f"our own check began to fail at {since.en}")
    elif incident.count:
        yield Text("nuestra comprobación automática también falla", "our own check fails too")
    else:
        yield Text(f"nuestra comprobación automática falla desde {since.es}", f"our own check has been failing since {since.en}")


def _who_else(incident: Incident, facts: dict[str, Any], rulebook: Rulebook) -> Iterator[Text]:
    """What others say, and what we did ourselves shortly before."""
    seen = incident.witnesses
    if seen.upstream:
        theirs = [f"{provider} ({part})" if part else provider for provider, _, part in (one.partition("/") for one in seen.upstream)]
        confirm = "lo confirman" if len(theirs) > 1 else "lo confirma"
        yield Text(f"{confirm} {listed(theirs, 'es')}", f"confirmed by {listed(theirs, 'en')}")
    if seen.others:
        yield Text(f"también se quejan clientes de {listed(seen.others, 'es')}", f"customers of {listed(seen.others, 'en')} complain too")
    if seen.notice == "deploy":
        name, after = service_name(rulebook, seen.deployed, incident.brand), span(timedelta(minutes=facts["after_deploy_min"]))
        yield Text(f"empezó {after.es} después de un cambio nuestro ({name.es})", f"began {after.en} after a change of ours ({name.en})")
    if seen.notice == "maintenance":
        yield Text("hay mantenimiento anunciado", "maintenance was announced")


def _not_read(incident: Incident, facts: dict[str, Any]) -> Iterator[Text]:
    """Of how many posts those that were read are a sample; and how many were only counted."""
    if sampled := facts.get("sampled"):
        read, of = (about(sampled[name]) for name in ("read", "of"))
        yield Text(f"solo se han leído {read.es} de unas {of.es} publicaciones", f"only {read.en} of about {of.en} posts were read")
    if (volume := facts.get("volume")) and volume["unread"] and incident.phase != "resolved":
        posts, usual, on = about(volume["posts"]), about(volume["usual"]), network(volume["network"])
        lasted = span(timedelta(minutes=volume["window_min"]))
        where = Text("", "") if is_bare(incident) else Text(f" en {on.es}", f" on {on.en}")
        yield Text(
            f"{posts.es} publicaciones{where.es} en {lasted.es} (lo normal: {usual.es})",
            f"{posts.en} posts{where.en} in {lasted.en} (usually {usual.en})",
        )
        es, en = (": se ha agotado el presupuesto", ": the budget is used up") if volume["unread"] == "budget" else ("", "")
        yield Text("nadie las ha leído" + es, "nobody has read them" + en)
    elif is_bare(incident):
        yield Text("nadie leyó lo que se publicó mientras tanto", "nobody read what was posted meanwhile")


def _usual(incident: Incident) -> Text:
    """What was to be expected in the time its people took, so that the two numbers can be compared."""
    lasted = ((incident.last_signal_at or incident.onset_at) - incident.onset_at).total_seconds() / 60
    window = max(1, incident.usual_in)
    expected = incident.usual * max(1.0, lasted) / window
    return Text("ninguna", "none") if expected < 0.5 else about(round(expected))


def waiting(count: int, oldest: timedelta) -> Text:
    """Who waits for an answer, and who longest: what is said in place of an alarm for each."""
    age = span(oldest)
    if count == 1:
        return Text(f"1 cliente espera respuesta desde hace {age.es}", f"1 customer has waited {age.en} for an answer")
    many = counted(count, ("cliente", "clientes"), ("customer", "customers"))
    return Text(f"{many.es} esperan respuesta (el que más, {age.es})", f"{many.en} wait for an answer (the longest, {age.en})")
