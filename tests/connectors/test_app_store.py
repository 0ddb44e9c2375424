"""Every review is read once, although Apple shows fifty at a time, ten pages at most, and at times nothing at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Gap, Message
from connectors import app_store
from tests.connectors.draining import drained, events, ids
from tests.connectors.loopback_web import NOON, Loopback, serving, world
from tests.connectors.mangling import body, mangled

APP = 987654321


def review(number: int, at: datetime, text: str = "No me deja entrar desde ayer", **more: Any) -> dict[str, Any]:
    wrapped = {
        "author": {"name": {"label": f"cliente{number}"}, "uri": {"label": "https://itunes.apple.com/es/reviews/id1"}, "label": ""},
        "updated": {"label": at.isoformat()},
        "im:rating": {"label": "1"},
        "im:version": {"label": "8.2.1"},
        "id": {"label": str(number)},
        "title": {"label": "Fatal"},
        "content": {"label": text, "attributes": {"type": "text"}},
        "link": {"attributes": {"rel": "related", "href": "https://itunes.apple.com/es/review?id=987654321"}},
    }
    return {**wrapped, **more}


class Shelf:
    """Apple's feed: `reviews`, newest first, fifty a page, ten pages; `empty` names the spellings that show nothing, by a word in them."""

    def __init__(self, reviews: list[dict[str, Any]], *, empty: str = "^$") -> None:
        self.reviews, self.empty = reviews, empty
        self.between: Callable[[int], None] = lambda page: None

    async def answer(self, request: web.Request) -> web.Response:
        page = int(re.search(r"page=(\d+)", request.path)[1])  # type: ignore[index]
        assert request.path.startswith("/es/rss/customerreviews/")
        assert f"id={APP}" in request.path
        shown = [] if page > 10 or re.search(self.empty, request.path) else self.reviews[(page - 1) * 50 : page * 50]
        self.between(page)
        feed: dict[str, Any] = {"author": {"name": {"label": "iTunes Store"}}, "id": {"label": str(request.url)}}
        if shown:
            feed["entry"] = shown if len(shown) > 1 else shown[0]
        return web.json_response({"feed": feed}, content_type="text/javascript")


def shelf(count: int, *, every: timedelta = timedelta(minutes=1), empty: str = "^$") -> Shelf:
    return Shelf([review(9000 - n, NOON - n * every) for n in range(count)], empty=empty)


def spain(them: Loopback, http: Client, now: datetime = NOON) -> app_store.AppStore:
    made = app_store.connect("app-spain", app_store.Options(app=APP, country="es", base_url=them.url), world(http, now=now))
    assert isinstance(made, app_store.AppStore)
    return made


def place(since: datetime, **more: Any) -> str:
    """The cursor of somebody who has read everything up to then."""
    known: dict[str, Any] = {"sweep": {"since": since}, "came_at": NOON - timedelta(days=30), "oldest": since}
    return json.dumps({**known, **more}, default=datetime.isoformat)


async def test_a_review_is_a_message_with_its_stars_and_title(http: Client) -> None:
    async with serving(Shelf([review(1, NOON - timedelta(minutes=2))]).answer) as them:  # one alone is no list
        batch = await spain(them, http).fetch(None)
    assert batch.events == (
        Message(
            id="app_store:1",
            text="Fatal\nNo me deja entrar desde ayer",
            posted_at=NOON - timedelta(minutes=2),
            seen_at=NOON,
            source="app_store",
            author="cliente1",
            stars=1,
            url=f"https://apps.apple.com/es/app/id{APP}",
        ),
    )
    assert batch.requests == 1
    assert batch.more


async def test_a_burst_of_300_is_read_page_by_page_and_each_of_them_once(http: Client) -> None:
    them_all = shelf(300)
    async with serving(them_all.answer) as them:
        batches = await drained(lambda: spain(them, http), place(NOON - timedelta(minutes=249, seconds=30)))
        assert ids(batches) == [f"app_store:{9000 - n}" for n in range(300)]
        assert batches[-1].gaps == ()
        assert len(them.asked) == 6
        later = await drained(lambda: spain(them, http, NOON + timedelta(minutes=1)), batches[-1].cursor)
        assert len(later) == 1


async def test_killed_at_any_page_boundary_nothing_is_lost(http: Client) -> None:
    async with serving(shelf(200).answer) as them:
        start = place(NOON - timedelta(minutes=180))
        whole = await drained(lambda: spain(them, http), start)
        for cut, batch in enumerate(whole[:-1]):
            again = await drained(lambda: spain(them, http), batch.cursor)
            assert ids(whole[: cut + 1] + again) == ids(whole)
        assert len(set(ids(whole))) == len(ids(whole)) == 200


