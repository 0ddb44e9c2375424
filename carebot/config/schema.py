"""The rules file as types. Every key a support lead may write is here, with the sentence that explains it.

The descriptions are shown by editors (`carebot check --schema` prints the JSON Schema made from this file) and by
docs/reference/rules.md, which a test holds against this file. Unknown keys are errors everywhere. Validators raise ValueError
with words a support person understands; `config.load` adds file, line, caret and "did you mean".
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, field_validator, model_validator

from carebot.config.calendar import Special
from carebot.config.parts import Name, Part
from carebot.config.problems import SECRET
from carebot.model import SignalKind

# ── values with a unit ───────────────────────────────────────────────────────────────────────────────────────────

_DURATION = re.compile(r"(\d{1,6})\s*(s|m|h|d)")
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHARE = re.compile(r"(\d{1,3})\s*%")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+(?P<from>\d{1,2}:\d{2})-(?P<to>\d{1,2}:\d{2})")


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


class OpenHours(BaseModel):
    """Minutes of the day, per weekday from Monday, in which somebody answers. `spans[0]` = Monday's (from, to) pairs."""

    model_config = ConfigDict(frozen=True)
    spans: tuple[tuple[tuple[int, int], ...], ...]
    text: str


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
    week: list[list[tuple[int, int]]] = [[] for _ in _DAYS]
    if value.strip().lower() == "always":
        return OpenHours(spans=tuple(((0, 1440),) for _ in _DAYS), text="always")
    for part in value.lower().split(","):
        found = _SPAN.fullmatch(part.strip())
        if not found:
            raise ValueError(f"must be opening hours; {part.strip()!r} is not. {hint}")
        first, last = found["first"], found["last"] or found["first"]
        for day in (first, last):
            if day not in _DAYS:
                raise ValueError(f"names a day that does not exist, {day!r}. Days are {', '.join(_DAYS)}.")
        start, end = _minute(found["from"], value), _minute(found["to"], value)
        if end <= start:
            raise ValueError(f"closes before it opens: {part.strip()!r}. Past midnight is two spans: fri 20:00-24:00, sat 00:00-02:00.")
        index = _DAYS.index(first)
        while True:
            week[index].append((start, end))
            if _DAYS[index] == last:
                break
            index = (index + 1) % 7
    for day, spans in zip(_DAYS, week, strict=True):
        spans.sort()
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                raise ValueError(f"has two spans that overlap on {day}: {value!r}. Write each hour once.")
    return OpenHours(spans=tuple(tuple(spans) for spans in week), text=value)


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
Share = Annotated[float, BeforeValidator(_share), WithJsonSchema({"type": "string", "pattern": r"^\d{1,3}\s*%$"})]
Hours = Annotated[OpenHours, BeforeValidator(_open_hours), WithJsonSchema({"type": "string"})]
Zone = Annotated[str, BeforeValidator(_zone)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), BeforeValidator(_no_secret)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), BeforeValidator(_no_secret)]


class BothLanguages(Part):
    es: Sentence = Field(description="The Spanish text.")
    en: Sentence = Field(description="The English text.")


# ── the parts ────────────────────────────────────────────────────────────────────────────────────────────────────


class Brand(Part):
    """Who we are."""

    name: Words = Field(description="The brand as customers know it.")
    also_called: tuple[Words, ...] = Field((), description="Other names customers use for it.")
    accounts: dict[Name, tuple[Words, ...]] = Field(
        {}, description="The brand's own accounts per network. What they write is an answer, never a complaint."
    )
    compare_with: dict[Words, tuple[Words, ...]] = Field(
        {}, description="Brands we listen to only to know whether they fail too, each with the other names it goes by in messages."
    )
    languages: tuple[Literal["es", "en", "ca", "pt", "fr", "it", "de"], ...] = Field(
        ("es", "en"), description="Languages customers write in."
    )
    time_zone: Zone = Field("Europe/Madrid", description="Where the desk is; opening hours are in this zone.")
    staff_language: Literal["es", "en"] = Field("es", description="The language of messages to staff.")


class Service(Part):
    """One thing customers use, with the words they use for it."""

    name: BothLanguages = Field(description="What it is called in messages.")
    words: tuple[Words, ...] = Field((), description="Words and phrases that mean this service. Case and accents do not matter.")
    core: bool = Field(False, description="true if a failure of it is always serious.")
    depends_on: tuple[Words, ...] = Field((), description="Whose trouble is its trouble: a provider, a component, or provider/component.")
    statement: BothLanguages | None = Field(None, description="The sentence to tell customers while it fails.")


class Source(BaseModel):
    """One place we listen to. Further keys belong to its kind: `carebot connectors` lists them."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: Name = Field(description="A name of your own for it.")
    kind: Name = Field(description="What it is: feed, webhook, probe, jsonl, status_page, x …")
    every: Duration = Field(timedelta(minutes=1), description="How often it is asked.")
    paused: bool = Field(False, description="true to leave it alone for now.")
    brand: Words | None = Field(None, description="Whose customers speak here: a name from `compare_with`. Left out: ours.")

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the kind, checked by its connector's own `Options`."""
        return dict(self.model_extra or {})


