"""What a reply promises, and by when. Every sentence is invented; it is Tuesday, ten in the morning in Madrid, unless said otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from carebot.understand.by_when import FURTHEST, folded, terms
from carebot.understand.normalise import tame
from carebot.understand.promises import promised

MADRID, MEXICO, NEW_YORK, UTC_ZONE = (ZoneInfo(name) for name in ("Europe/Madrid", "America/Mexico_City", "America/New_York", "UTC"))
TUESDAY = datetime(2026, 11, 17, 10, 0, tzinfo=MADRID)


def due(reply: str, at: datetime = TUESDAY, zone: ZoneInfo = MADRID, lang: str = "", soon: timedelta | None = None) -> str:
    """When it is due by the desk's clock, or "" if nothing was promised."""
    told = promised(tame(reply), lang, at, zone, soon)
    return told.due.astimezone(zone).strftime("%a %d %H:%M") if told else ""


PROMISES = [
    # lengths
    ("Te escribimos en 24 h", "Wed 18 10:00"),
    ("We'll get back to you within 2 hours", "Tue 17 12:00"),
    ("Hola Ana, lo tienes resuelto: te contestamos en las próximas 48 horas", "Thu 19 10:00"),
    ("Respondemos en menos de 24 h", "Wed 18 10:00"),
    ("Gracias por escribirnos. Responderemos a tu mensaje en un plazo máximo de 24-48 h.", "Thu 19 10:00"),
    ("We aim to reply within 24 to 48 hours.", "Thu 19 10:00"),
    ("Nos pondremos en contacto contigo dentro de dos horas", "Tue 17 12:00"),
    ("Nuestro equipo te llamará en media hora", "Tue 17 10:30"),
    ("Somebody will call you in half an hour", "Tue 17 10:30"),
    ("Your refund will be in your account within 5 working days", "Tue 24 10:00"),
    ("El abono se verá reflejado en un plazo de 3 días hábiles", "Fri 20 10:00"),
    ("We'll have it sorted in a couple of days", "Thu 19 10:00"),
    ("Please allow us 48 hours to look into it", "Thu 19 10:00"),
    ("Te daremos respuesta en 72hs", "Fri 20 10:00"),
    ("Tendrás noticias nuestras en 2 semanas", "Tue 01 10:00"),
    ("A colleague will call you back in 15 mins", "Tue 17 10:15"),
    # days
    ("Te llamamos hoy", "Wed 18 00:00"),
    ("Hoy mismo te lo resolvemos", "Wed 18 00:00"),
    ("Mañana te contamos", "Thu 19 00:00"),
    ("We'll write to you tomorrow", "Thu 19 00:00"),
    ("Te escribimos esta semana", "Mon 23 00:00"),
    ("You'll hear from us next week", "Mon 30 00:00"),
    ("Lo arreglamos antes del viernes", "Sat 21 00:00"),
    ("We'll fix it by Friday", "Sat 21 00:00"),
    ("Te llamamos el martes", "Wed 18 00:00"),
    ("Te llamamos el próximo martes", "Wed 25 00:00"),
    ("We'll call you next Friday", "Sat 28 00:00"),
    ("Te devolvemos el dinero antes de fin de mes", "Tue 01 00:00"),
    ("You'll have the money by the end of the month", "Tue 01 00:00"),
    ("We'll get back to you by end of day", "Wed 18 00:00"),
    ("Queda resuelto pasado mañana", "Fri 20 00:00"),
    ("Te contestamos el 24 de noviembre", "Wed 25 00:00"),
    ("You'll have your card by November 24th", "Wed 25 00:00"),
    ("Te contestamos antes del 24/11", "Wed 25 00:00"),
    ("We'll reply the next working day", "Thu 19 00:00"),
    # parts of a day
    ("Esta tarde queda resuelto", "Tue 17 21:00"),
    ("A lo largo de la mañana te llamamos", "Tue 17 14:00"),
    ("Te llamamos a lo largo del día", "Wed 18 00:00"),
    ("We'll call you first thing tomorrow", "Wed 18 10:00"),
    ("Mañana a primera hora te llamamos", "Wed 18 10:00"),
    ("Te escribimos mañana por la mañana", "Wed 18 14:00"),
    ("Someone will call you tomorrow afternoon", "Wed 18 18:00"),
    ("It will be fixed tonight", "Wed 18 00:00"),
    ("El viernes por la tarde lo tienes en tu cuenta", "Fri 20 21:00"),
    # hours
    ("Te escribimos mañana antes de las 12", "Wed 18 12:00"),
    ("We'll have an answer for you by Friday noon", "Fri 20 12:00"),
    ("A las 11:30 os contamos cómo va", "Tue 17 11:30"),
    ("Transfers are slow today, next update at 11:30", "Tue 17 11:30"),
    ("Transferencias lentas. Próxima actualización a las 13:00 h.", "Tue 17 13:00"),
    ("We'll call you at 5", "Tue 17 17:00"),
    ("We'll call you tomorrow at 5", "Wed 18 17:00"),
    ("We'll call you at 5:30 p.m. today", "Tue 17 17:30"),
    ("Te llamamos hoy a las 5 de la tarde", "Tue 17 17:00"),
    ("Te llamamos mañana entre las 9 y las 11", "Wed 18 11:00"),
    ("Te llamamos el jueves a mediodía", "Thu 19 12:00"),
    ("We'll be in touch before midnight", "Wed 18 00:00"),
    ("Hoy antes de las 18h lo tendrás solucionado", "Tue 17 18:00"),
    # two of them: the first to fall due
    ("Te llamamos mañana. El viernes queda resuelto.", "Thu 19 00:00"),
    ("Sí, te escribimos en 2 horas", "Tue 17 12:00"),
    ("Sentimos lo de ayer. Hoy te llamamos", "Wed 18 00:00"),
]  # fmt: skip
NO_PROMISES = [
    "Tu transferencia puede tardar 24 h",
    "Abrimos mañana a las 9",
    "Si no te llega en 24 h escríbenos",
    "Te escribimos ayer",
    "Ya te escribimos esta mañana, mira tu correo",
    "¿Te llamamos mañana?",
    "Te viene bien que te llamemos mañana a las 10?",
    "Can we call you tomorrow at 10?",
    "If it has not arrived within 24 hours, we'll send another",
    "Si nos mandas el DNI, te contestamos en 24 h",
    "When you send us the form, we'll reply within 2 days",
    "It may take up to 48 hours",
    "Refunds usually take 5 working days",
    "Your refund will take approximately 5 days",
    "You can change it up to 48 hours before departure",
    "We hope to have it fixed by Friday",
    "Esperamos tenerlo resuelto el viernes",
    "Please try again tomorrow",
    "Inténtalo de nuevo en 2 horas, por favor",
    "Llámanos mañana a partir de las 9",
    "Te atendemos de lunes a viernes de 9:00 a 18:00",
    "Our agents will call you back, Mon-Fri 8am-8pm",
    "Thanks for reaching out to us today",
    "Happy Friday! We'll look into it",
    "Version 11.1 will be released with it",
    "It will arrive 3 days after you order it",
    "You will receive it within 9 days of completing the form",
    "La bonificación se verá reflejada a más tardar en 60 días hábiles",
    "We'll call you in 45 days",
    "Te escribimos lo antes posible",
    "We'll reply shortly",
    "Gracias, hoy hace buen día",
    "",
]


