"""What is wrong with carebot itself, and what staff must hear of it: once when it begins, once when it is over.

Between "wrong" and "well again" there is room, so that a disk at 14.9 % is not told every minute. What cannot be measured leaves things
as they were. Pure; `carebot.watch` measures and remembers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from carebot.decide.telling.plainly import counted, span
from carebot.model import Reason, SelfReport, Text

STUCK = timedelta(minutes=5)
DRAINED = timedelta(minutes=1)
ASIDE, FEW_ASIDE = 10, 5  # items in an hour
LOW, FULL, ROOM = 0.15, 0.05, 0.02  # shares of the disk; well again with so much more
CLOCK_OFF, CLOCK_RIGHT = timedelta(seconds=60), timedelta(seconds=30)  # Slack's clicks are refused when they are 5 minutes apart


class Vitals(msgspec.Struct, frozen=True, kw_only=True):
    """Measured now. None: it cannot be said.

    unsaid_since   since when the oldest alert waits for its destination
    unsaid         how many wait
    set_aside      items of the last hour in quarantine, by source
    disk_free      share of the database's disk that is free
    clock_ahead    our clock less Slack's
    slack          why Slack refuses us; "" if it does not
    """

    unsaid_since: datetime | None = None
    unsaid: int = 0
    set_aside: Mapping[str, int] = {}
    disk_free: float | None = None
    clock_ahead: timedelta | None = None
    slack: str | None = None


class Told(msgspec.Struct, frozen=True):
    """What staff were told is wrong, and since when."""

    since: dict[str, datetime] = {}


def told(before: Told, vitals: Vitals, now: datetime) -> tuple[Told, tuple[SelfReport, ...]]:
    since, reports = dict(before.since), []
    for subject, (wrong, reason, headline, detail) in _findings(vitals, now).items():
        if wrong and subject not in since:
            since[subject] = now
            reports.append(SelfReport(id=subject, reason=reason, headline=headline, at=now, detail=detail))
        elif wrong is False and (began := since.pop(subject, None)):
            reports.append(over(subject, began, now))
    return Told(since), tuple(reports)


def over(subject: str, began: datetime, now: datetime) -> SelfReport:
    well = _WELL[subject]
    lasted = span(now - began)
    detail = Text(f"Duró {lasted.es}.", f"It lasted {lasted.en}.")
    return SelfReport(id=subject, reason="trouble_over", headline=well, at=now, detail=detail)


def database_trouble(error: str, now: datetime) -> SelfReport:
    """The one trouble that cannot be remembered where the others are."""
    return SelfReport(
        id="database",
        reason="database",
        headline=Text("La base de datos falla: carebot no puede trabajar", "The database fails: carebot cannot work"),
        at=now,
        detail=Text(
            f"{error}. Se reinicia y vuelve a intentarlo. Mira el disco y: journalctl -u carebot.",
            f"{error}. It starts again and tries again. Look at the disk and: journalctl -u carebot.",
        ),
    )


_Finding = tuple[bool | None, Reason, Text, Text]
_WELL = {
    "outbox": Text("Los avisos vuelven a salir", "Alerts go out again"),
    "slack": Text("Slack vuelve a aceptarnos", "Slack takes us again"),
    "quarantine": Text("Ya apenas se apartan mensajes", "Hardly any messages are set aside any more"),
    "disk": Text("Vuelve a haber sitio en el disco", "There is room on the disk again"),
    "disk-full": Text("El disco ya no está a punto de llenarse", "The disk is no longer about to be full"),
    "clock": Text("Nuestro reloj vuelve a ir bien", "Our clock is right again"),
    "database": Text("La base de datos vuelve a funcionar", "The database works again"),
}


def _findings(vitals: Vitals, now: datetime) -> dict[str, _Finding]:
    """Every trouble there may be, by its subject: wrong, well, or neither surely (None)."""
    return {
        "outbox": _outbox(vitals, now),
        "slack": _slack(vitals),
        "quarantine": _quarantine(vitals),
        "disk": _disk(vitals, LOW, "disk_low", Text("Queda poco disco", "The disk is getting full")),
        "disk-full": _disk(vitals, FULL, "disk_full", Text("El disco está a punto de llenarse", "The disk is about to be full")),
        "clock": _clock(vitals),
    }


def _outbox(vitals: Vitals, now: datetime) -> _Finding:
    age = now - vitals.unsaid_since if vitals.unsaid_since else timedelta(0)
    waits = counted(vitals.unsaid, ("aviso espera", "avisos esperan, el más antiguo"), ("alert has waited", "alerts wait, the oldest"))
    oldest = span(age)
    return (
        _between(age > STUCK, age < DRAINED),
        "outbox_stuck",
        Text("Los avisos no llegan a Slack", "Alerts do not reach Slack"),
        Text(
            f"{waits.es} desde hace {oldest.es}. No se pierde nada. Mira: carebot status.",
            f"{waits.en} for {oldest.en}. Nothing is lost. Look at: carebot status.",
        ),
    )


def _slack(vitals: Vitals) -> _Finding:
    detail = Text(vitals.slack or "", vitals.slack or "")
    wrong = None if vitals.slack is None else bool(vitals.slack)
    return wrong, "slack_refused", Text("Slack no nos deja escribir", "Slack does not let us write"), detail


def _quarantine(vitals: Vitals) -> _Finding:
    many = sum(vitals.set_aside.values())
    sources = ", ".join(f"{source or '-'} {count}" for source, count in list(vitals.set_aside.items())[:5])
    return (
        _between(many > ASIDE, many <= FEW_ASIDE),
        "quarantine",
        Text(f"{many} mensajes apartados en una hora: no se pudieron leer", f"{many} items set aside in an hour: they could not be read"),
        Text(f"De: {sources}. Por qué: carebot status.", f"From: {sources}. Why: carebot status."),
    )


def _disk(vitals: Vitals, share: float, reason: Reason, headline: Text) -> _Finding:
    if vitals.disk_free is None:
        return None, reason, headline, headline
    free = f"{vitals.disk_free * 100:.0f}"
    detail = Text(
        f"Queda libre un {free} % del disco de la base de datos. Cuando se llene, carebot deja de oír: haz sitio.",
        f"{free}% of the database's disk is free. When it is full, carebot hears nothing: make room.",
    )
    return _between(vitals.disk_free < share, vitals.disk_free > share + ROOM), reason, headline, detail


def _clock(vitals: Vitals) -> _Finding:
    headline = Text("Nuestro reloj va mal", "Our clock is wrong")
    if vitals.clock_ahead is None:
        return None, "clock_off", headline, headline
    off, ahead = abs(vitals.clock_ahead), vitals.clock_ahead > timedelta(0)
    by = span(off) if off >= timedelta(minutes=2) else Text(*[f"{off.total_seconds():.0f} s"] * 2)
    detail = Text(
        f"Va {by.es} {'adelantado' if ahead else 'atrasado'} respecto a Slack. Ponlo en hora por NTP: "
        "los plazos y las firmas dependen de él.",
        f"It is {by.en} {'ahead of' if ahead else 'behind'} Slack's. Set it by NTP: promises and signatures depend on it.",
    )
    return _between(off > CLOCK_OFF, off < CLOCK_RIGHT), "clock_off", headline, detail


def _between(wrong: bool, well: bool) -> bool | None:
    return True if wrong else False if well else None


# ── the dead-man's switch ────────────────────────────────────────────────────────────────────────────────────────

CANARY_WITHIN = timedelta(minutes=5)
URGENT_WITHIN = timedelta(seconds=60)


class Pulse(msgspec.Struct, frozen=True, kw_only=True):
    """What the heartbeat depends on.

    unheard    sources that were not heard in time
    urgent_at  since when the oldest urgent alert has reached nobody
    refused    destinations that take nothing more, while nobody else is told
    """

    unheard: tuple[str, ...] = ()
    urgent_at: datetime | None = None
    refused: tuple[str, ...] = ()
    canary_at: datetime | None = None


def withheld(pulse: Pulse, now: datetime) -> tuple[str, ...]:
    """Why the dead-man's switch is not pressed now; nothing: it is. Names of ours only, as /health shows them."""
    why = [f"source {name}" for name in pulse.unheard]
    if pulse.urgent_at and now - pulse.urgent_at > URGENT_WITHIN:
        why.append("outbox")
    why += [f"destination {name}" for name in pulse.refused]
    if pulse.canary_at is None or now - pulse.canary_at > CANARY_WITHIN:
        why.append("canary")
    return tuple(why)
