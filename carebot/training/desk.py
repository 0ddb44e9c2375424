"""What the desk taught by its clicks: the labels in carebot's own database, with the words they are about, as examples.

The texts are those the door let in, without personal data (`understand.screen`). They stay in memory, like those of every other set.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from carebot.errors import Unusable
from carebot.training.labelled import SURE, UNSURE
from carebot.training.model import Example, checked
from carebot.understand.language import languages
from carebot.understand.normalise import plain, tame
from carebot.understand.verdicts import SERVICES

# Who presses "not an incident" judges a card with three quotes on it, and says it of up to 200 messages at once: true of most of them,
# read by nobody. Who corrects one message has read it.
OF_MANY, OF_ONE = UNSURE, SURE

_LABELS = """
    SELECT messages.text, messages.lang, question, answer, alone FROM labels JOIN messages ON messages.id = message
    WHERE messages.text != '' ORDER BY message, question
"""
Row = tuple[str, str, str, str, int]


def desk(db: Path) -> list[Example]:
    """The examples of this database, which may be in use. Raises Unusable where it is none.

    A correction to a service that only the rules file knows teaches nothing: no question of the shipped reader is about it.
    """
    if not db.is_file():
        raise Unusable(f"There is no database {db}. Name the one that carebot runs with: carebot train --desk carebot.db.")
    try:
        with closing(sqlite3.connect(f"{db.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            rows: list[Row] = conn.execute(_LABELS).fetchall()
    except sqlite3.DatabaseError as error:
        raise Unusable(
            f"{db} cannot be read as carebot's database: {error}. One of an older version is brought up to date by carebot run."
        ) from error
    return _examples([row for row in rows if row[2] == "outage" or row[3] in SERVICES])


def _examples(rows: Sequence[Row]) -> list[Example]:
    said = [tame(text) for text, *_ in rows]
    words = [plain(text) for text in said]
    spoken = languages(words, [lang for _, lang, *_ in rows], said)
    return [
        checked(
            Example(
                text,
                lang,
                "desk",
                {"outage": float(answer == "yes")} if question == "outage" else {},
                service=answer if question == "service" else "",
                weight=OF_ONE if alone else OF_MANY,
                said=letters,
            )
        )
        for text, lang, letters, (_, _, question, answer, alone) in zip(words, spoken, said, rows, strict=True)
    ]
