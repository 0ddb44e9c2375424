"""Only who holds the key is heard, and what they send is read line by line; nothing a stranger sends makes it stumble."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.errors import Refused
from carebot.model import Batch, Message
from connectors import webhook
from tests.connectors.loopback_web import NOON, world

KEY, OLD, OTHER = b"0123456789abcdef-new", b"0123456789abcdef-old", b"0123456789abcdef-eve"
FORM = {"id": 4711, "text": "No puedo entrar en la app", "author": "ana"}


def form(**options: Any) -> webhook.Webhook:
    made = webhook.connect(
        "contact-form", webhook.Options(secret="form-key", **options), world(form_key=KEY.decode() + "\n", form_key_old=OLD.decode())
    )
    assert isinstance(made, webhook.Webhook)
    return made


def signed(body: bytes, *, key: bytes = KEY, seconds_ago: int = 0) -> dict[str, str]:
    timestamp = str(int(NOON.timestamp()) - seconds_ago)
    return {"x-carebot-timestamp": timestamp, "x-carebot-signature": webhook.signature(key, timestamp, body)}


def received(body: bytes) -> Batch:
    return form().receive(signed(body), body, NOON)


def test_the_signature_is_the_one_the_manual_shows() -> None:
    # printf '%s' '1795262400.{}' | openssl dgst -sha256 -hmac 0123456789abcdef-new
    assert webhook.signature(KEY, "1795262400", b"{}") == "sha256=f2688bccaab9a71480eee4390f6439f4264d646cdc88e8301b861638cf030251"


def test_a_signed_message_is_heard_and_carries_the_sources_name() -> None:
    batch = received(json.dumps(FORM).encode())
    assert batch == Batch(
        source="contact-form",
        events=(
            Message(id="contact-form:4711", text=FORM["text"], author="ana", source="contact-form", posted_at=NOON, seen_at=NOON),  # type: ignore[arg-type]
        ),
    )


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id": 1, "text": "a"}, {"id": 2, "text": "b"}]',
        b'{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n',
        b'\r\n{"id": 1, "text": "a"}\r\n\r\n{"id": 2, "text": "b"}',
        b'[\n  {\n    "id": 1,\n    "text": "a"\n  },\n  {"id": 2,\n "text": "b"}\n]\n',
    ],
)
def test_several_messages_come_as_a_list_or_as_lines(body: bytes) -> None:
    assert [event.id for event in received(body).events] == ["contact-form:1", "contact-form:2"]


def test_one_object_may_be_written_over_several_lines() -> None:
    assert len(received(json.dumps(FORM, indent=2).encode()).events) == 1


def test_a_bad_message_among_good_ones_is_refused_alone() -> None:
    click = {"kind": "click", "id": "c", "action": "resolve", "user": "eve", "incident": "i", "at": "2026-11-21T12:00:00Z"}
    batch = received(json.dumps([FORM, {"id": 2}, 7, click, {"id": 3, "text": "b"}]).encode())
    assert [event.id for event in batch.events] == ["contact-form:4711", "contact-form:3"]
    assert [refusal.item for refusal in batch.refused] == ["line 2", "line 3", "line 4"]


@pytest.mark.parametrize(
    ("seconds_ago", "heard"), [(0, True), (299, True), (300, True), (301, False), (-300, True), (-301, False), (86400, False)]
)
def test_a_request_is_good_for_five_minutes(seconds_ago: int, heard: bool) -> None:
    body = json.dumps(FORM).encode()
    if heard:
        assert form().receive(signed(body, seconds_ago=seconds_ago), body, NOON).events
    else:
        with pytest.raises(Refused, match="was not signed, or too long ago"):
            form().receive(signed(body, seconds_ago=seconds_ago), body, NOON)


def test_the_same_request_twice_brings_the_same_ids() -> None:
    body = json.dumps(FORM).encode()
    assert received(body) == received(body)


def test_while_senders_change_over_both_keys_are_good_and_then_one() -> None:
    body = json.dumps(FORM).encode()
    both, one = form(old_secret="form-key-old"), form()
    for key in (KEY, OLD):
        assert both.receive(signed(body, key=key), body, NOON).events
    for source, key in ((one, OLD), (one, OTHER), (both, OTHER), (both, b"")):
        with pytest.raises(Refused):
            source.receive(signed(body, key=key), body, NOON)


def test_a_body_or_a_time_that_was_changed_on_the_way_is_not_heard() -> None:
    body = json.dumps(FORM).encode()
    headers = signed(body)
    later = {**headers, "x-carebot-timestamp": str(int(headers["x-carebot-timestamp"]) + 1)}
    for given_headers, given_body in ((headers, body + b" "), (later, body), ({}, body), (dict.fromkeys(headers, ""), body)):
        with pytest.raises(Refused, match="was not signed"):
            form().receive(given_headers, given_body, NOON)


STRANGE = [
    "",
    "9" * 5000,
    "-1",
    "1e9",
    "nan",
    "٣٣٣",
    "\ud800",
    "\x00",
    " 1795262400",
    "sha256=",
    "sha256=" + "g" * 64,
    "sha256=" + "é" * 64,
    "sha256=" + "0" * 64 + "é",
    "sha1=" + "0" * 40,
]


@pytest.mark.parametrize("timestamp", [*STRANGE, str(int(NOON.timestamp()))])
@pytest.mark.parametrize("signature", STRANGE)
def test_strange_headers_are_refused_and_nothing_else_happens(timestamp: str, signature: str) -> None:
    with pytest.raises(Refused):
        form().receive({"x-carebot-timestamp": timestamp, "x-carebot-signature": signature}, b"{}", NOON)


@pytest.mark.parametrize("timestamp", ["", "1795262400x", "1795262400\n", "+1795262400", "1_795_262_400", "9" * 5000, "٣", "1e9"])
def test_a_time_that_is_no_number_is_refused_although_it_is_signed(timestamp: str) -> None:
    headers = {"x-carebot-timestamp": timestamp, "x-carebot-signature": webhook.signature(KEY, timestamp, b"{}")}
    with pytest.raises(Refused, match="was not signed"):
        form().receive(headers, b"{}", NOON)


@given(st.dictionaries(st.sampled_from(["x-carebot-timestamp", "x-carebot-signature"]), st.text()), st.binary())
def test_whatever_a_stranger_sends_is_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(Refused):
        form().receive(headers, body, NOON)


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside)
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_a_sender_with_the_key_sends_is_messages_or_refused(body: bytes) -> None:
    try:
        batch = received(body)
    except Refused:
        return
    assert batch.events


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 200_000, b'{"id":' * 100_000, b'[{"id": 1, "text": "a"}', b"9" * 5000]
)
def test_a_signed_body_without_a_single_message_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="nothing in a request could be read"):
        received(body)


def test_too_much_at_once_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused, match="longer than 1 MB"):
        received(b" " * 1_000_001)
    with pytest.raises(Refused, match="more than 2,000 messages"):
        received(b'{"id": 1, "text": "a"}\n' * 2_001)
    assert len(received(b'{"id": 1, "text": "a"}\n' * 2_000).events) == 2_000


@pytest.mark.parametrize("key", ["", "  ", "short"])
def test_a_key_that_can_be_guessed_is_not_accepted(key: str) -> None:
    with pytest.raises(
        Refused, match=r"contact-form: the key in credential form-key is shorter than 16 characters.*openssl rand"
    ) as raised:
        webhook.connect("contact-form", webhook.Options(secret="form-key"), world(form_key=key))
    assert "short." not in str(raised.value)


def test_the_rules_file_holds_a_name_never_a_key() -> None:
    with pytest.raises(ValidationError):
        webhook.Options(secret="0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF")
    assert webhook.Options(secret="form-key").max_age == timedelta(minutes=5)


def test_no_refusal_tells_the_key_or_the_words() -> None:
    for body in (b"hush hush", b'{"id": 1, "txt": "hush"}', b'[{"hush": "hush"}]'):
        for headers in (signed(body), signed(body, key=OTHER), {"x-carebot-signature": "hush"}):
            with pytest.raises(Refused) as raised:
                form().receive(headers, body, NOON)
            assert "hush" not in str(raised.value)
            assert KEY.decode() not in str(raised.value)
