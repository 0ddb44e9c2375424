"""What Slack says somebody pressed, read from both sides of the fence: real payloads, and everything that only looks like one."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from carebot.decide.pressing import roles
from carebot.effects.clicks import intake, payload
from carebot.effects.clicks.door import Apart, Door
from carebot.effects.clicks.forms import forms, view, why_not
from carebot.effects.clicks.health import SCOPES, scopes
from carebot.effects.clicks.payload import Pressed, Unreadable
from carebot.effects.clicks.signature import is_signed
from carebot.effects.clicks.spool import Spool
from carebot.effects.database.store import Store
from carebot.errors import Unreachable
from carebot.model import Batch, Click
from tests.effects.loopback_clicks import ANA, APP, TEAM, pressed, signed, submitted
from tests.saying import RULES, rulebook

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOOK = rulebook()


def read(said: dict) -> Pressed:
    return payload.read(json.dumps(said).encode(), NOW)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_button_is_its_action_its_incident_and_the_member_who_pressed_it():
    found = read(pressed("take", "inc-1", name="Ana\u202e  Ruiz\n*bold*"))
    assert found == Pressed(
        Click(id=found.click.id, action="take", user=ANA, name="Ana Ruiz bold", incident="inc-1", at=NOW, channel="C0CAREDESK1"),
        team=TEAM,
        app=APP,
        trigger=found.trigger,
    )


def test_a_menu_says_what_was_chosen_and_a_statements_button_which_text_was_seen():
    assert (read(pressed("snooze", "inc-1", option="4h")).click.choice, read(pressed("snooze", "inc-1")).click.choice) == ("4h", "")
    click = read(pressed("approve", "inc-1#9f86d081")).click
    assert (click.incident, click.hash) == ("inc-1", "9f86d081")


def test_a_form_comes_back_as_the_click_it_completes():
    asked = Click(id="k", action="not_incident", user=ANA, incident="inc-1", at=NOW, channel="C0CAREDESK1")
    form = {"view": view(why_not("es"), asked, "es")}
    click = read(submitted(form, {"why": {"value": "words"}, "text": "hablan del club"})).click
    assert (click.action, click.incident, click.choice, click.text, click.channel) == (
        "not_incident",
        "inc-1",
        "words",
        "hablan del club",
        "C0CAREDESK1",
    )
    several = read(submitted(form, {"es": "Sabemos que falla.", "en": "We know."})).click
    assert (several.text, several.fields) == ("", {"es": "Sabemos que falla.", "en": "We know."})


def test_the_same_press_has_one_id_and_another_press_another():
    once = pressed("take", "inc-1")
    again = json.loads(json.dumps(once)) | {"trigger_id": "other", "response_url": "https://hooks.slack.com/other"}
    assert read(once).click.id == read(again).click.id
    other = [pressed("take", "inc-1"), once | {"user": {"id": "U0LUIS002"}}, once | {"team": {"id": "T0OTHER"}}]
    assert len({read(one).click.id for one in (once, *other)}) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"type": "shortcut"},
        {"user": {"id": "ana"}},
        {"user": {"id": "U0ANA0001\n"}},
        {"user": None},
        {"actions": []},
        {"actions": [{"action_id": "delete_everything", "value": "inc-1"}]},
        {"actions": [{"action_id": "take", "value": ""}]},
        {"actions": [{"action_id": "take", "value": 7}]},
        {"actions": [{"action_id": "take", "value": "x" * 3000}]},
        {"container": {"channel_id": "<!channel>"}},
        {"team": {"id": 1}},
    ],
)
def test_what_is_no_press_of_ours_is_not_read(change):
    with pytest.raises(Unreadable) as why:
        read(pressed("take", "inc-1") | change)
    assert "<!channel>" not in str(why.value) and "delete" not in str(why.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
REAL = [pressed("take", "inc-1"), pressed("snooze", "inc-1", option="1h")]


def places(value: object, at: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in places(one, (*at, key)))]


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A real payload with anything anywhere in it."""
    said = json.loads(json.dumps(draw(st.sampled_from(REAL))))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(said)[1:]))
        node = said
        try:
            for step in way:
                node = node[step]
            node[last] = draw(JSON)
        except (KeyError, IndexError, TypeError):
            continue
    return json.dumps(said).encode(errors="surrogatepass")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | bent() | JSON.map(lambda said: json.dumps(said).encode(errors="surrogatepass")))
