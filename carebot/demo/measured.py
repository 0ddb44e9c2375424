"""What machines had to say on the recorded day: probes of the app and the website, announced work, a status page."""

from __future__ import annotations

from datetime import datetime
from random import Random

from carebot.demo.voices import Line, after, local, stamp

DOWN, WELL = local("12:04:00"), local("13:12:00")
FAILURES = (("503 Service Unavailable", 240.0), ("no answer within 10 s", 10_000.0), ("login: 503", 1_900.0))
MAINTENANCE = ("03:00:00", "04:00:00", "atm")
CARD_NETWORK = (("11:06:00", "degraded"), ("11:44:00", "operational"))  # the processor admits it long after the customers


def probes(rng: Random) -> list[Line]:
    """Both targets every five minutes, and the app every two from DOWN until it is WELL."""
    usual = [after(local("00:04:00"), 5 * n) for n in range(288)]
    failing = [after(DOWN, 2 * n) for n in range(34)]
    app = sorted([*(at for at in usual if not DOWN <= at <= WELL), *failing, WELL])
    return [*(_app(at, rng) for at in app), *(_web(after(at, -2), rng) for at in usual)]


def _app(at: datetime, rng: Random) -> Line:
    if DOWN <= at < WELL:
        return _probe("app", at, False, *rng.choice(FAILURES))
    return _probe("app", at, True, "200", round(rng.lognormvariate(5.4, 0.25), 1))


def _web(at: datetime, rng: Random) -> Line:
    busy = 4.0 if DOWN <= at < WELL else 1.0  # those who cannot use the app try the website
    return _probe("web", at, True, "200", round(busy * rng.lognormvariate(5.7, 0.25), 1))


def _probe(target: str, at: datetime, ok: bool, detail: str, took_ms: float) -> Line:
    ident = f"probe:{target}:{stamp(at)}"
    return {"kind": "probe", "id": ident, "target": target, "ok": ok, "detail": detail, "took_ms": took_ms, "at": stamp(at)}


def announced() -> list[Line]:
    """The maintenance somebody announced, and what the card processor's status page came to admit."""
    start, end, service = MAINTENANCE
    hours = {"from": stamp(local(start)), "to": stamp(local(end))}
    notice = {"kind": "notice", "id": "notice:atm-0312", "what": "maintenance", "service": service} | hours
    page = {"kind": "status", "provider": "Pasarela Sur", "component": "card"}
    return [notice, *(page | {"id": f"status:card:{state}", "state": state, "at": stamp(local(clock))} for clock, state in CARD_NETWORK)]
