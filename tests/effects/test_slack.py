"""What the desk sees in Slack, and what carebot makes of Slack's answers. The server is real, on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from carebot.effects.harmless import clean, cut, defang, permalink
from carebot.effects.slack import Card, Slack, card, retry_after
from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Alert, Delivery, Phase, Quote, Reason, Text
from tests.effects.loopback_slack import LoopbackSlack, hangs, lost_reply, no_connection, page, says, too_many

MADRID = ZoneInfo("Europe/Madrid")
TEN = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
APP = Text("App del banco", "Bank app")
GOLDEN = Path(__file__).parent / "golden"


def incident(**more: Any) -> Alert:
    story: dict[str, Any] = {
        "alert": "al-1",
        "at": TEN,
        "late_by_s": 240,
        "reason": "confirmed",
        "severity": 2,
        "incident": "in-7",
        "brand": "Banco Faro",
        "service": "app",
        "symptom": "login_fail",
        "onset_at": TEN - timedelta(minutes=18),
        "phase": "confirmed",
        "headline": Text("Fallo confirmado: App del banco", "Confirmed failure: Bank app"),
        "detail": Text(
            "86 quejas de 71 personas desde las 10:42; x, google_play.", "86 complaints from 71 people since 10:42; x, google_play."
        ),
        "say": Text("La app no deja entrar. Trabajamos en ello; os contamos a las 11:30.", "The app is down. Next update at 11:30."),
        "facts": {
            "count": 86,
            "usual": 3.7,
            "window_min": 15,
            "authors": 71,
            "sources": ["x", "google_play"],
            "false_alarms_a_month": 0.04,
            "rule": "login-down",
            "why": ["no puedo entrar"],
            "rules": "3f2a9c0be1",
        },
        "quotes": (
            Quote("x:1", "no puedo entrar en la app desde las 10 <!channel>", "ana", "x", TEN, "https://x.example/ana/status/1"),
            Quote("x:2", "es esto oficial? http://banco-faro.example.net/login", "luis", "x", TEN),
        ),
    }
    return Alert(**(story | more))


def shown(alert: Alert, language: Any = "es") -> Card:
    return card(alert, language=language, zone=MADRID, service_name=APP)


def fields_of(alert: Alert, language: Any = "es") -> dict[str, str]:
    """The card's labelled values."""
    (fields,) = (block["fields"] for block in shown(alert, language).blocks if "fields" in block)
    return dict(field["text"].replace("*", "").split("\n", 1) for field in fields)


def buttons_of(alert: Alert) -> list[str]:
    return [button["action_id"] for block in shown(alert).blocks if block["type"] == "actions" for button in block["elements"]]