@pytest.mark.parametrize(("reply", "expected"), PROMISES)
def test_a_promise_is_heard_with_its_time(reply, expected):
    assert due(reply) == expected


@pytest.mark.parametrize("reply", NO_PROMISES)
def test_what_is_no_promise_starts_no_clock(reply):
    assert due(reply) == ""


# ── clocks and calendars ─────────────────────────────────────────────────────────────────────────────────────────


def madrid(*when: int) -> datetime:
    return datetime(*when, tzinfo=MADRID)


@pytest.mark.parametrize(
    ("reply", "at", "expected"),
    [
        ("Mañana te llamamos", madrid(2026, 11, 18, 0, 30), "Fri 20 00:00"),  # the calendar's tomorrow
        ("Te llamamos hoy a las 9 de la mañana", madrid(2026, 11, 17, 10, 0), ""),  # over before it was said
        ("Te llamamos esta mañana", madrid(2026, 11, 17, 15, 0), ""),
        ("Hoy antes de las 12 te llamamos", madrid(2026, 11, 17, 13, 0), "Wed 18 00:00"),  # the other twelve
        ("A las 9:00 os contamos", madrid(2026, 11, 17, 22, 0), "Wed 18 09:00"),
        ("Te llamamos hoy", madrid(2026, 11, 17, 23, 59), "Wed 18 00:00"),
        ("We'll call you by Tuesday 9am", madrid(2026, 11, 17, 10, 0), ""),
        ("We'll call you by Friday", madrid(2026, 11, 20, 23, 0), "Sat 21 00:00"),
        ("We'll call you this week", madrid(2026, 11, 22, 23, 0), "Mon 23 00:00"),
        ("Te abonamos el 3 de enero", madrid(2026, 12, 28, 9, 0), "Mon 04 00:00"),
        ("We'll reply in 2 working days", madrid(2026, 11, 20, 17, 0), "Tue 24 17:00"),
        ("We'll reply the next business day", madrid(2026, 11, 20, 17, 0), "Tue 24 00:00"),
        # the clocks go back on 25 October and forward on 28 March
        ("Te escribimos en 24 h", madrid(2026, 10, 24, 12, 0), "Sun 25 11:00"),
        ("Te escribimos mañana a las 12", madrid(2026, 10, 24, 12, 0), "Sun 25 12:00"),
        ("Te escribimos en 2 horas", madrid(2027, 3, 28, 1, 30), "Sun 28 04:30"),
        ("Te escribimos mañana a las 2:30 de la madrugada", madrid(2027, 3, 27, 12, 0), "Sun 28 03:30"),
        ("It will be fixed today", madrid(2026, 10, 25, 1, 0), "Mon 26 00:00"),
    ],
)
def test_days_are_the_calendars_and_hours_are_real_hours(reply, at, expected):
    assert due(reply, at) == expected


