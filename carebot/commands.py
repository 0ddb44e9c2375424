"""What each command does. `cli` reads the arguments and calls these; heavy modules are imported by the command that needs them."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from carebot.clock import paced
from carebot.errors import Unusable
from carebot.model import Event, Refusal

if TYPE_CHECKING:
    from carebot.loop import Took

PACKAGED_RULES = Path(__file__).parent / "demo" / "rules.yaml"


def run(args: argparse.Namespace) -> int:
    import asyncio

    from carebot import clock, service

    return asyncio.run(
        service.run(
            rules=args.rules, db=args.db, clock=clock.machine, host=args.host, port=args.port, slack_url=args.slack_url, plain=args.json
        )
    )


def demo(args: argparse.Namespace) -> int:
    from carebot.demo.play import demo

    status: int = demo(rules_in(PACKAGED_RULES), fast=args.fast, language=args.lang, as_json=args.json)
    return status


def check(args: argparse.Namespace) -> int:
    from carebot.config.load import schema
    from carebot.examples import tried

    if args.schema:
        print(json.dumps(schema(), indent=2, ensure_ascii=False))
        return 0
    rulebook = rules_in(args.rules)
    results = tried(rulebook)
    wrong = [result for result in results if not result.ok]
    if args.json:
        problems = [{"rule": one.rule, "text": one.text, "problem": str(one)} for one in wrong]
        print(json.dumps({"rules": rulebook.fingerprint, "examples": len(results), "wrong": problems}, ensure_ascii=False))
    else:
        for one in wrong:
            print(one)
        rules = len(rulebook.file.rules)
        print(f"{args.rules}: {rules} rules, {len(results)} examples, {len(wrong)} wrong; version {rulebook.fingerprint}")
    return 1 if wrong else 0


def explain(args: argparse.Namespace) -> int:
    import msgspec

    from carebot.examples import read
    from carebot.understand.normalise import tame
    from carebot.understand.redact import redact
    from carebot.understand.verdicts import HEADS

    rulebook = rules_in(args.rules)
    found, verdicts = read([args.text], rulebook)
    with _own_model(rulebook) as model:
        verdicts = model.read(verdicts, redact([tame(args.text)])) if model else verdicts
    verdict = verdicts.row(0)
    rules = [signal.rule for signal in found]
    if args.json:
        print(msgspec.json.encode({"rules": rules, **msgspec.structs.asdict(verdict)}).decode())
        return 0
    yes = [name for name in HEADS if getattr(verdict, name).label]
    print(f"language   {verdict.lang}")
    print(f"sentiment  {verdict.sentiment.label}")
    print(f"means      {', '.join(yes) or 'nothing that matters'}")
    print(f"about      {verdict.service.label} / {verdict.symptom.label}")
    print(f"because    {', '.join(verdict.why) or '-'}")
    print(f"rules      {', '.join(rules) or 'none'}")
    return 0


def replay(args: argparse.Namespace) -> int:
    from carebot.effects.secrets import author_key
    from carebot.effects.store import Store
    from carebot.loop import Loop
    from carebot.replay import lines, play, slots
    from carebot.wire import alert_line, events

    rulebook = rules_in(args.rules)
    store = Store(args.db)
    loop = Loop(store, rulebook, secret=author_key(args.db), destinations=lambda alert: ("stdout",))
    counted = _Counted()
    with _opened(args.input) as stream:
        began = time.perf_counter()
        items = counted.through(events(lines(stream), source="replay", seen_at=None))
        say = _json_alert(alert_line) if args.json else _plain_alert(rulebook.file.brand.staff_language)
        _deliver(store, say)  # what a killed run had decided but not said
        for _, took in play(loop, slots(items), until=args.until, wait=paced(args.pace) if args.pace else None):
            counted.took(took)
            if took.outcome.alerts:
                _deliver(store, say)
    seconds = time.perf_counter() - began
    tables = {name: store.db.conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("incidents", "cases")}  # noqa: S608
    store.close()
    per_second = counted.new / max(seconds, 1e-9)
    print(
        f"lines {counted.lines}, messages {counted.new}, refused {counted.refused}, incidents {tables['incidents']}, "
        f"cases {tables['cases']}, {seconds:.1f} s, {per_second:,.0f} messages/s",
        file=sys.stderr,
    )
    return 3 if counted.refused else 0


def classify(args: argparse.Namespace) -> int:
    from carebot.classify import classify
    from carebot.loop import reader_for
    from carebot.understand.embedded import Reader

    if args.tier == "full":
        print("carebot: the full tier is not built yet; the fast one answers.", file=sys.stderr)
    rulebook = rules_in(args.rules) if args.rules else None
    reader = reader_for(rulebook) if rulebook else Reader()

    def say(found: bytes) -> None:
        sys.stdout.buffer.write(found)
        sys.stdout.buffer.flush()

    try:
        with _own_model(rulebook) as model:
            _, refused = classify(
                sys.stdin.buffer, reader, say, lambda one: print(f"carebot: {one.item} {one.reason}", file=sys.stderr), model
            )
    except (BrokenPipeError, KeyboardInterrupt) as gone:
        sys.stderr.flush()
        # The thread that reads still holds standard input, and Python aborts where it finds it held at its end.
        os._exit(0 if isinstance(gone, BrokenPipeError) else 130)
    return 3 if refused else 0


def status(args: argparse.Namespace) -> int:
    from carebot.status import lines, status

    found = status(args.db)
    print(json.dumps(found, ensure_ascii=False) if args.json else "\n".join(lines(found)))
    return 0


def doctor(args: argparse.Namespace) -> int:
    from carebot.doctor import checks

    found = checks(args.rules, args.db, rules_in)
    if args.json:
        print(json.dumps([{"what": c.what, "ok": c.ok, "detail": c.detail} for c in found], ensure_ascii=False))
    else:
        for one in found:
            print(f"{'ok  ' if one.ok else 'FIX '} {one.what}: {one.detail}")
    return 0 if all(one.ok for one in found) else 1


def init(args: argparse.Namespace) -> int:
    try:
        with args.rules.open("x", encoding="utf-8") as file:
            file.write(PACKAGED_RULES.read_text(encoding="utf-8"))
    except FileExistsError:
        raise Unusable(f"{args.rules} is there already; nothing was changed.") from None
    inbox = args.rules.with_name("inbox.jsonl")  # what the shipped rules listen to
    inbox.touch()
    print(f"{args.rules} and {inbox} written. Put your brand's name and accounts in it, then: carebot check {args.rules}")
    return 0


def connectors(args: argparse.Namespace) -> int:
    from connectors.base import found

    kinds = {kind: load() for kind, load in found().items()}
    if args.json:
        print(json.dumps({kind: module.Options.model_json_schema() for kind, module in kinds.items()}, ensure_ascii=False))
        return 0
    for kind, module in kinds.items():
        print(f"{kind}: {(module.__doc__ or '').strip().splitlines()[0]}")
        for name, field in module.Options.model_fields.items():
            print(f"    {name}{'' if field.is_required() else f' = {field.default}'}: {field.description}")
    return 0


# ── helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def rules_in(path: Path) -> Any:
    """The rules in this file. Raises Unusable with every problem."""
    from carebot.clock import machine
    from carebot.effects.rules_file import RulesOnDisk
    from carebot.service import kinds

    return RulesOnDisk(path, kinds()).at_start(None, machine())


@contextmanager
def _own_model(rulebook: Any) -> Iterator[Any]:
    """The model that the rules name, waited for; None where they name none. What it did not read keeps carebot's own reading."""
    if rulebook is None or rulebook.file.classifier is None:
        yield None
        return
    from carebot.effects.model_worker import Worker

    model = Worker(rulebook.file.classifier, patient=True)
    try:
        yield model
    finally:
        model.close()


