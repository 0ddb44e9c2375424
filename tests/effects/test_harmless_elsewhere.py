"""The same tricks wherever else a stranger's text comes out: whole requests to Slack, forms, whispers, a pager, a terminal, the journal."""

from __future__ import annotations

import io
import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console as Terminal

from carebot import status
from carebot.cli import OneLine
from carebot.decide.public import words as public
from carebot.effects.clicks import forms, statement_form
from carebot.effects.clicks.answers import proposal
from carebot.effects.clicks.payload import read
from carebot.effects.database.store import Store
from carebot.effects.harmless import clean, person
from carebot.effects.telling import fallback
from carebot.effects.telling.destinations import panel
from carebot.effects.telling.slack import Slack
from carebot.model import Click, Delivery, Reason, Statement
from carebot.understand import visible
from tests.effects.cards import MADRID, TEN, facts, incident, shown
from tests.effects.loopback_clicks import pressed
from tests.effects.loopback_slack import LoopbackSlack
from tests.effects.slack_limits import units
from tests.effects.slack_marks import called, marks, strays, texts, unseen, urls
from tests.effects.test_harmless import HOSTILE, TRICKS, everything
from tests.saying import rulebook

TWELVE = st.lists(HOSTILE, min_size=12, max_size=12)
OURS = ("channel", "parse", "unfurl_links", "unfurl_media", "metadata", "thread_ts", "ts", "reply_broadcast", "text", "blocks")


def assert_only_text(payload: Any) -> None:
    for kind, text in texts(payload):
        assert not marks(text, kind), (kind, marks(text, kind))
    assert not called(payload) and not urls(payload)


async def test_a_whole_request_to_slack_holds_nothing_that_nobody_thought_of() -> None:
    async with LoopbackSlack() as loopback:
        slack = Slack(loopback.token, "#care-desk", zone=MADRID, base_url=loopback.url)
        for number in range(0, len(TRICKS), 6):
            said = [f"· {trick}" for trick in (*TRICKS, *TRICKS)][number : number + 12]
            first = await slack.send(Delivery(id="d1", alert=everything(said, "confirmed", "confirmed"), destination="desk"), "")
            await slack.send(Delivery(id="d2", alert=everything(said, "acted", "monitoring"), destination="desk"), first)
        for call in loopback.transcript:
            if call.method in ("chat.postMessage", "chat.update"):
                assert set(call.asked) <= set(OURS)
                assert not marks(call.asked["text"]) and not list(strays(call.asked["blocks"]))
                assert (call.asked["parse"], call.asked.get("unfurl_links", False), call.asked.get("unfurl_media", False)) == (
                    "none",
                    False,
                    False,
                )
                asked = call.asked.get("metadata", {"event_type": "carebot_delivery", "event_payload": {"delivery": "d1"}})
                assert asked["event_payload"] in ({"delivery": "d1"}, {"delivery": "d2"})


@settings(max_examples=40, deadline=None)
@given(HOSTILE, HOSTILE)
def test_a_form_shows_the_words_as_they_are_and_carries_only_ours(es: str, en: str) -> None:
    kept = {language: text for language, text in (("es", public.clean(es)), ("en", public.clean(en))) if text}
    one = Statement(
        id="b-1/1", incident="b-1", stage="confirmed", texts={name: text[: public.LONGEST] for name, text in kept.items()}, hash="3f"
    )
    click = Click(id="c", action="propose", user="U1", incident="b-1", at=TEN, channel="C1", name=person(es))
    view = forms.view(statement_form.form(one, rulebook(), "es"), click, "es")
    shown = {
        block["element"]["action_id"]: block["element"].pop("initial_value", "") for block in view["blocks"] if block["type"] == "input"
    }
    assert shown == {"es": "", "en": ""} | dict(one.texts)
    assert all(units(text) <= public.LONGEST * 2 <= 3000 for text in shown.values())
    assert json.loads(view.pop("private_metadata")) == {"incident": "b-1", "channel": "C1", "hash": "3f"}
    assert_only_text(view)
    assert not list(strays(view))


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_what_the_public_is_told_is_what_a_card_shows(text: str) -> None:
    said = public.clean(text)
    assert said == public.clean(said) == clean(said), "who approves sees every letter"
    assert not unseen(said)


