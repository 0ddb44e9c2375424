"""What the desk sees in Slack, and what carebot makes of Slack's answers. The server is real, on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest

from carebot.decide.pressing.pressed import MORNING, SNOOZE_FOR
from carebot.effects.card import Card
from carebot.effects.card.words import BUTTONS, EMOJI, LABELS, PHASES, REASONS, SNOOZES, STATE_EMOJI
from carebot.effects.telling.slack import Slack, retry_after
from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Alert, Delivery, Phase, Reason, Text
from tests.effects.cards import APP, EXAMPLES, GOLDEN, MADRID, TEN, facts, golden, incident, shown
from tests.effects.loopback_slack import LoopbackSlack, hangs, lost_reply, no_connection, page, says, too_many
from tests.effects.slack_limits import assert_slack_takes_it
from tests.effects.slack_marks import called


def fields_of(alert: Alert, language: Any = "es") -> dict[str, str]:
    """The card's labelled values."""
    (fields,) = (block["fields"] for block in shown(alert, language).blocks if "fields" in block)
    return dict(field["text"].replace("*", "").split("\n", 1) for field in fields)


def buttons_of(alert: Alert) -> list[str]:
    """Those of the incident; a statement's are tested with the statements."""
    actions = [block for block in shown(alert).blocks if block["type"] == "actions"]
    return [button["action_id"] for block in actions for button in block["elements"] if button["action_id"] not in ("propose", "said_it")]


def kinds(made: Card) -> list[str]:
    return [block["type"] for block in made.blocks]


@pytest.mark.parametrize("language", ["es", "en"])
def test_these_cards_are_exactly_these(language: Any) -> None:
    """To change one on purpose: python -m tests.effects.cards, look at the difference and at the pictures, say why in the commit."""
    wanted = json.loads((GOLDEN / f"cards_{language}.json").read_text(encoding="utf-8"))
    assert json.loads(golden(language)) == wanted
    for name, alert in EXAMPLES.items():
        assert_slack_takes_it(shown(alert, language))
        assert list(wanted) == list(EXAMPLES), name


@pytest.mark.parametrize("reason", get_args(Reason))
@pytest.mark.parametrize("phase", [*get_args(Phase), None])
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_reason_to_speak_gives_a_card_slack_takes_whatever_the_phase(reason: Reason, phase: Phase | None, language: Any) -> None:
    bare = Alert(alert="al-1", at=TEN, reason=reason, headline=Text("Qué pasa", "What is up"), phase=phase)
    assert_slack_takes_it(shown(bare, language))
    assert_slack_takes_it(shown(incident(reason=reason, phase=phase), language))


def test_no_word_is_missing_in_either_language() -> None:
    assert set(REASONS) == set(get_args(Reason)) >= set(EMOJI) and set(PHASES) == set(get_args(Phase)) < set(STATE_EMOJI)
    assert set(SNOOZES) == {*SNOOZE_FOR, MORNING}
    tables = [*LABELS.values(), *REASONS.values(), *PHASES.values(), *BUTTONS.values(), *SNOOZES.values()]
    assert all(text.es.strip() and text.en.strip() for text in tables)


def test_a_card_is_read_in_eight_seconds() -> None:
    """Read aloud, two and a half words a second: the headline and the sentence say what is wrong in eight; then what to tell customers."""
    for name in ("suspected", "confirmed", "taken", "resolved", "customer"):
        for language in ("es", "en"):
            alert = EXAMPLES[name]
            assert alert.detail
            said = f"{getattr(alert.headline, language)} {getattr(alert.detail, language)}"
            assert len([word for word in said.split() if any(map(str.isalnum, word))]) <= 8 * 3, said


def test_every_phase_has_the_buttons_that_still_make_sense() -> None:
    buttons = {phase: buttons_of(incident(phase=phase)) for phase in get_args(Phase)}
    assert buttons == {
        "suspected": ["see_yes", "see_no", "take", "confirm", "snooze", "not_incident"],
        "confirmed": ["take", "resolve", "snooze", "not_incident"],
        "monitoring": ["take", "resolve", "snooze"],
        "resolved": [],
    }
    assert buttons_of(incident(facts={"owner": "marta"})) == ["resolve", "snooze", "not_incident"]


def test_a_menu_says_what_is_chosen_and_of_which_incident() -> None:
    actions = [element for block in shown(incident(), "en").blocks if block["type"] == "actions" for element in block["elements"]]
    (snooze, why_not) = (element for element in actions if element["type"] == "static_select")
    assert [option["value"] for option in snooze["options"]] == [f"{how}:banco-faro-app-20261121" for how in ("30m", "1h", "4h", "morning")]
    assert why_not["options"][0]["value"] == "words:banco-faro-app-20261121"
    endless = [element["type"] for element in shown(incident(incident="i" * 400)).blocks[-2]["elements"]]
    assert endless == ["button"] * 4, "no option can carry so long a name"


