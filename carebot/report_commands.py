"""The commands about what has been: the week in figures, and one customer's matter."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from carebot.commands import rules_in
from carebot.errors import Unusable


def week_of(text: str) -> tuple[date, date]:
    """Monday and Sunday of a week as people name it: 2026-W46."""
    found = re.fullmatch(r"(\d{4})-?W(\d{1,2})", text)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    if monday is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no week; write 2026-W46")
    return monday, monday + timedelta(days=6)


def day_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write 2026-11-09") from None


def report(args: argparse.Namespace) -> int:
    from carebot.clock import machine
    from carebot.report import reading
    from carebot.report.page import page
    from carebot.report.telling import told
    from carebot.report.text import lines

    rulebook = rules_in(args.rules)
    brand = rulebook.file.brand
    days = _days(args, machine().astimezone(ZoneInfo(brand.time_zone)).date())
    found = reading.week(args.db, reading.Days(*days), rulebook)
    words = told(found, rulebook, args.lang or brand.staff_language)
    if args.html:
        _write(args.html, page(words))
        print(f"carebot: {args.html} written", file=sys.stderr)
    if args.json:
        print(msgspec.json.encode(found).decode())
    elif not args.html:
        print("\n".join(lines(words)))
    return 0


def _days(args: argparse.Namespace, today: date) -> tuple[date, date, str]:
    """The first and the last, and the name of the week: of the last whole one where nothing is asked for."""
    if args.first or args.last:
        if args.week:
            raise Unusable("--week and --from, --to ask for different days. Write one or the other.")
        if not (args.first and args.last) or args.last < args.first:
            raise Unusable("--from and --to go together, the earlier day first: --from 2026-11-09 --to 2026-11-15.")
        return args.first, args.last, ""
    monday, sunday = args.week or week_of(f"{(today - timedelta(days=7)):%G-W%V}")
    return monday, sunday, f"{monday:%G-W%V}"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}.") from error


def case(args: argparse.Namespace) -> int:
    from carebot.report.case import shown
    from carebot.report.case_text import lines

    rulebook = rules_in(args.rules)
    found = shown(args.db, args.what)
    if args.json:
        print(msgspec.json.encode(found).decode())
    else:
        print("\n".join(lines(found, rulebook, args.lang or rulebook.file.brand.staff_language)))
    return 0
