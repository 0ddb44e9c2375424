"""What `carebot run` puts together: rules, database, destinations, and the daemon over them."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from carebot.config.schema import Classifier, Rulebook
from carebot.daemon import Daemon
from carebot.decide.public import shown
from carebot.decide.telling import delivery
from carebot.decide.telling.routing import FALLBACK
from carebot.decide.telling.sentences import service_name
from carebot.effects import secrets
from carebot.effects.clicks.forms import Form
from carebot.effects.clicks.reception import Reception
from carebot.effects.clicks.statement_form import form
from carebot.effects.database.store import Store
from carebot.effects.rules_file import Kinds, RulesOnDisk
from carebot.effects.telling import last_words
from carebot.effects.telling.destinations import Console, Destination
from carebot.effects.telling.fallback import Way
from carebot.effects.telling.jsonlines import JsonLines
from carebot.loop import Loop
from carebot.model import Alert, Click, Text
from connectors.base import found

if TYPE_CHECKING:
    from carebot.effects.reading.models import Models


def kinds() -> Kinds:
    """The kinds of source there are, each with the function that gives its options."""
    return {kind: lambda load=load: load().Options for kind, load in found().items()}  # type: ignore[misc]


async def run(*, rules: Path, db: Path, clock: Callable[[], datetime], host: str, port: int, slack_url: str, plain: bool) -> int:
    """Runs until told to stop. Raises Unusable or Held when it cannot start."""
    try:
        return await _run(rules, db, clock, host, port, slack_url, plain)
    except sqlite3.Error as error:
        rulebook = RulesOnDisk(rules, kinds()).at_start(None, clock())
        ways = {delivery.TERMINAL: terminal(lambda: rulebook, plain), **fallbacks(rulebook)}
        await last_words.say(error, db, rulebook, ways, clock())
        raise


async def _run(rules: Path, db: Path, clock: Callable[[], datetime], host: str, port: int, slack_url: str, plain: bool) -> int:
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
        fallback = terminal(lambda: loop.rulebook, plain)
        daemon = Daemon(
            loop,
            on_disk,
            lambda book: destinations(book, loop, fallback, slack_url),
            fallback,
            clock,
            host=host,
            port=port,
            slack_url=slack_url,
            clicks=lambda daemon: reception(daemon, slack_url, db),
        )
        try:
            await daemon.run(say_ready=lambda text: print(f"carebot: {text}", file=sys.stderr, flush=True))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
                raise
            # Not status 2, after which nobody starts it again: whoever has the port now may be gone in a minute.
            why = os.strerror(error.errno)
            raise SystemExit(f"carebot: nothing can be served on {host}:{port}: {why}. Stop what has it, or give another --port.") from None
        finally:
            loop.close()
    finally:
        store.close()
    return 0


def reception(daemon: Daemon, slack_url: str, db: Path) -> Reception:
    """Where what people press in Slack is received."""
    return Reception(
        base_url=slack_url,
        accept=daemon.accept,
        in_loop=daemon.in_loop,
        conn=daemon.loop.store.db.conn,
        rulebook=lambda: daemon.loop.rulebook,
        kinds=kinds(),
        clock=daemon.clock,
        db=db,
        more_forms=lambda rules: {"propose": lambda click: daemon.in_loop(statement_form, daemon.loop, click, rules(), daemon.clock())},
    )


def statement_form(loop: Loop, click: Click, rulebook: Rulebook, now: datetime) -> Form | None:
    """The form for the words of the press's incident; None where there is nothing to say, which the press itself is answered with."""
    incident = loop.state.incidents.get(click.incident)
    one = incident and (shown.under_way(loop.state, incident) or shown.draft(loop.state, incident, rulebook, now))
    return form(one, rulebook, rulebook.file.brand.staff_language) if one else None


def models_for(classifier: Classifier) -> Models:
    """The processes of the models that the rules name."""
    from carebot.effects.reading.models import Models

    return Models(classifier)


def routes(alert: Alert, rulebook: Rulebook) -> tuple[str, ...]:
    """Where an alert goes: to the routes it was decided for (`decide.telling.routing`). The one called fallback is all its ways."""
    asked = (alert.to or rulebook.file.incidents.route, *alert.also_to)
    ways = tuple(delivery.WAY + name for name in rulebook.file.fallback)
    return tuple(dict.fromkeys(name for one in asked for name in (ways if one == FALLBACK and ways else (one,))))


def terminal(rulebook: Callable[[], Rulebook], plain: bool) -> Destination:
    """The destination that is always there."""
    from rich.console import Console as Rich

    if plain:
        return JsonLines(sys.stdout.buffer)
    brand = rulebook().file.brand
    return Console(Rich(file=sys.stdout), language=brand.staff_language, zone=ZoneInfo(brand.time_zone), service_names=names(rulebook))


def names(rulebook: Callable[[], Rulebook]) -> Callable[[str], Text | None]:
    """What staff call a service, by the rules in force; None of one that is not in them."""
    return lambda service: service_name(rulebook(), service, "") if service in rulebook().file.services else None


def fallbacks(rulebook: Rulebook) -> dict[str, Destination]:
    """The ways of the fallback that reach people, by the names of their credentials."""
    language = rulebook.file.brand.staff_language
    return {delivery.WAY + name: Way(name, secrets.secret, language=language) for name in rulebook.file.fallback}


def destinations(rulebook: Rulebook, loop: Loop, fallback: Destination, slack_url: str) -> dict[str, Destination]:
    """A destination for every route: its Slack channel where a token is set, else the terminal; and the ways of the fallback."""
    token = secrets.secret(secrets.SLACK) if secrets.has(secrets.SLACK) else ""
    made: dict[str, Destination] = {rulebook.file.incidents.route: fallback, **fallbacks(rulebook)}
    brand = rulebook.file.brand
    for name, route in rulebook.file.routes.items():
        made[name] = fallback
        if token and route.slack:
            from carebot.effects.telling.slack import Slack

            made[name] = Slack(
                token,
                route.slack,
                language=brand.staff_language,
                zone=ZoneInfo(brand.time_zone),
                service_names=names(lambda: loop.rulebook),
                base_url=slack_url,
                mention=route.mention,
            )
    return made
