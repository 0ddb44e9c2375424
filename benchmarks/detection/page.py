"""Puts measured tables into the page that explains them, so that no figure there is typed by hand.

A part's place in the page is between two lines, `<!-- measured: sim -->` and `<!-- /measured -->`. What lies outside is not touched.
"""

from __future__ import annotations

import re


class NoPlace(ValueError):
    """The page has no place for a part that was measured."""


def filled(page: str, part: str, told: str) -> str:
    """The page with this text in the part's place."""
    opening, closing = f"<!-- measured: {part} -->", "<!-- /measured -->"
    place = re.compile(f"{re.escape(opening)}\n.*?{re.escape(closing)}", re.DOTALL)
    if not place.search(page):
        raise NoPlace(f"The page has no place for {part!r}. Write {opening} and {closing} on lines of their own where its tables belong.")
    return place.sub(lambda _: f"{opening}\n```text\n{told}\n```\n{closing}", page, count=1)
