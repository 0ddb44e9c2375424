"""The commands. Each has `--help` with an example, and a form for machines (`--json` or JSON Lines).

Exit status: 0 done; 1 done, and something is wrong (`check`, `doctor`); 2 nothing could be run; 3 done, some lines were refused;
73 another carebot holds the database.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import carebot
from carebot import commands, report_commands, slack_commands, source_commands
from carebot.effects.harmless import clean
from carebot.errors import Held, Unusable

SLACK = "https://slack.com/api/"


class OneLine(logging.Formatter):
    """A record is one line of visible characters, whatever somebody else's server answered: nobody writes a line of ours."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        return clean(super().formatMessage(record)).replace("\n", " ⏎ ")


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    journal = logging.StreamHandler(sys.stderr)
    journal.setFormatter(OneLine("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.DEBUG if args.verbose else logging.INFO, handlers=[journal], force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    try:
        status: int = args.does(args)
    except Held as error:
        print(f"carebot: {error}", file=sys.stderr)
        return 73
    except Unusable as error:
        print(f"carebot: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone; so do we
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return status


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone; write 2026-03-12T13:00:00Z")
    return at.astimezone(UTC)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text[:6]) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535")
    return int(text)


def _days(text: str) -> timedelta:
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 400")
    return timedelta(days=int(text))


def _tier(added: argparse.ArgumentParser, default: str | None, told: str) -> None:
    help_ = f"full: a small transformer reads every text again (default: {told})"
    added.add_argument("--tier", choices=("fast", "full"), default=default, help=help_)


def _learning(train: argparse.ArgumentParser) -> None:
    train.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="the labelled messages; what is not there is left out")
    train.add_argument("--desk", type=Path, metavar="DB", help="a database with the desk's clicks to learn from, too")
    train.add_argument("--tier", choices=("fast", "full"), default="fast", help="full: a new full tier first; needs carebot[train]")
    train.add_argument("--opinions", type=Path, metavar="FILE", help="what the full tier thinks of each message; made if it is not there")
    train.add_argument("--permissive", action="store_true", help="only sets that anybody may train on")
    train.add_argument("--out", type=Path, metavar="FILE", help="the weights (default: those of this installation)")
    train.add_argument("--card", type=Path, metavar="FILE", help="where to write the figures (default: standard output)")
    train.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed gives the same weights (default: 1)")
    train.add_argument("--each", type=int, default=40, metavar="N", help="sentences tried for each of our patterns (default: 40)")
    train.add_argument("--epochs", type=int, default=6, metavar="N", help="how often every example is seen (default: 6)")


def _parser() -> argparse.ArgumentParser:  # noqa: PLR0915  each line is a word people can type
    parser = argparse.ArgumentParser(prog="carebot", description=carebot.__doc__)
    parser.add_argument("--version", action="version", version=f"carebot {carebot.__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log more (level DEBUG)")
    known = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Callable[[argparse.Namespace], int], help_: str, example: str) -> argparse.ArgumentParser:
        added = known.add_parser(
            name, help=help_, description=help_, epilog=f"example: {example}", formatter_class=argparse.RawTextHelpFormatter
        )
        added.set_defaults(does=does)
        return added

    def rules(added: argparse.ArgumentParser, default: str | None = "rules.yaml") -> None:
        added.add_argument("--rules", type=Path, default=Path(default) if default else None, help=f"the rules file (default: {default})")

    def machine(added: argparse.ArgumentParser) -> None:
        added.add_argument("--json", action="store_true", help="output for machines")

    run = command("run", commands.run, "Listen, decide and tell, until stopped.", "carebot run --rules rules.yaml --db carebot.db")
    rules(run)
    run.add_argument("--db", type=Path, default=Path("carebot.db"), help="the database; made if it is not there")
    run.add_argument("--host", default="127.0.0.1", help="where webhooks, health and metrics are served")
    run.add_argument("--port", type=_port, default=8480, metavar="N", help="and on which port (default: 8480; 0: a free one)")
    run.add_argument("--slack-url", default=SLACK, help="another Slack, for tests")
    run.add_argument("--json", action="store_true", help="without a Slack token: alerts as JSON lines instead of cards")

    demo = command("demo", commands.demo, "Play a recorded day of a fictional bank; needs no credentials.", "carebot demo --fast")
    demo.add_argument("--fast", action="store_true", help="at once instead of in about a minute")
    demo.add_argument("--db", type=Path, help="keep the day there, to explain its incidents; must not be there yet")
    demo.add_argument("--lang", choices=("es", "en"), help="language of the cards (default: the rules file's)")
    machine(demo)

    check = command("check", commands.check, "Check a rules file and try its examples.", "carebot check rules.yaml")
    check.add_argument("rules", type=Path, nargs="?", default=Path("rules.yaml"))
    check.add_argument("--schema", action="store_true", help="print the JSON Schema for editors")
    machine(check)

    explain = command(
        "explain",
        commands.explain,
        "Say what carebot makes of a text, or what it decided about an incident, and why.",
        'carebot explain "no me deja entrar en la app"',
    )
    explain.add_argument("what", metavar="TEXT|INCIDENT")
    explain.add_argument("--db", type=Path, help="the database that knows the incident (default for an incident's name: carebot.db)")
    rules(explain)
    machine(explain)

    replay = command(
        "replay",
        commands.replay,
        "Run a recording through the loop and print its alerts.",
        "carebot replay --rules rules.yaml --input day.jsonl --json",
    )
    rules(replay)
    replay.add_argument("--input", required=True, help="a file of JSON lines, or - for standard input")
    replay.add_argument("--until", type=_moment, help="stop at this moment")
    replay.add_argument("--db", type=Path, help="keep the result; a killed replay goes on from here")
    replay.add_argument("--pace", type=float, metavar="N", help="N times as fast as it happened (default: at once)")
    _tier(replay, "fast", "fast")
    machine(replay)

    classify = command(
        "classify", commands.classify, "Verdicts for JSON lines on standard input.", "carebot classify < in.jsonl > out.jsonl"
    )
    rules(classify, None)
    _tier(classify, None, "the rules'; without rules fast")

    train = command(
        "train",
        commands.train,
        "Learn again how to read, from labelled messages and the desk's clicks.",
        "carebot train --data labelled --desk carebot.db --card card.md",
    )
    _learning(train)
    machine(train)

    status = command("status", commands.status, "How the service is doing.", "carebot status --db /var/lib/carebot/carebot.db")
    status.add_argument("--db", type=Path, default=Path("carebot.db"))
    machine(status)

    report = command(
        "report", report_commands.report, "A week of the desk in figures, for its lead.", "carebot report --week 2026-W11 --db demo.db"
    )
    report.add_argument("--week", type=report_commands.week_of, metavar="WEEK", help="as 2026-W46 (default: the last whole week)")
    report.add_argument("--from", dest="first", type=report_commands.day_of, metavar="DAY", help="other days: the first of them")
    report.add_argument("--to", dest="last", type=report_commands.day_of, metavar="DAY", help="and the last")
    report.add_argument("--db", type=Path, default=Path("carebot.db"))
    rules(report)
    report.add_argument("--lang", choices=("es", "en"), help="language (default: the rules file's)")
    report.add_argument("--html", type=Path, metavar="FILE", help="write it as one page, which asks nobody for anything")
    machine(report)

    case = command("case", report_commands.case, "One customer's matter, whole and in order.", "carebot case @iratxe_goni --db demo.db")
    case.add_argument("what", metavar="CASE|@HANDLE|MESSAGE", help="the case, its customer's handle, or a message in it")
    case.add_argument("--db", type=Path, default=Path("carebot.db"))
    rules(case)
    case.add_argument("--lang", choices=("es", "en"), help="language (default: the rules file's)")
    machine(case)

    doctor = command("doctor", source_commands.doctor, "Check everything a run needs, before it runs.", "carebot doctor --rules rules.yaml")
    rules(doctor)
    doctor.add_argument("--db", type=Path, default=Path("carebot.db"))
    doctor.add_argument("--offline", action="store_true", help="ask no source and not Slack; only look at what is on this machine")
    doctor.add_argument("--beat", action="store_true", help="also call the heartbeat's address once, which counts as a beat")
    doctor.add_argument("--slack-url", default=SLACK, help="another Slack, for tests")
    machine(doctor)

    cost = command("cost", source_commands.cost, "What a month of listening costs, by the rules file.", "carebot cost --posts-a-day 500")
    rules(cost)
    cost.add_argument("--db", type=Path, default=Path("carebot.db"), help="a database that knows how much is said, if there is one")
    cost.add_argument("--posts-a-day", type=float, metavar="N", help="what a source brings (default: as the database knows, or 2000)")
    machine(cost)

    backfill = command(
        "backfill", source_commands.backfill, "Learn from what was said before carebot came.", "carebot backfill --days 7 --db carebot.db"
    )
    rules(backfill)
    backfill.add_argument("--db", type=Path, default=Path("carebot.db"), help="the database; made if it is not there")
    backfill.add_argument("--days", type=_days, default=timedelta(days=7), metavar="N", help="how far back (default: 7)")
    backfill.add_argument("--source", metavar="NAME", help="only this source")
    machine(backfill)

    slack = command(
        "slack", slack_commands.slack, "Post one example card, to see that everything is set up.", "carebot slack test --route desk"
    )
    slack.add_argument("what", choices=("test",), metavar="test")
    rules(slack)
    slack.add_argument("--route", default="desk", metavar="NAME", help="the route whose channel it goes to (default: desk)")
    slack.add_argument("--slack-url", default=SLACK, help="another Slack, for tests")
    machine(slack)

    audit = command("audit", slack_commands.audit, "Check that nobody changed who pressed what.", "carebot audit verify --db carebot.db")
    audit.add_argument("what", choices=("verify",), metavar="verify")
    audit.add_argument("--db", type=Path, default=Path("carebot.db"))
    audit.add_argument(
        "--head", action="append", default=[], metavar="N:MAC", help="a line of the journal, `audit head=`, that must still be in it"
    )
    machine(audit)

    rules(command("init", commands.init, "Write a rules file to start from.", "carebot init --rules rules.yaml"))

    machine(command("connectors", source_commands.connectors, "List the kinds of source and their options.", "carebot connectors"))
    return parser
