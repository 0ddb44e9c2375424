"""A feed's entries become messages once, whatever the feed forgot, and a feed made to hurt is left alone."""

from __future__ import annotations

import html
import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from carebot.effects.network.http import Client
from carebot.errors import Refused, Throttled, Unreachable
from carebot.model import Batch, Deleted, Message
from connectors import base, entries, feed
from connectors.entries import apart
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


def said(body: bytes | str, content_type: str = "application/rss+xml", *, shared: tuple[str, ...] = ()) -> entries.Said:
    whole = body if isinstance(body, bytes) else body.encode()
    return entries.read(entries.Page(whole, content_type, "foro", "", NOON, "https://forum.example/latest.rss", shared))


def read(body: bytes | str, content_type: str = "application/rss+xml") -> tuple[Message, ...]:
    return said(body, content_type).messages


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are read in this process: where a test needs many, starting one for each takes its time."""
    monkeypatch.setattr(entries, "read_apart", entries.read)


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
    ("status", "trouble"),
    [(401, Refused), (403, Refused), (404, Refused), (410, Refused), (500, Unreachable), (400, Unreachable), (429, Throttled)],
)
async def test_a_server_that_does_not_give_the_feed_is_told_by_whose_turn_it_is(
    http: Client, status: int, trouble: type[Exception]
) -> None:
    async with serving(status) as them:
        with pytest.raises(trouble, match=rf"^(foro|127\.0\.0\.1): .*{status}"):
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


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_in_an_entry_become_messages_or_a_trouble_we_know(said: bytes) -> None:
    try:
        messages = read(HEAD.encode() + b"<item><title>" + said + b"</title></item>" + TAIL.encode())
    except Unreachable:
        return
    assert all(message.id.startswith("feed:") and message.text for message in messages)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
ITEM = st.dictionaries(
    st.sampled_from(["id", "url", "title", "content_html", "content_text", "summary", "authors", "date_published"]), JSON
)


@given(st.lists(ITEM | JSON, max_size=4))
def test_whatever_json_calls_itself_a_feed_becomes_messages(items: list[object]) -> None:
    assert all(message.id.startswith("feed:") and message.text for message in read(json.dumps({"items": items})))


def test_one_half_of_a_letter_or_an_endless_number_in_json_costs_no_other_entry_its_place() -> None:
    body = '{"items": [{"id": "a", "title": "\\ud83d"}, {"id": %s, "title": "b"}, {"id": "c", "title": "no va"}]}' % ("9" * 5000)
    assert [message.text for message in read(body)] == ["no va", "b", "?"]


# ── not asking for nothing ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_page_in_which_nothing_changed_is_not_read_again(http: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    built = iter(range(100))

    async def answer(_: web.Request) -> web.Response:  # as a forum does that never says 304
        session = f"{next(built):032x}"
        body = rss(f"<lastBuildDate>{session}</lastBuildDate>", entry(1).replace("/t/1<", f"/t?t=1&amp;sid={session}<"))
        return web.Response(body=body, headers={"ETag": f'"{session}"'})

    async with serving(answer) as them:
        first = await foro(them, http).fetch(None)
        assert [event.id for event in first.events] == ["feed:https://forum.example/t?t=1"]
        monkeypatch.setattr(entries, "read_apart", lambda page: pytest.fail("was read again"))
        second = await foro(them, http).fetch(first.cursor)
        assert (second.events, second.gaps) == ((), ())
        await foro(them, http).fetch(second.cursor)
        assert [request.headers.get("If-None-Match") for request in them.asked] == [None, f'"{0:032x}"', f'"{1:032x}"']


async def test_a_server_that_tells_a_newcomer_that_nothing_is_new_is_not_believed(http: Client) -> None:
    async with serving(304) as them:
        with pytest.raises(Unreachable, match=r"foro: says that nothing is new \(304\) to somebody who has nothing yet"):
            await foro(them, http).fetch(None)


HOUR = 3600
DATE = {"Date": "Sat, 21 Nov 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "every", "seconds"),
    [
        ({}, 0, None), ({}, 900, 900), ({"Cache-Control": "public, max-age=300"}, 0, 300), ({"Cache-Control": "max-age=300"}, 900, 900),
        ({"Cache-Control": 'max-age="300"'}, 0, 300), ({"Cache-Control": "s-maxage=900"}, 0, None), ({"Cache-Control": "no-cache"}, 0, None),
        ({"Cache-Control": "max-age=300", "Age": "100"}, 0, 200), ({"Cache-Control": "max-age=300", "Age": "900"}, 0, None),
        ({"Cache-Control": "max-age=60", "Expires": "Sat, 21 Nov 2026 13:00:00 GMT"}, 0, 60),
        ({"Expires": "Sat, 21 Nov 2026 13:00:00 GMT"}, 0, HOUR), ({"Expires": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0, None),
        ({"Expires": "Sat, 21 Nov 2026 13:30:00 GMT", "Date": "Sat, 21 Nov 2026 13:00:00 GMT"}, 0, HOUR / 2),  # by their clock
        ({"Expires": "0"}, 0, None), ({"Expires": "Fri, 31 Dec 9999 23:59:59 -2300"}, 0, 24 * HOUR), ({"Cache-Control": "max-age=-1"}, 0, None),
        ({"Retry-After": "900"}, 0, None), ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "240"}, 60, 240),
    ],
)  # fmt: skip
def test_how_long_a_feed_asks_to_be_left_alone(headers: dict[str, str], every: int, seconds: float | None) -> None:
    lower = {name.lower(): value for name, value in headers.items()}
    assert feed.patience(lower, every, NOON) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text(max_size=60) | st.datetimes().map(format_datetime) | st.integers().map("max-age={}".format), st.text(max_size=20))
def test_whatever_a_server_says_of_its_patience_is_a_wait_or_none(said: str, age: str) -> None:
    wait = feed.patience({"cache-control": said, "expires": said, "age": age}, 0, NOON)
    assert wait is None or wait > timedelta()


@pytest.mark.parametrize(
    ("about", "seconds"),
    [
        ("<ttl>15</ttl>", 900), ("<ttl> 15 </ttl>", 900), ("<ttl>-1</ttl>", 0), ("<ttl>soon</ttl>", 0), ("<ttl>99999999999</ttl>", 0), ("", 0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 900),
        ("<sy:updatePeriod>\n daily </sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency><ttl>1</ttl>", 86_400),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><generator>https://wordpress.org/?v=6.1</generator>", 0),  # it says so everywhere
    ],
)  # fmt: skip
def test_a_feed_may_say_itself_how_often_it_changes(about: str, seconds: int) -> None:
    head = HEAD.replace("<rss ", '<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" ')
    assert said(head + about + entry(1) + TAIL).every == seconds


@pytest.mark.usefixtures("read_here")
async def test_a_look_hands_on_what_the_feed_asks_for_also_when_nothing_is_new(http: Client) -> None:
    async def answer(request: web.Request) -> web.Response:
        headers = {"ETag": '"1"', "Retry-After": "3000"}
        return web.Response(status=304, headers=headers) if "If-None-Match" in request.headers else web.Response(body=page, headers=headers)

    page = rss("<ttl>7</ttl>", entry(1))
    async with serving(answer) as them:
        first = await foro(them, http).fetch(None)
        assert first.wait == timedelta(minutes=7)
        assert (await foro(them, http).fetch(first.cursor)).wait == timedelta(minutes=7)


# ── what forums and blogs do with ids ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("own", "id_"),
    [
        ("http://www.Forum.example:80/t/1", "feed:https://forum.example/t/1"), ("HTTPS://forum.example:443/t/1", "feed:https://forum.example/t/1"),
        ("https://forum.example/viewtopic.php?p=9&sid=0123456789abcdef0123456789abcdef#p9", "feed:https://forum.example/viewtopic.php?p=9#p9"),
        ("https://forum.example/viewtopic.php?sid=0123456789abcdef0123456789abcdef&p=9#p9", "feed:https://forum.example/viewtopic.php?p=9#p9"),
        ("https://forum.example/showthread.php?s=0123456789abcdef0123456789abcdef", "feed:https://forum.example/showthread.php"),
        ("https://forum.example/a;jsessionid=0123456789ABCDEF0123456789ABCDEF?x=1", "feed:https://forum.example/a?x=1"),
        ("https://forum.example/?s=caida&sid=7", "feed:https://forum.example/?s=caida&sid=7"),  # a search, not a session
        ("tag:forum.example,2026:1", "feed:tag:forum.example,2026:1"), ("urn:uuid:1", "feed:urn:uuid:1"),
        ("/t/1", "feed:foro:/t/1"), ("17", "feed:foro:17"), ("post:17", "feed:foro:post:17"),
    ],
)  # fmt: skip
def test_however_a_site_spells_its_address_an_entry_keeps_its_id(own: str, id_: str) -> None:
    assert read(rss(f"<item><title>a</title><guid isPermaLink='false'>{html.escape(own)}</guid></item>"))[0].id == id_


def test_a_relative_link_is_meant_from_where_the_feed_is() -> None:
    assert read(rss("<item><title>a</title><link>/t/5?x=1</link></item>"))[0].url == "https://forum.example/t/5?x=1"
    assert read(rss("<item><title>a</title><link>//[::1</link></item>"))[0].url == ""


def shared(number: int, *, link: str = "", minutes_ago: int | None = None, text: str = "") -> str:
    at = f"<pubDate>{format_datetime(NOON - timedelta(minutes=minutes_ago), usegmt=True)}</pubDate>" if minutes_ago is not None else ""
    return (
        f"<item><title>{text or f'aviso {number}'}</title><guid>https://status.example/</guid>{link and f'<link>{link}</link>'}{at}</item>"
    )


@pytest.mark.parametrize(
    "notices",
    [
        [shared(n, minutes_ago=60 - n) for n in range(6)],
        [shared(n, link=f"https://status.example/{n}") for n in range(6)],
        [shared(n, link="https://status.example/", minutes_ago=60 - n) for n in range(6)],
    ],
    ids=["told apart by when", "told apart by where", "by when, all in one place"],
)
@pytest.mark.usefixtures("read_here")
async def test_a_feed_that_gives_all_entries_one_id_is_read_entry_by_entry_once(http: Client, notices: list[str]) -> None:
    told: list[str] = []
    cursor = None
    async with serving() as them:
        for shown in (notices[:1], notices[:2], notices[1:4], notices[3:4], notices[3:6], [*notices[3:6], entry(1)]):
            them.answer = rss(*reversed(shown))
            batch = await foro(them, http).fetch(cursor)
            cursor = batch.cursor
            assert batch.gaps == ()
            told += [event.text for event in batch.events if isinstance(event, Message)]
    assert told == [*(f"aviso {n}" for n in range(6)), "No puedo entrar en la app"]


@pytest.mark.usefixtures("read_here")
async def test_an_entry_under_a_shared_id_can_still_be_edited(http: Client) -> None:
    async with serving(rss(shared(1, minutes_ago=9), shared(2, minutes_ago=8))) as them:
        first = await foro(them, http).fetch(None)
        them.answer = rss(shared(1, minutes_ago=9), shared(2, minutes_ago=8, text="aviso 2, ampliado"))
        (edited,) = (await foro(them, http).fetch(first.cursor)).events
        assert isinstance(edited, Message)
        assert (edited.id, edited.text) == (first.events[1].id, "aviso 2, ampliado")


# ── who answers whom ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("https://blog.example/2026/11/caida/#comment-12", "https://blog.example/2026/11/caida/"),
        ("https://blog.example/2026/11/caida/comment-page-2/#comment-120", "https://blog.example/2026/11/caida/"),
        ("http://www.blog.example/?p=5#comment-12", "https://blog.example/?p=5"),
        ("https://f.example/viewtopic.php?f=2&t=5&p=17#p17", "https://f.example/viewtopic.php?f=2&t=5"),
        ("https://f.example/viewtopic.php?p=17#p17", ""),  # which topic is not said
        ("https://f.example/showthread.php?123-App-down&p=456#post456", "https://f.example/showthread.php?123-App-down"),
        ("https://f.example/showthread.php?t=123&goto=newpost", ""),
        ("https://f.example/threads/app.12/page-2#post-345", "https://f.example/threads/app.12/"),
        ("https://blog.example/2026/11/caida/", ""), ("https://blog.example/2026/11/caida/#more", ""), ("", ""), ("https://[bad/#p1", ""),
    ],
)  # fmt: skip
def test_a_comment_belongs_to_the_page_it_stands_on(link: str, page: str) -> None:
    (message,) = read(rss(f"<item><title>a</title><guid isPermaLink='false'>1</guid><link>{html.escape(link)}</link></item>"))
    assert message.conversation == (page and f"feed:{page}")


def test_a_reply_says_whom_it_answers_and_only_its_own_words() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"><entry>
      <id>https://blog.example/?p=1#comment-3</id><link href="https://blog.example/?p=1#comment-3"/><title>Comentario en La app se cae por Eva</title>
      <content type="html">a mí tampoco</content><thr:in-reply-to ref="http://blog.example/?p=1#comment-2" href="x"/></entry></feed>"""
    (message,) = read(atom)
    assert (message.text, message.in_reply_to, message.conversation) == (
        "a mí tampoco",
        "feed:https://blog.example/?p=1#comment-2",
        "feed:https://blog.example/?p=1",
    )


