"""An IMAP server on this machine: RFC 3501 as strict as a reader needs it, and as broken as a test wants it."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime


class Mailbox:
    """One folder of one user. `said` remembers every command; `faults` answers a command word otherwise: bytes, or None for silence."""

    def __init__(self, user: str = "care@lumbre.example", password: str = "contraseña-1", folder: bytes = b"INBOX") -> None:
        self.user, self.password, self.folder = user, password, folder
        self.mails: dict[int, tuple[datetime, bytes]] = {}
        self.validity, self.next = 7, 1
        self.said: list[bytes] = []
        self.faults: dict[str, bytes | None] = {}
        self.port = 0

    def take_in(self, raw: bytes, at: datetime) -> int:
        self.mails[self.next] = (at, raw)
        self.next += 1
        return self.next - 1

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        logged_in = opened = False
        try:
            await self._say(writer, self.faults.get("GREETING", b"* OK ready\r\n"))
            while command := await self._command(reader, writer):
                tag, word, *rest = command
                name = b" ".join([word, *rest[:1]]).upper() if word.upper() == b"UID" else word.upper()
                self.said.append(name)
                if name.decode() in self.faults:
                    fault = self.faults[name.decode()]
                    await self._say(writer, fault.replace(b"TAG", tag) if fault else None)
                elif name == b"LOGIN":
                    logged_in = rest == [self.user.encode(), self.password.encode()]
                    await self._say(writer, tag + (b" OK in\r\n" if logged_in else b" NO [AUTHENTICATIONFAILED] no\r\n"))
                elif name == b"EXAMINE" and logged_in:
                    opened = rest == [self.folder]
                    await self._say(writer, self._opened(tag) if opened else tag + b" NO no such folder\r\n")
                elif name == b"UID SEARCH" and opened:
                    await self._say(writer, b"* SEARCH" + self._found(rest[1:]) + b"\r\n" + tag + b" OK\r\n")
                elif name == b"UID FETCH" and opened:
                    await self._say(writer, self._fetched(int(rest[1]), b" ".join(rest[2:])) + tag + b" OK\r\n")
                else:
                    await self._say(writer, tag + b" BAD not now\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _command(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[bytes]:
        """A command's words; each literal is one word, and is asked for."""
        words: list[bytes] = []
        while line := await reader.readline():
            assert line.endswith(b"\r\n"), "IMAP ends its lines with CR LF"
            *plain, last = line[:-2].split(b" ")
            literal = re.fullmatch(rb"\{(\d+)\}", last)
            words += [word for word in (plain if literal else [*plain, last]) if word]
            if not literal:
                return words
            await self._say(writer, b"* OK still here\r\n+ go on\r\n")
            words.append(await reader.readexactly(int(literal[1])))
        return []

    async def _say(self, writer: asyncio.StreamWriter, words: bytes | None) -> None:
        if words is None:
            await asyncio.sleep(60)
        if words == b"":
            raise ConnectionError
        writer.write(words or b"")
        await writer.drain()

    def _opened(self, tag: bytes) -> bytes:
        counts = f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n* OK [UIDNEXT {self.next}] ok\r\n"
        return counts.encode() + tag + b" OK [READ-ONLY] open\r\n"

    def _found(self, wanted: list[bytes]) -> bytes:
        match wanted:
            case [b"UID", span]:
                first = int(span.removesuffix(b":*"))
                uids = [uid for uid in self.mails if uid >= first or uid == max(self.mails)]  # n:* always has the last one
            case [b"SINCE", day]:
                since = datetime.strptime(day.decode() + " +0000", "%d-%b-%Y %z").date()
                uids = [uid for uid, (at, _) in self.mails.items() if at.date() >= since]
            case _:
                raise AssertionError(f"no search of RFC 3501: {wanted}")
        return b"".join(b" %d" % uid for uid in reversed(uids))  # the order is the server's

    def _fetched(self, uid: int, what: bytes) -> bytes:
        limit = re.fullmatch(rb"\(UID INTERNALDATE BODY\.PEEK\[\]<0\.(\d+)>\)", what)
        assert limit, f"this would mark the mail as seen, or take all of it: {what!r}"
        if uid not in self.mails:
            return b""
        at, raw = self.mails[uid]
        part = raw[: int(limit[1])]
        came = at.strftime("%d-%b-%Y %H:%M:%S +0000").encode()
        return b'* 1 FETCH (UID %d INTERNALDATE "%s" BODY[]<0> {%d}\r\n%s)\r\n' % (uid, came, len(part), part)


@asynccontextmanager
async def serving(box: Mailbox, context: ssl.SSLContext) -> AsyncIterator[Mailbox]:
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        try:
            await box.talk(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await asyncio.sleep(0.01)
