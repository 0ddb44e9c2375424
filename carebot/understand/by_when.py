"""By when? "In 24-48 h", "mañana antes de las 12", "first thing tomorrow", "a lo largo de la tarde": the moment a few words name.

Words leave room, and all of it is theirs who promised: of "24-48 h" it is 48, "tomorrow" lasts until midnight and the morning until its
end. So whoever is told that a time has passed is told the truth. "Mañana" is tomorrow by the calendar, at half past midnight too.

Hours are real hours, whatever the clocks do; a time of day is what the wall clock at the desk shows: the second time where autumn shows it
twice, and as much later as the clocks jump where spring skips it. Working days leave out weekends and the desk's holidays. The words are
in words/times.txt; no pattern turns back further than a few words, so hostile text costs no more.

Two parsers were tried on the 60 sentences of the tests (2026-11). Of the words with the time alone, dateparser 1.5 gives the moment named
here for 18 (its search; the day for 41), parsedatetime 2.6 for 10 (26): they know moments, not ends ("esta tarde", "24-48 h", "by Friday",
working days). They take 4.7 and 0.7 ms for it, this 0.1 ms for the whole sentence; 1,500 figures in a row keep dateparser busy for 3 s.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from carebot.understand.lexicon import words
from carebot.understand.patterns import patterns

FURTHEST = timedelta(days=30)  # a promise beyond that is no clock for a desk


_SAID = patterns(words("times"), r"\b")


class Term(NamedTuple):
    """A time that words name: where they stand in the text, and the moment it is over (aware UTC)."""

    start: int
    end: int
    due: datetime


def _letter(code: int) -> str:
    base = unicodedata.normalize("NFD", chr(code))[0].lower()
    return base if len(base) == 1 else chr(code)


_LETTERS = {code: _letter(code) for code in range(0x41, 0x250)} | {0x2019: "'", 0x2013: "-", 0x2014: "-", 0xA0: " ", 0x202F: " "}


def folded(text: str) -> str:
    """Small letters without accents, one for one: a place in it is the same place in the text."""
    return text.translate(_LETTERS)


# ── lengths: "within 2 hours", "en 24-48 h", "5 working days" ───────────────────────────────────────────────────

_NUMBERS = {
    name: number
    for number, names in {
        0.25: "quarter of an|a quarter of an|un cuarto de", 0.5: "half an|half a|media", 1: "un|una|a|an|one|the|la|next",
        2: "dos|two|a couple of|couple of|a couple|couple|par de|un par de", 3: "tres|three", 4: "cuatro|four",
        5: "cinco|five|few|a few|several|unos|unas|varios|varias|pocos|pocas", 6: "seis|six", 7: "siete|seven", 8: "ocho|eight",
        9: "nueve|nine", 10: "diez|ten", 11: "once|eleven", 12: "doce|twelve", 15: "quince|fifteen", 20: "veinte|twenty",
        30: "treinta|thirty", 24: "veinticuatro|twenty-four|twenty four", 45: "cuarenta y cinco|forty-five|forty five",
        48: "cuarenta y ocho|forty-eight|forty eight", 72: "setenta y dos|seventy-two|seventy two",
    }.items()
    for name in names.split("|")
}  # fmt: skip
_HOUR, _DAY, _WEEK = 60, 24 * 60, 7 * 24 * 60
_UNITS = {"m": 1, "h": _HOUR, "d": _DAY, "w": _WEEK, "s": _WEEK}  # minutes, by the first letter: minutos, hours, días, weeks, semanas
# Counted from something else than this reply: "48 hours before departure", "9 days of completing it".
_ELSEWHEN = re.compile(
    r"(?: (?:time|naturales))?[ ,]{0,2}(?!(?:from|after|desde|a partir de) (?:now|today|this|here|ahora|hoy|este|esto))"
    r"(?:of|from|after|before|prior|since|until|later|antes|despues|posteriores|tras|desde|previo|del?|a partir)\b"
)


def _number(said: str) -> float:
    return float(said) if said.isdecimal() else _NUMBERS[said]


def _after(found: re.Match[str], posted_at: datetime, zone: ZoneInfo, holidays: Collection[date]) -> datetime:
    """The end of a length; of two the longer. Working days leave out Saturdays, Sundays and holidays."""
    length, more = max(_number(found["n"]), _number(found["m"] or found["n"])), found["more"] or ""
    length += 0.5 if more.endswith(("half", "media", "medio")) else 0
    minutes = (max(length, 2) if more.endswith(("two", "dos")) else length) * _UNITS[found["unit"][0]]
    if not (found["work"] or found["habiles"]):
        return posted_at + timedelta(minutes=minutes)
    day, left = posted_at.astimezone(zone), min(minutes / (_WEEK / 5 if found["unit"][0] in "ws" else _DAY), FURTHEST.days)
    while left > 0:
        day += timedelta(days=1)
        left -= _is_worked(day.date(), holidays)
    return day.astimezone(UTC)


def _is_worked(day: date, holidays: Collection[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


# ── days: a name is the last of the days it covers ───────────────────────────────────────────────────────────────

_WEEKDAYS = {
    name: day
    for names in ("monday tuesday wednesday thursday friday saturday sunday", "lunes martes miercoles jueves viernes sabado domingo")
    for day, name in enumerate(names.split())
}
_MONTHS = {
    name: month
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
    for month, name in enumerate(names.split(), start=1)
}


def _in_days(days: int) -> Callable[[re.Match[str], date], date]:
    return lambda found, today: today + timedelta(days=days)


def _sunday(weeks: int) -> Callable[[re.Match[str], date], date]:
    return lambda found, today: today + timedelta(days=6 - today.weekday(), weeks=weeks)


def _month_end(found: re.Match[str], today: date) -> date:
    return (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _working_day(found: re.Match[str], today: date, holidays: Collection[date]) -> date:
    coming = (today + timedelta(days=days) for days in range(1, FURTHEST.days))
    return next((day for day in coming if _is_worked(day, holidays)), today + FURTHEST)


def _weekday(found: re.Match[str], today: date) -> date:
    """A weekday that is today is today, unless it is the next one. "Next Friday" is next week's, "el próximo viernes" the coming one."""
    weekday = _WEEKDAYS[found["name"]]
    if found["next"] == "next":
        return today + timedelta(days=7 - today.weekday() + weekday)
    ahead = (weekday - today.weekday()) % 7
    return today + timedelta(days=ahead or (7 if found["follows"] or found["next"] == "proximo" else 0))


