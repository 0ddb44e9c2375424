"""X around the desk: who names the brand, who answers it, what it says itself; what is taken back; what is published, once."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849 import signature  # type: ignore[import-untyped]  # comes with tweepy

from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Deleted, Message
from connectors import base
from connectors.x.keys import account as keys_of
from connectors.x.page import looked_up
from tests.connectors.loopback_x import BRAND_ID, KEYS, NOON, LoopbackX, all_ids, drained, ids, post, posts, said_at, says, source


@pytest_asyncio.fixture
async def them() -> AsyncIterator[LoopbackX]:
    async with LoopbackX().running() as running:
        yield running


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("read", ["mentions", "own_posts"])
async def test_a_list_of_an_account_is_drained_page_by_page_and_cut_off_anywhere(them: LoopbackX, read: str) -> None:
    them.posts, them.page_size = [{**each, "author_id": BRAND_ID} for each in posts(200)], 10
    stored: set[str] = set()
    cursor, more, late = None, True, 900
    while more:
        await source(them, read=read, account="@zenco").fetch(cursor)  # lost
        batch = await source(them, read=read, account="@zenco").fetch(cursor)
        stored, cursor, more = stored | set(ids(batch)), batch.cursor, batch.more
        them.posts.append(post(them.now, "@zenco y ahora esto", number=(late := late + 1), author=BRAND_ID))
        assert batch.gaps == ()
    batches, _ = await drained(source(them, read=read, account="@zenco"), cursor)
    assert stored | set(ids(*batches)) == all_ids(them)


async def test_the_brands_own_answer_comes_with_its_handle_and_what_it_answers(them: LoopbackX) -> None:
    asked = post(NOON - timedelta(minutes=2), "@zenco no puedo pagar")
    answer = post(NOON, "Ya funciona", author=BRAND_ID, referenced_tweets=[{"type": "replied_to", "id": asked["id"]}])
    them.posts = [asked, answer]
    (event,) = (await source(them, read="own_posts", account="zenco").fetch(None)).events
    assert isinstance(event, Message)
    assert (event.author, event.in_reply_to, event.text) == ("zenco", f"x:{asked['id']}", "Ya funciona")


async def test_answers_to_a_statement_are_found_wherever_they_hang(them: LoopbackX) -> None:
    ours = post(NOON - timedelta(minutes=9), "Lo estamos arreglando", author=BRAND_ID)
    answers = [post(NOON - timedelta(minutes=n), f"still down {n}", conversation_id=ours["id"]) for n in range(5)]
    them.posts = [ours, *answers, post(NOON, "another matter", conversation_id="5")]
    batch = await source(them, read="replies", posts=[f"https://x.com/zenco/status/{ours['id']}"]).fetch(None)
    assert set(ids(batch)) == {f"x:{each['id']}" for each in answers}


async def test_mentions_beyond_the_eight_hundred_that_x_shows_are_a_gap(them: LoopbackX) -> None:
    _, cursor = await drained(source(them, read="mentions", account="zenco"), None)
    them.now += timedelta(hours=1)
    them.posts = posts(1000, start=NOON + timedelta(minutes=30))
    batches, cursor = await drained(source(them, read="mentions", account="zenco"), cursor)
    assert len(ids(*batches)) == 800
    assert [gap for batch in batches[:-1] for gap in batch.gaps] == []
    (gap,) = batches[-1].gaps
    assert (gap.from_, gap.to) == (NOON - timedelta(seconds=30), said_at(them.posts[200]["id"]))
    assert "800" in gap.why.es and "800" in gap.why.en
    again, _ = await drained(source(them, read="mentions", account="zenco"), cursor)
    assert [batch.gaps for batch in again] == [()] * len(again)


async def test_an_account_is_looked_up_once_and_paid_for(them: LoopbackX) -> None:
    mentions = source(them, read="mentions", account="zenco")
    them.posts = posts(3)
    first = await mentions.fetch(None)
    assert (first.requests, first.posts, first.money) == (2, 3, 0.025)
    assert (await mentions.fetch(first.cursor)).requests == 1


async def test_an_account_that_x_does_not_show_is_named(them: LoopbackX) -> None:
    with pytest.raises(Refused, match=r"x-mentions: X shows no account @zencoo\. Correct `account` in rules\.yaml"):
        await source(them, read="mentions", account="zencoo").fetch(None)


async def test_mentions_that_cannot_be_paid_are_counted_by_a_search(them: LoopbackX) -> None:
    them.posts = posts(50)
    batch = await source(them, read="mentions", account="zenco", allowance=base.Allowance("counts")).fetch(None)
    assert them.asked[-1]["query"] == "@zenco"
    assert (batch.of, batch.posts) == (50, 0)


# ── what became of them ──────────────────────────────────────────────────────────────────────────────────────────


async def test_what_was_taken_back_goes_what_was_edited_comes_again_and_the_rest_is_left(them: LoopbackX) -> None:
    them.posts = [post(NOON - timedelta(minutes=30), f"@zenco {n}", number=n) for n in range(5)]
    first = sorted(all_ids(them))
    them.gone = {them.posts[0]["id"]: "resource-not-found", them.posts[1]["id"]: "not-authorized-for-resource"}
    them.edit(them.posts[2], "@zenco dos", NOON - timedelta(minutes=20))
    latest = them.edit(them.posts[-1], "@zenco dos, y tarde", NOON - timedelta(minutes=10))
    batch = await source(them).recheck(first)
    assert {event for event in batch.events if isinstance(event, Deleted)} == {Deleted(id=first[0], at=NOON), Deleted(id=first[1], at=NOON)}
    (edited,) = [event for event in batch.events if isinstance(event, Message)]
    assert (edited.id, edited.text, edited.author) == (first[2], "@zenco dos, y tarde", "user7")
    assert edited.url.endswith(latest["id"])
    assert (batch.checked, batch.requests, batch.posts, batch.money) == (tuple(first), 2, 4, 0.02)
    them.shows_latest = True
    again = await source(them).recheck(first)
    assert [event for event in again.events if isinstance(event, Message)] == [edited]
    assert again.requests == 1


async def test_the_loss_of_a_later_version_is_the_loss_of_the_first(them: LoopbackX) -> None:
    them.posts = posts(1)
    (first,) = all_ids(them)
    them.gone = {them.edit(them.posts[0], "@zenco otra cosa", NOON)["id"]: "resource-not-found"}
    assert (await source(them).recheck([first])).events == (Deleted(id=first, at=NOON),)


async def test_old_posts_and_ids_that_are_not_xs_are_not_asked_for(them: LoopbackX) -> None:
    them.posts = [post(NOON - timedelta(days=8)), post(NOON - timedelta(days=6))]
    old, young = (f"x:{each['id']}" for each in them.posts)
    strange = ["feed:5", "x:", "x:5 OR 6", "x:٣", "x:" + "9" * 20]
    batch = await source(them, recheck_for=timedelta(days=7)).recheck([old, young, *strange])
    assert [asked["ids"] for asked in them.asked] == [young[2:]]
    assert batch.checked == (old, young, *strange)
    assert (await source(them).recheck([])).requests == 0


async def test_an_error_that_is_not_about_a_post_of_ours_deletes_nothing(them: LoopbackX) -> None:
    them.posts = posts(2)
    kind = "https://api.twitter.com/2/problems/"
    them.errors = [
        {"resource_id": "7", "resource_type": "user", "title": "Not Found Error", "type": kind + "resource-not-found"},
        {"resource_id": them.posts[0]["id"], "title": "Over capacity", "type": kind + "resource-unavailable"},
    ]
    batch = await source(them).recheck(sorted(all_ids(them)))
    assert batch.events == ()
    assert [each.item for each in batch.refused] == ["7", them.posts[0]["id"]]


async def test_a_hundred_long_posts_are_looked_up_in_portions() -> None:
    them = LoopbackX()
    them.posts = [post(NOON, "@zenco " + "¡socorro! " * 100, number=n) for n in range(100)]
    them.gone = {them.posts[77]["id"]: "resource-not-found"}
    async with them.running(max_body=50_000):
        batch = await source(them).recheck(sorted(all_ids(them)))
    assert ids(batch) == [f"x:{them.posts[77]['id']}"]
    assert (batch.requests, batch.posts) == (11, 99)


@pytest.mark.parametrize("fault", [says(200, "{}"), says(200, '{"data": 5}'), says(503, "<html>"), says(200, "<html>")])
async def test_an_answer_that_does_not_say_what_became_of_posts_deletes_nothing(them: LoopbackX, fault: Any) -> None:
    them.faults = [fault]
    with pytest.raises(Unreachable, match=r"^x-mentions: X answered"):
        await source(them).recheck(["x:" + posts(1)[0]["id"]])


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["20", "21", "2026-11-21T10:00:00Z", "x/resource-not-found"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "text", "created_at", "edit_history_post_ids", "value", "type", "users"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["data", "errors", "includes"]), anything), st.lists(anything, max_size=3))
def test_nothing_that_x_says_deletes_what_was_not_asked(whole: dict[str, Any], some: list[Any]) -> None:
    for page in (whole, {"data": some, "errors": some}):
        try:
            batch, newer = looked_up(page, ["20"], "s", NOON)
        except Unreachable:
            continue
        assert {event.id for event in batch.events if isinstance(event, Deleted)} <= {"x:20"}
        assert all(id_.isdecimal() for id_ in newer)


# ── what was said before we came ─────────────────────────────────────────────────────────────────────────────────


async def test_history_is_read_as_far_as_x_remembers_and_the_rest_is_a_gap(them: LoopbackX) -> None:
    them.posts = [post(NOON - timedelta(hours=n)) for n in range(1, 240)]
    them.page_size = 50
    batches = [await source(them).history(NOON - timedelta(days=10), None)]
    while batches[-1].more:
        batches.append(await source(them).history(NOON - timedelta(days=10), batches[-1].cursor))
    start = NOON - timedelta(days=7) + timedelta(minutes=10)
    assert [(gap.from_, gap.to) for batch in batches for gap in batch.gaps] == [(NOON - timedelta(days=10), start)]
    assert len(ids(*batches)) == len(set(ids(*batches))) == 167


# ── is all well? ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_check_costs_a_count_and_says_who_publishes(them: LoopbackX) -> None:
    them.posts = posts(1200)
    assert await source(them).check() == "1,200 posts in seven days"
    assert await source(them, publish_token="x-account").check() == "1,200 posts in seven days; publishes as @zenco"
    assert them.paths == ["/2/tweets/counts/recent", "/2/tweets/counts/recent", "/2/users/me"]
    with pytest.raises(Refused, match=r"refused our token \(401\)"):
        await source(them, token="old").check()
    with pytest.raises(Refused, match=r"refused our token \(401\)"):
        await source(them, publish_token="x-account", keys="a b c d").check()


# ── what is published, once ──────────────────────────────────────────────────────────────────────────────────────

WORDS = "Estamos con una incidencia en los pagos. Próxima noticia a las 13:00. ¡Gracias por la paciencia! 🙏"


def desk(them: LoopbackX, **more: Any) -> Any:
    return source(them, publish_token="x-account", **more)


async def test_a_statement_is_posted_once_in_the_brands_name_and_its_address_is_known(them: LoopbackX) -> None:
    address = await desk(them).publish(WORDS)
    (said,) = them.posts
    assert (said["text"], said["author_id"]) == (WORDS, BRAND_ID)
    assert address == f"https://x.com/i/status/{said['id']}"


@pytest.mark.parametrize(
    ("text", "keys", "words"),
    [
        ("", "\n".join(KEYS), r"does not take this text \(400\)"),
        ("a" * 281, "\n".join(KEYS), r"does not take this text \(400\)"),
        (WORDS, "\n".join((*KEYS[:3], "wrong")), r"refused the keys we publish with \(401\)"),
    ],
)
async def test_what_x_surely_did_not_post_is_refused(them: LoopbackX, text: str, keys: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        await desk(them, keys=keys).publish(text)
    assert "Nothing was posted" in str(refused.value)
    assert them.posts == []


def test_a_signature_is_the_one_the_standard_shows() -> None:
    """RFC 5849, 1.2 and 3.4.1: what is in the address is signed with the rest, in the order of its escaped names."""
    signs = keys_of("x", "x-account", "dpf43f3p2l4k3l03 kd94hf93k423kf44 nnch734d00sl2jdk pfkkdhi9sl3r4s00", NOON)
    for address in ("https://api.x.com/2/tweets", "https://api.x.com/2/users/me?b5=%3D%253D&a3=a&c%40=&a2=r%20b"):
        given = dict(re.findall(r'(\w+)="([^"]*)"', (header := signs("POST", address)["Authorization"])))
        told = signature.collect_parameters(address.partition("?")[2], headers={"Authorization": header}, exclude_oauth_signature=True)
        asked = SimpleNamespace(uri=address, http_method="POST", params=told, signature=unquote(given["oauth_signature"]))
        assert signature.verify_hmac_sha1(asked, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00")
        assert not signature.verify_hmac_sha1(asked, "kd94hf93k423kf44", "another")


async def test_the_same_words_twice_are_refused_by_x_and_said_to_be(them: LoopbackX) -> None:
    await desk(them).publish(WORDS)
    with pytest.raises(Refused, match="X takes the same words only once"):
        await desk(them).publish(WORDS)
    assert len(them.posts) == 1


@pytest.mark.parametrize("keys", ["", "one", "a b c", "a b c d e", "a b c ñ"])
async def test_keys_that_are_not_four_are_named_and_not_shown(them: LoopbackX, keys: str) -> None:
    with pytest.raises(Refused, match="the credential x-account does not hold four keys"):
        await desk(them, keys=keys).publish(WORDS)
    assert them.asked == []


async def test_a_source_without_keys_publishes_nothing(them: LoopbackX) -> None:
    with pytest.raises(Refused, match="Write `publish_token`"):
        await source(them).publish(WORDS)
    assert them.asked == []


@pytest.mark.parametrize(
    "fault",
    [
        says(500, "{}"),
        says(503, "<html>over capacity</html>", "text/html"),
        says(503, headers={"Retry-After": "5"}),
        says(302, headers={"Location": "/2/tweets"}),
        says(408, "{}"),
        says(201, "<html>", "text/html"),
        says(201, '{"data": {"id": "<!channel>"}}'),
        lambda request: request.transport.abort(),
    ],
)
async def test_a_lost_answer_is_not_known_and_nobody_says_it_again(them: LoopbackX, fault: Any) -> None:
    them.faults = [fault]
    with pytest.raises(Unreachable, match=r"It may have been posted: look at the account before posting again") as lost:
        await desk(them).publish(WORDS)
    assert str(lost.value).startswith("x-mentions: X ")
    assert them.methods == ["POST"]


async def test_an_account_that_posts_too_often_waits_and_one_without_credit_pays(them: LoopbackX) -> None:
    reset = {"x-rate-limit-reset": str(int(NOON.timestamp()) + 120)}
    them.faults = [says(429, "{}", headers=reset), says(429, json.dumps({"type": "x/usage-capped"})), says(402, "{}")]
    with pytest.raises(Throttled) as throttled:
        await desk(them).publish(WORDS)
    assert throttled.value.wait == timedelta(minutes=2)
    for _ in range(2):
        with pytest.raises(Refused, match="credit or monthly cap is used up"):
            await desk(them).publish(WORDS)
    assert them.posts == []


@pytest.mark.parametrize("status", [201, 400, 401, 403, 429, 503])
async def test_the_keys_are_in_no_error_and_no_log(them: LoopbackX, caplog: pytest.LogCaptureFixture, status: int) -> None:
    caplog.set_level(logging.DEBUG)
    them.faults = [lambda request: web.Response(status=status, text=request.headers["Authorization"])]
    secret = "nary"
    with pytest.raises(Trouble) as caught:
        await desk(them, keys=" ".join(f"ca{secret}-{n}" for n in range(4))).publish(WORDS)
    assert f"ca{secret}" not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "Making API request: POST" in caplog.text  # tweepy does log its headers