@pytest.mark.parametrize(
    ("title", "body", "text"),
    [
        ("Quejas • Re: La app se cae", "a mí también", "a mí también"),
        ("Quejas • La app se cae", "desde hoy", "Quejas • La app se cae\ndesde hoy"),
        ("Re: La app se cae", "", "Re: La app se cae"),
    ],
)
def test_a_title_that_only_repeats_what_is_answered_is_nobodys_words(title: str, body: str, text: str) -> None:
    assert read(rss(f"<item><title>{title}</title><description>{body}</description></item>"))[0].text == text


# ── what was taken away, what is old, what was missed ────────────────────────────────────────────────────────────

TOMBS = 'xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
TOMB = '<at:deleted-entry ref="http://www.forum.example/t/1" when="2026-11-21T11:30:00Z"/>'


def atom(*parts: str) -> bytes:
    return f"<feed {TOMBS}><title>Foro</title>{''.join(parts)}</feed>".encode()


def post(number: int, content: str = "la app no va") -> str:
    return (
        f"<entry><id>https://forum.example/t/{number}</id><published>2026-11-21T11:00:00Z</published><content>{content}</content></entry>"
    )


@pytest.mark.usefixtures("read_here")
async def test_what_a_feed_says_was_deleted_is_told_once(http: Client) -> None:
    async with serving(atom(post(1), post(2))) as them:
        first = await foro(them, http).fetch(None)
        them.answer = atom(post(2), TOMB)
        second = await foro(them, http).fetch(first.cursor)
        assert second.events == (Deleted(id="feed:https://forum.example/t/1", at=NOON - timedelta(minutes=30)),)
        them.answer = atom(post(3), post(2), TOMB)
        third = await foro(them, http).fetch(second.cursor)
        assert ids(third) == ["3"]
        them.answer = atom(post(1), post(3), TOMB)  # it was put back
        assert ids(await foro(them, http).fetch(third.cursor)) == ["1"]


