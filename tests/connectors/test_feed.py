"""A feed's entries become messages once, whatever the feed forgot, and a feed made to hurt is left alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from carebot.effects.http import Client
from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Message
from connectors import base, feed
from tests.connectors.loopback_web import NOON, Loopback, serving, world

ROOT = Path(__file__).parents[2]
HEAD, TAIL = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Foro</title>', "</channel></rss>"


def entry(number: int, text: str = "No puedo entrar en la app", *, minutes_ago: int = 5) -> str:
    at = format_datetime(NOON - timedelta(minutes=minutes_ago), usegmt=True)
    return (
        f"<item><title>{text}</title><guid>https://forum.example/t/{number}</guid><link>https://forum.example/t/{number}</link>"
        f"<pubDate>{at}</pubDate></item>"
    )


def rss(*entries: str) -> bytes:
    return (HEAD + "".join(entries) + TAIL).encode()


def read(body: bytes | str, content_type: str = "application/rss+xml") -> tuple[Message, ...]:
    return feed.read(feed.Page(body if isinstance(body, bytes) else body.encode(), content_type, "foro", "", NOON))


@pytest_asyncio.fixture
async def http() -> AsyncIterator[Client]:
    async with Client() as client:
        yield client


def foro(them: Loopback, http: Client, *, now: datetime = NOON, path: str = "/latest.rss") -> base.Connector:
    connector = feed.connect("foro", feed.Options(url=them.url + path, allow_private=True), world(http, now=now))
    assert isinstance(connector, base.Connector)
    return connector


def ids(batch: Batch) -> list[str]:
    return [event.id.rpartition("/")[2] for event in batch.events]


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_was_read_is_not_read_again_and_what_is_new_is(http: Client) -> None:
    async with serving(rss(entry(1, minutes_ago=9), entry(2, minutes_ago=12))) as them:
        first = await foro(them, http).fetch(None)
        assert ids(first) == ["2", "1"]  # oldest first
        assert ids(await foro(them, http).fetch(None)) == ids(first)  # asking twice is harmless
        them.answer = rss(entry(3), entry(1), entry(2))
        second = await foro(them, http).fetch(first.cursor)
        assert ids(second) == ["3"]
        them.answer = rss()  # some servers answer empty now and then
        third = await foro(them, http).fetch(second.cursor)
        them.answer = rss(entry(3), entry(1), entry(2))
        assert ids(await foro(them, http).fetch(third.cursor)) == []


async def test_an_edited_entry_comes_again_under_its_old_id(http: Client) -> None:
    async with serving(rss(entry(1, "La app va mal"))) as them:
        first = await foro(them, http).fetch(None)
        them.answer = rss(entry(1, "La app va mal. EDITADO: ya va"))
        second = await foro(them, http).fetch(first.cursor)
        assert [(event.id, event.text) for event in second.events if isinstance(event, Message)] == [
            (first.events[0].id, "La app va mal. EDITADO: ya va")
        ]
        assert (await foro(them, http).fetch(second.cursor)).events == ()


async def test_nothing_new_costs_the_server_nothing(http: Client) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"v1"' and request.headers.get("If-Modified-Since"):
            return web.Response(status=304)
        return web.Response(body=rss(entry(1)), headers={"ETag": '"v1"', "Last-Modified": "Sat, 21 Nov 2026 11:00:00 GMT"})

    async with serving(answer) as them:
        first = await foro(them, http).fetch(None)
        second = await foro(them, http).fetch(first.cursor)
        assert (len(first.events), second.events, second.cursor, len(them.asked)) == (1, (), None, 2)


async def test_of_a_very_long_feed_the_newest_five_hundred_are_read_once(http: Client) -> None:
    async with serving(
        rss(*(entry(number, f"aviso {number}", minutes_ago=2000 - number) for number in range(1200)))
    ) as them:  # oldest first
        first = await foro(them, http).fetch(None)
        assert ids(first) == [str(number) for number in range(700, 1200)]
        assert (await foro(them, http).fetch(first.cursor)).events == ()
        assert len(first.cursor or "") < 40_000


@pytest.mark.parametrize(
    ("status", "trouble"), [(401, Refused), (403, Refused), (404, Refused), (410, Refused), (500, Unreachable), (400, Unreachable)]
)
async def test_a_server_that_does_not_give_the_feed_is_told_by_whose_turn_it_is(
    http: Client, status: int, trouble: type[Exception]
) -> None:
    async with serving(status) as them:
        with pytest.raises(trouble, match=rf"^foro: .*{status}"):
            await foro(them, http, path="/latest.rss?key=hush").fetch(None)


async def test_a_web_page_is_not_a_feed_and_we_say_so(http: Client) -> None:
    async with serving(b"<!doctype html><html><body><p>Foro</p></body></html>") as them:
        with pytest.raises(Unreachable, match=r"foro: did not answer with a feed. If `url` is a web page"):
            await foro(them, http).fetch(None)


# ── what feeds forget ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_without_id_link_or_date_is_still_somebodys_words() -> None:
    only_words = "<item><title>Sin señal</title><description>Desde ayer sin línea</description></item>"
    first, again = read(rss(only_words)), read(rss(only_words, entry(1, minutes_ago=1)))
    assert (first[0].text, first[0].posted_at, first[0].url) == ("Sin señal\nDesde ayer sin línea", NOON, "")
    assert first[0].id.startswith("feed:foro:")
    assert first[0].id in {message.id for message in again}


def test_an_id_is_the_entrys_own_else_its_link_and_says_which_feed_when_it_is_only_a_number() -> None:
    message = read(rss("<item><title>a</title><guid isPermaLink='false'>17</guid><link>https://f.example/a</link></item>"))[0]
    assert (message.id, message.url) == ("feed:foro:17", "https://f.example/a")
    message = read(rss("<item><title>a</title><link>https://f.example/b</link></item>"))[0]
    assert message.id == "feed:https://f.example/b"
    long = read(rss(f"<item><title>a</title><guid>https://f.example/{'x' * 9000}</guid></item>"))[0]
    assert len(long.id) < 60


def test_an_entry_listed_twice_is_one_message() -> None:
    assert [message.text for message in read(rss(entry(1, "nuevo"), entry(1, "viejo")))] == ["nuevo"]


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Sat, 21 Nov 2026 10:30:00 +0100", datetime(2026, 11, 21, 9, 30, tzinfo=UTC)),
        ("2026-11-21T10:30:00Z", datetime(2026, 11, 21, 10, 30, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 10:30:00 GMT", NOON),  # their clock is wrong
        ("ayer por la tarde", NOON),
        ("", NOON),
        ("Sat, 99 Nov 99999999 99:99:99 GMT", NOON),
    ],
)
def test_a_date_is_read_as_it_is_meant_or_is_when_we_first_saw_it(date: str, at: datetime) -> None:
    assert read(rss(f"<item><title>a</title><pubDate>{date}</pubDate></item>"))[0].posted_at == at


@pytest.mark.parametrize(
    "body",
    [
        HEAD + entry(1, "Marks & Spencer <3"),  # not well-formed, and cut off
        "\n\n " + HEAD + entry(1) + TAIL,
        HEAD + "<item><title>a&nbsp;b</title></item>" + TAIL,
        "<rss><channel><item><title>sin versión</title></item></channel></rss>",
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>átomo</title></entry></feed>',
        '<?xml version="1.0" encoding="no-such"?><rss version="2.0"><channel><item><title>x</title></item></channel></rss>',
    ],
)
def test_a_feed_that_is_not_well_formed_is_read_all_the_same(body: str) -> None:
    assert len(read(body)) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_accents_survive_every_encoding(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><item><title>Señal caída</title></item></channel></rss>'
    assert read(body.encode(encoding), "application/xml")[0].text == "Señal caída"


def test_atom_with_author_and_html_is_read_as_a_person_would() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:f.example,2026:1</id><title>La app</title>
      <link href="https://f.example/1"/><author><name>Ana</name></author><published>2026-11-21T10:00:00Z</published>
      <content type="html">&lt;p&gt;No &lt;b&gt;va&lt;/b&gt;.&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;
      &lt;p&gt;Nada &amp;amp; nadie&lt;/p&gt;</content>
      </entry></feed>"""
    (message,) = read(atom, "application/atom+xml")
    assert (message.id, message.author, message.url) == ("feed:tag:f.example,2026:1", "Ana", "https://f.example/1")
    assert message.text == "La app\nNo va.\nNada & nadie"


