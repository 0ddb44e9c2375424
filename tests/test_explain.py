"""Why carebot decided so about an incident, in words: from the database of a run, a replay or a demo, while it is in use."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from carebot.cli import main
from carebot.decide.incidents.phases import Push
from carebot.effects.database.store import Store
from carebot.explain import explained, lines
from carebot.explain_words import BECAUSE, PUSHES, WORDS
from carebot.loop import Loop
from carebot.model import Click, Deleted, Event, Probe
from carebot.replay import play, slots
from tests.saying import RULES, at, rulebook, say
from tests.test_order import complaint

APP = "banco-lumbre-app-20260312"


@pytest.fixture
def loop(tmp_path: Path):
    made = Loop(Store(tmp_path / "a.db"), rulebook(RULES), secret=b"x", destinations=lambda alert: (alert.to,))
    yield made
    made.store.close()


def told_by(loop: Loop, *events: Event, minutes: float | None = None) -> None:
    morning = say("good morning", by="zoe", minute=-1440, means="praise", about="none", id="x:morning")
    for _ in play(loop, slots(iter([morning, *events])), until=at(minutes) if minutes else None):
        pass


def in_words(loop: Loop, tmp_path: Path, rules: str = RULES) -> str:
    return "\n".join(lines(explained(tmp_path / "a.db", APP), rulebook(rules)))


def test_everything_is_told_in_the_language_of_the_rules_while_the_daemon_has_the_database(loop, tmp_path):
    said = [replace(complaint(n, n / 2), source="x" if n % 3 else "app_store", text=f"no va la app {n}") for n in range(8)]
    checks = [Probe(id=f"p{minute}", target="app", ok=False, at=at(minute)) for minute in (2, 3)]
    told_by(loop, *said, *checks, minutes=6)
    spanish = in_words(loop, tmp_path)
    for part in (
        f"{APP}: la app; confirmada; SEV2",
        "Desde las 12:00 del 2026-03-12 (comienzo estimado).",
        "Contado: 8 quejas de 8 personas",
        "Por canal: app_store: 3, x: 5",
        "Quién más lo dice: nuestra comprobación automática",
        "Gravedad 2 porque: está confirmada, es un servicio esencial",
        "posible: se abre",
        "confirmada: ya no puede ser azar",
        "suspected SEV3 → desk: por enviar",
        "Para cerrarse:",
    ):
        assert part in spanish, part
    english = in_words(loop, tmp_path, RULES.replace("  accounts:", "  staff_language: en\n  accounts:"))
    assert "Who else says so: our own check" in english and "To close:" in english and "8 complaints from 8 people" in english


def test_the_same_for_machines(loop, tmp_path, capsys):
    told_by(loop, *(complaint(n, n / 2) for n in range(8)))
    assert main(["explain", APP, "--db", str(tmp_path / "a.db"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [turn["push"] for turn in found["incident"]["turns"]] == ["opened", "stronger", "calm", "calm_long"]
    assert len(found["messages"]) == found["incident"]["count"] == 8
    assert [one["reason"] for one in found["told"]] == ["suspected", "confirmed", "resolved"]


def test_what_was_deleted_is_gone_from_here_too_and_what_is_hostile_is_harmless(loop, tmp_path):
    evil = replace(complaint(0, 0), text="la app \x1b[2J caida https://evil.com/x\u202e")
    told_by(loop, evil, *(complaint(n, n / 2) for n in range(1, 8)), Deleted(id="x:3", at=at(5)))
    found = explained(tmp_path / "a.db", APP)
    assert "x:3" in found.incident.messages and "x:3" not in {one.id for one in found.messages}
    words = "\n".join(lines(found, rulebook(RULES)))
    assert "\x1b" not in words and "\u202e" not in words and "https://" not in words and "hxxps://evil[.]com" in words


def test_what_a_person_did_and_what_a_silence_kept_back_is_told(tmp_path):
    quiet = RULES + "silences:\n  - {services: [app], until: 2026-03-12T20:00Z, owner: Marta, because: known since Monday}\n"
    loop = Loop(Store(tmp_path / "a.db"), rulebook(quiet), secret=b"x", destinations=lambda alert: (alert.to,))
    click = Click(id="k", action="not_incident", user="U1", incident=APP, at=at(6))
    told_by(loop, *(complaint(n, n / 2) for n in range(4)), click)
    words = in_words(loop, tmp_path)
    loop.store.close()
    assert "lo cierra una persona (U1)" in words and "dijo que no era incidencia" in words
    assert "no se envió: silenced by Marta" in words


def test_a_name_nobody_has_brings_the_nearest(loop, tmp_path, capsys):
    told_by(loop, *(complaint(n, n / 2) for n in range(8)))
    assert main(["explain", "banco-lumbre-ap-20260312", "--db", str(tmp_path / "a.db")]) == 2
    assert f"Did you mean {APP}?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "is not there. Name the database of the run"),
        (lambda path: Store(path).close(), "has no incident yet"),
        (lambda path: path.write_bytes(b"not a database" * 100), "cannot be read as carebot's database"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE t (a)").connection.close(), "cannot be read as carebot's database"),
    ],
)
def test_what_cannot_be_explained_says_what_to_do(tmp_path, capsys, make, says):
    make(tmp_path / "a.db")
    assert main(["explain", APP, "--db", str(tmp_path / "a.db")]) == 2
    assert says in capsys.readouterr().err


def test_the_demo_never_writes_over_a_file(tmp_path, capsys):
    (tmp_path / "mine.db").write_text("precious")
    assert main(["demo", "--fast", "--json", "--db", str(tmp_path / "mine.db")]) == 2
    assert "is there already; nothing was changed" in capsys.readouterr().err
    assert (tmp_path / "mine.db").read_text() == "precious"


def test_every_turn_and_every_reason_has_its_words_in_both_languages():
    assert set(PUSHES) >= {push.name for push in Push} | {"opened", "widened", "grew", "severity_up", "merged"}
    assert all(text.es and text.en for words in (PUSHES, BECAUSE, WORDS) for text in words.values())