def test_working_days_leave_out_the_holidays_of_the_desk():
    wednesday_off = {TUESDAY.date() + timedelta(days=1)}
    told = [promised("Te lo abonamos en 2 días hábiles", "es", TUESDAY, MADRID, None, days) for days in ((), wednesday_off)]
    assert [f"{one.due.astimezone(MADRID):%a %d %H:%M}" for one in told if one] == ["Thu 19 10:00", "Fri 20 10:00"]


def test_tomorrow_is_tomorrow_at_the_desk_not_in_greenwich():
    late = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # nine in the evening of the 17th in Mexico
    told = promised("Mañana antes de las 12 te escribimos", "es", late, MEXICO)
    assert told
    assert told.due == datetime(2026, 11, 18, 18, 0, tzinfo=UTC)
    assert told.due.tzinfo is UTC


def test_three_four_is_a_date_in_spanish_and_nothing_in_english():
    march = madrid(2027, 3, 20, 9, 0)
    assert due("Te contestamos antes del 3/4", march, lang="es") == "Sun 04 00:00"
    assert due("We'll reply by 3/4", march, lang="en") == ""


@pytest.mark.parametrize(
    ("reply", "words", "kind"),
    [
        ("Hola Marta 😀, te escribimos mañana antes de las 12. Un saludo", "mañana antes de las 12", "answer"),
        ("We\u2019ll get back to you within 2 hours. Thanks!", "within 2 hours", "answer"),
        ("Esta tarde queda resuelto", "Esta tarde", "solution"),
        ("You'll have your money by Friday noon", "by Friday noon", "solution"),
        ("Seguimos en ello. Próxima actualización a las 13:00", "a las 13:00", "information"),
        ("We'll keep you posted, more news tomorrow", "tomorrow", "information"),
    ],
)
def test_the_words_are_those_that_were_written(reply, words, kind):
    told = promised(tame(reply), "", TUESDAY, MADRID)
    assert told
    assert (told.words, told.kind) == (words, kind)


