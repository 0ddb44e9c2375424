"""What `carebot run` puts together: rules, database, destinations, and the daemon over them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from carebot.config.schema import Classifier, Rulebook
from carebot.daemon import Daemon
from carebot.decide.alerts import service_name
from carebot.effects import secrets
from carebot.effects.destinations import Console, Destination
from carebot.effects.jsonlines import JsonLines
from carebot.effects.rules_file import Kinds, RulesOnDisk
from carebot.effects.store import Store
from carebot.loop import Loop
from carebot.model import Alert, Text
from connectors.base import found, options_of

if TYPE_CHECKING:
    from carebot.effects.models import Models


def kinds() -> Kinds:
    """The kinds of source there are, each with the function that gives its options."""
    return {kind: lambda kind=kind: options_of(kind) for kind in found()}  # type: ignore[misc]


async def run(*, rules: Path, db: Path, clock: Callable[[], datetime], host: str, port: int, slack_url: str, plain: bool) -> int:
    """Runs until told to stop. Raises Unusable or Held when it cannot start."""
    on_disk = RulesOnDisk(rules, kinds())
    store = Store(db)
    try:
        rulebook = on_disk.at_start(store, clock())
        loop = Loop(
            store,
            rulebook,
            secret=secrets.author_key(db),
            destinations=lambda alert: routes(alert, loop.rulebook),
            models_for=models_for,
        )
        fallback = terminal(loop, plain)
        daemon = Daemon(loop, on_disk, lambda book: destinations(book, loop, fallback, slack_url), fallback, clock, host=host, port=port)
        try:
            await daemon.run(say_ready=lambda text: print(f"carebot: {text}", file=sys.stderr, flush=True))
        finally:
            loop.close()
    finally:
        store.close()
    return 0


def models_for(classifier: Classifier) -> Models:
    """The processes of the models that the rules name."""
    from carebot.effects.models import Models

    return Models(classifier)


def routes(alert: Alert, rulebook: Rulebook) -> tuple[str, ...]:
    """The routes an alert goes to: its own, and for an incident those that ask for its service."""
    named = rulebook.file.routes
    asked = [name for name, route in named.items() if alert.incident and not alert.case and alert.service in route.services]
    return tuple(dict.fromkeys([alert.to or rulebook.file.incidents.route, *asked]))


def terminal(loop: Loop, plain: bool) -> Destination:
    """The destination that is always there."""
    from rich.console import Console as Rich

    if plain:
        return JsonLines(sys.stdout.buffer)
    brand = loop.rulebook.file.brand
    return Console(Rich(file=sys.stdout), language=brand.staff_language, zone=ZoneInfo(brand.time_zone), service_names=names(loop))


def names(loop: Loop) -> Callable[[str], Text | None]:
    """What staff call a service, by the rules in force."""
    return lambda service: service_name(loop.rulebook, service, loop.rulebook.file.brand.name)


def destinations(rulebook: Rulebook, loop: Loop, fallback: Destination, slack_url: str) -> dict[str, Destination]:
    """A destination for every route: its Slack channel where a token is set, else the terminal."""
    token = secrets.secret(secrets.SLACK) if secrets.has(secrets.SLACK) else ""
    made: dict[str, Destination] = {rulebook.file.incidents.route: fallback}
    brand = rulebook.file.brand
    for name, route in rulebook.file.routes.items():
        made[name] = fallback
        if token and route.slack:
            from carebot.effects.slack import Slack

            zone = ZoneInfo(brand.time_zone)
            made[name] = Slack(token, route.slack, language=brand.staff_language, zone=zone, service_names=names(loop), base_url=slack_url)
    return made
