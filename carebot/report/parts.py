"""What a report is put together from: few shapes, so that a terminal and a page need to draw no more than these."""

from __future__ import annotations

from typing import Literal

import msgspec


class Link(msgspec.Struct, frozen=True):
    """A place on a network's own host; the only address that leads out of the page."""

    text: str
    url: str


Cell = str | Link


class Tiles(msgspec.Struct, frozen=True):
    """Figures at a glance: (what, how much)."""

    rows: tuple[tuple[str, str], ...]


class Bars(msgspec.Struct, frozen=True):
    """A drawn figure: what, how long the bar is (None: it has no end), what is written at its end, and what more there is to say."""

    title: str
    rows: tuple[tuple[str, float | None, str, str], ...]


class Table(msgspec.Struct, frozen=True):
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""


class Curve(msgspec.Struct, frozen=True):
    """An incident's complaints in time, with its steps marked: (name, place in counts)."""

    title: str
    counts: tuple[int, ...]
    marks: tuple[tuple[str, float], ...]


class Note(msgspec.Struct, frozen=True):
    text: str


Part = Tiles | Bars | Table | Curve | Note


class Section(msgspec.Struct, frozen=True):
    title: str
    parts: tuple[Part, ...]


class Told(msgspec.Struct, frozen=True):
    """The whole of it, for whoever draws it."""

    title: str
    lead: str
    language: Literal["es", "en"]
    sections: tuple[Section, ...]
