"""`carebot demo`: a recorded day of a fictional bank through the same loop, store, decisions and cards as `carebot run`.

The day (`write_day`) is played in about a minute, each alert as the card Slack would show, and ends with one screen: what was
heard, what was found and how long after the first complaint, who needs a human, which customers wait.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from carebot.clock import paced
from carebot.config.schema import Rulebook
from carebot.decide.care.desk import waiting
from carebot.decide.telling.plainly import figure, network
from carebot.decide.telling.sentences import service_name
from carebot.effects.card import Language
from carebot.effects.database.store import Store
from carebot.effects.telling.destinations import panel
from carebot.errors import Unusable
from carebot.loop import Loop
from carebot.model import Alert, Incident
from carebot.replay import lines, play, slots
from carebot.wire import alert_line, events

DAY = Path(__file__).parent / "day.jsonl.gz"
SECONDS, DAY_LASTS = 60, 86400  # a day, played, and as it was
HUMAN = ("moment", "fraud", "churn", "hand_offs", "impersonator")

_WORDS = {
    "es": {
        "title": "Un día de {brand}",
        "heard": "Oído",
        "found": "Encontrado",
        "human": "Necesitan a una persona",
        "waits": "Siguen esperando",
        "messages": "{n} mensajes de {authors} personas ({sources}); {copies} copias y segundas voces que no cuentan",
        "incident": "{name}: aviso a las {told}, {after}; {count} quejas de {people} personas; {end}",
        "after": "{minutes:.0f} min después de la primera queja ({first})",
        "before": "{minutes:.0f} min antes de la primera queja ({first})",
        "open": "sigue abierto",
        "over": "normal a las {at}",
        "waiting": "{n} clientes sin primera respuesta; el que más espera escribió a las {at}",
        "nobody": "nadie",
    },
    "en": {
        "title": "A day at {brand}",
        "heard": "Heard",
        "found": "Found",
        "human": "Need a person",
        "waits": "Still waiting",
        "messages": "{n} messages from {authors} people ({sources}); {copies} copies and second voices that do not count",
        "incident": "{name}: told at {told}, {after}; {count} complaints from {people} people; {end}",
        "after": "{minutes:.0f} min after the first complaint ({first})",
        "before": "{minutes:.0f} min before the first complaint ({first})",
        "open": "still open",
        "over": "normal again at {at}",
        "waiting": "{n} customers without a first answer; the one who waits longest wrote at {at}",
        "nobody": "nobody",
    },
}


def demo(rulebook: Rulebook, *, fast: bool, language: Language | None, as_json: bool, db: Path | None = None) -> int:
    """Plays the day, kept in `db` if one is named; returns the exit status. Raises Unusable if that is there already."""
    if db and db.exists():
        raise Unusable(f"{db} is there already; nothing was changed. Name another file for the demo's day.")
    with tempfile.TemporaryDirectory(prefix="carebot-demo-") as folder, gzip.open(DAY) as day:
        store = Store(db or Path(folder) / "demo.db")
        loop = Loop(store, rulebook, secret=b"demo", destinations=lambda alert: (alert.to,))
        shown = language or rulebook.file.brand.staff_language
        try:
            (_as_json if as_json else _as_cards)(loop, cast(BinaryIO, day), shown, fast)
        finally:
            store.close()
    return 0


def _as_json(loop: Loop, day: BinaryIO, language: Language, fast: bool) -> None:
    spoken: list[Alert] = []
    for _, took in play(loop, slots(events(lines(day), source="demo", seen_at=None)), wait=None if fast else paced(DAY_LASTS / SECONDS)):
        for alert in _delivered(loop) if took.outcome.alerts else ():
            spoken.append(alert)
            sys.stdout.buffer.write(alert_line(alert))
            sys.stdout.flush()
    print(json.dumps({"summary": summary(loop, spoken, language)}, ensure_ascii=False))


def _as_cards(loop: Loop, day: BinaryIO, language: Language, fast: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console, brand = Console(), loop.rulebook.file.brand
    zone, pace = ZoneInfo(brand.time_zone), None if fast else paced(DAY_LASTS / SECONDS)
    spoken: list[Alert] = []
    columns = (TextColumn("{task.fields[clock]}"), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=24 * 60, clock="00:00")
        heard = 0
        for now, took in play(loop, slots(events(lines(day), source="demo", seen_at=None)), wait=pace):
            heard += took.new
            local = now.astimezone(zone)
            said = f"{heard:,} ✉  {len(spoken)} ⚑"
            progress.update(bar, completed=local.hour * 60 + local.minute, description=said, clock=f"{local:%H:%M}")
            for alert in _delivered(loop) if took.outcome.alerts else ():
                spoken.append(alert)
                console.print(f"[dim]{local:%H:%M}  → {alert.to}[/dim]")
                known = alert.service and alert.service in loop.rulebook.file.services
                console.print(panel(alert, language, zone, service_name(loop.rulebook, alert.service or "", "") if known else None))
    _show(console, summary(loop, spoken, language), language)


def _delivered(loop: Loop) -> Sequence[Alert]:
    """What the outbox holds, with its quotes, noted as sent: the same way out as Slack's."""
    found = loop.store.waiting_deliveries()
    for delivery in found:
        loop.store.record(replace(delivery, state="sent", ref="demo"))
    return [delivery.alert for delivery in found if not delivery.quiet]


