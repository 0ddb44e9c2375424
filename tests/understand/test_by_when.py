"""What words for a time mean, beside other arithmetic: a table of what people write, and every length, working day and hour worked out again."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebot.understand.by_when import folded, may_name_a_time, terms
from carebot.understand.normalise import tame
from carebot.understand.promises import promised

MADRID = ZoneInfo("Europe/Madrid")
TUESDAY = datetime(2026, 11, 17, 10, 0, tzinfo=MADRID)
HERE = Path(__file__).parent


def written(name: str) -> list[tuple[str, str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [(said.strip(), due.strip()) for line in lines if not line.startswith("#") for said, _, due in [line.partition("|")]]


def dues(words: str, at: datetime = TUESDAY, zone: ZoneInfo = MADRID, holidays: frozenset[date] = frozenset()) -> list[datetime]:
    return [term.due for term in terms(folded(words), at.astimezone(UTC), zone, holidays=holidays)]


@pytest.mark.parametrize(("words", "expected"), written("by_when.txt"))
def test_words_mean_the_moment_they_are_over(words, expected):
    assert [f"{due.astimezone(MADRID):%a %d %H:%M}" for due in dues(words)] == ([expected] if expected else [])


@pytest.mark.parametrize(("reply", "expected"), written("promised.txt"))
def test_a_time_is_a_promise_where_the_desk_takes_it_upon_itself(reply, expected):
    told = promised(tame(reply), "", TUESDAY, MADRID)
    assert (f"{told.due.astimezone(MADRID):%a %d %H:%M}" if told else "") == expected


# ── worked out again ─────────────────────────────────────────────────────────────────────────────────────────────

ZONES = st.sampled_from(
    ["Europe/Madrid", "Europe/London", "America/Mexico_City", "America/Bogota", "America/Argentina/Buenos_Aires", "America/Santiago",
     "America/New_York", "America/St_Johns", "Atlantic/Canary", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"]
).map(ZoneInfo)  # fmt: skip
MOMENTS = st.dates(date(2024, 1, 1), date(2030, 12, 1)).flatmap(
    lambda day: st.times().map(lambda at: datetime.combine(day, at, tzinfo=UTC))
)
ES_FRAMES = (
    "en {}",
    "en un plazo de {}",
    "dentro de {}",
    "en menos de {}",
    "en un máximo de {}",
    "en las próximas {}",
    "en un lapso de {}",
)
EN_FRAMES = ("within {}", "in {}", "in the next {}", "within the next {}", "in less than {}", "in no more than {}", "over the next {}")
UNITS = {
    "minutos": timedelta(minutes=1), "min": timedelta(minutes=1), "horas": timedelta(hours=1), "h": timedelta(hours=1), "hs": timedelta(hours=1),
    "días": timedelta(days=1), "semanas": timedelta(days=7), "minutes": timedelta(minutes=1), "mins": timedelta(minutes=1),
    "hours": timedelta(hours=1), "hrs": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(days=7),
}  # fmt: skip


@given(
    at=MOMENTS, zone=ZONES, frame=st.sampled_from(ES_FRAMES + EN_FRAMES), unit=st.sampled_from(list(UNITS)), least=st.integers(2, 27),
    more=st.integers(0, 3), sign=st.sampled_from(["-", "/", " a ", " to ", " o ", " or "]),
)  # fmt: skip
def test_a_length_is_real_time_from_the_reply_on_and_of_two_the_longer(at, zone, frame, unit, least, more, sign):
    said = frame.format(f"{least}{sign}{least + more} {unit}" if more else f"{least} {unit}")
    due = at + (least + more) * UNITS[unit]
    assert dues(said, at, zone) == ([due] if due <= at + timedelta(days=30) else [])


@given(
    at=MOMENTS, zone=ZONES, number=st.integers(1, 12), off=st.frozensets(st.integers(0, 30), max_size=6),
    said=st.sampled_from(["en {} días hábiles", "en un plazo de {} días laborables", "within {} working days", "in {} business days"]),
)  # fmt: skip
def test_working_days_leave_out_weekends_and_holidays(at, zone, number, off, said):
    here = at.astimezone(zone)
    holidays = frozenset(here.date() + timedelta(days=days) for days in off)
    every = (here.date() + timedelta(days=days) for days in range(1, 90))
    worked = [day for day in every if day.isoweekday() < 6 and day not in holidays]
    due = datetime.combine(worked[number - 1], here.timetz()).astimezone(UTC)
    assert dues(said.format(number), at, zone, holidays) == ([due] if due <= at + timedelta(days=30) else [])


@given(at=MOMENTS, off=st.frozensets(st.integers(0, 12), max_size=8))
def test_the_next_working_day_lasts_until_its_midnight(at, off):
    here = at.astimezone(MADRID)
    holidays = frozenset(here.date() + timedelta(days=days) for days in off)
    every = (here.date() + timedelta(days=days) for days in range(1, 90))
    day = next(day for day in every if day.isoweekday() < 6 and day not in holidays)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=MADRID).astimezone(UTC)
    assert dues("el siguiente día hábil", at, holidays=holidays) == [end]


def _shown(day: date, hour: int, minute: int, zone: ZoneInfo) -> list[datetime]:
    """The moments at which the clocks of a place show a time, found minute by minute."""
    start = datetime.combine(day, time(), tzinfo=UTC) - timedelta(hours=15)
    steps = (start + timedelta(minutes=step) for step in range(55 * 60))
    return [at for at in steps if (here := at.astimezone(zone)).date() == day and (here.hour, here.minute) == (hour, minute)]


DAYS = [("mañana", 1), ("tomorrow", 1), ("pasado mañana", 2), ("the day after tomorrow", 2)]
CLOCKS = ["{day} a las {hour}:{minute:02} h", "{day} antes de las {hour}:{minute:02}h", "{day} at {hour:02}:{minute:02}h", "{day} by {hour}:{minute:02}h"]  # fmt: skip
# Nights in which the clocks of a place change, as seen the day before.
CHANGES = st.sampled_from([(2027, 3, 27), (2026, 10, 24), (2026, 3, 7), (2026, 10, 31), (2026, 4, 4), (2026, 9, 5), (2026, 10, 3)])


@given(
    day=CHANGES | st.dates(date(2024, 1, 1), date(2030, 12, 1)).map(lambda day: (day.year, day.month, day.day)),
    zone=ZONES, name=st.sampled_from(DAYS), said=st.sampled_from(CLOCKS), hour=st.integers(0, 4) | st.integers(13, 23), minute=st.integers(0, 59),
)  # fmt: skip
def test_a_time_of_day_is_what_the_clock_at_the_desk_shows_on_the_night_it_changes_too(day, zone, name, said, hour, minute):
    word, ahead = name
    at = datetime(*day, 12, 0, tzinfo=zone).astimezone(UTC)
    [due] = dues(said.format(day=word, hour=hour, minute=minute), at, zone) if hour in (0, *range(13, 24)) else dues(
        f"{word} a las {hour}:{minute:02} de la madrugada", at, zone
    )  # fmt: skip
    moments = _shown(date(*day) + timedelta(days=ahead), hour, minute, zone)
    if moments:
        assert due == moments[-1]
    else:  # spring skips it: as much later as the clocks jump
        before, after = (due - timedelta(hours=2)).astimezone(zone).utcoffset(), due.astimezone(zone).utcoffset()
        shown = due.astimezone(zone).replace(tzinfo=None) - (after - before)
        assert (shown.hour, shown.minute) == (hour, minute)


@given(at=MOMENTS, weekday=st.integers(0, 6), lang=st.sampled_from(["es", "en"]))
def test_a_weekday_is_the_coming_one_and_today_is_one(at, weekday, lang):
    names = {
        "es": ["el lunes", "el martes", "el miércoles", "el jueves", "el viernes", "el sábado", "el domingo"],
        "en": ["on Monday", "by Tuesday", "before Wednesday", "on Thursday", "this Friday", "on Saturday", "by Sunday"],
    }
    here = at.astimezone(MADRID).date()
    day = next(day for days in range(7) if (day := here + timedelta(days=days)).weekday() == weekday)
    assert dues(names[lang][weekday], at) == [datetime.combine(day + timedelta(days=1), time(), tzinfo=MADRID).astimezone(UTC)]


@pytest.mark.parametrize(
    ("words", "at", "expected"),
    [
        ("antes de fin de año", (2026, 12, 20, 9), "2027-01-01 00:00"),
        ("by the end of the year", (2026, 12, 31, 23), "2027-01-01 00:00"),
        ("mañana a primera hora", (2026, 12, 31, 18), "2027-01-01 10:00"),
        ("la semana que viene", (2026, 12, 31, 18), "2027-01-11 00:00"),
        ("a fin de mes", (2026, 12, 31, 18), "2027-01-01 00:00"),
        ("a fin de mes", (2028, 2, 10, 9), "2028-03-01 00:00"),
        ("el 2 de enero", (2026, 12, 31, 18), "2027-01-03 00:00"),
        ("en 2 días hábiles", (2026, 12, 31, 18), "2027-01-04 18:00"),  # Friday the 1st is no holiday unless the desk says so
        ("esta noche", (2026, 12, 31, 18), "2027-01-01 00:00"),
        ("antes de fin de año", (2026, 3, 1, 9), ""),  # further than a desk's clock goes
    ],
)
def test_the_year_ends_in_the_middle_of_a_promise(words, at, expected):
    found = dues(words, datetime(*at, tzinfo=MADRID))
    assert [f"{due.astimezone(MADRID):%Y-%m-%d %H:%M}" for due in found] == ([expected] if expected else [])


# ── what is not looked at twice ──────────────────────────────────────────────────────────────────────────────────

PIECES = st.sampled_from([piece for words, _ in written("by_when.txt") for piece in (words, *words.split())])


@given(text=st.lists(PIECES, max_size=8).map(" ".join))
def test_whatever_names_a_time_is_not_passed_over(text):
    said = folded(text)
    assert may_name_a_time(said) or not list(islice(terms(said, TUESDAY.astimezone(UTC), MADRID), 1))


@pytest.mark.parametrize("words", [words for words, due in written("by_when.txt") if due])
def test_each_of_these_times_is_looked_at(words):
    assert may_name_a_time(folded(words))
