"""One customer's matter in one view: what they said, what they were told and by whom, how long they waited, what explains it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from carebot.cli import main
from carebot.errors import Unusable
from carebot.model import Batch, Case, Deleted, Line, Message
from carebot.report.case import View, shown, waited
from carebot.report.case_text import ENDS, WHAT, WORDS, lines
from tests.saying import RULES, at, rulebook, say
from tests.test_order import complaint
from tests.test_report import APP, BOOK, asks, heard, loop, ours  # noqa: F401  the fixture

pytestmark = pytest.mark.usefixtures("loop")


def in_words(tmp_path: Path, what: str, language: str = "en") -> list[str]:
    return lines(shown(tmp_path / "a.db", what), BOOK, language)  # type: ignore[arg-type]


def three_doors(loop) -> tuple[Message, ...]:  # noqa: F811
    """She is sent to the branch, from there to the telephone, and then helped."""
    first = asks("ana", 0, "@BancoLumbre quiero quitar a mi ex de la cuenta", id="x:1")
    again = asks("ana", 90, "@BancoLumbre en la oficina me dicen que por teléfono", means="complaint", id="x:2")
    said = (
        first,
        ours(10, first, "Por favor, acude a tu oficina con el DNI"),
        again,
        ours(100, again, "Llámanos al 900 123 456 y lo vemos contigo"),
        ours(130, again, "Ya está quitado de la cuenta. Te escribimos hoy antes de las 18:00 para confirmarlo"),
    )
    heard(loop, *said, until=600)
    return said


def test_a_case_is_told_in_order_with_who_said_what_and_how_long_it_took(loop, tmp_path):  # noqa: F811
    three_doors(loop)
    found = shown(tmp_path / "a.db", "case-x:1")
    assert [(one.what, one.by, one.waited_min) for one in found.lines] == [
        ("asked", "ana", None),
        ("hand_off", "BancoLumbre", None),
        ("asked", "ana", None),
        ("hand_off", "BancoLumbre", None),
        ("answer", "BancoLumbre", 130.0),
    ]
    assert (found.who, found.state, found.contacts, found.answers, found.hand_offs) == ("ana", "answered", 2, 1, 2)
    assert (found.wrote_before_answer, found.came_back, found.first_answer_min, found.longest_wait_min) == (2, 1, 130.0, 130.0)
    assert [(one.kind, one.end, one.words) for one in found.clocks] == [
        ("first_response", "broken", ""),
        ("promise", "broken", "hoy antes de las 18:00"),
    ]
    reasons = [one.reason for one in found.alerts]
    assert "hand_offs" in reasons and "sla_breached" in reasons and "promise_broken" in reasons
    said = "\n".join(in_words(tmp_path, "case-x:1"))
    order = [
        "quiero quitar a mi ex",
        "acude a tu oficina",
        "en la oficina me dicen",
        "Llámanos al",
        "Sent elsewhere twice",
        "Ya está quitado",
    ]
    assert [said.index(part) for part in order] == sorted(said.index(part) for part in order)
    assert "answer, after 2 h 10 min" in said and "what was promised, due 12/03 18:00: broken «hoy antes de las 18:00»" in said


@pytest.mark.parametrize("what", ["case-x:1", "x:1", "@ana", "@ANA", "x:2", "x:ours-10-x:1"])
def test_it_is_found_by_its_name_by_their_handle_and_by_any_message_in_it(loop, tmp_path, what):  # noqa: F811
    three_doors(loop)
    assert shown(tmp_path / "a.db", what).case == "case-x:1"


def test_of_several_cases_of_a_customer_the_open_one_is_shown_and_the_others_are_named(loop, tmp_path):  # noqa: F811
    first, later = asks("ana", 0, about="card", id="x:1"), asks("ana", 60 * 24 * 20, about="app", id="x:2")
    heard(loop, first, ours(5, first), later, until=60 * 24 * 20 + 5)
    found = shown(tmp_path / "a.db", "@ana")
    assert (found.case, found.others) == ("case-x:2", ("case-x:1",))
    assert in_words(tmp_path, "@ana")[-1] == "Other cases of theirs: case-x:1"
    assert shown(tmp_path / "a.db", "case-x:1").state == "closed"


def test_a_case_that_joined_another_is_shown_as_that_one(loop, tmp_path):  # noqa: F811
    first = asks("ana_x", 0, id="x:1")
    elsewhere = asks("ana.ruiz", 5, "@BancoLumbre soy @ana_x en Twitter, sigo esperando", id="ig:1", source="instagram")
    heard(loop, first, replace(elsewhere, text="@BancoLumbre hola", id="ig:0", posted_at=at(2), seen_at=at(2)), elsewhere, until=10)
    joined = "SELECT count(*) FROM cases WHERE json_extract(CAST(doc AS TEXT), '$.joined') != ''"
    assert loop.store.db.conn.execute(joined).fetchone()[0] == 1
    found = shown(tmp_path / "a.db", "case-ig:0")
    assert (found.asked_for, found.case, found.contacts) == ("case-ig:0", "case-x:1", 3)
    assert [one["known_by"] for one in found.accounts] == ["words"]
    assert any("Says to be @ana.ruiz (instagram) too: “" in line for line in in_words(tmp_path, "case-ig:0"))


def test_the_incident_that_explains_it_is_told_with_it(loop, tmp_path):  # noqa: F811
    heard(loop, *(replace(complaint(n, n / 2), text=f"@BancoLumbre no va la app {n}") for n in range(9)), until=12)
    found = shown(tmp_path / "a.db", "@" + complaint(8, 4).author)
    assert found.explained_by and (found.explained_by.incident, found.explained_by.service) == (APP, "app")
    assert any(line.startswith(f"Explained  by {APP}: the app, confirmed, since 12/03 12:00") for line in in_words(tmp_path, found.case))


def test_what_was_deleted_is_gone_from_here_too(loop, tmp_path):  # noqa: F811
    said = three_doors(loop)
    loop.take([Batch(source="x", events=(Deleted(id="x:2", at=at(700)),))], at(700))
    found = msgspec.json.encode(shown(tmp_path / "a.db", "case-x:1")).decode()
    assert said[2].text not in found and said[0].text in found
    for minute in (60 * 24 * 5, 60 * 24 * 5 + 60):  # it is over and has left the desk
        loop.take([], at(minute))
    loop.take([Batch(source="x", events=(Deleted(id="x:1", at=at(9000)),))], at(9000))
    told = "\n".join(in_words(tmp_path, "case-x:1"))
    assert said[0].text not in told and "@ana" not in told.replace("(x)", "")[:400] and "took back all they said" in told
    assert "(deleted)" in told
    with pytest.raises(Unusable, match="no case of @ana"):
        shown(tmp_path / "a.db", "@ana")


def test_of_three_hundred_messages_the_counts_are_true_and_the_gap_says_how_many(loop, tmp_path):  # noqa: F811
    first = asks("ana", 0, id="x:first")
    said: list[Message] = [first]
    for n in range(1, 300):
        said.append(ours(n * 2, first) if n % 3 == 2 else asks("ana", n * 2, id=f"x:{n}"))
    heard(loop, *said, until=610)
    found = shown(tmp_path / "a.db", "case-x:first")
    assert (found.contacts, found.answers, len(found.lines), found.left_out, found.not_kept) == (200, 100, 50, 250, True)
    assert (found.first_answer_min, found.wrote_before_answer, found.longest_wait_min) == (4.0, 2, 4.0)
    told = in_words(tmp_path, "x:first")
    gap = next(n for n, line in enumerate(told) if "250 messages in between are not kept" in line)
    assert "12:18" in told[gap - 2] and "20:40" in told[gap + 1]


def test_a_customer_who_waits_still_waits_until_now_and_one_who_says_that_it_works_does_not():
    def case(*history: Line, **more: object) -> Case:
        fields = {"id": "c", "brand": "B", "source": "x", "author_key": "k", "author": "ana", "opened_at": at(0), "last_at": at(0)}
        return Case(**{**fields, "history": history, **more})

    asked, door, answer = Line("a", at(0), "asked"), Line("b", at(5), "hand_off"), Line("c", at(20), "answer")
    assert list(waited(case(asked, door), at(60))) == [("", 60.0)]
    assert list(waited(case(asked, door, answer, Line("d", at(30), "wrote")), at(60))) == [("c", 20.0)]
    assert list(waited(case(asked, answer, Line("d", at(30), "asked")), at(60))) == [("c", 20.0), ("", 30.0)]
    assert list(waited(case(asked, Line("d", at(9), "solved"), solved_at=at(9)), at(60))) == []
    assert list(waited(case(asked, closed_at=at(40)), at(60))) == [("", 40.0)]


def test_what_strangers_wrote_is_harmless_in_a_terminal(loop, tmp_path):  # noqa: F811
    evil = "@BancoLumbre \x1b[2J\x1b]0;owned\x07 mira https://evil.com/x\u202egnp.exe\r\nfalso"
    heard(loop, asks("ev\x1b[31mil", 0, evil, id="x:1"), until=60)
    told = "\n".join(in_words(tmp_path, "x:1"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", told)
    assert "https://" not in told and "hxxps://evil[.]com" in told


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("case-x:404", "knows no case, message or handle"),
        ("@nobody", "knows no case of @nobody"),
        ("x:thanks", "is in no case: it needed no answer"),
    ],
)
def test_what_is_not_there_says_so_and_what_to_write(loop, tmp_path, capsys, what, says):  # noqa: F811
    heard(loop, say("buenos días", by="zoe", means="", id="x:thanks"), until=5)
    (tmp_path / "rules.yaml").write_text(RULES)
    assert main(["case", what, "--db", str(tmp_path / "a.db"), "--rules", str(tmp_path / "rules.yaml")]) == 2
    assert says in capsys.readouterr().err


def test_the_same_for_machines(loop, tmp_path, capsys):  # noqa: F811
    three_doors(loop)
    (tmp_path / "rules.yaml").write_text(RULES)
    command = ["case", "@ana", "--db", str(tmp_path / "a.db"), "--rules", str(tmp_path / "rules.yaml")]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(View.__struct_fields__)
    assert "author_key" not in json.dumps(found)
    assert main([*command, "--lang", "es"]) == 0
    assert "le mandamos a otra puerta" in capsys.readouterr().out


def test_every_word_is_there_in_both_languages():
    assert all(text.es and text.en for text in (*WORDS.values(), *WHAT.values(), *ENDS.values()))
    assert rulebook().file.brand.staff_language == "es"