def summary(loop: Loop, spoken: Sequence[Alert], language: Language) -> dict[str, Any]:
    """The day in sentences: heard, found, human, waits."""
    words, zone = _WORDS[language], ZoneInfo(loop.rulebook.file.brand.time_zone)
    conn = loop.store.db.conn
    n, authors = conn.execute("SELECT count(*), count(DISTINCT author_key) FROM messages WHERE NOT by_brand").fetchone()
    sources = ", ".join(
        f"{getattr(network(source), language)} {figure(count, language)}"
        for source, count in conn.execute("SELECT source, count(*) FROM messages GROUP BY 1 ORDER BY 2 DESC")
    )
    copies = conn.execute("SELECT count(*) FROM signals WHERE kind = 'outage' AND NOT counted").fetchone()[0]
    found = loop.store.incidents()
    waits = waiting(loop.state.desk.cases.values())
    needs = Counter(alert.reason for alert in spoken if alert.reason in HUMAN)
    oldest = waits[0].opened_at.astimezone(zone).strftime("%H:%M") if waits else ""
    return {
        "title": words["title"].format(brand=loop.rulebook.file.brand.name),
        "heard": words["messages"].format(n=figure(n, language), authors=figure(authors, language), sources=sources, copies=copies),
        "found": [_incident(loop, one, spoken, zone, language) for one in found],
        "human": [getattr(alert.headline, language) for alert in spoken if alert.reason in HUMAN],
        "needs": dict(needs),
        "waits": words["waiting"].format(n=len(waits), at=oldest) if waits else words["nobody"],
    }


def _incident(loop: Loop, incident: Incident, spoken: Sequence[Alert], zone: ZoneInfo, language: Language) -> str:
    words = _WORDS[language]
    told = min((alert.at for alert in spoken if alert.incident == incident.id and not alert.case), default=incident.opened_at)
    first = min((quote.at for quote in loop.store.quotes(incident.messages)), default=incident.onset_at)
    over = incident.resolved_at
    return words["incident"].format(
        name=getattr(service_name(loop.rulebook, incident.service, incident.brand), language),
        told=told.astimezone(zone).strftime("%H:%M"),
        after=words["after" if told >= first else "before"].format(
            minutes=abs((told - first).total_seconds()) / 60, first=first.astimezone(zone).strftime("%H:%M")
        ),
        count=incident.count,
        people=incident.author_count,
        end=words["over"].format(at=over.astimezone(zone).strftime("%H:%M")) if over else words["open"],
    )


def _show(console: Any, found: dict[str, Any], language: Language) -> None:
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for part in ("heard", "found", "human", "waits"):
        said = found[part] if isinstance(found[part], list) else [found[part]]
        for row, sentence in enumerate(said or [_WORDS[language]["nobody"]]):
            table.add_row(Text(_WORDS[language][part] if row == 0 else "", "bold"), Text(sentence))
    console.print(Panel(table, title=found["title"], border_style="green"))
