"""The feed connector on what others made: a real WordPress, and the two thousand files that feedparser is tested with."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carebot.effects.network.http import Client
from carebot.errors import Unreachable
from carebot.model import Message
from connectors import base, entries, feed
from connectors.markup import words_of
from tests.connectors.loopback_web import NOON, world
from tests.connectors.loopback_wordpress import WordPress, missing, wordpress

pytestmark = pytest.mark.peers

CORPUS = Path(os.environ.get("CAREBOT_FEEDPARSER_CORPUS", "/tmp/carebot-peers/feedparser"))


def words_in(body: bytes) -> set[str]:
    """What feedparser itself finds in each entry, as one text."""
    import feedparser

    found = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False).entries
    values = ([entry.get("title"), entry.get("summary"), *(part.get("value") for part in entry.get("content", []))] for entry in found)
    return {"".join(words) for texts in values if any(words := [words_of(text or "") for text in texts])}


@pytest.mark.skipif(
    not CORPUS.is_dir(),
    reason="no corpus: pip download --no-deps --no-binary :all: feedparser, unpack it, CAREBOT_FEEDPARSER_CORPUS=its folder",
)
def test_of_two_thousand_strange_feeds_none_stops_us_and_no_entry_with_words_is_lost() -> None:
    files = sorted(CORPUS.rglob("*.xml"))
    counts: Counter[str] = Counter()
    for file in files:
        body = file.read_bytes()
        try:
            said = entries.read(entries.Page(body, "", "foro", "", NOON, "https://forum.example/feed"))
        except Unreachable as trouble:
            said = entries.Said(trouble=str(trouble))
        counts["messages"] += len(said.messages)
        counts[said.trouble.partition(";")[0].partition(". ")[0] or "feeds"] += 1
        assert len(said.messages) == len(words_in(body)) or "declares entities" in said.trouble, file
    print(len(files), "files:", dict(counts))
    assert len(files) > 2000
    assert counts["messages"] > 400


# ── WordPress ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    if why := missing():
        pytest.skip(why)
    with wordpress(tmp_path_factory.mktemp("wordpress")) as running:
        yield running


def listening(blog: WordPress, http: Client, what: str) -> feed.Feed:
    soon = datetime.now(UTC) + timedelta(minutes=1)
    return feed.Feed("blog", feed.Options(url=f"{blog.url}/?feed={what}", lang="es", allow_private=True), world(http, now=soon))


def texts(batch: base.Batch) -> list[str]:
    return [event.text for event in batch.events if isinstance(event, Message)]


@pytest.mark.parametrize("dialect", ["rss2", "atom"])
async def test_a_post_is_read_once_and_again_when_it_is_edited_and_nothing_new_is_a_304(
    blog: WordPress, http: Client, dialect: str
) -> None:
    source = listening(blog, http, dialect)
    first = await source.fetch(None)
    post = blog.does(
        "echo wp_insert_post(['post_title' => 'La app no abre', 'post_content' => '<p>Desde las <b>8</b> &amp; sin aviso</p>',"
        " 'post_status' => 'publish', 'post_author' => 1]);"
    )
    second = await source.fetch(first.cursor)
    assert texts(second) == ["La app no abre\nDesde las 8 & sin aviso"]
    assert (second.events[0].id, second.gaps) == (f"feed:{blog.url.replace('http:', 'https:')}/?p={post}", ())  # type: ignore[union-attr]
    assert second.wait is None  # "hourly" is what every WordPress says

    assert feed.base.resumed(second.cursor, feed.Seen).etag  # type: ignore[union-attr]
    nothing = await source.fetch(second.cursor)
    assert (nothing.events, nothing.cursor) == ((), None)  # only a 304 leaves the cursor alone

    blog.does(f"sleep(1); wp_update_post(['ID' => {post}, 'post_content' => 'Ya funciona']);")
    edited = await source.fetch(second.cursor)
    assert texts(edited) == ["La app no abre\nYa funciona"]
    assert edited.events[0].id == second.events[0].id  # type: ignore[union-attr]
    blog.does(f"wp_delete_post({post}, true);")
    assert (await source.fetch(edited.cursor)).events == ()  # a feed says nothing of that


async def test_comments_say_whom_they_answer_and_where_they_stand(blog: WordPress, http: Client) -> None:
    source = listening(blog, http, "comments-atom")
    first = await source.fetch(None)
    write = "echo wp_insert_comment(['comment_post_ID' => 1, 'comment_author' => '%s', 'comment_content' => '%s', 'comment_approved' => 1, 'comment_parent' => %s]);"
    comment = blog.does(write % ("Luis", "A mí tampoco me abre", 0))
    blog.does(write % ("Eva", "Ni a mí", comment))
    batch = await source.fetch(first.cursor)
    here = f"feed:{blog.url.replace('http:', 'https:')}/?p=1"
    assert sorted((said.author, said.text, said.in_reply_to, said.conversation) for said in batch.events if isinstance(said, Message)) == [
        ("Eva", "Ni a mí", f"{here}#comment-{comment}", here),
        ("Luis", "A mí tampoco me abre", here, here),
    ]


async def test_all_its_posts_are_read_back(blog: WordPress, http: Client) -> None:
    blog.does(
        "for ($n = 1; $n <= 24; $n++) wp_insert_post(['post_title' => \"aviso $n\", 'post_content' => 'x', 'post_status' => 'publish',"
        " 'post_author' => 1, 'post_date_gmt' => \"2025-01-$n 10:00:00\", 'post_date' => \"2025-01-$n 10:00:00\"]);"
    )
    source = listening(blog, http, "rss2")
    batches = [await source.history(datetime(2025, 1, 1, tzinfo=UTC), None)]
    while batches[-1].more:
        batches.append(await source.history(datetime(2025, 1, 1, tzinfo=UTC), batches[-1].cursor))
    read = {text.partition("\n")[0] for batch in batches for text in texts(batch)}
    assert {f"aviso {number}" for number in range(1, 25)} <= read
    assert [gap for batch in batches for gap in batch.gaps] == []
