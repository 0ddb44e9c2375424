"""What machines measured: our own probes, and what providers say of themselves.

A probe's target is failing after two failed looks in a row and well again after two good ones: one lost packet is no news.
"""

from __future__ import annotations

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.state import Check, Memory
from carebot.model import Notice, Probe, Status

LOOKS = 2
KEPT = 100  # announcements
TROUBLE = ("degraded", "partial_outage", "major_outage")


def probed(memory: Memory, probe: Probe) -> None:
    """One look taken into account. A look no newer than the last one is history, or the same look told twice."""
    last = memory.checks.get(probe.target)
    if last and probe.at <= last.last_at:
        return
    if last and last.ok == probe.ok:
        memory.checks[probe.target] = replace(last, run=last.run + 1, last_at=probe.at)
    else:
        memory.checks[probe.target] = Check(probe.ok, 1, probe.at, probe.at, probe.id)


def announced(memory: Memory, notice: Notice) -> None:
    """Announced work, once."""
    if all(known.id != notice.id for known in memory.notices):
        memory.notices = (*memory.notices, notice)[-KEPT:]


def failing(memory: Memory, service: str) -> Check | None:
    """The check of this service, where it fails now."""
    check = memory.checks.get(service)
    return check if check and not check.ok and check.run >= LOOKS else None


def changed(memory: Memory, status: Status) -> bool:
    """Takes a provider's word into account; true where it is new trouble that staff should hear of."""
    key = f"{status.provider}/{status.component}"
    before = memory.statuses.get(key, "operational")
    memory.statuses[key] = status.state
    return status.state in TROUBLE and before not in TROUBLE


def service_of(status: Status, rulebook: Rulebook) -> str:
    """The service of ours that the component's name speaks of, or ""."""
    component = f" {status.component.lower()} "
    for name, service in rulebook.file.services.items():
        if any(f" {word.lower()} " in component for word in (name, service.name.es, service.name.en, *service.words)):
            return name
    return ""
