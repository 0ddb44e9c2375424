"""Learning from the desk: a real replay with real clicks, and the real command on what they left. Every sentence is invented."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from carebot.errors import Unusable
from carebot.training.command import learn
from carebot.training.data import words
from carebot.training.desk import OF_MANY, OF_ONE, desk
from carebot.training.recipe import Recipe
from carebot.understand import embedded
from carebot.understand.linear import Linear
from carebot.understand.verdicts import HEADS, SERVICES

HOUSE = Path(__file__).parents[2]
NOON = datetime(2026, 3, 12, 11, tzinfo=UTC)
RULES = """
brand: {name: Banco Lumbre}
services:
  app: {name: {es: la app, en: the app}}
  points-shop: {name: {es: los puntos, en: points}}
rules: [{name: down, when: outage}]
routes: {desk: {slack: "#desk"}}
"""
QUICK = ("--each", "1", "--epochs", "3")
INCIDENT = "banco-lumbre-app-20260312"
# A joke of the season, in everybody's own words: nothing of ours is broken.
JOKES = [
    "se ha caído el árbol de la app de Lumbre otra vez, qué risa",
    "anuncio nuevo: se ha caído el árbol y el perro saluda desde la app",
    "jajaja el árbol de la app, se ha caído encima del abuelo",
    "mi hija repite todo el día que se ha caído el árbol de la app",
    "premio al mejor spot para se ha caído el árbol y su app de madera",
    "quién canta lo de se ha caído el árbol en la app, me encanta",
]


def carebot(folder: Path, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    said = subprocess.run(
        [sys.executable, "-m", "carebot", *words],
        capture_output=True,
        text=True,
        timeout=600,  # busy machines share two cores
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
    )
    assert said.returncode == status, said.stderr
    return said


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labelled messages in `labelled`, and carebot.db: a replay in which people joked and the desk said so."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    means = {"outage": {"p": 0.9, "label": True}, "service": {"label": "app", "p": 0.9}}
    said = [
        {"id": f"x:{n}", "text": text, "author": f"a{n}", "source": "x", "verdict": means, "posted_at": time(n)}
        for n, text in enumerate(JOKES)
    ]
    click = {"kind": "click", "user": "Marta", "incident": INCIDENT}
    did = [
        click | {"id": "c:1", "action": "not_incident", "at": time(10)},
        click | {"id": "c:2", "action": "correct", "service": "branch", "message": "x:1", "at": time(11)},
        click | {"id": "c:3", "action": "correct", "service": "points-shop", "message": "x:2", "at": time(12)},
        {"kind": "deleted", "id": "x:5", "at": time(13)},
    ]
    (folder / "day.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (*said, *did)), encoding="utf-8")
    carebot(folder, "replay", "--input", "day.jsonl", "--db", "carebot.db")
    labelled = folder / "labelled" / "text"
    labelled.mkdir(parents=True)
    (labelled / "care_gold_dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in gold()), encoding="utf-8")
    return folder


def time(minute: float) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat()


def gold() -> list[dict[str, object]]:
    """Labels of our own: broken things and calm ones, enough to weigh the linear model's opinion."""
    row = {"lang": "es", "note": "", "churn": 0, "fraud": 0, "moment": 0, "praise": 0}
    down = row | {"outage": 1, "complaint": 1, "sentiment": "neg", "service": "app", "symptom": "down"}
    calm = row | {"outage": 0, "complaint": 0, "sentiment": "neu", "service": "none", "symptom": "none"}
    words = ["amigo", "banco", "casa", "dia", "enero", "fiesta", "gato", "hora", "isla", "jueves", "kilo", "luna"]
    return [down | {"id": f"d{w}", "text": f"la app no jala {w}"} for w in words] + [
        calm | {"id": f"c{w}", "text": f"buenos dias {w} a todos"} for w in words
    ]


def train(folder: Path, out: str, *more: str) -> dict[str, object]:
    said = carebot(folder, "train", "--data", "labelled", "--opinions", "opinions.npz", "--out", out, "--json", *QUICK, *more)
    assert "all examples" in said.stderr
    (line,) = said.stdout.splitlines()
    return json.loads(line)


def test_what_the_desk_said_of_an_incident_and_of_one_message_becomes_examples(place: Path):
    found = desk(place / "carebot.db")
    assert {(example.source, example.lang) for example in found} == {("desk", "es")}
    assert [(example.answers, example.service, example.weight) for example in found] == [
        ({"outage": 0.0}, "", OF_MANY),
        ({"outage": 0.0}, "", OF_MANY),
        ({}, "branch", OF_ONE),
        ({"outage": 0.0}, "", OF_MANY),  # its other label is a service of the rules file: no question of the shipped reader
        ({"outage": 0.0}, "", OF_MANY),
        ({"outage": 0.0}, "", OF_MANY),
    ]
    assert found[0].text.startswith(" se ha caido el arbol")
    assert not any("quien canta" in example.text for example in found)  # deleted since