@pytest.mark.parametrize(
    "reply",
    [
        "We've received your message and will reply there shortly.",
        "You'll be notified soon",
        "Our team will get back to you as soon as possible",
        "Te escribimos en breve",
        "Te contestaremos a la mayor brevedad posible",
    ],
)
def test_soon_is_a_promise_where_the_desk_says_how_long_that_is(reply):
    assert due(reply) == ""
    assert due(reply, soon=timedelta(hours=3)) == "Tue 17 13:00"


@pytest.mark.parametrize(
    "reply", ["See you on board soon!", "Hopefully we'll have a fix soon", "We'll have it as soon as it's available to us"]
)
def test_not_every_soon_is_a_promise(reply):
    assert due(reply, soon=timedelta(hours=3)) == ""


def test_a_time_that_is_named_beats_soon():
    assert due("We'll reply soon, within 24 hours", soon=timedelta(hours=3)) == "Wed 18 10:00"


# ── hostile ──────────────────────────────────────────────────────────────────────────────────────────────────────

PIECES = st.sampled_from((
    "te escribimos", "we'll reply", "en", "in the next", "antes de", "by", "24", "24-48", "99999", "h", "horas", "working days", "mañana", "hoy", "esta tarde",
    "friday", "viernes", "a las", "at", "12:75", "12", "pm", "de la noche", "31 de febrero", "february 31", "30/2", "end of the month", "next", "proximo", ",",
    ".", "?", "¿", "si", "soon", ":", "-", "\n", "🙂", "а", "İ", "ß", "ǅ", "today", "tonight", "the 31st", "fin de semana", "el dia 31", "half an", "media",
    "una", "0", "00:00", "24:00", "medianoche",
))  # fmt: skip
TEXTS = st.text(max_size=300) | st.lists(PIECES, max_size=40).map(" ".join) | st.lists(PIECES, max_size=40).map("".join)
ZONES = st.sampled_from(
    [
        "Europe/Madrid",
        "America/Mexico_City",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "Africa/Casablanca",
        "America/St_Johns",
    ]
).map(ZoneInfo)


@given(
    text=TEXTS, at=st.datetimes(timezones=ZONES | st.just(UTC)), zone=ZONES, soon=st.none() | st.timedeltas(min_value=timedelta(seconds=1))
)
@example(
    text="te llamamos mañana", at=datetime(2011, 12, 29, 12, tzinfo=UTC), zone=ZoneInfo("Pacific/Apia"), soon=None
)  # a day was skipped
@example(text="we'll call you in 30 days", at=datetime(2026, 10, 1, tzinfo=UTC), zone=MADRID, soon=None)
@example(text="te llamamos mañana", at=datetime.max.replace(tzinfo=UTC), zone=MADRID, soon=None)
@example(text="te llamamos mañana", at=datetime.min.replace(tzinfo=UTC), zone=MADRID, soon=None)
def test_whatever_is_written_a_promise_lies_ahead_and_within_thirty_days(text, at, zone, soon):
    told = promised(text, "", at, zone, soon)
    if told:
        assert told.due.tzinfo is UTC
        assert at < told.due <= at + FURTHEST
        assert told.words in text
        assert told.words


@given(text=TEXTS)
def test_a_place_in_the_folded_text_is_the_same_place_in_the_text(text):
    assert len(folded(text)) == len(text)


@given(text=TEXTS)
def test_terms_stand_where_they_say(text):
    for term in terms(folded(text), TUESDAY.astimezone(UTC), MADRID):
        assert 0 <= term.start < term.end <= len(text)


HOSTILE = [
    "9", "1 ", "24 a ", "in ", "in the ", "en las ", "mañana ", "a las ", "antes de ", "de la ", "we'll be ", "te ", "a-b, ", "we we'll x, ", "1:", "1:1",
    "el ", "a.m. ", ". ", "?", "¿", "lo largo ", "will now ", "the ", "\u0130", "monday to ", "1 de ", "get back to you ", "as soon as ", " ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_text_is_read_at_once(piece):
    text = folded((piece * 10_000)[:10_000])
    started = process_time()
    list(terms(text, TUESDAY.astimezone(UTC), MADRID))
    promised(text, "", TUESDAY, MADRID, timedelta(hours=1))
    assert process_time() - started < 0.5  # some 10 ms
