"""Kinds of source small enough that the texts about them change only with the texts."""

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Feed(Options):
    url: str = Field(pattern=r"^https?://\S+$", description="The feed's address, with https://.")


class Jsonl(Options):
    path: str = Field(min_length=1, description="The file.")


class Webhook(Options):
    secret: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$", description="The name of the credential.")


def needs_a_package() -> type[BaseModel]:
    raise ImportError("no tweepy")


KINDS = {"feed": lambda: Feed, "jsonl": lambda: Jsonl, "webhook": lambda: Webhook, "x": needs_a_package}
