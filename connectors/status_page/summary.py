"""Statuspage's summary: components, open incidents, and maintenance that is announced or under way. Pure.

Whoever runs a page may write an incident and leave its component on green, or name no component at all (178 of 760 real incidents of one
provider, 2020-2026, named none). So a component is at least as bad as its open incidents say, and an incident without one stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from carebot.errors import Unreachable
from carebot.model import Batch, Notice, Refusal, StatusState
from connectors import answers
from connectors.status_page.changes import GRAVITY, STATES, Part, after, gone, known, told

IMPACTS: dict[str, StatusState] = {
    "none": "operational",
    "maintenance": "maintenance",
    "minor": "degraded",
    "major": "partial_outage",
    "critical": "major_outage",
}
OVER = ("resolved", "postmortem", "completed")
ANNOUNCED = 500  # of maintenance, how many are remembered
INCIDENT = "incident:"


class _Component(msgspec.Struct):
    id: str
    name: str
    status: str = "operational"
    updated_at: datetime | None = None
    group: bool | None = False


class _Incident(msgspec.Struct):
    id: str
    name: str
    status: str
    impact: str = "minor"
    updated_at: datetime | None = None
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    components: list[_Component] = []


class _Summary(msgspec.Struct):
    components: list[Any]
    incidents: list[Any] = []
    scheduled_maintenances: list[Any] = []


def read(page: bytes, cursor: str | None, name: str, provider: str, now: datetime, services: Mapping[str, str] | None = None) -> Batch:
    """What changed since the cursor. `services`: if the page is ours, the service each component stands for."""
    found = answers.read_as(_Summary, answers.decoded(page))
    components = [] if found is None else [read_ for each in found.components if (read_ := answers.read_as(_Component, each))]
    if found is None or len(components) < len(found.components):
        raise Unreachable(f"{name}: did not answer as a status page does. `url` is the page's address without /api")
    incidents, bad = _each(found.incidents, name, now)
    works, bad_works = _each(found.scheduled_maintenances, name, now)
    before = known(cursor)
    parts = _parts(components, [*incidents, *(work for work in works if work.status in ("in_progress", "verifying"))], now)
    parts |= {part.id: part for part in gone(before, parts, INCIDENT, now)}
    notices = [notice for work in works for notice in _notices(work, services or {}, provider)]
    batch = told(parts.values(), before, name, provider)
    return replace(
        batch,
        events=(*batch.events, *(notice for notice in notices if notice.id not in before.announced)),
        refused=(*batch.refused, *bad, *bad_works),
        cursor=after(parts.values(), tuple(notice.id for notice in notices)[-ANNOUNCED:]),
    )


def _each(items: list[Any], name: str, now: datetime) -> tuple[list[_Incident], list[Refusal]]:
    read_ = [(number, answers.read_as(_Incident, item)) for number, item in enumerate(items, 1)]
    refused = [
        Refusal(source=name, item=f"incident {number}", reason="is not in Statuspage's shape", at=now)
        for number, incident in read_
        if incident is None
    ]
    return [incident for _, incident in read_ if incident], refused


def _parts(components: list[_Component], incidents: Iterable[_Incident], now: datetime) -> dict[str, Part]:
    """Every part by its id, each as bad as it or one of its open incidents says. What has one name is one part: so staff know it."""
    by_name: dict[str, Part] = {}

    def add(part: Part) -> None:
        was = by_name.get(part.name)
        if was is None or _gravity(part) > _gravity(was):
            by_name[part.name] = replace(part, id=was.id if was else part.id)

    names = {each.id: answers.words(each.name) for each in components if not each.group}
    for each in components:
        if not each.group:
            add(
                Part(
                    answers.words(each.id), names[each.id], STATES.get(each.status), _when(each.updated_at, now), answers.words(each.status)
                )
            )
    for incident in incidents:
        state = "operational" if incident.status in OVER else IMPACTS.get(incident.impact, "degraded")
        touched = [names[each.id] for each in incident.components if each.id in names]
        alone = answers.words(incident.name)
        for name in touched or ([alone] if state != "operational" else []):
            add(Part(INCIDENT + alone, name, state, _when(incident.updated_at, now)))
    return {part.id: part for part in by_name.values()}


def _gravity(part: Part) -> int:
    return GRAVITY.index(part.state) if part.state else 0


def _when(at: datetime | None, now: datetime) -> datetime:
    try:
        return min(at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC), now) if at else now
    except OverflowError:
        return now


def _notices(work: _Incident, services: Mapping[str, str], provider: str) -> Iterator[Notice]:
    """Our own maintenance, once for each service and each time it is moved. It cannot be taken back: a Notice ends by itself."""
    if not work.scheduled_for or not work.scheduled_until or work.scheduled_until <= work.scheduled_for:
        return
    begins, ends = (at.replace(tzinfo=at.tzinfo or UTC) for at in (work.scheduled_for, work.scheduled_until))
    for service in dict.fromkeys(services[each.name] for each in work.components if each.name in services):
        id_ = f"notice:{provider}:{answers.words(work.id)[:80]}:{service}:{int(begins.timestamp())}:{int(ends.timestamp())}"
        yield Notice(id=id_, what="maintenance", service=service, from_=begins.astimezone(UTC), to=ends.astimezone(UTC))
