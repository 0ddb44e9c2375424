"""A mailbox, read over IMAP: what customers write to care@…, to complaints@…, or what a form or another system turns into mail.

Nothing is changed in it: the folder is opened read-only (EXAMINE) and no mail is marked as seen (BODY.PEEK). The line is always encrypted
(port 993, RFC 8314) and goes where the one way out allows. The cursor is the last UID, and the folder's UIDVALIDITY: when a server counts
anew, the last day is read again, and what comes twice has the same Message-ID. IMAP4rev1 is RFC 3501; tried against Dovecot 2.3 (2026-11).
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from pydantic import BaseModel, Field, StringConstraints

from carebot.config.parts import Name
from carebot.errors import Refused, Unreachable
from carebot.model import Batch, Message, Refusal
from connectors import base
from connectors.mail.imap import Mailbox
from connectors.mail.letter import Unreadable, read

EXAMPLE = """
name: care-mailbox
kind: mail
host: imap.example.com
user: care@example.com
password: care-mailbox-password
ours: [example.com]
every: 1m
"""

AT_ONCE = 20  # mails of one look; the next look follows at once
PATIENCE = timedelta(seconds=45)  # for one look, from the greeting to the last byte
FIRST_LOOK = timedelta(days=1)  # IMAP searches by days; who wrote yesterday still waits for an answer

Printable = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Options(base.Options):
    host: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$", description="The mail server, for example imap.example.com.")
    port: int = Field(993, ge=1, le=65_535, description="Its port for encrypted IMAP.")
    user: Printable = Field(description="Who we are to the server, mostly the mail address.")
    password: Name = Field(description="The name of the credential that holds the (app) password, never the password itself.")
    folder: Printable = Field("INBOX", description="The folder to read, for example INBOX/Quejas.")
    ours: tuple[str, ...] = Field((), strict=False, max_length=100, description="Our addresses or domains: what they send is our answer.")
    allow_private: bool = Field(False, description="true if the server is inside our own network.")


class Place(msgspec.Struct, frozen=True):
    """How far we have read: the last UID of a folder that counts by `validity`, and when we last looked."""

    validity: int
    uid: int
    looked_at: datetime


class Mail:
    def __init__(self, name: str, options: Options, world: base.World) -> None:
        self._name, self._options, self._world = name, options, world

    async def fetch(self, cursor: str | None) -> Batch:
        options, now = self._options, self._world.clock()
        password = self._world.secret(options.password).strip("\r\n")
        if not password or "\0" in password:
            raise Refused(
                f"{self._name}: the credential {options.password} holds no password",
                "Put it alone on one line, then: systemctl restart carebot.",
            )
        try:
            async with (
                asyncio.timeout(PATIENCE.total_seconds()),
                self._world.http.line(options.host, options.port, allow_private=options.allow_private) as (reader, writer),
            ):
                return await self._read(Mailbox(reader, writer, self._name, options.host), password, cursor, now)
        except TimeoutError:
            raise Unreachable(f"{self._name}: {options.host} was not done within {PATIENCE.total_seconds():g} s") from None

    async def _read(self, box: Mailbox, password: str, cursor: str | None, now: datetime) -> Batch:
        await box.log_in(self._options.user, password)
        validity = await box.examine(self._options.folder)
        place = base.resumed(cursor, Place)
        if place and place.validity == validity:
            waiting = await box.search(f"UID {place.uid + 1}:*", after=place.uid)
        else:
            waiting = await box.search(f"SINCE {_day((place.looked_at if place else now) - FIRST_LOOK)}")
        chosen = waiting[:AT_ONCE]
        events: list[Message] = []
        refused: list[Refusal] = []
        for uid in chosen:
            letter = await box.fetch(uid)
            try:  # in a thread: a mail can be made so that it is slow to read
                message = await asyncio.to_thread(read, letter, self._name, self._options.ours, now) if letter else None
            except Unreadable as why:
                refused.append(Refusal(source=self._name, item=f"uid {uid}", reason=str(why), at=now))
                continue
            events += [message] if message else []
        last = chosen[-1] if chosen else place.uid if place and place.validity == validity else 0
        return Batch(
            source=self._name,
            events=tuple(events),
            refused=tuple(refused),
            cursor=msgspec.json.encode(Place(validity, last, now)).decode(),
            more=len(waiting) > len(chosen),
        )

    async def check(self) -> str:
        """Looks into the folder and reads nothing."""
        options = self._options
        async with (
            asyncio.timeout(PATIENCE.total_seconds()),
            self._world.http.line(options.host, options.port, allow_private=options.allow_private) as (reader, writer),
        ):
            box = Mailbox(reader, writer, self._name, options.host)
            await box.log_in(options.user, self._world.secret(options.password).strip("\r\n"))
            await box.examine(options.folder)
        return f"{options.folder} can be read"


def connect(name: str, options: BaseModel, world: base.World) -> base.Connector:
    assert isinstance(options, Options)
    return Mail(name, options, world)


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _day(at: datetime) -> str:
    """As IMAP writes it, whatever the machine's locale."""
    return f"{at.day}-{MONTHS[at.month - 1]}-{at.year:04}"