@given(HOSTILE)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    assert visible.clean(visible.clean(text)) == visible.clean(text)


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_a_change_of_the_rules_and_a_name_are_only_text(said: str) -> None:
    shown = proposal(f'--- rules.yaml\n+      - "{said}"', "es")
    assert_only_text(shown["blocks"][1])
    assert not list(strays(shown["blocks"])) and shown["text"] == shown["blocks"][0]["text"]["text"] == proposal("-", "es")["text"]
    called_so = said.encode("utf-8", "replace").decode() or "x"  # half a character is no JSON, and no press
    name = read(json.dumps(pressed("take", "b-1", name=called_so)).encode(), TEN).click.name
    assert not marks(f"a {name} b".replace("_", "")) and "\n" not in name and len(name) <= 80


@settings(max_examples=30, deadline=None)
@given(TWELVE, st.sampled_from(get_args(Reason)), HOSTILE)
def test_a_pager_gets_one_line_without_links_or_mentions(said: list[str], reason: Reason, because: str) -> None:
    delivery = Delivery(id="d", alert=everything(said, reason, None), destination="fallback:pager", because=because)
    for language in ("es", "en"):
        title, body = fallback.words(delivery, language)
        assert "\n" not in title and len(body.split("\n")) <= 3
        for text in (title, body):
            assert not unseen(text) and not re.search(r"[@<>]|\]\(", text), text
            assert not [mark for mark in marks(text) if mark[0] == "address"]


@settings(max_examples=30, deadline=None)
@given(TWELVE, HOSTILE)
def test_a_terminal_is_not_driven(said: list[str], because: str) -> None:
    page = io.StringIO()
    terminal = Terminal(file=page, width=80, force_terminal=True, color_system="truecolor", legacy_windows=False)
    terminal.print(panel(everything(said, "confirmed", "confirmed"), "es", MADRID, None))
    links = re.findall(r"\x1b]8;[^;]*;([^\x1b]*)\x1b\\", page.getvalue())
    assert all(url == "" or url.startswith("https://x.com/i/") for url in links)
    left = re.sub(r"\x1b]8;[^;]*;[^\x1b]*\x1b\\|\x1b\[[0-9;]*m", "", page.getvalue())
    assert not [char for char in left if char != "\n" and (char < " " or "\x7f" <= char <= "\x9f" or "\u202a" <= char <= "\u202e")]


@settings(max_examples=60)
@given(HOSTILE)
def test_nobody_writes_a_line_of_our_journal(said: str) -> None:
    record = logging.LogRecord(
        "carebot", logging.WARNING, "", 0, "not published because=%s", (said + "\r\nERROR all is lost\x1b[2J",), None
    )
    written = OneLine("%(levelname)s %(message)s").format(record)
    assert written.startswith("WARNING not published because=") and not unseen(written) and len(written.splitlines()) == 1


def test_the_status_shows_a_strangers_words_in_their_own_line(tmp_path: Path) -> None:
    evil = "x:1\x1b]0;owned\x07\nrules      fine\u202e"
    Store(tmp_path / "carebot.db").close()
    found = status.status(tmp_path / "carebot.db")
    found["sources"] = [{"source": "x", "state": "deaf", "since": "10:00", "what": evil}]
    found["heartbeat"]["trouble"] = evil
    found["quarantine"] = [{"at": "10:00", "source": evil, "item": evil, "reason": evil}]
    told = status.lines(found)
    assert not [line for line in told if unseen(line) or "\n" in line]
    assert [line for line in told if line.startswith("rules ")] == ["rules      none yet"]


@pytest.mark.parametrize(
    ("called_", "shown"),
    [
        ("marta.perez", "marta perez"),
        ("*José* <!here> :tada: 😀", "José here tada"),
        ("O'Neil-Ruiz (turno)", "O'Neil-Ruiz (turno)"),
        ("\u202eana\n`c`", "ana c"),
    ],
)
def test_a_name_at_the_desk_reads_as_a_name(called_: str, shown: str) -> None:
    assert person(called_) == shown


def test_words_in_the_other_language_alone_are_shown_before_they_are_approved() -> None:
    """A proposer empties one language with a letter that nobody sees: the other is shown all the same."""
    told = {
        "state": "proposed",
        "hash": "3f",
        "texts": {"en": "Call 900 000 000."},
        "proposed_by": "Marta",
        "approved_by": [],
        "by_hand": False,
    }
    told |= {"approvals_missing": 2, "expires_at": (TEN + timedelta(minutes=30)).isoformat(), "because": None}
    made = shown(incident(facts=facts(statement=told)), "es")
    assert "Call 900 000 000." in json.dumps(made.blocks)
