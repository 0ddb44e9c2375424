"""Each statement is public once or not at all: lost answers, refusals, fifty clicks, and kill -9 at every point between."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace

from carebot.decide.public.statements import digest
from carebot.effects.database import audit
from tests.connectors import loopback_mastodon, loopback_x
from tests.connectors.loopback_mastodon import LoopbackMastodon
from tests.connectors.loopback_x import LoopbackX
from tests.effects.publishing import PEOPLE, TEXTS, Desk
from tests.saying import at, say

REPO = Path(__file__).parents[2]
ANA, LUIS, EVA = PEOPLE[1:]


class X(LoopbackX):
    """X, which may take a post and never say so. `arrived`: a post came in; `landed`: how many are there."""

    lost = ""  # "before": nothing lands and nothing is answered; "after": it lands, and nothing is answered
    hangs_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.now = at(11)
        self.arrived = asyncio.Event()

    async def _create(self, request: web.Request, asked: dict[str, str]) -> web.StreamResponse:
        self.arrived.set()
        answer = await super()._create(request, asked) if self.lost != "before" else web.Response(status=500)
        await asyncio.sleep(self.hangs_s)
        if self.lost and request.transport:
            request.transport.abort()
        return answer

    @property
    def landed(self) -> list[str]:
        return [post["text"] for post in self.posts]


class Mastodon(LoopbackMastodon):
    def __init__(self) -> None:
        super().__init__()
        self.now = at(11)


@asynccontextmanager
async def desk_and_networks(db: Path | None = None) -> AsyncIterator[tuple[Desk, X, Mastodon]]:
    them, toots = X(), Mastodon()
    async with them.running(), toots.running():
        desk = Desk(db, them.url, toots.url)
        desk.http = them.http
        try:
            yield desk.approved(), them, toots
        finally:
            desk.store.close()


async def test_what_two_people_approved_and_one_published_is_said_once_on_each_network() -> None:
    async with desk_and_networks() as (desk, them, toots):
        await desk.hand().round()
        assert not them.landed, "approved is not published"
        desk.press("publish", ANA)
        hand = desk.hand()
        for _ in range(3):
            await hand.round()
        assert (them.landed, len(toots.said)) == ([TEXTS["es"]], 1)
        assert desk.commits == ["sending", "said", "sending", "said"]
        assert (desk.statement.state, desk.statement.next_update_at) == ("published", at(40))
        assert [post.url.partition("/@")[0][:20] for post in desk.statement.posts] == ["https://x.com/i/stat", "https://social.examp"]


async def test_who_agreed_and_what_was_said_are_one_chain_and_other_words_in_the_table_show() -> None:
    async with desk_and_networks() as (desk, _, _):
        desk.press("publish", ANA)
        await desk.hand().round()
        conn, key, words = desk.store.db.conn, b"publishing", desk.statement.hash
        docs = [json.loads(doc) for (doc,) in conn.execute("SELECT doc FROM audit ORDER BY n")]
        told = [doc.get("action") or f"{doc['state']} on {doc['source']}" for doc in docs if doc.get("hash") == words]
        assert told == ["approve", "approve", "publish", "sending on x-own", "said on x-own", "sending on masto", "said on masto"]
        assert docs[-3]["url"].startswith("https://x.com/i/status/")
        assert (audit.verify(conn, key).posts, audit.verify(conn, key).problems) == (4, ())

        told_instead = replace(desk.statement, texts={"es": "Regalamos 500 euros."})
        for forged in (told_instead, replace(told_instead, hash=digest(told_instead))):  # the second knows how a hash is made
            conn.execute("UPDATE statements SET doc = ?", [msgspec.json.encode(forged)])
            (problem,) = audit.verify(conn, key).problems
            assert problem == f"statement {desk.statement.id} has other words now than those that were agreed to"


async def test_fifty_people_press_publish_at_once_and_it_is_said_once() -> None:
    async with desk_and_networks() as (desk, them, toots):
        hand = desk.hand()

        async def presses(number: int) -> None:
            await asyncio.sleep(random.Random(number).random() / 100)
            desk.take(desk.click(("publish", "approve")[number % 2], PEOPLE[number % 4], number))
            await hand.round()

        await asyncio.gather(*(presses(number) for number in range(50)))
        assert (them.landed, len(toots.said)) == ([TEXTS["es"]], 1)


async def test_what_x_refuses_goes_back_to_people_with_its_reason_and_is_tried_again_only_when_they_say_so() -> None:
    async with desk_and_networks() as (desk, them, toots):
        them.faults = [loopback_x.says(403, '{"detail": "not permitted"}')]
        toots.faults = [loopback_mastodon.says(401, "{}")]
        desk.press("publish", ANA)
        hand = desk.hand()
        await hand.round()
        await hand.round()
        assert (desk.statement.state, them.landed) == ("approved", [])
        assert desk.statement.because and "token" in desk.statement.posts[1].because
        desk.press("publish", LUIS)
        await hand.round()
        assert (desk.statement.state, them.landed) == ("published", [TEXTS["es"]])


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_lost_answer_is_never_followed_by_a_second_post(lost: str) -> None:
    async with desk_and_networks() as (desk, them, toots):
        them.lost = lost
        desk.press("publish", ANA)
        hand = desk.hand()
        await hand.round()
        them.lost = ""
        for _ in range(5):
            desk.press("publish", EVA)
            await hand.round()
            desk.minute += 0.1
        assert (desk.statement.state, len(them.landed)) == ("unsure", int(lost == "after"))
        if lost == "after":
            desk.take(say(TEXTS["es"], minute=11, by="BancoLumbre", id="x:99", author_key=""))
            assert desk.statement.state == "published"
        else:
            desk.press("it_is_not_there", EVA)
            desk.press("publish", EVA)
            await hand.round()
        assert (desk.statement.state, them.landed, len(toots.said)) == ("published", [TEXTS["es"]], 1)


async def test_who_does_not_answer_in_time_leaves_us_unsure() -> None:
    async with desk_and_networks() as (desk, them, _):
        them.hangs_s = 5
        desk.press("publish", ANA)
        await desk.hand(limit=timedelta(seconds=0.3)).round()
        assert (desk.statement.state, desk.statement.posts[0].because) == ("unsure", "no answer within 0 s")


@pytest.mark.parametrize("stopped", ["switched off", "too old", "it is over", "approver left"])
async def test_what_changes_between_the_click_and_the_post_stops_the_post(stopped: str) -> None:
    async with desk_and_networks() as (desk, them, toots):
        desk.press("publish", ANA)
        match stopped:
            case "switched off":
                desk.use(publish=False)
            case "too old":
                desk.minute = 40.0
            case "it is over":
                desk.press("resolve", EVA)
            case _:
                rules = desk.loop.rulebook
                roles = rules.file.roles.model_copy(update={"publish": (ANA, EVA)})
                desk.loop.rulebook = rules.model_copy(update={"file": rules.file.model_copy(update={"roles": roles})})
        hand = desk.hand()
        await hand.round()
        await hand.round()
        assert (them.landed, toots.said) == ([], {})
        assert desk.statement.state in ("approved", "expired")


async def test_a_source_that_cannot_publish_or_is_gone_says_so() -> None:
    async with desk_and_networks() as (desk, _, _):
        rules = desk.loop.rulebook
        inbox = rules.file.sources[1].model_construct(name="masto", kind="jsonl", paused=False, brand=None, path="inbox.jsonl")
        desk.press("publish", ANA)
        desk.loop.rulebook = rules.model_copy(update={"file": rules.file.model_copy(update={"sources": (inbox,)})})
        await desk.hand().round()
        assert [post.because for post in desk.statement.posts] == [
            "rules.yaml has no source 'x-own'. Correct publish_on under statements.",
            "masto: nothing can be published there by carebot. Take it out of publish_on, and post the text by hand.",
        ]
        assert desk.statement.state == "approved"


async def test_a_row_somebody_edited_in_the_database_is_not_said(tmp_path: Path) -> None:
    async with desk_and_networks(tmp_path / "desk.db") as (desk, them, _):
        doc = desk.store.db.conn.execute("SELECT doc FROM statements").fetchone()[0]
        forged = doc.replace(b"Sabemos que falla la app", b"Regalamos 500 euros")
        desk.store.db.conn.execute("UPDATE statements SET doc = ?", [forged])
        desk.store.close()
        again = Desk(tmp_path / "desk.db", desk.x, desk.mastodon)
        again.http, again.minute = them.http, 11.0
        assert again.press("publish", ANA).outcome.acted[0].because.en == "2 approvals are missing."  # type: ignore[union-attr]
        await again.hand().round()
        assert them.landed == []
        again.store.close()


# ── kill -9 ──────────────────────────────────────────────────────────────────────────────────────────────────────

POINTS = ("before sending", "after sending", "it arrives", "it landed", "before said")


async def killed_at(point: str, folder: Path, *, after_s: float = 0.0) -> None:
    """One real process is killed at this point; then carebot starts again, and again."""
    db = folder / "desk.db"
    async with desk_and_networks(db) as (desk, them, toots):
        desk.press("publish", ANA)
        desk.store.close()
        them.lost, them.hangs_s = {"it arrives": "before", "it landed": "after"}.get(point, ""), 30 if point.startswith("it ") else 0
        command = [sys.executable, "-m", "tests.effects.publishing", str(db), them.url, toots.url, point]
        child = await asyncio.create_subprocess_exec(*command, cwd=REPO, stdout=subprocess.PIPE)
        assert child.stdout
        here: Any = them.arrived.wait() if point.startswith("it ") else child.stdout.readline()
        assert await asyncio.wait_for(here, 60) in (True, b"here\n")
        await asyncio.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        await child.wait()
        them.lost, them.hangs_s = "", 0
        for _ in range(3):
            again = Desk(db, desk.x, desk.mastodon)
            again.http, again.minute = them.http, 12.0
            hand = again.hand()
            await hand.after_a_stop()
            await hand.round()
            again.press("publish", EVA)
            await hand.round()
            state, first = again.statement.state, again.statement.posts[0].state
            again.store.close()
        landed = {"before sending": 1, "after sending": 0, "it arrives": 0, "it landed": 1, "before said": 1}[point]
        assert (len(them.landed), len(toots.said)) == (landed, 1)
        assert (state, first) == (("published", "said") if point == "before sending" else ("unsure", "unsure"))


@pytest.mark.parametrize("point", ["after sending", "it landed"])
async def test_killed_between_approval_and_post_or_between_post_and_answer_it_is_never_said_twice(point: str, tmp_path: Path) -> None:
    await killed_at(point, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
async def test_forty_kills_at_each_point_and_no_post_is_made_twice(point: str, tmp_path: Path) -> None:
    for number in range(40):
        place = tmp_path / str(number)
        place.mkdir()
        await killed_at(point, place, after_s=random.Random(number).random() / 20)
