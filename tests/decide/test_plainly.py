"""Numbers, times, networks and names as the desk says them aloud."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from carebot.config.load import read
from carebot.decide.public.words import draft
from carebot.decide.telling import plainly
from carebot.decide.telling.sentences import detail, service_name, what_fails
from carebot.model import Incident, Text
from tests.saying import RULES, at, rulebook

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)  # 11:00 in Madrid


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_how_long_is_said_in_words_that_one_takes_in():
    said = {
        0.1: "1 min",
        59: "59 min",
        60: "1 h",
        96: "1 h 36 min",
        1439: "23 h 59 min",
        1440: "1 día",
        1881: "1 día 7 h",
        2880: "2 días",
        14400: "10 días",
    }
    assert {count: plainly.span(minutes(count)).es for count in said} == said
    assert (plainly.span(timedelta(days=3)).en, plainly.span(minutes(96)).en) == ("3 days", "1 h 36 min")


@pytest.mark.parametrize(("count", "said"), [(1, "Queda 1 min"), (9, "Quedan 9 min"), (60, "Queda 1 h"), (80, "Quedan 1 h 20 min")])
def test_what_is_left_agrees_with_its_number(count: int, said: str):
    assert plainly.left(minutes(count)).es == said


def test_one_is_one_and_large_numbers_are_marked_as_each_language_has_it():
    words = (("queja", "quejas"), ("complaint", "complaints"))
    assert [plainly.counted(n, *words).es for n in (0, 1, 2, 9999, 10_000)] == [
        "0 quejas",
        "1 queja",
        "2 quejas",
        "9999 quejas",
        "10.000 quejas",
    ]
    assert [plainly.counted(n, *words).en for n in (1, 2, 9999)] == ["1 complaint", "2 complaints", "9,999 complaints"]
    assert plainly.about(4127) == Text("4100", "4,100") and plainly.about(41270) == Text("41.000", "41,000")


def test_a_list_ends_as_people_end_it():
    assert plainly.listed(["la app"], "es") == "la app" and plainly.listed([], "es") == ""
    assert plainly.listed(["la app", "las tarjetas", "los cajeros"], "es") == "la app, las tarjetas y los cajeros"
    assert plainly.listed(["la app", "Internet"], "es") == "la app e Internet"
    assert plainly.listed(["agua", "hielo"], "es") == "agua y hielo"
    assert plainly.listed(["the app", "Internet"], "en") == "the app and Internet"


def test_a_time_has_its_day_where_that_is_not_today():
    said = {
        NOW - minutes(18): ("las 10:42", "10:42"),
        NOW - timedelta(days=1): ("las 11:00 de ayer", "11:00 yesterday"),
        NOW + timedelta(days=1): ("las 11:00 de mañana", "11:00 tomorrow"),
        NOW - timedelta(days=4): ("las 11:00 del 17 nov", "11:00 on 17 Nov"),
        NOW - timedelta(hours=10): ("la 01:00", "01:00"),  # "las" is for two o'clock and later
    }
    assert {moment: (told.es, told.en) for moment in said if (told := plainly.moment(moment, MADRID, NOW))} == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Kolkata", "las 15:12"),
        ("Australia/Adelaide", "las 20:12"),
        ("America/Mexico_City", "las 03:42"),
        ("Asia/Kathmandu", "las 15:27"),
    ],
)
def test_zones_with_half_and_quarter_hours_are_as_good_as_any(zone: str, said: str):
    assert plainly.moment(NOW - minutes(18), ZoneInfo(zone), NOW).es == said


def test_the_hour_that_comes_twice_says_which_of_the_two_it_is():
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert [plainly.moment(moment, MADRID, second).es for moment in (first, second)] == ["las 02:30 CEST", "las 02:30 CET"]
    assert plainly.span(second - first).es == "1 h", "on the wall no time has passed"
    assert plainly.clock(datetime(2026, 10, 25, 2, 0, tzinfo=UTC).astimezone(MADRID)) == "03:00"
    spring = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert plainly.clock(spring.astimezone(MADRID)) == "03:30", "and the hour that is left out has no name to say"


def test_people_and_networks_have_the_names_they_go_by():
    assert plainly.who("ana", "app_store") == Text("@ana (App Store)", "@ana (App Store)")
    assert plainly.who("", "feed") == Text("alguien en foros y blogs", "somebody on forums and blogs")
    assert plainly.network("tablón") == Text("tablón", "tablón")
    assert plainly.day(date(2026, 3, 4)) == Text("4 mar", "4 Mar")


def test_a_service_without_a_name_in_the_rules_has_the_one_people_use():
    book = rulebook()
    assert service_name(book, "card", "") == Text("las tarjetas", "cards")
    assert service_name(book, "transfer", "Banco Lumbre") == Text("las transferencias", "transfers")


# ── the sentence ─────────────────────────────────────────────────────────────────────────────────────────────────


def incident(**more: object) -> Incident:
    story = {"id": "i", "brand": "Banco Lumbre", "service": "app", "phase": "confirmed", "onset_at": at(0), "opened_at": at(1)}
    counts = {"count": 86, "author_count": 71, "sources": ("x", "app_store"), "usual": 3.7, "usual_in": 15, "last_signal_at": at(15)}
    return Incident(**(story | counts | more))  # type: ignore[arg-type]


def test_the_sentence_says_how_many_of_whom_since_when_against_what_is_usual_and_where():
    assert detail(incident(), {}, rulebook(), 0, at(15)) == Text(
        "86 quejas de 71 personas desde las 12:00 (lo normal: 4); X, App Store.",
        "86 complaints from 71 people since 12:00 (usually 4); X, App Store.",
    )
    alone = detail(incident(count=1, author_count=1, usual=0.0), {}, rulebook(), 0, at(15))
    assert alone and alone.es.startswith("1 queja de 1 persona desde") and "(lo normal: ninguna)" in alone.es


def test_what_is_still_open_the_next_day_says_since_yesterday():
    told = detail(incident(), {}, rulebook(), 0, at(15 * 60))
    assert told and "desde las 12:00 de ayer" in told.es and "since 12:00 yesterday" in told.en


def test_what_is_over_says_from_when_to_when():
    told = detail(incident(phase="resolved"), {}, rulebook(), 0, at(60))
    assert told and told.es == "86 quejas de 71 personas entre las 12:00 y las 12:15; X, App Store."


def test_what_only_our_own_check_saw_is_a_sentence_too_when_it_is_over():
    seen = incident(count=0, author_count=0, sources=(), probes=("p:1",), phase="resolved")
    told = detail(seen, {}, rulebook(), 0, at(60))
    assert told and told.es == "Nuestra comprobación automática empezó a fallar a las 12:00."
    assert detail(incident(count=0, probes=(), phase="resolved"), {}, rulebook(), 0, at(60)) is None, "and nothing is no full stop"


def test_all_that_fails_is_named_by_its_name_and_what_is_too_much_is_a_number():
    assert what_fails(incident(also=("card",)), rulebook()) == Text("la app y las tarjetas", "the app and cards")
    many = what_fails(incident(also=("card", "atm", "web", "login")), rulebook())
    assert many == Text("la app, las tarjetas, los cajeros y 2 más", "the app, cards, cash machines and 2 more")


def test_what_customers_are_told_knows_one_oclock_and_yesterday():
    book, problems = read(RULES.replace(", statement: {es: Sabemos que falla., en: We know it fails.}", ""), kinds={})
    assert book, problems
    night = incident(onset_at=datetime(2026, 3, 12, 0, 5, tzinfo=UTC))  # 01:05 in Madrid
    told = draft("i/1", night, book, datetime(2026, 3, 12, 0, 30, tzinfo=UTC), told=False)
    assert told and "desde la 01:05 " in told.texts["es"] and "since 01:05 " in told.texts["en"]
    told = draft("i/1", night, book, datetime(2026, 3, 15, 9, 0, tzinfo=UTC), told=False)
    assert told and "desde la 01:05 del 12 mar" in told.texts["es"] and "since 01:05 on 12 Mar" in told.texts["en"]