def _date(found: re.Match[str], today: date) -> date | None:
    """The next time the calendar shows it; a day without a month is of this one or the next."""
    said = found.groupdict()
    day, month = int(said["day"] or said["th_day"]), said.get("month") or "0"
    months = (0, int(month) if month.isdecimal() else _MONTHS[month])
    coming = (today + timedelta(days=days) for days in range(FURTHEST.days + 2))
    return next((at for at in coming if at.day == day and months[1] in (0, at.month)), None)


_DAYS: dict[str, Callable[[re.Match[str], date], date | None]] = {
    "past": _in_days(-1),
    "day_after_tomorrow": _in_days(2),
    "tomorrow": _in_days(1),
    "next_week": _sunday(1),
    "week": _sunday(0),
    "month_end": _month_end,
    "year_end": lambda found, today: today.replace(month=12, day=31),
    "today": _in_days(0),
    "day_date": _date,
    "weekday": _weekday,
    **dict.fromkeys(("date", "month_date", "the_date", "figures"), _date),
}

# ── hours ────────────────────────────────────────────────────────────────────────────────────────────────────────

# Until when a part of the day lasts, in minutes. In Spanish the morning ends with lunch.
_PARTS = {
    "end_of_day": 24 * 60,
    "madrugada": 6 * 60,
    "first_thing": 10 * 60,
    "early_afternoon": 17 * 60,
    "morning": 12 * 60,
    "manana": 14 * 60,
    "lunch": 14 * 60,
    "afternoon": 18 * 60,
    "tarde": 21 * 60,
    "evening": 23 * 60,
    "night": 24 * 60,
}
_LINKS = "a|al|en|for|entre|between|por|la|las|el|de|del|at|by|before|antes|on|in|the|around|about|sobre|hacia|and|y|hasta|until|of|or|o|-"
_LINK = re.compile(rf"[ ,]{{0,3}}(?:(?:{_LINKS}) |\d{{1,2}}(?:[:.]\d\d)? ?(?:am|pm|hrs?|h)?[ -]+){{0,4}}")  # "tomorrow 8am-1pm"
_LEADS = "within|over|during|no later than|los|en|para|course|durante|lo|largo|mas|tardar|este|esta|transcurso|horas"
_LEAD = re.compile(rf"(?:\b(?:{_LINKS.replace('|hasta|until', '')}|{_LEADS}) ?)+$")  # "until" is no part of when


def _minutes(found: re.Match[str]) -> tuple[int, ...]:
    """What a clock shows, as minutes of the day; two where it does not say which half of the day. Empty if it is no time."""
    if found["noon"] or found["midnight"]:
        return (12 * 60 if found["noon"] else 24 * 60,)
    if found["name"]:
        hour, minute, half = int(_NUMBERS[found["name"]]), 15 * bool(found["and"]), found["named_half"] or ""
        minute *= 2 if minute and found["and"].endswith("media") else 1
    else:
        hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"] or ""
    if hour > 24 or minute > 59 or not (found["name"] or found["said"] or half or ":" in found[0]):
        return ()
    said = hour * 60 + minute
    if half.endswith(("tarde", "noche", "mediodia")) or half[:2] in ("pm", "p.", "p "):
        return (said + 12 * 60 if hour < 12 else 24 * 60 if half.endswith("noche") else said,)
    if half.endswith(("manana", "madrugada")) or half[:1] == "a":
        return (said - 12 * 60 if hour == 12 else said,)
    return (said,) if hour > 12 or hour == 0 else (said, said + 12 * 60)