def strings(part: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a card with the key it stands under; mrkdwn text stands under "mrkdwn"."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from strings(value, "mrkdwn" if name == "text" and part.get("type") == "mrkdwn" else name)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from strings(value, key)
    elif isinstance(part, str):
        yield key, part


def assert_slack_takes_it(made: Card) -> None:
    blocks = Block.parse_all(made.blocks)
    assert all(blocks)
    for block in blocks:
        block.validate_json()
        block.to_dict()
    assert len(made.blocks) <= 12
    assert len(json.dumps(made.blocks, ensure_ascii=False)) <= 13_000
    assert len(made.text) <= 3000
    texts = list(strings(made.blocks))
    assert all(text for key, text in texts if key in ("text", "mrkdwn")), "Slack refuses empty texts"
    assert all(len(text) <= 2000 for key, text in texts if key == "mrkdwn")
    assert len(made.blocks[0]["text"]["text"].encode("utf-16-le")) <= 300


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_card_of_an_incident_is_exactly_this(language: str) -> None:
    """To change it on purpose: write the new card over the golden file, look at it in the Block Kit Builder, say why in the commit."""
    made = msgspec.to_builtins(shown(incident(), language))
    assert made == json.loads((GOLDEN / f"card_incident_{language}.json").read_text(encoding="utf-8"))


def test_every_phase_has_the_buttons_that_still_make_sense() -> None:
    buttons = {phase: buttons_of(incident(phase=phase)) for phase in get_args(Phase)}
    assert buttons == {
        "suspected": ["take", "confirm", "not_incident", "snooze"],
        "confirmed": ["take", "resolve", "snooze", "not_incident"],
        "monitoring": ["take", "resolve", "snooze"],
        "resolved": [],
    }
    assert buttons_of(incident(facts={"owner": "marta"})) == ["resolve", "snooze", "not_incident"]


def test_one_customers_matter_has_no_incident_buttons_but_their_history() -> None:
    matter = incident(
        reason="hand_offs", case="ca-1", phase=None, say=None, facts={"contacts": 4, "hand_offs": 2, "due_at": "2026-11-21T11:00:00Z"}
    )
    made = shown(matter)
    assert [block["type"] for block in made.blocks] == ["header", "section", "section", "rich_text", "context"]
    fields = [field["text"] for field in made.blocks[2]["fields"]]
    assert "*Derivaciones*\n2" in fields
    assert "*Vence*\n21/11 12:00" in fields


def test_the_card_says_who_else_says_so_and_still_who_is_on_it():
    facts = incident().facts | {"waiting": 3, "owner": "Marta"}
    both = {"scope": "upstream", "upstream": ["Bizum/Pagos"], "others": ["Banco <Faro>"]}
    told = fields_of(incident(facts=facts | both))
    assert told["¿Quién más?"] == "Bizum/Pagos, Banco &lt;Faro&gt;"
    assert (told["Se encarga"], told["Esperan respuesta"], len(told)) == ("Marta", "3", 10)
    alone = {"scope": "us", "upstream": [], "others": []}
    assert fields_of(incident(facts=facts | alone), "en")["Who else?"] == "only us so far"
    for nobody in ({}, alone | {"scope": "unknown"}, {"upstream": 7, "others": None}):
        assert "¿Quién más?" not in fields_of(incident(facts=facts | nobody))


@pytest.mark.parametrize("reason", get_args(Reason))
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_reason_to_speak_gives_a_card_slack_takes(reason: Reason, language: str) -> None:
    plain = Alert(alert="al-1", at=TEN, reason=reason, headline=Text("Qué pasa", "What is up"))
    assert_slack_takes_it(shown(plain, language))
    assert_slack_takes_it(shown(incident(reason=reason), language))


def test_a_customers_link_cannot_be_clicked_but_the_permalink_of_their_post_can() -> None:
    clickable = [text for key, text in strings(shown(incident()).blocks) if key == "url"]
    assert clickable == ["https://x.example/ana/status/1"]
    assert "hxxp://banco-faro[.]example[.]net/login" in str(shown(incident()).blocks)


@pytest.mark.parametrize(
    ("said", "harmless"),
    [
        ("go to https://evil.com/a?b=c now", "go to hxxps://evil[.]com/a?b=c now"),
        ("HTTP://EVIL.COM", "hxxP://EVIL[.]COM"),
        ("www.evil.com and evil.co.uk", "www[.]evil[.]com and evil[.]co[.]uk"),
        ("slack://user?id=1", "slack[:]//user?id=1"),
        ("xhttp://evil.com", "xhttp[:]//evil[.]com"),
        ("write to ana@evil.com", "write to ana@evil[.]com"),
        ("evil。com", "evil[.]com"),
        ("it costs 3.50 at 10.42. Why?", "it costs 3.50 at 10.42. Why?"),
    ],
)
def test_addresses_in_a_customers_words_are_broken(said: str, harmless: str) -> None:
    assert defang(said) == harmless


def test_characters_that_deceive_the_eye_are_dropped_and_emoji_families_stay() -> None:
    assert clean("ok\t\u202egnp.exe\u2066 a\u200bb \x1b[31mred\x9b\x07 \ud800 👨‍👩‍👧 ñ") == "ok gnp.exe ab [31mred  👨‍👩‍👧 ñ"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "ftp://x.com/a", "https://bank.com@evil.com/", "https://a|b.com", "https://x.com/\x1b]8;;", "//x.com/a",
        "https://ex ample.com/", "https://[bad/", "https://x.com/>", "", "https://x.com/" + "a" * 600, "https://аррӏе.com/",
    ],
)  # fmt: skip
def test_only_a_plain_web_address_becomes_a_link(url: str) -> None:
    assert permalink(url) == ""
    made = shown(incident(quotes=(Quote("x:1", "hola", "ana", "x", TEN, url),)))
    assert not [text for key, text in strings(made.blocks) if key == "url"]


HOSTILE = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.sampled_from(
            ["<!channel>", "<!here|x>", "<@U123>", "<#C1>", "<http://evil.com|bank.com>", "&lt;!everyone&gt;", "@channel", "*b*", "`", "\n",
             "https://evil.com", "\u202e", "\x1b[2J", "\x00", "😀", "&" * 40, "<" * 4000, '"\\' * 900, "ñ" * 3000, "[red]", "{channel}"]
        ),
        max_size=8,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(HOSTILE, min_size=12, max_size=12), st.sampled_from(get_args(Reason)), st.sampled_from(["es", "en"]))
