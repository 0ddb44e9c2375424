"""The same customer on two networks: by the rules, by their own words, by a case number; and who only says so."""

from __future__ import annotations

import pytest

from carebot.model import Case
from carebot.understand.own_words import case_numbers, claim
from tests.decide.test_answered_is_not_solved import PROMISES, asks, desk, reply
from tests.saying import TestDesk, at

KNOWN = (
    PROMISES
    + """
same_person:
  - accounts: {x: ana, app_store: Ana77}
    because: She told us so in a direct message
"""
)


def review(minute: float, text: str = "still charged twice", by: str = "Ana77", **more):
    return asks(minute, by=by, text=text, source="app_store", **{"id": f"app_store:{by}-{minute:g}", **more})


def cases(heard: TestDesk) -> list[Case]:
    return list(heard.state.desk.cases.values())


def test_nobody_is_the_same_person_by_a_name_alone():
    assert len(cases(desk(asks(by="ana"), review(5, by="ana")))) == 2


def test_the_rules_say_which_accounts_are_one_persons():
    (case,) = cases(desk(asks(), review(5), rules=KNOWN))
    assert (case.contacts, [(one.source, one.author, one.known_by) for one in case.accounts]) == (2, [("app_store", "Ana77", "rules")])


def test_soy_ana_en_twitter_joins_her_case_there_and_shows_the_words():
    heard = desk(asks(), review(5, "Soy @ana en Twitter, me habéis cobrado dos veces", by="tienda9"))
    (case,) = cases(heard)
    assert (case.id, case.contacts, case.accounts[0].words) == ("case-x:ana-0", 2, "Soy @ana en Twitter")
    heard.hears(asks(9, means="churn"))
    assert heard.alerts[-1].detail.es.endswith("Dice ser también @tienda9 (App Store): «Soy @ana en Twitter».")


def test_two_cases_that_turn_out_to_be_one_are_the_older_with_both_histories():
    heard = desk(review(0, by="tienda9"), asks(5), review(8, "I'm @ana on X, by the way", by="tienda9"))
    (case,) = cases(heard)
    assert (case.id, case.messages) == ("case-app_store:tienda9-0", ("app_store:tienda9-0", "x:ana-5", "app_store:tienda9-8"))
    assert [(one.id, one.joined, one.closed_at) for one in heard.last.cases if one.joined] == [("case-x:ana-5", case.id, at(8))]
    heard.hears(reply(10, to="x:ana-5"))
    (case,) = cases(heard)
    assert all(clock.met_at == at(10) for clock in case.clocks if clock.kind == "first_response")


def test_an_answer_on_one_network_answers_who_wrote_on_two():
    heard = desk(asks(), review(5), reply(9, to="x:ana-0"), rules=KNOWN)
    assert cases(heard)[0].clocks[0].met_at == at(9)


def test_who_only_says_that_they_are_the_customer_cannot_say_that_it_is_solved():
    said = asks(), reply(3, to="x:ana-0"), review(5, "Soy @ana en Twitter y sigo igual", by="troll")
    heard = desk(*said, review(9, "ya está todo arreglado, gracias", by="troll", means="praise"))
    assert cases(heard)[0].solved_at is None
    heard = desk(*said, review(9, "gracias", means="praise"), rules=KNOWN)
    assert cases(heard)[0].solved_at == at(9)


def test_two_accounts_on_one_network_are_two_people_whatever_one_says():
    heard = desk(asks(), asks(5, by="troll", text="@BancoLumbre soy @ana en Twitter y tampoco puedo"))
    assert len(cases(heard)) == 2


def test_the_same_case_number_joins_and_one_that_many_quote_joins_nobody():
    told = reply(3, "@ana Tu número de caso es AB-123456, lo miramos.", to="x:ana-0")
    quoted = "mi número de caso es AB-123456 y sigo igual"
    (case,) = cases(desk(asks(), told, review(9, quoted, by="tienda9")))
    assert (case.references, case.accounts[0].known_by) == (("AB-123456",), "reference")
    everybody = reply(4, "@luz Tu número de caso es AB-123456, lo miramos.", to="x:luz-1")
    assert len(cases(desk(asks(), asks(1, by="luz"), told, everybody, review(9, quoted, by="tienda9")))) == 3


def test_five_accounts_are_the_most():
    heard = desk(asks(), *(asks(n, by=f"n{n}", source=f"net{n}", text="soy @ana en Twitter", id=f"n:{n}") for n in range(1, 8)))
    assert max(len(case.accounts) for case in cases(heard)) == 4


@pytest.mark.parametrize(
    ("text", "network", "handle"),
    [
        ("Soy @ana_x en Twitter y os escribí ayer", "x", "ana_x"),
        ("hola, soy @Ana.R en Instagram", "instagram", "ana.r"),
        ("I'm @ana on Twitter", "x", "ana"),
        ("This is @ana_88 from X.", "x", "ana_88"),
        ("mi usuario en Instagram es ana.ruiz", "instagram", "ana.ruiz"),
        ("My Twitter handle is @ana_x, same problem", "x", "ana_x"),
        ("mi cuenta de facebook: ana.ruiz.5", "facebook", "ana.ruiz.5"),
        ("os escribí por Twitter como @ana_x y nada", "x", "ana_x"),
        ("mi Twitter es @ana_x", "x", "ana_x"),
        ("Soy la misma que @ana_x en Twitter", "x", "ana_x"),
        ("en Twitter soy @ana_x", "x", "ana_x"),
        ("I messaged you on X as @ben_88 last week", "x", "ben_88"),
        ("I'm the same person as @ben_88 on Twitter", "x", "ben_88"),
    ],
)
def test_what_somebody_says_of_themselves_is_heard(text, network, handle):
    found = claim(text)
    assert found is not None and (found.source, found.handle) == (network, handle)


@pytest.mark.parametrize(
    "text",
    [
        "@ana_x también lo dice en Twitter",
        "lo vi en Twitter, @ana_x tiene razón",
        "soy cliente desde 2010 y en Twitter no contestáis",
        "I'm on X all day and nobody answers",
        "no soy de los que escriben en Twitter",
        "no soy @ana_x en Twitter, os equivocáis",
        "I am not @ben_88 on X",
        "soy amiga de @ana_x en Twitter",
        "I'm with @ben_88 on X about this",
        "mi Twitter está lleno de @spam",
    ],
)
def test_what_is_said_of_somebody_else_is_not(text):
    assert claim(text) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("mi número de caso es AB-123456", ("AB-123456",)),
        ("incidencia 20261118", ("20261118",)),
        ("ticket #8841207, sin respuesta", ("8841207",)),
        ("Case number: 00123456 and ref. 55512/7", ("00123456", "55512/7")),
        ("en caso de 1234 llamadas", ()),
        ("el vuelo 12345 a Lisboa", ()),
        ("mi caso es de 2026", ()),
    ],
)
def test_a_case_number_is_called_one(text, numbers):
    assert case_numbers(text) == numbers