def test_the_colour_is_of_the_state_and_says_when_somebody_is_on_it() -> None:
    states = ("suspected", "confirmed", "taken", "monitoring", "resolved")
    seen = {name: (shown(EXAMPLES[name]).colour, shown(EXAMPLES[name]).blocks[0]["text"]["text"][0]) for name in states}
    assert seen == {
        "suspected": ("#e8c547", "🟡"),
        "confirmed": ("#a30200", "🔴"),
        "taken": ("#7b5ea7", "🟣"),
        "monitoring": ("#2f6fde", "🔵"),
        "resolved": ("#2eb886", "✅"),
    }


def test_a_suspicion_asks_who_else_sees_it_and_shows_who_answered() -> None:
    asked = incident(phase="suspected", severity=4)
    poll = [block["text"]["text"] for block in shown(asked).blocks if block["type"] == "section" and "text" in block][-1]
    assert poll == "¿Lo ves tú también?"
    answered = incident(phase="suspected", facts=facts(votes={"yes": 2, "no": 1}))
    assert "Do you see it too?  2 yes · 1 no" in str(shown(answered, "en").blocks)
    assert "see_yes" not in buttons_of(incident(case="ca-1"))


def test_one_customers_matter_has_no_incident_buttons_but_their_history() -> None:
    made = shown(EXAMPLES["customer"])
    assert kinds(made) == ["header", "section", "section", "rich_text", "context"]
    told = fields_of(EXAMPLES["customer"])
    assert told == {"Servicio": "App del banco", "Desde": "10:42 (18 min)", "Plazo hasta": "22 nov 12:00"}, "the sentence has the rest"
    assert fields_of(EXAMPLES["customer"], "en")["Due"] == "22 Nov 12:00"  # 22/11 is no day in half of the world


def test_what_is_too_late_says_how_late() -> None:
    late = msgspec.structs.replace(EXAMPLES["customer"], facts={"due_at": "2026-11-21T09:51:00Z"})
    assert fields_of(late)["Plazo vencido"] == "10:51 (hace 9 min)"
    assert fields_of(late, "en")["Was due"] == "10:51 (9 min ago)"


def test_the_fields_say_what_the_sentence_does_not() -> None:
    assert fields_of(incident()) == {
        "Estado": "Confirmada",
        "Se encarga": "nadie todavía",
        "Confianza": "muy alta (menos de 1 falsa alarma al año)",
    }
    assert fields_of(EXAMPLES["taken"], "en") == {
        "State": "Confirmed",
        "Owner": "Marta",
        "Confidence": "very high (under 1 false alarm a year)",
        "Next update due": "11:30",
    }


def test_how_sure_it_is_is_said_as_people_count_false_alarms() -> None:
    def sure(a_month: float, language: Any = "es") -> str:
        return fields_of(incident(facts=facts(false_alarms_a_month=a_month)), language)["Confianza" if language == "es" else "Confidence"]

    assert [sure(a_month) for a_month in (0.0, 0.4, 0.8, 3.2)] == [
        "muy alta (menos de 1 falsa alarma al año)",
        "alta (1 falsa alarma cada 2 meses)",
        "media (1 falsa alarma al mes)",
        "media (3 falsas alarmas al mes)",
    ]
    assert sure(0.4, "en") == "high (1 false alarm every 2 months)"
    assert "Confianza" not in fields_of(EXAMPLES["resolved"]), "nobody asks how sure it was when it is over"


def test_the_last_hour_is_one_row_of_bars() -> None:
    def bars(trend: Any) -> list[str]:
        blocks = shown(incident(facts=facts(trend=trend))).blocks
        return [block["elements"][0]["text"] for block in blocks if block["type"] == "context"][:-1]

    assert bars([0, 1, 0, 0, 1, 0, 0, 1, 4, 19, 31, 30]) == ["·▁··▁··▁▂▅██ última hora, máximo 31 en 5 min"]
    assert bars([0] * 11 + [4]) == ["···········█ última hora, máximo 4 en 5 min"]
    assert bars([0, 1] * 6) == ["·▃·▃·▃·▃·▃·▃ última hora, máximo 1 en 5 min"], "one is never a full bar"
    assert bars([0] * 12) == bars([]) == bars(None) == bars(["<!here>"]) == []


