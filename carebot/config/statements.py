"""What customers are told, as a support lead writes it: words with places to fill in, and who must agree before they are said.

What fills a place comes from the rules file or from the clock, never from a message: no template can carry a customer's words into public.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from carebot.config.parts import Name, Part
from carebot.config.problems import near
from carebot.config.values import Duration, Sentence

PLACES = ("service", "brand", "since", "next_update", "meanwhile")
PLACE = re.compile(r"\{([^{}]*)\}")


def _fillable(text: str) -> str:
    known = ", ".join(f"{{{place}}}" for place in PLACES)
    for name in PLACE.findall(text):
        if name not in PLACES:
            meant = near(name, PLACES)
            raise ValueError(
                f"has {{{name[:40]}}}, which nothing fills. " + (f"Did you mean {{{meant}}}?" if meant else f"There are: {known}.")
            )
    if "{" in (rest := PLACE.sub("", text)) or "}" in rest:
        raise ValueError(f"has a brace that stands alone. Braces are for what carebot fills in: {known}.")
    return text


Template = Annotated[Sentence, AfterValidator(_fillable)]


class Words(Part):
    es: Template = Field(description="The Spanish text. {service}, {brand}, {since}, {next_update} and {meanwhile} are filled in.")
    en: Template = Field(description="The English text, likewise.")


class ServiceStatement(Words):
    """What customers are told while it fails, and after."""

    monitoring: Words | None = Field(None, description="What they are told when it works again and we still watch.")
    resolved: Words | None = Field(None, description="What they are told when it is over.")


class Statements(Part):
    """How a statement comes to be said in public. Nothing is ever said without people."""

    approvals: Annotated[int, Field(ge=1, le=5)] = Field(
        2, description="How many different people must approve the very words. From 2 on, whoever wrote them is none of these."
    )
    expire_after: Duration = Field(timedelta(minutes=30), description="How long after they were proposed the words may still be said.")
    next_update: Duration = Field(timedelta(minutes=30), description="When customers hear again, where the words do not say so themselves.")
    publish: bool = Field(False, description="true: carebot may publish what was approved. false: people copy it.")
    publish_on: tuple[Name, ...] = Field((), description="The sources it is published through, by name: of the kinds x, bluesky, mastodon.")
    languages: tuple[Literal["es", "en"], ...] = Field(
        (), description="The languages it is published in, a post each. Left out: the first of the brand's."
    )
    confirmed: Words | None = Field(None, description="What is said of a service without a statement of its own while it fails.")
    monitoring: Words | None = Field(None, description="The same, when it works again and we still watch.")
    resolved: Words | None = Field(None, description="The same, when it is over.")

    @field_validator("expire_after", "next_update")
    @classmethod
    def _sensible(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=5) <= value <= timedelta(hours=24):
            raise ValueError("must be from 5m to 24h.")
        return value

    @field_validator("publish_on", "languages")
    @classmethod
    def _once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.publish and not self.publish_on:
            raise ValueError("says publish: true, but not where. Write publish_on: and the names of sources, or publish: false.")
        return self
