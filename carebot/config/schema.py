"""The rules file as types. Every key a support lead may write is here, with the sentence that explains it.

The descriptions are shown by editors (`carebot check --schema` prints the JSON Schema made from this file) and by
docs/reference/rules.md, which a test holds against this file. Unknown keys are errors everywhere. Validators raise ValueError
with words a support person understands; `config.load` adds file, line, caret and "did you mean".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from carebot.config.calendar import Special
from carebot.config.desk import Cases, Holidays, Person, Promise, Terms, terms
from carebot.config.parts import Member, Name, Part
from carebot.config.routes import Route, Silence
from carebot.config.statements import ServiceStatement, Statements
from carebot.config.values import Duration, Sentence, Words, Zone
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
    statement: ServiceStatement | None = Field(None, description="What to tell customers while it fails. Left out: as `statements` say.")
    meanwhile: BothLanguages | None = Field(None, description="What customers can do while it fails, for {meanwhile} in a statement.")


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
    def whose(self) -> str:
        """The brand whose customers speak here, if it is not ours. A control source that names none stands for itself."""
        return self.brand or (self.name if self.control else "")

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


class Privacy(Part):
    """How long customers' words and names are kept. Counts and ids stay, and what is still open is whole until it is over."""

    keep_texts: Duration = Field(
        timedelta(days=90),
        description="Texts, names and links that were posted and read before are deleted, here and on cards in Slack. From 7d to 3650d.",
    )

    @field_validator("keep_texts")
    @classmethod
    def _a_week_at_least(cls, value: timedelta) -> timedelta:
        if not timedelta(days=7) <= value <= timedelta(days=3650):
            raise ValueError("must be from 7d to 3650d. The week's report and the desk need the words of the last days.")
        return value


class Roles(Part):
    """Who may press which button on a card, by Slack member id (in a person's profile: ⋮, Copy member ID)."""

    act: tuple[Member, ...] | None = Field(
        None, description="Who may take, confirm, close and snooze an incident. Left out: everybody in the channel."
    )
    publish: tuple[Member, ...] = Field((), description="Who may approve and publish a statement. Left out: nobody.")


class RulesFile(Part):
    """rules.yaml, whole."""

    brand: Brand
    services: dict[Name, Service] = Field({}, description="What customers use, by a short name.")
    sources: tuple[Source, ...] = Field((), description="Where we listen.")
    rules: tuple[Rule, ...] = Field((), description="What matters.")
    promises: tuple[Promise, ...] = Field((), description="How soon customers are answered. The first that fits counts.")
    holidays: Holidays | None = Field(None, description="Days on which nobody answers. Left out: none.")
    cases: Cases = Field(default_factory=Cases, description="When one customer's matter is over.")
    same_person: tuple[Person, ...] = Field((), description="Customers with accounts on several networks, by their own word.")
    incidents: Incidents = Field(default_factory=Incidents, description="When many messages become an incident.")
    calendar: tuple[Special, ...] = Field((), description="Days on which more or less than usual is usual.")
    routes: dict[Name, Route] = Field({}, description="Who is told, and where.")
    roles: Roles = Field(default_factory=Roles, description="Who may press which button on a card.")
    privacy: Privacy = Field(default_factory=Privacy, description="How long customers' words and names are kept.")
    classifier: Classifier | None = Field(None, description="Who reads beside the fast tier. Left out: nobody.")
    silences: tuple[Silence, ...] = Field((), description="What is known already.")
    fallback: tuple[Name, ...] = Field(
        (), description="Who is told what Slack does not take: names of credentials, each of which holds one apprise address."
    )
    heartbeat: Name | None = Field(
        None, description="The name of a credential that holds the address of a dead-man's switch, asked every minute while all is well."
    )
    statements: Statements = Field(default_factory=Statements, description="What customers are told, and who must agree.")

    @field_validator("fallback")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "terminal" in value:
            raise ValueError("needs no terminal: it is the last resort by itself. Take that name away, or call the credential otherwise.")
        if len(set(value)) < len(value):
            raise ValueError("names a credential twice. Write each once.")
        return value

    @cached_property
    def compared(self) -> dict[str, tuple[str, ...]]:
        """The brands we only compare with, and the other names each goes by; also what a control source stands for."""
        return {source.whose: () for source in self.sources if source.control} | dict(self.brand.compare_with)


class Rulebook(BaseModel):
    """A rules file that was read without a problem. `fingerprint` is stored with every alert it causes."""

    model_config = ConfigDict(frozen=True)
    file: RulesFile
    text: str
    fingerprint: str

    @cached_property
    def terms(self) -> tuple[Terms, ...]:
        """The promises, each with its zone and its holidays."""
        return terms(self.file.promises, self.file.brand.time_zone, self.file.holidays)

    @cached_property
    def days_off(self) -> Mapping[date, str]:
        """The holidays of the whole file, with their names: what a reply calls working days leaves them out."""
        return self.file.holidays.days if self.file.holidays else {}

    @cached_property
    def own_accounts(self) -> frozenset[tuple[str, str]]:
        """The brand's own, as (network, handle in lower case)."""
        named = self.file.brand.accounts.items()
        return frozenset((network, handle.lower().lstrip("@")) for network, handles in named for handle in handles)

    @cached_property
    def accounts_of(self) -> Mapping[tuple[str, str], tuple[tuple[str, str], ...]]:
        """All accounts of the person who has this one, as (network, handle in lower case)."""
        people = [tuple((network, handle.lower().lstrip("@")) for network, handle in one.accounts.items()) for one in self.file.same_person]
        return {account: accounts for accounts in people for account in accounts}
