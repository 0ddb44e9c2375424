"""Who takes back all they said is named nowhere any more: not in their case, not in what staff were told, not on a card in Slack."""

from __future__ import annotations

from datetime import UTC

import pytest

from carebot.effects.database.forgotten import without
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Alert, Batch, Deleted, Event, Text
from tests.decide.test_answered_is_not_solved import DAY, PROMISES, asks, reply
from tests.effects.test_taken_back import Life, life  # noqa: F401  the fixture
from tests.saying import at, rulebook, say


def desk(tmp_path) -> Loop:
    return Loop(Store(tmp_path / "a.db"), rulebook(PROMISES), secret=b"test", destinations=lambda alert: (alert.to,))


def take(one: Loop, *events: Event, minute: float) -> None:
    one.take([Batch(source="x", events=events)], at(minute))


def everything(one: Loop) -> str:
    """All that the database holds, and what the loop remembers."""
    conn = one.store.db.conn
    tables = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return str([conn.execute(f"SELECT * FROM {table}").fetchall() for table in tables]) + str(one.state)


async def test_a_card_that_was_told_of_them_says_somebody(life: Life) -> None:  # noqa: F811
    life.hears(say("tirada en Lima sin tarjeta @BancoLumbre", by="solete", id="x:9", means="moment", about="card"), minute=0.2)
    await life.delivers()
    assert "@solete" in life.on_slack()
    life.hears(Deleted(id="x:9", at=at(1)), minute=1.2)
    await life.delivers(minute=2)
    assert "solete" not in life.on_slack() and "alguien" in life.on_slack() and len(life.slack.messages) == 1


@pytest.mark.parametrize("days", [0, 5], ids=["on the desk", "long over"])
def test_nothing_names_who_took_back_all_they_said(tmp_path, days: int):
    one = desk(tmp_path)
    take(one, asks(by="solete", means="moment", text="@BancoLumbre tirada en Lima"), asks(1, by="luz", means="moment"), minute=1)
    take(one, asks(5, by="solete", means="churn", text="@BancoLumbre me voy"), reply(6, "@solete ya está", to="x:solete-5"), minute=6)
    for minute in (60 * 9, days * DAY, days * DAY + 61):
        take(one, minute=max(7, minute))
    assert ("case-x:solete-0" in one.state.desk.cases) is (days == 0)
    take(one, Deleted(id="x:solete-0", at=at(days * DAY + 62)), minute=days * DAY + 62)
    assert "@solete" in everything(one), "their other message is still there"
    take(one, Deleted(id="x:solete-5", at=at(days * DAY + 63)), minute=days * DAY + 63)
    left = everything(one)
    assert "solete" not in left.replace("x:solete-", "").replace("@solete ya está", "")  # ids, and what we ourselves wrote
    assert left.count("@luz") >= 2
    take(one, asks(days * DAY + 70, by="solete", means="moment"), minute=days * DAY + 70)
    assert one.state.desk.cases[f"case-x:solete-{days * DAY + 70:g}"].contacts == 1


def test_of_two_accounts_the_one_that_took_back_what_it_said_goes(tmp_path):
    one = desk(tmp_path)
    elsewhere = asks(2, by="tienda9", text="Soy @ana en Twitter, sigo igual", source="app_store", id="app_store:7")
    take(one, asks(), elsewhere, asks(4, means="churn", text="@BancoLumbre me voy"), minute=5)
    assert "@tienda9" in everything(one) and "Soy @ana en Twitter" in everything(one)
    take(one, Deleted(id="app_store:7", at=at(6)), minute=6)
    left = everything(one)
    assert "tienda9" not in left and "Soy @ana" not in left
    assert one.state.desk.cases["case-x:ana-0"].author == "ana" and "@ana (X)" in left


def test_a_handle_is_taken_out_whole_and_one_that_only_begins_like_it_stays():
    told = Alert(
        alert="a",
        at=at(0).astimezone(UTC),
        reason="churn",
        headline=Text("Puede irse: @Sol (X)", "May leave: @sol (X)"),
        detail=Text("También @soledad (X): «soy @sol en X».", "Also @soledad (X)"),
        facts={"accounts": ["x/sol", "x/soledad"], "contacts": 2},
    )
    anew = without(told, {"sol"}, {"soy @sol en X"})
    assert (anew.headline, anew.detail) == (
        Text("Puede irse: alguien (X)", "May leave: somebody (X)"),
        Text("También @soledad (X): «…».", "Also @soledad (X)"),
    )
    assert anew.facts == {"accounts": ["x/soledad"], "contacts": 2}
