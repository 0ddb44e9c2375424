"""Every kind of message staff get, made as carebot makes it and read in both languages as a tired support lead would.

Customers' own words, and what a source or a server answers, stand in theirs and are not read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from carebot import polling, silence, spending
from carebot.decide.care.case_words import about_case, many_cases
from carebot.decide.care.impersonators import Poser
from carebot.decide.telling import delivery, digests, held, quiet, vitals
from carebot.decide.telling.alerts import about_impersonator, about_incident, about_us, upstream
from carebot.decide.telling.days import Lasted
from carebot.effects.card import card, line
from carebot.effects.telling.fallback import words
from carebot.errors import Refused
from carebot.model import (
    Account,
    Alert,
    Batch,
    Case,
    Clock,
    Delivery,
    Gap,
    Incident,
    Message,
    Phase,
    Reason,
    SelfReport,
    Status,
    Swell,
    Text,
    Witnesses,
)
from tests.effects.cards import EXAMPLES
from tests.saying import rulebook

RULES = rulebook(
    """
brand: {name: Lumbre, accounts: {x: [Lumbre, LumbreAyuda]}}
services:
  srv-app: {name: {es: la banca, en: banking}, core: true}
  srv-card: {name: {es: las tarjetas, en: cards}}
rules:
  - {name: r1, when: outage}