def test_numbers_and_the_small_print_are_in_the_desks_language() -> None:
    def small(alert: Alert, language: Any) -> str:
        return str(shown(alert, language).blocks[-1]["elements"][0]["text"])

    told = incident(late_by_s=240, facts=facts(told_via=["pager"]))
    assert small(told, "es") == (
        "Incidencia confirmada · regla: login-down · lo normal: 3,7 en 15 min · por: «no puedo entrar» · con retraso: 4 min"
        " · ya avisado por: pager"
    )
    assert "usual: 3.7 in 15 min" in small(told, "en")
    assert "usual: &lt; 0.1 in 15 min" in small(incident(facts=facts(usual=0.02)), "en")
    assert "lo normal" not in small(incident(facts=facts(count=0)), "es"), "what is usual of complaints says nothing where there are none"


def test_a_customers_link_cannot_be_clicked_but_the_permalink_of_their_post_can() -> None:
    assert "hxxp://banco-faro[.]example[.]net/login" in str(shown(incident()).blocks)
    assert str(shown(incident()).blocks).count("'url'") == 2


# ── Slack's answers ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def loopback(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LoopbackSlack]:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with LoopbackSlack() as slack:
        yield slack


def desk(loopback: LoopbackSlack, *, token: str = "", channel: str = "#care-desk", mention: Any = "none") -> Slack:
    return Slack(
        token or loopback.token,
        channel,
        language="en",
        zone=MADRID,
        service_names=lambda _: APP,
        base_url=loopback.url,
        request_limit_s=1,
        mention=mention,
    )


def told(id: str = "d1", alert: Alert | None = None, ref: str = "") -> Delivery:
    return Delivery(id=id, alert=alert or incident(), destination="desk", ref=ref)


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def test_an_incident_is_one_message_with_its_story_in_the_thread(loopback: LoopbackSlack) -> None:
    slack = desk(loopback)
    first = await slack.send(told("d1"), "")
    grew = incident(reason="grew", headline=Text("Va a más", "Growing"), facts=facts(severity_was=2))
    over = incident(reason="resolved", phase="resolved", headline=Text("Normal", "Back to normal"))
    assert await slack.send(told("d2", grew), first) == first
    assert await slack.send(told("d3", over), first) == first
    assert loopback.shown() == [
        "✅ SEV2 · Back to normal (edited 2)",
        "  ↳ 🔴 SEV2 · Growing · 86 complaints from 71 people since 10:42 (usually 4); X, Google Play.",
        "  ↳ ✅ SEV2 · Back to normal · 86 complaints from 71 people since 10:42 (usually 4); X, Google Play. (also to the channel)",
    ]


async def test_people_are_called_once_when_it_is_sure_and_grave_and_never_by_less(loopback: LoopbackSlack) -> None:
    slack = desk(loopback, mention="here")
    first = await slack.send(told("d1", EXAMPLES["suspected"]), "")
    await slack.send(told("d2", incident(facts=facts(severity_was=4))), first)
    await slack.send(told("d3", incident(reason="grew", facts=facts(severity_was=2))), first)
    await slack.send(told("d4", incident(severity=3, incident="in-8")), "")
    await slack.send(told("d5", incident(incident="in-9")), "")
    posts = [call.asked for call in loopback.transcript if call.method == "chat.postMessage"]
    assert [called(post["blocks"]) for post in posts] == [[], ["here"], [], [], ["here"]]
    assert [post.get("reply_broadcast") for post in posts] == [None, True, False, None, None]
    updates = [call.asked for call in loopback.transcript if call.method == "chat.update"]
    assert not any(called(update["blocks"]) for update in updates)


async def test_a_quiet_delivery_updates_what_is_there_and_says_nothing(loopback: LoopbackSlack) -> None:
    slack = desk(loopback)
    first = await slack.send(told("d1"), "")
    quiet = msgspec.structs.replace(told("d2", EXAMPLES["monitoring"]), quiet=True)
    assert await slack.send(quiet, first) == first
    assert await slack.send(quiet, "") == ""  # it never was there: nothing to keep true
    assert await slack.send(quiet, "C0CAREDESK1/1.000000") == "C0CAREDESK1/1.000000"
    assert loopback.shown() == ["🔵 SEV2 · Confirmed failure: Bank app · only us so far (edited 1)"]


async def test_the_thread_says_who_did_what(loopback: LoopbackSlack) -> None:
    slack = desk(loopback)
    first = await slack.send(told("d1"), "")
    await slack.send(told("d2", EXAMPLES["taken"]), first)
    await slack.send(told("d3", incident(reason="resolved", phase="resolved", act=Text("Marta <!here>", "Marta <!here>"))), first)
    assert loopback.shown()[1:] == [
        "  ↳ Marta is on it",
        "  ↳ ✅ SEV2 · Confirmed failure: Bank app · only us so far · Marta <!here> (also to the channel)",
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
    assert loopback.shown() == ["🔴 SEV2 · Confirmed failure: Bank app · only us so far"]
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
