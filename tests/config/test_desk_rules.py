"""What the desk owes, as it is written in the rules: holidays, promises, when a case is over, who is one person."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from carebot.config.desk import RECORDS, owed
from carebot.config.load import read

BRAND = "brand: {name: Banco Lumbre}\n"
PROMISE = "promises:\n  - {name: p, first_response: 30m, open: mon-fri 08:00-20:00}\n"


def book(more: str):
    rulebook, problems = read(BRAND + more, kinds={})
    assert not problems, problems
    return rulebook


def problem(more: str) -> str:
    rulebook, problems = read(BRAND + more, kinds={})
    assert rulebook is None
    return str(problems[0]).splitlines()[0].partition(": ")[2]


def test_the_holidays_of_madrid_with_days_of_ones_own():
    holidays = book("holidays: {country: ES, region: MD, also: [05-15, 2026-12-24], except: [2026-12-07]}\n").file.holidays
    assert [day for day in holidays.days if day.year == 2026] == [
        date(2026, month, day)
        for month, day in ((1, 1), (1, 6), (4, 2), (4, 3), (5, 1), (5, 2), (5, 15), (8, 15), (10, 12), (11, 2), (12, 8), (12, 24), (12, 25))
    ]


def test_a_promise_without_more_counts_as_it_did_and_may_have_its_own_zone_and_holidays():
    (plain,) = book(PROMISE).terms
    assert (plain.zone.key, plain.off, plain.promise.warn_at) == ("Europe/Madrid", frozenset(), (0.8,))
    canary = PROMISE.replace("20:00}", "20:00, time_zone: Atlantic/Canary, holidays: {also: [05-30]}, warn_at: [80%, 50%]}")
    (own,) = book(canary + "holidays: {also: [01-01]}\n").terms
    assert (own.zone.key, date(2026, 5, 30) in own.off, date(2026, 1, 1) in own.off) == ("Atlantic/Canary", True, False)
    assert own.promise.warn_at == (0.5, 0.8)


def test_what_was_worked_out_is_shown_with_its_version():
    rules = book(PROMISE + "holidays: {country: ES, region: MD, except: [2026-12-07]}\n")
    shown = list(owed(rules.terms, rules.file.holidays, date(2026, 11, 22)))
    assert shown[0].startswith("holidays of all (ES-MD): 2026-12-08 Immaculate Conception, 2026-12-25 Christmas Day, ")
    assert shown[0].endswith(", open on 2026-12-07") and shown[1].startswith(
        f"promise p: version {rules.terms[0].version}, in Europe/Madrid"
    )
    assert book(PROMISE + "holidays: {country: ES, region: MD}\n").terms[0].version != rules.terms[0].version


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("holidays: {country: XX}\n", "holidays has a country that we know no holidays of"),
        ("holidays: {country: ES, region: MADRID}\n", "holidays has a region that ES does not have, 'MADRID'. There are: AN, AR"),
        ("holidays: {country: ES, except: [2026-11-03]}\n", "holidays has no holiday to leave out on 2026-11-03."),
        ("holidays: {region: MD}\n", "holidays has a region but no country."),
        ("holidays: {also: [Christmas]}\n", "holidays: entry 1 of also must be a day, not 'Christmas'. Write 12-24"),
        ("cases: {quiet: 2m}\n", "cases: quiet must be from 1h to 30d."),
        (
            PROMISE.replace("30m", "30m, resolution: 400d"),
            'promise "p": gives 9600 open hours for resolution, which take more than half a year.',
        ),
        (PROMISE.replace("mon-fri", "holidays-fri"), "promise \"p\": open names a day that does not exist, 'holidays'."),
        (PROMISE.replace("mon-fri", "holidays"), 'promise "p": gives 0.5 open hours for first_response, which take more than half a year.'),
        (PROMISE.replace("30m", "30m, warn_at: [50%, 0%]"), "promise \"p\": warn_at must be a share, not '0%'."),
        (PROMISE.replace("30m", "30m, for: [anger]"), 'promise "p": entry 1 of for must be one of outage, complaint, churn'),
    ],
)
def test_what_cannot_be_is_told_in_words(written, said):
    assert problem(written).startswith(said)


@pytest.mark.parametrize("network", [*sorted(RECORDS)[:3], "crm", "dni", "iban"])
def test_nobody_is_matched_with_a_customer_database(network):
    written = f"same_person:\n  - accounts: {{x: ana, {network}: someone}}\n    because: they told us\n"
    assert "names a customer record" in problem(written) and "forbid matching their users" in problem(written)


@pytest.mark.parametrize("handle", ["ana@example.com", "+34 600 100 200", "12345678Z", "ES91 2100 0418 4502 0005 1332"])
def test_nor_with_what_only_such_a_database_knows(handle):
    assert "names a customer record" in problem(
        f'same_person:\n  - accounts: {{x: ana, app_store: "{handle}"}}\n    because: they told us\n'
    )


def test_a_person_is_two_accounts_and_how_we_know():
    rules = book("same_person:\n  - accounts: {x: '@Ana_X', app_store: Ana77}\n    because: she told us\n")
    assert rules.accounts_of[("app_store", "ana77")] == (("x", "ana_x"), ("app_store", "ana77"))
    assert "because" in problem("same_person:\n  - accounts: {x: a, y: b}\n")


def test_when_a_case_is_over_is_three_days_unless_said_otherwise():
    assert book("").file.cases.quiet == timedelta(days=3) and book("cases: {quiet: 12h, soon: 24h}\n").file.cases.soon == timedelta(days=1)
