"""The day in one card, when a route asked for it: what customers said, what went wrong, whom to thank, and what was missed.

A digest covers whole days, from the last one told to yesterday. Which was told last is kept with the state: after a pause the days that
were missed come in one digest that says how late it is, and none comes twice. On the first of a week the week is added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from carebot.config.routes import DigestAt
from carebot.config.schema import Rulebook
from carebot.decide.care import desk
from carebot.decide.heard import Heard
from carebot.decide.incidents.phases import is_open
from carebot.decide.state import State
from carebot.decide.telling import days, plainly
from carebot.decide.telling.alerts import alert_id
from carebot.decide.telling.days import Day, Lasted, Summed
from carebot.decide.telling.plainly import clock, counted, figure, moment, span
from carebot.decide.telling.routing import Told
from carebot.decide.telling.sentences import service_name, waiting
from carebot.decide.telling.together import WHY
from carebot.model import Alert, Deleted, Signal, Text

SHOWN = 3  # services, incidents, people to thank
ADVOCATE = 1000  # followers; or who praised us twice
_WEEK = timedelta(days=7)
_MESSAGES = (("mensaje", "mensajes"), ("message", "messages"))
_COMPLAINTS = (("queja", "quejas"), ("complaint", "complaints"))
_OTHER_MATTERS = Text("otros asuntos", "other matters")
_BLIND = ("gap", "source_silent", "budget")  # alerts that say that something was not heard
_THANKS = Text("¡Muchas gracias por contarlo! Se lo decimos hoy al equipo.", "Thank you so much for saying so! We'll tell the team today.")


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest says, in numbers. complaints: by service, with what is usual, where that is known; the most above it first."""

    first: date
    last: date
    messages: int
    complaints: tuple[tuple[str, int, float | None], ...]
    ended: tuple[Lasted, ...]
    still_open: tuple[tuple[str, datetime], ...]  # service, since
    waiting: int
    waiting_since: datetime | None
    praised: int
    advocates: int
    thank: tuple[str, ...]  # messages of those to thank first
    late: int
    blind: int
    unsaid: int
    set_aside: int
    week: tuple[int, int, int, int] | None = None  # messages and complaints of the last seven days, and of the seven before


def due(state: State, rulebook: Rulebook, now: datetime) -> list[Alert]:
    """The digests whose time has come, and that each was told."""
    zone = ZoneInfo(rulebook.file.brand.time_zone)
    asked = {name: route.digest for name, route in rulebook.file.routes.items() if route.digest}
    known, after = state.memory.digests, dict[str, Summed]()
    said: list[Alert] = []
    for name, when in asked.items():
        told_at = known[name].told_at if name in known else now  # who asks now hears of today tomorrow
        moment = latest(when, rulebook, zone, now)
        after[name] = Summed(max(moment, told_at), next_due(when, rulebook, zone, now))
        first, end = told_at.astimezone(zone).date(), moment.astimezone(zone).date()
        if moment > told_at and first < end:
            told = figures(state, first, end, weekly=end.isocalendar()[:2] != first.isocalendar()[:2])
            said.append(_alert(told, name, rulebook, zone, moment, now))
    if after != known:
        state.memory.digests = after
    return said


def noted(
    before: State, state: State, heard: Heard, signals: Sequence[Signal], changed: Sequence[str], told: Told, zone: ZoneInfo, now: datetime
) -> None:
    """The day with what this step heard, said and did not say. `changed`: messages that mean something else now than the day knows."""
    gone = [*changed, *(event.id for event in heard.events if isinstance(event, Deleted))]
    new = [message for message in heard.messages if message.id not in heard.edited]
    was = before.incidents
    over = [
        one for id_, one in state.incidents.items() if not is_open(one) and not one.merged_into and (id_ not in was or is_open(was[id_]))
    ]
    known = days.heard(state.memory.days, new, signals, gone, heard.set_aside, zone, now)
    unsaid = [alert for alert, why in told.muted if not why.startswith(WHY)]
    state.memory.days = days.told(known, told.alerts, unsaid, over, zone, now)


