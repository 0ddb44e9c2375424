"""The door: what comes in is harmless from here on, and what is turned away is told why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from carebot.model import Deleted, Message, Notice, Probe, Status
from carebot.understand.screen import screen, screen_others

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SECRET = b"a secret for tests only"
NOON_OF_2020 = datetime(2020, 1, 1, 12, 0, tzinfo=UTC)


def message(**changes) -> Message:
    said = Message(id="x:1", text="La app no funciona desde ayer por la tarde", posted_at=NOW, seen_at=NOW, source="x", author="Ana")
    return msgspec.structs.replace(said, **changes)


def screened(**changes) -> Message:
    result = screen([message(**changes)], secret=SECRET, now=NOW)
    assert not result.refused, result.refused
    return result.messages[0]


def refusal(**changes) -> str:
    result = screen([message(**changes)], secret=SECRET, now=NOW)
    assert not result.messages
    return result.refused[0].reason


def test_a_message_comes_out_with_its_author_hashed_and_its_words_counted():
    result = screen([message()], secret=SECRET, now=NOW)
    (said,) = result.messages
    assert result.plain == (" la app no funciona desde ayer por la tarde ",)
    assert len(said.author_key) == 16
    assert int(said.author_key, 16) >= 0
    assert said.fingerprint > 0
    assert "Ana" not in said.author_key


def test_the_same_person_is_one_author_whatever_the_case_but_not_on_another_network_or_with_another_secret():
    key = screened().author_key
    assert screened(author="ANA").author_key == key
    assert screened(source="reddit").author_key != key
    assert screen([message()], secret=b"another", now=NOW).messages[0].author_key != key


def test_a_message_is_ours_unless_it_says_whose_it_is():
    result = screen([message(), message(brand="otro")], secret=SECRET, now=NOW, brand="banco")
    assert [said.brand for said in result.messages] == ["banco", "otro"]


def test_people_who_write_often_are_told_apart_in_one_batch():
    batch = [message(author="Ana"), message(author="Eva"), message(author="Ana", source="reddit"), message(author="ana", author_name="A")]
    told = [(said.author, said.author_name, said.author_key) for said in screen(batch, secret=SECRET, now=NOW).messages]
    alone = [screen([one], secret=SECRET, now=NOW).messages[0] for one in batch]
    assert told == [(said.author, said.author_name, said.author_key) for said in alone]
    assert len({key for _, _, key in told}) == 3


def test_every_field_comes_through_the_door():
    full = message(
        brand="b", lang="es", author_name="Ana", audience=3, stars=2, by_brand=True, direct=True, in_reply_to="x:0", conversation="x:9",
        repost_of="x:8", url="https://x.example/1", region="Jaén", verdict={"outage": {"p": 1.0, "label": True}},
        author_since=NOON_OF_2020,
    )  # fmt: skip
    (said,) = screen([full], secret=SECRET, now=NOW).messages
    assert msgspec.structs.replace(said, author_key="", fingerprint=0) == full
    assert all(getattr(full, field) for field in Message.__struct_fields__ if field not in ("author_key", "fingerprint"))


def test_two_messages_of_nobody_are_not_one_persons():
    assert screened(author="", id="feed:1").author_key != screened(author="", id="feed:2").author_key


def test_personal_data_is_gone_from_text_name_and_link():
    said = screened(
        text="Soy ana@correo.example, DNI 12345678Z", author_name="Ana 612345678", url="https://x.example/?mail=ana@correo.example"
    )
    assert said.text == "Soy [email], DNI [dni]"
    assert said.author_name == "Ana [phone]"
    assert said.url == ""


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://x.example/ana/status/1476012345678901234", True),
        ("javascript:alert(1)", False),
        ("https://x.example/a b", False),
        ("https://x.example/" + "a" * 2000, False),
        ("https://x.example/\u202emoc", False),
        ("https://shop.example/pay/4111111111111111", False),
        ("https://x.example/ana/status/2032065205352240446", True),
    ],
)
def test_only_a_link_that_can_be_followed_safely_is_kept(url, kept):
    assert screened(url=url).url == (url if kept else "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ""}, "no id"),
        ({"id": "x:" + "1" * 300}, "302 characters"),
        ({"id": "x:\n1"}, "cannot be shown"),
        ({"posted_at": datetime(2026, 11, 21, 10, 0)}, "no zone"),  # noqa: DTZ001
        ({"seen_at": datetime(2026, 11, 21, 10, 0)}, "no zone"),  # noqa: DTZ001
        ({"posted_at": datetime(1999, 1, 1, tzinfo=UTC)}, "before there were social networks"),
        ({"posted_at": NOW + timedelta(hours=1)}, "still to come"),
        ({"text": "a" * 1_000_001}, "1000001 characters"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_reason(changes, reason):
    assert reason in refusal(**changes)


def test_an_account_is_not_made_after_it_wrote_nor_at_a_time_without_a_zone():
    madrid = timezone(timedelta(hours=1))
    assert screened(author_since=NOON_OF_2020.astimezone(madrid)).author_since == NOON_OF_2020
    assert screened(author_since=NOW + timedelta(seconds=1)).author_since is None
    assert screened(author_since=NOON_OF_2020.replace(tzinfo=None)).author_since is None


def test_what_machines_say_is_one_visible_line_and_an_id_that_cannot_be_shown_is_refused():
    evil = "Red\nBcc: a@b.example \x1b]0;x\x07\u202e\u2028 de tarjetas"
    line = "Red Bcc: a@b.example ]0;x de tarjetas"
    status = Status(id="s:1", provider=evil, component=evil, state="degraded", at=NOW)
    said = [
        status,
        Probe(id="p:1", target=evil, detail=evil, ok=False, at=NOW),
        Notice(id="n:1", what="deploy", service=evil, from_=NOW, to=NOW),
        Deleted(id="x:1", at=NOW),
    ]
    kept, refused = screen_others([*said, msgspec.structs.replace(status, id="s:\x1b[2J")], NOW)
    shown = [(one.provider, one.component) for one in kept if isinstance(one, Status)] + [
        one.service for one in kept if isinstance(one, Notice)
    ]
    assert shown == [(line, line), line]
    assert [(one.target, one.detail) for one in kept if isinstance(one, Probe)] == [(line, line)] and kept[-1] == said[-1]
    (why,) = refused
    assert why.item == "s:\\x1b[2J" and why.reason.startswith("The status was refused: its id is 6 characters long")


def test_a_refusal_names_the_item_and_never_quotes_the_text():
    result = screen([message(id="x:\ud800" + "9" * 300, text="my secret words")], secret=SECRET, now=NOW)
    (refused,) = result.refused
    assert "secret" not in refused.item + refused.reason
    assert len(refused.item) < 100
    msgspec.json.encode(refused)


def test_one_bad_message_does_not_stop_the_others_and_order_is_kept():
    batch = [message(id="x:1"), message(id=""), message(id="x:3")]
    result = screen(batch, secret=SECRET, now=NOW)
    assert [said.id for said in result.messages] == ["x:1", "x:3"]
    assert len(result.plain) == 2
    assert len(result.refused) == 1


def test_a_long_text_is_cut_and_says_so():
    kept = screened(text="no funciona " * 2000).text
    assert len(kept) <= 10_000
    assert kept.endswith(" […]")


def test_a_backlog_and_another_time_zone_are_fine():
    said = screened(posted_at=datetime(2026, 11, 21, 11, 0, tzinfo=timezone(timedelta(hours=1))), seen_at=NOW - timedelta(days=1))
    assert said.posted_at == NOW
    assert said.posted_at.tzinfo is UTC


@pytest.mark.parametrize(("given", "kept"), [("es-MX", "es"), ("EN", "en"), ("und", ""), ("zxx", ""), ("", ""), ("<script>", "")])
def test_a_language_is_two_letters_or_nothing(given, kept):
    assert screened(lang=given).lang == kept


def test_every_field_can_be_stored_and_shown():
    said = screened(
        text="\ud800\x00hola\u202e", author="\ud800a\u200b", author_name="a\nb\u202e", region="\x00Madrid", source="x\x00", brand="b\ud800",
        in_reply_to="x:\ud800", conversation="c" * 500, audience=2**80, stars=9,
    )  # fmt: skip
    msgspec.json.encode(said)
    assert (said.in_reply_to, said.conversation, said.stars, said.author_name) == ("", "", None, "a b")
    assert said.audience < 2**63


def test_no_messages_are_no_trouble():
    assert screen([], secret=SECRET, now=NOW).messages == ()
