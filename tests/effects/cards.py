"""Example alerts, invented, and the cards they give, word for word.

To change a card on purpose: `python -m tests.effects.cards`, then look at the difference and at the pictures in docs/figures.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from carebot.effects.card import Card, Language, card
from carebot.model import Alert, Quote, Text

MADRID = ZoneInfo("Europe/Madrid")
TEN = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
APP = Text("App del banco", "Bank app")
GOLDEN = Path(__file__).parent / "golden"
QUOTES = (
    Quote("x:1", "no puedo entrar en la app desde las 10", "ana", "x", TEN - timedelta(minutes=17), "https://x.com/i/status/1"),
    Quote("google_play:2", "es esto oficial? http://banco-faro.example.net/login", "luis", "google_play", TEN - timedelta(minutes=9)),
    Quote("x:3", "App down again @BancoFaro, card works though", "sam_k", "x", TEN - timedelta(minutes=2), "https://x.com/i/status/3"),
)


def incident(**more: Any) -> Alert:
    story: dict[str, Any] = {
        "alert": "al-1",
        "at": TEN,
        "reason": "confirmed",
        "severity": 2,
        "incident": "banco-faro-app-20261121",
        "brand": "Banco Faro",
        "service": "app",
        "symptom": "login_fail",
        "onset_at": TEN - timedelta(minutes=18),
        "phase": "confirmed",
        "headline": Text("Fallo confirmado: App del banco · por ahora, solo nosotros", "Confirmed failure: Bank app · only us so far"),
        "detail": Text(
            "86 quejas de 71 personas desde las 10:42 (lo normal: 4); X, Google Play.",
            "86 complaints from 71 people since 10:42 (usually 4); X, Google Play.",
        ),
        "say": Text("La app no deja entrar. Trabajamos en ello; os contamos a las 11:30.", "The app is down. Next update at 11:30."),
        "facts": {
            "count": 86,
            "usual": 3.7,
            "window_min": 15,
            "authors": 71,
            "sources": ["x", "google_play"],
            "false_alarms_a_month": 0.04,
            "severity_was": 4,
            "trend": [0, 1, 0, 0, 1, 0, 0, 1, 4, 19, 31, 30],
            "votes": {"yes": 0, "no": 0},
            "rule": "login-down",
            "why": ["no puedo entrar"],
            "rules": "3f2a9c0be1",
        },
        "quotes": QUOTES,
    }
    return Alert(**(story | more))


def facts(**more: Any) -> dict[str, Any]:
    return incident().facts | more


EXAMPLES: dict[str, Alert] = {
    "suspected": incident(
        reason="suspected",
        phase="suspected",
        severity=4,
        headline=Text("Posible fallo: App del banco", "Possible failure: Bank app"),
        detail=Text(
            "4 quejas de 4 personas desde las 10:42 (lo normal: ninguna); X.", "4 complaints from 4 people since 10:42 (usually none); X."
        ),
        facts=facts(count=4, false_alarms_a_month=0.4, votes={"yes": 2, "no": 1}, trend=[0] * 11 + [4], severity_was=None),
        quotes=QUOTES[:1],
    ),
    "confirmed": incident(),
    "taken": incident(
        reason="acted",
        act=Text("Marta se encarga", "Marta is on it"),
        facts=facts(owner="Marta", severity_was=2, next_update_at="2026-11-21T10:30:00Z", also=["card"]),
    ),
    "monitoring": incident(
        reason="confirmed", phase="monitoring", facts=facts(owner="Marta", trend=[9, 31, 30, 28, 12, 4, 2, 1, 1, 0, 0, 0])
    ),
    "update_due": incident(
        reason="update_due",
        headline=Text("Toca informar otra vez: App del banco", "Customers are owed an update: Bank app"),
        act=Text("Prometimos informar a las 11:05: quedan 5 min", "We promised an update at 11:05: 5 min left"),
        facts=facts(owner="Marta", next_update_at="2026-11-21T10:05:00Z"),
    ),
    "resolved": incident(
        reason="resolved",
        phase="resolved",
        headline=Text("Vuelve a la normalidad: App del banco", "Back to normal: Bank app"),
        detail=Text(
            "86 quejas de 71 personas entre las 10:42 y las 10:58; X, Google Play.",
            "86 complaints from 71 people between 10:42 and 10:58; X, Google Play.",
        ),
        say=None,
    ),
    "customer": incident(
        reason="hand_offs",
        case="ca-1",
        phase=None,
        severity=3,
        say=None,
        headline=Text("Dos derivaciones y sin solución: @ana (X)", "Sent elsewhere twice, unsolved: @ana (X)"),
        detail=Text("4 mensajes en 3 h, 2 respuestas nuestras, 2 derivaciones.", "4 messages in 3 h, 2 answers, 2 hand-offs."),
        facts={"contacts": 4, "answers": 2, "hand_offs": 2, "promise": "x-first", "policy": "v1", "due_at": "2026-11-22T11:00:00Z"},
        quotes=QUOTES[:1],
    ),
    "about_itself": Alert(
        alert="al-2",
        at=TEN,
        reason="source_silent",
        onset_at=TEN - timedelta(minutes=18),
        headline=Text("Sordos en x-mentions: no leemos mensajes", "Deaf on x-mentions: no messages are read"),
        detail=Text("X rechaza nuestro token. Renuévalo en su portal.", "X refuses our token. Renew it in X's portal."),
    ),
}


def shown(alert: Alert, language: Language = "es") -> Card:
    return card(alert, language=language, zone=MADRID, service_name=APP)


def golden(language: Language) -> str:
    made = {name: msgspec.to_builtins(shown(alert, language)) for name, alert in EXAMPLES.items()}
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    from benchmarks import card_picture

    for language in ("es", "en"):
        (GOLDEN / f"cards_{language}.json").write_text(golden(language), encoding="utf-8")  # type: ignore[arg-type]
    card_picture.main()
