"""What each command does. `cli` reads the arguments and calls these; heavy modules are imported by the command that needs them."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from carebot.clock import paced
from carebot.errors import Unusable

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

    status: int = demo(rules_in(PACKAGED_RULES), fast=args.fast, language=args.lang, as_json=args.json, db=args.db)
    return status


def check(args: argparse.Namespace) -> int:
    from zoneinfo import ZoneInfo

    from carebot import clock
    from carebot.config.desk import owed
    from carebot.config.load import schema
    from carebot.decide.detecting.calendar import coming
    from carebot.examples import tried

    if args.schema:
        print(json.dumps(schema(), indent=2, ensure_ascii=False))
        return 0
    rulebook = rules_in(args.rules, clock.machine())
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
        today = clock.machine().astimezone(ZoneInfo(rulebook.file.brand.time_zone)).date()
        print(*owed(rulebook.terms, rulebook.file.holidays, today), sep="\n", end="\n" if rulebook.terms else "")
        for special in rulebook.file.calendar:
            print(f"calendar: {special.name} comes next on {', '.join(map(str, coming(special, today))) or 'no day of the next year'}")
    return 1 if wrong else 0


def explain(args: argparse.Namespace) -> int:
    from carebot.explain import ID

    return _explain_incident(args) if args.db or ID.fullmatch(args.what) else _explain_text(args)


def _explain_incident(args: argparse.Namespace) -> int:
    import msgspec

    from carebot.explain import explained, lines

    found = explained(args.db or Path("carebot.db"), args.what)
    print(msgspec.json.encode(found).decode() if args.json else "\n".join(lines(found, rules_in(args.rules))))
    return 0


def _explain_text(args: argparse.Namespace) -> int:
    import msgspec

    from carebot.examples import read
    from carebot.loop import reader_for
    from carebot.understand.moved import moved_by
    from carebot.understand.normalise import plain, tame
    from carebot.understand.redact import redact
    from carebot.understand.verdicts import HEADS

    rulebook = rules_in(args.rules)
    reader = reader_for(rulebook)
    with _models(_named(rulebook, None)) as models:
        found, verdicts = read([args.what], rulebook, models, reader)
    verdict = verdicts.row(0)
    rules = [signal.rule for signal in found]
    yes = [name for name in HEADS if getattr(verdict, name).label]
    words = plain(redact([tame(args.what)])[0])
    moved = {name: moved_by(reader, words, verdict.lang, name) for name in yes}
    if args.json:
        print(msgspec.json.encode({"rules": rules, "moved": moved, **msgspec.structs.asdict(verdict)}).decode())
        return 0
    print(f"language   {verdict.lang}")
    print(f"sentiment  {verdict.sentiment.label}")
    for name in yes:
        print(f"means      {name} {getattr(verdict, name).p:.2f}: {', '.join(moved[name]) or '-'}")
    if not yes:
        print("means      nothing that matters")
    print(f"about      {verdict.service.label} / {verdict.symptom.label}")
    print(f"because    {', '.join(verdict.why) or '-'}")
    print(f"rules      {', '.join(rules) or 'none'}")
    return 0


def replay(args: argparse.Namespace) -> int:
    from carebot.config.schema import Classifier
    from carebot.effects.database.store import Store
    from carebot.effects.secrets import author_key
    from carebot.loop import Loop
    from carebot.replay import Counted, lines, play, slots
    from carebot.wire import alert_line, events

    rulebook = rules_in(args.rules)
    store = Store(args.db)
    loop = Loop(store, rulebook, secret=author_key(args.db), destinations=lambda alert: ("stdout",))
    counted = Counted(lambda one: print(f"carebot: {one.item} {one.reason}", file=sys.stderr))
    with _opened(args.input) as stream, _models(Classifier(tier="full") if args.tier == "full" else None) as loop.models:
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

    rulebook = rules_in(args.rules) if args.rules else None
    reader = reader_for(rulebook) if rulebook else Reader()

    def say(found: bytes) -> None:
        sys.stdout.buffer.write(found)
        sys.stdout.buffer.flush()

    try:
        with _models(_named(rulebook, args.tier)) as models:
            _, refused = classify(
                sys.stdin.buffer, reader, say, lambda one: print(f"carebot: {one.item} {one.reason}", file=sys.stderr), models
            )
    except (BrokenPipeError, KeyboardInterrupt) as gone:
        sys.stderr.flush()
        # The thread that reads still holds standard input, and Python aborts where it finds it held at its end.
        os._exit(0 if isinstance(gone, BrokenPipeError) else 130)
    return 3 if refused else 0


def train(args: argparse.Namespace) -> int:
    from carebot.training.command import asked

    return asked(args)


def status(args: argparse.Namespace) -> int:
    from carebot.status import lines, status

    found = status(args.db)
    print(json.dumps(found, ensure_ascii=False) if args.json else "\n".join(lines(found)))
    return 0


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


# ── helpers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def rules_in(path: Path, now: datetime | None = None) -> Any:
    """The rules in this file, as they would come into force `now`. Raises Unusable with every problem."""
    from carebot.effects.rules_file import RulesOnDisk
    from carebot.service import kinds

    return RulesOnDisk(path, kinds()).at_start(None, now)


def _named(rulebook: Any, tier: str | None) -> Any:
    """The `classifier` part of these rules, with this tier instead of theirs if one is given; None where nobody but the fast tier reads."""
    from carebot.config.schema import Classifier

    asked = rulebook.file.classifier if rulebook else None
    if tier is None:
        return asked
    if tier == "full":
        return asked.model_copy(update={"tier": tier}) if asked else Classifier(tier="full")
    return asked.model_copy(update={"tier": tier}) if asked and asked.model else None


@contextmanager
def _models(classifier: Any) -> Iterator[Any]:
    """The models these settings name, waited for; None where they are None. What was not read by them keeps the fast tier's reading."""
    if classifier is None:
        yield None
        return
    from carebot.effects.reading.models import Models

    def aside(report: Any) -> None:
        print(f"carebot: {report.headline.en}. {report.detail.en}", file=sys.stderr)

    models = Models(classifier, aside=aside)
    try:
        yield models
    finally:
        models.close()


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
            if not delivery.quiet:
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
