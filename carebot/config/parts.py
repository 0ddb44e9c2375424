"""What the parts of the rules file have in common: their manners, and how things are named."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Member = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{6,20}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Part(BaseModel):
    """The manners every part of the rules file keeps: no unknown keys, nothing guessed, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)
