"""The web door, over real sockets: what is taken is committed, what is not from the sender is 401, and nothing ever is 500."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from carebot.effects.network import web
from carebot.effects.network.web import Health, Metric, Web, exposition
from carebot.errors import Refused
from carebot.model import Batch, Message, Refusal

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SIGNED = {"X-Signature": "ours"}


class Letters:
    """A receiver: a line a message; an empty line cannot be read. `broken` is a third party's bug."""

    broken: type[Exception] | None = None

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Batch:
        if headers.get("x-signature") != "ours":
            raise Refused("not signed by the key of ana@example.com", "Look at the key.")
        if self.broken:
            raise self.broken("a customer's words")
        lines = body.decode().split("\n")
        events = tuple(Message(id=f"l:{n}", text=line, posted_at=now, seen_at=now) for n, line in enumerate(lines) if line)
        return Batch(source="letters", events=events, refused=(Refusal(source="letters", item="1", reason="empty"),) * lines.count(""))


class Greeter(Letters):
    """A receiver whose sender asks first whether the address is ours. Answers with whatever it was asked."""

    def greet(self, query: Mapping[str, str]) -> str | None:
        if query.get("word") != "ours":
            return None
        if self.broken:
            raise self.broken("a customer's words")
        return query.get("challenge")


class Desk:
    def __init__(self) -> None:
        self.committed: list[Batch] = []
        self.turned_away: list[str] = []
        self.trouble: Exception | None = None
        self.health = Health(True, {"sources": 2})
        self.letters = Letters()
        self.commit = asyncio.Event()
        self.commit.set()
        self.web = Web(
            receivers={"letters": self.letters, "greeter": Greeter()},
            accept=self.accept,
            health=lambda: self.health,
            metrics=lambda: [Metric("carebot_messages_total", "Messages read.", 3, {"source": "letters"})],
            clock=lambda: NOW,
            turned_away=self.turned_away.append,
            port=0,
        )

    async def accept(self, batch: Batch) -> None:
        await self.commit.wait()
        if self.trouble:
            raise self.trouble
        self.committed.append(batch)

    async def ask(self, method: str, path: str, **more: object) -> tuple[int, str, Mapping[str, str]]:
        async with aiohttp.ClientSession() as session, session.request(method, f"http://127.0.0.1:{self.web.port}{path}", **more) as answer:  # type: ignore[arg-type]
            return answer.status, await answer.text(), answer.headers

    async def raw(self, sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.web.port)
        writer.write(sent)
        await writer.drain()
        try:
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    await desk.web.start()
    yield desk
    await desk.web.stop()


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_signed_letter_is_taken_and_what_could_not_be_read_is_counted(desk: Desk) -> None:
    status, body, _ = await desk.ask("POST", "/hooks/letters", data=b"no money\n\nno card", headers=SIGNED)
    assert (status, json.loads(body)) == (202, {"taken": 2, "refused": 1})
    assert [event.text for event in desk.committed[0].events if isinstance(event, Message)] == ["no money", "no card"]


async def test_taken_means_committed(desk: Desk) -> None:
    desk.commit.clear()
    asking = asyncio.create_task(desk.ask("POST", "/hooks/letters", data=b"x", headers=SIGNED))
    await asyncio.sleep(0.1)
    assert not asking.done()
    desk.commit.set()
    assert (await asking)[0] == 202


# ── is this address yours? ───────────────────────────────────────────────────────────────────────────────────────


async def test_who_knows_the_word_gets_their_own_challenge_back_and_nothing_else(desk: Desk) -> None:
    status, body, headers = await desk.ask("GET", "/hooks/greeter?word=ours&challenge=1158201444")
    assert (status, body) == (200, "1158201444")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert desk.turned_away == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?word=theirs&challenge=1",
        "?word=ours",
        "?word=ours&challenge=",
        "?word=ours&challenge=%3Cscript%3Ealert(1)%3C/script%3E",
        "?word=ours&challenge=a%0d%0aSet-Cookie:x",
        "?word=ours&challenge=1%0a",
        "?word=ours&challenge=%ff%fe",
        "?word=ours&challenge=%C3%A9",
        "?word=ours&challenge=" + "1" * 201,
    ],
)
async def test_a_stranger_or_a_challenge_that_could_be_more_than_text_is_403_and_hears_nothing(desk: Desk, query: str) -> None:
    status, body, _ = await desk.ask("GET", "/hooks/greeter" + query)
    assert (status, body) == (403, "")
    assert desk.turned_away == ["greeter"]