def _wall(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The UTC moment at which the wall clock shows so many minutes of a day; the later of two."""
    at = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minutes)
    return max(at.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


class _Mark(NamedTuple):
    """A piece of a time: a day, a part of it, or what a clock shows."""

    start: int
    end: int
    day: date | None = None
    part: int = 0
    clock: tuple[int, ...] = ()


def _marks(text: str, today: date, skip: str, holidays: Collection[date]) -> list[_Mark]:
    """The pieces of times, in the order they stand. Of days that overlap the first in `_DAYS` counts, and no clock is read within one."""
    marks: list[_Mark] = []
    if _SAID["opening_days"].search(text):
        return marks
    taken = bytearray(len(text))
    for name, last_of in (_DAYS | {"working_day": partial(_working_day, holidays=holidays)}).items():
        for found in _SAID[name].finditer(text) if name != skip else ():
            if not any(taken[found.start() : found.end()]) and (day := last_of(found, today)):
                taken[found.start() : found.end()] = b"1" * (found.end() - found.start())
                marks.append(_Mark(*found.span(), day=day))
    if not marks and _SAID["opening_hours"].search(text):
        return marks
    for name, end in _PARTS.items():
        marks += [_Mark(*found.span(), part=end) for found in _SAID[name].finditer(text)]
    for found in _SAID["clock"].finditer(text):
        if not any(taken[found.start() : found.end()]) and (clock := _minutes(found)):
            marks.append(_Mark(*found.span(), clock=clock))
    return sorted(marks, key=lambda mark: mark.start)


def _due(day: date | None, part: int, clock: tuple[int, ...], here: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of what was named; None where that was over before it was said."""
    today, now = here.date(), here.astimezone(UTC)
    if clock and part > 14 * 60:  # "mañana por la tarde, a las 5"
        clock = clock[-1:]
    if clock and len(clock) == 2 and day and day != today:
        clock = clock[1:] if clock[0] < 8 * 60 else clock[:1]
    ends = clock or (part or 24 * 60,)
    days = (day,) if day else (today, today + timedelta(days=1))
    moments = (_wall(each, end, zone) for each in days for end in ends)
    return next((moment for moment in moments if moment > now), None)


# A piece of each time that `terms` reads: half of all sentences have none, and looking for it costs a tenth of reading them.
_HINT = re.compile(
    r"\d|min|h(?:ou?r|rs|s\b|oy)|d(?:ia|ay)|sema|week|wk|m(?:es\b|onth|orni|anana|edianoche|ediodia|edio d|idnight)|year|ano\b"
    r"|t(?:omor|mr|arde|oday|onight|hing)|no(?:on|che)|night|evening|lunch|[ec]o[bd]\b|eow|close of|(?:lun|mart|miercol|juev|viern)es"
    r"|sabado|domingo|jornada|primera hora|ultima hora|madrugada|ayer|las? (?:un|dos|tre|cua|cin|sei|sie|och|nue|die|onc|doc)"
)


def may_name_a_time(text: str) -> bool:
    """False for a text of which `terms` would give nothing. Quick.

    text   what `folded` gave
    """
    return _HINT.search(text) is not None


def terms(text: str, posted_at: datetime, zone: ZoneInfo, lang: str = "", holidays: Collection[date] = ()) -> Iterator[Term]:
    """Every time that the words name, counted from the moment they were said, in the order they stand.

    text        what `folded` gave; one sentence
    posted_at   aware UTC
    lang        "en": 3/4 is not read, it has two meanings
    holidays    days on which nobody works, like Saturdays and Sundays
    None is over already, and none is later than FURTHEST.
    """
    here, covered = posted_at.astimezone(zone), 0
    for found in _SAID["length"].finditer(text):
        if not _ELSEWHEN.match(text, found.end()):
            covered = found.end()
            if posted_at < (after := _after(found, posted_at, zone, holidays)) <= posted_at + FURTHEST:
                yield Term(*found.span(), after)
    marks = [mark for mark in _marks(text, here.date(), "figures" if lang == "en" else "", holidays) if mark.start >= covered]
    while marks:
        start, end, day, part, clock = marks.pop(0)
        while marks and (marks[0].start <= end or _LINK.fullmatch(text, end, marks[0].start)):
            mark = marks.pop(0)  # of two days the later: "hoy o mañana", "end of day tomorrow", "viernes 27 de noviembre"
            day = max(filter(None, (day, mark.day)), default=None)
            part, clock, end = part or mark.part, mark.clock or clock, max(end, mark.end)
        due = _due(day, part, clock, here, zone)
        if due is not None and due <= posted_at + FURTHEST:
            lead = _LEAD.search(text, max(0, start - 40), start)
            yield Term(lead.start() if lead else start, end, due)
