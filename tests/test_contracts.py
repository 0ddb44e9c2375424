"""The two commands other programs drive carebot through, as real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
VERDICT = {"id", "lang", "sentiment", "outage", "complaint", "churn", "fraud", "moment", "praise", "question", "irony", "hand_off", "recovered", "others", "unrelated", "own", "news", "advert", "service", "symptom", "why"}  # fmt: skip
ALERT = {"alert", "at", "late_by_s", "reason", "severity", "incident", "case", "brand", "service", "symptom", "region", "onset_at", "headline", "facts", "messages", "to"}  # fmt: skip


def carebot(*args: str, given: bytes = b"", **more) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "carebot", *args], cwd=REPO, input=given, capture_output=True, timeout=120, **more)


def rows(out: bytes) -> list[dict]:
    return [json.loads(row) for row in out.splitlines()]


def test_classify_answers_every_line_in_order_and_refuses_what_it_cannot_read():
    given = b'{"id": 1, "text": "no me deja entrar en la app"}\nnonsense\n\n{"id": "b", "text": "gracias, sois geniales", "stars": 5, "zzz": null}\n'
    done = carebot("classify", given=given)
    assert done.returncode == 3 and done.stderr.decode().startswith("carebot: line 2 is not JSON")
    first, second = rows(done.stdout)
    assert (first["id"], second["id"]) == ("1", "b") and set(first) == VERDICT
    assert first["outage"]["label"] is True and first["service"]["label"] in ("app", "login") and first["why"]
    assert second["praise"]["label"] is True and second["sentiment"]["label"] == "positive"
    assert abs(sum(first["sentiment"][name] for name in ("negative", "neutral", "positive")) - 1) < 1e-3


def test_classify_refuses_no_line_for_what_does_not_change_the_verdict():
    """Labelled sets have other words' `kind`, dates of their network's own, a flag as a number; Windows begins with a byte order mark."""
    odd = {"posted_at": "Thu Oct 15 21:11:59 +0000 2020", "by_brand": 1, "author": {"id": 7}, "kind": "tweet", "in_reply_to": 1.5}
    rows_in = [{"id": n, "text": "la app no funciona", **more} for n, more in enumerate([{}, odd, {"kind": None}])]
    given = b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(row).encode() for row in rows_in) + b'\r\n{"id": 3, "stars": 1}\r\n'
    done = carebot("classify", given=given)
    assert [row["id"] for row in rows(done.stdout)] == ["0", "1", "2"]
    assert all(row["outage"]["label"] for row in rows(done.stdout))
    assert done.returncode == 3 and "line 4" in done.stderr.decode() and "`text`" in done.stderr.decode()


def test_classify_answers_before_the_input_ends():
    with subprocess.Popen(
        [sys.executable, "-m", "carebot", "classify"], cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        for n in range(3):
            process.stdin.write(json.dumps({"id": str(n), "text": "hello"}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == str(n)
        process.stdin.close()
        assert process.wait(20) == 0


def test_classify_knows_the_words_of_a_rules_file(tmp_path):
    (tmp_path / "r.yaml").write_text(
        "brand: {name: Aero}\nservices:\n  lounge: {name: {es: sala, en: lounge}, words: [sala vip, lounge]}\n"
    )
    done = carebot("classify", "--rules", str(tmp_path / "r.yaml"), given=b'{"id": 1, "text": "the lounge door does not work"}\n')
    assert rows(done.stdout)[0]["service"]["label"] == "lounge"


def test_replay_says_the_contracts_fields_and_a_summary():
    said = [
        {
            "id": f"x:{n}",
            "source": "x",
            "author": f"p{n}",
            "posted_at": f"2026-03-12T11:0{n}:00Z",
            "text": f"la app no funciona {n}",
            "n": n,
        }
        for n in range(6)
    ]
    given = b"".join(json.dumps(one).encode() + b"\n" for one in said) + b"nonsense\n"
    done = carebot("replay", "--rules", "rules.yaml", "--input", "-", "--json", given=given)
    assert done.returncode == 3
    first = rows(done.stdout)[0]
    assert set(first) >= ALERT and first["reason"] == "suspected" and first["service"] == "app"
    assert first["at"].endswith("Z") and first["at"] < "2026-03-12T11:04:00Z" and set(first["headline"]) == {"es", "en"}
    assert done.stderr.decode().splitlines()[0].startswith("carebot: line 7 is not JSON")
    summary = done.stderr.decode().splitlines()[-1]
    assert summary.startswith("lines 7, messages 6, refused 1, incidents 1, cases 0, ") and summary.endswith("messages/s")


def test_replay_gives_the_same_bytes_wherever_it_runs(tmp_path):
    import gzip

    day = tmp_path / "day.jsonl"
    day.write_bytes(gzip.decompress((REPO / "carebot/demo/day.jsonl.gz").read_bytes()))
    plain = carebot("replay", "--input", str(day), "--json")
    elsewhere = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "77"}
    other = carebot("replay", "--input", str(day), "--json", env=elsewhere)
    assert plain.returncode == 0 and plain.stdout.count(b"\n") > 20 and other.stdout == plain.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("replay", "--rules", "rules.yaml", "--input", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
        (("replay", "--rules", "nowhere.yaml", "--input", "-"), "nowhere.yaml"),
        (("replay",), "--input"),
        (("status", "--db", "nowhere.db"), "nowhere.db is not there"),
    ],
)
def test_what_cannot_be_run_is_exit_status_2_and_says_why(args, says):
    done = carebot(*args)
    assert done.returncode == 2 and says in done.stderr.decode() and b"Traceback" not in done.stderr


def test_an_output_nobody_reads_any_more_is_no_traceback():
    lines = "".join(json.dumps({"id": n, "text": "hello"}) + "\n" for n in range(20_000))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m carebot classify | head -1"],
        cwd=REPO,
        input=lines.encode(),
        capture_output=True,
        timeout=60,
    )
    assert done.stdout.count(b"\n") == 1
    assert (done.returncode, done.stderr) == (0, b"")
