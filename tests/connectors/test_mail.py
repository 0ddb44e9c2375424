"""What customers write by mail is heard once, whatever the mailbox does meanwhile, and nobody can see that we looked."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carebot.effects.network.http import Client
from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Message
from connectors import mail
from connectors.mail.imap import Letter, modified_utf7
from connectors.mail.letter import Unreadable, own_words, read
from tests.connectors import certificates, loopback_imap
from tests.connectors.certificates import needs_openssl
from tests.connectors.loopback_imap import Mailbox
from tests.connectors.loopback_web import NOON, saying, world

PASSWORD = "contraseña-1"


def letter(number: int, text: str = "No puedo pagar con la tarjeta", **headers: str) -> bytes:
    said = EmailMessage()
    said["From"] = "Ana Díaz <Ana@example.org>"
    said["To"] = "care@lumbre.example"
    said["Subject"] = f"Tarjeta {number}"
    said["Message-ID"] = f"<{number}@example.org>"
    said["Date"] = "Sat, 21 Nov 2026 12:30:00 +0100"
    for name, value in headers.items():
        del said[name.replace("_", "-")]
        if value:
            said[name.replace("_", "-")] = value
    said.set_content(text)
    return said.as_bytes()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates.made(tmp_path_factory.mktemp("certificates"))


@asynccontextmanager
async def mailbox(certificate: Path, box: Mailbox | None = None) -> AsyncIterator[tuple[Mailbox, mail.Mail]]:
    async with (
        loopback_imap.serving(box or Mailbox(), certificates.shown(certificate)) as them,
        Client(deadline=timedelta(seconds=2), trust=certificates.believed(certificate)) as http,
    ):
        yield them, source(http, them.port)


def source(http: Client, port: int, password: str = PASSWORD, **options: Any) -> mail.Mail:
    asked = {"host": "127.0.0.1", "port": port, "user": "care@lumbre.example", "password": "box", "ours": ["lumbre.example"], **options}
    made = mail.connect("care", mail.Options(allow_private=True, **asked), world(http, box=password + "\n"))
    assert isinstance(made, mail.Mail)
    return made


async def drained(care: mail.Mail, cursor: str | None = None) -> list[Batch]:
    batches = [await care.fetch(cursor)]
    while batches[-1].more:
        batches.append(await care.fetch(batches[-1].cursor))
    return batches


def ids(batches: list[Batch]) -> list[str]:
    return [event.id for batch in batches for event in batch.events if isinstance(event, Message)]


# ── what is said in a mail ───────────────────────────────────────────────────────────────────────────────────────


def heard(raw: bytes, ours: tuple[str, ...] = ("lumbre.example",), came_at: str = "21-Nov-2026 11:31:00 +0000") -> Message | None:
    return read(Letter(raw, came_at), "care", ours, NOON)


def test_a_mail_says_who_when_what_and_in_which_conversation() -> None:
    answer = letter(3, "Sigue igual.\n\nEl sáb, 21 nov 2026 a las 10:00, Lumbre escribió:\n> Ya está.\n", Subject="Re: RV: Tarjeta",
                    In_Reply_To="<2@lumbre.example>", References="<1@example.org> <2@lumbre.example>")  # fmt: skip
    assert heard(answer) == Message(
        id="mail:3@example.org",
        text="Tarjeta\nSigue igual.",
        posted_at=datetime(2026, 11, 21, 11, 30, tzinfo=UTC),
        seen_at=NOON,
        source="mail",
        author="ana@example.org",
        author_name="Ana Díaz",
        direct=True,
        in_reply_to="mail:2@lumbre.example",
        conversation="mail:1@example.org",
    )
    first = heard(letter(1))
    assert first and (first.conversation, first.in_reply_to) == ("mail:1@example.org", "")


@pytest.mark.parametrize(
    ("sender", "ours"),
    [("care@lumbre.example", True), ("Lumbre <no-reply@mail.LUMBRE.example>", True), ("eve@notlumbre.example", False),
     ("lumbre.example", True), ("eve@example.org", False)],
)  # fmt: skip
def test_what_comes_from_our_own_addresses_is_our_answer(sender: str, ours: bool) -> None:
    said = heard(letter(1, From=sender))
    assert said and said.by_brand == ours


def test_a_mail_without_an_id_has_the_same_one_each_time_and_not_anothers() -> None:
    first, again, other = (heard(letter(1, text, Message_ID="")) for text in ("Hola", "Hola", "Adiós"))
    assert first and again and other
    assert first.id == again.id != other.id
    assert first.id.startswith("mail:care:")


def test_what_a_machine_answers_by_itself_is_not_said_by_a_person() -> None:
    assert heard(letter(1, Auto_Submitted="auto-replied")) is None
    assert heard(letter(1, Auto_Submitted="no")) is not None


@pytest.mark.parametrize(
    ("written", "taken"),
    [("Sat, 21 Nov 2026 12:30:00 +0100", "11:30"), ("Sat, 21 Nov 2037 12:30:00 +0100", "11:31"), ("Thu, 01 Jan 1970 00:00:00 +0000", "11:31"),
     ("mañana", "11:31"), ("", "11:31"), ("Sat, 21 Nov 99999 12:30:00", "11:31")],
)  # fmt: skip
def test_a_mail_was_written_when_it_says_unless_that_cannot_be(written: str, taken: str) -> None:
    said = heard(letter(1).replace(b"Sat, 21 Nov 2026 12:30:00 +0100", written.encode()))
    assert said and f"{said.posted_at:%H:%M}" == taken


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Subject: =?utf-8?B?VGFyamV0YQ==?=\n\nse\xc3\xb1or", "Tarjeta\nseñor"),
        (b"Subject: a\nContent-Type: text/plain; charset=utf-8\n\nse\xf1or", "a\nseñor"),
        (b"Subject: a\nContent-Type: text/plain; charset=no-such\n\nse\xc3\xb1or", "a\nseñor"),
        (b"Subject: a\nContent-Type: text/html; charset=latin-1\n\n<style>p{}</style><p>se\xf1or<p>hola", "a\nseñor\nhola"),
        (b"Subject: =?bogus?Q?x?= =?utf-8?B?%%%?=\n\nhola", "x\nhola"),
        (
            b"Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<b>rico</b>\n--b\n\nllano\n--b--",
            "a\nllano",
        ),
        (b"Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ncortado en la mi", "a\ncortado en la mi"),
        (b"Subject: a\nContent-Transfer-Encoding: base64\n\naG9sYQ", "a\nhola"),
    ],
)
def test_the_words_are_found_whatever_the_mail_says_of_itself(raw: bytes, text: str) -> None:
    said = heard(raw)
    assert said and said.text == text


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Nada.\n\nOn Sat, 21 Nov 2026 at 10:00, Lumbre <care@lumbre.example>\nwrote:\n> hush", "Nada."),
        ("Nada.\n\nOn 21 Nov 2026 Lumbre wrote:\n> hush", "Nada."),
        ("Nada.\n-----Mensaje original-----\nDe: Lumbre\nhush", "Nada."),
        ("Nada.\n\nDe: Lumbre <care@lumbre.example>\nEnviado el: sábado\nPara: Ana\n\nhush", "Nada."),
        ("Nada.\n________________________________\nFrom: Lumbre\nhush", "Nada."),
        ("> ¿Funciona?\nNo.\n-- \nAna, 600 000 000", "No."),
        ("> solo cita", "> solo cita"),
        ("El jefe me escribió: pague ya", "El jefe me escribió: pague ya"),
    ],
)  # fmt: skip
def test_what_is_quoted_is_not_said_again(text: str, own: str) -> None:
    assert own_words(text) == own


def test_a_mail_without_words_is_refused_without_repeating_anything() -> None:
    with pytest.raises(Unreadable, match=r"^has no words, only files or pictures$"):
        heard(b"From: ana@example.org\nContent-Type: image/png\n\nhush")


def test_a_mail_within_a_mail_within_a_mail_ends() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)) + b"\nhola"
    for raw in (deep, b"Content-Type: message/rfc822\n\n" * 3000 + b"\nhola", b"Subject: " + b"=?utf-8?Q?a?= " * 20_000 + b"\n\nhola"):
        try:
            said = heard(b"Subject: a\n" + raw)
        except Unreadable:
            continue
        assert said and said.text.startswith("a")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"From: ", b"Subject: ", b"Content-Type: ", b"Content-Type: multipart/mixed; boundary=", b"Date: ", b"Message-ID: ", b"References: ", b"Content-Transfer-Encoding: ", b"Content-Type: text/plain; charset=", b"Content-Disposition: "]), st.integers(0, 900), st.text(max_size=40))  # fmt: skip
def test_whatever_a_mail_is_made_of_it_is_read_or_refused(noise: bytes, header: bytes, where: int, came_at: str) -> None:
    whole = letter(1)
    for raw in (noise, header + noise + b"\n" + whole, whole[:where] + noise + whole[where:], header + noise):
        try:
            said = heard(raw, came_at=came_at)
        except Unreadable:
            continue
        assert said is None or (said.id.startswith("mail:") and said.posted_at <= NOON and said.text.encode())


def test_a_folder_is_named_as_imap_does() -> None:
    assert modified_utf7("Atención & más/Quejas") == b"Atenci&APM-n &- m&AOE-s/Quejas"


# ── the mailbox ──────────────────────────────────────────────────────────────────────────────────────────────────


@needs_openssl
async def test_a_full_mailbox_is_read_in_parts_and_from_any_part_again(certificate: Path) -> None:
    async with mailbox(certificate) as (box, care):
        box.take_in(letter(99), NOON - timedelta(days=9))  # long ago: nobody waits for an answer to it now
        for number in range(45):
            box.take_in(letter(number), NOON - timedelta(minutes=50 - number))
        batches = await drained(care)
        assert [len(batch.events) for batch in batches] == [20, 20, 5]
        assert ids(batches) == [f"mail:{number}@example.org" for number in range(45)]
        for at, batch in enumerate(batches[:-1]):  # killed after this one was stored
            assert ids(await drained(care, batch.cursor)) == ids(batches[at + 1 :])
        box.take_in(letter(46), NOON)
        del box.mails[box.take_in(letter(47), NOON)]  # taken away before we came
        assert ids(await drained(care, batches[-1].cursor)) == ["mail:46@example.org"]
        nothing = await care.fetch((await drained(care, batches[-1].cursor))[-1].cursor)
        assert (nothing.events, nothing.more) == ((), False)
        assert set(box.said) == {b"LOGIN", b"EXAMINE", b"UID SEARCH", b"UID FETCH"}


@needs_openssl
async def test_when_the_server_counts_anew_the_last_day_is_read_again_under_the_same_names(certificate: Path) -> None:
    async with mailbox(certificate) as (box, care):
        box.take_in(letter(1), NOON - timedelta(hours=2))
        first = await drained(care)
        box.validity, box.next = 8, 1
        box.take_in(letter(2), NOON - timedelta(hours=1))
        box.take_in(letter(1), NOON - timedelta(hours=2))
        assert sorted(ids(await drained(care, first[-1].cursor))) == ["mail:1@example.org", "mail:2@example.org"]


@needs_openssl
async def test_a_mail_that_cannot_be_read_holds_up_no_other_and_one_that_is_gone_is_passed_over(certificate: Path) -> None:
    async with mailbox(certificate) as (box, care):
        box.take_in(b"Content-Type: image/png\r\n\r\nhush", NOON)
        box.take_in(letter(2, "x" * 400_000), NOON)
        box.take_in(letter(3), NOON)
        box.faults["UID FETCH"] = b"TAG OK gone\r\n"
        assert (await care.fetch(None)).events == ()
        del box.faults["UID FETCH"]
        batch = await care.fetch(None)
        assert [(refusal.item, refusal.reason) for refusal in batch.refused] == [("uid 1", "has no words, only files or pictures")]
        assert ids([batch]) == ["mail:2@example.org", "mail:3@example.org"]


@needs_openssl
@pytest.mark.parametrize(
    ("faults", "trouble", "said"),
    [
        ({"GREETING": b"220 smtp\r\n"}, Unreachable, "does not greet as an IMAP server does"),
        ({"GREETING": b"* BYE busy\r\n"}, Unreachable, "does not greet"),
        ({"GREETING": b""}, Unreachable, "hung up"),
        ({"GREETING": b"x" * 1_100_000}, Unreachable, "sent a line of more than"),
        ({"LOGIN": b"TAG NO [UNAVAILABLE] hush\r\n"}, Unreachable, "lets nobody in now"),
        ({"LOGIN": b"* BYE hush\r\n"}, Unreachable, "hung up"),
        ({"LOGIN": b"TAG NO hush\r\n"}, Refused, "refused user and password.*systemctl restart carebot"),
        ({"EXAMINE": b"TAG NO hush\r\n"}, Refused, "no folder.*Correct it in rules.yaml"),
        ({"EXAMINE": b"TAG OK open\r\n"}, Unreachable, "UIDVALIDITY"),
        ({"UID SEARCH": b"TAG BAD hush\r\n"}, Unreachable, "does not answer a search"),
        ({"UID SEARCH": b"* SEARCH 1 x 99999999999 -1\r\nTAG NO hush\r\n"}, Unreachable, "does not answer a search"),
        ({"UID SEARCH": b"* 1 EXISTS\r\n" * 30_000}, Unreachable, "does not come to an end"),
        ({"UID FETCH": b"* 1 FETCH (UID 1 BODY[] {99999999}\r\nhush"}, Unreachable, "sends more than we asked for"),
        ({"UID FETCH": b"* 1 FETCH (UID 1 BODY[] {100}\r\nhush", "LATER": b""}, Unreachable, "was not done within"),
        ({"UID SEARCH": None}, Unreachable, "was not done within"),
    ],
)
async def test_a_server_in_trouble_is_told_by_whose_turn_it_is(
    certificate: Path, faults: dict[str, bytes | None], trouble: type[Exception], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "PATIENCE", timedelta(milliseconds=700))
    async with mailbox(certificate) as (box, care):
        box.take_in(letter(1), NOON)
        box.faults = faults
        with pytest.raises(trouble, match=f"{said}") as raised:
            await care.fetch(None)
        assert PASSWORD not in str(raised.value)
        assert "hush" not in str(raised.value)


@needs_openssl
async def test_a_wrong_password_is_the_operators_turn_and_a_line_in_clear_is_never_used(certificate: Path) -> None:
    async with mailbox(certificate) as (box, care):
        assert await care.check() == "INBOX can be read"
        async with Client(trust=certificates.believed(certificate)) as http:
            with pytest.raises(Refused, match="refused user and password"):
                await source(http, box.port, password="another").fetch(None)
        async with Client() as stranger:
            with pytest.raises(Unreachable, match="certificate cannot be trusted"):
                await source(stranger, box.port).fetch(None)
    async with saying(b"* OK in clear\r\n") as (port, heard_), Client() as http:
        with pytest.raises(Unreachable, match="no encrypted connection"):
            await source(http, port).fetch(None)
        assert not any(b"LOGIN" in each for each in heard_)


def test_the_rules_hold_a_name_never_a_password() -> None:
    with pytest.raises(ValidationError):
        mail.Options(host="imap.example.com", user="care@example.com", password="Contraseña 1")


# ── a real one ───────────────────────────────────────────────────────────────────────────────────────────────────

DOVECOT = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
CONF = """
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{crt}
ssl_key = <{key}
mail_location = maildir:{folder}/mail/%u
mail_uid = 65534
mail_gid = 65534
first_valid_uid = 1
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


