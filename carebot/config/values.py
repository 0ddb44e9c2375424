"""Values of the rules file that have a unit or a shape of their own: lengths of time, shares, opening hours, zones, words.

Each is read from what a support person writes, and says in their words what is wrong with it. Pure.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema

from carebot.config.problems import SECRET

_DURATION = re.compile(r"(\d{1,6})\s*(s|m|h|d)")
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHARE = re.compile(r"(\d{1,3})\s*%")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?P<first>holidays|[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+(?P<from>\d{1,2}:\d{2})-(?P<to>\d{1,2}:\d{2})")


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"must be a length of time, not {value!r}. Write a number and a unit: 30s, 15m, 4h or 2d.")
    return timedelta(seconds=int(found[1]) * _UNIT[found[2]])


def _share(value: Any) -> float:
    if isinstance(value, float) and 0 < value <= 1:
        return value
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not 1 <= int(found[1]) <= 100:
        raise ValueError(f"must be a share, not {value!r}. Write a whole number from 1 to 100 and a percent sign: 80%.")
    return int(found[1]) / 100


def _shares(value: Any) -> tuple[float, ...]:
    several = value if isinstance(value, list | tuple) else (value,)
    if not 1 <= len(several) <= 5:
        raise ValueError(f"must be one share or up to five, not {len(several)}. Write 80% or [50%, 80%].")
    return tuple(sorted({_share(one) for one in several}))


class OpenHours(BaseModel):
    """Minutes of the day, per weekday from Monday, in which somebody answers. `spans[0]` = Monday's (from, to) pairs.

    holidays   those of a public holiday, whatever its weekday
    """

    model_config = ConfigDict(frozen=True)
    spans: tuple[tuple[tuple[int, int], ...], ...]
    text: str
    holidays: tuple[tuple[int, int], ...] = ()


def _minute(clock: str, value: str) -> int:
    hour, minute = (int(part) for part in clock.split(":"))
    if hour > 24 or minute > 59 or hour * 60 + minute > 1440:
        raise ValueError(f"has a time of day that does not exist, {clock}, in {value!r}. Times go from 00:00 to 24:00.")
    return hour * 60 + minute


def _open_hours(value: Any) -> OpenHours:
    if isinstance(value, OpenHours):
        return value
    hint = "Write days and hours, for example: mon-fri 08:00-20:00, sat 10:00-14:00. For day and night write: always."
    if not isinstance(value, str):
        raise ValueError(f"must be opening hours, not {value!r}. {hint}")
    week: list[list[tuple[int, int]]] = [[] for _ in (*_DAYS, "holidays")]
    if value.strip().lower() == "always":
        return OpenHours(spans=tuple(((0, 1440),) for _ in _DAYS), holidays=((0, 1440),), text="always")
    for part in value.lower().split(","):
        found = _SPAN.fullmatch(part.strip())
        if not found:
            raise ValueError(f"must be opening hours; {part.strip()!r} is not. {hint}")
        first, last = found["first"], found["last"] or found["first"]
        for day in (first, last):
            if day not in _DAYS and not first == last == "holidays":
                raise ValueError(f"names a day that does not exist, {day!r}. Days are {', '.join(_DAYS)}.")
        start, end = _minute(found["from"], value), _minute(found["to"], value)
        if end <= start:
            raise ValueError(f"closes before it opens: {part.strip()!r}. Past midnight is two spans: fri 20:00-24:00, sat 00:00-02:00.")
        if first == "holidays":
            week[7].append((start, end))
            continue
        index = _DAYS.index(first)
        while True:
            week[index].append((start, end))
            if _DAYS[index] == last:
                break
            index = (index + 1) % 7
    for day, spans in zip((*_DAYS, "holidays"), week, strict=True):
        spans.sort()
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                raise ValueError(f"has two spans that overlap on {day}: {value!r}. Write each hour once.")
    *days, holidays = (tuple(spans) for spans in week)
    return OpenHours(spans=tuple(days), holidays=holidays, text=value)


def _no_secret(value: Any) -> Any:
    if isinstance(value, str) and SECRET.search(value):
        raise ValueError("looks like a token or a key. Never write one here: put it in a credential file and write its name.")
    return value


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"is not a time zone: {value!r}. Write a place, for example: Europe/Madrid or America/Mexico_City.") from error


Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^\d{1,6}\s*[smhd]$"})]
_SHARE_JSON = {"type": "string", "pattern": r"^\d{1,3}\s*%$"}
Shares = Annotated[
    tuple[float, ...],
    BeforeValidator(_shares),
    WithJsonSchema({"anyOf": [_SHARE_JSON, {"type": "array", "items": _SHARE_JSON, "minItems": 1, "maxItems": 5}]}),
]
Hours = Annotated[OpenHours, BeforeValidator(_open_hours), WithJsonSchema({"type": "string"})]
Zone = Annotated[str, BeforeValidator(_zone)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), BeforeValidator(_no_secret)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), BeforeValidator(_no_secret)]
