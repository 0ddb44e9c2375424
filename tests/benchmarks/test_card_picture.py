"""The pictures of the card show the very payload that is posted."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import card_picture
from tests.effects.slack_marks import texts

FIGURES = Path(__file__).parents[2] / "docs" / "figures"


@pytest.mark.parametrize("name", card_picture.PICTURES)
def test_a_picture_is_of_the_card_as_it_is_now(name: str) -> None:
    """Drawn again with: python -m tests.effects.cards"""
    assert (FIGURES / name).read_text(encoding="utf-8") == card_picture.pictures()[name]


@pytest.mark.parametrize(("name", "of"), card_picture.PICTURES.items())
def test_every_word_of_the_payload_is_in_the_picture_and_stays_inside_it(name: str, of: tuple[str, str]) -> None:
    language, which = of
    payload = json.loads((card_picture.GOLDEN / f"cards_{language}.json").read_text(encoding="utf-8"))[which]
    drawn = ElementTree.fromstring((FIGURES / name).read_text(encoding="utf-8"))
    written = " ".join(part.text or "" for part in drawn.iter("{http://www.w3.org/2000/svg}text"))
    shown = [block for block in payload["blocks"] if block["type"] != "actions"]
    for _, text in texts(shown):
        for word in unescape(text).replace("*", "").split():
            assert word in written, word
    labels = [element for block in payload["blocks"] if block["type"] == "actions" for element in block["elements"]]
    assert all((element.get("text") or element["placeholder"])["text"] in written for element in labels)
    wide, high = float(drawn.attrib["width"]), float(drawn.attrib["height"])
    for box in drawn.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= wide and float(box.attrib["y"]) + float(box.attrib["height"]) <= high