@contextmanager
def dovecot(folder: Path, certificate: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    new = folder / "mail/care@lumbre.example/new"
    new.mkdir(parents=True)
    for parent in (new, new.parent, new.parent.parent):
        os.chown(parent, 65534, 65534)
    for above in [folder, *folder.parents][:4]:
        above.chmod(above.stat().st_mode | 0o055)
    keys = {"crt": certificate.with_suffix(".crt"), "key": certificate.with_suffix(".key")}
    (folder / "dovecot.conf").write_text(CONF.format(folder=folder, port=port, password=PASSWORD, **keys), encoding="utf-8")
    running = subprocess.Popen([str(DOVECOT), "-F", "-c", str(folder / "dovecot.conf")])
    try:
        yield port
    finally:
        running.terminate()
        running.wait(10)


@needs_openssl
@pytest.mark.skipif(not DOVECOT or os.getuid() != 0, reason="a real mail server: apt-get install dovecot-imapd, and run as root")
async def test_a_real_mail_server_is_read_to_its_end_and_nothing_in_it_changes(tmp_path: Path, certificate: Path) -> None:
    new = tmp_path / "mail/care@lumbre.example/new"
    with dovecot(tmp_path, certificate) as port:
        for number in range(25):
            (new / f"{1_700_000_000 + number}.{number}.here").write_bytes(letter(number, "¿Por qué falla el cajero?"))
        async with Client(trust=certificates.believed(certificate)) as http:
            care = source(http, port)
            for _ in range(50):  # it is not there at once
                try:
                    await care.check()
                    break
                except Unreachable:
                    await asyncio.sleep(0.1)
            batches = await drained(care)
            assert sorted(ids(batches)) == sorted(f"mail:{number}@example.org" for number in range(25))
            assert (await care.fetch(batches[-1].cursor)).events == ()
            (new / "1700000099.99.here").write_bytes(letter(99))
            assert ids(await drained(care, batches[-1].cursor)) == ["mail:99@example.org"]
            with pytest.raises(Refused, match="refused user and password"):
                await source(http, port, password="another").fetch(None)
            with pytest.raises(Refused, match="no folder"):
                await source(http, port, folder="Atención").fetch(None)
        everything = [path.name for path in new.parent.rglob("*") if "here" in path.name]
        assert len(everything) == 26
        assert not any(name.endswith("S") for name in everything)  # Maildir's mark of a mail that was seen
