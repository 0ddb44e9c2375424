"""The promises of a connector that can be tried without its source, for every file in the folder and for the one in the manual."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML

from carebot.config.schema import Source
from connectors import base


def example(module: ModuleType) -> tuple[Source, BaseModel]:
    """The source a connector shows, read as rules.yaml is."""
    source = Source.model_validate(YAML(typ="safe", pure=True).load(module.EXAMPLE))
    return source, module.Options.model_validate(source.options)


def broken(kind: str, module: ModuleType, world: base.World) -> list[str]:
    """The promises it does not keep, in words."""
    tries: dict[str, Callable[[], Any]] = {
        "opens with a letter that says what it reads": lambda: len((module.__doc__ or "").strip()) > 40,
        "has Options of the house's kind": lambda: issubclass(module.Options, base.Options),
        "says of every key what it is": lambda: all(field.description for field in module.Options.model_fields.values()),
        "refuses a key it does not know": lambda: _refuses(module),
        "shows an example of itself": lambda: example(module)[0].kind == kind,
        "makes no key its own that every source has": lambda: not set(module.Options.model_fields) & set(Source.model_fields),
        "connects, and is asked or told": lambda: _speaks(module.connect("here", example(module)[1], world)),
    }
    return [promise for promise, kept in tries.items() if not _holds(kept)]


def _holds(kept: Callable[[], Any]) -> bool:
    try:
        return bool(kept())
    except (AttributeError, TypeError, ValidationError):
        return False


def _refuses(module: ModuleType) -> bool:
    source, options = example(module)
    try:
        type(options).model_validate({**source.options, "no_such_key": 1})
    except ValidationError as error:
        return error.errors()[0]["type"] == "extra_forbidden"
    return False


def _speaks(connector: object) -> bool:
    fetch, receive = getattr(connector, "fetch", None), getattr(connector, "receive", None)
    return (inspect.iscoroutinefunction(fetch) and list(inspect.signature(fetch).parameters) == ["cursor"]) or (
        receive is not None and list(inspect.signature(receive).parameters) == ["headers", "body", "now"]
    )