"""
)
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
PHASES: dict[Reason, Phase] = {"suspected": "suspected", "resolved": "resolved", "merged": "resolved"}
OF_INCIDENTS: tuple[Reason, ...] = (
    "suspected", "confirmed", "grew", "severity_up", "reopened", "resolved", "merged", "still_open", "escalated", "flapping", "update_due",
    "acted", "statement",
)  # fmt: skip
OF_CUSTOMERS: tuple[Reason, ...] = (
    "moment", "fraud", "churn", "repeat", "hand_offs", "sla_warning", "sla_breached", "promise_due", "promise_broken",
)  # fmt: skip


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def incidents(many: int) -> Iterator[Alert]:
    """Each word about an incident of `many` complaints of as many people, with everything a card can say of it."""
    seen = Witnesses(
        upstream=("Red Sur/Pagos",), others=("Faro",), notice="deploy", deployed="srv-app", deployed_at=ago(1512), scope="upstream"
    )
    for reason in OF_INCIDENTS:
        phase = PHASES.get(reason, "confirmed")
        one = Incident(
            id="lumbre-srv-app-1", brand="Lumbre", service="srv-app", also=("srv-card",), phase=phase, onset_at=ago(1500), opened_at=ago(17),
            count=many, author_count=many, sources=("app_store", "feed"), usual=0.2, usual_in=15, last_signal_at=ago(1490), severity=2,
            witnesses=seen, probes=("p:1",),
        )  # fmt: skip
        facts: dict[str, Any] = {
            "count": many, "usual": 0.2, "window_min": 15, "false_alarms_a_month": 0.3 / many, "waiting": many, "waiting_oldest_min": 0,
            "after_deploy_min": 12, "sampled": {"read": 300, "of": 4127}, "hidden": {"sla_breached": many}, "severity_was": 3,
            "volume": {"network": "x", "posts": 1300, "usual": 48, "window_min": 15, "unread": "budget"}, "why": ["no carga"],
            "flaps": {"times": 4, "since": "2026-11-20T23:30:00Z"}, "merged_into_service": "srv-card", "trend": [0] * 11 + [many],
            "next_update_at": "2026-11-22T10:30:00Z", "sources": ["app_store"],
        }  # fmt: skip
        act = Text("Marta se encarga", "Marta is on it")
        yield replace(
            about_incident(one, reason, RULES, NOW, late_by_s=3600, facts=facts, say=None), act=act if reason == "acted" else None
        )
        yield about_incident(replace(one, count=0, author_count=0, sources=()), reason, RULES, NOW, late_by_s=0, facts={}, say=None)
    bare = Incident(
        id="i2", brand="Lumbre", service="", phase="suspected", onset_at=ago(9), opened_at=ago(9),
        swell=Swell(source="s", network="x", posts=1300, usual=48, minutes=15),
    )  # fmt: skip
    yield about_incident(bare, "suspected", RULES, NOW, late_by_s=0, facts={}, say=None)


def customers(many: int) -> Iterator[Alert]:
    for n, reason in enumerate(OF_CUSTOMERS):
        kinds = ("promise",) if reason.startswith("promise") else ("first_response", "resolution")
        for kind in kinds:
            over = reason in ("sla_breached", "promise_broken")
            clock = Clock(
                kind=kind, started_at=ago(96), due_at=ago(many) if over else ago(-many), warned=True, breached_at=ago(0) if over else None,  # type: ignore[arg-type]
                promise="" if kind == "promise" else "r2", policy="" if kind == "promise" else "v1",
            )  # fmt: skip
            case = Case(
                id=f"c{n}", brand="Lumbre", source="app_store", author_key="k", author="ana", opened_at=ago(96), last_at=NOW, service="srv-app",
                contacts=many, answers=many - 1, hand_offs=many, clocks=(clock,), reopened=1,
                accounts=(Account("google_play", "z", "ana9", "rules"),),
            )  # fmt: skip
            yield about_case(case, reason, RULES, NOW, "desk")
            if reason in ("sla_warning", "sla_breached", "promise_due", "promise_broken"):
                yield many_cases([replace(case, id=f"m{m}", author=f"eva{m}") for m in range(many + 6)], reason, RULES, NOW, "desk")
    for reason in ("promise_due", "promise_broken"):
        clock = Clock(
            kind="promise", started_at=ago(30), due_at=ago(-4), warned=True, breached_at=NOW if reason == "promise_broken" else None
        )
        told = Case(
            id="p", brand="Lumbre", source="x", author_key="public", author="Lumbre", opened_at=ago(30), last_at=NOW, clocks=(clock,)
        )
        yield about_case(told, reason, RULES, NOW, "desk")  # type: ignore[arg-type]
    fake = Message(id="x:1", text="…", posted_at=NOW, seen_at=NOW, source="x", author="LumbreAyuda_")
    yield about_impersonator(fake, Poser("LumbreAyuda", ("dm", "phone", "code", "link"), 4), RULES, NOW, 0)
    for state in ("degraded", "partial_outage", "major_outage", "maintenance"):
        yield upstream(Status(id="s", provider="Red Sur", component="Pagos", state=state, at=ago(3)), ["srv-app", "srv-card"], RULES, NOW)  # type: ignore[arg-type]


def days_and_held(many: int) -> Iterator[Alert]:
    figures = digests.Figures(
        first=date(2026, 11, 20), last=date(2026, 11, 20) + timedelta(days=many - 1), messages=many, ended=(Lasted("i", "srv-app", ago(99), ago(9)),),
        complaints=(("srv-app", many, 1.2), ("", 12_345 * many, 900.0)), still_open=(("srv-card", ago(1500)),), waiting=many,
        waiting_since=ago(77), praised=many, advocates=many, thank=("x:1",), late=many, blind=many, unsaid=many, set_aside=many,
        week=(many, many, 7, 7),
    )  # fmt: skip
    yield digests._alert(figures, "desk", RULES, MADRID, NOW, NOW)
    kept = held.Held(
        "desk", ago(3000), NOW, counts={"churn": many}, matters=(held.Matter("a", ago(2000), Text("Puede irse", "May leave")),)
    )
    yield quiet.told_at_last(kept, MADRID, NOW)
    yield quiet.told_at_last(replace(kept, owner="Marta", because="Lisboa"), MADRID, NOW)
    some = [Alert(alert=f"a{n}", at=NOW, reason="churn", headline=Text("Puede irse", "May leave")) for n in range(many + 1)]
    yield delivery.digest([Delivery(id=one.alert, alert=one, destination="desk") for one in some], NOW).alert


def of_itself(many: int) -> Iterator[Alert]:
    reports: list[SelfReport | None] = []
    health = polling.Health("x-search")
    for minute in (2, 1):
        health, report = polling.troubled(health, Refused("401", ""), ago(minute))
        reports.append(report)
    reports.append(polling.answered(health, 1, NOW)[1])
    gap = Batch(source="forum", gaps=(Gap(to=NOW, why=Text("Ya no está", "It is gone")),))
    reports += [
        one for one in polling.covered(polling.Health("forum", heard_until=ago(many)), gap, NOW)[1].events if isinstance(one, SelfReport)
    ]
    sick = vitals.Vitals(
        unsaid_since=ago(7), unsaid=many, set_aside={"x-search": 11}, disk_free=0.04, clock_ahead=timedelta(seconds=75 * many), slack="401"
    )
    known, ill = vitals.told(vitals.Told(), sick, NOW)
    well = vitals.Vitals(unsaid=0, disk_free=0.5, clock_ahead=timedelta(), slack="")
    reports += [*ill, *vitals.told(known, well, NOW + timedelta(minutes=many))[1], vitals.database_trouble("disk I/O error", NOW)]
    usual = silence.Usual(items=(5.0,) * silence.WEEK, hours=(9.0,) * silence.WEEK, owed=900.0, quiet_since=ago(55))
    reports.append(silence.told("x-search", usual, NOW)[1])
    for mode, until in ((mode, until) for mode in spending._SAYS.values() for until in spending._UNTIL.values()):
        headline = Text(mode.es.format("x-search"), mode.en.format("x-search"))
        reports.append(SelfReport(id="b", reason="budget", headline=headline, at=NOW, detail=until))
    yield from (about_us(report, RULES, NOW) for report in reports if report)


def everything() -> list[Alert]:
    return [alert for many in (1, 2) for make in (incidents, customers, days_and_held, of_itself) for alert in make(many)]


ALERTS = everything()


def said(alert: Alert, language: Any) -> str:
    """All that staff read of it: the card, the line in its thread, the pager's words."""
    texts = []
    for block in card(alert, language=language, zone=MADRID, service_name=Text("la banca", "banking")).blocks:
        if block["type"] == "rich_text":
            texts += [piece["text"] for part in block["elements"] for piece in part["elements"]]
        elif block["type"] == "actions":
            texts += [(one.get("text") or one["placeholder"])["text"] for one in block["elements"]]
        else:
            pieces = block.get("fields") or block.get("elements") or [block["text"]]
            texts += [unescape(piece["text"]).replace("*", "").replace("\n", ": ", 1 if "fields" in block else 0) for piece in pieces]
    return "\n".join([*texts, unescape(line(alert, language).text), *words(Delivery(id="d", alert=alert, destination="w"), language)])