async def test_reviews_that_come_in_the_middle_of_a_sweep_hide_none_and_are_the_next_ones(http: Client) -> None:
    busy = shelf(120)

    def another(page: int) -> None:
        busy.reviews.insert(0, review(9100 + len(busy.reviews), NOON + timedelta(seconds=len(busy.reviews))))

    busy.between = another
    async with serving(busy.answer) as them:
        first = await drained(lambda: spain(them, http), place(NOON - timedelta(minutes=100)))
        second = await drained(lambda: spain(them, http, NOON + timedelta(minutes=10)), first[-1].cursor)
    assert {f"app_store:{9000 - n}" for n in range(100)} <= set(ids(first))
    assert {f"app_store:{item['id']['label']}" for item in busy.reviews[1:]} <= set(ids(first)) | set(ids(second)) | {
        f"app_store:{9000 - n}" for n in range(100, 120)
    }
    assert len(first) == 3


async def test_what_the_tenth_page_does_not_reach_is_a_gap(http: Client) -> None:
    async with serving(shelf(700).answer) as them:
        since = NOON - timedelta(minutes=600)
        batches = await drained(lambda: spain(them, http), place(since))
    assert len(ids(batches)) == 500
    assert [batch.gaps for batch in batches[:-1]] == [()] * 9
    assert batches[-1].gaps == (Gap(from_=since, to=NOON - timedelta(minutes=499), why=app_store.BEYOND),)


@pytest.mark.parametrize("empty", ["/page=\\d+/id=\\d+/sortby", "sortby", "/sort[bB]y=[a-zA-Z]+/json", "/page=\\d+/id="])
async def test_a_spelling_that_shows_nothing_hides_no_review(http: Client, empty: str) -> None:
    async with serving(shelf(70, empty=empty).answer) as them:
        batches = await drained(lambda: spain(them, http), place(NOON - timedelta(minutes=60)))
    assert len(set(ids(batches))) == 70
    assert sum(batch.requests for batch in batches) == len(them.asked) > 2


async def test_when_every_spelling_is_empty_nothing_is_taken_as_read(http: Client) -> None:
    async with serving(shelf(70, empty="json").answer) as them:
        with pytest.raises(Unreachable, match="app-spain: Apple shows page 1 of the reviews empty in every spelling"):
            await spain(them, http).fetch(place(NOON - timedelta(minutes=60)))
        assert len(them.asked) == 4


async def test_a_page_that_goes_empty_in_the_middle_holds_the_sweep_and_is_a_gap_after_an_hour(http: Client) -> None:
    async with serving(shelf(200, empty="page=2").answer) as them:
        since = NOON - timedelta(minutes=180)
        first = await spain(them, http).fetch(place(since))
        assert first.more
        with pytest.raises(Unreachable, match="page 2"):
            await spain(them, http, NOON + timedelta(minutes=59)).fetch(first.cursor)
        given_up = await spain(them, http, NOON + timedelta(minutes=61)).fetch(first.cursor)
    assert given_up.gaps == (Gap(from_=since, to=NOON - timedelta(minutes=49), why=app_store.EMPTY),)
    assert not given_up.more


async def test_an_app_that_nobody_has_reviewed_is_well_and_its_first_review_is_read(http: Client) -> None:
    young = Shelf([])
    async with serving(young.answer) as them:
        nothing = await spain(them, http).fetch(None)
        assert (nothing.events, nothing.more, nothing.gaps) == ((), False, ())
        young.reviews.append(review(1, NOON + timedelta(hours=5)))
        batches = await drained(lambda: spain(them, http, NOON + timedelta(hours=6)), nothing.cursor)
    assert ids(batches) == ["app_store:1"]
    assert [batch.gaps for batch in batches] == [(), ()]


async def test_the_first_look_is_not_about_last_year_but_history_is(http: Client) -> None:
    async with serving(shelf(400, every=timedelta(days=1)).answer) as them:
        assert ids([await spain(them, http).fetch(None)]) == ["app_store:9000"]
        cursor, told = None, []
        while True:
            batch = await spain(them, http).history(NOON - timedelta(days=365), cursor)
            told += ids([batch])
            cursor = batch.cursor
            if not batch.more:
                break
        assert len(told) == len(set(told)) == 366
        assert batch.gaps == ()


