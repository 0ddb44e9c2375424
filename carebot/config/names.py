"""Does every name lead somewhere? Services, routes, reasons and kinds of source that are named must exist, and names are not shared."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import get_args

from pydantic import BaseModel, ValidationError

from carebot.config import plain_words
from carebot.config.problems import Problem, near, shown
from carebot.config.routes import LONGEST_SILENCE
from carebot.config.schema import Source
from carebot.config.sheet import Path, Sheet
from carebot.model import Reason

Kinds = Mapping[str, Callable[[], type[BaseModel]]]
REASONS = get_args(Reason)


def problems(sheet: Sheet, kinds: Kinds, now: datetime | None = None) -> Iterator[Problem]:
    """Everything that is only wrong in the light of the rest of the file, and, if `now` is given, of the day."""
    brands = list(filter(None, (sheet.word(("brand", "name")), *sheet.keys(("brand", "compare_with")))))
    for source in sheet.below(("sources",)):
        yield from _source(sheet, source, kinds)
        if (control := sheet.at((*source, "control"))) is None or control.value is not True:
            yield from _exists(sheet, (*source, "brand"), "brand", brands)
    for section in ("rules", "calendar", "routes", "silences"):
        for item in sheet.below((section,)):
            for name in sheet.below((*item, "services")):
                yield from _exists(sheet, name, "service", sheet.keys(("services",)))
    for section in ("routes", "silences"):
        for item in sheet.below((section,)):
            for name in sheet.below((*item, "reasons")):
                yield from _exists(sheet, name, "reason", REASONS)
    if now:
        yield from _too_long(sheet, now)
    sources = [called for one in sheet.below(("sources",)) if (called := sheet.word((*one, "name")))]
    for published in sheet.below(("statements", "publish_on")):
        yield from _exists(sheet, published, "source", sources)
        yield from _publishes(sheet, published, kinds)
    yield from _routes(sheet)
    for section in ("rules", "sources", "promises", "calendar"):
        yield from _twice(sheet, section)


def _exists(sheet: Sheet, path: Path, what: str, known: Collection[str]) -> Iterator[Problem]:
    name = sheet.word(path)
    if name is None or name in known or not (what in ("reason", "brand") or re.fullmatch(plain_words.SHORT_NAME, name)):
        return  # a name of a wrong form was told as that
    if meant := near(name, known):
        hint = f'Did you mean "{meant}"?'
    else:
        names = ", ".join(shown(one)[1:-1] for one in sorted(known)[:20])
        hint = f"There are: {names}." if known else f"Add it below {what}s: first; nothing is there yet."
    yield sheet.problem(path, f"there is no {what} called {shown(name)}.", hint)


def _publishes(sheet: Sheet, path: Path, kinds: Kinds) -> Iterator[Problem]:
    """Something can be published through a source of this kind, and it names the credential for it."""
    name = sheet.word(path)
    for source in sheet.below(("sources",)):
        kind = sheet.word((*source, "kind")) or ""
        if name is None or sheet.word((*source, "name")) != name or (key := _key_to_publish(kind, kinds)) is None:
            continue
        if not key:
            able = ", ".join(one for one in sorted(kinds) if _key_to_publish(one, kinds))
            said = f"nothing can be published through {shown(name)}: it is a source of the kind {kind}."
            yield sheet.problem(path, said, f"Kinds that can: {able}." if able else "No kind can here: write publish: false.")
        elif sheet.at((*source, key)) is None:
            said = f"the source {shown(name)} has no keys to publish with."
            yield sheet.problem(path, said, f"Write {key}: at that source, and the name of the credential that holds them.")


def _key_to_publish(kind: str, kinds: Kinds) -> str | None:
    """None where it cannot be said: there is no such kind, or its package is not installed, which is told where the kind is written."""
    try:
        return getattr(kinds[kind](), "publishes_with", "") if kind in kinds else None
    except ImportError:
        return None


def _routes(sheet: Sheet) -> Iterator[Problem]:
    """A route left out means desk, so desk must exist once there are routes at all. Without any, the console is told."""
    routes = sheet.keys(("routes",))
    silent = 0
    for item in (*sheet.below(("rules",)), *sheet.below(("promises",)), ("incidents",)):
        if sheet.at((*item, "route")) is None:
            silent += 1
        yield from _exists(sheet, (*item, "route"), "route", routes)
    ways = ("fallback",) if list(sheet.below(("fallback",))) else ()
    for route in sheet.below(("routes",)):
        for step in sheet.below((*route, "escalate")):
            yield from _exists(sheet, (*step, "to"), "route", (*routes, *ways))
    if routes and silent and "desk" not in routes:
        said = f"the route 'desk' is missing, and route is left out in {silent} place{'s' * (silent > 1)}, which means desk."
        yield sheet.problem(("routes",), said, "Add desk: below routes.", key=True)


def _too_long(sheet: Sheet, now: datetime) -> Iterator[Problem]:
    """A silence that outlives its reason hides the next failure: so it ends soon, or somebody renews it."""
    for item in sheet.below(("silences",)):
        path = (*item, "until")
        try:
            until = datetime.fromisoformat(sheet.word(path) or "")
            days = (until - now) / timedelta(days=1)
        except (ValueError, TypeError):
            continue  # told as what it is
        if days > LONGEST_SILENCE / timedelta(days=1):
            latest = (now + LONGEST_SILENCE).astimezone(until.tzinfo).replace(minute=0, second=0, microsecond=0)
            said = f"this silence lasts {days:.0f} days more, and 7 is the most: what fails meanwhile would be hidden."
            yield sheet.problem(path, said, f"Write {latest.isoformat(timespec='minutes')} or earlier, and renew it if need be.")


def _twice(sheet: Sheet, section: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for item in sheet.below((section,)):
        path = (*item, "name")
        name, node = sheet.word(path), sheet.at(path)
        if name is None or node is None:
            continue
        if name in first:
            many = "calendar entries" if section == "calendar" else section
            said = f"two {many} have this name: one on line {first[name]}, one on line {node.at.line}."
            yield sheet.problem(path, said, "Give each a name of its own.")
        first.setdefault(name, node.at.line)


def _source(sheet: Sheet, path: Path, kinds: Kinds) -> Iterator[Problem]:
    """The kind must be there, and the keys that belong to it must suit it."""
    written = sheet.at(path)
    if written is None or not isinstance(written.value, dict):
        return
    kind = sheet.word((*path, "kind"))
    if kind is None or kind not in kinds:
        yield from _exists(sheet, (*path, "kind"), "kind of source", kinds)
        return
    keys = {key: value for key, value in written.plain().items() if key not in Source.model_fields}
    try:
        options = kinds[kind]()
        options.model_validate(keys)
    except ImportError:
        hint = f"Ask whoever runs carebot to install it: pip install 'carebot[{kind}]'."
        yield sheet.problem((*path, "kind"), f"the kind {shown(kind)} needs a package that is not installed here.", hint)
    except ValidationError as error:
        yield from plain_words.problems(error, options, sheet, path, Source.model_fields)