class _Counted:
    """Lines in, messages taken, and what was refused: each refusal is one line on standard error."""

    def __init__(self) -> None:
        self.lines = self.new = self.refused = 0

    def through(self, items: Iterable[Event | Refusal]) -> Iterator[Event | Refusal]:
        """Lines that cannot be read are told as they are read, also by a replay that goes on after them."""
        for item in items:
            self.lines += 1
            if isinstance(item, Refusal):
                self._tell(item)
            yield item

    def took(self, took: Took) -> None:
        self.new += took.new
        for refusal in took.refused:
            if not refusal.item.startswith("line "):
                self._tell(refusal)

    def _tell(self, refusal: Refusal) -> None:
        self.refused += 1
        print(f"carebot: {refusal.item} {refusal.reason}", file=sys.stderr)


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return open(name, "rb")
    except OSError as error:
        raise Unusable(f"{name} cannot be read: {error.strerror}.") from error


def _deliver(store: Any, say: Callable[[Any], None]) -> None:
    """Prints what waits in the outbox, oldest first, and notes it as sent."""
    from msgspec.structs import replace

    while waiting := store.waiting_deliveries():
        for delivery in waiting:
            say(delivery.alert)
            store.record(replace(delivery, state="sent"))
    sys.stdout.flush()


def _json_alert(alert_line: Callable[[Any], bytes]) -> Callable[[Any], None]:
    return lambda alert: (sys.stdout.buffer.write(alert_line(alert)), None)[1]


def _plain_alert(language: str) -> Callable[[Any], None]:
    def say(alert: Any) -> None:
        detail = f"\n    {getattr(alert.detail, language)}" if alert.detail else ""
        level = f" [{alert.severity}]" if alert.severity else ""
        print(f"{alert.at:%Y-%m-%d %H:%M:%S}Z {alert.reason}{level} {getattr(alert.headline, language)}{detail}")

    return say
