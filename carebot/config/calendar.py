"""Days on which more or less than usual is usual: how a support lead writes them, and what is understood.

`on` takes the words people have for days: 12-25, 2026-11-27 to 2026-11-30, day 15, last working day, fri. Each becomes one of
three values, which `decide.detecting.calendar` looks a date up in. Days and times are the brand's own (`brand: time_zone:`).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from carebot.config.parts import Name, Part

LEAST, MOST = 0.1, 10  # of a factor, and of several together

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 1440

_DATE = r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})(?:\s+(\d{1,2}:\d{2}))?"
_SPAN = re.compile(rf"{_DATE}(?:\s+to\s+{_DATE})?")
_MONTHLY = re.compile(r"day (\d{1,2})|(last|first)( working)? day")
_WEEKLY = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?")
_HOURS = re.compile(r"(\d{1,2}:\d{2})-(\d{1,2}:\d{2})")

_HOW = "Write 12-25, 2026-11-27, 2026-11-27 to 2026-11-30, day 15, last day, first working day, last working day or fri."


class Dates(BaseModel):
    """From a date and minute to another. Year 0: every year, and then `last` may lie before `first`: 12-24 to 01-06."""

    model_config = ConfigDict(frozen=True)
    first: tuple[int, int, int]
    last: tuple[int, int, int]
    start: int = 0
    end: int = MIDNIGHT


class Monthly(BaseModel):
    """A day of every month: 1 to 31, or -1, the last; `working`: the first or last that is from Monday to Friday."""

    model_config = ConfigDict(frozen=True)
    day: int
    working: bool = False


class Weekly(BaseModel):
    """Days of every week, 0 is Monday."""

    model_config = ConfigDict(frozen=True)
    days: tuple[int, ...]


def _clock(word: str, value: str) -> int:
    hour, minute = (int(part) for part in word.split(":"))
    if minute > 59 or hour * 60 + minute > MIDNIGHT:
        raise ValueError(f"has a time of day that does not exist, {word}, in {value!r}. Times go from 00:00 to 24:00.")
    return hour * 60 + minute


def day_of(year: str | None, month: str, day: str, value: str) -> tuple[int, int, int]:
    y, m, d = int(year or 0), int(month), int(day)
    if not 1 <= m <= 12:
        instead = f"{d:02}-{m:02}" if 1 <= d <= 12 else "12-25"
        raise ValueError(f"has a month that does not exist, {month}, in {value!r}. The month comes first, then the day: {instead}.")
    if (year and y < 1) or not 1 <= d <= calendar.monthrange(y or 2024, m)[1]:  # 2024: every year has 02-29 once in four
        raise ValueError(f"has a day that does not exist, in {value!r}. The month comes first, then the day: 12-25.")
    return y, m, d


def _dates(found: re.Match[str], value: str) -> Dates:
    first_year, month, day, from_clock, last_year, last_month, last_day, to_clock = found.groups()
    first = day_of(first_year, month, day, value)
    last = day_of(last_year, last_month, last_day, value) if last_month else first
    if (first[0] == 0) != (last[0] == 0):
        raise ValueError(f"has a year on one side only: {value!r}. Write the year on both sides of to, or on neither for every year.")
    if from_clock and not last_month:
        raise ValueError(f"has a time but no end: {value!r}. Write 2026-11-27 18:00 to 2026-11-27 23:00, or use hours.")
    start, end = _clock(from_clock, value) if from_clock else 0, _clock(to_clock, value) if to_clock else MIDNIGHT
    if (first[0] and date(*last) < date(*first)) or (first == last and end <= start):
        raise ValueError(f"ends before it begins: {value!r}. Write the earlier day first.")
    return Dates(first=first, last=last, start=start, end=end)


def _monthly(found: re.Match[str], value: str) -> Monthly:
    if found[1]:
        if not 1 <= int(found[1]) <= 31:
            raise ValueError(f"has a day that no month has: {value!r}. Days of the month go from day 1 to day 31, or last day.")
        return Monthly(day=int(found[1]))
    return Monthly(day=-1 if found[2] == "last" else 1, working=bool(found[3]))


def _weekly(found: re.Match[str], value: str) -> Weekly:
    first, last = found[1], found[2] or found[1]
    for day in (first, last):
        if day not in DAYS:
            raise ValueError(f"must be days, not {value!r}. {_HOW}")
    index, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
    return Weekly(days=tuple(sorted((index + more) % 7 for more in range(count))))


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], BaseModel]], ...] = (
    (_SPAN, _dates),
    (_MONTHLY, _monthly),
    (_WEEKLY, _weekly),
)


def _on(value: Any) -> Any:
    if isinstance(value, Dates | Monthly | Weekly):
        return value
    words = " ".join(value.lower().split()) if isinstance(value, str) else ""
    for form, read in _FORMS:
        if found := form.fullmatch(words):
            return read(found, value)
    raise ValueError(f"must be days, not {value!r}. {_HOW}")


def _hours(value: Any) -> Any:
    found = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"must be hours of the day, not {value!r}. Write from and to: 08:00-14:00.")
    start, end = _clock(found[1], value), _clock(found[2], value)
    if end <= start:
        raise ValueError(f"ends before it begins: {value!r}. Past midnight is two spans: 20:00-24:00, 00:00-02:00.")
    return start, end


def _factor(value: Any) -> Any:
    if value == "learn":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST <= value <= MOST:
        said = f"must be learn or a number from {LEAST} to {MOST}, not {value!r}."
        raise ValueError(f"{said} Write 2.5 for two and a half times as many messages as usual, 0.5 for half as many.")
    return float(value)


On = Annotated[Dates | Monthly | Weekly, BeforeValidator(_on), WithJsonSchema({"type": "string"})]
Hours = Annotated[tuple[int, int], BeforeValidator(_hours), WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}:\d{2}-\d{1,2}:\d{2}$"})]
Factor = Annotated[
    float | Literal["learn"],
    BeforeValidator(_factor),
    WithJsonSchema({"anyOf": [{"const": "learn"}, {"type": "number", "minimum": LEAST, "maximum": MOST}]}),
]


class Special(Part):
    """Where entries overlap their factors multiply, to 10 at the most and to 0.1 at the least."""

    name: Name = Field(description="A name of your own for it. What was learned goes by it.")
    on: tuple[On, ...] = Field(
        min_length=1,
        description="Which days: 12-25 (every year), 2026-11-27, 12-24 to 12-26, 2026-11-27 18:00 to 2026-11-30 24:00, fri, "
        "and of every month: day 15, last day, first working day, last working day (working: mon-fri).",
    )
    hours: tuple[Hours, ...] = Field((), description="Only at these hours of those days: 08:00-14:00. Left out: all day.")
    services: tuple[Name, ...] = Field((), description="Only messages about these services. Left out: about any.")
    factor: Factor = Field(
        "learn", description="How many times the usual number of messages is expected; learn: carebot finds out from how such days went."
    )