def test_whatever_people_write_it_is_only_text(words: list[str], reason: Reason, language: str) -> None:
    a, b, c, d, e, f, g, h, i, j, k, m = words
    hostile = incident(
        reason=reason,
        headline=Text(a, a),
        detail=Text(b, b),
        say=Text(c, c),
        region=d,
        service=e,
        quotes=tuple(Quote(f, text, g, h, TEN, "https://ok.example/" + f) for text in (f, g, h, i)),
        facts={
            "sources": {i: 3},
            "owner": j,
            "also": [k],
            "waiting": b,
            "rule": m,
            "rules": c,
            "why": words,
            "usual": float("nan"),
            "count": 10**30,
            "due_at": a,
        },
    )
    made = card(hostile, language=language, zone=MADRID, service_name=Text(k, k))  # type: ignore[arg-type]
    assert_slack_takes_it(made)
    readable = [made.text, *(text for key, text in strings(made.blocks) if key == "mrkdwn")]
    for text in readable:
        assert not re.search(r"<|>|&(?!amp;|lt;|gt;)", text), "nothing Slack would read as a mention, a channel or a link"
    for _, text in strings(made.blocks):
        assert "\x1b" not in text
        assert "\x00" not in text
        assert "\u202e" not in text


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_fits_even_when_escaped(text: str, room: int) -> None:
    kept = cut(text, room)
    escaped = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert len(escaped.encode("utf-16-le")) // 2 <= room


# ── Slack's answers ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def loopback(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackSlack]:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with LoopbackSlack() as slack:
        yield slack


def desk(loopback: LoopbackSlack, *, token: str = "", channel: str = "#care-desk") -> Slack:
    return Slack(
        token or loopback.token, channel, language="en", zone=MADRID, service_names=lambda _: APP, base_url=loopback.url, request_limit_s=1
    )


def told(id: str = "d1", alert: Alert | None = None, ref: str = "") -> Delivery:
    return Delivery(id=id, alert=alert or incident(), destination="desk", ref=ref)


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def test_an_incident_is_one_message_with_its_story_in_the_thread(loopback: LoopbackSlack) -> None:
    slack = desk(loopback)
    first = await slack.send(told("d1"), "")
    grew = incident(reason="grew", headline=Text("Va a más", "Growing"))
    over = incident(reason="resolved", phase="resolved", headline=Text("Normal", "Back to normal"))
    assert await slack.send(told("d2", grew), first) == first
    assert await slack.send(told("d3", over), first) == first
    assert loopback.shown() == [
        "✅ SEV2 · Back to normal (edited 2)",
        "  ↳ The incident grows · Growing",
        "  ↳ Incident resolved · Back to normal (also to the channel)",
    ]


async def test_nothing_in_a_message_is_unfurled_or_turned_into_a_mention(loopback: LoopbackSlack) -> None:
    await desk(loopback).send(told(), "")
    asked = loopback.transcript[0].asked
    assert (asked["unfurl_links"], asked["unfurl_media"], asked["parse"]) == (False, False, "none")
    assert asked["metadata"] == {"event_type": "carebot_delivery", "event_payload": {"delivery": "d1"}}


async def test_what_landed_is_found_by_a_carebot_that_has_just_started(loopback: LoopbackSlack) -> None:
    first = await desk(loopback).send(told("d1"), "")
    for other in range(5):
        await desk(loopback).send(told(f"other-{other}"), "")
    await desk(loopback).send(told("d2"), first)
    restarted = desk(loopback)
    assert await restarted.find(told("d1"), LONG_AGO) == first
    assert await restarted.find(told("d2", ref=first), LONG_AGO) == first
    assert await restarted.find(told("d3", ref=first), LONG_AGO) is None
    assert await restarted.find(told("d1"), datetime.now(UTC) + timedelta(hours=1)) is None


async def test_an_update_of_a_message_somebody_deleted_becomes_a_message_of_its_own(loopback: LoopbackSlack) -> None:
    gone = f"C0CAREDESK1/{1.0:.6f}"
    ref = await desk(loopback).send(told("d2"), gone)
    assert ref != gone
    assert len(loopback.messages) == 1
    assert await desk(loopback).find(told("d2", ref=gone), LONG_AGO) == ref