async def test_a_greeting_that_fails_in_a_third_partys_code_is_403_and_not_500(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    greeter = desk.web.receivers["greeter"]
    assert isinstance(greeter, Greeter)
    greeter.broken = KeyError
    assert (await desk.ask("GET", "/hooks/greeter?word=ours&challenge=1"))[0] == 403
    assert "hook could not be read source=greeter error=KeyError" in caplog.text
    assert "customer's words" not in caplog.text


async def test_who_does_not_greet_is_not_asked_and_nobody_is_found_by_asking(desk: Desk) -> None:
    asked = ("GET /hooks/letters", "GET /hooks/nobody", "GET /hooks/greeter/x", "HEAD /hooks/greeter", "PUT /hooks/greeter", "GET /hooks")
    answered = [(await desk.ask(*each.split()))[0] for each in asked]
    assert answered == [405, 405, 404, 404, 404, 404]


async def test_a_sender_that_greets_is_answered_200_once_its_letters_are_committed(desk: Desk) -> None:
    status, body, _ = await desk.ask("POST", "/hooks/greeter", data=b"no money", headers=SIGNED)
    assert (status, json.loads(body), len(desk.committed)) == (200, {"taken": 1, "refused": 0}, 1)
    assert (await desk.ask("POST", "/hooks/greeter", data=b"no money"))[0] == 401


@pytest.mark.parametrize("error", [None, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError])
async def test_what_is_not_from_the_sender_is_401_whatever_is_wrong_and_learns_nothing(
    desk: Desk, error: type[Exception] | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.letters.broken = error
    status, body, _ = await desk.ask("POST", "/hooks/letters", data=b"\xff\xfe", headers=SIGNED if error else {"X-Signature": "forged"})
    assert (status, body) == (401, '{"refused":"signature"}')
    assert desk.committed == []
    assert "hook" in caplog.text
    assert not any(private in caplog.text for private in ("customer's words", "ana@example.com", "forged"))


@pytest.mark.parametrize("error", [asyncio.QueueFull(), TimeoutError()])
async def test_a_busy_desk_says_when_to_come_again(desk: Desk, error: Exception) -> None:
    desk.trouble = error
    status, _, headers = await desk.ask("POST", "/hooks/letters", data=b"x", headers=SIGNED)
    assert (status, headers["Retry-After"]) == (503, "5")


async def test_more_at_once_than_we_have_hands_for_come_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.web, "_hands", asyncio.Semaphore(2))
    desk.commit.clear()
    asking = [asyncio.create_task(desk.ask("POST", "/hooks/letters", data=b"x", headers=SIGNED)) for _ in range(5)]
    done, waiting = await asyncio.wait(asking, timeout=2)
    assert sorted(each.result()[0] for each in done) == [503] * 3
    desk.commit.set()
    assert [(await each)[0] for each in waiting] == [202] * 2


@pytest.mark.parametrize("chunked", [False, True])
async def test_more_than_a_megabyte_is_too_much(desk: Desk, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    assert (await desk.ask("POST", "/hooks/letters", data=b"x" * web.MAX_BODY, headers=SIGNED))[0] == 202
    desk.committed.clear()
    sent = pieces() if chunked else b"x" * (web.MAX_BODY + 1)
    try:
        assert (await desk.ask("POST", "/hooks/letters", data=sent, headers=SIGNED))[0] == 413
    except aiohttp.ClientOSError:
        assert chunked  # we hung up while they were still sending
    assert desk.committed == []


async def test_a_small_gzip_stays_small(desk: Desk) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    status, *_ = await desk.ask("POST", "/hooks/letters", data=bomb, headers={**SIGNED, "Content-Encoding": "gzip"})
    assert status == 401  # the receiver was given the bytes as they were sent, and these are no text
    assert desk.committed == []


async def test_a_letter_that_never_ends_is_put_down(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "READ_WITHIN", 0.2)
    answer = await desk.raw(b"POST /hooks/letters HTTP/1.1\r\nHost: x\r\nX-Signature: ours\r\nContent-Length: 10\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 408")
    assert desk.committed == []


async def test_a_reload_changes_who_may_write(desk: Desk) -> None:
    desk.web.receivers = {"others": desk.letters}
    assert (await desk.ask("POST", "/hooks/letters", data=b"x", headers=SIGNED))[0] == 404
    assert (await desk.ask("POST", "/hooks/others", data=b"x", headers=SIGNED))[0] == 202


# ── everything else ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/hooks/nobody", 404),
        ("POST", "/hooks/letters/more", 404),
        ("POST", "/hooks/", 404),
        ("GET", "/hooks/letters", 405),
        ("GET", "/", 404),
        ("GET", "/metrics/../../etc/passwd", 404),
        ("POST", "/health", 405),
        ("DELETE", "/metrics", 404),
        ("OPTIONS", "*", 404),
    ],
)
async def test_other_doors_are_shut(desk: Desk, method: str, path: str, status: int) -> None:
    answer = await desk.raw(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert int(answer.split()[1]) == status
    assert b"letters" not in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        b"canary\r\n\r\n",
        b"GET /canary\r\n\r\n",
        b"\x16\x03\x01canary\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\ncanary\x00: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\ncanary" + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"canary" * 5_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%zz%00canary\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET http://[canary/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET //canary:99999999/ HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n",
        b"POST /hooks/letters HTTP/1.1\r\nHost: x\r\nContent-Length: canary\r\n\r\n",
        b"POST /hooks/letters HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /hooks/letters HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST /hooks/letters HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\ncanary\r\n\r\n",
        b"POST /hooks/letters HTTP/1.1\r\nHost: x\r\nX-Signature: ours\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n\r\n",
        b"POST /hooks/letters HTTP/1.1\r\nHost: x\r\nX-Signature: \xff\xfe canary\r\nConnection: close\r\n\r\n",
        b"POST /hooks/letters HTTP/1.1\r\nHost: x\r\nExpect: canary\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
    ],
)
async def test_nothing_malformed_is_a_500_or_comes_back(desk: Desk, sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = await desk.raw(sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert answer[9:12] in {b"400", b"401", b"404", b"405", b"411", b"414", b"417", b"431"}, answer
    assert b"canary" not in answer
    assert b"canary" not in caplog.text.encode()
    assert b"Server: carebot\r\n" in head + b"\r\n"
    assert b"ython" not in head
    assert len(body) < 60
    assert (await desk.ask("GET", "/health"))[0] == 200


async def test_a_mistake_of_our_own_is_a_bare_500_and_told_in_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.trouble = RuntimeError("customer's words")
    status, body, headers = await desk.ask("POST", "/hooks/letters", data=b"x", headers=SIGNED)
    assert (status, body, headers["Server"]) == (500, "", "carebot")
    assert "a web request failed error=RuntimeError" in caplog.text
    assert "customer's words" not in caplog.text


@pytest.mark.parametrize(
    ("health", "status"), [(Health(True, {"oldest_unsent_s": 2}), 200), (Health(False, {"silent": ["x-mentions"]}), 503)]
)
async def test_health_tells_the_machine_that_asks(desk: Desk, health: Health, status: int) -> None:
    desk.health = health
    got, body, headers = await desk.ask("GET", "/health")
    assert (got, json.loads(body), headers["Content-Type"]) == (status, {"ok": health.ok, "facts": health.facts}, "application/json")


async def test_metrics_are_served_as_prometheus_reads_them(desk: Desk) -> None:
    status, body, headers = await desk.ask("GET", "/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert body.splitlines() == [
        "# HELP carebot_messages_total Messages read.",
        "# TYPE carebot_messages_total counter",
        'carebot_messages_total{source="letters"} 3',
    ]


async def test_stopping_answers_what_is_in_hand(desk: Desk) -> None:
    desk.commit.clear()
    asking = asyncio.create_task(desk.ask("POST", "/hooks/letters", data=b"x", headers=SIGNED))
    await asyncio.sleep(0.1)
    stopping = asyncio.create_task(desk.web.stop())
    await asyncio.sleep(0.1)
    desk.commit.set()
    assert (await asking)[0] == 202
    await stopping
    with pytest.raises(aiohttp.ClientConnectorError):
        await desk.ask("GET", "/health")


async def test_a_port_that_is_taken_is_an_error_at_once(desk: Desk) -> None:
    second = Desk()
    second.web.port = desk.web.port
    with pytest.raises(OSError, match="address already in use"):
        await second.web.start()
    await second.web.stop()


# ── the text of the metrics ──────────────────────────────────────────────────────────────────────────────────────


def test_a_family_stays_together_and_its_help_is_said_once() -> None:
    text = exposition(
        [
            Metric("carebot_up", "Source\nanswers \\o/.", 1, {"source": "a"}),
            Metric("carebot_queue_length", "Events waiting.", 0.5),
            Metric("carebot_up", "Source answers.", float("inf"), {"source": "b", "brand": "z"}),
            Metric("carebot_up", "Source answers.", float("nan"), {"source": "a"}),
        ]
    )
    assert text == (
        "# HELP carebot_up Source\\nanswers \\\\o/.\n# TYPE carebot_up gauge\n"
        'carebot_up{source="a"} NaN\ncarebot_up{brand="z",source="b"} +Inf\n'
        "# HELP carebot_queue_length Events waiting.\n# TYPE carebot_queue_length gauge\ncarebot_queue_length 0.5\n"
    )


@given(st.text())
def test_a_label_cannot_break_out_of_its_quotes(value: str) -> None:
    text = exposition([Metric("carebot_up", "x", 1, {"source": value})])
    line = text.encode().decode().split("\n")[2]
    inside = line.removeprefix('carebot_up{source="').removesuffix('"} 1')
    read = inside.replace("\\\\", "\0").replace('\\"', "").replace("\\n", "")
    assert '"' not in read
    assert "\\" not in read
    assert len(text.split("\n")) == 4


@pytest.mark.parametrize("bad", [Metric("up", "x", 1), Metric("carebot_up{", "x", 1), Metric("carebot_up", "x", 1, {'a"': "b"})])
def test_a_name_that_is_not_ours_is_a_mistake(bad: Metric) -> None:
    with pytest.raises(ValueError, match="is named"):
        exposition([bad])
