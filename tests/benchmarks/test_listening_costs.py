"""What listening costs: the command measures every connector that brings messages, and its page has a place for each part."""

import json
from xml.etree import ElementTree

from benchmarks.listening import __main__ as command
from benchmarks.listening.drawing import drawn
from benchmarks.listening.reading import Reading
from tests.connectors.places import PLACES


def test_every_connector_is_timed_beside_somebody_who_only_decodes(capsys, monkeypatch):
    from connectors import entries

    monkeypatch.setattr(entries, "read_apart", entries.read_apart)  # as it was, afterwards
    assert command.main(["--quick", "--parts", "reading", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["who"] for one in told} == {place().name for place in PLACES if place.kind != "status_page"}
    assert all(one["messages"] >= 35 and one["parse_us"] > 0 and one["screen_us"] > 0 and one["beside_us"] > 0 for one in told)


def test_the_picture_has_a_row_for_each_and_its_words_say_the_figures():
    one = Reading(who="feed", messages=9, kilobytes=1.0, parse_us=200.0, screen_us=12.0, beside="feedparser", beside_us=150.0)
    picture = ElementTree.fromstring(drawn([one]))
    assert "feed: 200 and 12 µs, feedparser 150 µs" in "".join(picture.itertext())
    assert len([part for part in picture if part.tag.endswith("rect")]) == 3


def test_the_page_has_a_place_for_every_part():
    page = (command.DOCS / command.PAGE).read_text(encoding="utf-8")
    assert [name for name in command.PARTS if f"<!-- measured: {name} -->" not in page] == []
    assert (command.DOCS / command.PICTURE).exists()
