"""Who is told, and when not: routes with their quiet hours, what is said again, to whom it goes when nobody takes it, and digests.

Hours and times of day are the brand's own (`brand: time_zone:`).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, field_validator, model_validator

from carebot.config.calendar import DAYS
from carebot.config.parts import Name, Part
from carebot.config.values import Duration, Hours, OpenHours, Sentence, Words

LONGEST_SILENCE = timedelta(days=7)
_PAST_MIDNIGHT = re.compile(r"\s*([a-z]{3})(?:-([a-z]{3}))?\s+(\d{1,2}:\d{2})-(\d{1,2}:\d{2})\s*")
_DIGEST = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))?\s+)?(\d{1,2}):(\d{2})")


def _over_midnight(value: Any) -> Any:
    """`fri 22:00-08:00` is the evening of that day and the morning of the next: two spans."""
    if not isinstance(value, str):
        return value
    parts = []
    for part in value.lower().split(","):
        found = _PAST_MIDNIGHT.fullmatch(part)
        if found and {found[1], found[2] or found[1]} <= set(DAYS) and _minutes(found[4]) <= _minutes(found[3]):
            first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
            parts.append(f"{DAYS[first]}-{DAYS[last]} {found[3]}-24:00")
            if _minutes(found[4]):
                parts.append(f"{DAYS[(first + 1) % 7]}-{DAYS[(last + 1) % 7]} 00:00-{found[4]}")
        else:
            parts.append(part)
    return ",".join(parts)


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _rests_sometimes(value: OpenHours) -> OpenHours:
    if all(sum(end - start for start, end in day) == 1440 for day in value.spans):
        raise ValueError("would be quiet day and night. Leave an hour in which what was held can be told.")
    return value


class DigestAt(BaseModel):
    """When a digest is told: at this minute of these days, 0 is Monday. `working`: days were named, and holidays are none of them."""

    model_config = ConfigDict(frozen=True)
    minute: int
    days: tuple[int, ...]
    working: bool


def _digest(value: Any) -> Any:
    if isinstance(value, DigestAt):
        return value
    hint = 'Write a time of day in quotes, "09:00", or days and a time: mon-fri 09:00.'
    found = _DIGEST.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    if not found or int(found[3]) > 23 or int(found[4]) > 59:
        raise ValueError(f"must be when a digest is told, not {value!r}. {hint}")
    first, last = found[1] or "mon", found[2] or found[1] or "sun"
    if not {first, last} <= set(DAYS):
        raise ValueError(f"names a day that does not exist, in {value!r}. Days are {', '.join(DAYS)}.")
    begin, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
    days = tuple(sorted((begin + more) % 7 for more in range(count)))
    return DigestAt(minute=int(found[3]) * 60 + int(found[4]), days=days, working=bool(found[1]))


Quiet = Annotated[Hours, BeforeValidator(_over_midnight), WithJsonSchema({"type": "string"})]
DigestTime = Annotated[DigestAt, BeforeValidator(_digest), WithJsonSchema({"type": "string"})]


class Further(Part):
    """One step of a chain: to whom it goes when nobody has taken it."""

    after: Duration = Field(description="So long after the first word of severity 1 or 2: 5m.")
    to: Name = Field(description="A name from `routes`; or fallback: all ways of the file's `fallback`.")


class Route(Part):
    """Where messages for a group of people go."""

    slack: Annotated[str, StringConstraints(pattern=r"^(#[^\s#@]{1,80}|[CGD][A-Z0-9]{6,})$")] | None = Field(
        None, description='A Slack channel: "#care-desk" (in quotes) or its id.'
    )
    services: tuple[Name, ...] = Field((), description="Incidents of these services also go here.")
    brands: tuple[Words, ...] = Field((), description="Incidents of these brands also go here.")
    at_least: Annotated[int, Field(ge=1, le=4)] | None = Field(
        None, description="Incidents of this severity or graver also go here: 2 means 1 and 2. With services or brands: only those."
    )
    reasons: tuple[Words, ...] = Field((), description="What is said for these reasons also goes here. With the keys above: only that.")
    mention: Literal["here", "channel", "none"] = Field(
        "none", description="Who is called by @ when something is sure and of severity 1 or 2. Never for anything less."
    )
    quiet: Quiet | None = Field(
        None,
        description="When only severity 1 and 2 and who needs a human speak: mon-sun 22:00-08:00. The rest is told when it ends.",
    )
    repeat: Duration = Field(
        timedelta(hours=4), description="Of severity 1 or 2 and taken by nobody, an incident is said again after this."
    )
    escalate: tuple[Further, ...] = Field((), description="Who is told, one after the other, while nobody takes it: severity 1 or 2.")
    digest: DigestTime | None = Field(
        None, description='When the day is summed up here: "09:00", or mon-fri 09:00, which leaves out holidays. Left out: never.'
    )

    @field_validator("quiet")
    @classmethod
    def _not_always(cls, value: OpenHours | None) -> OpenHours | None:
        return value and _rests_sometimes(value)

    @field_validator("repeat")
    @classmethod
    def _not_too_often(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=15) <= value <= timedelta(days=7):
            raise ValueError("must be from 15m to 7d. What is said too often is not read any more.")
        return value

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        times = [step.after for step in self.escalate]
        if any(later <= earlier for earlier, later in pairwise([timedelta(0), *times])):
            raise ValueError("escalates in no order. Each step comes later than the one before: 5m, 15m, 30m.")
        return self


class Silence(Part):
    """A time, 7 days at the most, in which something is known and nobody needs to be told."""

    services: tuple[Name, ...] = Field((), description="Only these services. Left out: all.")
    reasons: tuple[Words, ...] = Field((), description="Only alerts with these reasons. Left out: all.")
    until: datetime = Field(description="When it ends, with a zone: 2026-12-01T06:00+01:00.")
    owner: Words = Field(description="Who asked for it.")
    because: Sentence = Field(description="Why.")

    @field_validator("until", mode="before")
    @classmethod
    def _aware(cls, value: Any) -> datetime:
        hint = "Write date, time and zone: 2026-12-01T06:00+01:00."
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"must be a moment, not {value!r}. {hint}") from error
        if at.tzinfo is None:
            raise ValueError(f"has no time zone: {value!r}. {hint}")
        return at
