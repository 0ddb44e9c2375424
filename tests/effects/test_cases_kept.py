"""Cases in the database: what a restart finds again, who brings an old one back, and what an older database becomes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from carebot.effects.database.migrations import migrate
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Batch, Case, Deleted, Message
from tests.decide.test_answered_is_not_solved import DAY, PROMISES, asks, reply
from tests.saying import at, rulebook

TABLES = ("cases", "by_author", "by_handle", "by_message", "by_reference", "deadlines")


def loop(path: Path | None) -> Loop:
    return Loop(Store(path), rulebook(PROMISES), secret=b"test", destinations=lambda alert: (alert.to,))


def take(one: Loop, *events: Message | Deleted, minute: float):
    return one.take([Batch(source="test", events=events)], at(minute)).outcome


def the_case(one: Loop) -> Case:
    (case,) = one.state.desk.cases.values()
    return case


def test_who_comes_back_days_later_finds_their_case_after_a_restart_too(tmp_path: Path):
    before = loop(tmp_path / "care.db")
    take(before, asks(text="@BancoLumbre my card was charged twice"), minute=1)
    take(before, reply(10, to="x:ana-0"), minute=10)
    take(before, minute=8 * 60 + 1)
    take(before, minute=4 * DAY)
    assert not before.state.desk.cases and not before.state.desk.by_message
    before.store.close()
    after = loop(tmp_path / "care.db")
    assert not after.state.desk.cases
    take(after, asks(5 * DAY, text="@BancoLumbre charged again"), asks(5 * DAY, by="eva"), minute=5 * DAY)
    case = next(case for case in after.state.desk.cases.values() if case.author == "ana")
    assert (case.id, case.contacts, case.reopened, case.opened_at, case.answers) == ("case-x:ana-0", 2, 1, at(0), 1)


@pytest.mark.parametrize(
    "how", [{"to": "x:ana-0"}, {"to": "", "text": "@Ana sorry for the wait, it is paid back"}], ids=["to it", "by name"]
)
def test_an_answer_after_the_end_still_finds_its_case(how: dict[str, str]):
    one = loop(None)
    take(one, asks(), asks(by="eva"), minute=1)
    take(one, minute=8 * 60 + 1)
    take(one, minute=4 * DAY)
    assert not one.state.desk.cases
    take(one, reply(5 * DAY, **how), minute=5 * DAY)
    assert (the_case(one).author, the_case(one).answers, the_case(one).clocks[0].met_at) == ("ana", 1, at(5 * DAY))


def test_a_second_answer_after_the_end_wakes_no_wait_that_was_over_before():
    one = loop(None)
    take(one, asks(), minute=1)
    take(one, reply(10, to="x:ana-0"), minute=10)
    take(one, minute=8 * 60 + 1)
    take(one, minute=4 * DAY)
    take(one, reply(5 * DAY, to="x:ana-0"), minute=5 * DAY)
    assert the_case(one).clocks[0].met_at == at(10)


def test_a_word_after_the_end_that_asks_for_nothing_leaves_it_closed():
    one = loop(None)
    take(one, asks(), minute=1)
    take(one, minute=8 * 60 + 1)
    take(one, minute=4 * DAY)
    take(one, asks(5 * DAY, means="", text="buenos días"), minute=5 * DAY)
    assert not one.state.desk.cases


def test_only_what_is_over_has_left_the_desk_and_what_waits_is_counted():
    one = loop(None)
    take(one, asks(), asks(1, by="eva"), reply(2, "@eva ya lo tienes en tu cuenta", to="x:eva-1"), minute=2)
    rows = "SELECT id, due_at IS NOT NULL, waiting_since, met_at, closed_at FROM cases ORDER BY id"
    ms = [int(at(minute).timestamp() * 1000) for minute in (0, 2)]
    assert one.store.db.conn.execute(rows).fetchall() == [("case-x:ana-0", 1, ms[0], None, None), ("case-x:eva-1", 1, None, ms[1], None)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("complains", "moment", "thanks", "says", "answers", "asks back", "sends away", "promises", "claims", "time"),
                *("writes privately", "answers early", "takes back", "we take back"),
            ]
        ),
        st.sampled_from(["ana", "eva"]),
        st.sampled_from([1, 7, 40, 300, 2000, 5000]),
    ),
    min_size=2,
    max_size=14,
)
SAID = {
    "answers": "ya lo tienes en tu cuenta",
    "asks back": "¿qué versión de la app tienes?",
    "sends away": "llama al 900 100 200",
    "promises": "te escribimos en 2 horas",
}


@pytest.mark.parametrize("examples", [5, pytest.param(400, marks=pytest.mark.long)])
def test_a_restart_anywhere_changes_nothing_of_what_is_known_and_said(tmp_path_factory, examples):
    settings(max_examples=examples, deadline=None)(given(steps=STEPS, stop=st.integers(1, 13))(_restarted))(tmp_path_factory.mktemp)


def _restarted(folder_called: Callable[[str], Path], steps: list[tuple[str, str, int]], stop: int) -> None:
    def lived(path: Path | None, restart_after: int) -> tuple[list[str], dict[str, object], list[str]]:
        one, told, minute, last, ours = loop(path), [], 0.0, {"ana": "", "eva": ""}, "x:none"
        for n, (what, who, later) in enumerate(steps):
            minute += later
            message: tuple[Message | Deleted, ...] = ()
            if what in SAID:
                ours = f"x:us-{minute:g}"
                message = (reply(minute, f"@{who} {SAID[what]}", to=last[who]),)
            elif what == "answers early":
                message = (reply(minute, SAID["promises"], to=f"x:{who}-{minute + 7:g}"),)
            elif what in ("takes back", "we take back"):
                message = (Deleted(id=ours if what == "we take back" else last[who], at=at(minute)),)
            elif what == "writes privately":
                private = {"direct": True, "conversation": f"dm:{who}", "id": f"x:{who}-{minute:g}"}
                message = asks(minute, by=who, **private), reply(minute + 0.5, "ya está", direct=True, conversation=f"dm:{who}")
            elif what != "time":
                means = {"complains": "complaint", "moment": "moment", "thanks": "praise", "says": "", "claims": "complaint"}[what]
                network = "app_store" if what == "claims" else "x"
                text = f"soy @{who} en Twitter" if what == "claims" else "@BancoLumbre me habéis cobrado dos veces"
                message = (asks(minute, by=who, means=means, text=text, source=network, id=f"{network}:{who}-{minute:g}"),)
                last[who] = message[0].id if network == "x" else last[who]
            told += [alert.alert for alert in take(one, *message, minute=minute).alerts]
            if n + 1 == restart_after:
                one.store.close()
                one = loop(path)
        tables = {name: dict(getattr(one.state.desk, name)) for name in TABLES} | {"early": dict(one.state.memory.early)}
        rows = [json.dumps(json.loads(doc), sort_keys=True) for (doc,) in one.store.db.conn.execute("SELECT doc FROM cases ORDER BY id")]
        one.store.close()
        return told, tables, rows

    folder = folder_called("kept")
    assert lived(folder / "once.db", 0) == lived(folder / "twice.db", stop)


def test_a_database_with_one_clock_a_case_is_carried_over(tmp_path: Path):
    old = {
        "id": "case-x:1", "brand": "Banco Lumbre", "source": "x", "author_key": "k", "author": "ana", "messages": ["x:1", "x:2"], "contacts": 2,
        "opened_at": at(0).isoformat(), "last_at": at(5).isoformat(),
        "clock": {"kind": "first_response", "promise": "p", "started_at": at(0).isoformat(), "warn_at": at(24).isoformat(), "due_at": at(30).isoformat()},
    }  # fmt: skip
    breached = old | {"id": "case-x:9", "author_key": "l", "clock": old["clock"] | {"warned": True, "breached": True}}
    quiet = old | {"id": "case-x:5", "last_at": at(-5 * DAY).isoformat(), "clock": old["clock"] | {"met_at": at(-5 * DAY).isoformat()}}
    db = Database(tmp_path / "care.db")
    migrate.apply(db, stop_before="0006_a_case_has_several_clocks")
    for doc, due in ((old, 1), (breached, None), (quiet, None)):
        last_at = int(msgspec.convert(doc["last_at"], type(at(0))).timestamp() * 1000)
        db["cases"].insert(
            {
                "id": doc["id"],
                "source": "x",
                "author_key": doc["author_key"],
                "opened_at": 1,
                "last_at": last_at,
                "due_at": due,
                "doc": json.dumps(doc).encode(),
            }
        )
    db.close()
    one = loop(tmp_path / "care.db")
    assert sorted(one.state.desk.cases) == ["case-x:1", "case-x:9"]
    case = one.state.desk.cases["case-x:1"]
    assert (case.messages, case.clocks[0].warn_at, case.clocks[0].due_at) == (("x:1", "x:2"), (at(24),), at(30))
    assert one.state.desk.cases["case-x:9"].clocks[0].breached_at == at(30)
    assert [alert.reason for minute in range(1, 70) for alert in take(one, minute=minute).alerts] == ["sla_warning", "sla_breached"]