def test_json_feed_is_read_too() -> None:
    body = """{"version": "https://jsonfeed.org/version/1.1", "items": [
      {"id": 7, "url": "https://f.example/7", "title": "La app", "content_html": "<p>No va</p>",
       "date_published": "2026-11-21T11:00:00+01:00", "authors": [{"name": "Ana"}]}, {"content_text": "sin nada más"}, "rubbish"]}"""
    first, second = read(body, "application/feed+json")
    assert (first.id, first.text, first.author, first.posted_at) == (
        "feed:foro:7",
        "La app\nNo va",
        "Ana",
        datetime(2026, 11, 21, 10, tzinfo=UTC),
    )
    assert (second.text, second.posted_at) == ("sin nada más", NOON)


def test_a_link_that_is_a_trap_is_not_passed_on() -> None:
    assert read(rss("<item><title>a</title><link>javascript:alert(1)</link></item>"))[0].url == ""


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>uno</p><p>dos</p>", "uno\ndos"),
        ("uno<br/>dos<br>tres", "uno\ndos\ntres"),
        ("<style>p{}</style>hola<script>if (1 < 2) x('</p>')</script> adiós", "hola adiós"),
        ("I <3 this, 2 < 3 & 4 > 3", "I <3 this, 2 < 3 & 4 > 3"),
        ("uno<!-- <p>no</p> -->dos<!-- nunca", "unodos"),
        ("&lt;b&gt; &eacute; &#233; &#xD800; &nope;", "<b> é é � &nope;"),
        ('<a href="x">enlace</a>', "enlace"),
        ("", ""),
    ],
)
def test_html_becomes_what_a_reader_sees(markup: str, words: str) -> None:
    assert feed.words_of(markup) == words


