"""What people write to the bot is read once, whatever the line or the machine does; and nobody ever sees the bot's token."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Trouble, Unreachable
from carebot.model import Gap, Message
from connectors import telegram
from tests.connectors.draining import drained, ids
from tests.connectors.loopback_web import NOON, Loopback, serving, world
from tests.connectors.mangling import body, mangled

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
ANA = {"id": 7001, "is_bot": False, "first_name": "Ana", "last_name": "Ruiz", "username": "ana_ruiz"}
PRIVATE = {"id": 7001, "type": "private", "first_name": "Ana", "username": "ana_ruiz"}
GROUP = {"id": -1001234, "type": "supergroup", "title": "Clientes Zenco", "username": "zenco_clientes"}
CHANNEL = {"id": -1009999, "type": "channel", "title": "Zenco", "username": "zenco"}


def said(
    number: int, text: str = "No puedo entrar en la app", *, at: datetime = NOON, kind: str = "message", **more: Any
) -> dict[str, Any]:
    words = {"message_id": number, "date": int(at.timestamp()), "chat": PRIVATE, "from": ANA, "text": text}
    return {"update_id": 1000 + number, kind: {**words, **more}}


class Bot:
    """Telegram's getUpdates: at most a hundred from the number asked for on; what is below it is forgotten, as confirmed."""

    def __init__(self, *updates: dict[str, Any]) -> None:
        self.updates = sorted(updates, key=lambda update: update["update_id"])

    async def answer(self, request: web.Request) -> web.Response:
        if request.path != f"/bot{TOKEN}/getUpdates":
            return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
        assert set(request.query) <= {"offset", "limit", "timeout", "allowed_updates"}
        assert json.loads(request.query["allowed_updates"]) == list(telegram.KINDS)
        if "offset" in request.query:
            self.updates = [update for update in self.updates if update["update_id"] >= int(request.query["offset"])]
        return web.json_response({"ok": True, "result": self.updates[: int(request.query["limit"])]})


def bot(them: Loopback | str, http: Client, now: datetime = NOON, token: str = TOKEN) -> telegram.Telegram:
    url = them if isinstance(them, str) else them.url
    made = telegram.connect(
        "bot", telegram.Options(token="telegram-token", base_url=url), world(http, now=now, telegram_token=token + "\n")
    )
    assert isinstance(made, telegram.Telegram)
    return made


async def test_a_message_to_the_bot_is_a_direct_message_of_its_author(http: Client) -> None:
    async with serving(Bot(said(5)).answer) as them:
        batch = await bot(them, http).fetch(None)
    assert batch.events == (
        Message(
            id="telegram:7001/5",
            text="No puedo entrar en la app",
            posted_at=NOON,
            seen_at=NOON,
            source="telegram",
            author="ana_ruiz",
            author_name="Ana Ruiz",
            direct=True,
            conversation="telegram:7001",
        ),
    )
    assert TOKEN not in repr(batch)


async def test_in_a_group_an_answer_names_what_it_answers_and_the_channel_is_the_brands_own_voice(http: Client) -> None:
    answered = {"message_id": 4, "date": 1, "chat": GROUP}
    reply = said(6, "A mí tampoco", chat=GROUP, reply_to_message=answered, message_thread_id=4)
    ours = said(7, "Estamos en ello", kind="channel_post", chat=CHANNEL, sender_chat=CHANNEL)
    admin = said(8, "Ya funciona", chat=GROUP, sender_chat=GROUP)
    for update in (ours, admin):
        next(part for part in update.values() if isinstance(part, dict)).pop("from")
    async with serving(Bot(reply, ours, admin).answer) as them:
        events = [event for event in (await bot(them, http).fetch(None)).events if isinstance(event, Message)]
    assert [(event.id, event.by_brand, event.direct, event.author) for event in events] == [
        ("telegram:-1001234/6", False, False, "ana_ruiz"),
        ("telegram:-1009999/7", True, False, "zenco"),
        ("telegram:-1001234/8", True, False, "zenco_clientes"),
    ]
    assert (events[0].in_reply_to, events[0].conversation) == ("telegram:-1001234/4", "telegram:-1001234/4")
    assert events[0].url == "https://t.me/zenco_clientes/6"


async def test_an_edited_message_comes_again_under_its_id(http: Client) -> None:
    edited = said(5, "Ya puedo, gracias", edit_date=int(NOON.timestamp()) + 60)
    edited = {"update_id": 1009, "edited_message": edited["message"]}
    async with serving(Bot(said(5), edited).answer) as them:
        batch = await bot(them, http).fetch(None)
    assert [(event.id, event.text) for event in batch.events if isinstance(event, Message)] == [
        ("telegram:7001/5", "No puedo entrar en la app"),
        ("telegram:7001/5", "Ya puedo, gracias"),
    ]