@pytest.mark.parametrize("first", ["console", "C0OLDDESK00/1.000000"])
async def test_an_incident_first_told_elsewhere_gets_a_message_here(loopback: LoopbackSlack, first: str) -> None:
    ref = await desk(loopback).send(told("d2"), first)
    assert ref.startswith("C0CAREDESK1/")
    assert await desk(loopback).find(told("d2", ref=first), LONG_AGO) == ref


async def test_a_channel_we_may_not_read_is_not_taken_for_an_empty_one(loopback: LoopbackSlack) -> None:
    loopback.plan("conversations.history", says("not_in_channel"))
    with pytest.raises(Refused, match="/invite @carebot"):
        await desk(loopback).find(told("d1"), LONG_AGO)


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
async def test_a_card_slack_will_not_draw_is_said_in_plain_text(loopback: LoopbackSlack, error: str) -> None:
    loopback.plan("chat.postMessage", says(error))
    await desk(loopback).send(told(), "")
    assert loopback.methods() == ["chat.postMessage"] * 2
    assert loopback.shown() == ["🔴 SEV2 · Confirmed failure: Bank app"]
    assert "blocks" not in loopback.messages[0]
    assert loopback.messages[0]["metadata"]["event_payload"] == {"delivery": "d1"}


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("not_in_channel", "/invite @carebot in #care-desk"),
        ("channel_not_found", "/invite @carebot"),
        ("is_archived", "Unarchive #care-desk"),
        ("invalid_auth", "systemctl restart carebot"),
        ("token_revoked", "systemctl restart carebot"),
        ("account_inactive", "systemctl restart carebot"),
        ("missing_scope", "channels:history"),
        ("restricted_action", "a Slack admin"),
        ("something_{new}", "docs.slack.dev"),
    ],
)
async def test_what_a_human_must_repair_is_refused_with_how_to_repair_it(loopback: LoopbackSlack, error: str, fix: str) -> None:
    loopback.plan("chat.postMessage", says(error))
    with pytest.raises(Refused) as refused:
        await desk(loopback).send(told(), "")
    assert fix in refused.value.what_to_fix
    assert loopback.methods() == ["chat.postMessage"]


async def test_a_wrong_token_is_refused_and_shown_to_nobody(loopback: LoopbackSlack) -> None:
    with pytest.raises(Refused) as refused:
        await desk(loopback, token="xoxb-secret-42").send(told(), "")
    error: BaseException | None = refused.value
    while error is not None:
        assert "xoxb" not in f"{error!r}{error}"
        error = error.__cause__
    with pytest.raises(Refused, match="channel_not_found"):
        await desk(loopback, channel="#nowhere").find(told(), LONG_AGO)


@pytest.mark.parametrize(
    "fault",
    [
        page(500),
        page(200),
        page(200, "text/plain", "ok"),
        page(200, "application/json", "{broken"),
        page(200, "application/json", "[1]"),
        page(200, "application/json", '{"ok": true}'),
        no_connection(),
        lost_reply(),
        hangs(),
        says("internal_error"),
    ],
    ids=lambda fault: f"{fault.status}{fault.error}{fault.body[:6]}{fault.hangs_s}{fault.lands}",
)
async def test_any_other_trouble_means_nobody_knows(loopback: LoopbackSlack, fault: Any) -> None:
    loopback.plan("chat.postMessage", fault)
    with pytest.raises(Unreachable):
        await desk(loopback).send(told(), "")


async def test_a_slack_that_is_not_there_is_unreachable(loopback: LoopbackSlack) -> None:
    nowhere = Slack("t", "#care-desk", zone=MADRID, base_url="http://127.0.0.1:9/api/", request_limit_s=1)
    with pytest.raises(Trouble, match="cannot be reached"):
        await nowhere.find(told(), LONG_AGO)


async def test_slack_says_wait_30_seconds_and_so_do_we(loopback: LoopbackSlack) -> None:
    loopback.plan("chat.postMessage", too_many("30"))
    with pytest.raises(Throttled) as asked:
        await desk(loopback).send(told(), "")
    assert asked.value.wait == timedelta(seconds=30)
    assert loopback.messages == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 1), ("-1", 30), ("", 30), ("999999999", 300), ("9" * 5000, 300), ("Sat, 21 Nov 2026 10:00:00 GMT", 30), ("²", 30)],
)
def test_absurd_waits_become_sensible_ones(header: str, seconds: int) -> None:
    assert retry_after(header) == timedelta(seconds=seconds)