def test_any_bytes_are_a_click_or_are_refused(raw):
    try:
        found = payload.read(raw, NOW)
    except Unreadable:
        return
    assert found.click.action in roles.ROLE_FOR and found.click.user.isalnum() and found.click.incident
    assert "\n" not in found.click.name and len(found.click.name) <= 80


@pytest.mark.parametrize(
    "raw", [b"[" * 100_000, b'{"type":"block_actions","user":' + b"[" * 50_000, b"\xff\xfe", b'"\\ud800"', b"", b"1e999"]
)
def test_bytes_that_broke_others_are_refused(raw):
    with pytest.raises(Unreadable):
        payload.read(raw, NOW)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: f"payload={text}".encode(errors="surrogatepass")))
def test_any_form_is_read_or_refused(body):
    with contextlib.suppress(Unreadable):
        assert isinstance(payload.of_form(body), bytes)


# ── signatures ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_slacks_own_example_of_a_signature_holds():
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
        b"&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    at = datetime.fromtimestamp(1531420618, UTC)
    assert is_signed(headers, body, ["8f742231b10e8888abcd99yyyzzz85a5"], at)
    assert not is_signed(headers, body + b"&", ["8f742231b10e8888abcd99yyyzzz85a5"], at)


@pytest.mark.parametrize(("seconds", "holds"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
def test_a_signature_holds_for_five_minutes(seconds, holds):
    headers, body = signed({"a": 1}, SECRET, NOW.timestamp())
    assert is_signed(headers, body, [SECRET], NOW + timedelta(seconds=seconds)) is holds


def test_while_a_secret_is_renewed_both_hold_and_none_signs_with_nothing():
    headers, body = signed({"a": 1}, "old one", NOW.timestamp())
    assert is_signed(headers, body, [SECRET, "old one"], NOW)
    for wrong in ([SECRET], [], [""]):
        assert not is_signed(headers, body, wrong, NOW)
    assert not is_signed(*signed({"a": 1}, "", NOW.timestamp()), ["", SECRET], NOW)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.text(max_size=90), st.binary(max_size=40))
def test_no_made_up_headers_are_a_signature(stamp, proof, body):
    assert not is_signed({"x-slack-request-timestamp": stamp, "x-slack-signature": proof}, body, [SECRET], NOW)
    assert not is_signed({"x-slack-request-timestamp": str(int(NOW.timestamp())), "x-slack-signature": proof}, body, [SECRET], NOW)


# ── the door ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Desk:
    """A door, and what came through it."""

    def __init__(self, rules: str = RULES, *, api=None, takes_s: float = 0.0, full: bool = False, **more):
        self.heard: list[Click] = []
        self.asked: list[tuple[str, dict]] = []
        book = rulebook(rules)

        async def accept(batch: Batch) -> None:
            if full:
                raise asyncio.QueueFull
            await asyncio.sleep(takes_s)
            self.heard += batch.events

        async def slack(method: str, asked: dict, *, reads: bool = False):
            self.asked.append((method, asked))
            if api:
                raise api

        self.door = Door(
            accept=accept, rulebook=lambda: book, clock=lambda: NOW, api=slack, secrets=[SECRET], forms=forms(lambda: "es"), **more
        )

    async def http(self, said: dict | bytes, **how):
        return await self.door.over_http(*signed(said, SECRET, NOW.timestamp(), **how))


async def test_both_ways_lead_to_the_same_click_and_the_second_has_no_effect():
    desk, said = Desk(team=TEAM, app=APP), pressed("take", "inc-1")
    assert await desk.http(said) == {}
    for _ in range(100):
        assert await desk.http(said) == {} == await desk.door.over_socket(json.dumps(said).encode())
    assert [(click.action, click.user) for click in desk.heard] == [("take", ANA)]


async def test_what_is_not_surely_ours_is_refused_whatever_is_wrong_with_it():
    desk = Desk(team=TEAM, app=APP)
    foreign = pressed("take", "inc-1")
    foreign["user"]["team_id"] = "T0OTHERS"
    for said in (
        b"",
        b"payload=",
        b"payload=%7B%7D",
        b"payload={}&payload={}",
        b"\xff",
        {"type": "x"},
        foreign,
        pressed("take", "i", api_app_id="A0OTHERS"),
    ):
        assert await desk.http(said) is None
    assert await desk.door.over_http({}, b"payload={}") is None
    assert desk.heard == []


async def test_a_person_of_another_workspace_is_heard_where_the_rules_name_them():
    foreign = pressed("take", "inc-1", user="U0PARTNER")
    foreign["user"]["team_id"] = "T0OTHERS"
    desk = Desk(RULES + "roles: {act: [U0PARTNER]}\n", team=TEAM)
    await desk.http(foreign)
    assert [click.user for click in desk.heard] == ["U0PARTNER"]


async def test_until_we_know_our_workspace_no_click_is_taken():
    desk = Desk(team=None)
    with pytest.raises(asyncio.QueueFull):
        await desk.http(pressed("take", "inc-1"))
    assert await desk.door.over_socket(json.dumps(pressed("take", "inc-1")).encode()) is None
    desk.door.team = TEAM
    assert await desk.http(pressed("take", "inc-1")) == {}


async def test_a_click_that_could_not_be_taken_can_be_pressed_again():
    desk, said = Desk(full=True), pressed("take", "inc-1")
    assert await desk.door.over_socket(json.dumps(said).encode()) is None
    with pytest.raises(asyncio.QueueFull):
        await desk.http(said)


@pytest.fixture
def in_a_hurry(monkeypatch):
    monkeypatch.setattr("carebot.effects.clicks.door.COMMIT_WITHIN_S", 0.05)
    monkeypatch.setattr("carebot.effects.clicks.door.KEEP_WITHIN_S", 0.2)


async def test_slack_hears_of_it_in_time_also_where_the_commit_takes_longer(in_a_hurry, tmp_path):
    file = tmp_path / "carebot.db.clicks"
    desk = Desk(takes_s=0.3, spool=Spool(file))
    assert await desk.http(pressed("take", "inc-1")) == {}
    assert desk.heard == []
    (kept,) = Spool(file).left()  # what a carebot finds that starts after a kill at this moment
    assert (kept.action, kept.user, file.stat().st_mode & 0o777) == ("take", ANA, 0o600)
    await asyncio.sleep(0.5)
    assert desk.heard == [kept] and file.read_bytes() == b""


async def test_what_was_kept_is_heard_after_a_restart_and_then_forgotten(in_a_hurry, tmp_path, caplog):
    file = tmp_path / "carebot.db.clicks"
    before = Desk(takes_s=30, spool=Spool(file))
    for n in range(3):
        assert await before.http(pressed("take", f"inc-{n}")) == {}
    await before.door.close()  # killed
    with file.open("ab") as torn:
        torn.write(b'{"id": "slack:half of it')
    spool = Spool(file)
    after = Desk(spool=spool)
    for click in spool.left():
        await after.door.again(click)
    assert len(caplog.records) == 1, "only what was cut short cannot be read"
    assert [click.incident for click in after.heard] == ["inc-0", "inc-1", "inc-2"]
    assert file.read_bytes() == b"" and Spool(file).left() == []
    assert Spool(tmp_path / "never written").left() == []


async def test_what_can_neither_be_committed_nor_kept_in_time_is_not_acknowledged(in_a_hurry, tmp_path):
    for spool in (None, Spool(tmp_path / "no such folder" / "clicks")):
        desk, said = Desk(takes_s=0.3, spool=spool), pressed("take", "inc-1")
        assert await desk.door.over_socket(json.dumps(said).encode()) is None
        with pytest.raises(asyncio.QueueFull):
            await desk.http(said)
        await asyncio.sleep(0.5)
        assert {click.id for click in desk.heard} == {read(said).click.id}, "it may have its effect all the same, once: the id is known"


def test_what_a_person_typed_is_screened_before_it_is_kept_and_what_was_done_meanwhile_is_not_kept(tmp_path):
    spool = Spool(tmp_path / "clicks")
    typed = Click(id="k1", action="not_incident", user=ANA, incident="inc-1", at=NOW, text="su DNI es 12345678Z, tel. 612 345 678")
    spool.expects(typed)
    spool.keep(typed)
    assert "12345678" not in (kept := (tmp_path / "clicks").read_text()) and "612 345 678" not in kept
    spool.done("k1")
    spool.keep(typed)
    assert spool.left() == []


async def test_a_request_that_slack_signed_long_ago_is_refused_and_says_what_our_clock_is(caplog):
    desk = Desk()
    for _ in range(3):
        headers, body = signed(pressed("take", "inc-1"), SECRET, (NOW - timedelta(minutes=20)).timestamp())
        assert await desk.door.over_http(headers, body) is None
    assert (desk.heard, desk.door.apart) == ([], Apart(NOW, timedelta(minutes=20)))
    assert [one.getMessage() for one in caplog.records] == ["click refused: signed by Slack, 1200 s ago by our clock"]
    headers, body = signed(pressed("take", "inc-1"), "another secret", (NOW + timedelta(hours=9)).timestamp())
    assert await desk.door.over_http(headers, body) is None
    assert desk.door.apart == Apart(NOW, timedelta(minutes=20)), "a stranger's word says nothing"
    await desk.http(pressed("take", "inc-1"))
    assert desk.door.apart == Apart(NOW, timedelta(0))


async def test_no_incident_for_another_reason_asks_which_and_its_answer_is_the_click():
    desk, said = Desk(), pressed("not_incident", "inc-1", option="other")
    for _ in range(3):  # a replay opens no second form
        assert await desk.http(said) == {}
    await asyncio.sleep(0.01)
    ((method, asked),) = desk.asked
    assert (method, asked["trigger_id"], asked["view"]["callback_id"], desk.heard) == ("views.open", said["trigger_id"], "not_incident", [])
    assert len(asked["view"]["title"]["text"]) <= 24
    await desk.http(submitted(asked, {"why": {"value": "other"}, "text": "era una prueba"}))
    assert [(click.choice, click.text) for click in desk.heard] == [("other", "era una prueba")]
    await desk.http(pressed("not_incident", "inc-1", option="few"))
    assert (desk.heard[-1].choice, len(desk.asked)) == ("few", 1)


async def test_who_may_not_is_shown_no_form_and_heard_so_that_it_is_answered_and_noted():
    desk = Desk(RULES + "roles: {act: [U0LUIS002]}\n")
    await desk.http(pressed("not_incident", "inc-1", option="other"))
    assert desk.asked == [] and [click.user for click in desk.heard] == [ANA]


async def test_where_slack_opens_no_form_the_person_is_told_to_press_again():
    desk = Desk(api=Unreachable("gone"))
    await desk.http(pressed("not_incident", "inc-1"))
    await asyncio.sleep(0.01)
    assert [method for method, _ in desk.asked] == ["views.open", "chat.postEphemeral"]
    assert desk.asked[1][1]["user"] == ANA and "pulsa otra vez" in desk.asked[1][1]["text"]


# ── where it was pressed, and what the app asks Slack for ────────────────────────────────────────────────────────


def test_a_press_in_a_channel_where_its_card_is_not_is_refused_and_what_was_typed_is_screened():
    conn = Store(None).db.conn
    conn.execute("INSERT INTO outbox (id, incident, destination, state, ref) VALUES ('a@desk', 'inc-1', 'desk', 'sent', 'C0CAREDESK1/1.2')")
    here, there, unknown = (
        Click(id=f"k{n}", action="resolve", user=ANA, incident=incident, at=NOW, channel=channel, text="su DNI es 12345678Z")
        for n, (incident, channel) in enumerate((("inc-1", "C0CAREDESK1"), ("inc-1", "C0OTHER"), ("inc-2", "C0OTHER")))
    )
    kept, refused = intake.once(conn, [here, there, unknown, here])
    assert [click.id for click in kept if isinstance(click, Click)] == ["k0", "k2"]
    assert [(one.click.id, one.outcome) for one in refused] == [("k1", "refused")]
    assert all("12345678" not in click.text for click in kept if isinstance(click, Click))


def test_the_manifest_asks_for_what_doctor_looks_for():
    manifest = YAML(typ="safe").load((Path(__file__).parents[2] / "docs/slack-app-manifest.yaml").read_text(encoding="utf-8"))
    assert manifest["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert manifest["settings"]["socket_mode_enabled"] and manifest["settings"]["interactivity"]["is_enabled"]
    assert scopes("chat:write,groups:read")[1] is False and scopes(", ".join([*SCOPES, "more:read"]))[1] is True
