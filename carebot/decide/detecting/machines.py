"""What machines measured and what was announced: our own probes, what providers say of themselves, our own deploys and maintenance.

A probe's target is failing after two failed looks in a row and well again after two good ones: one lost packet is no news. A word that is
older than the last one on the same thing is history and changes nothing, so replaying old news does no harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from carebot.config.schema import Rulebook, Service
from carebot.decide.state import Check, Component, Memory
from carebot.model import Event, Message, Notice, Probe, Status
from carebot.understand.normalise import plain

LOOKS = 2
KEPT = 100  # announcements
TROUBLE = ("degraded", "partial_outage", "major_outage")
STALE = timedelta(days=1)  # pages forget components in "degraded": what has been so for a day is how it is, and no news


def happened(event: Event) -> tuple[datetime, str]:
    """What machines and people told in one batch is taken in the order in which it happened, however it arrived."""
    match event:
        case Notice():
            return event.from_, event.id
        case Message():
            return event.posted_at, event.id
        case _:
            return event.at, event.id


def probed(memory: Memory, probe: Probe) -> None:
    """One look taken into account. A look no newer than the last one is history, or the same look told twice."""
    name = _name(probe.id)
    key = f"{probe.target}/{name}" if name else probe.target
    if name and (stored := memory.checks.get(probe.target)) and _name(stored.id) == name:
        memory.checks[key] = replace(memory.checks.pop(probe.target), service=probe.target)  # as earlier versions kept it
    last = memory.checks.get(key)
    if last and probe.at <= last.last_at:
        return
    if last and last.ok == probe.ok:
        memory.checks[key] = replace(last, run=last.run + 1, last_at=probe.at)
    else:
        memory.checks[key] = Check(probe.ok, 1, probe.at, probe.at, probe.id, probe.target if name else "")


def _name(id_: str) -> str:
    """Which of several probes of a service it is, where its id says so (`probe:NAME:epoch`)."""
    kind, _, rest = id_.partition(":")
    name, _, at = rest.rpartition(":")
    return name if kind == "probe" and at.isdecimal() else ""


def announced(memory: Memory, notice: Notice) -> None:
    """Announced work, once; of very many, the latest to begin are kept."""
    if all(known.id != notice.id for known in memory.notices):
        memory.notices = tuple(sorted((*memory.notices, notice), key=happened))[-KEPT:]


def failing(memory: Memory, service: str) -> Check | None:
    """The check of this service that fails now, of several the one that has failed longest."""
    broken = [check for check in _checks(memory, service) if not check.ok and check.run >= LOOKS]
    return min(broken, key=lambda check: (check.since, check.id), default=None)


def repaired(memory: Memory, service: str) -> bool:
    """Are all checks of this service well, and were for more than one look?"""
    checks = _checks(memory, service)
    return bool(checks) and all(check.ok and check.run >= LOOKS for check in checks)


def checked(memory: Memory) -> tuple[str, ...]:
    """The services that are checked, in the order in which that began."""
    return tuple(dict.fromkeys(check.service or key for key, check in memory.checks.items()))


def _checks(memory: Memory, service: str) -> list[Check]:
    return [check for key, check in memory.checks.items() if (check.service or key) == service]


def changed(memory: Memory, status: Status) -> bool:
    """Takes a provider's word into account; true where it is new trouble that staff should hear of."""
    key = f"{status.provider}/{status.component}"
    before = memory.components.get(key) or Component("operational", status.at, "")
    if (status.at, status.id) <= (before.at, before.id):
        return False
    word = replace(before, state=status.state, at=status.at, id=status.id)
    if status.state == "operational":
        word = replace(word, over_at=word.over_at or status.at)
    elif before.state == "operational":
        word = replace(word, since=status.at, over_at=None)
    memory.components[key] = word
    return status.state in TROUBLE and before.state not in TROUBLE


def ailing(memory: Memory, at: datetime) -> tuple[str, ...]:
    """The "provider/component"s that by their own word are not well at this moment: in trouble, or under maintenance of theirs."""
    return tuple(
        name
        for name, word in sorted(memory.components.items())
        if word.since and word.since <= at < word.since + STALE and (word.over_at is None or at < word.over_at)
    )


def services_of(provider: str, component: str, rulebook: Rulebook) -> tuple[str, ...]:
    """Our services that suffer with this component: those that say they depend on it, then those whose words are in its name."""
    services = rulebook.file.services
    explicit = [name for name, service in services.items() if _depends(service, provider, component)]
    named = [name for name, service in services.items() if _names(service, name, component)]
    return tuple(dict.fromkeys([*explicit, *named[:1]]))


def _depends(service: Service, provider: str, component: str) -> bool:
    """`bizum` is a provider or a component; `aws/eu-west-1` is that component of that provider. Whole words, in any order of detail."""
    theirs, its = plain(provider), plain(component)
    for wanted in service.depends_on:
        of, slash, part = wanted.partition("/")
        if (plain(of) in theirs and plain(part) in its) if slash else (plain(wanted) in theirs or plain(wanted) in its):
            return True
    return False


def _names(service: Service, name: str, component: str) -> bool:
    return any(plain(word) in plain(component) for word in (name, service.name.es, service.name.en, *service.words))
