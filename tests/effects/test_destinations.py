"""The terminal shows what Slack shows, and nothing a customer writes can drive it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console as Terminal

from carebot.effects.telling.destinations import Console, panel
from carebot.model import Alert, Delivery, Quote, Text

MADRID = ZoneInfo("Europe/Madrid")
TEN = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def incident(said: str = "no puedo entrar", url: str = "", **more: Any) -> Alert:
    return Alert(
        alert="al-1",
        at=TEN,
        reason="suspected",
        severity=2,
        incident="in-7",
        service="app",
        onset_at=TEN - timedelta(minutes=18),
        phase="suspected",
        headline=Text("Posible fallo: App", "Possible failure: App"),
        detail=Text(f"86 quejas; {said}", f"86 complaints; {said}"),
        say=Text("La app no funciona.", "The app is down."),
        facts={"count": 86, "usual": 3.7, "window_min": 15, "authors": 71, "sources": [said], "false_alarms_a_month": 0.001},
        quotes=(Quote("x:1", said, said, "x", TEN, url),),
        **more,
    )


def drawn(alert: Alert, language: Any = "es", *, colours: bool = False, width: int = 88) -> str:
    page = io.StringIO()
    terminal = Terminal(file=page, width=width, force_terminal=colours, color_system="truecolor" if colours else None, legacy_windows=False)
    terminal.print(panel(alert, language, MADRID, Text("App del banco", "Bank app")))
    return page.getvalue()


def test_the_terminal_shows_the_card_as_slack_would() -> None:
    shown = [" ".join(line.strip("│").split()) for line in drawn(incident(), width=100).splitlines()[1:-1]]
    assert shown[:2] == ["🟡 SEV2 · Posible fallo: App", "86 quejas; no puedo entrar"]
    parts = ["Qué decir a los clientes", "La app no funciona.", "┃ no puedo entrar", "[ Me encargo ] [ Confirmar incidencia ]"]
    places = [next(row for row, line in enumerate(shown) if line.startswith(part)) for part in parts]
    assert places == sorted(places), "in the order of the card"
    assert [line for line in shown if line.startswith("Estado Posible Confianza")]


def test_in_english_too() -> None:
    page = drawn(incident(), "en", width=120)
    assert "Possible failure: App" in page
    assert "[ I'm on it ]  [ Confirm incident ]  [ Snooze ]  [ Not an incident ]" in page
    assert "under 1 false alarm a year" in page


def test_markup_in_a_customers_words_is_only_words() -> None:
    assert drawn(incident("[red]x[/red] [link=https://evil.example]y[/link]")).count("[red]x[/red]") >= 2


def test_the_permalink_is_a_link_of_the_terminal() -> None:
    assert "]8;id=" in drawn(incident(url="https://x.example/1"), colours=True)
    assert "]8;id=" not in drawn(incident(url="javascript:alert(1)"), colours=True)


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=80)
    | st.sampled_from(
        ["\x1b]0;owned\x07", "\x1b[2J", "\x9b2J", "\x1b]8;;https://evil.example\x1b\\", "\x08\x08", "[/]", "\u202eabc", "\ud800"]
    )
)
def test_no_customer_drives_the_terminal(said: str) -> None:
    page = drawn(incident(said, url="https://x.example/" + said))
    assert not [char for char in page if (ord(char) < 32 and char != "\n") or 127 <= ord(char) < 160 or char == "\u202e"]
    page.encode("utf-8")


async def test_the_console_says_why_it_is_told_instead_of_slack() -> None:
    page = io.StringIO()
    console = Console(Terminal(file=page, width=100), zone=MADRID)
    alert = Delivery(id="d1", alert=incident(), destination="desk", because="Slack refused\x1b[2J: invite carebot")
    assert await console.send(alert, "") == "console"
    assert "Slack refused[2J: invite carebot" in page.getvalue()
    assert await console.find(alert, TEN) is None
