"""Chatwoot, Zendesk, n8n or whatever posts JSON is understood by a map a support lead can write, and proves itself as it really does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.errors import Refused
from carebot.model import Batch, Deleted, Message
from connectors import webhook
from tests.connectors.loopback_web import NOON, world

KEY, OLD = b"0123456789abcdef-new", b"0123456789abcdef-old"

# As Chatwoot's message model writes it, and as Zendesk documents its event; people and words are invented.
CHATWOOT = {
    "event": "message_created",
    "id": 8001,
    "content": "La app no me deja entrar 😡",
    "created_at": "2026-11-21T11:59:00.123Z",
    "message_type": "incoming",
    "content_type": "text",
    "content_attributes": {},
    "private": False,
    "sender": {"id": 31, "name": "Ana Díaz", "email": "ana@example.org"},
    "conversation": {"id": 77, "channel": "Channel::WebWidget", "messages": [{"id": 8001}]},
    "account": {"id": 1, "name": "Lumbre"},
    "inbox": {"id": 2, "name": "Web"},
}
ZENDESK = {
    "account_id": 22129848,
    "detail": {"id": "5158", "subject": "Tarjeta", "status": "OPEN"},
    "event": {
        "comment": {"id": 987, "body": "Sigo sin poder pagar", "is_public": True, "author": {"id": 84, "is_staff": False, "name": "Ana"}}
    },
    "id": "d4f5c389-8f4a-4c2e-a1b9-8e4f39c71d52",
    "subject": "zen:ticket:5158",
    "time": "2026-11-21T11:59:30.123456789Z",
    "type": "zen:event-type:ticket.comment_added",
    "zendesk_event_version": "2022-11-06",
}


def hook(**options: Any) -> webhook.Webhook:
    asked = webhook.Options.model_validate({"secret": "key", **options})
    made = webhook.connect("desk", asked, world(key=KEY.decode() + "\n", key_old=OLD.decode()))
    assert isinstance(made, webhook.Webhook)
    return made


def posted(said: Any, **options: Any) -> Batch:
    """What a bearer of the key posts."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return hook(**{"signed": "bearer", **options}).receive({"authorization": f"Bearer {KEY.decode()}"}, body, NOON)


