"""Alerts of the house's own monitoring: what Prometheus Alertmanager (and what speaks like it: Grafana, vmalert) posts, version 4.

Each alert is a check of a service. It is told twice over, as of when it began (or ended) and as of now: Alertmanager has waited by itself
before it spoke, and a single look is no news here. The payload's shape: prometheus.io/docs/alerting/latest/configuration, and what
Alertmanager 0.25 sent when it was run (2026-11).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from carebot.errors import Refused
from carebot.model import Batch, Probe, Refusal
from connectors import answers
from connectors.webhook.mapping import Entry, Map, decoded, entries

OURS = Map(items="alerts", service="labels.service")


class Alert(msgspec.Struct, frozen=True):
    status: str
    startsAt: datetime  # noqa: N815 - their name
    endsAt: datetime  # noqa: N815
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    fingerprint: str = ""


class Found(msgspec.Struct, frozen=True):
    alert: Alert
    service: str


def alerts(body: bytes, wanted: Map, name: str, now: datetime) -> Batch:
    """Two looks for each alert. Raises Refused for what is no payload of version 4."""
    whole = decoded(body, name)
    if not isinstance(whole, dict) or whole.get("version") != "4" or not isinstance(whole.get("alerts"), list):
        raise Refused(f"{name}: a request was not Alertmanager's, version 4", "Use `webhook_configs` in alertmanager.yml.")
    found: list[Found] = []
    refused: list[Refusal] = []
    for number, entry in enumerate(entries(whole, wanted, name), 1):
        if not entry.is_meant(wanted):
            continue
        try:
            found.append(_found(entry, wanted))
        except ValueError as why:
            refused.append(Refusal(source=name, item=f"alert {number}", reason=str(why), at=now))
    if cut := whole.get("truncatedAlerts"):
        refused.append(Refusal(source=name, item="group", reason=f"was cut: {cut!r:.20} alerts are missing (`max_alerts`)", at=now))
    return Batch(source=name, events=tuple(_looks(found, name, now)), refused=tuple(refused), requests=0)


def _found(entry: Entry, wanted: Map) -> Found:
    service = entry.at(wanted.service or "")
    if not isinstance(service, str) or not service.strip():
        raise ValueError(f"has no service at `{wanted.service}`; give its rule that label, or write the path under `map`")
    try:
        alert = msgspec.convert(entry.item, Alert)
    except msgspec.ValidationError as error:
        raise ValueError(f"is not in Alertmanager's shape: {error}") from None
    if alert.status not in ("firing", "resolved"):
        raise ValueError("is neither firing nor resolved")
    return Found(alert, answers.words(service.strip()[:40]))


def _looks(found: Iterable[Found], name: str, now: datetime) -> Iterable[Probe]:
    found = list(found)
    # A service has one check however many alerts stand for it, so it is well again when the last of a group is.
    failing = {each.service for each in found if each.alert.status == "firing"}
    for each in found:
        ok = each.alert.status == "resolved"
        if ok and each.service in failing:
            continue
        since = min(_utc(each.alert.endsAt if ok else each.alert.startsAt, now), now)
        for at in dict.fromkeys((since, now)):
            yield Probe(
                id=f"alert:{name}:{_name(each.alert)}:{int(at.timestamp())}",
                target=each.service,
                ok=ok,
                at=at,
                detail=_detail(each.alert) if not ok else "",
            )


def _utc(at: datetime, now: datetime) -> datetime:
    try:
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return now


def _name(alert: Alert) -> str:
    return (
        answers.words(alert.fingerprint[:64])
        or hashlib.blake2b(repr(sorted(alert.labels.items())).encode(errors="replace"), digest_size=8).hexdigest()
    )


def _detail(alert: Alert) -> str:
    return answers.words(alert.annotations.get("summary") or alert.labels.get("alertname") or "an alert fires")[:200]
