"""Who else says so? Beside our own customers: our probes, the providers we depend on, other brands' customers, what we announced ourselves.

Each witness moves the evidence by a log likelihood ratio (nats): how often it speaks while we fail, against how often it does so by itself.
The shares are judgements, written beside each number so that they can be argued with; the docs page who-else-says-so tells the rest. They
are added up as if independent. Where one cause fells several at once they agree more often than that, so the sum errs on the quiet side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Any

from msgspec.structs import replace

from carebot.config.schema import Rulebook
from carebot.decide.detecting import detect, lessons, machines
from carebot.decide.detecting.cells import WIDTH, Cell, minute_of
from carebot.decide.incidents.phases import Move
from carebot.decide.state import Memory, State
from carebot.model import Incident, Notice, Scope, Signal, Witnesses

PROBE = 5.0  # fails twice running in half of our failures; by itself (its network, a certificate) ten times a month for ten minutes: 0.2 %
UPSTREAM = 3.0  # a provider admits to one in five of the failures we have; it is in trouble on its own page 1 % of the time
OTHERS = 2.5  # one failure in five is shared with other brands; one of them is elevated by chance in 1.4 % of hours, measured ≤ 1.3 %
DEPLOY = 1.5  # the last hour saw a deploy in a third of failures, most come with a change; and in one hour of fourteen by itself
MAINTENANCE = -20.0  # nothing that customers say is news: beyond any budget, and still a number that JSON can hold
AFTERMATH = -2.0  # who was shut out in the night writes in the morning: for a while it takes seven times rarer evidence than usual

ELEVATED = 10.0  # false alarms a month, shared out between the brands compared with, so that asking many is not finding one
HEARD = 7 * 24 * 60  # minutes; a brand nobody complained about for longer is not listened to, and its silence says nothing
DEPLOY_SHOWS = timedelta(minutes=60)
SETTLES = timedelta(minutes=30)  # after maintenance
SLACK = timedelta(minutes=15)  # a witness who speaks this long after the last complaint still speaks of the same thing


def of(
    state: State, brand: str, service: str, at: datetime, rulebook: Rulebook, *, also: Collection[str] = (), onset: datetime | None = None
) -> Witnesses:
    """Who else says, at this moment, that this service of ours fails.

    service "": nobody knows which; then no machine can vouch for it, or trouble with cards would stand behind complaints about the app
    also    further services of the same incident
    onset   when it began, if that is known: what was deployed or announced then is what explains it
    """
    if brand != rulebook.file.brand.name:
        return Witnesses()
    ours = {service, *also} - {""}
    checks = [check for name in sorted(ours) if (check := machines.failing(state.memory, name)) and check.since <= at]
    upstream = tuple(name for name in machines.ailing(state.memory, at) if not ours.isdisjoint(_suffer(name, rulebook)))
    compared, others = _others(state, service, minute_of(at), rulebook)
    scope: Scope = "upstream" if upstream else "others" if others else "us" if compared else "unknown"
    seen = Witnesses(probes=tuple(check.id for check in checks), upstream=upstream, others=others, scope=scope)
    nats = PROBE * bool(checks) + UPSTREAM * bool(upstream) + OTHERS * bool(others)
    began = onset or at
    if _maintained(state.memory, service, began):
        return replace(seen, notice="maintenance", nats=MAINTENANCE)
    if _maintained(state.memory, service, began - SETTLES, began):
        nats += AFTERMATH
    if deploy := _deploy(state.memory, ours, began):
        return replace(seen, notice="deploy", deployed=deploy.service, deployed_at=deploy.from_, nats=nats + DEPLOY)
    return replace(seen, nats=nats)


def unexplained(signals: Iterable[Signal], memory: Memory) -> tuple[Signal, ...]:
    """The signals that no announced maintenance explains. After it, only those are people who find a service broken."""
    return tuple(signal for signal in signals if not _maintained(memory, signal.service, signal.posted_at))


def unexplained_since(since: datetime, memory: Memory, service: str) -> datetime:
    """From when on no announced maintenance explains what began at `since`: then, or when the maintenance was to be over."""
    for notice in memory.notices:
        if notice.what == "maintenance" and notice.service == service and notice.from_ <= since < notice.to:
            since = notice.to
    return since


def attributed(state: State, moves: Iterable[Move], rulebook: Rulebook, now: datetime) -> None:
    """Incidents we are about to speak of, with who else says so at this moment; of evidence read late, soon after it was posted."""
    for id_ in dict.fromkeys(move.incident for move in moves if move.by_evidence):
        one = state.incidents[id_]
        at = min(now, (one.last_signal_at or now) + SLACK)
        state.incidents[id_] = replace(one, witnesses=of(state, one.brand, one.service, at, rulebook, also=one.also, onset=one.onset_at))


def facts(incident: Incident) -> dict[str, Any]:
    """Who else says so, as an alert tells other programs."""
    seen = incident.witnesses
    after = (incident.onset_at - seen.deployed_at) // timedelta(minutes=1) if seen.deployed_at else None
    return {
        "scope": seen.scope,
        "upstream": list(seen.upstream),
        "others": list(seen.others),
        "probes": sorted({*incident.probes, *seen.probes}),
        "after_deploy_min": after,
    }


def _suffer(name: str, rulebook: Rulebook) -> tuple[str, ...]:
    provider, _, component = name.partition("/")
    return machines.services_of(provider, component, rulebook)


# ── other brands ─────────────────────────────────────────────────────────────────────────────────────────────────


def _others(state: State, service: str, minute: int, rulebook: Rulebook) -> tuple[int, tuple[str, ...]]:
    """How many brands we can compare with, and those of them whose customers complain of this service more than usual."""
    heard = [brand for brand in rulebook.file.compared if _is_heard(state, brand, minute)]
    return len(heard), tuple(sorted(brand for brand in heard if elevated(state, Cell(brand, service), minute) <= ELEVATED / len(heard)))


def _is_heard(state: State, brand: str, minute: int) -> bool:
    return brand in state.memory.compared and minute - state.memory.compared[brand] <= HEARD


def elevated(state: State, cell: Cell, minute: int) -> float:
    """What is counted in this cell around this minute, as the false alarms a month it stands for; infinite where nothing ever was."""
    table, row = state.table, state.table.rows.get(cell)
    if row is None or minute < table.first + WIDTH:
        return inf
    last = minute - table.first + 1
    if not table.counts[row, last - detect.LONGEST : last].any():
        return inf  # nothing lately, as at most times: asked for each of our cells and minutes, so cheaply
    found = lessons.evidence(table, [row], minute, state.memory.heard_from)
    return float(lessons.false_alarms(table, [row], found)[0])


# ── what we announced ourselves ──────────────────────────────────────────────────────────────────────────────────


def _maintained(memory: Memory, service: str, first: datetime, last: datetime | None = None) -> bool:
    """Was it under announced maintenance at this moment, or at some moment of this span?"""
    return any(
        notice.what == "maintenance" and notice.service == service and notice.from_ <= (last or first) and first < notice.to
        for notice in memory.notices
    )


def _deploy(memory: Memory, services: Collection[str], at: datetime) -> Notice | None:
    """The last deploy that could be felt at this moment."""
    felt = [
        notice
        for notice in memory.notices
        if notice.what == "deploy" and notice.service in services and notice.from_ <= at <= notice.to + DEPLOY_SHOWS
    ]
    return felt[-1] if felt else None
