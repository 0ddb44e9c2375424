"""Nobody took it: who is told next, and that each is told once, whatever dies in between."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from carebot.decide.state import State
from carebot.decide.telling import escalation
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Batch, Click, Event, Further, Incident
from carebot.service import routes
from tests.saying import NOON, RULES, TestDesk, at, rulebook, say

CHAIN = RULES.replace(
    'desk: {slack: "#desk"}',
    'desk: {slack: "#desk", escalate: [{after: 5m, to: on-call}, {after: 15m, to: leads}, {after: 30m, to: fallback}]}'
    '\n  on-call: {slack: "#on-call"}\n  leads: {slack: "#leads"}\nfallback: [pager]',
)
STEPS = ["on-call", "leads", "fallback"]


def failing(desk: TestDesk) -> str:
    for n in range(8):
        desk.hears(say(f"no va {n}", by=f"p{n}", minute=n / 4))
    (incident,) = desk.state.incidents
    return incident


def goes_on(desk: TestDesk, since: int, until: int) -> None:
    for minute in range(since, until):
        desk.hears(say("sigue", by=f"q{minute}", minute=minute))


def press(action: str, minute: float, incident: str, **more: str) -> Click:
    return Click(id=f"c:{minute}", action=action, user="U1", name="Marta", incident=incident, at=at(minute), **more)  # type: ignore[arg-type]


def test_what_nobody_takes_goes_along_the_chain_and_everybody_sees_it():
    desk = TestDesk(CHAIN)
    failing(desk)
    sure = next(alert for alert in desk.alerts if alert.severity == 2)
    goes_on(desk, 2, 60)
    told = [alert for alert in desk.alerts if alert.reason == "escalated"]
    assert [(alert.to, alert.at - sure.at) for alert in told] == [
        (step, timedelta(minutes=after)) for step, after in zip(STEPS, (5, 15, 30), strict=True)
    ]
    assert [alert.also_to[0] for alert in told] == ["desk"] * 3
    assert told[1].facts["escalation"] == {"to": "leads", "unanswered_min": 15, "steps_left": 1}
    assert told[0].act is not None and told[0].act.es == "Sin respuesta en 5 min: pasa a on-call"


def test_each_press_that_answers_for_it_stops_the_chain():
    for action, more in (("take", {}), ("confirm", {}), ("resolve", {}), ("not_incident", {"choice": "few"}), ("snooze", {"choice": "4h"})):
        desk = TestDesk(CHAIN)
        incident = failing(desk)
        goes_on(desk, 2, 8)
        if action == "confirm":
            desk.state.incidents[incident] = replace(desk.state.incidents[incident], phase="suspected")
        desk.hears(press(action, 8, incident, **more), minute=8)
        if action == "resolve":
            desk.waits(45, since=8)  # what goes on would be reopened, and nobody's again
        else:
            goes_on(desk, 9, 45)
        first = [alert.to for alert in desk.alerts if alert.reason == "escalated" and alert.incident == incident]
        assert first == ["on-call"], action


def test_a_suspicion_and_a_small_thing_wake_nobody():
    desk = TestDesk(CHAIN.replace("core: true, ", ""))
    failing(desk)
    desk.waits(40, since=2)
    assert "escalated" not in desk.reasons


def test_it_begins_anew_when_it_fails_again():
    desk = TestDesk(CHAIN)
    failing(desk)
    desk.waits(60, since=2)
    assert desk.reasons[-1] == "resolved"
    for n in range(8):
        desk.hears(say(f"otra vez {n}", by=f"r{n}", minute=70 + n / 4))
    goes_on(desk, 72, 80)
    assert [alert.to for alert in desk.alerts if alert.reason == "escalated"] == [*STEPS, "on-call"]


def test_who_asked_for_a_rest_is_told_when_it_ends():
    one = Incident(
        id="i", brand="Banco Lumbre", service="app", phase="confirmed", onset_at=NOON, opened_at=NOON, severity=2, told_severity=2, owner="U1",
        owner_name="Marta", told_at=NOON, told_to=("desk",), snoozed_until=at(60),
    )  # fmt: skip
    state = State(incidents={"i": one})
    assert escalation.time_passed(state, rulebook(), at(59)) == []
    assert [alert.reason for alert in escalation.time_passed(state, rulebook(), at(60))] == ["still_open"]


def test_after_a_pause_what_is_overdue_is_told_and_says_how_late():
    further = (Further(at(5), "on-call"), Further(at(15), "leads"))
    one = Incident(
        id="i", brand="Banco Lumbre", service="app", phase="confirmed", onset_at=NOON, opened_at=NOON, severity=2, told_severity=2,
        told_at=NOON, told_to=("desk",), further=further, further_since=NOON,
    )  # fmt: skip
    state = State(incidents={"i": one})
    told = escalation.time_passed(state, rulebook(CHAIN), at(20))
    assert [(alert.to, alert.late_by_s) for alert in told] == [("on-call", 900), ("leads", 300)]
    assert len({alert.alert for alert in told}) == 2
    assert escalation.time_passed(state, rulebook(CHAIN), at(21)) == []


# ── whatever dies in between ─────────────────────────────────────────────────────────────────────────────────────


class Running:
    """A carebot that may be killed before or after any commit: what it knew is gone, what it wrote is there."""

    def __init__(self, path: Path) -> None:
        self.path, self.book = path, rulebook(CHAIN)
        self.start()

    def start(self) -> None:
        self.loop = Loop(Store(self.path), self.book, secret=b"k" * 32, destinations=lambda alert: routes(alert, self.book))

    def take(self, now: datetime, *events: Event) -> None:
        self.loop.take([Batch(source="x", events=events)], now)

    def dies(self, now: datetime, *events: Event, before_the_commit: bool) -> None:
        if before_the_commit:
            commit, self.loop.store.commit = self.loop.store.commit, lambda **_: (_ for _ in ()).throw(MemoryError())  # type: ignore[method-assign,assignment]
            try:
                self.take(now, *events)
            except MemoryError:
                self.loop.store.commit = commit  # type: ignore[method-assign]
        else:
            self.take(now, *events)
        self.loop.store.close()
        self.start()

    def told(self) -> list[tuple[str, str]]:
        """Every delivery of a step of the chain: to whom it was meant, and the destination, from the outbox."""
        rows = self.loop.store.waiting_deliveries()
        return [(one.alert.to, one.destination) for one in rows if one.alert.reason == "escalated"]


@settings(max_examples=8, deadline=None)
@given(
    deaths=st.lists(st.tuples(st.integers(2, 38), st.booleans()), max_size=12, unique_by=lambda one: one[0]),
    asleep=st.sets(st.integers(3, 37), max_size=10),
    taken=st.one_of(st.none(), st.integers(3, 40)),
)
def test_each_step_is_told_exactly_once_whenever_it_dies(deaths: list[tuple[int, bool]], asleep: set[int], taken: int | None):
    with tempfile.TemporaryDirectory() as folder:
        bot, dying = Running(Path(folder) / "a.db"), dict(deaths)
        bot.take(at(1), *(say(f"no va {n}", by=f"p{n}", minute=n / 8) for n in range(8)))
        ((incident, one),) = bot.loop.state.incidents.items()
        steps = {step.to: step.at for step in one.further}
        assert list(steps) == STEPS
        looked = [at(1)]
        for minute in range(2, 41):
            events: tuple[Event, ...] = (say("sigue", by=f"q{minute}", minute=minute),)
            if taken == minute:
                events = (*events, press("take", minute, incident))
            elif minute in asleep:
                continue
            if minute in dying:
                bot.dies(at(minute), *events, before_the_commit=dying[minute])
            if dying.get(minute) is not False:
                bot.take(at(minute), *events)  # what was not committed is read again
            looked.append(at(minute))
        stop = at(taken) if taken is not None else at(41)
        due = [to for to, when in steps.items() if any(when <= look < stop for look in looked)]
        pages = [meant for meant, destination in bot.told() if destination == {"fallback": "fallback:pager"}.get(meant, meant)]
        assert sorted(pages) == sorted(due)
        bot.loop.store.close()
