"""One customer's case, whole, as `carebot explain CASE` shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carebot.case_history import history, lines
from carebot.cli import main
from carebot.effects.store import Store
from carebot.errors import Unusable
from carebot.loop import Loop
from carebot.model import Batch, Deleted
from tests.decide.test_answered_is_not_solved import PROMISES, asks, reply
from tests.saying import at, rulebook


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    one = Loop(Store(tmp_path / "care.db"), rulebook(PROMISES), secret=b"k", destinations=lambda alert: (alert.to,))
    said = [
        asks(0, text="@BancoLumbre me habéis cobrado \x1b[31mdos veces"),
        reply(10, "@ana Llama al 900 100 200 y te lo miran.", to="x:ana-0"),
        asks(16, means="moment", text="@BancoLumbre estoy en Lisboa sin dinero"),
        reply(25, "@ana Te escribimos en 2 horas.", to="x:ana-16"),
    ]
    for message in said:
        one.take([Batch(source="x", events=(message,))], message.posted_at)
    one.take([Batch(source="x", events=(Deleted(id="x:ana-16", at=at(26)),))], at(26))
    one.take([], at(160))
    one.store.close()
    return tmp_path / "care.db"


def test_a_case_is_told_line_by_line_with_how_long_they_waited(kept: Path):
    shown = "\n".join(lines(history(kept, "case-x:ana-0"), rulebook(PROMISES)))
    assert shown == """
case-x:ana-0: abierto; 1 mensajes suyos, 1 respuestas, 1 derivaciones, reabierto 0 veces
2026-03-12 12:00  @ana (x) · pide respuesta
    @BancoLumbre me habéis cobrado [31mdos veces
2026-03-12 12:10  @LumbreResponde (x) · derivación
    @ana Llama al [phone] y te lo miran.
2026-03-12 12:25  @LumbreResponde (x) · respuesta nuestra · esperó 25 min
    @ana Te escribimos en 2 horas.
primera respuesta (people-first {version}): vence 2026-03-12 12:26; cumplida 2026-03-12 12:25
solución (people-first {version}): vence 2026-03-12 13:16; fuera de plazo
promesa («en 2 horas»): vence 2026-03-12 14:25; fuera de plazo
2026-03-12 12:16  se avisó: moment → desk
2026-03-12 14:40  se avisó: promise_broken → people
2026-03-12 14:40  se avisó: sla_breached → people
""".strip().format(version=rulebook(PROMISES).terms[0].version)  # fmt: skip


def test_the_same_for_machines_and_for_a_case_that_is_not_there(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "rules.yaml").write_text(PROMISES)
    assert main(["explain", "case-x:ana-0", "--db", str(kept), "--rules", str(tmp_path / "rules.yaml"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [line.get("waited_s") for line in found["said"]] == [None, None, 1500] and found["told"][0][1] == "moment"
    with pytest.raises(Unusable, match="begins with case-"):
        history(kept, "case-x:nobody")
