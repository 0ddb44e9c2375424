"""The commands about sources: what kinds there are, whether ours can be heard, what they cost, what they remember."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import timedelta
from typing import Any

import msgspec

from carebot.commands import rules_in
from carebot.errors import Unusable


def connectors(args: argparse.Namespace) -> int:
    from connectors.base import found

    kinds = {kind: load() for kind, load in found().items()}
    if args.json:
        print(json.dumps({kind: module.Options.model_json_schema() for kind, module in kinds.items()}, ensure_ascii=False))
        return 0
    for kind, module in kinds.items():
        print(f"{kind}: {(module.__doc__ or '').strip().splitlines()[0]}")
        for name, field in module.Options.model_fields.items():
            print(f"    {name}{'' if field.is_required() else f' = {_written(field.get_default())}'}: {field.description}")
    return 0


def _written(default: Any) -> str:
    """A default as a person writes it in rules.yaml."""
    match default:
        case None | () | {} | "":
            return "nothing"
        case bool():
            return str(default).lower()
        case timedelta():
            seconds = int(default.total_seconds())
            size, unit = next(((n, u) for n, u in ((86_400, "d"), (3600, "h"), (60, "m")) if seconds % n == 0), (1, "s"))
            return f"{seconds // size}{unit}"
        case tuple() | list():
            return f"[{', '.join(map(str, default))}]"
    return str(default)


def doctor(args: argparse.Namespace) -> int:
    from carebot.clock import machine
    from carebot.doctor import checks

    found = asyncio.run(checks(args.rules, args.db, rules_in, machine, ask=not args.offline, beat=args.beat, slack_url=args.slack_url))
    if args.json:
        print(json.dumps([{"what": c.what, "ok": c.ok, "detail": c.detail} for c in found], ensure_ascii=False))
    else:
        for one in found:
            print(f"{'ok  ' if one.ok else 'FIX '} {one.what}: {one.detail}")
    return 0 if all(one.ok for one in found) else 1


def cost(args: argparse.Namespace) -> int:
    from carebot.costs import costs, heard_a_day, lines

    said = costs(rules_in(args.rules), {} if args.posts_a_day else heard_a_day(args.db), args.posts_a_day or 2000.0)
    print(msgspec.json.encode(said).decode() if args.json else "\n".join(lines(said)))
    return 0


def backfill(args: argparse.Namespace) -> int:
    from carebot import backfill
    from carebot.clock import machine
    from carebot.effects.database.store import Store
    from carebot.effects.network.http import Client
    from carebot.effects.secrets import author_key, secret
    from carebot.loop import Loop
    from connectors.base import World

    rulebook = rules_in(args.rules)
    if args.source and args.source not in {source.name for source in rulebook.file.sources}:
        raise Unusable(f"{args.rules} has no source called {args.source}.")
    store = Store(args.db)
    try:
        loop = Loop(store, rulebook, secret=author_key(args.db), destinations=lambda alert: ())

        async def past() -> Any:
            async with Client() as http:
                world = World(http=http, secret=secret, clock=machine)
                return await backfill.read(
                    rulebook, world, machine() - args.days, only=args.source, say=lambda text: print(f"carebot: {text}", file=sys.stderr)
                )

        told, heard = asyncio.run(past())
        new = backfill.learn(loop, heard, machine())
    finally:
        store.close()
    if args.json:
        print(msgspec.json.encode({"sources": told, "new": new}).decode())
    else:
        print("\n".join(backfill.lines(told, new)))
    return 1 if any(one.note and not one.messages and not one.counts for one in told) and not heard else 0
