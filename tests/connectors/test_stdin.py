"""What another program writes into our standard input is heard line by line, and what was not committed is said again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from carebot.model import Batch, Message
from connectors import stdin
from tests.connectors.loopback_web import world

ROOT = Path(__file__).parents[2]


def line(number: int) -> bytes:
    return json.dumps({"id": f"chat:{number}", "text": f"mensaje {number}"}).encode() + b"\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue


def listening(file: int) -> stdin.Stdin:
    return stdin.Stdin("from-the-pipe", world(), stdin.Tap(file))


def ids(batch: Batch) -> list[str]:
    return [event.id for event in batch.events if isinstance(event, Message)]


async def test_what_is_there_is_heard_and_half_a_line_waits_for_its_end(pipe: tuple[int, int]) -> None:
    ours, theirs = pipe
    there = listening(ours)
    assert (await there.fetch(None)).events == ()
    os.write(theirs, line(1) + line(2) + line(3)[:9])
    first = await there.fetch(None)
    assert ids(first) == ["chat:1", "chat:2"]
    os.write(theirs, line(3)[9:])
    assert ids(await there.fetch(first.cursor)) == ["chat:3"]


async def test_what_was_not_committed_is_given_again_and_what_was_is_not(pipe: tuple[int, int]) -> None:
    ours, theirs = pipe
    there = listening(ours)
    os.write(theirs, line(1))
    first = await there.fetch(None)
    os.write(theirs, line(2))
    assert ids(await there.fetch(None)) == ["chat:1", "chat:2"]  # the commit of the first failed
    second = await there.fetch(first.cursor)
    assert ids(second) == ["chat:2"]
    assert (await there.fetch(second.cursor)).events == ()
    assert (await there.fetch(first.cursor)).events == ()  # an older place: what is committed does not come back


async def test_the_end_of_the_input_is_no_trouble_and_its_last_line_counts_without_a_line_end(pipe: tuple[int, int]) -> None:
    ours, theirs = pipe
    os.write(theirs, line(1) + line(2).rstrip())
    os.close(theirs)
    there = listening(ours)
    whole = await there.fetch(None)
    assert ids(whole) == ["chat:1", "chat:2"]
    assert ((await there.fetch(whole.cursor)).events, (await there.fetch(whole.cursor)).more) == ((), False)
    os.close(ours)
    assert (await listening(ours).fetch(None)).events == ()


async def test_a_cursor_of_another_run_is_about_other_lines(pipe: tuple[int, int]) -> None:
    ours, theirs = pipe
    os.write(theirs, line(1))
    assert ids(await listening(ours).fetch('{"run": "2026-11-20T00:00:00Z", "line": 700}')) == ["chat:1"]
    os.write(theirs, line(2))
    assert ids(await listening(ours).fetch('{"etag": "x"}')) == ["chat:2"]


async def test_a_bad_line_is_refused_by_its_number_and_an_endless_one_takes_no_memory(pipe: tuple[int, int]) -> None:
    ours, theirs = pipe
    there = listening(ours)
    os.write(theirs, line(1) + b"hush\n")
    first = await there.fetch(None)
    assert [(refusal.item, "hush" in refusal.reason) for refusal in first.refused] == [("line 2", False)]
    for _ in range(40):
        os.write(theirs, b"x" * 60_000)
        await there.fetch(first.cursor)
    assert len(there._tap._part) <= stdin.MAX_LINE + 1
    os.write(theirs, b"\n" + line(4))
    after = await there.fetch(first.cursor)
    assert (ids(after), [refusal.item for refusal in after.refused]) == (["chat:4"], ["line 3"])


async def test_a_burst_from_a_file_is_heard_in_parts(tmp_path: Path) -> None:
    (tmp_path / "posts").write_bytes(b"".join(line(number) for number in range(4_500)))
    with (tmp_path / "posts").open("rb") as file:
        there, cursor, heard = listening(file.fileno()), None, []
        while True:
            batch = await there.fetch(cursor)
            cursor, heard = batch.cursor, [*heard, *ids(batch)]
            assert len(batch.events) <= stdin.LINES
            if not batch.events:
                break
    assert heard == [f"chat:{number}" for number in range(4_500)]


def test_a_program_reads_its_own_standard_input() -> None:
    code = (
        "import asyncio; from connectors import stdin; from tests.connectors.loopback_web import world;"
        "there = stdin.connect('here', stdin.Options(), world());"
        "print(*(event.id for event in asyncio.run(there.fetch(None)).events))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=line(1) + line(2), capture_output=True, check=True, cwd=ROOT)
    assert done.stdout.split() == [b"chat:1", b"chat:2"]