async def test_a_burst_of_250_is_read_to_its_end_and_nothing_comes_twice(http: Client) -> None:
    async with serving(Bot(*(said(n) for n in range(250))).answer) as them:
        batches = await drained(lambda: bot(them, http))
        assert ids(batches) == [f"telegram:7001/{n}" for n in range(250)]
        assert len(them.asked) == 3
        assert (await bot(them, http).fetch(batches[-1].cursor)).events == ()


async def test_what_was_not_stored_when_we_were_killed_is_given_again(http: Client) -> None:
    them_all = Bot(*(said(n) for n in range(250)))
    async with serving(them_all.answer) as them:
        first = await bot(them, http).fetch(None)
        lost = await bot(them, http).fetch(first.cursor)  # answered, and never stored
        again = await drained(lambda: bot(them, http), first.cursor)
    assert ids([first, *again]) == [f"telegram:7001/{n}" for n in range(250)]
    assert ids([lost]) == ids(again[:1])


async def test_after_a_quiet_week_numbers_begin_anywhere_and_none_is_thrown_away(http: Client) -> None:
    them_all = Bot(said(5000))
    async with serving(them_all.answer) as them:
        cursor = (await bot(them, http).fetch(None)).cursor
        for hours in range(1, 8 * 24, 12):
            cursor = (await bot(them, http, NOON + timedelta(hours=hours)).fetch(cursor)).cursor
        later = NOON + timedelta(days=8)
        them_all.updates = [said(3, at=later), said(4, at=later)]
        batches = await drained(lambda: bot(them, http, later + timedelta(minutes=1)), cursor)
        assert ids(batches) == ["telegram:7001/3", "telegram:7001/4"]
        assert (await bot(them, http, later + timedelta(minutes=2)).fetch(batches[-1].cursor)).events == ()


async def test_an_absence_of_more_than_a_day_is_a_gap_once(http: Client) -> None:
    async with serving(Bot().answer) as them:
        cursor = (await bot(them, http).fetch(None)).cursor
        day = await bot(them, http, NOON + timedelta(hours=23)).fetch(cursor)
        assert day.gaps == ()
        back = await bot(them, http, NOON + timedelta(hours=30)).fetch(cursor)
        assert back.gaps == (Gap(from_=NOON, to=NOON + timedelta(hours=6), why=telegram.BEYOND),)
        assert (await bot(them, http, NOON + timedelta(hours=31)).fetch(back.cursor)).gaps == ()


async def test_after_a_long_absence_a_burst_is_one_gap_and_not_one_a_page(http: Client) -> None:
    async with serving(Bot(*(said(n) for n in range(250))).answer) as them:
        start = msgspec.json.encode(telegram.Place(heard_until=NOON - timedelta(hours=40))).decode()
        assert [len(batch.gaps) for batch in await drained(lambda: bot(them, http), start)] == [1, 0, 0]


async def test_an_update_nobody_can_read_is_refused_and_passed(http: Client) -> None:
    updates = [
        said(1),
        {"update_id": 1002, "message": {"text": "hush"}},
        {"update_id": 1003, "my_chat_member": {}},
        said(4, caption="x", text=""),
    ]
    async with serving(Bot(*updates).answer) as them:
        batch = await bot(them, http).fetch(None)
        assert [event.id for event in batch.events] == ["telegram:7001/1", "telegram:7001/4"]
        assert [refusal.item for refusal in batch.refused] == ["1002"]
        assert "hush" not in str(batch.refused)
        assert (await bot(them, http).fetch(batch.cursor)).events == ()


async def conflict(request: web.Request) -> web.Response:
    said = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    return web.json_response({"ok": False, "error_code": 409, "description": said}, status=409)


async def flood(request: web.Request) -> web.Response:
    said = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 14", "parameters": {"retry_after": 14}}
    return web.json_response(said, status=429, headers={"Retry-After": "14"})  # Telegram's server says it in both places


async def html_503(request: web.Request) -> web.Response:
    return web.Response(status=503, text=f"<html>{request.path}</html>", content_type="text/html")


async def elsewhere(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"http://127.0.0.1:9{request.path}")


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def too_much(request: web.Request) -> web.Response:
    return web.Response(body=b"x" * 5_000_001)


TROUBLES: list[tuple[Any, type[Trouble], str]] = [
    (conflict, Refused, "Another program asks with the same token, or a webhook is set"),
    (flood, Throttled, "wait 14 s"),
    (html_503, Unreachable, "503"),
    (elsewhere, Unreachable, "127.0.0.1"),
    (hang_up, Unreachable, "127.0.0.1"),
    (too_much, Unreachable, "more than 5 MB"),
    (401, Refused, "@BotFather"),
    (404, Refused, "@BotFather"),
    (b"<html>", Unreachable, "did not answer with a list of updates"),
    (b'{"ok": true, "result": {}}', Unreachable, "did not answer with a list of updates"),
    (b'{"ok": true, "result": [{"message": {}}]}', Unreachable, "nothing that has a number"),
]