class Rule(Part):
    """When a message matters, and who is told."""

    name: Name = Field(description="A name of your own for it.")
    when: SignalKind = Field(description="What the message means.")
    services: tuple[Name, ...] = Field((), description="Only about these services. Left out: about any.")
    words: tuple[Words, ...] = Field((), description="Only if one of these words is in it. Left out: any words.")
    route: Name = Field("desk", description="Who is told: a name from `routes`.")
    matches: tuple[Sentence, ...] = Field((), description="Sentences that must match. `carebot check` tries them.")
    ignores: tuple[Sentence, ...] = Field((), description="Sentences that must not match. `carebot check` tries them.")


class Promise(Part):
    """How soon customers get a first answer."""

    name: Name = Field(description="A name of your own for it.")
    first_response: Duration = Field(description="Open time until the first answer.")
    sources: tuple[Name, ...] = Field((), description="Only on these networks. Left out: on all.")
    open: Hours = Field(
        "always", validate_default=True, description="When somebody answers: mon-fri 08:00-20:00, sat 10:00-14:00, or always."
    )
    warn_at: Share = Field("80%", validate_default=True, description="The share of the time after which the desk is warned.")
    route: Name = Field("desk", description="Who is told: a name from `routes`.")


class Incidents(Part):
    """When many messages become an incident."""

    people: Annotated[int, Field(ge=2, le=50)] = Field(3, description="Different people needed before an incident opens.")
    false_alarms_a_month: Annotated[float, Field(ge=0.01, le=100, strict=False)] = Field(
        1.0, description="How many false alarms a month the desk accepts, over all services, networks and regions together."
    )
    route: Name = Field("desk", description="Who is told: a name from `routes`.")


class Classifier(Part):
    """Slower models, each in a process that may fail. While one does, the reading without it holds."""

    tier: Literal["fast", "full"] = Field(
        "fast", description="full: a small transformer, which needs carebot[full], reads again what matters and is unsure."
    )
    model: Words | None = Field(
        None, description="A sentiment model of your own, of the Hugging Face kind: the path of its folder, or its name on the hub."
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where your own model computes. auto: on a GPU if there is one.")
    labels: dict[Words, Literal["negative", "neutral", "positive"]] = Field(
        {}, description="What your own model's labels mean, where they do not say so themselves."
    )
    budget: Duration = Field(
        timedelta(seconds=2),
        description="The longest that new messages wait for models, 1s to 10s. What is not read by then keeps the fast tier's reading.",
    )
    memory_mb: Annotated[int, Field(ge=256, le=1_000_000)] = Field(2048, description="Megabytes of memory your own model may take.")

    @field_validator("budget")
    @classmethod
    def _waits_little(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= value <= timedelta(seconds=10):
            raise ValueError("must be from 1s to 10s. Nobody is told anything while carebot waits.")
        return value

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.tier == "fast" and self.model is None and self.model_fields_set != {"tier"}:
            raise ValueError("names no model. Write tier: full, or model: and the model of your own, or both.")
        if self.model is None and (beside := self.model_fields_set & {"device", "labels", "memory_mb"}):
            raise ValueError(f"has {', '.join(sorted(beside))} but no model. Name the model of your own, or take this away.")
        return self


class Route(Part):
    """Where messages for a group of people go."""

    slack: Annotated[str, StringConstraints(pattern=r"^(#[^\s#@]{1,80}|[CGD][A-Z0-9]{6,})$")] | None = Field(
        None, description='A Slack channel: "#care-desk" (in quotes) or its id.'
    )
    services: tuple[Name, ...] = Field((), description="Incidents of these services also go here.")


class Silence(Part):
    """A time in which something is known and nobody needs to be told."""

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


class RulesFile(Part):
    """rules.yaml, whole."""

    brand: Brand
    services: dict[Name, Service] = Field({}, description="What customers use, by a short name.")
    sources: tuple[Source, ...] = Field((), description="Where we listen.")
    rules: tuple[Rule, ...] = Field((), description="What matters.")
    promises: tuple[Promise, ...] = Field((), description="How soon customers are answered. The first that fits counts.")
    incidents: Incidents = Field(default_factory=Incidents, description="When many messages become an incident.")
    calendar: tuple[Special, ...] = Field((), description="Days on which more or less than usual is usual.")
    routes: dict[Name, Route] = Field({}, description="Who is told, and where.")
    classifier: Classifier | None = Field(None, description="Who reads beside the fast tier. Left out: nobody.")
    silences: tuple[Silence, ...] = Field((), description="What is known already.")


class Rulebook(BaseModel):
    """A rules file that was read without a problem. `fingerprint` is stored with every alert it causes."""

    model_config = ConfigDict(frozen=True)
    file: RulesFile
    text: str
    fingerprint: str
