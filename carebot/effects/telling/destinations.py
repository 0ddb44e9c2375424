"""Where people are told: what every destination can do, and the terminal, which shows what Slack would show.

The terminal draws the same card from the same blocks, so `carebot demo` and the tests of a rules file need no Slack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from carebot.effects.card import Language, card
from carebot.effects.harmless import clean
from carebot.model import Alert, Delivery, Text

if TYPE_CHECKING:
    import rich.console
    import rich.panel
    import rich.text


class Destination(Protocol):
    """A place where alerts are shown.

    Its trouble is one of three: Throttled (surely not shown, ask later), Refused (never will be), Unreachable (nobody knows).
    """

    async def send(self, delivery: Delivery, first: str) -> str:
        """Shows it, or updates `first`, the incident's message there; returns where that is. A quiet one only ever updates."""

    async def find(self, delivery: Delivery, since: datetime, until: datetime | None = None) -> str | None:
        """Where a delivery that may have landed, between then and then by our clock, is; or None if it did not land."""

    async def close(self) -> None: ...


class Console:
    """The terminal, as a destination; also the fallback that is always there."""

    def __init__(
        self,
        console: rich.console.Console,
        *,
        language: Language = "es",
        zone: ZoneInfo,
        service_names: Callable[[str], Text | None] = lambda _: None,
    ) -> None:
        self._console = console
        self._language: Language = language
        self._zone = zone
        self._service_names = service_names

    async def send(self, delivery: Delivery, first: str) -> str:
        if delivery.quiet:
            return first
        alert = delivery.alert
        name = self._service_names(alert.service) if alert.service else None
        shown = panel(alert, self._language, self._zone, name)
        if delivery.because:
            shown.subtitle = _text(delivery.because, "dim")
        self._console.print(shown)
        return "console"

    async def find(self, delivery: Delivery, since: datetime, until: datetime | None = None) -> str | None:
        """A terminal cannot be asked what it showed: shown twice is better than not at all."""
        return None

    async def close(self) -> None: ...


def panel(alert: Alert, language: Language, zone: ZoneInfo, service_name: Text | None) -> rich.panel.Panel:
    """The card Slack would show, for a terminal. Nothing in it is read as markup, and no control character gets through."""
    from rich.console import Group
    from rich.panel import Panel

    shown = card(alert, language=language, zone=zone, service_name=service_name)
    return Panel(Group(*(part for block in shown.blocks for part in _block(block))), border_style=shown.colour, padding=(0, 1))


def _block(block: dict[str, Any]) -> Iterator[Any]:
    match block:
        case {"type": "header", "text": {"text": title}}:
            yield _text(title, "bold")
        case {"type": "section", "fields": fields}:
            yield _text()
            yield _two_columns(fields)
        case {"type": "section", "text": {"text": sentence}}:
            yield _text(sentence)
        case {"type": "rich_text", "elements": parts}:
            yield _text()
            yield from (_rich_part(part) for part in parts)
        case {"type": "actions", "elements": buttons}:
            yield _text("\n" + "  ".join(f"[ {(one.get('text') or one['placeholder'])['text']} ]" for one in buttons), "cyan")
        case {"type": "context", "elements": notes}:
            yield _text("\n" + "  ".join(_unescape(note["text"]) for note in notes), "dim")


def _rich_part(part: dict[str, Any]) -> rich.text.Text:
    line = _text()
    if part["type"] == "rich_text_quote":
        line.append("┃ ", "dim")
    for piece in part["elements"]:
        bold = "bold" if piece.get("style", {}).get("bold") else ""
        line.append_text(_text(piece["text"], f"link {piece['url']}" if "url" in piece else bold))
    if part["type"] == "rich_text_preformatted":
        line.stylize("reverse")
    return line


def _two_columns(fields: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    grid = Table.grid(padding=(0, 4))
    cells = [_field(field["text"]) for field in fields]
    for left in range(0, len(cells), 2):
        grid.add_row(*cells[left : left + 2])
    return grid


def _field(mrkdwn: str) -> rich.text.Text:
    label, _, value = _unescape(mrkdwn).partition("\n")
    return _text().append(label.strip("*") + " ", "dim").append_text(_text(value))


def _unescape(mrkdwn: str) -> str:
    return mrkdwn.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _text(text: str = "", style: str = "") -> rich.text.Text:
    from rich.text import Text

    # clean() again, as what stands in `because` did not pass through a card. A leading line end is layout, not theirs.
    return Text("\n" * text.startswith("\n") + clean(text), style=style)