@pytest.mark.parametrize(
    "page",
    [
        atom(post(2, f"<![CDATA[no va {TOMB}]]>")), atom(post(2, f"no va {TOMB}")), atom(post(2), f"<!-- {TOMB} -->"), atom(post(2), TOMB)[:-3],
        atom(post(2), f"<x>{TOMB}</x>"), atom(post(2), TOMB).replace(b"tombstones", b"flowers"), atom(post(2), TOMB.replace(' ref="', ' re="')),
        rss(f"<item><title>a</title><description>{html.escape(TOMB)}</description></item>", TOMB.replace("<at:", f"<at:deleted-entry {TOMBS} /><at:")),
    ],
)  # fmt: skip
def test_a_customer_who_writes_a_tombstone_into_a_post_deletes_nothing(page: bytes) -> None:
    assert said(page).deleted == ()
    assert said(page).messages


@pytest.mark.usefixtures("read_here")
async def test_an_old_thread_that_comes_up_again_is_no_gap_and_keeps_its_own_date(http: Client) -> None:
    async with serving(rss(entry(1, minutes_ago=9), entry(2, minutes_ago=8))) as them:
        first = await foro(them, http).fetch(None)
        them.answer = rss(entry(7, "hilo de hace un año", minutes_ago=525_600))
        second = await foro(them, http).fetch(first.cursor)
        assert [event.posted_at for event in second.events if isinstance(event, Message)] == [NOON - timedelta(minutes=525_600)]
        assert second.gaps == ()
        them.answer = rss(entry(7, "hilo de hace un año", minutes_ago=525_600), entry(1, minutes_ago=9))
        assert (await foro(them, http).fetch(second.cursor)).events == ()


