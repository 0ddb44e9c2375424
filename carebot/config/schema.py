"""The rules file as types. Every key a support lead may write is here, with the sentence that explains it.

The descriptions are shown by editors (`carebot check --schema` prints the JSON Schema made from this file) and by
docs/reference/rules.md, which a test holds against this file. Unknown keys are errors everywhere. Validators raise ValueError
with words a support person understands; `config.load` adds file, line, caret and "did you mean".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from carebot.config.calendar import Special
from carebot.config.parts import Name, Part
from carebot.config.values import Duration, Hours, Sentence, Share, Words, Zone
from carebot.model import SignalKind


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


class Budget(Part):
    """What listening to one source may cost. Before it is used up, carebot reads a sample, then only counts."""

    requests_a_day: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(None, description="Requests a day (UTC).")
    posts_a_day: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(None, description="Posts a day that are paid for.")
    money_a_month: Annotated[float, Field(ge=0.01, le=1_000_000, strict=False)] | None = Field(None, description="US dollars a month.")


class Source(BaseModel):
    """One place we listen to. Further keys belong to its kind: `carebot connectors` lists them."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: Name = Field(description="A name of your own for it.")
    kind: Name = Field(description="What it is: feed, webhook, probe, jsonl, status_page, x …")
    every: Duration = Field(timedelta(minutes=1), description="How often it is asked.")
    paused: bool = Field(False, description="true to leave it alone for now.")
    brand: Words | None = Field(None, description="Whose customers speak here: a name from `compare_with`. Left out: ours.")
    control: bool = Field(False, description="true if it is heard only to compare: another brand, or a service that many share.")
    budget: Budget | None = Field(None, description="What it may cost. Left out: as much as it takes.")

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
