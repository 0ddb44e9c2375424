"""What is known of an incident, in one sentence: how many, since when, against what is usual, who else says so, what was not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from carebot.config.schema import Rulebook
from carebot.decide.incidents.phases import is_bare
from carebot.model import Incident, Text

NETWORKS = {  # as people call them
    "x": "X",
    "app_store": "App Store",
    "google_play": "Google Play",
    "bluesky": "Bluesky",
    "mastodon": "Mastodon",
    "reddit": "Reddit",
    "youtube": "YouTube",
    "telegram": "Telegram",
    "facebook": "Facebook",
    "instagram": "Instagram",
}
LATE = 15 * 60  # seconds; evidence older than this was read late and must not look like now


def service_name(rulebook: Rulebook, service: str, brand: str) -> Text:
    """What staff call it; the brand's name where the service is not known."""
    known = rulebook.file.services.get(service)
    if known:
        return Text(known.name.es, known.name.en)
    return Text(f"{service} ({brand})", f"{service} ({brand})") if service else Text(brand, brand)


def detail(incident: Incident, facts: dict[str, Any], rulebook: Rulebook, late_by_s: int) -> Text:
    """Cause and scope in one sentence: how many, how many people, where, since when, against what is usual."""
    since = incident.onset_at.astimezone(ZoneInfo(rulebook.file.brand.time_zone)).strftime("%H:%M")
    es, en = [], []
    if incident.count:
        people = incident.author_count
        es.append(f"{number(incident.count, 'queja', 'quejas')} de {number(people, 'persona', 'personas')} desde las {since}")
        en.append(f"{number(incident.count, 'complaint', 'complaints')} from {number(people, 'person', 'people')} since {since}")
        if incident.phase in ("suspected", "confirmed"):
            usual = _usual(incident)
            es[0] += f" (lo normal: {usual.es})"
            en[0] += f" (usually {usual.en})"
        networks = ", ".join(NETWORKS.get(source, source) for source in incident.sources)
        es.append(networks)
        en.append(networks)
    for said in _not_read(incident, facts):
        es.append(said.es)
        en.append(said.en)
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
        said = _waiting(facts["waiting"], facts["waiting_oldest_min"])
        es.append(said.es)
        en.append(said.en)
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


def _not_read(incident: Incident, facts: dict[str, Any]) -> Iterator[Text]:
    """Of how many posts those that were read are a sample; and how many were only counted."""
    if sampled := facts.get("sampled"):
        read, of = (_about(sampled[name]) for name in ("read", "of"))
        yield Text(f"leída una muestra: {read.es} de ~{of.es}", f"sampled {read.en} of ~{of.en}")
    if (volume := facts.get("volume")) and volume["unread"] and incident.phase != "resolved":
        posts, usual, span = _about(volume["posts"]), _about(volume["usual"]), volume["window_min"]
        where = Text("", "") if is_bare(incident) else Text(f" en {volume['network']}", f" on {volume['network']}")
        yield Text(
            f"{posts.es} publicaciones{where.es} en {span} min, lo normal son {usual.es}",
            f"{posts.en} posts{where.en} in {span} min, usually {usual.en}",
        )
        es, en = (": el presupuesto está agotado", ": the budget is used up") if volume["unread"] == "budget" else ("", "")
        yield Text("nadie las ha leído" + es, "nobody has read them" + en)
    elif is_bare(incident):
        yield Text("nadie leyó lo que se publicó mientras tanto", "nobody read what was posted meanwhile")


def _about(count: float) -> Text:
    """In two figures, as one would say it: 4127 → 4,100."""
    places = max(0, len(str(int(count))) - 2)
    said = f"{round(count / 10**places) * 10**places:,}"
    return Text(said.replace(",", "."), said)


def _usual(incident: Incident) -> Text:
    """What was to be expected in the time its people took, so that the two numbers can be compared."""
    lasted = ((incident.last_signal_at or incident.onset_at) - incident.onset_at).total_seconds() / 60
    window = max(1, incident.usual_in)
    expected = incident.usual * max(1.0, lasted) / window
    return Text("ninguna", "none") if expected < 0.5 else _about(round(expected))


def _waiting(count: int, oldest_min: int) -> Text:
    """Who waits for an answer, and who longest: what is said in place of an alarm for each."""
    age = f"{oldest_min} min" if oldest_min < 120 else f"{oldest_min // 60} h"
    if count == 1:
        return Text(f"1 cliente espera respuesta desde hace {age}", f"1 customer has waited {age} for an answer")
    return Text(
        f"{count} clientes esperan respuesta, quien más desde hace {age}", f"{count} customers wait for an answer, the longest for {age}"
    )


def number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