@pytest.mark.usefixtures("read_here")
async def test_where_nothing_is_known_any_more_the_gap_ends_where_the_new_entries_begin(http: Client) -> None:
    async with serving(rss(entry(1, minutes_ago=59), entry(2, minutes_ago=58))) as them:
        first = await foro(them, http).fetch(None)
        them.answer = rss(*(entry(number, minutes_ago=20 - number) for number in range(8, 13)), entry(99, minutes_ago=525_600))
        second = await foro(them, http).fetch(first.cursor)
        assert [gap.to for gap in second.gaps] == [NOON - timedelta(minutes=12)]
        assert len(second.events) == 6


# ── before we came ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("read_here")
async def test_the_past_is_what_the_feed_still_shows_and_where_it_ends_is_a_gap(http: Client) -> None:
    async with serving(rss(*(entry(number, minutes_ago=number) for number in range(1, 90)))) as them:
        forum = foro(them, http)
        assert isinstance(forum, base.Remembers)
        hour = await forum.history(NOON - timedelta(hours=1), None)
        assert (len(hour.events), hour.more, hour.gaps) == (60, False, ())
        (gap,) = (await forum.history(NOON - timedelta(days=1), None)).gaps
        assert (gap.from_, gap.to) == (NOON - timedelta(days=1), NOON - timedelta(minutes=89))