def test_every_reason_to_speak_is_read_here() -> None:
    elsewhere = {"rules_refused", "rules_loaded", "classifier_down", "classifier_back"}  # their words are another room's
    assert {alert.reason for alert in ALERTS} | elsewhere == set(get_args(Reason))


_NOT_OURS = re.compile(r"«[^»]*»|“[^”]*”|@\w+")
_ODD = re.compile(r"\.\.(?!\.)|[;,]\.|\(\)|: ·|· ·|  |\bNone\b|[{}]|\b0 min|;;| ,| \.|\w_\w|\[\.\]")
_ES_ONE = re.compile(
    r"\b1 (quejas|personas|clientes|mensajes|respuestas|derivaciones|avisos|publicaciones|días|elogios|meses)\b|\bQuedan 1 \w+ (?!\d)"
)
_ES_MANY = re.compile(
    r"(?<![\d.,:])(?!1\b)\d[\d.]* (queja|persona|cliente|mensaje|respuesta|derivación|aviso|publicación|día|elogio|mes)\b"
)
_EN_ONE = re.compile(r"\b1 (complaints|people|customers|messages|answers|hand-offs|alerts|posts|days|compliments|months)\b")
_EN_MANY = re.compile(r"(?<![\d.,:])(?!1\b)\d[\d,]* (complaint|person|customer|message|answer|hand-off|alert|post|day|compliment|month)\b")
_ENGLISH = re.compile(r"(?i)\b(the|and|since|from|usually|people|customers?|answer|complaints?|last|until|yesterday|tomorrow|failure)\b")
_SPANISH = re.compile(r"(?i)\b(desde|hace|lo normal|quejas?|clientes?|ayer|mañana|las \d|fallo|sin|más|nadie|hoy)\b")


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_raw_name_empty_part_wrong_plural_or_word_of_the_other_language_is_read_by_anybody(language: str) -> None:
    one, many, other = (_ES_ONE, _ES_MANY, _ENGLISH) if language == "es" else (_EN_ONE, _EN_MANY, _SPANISH)
    for alert in ALERTS:
        read = _NOT_OURS.sub("…", said(alert, language))
        for wrong in (_ODD, one, many, other, re.compile(r"srv-|\(x\)")):
            found = wrong.search(read)
            assert not found, f"{found[0]!r} in\n{read}"