def altered(said: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other values at dotted paths (`__` for a dot); `...` takes one away."""
    copy = json.loads(json.dumps(said))
    for path, value in changes.items():
        *above, last = path.split("__")
        there = copy
        for name in above:
            there = there[name]
        if value is ...:
            del there[last]
        else:
            there[last] = value
    return copy


# ── ready-made maps ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_customer_in_chatwoot_is_heard_and_their_agent_is_our_answer() -> None:
    batch = posted(CHATWOOT, format="chatwoot")
    assert batch.events == (
        Message(
            id="desk:8001",
            text="La app no me deja entrar 😡",
            posted_at=datetime(2026, 11, 21, 11, 59, 0, 123000, tzinfo=UTC),
            seen_at=NOON,
            source="desk",
            author="31",
            author_name="Ana Díaz",
            conversation="desk:77",
            direct=True,
        ),
    )
    (agent,) = posted(altered(CHATWOOT, message_type="outgoing", id=8002), format="chatwoot").events
    assert isinstance(agent, Message)
    assert agent.by_brand


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "conversation_created"},
        {"message_type": "activity"},
        {"message_type": "template"},
        {"private": True},
        {"content": None},
        {"content": " "},
    ],
)
def test_what_nobody_said_to_us_in_chatwoot_is_passed_over_without_a_word(changes: dict[str, Any]) -> None:
    assert posted(altered(CHATWOOT, **changes), format="chatwoot") == Batch(source="desk", requests=0)


def test_what_is_deleted_in_chatwoot_goes_here_too() -> None:
    gone = altered(CHATWOOT, event="message_updated", content="Mensaje eliminado", content_attributes={"deleted": True})
    assert posted(gone, format="chatwoot").events == (Deleted(id="desk:8001", at=NOON),)


def test_old_chatwoots_that_do_not_say_private_and_write_the_time_otherwise_are_understood() -> None:
    (old,) = posted(altered(CHATWOOT, private=..., created_at="2026-11-21 11:05:57 UTC"), format="chatwoot").events
    assert isinstance(old, Message)
    assert old.posted_at == datetime(2026, 11, 21, 11, 5, 57, tzinfo=UTC)


def test_a_comment_in_zendesk_is_the_customers_or_ours_and_a_note_is_nobodys() -> None:
    (said,) = posted(ZENDESK, format="zendesk").events
    assert isinstance(said, Message)
    assert (said.id, said.conversation, said.author, said.by_brand, said.direct) == ("desk:987", "desk:5158", "84", False, True)
    (ours,) = posted(altered(ZENDESK, event__comment__author__is_staff=True), format="zendesk").events
    assert isinstance(ours, Message)
    assert ours.by_brand
    assert posted(altered(ZENDESK, event__comment__is_public=False), format="zendesk").events == ()
    assert posted(altered(ZENDESK, type="zen:event-type:ticket.created"), format="zendesk").events == ()


def test_a_ready_made_map_can_be_told_otherwise() -> None:
    own = {"always": {"source": "whatsapp"}, "author": "sender.email"}
    (said,) = posted(CHATWOOT, format="chatwoot", map=own).events
    assert isinstance(said, Message)
    assert (said.source, said.author, said.id) == ("whatsapp", "ana@example.org", "desk:8001")


# ── a map of one's own ───────────────────────────────────────────────────────────────────────────────────────────

N8N = {
    "kind": "survey",
    "site": {"country": "es"},
    "data": {
        "answers": [
            {"key": "a1", "title": "Cajeros", "body": "<p>El cajero de la plaza<br>no da dinero</p>", "score": 1, "when": 1795262340, "who": {"mail": "ana@example.org"}},
            {"key": "a2", "title": "Gracias", "body": "Todo bien", "score": 5, "when": 1795262340123, "who": {"mail": "luis@example.org"}},
            {"key": "a3", "title": "Prueba", "body": "x", "score": 5, "when": None, "who": {"mail": "test@example.org"}, "test": "yes"},
        ]
    },
}  # fmt: skip
SURVEY = {
    "items": "data.answers",
    "only": {"$.kind": ["survey", "form"]},
    "unless": {"test": ["yes", True]},
    "id": "key",
    "text": ["title", "body"],
    "html": True,
    "stars": "score",
    "posted_at": "when",
    "author": "who.mail",
    "region": "$.site.country",
    "always": {"lang": "es", "source": "survey"},
}


def test_a_list_in_somebodys_json_becomes_messages() -> None:
    first, second = posted(N8N, map=SURVEY).events
    assert first == Message(
        id="desk:a1", text="Cajeros\nEl cajero de la plaza\nno da dinero", posted_at=datetime(2026, 11, 21, 11, 59, tzinfo=UTC), seen_at=NOON,
        source="survey", lang="es", author="ana@example.org", stars=1, region="es",
    )  # fmt: skip
    assert isinstance(second, Message)
    assert second.posted_at == datetime(2026, 11, 21, 11, 59, 0, 123000, tzinfo=UTC)
    assert posted(altered(N8N, kind="order", data={}), map=SURVEY).events == ()


def test_without_an_id_the_same_words_of_the_same_person_have_the_same_one() -> None:
    by_words = {"text": "t", "author": "a", "posted_at": "at"}
    one, again, other, at_another_time = (
        posted({"t": text, "a": "ana", "at": at}, map=by_words).events[0].id
        for text, at in (("hola", 1), ("hola", 1), ("adiós", 1), ("hola", 2))
    )
    assert one == again
    assert len({one, other, at_another_time}) == 3
    assert one.startswith("desk:")


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"id": 1}, "has no text at `t`"),
        ({"id": 1, "t": {"hush": 1}}, "has something else than a text at `t`"),
        ({"t": "hush"}, "has nothing at `id`, its id"),
        ({"id": [1], "t": "hush"}, "has neither a text nor a number at `id`"),
        ({"id": True, "t": "hush"}, "has neither a text nor a number at `id`"),
        ({"id": 1, "t": "hush", "at": "ayer"}, "has no time that can be read at `at`"),
        ({"id": 1, "t": "hush", "at": 1e300}, "has no time that can be read at `at`"),
        ({"id": 1, "t": "hush", "at": "2026-11-21T10:00:00"}, "has a time without a time zone at `at`"),
        ({"id": 1, "t": "hush", "n": "many"}, "is not in the contract's shape"),
        ({"gone": True}, "is deleted, but has nothing at `id`"),
        ("hush", "has no text at `t`"),
    ],
)
def test_what_does_not_fit_the_map_is_refused_with_the_path_and_never_the_words(item: Any, why: str) -> None:
    mapping = {"id": "id", "text": "t", "posted_at": "at", "audience": "n", "deleted": {"gone": True}}
    batch = posted([item, {"id": 2, "t": "bien"}], map=mapping)
    assert [event.id for event in batch.events] == ["desk:2"]
    (refusal,) = batch.refused
    assert refusal.item == "line 1"
    assert refusal.reason.startswith(why)
    assert "hush" not in refusal.reason


def test_a_half_emoji_or_a_huge_number_in_one_message_costs_no_other() -> None:
    body = b'[{"id": 1, "t": "roto \\ud83d"}, {"id": 2, "t": "bien", "n": ' + b"9" * 5000 + b'}, {"id": 1e999, "t": "c"}]'
    batch = posted(body, map={"id": "id", "text": "t"})
    assert [(event.id, event.text) for event in batch.events if isinstance(event, Message)][:2] == [
        ("desk:1", "roto ?"),
        ("desk:2", "bien"),
    ]


@pytest.mark.parametrize("body", [b"", b"null", b"{", b"\xff", b"[" * 200_000, b"9" * 5000 + b"x"])
def test_a_mapped_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="a request was not JSON"):
        posted(body, map={"text": "t"})


def test_a_body_without_its_list_or_with_too_long_a_one_is_refused() -> None:
    with pytest.raises(Refused, match=r"has no list at `data.answers`. Correct `items` in rules.yaml"):
        posted({"kind": "survey", "data": {"hush": 1}}, map=SURVEY)
    with pytest.raises(Refused, match="more than 2,000 messages"):
        posted([{"t": "a"}] * 2_001, map={"text": "t"})


@pytest.mark.parametrize(
    "options",
    [
        {"map": {}},
        {"map": {"text": "a..b"}},
        {"map": {"text": "a b"}},
        {"map": {"text": ".".join("abcdefghijk")}},
        {"map": {"text": "t", "txt": "t"}},
        {"map": {"text": "t", "always": {"brand": "x"}}},
        {"map": {"text": "t", "only": {"a": {"b": 1}}}},
        {"format": "intercom"},
        {"header": "x-key"},
        {"signed": "hub", "header": "X Key"},
    ],
)
def test_a_map_that_means_nothing_is_told_when_the_rules_are_read(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        webhook.Options.model_validate({"secret": "key", **options})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(["data", "answers", "key", "title", "body", "when", "who", "mail", "kind", "event", "id"]), inside, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(anything, st.sampled_from(["", "data", "answers", "kind"]))
def test_whatever_is_posted_is_messages_or_refused(said: Any, where: str) -> None:
    body: Any = {"kind": "survey", "data": {"answers": [said, *N8N["data"]["answers"]]}} if not where else {**N8N, where: said}  # type: ignore[index]
    for options in ({"map": SURVEY}, {"map": {"text": "title"}}, {"format": "zendesk"}, {"format": "alertmanager"}):
        try:
            batch = posted(body, **options)
        except Refused:
            continue
        assert all(event.id.encode() for event in batch.events)


# ── who it is ────────────────────────────────────────────────────────────────────────────────────────────────────

BODY = json.dumps(CHATWOOT).encode()
STAMP, MOMENT = str(int(NOON.timestamp())), "2026-11-21T12:00:00Z"


def hexed(key: bytes, said: bytes) -> str:
    return "sha256=" + hmac.new(key, said, hashlib.sha256).hexdigest()


def proof(how: str, key: bytes = KEY, body: bytes = BODY, at: datetime = NOON) -> dict[str, str]:
    """The headers as the real sender makes them; written a second time here, from their documentation."""
    stamp, moment = str(int(at.timestamp())), f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "carebot": {"x-carebot-timestamp": stamp, "x-carebot-signature": hexed(key, stamp.encode() + b"." + body)},
        "chatwoot": {"x-chatwoot-timestamp": stamp, "x-chatwoot-signature": hexed(key, f"{stamp}.".encode() + body)},
        "zendesk": {
            "x-zendesk-webhook-signature-timestamp": moment,
            "x-zendesk-webhook-signature": base64.b64encode(hmac.digest(key, moment.encode() + body, "sha256")).decode(),
        },
        "hub": {"x-hub-signature-256": hexed(key, body)},
        "bearer": {"authorization": f"Bearer {key.decode()}"},
        "basic": {"authorization": "Basic " + base64.b64encode(key).decode()},
    }[how]


HOWS = ["carebot", "chatwoot", "zendesk", "hub", "bearer", "basic"]
STAMPED = ["carebot", "chatwoot", "zendesk"]
MAPPED = {"map": {"text": "content", "id": "id"}}


@pytest.mark.parametrize("how", HOWS)
def test_each_sender_is_known_by_either_of_two_keys_and_by_nothing_else(how: str) -> None:
    source = hook(signed=how, old_secret="key-old", **MAPPED)
    for key in (KEY, OLD):
        assert source.receive(proof(how, key), BODY, NOON).events
    strangers = [proof(how, b"0123456789abcdef-eve"), {}, dict.fromkeys(proof(how), ""), *(proof(other) for other in HOWS if other != how)]
    for headers in strangers:
        with pytest.raises(Refused, match="was not signed") as raised:
            source.receive(headers, BODY, NOON)
        assert KEY.decode() not in str(raised.value)


@pytest.mark.parametrize("how", ["carebot", "chatwoot", "zendesk", "hub"])
def test_a_changed_body_is_nobodys(how: str) -> None:
    with pytest.raises(Refused):
        hook(signed=how, **MAPPED).receive(proof(how), BODY + b" ", NOON)


@pytest.mark.parametrize("how", STAMPED)
def test_an_old_or_a_future_request_is_worth_nothing(how: str) -> None:
    source = hook(signed=how, **MAPPED)
    assert source.receive(proof(how, at=NOON - timedelta(seconds=300)), BODY, NOON).events
    for away in (timedelta(seconds=301), timedelta(seconds=-301), timedelta(days=9)):
        with pytest.raises(Refused):
            source.receive(proof(how, at=NOON - away), BODY, NOON)


STRANGE = ["", " ", "x", "sha256=", "sha256=" + "g" * 64, "sha256=" + "é" * 64, "=" * 44, "é" * 44, "A" * 43 + "=", "\ud800", "Bearer", "Bearer ", "Basic \udcff", "9" * 5000, "0000-00-00T00:00:00Z", "9999-99-99T99:99:99Z", "2026-11-21T12:00:00+00:00"]  # fmt: skip


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("strange", STRANGE)
def test_strange_headers_are_nobodys_and_break_nothing(how: str, strange: str) -> None:
    source = hook(signed=how, **MAPPED)
    for name in proof(how):
        with pytest.raises(Refused, match="was not signed"):
            source.receive({**proof(how), name: strange}, BODY, NOON)
    with pytest.raises(Refused, match="was not signed"):
        source.receive(dict.fromkeys(proof(how), strange), BODY, NOON)


def test_a_secret_or_a_signature_may_stand_in_a_header_of_the_senders_own() -> None:
    assert hook(signed="bearer", header="x-gitlab-token", **MAPPED).receive({"x-gitlab-token": KEY.decode()}, BODY, NOON).events
    assert hook(signed="hub", header="x-signature", **MAPPED).receive({"x-signature": hexed(KEY, BODY)}, BODY, NOON).events
    with pytest.raises(Refused):
        hook(signed="bearer", header="x-gitlab-token", **MAPPED).receive({"authorization": f"Bearer {KEY.decode()}"}, BODY, NOON)


@pytest.mark.parametrize(
    ("format_", "how"), [("lines", "carebot"), ("chatwoot", "chatwoot"), ("zendesk", "zendesk"), ("alertmanager", "bearer")]
)
def test_each_format_is_signed_as_that_system_does(format_: str, how: str) -> None:
    body = json.dumps({"lines": {"id": 1, "text": "a"}, "alertmanager": {"version": "4", "alerts": []}}.get(format_, {})).encode()
    hook(format=format_).receive(proof(how, body=body), body, NOON)
    with pytest.raises(Refused, match="was not signed"):
        hook(format=format_).receive(proof("hub", body=body), body, NOON)