@pytest.mark.parametrize("turns", [True, False], ids=["as its posts do", "as its comments do: the same page for ever"])
@pytest.mark.usefixtures("read_here")
async def test_a_wordpress_is_read_back_page_by_page_until_it_has_no_more(http: Client, turns: bool) -> None:
    async def answer(request: web.Request) -> web.Response:
        number = int(request.query.get("paged", "1")) if turns else 1
        posts = [entry(n, minutes_ago=n) for n in range(10 * number - 9, min(10 * number, 25) + 1)]
        return web.Response(body=rss("<generator>https://wordpress.org/?v=6.1</generator>", *posts)) if posts else web.Response(status=404)

    async with serving(answer) as them:
        forum = foro(them, http, path="/?feed=rss2")
        assert isinstance(forum, base.Remembers)
        batches = [await forum.history(NOON - timedelta(days=9), None)]
        while batches[-1].more:
            batches.append(await forum.history(NOON - timedelta(days=9), batches[-1].cursor))
        assert {event.id for batch in batches for event in batch.events} == {
            f"feed:https://forum.example/t/{n}" for n in range(1, 26 if turns else 11)
        }
        assert [len(batch.gaps) for batch in batches] == ([0, 0, 0, 0] if turns else [0, 1])


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
    monkeypatch.setattr(apart, "PATIENCE_S", 2)
    started = time.monotonic()
    with pytest.raises(Unreachable, match="foro: the feed could not be read in the time and memory we give it"):
        entries.read_apart(entries.Page(body, "", "foro", "", NOON))
    assert time.monotonic() - started < 4.5  # before the processor's own limit


def test_where_the_system_allows_it_the_processor_time_is_limited_too() -> None:
    page = entries.Page(HURTS[0], "", "foro", "", NOON)
    code = "from connectors.entries import apart; apart.CPU_S = 1; apart.main()"
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
    (message,) = entries.read_apart(entries.Page(rss(entry(1)), "", "foro", "es", NOON)).messages
    assert (message.text, message.lang, message.source) == ("No puedo entrar en la app", "es", "feed")
    assert [set(env) for env in started] == [{"PYTHONPATH"}]