def test_a_headline_stands_alone_and_is_short() -> None:
    for alert in ALERTS:
        for headline in (alert.headline.es, alert.headline.en):
            assert headline[0].isupper() or headline[0].isdigit() or alert.reason in ("source_silent", "source_back", "budget"), headline
            assert len(headline) <= 130 and not headline.endswith((".", ":", "·", " ")), headline


def test_nothing_is_said_twice_on_a_card() -> None:
    """What the headline says is not in the sentence, and what the sentence says is no field."""
    for alert in ALERTS:
        shown = card(alert, language="es", zone=MADRID, service_name=Text("la banca", "banking")).blocks
        detail = alert.detail.es if alert.detail else ""
        assert alert.headline.es not in detail
        fields = [unescape(field["text"]).partition("\n")[2] for block in shown for field in block.get("fields", ())]
        assert not [value for value in fields if len(value) > 6 and value in detail], detail


def test_what_is_owed_now_comes_before_how_many_complain() -> None:
    """On the card, in its thread and for whom a pager wakes."""
    owed = shown_example("update_due")
    assert owed[:2] == [
        "🟣 SEV2 · Toca informar otra vez: App del banco",
        "Prometimos informar a las 11:05: quedan 5 min\n86 quejas de 71 personas desde las 10:42 (lo normal: 4); X, Google Play.",
    ]
    assert line(EXAMPLES["update_due"], "es").text == f"{owed[0]} · Prometimos informar a las 11:05: quedan 5 min"
    title, body = words(Delivery(id="d", alert=EXAMPLES["update_due"], destination="w"), "es")
    assert (title, body.splitlines()[0]) == (
        "SEV2 · Toca informar otra vez: App del banco",
        "Prometimos informar a las 11:05: quedan 5 min",
    )


def test_what_stands_for_a_customers_data_is_a_word_of_the_reader() -> None:
    told = replace(
        EXAMPLES["customer"], quotes=(replace(EXAMPLES["customer"].quotes[0], text="es la [card 411111…1111], llamad al [phone]"),)
    )
    assert "es la [tarjeta 411111…1111], llamad al [teléfono]" in said(told, "es")
    assert "es la [card 411111…1111], llamad al [phone]" in said(told, "en")


def test_the_rules_file_is_called_by_its_name_and_a_strangers_address_is_still_broken() -> None:
    report = SelfReport(id="b", reason="budget", headline=Text("rules.yaml", "rules.yaml"), at=NOW, detail=Text("evil.com", "evil.com"))
    assert shown_alert(about_us(report, RULES, NOW))[:2] == ["🪙 rules.yaml", "evil[.]com"]


def shown_example(name: str) -> list[str]:
    return shown_alert(EXAMPLES[name])


def shown_alert(alert: Alert) -> list[str]:
    blocks = card(alert, language="es", zone=MADRID, service_name=None).blocks
    return [block["text"]["text"] for block in blocks if "text" in block]
