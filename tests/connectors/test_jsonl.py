"""A file that grows is read to its last complete line, once, however it is cut, rotated or filled with rubbish."""

from __future__ import annotations

import json
import random
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Click, Deleted, Message, Probe
from connectors import base, jsonl
from tests.connectors.loopback_web import NOON, world


def said(number: int | str, text: str = "no puedo entrar", **more: object) -> bytes:
    return json.dumps({"id": number, "text": text, "posted_at": "2026-11-21T11:59:00Z", **more}).encode() + b"\n"


def notes(path: Path) -> base.Connector:
    connector = jsonl.connect("call-notes", jsonl.Options(path=str(path)), world())
    assert isinstance(connector, base.Connector)
    return connector


def ids(*batches: Batch) -> list[str]:
    return [event.id for batch in batches for event in batch.events]


async def drained(source: base.Connector, cursor: str | None = None) -> list[Batch]:
    batches = [await source.fetch(cursor)]
    while batches[-1].more:
        batches.append(await source.fetch(batches[-1].cursor))
    return batches


async def test_a_note_is_read_once_and_the_next_look_goes_on_after_it(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(said(1) + said(2))
    first = await notes(file).fetch(None)
    assert ids(first) == ["call-notes:1", "call-notes:2"]
    assert ids(await notes(file).fetch(None)) == ids(first)  # asking twice is harmless
    assert ids(await notes(file).fetch(first.cursor)) == []
    with file.open("ab") as more:
        more.write(said(3))
    assert ids(await notes(file).fetch(first.cursor)) == ["call-notes:3"]


async def test_half_a_line_waits_until_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    whole = said(1, "se cayó la aplicación")
    batch = Batch(source="")
    for end in range(len(whole)):
        file.write_bytes(whole[:end])
        batch = await notes(file).fetch(batch.cursor)
        assert ids(batch) == []
        assert not batch.more
    file.write_bytes(whole)
    assert ids(await notes(file).fetch(batch.cursor)) == ["call-notes:1"]


async def test_a_burst_is_drained_page_by_page_without_a_hole(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(b"".join(said(number) for number in range(5_001)))
    batches = await drained(notes(file))
    assert [len(batch.events) for batch in batches] == [2000, 2000, 1001]
    assert ids(*batches) == [f"call-notes:{number}" for number in range(5_001)]


async def test_long_texts_make_a_page_shorter(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(b"".join(said(number, "x" * 900_000) for number in range(12)))
    batches = await drained(notes(file))
    assert [len(batch.events) for batch in batches] == [5, 5, 2]


@pytest.mark.parametrize("seed", range(20))
async def test_however_the_writer_and_the_reader_take_turns_nothing_is_lost_or_doubled(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    file = tmp_path / "notes.jsonl"
    written = b"".join(said(number) for number in range(300))
    read: list[str] = []
    at = 0
    file.touch()
    cursor = (await notes(file).fetch(None)).cursor  # what lay in a rotated file before the first look is not ours
    while at < len(written):
        with file.open("ab") as more:
            more.write(written[at : (at := at + chance.randrange(3000))])
        if chance.random() < 0.15:
            file.rename(tmp_path / "notes.jsonl.1")
            file.touch()
            if not written[:at].endswith(b"\n"):  # a writer finishes its line before it rotates
                end = written.find(b"\n", at) + 1 or len(written)
                with (tmp_path / "notes.jsonl.1").open("ab") as rest:
                    rest.write(written[at:end])
                at = max(at, end)
            batches = await drained(notes(file), cursor)
        else:
            batches = [await notes(file).fetch(cursor)]
        read += ids(*batches)
        cursor = batches[-1].cursor
    read += ids(*await drained(notes(file), cursor))
    assert read == [f"call-notes:{number}" for number in range(300)]


async def test_a_file_that_was_cut_and_filled_again_is_read_from_its_start(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(said(1) + said(2))
    first = await notes(file).fetch(None)
    file.write_bytes(said(3))  # shorter
    assert ids(second := await notes(file).fetch(first.cursor)) == ["call-notes:3"]
    file.write_bytes(said(4) + said(5) + said(6))  # longer, and another beginning
    assert ids(await notes(file).fetch(second.cursor)) == ["call-notes:4", "call-notes:5", "call-notes:6"]


async def test_a_bad_line_is_refused_by_its_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    click = b'{"kind": "click", "id": "c1", "action": "resolve", "user": "eve", "incident": "i1", "at": "2026-11-21T11:59:00Z"}\n'
    probe = b'{"kind": "probe", "id": "p1", "target": "login", "ok": false, "at": "2026-11-21T11:59:00Z"}\n'
    gone = b'{"kind": "deleted", "id": "x:7", "at": "2026-11-21T11:59:00Z"}\n'
    file.write_bytes(
        said(1)
        + b"not json\n"
        + b"\n"
        + said(2, "x" * 1_100_000)
        + b"\xff\xfe\n"
        + b"[" * 100_000
        + b"\n"
        + click
        + said("")
        + probe
        + gone
    )
    batch = await notes(file).fetch(None)
    assert ids(batch) == ["call-notes:1", "call-notes:p1", "x:7"]
    assert [type(event) for event in batch.events] == [Message, Probe, Deleted]
    assert [refusal.item for refusal in batch.refused] == [f"line {number}" for number in (2, 4, 5, 6, 7, 8)]
    assert "only Slack" in batch.refused[4].reason
    assert not any(isinstance(event, Click) for event in batch.events)
    with file.open("ab") as more:
        more.write(b"still not json\n")
    assert (await notes(file).fetch(batch.cursor)).refused[0].item == "line 11"


async def test_a_line_that_never_ends_is_not_held_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(said(1) + b"x" * 30_000_000)
    tracemalloc.start()
    try:
        first = await notes(file).fetch(None)
        assert ids(first) == ["call-notes:1"]
        assert not first.more
        with file.open("ab") as more:
            more.write(b"\n" + said(2))
        rest = await drained(notes(file), first.cursor)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert ids(*rest) == ["call-notes:2"]
    assert [refusal.item for batch in rest for refusal in batch.refused] == ["line 2"]


async def test_ids_that_name_their_network_stay_and_answers_find_their_question(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(said("x:1", source="x") + said("2", in_reply_to="1", conversation="x:1") + b'{"id": 3, "text": "hola"}\n')
    network, reply, undated = (await notes(file).fetch(None)).events
    assert isinstance(network, Message)
    assert isinstance(reply, Message)
    assert isinstance(undated, Message)
    assert (network.id, network.source, reply.source) == ("x:1", "x", "call-notes")
    assert (reply.id, reply.in_reply_to, reply.conversation) == ("call-notes:2", "call-notes:1", "x:1")
    assert (network.posted_at, network.seen_at, undated.posted_at) == (datetime(2026, 11, 21, 11, 59, tzinfo=UTC), NOON, NOON)


async def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"call-notes: there is no file .*notes.jsonl yet"):
        await notes(tmp_path / "notes.jsonl").fetch(None)
    with pytest.raises(Refused, match="cannot be read"):
        await notes(tmp_path).fetch(None)


@pytest.mark.parametrize("cursor", ["", "x", "{}", '{"etag": "1"}', "[" * 5000])
async def test_a_cursor_that_another_kind_left_starts_at_the_beginning(tmp_path: Path, cursor: str) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(said(1))
    assert ids(await notes(file).fetch(cursor)) == ["call-notes:1"]


async def test_a_file_that_another_program_has_yet_to_write_is_no_fault_but_a_folder_that_is_not_there_is(tmp_path: Path):
    def there(path: Path) -> base.Checked:
        connector = notes(path)
        assert isinstance(connector, base.Checked)
        return connector

    assert "not there yet" in await there(tmp_path / "notes.jsonl").check()
    (tmp_path / "notes.jsonl").write_text('{"id": "1", "text": "hola"}\n')
    assert "can be read" in await there(tmp_path / "notes.jsonl").check()
    with pytest.raises(Unreachable):
        await there(tmp_path / "no" / "notes.jsonl").check()