@pytest.mark.parametrize("piece", ["<", "<!--", "<a ", "</", "<![", "<?", "&", "<a b='", "<script>", "<!DOCTYPE", "-->", "&#", "\n", "<p>"])
def test_markup_made_to_hurt_is_through_in_no_time(piece: str) -> None:
    started = time.process_time()
    feed.words_of(piece * 1_000_000)
    assert time.process_time() - started < 0.5


@given(st.text())
def test_any_text_becomes_words(markup: str) -> None:
    assert len(feed.words_of(markup)) <= feed.MAX_TEXT


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_in_an_entry_become_messages_or_a_trouble_we_know(said: bytes) -> None:
    try:
        messages = read(HEAD.encode() + b"<item><title>" + said + b"</title></item>" + TAIL.encode())
    except Unreachable:
        return
    assert all(message.id.startswith("feed:") and message.text for message in messages)


# ── feeds made to hurt ───────────────────────────────────────────────────────────────────────────────────────────

ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    '<rss version="2.0"><channel><item><title>&a;</title></item></channel></rss>'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_feed_that_declares_entities_is_not_parsed(encoding: str) -> None:
    with pytest.raises(Unreachable, match="declares entities"):
        read(ENTITIES.encode(encoding))


def test_entities_hidden_in_an_odd_encoding_bring_nothing_from_our_disk() -> None:
    hidden = ENTITIES.replace('version="1.0"', 'version="1.0" encoding="utf-7"', 1).replace("<!ENTITY", "+ADw-!ENTITY")
    assert all("root:" not in message.text for message in read(hidden))


HURTS = (
    b"<rss><channel><item><author>" + b"a" * 2_000_000 + b"</author></item></channel></rss>",
    b"<rss><channel><item " + b"".join(b"a%d='1' " % number for number in range(200_000)) + b"/></channel></rss>",
)


@pytest.mark.parametrize("body", HURTS, ids=["one regular expression for minutes", "attributes by their square"])
def test_a_feed_that_would_keep_the_parser_for_minutes_is_ended(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PATIENCE_S", 2)
    started = time.monotonic()
    with pytest.raises(Unreachable, match="foro: the feed could not be read in the time and memory we give it"):
        feed.read_apart(feed.Page(body, "", "foro", "", NOON))
    assert time.monotonic() - started < 4.5  # before the processor's own limit


def test_where_the_system_allows_it_the_processor_time_is_limited_too() -> None:
    page = feed.Page(HURTS[0], "", "foro", "", NOON)
    code = "from connectors import feed; feed.CPU_S = 1; feed.main()"
    ended = subprocess.run([sys.executable, "-c", code], input=msgspec.msgpack.encode(page), timeout=30, cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL


def test_the_process_that_reads_a_feed_knows_no_secrets(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    started: list[dict[str, str]] = []
    real = subprocess.run

    def spied(*args: object, env: dict[str, str], **more: object) -> object:
        started.append(env)
        return real(*args, env=env, **more)  # type: ignore[call-overload]

    monkeypatch.setenv("CAREBOT_SLACK_TOKEN", "hush")
    monkeypatch.setattr(subprocess, "run", spied)
    (message,) = feed.read_apart(feed.Page(rss(entry(1)), "", "foro", "es", NOON))
    assert (message.text, message.lang, message.source) == ("No puedo entrar en la app", "es", "feed")
    assert [set(env) for env in started] == [{"PYTHONPATH"}]