@pytest.mark.parametrize(("answer", "trouble", "says"), TROUBLES)
async def test_trouble_is_told_by_whose_turn_it_is_and_never_with_the_token(
    http: Client, answer: Any, trouble: type[Trouble], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(answer) as them:
        with pytest.raises(trouble, match=says) as raised:
            await bot(them, http).fetch(None)
        assert TOKEN in them.asked[0].path
    told: BaseException | None = raised.value
    while told:
        assert TOKEN[10:] not in str(told) + repr(told)
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    assert TOKEN[10:] not in caplog.text


async def test_a_refused_connection_does_not_tell_the_token_either(http: Client) -> None:
    with pytest.raises(Unreachable) as raised:
        await bot("http://127.0.0.1:9", http).fetch(None)
    assert TOKEN[10:] not in str(raised.value)


@pytest.mark.parametrize("token", ["", "two lines\nof it", "1/../getMe?", "1:a#b", "añb"])
async def test_what_is_no_token_is_sent_nowhere(http: Client, token: str) -> None:
    async with serving(b"{}") as them:
        with pytest.raises(Refused, match="telegram-token holds no token of a bot"):
            await bot(them, http, token=token).fetch(None)
        assert them.asked == []


async def test_the_doctor_says_who_asks_and_what_a_group_does_not_tell_it(http: Client) -> None:
    me = {"ok": True, "result": {"id": 1, "is_bot": True, "username": "zenco_bot", "can_read_all_group_messages": False}}
    async with serving(body(me)) as them:
        assert await bot(them, http).check() == "asks as @zenco_bot; in groups it hears only what is said to it: /setprivacy at @BotFather"


UPDATES = [said(1, chat=GROUP, reply_to_message={"message_id": 2, "date": 1, "chat": GROUP}), said(2, kind="channel_post", chat=CHANNEL)]


@given(st.integers(0, 10**9))
@settings(max_examples=400)
def test_whatever_an_update_holds_it_is_a_message_or_refused(seed: int) -> None:
    page = json.loads(body(mangled({"result": UPDATES}, seed, rate=0.1)))
    if isinstance(page, dict) and isinstance(page.get("result"), list):
        batch, last = telegram.read(page["result"], "bot", NOON)
        assert all(isinstance(event, Message) and event.posted_at <= NOON and event.text for event in batch.events)
        assert last is None or last >= 0
        msgspec.json.encode(batch)


@pytest.mark.parametrize("url", ["https://api.telegram.org.evil.example", "http://10.0.0.1", "https://127.0.0.1"])
def test_the_token_goes_to_telegram_alone(url: str) -> None:
    with pytest.raises(ValidationError, match=r"must be https://api\.telegram\.org"):
        telegram.Options(token="telegram-token", base_url=url)


# ── the emulator others test their bots with (npm telegram-test-api 4.2.1) ───────────────────────────────────────

SERVER = """
const TelegramServer = require('telegram-test-api');
const server = new TelegramServer({port: %d, host: '127.0.0.1'});
server.start().then(async () => {
  const client = server.getClient('%s', {userId: 7001, chatId: 7001, firstName: 'Ana', userName: 'ana_ruiz'});
  for (const text of %s) await client.sendMessage(client.makeMessage(text));
  console.log('ready');
});
process.stdin.on('end', () => process.exit(0)).resume();
"""


@pytest.fixture
def emulator(unused_tcp_port: int) -> Iterator[str]:
    home = Path(os.environ.get("CAREBOT_PEERS", "/tmp/carebot-peers"))
    if not (home / "node_modules/telegram-test-api").is_dir() or not shutil.which("node"):
        pytest.skip(f"telegram-test-api is not installed: npm install --prefix {home} telegram-test-api@4.2.1")
    script = SERVER % (unused_tcp_port, TOKEN, json.dumps(["La app no abre", "¿Hay alguien?"]))
    with subprocess.Popen(["node", "-e", script], cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for line in process.stdout:
            if line == b"ready\n":
                break
        yield f"http://127.0.0.1:{unused_tcp_port}"
        process.stdin.close()
        process.wait(5)


@pytest.mark.peers
async def test_the_emulator_of_telegram_tells_us_what_its_client_wrote(http: Client, emulator: str) -> None:
    now = datetime.now(UTC) + timedelta(minutes=1)
    batch = await bot(emulator, http, now).fetch(None)
    assert [(event.text, event.author, event.direct) for event in batch.events if isinstance(event, Message)] == [
        ("La app no abre", "ana_ruiz", True),
        ("¿Hay alguien?", "ana_ruiz", True),
    ]
    assert batch.refused == ()
    assert (await bot(emulator, http, now).fetch(batch.cursor)).events == ()