async def test_an_edited_review_comes_again_under_its_id(http: Client) -> None:
    edited = Shelf([review(2, NOON - timedelta(minutes=1)), review(1, NOON - timedelta(minutes=3)), review(0, NOON - timedelta(hours=9))])
    async with serving(edited.answer) as them:
        first = await drained(lambda: spain(them, http))
        edited.reviews[0:2] = [review(1, NOON + timedelta(minutes=5), "Arreglado, gracias"), edited.reviews[0]]
        again = await drained(lambda: spain(them, http, NOON + timedelta(minutes=6)), first[-1].cursor)
    assert next((event.id, event.text) for event in events(again) if isinstance(event, Message)) == (
        "app_store:1",
        "Fatal\nArreglado, gracias",
    )


def test_one_bad_review_is_refused_by_its_id_and_the_rest_is_read() -> None:
    half = chr(0xD800)
    bad = [
        {**review(1, NOON), "im:rating": {"label": "7"}},
        review(2, NOON, updated={"label": "hush"}),
        review(3, NOON, updated={"label": "9999-12-31T23:59:59-12:00"}),
        {"im:rating": {"label": "1"}, "id": {"label": "4"}},
        {"im:rating": None, "id": 5},
        7,
        review(6, NOON, content={"label": f"a{half}b"}),
    ]
    page = body({"feed": {"entry": bad}})
    batch = app_store.read(app_store.entries_of(page, "s"), app_store.Options(app=1, country="es"), "s", NOON)
    assert [event.id for event in batch.events] == ["app_store:6"]
    assert [refusal.item for refusal in batch.refused] == ["1", "2", "3", "4", "item 5", "item 6"]
    assert "hush" not in str(batch.refused)


def test_a_page_that_opens_with_the_app_itself_has_one_review_less() -> None:
    app = {"im:name": {"label": "Zenco"}, "id": {"label": "https://itunes.apple.com/es/app/id1"}, "title": {"label": "Zenco"}}
    assert len(app_store.entries_of(body({"feed": {"entry": [app, review(1, NOON)]}}), "s")) == 1


async def html_503(request: web.Request) -> web.Response:
    return web.Response(status=503, text="<html>hush</html>", content_type="text/html")


async def told_to_wait(request: web.Request) -> web.Response:
    return web.Response(status=429, headers={"Retry-After": "30"})


@pytest.mark.parametrize(
    ("answer", "trouble", "says"),
    [
        (html_503, Unreachable, "answered 503"),
        (told_to_wait, Throttled, "wait 30 s"),
        (b"<html>hush</html>", Unreachable, "did not answer with a feed"),
        (b'{"feed": 5}', Unreachable, "did not answer with a feed"),
        (b"[" * 100_000, Unreachable, "did not answer with a feed"),
        (404, Refused, "Correct `app` or `country`"),
        (403, Refused, "Correct `app` or `country`"),
    ],
)
async def test_trouble_is_told_by_whose_turn_it_is(http: Client, answer: Any, trouble: type[Exception], says: str) -> None:
    async with serving(answer) as them:
        with pytest.raises(trouble, match=says) as raised:
            await spain(them, http).fetch(None)
        assert "hush" not in str(raised.value)


PAGE = {"feed": {"entry": [review(1, NOON), review(2, NOON - timedelta(days=1))], "id": {"label": "https://itunes.apple.com"}}}


@given(st.integers(0, 10**9))
@settings(max_examples=400)
def test_whatever_stands_in_a_feed_it_is_reviews_refusals_or_no_feed(seed: int) -> None:
    try:
        found = app_store.entries_of(body(mangled(PAGE, seed)), "s")
    except Unreachable:
        return
    batch = app_store.read(found, app_store.Options(app=1, country="es"), "s", NOON)
    assert all(isinstance(event, Message) and event.posted_at <= NOON and event.id[10:].isdigit() for event in batch.events)
    assert len(batch.events) + len(batch.refused) <= len(found)
    msgspec.json.encode(batch)


@pytest.mark.parametrize("url", ["http://example.com", "https://evil.example", "ftp://127.0.0.1"])
def test_only_apple_is_asked_unless_the_operator_says_otherwise(url: str) -> None:
    with pytest.raises(ValidationError, match="must be https://itunes"):
        app_store.Options(app=1, country="es", base_url=url)
    assert app_store.Options(app=1, country="es", base_url="https://feeds.example", allow_private=True)
