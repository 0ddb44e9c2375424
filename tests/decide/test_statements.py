"""What is told to the public: only the very words that enough others approved, in time, once; and what it promised is a clock."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from msgspec.structs import replace
from pydantic import BaseModel

from carebot.config.load import read
from carebot.decide.public import saying, shown, statements, words
from carebot.decide.public.lengths import counted, too_long
from carebot.decide.public.statements import TRANSITIONS, Push
from carebot.decide.state import State
from carebot.model import Click, Incident, Posted, Statement
from carebot.understand.normalise import plain
from tests.saying import RULES, TestDesk, at, rulebook, say

PAGE = Path(__file__).parents[2] / "docs/how-to/tell-customers.md"
PROPOSER, ANA, LUIS, EVA = "UMARTA01", "UANA0001", "ULUIS002", "UEVA0003"
SOURCES = """
sources:
  - {name: x-own, kind: x, account: ours}
  - {name: masto, kind: mastodon, account: ours}
"""
MAY = f"\nroles: {{publish: [{ANA}, {LUIS}, {EVA}, {PROPOSER}]}}\n"
BY_HAND = RULES + MAY
BY_US = RULES + MAY + "statements: {publish: true, publish_on: [x-own, masto]}\n" + SOURCES


class Options(BaseModel):
    """A source with one key of its own."""

    publishes_with: ClassVar[str] = "account"
    account: str


KINDS = {"x": lambda: Options, "mastodon": lambda: Options}


def book(text: str) -> Any:
    found, problems = read(text, kinds=KINDS)
    assert found, "\n".join(map(str, problems))
    return found


class Desk(TestDesk):
    """A desk with a confirmed failure of the app, which began at 12:00; the clock is at minute 10."""

    def __init__(self, rules: str = BY_HAND) -> None:
        super().__init__()
        self.rules = book(rules)
        for minute, who in enumerate("abcdefgh"):
            self.hears(say(f"no funciona nada {who}", minute=minute, by=who))
        (self.incident,) = self.state.incidents
        assert self.state.incidents[self.incident].phase == "confirmed"
        self.alerts.clear()

    @property
    def statement(self) -> Statement:
        return list(self.state.statements.values())[-1]

    def press(self, action: str, by: str, minute: float = 10, **more: Any) -> str:
        """What the person who pressed is told; "" if it was done."""
        if action not in ("propose", "said_it", "withdraw") and "hash" not in more:
            more["hash"] = self.statement.hash
        click = Click(id=f"{action}{by}{minute}{more}", action=action, user=by, incident=self.incident, at=at(minute), **more)
        (acted,) = self.hears(click, minute=minute).acted
        return "" if acted.outcome == "done" else acted.because.en

    def approved(self, **texts: str) -> Desk:
        assert not self.press("propose", PROPOSER, fields=texts or {"es": "Falla la app.", "en": "The app fails."})
        assert not self.press("approve", ANA)
        assert not self.press("approve", LUIS)
        return self


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_figure_in_the_docs_is_the_table():
    drawn = re.findall(r"^    (\w+) --> (\w+): (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(drawn) == sorted((state, into, push.name) for (state, push), into in TRANSITIONS.items())


def test_nothing_is_published_that_was_not_approved_before():
    assert [state for (state, push), into in TRANSITIONS.items() if into == "publishing"] == ["approved"]
    assert [state for (state, push), into in TRANSITIONS.items() if into == "approved"] == ["proposed", "publishing", "unsure"]
    assert {push for (_, push), into in TRANSITIONS.items() if into == "published"} == {Push.said}


# ── the words ────────────────────────────────────────────────────────────────────────────────────────────────────


def incident(phase: str = "confirmed", service: str = "card", **more: Any) -> Incident:
    base = {"id": "b-1", "brand": "Banco Lumbre", "service": service, "phase": phase, "onset_at": at(0), "opened_at": at(3)}
    return Incident(**base | more)


@pytest.mark.parametrize(
    ("phase", "es", "en"),
    [
        (
            "confirmed",
            "Sabemos que hay problemas con las tarjetas desde las 12:00 y ya trabajamos en ello. Volvemos a informar aquí a las 12:40.",
            "We know that there have been problems with cards since 12:00 and we are working on it. We will update you here at 12:40.",
        ),
        (
            "monitoring",
            "Los problemas con las tarjetas parecen resueltos. Seguimos pendientes y lo confirmamos aquí a las 12:40.",
            "The problems with cards seem to be over. We keep watching. We will update you here at 12:40.",
        ),
        (
            "resolved",
            "Los problemas con las tarjetas que empezaron a las 12:00 están resueltos. Gracias por la paciencia.",
            "The problems with cards that began at 12:00 are over. Thank you for your patience.",
        ),
    ],
)
def test_a_service_without_a_statement_of_its_own_has_one_all_the_same(phase, es, en):
    one = words.draft("s", incident(phase), rulebook(), at(7), told=True)
    assert one.texts == {"es": es, "en": en}
    for text in one.texts.values():
        assert (too_long(text, "x"), too_long(text, "bluesky")) == (0, 0)
    promise = None if phase == "resolved" else at(40)
    assert [words.promise({lang: text}, at(7), rulebook()) for lang, text in one.texts.items()] == [promise] * 2


def test_of_a_possibility_nothing_is_said_and_no_all_clear_of_what_nobody_was_told():
    assert words.draft("s", incident("suspected"), rulebook(), at(7), told=False) is None
    assert words.draft("s", incident("resolved"), rulebook(), at(7), told=False) is None


def test_a_failure_of_nothing_in_particular_is_one_of_our_services():
    assert "con nuestros servicios" in words.draft("s", incident(service=""), rulebook(), at(7), told=False).texts["es"]


def test_what_began_yesterday_began_yesterday():
    one = words.draft("s", incident(onset_at=at(-720)), rulebook(), at(7), told=False)
    assert "desde las 00:00 y" in one.texts["es"]
    one = words.draft("s", incident(onset_at=at(-725)), rulebook(), at(7), told=False)
    assert "desde las 23:55 de ayer" in one.texts["es"] and "since 23:55 yesterday" in one.texts["en"]


def test_what_customers_can_do_meanwhile_is_said_where_the_rules_know_it():
    own = "statement: {es: 'Falla {service}. {meanwhile} Más a las {next_update}.', en: '{brand}: {service} fails.'}"
    more = f"meanwhile: {{es: Use la web., en: Use the website.}}, {own}}}"
    rules = RULES.replace("card: {name: {es: las tarjetas, en: cards}}", f"card: {{name: {{es: las tarjetas, en: cards}}, {more}")
    one = words.draft("s", incident(), rulebook(rules), at(7), told=False)
    assert one.texts == {"es": "Falla las tarjetas. Use la web. Más a las 12:40.", "en": "Banco Lumbre: cards fails."}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("Falla {servicio}", "Did you mean {service}?"),
        ("Falla {message.text}", "which nothing fills"),
        ("Falla {service!r}", "which nothing fills"),
        ("Falla {service", "a brace that stands alone"),
        ("Falla {}", "which nothing fills"),
    ],
)
def test_a_template_is_filled_with_what_we_know_and_never_with_what_customers_write(written, told):
    _, problems = read(RULES + f"statements: {{confirmed: {{es: '{written}', en: x}}}}\n", kinds={})
    assert [told in str(problem) for problem in problems] == [True]


def test_publishing_needs_a_place_and_the_place_must_be_there():
    _, problems = read(RULES + "statements: {publish: true}\n", kinds={})
    assert "publish_on" in str(problems[0])
    _, problems = read(RULES + "statements: {publish: true, publish_on: [x-one]}\n" + SOURCES, kinds=KINDS)
    assert any("there is no source called 'x-one'" in str(problem) for problem in problems)


# ── who agrees to what ───────────────────────────────────────────────────────────────────────────────────────────


def test_two_others_must_approve_the_very_words_and_then_people_say_them():
    desk = Desk()
    assert not desk.press("propose", PROPOSER, fields={"es": "Falla la app.", "en": "The app fails."})
    assert desk.press("approve", PROPOSER) == "You proposed it: other people must approve it."
    assert not desk.press("approve", ANA)
    assert desk.press("approve", ANA, 11) == "You have approved it already."
    assert desk.statement.state == "proposed"
    assert desk.press("approve", "USTRANGE1").startswith("You are not on the list")
    assert not desk.press("approve", LUIS)
    assert desk.statement.state == "approved"
    assert desk.press("publish", ANA) == 'carebot does not publish: copy it and press "We have said it".'
    assert not desk.press("said_it", EVA, 12)
    assert (desk.statement.state, desk.statement.by_hand, desk.statement.next_update_at) == ("published", True, at(42))
    assert [turn.push for turn in desk.statement.turns] == ["proposed", "approved", "approved", "agreed", "said"]
    turns = desk.state.incidents[desk.incident].turns
    assert [(turn.push, turn.by) for turn in turns if turn.push.startswith("statement_")][:2] == [
        ("statement_proposed", PROPOSER),
        ("statement_approved", ANA),
    ]


def test_where_one_approval_is_enough_the_author_may_give_it():
    desk = Desk(BY_HAND + "statements: {approvals: 1}\n")
    assert not desk.press("propose", PROPOSER)
    assert not desk.press("approve", PROPOSER)
    assert desk.statement.state == "approved"


def test_where_the_rules_name_nobody_nobody_approves():
    desk = Desk(RULES)
    assert not desk.press("propose", PROPOSER)
    assert "roles.publish" in desk.press("approve", ANA)


def test_one_changed_letter_voids_every_approval():
    desk = Desk().approved()
    before = desk.statement.hash
    assert not desk.press("propose", EVA, 11, hash=before, fields={"es": "Falla la app!", "en": "The app fails."})
    assert (desk.statement.state, desk.statement.approvals, desk.statement.version) == ("proposed", (), 2)
    assert desk.press("approve", ANA, hash=before) == "The text has changed since you saw it. Read it again."
    assert not desk.press("approve", PROPOSER, 12), "who wrote the words before may approve these"


def test_who_writes_over_somebodys_words_without_having_seen_them_is_told():
    desk = Desk()
    assert not desk.press("propose", PROPOSER, fields={"es": "Uno.", "en": "One."})
    assert desk.press("propose", EVA, fields={"es": "Dos.", "en": "Two."}) == "The text has changed since you saw it. Read it again."
    assert desk.statement.texts["es"] == "Uno."


def test_what_is_approved_too_late_or_of_another_moment_is_never_said():
    late = Desk(BY_US).approved()
    assert late.press("publish", ANA, 40) == "The text has expired. Propose it again."
    assert late.statement.state == "expired"
    moved_on = Desk(BY_US).approved()
    one = moved_on.state.incidents[moved_on.incident]
    moved_on.state.incidents[moved_on.incident] = replace(one, phase="monitoring")
    assert moved_on.press("publish", ANA, 11) == "The incident has moved on. Propose a new text."
    assert not moved_on.press("resolve", ANA, 12)
    assert (moved_on.statement.state, moved_on.statement.because) == ("expired", statements.MOVED_ON)


def test_words_that_name_a_time_are_not_said_after_it():
    desk = Desk(BY_US).approved(es="Volvemos a informar aquí a las 12:20.", en="We will update you here at 12:20.")
    assert desk.statement.expires_at == at(20)
    assert desk.press("propose", EVA, 11, hash=desk.statement.hash, fields={"es": "Volvemos a informar aquí a las 12:05."}) == ""
    assert desk.statement.expires_at == at(20), "12:05 is tomorrow's, and 12:20 in English still holds"


def test_a_text_that_does_not_fit_is_sent_back_with_what_to_shorten():
    desk = Desk(BY_US)
    told = desk.press("propose", PROPOSER, fields={"es": "a" * 290, "en": "b"})
    assert told == 'X: the text "es" is 10 characters too long (290 of 280). Shorten it.'
    assert not desk.state.statements


def test_a_link_is_said_to_be_dear():
    desk = Desk(BY_US)
    assert not desk.press("propose", PROPOSER, fields={"es": "Falla la app: https://lumbre.example/estado", "en": "b"})
    assert "$0.20" in desk.alerts[-1].act.en


@pytest.mark.parametrize("sneaky", ["Falla la app.\u202e", "Falla \u200bla app.", "Falla la\x00 app.", "  Falla la app.  "])
def test_nothing_that_cannot_be_seen_is_published(sneaky):
    desk = Desk()
    desk.press("propose", PROPOSER, fields={"es": sneaky, "en": "x"})
    assert desk.statement.texts["es"] == "Falla la app."


# ── once ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def posted(one: Statement, source: str, state: str, attempt: str = "1", minute: float = 11, **more: Any) -> Posted:
    return Posted(
        id=f"{source}{state}{minute}{attempt}",
        statement=one.id,
        source=source,
        language="es",
        attempt=attempt,
        state=state,
        at=at(minute),
        **more,
    )


def test_fifty_people_press_publish_and_it_is_one_intent():
    desk = Desk(BY_US).approved()
    presses = [
        Click(id=f"p{n}", action="publish", user=(ANA, LUIS, EVA)[n % 3], incident=desk.incident, at=at(11), hash=desk.statement.hash)
        for n in range(50)
    ]
    acted = desk.hears(*presses, minute=11).acted
    assert Counter(one.outcome for one in acted) == {"done": 1, "nothing": 49}
    assert [turn.push for turn in desk.statement.turns].count("publish") == 1


def test_what_is_refused_everywhere_waits_for_people_with_the_reason():
    desk = Desk(BY_US).approved()
    desk.press("publish", ANA, 11)
    for source in ("x-own", "masto"):
        desk.hears(posted(desk.statement, source, "sending"), minute=11)
        desk.hears(posted(desk.statement, source, "refused", because="it is a duplicate"), minute=11)
    assert (desk.statement.state, desk.statement.because.en) == ("approved", "it is a duplicate")
    assert desk.alerts[-1].act.en == "It was not published: it is a duplicate"
    assert not desk.press("publish", EVA, 12)


def test_said_in_one_place_and_refused_in_another_is_said_again_only_there():
    desk = Desk(BY_US).approved()
    desk.press("publish", ANA, 11)
    for source, end in (("x-own", "said"), ("masto", "refused")):
        desk.hears(posted(desk.statement, source, "sending"), minute=11)
        desk.hears(posted(desk.statement, source, end, url="https://x.com/i/1"), minute=11)
    assert (desk.statement.state, desk.statement.next_update_at) == ("approved", at(41))
    desk.press("publish", ANA, 12)
    assert [post.state for post in desk.statement.posts] == ["said", "waiting"]


def unsure() -> Desk:
    desk = Desk(BY_US).approved()
    desk.press("publish", ANA, 11)
    for source, end in (("x-own", "unsure"), ("masto", "said")):
        desk.hears(posted(desk.statement, source, "sending"), minute=11)
        desk.hears(posted(desk.statement, source, end), minute=11)
    assert desk.statement.state == "unsure"
    return desk


def test_where_nobody_knows_nothing_more_is_proposed_published_or_withdrawn_until_somebody_looked():
    desk = unsure()
    assert desk.press("publish", ANA, 12) == "There is no approved text to publish."
    assert desk.press("withdraw", ANA, 12) == "It may be public already: see whether it is there."
    assert (
        desk.press("propose", EVA, 12, hash=desk.statement.hash, fields={"es": "Otra."})
        == "First it must be known whether the last text was published."
    )
    assert not desk.press("it_is_there", EVA, 13)
    assert desk.statement.state == "published"


def test_who_looked_and_did_not_find_it_may_have_it_published_again():
    desk = unsure()
    assert not desk.press("it_is_not_there", EVA, 13)
    assert desk.statement.state == "approved"
    assert not desk.press("publish", EVA, 14)
    assert [post.state for post in desk.statement.posts] == ["waiting", "said"]


def test_our_own_post_read_back_settles_it():
    desk = unsure()
    words = desk.statement.texts["es"]
    desk.hears(say(words, minute=12, by="impostor", id="x:1"), say(words + " Ya.", minute=12, by="BancoLumbre", id="x:2"))
    desk.hears(say(words, minute=12, by="BancoLumbre", id="x:3", in_reply_to="x:9"))
    assert desk.statement.state == "unsure", "somebody else, other words, an answer to one customer"
    desk.hears(say(words, minute=12, by="BancoLumbre", id="x:4"))
    assert desk.statement.state == "published"


def test_what_people_copied_is_known_by_its_words():
    desk = Desk().approved()
    desk.hears(say("Falla la app.", minute=14, by="BancoLumbre", id="x:5"))
    assert (desk.statement.state, desk.statement.by_hand, desk.statement.next_update_at) == ("published", True, at(44))


# ── the promise ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_promised_update_is_warned_of_is_due_and_is_met_by_the_next_statement():
    desk = Desk().approved(es="Falla la app. Volvemos a informar aquí a las 12:30.", en="We will update you here at 12:30.")
    desk.press("said_it", ANA, 12)
    desk.alerts.clear()
    desk.waits(31, since=12)
    due = [(alert.at, alert.act.en) for alert in desk.alerts if alert.reason == "update_due"]
    assert due == [(at(25), "We promised an update at 12:30: 5 min left"), (at(30), "We promised an update at 12:30: it is due now")]
    assert desk.alerts[-1].facts["next_update_at"] == "2026-03-12T11:30:00Z"
    first = desk.statement.id
    assert not desk.press("said_it", ANA, 32)
    assert (desk.statement.id == first, desk.state.statements[first].met_at) == (False, at(32))


def test_the_all_clear_ends_the_promise_and_offers_the_last_words():
    desk = Desk().approved()
    desk.press("said_it", ANA, 12)
    desk.press("resolve", ANA, 20)
    assert desk.alerts[-1].say.es.startswith("Los problemas con la app que empezaron a las 12:00 están resueltos.")
    assert desk.statement.met_at == at(20)
    desk.waits(60, since=21)
    assert "update_due" not in desk.reasons


# ── lengths ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "kind", "length"),
    [
        ("Falla la app", "x", 12),
        ("mañana", "x", 6),
        ("man\u0303ana", "x", 6),
        ("障害", "x", 4),
        ("👩\u200d👩\u200d👧 👍🏽 🇪🇸 ❤️ 🚨", "x", 14),
        ("障害", "bluesky", 2),
        ("👩‍👩‍👧 ok", "bluesky", 4),
        ("🇪🇸🇲🇽", "bluesky", 2),
        ("👍🏽", "mastodon", 1),
        ("mira https://lumbre.example/" + "a" * 90, "x", 28),
        ("mira https://lumbre.example/" + "a" * 90, "mastodon", 28),
        ("lumbre.es", "x", 23),
        ("a" * 999, "webhook", 999),
    ],
)
def test_a_text_is_as_long_as_the_network_says(text, kind, length):
    assert counted(text, kind) == length
    assert too_long("a" * 999, "webhook") == 0


@pytest.mark.parametrize("text", ["Más en https://bаnco.com/ayuda", "Entrad en аррӏе.com"])
def test_an_address_that_looks_like_another_cannot_be_proposed(text: str):
    assert "mixes alphabets" in Desk().press("propose", PROPOSER, fields={"es": text, "en": "The app fails."})


@pytest.mark.parametrize("hidden", ["\u3164", "\u200b", "\ufe00\ufe01", "\U000e0100", "\u200d", "\u202e", "\u2800"])
def test_what_nobody_sees_is_not_said(hidden: str):
    desk = Desk()
    assert not desk.press("propose", PROPOSER, fields={"es": f"Falla{hidden} la app.", "en": "The app fails."})
    assert desk.statement.texts["es"] == "Falla la app."


# ── for ever ─────────────────────────────────────────────────────────────────────────────────────────────────────


ENDS = ("said", "refused", "lost", "lost on the way", "killed", "killed before")


class Public(RuleBasedStateMachine):
    """A desk that does anything at any time, networks that lose answers, kills, and a model beside it that remembers what was agreed."""

    people = (PROPOSER, ANA, LUIS, EVA, "USTRANGE1")
    texts = ("Falla la app.", "Falla la app!", "Seguimos con ello. Más a las 12:55.", "Ya está.")

    def __init__(self) -> None:
        super().__init__()
        self.rules = [book(BY_US), book(BY_US.replace("publish: true", "publish: false"))]
        self.off = 0
        self.state = State()
        self.state.incidents = {"b-1": incident(service="app", messages=("x:1",), count=5, author_count=5, told_severity=2)}
        self.minute = 10.0
        self.agreed: dict[str, set[str]] = {}
        self.words: dict[str, tuple[dict[str, str], str, float]] = {}
        self.landed: Counter[tuple[str, str]] = Counter()
        self.unread: list[tuple[str, str]] = []
        self.n = 0

    @property
    def book(self) -> Any:
        return self.rules[self.off]

    @property
    def latest(self) -> Statement | None:
        found = shown.statements(self.state, self.state.incidents["b-1"])
        return found[-1] if found else None

    def press(self, action: str, by: str, hash_: str, **more: Any) -> bool:
        self.n += 1
        click = Click(id=f"c{self.n}", action=action, user=by, incident="b-1", at=at(self.minute), hash=hash_, **more)
        acted, _ = saying.clicked(self.state, click, self.book, at(self.minute))
        return acted.outcome == "done"

    @rule(by=st.sampled_from(people), text=st.sampled_from(texts), fresh=st.booleans())
    def propose(self, by: str, text: str, fresh: bool) -> None:
        known = self.latest.hash if self.latest and self.latest.state in statements.LIVE and fresh else ""
        if self.press("propose", by, known, fields={"es": text, "en": "x"}):
            one = self.latest
            assert one and one.state == "proposed" and not one.approvals and one.hash not in self.words
            self.words[one.hash] = (one.texts, by, self.minute)

    @rule(
        by=st.sampled_from([PROPOSER, PROPOSER, ANA]),
        text=st.sampled_from(texts),
        others=st.sampled_from([(ANA, LUIS), (LUIS, EVA), (EVA, ANA, LUIS), (ANA, ANA), (PROPOSER, LUIS), ("USTRANGE1", EVA), (LUIS,)]),
        edit=st.sampled_from([False, False, False, True]),
        later=st.sampled_from([0, 0, 0, 29, 31]),
        ends=st.lists(st.sampled_from(ENDS), max_size=3),
    )
    def all_the_way(self, by: str, text: str, others: tuple[str, ...], edit: bool, later: int, ends: list[str]) -> None:
        """What a desk does on a good day; `edit`: somebody changes the words when they are approved; `later`: they press late."""
        for post in (post for post in (self.latest.posts if self.latest else ()) if post.state == "unsure"):
            self.look(LUIS, post.source)
        self.propose(by, text, True)
        for other in others:
            self.approve(other, 0)
        if edit:
            self.propose(others[0], text + " Perdón.", True)
        self.minute += later / 2
        self.publish(ANA)
        self.minute += later / 2
        for end in ends:
            self.hand(end)

    @rule(by=st.sampled_from(people), old=st.sampled_from([0, 0, 0, 1, 2]))
    def approve(self, by: str, old: int) -> None:
        known = list(self.words)[::-1]
        hash_ = known[old] if old < len(known) else "0"
        if self.press("approve", by, hash_):
            self.agreed.setdefault(hash_, set()).add(by)

    @rule(by=st.sampled_from(people))
    def publish(self, by: str) -> None:
        self.press("publish", by, self.latest.hash if self.latest else "")

    @rule(by=st.sampled_from(people), what=st.sampled_from(["withdraw", "said_it"]))
    def give_up(self, by: str, what: str) -> None:
        self.press(what, by, "")

    @rule(by=st.sampled_from(people), source=st.sampled_from(["x-own", "masto"]))
    def look(self, by: str, source: str) -> None:
        if one := self.latest:
            there = self.landed[one.id, source] > 0
            self.press("it_is_there" if there else "it_is_not_there", by, one.hash, choice=source)

    def report(self, one: Statement, source: str, state: str, attempt: str) -> None:
        self.n += 1
        said = replace(posted(one, source, state, attempt, self.minute), id=f"r{self.n}")
        saying.reported(self.state, said, self.book, at(self.minute))

    @rule(end=st.sampled_from(ENDS))
    def hand(self, end: str) -> None:
        """The publisher takes the next post that waits, as `effects.telling.publisher` does."""
        one = next((each for each in self.state.statements.values() if each.state == "publishing"), None)
        post = next((each for each in one.posts if each.state == "waiting"), None) if one else None
        if one is None or post is None:
            return
        attempt = f"a{self.n}"
        self.report(one, post.source, "sending", attempt)
        one = self.state.statements[one.id]
        mine = next((each for each in one.posts if each.attempt == attempt and each.state == "sending"), None)
        if mine is None or end == "killed before":
            return
        words, author, proposed_at = self.words[one.hash]
        assert one.texts == words, "other words than those that were approved"
        assert len((self.agreed.get(one.hash, set()) & set(self.people[:4])) - {author}) >= 2
        assert self.minute < proposed_at + 30 and not self.off
        assert self.state.incidents["b-1"].phase == one.stage, "the incident has moved on"
        assert not self.landed[one.id, post.source], "twice"
        if end in ("said", "lost", "killed"):
            self.landed[one.id, post.source] += 1
            self.unread.append((words["es"], {"x-own": "x", "masto": "mastodon"}[post.source]))
        if end not in ("killed",):
            self.report(one, post.source, {"said": "said", "refused": "refused"}.get(end, "unsure"), attempt)

    @rule()
    def restart(self) -> None:
        """What was on its way when carebot was killed."""
        for one in list(self.state.statements.values()):
            for post in one.posts:
                if one.state == "publishing" and post.state == "sending":
                    self.report(one, post.source, "unsure", post.attempt)

    @precondition(lambda self: self.unread)
    @rule()
    def read_back(self) -> None:
        text, source = self.unread.pop()
        message = say(text, minute=self.minute, by="BancoLumbre", source=source, id=f"x:{self.n}")
        saying.seen(self.state, [message], [plain(text)], np.array([True]), self.book, at(self.minute))

    @rule(minutes=st.sampled_from([0.5, 1, 3, 12, 31]), noticed=st.booleans())
    def wait(self, minutes: float, noticed: bool) -> None:
        self.minute += minutes
        if noticed:
            saying.time_passed(self.state, self.book, at(self.minute))

    @rule(off=st.sampled_from([0, 0, 0, 1]))
    def switch(self, off: int) -> None:
        self.off = off

    @rule(phase=st.sampled_from(["confirmed"] * 5 + ["monitoring"]))
    def turn(self, phase: str) -> None:
        self.state.incidents["b-1"] = replace(self.state.incidents["b-1"], phase=phase)

    def teardown(self) -> None:
        assert all(count == 1 for count in self.landed.values())
        for one in self.state.statements.values():
            assert one.state != "published" or one.said_at
            assert one.expires_at is None or one.expires_at <= one.proposed_at + timedelta(minutes=30)


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_whatever_people_networks_and_kills_do_only_agreed_words_are_said_and_only_once():
    run_state_machine_as_test(
        Public, settings=settings(max_examples=50, stateful_step_count=60, deadline=None, suppress_health_check=QUIET)
    )


@pytest.mark.long
def test_the_same_for_a_hundred_thousand_steps():
    run_state_machine_as_test(
        Public, settings=settings(max_examples=1100, stateful_step_count=100, deadline=None, suppress_health_check=QUIET)
    )
