"""The commands about Slack and the audit: one example card; whether what was pressed and said in public is as it was written."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import timedelta
from typing import Any

from carebot.commands import rules_in
from carebot.errors import Trouble, Unusable


def slack(args: argparse.Namespace) -> int:
    """One card to a route's channel; where it is now."""
    from zoneinfo import ZoneInfo

    from carebot.clock import machine
    from carebot.effects import secrets
    from carebot.effects.telling.slack import Slack
    from carebot.model import Delivery

    rulebook = rules_in(args.rules)
    route = rulebook.file.routes.get(args.route)
    if route is None or not route.slack:
        named = ", ".join(name for name, one in rulebook.file.routes.items() if one.slack) or "none"
        raise Unusable(f"{args.rules} has no route {args.route!r} with a Slack channel. Those with one: {named}.")
    brand, now = rulebook.file.brand, machine()
    try:
        destination = Slack(
            secrets.secret(secrets.SLACK),
            route.slack,
            language=brand.staff_language,
            zone=ZoneInfo(brand.time_zone),
            base_url=args.slack_url,
        )
        alert = example(brand.name, now)
        where = asyncio.run(destination.send(Delivery(id=f"{alert.alert}@{args.route}", alert=alert, destination=args.route), ""))
    except Trouble as trouble:
        raise Unusable(f"{trouble}") from None
    channel, _, ts = where.partition("/")
    said = {"route": args.route, "slack": route.slack, "channel": channel, "ts": ts}
    print(
        json.dumps(said) if args.json else f"an example card is in {route.slack} ({where}). Its buttons answer that there is no incident."
    )
    return 0


def example(brand: str, now: Any) -> Any:
    """A card as it would be, of an incident that is not."""
    from carebot.model import Alert, Quote, Text

    onset = now - timedelta(minutes=12)
    said = ("Llevo media hora sin poder entrar en la app, ¿os pasa a más?", "Is the app down? It says error 500", "Otra vez la app caída")
    return Alert(
        alert=f"example-{now:%Y%m%d%H%M%S%f}",
        at=now,
        reason="confirmed",
        severity=3,
        incident="example",
        brand=brand,
        service="app",
        phase="confirmed",
        onset_at=onset,
        headline=Text("EJEMPLO, no es real: fallo confirmado, la app", "EXAMPLE, not real: confirmed failure, the app"),
        detail=Text(
            "23 quejas de 19 personas en 12 min (lo normal: ninguna); X, App Store.",
            "23 complaints from 19 people in 12 min (usually none); X, App Store.",
        ),
        say=Text("Es un ejemplo: aquí irá la frase para los clientes.", "An example: here is the sentence to tell customers."),
        facts={"count": 23, "authors": 19, "sources": ["x", "app_store"], "usual": 0.4, "window_min": 12},
        quotes=tuple(Quote(f"example:{n}", text, f"cliente{n}", "x", onset + timedelta(minutes=4 * n)) for n, text in enumerate(said)),
    )


def audit(args: argparse.Namespace) -> int:
    """0: as it was written; 1: it is not."""
    import sqlite3

    import msgspec

    from carebot.effects.database.audit import verify
    from carebot.effects.secrets import author_key

    if not args.db.is_file():
        raise Unusable(f"there is no database at {args.db}. Name it: --db /var/lib/carebot/carebot.db.")
    if not args.db.with_name(args.db.name + ".key").is_file():
        raise Unusable(f"the key {args.db}.key is not there: without it nobody can tell. Put it back from the copy you keep of it.")
    conn = sqlite3.connect(f"{args.db.resolve().as_uri()}?mode=ro", uri=True)
    try:
        found = verify(conn, author_key(args.db), args.head)
    except sqlite3.Error as error:
        raise Unusable(f"{args.db} has no audit that can be read ({error}).") from None
    finally:
        conn.close()
    if args.json:
        print(json.dumps({"ok": not found.problems, **msgspec.to_builtins(found)}, ensure_ascii=False))
    else:
        for problem in found.problems:
            print(f"FIX  {problem}")
        erased = f", {found.erased} without their words" if found.erased else ""
        of = f" ({found.rows - found.posts} presses, {found.posts} of what was said in public)"
        print(f"{'wrong' if found.problems else 'ok'}: {found.rows} rows{of}{erased}; head {found.head}")
    return 1 if found.problems else 0
