"""Reviews on Google Play are read once, and our answers stop their clocks; Google is asked as it wants to be asked."""

from __future__ import annotations

import json
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
from connectors import answers, google_play
from connectors.google_play.page import Page, page_of, read
from tests.connectors.draining import drained, events, ids
from tests.connectors.loopback_web import NOON, Loopback, serving, world
from tests.connectors.mangling import body, mangled

jwt = pytest.importorskip("jwt", reason='needs PyJWT: pip install "carebot[google]"')
from cryptography.hazmat.primitives import serialization  # noqa: E402 - only there with PyJWT
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402

PACKAGE, EMAIL, HOUR = "com.example.bank", "reader@zenco.iam.gserviceaccount.com", timedelta(hours=1)
KEY, OTHER_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
PLACE = {"whole_at": NOON - timedelta(minutes=5), "came_at": NOON - timedelta(days=30)}


def key_file(key: rsa.RSAPrivateKey = KEY) -> str:
    """What Google lets an operator download."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return json.dumps(
        {"type": "service_account", "client_email": EMAIL, "private_key": pem, "private_key_id": "k1", "token_uri": "http://evil"}
    )


def time(at: datetime) -> dict[str, Any]:
    return {"seconds": str(int(at.timestamp())), "nanos": 250_000_000}


def review(number: int, at: datetime, text: str = "Se cierra sola", *, answer: str = "", answered_at: datetime = NOON) -> dict[str, Any]:
    said = {"text": f"\t{text}", "lastModified": time(at), "starRating": 2, "reviewerLanguage": "es", "device": "klte", "thumbsUpCount": 0}
    comments: list[dict[str, Any]] = [{"userComment": said}]
    if answer:
        comments.append({"developerComment": {"text": answer, "lastModified": time(answered_at)}})
    return {"reviewId": f"gp:AOq{number}", "authorName": "Luis", "comments": comments}


class Play:
    """Google: gives a token for a well-signed note, and reviews of the last week to who shows it, the last touched first."""

    def __init__(self, reviews: list[dict[str, Any]], *, now: datetime = NOON) -> None:
        self.reviews, self.now, self.given, self.good, self.marks, self.asked_reviews = reviews, now, 0, True, True, 0

    async def answer(self, request: web.Request) -> web.Response:
        return await self._token(request) if request.path == "/token" else self._page(request)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        try:
            claims = jwt.decode(
                form["assertion"],
                KEY.public_key(),
                ["RS256"],
                audience="https://oauth2.googleapis.com/token",
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return web.json_response({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, status=400)
        assert claims["iss"] == EMAIL
        assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"
        assert claims["exp"] - claims["iat"] == 3600
        assert jwt.get_unverified_header(form["assertion"])["kid"] == "k1"
        self.given += 1
        return web.json_response({"access_token": f"ya29.{self.given}", "expires_in": 3599, "token_type": "Bearer"})

    def _page(self, request: web.Request) -> web.Response:
        self.asked_reviews += 1
        assert request.path == f"/androidpublisher/v3/applications/{PACKAGE}/reviews"
        if request.headers["Authorization"] != f"Bearer ya29.{self.given}" or not self.good:
            self.good = True
            return web.json_response({"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "hush"}}, status=401)
        start, most = int(request.query.get("token", "0")), int(request.query["maxResults"])
        if start and not self.marks:
            return web.json_response({"error": {"code": 400, "message": "hush"}}, status=400)
        week = [each for each in self.reviews if datetime.fromtimestamp(_touched(each), NOON.tzinfo) > self.now - timedelta(days=7)]
        shown = sorted(week, key=_touched, reverse=True)[start : start + most]
        page: dict[str, Any] = {"reviews": shown} if shown else {}
        if start + most < len(week):
            page["tokenPagination"] = {"nextPageToken": str(start + most)}
        return web.json_response(page)


def _touched(item: dict[str, Any]) -> int:
    return int(item["comments"][0]["userComment"]["lastModified"]["seconds"])


def play(count: int, *, every: timedelta = timedelta(minutes=1)) -> Play:
    return Play([review(n, NOON - n * every) for n in range(count)])


def reader(them: Loopback, http: Client, now: datetime = NOON, secret: str | None = None) -> google_play.GooglePlay:
    options = google_play.Options(package=PACKAGE, account="google-account", base_url=them.url, token_url=them.url)
    made = google_play.connect("play", options, world(http, now=now, google_account=key_file() if secret is None else secret))
    assert isinstance(made, google_play.GooglePlay)
    return made


def place(since: datetime, **more: Any) -> str:
    """The cursor of somebody who has read everything up to then, and the whole week five minutes ago."""
    return json.dumps({**PLACE, "sweep": {"since": since}, **more}, default=datetime.isoformat)


async def test_a_review_and_our_answer_to_it_are_two_messages(http: Client) -> None:
    theirs = Play([review(1, NOON - timedelta(minutes=9), answer="Lo sentimos, Luis", answered_at=NOON - timedelta(minutes=2))])
    async with serving(theirs.answer) as them:
        batch = await reader(them, http).fetch(None)
    url = "https://play.google.com/store/apps/details?id=com.example.bank&reviewId=gp%3AAOq1"
    quarter, id_ = timedelta(milliseconds=250), "google_play:gp:AOq1"
    shared: dict[str, Any] = {"seen_at": NOON, "source": "google_play", "conversation": id_, "url": url}
    said_at, answered_at = NOON - timedelta(minutes=9) + quarter, NOON - timedelta(minutes=2) + quarter
    assert batch.events == (
        Message(id=id_, text="Se cierra sola", posted_at=said_at, author="Luis", stars=2, **shared),
        Message(id=f"{id_}/answer", text="Lo sentimos, Luis", posted_at=answered_at, by_brand=True, in_reply_to=id_, **shared),
    )
    assert batch.requests == 2  # the token, and the page


def test_an_answer_that_says_something_else_is_not_taken_for_a_week_without_reviews() -> None:
    assert page_of(b"{}", "play") == Page()
    with pytest.raises(Unreachable):
        page_of(b'{"ok": false, "error": "internal_error"}', "play")


async def test_a_burst_of_450_is_read_page_by_page_each_once_and_with_one_token(http: Client) -> None:
    theirs = play(450)
    async with serving(theirs.answer) as them:
        one = reader(them, http)
        batches = await drained(lambda: one, place(NOON - timedelta(minutes=440)))
    assert ids(batches) == [f"google_play:gp:AOq{n}" for n in range(450)]
    assert (theirs.given, theirs.asked_reviews, sum(batch.requests for batch in batches)) == (1, 5, 6)


async def test_a_sweep_stops_at_what_we_had(http: Client) -> None:
    theirs = play(450)
    async with serving(theirs.answer) as them:
        batches = await drained(lambda: reader(them, http), place(NOON - timedelta(minutes=150)))
    assert theirs.asked_reviews == 2
    assert len(ids(batches)) == 200


async def test_killed_at_any_page_boundary_nothing_is_lost(http: Client) -> None:
    async with serving(play(450).answer) as them:
        whole = await drained(lambda: reader(them, http), place(NOON - timedelta(minutes=440)))
        for cut, batch in enumerate(whole[:-1]):
            again = await drained(lambda: reader(them, http), batch.cursor)
            assert ids(whole[: cut + 1] + again) == ids(whole)


async def test_reviews_that_come_in_the_middle_are_read_by_the_next_sweep(http: Client) -> None:
    theirs = play(250)
    async with serving(theirs.answer) as them:
        first = await reader(them, http).fetch(place(NOON - timedelta(minutes=240)))
        theirs.reviews += [review(900 + n, NOON + timedelta(seconds=n + 1)) for n in range(5)]
        rest = await drained(lambda: reader(them, http), first.cursor)
        later = await drained(lambda: reader(them, http, NOON + timedelta(minutes=10)), rest[-1].cursor)
    assert set(ids([first, *rest])) == {f"google_play:gp:AOq{n}" for n in range(250)}
    assert {f"google_play:gp:AOq{900 + n}" for n in range(5)} <= set(ids(later))


async def test_an_answer_to_an_old_review_is_found_within_the_hour(http: Client) -> None:
    theirs = play(300, every=timedelta(minutes=30))
    async with serving(theirs.answer) as them:
        batches = await drained(lambda: reader(them, http), place(NOON))
        theirs.reviews[250] = review(250, NOON - timedelta(minutes=7500), answer="Ya está", answered_at=NOON + timedelta(minutes=10))
        soon = await drained(lambda: reader(them, http, NOON + timedelta(minutes=20)), batches[-1].cursor)
        assert (len(soon), [event.id for event in events(soon) if isinstance(event, Message) and event.by_brand]) == (1, [])
        hourly = await drained(lambda: reader(them, http, NOON + HOUR), soon[-1].cursor)
        assert [event.id for event in events(hourly) if isinstance(event, Message) and event.by_brand] == ["google_play:gp:AOq250/answer"]
        assert len(await drained(lambda: reader(them, http, NOON + HOUR), hourly[-1].cursor)) == 1


async def test_an_edited_review_comes_again_under_its_id(http: Client) -> None:
    theirs = play(3)
    async with serving(theirs.answer) as them:
        cursor = (await reader(them, http).fetch(place(NOON))).cursor
        theirs.reviews[2] = review(2, NOON + timedelta(minutes=1), "Ahora va bien")
        batch = await reader(them, http, NOON + timedelta(minutes=2)).fetch(cursor)
    first = batch.events[0]
    assert isinstance(first, Message)
    assert (first.id, first.text) == ("google_play:gp:AOq2", "Ahora va bien")


async def test_the_first_look_is_not_about_last_week_but_history_is(http: Client) -> None:
    theirs = play(400, every=timedelta(minutes=30))
    async with serving(theirs.answer) as them:
        assert ids(await drained(lambda: reader(them, http))) == ["google_play:gp:AOq0"]
        one, cursor, told, gaps = reader(them, http), None, list[str](), list[Gap]()
        while True:
            batch = await one.history(NOON - timedelta(days=30), cursor)
            told, gaps, cursor = told + ids([batch]), gaps + list(batch.gaps), batch.cursor
            if not batch.more:
                break
    assert len(told) == len(set(told)) == 336
    assert gaps == [Gap(from_=NOON - timedelta(days=30), to=NOON - timedelta(days=7), why=google_play.BEYOND)]


async def test_an_absence_of_more_than_a_week_is_a_gap_once(http: Client) -> None:
    async with serving(play(5).answer) as them:
        back = await drained(lambda: reader(them, http), place(NOON - timedelta(days=9)))
        assert [batch.gaps for batch in back] == [
            (Gap(from_=NOON - timedelta(days=9), to=NOON - timedelta(days=7), why=google_play.BEYOND),)
        ]
        assert (await reader(them, http).fetch(back[-1].cursor)).gaps == ()


async def test_a_token_is_used_for_its_hour_and_one_that_was_taken_back_is_asked_for_anew(http: Client) -> None:
    theirs = play(3)
    async with serving(theirs.answer) as them:
        moments = iter([NOON, NOON, NOON, *[NOON + timedelta(minutes=58)] * 3, *[NOON + timedelta(minutes=59)] * 20])
        last = NOON

        def clock() -> datetime:
            nonlocal last
            last = next(moments, last)
            return last

        options = google_play.Options(package=PACKAGE, account="google-account", base_url=them.url, token_url=them.url)
        told = msgspec.structs.replace(world(http, google_account=key_file()), clock=clock)
        one = google_play.GooglePlay("play", options, told)
        for _ in range(3):
            await one.fetch(None)
        assert theirs.given == 2
        theirs.good = False
        batch = await one.fetch(None)
        assert (theirs.given, batch.requests) == (3, 3)


async def test_a_page_mark_that_google_forgot_costs_a_sweep_from_the_top_and_no_review(http: Client) -> None:
    theirs = play(250)
    async with serving(theirs.answer) as them:
        first = await reader(them, http).fetch(place(NOON - timedelta(minutes=240)))
        theirs.marks = False
        lost = await reader(them, http).fetch(first.cursor)
        assert (lost.events, lost.more) == ((), False)  # not at once: it would be asked for ever
        theirs.marks = True
        assert len(set(ids(await drained(lambda: reader(them, http), lost.cursor)))) == 250


async def test_no_reviews_this_week_is_no_trouble(http: Client) -> None:
    async with serving(Play([]).answer) as them:
        batch = await reader(them, http).fetch(None)
        assert (batch.events, batch.refused, batch.more) == ((), (), False)
        assert await reader(them, http).check() == "the reviews of com.example.bank can be read"


def secrets() -> dict[str, str]:
    return {
        "somebody else's": key_file(OTHER_KEY),
        "no JSON": "hush",
        "no PEM": json.dumps({"client_email": EMAIL, "private_key": "hush hush"}),
        "no key": json.dumps({"client_email": EMAIL}),
        "an API key": "AIzaHush",
        "empty": "",
        "a list": "[]",
    }


@pytest.mark.parametrize("secret", list(secrets()))
async def test_a_key_that_google_cannot_accept_is_a_humans_turn_and_is_not_told(http: Client, secret: str) -> None:
    async with serving(play(1).answer) as them:
        with pytest.raises(Refused, match=r"^play: .*systemctl restart carebot") as raised:
            await reader(them, http, secret=secrets()[secret]).fetch(None)
    assert "hush" not in str(raised.value).lower()
    assert "PRIVATE KEY" not in str(raised.value)


def saying(status: int, said: Any) -> Any:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.json_response({"access_token": "ya29.hush", "expires_in": 3599})
        return web.json_response(said, status=status) if isinstance(said, dict) else web.Response(status=status, body=said)

    return answer


QUOTA = {"error": {"code": 403, "errors": [{"domain": "usageLimits", "reason": "rateLimitExceeded", "message": "hush"}]}}


@pytest.mark.parametrize(
    ("status", "said", "trouble", "says"),
    [
        (401, {}, Refused, "does not take its own token"),
        (403, {"error": {"status": "PERMISSION_DENIED"}}, Refused, "Reply to reviews"),
        (403, QUOTA, Throttled, "quota for this hour"),
        (429, {}, Throttled, "wait 60 s"),
        (404, {}, Refused, "Correct `package`"),
        (503, b"<html>hush</html>", Unreachable, "answered 503"),
        (200, b"<html>hush</html>", Unreachable, "did not answer with a list of reviews"),
        (200, {"reviews": {}}, Unreachable, "did not answer with a list of reviews"),
    ],
)
async def test_trouble_is_told_by_whose_turn_it_is(http: Client, status: int, said: Any, trouble: type[Exception], says: str) -> None:
    async with serving(saying(status, said)) as them:
        with pytest.raises(trouble, match=says) as raised:
            await reader(them, http).fetch(None)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    "said", [b"", b"<html>", b'{"access_token": ""}', b'{"access_token": "a\\nb"}', b'{"access_token": "a", "expires_in": 1e400}']
)
async def test_what_is_no_token_is_not_used(http: Client, said: bytes) -> None:
    async with serving(said) as them:
        with pytest.raises(Unreachable, match="did not answer with a token"):
            await reader(them, http).fetch(None)
        assert [request.path for request in them.asked] == ["/token"]


def test_one_bad_review_is_refused_by_its_id_and_the_rest_is_read() -> None:
    bad = [
        review(1, NOON),
        {**review(2, NOON), "comments": [{"userComment": {"text": "hush", "lastModified": {"seconds": "soon"}}}]},
        {"reviewId": 3},
        4,
    ]
    batch, times, _ = read(Page(bad), PACKAGE, "play", NOON)
    assert [event.id for event in batch.events] == ["google_play:gp:AOq1"]
    assert [refusal.item for refusal in batch.refused] == ["gp:AOq2", "3", "item 4"]
    assert times == [NOON]
    assert "hush" not in str(batch.refused)


PAGE = {"reviews": [review(1, NOON), review(2, NOON, answer="Gracias")], "tokenPagination": {"nextPageToken": "CAES"}}


@given(st.integers(0, 10**9))
@settings(max_examples=400)
def test_whatever_stands_on_a_page_it_is_reviews_refusals_or_no_page(seed: int) -> None:
    try:
        page = answers.page(body(mangled(PAGE, seed)), Page, "play", "is none")
    except Unreachable:
        return
    batch, times, next_page = read(page, PACKAGE, "play", NOON)
    assert all(isinstance(event, Message) and event.posted_at <= NOON and event.text for event in batch.events)
    assert max(times, default=NOON) <= NOON
    msgspec.json.encode((batch, next_page))


@pytest.mark.parametrize("key", ["base_url", "token_url"])
def test_the_key_and_the_token_go_to_google_alone(key: str) -> None:
    with pytest.raises(ValidationError, match=r"must be https://[a-z0-9]+\.googleapis\.com"):
        google_play.Options(package=PACKAGE, account="a", **{key: "https://evil.example"})  # type: ignore[arg-type]
