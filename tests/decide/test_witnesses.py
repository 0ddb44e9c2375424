"""Who else says so: other brands' customers, providers, our own probes, and what we announced."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebot.config.load import read
from carebot.decide.detecting import machines, witnesses
from carebot.decide.detecting.cells import Cell, minute_of
from carebot.decide.state import Check, Memory, State
from carebot.decide.telling.alerts import about_incident
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Batch, Event, Incident, Message, Notice, Probe, Status, Witnesses
from carebot.service import kinds
from tests.saying import RULES, TestDesk, at, rulebook, say

COMPARING = RULES.replace("  accounts", "  compare_with: {Banco Faro: [Faro], Caja Norte: []}\n  accounts")
DEPENDING = RULES.replace("cash machines}}", "cash machines}, depends_on: [Cash Net, aws/eu-west-1]}")
WEEK = 7 * 24 * 60
MADRID = ZoneInfo("Europe/Madrid")


def elsewhere(by: str, minute: float, about: str = "app", brand: str = "Banco Faro", **more: Any) -> Message:
    return say(by=by, minute=minute, about=about, brand=brand, **more)


def looks(target: str, *minutes: float, ok: bool = False) -> list[Probe]:
    return [Probe(id=f"{target}-{minute:g}", target=target, ok=ok, at=at(minute)) for minute in minutes]


def word(state: Any, minute: float, provider: str = "Cash Net", component: str = "Dispensing") -> Status:
    return Status(id=f"s-{minute:g}", provider=provider, component=component, state=state, at=at(minute))


def announced(what: Any, service: str, start: float, end: float) -> Notice:
    return Notice(id=f"{what}-{start:g}", what=what, service=service, from_=at(start), to=at(end))


def asked(rules: str, *events: Event, service: str = "atm", minute: float = 5, **more: Any) -> Witnesses:
    """What the witnesses say at this minute, when all of this was heard before."""
    desk = TestDesk(rules)
    desk.hears(*events, minute=minute)
    return witnesses.of(desk.state, "Banco Lumbre", service, at(minute), desk.rules, **more)


# ── other brands ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_only_us_where_another_banks_customers_are_as_happy_as_ever():
    seen = asked(COMPARING, elsewhere("sol", -600), service="app")
    assert (seen.scope, seen.others, seen.nats) == ("us", (), 0.0)


def test_others_fail_too_where_their_customers_complain_of_the_same_service():
    four = [
        elsewhere(by, minute, brand=brand) for by, minute, brand in (("sol", 0, "Banco Faro"), ("luz", 1, "faro"), ("paz", 2, " FARO "))
    ]
    seen = asked(COMPARING, *four, elsewhere("mar", -700, brand="Caja Norte"), service="app")
    assert (seen.scope, seen.others, seen.nats) == ("others", ("Banco Faro",), witnesses.OTHERS)
    assert asked(COMPARING, *four, service="card").scope == "us"


def test_one_loud_customer_of_another_bank_is_not_its_customers():
    loud = [elsewhere("sol", minute) for minute in (0, 1, 2, 3)]
    assert asked(COMPARING, *loud, service="app").scope == "us"


@pytest.mark.parametrize(
    ("rules", "heard"), [(RULES, [say(by="sol", brand="Banco Faro")]), (COMPARING, []), (COMPARING, [elsewhere("sol", -WEEK - 60)])]
)
def test_nobody_to_compare_with_is_not_the_same_as_only_us(rules: str, heard: list[Message]):
    assert asked(rules, *heard, service="app").scope == "unknown"


def test_what_others_say_later_is_no_witness_of_what_was_said_before():
    desk = TestDesk(COMPARING)
    desk.hears(*(elsewhere(by, 20) for by in ("sol", "luz", "paz")), elsewhere("mar", -600), minute=21)
    scopes = [witnesses.of(desk.state, "Banco Lumbre", "app", at(minute), desk.rules).scope for minute in (5, 21)]
    assert scopes == ["us", "others"]


def test_asking_many_brands_is_not_finding_one():
    """The bar is shared out: what one of two shows must be rarer by half."""
    desk = TestDesk(COMPARING)
    desk.hears(*(elsewhere(by, minute) for by, minute in (("sol", 0), ("luz", 1), ("paz", 2))), minute=3)
    of_faro = witnesses.elevated(desk.state, Cell("Banco Faro", "app"), minute_of(at(3)))
    assert of_faro <= witnesses.ELEVATED / 2
    assert witnesses.elevated(desk.state, Cell("Caja Norte", "app"), minute_of(at(3))) == math.inf


def test_another_banks_customers_are_counted_and_otherwise_none_of_our_business():
    desk = TestDesk(COMPARING)
    for person in range(12):
        desk.hears(elsewhere(f"p{person}", person / 2, means="outage complaint churn moment", text="@BancoLumbre me voy", brand="Faro"))
    assert desk.told == [] and not desk.state.desk.cases and not desk.state.incidents
    assert round(desk.state.table.counts[desk.state.table.rows[Cell("Banco Faro", "app")]].sum(), 3) == 12
    assert {(signal.brand, signal.kind) for signal in desk.last.signals} == {("Banco Faro", "outage")}


def test_a_source_of_another_brand_speaks_for_its_customers_unless_a_message_says_otherwise():
    rules = (
        COMPARING
        + "sources:\n  - {name: faro-forum, kind: feed, url: https://foro.example.com/faro.rss, brand: Banco Faro}\n  - {name: ours, kind: feed, url: https://foro.example.com/lumbre.rss}\n"
    )
    book, problems = read(rules, kinds=kinds())
    assert book, problems
    loop = Loop(Store(None), book, secret=b"story", destinations=lambda alert: ())
    said = {"faro-forum": [say(id="f:1", brand=""), say(id="f:2", brand="Banco Lumbre")], "ours": [say(id="o:1", brand="", by="eva")]}
    took = loop.take([Batch(source=source, events=tuple(events)) for source, events in said.items()], at(1))
    assert {signal.id: signal.brand for signal in took.outcome.signals} == {
        "f:1": "Banco Faro",
        "f:2": "Banco Lumbre",
        "o:1": "Banco Lumbre",
    }


def test_a_source_of_a_brand_nobody_knows_is_a_mistake_that_is_told():
    rules = COMPARING + "sources:\n  - {name: forum, kind: feed, url: https://foro.example.com/faro.rss, brand: Banco Farro}\n"
    book, (problem, *_) = read(rules, kinds=kinds())
    assert book is None
    assert "there is no brand called 'Banco Farro'" in str(problem) and 'Did you mean "Banco Faro"?' in str(problem)


# ── providers ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("provider", "component", "services"),
    [
        ("Cash Net", "Dispensing", ("atm",)),
        ("cash net", "anything", ("atm",)),
        ("Somebody", "CASH NET gateway", ("atm",)),
        ("Cashnet", "Dispensing", ()),
        ("AWS", "EC2 (eu-west-1)", ("atm",)),
        ("AWS", "EC2 (us-east-1)", ()),
        ("Elsewhere", "eu-west-1", ()),
        ("Redsys", "Cards", ("card",)),
        ("Cash Net", "las tarjetas", ("atm", "card")),
    ],
)
def test_whose_trouble_is_ours(provider: str, component: str, services: tuple[str, ...]):
    assert machines.services_of(provider, component, rulebook(DEPENDING)) == services


def test_upstream_says_so_while_it_does_and_only_of_what_depends_on_it():
    said = [word("major_outage", 0), word("operational", 30)]
    assert asked(DEPENDING, *said, minute=31).upstream == ()
    desk = TestDesk(DEPENDING)
    desk.hears(*said, minute=31)
    of = {minute: witnesses.of(desk.state, "Banco Lumbre", "atm", at(minute), desk.rules).upstream for minute in (-1, 0, 29, 30)}
    assert of == {-1: (), 0: ("Cash Net/Dispensing",), 29: ("Cash Net/Dispensing",), 30: ()}
    seen = asked(DEPENDING, word("degraded", 0))
    assert (seen.scope, seen.nats, seen.vouched) == ("upstream", witnesses.UPSTREAM, True)
    assert asked(DEPENDING, word("degraded", 0), service="card").scope == "unknown"


def test_trouble_with_cash_machines_does_not_stand_behind_complaints_about_the_app():
    trouble = [word("major_outage", 0), *looks("atm", 0, 1), announced("deploy", "atm", -5, -4)]
    assert asked(DEPENDING, *trouble, service="") == asked(DEPENDING, *trouble, service="app") == Witnesses()
    desk = TestDesk(DEPENDING)
    desk.hears(trouble[0], minute=0)
    desk.hears(say(by="ana", minute=2), say(by="luis", minute=2.5))
    assert desk.reasons == ["upstream"]
    desk.hears(say(by="pia", minute=3, about="atm"), say(by="tom", minute=3.5, about="atm"))
    assert desk.reasons[1:] == ["confirmed"] and desk.alerts[-1].service == "atm"


def test_a_page_that_was_left_on_degraded_is_no_witness_after_a_day():
    assert asked(DEPENDING, word("degraded", -24 * 60 - 1)).upstream == ()
    assert asked(DEPENDING, word("degraded", -24 * 60 + 60)).upstream == ("Cash Net/Dispensing",)


@given(st.permutations([word("major_outage", 0), word("operational", 10), word("degraded", 20), word("partial_outage", 25)]))
def test_a_word_older_than_the_last_one_changes_nothing(order: list[Status]):
    memory = Memory()
    for status in order:
        machines.changed(memory, status)
    known = dict(memory.components)
    assert known["Cash Net/Dispensing"].state == "partial_outage"
    assert [machines.changed(memory, status) for status in order] == [False] * 4
    assert memory.components == known


# ── our own probes, deploys and maintenance ──────────────────────────────────────────────────────────────────────


def test_a_check_that_failed_twice_is_a_witness_of_its_own_service():
    assert asked(RULES, *looks("atm", 0)).probes == ()
    seen = asked(RULES, *looks("atm", 0, 1))
    assert (seen.probes, seen.nats, seen.vouched, seen.scope) == (("atm-0",), witnesses.PROBE, True, "unknown")
    assert asked(RULES, *looks("atm", 0, 1), service="app").probes == ()
    assert asked(RULES, *looks("atm", 0, 1), service="app", also=("atm",)).probes == ("atm-0",)
    assert asked(RULES, *looks("atm", 0, 1), *looks("atm", 2, 3, ok=True)).probes == ()


def two_probes(minute: float, *, web: bool, login: bool) -> list[Probe]:
    """Two probes of one service, each by its name."""
    epoch = int(at(minute).timestamp())
    return [
        Probe(id=f"probe:{name}:{epoch}", target="app", ok=ok, at=at(minute)) for name, ok in (("web-page", web), ("login:page", login))
    ]


def test_a_service_fails_while_any_of_its_probes_does():
    desk = TestDesk()
    for minute in range(10):
        desk.hears(*two_probes(minute, web=minute < 2, login=True), minute=minute + 0.1)
    assert desk.reasons == ["suspected"]
    (incident,) = desk.state.incidents.values()
    assert [check.split(":")[1] for check in incident.probes] == ["web-page"]
    for minute in range(10, 60):
        desk.hears(*two_probes(minute, web=True, login=minute > 20), minute=minute + 0.1)
    (incident,) = desk.state.incidents.values()
    assert [check.split(":")[1] for check in incident.probes] == ["web-page", "login"]
    assert desk.reasons == ["suspected", "resolved"] and desk.alerts[-1].at > at(30)


def test_a_check_that_was_stored_before_checks_had_names_goes_on_under_its_name():
    memory = Memory(checks={"app": Check(False, 3, at(0), at(2), "probe:web-page:1"), "atm": Check(False, 3, at(0), at(2), "a:1")})
    for probe in two_probes(3, web=True, login=False):
        machines.probed(memory, probe)
    assert set(memory.checks) == {"atm", "app/web-page", "app/login:page"}
    assert machines.failing(memory, "app") is None and machines.failing(memory, "atm")


def test_witnesses_add_up():
    seen = asked(DEPENDING, *looks("atm", 0, 1), word("degraded", 0), announced("deploy", "atm", -12, -10))
    assert seen.nats == witnesses.PROBE + witnesses.UPSTREAM + witnesses.DEPLOY


@pytest.mark.parametrize(("minute", "felt"), [(-21, False), (-20, True), (0, True), (45, True), (46, False)])
def test_a_deploy_is_felt_for_an_hour(minute: float, felt: bool):
    desk = TestDesk()
    desk.hears(announced("deploy", "atm", -20, -15), minute=-20)
    seen = witnesses.of(desk.state, "Banco Lumbre", "atm", at(minute), desk.rules)
    assert (seen.notice == "deploy", seen.nats > 0) == (felt, felt)
    assert witnesses.of(desk.state, "Banco Lumbre", "card", at(minute), desk.rules) == Witnesses()


def test_what_an_incident_began_with_stays_its_deploy_however_long_it_lasts():
    assert asked(RULES, announced("deploy", "atm", -20, -15), minute=300, onset=at(-8)).deployed_at == at(-20)


def test_maintenance_explains_what_is_said_within_it_and_makes_us_slower_for_a_while():
    desk = TestDesk()
    desk.hears(announced("maintenance", "atm", 0, 60), *looks("atm", 1, 2), minute=2)
    of = {minute: witnesses.of(desk.state, "Banco Lumbre", "atm", at(minute), desk.rules) for minute in (59, 60, 89, 90)}
    assert [(seen.notice, seen.nats) for seen in of.values()] == [
        ("maintenance", witnesses.MAINTENANCE),
        ("", witnesses.PROBE + witnesses.AFTERMATH),
        ("", witnesses.PROBE + witnesses.AFTERMATH),
        ("", witnesses.PROBE),
    ]
    assert [seen.vouched for seen in of.values()] == [False, True, True, True]
    assert witnesses.of(desk.state, "Banco Lumbre", "app", at(30), desk.rules).nats == 0
    assert math.isfinite(msgspec.json.decode(msgspec.json.encode(of[59]), type=Witnesses).nats)


def test_only_what_is_said_after_maintenance_is_said_of_a_broken_service():
    desk = TestDesk()
    desk.hears(announced("maintenance", "atm", 0, 60), minute=0)
    said = desk.hears(*(say(by=f"p{minute}", minute=minute, about="atm") for minute in (10, 59, 60, 75)), minute=76).signals
    left = witnesses.unexplained((one for one in said if one.kind == "outage"), desk.state.memory)
    assert [one.posted_at for one in left] == [at(60), at(75)]
    assert witnesses.unexplained_since(at(1), desk.state.memory, "atm") == at(60)
    assert witnesses.unexplained_since(at(61), desk.state.memory, "atm") == at(61)
    assert witnesses.unexplained_since(at(1), desk.state.memory, "app") == at(1)


def test_nobody_vouches_for_another_brand():
    desk = TestDesk(DEPENDING)
    desk.hears(*looks("atm", 0, 1), word("degraded", 0), minute=2)
    assert witnesses.of(desk.state, "Caja Norte", "atm", at(2), desk.rules) == Witnesses()


# ── what the desk is told ────────────────────────────────────────────────────────────────────────────────────────


def told(seen: Witnesses, language: str = "es", phase: Any = "confirmed", **more: Any) -> str:
    incident = Incident(id="i", brand="Banco Lumbre", service="app", phase=phase, onset_at=at(0), opened_at=at(1), witnesses=seen, **more)
    reason = "resolved" if phase == "resolved" else "confirmed"
    alert = about_incident(incident, reason, rulebook(), at(2), late_by_s=0, facts={"usual": 0.1, "window_min": 5}, say=None)
    assert set(alert.facts) >= {"scope", "upstream", "others", "probes", "after_deploy_min"}
    detail = getattr(alert.detail, language) if alert.detail else ""
    return f"{getattr(alert.headline, language)} | {detail}"


def test_the_card_says_who_else_says_so():
    upstream = Witnesses(scope="upstream", upstream=("Cash Net/Dispensing",))
    others = Witnesses(scope="others", others=("Banco Faro",), notice="deploy", deployed="app", deployed_at=at(-12))
    counts = {"count": 5, "author_count": 4, "sources": ("x",)}
    assert told(upstream, **counts) == (
        "Fallo confirmado: la app · lo dice el proveedor | "
        "5 quejas de 4 personas desde las 12:00 (lo normal: ninguna); X; lo confirma Cash Net (Dispensing)."
    )
    assert told(others, "en", **counts) == (
        "Confirmed failure: the app · others too | 5 complaints from 4 people since 12:00 (usually none); X; "
        "customers of Banco Faro complain too; began 12 min after a change of ours (the app)."
    )
    assert told(Witnesses(scope="us")).startswith("Fallo confirmado: la app · por ahora, solo nosotros")
    assert told(Witnesses()).startswith("Fallo confirmado: la app |")
    assert told(others, phase="resolved", **counts) == "Vuelve a la normalidad: la app | 5 quejas de 4 personas a las 12:00; X."


def test_the_alert_of_an_incident_is_told_with_its_witnesses():
    desk = TestDesk(COMPARING)
    desk.hears(elsewhere("sol", -600), announced("deploy", "app", -12, -10), minute=-5)
    for minute, by in enumerate(("ana", "luis", "eva", "joe", "pia")):
        desk.hears(say(by=by, minute=minute))
    facts = desk.alerts[0].facts
    assert {name: facts[name] for name in ("scope", "others", "upstream", "after_deploy_min")} == {
        "scope": "us",
        "others": [],
        "upstream": [],
        "after_deploy_min": 12,
    }
    (incident,) = desk.state.incidents.values()
    assert incident.witnesses.deployed_at == at(-12)


# ── order ────────────────────────────────────────────────────────────────────────────────────────────────────────

MORNING: list[Event] = [
    *looks("app", 0, 1, 2),
    word("degraded", -30, "Redsys", "Cards"),
    word("major_outage", 1, "Redsys", "Cards"),
    announced("deploy", "app", -12, -10),
    announced("maintenance", "card", -5, 3),
    *(say(by=f"p{n}", minute=n / 2) for n in range(6)),
    *(say(by=f"q{n}", minute=1 + n, about="card") for n in range(4)),
    *(elsewhere(f"f{n}", n, about="card") for n in range(4)),
]


@given(st.permutations(MORNING))
@settings(max_examples=25, deadline=None)
def test_the_order_in_which_machines_and_people_are_heard_does_not_matter(order: list[Event]):
    one, other = TestDesk(COMPARING), TestDesk(COMPARING)
    for desk, heard in ((one, MORNING), (other, order)):
        desk.hears(*heard, minute=5)
    assert msgspec.json.encode(other.alerts) == msgspec.json.encode(one.alerts)
    assert other.state.incidents == one.state.incidents and other.state.memory == one.state.memory


def test_the_same_old_words_again_lead_to_nothing_new():
    desk = TestDesk(COMPARING)
    desk.hears(*MORNING, minute=5)
    before, incidents = desk.state.memory.copy(), dict(desk.state.incidents)
    machines_only = [event for event in MORNING if not isinstance(event, Message)]
    outcome = desk.hears(*machines_only, minute=5.5)
    assert outcome.alerts == () and outcome.incidents == ()
    assert desk.state.memory == before and desk.state.incidents == incidents


def test_an_empty_day_has_no_witnesses():
    assert witnesses.of(State(), "Banco Lumbre", "app", at(0) + timedelta(hours=1), rulebook()) == Witnesses()