@pytest.mark.long  # learns twice: half a minute
def test_what_the_desk_calls_no_outage_is_less_of_one_the_next_time(place: Path, monkeypatch: pytest.MonkeyPatch):
    without, taught = train(place, "without.npz"), train(place, "with.npz", "--desk", "carebot.db")
    assert (without["sets"].get("desk"), taught["sets"]["desk"]) == (None, 6)
    assert taught["written"] == ["with.npz"]
    assert taught["asked"] is True
    assert (place / "opinions.npz").is_file()
    joke, fault = words("jajaja se ha caído el árbol, qué bueno"), words("la app no jala desde hace una hora")
    p = {}
    for name in ("without", "with"):
        with np.load(place / f"{name}.npz") as stored:
            linear = Linear(dict(stored))
        monkeypatch.setattr(embedded, "load", lambda linear=linear: linear)
        p[name] = embedded.Reader().read([joke, fault], ["es", "es"]).p[:, HEADS.index("outage")].tolist()
        p[name, "branch"] = linear.scores([words(JOKES[1])]).service[0, SERVICES.index("branch")]
    assert p["with"][0] < 0.5 < p["without"][0]
    assert p["with"][1] > 0.9
    assert p["with", "branch"] > p["without", "branch"]


def test_a_message_that_judges_the_model_is_not_learnt_from_though_the_desk_spoke_of_it(place: Path):
    labelled = place / "judging" / "text"
    labelled.mkdir(parents=True)
    rows = [*gold(), gold()[-1] | {"id": "j", "text": JOKES[0]}]
    (labelled / "care_gold_dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    report = learn(
        Recipe(labelled.parent, opinions=place / "opinions.npz", each=1, epochs=1),
        full=False,
        db=place / "carebot.db",
        out=place / "judging.npz",
        page=None,
        say=lambda _: None,
    )
    assert report.sets["desk"] == 5


def test_on_permissive_sets_alone_nobody_is_asked_and_the_desk_may_still_teach(place: Path):
    said = carebot(
        place, "train", "--data", "labelled", "--permissive", "--desk", "carebot.db", "--out", "p.npz", "--card", "card.md", *QUICK
    )
    assert (said.stdout, "the full tier is not asked" in said.stderr) == ("", True)
    assert (place / "p.npz").stat().st_size < 5_000_000
    told = (place / "card.md").read_text(encoding="utf-8")
    assert "| desk | the desk's own | 6 |" in told
    assert "care_gold |" not in told.split("## Labels of our own")[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--data", "nowhere"], "There is no folder nowhere. Name the one with the labelled messages: carebot train --data FOLDER."),
        (["--data", "labelled", "--desk", "nowhere.db"], "There is no database nowhere.db. Name the one that carebot runs with"),
        (["--data", "labelled", "--desk", "rules.yaml"], "rules.yaml cannot be read as carebot's database: file is not a database."),
        (["--data", "labelled", "--out", "no/such/place.npz"], "Choose other places with --out, --card and --opinions."),
        (["--data", "labelled", "--permissive", "--opinions", "none.npz"], "with --permissive the shipped full tier is not asked"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_learnt(place: Path, words: list[str], told: str):
    said = carebot(place, "train", *words, status=2)
    assert told in said.stderr
    assert "epoch" not in said.stderr


def test_a_full_tier_is_not_begun_where_its_tools_are_not_installed(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("carebot.training.command.MADE", ("json", "a_tool_of_nobody"))
    with pytest.raises(Unusable, match=r"made with a_tool_of_nobody, which is not here: pip install 'carebot\[train\]'"):
        learn(Recipe(place / "labelled"), full=True, db=None, out=place / "x.npz", page=None, say=lambda _: None)


def test_the_fast_tier_is_learnt_without_the_full_one_where_that_is_not_installed(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("carebot.training.command.ASKED", ("a_tool_of_nobody",))
    said: list[str] = []
    (place / "empty").mkdir()
    report = learn(Recipe(place / "empty", each=1, epochs=1), full=False, db=None, out=place / "alone.npz", page=None, say=said.append)
    assert report.asked is False
    assert "the full tier is not asked: a_tool_of_nobody is not here (pip install 'carebot[full]')" in said
    with pytest.raises(Unusable, match="cannot be asked without a_tool_of_nobody"):
        learn(Recipe(place / "labelled", place / "none.npz"), full=False, db=None, out=place / "x.npz", page=None, say=said.append)