def latest(when: DigestAt, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment, not after now, at which such a digest is due. Within a month there is one, whatever the holidays."""
    return next(_moments(when, rulebook, zone, now, range(1, -32, -1), lambda moment: moment <= now))


def next_due(when: DigestAt, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> datetime:
    return next(_moments(when, rulebook, zone, now, range(-1, 32), lambda moment: moment > now))


def _moments(when: DigestAt, rulebook: Rulebook, zone: ZoneInfo, now: datetime, ahead: range, fits: Any) -> Iterator[datetime]:
    today = now.astimezone(zone).date()
    free = rulebook.file.holidays.days if rulebook.file.holidays and when.working else {}
    for day in (today + timedelta(days=n) for n in ahead):
        if day.weekday() in when.days and day not in free:
            wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=when.minute)
            if fits(moment := wall.astimezone(UTC)):
                yield moment


def figures(state: State, first: date, end: date, *, weekly: bool) -> Figures:
    """From `first` to the day before `end`."""
    known = state.memory.days
    mine = days.between(known, first, end)
    complaints = [(name, count, days.usual(known, first, end, name)) for name, count in _sum(mine).items()]
    complaints.sort(key=lambda one: (-(one[1] - (one[2] or 0)), one[0]))
    praise = sorted((one for day in mine for one in day.praise), key=lambda one: (-one.audience, one.id))
    times = Counter(one.author_key for day in known.values() for one in day.praise)
    waits = desk.waiting(state.desk.cases.values())
    return Figures(
        first=first,
        last=end - timedelta(days=1),
        messages=sum(day.messages for day in mine),
        complaints=tuple(complaints),
        ended=tuple(one for day in mine for one in day.incidents),
        still_open=tuple((one.service, one.onset_at) for one in state.incidents.values() if is_open(one)),
        waiting=len(waits),
        waiting_since=desk.owed_since(waits[0]) if waits else None,
        praised=sum(day.praised for day in mine),
        advocates=len({one.author_key for one in praise if one.audience >= ADVOCATE or times[one.author_key] > 1}),
        thank=tuple({one.author_key: one.id for one in reversed(praise)}.values())[::-1][:SHOWN],
        late=sum(day.late for day in mine),
        blind=sum(day.said.get(reason, 0) for day in mine for reason in _BLIND),
        unsaid=sum(sum(day.unsaid.values()) for day in mine),
        set_aside=sum(day.set_aside for day in mine),
        week=_week(known, end) if weekly else None,
    )


def _sum(mine: Sequence[Day]) -> Counter[str]:
    total: Counter[str] = Counter()
    for day in mine:
        total.update(day.complaints)
    return total


def _week(known: days.Days, end: date) -> tuple[int, int, int, int] | None:
    this, before = days.between(known, end - _WEEK, end), days.between(known, end - 2 * _WEEK, end - _WEEK)
    counts = [(sum(day.messages for day in week), sum(_sum(week).values())) for week in (this, before)]
    return (*counts[0], *counts[1])


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _alert(told: Figures, route: str, rulebook: Rulebook, zone: ZoneInfo, moment: datetime, now: datetime) -> Alert:
    lines = list(_lines(told, rulebook, zone, now))
    heard = counted(told.messages, *_MESSAGES)
    spoken = counted(sum(count for _, count, _ in told.complaints), *_COMPLAINTS)
    first, last = plainly.day(told.first), plainly.day(told.last)
    days = first if told.first == told.last else Text(f"{first.es}–{last.es}", f"{first.en}–{last.en}")
    return Alert(
        alert=alert_id(f"digest {route}", "digest", moment),
        at=now,
        late_by_s=max(0, int((now - moment).total_seconds())),
        reason="digest",
        brand=rulebook.file.brand.name,
        headline=Text(f"{days.es}: {heard.es}, {spoken.es}", f"{days.en}: {heard.en}, {spoken.en}"),
        detail=Text("\n".join(line.es for line in lines), "\n".join(line.en for line in lines)) if lines else None,
        say=_THANKS if told.thank else None,
        facts=_facts(told, now),
        messages=told.thank,
        to=route,
    )


def _facts(told: Figures, now: datetime) -> dict[str, Any]:
    return {
        "digest": "weekly" if told.week else "daily",
        "first_day": told.first.isoformat(),
        "last_day": told.last.isoformat(),
        "heard": told.messages,
        "complaints": {name or "general": count for name, count, _ in told.complaints},
        "usual_complaints": {name or "general": usual for name, _, usual in told.complaints if usual is not None},
        "incidents": [one.id for one in told.ended],
        "still_open": len(told.still_open),
        "waiting": told.waiting,
        "waiting_oldest_min": (now - told.waiting_since) // timedelta(minutes=1) if told.waiting_since else None,
        "praise": told.praised,
        "advocates": told.advocates,
        "missed": {"late": told.late, "blind": told.blind, "unsaid": told.unsaid, "set_aside": told.set_aside},
        "week": dict(zip(("heard", "complaints", "heard_before", "complaints_before"), told.week, strict=True)) if told.week else None,
    }


def _lines(told: Figures, rulebook: Rulebook, zone: ZoneInfo, now: datetime) -> Iterator[Text]:
    """Each a line for people; what there is nothing to say of is not said."""
    brand = rulebook.file.brand.name
    for service, count, usual in told.complaints[:SHOWN]:
        name = service_name(rulebook, service, brand) if service else _OTHER_MATTERS
        es, en = ("", "") if usual is None else (f" (lo normal: {figure(round(usual), 'es')})", f" (usually {figure(round(usual), 'en')})")
        bad = counted(count, *_COMPLAINTS)
        yield Text(f"• {name.es}: {bad.es}{es}", f"• {name.en}: {bad.en}{en}")
    for one in told.ended[:SHOWN]:
        name, lasted = service_name(rulebook, one.service, brand), span(one.over_at - one.onset_at)
        at, on = "–".join(clock(end.astimezone(zone)) for end in (one.onset_at, one.over_at)), Text("", "")
        if told.first != told.last:
            day = plainly.day(one.onset_at.astimezone(zone).date())
            on = Text(f"{day.es} ", f"{day.en} ")
        yield Text(f"• Incidencia: {name.es}, {lasted.es} ({on.es}{at})", f"• Incident: {name.en}, {lasted.en} ({on.en}{at})")
    for service, since in told.still_open[:SHOWN]:
        name, began = service_name(rulebook, service, brand), moment(since, zone, now)
        yield Text(f"• Sigue abierta: {name.es}, desde {began.es}", f"• Still open: {name.en}, since {began.en}")
    if told.waiting and told.waiting_since:
        waits = waiting(told.waiting, now - told.waiting_since)
        yield Text(f"• {waits.es}", f"• {waits.en}")
    if told.praised:
        praise = counted(told.praised, ("elogio", "elogios"), ("compliment", "compliments"))
        es, en = (f", {told.advocates} de quien nos recomienda", f", {told.advocates} from advocates") if told.advocates else ("", "")
        yield Text(f"• {praise.es}{es}: da las gracias", f"• {praise.en}{en}: say thanks")
    yield from _missed(told)
    if told.week:
        heard, complained, heard_before, complained_before = told.week
        said, more = counted(heard, *_MESSAGES), _change(heard, heard_before)
        bad, worse = counted(complained, *_COMPLAINTS), _change(complained, complained_before)
        yield Text(f"• Últimos 7 días: {said.es}{more.es}, {bad.es}{worse.es}", f"• Last 7 days: {said.en}{more.en}, {bad.en}{worse.en}")


def _missed(told: Figures) -> Iterator[Text]:
    missed = (
        (told.late, ("aviso tarde", "avisos tarde"), ("late alert", "late alerts")),
        (told.blind, ("rato sin oír", "ratos sin oír"), ("time not heard", "times not heard")),
        (told.unsaid, ("aviso sin dar", "avisos sin dar"), ("alert not given", "alerts not given")),
        (
            told.set_aside,
            ("mensaje apartado sin leer", "mensajes apartados sin leer"),
            ("message set aside unread", "messages set aside unread"),
        ),
    )
    told_of = [counted(count, es, en) for count, es, en in missed if count]
    if told_of:
        es, en = ", ".join(one.es for one in told_of), ", ".join(one.en for one in told_of)
        yield Text(f"• Se nos pudo escapar algo: {es}", f"• We may have missed something: {en}")


def _change(now: int, before: int) -> Text:
    """Against the week before, in whole per cent; nothing where there was none, or nothing changed."""
    share = round((now - before) * 100 / before) if before else 0
    return Text(f" ({share:+d} %)", f" ({share:+d}%)") if share else Text("", "")
